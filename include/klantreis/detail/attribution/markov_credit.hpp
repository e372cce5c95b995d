// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/attribution/credit.hpp"
#include "klantreis/detail/attribution/taboo.hpp"
#include "klantreis/detail/paths/units.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/markov/order_chain.hpp"
#include "klantreis/paths.hpp"

namespace klantreis::detail {

/// Sums over all items of the influence of an edge, and of ending in a state, on P(conversion | item removed).
struct all_items_influence {
  std::vector<double> edge;     ///< Σ_c ρ_i (b'_j − b'_i)
  std::vector<double> ending;   ///< Σ_c −ρ_i b'_i
  std::vector<double> earning;  ///< Σ_c ρ_i, per conversion or unit of value

  void add(const order_chain& chain, const std::vector<lane>& rho, const std::vector<lane>& expected) {
    edge.resize(chain.edges());
    ending.resize(chain.size());
    earning.resize(chain.size());
    for (std::size_t state = 0; state < chain.size(); ++state) {
      earning[state] += rho[state].sum();
      ending[state] -= (rho[state] * expected[state]).sum();
      for (std::uint64_t e = chain.edge_offsets()[state]; e < chain.edge_offsets()[state + 1]; ++e) {
        edge[e] += (rho[state] * (expected[chain.targets()[e]] - expected[state])).sum();
      }
    }
  }
};

/// Powers of the influence values for eight items at once.
struct lane_moments {
  lane sum = lane::Zero();
  lane sum2 = lane::Zero();
  lane sum4 = lane::Zero();

  void add(const lane& psi, double times) noexcept {
    const lane square = psi * psi;
    const lane weighted = times * square;
    sum += times * psi;
    sum2 += weighted;
    sum4 += weighted * square;
  }

  lane_moments& operator+=(const lane_moments& other) noexcept {
    sum += other.sum;
    sum2 += other.sum2;
    sum4 += other.sum4;
    return *this;
  }

  [[nodiscard]] influence_sum at(std::size_t i, double customers) const noexcept {
    return {customers, detail::at(sum, i), detail::at(sum2, i), detail::at(sum4, i)};
  }
};

struct block_moments {
  lane_moments removal_effect;
  lane_moments share;
  lane_moments credit;
  lane_moments removal_effect_value;
  lane_moments credit_value;
  unattributed_moments unattributed;  ///< by the first block alone

  block_moments& operator+=(const block_moments& other) noexcept {
    removal_effect += other.removal_effect;
    share += other.share;
    credit += other.credit;
    removal_effect_value += other.removal_effect_value;
    credit_value += other.credit_value;
    unattributed += other.unattributed;
    return *this;
  }
};

/// What the removal effects come to, for conversions or for value.
///
/// With b the expectation of the whole chain and b'_c without item c: loss_c = b − b'_c, effect_c = loss_c / b, and the
/// part of item c of what can be attributed is loss_c / Σ loss.
struct loss_shares {
  double base = 0.0;
  std::vector<double> without;
  std::vector<double> effect;
  std::vector<double> part;
  double loss_sum = 0.0;

  /// `on_graph(item index, effect)` says where the effect is exactly 0 or 1.
  template <typename OnGraph>
  void finish(double scale, OnGraph&& on_graph) {
    effect.assign(without.size(), null_value);
    part.assign(without.size(), 0.0);
    double size = 0.0;
    for (std::size_t i = 0; i < without.size(); ++i) {
      const bool defined = std::abs(base) > 1e-13 * scale;
      const double decided = on_graph(i, defined ? 1.0 - without[i] / base : null_value);
      if (decided == 0.0 || decided == 1.0) {
        without[i] = decided == 0.0 ? base : 0.0;
      }
      if (defined) {
        effect[i] = decided;
      }
      loss_sum += base - without[i];
      size += std::abs(base - without[i]);
    }
    if (std::abs(loss_sum) <= 1e-12 * size) {
      loss_sum = 0.0;
      return;
    }
    for (std::size_t i = 0; i < without.size(); ++i) {
      part[i] = (base - without[i]) / loss_sum;
    }
  }

  [[nodiscard]] bool can_share() const noexcept { return loss_sum != 0.0; }
};

/// Where a removed unit makes the whole journey fail, the chain has whole paths as its states.
[[nodiscard]] inline unsigned order_of(const path_table& paths, const markov_model& model) {
  std::size_t longest = model.order;
  if (model.removal == removal::fail && model.order > 0) {
    for (std::size_t p = 0; p < paths.size(); ++p) {
      longest = (std::max)(longest, paths.path(p).size());
    }
  }
  return static_cast<unsigned>(longest);
}

[[nodiscard]] inline outcome_totals totals_of(const path_table& paths, unsigned threads) {
  return sum_in_pieces(unit_groups(paths), threads, sizeof(outcome_totals), [&paths](index_range range) {
    outcome_totals part;
    for (const std::size_t group : each(range)) {
      outcome_sums own;
      const double times = for_each_journey(paths, group, [&](std::size_t path, bool converted, double worth) {
        own.add_journey(!paths.path(path).empty(), converted, worth);
      });
      if (times > 0.0) {
        part.add(own, times);
      }
    }
    return part;
  });
}

/// The paths of a chain and the ways they take through it.
struct walked_paths {
  const path_table* paths = nullptr;
  std::span<const std::uint64_t> offsets;
  std::span<const std::uint32_t> edges;
};

/// What credits are made of beside the chain: how the journeys ended, and whether values are known.
struct chain_outcomes {
  outcome_totals totals;
  bool has_values = false;
};

/// Credits by removal effects in the chain of order k: solved at once, then a pass over the paths for the intervals.
///
/// ψ of b is (y_u − b·j_u)/J; ψ of b'_c is Σ ρ_i (b'_j − b'_i)/J over the customer's transitions i → j outside the
/// removed states, with ρ_i = N'_0i/N_0i; here 1/J and N_0i = visits_i/J are drawn together, so that ρ_i/J =
/// N'_0i/visits_i. All other influence values are combinations of these two. A conversion pays 1, or its value.
class markov_credit {
 public:
  /// `chain` must outlive this object.
  markov_credit(const order_chain& chain, const chain_outcomes& outcomes, const markov_model& model,
                bool with_intervals, const interval_options& intervals, unsigned threads)
      : chain_(&chain), units_(units_of(chain, model.units)), values_(outcomes.has_values), threads_(threads) {
    make_.options = intervals;
    make_.wanted = with_intervals;
    make_.totals = outcomes.totals;
    if (chain.journeys() > 0.0) {
      check_removal_work(chain, units_.size());
      chains_.emplace(chain, units_.states, values_);
      moments_.resize(chains_->blocks());
      solve();
    }
  }

  /// Whether what was solved is held for further passes; else each pass solves anew.
  [[nodiscard]] bool is_kept() const noexcept { return keep_; }

  /// Adds the influence values of the customers of `walked`.
  void measure(const walked_paths& walked) {
    for (std::size_t block = 0; block < moments_.size(); ++block) {
      moments_[block] += pass(walked, block);
    }
  }

  [[nodiscard]] credit_result result() {
    credit_result result;
    result.has_values = values_;
    result.has_removal_effects = true;
    result.customers = make_.totals.customers;
    if (!chains_) {
      return result;
    }
    rows_.resize(units_.size());
    for (std::size_t i = 0; i < units_.size(); ++i) {
      rows_[i].name = units_.names[i];
    }
    unattributed_moments unattributed;
    for (std::size_t block = 0; block < moments_.size(); ++block) {
      fill_rows(chains_->items_of_block(block), moments_[block]);
      unattributed += moments_[block].unattributed;
    }
    if (values_ && !value_.can_share() && make_.totals.sums.touched_value != 0.0) {
      // The losses cancel out, so no item has a part of the value.
      make_.totals.sums.touched_value = 0.0;
      unattributed.value = {};
    }
    result.items = std::move(rows_);
    result.unattributed = unattributed_credit(unattributed, make_);
    result.error_bound = error_bound_;
    return result;
  }

 private:
  // Solved blocks are kept for the pass over the customers while they fit into this many bytes.
  static constexpr std::size_t kept_bytes = std::size_t{1} << 30U;

  void solve() {
    const taboo_chains& chains = *chains_;
    const double journeys = chain_->journeys();
    conversion_.base = make_.totals.sums.conversions / journeys;
    conversion_.without.resize(units_.size());
    value_.base = make_.totals.sums.value / journeys;
    value_.without.resize(values_ ? units_.size() : 0);
    const std::size_t bytes = chains.blocks() * chain_->size() * sizeof(lane) * (values_ ? 3 : 2);
    keep_ = make_.wanted && bytes <= kept_bytes;
    kept_.resize(chains.blocks());

    const auto workers = static_cast<unsigned>(std::clamp<std::size_t>(chains.blocks(), 1, worker_count(threads_)));
    std::vector<double> bounds(workers, 0.0);
    for (std::size_t first = 0; first < chains.blocks(); first += workers) {
      std::vector<taboo_block> solved(workers);
      run_parallel(workers, [&](unsigned worker) {
        const std::size_t block = first + worker;
        if (block >= chains.blocks()) {
          return;
        }
        solved[worker] = chains.solve(block, make_.wanted);
        bounds[worker] = (std::max)(bounds[worker], solved[worker].error_bound);
        const index_range range = chains.items_of_block(block);
        for (std::size_t i = range.begin; i < range.end; ++i) {
          conversion_.without[i] = at(solved[worker].conversion[order_chain::start], i - range.begin);
          if (values_) {
            value_.without[i] = at(solved[worker].value[order_chain::start], i - range.begin);
          }
        }
        if (make_.wanted) {
          visits_to_rho(solved[worker]);
        }
      });
      if (!make_.wanted) {
        continue;
      }
      for (unsigned worker = 0; worker < workers && first + worker < chains.blocks(); ++worker) {
        all_conversion_.add(*chain_, solved[worker].visits, solved[worker].conversion);
        if (values_) {
          all_value_.add(*chain_, solved[worker].visits, solved[worker].value);
        }
        if (keep_) {
          kept_[first + worker] = std::move(solved[worker]);
        }
      }
    }
    error_bound_ = *std::max_element(bounds.begin(), bounds.end());

    conversion_.finish(1.0, [&](std::size_t i, double effect) { return chains.on_graph(i, effect); });
    double scale = 0.0;
    for (const double value : chain_->values()) {
      scale += std::abs(value) / journeys;
    }
    value_.finish(scale, [&](std::size_t i, double effect) { return chains.value_on_graph(i, effect); });
  }

  // ρ_i/J takes the place of the expected visits.
  void visits_to_rho(taboo_block& block) const {
    for (std::size_t state = 0; state < chain_->size(); ++state) {
      block.visits[state] /= chain_->visits()[state];
    }
  }

  struct own_influence {
    outcome_sums sums;
    lane conversion = lane::Zero();  // ψ of b'_c
    lane value = lane::Zero();
    double all_conversion = 0.0;  // their sum over all items
    double all_value = 0.0;
  };

  template <bool Values>
  void add_path(own_influence& own, const walked_paths& walked, const taboo_block& block, std::size_t path,
                bool converted, double worth) const {
    std::uint32_t here = order_chain::start;
    const auto targets = chain_->targets();
    for (std::uint64_t at = walked.offsets[path]; at < walked.offsets[path + 1]; ++at) {
      const std::uint32_t edge = walked.edges[at];
      const std::uint32_t next = targets[edge];
      own.conversion += block.visits[here] * (block.conversion[next] - block.conversion[here]);
      own.all_conversion += all_conversion_.edge[edge];
      if constexpr (Values) {
        own.value += block.visits[here] * (block.value[next] - block.value[here]);
        own.all_value += all_value_.edge[edge];
      }
      here = next;
    }
    own.conversion += block.visits[here] * ((converted ? 1.0 : 0.0) - block.conversion[here]);
    own.all_conversion += all_conversion_.ending[here] + (converted ? all_conversion_.earning[here] : 0.0);
    if constexpr (Values) {
      own.value += block.visits[here] * (worth - block.value[here]);
      own.all_value += all_value_.ending[here] + worth * all_value_.earning[here];
    }
  }

  [[nodiscard]] block_moments pass(const walked_paths& walked, std::size_t number) const {
    taboo_block again;
    if (!keep_) {
      again = chains_->solve(number, true);
      visits_to_rho(again);
    }
    const taboo_block& block = keep_ ? kept_[number] : again;
    const index_range range = chains_->items_of_block(number);
    return values_ ? pass_over_units<true>(walked, block, range) : pass_over_units<false>(walked, block, range);
  }

  // The eight numbers of a block; lanes without an item stay 0.
  static lane lane_of(const std::vector<double>& numbers, index_range range) {
    lane result = lane::Zero();
    for (std::size_t i = range.begin; i < range.end; ++i) {
      at(result, i - range.begin) = numbers[i];
    }
    return result;
  }

  /// From ψ of b and of b'_c to those of the effect and of the part of item c.
  struct combination {
    double base = 0.0;      // b
    double journeys = 0.0;  // J
    double inverse_base = 0.0;
    double inverse_loss = 0.0;
    double items = 0.0;
    lane kept;  // b'_c / b
    lane part;

    combination(const loss_shares& shares, double all_journeys, index_range range)
        : base(shares.base),
          journeys(all_journeys),
          inverse_base(shares.base != 0.0 ? 1.0 / shares.base : 0.0),
          inverse_loss(shares.can_share() ? 1.0 / shares.loss_sum : 0.0),
          items(static_cast<double>(shares.without.size())),
          kept(lane_of(shares.without, range)),
          part(lane_of(shares.part, range)) {
      kept *= inverse_base;
    }

    void operator()(double won, double own_journeys, const lane& psi, double psi_all, lane& effect,
                    lane& psi_part) const noexcept {
      const double psi_base = (won - base * own_journeys) / journeys;
      const double psi_loss = items * psi_base - psi_all;
      effect = inverse_base * (psi_base * kept - psi);
      psi_part = inverse_loss * (psi_base - psi - psi_loss * part);
    }
  };

  template <bool Values>
  [[nodiscard]] block_moments pass_over_units(const walked_paths& walked, const taboo_block& block,
                                              index_range range) const {
    const path_table& paths = *walked.paths;
    const outcome_totals& totals = make_.totals;
    const double journeys = chain_->journeys();
    const double m = totals.customers;
    const double all = totals.sums.conversions;
    const double touched = totals.sums.touched_conversions;
    const double inverse_all = all > 0.0 ? 1.0 / all : 0.0;
    const combination by_conversion{conversion_, journeys, range};
    const loss_shares none{.base = 0.0, .without = {}, .effect = {}, .part = {}, .loss_sum = 0.0};
    const combination by_value{Values ? value_ : none, journeys, Values ? range : index_range{}};

    return sum_in_pieces(unit_groups(paths), threads_, sizeof(block_moments), [&](index_range groups) {
      block_moments part;
      lane effect;
      lane psi_part;
      for (const std::size_t group : each(groups)) {
        own_influence own;
        const double times = for_each_journey(paths, group, [&](std::size_t path, bool converted, double worth) {
          own.sums.add_journey(!paths.path(path).empty(), converted, worth);
          add_path<Values>(own, walked, block, path, converted, worth);
        });
        if (!(times > 0.0)) {
          continue;
        }
        by_conversion(own.sums.conversions, own.sums.journeys, own.conversion, own.all_conversion, effect, psi_part);
        part.removal_effect.add(effect, times);
        // credit_c = Y·part_c over the Y conversions with a touch; its share is of all conversions.
        const double excess = own.sums.touched_conversions - touched / m;
        const double excess_of_all = own.sums.conversions - all / m;
        const lane credit = touched * psi_part + excess * by_conversion.part;
        const lane share = inverse_all * (credit - touched * inverse_all * excess_of_all * by_conversion.part);
        part.credit.add(credit, times);
        part.share.add(share, times);
        if constexpr (Values) {
          by_value(own.sums.value, own.sums.journeys, own.value, own.all_value, effect, psi_part);
          part.removal_effect_value.add(effect, times);
          const double excess_value = own.sums.touched_value - totals.sums.touched_value / m;
          part.credit_value.add(totals.sums.touched_value * psi_part + excess_value * by_value.part, times);
        }
        if (range.begin == 0) {
          part.unattributed.add(own.sums, totals, times);
        }
      }
      return part;
    });
  }

  void fill_rows(index_range range, const block_moments& moments) {
    const outcome_totals& totals = make_.totals;
    const double m = totals.customers;
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const std::size_t place = i - range.begin;
      item_credit& row = rows_[i];
      const double credit = conversion_.part[i] * totals.sums.touched_conversions;
      const double share =
          conversion_.can_share() && totals.sums.conversions > 0.0 ? credit / totals.sums.conversions : null_value;
      row.removal_effect = make_.prob(conversion_.effect[i], moments.removal_effect.at(place, m));
      row.share = make_.prob(share, moments.share.at(place, m));
      row.credit = make_.conversions(credit, moments.credit.at(place, m));
      if (values_) {
        const double worth = value_.part[i] * totals.sums.touched_value;
        row.removal_effect_value = make_.prob(value_.effect[i], moments.removal_effect_value.at(place, m));
        row.credit_value = make_.value(worth, moments.credit_value.at(place, m));
      }
    }
  }

  const order_chain* chain_;
  removed_units units_;
  bool values_;
  unsigned threads_;
  std::optional<taboo_chains> chains_;
  interval_maker make_;
  loss_shares conversion_;
  loss_shares value_;
  all_items_influence all_conversion_;
  all_items_influence all_value_;
  std::vector<taboo_block> kept_;
  bool keep_ = false;
  double error_bound_ = 0.0;
  std::vector<block_moments> moments_;
  std::vector<item_credit> rows_;
};

}  // namespace klantreis::detail
