// SPDX-License-Identifier: MIT
#pragma once

// Key figures: each defined once by an expression, measured on a log, with interval, target and verdict.

#include "klantreis/kpi/concentration.hpp"
#include "klantreis/kpi/definition.hpp"
#include "klantreis/kpi/evaluate.hpp"
#include "klantreis/kpi/expression.hpp"
#include "klantreis/kpi/options.hpp"
