# SPDX-License-Identifier: MIT
"""What changed against earlier journeys, and where."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from klantreis._report.axes import ticks
from klantreis._report.change import Change, direction, is_clear, is_clear_among_many, verdict
from klantreis._report.context import Absent, Context, Part
from klantreis._table import Table

_ROWS = 7
# Less would be written as nothing.
_LEAST = 0.0005
_START, _TOTAL = "(start)", "(total)"


def build(context: Context, parts: list[Part], absent: list[Absent]) -> Part | Absent:
    """The rates then and now, and what made up the change of the conversion rate."""
    words, nav = context.words, context.words.plain("changes.nav")
    if not len(context.journeys):
        return Absent("changes", nav, words("absent.empty"))
    if not context.cut.conversions:
        return Absent("changes", nav, words("absent.no_conversion"))
    change = context.change
    if not isinstance(change, Change):
        return Absent("changes", nav, change)
    rate = change.rates["conversion_rate", ""]
    if context.changed("conversion_rate") is None:
        return Absent("changes", nav, words("absent.small", least=context.least))
    rates, pieces = _known_rates(context, change.found), _known_parts(context, change)
    rows = [row for row in pieces if row["from"] != _TOTAL and abs(row["part"]) >= _LEAST][:_ROWS]
    bounds = [abs(row[name]) for row in rows for name in ("part", "lower", "upper") if row[name] is not None]
    marks, most = ticks(100 * max(bounds, default=0.01))
    axis = [-mark for mark in reversed(marks[1:])] + marks
    values: dict[str, Any] = {
        "heading": _heading(context, change, rows),
        "sub": change.beside + " " + words("changes.sub"),
        "figures": [
            {"name": words(f"changes.{kind}"), **figure}
            for kind in ("conversion_rate", "value_per_journey")
            if (figure := context.changed(kind)) is not None
        ],
        "lines": [_line(context, change, row, most / 100) for row in rows],
        "ticks": [
            (0.5 + mark / most / 2, _mark(context, mark), (number - len(marks) + 1) % 2 == 1)
            for number, mark in enumerate(axis)
        ],
        "intervals": len(axis) - 1,
        "total": words("changes.total", points=words.points(rate["difference"])),
        "by": words.column(context.item_by),
    }
    views = [
        context.view("change_parts", words.plain("changes.table"), words("changes.caption"), change.found.parts,
                     kept=pieces),
        context.view("change_rates", words.plain("changes.table_rates"), words("changes.caption_rates"),
                     change.found.rates, kept=rates),
    ]  # fmt: skip
    if change.steps:
        name, caption = words.plain("changes.table_steps"), words("changes.caption_steps")
        steps = _kept(context, change.found.steps, ("count_first", "count_second"))
        views.append(context.view("change_steps", name, caption, change.found.steps, kept=steps))
    return Part("changes", nav, values, views)


def _kept(context: Context, table: Table, sizes: tuple[str, str]) -> Table:
    if context.min_group is None:
        return table
    keep = [row for row, pair in enumerate(zip(*(table[size] for size in sizes), strict=True))
            if not any(context.is_small(count) for count in pair)]  # fmt: skip
    return table if len(keep) == len(table) else Table(table._core.take(keep))


def _known_rates(context: Context, found: Table) -> Table:
    return _kept(context, found, ("n_first", "n_second"))


def _known_parts(context: Context, change: Change) -> Table:
    """The parts of items that enough customers visited in both groups."""
    table = change.found.parts
    if context.min_group is None:
        return table

    def known(item: str) -> bool:
        row = change.rates.get(("exit_rate", item))
        return row is None or not any(context.is_small(row[name]) for name in ("n_first", "n_second"))

    keep = [row for row, item in enumerate(table["from"]) if known(item)]
    return table if len(keep) == len(table) else Table(table._core.take(keep))


def _heading(context: Context, change: Change, rows: list[dict[str, Any]]) -> Markup:
    words, rate = context.words, change.rates["conversion_rate", ""]
    if not is_clear(rate):
        return words("changes.heading_none")
    up = rate["difference"] > 0
    gaps: dict[str, object] = {"now": words.share(rate["second"]), "was": words.share(rate["first"])}
    most = main_part(context, change)
    if most is not None:
        return words(
            f"changes.heading_part.{'up' if up else 'down'}", name=item_name(context, most["from"], 40), **gaps
        )
    return words(f"changes.heading.{'up' if up else 'down'}", **gaps)


def main_part(context: Context, change: Change) -> dict[str, Any] | None:
    """The item that alone makes up more than half of the change of the conversion rate, where that is clear."""
    rate = change.rates["conversion_rate", ""]
    for row in _known_parts(context, change):
        if row["from"] != _TOTAL and (row["share"] or 0.0) > 0.5 and is_clear_among_many(row) and is_clear(rate):
            return row
    return None


def item_name(context: Context, item: str, length: int) -> Markup:
    """What an item is called in a sentence, or where journeys begin."""
    return context.words("changes.start_in") if item == _START else context.words.name(item, length)


def leaving_changed(context: Context, name: str) -> Markup | str:
    """Whether clearly more or fewer leave here than before."""
    change = context.change if context.cut.conversions else None
    row = change.rates.get(("exit_rate", name)) if isinstance(change, Change) else None
    if row is None or not isinstance(change, Change) or not is_clear_among_many(row):
        return ""
    if any(context.is_small(row[size]) for size in ("n_first", "n_second")):
        return ""
    share = context.words.share
    return context.words("leaving.change", now=share(row["second"]), was=share(row["first"]), since=change.since)


def _mark(context: Context, mark: float) -> str:
    number = context.words.number(abs(mark))
    return number if mark == 0 else f"+{number}" if mark > 0 else f"−{number}"


def _line(context: Context, change: Change, row: dict[str, Any], most: float) -> dict[str, Any]:
    words, part = context.words, row["part"]
    left = change.rates.get(("exit_rate", row["from"]))
    said = words("changes.start_text") if row["from"] == _START else Markup("")
    if left is not None and None not in (left["first"], left["second"]):
        said = words("changes.leave", now=words.share(left["second"]), was=words.share(left["first"]))
    clear = is_clear_among_many(row)

    def at(value: float) -> float:
        return 0.5 + value / most / 2

    name = words("changes.start") if row["from"] == _START else words.name(row["from"], 60)
    interval = words.span(row["lower"], row["upper"], "share")
    return {
        "name": name,
        "why": said,
        "start": min(at(part), 0.5),
        "length": abs(part) / most / 2,
        "lower": None if row["lower"] is None else at(row["lower"]),
        "upper": None if row["upper"] is None else at(row["upper"]),
        "kind": direction(clear, part > 0),
        "points": words.points(part),
        "interval": interval,
        "verdict": verdict(words, clear),
        "alt": words.plain("changes.alt", name=name.striptags(), points=words.points(part), interval=interval or "–"),
    }
