// SPDX-License-Identifier: MIT
#pragma once

// How far customers come along given steps: by this project's definition, or by that of another tool under its name.

#include "klantreis/funnel/count.hpp"
#include "klantreis/funnel/dialects.hpp"
#include "klantreis/funnel/steps.hpp"
#include "klantreis/funnel/views.hpp"
