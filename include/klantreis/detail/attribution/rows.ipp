// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "klantreis/attribution/rows.hpp"
#include "klantreis/detail/attribution/attribute.ipp"
#include "klantreis/detail/instants.hpp"

namespace klantreis {

namespace detail {

/// What the touches of one journey earn for conversions, and for value.
struct touch_rule {
  std::function<void(const touch_view&, std::span<double>)> conversion;
  std::function<void(const touch_view&, std::span<double>)> value;
  std::function<std::string(const touch_view&, std::size_t)> why;
  /// Credit of items that are on no path that converted, by code.
  std::vector<std::tuple<std::uint32_t, double, double>> elsewhere;
};

/// How often the item of touch i stands in its journey.
[[nodiscard]] inline double times_touched(const touch_view& touches, std::size_t i) {
  return static_cast<double>(std::count(touches.items.begin(), touches.items.end(), touches.items[i]));
}

/// By code of the item, what one conversion of a path with it earns the item.
struct allocated_parts {
  std::vector<double> part;

  void operator()(const touch_view& touches, std::span<double> parts) const {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      parts[i] = part[touches.items[i]] / times_touched(touches, i);
    }
  }
};

struct normalised_parts {
  std::vector<double> weight;

  void operator()(const touch_view& touches, std::span<double> parts) const {
    double sum = 0.0;
    double distinct = 0.0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const double times = times_touched(touches, i);
      parts[i] = (std::max)(0.0, weight[touches.items[i]]) / times;
      sum += parts[i];
      distinct += 1.0 / times;
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      parts[i] = sum > 0.0 ? parts[i] / sum : 1.0 / (distinct * times_touched(touches, i));
    }
  }
};

[[nodiscard]] inline bool credits_items_as_a_whole(const attribution_model& model) {
  return std::holds_alternative<markov_model>(model) || is_game_of_rates(model);
}

inline touch_rule rule_of_totals(const path_table& paths, const attribution_model& model, row_credit kind,
                                 attribution_options options) {
  if (const auto* chosen = std::get_if<markov_model>(&model); chosen != nullptr && !chosen->units.empty()) {
    throw input_error("credit by path is of single items; leave units out");
  }
  options.intervals = false;
  const credit_result found = credits_of_paths(paths, model, options);
  const std::size_t size = paths.names().size();
  std::vector<double> conversions(size, 0.0);
  std::vector<double> values(size, 0.0);
  std::vector<std::uint32_t> items;
  for (std::size_t p = 0; p < paths.size(); ++p) {
    if (paths.conversions()[p] > 0.0) {
      distinct_items(paths.path(p), items);
      for (const std::uint32_t item : items) {
        conversions[item] += paths.conversions()[p];
        values[item] += paths.values()[p];
      }
    }
  }
  touch_rule rule;
  allocated_parts by_conversion{std::vector<double>(size, 0.0)};
  allocated_parts by_value{std::vector<double>(size, 0.0)};
  normalised_parts weight{std::vector<double>(size, 0.0)};
  normalised_parts weight_value{std::vector<double>(size, 0.0)};
  std::vector<double> effect(size, null_value);
  for (const item_credit& row : found.items) {
    const std::uint32_t item = paths.names().find(row.name).value();
    const double credit = std::isnan(row.credit.value) ? 0.0 : row.credit.value;
    const double worth = found.has_values && !std::isnan(row.credit_value.value) ? row.credit_value.value : 0.0;
    effect[item] = row.removal_effect.value;
    weight.weight[item] = credit;
    weight_value.weight[item] = found.has_values ? worth : credit;
    by_conversion.part[item] = conversions[item] > 0.0 ? credit / conversions[item] : 0.0;
    by_value.part[item] = values[item] != 0.0 ? worth / values[item] : 0.0;
    const double left = conversions[item] > 0.0 ? 0.0 : credit;
    const double left_value = values[item] != 0.0 ? 0.0 : worth;
    if (kind == row_credit::allocated && (left != 0.0 || left_value != 0.0)) {
      rule.elsewhere.emplace_back(item, left, left_value);
    }
  }
  const std::string name = label_of(model);
  const std::string how = kind == row_credit::allocated
                              ? "; one conversion of a path with the item earns it "
                              : "; the items of the path share the conversion in proportion to their credit, which is ";
  const std::vector<double> shown = kind == row_credit::allocated ? by_conversion.part : weight.weight;
  rule.why = [effect, shown, how, name](const touch_view& touches, std::size_t i) {
    const std::uint32_t item = touches.items[i];
    std::string text = name;
    if (!std::isnan(effect[item])) {
      text += ": removal effect " + number_option(effect[item]);
    }
    text += how + number_option(shown[item]);
    const double times = times_touched(touches, i);
    return times > 1.0 ? text + ", shared by its " + number_option(times) + " touches" : text;
  };
  if (kind == row_credit::allocated) {
    rule.conversion = by_conversion;
    rule.value = by_value;
  } else {
    rule.conversion = weight;
    rule.value = weight_value;
  }
  return rule;
}

inline std::string words_of_rule(const attribution_model& model, const touch_view& touches, std::size_t i) {
  std::string text{entry_of(model).name};
  text += ": touch " + std::to_string(i + 1) + " of " + std::to_string(touches.items.size());
  if (!touches.ages.empty()) {
    text += ", " + number_option(touches.ages[i] / 86'400.0) + " days before the last touch";
  }
  return text;
}

/// A rule that splits single conversions; `make` gets the model and returns the rule.
template <typename Make>
touch_rule rule_of_touches(const attribution_model& model, Make&& make) {
  touch_rule rule;
  rule.conversion = std::visit(std::forward<Make>(make), model);
  rule.value = rule.conversion;
  rule.why = [model](const touch_view& touches, std::size_t i) { return words_of_rule(model, touches, i); };
  return rule;
}

using parts_function = std::function<void(const touch_view&, std::span<double>)>;

inline touch_rule rule_of_paths(const path_table& paths, const attribution_model& model, row_credit kind,
                                const attribution_options& options) {
  if (credits_items_as_a_whole(model)) {
    return rule_of_totals(paths, model, kind, options);
  }
  return rule_of_touches(model, [&](const auto& chosen) -> parts_function {
    using type = std::decay_t<decltype(chosen)>;
    if constexpr (is_learned<type>) {
      return learned_rule(chosen, paths);
    } else if constexpr (needs_times<type> || std::is_same_v<type, markov_model>) {
      throw input_error(std::string{entry_of(model).name} +
                        " needs the time of each touch, and a path table has none; use explain_credit on journeys, or "
                        "another model");
    } else {
      return rule_of(chosen, paths.names());
    }
  });
}

}  // namespace detail

KLANTREIS_INLINE std::string_view to_text(row_credit kind) noexcept {
  return kind == row_credit::allocated ? "allocated" : "normalised";
}

KLANTREIS_INLINE row_credit to_row_credit(std::string_view name) {
  for (const row_credit kind : {row_credit::allocated, row_credit::normalised}) {
    if (to_text(kind) == name) {
      return kind;
    }
  }
  throw input_error("rows is " + quoted(name) + "; choose one of allocated, normalised");
}

KLANTREIS_INLINE table credit_rows(const path_table& paths, const attribution_model& model, row_credit kind,
                                   const attribution_options& options) {
  const detail::touch_rule rule = detail::rule_of_paths(paths, model, kind, options);
  struct row {
    std::string path;
    std::string_view item;
    double credit;
    double value;
  };
  std::vector<row> rows;
  std::vector<double> parts;
  std::vector<double> value_parts;
  for (std::size_t p = 0; p < paths.size(); ++p) {
    const double conversions = paths.conversions()[p];
    const double value = paths.values()[p];
    if (conversions == 0.0 && value == 0.0) {
      continue;
    }
    const std::string text = join_path(paths.names(), paths.path(p));
    const detail::touch_view touches{.items = paths.path(p)};
    if (touches.items.empty()) {
      rows.push_back({text, unattributed_row, conversions, value});
      continue;
    }
    parts.assign(touches.items.size(), 0.0);
    value_parts.assign(touches.items.size(), 0.0);
    rule.conversion(touches, parts);
    rule.value(touches, value_parts);
    std::map<std::uint32_t, std::pair<double, double>> earned;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      auto& [credit, worth] = earned[touches.items[i]];
      credit += conversions * parts[i];
      worth += value * value_parts[i];
    }
    for (const auto& [item, credits] : earned) {
      rows.push_back({text, paths.names()[item], credits.first, credits.second});
    }
  }
  for (const auto& [item, credit, value] : rule.elsewhere) {
    rows.push_back({std::string{unattributed_row}, paths.names()[item], credit, value});
  }
  std::sort(rows.begin(), rows.end(), [](const row& a, const row& b) {
    const bool a_rest = a.path == unattributed_row;
    const bool b_rest = b.path == unattributed_row;
    return std::tie(a_rest, a.path, b.credit, a.item) < std::tie(b_rest, b.path, a.credit, b.item);
  });
  std::vector<std::string> texts;
  std::vector<std::string> items;
  std::vector<double> credit;
  std::vector<double> credit_value;
  for (row& one : rows) {
    texts.push_back(std::move(one.path));
    items.emplace_back(one.item);
    credit.push_back(one.credit);
    credit_value.push_back(one.value);
  }
  const bool whole = detail::credits_items_as_a_whole(model);
  table result{definition_of(model) + " By path: " +
               (!whole ? "each path shares out what it converted, and the sums over the paths are the credits."
                : kind == row_credit::allocated
                    ? "allocated, so that the sums over the paths are the credits of the items; a single path may get "
                      "more or less than it converted."
                    : "normalised, so that each path shares out what it converted; the sums over the paths differ from "
                      "the credits of the items.")};
  result.add("path", std::move(texts));
  result.add(paths.by(), std::move(items));
  result.add("credit", std::move(credit), quantity::count);
  if (paths.has_values()) {
    result.add("credit_value", std::move(credit_value), quantity::amount);
  }
  detail::set_model_options(result, model);
  result.set_option("by", paths.by());
  result.set_option("rows", std::string{whole ? to_text(kind) : "by rule"});
  return result;
}

KLANTREIS_INLINE table apply_model(const path_table& known, const path_table& other, const attribution_model& model,
                                   row_credit kind) {
  const auto numbers = [](std::span<const double> all) { return std::vector<double>(all.begin(), all.end()); };
  const std::vector<double> zeros(other.size(), 0.0);
  // Paths that nobody took in `known` teach nothing, but their items get a code.
  path_table learned = known.with_counts(numbers(known.conversions()), numbers(known.nulls()), numbers(known.values()));
  learned += other.with_counts(zeros, zeros, zeros);
  const detail::touch_rule rule = detail::rule_of_paths(learned, model, kind, {});
  std::vector<double> credit(learned.names().size(), 0.0);
  std::vector<double> credit_value(learned.names().size(), 0.0);
  double unattributed = 0.0;
  double unattributed_value = 0.0;
  std::vector<bool> seen(learned.names().size(), false);
  std::vector<std::uint32_t> codes;
  std::vector<double> parts;
  for (std::size_t p = 0; p < other.size(); ++p) {
    const double conversions = other.conversions()[p];
    const double value = other.values()[p];
    codes.clear();
    for (const std::uint32_t item : other.path(p)) {
      codes.push_back(learned.names().find(other.names()[item]).value());
      seen[codes.back()] = true;
    }
    if (codes.empty()) {
      unattributed += conversions;
      unattributed_value += value;
      continue;
    }
    if (conversions == 0.0 && value == 0.0) {
      continue;
    }
    parts.assign(codes.size(), 0.0);
    rule.conversion({.items = codes}, parts);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      credit[codes[i]] += conversions * parts[i];
    }
    parts.assign(codes.size(), 0.0);
    rule.value({.items = codes}, parts);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      credit_value[codes[i]] += value * parts[i];
    }
  }
  std::vector<std::uint32_t> order;
  for (std::uint32_t item = 0; item < seen.size(); ++item) {
    if (seen[item]) {
      order.push_back(item);
    }
  }
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return credit[a] != credit[b] ? credit[a] > credit[b] : learned.names()[a] < learned.names()[b];
  });
  std::vector<std::string> names;
  std::vector<double> credits;
  std::vector<double> values;
  for (const std::uint32_t item : order) {
    names.emplace_back(learned.names()[item]);
    credits.push_back(credit[item]);
    values.push_back(credit_value[item]);
  }
  if (unattributed != 0.0 || unattributed_value != 0.0) {
    names.emplace_back(unattributed_row);
    credits.push_back(unattributed);
    values.push_back(unattributed_value);
  }
  table result{definition_of(model) + " Learned from other journeys than those whose conversions are shared out here."};
  result.add(other.by(), std::move(names));
  result.add("credit", std::move(credits), quantity::count);
  if (other.has_values()) {
    result.add("credit_value", std::move(values), quantity::amount);
  }
  detail::set_model_options(result, model);
  result.set_option("by", other.by());
  result.set_option("rows", std::string{to_text(kind)});
  return result;
}

KLANTREIS_INLINE table explain_credit(const journey_set& journeys, std::string_view customer,
                                      const attribution_model& model, row_credit kind,
                                      const attribution_options& options) {
  detail::check_attributable(journeys);
  const auto number = journeys.log().find_customer(customer);
  if (!number) {
    throw input_error("there is no customer " + quoted(customer) + " in the log; give the id as it stands there");
  }
  const bool with_times = journeys.log().has_times();
  const detail::journey_source source{journeys, detail::path_options_of(options), with_times};
  const detail::touch_rule rule =
      std::visit(
          [&](const auto& chosen) -> bool {
            using type = std::decay_t<decltype(chosen)>;
            if constexpr (detail::needs_times<type>) {
              detail::check_times(journeys, model);
              return true;
            }
            return false;
          },
          model)
          ? detail::rule_of_touches(
                model,
                [&](const auto& chosen) -> detail::parts_function {
                  using type = std::decay_t<decltype(chosen)>;
                  if constexpr (std::is_same_v<type, additive_hazard>) {
                    return detail::hazard_rule{detail::hazard_fit{journeys, source}.run(chosen.iterations)};
                  } else if constexpr (std::is_same_v<type, time_decay>) {
                    return detail::rule_of(chosen, source.names());
                  } else {
                    return {};
                  }
                })
          : detail::rule_of_paths(credited_paths(journeys, options), model, kind, options);
  std::vector<std::int64_t> journey_numbers;
  std::vector<std::int64_t> positions;
  std::vector<std::string> items;
  std::vector<std::int64_t> moments;
  std::vector<double> part;
  std::vector<double> credit_value;
  std::vector<std::string> why;
  const auto offsets = journeys.customer_offsets();
  detail::journey_source::buffers space;
  std::vector<double> parts;
  std::vector<double> value_parts;
  const auto times = journeys.log().times();
  for (std::uint64_t j = offsets[*number]; j < offsets[*number + 1]; ++j) {
    const journey piece = journeys[j];
    if (!piece.is_conversion()) {
      continue;
    }
    const detail::touch_view touches = source.touches_of(offsets[*number], j, space);
    const auto add = [&](std::size_t position, std::string_view item, std::int64_t ticks, double share, double value,
                         std::string words) {
      journey_numbers.push_back(static_cast<std::int64_t>(j - offsets[*number] + 1));
      positions.push_back(static_cast<std::int64_t>(position));
      items.emplace_back(item);
      moments.push_back(
          with_times ? detail::to_instant(ticks, journeys.log().ticks_per_second()).time_since_epoch().count() : 0);
      part.push_back(share);
      credit_value.push_back(value);
      why.push_back(std::move(words));
    };
    if (touches.items.empty()) {
      add(0, unattributed_row, with_times ? times[piece.path_end < piece.end ? piece.path_end : piece.end - 1] : 0, 1.0,
          journeys.value(j), "no touch that may earn credit");
      continue;
    }
    parts.assign(touches.items.size(), 0.0);
    value_parts.assign(touches.items.size(), 0.0);
    rule.conversion(touches, parts);
    rule.value(touches, value_parts);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      add(i + 1, source.names()[touches.items[i]], with_times ? times[space.touches.events[i]] : 0, parts[i],
          journeys.value(j) * value_parts[i], rule.why(touches, i));
    }
  }
  table result{definition_of(model) +
               " One row for each touch of the customer's converting journeys; part is what the "
               "touch earned of that conversion."};
  result.add("journey", std::move(journey_numbers), quantity::count);
  result.add("position", std::move(positions), quantity::count);
  result.add(options.by, std::move(items));
  if (with_times) {
    result.add("time", std::move(moments), quantity::moment);
  }
  result.add("part", std::move(part), quantity::share);
  if (!journeys.log().values().empty()) {
    result.add("credit_value", std::move(credit_value), quantity::amount);
  }
  result.add("why", std::move(why));
  detail::set_model_options(result, model);
  result.set_option("by", options.by);
  result.set_option("customer", std::string{customer});
  return result;
}

}  // namespace klantreis
