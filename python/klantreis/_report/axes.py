# SPDX-License-Identifier: MIT
"""Where the marks of an axis stand, and where a time or a share stands between them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from klantreis._report.drawn import compact

HOUR, DAY = 3_600.0, 86_400.0
# Times that have a name of their own.
TIMES = (1.0, 10.0, 60.0, 600.0, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY, 3_650 * DAY)


def ticks(largest: float) -> tuple[list[float], float]:
    """Round numbers from 0 to at least ``largest``, and the last of them.

    >>> ticks(88.5)
    ([0.0, 20.0, 40.0, 60.0, 80.0, 100.0], 100.0)
    """
    raw = max(largest, 1e-9) / 5
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw * 0.999)
    number = math.ceil(largest / step - 1e-9) or 1
    return [step * i for i in range(number + 1)], step * number


def time_marks(early: float, late: float) -> list[float]:
    """Return the named times from just before ``early`` to just after ``late``, at least two.

    >>> [mark / 3600 for mark in time_marks(4_000, 700_000)]
    [1.0, 6.0, 24.0, 168.0, 720.0]
    """
    last = next((i for i, mark in enumerate(TIMES) if mark >= late), len(TIMES) - 1)
    last = max(last, 1)
    before = [i for i, mark in enumerate(TIMES) if mark <= early]
    return list(TIMES[min(before[-1] if before else 0, last - 1) : last + 1])


def along(time: float, marks: Sequence[float]) -> float:
    """Where a time stands on a logarithmic axis from the first mark (0) to the last (1); what lies outside, at its end.

    >>> along(10, [1, 10, 100]), along(0, [1, 100])
    (0.5, 0.0)
    """
    if time <= marks[0]:
        return 0.0
    return min(math.log(time / marks[0]) / math.log(marks[-1] / marks[0]), 1.0)


def grid(marks: Sequence[float], number: int) -> list[float]:
    """Return so many times at equal distances on the axis, the marks among them.

    >>> [round(time, 1) for time in grid([1, 100], 3)]
    [1.0, 10.0, 100.0]
    """
    span = math.log(marks[-1] / marks[0])
    between = (marks[0] * math.exp(span * i / (number - 1)) for i in range(1, number - 1))
    return sorted({*map(float, marks), *between})


def apart(counts: Sequence[Sequence[float]], least: float) -> list[int]:
    """Return the rows of which none tells of a group smaller than ``least`` when the others are left out.

    Each row holds what has happened since the row before, by outcome; what a row left out holds goes to the next one.
    The last row that would tell of too few is left out too.

    >>> apart([(5, 0), (3, 0), (40, 12)], 10)
    [2]
    """
    kept, sums = [], [0.0] * (len(counts[0]) if counts else 0)
    for row, found in enumerate(counts):
        sums = [a + b for a, b in zip(sums, found, strict=True)]
        if not any(0 < count < least for count in sums):
            kept.append(row)
            sums = [0.0] * len(sums)
    return kept


def line(points: Sequence[tuple[float, float]]) -> str:
    """The points of a curve as a path on a square of 100 by 100 whose y goes down.

    >>> line([(0, 0), (0.5, 0.25), (1, 1)])
    'M0 100l50-25 50-75'
    """
    return compact("M" + "L".join(f"{100 * x:.1f} {100 - 100 * y:.1f}" for x, y in points))


def band(points: Sequence[tuple[float, float, float]]) -> str:
    """The outline between two curves: along the upper one, and back along the lower one.

    >>> band([(0, 0, 0.5), (1, 0.5, 1)])
    'M0 50l100-50v50l-100 50z'
    """
    upper = [(x, high) for x, _, high in points]
    lower = [(x, low) for x, low, _ in reversed(points)]
    return line([*upper, *lower]) + "z" if points else ""
