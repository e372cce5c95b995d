// SPDX-License-Identifier: MIT
#include "klantreis/detail/map/model.ipp"
