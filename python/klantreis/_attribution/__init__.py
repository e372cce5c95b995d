# SPDX-License-Identifier: MIT
"""Attribution: which part of the conversions each touchpoint, channel or phase has earned."""

from __future__ import annotations

from klantreis._attribution.arguments import Game, Model, Removal, Rows
from klantreis._attribution.attribute import attribute, explain_credit, models, removal_effects, shapley_positions
from klantreis._attribution.calibration import calibrate
from klantreis._attribution.compare import compare_models
from klantreis._attribution.cost import shift_budget
from klantreis._attribution.fitted import AttributionModel, fit, load_model

__all__ = [
    "AttributionModel",
    "Game",
    "Model",
    "Removal",
    "Rows",
    "attribute",
    "calibrate",
    "compare_models",
    "explain_credit",
    "fit",
    "load_model",
    "models",
    "removal_effects",
    "shapley_positions",
    "shift_budget",
]
