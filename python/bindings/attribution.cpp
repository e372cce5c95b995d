// SPDX-License-Identifier: MIT
#include "klantreis/attribution.hpp"

#include <pybind11/functional.h>
#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

// Options by name, checked here one by one.
using named_values = py::typing::Dict<py::str, py::object>;

// Takes `name` out of `given`; what is left at the end is unknown.
template <typename T>
void take(py::dict& given, const char* name, T& target) {
  if (given.contains(name)) {
    target = given[name].cast<T>();
    given.attr("pop")(name);
  }
}

attribution_model model_of(const std::string& name, const named_values& parameters) {
  model_parameters p;
  auto given = parameters.attr("copy")().cast<py::dict>();
  take(given, "order", p.order);
  take(given, "self_transitions", p.self_transitions);
  take(given, "direct", p.direct);
  take(given, "first", p.first);
  take(given, "last", p.last);
  std::int64_t half_life = p.half_life.count();
  take(given, "half_life", half_life);
  p.half_life = duration{half_life};
  take(given, "paid", p.paid);
  take(given, "weights", p.weights);
  std::string game{to_text(p.game)};
  take(given, "game", game);
  p.game = to_shapley_game(game);
  take(given, "permutations", p.permutations);
  take(given, "seed", p.seed);
  take(given, "ratio", p.ratio);
  take(given, "milestones", p.milestones);
  std::string removed{to_text(p.removal)};
  take(given, "removal", removed);
  p.removal = to_removal(removed);
  take(given, "smoothing", p.smoothing);
  std::vector<std::tuple<std::string, std::vector<std::string>, bool>> units;
  take(given, "units", units);
  for (auto& [unit, items, sequence] : units) {
    p.units.push_back({.name = unit, .items = items, .sequence = sequence});
  }
  take(given, "ridge", p.ridge);
  take(given, "iterations", p.iterations);
  if (!given.empty()) {
    throw input_error("there is no parameter " + quoted(given.begin()->first.cast<std::string>()) + " of models");
  }
  return make_attribution_model(name, p);
}

attribution_options options_of(const named_values& given_options) {
  attribution_options options;
  auto given = given_options.attr("copy")().cast<py::dict>();
  take(given, "by", options.by);
  std::optional<std::int64_t> lookback;
  take(given, "lookback", lookback);
  if (lookback) {
    options.lookback = duration{*lookback};
  }
  take(given, "lookback_touches", options.lookback_touches);
  take(given, "exclude", options.exclude);
  take(given, "reuse_touches", options.reuse_touches);
  take(given, "intervals", options.intervals);
  take(given, "level", options.level);
  take(given, "min_n", options.min_n);
  take(given, "threads", options.threads);
  if (!given.empty()) {
    throw input_error("there is no option " + quoted(given.begin()->first.cast<std::string>()) + " of attribution");
  }
  return options;
}

template <typename Journeys>
void bind_attribute(py::module_& m) {
  m.def(
      "attribute",
      [](const Journeys& journeys, const std::string& model, const named_values& parameters,
         const named_values& options) {
        const attribution_model chosen = model_of(model, parameters);
        const attribution_options asked = options_of(options);
        const long_call working;
        return attribute(journeys, chosen, asked);
      },
      py::arg("journeys"), py::kw_only(), py::arg("model"), py::arg("parameters"), py::arg("options"));
}

void bind_passes(py::module_& m) {
  py::class_<credit_passes>(m, "CreditPasses")
      .def(py::init([](const std::string& model, const named_values& parameters, const named_values& options) {
             return credit_passes{model_of(model, parameters), options_of(options)};
           }),
           py::kw_only(), py::arg("model"), py::arg("parameters"), py::arg("options"))
      .def_static(
          "can_count",
          [](const std::string& model, const named_values& parameters) {
            return credit_passes::can_count(model_of(model, parameters));
          },
          py::kw_only(), py::arg("model"), py::arg("parameters"))
      .def("count", &credit_passes::count, py::arg("part"), released())
      .def_property_readonly("has_second_pass", &credit_passes::has_second_pass)
      .def("measure", &credit_passes::measure, py::arg("part"), released())
      .def("result", &credit_passes::result, released());
}

}  // namespace

void bind_attribution(py::module_& m) {
  bind_passes(m);
  bind_attribute<journey_set>(m);
  bind_attribute<path_table>(m);
  m.def(
      "credited_paths",
      [](const journey_set& journeys, const named_values& options) {
        const attribution_options asked = options_of(options);
        const long_call working;
        return credited_paths(journeys, asked);
      },
      py::arg("journeys"), py::kw_only(), py::arg("options"));
  m.def(
      "attribute_by_bootstrap",
      [](const path_table& paths, const std::string& model, const named_values& parameters, const named_values& options,
         std::size_t replicates, std::uint64_t seed) {
        const attribution_model chosen = model_of(model, parameters);
        const attribution_options asked = options_of(options);
        const long_call working;
        return attribute_by_bootstrap(paths, chosen, asked, {.replicates = replicates, .seed = seed});
      },
      py::arg("paths"), py::kw_only(), py::arg("model"), py::arg("parameters"), py::arg("options"),
      py::arg("replicates"), py::arg("seed"));
  m.def(
      "credit_rows",
      [](const path_table& paths, const std::string& model, const named_values& parameters, const named_values& options,
         const std::string& rows) {
        const attribution_model chosen = model_of(model, parameters);
        const attribution_options asked = options_of(options);
        const row_credit kind = to_row_credit(rows);
        const long_call working;
        return credit_rows(paths, chosen, kind, asked);
      },
      py::arg("paths"), py::kw_only(), py::arg("model"), py::arg("parameters"), py::arg("options"), py::arg("rows"));
  m.def(
      "explain_credit",
      [](const journey_set& journeys, const std::string& customer, const std::string& model,
         const named_values& parameters, const named_values& options, const std::string& rows) {
        const attribution_model chosen = model_of(model, parameters);
        const attribution_options asked = options_of(options);
        const row_credit kind = to_row_credit(rows);
        const long_call working;
        return explain_credit(journeys, customer, chosen, kind, asked);
      },
      py::arg("journeys"), py::kw_only(), py::arg("customer"), py::arg("model"), py::arg("parameters"),
      py::arg("options"), py::arg("rows"));
  m.def(
      "model_skill",
      [](const path_table& paths, const std::vector<std::tuple<std::string, std::string, named_values>>& models,
         unsigned folds, std::uint64_t seed, double level, double min_n) {
        std::vector<named_model> named;
        for (const auto& [label, model, parameters] : models) {
          named.push_back({.name = label, .model = model_of(model, parameters)});
        }
        const long_call working;
        return model_skill(paths, named, {.folds = folds, .seed = seed, .level = level, .min_n = min_n});
      },
      py::arg("paths"), py::kw_only(), py::arg("models"), py::arg("folds"), py::arg("seed"), py::arg("level"),
      py::arg("min_n"));
  m.def(
      "predicted_conversion",
      [](const path_table& paths, const std::string& model, const named_values& parameters) {
        const attribution_model chosen = model_of(model, parameters);
        const long_call working;
        return predicted_conversion(paths, chosen);
      },
      py::arg("paths"), py::kw_only(), py::arg("model"), py::arg("parameters"));
  m.def(
      "score_paths",
      [](const path_table& known, const path_table& unknown, const std::string& model, const named_values& parameters) {
        const attribution_model chosen = model_of(model, parameters);
        const long_call working;
        return score_paths(known, unknown, chosen);
      },
      py::arg("known"), py::arg("unknown"), py::kw_only(), py::arg("model"), py::arg("parameters"));
  m.def(
      "apply_model",
      [](const path_table& known, const path_table& other, const std::string& model, const named_values& parameters,
         const std::string& rows) {
        const attribution_model chosen = model_of(model, parameters);
        const row_credit kind = to_row_credit(rows);
        const long_call working;
        return apply_model(known, other, chosen, kind);
      },
      py::arg("known"), py::arg("other"), py::kw_only(), py::arg("model"), py::arg("parameters"), py::arg("rows"));
  m.def("bootstrap_weight", [](const std::string& customer, std::uint64_t seed, std::uint64_t replicate) {
    return bootstrap_weight(customer_key(customer), seed, replicate);
  });
  m.def("resample_paths", &resample_paths, py::arg("paths"), py::kw_only(), py::arg("seed"), py::arg("replicate"),
        released());
  m.def(
      "touch_costs", [](const journey_set& journeys, const std::string& by) { return touch_costs(journeys, by); },
      py::arg("journeys"), py::kw_only(), py::arg("by"), released());
  m.def("models", &model_table);
  m.def(
      "shapley_values", [](const std::vector<double>& worth) { return shapley_values(worth); }, py::arg("worth"),
      released());
  m.def("shapley_positions", &shapley_positions, py::arg("paths"), released());
}

}  // namespace klantreis::bindings
