# SPDX-License-Identifier: MIT
"""Cutting the events of customers into journeys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .events import Event, by_customer

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


@dataclass
class Journey:
    """Events of one customer from one cut to the next.

    `touches` are the events of the path. When the journey stops at its conversion, the conversion event is not
    one of them; when it goes on after conversions, it is.
    """

    customer: Any
    events: list[Event]
    touches: list[Event] = field(default_factory=list)
    conversion: Event | None = None
    conversions: list[Event] = field(default_factory=list)
    goes_on: bool = False
    settled: bool = True

    @property
    def converted(self) -> bool:
        return bool(self.conversions)

    @property
    def value(self) -> float:
        return sum(0.0 if e.value is None else e.value for e in self.conversions)

    @property
    def goal(self) -> str:
        """The state the path runs into when the journey is settled."""
        if self.goes_on:
            return "(end)"
        return "(conversion)" if self.converted else "(null)"

    @property
    def status(self) -> str:
        if not self.settled:
            return "open"
        return "converted" if self.converted else "null"


def cut(
    events: Sequence[Event],
    conversion: Collection[str] = (),
    after_conversion: str = "new",
    gap: int | None = None,
    inactivity: int | None = None,
    observed_until: int | None = None,
) -> list[Journey]:
    """All journeys, customers in order of first appearance, journeys of one customer in order of time.

    Events after the end of the observation are left out.
    """
    if gap is None:
        gap = inactivity
    if observed_until is None:
        observed_until = max((e.time for e in events if e.time is not None), default=None)
    journeys: list[Journey] = []
    seen = [e for e in events if e.time is None or e.time <= observed_until]
    for customer, rows in by_customer(seen).items():
        pieces: list[list[Event]] = []
        start_anew = True
        for index, event in enumerate(rows):
            if index > 0 and gap is not None and event.time - rows[index - 1].time > gap:
                start_anew = True
            if start_anew:
                pieces.append([])
                start_anew = False
            pieces[-1].append(event)
            if event.touchpoint in conversion:
                if after_conversion == "stop":
                    break
                if after_conversion == "new":
                    start_anew = True
        for piece in pieces:
            journeys.append(_journey(customer, piece, conversion, after_conversion))
    if inactivity is not None:
        for journey in journeys:
            last = journey.events[-1].time
            if journey.goes_on and journey.converted:
                last = journey.conversions[0].time
            journey.settled = last <= observed_until - inactivity
    return journeys


def _journey(customer: Any, piece: list[Event], conversion: Collection[str], after_conversion: str) -> Journey:
    conversions = [e for e in piece if e.touchpoint in conversion]
    goes_on = after_conversion == "continue"
    touches = piece if goes_on else [e for e in piece if e.touchpoint not in conversion]
    return Journey(
        customer=customer,
        events=piece,
        touches=list(touches),
        conversion=conversions[0] if conversions else None,
        conversions=conversions,
        goes_on=goes_on,
    )


def settled(journeys: Sequence[Journey]) -> list[Journey]:
    return [journey for journey in journeys if journey.settled]
