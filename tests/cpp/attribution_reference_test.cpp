// SPDX-License-Identifier: MIT
// Attribution against its definition: dense chains with the states of an item led to null, and influence values as
// numerical derivatives by the weight of each journey.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/attribution.hpp"
#include "klantreis/statistics.hpp"

using namespace klantreis;
using Catch::Matchers::WithinAbs;

namespace {

using path_type = std::vector<std::string>;

struct row {
  path_type path;
  double conversions = 0.0;
  double nulls = 0.0;
  double value = 0.0;
};

path_table table_of(const std::vector<row>& rows) {
  path_table paths;
  for (const auto& r : rows) {
    const std::vector<std::string_view> path(r.path.begin(), r.path.end());
    paths.add(path, r.conversions, r.nulls, r.value);
  }
  return paths;
}

std::vector<path_type> states_of(const path_type& path, std::size_t order) {
  std::vector<path_type> states;
  if (path.empty()) {
    return states;
  }
  const std::size_t length = std::min(order, path.size());
  for (std::size_t i = 0; i + length <= path.size(); ++i) {
    states.emplace_back(path.begin() + static_cast<std::ptrdiff_t>(i),
                        path.begin() + static_cast<std::ptrdiff_t>(i + length));
  }
  return states;
}

/// The expected reward from the start when the states with `gone` lead to null; by Gauss elimination.
double expected(const std::vector<row>& rows, std::size_t order, bool by_value, const std::string& gone = {}) {
  std::map<path_type, std::size_t> number{{path_type{}, 0}};
  for (const auto& r : rows) {
    for (const auto& state : states_of(r.path, order)) {
      number.try_emplace(state, number.size());
    }
  }
  const std::size_t size = number.size();
  std::vector<std::vector<double>> matrix(size, std::vector<double>(size + 1));
  std::vector<double> visits(size);
  for (const auto& r : rows) {
    std::size_t here = 0;
    for (const auto& state : states_of(r.path, order)) {
      const std::size_t next = number.at(state);
      matrix[here][next] -= r.conversions + r.nulls;
      visits[here] += r.conversions + r.nulls;
      here = next;
    }
    visits[here] += r.conversions + r.nulls;
    matrix[here][size] += by_value ? r.value : r.conversions;
  }
  for (const auto& [state, i] : number) {
    const bool removed = std::find(state.begin(), state.end(), gone) != state.end();
    for (auto& x : matrix[i]) {
      x = removed ? 0.0 : x / visits[i];
    }
    matrix[i][i] += 1.0;
  }
  for (std::size_t column = 0; column < size; ++column) {
    std::size_t pivot = column;
    for (std::size_t i = column; i < size; ++i) {
      pivot = std::abs(matrix[i][column]) > std::abs(matrix[pivot][column]) ? i : pivot;
    }
    std::swap(matrix[pivot], matrix[column]);
    for (std::size_t i = 0; i < size; ++i) {
      if (i != column && matrix[i][column] != 0.0) {
        const double factor = matrix[i][column] / matrix[column][column];
        for (std::size_t j = column; j <= size; ++j) {
          matrix[i][j] -= factor * matrix[column][j];
        }
      }
    }
  }
  return matrix[0][size] / matrix[0][0];
}

struct numbers {
  double removal_effect, share, credit, removal_effect_value, credit_value;
};

std::map<std::string, numbers> markov(const std::vector<row>& rows, std::size_t order,
                                      const std::vector<std::string>& items) {
  double conversions = 0.0;
  double touched = 0.0;
  double touched_value = 0.0;
  for (const auto& r : rows) {
    conversions += r.conversions;
    touched += r.path.empty() ? 0.0 : r.conversions;
    touched_value += r.path.empty() ? 0.0 : r.value;
  }
  const double base = expected(rows, order, false);
  const double base_value = expected(rows, order, true);
  double sum = 0.0;
  double sum_value = 0.0;
  std::map<std::string, numbers> result;
  for (const auto& item : items) {
    const double effect = 1.0 - expected(rows, order, false, item) / base;
    const double effect_value = 1.0 - expected(rows, order, true, item) / base_value;
    sum += effect;
    sum_value += effect_value;
    result[item] = {effect, 0.0, 0.0, effect_value, 0.0};
  }
  for (auto& [item, x] : result) {
    x.credit = x.removal_effect / sum * touched;
    x.share = x.credit / conversions;
    x.credit_value = x.removal_effect_value / sum_value * touched_value;
  }
  return result;
}

std::map<std::string, numbers> by_rule(const std::vector<row>& rows, const std::vector<std::string>& items) {
  std::map<std::string, numbers> result;
  double conversions = 0.0;
  for (const auto& item : items) {
    result[item] = {};
  }
  for (const auto& r : rows) {
    conversions += r.conversions;
    for (const auto& item : r.path) {
      result[item].credit += r.conversions / static_cast<double>(r.path.size());
      result[item].credit_value += r.value / static_cast<double>(r.path.size());
    }
  }
  for (auto& [item, x] : result) {
    x.share = x.credit / conversions;
  }
  return result;
}

std::vector<row> random_rows(unsigned seed, std::vector<std::string>& items) {
  std::mt19937 random{seed};
  const auto below = [&random](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  std::map<path_type, row> distinct;
  const unsigned letters = 2 + below(4);
  for (unsigned i = 0; i < 25; ++i) {
    path_type path(below(6));
    for (auto& item : path) {
      item = std::string(1, static_cast<char>('a' + below(letters)));
    }
    auto& r = distinct[path];
    r.path = path;
    r.conversions += below(3);
    r.nulls += below(4);
    r.value += r.conversions > 0.0 ? 1.0 + below(9) : 0.0;
  }
  std::vector<row> rows;
  std::map<std::string, bool> seen;
  for (const auto& [path, r] : distinct) {
    if (r.conversions + r.nulls > 0.0) {
      rows.push_back(r);
      for (const auto& item : path) {
        seen[item] = true;
      }
    }
  }
  for (const auto& [item, yes] : seen) {
    items.push_back(item);
  }
  return rows;
}

double at(const table& result, const std::string& column, const std::string& item) {
  const auto& labels = result.texts("touchpoint");
  const auto found = std::find(labels.begin(), labels.end(), item);
  REQUIRE(found != labels.end());
  return result.numbers(column)[static_cast<std::size_t>(found - labels.begin())];
}

using statistic = std::function<std::map<std::string, numbers>(const std::vector<row>&)>;

/// Influence values of every kind of journey by central differences. An amount loses its mean: ψ = dθ/dw − θ/J.
std::map<std::string, influence_sum> derivatives(const std::vector<row>& rows, const statistic& compute,
                                                 double numbers::*member, bool amount) {
  constexpr double step = 1e-4;
  const auto estimate = compute(rows);
  double journeys = 0.0;
  for (const auto& r : rows) {
    journeys += r.conversions + r.nulls;
  }
  std::map<std::string, influence_sum> sums;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const bool converted : {true, false}) {
      const double times = converted ? rows[i].conversions : rows[i].nulls;
      if (times == 0.0) {
        continue;
      }
      const auto moved = [&](double by) {
        auto changed = rows;
        if (converted) {
          changed[i].value += by * rows[i].value / rows[i].conversions;
          changed[i].conversions += by;
        } else {
          changed[i].nulls += by;
        }
        return compute(changed);
      };
      const auto up = moved(step);
      const auto down = moved(-step);
      for (const auto& [item, x] : estimate) {
        const double psi =
            (up.at(item).*member - down.at(item).*member) / (2.0 * step) - (amount ? x.*member / journeys : 0.0);
        sums[item] += influence_sum{times, times * psi, times * psi * psi, times * psi * psi * psi * psi};
      }
    }
  }
  return sums;
}

void compare(const table& result, const std::vector<row>& rows, const std::vector<std::string>& items,
             const statistic& compute, const std::string& column, double numbers::*member, bool amount) {
  const auto estimates = compute(rows);
  const auto sums = derivatives(rows, compute, member, amount);
  for (const auto& item : items) {
    CAPTURE(column, item);
    const double theta = estimates.at(item).*member;
    const double found = at(result, column, item);
    const double scale = std::max(1.0, std::abs(theta));
    REQUIRE_THAT(found, WithinAbs(theta, 1e-9 * scale));
    const auto& sum = sums.at(item);
    CHECK(std::abs(sum.sum()) < 1e-6 * scale);
    if (sum.sum2() < 1e-10) {
      continue;  // the boundary has rules of its own
    }
    const auto bounds = amount ? sum.log_interval(theta) : sum.prob_interval(theta, 1.0);
    CHECK_THAT(at(result, column + "_lower", item), WithinAbs(bounds.lower, 1e-5 * scale));
    CHECK_THAT(at(result, column + "_upper", item), WithinAbs(bounds.upper, 1e-5 * std::max(scale, bounds.upper)));
  }
}

}  // namespace

TEST_CASE("removal effects, credits and their intervals equal the definition on random paths", "[attribution]") {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    std::vector<std::string> items;
    const auto rows = random_rows(seed, items);
    const auto paths = table_of(rows);
    for (unsigned order = 1; order <= 3; ++order) {
      CAPTURE(seed, order);
      const auto result = attribute(paths, markov_model{.order = order});
      const statistic compute = [&](const std::vector<row>& changed) { return markov(changed, order, items); };
      compare(result, rows, items, compute, "removal_effect", &numbers::removal_effect, false);
      compare(result, rows, items, compute, "share", &numbers::share, false);
      compare(result, rows, items, compute, "credit", &numbers::credit, true);
      compare(result, rows, items, compute, "removal_effect_value", &numbers::removal_effect_value, false);
      compare(result, rows, items, compute, "credit_value", &numbers::credit_value, true);
    }
  }
}

TEST_CASE("credits of a rule and their intervals equal the definition on random paths", "[attribution]") {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    std::vector<std::string> items;
    const auto rows = random_rows(seed, items);
    const auto result = attribute(table_of(rows), linear{});
    const statistic compute = [&](const std::vector<row>& changed) { return by_rule(changed, items); };
    compare(result, rows, items, compute, "share", &numbers::share, false);
    compare(result, rows, items, compute, "credit", &numbers::credit, true);
    compare(result, rows, items, compute, "credit_value", &numbers::credit_value, true);
  }
}

TEST_CASE("any number of threads gives the same numbers", "[attribution]") {
  std::mt19937 random{7};
  std::vector<row> rows;
  for (unsigned i = 0; i < 20'000; ++i) {
    path_type path(1 + random() % 7);
    for (auto& item : path) {
      item = "channel " + std::to_string(random() % 19);
    }
    rows.push_back({path, static_cast<double>(random() % 2), static_cast<double>(random() % 3), 1.5});
  }
  const auto paths = table_of(rows);
  for (const attribution_model& model :
       {attribution_model{markov_model{}}, attribution_model{markov_model{.order = 2}}, attribution_model{linear{}}}) {
    const auto one = attribute(paths, model, {.threads = 1});
    const auto many = attribute(paths, model, {.threads = 5});
    for (const auto& c : one.columns()) {
      CAPTURE(c.name);
      if (const auto* numbers_of = std::get_if<std::vector<double>>(&c.data)) {
        CHECK(*numbers_of == many.numbers(c.name));
      }
    }
  }
}
