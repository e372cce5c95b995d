// SPDX-License-Identifier: MIT
#include "klantreis/detail/patterns/likely_paths.ipp"
#include "klantreis/detail/patterns/ngrams.ipp"
#include "klantreis/detail/patterns/step_matrix.ipp"
#include "klantreis/detail/patterns/variants.ipp"
#include "klantreis/detail/patterns/ways.ipp"
