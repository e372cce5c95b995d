# SPDX-License-Identifier: MIT
"""The journey map as people write it: files, templates, snapshots and what can be read off a map without data."""

from __future__ import annotations

from klantreis._map.difference import diff
from klantreis._map.journey_map import JourneyMap
from klantreis._map.problems import MapError, Problem
from klantreis._map.snapshots import rollback, snapshot, snapshots
from klantreis._map.templates import save_template, suggest_template, template, templates

__all__ = [
    "JourneyMap",
    "MapError",
    "Problem",
    "diff",
    "rollback",
    "save_template",
    "snapshot",
    "snapshots",
    "suggest_template",
    "template",
    "templates",
]
