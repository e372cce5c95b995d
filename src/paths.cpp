// SPDX-License-Identifier: MIT
#include "klantreis/detail/paths.ipp"
#include "klantreis/detail/paths/transforms.ipp"
