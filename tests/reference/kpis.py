# SPDX-License-Identifier: MIT
"""Key figures in the plainest way: lists of events, loops and the formulas as they are written.

An event is a dict with `customer`, `time` (microseconds) and further columns; None is no value. A log is a dict from
customer to its events in order.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from reference.intervals import wilson

Event = dict[str, Any]
Log = dict[Any, list[Event]]
Test = Callable[[Event], bool]
Z = 1.959963984540054


def named(*names: str) -> Test:
    return lambda event: event["touchpoint"] in names


def log_of(columns: dict[str, list[Any]]) -> Log:
    """Events by customer, in order of time, order column and position."""
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    places = sorted(range(len(rows)), key=lambda i: (rows[i]["time"], rows[i].get("order", 0), i))
    log: Log = {}
    for i in places:
        log.setdefault(rows[i]["customer"], []).append(rows[i])
    return log


def share_without(log: Log, of: Test, outcome: Test) -> tuple[int, int]:
    """Customers with an event whom no outcome follows after the first one, and all with such an event."""
    without = 0
    customers = 0
    for events in log.values():
        starts = [i for i, event in enumerate(events) if of(event)]
        if starts:
            customers += 1
            without += not any(outcome(event) for event in events[starts[0] + 1 :])
    return without, customers


def nps(scores: Sequence[float]) -> tuple[float, float, float]:
    """Score and interval where each customer answered once: SE² = (p + d − (p − d)²)/n."""
    n = len(scores)
    promoters = sum(score >= 9 for score in scores) / n
    detractors = sum(score <= 6 for score in scores) / n
    score = promoters - detractors
    error = math.sqrt((promoters + detractors - score**2) / n)
    return 100 * score, 100 * max(-1, score - Z * error), 100 * min(1, score + Z * error)


def gini(amounts: Sequence[float]) -> float:
    """Half the mean difference of all pairs, relative to the mean."""
    n = len(amounts)
    return sum(abs(a - b) for a in amounts for b in amounts) / (2 * n * sum(amounts))


def top_share(amounts: Sequence[float], share: float) -> float:
    count = math.ceil(share * len(amounts) - 1e-9)
    return sum(sorted(amounts, reverse=True)[:count]) / sum(amounts)


def fewest_for(amounts: Sequence[float], share: float) -> int:
    """The smallest number of customers of whom some choice has the share: the largest ones."""
    ordered = sorted(amounts, reverse=True)
    sums = list(itertools.accumulate(ordered))
    return next(i + 1 for i, total in enumerate(sums) if total >= share * sums[-1] * (1 - 1e-12))


def issues(log: Log, contact: Test, topic: str, window: int) -> list[list[Event]]:
    """Contacts of one customer about one topic, each at most the window after the one before."""
    found: list[list[Event]] = []
    for events in log.values():
        contacts = [event for event in events if contact(event)]
        for name in {event[topic] for event in contacts}:
            episode: list[Event] = []
            for event in (one for one in contacts if one[topic] == name):
                if episode and event["time"] - episode[-1]["time"] > window:
                    found.append(episode)
                    episode = []
                episode.append(event)
            found.append(episode)
    return found


def pairs(log: Log, start: Test, end: Test) -> list[tuple[Event, Event]]:
    """Each end with the last beginning before it that no other end took."""
    found = []
    for events in log.values():
        for i, event in enumerate(events):
            if not end(event):
                continue
            for j in range(i - 1, -1, -1):
                if start(events[j]):
                    # Taken, unless another end stands between.
                    if not any(end(events[k]) for k in range(j + 1, i)):
                        found.append((events[j], event))
                    break
    return found


def share_of_customers(
    log: Log, target: Test, *, among: Test | None = None, before: Test | None = None, at_least: int = 1
) -> tuple[int, int]:
    done = 0
    customers = 0
    for events in log.values():
        if among is not None and not any(among(event) for event in events):
            continue
        kept = events
        if before is not None:
            ends = [i for i, event in enumerate(events) if before(event)]
            if not ends:
                continue
            kept = events[: ends[0]]
        customers += 1
        done += sum(target(event) for event in kept) >= at_least
    return done, customers


def exposure(log: Log, touchpoint: Test, outcome: Test) -> tuple[tuple[int, int], tuple[int, int]]:
    """(customers with outcome, customers) of those who met the touchpoint before it, and of the others."""
    groups = {True: [0, 0], False: [0, 0]}
    for events in log.values():
        ends = [i for i, event in enumerate(events) if outcome(event)]
        kept = events[: ends[0]] if ends else events
        group = groups[any(touchpoint(event) for event in kept)]
        group[0] += bool(ends)
        group[1] += 1
    return (groups[True][0], groups[True][1]), (groups[False][0], groups[False][1])


def ratio_interval(parts: Sequence[tuple[float, float]], critical: float) -> tuple[float, float, float]:
    """Σx/Σy with the bounds θ·exp(±t·se/θ); V = k/(k−1)·Σψ², ψ = (x − θy)/Σy."""
    whole = sum(y for _, y in parts)
    ratio = sum(x for x, _ in parts) / whole
    k = len(parts)
    variance = k / (k - 1) * sum(((x - ratio * y) / whole) ** 2 for x, y in parts)
    width = critical * math.sqrt(variance) / ratio
    return ratio, ratio * math.exp(-width), ratio * math.exp(width)


def wilson_share(count: int, n: int) -> tuple[float, float, float]:
    lower, upper = wilson(count / n, n)
    return count / n, lower, upper
