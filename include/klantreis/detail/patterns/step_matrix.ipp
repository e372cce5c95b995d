// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "klantreis/detail/option_text.hpp"
#include "klantreis/detail/visit_rates.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/patterns/step_matrix.hpp"

namespace klantreis {
namespace detail {

struct step_matrix_partial {
  std::uint64_t journeys = 0;
  pair_counts at;
  pair_counts ended;

  step_matrix_partial& operator+=(const step_matrix_partial& other) {
    journeys += other.journeys;
    at += other.at;
    ended += other.ended;
    return *this;
  }
};

}  // namespace detail

KLANTREIS_INLINE step_matrix_counts& step_matrix_counts::operator+=(const step_matrix_counts& other) {
  if (other.steps_ == 0) {
    return *this;
  }
  if (steps_ == 0) {
    return *this = other;
  }
  detail::require_equal_options(options_, other.options_, "step counts");
  if (steps_ != other.steps_) {
    throw input_error("step counts of " + std::to_string(steps_) + " and of " + std::to_string(other.steps_) +
                      " steps do not add up; count both with the same");
  }
  std::vector<std::uint32_t> code_here(other.names_.size());
  for (std::uint32_t code = 0; code < code_here.size(); ++code) {
    code_here[code] = names_.intern(other.names_[code]);
  }
  const auto add = [&](detail::pair_counts& to, const detail::pair_counts& from) {
    from.for_each(
        [&](std::uint32_t step, std::uint32_t code, std::uint64_t times) { to.add(step, code_here[code], times); });
  };
  add(at_, other.at_);
  add(ended_, other.ended_);
  journeys_ += other.journeys_;
  return *this;
}

KLANTREIS_INLINE step_matrix_counts count_steps(const journey_set& journeys, const step_matrix_options& options) {
  if (options.steps == 0) {
    throw input_error("a step matrix of 0 steps has no rows; ask for at least 1");
  }
  if (options.steps > max_matrix_steps) {
    throw limit_error("the step matrix has " + std::to_string(options.steps) + " steps; at most " +
                      std::to_string(max_matrix_steps) + " are possible");
  }
  const detail::item_source items = detail::items_of(journeys, options.by, options.collapse);
  const detail::state_codes states{items.names->size()};
  const auto count = [&](index_range range) {
    detail::step_matrix_partial part;
    for (const std::size_t index : each(range)) {
      journey piece = journeys[index];
      const std::uint32_t goal = piece.settled ? states.of(journeys.end_state_of(piece)) : states.open;
      if (!items.collapse && piece.path_end - piece.begin > options.steps) {
        piece.path_end = piece.begin + options.steps;  // what follows is not shown
      }
      std::size_t step = 0;
      items.for_each(piece, [&](std::uint32_t code, std::uint64_t) {
        if (step < options.steps) {
          part.at.add(static_cast<std::uint32_t>(step), code);
        }
        ++step;
      });
      if (step < options.steps) {
        part.ended.add(static_cast<std::uint32_t>(step), goal);
      }
    }
    part.journeys = range.end - range.begin;
    return part;
  };
  auto total = count_in_slices(journeys.size(), worker_count(options.threads), 4096, count);

  step_matrix_counts counts;
  counts.options_ = detail::cut_options(journeys);
  counts.options_.insert(
      counts.options_.begin(),
      {{"by", options.by}, {"collapse", items.collapse ? "yes" : "no"}, {"steps", std::to_string(options.steps)}});
  counts.names_ = states.with_names(*items.names);
  counts.steps_ = options.steps;
  counts.journeys_ = total.journeys;
  counts.at_ = std::move(total.at);
  counts.ended_ = std::move(total.ended);
  return counts;
}

KLANTREIS_INLINE table step_matrix(const step_matrix_counts& counts) {
  struct cell {
    std::size_t step = 0;
    std::uint32_t code = 0;
    std::uint64_t times = 0;
  };
  std::vector<cell> cells;
  counts.at_.for_each(
      [&](std::uint32_t step, std::uint32_t code, std::uint64_t times) { cells.push_back({step, code, times}); });
  // A journey of k items stands at its end from step k + 1 on.
  std::vector<cell> ends;
  counts.ended_.for_each(
      [&](std::uint32_t items, std::uint32_t code, std::uint64_t times) { ends.push_back({items, code, times}); });
  std::sort(ends.begin(), ends.end(),
            [](const cell& a, const cell& b) { return a.code != b.code ? a.code < b.code : a.step < b.step; });
  for (std::size_t first = 0; first < ends.size();) {
    const std::uint32_t code = ends[first].code;
    std::uint64_t ended = 0;
    for (std::size_t step = ends[first].step; step < counts.steps_; ++step) {
      if (first < ends.size() && ends[first].code == code && ends[first].step == step) {
        ended += ends[first++].times;
      }
      cells.push_back({step, code, ended});
    }
  }
  std::sort(cells.begin(), cells.end(), [&](const cell& a, const cell& b) {
    if (a.step != b.step) {
      return a.step < b.step;
    }
    return a.times != b.times ? a.times > b.times : counts.names_[a.code] < counts.names_[b.code];
  });

  std::vector<std::int64_t> steps;
  std::vector<std::string> labels;
  std::vector<std::int64_t> numbers;
  std::vector<double> shares;
  for (const cell& entry : cells) {
    steps.push_back(static_cast<std::int64_t>(entry.step + 1));
    labels.emplace_back(counts.names_[entry.code]);
    numbers.push_back(static_cast<std::int64_t>(entry.times));
    shares.push_back(static_cast<double>(entry.times) / static_cast<double>(counts.journeys_));
  }
  table result{
      "Where journeys stand at each step. count: journeys whose item at the step is the label; a journey that ended "
      "stays "
      "at its end, an open one at (open); share: of all journeys, open ones too."};
  result.add("step", std::move(steps));
  result.add("label", std::move(labels));
  result.add("count", std::move(numbers), quantity::count);
  result.add("share", std::move(shares), quantity::share);
  for (const auto& [name, value] : counts.options_) {
    result.set_option(name, value);
  }
  return result;
}

KLANTREIS_INLINE table step_matrix(const journey_set& journeys, const step_matrix_options& options) {
  return step_matrix(count_steps(journeys, options));
}

}  // namespace klantreis
