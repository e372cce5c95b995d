// SPDX-License-Identifier: MIT
#pragma once

// What paths look like: which ones there are, where journeys stand k steps from a visit, how they reach and leave an
// item, what they repeat, which sequences they share, and how complicated they are.

#include "klantreis/patterns/around.hpp"
#include "klantreis/patterns/between.hpp"
#include "klantreis/patterns/complexity.hpp"
#include "klantreis/patterns/edges.hpp"
#include "klantreis/patterns/likely_paths.hpp"
#include "klantreis/patterns/ngrams.hpp"
#include "klantreis/patterns/path_tree.hpp"
#include "klantreis/patterns/sequences.hpp"
#include "klantreis/patterns/step_matrix.hpp"
#include "klantreis/patterns/variants.hpp"
#include "klantreis/patterns/ways.hpp"
