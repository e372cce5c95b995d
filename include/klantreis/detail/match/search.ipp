// SPDX-License-Identifier: MIT
#pragma once

#include "klantreis/detail/match/automaton.hpp"
#include "klantreis/detail/match/pattern.ipp"
#include "klantreis/detail/match/predicates.hpp"
#include "klantreis/detail/match/run.hpp"
#include "klantreis/match/search.hpp"

namespace klantreis {
namespace detail {

/// Ticks of limits, exact for whole ticks.
struct limits_in_ticks {
  std::int64_t ticks_per_second = 0;

  [[nodiscard]] tick_limits operator()(const length_limits& length) const {
    tick_limits result;
    constexpr std::int64_t microseconds_per_second = 1'000'000;
    const auto floor_of = [&](duration given, bool& exact) {
      exact = ticks_per_second >= microseconds_per_second ||
              given.count() % (microseconds_per_second / ticks_per_second) == 0;
      return given == duration::zero() ? 0U : static_cast<std::uint64_t>(to_ticks(given, ticks_per_second, "a limit"));
    };
    bool exact = true;
    if (length.most) {
      result.most = floor_of(*length.most, exact);
      result.most -= length.less_than_most && exact ? 1U : 0U;
    }
    if (length.least) {
      result.least = floor_of(*length.least, exact);
      result.least += length.more_than_least || !exact ? 1U : 0U;
    }
    return result;
  }
};

/// The node that asks for a kind of end, or nullptr.
[[nodiscard]] inline const pattern_node* outcome_anchor(const pattern_node& node) {
  if (node.what == pattern_node::kind::end && node.end != end_kind::any) {
    return &node;
  }
  for (const pattern_node& item : node.items) {
    if (const auto* found = outcome_anchor(item)) {
      return found;
    }
  }
  return nullptr;
}

}  // namespace detail

struct path_search::compiled {
  event_log log;
  path_pattern pattern;
  match_entry entry;
  std::vector<detail::ready_predicate> predicates;
  detail::pattern_automaton forwards;
  detail::pattern_automaton backwards;
  std::size_t parts = 0;
  std::span<const std::uint32_t> merged;  ///< codes whose runs are one item; empty: every event is an item
  std::vector<std::string> notes;
};

/// The items of one journey, from either side.
struct path_search::scratch {
  struct items {
    const compiled* of = nullptr;
    journey piece = {};
    std::size_t count = 0;
    std::vector<std::uint64_t> first = {};  ///< of merged runs

    [[nodiscard]] std::size_t size() const noexcept { return count; }
    [[nodiscard]] std::uint64_t event(std::size_t item) const noexcept {
      return first.empty() ? piece.begin + item : first[item];
    }
    [[nodiscard]] std::uint64_t event_end(std::size_t item) const noexcept {
      return item + 1 < count ? event(item + 1) : piece.end;
    }
    [[nodiscard]] std::int64_t time(std::size_t item) const noexcept {
      return of->log.has_times() ? of->log.times()[event(item)] : 0;
    }
    [[nodiscard]] bool holds(std::uint32_t predicate, std::size_t item) const {
      return of->predicates[predicate].holds(static_cast<std::size_t>(event(item)));
    }
    [[nodiscard]] bool ends_as(detail::end_kind kind) const noexcept {
      return kind == detail::end_kind::any || (kind == detail::end_kind::conversion && piece.converted) ||
             (kind == detail::end_kind::null && piece.is_null()) || (kind == detail::end_kind::open && piece.is_open());
    }
  };

  struct reversed_items {
    const items* of = nullptr;
    [[nodiscard]] std::size_t size() const noexcept { return of->size(); }
    // Complements fall where times rise, and keep their distances.
    [[nodiscard]] std::int64_t time(std::size_t item) const noexcept { return ~of->time(of->size() - 1 - item); }
    [[nodiscard]] bool holds(std::uint32_t predicate, std::size_t item) const {
      return of->holds(predicate, of->size() - 1 - item);
    }
    [[nodiscard]] bool ends_as(detail::end_kind kind) const noexcept { return of->ends_as(kind); }
  };

  explicit scratch(const compiled& from)
      : forwards(from.forwards, 0, order_of(from.entry)),
        backwards(from.backwards, 0, order_of(from.entry)),
        captures(from.forwards, from.parts, order_of(from.entry)) {
    source.of = &from;
    reversed.of = &source;
  }

  [[nodiscard]] static detail::thread_order order_of(match_entry entry) noexcept {
    return entry == match_entry::earliest ? detail::thread_order::earliest : detail::thread_order::latest;
  }

  void load(const journey& piece) {
    source.piece = piece;
    source.first.clear();
    const auto merged = source.of->merged;
    if (merged.empty()) {
      source.count = static_cast<std::size_t>(piece.end - piece.begin);
      return;
    }
    for (std::uint64_t event = piece.begin; event < piece.end; ++event) {
      if (event == piece.begin || merged[event] != merged[event - 1]) {
        source.first.push_back(event);
      }
    }
    source.count = source.first.size();
  }

  /// The item with which the first match after `from` ends; the number of items where there is none.
  [[nodiscard]] std::size_t first_end(std::size_t from) {
    forwards.begin(source, from, true);
    for (std::size_t item = from; item < source.size(); ++item) {
      if (forwards.step()) {
        return item;
      }
    }
    return source.size();
  }

  /// The item, `from` or later, with which the match that ends with `last` begins.
  [[nodiscard]] std::size_t begin_of(std::size_t from, std::size_t last, match_entry entry) {
    const std::size_t size = source.size();
    backwards.begin(reversed, size - 1 - last, false);
    std::size_t found = last;
    for (std::size_t item = last + 1; item-- > from;) {
      if (backwards.step()) {
        found = item;
        if (entry == match_entry::latest) {
          break;
        }
      }
      if (!backwards.is_alive()) {
        break;
      }
    }
    return found;
  }

  void find_parts(std::size_t first, std::size_t last, path_match& match) {
    captures.begin(source, first, false);
    for (std::size_t item = first; item <= last; ++item) {
      (void)captures.step();
    }
    const auto slots = captures.slots();
    const auto event_of = [&](std::int64_t item) {
      return item < 0 ? path_match::absent : source.event(static_cast<std::size_t>(item));
    };
    for (std::size_t k = 0; k + 1 < slots.size(); k += 2) {
      match.parts.push_back({event_of(slots[k + 1]), event_of(slots[k])});
    }
  }

  items source;
  reversed_items reversed;
  detail::automaton_run<items> forwards;
  detail::automaton_run<reversed_items> backwards;
  detail::automaton_run<items> captures;
};

KLANTREIS_INLINE path_search::path_search(const event_log& log, const path_pattern& pattern,
                                          const path_search_options& options) {
  const detail::pattern_tree& tree = pattern.tree();
  if (options.unit == match_unit::customer) {
    if (const auto* anchor = detail::outcome_anchor(tree.root)) {
      throw input_error(detail::pattern_fault(
          tree.text, anchor->begin,
          "only journeys end in a conversion; seek the pattern by journey, or write $ for the last event"));
    }
  }
  if (tree.needs_times && !log.has_times()) {
    throw input_error("the path pattern limits times, and the log has none; read it with a time column");
  }
  compiled made{.log = log,
                .pattern = pattern,
                .entry = options.entry,
                .predicates = {},
                .forwards = {},
                .backwards = {},
                .parts = pattern.parts().size(),
                .merged = {},
                .notes = {}};
  std::vector<const detail::event_predicate*> predicates;
  const detail::limits_in_ticks ticks{log.ticks_per_second()};
  made.forwards = detail::automaton_builder{tree, false, ticks}.build(predicates);
  made.backwards = detail::automaton_builder{tree, true, ticks}.build(predicates);
  const label_column& labels = log.labels(options.by);
  for (const auto* predicate : predicates) {
    made.predicates.emplace_back(log, *predicate, tree.text, options.by, options.require_known, made.notes);
  }
  if (options.collapse || labels.is_phase) {
    made.merged = labels.codes;
  }
  compiled_ = std::make_shared<const compiled>(std::move(made));
  scratch_ = std::make_unique<scratch>(*compiled_);
}

KLANTREIS_INLINE path_search::path_search(const path_search& other)
    : compiled_(other.compiled_), scratch_(std::make_unique<scratch>(*compiled_)) {}
KLANTREIS_INLINE path_search::path_search(path_search&&) noexcept = default;
KLANTREIS_INLINE path_search& path_search::operator=(path_search&&) noexcept = default;
KLANTREIS_INLINE path_search::~path_search() = default;

KLANTREIS_INLINE bool path_search::matches(const journey& piece) {
  scratch_->load(piece);
  return scratch_->first_end(0) != scratch_->source.size();
}

KLANTREIS_INLINE std::vector<path_match> path_search::find(const journey& piece, std::size_t most) {
  std::vector<path_match> result;
  scratch_->load(piece);
  const std::size_t size = scratch_->source.size();
  for (std::size_t from = 0; from < size && result.size() < most;) {
    const std::size_t last = scratch_->first_end(from);
    if (last == size) {
      break;
    }
    const std::size_t first = scratch_->begin_of(from, last, compiled_->entry);
    path_match match{.begin = scratch_->source.event(first), .end = scratch_->source.event_end(last)};
    if (compiled_->parts != 0) {
      scratch_->find_parts(first, last, match);
    }
    result.push_back(std::move(match));
    from = last + 1;
  }
  return result;
}

KLANTREIS_INLINE const std::vector<std::string>& path_search::notes() const noexcept { return compiled_->notes; }

KLANTREIS_INLINE std::uint64_t path_search::work() const noexcept {
  return scratch_->forwards.work() + scratch_->backwards.work() + scratch_->captures.work();
}

}  // namespace klantreis
