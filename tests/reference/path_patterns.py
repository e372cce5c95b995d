# SPDX-License-Identifier: MIT
"""Path patterns, slow and obvious: every stretch of events that a pattern takes, and every way to part it.

A pattern is a tree of tuples:

    ("event", test)               one event for which `test(event)` holds
    ("chain", items, arrows)      items one after the other; an arrow is `(direct, least, most, low, high, allowed)`:
                                  `least` to `most` events between, `low` to `high` seconds from the last event before
                                  to the first event after, each event between with `allowed(event)`; None: no limit
    ("any", items)                one of them
    ("repeat", item, least, most) directly after each other; `most` may be None; a fifth element: it is a gap, no part
    ("start",), ("end",)          nothing, before the first and after the last event of the journey
    ("within", item, seconds)     from the first to the last event at most so long

An event is a mapping with the key `time`; a stretch is a pair (begin, end) of places between events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Events = Sequence[Mapping[str, Any]]
Spans = set[tuple[int, int]]


def spans(node: Any, events: Events) -> Spans:
    """All stretches that the node takes."""
    size = len(events)
    kind = node[0]
    if kind == "event":
        return {(i, i + 1) for i in range(size) if node[1](events[i])}
    if kind == "start":
        return {(0, 0)}
    if kind == "end":
        return {(size, size)}
    if kind == "any":
        return set().union(*(spans(item, events) for item in node[1]))
    if kind == "within":
        return {
            (i, j) for i, j in spans(node[1], events) if i == j or events[j - 1]["time"] - events[i]["time"] <= node[2]
        }
    if kind == "repeat":
        once = spans(node[1], events)
        least, most = node[2], node[3]
        result: Spans = set()
        reached = {(i, i) for i in range(size + 1)}
        # Longer chains than this only add rounds that take no event.
        for times in range((size + least if most is None else most) + 1):
            if times >= least:
                result |= reached
            reached = {(i, end) for i, j in reached for k, end in once if j == k}
        return result
    assert kind == "chain"
    return {(parts[0][0], parts[-1][1]) for parts in chains(node, events)}


def chains(node: Any, events: Events) -> Iterator[list[tuple[int, int]]]:
    """All ways to part stretches of events into the items of a chain."""
    _, items, arrows = node
    found = [spans(item, events) for item in items]

    def go_on(parts: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
        if len(parts) == len(items):
            yield parts
            return
        at = len(parts)
        for span in sorted(found[at]):
            if at == 0 or joined(items, arrows[at - 1], at, parts[-1], span, events):
                yield from go_on([*parts, span])

    yield from go_on([])


def joined(
    items: Sequence[Any], arrow: Any, at: int, before: tuple[int, int], after: tuple[int, int], events: Events
) -> bool:
    direct, least, most, low, high, allowed = arrow
    between = after[0] - before[1]
    if between < 0 or (direct and between != 0) or between < least or (most is not None and between > most):
        return False
    if allowed is not None and not all(allowed(event) for event in events[before[1] : after[0]]):
        return False
    if low is None and high is None:
        return True
    first = events[0] if items[at - 1][0] == "start" else events[before[1] - 1]
    last = events[-1] if items[at][0] == "end" else events[after[0]]
    length = last["time"] - first["time"]
    return (low is None or length >= low) and (high is None or length <= high)


def is_part(item: Any) -> bool:
    return item[0] not in ("start", "end") and not (item[0] == "repeat" and len(item) == 5)


def matches(
    chain: Any, events: Events, *, limit: int | None = None, latest: bool = False
) -> list[tuple[int, int, list[int]]]:
    """The matches one after the other: begin, end, and the place of the last event of each part (-1: none).

    Each is one of those that end first; of them the one that begins first, and whose parts end first in order
    (or last).
    """
    result = []
    begin = 0
    ways = []
    for parts in chains(chain, events):
        first, end = parts[0][0], parts[-1][1]
        if end > first and (limit is None or events[end - 1]["time"] - events[first]["time"] <= limit):
            places = [
                last - 1 if last > start else -1
                for item, (start, last) in zip(chain[1], parts, strict=True)
                if is_part(item)
            ]
            ways.append((first, end, places))
    while True:
        here = [way for way in ways if way[0] >= begin]
        if not here:
            return result
        end = min(way[1] for way in here)
        here = [way for way in here if way[1] == end]
        first = (max if latest else min)(way[0] for way in here)
        absent = -1 if latest else len(events)
        order = [[absent if place < 0 else place for place in way[2]] for way in here if way[0] == first]
        best = (max if latest else min)(order)
        result.append((first, end, [-1 if place == absent else place for place in best]))
        begin = end


def largest_number(chain: Any, events: Events, limit: int | None = None) -> int:
    """The largest number of matches that do not overlap, over all choices."""
    stretches = {
        (first, end)
        for first, end in spans(chain, events)
        if end > first and (limit is None or events[end - 1]["time"] - events[first]["time"] <= limit)
    }
    best = [0] * (len(events) + 1)
    for place in range(1, len(events) + 1):
        best[place] = max([best[place - 1]] + [best[first] + 1 for first, end in stretches if end == place])
    return best[len(events)]
