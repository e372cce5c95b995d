# SPDX-License-Identifier: MIT
"""The state graph in layers: states from left to right, starts and ends below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klantreis import _format
from klantreis._arguments import one_of, whole_number
from klantreis._core import InputError
from klantreis._plot import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klantreis._table import Table

_START = "(start)"
_ENDS = {"(conversion)": style.GOES_ON, "(null)": style.LEFT, "(end)": style.AT_REST}
# Starts, conversions and other ends stand side by side below their state, so that nothing crosses.
_BELOW = {_START: -0.24, "(conversion)": 0.0, "(null)": 0.24, "(end)": 0.24}
_WIDEST = 14.0
# What the size of a state can show.
_SIZES = {"betweenness": "between the others", "page_rank": "page rank"}
_SMALLEST, _LARGEST = 10.0, 46.0
_COMMUNITIES = (style.GOES_ON, style.PAID, style.EARNED, style.OWN, style.HATCH, style.SECOND)
_CURVE_POINTS = 24


def layers(edges: Sequence[dict[str, Any]], states: Sequence[str]) -> list[str]:
    """Order states so that much of the weight goes forward.

    The greedy order of Eades, Lin and Smyth 1993, doi:10.1016/0020-0190(93)90079-O, with weights: sinks go last,
    sources first, else the state of the largest surplus of what goes out goes next. Ties: the order given.
    """
    left = list(states)
    front: list[str] = []
    back: list[str] = []
    inner = [edge for edge in edges if edge["from"] != edge["to"]]
    while left:
        going = dict.fromkeys(left, 0.0)
        coming = dict.fromkeys(left, 0.0)
        for edge in inner:
            if edge["to"] in going and edge["from"] in going:
                coming[edge["to"]] += edge["weight"]
                going[edge["from"]] += edge["weight"]
        sink = next((state for state in left if not going[state] and coming[state]), None)
        if sink is not None:
            back.insert(0, sink)
            left.remove(sink)
            continue
        source = next((state for state in left if not coming[state]), None)
        chosen = source if source is not None else max(left, key=lambda state: going[state] - coming[state])
        front.append(chosen)
        left.remove(chosen)
    return front + back


def draw_graph(
    nodes: Table,
    edges: Table,
    *,
    order: Sequence[str] | None,
    states: int,
    limit: int,
    measures: Table | None = None,
    size: str | None = None,
) -> Any:
    """Draw states as columns, transitions as arcs, starts and ends below; with measures, states by size and colour."""
    go = style.plotly()
    if size is not None:
        one_of(size, "size", tuple(_SIZES))
    measured = {row["state"]: row for row in measures} if measures is not None and size is not None else {}
    known = {row["state"]: row for row in nodes}
    rows = edges.to_dicts()
    items = [state for state in known if state != _START and state not in _ENDS]
    shown = _ordered(items, rows, order, whole_number(states, "states", 1))
    place = {state: at for at, state in enumerate(shown)}
    drawable = [row for row in rows if row["from"] in place and row["to"] in place and row["from"] != row["to"]]
    arcs = sorted(drawable, key=lambda row: -row["weight"])[: whole_number(limit, "limit", 1)]
    stubs = [
        row
        for row in rows
        if (row["from"] == _START and row["to"] in place) or (row["from"] in place and row["to"] in _ENDS)
    ]
    drawn = arcs + stubs
    repeats = sum(1 for row in rows if row["from"] == row["to"])
    made = style.figure(
        "How customers move",
        "Forward and back above (back: dotted), starts and ends below; widths by number.",
        _hidden(items, shown, rows, drawn),
        "A state that follows itself is not drawn." if repeats else "",
        f"The size of a state: {_SIZES[size]}; its colour: with which it belongs together." if size else "",
        height=560,
        empty=not shown,
    )
    largest = max((row["weight"] for row in drawn), default=1)
    top = 1.0
    for row in arcs:
        start, goal = place[row["from"]], place[row["to"]]
        height = 0.35 + 0.35 * abs(goal - start) + (0.25 if goal < start else 0.0)
        top = max(top, height + 0.3)
        turns = [at / _CURVE_POINTS for at in range(_CURVE_POINTS + 1)]
        _line(
            made,
            row,
            [start + (goal - start) * at for at in turns],
            [0.16 + height * 4 * at * (1 - at) for at in turns],
            style.SECOND if goal > start else style.AT_REST,
            largest,
            back=goal < start,
        )
    for row in stubs:
        begins = row["from"] == _START
        state, end = (row["to"], _START) if begins else (row["from"], row["to"])
        across = place[state] + _BELOW[end]
        heights = [-0.8, -0.16] if begins else [-0.16, -0.8]
        _line(made, row, [across, across], heights, _ENDS.get(end, style.OWN), largest)
        made.add_annotation(
            x=across,
            y=-0.86,
            yanchor="top",
            showarrow=False,
            text=f"{_format.count(row['weight'])}<br><span style='font-size:10px'>{_word(end)}</span>",
        )
    made.add_trace(
        go.Scatter(
            x=list(range(len(shown))),
            y=[0.0] * len(shown),
            mode="markers",
            name="states",
            marker={
                "symbol": "square",
                "size": _sizes(shown, measured, size) if size else 22,
                "color": [_community(measured[state]) for state in shown] if size else style.BOX,
                "line": {"color": style.TEXT, "width": 1.5},
            },
            hovertext=[
                f"{style.safe(state)}<br>{_format.count(known[state]['visits'])} visits<br>"
                f"{_format.count(known[state]['n'])} customers, {_format.cell(known[state]['share'], 'share')} of all"
                + (_measures(measured[state]) if size else "")
                for state in shown
            ],
            hoverinfo="text",
        )
    )
    made.update_xaxes(
        tickmode="array",
        tickvals=list(range(len(shown))),
        ticktext=[style.label(state) for state in shown],
        range=[-0.6, max(len(shown), 1) - 0.4],
        showgrid=False,
        zeroline=False,
    )
    made.update_yaxes(visible=False, range=[-1.35, top])
    made.update_layout(showlegend=False, meta={"definition": edges.definition, "options": edges.options})
    return made


def _sizes(shown: list[str], measured: dict[str, dict[str, Any]], size: str) -> list[float]:
    """Widths of squares whose areas are as the measure, but for a smallest one that can still be seen."""
    numbers = [measured[state][size] or 0.0 for state in shown]
    largest = max(numbers, default=0.0)
    return [max(_SMALLEST, _LARGEST * (number / largest) ** 0.5) if largest else _SMALLEST for number in numbers]


def _community(row: dict[str, Any]) -> str:
    return _COMMUNITIES[(row["community"] - 1) % len(_COMMUNITIES)] if row["community"] else style.BOX


def _measures(row: dict[str, Any]) -> str:
    return (
        f"<br>betweenness {row['betweenness']:.3f}, page rank {row['page_rank']:.3f}"
        f"<br>belongs to group {row['community']}" + (f", goes round in loop {row['loop']}" if row["loop"] else "")
    )


def _ordered(items: list[str], rows: list[dict[str, Any]], order: Sequence[str] | None, states: int) -> list[str]:
    if order is None:
        return layers(rows, items[:states])
    if isinstance(order, str):
        raise InputError(f"order={order!r} is one name; give the names of the states in a list")
    unknown = [name for name in order if name not in items]
    if unknown:
        raise InputError(f"order names {unknown[0]!r}, which is no state; states are {', '.join(items)}")
    return list(dict.fromkeys(order))[:states]


def _hidden(items: list[str], shown: list[str], rows: list[dict[str, Any]], drawn: list[dict[str, Any]]) -> str:
    states, transitions = len(items) - len(shown), len(rows) - len(drawn)
    if not states and not transitions:
        return ""
    whole = sum(row["weight"] for row in rows)
    part = sum(row["weight"] for row in drawn) / whole if whole else 0.0
    return (
        f"Not drawn: {_format.count(states)} states and {_format.count(transitions)} transitions; "
        f"drawn is {_format.share(part)} of all steps."
    )


def _word(end: str) -> str:
    return {_START: "start", "(conversion)": "convert", "(null)": "leave", "(end)": "end"}[end]


def _line(
    made: Any,
    row: dict[str, Any],
    across: list[float],
    up: list[float],
    colour: str,
    largest: float,
    *,
    back: bool = False,
) -> None:
    go = style.plotly()
    few = style.is_few(row)
    made.add_trace(
        go.Scatter(
            x=across,
            y=up,
            mode="lines",
            line={
                "color": colour,
                "width": 1 + _WIDEST * row["weight"] / largest,
                "dash": "dot" if back else "dash" if few else "solid",
            },
            opacity=0.4 if few else 0.75,
            meta={"from": row["from"], "to": row["to"], "weight": row["weight"]},
            hovertext=f"{style.safe(row['from'])} → {style.safe(row['to'])}<br>{_format.count(row['weight'])} times, "
            f"{style.estimate(row['probability'], row['lower'], row['upper'])} of the visits{style.remark(row)}",
            hoverinfo="text",
        )
    )
