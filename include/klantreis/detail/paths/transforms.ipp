// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/paths.hpp"

namespace klantreis {

namespace detail {

/// In the order of `path_transform`.
inline constexpr std::array<std::string_view, 7> path_transform_names{
    "unique", "exposure", "first", "frequency", "remove_if_not_all", "remove_if_last_and_not_all", "trim"};

/// The items of a path as a transformation leaves them, with how often each stood in the path.
struct transformed_path {
  std::vector<std::uint32_t> codes;
  std::vector<std::uint64_t> times;  ///< of `frequency` alone
};

inline void transform_path(std::span<const std::uint32_t> path, path_transform kind, std::uint32_t item,
                           std::size_t last, transformed_path& result) {
  auto& codes = result.codes;
  codes.clear();
  result.times.clear();
  const auto keep_first = [&] {
    for (const std::uint32_t code : path) {
      const auto known = std::find(codes.begin(), codes.end(), code);
      if (known == codes.end()) {
        codes.push_back(code);
        result.times.push_back(1);
      } else {
        ++result.times[static_cast<std::size_t>(known - codes.begin())];
      }
    }
  };
  const bool has_others = std::any_of(path.begin(), path.end(), [item](std::uint32_t code) { return code != item; });
  switch (kind) {
    case path_transform::unique:
      codes.assign(path.begin(), path.end());
      break;
    case path_transform::exposure:
      std::unique_copy(path.begin(), path.end(), std::back_inserter(codes));
      break;
    case path_transform::first:
    case path_transform::frequency:
      keep_first();
      break;
    case path_transform::remove_if_not_all:
      std::copy_if(path.begin(), path.end(), std::back_inserter(codes),
                   [&](std::uint32_t code) { return !has_others || code != item; });
      break;
    case path_transform::remove_if_last_and_not_all:
      codes.assign(path.begin(), path.end());
      while (has_others && codes.back() == item) {
        codes.pop_back();
      }
      break;
    case path_transform::trim:
      path = path.last((std::min)(last, path.size()));
      codes.assign(path.begin(), path.end());
      break;
  }
}

}  // namespace detail

KLANTREIS_INLINE std::string_view to_text(path_transform kind) noexcept {
  return detail::path_transform_names[static_cast<std::size_t>(kind)];
}

KLANTREIS_INLINE path_transform to_path_transform(std::string_view name) {
  std::string known;
  for (std::size_t i = 0; i < detail::path_transform_names.size(); ++i) {
    if (detail::path_transform_names[i] == name) {
      return static_cast<path_transform>(i);
    }
    known += (known.empty() ? "" : ", ") + std::string{detail::path_transform_names[i]};
  }
  throw input_error("there is no transformation of paths " + quoted(name) + "; choose one of " + known);
}

KLANTREIS_INLINE path_table transform_paths(const path_table& paths, path_transform kind,
                                            const path_transform_options& options) {
  const bool removes = kind == path_transform::remove_if_not_all || kind == path_transform::remove_if_last_and_not_all;
  const std::string name{to_text(kind)};
  std::uint32_t item = 0;
  if (removes) {
    const auto code = paths.names().find(options.item);
    if (!code && !paths.empty()) {
      throw input_error("no path has the item " + quoted(options.item) + " that " + name +
                        " is to remove; check its name");
    }
    item = code.value_or(0);
  } else if (!options.item.empty()) {
    throw input_error(name + " takes no item, but was given " + quoted(options.item));
  }
  if ((kind == path_transform::trim) != (options.last > 0)) {
    throw input_error(kind == path_transform::trim ? "trim needs last, the number of touches to keep: 1 or more"
                                                   : name + " takes no number of touches to keep");
  }

  path_table result;
  result.by_ = paths.by_;
  result.options_key_ = paths.options_key_ + " " + name;
  result.options_key_ += removes ? " " + quoted(options.item) : "";
  result.options_key_ += options.last > 0 ? " " + std::to_string(options.last) : "";
  result.cut_ = paths.cut_;
  result.has_values_ = paths.has_values_;
  result.rejected_ = paths.rejected_;
  result.rows_read_ = paths.rows_read_;
  result.unit_offsets_ = paths.unit_offsets_;
  result.units_ = paths.units_;
  result.customer_keys_ = paths.customer_keys_;
  std::vector<std::uint32_t> index_of_old(paths.size());
  std::vector<std::uint32_t> codes;
  detail::transformed_path transformed;
  for (std::size_t p = 0; p < paths.size(); ++p) {
    detail::transform_path(paths.path(p), kind, item, options.last, transformed);
    codes.clear();
    for (std::size_t i = 0; i < transformed.codes.size(); ++i) {
      const std::string_view old_name = paths.names()[transformed.codes[i]];
      codes.push_back(
          kind == path_transform::frequency
              ? result.names_.intern(std::string{old_name} + "(" + std::to_string(transformed.times[i]) + ")")
              : result.names_.intern(old_name));
    }
    const std::uint32_t index = result.index_of(codes);
    index_of_old[p] = index;
    result.conversions_[index] += paths.conversions_[p];
    result.nulls_[index] += paths.nulls_[p];
    result.open_[index] += paths.open_[p];
    result.values_[index] += paths.values_[p];
  }
  for (path_unit& unit : result.units_) {
    unit.path = index_of_old[unit.path];
  }
  return result;
}

}  // namespace klantreis
