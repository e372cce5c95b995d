// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "klantreis/paths.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct order_selection_options {
  unsigned max_order = 4;  ///< orders 0 … max_order are compared
  unsigned folds = 10;     ///< of customers
  std::uint64_t seed = 0;  ///< of the folds
  double alpha = 1.0;      ///< weight of the shorter context in the smoothed probabilities
  double level = 0.95;     ///< coverage of the interval of the AUC
};

/// Compares the orders of the chain: how well each foretells journeys of customers it has not seen, and in sample.
///
/// Held out, by customer folds: `loss` is −Σ ln P of the touches and ends of a journey (nats per journey), P smoothed
/// towards shorter contexts with weight alpha; `difference` to the best with its standard error from differences per
/// customer; `auc` of the score P(conversion | end) within folds, with its interval. In sample, over all steps from
/// (start) to the end: `log_likelihood, parameters, aic, bic`, and the likelihood ratio to the order below with its p.
/// `in_sample_auc` and `penalised_auc` are the criterion of ChannelAttribution, which grows with the order by
/// construction; null for order 0. Immediate repeats are kept, so that all orders see the same steps.
/// `recommended` is the smallest loss (the lower order in a tie), `within_one_se` the lowest order that is no more than
/// one standard error worse.
/// Source: Singer, Helic, Taraghi and Strohmaier 2014, doi:10.1371/journal.pone.0102070; Anderson and
/// Goodman 1957, doi:10.1214/aoms/1177707039 (likelihood ratio).
/// \throws input_error when there are no settled journeys, fewer than 2 folds, or alpha is not positive.
[[nodiscard]] table select_order(const path_table& paths, const order_selection_options& options = {});

/// The curve behind the criterion of ChannelAttribution: journeys are scored by the conversion rate of the state in
/// which they end, in sample. Columns `threshold, tpr, fpr` at `points` thresholds from the smallest score to the
/// largest; options `auc` and `pauc`, which is 1 − (1 − AUC)(n − 1)/(n − nodes − 1) for n journeys and as many nodes as
/// there are multisets of `order` items, 0 outside 0 … 1. Empty when there are as many nodes as journeys, or only one
/// outcome.
[[nodiscard]] table in_sample_roc(const path_table& paths, unsigned order = 1, std::size_t points = 100);

/// In-sample criteria of the orders of the steps between items alone, at the places where every order has its context,
/// as for one sequence: `order, log_likelihood, parameters, aic, bic, lr_statistic, lr_df, lr_p`. With m items order k
/// has m^k (m − 1) parameters. Source: as `select_order`.
[[nodiscard]] table order_criteria(const path_table& paths, unsigned max_order = 3);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/markov/order_selection.ipp"
#endif
