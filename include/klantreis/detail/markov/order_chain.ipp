// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "klantreis/detail/markov/order_chain_builder.hpp"
#include "klantreis/markov/order_chain.hpp"

namespace klantreis {

KLANTREIS_INLINE std::string order_chain::state_name(std::size_t state) const {
  return state == start ? std::string{start_state} : join_path(names_, window(state));
}

KLANTREIS_INLINE absorbing_chain order_chain::to_absorbing() const {
  if (!(journeys() > 0.0)) {
    throw input_error(
        "there is no settled journey, so there is no chain; with inactivity, use one that is shorter than "
        "the log, or a later observed_until");
  }
  name_table transient;
  sparse_rows within;
  sparse_rows out;
  within.offsets.assign(edge_offsets_.begin(), edge_offsets_.end());
  within.columns = targets_;
  within.values = weights_;
  out.offsets.reserve(size() + 1);
  for (std::size_t state = 0; state < size(); ++state) {
    transient.intern(state_name(state));
    for (const auto& [column, weight] : {std::pair{0U, conversions_[state]}, std::pair{1U, nulls_[state]}}) {
      if (weight > 0.0) {
        out.columns.push_back(column);
        out.values.push_back(weight);
      }
    }
    out.offsets.push_back(out.columns.size());
  }
  name_table absorbing;
  absorbing.intern(conversion_state);
  absorbing.intern(null_state);
  return absorbing_chain::from_counts(std::move(transient), std::move(absorbing), std::move(within), std::move(out));
}

KLANTREIS_INLINE order_chain make_order_chain(const path_table& paths, const order_chain_options& options) {
  return detail::order_chain_builder{options, paths.names().size()}.build(paths);
}

}  // namespace klantreis
