// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/log.hpp"

namespace klantreis {

/// What happens to a customer's events after a conversion.
enum class after_conversion : std::uint8_t {
  start_new,  ///< they begin a new journey
  stop,       ///< they are left out: only the first conversion of a customer counts
  go_on,      ///< they belong to the same journey, which ends in `(end)`
};

struct journey_options {
  /// Touchpoints, or outcomes of the log's map, that convert; none: nothing converts. An outcome is found first.
  std::vector<std::string> conversion = {};
  after_conversion after = after_conversion::start_new;
  /// A silence longer than this starts a new journey. Default: `inactivity`.
  std::optional<duration> gap = std::nullopt;
  /// A journey is settled when its last event lies at least this long before `observed_until`; without it all are.
  std::optional<duration> inactivity = std::nullopt;
  /// The end of the observation; later events are left out. Default: the last event of the log.
  std::optional<instant> observed_until = std::nullopt;
  unsigned threads = 0;
};

/// One journey: a piece of a customer's events.
///
///     events       visit  product  cart  purchase  review
///     begin        ^
///     path_end                           ^              the conversion event is not part of the path
///     end                                         ^
struct journey {
  std::uint64_t begin = 0;
  std::uint64_t path_end = 0;  ///< the conversion event where `start_new` or `stop` cut there, else `end`
  std::uint64_t end = 0;
  bool converted = false;
  bool settled = true;

  [[nodiscard]] bool is_conversion() const noexcept { return converted && settled; }
  [[nodiscard]] bool is_null() const noexcept { return !converted && settled; }
  [[nodiscard]] bool is_open() const noexcept { return !settled; }
};

/// The journeys of a log, in the order of its customers and of time.
///
/// Journeys do not copy events: they point into the log, which they keep alive. Copies share the data.
/// Rules: a journey has at least one event; journeys of one customer do not overlap.
class journey_set {
 public:
  journey_set();

  [[nodiscard]] const event_log& log() const noexcept { return log_; }
  [[nodiscard]] const journey_options& options() const noexcept;

  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] journey operator[](std::size_t index) const noexcept;

  /// As many customers as the log has; those without a journey (all events after `observed_until`) have an empty range.
  [[nodiscard]] std::size_t customers() const noexcept { return log_.customers(); }
  /// Journeys of customer c: `[customer_offsets()[c], customer_offsets()[c + 1])`.
  [[nodiscard]] std::span<const std::uint64_t> customer_offsets() const noexcept;

  [[nodiscard]] std::uint64_t conversions() const noexcept;        ///< settled journeys that converted
  [[nodiscard]] std::uint64_t nulls() const noexcept;              ///< settled journeys that did not
  [[nodiscard]] std::uint64_t open() const noexcept;               ///< journeys whose end is not yet known
  [[nodiscard]] std::uint64_t settled_customers() const noexcept;  ///< customers with a settled journey

  /// Sum of the values of the conversion events of journey `index`; 0 without a value column.
  [[nodiscard]] double value(std::size_t index) const noexcept;
  /// True when an event of the log converts.
  [[nodiscard]] bool is_conversion_event(std::uint64_t event) const noexcept;
  /// First to last event in seconds; NaN without time.
  [[nodiscard]] double seconds(std::size_t index) const noexcept;
  /// The name of the state in which a settled journey ends: `(conversion)`, `(null)`, or `(end)` under `go_on`.
  [[nodiscard]] std::string_view end_state_of(const journey& item) const noexcept;

  /// The observation's end in ticks of the log.
  [[nodiscard]] std::int64_t observed_until_ticks() const noexcept;

  /// Cuts the same log again under another rule for what follows a conversion.
  [[nodiscard]] journey_set recut(after_conversion after) const;

  /// What a reader must know: no settled journey, a rate biased by growth, long silences inside journeys; with
  /// remedies.
  [[nodiscard]] std::vector<std::string> notes() const;

 private:
  friend journey_set make_journeys(const event_log& log, const journey_options& options);
  struct data;
  event_log log_;
  std::shared_ptr<const data> data_;
};

/// Cuts the events of each customer into journeys.
///
/// \throws input_error when a gap or inactivity is not positive, `gap` exceeds `inactivity`, or one of them is asked of
///         a log without time.
[[nodiscard]] journey_set make_journeys(const event_log& log, const journey_options& options = {});

/// What the map of a log asks for: its primary outcome converts, and its exit by inactivity is the inactivity.
/// \throws input_error when the log has no map.
[[nodiscard]] journey_options map_journey_options(const event_log& log);

/// \throws input_error when `journeys` were cut with `go_on`, naming the analysis and the remedy.
void require_cut(const journey_set& journeys, std::string_view analysis);

/// A length of time in ticks of a log, rounded down; exact for `<=` and `>` between whole ticks.
/// \throws input_error when it is not positive.
[[nodiscard]] std::int64_t to_ticks(duration length, std::int64_t ticks_per_second, std::string_view what);

namespace detail {

/// The items of journeys by some label: codes per event, and whether equal neighbours merge.
struct item_source {
  std::span<const std::uint32_t> codes;
  const name_table* names = nullptr;
  bool collapse = false;

  /// Calls `use(code, first_event)` for each item of the path of `piece`, oldest first. A merged run is named by its
  /// first event.
  template <typename Use>
  void for_each(const journey& piece, Use&& use) const {
    if (!collapse) {
      for (std::uint64_t event = piece.begin; event < piece.path_end; ++event) {
        use(codes[event], event);
      }
      return;
    }
    for (std::uint64_t event = piece.begin; event < piece.path_end; ++event) {
      if (event == piece.begin || codes[event] != codes[event - 1]) {
        use(codes[event], event);
      }
    }
  }
};

/// Items by `touchpoint`, `channel`, `phase` or an attribute. Phases, and the levels to which a map rolls them up,
/// always merge runs; a visit is a maximal run.
[[nodiscard]] item_source items_of(const journey_set& journeys, std::string_view by, bool collapse);

}  // namespace detail

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/journeys.ipp"
#endif
