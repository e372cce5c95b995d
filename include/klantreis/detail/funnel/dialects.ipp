// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <type_traits>
#include <vector>

#include "klantreis/funnel/dialects.hpp"

namespace klantreis {

KLANTREIS_INLINE std::span<const dialect_entry> funnel_dialects() {
  static const std::array<dialect_entry, std::variant_size_v<funnel_dialect>> entries{{
      {.name = "klantreis",
       .modes = {},
       .definition =
           "A customer reaches step k with k different events that match steps 1 to k in the order of the log",
       .takes_window = true,
       .takes_step_windows = true,
       .takes_exclusions = true,
       .takes_optional = true,
       .most_steps = 64},
      {.name = "clickhouse",
       .modes = {"strict_order", "strict_deduplication", "strict_increase", "strict_once", "allow_reentry"},
       .definition = "windowFunnel of ClickHouse: events of one instant stand in the order of the steps, one event may "
                     "fill several steps, the latest entry counts",
       .takes_window = true,
       .most_steps = 32},
      {.name = "posthog",
       .modes = {"strict", "unordered"},
       .definition = "The funnel of PostHog: the latest entry counts, one event fills one step; with an excluded event "
                     "on the way a customer is left out of every step",
       .takes_window = true,
       .takes_exclusions = true,
       .takes_optional = true,
       .most_steps = 64},
      {.name = "retentioneering",
       .modes = {"closed", "open", "hybrid"},
       .definition =
           "The funnel of retentioneering: version 5 takes the earliest next event each time, without window; "
           "closed, open and hybrid are those of version 3",
       .most_steps = 64},
      {.name = "ga4",
       .modes = {"open", "directly"},
       .definition = "The funnel exploration of Google Analytics 4: closed, or open (each step by itself); a step may "
                     "have to follow directly, or within a time of its own",
       .takes_step_windows = true,
       .most_steps = 10},
      {.name = "plausible",
       .modes = {"strict"},
       .definition =
           "The funnel of Plausible: windowFunnel of ClickHouse within 24 hours on whole seconds; strict: with "
           "strict_order",
       .most_steps = 32},
      {.name = "umami",
       .modes = {},
       .definition = "The funnel of Umami: each step within the window after the step before, both ends included, so "
                     "that one event may fill several steps",
       .takes_window = true,
       .most_steps = 64},
  }};
  return entries;
}

KLANTREIS_INLINE const dialect_entry& entry_of(const funnel_dialect& dialect) {
  return funnel_dialects()[dialect.index()];
}

namespace detail {

/// The names of the modes of a dialect that are on.
[[nodiscard]] inline std::vector<std::string_view> modes_of(const funnel_dialect& dialect) {
  std::vector<std::string_view> on;
  const auto put = [&on](bool is_on, std::string_view name) {
    if (is_on) {
      on.push_back(name);
    }
  };
  std::visit(
      [&](const auto& chosen) {
        using type = std::decay_t<decltype(chosen)>;
        if constexpr (std::is_same_v<type, clickhouse_dialect>) {
          put(chosen.strict_order, "strict_order");
          put(chosen.strict_deduplication, "strict_deduplication");
          put(chosen.strict_increase, "strict_increase");
          put(chosen.strict_once, "strict_once");
          put(chosen.allow_reentry, "allow_reentry");
        } else if constexpr (std::is_same_v<type, posthog_dialect>) {
          put(chosen.order == posthog_dialect::order_type::strict, "strict");
          put(chosen.order == posthog_dialect::order_type::unordered, "unordered");
        } else if constexpr (std::is_same_v<type, retentioneering_dialect>) {
          put(chosen.kind == retentioneering_dialect::kind_type::closed, "closed");
          put(chosen.kind == retentioneering_dialect::kind_type::open, "open");
          put(chosen.kind == retentioneering_dialect::kind_type::hybrid, "hybrid");
        } else if constexpr (std::is_same_v<type, ga4_dialect>) {
          put(chosen.open, "open");
          put(chosen.directly, "directly");
        } else if constexpr (std::is_same_v<type, plausible_dialect>) {
          put(chosen.strict, "strict");
        }
      },
      dialect);
  return on;
}

[[nodiscard]] inline input_error exclusive_modes(std::string_view name, std::string_view why) {
  return input_error("modes of the dialect " + quoted(name) + ": " + std::string{why});
}

}  // namespace detail

KLANTREIS_INLINE funnel_dialect make_funnel_dialect(std::string_view name, std::span<const std::string> modes) {
  const auto entries = funnel_dialects();
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const dialect_entry& entry) { return entry.name == name; });
  if (found == entries.end()) {
    std::string message = "dialect is " + quoted(name) + "; known are";
    for (const dialect_entry& entry : entries) {
      message += " " + quoted(entry.name);
    }
    throw input_error(message);
  }
  for (const std::string& mode : modes) {
    if (mode == "strict" && name == "clickhouse") {
      throw input_error("mode 'strict' of the dialect 'clickhouse' is called 'strict_deduplication'");
    }
    if (std::find(found->modes.begin(), found->modes.end(), mode) == found->modes.end()) {
      std::string message = "mode " + quoted(mode) + " is unknown to the dialect " + quoted(name) + "; it has";
      for (const std::string_view known : found->modes) {
        message += " " + quoted(known);
      }
      throw input_error(message + (found->modes.empty() ? " none" : ""));
    }
  }
  const auto is_on = [&modes](std::string_view mode) {
    return std::find(modes.begin(), modes.end(), mode) != modes.end();
  };
  if (name == "clickhouse") {
    const clickhouse_dialect result{.strict_order = is_on("strict_order"),
                                    .strict_deduplication = is_on("strict_deduplication"),
                                    .strict_increase = is_on("strict_increase"),
                                    .strict_once = is_on("strict_once"),
                                    .allow_reentry = is_on("allow_reentry")};
    if (result.allow_reentry && !result.strict_order) {
      throw detail::exclusive_modes(name, "'allow_reentry' needs 'strict_order'");
    }
    return result;
  }
  if (name == "posthog") {
    if (is_on("strict") && is_on("unordered")) {
      throw detail::exclusive_modes(name, "'strict' and 'unordered' exclude each other");
    }
    using order_type = posthog_dialect::order_type;
    return posthog_dialect{.order = is_on("strict")      ? order_type::strict
                                    : is_on("unordered") ? order_type::unordered
                                                         : order_type::ordered};
  }
  if (name == "retentioneering") {
    if (modes.size() > 1) {
      throw detail::exclusive_modes(name, "'closed', 'open' and 'hybrid' exclude each other");
    }
    using kind_type = retentioneering_dialect::kind_type;
    return retentioneering_dialect{.kind = is_on("closed")   ? kind_type::closed
                                           : is_on("open")   ? kind_type::open
                                           : is_on("hybrid") ? kind_type::hybrid
                                                             : kind_type::ordered};
  }
  if (name == "ga4") {
    if (is_on("open") && is_on("directly")) {
      throw detail::exclusive_modes(name, "'open' counts each step by itself, so none follows 'directly'");
    }
    return ga4_dialect{.open = is_on("open"), .directly = is_on("directly")};
  }
  if (name == "plausible") {
    return plausible_dialect{.strict = is_on("strict")};
  }
  if (name == "umami") {
    return umami_dialect{};
  }
  return own_dialect{};
}

KLANTREIS_INLINE std::string to_text(const funnel_dialect& dialect) {
  std::string text{entry_of(dialect).name};
  for (const std::string_view mode : detail::modes_of(dialect)) {
    text += " ";
    text += mode;
  }
  return text;
}

}  // namespace klantreis
