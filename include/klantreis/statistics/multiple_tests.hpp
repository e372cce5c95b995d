// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "klantreis/statistics/intervals.hpp"

// p values of many tests made in one call, adjusted in the order of the input. Null p values stay null and are not
// counted; equal ones keep the order of the input.

namespace klantreis {

/// Holm's adjustment, which keeps the probability of any false alarm: the running maximum of (M − r + 1) p₍ᵣ₎, at
/// most 1. Source: Holm 1979, A simple sequentially rejective multiple test procedure, Scandinavian Journal of
/// Statistics 6, 65-70.
[[nodiscard]] std::vector<double> holm(std::span<const double> p);

/// The adjustment of Benjamini and Hochberg, which keeps the expected share of false ones among the findings: the
/// running minimum, from the largest p down, of (M / r) p₍ᵣ₎, at most 1.
/// Source: Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x.
[[nodiscard]] std::vector<double> benjamini_hochberg(std::span<const double> p);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/statistics/multiple_tests.ipp"
#endif
