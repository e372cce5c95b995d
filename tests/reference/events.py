# SPDX-License-Identifier: MIT
"""Events, their order, and what can be counted about a log before it is cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Columns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Event:
    """One row of the log. `time` and `order` are integers; `position` is the row number in the input."""

    customer: Any
    time: int | None
    order: int | None
    position: int
    touchpoint: str
    channel: str | None = None
    phase: str | None = None
    value: float | None = None


def events_of(columns: Columns) -> list[Event]:
    """Rows of a dict of columns; absent columns give None."""
    size = len(columns["customer"])

    def cell(name: str, row: int) -> Any:
        return columns[name][row] if columns.get(name) is not None else None

    return [
        Event(
            customer=columns["customer"][row],
            time=cell("time", row),
            order=cell("order", row),
            position=row,
            touchpoint=columns["touchpoint"][row],
            channel=cell("channel", row),
            phase=cell("phase", row),
            value=cell("value", row),
        )
        for row in range(size)
    ]


def by_customer(events: Sequence[Event]) -> dict[Any, list[Event]]:
    """Events of each customer by (time, order, position in the input), customers by first appearance."""
    groups: dict[Any, list[Event]] = {}
    for event in events:
        groups.setdefault(event.customer, []).append(event)
    for rows in groups.values():
        rows.sort(
            key=lambda e: (
                0 if e.time is None else e.time,
                0 if e.order is None else e.order,
                e.position,
            )
        )
    return groups


def ties(events: Sequence[Event]) -> int:
    """Events whose place in the journey follows from the input position alone.

    That is, events that share customer, time and order with the event before them in the sorted log.
    """
    groups = Counter((e.customer, e.time, e.order) for e in events)
    return sum(size - 1 for size in groups.values())


def same_instant(events: Sequence[Event]) -> int:
    """Events that share customer and time with an earlier event, whatever the order column says."""
    groups = Counter((e.customer, e.time) for e in events)
    return sum(size - 1 for size in groups.values())


def duplicates(events: Sequence[Event]) -> int:
    """Events that repeat an earlier one in every column but the position in the input."""
    groups = Counter((e.customer, e.time, e.order, e.touchpoint, e.channel, e.phase, e.value) for e in events)
    return sum(size - 1 for size in groups.values())
