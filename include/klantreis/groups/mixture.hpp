// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "klantreis/groups/sequences.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

struct mixture_options {
  std::size_t clusters = 2;
  /// Added to the expected count of every first item and of every transition that the data show. 0: maximum likelihood.
  double smoothing = 0.01;
  /// Count the end of a sequence as a last transition, so that clusters also differ in how long sequences are.
  bool ends = false;
  std::uint64_t seed = 0;
  std::size_t starts = 5;             ///< short runs from different starts, of which the best goes on
  std::size_t short_iterations = 10;  ///< of each
  std::size_t iterations = 500;       ///< at most
  double tolerance = 1e-7;            ///< stop when the objective grows by less than this share of itself
  unsigned threads = 0;
};

/// A mixture of Markov chains of order 1.
///
/// A sequence belongs to cluster k with probability `shares[k]`, begins with item i with `first[i][k]` and goes on
/// along edge e with `transition[e][k]`. Edges are the transitions that the data show, in compressed sparse rows;
/// `targets` of `names.size()` is the end of a sequence. Clusters come by their share, largest first.
/// Source: Cadez, Heckerman, Meek, Smyth and White 2003, doi:10.1023/A:1024992613384.
struct chain_mixture {
  name_table names = {};
  std::size_t clusters = 0;
  bool ends = false;
  double smoothing = 0.0;
  std::vector<double> shares = {};
  std::vector<double> first = {};      ///< items × clusters
  std::vector<std::size_t> rows = {};  ///< edges that leave item i: `[rows[i], rows[i + 1])`
  std::vector<std::uint32_t> targets = {};
  std::vector<double> transition = {};  ///< edges × clusters
  /// The logarithm of the likelihood of all sequences, and of the likelihood times the prior that smoothing stands for
  /// (without its constant), after each step. The latter never falls; without smoothing they are equal.
  std::vector<double> log_likelihoods = {};
  std::vector<double> objectives = {};
  bool converged = false;

  /// Free parameters: shares, first items and rows of the transitions that the data show.
  [[nodiscard]] double parameters() const noexcept;
  [[nodiscard]] double log_likelihood() const noexcept;
};

/// How far each sequence belongs to each cluster: sequences × clusters, rows adding up to 1; and the logarithm of the
/// probability of each sequence. A sequence that no cluster can make has the shares of the clusters and −∞.
struct memberships {
  std::vector<double> shares = {};
  std::vector<double> log_probabilities = {};
};

/// Fits a mixture by EM (Dempster, Laird and Rubin 1977), from several seeded starts.
///
/// The result depends on the sequences, their weights and the seed, not on the number of threads.
/// \throws input_error when there are no sequences, no clusters, or a number is negative.
[[nodiscard]] chain_mixture fit_mixture(const weighted_sequences& sequences, const mixture_options& options = {});

/// Goes on from given parameters, whose edges must be those of the sequences.
[[nodiscard]] chain_mixture refine_mixture(const weighted_sequences& sequences, chain_mixture from,
                                           const mixture_options& options);

/// Parameters to begin with: the transitions that the data show, with equal probabilities in every cluster.
[[nodiscard]] chain_mixture uniform_mixture(const weighted_sequences& sequences, std::size_t clusters,
                                            bool ends = false);

[[nodiscard]] memberships assign(const chain_mixture& mixture, const weighted_sequences& sequences,
                                 unsigned threads = 0);

/// What speaks for each number of clusters.
struct mixture_choice {
  std::vector<std::size_t> clusters = {};
  std::vector<double> log_likelihoods = {};
  std::vector<double> parameters = {};
  std::vector<double> bic = {};  ///< −2 ln L + parameters · ln(sequences); Schwarz 1978, doi:10.1214/aos/1176344136
  std::vector<double> held_out = {};  ///< mean ln probability of a sequence of left out customers; null when not asked
  std::size_t best = 0;               ///< a place in these
  chain_mixture mixture = {};         ///< the best one
};

/// The weights of the sequences in each fold: `folds[f][s]`; empty: choose by BIC, else by the held-out likelihood.
[[nodiscard]] mixture_choice choose_mixture(const weighted_sequences& sequences, std::span<const std::size_t> clusters,
                                            const std::vector<std::vector<double>>& folds,
                                            const mixture_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/groups/mixture.ipp"
#endif
