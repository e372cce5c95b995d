// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "klantreis/conformance/replay.hpp"
#include "klantreis/detail/measure_visits.hpp"
#include "klantreis/detail/sequence_index.hpp"
#include "klantreis/engine.hpp"

namespace klantreis {
namespace detail {

/// A net by numbers, ready for many traces.
class replayer {
 public:
  explicit replayer(const petri_net& net) {
    net.check();
    const auto place = [&](const std::string& name) { return places_.emplace(name, places_.size()).first->second; };
    source_ = place(net.source);
    sink_ = place(net.sink);
    for (const petri_transition& one : net.transitions) {
      step made;
      for (const std::string& name : one.inputs) {
        made.inputs.push_back(place(name));
      }
      for (const std::string& name : one.outputs) {
        made.outputs.push_back(place(name));
      }
      steps_.emplace(one.name, std::move(made));
    }
  }

  template <typename Names>
  [[nodiscard]] replay_counts run(const Names& trace) const {
    std::vector<std::uint64_t> tokens(places_.size());
    replay_counts counts{.traces = 1, .produced = 1};
    tokens[source_] = 1;
    const auto take = [&](std::size_t place) {
      ++counts.consumed;
      if (tokens[place] == 0) {
        ++counts.missing;
      } else {
        --tokens[place];
      }
    };
    for (const auto& name : trace) {
      const auto found = steps_.find(name);
      if (found == steps_.end()) {
        ++counts.skipped;
        continue;
      }
      std::for_each(found->second.inputs.begin(), found->second.inputs.end(), take);
      for (const std::size_t place : found->second.outputs) {
        ++tokens[place];
        ++counts.produced;
      }
    }
    take(sink_);
    for (const std::uint64_t left : tokens) {
      counts.remaining += left;
    }
    counts.fitting = counts.missing == 0 && counts.remaining == 0 ? 1 : 0;
    return counts;
  }

 private:
  struct step {
    std::vector<std::size_t> inputs;
    std::vector<std::size_t> outputs;
  };
  std::map<std::string, std::size_t> places_;
  std::map<std::string, step, std::less<>> steps_;
  std::size_t source_ = 0;
  std::size_t sink_ = 0;
};

inline replay_counts times_over(replay_counts counts, std::uint64_t times) {
  for (auto member :
       {&replay_counts::traces, &replay_counts::fitting, &replay_counts::produced, &replay_counts::consumed,
        &replay_counts::missing, &replay_counts::remaining, &replay_counts::skipped}) {
    counts.*member *= times;
  }
  return counts;
}

}  // namespace detail

KLANTREIS_INLINE void petri_net::check() const {
  std::set<std::string> names;
  for (const petri_transition& one : transitions) {
    if (one.name.empty()) {
      throw input_error("a transition of the net has no name; name it after the step it stands for");
    }
    if (!names.insert(one.name).second) {
      throw input_error("the net has two transitions called " + quoted(one.name) +
                        "; each step needs a name of its own");
    }
    if (one.inputs.empty() || one.outputs.empty()) {
      throw input_error("the transition " + quoted(one.name) + " has no " + (one.inputs.empty() ? "input" : "output") +
                        "; name the places it takes from and puts to");
    }
  }
  if (source == sink) {
    throw input_error("the net begins and ends in the same place " + quoted(source) + "; name two");
  }
}

KLANTREIS_INLINE replay_counts& replay_counts::operator+=(const replay_counts& other) noexcept {
  traces += other.traces;
  fitting += other.fitting;
  produced += other.produced;
  consumed += other.consumed;
  missing += other.missing;
  remaining += other.remaining;
  skipped += other.skipped;
  return *this;
}

KLANTREIS_INLINE double replay_counts::fitness() const noexcept {
  if (traces == 0) {
    return null_value;
  }
  return 0.5 * (1.0 - static_cast<double>(missing) / static_cast<double>(consumed)) +
         0.5 * (1.0 - static_cast<double>(remaining) / static_cast<double>(produced));
}

KLANTREIS_INLINE replay_counts replay(const petri_net& net, std::span<const std::string> trace, std::uint64_t times) {
  return detail::times_over(detail::replayer{net}.run(trace), times);
}

KLANTREIS_INLINE replay_counts token_replay(const petri_net& net, const journey_set& journeys, const std::string& by,
                                            unsigned threads) {
  const detail::replayer made{net};
  const journey_set whole = detail::whole_journeys(journeys);
  const detail::item_source items = detail::items_of(whole, by, false);
  return count_in_slices(whole.customers(), worker_count(threads), 4096, [&](index_range range) {
    // Equal traces are replayed once.
    detail::sequence_index traces;
    std::vector<std::uint64_t> times;
    std::vector<std::uint32_t> trace;
    for (std::uint64_t index = whole.customer_offsets()[range.begin]; index < whole.customer_offsets()[range.end];
         ++index) {
      const journey piece = whole[index];
      if (!piece.settled) {
        continue;
      }
      trace.clear();
      items.for_each(piece, [&](std::uint32_t code, std::uint64_t) { trace.push_back(code); });
      const std::size_t found = traces.intern(trace);
      if (found == times.size()) {
        times.push_back(0);
      }
      ++times[found];
    }
    replay_counts counts;
    std::vector<std::string_view> names;
    for (std::size_t at = 0; at < times.size(); ++at) {
      names.clear();
      for (const std::uint32_t code : traces[at]) {
        names.push_back((*items.names)[code]);
      }
      counts += detail::times_over(made.run(names), times[at]);
    }
    return counts;
  });
}

KLANTREIS_INLINE table replay_table(const replay_counts& counts) {
  table result{
      "Traces replayed on a net. produced, consumed: tokens put and taken, the one at the beginning and the one at the "
      "end among them; missing: tokens that a step needed and did not find; remaining: tokens left over; skipped: "
      "steps "
      "that the net does not know; fitting: traces without missing and remaining tokens; fitness: half of 1 - missing "
      "/ "
      "consumed and half of 1 - remaining / produced."};
  const auto put = [&](const char* name, std::uint64_t value) {
    result.add(name, std::vector<std::int64_t>{static_cast<std::int64_t>(value)}, quantity::count);
  };
  put("traces", counts.traces);
  put("fitting", counts.fitting);
  put("produced", counts.produced);
  put("consumed", counts.consumed);
  put("missing", counts.missing);
  put("remaining", counts.remaining);
  put("skipped", counts.skipped);
  result.add("fitness", std::vector<double>{counts.fitness()});
  return result;
}

}  // namespace klantreis
