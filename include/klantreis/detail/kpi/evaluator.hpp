// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/detail/kpi/figures.hpp"
#include "klantreis/detail/kpi/measures.hpp"
#include "klantreis/detail/kpi/select.hpp"
#include "klantreis/detail/kpi/walks.hpp"

namespace klantreis::detail {

/// Thrown where the log lacks what a measure needs.
struct kpi_absent {
  std::string missing;
};

/// Measures expressions on one frame; equal parts of them are measured once.
class kpi_evaluator {
 public:
  kpi_evaluator(const kpi_frame& frame, const journey_map* map, std::span<const kpi_definition> definitions,
                const kpi_aggregates& aggregates);

  [[nodiscard]] std::shared_ptr<const kpi_result> measure(const kpi_definition& definition);

 private:
  using result = std::shared_ptr<const kpi_result>;

  /// The arguments of a call by name, whether they were given by place or by name.
  class arguments {
   public:
    arguments(const kpi_expression& call, const measure_spec& spec);
    [[nodiscard]] const kpi_expression* find(std::string_view name) const;
    [[nodiscard]] const kpi_expression& at(std::string_view name) const;
    [[nodiscard]] std::string_view measure() const noexcept { return call_.text; }
    [[nodiscard]] const std::vector<std::pair<std::string, kpi_expression>>& all() const noexcept { return named_; }

   private:
    const kpi_expression& call_;
    std::vector<std::pair<std::string, kpi_expression>> named_;
  };

  [[nodiscard]] result evaluate(const kpi_expression& expression);
  [[nodiscard]] kpi_result fresh(const kpi_expression& expression);
  [[nodiscard]] kpi_result operation(const kpi_expression& expression);
  [[nodiscard]] kpi_result combine(char sign, const kpi_expression& a, const kpi_expression& b);
  [[nodiscard]] result named(const std::string& name);
  [[nodiscard]] kpi_result call(const kpi_expression& expression);

  [[nodiscard]] kpi_result counted(const arguments& given);
  [[nodiscard]] kpi_result column_figure(const arguments& given);
  [[nodiscard]] kpi_result share_of(const arguments& given);
  [[nodiscard]] kpi_result customers_share(const arguments& given);
  [[nodiscard]] kpi_result events_share(const arguments& given);
  [[nodiscard]] kpi_result paired(const arguments& given);
  [[nodiscard]] kpi_result exposed(const arguments& given);
  [[nodiscard]] kpi_result followed(const arguments& given);
  [[nodiscard]] kpi_result issue_figure(const arguments& given);
  [[nodiscard]] kpi_result concentrated(const arguments& given);
  [[nodiscard]] kpi_result aggregated(const std::string& name, const std::string& stat);

  [[nodiscard]] kpi_events events_of(const arguments& given, std::string_view fallback = {}) const;
  [[nodiscard]] kpi_events events_at(const arguments& given, std::string_view argument,
                                     std::string_view fallback) const;
  [[nodiscard]] std::optional<std::int64_t> ticks_at(const arguments& given, std::string_view argument) const;
  [[nodiscard]] const label_column* labels_at(const arguments& given, std::string_view argument,
                                              std::string_view fallback) const;

  template <typename Make>
  [[nodiscard]] kpi_result by_slot_figures(std::vector<kpi_unit> units, quantity what, Make&& make) const {
    kpi_result found;
    found.what = what;
    const slotted_units slotted{std::move(units), frame_.slots().size()};
    found.slots.reserve(frame_.slots().size());
    for (std::size_t slot = 0; slot < frame_.slots().size(); ++slot) {
      found.slots.push_back(make(slotted.of(slot)));
    }
    return found;
  }
  [[nodiscard]] kpi_result totals(std::vector<kpi_unit> units, quantity what) const {
    return by_slot_figures(std::move(units), what, [](std::span<const kpi_unit> own) { return total_figure(own); });
  }
  [[nodiscard]] kpi_result ratios(std::vector<kpi_unit> units, bool share, quantity what) const {
    return by_slot_figures(std::move(units), what, [&](std::span<const kpi_unit> own) {
      return ratio_figure(own, share, frame_.options().intervals);
    });
  }
  /// The statistic `stat` of the units' x: mean, median, p90, max or quantile with `q`.
  [[nodiscard]] kpi_result statistic(std::vector<kpi_unit> units, const arguments& given, std::string_view fallback,
                                     quantity what) const;
  [[nodiscard]] static kpi_result absent(std::string missing) { return {.slots = {}, .missing = std::move(missing)}; }

  const kpi_frame& frame_;
  kpi_names names_;
  std::span<const kpi_definition> definitions_;
  const kpi_aggregates& aggregates_;
  bool from_aggregates_ = false;
  std::string id_ = {};
  std::vector<std::string> open_ = {};
  std::map<std::string, result> known_ = {};
};

inline kpi_evaluator::kpi_evaluator(const kpi_frame& frame, const journey_map* map,
                                    std::span<const kpi_definition> definitions, const kpi_aggregates& aggregates)
    : frame_(frame), names_(frame, map), definitions_(definitions), aggregates_(aggregates) {}

inline kpi_evaluator::arguments::arguments(const kpi_expression& call, const measure_spec& spec) : call_(call) {
  std::vector<kpi_expression> items = call.items;
  const bool variadic = !spec.positional.empty() && spec.positional.front() == "of…";
  if (variadic) {
    kpi_expression names = kpi_expression::of_list({});
    for (kpi_expression& item : items) {
      if (item.what == kpi_expression::kind::list) {
        names.items.insert(names.items.end(), item.items.begin(), item.items.end());
      } else {
        names.items.push_back(std::move(item));
      }
    }
    if (!names.items.empty()) {
      named_.emplace_back("of", std::move(names));
    }
  } else {
    if (items.size() == 1 && spec.positional.size() == 2 && items[0].what == kpi_expression::kind::list &&
        items[0].items.size() == 2) {
      items = std::vector<kpi_expression>{items[0].items};
    }
    if (items.size() > spec.positional.size()) {
      throw input_error(to_text(call) + ": " + std::string{spec.name} + " takes at most " +
                        std::to_string(spec.positional.size()) + " arguments by place");
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
      named_.emplace_back(std::string{spec.positional[i]}, std::move(items[i]));
    }
  }
  for (const auto& [name, value] : call.options) {
    if (find(name) != nullptr) {
      throw input_error(to_text(call) + ": " + quoted(name) + " is given by place and by name");
    }
    named_.emplace_back(name, value);
  }
}

inline const kpi_expression* kpi_evaluator::arguments::find(std::string_view name) const {
  for (const auto& [given, value] : named_) {
    if (given == name) {
      return &value;
    }
  }
  return nullptr;
}

inline const kpi_expression& kpi_evaluator::arguments::at(std::string_view name) const {
  if (const kpi_expression* found = find(name)) {
    return *found;
  }
  throw input_error(to_text(call_) + ": " + std::string{call_.text} + " needs " + quoted(name));
}

inline std::shared_ptr<const kpi_result> kpi_evaluator::measure(const kpi_definition& definition) {
  from_aggregates_ = definition.from_aggregates;
  id_ = definition.id;
  open_ = {definition.id};
  return evaluate(definition.measure);
}

inline kpi_evaluator::result kpi_evaluator::evaluate(const kpi_expression& expression) {
  if (expression.what == kpi_expression::kind::text) {
    return named(expression.text);
  }
  // What is read from aggregates may fall back on the figure's own id.
  const std::string key = (from_aggregates_ ? "aggregate " + id_ + " " : "") + to_text(expression);
  if (const auto found = known_.find(key); found != known_.end()) {
    return found->second;
  }
  result made;
  try {
    made = std::make_shared<const kpi_result>(fresh(expression));
  } catch (const kpi_absent& reason) {
    made = std::make_shared<const kpi_result>(absent(reason.missing));
  }
  known_.emplace(key, made);
  return made;
}

inline kpi_result kpi_evaluator::fresh(const kpi_expression& expression) {
  switch (expression.what) {
    case kpi_expression::kind::number: {
      kpi_result found;
      found.slots.assign(frame_.slots().size(), constant_figure(expression.number));
      return found;
    }
    case kpi_expression::kind::call:
      return is_operator(expression) ? operation(expression) : call(expression);
    default:
      throw input_error("the measure " + to_text(expression) + " is no figure; call a measure such as count(order)");
  }
}

inline kpi_evaluator::result kpi_evaluator::named(const std::string& name) {
  const auto found = std::find_if(definitions_.begin(), definitions_.end(),
                                  [&](const kpi_definition& definition) { return definition.id == name; });
  const auto& library = kpi_library();
  const auto other = std::find_if(library.begin(), library.end(),
                                  [&](const kpi_definition& definition) { return definition.id == name; });
  if (found == definitions_.end() && other == library.end()) {
    std::vector<std::string> known;
    for (const auto& definition : definitions_) {
      known.push_back(definition.id);
    }
    for (const auto& definition : library) {
      known.push_back(definition.id);
    }
    std::string message = "there is no key figure " + quoted(name);
    const auto near = similar_names(name, known);
    throw input_error(message + (near.empty() ? "" : "; did you mean " + quoted(near.front()) + "?"));
  }
  const kpi_definition& definition = found != definitions_.end() ? *found : *other;
  if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
    throw input_error("the key figure " + quoted(name) + " is measured by itself");
  }
  const bool outer_source = std::exchange(from_aggregates_, definition.from_aggregates);
  const std::string outer_id = std::exchange(id_, definition.id);
  open_.push_back(name);
  const result value = evaluate(definition.measure);
  open_.pop_back();
  from_aggregates_ = outer_source;
  id_ = outer_id;
  return value;
}

inline kpi_result kpi_evaluator::operation(const kpi_expression& expression) {
  if (expression.items.size() != 2) {
    throw input_error("the operator " + expression.text + " stands between two figures");
  }
  return combine(expression.text.front(), expression.items[0], expression.items[1]);
}

inline kpi_result kpi_evaluator::combine(char sign, const kpi_expression& a, const kpi_expression& b) {
  const result left = evaluate(a);
  const result right = evaluate(b);
  for (const auto& side : {left, right}) {
    if (!side->missing.empty()) {
      return absent(side->missing);
    }
  }
  kpi_result found;
  found.what = left->what == right->what && sign != '/' && sign != '*' ? left->what : quantity::plain;
  for (std::size_t slot = 0; slot < frame_.slots().size(); ++slot) {
    found.slots.push_back(combined(sign, left->slots[slot], right->slots[slot], frame_.options().intervals));
  }
  return found;
}

inline kpi_result kpi_evaluator::call(const kpi_expression& expression) {
  check_measure(expression);
  const measure_spec* spec = find_measure(expression.text);
  const arguments given{expression, *spec};
  const std::string_view name = spec->name;
  const auto is = [name](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (is({"ratio"})) {
    return combine('/', given.at("numerator"), given.at("denominator"));
  }
  if (from_aggregates_ && is({"sum", "mean", "last"})) {
    return aggregated(expression_name(given.at("column"), "a figure of the aggregates"), std::string{name});
  }
  if (is({"last"})) {
    return aggregated(expression_name(given.at("column"), "a figure of the aggregates"), "last");
  }
  if (is({"aggregate"})) {
    const kpi_expression* stat = given.find("stat");
    return aggregated(expression_name(given.at("name"), "a figure of the aggregates"),
                      stat == nullptr ? "sum" : expression_name(*stat, "stat"));
  }
  if (is({"count", "customers", "repeats"})) {
    return counted(given);
  }
  if (is({"sum", "mean", "median", "quantile", "maximum", "nps", "share_above", "share_at_least"})) {
    return column_figure(given);
  }
  if (is({"share"})) {
    return share_of(given);
  }
  if (is({"share_of_customers", "share_without", "channel_share", "k_factor"})) {
    return customers_share(given);
  }
  if (is({"share_of_events"})) {
    return events_share(given);
  }
  if (is({"duration", "share_between", "unanswered", "share_answered"})) {
    return paired(given);
  }
  if (is({"exposure", "exposure_effect"})) {
    return exposed(given);
  }
  if (is({"followed_by", "not_followed_by", "actions_before"})) {
    return followed(given);
  }
  if (is({"issues", "fcr", "repeat_contacts", "contacts_per_issue", "agents_per_issue", "issues_with"})) {
    return issue_figure(given);
  }
  return concentrated(given);
}

}  // namespace klantreis::detail

#include "klantreis/detail/kpi/evaluator_counts.hpp"
#include "klantreis/detail/kpi/evaluator_customers.hpp"
