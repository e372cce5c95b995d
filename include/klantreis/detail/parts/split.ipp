// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "klantreis/detail/draws.hpp"
#include "klantreis/detail/parts/fields.hpp"
#include "klantreis/detail/patterns/variant_order.hpp"
#include "klantreis/detail/text_key.hpp"
#include "klantreis/engine.hpp"

namespace klantreis {
namespace detail {

/// The piece of each path, by the names along it.
[[nodiscard]] inline std::vector<std::uint32_t> pieces_by_hash(const path_table& paths, std::size_t pieces) {
  std::vector<std::uint64_t> key_of(paths.names().size());
  for (name_table::code code = 0; code < key_of.size(); ++code) {
    key_of[code] = text_key(paths.names()[code]);
  }
  std::vector<std::uint32_t> piece_of(paths.size());
  for (const std::size_t p : each({0, paths.size()})) {
    std::uint64_t hash = 0;
    for (const std::uint32_t item : paths.path(p)) {
      hash = mixed(hash ^ key_of[item]);
    }
    piece_of[p] = static_cast<std::uint32_t>(hash % pieces);
  }
  return piece_of;
}

KLANTREIS_INLINE std::vector<variant_counts> part_fields::pieces_of(const variant_counts& counts,
                                                                    std::span<const std::uint32_t> piece_of,
                                                                    std::size_t pieces) {
  const path_table& from = counts.paths_;
  std::vector<variant_counts> result(pieces);
  // Each piece has the names that it needs, and numbers of its own for them.
  std::vector<std::vector<std::uint32_t>> code_of(pieces, std::vector<std::uint32_t>(from.names_.size(), nowhere));
  for (variant_counts& piece : result) {
    piece.options_ = counts.options_;
    piece.paths_.by_ = from.by_;
    piece.paths_.options_key_ = from.options_key_;
    piece.paths_.cut_ = from.cut_;
    piece.paths_.has_values_ = from.has_values_;
    if (from.has_units()) {
      piece.paths_.unit_offsets_.push_back(0);
    }
  }
  std::vector<std::uint32_t> index_of(from.size(), nowhere);
  std::vector<std::uint32_t> path;
  for (const std::size_t p : each({0, from.size()})) {
    if (piece_of[p] == nowhere) {
      continue;
    }
    path_table& to = result[piece_of[p]].paths_;
    std::vector<std::uint32_t>& codes = code_of[piece_of[p]];
    path.clear();
    for (const std::uint32_t item : from.path(p)) {
      if (codes[item] == nowhere) {
        codes[item] = to.names_.intern(from.names_[item]);
      }
      path.push_back(codes[item]);
    }
    index_of[p] = to.index_of(path);
    to.conversions_[index_of[p]] = from.conversions_[p];
    to.nulls_[index_of[p]] = from.nulls_[p];
    to.open_[index_of[p]] = from.open_[p];
    to.values_[index_of[p]] = from.values_[p];
  }
  std::vector<std::uint32_t> touched;
  for (std::size_t customer = 0; customer + 1 < from.unit_offsets_.size(); ++customer) {
    for (std::uint64_t u = from.unit_offsets_[customer]; u < from.unit_offsets_[customer + 1]; ++u) {
      path_unit unit = from.units_[u];
      const std::uint32_t piece = piece_of[unit.path];
      if (piece == nowhere) {
        continue;
      }
      unit.path = index_of[unit.path];
      result[piece].paths_.units_.push_back(unit);
      if (!counts.seconds_.empty()) {
        result[piece].seconds_.push_back(counts.seconds_[u]);
      }
      if (std::ranges::find(touched, piece) == touched.end()) {
        touched.push_back(piece);
      }
    }
    for (const std::uint32_t piece : touched) {
      path_table& to = result[piece].paths_;
      to.unit_offsets_.push_back(to.units_.size());
      to.customer_keys_.push_back(from.customer_keys_[customer]);
    }
    touched.clear();
  }
  return result;
}

KLANTREIS_INLINE std::vector<transition_counts> part_fields::pieces_of(const transition_counts& counts,
                                                                       std::size_t pieces) {
  using state = transition_counts::state;
  std::vector<std::uint64_t> key_of(counts.states_.size());
  for (state at = 0; at < key_of.size(); ++at) {
    key_of[at] = text_key(counts.states_[at]);
  }
  const auto piece_of = [&](state from, std::size_t index) {
    return mixed(mixed(key_of[from]) ^ key_of[counts.targets_[index]]) % pieces;
  };
  const auto for_each_transition = [&](auto&& use) {
    for (state from = 0; from < counts.states_.size(); ++from) {
      const index_range row = counts.row(from);
      for (std::size_t index = row.begin; index < row.end; ++index) {
        use(from, index);
      }
    }
  };
  // A piece has the states at the ends of its transitions, in the order they have here.
  std::vector<std::vector<bool>> has(pieces, std::vector<bool>(counts.states_.size(), false));
  for_each_transition([&](state from, std::size_t index) {
    std::vector<bool>& own = has[piece_of(from, index)];
    own[from] = true;
    own[counts.targets_[index]] = true;
  });
  std::vector<transition_counts> result(pieces);
  std::vector<std::vector<state>> code_of(pieces, std::vector<state>(counts.states_.size(), 0));
  for (std::size_t p = 0; p < pieces; ++p) {
    transition_counts& piece = result[p];
    piece.by_ = counts.by_;
    piece.options_ = counts.options_;
    piece.ticks_per_second_ = counts.ticks_per_second_;
    piece.rows_.clear();
    for (state at = 0; at < counts.states_.size(); ++at) {
      if (at < transition_counts::first_item || has[p][at]) {
        code_of[p][at] = piece.states_.intern(counts.states_[at]);
        piece.rows_.push_back(counts.rows_[at]);
      }
    }
    piece.offsets_.assign(piece.rows_.size() + 1, 0);
  }
  for_each_transition([&](state from, std::size_t index) {
    const std::size_t p = piece_of(from, index);
    transition_counts& piece = result[p];
    ++piece.offsets_[code_of[p][from] + 1];
    piece.targets_.push_back(code_of[p][counts.targets_[index]]);
    piece.cells_.push_back(counts.cells_[index]);
    const auto times = counts.times(index);
    piece.times_.insert(piece.times_.end(), times.begin(), times.end());
    piece.time_offsets_.push_back(piece.times_.size());
  });
  for (transition_counts& piece : result) {
    std::partial_sum(piece.offsets_.begin(), piece.offsets_.end(), piece.offsets_.begin());
  }
  return result;
}

}  // namespace detail

KLANTREIS_INLINE std::vector<part_counts> split(const part_counts& counts, std::size_t pieces) {
  if (pieces == 0 || pieces >= detail::part_fields::nowhere) {
    throw input_error("there are " + std::to_string(pieces) + " pieces; give at least one");
  }
  std::vector<part_counts> result;
  if (const auto* ways = std::get_if<variant_counts>(&counts)) {
    for (variant_counts& piece :
         detail::part_fields::pieces_of(*ways, detail::pieces_by_hash(ways->paths(), pieces), pieces)) {
      result.emplace_back(std::move(piece));
    }
  } else if (const auto* paths = std::get_if<path_table>(&counts)) {
    for (const variant_counts& piece : detail::part_fields::pieces_of(detail::part_fields::without_times(*paths),
                                                                      detail::pieces_by_hash(*paths, pieces), pieces)) {
      result.emplace_back(piece.paths());
    }
  } else if (const auto* edges = std::get_if<transition_counts>(&counts)) {
    for (transition_counts& piece : detail::part_fields::pieces_of(*edges, pieces)) {
      result.emplace_back(std::move(piece));
    }
  } else {
    throw input_error("counts of " + std::string{kind_of(counts)} +
                      " cannot be split; split paths, variants or transitions");
  }
  return result;
}

KLANTREIS_INLINE top_variants::top_variants(variant_options options) : options_(std::move(options)) {
  if (!options_.limit) {
    throw input_error("the most frequent variants need a limit; give how many are shown");
  }
}

KLANTREIS_INLINE void top_variants::add(const variant_counts& piece) {
  shown_ += piece;
  const path_table& paths = shown_.paths();
  if (paths.size() <= *options_.limit) {
    return;
  }
  std::vector<std::uint32_t> piece_of(paths.size(), detail::part_fields::nowhere);
  for (const std::uint32_t path : detail::variant_order(paths, options_.limit)) {
    piece_of[path] = 0;
  }
  for (std::size_t path = 0; path < paths.size(); ++path) {
    if (piece_of[path] != 0) {
      ++hidden_.paths;
      hidden_.journeys += paths.conversions()[path] + paths.nulls()[path];
    }
  }
  shown_ = std::move(detail::part_fields::pieces_of(shown_, piece_of, 1).front());
}

KLANTREIS_INLINE table top_variants::result() const { return variants(shown_, options_, hidden_); }

}  // namespace klantreis
