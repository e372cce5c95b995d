# SPDX-License-Identifier: MIT
"""Lists with bars: funnels, exits and gains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klantreis import _format
from klantreis._plot import style

if TYPE_CHECKING:
    from klantreis._table import Table


def ranked(
    rows: list[dict[str, Any]],
    names: list[str],
    value: str,
    bounds: tuple[str, str],
    *,
    heading: str,
    notes: tuple[str, ...],
    axis: str,
    colour: str,
    pattern: str = "",
    hover: list[str],
) -> Any:
    """A list of bars from zero with an interval each, in the order of the table."""
    go = style.plotly()
    made = style.figure(heading, *notes, style.few_note(rows), height=style.list_height(len(rows)), empty=not rows)
    values, lower, upper = ([row[name] for row in rows] for name in (value, *bounds))
    marker = style.bars(rows, colour)
    if pattern:
        marker["pattern"] = {"shape": [pattern] * len(rows), "fgcolor": colour, "size": 6, "solidity": 0.35}
        marker["color"] = [style.BOX if style.is_few(row) else style.LEFT_TINT for row in rows]
    made.add_trace(
        go.Bar(
            x=values,
            y=list(range(len(rows))),
            orientation="h",
            marker=marker,
            error_x=style.whiskers(values, lower, upper),
            hovertext=[
                f"{style.safe(name)}<br>{style.estimate(x, low, high)}{more}{style.remark(row)}"
                for name, x, low, high, more, row in zip(names, values, lower, upper, hover, rows, strict=True)
            ],
            hoverinfo="text",
            showlegend=False,
        )
    )
    style.name_rows(made, names)
    made.update_xaxes(title_text=axis, tickformat=".1~%", rangemode="tozero")
    return made


def funnel(table: Table, _: list[str], limit: int) -> Any:
    """Bars of those who reach each step; the part that comes no further is hatched."""
    go = style.plotly()
    rows, rest = style.shown_rows(table, limit)
    first = rows[0]["count"] if rows else 0
    reached = [row["rate_from_first"] for row in rows]
    lost = [row["lost"] / first if first else None for row in rows]
    stay = [
        None if whole is None or part is None else max(whole - part, 0.0)
        for whole, part in zip(reached, lost, strict=True)
    ]
    made = style.figure(
        "Funnel",
        "Shares of those at step 1; right: the share of the step before, with its interval.",
        style.few_note(rows),
        rest,
        height=style.list_height(len(rows), 48),
        empty=not rows,
    )
    places = list(range(len(rows)))
    names = [f"{row['step']}. {row['label']}" for row in rows]
    hover = [
        f"{style.safe(name)}<br>{_format.count(row['count'])} reached, {_format.count(row['lost'])} came no further<br>"
        f"{style.estimate(row['rate'], row['rate_lower'], row['rate_upper'])} of the step before"
        f"{style.remark(row)} at the step before"
        for name, row in zip(names, rows, strict=True)
    ]
    shared = {"y": places, "orientation": "h", "hovertext": hover, "hoverinfo": "text"}
    made.add_trace(go.Bar(x=stay, name="went on", marker=style.bars(rows, style.GOES_ON), **shared))
    made.add_trace(
        go.Bar(
            x=lost,
            name="came no further",
            marker={
                "color": style.LEFT_TINT,
                "line": {"color": style.HATCH, "width": 1},
                "pattern": {"shape": "/", "fgcolor": style.HATCH, "size": 6, "solidity": 0.35},
            },
            **shared,
        )
    )
    made.add_trace(
        go.Scatter(
            x=reached,
            y=places,
            mode="markers",
            name="interval",
            marker={"size": 1, "color": style.TEXT},
            error_x=style.whiskers(
                reached,
                [row["rate_from_first_lower"] for row in rows],
                [row["rate_from_first_upper"] for row in rows],
            ),
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for place, row in enumerate(rows):
        made.add_annotation(
            x=1.01,
            y=place,
            xref="paper",
            xanchor="left",
            align="left",
            showarrow=False,
            text=f"{_format.count(row['count'])}<br>"
            f"<span style='font-size:11px'>{style.estimate(row['rate'], row['rate_lower'], row['rate_upper'])}</span>",
        )
    style.name_rows(made, names)
    made.update_xaxes(tickformat=".0%", rangemode="tozero")
    made.update_layout(barmode="stack", margin={"r": 170})
    return made


def drop_off(table: Table, labels: list[str], limit: int) -> Any:
    """The rate at which journeys end without conversion, at each item."""
    rows, rest = style.shown_rows(table, limit)
    names = [row[labels[0]] for row in rows]
    return ranked(
        rows,
        names,
        "exit_rate",
        ("lower", "upper"),
        heading="Where journeys end without conversion",
        notes=("Most exits first.", rest),
        axis="exits per visit",
        colour=style.LEFT,
        pattern="/",
        hover=[
            f"<br>{_format.count(row['exits'])} exits of {_format.count(row['visits'])} visits, "
            f"{_format.cell(row['share_of_exits'], 'share')} of all exits"
            for row in rows
        ],
    )


def improve(table: Table, _: list[str], limit: int) -> Any:
    """The gain of each change, largest first."""
    rows, rest = style.shown_rows(table, limit)
    names = [f"{row['from']} → {row['to']}" for row in rows]
    return ranked(
        rows,
        names,
        "gain",
        ("lower", "upper"),
        heading="What keeping a few more customers is worth",
        notes=(_amount(table), rest),
        axis="change of the conversion rate",
        colour=style.GOES_ON,
        hover=[f"<br>{_format.number(row['conversions'])} conversions more" for row in rows],
    )


def _amount(table: Table) -> str:
    amount = table.options.get("amount")
    return "" if amount is None else f"Of each 100 visits {float(amount) * 100:g} more go on and do not leave."
