// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "klantreis/detail/escape.hpp"
#include "klantreis/detail/svg.hpp"
#include "klantreis/map/picture.hpp"

namespace klantreis {
namespace detail {

/// The words around a map.
struct picture_words {
  std::string_view customers, reached, moves, go_on, leave, at_rest, actions, touchpoints, needs, mood, visibility,
      backstage, kpis, not_measured, more, of, phase, supports, expected, measured;
  char group;
  char point;
};

[[nodiscard]] inline const picture_words& picture_words_of(std::string_view language) {
  static constexpr picture_words english{"Customers",
                                         "who reached the phase",
                                         "Moves",
                                         "go on",
                                         "leave",
                                         "at rest",
                                         "What they do",
                                         "Touchpoints",
                                         "What they need",
                                         "Mood",
                                         "Line of visibility: customers do not see what stands below",
                                         "Backstage",
                                         "KPIs",
                                         "not measured",
                                         "more",
                                         "of",
                                         "phase",
                                         "for",
                                         "expected",
                                         "measured",
                                         ',',
                                         '.'};
  static constexpr picture_words dutch{"Klanten",
                                       "die de fase bereikten",
                                       "Bewegingen",
                                       "gaan door",
                                       "vertrekken",
                                       "in rust",
                                       "Wat ze doen",
                                       "Contactpunten",
                                       "Wat ze nodig hebben",
                                       "Stemming",
                                       "Lijn van zichtbaarheid: wat eronder staat zien klanten niet",
                                       "Achter de schermen",
                                       "KPI's",
                                       "niet gemeten",
                                       "meer",
                                       "van",
                                       "fase",
                                       "voor",
                                       "verwacht",
                                       "gemeten",
                                       '.',
                                       ','};
  if (language == "en") {
    return english;
  }
  if (language == "nl") {
    return dutch;
  }
  throw input_error("language is " + quoted(language) + "; it must be en or nl");
}

/// `20,184`, by the language.
[[nodiscard]] inline std::string grouped_digits(std::uint64_t number, char separator) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, separator);
  }
  return digits;
}

[[nodiscard]] inline std::string percent(double share, const picture_words& words) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), share * 100.0, std::chars_format::fixed,
                                 share < 0.1 ? 1 : 0);
  std::string text{buffer.data(), end.ptr};
  std::replace(text.begin(), text.end(), '.', words.point);
  return text + "%";
}

/// The map as a grid: columns are phases, rows are lanes as high as their fullest cell.
class map_painter {
 public:
  map_painter(const journey_map& map, const map_figures& figures, const map_svg_options& options)
      : map_(map), figures_(figures), options_(options), words_(picture_words_of(options.language)) {
    for (const auto& figure : figures.phases) {
      most_ = (std::max)(most_, figure.reach);
    }
    for (const auto& phase : map.phases) {
      columns_.push_back(column_of(phase));
    }
  }

  [[nodiscard]] std::string paint() {
    const double width = label + column * static_cast<double>(columns_.size()) + margin;
    double y = margin;
    y = title(y, width);
    const double top = y;
    y = header(y);
    if (!figures_.phases.empty()) {
      y = reach(y);
      y = moves(y);
    }
    y = texts(y, words_.actions, [](const column_type& c) -> const auto& { return c.actions; });
    y = chips(y, words_.touchpoints, [](const column_type& c) -> const auto& { return c.onstage; });
    y = texts(y, words_.needs, [](const column_type& c) -> const auto& { return c.needs; });
    y = mood(y);
    if (has_backstage()) {
      y = visibility(y, width);
      y = chips(y, words_.backstage, [](const column_type& c) -> const auto& { return c.offstage; });
      y = texts(y, "", [](const column_type& c) -> const auto& { return c.company; });
    }
    y = kpis(y);
    for (std::size_t i = 0; i <= columns_.size(); ++i) {
      body_.line(x_of(i) - gutter, top, x_of(i) - gutter, y, "grid");
    }
    const auto name = map_.journey.name.empty() ? map_.journey.id : map_.journey.name;
    svg_writer all;
    all.raw("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"" + svg_writer::number(width) +
            "\" height=\"" + svg_writer::number(y + margin) + "\" viewBox=\"0 0 " + svg_writer::number(width) + " " +
            svg_writer::number(y + margin) + "\" lang=\"" + xml_text(options_.language) + "\">\n");
    all.title(name);
    all.raw("<desc>" + xml_text(described()) + "</desc>\n");
    all.raw(style);
    all.rectangle(0, 0, width, y + margin, "page");
    all.raw(body_.str());
    all.raw("</svg>\n");
    return all.str();
  }

 private:
  struct chip {
    std::string id, name, meta;
    std::string_view owned = "unknown";
    double leave = 0.0;
    std::uint64_t customers = 0;
    bool measured = false;
  };
  struct sentence {
    std::string text;
    std::string_view style;
  };
  struct column_type {
    const map_phase* phase = nullptr;
    const map_figures::phase* figures = nullptr;
    std::vector<sentence> actions, needs, company;
    std::vector<chip> onstage, offstage;
    std::size_t more = 0;
    std::vector<const map_figures::kpi*> kpis;
    std::vector<std::string> unmeasured;
  };

  static constexpr double margin = 24.0, label = 136.0, column = 176.0, gutter = 10.0, inner = column - 2 * gutter;
  static constexpr double line_height = 16.0, small = 12.0, normal = 13.0;

  [[nodiscard]] static double x_of(std::size_t index) { return label + column * static_cast<double>(index) + gutter; }

  [[nodiscard]] column_type column_of(const map_phase& phase) const {
    column_type result;
    result.phase = &phase;
    for (const auto& figure : figures_.phases) {
      if (figure.id == phase.id) {
        result.figures = &figure;
      }
    }
    for (const auto& action : phase.customer_actions) {
      result.actions.push_back({action, "t"});
    }
    for (const auto& need : phase.needs) {
      result.needs.push_back({need.text, "t"});
    }
    for (const auto& question : phase.questions) {
      result.needs.push_back({question, "t quote"});
    }
    for (const auto& action : phase.company_actions) {
      result.company.push_back({action, "t"});
    }
    for (const auto& touchpoint : map_.touchpoints) {
      if (touchpoint.phase == phase.id) {
        auto& lane = touchpoint.stage == map_touchpoint::stage_type::onstage ? result.onstage : result.offstage;
        lane.push_back(chip_of(touchpoint));
      }
    }
    std::stable_sort(result.onstage.begin(), result.onstage.end(),
                     [](const chip& a, const chip& b) { return a.customers > b.customers; });
    if (result.onstage.size() > options_.touchpoints) {
      result.more = result.onstage.size() - options_.touchpoints;
      result.onstage.resize(options_.touchpoints);
    }
    for (const auto& kpi : figures_.kpis) {
      if (kpi.phase == phase.id) {
        result.kpis.push_back(&kpi);
      }
    }
    if (result.kpis.empty()) {
      result.unmeasured = phase.kpis;
    }
    return result;
  }

  [[nodiscard]] chip chip_of(const map_touchpoint& touchpoint) const {
    chip result;
    result.id = touchpoint.id;
    result.name = touchpoint.name.empty() ? touchpoint.id : touchpoint.name;
    bool measurable = true;
    for (const auto& id : touchpoint.channels) {
      const auto* channel = find_item(map_.channels, id);
      result.meta +=
          (result.meta.empty() ? "" : ", ") + (channel == nullptr || channel->name.empty() ? id : channel->name);
      if (channel != nullptr) {
        measurable = measurable && channel->measured;
        result.owned = channel->owned == map_channel::ownership::owned    ? "owned"
                       : channel->owned == map_channel::ownership::paid   ? "paid"
                       : channel->owned == map_channel::ownership::earned ? "earned"
                                                                          : result.owned;
      }
    }
    if (touchpoint.stage == map_touchpoint::stage_type::offstage && !touchpoint.supports.empty()) {
      result.meta = std::string{words_.supports} + " ";
      for (std::size_t i = 0; i < touchpoint.supports.size(); ++i) {
        const auto* other = find_item(map_.touchpoints, touchpoint.supports[i]);
        result.meta +=
            (i == 0 ? "" : ", ") + (other == nullptr || other->name.empty() ? touchpoint.supports[i] : other->name);
      }
    }
    for (const auto& figure : figures_.touchpoints) {
      if (figure.id == touchpoint.id) {
        result.measured = true;
        result.customers = figure.customers;
        result.leave = std::isnan(figure.leave_share) ? 0.0 : figure.leave_share;
      }
    }
    if (!measurable || (!result.measured && !figures_.touchpoints.empty())) {
      result.measured = false;
      result.meta += (result.meta.empty() ? "" : " \u00B7 ") + std::string{words_.not_measured};
    }
    return result;
  }

  [[nodiscard]] bool has_backstage() const {
    return std::any_of(columns_.begin(), columns_.end(),
                       [](const column_type& c) { return !c.offstage.empty() || !c.company.empty(); });
  }

  [[nodiscard]] std::string described() const {
    std::string text = std::to_string(columns_.size()) + " phases: ";
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      text += (i == 0 ? "" : ", ") + name_of(*columns_[i].phase);
      if (columns_[i].figures != nullptr) {
        text += " (" + grouped_digits(columns_[i].figures->reach, words_.group) + ")";
      }
    }
    return text;
  }
  [[nodiscard]] static const std::string& name_of(const map_phase& phase) {
    return phase.name.empty() ? phase.id : phase.name;
  }

  double lines(double x, double y, const std::vector<std::string>& rows, std::string_view style_class,
               double step = line_height) {
    for (const auto& row : rows) {
      y += step;
      body_.text(x, y - 4.0, style_class, row);
    }
    return y;
  }

  /// The heading of a lane at the left and the rule below it.
  void lane(double y, double bottom, std::string_view heading, std::string_view note = {}) {
    double at = lines(margin, y, wrapped(heading, label - margin - gutter, normal), "t strong");
    if (!note.empty()) {
      at = lines(margin, at, wrapped(note, label - margin - gutter, small), "s soft", 15.0);
    }
    const double right = label + column * static_cast<double>(columns_.size());
    body_.line(margin, bottom, right, bottom, "rule");
  }

  double title(double y, double width) {
    const auto name = map_.journey.name.empty() ? map_.journey.id : map_.journey.name;
    for (const auto& row : wrapped(name, width - 2 * margin, 22.0, 2)) {
      y += 26.0;
      body_.text(margin, y - 4.0, "h1", row);
    }
    std::string goals;
    for (const auto& goal : {map_.journey.goals.customer, map_.journey.goals.company}) {
      goals += goal.text.empty() ? "" : (goals.empty() ? "" : " \u00B7 ") + goal.text;
    }
    y = goals.empty() ? y : lines(margin, y + 4.0, wrapped(goals, width - 2 * margin, normal, 2), "t soft");
    return y + 14.0;
  }

  double header(double y) {
    double bottom = y;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const auto& name = name_of(*columns_[i].phase);
      body_.raw("<g data-phase=\"" + xml_text(columns_[i].phase->id) + "\">\n");
      body_.title(name);
      double at = lines(x_of(i), y, wrapped(name, inner, 15.0), "h2", 19.0);
      at = lines(x_of(i), at,
                 {std::string{words_.phase} + " " + std::to_string(i + 1) + " " + std::string{words_.of} + " " +
                  std::to_string(columns_.size())},
                 "s soft");
      body_.raw("</g>\n");
      bottom = (std::max)(bottom, at);
    }
    body_.line(margin, bottom + 6.0, label + column * static_cast<double>(columns_.size()), bottom + 6.0, "head");
    return bottom + 12.0;
  }

  double reach(double y) {
    constexpr double height = 92.0;
    const double base = y + height + 18.0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const auto* f = columns_[i].figures;
      if (f == nullptr || !columns_[i].phase->measured) {
        body_.text(x_of(i), base - 4.0, "s soft", words_.not_measured);
        continue;
      }
      const double scale = most_ == 0 ? 0.0 : height / static_cast<double>(most_);
      const double bar = static_cast<double>(f->reach) * scale;
      body_.rectangle(x_of(i), base - bar, inner, bar, "go");
      const double ends = static_cast<double>(f->left + f->at_rest);
      const double part =
          ends > static_cast<double>(f->reach) && ends > 0.0 ? static_cast<double>(f->reach) / ends : 1.0;
      const double left = static_cast<double>(f->left) * scale * part;
      const double rest = static_cast<double>(f->at_rest) * scale * part;
      body_.rectangle(x_of(i), base - left, inner, left, "lost");
      body_.rectangle(x_of(i), base - left - rest, inner, rest, "rest");
      body_.text(x_of(i), base - bar - 4.0, "t strong", grouped_digits(f->reach, words_.group));
    }
    lane(y, base + 6.0, words_.customers, words_.reached);
    return base + 12.0;
  }

  double moves(double y) {
    double bottom = y;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const auto* f = columns_[i].figures;
      if (f == nullptr || f->reach == 0) {
        continue;
      }
      const double reached = static_cast<double>((std::max)(f->reach, f->left + f->at_rest));
      const double leave = static_cast<double>(f->left) / reached;
      const double rest = static_cast<double>(f->at_rest) / reached;
      double at = y;
      for (const auto& [words, share] : {std::pair{words_.go_on, 1.0 - leave - rest}, std::pair{words_.leave, leave},
                                         std::pair{words_.at_rest, rest}}) {
        at += line_height;
        body_.text(x_of(i), at - 4.0, "t soft", words);
        body_.text(x_of(i) + inner, at - 4.0, "t", percent(share, words_), "end");
      }
      bottom = (std::max)(bottom, at);
    }
    lane(y, bottom + 6.0, words_.moves);
    return bottom + 12.0;
  }

  template <typename Of>
  double texts(double y, std::string_view heading, Of&& of) {
    if (std::all_of(columns_.begin(), columns_.end(), [&](const column_type& c) { return of(c).empty(); })) {
      return y;
    }
    double bottom = y + line_height;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      double at = y;
      for (const auto& [text, style_class] : of(columns_[i])) {
        at = lines(x_of(i), at, wrapped(text, inner, normal), style_class) + 3.0;
      }
      bottom = (std::max)(bottom, at);
    }
    lane(y, bottom + 6.0, heading);
    return bottom + 12.0;
  }

  template <typename Of>
  double chips(double y, std::string_view heading, Of&& of) {
    double bottom = y + line_height;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      double at = y + 2.0;
      for (const chip& each : of(columns_[i])) {
        at = draw(x_of(i) - 4.0, at, each) + 6.0;
      }
      const bool onstage = &of(columns_[i]) == &columns_[i].onstage;
      if (onstage && columns_[i].more != 0) {
        at = lines(x_of(i), at, {"+ " + std::to_string(columns_[i].more) + " " + std::string{words_.more}}, "s soft");
      }
      bottom = (std::max)(bottom, at);
    }
    lane(y, bottom + 4.0, heading);
    return bottom + 10.0;
  }

  double draw(double x, double y, const chip& each) {
    const double width = inner + 8.0;
    const auto name = wrapped(each.name, width - 14.0, normal);
    auto meta = each.meta;
    if (each.measured) {
      meta += (meta.empty() ? "" : " \u00B7 ") + grouped_digits(each.customers, words_.group);
    }
    const auto below = wrapped(meta, width - 28.0, small, 2);
    const double height = 6.0 + line_height * static_cast<double>(name.size()) +
                          14.0 * static_cast<double>(below.size()) + (each.measured ? 9.0 : 5.0);
    body_.raw("<g data-touchpoint=\"" + xml_text(each.id) + "\">\n");
    body_.title(each.name + (meta.empty() ? "" : " (" + meta + ")"));
    const bool dashed = !each.measured && !figures_.touchpoints.empty();
    body_.rectangle(x, y, width, height, dashed ? "chip dashed" : "chip", 6.0);
    double at = lines(x + 7.0, y + 3.0, name, "t strong");
    if (!below.empty()) {
      body_.rectangle(x + 7.0, at + 3.0, 8.0, 8.0, each.owned, 2.0);
      for (const auto& row : below) {
        at += 14.0;
        body_.text(x + 20.0, at - 3.0, "s soft", row);
      }
    }
    if (each.measured) {
      body_.rectangle(x + 7.0, y + height - 6.0, width - 14.0, 3.0, "tint");
      const double lost = (width - 14.0) * (std::min)(1.0, each.leave);
      body_.rectangle(x + width - 7.0 - lost, y + height - 6.0, lost, 3.0, "loss");
    }
    body_.raw("</g>\n");
    return y + height;
  }

  double mood(double y) {
    constexpr double height = 108.0;
    const double zero = y + 8.0 + height / 2.0;
    const auto y_of = [&](double emotion) { return zero - std::clamp(emotion, -2.0, 2.0) * height / 4.0; };
    const auto middle = [&](std::size_t i) { return x_of(i) + inner / 2.0; };
    std::vector<std::array<double, 2>> expected, measured;
    bool any = false;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].phase->emotion.expected) {
        expected.push_back({middle(i), y_of(*columns_[i].phase->emotion.expected)});
      }
      if (columns_[i].figures != nullptr && !std::isnan(columns_[i].figures->emotion)) {
        measured.push_back({middle(i), y_of(columns_[i].figures->emotion)});
      }
    }
    any = !expected.empty() || !measured.empty();
    if (!any) {
      return y;
    }
    const double right = label + column * static_cast<double>(columns_.size());
    for (const double level : {-2.0, 0.0, 2.0}) {
      body_.line(label, y_of(level), right, y_of(level), level == 0.0 ? "zero" : "rule");
      body_.text(label - 6.0, y_of(level) + 4.0, "s soft", level > 0.0 ? "+2" : level < 0.0 ? "\u22122" : "0", "end");
    }
    body_.polyline(expected, "expected");
    body_.polyline(measured, "measured");
    for (const auto& [x, at] : expected) {
      body_.circle(x, at, 4.0, "dot-expected");
    }
    double below = y + height + 16.0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const auto* f = columns_[i].figures;
      const bool felt = f != nullptr && !std::isnan(f->emotion);
      std::string value;
      if (felt) {
        if (!std::isnan(f->emotion_lower)) {
          body_.line(middle(i), y_of(f->emotion_lower), middle(i), y_of(f->emotion_upper), "whisker");
        }
        body_.circle(middle(i), y_of(f->emotion), 5.0, f->answers < options_.min_answers ? "dot-few" : "dot-measured");
        value = std::string{words_.measured} + "\u00A0" + signed_text(f->emotion);
      }
      if (const auto& wanted = columns_[i].phase->emotion.expected) {
        value += (value.empty() ? "" : ", ") + std::string{words_.expected} + "\u00A0" + signed_text(*wanted);
      }
      const double at = lines(x_of(i), y + height + 16.0, wrapped(value, inner, small), "s soft", 14.0);
      const double last = lines(x_of(i), at, wrapped(columns_[i].phase->emotion.driver, inner, small), "s quote", 14.0);
      below = (std::max)(below, last);
    }
    lane(y, below + 6.0, words_.mood);
    return below + 12.0;
  }

  [[nodiscard]] std::string signed_text(double value) const {
    const double rounded = std::round(std::abs(value) * 10.0) / 10.0;
    std::string text = svg_writer::number(rounded);
    std::replace(text.begin(), text.end(), '.', words_.point);
    return (rounded == 0.0 ? "" : value < 0.0 ? "\u2212" : "+") + text;
  }

  double visibility(double y, double width) {
    body_.line(margin, y + 10.0, width - margin, y + 10.0, "visible");
    body_.text(margin, y + 28.0, "s soft", words_.visibility);
    return y + 40.0;
  }

  double kpis(double y) {
    const bool none = std::all_of(columns_.begin(), columns_.end(),
                                  [](const column_type& c) { return c.kpis.empty() && c.unmeasured.empty(); });
    if (none) {
      return y;
    }
    double bottom = y + line_height;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      double at = y;
      for (const auto* kpi : columns_[i].kpis) {
        const auto name = kpi_name(kpi->id);
        const auto [sign, style_class] = sign_of(kpi->status);
        const double first = at + line_height;
        at = lines(x_of(i), at, wrapped(name, inner - 14.0, normal, 2), "t");
        if (!sign.empty()) {
          body_.text(x_of(i) + inner, first - 4.0, style_class, sign, "end");
        }
        at = lines(x_of(i), at, wrapped(kpi->text, inner, normal, 2), "t strong") + 4.0;
      }
      for (const auto& id : columns_[i].unmeasured) {
        at = lines(x_of(i), at, wrapped(kpi_name(id), inner, normal, 2), "t soft");
      }
      bottom = (std::max)(bottom, at);
    }
    lane(y, bottom + 6.0, words_.kpis);
    return bottom + 8.0;
  }

  /// The name of a KPI; an id reads better without its underscores, and wraps.
  [[nodiscard]] std::string kpi_name(const std::string& id) const {
    const auto* known = find_item(map_.kpis, id);
    if (known != nullptr && !known->name.empty()) {
      return known->name;
    }
    std::string name = id;
    std::replace(name.begin(), name.end(), '_', ' ');
    return name;
  }

  [[nodiscard]] static std::pair<std::string_view, std::string_view> sign_of(std::string_view status) {
    if (status == "ok") {
      return {"\u2713", "t good"};
    }
    if (status == "off") {
      return {"!", "t bad strong"};
    }
    if (status == "off, could be chance") {
      return {"!?", "t soft"};
    }
    if (status == "too little data") {
      return {"?", "t soft"};
    }
    return {"", "t"};
  }

  static constexpr std::string_view style =
      "<style>\n"
      ":root{--bg:#fbfaf7;--card:#fff;--ink:#16212b;--soft:#5f6b76;--rule:#e5e2db;--rule2:#cbc7bd;--flow:#15607a;"
      "--tint:#d9e8ed;--loss:#b23f17;--loss2:#cf6f41;--loss3:#f8e4da;--rest:#76828e;--owned:#4a5a6d;--paid:#946700;"
      "--earned:#74489d}\n"
      "@media (prefers-color-scheme:dark){:root{--bg:#10161b;--card:#161e25;--ink:#e9eef1;--soft:#93a0aa;"
      "--rule:#26313a;--rule2:#3a4751;--flow:#62b4d0;--tint:#1b3a47;--loss:#f28c62;--loss2:#b4603d;--loss3:#46261a;"
      "--rest:#8c99a5;--owned:#a9b8c8;--paid:#e2b64c;--earned:#c8a8ee}}\n"
      "text{font-family:Inter,ui-sans-serif,system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif;"
      "fill:var(--ink);font-variant-numeric:tabular-nums}\n"
      ".page{fill:var(--bg)}.h1{font-size:22px;font-weight:650}.h2{font-size:15px;font-weight:650}.t{font-size:13px}"
      ".s{font-size:12px}.strong{font-weight:600}.soft{fill:var(--soft)}.quote{font-style:italic;fill:var(--soft)}"
      ".good{fill:var(--flow)}.bad{fill:var(--loss)}\n"
      ".rule{stroke:var(--rule)}.grid{stroke:var(--rule)}.head{stroke:var(--ink);stroke-width:2}"
      ".visible{stroke:var(--ink);stroke-dasharray:6 4}.zero{stroke:var(--rule2)}\n"
      ".go,.tint{fill:var(--tint)}.go{fill:var(--flow)}.lost{fill:url(#hatch)}.rest{fill:var(--rest)}"
      ".loss{fill:var(--loss2)}.chip{fill:var(--card);stroke:var(--rule2)}.dashed{stroke-dasharray:4 3}"
      ".owned{fill:var(--owned)}.paid{fill:var(--paid)}.earned{fill:var(--earned)}.unknown{fill:none;"
      "stroke:var(--rule2)}\n"
      ".expected{fill:none;stroke:var(--soft);stroke-width:1.5;stroke-dasharray:5 4}.measured{fill:none;"
      "stroke:var(--flow);stroke-width:2}.dot-expected{fill:var(--bg);stroke:var(--soft);stroke-width:1.5}"
      ".dot-measured{fill:var(--flow)}.dot-few{fill:var(--bg);stroke:var(--flow);stroke-width:2}"
      ".whisker{stroke:var(--ink);stroke-width:1.5}\n"
      "</style>\n"
      "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
      "patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" style=\"fill:var(--loss3)\"/>"
      "<rect width=\"2.5\" height=\"6\" style=\"fill:var(--loss2)\"/></pattern></defs>\n";

  const journey_map& map_;
  const map_figures& figures_;
  const map_svg_options& options_;
  const picture_words& words_;
  std::vector<column_type> columns_;
  std::uint64_t most_ = 0;
  svg_writer body_;
};

}  // namespace detail

KLANTREIS_INLINE std::string map_svg(const journey_map& map, const map_figures& figures,
                                     const map_svg_options& options) {
  return detail::map_painter{map, figures, options}.paint();
}

}  // namespace klantreis
