# SPDX-License-Identifier: MIT
"""Absorbing Markov chains: what becomes of a journey, and what a change would do."""

from __future__ import annotations

from klantreis._markov.chain import Chain
from klantreis._markov.estimate import markov
from klantreis._markov.order import order_criteria, select_order

__all__ = ["Chain", "markov", "order_criteria", "select_order"]
