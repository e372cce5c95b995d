// SPDX-License-Identifier: MIT
#include "klantreis/detail/paths.ipp"
#include "klantreis/detail/paths/make.ipp"
#include "klantreis/detail/paths/text.ipp"
#include "klantreis/detail/paths/transforms.ipp"
