// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/paths/touches.hpp"
#include "klantreis/detail/text_key.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/paths.hpp"

namespace klantreis {

KLANTREIS_INLINE path_table make_paths(const journey_set& journeys, const path_options& options) {
  const auto& log = journeys.log();
  const detail::touch_reader reader{journeys, options};
  path_table result;
  result.by_ = options.by;
  result.options_key_ = reader.items().collapse ? " collapsed" : "";
  if (options.lookback) {
    result.options_key_ += " lookback " + std::to_string(options.lookback->count()) + " us";
  }
  if (options.lookback_touches > 0) {
    result.options_key_ += " last " + std::to_string(options.lookback_touches) + " touches";
  }
  for (const std::string& item : options.exclude) {
    result.options_key_ += " without " + quoted(item);
  }
  result.options_key_ += options.reuse_touches ? " touches of earlier journeys too" : "";
  result.cut_ = detail::cut_options(journeys);
  result.names_ = *reader.items().names;
  result.has_values_ = !log.values().empty();
  result.units_.reserve(journeys.size());
  const auto offsets = journeys.customer_offsets();
  result.unit_offsets_.assign(offsets.begin(), offsets.end());
  if (result.unit_offsets_.empty()) {
    result.unit_offsets_.push_back(0);
  }
  const std::size_t customers = result.unit_offsets_.size() - 1;
  result.customer_keys_.reserve(customers);
  detail::touch_list touches;
  begin_stage("counting", customers);
  for (const std::size_t customer : each({0, customers})) {
    result.customer_keys_.push_back(detail::text_key(log.customer_id(customer)));
    for (std::uint64_t j = offsets[customer]; j < offsets[customer + 1]; ++j) {
      const journey piece = journeys[j];
      std::uint32_t index = 0;
      if (reader.is_plain()) {
        const journey inside = reader.within_lookback(piece);
        index = result.index_of(reader.items().codes.subspan(inside.begin, inside.path_end - inside.begin));
      } else {
        reader.read(offsets[customer], j, touches);
        index = result.index_of(touches.codes);
      }
      path_unit unit{.path = index, .outcome = path_unit::kind::null, .value = 0.0};
      if (piece.is_open()) {
        unit.outcome = path_unit::kind::open;
        result.open_[index] += 1.0;
      } else if (piece.converted) {
        unit.outcome = path_unit::kind::conversion;
        unit.value = journeys.value(j);
        result.conversions_[index] += 1.0;
        result.values_[index] += unit.value;
      } else {
        result.nulls_[index] += 1.0;
      }
      result.units_.push_back(unit);
    }
  }
  return result;
}

}  // namespace klantreis
