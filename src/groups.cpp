// SPDX-License-Identifier: MIT
#include "klantreis/detail/groups/cluster_tables.ipp"
#include "klantreis/detail/groups/clusters.ipp"
#include "klantreis/detail/groups/distances.ipp"
#include "klantreis/detail/groups/linkage.ipp"
#include "klantreis/detail/groups/medoids.ipp"
#include "klantreis/detail/groups/mixture.ipp"
#include "klantreis/detail/groups/sequences.ipp"
#include "klantreis/detail/groups/typical.ipp"
