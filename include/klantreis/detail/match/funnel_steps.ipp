// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/match/tree.hpp"
#include "klantreis/match/funnel_steps.hpp"

namespace klantreis {
namespace detail {

/// Reads the parts of a pattern as steps; each function refuses what a funnel cannot ask, at its place.
class pattern_step_reader {
 public:
  explicit pattern_step_reader(const pattern_tree& tree) : tree_(tree) {}

  [[nodiscard]] pattern_funnel read() const {
    const pattern_node& chain = tree_.chain();
    pattern_funnel result;
    result.options.window = window_of(tree_.root.limit, tree_.root.begin);
    for (std::size_t i = 0; i < chain.items.size(); ++i) {
      const pattern_node& item = chain.items[i];
      if (item.what != pattern_node::kind::event) {
        fail(item.begin, "a step of a funnel is one event, such as cart or (cart|basket)");
      }
      result.steps.push_back(step_of(item.predicate, item.begin));
    }
    for (std::size_t i = 0; i < chain.arrows.size(); ++i) {
      add_arrow(result, chain.arrows[i], i + 1);
    }
    if (!chain.arrows.empty() && chain.arrows[0].is_direct) {
      result.options.order = funnel_order::strict;
    }
    return result;
  }

 private:
  [[noreturn]] void fail(std::size_t at, const std::string& what) const {
    throw input_error(
        pattern_fault(tree_.text, at, what + "; match(…).funnel() counts how far journeys come in any pattern"));
  }

  /// The longest time that the limits allow; they are whole microseconds.
  [[nodiscard]] std::optional<duration> window_of(const length_limits& limits, std::size_t at) const {
    if (!limits.most) {
      return std::nullopt;
    }
    const duration most = *limits.most - duration{limits.less_than_most ? 1 : 0};
    if (most == duration::zero()) {
      fail(at, "a funnel has no window of no length");
    }
    return most;
  }

  void add_arrow(pattern_funnel& result, const pattern_arrow& arrow, std::size_t step) const {
    if (arrow.is_direct != tree_.chain().arrows[0].is_direct) {
      fail(arrow.at, "the steps of a funnel all come directly after one another (->) or all some time after (->>)");
    }
    if (arrow.least_between != 0 || arrow.most_between) {
      fail(arrow.at, "a funnel has no limits on the number of events between two steps");
    }
    if (arrow.length.least) {
      fail(arrow.at, "a funnel has no least time between two steps");
    }
    if (arrow.length.most) {
      auto& windows = result.options.step_windows;
      windows.resize(tree_.chain().arrows.size());
      windows[step - 1] = window_of(arrow.length, arrow.at);
    }
    if (arrow.allowed) {
      // What is allowed is whatever is not excluded.
      result.options.exclude.push_back(
          {.what = step_of(arrow.allowed->parts[0], arrow.at), .after = step, .before = step + 1});
    }
  }

  [[nodiscard]] funnel_step step_of(const event_predicate& predicate, std::size_t at) const {
    funnel_step step{std::vector<std::string>{}};
    for (step_condition& condition : conditions_of(predicate, false, at)) {
      if (condition.all.empty()) {
        fail(at, "a step of a funnel says something of its event, and this one is met by any");
      }
      const column_test& first = condition.all[0];
      if (condition.all.size() == 1 && first.column.empty() && first.how == column_comparison::one_of) {
        step.names.insert(step.names.end(), first.names.begin(), first.names.end());
      } else {
        step.conditions.push_back(std::move(condition));
      }
    }
    return step;
  }

  /// The conditions of which any must hold, so that all the predicate asks does; or so that it does not.
  [[nodiscard]] std::vector<step_condition> conditions_of(const event_predicate& predicate, bool negated,
                                                          std::size_t at) const {
    using kind = event_predicate::kind;
    column_test test{.column = predicate.column, .names = predicate.names, .number = predicate.number};
    switch (predicate.what) {
      case kind::negation:
        return conditions_of(predicate.parts[0], !negated, at);
      case kind::all:
      case kind::any:
        return (predicate.what == kind::any) == negated ? each_of(predicate, negated, at)
                                                        : any_of(predicate, negated, at);
      case kind::names:
        test.how = negated ? column_comparison::none_of : column_comparison::one_of;
        return {step_condition{{test}}};
      case kind::anything:
        if (!negated) {
          return {step_condition{}};
        }
        fail(at, "this is met by no event");
      case kind::regex:
        fail(at, "a step of a funnel names its events; regular expressions are for patterns");
      case kind::less:
        test.how = column_comparison::less;
        break;
      case kind::at_most:
        test.how = column_comparison::at_most;
        break;
      case kind::greater:
        test.how = column_comparison::greater;
        break;
      case kind::at_least:
        test.how = column_comparison::at_least;
        break;
    }
    if (negated) {
      // Where the column is null, neither the comparison nor its opposite holds.
      fail(at, "a funnel cannot negate a comparison with a number; write the opposite one");
    }
    return {step_condition{{test}}};
  }

  [[nodiscard]] std::vector<step_condition> any_of(const event_predicate& predicate, bool negated,
                                                   std::size_t at) const {
    std::vector<step_condition> result;
    for (const event_predicate& part : predicate.parts) {
      auto more = conditions_of(part, negated, at);
      result.insert(result.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    }
    return result;
  }

  [[nodiscard]] std::vector<step_condition> each_of(const event_predicate& predicate, bool negated,
                                                    std::size_t at) const {
    constexpr std::size_t most = 64;
    std::vector<step_condition> result{step_condition{}};
    for (const event_predicate& part : predicate.parts) {
      std::vector<step_condition> longer;
      for (const step_condition& more : conditions_of(part, negated, at)) {
        for (const step_condition& before : result) {
          longer.push_back(before);
          longer.back().all.insert(longer.back().all.end(), more.all.begin(), more.all.end());
        }
      }
      if (longer.size() > most) {
        fail(at, "this step has more than " + std::to_string(most) + " alternatives");
      }
      result = std::move(longer);
    }
    return result;
  }

  const pattern_tree& tree_;
};

}  // namespace detail

KLANTREIS_INLINE pattern_funnel funnel_of(const path_pattern& pattern) {
  return detail::pattern_step_reader{pattern.tree()}.read();
}

}  // namespace klantreis
