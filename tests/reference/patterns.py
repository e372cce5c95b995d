# SPDX-License-Identifier: MIT
"""Variants, the step matrix, and the ways into and out of a state."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .cutting import settled
from .flow import rate_interval
from .intervals import NULL, Interval, quantile
from .sequences import path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cutting import Journey


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


@dataclass
class Way:
    """A sequence of states next to a visit, and the journeys that took it."""

    count: int = 0
    open: int = 0
    customers: set[Any] = field(default_factory=set)
    visits: Counter[Any] = field(default_factory=Counter)
    converted: Counter[Any] = field(default_factory=Counter)

    @property
    def conversions(self) -> int:
        return sum(self.converted.values())

    @property
    def interval(self) -> Interval:
        return rate_interval(self.converted, self.visits) if self.visits else NULL

    def add(self, journey: Journey) -> None:
        self.count += 1
        self.customers.add(journey.customer)
        if not journey.settled:
            self.open += 1
            return
        self.visits[journey.customer] += 1
        self.converted[journey.customer] += journey.converted


def states(journey: Journey, by: str, collapse: bool) -> list[str]:
    return ["(start)", *path(journey, by, collapse), journey.goal if journey.settled else "(open)"]


def ways_in(
    journeys: Sequence[Journey], to: str, steps: int = 1, by: str = "touchpoint", collapse: bool = False
) -> dict[tuple[str, ...], Way]:
    """What stood right before each visit of `to` in settled journeys, at most `steps` states."""
    table: dict[tuple[str, ...], Way] = {}
    for journey in settled(journeys):
        labels = states(journey, by, collapse)
        for i, label in enumerate(labels):
            if i > 0 and label == to:
                table.setdefault(tuple(labels[max(0, i - steps) : i]), Way()).add(journey)
    return table


def ways_out(
    journeys: Sequence[Journey], from_: str, steps: int = 1, by: str = "touchpoint", collapse: bool = False
) -> dict[tuple[str, ...], Way]:
    """What followed each visit of `from_` in settled journeys, at most `steps` states."""
    table: dict[tuple[str, ...], Way] = {}
    for journey in settled(journeys):
        labels = states(journey, by, collapse)
        for i, label in enumerate(labels[:-1]):
            if label == from_:
                table.setdefault(tuple(labels[i + 1 : i + 1 + steps]), Way()).add(journey)
    return table


def entries(
    journeys: Sequence[Journey], steps: int = 1, by: str = "touchpoint", collapse: bool = False
) -> dict[tuple[str, ...], Way]:
    """How journeys begin, open ones too."""
    table: dict[tuple[str, ...], Way] = {}
    for journey in journeys:
        table.setdefault(tuple(states(journey, by, collapse)[1 : 1 + steps]), Way()).add(journey)
    return table
