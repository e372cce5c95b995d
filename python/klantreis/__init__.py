# SPDX-License-Identifier: MIT
"""Customer journeys from event logs: measured, explained and improved."""

from __future__ import annotations

from klantreis._core import InputError, LimitError, __version__

__all__ = [
    "InputError",
    "LimitError",
    "__version__",
]
