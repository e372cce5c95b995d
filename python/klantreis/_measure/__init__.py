# SPDX-License-Identifier: MIT
"""The designed journey measured: phases and touchpoints, the state of every customer, and who is reached where."""

from __future__ import annotations

from klantreis._design import Design
from klantreis._measure.measured import Measure, measure
from klantreis._measure.reach import overlap, positions, reach, reach_by_period
from klantreis._measure.states import (
    Relationship,
    occupancy,
    phase_at,
    phase_cohorts,
    phase_history,
    relationship,
    timeline,
)

__all__ = [
    "Design",
    "Measure",
    "Relationship",
    "measure",
    "occupancy",
    "overlap",
    "phase_at",
    "phase_cohorts",
    "phase_history",
    "positions",
    "reach",
    "reach_by_period",
    "relationship",
    "timeline",
]
