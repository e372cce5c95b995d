// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/groups/sequences.hpp"

namespace klantreis {

/// How far two sequences are apart.
enum class sequence_metric : std::uint8_t {
  levenshtein,      ///< insertions, deletions and substitutions, each 1; Levenshtein 1966
  om,               ///< optimal matching: the same with costs; Abbott and Forrest 1986, doi:10.2307/204500
  lcs,              ///< length + length − 2 · longest common subsequence; Elzinga 2008
  hamming,          ///< places at which they differ
  dynamic_hamming,  ///< the same with costs by place; Lesnard 2010, doi:10.1177/0049124110362526
  ngrams            ///< 1 − cosine of the counts of their n-grams
};

/// The metric called `name`: `levenshtein`, `om`, `lcs`, `hamming`, `dhd` or `ngrams`.
/// \throws input_error when there is none; the message lists those that exist.
[[nodiscard]] sequence_metric to_sequence_metric(std::string_view name);
[[nodiscard]] std::string_view to_text(sequence_metric metric) noexcept;

/// The cost of putting one item in the place of another, the same both ways.
struct substitution_cost {
  std::string first = {};
  std::string second = {};
  double cost = 0.0;
};

enum class substitution_rule : std::uint8_t {
  constant,          ///< every substitution costs `constant`
  transition_rates,  ///< `constant` − p(a → b) − p(b → a), of the sequences at hand (TRATE of TraMineR)
  given              ///< as in `costs`; what they leave out costs `constant`
};

struct distance_options {
  sequence_metric metric = sequence_metric::levenshtein;
  substitution_rule substitution = substitution_rule::transition_rates;  ///< of `om`
  double constant = 2.0;
  std::vector<substitution_cost> costs = {};
  std::optional<double> indel = std::nullopt;  ///< of `om`; default: half the largest substitution cost
  /// Of `hamming` and `dynamic_hamming`: so many first places are compared, and a sequence that has ended stands at
  /// `(end)`. Default: the length of all sequences, which must then be equal.
  std::optional<std::size_t> places = std::nullopt;
  std::size_t ngram = 2;  ///< of `ngrams`: the longest; those of one item count too
  bool relative = false;  ///< divide by the length of the longer sequence (not of `ngrams`)
  unsigned threads = 0;
};

/// Distances among the sequences that it was made for.
///
/// The sequences must outlive it. Distances are symmetric and 0 from a sequence to itself; with the default costs all
/// metrics but `ngrams` and `relative` ones obey the triangle inequality.
class sequence_distances {
 public:
  /// \throws input_error when a cost is negative or not finite, an item of the costs does not occur, or lengths differ
  ///         where they must not; limit_error when costs of more items are asked than memory should hold.
  sequence_distances(const weighted_sequences& sequences, const distance_options& options);

  /// What a distance needs beside the sequences; one for each thread, and for one object. Distances from one sequence
  /// to many are fast when they are asked one after the other.
  struct workspace {
    std::vector<double> row = {};
    std::size_t pattern = (std::numeric_limits<std::size_t>::max)();  ///< the sequence whose bits stand here
    std::vector<std::uint32_t> row_of = {};                           ///< by item; 0: not in the sequence
    std::vector<std::uint64_t> bits = {};  ///< rows of blocks: where the sequence has an item
    std::vector<std::uint64_t> state = {};
  };
  [[nodiscard]] double operator()(std::size_t a, std::size_t b, workspace& space) const;

  [[nodiscard]] const weighted_sequences& sequences() const noexcept { return *sequences_; }
  /// Items × items in the order of the names; empty where the metric has no costs.
  [[nodiscard]] std::span<const double> costs() const noexcept { return costs_; }
  [[nodiscard]] double indel() const noexcept { return indel_; }

 private:
  void set_costs();
  void set_place_costs();
  void set_ngrams();
  [[nodiscard]] std::uint32_t item_at(std::span<const std::uint32_t> sequence, std::size_t place) const noexcept {
    return place < sequence.size() ? sequence[place] : static_cast<std::uint32_t>(sequences_->names.size());
  }
  void set_pattern(std::size_t a, workspace& space) const;
  [[nodiscard]] std::size_t levenshtein(std::size_t a, std::size_t b, workspace& space) const;
  [[nodiscard]] std::size_t insertions(std::size_t a, std::size_t b, workspace& space) const;
  [[nodiscard]] double edit(std::size_t a, std::size_t b, workspace& space) const;
  [[nodiscard]] double by_place(std::size_t a, std::size_t b) const;
  [[nodiscard]] double by_ngrams(std::size_t a, std::size_t b) const;

  // Costs that need no matrix.
  enum class edit_costs : std::uint8_t {
    weighted,
    no_substitution,  // none is cheaper than an insertion and a deletion
    equal,            // each costs what an insertion or deletion does
  };

  const weighted_sequences* sequences_;
  distance_options options_;
  std::vector<double> costs_;
  double indel_ = 1.0;
  edit_costs plain_costs_ = edit_costs::weighted;
  std::size_t places_ = 0;
  std::vector<double> place_costs_;  // places × items and (end) × items and (end)
  std::vector<std::size_t> gram_offsets_;
  std::vector<std::uint32_t> grams_;
  std::vector<double> gram_counts_;  // divided by their Euclidean length
};

/// The distances among some of the sequences: chosen × chosen.
/// \throws limit_error when there are more than `most_matrix_sequences`.
[[nodiscard]] std::vector<double> distance_matrix(const sequence_distances& distances,
                                                  std::span<const std::uint32_t> chosen, unsigned threads = 0);
inline constexpr std::size_t most_matrix_sequences = 5'000;

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/groups/distances.ipp"
#endif
