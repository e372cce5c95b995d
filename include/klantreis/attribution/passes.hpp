// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "klantreis/attribution/attribute.hpp"
#include "klantreis/attribution/models.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// Attribution of journeys that come in parts, such as the partitions of a log that is larger than memory: a pass over
/// the parts for the credits, and one for the intervals. What is held between them does not grow with the journeys.
///
///     credit_passes credit{markov_model{.order = 2}, {.by = "channel"}};
///     for (std::size_t i = 0; i < rows.partitions(); ++i) credit.count(make_journeys(rows.log(i), cut));
///     for (std::size_t i = 0; i < rows.partitions(); ++i) credit.measure(make_journeys(rows.log(i), cut));
///     const table result = credit.result();       // that of `attribute` of all journeys
///
/// A customer is in one part only. Without intervals the second pass can be left out.
class credit_passes {
 public:
  /// \throws input_error for a model that looks at all paths at once: `leave_one_out`, `shao_li`, `logistic`,
  ///         `additive_hazard`, `shapley` with a game of rates, `markov_model` with `removal::fail`.
  explicit credit_passes(attribution_model model, attribution_options options = {});
  ~credit_passes();
  credit_passes(credit_passes&&) noexcept;
  credit_passes& operator=(credit_passes&&) noexcept;

  /// Whether the model can be counted in parts.
  [[nodiscard]] static bool can_count(const attribution_model& model) noexcept;

  /// The first pass. \throws input_error as `attribute`.
  void count(const journey_set& part);

  /// Whether the intervals need the second pass.
  [[nodiscard]] bool has_second_pass() const noexcept;

  /// The second pass, over the same parts in any order.
  /// \throws input_error as `attribute`, or when a part was not counted; limit_error when the chain is so large that it
  ///         would have to be solved anew for each part.
  void measure(const journey_set& part);

  /// What `attribute` returns.
  /// \throws input_error as `attribute`, or when the second pass saw other journeys than the first.
  [[nodiscard]] table result();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/attribution/passes.ipp"
#endif
