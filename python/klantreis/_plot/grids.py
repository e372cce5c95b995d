# SPDX-License-Identifier: MIT
"""Heat maps: transitions from state to state, and where journeys stand step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klantreis import _format
from klantreis._plot import style

if TYPE_CHECKING:
    from klantreis._table import Table

# Up to so many columns there is room for the interval in the cell.
_ROOMY = 10
_ENDS = ("(conversion)", "(null)", "(end)", "(open)")


def _heat_map(made: Any, values: list[list[float | None]], texts: list[list[str]], hover: list[list[str]]) -> None:
    go = style.plotly()
    made.add_trace(
        go.Heatmap(
            z=values,
            text=texts,
            texttemplate="%{text}",
            textfont={"size": 11},
            colorscale=style.SHADES,
            hovertext=hover,
            hoverinfo="text",
            zmin=0,
            zmax=1,
            xgap=2,
            ygap=2,
            showscale=False,
            hoverongaps=False,
        )
    )


def transitions(table: Table, _: list[str], limit: int) -> Any:
    """Where customers go next from each state: a row per state, in shares of its visits."""
    rows = table.to_dicts()
    sources = _by_weight(rows, "from")
    targets = _by_weight(rows, "to")
    shown_from, shown_to = sources[:limit], targets[:limit]
    cells = {(row["from"], row["to"]): row for row in rows}
    drawn = sum(1 for row in rows if row["from"] in shown_from and row["to"] in shown_to)
    made = style.figure(
        "Where customers go next",
        "Rows: from; columns: to; shares of the visits of the row.",
        "“?”: few customers." if any(style.is_few(row) for row in rows) else "",
        f"{_format.count(len(rows) - drawn)} more transitions are in the table." if drawn < len(rows) else "",
        height=style.list_height(len(shown_from), 36) + 80,
        empty=not rows,
    )
    roomy = len(shown_to) <= _ROOMY

    def text(row: dict[str, Any] | None) -> str:
        if row is None:
            return ""
        value = _format.cell(row["probability"], "share") + ("?" if style.is_few(row) else "")
        between = _format.interval(row["lower"], row["upper"], "share")
        return f"{value}<br>{between}" if roomy else value

    def hover(start: str, goal: str) -> str:
        row = cells.get((start, goal))
        if row is None:
            return ""
        return (
            f"{style.safe(start)} → {style.safe(goal)}<br>"
            f"{style.estimate(row['probability'], row['lower'], row['upper'])}, {_format.count(row['weight'])} times"
            f"{style.remark(row)}"
        )

    _heat_map(
        made,
        [[cells[a, b]["probability"] if (a, b) in cells else None for b in shown_to] for a in shown_from],
        [[text(cells.get((a, b))) for b in shown_to] for a in shown_from],
        [[hover(a, b) for b in shown_to] for a in shown_from],
    )
    style.name_rows(made, shown_from)
    _name_columns(made, shown_to)
    return made


def step_matrix(table: Table, _: list[str], limit: int) -> Any:
    """Where journeys stand at each step: a row per item, a column per step."""
    rows = table.to_dicts()
    steps = sorted({row["step"] for row in rows})
    sums: dict[str, float] = {}
    for row in rows:
        sums[row["label"]] = sums.get(row["label"], 0.0) + row["count"]
    items = sorted(sums, key=lambda item: (item in _ENDS, -sums[item]))
    ends = [item for item in items if item in _ENDS]
    others = [item for item in items if item not in _ENDS]
    shown = others[:limit] + ends
    hidden = len(items) - len(shown)
    cells = {(row["label"], row["step"]): row for row in rows}
    made = style.figure(
        "Where journeys stand, step by step",
        "Counted, not estimated: shares of all journeys in the log; an ended journey stays at its end.",
        f"{_format.count(hidden)} more items are in the table." if hidden else "",
        height=style.list_height(len(shown)) + 40,
        empty=not rows,
    )
    _heat_map(
        made,
        [[cells[item, step]["share"] if (item, step) in cells else None for step in steps] for item in shown],
        [
            [_format.share(cells[item, step]["share"]) if (item, step) in cells else "" for step in steps]
            for item in shown
        ],
        [
            [
                f"{style.safe(item)}, step {step}<br>{_format.count(cells[item, step]['count'])} journeys"
                if (item, step) in cells
                else ""
                for step in steps
            ]
            for item in shown
        ],
    )
    style.name_rows(made, shown)
    _name_columns(made, [f"step {step}" for step in steps])
    return made


def _name_columns(made: Any, names: list[str]) -> None:
    made.update_xaxes(
        side="top",
        tickmode="array",
        tickvals=list(range(len(names))),
        ticktext=[style.label(name) for name in names],
        showgrid=False,
        zeroline=False,
    )
    made.update_layout(margin={"t": 150})


def _by_weight(rows: list[dict[str, Any]], end: str) -> list[str]:
    """The states at one end of the transitions: the start first, the ends last, the others by size."""
    sums: dict[str, float] = {}
    for row in rows:
        sums[row[end]] = sums.get(row[end], 0.0) + row["weight"]
    return sorted(sums, key=lambda state: (state in _ENDS, state != "(start)", -sums[state]))
