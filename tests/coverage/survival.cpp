// SPDX-License-Identifier: MIT
// Survival with clustered customers and open journeys, the log-rank test, and what growth and the beginning of the log
// do to the rate of settled journeys, to cohort rates and to survival curves.
#include <array>
#include <chrono>
#include <cmath>
#include <map>
#include <numbers>
#include <string>
#include <vector>

#include "coverage/study.hpp"
#include "cpp/support/json.hpp"
#include "klantreis/dropoff.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/log.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/summary.hpp"
#include "klantreis/timing.hpp"

namespace {

using namespace klantreis;

constexpr double day = 86'400.0;
constexpr double inactivity = 30.0;

/// Events in days, gathered journey by journey.
class small_log {
 public:
  void add(std::int64_t customer, double at, const std::string& touchpoint) {
    customers_.push_back(customer);
    times_.push_back(std::llround(at * day * 1e6));
    touchpoints_.push_back(touchpoint);
  }

  [[nodiscard]] journey_set journeys(double observed_until) const {
    const auto log =
        event_log::from_columns(std::span<const std::int64_t>{customers_}, std::span<const std::int64_t>{times_},
                                std::span<const std::string>{touchpoints_}, {}, {.threads = 1});
    return make_journeys(log, {.conversion = {"order"},
                               .inactivity = std::chrono::days{30},
                               .observed_until = instant{duration{std::llround(observed_until * day * 1e6)}},
                               .threads = 1});
  }

 private:
  std::vector<std::int64_t> customers_;
  std::vector<std::int64_t> times_;
  std::vector<std::string> touchpoints_;
};

/// Customers of different speed, whose journeys wait for a conversion (60 days on average) and for an exit (30 days).
journey_set clustered_journeys(coverage::random& draw, std::size_t customers) {
  constexpr double until = 200.0;
  small_log log;
  for (std::size_t customer = 0; customer < customers; ++customer) {
    const double frailty = std::exp(0.5 * draw.normal());
    double start = draw.uniform() * until;
    for (int journey = 0; journey < 8 && start <= until - inactivity; ++journey) {
      const double converts = draw.exponential(60.0 * frailty);
      const double leaves = draw.exponential(30.0 / frailty);
      const double length = std::min(converts, leaves);
      // Never silent for as long as the inactivity, which would end the journey.
      for (double at = 0.0; at < length; at += 25.0) {
        log.add(static_cast<std::int64_t>(customer), start + at, "visit");
      }
      log.add(static_cast<std::int64_t>(customer), start + length, converts < leaves ? "order" : "visit");
      if (draw.uniform() > 0.4) {
        break;
      }
      start += length + inactivity + draw.uniform() * 20.0;
    }
  }
  return log.journeys(until);
}

std::vector<spell> spells_of(const journey_set& journeys) {
  return collect_spells(journeys, {.threads = 1}).groups().at(0).spells;
}

void judge_survival(coverage::random& draw, coverage::sheet& sheet, std::size_t customers) {
  static const test::json file = test::json::file("statistics/visits_survival.json");
  const auto& expected = file["coverage"][std::to_string(customers)];
  std::vector<spell> spells = spells_of(clustered_journeys(draw, customers));
  const survival_curve by_customers{spells, 2};
  for (std::size_t i = 0; i < spells.size(); ++i) {
    spells[i].customer = static_cast<std::uint32_t>(i);
  }
  const survival_curve independent{spells, 2};
  for (const char* at : {"20.0", "60.0"}) {
    const double time = std::stod(at) * day;
    const double truth = expected[at]["truth"].number();
    sheet.judge(std::string("converted by day ") + at, truth, by_customers.incidence_at(time, 1).bounds(),
                expected[at]["log-log, customers"].number());
    sheet.judge(std::string("converted by day ") + at + ", journeys as independent", truth,
                independent.incidence_at(time, 1).bounds(), expected[at]["log-log, journeys as independent"].number());
  }
}

/// How often a test of two groups that do not differ rejects at 5 %.
void measure_log_rank(coverage::random& draw, coverage::sheet& sheet, std::size_t customers) {
  std::vector<spell> all;
  std::vector<std::uint32_t> groups;
  for (std::uint32_t group = 0; group < 2; ++group) {
    for (spell one : spells_of(clustered_journeys(draw, customers))) {
      one.customer += group * 1'000'000;
      all.push_back(one);
      groups.push_back(group);
    }
  }
  const double p = log_rank(all, groups, spell::conversion).p_value;
  sheet.measure("log-rank test by customers rejects at 5 %", p < 0.05 ? 1.0 : 0.0, std::sqrt(.05 * .95), 0.05, 0.008);
}

struct flow {
  double growth;
  const char* name;
};
const std::array<flow, 3> flows{{{0.0, "flat"},
                                 {std::numbers::ln2 / 90.0, "doubling every 90 d"},
                                 {-std::numbers::ln2 / 90.0, "halving every 90 d"}}};

struct lengths {
  double converting;  // mean number of steps after the first
  double null;
  const char* name;
};
const std::array<lengths, 2> kinds{{{1.0, 1.6, "equal-ish length"}, {5.0, 1.0, "conversions longer"}}};

/// Journeys of which three in ten convert. Their number grows; steps take up to 25 days each.
template <typename Use>
void draw_journeys(coverage::random& draw, std::size_t size, double from, double until, double growth,
                   const lengths& kind, Use&& use) {
  for (std::size_t number = 0; number < size; ++number) {
    const double u = draw.uniform();
    const double start =
        growth == 0.0
            ? from + u * (until - from)
            : std::log(std::exp(growth * from) + u * (std::exp(growth * until) - std::exp(growth * from))) / growth;
    const bool converts = draw.chance(0.3);
    const unsigned steps = converts ? 1 + draw.poisson(kind.converting) : draw.poisson(kind.null);
    std::vector<double> times{start};
    for (unsigned step = 0; step < steps; ++step) {
      times.push_back(times.back() + draw.uniform() * 25.0);
    }
    use(static_cast<std::int64_t>(number), converts, times);
  }
}

/// The touchpoint of event `at`; the last one before a conversion or an exit is A less or more often.
std::string touchpoint_of(coverage::random& draw, bool converts, std::size_t at, std::size_t events) {
  if (converts && at + 1 == events) {
    return "order";
  }
  const bool last = at + (converts ? 2U : 1U) == events;
  return draw.chance(!last ? 0.4 : converts ? 0.2 : 0.5) ? "A" : "B";
}

journey_set growing_journeys(coverage::random& draw, std::size_t size, double until, double growth, const lengths& kind,
                             bool earlier) {
  small_log log;
  draw_journeys(draw, size, earlier ? -365.0 : 0.0, until, growth, kind,
                [&](std::int64_t customer, bool converts, const std::vector<double>& times) {
                  if (times.back() >= 0.0) {
                    for (std::size_t at = 0; at < times.size(); ++at) {
                      log.add(customer, times[at], touchpoint_of(draw, converts, at, times.size()));
                    }
                  }
                });
  return log.journeys(until);
}

void measure_growth(coverage::random& draw, coverage::sheet& sheet, const test::json& row, double until,
                    const flow& traffic, const lengths& kind, bool earlier) {
  const journey_set journeys = growing_journeys(draw, 30'000, until, traffic.growth, kind, earlier);
  constexpr double margin = 0.003;
  const auto error = [](const table& found, std::size_t at) {
    return (found.numbers("upper")[at] - found.numbers("lower")[at]) / (2.0 * z_95);
  };
  const table summary = journey_summary(journeys);
  sheet.measure("rate of settled journeys (true .300)", summary.numbers("conversion_rate")[0], error(summary, 0),
                row["settled"].number(), margin);
  const table exits = drop_off(journeys, {.threads = 1}).items;
  for (std::size_t at = 0; at < exits.rows(); ++at) {
    if (exits.texts("touchpoint")[at] == "A") {
      sheet.measure("exit rate of A, settled journeys", exits.numbers("exit_rate")[at], error(exits, at),
                    row["exit_A_settled"].number(), margin);
    }
  }
  if (!earlier && until > 120.0) {
    const table found = cohort_rate(journeys, {.within = {std::chrono::days{90}}, .threads = 1});
    sheet.measure("cohort rate within 90 days", found.numbers("rate")[0], error(found, 0),
                  row["true_within_90"].number(), margin);
  }
}

void measure_curve(coverage::random& draw, coverage::sheet& sheet, const flow& traffic) {
  static const test::json file = test::json::file("statistics/aalen_johansen_rules.json");
  const journey_set journeys = growing_journeys(draw, 30'000, 200.0, traffic.growth, kinds[1], false);
  const survival_curve curve{spells_of(journeys), 2};
  const std::size_t step = curve.step_at(90.0 * day);
  sheet.measure("converted within 90 days", curve.incidence(step, 1), curve.incidence_error(step, 1),
                file[traffic.name]["truth"].number(), 0.002);
}

void judge_settled(coverage::random& draw, coverage::sheet& sheet, double until, double reference) {
  const table found = journey_summary(growing_journeys(draw, 1'500, until, 0.0, kinds[1], true));
  sheet.judge("rate of settled journeys, steady flow", 0.3, {found.numbers("lower")[0], found.numbers("upper")[0]},
              reference);
}

/// Journeys between A and B, 0.6 of which begin at A; those that convert wait longer for their last step.
journey_set settled_visits_log(coverage::random& draw, double until, double growth, bool earlier) {
  small_log log;
  const double from = earlier ? -400.0 : 0.0;
  for (std::int64_t customer = 0; customer < 30'000; ++customer) {
    const double u = draw.uniform();
    double now =
        growth == 0.0
            ? from + u * (until - from)
            : std::log(std::exp(growth * from) + u * (std::exp(growth * until) - std::exp(growth * from))) / growth;
    std::vector<std::pair<double, const char*>> path;
    bool at_a = draw.chance(0.6);
    while (true) {
      path.emplace_back(now, at_a ? "A" : "B");
      const double next = draw.uniform();
      const double moves = at_a ? 0.4 : 0.3;
      if (next >= moves + (at_a ? 0.1 : 0.4)) {
        break;
      }
      const bool converts = next >= moves;
      now += draw.uniform() * 25.0 * (converts ? 1.0 : 0.6);
      if (converts) {
        path.emplace_back(now, "order");
        break;
      }
      at_a = !at_a;
    }
    if (now >= 0.0) {
      for (const auto& [at, touchpoint] : path) {
        log.add(customer, at, touchpoint);
      }
    }
  }
  return log.journeys(until);
}

/// Exit rates, and the probability of converting at B, beside those of the independent study.
void measure_rates(coverage::sheet& sheet, const drop_off_tables& found, const std::string& units,
                   const test::json& expected) {
  constexpr double margin = 0.003;
  for (std::size_t at = 0; at < found.items.rows(); ++at) {
    const std::string& item = found.items.texts("touchpoint")[at];
    const double error = (found.items.numbers("upper")[at] - found.items.numbers("lower")[at]) / (2.0 * z_95);
    sheet.measure("exit rate of " + item + ", " + units, found.items.numbers("exit_rate")[at], error,
                  expected["exit_" + item].number(), margin);
    for (std::size_t next = 0; next < found.next.rows(); ++next) {
      if (item == "B" && found.next.texts("touchpoint")[next] == "B" &&
          found.next.texts("next")[next] == conversion_state) {
        const auto visits = static_cast<double>(found.items.integers("visits")[at]);
        const double rate = static_cast<double>(found.next.integers("count")[next]) / visits;
        sheet.measure("conversions at B, " + units, rate, std::sqrt(rate * (1.0 - rate) / visits),
                      expected["p_B>conv"].number(), margin);
      }
    }
  }
}

void measure_visits(coverage::random& draw, coverage::sheet& sheet, const test::json& row, double growth) {
  const double until = row["T"].number();
  const journey_set started = settled_visits_log(draw, until, growth, false);
  measure_rates(sheet, drop_off(started, {.threads = 1}), "settled journeys that start in the log",
                row["journeys settled, start in window"]);
  measure_rates(sheet, drop_off(started, {.units = visit_units::visits, .threads = 1}), "settled visits",
                row["visits dated<=T-I of journeys started in window"]);
  measure_rates(sheet, drop_off(settled_visits_log(draw, until, growth, true), {.threads = 1}),
                "settled journeys that end in the log", row["journeys settled, end in window"]);
}

const bool added = [] {
  static const test::json visits = test::json::file("statistics/visits_survival.json");
  for (const test::json& row : visits["settled_visits"].items()) {
    const double growth = row["growth"].text() == "flat" ? 0.0 : flows[1].growth;
    coverage::add(
        {"settled visits, " + std::to_string(static_cast<int>(row["T"].number())) + " days, " + row["growth"].text(),
         [&row, growth](coverage::random& draw, coverage::sheet& sheet) { measure_visits(draw, sheet, row, growth); },
         40.0 / 5000.0});
  }
  for (const std::size_t customers : {100U, 300U, 1000U}) {
    const std::string name = std::to_string(customers) + " customers";
    coverage::add({"survival, " + name,
                   [=](coverage::random& draw, coverage::sheet& sheet) { judge_survival(draw, sheet, customers); }});
  }
  for (const std::size_t customers : {50U, 100U, 300U}) {
    coverage::add({"log-rank, " + std::to_string(customers) + " customers in each group",
                   [=](coverage::random& draw, coverage::sheet& sheet) { measure_log_rank(draw, sheet, customers); }});
  }
  coverage::add({"settled journeys, 120 days",
                 [](coverage::random& draw, coverage::sheet& sheet) { judge_settled(draw, sheet, 120.0, .9496); }});
  coverage::add({"settled journeys, 365 days",
                 [](coverage::random& draw, coverage::sheet& sheet) { judge_settled(draw, sheet, 365.0, .9472); }});
  // Of large samples, a few are enough.
  constexpr double share = 40.0 / 5000.0;
  for (const flow& traffic : flows) {
    coverage::add({std::string("survival, traffic ") + traffic.name,
                   [&traffic](coverage::random& draw, coverage::sheet& sheet) { measure_curve(draw, sheet, traffic); },
                   share});
  }
  static const test::json settled = test::json::file("statistics/settled.json");
  for (const test::json& row : settled["rows"].items()) {
    for (const flow& traffic : flows) {
      for (const lengths& kind : kinds) {
        if (row["growth"].text() == traffic.name && row["durations"].text() == kind.name) {
          const double until = row["T"].number();
          const bool earlier = row["window"].text().find("END") != std::string::npos;
          coverage::add({"settled journeys, " + std::to_string(static_cast<int>(until)) + " days, " + traffic.name +
                             ", " + kind.name + (earlier ? ", log begins earlier" : ""),
                         [&row, &traffic, &kind, until, earlier](coverage::random& draw, coverage::sheet& sheet) {
                           measure_growth(draw, sheet, row, until, traffic, kind, earlier);
                         },
                         share});
        }
      }
    }
  }
  return true;
}();

}  // namespace
