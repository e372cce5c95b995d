# SPDX-License-Identifier: MIT
"""How the journeys are doing: headline figures with their intervals."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from klantreis._report.change import Change
from klantreis._report.context import MIN_N, Absent, Context, Part
from klantreis._report.trend import Trend, drawn, period_name, table_of, trend_of


def build(context: Context, parts: list[Part], absent: list[Absent]) -> Part | Absent:
    """Up to six figures, those that the log allows."""
    words, row = context.words, context.figures
    if not len(context.journeys):
        return Absent("figures", words.plain("figures.nav"), words("absent.empty"))
    settled = row["conversions"] + row["nulls"]
    shown: list[dict[str, Any]] = []
    trend = trend_of(context)

    def put(key: str, value: str, note: object, n: float | None = None, kind: str = "") -> None:
        few = n is not None and n < MIN_N
        changed = context.changed(kind) if kind else None
        line = _line(context, trend, key)
        shown.append({"name": words(f"figures.{key}"), "value": value, "note": note, "few": few, "changed": changed,
                      "line": line})  # fmt: skip

    def interval(stem: str, quantity: str) -> object:
        text = words.interval(row[stem + "lower"], row[stem + "upper"], quantity)
        return words("interval", interval=text) if text else ""

    put(
        "customers",
        words.count(row["customers"]),
        words("figures.customers.note", journeys=words.of("journey", row["journeys"])),
    )
    if row["conversions"]:
        put("rate", words.share(row["conversion_rate"]), interval("", "share"), row["n"], "conversion_rate")
        people = context.converters
        if people is not None and people["rate"] is not None:
            text = words.interval(people["rate_lower"], people["rate_upper"], "share")
            put("converters", words.share(people["rate"]), words("interval", interval=text), people["n"])
        if row["value"] is not None:
            put("value", words.amount(row["value"]), words("figures.value.note"))
            per_journey = words.amount(row["value_per_journey"])
            note = interval("value_per_journey_", "amount")
            put("per_journey", per_journey, note, row["n"], "value_per_journey")
    if settled and row["mean_length"] is not None:
        put("length", words.number(round(row["mean_length"], 1)), words("figures.length.note"))
    if row["median_time"] is not None:
        put("time", words.seconds(row["median_time"]), words("figures.time.note"))
    shown = shown[:6]
    views = [
        context.view("summary", words.plain("figures.table"), words("figures.caption"), context.summary, "customers")
    ]
    values: dict[str, Any] = {"figures": shown, "min_n": MIN_N, "lines": ""}
    if trend is not None and any(figure["line"] for figure in shown):
        values["lines"] = _said(context, trend)
        table = table_of(context, trend)
        caption = words("figures.caption_lines")
        views.append(context.view("figures_by_period", words.plain("figures.table_lines"), caption, table, kept=table))
    return Part("figures", words.plain("figures.nav"), values, views)


def _line(context: Context, trend: Trend | None, key: str) -> dict[str, Any] | None:
    """The line of a figure, with its values in words."""
    found = drawn(trend, key) if trend is not None else None
    if trend is None or found is None:
        return None
    words = context.words
    write = words.count if key == "customers" else words.amount if key in ("value", "per_journey") else words.share
    texts = [
        "–" if value is None else write(value[0]) + ("" if complete else " " + words.plain("figures.incomplete"))
        for value, complete in zip(trend.lines[key], trend.complete, strict=True)
    ]
    first, last = (period_name(context, trend, number) for number in (0, -1))
    return {**found, "alt": words.plain("figures.line", first=first, last=last, values=", ".join(texts))}


def _said(context: Context, trend: Trend) -> Markup:
    """What the lines show."""
    words, change = context.words, context.change
    first, last = (period_name(context, trend, number) for number in (0, -1))
    said = words(f"figures.lines.{trend.period}", first=first, last=last)
    if trend.split is not None and isinstance(change, Change) and change.at is not None:
        said += " " + words("figures.lines.split", date=words.date(change.at))
    return said if all(trend.complete) else said + " " + words("figures.lines.incomplete")
