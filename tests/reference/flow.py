# SPDX-License-Identifier: MIT
"""Transitions between states, and where customers leave."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .intervals import Interval, prob, quantile
from .sequences import visits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cutting import Journey

START = "(start)"


def states_and_times(journey: Journey, by: str = "touchpoint", collapse: bool = False) -> list[tuple[str, int | None]]:
    """(label, entered) of every state of a journey, from (start) to its end; neither of those two has a time."""
    return [(START, None), *((v.label, v.entered) for v in visits(journey, by, collapse)), (journey.goal, None)]


@dataclass
class Transition:
    weight: int = 0
    row_weight: int = 0
    probability: float = float("nan")
    customers: set[Any] = field(default_factory=set)
    row_customers: set[Any] = field(default_factory=set)
    times: list[int] = field(default_factory=list)
    interval: Interval = field(default_factory=lambda: Interval(float("nan"), float("nan")))

    @property
    def median_time(self) -> float:
        return quantile(self.times, 0.5)


def transitions(
    journeys: Sequence[Journey], by: str = "touchpoint", collapse: bool = False
) -> dict[tuple[str, str], Transition]:
    """Transitions of the settled journeys; the interval has the form of a rate over customers.

    A transition between merged runs lasts from the first event of the one to the first event of the other.
    """
    table: dict[tuple[str, str], Transition] = {}
    row_visits: dict[str, Counter[Any]] = {}
    pair_visits: dict[tuple[str, str], Counter[Any]] = {}
    for journey in journeys:
        if not journey.settled:
            continue
        states = states_and_times(journey, by, collapse)
        for (here, left), (there, entered) in itertools.pairwise(states):
            row = table.setdefault((here, there), Transition())
            row.weight += 1
            row.customers.add(journey.customer)
            if left is not None and entered is not None:
                row.times.append(entered - left)
            row_visits.setdefault(here, Counter())[journey.customer] += 1
            pair_visits.setdefault((here, there), Counter())[journey.customer] += 1
    for (here, there), row in table.items():
        row.row_weight = sum(row_visits[here].values())
        row.probability = row.weight / row.row_weight
        row.row_customers = set(row_visits[here])
        row.interval = rate_interval(pair_visits[(here, there)], row_visits[here])
    return table


def rate_interval(hits: Counter[Any], visits_of: Counter[Any]) -> Interval:
    """Interval of (sum of hits) / (sum of visits), customers as units: psi_u = (e_u - p v_u) / n."""
    total = sum(visits_of.values())
    rate = sum(hits.values()) / total
    psi = np.array([(hits[u] - rate * visits_of[u]) / total for u in visits_of])
    return prob(rate, psi, len(visits_of), len(visits_of))


@dataclass
class DropOff:
    visits: int
    customers: int
    exits: int
    exit_rate: float
    interval: Interval
    share_of_exits: float
    before: Counter[str]
    next: Counter[str]


def drop_off(
    journeys: Sequence[Journey], by: str = "touchpoint", collapse: bool = False, known_until: float | None = None
) -> dict[str, DropOff]:
    """Per state: how often settled journeys were there and how often they ended there without conversion.

    `before` counts what came right before the visit that was the last, `next` what followed the other visits.
    A journey that went on after a conversion is at rest at its end and has not left. With `known_until` the visits
    dated until then count, of settled and open journeys alike, if what followed them is known.
    """
    visited: dict[str, Counter[Any]] = {}
    exited: dict[str, Counter[Any]] = {}
    before: dict[str, Counter[str]] = {}
    after: dict[str, Counter[str]] = {}
    for journey in journeys:
        if known_until is None and not journey.settled:
            continue
        labels = [s[0] for s in states_and_times(journey, by, collapse)]
        for i in range(1, len(labels) - 1):
            here = labels[i]
            if known_until is not None:
                last = i == len(labels) - 2 and (journey.goes_on or not journey.converted)
                dates = [visits(journey, by, collapse)[i - 1].entered, *([journey.events[-1].time] if last else [])]
                if not journey.converted and last:
                    dates = dates[1:]
                if max(dates) > known_until:
                    continue
            visited.setdefault(here, Counter())[journey.customer] += 1
            if i == len(labels) - 2 and not journey.converted:
                exited.setdefault(here, Counter())[journey.customer] += 1
                before.setdefault(here, Counter())[labels[i - 1]] += 1
            else:
                after.setdefault(here, Counter())[labels[i + 1]] += 1
    all_exits = sum(sum(c.values()) for c in exited.values())
    table = {}
    for here, counts in visited.items():
        out = exited.get(here, Counter())
        exits, total = sum(out.values()), sum(counts.values())
        table[here] = DropOff(
            total,
            len(counts),
            exits,
            exits / total,
            rate_interval(out, counts),
            exits / all_exits if all_exits else float("nan"),
            before.get(here, Counter()),
            after.get(here, Counter()),
        )
    return table
