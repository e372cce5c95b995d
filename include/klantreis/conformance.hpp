// SPDX-License-Identifier: MIT
#pragma once

// The designed journey against the actual one: moves, alignment, token replay, walkthroughs.

#include "klantreis/conformance/alignment.hpp"
#include "klantreis/conformance/moves.hpp"
#include "klantreis/conformance/replay.hpp"
