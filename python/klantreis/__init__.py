# SPDX-License-Identifier: MIT
"""Customer journeys from event logs: measured, explained and improved."""

from __future__ import annotations

from klantreis._core import InputError, LimitError, __version__
from klantreis._statistics import Interval, newcombe, newcombe_paired, wilson

__all__ = [
    "InputError",
    "Interval",
    "LimitError",
    "__version__",
    "newcombe",
    "newcombe_paired",
    "wilson",
]
