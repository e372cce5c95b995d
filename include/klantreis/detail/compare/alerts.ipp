// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <locale>
#include <sstream>
#include <utility>

#include "klantreis/compare/alerts.hpp"
#include "klantreis/detail/compare/rates.hpp"
#include "klantreis/detail/compare/sample.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/rate_differences.hpp"

namespace klantreis {
namespace detail {

inline constexpr std::array<std::string_view, 5> measure_names{"conversion_rate", "value_per_journey", "exit_rate",
                                                               "transition", "reach"};
inline constexpr std::array<std::string_view, 3> change_names{"rises", "falls", "changes"};

/// Reads the text of a rule from left to right.
class rule_text {
 public:
  explicit rule_text(std::string_view text) : whole_(text), rest_(text) {}

  [[nodiscard]] alert_rule read() {
    alert_rule rule;
    rule.what = read_measure();
    read_items(rule);
    skip();
    if (take(">=") || take(">")) {
      rule.when = alert_rule::condition::above;
      rule.limit = read_number();
    } else if (take("<=") || take("<")) {
      rule.when = alert_rule::condition::below;
      rule.limit = read_number();
    } else {
      rule.when = read_change();
      skip();
      if (take("by")) {
        rule.limit = read_number();
      }
    }
    skip();
    if (!rest_.empty()) {
      fail("ends in " + quoted(rest_), "leave that out");
    }
    return rule;
  }

 private:
  [[noreturn]] void fail(const std::string& what, const std::string& remedy) const {
    throw input_error("the rule " + quoted(whole_) + " " + what + "; " + remedy);
  }

  void skip() {
    while (!rest_.empty() && rest_.front() == ' ') {
      rest_.remove_prefix(1);
    }
  }

  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) {
      return false;
    }
    rest_.remove_prefix(token.size());
    return true;
  }

  [[nodiscard]] std::string_view word() {
    skip();
    std::size_t end = 0;
    while (end < rest_.size() && ((rest_[end] >= 'a' && rest_[end] <= 'z') || rest_[end] == '_')) {
      ++end;
    }
    const std::string_view found = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return found;
  }

  [[nodiscard]] alert_rule::measure read_measure() {
    const std::string_view name = word();
    const auto found = std::find(measure_names.begin(), measure_names.end(), name);
    if (found == measure_names.end()) {
      fail("begins with " + quoted(name),
           "begin with conversion_rate, value_per_journey, exit_rate(item), "
           "transition(item, item) or reach(item)");
    }
    return static_cast<alert_rule::measure>(found - measure_names.begin());
  }

  [[nodiscard]] alert_rule::condition read_change() {
    const std::string_view name = word();
    const auto found = std::find(change_names.begin(), change_names.end(), name);
    if (found == change_names.end()) {
      fail("has no condition where it says " + quoted(name.empty() ? rest_ : name),
           "give > or < and a level, or rises, falls or changes, with or without a least change as in \"by 5%\"");
    }
    return static_cast<alert_rule::condition>(2 + (found - change_names.begin()));
  }

  void read_items(alert_rule& rule) {
    skip();
    if (!take("(")) {
      return;
    }
    if (rule.what == alert_rule::measure::conversion_rate || rule.what == alert_rule::measure::value_per_journey) {
      fail("gives an item to a rate of whole journeys", "leave the item out");
    }
    rule.item = read_item();
    if (take(",")) {
      if (rule.what != alert_rule::measure::transition) {
        fail("gives two items to a rate of one", "write a comma in a name as in reach(\"a, b\")");
      }
      rule.to = read_item();
    }
    if (!take(")")) {
      fail("does not close its parenthesis", "end the item with )");
    }
  }

  // Up to a comma or parenthesis, or in double quotes with inner ones doubled; `*` stands for all.
  [[nodiscard]] std::string read_item() {
    skip();
    std::string name;
    if (take("\"")) {
      while (!rest_.empty() && (rest_.front() != '"' || rest_.starts_with("\"\""))) {
        name += rest_.front();
        rest_.remove_prefix(rest_.front() == '"' ? 2 : 1);
      }
      if (!take("\"")) {
        fail("does not close its quotes", "end the name with a double quote");
      }
      skip();
      return name;
    }
    // A state such as (start) has parentheses of its own.
    const bool state = rest_.starts_with("(");
    const std::size_t end = state ? rest_.find(')') + 1 : rest_.find_first_of(",)");
    name = rest_.substr(0, state && end == 0 ? std::string_view::npos : end);
    rest_.remove_prefix(name.size());
    while (name.ends_with(' ')) {
      name.pop_back();
    }
    skip();
    return name == "*" ? std::string{} : name;
  }

  [[nodiscard]] double read_number() {
    skip();
    const std::size_t size = (std::min)(rest_.size(), rest_.find_first_not_of("+-.0123456789eE"));
    std::istringstream digits{std::string{rest_.substr(0, size)}};
    digits.imbue(std::locale::classic());
    double number = 0.0;
    if (!(digits >> number) || digits.peek() != std::istringstream::traits_type::eof() || !std::isfinite(number)) {
      fail("has no number where it says " + quoted(rest_), "give one such as 0.2 or 20%");
    }
    rest_.remove_prefix(size);
    skip();
    return take("%") ? number / 100.0 : number;
  }

  std::string_view whole_;
  std::string_view rest_;
};

inline std::string item_text(const std::string& name) {
  if (name.empty()) {
    return "*";
  }
  if (name == "*" || name.find_first_of(",)(\"") != std::string::npos || name.front() == ' ' || name.back() == ' ') {
    if (is_reserved_name(name)) {
      return name;
    }
    std::string text = "\"";
    for (const char c : name) {
      text += c == '"' ? std::string{"\"\""} : std::string{c};
    }
    return text + "\"";
  }
  return name;
}

/// p of the hypothesis that a rate is `limit`, so that the interval holds the limits that are not refused.
inline double level_p(const compared_rate& row, double limit, bool is_rate) {
  const estimate& found = row.second;
  const influence_sum& sum = row.second_sum;
  if (found.is_null() || found.bounds().is_null()) {
    return null_value;
  }
  if (!is_rate) {
    return found.value > 0.0 && limit > 0.0
               ? t_two_sided((std::log(found.value) - std::log(limit)) * found.value / sum.standard_error(),
                             sum.degrees_of_freedom())
               : t_two_sided((found.value - limit) / sum.standard_error(), sum.degrees_of_freedom());
  }
  if (found.value == 0.0 || found.value == 1.0 || has(found.marks, mark::boundary)) {
    const double z = (found.value - limit) / std::sqrt(limit * (1.0 - limit) / found.n);
    return chi_squared_tail(z * z, 1.0);
  }
  const double n_effective = found.value * (1.0 - found.value) / sum.variance();
  return t_two_sided((found.value - limit) / std::sqrt(limit * (1.0 - limit) / n_effective), sum.degrees_of_freedom());
}

/// One rule applied to one item.
struct alert_row {
  std::size_t rule = 0;
  compared_rate found = {};
  bool holds = false;
  double p = null_value;
  std::string status = {};
};

class alert_analysis {
 public:
  alert_analysis(const journey_group& current, const std::vector<alert_rule>& rules,
                 const std::optional<journey_group>& baseline, const alert_options& options)
      : current_(&current), rules_(&rules), baseline_(baseline), options_(options) {
    check();
    const compared_sample sample(baseline ? *baseline : current, current, options.by, options.collapse);
    const rate_comparison rates(sample, options.intervals, baseline.has_value());
    for (std::size_t rule = 0; rule < rules.size(); ++rule) {
      apply(rule, sample, rates);
    }
    judge();
  }

  [[nodiscard]] table result() const {
    std::vector<std::size_t> order(rows_.size());
    for (std::size_t at = 0; at < order.size(); ++at) {
      order[at] = at;
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      const bool alarm_a = rows_[a].status == "alert";
      const bool alarm_b = rows_[b].status == "alert";
      return alarm_a != alarm_b ? alarm_a : rows_[a].rule < rows_[b].rule;
    });
    const auto adjusted = holm(column_of_numbers(rows_, [](const alert_row& row) { return row.p; }));
    table result{
        "Rules and what they found. alert: the condition holds, and so many rules together would give a false alarm "
        "with a probability of at most 1 - level (Holm); could be chance: it holds, but not beyond doubt. Tests by "
        "customers."};
    const auto rows = [&](auto&& get) { return [&, get](std::size_t at) { return get(rows_[at]); }; };
    result.add("rule",
               column_of_texts(order, rows([&](const alert_row& row) { return to_text((*rules_)[row.rule]); })));
    result.add("from", column_of_texts(order, rows([](const alert_row& row) { return row.found.from; })));
    result.add("to", column_of_texts(order, rows([](const alert_row& row) { return row.found.to; })));
    result.add("value", column_of_numbers(order, rows([](const alert_row& row) { return row.found.second.value; })));
    result.add("lower", column_of_numbers(order, rows([](const alert_row& row) { return row.found.second.lower; })));
    result.add("upper", column_of_numbers(order, rows([](const alert_row& row) { return row.found.second.upper; })));
    const bool compared = baseline_.has_value();
    const auto change = [&](double number) { return compared ? number : null_value; };
    result.add("baseline",
               column_of_numbers(order, rows([&](const alert_row& row) { return change(row.found.first.value); })));
    result.add("difference",
               column_of_numbers(order, rows([&](const alert_row& row) { return change(row.found.change.value); })));
    result.add("difference_lower",
               column_of_numbers(order, rows([&](const alert_row& row) { return change(row.found.change.lower); })));
    result.add("difference_upper",
               column_of_numbers(order, rows([&](const alert_row& row) { return change(row.found.change.upper); })));
    result.add("p", column_of_numbers(order, rows([](const alert_row& row) { return row.p; })));
    result.add("p_adjusted", column_of_numbers(order, [&](std::size_t at) { return adjusted[at]; }));
    result.add("status", column_of_texts(order, rows([](const alert_row& row) { return row.status; })));
    result.add("n", column_of_counts(order, rows([](const alert_row& row) { return row.found.second.n; })),
               quantity::count);
    result.add("marks",
               column_of_texts(order, rows([&](const alert_row& row) {
                                 return to_text(is_change(row) ? row.found.change.marks : row.found.second.marks);
                               })));
    result.set_option("current", current_->name);
    result.set_option("baseline", compared ? baseline_->name : "none");
    result.set_option("by", options_.by);
    for (const auto& [name, value] : cut_options(current_->journeys)) {
      result.set_option(name, value);
    }
    set_interval_options(result, options_.intervals);
    return result;
  }

 private:
  using measure = alert_rule::measure;
  using condition = alert_rule::condition;

  static bool compares(const alert_rule& rule) {
    return rule.when != condition::above && rule.when != condition::below;
  }
  [[nodiscard]] bool is_change(const alert_row& row) const { return compares((*rules_)[row.rule]); }

  void check() const {
    const event_log& log = current_->journeys.log();
    for (const alert_rule& rule : *rules_) {
      if (compares(rule) && !baseline_) {
        throw input_error("the rule " + quoted(to_text(rule)) +
                          " compares with a baseline, and there is none; give the journeys to compare with");
      }
      const bool is_rate = rule.what != measure::value_per_journey;
      if (!compares(rule) && is_rate && !(rule.limit > 0.0 && rule.limit < 1.0)) {
        throw input_error("the rule " + quoted(to_text(rule)) +
                          " has a limit that no rate can pass; give one between 0 "
                          "and 1");
      }
      if (compares(rule) && !(rule.limit >= 0.0)) {
        throw input_error("the rule " + quoted(to_text(rule)) + " asks for a change of less than 0; give its size");
      }
      if (!is_rate && log.values().empty()) {
        throw input_error("the rule " + quoted(to_text(rule)) + " needs values, and the log has none");
      }
      const name_table& names = log.labels(options_.by).names;
      for (const std::string* item : {&rule.item, &rule.to}) {
        const bool known = item->empty() || *item == start_state || *item == conversion_state || *item == null_state ||
                           names.find(*item) ||
                           (baseline_ && baseline_->journeys.log().labels(options_.by).names.find(*item));
        if (!known) {
          throw input_error("the rule " + quoted(to_text(rule)) + ": " +
                            unknown_label_message(*item, options_.by, names));
        }
      }
    }
  }

  void apply(std::size_t number, const compared_sample& sample, const rate_comparison& rates) {
    const alert_rule& rule = (*rules_)[number];
    const std::size_t before = rows_.size();
    const auto matches = [](const std::string& wanted, std::string_view name) {
      return wanted.empty() || wanted == name;
    };
    switch (rule.what) {
      case measure::conversion_rate:
        rows_.push_back({number, rates.conversion()});
        break;
      case measure::value_per_journey:
        rows_.push_back({number, rates.value()});
        break;
      case measure::exit_rate:
      case measure::reach:
        for (std::uint32_t state = 1; state < sample.size(); ++state) {
          if (matches(rule.item, sample.name(state))) {
            rows_.push_back({number, rule.what == measure::reach ? rates.reach(state) : rates.exit(state)});
          }
        }
        break;
      case measure::transition:
        for (std::size_t edge = 0; edge < sample.edges().size(); ++edge) {
          const auto [from, to] = sample.edges()[edge];
          if (matches(rule.item, sample.name(from)) && matches(rule.to, sample.name(to))) {
            rows_.push_back({number, rates.transition(edge)});
          }
        }
        break;
    }
    if (rows_.size() == before) {
      rows_.push_back({number, {.from = rule.item, .to = rule.to}});
    }
    for (std::size_t at = before; at < rows_.size(); ++at) {
      decide(rows_[at], rule);
    }
  }

  static void decide(alert_row& row, const alert_rule& rule) {
    const double value = row.found.second.value;
    const double change = row.found.change.value;
    row.p = compares(rule) ? row.found.p : level_p(row.found, rule.limit, rule.what != measure::value_per_journey);
    switch (rule.when) {
      case condition::above:
        row.holds = value > rule.limit;
        break;
      case condition::below:
        row.holds = value < rule.limit;
        break;
      case condition::rises:
        row.holds = change > 0.0 && change >= rule.limit;
        break;
      case condition::falls:
        row.holds = change < 0.0 && -change >= rule.limit;
        break;
      case condition::changes:
        row.holds = change != 0.0 && std::abs(change) >= rule.limit;
        break;
    }
  }

  void judge() {
    const auto adjusted = holm(column_of_numbers(rows_, [](const alert_row& row) { return row.p; }));
    for (std::size_t at = 0; at < rows_.size(); ++at) {
      alert_row& row = rows_[at];
      const estimate& measured = is_change(row) ? row.found.change : row.found.second;
      const double customers = is_change(row) ? (std::min)(row.found.first.n, row.found.second.n) : row.found.second.n;
      if (measured.is_null()) {
        row.status = "not measured";
      } else if (!row.holds) {
        row.status = "ok";
      } else if (adjusted[at] <= 1.0 - options_.intervals.level) {
        row.status = "alert";
      } else {
        row.status = customers < options_.intervals.min_n ? "too little data" : "could be chance";
      }
    }
  }

  const journey_group* current_;
  const std::vector<alert_rule>* rules_;
  const std::optional<journey_group>& baseline_;
  alert_options options_;
  std::vector<alert_row> rows_;
};

}  // namespace detail

KLANTREIS_INLINE alert_rule to_alert_rule(std::string_view text) { return detail::rule_text{text}.read(); }

KLANTREIS_INLINE std::string to_text(const alert_rule& rule) {
  std::string text{detail::measure_names[static_cast<std::size_t>(rule.what)]};
  const bool whole =
      rule.what == alert_rule::measure::conversion_rate || rule.what == alert_rule::measure::value_per_journey;
  if (!whole) {
    text += "(" + detail::item_text(rule.item);
    if (rule.what == alert_rule::measure::transition) {
      text += ", " + detail::item_text(rule.to);
    }
    text += ")";
  }
  switch (rule.when) {
    case alert_rule::condition::above:
      return text + " > " + detail::number_text(rule.limit);
    case alert_rule::condition::below:
      return text + " < " + detail::number_text(rule.limit);
    default:
      text += " " + std::string{detail::change_names[static_cast<std::size_t>(rule.when) - 2]};
      return rule.limit > 0.0 ? text + " by " + detail::number_text(rule.limit) : text;
  }
}

KLANTREIS_INLINE table alerts(const journey_group& current, const std::vector<alert_rule>& rules,
                              const std::optional<journey_group>& baseline, const alert_options& options) {
  require_cut(current.journeys, "alerts");
  if (baseline) {
    require_cut(baseline->journeys, "alerts");
  }
  return detail::alert_analysis{current, rules, baseline, options}.result();
}

KLANTREIS_INLINE table alerts(const journey_set& current, const std::vector<alert_rule>& rules,
                              const alert_options& options) {
  return alerts(select_journeys(current, "current"), rules, std::nullopt, options);
}

}  // namespace klantreis
