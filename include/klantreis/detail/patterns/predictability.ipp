// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "klantreis/detail/patterns/name_ranks.hpp"
#include "klantreis/detail/patterns/path_corpus.hpp"
#include "klantreis/detail/sequence_index.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/patterns/complexity.hpp"

namespace klantreis {
namespace detail {

/// A number from the bytes of a text, the same on every machine (FNV-1a).
[[nodiscard]] inline std::uint64_t fold_number(std::string_view text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char byte : text) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3U;
  }
  return hash ^ (hash >> 32U);
}

/// Next steps after contexts of one length, by fold of customers.
class step_contexts {
 public:
  explicit step_contexts(unsigned folds) : folds_(folds) {}

  void add(std::span<const std::uint32_t> context, std::uint32_t next, unsigned fold) {
    const auto row = static_cast<std::uint32_t>(contexts_.intern(context));
    if (row == steps_of_.size()) {
      steps_of_.emplace_back();
    }
    const std::size_t cell = cells_.intern(std::array{row, next});
    if (cell == next_.size()) {
      next_.push_back(next);
      counts_.resize(counts_.size() + folds_);
      steps_of_[row].push_back(static_cast<std::uint32_t>(cell));
    }
    ++counts_[cell * folds_ + fold];
  }

  [[nodiscard]] std::size_t contexts() const noexcept { return contexts_.size(); }

  /// The entropy of the next step given its context, in bits.
  [[nodiscard]] double entropy() const {
    std::vector<double> terms;
    double all = 0.0;
    for (const auto& row : steps_of_) {
      double whole = 0.0;
      for (const std::uint32_t cell : row) {
        whole += total(cell);
      }
      for (const std::uint32_t cell : row) {
        terms.push_back(total(cell) * std::log2(whole / total(cell)));
      }
      all += whole;
    }
    // In the order of size, so that the sum does not depend on the order of the journeys.
    std::sort(terms.begin(), terms.end());
    double sum = 0.0;
    for (const double term : terms) {
      sum += term;
    }
    return all > 0.0 ? sum / all : null_value;
  }

  /// What follows each context most often among the other folds; `none` where they lack the context.
  void choose(std::span<const std::uint32_t> rank) {
    best_.assign(contexts_.size() * folds_, none);
    for (std::size_t row = 0; row < contexts_.size(); ++row) {
      for (unsigned fold = 0; fold < folds_; ++fold) {
        std::uint64_t most = 0;
        for (const std::uint32_t cell : steps_of_[row]) {
          std::uint64_t times = 0;
          for (unsigned other = 0; other < folds_; ++other) {
            times += other == fold ? 0 : counts_[cell * folds_ + other];
          }
          std::uint32_t& best = best_[row * folds_ + fold];
          if (times > most || (times == most && times != 0 && rank[next_[cell]] < rank[best])) {
            most = times;
            best = next_[cell];
          }
        }
      }
    }
  }
  [[nodiscard]] std::uint32_t best(std::span<const std::uint32_t> context, unsigned fold) const noexcept {
    const std::size_t row = contexts_.find(context);
    return row == contexts_.size() ? none : best_[row * folds_ + fold];
  }

  static constexpr std::uint32_t none = (std::numeric_limits<std::uint32_t>::max)();

 private:
  [[nodiscard]] double total(std::uint32_t cell) const noexcept {
    std::uint64_t times = 0;
    for (unsigned fold = 0; fold < folds_; ++fold) {
      times += counts_[cell * folds_ + fold];
    }
    return static_cast<double>(times);
  }

  unsigned folds_;
  sequence_index contexts_;
  sequence_index cells_;                              // context and next step
  std::vector<std::uint32_t> next_;                   // by cell
  std::vector<std::uint64_t> counts_;                 // by cell and fold
  std::vector<std::vector<std::uint32_t>> steps_of_;  // by context: its cells
  std::vector<std::uint32_t> best_;                   // by context and fold
};

/// The largest Π with H(Π) + (1 − Π) log2(m − 1) ≥ entropy.
[[nodiscard]] inline double fano_limit(double entropy, double m) {
  if (std::isnan(entropy) || m < 1.0) {
    return null_value;
  }
  if (entropy <= 0.0 || m < 2.0) {
    return 1.0;
  }
  const auto surprise = [&](double p) {
    const double other = 1.0 - p;
    return -(p > 0.0 ? p * std::log2(p) : 0.0) - (other > 0.0 ? other * std::log2(other / (m - 1.0)) : 0.0);
  };
  double low = 1.0 / m;  // here the entropy is the largest, log2 m
  double high = 1.0;
  for (int round = 0; round < 100; ++round) {
    const double middle = 0.5 * (low + high);
    (surprise(middle) >= entropy ? low : high) = middle;
  }
  return low;
}

}  // namespace detail

KLANTREIS_INLINE table predictability(const journey_set& journeys, const predictability_options& options) {
  const detail::path_corpus corpus = detail::make_path_corpus(journeys, options.by, options.collapse, false);
  if (options.folds < 2 || options.folds > corpus.customer_count()) {
    throw input_error(std::to_string(options.folds) + " folds of " + std::to_string(corpus.customer_count()) +
                      " customers with settled journeys; give at least 2 folds and no more than customers");
  }
  const unsigned orders = options.max_order + 1;
  const std::uint32_t start = corpus.states().start;
  std::vector<unsigned> folds(corpus.customer_count());
  for (std::size_t customer = 0; customer < folds.size(); ++customer) {
    folds[customer] = static_cast<unsigned>(
        detail::fold_number(journeys.log().customer_id(corpus.log_customers[customer])) % options.folds);
  }
  // Calls use(context, next) for each step, the context as long as the order.
  const auto for_each_step = [&](std::size_t journey, std::size_t order, std::vector<std::uint32_t>& padded,
                                 auto&& use) {
    const auto path = corpus.path(journey);
    padded.assign(order, start);
    padded.insert(padded.end(), path.begin(), path.end());
    padded.push_back(corpus.ends[journey]);
    for (std::size_t place = 0; place <= path.size(); ++place) {
      use(std::span<const std::uint32_t>{padded}.subspan(place, order), padded[place + order]);
    }
  };
  const std::vector<std::uint32_t> rank = detail::name_ranks(corpus.names);
  std::vector<detail::step_contexts> counts(orders, detail::step_contexts{options.folds});
  std::vector<detail::visit_rates> rates(orders);
  const unsigned workers = (std::min)(orders, worker_count(options.threads));
  const auto for_each_order = [&](auto&& work) {
    run_parallel(workers, [&](unsigned worker) {
      for (unsigned order = worker; order < orders; order += workers) {
        work(order);
      }
    });
  };
  begin_stage("counting contexts", corpus.customer_count());
  for_each_order([&](unsigned order) {
    std::vector<std::uint32_t> padded;
    for (const std::size_t customer : each({0, corpus.customer_count()})) {
      for (std::size_t journey = corpus.customers[customer]; journey < corpus.customers[customer + 1]; ++journey) {
        for_each_step(journey, order, padded, [&](std::span<const std::uint32_t> context, std::uint32_t next) {
          counts[order].add(context, next, folds[customer]);
        });
      }
    }
    counts[order].choose(rank);
  });
  begin_stage("predicting", corpus.customer_count());
  for_each_order([&](unsigned order) {
    rates[order].resize(1);
    std::vector<std::uint32_t> padded;
    for (const std::size_t customer : each({0, corpus.customer_count()})) {
      for (std::size_t journey = corpus.customers[customer]; journey < corpus.customers[customer + 1]; ++journey) {
        for_each_step(journey, order, padded, [&](std::span<const std::uint32_t> context, std::uint32_t next) {
          std::uint32_t guess = detail::step_contexts::none;
          for (std::size_t shorter = order + 1; shorter-- > 0 && guess == detail::step_contexts::none;) {
            guess = counts[shorter].best(context.last(shorter), folds[customer]);
          }
          rates[order].visit(0);
          if (guess == next) {
            rates[order].event(0);
          }
        });
      }
      rates[order].end_customer();
    }
  });
  std::vector<bool> is_next(corpus.names.size(), false);
  for (std::size_t journey = 0; journey < corpus.size(); ++journey) {
    for (const std::uint32_t item : corpus.path(journey)) {
      is_next[item] = true;
    }
    is_next[corpus.ends[journey]] = true;
  }
  const auto distinct = static_cast<double>(std::count(is_next.begin(), is_next.end(), true));

  std::vector<std::int64_t> numbers;
  std::vector<std::int64_t> contexts;
  std::vector<std::int64_t> steps;
  std::vector<double> entropies;
  std::vector<double> gains;
  std::vector<double> limits;
  std::vector<std::int64_t> hits;
  detail::estimate_columns accuracy;
  for (unsigned order = 0; order < orders; ++order) {
    numbers.push_back(order);
    contexts.push_back(static_cast<std::int64_t>(counts[order].contexts()));
    steps.push_back(static_cast<std::int64_t>(rates[order].visits()[0].v));
    entropies.push_back(counts[order].entropy());
    gains.push_back(order == 0 ? null_value : entropies[order - 1] - entropies[order]);
    limits.push_back(detail::fano_limit(entropies.back(), distinct));
    hits.push_back(static_cast<std::int64_t>(rates[order].events()[0].e));
    accuracy.add(rate_interval(rates[order].visits()[0], rates[order].events()[0], options.intervals));
  }
  table result{
      "How much the last items of a settled journey say about its next step, its end included. entropy_rate: bits per "
      "step, in sample; gain: what the last item of the context takes away; predictability_limit: the share that no "
      "prediction with this entropy can surpass; accuracy: share of steps foretold from other customers, with an "
      "interval by customers (n)."};
  result.add("order", std::move(numbers));
  result.add("contexts", std::move(contexts), quantity::count);
  result.add("steps", std::move(steps), quantity::count);
  result.add("entropy_rate", std::move(entropies));
  result.add("gain", std::move(gains));
  result.add("predictability_limit", std::move(limits), quantity::share);
  result.add("hits", std::move(hits), quantity::count);
  result.add("accuracy", std::move(accuracy.value), quantity::share);
  result.add("lower", std::move(accuracy.lower), quantity::share);
  result.add("upper", std::move(accuracy.upper), quantity::share);
  result.add("n", std::move(accuracy.n), quantity::count);
  result.add("marks", std::move(accuracy.marks));
  result.set_option("folds", std::to_string(options.folds));
  detail::set_corpus_options(result, corpus, options.by);
  detail::set_interval_options(result, options.intervals);
  detail::add_cut_options(result, journeys);
  return result;
}

}  // namespace klantreis
