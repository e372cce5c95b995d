// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "klantreis/funnel/count.hpp"
#include "klantreis/match/pattern.hpp"

namespace klantreis {

/// What a path pattern asks of a funnel.
struct pattern_funnel {
  std::vector<funnel_step> steps = {};
  funnel_options options = {};  ///< of them `order`, `window`, `step_windows` and `exclude` are set
};

/// Reads a pattern that is a plain sequence of events as the steps of a funnel.
///
///     const auto asked = funnel_of(path_pattern{"view ->>{<1d, no support} cart ->> order within 7d"});
///     funnel(log, asked.steps, asked.options);
///
/// `->>` between all steps makes an ordered funnel, `->` between all of them a strict one; limits of time at arrows and
/// by `within` become windows, `no event` becomes an exclusion. Customers come as far as in `match_funnel`.
/// \throws input_error for whatever else a pattern can say; it names the character.
[[nodiscard]] pattern_funnel funnel_of(const path_pattern& pattern);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/match/funnel_steps.ipp"
#endif
