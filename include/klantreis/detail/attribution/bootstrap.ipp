// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/attribution/bootstrap.hpp"
#include "klantreis/detail/attribution/attribute.ipp"
#include "klantreis/detail/draws.hpp"
#include "klantreis/detail/text_key.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/statistics/quantiles.hpp"

namespace klantreis {

KLANTREIS_INLINE std::uint64_t customer_key(std::string_view id) noexcept { return detail::text_key(id); }

KLANTREIS_INLINE unsigned bootstrap_weight(std::uint64_t key, std::uint64_t seed, std::uint64_t replicate) noexcept {
  return detail::poisson_of(detail::mixed(detail::stream_of(key, seed) + detail::golden_step * (replicate + 1)));
}

namespace detail {

/// Keys of the rows of a path table without customers: of its conversions and of its nulls.
inline std::vector<std::uint64_t> row_keys(const path_table& paths) {
  std::vector<std::uint64_t> keys;
  keys.reserve(2 * paths.size());
  for (const std::size_t p : each({0, paths.size()})) {
    const std::string text = join_path(paths.names(), paths.path(p));
    keys.push_back(text_key(text + "\x1f"
                                   "conversion"));
    keys.push_back(text_key(text + "\x1f"
                                   "null"));
  }
  return keys;
}

inline path_table drawn_paths(const path_table& paths, const std::vector<std::uint64_t>& keys, std::uint64_t seed,
                              std::uint64_t replicate) {
  std::vector<double> conversions(paths.size(), 0.0);
  std::vector<double> nulls(paths.size(), 0.0);
  std::vector<double> values(paths.size(), 0.0);
  double units = 0.0;
  double drawn = 0.0;
  for (const std::size_t group : each({0, unit_groups(paths)})) {
    double own = 0.0;
    if (paths.has_units()) {
      own = bootstrap_weight(paths.customer_keys()[group], seed, replicate);
    }
    const double times = for_each_journey(paths, group, [&](std::size_t path, bool converted, double worth) {
      if (!paths.has_units()) {
        const double count = converted ? paths.conversions()[path] : paths.nulls()[path];
        own = poisson_count(count, mixed(stream_of(keys[group], seed) + golden_step * (replicate + 1)));
      }
      (converted ? conversions : nulls)[path] += own;
      values[path] += own * worth;
    });
    units += times;
    drawn += times > 0.0 ? own : 0.0;
  }
  const double scale = drawn > 0.0 ? units / drawn : 0.0;
  for (std::vector<double>* numbers : {&conversions, &nulls, &values}) {
    for (double& number : *numbers) {
      number *= scale;
    }
  }
  return paths.with_counts(std::move(conversions), std::move(nulls), std::move(values));
}

/// The numbers of an item in all replicates.
struct replicate_numbers {
  std::vector<double> removal_effect, share, credit, removal_effect_value, credit_value, rank;
};

/// Percentiles of those that are not null.
inline void set_percentiles(estimate& target, std::vector<double> numbers, double level) {
  if (!std::isnan(target.value)) {
    target.lower = quantile(numbers, (1.0 - level) / 2.0);
    target.upper = quantile(numbers, (1.0 + level) / 2.0);
  }
}

}  // namespace detail

KLANTREIS_INLINE path_table resample_paths(const path_table& paths, std::uint64_t seed, std::uint64_t replicate) {
  return detail::drawn_paths(paths, paths.has_units() ? std::vector<std::uint64_t>{} : detail::row_keys(paths), seed,
                             replicate);
}

KLANTREIS_INLINE table attribute_by_bootstrap(const path_table& paths, const attribution_model& model,
                                              const attribution_options& options, const bootstrap_options& bootstrap) {
  if (bootstrap.replicates < 2) {
    throw input_error("replicates is " + std::to_string(bootstrap.replicates) + "; draw at least 2, better 1000");
  }
  if (!(options.level > 0.0 && options.level < 1.0)) {
    throw input_error("level is " + std::to_string(options.level) + "; it must lie between 0 and 1, such as 0.95");
  }
  attribution_options point = options;
  point.intervals = false;
  point.threads = 1;
  detail::credit_result credits = detail::credits_of_paths(paths, model, point);
  std::map<std::string, std::size_t, std::less<>> row_of;
  std::vector<detail::item_credit*> rows;
  for (detail::item_credit& row : credits.items) {
    row_of.emplace(row.name, rows.size());
    rows.push_back(&row);
  }
  if (credits.unattributed) {
    row_of.emplace(std::string{unattributed_row}, rows.size());
    rows.push_back(&*credits.unattributed);
  }
  const std::vector<std::uint64_t> keys = paths.has_units() ? std::vector<std::uint64_t>{} : detail::row_keys(paths);
  std::vector<detail::credit_result> found(bootstrap.replicates);
  std::vector<char> is_degenerate(bootstrap.replicates, 0);
  const unsigned workers = (std::min)(worker_count(options.threads), static_cast<unsigned>(bootstrap.replicates));
  const long_stage stage{"bootstrap", bootstrap.replicates};
  run_parallel(workers, [&](unsigned worker) {
    for (std::size_t r = worker; r < bootstrap.replicates; r += workers) {
      const path_table drawn = detail::drawn_paths(paths, keys, bootstrap.seed, r);
      if (drawn.total_conversions() > 0.0) {
        found[r] = detail::credits_of_paths(drawn, model, point);
      } else {
        is_degenerate[r] = 1;
      }
      stage.advance();
    }
  });
  std::vector<detail::replicate_numbers> numbers(rows.size());
  std::vector<double> credit(rows.size());
  const auto rank_of = [&credit](std::size_t row) {
    return 1.0 + static_cast<double>(
                     std::count_if(credit.begin(), credit.end(), [&](double other) { return other > credit[row]; }));
  };
  std::size_t degenerate = 0;
  for (std::size_t r = 0; r < found.size(); ++r) {
    if (is_degenerate[r] != 0) {
      ++degenerate;
      continue;
    }
    std::fill(credit.begin(), credit.end(), 0.0);
    std::vector<const detail::item_credit*> drawn(rows.size(), nullptr);
    const auto note = [&](const detail::item_credit& item) {
      const auto at = row_of.find(item.name);
      if (at != row_of.end()) {
        drawn[at->second] = &item;
        credit[at->second] = std::isnan(item.credit.value) ? 0.0 : item.credit.value;
      }
    };
    for (const detail::item_credit& item : found[r].items) {
      note(item);
    }
    if (found[r].unattributed) {
      note(*found[r].unattributed);
    }
    for (std::size_t row = 0; row < rows.size(); ++row) {
      // An item that was not drawn at all earned nothing.
      const auto value = [&](estimate detail::item_credit::*member) {
        return drawn[row] == nullptr ? 0.0 : (drawn[row]->*member).value;
      };
      numbers[row].removal_effect.push_back(value(&detail::item_credit::removal_effect));
      numbers[row].share.push_back(value(&detail::item_credit::share));
      numbers[row].credit.push_back(value(&detail::item_credit::credit));
      numbers[row].removal_effect_value.push_back(value(&detail::item_credit::removal_effect_value));
      numbers[row].credit_value.push_back(value(&detail::item_credit::credit_value));
      numbers[row].rank.push_back(rank_of(row));
    }
  }
  for (std::size_t row = 0; row < rows.size(); ++row) {
    credit[row] = std::isnan(rows[row]->credit.value) ? 0.0 : rows[row]->credit.value;
  }
  std::map<std::string, estimate, std::less<>> rank_by_name;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    detail::item_credit& item = *rows[row];
    detail::set_percentiles(item.removal_effect, std::move(numbers[row].removal_effect), options.level);
    detail::set_percentiles(item.share, std::move(numbers[row].share), options.level);
    detail::set_percentiles(item.credit, std::move(numbers[row].credit), options.level);
    detail::set_percentiles(item.removal_effect_value, std::move(numbers[row].removal_effect_value), options.level);
    detail::set_percentiles(item.credit_value, std::move(numbers[row].credit_value), options.level);
    estimate rank{.value = rank_of(row)};
    detail::set_percentiles(rank, std::move(numbers[row].rank), options.level);
    rank_by_name.emplace(item.name, rank);
  }
  credits.has_intervals = true;
  table result = detail::credit_table(std::move(credits), paths.by(), model, options);
  const std::vector<std::string>& names = result.texts(paths.by());
  for (const auto& [column, part] :
       {std::pair{"rank", &estimate::value}, {"rank_lower", &estimate::lower}, {"rank_upper", &estimate::upper}}) {
    std::vector<double> values;
    for (const std::string& name : names) {
      values.push_back(rank_by_name.find(name)->second.*part);
    }
    result.add(column, std::move(values));
  }
  result.set_option("intervals", "bootstrap by customers");
  result.set_option("replicates", std::to_string(bootstrap.replicates));
  result.set_option("degenerate", std::to_string(degenerate));
  result.set_option("bootstrap_seed", std::to_string(bootstrap.seed));
  return result;
}

}  // namespace klantreis
