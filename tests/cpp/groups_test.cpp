// SPDX-License-Identifier: MIT
#include "klantreis/groups.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using namespace klantreis;

namespace {

weighted_sequences sequences_of_letters(const std::vector<std::string>& texts) {
  path_table paths;
  for (const std::string& text : texts) {
    std::vector<std::string_view> items;
    for (std::size_t at = 0; at < text.size(); ++at) {
      items.push_back(std::string_view{text}.substr(at, 1));
    }
    paths.add(items, 0.0, 1.0);
  }
  return sequences_of(paths).sequences;
}

std::vector<std::string> random_words(std::uint32_t seed, std::size_t count, std::size_t letters) {
  std::mt19937 random{seed};
  std::vector<std::string> words(count);
  for (std::string& word : words) {
    for (std::size_t length = 1 + random() % 9; length > 0; --length) {
      word += static_cast<char>('a' + random() % letters);
    }
  }
  return words;
}

// The example has the clusters by their numbers; edges are A-A, A-B, B-A, B-B.
chain_mixture worked_start(const weighted_sequences& sequences) {
  chain_mixture model = uniform_mixture(sequences, 2);
  model.first = {.8, .2, .2, .8};
  model.transition = {.7, .4, .3, .6, .4, .3, .6, .7};
  return model;
}

double total_distance(const std::vector<double>& distances, const std::vector<double>& weights,
                      const std::vector<std::size_t>& medoids) {
  double sum = 0.0;
  for (std::size_t object = 0; object < weights.size(); ++object) {
    double nearest = distances[medoids[0] * weights.size() + object];
    for (const std::size_t medoid : medoids) {
      nearest = (std::min)(nearest, distances[medoid * weights.size() + object]);
    }
    sum += weights[object] * nearest;
  }
  return sum;
}

}  // namespace

TEST_CASE("sequences do not depend on the order in which paths came", "[groups]") {
  const weighted_sequences found = sequences_of_letters({"ba", "a", "ba", "ac"});
  CHECK(found.names.to_vector() == std::vector<std::string>{"a", "b", "c"});
  CHECK(found.weights == std::vector<double>{1, 1, 2});
  const weighted_sequences turned = sequences_of_letters({"ac", "ba", "a", "ba"});
  CHECK(turned.items == found.items);
  CHECK(turned.weights == found.weights);
}

TEST_CASE("EM takes the steps of the worked example", "[groups]") {
  const weighted_sequences sequences = sequences_of_letters({"AAB", "ABB", "BAA", "BBA"});
  const chain_mixture start = worked_start(sequences);
  const memberships before = assign(start, sequences);
  CHECK_THAT(std::accumulate(before.log_probabilities.begin(), before.log_probabilities.end(), 0.0),
             WithinAbs(-9.19982687, 5e-9));
  const std::vector<double> published{.777778, .631579, .368421, .222222};
  for (std::size_t sequence = 0; sequence < 4; ++sequence) {
    CHECK_THAT(before.shares[2 * sequence], WithinAbs(published[sequence], 5e-7));
  }
  const mixture_options one_step{.smoothing = 0.0, .iterations = 1, .tolerance = 0.0};
  const chain_mixture next = refine_mixture(sequences, start, one_step);
  CHECK_THAT(next.shares[0], WithinAbs(.5, 1e-12));
  CHECK_THAT(next.first[0], WithinAbs(.704678, 5e-7));
  CHECK_THAT(next.transition[0], WithinAbs(.448513, 5e-7));
  CHECK_THAT(next.transition[4], WithinAbs(.408907, 5e-7));
  CHECK_THAT(next.transition[1], WithinAbs(.591093, 5e-7));
  CHECK_THAT(next.log_likelihood(), WithinAbs(-8.09848296, 5e-9));
  const mixture_options two_steps{.smoothing = 0.0, .iterations = 2, .tolerance = 0.0};
  CHECK_THAT(refine_mixture(sequences, start, two_steps).log_likelihood(), WithinAbs(-7.77562514, 5e-9));
}

TEST_CASE("the objective of EM never falls, and is the likelihood without smoothing", "[groups]") {
  for (std::uint32_t seed = 0; seed < 12; ++seed) {
    const weighted_sequences sequences = sequences_of_letters(random_words(seed, 80, 4));
    for (const double smoothing : {0.0, 0.01, 1.0}) {
      const chain_mixture model = fit_mixture(
          sequences, {.clusters = 1 + seed % 4, .smoothing = smoothing, .ends = seed % 2 == 0, .tolerance = 0.0});
      for (std::size_t step = 1; step < model.objectives.size(); ++step) {
        CHECK(model.objectives[step] >= model.objectives[step - 1] - 1e-9 * std::abs(model.objectives[step]));
      }
      if (smoothing == 0.0) {
        CHECK(model.objectives == model.log_likelihoods);
      }
      CHECK(std::is_sorted(model.shares.rbegin(), model.shares.rend()));
      for (std::size_t item = 0; item < model.names.size(); ++item) {
        double sum = 0.0;
        for (std::size_t edge = model.rows[item]; edge < model.rows[item + 1]; ++edge) {
          sum += model.transition[edge * model.clusters];
        }
        CHECK((model.rows[item] == model.rows[item + 1] || std::abs(sum - 1.0) < 1e-9));
      }
    }
  }
}

TEST_CASE("mixtures are equal for every number of threads and every order of paths", "[groups]") {
  std::vector<std::string> words = random_words(3, 9000, 5);
  const chain_mixture one = fit_mixture(sequences_of_letters(words), {.clusters = 3, .threads = 1});
  const chain_mixture four = fit_mixture(sequences_of_letters(words), {.clusters = 3, .threads = 4});
  std::mt19937 random{1};
  std::shuffle(words.begin(), words.end(), random);
  const chain_mixture turned = fit_mixture(sequences_of_letters(words), {.clusters = 3, .threads = 2});
  CHECK(one.transition == four.transition);
  CHECK(one.objectives == four.objectives);
  CHECK(one.transition == turned.transition);
}

TEST_CASE("the number of clusters that made the sequences is found by BIC and by held out sequences", "[groups]") {
  std::mt19937 random{7};
  std::vector<std::string> words;
  for (std::size_t index = 0; index < 600; ++index) {
    // One kind repeats itself, the other goes round.
    const bool repeats = index % 3 == 0;
    std::string word(1, static_cast<char>('a' + random() % 3));
    while (word.size() < 8) {
      const bool expected = random() % 10 < 8;
      const int next = (word.back() - 'a' + (repeats ? 0 : 1) + (expected ? 0 : 1)) % 3;
      word += static_cast<char>('a' + next);
    }
    words.push_back(word);
  }
  const weighted_sequences sequences = sequences_of_letters(words);
  const std::vector<std::size_t> numbers{1, 2, 3, 4};
  const mixture_choice by_bic = choose_mixture(sequences, numbers, {});
  CHECK(by_bic.clusters[by_bic.best] == 2);
  CHECK_THAT(by_bic.mixture.shares[1], WithinAbs(1.0 / 3.0, 0.05));
  std::vector<std::vector<double>> folds(3, std::vector<double>(sequences.size(), 0.0));
  for (std::size_t index = 0; index < sequences.size(); ++index) {
    folds[index % 3][index] = sequences.weights[index];
  }
  const mixture_choice held_out = choose_mixture(sequences, numbers, folds);
  CHECK(held_out.held_out[1] > held_out.held_out[0]);
  CHECK(held_out.clusters[held_out.best] >= 2);
  CHECK_THROWS_WITH(choose_mixture(sequences, numbers, folds, {.smoothing = 0.0}), ContainsSubstring("smoothing"));
}

TEST_CASE("no choice of medoids found by trying all is better", "[groups]") {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const weighted_sequences sequences = sequences_of_letters(random_words(seed, 14, 3));
    const sequence_distances distances{sequences, {.metric = sequence_metric::lcs}};
    std::vector<std::uint32_t> chosen(sequences.size());
    std::iota(chosen.begin(), chosen.end(), 0U);
    const std::vector<double> matrix = distance_matrix(distances, chosen);
    double best = 1e300;
    for (std::size_t a = 0; a < sequences.size(); ++a) {
      for (std::size_t b = a + 1; b < sequences.size(); ++b) {
        best = (std::min)(best, total_distance(matrix, sequences.weights, {a, b}));
      }
    }
    const medoid_clusters found = k_medoids(matrix, sequences.weights, 2);
    // Swaps end where no single one helps, which may be a little above the best pair.
    CHECK(found.total <= best * 1.1 + 1e-9);
    CHECK_THAT(found.total,
               WithinRel(total_distance(matrix, sequences.weights, {found.medoids[0], found.medoids[1]}), 1e-12));
    const medoid_clusters one = k_medoids(matrix, sequences.weights, 1);
    double least = 1e300;
    for (std::size_t a = 0; a < sequences.size(); ++a) {
      least = (std::min)(least, total_distance(matrix, sequences.weights, {a}));
    }
    CHECK_THAT(one.total, WithinRel(least, 1e-12));
  }
}

TEST_CASE("a silhouette is that of Rousseeuw, with a weight counting as so many equal objects", "[groups]") {
  // Objects at 0, 1 (twice) and 10, 11 on a line.
  const std::vector<double> at{0, 1, 10, 11};
  std::vector<double> distances;
  for (const double a : at) {
    for (const double b : at) {
      distances.push_back(std::abs(a - b));
    }
  }
  const medoid_clusters found = k_medoids(distances, std::vector<double>{1, 2, 1, 1}, 2);
  CHECK(found.cluster_of == std::vector<std::uint32_t>{0, 0, 1, 1});
  const double first = (10.5 - 1.0) / 10.5;  // others of its cluster at 1 and 1
  const double second = (9.5 - 0.5) / 9.5;   // at 0 and 1
  const double third = (28.0 / 3.0 - 1.0) / (28.0 / 3.0);
  const double fourth = (31.0 / 3.0 - 1.0) / (31.0 / 3.0);
  CHECK_THAT(found.silhouettes[0], WithinAbs(first, 1e-12));
  CHECK_THAT(found.silhouettes[1], WithinAbs(second, 1e-12));
  CHECK_THAT(found.silhouette, WithinAbs((first + 2 * second + third + fourth) / 5.0, 1e-12));
}

TEST_CASE("what cannot be grouped is refused with a remedy", "[groups]") {
  const weighted_sequences sequences = sequences_of_letters({"ab", "abc"});
  CHECK_THROWS_WITH(fit_mixture(weighted_sequences{}), ContainsSubstring("settled"));
  CHECK_THROWS_WITH(fit_mixture(sequences, {.clusters = 0}), ContainsSubstring("at least 1"));
  CHECK_THROWS_WITH(fit_mixture(sequences, {.smoothing = -1.0}), ContainsSubstring("0 or more"));
  CHECK_THROWS_WITH((sequence_distances{sequences, {.metric = sequence_metric::hamming}}),
                    ContainsSubstring("how many places"));
  CHECK_THROWS_WITH(
      (sequence_distances{
          sequences,
          {.metric = sequence_metric::om, .substitution = substitution_rule::given, .costs = {{"a", "x", 1.0}}}}),
      ContainsSubstring("'x'"));
  CHECK_THROWS_WITH(
      (sequence_distances{sequences,
                          {.metric = sequence_metric::om, .substitution = substitution_rule::constant, .indel = -1.0}}),
      ContainsSubstring("0 or more"));
  CHECK_THROWS_WITH(to_sequence_metric("omm"), ContainsSubstring("levenshtein"));
  CHECK_THROWS_WITH(k_medoids(std::vector<double>{0.0}, std::vector<double>{1.0}, 2), ContainsSubstring("too few"));
}

TEST_CASE("clusters merge at the heights of the worked example and are cut where so many are left", "[groups]") {
  // Points on a line at 0, 1, 3, 7 and 8.5; heights as scipy.cluster.hierarchy.linkage gives them.
  const std::vector<double> points{0.0, 1.0, 3.0, 7.0, 8.5};
  std::vector<double> distances;
  for (const double a : points) {
    for (const double b : points) {
      distances.push_back(std::abs(a - b));
    }
  }
  const std::vector<double> weights(points.size(), 1.0);
  const auto heights_of = [&](linkage_rule rule) {
    std::vector<double> heights;
    for (const merge_step& one : link_objects(distances, weights, rule)) {
      heights.push_back(one.height);
    }
    return heights;
  };
  const std::vector<std::pair<linkage_rule, std::vector<double>>> expected{
      {linkage_rule::average, {1.0, 1.5, 2.5, 6.416666666666667}},
      {linkage_rule::complete, {1.0, 1.5, 3.0, 8.5}},
      {linkage_rule::ward, {1.0, 1.5, 2.8867513459481287, 9.940657255265705}}};
  for (const auto& [rule, heights] : expected) {
    const std::vector<double> found = heights_of(rule);
    REQUIRE(found.size() == heights.size());
    for (std::size_t step = 0; step < heights.size(); ++step) {
      CHECK_THAT(found[step], WithinRel(heights[step], 1e-12));
    }
  }
  const auto merges = link_objects(distances, weights, linkage_rule::ward);
  CHECK((merges[2].first == 2 && merges[2].second == 5 && merges[2].weight == 3.0));
  CHECK((merges[3].first == 6 && merges[3].second == 7 && merges[3].weight == 5.0));
  CHECK(cut_merges(merges, 3) == std::vector<std::uint32_t>{0, 0, 1, 2, 2});
  CHECK(cut_merges(merges, 1) == std::vector<std::uint32_t>(5, 0));
  CHECK(cut_merges(merges, 5) == std::vector<std::uint32_t>{0, 1, 2, 3, 4});
  CHECK_THROWS_WITH(cut_merges(merges, 6), ContainsSubstring("at most as many"));
  CHECK_THROWS_WITH(link_objects(distances, std::vector<double>(4, 1.0), linkage_rule::ward),
                    ContainsSubstring("25 distances"));
  CHECK_THROWS_WITH(to_linkage_rule("single"), ContainsSubstring("average, complete, ward"));
}
