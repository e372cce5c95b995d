// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/journeys.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// A step of a Petri net: it takes a token from each of its inputs and puts one on each of its outputs.
struct petri_transition {
  std::string name = {};
  std::vector<std::string> inputs = {};
  std::vector<std::string> outputs = {};
};

/// A workflow net whose transitions have different names.
///
///     petri_net net{{{"a", {"start"}, {"p1", "p2"}}, {"b", {"p1"}, {"p3"}},
///                    {"c", {"p2"}, {"p4"}}, {"d", {"p3", "p4"}, {"end"}}}};       a (b ∥ c) d
struct petri_net {
  std::vector<petri_transition> transitions = {};
  std::string source = "start";  ///< where a trace begins with one token
  std::string sink = "end";      ///< where it ends with one

  /// \throws input_error when a transition has no name, no input or no output, or a name occurs twice.
  void check() const;
};

/// What replaying traces on a net adds up to; merges by `+=`.
struct replay_counts {
  std::uint64_t traces = 0;
  std::uint64_t fitting = 0;  ///< traces without a missing or remaining token
  std::uint64_t produced = 0;
  std::uint64_t consumed = 0;
  std::uint64_t missing = 0;
  std::uint64_t remaining = 0;
  std::uint64_t skipped = 0;  ///< steps that the net does not know

  replay_counts& operator+=(const replay_counts& other) noexcept;
  friend bool operator==(const replay_counts&, const replay_counts&) = default;

  /// ½(1 − missing/consumed) + ½(1 − remaining/produced); null without traces.
  [[nodiscard]] double fitness() const noexcept;
};

/// Replays one trace `times` times over: a step that cannot fire gets the tokens it misses; steps that the net does not
/// know are skipped and counted.
/// Source: Rozinat and van der Aalst 2008, doi:10.1016/j.is.2007.07.001; van der Aalst, Process Mining (2016), 8.2.
[[nodiscard]] replay_counts replay(const petri_net& net, std::span<const std::string> trace, std::uint64_t times = 1);

/// Replays the settled journeys, by `touchpoint`, `channel`, `phase` (whose runs merge) or an attribute.
[[nodiscard]] replay_counts token_replay(const petri_net& net, const journey_set& journeys,
                                         const std::string& by = "touchpoint", unsigned threads = 0);

/// The figures as a table of one row: `traces, fitting, produced, consumed, missing, remaining, skipped, fitness`.
[[nodiscard]] table replay_table(const replay_counts& counts);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/conformance/replay.ipp"
#endif
