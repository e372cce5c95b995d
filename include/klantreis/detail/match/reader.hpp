// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/detail/map/regex.hpp"
#include "klantreis/detail/match/scanner.hpp"
#include "klantreis/detail/match/tree.hpp"
#include "klantreis/detail/utf8.hpp"
#include "klantreis/match/pattern.hpp"

namespace klantreis::detail {

/// Reads a pattern from left to right, one function for each rule of the grammar.
class pattern_reader : private pattern_scanner {
 public:
  explicit pattern_reader(std::string_view text) : pattern_scanner(text) {}

  [[nodiscard]] pattern_tree whole() {
    if (text_.size() > max_pattern_length) {
      throw limit_error("the path pattern has " + std::to_string(text_.size()) + " bytes; the limit is " +
                        std::to_string(max_pattern_length));
    }
    if (!is_utf8(text_)) {
      throw input_error("the path pattern is not UTF-8; encode it so");
    }
    pattern_tree tree;
    tree.root = pattern();
    if (!at_end()) {
      fail(at_,
           "unexpected " + found() + "; between two parts stands -> (directly after) or ->> (some time after)" +
               (peek() == '-' || peek() == '>' ? std::string{} : ", and a name with signs in it stands in quotes"));
    }
    if (tree.root.may_be_empty() && !has_anchors(tree.root)) {
      fail(0,
           "the pattern is met by no event at all, so every journey has it everywhere; ask for at least one event, " +
               std::string{"as in a+ instead of a*"});
    }
    pattern_node& chain = tree.root.what == pattern_node::kind::within ? tree.root.items[0] : tree.root;
    if (chain.what != pattern_node::kind::chain) {
      pattern_node wrapped;
      wrapped.what = pattern_node::kind::chain;
      wrapped.begin = chain.begin;
      wrapped.end_at = chain.end_at;
      wrapped.items.push_back(std::move(chain));
      chain = std::move(wrapped);
    }
    tree.text = text_;
    tree.needs_times = needs_times_;
    return tree;
  }

 private:
  struct level {
    level(pattern_reader& reader, std::size_t at) : owner(reader) {
      if (++owner.depth_ > max_pattern_depth) {
        throw limit_error(pattern_fault(
            owner.text_, at, "the pattern nests deeper than " + std::to_string(max_pattern_depth) + " levels"));
      }
    }
    level(const level&) = delete;
    level& operator=(const level&) = delete;
    ~level() { --owner.depth_; }
    pattern_reader& owner;
  };

  [[nodiscard]] pattern_node pattern() {
    skip_blanks();
    const level here{*this, at_};
    pattern_node inner = chain();
    skip_blanks();
    if (!is_word(at_, "within")) {
      return inner;
    }
    const std::size_t keyword = at_;
    if (has_time_limit(inner)) {
      fail(keyword, "limits of time by within cannot stand inside each other; use ->>{<1d} for the inner one");
    }
    if (inner.may_be_empty()) {
      fail(keyword, "what is limited here is met by no event at all; ask for at least one");
    }
    at_ += std::string_view{"within"}.size();
    (void)take("<=");
    skip_blanks();
    const std::size_t place = at_;
    const auto limit = length();
    if (!limit) {
      fail(place, "expected a length of time such as 7d, 12h or 90m after within, found " + found());
    }
    if (peek() == '-' || peek() == '|' || peek() == '*' || peek() == '+' || peek() == '?' || peek() == '{') {
      fail(at_, "a limit that is followed by more stands in parentheses with what it limits, as in " +
                    std::string{"(a ->> b within 1d) -> c"});
    }
    pattern_node result;
    result.what = pattern_node::kind::within;
    result.begin = inner.begin;
    result.end_at = at_;
    result.limit.most = limit;
    result.items.push_back(std::move(inner));
    return result;
  }

  [[nodiscard]] pattern_node chain() {
    pattern_node result;
    result.what = pattern_node::kind::chain;
    skip_blanks();
    result.begin = at_;
    result.items.push_back(part());
    while (take("->")) {
      result.arrows.push_back(arrow());
      result.items.push_back(part());
      check_limits(result);
    }
    result.end_at = result.items.back().end_at;
    if (result.items.size() == 1) {
      return std::move(result.items[0]);
    }
    return result;
  }

  /// Limits measure from one event to another, so both sides must have one.
  void check_limits(const pattern_node& chain) const {
    const pattern_arrow& arrow = chain.arrows.back();
    if (!arrow.is_limited()) {
      return;
    }
    const pattern_node& left = chain.items[chain.items.size() - 2];
    const pattern_node& right = chain.items.back();
    if (left.may_be_empty() && left.what != pattern_node::kind::start) {
      fail(arrow.at, "the part before this arrow may be met by no event, so there is nothing to measure from; " +
                         std::string{"ask for at least one"});
    }
    if (right.may_be_empty() && right.what != pattern_node::kind::end) {
      fail(arrow.at, "the part after this arrow may be met by no event, so there is nothing to measure to; " +
                         std::string{"ask for at least one"});
    }
  }

  [[nodiscard]] pattern_arrow arrow() {
    pattern_arrow result;
    result.at = at_ - 2;
    result.is_direct = byte(at_) != '>';
    at_ += result.is_direct ? 0U : 1U;
    if (!take("{")) {
      return result;
    }
    do {
      limit(result);
    } while (take(","));
    expect("}", "after the limits of an arrow");
    return result;
  }

  void limit(pattern_arrow& arrow) {
    skip_blanks();
    const std::size_t place = at_;
    if (is_word(at_, "no")) {
      at_ += 2;
      if (arrow.is_direct) {
        fail(place, "directly after leaves no room for other events; use ->> with no");
      }
      event_predicate excluded = one_event("after no");
      event_predicate allowed{.what = event_predicate::kind::negation};
      if (arrow.allowed) {
        event_predicate any{.what = event_predicate::kind::any};
        any.parts.push_back(std::move(arrow.allowed->parts[0]));
        any.parts.push_back(std::move(excluded));
        excluded = std::move(any);
      }
      allowed.parts.push_back(std::move(excluded));
      arrow.allowed = std::move(allowed);
      return;
    }
    const char sign = peek();
    if (sign != '<' && sign != '>') {
      fail(place, "expected a limit, found " + found() + "; write <=3 (events between), <1d (time between) or no NAME");
    }
    ++at_;
    const bool is_strict = byte(at_) != '=';
    at_ += is_strict ? 0U : 1U;
    skip_blanks();
    const std::size_t number_place = at_;
    if (const auto time = length()) {
      auto& bound = sign == '<' ? arrow.length.most : arrow.length.least;
      if (bound) {
        fail(place, "this bound of the time is given twice; keep one");
      }
      if (sign == '<' && is_strict && *time == duration::zero()) {
        fail(number_place, "less than no time is impossible; write <=0s or a longer time");
      }
      bound = time;
      (sign == '<' ? arrow.length.less_than_most : arrow.length.more_than_least) = is_strict;
      if (arrow.length.least && arrow.length.most &&
          (*arrow.length.least > *arrow.length.most ||
           (*arrow.length.least == *arrow.length.most &&
            (arrow.length.less_than_most || arrow.length.more_than_least)))) {
        fail(place, "no time is both this long and this short; widen the limits");
      }
      return;
    }
    std::size_t count = whole_number("a number of events or a length of time such as 1d");
    if (arrow.is_direct) {
      fail(number_place, "directly after leaves no room for other events; use ->> to limit how many stand between");
    }
    if (sign == '<' && is_strict && count == 0) {
      fail(number_place, "fewer than no events is impossible; write <=0 or a larger number");
    }
    if (count > 1'000'000'000) {
      fail(number_place, "this number is too large");
    }
    if (sign == '<') {
      arrow.most_between = is_strict ? count - 1 : count;
    } else {
      arrow.least_between = is_strict ? count + 1 : count;
    }
    if (arrow.most_between && *arrow.most_between < arrow.least_between) {
      fail(place, "no number of events is both this large and this small; widen the limits");
    }
  }

  [[nodiscard]] pattern_node part() {
    pattern_node first = repeated();
    if (peek() != '|') {
      return first;
    }
    pattern_node result;
    result.what = pattern_node::kind::alternative;
    result.begin = first.begin;
    result.items.push_back(std::move(first));
    while (take("|")) {
      result.items.push_back(repeated());
    }
    result.end_at = result.items.back().end_at;
    const bool single = std::all_of(result.items.begin(), result.items.end(),
                                    [](const pattern_node& item) { return item.what == pattern_node::kind::event; });
    if (single) {
      event_predicate any{.what = event_predicate::kind::any};
      for (pattern_node& item : result.items) {
        any.parts.push_back(std::move(item.predicate));
      }
      result.items.clear();
      result.what = pattern_node::kind::event;
      result.predicate = std::move(any);
    }
    return result;
  }

  [[nodiscard]] pattern_node repeated() {
    pattern_node inner = atom();
    const std::size_t place = (skip_blanks(), at_);
    unsigned least = 0;
    std::optional<unsigned> most;
    if (take("*")) {
    } else if (take("+")) {
      least = 1;
    } else if (take("?")) {
      most = 1;
    } else if (take("{")) {
      const bool open_begin = peek() == ',';
      least = open_begin ? 0 : times();
      if (take(",")) {
        if (peek() != '}') {
          most = times();
        }
      } else {
        most = least;
      }
      expect("}", "after a number of times");
      if (most && *most < least) {
        fail(place, "at most " + std::to_string(*most) + " times is less than at least " + std::to_string(least));
      }
      if (most && *most == 0) {
        fail(place, "nothing happens no times; leave the part out");
      }
    } else {
      return inner;
    }
    if (inner.is_anchor()) {
      fail(place, "the beginning and the end of a journey are there once; leave the repetition out");
    }
    if (const char next = peek(); next == '*' || next == '+' || next == '?' || next == '{') {
      fail(at_, "a repetition of a repetition; put the inner one in parentheses");
    }
    pattern_node result;
    result.what = pattern_node::kind::repeat;
    result.begin = inner.begin;
    result.end_at = at_;
    result.least = least;
    result.most = most;
    result.items.push_back(std::move(inner));
    return result;
  }

  [[nodiscard]] unsigned times() {
    const std::size_t place = (skip_blanks(), at_);
    const std::size_t count = whole_number("a number of times");
    if (count > max_pattern_states) {
      throw limit_error(
          pattern_fault(text_, place, "at most " + std::to_string(max_pattern_states) + " times are possible"));
    }
    return static_cast<unsigned>(count);
  }

  [[nodiscard]] pattern_node atom() {
    skip_blanks();
    pattern_node result;
    result.begin = at_;
    if (take("(")) {
      const std::size_t open = at_ - 1;
      pattern_node inner = pattern();
      if (!take(")")) {
        fail(at_end() ? open : at_,
             at_end() ? "this parenthesis has no end; close it with )" : "expected ) or an arrow, found " + found());
      }
      inner.begin = result.begin;
      inner.end_at = at_;
      return inner;
    }
    if (take("^")) {
      result.what = pattern_node::kind::start;
    } else if (take("$")) {
      result.what = pattern_node::kind::end;
      end_of_journey(result);
    } else if (!is_name_byte_at(at_, true) || !anchor_word(result)) {
      result.predicate = event("a touchpoint");
    }
    result.end_at = at_;
    while (result.end_at > result.begin && is_blank(text_[result.end_at - 1])) {
      --result.end_at;
    }
    return result;
  }

  void end_of_journey(pattern_node& node) {
    const std::size_t end = word_end(at_);
    const std::string word = text_.substr(at_, end - at_);
    if (word == "conversion") {
      node.end = end_kind::conversion;
    } else if (word == "null") {
      node.end = end_kind::null;
    } else if (word == "open") {
      node.end = end_kind::open;
    } else if (!word.empty()) {
      fail(at_, "a journey has no end " + quoted(word) + "; write $, $conversion, $null or $open");
    }
    at_ = end;
  }

  /// retentioneering's names of both ends.
  [[nodiscard]] bool anchor_word(pattern_node& node) {
    const std::size_t begin = at_;
    if (is_word(at_, "path_start") || is_word(at_, "path_end")) {
      const bool is_start = is_word(at_, "path_start");
      const name_text whole = name("a touchpoint");
      if (whole.name == "path_start" || whole.name == "path_end") {
        node.what = is_start ? pattern_node::kind::start : pattern_node::kind::end;
        return true;
      }
      at_ = begin;
    }
    return false;
  }

  /// One event where nothing else may stand.
  [[nodiscard]] event_predicate one_event(const std::string& where) {
    if (peek() != '(') {
      return event("a touchpoint " + where);
    }
    const std::size_t place = at_;
    pattern_node node = atom();
    if (node.what != pattern_node::kind::event) {
      fail(place, "expected a single event " + where + ", such as cart or (cart|order); a stretch cannot stand here");
    }
    return std::move(node.predicate);
  }

  [[nodiscard]] event_predicate event(const std::string& wanted) {
    skip_blanks();
    const level here{*this, at_};
    event_predicate result;
    if (take("!")) {
      result.what = event_predicate::kind::negation;
      result.parts.push_back(one_event("after !"));
      return result;
    }
    if (peek() == '.') {
      ++at_;
    } else if (take("~")) {
      result = regex({});
    } else if (peek() == '[') {
      result = bracket();
    } else {
      const name_text label = name(wanted);
      result = names_of({}, {label});
    }
    while (peek() == '[') {
      event_predicate both{.what = event_predicate::kind::all};
      both.parts.push_back(std::move(result));
      ++at_;
      both.parts.push_back(conditions(std::nullopt));
      result = std::move(both);
    }
    return result;
  }

  [[nodiscard]] static event_predicate names_of(std::string column, const std::vector<name_text>& names) {
    event_predicate result{.what = event_predicate::kind::names, .column = std::move(column)};
    for (const name_text& name : names) {
      result.names.push_back(name.name);
      result.places.push_back(name.at);
    }
    return result;
  }

  [[nodiscard]] event_predicate regex(std::string column) {
    skip_blanks();
    const std::size_t place = at_;
    if (byte(at_) != '"' && byte(at_) != '\'') {
      fail(place, "expected a regular expression in quotes after ~, found " + found());
    }
    event_predicate result{.what = event_predicate::kind::regex, .column = std::move(column)};
    result.names.push_back(quoted_name());
    result.places.push_back(place);
    try {
      const linear_regex checked{result.names[0]};
    } catch (const input_error& error) {
      fail(place, error.what());
    }
    return result;
  }

  /// `[a|b]`, `[^a|b]` or `[column = value]`.
  [[nodiscard]] event_predicate bracket() {
    expect("[", "");
    const bool negated = take("^");
    const name_text first = name("a touchpoint, or a column and a comparison");
    if (!negated && peek() != '|' && peek() != ']') {
      return conditions(first);
    }
    std::vector<name_text> names{first};
    while (take("|")) {
      names.push_back(name("a touchpoint"));
    }
    expect("]", "or | after a touchpoint in brackets");
    event_predicate result = names_of({}, names);
    if (negated) {
      event_predicate negation{.what = event_predicate::kind::negation};
      negation.parts.push_back(std::move(result));
      return negation;
    }
    return result;
  }

  /// Conditions up to the closing bracket; the first column may have been read.
  [[nodiscard]] event_predicate conditions(std::optional<name_text> column) {
    event_predicate result{.what = event_predicate::kind::all};
    do {
      result.parts.push_back(condition(column ? *column : name("a column")));
      column.reset();
    } while (take(","));
    expect("]", "after a condition");
    return result.parts.size() == 1 ? std::move(result.parts[0]) : std::move(result);
  }

  [[nodiscard]] event_predicate condition(const name_text& column) {
    skip_blanks();
    const std::size_t place = at_;
    if (take("~")) {
      return at_column(regex(column.name), column);
    }
    const bool negated = take("!=");
    if (negated || take("==") || take("=")) {
      std::vector<name_text> values;
      do {
        values.push_back(name("a value of " + quoted(column.name)));
      } while (take("|"));
      event_predicate result = at_column(names_of(column.name, values), column);
      if (negated) {
        event_predicate negation{.what = event_predicate::kind::negation};
        negation.parts.push_back(std::move(result));
        return negation;
      }
      return result;
    }
    event_predicate result;
    if (take("<=")) {
      result.what = event_predicate::kind::at_most;
    } else if (take("<")) {
      result.what = event_predicate::kind::less;
    } else if (take(">=")) {
      result.what = event_predicate::kind::at_least;
    } else if (take(">")) {
      result.what = event_predicate::kind::greater;
    } else {
      fail(place, "expected one of = != ~ < <= > >= after the column " + quoted(column.name) + ", found " + found());
    }
    result.number = number(column.name);
    return at_column(std::move(result), column);
  }

  [[nodiscard]] static event_predicate at_column(event_predicate predicate, const name_text& column) {
    predicate.column = column.name;
    predicate.column_at = column.at;
    return predicate;
  }

  [[nodiscard]] double number(const std::string& column) {
    skip_blanks();
    double value = 0.0;
    const auto [end, failure] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (failure != std::errc{} || !std::isfinite(value)) {
      fail(at_, "expected a number to compare " + quoted(column) + " with, found " + found());
    }
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  [[nodiscard]] static bool has_anchors(const pattern_node& node) {
    return node.is_anchor() || std::any_of(node.items.begin(), node.items.end(), has_anchors);
  }
  [[nodiscard]] static bool has_time_limit(const pattern_node& node) {
    return node.what == pattern_node::kind::within || std::any_of(node.items.begin(), node.items.end(), has_time_limit);
  }

  std::size_t depth_ = 0;
};

}  // namespace klantreis::detail
