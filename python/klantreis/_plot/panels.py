# SPDX-License-Identifier: MIT
"""Two panels over one list: compared funnels, and the phases of the journey."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klantreis import _format
from klantreis._plot import style

if TYPE_CHECKING:
    from klantreis._table import Table


def _side_by_side(made: Any, left: str, right: str) -> None:
    made.update_layout(
        xaxis={"domain": [0, 0.56], "title": {"text": left}},
        xaxis2={"domain": [0.62, 1], "anchor": "y", "title": {"text": right}},
    )


def funnel_difference(table: Table, _: list[str], limit: int) -> Any:
    """The rates of both groups at each step, and the difference with its interval."""
    go = style.plotly()
    rows, rest = style.shown_rows(table, limit)
    names = [f"{row['step']}. {row['label']}" for row in rows]
    made = style.figure(
        "Funnels compared",
        "Shares of those at the step before. Right: second less first.",
        style.few_note(rows),
        rest,
        height=style.list_height(len(rows), 56),
        empty=not rows,
    )
    for group, colour, offset in (("first", style.AT_REST, -0.2), ("second", style.GOES_ON, 0.2)):
        values, lower, upper = ([row[group + end] for row in rows] for end in ("", "_lower", "_upper"))
        made.add_trace(
            go.Bar(
                x=values,
                y=[at + offset for at in range(len(rows))],
                width=0.36,
                orientation="h",
                name=style.label(table.options.get(group, group)),
                marker=style.bars(rows, colour),
                error_x=style.whiskers(values, lower, upper),
                hovertext=[
                    f"{style.safe(name)}<br>{style.estimate(value, low, high)}"
                    f"<br>{_format.count(row['count_' + group])} of {_format.count(row['n_' + group])} customers"
                    for name, value, low, high, row in zip(names, values, lower, upper, rows, strict=True)
                ],
                hoverinfo="text",
            )
        )
    values, lower, upper = ([row[name] for row in rows] for name in ("difference", "lower", "upper"))
    clear = [None not in (low, high) and (low > 0 or high < 0) for low, high in zip(lower, upper, strict=True)]
    made.add_trace(
        go.Scatter(
            x=values,
            y=list(range(len(rows))),
            xaxis="x2",
            mode="markers",
            name="difference",
            showlegend=False,
            marker={
                "size": 9,
                "color": [style.BOX if style.is_few(row) else style.TEXT for row in rows],
                "line": {"color": style.TEXT, "width": 1.5},
            },
            error_x=style.whiskers(values, lower, upper),
            hovertext=[
                f"{style.safe(name)}<br>{style.estimate(value, low, high)}<br>"
                + ("clear change" if sure else "could be chance")
                for name, value, low, high, sure in zip(names, values, lower, upper, clear, strict=True)
            ],
            hoverinfo="text",
        )
    )
    style.name_rows(made, names)
    _side_by_side(made, "reach the step", "difference")
    made.update_xaxes(tickformat=".0%")
    made.update_layout(xaxis={"rangemode": "tozero"}, xaxis2={"zeroline": True, "tickformat": "+.0%"})
    return made


def phases(table: Table, labels: list[str], limit: int) -> Any:
    """The customers in each phase as designed, and the rate at which journeys are left there."""
    go = style.plotly()
    rows, rest = style.shown_rows(table, limit)
    names = [" · ".join(str(row[name]) for name in labels) for row in rows]
    unmeasured = [at for at, row in enumerate(rows) if not row["measured"]]
    made = style.figure(
        "The journey as it was designed, measured",
        "Dashed: not measured." if unmeasured else "",
        style.few_note(rows),
        rest,
        height=style.list_height(len(rows), 36),
        empty=not rows,
    )
    places = list(range(len(rows)))
    made.add_trace(
        go.Bar(
            x=[row["reach"] if row["measured"] else None for row in rows],
            y=places,
            orientation="h",
            name="customers",
            marker=style.bars(rows, style.GOES_ON),
            showlegend=False,
            hovertext=[
                f"{style.safe(name)}<br>{_format.count(row['reach'])} customers, {_format.count(row['visits'])} visits"
                f"<br>{_format.count(row['passed'])} were in a later phase afterwards"
                f"<br>ended here: {_format.count(row['left'])} left, {_format.count(row['at_rest'])} at rest"
                for name, row in zip(names, rows, strict=True)
            ],
            hoverinfo="text",
        )
    )
    for at in unmeasured:
        made.add_shape(
            type="rect",
            xref="x domain",
            x0=0,
            x1=0.25,
            y0=at - 0.3,
            y1=at + 0.3,
            line={"color": style.RULE, "width": 1, "dash": "dash"},
        )
    values, lower, upper = ([row[name] for row in rows] for name in ("exit_rate", "lower", "upper"))
    made.add_trace(
        go.Scatter(
            x=values,
            y=places,
            xaxis="x2",
            mode="markers",
            name="left",
            showlegend=False,
            marker={
                "size": 9,
                "color": [style.BOX if style.is_few(row) else style.LEFT for row in rows],
                "line": {"color": style.LEFT, "width": 1.5},
            },
            error_x=style.whiskers(values, lower, upper),
            hovertext=[
                f"{style.safe(name)}<br>{style.estimate(value, low, high)} of the visits are left{style.remark(row)}"
                for name, value, low, high, row in zip(names, values, lower, upper, rows, strict=True)
            ],
            hoverinfo="text",
        )
    )
    style.name_rows(made, names)
    _side_by_side(made, "customers", "visits after which the journey is left")
    made.update_layout(
        xaxis={"rangemode": "tozero"}, xaxis2={"rangemode": "tozero", "tickformat": ".0%"}, showlegend=False
    )
    return made
