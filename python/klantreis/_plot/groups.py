# SPDX-License-Identifier: MIT
"""Pictures of clusters: what they are worth, where their journeys stand step by step, and their paths as strips."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from klantreis import _format
from klantreis._core import InputError
from klantreis._plot import style

if TYPE_CHECKING:
    from klantreis._groups import Clusters
    from klantreis._journeys import Journeys

KINDS = ("profiles", "states", "index")
_COLOURS = (style.GOES_ON, style.PAID, style.EARNED, style.LEFT, style.SECOND, style.OWN, style.HATCH, style.AT_REST)
# Longer paths are cut in pictures.
_STEPS = 40
_REST = "(others)"
_END = "(end)"


def draw_clusters(clusters: Clusters, journeys: Journeys, kind: str, limit: int) -> Any:
    """Draw one of the pictures of :meth:`klantreis.Clusters.plot`."""
    if kind not in KINDS:
        raise InputError(f"there is no picture {kind!r} of clusters; there are {', '.join(KINDS)}")
    if kind == "profiles":
        return _profiles(clusters)
    paths = _paths(clusters, journeys)
    return _states(clusters, paths, limit) if kind == "states" else _index(clusters, paths, limit)


def _name(row: dict[str, Any]) -> str:
    return f"cluster {row['cluster']}, {_format.share(row['share'])}"


def _profiles(clusters: Clusters) -> Any:
    go = style.plotly()
    rows = clusters.to_dicts()
    made = style.figure(
        "What the groups of journeys are worth",
        "Conversion rate of each group with its interval; beside the number its share of the settled journeys.",
        style.few_note(rows),
        height=style.list_height(len(rows)),
        empty=not rows,
    )
    made.add_trace(
        go.Bar(
            y=list(range(len(rows))),
            x=[row["conversion_rate"] for row in rows],
            orientation="h",
            marker=style.bars(rows, style.GOES_ON),
            error_x=style.whiskers(clusters["conversion_rate"], clusters["lower"], clusters["upper"]),
            hovertext=[
                f"{_name(row)}<br>{style.estimate(row['conversion_rate'], row['lower'], row['upper'])}"
                f"<br>{_format.count(row['journeys'])} journeys{style.remark(row)}<br>{style.safe(row['path'])}"
                for row in rows
            ],
            hoverinfo="text",
            name="conversion rate",
            showlegend=False,
        )
    )
    made.update_xaxes(tickformat=".0%", rangemode="tozero", side="top")
    style.name_rows(made, [f"{_name(row)}: {row['path']}" for row in rows])
    return made


def _paths(clusters: Clusters, journeys: Journeys) -> dict[int, Counter[tuple[str, ...]]]:
    """How often each path occurs in each cluster."""
    from klantreis._interchange import event_table

    by, collapse = clusters.options["by"], clusters.options["collapse"] == "yes"
    events = event_table(journeys)
    whole: dict[str, list[str]] = {}
    for case, item in zip(events["case"], events[by], strict=True):
        path = whole.setdefault(case, [])
        if not (collapse and path and path[-1] == item):
            path.append(item)
    found: dict[int, Counter[tuple[str, ...]]] = {}
    for number, path in zip(clusters.members()["cluster"], whole.values(), strict=True):
        if number:
            found.setdefault(number, Counter())[tuple(path)] += 1
    return found


def _items(paths: dict[int, Counter[tuple[str, ...]]]) -> list[str]:
    """The items that have a colour of their own, most visits first."""
    visits = Counter[str]()
    for counts in paths.values():
        for path, count in counts.items():
            for item in path:
                visits[item] += count
    shown = sorted(visits, key=lambda item: (-visits[item], item))
    return shown if len(shown) <= len(_COLOURS) else [*shown[: len(_COLOURS) - 1], _REST]


def _grid(clusters: Clusters, height: int) -> Any:
    from plotly.subplots import make_subplots

    rows = clusters.to_dicts()
    return make_subplots(
        rows=len(rows),
        cols=1,
        shared_xaxes=True,
        subplot_titles=[style.safe(_name(row)) for row in rows],
        vertical_spacing=0.3 / max(1, len(rows) + 1),
        figure=style.plotly().Figure(layout={"height": 120 + height * len(rows)}),
    )


def _dress(made: Any, title: str, note: str, barmode: str) -> Any:
    base = style.figure(title, note, height=made.layout.height)
    made.update_layout(template=base.layout.template, title=base.layout.title, bargap=0.08)
    made.update_layout(barmode=barmode, legend={"y": -0.08, "yanchor": "top"}, margin={"t": 130})
    return made


def _states(clusters: Clusters, paths: dict[int, Counter[tuple[str, ...]]], limit: int) -> Any:
    """The state distribution: of each cluster, where its journeys stand at each step."""
    go = style.plotly()
    items = _items(paths)
    made = _grid(clusters, 180)
    for place, number in enumerate(clusters["cluster"], start=1):
        counts = paths.get(number, Counter())
        total = sum(counts.values()) or 1
        names = [*items, _END]
        shares = {name: [0.0] * limit for name in names}
        for path, count in counts.items():
            for step in range(limit):
                item = path[step] if step < len(path) else _END
                shares[item if item in shares else _REST][step] += count / total
        for name in names:
            made.add_trace(
                go.Bar(
                    x=list(range(1, limit + 1)),
                    y=shares[name],
                    name=style.safe(name),
                    legendgroup=name,
                    showlegend=place == 1,
                    marker={"color": _colour(name, items)},
                    hovertemplate=f"{style.safe(name)}, step %{{x}}: %{{y:.1%}}<extra></extra>",
                ),
                row=place,
                col=1,
            )
        made.update_yaxes(range=[0, 1], tickformat=".0%", row=place, col=1)
    return _dress(
        made,
        "Where the journeys of each group stand, step by step",
        "Shares of the settled journeys of the group; an ended journey stays at its end.",
        "stack",
    )


def _index(clusters: Clusters, paths: dict[int, Counter[tuple[str, ...]]], limit: int) -> Any:
    """The sequence index: the most frequent paths of each cluster, an item a box."""
    go = style.plotly()
    items = _items(paths)
    made = _grid(clusters, 40 + 22 * limit)
    named: set[str] = set()
    for place, number in enumerate(clusters["cluster"], start=1):
        counts = paths.get(number, Counter())
        total = sum(counts.values()) or 1
        shown = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
        boxes: dict[str, list[tuple[int, int, str]]] = {}
        for height, (path, count) in enumerate(shown):
            for step, item in enumerate(path[:_STEPS]):
                text = f"{style.safe(item)}, step {step + 1}<br>{_format.count(count)} journeys"
                boxes.setdefault(item if item in items else _REST, []).append((height, step, text))
        for name, drawn in boxes.items():
            made.add_trace(
                go.Bar(
                    y=[height for height, _, _ in drawn],
                    x=[1] * len(drawn),
                    base=[step for _, step, _ in drawn],
                    orientation="h",
                    name=style.safe(name),
                    legendgroup=name,
                    showlegend=name not in named,
                    marker={"color": _colour(name, items), "line": {"color": style.PAGE, "width": 1}},
                    hovertext=[text for _, _, text in drawn],
                    hoverinfo="text",
                ),
                row=place,
                col=1,
            )
            named.add(name)
        made.update_yaxes(
            tickmode="array",
            tickvals=list(range(len(shown))),
            ticktext=[_format.share(count / total) for _, count in shown],
            autorange="reversed",
            showgrid=False,
            row=place,
            col=1,
        )
    return _dress(
        made,
        "The most frequent paths of each group",
        "An item is a box, the conversion too; at the left the share of the settled journeys of the group that took "
        f"exactly this path; the first {_STEPS} steps.",
        "overlay",
    )


def _colour(name: str, items: list[str]) -> str:
    return style.TRACK if name == _END else style.AT_REST if name == _REST else _COLOURS[items.index(name)]
