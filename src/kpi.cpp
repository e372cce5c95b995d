// SPDX-License-Identifier: MIT
#include "klantreis/detail/kpi/concentration.ipp"
#include "klantreis/detail/kpi/definition.ipp"
#include "klantreis/detail/kpi/evaluate.ipp"
#include "klantreis/detail/kpi/expression.ipp"
