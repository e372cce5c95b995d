# SPDX-License-Identifier: MIT
"""The steps of the funnel where the caller names none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klantreis._funnel import funnel
from klantreis._report.states import ordered

if TYPE_CHECKING:
    from markupsafe import Markup

    from klantreis._report.context import Context

# So many of the most visited touchpoints are asked whether the customers who convert met them.
_CANDIDATES = 12
_MOST_STEPS = 7
_NEARLY_ALL = (0.8, 0.65, 0.5)


def proposed(context: Context) -> tuple[list[Any], Markup]:
    """Return steps that most customers take, and a sentence that says so: towards the conversion where there is one.

    Of the most visited items those that nearly all of the converting customers met before they converted; without a
    conversion, those that at least a fifth of all customers met. They stand in the order that most customers follow.
    """
    by, journeys, words = context.item_by, context.journeys, context.words
    counts = context.log.counts(by)
    known = set(context.log.touchpoints)
    goals = [name for name in journeys.conversion if name in known] if by == "touchpoint" else []
    names = [row[by] for row in counts.head(_CANDIDATES + len(goals)) if row[by] not in goals][:_CANDIDATES]
    if goals and context.converters and context.converters["count"]:
        reached = context.converters["count"]
        met = {name: _count(context, [name, goals]) / reached for name in names}
        for share in _NEARLY_ALL:
            kept = [name for name in names if met[name] >= share][: _MOST_STEPS - 1]
            # Two steps before the conversion make a funnel; the last try takes what there is.
            if len(kept) > 1 or (kept and share == _NEARLY_ALL[-1]):
                steps: list[Any] = [*_in_order(context, kept), goals[0] if len(goals) == 1 else goals]
                return steps, words("funnel.sub.proposed", share=words.share(share, 0))
        best = max(met, key=lambda name: met[name], default=None)
        if best is not None and met[best]:
            return [best, goals[0] if len(goals) == 1 else goals], words("funnel.sub.best", name=words.name(best, 40))
    people = dict(zip(counts[by], counts["customers"], strict=True))
    kept = [name for name in names if people[name] * 5 >= context.log.customers][:_MOST_STEPS]
    kept = list(_in_order(context, kept))
    taken = funnel(context.journeys, kept, by=by)["count"] if kept else []
    kept = [name for name, count in zip(kept, taken, strict=True) if count]
    return (kept if len(kept) > 1 else []), words("funnel.sub.frequent")


def _in_order(context: Context, names: list[str]) -> tuple[str, ...]:
    pairs = {(a, b): float(_count(context, [a, b])) for a in names for b in names if a != b}
    return ordered(names, pairs)


def _count(context: Context, steps: list[Any]) -> int:
    return int(funnel(context.journeys, steps, by=context.item_by)["count"][-1])
