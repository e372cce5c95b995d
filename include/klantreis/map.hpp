// SPDX-License-Identifier: MIT
#pragma once

// The designed journey: its content, and its application to a log.

#include "klantreis/map/coverage.hpp"
#include "klantreis/map/json_value.hpp"
#include "klantreis/map/match.hpp"
#include "klantreis/map/model.hpp"
#include "klantreis/map/picture.hpp"
#include "klantreis/map/rule.hpp"
