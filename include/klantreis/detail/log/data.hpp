// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/log/number_store.hpp"
#include "klantreis/detail/utf8.hpp"
#include "klantreis/log.hpp"

namespace klantreis::detail {

/// What matching against a map found; see detail/map.
struct log_match;

/// A numeric column of the events; NaN where null.
struct number_column {
  std::string name;
  number_store values;
};

struct log_data {
  std::vector<std::uint64_t> offsets{0};
  bulk_vector<std::int64_t> times;
  std::int64_t ticks_per_second = 0;
  std::int64_t last_time = 0;
  label_column touchpoint{.name = "touchpoint", .names = {}, .codes = {}};
  std::vector<label_column> labels;  ///< channel, phase and attributes
  number_store values;
  number_store costs;
  std::vector<number_column> numbers;  ///< all others

  std::vector<std::uint64_t> keys;  ///< one for each customer: its number, or the code of its text id
  name_table id_names;
  bool has_text_ids = false;
  bool has_unsigned_ids = false;
  log_health health;
  std::string preparation;  ///< what was done to the events since they were read, in words

  std::shared_ptr<const journey_map> map;
  std::shared_ptr<const log_match> match;
};

/// For the modules that make a log of another one.
struct log_access {
  [[nodiscard]] static const log_data& data(const event_log& log) noexcept { return *log.data_; }
  [[nodiscard]] static event_log make(std::shared_ptr<const log_data> data) { return event_log{std::move(data)}; }

  /// The columns of `log`: its own where nobody else holds them, else a copy.
  [[nodiscard]] static std::shared_ptr<log_data> take(event_log&& log) {
    auto shared = std::exchange(log, event_log{}).data_;
    if (shared.use_count() != 1) {
      return std::make_shared<log_data>(*shared);
    }
    // All log data are made as objects that are not const.
    return std::const_pointer_cast<log_data>(std::move(shared));
  }
};

}  // namespace klantreis::detail
