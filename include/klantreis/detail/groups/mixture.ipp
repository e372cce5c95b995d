// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "klantreis/detail/draws.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/groups/mixture.hpp"
#include "klantreis/statistics.hpp"

namespace klantreis {
namespace detail {

/// What the likelihood of each sequence depends on: its first item and how often it takes each edge.
class mixture_data {
 public:
  mixture_data(const weighted_sequences& sequences, const chain_mixture& model) {
    first_.reserve(sequences.size());
    std::vector<std::uint32_t> own;
    const auto end = static_cast<std::uint32_t>(model.names.size());
    for (std::size_t index = 0; index < sequences.size(); ++index) {
      const auto items = sequences[index];
      own.clear();
      for (std::size_t at = 0; at < items.size(); ++at) {
        const bool last = at + 1 == items.size();
        if (!last || model.ends) {
          own.push_back(edge_of(model, items[at], last ? end : items[at + 1]));
        }
      }
      std::sort(own.begin(), own.end());
      for (std::size_t at = 0; at < own.size();) {
        std::size_t next = at;
        while (next < own.size() && own[next] == own[at]) {
          ++next;
        }
        edges_.push_back(own[at]);
        counts_.push_back(static_cast<float>(next - at));
        at = next;
      }
      first_.push_back(items.empty() ? no_sequence : items.front());
      offsets_.push_back(edges_.size());
    }
  }

  static constexpr std::uint32_t no_edge = (std::numeric_limits<std::uint32_t>::max)();

  [[nodiscard]] static std::uint32_t edge_of(const chain_mixture& model, std::uint32_t from, std::uint32_t to) {
    const auto begin = model.targets.begin() + static_cast<std::ptrdiff_t>(model.rows[from]);
    const auto end = model.targets.begin() + static_cast<std::ptrdiff_t>(model.rows[from + 1]);
    const auto found = std::lower_bound(begin, end, to);
    return found != end && *found == to ? static_cast<std::uint32_t>(found - model.targets.begin()) : no_edge;
  }

  [[nodiscard]] std::size_t size() const noexcept { return first_.size(); }
  [[nodiscard]] std::uint32_t first(std::size_t index) const noexcept { return first_[index]; }
  template <typename Use>
  void for_each_edge(std::size_t index, Use&& use) const {
    for (std::size_t at = offsets_[index]; at < offsets_[index + 1]; ++at) {
      use(edges_[at], static_cast<double>(counts_[at]));
    }
  }

 private:
  std::vector<std::uint32_t> first_;
  std::vector<std::size_t> offsets_{0};
  std::vector<std::uint32_t> edges_;
  std::vector<float> counts_;
};

/// Expected counts of some sequences, and the logarithm of their likelihood.
struct expected_counts {
  std::vector<double> shares;
  std::vector<double> first;
  std::vector<double> transition;
  double log_likelihood = 0.0;

  expected_counts& operator+=(const expected_counts& other) {
    const auto add = [](std::vector<double>& to, const std::vector<double>& from) {
      for (std::size_t i = 0; i < to.size(); ++i) {
        to[i] += from[i];
      }
    };
    add(shares, other.shares);
    add(first, other.first);
    add(transition, other.transition);
    log_likelihood += other.log_likelihood;
    return *this;
  }
};

inline std::vector<double> logarithms(const std::vector<double>& values) {
  std::vector<double> result(values.size());
  std::transform(values.begin(), values.end(), result.begin(), [](double value) { return std::log(value); });
  return result;
}

/// The model in logarithms, as the sequences need it.
class mixture_scorer {
 public:
  explicit mixture_scorer(const chain_mixture& model)
      : clusters_(model.clusters),
        log_shares_(logarithms(model.shares)),
        log_first_(logarithms(model.first)),
        log_transition_(logarithms(model.transition)) {}

  /// Writes the shares of a sequence in the clusters to `own` and returns the logarithm of its probability.
  double operator()(const mixture_data& data, std::size_t index, double* own) const {
    std::copy(log_shares_.begin(), log_shares_.end(), own);
    if (data.first(index) != no_sequence) {
      const double* first = log_first_.data() + data.first(index) * clusters_;
      for (std::size_t k = 0; k < clusters_; ++k) {
        own[k] += first[k];
      }
    }
    bool possible = true;
    data.for_each_edge(index, [&](std::uint32_t edge, double count) {
      if (edge == mixture_data::no_edge) {
        possible = false;
        return;
      }
      const double* transition = log_transition_.data() + std::size_t{edge} * clusters_;
      for (std::size_t k = 0; k < clusters_; ++k) {
        own[k] += count * transition[k];
      }
    });
    const double most = *std::max_element(own, own + clusters_);
    if (!possible || most == -std::numeric_limits<double>::infinity()) {
      for (std::size_t k = 0; k < clusters_; ++k) {
        own[k] = std::exp(log_shares_[k]);
      }
      return -std::numeric_limits<double>::infinity();
    }
    double sum = 0.0;
    for (std::size_t k = 0; k < clusters_; ++k) {
      own[k] = std::exp(own[k] - most);
      sum += own[k];
    }
    for (std::size_t k = 0; k < clusters_; ++k) {
      own[k] /= sum;
    }
    return most + std::log(sum);
  }

 private:
  std::size_t clusters_;
  std::vector<double> log_shares_;
  std::vector<double> log_first_;
  std::vector<double> log_transition_;
};

/// One fit of a mixture to sequences.
class mixture_fit {
 public:
  mixture_fit(const mixture_data& data, std::span<const double> weights, const mixture_options& options)
      : data_(&data), weights_(weights), options_(&options) {}

  void run(chain_mixture& model, std::size_t iterations) const {
    for (std::size_t step = 0; step < iterations; ++step) {
      check_stop();
      const expected_counts expected = expect(model);
      const double objective = expected.log_likelihood + log_prior(model);
      model.log_likelihoods.push_back(expected.log_likelihood);
      model.objectives.push_back(objective);
      const std::size_t steps = model.objectives.size();
      if (steps > 1 && objective - model.objectives[steps - 2] <= options_->tolerance * std::abs(objective)) {
        model.converged = true;
        return;
      }
      maximise(model, expected);
    }
    // The parameters that are handed on are those of the last entry.
    const expected_counts expected = expect(model);
    model.log_likelihoods.push_back(expected.log_likelihood);
    model.objectives.push_back(expected.log_likelihood + log_prior(model));
  }

 private:
  /// The logarithm of the Dirichlet prior whose mode smoothing finds, without its constant.
  [[nodiscard]] double log_prior(const chain_mixture& model) const {
    if (options_->smoothing == 0.0) {
      return 0.0;
    }
    double sum = 0.0;
    for (const double value : model.first) {
      sum += value > 0.0 ? std::log(value) : 0.0;
    }
    for (const double value : model.transition) {
      sum += value > 0.0 ? std::log(value) : 0.0;
    }
    return options_->smoothing * sum;
  }

  // Blocks are cut by the data alone, so that sums do not depend on the number of threads.
  [[nodiscard]] expected_counts expect(const chain_mixture& model) const {
    constexpr std::size_t block_size = 4096;
    constexpr std::size_t most_cells = 32'000'000;
    const std::size_t cells = model.first.size() + model.transition.size();
    const std::size_t blocks =
        (std::max)(std::size_t{1}, (std::min)({data_->size() / block_size, std::size_t{64}, most_cells / (cells + 1)}));
    const mixture_scorer score{model};
    std::vector<expected_counts> parts(blocks);
    const auto workers = static_cast<unsigned>((std::min)(std::size_t{worker_count(options_->threads)}, blocks));
    run_parallel(workers, [&](unsigned worker) {
      for (std::size_t block = worker; block < blocks; block += workers) {
        parts[block] =
            expect(model, score, slice(data_->size(), static_cast<unsigned>(block), static_cast<unsigned>(blocks)));
      }
    });
    for (std::size_t block = 1; block < blocks; ++block) {
      parts[0] += parts[block];
    }
    return std::move(parts[0]);
  }

  [[nodiscard]] expected_counts expect(const chain_mixture& model, const mixture_scorer& score,
                                       index_range range) const {
    const std::size_t k_end = model.clusters;
    expected_counts part{std::vector<double>(k_end), std::vector<double>(model.first.size()),
                         std::vector<double>(model.transition.size())};
    std::vector<double> own(k_end);
    for (std::size_t index = range.begin; index < range.end; ++index) {
      const double weight = weights_[index];
      if (weight == 0.0) {
        continue;
      }
      part.log_likelihood += weight * score(*data_, index, own.data());
      for (std::size_t k = 0; k < k_end; ++k) {
        own[k] *= weight;
        part.shares[k] += own[k];
      }
      if (data_->first(index) != no_sequence) {
        double* first = part.first.data() + data_->first(index) * k_end;
        for (std::size_t k = 0; k < k_end; ++k) {
          first[k] += own[k];
        }
      }
      data_->for_each_edge(index, [&](std::uint32_t edge, double count) {
        double* transition = part.transition.data() + std::size_t{edge} * k_end;
        for (std::size_t k = 0; k < k_end; ++k) {
          transition[k] += count * own[k];
        }
      });
    }
    return part;
  }

  void maximise(chain_mixture& model, const expected_counts& expected) const {
    normalise(model.shares, expected.shares, 0, model.clusters, 1, 0, 0.0);
    const std::size_t items = model.names.size();
    for (std::size_t k = 0; k < model.clusters; ++k) {
      normalise(model.first, expected.first, 0, items, model.clusters, k, options_->smoothing);
      for (std::size_t item = 0; item < items; ++item) {
        normalise(model.transition, expected.transition, model.rows[item], model.rows[item + 1], model.clusters, k,
                  options_->smoothing);
      }
    }
  }

  /// Makes shares of counts: entries `[begin, end)` of column k. Those that were impossible stay so; without any count
  /// a row stays as it was.
  static void normalise(std::vector<double>& to, const std::vector<double>& counts, std::size_t begin, std::size_t end,
                        std::size_t stride, std::size_t k, double smoothing) {
    double sum = 0.0;
    for (std::size_t at = begin; at < end; ++at) {
      sum += counts[at * stride + k] + (to[at * stride + k] > 0.0 ? smoothing : 0.0);
    }
    if (sum <= 0.0) {
      return;
    }
    for (std::size_t at = begin; at < end; ++at) {
      const std::size_t cell = at * stride + k;
      to[cell] = (counts[cell] + (to[cell] > 0.0 ? smoothing : 0.0)) / sum;
    }
  }

  const mixture_data* data_;
  std::span<const double> weights_;
  const mixture_options* options_;
};

/// Parameters near the average, moved in each cluster towards a few sequences drawn by weight.
inline chain_mixture drawn_mixture(const weighted_sequences& sequences, const mixture_data& data,
                                   const chain_mixture& uniform, std::uint64_t seed) {
  constexpr std::size_t drawn = 20;
  constexpr double pull = 4.0;
  chain_mixture model = uniform;
  const std::size_t k_end = model.clusters;
  std::vector<double> until(sequences.size());
  std::partial_sum(sequences.weights.begin(), sequences.weights.end(), until.begin());
  std::vector<double> average_first(model.names.size());
  std::vector<double> average(model.targets.size());
  for (std::size_t index = 0; index < sequences.size(); ++index) {
    const double weight = sequences.weights[index];
    if (data.first(index) != no_sequence) {
      average_first[data.first(index)] += weight;
    }
    data.for_each_edge(index, [&](std::uint32_t edge, double count) { average[edge] += weight * count; });
  }
  keyed_uniform uniform_number{stream_of(0x6D69'7874'7572'65U, seed)};
  for (std::size_t k = 0; k < k_end; ++k) {
    std::vector<double> first(model.names.size());
    std::vector<double> edges(model.targets.size());
    for (std::size_t draw = 0; draw < drawn; ++draw) {
      const double at = uniform_number() * until.back();
      const auto index = static_cast<std::size_t>(std::upper_bound(until.begin(), until.end(), at) - until.begin());
      const std::size_t sequence = (std::min)(index, sequences.size() - 1);
      if (data.first(sequence) != no_sequence) {
        first[data.first(sequence)] += 1.0;
      }
      data.for_each_edge(sequence, [&](std::uint32_t edge, double count) { edges[edge] += count; });
    }
    // A trace of every transition stays possible, also where all sequences that take it have no weight.
    constexpr double trace = 0.5;
    const auto mix = [&](std::vector<double>& to, std::span<const double> own, std::span<const double> all,
                         std::size_t begin, std::size_t end) {
      double total = 0.0;
      double sum = 0.0;
      for (std::size_t at = begin; at < end; ++at) {
        total += to[at * k_end + k] > 0.0 ? all[at] + trace : 0.0;
        sum += own[at];
      }
      for (std::size_t at = begin; at < end; ++at) {
        double& cell = to[at * k_end + k];
        cell = cell > 0.0 ? (own[at] + pull * (all[at] + trace) / total) / (sum + pull) : 0.0;
      }
    };
    mix(model.first, first, average_first, 0, model.names.size());
    for (std::size_t item = 0; item < model.names.size(); ++item) {
      mix(model.transition, edges, average, model.rows[item], model.rows[item + 1]);
    }
  }
  return model;
}

/// Puts the clusters in the order of their shares, equal ones by their parameters.
inline void order_clusters(chain_mixture& model) {
  const std::size_t k_end = model.clusters;
  std::vector<std::size_t> order(k_end);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (model.shares[a] != model.shares[b]) {
      return model.shares[a] > model.shares[b];
    }
    for (std::size_t at = 0; at + k_end <= model.first.size(); at += k_end) {
      if (model.first[at + a] != model.first[at + b]) {
        return model.first[at + a] > model.first[at + b];
      }
    }
    return a < b;
  });
  const auto reorder = [&](std::vector<double>& values) {
    const std::vector<double> old = values;
    for (std::size_t at = 0; at + k_end <= old.size(); at += k_end) {
      for (std::size_t k = 0; k < k_end; ++k) {
        values[at + k] = old[at + order[k]];
      }
    }
  };
  reorder(model.shares);
  reorder(model.first);
  reorder(model.transition);
}

inline void check_mixture_options(const weighted_sequences& sequences, const mixture_options& options) {
  if (sequences.size() == 0 || sequences.total_weight() <= 0.0) {
    throw input_error("a mixture needs sequences, and there are none; are there settled journeys?");
  }
  if (options.clusters == 0) {
    throw input_error("a mixture of 0 clusters has no meaning; ask for at least 1");
  }
  if (!(options.smoothing >= 0.0) || !std::isfinite(options.smoothing)) {
    throw input_error("smoothing must be 0 or more; give a small number such as 0.01");
  }
  if (!(options.tolerance >= 0.0)) {
    throw input_error("tolerance must be 0 or more; give a small number such as 1e-7");
  }
  constexpr std::size_t most_clusters = 1000;
  if (options.clusters > most_clusters) {
    throw limit_error(std::to_string(options.clusters) + " clusters; at most " + std::to_string(most_clusters) +
                      " are possible");
  }
}

}  // namespace detail

KLANTREIS_INLINE double chain_mixture::parameters() const noexcept {
  const auto free_of = [&](std::size_t cells) { return cells > 0 ? static_cast<double>(cells - 1) : 0.0; };
  std::size_t begins = 0;
  for (std::size_t item = 0; item < names.size(); ++item) {
    begins += clusters > 0 && first[item * clusters] > 0.0 ? 1U : 0U;
  }
  double of_one = free_of(begins);
  for (std::size_t item = 0; item + 1 < rows.size(); ++item) {
    of_one += free_of(rows[item + 1] - rows[item]);
  }
  return free_of(clusters) + static_cast<double>(clusters) * of_one;
}

KLANTREIS_INLINE double chain_mixture::log_likelihood() const noexcept {
  return log_likelihoods.empty() ? null_value : log_likelihoods.back();
}

KLANTREIS_INLINE chain_mixture uniform_mixture(const weighted_sequences& sequences, std::size_t clusters, bool ends) {
  chain_mixture model;
  model.names = sequences.names;
  model.clusters = clusters;
  model.ends = ends;
  const std::size_t items = sequences.names.size();
  std::vector<bool> begins(items, false);
  std::vector<std::uint64_t> pairs;
  const auto compact = [&pairs] {
    std::sort(pairs.begin(), pairs.end());
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  };
  std::size_t compact_at = std::size_t{1} << 20U;
  for (std::size_t index = 0; index < sequences.size(); ++index) {
    const auto own = sequences[index];
    if (own.empty()) {
      continue;
    }
    begins[own.front()] = true;
    for (std::size_t at = 0; at + 1 < own.size(); ++at) {
      pairs.push_back(std::uint64_t{own[at]} << 32U | own[at + 1]);
    }
    if (ends) {
      pairs.push_back(std::uint64_t{own.back()} << 32U | items);
    }
    if (pairs.size() > compact_at) {
      compact();
      compact_at = (std::max)(compact_at, 2 * pairs.size());
    }
  }
  compact();
  model.rows.assign(items + 1, 0);
  for (const std::uint64_t pair : pairs) {
    ++model.rows[(pair >> 32U) + 1];
    model.targets.push_back(static_cast<std::uint32_t>(pair));
  }
  std::partial_sum(model.rows.begin(), model.rows.end(), model.rows.begin());
  model.shares.assign(clusters, 1.0 / static_cast<double>(clusters));
  const auto begin_count = static_cast<double>(std::count(begins.begin(), begins.end(), true));
  for (std::size_t item = 0; item < items; ++item) {
    model.first.insert(model.first.end(), clusters, begins[item] ? 1.0 / begin_count : 0.0);
    const std::size_t degree = model.rows[item + 1] - model.rows[item];
    model.transition.insert(model.transition.end(), degree * clusters, 1.0 / static_cast<double>(degree));
  }
  return model;
}

KLANTREIS_INLINE chain_mixture refine_mixture(const weighted_sequences& sequences, chain_mixture from,
                                              const mixture_options& options) {
  detail::check_mixture_options(sequences, options);
  from.smoothing = options.smoothing;
  const detail::mixture_data data{sequences, from};
  detail::mixture_fit{data, sequences.weights, options}.run(from, options.iterations);
  return from;
}

KLANTREIS_INLINE chain_mixture fit_mixture(const weighted_sequences& sequences, const mixture_options& options) {
  detail::check_mixture_options(sequences, options);
  chain_mixture uniform = uniform_mixture(sequences, options.clusters, options.ends);
  uniform.smoothing = options.smoothing;
  const detail::mixture_data data{sequences, uniform};
  const detail::mixture_fit fit{data, sequences.weights, options};
  chain_mixture best;
  // All starts of one cluster lead to the same chain.
  const std::size_t starts = options.clusters == 1 ? 1 : (std::max)(std::size_t{1}, options.starts);
  for (std::size_t start = 0; start < starts; ++start) {
    chain_mixture tried = detail::drawn_mixture(sequences, data, uniform, detail::mixed(options.seed) + start);
    fit.run(tried, options.short_iterations);
    if (start == 0 || tried.objectives.back() > best.objectives.back()) {
      best = std::move(tried);
    }
  }
  if (!best.converged && options.iterations > options.short_iterations) {
    best.log_likelihoods.pop_back();
    best.objectives.pop_back();
    fit.run(best, options.iterations - options.short_iterations);
  }
  detail::order_clusters(best);
  return best;
}

KLANTREIS_INLINE memberships assign(const chain_mixture& mixture, const weighted_sequences& sequences,
                                    unsigned threads) {
  const detail::mixture_data data{sequences, mixture};
  const detail::mixture_scorer score{mixture};
  memberships result{std::vector<double>(sequences.size() * mixture.clusters), std::vector<double>(sequences.size())};
  const unsigned workers = worker_count(threads);
  run_parallel(workers, [&](unsigned worker) {
    const index_range range = slice(sequences.size(), worker, workers);
    for (std::size_t index = range.begin; index < range.end; ++index) {
      result.log_probabilities[index] = score(data, index, result.shares.data() + index * mixture.clusters);
    }
  });
  return result;
}

KLANTREIS_INLINE mixture_choice choose_mixture(const weighted_sequences& sequences,
                                               std::span<const std::size_t> clusters,
                                               const std::vector<std::vector<double>>& folds,
                                               const mixture_options& options) {
  if (clusters.empty()) {
    throw input_error("there are no numbers of clusters to choose from; give at least one");
  }
  if (!folds.empty() && options.smoothing <= 0.0) {
    throw input_error(
        "without smoothing a held out sequence may be impossible; give smoothing, 0.01 for example, or choose by bic");
  }
  mixture_choice result;
  const double total = sequences.total_weight();
  std::vector<chain_mixture> fitted;
  for (const std::size_t count : clusters) {
    mixture_options own = options;
    own.clusters = count;
    fitted.push_back(fit_mixture(sequences, own));
    const chain_mixture& model = fitted.back();
    result.clusters.push_back(count);
    result.log_likelihoods.push_back(model.log_likelihood());
    result.parameters.push_back(model.parameters());
    result.bic.push_back(-2.0 * model.log_likelihood() + model.parameters() * std::log(total));
    double held_out = 0.0;
    for (const std::vector<double>& fold : folds) {
      weighted_sequences rest = sequences;
      for (std::size_t index = 0; index < rest.size(); ++index) {
        rest.weights[index] -= fold[index];
      }
      // The sequences stay, with weight 0, so that all folds know the same transitions.
      const memberships scores = assign(fit_mixture(rest, own), sequences, options.threads);
      for (std::size_t index = 0; index < rest.size(); ++index) {
        held_out += fold[index] > 0.0 ? fold[index] * scores.log_probabilities[index] : 0.0;
      }
    }
    result.held_out.push_back(folds.empty() ? null_value : held_out / total);
  }
  for (std::size_t place = 1; place < fitted.size(); ++place) {
    const bool better = folds.empty() ? result.bic[place] < result.bic[result.best]
                                      : result.held_out[place] > result.held_out[result.best];
    result.best = better ? place : result.best;
  }
  result.mixture = std::move(fitted[result.best]);
  return result;
}

}  // namespace klantreis
