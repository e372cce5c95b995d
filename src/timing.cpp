// SPDX-License-Identifier: MIT
#include "klantreis/detail/timing/cohort_rate.ipp"
#include "klantreis/detail/timing/durations.ipp"
#include "klantreis/detail/timing/log_rank.ipp"
#include "klantreis/detail/timing/return_cohorts.ipp"
#include "klantreis/detail/timing/silence.ipp"
#include "klantreis/detail/timing/spells.ipp"
#include "klantreis/detail/timing/survival.ipp"
