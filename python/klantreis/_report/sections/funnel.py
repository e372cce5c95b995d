# SPDX-License-Identifier: MIT
"""Which step loses most."""

from __future__ import annotations

from typing import Any

from klantreis._report.change import Change, direction, is_clear, verdict
from klantreis._report.context import Absent, Context, Part


def build(context: Context, parts: list[Part], absent: list[Absent]) -> Part | Absent:
    """The funnel of the given steps, or of those that most customers take."""
    words, nav = context.words, context.words.plain("funnel.nav")
    if not len(context.journeys):
        return Absent("funnel", nav, words("absent.empty"))
    table, said = context.funnel
    if table is None:
        return Absent("funnel", nav, words("absent.no_steps"))
    rows = table.to_dicts()
    first = rows[0]["count"]
    steps: list[dict[str, Any]] = []
    before = None
    for row in rows:
        small = context.is_small(row["count"])
        of_first = row["rate_from_first"] or 0.0
        lost = 0 if before is None or small else before - row["count"]
        steps.append(
            {
                "label": words.name(row["label"], 60),
                "count": words("few", least=context.least) if small else words.count(row["count"]),
                "of_first": "" if small or not first else words.share(of_first),
                "width": 0.0 if small else of_first,
                "lost": words.count(lost) if lost else "",
                "lost_width": lost / first if first else 0.0,
                "place": _place(row, lost / first, of_first) if first else ("", 0.0),
                "lower": row["rate_from_first_lower"],
                "upper": row["rate_from_first_upper"],
                "whisker": before is not None and not small and row["rate_from_first_lower"] is not None,
                "rate": "" if before is None or small or row["rate"] is None else words.share(row["rate"]),
                "interval": "" if small else words.interval(row["rate_lower"], row["rate_upper"], "share"),
                "few": "few" in row["marks"],
                "changed": None if before is None or small else _changed(context, int(row["step"])),
                "note": _note(context, row, before is None),
                "alt": ""
                if small
                else words.plain(
                    "funnel.alt",
                    label=words.title(row["label"]),
                    count=words.count(row["count"]),
                    share=words.share(of_first),
                ),
            }
        )
        before = row["count"]
    worst = weakest(context)
    if len(rows) == 1:
        heading = words("funnel.heading_one", name=words.name(rows[0]["label"], 40))
    elif worst is None:
        heading = words("funnel.heading_all")
    else:
        heading = words("funnel.heading", name=words.name(worst["label"], 40))
    values = {"heading": heading, "sub": said, "steps": steps, "changes": any(step["changed"] for step in steps)}
    return Part(
        "funnel",
        nav,
        values,
        [context.view("funnel", words.plain("funnel.table"), words("funnel.caption"), table, size="count")],
    )


def _changed(context: Context, number: int) -> dict[str, Any] | None:
    """The share of the step before among these journeys less that among earlier ones."""
    words, change = context.words, context.change if context.cut.conversions else None
    row = change.steps.get(number) if isinstance(change, Change) else None
    if row is None or row["difference"] is None:
        return None
    if any(context.is_small(row[name]) for name in ("count_first", "count_second", "n_first", "n_second")):
        return None
    return {
        "difference": words.points(row["difference"]),
        "interval": words.span(row["lower"], row["upper"], "share"),
        "kind": direction(is_clear(row), row["difference"] > 0),
        "verdict": verdict(words, is_clear(row)),
    }


def _place(row: dict[str, Any], lost: float, kept: float) -> tuple[str, float]:
    """Where the number of the lost has room: on its part of the bar, behind it and the interval, or before them."""
    if lost >= 0.12:
        return "", 0.0
    upper, lower = row["rate_from_first_upper"], row["rate_from_first_lower"]
    behind = max(lost + kept, upper or 0.0)
    return ("out", behind) if behind < 0.9 else ("in", min(kept, kept if lower is None else lower))


def _note(context: Context, row: dict[str, Any], is_first: bool) -> object:
    words = context.words
    if is_first:
        return "" if row["rate"] is None else words("funnel.of_all", share=words.share(row["rate"]))
    return "" if row["median_time"] is None else words("funnel.after", time=words.seconds(row["median_time"]))


def weakest(context: Context) -> dict[str, Any] | None:
    """The step that the smallest part of those before it took; None when all took every step."""
    if not len(context.journeys):
        return None
    table, _ = context.funnel
    rows = [] if table is None else [row for row in table.to_dicts()[1:] if row["rate"] is not None and row["n"]]
    rows = [row for row in rows if row["rate"] < 1.0 and not context.is_small(row["count"])]
    return min(rows, key=lambda row: row["rate"], default=None)
