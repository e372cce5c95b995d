// SPDX-License-Identifier: MIT
#pragma once

// Every public module, in the order of their dependence.
#include "klantreis/core.hpp"
#include "klantreis/table.hpp"
#include "klantreis/version.hpp"
