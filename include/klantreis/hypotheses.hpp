// SPDX-License-Identifier: MIT
#pragma once

// What transitions say of a journey that somebody had in mind, and when they were other than usual.

#include "klantreis/hypotheses/changes.hpp"
#include "klantreis/hypotheses/evidence.hpp"
