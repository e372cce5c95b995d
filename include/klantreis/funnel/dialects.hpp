// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "klantreis/core.hpp"

// One funnel on one log gives a dozen different answers, depending on whose definition is followed. Each definition is
// an option struct here, an entry of the registry `funnel_dialects()`, and a matcher in detail/funnel.

namespace klantreis {

/// The project's own definition: `funnel_options` says what order, windows, exclusions and repeats mean.
struct own_dialect {
  friend bool operator==(const own_dialect&, const own_dialect&) = default;
};

/// ClickHouse 26.9, `windowFunnel(window, modes…)`: rows sort by (time, step); the window is inclusive and measured
/// from the entry; one row may fill several steps.
struct clickhouse_dialect {
  bool strict_order = false;          ///< a row that matches no step, or one too early, ends the search
  bool strict_deduplication = false;  ///< a repeated step ends the search
  bool strict_increase = false;       ///< only later times follow
  bool strict_once = false;           ///< a row fills one step of a chain
  bool allow_reentry = false;         ///< with strict_order: a step too early is passed over

  friend bool operator==(const clickhouse_dialect&, const clickhouse_dialect&) = default;
};

/// PostHog's funnels: the events of one instant form a group; a customer with an excluded event on the way is left out
/// of every step.
struct posthog_dialect {
  enum class order_type : std::uint8_t { ordered, strict, unordered };
  order_type order = order_type::ordered;

  friend bool operator==(const posthog_dialect&, const posthog_dialect&) = default;
};

/// Retentioneering: version 5 takes the earliest next row each time; version 3 has three other funnels. No window.
struct retentioneering_dialect {
  enum class kind_type : std::uint8_t {
    ordered,  ///< version 5: rows in order, earliest first
    closed,   ///< version 3: each stage later than the first time of the stage before
    open,     ///< version 3: each stage by itself
    hybrid,   ///< version 3: stages up to k after the first stage, their order ignored
  };
  kind_type kind = kind_type::ordered;

  friend bool operator==(const retentioneering_dialect&, const retentioneering_dialect&) = default;
};

/// Google Analytics 4: closed (enter at step 1) or open (enter anywhere); a step follows directly or indirectly, within
/// a time of its own (`step_windows`).
struct ga4_dialect {
  bool open = false;
  bool directly = false;

  friend bool operator==(const ga4_dialect&, const ga4_dialect&) = default;
};

/// Plausible: `windowFunnel` within 24 hours on whole seconds; strict: with `strict_order`.
struct plausible_dialect {
  bool strict = false;

  friend bool operator==(const plausible_dialect&, const plausible_dialect&) = default;
};

/// Umami: the window restarts at each step and includes both ends, so one row may fill equal steps.
struct umami_dialect {
  friend bool operator==(const umami_dialect&, const umami_dialect&) = default;
};

using funnel_dialect = std::variant<own_dialect, clickhouse_dialect, posthog_dialect, retentioneering_dialect,
                                    ga4_dialect, plausible_dialect, umami_dialect>;

/// One entry of the registry.
struct dialect_entry {
  std::string_view name;
  std::vector<std::string_view> modes;  ///< what `make_funnel_dialect` accepts beside the name
  std::string_view definition;          ///< how it counts, in words
  bool takes_window = false;
  bool takes_step_windows = false;
  bool takes_exclusions = false;
  bool takes_optional = false;
  std::size_t most_steps = 64;
};

/// All dialects, in the order of `funnel_dialect`; the first is the project's own.
[[nodiscard]] std::span<const dialect_entry> funnel_dialects();

/// The entry of a dialect.
[[nodiscard]] const dialect_entry& entry_of(const funnel_dialect& dialect);

/// The dialect with a name and modes: `make_funnel_dialect("clickhouse", {"strict_order"})`.
/// \throws input_error for an unknown name or mode, listing those there are, and for modes that exclude each other.
[[nodiscard]] funnel_dialect make_funnel_dialect(std::string_view name, std::span<const std::string> modes = {});

/// The name and the modes that are on: `clickhouse strict_order allow_reentry`.
[[nodiscard]] std::string to_text(const funnel_dialect& dialect);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/funnel/dialects.ipp"
#endif
