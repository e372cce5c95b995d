// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "klantreis/detail/funnel/keyed.hpp"
#include "klantreis/detail/funnel/partial.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/funnel/predictors.hpp"

namespace klantreis {
namespace detail {

/// One family of properties: codes, and the customers of each who succeeded and who failed.
struct property_counts {
  std::vector<std::uint64_t> succeeded;
  std::vector<std::uint64_t> failed;

  void resize(std::size_t size) {
    succeeded.resize(size);
    failed.resize(size);
  }
  void add(std::size_t code, bool success) { ++(success ? succeeded : failed)[code]; }
  property_counts& operator+=(const property_counts& other) {
    add_each(succeeded, other.succeeded);
    add_each(failed, other.failed);
    return *this;
  }
};

struct predictor_partial {
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::vector<property_counts> kinds;  // events, previous, then the attributes

  predictor_partial& operator+=(const predictor_partial& other) {
    succeeded += other.succeeded;
    failed += other.failed;
    add_each(kinds, other.kinds);
    return *this;
  }
};

/// Follows the customers of a funnel and counts what they have.
class predictor_count {
 public:
  predictor_count(const funnel_plan& plan, const predictor_options& asked, std::size_t from, std::size_t to)
      : plan_(plan), asked_(asked), from_(from), to_(to), labels_(plan.log.labels("touchpoint")) {
    for (const std::string& name : asked.attributes) {
      attributes_.push_back(&plan.log.labels(name));
    }
  }

  [[nodiscard]] predictor_partial over(index_range customers) const {
    predictor_partial part;
    part.kinds.resize(2 + attributes_.size());
    part.kinds[0].resize(labels_.names.size());
    part.kinds[1].resize(labels_.names.size() + 1);  // the last: nothing before
    for (std::size_t i = 0; i < attributes_.size(); ++i) {
      part.kinds[2 + i].resize(attributes_[i]->names.size());
    }
    unit_follower follower{plan_};
    std::vector<std::size_t> seen(labels_.names.size(), 0);
    for (const std::size_t customer : each(customers)) {
      plan_.for_each_unit(customer, [&](std::size_t begin, std::size_t end) {
        const funnel_match& found = follower.follow(begin, end);
        if (found.excluded || (found.hit >> (from_ - 1) & 1U) == 0 || found.rows[from_ - 1] == no_row) {
          return;
        }
        const bool success = (found.hit >> (to_ - 1) & 1U) != 0;
        ++(success ? part.succeeded : part.failed);
        const auto row = static_cast<std::size_t>(found.rows[from_ - 1]);
        if (asked_.events) {
          const std::size_t last = success ? static_cast<std::size_t>(found.rows[to_ - 1]) : end;
          between(row, last, success, customer + 1, seen, part.kinds[0]);
        }
        if (asked_.previous) {
          part.kinds[1].add(row == begin ? labels_.names.size() : labels_.codes[row - 1], success);
        }
        for (std::size_t i = 0; i < attributes_.size(); ++i) {
          part.kinds[2 + i].add(attributes_[i]->codes[row], success);
        }
      });
    }
    return part;
  }

 private:
  void between(std::size_t row, std::size_t last, bool success, std::size_t mark, std::vector<std::size_t>& seen,
               property_counts& counts) const {
    const auto times = plan_.log.times();
    for (std::size_t event = row + 1; event < last; ++event) {
      if (plan_.is_timed) {
        if (times[event] == times[row]) {
          continue;
        }
        const bool late =
            success ? times[event] == times[last] : elapsed(times[event], times[row]) >= plan_.rules.window;
        if (late) {
          break;
        }
      }
      const std::uint32_t code = labels_.codes[event];
      if (seen[code] != mark && plan_.matcher.bits(event).steps == 0) {
        seen[code] = mark;
        counts.add(code, success);
      }
    }
  }

  const funnel_plan& plan_;
  const predictor_options& asked_;
  std::size_t from_;
  std::size_t to_;
  const label_column& labels_;
  std::vector<const label_column*> attributes_;
};

struct predictor_row {
  std::string kind;
  std::string name;
  fourfold counts;
  double p = null_value;
};

inline table predictors_table(const funnel_plan& plan, const predictor_options& asked) {
  const std::size_t to = asked.to_step == 0 ? plan.steps.size() : asked.to_step;
  if (plan.options.unit == funnel_unit::journey) {
    throw input_error("predictors are counted by customer: journeys of one customer are not independent");
  }
  if (plan.is_open() || plan.counts_steps_done()) {
    throw input_error("predictors lie between steps in order; this funnel has no order");
  }
  if (asked.from_step < 1 || asked.from_step >= to || to > plan.steps.size()) {
    throw input_error("predictors are asked from step " + std::to_string(asked.from_step) + " to step " +
                      std::to_string(to) + "; give two of the " + std::to_string(plan.steps.size()) +
                      " steps, the earlier one first");
  }
  const predictor_count counting{plan, asked, asked.from_step, to};
  const predictor_partial total = count_in_slices(plan.log.customers(), worker_count(plan.options.threads), 4096,
                                                  [&](index_range customers) { return counting.over(customers); });

  std::vector<predictor_row> rows;
  const label_column& touchpoints = plan.log.labels("touchpoint");
  for (std::size_t kind = 0; kind < total.kinds.size(); ++kind) {
    const property_counts& counts = total.kinds[kind];
    const name_table& names = kind < 2 ? touchpoints.names : plan.log.labels(asked.attributes[kind - 2]).names;
    for (std::size_t code = 0; code < counts.succeeded.size(); ++code) {
      const std::uint64_t with = counts.succeeded[code] + counts.failed[code];
      if (with == 0) {
        continue;
      }
      predictor_row row;
      row.kind = kind == 0 ? "event" : kind == 1 ? "previous" : asked.attributes[kind - 2];
      row.name =
          code < names.size() ? std::string{names[static_cast<name_table::code>(code)]} : std::string{start_state};
      row.counts = {counts.succeeded[code], counts.failed[code], total.succeeded - counts.succeeded[code],
                    total.failed - counts.failed[code]};
      // What everybody has, or a funnel that all or none complete, can tell nobody apart.
      if (with != total.succeeded + total.failed && total.succeeded != 0 && total.failed != 0) {
        row.p = fisher_exact(row.counts);
      }
      rows.push_back(std::move(row));
    }
  }
  std::sort(rows.begin(), rows.end(), [](const predictor_row& a, const predictor_row& b) {
    const double left = std::isnan(a.p) ? 2.0 : a.p;
    const double right = std::isnan(b.p) ? 2.0 : b.p;
    return left != right ? left < right : std::pair{a.kind, a.name} < std::pair{b.kind, b.name};
  });
  std::vector<double> p;
  for (const predictor_row& row : rows) {
    p.push_back(row.p);
  }
  const auto tested = std::count_if(p.begin(), p.end(), [](double one) { return !std::isnan(one); });

  std::vector<std::string> kinds;
  std::vector<std::string> names;
  std::array<std::vector<std::int64_t>, 4> cells;
  std::array<std::vector<double>, 5> numbers;
  std::vector<std::int64_t> n_column;
  std::vector<std::string> marks;
  const auto share = [](std::uint64_t part, std::uint64_t rest) {
    return part + rest == 0 ? null_value : static_cast<double>(part) / static_cast<double>(part + rest);
  };
  for (predictor_row& row : rows) {
    const fourfold& c = row.counts;
    const estimate odds = odds_ratio(c, plan.options.intervals);
    kinds.push_back(std::move(row.kind));
    names.push_back(std::move(row.name));
    const std::array counts{c.succeeded_with, c.failed_with, c.succeeded_without, c.failed_without};
    for (std::size_t i = 0; i < counts.size(); ++i) {
      cells[i].push_back(static_cast<std::int64_t>(counts[i]));
    }
    const std::array values{share(c.succeeded_with, c.failed_with), share(c.succeeded_without, c.failed_without),
                            odds.value, odds.lower, odds.upper};
    for (std::size_t i = 0; i < values.size(); ++i) {
      numbers[i].push_back(values[i]);
    }
    n_column.push_back(static_cast<std::int64_t>(odds.n));
    marks.push_back(to_text(odds.marks));
  }
  table result{
      plan.definition() + " Of the customers who reached step " + std::to_string(asked.from_step) +
      ", those who reached step " + std::to_string(to) +
      " are converted, the others lost. event: some such event, that fills no step, after the first of the two "
      "and before the other (the lost: within the window); previous: the event right before the first of the "
      "two; attributes: at that event. odds_ratio: odds of converting with it by those without it, each cell "
      "raised by one (PostHog); below 1 it goes with dropping off. p: Fisher's exact test, two-sided; p_holm, "
      "p_bh: adjusted over all rows. n: customers with it. Association is not effect."};
  result.add("kind", std::move(kinds));
  result.add("name", std::move(names));
  const std::array<const char*, 4> cell_names{"converted_with", "lost_with", "converted_without", "lost_without"};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    result.add(cell_names[i], std::move(cells[i]), quantity::count);
  }
  result.add("conversion_with", std::move(numbers[0]), quantity::share);
  result.add("conversion_without", std::move(numbers[1]), quantity::share);
  result.add("odds_ratio", std::move(numbers[2]));
  result.add("lower", std::move(numbers[3]));
  result.add("upper", std::move(numbers[4]));
  result.add("p_holm", holm(p));
  result.add("p_bh", benjamini_hochberg(p));
  result.add("p", std::move(p));
  result.add("n", std::move(n_column), quantity::count);
  result.add("marks", std::move(marks));
  set_funnel_options(result, plan);
  result.set_option("from_step", std::to_string(asked.from_step));
  result.set_option("to_step", std::to_string(to));
  result.set_option("converted", std::to_string(total.succeeded));
  result.set_option("lost", std::to_string(total.failed));
  result.set_option("tests", std::to_string(tested));
  result.set_option("skewed",
                    total.succeeded > 10 * total.failed || total.failed > 10 * total.succeeded ? "yes" : "no");
  return result;
}

}  // namespace detail

KLANTREIS_INLINE table predictors(const event_log& log, const std::vector<funnel_step>& steps,
                                  const predictor_options& asked, const funnel_options& options) {
  return detail::predictors_table(detail::funnel_plan{log, nullptr, steps, options}, asked);
}
KLANTREIS_INLINE table predictors(const journey_set& journeys, const std::vector<funnel_step>& steps,
                                  const predictor_options& asked, const funnel_options& options) {
  return detail::predictors_table(detail::funnel_plan{journeys.log(), &journeys, steps, options}, asked);
}

}  // namespace klantreis
