// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "klantreis/attribution/attribute.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct bootstrap_options {
  std::size_t replicates = 1000;
  std::uint64_t seed = 0;
};

/// What stands for a customer where customers are drawn: FNV-1a of the UTF-8 text of the id.
[[nodiscard]] std::uint64_t customer_key(std::string_view id) noexcept;

/// How often a customer is drawn in a replicate: Poisson with mean 1, from integers alone, so that it is the same on
/// every platform and in every shard.
/// Source: Poisson bootstrap (Chamandy and others 2012, Estimating uncertainty for massive data streams, Google).
[[nodiscard]] unsigned bootstrap_weight(std::uint64_t key, std::uint64_t seed, std::uint64_t replicate) noexcept;

/// The paths with each customer counted as often as drawn. Without customers each conversion and each null is drawn by
/// itself, keyed by the text of its path. Counts are scaled so that as many customers (or journeys) stand behind them.
[[nodiscard]] path_table resample_paths(const path_table& paths, std::uint64_t seed, std::uint64_t replicate);

/// `attribute` with percentile intervals of replicates, for every model that works on paths.
///
/// As the result of `attribute`, with `rank` (of the credit, 1 is the most) and its bounds. Replicates without a
/// conversion say nothing about credit; they are left out and counted in the option `degenerate`.
/// Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
/// \throws input_error when there are fewer than 2 replicates, and as `attribute`.
[[nodiscard]] table attribute_by_bootstrap(const path_table& paths, const attribution_model& model = markov_model{},
                                           const attribution_options& options = {},
                                           const bootstrap_options& bootstrap = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/attribution/bootstrap.ipp"
#endif
