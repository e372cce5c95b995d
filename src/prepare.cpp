// SPDX-License-Identifier: MIT
#include "klantreis/detail/prepare/events.ipp"
#include "klantreis/detail/prepare/labels.ipp"
