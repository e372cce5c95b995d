// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "klantreis/core.hpp"

// A path pattern as a tree.

namespace klantreis::detail {

/// What is asked of one event.
struct event_predicate {
  enum class kind : std::uint8_t {
    anything,
    names,  ///< the label in `column` is one of `names`
    regex,  ///< it matches the expression `names[0]`
    less,   ///< the number in `column` is below `number`, and so on
    at_most,
    greater,
    at_least,
    all,  ///< of `parts`
    any,
    negation,  ///< of `parts[0]`
  };
  kind what = kind::anything;
  std::string column = {};  ///< empty: what `by` names
  std::vector<std::string> names = {};
  std::vector<std::size_t> places = {};  ///< of `names` in the text
  std::size_t column_at = 0;             ///< of the column in the text
  double number = 0.0;
  std::vector<event_predicate> parts = {};
};

/// A least and a most length of time; both, one or none.
struct length_limits {
  std::optional<duration> least = std::nullopt;
  std::optional<duration> most = std::nullopt;
  bool more_than_least = false;  ///< `>` rather than `>=`
  bool less_than_most = false;

  [[nodiscard]] bool any() const noexcept { return least || most; }
};

/// What may stand between two parts.
struct pattern_arrow {
  bool is_direct = true;
  std::size_t least_between = 0;
  std::optional<std::size_t> most_between = std::nullopt;
  length_limits length = {};
  std::optional<event_predicate> allowed = std::nullopt;  ///< what each event between must be
  std::size_t at = 0;                                     ///< in the text

  [[nodiscard]] bool is_limited() const noexcept {
    return least_between != 0 || most_between.has_value() || length.any();
  }
};

enum class end_kind : std::uint8_t { any, conversion, null, open };

struct pattern_node {
  enum class kind : std::uint8_t { event, chain, alternative, repeat, start, end, within };
  kind what = kind::event;
  std::size_t begin = 0;  ///< in the text, as `end_at`
  std::size_t end_at = 0;
  event_predicate predicate = {};
  std::vector<pattern_node> items = {};
  std::vector<pattern_arrow> arrows = {};  ///< of a chain: one less than `items`
  unsigned least = 0;
  std::optional<unsigned> most = std::nullopt;
  length_limits limit = {};
  end_kind end = end_kind::any;

  /// True when it can be met without any event.
  [[nodiscard]] bool may_be_empty() const {
    const auto empty = [](const pattern_node& item) { return item.may_be_empty(); };
    switch (what) {
      case kind::event:
        return false;
      case kind::start:
      case kind::end:
        return true;
      case kind::repeat:
        return least == 0 || items[0].may_be_empty();
      case kind::alternative:
        return std::any_of(items.begin(), items.end(), empty);
      case kind::chain:
      case kind::within:
        break;
    }
    for (const pattern_arrow& arrow : arrows) {
      if (arrow.least_between != 0) {
        return false;
      }
    }
    return std::all_of(items.begin(), items.end(), empty);
  }

  /// True for `.*`, `[^x]*` and their like, which stand between parts.
  [[nodiscard]] bool is_gap() const noexcept {
    return what == kind::repeat && least == 0 && items[0].what == kind::event &&
           (items[0].predicate.what == event_predicate::kind::anything ||
            items[0].predicate.what == event_predicate::kind::negation);
  }
  [[nodiscard]] bool is_anchor() const noexcept { return what == kind::start || what == kind::end; }
};

struct pattern_tree {
  std::string text;
  pattern_node root;  ///< a chain, or a limit around one
  bool needs_times = false;

  [[nodiscard]] const pattern_node& chain() const noexcept {
    return root.what == pattern_node::kind::within ? root.items[0] : root;
  }
};

/// What is wrong with a pattern, with the text around the place and a caret under it.
[[nodiscard]] std::string pattern_fault(const std::string& text, std::size_t at, const std::string& what);

}  // namespace klantreis::detail
