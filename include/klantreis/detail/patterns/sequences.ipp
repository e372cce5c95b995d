// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "klantreis/detail/patterns/sequence_rows.hpp"
#include "klantreis/patterns/sequences.hpp"

namespace klantreis {
namespace detail {

/// Of sequences with others between: why the chain says nothing about them; empty where it does.
inline std::string why_nothing_is_expected(const path_corpus& corpus, const mining_options& options) {
  if (options.max_gap || options.max_gap_time || options.within) {
    return " expected and lift are null: under limits on gaps and times one way through a sequence can fail where a "
           "later one succeeds, so what the chain expects is no product of its steps.";
  }
  return corpus.items < max_dense_states ? "" : " expected and lift are null: there are too many items to solve for.";
}

inline table sequence_table(const journey_set& journeys, const mining_options& options, bool contiguous) {
  path_corpus corpus = make_path_corpus(journeys, options.by, options.collapse, false);
  for (std::size_t journey = 0; journey < corpus.size(); ++journey) {
    corpus.groups[journey] = corpus.converted[journey] ? 1 : 0;
  }
  const found_sequences found = find_sequences(corpus, options, contiguous);
  table result{
      contiguous
          ? "Items right after one another in settled journeys. count: occurrences; journeys: with one; support: share "
            "of "
            "journeys; confidence: count over that without the last item; expected: the count if each step depended on "
            "the item before only; lift: count / expected; difference: support among journeys that converted less that "
            "among the others, with interval and test by customers."
          : "Sequences of items that settled journeys contain in this order, others between allowed. support: share of "
            "journeys; confidence: support over that without the last item; expected: the support if each step "
            "depended "
            "on the item before only; lift: support / expected; difference: support among journeys that converted less "
            "that among the others, with interval and test by customers." +
                why_nothing_is_expected(corpus, options)};
  add_sequences(result, corpus, found, contiguous, options.intervals);
  std::vector<compared_rate> rows;
  for (const std::size_t place : found.shown) {
    rows.push_back(compare_shares(found.population, found.all[place].hits, options.intervals));
  }
  std::vector<estimate> converted;
  std::vector<estimate> others;
  std::vector<estimate> change;
  for (const compared_rate& row : rows) {
    converted.push_back(row.second);
    others.push_back(row.first);
    change.push_back(row.change);
  }
  add_estimates(result, "converted", converted);
  add_estimates(result, "not_converted", others);
  add_estimates(result, "difference", change, quantity::share, true);
  const std::vector<double> p = column_of_numbers(rows, [](const compared_rate& row) { return row.p; });
  result.add("p", p);
  result.add("p_adjusted", options.adjust == p_adjustment::holm ? holm(p) : benjamini_hochberg(p));
  result.add("marks", column_of_texts(rows, [](const compared_rate& row) { return to_text(row.change.marks); }));
  set_sequence_options(result, corpus, options, contiguous, found.shown.size());
  add_cut_options(result, journeys);
  return options.limit ? result.head(*options.limit) : result;
}

}  // namespace detail

KLANTREIS_INLINE table frequent_sequences(const journey_set& journeys, const mining_options& options) {
  return detail::sequence_table(journeys, options, false);
}

KLANTREIS_INLINE table ngrams(const journey_set& journeys, const mining_options& options) {
  return detail::sequence_table(journeys, options, true);
}

}  // namespace klantreis
