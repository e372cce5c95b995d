// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/sequence_index.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/groups/distances.hpp"

namespace klantreis {
namespace detail {

inline constexpr std::array<std::pair<std::string_view, sequence_metric>, 6> sequence_metrics{
    {{"levenshtein", sequence_metric::levenshtein},
     {"om", sequence_metric::om},
     {"lcs", sequence_metric::lcs},
     {"hamming", sequence_metric::hamming},
     {"dhd", sequence_metric::dynamic_hamming},
     {"ngrams", sequence_metric::ngrams}}};

inline void check_cost(double cost, std::string_view what) {
  if (!(cost >= 0.0) || !std::isfinite(cost)) {
    throw input_error("the cost of " + std::string{what} + " must be a number of 0 or more");
  }
}

/// One block of Myers' bit-parallel edit distance (doi:10.1145/316542.316550), chained as by Hyyrö 2003.
struct edit_block {
  std::uint64_t up = ~std::uint64_t{0};
  std::uint64_t down = 0;

  /// Takes an item that the pattern has where `equal` says, and what the block before hands on; `last` is the bit of
  /// the pattern's end. Returns by how much the distance changes there.
  int step(std::uint64_t equal, std::uint64_t& carry_up, std::uint64_t& carry_down, std::uint64_t last) noexcept {
    const std::uint64_t x = equal | carry_down;
    const std::uint64_t zero = (((x & up) + up) ^ up) | x | down;
    std::uint64_t more = down | ~(zero | up);
    std::uint64_t less = zero & up;
    const int change = static_cast<int>((more & last) != 0) - static_cast<int>((less & last) != 0);
    const std::uint64_t out_up = more >> 63U;
    const std::uint64_t out_down = less >> 63U;
    more = more << 1U | carry_up;
    less = less << 1U | carry_down;
    up = less | ~(zero | more);
    down = more & zero;
    carry_up = out_up;
    carry_down = out_down;
    return change;
  }
};

}  // namespace detail

KLANTREIS_INLINE sequence_metric to_sequence_metric(std::string_view name) {
  std::string known;
  for (const auto& [text, metric] : detail::sequence_metrics) {
    if (text == name) {
      return metric;
    }
    known += (known.empty() ? "" : ", ") + std::string{text};
  }
  throw input_error("there is no distance " + quoted(name) + "; there are " + known);
}

KLANTREIS_INLINE std::string_view to_text(sequence_metric metric) noexcept {
  return detail::sequence_metrics[static_cast<std::size_t>(metric)].first;
}

KLANTREIS_INLINE sequence_distances::sequence_distances(const weighted_sequences& sequences,
                                                        const distance_options& options)
    : sequences_(&sequences), options_(options) {
  switch (options.metric) {
    case sequence_metric::om:
      set_costs();
      break;
    case sequence_metric::hamming:
    case sequence_metric::dynamic_hamming:
      set_place_costs();
      break;
    case sequence_metric::ngrams:
      set_ngrams();
      break;
    case sequence_metric::levenshtein:
    case sequence_metric::lcs:
      break;
  }
}

KLANTREIS_INLINE void sequence_distances::set_costs() {
  const std::size_t items = sequences_->names.size();
  constexpr std::size_t most_items = 4096;
  if (items > most_items) {
    throw limit_error("costs of " + std::to_string(items) + " items; at most " + std::to_string(most_items) +
                      " are possible: group them first, or take lcs or levenshtein");
  }
  detail::check_cost(options_.constant, "a substitution");
  costs_.assign(items * items, options_.constant);
  if (options_.substitution == substitution_rule::transition_rates) {
    std::vector<double> counts(items * items, 0.0);
    std::vector<double> visits(items, 0.0);
    for (std::size_t index = 0; index < sequences_->size(); ++index) {
      const auto own = (*sequences_)[index];
      for (std::size_t at = 0; at + 1 < own.size(); ++at) {
        counts[own[at] * items + own[at + 1]] += sequences_->weights[index];
        visits[own[at]] += sequences_->weights[index];
      }
    }
    const auto rate = [&](std::size_t a, std::size_t b) {
      return visits[a] > 0.0 ? counts[a * items + b] / visits[a] : 0.0;
    };
    for (std::size_t a = 0; a < items; ++a) {
      for (std::size_t b = 0; b < items; ++b) {
        costs_[a * items + b] = (std::max)(0.0, options_.constant - rate(a, b) - rate(b, a));
      }
    }
  } else if (options_.substitution == substitution_rule::given) {
    for (const substitution_cost& given : options_.costs) {
      detail::check_cost(given.cost, "putting " + quoted(given.first) + " in the place of " + quoted(given.second));
      const auto first = sequences_->names.find(given.first);
      const auto second = sequences_->names.find(given.second);
      if (!first || !second) {
        throw input_error(detail::unknown_label_message(first ? given.second : given.first, "item", sequences_->names));
      }
      costs_[*first * items + *second] = given.cost;
      costs_[*second * items + *first] = given.cost;
    }
  }
  double largest = 0.0;
  double smallest = (std::numeric_limits<double>::max)();
  for (std::size_t a = 0; a < items; ++a) {
    for (std::size_t b = 0; b < items; ++b) {
      double& cost = costs_[a * items + b];
      cost = a == b ? 0.0 : cost;
      largest = (std::max)(largest, cost);
      smallest = a == b ? smallest : (std::min)(smallest, cost);
    }
  }
  indel_ = options_.indel.value_or(items > 1 ? largest / 2.0 : 1.0);
  detail::check_cost(indel_, "an insertion or deletion");
  plain_costs_ = smallest >= 2.0 * indel_                  ? edit_costs::no_substitution
                 : smallest == indel_ && largest == indel_ ? edit_costs::equal
                                                           : edit_costs::weighted;
}

KLANTREIS_INLINE void sequence_distances::set_place_costs() {
  const weighted_sequences& all = *sequences_;
  std::size_t longest = 0;
  for (std::size_t index = 0; index < all.size(); ++index) {
    longest = (std::max)(longest, all[index].size());
  }
  if (!options_.places) {
    for (std::size_t index = 0; index < all.size(); ++index) {
      if (all[index].size() != longest) {
        throw input_error("the distance " + std::string{to_text(options_.metric)} +
                          " compares sequences place by place, and these have lengths from " +
                          std::to_string(all[index].size()) + " to " + std::to_string(longest) +
                          "; say how many places to compare, and sequences that have ended stand at (end)");
      }
    }
  }
  places_ = options_.places.value_or(longest);
  if (options_.metric == sequence_metric::hamming) {
    return;
  }
  const std::size_t states = all.names.size() + 1;
  constexpr std::size_t most_cells = 100'000'000;
  if (places_ * states > most_cells / states) {
    throw limit_error("costs of " + std::to_string(states) + " states at " + std::to_string(places_) +
                      " places; at most " + std::to_string(most_cells) + " are possible: compare fewer places");
  }
  // Rates from each place to the next, then costs of 4 less the rates around the place (Lesnard 2010; at both ends the
  // rates of the one side count twice).
  std::vector<double> rates(places_ > 0 ? (places_ - 1) * states * states : 0, 0.0);
  for (std::size_t place = 0; place + 1 < places_; ++place) {
    double* own = rates.data() + place * states * states;
    std::vector<double> visits(states, 0.0);
    for (std::size_t index = 0; index < all.size(); ++index) {
      const std::uint32_t from = item_at(all[index], place);
      own[from * states + item_at(all[index], place + 1)] += all.weights[index];
      visits[from] += all.weights[index];
    }
    for (std::size_t from = 0; from < states; ++from) {
      for (std::size_t to = 0; to < states && visits[from] > 0.0; ++to) {
        own[from * states + to] /= visits[from];
      }
    }
  }
  place_costs_.assign(places_ * states * states, 0.0);
  for (std::size_t place = 0; place < places_; ++place) {
    const auto around = [&](std::size_t transition, std::size_t a, std::size_t b) {
      const double* own = rates.data() + transition * states * states;
      return own[a * states + b] + own[b * states + a];
    };
    for (std::size_t a = 0; a < states; ++a) {
      for (std::size_t b = 0; b < states; ++b) {
        const bool begins = place == 0;
        const bool ends = place + 1 == places_;
        double rate = 0.0;
        rate += begins ? 0.0 : around(place - 1, a, b);
        rate += ends ? 0.0 : around(place, a, b);
        place_costs_[(place * states + a) * states + b] =
            a == b ? 0.0 : (std::max)(0.0, 4.0 - (begins || ends ? 2.0 * rate : rate));
      }
    }
  }
}

KLANTREIS_INLINE void sequence_distances::set_ngrams() {
  if (options_.ngram == 0) {
    throw input_error("n-grams of 0 items have no meaning; ask for at least 1");
  }
  constexpr std::size_t most = 20;
  if (options_.ngram > most) {
    throw limit_error("n-grams of " + std::to_string(options_.ngram) + " items; at most " + std::to_string(most) +
                      " are possible");
  }
  const weighted_sequences& all = *sequences_;
  detail::sequence_index grams;
  gram_offsets_.assign(1, 0);
  std::vector<std::uint32_t> own;
  for (std::size_t index = 0; index < all.size(); ++index) {
    const auto items = all[index];
    own.clear();
    for (std::size_t length = 1; length <= options_.ngram; ++length) {
      for (std::size_t begin = 0; begin + length <= items.size(); ++begin) {
        own.push_back(static_cast<std::uint32_t>(grams.intern(items.subspan(begin, length))));
      }
    }
    std::sort(own.begin(), own.end());
    double square = 0.0;
    const std::size_t begin = grams_.size();
    for (std::size_t at = 0; at < own.size();) {
      const auto next = static_cast<std::size_t>(
          std::upper_bound(own.begin() + static_cast<std::ptrdiff_t>(at), own.end(), own[at]) - own.begin());
      const auto count = static_cast<double>(next - at);
      grams_.push_back(own[at]);
      gram_counts_.push_back(count);
      square += count * count;
      at = next;
    }
    for (std::size_t at = begin; at < gram_counts_.size(); ++at) {
      gram_counts_[at] /= std::sqrt(square);
    }
    gram_offsets_.push_back(grams_.size());
  }
}

KLANTREIS_INLINE double sequence_distances::operator()(std::size_t a, std::size_t b, workspace& space) const {
  if (a == b) {
    return 0.0;
  }
  const auto first = (*sequences_)[a];
  const auto second = (*sequences_)[b];
  double distance = 0.0;
  switch (options_.metric) {
    case sequence_metric::ngrams:
      return by_ngrams(a, b);
    case sequence_metric::levenshtein:
      distance = static_cast<double>(levenshtein(a, b, space));
      break;
    case sequence_metric::lcs:
      distance = static_cast<double>(insertions(a, b, space));
      break;
    case sequence_metric::om:
      distance = edit(a, b, space);
      break;
    case sequence_metric::hamming:
    case sequence_metric::dynamic_hamming:
      distance = by_place(a, b);
      break;
  }
  const std::size_t longest = places_ > 0 ? places_ : (std::max)(first.size(), second.size());
  return options_.relative && longest > 0 ? distance / static_cast<double>(longest) : distance;
}

KLANTREIS_INLINE void sequence_distances::set_pattern(std::size_t a, workspace& space) const {
  if (space.pattern == a) {
    return;
  }
  space.row_of.resize(sequences_->names.size());
  if (space.pattern < sequences_->size()) {
    for (const std::uint32_t item : (*sequences_)[space.pattern]) {
      space.row_of[item] = 0;
    }
  }
  const auto items = (*sequences_)[a];
  const std::size_t blocks = (items.size() + 63) / 64;
  space.bits.assign(blocks, 0);
  std::uint32_t rows = 1;
  for (std::size_t place = 0; place < items.size(); ++place) {
    std::uint32_t& row = space.row_of[items[place]];
    if (row == 0) {
      row = rows++;
      space.bits.resize(rows * blocks, 0);
    }
    space.bits[row * blocks + place / 64] |= std::uint64_t{1} << (place % 64);
  }
  space.pattern = a;
}

KLANTREIS_INLINE std::size_t sequence_distances::levenshtein(std::size_t a, std::size_t b, workspace& space) const {
  const std::size_t length = (*sequences_)[a].size();
  const auto others = (*sequences_)[b];
  if (length == 0 || others.empty()) {
    return length + others.size();
  }
  set_pattern(a, space);
  const std::size_t blocks = (length + 63) / 64;
  const std::uint64_t last = std::uint64_t{1} << ((length - 1) % 64);
  auto distance = static_cast<std::ptrdiff_t>(length);
  if (blocks == 1) {
    detail::edit_block only;
    for (const std::uint32_t item : others) {
      std::uint64_t carry_up = 1;  // the first row counts what is inserted before the pattern
      std::uint64_t carry_down = 0;
      distance += only.step(space.bits[space.row_of[item]], carry_up, carry_down, last);
    }
    return static_cast<std::size_t>(distance);
  }
  std::vector<detail::edit_block> all(blocks);
  for (const std::uint32_t item : others) {
    const std::uint64_t* equal = space.bits.data() + space.row_of[item] * blocks;
    std::uint64_t carry_up = 1;
    std::uint64_t carry_down = 0;
    for (std::size_t at = 0; at < blocks; ++at) {
      const int change = all[at].step(equal[at], carry_up, carry_down, last);
      distance += at + 1 == blocks ? change : 0;
    }
  }
  return static_cast<std::size_t>(distance);
}

// What is inserted and deleted where nothing is substituted: all but the longest common subsequence, which is found by
// bits (Hyyrö 2004, "Bit-parallel LCS-length computation revisited").
KLANTREIS_INLINE std::size_t sequence_distances::insertions(std::size_t a, std::size_t b, workspace& space) const {
  const std::size_t length = (*sequences_)[a].size();
  const auto others = (*sequences_)[b];
  if (length == 0 || others.empty()) {
    return length + others.size();
  }
  set_pattern(a, space);
  const std::size_t blocks = (length + 63) / 64;
  std::size_t common = 0;
  if (blocks == 1) {
    std::uint64_t state = ~std::uint64_t{0};
    for (const std::uint32_t item : others) {
      const std::uint64_t matches = state & space.bits[space.row_of[item]];
      state = (state + matches) | (state - matches);
    }
    common = static_cast<std::size_t>(std::popcount(~state & (~std::uint64_t{0} >> (64 - length))));
    return length + others.size() - 2 * common;
  }
  space.state.assign(blocks, ~std::uint64_t{0});
  for (const std::uint32_t item : others) {
    const std::uint64_t* equal = space.bits.data() + space.row_of[item] * blocks;
    std::uint64_t carry = 0;
    for (std::size_t at = 0; at < blocks; ++at) {
      std::uint64_t& state = space.state[at];
      const std::uint64_t matches = state & equal[at];
      const std::uint64_t sum = state + matches;
      const std::uint64_t with_carry = sum + carry;
      carry = (sum < matches ? 1U : 0U) | (with_carry < sum ? 1U : 0U);
      state = with_carry | (state - matches);
    }
  }
  const std::uint64_t last = ~std::uint64_t{0} >> (64 * blocks - length);
  for (std::size_t at = 0; at < blocks; ++at) {
    common += static_cast<std::size_t>(std::popcount(~space.state[at] & (at + 1 == blocks ? last : ~std::uint64_t{0})));
  }
  return length + others.size() - 2 * common;
}

KLANTREIS_INLINE double sequence_distances::edit(std::size_t a, std::size_t b, workspace& space) const {
  if (plain_costs_ == edit_costs::no_substitution) {
    return indel_ * static_cast<double>(insertions(a, b, space));
  }
  if (plain_costs_ == edit_costs::equal) {
    return indel_ * static_cast<double>(levenshtein(a, b, space));
  }
  const auto rows = (*sequences_)[a];
  const auto columns = (*sequences_)[b];
  const std::size_t items = sequences_->names.size();
  std::vector<double>& row = space.row;
  row.resize(columns.size() + 1);
  for (std::size_t column = 0; column <= columns.size(); ++column) {
    row[column] = indel_ * static_cast<double>(column);
  }
  for (std::size_t at = 0; at < rows.size(); ++at) {
    const double* cost = costs_.data() + rows[at] * items;
    double diagonal = row[0];
    row[0] += indel_;
    for (std::size_t column = 0; column < columns.size(); ++column) {
      const double above = row[column + 1];
      row[column + 1] = (std::min)(diagonal + cost[columns[column]], (std::min)(above, row[column]) + indel_);
      diagonal = above;
    }
  }
  return row[columns.size()];
}

KLANTREIS_INLINE double sequence_distances::by_place(std::size_t a, std::size_t b) const {
  const auto first = (*sequences_)[a];
  const auto second = (*sequences_)[b];
  const std::size_t states = sequences_->names.size() + 1;
  double distance = 0.0;
  for (std::size_t place = 0; place < places_; ++place) {
    const std::uint32_t x = item_at(first, place);
    const std::uint32_t y = item_at(second, place);
    distance += place_costs_.empty() ? (x == y ? 0.0 : 1.0) : place_costs_[(place * states + x) * states + y];
  }
  return distance;
}

KLANTREIS_INLINE double sequence_distances::by_ngrams(std::size_t a, std::size_t b) const {
  double product = 0.0;
  std::size_t x = gram_offsets_[a];
  std::size_t y = gram_offsets_[b];
  while (x < gram_offsets_[a + 1] && y < gram_offsets_[b + 1]) {
    if (grams_[x] == grams_[y]) {
      product += gram_counts_[x++] * gram_counts_[y++];
    } else if (grams_[x] < grams_[y]) {
      ++x;
    } else {
      ++y;
    }
  }
  // Equal directions must not come out below 0 by rounding.
  return (std::max)(0.0, 1.0 - product);
}

KLANTREIS_INLINE std::vector<double> distance_matrix(const sequence_distances& distances,
                                                     std::span<const std::uint32_t> chosen, unsigned threads) {
  const std::size_t size = chosen.size();
  if (size > most_matrix_sequences) {
    throw limit_error("distances among " + std::to_string(size) + " distinct sequences; at most " +
                      std::to_string(most_matrix_sequences) + " are possible: take a sample of the customers");
  }
  std::vector<double> matrix(size * size, 0.0);
  const unsigned workers = worker_count(threads);
  run_parallel(workers, [&](unsigned worker) {
    sequence_distances::workspace space;
    for (std::size_t a = worker; a < size; a += workers) {
      check_stop();
      for (std::size_t b = a + 1; b < size; ++b) {
        matrix[a * size + b] = distances(chosen[a], chosen[b], space);
      }
    }
  });
  for (std::size_t a = 0; a < size; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      matrix[a * size + b] = matrix[b * size + a];
    }
  }
  return matrix;
}

}  // namespace klantreis
