// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/funnel/steps.hpp"
#include "klantreis/log.hpp"

namespace klantreis::detail {

/// Which steps an event matches (bit k: step k, counted from 0), and between which steps it is excluded (bit k: after
/// step k and before step k + 1).
struct event_bits {
  std::uint64_t steps = 0;
  std::uint64_t excluded = 0;
};

/// An event as the matchers see it.
struct fed_event {
  std::int64_t time = 0;  ///< in ticks; without times the place in the log
  std::uint64_t steps = 0;
  std::uint64_t excluded = 0;
  std::uint64_t row = 0;
};

[[nodiscard]] inline std::optional<double> as_number(std::string_view text) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

[[nodiscard]] inline bool compares(double left, column_comparison how, double right) noexcept {
  switch (how) {
    case column_comparison::less:
      return left < right;
    case column_comparison::at_most:
      return left <= right;
    case column_comparison::greater:
      return left > right;
    case column_comparison::at_least:
      return left >= right;
    case column_comparison::one_of:
      return left == right;
    case column_comparison::none_of:
      return left != right;
  }
  return false;
}

/// A test made ready for one log.
struct compiled_test {
  std::span<const std::uint32_t> codes;  ///< of a label column, with `accepts` by code …
  std::vector<char> accepts;
  number_view values;  ///< … or a numeric column
  column_comparison how = column_comparison::one_of;
  std::vector<double> numbers;

  [[nodiscard]] bool holds(std::size_t event) const {
    if (!codes.empty()) {
      return accepts[codes[event]] != 0;
    }
    const double value = values[event];
    if (how == column_comparison::one_of || how == column_comparison::none_of) {
      bool found = false;
      for (const double number : numbers) {
        found = found || value == number;
      }
      return found == (how == column_comparison::one_of);
    }
    return compares(value, how, numbers[0]);
  }
};

/// Finds the bits of each event: by tables over the codes of labels where a condition is one test of one label, by
/// tests otherwise.
class event_matcher {
 public:
  event_matcher() = default;
  event_matcher(const event_log& log, const std::vector<funnel_step>& steps,
                const std::vector<funnel_exclusion>& exclusions, const std::string& by, bool require_known);

  [[nodiscard]] event_bits bits(std::size_t event) const {
    event_bits found;
    for (const table_part& part : tables_) {
      const event_bits& here = part.bits[part.codes[event]];
      found.steps |= here.steps;
      found.excluded |= here.excluded;
    }
    for (const tested_part& part : tested_) {
      bool holds = true;
      for (const compiled_test& test : part.tests) {
        holds = holds && test.holds(event);
      }
      if (holds) {
        found.steps |= part.bits.steps;
        found.excluded |= part.bits.excluded;
      }
    }
    return found;
  }

  /// True when one table says everything.
  [[nodiscard]] bool is_one_table() const noexcept { return tables_.size() == 1 && tested_.empty(); }
  [[nodiscard]] std::span<const std::uint32_t> codes() const noexcept { return tables_[0].codes; }
  [[nodiscard]] const std::vector<event_bits>& table_bits() const noexcept { return tables_[0].bits; }

 private:
  struct table_part {
    const label_column* column = nullptr;
    std::span<const std::uint32_t> codes;
    std::vector<event_bits> bits;
  };
  struct tested_part {
    event_bits bits;
    std::vector<compiled_test> tests;
  };

  void add(const event_log& log, const funnel_step& step, event_bits bits, const std::string& where,
           const std::string& by, bool require_known);
  [[nodiscard]] static compiled_test compile(const event_log& log, const column_test& test, const std::string& where,
                                             const std::string& by, bool require_known);
  table_part& table_of(const event_log& log, std::string_view column);

  std::vector<table_part> tables_;
  std::vector<tested_part> tested_;
};

/// Which of a unit's events are fed to a matcher.
struct feed_filter {
  std::span<const std::uint32_t> codes = {};  ///< only events with this code; empty: all
  std::uint32_t code = 0;
  std::int64_t entry_from = (std::numeric_limits<std::int64_t>::min)();    ///< step 1 only from here …
  std::int64_t entry_before = (std::numeric_limits<std::int64_t>::max)();  ///< … and before here
};

inline event_matcher::event_matcher(const event_log& log, const std::vector<funnel_step>& steps,
                                    const std::vector<funnel_exclusion>& exclusions, const std::string& by,
                                    bool require_known) {
  for (std::size_t step = 0; step < steps.size(); ++step) {
    add(log, steps[step], {.steps = std::uint64_t{1} << step, .excluded = 0},
        "step " + std::to_string(step + 1) + " of the funnel", by, require_known);
  }
  for (std::size_t i = 0; i < exclusions.size(); ++i) {
    event_bits bits;
    const std::size_t last = exclusions[i].before == 0 ? steps.size() : exclusions[i].before;
    for (std::size_t gap = exclusions[i].after; gap < last; ++gap) {
      bits.excluded |= std::uint64_t{1} << (gap - 1);
    }
    add(log, exclusions[i].what, bits, "exclusion " + std::to_string(i + 1) + " of the funnel", by, require_known);
  }
  if (tables_.empty() && tested_.empty()) {
    (void)table_of(log, by);
  }
}

inline event_matcher::table_part& event_matcher::table_of(const event_log& log, std::string_view column) {
  const label_column& labels = log.labels(column);
  for (table_part& part : tables_) {
    if (part.column == &labels) {
      return part;
    }
  }
  tables_.push_back({&labels, labels.codes, std::vector<event_bits>(labels.names.size())});
  return tables_.back();
}

inline void event_matcher::add(const event_log& log, const funnel_step& step, event_bits bits, const std::string& where,
                               const std::string& by, bool require_known) {
  std::vector<step_condition> conditions = step.conditions;
  if (!step.names.empty()) {
    conditions.insert(conditions.begin(), step_condition{{{.column = by, .names = step.names}}});
  }
  for (const step_condition& condition : conditions) {
    std::vector<compiled_test> tests;
    for (const column_test& test : condition.all) {
      tests.push_back(compile(log, test, where, by, require_known));
    }
    if (tests.size() == 1 && !tests[0].codes.empty()) {
      table_part& part = table_of(log, condition.all[0].column.empty() ? by : condition.all[0].column);
      for (std::size_t code = 0; code < part.bits.size(); ++code) {
        if (tests[0].accepts[code] != 0) {
          part.bits[code].steps |= bits.steps;
          part.bits[code].excluded |= bits.excluded;
        }
      }
    } else if (log.events() != 0) {
      tested_.push_back({bits, std::move(tests)});
    }
  }
}

inline compiled_test event_matcher::compile(const event_log& log, const column_test& test, const std::string& where,
                                            const std::string& by, bool require_known) {
  const std::string& column = test.column.empty() ? by : test.column;
  const bool by_name = test.how == column_comparison::one_of || test.how == column_comparison::none_of;
  if (by_name && test.names.empty()) {
    throw input_error(where + " names no " + column);
  }
  if (!by_name && std::isnan(test.number)) {
    throw input_error(where + " compares " + column + " with a number that is not one; give a finite number");
  }
  compiled_test result;
  result.how = test.how;
  if (!log.has_labels(column) && log.has_numbers(column)) {
    result.values = log.numbers(column);
    if (!by_name) {
      result.numbers = {test.number};
      return result;
    }
    for (const std::string& name : test.names) {
      const auto number = as_number(name);
      if (!number) {
        throw input_error(where + " compares the numeric column " + quoted(column) + " with " + quoted(name) +
                          ", which is no number");
      }
      result.numbers.push_back(*number);
    }
    return result;
  }
  const label_column& labels = log.labels(column);
  result.codes = labels.codes;
  result.accepts.assign(labels.names.size(), 0);
  if (!by_name) {
    for (std::size_t code = 0; code < labels.names.size(); ++code) {
      const auto number = as_number(labels.names[static_cast<name_table::code>(code)]);
      result.accepts[code] = number && compares(*number, test.how, test.number) ? 1 : 0;
    }
    return result;
  }
  for (const std::string& name : test.names) {
    if (const auto code = labels.names.find(name)) {
      result.accepts[*code] = 1;
    } else if (require_known) {
      throw input_error(where + ": " + unknown_label_message(name, column, labels.names));
    }
  }
  if (test.how == column_comparison::none_of) {
    for (char& accepted : result.accepts) {
      accepted = accepted == 0 ? 1 : 0;
    }
  }
  return result;
}

}  // namespace klantreis::detail
