// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/attribution/credit.hpp"
#include "klantreis/detail/attribution/rules.hpp"
#include "klantreis/detail/paths/touches.hpp"
#include "klantreis/detail/paths/units.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/paths.hpp"

namespace klantreis::detail {

/// The credit that the items earn in the journeys of one customer.
class customer_credit {
 public:
  explicit customer_credit(std::size_t items) : credit_(items), value_(items), is_touched_(items, 0) {}

  outcome_sums sums;

  void clear() {
    for (const std::uint32_t item : touched_) {
      credit_[item] = 0.0;
      value_[item] = 0.0;
      is_touched_[item] = 0;
    }
    touched_.clear();
    sums = {};
  }

  /// Adds a journey that ended with `worth`, and with a conversion or not.
  template <typename Rule>
  void add(const touch_view& touches, const Rule& rule, bool converted, double worth) {
    sums.journeys += 1.0;
    if (converted) {
      sums.add_conversion(!touches.items.empty(), worth);
    } else if (worth != 0.0) {
      sums.value += worth;
      sums.touched_value += touches.items.empty() ? 0.0 : worth;
    } else {
      return;
    }
    if (touches.items.empty()) {
      return;
    }
    parts_.resize(touches.items.size());
    rule(touches, std::span{parts_});
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i] == 0.0) {
        continue;
      }
      const std::uint32_t item = touches.items[i];
      if (is_touched_[item] == 0) {
        is_touched_[item] = 1;
        touched_.push_back(item);
      }
      credit_[item] += converted ? parts_[i] : 0.0;
      value_[item] += parts_[i] * worth;
    }
  }

  /// The items that earned something.
  [[nodiscard]] std::span<const std::uint32_t> touched() const noexcept { return touched_; }
  [[nodiscard]] double credit(std::uint32_t item) const noexcept { return credit_[item]; }
  [[nodiscard]] double value(std::uint32_t item) const noexcept { return value_[item]; }

 private:
  std::vector<double> credit_;
  std::vector<double> value_;
  std::vector<std::uint8_t> is_touched_;
  std::vector<std::uint32_t> touched_;
  std::vector<double> parts_;
};

/// Customers of a path table; without them, its conversions and nulls.
class path_source {
 public:
  explicit path_source(const path_table& paths) : paths_(&paths) {}

  [[nodiscard]] const name_table& names() const { return paths_->names(); }
  [[nodiscard]] bool has_values() const { return paths_->has_values(); }
  [[nodiscard]] std::size_t size() const { return unit_groups(*paths_); }

  [[nodiscard]] std::vector<bool> seen() const {
    std::vector<bool> result(names().size(), false);
    for (std::size_t p = 0; p < paths_->size(); ++p) {
      if (paths_->conversions()[p] + paths_->nulls()[p] > 0.0) {
        for (const std::uint32_t item : paths_->path(p)) {
          result[item] = true;
        }
      }
    }
    return result;
  }

  struct buffers {};

  /// Reads one customer; returns how many such customers there are.
  template <typename Rule>
  double read(std::size_t index, const Rule& rule, buffers& /*space*/, customer_credit& customer) const {
    return for_each_journey(*paths_, index, [&](std::size_t path, bool converted, double worth) {
      customer.add({paths_->path(path), {}}, rule, converted, worth);
    });
  }

 private:
  const path_table* paths_;
};

/// Customers of a set of journeys, with the ages of their touches.
class journey_source {
 public:
  journey_source(const journey_set& journeys, const path_options& options, bool with_ages)
      : journeys_(&journeys), reader_(journeys, options), with_ages_(with_ages) {}

  [[nodiscard]] const name_table& names() const { return *reader_.items().names; }
  [[nodiscard]] bool has_values() const { return !journeys_->log().values().empty(); }
  [[nodiscard]] std::size_t size() const {
    return journeys_->customer_offsets().empty() ? 0 : journeys_->customer_offsets().size() - 1;
  }

  struct buffers {
    touch_list touches;
    std::vector<double> ages;
  };

  [[nodiscard]] std::vector<bool> seen() const {
    std::vector<bool> result(names().size(), false);
    buffers space;
    const auto offsets = journeys_->customer_offsets();
    for (std::size_t customer = 0; customer < size(); ++customer) {
      for (std::uint64_t j = offsets[customer]; j < offsets[customer + 1]; ++j) {
        if ((*journeys_)[j].settled) {
          for (const std::uint32_t item : touches_of(offsets[customer], j, space).items) {
            result[item] = true;
          }
        }
      }
    }
    return result;
  }

  template <typename Rule>
  double read(std::size_t index, const Rule& rule, buffers& space, customer_credit& customer) const {
    const auto offsets = journeys_->customer_offsets();
    for (std::uint64_t j = offsets[index]; j < offsets[index + 1]; ++j) {
      const journey piece = (*journeys_)[j];
      if (!piece.settled) {
        continue;
      }
      if (piece.converted) {
        customer.add(touches_of(offsets[index], j, space), rule, true, journeys_->value(j));
      } else {
        customer.add({}, rule, false, 0.0);
      }
    }
    return customer.sums.journeys > 0.0 ? 1.0 : 0.0;
  }

  /// The touches of journey `number` of the customer whose journeys begin at `first`.
  touch_view touches_of(std::uint64_t first, std::uint64_t number, buffers& space) const {
    if (reader_.is_plain() && !with_ages_) {
      const journey inside = reader_.within_lookback((*journeys_)[number]);
      return {reader_.items().codes.subspan(inside.begin, inside.path_end - inside.begin), {}};
    }
    reader_.read(first, number, space.touches);
    space.ages.clear();
    if (with_ages_ && !space.touches.codes.empty()) {
      // A merged run is as old as its last event.
      const auto times = journeys_->log().times();
      const auto ticks_per_second = static_cast<double>(journeys_->log().ticks_per_second());
      for (const std::uint64_t event : space.touches.events) {
        const std::int64_t ticks = times[space.touches.events.back()] - times[event];
        space.ages.push_back(static_cast<double>(ticks) / ticks_per_second);
      }
    }
    double until_end = 0.0;
    const journey piece = (*journeys_)[number];
    if (with_ages_ && !space.touches.events.empty() && piece.converted && piece.path_end < piece.end) {
      const auto times = journeys_->log().times();
      const std::int64_t ticks = times[piece.path_end] - times[space.touches.events.back()];
      until_end = static_cast<double>(ticks) / static_cast<double>(journeys_->log().ticks_per_second());
    }
    return {space.touches.codes, space.ages, until_end};
  }

 private:
  const journey_set* journeys_;
  touch_reader reader_;
  bool with_ages_;
};

/// Totals of the credits.
struct credit_sums {
  outcome_totals totals;
  std::vector<double> credit;
  std::vector<double> value;
  double conversions2 = 0.0;  ///< sums of powers of the conversions of customers
  double conversions4 = 0.0;

  credit_sums& operator+=(const credit_sums& other) {
    totals += other.totals;
    for (std::size_t item = 0; item < credit.size(); ++item) {
      credit[item] += other.credit[item];
      value[item] += other.value[item];
    }
    conversions2 += other.conversions2;
    conversions4 += other.conversions4;
    return *this;
  }
};

/// Influence values of the customers who gave credit to an item; all others have the same ones.
struct item_moments {
  influence_sum credit;
  influence_sum share;
  influence_sum value;
  double conversions2 = 0.0;
  double conversions4 = 0.0;

  item_moments& operator+=(const item_moments& other) {
    credit += other.credit;
    share += other.share;
    value += other.value;
    conversions2 += other.conversions2;
    conversions4 += other.conversions4;
    return *this;
  }
};

struct credit_moments {
  std::vector<item_moments> items;
  unattributed_moments unattributed;

  credit_moments& operator+=(const credit_moments& other) {
    for (std::size_t item = 0; item < items.size(); ++item) {
      items[item] += other.items[item];
    }
    unattributed += other.unattributed;
    return *this;
  }
};

/// Splits the conversions by a rule: a pass over the customers for the credits and, where intervals are wanted, another
/// one for their influence values. The customers may come in several sources, whose items may have other numbers.
///
/// ψ of a credit: what the customer's own journeys gave, less the mean over the customers; of a share x/Y:
/// (x_u − share·y_u)/Y.
class rule_credit {
 public:
  rule_credit(bool with_intervals, const interval_options& intervals, unsigned threads)
      : with_intervals_(with_intervals), intervals_(intervals), threads_(threads) {}

  [[nodiscard]] const name_table& names() const noexcept { return names_; }

  template <typename Rule, typename Source>
  void count(const Rule& rule, const Source& source) {
    const std::vector<std::uint32_t> code_of = meet(source.names());
    const std::size_t items = code_of.size();
    const auto part = sum_in_pieces(source.size(), threads_, items * 4 * sizeof(double), [&](index_range range) {
      credit_sums piece;
      piece.credit.resize(items);
      piece.value.resize(items);
      for_each_customer(rule, source, range, [&piece](const customer_credit& customer, double times) {
        piece.totals.add(customer.sums, times);
        const double square = customer.sums.conversions * customer.sums.conversions;
        piece.conversions2 += times * square;
        piece.conversions4 += times * square * square;
        for (const std::uint32_t item : customer.touched()) {
          piece.credit[item] += times * customer.credit(item);
          piece.value[item] += times * customer.value(item);
        }
      });
      return piece;
    });
    const std::vector<bool> seen = source.seen();
    for (std::size_t item = 0; item < items; ++item) {
      sums_.credit[code_of[item]] += part.credit[item];
      sums_.value[code_of[item]] += part.value[item];
      seen_[code_of[item]] = seen_[code_of[item]] || seen[item];
    }
    sums_.totals += part.totals;
    sums_.conversions2 += part.conversions2;
    sums_.conversions4 += part.conversions4;
    has_values_ = has_values_ || source.has_values();
  }

  /// The second pass, when all sources have been counted.
  template <typename Rule, typename Source>
  void measure(const Rule& rule, const Source& source) {
    const std::vector<std::uint32_t> code_of = meet(source.names());
    const std::size_t items = code_of.size();
    const std::vector<double> shares = this->shares();
    const outcome_totals& totals = sums_.totals;
    const double conversions = totals.sums.conversions;
    const double m = totals.customers;
    const std::size_t weight = items * (sizeof(item_moments) + 2 * sizeof(double));
    const auto part = sum_in_pieces(source.size(), threads_, weight, [&](index_range range) {
      credit_moments piece;
      piece.items.resize(items);
      for_each_customer(rule, source, range, [&](const customer_credit& customer, double times) {
        const outcome_sums& own = customer.sums;
        const double square = own.conversions * own.conversions;
        for (const std::uint32_t item : customer.touched()) {
          item_moments& moment = piece.items[item];
          const std::uint32_t code = code_of[item];
          add_times(moment.credit, customer.credit(item) - sums_.credit[code] / m, times);
          add_times(moment.value, customer.value(item) - sums_.value[code] / m, times);
          if (conversions > 0.0) {
            add_times(moment.share, (customer.credit(item) - shares[code] * own.conversions) / conversions, times);
          }
          moment.conversions2 += times * square;
          moment.conversions4 += times * square * square;
        }
        piece.unattributed.add(own, totals, times);
      });
      return piece;
    });
    for (std::size_t item = 0; item < items; ++item) {
      moments_.items[code_of[item]] += part.items[item];
    }
    moments_.unattributed += part.unattributed;
  }

  [[nodiscard]] credit_result result() const {
    const outcome_totals& totals = sums_.totals;
    const double conversions = totals.sums.conversions;
    const double m = totals.customers;
    const std::vector<double> shares = this->shares();
    // The customers who gave an item nothing: ψ = −mean for its credit, −share·y_u/Y for its share.
    const auto with_untouched = [m](const influence_sum& touched, double mean) {
      const double others = (std::max)(0.0, m - touched.customers());
      influence_sum all{m, touched.sum(), touched.sum2(), touched.sum4()};
      const double square = mean * mean;
      return all += influence_sum{0.0, -others * mean, others * square, others * square * square};
    };
    const interval_maker make{.options = intervals_, .wanted = with_intervals_, .totals = totals};
    credit_result result;
    result.has_values = has_values_;
    result.customers = m;
    for (std::uint32_t item = 0; item < names_.size(); ++item) {
      if (!seen_[item]) {
        continue;
      }
      item_credit row;
      row.name = names_[item];
      const item_moments& moment = moments_.items[item];
      const double factor = conversions > 0.0 ? shares[item] / conversions : 0.0;
      const double square = factor * factor;
      influence_sum of_share{m, moment.share.sum(), moment.share.sum2(), moment.share.sum4()};
      of_share += influence_sum{0.0, 0.0, square * (sums_.conversions2 - moment.conversions2),
                                square * square * (sums_.conversions4 - moment.conversions4)};
      row.share = make.prob(shares[item], of_share);
      row.credit = make.conversions(sums_.credit[item], with_untouched(moment.credit, sums_.credit[item] / m));
      row.credit_value = make.value(sums_.value[item], with_untouched(moment.value, sums_.value[item] / m));
      result.items.push_back(std::move(row));
    }
    result.unattributed = unattributed_credit(moments_.unattributed, make);
    return result;
  }

 private:
  /// The numbers here of the items of a source.
  [[nodiscard]] std::vector<std::uint32_t> meet(const name_table& names) {
    std::vector<std::uint32_t> codes(names.size());
    for (name_table::code code = 0; code < codes.size(); ++code) {
      codes[code] = names_.intern(names[code]);
    }
    seen_.resize(names_.size());
    sums_.credit.resize(names_.size());
    sums_.value.resize(names_.size());
    moments_.items.resize(names_.size());
    return codes;
  }

  template <typename Rule, typename Source, typename Use>
  static void for_each_customer(const Rule& rule, const Source& source, index_range range, Use&& use) {
    customer_credit customer{source.names().size()};
    typename Source::buffers space;
    for (const std::size_t index : each(range)) {
      const double times = source.read(index, rule, space, customer);
      if (times > 0.0) {
        use(customer, times);
      }
      customer.clear();
    }
  }

  [[nodiscard]] std::vector<double> shares() const {
    const outcome_totals& totals = sums_.totals;
    const double conversions = totals.sums.conversions;
    std::vector<double> share(names_.size(), null_value);
    if (conversions > 0.0) {
      std::size_t earning = 0;
      for (std::size_t item = 0; item < share.size(); ++item) {
        share[item] = sums_.credit[item] / conversions;
        earning += sums_.credit[item] > 0.0 ? 1U : 0U;
      }
      if (earning == 1 && totals.unattributed_conversions() == 0.0) {
        *std::max_element(share.begin(), share.end()) = 1.0;
      }
    }
    return share;
  }

  bool with_intervals_;
  interval_options intervals_;
  unsigned threads_;
  name_table names_;
  bool has_values_ = false;
  std::vector<bool> seen_;
  credit_sums sums_;
  credit_moments moments_;
};

template <typename Rule, typename Source>
credit_result credit_by_rule(const Rule& rule, const Source& source, bool with_intervals,
                             const interval_options& intervals, unsigned threads) {
  rule_credit credit{with_intervals, intervals, threads};
  credit.count(rule, source);
  if (with_intervals) {
    credit.measure(rule, source);
  }
  return credit.result();
}

}  // namespace klantreis::detail
