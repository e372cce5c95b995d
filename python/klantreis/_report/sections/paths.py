# SPDX-License-Identifier: MIT
"""Which ways are taken, and which are likely."""

from __future__ import annotations

from typing import Any

from klantreis._report.context import MOST_PATHS, Absent, Context, Part
from klantreis._report.views import shortened, split_path
from klantreis._report.words import Words

_ROWS = 6
_CHIPS = 7


def build(context: Context, parts: list[Part], absent: list[Absent]) -> Part | Absent:
    """The most common paths with and without a conversion, and the most likely ones with."""
    words, nav = context.words, context.words.plain("paths.nav")
    if not len(context.journeys):
        return Absent("paths", nav, words("absent.empty"))
    ending, whole = context.variants, context.whole
    rows = [row for row in context.shown(ending, "n") if row["conversions"] and row["path"]]
    with_conversions = sorted(rows, key=lambda row: -row["conversions"])[:_ROWS]
    rows = [row for row in context.shown(whole, "n") if row["count"] and not row["conversions"] and row["path"]]
    without = rows[:_ROWS]
    if not with_conversions and not without:
        settled = any(whole["count"])
        small = settled and context.min_group
        return Absent("paths", nav, words("absent.small", least=context.least) if small else words("absent.no_settled"))
    most = max((row["count"] for row in with_conversions), default=1)
    top = (with_conversions or without)[0]
    path = " → ".join(split_path(top["path"])[:6])
    values: dict[str, Any] = {
        "heading": words("paths.heading" if with_conversions else "paths.heading_none", path=words.name(path, 90)),
        "converting": [
            {
                "chips": chips(words, row["path"]),
                "count": words.count(row["count"]),
                "rate": words("paths.rate", rate=words.share(row["conversion_rate"], 0)),
                "converted": row["conversions"] / most,
                "others": (row["count"] - row["conversions"]) / most,
                "alt": words.plain(
                    "paths.alt",
                    conversions=words.count(row["conversions"]),
                    others=words.count(row["count"] - row["conversions"]),
                ),
            }
            for row in with_conversions
        ],
        "without": [
            {
                "chips": chips(words, row["path"]),
                "count": words.count(row["count"]),
                "share": words("paths.of_all", share=words.share(row["share"])),
            }
            for row in without
        ],
        "likely": [],
        "note": words(
            "paths.note",
            count=words.count(len(whole))
            if len(whole) < MOST_PATHS
            else words("paths.count_many", count=words.count(MOST_PATHS)),
            share=words.share(sum(row["share"] for row in without)),
        ),
    }
    views = []
    if with_conversions:
        views.append(context.view("variants", words.plain("paths.table"), words("paths.caption"), ending, size="n"))
    views.append(
        context.view("variants_whole", words.plain("paths.table_whole"), words("paths.caption_whole"), whole, size="n")
    )
    if context.likely is not None and len(context.likely) and context.min_group is None:
        values["likely"] = [
            {
                "chips": chips(words, row["path"]),
                "probability": words.share(row["probability"]),
                "share": words("paths.share_of_likely", share=words.share(row["share"])),
            }
            for row in context.likely.head(_ROWS)
        ]
        views.append(
            context.view(
                "likely_paths", words.plain("paths.table_likely"), words("paths.caption_likely"), context.likely
            )
        )
    return Part("paths", nav, values, views)


def chips(words: Words, path: str) -> list[dict[str, Any]]:
    """The items of a path, without the states around it; a long one is shortened in its middle."""
    names = [name for name in split_path(path) if name not in ("(start)", "(conversion)", "(null)", "(end)")]
    kept, head = shortened(names, _CHIPS)
    items = [{"name": words.name(name, 40), "more": False} for name in kept]
    if len(kept) < len(names):
        items.insert(head, {"name": words("paths.more", count=len(names) - len(kept)), "more": True})
    return items
