// SPDX-License-Identifier: MIT
#include "klantreis/detail/funnel/views.ipp"
