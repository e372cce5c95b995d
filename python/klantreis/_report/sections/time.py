# SPDX-License-Identifier: MIT
"""How long it takes to convert, and what has become of the journeys by then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from klantreis._journeys import Journeys
from klantreis._report.axes import TIMES, along, apart, band, grid, line, ticks, time_marks
from klantreis._report.change import Change
from klantreis._report.context import MIN_N, Absent, Context, Part
from klantreis._report.words import Words
from klantreis._table import Table
from klantreis._timing import survival, time_to_convert

_POINTS = 56
_POINTS_BESIDE = 32
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
    beside = _beside(context, marks)
    highest = max(row["converted_upper"] or row["converted"] for row in points)
    shares, most = ticks(max(highest, *(row["converted"] for curve in beside.values() for row in curve), 0.0))
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
        "beside": [
            (name, line([(along(row["time"], marks), row["converted"] / most) for row in curve]))
            for name, curve in beside.items()
        ],
        "compared": _compared(context, beside),
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
    if beside:
        table = _beside_table(beside)
        caption = words("time.caption_beside")
        views.append(context.view("survival_change", words.plain("time.table_beside"), caption, table, kept=table))
    return Part("time", nav, values, views)


def _beside(context: Context, marks: Sequence[float]) -> dict[str, list[dict[str, Any]]]:
    """The curve of earlier journeys and, where they are of the same log, that of those that came later."""
    change = context.change
    if not isinstance(change, Change):
        return {}
    at = sorted({*grid(marks, _POINTS_BESIDE), *(mark for mark in TIMES if marks[0] <= mark <= marks[-1])})
    if change.at is not None:
        found = {
            "first": _readable(context, context.cut, at, (None, change.at)),
            "second": _readable(context, context.cut, at, (change.at, None)),
        }
    elif context.earlier is not None:
        after = context.cut.after_conversion
        before = context.earlier
        before = before if before.after_conversion == after else before.recut(after_conversion=after)
        found = {"first": _readable(context, before, at), "second": _readable(context, context.cut, at)}
    else:
        return {}
    curves = {name: [row for row in table if row["converted"] is not None] for name, table in found.items()}
    return curves if all(curves.values()) else {}


def _compared(context: Context, beside: dict[str, list[dict[str, Any]]]) -> Markup | str:
    """Both curves at the latest named time that both reach, in words."""
    change = context.change
    rows = _side_by_side(beside)
    if not rows or not isinstance(change, Change):
        return ""
    words, (first, second) = context.words, rows[-1]
    gaps = {
        "time": mark_name(words, first["time"]),
        "was": words.share(first["converted"]),
        "was_interval": words.range(first["converted_lower"], first["converted_upper"], "share"),
        "now": words.share(second["converted"]),
        "now_interval": words.range(second["converted_lower"], second["converted_upper"], "share"),
    }
    if change.at is None:
        return words("time.beside.earlier", **gaps)
    return words("time.beside.since", date=words.date(change.at), **gaps)


def _side_by_side(beside: dict[str, list[dict[str, Any]]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The rows of both curves at the named times that both reach."""
    first, second = ({row["time"]: row for row in beside.get(name, ())} for name in ("first", "second"))
    return [(first[time], second[time]) for time in TIMES if time in first and time in second]


def _beside_table(beside: dict[str, list[dict[str, Any]]]) -> Table:
    pairs = _side_by_side(beside)
    columns: dict[str, list[Any]] = {"time": [first["time"] for first, _ in pairs]}
    quantities = {"time": "seconds"}
    for side, name in enumerate(("first", "second")):
        for tail in ("", "_lower", "_upper"):
            columns[name + tail] = [pair[side]["converted" + tail] for pair in pairs]
            quantities[name + tail] = "share"
        columns[f"n_{name}"] = [pair[side]["n"] for pair in pairs]
        quantities[f"n_{name}"] = "count"
    return Table.from_columns(columns, quantities=quantities)


def _readable(
    context: Context, journeys: Journeys, at: Sequence[float], began: tuple[str | None, str | None] | None = None
) -> Table:
    """The curves at those times that tell of no small group."""
    table = survival(journeys, at=at, began=began, min_n=MIN_N)
    if context.min_group is None or not len(at):
        return table
    counts = list(zip(table["conversions"], table["exits"], strict=True))
    kept = [at[row] for row in apart(counts, context.min_group) if not context.is_small(table["n"][row])]
    return survival(journeys, at=kept, began=began, min_n=MIN_N) if kept else table.head(0)


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
