// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/markov/helpers.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/markov/probable_paths.hpp"

namespace klantreis {
namespace detail {

// A step costs −ln p, so that the most probable way is the cheapest.
class likely_path_search {
 public:
  using state = absorbing_chain::state;

  likely_path_search(const absorbing_chain& chain, state from, state goal, std::size_t most)
      : chain_(chain), from_(from), goal_(goal), left_(most), rest_(cost_to_go()) {
    push(from, 0.0);
  }

  std::vector<probable_path> find(std::size_t count) {
    std::vector<probable_path> found;
    double listed = -1.0;
    while (found.size() < count) {
      // The cheapest way that is not listed gives the next level of cost …
      double level = infinity;
      while (!open_.empty()) {
        check_stop();
        const auto [cost, at] = open_.top();
        if (nodes_[at].at == goal_ && cost > listed) {
          level = cost;
          break;
        }
        open_.pop();
        if (nodes_[at].at != goal_) {
          expand(at);
        }
      }
      if (level == infinity) {
        break;
      }
      // … and a walk in the order of names lists the ways of that level, as many as are wanted.
      const double upper = level + 1e-12 * (std::max)(1.0, level);
      list(listed, upper, count, found);
      listed = upper;
    }
    return found;
  }

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  struct node {
    state at;
    double cost;
  };
  using entry = std::pair<double, std::size_t>;

  struct step {
    state to;
    double cost;
  };

  // Dijkstra from the goal backwards.
  std::vector<double> cost_to_go() const {
    const sparse_rows back = transposed(chain_.within(), chain_.transient_size());
    std::vector<double> cost(chain_.transient_size(), infinity);
    using item = std::pair<double, state>;
    std::priority_queue<item, std::vector<item>, std::greater<>> open;
    const std::vector<double> last = direct(chain_, goal_);
    for (state i = 0; i < cost.size(); ++i) {
      if (last[i] > 0.0) {
        cost[i] = -std::log(last[i]);
        open.emplace(cost[i], i);
      }
    }
    while (!open.empty()) {
      const auto [known, j] = open.top();
      open.pop();
      if (known > cost[j]) {
        continue;
      }
      const auto before = back.columns_of(j);
      const auto weights = back.values_of(j);
      for (std::size_t e = 0; e < before.size(); ++e) {
        const double candidate = known - std::log(weights[e]);
        if (candidate < cost[before[e]]) {
          cost[before[e]] = candidate;
          open.emplace(candidate, before[e]);
        }
      }
    }
    return cost;
  }

  void count_step() {
    if (left_ == 0) {
      throw limit_error(
          "the search for the most probable paths looked at too many partial paths; ask for fewer paths, " +
          std::string("or raise max_steps"));
    }
    --left_;
  }

  void push(state to, double cost) {
    const double rest = to == goal_ ? 0.0 : rest_[to];
    if (rest == infinity) {
      return;
    }
    nodes_.push_back({to, cost});
    open_.emplace(cost + rest, nodes_.size() - 1);
  }

  void expand(std::size_t at) {
    const auto [i, cost] = nodes_[at];
    count_step();
    const double last = chain_.probability(i, goal_);
    if (last > 0.0) {
      push(goal_, cost - std::log(last));
    }
    const auto columns = chain_.within().columns_of(i);
    const auto values = chain_.within().values_of(i);
    for (std::size_t e = 0; e < columns.size(); ++e) {
      push(columns[e], cost - std::log(values[e]));
    }
  }

  // The steps out of a state: the goal first, for a path stands before its continuations, then by name.
  std::vector<step> steps_of(state i) const {
    std::vector<step> steps;
    const auto columns = chain_.within().columns_of(i);
    const auto values = chain_.within().values_of(i);
    for (std::size_t e = 0; e < columns.size(); ++e) {
      if (rest_[columns[e]] < infinity) {
        steps.push_back({columns[e], -std::log(values[e])});
      }
    }
    std::sort(steps.begin(), steps.end(),
              [&](const step& a, const step& b) { return chain_.name(a.to) < chain_.name(b.to); });
    const double last = chain_.probability(i, goal_);
    if (last > 0.0) {
      steps.insert(steps.begin(), {goal_, -std::log(last)});
    }
    return steps;
  }

  void list(double above, double upper, std::size_t count, std::vector<probable_path>& found) {
    struct frame {
      state at;
      double cost;
      std::vector<step> steps;
      std::size_t next = 0;
    };
    // Costs of the same way are added in the same order here and in `expand`, so they are the same to the last bit;
    // only the comparison with the cost of the rest needs slack.
    const double slack = upper + 1e-12 * (std::max)(1.0, upper);
    std::vector<frame> way{{from_, 0.0, steps_of(from_)}};
    while (!way.empty() && found.size() < count) {
      frame& top = way.back();
      if (top.next == top.steps.size()) {
        way.pop_back();
        continue;
      }
      const step taken = top.steps[top.next++];
      const double cost = top.cost + taken.cost;
      count_step();
      if (taken.to == goal_) {
        if (cost > above && cost <= upper) {
          found.push_back(path_of(way));
        }
      } else if (cost + rest_[taken.to] <= slack) {
        way.push_back({taken.to, cost, steps_of(taken.to)});
      }
    }
  }

  template <typename Frames>
  probable_path path_of(const Frames& way) const {
    probable_path path;
    path.probability = 1.0;
    for (const auto& frame : way) {
      if (!path.states.empty()) {
        path.probability *= chain_.probability(path.states.back(), frame.at);
      }
      path.states.push_back(frame.at);
    }
    path.probability *= chain_.probability(path.states.back(), goal_);
    return path;
  }

  const absorbing_chain& chain_;
  state from_;
  state goal_;
  std::size_t left_;
  std::vector<double> rest_;
  std::vector<node> nodes_;
  std::priority_queue<entry, std::vector<entry>, std::greater<>> open_;
};

}  // namespace detail

KLANTREIS_INLINE std::vector<probable_path> most_probable_paths(const absorbing_chain& chain,
                                                                absorbing_chain::state from,
                                                                absorbing_chain::state goal, std::size_t count,
                                                                std::size_t max_steps) {
  detail::check_transient(chain, from, "the start");
  detail::check_absorbing(chain, goal, "the goal");
  return detail::likely_path_search(chain, from, goal, max_steps).find(count);
}

}  // namespace klantreis
