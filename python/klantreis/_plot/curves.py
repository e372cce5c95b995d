# SPDX-License-Identifier: MIT
"""Time: what becomes of journeys and how long it takes, and the events of one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klantreis import _format
from klantreis._plot import style

if TYPE_CHECKING:
    from klantreis._table import Table

_TICKS = {
    "1 s": 1.0,
    "10 s": 10.0,
    "1 min": 60.0,
    "10 min": 600.0,
    "1 h": 3_600.0,
    "6 h": 21_600.0,
    "1 day": 86_400.0,
    "7 days": 604_800.0,
    "30 days": 2_592_000.0,
    "1 year": 31_557_600.0,
}
_GROUP_COLOURS = (style.GOES_ON, style.PAID, style.EARNED, style.OWN, style.AT_REST, style.LEFT)
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
# From so many times the shortest wait on, a linear axis would hide where most happens.
_WIDE = 100.0
# A move of less is thinner than the line; curves of many journeys would take megabytes.
_VISIBLE = 0.002


def survival(table: Table, labels: list[str], limit: int) -> Any:
    """Cumulative curves with bands: every outcome, or the conversions of each group."""
    rows = table.to_dicts()
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in labels), []).append(row)
    shown = dict(list(groups.items())[:limit])
    hidden = len(groups) - len(shown)
    logarithmic, start = _scale([row["time"] for row in rows])
    made = style.figure(
        "What becomes of journeys in time",
        "Shares that ended so by then, with the band of the interval.",
        "Dotted: few customers." if any(style.is_few(row) for row in rows) else "",
        f"{_format.count(hidden)} more groups are in the table." if hidden else "",
        height=480,
        empty=not rows,
    )
    outcomes = {"converted": style.GOES_ON, "left": style.LEFT, "moved": style.OWN}
    for number, (group, own) in enumerate(shown.items()):
        if labels:
            name = style.label(", ".join(str(part) for part in group))
            colour = _GROUP_COLOURS[number % len(_GROUP_COLOURS)]
            _curve(made, own, "converted", f"{name}: converted", colour, _DASHES[number % len(_DASHES)], start)
        else:
            for outcome, colour in outcomes.items():
                if outcome in own[0]:
                    _curve(made, own, outcome, outcome, colour, "solid", start)
    made.update_yaxes(title_text="share of journeys", tickformat=".0%", rangemode="tozero")
    made.update_xaxes(title_text="time since the start")
    if logarithmic:
        made.update_xaxes(
            type="log",
            tickmode="array",
            tickvals=list(_TICKS.values()),
            ticktext=list(_TICKS),
            title_text=f"time since the start; what took less than {_format.seconds(start)} stands at the left end",
        )
    elif rows:
        _linear(made, max(row["time"] for row in rows), "time since the start")
    return made


def durations(table: Table, labels: list[str], limit: int) -> Any:
    """A point with its interval for mean and quantiles, line by line, on one scale of time."""
    go = style.plotly()
    rows, rest = style.shown_rows(table, limit)
    known = [time for row in rows for time in (row["time"], row["lower"], row["upper"]) if time is not None]
    logarithmic, start = _scale(known)
    made = style.figure(
        "How long it takes",
        "Mean and quantiles, with their intervals.",
        rest,
        style.few_note(rows),
        height=style.list_height(len(rows)),
        empty=not rows,
    )
    times, lower, upper = (
        [None if row[name] is None else max(row[name], start) for row in rows] for name in ("time", "lower", "upper")
    )
    colours = [style.OWN if row["measure"] == "mean" else style.GOES_ON for row in rows]
    names = [", ".join(str(row[name]) for name in (*labels, "measure")) for row in rows]
    made.add_trace(
        go.Scatter(
            x=times,
            y=list(range(len(rows))),
            mode="markers",
            marker={
                "symbol": ["diamond" if row["measure"] == "mean" else "circle" for row in rows],
                "size": 9,
                "color": [style.BOX if style.is_few(row) else own for row, own in zip(rows, colours, strict=True)],
                "line": {"color": colours, "width": 1.5},
            },
            error_x=style.whiskers(times, lower, upper),
            hovertext=[
                f"{style.safe(name)}<br>{style.estimate(row['time'], row['lower'], row['upper'], 'seconds')}"
                f"{style.remark(row)}"
                for name, row in zip(names, rows, strict=True)
            ],
            hoverinfo="text",
            showlegend=False,
        )
    )
    style.name_rows(made, names)
    if logarithmic:
        made.update_xaxes(
            type="log", tickmode="array", tickvals=list(_TICKS.values()), ticktext=list(_TICKS), title_text="time"
        )
    elif known:
        _linear(made, max(known), "time")
    return made


def _linear(made: Any, longest: float, title: str) -> None:
    """Name five places of a linear axis in the unit that suits its end."""
    unit, length = _format.unit_of(longest)
    ticks = [at * longest / 5 for at in range(6)]
    made.update_xaxes(
        tickmode="array",
        tickvals=ticks,
        ticktext=[_format.number(float(f"{tick / length:.3g}")) for tick in ticks],
        title_text=f"{title}, {unit}",
    )


def _scale(times: list[float]) -> tuple[bool, float]:
    """Whether the axis is logarithmic, and where it begins."""
    positive = [time for time in times if time > 0]
    if not positive or max(positive) / min(positive) < _WIDE:
        return False, 0.0
    return True, min(positive)


def _curve(
    made: Any, rows: list[dict[str, Any]], outcome: str, name: str, colour: str, dash: str, start: float
) -> None:
    go = style.plotly()
    rows = _visible(rows, outcome)
    banded = [row for row in rows if None not in (row[f"{outcome}_lower"], row[f"{outcome}_upper"])]
    times = [max(row["time"], start) for row in banded]
    outline = {"mode": "lines", "line": {"width": 0, "shape": "hv"}, "hoverinfo": "skip", "showlegend": False}
    made.add_trace(go.Scatter(x=times, y=[row[f"{outcome}_lower"] for row in banded], name=f"{name}, lower", **outline))
    made.add_trace(
        go.Scatter(
            x=times,
            y=[row[f"{outcome}_upper"] for row in banded],
            name=f"{name}, upper",
            fill="tonexty",
            fillcolor=_faint(colour),
            **outline,
        )
    )
    # Where too few are left, the line goes on dotted.
    firm = [None if style.is_few(row) else row[outcome] for row in rows]
    few = [row[outcome] if style.is_few(row) else None for row in rows]
    hover = [
        f"{name} within {_format.seconds(row['time'])}<br>"
        f"{style.estimate(row[outcome], row[f'{outcome}_lower'], row[f'{outcome}_upper'])}{style.remark(row)}"
        for row in rows
    ]
    for values, kind, in_legend in ((firm, dash, True), (few, "dot", all(value is None for value in firm))):
        if in_legend or any(value is not None for value in values):
            made.add_trace(
                go.Scatter(
                    x=[max(row["time"], start) for row in rows],
                    y=values,
                    mode="lines",
                    name=name,
                    legendgroup=name,
                    showlegend=in_legend,
                    line={"color": colour, "width": 2, "shape": "hv", "dash": kind},
                    hovertext=hover,
                    hoverinfo="text",
                )
            )


def _visible(rows: list[dict[str, Any]], outcome: str) -> list[dict[str, Any]]:
    """The rows at which a curve or its band moves visibly, with both ends and where customers become few."""
    names = (outcome, f"{outcome}_lower", f"{outcome}_upper")
    kept = rows[:1]
    for row in rows[1:-1]:
        before = [kept[-1][name] for name in names]
        moved = any(
            (old is None) != (new is None) or (None not in (old, new) and abs(new - old) >= _VISIBLE)
            for old, new in zip(before, (row[name] for name in names), strict=True)
        )
        if moved or style.is_few(row) != style.is_few(kept[-1]):
            kept.append(row)
    return kept + rows[1:][-1:]


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.15)"


def timeline(table: Table, labels: list[str], limit: int) -> Any:
    """The events of one customer, a line per touchpoint, a trace per journey."""
    go = style.plotly()
    rows = table.to_dicts()
    touchpoints = list(dict.fromkeys(row["touchpoint"] for row in rows))
    place = {touchpoint: at for at, touchpoint in enumerate(touchpoints[:limit])}
    drawn = [row for row in rows if row["touchpoint"] in place]
    rest = len(rows) - len(drawn)
    customer = table.options.get("customer", "")
    made = style.figure(
        f"Events of {style.label(customer)}" if customer else "Events of one customer",
        f"{_format.count(rest)} more events are in the table." if rest else "",
        height=style.list_height(len(place)),
        empty=not rows,
    )
    numbers = list(dict.fromkeys(row["journey"] for row in drawn))
    for at, journey in enumerate(numbers):
        own = [row for row in drawn if row["journey"] == journey]
        colour = _GROUP_COLOURS[at % len(_GROUP_COLOURS)]
        made.add_trace(
            go.Scatter(
                x=[row["time"] for row in own],
                y=[place[row["touchpoint"]] for row in own],
                mode="lines+markers",
                name=f"journey {journey}",
                line={"color": style.RULE, "width": 1},
                marker={"color": colour, "size": 9, "symbol": at % 6},
                hovertext=[
                    f"{style.safe(row['touchpoint'])}<br>{_format.cell(row['time'], 'moment')}"
                    f"<br>{_format.seconds(row['since_start'])} since the start"
                    + "".join(f"<br>{style.safe(name)}: {style.safe(row[name])}" for name in labels)
                    for row in own
                ],
                hoverinfo="text",
                showlegend=len(numbers) > 1,
            )
        )
    style.name_rows(made, list(place))
    made.update_xaxes(type="date")
    return made
