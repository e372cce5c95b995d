# SPDX-License-Identifier: MIT
"""The designed journey measured, slowly and obviously: one plain walk per question."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from .cutting import Journey, cut
from .flow import rate_interval
from .intervals import NOTHING, Interval, quantile

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .events import Event

UNSEEN = None


@dataclass(frozen=True)
class Visit:
    """A stay in a phase, or an event at a touchpoint: what, in which phase, since when, and all of its events."""

    item: str
    phase: str | None
    events: tuple[Event, ...]

    @property
    def entered(self) -> int | None:
        return self.events[0].time


def phase_visits(journey: Journey, phases: Sequence[str]) -> list[Visit]:
    """Maximal runs; an event of no phase is looked past."""
    known = [event for event in journey.events if event.phase in phases]
    return [
        Visit(phase, phase, tuple(run)) for phase, run in itertools.groupby(known, key=lambda event: str(event.phase))
    ]


def touchpoint_visits(journey: Journey, phases: Sequence[str]) -> list[Visit]:
    return [Visit(e.touchpoint, e.phase if e.phase in phases else None, (e,)) for e in journey.events]


@dataclass
class Measured:
    reach: set[Any] = field(default_factory=set)
    entries: int = 0
    visits: int = 0
    passed: set[Any] = field(default_factory=set)
    back: int = 0
    skips: int = 0
    left: int = 0
    at_rest: int = 0
    open: int = 0
    skipped: set[Any] = field(default_factory=set)
    gone: set[Any] = field(default_factory=set)
    waiting: set[Any] = field(default_factory=set)
    settled_visits: Counter[Any] = field(default_factory=Counter)
    leavings: Counter[Any] = field(default_factory=Counter)
    times: list[int] = field(default_factory=list)

    @property
    def exit_rate(self) -> float:
        total = sum(self.settled_visits.values())
        return sum(self.leavings.values()) / total if total else NOTHING

    @property
    def interval(self) -> Interval:
        if not self.settled_visits:
            return Interval(NOTHING, NOTHING)
        return rate_interval(self.leavings, self.settled_visits)

    @property
    def median_time(self) -> float:
        return quantile(self.times, 0.5) / 1e6 if self.times else NOTHING


def measure(
    journeys: Sequence[Journey],
    phases: Sequence[str],
    by: str = "phase",
    unmeasured: Collection[str] = (),
    scope: tuple[str, str] | None = None,
) -> dict[str, Measured]:
    """Every figure of every phase or touchpoint; journeys must go on after their conversions."""
    place = {phase: at for at, phase in enumerate(phases)}
    inside = set(phases)
    if scope is not None:
        inside = set(phases[place[scope[0]] : place[scope[1]] + 1])
    rows: dict[str, Measured] = {phase: Measured() for phase in phases if phase in inside} if by == "phase" else {}
    reached: dict[Any, set[str]] = {}
    last_of: dict[Any, tuple[Visit, Journey]] = {}
    for journey in journeys:
        visits = phase_visits(journey, phases) if by == "phase" else touchpoint_visits(journey, phases)
        reached.setdefault(journey.customer, set()).update(v.phase for v in visits if v.phase)
        if visits:
            last_of[journey.customer] = (visits[-1], journey)
        shown = [v for v in visits if (v.phase in inside if v.phase else scope is None)]
        if shown:
            rows.setdefault(shown[0].item, Measured()).entries += 1
        for at, visit in enumerate(visits):
            if visit not in shown:
                continue
            row = rows.setdefault(visit.item, Measured())
            row.reach.add(journey.customer)
            row.visits += 1
            if journey.settled:
                row.settled_visits[journey.customer] += 1
            here = place.get(str(visit.phase))
            if here is not None and any(v.phase and place[v.phase] > here for v in visits[at + 1 :]):
                row.passed.add(journey.customer)
            if at + 1 < len(visits):
                following = visits[at + 1]
                there = place.get(str(following.phase))
                if here is not None and there is not None:
                    row.back += there < here
                    row.skips += any(p not in unmeasured for p in phases[here + 1 : there])
                if following.entered is not None and visit.entered is not None:
                    row.times.append(following.entered - visit.entered)
            elif not journey.settled:
                row.open += 1
            elif journey.converted:
                row.at_rest += 1
            else:
                row.left += 1
                row.leavings[journey.customer] += 1
    for customer, (visit, journey) in last_of.items():
        if visit.item in rows and (visit.phase in inside if visit.phase else scope is None):
            (rows[visit.item].gone if journey.settled else rows[visit.item].waiting).add(customer)
    if by == "phase":
        for customer, known in reached.items():
            for phase in rows:
                if phase not in known and any(place[p] > place[phase] for p in known):
                    rows[phase].skipped.add(customer)
    return rows


def moves(journeys: Sequence[Journey], phases: Sequence[str]) -> dict[tuple[str, str], list[tuple[Any, int | None]]]:
    """Of the settled journeys: who moved from where to where, and how long it took."""
    found: dict[tuple[str, str], list[tuple[Any, int | None]]] = {}
    for journey in journeys:
        visits = phase_visits(journey, phases)
        if not journey.settled or not visits:
            continue
        found.setdefault(("(start)", visits[0].item), []).append((journey.customer, None))
        for here, there in itertools.pairwise(visits):
            took = None if there.entered is None or here.entered is None else there.entered - here.entered
            found.setdefault((here.item, there.item), []).append((journey.customer, took))
        found.setdefault((visits[-1].item, "(end)"), []).append((journey.customer, None))
    return found


def conformity(
    journeys: Sequence[Journey], phases: Sequence[str], designed: Collection[tuple[str, str]]
) -> tuple[int, int, Interval]:
    """Moves between phases, those of the design, and the interval of the share by customers."""
    all_moves: Counter[Any] = Counter()
    conforming: Counter[Any] = Counter()
    for (here, there), who in moves(journeys, phases).items():
        if here in phases and there in phases:
            for customer, _ in who:
                all_moves[customer] += 1
                conforming[customer] += (here, there) in designed
    if not all_moves:
        return 0, 0, Interval(NOTHING, NOTHING)
    return sum(all_moves.values()), sum(conforming.values()), rate_interval(+conforming, all_moves)


def align(
    trace: Sequence[str],
    phases: Sequence[str],
    designed: Collection[tuple[str, str]],
    starts: Collection[str],
    ends: Collection[str],
    unmeasured: Collection[str] = (),
) -> tuple[int, float]:
    """Cost and fitness by Dijkstra over (steps of the trace that are done, where the walk stands)."""

    def shortest(steps: Sequence[str]) -> int:
        queue: list[tuple[int, int, str]] = [(0, 0, "")]
        done: set[tuple[int, str]] = set()
        while queue:
            cost, at, here = heapq.heappop(queue)
            if (at, here) in done:
                continue
            done.add((at, here))
            if at == len(steps) and here in ends:
                return cost
            if at < len(steps):
                heapq.heappush(queue, (cost + 1, at + 1, here))
            following = starts if here == "" else [to for origin, to in designed if origin == here]
            for to in following:
                heapq.heappush(queue, (cost + (to not in unmeasured), at, to))
                if at < len(steps) and steps[at] == to:
                    heapq.heappush(queue, (cost, at + 1, to))
        raise AssertionError("no walk leads from the start to the end")

    cost = shortest(trace)
    longest = len(trace) + shortest([])
    return cost, 1.0 if longest == 0 else 1 - cost / longest


def replay(
    trace: Sequence[str], net: Mapping[str, tuple[Sequence[str], Sequence[str]]], source: str, sink: str
) -> tuple[int, int, int, int, int]:
    """Produced, consumed, missing, remaining tokens and skipped steps."""
    marking = Counter([source])
    produced, consumed, missing, skipped = 1, 0, 0, 0
    for step in trace:
        if step not in net:
            skipped += 1
            continue
        for place in net[step][0]:
            consumed += 1
            if marking[place]:
                marking[place] -= 1
            else:
                missing += 1
        for place in net[step][1]:
            produced += 1
            marking[place] += 1
    consumed += 1
    if marking[sink]:
        marking[sink] -= 1
    else:
        missing += 1
    return produced, consumed, missing, sum(marking.values()), skipped


def seen(events: Sequence[Event], until: int | None) -> dict[Any, list[Event]]:
    """Events of each customer in order, up to the end of the observation."""
    return {j.customer: j.events for j in cut(events, after_conversion="continue", observed_until=until)}


def phase_at(rows: Sequence[Event], phases: Sequence[str], at: int) -> str | None:
    known = [str(e.phase) for e in rows if e.phase in phases and e.time is not None and e.time <= at]
    return known[-1] if known else None


def occupancy(
    events: Sequence[Event], phases: Sequence[str], at: int, silence: int | None = None, until: int | None = None
) -> Counter[str]:
    count: Counter[str] = Counter()
    for rows in seen(events, until).values():
        phase = phase_at(rows, phases, at)
        if phase is not None:
            last = max(e.time for e in rows if e.time is not None and e.time <= at)
            count["(gone)" if silence is not None and at - last > silence else phase] += 1
    return count


def history(journeys: Sequence[Journey], phases: Sequence[str]) -> dict[Any, list[tuple[int, str, int, int]]]:
    """(journey from 1, phase, when it began, events) of each customer."""
    found: dict[Any, list[tuple[int, str, int, int]]] = {}
    number: Counter[Any] = Counter()
    for journey in journeys:
        number[journey.customer] += 1
        for visit in phase_visits(journey, phases):
            row = (number[journey.customer], visit.item, visit.entered or 0, len(visit.events))
            found.setdefault(journey.customer, []).append(row)
    return found


def levels(
    events: Sequence[Event], conversion: Collection[str], ambassador: Collection[str], at: int, until: int | None
) -> dict[str, tuple[int, int]]:
    """Customers and ambassadors among them at each level of the relationship."""
    table = {name: [0, 0] for name in ("unknown", "prospect", "buyer", "repeat_buyer")}
    customers = {e.customer for e in events}
    for customer in customers:
        rows = [e for e in seen(events, until).get(customer, []) if (e.time or 0) <= at]
        bought = sum(e.touchpoint in conversion for e in rows)
        level = "unknown" if not rows else ("prospect", "buyer", "repeat_buyer")[min(bought, 2)]
        table[level][0] += 1
        table[level][1] += any(e.touchpoint in ambassador for e in rows)
    return {name: (n, k) for name, (n, k) in table.items()}


def cohorts(
    events: Sequence[Event], phases: Sequence[str], period: str, until: int | None, within: int | None = None
) -> dict[str, Counter[str]]:
    """Furthest phase of each customer, by the first day of the period of the first event."""
    last = max(e.time for e in events if e.time is not None) if until is None else until
    found: dict[str, Counter[str]] = {}
    for rows in seen(events, until).values():
        first = rows[0].time or 0
        if within is not None and last - first < within:
            continue
        known = [e.phase for e in rows if e.phase in phases and (within is None or (e.time or 0) - first <= within)]
        day = datetime.fromtimestamp(first // 1_000_000, tz=timezone.utc).date()
        start = {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[period]
        furthest = max((phases.index(str(p)) for p in known), default=None)
        found.setdefault(start.isoformat(), Counter())["(none)" if furthest is None else phases[furthest]] += 1
    return found


def reach(events: Sequence[Event], phases: Sequence[str], by: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Events and customers of each label in each phase."""
    rows: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        if event.phase in phases:
            rows.setdefault((str(event.phase), getattr(event, by) or "(none)"), []).append(event)
    return {key: (len(found), len({e.customer for e in found})) for key, found in rows.items()}
