// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/statistics.hpp"

namespace klantreis {

namespace detail {
struct part_fields;
}  // namespace detail

/// A stretch of waiting: how long it lasted, for whom, and how it ended.
struct spell {
  static constexpr std::uint32_t open = 0;  ///< it had not ended when the observation did
  static constexpr std::uint32_t conversion = 1;
  static constexpr std::uint32_t exit = 2;
  static constexpr std::uint32_t move = 3;  ///< on to another item

  double time = 0.0;           ///< 0 or more, in any unit
  std::uint32_t cause = open;  ///< `open`, or 1, 2, … for the ways it can end
  std::uint32_t customer = 0;  ///< spells of one customer are not independent
};

/// When the clock stops that was started by a journey, or by its coming to an item.
enum class wait_until : std::uint8_t {
  end,      ///< the journey converts or is left
  leaving,  ///< the item is left: for another one, by a conversion or for good
};

struct spell_options {
  /// `touchpoint`, `channel`, `phase` or an attribute: a clock starts where a journey comes to each item. Empty: one
  /// clock, at the start of the journey.
  std::string by = {};
  wait_until until = wait_until::end;
  /// An attribute (or other label) that tells groups apart: its value at the first event of the journey.
  std::string segment = {};
  std::optional<instant> from = std::nullopt;    ///< only journeys whose first event lies at this instant or later
  std::optional<instant> before = std::nullopt;  ///< only journeys whose first event lies before this instant
  unsigned threads = 0;                          ///< 0: one for each core
};

/// The spells of journeys in groups by segment and item; merges by `+=` over logs that share no customer.
///
/// With an inactivity I and an observation until T, what happened after T − I is not known of all journeys alike: a
/// conversion is seen at once, an exit only after I. So a journey counts when it starts at T − I or before, an event
/// when it happens at T − I or before, and all others are censored at T − I. That is unbiased under growth too. Without
/// an inactivity every journey has ended and none is censored.
///
///     T = 100, I = 30     starts  last event             time  ends by
///     converted                0   20                      20  conversion
///     left                    10   55                      45  exit
///     converted               40   95  (after 70)          30  open
///     converted               75   80  (starts after 70)    -  does not count
class spell_set {
 public:
  /// One group: its segment, its item (each empty where not asked for) and its spells.
  struct group {
    std::string segment;
    std::string item;
    std::vector<spell> spells;
  };

  /// Spells that come from elsewhere, their groups told apart by `segment`, which is shown as the column `group`.
  [[nodiscard]] static spell_set from_groups(std::vector<group> groups);

  /// \throws input_error when the two were collected under different options.
  spell_set& operator+=(const spell_set& other);

  /// Segments by journeys, most first, then by name; within a segment items in the same way.
  [[nodiscard]] const std::vector<group>& groups() const noexcept { return groups_; }
  [[nodiscard]] const std::string& by() const noexcept { return by_; }
  [[nodiscard]] const std::string& segment() const noexcept { return segment_; }
  [[nodiscard]] wait_until until() const noexcept { return until_; }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& options() const noexcept { return options_; }

 private:
  friend struct detail::part_fields;
  friend spell_set collect_spells(const journey_set&, const spell_options&);
  void order();

  std::string by_;
  std::string segment_;
  wait_until until_ = wait_until::end;
  std::vector<std::pair<std::string, std::string>> options_;
  std::vector<group> groups_;
  std::uint32_t customers_ = 0;  // numbers in use
};

/// The spells of journeys.
///
/// By an item and until the end, a journey has one spell for each item it comes to, from the first time. Until leaving
/// it has one for each visit, a maximal run of events of the item.
/// \throws input_error when the log has no time, lacks a label that was asked for, the journeys go on after their
///         conversion, or `until` is `leaving` without `by`.
[[nodiscard]] spell_set collect_spells(const journey_set& journeys, const spell_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/timing/spells.ipp"
#endif
