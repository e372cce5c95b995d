# SPDX-License-Identifier: MIT
"""The project's own funnels, by trying every choice of rows."""

from __future__ import annotations

from itertools import combinations, pairwise, product
from typing import TYPE_CHECKING, Any

from .events import Event, by_customer
from .intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def level(rows: Sequence[Event], steps: Sequence[Collection[str]], window: int | None = None) -> int:
    """Largest k with rows r1 < ... < rk that match steps 1...k and t(rk) - t(r1) <= window."""
    useful = [e for e in rows if any(e.touchpoint in step for step in steps)]
    for k in range(min(len(steps), len(useful)), 0, -1):
        for chosen in combinations(useful, k):
            matches = all(e.touchpoint in step for e, step in zip(chosen, steps, strict=False))
            if matches and (window is None or chosen[-1].time - chosen[0].time <= window):
                return k
    return 0


def time_to_last_step(rows: Sequence[Event], steps: Sequence[Collection[str]], window: int | None = None) -> int | None:
    """Time from the first to the last step, for a customer who reaches it.

    Of all choices of rows the one counts that is complete first; of several, the one that starts last.
    """
    chosen = [
        (places[-1], -places[0])
        for places in combinations(range(len(rows)), len(steps))
        if all(rows[i].touchpoint in step for i, step in zip(places, steps, strict=True))
        and (window is None or rows[places[-1]].time - rows[places[0]].time <= window)
    ]
    if not chosen:
        return None
    last, first = min(chosen)
    return rows[last].time - rows[-first].time


def level_by_search(rows: Sequence[Event], steps: Sequence[Collection[str]], window: int | None = None) -> int:
    """The same level for long logs: from each possible first row, take the earliest next match every time."""
    best = 0
    for first, entry in enumerate(rows):
        if entry.touchpoint not in steps[0]:
            continue
        reached = 1
        for event in rows[first + 1 :]:
            if reached == len(steps) or (window is not None and event.time - entry.time > window):
                break
            if event.touchpoint in steps[reached]:
                reached += 1
        best = max(best, reached)
    return best


def chain_level(
    rows: Sequence[Event],
    steps: Sequence[Collection[str]],
    *,
    window: int | None = None,
    step_windows: Sequence[int | None] = (),
    directly: bool = False,
    exclude: Sequence[tuple[Collection[str], int, int]] = (),
    optional: Collection[int] = (),
    reuse: bool = False,
) -> int:
    """Most required steps that a chain of rows fills. Steps count from 1; exclusions stand between required ones."""
    required = [k for k in range(1, len(steps) + 1) if k not in optional]

    def allowed(chain: tuple[int, ...], row: int) -> bool:
        step = required[len(chain)]
        if rows[row].touchpoint not in steps[step - 1]:
            return False
        if not chain:
            return True
        before, last = required[len(chain) - 1], chain[-1]
        if row < last or (row == last and not reuse) or (directly and row > last + 1):
            return False
        since_last = rows[row].time - rows[last].time
        limit = step_windows[step - 2] if step_windows else None
        if limit is not None and since_last > limit:
            return False
        if window is not None and rows[row].time - rows[chain[0]].time > window:
            return False
        return not any(
            event.touchpoint in names and after <= before and step <= until
            for event in rows[last + 1 : row]
            for names, after, until in exclude
        )

    def longest(chain: tuple[int, ...]) -> int:
        if len(chain) == len(required):
            return len(chain)
        return max((longest((*chain, row)) for row in range(len(rows)) if allowed(chain, row)), default=len(chain))

    return longest(())


def any_order_level(
    rows: Sequence[Event], steps: Sequence[Collection[str]], window: int | None = None, reuse: bool = False
) -> int:
    """Most steps that rows within the window fill, in whatever order."""
    for k in range(len(steps), 0, -1):
        for wanted in combinations(steps, k):
            for chosen in product(range(len(rows)), repeat=k):
                if not reuse and len(set(chosen)) < k:
                    continue
                times = [rows[i].time for i in chosen]
                matches = all(rows[i].touchpoint in step for i, step in zip(chosen, wanted, strict=True))
                if matches and (window is None or max(times) - min(times) <= window):
                    return k
    return 0


def levels(
    events: Sequence[Event], steps: Sequence[str | Collection[str]], window: int | None = None, exhaustive: bool = True
) -> dict[Any, int]:
    wanted = [{step} if isinstance(step, str) else set(step) for step in steps]
    search = level if exhaustive else level_by_search
    return {customer: search(rows, wanted, window) for customer, rows in by_customer(events).items()}


def counts(reached: dict[Any, int], steps: int) -> list[int]:
    """Customers that reached at least step 1, 2, ..."""
    return [sum(1 for lev in reached.values() if lev >= k) for k in range(1, steps + 1)]


def rates(numbers: Sequence[int]) -> list[tuple[float, tuple[float, float]]]:
    """Each step as a share of the step before it (NaN for the first), with Wilson intervals."""
    out = [(float("nan"), (float("nan"), float("nan")))]
    for before, here in pairwise(numbers):
        rate = here / before if before else float("nan")
        out.append((rate, wilson(rate, before)))
    return out
