// SPDX-License-Identifier: MIT
#pragma once

// Groups of journeys that resemble each other, and the journey that is typical of a group.

#include "klantreis/groups/clusters.hpp"
#include "klantreis/groups/distances.hpp"
#include "klantreis/groups/linkage.hpp"
#include "klantreis/groups/medoids.hpp"
#include "klantreis/groups/mixture.hpp"
#include "klantreis/groups/sequences.hpp"
#include "klantreis/groups/typical.hpp"
