// SPDX-License-Identifier: MIT
#include "klantreis/markov.hpp"

#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "long_call.hpp"

namespace klantreis::bindings {

namespace {

using named_transition = std::tuple<std::string, std::string, double>;

// A chain and the solver that its answers share, made when the first of them needs it.
class chain_handle {
 public:
  explicit chain_handle(absorbing_chain chain) : chain_(std::move(chain)) {}

  [[nodiscard]] const absorbing_chain& chain() const noexcept { return chain_; }
  [[nodiscard]] const transient_solver& solver() const {
    std::call_once(once_, [this] { solver_.emplace(chain_); });
    return *solver_;
  }

  [[nodiscard]] std::vector<std::string> names(bool absorbing) const {
    std::vector<std::string> result;
    for (absorbing_chain::state s = 0; s < chain_.size(); ++s) {
      if (chain_.is_absorbing(s) == absorbing) {
        result.emplace_back(chain_.name(s));
      }
    }
    return result;
  }

 private:
  absorbing_chain chain_;
  mutable std::once_flag once_;
  mutable std::optional<transient_solver> solver_;
};

std::unique_ptr<chain_handle> make_chain(const std::vector<std::string>& transient,
                                         const std::vector<std::string>& absorbing,
                                         const std::vector<named_transition>& transitions, bool counts) {
  const long_call working;
  name_table names{transient};
  for (const std::string& name : absorbing) {
    names.intern(name);
  }
  std::vector<absorbing_chain::transition> numbered;
  numbered.reserve(transitions.size());
  for (const auto& [from, to, weight] : transitions) {
    numbered.push_back({names.find(from).value(), names.find(to).value(), weight});
  }
  return std::make_unique<chain_handle>(counts ? absorbing_chain::from_counts(transient, absorbing, numbered)
                                               : absorbing_chain::from_probabilities(transient, absorbing, numbered));
}

std::unique_ptr<chain_handle> chain_of_paths(const path_table& paths, unsigned order, bool self_transitions) {
  const order_chain counts = make_order_chain(paths, {.order = order, .self_transitions = self_transitions});
  return std::make_unique<chain_handle>(counts.to_absorbing());
}

}  // namespace

void bind_markov(py::module_& m) {
  py::class_<chain_handle>(m, "Chain")
      .def(py::init(&make_chain), py::arg("transient"), py::arg("absorbing"), py::arg("transitions"), py::kw_only(),
           py::arg("counts"))
      .def_property_readonly("states", [](const chain_handle& self) { return self.names(false); })
      .def_property_readonly("outcomes", [](const chain_handle& self) { return self.names(true); })
      .def(
          "transitions", [](const chain_handle& self) { return chain_transitions(self.chain()); }, released())
      .def(
          "fundamental_matrix", [](const chain_handle& self) { return chain_fundamental_matrix(self.solver()); },
          released())
      .def(
          "absorption", [](const chain_handle& self) { return chain_absorption(self.solver()); }, released())
      .def(
          "visits",
          [](const chain_handle& self, const std::string& start) {
            return chain_visits(self.solver(), self.chain().find_transient(start));
          },
          py::arg("start"), released())
      .def(
          "steps",
          [](const chain_handle& self, const std::optional<std::string>& given) {
            return given ? chain_steps(self.solver(), self.chain().find_absorbing(*given)) : chain_steps(self.solver());
          },
          py::arg("given"), released())
      .def(
          "time",
          [](const chain_handle& self, const std::vector<double>& holding) {
            return chain_time(self.solver(), holding);
          },
          py::arg("holding"), released())
      .def(
          "leaving",
          [](const chain_handle& self, const std::string& start) {
            return chain_leaving(self.solver(), self.chain().find_transient(start));
          },
          py::arg("start"), released())
      .def(
          "sensitivity",
          [](const chain_handle& self, const std::string& start, const std::string& goal) {
            const absorbing_chain& chain = self.chain();
            return chain_sensitivities(self.solver(), chain.find_transient(start), chain.find_absorbing(goal));
          },
          py::arg("start"), py::arg("goal"), released())
      .def(
          "gains",
          [](const chain_handle& self, const std::string& start, const std::string& goal, const std::string& source,
             double amount) {
            const absorbing_chain& chain = self.chain();
            return chain_gains(self.solver(), chain.find_transient(start), chain.find_absorbing(goal),
                               chain.find_absorbing(source), amount);
          },
          py::arg("start"), py::arg("goal"), py::arg("source"), py::arg("amount"), released())
      .def(
          "removal_effects",
          [](const chain_handle& self, const std::string& start, const std::string& goal,
             const std::vector<std::pair<std::string, std::vector<std::string>>>& sets) {
            const absorbing_chain& chain = self.chain();
            std::vector<named_states> numbered;
            for (const auto& [name, members] : sets) {
              named_states& set = numbered.emplace_back(name, std::vector<absorbing_chain::state>{});
              for (const std::string& member : members) {
                set.second.push_back(chain.find_transient(member));
              }
            }
            return chain_removal_effects(self.solver(), chain.find_transient(start), chain.find_absorbing(goal),
                                         numbered);
          },
          py::arg("start"), py::arg("goal"), py::arg("sets"), released())
      .def(
          "likely_paths",
          [](const chain_handle& self, const std::string& start, const std::string& goal, std::size_t count) {
            const absorbing_chain& chain = self.chain();
            return chain_likely_paths(self.solver(), chain.find_transient(start), chain.find_absorbing(goal), count);
          },
          py::arg("start"), py::arg("goal"), py::arg("count"), released())
      .def(
          "simulate",
          [](const chain_handle& self, const std::string& start, std::size_t journeys, std::uint64_t seed,
             std::size_t max_steps) {
            return chain_simulation(self.chain(), self.chain().find_transient(start),
                                    {.journeys = journeys, .seed = seed, .max_steps = max_steps});
          },
          py::arg("start"), py::arg("journeys"), py::arg("seed"), py::arg("max_steps"), released())
      .def(
          "conditional_on",
          [](const chain_handle& self, const std::string& goal) {
            return std::make_unique<chain_handle>(conditional_on(self.solver(), self.chain().find_absorbing(goal)));
          },
          py::arg("goal"), released());

  m.def(
      "select_order",
      [](const path_table& paths, unsigned max_order, unsigned folds, std::uint64_t seed, double alpha, double level) {
        return select_order(paths,
                            {.max_order = max_order, .folds = folds, .seed = seed, .alpha = alpha, .level = level});
      },
      py::arg("paths"), py::kw_only(), py::arg("max_order"), py::arg("folds"), py::arg("seed"), py::arg("alpha"),
      py::arg("level"), released());
  m.def(
      "generate_paths",
      [](const path_table& paths, unsigned order, std::size_t journeys, std::uint64_t seed, std::size_t max_steps) {
        return simulate_paths(make_order_chain(paths, {.order = order, .self_transitions = true}),
                              {.journeys = journeys, .seed = seed, .max_steps = max_steps});
      },
      py::arg("paths"), py::kw_only(), py::arg("order"), py::arg("journeys"), py::arg("seed"), py::arg("max_steps"),
      released());
  m.def("in_sample_roc", &in_sample_roc, py::arg("paths"), py::kw_only(), py::arg("order"), py::arg("points"),
        released());
  m.def("order_criteria", &order_criteria, py::arg("paths"), py::kw_only(), py::arg("max_order"), released());
  m.def("markov", &chain_of_paths, py::arg("paths"), py::kw_only(), py::arg("order"), py::arg("self_transitions"),
        released());
  m.def(
      "markov",
      [](const journey_set& journeys, unsigned order, bool self_transitions, const std::string& by, bool collapse,
         std::optional<std::int64_t> lookback, unsigned threads) {
        require_cut(journeys, "markov");
        path_options options{.by = by, .collapse = collapse, .threads = threads};
        if (lookback) {
          options.lookback = duration{*lookback};
        }
        return chain_of_paths(make_paths(journeys, options), order, self_transitions);
      },
      py::arg("journeys"), py::kw_only(), py::arg("order"), py::arg("self_transitions"), py::arg("by"),
      py::arg("collapse"), py::arg("lookback"), py::arg("threads"), released());
}

}  // namespace klantreis::bindings
