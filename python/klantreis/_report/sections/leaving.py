# SPDX-License-Identifier: MIT
"""At what they leave, after what, and what the others do."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from klantreis._report.context import Absent, Context, Part
from klantreis._report.sections.changes import leaving_changed
from klantreis._table import Table

_ROWS = 7
_BESIDE = 3


def build(context: Context, parts: list[Part], absent: list[Absent]) -> Part | Absent:
    """The touchpoints with the most exits, with what came before and what others did next."""
    words, nav = context.words, context.words.plain("leaving.nav")
    if not len(context.journeys):
        return Absent("leaving", nav, words("absent.empty"))
    by, whole = context.item_by, context.leaving
    found, before, later = (context.concerning(table, by) for table in (whole, whole.before, whole.next))
    rows = [row for row in context.shown(found, "exits") if row["exits"]]
    if not rows:
        small = context.min_group is not None and any(found["exits"])
        other = words("absent.reader" if any(whole["exits"]) else "absent.nobody_left")
        reason = words("absent.small", least=context.least) if small else other
        return Absent("leaving", nav, reason)
    everyone, most = sum(whole["exits"]), rows[0]["exits"]
    shown = rows[:_ROWS]
    lines: list[dict[str, Any]] = []
    for row in shown:
        name = row[by]
        interval = words.interval(row["lower"], row["upper"], "share")
        rate = words.share(row["exit_rate"])
        lines.append(
            {
                "name": words.name(name, 60),
                "icon": context.icon(by, name),
                "count": words("leaving.count", count=words.count(row["exits"])),
                "width": row["exits"] / most,
                "rate": words("leaving.rate", rate=rate, interval=interval)
                if interval
                else words("leaving.rate_bare", rate=rate),
                "changed": leaving_changed(context, name),
                "marks": words.marks(row["marks"]),
                "alt": words.plain("leaving.alt", name=words.title(name), count=words.count(row["exits"]), rate=rate),
                "before": _beside(context, before, name, "before"),
                "next": _beside(context, later, name, "next"),
            }
        )
    in_picture = sum(row["exits"] for row in shown)
    if len(found) and shown[0]["exits"] == everyone:
        heading = words("leaving.heading_one", name=words.name(shown[0][by], 40))
    else:
        noun = by if by in ("touchpoint", "channel", "phase") else "item"
        share = words.share(in_picture / everyone, 0)
        heading = words("leaving.heading", count=words.of(noun, len(shown)), share=share)
    rest = everyone - in_picture
    values = {
        "heading": heading,
        "lines": lines,
        "rest": words("leaving.rest", count=words.count(rest)) if rest and not context.is_small(rest) else "",
    }
    views = [
        context.view("drop_off", words.plain("leaving.table"), words("leaving.caption"), found, size="n"),
        context.view("drop_off_before", words.plain("leaving.table_before"), words("leaving.caption_before"), before),
        context.view("drop_off_next", words.plain("leaving.table_next"), words("leaving.caption_next"), later),
    ]
    return Part("leaving", nav, values, views)


def _beside(context: Context, table: Table, name: str, column: str) -> list[dict[str, Any]]:
    words, items = context.words, table[context.item_by]
    if name not in items:
        return []
    found: list[dict[str, Any]] = []
    # Rows of one item stand together, most frequent first.
    first = items.index(name)
    rows = zip(items[first:], table[column][first:], table["count"][first:], table["share"][first:], strict=True)
    for item, other, count, share in rows:
        if item != name or len(found) == _BESIDE or context.is_small(count):
            break
        text: Markup = words("leaving.nothing") if other == "(start)" else words.state(other)
        found.append({"name": text, "share": share, "text": words.share(share, 0)})
    return found
