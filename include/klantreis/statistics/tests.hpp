// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "klantreis/statistics/influence.hpp"

// Tests whose independent units are customers.

namespace klantreis {

/// P(X > x) of the χ² distribution with any real `df` above 0. \throws input_error unless df > 0.
[[nodiscard]] double chi_squared_tail(double x, double df);

/// P(X > x) of Fisher's F distribution. \throws input_error unless both degrees of freedom are above 0.
[[nodiscard]] double f_tail(double x, double df1, double df2);

/// P(|T| > |t|) of Student's t distribution. \throws input_error unless df > 0.
[[nodiscard]] double t_two_sided(double t, double df);

/// What a test of two shares found; null where there is none.
struct two_shares {
  double z = null_value;  ///< above 0 where the first share is the larger
  double p = null_value;  ///< two-sided
};

/// Tests whether two independent groups of customers have the same share, with the share of both in the variance.
///
/// z = (x1/n1 − x2/n2) / √(p̂ (1 − p̂) (1/n1 + 1/n2)) with p̂ = (x1 + x2) / (n1 + n2); z² is Pearson's χ² of the 2 x 2
/// table. For customers who did something once or not at all: visits of one customer are alike, see
/// `rate_difference_p`. Null where a group is empty or nobody, or everybody, of both did it.
/// Source: Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, §3.1, without the correction for
/// continuity. \throws input_error when a count is negative or larger than its group.
[[nodiscard]] two_shares two_proportion_test(double x1, double n1, double x2, double n2);

/// How often a customer went from the row at hand to one destination.
struct destination_count {
  std::uint32_t customer = 0;
  std::uint32_t destination = 0;
  double count = 0.0;
};

/// What a test of homogeneity found. All are null where a group has no visits.
struct homogeneity {
  double g2 = null_value;     ///< likelihood ratio, as if visits were independent
  double df = null_value;     ///< destinations seen in either group, less 1
  double delta = null_value;  ///< mean design effect: above 1 where visits of a customer are alike
  double a2 = null_value;     ///< squared coefficient of variation of the design effects
  double f = null_value;      ///< G² / (δ df)
  double df1 = null_value;    ///< df / (1 + a²)
  double df2 = null_value;    ///< ν df / (1 + a²), ν = customers of both groups − 2 (matched: customers − 1)
  double p = null_value;
};

/// Tests whether two groups of customers go on from a row in the same way.
///
/// G² = 2 ΣΣ X ln(X / (n_g p̂_j)) takes visits as independent; the correction of second order divides it by the design
/// effects of the customers and refers it to an F distribution (Rao and Scott 1984, doi:10.1214/aos/1176346391).
/// Destinations that neither group saw are left out.
///
/// `matched`: equal customer numbers in both groups are the same customer. Counts of one customer need not stand
/// together. A group of fewer than five customers, or whose customers are all alike, says too little about how
/// customers vary: it is taken as if all visits of a customer went to one destination, drawn from the shares of both
/// groups, and is not matched; of fewer than five customers the degrees of freedom are theirs alone. With fewer than
/// two customers in a group there is no p. \throws input_error when a count is negative, infinite or not a number.
[[nodiscard]] homogeneity homogeneity_test(std::span<const destination_count> first,
                                           std::span<const destination_count> second, bool matched = false);

/// Events among visits of a group, as `homogeneity_test` needs them for two destinations.
struct rate_moments {
  visit_moments visits = {};
  event_moments events = {};
};

/// p of the hypothesis that two groups of customers have the same rate Σe/Σv: `homogeneity_test` of events and other
/// visits, from the moments alone. Null where a group has fewer than two customers.
///
/// `variance_of_change` is that of the difference of the rates of groups that share customers, from influence values
/// that were matched, and `customers` are those in either group; null for separate customers.
[[nodiscard]] double rate_difference_p(const rate_moments& first, const rate_moments& second,
                                       double variance_of_change = null_value, double customers = null_value);

/// Groups of fewer customers say too little about how customers vary.
inline constexpr double least_customers_of_variance = 5.0;

/// The events and visits of one customer in one stratum and one of two groups.
struct stratum_count {
  std::uint32_t customer = 0;
  std::uint32_t stratum = 0;
  bool second = false;
  double events = 0.0;
  double visits = 0.0;
};

/// The rate of the second group minus that of the first, with strata of one kind compared with each other only.
///
/// Mantel and Haenszel's difference Σ w_s (p_2s − p_1s) / Σ w_s with w_s = n_1s n_2s / (n_1s + n_2s); strata in which
/// one group has no visit have no weight. Its influence values are those of the rates, with the weights held fixed: for
/// one visit each the variance is that of Greenland and Robins 1985 (doi:10.2307/2530643), by customers. Equal customer
/// numbers are the same customer. Plain interval; `n` counts customers. Null when no stratum has both groups.
/// Source: Mantel and Haenszel 1959, doi:10.1093/jnci/22.4.719.
[[nodiscard]] estimate mantel_haenszel(std::span<const stratum_count> counts, const interval_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/statistics/tests.ipp"
#endif
