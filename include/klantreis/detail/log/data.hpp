// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "klantreis/detail/utf8.hpp"
#include "klantreis/log.hpp"

namespace klantreis::detail {

struct log_data {
  std::vector<std::uint64_t> offsets{0};
  std::vector<std::int64_t> times;
  std::int64_t ticks_per_second = 0;
  std::int64_t last_time = 0;
  label_column touchpoint{.name = "touchpoint", .names = {}, .codes = {}};
  std::vector<label_column> labels;  ///< channel, phase and attributes
  std::vector<double> values;
  std::vector<double> costs;
  std::vector<number_column> numbers;  ///< all others

  std::vector<std::uint64_t> keys;  ///< one for each customer: its number, or the code of its text id
  name_table id_names;
  bool has_text_ids = false;
  bool has_unsigned_ids = false;
  log_health health;
};

}  // namespace klantreis::detail
