// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "klantreis/journeys.hpp"

namespace klantreis::detail {

inline void require_times(const journey_set& journeys, std::string_view analysis) {
  if (!journeys.log().has_times() && journeys.log().events() != 0) {
    throw input_error(std::string{analysis} + " needs times, and this log has none; read it with a time column");
  }
}

inline constexpr std::int64_t always_known = (std::numeric_limits<std::int64_t>::max)();

/// T − I: until here it is known of every journey what happened. Without an inactivity there is no such limit.
[[nodiscard]] inline std::int64_t known_until(const journey_set& journeys) {
  if (!journeys.options().inactivity || journeys.log().events() == 0) {
    return always_known;
  }
  return journeys.observed_until_ticks() -
         to_ticks(*journeys.options().inactivity, journeys.log().ticks_per_second(), "inactivity");
}

/// The groups of journeys: codes of a label at their first event, or one group without a name.
class segments {
 public:
  segments(const journey_set& journeys, const std::string& label)
      : labels_(label.empty() ? nullptr : &journeys.log().labels(label)) {}

  [[nodiscard]] std::size_t size() const noexcept { return labels_ == nullptr ? 1 : labels_->names.size(); }
  [[nodiscard]] std::uint32_t of(const journey& piece) const noexcept {
    return labels_ == nullptr ? 0 : labels_->codes[piece.begin];
  }
  [[nodiscard]] std::string name(std::uint32_t code) const {
    return labels_ == nullptr ? std::string{} : std::string{labels_->names[code]};
  }

 private:
  const label_column* labels_;
};

/// What stands first in a table: the segment and the item, each where it was asked for.
inline void add_labels(table& result, const std::string& segment, std::vector<std::string> segments,
                       const std::string& by, std::vector<std::string> items) {
  if (!segment.empty()) {
    result.add(segment, std::move(segments));
  }
  if (!by.empty()) {
    result.add(by == segment ? by + " reached" : by, std::move(items));
  }
}

}  // namespace klantreis::detail
