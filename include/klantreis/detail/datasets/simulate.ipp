// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "klantreis/datasets.hpp"
#include "klantreis/detail/datasets/family.hpp"

// Simulated events as the columns of a table or a log.

namespace klantreis {
namespace detail {

[[nodiscard]] inline std::string padded(char letter, std::uint64_t number, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%c%0*llu", letter, digits, static_cast<unsigned long long>(number));
  return text.data();
}

/// The columns of the events that are texts: a few distinct ones by code, ids by function.
struct webshop_columns {
  const webshop_model& model;

  [[nodiscard]] static std::string customer(std::uint32_t number) { return padded('k', number + 1ULL, 7); }
  [[nodiscard]] std::string person(const webshop_event& e) const {
    return is_business(e) ? customer(e.customer) + "-" + std::to_string(e.person) : std::string{};
  }
  [[nodiscard]] std::string account(const webshop_event& e) const {
    return is_business(e) ? padded('a', e.customer + 1ULL, 7) : std::string{};
  }
  [[nodiscard]] static std::string issue(const webshop_event& e) {
    return e.issue == 0 ? std::string{} : padded('i', e.customer + 1ULL, 7) + "-" + std::to_string(e.issue);
  }
  [[nodiscard]] static std::string agent(const webshop_event& e) {
    return e.agent == 0 ? std::string{} : padded('m', e.agent, 2);
  }
  [[nodiscard]] static std::string referrer(const webshop_event& e) {
    return e.referrer == webshop_event::no_customer ? std::string{} : customer(e.referrer);
  }
  [[nodiscard]] bool is_business(const webshop_event& e) const { return model.p.groups[e.group].kind == "b2b"; }
  [[nodiscard]] static double money(std::int32_t cents) {
    return cents == webshop_event::none ? std::numeric_limits<double>::quiet_NaN() : cents / 100.0;
  }
  [[nodiscard]] static double whole(std::int32_t number) {
    return number == webshop_event::none ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(number);
  }
};

/// Numbers of which some are missing, as an Arrow array, because a span of doubles cannot say null.
class sparse_numbers {
 public:
  void push(double number) {
    if (numbers_.size() % 8 == 0) {
      valid_.push_back(0);
    }
    if (!std::isnan(number)) {
      valid_.back() = static_cast<std::uint8_t>(valid_.back() | (1U << (numbers_.size() % 8)));
    }
    numbers_.push_back(number);
  }
  /// Points into this object.
  [[nodiscard]] column_view view() {
    buffers_ = {valid_.data(), numbers_.data()};
    ArrowSchema schema{};
    schema.format = "g";
    schema.name = "";
    ArrowArray array{};
    array.length = static_cast<std::int64_t>(numbers_.size());
    array.null_count = -1;
    array.n_buffers = 2;
    array.buffers = buffers_.data();
    // The memory stays ours, but an array without release counts as released.
    schema.release = [](ArrowSchema*) {};
    array.release = [](ArrowArray*) {};
    return column_view{schema, array, 0, numbers_.size()};
  }

 private:
  std::vector<double> numbers_;
  std::vector<std::uint8_t> valid_;
  std::array<const void*, 2> buffers_{};
};

/// Calls `use(name, column)` with each text column after the cost, where `column(event)` is its text.
template <typename Use>
void for_each_webshop_attribute(const webshop_model& model, Use&& use) {
  const webshop_columns text{model};
  const auto group = [&model](const webshop_event& e) -> const webshop_parameters::group& {
    return model.p.groups[e.group];
  };
  use("segment", [group](const webshop_event& e) { return group(e).segment; });
  use("kind", [group](const webshop_event& e) { return group(e).kind; });
  use("device", [group](const webshop_event& e) { return group(e).device; });
  use("origin",
      [](const webshop_event& e) { return std::string{webshop_origins[static_cast<std::size_t>(e.origin)]}; });
  use("person", [text](const webshop_event& e) { return text.person(e); });
  use("account_id", [text](const webshop_event& e) { return text.account(e); });
  use("issue_id", [](const webshop_event& e) { return webshop_columns::issue(e); });
  use("agent_id", [](const webshop_event& e) { return webshop_columns::agent(e); });
  use("referrer_id", [](const webshop_event& e) { return webshop_columns::referrer(e); });
}

}  // namespace detail

KLANTREIS_INLINE table webshop_events(const webshop_parameters& parameters, const webshop_options& options) {
  const detail::webshop_model model{parameters};
  const auto events = detail::simulate_webshop(model, options);
  table result{
      "Events of a webshop that does not exist, simulated from its parameters; by customer, in order of time. origin "
      "tells how the journey began: by itself, on the advice of another customer, or after an earlier journey."};
  result.set_option("customers", std::to_string(options.customers));
  result.set_option("seed", std::to_string(options.seed));
  const auto texts = [&](const char* name, auto&& text) {
    std::vector<std::string> column;
    column.reserve(events.size());
    for (const auto& event : events) {
      column.push_back(text(event));
    }
    result.add(name, std::move(column));
  };
  const auto numbers = [&](const char* name, quantity what, auto&& number) {
    std::vector<double> column;
    column.reserve(events.size());
    for (const auto& event : events) {
      column.push_back(number(event));
    }
    result.add(name, std::move(column), what);
  };
  using detail::webshop_columns;
  using detail::webshop_event;
  texts("customer_id", [](const webshop_event& e) { return webshop_columns::customer(e.customer); });
  std::vector<std::int64_t> times;
  times.reserve(events.size());
  for (const auto& event : events) {
    times.push_back(event.time * 1'000'000);
  }
  result.add("timestamp", std::move(times), quantity::moment);
  texts("touchpoint", [&](const webshop_event& e) { return parameters.touchpoints[e.touchpoint].name; });
  texts("channel", [&](const webshop_event& e) { return model.channels[e.channel]; });
  texts("phase", [&](const webshop_event& e) { return parameters.touchpoints[e.touchpoint].phase; });
  numbers("value", quantity::amount, [](const webshop_event& e) { return webshop_columns::money(e.value); });
  numbers("cost", quantity::amount, [](const webshop_event& e) { return webshop_columns::money(e.cost); });
  detail::for_each_webshop_attribute(model, texts);
  numbers("wait_s", quantity::seconds, [](const webshop_event& e) { return webshop_columns::whole(e.wait); });
  numbers("score", quantity::plain, [](const webshop_event& e) { return webshop_columns::whole(e.score); });
  return result;
}

KLANTREIS_INLINE event_log webshop_log(const webshop_parameters& parameters, const webshop_options& options) {
  const detail::webshop_model model{parameters};
  const auto events = detail::simulate_webshop(model, options);
  log_builder builder{{.threads = options.threads}};
  std::vector<std::string> touchpoints, phases;
  for (const auto& touchpoint : parameters.touchpoints) {
    touchpoints.push_back(touchpoint.name);
    phases.push_back(touchpoint.phase);
  }
  // Batches bound the memory of the columns; texts that repeat from one event to the next are coded once.
  constexpr std::size_t batch_size = 1U << 20U;
  using detail::webshop_columns;
  using detail::webshop_event;
  for (std::size_t begin = 0; begin == 0 || begin < events.size(); begin += batch_size) {
    const std::span<const webshop_event> part =
        std::span{events}.subspan(begin, (std::min)(batch_size, events.size() - begin));
    std::vector<std::int64_t> times;
    std::vector<std::uint32_t> customers, touchpoint_codes, channel_codes;
    detail::sparse_numbers values, costs, waits, scores;
    std::vector<std::string> ids;
    for (const auto& e : part) {
      if (ids.empty() || e.customer != (&e)[-1].customer) {
        ids.push_back(webshop_columns::customer(e.customer));
      }
      customers.push_back(static_cast<std::uint32_t>(ids.size() - 1));
      times.push_back(e.time);
      touchpoint_codes.push_back(e.touchpoint);
      channel_codes.push_back(e.channel);
      values.push(webshop_columns::money(e.value));
      costs.push(webshop_columns::money(e.cost));
      waits.push(webshop_columns::whole(e.wait));
      scores.push(webshop_columns::whole(e.score));
    }
    struct coded {
      std::string name;
      std::vector<std::uint32_t> codes;
      std::vector<std::string> texts;
    };
    std::vector<coded> attributes;
    detail::for_each_webshop_attribute(model, [&](const char* name, auto&& text) {
      coded column{name, {}, {}};
      std::string last;
      for (const auto& e : part) {
        auto value = text(e);
        if (value.empty()) {
          column.codes.push_back(column_view::null_index);
          continue;
        }
        if (column.texts.empty() || value != last) {
          last = value;
          column.texts.push_back(std::move(value));
        }
        column.codes.push_back(static_cast<std::uint32_t>(column.texts.size() - 1));
      }
      attributes.push_back(std::move(column));
    });
    event_batch batch;
    batch.customer = column_view::dictionary(customers, ids);
    batch.time = column_view::timestamps(times, 1);
    batch.touchpoint = column_view::dictionary(touchpoint_codes, touchpoints);
    batch.channel = column_view::dictionary(channel_codes, model.channels);
    batch.phase = column_view::dictionary(touchpoint_codes, phases);
    batch.value = values.view();
    batch.cost = costs.view();
    for (const auto& column : attributes) {
      batch.attributes.emplace_back(column.name, column_view::dictionary(column.codes, column.texts));
    }
    batch.numbers.emplace_back("wait_s", waits.view());
    batch.numbers.emplace_back("score", scores.view());
    builder.append(batch);
  }
  return builder.finish();
}

}  // namespace klantreis
