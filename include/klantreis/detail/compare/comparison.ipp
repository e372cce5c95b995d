// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "klantreis/compare/comparison.hpp"
#include "klantreis/detail/compare/decomposition.hpp"
#include "klantreis/detail/compare/rates.hpp"
#include "klantreis/detail/compare/sample.hpp"
#include "klantreis/detail/compare/steps.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/rate_differences.hpp"

namespace klantreis {
namespace detail {

inline journey_group whole_group(const journey_set& journeys, std::string name) {
  return select_journeys(journeys, std::move(name));
}

/// Everything that `compare` returns.
class group_comparison {
 public:
  group_comparison(const journey_group& first, const journey_group& second, const compare_options& options)
      : first_(&first), second_(&second), options_(&options), sample_(first, second, options.by, options.collapse) {}

  [[nodiscard]] comparison result() const {
    comparison found;
    found.shared_customers = sample_.shared_customers();
    const rate_comparison all_rates(sample_, options_->intervals);
    found.rates = rates(all_rates);
    const change_decomposition change(sample_);
    found.parts = parts(change, all_rates);
    found.destinations = destinations(change);
    found.rows = rows();
    if (!options_->steps.empty()) {
      found.steps = funnel_differences(*first_, *second_, *options_);
      set_options(found.steps);
    }
    if (!options_->strata.empty()) {
      found.strata = stratum_differences(*first_, *second_, *options_);
      set_options(found.strata);
    }
    return found;
  }

 private:
  [[nodiscard]] table rates(const rate_comparison& all) const {
    std::vector<compared_rate> rows = all.rows();
    const std::vector<std::string> kinds{"conversion_rate", "value_per_journey", "exit_rate", "transition", "reach"};
    const auto rank = [&](const compared_rate& row) { return std::find(kinds.begin(), kinds.end(), row.rate); };
    std::sort(rows.begin(), rows.end(), [&](const compared_rate& a, const compared_rate& b) {
      if (a.rate != b.rate) {
        return rank(a) < rank(b);
      }
      if (before_by_p(a.p, b.p) || before_by_p(b.p, a.p)) {
        return before_by_p(a.p, b.p);
      }
      return a.from != b.from ? a.from < b.from : a.to < b.to;
    });
    table found{
        "Rates of the settled journeys of two groups; difference: second less first. conversion_rate: journeys that "
        "converted; exit_rate: visits of the item that were the last of a journey without conversion; transition: "
        "visits of from that went on to to; reach: customers who visited the item. Intervals and tests by customers; "
        "p_adjusted: Holm's, over all rows."};
    found.add("rate", column_of_texts(rows, [](const compared_rate& row) { return row.rate; }));
    found.add("from", column_of_texts(rows, [](const compared_rate& row) { return row.from; }));
    found.add("to", column_of_texts(rows, [](const compared_rate& row) { return row.to; }));
    add_differences(found, rows);
    set_options(found);
    return found;
  }

  [[nodiscard]] table parts(const change_decomposition& change, const rate_comparison& rates) const {
    const change_parts taken_apart = change.parts(options_->threads);
    const std::vector<change_part>& parts = taken_apart.conversion;
    const std::vector<change_part>& value_parts = taken_apart.value;
    std::vector<compared_rate> rows(parts.size());
    std::vector<compared_rate> values(value_parts.size());
    const auto find = [&](compared_rate& row, const change_part& part, std::uint32_t state) {
      row.from = state == sample_.size() ? "(total)" : std::string{sample_.name(state)};
      plain_change(row, part.part, part.variance, part.pooled, options_->intervals);
    };
    for (std::uint32_t state = 0; state < parts.size(); ++state) {
      find(rows[state], parts[state], state);
      if (!values.empty()) {
        find(values[state], value_parts[state], state);
        rows[state].change.marks |= values[state].change.marks;
      }
      for (std::size_t group = 0; group < 2 && state != sample_.size(); ++group) {
        if (rates.customers(group, state) < options_->intervals.min_n) {
          rows[state].change.marks |= mark::few_customers;
        }
      }
    }
    std::vector<std::size_t> order(sample_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      const double part_a = std::abs(parts[a].part);
      const double part_b = std::abs(parts[b].part);
      return part_a != part_b ? part_a > part_b : rows[a].from < rows[b].from;
    });
    // Holm's p values of the rows, none for the total.
    const auto adjusted = [&, items = order](const std::vector<compared_rate>& all) {
      std::vector<double> p = holm(column_of_numbers(items, [&](std::size_t at) { return all[at].p; }));
      p.push_back(null_value);
      return p;
    };
    order.push_back(sample_.size());
    const double total = parts[sample_.size()].part;
    table found{
        "The change of P(conversion) from the first group to the second, taken apart exactly: (start) is the mix of "
        "entries, every other row the change of what customers do next from the item. Accounting, not cause. "
        "p_adjusted: Holm's, over the rows but (total)." +
        std::string{values.empty() ? "" : " value_part: the same of the value of a journey."}};
    found.add("from", column_of_texts(order, [&](std::size_t at) { return rows[at].from; }));
    const auto changes = [&](const std::vector<compared_rate>& all) {
      std::vector<estimate> result;
      for (const std::size_t at : order) {
        result.push_back(all[at].change);
      }
      return result;
    };
    add_estimates(found, "part", changes(rows), quantity::share, true);
    found.add(
        "share",
        column_of_numbers(order, [&](std::size_t at) { return total != 0.0 ? parts[at].part / total : null_value; }),
        quantity::share);
    const auto visits = [&](std::size_t group) {
      return column_of_numbers(order, [&, group](std::size_t at) {
        return at == sample_.size() ? null_value : change.visits(group, static_cast<std::uint32_t>(at));
      });
    };
    found.add("visits_first", visits(0));
    found.add("visits_second", visits(1));
    found.add("p", column_of_numbers(order, [&](std::size_t at) { return rows[at].p; }));
    found.add("p_adjusted", adjusted(rows));
    if (!values.empty()) {
      add_estimates(found, "value_part", changes(values), quantity::amount);
      found.add("value_p", column_of_numbers(order, [&](std::size_t at) { return values[at].p; }));
      found.add("value_p_adjusted", adjusted(values));
    }
    found.add("n", column_of_counts(order, [&](std::size_t at) { return rows[at].change.n; }), quantity::count);
    found.add("marks", column_of_texts(order, [&](std::size_t at) { return to_text(rows[at].change.marks); }));
    set_options(found);
    return found;
  }

  [[nodiscard]] table destinations(const change_decomposition& change) const {
    std::vector<std::size_t> order(sample_.edges().size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const std::vector<double> part =
        column_of_numbers(order, [&](std::size_t edge) { return change.destination_part(edge); });
    const auto from = [&](std::size_t edge) { return sample_.name(sample_.edges()[edge].from); };
    const auto to = [&](std::size_t edge) { return sample_.name(sample_.edges()[edge].to); };
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      if (std::abs(part[a]) != std::abs(part[b])) {
        return std::abs(part[a]) > std::abs(part[b]);
      }
      return from(a) != from(b) ? from(a) < from(b) : to(a) < to(b);
    });
    const auto probability = [&](std::size_t group) {
      return column_of_numbers(order, [&, group](std::size_t edge) {
        return sample_[group].visits_state(sample_.edges()[edge].from) ? change.probability(group, edge) : null_value;
      });
    };
    table found{
        "The parts of the change of P(conversion) within each row: what each destination adds because more or fewer go "
        "there; a destination as good as the row's average counts 0."};
    found.add("from", column_of_texts(order, from));
    found.add("to", column_of_texts(order, to));
    found.add("first", probability(0), quantity::share);
    found.add("second", probability(1), quantity::share);
    found.add("part", column_of_numbers(order, [&](std::size_t edge) { return part[edge]; }), quantity::share);
    set_options(found);
    return found;
  }

  struct tested_row {
    std::uint32_t state = 0;
    homogeneity test = {};
    double n_first = 0.0;
    double n_second = 0.0;
  };

  [[nodiscard]] table rows() const {
    std::array<std::vector<std::vector<destination_count>>, 2> counts;
    std::array<std::vector<double>, 2> customers;
    for (std::size_t group = 0; group < 2; ++group) {
      counts[group].resize(sample_.size());
      customers[group].resize(sample_.size());
      const compared_group& own = sample_[group];
      for (std::size_t place = 0; place < own.customers.size(); ++place) {
        std::uint32_t last = sample_.size();
        for (const compared_entry& entry : own.of(place)) {
          const auto [from, to] = sample_.edges()[entry.edge];
          counts[group][from].push_back({own.customers[place], to, entry.count});
          customers[group][from] += from != last ? 1.0 : 0.0;
          last = from;
        }
      }
    }
    std::vector<tested_row> tests(sample_.size());
    const bool matched = sample_.shared_customers() > 0;
    const auto workers = static_cast<unsigned>(std::min<std::size_t>(worker_count(options_->threads), tests.size()));
    run_parallel(workers, [&](unsigned worker) {
      for (std::uint32_t state = worker; state < tests.size(); state += workers) {
        tests[state] = {state, homogeneity_test(counts[0][state], counts[1][state], matched), customers[0][state],
                        customers[1][state]};
      }
    });
    std::sort(tests.begin(), tests.end(), [&](const tested_row& a, const tested_row& b) {
      if (before_by_p(a.test.p, b.test.p) || before_by_p(b.test.p, a.test.p)) {
        return before_by_p(a.test.p, b.test.p);
      }
      return sample_.name(a.state) < sample_.name(b.state);
    });
    table found{
        "Whether customers of both groups go on from an item in the same way: G² of its row, corrected for visits of "
        "one customer that are alike (Rao and Scott). p_adjusted: Holm's, over all rows that can be tested."};
    found.add("from", column_of_texts(tests, [&](const tested_row& row) { return sample_.name(row.state); }));
    found.add("g2", column_of_numbers(tests, [](const tested_row& row) { return row.test.g2; }));
    found.add("df", column_of_numbers(tests, [](const tested_row& row) { return row.test.df; }));
    found.add("delta", column_of_numbers(tests, [](const tested_row& row) { return row.test.delta; }));
    found.add("f", column_of_numbers(tests, [](const tested_row& row) { return row.test.f; }));
    const std::vector<double> p = column_of_numbers(tests, [](const tested_row& row) { return row.test.p; });
    found.add("p", p);
    found.add("p_adjusted", holm(p));
    found.add("visits_first",
              column_of_counts(tests, [&](const tested_row& row) { return sample_.first().visits[row.state]; }),
              quantity::count);
    found.add("visits_second",
              column_of_counts(tests, [&](const tested_row& row) { return sample_.second().visits[row.state]; }),
              quantity::count);
    found.add("n_first", column_of_counts(tests, [](const tested_row& row) { return row.n_first; }), quantity::count);
    found.add("n_second", column_of_counts(tests, [](const tested_row& row) { return row.n_second; }), quantity::count);
    found.add("marks", column_of_texts(tests, [&](const tested_row& row) {
                const bool few = (std::min)(row.n_first, row.n_second) < options_->intervals.min_n;
                return to_text(few ? mark::few_customers : mark::none);
              }));
    set_options(found);
    return found;
  }

  void set_options(table& result) const {
    result.set_option("first", first_->name);
    result.set_option("second", second_->name);
    result.set_option("by", options_->by);
    result.set_option("collapse", options_->collapse || options_->by == "phase" ? "yes" : "no");
    result.set_option("customers", sample_.shared_customers() > 0 ? "matched by id" : "separate");
    for (const auto& [name, value] : cut_options(second_->journeys)) {
      result.set_option(name, value);
    }
    set_interval_options(result, options_->intervals);
  }

  const journey_group* first_;
  const journey_group* second_;
  const compare_options* options_;
  compared_sample sample_;
};

}  // namespace detail

KLANTREIS_INLINE comparison compare(const journey_group& first, const journey_group& second,
                                    const compare_options& options) {
  require_cut(first.journeys, "compare");
  require_cut(second.journeys, "compare");
  return detail::group_comparison{first, second, options}.result();
}

KLANTREIS_INLINE comparison compare(const journey_set& first, const journey_set& second,
                                    const compare_options& options) {
  return compare(detail::whole_group(first, "first"), detail::whole_group(second, "second"), options);
}

}  // namespace klantreis
