# SPDX-License-Identifier: MIT
"""Paths of journeys: the sequence of touchpoints, channels or phases, with or without repeats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cutting import Journey
    from .events import Event


@dataclass(frozen=True)
class Visit:
    """One item of a path: a label and the events of the run behind it (one event unless runs are merged)."""

    label: str
    events: tuple[Event, ...]

    @property
    def entered(self) -> int | None:
        return self.events[0].time

    @property
    def left(self) -> int | None:
        return self.events[-1].time


def label_of(event: Event, by: str, missing: str = "(none)") -> str:
    label = getattr(event, by)
    return missing if label is None else label


def visits(journey: Journey, by: str = "touchpoint", collapse: bool = False) -> list[Visit]:
    """Items of the path; by phase an item is always a maximal run of events in the phase."""
    merge = collapse or by == "phase"
    runs: list[Visit] = []
    for event in journey.touches:
        label = label_of(event, by)
        if merge and runs and runs[-1].label == label:
            runs[-1] = Visit(label, (*runs[-1].events, event))
        else:
            runs.append(Visit(label, (event,)))
    return runs


def path(journey: Journey, by: str = "touchpoint", collapse: bool = False) -> tuple[str, ...]:
    return tuple(visit.label for visit in visits(journey, by, collapse))


@dataclass
class PathRow:
    """A distinct path and what its journeys came to."""

    journeys: int = 0
    conversions: int = 0
    nulls: int = 0
    open: int = 0
    value: float = 0.0


def path_table(
    journeys: Sequence[Journey], by: str = "touchpoint", collapse: bool = False
) -> dict[tuple[str, ...], PathRow]:
    table: dict[tuple[str, ...], PathRow] = {}
    for journey in journeys:
        row = table.setdefault(path(journey, by, collapse), PathRow())
        row.journeys += 1
        if not journey.settled:
            row.open += 1
        elif journey.converted:
            row.conversions += 1
            row.value += journey.value
        else:
            row.nulls += 1
    return table


@dataclass(frozen=True)
class Trip:
    """A settled journey as the chain sees it: who, which items, and how it ended."""

    unit: Any
    items: tuple[str, ...]
    converted: bool
    value: float = 0.0


def trips(journeys: Sequence[Journey], by: str = "touchpoint", collapse: bool = False) -> list[Trip]:
    return [
        Trip(j.customer, path(j, by, collapse), j.converted, j.value if j.converted else 0.0)
        for j in journeys
        if j.settled
    ]
