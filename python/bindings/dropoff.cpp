// SPDX-License-Identifier: MIT
#include "klantreis/dropoff.hpp"

#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

visit_units units_of(const std::string& units) {
  if (units == "journeys") {
    return visit_units::journeys;
  }
  if (units == "visits") {
    return visit_units::visits;
  }
  throw input_error("units is " + quoted(units) + "; it must be 'journeys' or 'visits'");
}

}  // namespace

void bind_dropoff(py::module_& m) {
  m.def(
      "drop_off",
      [](const journey_set& journeys, const std::string& by, bool collapse, const std::string& units, double level,
         double min_n, unsigned threads) {
        drop_off_tables found = drop_off(journeys, {.by = by,
                                                    .collapse = collapse,
                                                    .units = units_of(units),
                                                    .intervals = {.level = level, .min_n = min_n},
                                                    .threads = threads});
        return std::tuple(std::move(found.items), std::move(found.before), std::move(found.next), std::move(found.open),
                          std::move(found.returned));
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("collapse"), py::arg("units"), py::arg("level"),
      py::arg("min_n"), py::arg("threads"), released());
  m.def(
      "loss_reasons",
      [](const journey_set& journeys, const std::string& reason, const std::string& by, double level, double min_n,
         unsigned threads) {
        loss_reason_tables found = loss_reasons(
            journeys, {.reason = reason, .by = by, .intervals = {.level = level, .min_n = min_n}, .threads = threads});
        return std::tuple(std::move(found.places), std::move(found.reasons));
      },
      py::arg("journeys"), py::kw_only(), py::arg("reason"), py::arg("by"), py::arg("level"), py::arg("min_n"),
      py::arg("threads"), released());
  m.def(
      "abandoned_carts",
      [](const journey_set& journeys, const std::vector<std::string>& cart, const std::string& by, std::int64_t timeout,
         const std::string& recovered_by, double level, double min_n, unsigned threads) {
        cart_tables found = abandoned_carts(journeys, {.cart = cart,
                                                       .by = by,
                                                       .timeout = duration{timeout},
                                                       .recovered_by = recovered_by,
                                                       .intervals = {.level = level, .min_n = min_n},
                                                       .threads = threads});
        return std::tuple(std::move(found.carts), std::move(found.recoveries));
      },
      py::arg("journeys"), py::kw_only(), py::arg("cart"), py::arg("by"), py::arg("timeout"), py::arg("recovered_by"),
      py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
  m.def(
      "friction",
      [](const journey_set& journeys, const std::string& by, const std::vector<std::string>& order,
         std::size_t rage_times, std::int64_t rage_within, double level, double min_n, unsigned threads) {
        friction_tables found = friction(journeys, {.by = by,
                                                    .order = order,
                                                    .rage_times = rage_times,
                                                    .rage_within = duration{rage_within},
                                                    .intervals = {.level = level, .min_n = min_n},
                                                    .threads = threads});
        return std::tuple(std::move(found.items), std::move(found.back_steps));
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("order"), py::arg("rage_times"),
      py::arg("rage_within"), py::arg("level"), py::arg("min_n"), py::arg("threads"), released());
  m.def(
      "effort",
      [](const journey_set& journeys, const std::string& by, const std::vector<std::string>& hurdles,
         const std::vector<double>& quantiles, double level, double min_n, unsigned threads) {
        effort_tables found = effort(journeys, {.by = by,
                                                .hurdles = hurdles,
                                                .quantiles = quantiles,
                                                .intervals = {.level = level, .min_n = min_n},
                                                .threads = threads});
        return std::tuple(std::move(found.measures), std::move(found.rates));
      },
      py::arg("journeys"), py::kw_only(), py::arg("by"), py::arg("hurdles"), py::arg("quantiles"), py::arg("level"),
      py::arg("min_n"), py::arg("threads"), released());
  m.def(
      "click_through",
      [](const journey_set& journeys, const std::vector<std::pair<std::string, std::vector<std::string>>>& calls,
         const std::string& by, std::optional<std::int64_t> within, double level, double min_n) {
        std::vector<call_to_action> wanted;
        for (const auto& [item, goals] : calls) {
          wanted.push_back({item, goals});
        }
        click_through_options options{.by = by, .intervals = {.level = level, .min_n = min_n}};
        if (within) {
          options.within = duration{*within};
        }
        return click_through(journeys, wanted, options);
      },
      py::arg("journeys"), py::arg("calls"), py::kw_only(), py::arg("by"), py::arg("within"), py::arg("level"),
      py::arg("min_n"), released());
}

}  // namespace klantreis::bindings
