# SPDX-License-Identifier: MIT
"""The journey map: the design, with what was measured of it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from klantreis._report.context import Absent, Context, Part
from klantreis._report.icons import icon
from klantreis._report.map_grid import Chip, Column, Grid, Kpi, grid_of, rows_of
from klantreis._report.views import View
from klantreis._report.words import Words
from klantreis._table import Table

MIN_ANSWERS = 30
_MOST_COLUMNS = 24
_STATUS = {"ok": "ok", "off": "off", "off, could be chance": "may", "too little data": "few", "not measured": "nm"}
# The lanes of the grid in their order; each is a row, and the line of visibility one of its own.
_LANES = ("reach", "moves", "actions", "touchpoints", "needs", "mood", "visibility", "backstage", "kpis")


def build(context: Context, parts: list[Part], absent: list[Absent]) -> Part | Absent:
    """Phases as columns, what is known of them as lanes."""
    words, nav = context.words, context.words.plain("map.nav")
    if not len(context.journeys):
        return Absent("map", nav, words("absent.empty"))
    measured = context.measured
    if measured is None:
        return Absent("map", nav, words("absent.map"))
    if len(measured.phases) > _MOST_COLUMNS:
        return Absent("map", nav, words("absent.map_wide", count=words.count(len(measured.phases))))
    grid = grid_of(**vars(rows_of(measured, context.kpis, context.is_small)), map=context.part)
    values = values_of(grid, words)
    values["heading"] = _heading(grid, words)
    values["sub"] = words(
        "map.sub" if context.map is not None else "map.sub_none",
        phases=words.of("phase", len(grid.columns)),
        customers=words.of("customer", measured.customers),
    )
    phases, items = (_of_reader(context, table) for table in (measured.phases, measured.touchpoints))
    name, caption = words.plain("map.table_touchpoints"), words("map.caption_touchpoints")
    views: list[View] = [
        context.view("phases", words.plain("map.table"), words("map.caption"), phases, size="reach"),
        context.view("touchpoints", name, caption, items, size="reach"),
    ]
    if context.kpis is not None:
        views.append(
            context.view(
                "kpis", words.plain("map.table_kpis"), words("map.caption_kpis"), _of_reader(context, context.kpis)
            )
        )
    return Part("map", nav, values, views)


def _of_reader(context: Context, table: Table) -> Table:
    """The rows of the phases and touchpoints that the reader works with."""
    part = context.part
    if part is None or part is context.map:
        return table
    phases, items = {phase.id for phase in part.phases}, {item.id for item in part.touchpoints}
    named = [column for column in ("phase", "touchpoint") if column in table.columns]

    def mine(row: dict[str, Any]) -> bool:
        known = {"phase": phases, "touchpoint": items}
        return any(row[name] for name in named) and all(not row[name] or row[name] in known[name] for name in named)

    keep = [number for number, row in enumerate(table) if mine(row)]
    return Table(table._core.take(keep))


def _heading(grid: Grid, words: Words) -> Markup:
    """The phase in which people feel worst against the design, or the one that most leave."""
    gaps = [
        (column.felt.value - column.expected, column)
        for column in grid.columns
        if column.felt is not None and column.expected is not None and column.felt.answers >= MIN_ANSWERS
    ]
    below = [
        (gap, column) for gap, column in gaps if column.felt and (column.felt.upper or 2.0) < (column.expected or 0)
    ]
    if below:
        return words("map.heading_mood", name=words.raw(min(below, key=lambda pair: pair[0])[1].name, 40))
    left = [(int(column.row["left"]), column) for column in grid.columns if column.row is not None]
    most = max(left, key=lambda pair: pair[0], default=(0, None))
    if most[1] is None or not most[0]:
        return words("map.heading_none")
    return words("map.heading_left", name=words.raw(most[1].name, 40), count=words.of("journey", most[0]))


def values_of(grid: Grid, words: Words) -> dict[str, Any]:
    """What the template of the grid needs."""
    lanes = [lane for lane in _LANES if _shown(lane, grid)]
    rows = {lane: number for number, lane in enumerate(lanes, 2)}
    count = len(grid.columns)
    return {
        "columns": [_column(column, words) for column in grid.columns],
        "lanes": lanes,
        "rows": rows,
        "count": count,
        "total": len(lanes) + 1,
        "owned": any(chip.owned != "unknown" for column in grid.columns for chip in column.chips),
        "mood": _mood(grid) if "mood" in rows else {},
        "measured": "reach" in rows,
    }


def _shown(lane: str, grid: Grid) -> bool:
    if lane == "moves":
        return "reach" in grid.lanes
    if lane == "visibility":
        return "backstage" in grid.lanes
    return lane in grid.lanes


def _mood(grid: Grid) -> dict[str, Any]:
    """Lines and points in percent of the lane: x from the left, y from the top (+2 is at 12, -2 at 88)."""

    def x(number: int) -> float:
        return round((number + 0.5) / len(grid.columns) * 100, 3)

    def y(value: float) -> float:
        return round(50 - min(max(value, -2.0), 2.0) * 19, 3)

    def lines(points: Sequence[tuple[float, float, bool]]) -> list[tuple[float, float, float, float, bool]]:
        pairs = itertools.pairwise(points)
        return [(x1, y1, x2, y2, faint or also) for (x1, y1, faint), (x2, y2, also) in pairs]

    expected = [(x(i), y(c.expected), False) for i, c in enumerate(grid.columns) if c.expected is not None]
    felt = [(x(i), y(c.felt.value), c.felt.answers < MIN_ANSWERS) for i, c in enumerate(grid.columns) if c.felt]
    whiskers = [
        (x(i), y(c.felt.lower), y(c.felt.upper))
        for i, c in enumerate(grid.columns)
        if c.felt and c.felt.lower is not None and c.felt.upper is not None
    ]
    gaps = [
        (x(i), y(c.expected), y(c.felt.value))
        for i, c in enumerate(grid.columns)
        if c.felt and c.expected is not None and c.expected - c.felt.value > 1
    ]
    return {
        "levels": [y(2.0), y(-2.0)],
        "zero": y(0.0),
        "expected": expected,
        "expected_lines": lines(expected),
        "felt": felt,
        "felt_lines": lines(felt),
        "whiskers": whiskers,
        "gaps": gaps,
    }


def _column(column: Column, words: Words) -> dict[str, Any]:
    row = column.row
    return {
        "name": words.raw(column.name, 60),
        "label": words.raw(column.name, 60).striptags(),
        "measured": row is not None,
        "customers": "" if row is None else words.count(row["reach"]),
        "alt": ""
        if row is None
        else words.plain(
            "map.alt",
            reach=words.of("customer", row["reach"]),
            left=words.count(row["left"]),
            rest=words.count(row["at_rest"]),
        ),
        "bar": column.bar,
        "moves": [] if row is None else _moves(row, words),
        "actions": [words.raw(text, 200) for text in column.actions],
        "needs": [words.raw(text, 200) for text in column.needs],
        "questions": [words.raw(text, 200) for text in column.questions],
        "chips": [_chip(chip, words) for chip in column.chips],
        "more": words("map.more", count=words.count(column.more_chips)) if column.more_chips else "",
        "backstage": [_chip(chip, words) for chip in column.backstage],
        "company": [words.raw(text, 200) for text in column.company],
        "felt": _feeling(column, words),
        "kpis": [_kpi(kpi, words) for kpi in column.kpis],
        "more_kpis": words("map.more", count=words.count(column.more_kpis)) if column.more_kpis else "",
    }


def _moves(row: Mapping[str, Any], words: Words) -> list[dict[str, Any]]:
    moves = [_move(words("map.start"), words.count(row["entries"]), "" if row["entries"] else "z")]
    left, rest, settled = int(row["left"]), int(row["at_rest"]), int(row["settled"])
    if not settled:
        return moves
    moves.append(_move(words("map.on"), words.share(1 - (left + rest) / settled)))
    if left:
        interval = words.interval(row["lower"], row["upper"], "share")
        moves.append(_move(words("map.leave"), words.share(left / settled), "ex", interval))
    if rest:
        moves.append(_move(words("map.rest"), words.share(rest / settled)))
    time = words.seconds(row["median_time"]) if row["median_time"] is not None else "–"
    moves.append(_move(words("map.time"), time))
    return moves


def _move(name: Markup, value: str, kind: str = "", interval: str = "") -> dict[str, Any]:
    return {"name": name, "value": value, "kind": kind, "interval": interval}


def _chip(chip: Chip, words: Words) -> dict[str, Any]:
    return {
        "id": chip.id,
        "name": words.raw(chip.name, 90),
        "channels": Markup(", ").join(words.raw(name, 40) for name in chip.channels),
        "icon": icon(words, chip.icon, chip.owned) if chip.icon else None,
        "customers": "" if chip.customers is None else words.count(chip.customers),
        "share": "" if not chip.customers else words.share(chip.leave, 0),
        "leave": chip.leave,
        "rests": chip.rests,
        "supports": words("map.supports", names=Markup(", ").join(words.raw(name, 40) for name in chip.supports))
        if chip.supports
        else "",
        "owner": words.raw(chip.owner, 40) if chip.owner else "",
    }


def _feeling(column: Column, words: Words) -> dict[str, Any] | None:
    if column.felt is None and column.expected is None:
        return None
    felt, expected = column.felt, column.expected
    few = felt is not None and felt.answers < MIN_ANSWERS
    return {
        "value": "" if felt is None else _signed(felt.value, words),
        "bad": felt is not None and expected is not None and expected - felt.value > 1,
        "range": ""
        if felt is None
        else words("map.answers", count=words.count(felt.answers))
        if few
        else words.interval(_tenths(felt.lower), _tenths(felt.upper), "plain"),
        "expected": "" if expected is None else words("map.designed", value=_signed(expected, words)),
        "driver": words.raw(column.driver, 120) if column.driver else "",
    }


def _tenths(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _signed(value: float, words: Words) -> str:
    text = words.number(round(abs(value), 1))
    return text if round(abs(value), 1) == 0 else ("+" if value > 0 else "−") + text


def _kpi(kpi: Kpi, words: Words) -> dict[str, Any]:
    row = kpi.row
    status = _STATUS.get(str(row["status"]), "nt")
    return {
        "name": words.raw(kpi.name, 60),
        "status": status,
        "status_words": words.plain(f"map.status.{status}") if status != "nt" else "",
        "sign": {"ok": "✓", "off": "!", "may": "!", "few": "?"}.get(status, ""),
        "value": kpi_value(row["value"], row, words),
        "interval": kpi_range(row, words),
        "target": "" if row["target"] is None else words("map.target", value=kpi_value(row["target"], row, words)),
    }


_SECONDS = {"s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}


def kpi_value(value: float | None, row: Mapping[str, Any], words: Words) -> str:
    """A figure with its unit."""
    if value is None:
        return "–"
    unit = str(row.get("unit") or "")
    if unit == "share":
        return words.share(value)
    if unit in _SECONDS:
        return words.seconds(value * _SECONDS[unit])
    if unit == "amount":
        return words.amount(value)
    text = words.number(round(value, 2) if abs(value) >= 1 else value)
    return f"{unit} {text}" if len(unit) == 3 and unit.isupper() else text


def kpi_range(row: Mapping[str, Any], words: Words) -> str:
    """Its interval."""
    unit, lower, upper = str(row.get("unit") or ""), row["lower"], row["upper"]
    if lower is None or upper is None:
        return ""
    if unit in _SECONDS:
        return words.interval(lower * _SECONDS[unit], upper * _SECONDS[unit], "seconds")
    return words.interval(lower, upper, {"share": "share", "amount": "amount"}.get(unit, "plain"))
