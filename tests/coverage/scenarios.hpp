// SPDX-License-Identifier: MIT
#pragma once

// The two populations of the coverage studies: customers whose journeys are Markov chains over the touchpoints A to D.
//
//   S1  one kind of customer, 1 + Poisson(0.5) journeys; D is rare
//   S2  four in five customers make 1 + Poisson(0.3) journeys, the others 1 + Poisson(4) by other rows, so that the
//       visits of one customer resemble each other and no chain of order 1 holds
//
// Truths are the large-sample values of the statistics, exact from expected counts; tests/data/statistics holds them.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "coverage/study.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/log.hpp"

namespace coverage {

using row = std::array<double, 7>;  // to (start), A, B, C, D, (conversion), (null)

struct kind_of_customer {
  double share;
  double more_journeys;  // mean of those after the first
  std::array<row, 5> rows;
};

inline const std::vector<kind_of_customer>& population(const std::string& scenario) {
  static const std::vector<kind_of_customer> s1{{1.0,
                                                 0.5,
                                                 {{{0, .50, .30, .17, .03, 0, 0},
                                                   {0, 0, .35, .10, .01, .12, .42},
                                                   {0, .15, 0, .20, .01, .22, .42},
                                                   {0, .10, .25, 0, .02, .15, .48},
                                                   {0, .2, .2, .1, 0, .1, .4}}}}};
  static const std::vector<kind_of_customer> s2{{.8,
                                                 .3,
                                                 {{{0, .60, .25, .12, .03, 0, 0},
                                                   {0, 0, .20, .10, .01, .05, .64},
                                                   {0, .15, 0, .10, .01, .12, .62},
                                                   {0, .10, .15, 0, .02, .10, .63},
                                                   {0, .2, .1, .1, 0, .1, .5}}}},
                                                {.2,
                                                 4.0,
                                                 {{{0, .20, .30, .45, .05, 0, 0},
                                                   {0, 0, .30, .30, .02, .05, .33},
                                                   {0, .20, 0, .40, .02, .35, .03},
                                                   {0, .20, .50, 0, .05, .15, .10},
                                                   {0, .3, .3, .2, 0, .1, .1}}}}};
  return scenario == "S1" ? s1 : s2;
}

/// The mean value of a conversion by the touchpoint before it; values are log-normal with σ = 0.6.
inline constexpr std::array<double, 5> mean_values{0.0, 40.0, 60.0, 80.0, 50.0};

/// Events of a sample. Journeys lie 100 days apart, so that a silence of more than a day ends one.
struct events {
  std::vector<std::int64_t> customers;
  std::vector<std::int64_t> times;  // microseconds
  std::vector<std::string> touchpoints;
  std::vector<double> values;
};

inline events draw_events(random& draw, const std::string& scenario, std::size_t customers) {
  static const std::array<std::string, 6> names{"(start)", "A", "B", "C", "D", "order"};
  constexpr std::int64_t minute = 60'000'000;
  constexpr std::int64_t day = 1440 * minute;
  const auto& kinds = population(scenario);
  events all;
  for (std::size_t customer = 0; customer < customers; ++customer) {
    const kind_of_customer& kind = kinds.size() == 1 || draw.chance(kinds[0].share) ? kinds[0] : kinds[1];
    const unsigned journeys = 1 + draw.poisson(kind.more_journeys);
    for (unsigned number = 0; number < journeys; ++number) {
      std::int64_t now = static_cast<std::int64_t>(number) * 100 * day;
      std::size_t at = 0;
      while (true) {
        double rest = draw.uniform();
        std::size_t to = 0;
        while (to < 6 && rest >= kind.rows[at][to]) {
          rest -= kind.rows[at][to++];
        }
        if (to == 6) {
          break;
        }
        now += minute;
        all.customers.push_back(static_cast<std::int64_t>(customer));
        all.times.push_back(now);
        all.touchpoints.push_back(names[to]);
        all.values.push_back(to == 5 ? mean_values[at] * std::exp(0.6 * draw.normal() - 0.18) : 0.0);
        if (to == 5) {
          break;
        }
        at = to;
      }
    }
  }
  return all;
}

inline klantreis::journey_set journeys_of(const events& all) {
  const auto log = klantreis::event_log::from_columns(
      std::span<const std::int64_t>{all.customers}, std::span<const std::int64_t>{all.times},
      std::span<const std::string>{all.touchpoints}, std::span<const double>{all.values}, {.threads = 1});
  return klantreis::make_journeys(log, {.conversion = {"order"}, .gap = std::chrono::days{1}, .threads = 1});
}

inline klantreis::journey_set draw_journeys(random& draw, const std::string& scenario, std::size_t customers) {
  return journeys_of(draw_events(draw, scenario, customers));
}

}  // namespace coverage
