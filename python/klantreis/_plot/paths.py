# SPDX-License-Identifier: MIT
"""Paths: the tree of ways to and from a touchpoint, steps and flow around it, and what two groups do otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klantreis import _format
from klantreis._plot import style

if TYPE_CHECKING:
    from collections.abc import Callable

    from klantreis._table import Table

_ENDS = ("(start)", "(conversion)", "(null)", "(end)", "(open)")
_COLOURS = {"(start)": style.OWN, "(conversion)": style.GOES_ON, "(null)": style.LEFT, "(end)": style.AT_REST}
# More is, less is: a difference that is not chance.
_MORE, _LESS, _FADED = style.GOES_ON, style.LEFT, style.TRACK


def path_tree(table: Table, _: list[str], limit: int) -> Any:
    """Each node as wide as its visits, children below it, darker where more convert; a tree on each side."""
    go = style.plotly()
    rows = table.to_dicts()
    sides = [side for side in (1, -1) if any(row["step"] * side > 0 for row in rows)] or [1]
    kept = set(sorted(range(1, len(rows)), key=lambda i: -rows[i]["count"])[: max(limit * 12, 1)]) | {0}
    drawn = [row for i, row in enumerate(rows) if i in kept]
    made = style.figure(
        f"Paths {'to and from' if len(sides) == 2 else 'from' if sides == [1] else 'to'} "
        f"{style.safe(table.options.get('at', ''))}",
        "Widths: visits; darker: more of them convert.",
        "Below: what comes after; second tree: what came before." if len(sides) == 2 else "",
        f"{_format.count(len(rows) - len(drawn))} smaller branches are in the table." if len(drawn) < len(rows) else "",
        height=560,
        empty=not rows,
    )
    for place, side in enumerate(sides):
        nodes = [row for row in drawn if row["step"] * side > 0 or row["step"] == 0]
        made.add_trace(
            go.Icicle(
                name="after" if side > 0 else "before",
                ids=[str(row["node"]) for row in nodes],
                parents=["" if row["parent"] < 0 else str(row["parent"]) for row in nodes],
                labels=[style.label(row["label"]) for row in nodes],
                values=[row["count"] for row in nodes],
                branchvalues="total",
                sort=False,
                tiling={"orientation": "h", "flip": "x" if side < 0 else None},
                marker={
                    "colors": [row["conversion_rate"] or 0.0 for row in nodes],
                    "colorscale": style.SHADES,
                    "cmin": 0,
                    "cmax": max((row["conversion_rate"] or 0.0 for row in rows), default=0.0) or 1.0,
                    "line": {"color": style.PAGE, "width": 1.5},
                },
                hovertext=[_node_text(row) for row in nodes],
                hoverinfo="text",
                domain={"x": [1 - (place + 1) / len(sides), 1 - place / len(sides)]} if len(sides) == 2 else None,
            )
        )
    return made


def _node_text(row: dict[str, Any]) -> str:
    time = f"<br>{_format.cell(row['median_time'], 'seconds')} from the root" if row["median_time"] is not None else ""
    return (
        f"{style.safe(row['path'])}<br>"
        f"{_format.count(row['count'])} visits, {_format.cell(row['share'], 'share')} of all<br>"
        f"converts {style.estimate(row['conversion_rate'], row['lower'], row['upper'])}{time}{style.remark(row)}"
    )


def steps_around(table: Table, _: list[str], limit: int) -> Any:
    """Where journeys stand: a row per item, a column per step."""
    rows = table.to_dicts()

    def text(row: dict[str, Any]) -> str:
        return _format.share(row["share"]) + ("?" if style.is_few(row) else "")

    def hover(row: dict[str, Any]) -> str:
        return (
            f"{style.safe(row['label'])}, step {row['step']}<br>{_format.count(row['count'])} visits, "
            f"{style.estimate(row['share'], row['lower'], row['upper'])}<br>"
            f"by then {_format.cell(row['reached'], 'share')}{style.remark(row)}"
        )

    return _step_map(
        f"Steps around {style.safe(table.options.get('at', ''))}",
        "Shares of its visits, with what lies so many steps before and after.",
        rows,
        limit,
        lambda row: row["share"],
        text,
        hover,
        {"colorscale": style.SHADES, "zmin": 0, "zmax": 1},
    )


def step_difference(table: Table, _: list[str], limit: int) -> Any:
    """Where two groups differ: strong where it is not chance, faded elsewhere."""
    rows = table.to_dicts()

    def text(row: dict[str, Any]) -> str:
        return _points(row["difference"]) if is_change(row, table) else ""

    most = max((abs(row["difference"]) for row in rows if is_change(row, table)), default=1.0) or 1.0
    return _step_map(
        _groups(table, "Steps around"),
        "Second less first, in points; coloured where it is not chance, grey elsewhere.",
        rows,
        limit,
        lambda row: row["difference"] if is_change(row, table) else 0.0,
        text,
        lambda row: f"{style.safe(row['label'])}, step {row['step']}<br>{_difference_text(row)}",
        {"colorscale": [[0, _LESS], [0.5, _FADED], [1, _MORE]], "zmin": -most, "zmax": most},
    )


def flow_around(table: Table, _: list[str], limit: int) -> Any:
    """Journeys from step to step: nodes per step, bands as wide as their visits."""
    rows = table.to_dicts()
    most = sorted(rows, key=lambda row: -row["count"])[: limit * 6]
    return _bands(
        f"How journeys move around {style.safe(table.options.get('at', ''))}",
        "Widths: visits.",
        rows,
        most,
        lambda row: row["count"],
        lambda row: _tint(_COLOURS.get(row["to"], style.SECOND), 0.35 if style.is_few(row) else 0.6),
        lambda row: (
            f"{_format.count(row['count'])} visits, {style.estimate(row['share'], row['lower'], row['upper'])} of all, "
            f"{_format.cell(row['probability'], 'share')} of those there{style.remark(row)}"
        ),
    )


def flow_difference(table: Table, _: list[str], limit: int) -> Any:
    """The moves of both groups together, coloured where the groups differ by more than chance."""
    rows = table.to_dicts()

    def weight(row: dict[str, Any]) -> float:
        return 0.5 * ((row["first"] or 0.0) + (row["second"] or 0.0))

    def colour(row: dict[str, Any]) -> str:
        if not is_change(row, table):
            return _tint(style.AT_REST, 0.15)
        return _tint(_MORE if row["difference"] > 0 else _LESS, 0.85)

    most = sorted(rows, key=lambda row: (not is_change(row, table), -weight(row)))[: limit * 6]
    return _bands(
        _groups(table, "How journeys move around"),
        "Widths: mean of both groups; strong where the second differs by more than chance, faded elsewhere.",
        rows,
        most,
        weight,
        colour,
        _difference_text,
    )


def is_change(row: dict[str, Any], table: Table) -> bool:
    """Whether a difference is beyond chance after the adjustment for many tests."""
    return row["p_adjusted"] is not None and row["p_adjusted"] <= 1 - float(table.options.get("level", "0.95"))


def _groups(table: Table, what: str) -> str:
    names = [style.safe(table.options.get(name, name)) for name in ("first", "second")]
    return f"{what} {style.safe(table.options.get('at', ''))}: {names[1]} against {names[0]}"


def _points(value: float | None) -> str:
    return "" if value is None else f"{100 * value:+.1f}"


def _difference_text(row: dict[str, Any]) -> str:
    bounds = "" if row["lower"] is None else f" ({_points(row['lower'])} to {_points(row['upper'])})"
    return (
        f"{_format.cell(row['first'], 'share')} → {_format.cell(row['second'], 'share')}<br>"
        f"{_points(row['difference'])} points{bounds}, adjusted p {_format.cell(row['p_adjusted'], 'plain')}"
    )


def _tint(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _step_map(
    heading: str,
    note: str,
    rows: list[dict[str, Any]],
    limit: int,
    value: Callable[[dict[str, Any]], float | None],
    text: Callable[[dict[str, Any]], str],
    hover: Callable[[dict[str, Any]], str],
    scale: dict[str, Any],
) -> Any:
    go = style.plotly()
    steps = sorted({row["step"] for row in rows})
    sums: dict[str, float] = {}
    for row in rows:
        size = abs(row["difference"] or 0.0) if "difference" in row else row["share"] or 0.0
        sums[row["label"]] = sums.get(row["label"], 0.0) + size
    items = sorted(sums, key=lambda item: (item in _ENDS, -sums[item]))
    shown = [item for item in items if item not in _ENDS][:limit] + [item for item in items if item in _ENDS]
    cells = {(row["label"], row["step"]): row for row in rows}
    hidden = len(items) - len(shown)
    made = style.figure(
        heading,
        note,
        f"{_format.count(hidden)} more items are in the table." if hidden else "",
        height=style.list_height(len(shown)) + 60,
        empty=not rows,
    )

    def grid(of: Callable[[dict[str, Any]], Any], without: Any) -> list[list[Any]]:
        return [[of(cells[item, step]) if (item, step) in cells else without for step in steps] for item in shown]

    made.add_trace(
        go.Heatmap(
            z=grid(value, None),
            text=grid(text, ""),
            texttemplate="%{text}",
            textfont={"size": 11},
            hovertext=grid(hover, ""),
            hoverinfo="text",
            xgap=2,
            ygap=2,
            showscale=False,
            hoverongaps=False,
            **scale,
        )
    )
    style.name_rows(made, shown)
    made.update_xaxes(
        side="top",
        tickmode="array",
        tickvals=list(range(len(steps))),
        ticktext=[f"{step:+d}" if step else "visit" for step in steps],
        showgrid=False,
        zeroline=False,
    )
    made.update_layout(margin={"t": 130})
    return made


def _bands(
    heading: str,
    note: str,
    rows: list[dict[str, Any]],
    drawn: list[dict[str, Any]],
    weight: Callable[[dict[str, Any]], float],
    colour: Callable[[dict[str, Any]], str],
    hover: Callable[[dict[str, Any]], str],
) -> Any:
    go = style.plotly()
    made = style.figure(
        heading,
        note,
        f"{_format.count(len(rows) - len(drawn))} more moves are in the table." if len(drawn) < len(rows) else "",
        height=600,
        empty=not rows,
    )
    if not drawn:
        return made
    nodes = sorted({(row["step"], row["from"]) for row in drawn} | {(row["step"] + 1, row["to"]) for row in drawn})
    number = {node: place for place, node in enumerate(nodes)}
    made.add_trace(
        go.Sankey(
            arrangement="snap",
            node={
                "label": [style.label(name) for _, name in nodes],
                "color": [_COLOURS.get(name, style.TEXT) for _, name in nodes],
                "pad": 12,
                "thickness": 12,
                "line": {"width": 0},
                "hovertemplate": "%{label}<extra></extra>",
            },
            link={
                "source": [number[row["step"], row["from"]] for row in drawn],
                "target": [number[row["step"] + 1, row["to"]] for row in drawn],
                "value": [weight(row) for row in drawn],
                "color": [colour(row) for row in drawn],
                "customdata": [f"{style.safe(row['from'])} → {style.safe(row['to'])}<br>{hover(row)}" for row in drawn],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
        )
    )
    return made
