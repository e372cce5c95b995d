// SPDX-License-Identifier: MIT
#include "klantreis/detail/map/check.ipp"
#include "klantreis/detail/map/coverage.ipp"
#include "klantreis/detail/map/json.ipp"
#include "klantreis/detail/map/load.ipp"
#include "klantreis/detail/map/match.ipp"
#include "klantreis/detail/map/model.ipp"
#include "klantreis/detail/map/rule.ipp"
#include "klantreis/detail/map/suggest.ipp"
