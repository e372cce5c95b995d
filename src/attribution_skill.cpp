// SPDX-License-Identifier: MIT
#include "klantreis/detail/attribution/skill.ipp"
