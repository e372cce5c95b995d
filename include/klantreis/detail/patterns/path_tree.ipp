// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/patterns/windows.hpp"
#include "klantreis/detail/sequence_index.hpp"
#include "klantreis/patterns/path_tree.hpp"

namespace klantreis {
namespace detail {

/// A growing tree of labels. Node 0 is the root; a node's parent stands before it.
struct label_tree {
  struct node {
    std::uint32_t parent = 0;
    std::uint32_t label = 0;
    std::int32_t step = 0;
  };
  std::vector<node> nodes{{}};
  std::vector<std::uint64_t> count{0};
  std::vector<std::uint64_t> open{0};
  std::vector<std::vector<std::int64_t>> times{{}};
  visit_rates rates;  // of settled journeys

  explicit label_tree(std::uint32_t root = 0) {
    nodes[0].label = root;
    rates.resize(1);
  }

  std::uint32_t child(std::uint32_t parent, std::uint32_t label, std::int32_t direction) {
    const std::size_t index = links_.intern(std::array{parent, label, direction > 0 ? 1U : 0U}) + 1;
    if (index == nodes.size()) {
      nodes.push_back({parent, label, nodes[parent].step + direction});
      count.push_back(0);
      open.push_back(0);
      times.emplace_back();
      rates.resize(nodes.size());
    }
    return static_cast<std::uint32_t>(index);
  }
  /// The node, or the root when there is none.
  [[nodiscard]] std::uint32_t find_child(std::uint32_t parent, std::uint32_t label, std::int32_t direction) const {
    const std::size_t index = links_.find(std::array{parent, label, direction > 0 ? 1U : 0U});
    return index == links_.size() ? 0U : static_cast<std::uint32_t>(index + 1);
  }

  label_tree& operator+=(const label_tree& other) {
    std::vector<std::uint32_t> here(other.nodes.size(), 0);
    for (std::uint32_t from = 0; from < here.size(); ++from) {
      const node& entry = other.nodes[from];
      const std::uint32_t to = from == 0 ? 0 : child(here[entry.parent], entry.label, entry.step > 0 ? 1 : -1);
      here[from] = to;
      count[to] += other.count[from];
      open[to] += other.open[from];
      times[to].insert(times[to].end(), other.times[from].begin(), other.times[from].end());
      rates.add(to, other.rates, from);
    }
    return *this;
  }

 private:
  sequence_index links_;
};

/// Grows the tree of paths around the visits; with `kept`, branches that it counts less than `least` times merge.
inline label_tree grow_tree(const path_corpus& corpus, const window_question& question, const label_tree* kept,
                            double least, std::uint32_t other, unsigned threads) {
  return count_in_slices(corpus.customer_count(), worker_count(threads), 4096, [&](index_range range) {
    label_tree tree{question.at};
    std::vector<std::uint32_t> route;
    for (const std::size_t customer : each(range)) {
      for (std::size_t journey = corpus.customers[customer]; journey < corpus.customers[customer + 1]; ++journey) {
        write_route(corpus, journey, route);
        const bool is_open = corpus.is_open(journey);
        const auto visit = [&](std::uint32_t node) {
          ++tree.count[node];
          if (is_open) {
            ++tree.open[node];
            return;
          }
          tree.rates.visit(node);
          if (corpus.converted[journey]) {
            tree.rates.event(node);
          }
        };
        const auto is_event = [&](std::size_t place) { return place > 0 && place + 1 < route.size(); };
        const auto time_at = [&](std::size_t place) { return corpus.times[corpus.offsets[journey] + place - 1]; };
        const auto walk = [&](std::size_t root, std::size_t steps, std::int32_t direction) {
          std::uint32_t node = 0;
          std::uint32_t model = 0;
          std::size_t place = root;
          for (std::size_t step = 0; step < steps; ++step) {
            if (direction > 0 ? place + 1 == route.size() : place == 0) {
              return;
            }
            place = direction > 0 ? place + 1 : place - 1;
            std::uint32_t label = route[place];
            if (kept != nullptr) {
              model = kept->find_child(model, label, direction);
              if (static_cast<double>(kept->count[model]) < least) {
                label = other;
              }
            }
            node = tree.child(node, label, direction);
            visit(node);
            if (label == other) {
              return;
            }
            if (!corpus.times.empty() && is_event(place) && is_event(root)) {
              tree.times[node].push_back(time_at(place) - time_at(root));
            }
          }
        };
        for_each_visit(route, question.at, question.which, [&](std::size_t place) {
          visit(0);
          walk(place, question.after, 1);
          walk(place, question.before, -1);
        });
      }
      tree.rates.end_customer();
    }
    return tree;
  });
}

/// The nodes in the order in which they are shown.
inline std::vector<std::uint32_t> tree_order(const label_tree& tree, const name_table& names) {
  std::vector<std::vector<std::uint32_t>> children(tree.nodes.size());
  for (std::uint32_t node = 1; node < tree.nodes.size(); ++node) {
    children[tree.nodes[node].parent].push_back(node);
  }
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    if ((tree.nodes[a].step > 0) != (tree.nodes[b].step > 0)) {
      return tree.nodes[a].step > 0;
    }
    return tree.count[a] != tree.count[b] ? tree.count[a] > tree.count[b]
                                          : names[tree.nodes[a].label] < names[tree.nodes[b].label];
  };
  std::vector<std::uint32_t> order;
  std::vector<std::uint32_t> waiting{0};
  while (!waiting.empty()) {
    const std::uint32_t node = waiting.back();
    waiting.pop_back();
    order.push_back(node);
    std::sort(children[node].begin(), children[node].end(), before);
    waiting.insert(waiting.end(), children[node].rbegin(), children[node].rend());
  }
  return order;
}

}  // namespace detail

KLANTREIS_INLINE table path_tree(const journey_set& journeys, const path_tree_options& options) {
  if (!(options.min_share >= 0.0 && options.min_share <= 1.0)) {
    throw input_error("min_share is " + std::to_string(options.min_share) + "; it is a share from 0 to 1");
  }
  const detail::path_corpus corpus = detail::make_path_corpus(journeys, options.by, options.collapse, true);
  around_options around;
  around.at = options.at;
  around.before = options.before;
  around.after = options.after;
  around.which = options.which;
  around.by = options.by;
  const detail::window_plan plan = detail::plan_windows(corpus, around);
  const std::uint32_t other = *plan.names.find(detail::other_label);
  const auto grow = [&](const detail::label_tree* kept, double least) {
    return detail::grow_tree(corpus, plan.question, kept, least, other, options.threads);
  };
  detail::label_tree tree = grow(nullptr, 0.0);
  if (options.min_share > 0.0) {
    tree = grow(&tree, options.min_share * static_cast<double>(tree.count[0]));
  }
  const std::vector<std::uint32_t> order = detail::tree_order(tree, plan.names);
  std::vector<std::int64_t> number(order.size());
  for (std::size_t row = 0; row < order.size(); ++row) {
    number[order[row]] = static_cast<std::int64_t>(row);
  }

  std::vector<std::int64_t> nodes;
  std::vector<std::int64_t> parents;
  std::vector<std::int64_t> steps;
  std::vector<std::string> labels;
  std::vector<std::string> paths;
  std::vector<std::int64_t> counts;
  std::vector<std::int64_t> open;
  std::vector<double> shares;
  std::vector<double> of_parent;
  std::vector<std::int64_t> conversions;
  std::vector<double> times;
  detail::estimate_columns rates;
  std::vector<std::uint32_t> path;
  for (const std::uint32_t node : order) {
    const auto& entry = tree.nodes[node];
    nodes.push_back(number[node]);
    parents.push_back(node == 0 ? -1 : number[entry.parent]);
    steps.push_back(entry.step);
    labels.emplace_back(plan.names[entry.label]);
    path.assign(1, entry.label);
    for (std::uint32_t above = node; above != 0;) {
      above = tree.nodes[above].parent;
      path.push_back(tree.nodes[above].label);
    }
    if (entry.step > 0) {
      std::reverse(path.begin(), path.end());
    }
    paths.push_back(join_path(plan.names, path));
    const auto ratio = [](std::uint64_t part, std::uint64_t whole) {
      return whole == 0 ? null_value : static_cast<double>(part) / static_cast<double>(whole);
    };
    counts.push_back(static_cast<std::int64_t>(tree.count[node]));
    open.push_back(static_cast<std::int64_t>(tree.open[node]));
    shares.push_back(ratio(tree.count[node], tree.count[0]));
    of_parent.push_back(node == 0 ? 1.0 : ratio(tree.count[node], tree.count[entry.parent]));
    conversions.push_back(static_cast<std::int64_t>(tree.rates.events()[node].e));
    std::vector<double> seconds;
    for (const std::int64_t ticks : tree.times[node]) {
      seconds.push_back(corpus.seconds(ticks));
    }
    times.push_back(quantile(seconds, 0.5));
    rates.add(rate_interval(tree.rates.visits()[node], tree.rates.events()[node], options.intervals));
  }
  table result{"The paths to and from " + options.at +
               " as a tree. count: its visits whose journey comes along the node; share: of all visits; "
               "share_of_parent: of those at the node between this one and the root; conversion_rate: of settled "
               "journeys, with an interval by customers (n); median_time: seconds from the root, negative before it."};
  result.add("node", std::move(nodes));
  result.add("parent", std::move(parents));
  result.add("step", std::move(steps));
  result.add("label", std::move(labels));
  result.add("path", std::move(paths));
  result.add("count", std::move(counts), quantity::count);
  result.add("open", std::move(open), quantity::count);
  result.add("share", std::move(shares), quantity::share);
  result.add("share_of_parent", std::move(of_parent), quantity::share);
  result.add("conversions", std::move(conversions), quantity::count);
  result.add("conversion_rate", std::move(rates.value), quantity::share);
  result.add("lower", std::move(rates.lower), quantity::share);
  result.add("upper", std::move(rates.upper), quantity::share);
  result.add("n", std::move(rates.n), quantity::count);
  result.add("median_time", std::move(times), quantity::seconds);
  result.add("marks", std::move(rates.marks));
  detail::set_window_options(result, corpus, around);
  result.set_option("min_share", std::to_string(options.min_share));
  detail::set_interval_options(result, options.intervals);
  detail::add_cut_options(result, journeys);
  return result;
}

}  // namespace klantreis
