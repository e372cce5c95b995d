// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "klantreis/arrow.hpp"
#include "klantreis/log.hpp"

namespace klantreis::detail {

/// The columns of a batch by their roles.
[[nodiscard]] inline event_batch events_of(const record_batch& batch, const log_columns& columns) {
  const auto optional_column = [&batch](const std::string& name) {
    return name.empty() ? column_view{} : batch.column(name);
  };
  event_batch events;
  events.customer = batch.column(columns.customer);
  events.touchpoint = batch.column(columns.touchpoint);
  events.time = optional_column(columns.time);
  events.order = optional_column(columns.order);
  events.channel = optional_column(columns.channel);
  events.phase = optional_column(columns.phase);
  events.value = optional_column(columns.value);
  events.cost = optional_column(columns.cost);
  for (const auto& name : columns.attributes) {
    events.attributes.emplace_back(name, batch.column(name));
  }
  for (const auto& name : columns.numbers) {
    events.numbers.emplace_back(name, batch.column(name));
  }
  return events;
}

}  // namespace klantreis::detail
