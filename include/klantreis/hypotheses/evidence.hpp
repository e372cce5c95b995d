// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "klantreis/table.hpp"
#include "klantreis/transitions.hpp"

namespace klantreis {

/// That customers go from one state to another, so much more than to others.
struct belief {
  std::string from = {};
  std::string to = {};
  double weight = 1.0;
};

/// Beliefs about where customers go, under a name. Within a row only the proportions of the weights count.
struct hypothesis {
  std::string name = {};
  std::vector<belief> beliefs = {};
};

struct evidence_options {
  /// How firmly to believe: so many observed transitions would outweigh the beliefs about a row.
  std::vector<double> strengths = {0.0, 1.0, 5.0, 10.0, 100.0};
};

/// The evidence of hypotheses about transitions: `strength, hypothesis, log_evidence, log_bayes_factor, support`,
/// within a strength the best first.
///
/// HypTrails (Singer, Helic, Hotho and Strohmaier 2015, doi:10.1145/2736277.2741080): each row of the transition matrix
/// has a Dirichlet prior with α = 1 + strength · share, where the shares of the beliefs about a row add up to 1; the
/// evidence is the probability of the transitions under it, Π Γ(Σα) / Γ(Σα + n) · Π Γ(α + n) / Γ(α). A row without
/// beliefs has α = 1. Destinations are all items, and the end states that occur. `uniform` is the hypothesis that every
/// destination is as likely; Bayes factors are to it, at the same strength. `support` says 2 ln(Bayes factor) in the
/// words of Kass and Raftery 1995 (doi:10.1080/01621459.1995.10476572). Transitions are taken as independent.
/// \throws input_error when a weight or strength is negative or not finite, a state does not occur, nothing can be
///         believed of it, or two hypotheses have one name.
[[nodiscard]] table compare_hypotheses(const transition_counts& counts, const std::vector<hypothesis>& hypotheses,
                                       const evidence_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/hypotheses/evidence.ipp"
#endif
