// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "klantreis/detail/kpi/frame.hpp"

// One walk over the events of each customer for each kind of measure.

namespace klantreis::detail {

inline constexpr std::uint64_t no_walk_event = (std::numeric_limits<std::uint64_t>::max)();

[[nodiscard]] inline std::uint64_t first_match(const kpi_events& events, std::uint64_t first, std::uint64_t last) {
  for (; first < last; ++first) {
    if (events(first)) {
      return first;
    }
  }
  return no_walk_event;
}

/// Every event of `events` with the number of a column, or 1; events without a number are left out.
[[nodiscard]] inline std::vector<kpi_unit> event_units(const kpi_frame& frame, const kpi_events& events,
                                                       std::optional<number_view> values = std::nullopt) {
  return frame.gather([&frame, &events, values](std::size_t customer, std::uint64_t first, std::uint64_t last,
                                                std::vector<kpi_unit>& out) {
    for (std::uint64_t event = first; event < last; ++event) {
      if (!events(event)) {
        continue;
      }
      const double value = values ? (*values)[event] : 1.0;
      if (!std::isnan(value)) {
        out.push_back({static_cast<std::uint32_t>(customer), frame.slot(customer, event), value, 1.0});
      }
    }
  });
}

/// Customers with at least `least` of the events, once in each row where they have them.
[[nodiscard]] inline std::vector<kpi_unit> customer_units(const kpi_frame& frame, const kpi_events& events,
                                                          double least) {
  return frame.gather(
      [&frame, &events, least, own = std::vector<std::pair<std::uint32_t, double>>{}](
          std::size_t customer, std::uint64_t first, std::uint64_t last, std::vector<kpi_unit>& out) mutable {
        own.clear();
        for (std::uint64_t event = first; event < last; ++event) {
          if (events(event)) {
            own.emplace_back(frame.slot(customer, event), 1.0);
          }
        }
        std::sort(own.begin(), own.end());
        for (std::size_t i = 0; i < own.size();) {
          std::size_t end = i;
          while (end < own.size() && own[end].first == own[i].first) {
            ++end;
          }
          if (static_cast<double>(end - i) >= least) {
            out.push_back({static_cast<std::uint32_t>(customer), own[i].first, 1.0, 1.0});
          }
          i = end;
        }
      });
}

struct customer_share {
  kpi_events target;
  std::optional<kpi_events> among;
  std::optional<kpi_events> before;
  std::optional<kpi_events> after;
  std::optional<std::int64_t> within;  ///< ticks
  double least = 1.0;
};

/// Customers, x = 1 where they did it. Whom the observation leaves too early to say is left out.
[[nodiscard]] inline std::vector<kpi_unit> share_units(const kpi_frame& frame, const customer_share& asked) {
  return frame.gather([&frame, &asked](std::size_t customer, std::uint64_t first, std::uint64_t last,
                                       std::vector<kpi_unit>& out) {
    std::uint64_t begin = first;
    if (asked.among) {
      begin = first_match(*asked.among, first, last);
      if (begin == no_walk_event) {
        return;
      }
    }
    const std::uint64_t birth = begin;
    std::uint64_t from = first;
    std::uint64_t until = last;
    if (asked.after) {
      const std::uint64_t start = first_match(*asked.after, first, last);
      if (start == no_walk_event) {
        return;
      }
      from = start + 1;
      begin = asked.among ? begin : start;
    }
    const bool decided_before = asked.before.has_value();
    if (asked.before) {
      until = first_match(*asked.before, first, last);
      if (until == no_walk_event) {
        return;
      }
    }
    std::int64_t limit = (std::numeric_limits<std::int64_t>::max)();
    if (asked.within) {
      const std::int64_t start = frame.time(asked.after ? from - 1 : asked.among ? birth : first);
      if (start > frame.last_time() - *asked.within) {
        return;
      }
      limit = start + *asked.within;
    }
    double seen = 0.0;
    std::uint64_t decided = last - 1;
    for (std::uint64_t event = from; event < until; ++event) {
      if (asked.within && frame.time(event) > limit) {
        break;
      }
      if (asked.target(event) && (seen += 1.0) >= asked.least) {
        decided = event;
        break;
      }
    }
    const bool done = seen >= asked.least;
    if (!decided_before && !asked.within && !frame.is_settled(decided)) {
      return;
    }
    out.push_back({static_cast<std::uint32_t>(customer), frame.customer_slot(customer, begin), done ? 1.0 : 0.0, 1.0});
  });
}

/// Customers with an event of `of`, x = 1 where no `outcome` follows the first one (in time).
[[nodiscard]] inline std::vector<kpi_unit> without_units(const kpi_frame& frame, const kpi_events& of,
                                                         const kpi_events& outcome,
                                                         std::optional<std::int64_t> within) {
  return frame.gather([&frame, &of, &outcome, within](std::size_t customer, std::uint64_t first, std::uint64_t last,
                                                      std::vector<kpi_unit>& out) {
    const std::uint64_t start = first_match(of, first, last);
    if (start == no_walk_event) {
      return;
    }
    if (within && frame.time(start) > frame.last_time() - *within) {
      return;
    }
    const std::uint64_t follows = first_match(outcome, start + 1, last);
    const bool late = follows != no_walk_event && within && frame.time(follows) - frame.time(start) > *within;
    const bool without = follows == no_walk_event || late;
    if (!within && !frame.is_settled(follows == no_walk_event ? last - 1 : follows)) {
      return;
    }
    out.push_back(
        {static_cast<std::uint32_t>(customer), frame.customer_slot(customer, start), without ? 1.0 : 0.0, 1.0});
  });
}

/// Customers with or without the outcome: y = 1 where they met the touchpoint before it, x = 1 with the outcome.
[[nodiscard]] inline std::vector<kpi_unit> exposure_units(const kpi_frame& frame, const kpi_events& touchpoint,
                                                          const kpi_events& outcome) {
  return frame.gather([&frame, &touchpoint, &outcome](std::size_t customer, std::uint64_t first, std::uint64_t last,
                                                      std::vector<kpi_unit>& out) {
    const std::uint64_t end = first_match(outcome, first, last);
    if (!frame.is_settled(end == no_walk_event ? last - 1 : end)) {
      return;
    }
    const bool met = first_match(touchpoint, first, end == no_walk_event ? last : end) != no_walk_event;
    out.push_back({static_cast<std::uint32_t>(customer), frame.customer_slot(customer, first),
                   end == no_walk_event ? 0.0 : 1.0, met ? 1.0 : 0.0});
  });
}

/// Events of `of`, x = 1 where the customer's next event is one of `next`. The last event of a customer who may come
/// back is left out.
[[nodiscard]] inline std::vector<kpi_unit> followed_units(const kpi_frame& frame, const kpi_events& of,
                                                          const kpi_events& next, bool negated) {
  return frame.gather([&frame, &of, &next, negated](std::size_t customer, std::uint64_t first, std::uint64_t last,
                                                    std::vector<kpi_unit>& out) {
    for (std::uint64_t event = first; event < last; ++event) {
      if (!of(event) || (event + 1 == last && !frame.is_settled(event))) {
        continue;
      }
      const bool follows = event + 1 < last && next(event + 1);
      out.push_back(
          {static_cast<std::uint32_t>(customer), frame.slot(customer, event), follows != negated ? 1.0 : 0.0, 1.0});
    }
  });
}

/// The number of events before the first outcome of each customer who has one.
[[nodiscard]] inline std::vector<kpi_unit> action_units(const kpi_frame& frame, const kpi_events& outcome) {
  return frame.gather(
      [&frame, &outcome](std::size_t customer, std::uint64_t first, std::uint64_t last, std::vector<kpi_unit>& out) {
        const std::uint64_t end = first_match(outcome, first, last);
        if (end != no_walk_event) {
          out.push_back({static_cast<std::uint32_t>(customer), frame.customer_slot(customer, first),
                         static_cast<double>(end - first), 1.0});
        }
      });
}

struct pairing {
  std::optional<kpi_events> from;  ///< none: the customer's first event
  kpi_events to;
  std::optional<kpi_events> between;
  const label_column* id = nullptr;
  bool last = true;  ///< pair with the last beginning before the end, not the first
};

/// Beginnings: y = 1 where an end follows, and x the seconds to it, or with `between` whether such an event stands in
/// between.
[[nodiscard]] inline std::vector<kpi_unit> pair_units(const kpi_frame& frame, const pairing& asked) {
  return frame.gather(
      [&frame, &asked, open = std::vector<std::pair<std::uint32_t, std::uint64_t>>{}](
          std::size_t customer, std::uint64_t first, std::uint64_t last, std::vector<kpi_unit>& out) mutable {
        open.clear();
        const auto put = [&](std::uint64_t from, std::uint64_t to) {
          double x = 0.0;
          if (to != no_walk_event) {
            x = asked.between       ? (first_match(*asked.between, from + 1, to) == no_walk_event ? 0.0 : 1.0)
                : frame.has_times() ? frame.seconds(from, to)
                                    : 0.0;
          }
          out.push_back(
              {static_cast<std::uint32_t>(customer), frame.slot(customer, from), x, to == no_walk_event ? 0.0 : 1.0});
        };
        const auto of_id = [&](std::uint64_t event) {
          const std::uint32_t id = asked.id == nullptr ? 0 : asked.id->codes[event];
          return std::find_if(open.begin(), open.end(), [id](const auto& one) { return one.first == id; });
        };
        if (!asked.from) {
          const std::uint64_t end = first_match(asked.to, first, last);
          put(first, end);
          return;
        }
        for (std::uint64_t event = first; event < last; ++event) {
          if (asked.to(event)) {
            if (const auto begun = of_id(event); begun != open.end()) {
              put(begun->second, event);
              open.erase(begun);
            }
          }
          if ((*asked.from)(event)) {
            const auto begun = of_id(event);
            if (begun == open.end()) {
              open.emplace_back(asked.id == nullptr ? 0 : asked.id->codes[event], event);
            } else if (asked.last) {
              put(begun->second, no_walk_event);
              begun->second = event;
            } else {
              put(event, no_walk_event);
            }
          }
        }
        for (const auto& [id, event] : open) {
          put(event, no_walk_event);
        }
      });
}

/// A problem that a customer made contact about.
struct issue_episode {
  std::uint32_t customer = 0;
  std::uint32_t slot = 0;
  double contacts = 0.0;
  double agents = 0.0;
};

struct issue_search {
  kpi_events contacts;
  const label_column* issue = nullptr;  ///< none: every contact of a customer is about the same thing
  const label_column* agent = nullptr;
  std::optional<std::int64_t> window;  ///< ticks; a longer silence begins a new problem
};

/// Contacts of one customer about one thing, each at most the window after the one before. A problem whose window is
/// still open at the end of the observation is left out where journeys settle.
[[nodiscard]] inline std::vector<issue_episode> find_issues(const kpi_frame& frame, const issue_search& asked) {
  struct open_issue {
    std::uint64_t begin = 0;
    std::uint64_t last = 0;
    double contacts = 0.0;
    std::vector<std::uint32_t> agents;
  };
  // Units carry two numbers, which is what an episode has: contacts and agents.
  const auto units = frame.gather(
      [&frame, &asked, open = std::unordered_map<std::uint32_t, open_issue>{}, closed = std::vector<open_issue>{}](
          std::size_t customer, std::uint64_t first, std::uint64_t last, std::vector<kpi_unit>& out) mutable {
        const auto none = asked.agent == nullptr ? std::nullopt : asked.agent->names.find(none_label);
        for (std::uint64_t event = first; event < last; ++event) {
          if (!asked.contacts(event)) {
            continue;
          }
          auto& issue = open[asked.issue == nullptr ? 0 : asked.issue->codes[event]];
          if (issue.contacts > 0.0 && asked.window && frame.time(event) - frame.time(issue.last) > *asked.window) {
            closed.push_back(std::move(issue));
            issue = {};
          }
          if (issue.contacts == 0.0) {
            issue.begin = event;
          }
          issue.last = event;
          issue.contacts += 1.0;
          if (asked.agent != nullptr) {
            const std::uint32_t agent = asked.agent->codes[event];
            if ((!none || agent != *none) &&
                std::find(issue.agents.begin(), issue.agents.end(), agent) == issue.agents.end()) {
              issue.agents.push_back(agent);
            }
          }
        }
        for (auto& [code, issue] : open) {
          closed.push_back(std::move(issue));
        }
        open.clear();
        std::sort(closed.begin(), closed.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
        for (const open_issue& issue : closed) {
          const bool settled =
              !frame.has_settling() || !asked.window || frame.time(issue.last) <= frame.last_time() - *asked.window;
          if (settled) {
            out.push_back({static_cast<std::uint32_t>(customer), frame.slot(customer, issue.begin), issue.contacts,
                           static_cast<double>(issue.agents.size())});
          }
        }
        closed.clear();
      });
  std::vector<issue_episode> episodes;
  episodes.reserve(units.size());
  for (const kpi_unit& unit : units) {
    episodes.push_back({unit.customer, unit.slot, unit.x, unit.y});
  }
  return episodes;
}

}  // namespace klantreis::detail
