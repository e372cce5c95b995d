// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/markov/absorbing_chain.hpp"
#include "klantreis/paths.hpp"

namespace klantreis {

struct order_chain_options {
  unsigned order = 1;             ///< how many past items the next step depends on
  bool self_transitions = false;  ///< keep the step from a window to itself, which only equal items can make
  /// Move the conversion rate of the journeys that end in each state towards that of all: as if so many more had ended
  /// there, without changing how many do. 0 leaves the counts as they are.
  double smoothing = 0.0;
};

namespace detail {
class order_chain_builder;
}

/// The chain of order k of some paths, as counts.
///
/// A state is a window of k consecutive items; a path shorter than k is one state. State 0 is `(start)`; the others
/// stand in lexicographic order of their items, so that the states that can follow one are neighbours. At order 2,
/// `a > b > c` (2 conversions, 1 null) and `b` (1 conversion) give
///
///     state        0 (start)    1 a > b    2 b    3 b > c
///     edges        →1, →2       →3         –      –
///     weights      3, 1         3          –      –
///     conversions  0            0          1      2
///     nulls        0            0          0      1
///     visits       4            3          1      3         row sums: edges, conversions and nulls
///
/// and the paths as edges: [→1, →3] and [→2]. Rules: every state is reached from `(start)`; weights are positive;
/// what comes into a state equals its visits. Open journeys are not counted.
/// Source: Anderl, Becker, von Wangenheim and Schumann 2016, doi:10.1016/j.ijresmar.2016.03.001.
class order_chain {
 public:
  static constexpr std::uint32_t start = 0;

  [[nodiscard]] const order_chain_options& options() const noexcept { return options_; }
  [[nodiscard]] const std::string& by() const noexcept { return by_; }
  [[nodiscard]] const name_table& names() const noexcept { return names_; }

  /// Transient states, `(start)` among them.
  [[nodiscard]] std::size_t size() const noexcept { return visits_.size(); }
  [[nodiscard]] std::size_t edges() const noexcept { return targets_.size(); }

  /// The items of a state, oldest first; none for `(start)`.
  [[nodiscard]] std::span<const std::uint32_t> window(std::size_t state) const noexcept {
    return std::span{items_}.subspan(window_offsets_[state], window_offsets_[state + 1] - window_offsets_[state]);
  }
  /// `(start)`, `a`, `a > b` …
  [[nodiscard]] std::string state_name(std::size_t state) const;

  /// Edges out of state s: `[edge_offsets()[s], edge_offsets()[s + 1])`, by rising target.
  [[nodiscard]] std::span<const std::uint64_t> edge_offsets() const noexcept { return edge_offsets_; }
  [[nodiscard]] std::span<const std::uint32_t> targets() const noexcept { return targets_; }
  [[nodiscard]] std::span<const double> weights() const noexcept { return weights_; }

  /// Journeys that converted, or ended in null, right after each state, and the value those conversions brought.
  [[nodiscard]] std::span<const double> conversions() const noexcept { return conversions_; }
  [[nodiscard]] std::span<const double> nulls() const noexcept { return nulls_; }
  [[nodiscard]] std::span<const double> values() const noexcept { return values_; }
  [[nodiscard]] std::span<const double> visits() const noexcept { return visits_; }
  /// Settled journeys: the visits of `(start)`.
  [[nodiscard]] double journeys() const noexcept { return visits_[start]; }

  /// The edges that path p of the path table takes: `path_edges()[path_offsets()[p] … path_offsets()[p + 1])`.
  /// A path without settled journeys takes none.
  [[nodiscard]] std::span<const std::uint64_t> path_offsets() const noexcept { return path_offsets_; }
  [[nodiscard]] std::span<const std::uint32_t> path_edges() const noexcept { return path_edges_; }
  /// The state in which path p ends.
  [[nodiscard]] std::span<const std::uint32_t> path_ends() const noexcept { return path_ends_; }

  /// The states whose window contains an item, rising; none for an item without settled journeys.
  [[nodiscard]] std::span<const std::uint32_t> states_with(std::uint32_t item) const noexcept {
    return std::span{item_states_}.subspan(item_offsets_[item], item_offsets_[item + 1] - item_offsets_[item]);
  }

  /// The chain as probabilities: transient states with the names and numbers they have here, then `(conversion)` and
  /// `(null)`.
  /// \throws input_error when there is no settled journey.
  [[nodiscard]] absorbing_chain to_absorbing() const;

 private:
  friend class detail::order_chain_builder;

  order_chain_options options_;
  std::string by_;
  name_table names_;
  std::vector<std::uint64_t> window_offsets_{0, 0};
  std::vector<std::uint32_t> items_;
  std::vector<std::uint64_t> edge_offsets_{0, 0};
  std::vector<std::uint32_t> targets_;
  std::vector<double> weights_;
  std::vector<double> conversions_{0.0};
  std::vector<double> nulls_{0.0};
  std::vector<double> values_{0.0};
  std::vector<double> visits_{0.0};
  std::vector<std::uint64_t> path_offsets_{0};
  std::vector<std::uint32_t> path_edges_;
  std::vector<std::uint32_t> path_ends_;
  std::vector<std::uint64_t> item_offsets_{0};
  std::vector<std::uint32_t> item_states_;
};

/// Counts the chain of order k of the settled journeys. Time and memory grow with the number of touches, not with the
/// number of possible windows.
/// \throws input_error when the order is 0 or the smoothing negative; limit_error beyond 2³¹ windows or 2²⁹ items in
/// them.
[[nodiscard]] order_chain make_order_chain(const path_table& paths, const order_chain_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/markov/order_chain.ipp"
#endif
