// SPDX-License-Identifier: MIT
#pragma once

// What paths look like: which ones there are, where journeys stand after k steps, how they reach and leave an item.

#include "klantreis/patterns/likely_paths.hpp"
#include "klantreis/patterns/ngrams.hpp"
#include "klantreis/patterns/step_matrix.hpp"
#include "klantreis/patterns/variants.hpp"
#include "klantreis/patterns/ways.hpp"
