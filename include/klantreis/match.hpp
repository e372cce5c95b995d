// SPDX-License-Identifier: MIT
#pragma once

// Path patterns: what a stretch of a journey looks like, found in time linear in the length of the journey.

#include "klantreis/match/funnel_steps.hpp"
#include "klantreis/match/pattern.hpp"
#include "klantreis/match/search.hpp"
#include "klantreis/match/tables.hpp"
