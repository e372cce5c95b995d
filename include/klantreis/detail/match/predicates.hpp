// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/detail/funnel/feed.hpp"
#include "klantreis/detail/map/regex.hpp"
#include "klantreis/detail/match/tree.hpp"

// What a pattern asks of one event, made ready for one log.

namespace klantreis::detail {

class ready_predicate {
 public:
  ready_predicate(const event_log& log, const event_predicate& asked, const std::string& text, const std::string& by,
                  bool require_known, std::vector<std::string>& notes)
      : what_(asked.what) {
    for (const event_predicate& part : asked.parts) {
      parts_.emplace_back(log, part, text, by, require_known, notes);
    }
    if (what_ == kind::anything) {
      return;
    }
    if (parts_.empty()) {
      test_ = compile(log, asked, text, by, require_known, notes);
    } else {
      fold();
    }
  }

  [[nodiscard]] bool holds(std::size_t event) const {
    if (is_table_) {
      return test_.accepts[test_.codes[event]] != 0;
    }
    switch (what_) {
      case kind::anything:
        return true;
      case kind::negation:
        return !parts_[0].holds(event);
      case kind::all:
        return std::all_of(parts_.begin(), parts_.end(), [&](const auto& part) { return part.holds(event); });
      case kind::any:
        return std::any_of(parts_.begin(), parts_.end(), [&](const auto& part) { return part.holds(event); });
      default:
        return test_.holds(event);
    }
  }

 private:
  using kind = event_predicate::kind;

  compiled_test compile(const event_log& log, const event_predicate& asked, const std::string& text,
                        const std::string& by, bool require_known, std::vector<std::string>& notes) {
    const std::string& column = asked.column.empty() ? by : asked.column;
    compiled_test result;
    constexpr auto comparison = [](kind what) {
      return what == kind::less      ? column_comparison::less
             : what == kind::at_most ? column_comparison::at_most
             : what == kind::greater ? column_comparison::greater
                                     : column_comparison::at_least;
    };
    const bool by_number = asked.what != kind::names && asked.what != kind::regex;
    if (!log.has_labels(column) && !log.has_numbers(column)) {
      std::string known;
      for (const auto& names : {log.label_names(), log.number_names()}) {
        for (const std::string& name : names) {
          known += (known.empty() ? "" : ", ") + quoted(name);
        }
      }
      throw input_error(
          pattern_fault(text, asked.column_at, "the log has no column " + quoted(column) + "; it has " + known));
    }
    if (!log.has_labels(column)) {
      result.values = log.numbers(column);
      if (by_number) {
        result.how = comparison(asked.what);
        result.numbers = {asked.number};
        return result;
      }
      if (asked.what == kind::regex) {
        throw input_error(
            pattern_fault(text, asked.column_at,
                          "the column " + quoted(column) + " holds numbers; compare it with " + "= != < <= > or >="));
      }
      for (std::size_t i = 0; i < asked.names.size(); ++i) {
        const auto number = as_number(asked.names[i]);
        if (!number) {
          throw input_error(pattern_fault(
              text, asked.places[i],
              "the column " + quoted(column) + " holds numbers, and " + quoted(asked.names[i]) + " is none"));
        }
        result.numbers.push_back(*number);
      }
      return result;
    }
    const label_column& labels = log.labels(column);
    result.codes = labels.codes;
    result.accepts.assign(labels.names.size(), 0);
    is_table_ = true;
    if (asked.what == kind::regex) {
      const linear_regex expression{asked.names[0]};
      for (std::size_t code = 0; code < labels.names.size(); ++code) {
        result.accepts[code] = expression.matches(labels.names[static_cast<name_table::code>(code)]) ? 1 : 0;
      }
    } else if (by_number) {
      for (std::size_t code = 0; code < labels.names.size(); ++code) {
        const auto number = as_number(labels.names[static_cast<name_table::code>(code)]);
        result.accepts[code] = number && compares(*number, comparison(asked.what), asked.number) ? 1 : 0;
      }
    } else {
      for (std::size_t i = 0; i < asked.names.size(); ++i) {
        if (const auto code = labels.names.find(asked.names[i])) {
          result.accepts[*code] = 1;
          continue;
        }
        const std::string message =
            pattern_fault(text, asked.places[i], unknown_label_message(asked.names[i], column, labels.names));
        if (require_known) {
          throw input_error(message);
        }
        notes.push_back(message);
      }
    }
    return result;
  }

  /// One table where all parts are tables over the same column.
  void fold() {
    for (const ready_predicate& part : parts_) {
      if (!part.is_table_ || part.test_.codes.data() != parts_[0].test_.codes.data()) {
        return;
      }
    }
    std::vector<char> accepts(parts_[0].test_.accepts.size());
    for (std::size_t code = 0; code < accepts.size(); ++code) {
      const auto accepted = [&](const ready_predicate& part) { return part.test_.accepts[code] != 0; };
      accepts[code] = what_ == kind::negation ? !accepted(parts_[0])
                      : what_ == kind::all    ? std::all_of(parts_.begin(), parts_.end(), accepted)
                                              : std::any_of(parts_.begin(), parts_.end(), accepted);
    }
    test_ = std::move(parts_[0].test_);
    test_.accepts = std::move(accepts);
    is_table_ = true;
    parts_.clear();
  }

  kind what_;
  bool is_table_ = false;
  compiled_test test_ = {};
  std::vector<ready_predicate> parts_ = {};
};

}  // namespace klantreis::detail
