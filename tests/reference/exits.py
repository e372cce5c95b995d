# SPDX-License-Identifier: MIT
"""Loss reasons, carts, friction, effort and calls to action, straight from their definitions."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any

from .intervals import Interval, wilson
from .sequences import label_of, visits

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from .cutting import Journey

START, CONVERSION, NULL = "(start)", "(conversion)", "(null)"


def labels_of(journey: Journey, by: str) -> list[str]:
    return [visit.label for visit in visits(journey, by)]


def following(journeys: Sequence[Journey]) -> list[tuple[Journey, Journey | None]]:
    """Each journey with the next one of its customer."""
    pairs = []
    for here, there in itertools.zip_longest(journeys, journeys[1:]):
        same = there is not None and there.customer == here.customer
        pairs.append((here, there if same else None))
    return pairs


def left(journeys: Sequence[Journey]) -> list[Journey]:
    return [j for j in journeys if j.settled and not j.converted and j.touches]


def open_items(journeys: Sequence[Journey], by: str) -> Counter[str]:
    return Counter(labels_of(j, by)[-1] for j in journeys if not j.settled and j.touches)


def returned(journeys: Sequence[Journey], by: str) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for here, there in following(journeys):
        if here.settled and not here.converted and here.touches:
            back = NULL if there is None else labels_of(there, by)[0] if there.touches else CONVERSION
            counts[labels_of(here, by)[-1], back] += 1
    return counts


def loss_reasons(journeys: Sequence[Journey], reason: str, by: str) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for journey in left(journeys):
        given = [label_of(e, reason) for e in journey.events if label_of(e, reason) != "(none)"]
        counts[given[-1] if given else "(none)", label_of(journey.touches[-1], by)] += 1
    return counts


def carts(
    journeys: Sequence[Journey], cart: Collection[str], timeout: int, way: str
) -> tuple[dict[str, Counter[Any]], dict[str, list[int]], dict[str, float], Counter[str]]:
    """By status: carts of each customer, times to the conversion, values; and by what recovered carts came back."""
    counts: dict[str, Counter[Any]] = {s: Counter() for s in ("ordered", "recovered", "abandoned", "open")}
    times: dict[str, list[int]] = {s: [] for s in counts}
    values = dict.fromkeys(counts, 0.0)
    ways: Counter[str] = Counter()
    for place, journey in enumerate(journeys):
        fills = [e for e in journey.touches if e.touchpoint in cart]
        if not fills:
            continue
        own = [j for j in journeys[place:] if j.customer == journey.customer]
        orders = [j.conversion.time for j in own if j.converted]
        status = "open"
        if journey.settled:
            status = "abandoned"
            if orders:
                took = orders[0] - fills[0].time
                status = "ordered" if took <= timeout else "recovered"
                times[status].append(took)
        if status == "recovered":
            later = [e for j in own for e in j.events if e.time - fills[0].time > timeout]
            ways[label_of(later[0], way)] += 1
        counts[status][journey.customer] += 1
        values[status] += sum(e.value or 0.0 for e in fills)
    return counts, times, values, ways


def share(hits: Counter[Any], of: Counter[Any], rate_interval: Any) -> tuple[float, float]:
    """Wilson's interval where every customer counts once, else that of a rate."""
    if max(of.values()) == 1:
        return wilson(sum(hits.values()) / len(of), len(of))
    found: Interval = rate_interval(hits, of)
    return found.lower, found.upper


def friction(
    journeys: Sequence[Journey], by: str, order: Sequence[str], rage_times: int, rage_within: int
) -> tuple[dict[tuple[str, str], Counter[Any]], dict[str, Counter[Any]], Counter[tuple[str, str]]]:
    """Counts by (item, kind) and customer, visits by item and customer, and the back-steps."""
    counts: dict[tuple[str, str], Counter[Any]] = {}
    seen: dict[str, Counter[Any]] = {}
    steps: Counter[tuple[str, str]] = Counter()
    for journey in journeys:
        path = visits(journey, by)
        names = [v.label for v in path]

        def note(item: str, kind: str, journey: Journey = journey) -> None:
            counts.setdefault((item, kind), Counter())[journey.customer] += 1

        for i, name in enumerate(names):
            seen.setdefault(name, Counter())[journey.customer] += 1
            if i == 0:
                continue
            before = names[i - 1]
            if name == before:
                note(name, "repeat")
                continue
            if name in names[:i]:
                note(name, "loop")
            rank = list(order) if order else list(dict.fromkeys(names[: i + 1]))
            if name in rank and before in rank and rank.index(name) < rank.index(before):
                note(before, "back_step")
                steps[before, name] += 1
        for name, group in itertools.groupby(path, key=lambda v: v.label):
            times = [v.entered for v in group]
            complete = [
                i >= rage_times - 1 and times[i] - times[i - rage_times + 1] <= rage_within for i in range(len(times))
            ]
            for i, full in enumerate(complete):
                if full and (i == 0 or not complete[i - 1]):
                    note(name, "rage")
    return counts, seen, steps


def efforts(journeys: Sequence[Journey], by: str, hurdles: Collection[str]) -> list[tuple[Journey, int, int, int]]:
    """Settled journeys with their steps, distinct items and distinct hurdles."""
    rows = []
    for journey in journeys:
        if journey.settled:
            names = labels_of(journey, by)
            rows.append((journey, len(names), len(set(names)), len(set(names) & set(hurdles))))
    return rows


def click_through(
    journeys: Sequence[Journey], item: str, goals: Collection[str], within: int | None
) -> tuple[Counter[Any], Counter[Any], Counter[Any]]:
    """Visits, clicks and exits by customer."""
    seen: Counter[Any] = Counter()
    clicks: Counter[Any] = Counter()
    exits: Counter[Any] = Counter()
    for journey in journeys:
        if not journey.settled:
            continue
        chain = [*journey.touches]
        if journey.conversion is not None and not journey.goes_on:
            chain.append(journey.conversion)
        for i, event in enumerate(journey.touches):
            if event.touchpoint != item:
                continue
            seen[journey.customer] += 1
            if i + 1 == len(chain):
                exits[journey.customer] += not journey.converted
                continue
            then = chain[i + 1]
            named = then.touchpoint in goals or (CONVERSION in goals and then in journey.conversions)
            clicks[journey.customer] += named and (within is None or then.time - event.time <= within)
    return seen, clicks, exits
