# SPDX-License-Identifier: MIT
"""Logs that are larger than memory: partitioned on disk, counted one partition after the other, merged."""

from __future__ import annotations

from klantreis._large.journeys import LargeJourneys
from klantreis._large.log import LargeLog, read_large

__all__ = ["LargeJourneys", "LargeLog", "read_large"]
