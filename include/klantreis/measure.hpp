// SPDX-License-Identifier: MIT
#pragma once

// The designed journey measured: its phases and touchpoints, the state of every customer at any time, and who is
// reached where.

#include "klantreis/measure/design.hpp"
#include "klantreis/measure/phases.hpp"
#include "klantreis/measure/reach.hpp"
#include "klantreis/measure/states.hpp"
