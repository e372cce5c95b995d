// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/hypotheses/evidence.hpp"

namespace klantreis {
namespace detail {

/// Shares of the destinations that are believed in, by row.
using belief_rows = std::map<transition_counts::state, std::map<transition_counts::state, double>>;

inline bool state_occurs(const transition_counts& counts, transition_counts::state state) {
  return state >= transition_counts::first_item || counts.visits(state).v > 0.0;
}

inline transition_counts::state believed_state(const transition_counts& counts, std::string_view name,
                                               const std::string& hypothesis) {
  const auto found = counts.states().find(name);
  if (!found || !state_occurs(counts, *found)) {
    throw input_error("hypothesis " + quoted(hypothesis) + ": " +
                      (is_reserved_name(name) ? "the journeys have no state " + quoted(name)
                                              : unknown_label_message(name, counts.by(), counts.states())));
  }
  return *found;
}

inline belief_rows read_beliefs(const transition_counts& counts, const hypothesis& given) {
  belief_rows rows;
  for (const belief& one : given.beliefs) {
    if (!(one.weight >= 0.0) || !std::isfinite(one.weight)) {
      throw input_error("hypothesis " + quoted(given.name) + ": the belief in " + quoted(one.from) + " to " +
                        quoted(one.to) + " must be a number of 0 or more");
    }
    const auto from = believed_state(counts, one.from, given.name);
    const auto to = believed_state(counts, one.to, given.name);
    const bool leaves =
        from != transition_counts::conversion && from != transition_counts::null && from != transition_counts::end;
    if (!leaves || to == transition_counts::start) {
      throw input_error("hypothesis " + quoted(given.name) + ": no journey can go from " + quoted(one.from) + " to " +
                        quoted(one.to));
    }
    rows[from][to] += one.weight;
  }
  for (auto row = rows.begin(); row != rows.end();) {
    double sum = 0.0;
    for (const auto& [to, weight] : row->second) {
      sum += weight;
    }
    for (auto& [to, weight] : row->second) {
      weight /= sum;
    }
    row = sum > 0.0 ? std::next(row) : rows.erase(row);
  }
  return rows;
}

/// The logarithm of the evidence of one row.
inline double row_evidence(const transition_counts& counts, transition_counts::state from, double destinations,
                           const std::map<transition_counts::state, double>* shares, double uniform, double strength) {
  const bool believes = shares != nullptr || uniform > 0.0;
  const double sum = destinations + (believes ? strength : 0.0);
  double result = std::lgamma(sum) - std::lgamma(sum + counts.visits(from).v);
  for (std::size_t at = counts.row(from).begin; at < counts.row(from).end; ++at) {
    double share = uniform;
    if (shares != nullptr) {
      const auto found = shares->find(counts.target(at));
      share = found == shares->end() ? 0.0 : found->second;
    }
    const double alpha = 1.0 + strength * share;
    result += std::lgamma(alpha + counts.weight(at)) - std::lgamma(alpha);
  }
  return result;
}

inline std::string_view support_words(double log_factor) noexcept {
  const double twice = 2.0 * std::abs(log_factor);
  if (twice < 2.0) {
    return "hardly worth a mention";
  }
  const bool supports = log_factor > 0.0;
  return twice < 6.0    ? (supports ? "positive" : "positive against it")
         : twice < 10.0 ? (supports ? "strong" : "strong against it")
                        : (supports ? "very strong" : "very strong against it");
}

}  // namespace detail

KLANTREIS_INLINE table compare_hypotheses(const transition_counts& counts, const std::vector<hypothesis>& hypotheses,
                                          const evidence_options& options) {
  constexpr std::string_view uniform_name = "uniform";
  std::vector<std::string> names{std::string{uniform_name}};
  std::vector<detail::belief_rows> beliefs(1);
  for (const hypothesis& given : hypotheses) {
    if (std::find(names.begin(), names.end(), given.name) != names.end()) {
      throw input_error("two hypotheses are called " + quoted(given.name) +
                        (given.name == uniform_name ? "; that one is always compared with" : "") +
                        "; give each a name of its own");
    }
    names.push_back(given.name);
    beliefs.push_back(detail::read_beliefs(counts, given));
  }
  const auto states = static_cast<transition_counts::state>(counts.states().size());
  double destinations = 0.0;
  for (transition_counts::state state = transition_counts::conversion; state < states; ++state) {
    destinations += detail::state_occurs(counts, state) ? 1.0 : 0.0;
  }
  std::vector<double> strength_column;
  std::vector<std::string> name_column;
  std::vector<double> evidence_column;
  std::vector<double> factor_column;
  std::vector<std::string> support_column;
  for (const double strength : options.strengths) {
    if (!(strength >= 0.0) || !std::isfinite(strength)) {
      throw input_error("a strength must be a number of 0 or more");
    }
    std::vector<std::pair<double, std::size_t>> found;
    for (std::size_t at = 0; at < names.size(); ++at) {
      double evidence = 0.0;
      for (transition_counts::state from = 0; from < states; ++from) {
        if (counts.row(from).begin == counts.row(from).end) {
          continue;
        }
        const auto row = beliefs[at].find(from);
        evidence += detail::row_evidence(counts, from, destinations, row == beliefs[at].end() ? nullptr : &row->second,
                                         at == 0 ? 1.0 / destinations : 0.0, strength);
      }
      found.emplace_back(evidence, at);
    }
    const double reference = found.front().first;
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    for (const auto& [evidence, at] : found) {
      strength_column.push_back(strength);
      name_column.push_back(names[at]);
      evidence_column.push_back(evidence);
      factor_column.push_back(evidence - reference);
      support_column.emplace_back(at == 0 ? "" : detail::support_words(evidence - reference));
    }
  }
  table result{
      "How well hypotheses foretell the transitions of settled journeys (HypTrails): the logarithm of the probability "
      "of "
      "the transitions when each row has a Dirichlet prior of 1 + strength x the believed share of a destination. "
      "log_bayes_factor: to the hypothesis that all destinations are as likely, at the same strength. Transitions are "
      "taken as independent, also those of one customer."};
  result.add("strength", std::move(strength_column));
  result.add("hypothesis", std::move(name_column));
  result.add("log_evidence", std::move(evidence_column));
  result.add("log_bayes_factor", std::move(factor_column));
  result.add("support", std::move(support_column));
  for (const auto& [key, value] : counts.options()) {
    result.set_option(key, value);
  }
  return result;
}

}  // namespace klantreis
