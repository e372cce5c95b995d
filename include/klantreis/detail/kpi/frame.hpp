// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/detail/instants.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/kpi/options.hpp"

namespace klantreis::detail {

/// One counted thing: its customer, the row of the result where it stands, and two numbers, often a count and of what.
struct kpi_unit {
  std::uint32_t customer = 0;
  std::uint32_t slot = 0;
  double x = 0.0;
  double y = 0.0;
};

/// A condition on events, compiled: which touchpoints or outcomes, and what labels and numbers must be.
struct kpi_events {
  struct label_test {
    const label_column* labels = nullptr;
    std::vector<std::uint8_t> allowed = {};
  };
  struct number_test {
    number_view values = {};
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
    bool open_low = false;
    bool open_high = false;
    bool negated = false;
    std::vector<double> one_of = {};

    [[nodiscard]] bool operator()(double value) const noexcept {
      if (!one_of.empty()) {
        return std::find(one_of.begin(), one_of.end(), value) != one_of.end();
      }
      const bool inside = (open_low ? value > low : value >= low) && (open_high ? value < high : value <= high);
      return !std::isnan(value) && inside != negated;
    }
  };

  bool any_touchpoint = true;
  std::span<const std::uint32_t> codes = {};
  std::vector<std::uint8_t> touchpoints = {};
  std::vector<std::shared_ptr<const std::vector<bool>>> outcomes = {};
  std::vector<label_test> labels = {};
  std::vector<number_test> numbers = {};
  std::string missing = {};  ///< what the log lacks, in words

  [[nodiscard]] bool operator()(std::uint64_t event) const noexcept {
    if (!any_touchpoint && touchpoints[codes[event]] == 0 &&
        std::none_of(outcomes.begin(), outcomes.end(),
                     [event](const auto& mask) { return (*mask)[static_cast<std::size_t>(event)]; })) {
      return false;
    }
    for (const label_test& test : labels) {
      if (test.allowed[test.labels->codes[event]] == 0) {
        return false;
      }
    }
    for (const number_test& test : numbers) {
      if (!test(test.values[event])) {
        return false;
      }
    }
    return true;
  }
};

/// The rows of the result: groups by periods.
struct kpi_slots {
  std::vector<std::string> groups;           ///< names; one empty name without `by`
  std::vector<std::string> periods;          ///< names; one empty name without a period
  std::vector<bool> complete;                ///< by period
  std::vector<std::int64_t> period_begin;    ///< ticks; empty without a period
  std::vector<std::uint32_t> group_of_code;  ///< by code of the label
  bool by_customer = false;                  ///< the label never changes within a customer

  [[nodiscard]] std::size_t size() const noexcept { return groups.size() * periods.size(); }
};

/// The events of all journeys up to the end of the observation, customer by customer, and where they count.
class kpi_frame {
 public:
  /// Labels and dates of `aggregates` get rows too, up to the end of the observation.
  kpi_frame(const journey_set& journeys, const kpi_options& options, const kpi_aggregates& aggregates = {});

  [[nodiscard]] const event_log& log() const noexcept { return journeys_.log(); }
  [[nodiscard]] const journey_set& journeys() const noexcept { return journeys_; }
  [[nodiscard]] const kpi_slots& slots() const noexcept { return slots_; }
  [[nodiscard]] const kpi_options& options() const noexcept { return options_; }

  [[nodiscard]] std::uint64_t begin(std::size_t customer) const noexcept { return log().offsets()[customer]; }
  [[nodiscard]] std::uint64_t end(std::size_t customer) const noexcept {
    return cut_ ? ends_[customer] : log().offsets()[customer + 1];
  }

  [[nodiscard]] bool has_times() const noexcept { return log().has_times(); }
  [[nodiscard]] std::int64_t time(std::uint64_t event) const noexcept { return log().times()[event]; }
  [[nodiscard]] double seconds(std::uint64_t from, std::uint64_t to) const noexcept {
    return static_cast<double>(time(to) - time(from)) / static_cast<double>(log().ticks_per_second());
  }
  [[nodiscard]] std::int64_t last_time() const noexcept { return until_; }
  /// Whether what happened up to `event`, or did not, is settled: the silence after which a customer has left is over.
  [[nodiscard]] bool is_settled(std::uint64_t event) const noexcept {
    return !settled_until_ || time(event) <= *settled_until_;
  }
  [[nodiscard]] bool has_settling() const noexcept { return settled_until_.has_value(); }
  [[nodiscard]] std::int64_t ticks(duration length, std::string_view what) const;

  /// Where an event counts.
  [[nodiscard]] std::uint32_t slot(std::size_t customer, std::uint64_t event) const noexcept {
    const std::uint32_t group = by_ == nullptr       ? 0
                                : slots_.by_customer ? customer_group_[customer]
                                                     : slots_.group_of_code[by_->codes[event]];
    return group * static_cast<std::uint32_t>(slots_.periods.size()) + period(event);
  }
  /// Where a customer counts whose story begins with `event`.
  [[nodiscard]] std::uint32_t customer_slot(std::size_t customer, std::uint64_t event) const noexcept {
    const std::uint32_t group = by_ == nullptr ? 0 : customer_group_[customer];
    return group * static_cast<std::uint32_t>(slots_.periods.size()) + period(event);
  }
  [[nodiscard]] std::uint32_t period(std::uint64_t event) const noexcept {
    if (slots_.period_begin.empty()) {
      return 0;
    }
    return period_at(time(event));
  }
  /// An instant in microseconds as ticks of the log.
  [[nodiscard]] std::int64_t ticks_of(std::int64_t microseconds) const noexcept {
    const std::int64_t per_second = has_times() ? log().ticks_per_second() : 1'000'000;
    return per_second >= 1'000'000 ? microseconds * (per_second / 1'000'000) : microseconds / (1'000'000 / per_second);
  }
  /// Whether a time lies in the observation; without an end of its own that of the events bounds only them.
  [[nodiscard]] bool is_observed(std::int64_t ticks) const noexcept {
    return !journeys_.options().observed_until || !has_times() || ticks <= until_;
  }
  /// The period of a time that lies in one.
  [[nodiscard]] std::uint32_t period_at(std::int64_t ticks) const noexcept {
    const auto after = std::upper_bound(slots_.period_begin.begin(), slots_.period_begin.end(), ticks);
    return static_cast<std::uint32_t>(after - slots_.period_begin.begin() - 1);
  }

  /// The units that `walk(customer, begin, end, out)` finds, in the order of the customers.
  template <typename Walk>
  [[nodiscard]] std::vector<kpi_unit> gather(Walk&& walk) const {
    struct part {
      std::vector<kpi_unit> units;
      part& operator+=(const part& other) {
        units.insert(units.end(), other.units.begin(), other.units.end());
        return *this;
      }
    };
    auto found = count_in_slices(log().customers(), worker_count(options_.threads), 4096, [&](index_range range) {
      part result;
      auto own = walk;  // a walk may keep scratch memory
      for (const std::size_t customer : each(range)) {
        const std::uint64_t first = begin(customer);
        const std::uint64_t last = end(customer);
        if (first != last) {
          own(customer, first, last, result.units);
        }
      }
      return result;
    });
    return std::move(found.units);
  }

 private:
  void cut_events();
  void make_groups(const kpi_aggregates& aggregates);
  void make_periods(const kpi_aggregates& aggregates);

  journey_set journeys_;
  kpi_options options_;
  bool cut_ = false;
  std::vector<std::uint64_t> ends_;
  std::int64_t until_ = 0;
  std::optional<std::int64_t> settled_until_;
  const label_column* by_ = nullptr;
  std::vector<std::uint32_t> customer_group_;
  kpi_slots slots_;
};

inline kpi_frame::kpi_frame(const journey_set& journeys, const kpi_options& options, const kpi_aggregates& aggregates)
    : journeys_(journeys), options_(options) {
  if (log().customers() >= (std::numeric_limits<std::uint32_t>::max)()) {
    throw limit_error("key figures are measured on at most 4,294,967,294 customers");
  }
  cut_events();
  slots_.groups = {std::string{}};
  slots_.periods = {std::string{}};
  slots_.complete = {true};
  if (!options.by.empty()) {
    make_groups(aggregates);
  }
  if (options.period != kpi_period::none) {
    make_periods(aggregates);
  }
  constexpr std::size_t most = 100'000;
  if (slots_.groups.size() > most / slots_.periods.size()) {
    throw limit_error(std::to_string(slots_.groups.size()) + " labels in " + std::to_string(slots_.periods.size()) +
                      " periods are more than 100,000 rows for each figure; choose a longer period or fewer labels");
  }
}

inline std::int64_t kpi_frame::ticks(duration length, std::string_view what) const {
  if (!has_times()) {
    throw input_error(std::string{what} + " needs times and this log has none");
  }
  return to_ticks(length, log().ticks_per_second(), what);
}

inline void kpi_frame::cut_events() {
  const journey_options& cut = journeys_.options();
  if (!has_times()) {
    return;
  }
  until_ = cut.observed_until ? journeys_.observed_until_ticks() : log().last_time();
  if (cut.inactivity) {
    settled_until_ = until_ - to_ticks(*cut.inactivity, log().ticks_per_second(), "inactivity");
  }
  cut_ = cut.observed_until && until_ < log().last_time();
  if (cut_) {
    ends_.resize(log().customers());
    for (std::size_t customer = 0; customer < log().customers(); ++customer) {
      const auto first = log().times().begin() + static_cast<std::ptrdiff_t>(log().offsets()[customer]);
      const auto last = log().times().begin() + static_cast<std::ptrdiff_t>(log().offsets()[customer + 1]);
      ends_[customer] = static_cast<std::uint64_t>(std::upper_bound(first, last, until_) - log().times().begin());
    }
  }
}

inline void kpi_frame::make_groups(const kpi_aggregates& aggregates) {
  by_ = &log().labels(options_.by);
  const auto none = by_->names.find(none_label);
  std::vector<bool> used(by_->names.size(), false);
  std::vector<std::uint32_t> first(log().customers(), column_view::null_index);
  slots_.by_customer = true;
  bool missing = false;
  for (std::size_t customer = 0; customer < log().customers(); ++customer) {
    bool has_missing = false;
    for (std::uint64_t event = begin(customer); event < end(customer); ++event) {
      const std::uint32_t code = by_->codes[event];
      if (none && code == *none) {
        has_missing = true;
        continue;
      }
      used[code] = true;
      if (first[customer] == column_view::null_index) {
        first[customer] = code;
      } else if (first[customer] != code) {
        slots_.by_customer = false;
      }
    }
    missing = missing || has_missing;
  }
  bool unlabelled = false;
  for (std::size_t customer = 0; customer < log().customers(); ++customer) {
    unlabelled = unlabelled || (begin(customer) != end(customer) && first[customer] == column_view::null_index);
  }
  // Names in order, the missing one last.
  std::set<std::string> names;
  for (std::uint32_t code = 0; code < used.size(); ++code) {
    if (used[code]) {
      names.emplace(by_->names[code]);
    }
  }
  for (std::size_t row = 0; row < aggregates.size(); ++row) {
    if (options_.by == "channel" && !aggregates.channels[row].empty()) {
      names.insert(aggregates.channels[row]);
    } else {
      unlabelled = true;
    }
  }
  slots_.groups.assign(names.begin(), names.end());
  const auto none_group = static_cast<std::uint32_t>(slots_.groups.size());
  slots_.group_of_code.assign(by_->names.size(), none_group);
  for (std::uint32_t code = 0; code < used.size(); ++code) {
    if (used[code]) {
      const auto at = std::lower_bound(slots_.groups.begin(), slots_.groups.end(), by_->names[code]);
      slots_.group_of_code[code] = static_cast<std::uint32_t>(at - slots_.groups.begin());
    }
  }
  if (unlabelled || (missing && !slots_.by_customer)) {
    slots_.groups.emplace_back(none_label);
  }
  customer_group_.resize(first.size());
  for (std::size_t customer = 0; customer < first.size(); ++customer) {
    customer_group_[customer] =
        first[customer] == column_view::null_index ? none_group : slots_.group_of_code[first[customer]];
  }
}

inline void kpi_frame::make_periods(const kpi_aggregates& aggregates) {
  if (!has_times()) {
    throw input_error("a trend by period needs times and this log has none");
  }
  using namespace std::chrono;
  const std::int64_t per_second = log().ticks_per_second();
  std::int64_t first = (std::numeric_limits<std::int64_t>::max)();
  std::int64_t last = (std::numeric_limits<std::int64_t>::min)();
  for (std::size_t customer = 0; customer < log().customers(); ++customer) {
    if (begin(customer) != end(customer)) {
      first = (std::min)(first, time(begin(customer)));
      last = (std::max)(last, time(end(customer) - 1));
    }
  }
  for (const std::int64_t date : aggregates.dates) {
    const std::int64_t ticks = ticks_of(date);
    if (is_observed(ticks)) {
      first = (std::min)(first, ticks);
      last = (std::max)(last, ticks);
    }
  }
  slots_.periods.clear();
  slots_.complete.clear();
  if (first > last) {
    return;
  }
  const auto day_of = [per_second](std::int64_t ticks) { return floor<days>(to_instant(ticks, per_second)); };
  const sys_days first_day = day_of(first);
  const auto begin_of = [this](sys_days day) {
    if (options_.period == kpi_period::week) {
      return day - (weekday{day} - Monday);
    }
    if (options_.period == kpi_period::month) {
      const year_month_day date{day};
      return sys_days{date.year() / date.month() / std::chrono::day{1}};
    }
    return day;
  };
  const auto next = [this](sys_days day) {
    if (options_.period == kpi_period::week) {
      return day + days{7};
    }
    if (options_.period == kpi_period::month) {
      const year_month_day date{day};
      return sys_days{(date.year() / date.month() + months{1}) / std::chrono::day{1}};
    }
    return day + days{1};
  };
  constexpr std::size_t most = 100'000;
  for (sys_days day = begin_of(first_day); day <= day_of(last); day = next(day)) {
    if (slots_.periods.size() == most) {
      throw limit_error("the log covers more than 100,000 periods; choose a longer one");
    }
    const year_month_day date{day};
    std::array<char, 48> text{};
    if (options_.period == kpi_period::month) {
      std::snprintf(text.data(), text.size(), "%04d-%02u", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()));
    } else if (options_.period == kpi_period::week) {
      // The ISO week belongs to the year of its Thursday.
      const sys_days thursday = day + days{3};
      const year_month_day in_year{thursday};
      const auto number = (thursday - sys_days{in_year.year() / January / 1}).count() / 7 + 1;
      std::snprintf(text.data(), text.size(), "%04d-W%02d", static_cast<int>(in_year.year()), static_cast<int>(number));
    } else {
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    }
    slots_.periods.emplace_back(text.data());
    slots_.period_begin.push_back(duration_cast<std::chrono::seconds>(day.time_since_epoch()).count() * per_second);
    // The observation must reach the end of the period; its last microsecond is not asked for.
    const std::int64_t period_end =
        duration_cast<std::chrono::seconds>(next(day).time_since_epoch()).count() * per_second;
    slots_.complete.push_back(day >= begin_of(first_day) && (day != begin_of(first_day) || day == first_day) &&
                              (std::max)(until_, last) >= period_end - 1);
  }
}

}  // namespace klantreis::detail
