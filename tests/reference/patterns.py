# SPDX-License-Identifier: MIT
"""Variants, the step matrix, and the ways into and out of a state."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .intervals import NULL, Interval, quantile
from .sequences import path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cutting import Journey
from .cutting import settled
from .flow import rate_interval


@dataclass
class Variant:
    path: tuple[str, ...]
    count: int
    open: int
    share: float
    coverage: float
    conversions: int
    conversion_rate: float
    interval: Interval
    customers: int
    value: float
    median_time: float


def variants(journeys: Sequence[Journey], by: str = "touchpoint", collapse: bool = False) -> list[Variant]:
    """Distinct paths by falling count of settled journeys, ties by path; open journeys stand beside.

    Coverage is the share of this and all rows above.
    """
    groups: dict[tuple[str, ...], list[Journey]] = {}
    for journey in journeys:
        groups.setdefault(path(journey, by, collapse), []).append(journey)
    total = len(settled(journeys))
    rows = []
    covered = 0
    for labels, members in sorted(groups.items(), key=lambda g: (-len(settled(g[1])), g[0])):
        done = settled(members)
        covered += len(done)
        conversions = Counter(j.customer for j in done if j.converted)
        visits = Counter(j.customer for j in done)
        times = [j.events[-1].time - j.events[0].time for j in done if j.events[0].time is not None]
        rows.append(
            Variant(
                labels,
                len(done),
                len(members) - len(done),
                len(done) / total if total else float("nan"),
                covered / total if total else float("nan"),
                sum(conversions.values()),
                sum(conversions.values()) / len(done) if done else float("nan"),
                rate_interval(conversions, visits) if done else NULL,
                len(visits),
                sum(j.value for j in done if j.converted),
                quantile(times, 0.5),
            )
        )
    return rows


def step_matrix(
    journeys: Sequence[Journey], steps: int = 10, by: str = "touchpoint", collapse: bool = False
) -> dict[tuple[int, str], int]:
    """How many journeys are at each label at step 1, 2, ...

    A journey that ended stays at its end, one that is open at (open).
    """
    table: Counter[tuple[int, str]] = Counter()
    for journey in journeys:
        labels = path(journey, by, collapse)
        end = journey.goal if journey.settled else "(open)"
        for step in range(1, steps + 1):
            table[step, labels[step - 1] if step <= len(labels) else end] += 1
    return dict(table)


def ways_in(journeys: Sequence[Journey], to: str, by: str = "touchpoint", collapse: bool = False) -> Counter[str]:
    """What stood right before each visit of `to`, in settled journeys."""
    seen: Counter[str] = Counter()
    for journey in journeys:
        if journey.settled:
            labels = ["(start)", *path(journey, by, collapse), journey.goal]
            seen.update(here for here, there in itertools.pairwise(labels) if there == to)
    return seen


def ways_out(journeys: Sequence[Journey], from_: str, by: str = "touchpoint", collapse: bool = False) -> Counter[str]:
    """What stood right after each visit of `from_`, in settled journeys."""
    seen: Counter[str] = Counter()
    for journey in journeys:
        if journey.settled:
            labels = ["(start)", *path(journey, by, collapse), journey.goal]
            seen.update(there for here, there in itertools.pairwise(labels) if here == from_)
    return seen
