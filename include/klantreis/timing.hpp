// SPDX-License-Identifier: MIT
#pragma once

// How long journeys take, and what becomes of them in time.
#include "klantreis/timing/cohort_rate.hpp"
#include "klantreis/timing/durations.hpp"
#include "klantreis/timing/expected_times.hpp"
#include "klantreis/timing/log_rank.hpp"
#include "klantreis/timing/return_cohorts.hpp"
#include "klantreis/timing/silence.hpp"
#include "klantreis/timing/spells.hpp"
#include "klantreis/timing/survival.hpp"
