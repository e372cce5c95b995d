# SPDX-License-Identifier: MIT
"""What each channel contributes, and whether the model matters."""

from __future__ import annotations

import math
from typing import Any

from markupsafe import Markup

from klantreis._report.axes import ticks
from klantreis._report.context import MODELS, Absent, Context, Part
from klantreis._report.views import View, model_name

_ROWS = 10
_NOBODY = "(unattributed)"


def build(context: Context, parts: list[Part], absent: list[Absent]) -> Part | Absent:
    """A lane per model for each channel, with intervals, and the span of the models behind."""
    words, by, nav = context.words, context.credit_by, context.words.plain("channels.nav")
    if not len(context.journeys):
        return Absent("channels", nav, words("absent.empty"))
    if not context.credits:
        return Absent("channels", nav, words("absent.no_conversion"))
    by_item: dict[str, dict[str, dict[str, Any]]] = {}
    for model in MODELS:
        for row in context.known_credits[model]:
            by_item.setdefault(row[by], {})[model] = row
    # Only what every model can show is compared.
    items = [
        name
        for name, rows in by_item.items()
        if name != _NOBODY and len(rows) == len(MODELS) and all(row["share"] is not None for row in rows.values())
    ]
    if not items:
        untouched = any(row["share"] is None for rows in by_item.values() for row in rows.values())
        reason = words("absent.no_touch") if untouched else words("absent.small", least=context.least)
        return Absent("channels", nav, reason)
    shown = items[:_ROWS]
    if _NOBODY in by_item and any(row["credit"] for row in by_item[_NOBODY].values()):
        shown.append(_NOBODY)
    largest = max(_top(row) for name in shown for row in by_item[name].values())
    marks, most = ticks(largest)
    lines = [_line(context, name, by_item[name], most) for name in shown]
    conversions = words.of("conversion", context.cut.conversions)
    values = {
        "by": words.column(by).lower(),
        "kick": words("channels.kick", by=words.column(by).lower()),
        "heading": _heading(context, by_item, items),
        "sub": words("channels.sub", conversions=conversions, models=len(MODELS)),
        "models": [(model, model_name(words, model)) for model in MODELS],
        "lines": lines,
        "ticks": [(tick / most, words.number(tick)) for tick in marks],
        "intervals": len(marks) - 1,
        "rest": words("channels.rest", count=words.count(len(items) - _ROWS)) if len(items) > _ROWS else "",
        "note": words("channels.note", conversions=conversions, by=words.column(by).lower()),
    }
    best = context.orders.to_dicts()[int(context.orders.options["recommended"])]
    values["order"] = words(
        "channels.order",
        most=words.count(len(context.orders) - 1),
        order=words.count(best["order"]),
        loss=words.number(round(best["loss"], 2)),
    )
    name, caption = words.plain("channels.table", by=values["by"]), words("channels.caption", by=values["by"])
    return Part("channels", nav, values, [_view(context, model, name, caption) for model in MODELS])


def _view(context: Context, model: str, name: str, caption: Markup) -> View:
    label = f"{name}, {model_name(context.words, model).striptags()}"
    return context.view(
        f"attribution_{model}", label, caption, context.credits[model], kept=context.known_credits[model]
    )


def _top(row: dict[str, Any]) -> float:
    return float(row["credit"] if row["credit_upper"] is None else max(row["credit"], row["credit_upper"]))


def _line(context: Context, name: str, rows: dict[str, dict[str, Any]], most: float) -> dict[str, Any]:
    words = context.words
    credits = [row["credit"] for row in rows.values()]
    least, top = min(credits), max(credits)
    markov = rows["markov"]
    ratio = top / least if least > 0 else math.inf
    verdict = "agree" if ratio <= 1.4 or top < 1 else "differ" if ratio <= 1.8 else "disagree"
    values = ", ".join(f"{model_name(words, model).striptags()} {words.count(rows[model]['credit'])}" for model in rows)
    return {
        "name": words.state(name) if name == _NOBODY else words.name(name, 60),
        "nobody": name == _NOBODY,
        "icon": None if name == _NOBODY else context.icon(context.credit_by, name),
        "alt": words.plain("channels.alt", name=words.state(name).striptags(), values=values),
        "span": (least / most, (top - least) / most),
        "marks": [
            {
                "model": model,
                "at": row["credit"] / most,
                "lower": None if row["credit_lower"] is None else row["credit_lower"] / most,
                "length": None if row["credit_lower"] is None else (row["credit_upper"] - row["credit_lower"]) / most,
                "few": "few" in row["marks"],
                "title": f"{model_name(words, model).striptags()}: {words.number(round(row['credit'], 1))} "
                f"({words.interval(row['credit_lower'], row['credit_upper'], 'plain') or '–'})",
            }
            for model, row in rows.items()
        ],
        "credit": words.count(markov["credit"]),
        "interval": words.interval(_whole(markov["credit_lower"]), _whole(markov["credit_upper"]), "count"),
        "share": words.share(markov["share"], 0),
        "range": f"{words.count(least)}–{words.count(top)}" if round(least) != round(top) else words.count(least),
        "verdict": words("channels.none" if name == _NOBODY else f"channels.{verdict}"),
    }


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _heading(context: Context, by_item: dict[str, dict[str, dict[str, Any]]], items: list[str]) -> Any:
    words = context.words
    best = {model: max(items, key=lambda name: by_item[name][model]["credit"]) for model in MODELS}
    for model in MODELS:
        if best[model] != best["markov"]:
            return words(
                "channels.heading_differ",
                name=words.name(best["markov"], 40),
                other=words.name(best[model], 40),
                model=model_name(words, model).lower(),
            )
    return words("channels.heading", name=words.name(best["markov"], 40))
