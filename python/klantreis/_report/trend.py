# SPDX-License-Identifier: MIT
"""The headline figures month by month, or week by week in a shorter log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from klantreis._compare import compare
from klantreis._core import InputError, LimitError
from klantreis._kpi import kpis
from klantreis._report.axes import band, line
from klantreis._report.change import Change
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._journeys import Journeys
    from klantreis._report.context import Context

_PERIODS: tuple[Literal["month", "week"], ...] = ("month", "week")
_MOST = 12
# A line of fewer points tells nothing that two figures do not.
_FEWEST = 5
_LEVEL = 0.95
_RATES = {"rate": "conversion_rate", "per_journey": "value_per_journey"}
_SHARES = ("rate", "converters")
# Room above and below a line, as a part of what it spans.
_PADDING = 0.125

Value = tuple[float, float | None, float | None]


@dataclass(frozen=True)
class Trend:
    """Figures by period, the oldest first; None where nothing can be said of one."""

    period: Literal["month", "week"]
    begins: Sequence[dt.date]
    complete: Sequence[bool]
    """Whether nothing that comes later can change the figures of the period."""
    lines: dict[str, list[Value | None]]
    split: float | None
    """Where between the points, at 0, 1, 2, …, earlier journeys end and these begin."""


@dataclass(frozen=True)
class Stroke:
    """A piece of a line that is drawn in one way."""

    is_earlier: bool
    is_complete: bool
    points: list[tuple[float, float]]


def trend_of(context: Context) -> Trend | None:
    """The figures of the last periods; None where the log has too few of them."""
    log, journeys = context.log, context.to_first
    if not log._handle.has_times or not len(journeys):
        return None
    define = {"customers": "customers()"}
    converts = bool(context.cut.conversions) and context.converters is not None
    if converts:
        define["converters"] = "share_of_customers(outcome=conversion)"
        if context.figures["value"] is not None:
            define["value"] = "sum(value, of=conversion)"
    for period in _PERIODS:
        rows = kpis(journeys, define=define, select=list(define), period=period).to_dicts()
        names = sorted({row["period"] for row in rows})[-_MOST:]
        if len(names) >= _FEWEST:
            begins = [_begin(name) for name in names]
            found = {(row["kpi"], row["period"]): row for row in rows}
            lines = {kpi: [_value(context, found.get((kpi, name))) for name in names] for kpi in define}
            if converts:
                lines |= _rates(context, journeys, [*begins, _next(begins[-1], period)])
            complete = [
                bool((found.get(("converters" if converts else "customers", name)) or {}).get("complete"))
                for name in names
            ]
            return Trend(period, begins, complete, lines, _split(context, begins, period))
    return None


def _begin(name: str) -> dt.date:
    """The first day of 2025-03, or of 2025-W11."""
    return (
        dt.date.fromisocalendar(int(name[:4]), int(name[6:]), 1) if "W" in name else dt.date.fromisoformat(name + "-01")
    )


def _next(begin: dt.date, period: str) -> dt.date:
    return begin + dt.timedelta(days=7) if period == "week" else (begin + dt.timedelta(days=31)).replace(day=1)


def _value(context: Context, row: dict[str, Any] | None) -> Value | None:
    if row is None or row["value"] is None or context.is_small(row["n"]):
        return None
    return row["value"], row["lower"], row["upper"]


def _rates(context: Context, journeys: Journeys, bounds: Sequence[dt.date]) -> dict[str, list[Value | None]]:
    """What journeys that began in each period came to, up to the first conversion; two periods are counted at once."""
    lines: dict[str, list[Value | None]] = {key: [None] * (len(bounds) - 1) for key in _RATES}
    days = [day.isoformat() for day in bounds]
    for first in range(0, len(bounds) - 1, 2):
        second = first + 1 if first + 2 < len(bounds) else first - 1
        pair = [(days[i], days[i + 1]) for i in (first, second)]
        try:
            found = compare(journeys, before=pair[0], after=pair[1], states=context.item_by, level=_LEVEL)
        except (InputError, LimitError):
            continue  # One of them has no settled journey.
        rows = {row["rate"]: row for row in found if not row["from"]}
        for key, rate in _RATES.items():
            for i, side in ((first, "first"), (second, "second")):
                row = rows.get(rate)
                if row is not None and row[side] is not None and not context.is_small(row[f"n_{side}"]):
                    lines[key][i] = row[side], row[f"{side}_lower"], row[f"{side}_upper"]
    return {key: line for key, line in lines.items() if any(line)}


def _split(context: Context, begins: Sequence[dt.date], period: str) -> float | None:
    change = context.change if context.cut.conversions else None
    if not isinstance(change, Change) or change.at is None:
        return None
    try:
        day = dt.date.fromisoformat(change.at[:10])
    except ValueError:
        return None
    for number, begin in enumerate(begins):
        length = (_next(begin, period) - begin).days
        if begin <= day < begin + dt.timedelta(days=length):
            # A point stands for the middle of its period.
            return number + (day - begin).days / length - 0.5
    return None


def strokes(values: Sequence[Value | None], complete: Sequence[bool], split: float | None) -> list[Stroke]:
    """The pieces of a line between 0 and 1, parted where nothing is known, at `split`, and at incomplete periods.

    >>> [stroke.points for stroke in strokes([(1, None, None), (2, None, None)], [True, True], None)]
    [[(0.0, 0.1), (1.0, 0.9)]]
    """
    low, high = _span(values, complete)
    found: list[Stroke] = []
    for i in range(len(values) - 1):
        here, there = values[i], values[i + 1]
        if here is None or there is None:
            continue
        is_earlier = split is not None and i + 0.5 < split
        is_complete = complete[i] and complete[i + 1]
        points = [(x / (len(values) - 1), (y - low) / (high - low)) for x, y in ((i, here[0]), (i + 1, there[0]))]
        before = found[-1] if found else None
        if (
            before
            and before.points[-1] == points[0]
            and (before.is_earlier, before.is_complete) == (is_earlier, is_complete)
        ):
            before.points.append(points[1])
        else:
            found.append(Stroke(is_earlier, is_complete, points))
    return found


def _span(values: Sequence[Value | None], complete: Sequence[bool]) -> tuple[float, float]:
    """The least and the most that a line and the intervals of complete periods reach, with some room."""
    reached = [value[0] for value in values if value is not None]
    for value, whole in zip(values, complete, strict=True):
        reached += [bound for bound in value[1:] if bound is not None] if value is not None and whole else []
    low, high = min(reached), max(reached)
    room = _PADDING * (high - low) or 1.0
    return low - room, high + room


def drawn(trend: Trend, key: str) -> dict[str, Any] | None:
    """What the template needs of a line; None where there are too few points."""
    values = trend.lines.get(key, [])
    known = [(i, value) for i, value in enumerate(values) if value is not None]
    if len(known) < _FEWEST:
        return None
    low, high = _span(values, trend.complete)
    width = len(values) - 1

    def at(value: float) -> float:
        return (value - low) / (high - low)

    runs: list[list[tuple[float, float, float]]] = [[]]
    for i, value in enumerate(values):
        # What is known of few journeys has an interval that would make the line flat.
        if value is None or value[1] is None or value[2] is None or not trend.complete[i]:
            runs.append([])
        else:
            runs[-1].append((i / width, at(value[1]), at(value[2])))
    last, value = known[-1]
    return {
        "strokes": [
            ("s0" if stroke.is_earlier else "s1", stroke.is_complete, line(stroke.points))
            for stroke in strokes(values, trend.complete, trend.split)
        ],
        "bands": [band(run) for run in runs if len(run) > 1],
        "split": None if trend.split is None else line([(trend.split / width, 0), (trend.split / width, 1)]),
        "end": (last / width, 1 - at(value[0]), trend.complete[last]),
    }


def table_of(context: Context, trend: Trend) -> Table:
    """The lines as a table."""
    columns: dict[str, list[Any]] = {
        "period": [period_name(context, trend, i) for i in range(len(trend.begins))],
        "complete": list(trend.complete),
    }
    quantities: dict[str, str] = {}
    for key, values in trend.lines.items():
        quantity = "share" if key in _SHARES else "count" if key == "customers" else "amount"
        names = {"rate": "conversion_rate", "per_journey": "value_per_journey", "converters": "customers_who_convert"}
        name = names.get(key, key)
        for tail, part in (("", 0), ("_lower", 1), ("_upper", 2)):
            column = [None if value is None else value[part] for value in values]
            if any(value is not None for value in column):
                columns[name + tail], quantities[name + tail] = column, quantity
    return Table.from_columns(columns, quantities=quantities)


def period_name(context: Context, trend: Trend, number: int) -> str:
    """``March 2025``, ``week 11 of 2025``."""
    begin = trend.begins[number]
    return context.words.month(begin) if trend.period == "month" else context.words.week(begin)
