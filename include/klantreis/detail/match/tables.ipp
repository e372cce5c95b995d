// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <numeric>

#include "klantreis/detail/instants.hpp"
#include "klantreis/detail/match/search.ipp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/match/tables.hpp"

namespace klantreis {
namespace detail {

[[nodiscard]] inline option_list search_options_text(const journey_set& journeys, const path_pattern& pattern,
                                                     const path_search_options& options) {
  option_list result{{"pattern", pattern.text()},
                     {"by", options.by},
                     {"collapse", options.collapse ? "true" : "false"},
                     {"unit", options.unit == match_unit::journey ? "journey" : "customer"},
                     {"entry", options.entry == match_entry::earliest ? "earliest" : "latest"}};
  for (auto& option : cut_options(journeys)) {
    result.push_back(std::move(option));
  }
  return result;
}

[[nodiscard]] inline double seconds_between(const event_log& log, std::uint64_t from, std::uint64_t to) {
  return (static_cast<double>(log.times()[to]) - static_cast<double>(log.times()[from])) /
         static_cast<double>(log.ticks_per_second());
}

/// What `use(search, journey, unit)` of all units adds up to; each worker has a search of its own.
template <typename Partial, typename Use>
[[nodiscard]] Partial over_units(const journey_set& journeys, const path_search& search,
                                 const path_search_options& options, Use&& use) {
  return count_in_slices(journeys.customers(), worker_count(options.threads), 256, [&](index_range customers) {
    Partial part{};
    path_search mine{search};
    for (const std::size_t customer : each(customers)) {
      use(part, mine, customer);
    }
    return part;
  });
}

/// One row of the lists of matches.
struct listed_match {
  std::size_t customer = 0;
  std::size_t journey = 0;
  std::size_t number = 0;
  std::uint64_t unit_begin = 0;
  path_match match = {};
};

struct listed_matches {
  std::vector<listed_match> rows;
  listed_matches& operator+=(const listed_matches& other) {
    rows.insert(rows.end(), other.rows.begin(), other.rows.end());
    return *this;
  }
};

/// All matches, by the text of the customers' ids.
[[nodiscard]] inline std::vector<std::pair<std::string, listed_match>> matches_by_customer(
    const journey_set& journeys, const path_pattern& pattern, const path_search_options& options) {
  const path_search search{journeys.log(), pattern, options};
  const auto found = over_units<listed_matches>(
      journeys, search, options, [&](listed_matches& part, path_search& mine, std::size_t customer) {
        std::size_t number = 0;
        for_each_unit(journeys, options.unit, customer, [&](const journey& piece, std::size_t) {
          ++number;
          std::size_t match = 0;
          for (path_match& one : mine.find(piece)) {
            part.rows.push_back({customer, number, ++match, piece.begin, std::move(one)});
          }
        });
      });
  std::vector<std::pair<std::string, listed_match>> result;
  result.reserve(found.rows.size());
  for (const listed_match& row : found.rows) {
    result.emplace_back(journeys.log().customer_id(row.customer), row);
  }
  std::stable_sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return result;
}

/// The columns that say where a stretch of events lies.
class stretch_columns {
 public:
  explicit stretch_columns(const event_log& log) : log_(&log) {}

  void add(std::uint64_t unit_begin, std::uint64_t first, std::uint64_t last) {
    position_.push_back(static_cast<std::int64_t>(first - unit_begin + 1));
    events_.push_back(static_cast<std::int64_t>(last - first + 1));
    if (log_->has_times()) {
      const auto micros = [&](std::uint64_t event) {
        return to_instant(log_->times()[event], log_->ticks_per_second()).time_since_epoch().count();
      };
      begins_.push_back(micros(first));
      ends_.push_back(micros(last));
      seconds_.push_back(seconds_between(*log_, first, last));
    }
  }

  void put(table& result) {
    result.add("position", std::move(position_), quantity::count);
    result.add("events", std::move(events_), quantity::count);
    if (log_->has_times()) {
      result.add("begins", std::move(begins_), quantity::moment);
      result.add("ends", std::move(ends_), quantity::moment);
      result.add("seconds", std::move(seconds_), quantity::seconds);
    }
  }

 private:
  const event_log* log_;
  std::vector<std::int64_t> position_;
  std::vector<std::int64_t> events_;
  std::vector<std::int64_t> begins_;
  std::vector<std::int64_t> ends_;
  std::vector<double> seconds_;
};

struct unit_counts {
  std::vector<std::pair<std::size_t, std::uint32_t>> matches;
  unit_counts& operator+=(const unit_counts& other) {
    matches.insert(matches.end(), other.matches.begin(), other.matches.end());
    return *this;
  }
};

}  // namespace detail

KLANTREIS_INLINE match_counts& match_counts::operator+=(const match_counts& other) {
  detail::require_equal_options(options_, other.options_, "matches");
  if (parts_ != other.parts_) {
    throw input_error("matches of different patterns do not add up; count both with the same pattern");
  }
  add(other);
  return *this;
}

KLANTREIS_INLINE void match_counts::add(const match_counts& part) {
  units_ += part.units_;
  matched_ += part.matched_;
  matches_ += part.matches_;
  matched_customers_ += part.matched_customers_;
  at_ += part.at_;
  with_match_ += part.with_match_;
  gaps_.resize((std::max)(gaps_.size(), part.gaps_.size()));
  for (std::size_t k = 0; k < part.gaps_.size(); ++k) {
    gaps_[k].seconds.insert(gaps_[k].seconds.end(), part.gaps_[k].seconds.begin(), part.gaps_[k].seconds.end());
    for (const std::uint32_t customer : part.gaps_[k].customers) {
      gaps_[k].customers.push_back(customer + static_cast<std::uint32_t>(customers_));
    }
  }
  customers_ += part.customers_;
  for (const std::string& note : part.notes_) {
    if (std::find(notes_.begin(), notes_.end(), note) == notes_.end()) {
      notes_.push_back(note);
    }
  }
}

KLANTREIS_INLINE match_counts count_matches(const journey_set& journeys, const path_pattern& pattern,
                                            const path_search_options& options) {
  const event_log& log = journeys.log();
  const path_search search{log, pattern, options};
  struct partial {
    match_counts counts;
    partial& operator+=(const partial& other) {
      counts.add(other.counts);
      return *this;
    }
  };
  const std::size_t parts = pattern.parts().size();
  partial total =
      detail::over_units<partial>(journeys, search, options, [&](partial& part, path_search& mine, std::size_t c) {
        match_counts& counts = part.counts;
        counts.gaps_.resize(parts == 0 ? 1 : parts);
        std::uint64_t units = 0;
        std::uint64_t matched = 0;
        const auto customer = static_cast<std::uint32_t>(counts.customers_);
        const auto put = [&](std::size_t gap, std::uint64_t from, std::uint64_t to) {
          if (log.has_times() && from != path_match::absent && to != path_match::absent) {
            counts.gaps_[gap].seconds.push_back(detail::seconds_between(log, from, to));
            counts.gaps_[gap].customers.push_back(customer);
          }
        };
        detail::for_each_unit(journeys, options.unit, c, [&](const journey& piece, std::size_t) {
          ++units;
          const auto found = mine.find(piece);
          matched += found.empty() ? 0U : 1U;
          counts.matches_ += found.size();
          for (const path_match& one : found) {
            for (std::size_t k = 0; k + 1 < one.parts.size(); ++k) {
              put(k, one.parts[k].last, one.parts[k + 1].first);
            }
            put(counts.gaps_.size() - 1, one.begin, one.end - 1);
          }
        });
        if (units != 0) {
          counts.units_ += units;
          counts.matched_ += matched;
          counts.matched_customers_ += matched == 0 ? 0U : 1U;
          counts.at_.add(static_cast<double>(units));
          if (matched != 0) {
            counts.with_match_.add(static_cast<double>(matched), static_cast<double>(units));
          }
          ++counts.customers_;
        }
      });
  match_counts result = std::move(total.counts);
  result.gaps_.resize(parts == 0 ? 1 : parts);
  result.options_ = detail::search_options_text(journeys, pattern, options);
  result.parts_ = pattern.parts();
  result.notes_ = search.notes();
  result.by_journeys_ = options.unit == match_unit::journey;
  result.has_times_ = log.has_times();
  return result;
}

KLANTREIS_INLINE table match_summary(const match_counts& counts, const interval_options& intervals) {
  const estimate share = counts.by_journeys_ ? rate_interval(counts.at_, counts.with_match_, intervals)
                                             : detail::share_of_customers(counts.matched_, counts.units_, intervals);
  table result{
      "How often the path pattern is met. units: " +
      std::string{counts.by_journeys_ ? "journeys, open ones too" : "customers, all their events"} +
      "; matched: those with at least one match; matches: without overlap, as many as there can be. share: matched / "
      "units; the interval takes customers as independent."};
  const auto whole = [&](const char* name, std::uint64_t value) {
    result.add(name, std::vector<std::int64_t>{static_cast<std::int64_t>(value)}, quantity::count);
  };
  result.add("pattern", std::vector<std::string>{counts.options_.empty() ? "" : counts.options_[0].second});
  whole("units", counts.units_);
  whole("matched", counts.matched_);
  whole("matches", counts.matches_);
  whole("customers", counts.customers_);
  whole("matched_customers", counts.matched_customers_);
  whole("n", static_cast<std::uint64_t>(share.n));
  result.add("share", std::vector<double>{share.value}, quantity::share);
  result.add("lower", std::vector<double>{share.lower}, quantity::share);
  result.add("upper", std::vector<double>{share.upper}, quantity::share);
  result.add("marks", std::vector<std::string>{to_text(share.marks)});
  for (const auto& [name, value] : counts.options_) {
    result.set_option(name, value);
  }
  detail::set_interval_options(result, intervals);
  return result;
}

KLANTREIS_INLINE table match_times(const match_counts& counts, const interval_options& intervals) {
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<std::int64_t> count;
  std::vector<std::int64_t> n;
  std::array<std::vector<double>, 6> numbers;
  std::vector<std::string> marks;
  for (std::size_t k = 0; k < counts.gaps_.size() && counts.has_times_; ++k) {
    const bool is_whole = k + 1 == counts.gaps_.size();
    const auto& times = counts.gaps_[k];
    const estimate median = quantile_interval(times.seconds, times.customers, 0.5, intervals);
    from.push_back(is_whole ? std::string{"(first event)"} : counts.parts_[k]);
    to.push_back(is_whole ? std::string{"(last event)"} : counts.parts_[k + 1]);
    count.push_back(static_cast<std::int64_t>(times.seconds.size()));
    n.push_back(static_cast<std::int64_t>(median.n));
    std::vector<double> seconds = times.seconds;
    const std::array values{
        median.value,          median.lower, median.upper, quantile(seconds, 0.25), quantile(seconds, 0.75),
        quantile(seconds, 0.9)};
    for (std::size_t i = 0; i < values.size(); ++i) {
      numbers[i].push_back(values[i]);
    }
    marks.push_back(to_text(median.marks));
  }
  table result{
      "Times over all matches of the path pattern, in seconds: from the last event of a part to the first event of the "
      "next; the last row from the first event of the match to its last. Quantiles of type 7, Woodruff's interval by "
      "customers."};
  result.add("from", std::move(from));
  result.add("to", std::move(to));
  result.add("count", std::move(count), quantity::count);
  result.add("n", std::move(n), quantity::count);
  constexpr std::array<const char*, 6> names{"median_time", "lower", "upper", "p25_time", "p75_time", "p90_time"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    result.add(names[i], std::move(numbers[i]), quantity::seconds);
  }
  result.add("marks", std::move(marks));
  for (const auto& [name, value] : counts.options_) {
    result.set_option(name, value);
  }
  detail::set_interval_options(result, intervals);
  return result;
}

KLANTREIS_INLINE table match_list(const journey_set& journeys, const path_pattern& pattern,
                                  const path_search_options& options) {
  std::vector<std::string> customer;
  std::vector<std::int64_t> journey_number;
  std::vector<std::int64_t> match_number;
  detail::stretch_columns where{journeys.log()};
  for (auto& [id, row] : detail::matches_by_customer(journeys, pattern, options)) {
    customer.push_back(std::move(id));
    journey_number.push_back(static_cast<std::int64_t>(row.journey));
    match_number.push_back(static_cast<std::int64_t>(row.number));
    where.add(row.unit_begin, row.match.begin, row.match.end - 1);
  }
  table result{"The matches of the path pattern, by customer. position: place of the first event in its journey."};
  result.add("customer", std::move(customer));
  result.add("journey", std::move(journey_number), quantity::count);
  result.add("match", std::move(match_number), quantity::count);
  where.put(result);
  for (const auto& [name, value] : detail::search_options_text(journeys, pattern, options)) {
    result.set_option(name, value);
  }
  return result;
}

KLANTREIS_INLINE table match_parts(const journey_set& journeys, const path_pattern& pattern,
                                   const path_search_options& options) {
  const std::vector<std::string> labels = pattern.parts();
  std::vector<std::string> customer;
  std::vector<std::int64_t> journey_number;
  std::vector<std::int64_t> match_number;
  std::vector<std::int64_t> part_number;
  std::vector<std::string> label;
  detail::stretch_columns where{journeys.log()};
  for (const auto& [id, row] : detail::matches_by_customer(journeys, pattern, options)) {
    for (std::size_t k = 0; k < row.match.parts.size(); ++k) {
      const path_match::part& part = row.match.parts[k];
      if (part.first == path_match::absent) {
        continue;
      }
      customer.push_back(id);
      journey_number.push_back(static_cast<std::int64_t>(row.journey));
      match_number.push_back(static_cast<std::int64_t>(row.number));
      part_number.push_back(static_cast<std::int64_t>(k + 1));
      label.push_back(labels[k]);
      where.add(row.unit_begin, part.first, part.last);
    }
  }
  table result{
      "The parts of the matches of the path pattern, by customer; parts that took no event are left out. position: "
      "place "
      "of the first event in its journey."};
  result.add("customer", std::move(customer));
  result.add("journey", std::move(journey_number), quantity::count);
  result.add("match", std::move(match_number), quantity::count);
  result.add("part", std::move(part_number), quantity::count);
  result.add("label", std::move(label));
  where.put(result);
  for (const auto& [name, value] : detail::search_options_text(journeys, pattern, options)) {
    result.set_option(name, value);
  }
  return result;
}

KLANTREIS_INLINE std::vector<std::uint32_t> matches_of_units(const journey_set& journeys, const path_pattern& pattern,
                                                             const path_search_options& options) {
  const path_search search{journeys.log(), pattern, options};
  const auto found = detail::over_units<detail::unit_counts>(
      journeys, search, options, [&](detail::unit_counts& part, path_search& mine, std::size_t customer) {
        detail::for_each_unit(journeys, options.unit, customer, [&](const journey& piece, std::size_t unit) {
          part.matches.emplace_back(unit, static_cast<std::uint32_t>(mine.find(piece).size()));
        });
      });
  std::vector<std::uint32_t> result(options.unit == match_unit::journey ? journeys.size() : journeys.customers());
  for (const auto& [unit, matches] : found.matches) {
    result[unit] = matches;
  }
  return result;
}

}  // namespace klantreis
