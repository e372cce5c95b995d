// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "klantreis/detail/markov/window_tree.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/markov/order_chain.hpp"

namespace klantreis {
namespace detail {

/// Makes a chain: first the paths are walked, then what was met is put in order.
class order_chain_builder {
 public:
  order_chain_builder(const path_table& paths, const order_chain_options& options)
      : paths_(&paths), options_(options), tree_(options.order, paths.names().size()) {
    chain_.options_ = options;
    chain_.by_ = paths.by();
    chain_.names_ = paths.names();
  }

  order_chain build() {
    walk_paths();
    number_states();
    order_edges();
    count_ends();
    list_states_of_items();
    return std::move(chain_);
  }

 private:
  // Steps from (start) are numbered by the node they lead to, with this bit set.
  static constexpr std::uint32_t from_start = 0x8000'0000U;
  // Items of all windows together: 2 GiB.
  static constexpr std::uint64_t most_items = std::uint64_t{1} << 29U;

  [[nodiscard]] double weight(std::size_t path) const { return paths_->conversions()[path] + paths_->nulls()[path]; }

  [[nodiscard]] std::uint32_t source(std::uint32_t step) const {
    return (step & from_start) != 0 ? order_chain::start : state_of_[tree_.source(step)];
  }
  [[nodiscard]] std::uint32_t target(std::uint32_t step) const {
    return state_of_[(step & from_start) != 0 ? step & ~from_start : tree_.target(step)];
  }

  // Leaves steps in `path_edges_` and nodes in `path_ends_`.
  void walk_paths() {
    std::vector<std::uint32_t>& walked = chain_.path_edges_;
    chain_.path_offsets_.reserve(paths_->size() + 1);
    chain_.path_ends_.reserve(paths_->size());
    for (const std::size_t p : each({0, paths_->size()})) {
      std::uint32_t node = window_tree::root;
      if (weight(p) > 0.0) {
        const auto items = paths_->path(p);
        const std::size_t first = std::min<std::size_t>(items.size(), options_.order);
        for (std::size_t i = 0; i < first; ++i) {
          node = tree_.target(tree_.step(node, items[i]));
        }
        if (first > 0) {
          start_weight_.resize((std::max)(start_weight_.size(), tree_.size()));
          start_weight_[node] += weight(p);
          walked.push_back(from_start | node);
        }
        for (std::size_t i = first; i < items.size(); ++i) {
          const std::uint32_t step = tree_.step(node, items[i]);
          const std::uint32_t next = tree_.target(step);
          if (next != node || options_.self_transitions) {
            step_weight_.resize((std::max)(step_weight_.size(), tree_.steps()));
            step_weight_[step] += weight(p);
            walked.push_back(step);
          }
          node = next;
        }
      }
      chain_.path_ends_.push_back(node);
      chain_.path_offsets_.push_back(walked.size());
    }
    start_weight_.resize(tree_.size());
    step_weight_.resize(tree_.steps());
  }

  void number_states() {
    std::vector<bool> is_state(tree_.size(), false);
    for (std::uint32_t node = 1; node < tree_.size(); ++node) {
      if (start_weight_[node] > 0.0) {
        is_state[node] = true;
        steps_.push_back(from_start | node);
      }
    }
    for (std::uint32_t step = 0; step < tree_.steps(); ++step) {
      if (step_weight_[step] > 0.0) {
        is_state[tree_.target(step)] = true;
        steps_.push_back(step);
      }
    }
    std::uint64_t items = 0;
    for (std::uint32_t node = 1; node < tree_.size(); ++node) {
      items += is_state[node] ? tree_.depth(node) : 0U;
    }
    if (items > most_items) {
      throw limit_error("the windows of the chain of order " + std::to_string(options_.order) + " hold " +
                        std::to_string(items) + " items, more than " + std::to_string(most_items) +
                        "; use a lower order");
    }
    chain_.items_.resize(items);
    state_of_.assign(tree_.size(), order_chain::start);
    for (const std::uint32_t node : tree_.in_order()) {
      if (is_state[node]) {
        const std::uint64_t begin = chain_.window_offsets_.back();
        state_of_[node] = static_cast<std::uint32_t>(chain_.window_offsets_.size() - 1);
        tree_.items(node, std::span{chain_.items_}.subspan(begin, tree_.depth(node)));
        chain_.window_offsets_.push_back(begin + tree_.depth(node));
      }
    }
  }

  void order_edges() {
    const std::size_t size = chain_.window_offsets_.size() - 1;
    std::vector<std::uint64_t>& offsets = chain_.edge_offsets_;
    offsets.assign(size + 1, 0);
    for (const std::uint32_t step : steps_) {
      ++offsets[source(step) + 1];
    }
    std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
    std::vector<std::pair<std::uint32_t, std::uint32_t>> placed(steps_.size());  // target, step
    std::vector<std::uint64_t> next(offsets.begin(), offsets.end() - 1);
    for (const std::uint32_t step : steps_) {
      placed[next[source(step)]++] = {target(step), step};
    }
    std::vector<std::uint32_t> edge_of_step(tree_.steps());
    std::vector<std::uint32_t> edge_of_start(tree_.size());
    chain_.targets_.resize(placed.size());
    chain_.weights_.resize(placed.size());
    chain_.visits_.assign(size, 0.0);
    for (std::size_t state = 0; state < size; ++state) {
      std::sort(placed.begin() + static_cast<std::ptrdiff_t>(offsets[state]),
                placed.begin() + static_cast<std::ptrdiff_t>(offsets[state + 1]));
      for (std::uint64_t edge = offsets[state]; edge < offsets[state + 1]; ++edge) {
        const auto [to, step] = placed[edge];
        const bool entry = (step & from_start) != 0;
        (entry ? edge_of_start[step & ~from_start] : edge_of_step[step]) = static_cast<std::uint32_t>(edge);
        chain_.targets_[edge] = to;
        chain_.weights_[edge] = entry ? start_weight_[step & ~from_start] : step_weight_[step];
        chain_.visits_[state] += chain_.weights_[edge];
      }
    }
    for (std::uint32_t& step : chain_.path_edges_) {
      step = (step & from_start) != 0 ? edge_of_start[step & ~from_start] : edge_of_step[step];
    }
  }

  void count_ends() {
    const std::size_t size = chain_.visits_.size();
    chain_.conversions_.assign(size, 0.0);
    chain_.nulls_.assign(size, 0.0);
    chain_.values_.assign(size, 0.0);
    for (const std::size_t p : each({0, paths_->size()})) {
      const std::uint32_t end = state_of_[chain_.path_ends_[p]];
      chain_.path_ends_[p] = end;
      if (weight(p) > 0.0) {
        chain_.conversions_[end] += paths_->conversions()[p];
        chain_.nulls_[end] += paths_->nulls()[p];
        chain_.values_[end] += paths_->values()[p];
      }
    }
    for (std::size_t state = 0; state < size; ++state) {
      chain_.visits_[state] += chain_.conversions_[state] + chain_.nulls_[state];
    }
    if (options_.smoothing > 0.0) {
      smooth_ends();
    }
  }

  // The number of journeys that end in a state stays, and with it all visits.
  void smooth_ends() {
    const auto sum = [](const std::vector<double>& numbers) {
      return std::accumulate(numbers.begin(), numbers.end(), 0.0);
    };
    const double conversions = sum(chain_.conversions_);
    const double rate = conversions / (conversions + sum(chain_.nulls_));
    const double mean_value = conversions > 0.0 ? sum(chain_.values_) / conversions : 0.0;
    for (std::size_t state = 0; state < chain_.visits_.size(); ++state) {
      const double ends = chain_.conversions_[state] + chain_.nulls_[state];
      if (ends > 0.0) {
        const double before = chain_.conversions_[state];
        const double after = ends * (before + options_.smoothing * rate) / (ends + options_.smoothing);
        const double worth = before > 0.0 ? chain_.values_[state] / before : mean_value;
        chain_.conversions_[state] = after;
        chain_.nulls_[state] = ends - after;
        chain_.values_[state] = after * worth;
      }
    }
  }

  void list_states_of_items() {
    std::vector<std::uint64_t>& offsets = chain_.item_offsets_;
    offsets.assign(chain_.names_.size() + 1, 0);
    std::vector<std::uint32_t> seen_in(chain_.names_.size(), 0);
    const auto for_distinct_items = [&](auto&& use) {
      std::fill(seen_in.begin(), seen_in.end(), 0U);
      for (std::uint32_t state = 1; state < chain_.size(); ++state) {
        for (const std::uint32_t item : chain_.window(state)) {
          if (seen_in[item] != state) {
            seen_in[item] = state;
            use(state, item);
          }
        }
      }
    };
    for_distinct_items([&](std::uint32_t, std::uint32_t item) { ++offsets[item + 1]; });
    std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
    chain_.item_states_.resize(offsets.back());
    std::vector<std::uint64_t> next(offsets.begin(), offsets.end() - 1);
    for_distinct_items([&](std::uint32_t state, std::uint32_t item) { chain_.item_states_[next[item]++] = state; });
  }

  const path_table* paths_;
  order_chain_options options_;
  window_tree tree_;
  order_chain chain_;
  std::vector<double> start_weight_;  // by node
  std::vector<double> step_weight_;
  std::vector<std::uint32_t> steps_;  // those that become edges
  std::vector<std::uint32_t> state_of_;
};

}  // namespace detail

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
  if (options.order == 0) {
    throw input_error("order is 0; a chain depends on at least 1 past item");
  }
  if (!(options.smoothing >= 0.0 && std::isfinite(options.smoothing))) {
    throw input_error("smoothing is " + std::to_string(options.smoothing) + "; it must be 0 or more, and finite");
  }
  return detail::order_chain_builder{paths, options}.build();
}

}  // namespace klantreis
