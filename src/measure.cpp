// SPDX-License-Identifier: MIT
#include "klantreis/detail/measure/design.ipp"
#include "klantreis/detail/measure/phases.ipp"
#include "klantreis/detail/measure/reach.ipp"
#include "klantreis/detail/measure/states.ipp"
