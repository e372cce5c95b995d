// SPDX-License-Identifier: MIT
#include "klantreis/detail/datasets.ipp"
