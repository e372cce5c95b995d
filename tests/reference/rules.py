# SPDX-License-Identifier: MIT
"""Attribution by rule: each conversion is split over the touches of its own path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .intervals import Interval, log_form
from .sequences import visits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cutting import Journey

UNATTRIBUTED = "(unattributed)"
DAY = 86_400_000_000
ENDS = {"position_based": (0.4, 0.4), "j_shaped": (0.2, 0.6), "inverse_j": (0.6, 0.2)}


def weights_of(
    model: str, labels: Sequence[str], times: Sequence[int] | None, half_life: int = 7 * DAY, direct: str = "direct"
) -> list[float]:
    """Part of each touch of one path; the parts sum to 1."""
    n = len(labels)
    if model == "first_touch":
        return [1.0] + [0.0] * (n - 1)
    if model == "last_touch":
        return [0.0] * (n - 1) + [1.0]
    if model == "last_non_direct":
        others = [i for i, label in enumerate(labels) if label != direct]
        chosen = others[-1] if others else n - 1
        return [1.0 if i == chosen else 0.0 for i in range(n)]
    if model == "first_non_direct":
        others = [i for i, label in enumerate(labels) if label != direct]
        chosen = others[0] if others else 0
        return [1.0 if i == chosen else 0.0 for i in range(n)]
    if model == "linear":
        return [1.0 / n] * n
    if model in ("linear_distinct", "shapley"):
        return [1.0 / len(set(labels)) / labels.count(label) for label in labels]
    if model == "position_decay":
        return [2.0 * (i + 1) / (n * (n + 1)) for i in range(n)]
    if model in ENDS:
        first, last = ENDS[model]
        if n == 1:
            return [1.0]
        middle = 1.0 - first - last
        if n == 2:
            return [first + middle / 2, last + middle / 2]
        return [first] + [middle / (n - 2)] * (n - 2) + [last]
    if model == "time_decay":
        assert times is not None
        raw = [0.5 ** ((times[-1] - t) / half_life) for t in times]
        return [w / sum(raw) for w in raw]
    raise ValueError(model)


def attribute(
    journeys: Sequence[Journey],
    model: str,
    by: str = "touchpoint",
    half_life: int = 7 * DAY,
    lookback: int | None = None,
    direct: str = "direct",
    collapse: bool = False,
) -> dict[str, tuple[float, float]]:
    """Conversions and value per label; what no touch can have earned is `(unattributed)`."""
    credit: dict[str, tuple[float, float]] = {}
    for _, label, part, value in _shares(journeys, model, by, half_life, lookback, direct, collapse):
        had, had_value = credit.get(label, (0.0, 0.0))
        credit[label] = had + part, had_value + value
    return credit


def credit_intervals(
    journeys: Sequence[Journey],
    model: str,
    by: str = "touchpoint",
    half_life: int = 7 * DAY,
    lookback: int | None = None,
    direct: str = "direct",
) -> dict[str, Interval]:
    """Credit in a customer's own journeys less its mean over the customers."""
    customers = list(dict.fromkeys(j.customer for j in journeys if j.settled))
    row_of = {c: i for i, c in enumerate(customers)}
    earned: dict[str, np.ndarray] = {}
    for customer, label, part, _ in _shares(journeys, model, by, half_life, lookback, direct, False):
        earned.setdefault(label, np.zeros(len(customers)))[row_of[customer]] += part
    return {label: log_form(float(e.sum()), e - e.mean(), len(customers)) for label, e in earned.items()}


def _shares(journeys, model, by, half_life, lookback, direct, collapse):  # type: ignore[no-untyped-def]
    for journey in journeys:
        if not (journey.settled and journey.converted):
            continue
        touches = visits(journey, by, collapse)
        if lookback is not None:
            touches = [v for v in touches if journey.conversion.time - v.left <= lookback]
        if not touches:
            yield journey.customer, UNATTRIBUTED, 1.0, journey.value
            continue
        labels = [v.label for v in touches]
        times = None if touches[0].left is None else [v.left for v in touches]
        for label, part in zip(labels, weights_of(model, labels, times, half_life, direct), strict=True):
            yield journey.customer, label, part, part * journey.value
