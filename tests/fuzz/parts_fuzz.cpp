// SPDX-License-Identifier: MIT
// Any bytes as counts or as a log: they are refused with a message, or read, and then serve as our own do.
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/bytes.hpp"
#include "klantreis/detail/binary.hpp"
#include "klantreis/parts.hpp"
#include "klantreis/store.hpp"

namespace {

using namespace klantreis;

void finish(const part_counts& counts) {
  if (const auto* found = std::get_if<transition_counts>(&counts)) {
    (void)transitions(*found);
    (void)state_visits(*found);
  } else if (const auto* paths = std::get_if<path_table>(&counts)) {
    (void)paths->to_table();
    (void)variants(*paths);
    (void)count_transitions(*paths);
  } else if (const auto* steps = std::get_if<funnel_counts>(&counts)) {
    (void)funnel(*steps);
  } else if (const auto* exits = std::get_if<drop_off_counts>(&counts)) {
    (void)drop_off(*exits);
  } else if (const auto* matrix = std::get_if<step_matrix_counts>(&counts)) {
    (void)step_matrix(*matrix);
  } else if (const auto* ways = std::get_if<variant_counts>(&counts)) {
    (void)variants(*ways);
  } else if (const auto* rates = std::get_if<cohort_rate_counts>(&counts)) {
    (void)cohort_rate(*rates);
  } else if (const auto* waits = std::get_if<spell_set>(&counts)) {
    (void)survival(*waits, {});
  } else if (const auto* cohorts = std::get_if<return_cohort_counts>(&counts)) {
    (void)return_cohorts(*cohorts);
  } else if (const auto* matches = std::get_if<match_counts>(&counts)) {
    (void)match_summary(*matches);
    (void)match_times(*matches);
  } else if (const auto* phases = std::get_if<measure_counts>(&counts)) {
    (void)measured_items(*phases);
    (void)attrition(*phases);
    (void)emotions(*phases);
  } else if (const auto* moves = std::get_if<conformance_counts>(&counts)) {
    (void)conformance(*moves);
  }
}

event_log honest_log() {
  return test::log_of({{"u1", 0, "a"}, {"u1", 60, "b"}, {"u1", 120, "buy"}, {"u2", 30, "a"}, {"u2", 90, "a"}});
}

event_log phased_log() {
  const std::vector<std::string> customers{"u1", "u1", "u1", "u2", "u2"};
  const std::vector<std::int64_t> times{0, 60, 120, 30, 90};
  const std::vector<std::string> touchpoints{"a", "b", "buy", "a", "a"};
  log_builder builder{{.phase_of_touchpoint = {{"a", "early"}, {"b", "late"}, {"buy", "late"}}}};
  event_batch batch;
  batch.customer = column_view{std::span<const std::string>{customers}};
  batch.time = column_view::timestamps(times, 1);
  batch.touchpoint = column_view{std::span<const std::string>{touchpoints}};
  builder.append(batch);
  return builder.finish();
}

std::vector<part_counts> honest_counts() {
  const auto log = honest_log();
  const auto journeys = make_journeys(log, {.conversion = {"buy"}});
  std::vector<part_counts> all;
  all.emplace_back(count_transitions(journeys));
  all.emplace_back(make_paths(journeys));
  all.emplace_back(count_funnel(journeys, {"a", "b"}));
  all.emplace_back(count_drop_off(journeys));
  all.emplace_back(count_steps(journeys));
  all.emplace_back(count_variants(journeys));
  all.emplace_back(collect_spells(journeys));
  all.emplace_back(count_cohort_rate(journeys));
  all.emplace_back(count_ngrams(journeys, {.length = 2, .journeys = true}));
  all.emplace_back(count_return_cohorts(journeys, {.period = std::chrono::minutes{1}}));
  all.emplace_back(count_matches(journeys, path_pattern{"a -> b"}));
  const journey_set phased = make_journeys(phased_log(), {.conversion = {"buy"}});
  journey_design design{.phases = {{.name = "early"}, {.name = "late", .emotion = 1.0}}};
  design.moves = {{.from = "early", .to = "late", .expected = 0.5, .max_time = std::chrono::minutes{2}}};
  all.emplace_back(count_measure(phased, design));
  all.emplace_back(count_conformance(phased, design));
  return all;
}

void examine_log(std::string_view bytes) {
  try {
    const event_log log = log_from_bytes(bytes);
    fuzz::require(to_bytes(log_from_bytes(to_bytes(log))) == to_bytes(log), "what was read is written and read alike");
    (void)count_transitions(make_journeys(log, {.conversion = {"buy"}}));
    (void)health_table(log);
    (void)updated(log, log);
    (void)updated(honest_log(), log);
  } catch (const input_error& error) {
    fuzz::require(!std::string_view{error.what()}.empty(), "an error says what is wrong");
  }
}

void examine(std::string_view bytes) {
  try {
    part_counts counts = counts_from_bytes(bytes);
    const std::string written = to_bytes(counts);
    fuzz::require(to_bytes(counts_from_bytes(written)) == written, "what was read is written and read alike");
    finish(counts);
    const part_counts copy = counts;
    merge(counts, copy);
    finish(counts);
  } catch (const input_error& error) {
    fuzz::require(!std::string_view{error.what()}.empty(), "an error says what is wrong");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<part_counts> honest = honest_counts();
  examine({reinterpret_cast<const char*>(data), size});
  // Random bytes never have the right checksum. So the content of honest counts is changed here and there, and the
  // checksum is made anew.
  fuzz::source bytes{data, size};
  const std::size_t chosen = bytes.below(honest.size() + 1);
  const std::string whole = chosen < honest.size() ? to_bytes(honest[chosen]) : to_bytes(honest_log());
  const detail::checked_bytes parts = detail::check_bytes(whole);
  std::string content{parts.content};
  while (!bytes.empty() && !content.empty()) {
    const std::size_t place = (bytes.byte() * 256U + bytes.byte()) % content.size();
    const std::uint8_t what = bytes.byte();
    if (what == 0xFF) {
      content.resize(place);
    } else if (what == 0xFE) {
      content.insert(place, 1, static_cast<char>(bytes.byte()));
    } else {
      content[place] = static_cast<char>(what);
    }
  }
  const std::string changed = detail::with_checksum(parts.kind, content);
  examine(changed);
  examine_log(changed);
  return 0;
}
