// SPDX-License-Identifier: MIT
#pragma once

// How far customers come along given steps: by this project's definition, or by that of another tool under its name;
// what goes with dropping off; sequences and retention as ClickHouse has them.

#include "klantreis/funnel/count.hpp"
#include "klantreis/funnel/dialects.hpp"
#include "klantreis/funnel/predictors.hpp"
#include "klantreis/funnel/sequences.hpp"
#include "klantreis/funnel/steps.hpp"
#include "klantreis/funnel/views.hpp"
