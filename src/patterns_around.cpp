// SPDX-License-Identifier: MIT
#include "klantreis/detail/patterns/around.ipp"
#include "klantreis/detail/patterns/between.ipp"
#include "klantreis/detail/patterns/path_tree.ipp"
