// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include <boost/graph/betweenness_centrality.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <boost/graph/reverse_graph.hpp>
#include <boost/pending/disjoint_sets.hpp>
#include <boost/property_map/function_property_map.hpp>

#include "klantreis/engine.hpp"
#include "klantreis/graph_measures.hpp"

namespace klantreis {
namespace detail {

inline constexpr std::array<std::pair<std::string_view, edge_length>, 3> edge_length_names{
    {{"steps", edge_length::steps}, {"surprise", edge_length::surprise}, {"rarity", edge_length::rarity}}};

/// Numbers in the order in which their keys are first met.
template <typename Key>
[[nodiscard]] std::vector<std::size_t> numbered(const std::vector<Key>& keys) {
  std::map<Key, std::size_t> numbers;
  std::vector<std::size_t> result;
  for (const Key& key : keys) {
    result.push_back(numbers.try_emplace(key, numbers.size()).first->second);
  }
  return result;
}

/// Shortest paths to one vertex, without some of the states and transitions.
class path_finder {
 public:
  using vertex = journey_graph::vertex;

  path_finder(const journey_graph& graph, vertex to, edge_length length)
      : graph_(&graph), to_(to), lengths_(edge_lengths(graph, length)), rank_(graph.states()) {
    std::vector<vertex> order(graph.states());
    std::iota(order.begin(), order.end(), vertex{0});
    std::sort(order.begin(), order.end(), [&](vertex a, vertex b) { return graph.name(a) < graph.name(b); });
    for (std::size_t place = 0; place < order.size(); ++place) {
      rank_[order[place]] = place;
    }
  }

  /// Of the shortest paths from `from` the first by name; empty when there is none.
  [[nodiscard]] std::vector<vertex> find(vertex from, const std::vector<bool>& left_out,
                                         const std::set<std::size_t>& forbidden) const {
    constexpr double far = std::numeric_limits<double>::infinity();
    const auto length_of = [&](std::size_t edge) {
      return left_out[graph_->edge(edge).from] || left_out[graph_->edge(edge).to] || forbidden.contains(edge)
                 ? far
                 : lengths_[edge];
    };
    const boost::reverse_graph<journey_graph> reversed{*graph_};
    using edge = boost::graph_traits<boost::reverse_graph<journey_graph>>::edge_descriptor;
    std::vector<double> distance(graph_->states());
    const auto index = get(boost::vertex_index, *graph_);
    boost::dijkstra_shortest_paths(reversed, to_,
                                   boost::weight_map(boost::make_function_property_map<edge>([&](const edge& at) {
                                     return length_of(at.underlying_descx.index);
                                   }))
                                       .distance_map(boost::make_iterator_property_map(distance.begin(), index))
                                       .distance_inf(far)
                                       .vertex_index_map(index));
    std::vector<vertex> path;
    if (!(distance[from] < far)) {
      return path;
    }
    std::vector<bool> passed(graph_->states(), false);
    for (vertex at = from; at != to_;) {
      path.push_back(at);
      passed[at] = true;
      vertex next = journey_graph::null_vertex();
      double best = far;
      for (std::size_t out = graph_->out(at).begin; out < graph_->out(at).end; ++out) {
        const vertex target = graph_->edge(out).to;
        const double through = length_of(out) + distance[target];
        if (passed[target] || !(through < far)) {
          continue;
        }
        const bool equal = best < far && std::abs(through - best) <= 1e-12 * (std::max)(1.0, best);
        if (equal ? rank_[target] < rank_[next] : through < best) {
          next = target;
          best = equal ? best : through;
        }
      }
      if (next == journey_graph::null_vertex()) {
        return {};
      }
      at = next;
    }
    path.push_back(to_);
    return path;
  }

  [[nodiscard]] double length(const std::vector<vertex>& path) const {
    double sum = 0.0;
    for (std::size_t place = 0; place + 1 < path.size(); ++place) {
      sum += lengths_[edge_between(path[place], path[place + 1])];
    }
    return sum;
  }

  [[nodiscard]] std::size_t edge_between(vertex from, vertex to) const {
    for (std::size_t out = graph_->out(from).begin; out < graph_->out(from).end; ++out) {
      if (graph_->edge(out).to == to) {
        return out;
      }
    }
    return graph_->transitions();
  }

  [[nodiscard]] bool before(const simple_path& a, const simple_path& b) const {
    if (std::abs(a.length - b.length) > 1e-12 * (std::max)({1.0, a.length, b.length})) {
      return a.length < b.length;
    }
    const auto rank = [&](vertex at) { return rank_[at]; };
    return std::ranges::lexicographical_compare(a.states, b.states, {}, rank, rank);
  }

 private:
  const journey_graph* graph_;
  vertex to_;
  std::vector<double> lengths_;
  std::vector<std::size_t> rank_;
};

[[nodiscard]] inline bool is_touchpoint(const journey_graph& graph, journey_graph::vertex at) {
  return !is_reserved_name(graph.name(at));
}

/// Weights between different touchpoints, both ways together.
[[nodiscard]] inline std::vector<std::map<std::size_t, double>> touchpoint_links(const journey_graph& graph) {
  std::vector<std::map<std::size_t, double>> links(graph.states());
  for (std::size_t index = 0; index < graph.transitions(); ++index) {
    const journey_edge& edge = graph.edge(index);
    if (edge.from != edge.to && is_touchpoint(graph, edge.from) && is_touchpoint(graph, edge.to)) {
      links[edge.from][edge.to] += graph.weights()[index];
      links[edge.to][edge.from] += graph.weights()[index];
    }
  }
  return links;
}

[[nodiscard]] inline std::vector<double> link_strengths(const std::vector<std::map<std::size_t, double>>& links) {
  std::vector<double> strengths;
  for (const auto& own : links) {
    double sum = 0.0;
    for (const auto& [other, weight] : own) {
      sum += weight;
    }
    strengths.push_back(sum);
  }
  return strengths;
}

}  // namespace detail

KLANTREIS_INLINE edge_length to_edge_length(std::string_view name) {
  for (const auto& [text, length] : detail::edge_length_names) {
    if (text == name) {
      return length;
    }
  }
  throw input_error("there is no length " + quoted(name) + " of transitions; there are steps, surprise and rarity");
}

KLANTREIS_INLINE std::string_view to_text(edge_length length) noexcept {
  return detail::edge_length_names[static_cast<std::size_t>(length)].first;
}

KLANTREIS_INLINE std::vector<double> edge_lengths(const journey_graph& graph, edge_length length) {
  // Lengths of 0 would leave open how many shortest paths there are.
  constexpr double least_surprise = 1e-9;
  std::vector<double> result(graph.transitions(), 1.0);
  for (std::size_t edge = 0; edge < result.size(); ++edge) {
    if (length == edge_length::surprise) {
      result[edge] = (std::max)(graph.costs()[edge], least_surprise);
    } else if (length == edge_length::rarity) {
      result[edge] = 1.0 / graph.weights()[edge];
    }
  }
  return result;
}

KLANTREIS_INLINE std::vector<double> betweenness(const journey_graph& graph, edge_length length) {
  const std::size_t states = graph.states();
  std::vector<double> result(states, 0.0);
  if (states < 3) {
    return result;
  }
  const std::vector<double> lengths = edge_lengths(graph, length);
  const auto index = get(boost::vertex_index, graph);
  const auto centrality = boost::make_iterator_property_map(result.begin(), index);
  if (length == edge_length::steps) {
    boost::brandes_betweenness_centrality(graph, boost::centrality_map(centrality).vertex_index_map(index));
  } else {
    boost::brandes_betweenness_centrality(
        graph, boost::centrality_map(centrality).vertex_index_map(index).weight_map(edge_number_map{lengths}));
  }
  const double pairs = static_cast<double>(states - 1) * static_cast<double>(states - 2);
  for (double& value : result) {
    value /= pairs;
  }
  return result;
}

KLANTREIS_INLINE std::vector<double> page_rank(const journey_graph& graph, double damping) {
  if (!(damping >= 0.0) || !(damping < 1.0)) {
    throw input_error("damping must be at least 0 and below 1; 0.85 is usual");
  }
  const std::size_t states = graph.states();
  if (states == 0) {
    return {};
  }
  const double each = 1.0 / static_cast<double>(states);
  std::vector<double> rank(states, each);
  std::vector<double> next(states);
  // Boost's page_rank takes all transitions of a state as equally likely.
  constexpr std::size_t most_steps = 10'000;
  for (std::size_t step = 0; step < most_steps; ++step) {
    double ended = 0.0;
    for (journey_graph::vertex at = 0; at < states; ++at) {
      ended += out_degree(at, graph) == 0 ? rank[at] : 0.0;
    }
    std::fill(next.begin(), next.end(), (1.0 - damping + damping * ended) * each);
    for (std::size_t index = 0; index < graph.transitions(); ++index) {
      const journey_edge& edge = graph.edge(index);
      next[edge.to] += damping * rank[edge.from] * graph.probabilities()[index];
    }
    double change = 0.0;
    for (std::size_t at = 0; at < states; ++at) {
      change += std::abs(next[at] - rank[at]);
    }
    rank.swap(next);
    if (change < 1e-14) {
      break;
    }
  }
  return rank;
}

KLANTREIS_INLINE std::vector<std::size_t> weak_components(const journey_graph& graph) {
  const boost::typed_identity_property_map<std::size_t> index_of;
  std::vector<std::size_t> ranks(graph.states(), 0);
  std::vector<std::size_t> parents(graph.states());
  const auto rank_map = boost::make_iterator_property_map(ranks.begin(), index_of);
  const auto parent_map = boost::make_iterator_property_map(parents.begin(), index_of);
  boost::disjoint_sets sets{rank_map, parent_map};
  for (std::size_t at = 0; at < graph.states(); ++at) {
    sets.make_set(at);
  }
  for (std::size_t index = 0; index < graph.transitions(); ++index) {
    sets.union_set(std::size_t{graph.edge(index).from}, std::size_t{graph.edge(index).to});
  }
  std::vector<std::size_t> roots;
  for (std::size_t at = 0; at < graph.states(); ++at) {
    roots.push_back(sets.find_set(at));
  }
  return detail::numbered(roots);
}

KLANTREIS_INLINE std::vector<simple_path> shortest_simple_paths(const journey_graph& graph, journey_graph::vertex from,
                                                                journey_graph::vertex to, std::size_t count,
                                                                edge_length length) {
  const detail::path_finder finder{graph, to, length};
  std::vector<simple_path> found;
  std::vector<simple_path> candidates;
  std::set<std::vector<journey_graph::vertex>> known;
  const auto offer = [&](std::vector<journey_graph::vertex> path) {
    if (!path.empty() && known.insert(path).second) {
      const double sum = finder.length(path);
      candidates.push_back({std::move(path), sum});
    }
  };
  if (count > 0) {
    offer(finder.find(from, std::vector<bool>(graph.states(), false), {}));
  }
  while (!candidates.empty() && found.size() < count) {
    const auto best = std::min_element(candidates.begin(), candidates.end(),
                                       [&](const auto& a, const auto& b) { return finder.before(a, b); });
    found.push_back(std::move(*best));
    candidates.erase(best);
    if (found.size() == count) {
      break;
    }
    // Leave each path found at each of its states, by a transition that no path found so far takes from there.
    const std::vector<journey_graph::vertex>& last = found.back().states;
    std::vector<bool> left_out(graph.states(), false);
    for (std::size_t spur = 0; spur + 1 < last.size(); ++spur) {
      check_stop();
      std::set<std::size_t> forbidden;
      for (const simple_path& path : found) {
        if (path.states.size() > spur + 1 &&
            std::equal(last.begin(), last.begin() + static_cast<std::ptrdiff_t>(spur + 1), path.states.begin())) {
          forbidden.insert(finder.edge_between(path.states[spur], path.states[spur + 1]));
        }
      }
      const std::vector<journey_graph::vertex> rest = finder.find(last[spur], left_out, forbidden);
      if (!rest.empty()) {
        std::vector<journey_graph::vertex> whole(last.begin(), last.begin() + static_cast<std::ptrdiff_t>(spur));
        whole.insert(whole.end(), rest.begin(), rest.end());
        offer(std::move(whole));
      }
      left_out[last[spur]] = true;
    }
  }
  return found;
}

KLANTREIS_INLINE std::vector<std::size_t> communities(const journey_graph& graph) {
  if (graph.states() > most_community_states) {
    throw limit_error("communities of " + std::to_string(graph.states()) + " states; at most " +
                      std::to_string(most_community_states) + " are possible: group the touchpoints first");
  }
  auto links = detail::touchpoint_links(graph);
  std::vector<double> strengths = detail::link_strengths(links);
  const double total = std::accumulate(strengths.begin(), strengths.end(), 0.0);
  std::vector<std::size_t> community(graph.states());
  std::iota(community.begin(), community.end(), std::size_t{0});
  while (total > 0.0) {
    check_stop();
    double best = 0.0;
    std::pair<std::size_t, std::size_t> join{0, 0};
    for (std::size_t a = 0; a < links.size(); ++a) {
      for (const auto& [b, weight] : links[a]) {
        const double gain = weight / total - strengths[a] * strengths[b] / (total * total);
        if (a < b && gain > best) {
          best = gain;
          join = {a, b};
        }
      }
    }
    if (!(best > 1e-15)) {
      break;
    }
    const auto [to, gone] = join;
    for (const auto& [other, weight] : links[gone]) {
      links[other].erase(gone);
      if (other != to) {
        links[to][other] += weight;
        links[other][to] += weight;
      }
    }
    links[gone].clear();
    strengths[to] += strengths[gone];
    strengths[gone] = 0.0;
    std::replace(community.begin(), community.end(), gone, to);
  }
  std::vector<std::size_t> result(graph.states(), no_community);
  std::map<std::size_t, std::size_t> numbers;
  for (journey_graph::vertex at = 0; at < graph.states(); ++at) {
    if (detail::is_touchpoint(graph, at)) {
      result[at] = numbers.try_emplace(community[at], numbers.size()).first->second;
    }
  }
  return result;
}

KLANTREIS_INLINE double modularity(const journey_graph& graph, const std::vector<std::size_t>& communities) {
  const auto links = detail::touchpoint_links(graph);
  const std::vector<double> strengths = detail::link_strengths(links);
  const double total = std::accumulate(strengths.begin(), strengths.end(), 0.0);
  if (total <= 0.0) {
    return null_value;
  }
  std::map<std::size_t, double> within;
  std::map<std::size_t, double> all;
  for (std::size_t at = 0; at < links.size(); ++at) {
    all[communities[at]] += strengths[at];
    for (const auto& [other, weight] : links[at]) {
      within[communities[at]] += communities[at] == communities[other] ? weight : 0.0;
    }
  }
  double result = 0.0;
  for (const auto& [community, strength] : all) {
    result += within[community] / total - (strength / total) * (strength / total);
  }
  return result;
}

KLANTREIS_INLINE table graph_measures(const journey_graph& graph, edge_length length, double damping) {
  const std::vector<std::size_t> strong = strong_components(graph);
  std::vector<std::size_t> sizes(graph.states(), 0);
  for (const std::size_t component : strong) {
    ++sizes[component];
  }
  std::vector<std::string> states;
  std::vector<std::int64_t> part;
  std::vector<std::int64_t> loop;
  std::vector<std::int64_t> community;
  std::map<std::size_t, std::int64_t> loops;
  const std::vector<std::size_t> weak = weak_components(graph);
  const std::vector<std::size_t> groups = communities(graph);
  for (journey_graph::vertex at = 0; at < graph.states(); ++at) {
    states.emplace_back(graph.name(at));
    part.push_back(static_cast<std::int64_t>(weak[at] + 1));
    const bool returns = sizes[strong[at]] > 1;
    loop.push_back(returns ? loops.try_emplace(strong[at], static_cast<std::int64_t>(loops.size() + 1)).first->second
                           : 0);
    community.push_back(groups[at] == no_community ? 0 : static_cast<std::int64_t>(groups[at] + 1));
  }
  table result{
      "Measures of the states in the graph of settled journeys. betweenness: share of the pairs of other states whose "
      "shortest path passes the state; page_rank: share of the time of a walker who follows transitions by their "
      "probability and now and then begins anew anywhere; part: states that transitions join; loop: states among which "
      "journeys can go round (0: none); community: touchpoints between which customers go to and fro more than chance "
      "would have it (0: no touchpoint)."};
  result.add("state", std::move(states));
  result.add("visits", graph.nodes().at("visits").data, quantity::count);
  result.add("n", graph.nodes().at("n").data, quantity::count);
  result.add("betweenness", betweenness(graph, length), quantity::share);
  result.add("page_rank", page_rank(graph, damping), quantity::share);
  result.add("part", std::move(part));
  result.add("loop", std::move(loop));
  result.add("community", std::move(community));
  for (const auto& [key, value] : graph.nodes().options()) {
    result.set_option(key, value);
  }
  result.set_option("length", std::string{to_text(length)});
  result.set_option("damping", std::to_string(damping));
  result.set_option("modularity", std::to_string(modularity(graph, groups)));
  return result;
}

KLANTREIS_INLINE table shortest_paths(const journey_graph& graph, std::string_view from, std::string_view to,
                                      std::size_t count, edge_length length) {
  const auto found = shortest_simple_paths(graph, graph.vertex_of(from), graph.vertex_of(to), count, length);
  name_table names;
  for (journey_graph::vertex at = 0; at < graph.states(); ++at) {
    names.intern(graph.name(at));
  }
  std::vector<std::int64_t> ranks;
  std::vector<std::string> paths;
  std::vector<double> lengths;
  std::vector<double> probabilities;
  for (const simple_path& path : found) {
    double probability = 1.0;
    for (std::size_t place = 0; place + 1 < path.states.size(); ++place) {
      for (std::size_t out = graph.out(path.states[place]).begin; out < graph.out(path.states[place]).end; ++out) {
        probability *= graph.edge(out).to == path.states[place + 1] ? graph.probabilities()[out] : 1.0;
      }
    }
    ranks.push_back(static_cast<std::int64_t>(ranks.size() + 1));
    paths.push_back(join_path(names, path.states));
    lengths.push_back(path.length);
    probabilities.push_back(probability);
  }
  table result{
      "The shortest paths that pass no state twice, shortest first. probability: that a journey at the first state "
      "goes "
      "on exactly this way."};
  result.add("rank", std::move(ranks));
  result.add("path", std::move(paths));
  result.add("length", std::move(lengths));
  result.add("probability", std::move(probabilities), quantity::share);
  result.set_option("from", std::string{from});
  result.set_option("to", std::string{to});
  result.set_option("length", std::string{to_text(length)});
  result.set_option("limit", std::to_string(count));
  return result;
}

}  // namespace klantreis
