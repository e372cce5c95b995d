// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "klantreis/detail/escape.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/graph.hpp"

namespace klantreis {

namespace detail {

/// A number between 0 and 1000 with some decimals, in every locale.
inline std::string rounded_number(double value, int decimals) {
  std::array<char, 32> buffer{};
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, decimals);
  return {buffer.data(), result.ptr};
}

/// A number as text; empty for null and for what is no number.
inline std::string number_of(const column& data, std::size_t row) {
  if (const auto* whole = std::get_if<std::vector<std::int64_t>>(&data.data)) {
    return std::to_string((*whole)[row]);
  }
  if (const auto* real = std::get_if<std::vector<double>>(&data.data)) {
    return std::isfinite((*real)[row]) ? number_text((*real)[row]) : std::string{};
  }
  return {};
}

/// `12 (40 %)`: what stands beside an edge in a picture.
inline std::string edge_label(const journey_graph& graph, std::size_t edge) {
  return number_of(graph.edge_table().at("weight"), edge) + " (" +
         rounded_number(100.0 * graph.probabilities()[edge], 0) + " %)";
}

inline void append_graphml_keys(std::string& text, std::span<const column> columns, const std::string& target) {
  for (const auto& each : columns) {
    const bool is_text = std::holds_alternative<std::vector<std::string>>(each.data);
    const bool is_whole = std::holds_alternative<std::vector<std::int64_t>>(each.data);
    text += "  <key id=\"" + target + "_" + each.name + "\" for=\"" + target + "\" attr.name=\"" + each.name +
            "\" attr.type=\"" +
            (is_text    ? "string"
             : is_whole ? "long"
                        : "double") +
            "\"/>\n";
  }
}

inline void append_graphml_data(std::string& text, std::span<const column> columns, const std::string& target,
                                std::size_t row) {
  for (const auto& each : columns) {
    const auto* names = std::get_if<std::vector<std::string>>(&each.data);
    const std::string value = names != nullptr ? xml_text((*names)[row]) : number_of(each, row);
    if (!value.empty()) {
      text += "<data key=\"" + target + "_" + each.name + "\">" + value + "</data>";
    }
  }
}

inline void append_json_rows(std::string& text, const table& columns) {
  for (std::size_t row = 0; row < columns.rows(); ++row) {
    text += row == 0 ? "\n    {" : ",\n    {";
    bool first = true;
    for (const auto& each : columns.columns()) {
      const auto* names = std::get_if<std::vector<std::string>>(&each.data);
      const std::string value = names != nullptr ? json_text((*names)[row]) : number_of(each, row);
      text += (first ? "" : ", ") + json_text(each.name) + ": " + (value.empty() ? "null" : value);
      first = false;
    }
    text += '}';
  }
}

inline std::string node_id(journey_graph::vertex at) { return "n" + std::to_string(at); }

}  // namespace detail

KLANTREIS_INLINE std::string to_dot(const journey_graph& graph) {
  std::string text = "digraph journeys {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n";
  for (journey_graph::vertex at = 0; at < graph.states(); ++at) {
    text += "  " + detail::node_id(at) + " [label=\"" + detail::dot_text(graph.name(at)) + '"' +
            (is_reserved_name(graph.name(at)) ? ", shape=ellipse" : "") + "];\n";
  }
  for (std::size_t edge = 0; edge < graph.transitions(); ++edge) {
    text += "  " + detail::node_id(graph.edge(edge).from) + " -> " + detail::node_id(graph.edge(edge).to) +
            " [label=\"" + detail::edge_label(graph, edge) +
            "\", penwidth=" + detail::rounded_number(1.0 + 4.0 * graph.probabilities()[edge], 2) + "];\n";
  }
  return text + "}\n";
}

KLANTREIS_INLINE std::string to_graphml(const journey_graph& graph) {
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n";
  const std::span nodes{graph.nodes().columns()};
  std::span edges{graph.edge_table().columns()};
  // The first two say where an edge begins and ends, which GraphML has attributes for.
  edges = edges.subspan(std::min<std::size_t>(2, edges.size()));
  detail::append_graphml_keys(text, nodes, "node");
  detail::append_graphml_keys(text, edges, "edge");
  text += "  <graph id=\"journeys\" edgedefault=\"directed\">\n";
  for (journey_graph::vertex at = 0; at < graph.states(); ++at) {
    text += "    <node id=\"" + detail::node_id(at) + "\">";
    detail::append_graphml_data(text, nodes, "node", at);
    text += "</node>\n";
  }
  for (std::size_t edge = 0; edge < graph.transitions(); ++edge) {
    text += "    <edge id=\"e" + std::to_string(edge) + "\" source=\"" + detail::node_id(graph.edge(edge).from) +
            "\" target=\"" + detail::node_id(graph.edge(edge).to) + "\">";
    detail::append_graphml_data(text, edges, "edge", edge);
    text += "</edge>\n";
  }
  return text + "  </graph>\n</graphml>\n";
}

KLANTREIS_INLINE std::string to_mermaid(const journey_graph& graph) {
  std::string text = "flowchart LR\n";
  for (journey_graph::vertex at = 0; at < graph.states(); ++at) {
    const bool own = is_reserved_name(graph.name(at));
    text += "  " + detail::node_id(at) + (own ? "([\"" : "[\"") + detail::mermaid_text(graph.name(at)) +
            (own ? "\"])\n" : "\"]\n");
  }
  for (std::size_t edge = 0; edge < graph.transitions(); ++edge) {
    text += "  " + detail::node_id(graph.edge(edge).from) + " -->|\"" +
            detail::mermaid_text(detail::edge_label(graph, edge)) + "\"| " + detail::node_id(graph.edge(edge).to) +
            '\n';
  }
  return text;
}

KLANTREIS_INLINE std::string to_json(const journey_graph& graph) {
  std::string text = "{\n  \"options\": {";
  bool first = true;
  for (const auto& [name, value] : graph.edge_table().options()) {
    text += (first ? "" : ", ") + detail::json_text(name) + ": " + detail::json_text(value);
    first = false;
  }
  text += "},\n  \"nodes\": [";
  detail::append_json_rows(text, graph.nodes());
  text += graph.nodes().rows() == 0 ? "],\n  \"edges\": [" : "\n  ],\n  \"edges\": [";
  detail::append_json_rows(text, graph.edge_table());
  return text + (graph.transitions() == 0 ? "]\n}\n" : "\n  ]\n}\n");
}

}  // namespace klantreis
