// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "klantreis/attribution/attribute.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// How a model that credits items as a whole is spread over the paths. No spread has both properties; rules that split
/// single conversions have both without one.
enum class row_credit {
  allocated,  ///< the sums over the paths are the credits of the items; a path may get more or less than it converted
  normalised  ///< each path shares out just what it converted; the sums over the paths are other credits
};

[[nodiscard]] std::string_view to_text(row_credit kind) noexcept;
/// \throws input_error when there is no such kind; the message lists those that exist.
[[nodiscard]] row_credit to_row_credit(std::string_view name);

/// The credit of each item on each path that converted.
///
/// With credit_c of item c, conv_r of path r and [c∈r] whether c is on r: `allocated` gives
/// credit_c · conv_r · [c∈r] / Σ_r conv_r · [c∈r]; `normalised` gives conv_r · w_c · [c∈r] / Σ_d w_d · [d∈r], where w
/// is the removal effect, or the Shapley value; in equal parts when all are 0. Columns: `path`, the item, `credit` and,
/// where values exist, `credit_value`; by path text, then most credit first. Credit that an item has earned without
/// being on any path that converted has the path `(unattributed)`, and conversions without a touch the item of that
/// name.
/// \throws input_error for models that need times, and as `attribute`.
[[nodiscard]] table credit_rows(const path_table& paths, const attribution_model& model = markov_model{},
                                row_credit kind = row_credit::allocated, const attribution_options& options = {});

/// Shares out the conversions of other paths by what a model learned from `known`: the item, `credit` and, where values
/// exist, `credit_value`; most credit first, then by name. `kind` as for `credit_rows`; `allocated` gives an item for a
/// conversion what it earned for one in `known`, so that the sum need not be the conversions here.
/// \throws input_error for models that need times, when the tables were made by different labels or options, and as
///         `attribute`.
[[nodiscard]] table apply_model(const path_table& known, const path_table& other,
                                const attribution_model& model = markov_model{},
                                row_credit kind = row_credit::normalised);

/// What each touch of a customer's converting journeys earned, and why.
///
/// Columns: `journey` (from 1, over the customer's journeys), `position` (from 1), the item, `time` where there is one,
/// `part` (of the conversion), `credit_value` where values exist, and `why`. Models that credit items as a whole are
/// spread as `kind` says; an item that was touched several times shares its part among those touches.
/// \throws input_error when there is no such customer, and as `attribute`.
[[nodiscard]] table explain_credit(const journey_set& journeys, std::string_view customer,
                                   const attribution_model& model = markov_model{},
                                   row_credit kind = row_credit::allocated, const attribution_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/attribution/rows.ipp"
#endif
