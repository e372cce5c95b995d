// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "klantreis/detail/improve/fitted_chain.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/improve/scenario.hpp"

namespace klantreis::detail {

/// Outcomes keep their number when an item is added.
inline constexpr std::uint32_t edited_goal = 0xFFFF'FFFEU;
inline constexpr std::uint32_t edited_null = 0xFFFF'FFFFU;

/// A chain that edits change: probabilities, what a visit's conversion pays, how long a visit takes, and how many
/// journeys there are for each one observed.
struct edited_chain {
  using row = std::map<std::uint32_t, double>;

  std::vector<std::string> names = {};
  std::vector<row> rows = {};
  std::vector<double> paid = {};
  std::vector<double> seconds = {};
  double volume = 1.0;
  double mean_value = 0.0;  ///< of a conversion

  explicit edited_chain(const fitted_chain& fitted)
      : rows(fitted.counts().size()), paid(fitted.paid()), seconds(fitted.seconds()) {
    const order_chain& counts = fitted.counts();
    double conversions = 0.0;
    double value = 0.0;
    for (std::uint32_t i = 0; i < counts.size(); ++i) {
      names.push_back(fitted.name(i));
      const double visits = counts.visits()[i];
      for (std::uint64_t edge = counts.edge_offsets()[i]; edge < counts.edge_offsets()[i + 1]; ++edge) {
        rows[i][counts.targets()[edge]] = counts.weights()[edge] / visits;
      }
      if (counts.conversions()[i] > 0.0) {
        rows[i][edited_goal] = counts.conversions()[i] / visits;
      }
      if (counts.nulls()[i] > 0.0) {
        rows[i][edited_null] = counts.nulls()[i] / visits;
      }
      conversions += counts.conversions()[i];
      value += counts.values()[i];
    }
    mean_value = conversions > 0.0 ? value / conversions : 0.0;
    seconds.resize(rows.size());
  }

  [[nodiscard]] double at(std::uint32_t from, std::uint32_t to) const {
    const auto found = rows[from].find(to);
    return found == rows[from].end() ? 0.0 : found->second;
  }

  /// What one more conversion at `from` brings.
  [[nodiscard]] double value_of_conversion(std::uint32_t from) const {
    const double converts = at(from, edited_goal);
    return converts > 0.0 ? paid[from] / converts : mean_value;
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(rows.size()); }

  /// \throws input_error when customers would stay somewhere for ever.
  [[nodiscard]] absorbing_chain solvable() const {
    std::vector<absorbing_chain::transition> steps;
    for (std::uint32_t i = 0; i < size(); ++i) {
      for (const auto& [j, p] : rows[i]) {
        steps.push_back({i, j == edited_goal ? size() : j == edited_null ? size() + 1 : j, p});
      }
    }
    return absorbing_chain::from_probabilities(names, {std::string{conversion_state}, std::string{null_state}}, steps);
  }
};

/// The derivative of a number by everything in a chain that edits change.
struct chain_slope {
  std::vector<edited_chain::row> rows = {};
  std::vector<double> paid = {};
  std::vector<double> seconds = {};
  double volume = 0.0;

  explicit chain_slope(const edited_chain& chain)
      : rows(chain.rows.size()), paid(chain.rows.size()), seconds(chain.rows.size()) {}

  [[nodiscard]] double at(std::uint32_t from, std::uint32_t to) const {
    const auto found = rows[from].find(to);
    return found == rows[from].end() ? 0.0 : found->second;
  }
};

/// An edit with its items found.
struct resolved_edit {
  journey_edit::kind what = journey_edit::kind::move;
  std::uint32_t item = 0;
  std::uint32_t to = edited_null;
  bool has_to = false;
  double amount = 0.0;
  std::string name = {};
  double success = 1.0;
};

/// Applies edits, and pulls derivatives back through them.
///
/// Each edit is a differentiable map from one chain to the next. `pull` turns the derivative by the chain after it into
/// that by the chain before it, so that after all of them it is the derivative by what was counted (reverse mode of
/// the chain rule).
class chain_edit {
 public:
  using kind = journey_edit::kind;
  using state = std::uint32_t;

  chain_edit(const journey_edit& edit, const edited_chain& chain) : edit_(resolve(edit, chain)) {}

  /// Returns true when the edit was capped.
  bool apply(edited_chain& chain) const {
    const state i = edit_.item;
    switch (edit_.what) {
      case kind::move:
        return move_from_null(chain, i, edit_.to, edit_.amount);
      case kind::remove:
        if (edit_.has_to) {
          redirect(chain, i, edit_.to);
        } else {
          for (state k = 0; k < chain.size(); ++k) {
            redirect(chain, k, i);
          }
        }
        return false;
      case kind::bypass:
        bypass(chain, i);
        return false;
      case kind::clear: {
        const double leaves = chain.at(i, edited_null);
        chain.rows[i].erase(edited_null);
        scale(chain, i, 1.0 / (1.0 - leaves), edited_null);
        return false;
      }
      case kind::strengthen:
      case kind::attract: {
        bool capped = false;
        for (const state k : rows_that_change(chain)) {
          const shift s = shift_of(chain, k);
          capped = capped || s.capped;
          change_share(chain, k, target(), s);
        }
        return capped;
      }
      case kind::insert: {
        const auto added = chain.size();
        chain.names.push_back(edit_.name);
        chain.rows.emplace_back();
        chain.paid.push_back(edit_.to == edited_goal ? edit_.success * chain.mean_value : 0.0);
        chain.seconds.push_back(0.0);
        if (edit_.success > 0.0) {
          chain.rows[added][edit_.to] += edit_.success;
        }
        if (edit_.success < 1.0) {
          chain.rows[added][edited_null] += 1.0 - edit_.success;
        }
        return move_from_null(chain, i, added, edit_.amount);
      }
      case kind::volume: {
        const shift s = shift_of(chain, 0);
        chain.volume /= s.rest;
        change_share(chain, 0, i, s);
        return false;
      }
    }
    return false;
  }

  /// `slope` is the derivative by the chain after the edit, and becomes that by `before`.
  void pull(const edited_chain& before, chain_slope& slope) const {
    const state i = edit_.item;
    switch (edit_.what) {
      case kind::move:
        pull_move(before, slope, i, edit_.to, edit_.amount);
        break;
      case kind::remove:
        if (edit_.has_to) {
          pull_redirect(before, slope, i, edit_.to);
        } else {
          for (state k = 0; k < before.size(); ++k) {
            pull_redirect(before, slope, k, i);
          }
        }
        break;
      case kind::bypass:
        pull_bypass(before, slope, i);
        break;
      case kind::clear:
        pull_clear(before, slope, i);
        break;
      case kind::strengthen:
      case kind::attract:
        for (const state k : rows_that_change(before)) {
          pull_share(before, slope, k, target(), shift_of(before, k));
        }
        break;
      case kind::insert:
        pull_move(before, slope, i, before.size(), edit_.amount);
        slope.rows.pop_back();
        slope.paid.pop_back();
        slope.seconds.pop_back();
        break;
      case kind::volume: {
        const shift s = shift_of(before, 0);
        pull_share(before, slope, 0, i, s);
        slope.rows[0][i] += slope.volume * before.volume * edit_.amount;
        slope.volume /= s.rest;
        break;
      }
    }
  }

 private:
  /// A row in which one share becomes `share` and the others are multiplied by `rest`, with their derivatives by it.
  struct shift {
    double share = 0.0;
    double share_slope = 0.0;
    double rest = 1.0;
    double rest_slope = 0.0;
    bool capped = false;
  };

  [[nodiscard]] state target() const noexcept { return edit_.what == kind::strengthen ? edit_.to : edit_.item; }

  [[nodiscard]] std::vector<state> rows_that_change(const edited_chain& chain) const {
    if (edit_.what == kind::strengthen) {
      return {edit_.item};
    }
    std::vector<state> found;
    for (state k = 0; k < chain.size(); ++k) {
      if (k != edit_.item && chain.at(k, edit_.item) > 0.0) {
        found.push_back(k);
      }
    }
    return found;
  }

  [[nodiscard]] shift shift_of(const edited_chain& chain, state row) const {
    const double a = edit_.amount;
    if (edit_.what == kind::volume) {
      const double p = chain.at(row, edit_.item);
      const double all = 1.0 + a * p;
      return {(1.0 + a) * p / all, (1.0 + a) / (all * all), 1.0 / all, -a / (all * all), false};
    }
    const double p = chain.at(row, target());
    const bool relative = edit_.what == kind::attract;
    const double wanted = relative ? (1.0 + a) * p : p + a;
    if (wanted >= 1.0 || p >= 1.0) {
      return {1.0, 0.0, 0.0, 0.0, wanted != 1.0};
    }
    if (wanted <= 0.0) {
      return {0.0, 0.0, 1.0 / (1.0 - p), 1.0 / ((1.0 - p) * (1.0 - p)), wanted < 0.0};
    }
    return {wanted, relative ? 1.0 + a : 1.0, (1.0 - wanted) / (1.0 - p), -a / ((1.0 - p) * (1.0 - p)), false};
  }

  static void scale(edited_chain& chain, state row, double factor, state but) {
    for (auto& [to, p] : chain.rows[row]) {
      p *= to == but ? 1.0 : factor;
    }
    chain.paid[row] *= but == edited_goal ? 1.0 : factor;
  }

  static void change_share(edited_chain& chain, state row, state to, const shift& s) {
    if (to == edited_goal) {
      chain.paid[row] += (s.share - chain.at(row, to)) * chain.value_of_conversion(row);
    }
    scale(chain, row, s.rest, to);
    chain.rows[row][to] = s.share;
    std::erase_if(chain.rows[row], [](const auto& entry) { return entry.second == 0.0; });
  }

  static void pull_share(const edited_chain& before, chain_slope& slope, state row, state to, const shift& s) {
    double by_rest = 0.0;
    edited_chain::row found;
    for (const auto& [l, p] : before.rows[row]) {
      if (l != to) {
        by_rest += slope.at(row, l) * p;
        found[l] = slope.at(row, l) * s.rest;
      }
    }
    double by_share = slope.at(row, to);
    if (to == edited_goal) {
      pull_conversion_value(before, slope, row, s.share - before.at(row, to), by_share, found);
    } else {
      by_rest += slope.paid[row] * before.paid[row];
      slope.paid[row] *= s.rest;
    }
    found[to] += by_share * s.share_slope + by_rest * s.rest_slope;
    slope.rows[row] = std::move(found);
  }

  // paid' = paid + more · paid / p, where p is the probability of a conversion before. `more` also moves with what was
  // changed: `by_more` gets the value of a conversion for it.
  static void pull_conversion_value(const edited_chain& before, chain_slope& slope, state row, double more,
                                    double& by_more, edited_chain::row& found) {
    const double p = before.at(row, edited_goal);
    const double by_paid = slope.paid[row];
    if (p > 0.0) {
      // With share' = p + more, paid' = paid · share' / p.
      found[edited_goal] -= by_paid * before.paid[row] * (p + more) / (p * p);
      slope.paid[row] = by_paid * (p + more) / p;
    }
    by_more += by_paid * before.value_of_conversion(row);
  }

  static bool move_from_null(edited_chain& chain, state from, state to, double amount) {
    const double available = chain.at(from, edited_null);
    const double moved = (std::min)(amount, available);
    if (moved > 0.0) {
      if (to == edited_goal) {
        chain.paid[from] += moved * chain.value_of_conversion(from);
      }
      chain.rows[from][to] += moved;
      if (amount >= available) {
        chain.rows[from].erase(edited_null);
      } else {
        chain.rows[from][edited_null] -= moved;
      }
    }
    return amount > available;
  }

  static void pull_move(const edited_chain& before, chain_slope& slope, state from, state to, double amount) {
    const double available = before.at(from, edited_null);
    if (available == 0.0) {
      return;
    }
    const bool all = amount >= available;
    double by_moved = slope.at(from, to);
    if (to == edited_goal) {
      edited_chain::row more;
      const double p = before.at(from, edited_goal);
      const double moved = (std::min)(amount, available);
      if (p > 0.0) {
        // paid' = paid · (p + moved) / p
        slope.rows[from][edited_goal] -= slope.paid[from] * before.paid[from] * moved / (p * p);
      }
      by_moved += slope.paid[from] * before.value_of_conversion(from);
      if (p > 0.0) {
        slope.paid[from] *= (p + moved) / p;
      }
    }
    if (all) {
      slope.rows[from][edited_null] = by_moved;
    }
    if (before.at(from, to) == 0.0) {
      slope.rows[from].erase(to);
    }
  }

  static void redirect(edited_chain& chain, state from, state to) {
    const auto taken = chain.rows[from].extract(to);
    if (!taken.empty()) {
      chain.rows[from][edited_null] += taken.mapped();
      chain.paid[from] = to == edited_goal ? 0.0 : chain.paid[from];
    }
  }

  static void pull_redirect(const edited_chain& before, chain_slope& slope, state from, state to) {
    if (before.at(from, to) > 0.0) {
      slope.rows[from][to] = slope.at(from, edited_null);
      slope.paid[from] = to == edited_goal ? 0.0 : slope.paid[from];
      if (before.at(from, edited_null) == 0.0) {
        slope.rows[from].erase(edited_null);
      }
    }
  }

  static void bypass(edited_chain& chain, state item) {
    const double onward = 1.0 - chain.at(item, item);
    for (state k = 0; k < chain.size(); ++k) {
      if (k == item) {
        continue;
      }
      const auto into = chain.rows[k].extract(item);
      if (!into.empty()) {
        for (const auto& [next, p] : chain.rows[item]) {
          if (next != item) {
            chain.rows[k][next] += into.mapped() * p / onward;
          }
        }
        chain.paid[k] += into.mapped() * chain.paid[item] / onward;
      }
    }
  }

  static void pull_bypass(const edited_chain& before, chain_slope& slope, state item) {
    const double onward = 1.0 - before.at(item, item);
    for (state k = 0; k < before.size(); ++k) {
      const double into = k == item ? 0.0 : before.at(k, item);
      if (into == 0.0) {
        continue;
      }
      double by_into = slope.paid[k] * before.paid[item];
      for (const auto& [next, p] : before.rows[item]) {
        if (next != item) {
          by_into += slope.at(k, next) * p;
          slope.rows[item][next] += slope.at(k, next) * into / onward;
        }
      }
      slope.paid[item] += slope.paid[k] * into / onward;
      slope.rows[k][item] = by_into / onward;
      slope.rows[item][item] += by_into * into / (onward * onward);
    }
    for (state k = 0; k < before.size(); ++k) {
      std::erase_if(slope.rows[k], [&](const auto& entry) { return before.at(k, entry.first) == 0.0; });
    }
  }

  static void pull_clear(const edited_chain& before, chain_slope& slope, state item) {
    const double leaves = before.at(item, edited_null);
    if (leaves == 0.0) {
      return;
    }
    const double factor = 1.0 / (1.0 - leaves);
    double by_factor = slope.paid[item] * before.paid[item];
    for (const auto& [to, p] : before.rows[item]) {
      if (to != edited_null) {
        by_factor += slope.at(item, to) * p;
        slope.rows[item][to] = slope.at(item, to) * factor;
      }
    }
    slope.paid[item] *= factor;
    slope.rows[item][edited_null] = by_factor * factor * factor;
  }

  [[nodiscard]] static state state_of(const std::string& item, const edited_chain& chain) {
    for (state i = 1; i < chain.size(); ++i) {
      if (chain.names[i] == item) {
        return i;
      }
    }
    const std::vector<std::string> items(chain.names.begin() + 1, chain.names.end());
    const auto similar = similar_names(item, items);
    throw input_error("no settled journey visits " + quoted(item) +
                      (similar.empty() ? "; name an item of the paths" : "; did you mean " + quoted(similar[0]) + "?"));
  }

  [[nodiscard]] static resolved_edit resolve(const journey_edit& edit, const edited_chain& chain) {
    const bool a_transition = edit.what == kind::move || edit.what == kind::strengthen || edit.what == kind::insert ||
                              (edit.what == kind::remove && !edit.to.empty());
    resolved_edit found{.what = edit.what, .amount = edit.amount, .name = edit.name, .success = edit.success};
    found.item = a_transition && edit.item == start_state ? 0 : state_of(edit.item, chain);
    if (a_transition) {
      found.has_to = true;
      found.to = edit.to == conversion_state                              ? edited_goal
                 : edit.to == null_state && edit.what == kind::strengthen ? edited_null
                                                                          : state_of(edit.to, chain);
    }
    check_amount(edit);
    check_possible(edit, found, chain);
    return found;
  }

  static void check_amount(const journey_edit& edit) {
    const auto refuse = [&](const char* remedy) {
      throw input_error("the amount to " + std::string{edit.what == kind::move ? "move" : "change"} + " is " +
                        number_text(edit.amount) + "; it must " + remedy);
    };
    const double a = edit.amount;
    if ((edit.what == kind::move || edit.what == kind::insert) && !(a > 0.0 && a <= 1.0)) {
      refuse("lie between 0 and 1 (0.01 is one percentage point)");
    }
    if (edit.what == kind::strengthen && !(a >= -1.0 && a <= 1.0 && a != 0.0)) {
      refuse("lie between -1 and 1 and not be 0 (0.01 is one percentage point)");
    }
    if ((edit.what == kind::attract || edit.what == kind::volume) && !(a >= -1.0 && a != 0.0 && std::isfinite(a))) {
      refuse("be -1 or more and not be 0 (0.01 is one percent more)");
    }
    if (edit.what == kind::insert && !(edit.success >= 0.0 && edit.success <= 1.0)) {
      throw input_error("the success of " + quoted(edit.name) + " is " + number_text(edit.success) +
                        "; it must lie between 0 and 1");
    }
  }

  static void check_possible(const journey_edit& edit, const resolved_edit& found, const edited_chain& chain) {
    if (edit.what == kind::clear && chain.at(found.item, edited_null) >= 1.0) {
      throw input_error("nobody goes on from " + quoted(edit.item) +
                        ", so it cannot be cleared; move some of those who leave to a next step instead");
    }
    if (edit.what == kind::remove && found.has_to && chain.at(found.item, found.to) == 0.0) {
      throw input_error("nobody goes from " + quoted(edit.item) + " to " + quoted(edit.to) +
                        ", so that transition cannot be removed");
    }
    if (edit.what == kind::strengthen && edit.amount < 0.0 && chain.at(found.item, found.to) >= 1.0) {
      throw input_error("all who are at " + quoted(edit.item) + " go to " + quoted(edit.to) +
                        ", so there is nowhere else for them in proportion; strengthen another transition instead");
    }
    if (edit.what == kind::volume) {
      const double enters = chain.at(0, found.item);
      if (enters == 0.0) {
        throw input_error("no journey enters at " + quoted(edit.item) +
                          ", so its volume cannot change; strengthen the transition from (start) instead");
      }
      if (edit.amount == -1.0 && enters >= 1.0) {
        throw input_error("every journey enters at " + quoted(edit.item) + ", so none would be left");
      }
    }
    if (edit.what == kind::insert) {
      if (edit.name.empty() || is_reserved_name(edit.name) ||
          std::find(chain.names.begin(), chain.names.end(), edit.name) != chain.names.end()) {
        throw input_error("the name " + quoted(edit.name) +
                          " of a new item is empty, reserved or taken; choose another");
      }
    }
  }

  resolved_edit edit_;
};

[[nodiscard]] inline std::string text_of(const journey_edit& edit) {
  using kind = journey_edit::kind;
  const auto signed_text = [&] { return (edit.amount > 0.0 ? "+" : "") + number_text(edit.amount); };
  switch (edit.what) {
    case kind::move:
      return "move " + number_text(edit.amount) + " at " + edit.item + " from (null) to " + edit.to;
    case kind::remove:
      return "remove " + edit.item + (edit.to.empty() ? "" : " to " + edit.to);
    case kind::bypass:
      return "bypass " + edit.item;
    case kind::clear:
      return "clear " + edit.item;
    case kind::strengthen:
      return "strengthen " + edit.item + " to " + edit.to + " by " + signed_text();
    case kind::attract:
      return "attract to " + edit.item + " " + signed_text() + " of itself";
    case kind::insert:
      return "insert " + edit.name + " for " + number_text(edit.amount) + " at " + edit.item + ", " +
             number_text(edit.success) + " on to " + edit.to;
    case kind::volume:
      return "volume of " + edit.item + " " + signed_text() + " of itself";
  }
  return {};
}

}  // namespace klantreis::detail
