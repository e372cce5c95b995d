# SPDX-License-Identifier: MIT
"""Where journeys start, go back and end."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from markupsafe import Markup

from klantreis._report.context import OTHER, Absent, Context, Part
from klantreis._report.drawn import Band, Label, Layout, Texts, compact
from klantreis._report.layout import flow_layout
from klantreis._report.states import Flow


class _Texts(Texts):
    """The labels of the picture in the language of the report."""

    def __init__(self, context: Context, others: int) -> None:
        self._context = context
        self._words = context.words
        self._others = others

    def name(self, state: str) -> str:
        return (
            self._words.plain("flow.other", count=self._words.count(self._others))
            if state == OTHER
            else self._words.title(state)
        )

    def count(self, value: float) -> str:
        small = self._context.is_small(value)
        return f"< {self._context.least}" if small else self._words.count(value)

    def visits(self, value: float) -> str:
        return self._words.plain("flow.label.visits", count=self.count(value))

    def starts(self, value: float, room: float) -> str:
        text = self._words.plain("flow.label.starts", count=self.count(value))
        return text if len(text) <= room else self._words.plain("flow.label.starts_short", count=self.count(value))

    def back(self, value: float) -> str:
        return self._words.plain("flow.label.back", count=self.count(value))

    def ended(self, kind: str, count: float, share: float) -> str:
        text = "–" if self._context.is_small(count) else self._words.share(share, 0)
        return self._words.plain(f"flow.label.{kind}", share=text)


def build(context: Context, parts: list[Part], absent: list[Absent]) -> Part | Absent:
    """The flow by phase, or by the largest touchpoints."""
    words, nav = context.words, context.words.plain("flow.nav")
    if not len(context.journeys):
        return Absent("flow", nav, words("absent.empty"))
    flow = context.flow
    if not flow.states:
        return Absent("flow", nav, words("absent.no_settled"))
    by = words.column(context.flow_by).lower()
    texts = _Texts(context, context.flow_states - len(flow.states) + 1)
    left, rest = sum(flow.left.values()), sum(flow.rest.values())
    journeys = words.of("journey", flow.journeys())
    if not rest:
        heading = words("flow.heading_none", journeys=journeys)
    elif not left:
        heading = words("flow.heading_kept", journeys=journeys)
    else:
        counts = sorted(((flow.left.get(state, 0.0), state) for state in flow.states), reverse=True)
        stands_out = counts[0][1] != OTHER and (len(counts) == 1 or counts[0][0] > counts[1][0])
        heading = words(
            "flow.heading" if stands_out and not context.is_small(counts[0][0]) else "flow.heading_even",
            journeys=journeys,
            conversions=words.count(rest),
            name=words.name(texts.name(counts[0][1]), 40),
        )
    layouts = [flow_layout(flow, upright=upright, texts=texts) for upright in (False, True)]
    small = any(context.is_small(count) for count in flow.moves.values())
    values = {
        "heading": heading,
        "by": by,
        "left": words.count(left),
        "rest": words.count(rest) if rest else "",
        "pictures": [_picture(context, flow, texts, layout, layout is layouts[1]) for layout in layouts],
        "alt": words.plain("flow.alt", by=by),
        "desc": words.plain("flow.desc", names=" → ".join(texts.name(state) for state in flow.states)),
        "total": words("flow.all", starts=words.count(flow.journeys()), left=words.count(left), rest=words.count(rest)),
        "open": words("flow.open", open=words.of("journey", context.going_on.open)) if context.going_on.open else "",
        "suppressed": words("flow.suppressed", least=context.least) if small else "",
        "thinned": _thinned(context, layouts[0]),
    }
    table = context.view(
        "transitions", words.plain("flow.table"), words("flow.caption", by=by), context.moves, size="weight"
    )
    return Part("flow", nav, values, [table])


def _thinned(context: Context, layout: Layout) -> Markup | str:
    """How many of the ways on are drawn one by one, and how much goes by the others."""
    words = context.words
    drawn = [band.count for band in layout.bands if band.kind == "on"]
    weak = sum(band.count for band in layout.bands if band.kind == "more" and band.source)
    if not weak:
        return ""
    share = words.share(sum(drawn) / (sum(drawn) + weak))
    return words("flow.thinned", drawn=words.count(len(drawn)), share=share, hidden=words.count(layout.hidden))


def _picture(context: Context, flow: Flow, texts: _Texts, layout: Layout, upright: bool) -> dict[str, Any]:
    words = context.words

    def say(band: Band) -> str:
        source = texts.name(band.source) if band.source else ""
        target = texts.name(band.target) if band.target else ""
        visits = flow.visits(band.source) if band.source else 0.0
        several = band.kind in ("back", "more") and not (source and target)
        return words.plain(
            f"flow.title.{band.kind}" + (("_out" if source else "_in") if several else ""),
            source=source,
            target=target,
            count=texts.count(band.count),
            share="–" if not visits or context.is_small(band.count) else words.share(band.count / visits),
            visits=texts.visits(visits),
        )

    def alike(label: Label) -> tuple[str, str]:
        return label.role, label.anchor

    order = {"left": 0, "rest": 0, "start": 1, "more": 1, "on": 2, "back": 3}
    return {
        "kind": "upright" if upright else "wide",
        "fading": layout.fading,
        "width": f"{layout.width:.0f}",
        "height": f"{layout.height:.0f}",
        "bands": [
            {
                "kind": band.kind,
                "outline": compact(band.outline),
                "stroke": f"{max(band.thickness, 1.0):.1f}",
                "title": say(band),
            }
            for band in sorted(layout.bands, key=lambda band: order[band.kind])
            if not context.is_small(band.count)
        ],
        "nodes": [
            {
                "x": f"{node.x:.1f}".removesuffix(".0"),
                "y": f"{node.y:.1f}".removesuffix(".0"),
                "width": f"{node.width:.1f}".removesuffix(".0"),
                "height": f"{node.height:.1f}".removesuffix(".0"),
                "title": words.plain(
                    "flow.title.node",
                    source=texts.name(node.state),
                    visits=texts.visits(flow.visits(node.state)),
                ),
            }
            for node in layout.nodes
        ],
        "labels": [
            (role, anchor, [{"text": label.text, "x": f"{label.x:.0f}", "y": f"{label.y:.0f}"} for label in labels])
            for (role, anchor), labels in groupby(sorted(layout.labels, key=alike), key=alike)
        ],
    }
