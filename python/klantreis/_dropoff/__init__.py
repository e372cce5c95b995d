# SPDX-License-Identifier: MIT
"""Where customers leave and get stuck: drop-off, loss reasons, carts, friction, effort, calls to action."""

from __future__ import annotations

from klantreis._dropoff.drop_off import DropOff, drop_off
from klantreis._dropoff.friction import Effort, Friction, click_through, effort, friction
from klantreis._dropoff.losses import Carts, LossReasons, abandoned_carts, loss_reasons

__all__ = [
    "Carts",
    "DropOff",
    "Effort",
    "Friction",
    "LossReasons",
    "abandoned_carts",
    "click_through",
    "drop_off",
    "effort",
    "friction",
    "loss_reasons",
]
