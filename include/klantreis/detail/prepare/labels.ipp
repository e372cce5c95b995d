// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <unordered_set>

#include "klantreis/detail/number_text.hpp"
#include "klantreis/detail/prepare/take.hpp"
#include "klantreis/prepare.hpp"

// Labels of customers, journeys and pieces; samples; states by day.

namespace klantreis {
namespace detail {

inline void require_event_times(const event_log& log, std::string_view what) {
  if (!log.has_times()) {
    throw input_error(std::string{what} + " needs the time of the events, and the log has none");
  }
}

[[nodiscard]] inline std::int64_t first_time(const event_log& log) {
  std::int64_t first = log.last_time();
  for (std::size_t customer = 0; customer < log.customers(); ++customer) {
    first = (std::min)(first, log.times()[log.offsets()[customer]]);
  }
  return first;
}

/// The patterns ready for a log, each under its label.
class labelled_searches {
 public:
  labelled_searches(const event_log& log, const std::vector<match_label>& labels, const label_options& options,
                    match_unit unit)
      : labels_(&labels), otherwise_(options.otherwise) {
    for (const match_label& label : labels) {
      require_name(label.label, "the label");
      searches_.emplace_back(log, label.pattern, path_search_options{.by = options.by, .unit = unit});
    }
  }

  [[nodiscard]] const std::string& label_of(const journey& piece) {
    for (std::size_t i = 0; i < searches_.size(); ++i) {
      if (searches_[i].matches(piece)) {
        return (*labels_)[i].label;
      }
    }
    return otherwise_;
  }

 private:
  const std::vector<match_label>* labels_;
  std::string otherwise_;
  std::vector<path_search> searches_;
};

/// FNV-1a (Fowler, Noll, Vo) with a finish by the mixer of SplitMix64 (Steele et al. 2014,
/// doi:10.1145/2714064.2660195): the same on every machine.
[[nodiscard]] inline std::uint64_t customer_hash(std::string_view id, std::uint64_t seed) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325ULL ^ (seed * 0x9E3779B97F4A7C15ULL);
  for (const char c : id) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  hash = (hash ^ (hash >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  hash = (hash ^ (hash >> 27U)) * 0x94D049BB133111EBULL;
  return hash ^ (hash >> 31U);
}

}  // namespace detail

KLANTREIS_INLINE event_log split(const event_log& log, const split_options& options) {
  if (!options.gap && !options.at && !options.after) {
    throw input_error("split has nothing to part by; give a gap, or a pattern at or after which a piece begins");
  }
  const auto gap = options.gap ? to_ticks(*options.gap, log.ticks_per_second(), "gap") : 0;
  const auto search_of = [&](const std::optional<path_pattern>& pattern) {
    return pattern ? std::optional{detail::search_customers(log, *pattern, options.by)} : std::nullopt;
  };
  auto at = search_of(options.at);
  auto after = search_of(options.after);
  label_column label;
  label.codes.reserve(log.events());
  std::vector<char> begins;
  for (std::size_t customer = 0; customer < log.customers(); ++customer) {
    const journey piece = detail::whole_customer(log, customer);
    begins.assign(static_cast<std::size_t>(piece.end - piece.begin) + 1, 0);
    if (at) {
      for (const path_match& match : at->find(piece)) {
        begins[static_cast<std::size_t>(match.begin - piece.begin)] = 1;
      }
    }
    if (after) {
      for (const path_match& match : after->find(piece)) {
        begins[static_cast<std::size_t>(match.end - piece.begin)] = 1;
      }
    }
    std::size_t number = 1;
    for (std::uint64_t event = piece.begin; event < piece.end; ++event) {
      const bool silent = options.gap && event != piece.begin && log.times()[event] - log.times()[event - 1] > gap;
      if (event != piece.begin && (silent || begins[static_cast<std::size_t>(event - piece.begin)] != 0)) {
        ++number;
      }
      label.codes.push_back(label.names.intern(std::to_string(number)));
    }
  }
  return detail::with_label(log, options.name, std::move(label));
}

KLANTREIS_INLINE event_log label_customers(const event_log& log, const std::vector<match_label>& labels,
                                           const label_options& options) {
  detail::labelled_searches searches{log, labels, options, match_unit::customer};
  return detail::label_by_customer(log, options.name, [&](std::size_t customer) {
    return searches.label_of(detail::whole_customer(log, customer));
  });
}

KLANTREIS_INLINE event_log label_journeys(const journey_set& journeys, const std::vector<match_label>& labels,
                                          const label_options& options) {
  const event_log& log = journeys.log();
  detail::labelled_searches searches{log, labels, options, match_unit::journey};
  label_column label;
  label.codes.assign(log.events(), label.names.intern(options.otherwise));
  for (std::size_t j = 0; j < journeys.size(); ++j) {
    const journey piece = journeys[j];
    const std::uint32_t code = label.names.intern(searches.label_of(piece));
    std::fill(label.codes.begin() + static_cast<std::ptrdiff_t>(piece.begin),
              label.codes.begin() + static_cast<std::ptrdiff_t>(piece.end), code);
  }
  return detail::with_label(log, options.name, std::move(label));
}

KLANTREIS_INLINE event_log label_new(const event_log& log, instant since, std::string_view name) {
  const std::int64_t limit = detail::ticks_at(log, since, "since");
  return detail::label_by_customer(log, name, [&](std::size_t customer) {
    return log.times()[log.offsets()[customer]] >= limit ? "new" : "existing";
  });
}

KLANTREIS_INLINE event_log label_new(const event_log& log, const std::vector<std::string>& ids, std::string_view name) {
  const std::unordered_set<std::string> known{ids.begin(), ids.end()};
  return detail::label_by_customer(
      log, name, [&](std::size_t customer) { return known.contains(log.customer_id(customer)) ? "new" : "existing"; });
}

KLANTREIS_INLINE event_log label_lost(const event_log& log, duration after, std::string_view name) {
  const std::int64_t limit = to_ticks(after, log.ticks_per_second(), "after");
  return detail::label_by_customer(log, name, [&](std::size_t customer) {
    return log.last_time() - log.times()[log.offsets()[customer + 1] - 1] >= limit ? "lost" : "absent";
  });
}

KLANTREIS_INLINE event_log label_returning(const event_log& log, duration gap, std::string_view name) {
  const std::int64_t limit = to_ticks(gap, log.ticks_per_second(), "gap");
  return detail::label_by_customer(log, name, [&](std::size_t customer) {
    for (std::uint64_t event = log.offsets()[customer] + 1; event < log.offsets()[customer + 1]; ++event) {
      if (log.times()[event] - log.times()[event - 1] > limit) {
        return "returning";
      }
    }
    return "once";
  });
}

KLANTREIS_INLINE event_log label_cropped(const event_log& log, std::optional<duration> left,
                                         std::optional<duration> right, std::string_view name) {
  detail::require_event_times(log, "cropping");
  if (!left && !right) {
    throw input_error("cropping has no limits; give left, right or both");
  }
  const std::int64_t first = detail::first_time(log);
  const std::int64_t left_limit = left ? to_ticks(*left, log.ticks_per_second(), "left") : 0;
  const std::int64_t right_limit = right ? to_ticks(*right, log.ticks_per_second(), "right") : 0;
  constexpr std::array<const char*, 4> names{"whole", "left", "right", "both"};
  return detail::label_by_customer(log, name, [&](std::size_t customer) {
    const bool on_left = left && log.times()[log.offsets()[customer + 1] - 1] - first < left_limit;
    const bool on_right = right && log.last_time() - log.times()[log.offsets()[customer]] < right_limit;
    return names[(on_left ? 1U : 0U) + (on_right ? 2U : 0U)];
  });
}

KLANTREIS_INLINE event_log sample_customers(const event_log& log, double share, std::uint64_t seed) {
  if (!(share >= 0.0 && share <= 1.0)) {
    throw input_error("the share to sample is " + detail::number_text(share) + "; it must lie between 0 and 1");
  }
  return detail::keep_customers_where(log, [&](std::size_t customer) {
    const std::uint64_t hash = detail::customer_hash(log.customer_id(customer), seed);
    return static_cast<double>(hash >> 11U) * 0x1.0p-53 < share;
  });
}

KLANTREIS_INLINE event_log sample_customers(const event_log& log, std::size_t customers, std::uint64_t seed) {
  std::vector<std::pair<std::uint64_t, std::string>> order;
  order.reserve(log.customers());
  for (std::size_t customer = 0; customer < log.customers(); ++customer) {
    std::string id = log.customer_id(customer);
    const std::uint64_t hash = detail::customer_hash(id, seed);
    order.emplace_back(hash, std::move(id));
  }
  if (customers >= order.size()) {
    return log;
  }
  auto sorted = order;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(customers), sorted.end());
  const auto& limit = sorted[customers];
  return detail::keep_customers_where(log, [&](std::size_t customer) { return order[customer] < limit; });
}

KLANTREIS_INLINE event_log daily_states(const event_log& log, bool keep_last_dormant) {
  detail::require_event_times(log, "states by day");
  const std::int64_t day = 86'400 * log.ticks_per_second();
  const auto day_of = [day](std::int64_t time) { return time / day - (time % day < 0 ? 1 : 0); };
  constexpr std::array<const char*, 7> names{"new",         "current",     "reactivated", "resurrected",
                                             "at_risk_wau", "at_risk_mau", "dormant"};
  constexpr std::uint32_t dormant = 6;
  const auto distance_code = [](std::int64_t days, std::uint32_t nearest) {
    return nearest + (days <= 7 ? 0U : days <= 30 ? 1U : 2U);
  };
  const detail::log_data& from = detail::log_access::data(log);
  auto data = std::make_shared<detail::log_data>();
  for (const char* name : names) {
    (void)data->touchpoint.names.intern(name);
  }
  const std::int64_t last_day = day_of(log.last_time());
  for (std::size_t customer = 0; customer < log.customers(); ++customer) {
    std::optional<std::int64_t> active;
    const auto put = [&](std::int64_t at, std::uint32_t code) {
      data->times.push_back(at * day);
      data->touchpoint.codes.push_back(code);
    };
    const auto put_absence = [&](std::int64_t until, bool with_dormant) {
      for (std::int64_t at = *active + 1; at < until; ++at) {
        const std::uint32_t code = distance_code(at - *active, 4);
        if (code == dormant && !with_dormant) {
          return;
        }
        put(at, code);
      }
    };
    for (std::uint64_t event = log.offsets()[customer]; event < log.offsets()[customer + 1]; ++event) {
      const std::int64_t today = day_of(log.times()[event]);
      if (active && *active == today) {
        continue;
      }
      if (active) {
        put_absence(today, true);
      }
      put(today, active ? distance_code(today - *active, 1) : 0U);
      active = today;
    }
    put_absence(last_day + 1, keep_last_dormant);
    data->offsets.push_back(data->times.size());
  }
  if (!data->times.empty()) {
    data->last_time = *std::max_element(data->times.begin(), data->times.end());
  }
  detail::drop_unused_names(data->touchpoint);
  data->ticks_per_second = from.ticks_per_second;
  data->keys = from.keys;
  data->id_names = from.id_names;
  data->has_text_ids = from.has_text_ids;
  data->has_unsigned_ids = from.has_unsigned_ids;
  data->health = from.health;
  data->health.events = data->times.size();
  data->preparation = from.preparation;
  return detail::log_access::make(std::move(data));
}

}  // namespace klantreis
