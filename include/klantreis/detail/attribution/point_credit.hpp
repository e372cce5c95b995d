// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "klantreis/detail/attribution/markov_credit.hpp"

// Credits by removal effects that have no influence values: where journeys skip what is removed, or with smoothing.

namespace klantreis::detail {

/// What a journey that begins in (start) comes to when no step leads into the removed states: the other steps of a row
/// share what those had; where none is left, the journey ends in null.
class skipping_chain {
 public:
  skipping_chain(const order_chain& chain, const std::vector<std::uint32_t>& removed)
      : chain_(&chain), gone_(chain.size(), false) {
    for (const std::uint32_t state : removed) {
      gone_[state] = true;
    }
  }

  /// Expected conversions and expected value.
  [[nodiscard]] std::pair<double, double> expected(bool with_values) const {
    name_table states;
    sparse_rows within;
    sparse_rows out;
    within.offsets = {0};
    out.offsets = {0};
    std::vector<double> converts(chain_->size(), 0.0);
    std::vector<double> pays(chain_->size(), 0.0);
    for (std::size_t state = 0; state < chain_->size(); ++state) {
      states.intern(std::to_string(state));
      const double ends = chain_->conversions()[state] + chain_->nulls()[state];
      double left = ends;
      if (!gone_[state]) {
        for (std::uint64_t e = chain_->edge_offsets()[state]; e < chain_->edge_offsets()[state + 1]; ++e) {
          if (!gone_[chain_->targets()[e]]) {
            within.columns.push_back(chain_->targets()[e]);
            within.values.push_back(chain_->weights()[e]);
            left += chain_->weights()[e];
          }
        }
        if (left > 0.0) {
          converts[state] = chain_->conversions()[state] / left;
          pays[state] = chain_->values()[state] / left;
        }
      }
      if (gone_[state] || ends > 0.0 || left == 0.0) {
        out.columns.push_back(0);
        out.values.push_back(gone_[state] || left == 0.0 ? 1.0 : ends);
      }
      within.offsets.push_back(within.columns.size());
      out.offsets.push_back(out.columns.size());
    }
    // Some states may lead nowhere but to each other once the way out is closed.
    close_traps(within, out);
    name_table absorbing;
    absorbing.intern("(out)");
    const absorbing_chain chain =
        absorbing_chain::from_counts(std::move(states), std::move(absorbing), std::move(within), std::move(out));
    const transient_solver solver{chain};
    const double conversions = solver.solve({.rhs = converts}).values[order_chain::start];
    return {conversions, with_values ? solver.solve({.rhs = pays}).values[order_chain::start] : 0.0};
  }

 private:
  // A state that cannot come to an end gets one, a null; its journeys never convert either way.
  static void close_traps(const sparse_rows& within, sparse_rows& out) {
    const std::size_t size = within.offsets.size() - 1;
    const sparse_rows back = transposed(within, size);
    std::vector<std::uint8_t> ends(size, 0);
    std::vector<std::uint32_t> open;
    for (std::uint32_t state = 0; state < size; ++state) {
      if (out.offsets[state + 1] > out.offsets[state]) {
        ends[state] = 1;
        open.push_back(state);
      }
    }
    while (!open.empty()) {
      const std::uint32_t state = open.back();
      open.pop_back();
      for (const std::uint32_t before : back.columns_of(state)) {
        if (ends[before] == 0) {
          ends[before] = 1;
          open.push_back(before);
        }
      }
    }
    sparse_rows closed;
    closed.offsets = {0};
    for (std::size_t state = 0; state < size; ++state) {
      for (std::size_t at = out.offsets[state]; at < out.offsets[state + 1]; ++at) {
        closed.columns.push_back(out.columns[at]);
        closed.values.push_back(out.values[at]);
      }
      if (ends[state] == 0) {
        closed.columns.push_back(0);
        closed.values.push_back(1.0);
      }
      closed.offsets.push_back(closed.columns.size());
    }
    out = std::move(closed);
  }

  const order_chain* chain_;
  std::vector<bool> gone_;
};

[[nodiscard]] inline bool has_influence(const markov_model& model) noexcept {
  return model.removal != removal::skip && model.smoothing == 0.0;
}

/// Credit in proportion to the losses; an item without which more would convert earns nothing.
inline credit_result markov_points(const order_chain& chain, const chain_outcomes& outcomes, const markov_model& model,
                                   const interval_options& intervals, unsigned threads) {
  const interval_maker make{.options = intervals, .wanted = false, .totals = outcomes.totals};
  const bool values = outcomes.has_values;
  credit_result result;
  result.has_values = values;
  result.has_removal_effects = true;
  result.has_intervals = false;
  result.customers = make.totals.customers;
  if (!(chain.journeys() > 0.0)) {
    return result;
  }
  const removed_units units = units_of(chain, model.units);
  check_removal_work(chain, units.size());
  const auto sum = [](std::span<const double> numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0.0); };
  loss_shares conversion{.base = sum(chain.conversions()) / chain.journeys(), .without = {}, .effect = {}, .part = {}};
  loss_shares value{.base = sum(chain.values()) / chain.journeys(), .without = {}, .effect = {}, .part = {}};
  conversion.without.resize(units.size());
  value.without.resize(values ? units.size() : 0);
  const bool skips = model.removal == removal::skip;
  const taboo_chains chains{chain, units.states, values};
  const unsigned workers =
      (std::min)(worker_count(threads), static_cast<unsigned>((std::max)(units.size(), std::size_t{1})));
  run_parallel(workers, [&](unsigned worker) {
    if (skips) {
      for (std::size_t i = worker; i < units.size(); i += workers) {
        const auto [conversions, worth] = skipping_chain{chain, units.states[i]}.expected(values);
        // What rounding leaves of a loss is none; without it more may convert, which is no credit.
        conversion.without[i] = conversions;
        if (values) {
          value.without[i] = worth;
        }
      }
      return;
    }
    for (std::size_t block = worker; block < chains.blocks(); block += workers) {
      const taboo_block solved = chains.solve(block, false);
      const index_range range = chains.items_of_block(block);
      for (std::size_t i = range.begin; i < range.end; ++i) {
        conversion.without[i] = at(solved.conversion[order_chain::start], i - range.begin);
        if (values) {
          value.without[i] = at(solved.value[order_chain::start], i - range.begin);
        }
      }
    }
  });
  conversion.finish(1.0, [&](std::size_t i, double effect) { return skips ? effect : chains.on_graph(i, effect); });
  value.finish(std::abs(value.base),
               [&](std::size_t i, double effect) { return skips ? effect : chains.value_on_graph(i, effect); });
  const auto parts = [](const loss_shares& shares) {
    constexpr double rounding = 1e-12;
    std::vector<double> result_parts(shares.without.size(), 0.0);
    double all = 0.0;
    for (std::size_t i = 0; i < result_parts.size(); ++i) {
      const double loss = shares.base - shares.without[i];
      result_parts[i] = loss > rounding * std::abs(shares.base) ? loss : 0.0;
      all += result_parts[i];
    }
    for (double& part : result_parts) {
      part = all > 0.0 ? part / all : 0.0;
    }
    return std::pair{result_parts, all > 0.0};
  };
  const auto [conversion_parts, any_conversion] = parts(conversion);
  const auto [value_parts, any_value] = parts(value);
  const outcome_sums& totals = make.totals.sums;
  const double touched = any_conversion ? totals.touched_conversions : 0.0;
  const double touched_value = any_value ? totals.touched_value : 0.0;
  for (std::size_t i = 0; i < units.size(); ++i) {
    item_credit row;
    row.name = units.names[i];
    row.removal_effect = make.plain(conversion.effect[i]);
    row.credit = make.plain(touched * conversion_parts[i]);
    row.share = make.plain(totals.conversions > 0.0 ? touched * conversion_parts[i] / totals.conversions : null_value);
    if (values) {
      row.removal_effect_value = make.plain(value.effect[i]);
      row.credit_value = make.plain(touched_value * value_parts[i]);
    }
    result.items.push_back(std::move(row));
  }
  interval_maker rest = make;
  rest.totals.sums.touched_conversions = touched;
  rest.totals.sums.touched_value = touched_value;
  result.unattributed = unattributed_credit({}, rest);
  return result;
}

}  // namespace klantreis::detail
