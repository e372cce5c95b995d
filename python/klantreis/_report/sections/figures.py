# SPDX-License-Identifier: MIT
"""How the journeys are doing: headline figures with their intervals."""

from __future__ import annotations

from typing import Any

from klantreis._report.context import MIN_N, Absent, Context, Part


def build(context: Context, parts: list[Part], absent: list[Absent]) -> Part | Absent:
    """Up to six figures, those that the log allows."""
    words, row = context.words, context.figures
    if not len(context.journeys):
        return Absent("figures", words.plain("figures.nav"), words("absent.empty"))
    settled = row["conversions"] + row["nulls"]
    shown: list[dict[str, Any]] = []

    def put(key: str, value: str, note: object, n: float | None = None, kind: str = "") -> None:
        few = n is not None and n < MIN_N
        changed = context.changed(kind) if kind else None
        shown.append({"name": words(f"figures.{key}"), "value": value, "note": note, "few": few, "changed": changed})

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
    return Part(
        "figures",
        words.plain("figures.nav"),
        {"figures": shown[:6], "min_n": MIN_N},
        [context.view("summary", words.plain("figures.table"), words("figures.caption"), context.summary, "customers")],
    )
