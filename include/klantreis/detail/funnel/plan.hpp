// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "klantreis/detail/funnel/clickhouse_matchers.hpp"
#include "klantreis/detail/funnel/feed.hpp"
#include "klantreis/detail/funnel/match.hpp"
#include "klantreis/detail/funnel/other_matchers.hpp"
#include "klantreis/detail/funnel/own_matchers.hpp"
#include "klantreis/detail/funnel/posthog_matchers.hpp"
#include "klantreis/detail/option_text.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/funnel/count.hpp"

namespace klantreis::detail {

using any_matcher = std::variant<chain_matcher, any_order_matcher, open_matcher, window_funnel_matcher<false>,
                                 window_funnel_matcher<true>, strict_once_matcher<false>, strict_once_matcher<true>,
                                 posthog_matcher<false>, posthog_matcher<true>, posthog_unordered_matcher,
                                 retentioneering_matcher, umami_matcher>;

[[nodiscard]] inline any_matcher clickhouse_matcher(const match_rules& rules, const clickhouse_dialect& modes) {
  if (modes.strict_once) {
    return modes.strict_order ? any_matcher{strict_once_matcher<true>{rules, modes}}
                              : any_matcher{strict_once_matcher<false>{rules, modes}};
  }
  return modes.strict_order ? any_matcher{window_funnel_matcher<true>{rules, modes}}
                            : any_matcher{window_funnel_matcher<false>{rules, modes}};
}

[[nodiscard]] inline std::string funnel_text(const std::vector<funnel_step>& steps) {
  std::string text;
  for (const funnel_step& step : steps) {
    text += (text.empty() ? "" : " > ") + step.label();
  }
  return text;
}

/// A funnel made ready for one log: what is checked and looked up once.
struct funnel_plan {
  event_log log;
  const journey_set* journeys = nullptr;
  std::vector<funnel_step> steps;
  funnel_options options;
  event_matcher matcher;
  match_rules rules;
  bool is_cut = false;  ///< events after `until` are left out
  std::int64_t until = 0;
  bool is_timed = false;
  bool needs_all_events = false;

  funnel_plan(const event_log& log_, const journey_set* journeys_, const std::vector<funnel_step>& steps_,
              const funnel_options& options_)
      : log(log_), journeys(journeys_), steps(steps_), options(options_) {
    check();
    matcher = event_matcher{log, steps, options.exclude, options.by, options.require_known};
    is_timed = log.has_times();
    is_cut = journeys != nullptr && journeys->options().observed_until && is_timed;
    until = is_cut ? journeys->observed_until_ticks() : log.last_time();
    make_rules();
    needs_all_events =
        std::visit([](const auto& one) { return std::decay_t<decltype(one)>::needs_all_events; }, make_matcher()) ||
        rules.directly != 0;
  }

  /// A matcher of its own for each thread.
  [[nodiscard]] any_matcher make_matcher() const {
    return std::visit(
        [&](const auto& dialect) -> any_matcher {
          using type = std::decay_t<decltype(dialect)>;
          if constexpr (std::is_same_v<type, clickhouse_dialect>) {
            return clickhouse_matcher(rules, dialect);
          } else if constexpr (std::is_same_v<type, posthog_dialect>) {
            switch (dialect.order) {
              case posthog_dialect::order_type::strict:
                return posthog_matcher<true>{rules};
              case posthog_dialect::order_type::unordered:
                return posthog_unordered_matcher{rules};
              case posthog_dialect::order_type::ordered:
                break;
            }
            return posthog_matcher<false>{rules};
          } else if constexpr (std::is_same_v<type, retentioneering_dialect>) {
            if (dialect.kind == retentioneering_dialect::kind_type::open) {
              return open_matcher{rules};
            }
            return retentioneering_matcher{rules, dialect.kind};
          } else if constexpr (std::is_same_v<type, ga4_dialect>) {
            return dialect.open ? any_matcher{open_matcher{rules}} : any_matcher{chain_matcher{rules}};
          } else if constexpr (std::is_same_v<type, plausible_dialect>) {
            return clickhouse_matcher(rules, {.strict_order = dialect.strict});
          } else if constexpr (std::is_same_v<type, umami_dialect>) {
            return umami_matcher{rules};
          } else {
            switch (options.order) {
              case funnel_order::any:
                return any_order_matcher{rules};
              case funnel_order::open:
                return open_matcher{rules};
              case funnel_order::ordered:
              case funnel_order::strict:
                break;
            }
            return chain_matcher{rules};
          }
        },
        options.dialect);
  }

  [[nodiscard]] bool is_own() const noexcept { return std::holds_alternative<own_dialect>(options.dialect); }
  [[nodiscard]] bool counts_steps_done() const noexcept {
    const auto* posthog = std::get_if<posthog_dialect>(&options.dialect);
    return (is_own() && options.order == funnel_order::any) ||
           (posthog != nullptr && posthog->order == posthog_dialect::order_type::unordered);
  }
  /// Each step by itself: a later step may be reached without the one before.
  [[nodiscard]] bool is_open() const noexcept {
    const auto* ga4 = std::get_if<ga4_dialect>(&options.dialect);
    const auto* retentioneering = std::get_if<retentioneering_dialect>(&options.dialect);
    return (is_own() && options.order == funnel_order::open) || (ga4 != nullptr && ga4->open) ||
           (retentioneering != nullptr && retentioneering->kind == retentioneering_dialect::kind_type::open);
  }
  /// The default definition on one column of labels.
  [[nodiscard]] bool is_plain() const noexcept {
    return is_own() && options.order == funnel_order::ordered && options.repeats == step_repeats::distinct &&
           !rules.earliest && rules.step_windows.empty() && options.exclude.empty() && rules.optional == 0 &&
           matcher.is_one_table();
  }
  [[nodiscard]] std::size_t next_required(std::size_t step) const noexcept {
    for (std::size_t next = step + 1; next < steps.size(); ++next) {
      if ((rules.optional >> next & 1U) == 0) {
        return next;
      }
    }
    return steps.size();
  }
  /// What stands in the column `label`.
  [[nodiscard]] std::string label(std::size_t step) const {
    return counts_steps_done() ? std::to_string(step + 1) + (step == 0 ? " step" : " steps") : steps[step].label();
  }

  /// The events of a customer that count.
  [[nodiscard]] index_range events_of(std::size_t customer) const {
    const auto begin = static_cast<std::size_t>(log.offsets()[customer]);
    auto end = static_cast<std::size_t>(log.offsets()[customer + 1]);
    while (is_cut && end > begin && log.times()[end - 1] > until) {
      --end;
    }
    return {begin, end};
  }

  /// Calls `use(begin, end)` for each unit of a customer.
  template <typename Use>
  void for_each_unit(std::size_t customer, Use&& use) const {
    if (options.unit == funnel_unit::customer) {
      const index_range range = events_of(customer);
      if (range.begin != range.end) {
        use(range.begin, range.end);
      }
      return;
    }
    for (auto j = journeys->customer_offsets()[customer]; j < journeys->customer_offsets()[customer + 1]; ++j) {
      const journey one = (*journeys)[static_cast<std::size_t>(j)];
      use(static_cast<std::size_t>(one.begin), static_cast<std::size_t>(one.end));
    }
  }

  [[nodiscard]] option_list option_texts() const;
  [[nodiscard]] std::string definition() const;

 private:
  void check() const;
  void make_rules();
};

/// Follows one unit at a time.
class unit_follower {
 public:
  explicit unit_follower(const funnel_plan& plan) : plan_(&plan), matcher_(plan.make_matcher()) {}

  const funnel_match& follow(std::size_t begin, std::size_t end, const feed_filter& filter = {}) {
    feed(begin, end, filter);
    found_.clear(plan_->steps.size());
    std::visit([&](auto& matcher) { matcher.match(events_, found_); }, matcher_);
    return found_;
  }

  /// The events that were fed last.
  [[nodiscard]] std::span<const fed_event> events() const noexcept { return events_; }

 private:
  void feed(std::size_t begin, std::size_t end, const feed_filter& filter) {
    events_.clear();
    const auto times = plan_->log.times();
    const bool whole_seconds = std::holds_alternative<plausible_dialect>(plan_->options.dialect);
    for (std::size_t event = begin; event < end; ++event) {
      if (!filter.codes.empty() && filter.codes[event] != filter.code) {
        continue;
      }
      event_bits bits = plan_->matcher.bits(event);
      std::int64_t time = plan_->is_timed ? times[event] : static_cast<std::int64_t>(event);
      if (time < filter.entry_from || time >= filter.entry_before) {
        bits.steps &= ~std::uint64_t{1};
      }
      if ((bits.steps | bits.excluded) == 0 && !plan_->needs_all_events) {
        continue;
      }
      if (whole_seconds && plan_->is_timed) {
        const std::int64_t ticks = plan_->log.ticks_per_second();
        time -= (time % ticks + ticks) % ticks;
      }
      events_.push_back({time, bits.steps, bits.excluded, event});
    }
  }

  const funnel_plan* plan_;
  any_matcher matcher_;
  std::vector<fed_event> events_;
  funnel_match found_;
};

inline void funnel_plan::check() const {
  if (steps.empty()) {
    throw input_error("the funnel has no steps; name at least one touchpoint");
  }
  const dialect_entry& entry = entry_of(options.dialect);
  const std::size_t most = (std::min)(entry.most_steps, max_funnel_steps);
  if (steps.size() > most) {
    throw limit_error("the funnel has " + std::to_string(steps.size()) + " steps; at most " + std::to_string(most) +
                      " are possible" + (is_own() ? std::string{} : " in " + quoted(entry.name)));
  }
  for (std::size_t step = 0; step < steps.size(); ++step) {
    if (steps[step].names.empty() && steps[step].conditions.empty()) {
      throw input_error("step " + std::to_string(step + 1) + " of the funnel names no " + options.by);
    }
  }
  const auto refuse = [&](bool given, bool taken, const char* what) {
    if (given && !taken) {
      throw input_error("the dialect " + quoted(entry.name) + " has no " + what + "; leave it out");
    }
  };
  refuse(options.window.has_value(), entry.takes_window,
         std::holds_alternative<plausible_dialect>(options.dialect) ? "window to choose: it is always 24 hours"
                                                                    : "window");
  refuse(!options.step_windows.empty(), entry.takes_step_windows, "windows from step to step");
  refuse(!options.exclude.empty(), entry.takes_exclusions, "excluded events");
  refuse(!options.optional_steps.empty(), entry.takes_optional, "optional steps");
  if (!is_own()) {
    refuse(options.order != funnel_order::ordered, false, "order to choose: its modes say it");
    refuse(options.repeats != step_repeats::distinct, false, "repeats to choose");
  }
  const auto* posthog = std::get_if<posthog_dialect>(&options.dialect);
  const bool is_unordered = posthog != nullptr && posthog->order == posthog_dialect::order_type::unordered;
  const bool is_sequence =
      is_own() ? options.order == funnel_order::ordered || options.order == funnel_order::strict : !is_unordered;
  if (!is_sequence && !options.optional_steps.empty()) {
    throw input_error("optional steps need an order; this funnel has none");
  }
  if (is_own() && !is_sequence && (!options.exclude.empty() || !options.step_windows.empty())) {
    throw input_error("excluded events and windows from step to step need an order; this funnel has none");
  }
  if (is_own() && options.order == funnel_order::strict && !options.optional_steps.empty()) {
    throw input_error("a strict funnel has no optional steps: each step directly follows the one before");
  }
  if (is_own() && options.order == funnel_order::open && options.window) {
    throw input_error("an open funnel has no window: each step counts by itself; leave the window out");
  }
  if (options.entry == funnel_entry::earliest &&
      (!is_own() || options.order != funnel_order::ordered || options.repeats != step_repeats::distinct ||
       !options.step_windows.empty() || !options.exclude.empty() || !options.optional_steps.empty())) {
    throw input_error(
        "the earliest entry can be shown of an ordered funnel without further options only; leave entry out");
  }
  const bool windows_asked =
      options.window.has_value() || std::any_of(options.step_windows.begin(), options.step_windows.end(),
                                                [](const auto& w) { return w.has_value(); });
  if (windows_asked && !log.has_times()) {
    throw input_error(
        "a funnel window needs times and this log has none; leave the window out, then the order decides");
  }
  if (std::holds_alternative<plausible_dialect>(options.dialect) && !log.has_times()) {
    throw input_error("the dialect 'plausible' has a window of 24 hours, which needs times; this log has none");
  }
  if (options.step_windows.size() > 1 && options.step_windows.size() + 1 != steps.size()) {
    throw input_error(std::to_string(options.step_windows.size()) + " windows from step to step for " +
                      std::to_string(steps.size()) + " steps; give one for all, or one for each step but the first");
  }
  for (const std::size_t step : options.optional_steps) {
    if (step < 2 || step > steps.size()) {
      throw input_error("optional step " + std::to_string(step) + " is none of the steps 2 to " +
                        std::to_string(steps.size()) + "; the first step is where the funnel is entered");
    }
  }
  for (std::size_t i = 0; i < options.exclude.size(); ++i) {
    const funnel_exclusion& exclusion = options.exclude[i];
    const std::size_t last = exclusion.before == 0 ? steps.size() : exclusion.before;
    if (exclusion.after < 1 || exclusion.after >= last || last > steps.size()) {
      throw input_error("exclusion " + std::to_string(i + 1) + " of the funnel stands between step " +
                        std::to_string(exclusion.after) + " and step " + std::to_string(last) + "; give two of its " +
                        std::to_string(steps.size()) + " steps, the earlier one first");
    }
    if (is_unordered && (exclusion.after != 1 || last != steps.size())) {
      throw input_error("the unordered funnel of 'posthog' takes exclusions over the whole funnel only");
    }
  }
  if (options.unit == funnel_unit::journey && journeys == nullptr) {
    throw input_error("a funnel by journey needs journeys; cut the log into journeys first");
  }
}

inline void funnel_plan::make_rules() {
  const std::int64_t ticks = log.ticks_per_second();
  rules.steps = steps.size();
  rules.ticks_per_second = ticks;
  rules.reuse = options.repeats == step_repeats::reuse;
  rules.earliest = options.entry == funnel_entry::earliest;
  if (options.window) {
    rules.window = static_cast<std::uint64_t>(to_ticks(*options.window, ticks, "the window of the funnel"));
  }
  if (std::holds_alternative<plausible_dialect>(options.dialect)) {
    rules.window = static_cast<std::uint64_t>(to_ticks(std::chrono::hours{24}, ticks, "the window of the funnel"));
  }
  if (!options.step_windows.empty()) {
    rules.step_windows.assign(steps.size(), no_limit);
    for (std::size_t step = 1; step < steps.size(); ++step) {
      const auto& given = options.step_windows[options.step_windows.size() == 1 ? 0 : step - 1];
      if (given) {
        rules.step_windows[step] =
            static_cast<std::uint64_t>(to_ticks(*given, ticks, "the window to step " + std::to_string(step + 1)));
      }
    }
  }
  for (const std::size_t step : options.optional_steps) {
    rules.optional |= std::uint64_t{1} << (step - 1);
  }
  const auto* ga4 = std::get_if<ga4_dialect>(&options.dialect);
  if ((is_own() && options.order == funnel_order::strict) || (ga4 != nullptr && ga4->directly)) {
    rules.directly = first_bits(steps.size());
  }
}

inline option_list funnel_plan::option_texts() const {
  constexpr std::array<const char*, 4> orders{"ordered", "strict", "any", "open"};
  option_list texts{{"by", options.by},
                    {"window", options.window ? duration_option(*options.window) : "none"},
                    {"times", is_timed ? "yes" : "no"},
                    {"observed_until", is_cut ? instant_option(*journeys->options().observed_until) : "last event"},
                    {"dialect", to_text(options.dialect)},
                    {"unit", options.unit == funnel_unit::customer ? "customer" : "journey"}};
  if (is_own()) {
    texts.emplace_back("order", orders[static_cast<std::size_t>(options.order)]);
    texts.emplace_back("repeats", rules.reuse ? "reuse" : "distinct");
    texts.emplace_back("entry", rules.earliest ? "earliest" : "latest");
  }
  std::string windows;
  for (const auto& window : options.step_windows) {
    windows += (windows.empty() ? "" : ", ") + (window ? duration_option(*window) : std::string{"none"});
  }
  std::string excluded;
  for (const funnel_exclusion& exclusion : options.exclude) {
    excluded += (excluded.empty() ? "" : ", ") + exclusion.what.label() + " between " +
                std::to_string(exclusion.after) + " and " +
                std::to_string(exclusion.before == 0 ? steps.size() : exclusion.before);
  }
  std::string optional;
  for (const std::size_t step : options.optional_steps) {
    optional += (optional.empty() ? "" : ", ") + std::to_string(step);
  }
  texts.emplace_back("step_window", windows.empty() ? "none" : windows);
  texts.emplace_back("exclude", excluded.empty() ? "none" : excluded);
  texts.emplace_back("optional", optional.empty() ? "none" : optional);
  if (options.unit == funnel_unit::journey) {
    for (auto& [name, value] : cut_options(*journeys)) {
      if (name != "observed_until") {
        texts.emplace_back(name, std::move(value));
      }
    }
  } else {
    add_preparation(texts, log);
  }
  return texts;
}

inline std::string funnel_plan::definition() const {
  const std::string unit = options.unit == funnel_unit::customer ? "customer" : "journey";
  std::string text;
  if (!is_own()) {
    text = std::string{entry_of(options.dialect).definition};
  } else if (options.order == funnel_order::any) {
    text = "A " + unit + " reaches step k with k different steps done, in whatever order" +
           (rules.reuse ? ", one event for several steps if it matches them" : ", each by an event of its own");
  } else if (options.order == funnel_order::open) {
    text = "A " + unit + " reaches a step with any event that matches it, each step by itself";
  } else {
    text = "A " + unit + " reaches step k with " + (rules.reuse ? "" : "k different ") +
           "events that match steps 1 to k " +
           (rules.directly != 0 ? "directly one after the other" : "in the order of the log");
  }
  const bool restarts = std::holds_alternative<umami_dialect>(options.dialect);
  if (options.window && !restarts) {
    text += ", the last at most the window after the first (inclusive)";
  }
  if (!options.step_windows.empty()) {
    text += ", each at most its own window after the one before (inclusive)";
  }
  if (is_own() && !options.exclude.empty()) {
    text += ", with no excluded event between the steps it is excluded from";
  }
  if (!options.optional_steps.empty()) {
    text += "; optional steps may be passed over";
  }
  return "How far customers come. " + text +
         (options.unit == funnel_unit::customer ? "; all events of the customer count, open journeys too."
                                                : "; each journey counts by itself, open ones too.");
}

}  // namespace klantreis::detail
