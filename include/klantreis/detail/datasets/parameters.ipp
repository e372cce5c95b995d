// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/datasets.hpp"
#include "klantreis/detail/datasets/webshop_json.hpp"
#include "klantreis/detail/number_text.hpp"
#include "klantreis/map/json_value.hpp"

namespace klantreis {
namespace detail {

/// An object of the parameters with the place where it stands; says what is missing, wrong or unknown.
class parameter_object {
 public:
  parameter_object(const json_value& value, std::string place) : value_(&value), place_(std::move(place)) {
    if (!value.is_object()) {
      fail("is " + std::string{value.type_name()} + "; it must be an object");
    }
  }

  [[nodiscard]] const json_value& get(std::string_view name) {
    asked_.emplace_back(name);
    const auto* found = value_->find(name);
    if (found == nullptr) {
      fail("lacks " + quoted(name));
    }
    return *found;
  }
  [[nodiscard]] const json_value* find(std::string_view name) {
    asked_.emplace_back(name);
    return value_->find(name);
  }
  [[nodiscard]] parameter_object object(std::string_view name) { return {get(name), inside(name)}; }
  [[nodiscard]] const json_value::array_type& array(std::string_view name) {
    const auto& found = get(name);
    if (!found.is_array()) {
      throw input_error(inside(name) + " is " + std::string{found.type_name()} + "; it must be an array");
    }
    return found.array();
  }
  [[nodiscard]] std::string text(std::string_view name) {
    const auto& found = get(name);
    if (!found.is_text()) {
      throw input_error(inside(name) + " is " + std::string{found.type_name()} + "; it must be a text");
    }
    return found.text();
  }
  [[nodiscard]] std::string text_or(std::string_view name, std::string otherwise) {
    return value_->find(name) == nullptr ? (static_cast<void>(find(name)), std::move(otherwise)) : text(name);
  }
  [[nodiscard]] double number(std::string_view name, double least = 0.0, double most = 1e6) {
    return number_of(get(name), inside(name), least, most);
  }
  [[nodiscard]] double number_or(std::string_view name, double otherwise) {
    return value_->find(name) == nullptr ? (static_cast<void>(find(name)), otherwise) : number(name);
  }
  [[nodiscard]] double chance(std::string_view name) { return number(name, 0.0, 1.0); }

  template <std::size_t Size>
  [[nodiscard]] std::array<double, Size> numbers(std::string_view name) {
    const auto& list = array(name);
    if (list.size() != Size) {
      throw input_error(inside(name) + " has " + std::to_string(list.size()) + " numbers; it needs " +
                        std::to_string(Size));
    }
    std::array<double, Size> result{};
    for (std::size_t i = 0; i < Size; ++i) {
      result[i] = number_of(list[i], inside(name) + "[" + std::to_string(i) + "]", 0.0, 1e6);
    }
    return result;
  }

  /// A row of probabilities by name.
  [[nodiscard]] webshop_parameters::row row(std::string_view name) {
    const auto& found = get(name);
    if (!found.is_object()) {
      throw input_error(inside(name) + " is " + std::string{found.type_name()} + "; it must be an object");
    }
    webshop_parameters::row result;
    double sum = 0.0;
    for (const auto& [to, value] : found.object()) {
      result.emplace_back(to, number_of(value, inside(name) + "." + to, 0.0, 1.0));
      sum += result.back().second;
    }
    check_sum(sum, inside(name));
    return result;
  }

  static void check_sum(double sum, const std::string& place) {
    if (std::abs(sum - 1.0) > 1e-9) {
      throw input_error(place + " sums to " + number_text(sum) + "; probabilities must sum to 1");
    }
  }

  /// Throws when the object has members that nobody asked for.
  void done() const {
    for (const auto& member : value_->object()) {
      if (std::find(asked_.begin(), asked_.end(), member.name) == asked_.end()) {
        std::string known;
        for (const auto& name : asked_) {
          known += (known.empty() ? "" : ", ") + name;
        }
        fail("has an unknown member " + quoted(member.name) + "; it may have " + known);
      }
    }
  }

  [[nodiscard]] std::string inside(std::string_view name) const {
    return place_.empty() ? std::string{name} : place_ + "." + std::string{name};
  }
  [[nodiscard]] const json_value& value() const noexcept { return *value_; }

  [[noreturn]] void fail(const std::string& what) const {
    throw input_error((place_.empty() ? std::string{"the file of parameters"} : place_) + " " + what);
  }

 private:
  static double number_of(const json_value& value, const std::string& place, double least, double most) {
    if (!value.is_number()) {
      throw input_error(place + " is " + std::string{value.type_name()} + "; it must be a number");
    }
    if (!(value.number() >= least && value.number() <= most)) {
      throw input_error(place + " is " + number_text(value.number()) + "; it must lie between " + number_text(least) +
                        " and " + number_text(most));
    }
    return value.number();
  }

  const json_value* value_;
  std::string place_;
  std::vector<std::string> asked_;
};

[[nodiscard]] inline instant parse_day(const std::string& text, const std::string& place) {
  const auto number = [&](std::size_t at, std::size_t length) {
    int result = -1;
    const auto* begin = text.data() + at;
    const auto [end, error] = std::from_chars(begin, begin + length, result);
    return error == std::errc{} && end == begin + length ? result : -1;
  };
  if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
    const std::chrono::year_month_day day{std::chrono::year{number(0, 4)},
                                          std::chrono::month{static_cast<unsigned>(number(5, 2))},
                                          std::chrono::day{static_cast<unsigned>(number(8, 2))}};
    if (number(0, 4) >= 0 && day.ok()) {
      return std::chrono::sys_days{day};
    }
  }
  throw input_error(place + " is " + quoted(text) + "; it must be a day such as 2025-01-31");
}

inline void read_aftermath(parameter_object& all, webshop_parameters::aftermath& to) {
  auto after = all.object("after_order");
  auto mail = after.object("status_mail");
  to.mail_chance = mail.chance("chance");
  to.mail_hours = mail.number("hours");
  mail.done();
  auto delivery = after.object("delivery");
  to.delivery_least_days = delivery.number("least_days");
  to.delivery_days = delivery.number("days");
  to.late_after_days = delivery.number("late_after_days");
  delivery.done();
  auto contact = after.object("contact");
  to.contact_on_time = contact.chance("chance_on_time");
  to.contact_late = contact.chance("chance_late");
  to.contact_days = contact.number("days");
  to.wait_seconds = contact.number("wait_seconds");
  to.by_phone = contact.chance("by_phone");
  to.solved = contact.chance("solved");
  to.handed_over = contact.chance("handed_over");
  to.contact_cost = contact.number("cost");
  to.agents = static_cast<std::uint32_t>(contact.number("agents", 1, 60'000));
  contact.done();
  auto nps = after.object("nps");
  to.nps_chance = nps.chance("chance");
  to.nps_days = nps.number("days");
  to.scores_content = nps.numbers<11>("scores_content");
  to.scores_other = nps.numbers<11>("scores_late_or_unsolved");
  for (const auto& [scores, name] :
       {std::pair{&to.scores_content, "scores_content"}, std::pair{&to.scores_other, "scores_late_or_unsolved"}}) {
    double sum = 0.0;
    for (const double score : *scores) {
      sum += score;
    }
    parameter_object::check_sum(sum, nps.inside(name));
  }
  nps.done();
  auto share = after.object("share");
  to.share_promoter = share.chance("chance_promoter");
  to.share_other = share.chance("chance_other");
  to.share_brings = share.chance("brings");
  to.share_hours = share.number("hours");
  share.done();
  auto returns = after.object("returns");
  to.return_content = returns.chance("chance_content");
  to.return_other = returns.chance("chance_late_or_unsolved");
  to.return_least_days = returns.number("least_days");
  to.return_days = returns.number("days");
  returns.done();
  after.done();
  auto none = all.object("after_no_order");
  to.no_order_return = none.chance("chance");
  to.no_order_least_days = none.number("least_days");
  to.no_order_days = none.number("days");
  none.done();
}

[[nodiscard]] inline bool is_outcome(std::string_view name) noexcept { return name == "order" || name == "(null)"; }

/// Names in rows must be touchpoints, and touchpoints that are gone to need rows of their own.
inline void check_names(const webshop_parameters& p) {
  const auto known = [&](std::string_view name) {
    return std::any_of(p.touchpoints.begin(), p.touchpoints.end(), [&](const auto& t) { return t.name == name; });
  };
  const auto has_row = [&](std::string_view name) {
    return std::any_of(p.transitions.begin(), p.transitions.end(), [&](const auto& t) { return t.first == name; });
  };
  for (const auto* needed : {"order", "status_mail", "delivered", "contact", "nps", "share", "referral_visit"}) {
    if (!known(needed)) {
      throw input_error("touchpoints lacks " + quoted(needed) + ", which the simulation itself uses");
    }
  }
  const auto check_row = [&](const webshop_parameters::row& row, const std::string& place, bool may_end) {
    for (const auto& [to, probability] : row) {
      if (is_outcome(to) ? !may_end : (!known(to) || !has_row(to))) {
        throw input_error(place + " leads to " + quoted(to) +
                          (is_outcome(to) ? ", which cannot begin a journey"
                                          : ", which is no touchpoint with a row in transitions; add one"));
      }
    }
  };
  check_row(p.arrivals, "arrivals", false);
  check_row(p.returns, "returns", false);
  check_row({{"referral_visit", 1.0}}, "a referral", false);
  for (const auto& [from, row] : p.transitions) {
    if (!known(from) || from == "order") {
      throw input_error("transitions has a row of " + quoted(from) + ", which is no touchpoint before an order");
    }
    check_row(row, "transitions." + from, true);
  }
}

}  // namespace detail

KLANTREIS_INLINE std::string_view webshop_parameters_json() noexcept { return detail::webshop_json; }

KLANTREIS_INLINE webshop_parameters parse_webshop_parameters(std::string_view json) {
  const auto value = parse_json(json);
  detail::parameter_object all{value, ""};
  webshop_parameters p;
  p.about = all.text_or("about", "");
  p.start = detail::parse_day(all.text("start"), "start");
  p.days = all.number("days", 1, 36'600);
  p.improvement = detail::parse_day(all.text("improvement"), "improvement");
  p.hours = all.numbers<24>("hours");
  double shares = 0.0;
  for (const auto& entry : all.array("groups")) {
    detail::parameter_object group{entry, "groups[" + std::to_string(p.groups.size()) + "]"};
    auto order = group.object("order_value");
    p.groups.push_back({.segment = group.text("segment"),
                        .kind = group.text("kind"),
                        .device = group.text("device"),
                        .share = group.chance("share"),
                        .order_median = order.number("median"),
                        .order_spread = order.number("spread", 0.0, 10.0)});
    shares += p.groups.back().share;
    order.done();
    group.done();
  }
  detail::parameter_object::check_sum(shares, "share of the groups");
  auto touchpoints = all.object("touchpoints");
  for (const auto& member : touchpoints.value().object()) {
    auto entry = touchpoints.object(member.name);
    webshop_parameters::touchpoint t;
    t.name = member.name;
    t.channel = entry.text("channel");
    t.phase = entry.text("phase");
    if (entry.find("cost") != nullptr) {
      t.cost = entry.numbers<2>("cost");
    }
    t.minutes = entry.number_or("minutes", 0.0);
    t.later = entry.number_or("later", 0.0);
    t.days = entry.number_or("days", 0.0);
    entry.done();
    p.touchpoints.push_back(std::move(t));
  }
  if (p.touchpoints.size() > 250) {
    throw limit_error("touchpoints has " + std::to_string(p.touchpoints.size()) +
                      " entries; at most 250 are simulated");
  }
  p.arrivals = all.row("arrivals");
  p.returns = all.row("returns");
  auto transitions = all.object("transitions");
  for (const auto& member : transitions.value().object()) {
    p.transitions.emplace_back(member.name, transitions.row(member.name));
  }
  for (const auto& entry : all.array("changes")) {
    detail::parameter_object change{entry, "changes[" + std::to_string(p.changes.size()) + "]"};
    p.changes.push_back({.about = change.text_or("about", ""),
                         .segment = change.text_or("segment", ""),
                         .kind = change.text_or("kind", ""),
                         .device = change.text_or("device", ""),
                         .period = change.text_or("period", ""),
                         .from = change.text("from"),
                         .take = change.text("take"),
                         .give = change.text("give"),
                         .probability = change.chance("probability")});
    const auto& period = p.changes.back().period;
    if (!period.empty() && period != "before" && period != "after") {
      throw input_error(change.inside("period") + " is " + quoted(period) + "; it must be before or after");
    }
    change.done();
  }
  detail::read_aftermath(all, p.after_order);
  all.done();
  detail::check_names(p);
  return p;
}

}  // namespace klantreis
