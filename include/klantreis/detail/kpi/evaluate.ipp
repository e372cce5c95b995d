// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/kpi/evaluator.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/kpi/evaluate.hpp"

namespace klantreis {
namespace detail {

inline constexpr std::string_view status_ok = "ok";
inline constexpr std::string_view status_off = "off";
inline constexpr std::string_view status_chance = "off, could be chance";
inline constexpr std::string_view status_too_little = "too little data";
inline constexpr std::string_view status_not_measured = "not measured";

/// Seconds in a unit of time, if it is one.
[[nodiscard]] inline std::optional<double> seconds_in(std::string_view unit) noexcept {
  constexpr std::pair<std::string_view, double> units[]{{"ms", 1e-3},  {"s", 1.0},     {"m", 60.0},    {"min", 60.0},
                                                        {"h", 3600.0}, {"d", 86400.0}, {"w", 604800.0}};
  for (const auto& [name, seconds] : units) {
    if (unit == name) {
      return seconds;
    }
  }
  return std::nullopt;
}

/// Lengths of time in the unit that the figure is shown in.
inline void show_in_unit(estimate& found, quantity what, const std::string& unit) noexcept {
  if (what != quantity::seconds) {
    return;
  }
  if (const auto seconds = seconds_in(unit)) {
    found.value /= *seconds;
    found.lower /= *seconds;
    found.upper /= *seconds;
  }
}

[[nodiscard]] inline std::string unit_of(const kpi_definition& definition, quantity what) {
  if (!definition.unit.empty()) {
    return definition.unit;
  }
  return what == quantity::seconds ? "s" : what == quantity::share ? "share" : "";
}

/// True when the value is as good as the target; what only rounding keeps from it counts as there.
[[nodiscard]] inline bool meets_target(double value, double target, kpi_direction direction) noexcept {
  const double slack = 1e-12 * (std::max)(1.0, std::abs(target));
  return direction == kpi_direction::up ? value >= target - slack : value <= target + slack;
}

[[nodiscard]] inline std::string_view kpi_verdict(const kpi_definition& definition, const kpi_figure& figure,
                                                  double too_few) {
  if (!definition.target || definition.direction == kpi_direction::none) {
    return "";
  }
  const estimate& found = figure.found;
  const bool sized = figure.degree == 0 && !figure.aggregate && !figure.constant;
  if (std::isnan(found.value) || (sized && found.n < too_few)) {
    return status_too_little;
  }
  if (meets_target(found.value, *definition.target, definition.direction)) {
    return status_ok;
  }
  const bool holds = found.lower <= *definition.target && *definition.target <= found.upper;
  return holds ? status_chance : status_off;
}

/// The definitions in use: those of the map, or of the library.
[[nodiscard]] inline std::vector<kpi_definition> figure_definitions(const journey_map* map) {
  return map != nullptr ? kpi_definitions(*map) : kpi_library();
}

[[nodiscard]] inline bool has_measure(const kpi_definition& definition) noexcept {
  return definition.measure.what != kpi_expression::kind::mapping || !definition.measure.options.empty();
}

struct figure_rows {
  std::array<std::vector<std::string>, 10>
      texts;  // kpi, phase, touchpoint, label, period, unit, direction, status, marks, note
  std::array<std::vector<double>, 5> numbers;  // value, lower, upper, target, gap
  std::vector<std::int64_t> n;
  std::vector<bool> complete;
};

[[nodiscard]] inline std::shared_ptr<const kpi_result> measure_or_absent(kpi_evaluator& evaluator,
                                                                         const kpi_definition& definition) {
  if (!has_measure(definition)) {
    return std::make_shared<const kpi_result>(
        kpi_result{.slots = {}, .missing = "neither the map nor the library says how to measure it"});
  }
  try {
    return evaluator.measure(definition);
  } catch (const limit_error&) {
    throw;
  } catch (const input_error& error) {
    throw input_error("key figure " + quoted(definition.id) + ": " + error.what());
  }
}

/// The definitions to show: all, or those that `select` names, also of the library.
[[nodiscard]] inline std::vector<const kpi_definition*> selected(std::span<const kpi_definition> definitions,
                                                                 const std::vector<std::string>& select) {
  std::vector<const kpi_definition*> chosen;
  if (select.empty()) {
    for (const kpi_definition& definition : definitions) {
      chosen.push_back(&definition);
    }
    return chosen;
  }
  for (const std::string& id : select) {
    const auto own =
        std::find_if(definitions.begin(), definitions.end(), [&](const auto& one) { return one.id == id; });
    const kpi_definition* found = own != definitions.end() ? &*own : find_in_library(id);
    if (found == nullptr) {
      std::vector<std::string> known;
      for (const kpi_definition& definition : definitions) {
        known.push_back(definition.id);
      }
      for (const kpi_definition& definition : kpi_library()) {
        known.push_back(definition.id);
      }
      const auto near = similar_names(id, known);
      throw input_error("there is no key figure " + quoted(id) +
                        (near.empty() ? "; the library and the map list those there are"
                                      : "; did you mean " + quoted(near.front()) + "?"));
    }
    chosen.push_back(found);
  }
  return chosen;
}

[[nodiscard]] inline table kpi_table(const journey_set& journeys, std::span<const kpi_definition> definitions,
                                     const kpi_aggregates& aggregates, const kpi_options& options, bool only_measured) {
  const kpi_frame frame{journeys, options, aggregates};
  kpi_evaluator evaluator{frame, journeys.log().map(), definitions, aggregates};
  const kpi_slots& slots = frame.slots();
  figure_rows rows;
  constexpr std::array<const char*, 3> directions{"", "up", "down"};
  for (const kpi_definition* one : selected(definitions, options.select)) {
    const kpi_definition& definition = *one;
    const auto found = measure_or_absent(evaluator, definition);
    const bool measured = found->missing.empty();
    if (!measured && only_measured) {
      continue;
    }
    const std::string unit = unit_of(definition, found->what);
    for (std::size_t slot = 0; slot < slots.size(); ++slot) {
      kpi_figure figure = measured ? found->slots[slot] : kpi_figure{};
      show_in_unit(figure.found, found->what, unit);
      const estimate& value = figure.found;
      const double target = definition.target.value_or(null_value);
      const std::size_t period = slot % slots.periods.size();
      const std::array<std::string, 10> texts{
          definition.id,
          definition.phase,
          definition.touchpoint,
          slots.groups[slot / slots.periods.size()],
          slots.periods[period],
          unit,
          directions[static_cast<std::size_t>(definition.direction)],
          std::string{measured ? kpi_verdict(definition, figure, options.too_few) : status_not_measured},
          measured ? to_text(value.marks) : std::string{},
          found->missing};
      for (std::size_t i = 0; i < texts.size(); ++i) {
        rows.texts[i].push_back(texts[i]);
      }
      const std::array<double, 5> numbers{value.value, value.lower, value.upper, target, value.value - target};
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        rows.numbers[i].push_back(numbers[i]);
      }
      rows.n.push_back(static_cast<std::int64_t>(value.n));
      rows.complete.push_back(slots.complete[period]);
    }
  }
  table result{
      "Key figures of all events up to the end of the observation. n: customers behind the figure. Intervals take "
      "customers as independent: Wilson's for shares of customers, influence values summed by customer for other "
      "figures; counts and sums are exact and have none. gap: value - target. status: off, could be chance: the "
      "interval holds the target; too little data: fewer customers than too_few. Differences between customers who "
      "met something and those who did not are associations, not effects."};
  result.add("kpi", std::move(rows.texts[0]));
  result.add("phase", std::move(rows.texts[1]));
  result.add("touchpoint", std::move(rows.texts[2]));
  if (!options.by.empty()) {
    // A figure has a phase and a touchpoint of its own; the label must not take their name.
    const bool taken = options.by == "phase" || options.by == "touchpoint" || options.by == "kpi";
    result.add(taken ? "by_" + options.by : options.by, std::move(rows.texts[3]));
  }
  if (options.period != kpi_period::none) {
    result.add("period", std::move(rows.texts[4]));
    result.add("complete", std::move(rows.complete));
  }
  result.add("value", std::move(rows.numbers[0]));
  result.add("n", std::move(rows.n), quantity::count);
  result.add("lower", std::move(rows.numbers[1]));
  result.add("upper", std::move(rows.numbers[2]));
  result.add("target", std::move(rows.numbers[3]));
  result.add("gap", std::move(rows.numbers[4]));
  result.add("status", std::move(rows.texts[7]));
  result.add("unit", std::move(rows.texts[5]));
  result.add("direction", std::move(rows.texts[6]));
  result.add("marks", std::move(rows.texts[8]));
  result.add("note", std::move(rows.texts[9]));
  for (const auto& [name, value] : cut_options(journeys)) {
    if (name != "gap" && name != "after_conversion") {
      result.set_option(name, value);
    }
  }
  if (!options.by.empty()) {
    result.set_option("by", options.by);
    result.set_option("by_unit", slots.by_customer ? "customer" : "event");
  }
  constexpr std::array<const char*, 4> periods{"none", "day", "week", "month"};
  if (options.period != kpi_period::none) {
    result.set_option("period", std::string{periods[static_cast<std::size_t>(options.period)]} + " (UTC)");
  }
  set_interval_options(result, options.intervals);
  result.set_option("too_few", number_text(options.too_few));
  return result;
}

}  // namespace detail

KLANTREIS_INLINE kpi_aggregates read_aggregates(ArrowArrayStream* stream, const kpi_aggregate_columns& columns) {
  arrow_reader reader{stream};
  kpi_aggregates result;
  while (const auto batch = reader.next()) {
    const column_view dates = batch->column(columns.date);
    const column_view kpis = batch->column(columns.kpi);
    const column_view values = batch->column(columns.value);
    const column_view channels = columns.channel.empty() ? column_view{} : batch->column(columns.channel);
    if (dates.kind() != column_kind::timestamp && dates.kind() != column_kind::date) {
      throw input_error("column " + quoted(columns.date) +
                        " of the aggregates holds no dates; give dates or timestamps");
    }
    std::vector<std::int64_t> ticks(dates.size());
    std::vector<double> numbers(values.size());
    dates.integers(ticks.data());
    values.numbers(numbers.data());
    const std::int64_t per_second = dates.ticks_per_second();
    for (std::size_t row = 0; row < numbers.size(); ++row) {
      if (dates.is_null(row)) {
        throw input_error("row " + std::to_string(result.size()) + " of the aggregates (counted from 0) has no date");
      }
      if (std::isnan(numbers[row])) {
        continue;
      }
      result.dates.push_back(detail::to_instant(ticks[row], per_second).time_since_epoch().count());
      result.kpis.emplace_back(kpis.text(row));
      result.channels.emplace_back(channels ? channels.text(row) : std::string_view{});
      result.values.push_back(numbers[row]);
    }
  }
  return result;
}

KLANTREIS_INLINE table kpis(const journey_set& journeys, std::span<const kpi_definition> definitions,
                            const kpi_aggregates& aggregates, const kpi_options& options) {
  return detail::kpi_table(journeys, definitions, aggregates, options, false);
}

KLANTREIS_INLINE table kpis(const journey_set& journeys, const kpi_aggregates& aggregates, const kpi_options& options) {
  const journey_map* map = journeys.log().map();
  return detail::kpi_table(journeys, detail::figure_definitions(map), aggregates, options,
                           map == nullptr && options.select.empty());
}

KLANTREIS_INLINE table benchmarks(const journey_set& journeys, const kpi_aggregates& aggregates,
                                  const kpi_options& options) {
  const journey_map* map = journeys.log().map();
  if (map == nullptr) {
    throw input_error("benchmarks stand in a map and this log has none; read it with map=");
  }
  kpi_options whole = options;
  whole.by.clear();
  whole.period = kpi_period::none;
  const detail::kpi_frame frame{journeys, whole, aggregates};
  const std::vector<kpi_definition> definitions = kpi_definitions(*map);
  detail::kpi_evaluator evaluator{frame, map, definitions, aggregates};
  std::array<std::vector<std::string>, 5> texts;  // benchmark, within, source, marks, note
  std::array<std::vector<double>, 5> numbers;     // value, measured, lower, upper, gap
  std::vector<std::int64_t> n;
  for (const map_benchmark& benchmark : map->benchmarks) {
    kpi_definition definition;
    definition.id = benchmark.id;
    definition.unit = benchmark.unit;
    std::string missing = "the benchmark says not how it is measured";
    estimate found;
    if (!benchmark.measured_as.is_null()) {
      definition.measure = measure_from_json(benchmark.measured_as, "benchmarks." + benchmark.id + ".measured_as");
      const auto measured = detail::measure_or_absent(evaluator, definition);
      missing = measured->missing;
      if (missing.empty() && !measured->slots.empty()) {
        found = measured->slots.front().found;
        detail::show_in_unit(found, measured->what, benchmark.unit);
      }
    }
    const bool has_bounds = !found.bounds().is_null();
    texts[0].push_back(benchmark.id);
    texts[1].emplace_back(!has_bounds                                                        ? ""
                          : found.lower <= benchmark.value && benchmark.value <= found.upper ? "yes"
                                                                                             : "no");
    texts[2].push_back(benchmark.source);
    texts[3].push_back(missing.empty() ? to_text(found.marks) : "");
    texts[4].push_back(missing);
    const std::array<double, 5> row{benchmark.value, found.value, found.lower, found.upper,
                                    found.value - benchmark.value};
    for (std::size_t i = 0; i < row.size(); ++i) {
      numbers[i].push_back(row[i]);
    }
    n.push_back(static_cast<std::int64_t>(found.n));
  }
  table result{
      "Benchmarks from elsewhere beside what was measured here; they enter no figure. gap: measured - value. within: "
      "whether the interval of what was measured holds the benchmark."};
  result.add("benchmark", std::move(texts[0]));
  result.add("value", std::move(numbers[0]));
  result.add("measured", std::move(numbers[1]));
  result.add("n", std::move(n), quantity::count);
  result.add("lower", std::move(numbers[2]));
  result.add("upper", std::move(numbers[3]));
  result.add("gap", std::move(numbers[4]));
  result.add("within", std::move(texts[1]));
  result.add("source", std::move(texts[2]));
  result.add("marks", std::move(texts[3]));
  result.add("note", std::move(texts[4]));
  detail::set_interval_options(result, options.intervals);
  return result;
}

KLANTREIS_INLINE table attention(const table& figures, const journey_map* map) {
  const auto& values = figures.numbers("value");
  const auto& targets = figures.numbers("target");
  const auto& status = figures.texts("status");
  const auto& directions = figures.texts("direction");
  std::vector<double> miss(figures.rows(), null_value);
  std::vector<std::size_t> order;
  for (std::size_t row = 0; row < figures.rows(); ++row) {
    const bool judged = status[row] == detail::status_off || status[row] == detail::status_chance ||
                        status[row] == detail::status_too_little;
    if (!judged || std::isnan(values[row])) {
      continue;
    }
    const auto direction = directions[row] == "up" ? kpi_direction::up : kpi_direction::down;
    if (detail::meets_target(values[row], targets[row], direction)) {
      continue;
    }
    const double distance = std::abs(values[row] - targets[row]);
    miss[row] = targets[row] == 0.0 ? distance : distance / std::abs(targets[row]);
    order.push_back(row);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return miss[a] > miss[b]; });
  std::vector<std::int64_t> ranks;
  std::vector<double> misses;
  std::vector<std::string> advice;
  std::vector<std::string> owners;
  const auto& phases = figures.texts("phase");
  const auto& touchpoints = figures.texts("touchpoint");
  for (const std::size_t row : order) {
    ranks.push_back(static_cast<std::int64_t>(ranks.size() + 1));
    misses.push_back(miss[row]);
    advice.emplace_back(status[row] == detail::status_off ? "improve now" : "research more");
    std::string owner;
    if (map != nullptr) {
      if (const auto* touchpoint = find_item(map->touchpoints, touchpoints[row])) {
        owner = touchpoint->owner;
      }
      if (const auto* phase = find_item(map->phases, phases[row]); phase != nullptr && owner.empty()) {
        owner = phase->owner;
      }
    }
    owners.push_back(std::move(owner));
  }
  table result{
      "Key figures off target, worst first. miss: distance to the target as a part of the target. advice: improve now "
      "where the interval excludes the target; research more where it holds the target or too few customers stand "
      "behind the figure."};
  result.add("rank", std::move(ranks), quantity::count);
  const table chosen = figures.take(order);
  for (const column& one : chosen.columns()) {
    if (one.name == "marks" || one.name == "note" || one.name == "status") {
      continue;
    }
    result.add(one.name, one.data, one.what);
    if (one.name == "gap") {
      result.add("miss", misses, quantity::share);
    }
  }
  result.add("status", chosen.at("status").data);
  result.add("advice", std::move(advice));
  result.add("owner", std::move(owners));
  for (const auto& [name, value] : figures.options()) {
    result.set_option(name, value);
  }
  return result;
}

KLANTREIS_INLINE table phase_scores(const table& figures) {
  struct tally {
    std::string phase;
    std::int64_t judged = 0;
    std::int64_t good = 0;
    std::string left_out;
  };
  std::vector<tally> tallies;
  const auto& ids = figures.texts("kpi");
  const auto& phases = figures.texts("phase");
  const auto& status = figures.texts("status");
  for (std::size_t row = 0; row < figures.rows(); ++row) {
    if (phases[row].empty()) {
      continue;
    }
    std::size_t begin = 0;
    while (begin <= phases[row].size()) {
      const std::size_t end = (std::min)(phases[row].find(", ", begin), phases[row].size());
      const std::string phase = phases[row].substr(begin, end - begin);
      begin = end + 2;
      auto own = std::find_if(tallies.begin(), tallies.end(), [&](const tally& one) { return one.phase == phase; });
      if (own == tallies.end()) {
        tallies.push_back({phase, 0, 0, {}});
        own = tallies.end() - 1;
      }
      if (status[row] == detail::status_ok) {
        ++own->good;
        ++own->judged;
      } else if (status[row] == detail::status_off || status[row] == detail::status_chance) {
        ++own->judged;
      } else {
        detail::append_place(own->left_out, ids[row]);
      }
    }
  }
  std::array<std::vector<std::string>, 2> texts;
  std::vector<double> scores;
  std::array<std::vector<std::int64_t>, 2> counts;
  for (tally& one : tallies) {
    texts[0].push_back(one.phase);
    texts[1].push_back(std::move(one.left_out));
    scores.push_back(one.judged == 0 ? null_value
                                     : 100.0 * static_cast<double>(one.good) / static_cast<double>(one.judged));
    counts[0].push_back(one.judged);
    counts[1].push_back(one.good);
  }
  table result{
      "How far the targets of each phase are met: 100 x figures on target / figures with a verdict. Figures without a "
      "verdict (no target, too little data, not measured) are left out and named."};
  result.add("phase", std::move(texts[0]));
  result.add("score", std::move(scores));
  result.add("kpis", std::move(counts[0]), quantity::count);
  result.add("on_target", std::move(counts[1]), quantity::count);
  result.add("left_out", std::move(texts[1]));
  return result;
}

}  // namespace klantreis
