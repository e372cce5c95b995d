// SPDX-License-Identifier: MIT
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#ifdef __linux__
#include <sys/resource.h>
#endif

#include "klantreis/funnel.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/log.hpp"
#include "klantreis/patterns.hpp"
#include "klantreis/transitions.hpp"

using namespace klantreis;

namespace {

/// Journeys of four events; every touchpoint occurs, small numbers more often.
struct shop {
  std::uint32_t touchpoints = 0;
  std::vector<std::vector<std::uint32_t>> journeys;

  explicit shop(std::uint32_t count) : touchpoints(count) {
    std::mt19937_64 random{count};
    const std::size_t events = (std::max)(std::size_t{40'000}, std::size_t{count} + 100'000);
    for (std::size_t event = 0; event < events; event += 4) {
      std::vector<std::uint32_t>& journey = journeys.emplace_back();
      for (std::size_t i = event; i < event + 4; ++i) {
        journey.push_back(static_cast<std::uint32_t>(i < count ? i : random() % (random() % count + 1)));
      }
      std::shuffle(journey.begin(), journey.end(), random);
    }
  }

  [[nodiscard]] std::string name(std::uint32_t touchpoint) const { return "page/" + std::to_string(touchpoint); }

  [[nodiscard]] event_log log(unsigned threads) const {
    std::vector<std::int64_t> customers, times;
    std::vector<std::string> names;
    for (std::int64_t step = 0; step < 4; ++step) {
      for (std::size_t j = 0; j < journeys.size(); ++j) {
        customers.push_back(static_cast<std::int64_t>(j * 2'654'435'761U % 4'294'967'296U));
        times.push_back(step);
        names.push_back(name(journeys[j][static_cast<std::size_t>(step)]));
      }
    }
    return event_log::from_columns(std::span<const std::int64_t>{customers}, times, std::span<const std::string>{names},
                                   {}, {.threads = threads});
  }
};

/// The most memory this program held so far, in bytes; 0 where nobody knows.
std::size_t peak_memory() {
#ifdef __linux__
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
#else
  return 0;
#endif
}

}  // namespace

TEST_CASE("2 to a million touchpoints are counted right in memory that grows with what occurs", "[log][transitions]") {
  for (const std::uint32_t touchpoints : {2U, 200U, 100'000U, 1'000'000U}) {
    CAPTURE(touchpoints);
    const shop given{touchpoints};
    const auto log = given.log(2);
    CHECK(log.touchpoint_names().size() == touchpoints);
    CHECK(log.events() == 4 * given.journeys.size());
    const auto journeys = make_journeys(log, {.threads = 2});

    std::map<std::pair<std::string, std::string>, double> edges;
    std::map<std::pair<std::int64_t, std::string>, std::int64_t> places;
    std::map<std::vector<std::uint32_t>, std::int64_t> paths;
    std::vector<std::int64_t> reached(2);
    for (const auto& journey : given.journeys) {
      ++edges[{std::string{start_state}, given.name(journey[0])}];
      ++edges[{given.name(journey[3]), std::string{null_state}}];
      for (std::size_t i = 0; i < 3; ++i) {
        ++edges[{given.name(journey[i]), given.name(journey[i + 1])}];
        ++places[{static_cast<std::int64_t>(i + 1), given.name(journey[i])}];
      }
      ++paths[journey];
      const auto first = std::find(journey.begin(), journey.end(), 0U);
      reached[0] += first != journey.end() ? 1 : 0;
      reached[1] += first != journey.end() && std::find(first, journey.end(), 1U) != journey.end() ? 1 : 0;
    }

    const auto counts = count_transitions(journeys, {.threads = 2});
    CHECK(counts.size() == edges.size());
    bool equal = true;
    for (transition_counts::state from = 0; from < counts.states().size(); ++from) {
      for (auto i = counts.row(from).begin; i < counts.row(from).end; ++i) {
        const auto found =
            edges.find({std::string{counts.states()[from]}, std::string{counts.states()[counts.target(i)]}});
        equal = equal && found != edges.end() && found->second == counts.weight(i);
      }
    }
    CHECK(equal);

    const table steps = step_matrix(journeys, {.steps = 3, .threads = 2});
    REQUIRE(steps.rows() == places.size());
    for (std::size_t row = 0; row < steps.rows(); ++row) {
      const auto found = places.find({steps.integers("step")[row], steps.texts("label")[row]});
      equal = equal && found != places.end() && found->second == steps.integers("count")[row];
    }
    CHECK(equal);

    const table shown = variants(journeys, {.limit = 5, .threads = 2});
    std::vector<std::int64_t> most;
    for (const auto& [path, times] : paths) {
      most.push_back(times);
    }
    std::sort(most.rbegin(), most.rend());
    most.resize((std::min)(most.size(), std::size_t{5}));
    CHECK(shown.integers("count") == most);

    const table found = funnel(log, {{"page/0"}, {"page/1"}}, {.threads = 2});
    CHECK(found.integers("count") == reached);
  }
  // A matrix of a million by a million would be terabytes; what the reference itself holds is most of this.
  CHECK(peak_memory() < std::size_t{3} << 30U);
}
