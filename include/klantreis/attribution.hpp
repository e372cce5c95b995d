// SPDX-License-Identifier: MIT
#pragma once

// Which part of the conversions each touchpoint, channel or phase has earned. The heuristics need the standard library
// and Boost.Math; the chain behind `markov_model` and the regression behind `logistic` need Eigen.

#include "klantreis/attribution/attribute.hpp"        // credit of the items, with intervals
#include "klantreis/attribution/bootstrap.hpp"        // intervals by drawing customers
#include "klantreis/attribution/models.hpp"           // the models
#include "klantreis/attribution/passes.hpp"           // credit of journeys that come in parts
#include "klantreis/attribution/removal_effects.hpp"  // what removing each item would cost
#include "klantreis/attribution/rows.hpp"             // credit by path, and of one customer
#include "klantreis/attribution/shapley.hpp"          // Shapley values of any game, and by position
#include "klantreis/attribution/skill.hpp"            // how well models predict conversions they have not seen
#include "klantreis/attribution/touch_costs.hpp"
#include "klantreis/attribution/touch_credits.hpp"  // what the touches cost
