# SPDX-License-Identifier: MIT
"""What touchpoints and channels contribute: one model, models side by side, removal effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klantreis import _format
from klantreis._plot import style
from klantreis._plot.bars import ranked

if TYPE_CHECKING:
    from klantreis._table import Table

_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star", "hexagon", "pentagon")
_COLOURS = (style.GOES_ON, style.OWN, style.PAID, style.EARNED, style.AT_REST, style.SECOND)


def attribution(table: Table, labels: list[str], limit: int) -> Any:
    """The share of the conversions that one model credits to each item."""
    rows, rest = style.shown_rows(table, limit)
    model = table.options.get("model", "")
    return ranked(
        rows,
        [row[labels[0]] for row in rows],
        "share",
        ("share_lower", "share_upper"),
        heading="Credit for conversions",
        notes=(f"Model: {style.safe(model)}." if model else "", rest),
        axis="share of the conversions",
        colour=style.GOES_ON,
        hover=[
            f"<br>{style.estimate(row['credit'], row['credit_lower'], row['credit_upper'], 'count')} conversions"
            for row in rows
        ],
    )


def removal_effects(table: Table, labels: list[str], limit: int) -> Any:
    """The part of the conversions that is lost without each item."""
    rows, rest = style.shown_rows(table, limit)
    return ranked(
        rows,
        [row[labels[0]] for row in rows],
        "removal_effect",
        ("removal_effect_lower", "removal_effect_upper"),
        heading="What would be lost without it",
        notes=(rest,),
        axis="part of the conversions",
        colour=style.GOES_ON,
        hover=[""] * len(rows),
    )


def compare_models(table: Table, labels: list[str], limit: int) -> Any:
    """The credit of each item by every model, on one scale."""
    go = style.plotly()
    rows = table.to_dicts()
    models = list(dict.fromkeys(row["model"] for row in rows))
    shares: dict[str, list[float]] = {}
    for row in rows:
        shares.setdefault(row[labels[0]], []).append(row["share"] or 0.0)
    items = sorted(shares, key=lambda item: -sum(shares[item]) / len(shares[item]))
    shown = items[:limit]
    hidden = len(items) - len(shown)
    place = {item: at for at, item in enumerate(shown)}
    made = style.figure(
        "Credit for conversions, model by model",
        "Grey: from the lowest to the highest model.",
        f"{_format.count(hidden)} more are in the table." if hidden else "",
        style.few_note(rows),
        height=style.list_height(len(shown), max(28, 10 * len(models))),
        empty=not rows,
    )
    for item in shown:
        made.add_shape(
            type="rect",
            x0=min(shares[item]),
            x1=max(shares[item]),
            y0=place[item] - 0.42,
            y1=place[item] + 0.42,
            fillcolor=style.TRACK,
            line_width=0,
            layer="below",
        )
    for number, model in enumerate(models):
        own = [row for row in rows if row["model"] == model and row[labels[0]] in place]
        colour = _COLOURS[number % len(_COLOURS)]
        values, lower, upper = ([row[name] for row in own] for name in ("share", "share_lower", "share_upper"))
        offset = (number + 0.5) / len(models) * 0.8 - 0.4
        made.add_trace(
            go.Scatter(
                x=values,
                y=[place[row[labels[0]]] + offset for row in own],
                mode="markers",
                name=style.safe(model),
                marker={
                    "symbol": _SYMBOLS[number % len(_SYMBOLS)],
                    "size": 8,
                    "color": [style.BOX if style.is_few(row) else colour for row in own],
                    "line": {"color": colour, "width": 1.5},
                },
                error_x=style.whiskers(values, lower, upper, colour),
                hovertext=[
                    f"{style.safe(row[labels[0]])}, {style.safe(model)}<br>"
                    f"{style.estimate(row['share'], row['share_lower'], row['share_upper'])}{style.remark(row)}"
                    for row in own
                ],
                hoverinfo="text",
            )
        )
    style.name_rows(made, shown)
    made.update_xaxes(title_text="share of the conversions", tickformat=".0%", rangemode="tozero")
    return made
