// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/journeys.hpp"
#include "klantreis/paths.hpp"

namespace klantreis::detail {

/// The touches of one journey, oldest first. A merged run is named by its last event.
struct touch_list {
  std::vector<std::uint32_t> codes;
  std::vector<std::uint64_t> events;

  void clear() {
    codes.clear();
    events.clear();
  }
};

[[noreturn]] inline void refuse_excluded(const std::string& item, const name_table& names) {
  const std::string message =
      "no event has the item " + quoted(item) + " that is to be excluded; check its name, and by";
  const auto near = similar_names(item, names.to_vector());
  throw input_error(near.empty() ? message : message + "; did you mean " + quoted(near.front()) + "?");
}

/// Reads the touches that may earn something: within the lookback, not excluded, perhaps of earlier journeys too.
///
/// Order: what is excluded goes first, then what is older than the lookback; then runs merge; then the last
/// `lookback_touches` stay.
class touch_reader {
 public:
  touch_reader(const journey_set& journeys, const path_options& options)
      : journeys_(&journeys),
        items_(items_of(journeys, options.by, options.collapse)),
        most_(options.lookback_touches),
        reuse_(options.reuse_touches) {
    if (options.lookback) {
      require_cut(journeys, "a lookback");
      lookback_ = to_ticks(*options.lookback, journeys.log().ticks_per_second(), "lookback");
    }
    if (reuse_) {
      require_cut(journeys, "the reuse of touches");
    }
    for (const std::string& item : options.exclude) {
      const auto code = items_.names->find(item);
      if (!code && !options.require_known) {
        continue;
      }
      if (!code) {
        refuse_excluded(item, *items_.names);
      }
      if (excluded_.empty()) {
        excluded_.resize(items_.names->size(), false);
      }
      excluded_[*code] = true;
    }
  }

  [[nodiscard]] const item_source& items() const noexcept { return items_; }

  /// True when the touches of a journey are just its events before the conversion and within the lookback.
  [[nodiscard]] bool is_plain() const noexcept {
    return !items_.collapse && most_ == 0 && !reuse_ && excluded_.empty();
  }

  [[nodiscard]] journey within_lookback(journey piece) const {
    if (lookback_ >= 0) {
      const auto times = journeys_->log().times();
      const std::int64_t oldest = times[piece.end - 1] - lookback_;
      while (piece.begin < piece.path_end && times[piece.begin] < oldest) {
        ++piece.begin;
      }
    }
    return piece;
  }

  /// Reads journey `number` of a customer whose journeys begin at `first`.
  void read(std::uint64_t first, std::uint64_t number, touch_list& touches) const {
    touches.clear();
    const journey last = (*journeys_)[number];
    const auto times = journeys_->log().times();
    const std::int64_t oldest = lookback_ >= 0 ? times[last.end - 1] - lookback_ : 0;
    for (std::uint64_t j = reuse_ ? first : number; j <= number; ++j) {
      const journey piece = (*journeys_)[j];
      for (std::uint64_t event = piece.begin; event < piece.path_end; ++event) {
        const std::uint32_t code = items_.codes[event];
        if ((lookback_ >= 0 && times[event] < oldest) || (!excluded_.empty() && excluded_[code])) {
          continue;
        }
        if (items_.collapse && !touches.codes.empty() && touches.codes.back() == code) {
          touches.events.back() = event;
        } else {
          touches.codes.push_back(code);
          touches.events.push_back(event);
        }
      }
    }
    if (most_ > 0 && touches.codes.size() > most_) {
      const auto surplus = static_cast<std::ptrdiff_t>(touches.codes.size() - most_);
      touches.codes.erase(touches.codes.begin(), touches.codes.begin() + surplus);
      touches.events.erase(touches.events.begin(), touches.events.begin() + surplus);
    }
  }

 private:
  const journey_set* journeys_;
  item_source items_;
  std::size_t most_;
  bool reuse_;
  std::int64_t lookback_ = -1;
  std::vector<bool> excluded_;
};

}  // namespace klantreis::detail
