// SPDX-License-Identifier: MIT
#pragma once

// Absorbing Markov chains: estimated from paths, or from probabilities and counts. Needs the headers of Eigen.

#include "klantreis/markov/absorbing_chain.hpp"
#include "klantreis/markov/absorption.hpp"
#include "klantreis/markov/chain_tables.hpp"
#include "klantreis/markov/order_chain.hpp"
#include "klantreis/markov/order_selection.hpp"
#include "klantreis/markov/path_simulation.hpp"
#include "klantreis/markov/probable_paths.hpp"
#include "klantreis/markov/removal.hpp"
#include "klantreis/markov/sensitivity.hpp"
#include "klantreis/markov/simulation.hpp"
#include "klantreis/markov/solver.hpp"
