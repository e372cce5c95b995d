// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/detail/binary.hpp"
#include "klantreis/detail/health_fields.hpp"
#include "klantreis/parts.hpp"

// What the binary form of each kind of counts holds, named once for writing and reading, and the rules that must hold
// of what was read: counts from elsewhere must not bring the analyses where their own never would.

namespace klantreis::detail {

template <typename Io>
void list_fields(Io& io, visit_moments& m) {
  io(m.customers, m.v, m.v2, m.v4);
}
template <typename Io>
void list_fields(Io& io, event_moments& m) {
  io(m.e, m.e2, m.ev, m.e4, m.e3v, m.e2v2, m.ev3);
}
template <typename Io>
void list_fields(Io& io, column_test& test) {
  io(test.column, test.how, test.names, test.number);
}
template <typename Io>
void list_fields(Io& io, step_condition& condition) {
  io(condition.all);
}
template <typename Io>
void list_fields(Io& io, funnel_step& step) {
  io(step.names, step.conditions);
}
template <typename Io>
void list_fields(Io& io, path_unit& unit) {
  io(unit.path, unit.outcome, unit.value);
}
template <typename Io>
void list_fields(Io& io, spell& one) {
  io(one.time, one.cause, one.customer);
}
template <typename Io>
void list_fields(Io& io, spell_set::group& group) {
  io(group.segment, group.item, group.spells);
}

template <typename Io>
void list_fields(Io& io, measure_counts::item& item) {
  io(item.name, item.phase, item.designed, item.measured, item.emotion, item.reach, item.entries, item.visits,
     item.passed, item.back, item.skips, item.skipped, item.left, item.at_rest, item.open, item.gone, item.waiting,
     item.settled_visits, item.leavings, item.ticks, item.feelings);
}
template <typename Io>
void list_fields(Io& io, designed_phase& phase) {
  io(phase.name, phase.measured, phase.emotion, phase.labels);
}
template <typename Io>
void list_fields(Io& io, designed_move& move) {
  bool limited = move.max_time.has_value();
  duration most = move.max_time.value_or(duration{0});
  io(move.from, move.to, move.kind, move.expected, limited, most);
  move.max_time = limited ? std::optional{most} : std::nullopt;
}
template <typename Io>
void list_fields(Io& io, designed_touchpoint& touchpoint) {
  io(touchpoint.name, touchpoint.phase, touchpoint.emotion, touchpoint.call_to_action, touchpoint.onstage,
     touchpoint.owner);
}
template <typename Io>
void list_fields(Io& io, score_rule& rule) {
  io(rule.column, rule.touchpoint, rule.low, rule.high);
}
template <typename Io>
void list_fields(Io& io, journey_design& design) {
  io(design.level, design.phases, design.moves, design.touchpoints, design.scores);
}

struct pair_entry {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  std::uint64_t times = 0;
};
template <typename Io>
void list_fields(Io& io, pair_entry& entry) {
  io(entry.first, entry.second, entry.times);
}
template <typename Io>
void list_fields(Io& io, pair_counts& pairs) {
  std::vector<pair_entry> entries;
  if constexpr (Io::reading) {
    io(entries);
    pairs = pair_counts{};
    for (const pair_entry& entry : entries) {
      if (entry.times == 0 || entry.times > most_events) {
        refuse_bytes("a count is out of range");
      }
      pairs.add(entry.first, entry.second, entry.times);
    }
  } else {
    pairs.for_each([&](std::uint32_t first, std::uint32_t second, std::uint64_t times) {
      entries.push_back({first, second, times});
    });
    io(entries);
  }
}

/// Reaches into the counts.
struct part_fields {
  template <typename Io>
  static void list(Io& io, transition_counts& c) {
    io(c.by_, c.options_, c.states_, c.rows_);
    sizes(io, c.offsets_);
    io(c.targets_, c.cells_, c.ticks_per_second_);
    sizes(io, c.time_offsets_);
    io(c.times_);
  }
  template <typename Io>
  static void list(Io& io, path_table& c) {
    io(c.by_, c.options_key_, c.cut_, c.names_, c.offsets_, c.codes_, c.conversions_, c.nulls_, c.open_, c.values_,
       c.has_values_, c.rejected_, c.rows_read_, c.units_, c.unit_offsets_, c.customer_keys_);
  }
  template <typename Io>
  static void list(Io& io, funnel_counts& c) {
    io(c.steps_, c.labels_, c.options_, c.definition_);
    sizes(io, c.base_);
    io(c.by_journeys_, c.customers_, c.units_, c.excluded_, c.reached_, c.lost_, c.with_base_, c.with_entry_,
       c.from_previous_, c.from_first_, c.at_, c.from_base_, c.from_entry_);
  }
  template <typename Io>
  static void list(Io& io, drop_off_counts& c) {
    io(c.by_, c.options_, c.names_, c.journeys_, c.visits_, c.exits_, c.before_, c.next_, c.back_, c.open_);
  }
  template <typename Io>
  static void list(Io& io, step_matrix_counts& c) {
    auto steps = static_cast<std::uint64_t>(c.steps_);
    io(c.options_, c.names_, steps, c.journeys_, c.at_, c.ended_);
    c.steps_ = static_cast<std::size_t>(steps);
  }
  template <typename Io>
  static void list(Io& io, variant_counts& c) {
    list(io, c.paths_);
    io(c.seconds_, c.options_);
  }
  template <typename Io>
  static void list(Io& io, spell_set& c) {
    io(c.by_, c.segment_, c.until_, c.options_, c.groups_, c.customers_);
  }
  template <typename Io>
  static void list(Io& io, cohort_rate_counts& c) {
    auto cells = std::uint64_t{c.cells_.size()};
    io(c.segment_, c.options_, c.within_, cells);
    if constexpr (Io::reading) {
      for (; cells > 0; --cells) {
        std::pair<std::string, std::vector<cohort_cell>> entry;
        io(entry);
        auto& here = c.cells_[entry.first];
        for (const cohort_cell& cell : entry.second) {
          here.push_back({cell.journeys, cell.conversions, cell.too_recent});
        }
      }
    } else {
      for (const auto& [name, here] : c.cells_) {
        std::pair<std::string, std::vector<cohort_cell>> entry{name, {}};
        for (const auto& cell : here) {
          entry.second.push_back({cell.journeys, cell.conversions, cell.too_recent});
        }
        io(entry);
      }
    }
  }

  template <typename Io>
  static void list(Io& io, ngram_counts& c) {
    auto length = static_cast<std::uint64_t>(c.length_);
    io(c.options_, c.names_, length, c.codes_, c.occurrences_, c.journeys_, c.settled_, c.conversions_);
    c.length_ = static_cast<std::size_t>(length);
  }

  template <typename Io>
  static void list(Io& io, return_cohort_counts& c) {
    auto until = static_cast<std::int64_t>(c.until_.time_since_epoch().count());
    io(c.options_, c.period_, until, c.first_, c.active_);
    c.until_ = instant{duration{until}};
  }

  template <typename Io>
  static void list(Io& io, match_counts& c) {
    io(c.options_, c.parts_, c.notes_, c.by_journeys_, c.has_times_, c.units_, c.matched_, c.matches_, c.customers_,
       c.matched_customers_, c.at_, c.with_match_);
    std::vector<std::pair<std::vector<double>, std::vector<std::uint32_t>>> gaps;
    if constexpr (!Io::reading) {
      for (const auto& gap : c.gaps_) {
        gaps.emplace_back(gap.seconds, gap.customers);
      }
    }
    io(gaps);
    if constexpr (Io::reading) {
      for (auto& [seconds, customers] : gaps) {
        c.gaps_.push_back({std::move(seconds), std::move(customers)});
      }
    }
  }

  template <typename Io>
  static void list(Io& io, measure_counts& c) {
    io(c.by_, c.options_, c.items_, c.customers_, c.journeys_, c.open_, c.outside_, c.ticks_per_second_);
  }

  template <typename Io>
  static void list(Io& io, conformance_counts& c) {
    io(c.design_, c.options_, c.journeys_, c.journeys_conforming_, c.journeys_moving_, c.ticks_per_second_, c.ticks_);
    rates(io, c.conforming_);
    rates(io, c.in_time_);
    edges(io, c.edges_);
  }

  static void check(const transition_counts& c);
  static void check(path_table& c);
  static void check(const funnel_counts& c);
  static void check(const drop_off_counts& c);
  static void check(const step_matrix_counts& c);
  static void check(variant_counts& c);
  static void check(const spell_set& c);
  static void check(const cohort_rate_counts& c);
  static void check(const ngram_counts& c);
  static void check(const return_cohort_counts& c);
  static void check(const match_counts& c);
  static void check(const measure_counts& c);
  static void check(const conformance_counts& c);

  /// The paths of a table, and what is known of them, by piece: path p goes to piece `piece_of[p]`, or nowhere.
  static constexpr std::uint32_t nowhere = 0xFFFF'FFFFU;
  [[nodiscard]] static std::vector<variant_counts> pieces_of(const variant_counts& counts,
                                                             std::span<const std::uint32_t> piece_of,
                                                             std::size_t pieces);
  [[nodiscard]] static std::vector<transition_counts> pieces_of(const transition_counts& counts, std::size_t pieces);
  [[nodiscard]] static variant_counts without_times(const path_table& paths) {
    variant_counts counts;
    counts.paths_ = paths;
    return counts;
  }

  struct cohort_cell {
    visit_moments journeys;
    event_moments conversions;
    std::uint64_t too_recent = 0;

    template <typename Io>
    friend void list_fields(Io& io, cohort_cell& cell) {
      io(cell.journeys, cell.conversions, cell.too_recent);
    }
  };

 private:
  template <typename Io>
  static void rates(Io& io, visit_rates& rates) {
    std::vector<visit_moments> visits;
    std::vector<event_moments> events;
    if constexpr (!Io::reading) {
      visits = rates.visits();
      events = rates.events();
    }
    io(visits, events);
    if constexpr (Io::reading) {
      if (visits.size() != events.size()) {
        refuse_bytes("rates are missing");
      }
      rates = visit_rates{};
      rates.resize(visits.size());
      for (std::size_t row = 0; row < visits.size(); ++row) {
        rates.add(row, visits[row], events[row]);
      }
    }
  }

  struct counted_edge {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    event_moments cell;

    template <typename Io>
    friend void list_fields(Io& io, counted_edge& edge) {
      io(edge.from, edge.to, edge.cell);
    }
  };

  /// The moves between the phases of a design.
  template <typename Io>
  static void edges(Io& io, edge_counter& counter) {
    std::vector<visit_moments> rows;
    std::vector<counted_edge> cells;
    if constexpr (!Io::reading) {
      for (std::size_t at = 0; at < counter.states(); ++at) {
        rows.push_back(counter.row(at));
      }
      for (std::size_t index = 0; index < counter.size(); ++index) {
        cells.push_back({counter.from(index), counter.to(index), counter.cell(index)});
      }
    }
    io(rows, cells);
    if constexpr (Io::reading) {
      counter = edge_counter{rows.size(), move_end};
      for (std::uint32_t at = 0; at < rows.size(); ++at) {
        counter.add_row(at, rows[at]);
      }
      for (const counted_edge& edge : cells) {
        if (edge.from >= rows.size() || edge.to >= rows.size()) {
          refuse_bytes("a move has no phase");
        }
        counter.add_cell(edge.from, edge.to, edge.cell);
      }
    }
  }

  template <typename Io>
  static void sizes(Io& io, std::vector<std::size_t>& list) {
    std::vector<std::uint64_t> wide(list.begin(), list.end());
    io(wide);
    if constexpr (Io::reading) {
      list.assign(wide.begin(), wide.end());
    }
  }
};

}  // namespace klantreis::detail
