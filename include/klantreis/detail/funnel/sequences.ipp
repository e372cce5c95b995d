// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <numeric>
#include <string>
#include <unordered_set>
#include <utility>

#include "klantreis/detail/funnel/match.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/funnel/sequences.hpp"

namespace klantreis {

KLANTREIS_INLINE sequence_pattern::sequence_pattern(std::string_view text, std::size_t conditions,
                                                    std::int64_t ticks_per_second) {
  const auto bad = [&](std::size_t place, const std::string& what) {
    return input_error("pattern " + quoted(text) + " at place " + std::to_string(place + 1) + ": " + what);
  };
  const auto whole_number = [&](std::size_t& place) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data() + place, text.data() + text.size(), number);
    if (error != std::errc{}) {
      throw bad(place, "a whole number is expected");
    }
    place = static_cast<std::size_t>(end - text.data());
    return number;
  };
  for (std::size_t place = 0; place < text.size();) {
    const std::size_t begin = place;
    if (text.substr(place).starts_with("(?t")) {
      place += 3;
      if (parts_.empty()) {
        throw bad(begin, "a time stands between two events; name an event before it");
      }
      if (parts_.back().what >= kind::less) {
        throw bad(begin, "a time follows a time; name an event between them");
      }
      const std::string_view rest = text.substr(place);
      const kind what = rest.starts_with("<=")   ? kind::at_most
                        : rest.starts_with(">=") ? kind::at_least
                        : rest.starts_with("==") ? kind::equal
                        : rest.starts_with("<")  ? kind::less
                        : rest.starts_with(">")  ? kind::greater
                                                 : kind::any;
      if (what == kind::any) {
        throw bad(place, "one of < <= > >= == is expected");
      }
      place += what == kind::less || what == kind::greater ? 1 : 2;
      const std::uint64_t seconds = whole_number(place);
      if (ticks_per_second == 0) {
        throw bad(begin, "a time is asked for and the log has none");
      }
      if (seconds > static_cast<std::uint64_t>((std::numeric_limits<std::int64_t>::max)() / ticks_per_second)) {
        throw bad(begin, std::to_string(seconds) + " seconds are more than a log can span");
      }
      parts_.push_back({what, seconds * static_cast<std::uint64_t>(ticks_per_second)});
      is_timed_ = true;
    } else if (text.substr(place).starts_with("(?")) {
      place += 2;
      const std::uint64_t number = whole_number(place);
      if (number == 0 || number > conditions) {
        throw bad(begin, "there is no condition " + std::to_string(number) + "; " + std::to_string(conditions) +
                             (conditions == 1 ? " is given" : " are given"));
      }
      parts_.push_back({kind::condition, number - 1});
    } else if (text.substr(place).starts_with(".*")) {
      place += 2;
      parts_.push_back({kind::star, 0});
      continue;
    } else if (text[place] == '.') {
      ++place;
      parts_.push_back({kind::any, 0});
      continue;
    } else {
      throw bad(place, "(?N), (?t<N), . or .* is expected");
    }
    if (place >= text.size() || text[place] != ')') {
      throw bad(place, "')' is expected");
    }
    ++place;
  }
}

/// Depth first: a match begins as early as possible, and `.*` takes as few events as possible. What was tried from one
/// part at one event after one other is not tried again.
KLANTREIS_INLINE std::optional<std::size_t> sequence_pattern::search(std::span<const sequence_event> events,
                                                                     std::size_t first,
                                                                     std::vector<std::size_t>* longest) const {
  struct state {
    std::size_t at;  // 0: the search for a beginning; k + 1: part k
    std::size_t event;
    std::size_t base;
    std::size_t found;
  };
  std::vector<state> waiting;
  std::vector<std::size_t> found;
  std::unordered_set<std::uint64_t> tried;
  const std::uint64_t size = events.size() + 1;
  const auto is_new = [&](const state& one) {
    const std::uint64_t base = is_timed_ ? one.base : 0;
    return tried.insert((one.at * size + one.event) * size + base).second;
  };
  state here{0, first, first, 0};
  const std::size_t end = parts_.size() + 1;
  while (true) {
    bool failed = false;
    if (here.at == end) {
      return here.event;
    }
    if (here.event == events.size()) {
      // Nothing is left: only parts that take no event can still be met, and an upper bound on a time that never comes.
      std::size_t at = here.at;
      while (at < end && (at == 0 || parts_[at - 1].what == kind::star || parts_[at - 1].what == kind::less ||
                          parts_[at - 1].what == kind::at_most)) {
        ++at;
      }
      if (at == end) {
        return here.event;
      }
      failed = true;
    } else if (here.at == 0 || parts_[here.at - 1].what == kind::star) {
      if (is_new(here)) {
        waiting.push_back({here.at, here.event + 1, here.base, here.found});
        here = {here.at + 1, here.event, here.event, here.found};
      } else {
        failed = true;
      }
    } else {
      const part& wanted = parts_[here.at - 1];
      const std::uint64_t passed = detail::elapsed(events[here.event].time, events[here.base].time);
      bool holds = false;
      bool may_come = false;  // a later event may do
      switch (wanted.what) {
        case kind::condition:
          holds = (events[here.event].conditions >> wanted.number & 1U) != 0;
          break;
        case kind::any:
        case kind::star:
          holds = true;
          break;
        case kind::less:
          holds = passed < wanted.number;
          break;
        case kind::at_most:
          holds = passed <= wanted.number;
          break;
        case kind::greater:
          holds = passed > wanted.number;
          may_come = !holds;
          break;
        case kind::at_least:
          holds = passed >= wanted.number;
          may_come = !holds;
          break;
        case kind::equal:
          holds = passed == wanted.number;
          may_come = passed < wanted.number;
          break;
      }
      if (wanted.what == kind::condition || wanted.what == kind::any) {
        if (holds) {
          if (wanted.what == kind::condition) {
            found.resize(here.found);
            found.push_back(here.event);
            if (longest != nullptr && found.size() > longest->size()) {
              *longest = found;
            }
          }
          here = {here.at + 1, here.event + 1, here.event, here.found + (wanted.what == kind::condition ? 1U : 0U)};
        } else {
          failed = true;
        }
      } else if (!is_new(here)) {
        failed = true;
      } else if (holds) {
        waiting.push_back({here.at, here.event + 1, here.base, here.found});
        here = {here.at + 1, here.event, here.event, here.found};
      } else if (may_come) {
        ++here.event;
      } else {
        failed = true;
      }
    }
    if (failed) {
      if (waiting.empty()) {
        return std::nullopt;
      }
      here = waiting.back();
      waiting.pop_back();
      found.resize((std::min)(found.size(), here.found));
    }
  }
}

KLANTREIS_INLINE bool sequence_pattern::matches(std::span<const sequence_event> events) const {
  return search(events, 0, nullptr).has_value();
}

KLANTREIS_INLINE std::size_t sequence_pattern::count(std::span<const sequence_event> events) const {
  std::size_t matches = 0;
  for (std::size_t at = 0; at < events.size();) {
    const auto end = search(events, at, nullptr);
    if (!end) {
      break;
    }
    ++matches;
    at = (std::max)(*end, at + 1);
  }
  return matches;
}

KLANTREIS_INLINE std::vector<std::size_t> sequence_pattern::matched_events(
    std::span<const sequence_event> events) const {
  std::vector<std::size_t> longest;
  (void)search(events, 0, &longest);
  return longest;
}

namespace detail {

inline void check_conditions(const std::vector<funnel_step>& conditions, std::string_view what) {
  if (conditions.empty()) {
    throw input_error(std::string{what} + " has no conditions; name at least one");
  }
  if (conditions.size() > 32) {
    throw limit_error(std::string{what} + " has " + std::to_string(conditions.size()) +
                      " conditions; at most 32 are possible");
  }
}

/// Calls `use(customer, begin, end)` for each unit of `customers`.
template <typename Use>
void for_each_sequence(const event_log& log, const journey_set* journeys, funnel_unit unit, index_range customers,
                       Use&& use) {
  if (unit == funnel_unit::journey && journeys == nullptr) {
    throw input_error("sequences by journey need journeys; cut the log into journeys first");
  }
  const bool cut = journeys != nullptr && journeys->options().observed_until && log.has_times();
  for (const std::size_t customer : each(customers)) {
    if (unit == funnel_unit::journey) {
      for (auto j = journeys->customer_offsets()[customer]; j < journeys->customer_offsets()[customer + 1]; ++j) {
        const journey one = (*journeys)[static_cast<std::size_t>(j)];
        use(customer, static_cast<std::size_t>(one.begin), static_cast<std::size_t>(one.end));
      }
      continue;
    }
    const auto begin = static_cast<std::size_t>(log.offsets()[customer]);
    auto end = static_cast<std::size_t>(log.offsets()[customer + 1]);
    while (cut && end > begin && log.times()[end - 1] > journeys->observed_until_ticks()) {
      --end;
    }
    if (begin != end) {
      use(customer, begin, end);
    }
  }
}

struct sequence_result {
  std::size_t customer = 0;
  std::size_t count = 0;
  std::size_t prefix = 0;
  bool matched = false;
};

struct sequence_partial {
  std::vector<sequence_result> units;
  sequence_partial& operator+=(const sequence_partial& other) {
    units.insert(units.end(), other.units.begin(), other.units.end());
    return *this;
  }
};

inline table sequences_table(const event_log& log, const journey_set* journeys, std::string_view text,
                             const std::vector<funnel_step>& conditions, const sequence_options& options) {
  check_conditions(conditions, "the sequence");
  const sequence_pattern pattern{text, conditions.size(), log.ticks_per_second()};
  const event_matcher matcher{log, conditions, {}, options.by, options.require_known};
  const sequence_partial total =
      count_in_slices(log.customers(), worker_count(options.threads), 1024, [&](index_range customers) {
        sequence_partial part;
        std::vector<sequence_event> events;
        for_each_sequence(
            log, journeys, options.unit, customers, [&](std::size_t customer, std::size_t begin, std::size_t end) {
              events.clear();
              for (std::size_t event = begin; event < end; ++event) {
                const std::uint64_t bits = matcher.bits(event).steps;
                if (bits != 0) {
                  events.push_back({log.has_times() ? log.times()[event] : 0, bits});
                }
              }
              part.units.push_back(
                  {customer, pattern.count(events), pattern.matched_events(events).size(), pattern.matches(events)});
            });
        return part;
      });
  std::vector<std::string> ids;
  std::uint64_t matched = 0;
  for (const sequence_result& unit : total.units) {
    ids.push_back(log.customer_id(unit.customer));
    matched += unit.matched ? 1U : 0U;
  }
  std::vector<std::size_t> order(ids.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ids[a] < ids[b]; });
  std::vector<std::string> id_column;
  std::vector<bool> matched_column;
  std::vector<std::int64_t> count_column;
  std::vector<std::int64_t> prefix_column;
  for (const std::size_t i : order) {
    id_column.push_back(std::move(ids[i]));
    matched_column.push_back(total.units[i].matched);
    count_column.push_back(static_cast<std::int64_t>(total.units[i].count));
    prefix_column.push_back(static_cast<std::int64_t>(total.units[i].prefix));
  }
  table result{
      "Whether the events of each customer contain the pattern (sequenceMatch of ClickHouse), how often without "
      "overlap "
      "(sequenceCount), and how many of its conditions the longest beginning meets. Events for which no condition "
      "holds "
      "are not seen."};
  result.add("customer", std::move(id_column));
  result.add("matched", std::move(matched_column));
  result.add("count", std::move(count_column), quantity::count);
  result.add("prefix", std::move(prefix_column), quantity::count);
  result.set_option("pattern", std::string{text});
  for (std::size_t k = 0; k < conditions.size(); ++k) {
    result.set_option("condition " + std::to_string(k + 1), conditions[k].label());
  }
  result.set_option("by", options.by);
  result.set_option("unit", options.unit == funnel_unit::customer ? "customer" : "journey");
  result.set_option("matching", std::to_string(matched));
  set_preparation(result, log);
  return result;
}

struct retention_partial {
  std::uint64_t units = 0;
  std::vector<std::uint64_t> counts;
  retention_partial& operator+=(const retention_partial& other) {
    units += other.units;
    for (std::size_t k = 0; k < counts.size(); ++k) {
      counts[k] += other.counts[k];
    }
    return *this;
  }
};

inline table retention_table(const event_log& log, const journey_set* journeys,
                             const std::vector<funnel_step>& conditions, const sequence_options& options) {
  check_conditions(conditions, "retention");
  if (options.unit == funnel_unit::journey) {
    throw input_error("retention is of customers, who come back; journeys do not");
  }
  const event_matcher matcher{log, conditions, {}, options.by, options.require_known};
  const retention_partial total =
      count_in_slices(log.customers(), worker_count(options.threads), 4096, [&](index_range customers) {
        retention_partial part;
        part.counts.resize(conditions.size());
        for_each_sequence(log, journeys, options.unit, customers, [&](std::size_t, std::size_t begin, std::size_t end) {
          ++part.units;
          std::uint64_t met = 0;
          for (std::size_t event = begin; event < end; ++event) {
            met |= matcher.bits(event).steps;
          }
          for (std::size_t k = 0; k < conditions.size() && (met & 1U) != 0; ++k) {
            part.counts[k] += met >> k & 1U;
          }
        });
        return part;
      });
  std::vector<std::int64_t> condition_column;
  std::vector<std::string> labels;
  std::vector<std::int64_t> counts;
  std::vector<std::int64_t> n_column;
  std::array<std::vector<double>, 3> rates;
  std::vector<std::string> marks;
  for (std::size_t k = 0; k < conditions.size(); ++k) {
    const estimate rate =
        share_of_customers(total.counts[k], k == 0 ? total.units : total.counts[0], options.intervals);
    condition_column.push_back(static_cast<std::int64_t>(k + 1));
    labels.push_back(conditions[k].label());
    counts.push_back(static_cast<std::int64_t>(total.counts[k]));
    n_column.push_back(static_cast<std::int64_t>(rate.n));
    rates[0].push_back(rate.value);
    rates[1].push_back(rate.lower);
    rates[2].push_back(rate.upper);
    marks.push_back(to_text(rate.marks));
  }
  table result{
      "Customers who met the first condition, and those of them who met each other one at any time (retention of "
      "ClickHouse). rate: share of those who met the first condition (of all for the first); Wilson intervals."};
  result.add("condition", std::move(condition_column));
  result.add("label", std::move(labels));
  result.add("count", std::move(counts), quantity::count);
  result.add("n", std::move(n_column), quantity::count);
  result.add("rate", std::move(rates[0]), quantity::share);
  result.add("lower", std::move(rates[1]), quantity::share);
  result.add("upper", std::move(rates[2]), quantity::share);
  result.add("marks", std::move(marks));
  result.set_option("by", options.by);
  set_preparation(result, log);
  set_interval_options(result, options.intervals);
  return result;
}

}  // namespace detail

KLANTREIS_INLINE table sequence_matches(const event_log& log, std::string_view pattern,
                                        const std::vector<funnel_step>& conditions, const sequence_options& options) {
  return detail::sequences_table(log, nullptr, pattern, conditions, options);
}
KLANTREIS_INLINE table sequence_matches(const journey_set& journeys, std::string_view pattern,
                                        const std::vector<funnel_step>& conditions, const sequence_options& options) {
  return detail::sequences_table(journeys.log(), &journeys, pattern, conditions, options);
}

KLANTREIS_INLINE table retention(const event_log& log, const std::vector<funnel_step>& conditions,
                                 const sequence_options& options) {
  return detail::retention_table(log, nullptr, conditions, options);
}
KLANTREIS_INLINE table retention(const journey_set& journeys, const std::vector<funnel_step>& conditions,
                                 const sequence_options& options) {
  return detail::retention_table(journeys.log(), &journeys, conditions, options);
}

}  // namespace klantreis
