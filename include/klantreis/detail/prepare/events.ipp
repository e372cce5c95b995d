// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>

#include "klantreis/detail/map/regex.hpp"
#include "klantreis/detail/match/tree.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/prepare/take.hpp"
#include "klantreis/prepare.hpp"

// What happens to events: renamed, merged, left out, cut off.

namespace klantreis {
namespace detail {

/// The log with `name_of(name)` for each name of a label.
template <typename NameOf>
[[nodiscard]] event_log relabelled(const event_log& log, std::string_view by, NameOf&& name_of) {
  const label_column& old = log.labels(by);
  label_column label{old.name, {}, {}, old.is_phase};
  std::vector<std::uint32_t> code_of;
  for (std::uint32_t code = 0; code < old.names.size(); ++code) {
    const std::string name = name_of(old.names[code]);
    if (name != old.names[code]) {
      require_name(name, "the new name");
    }
    code_of.push_back(label.names.intern(name));
  }
  label.codes.reserve(old.codes.size());
  for (const std::uint32_t code : old.codes) {
    label.codes.push_back(code_of[code]);
  }
  auto data = copy_of(log);
  if (by == data->touchpoint.name) {
    data->touchpoint = std::move(label);
  } else {
    *std::find_if(data->labels.begin(), data->labels.end(),
                  [&](const label_column& other) { return other.name == by; }) = std::move(label);
  }
  return log_access::make(std::move(data));
}

/// Numbers, UUIDs and hexadecimal codes of eight digits and more, one of which is a figure.
[[nodiscard]] inline bool is_id_segment(std::string_view segment) noexcept {
  const auto is_figure = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_hex = [&](char c) { return is_figure(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  if (segment.empty()) {
    return false;
  }
  if (std::all_of(segment.begin(), segment.end(), is_figure)) {
    return true;
  }
  std::size_t digits = 0;
  bool any_figure = false;
  for (const char c : segment) {
    if (c == '-' && segment.size() == 36) {
      continue;
    }
    if (!is_hex(c)) {
      return false;
    }
    ++digits;
    any_figure = any_figure || is_figure(c);
  }
  return any_figure && digits >= 8;
}

inline void require_single_event(const path_pattern& pattern) {
  const auto& chain = pattern.tree().chain();
  if (chain.items.size() != 1 || chain.items[0].what != pattern_node::kind::event || pattern.needs_times()) {
    throw input_error(pattern_fault(pattern.text(), 0,
                                    "events are chosen by a pattern of one event, such as [view|cart] or "
                                    ".[value >= 50]; use the choice of customers or journeys for longer ones"));
  }
}

}  // namespace detail

KLANTREIS_INLINE event_log with_preparation(event_log log, std::string text) {
  if (text == preparation_of(log)) {
    return log;
  }
  auto data = detail::log_access::take(std::move(log));
  data->preparation = std::move(text);
  return detail::log_access::make(std::move(data));
}

KLANTREIS_INLINE const std::string& preparation_of(const event_log& log) noexcept {
  return detail::log_access::data(log).preparation;
}

KLANTREIS_INLINE event_log rename_labels(const event_log& log, const std::vector<rename_rule>& rules,
                                         std::string_view by) {
  const name_table& names = log.labels(by).names;
  std::vector<detail::linear_regex> expressions;
  for (const rename_rule& rule : rules) {
    if (rule.is_regex) {
      expressions.emplace_back(rule.from);
    } else if (!names.find(rule.from)) {
      throw input_error(detail::unknown_label_message(rule.from, by, names));
    }
  }
  return detail::relabelled(log, by, [&](std::string_view name) {
    std::size_t expression = 0;
    for (const rename_rule& rule : rules) {
      if (rule.is_regex ? expressions[expression++].matches(name) : rule.from == name) {
        return rule.to;
      }
    }
    return std::string{name};
  });
}

KLANTREIS_INLINE std::string clean_url(std::string_view url, const url_options& options) {
  std::string_view rest = url;
  std::string host;
  if (const auto scheme = rest.find("://"); scheme != std::string_view::npos && rest.find_first_of("/?#") > scheme) {
    rest.remove_prefix(scheme + 3);
    std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    rest.remove_prefix(authority.size());
    authority.remove_prefix(authority.find('@') == std::string_view::npos ? 0 : authority.find('@') + 1);
    host = authority.substr(0, authority.find(':'));
    for (char& c : host) {
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  } else if (rest.empty() || rest.front() != '/') {
    return std::string{url};
  }
  std::string_view fragment;
  if (const auto at = rest.find('#'); at != std::string_view::npos) {
    fragment = rest.substr(at);
    rest = rest.substr(0, at);
  }
  std::string_view query;
  if (const auto at = rest.find('?'); at != std::string_view::npos) {
    query = rest.substr(at);
    rest = rest.substr(0, at);
  }
  std::string path;
  while (!rest.empty()) {
    const std::size_t end = rest.find('/');
    const std::string_view segment = rest.substr(0, end);
    if (!segment.empty()) {
      path += '/';
      path += !options.id.empty() && detail::is_id_segment(segment) ? std::string_view{options.id} : segment;
    }
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  std::string result = options.keep_host ? host : "";
  result += path.empty() ? "/" : path;
  if (options.keep_query) {
    result += query;
  }
  if (options.keep_fragment) {
    result += fragment;
  }
  return result;
}

KLANTREIS_INLINE event_log clean_urls(const event_log& log, const url_options& options, std::string_view by) {
  return detail::relabelled(log, by, [&](std::string_view name) { return clean_url(name, options); });
}

KLANTREIS_INLINE event_log collapse_repeats(const event_log& log, const collapse_options& options) {
  const label_column& labels = log.labels(options.by);
  std::vector<char> merges(labels.names.size(), options.only.empty() ? 1 : 0);
  for (const std::string& name : options.only) {
    const auto code = labels.names.find(name);
    if (!code) {
      throw input_error(detail::unknown_label_message(name, options.by, labels.names));
    }
    merges[*code] = 1;
  }
  const auto limit = options.within ? to_ticks(*options.within, log.ticks_per_second(), "within")
                                    : (std::numeric_limits<std::int64_t>::max)();
  detail::chosen_events chosen;
  std::vector<std::uint64_t> kept_of;  // by event: its place in the result
  kept_of.reserve(log.events());
  for (std::size_t customer = 0; customer < log.customers(); ++customer) {
    const std::uint64_t begin = log.offsets()[customer];
    for (std::uint64_t event = begin; event < log.offsets()[customer + 1]; ++event) {
      const bool repeats = event != begin && labels.codes[event] == labels.codes[event - 1] &&
                           merges[labels.codes[event]] != 0 &&
                           (!options.within || log.times()[event] - log.times()[event - 1] <= limit);
      if (!repeats) {
        chosen.events.push_back(event);
      }
      kept_of.push_back(chosen.events.size() - 1);
    }
    chosen.end_customer(customer);
  }
  auto data = detail::take_data(log, chosen);
  const auto add_up = [&](number_view from, detail::number_store& to) {
    std::vector<double> sums = detail::as_numbers(to.view());
    for (std::size_t event = 0; event < from.size(); ++event) {
      double& sum = sums[kept_of[event]];
      if (chosen.events[kept_of[event]] != event && !std::isnan(from[event])) {
        sum = std::isnan(sum) ? from[event] : sum + from[event];
      }
    }
    to = detail::as_store(sums);
  };
  add_up(log.values(), data->values);
  add_up(log.costs(), data->costs);
  return detail::log_access::make(std::move(data));
}

KLANTREIS_INLINE event_log select_events(const event_log& log, const path_pattern& event, bool keep,
                                         std::string_view by) {
  detail::require_single_event(event);
  path_search search = detail::search_customers(log, event, by);
  return detail::keep_where(log, [&](std::size_t, std::uint64_t at) {
    return search.matches({.begin = at, .path_end = at + 1, .end = at + 1}) == keep;
  });
}

KLANTREIS_INLINE event_log select_customers(const event_log& log, const path_pattern& pattern, bool keep,
                                            std::string_view by) {
  path_search search = detail::search_customers(log, pattern, by);
  return detail::keep_customers_where(
      log, [&](std::size_t customer) { return search.matches(detail::whole_customer(log, customer)) == keep; });
}

KLANTREIS_INLINE journey_set select_journeys(const journey_set& journeys, const path_pattern& pattern, bool keep,
                                             std::string_view by) {
  const event_log& log = journeys.log();
  path_search search{log, pattern, {.by = std::string{by}}};
  detail::chosen_events chosen;
  for (std::size_t customer = 0; customer < log.customers(); ++customer) {
    for (auto j = journeys.customer_offsets()[customer]; j < journeys.customer_offsets()[customer + 1]; ++j) {
      const journey piece = journeys[static_cast<std::size_t>(j)];
      for (std::uint64_t event = piece.begin; event < piece.end && search.matches(piece) == keep; ++event) {
        chosen.events.push_back(event);
      }
    }
    chosen.end_customer(customer);
  }
  // What was left out must not move the end of the observation, or other journeys would become settled or open.
  journey_options options = journeys.options();
  if (!options.observed_until && log.has_times() && log.events() != 0) {
    options.observed_until = detail::to_instant(journeys.observed_until_ticks(), log.ticks_per_second());
    if (log.ticks_per_second() > 1'000'000) {
      *options.observed_until += duration{1};
    }
  }
  const std::string& before = preparation_of(log);
  return make_journeys(
      with_preparation(detail::take_events(log, chosen), before + (before.empty() ? "" : "; ") + "journeys " +
                                                             (keep ? "with " : "without ") + pattern.text()),
      options);
}

KLANTREIS_INLINE event_log trim(const event_log& log, const trim_options& options) {
  const auto search_of = [&](const std::optional<path_pattern>& pattern) {
    return pattern ? std::optional{detail::search_customers(log, *pattern, options.by)} : std::nullopt;
  };
  auto from = search_of(options.from);
  auto until = search_of(options.until);
  const bool timed = options.since || options.before || options.within;
  std::int64_t earliest = (std::numeric_limits<std::int64_t>::min)();
  std::int64_t latest = (std::numeric_limits<std::int64_t>::max)();
  std::int64_t longest = latest;
  if (options.since) {
    earliest = detail::ticks_at(log, *options.since, "since");
  }
  if (options.before) {
    latest = detail::ticks_at(log, *options.before, "before") - 1;
  }
  if (options.within) {
    longest = to_ticks(*options.within, log.ticks_per_second(), "within");
  }
  detail::chosen_events chosen;
  for (std::size_t customer = 0; customer < log.customers(); ++customer) {
    journey piece = detail::whole_customer(log, customer);
    const auto narrow = [&](std::uint64_t begin, std::uint64_t end) {
      piece = {.begin = begin, .path_end = end, .end = (std::max)(begin, end)};
    };
    const journey whole = piece;
    bool unmatched = false;
    if (from) {
      const auto found = from->find(piece, options.last_from ? static_cast<std::size_t>(-1) : 1);
      unmatched = found.empty();
      if (!unmatched) {
        narrow((options.last_from ? found.back() : found.front()).begin, piece.end);
      }
    }
    if (until && !unmatched) {
      const auto found = until->find(piece, options.last_until ? static_cast<std::size_t>(-1) : 1);
      unmatched = found.empty();
      if (!unmatched) {
        narrow(piece.begin, (options.last_until ? found.back() : found.front()).end);
      }
    }
    if (unmatched) {
      narrow(whole.begin, options.keep_unmatched ? whole.end : whole.begin);
    }
    bool is_first = true;
    std::int64_t first = 0;
    for (std::uint64_t event = piece.begin; event < piece.end; ++event) {
      if (timed) {
        const std::int64_t time = log.times()[event];
        if (time < earliest || time > latest) {
          continue;
        }
        first = is_first ? time : first;
        is_first = false;
        if (time - first > longest) {
          break;
        }
      }
      chosen.events.push_back(event);
    }
    chosen.end_customer(customer);
  }
  return detail::take_events(log, chosen);
}

KLANTREIS_INLINE event_log add_start_end(const event_log& log, std::string_view start, std::string_view end) {
  detail::require_name(start, "the event");
  detail::require_name(end, "the event");
  detail::chosen_events chosen;
  std::vector<char> added;
  for (std::size_t customer = 0; customer < log.customers(); ++customer) {
    const journey piece = detail::whole_customer(log, customer);
    chosen.events.push_back(piece.begin);
    added.push_back(1);
    for (std::uint64_t event = piece.begin; event < piece.end; ++event) {
      chosen.events.push_back(event);
      added.push_back(0);
    }
    chosen.events.push_back(piece.end - 1);
    added.push_back(2);
    chosen.end_customer(customer);
  }
  auto data = detail::take_data(log, chosen);
  const std::uint32_t start_code = data->touchpoint.names.intern(start);
  const std::uint32_t end_code = data->touchpoint.names.intern(end);
  // The map knows the outcomes of events that were there; these are none.
  std::shared_ptr<detail::log_match> match;
  if (data->match != nullptr) {
    match = std::make_shared<detail::log_match>(*data->match);
  }
  for (std::size_t event = 0; event < added.size(); ++event) {
    if (added[event] != 0) {
      data->touchpoint.codes[event] = added[event] == 1 ? start_code : end_code;
      if (match != nullptr && !match->outcome_sets.empty()) {
        match->outcome_sets[event] = 0;
      }
    }
  }
  data->match = std::move(match);
  const auto clear_added = [&](detail::number_store& column) {
    std::vector<double> numbers = detail::as_numbers(column.view());
    for (std::size_t event = 0; event < numbers.size(); ++event) {
      numbers[event] = added[event] != 0 ? null_value : numbers[event];
    }
    column = detail::as_store(numbers);
  };
  clear_added(data->values);
  clear_added(data->costs);
  for (detail::number_column& column : data->numbers) {
    clear_added(column.values);
  }
  return detail::log_access::make(std::move(data));
}

}  // namespace klantreis
