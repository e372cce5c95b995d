// SPDX-License-Identifier: MIT
#include "klantreis/detail/timing/expected_times.ipp"
