// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

namespace detail {
class path_text_reader;
struct part_fields;
}  // namespace detail

struct path_options {
  std::string by = "touchpoint";  ///< `touchpoint`, `channel`, `phase` or an attribute
  bool collapse = false;          ///< merge immediate repeats (phases always do)
  /// Leave out touches older than this before the conversion (before the last event of a journey without one).
  std::optional<duration> lookback = std::nullopt;
  std::size_t lookback_touches = 0;       ///< keep at most so many of the last touches; 0 keeps all
  std::vector<std::string> exclude = {};  ///< leave out touches of these items
  /// A journey also has the touches of the customer's earlier journeys; else each touch belongs to one journey.
  bool reuse_touches = false;
  /// An excluded item that no event has is an error; else there is nothing to exclude, as in a part of the customers.
  bool require_known = true;
  unsigned threads = 0;
};

/// One journey as attribution and intervals need it.
struct path_unit {
  enum class kind : std::uint8_t { null, conversion, open };
  std::uint32_t path = 0;
  kind outcome = kind::null;
  double value = 0.0;
};

/// What `transform_paths` does to each path; shown for D > A > B > B > D > D.
enum class path_transform {
  unique,                      ///< nothing: D > A > B > B > D > D
  exposure,                    ///< merges immediate repeats: D > A > B > D
  first,                       ///< keeps the first touch of each item: D > A > B
  frequency,                   ///< the same with how often it was touched: D(3) > A(1) > B(2)
  remove_if_not_all,           ///< removes an item unless it is the only one; of D: A > B > B
  remove_if_last_and_not_all,  ///< removes it from the end unless it is the only one; of D: D > A > B > B
  trim                         ///< keeps the last touches; 2 of them: D > D
};

struct path_transform_options {
  std::string item = {};  ///< what to remove; of the two transformations that remove
  std::size_t last = 0;   ///< how many touches to keep; of `trim`
};

/// Distinct paths with how often they converted, ended in null or are still open, and the value they brought.
///
/// The items of path p are `codes[offsets[p] … offsets[p + 1])`:
///
///     offsets      0        3     5  5
///     codes        0 1 2    0 2             the last path is empty: a conversion without a touch before it
///     conversions  4        0     1
///     nulls        2        7     0
///
/// Rules: the paths are distinct; counts are finite and not negative; `units`, when present, are grouped by customer
/// and add up to the counts. Tables merge with `+=` by the names of the items; customers must not be in both.
class path_table {
 public:
  path_table() = default;

  [[nodiscard]] std::size_t size() const noexcept { return conversions_.size(); }
  [[nodiscard]] bool empty() const noexcept { return conversions_.empty(); }
  [[nodiscard]] const std::string& by() const noexcept { return by_; }
  [[nodiscard]] const name_table& names() const noexcept { return names_; }
  [[nodiscard]] std::span<const std::uint32_t> path(std::size_t index) const noexcept {
    return std::span{codes_}.subspan(offsets_[index], offsets_[index + 1] - offsets_[index]);
  }
  [[nodiscard]] std::span<const double> conversions() const noexcept { return conversions_; }
  [[nodiscard]] std::span<const double> nulls() const noexcept { return nulls_; }
  [[nodiscard]] std::span<const double> open() const noexcept { return open_; }
  [[nodiscard]] std::span<const double> values() const noexcept { return values_; }

  [[nodiscard]] double total_conversions() const noexcept;
  [[nodiscard]] double total_nulls() const noexcept;
  [[nodiscard]] double total_open() const noexcept;
  [[nodiscard]] double total_value() const noexcept;
  /// True when the input had a value column.
  [[nodiscard]] bool has_values() const noexcept { return has_values_; }

  /// Rows that `append_paths` left out, by reason.
  [[nodiscard]] const std::vector<log_health::rejection>& rejected() const noexcept { return rejected_; }

  /// Journeys grouped by customer; empty for a table that was read as text.
  [[nodiscard]] bool has_units() const noexcept { return !unit_offsets_.empty(); }
  [[nodiscard]] std::span<const path_unit> units() const noexcept { return units_; }
  /// Units of customer c: `[unit_offsets()[c], unit_offsets()[c + 1])`.
  [[nodiscard]] std::span<const std::uint64_t> unit_offsets() const noexcept { return unit_offsets_; }
  /// What stands for the id of each customer where customers are drawn: FNV-1a of its text.
  [[nodiscard]] std::span<const std::uint64_t> customer_keys() const noexcept { return customer_keys_; }

  /// Adds another table.
  /// \throws input_error when the two were made by different labels or options.
  path_table& operator+=(const path_table& other);

  /// Adds `conversions`, `nulls` and `value` to a path given by names. Paths may be added in any order and repeatedly.
  /// \throws input_error when a number is negative (value may be), infinite or not a number, or a name is reserved.
  void add(std::span<const std::string_view> path, double conversions, double nulls, double value = 0.0);

  /// The same paths with other counts, and without customers.
  /// \throws input_error when there is not one count for each path.
  [[nodiscard]] path_table with_counts(std::vector<double> conversions, std::vector<double> nulls,
                                       std::vector<double> values) const;

  /// The same paths, said to be made of other labels and options, as a saved table says of itself.
  [[nodiscard]] path_table described(std::string by, std::string options) const;
  /// Under which options the paths were made, beside the label; tables merge when these are equal.
  [[nodiscard]] const std::string& options_key() const noexcept { return options_key_; }

  /// The paths as a table: `path, conversions, nulls, open, value`, most journeys first, then by path.
  [[nodiscard]] table to_table() const;

 private:
  friend path_table make_paths(const journey_set& journeys, const path_options& options);
  friend void append_paths(path_table& table, const column_view& paths, const column_view& conversions,
                           const column_view& nulls, const column_view& values, char separator, bad_rows on_bad);
  friend path_table transform_paths(const path_table& paths, path_transform kind,
                                    const path_transform_options& options);
  friend class detail::path_text_reader;
  friend struct detail::part_fields;
  std::uint32_t index_of(std::span<const std::uint32_t> codes);
  std::uint32_t index_of(std::span<const std::uint32_t> codes, std::uint64_t hash);
  void rehash(std::size_t slots);
  void prefetch(std::uint64_t hash) const noexcept;
  void prefetch_path(std::uint64_t hash) const noexcept;
  void prefetch_codes(std::uint64_t hash) const noexcept;
  /// What stands in the first slot of a hash: a path + 1, or 0.
  [[nodiscard]] std::uint32_t expected(std::uint64_t hash) const noexcept {
    return slots_.empty() ? 0 : slots_[static_cast<std::size_t>(hash) & (slots_.size() - 1)];
  }

  std::string by_ = "touchpoint";
  std::string options_key_;
  std::vector<std::pair<std::string, std::string>> cut_;  // how the journeys were cut; empty without journeys
  name_table names_;
  std::vector<std::uint64_t> offsets_{0};
  std::vector<std::uint32_t> codes_;
  std::vector<double> conversions_;
  std::vector<double> nulls_;
  std::vector<double> open_;
  std::vector<double> values_;
  bool has_values_ = false;
  std::vector<log_health::rejection> rejected_;
  std::uint64_t rows_read_ = 0;
  std::vector<path_unit> units_;
  std::vector<std::uint64_t> unit_offsets_;
  std::vector<std::uint64_t> customer_keys_;
  std::vector<std::uint32_t> slots_;
  std::vector<std::uint64_t> hashes_;
};

/// Counts the distinct paths of the journeys and keeps, per customer, which journey took which.
/// \throws input_error when `journeys` were cut with `go_on` and a lookback or the reuse of touches is asked, or when
/// no
///         event has an excluded item.
[[nodiscard]] path_table make_paths(const journey_set& journeys, const path_options& options = {});

/// Adds the rows of a path table: texts such as `a > b > c` with their counts. Blanks around names are dropped, empty
/// pieces skipped; a name in double quotes may contain the separator. Equal paths add up.
///
/// Absent columns: conversions 1 each, nulls and values 0. Row numbers in errors count from 0, over all calls.
/// \throws input_error for a null, negative, infinite or NaN count, a null path, or a reserved name, unless `on_bad` is
///         `drop`; then `rejected()` counts them.
void append_paths(path_table& table, const column_view& paths, const column_view& conversions, const column_view& nulls,
                  const column_view& values, char separator = '>', bad_rows on_bad = bad_rows::stop);

[[nodiscard]] std::string_view to_text(path_transform kind) noexcept;

/// The transformation called `name`, such as `exposure`.
/// \throws input_error when there is none; the message lists those that exist.
[[nodiscard]] path_transform to_path_transform(std::string_view name);

/// Transforms every path and adds up those that become equal; customers stay who they are.
/// Source: path transformations of fractribution and of snowplow-attribution.
/// \throws input_error when an option is missing or not one of this transformation, or when no path has the item.
[[nodiscard]] path_table transform_paths(const path_table& paths, path_transform kind,
                                         const path_transform_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/paths.ipp"
#include "klantreis/detail/paths/make.ipp"
#include "klantreis/detail/paths/text.ipp"
#include "klantreis/detail/paths/transforms.ipp"
#endif
