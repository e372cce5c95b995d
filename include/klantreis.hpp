// SPDX-License-Identifier: MIT
#pragma once

// Every public module.
#include "klantreis/arrow.hpp"
#include "klantreis/attribution.hpp"
#include "klantreis/compare.hpp"
#include "klantreis/core.hpp"
#include "klantreis/dropoff.hpp"
#include "klantreis/engine.hpp"
#include "klantreis/funnel.hpp"
#include "klantreis/graph.hpp"
#include "klantreis/improve.hpp"
#include "klantreis/journeys.hpp"
#include "klantreis/log.hpp"
#include "klantreis/map.hpp"
#include "klantreis/markov.hpp"
#include "klantreis/paths.hpp"
#include "klantreis/patterns.hpp"
#include "klantreis/statistics.hpp"
#include "klantreis/summary.hpp"
#include "klantreis/table.hpp"
#include "klantreis/transitions.hpp"
#include "klantreis/version.hpp"
