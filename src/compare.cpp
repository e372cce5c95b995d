// SPDX-License-Identifier: MIT
#include "klantreis/detail/compare/alerts.ipp"
#include "klantreis/detail/compare/comparison.ipp"
#include "klantreis/detail/compare/groups.ipp"
