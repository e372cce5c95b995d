# SPDX-License-Identifier: MIT
"""The functions of other tools, under their names, computed by klantreis."""

from __future__ import annotations
