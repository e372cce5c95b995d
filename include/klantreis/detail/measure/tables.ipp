// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <set>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/measure/phases.hpp"

namespace klantreis {
namespace detail {

/// The mean of all answers, with an interval by customers: ψ_u = (Σs_u − mean·a_u)/Σa.
inline estimate mean_feeling(const std::vector<std::pair<double, double>>& feelings,
                             const interval_options& intervals) {
  double sum = 0.0;
  double answers = 0.0;
  for (const auto& [own, number] : feelings) {
    sum += own;
    answers += number;
  }
  if (answers == 0.0) {
    estimate none;
    none.marks = intervals.min_n > 0.0 ? mark::few_customers : mark::none;
    return none;
  }
  const double mean = sum / answers;
  influence_sum influence;
  for (const auto& [own, number] : feelings) {
    influence.add((own - mean * number) / answers);
  }
  estimate result = influence.plain_interval(mean, intervals);
  // The scale has ends, and so has the mean.
  result.lower = (std::max)(result.lower, -2.0);
  result.upper = (std::min)(result.upper, 2.0);
  return result;
}

inline double answers_of(const measure_counts::item& item) {
  double answers = 0.0;
  for (const auto& [own, number] : item.feelings) {
    answers += number;
  }
  return answers;
}

inline void set_options(table& result, const measure_counts& counts, const interval_options& intervals) {
  for (const auto& [name, value] : counts.options()) {
    result.set_option(name, value);
  }
  set_interval_options(result, intervals);
}

inline std::string label_of(const measure_counts& counts) {
  return counts.by().empty() ? std::string{"phase"} : counts.by();
}

using item_count = std::uint64_t measure_counts::item::*;

inline void add_count(table& result, const measure_counts& counts, const char* name, item_count member) {
  std::vector<std::int64_t> values;
  for (const auto& item : counts.items()) {
    values.push_back(static_cast<std::int64_t>(item.*member));
  }
  result.add(name, std::move(values), quantity::count);
}

inline void add_labels(table& result, const measure_counts& counts) {
  std::vector<std::string> labels;
  std::vector<std::string> phases;
  for (const auto& item : counts.items()) {
    labels.push_back(item.name);
    phases.push_back(item.phase);
  }
  const std::string by = label_of(counts);
  result.add(by, std::move(labels));
  if (by != "phase") {
    result.add("phase", std::move(phases));
  }
}

}  // namespace detail

KLANTREIS_INLINE table measured_items(const measure_counts& counts, const interval_options& intervals) {
  detail::estimate_columns rates;
  std::vector<std::int64_t> exits;
  std::vector<double> median_time;
  std::vector<double> expected;
  std::vector<double> felt;
  std::vector<bool> measured;
  std::vector<double> seconds;
  for (const auto& item : counts.items()) {
    rates.add(rate_interval(item.settled_visits, item.leavings, intervals));
    exits.push_back(static_cast<std::int64_t>(item.left + item.at_rest));
    seconds.clear();
    for (const std::int64_t ticks : item.ticks) {
      seconds.push_back(static_cast<double>(ticks) / static_cast<double>(counts.ticks_per_second()));
    }
    median_time.push_back(quantile(seconds, 0.5));
    expected.push_back(item.emotion);
    felt.push_back(detail::mean_feeling(item.feelings, intervals).value);
    measured.push_back(item.measured);
  }
  const std::string by = detail::label_of(counts);
  table result{
      "The designed journey, measured on journeys that go on after a conversion. reach: customers who were here; "
      "entries: journeys that begin here; visits: " +
      std::string{by == "phase" ? "runs of events in the phase" : "events"} +
      "; passed: customers who were in a later phase afterwards; back, skips: visits followed by one of an earlier "
      "phase, or by one beyond a phase between; left, at_rest: settled journeys that end here without and with a "
      "conversion before; exits: both; exit_rate: left / visits of settled journeys, with an interval by customers, of "
      "whom there are n; median_time: seconds from the beginning of a visit to that of the next; emotion_expected, "
      "emotion_measured: from -2 to 2, the latter the mean of the answers, whose lowest counts -2 and highest 2; open: "
      "journeys that are here and whose end is not yet known."};
  detail::set_options(result, counts, intervals);
  detail::add_labels(result, counts);
  using item = measure_counts::item;
  detail::add_count(result, counts, "reach", &item::reach);
  detail::add_count(result, counts, "entries", &item::entries);
  detail::add_count(result, counts, "visits", &item::visits);
  detail::add_count(result, counts, "passed", &item::passed);
  detail::add_count(result, counts, "back", &item::back);
  detail::add_count(result, counts, "skips", &item::skips);
  detail::add_count(result, counts, "left", &item::left);
  detail::add_count(result, counts, "at_rest", &item::at_rest);
  result.add("exits", std::move(exits), quantity::count);
  result.add("exit_rate", std::move(rates.value), quantity::share);
  result.add("lower", std::move(rates.lower), quantity::share);
  result.add("upper", std::move(rates.upper), quantity::share);
  result.add("median_time", std::move(median_time), quantity::seconds);
  result.add("emotion_expected", std::move(expected));
  result.add("emotion_measured", std::move(felt));
  result.add("n", std::move(rates.n), quantity::count);
  result.add("marks", std::move(rates.marks));
  detail::add_count(result, counts, "open", &item::open);
  result.add("measured", std::move(measured));
  return result;
}

KLANTREIS_INLINE table attrition(const measure_counts& counts, const interval_options& intervals) {
  detail::estimate_columns shares;
  for (const auto& item : counts.items()) {
    shares.add(detail::share_of_customers(item.reach, counts.customers(), intervals));
  }
  table result{
      "How customers become fewer. reach: customers who were here; share: of the n customers of the journey, with "
      "Wilson's interval; passed: customers who were in a later phase afterwards; skipped: customers who were in a "
      "later phase without having been here; gone: customers whose last journey ended here; open: customers whose last "
      "journey is still here."};
  detail::set_options(result, counts, intervals);
  detail::add_labels(result, counts);
  using item = measure_counts::item;
  detail::add_count(result, counts, "reach", &item::reach);
  result.add("share", std::move(shares.value), quantity::share);
  result.add("lower", std::move(shares.lower), quantity::share);
  result.add("upper", std::move(shares.upper), quantity::share);
  detail::add_count(result, counts, "passed", &item::passed);
  detail::add_count(result, counts, "skipped", &item::skipped);
  detail::add_count(result, counts, "gone", &item::gone);
  detail::add_count(result, counts, "open", &item::waiting);
  result.add("n", std::move(shares.n), quantity::count);
  result.add("marks", std::move(shares.marks));
  return result;
}

KLANTREIS_INLINE table emotions(const measure_counts& counts, const interval_options& intervals) {
  detail::estimate_columns felt;
  std::vector<double> expected;
  std::vector<double> gap;
  std::vector<std::int64_t> answers;
  std::vector<std::string> status;
  for (const auto& item : counts.items()) {
    estimate mean = detail::mean_feeling(item.feelings, intervals);
    mean.n = static_cast<double>(item.feelings.size());
    felt.add(mean);
    expected.push_back(item.emotion);
    gap.push_back(mean.value - item.emotion);
    answers.push_back(static_cast<std::int64_t>(detail::answers_of(item)));
    status.emplace_back(mean.is_null()               ? "not measured"
                        : std::isnan(item.emotion)   ? "no expectation"
                        : mean.n < intervals.min_n   ? "too little data"
                        : mean.value >= item.emotion ? "ok"
                        : mean.upper < item.emotion  ? "off"
                                                     : "off, could be chance");
  }
  table result{
      "How customers feel, from -2 to 2. measured: mean of the answers, whose lowest counts -2 and highest 2, with an "
      "interval by customers; gap: measured - expected; answers: their number, n: the customers who gave them."};
  detail::set_options(result, counts, intervals);
  detail::add_labels(result, counts);
  result.add("expected", std::move(expected));
  result.add("measured", std::move(felt.value));
  result.add("lower", std::move(felt.lower));
  result.add("upper", std::move(felt.upper));
  result.add("gap", std::move(gap));
  result.add("answers", std::move(answers), quantity::count);
  result.add("n", std::move(felt.n), quantity::count);
  result.add("status", std::move(status));
  result.add("marks", std::move(felt.marks));
  return result;
}

KLANTREIS_INLINE table design_scores(const journey_design& design, const std::vector<kpi_status>& kpis,
                                     const table* emotions) {
  struct tally {
    std::int64_t reached = 0;
    std::int64_t targets = 0;
    std::string left_out;

    void add(const std::string& name, std::string_view status) {
      if (status == "ok") {
        ++reached;
        ++targets;
      } else if (status.starts_with("off")) {
        ++targets;
      } else {
        left_out += (left_out.empty() ? "" : ", ") + name;
      }
    }
  };
  std::vector<tally> tallies(design.phases.size());
  for (const kpi_status& kpi : kpis) {
    auto place = design.find_phase(kpi.phase);
    if (!place) {
      place = detail::phase_of_label(design, kpi.phase);
    }
    if (!place) {
      throw input_error("the KPI " + quoted(kpi.kpi) + " stands in the phase " + quoted(kpi.phase) +
                        ", which the design does not have; it has " + detail::phases_option(design));
    }
    tallies[*place].add(kpi.kpi, kpi.status);
  }
  if (emotions != nullptr) {
    const auto& names = emotions->texts("phase");
    const auto& status = emotions->texts("status");
    const auto& expected = emotions->numbers("expected");
    for (std::size_t row = 0; row < names.size(); ++row) {
      const auto place = design.find_phase(names[row]);
      if (place && !std::isnan(expected[row])) {
        tallies[*place].add("emotion", status[row]);
      }
    }
  }
  std::vector<std::string> phases;
  std::vector<double> scores;
  std::vector<std::int64_t> reached;
  std::vector<std::int64_t> targets;
  std::vector<std::string> left_out;
  for (std::size_t place = 0; place < tallies.size(); ++place) {
    const tally& one = tallies[place];
    phases.push_back(design.phases[place].name);
    scores.push_back(one.targets == 0 ? null_value
                                      : 100.0 * static_cast<double>(one.reached) / static_cast<double>(one.targets));
    reached.push_back(one.reached);
    targets.push_back(one.targets);
    left_out.push_back(one.left_out);
  }
  table result{
      "score: of the targets of the phase that could be measured, the share that is reached, times 100; targets: KPIs "
      "with a target and the expected emotion; left_out: what could not be measured or judged."};
  result.set_option("level", design.level);
  result.add("phase", std::move(phases));
  result.add("score", std::move(scores));
  result.add("reached", std::move(reached), quantity::count);
  result.add("targets", std::move(targets), quantity::count);
  result.add("left_out", std::move(left_out));
  return result;
}

}  // namespace klantreis
