# SPDX-License-Identifier: MIT
"""How long it takes to convert, and what has become of the journeys by then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from klantreis._journeys import Journeys
from klantreis._report.axes import TIMES, along, apart, grid, ticks, time_marks
from klantreis._report.context import MIN_N, Absent, Context, Part
from klantreis._report.words import Words
from klantreis._table import Table
from klantreis._timing import survival, time_to_convert

_POINTS = 160
_QUARTERS = ("p25", "median", "p75")


def build(context: Context, parts: list[Part], absent: list[Absent]) -> Part | Absent:
    """The share of journeys that have converted by each time, with its band and quartiles."""
    words, nav = context.words, context.words.plain("time.nav")
    if not len(context.journeys):
        return Absent("time", nav, words("absent.empty"))
    if not context.log._handle.has_times:
        return Absent("time", nav, words("absent.no_time"))
    if not context.cut.conversions:
        return Absent("time", nav, words("absent.no_conversion"))
    times = time_to_convert(context.cut, quantiles=(0.02, 0.25, 0.5, 0.75, 0.9, 1.0), min_n=MIN_N)
    found = {row["measure"]: row for row in times}
    if context.is_small(found["median"]["n"]):
        return Absent("time", nav, words("absent.small", least=context.least))
    marks = time_marks(found["p2"]["time"], found["p100"]["time"])
    read = _readable(
        context, context.cut, [mark for mark in TIMES if mark <= marks[-1] and mark >= min(60.0, marks[0])]
    )
    curve = _readable(context, context.cut, grid(marks, _POINTS))
    known = [row for row in read if None not in (row["survival"], row["converted"], row["left"])]
    points = [row for row in curve if row["converted"] is not None]
    if not points:
        return Absent("time", nav, words("absent.small", least=context.least))
    shares, most = ticks(max(row["converted_upper"] or row["converted"] for row in points))
    quarters = [_quarter(context, found[name], name, marks, most) for name in _QUARTERS]
    final = points[-1]
    values: dict[str, Any] = {
        "heading": words("time.heading", time=words.seconds(found["median"]["time"]))
        if found["median"]["time"]
        else words("time.heading_at_once"),
        "sub": words("time.sub", journeys=words.of("journey", survival(context.cut, at=[0.0])["at_risk"][0])),
        "said": _said(context, found),
        "line": line([(along(row["time"], marks), row["converted"] / most) for row in points]),
        "band": band(
            [
                (along(row["time"], marks), row["converted_lower"] / most, row["converted_upper"] / most)
                for row in points
                if row["converted_lower"] is not None
            ]
        ),
        "times": [(along(mark, marks), mark_name(context.words, mark)) for mark in marks],
        "shares": [(1 - share / most, words.share(share, 0 if most > 0.04 else 1)) for share in shares],
        "quarters": [quarter for quarter in quarters if quarter],
        "final": (1 - final["converted"] / most, words.share(final["converted"])),
        "alt": words.plain(
            "time.alt", values=", ".join(f"{mark_name(words, r['time'])} {words.share(r['converted'])}" for r in known)
        ),
        "rows": [_row(context, row) for row in known],
        "few": "few" in found["median"]["marks"],
    }
    views = [
        context.view("survival", words.plain("time.table"), words("time.caption"), read, kept=read),
        context.view(
            "time_to_convert",
            words.plain("time.table_quantiles"),
            words("time.caption_quantiles"),
            time_to_convert(context.cut, min_n=MIN_N),
        ),
    ]
    return Part("time", nav, values, views)


def _readable(context: Context, journeys: Journeys, at: Sequence[float]) -> Table:
    """The curves at those times that tell of no small group."""
    table = survival(journeys, at=at, min_n=MIN_N)
    if context.min_group is None or not len(at):
        return table
    counts = list(zip(table["conversions"], table["exits"], strict=True))
    kept = [at[row] for row in apart(counts, context.min_group) if not context.is_small(table["n"][row])]
    return survival(journeys, at=kept, min_n=MIN_N) if kept else table.head(0)


def _quarter(
    context: Context, row: dict[str, Any], name: str, marks: Sequence[float], most: float
) -> dict[str, Any] | None:
    """A mark on the curve where so many of those who convert have done so."""
    at = survival(context.cut, at=[row["time"]]).to_dicts()[0]["converted"]
    if at is None:
        return None
    return {
        "x": along(row["time"], marks),
        "y": 1 - at / most,
        "time": context.words.seconds(row["time"]),
        "name": context.words(f"time.{name}"),
    }


def _said(context: Context, found: dict[str, dict[str, Any]]) -> Markup:
    """The quartiles in words, the median with its interval."""
    words = context.words
    interval = words.interval(found["median"]["lower"], found["median"]["upper"], "seconds")
    gaps = {name: words.seconds(found[name]["time"]) for name in ("p25", "median", "p75", "p90")}
    said = words("time.said", **gaps)
    return said + " " + words("time.said_interval", interval=interval) if interval else said


def _row(context: Context, row: dict[str, Any]) -> dict[str, Any]:
    words = context.words
    texts = {name: words.share(row[name]) for name in ("converted", "survival", "left")}
    name = mark_name(words, row["time"])
    alt = words.plain("time.alt_row", time=name, **texts)
    return {"name": name, "alt": alt, "parts": [(key, row[key], texts[key]) for key in texts]}


def mark_name(words: Words, seconds: float) -> str:
    """A named time: ``1 week``, or the time in its unit."""
    key = {3_600: "hour", 86_400: "day", 604_800: "week", 31_536_000: "year"}.get(round(seconds))
    return words.plain(f"time.mark.{key}") if key else words.seconds(seconds)


def line(points: Sequence[tuple[float, float]]) -> str:
    """The points of a curve on a square of 100 by 100 whose y goes down.

    >>> line([(0, 0), (0.5, 0.25), (1, 1)])
    '0,100 50,75 100,0'
    """
    return " ".join(f"{_short(100 * x)},{_short(100 - 100 * y)}" for x, y in points)


def band(points: Sequence[tuple[float, float, float]]) -> str:
    """The outline between two curves: along the upper one, and back along the lower one.

    >>> band([(0, 0, 0.5), (1, 0.5, 1)])
    '0,50 100,0 100,50 0,100'
    """
    upper = [(x, high) for x, _, high in points]
    lower = [(x, low) for x, low, _ in reversed(points)]
    return line([*upper, *lower])


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
