# SPDX-License-Identifier: MIT
"""Steps around a visit, moves with all their weights, trees, crossings and sequences, by looking at every journey."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from .flow import rate_interval
from .sequences import path, visits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .cutting import Journey
    from .intervals import Interval


def route(journey: Journey, by: str, collapse: bool) -> list[str]:
    return ["(start)", *path(journey, by, collapse), journey.goal if journey.settled else "(open)"]


def places(labels: Sequence[str], at: str, which: str) -> list[int]:
    found = [i for i, label in enumerate(labels) if label == at]
    return found if which == "every" else found[:1] if which == "first" else found[-1:]


def windows(
    journeys: Sequence[Journey], at: str, before: int, after: int, which: str, by: str, collapse: bool
) -> Iterator[tuple[Any, list[str]]]:
    """The customer and the labels of each window; beyond the ends of a journey stands its start or its end."""
    for journey in journeys:
        labels = route(journey, by, collapse)
        for place in places(labels, at, which):
            steps = range(place - before, place + after + 1)
            yield journey.customer, [labels[min(max(i, 0), len(labels) - 1)] for i in steps]


def shares(
    units: Sequence[Any], hits: Sequence[tuple[Any, Any]]
) -> tuple[Counter[Any], dict[Any, tuple[Counter[Any], Interval]]]:
    """Units by customer, and of each cell the hits by customer and the interval of its share."""
    population = Counter(units)
    cells: dict[Any, Counter[Any]] = defaultdict(Counter)
    for customer, cell in hits:
        cells[cell][customer] += 1
    return population, {cell: (own, rate_interval(own, population)) for cell, own in cells.items()}


def steps_around(seen: Sequence[tuple[Any, list[str]]], before: int) -> dict[tuple[int, str], tuple[int, Interval]]:
    hits = [(customer, (i - before, label)) for customer, window in seen for i, label in enumerate(window)]
    _, cells = shares([customer for customer, _ in seen], hits)
    return {cell: (own.total(), interval) for cell, (own, interval) in cells.items()}


def reached(seen: Sequence[tuple[Any, list[str]]], before: int, step: int, label: str) -> int:
    """Windows that are at the label at the step or between it and the visit."""
    span = slice(before, before + step + 1) if step >= 0 else slice(before + step, before)
    return sum(label in window[span] for _, window in seen)


def flow_around(seen: Sequence[tuple[Any, list[str]]], before: int) -> dict[tuple[int, str, str], tuple[int, Interval]]:
    over = {"(conversion)", "(null)", "(end)", "(open)"}
    hits = [
        (customer, (i - before, here, there))
        for customer, window in seen
        for i, (here, there) in enumerate(itertools.pairwise(window))
        if here not in over and there != "(start)"
    ]
    _, cells = shares([customer for customer, _ in seen], hits)
    return {cell: (own.total(), interval) for cell, (own, interval) in cells.items()}


def tree(
    journeys: Sequence[Journey], at: str, before: int, after: int, which: str, by: str, collapse: bool
) -> dict[tuple[int, tuple[str, ...]], tuple[int, int, int]]:
    """Visits that come along each path from or to the root: all, of open journeys, and of those that converted."""
    table: dict[tuple[int, tuple[str, ...]], list[int]] = defaultdict(lambda: [0, 0, 0])
    for journey in journeys:
        labels = route(journey, by, collapse)
        for place in places(labels, at, which):
            keys = [(step, tuple(labels[place : place + step + 1])) for step in range(after + 1)]
            keys += [(-step, tuple(labels[place - step : place + 1])) for step in range(1, min(before, place) + 1)]
            for step, key in keys:
                if len(key) == abs(step) + 1:
                    row = table[step, key]
                    row[0] += 1
                    row[1] += not journey.settled
                    row[2] += journey.settled and journey.converted
    return {key: (row[0], row[1], row[2]) for key, row in table.items()}


def crossings(
    journeys: Sequence[Journey], start: str, goal: str, which: str, by: str, collapse: bool
) -> Iterator[tuple[Journey, tuple[str, ...], int | None, int | None]]:
    """The journey, what lies between, and the times of both ends; a state has the time of nothing."""
    for journey in journeys:
        if not journey.settled:
            continue
        items = visits(journey, by, collapse)
        labels = route(journey, by, collapse)
        times = [None, *(item.entered for item in items), journey.events[-1].time]
        at = 0
        while at < len(labels):
            begins = [i for i in range(at, len(labels)) if labels[i] == start]
            ends = [i for i in range(at, len(labels)) if labels[i] == goal and begins and i > begins[0]]
            if not ends:
                break
            begin = begins[0] if which == "first" else [i for i in begins if i < ends[0]][-1]
            yield journey, tuple(labels[begin + 1 : ends[0]]), times[begin], times[ends[0]]
            at = ends[0] if start == goal else ends[0] + 1


def contains(
    items: Sequence[str],
    times: Sequence[int],
    wanted: Sequence[str],
    max_gap: int | None = None,
    max_gap_time: int | None = None,
    within: int | None = None,
) -> bool:
    """Whether the items are there in this order, within the limits; tries every place."""

    def goes_on(known: int, last: int, first: int) -> bool:
        if known == len(wanted):
            return True
        for i in range(last + 1, len(items)):
            if items[i] != wanted[known]:
                continue
            if max_gap is not None and i - last - 1 > max_gap:
                continue
            if max_gap_time is not None and times[i] - times[last] > max_gap_time:
                continue
            if within is not None and times[i] - times[first] > within:
                continue
            if goes_on(known + 1, i, first):
                return True
        return False

    return any(items[i] == wanted[0] and goes_on(1, i, i) for i in range(len(items)))


def sequences(
    paths: Sequence[tuple[Sequence[str], Sequence[int]]], longest: int, least: int, **limits: int | None
) -> dict[tuple[str, ...], int]:
    """How many paths contain each sequence that at least so many contain; every sequence is tried.

    What is left out at the end of a sequence cannot be rarer, so only frequent ones are made longer.
    """
    items = sorted({item for labels, _ in paths for item in labels})
    found: dict[tuple[str, ...], int] = {}
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        begun = waiting.pop()
        for item in items:
            wanted = (*begun, item)
            count = sum(contains(labels, times, wanted, **limits) for labels, times in paths)
            if count >= max(least, 1):
                found[wanted] = count
                if len(wanted) < longest:
                    waiting.append(wanted)
    return found


def is_subsequence(short: Sequence[str], long: Sequence[str]) -> bool:
    rest = iter(long)
    return all(item in rest for item in short)


def measures(items: Sequence[str], alphabet: int) -> dict[str, float]:
    """TraMineR's measures of one sequence, the subsequences counted one by one."""
    n = len(items)
    runs = [(label, len(list(run))) for label, run in itertools.groupby(items)]
    spells = [label for label, _ in runs]
    d = len(spells)
    counts = Counter(items)
    h = -sum(c / n * math.log(c / n) for c in counts.values())
    subsequences = {()} | {s for k in range(1, d + 1) for s in itertools.combinations(spells, k)}
    mean = n / d
    s2 = sum((length - mean) ** 2 for _, length in runs) / d
    most = (d - 1) * (1 - mean) ** 2
    moves = (d - 1) / (n - 1) if n > 1 else 0.0
    relative = h / math.log(alphabet) if alphabet > 1 else 0.0
    return {
        "length": n,
        "visited": len(counts),
        "spells": d,
        "transitions": d - 1,
        "transitions_norm": moves,
        "entropy": h,
        "entropy_norm": relative,
        "complexity": math.sqrt(max(moves * relative, 0.0)),
        "log2_subsequences": math.log2(len(subsequences)),
        "duration_variance": s2,
        "duration_variance_max": most,
        "turbulence": math.log2(len(subsequences) * (most + 1) / (s2 + 1)),
        "volatility": 0.5 * ((len(counts) - 1) / (alphabet - 1) if alphabet > 1 else 0.0) + 0.5 * moves,
        "loops": n - d,
        "back_steps": sum(label in spells[:i] for i, label in enumerate(spells)),
        "reworked": sum(c > 1 for c in counts.values()),
    }


def entropy_rate(routes: Sequence[Sequence[str]], order: int) -> float:
    """The entropy in bits of the next label given the last ones, over all steps after the padding."""
    nexts: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for labels in routes:
        padded = ["(start)"] * order + list(labels)
        for i in range(order, len(padded)):
            nexts[tuple(padded[i - order : i])][padded[i]] += 1
    total = sum(row.total() for row in nexts.values())
    return sum(c * math.log2(row.total() / c) for row in nexts.values() for c in row.values()) / total
