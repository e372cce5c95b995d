// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/core.hpp"

namespace klantreis {

namespace detail {
struct pattern_tree;
}  // namespace detail

/// A pattern may be this long, nest this deep and need so many states of its automaton.
inline constexpr std::size_t max_pattern_length = 10'000;
inline constexpr std::size_t max_pattern_depth = 50;
inline constexpr std::size_t max_pattern_states = 2'000;

/// What a stretch of a journey looks like.
///
///     view -> cart                  cart directly after view
///     view ->> cart                 cart some time after view
///     view ->>{<=3, <1d, no support} cart     … with at most three events and less than a day between, none of them
///                                   support
///     (view|search){2,} -> cart     one of two, at least twice in a row
///     ^ -> home ->> $               begins at home
///     (view ->> cart ->> order) within 7d
///
///     pattern   chain [ within LENGTH ]
///     chain     part { arrow part }
///     arrow     ( -> | ->> ) [ { limit { , limit } } ]
///     limit     ( < | <= | > | >= ) ( LENGTH | NUMBER ) | no event
///     part      repeated { | repeated }
///     repeated  atom [ * | + | ? | {n} | {n,} | {,m} | {n,m} ]
///     atom      event | ( pattern ) | ^ | $ | $conversion | $null | $open | path_start | path_end
///     event     ( NAME | . | [ NAME { | NAME } ] | [^ NAME { | NAME } ] | ~"REGEX" | ! event | [ condition { ,
///     condition
///               } ] ) [ [ condition { , condition } ] ]
///     condition COLUMN ( = | != | ~ | < | <= | > | >= ) VALUE { | VALUE }
///
/// A name may consist of several words; one with a sign of the language in it stands in double or single quotes, and a
/// quote within them is doubled. A NUMBER limits how many events stand between, a LENGTH (`90s`, `1h 30m`, `7d`) the
/// time from the last event before the arrow to the first event after it, and after `within` the time from the first to
/// the last event of the group.
class path_pattern {
 public:
  /// \throws input_error for a text that is no pattern: it names the character, shows the place and says what was
  ///         expected; limit_error beyond `max_pattern_length`, `max_pattern_depth` or `max_pattern_states`.
  explicit path_pattern(std::string_view text);

  [[nodiscard]] const std::string& text() const noexcept;

  /// The parts of the chain between arrows as they were written, without anchors and without gaps such as `.*`.
  [[nodiscard]] std::vector<std::string> parts() const;

  /// The pattern up to its part `count` (counted from 1), under the same limit of the whole.
  /// \throws input_error when there is no such part.
  [[nodiscard]] path_pattern prefix(std::size_t count) const;

  /// True when it limits times, which a log without time cannot answer.
  [[nodiscard]] bool needs_times() const noexcept;

  [[nodiscard]] const detail::pattern_tree& tree() const noexcept { return *tree_; }

 private:
  explicit path_pattern(std::shared_ptr<const detail::pattern_tree> tree);
  std::shared_ptr<const detail::pattern_tree> tree_;
};

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/match/pattern.ipp"
#endif
