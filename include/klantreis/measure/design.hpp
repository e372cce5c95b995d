// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klantreis/core.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/map.hpp"
#include "klantreis/statistics.hpp"

namespace klantreis {

/// A phase of the design at the level that is measured.
struct designed_phase {
  std::string name = {};
  bool measured = true;                  ///< false: customers leave no events there
  double emotion = null_value;           ///< expected, -2 … 2
  std::vector<std::string> labels = {};  ///< the phases of the log that belong to it; none: that of its own name
};

/// A move that the design intends.
struct designed_move {
  std::string from = {};
  std::string to = {};
  std::string kind = "forward";  ///< `forward`, `back`, `loop`, `referral` or `skip`
  double expected = null_value;  ///< the share of the visits of `from` that should go to `to`
  std::optional<duration> max_time = std::nullopt;
};

/// A touchpoint of the design.
struct designed_touchpoint {
  std::string name = {};
  std::string phase = {};       ///< a phase of the log
  double emotion = null_value;  ///< expected, -2 … 2
  bool call_to_action = false;
  bool onstage = true;
  std::string owner = {};
};

/// Answers that tell how customers feel: a numeric column of the log and the ends of its scale.
///
/// A score s of a scale from `low` to `high` means the emotion 4·(s − low)/(high − low) − 2: the lowest answer is −2,
/// the highest +2, the middle 0.
struct score_rule {
  std::string column = "score";
  std::string touchpoint = {};  ///< only the answers given there; empty: all that the column has
  double low = 0.0;
  double high = 10.0;
};

/// The ends of a scale known by name: `nps` 0–10, `csat` and `stars` 1–5, `ces` 1–7, `emotion` −2–2.
/// \throws input_error for another name; the message lists those there are.
[[nodiscard]] std::pair<double, double> scale_ends(std::string_view scale);

/// The designed journey as measuring needs it: one level of a map, or a few phases given by hand.
///
///     journey_design design;
///     design.phases = {{.name = "awareness"}, {.name = "consideration"}, {.name = "purchase", .emotion = 1.0}};
///     design.moves = {{.from = "awareness", .to = "consideration", .expected = 0.8}};
///
/// Rules: there is at least one phase, phases and touchpoints have different names, no label belongs to two phases,
/// moves name phases, emotions lie within −2 … 2. `check` makes sure of them.
struct journey_design {
  std::string level = "phase";
  std::vector<designed_phase> phases = {};  ///< in the order of the journey
  std::vector<designed_move> moves = {};
  std::vector<designed_touchpoint> touchpoints = {};
  std::vector<score_rule> scores = {};

  /// \throws input_error when a rule above is broken.
  void check() const;

  /// The place of a phase in the order.
  [[nodiscard]] std::optional<std::size_t> find_phase(std::string_view name) const noexcept;
};

/// The design of a map at one of its levels: `phase`, its own, or one to which its phases roll up.
///
/// At a coarser level a phase is measured when one of its parts is, and its expected emotion is the mean of those of
/// its measured parts. Moves within a phase disappear. What the map expects of a move, and its time limit, are kept
/// where the phase it leaves has one measured part and no other move leads the same way: the visits of a larger phase
/// are others. \throws input_error when the map has no such level.
[[nodiscard]] journey_design design_of(const journey_map& map, std::string_view level = "phase");

namespace detail {

inline constexpr std::uint32_t no_phase = 0xFFFF'FFFFU;

/// The phase of each event of a log at the level of a design. What happens offstage is no visit of the customer and has
/// no phase.
class phase_codes {
 public:
  /// \throws input_error when the log has no phases, or one that the design does not know.
  phase_codes(const event_log& log, const journey_design& design);

  /// The place of the event's phase in the design, or `no_phase`.
  [[nodiscard]] std::uint32_t operator[](std::size_t event) const noexcept {
    return is_offstage(event) ? no_phase : phase_of_code_[codes_[event]];
  }
  [[nodiscard]] bool is_offstage(std::size_t event) const noexcept {
    return !offstage_.empty() && offstage_[touchpoints_[event]] != 0;
  }

 private:
  std::span<const std::uint32_t> codes_;
  std::vector<std::uint32_t> phase_of_code_;
  std::span<const std::uint32_t> touchpoints_;
  std::vector<std::uint8_t> offstage_;  // by code of the touchpoint; empty when there are none
};

/// \throws input_error unless the emotion is null or lies within -2 … 2; `place` names where it stands.
void check_emotion(double emotion, const std::string& place);

/// The phase of the design to which a phase of the log belongs.
[[nodiscard]] std::optional<std::size_t> phase_of_label(const journey_design& design, std::string_view label);

/// The answers of a log as emotions.
class emotion_scores {
 public:
  /// \throws input_error when the log lacks a column that all touchpoints may answer in. Of a touchpoint that asks in a
  ///         column which the log lacks, nothing is measured.
  emotion_scores(const event_log& log, std::span<const score_rule> rules);

  [[nodiscard]] bool empty() const noexcept { return columns_.empty(); }
  struct answer {
    double score = 0.0;
    double emotion = 0.0;
  };
  /// What an event answers, if it does.
  /// \throws input_error when the answer lies outside its scale.
  [[nodiscard]] std::optional<answer> operator()(std::size_t event) const;

 private:
  struct column {
    number_view values = {};
    std::span<const std::uint32_t> codes = {};  // where the log has the answers as labels
    std::vector<double> value_of_code = {};
    double low = 0.0;
    double high = 0.0;
    std::string name = {};
  };
  std::vector<column> columns_;
  std::span<const std::uint32_t> touchpoints_;
  std::vector<std::vector<std::uint32_t>> columns_of_touchpoint_;  // by code
};

/// The designed touchpoints by the codes of a log: codes of the log first, then designed ones that it lacks.
struct touchpoint_items {
  touchpoint_items(const event_log& log, const journey_design& design);

  std::vector<std::string> names;
  std::vector<std::uint32_t> order;   ///< items as tables list them: as designed, then the others by name
  std::vector<std::uint32_t> design;  ///< place in the design, or `no_phase`
};

}  // namespace detail

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/measure/design.ipp"
#endif
