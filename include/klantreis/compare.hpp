// SPDX-License-Identifier: MIT
#pragma once

// Two groups of journeys side by side (segments, periods, variants of an experiment), and rules that watch rates.

#include "klantreis/compare/alerts.hpp"
#include "klantreis/compare/comparison.hpp"
#include "klantreis/compare/groups.hpp"
#include "klantreis/compare/patterns.hpp"
