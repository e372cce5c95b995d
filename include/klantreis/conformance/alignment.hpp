// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/journeys.hpp"
#include "klantreis/measure.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct alignment_options {
  std::vector<std::string> starts = {};  ///< phases where a designed journey begins; none: the first measured one
  std::vector<std::string> ends = {};    ///< phases where it may end; none: the last measured one
};

/// The best fit of a trace to a design.
struct alignment {
  enum class step_kind : std::uint8_t {
    both,         ///< the customer did as designed
    only_trace,   ///< not designed here
    only_design,  ///< designed and not done
  };
  struct step {
    step_kind kind = step_kind::both;
    std::string phase;
  };
  std::size_t cost = 0;
  double fitness = 1.0;
  std::vector<step> steps;
};

/// Aligns traces of phases to the walks of a designed graph.
///
/// A step of the trace that the walk lacks costs 1, and so does a measured phase of the walk that the trace lacks;
/// phases that are not measured cost nothing. fitness = 1 − cost/(steps of the trace + measured phases of the shortest
/// walk). Source: Adriansyah, van Dongen and van der Aalst 2011, doi:10.1109/EDOC.2011.12, with unit costs. Takes steps
/// × phases².
class aligner {
 public:
  /// \throws input_error when starts or ends are no phases of the design, or no walk leads from the one to the other.
  explicit aligner(const journey_design& design, const alignment_options& options = {});

  /// A step whose name is no phase of the design only costs.
  [[nodiscard]] alignment align(std::span<const std::string> trace) const;
  /// The same of a trace given by places in the design; larger numbers are no phase of it. Without `with_steps` only
  /// cost and fitness.
  [[nodiscard]] alignment align_places(std::span<const std::uint32_t> trace, bool with_steps = true) const;

 private:
  [[nodiscard]] std::vector<std::uint32_t> between(std::size_t from, std::size_t to) const;

  // Nodes are the phases, then the beginning and the end of every walk.
  static constexpr std::uint32_t no_way = 0xFFFF'FFFFU;
  std::vector<std::string> names_;
  std::vector<std::size_t> cost_;                   // of passing a phase that the trace lacks
  std::vector<std::vector<std::size_t>> distance_;  // least cost of what stands between two nodes
  std::vector<std::vector<std::uint32_t>> via_;     // a phase on that way; `no_way` where an arrow leads
};

/// How well journeys follow the design, by distinct trace of phases: `path, count, moves, conforming, conformity, cost,
/// fitness`; worst fitness first, then most frequent.
[[nodiscard]] table alignments(const journey_set& journeys, const journey_design& design,
                               const alignment_options& options = {}, unsigned threads = 0);

/// The same for each journey: `customer, journey, path, moves, conforming, conformity, cost, fitness, settled`, by
/// customer and time.
[[nodiscard]] table journey_conformity(const journey_set& journeys, const journey_design& design,
                                       const alignment_options& options = {}, unsigned threads = 0);

/// A step of somebody's own walk through the journey.
struct walkthrough_step {
  std::string touchpoint = {};
  std::optional<instant> at = std::nullopt;
  double emotion = null_value;  ///< -2 … 2
  std::string note = {};
};

struct walkthrough_tables {
  /// `step, touchpoint, phase, move, seconds, max_time, in_time, emotion, expected, note`.
  table steps;
  /// One row: `steps, moves, conforming, conformity, cost, fitness`.
  table summary;
};

/// Checks a walk through the journey against its design. It is no journey of a customer and enters no figure of them.
///
/// `move` is `start`, `same phase`, `designed`, `deviation` or `unknown touchpoint`; a move takes the time from the
/// first step in a phase to the first in the next. Touchpoints are those of the design, or names of its phases.
[[nodiscard]] walkthrough_tables check_walkthrough(const journey_design& design,
                                                   std::span<const walkthrough_step> steps,
                                                   const alignment_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/conformance/alignment.ipp"
#endif
