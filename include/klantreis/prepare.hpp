// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/journeys.hpp"
#include "klantreis/log.hpp"
#include "klantreis/match.hpp"

// Preparing events before they are analysed: a log goes in, another one comes out, and the first stays as it was.
//
// Events keep their customer, time and columns, unless a function says otherwise. Customers without an event left are
// left out. Figures of `health()` about the input (rows, rejected rows, ties, duplicates) stay those of the input.

namespace klantreis {

/// Names what was done to a log, in words. Results made from it say so in the option `prepared`, and logs and journeys
/// that are made from it go on doing so.
[[nodiscard]] event_log with_preparation(event_log log, std::string text);

/// What was named so; empty where nothing was.
[[nodiscard]] const std::string& preparation_of(const event_log& log) noexcept;

/// What an event is called afterwards.
struct rename_rule {
  std::string from;       ///< a name, or a regular expression that matches somewhere in it
  std::string to;         ///< the new name
  bool is_regex = false;  ///< expressions are those of `~"…"` in patterns: no look-around, linear time
};

/// Gives new names to a label: the first rule that fits decides, other names stay. Names that become equal are one.
/// \throws input_error for an empty or reserved new name, a bad expression, or an exact name that no event carries.
[[nodiscard]] event_log rename_labels(const event_log& log, const std::vector<rename_rule>& rules,
                                      std::string_view by = "touchpoint");

struct url_options {
  bool keep_host = false;
  bool keep_query = false;
  bool keep_fragment = false;
  std::string id = ":id";  ///< what stands for numbers, UUIDs and long hexadecimal codes in a path; empty: they stay
};

/// An address as the name of a page: `https://shop.example/p/123?ref=mail#top` is `/p/:id`.
///
/// Scheme, user and port go, letters of the host become small, `//` and a slash at the end go. What is no address (no
/// `://` and no `/` in front) stays as it is.
[[nodiscard]] std::string clean_url(std::string_view url, const url_options& options = {});

/// `clean_url` of each name of a label.
[[nodiscard]] event_log clean_urls(const event_log& log, const url_options& options = {},
                                   std::string_view by = "touchpoint");

struct collapse_options {
  std::string by = "touchpoint";
  std::vector<std::string> only = {};             ///< runs of these names; empty: of all
  std::optional<duration> within = std::nullopt;  ///< a repeat later than this after the event before it stays
};

/// Merges runs of equal neighbours into their first event, whose value and cost become the sums over the run.
[[nodiscard]] event_log collapse_repeats(const event_log& log, const collapse_options& options = {});

/// Keeps the events that a pattern of one event, such as `[view|cart]` or `.[value >= 50]`, takes, or leaves them out.
/// \throws input_error for a pattern of more than one event.
[[nodiscard]] event_log select_events(const event_log& log, const path_pattern& event, bool keep = true,
                                      std::string_view by = "touchpoint");

/// Keeps the customers whose events have a match, or leaves them out.
[[nodiscard]] event_log select_customers(const event_log& log, const path_pattern& pattern, bool keep = true,
                                         std::string_view by = "touchpoint");

/// Keeps the journeys that have a match, or leaves them out; the others are cut, settled and observed as before.
[[nodiscard]] journey_set select_journeys(const journey_set& journeys, const path_pattern& pattern, bool keep = true,
                                          std::string_view by = "touchpoint");

/// Where the events of a customer are cut off.
struct trim_options {
  std::optional<path_pattern> from = std::nullopt;   ///< keep from the first event of its match …
  std::optional<path_pattern> until = std::nullopt;  ///< … to the last event of the match of this one after it
  bool last_from = false;                            ///< the last match of `from` instead of the first
  bool last_until = false;
  bool keep_unmatched = false;  ///< a customer without the matches stays whole instead of being left out
  std::optional<instant> since = std::nullopt;    ///< not earlier
  std::optional<instant> before = std::nullopt;   ///< earlier than this
  std::optional<duration> within = std::nullopt;  ///< at most so long after the first event that is left
  std::string by = "touchpoint";
};
[[nodiscard]] event_log trim(const event_log& log, const trim_options& options);

/// Where a customer's events are parted.
struct split_options {
  std::string name = "piece";                        ///< of the new label
  std::optional<duration> gap = std::nullopt;        ///< a silence longer than this begins a new piece
  std::optional<path_pattern> at = std::nullopt;     ///< so does the first event of each match
  std::optional<path_pattern> after = std::nullopt;  ///< and what follows the last event of each match
  std::string by = "touchpoint";
};

/// Numbers the pieces of each customer in a new label: `1`, `2`, ….
[[nodiscard]] event_log split(const event_log& log, const split_options& options);

/// A label for units with a match; the first pattern that has one decides.
struct match_label {
  std::string label;
  path_pattern pattern;
};
struct label_options {
  std::string name = "label";
  std::string otherwise = std::string{none_label};
  std::string by = "touchpoint";
};
/// Labels the events of customers (or of journeys) by the patterns they have.
[[nodiscard]] event_log label_customers(const event_log& log, const std::vector<match_label>& labels,
                                        const label_options& options = {});
[[nodiscard]] event_log label_journeys(const journey_set& journeys, const std::vector<match_label>& labels,
                                       const label_options& options = {});

/// `new` or `existing`: whether the first event of the customer is at `since` or later.
[[nodiscard]] event_log label_new(const event_log& log, instant since, std::string_view name = "new");
/// The same by a list of new customers, whose ids are compared as text.
[[nodiscard]] event_log label_new(const event_log& log, const std::vector<std::string>& ids,
                                  std::string_view name = "new");
/// `lost` or `absent`: lost when the log goes on for `after` or longer beyond the customer's last event.
[[nodiscard]] event_log label_lost(const event_log& log, duration after, std::string_view name = "lost");
/// `returning` or `once`: whether the customer came back after a silence longer than `gap`.
[[nodiscard]] event_log label_returning(const event_log& log, duration gap, std::string_view name = "returning");
/// `left`, `right`, `both` or `whole`: cropped on the left when the customer's last event is less than `left` after the
/// first event of the log, on the right when the first event is less than `right` before the last event of the log.
[[nodiscard]] event_log label_cropped(const event_log& log, std::optional<duration> left, std::optional<duration> right,
                                      std::string_view name = "cropped");

/// Puts an event `start` before and an event `end` behind the events of each customer, at their times and with their
/// labels, without value and numbers.
[[nodiscard]] event_log add_start_end(const event_log& log, std::string_view start = "path_start",
                                      std::string_view end = "path_end");

/// A part of the customers, chosen by a hash of seed and id: the same whatever the order of the events, and a larger
/// share contains a smaller one. \throws input_error unless 0 <= share <= 1.
[[nodiscard]] event_log sample_customers(const event_log& log, double share, std::uint64_t seed);
/// So many customers (all where there are fewer): those with the smallest hashes.
[[nodiscard]] event_log sample_customers(const event_log& log, std::size_t customers, std::uint64_t seed);

/// One event for each customer and day (UTC) from the customer's first day on, named by how active the customer is.
///
/// On days with events: `new` (the first), `current` (the last day with events lies at most 7 days back), `reactivated`
/// (8 to 30), `resurrected` (more). On days without: `at_risk_wau` (at most 7 days), `at_risk_mau` (at most 30),
/// `dormant` (more). Days after the last event stop at the last day of the log; dormant ones among them are left out,
/// for nobody came back, unless `keep_last_dormant`. Labels and numbers are not kept.
[[nodiscard]] event_log daily_states(const event_log& log, bool keep_last_dormant = false);

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/prepare/events.ipp"
#include "klantreis/detail/prepare/labels.ipp"
#endif
