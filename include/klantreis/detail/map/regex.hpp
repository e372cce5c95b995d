// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/detail/escape.hpp"

// Regular expressions in time linear in the text: the states of a nondeterministic automaton are followed side by side
// (Thompson 1968, doi:10.1145/363347.363387). Expressions come from files that others wrote, texts from the web; a
// backtracking matcher can be made to take hours by either.

namespace klantreis::detail {

class linear_regex {
 public:
  static constexpr std::size_t max_states = 2'000;
  static constexpr std::size_t max_length = 1'000;

  /// \throws input_error when `pattern` is no expression that this matcher knows.
  explicit linear_regex(std::string_view pattern) : pattern_(pattern), rest_(pattern) {
    if (pattern.size() > max_length) {
      fail("has " + std::to_string(pattern.size()) + " bytes; the limit is " + std::to_string(max_length));
    }
    const auto tree = alternatives(0);
    if (!rest_.empty()) {
      fail("has a ')' without '('");
    }
    const auto entry = build(*tree, add({.what = state_kind::accept}));
    start_ = entry;
    rest_ = {};
  }

  /// True when the expression matches somewhere in `text`.
  [[nodiscard]] bool matches(std::string_view text) const {
    std::vector<std::uint32_t> now;
    std::vector<std::uint32_t> next;
    std::vector<std::uint32_t> waiting;
    std::vector<std::size_t> seen(states_.size(), 0);
    std::size_t step = 0;
    bool at_start = true;
    while (true) {
      ++step;
      next.clear();
      const bool at_end = text.empty();
      for (const auto state : now) {
        if (follow(state, at_start, at_end, step, seen, waiting, next)) {
          return true;
        }
      }
      if (follow(start_, at_start, at_end, step, seen, waiting, next)) {
        return true;
      }
      if (at_end) {
        return false;
      }
      const char32_t letter = next_character(text);
      now.clear();
      for (const auto state : next) {
        if (takes(states_[state], letter)) {
          now.push_back(states_[state].out);
        }
      }
      at_start = false;
    }
  }

 private:
  struct letter_range {
    char32_t first;
    char32_t last;
  };
  struct letter_set {
    std::vector<letter_range> ranges;
    bool negated = false;
  };
  enum class node_kind : std::uint8_t { empty, letters, sequence, alternative, repeat, begin, end };
  struct node {
    node_kind what = node_kind::empty;
    letter_set letters = {};
    std::vector<std::unique_ptr<node>> parts = {};
    unsigned least = 0;
    std::optional<unsigned> most = std::nullopt;
  };
  using node_ptr = std::unique_ptr<node>;

  enum class state_kind : std::uint8_t { letters, split, begin, end, accept };
  struct automaton_state {
    state_kind what = state_kind::accept;
    std::uint32_t out = 0;
    std::uint32_t other = 0;
    std::uint32_t letters = 0;
  };

  [[noreturn]] void fail(const std::string& what) const {
    throw input_error("the regular expression " + quoted(pattern_) + " " + what);
  }

  // The expression as a tree

  static constexpr std::size_t max_depth = 50;

  [[nodiscard]] node_ptr alternatives(std::size_t depth) {
    if (depth > max_depth) {
      fail("nests more than " + std::to_string(max_depth) + " groups");
    }
    auto result = std::make_unique<node>();
    result->what = node_kind::alternative;
    result->parts.push_back(sequence(depth));
    while (!rest_.empty() && rest_.front() == '|') {
      rest_.remove_prefix(1);
      result->parts.push_back(sequence(depth));
    }
    return result;
  }

  [[nodiscard]] node_ptr sequence(std::size_t depth) {
    auto result = std::make_unique<node>();
    result->what = node_kind::sequence;
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
      result->parts.push_back(repeated(depth));
    }
    return result;
  }

  [[nodiscard]] node_ptr repeated(std::size_t depth) {
    auto item = atom(depth);
    bool had_repeat = false;
    while (!rest_.empty()) {
      unsigned least = 0;
      std::optional<unsigned> most;
      const char sign = rest_.front();
      if (sign == '*' || sign == '+' || sign == '?') {
        rest_.remove_prefix(1);
        least = sign == '+' ? 1 : 0;
        most = sign == '?' ? std::optional{1U} : std::nullopt;
      } else if (sign == '{') {
        std::tie(least, most) = counts();
      } else {
        break;
      }
      if (item->what == node_kind::begin || item->what == node_kind::end || had_repeat) {
        fail("repeats what cannot be repeated; write '*', '+', '?' and '{' literally as '\\*', '\\+', '\\?' and '\\{'");
      }
      had_repeat = true;
      // A lazy repeat matches the same texts.
      if (!rest_.empty() && rest_.front() == '?') {
        rest_.remove_prefix(1);
      }
      auto outer = std::make_unique<node>();
      outer->what = node_kind::repeat;
      outer->least = least;
      outer->most = most;
      outer->parts.push_back(std::move(item));
      item = std::move(outer);
    }
    return item;
  }

  [[nodiscard]] std::pair<unsigned, std::optional<unsigned>> counts() {
    rest_.remove_prefix(1);
    const auto number = [this]() -> std::optional<unsigned> {
      unsigned result = 0;
      bool any = false;
      while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
        result = 10 * result + static_cast<unsigned>(rest_.front() - '0');
        if (result > max_states) {
          fail("repeats more than " + std::to_string(max_states) + " times");
        }
        rest_.remove_prefix(1);
        any = true;
      }
      return any ? std::optional{result} : std::nullopt;
    };
    const auto least = number();
    auto most = least;
    if (!rest_.empty() && rest_.front() == ',') {
      rest_.remove_prefix(1);
      most = number();
    }
    if (!least || rest_.empty() || rest_.front() != '}') {
      fail("has a '{' that begins no count such as {2} or {2,5}; write it literally as '\\{'");
    }
    rest_.remove_prefix(1);
    if (most && *most < *least) {
      fail("has a count whose end is below its beginning");
    }
    return {*least, most};
  }

  [[nodiscard]] node_ptr atom(std::size_t depth) {
    auto result = std::make_unique<node>();
    result->what = node_kind::letters;
    const char32_t letter = next_character(rest_);
    switch (letter) {
      case '^':
        result->what = node_kind::begin;
        return result;
      case '$':
        result->what = node_kind::end;
        return result;
      case '.':
        result->letters = {{{U'\n', U'\n'}}, true};
        return result;
      case '[':
        result->letters = bracket();
        return result;
      case '\\':
        result->letters = escape();
        return result;
      case '(':
        if (rest_.substr(0, 2) == "?:") {
          rest_.remove_prefix(2);
        } else if (rest_.substr(0, 1) == "?") {
          fail("has a group that begins with '(?'; only '(?:' is known, look-around and names are not");
        }
        result = alternatives(depth + 1);
        if (rest_.empty()) {
          fail("has a '(' without ')'");
        }
        rest_.remove_prefix(1);
        return result;
      case '*':
      case '+':
      case '?':
      case '{':
        fail("repeats nothing; write '*', '+', '?' and '{' literally as '\\*', '\\+', '\\?' and '\\{'");
      default:
        result->letters = {{{letter, letter}}, false};
        return result;
    }
  }

  static void add_class(letter_set& set, char what) {
    switch (what) {
      case 'd':
        set.ranges.push_back({U'0', U'9'});
        return;
      case 'w':
        set.ranges.insert(set.ranges.end(), {{U'0', U'9'}, {U'A', U'Z'}, {U'_', U'_'}, {U'a', U'z'}});
        return;
      default:
        set.ranges.insert(set.ranges.end(), {{U'\t', U'\r'}, {U' ', U' '}});
    }
  }

  /// What follows a backslash.
  [[nodiscard]] letter_set escape() {
    if (rest_.empty()) {
      fail("ends with a backslash; write it literally as '\\\\'");
    }
    const char32_t letter = next_character(rest_);
    letter_set set;
    switch (letter) {
      case 'd':
      case 'w':
      case 's':
        add_class(set, static_cast<char>(letter));
        return set;
      case 'D':
      case 'W':
      case 'S':
        add_class(set, static_cast<char>(letter + ('a' - 'A')));
        set.negated = true;
        return set;
      case 't':
        return {{{U'\t', U'\t'}}, false};
      case 'n':
        return {{{U'\n', U'\n'}}, false};
      case 'r':
        return {{{U'\r', U'\r'}}, false};
      default:
        break;
    }
    if (is_ascii_alphanumeric(letter)) {
      std::string text = "has the escape '\\";
      append_utf8(text, letter);
      fail(text + "'; known are \\d \\w \\s \\D \\W \\S \\t \\n \\r and a backslash before a sign");
    }
    return {{{letter, letter}}, false};
  }

  [[nodiscard]] letter_set bracket() {
    letter_set set;
    if (rest_.substr(0, 1) == "^") {
      rest_.remove_prefix(1);
      set.negated = true;
    }
    bool first = true;
    while (true) {
      if (rest_.empty()) {
        fail("has a '[' without ']'");
      }
      char32_t low = next_character(rest_);
      if (low == ']' && !first) {
        return set;
      }
      first = false;
      if (low == '\\') {
        const auto escaped = escape();
        if (escaped.negated) {
          fail("has a negated class such as \\D inside '[…]'; write it outside");
        }
        if (escaped.ranges.size() != 1 || escaped.ranges.front().first != escaped.ranges.front().last) {
          set.ranges.insert(set.ranges.end(), escaped.ranges.begin(), escaped.ranges.end());
          continue;
        }
        low = escaped.ranges.front().first;
      }
      char32_t high = low;
      if (rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        high = next_character(rest_);
        if (high == '\\') {
          const auto escaped = escape();
          if (escaped.negated || escaped.ranges.size() != 1 ||
              escaped.ranges.front().first != escaped.ranges.front().last) {
            fail("has a range in '[…]' that ends with a class");
          }
          high = escaped.ranges.front().first;
        }
        if (high < low) {
          fail("has a range in '[…]' whose end stands before its beginning");
        }
      }
      set.ranges.push_back({low, high});
    }
  }

  // The tree as an automaton, built from its end

  std::uint32_t add(automaton_state item) {
    if (states_.size() == max_states) {
      fail("unfolds to more than " + std::to_string(max_states) + " states; use fewer or smaller repeats");
    }
    states_.push_back(item);
    return static_cast<std::uint32_t>(states_.size() - 1);
  }

  /// Adds the states of `item` in front of the state `next` and returns the first.
  std::uint32_t build(const node& item, std::uint32_t next) {
    // Repeats of repeats of nothing add no state.
    if (++built_ > 50 * max_states) {
      fail("nests counts such as {100} too deep; multiply them out");
    }
    switch (item.what) {
      case node_kind::empty:
        return next;
      case node_kind::letters:
        sets_.push_back(item.letters);
        return add({.what = state_kind::letters, .out = next, .letters = static_cast<std::uint32_t>(sets_.size() - 1)});
      case node_kind::begin:
        return add({.what = state_kind::begin, .out = next});
      case node_kind::end:
        return add({.what = state_kind::end, .out = next});
      case node_kind::sequence:
        for (auto part = item.parts.rbegin(); part != item.parts.rend(); ++part) {
          next = build(**part, next);
        }
        return next;
      case node_kind::alternative: {
        auto first = build(*item.parts.back(), next);
        for (auto part = std::next(item.parts.rbegin()); part != item.parts.rend(); ++part) {
          const auto other = build(**part, next);
          first = add({.what = state_kind::split, .out = other, .other = first});
        }
        return first;
      }
      case node_kind::repeat: {
        if (!item.most) {
          const auto loop = add({.what = state_kind::split, .other = next});
          const auto body = build(*item.parts.front(), loop);
          states_[loop].out = body;
          next = loop;
        } else {
          for (unsigned i = item.least; i < *item.most; ++i) {
            const auto body = build(*item.parts.front(), next);
            next = add({.what = state_kind::split, .out = body, .other = next});
          }
        }
        for (unsigned i = 0; i < item.least; ++i) {
          next = build(*item.parts.front(), next);
        }
        return next;
      }
    }
    return next;
  }

  [[nodiscard]] bool takes(const automaton_state& item, char32_t letter) const noexcept {
    const auto& set = sets_[item.letters];
    for (const auto& range : set.ranges) {
      if (letter >= range.first && letter <= range.last) {
        return !set.negated;
      }
    }
    return set.negated;
  }

  /// Adds to `found` the states with letters that `from` leads to without any; true when one of them accepts.
  [[nodiscard]] bool follow(std::uint32_t from, bool at_start, bool at_end, std::size_t step,
                            std::vector<std::size_t>& seen, std::vector<std::uint32_t>& waiting,
                            std::vector<std::uint32_t>& found) const {
    waiting.assign(1, from);
    while (!waiting.empty()) {
      const auto at = waiting.back();
      waiting.pop_back();
      if (seen[at] == step) {
        continue;
      }
      seen[at] = step;
      const auto& item = states_[at];
      switch (item.what) {
        case state_kind::accept:
          return true;
        case state_kind::letters:
          found.push_back(at);
          break;
        case state_kind::split:
          waiting.push_back(item.out);
          waiting.push_back(item.other);
          break;
        case state_kind::begin:
          if (at_start) {
            waiting.push_back(item.out);
          }
          break;
        case state_kind::end:
          if (at_end) {
            waiting.push_back(item.out);
          }
          break;
      }
    }
    return false;
  }

  std::string pattern_;
  std::string_view rest_;
  std::vector<automaton_state> states_;
  std::vector<letter_set> sets_;
  std::uint32_t start_ = 0;
  std::size_t built_ = 0;
};

}  // namespace klantreis::detail
