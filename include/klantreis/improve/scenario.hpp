// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "klantreis/journeys.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/table.hpp"

namespace klantreis {

/// One change to the chain.
struct journey_edit {
  enum class kind : std::uint8_t {
    move,        ///< `amount` of those at `item` who now leave go on to `to`; all of them where there are fewer
    remove,      ///< whoever would come to `item` leaves; with `to`, whoever would go there from `item`
    bypass,      ///< whoever would come to `item` goes on at once as customers do from there, leaving included
    clear,       ///< nobody leaves at `item` any more: all go on as those do who now go on
    strengthen,  ///< `amount` more of those at `item` go on to `to`, fewer in proportion anywhere else; may be new
    attract,     ///< each transition to `item` grows by `amount` of itself, the others of its row shrink in proportion
    insert,  ///< a new item `name`: `amount` of those at `item` who now leave come there, `success` of them go on to
             ///< `to`, the others leave
    volume,  ///< the journeys that enter at `item` grow in number by `amount` of themselves; those elsewhere stay
  };

  kind what = kind::move;
  std::string item = {};  ///< an item; in `move`, `remove` with `to`, `strengthen` and `insert` also `(start)`
  std::string to = {};    ///< an item or `(conversion)`; in `strengthen` also `(null)`
  double amount = 0.01;   ///< 0.01 is one percentage point, of `attract` and `volume` one percent
  std::string name = {};  ///< of an `insert`
  double success = 1.0;   ///< of an `insert`
};

struct what_if_options {
  std::string by = "touchpoint";  ///< as in `improve_options`
  bool collapse = false;
  bool intervals = true;  ///< false leaves the bounds null, and saves the time they take
  double min_n = 30.0;
  double level = 0.95;
  unsigned threads = 0;
};

namespace detail {
struct scenario_base;
}

/// Changes to the chain of some journeys, each on top of those before it.
///
/// A scenario is a value: `then` and `undo` return another one and leave it as it is; all of one root share its chain.
///
///     const scenario now(journeys);
///     const auto better = now.then({.what = kind::clear, .item = "checkout"}).then({.what = kind::bypass, .item =
///     "login"});
///     better.undo().result();   // without the bypass
class scenario {
 public:
  /// \throws input_error when the journeys go on after conversions or none is settled.
  explicit scenario(const journey_set& journeys, const what_if_options& options = {});
  explicit scenario(const path_table& paths, const what_if_options& options = {});

  /// The scenario with one more change.
  /// \throws input_error when an item is unknown, the change has no meaning, or it would leave customers somewhere for
  ///         ever.
  [[nodiscard]] scenario then(journey_edit edit) const;
  /// The scenario without its last change. \throws input_error when there is none.
  [[nodiscard]] scenario undo() const;
  [[nodiscard]] const std::vector<journey_edit>& edits() const noexcept { return edits_; }

  /// P(conversion) after all changes.
  [[nodiscard]] double conversion_rate() const;

  /// One row for the chain as it is and one after each change.
  ///
  /// `step, edit`; `conversion_rate, lower, upper`; `change, change_lower, change_upper` of it since step 0; `journeys`
  /// and `conversions`, those of as many journeys as were settled (more or fewer after a `volume`), with bounds, and
  /// `conversions_change`; with values `value` and `value_change`; `steps`, the expected number of items that a journey
  /// visits, and `steps_change`; with times `time`, the expected seconds of a journey, and `time_change`; `n`, `marks`.
  ///
  /// Exact: each chain is solved anew. Intervals take customers as independent: the derivative by the transitions that
  /// were counted is pulled back through the changes (delta method), rates with the form of a probability, conversions
  /// and value with the logarithmic one, changes with the plain one. A conversion that is gained brings the mean value
  /// of those made at the item (where there were none, of all), and a visit takes as long as it did; an inserted item
  /// takes no time.
  [[nodiscard]] table result() const;

 private:
  std::shared_ptr<const detail::scenario_base> base_;
  std::vector<journey_edit> edits_;
};

/// `scenario(journeys).then(edits[0]).then(edits[1])… .result()`.
///
/// A `bypass` saves steps and leaves P(conversion) as it is; to take a hurdle away altogether, `clear` it and then
/// `bypass` it.
[[nodiscard]] table what_if(const journey_set& journeys, const std::vector<journey_edit>& edits,
                            const what_if_options& options = {});
[[nodiscard]] table what_if(const path_table& paths, const std::vector<journey_edit>& edits,
                            const what_if_options& options = {});

}  // namespace klantreis

#ifndef KLANTREIS_COMPILED
#include "klantreis/detail/improve/what_if.ipp"
#endif
