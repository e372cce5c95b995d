# SPDX-License-Identifier: MIT
"""Customer journeys from event logs: measured, explained and improved."""

from __future__ import annotations

from klantreis._core import InputError, LimitError, __version__
from klantreis._journeys import Journeys, journeys
from klantreis._log import Log
from klantreis._paths import Paths, paths
from klantreis._statistics import Interval, newcombe, newcombe_paired, wilson
from klantreis._table import Table

__all__ = [
    "InputError",
    "Interval",
    "Journeys",
    "LimitError",
    "Log",
    "Paths",
    "Table",
    "__version__",
    "journeys",
    "newcombe",
    "newcombe_paired",
    "paths",
    "wilson",
]
