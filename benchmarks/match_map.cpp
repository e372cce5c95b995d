// SPDX-License-Identifier: MIT
// Events matched in a second on one thread: a map of 21 touchpoints with rules about event and page, one of them by
// what came before.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "klantreis/map.hpp"

namespace {

using namespace klantreis;

journey_map shop_map(bool with_order) {
  std::string touchpoints;
  for (int i = 0; i < 20; ++i) {
    const auto id = std::to_string(i);
    touchpoints +=
        R"({"id": "t)" + id + R"(", "phase": "p)" + std::to_string(i % 4) + R"(", "match": {"event": "e)" + id + "\"";
    touchpoints += i % 5 == 0 ? R"(, "page": {"prefix": "/p/"}}},)" : "}},";
  }
  touchpoints += R"({"id": "faq", "phase": "p3", "match": {"event": "e5"})";
  touchpoints += with_order ? R"(, "when": {"after": "e3"}})" : "}";
  return parse_map(R"({"klantreis": 1, "journey": {"id": "shop"}, "phases": [{"id": "p0"}, {"id": "p1"}, {"id": "p2"},
    {"id": "p3"}], "outcomes": [{"id": "e3"}], "touchpoints": [)" +
                   touchpoints + "]}");
}

event_log random_log(std::size_t events) {
  std::mt19937_64 random{7};
  std::vector<std::int64_t> customers(events);
  std::vector<std::int64_t> times(events);
  std::vector<std::string> names(events);
  std::vector<std::string> pages(events);
  for (std::size_t i = 0; i < events; ++i) {
    customers[i] = static_cast<std::int64_t>(random() % (events / 10 + 1));
    times[i] = static_cast<std::int64_t>(i);
    names[i] = "e" + std::to_string(random() % 24);
    pages[i] = (random() % 2 == 0 ? "/p/" : "/c/") + std::to_string(random() % 50'000);
  }
  event_batch batch;
  batch.customer = column_view{std::span<const std::int64_t>{customers}};
  batch.time = column_view::timestamps(times, 1);
  batch.touchpoint = column_view{std::span<const std::string>{names}};
  batch.attributes.emplace_back("page", column_view{std::span<const std::string>{pages}});
  log_builder builder;
  builder.append(batch);
  return builder.finish();
}

void match_map(benchmark::State& state) {
  const auto log = random_log(1'000'000);
  const auto map = shop_map(state.range(0) != 0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(apply_map(log, map).events());
  }
  state.SetItemsProcessed(state.iterations() * 1'000'000);
}

BENCHMARK(match_map)->ArgName("after_outcome")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
