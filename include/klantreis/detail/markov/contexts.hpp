// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "klantreis/detail/draws.hpp"
#include "klantreis/detail/paths/units.hpp"
#include "klantreis/detail/text_key.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/paths.hpp"

namespace klantreis::detail {

/// Numbers pairs of numbers 0, 1, 2 … as they are met.
class pair_numbers {
 public:
  std::uint32_t operator()(std::uint32_t first, std::uint32_t second) {
    if (2 * (size_ + 1) > keys_.size()) {
      grow();
    }
    const std::uint64_t key = (std::uint64_t{first} << 32U) | second;
    std::size_t at = place_of(key);
    while (numbers_[at] != 0) {
      if (keys_[at] == key) {
        return numbers_[at] - 1;
      }
      at = (at + 1) & (keys_.size() - 1);
    }
    keys_[at] = key;
    numbers_[at] = static_cast<std::uint32_t>(++size_);
    return numbers_[at] - 1;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  [[nodiscard]] std::size_t place_of(std::uint64_t key) const noexcept {
    return static_cast<std::size_t>(mixed(key)) & (keys_.size() - 1);
  }

  void grow() {
    const std::vector<std::uint64_t> keys = std::move(keys_);
    const std::vector<std::uint32_t> numbers = std::move(numbers_);
    keys_.assign((std::max)(std::size_t{1024}, 2 * keys.size()), 0);
    numbers_.assign(keys_.size(), 0);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (numbers[i] != 0) {
        std::size_t at = place_of(keys[i]);
        while (numbers_[at] != 0) {
          at = (at + 1) & (keys_.size() - 1);
        }
        keys_[at] = keys[i];
        numbers_[at] = numbers[i];
      }
    }
  }

  std::vector<std::uint64_t> keys_;
  std::vector<std::uint32_t> numbers_;  // + 1; 0 is empty
  std::size_t size_ = 0;
};

/// What followed each context of up to k items, for P(next | context).
///
/// The context of order j is the last j of ((start), x_1, x_2 …), fewer at the beginning. With counts C,
/// P_j(x|h) = (C(h, x) + α P_{j−1}(x|h without its oldest)) / (C(h) + α) and P_{−1} = 1/(items + 2), so nothing has
/// probability 0 and an unseen context falls back on the shorter one.
class context_counts {
 public:
  context_counts(const path_table& paths, unsigned max_order) : paths_(&paths), order_(max_order) {
    pair_numbers deeper;   // context, older item -> longer context
    pair_numbers follows;  // context, next -> entry
    const auto items = static_cast<std::uint32_t>(paths.names().size());
    const std::uint32_t start = items;
    const std::uint32_t conversion = items;
    const std::uint32_t null = items + 1;
    std::vector<std::uint32_t> contexts;
    std::vector<bool> occurs(items, false);
    begins_.reserve(paths.size() + 1);
    for (const std::size_t p : each({0, paths.size()})) {
      const auto path = paths.path(p);
      const bool settled = paths.conversions()[p] + paths.nulls()[p] > 0.0;
      for (std::size_t i = 0; i <= path.size(); ++i) {
        contexts.assign(1, 0);
        for (std::size_t j = 1; j <= order_ && j <= i + 1; ++j) {
          const std::uint32_t older = j <= i ? path[i - j] : start;
          contexts.push_back(deeper(contexts.back(), older) + 1);
        }
        const auto note = [&](std::uint32_t next) {
          for (const std::uint32_t context : contexts) {
            const std::uint32_t entry = follows(context, next);
            if (entry == context_of_.size()) {
              context_of_.push_back(context);
            }
            entries_.push_back(entry);
          }
        };
        if (i < path.size()) {
          note(path[i]);
          occurs[path[i]] = occurs[path[i]] || settled;
        } else {
          note(conversion);
          note(null);
        }
      }
      begins_.push_back(entries_.size());
    }
    contexts_ = deeper.size() + 1;
    vocabulary_ = static_cast<double>(std::count(occurs.begin(), occurs.end(), true)) + 2.0;
    counts_.resize(context_of_.size());
    totals_.resize(contexts_);
  }

  [[nodiscard]] double vocabulary() const noexcept { return vocabulary_; }

  /// Counts anew, from how often each path converted and did not.
  void count(std::span<const double> conversions, std::span<const double> nulls) {
    std::fill(counts_.begin(), counts_.end(), 0.0);
    std::fill(totals_.begin(), totals_.end(), 0.0);
    for (const std::size_t p : each({0, paths_->size()})) {
      const double journeys = conversions[p] + nulls[p];
      if (journeys == 0.0) {
        continue;
      }
      const std::size_t ends = begins_[p + 1] - 2 * depth_at(paths_->path(p).size());
      for (std::size_t at = begins_[p]; at < begins_[p + 1]; ++at) {
        const double weight = at < ends                                 ? journeys
                              : at < ends + (begins_[p + 1] - ends) / 2 ? conversions[p]
                                                                        : nulls[p];
        counts_[entries_[at]] += weight;
        totals_[context_of_[entries_[at]]] += weight;
      }
    }
  }

  /// By order, ln P of the touches of a path, and P of the two ways in which it may end. With alpha 0 the
  /// probabilities are the shares of the counts.
  struct prediction {
    std::vector<double> touches;
    std::vector<double> conversion;
    std::vector<double> null;

    [[nodiscard]] double loss(std::size_t order, bool converted) const {
      return -touches[order] - std::log(converted ? conversion[order] : null[order]);
    }
    [[nodiscard]] double score(std::size_t order) const {
      return conversion[order] / (conversion[order] + null[order]);
    }
  };

  void predict(std::size_t p, double alpha, prediction& result) const {
    result.touches.assign(order_ + 1, 0.0);
    result.conversion.assign(order_ + 1, 0.0);
    result.null.assign(order_ + 1, 0.0);
    std::size_t at = begins_[p];
    const std::size_t size = paths_->path(p).size();
    for (std::size_t i = 0; i < size; ++i) {
      at = walk(at, depth_at(i), alpha,
                [&result](std::size_t order, double probability) { result.touches[order] += std::log(probability); });
    }
    at = walk(at, depth_at(size), alpha,
              [&result](std::size_t order, double probability) { result.conversion[order] = probability; });
    walk(at, depth_at(size), alpha,
         [&result](std::size_t order, double probability) { result.null[order] = probability; });
  }

 private:
  // Contexts at place i, the empty one included.
  [[nodiscard]] std::size_t depth_at(std::size_t i) const noexcept {
    return (std::min)(std::size_t{order_}, i + 1) + 1;
  }

  template <typename Use>
  std::size_t walk(std::size_t at, std::size_t depth, double alpha, Use&& use) const {
    double probability = 1.0 / vocabulary_;
    for (std::size_t j = 0; j <= order_; ++j) {
      if (j < depth) {
        const std::uint32_t entry = entries_[at + j];
        const double total = totals_[context_of_[entry]];
        if (total + alpha > 0.0) {
          probability = (counts_[entry] + alpha * probability) / (total + alpha);
        }
      }
      use(j, probability);
    }
    return at + depth;
  }

  const path_table* paths_;
  unsigned order_;
  std::vector<std::size_t> begins_{0};
  std::vector<std::uint32_t> entries_;
  std::vector<std::uint32_t> context_of_;  // by entry
  std::size_t contexts_ = 0;
  double vocabulary_ = 2.0;
  std::vector<double> counts_;  // by entry
  std::vector<double> totals_;  // by context
};

/// Settled journeys by fold of their customer; without customers each conversion and each null has a fold of its own.
///
/// A cell is a path that some customer of a fold took; what is known of held-out journeys is kept by cell, as most
/// paths are in few folds.
class customer_folds {
 public:
  struct cell {
    std::size_t path = 0;
    double conversions = 0.0;
    double nulls = 0.0;
  };
  struct held_journey {
    std::size_t cell = 0;
    bool converted = false;
  };

  customer_folds(const path_table& paths, unsigned folds, std::uint64_t seed)
      : paths_(&paths), folds_(folds), cells_(folds), places_(folds) {
    if (folds < 2) {
      throw input_error("folds is " + std::to_string(folds) + "; it must be at least 2, such as 10");
    }
    for (std::vector<std::uint32_t>& places : places_) {
      places.assign(paths.size(), 0);
    }
    if (paths.has_units()) {
      fold_of_.resize(unit_groups(paths));
      for (std::size_t group = 0; group < fold_of_.size(); ++group) {
        fold_of_[group] = detail::fold_of(paths.customer_keys()[group], seed, folds);
        for_each_journey(paths, group,
                         [&](std::size_t path, bool converted, double) { add(fold_of_[group], path, converted, 1.0); });
      }
      return;
    }
    for (const std::size_t p : each({0, paths.size()})) {
      const std::string text = join_path(paths.names(), paths.path(p));
      for (const bool converted : {true, false}) {
        const double count = converted ? paths.conversions()[p] : paths.nulls()[p];
        const std::uint64_t key = text_key(text + "\x1f" + (converted ? "conversion" : "null"));
        for (double unit = 0.0; unit < count; unit += 1.0) {
          const unsigned fold = detail::fold_of(mixed(key + static_cast<std::uint64_t>(unit)), seed, folds);
          add(fold, p, converted, (std::min)(1.0, count - unit));
        }
      }
    }
  }

  [[nodiscard]] unsigned folds() const noexcept { return folds_; }
  [[nodiscard]] std::span<const cell> cells(unsigned fold) const { return cells_[fold]; }

  /// Conversions, and nulls, by path in the other folds.
  [[nodiscard]] std::vector<double> other_conversions(unsigned fold) const {
    return without(paths_->conversions(), fold, &cell::conversions);
  }
  [[nodiscard]] std::vector<double> other_nulls(unsigned fold) const {
    return without(paths_->nulls(), fold, &cell::nulls);
  }

  /// Calls `use(fold, times, journeys)` for each customer, or for `times` equal units without customers.
  template <typename Use>
  void for_each_customer(Use&& use) const {
    std::vector<held_journey> journeys;
    if (paths_->has_units()) {
      for (std::size_t group = 0; group < fold_of_.size(); ++group) {
        journeys.clear();
        for_each_journey(*paths_, group, [&](std::size_t path, bool converted, double) {
          journeys.push_back({places_[fold_of_[group]][path] - 1U, converted});
        });
        if (!journeys.empty()) {
          use(fold_of_[group], 1.0, std::span<const held_journey>{journeys});
        }
      }
      return;
    }
    for (unsigned fold = 0; fold < folds_; ++fold) {
      for (std::size_t c = 0; c < cells_[fold].size(); ++c) {
        for (const bool converted : {true, false}) {
          const double times = converted ? cells_[fold][c].conversions : cells_[fold][c].nulls;
          if (times > 0.0) {
            journeys.assign(1, {c, converted});
            use(fold, times, std::span<const held_journey>{journeys});
          }
        }
      }
    }
  }

 private:
  void add(unsigned fold, std::size_t path, bool converted, double weight) {
    std::uint32_t& place = places_[fold][path];
    if (place == 0) {
      cells_[fold].push_back({.path = path});
      place = static_cast<std::uint32_t>(cells_[fold].size());
    }
    cell& found = cells_[fold][place - 1];
    (converted ? found.conversions : found.nulls) += weight;
  }

  [[nodiscard]] std::vector<double> without(std::span<const double> all, unsigned fold, double cell::*held) const {
    std::vector<double> rest(all.begin(), all.end());
    for (const cell& one : cells_[fold]) {
      // Fractions leave a rest of rounding, which is no journey.
      const double left = rest[one.path] - one.*held;
      rest[one.path] = left < 1e-9 ? 0.0 : left;
    }
    return rest;
  }

  const path_table* paths_;
  unsigned folds_;
  std::vector<std::vector<cell>> cells_;            // by fold
  std::vector<std::vector<std::uint32_t>> places_;  // by fold and path: cell + 1; 0 is none
  std::vector<unsigned> fold_of_;
};

/// The area under the ROC curve of scores by fold, and what each journey adds to it.
///
/// Pairs of a conversion and a null of the same fold count, ties by half: scores of different fits cannot be compared.
/// ψ of a conversion is (the part of the nulls of its fold below it − AUC of the fold)/conversions, likewise of a null
/// (DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595), weighted by the pairs of the fold.
class fold_auc {
 public:
  /// `scores` by fold and cell.
  fold_auc(const customer_folds& folds, const std::vector<std::vector<double>>& scores)
      : conversion_(folds.folds()), null_(folds.folds()) {
    double pairs = 0.0;
    double wins = 0.0;
    std::vector<double> weight(folds.folds(), 0.0);
    std::vector<double> area(folds.folds(), 0.0);
    for (unsigned fold = 0; fold < folds.folds(); ++fold) {
      const auto cells = folds.cells(fold);
      std::vector<std::size_t> order(cells.size());
      std::iota(order.begin(), order.end(), std::size_t{0});
      double positives = 0.0;
      double negatives = 0.0;
      for (const customer_folds::cell& one : cells) {
        positives += one.conversions;
        negatives += one.nulls;
      }
      conversion_[fold].assign(cells.size(), 0.0);
      null_[fold].assign(cells.size(), 0.0);
      if (positives == 0.0 || negatives == 0.0) {
        continue;
      }
      const auto& score = scores[fold];
      std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return score[a] < score[b]; });
      double positives_below = 0.0;
      double negatives_below = 0.0;
      for (std::size_t i = 0; i < order.size();) {
        std::size_t end = i;
        double tied_positives = 0.0;
        double tied_negatives = 0.0;
        for (; end < order.size() && score[order[end]] == score[order[i]]; ++end) {
          tied_positives += cells[order[end]].conversions;
          tied_negatives += cells[order[end]].nulls;
        }
        for (; i < end; ++i) {
          conversion_[fold][order[i]] = (negatives_below + tied_negatives / 2.0) / negatives;
          null_[fold][order[i]] = 1.0 - (positives_below + tied_positives / 2.0) / positives;
        }
        area[fold] += tied_positives * (negatives_below + tied_negatives / 2.0);
        positives_below += tied_positives;
        negatives_below += tied_negatives;
      }
      weight[fold] = positives * negatives;
      wins += area[fold];
      pairs += weight[fold];
      area[fold] /= weight[fold];
      for (std::size_t p = 0; p < cells.size(); ++p) {
        conversion_[fold][p] = (conversion_[fold][p] - area[fold]) / positives;
        null_[fold][p] = (null_[fold][p] - area[fold]) / negatives;
      }
    }
    if (pairs > 0.0) {
      area_ = wins / pairs;
      for (unsigned fold = 0; fold < folds.folds(); ++fold) {
        for (std::size_t p = 0; p < conversion_[fold].size(); ++p) {
          conversion_[fold][p] *= weight[fold] / pairs;
          null_[fold][p] *= weight[fold] / pairs;
        }
      }
    }
  }

  /// NaN when no fold has both outcomes.
  [[nodiscard]] double area() const noexcept { return area_; }
  [[nodiscard]] double influence(unsigned fold, const customer_folds::held_journey& one) const {
    return (one.converted ? conversion_ : null_)[fold][one.cell];
  }

 private:
  double area_ = std::nan("");
  std::vector<std::vector<double>> conversion_;
  std::vector<std::vector<double>> null_;
};

}  // namespace klantreis::detail
