// SPDX-License-Identifier: MIT
#include "klantreis/attribution.hpp"

#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <vector>

#include "bindings.hpp"

namespace klantreis::bindings {

namespace {

template <typename Journeys>
void bind_attribute(py::module_& m) {
  m.def(
      "attribute",
      [](const Journeys& journeys, const std::string& model, unsigned order, bool self_transitions,
         const std::vector<std::string>& direct, double first, double last, std::int64_t half_life,
         const std::vector<std::string>& paid, const std::optional<weight_function>& weights, const std::string& game,
         const std::string& by, std::optional<std::int64_t> lookback, bool intervals, double level, double min_n,
         unsigned threads) {
        const attribution_model chosen = make_attribution_model(model, {.order = order,
                                                                        .self_transitions = self_transitions,
                                                                        .direct = direct,
                                                                        .first = first,
                                                                        .last = last,
                                                                        .half_life = duration{half_life},
                                                                        .paid = paid,
                                                                        .weights = weights.value_or(weight_function{}),
                                                                        .game = to_shapley_game(game)});
        attribution_options options{
            .by = by, .intervals = intervals, .min_n = min_n, .level = level, .threads = threads};
        if (lookback) {
          options.lookback = duration{*lookback};
        }
        return attribute(journeys, chosen, options);
      },
      py::arg("journeys"), py::kw_only(), py::arg("model"), py::arg("order"), py::arg("self_transitions"),
      py::arg("direct"), py::arg("first"), py::arg("last"), py::arg("half_life"), py::arg("paid"), py::arg("weights"),
      py::arg("game"), py::arg("by"), py::arg("lookback"), py::arg("intervals"), py::arg("level"), py::arg("min_n"),
      py::arg("threads"), py::call_guard<py::gil_scoped_release>());
}

}  // namespace

void bind_attribution(py::module_& m) {
  bind_attribute<journey_set>(m);
  bind_attribute<path_table>(m);
  m.def("models", &model_table);
  m.def("shapley_positions", &shapley_positions, py::arg("paths"), py::call_guard<py::gil_scoped_release>());
}

}  // namespace klantreis::bindings
