# SPDX-License-Identifier: MIT
"""What keeping a few more customers is worth, and what every conversion passes."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from klantreis._report.axes import ticks
from klantreis._report.context import Absent, Context, Part
from klantreis._report.sections.changes import leaving_changed
from klantreis._table import Table

_ROWS = 5
_BEYOND = 3
# Less would be written as nothing.
_LEAST = 0.05
_PASSED = 5
_START = "(start)"


def build(context: Context, parts: list[Part], absent: list[Absent]) -> Part | Absent:
    """The best change at each item as a bar, and the items that make or break a conversion."""
    words, by, nav = context.words, context.item_by, context.words.plain("fix.nav")
    if not len(context.journeys):
        return Absent("fix", nav, words("absent.empty"))
    if not context.cut.conversions:
        return Absent("fix", nav, words("absent.no_conversion"))
    inside, everywhere = context.fixes
    every = _known(context, inside)
    known = context.concerning(every, "from")
    best = _best(known)
    if not best:
        reason = words("absent.reader") if _best(every) else _reason(context, inside, every, everywhere)
        return Absent("fix", nav, reason)
    best = [row for row in best if row["conversions"] >= _LEAST] or best
    shown = best[:_ROWS]
    marks, most = ticks(max(_gain(row, "upper") or row["conversions"] for row in shown))
    owned = "owner" in inside.columns and any(row["owner"] for row in shown)
    exits = {row[by]: row for row in context.leaving}
    noun = words.column(by).lower()
    values: dict[str, Any] = {
        "heading": _heading(context, shown[0]),
        "sub": words("fix.sub", conversions=words.of("conversion", context.cut.conversions), by=noun),
        "by": words.column(by),
        "owned": owned,
        "lines": [_line(context, row, exits.get(row["from"]), most) for row in shown],
        "ticks": [(tick / most, words.number(tick)) for tick in marks],
        "intervals": len(marks) - 1,
        "rest": words("fix.rest", count=words.count(len(best) - _ROWS)) if len(best) > _ROWS else "",
        "beyond": _beyond(context, inside, everywhere),
        **_passed(context, noun),
    }
    name = words.plain("fix.table")
    views = [context.view("improve", name, words("fix.caption"), inside, kept=known)]
    label, caption = words.plain("fix.table_passed"), words("fix.caption_passed")
    views.append(context.view("make_or_break", label, caption, context.passed, size="n"))
    return Part("fix", nav, values, views)


def _known(context: Context, table: Table) -> Table:
    """The rows of moves that enough customers made."""
    if context.min_group is None:
        return table
    people = {(row["from"], row["to"]): row["n"] for row in context.steps_taken}
    pairs = zip(table["from"], table["to"], strict=True)
    keep = [row for row, pair in enumerate(pairs) if not context.is_small(people.get(pair, 1))]
    return table if len(keep) == len(table) else Table(table._core.take(keep))


def _best(table: Table) -> list[dict[str, Any]]:
    """The move from each item that gains most, largest gain first."""
    found: dict[str, dict[str, Any]] = {}
    for row in table:
        if row["from"] != _START and row["gain"] > 0:
            found.setdefault(row["from"], row)
    return list(found.values())


def _reason(context: Context, inside: Table, known: Table, everywhere: Table | None) -> Markup:
    words = context.words
    if _best(inside) and len(known) < len(inside):
        return words("absent.small", least=context.least)
    return words("absent.no_control" if everywhere is not None and _best(everywhere) else "absent.no_gain")


def _gain(row: dict[str, Any], bound: str) -> float | None:
    """A bound of the gain in conversions."""
    bounds = row[bound]
    return None if bounds is None else float(bounds * row["conversions"] / row["gain"])


def _rounded(value: float | None) -> float | None:
    return value if value is None else round(value, 0 if abs(value) >= 10 else 1)


def _interval(context: Context, row: dict[str, Any]) -> str:
    return context.words.interval(_rounded(_gain(row, "lower")), _rounded(_gain(row, "upper")), "plain")


def _heading(context: Context, row: dict[str, Any]) -> Markup:
    words, interval = context.words, _interval(context, row)
    gaps = {"name": words.name(row["from"], 40), "to": _to(context, row, 40)}
    # The promise is the interval; without one there is none.
    whole = Markup('<span class="num">{}</span>').format(interval)
    return words("fix.heading", interval=whole, **gaps) if interval else words("fix.heading_bare", **gaps)


def _to(context: Context, row: dict[str, Any], length: int) -> Markup:
    words, to = context.words, row["to"]
    return words("fix.conversion") if to == "(conversion)" else words.name(to, length)


def _line(context: Context, row: dict[str, Any], left: dict[str, Any] | None, most: float) -> dict[str, Any]:
    words, interval = context.words, _interval(context, row)
    lower, upper = _gain(row, "lower"), _gain(row, "upper")
    gain = words("fix.gain", gain=words.number(_rounded(row["conversions"]) or 0.0))
    why = [words("fix.more", to=_to(context, row, 60))]
    if left is not None and left["exits"] and not context.is_small(left["exits"]):
        why.append(words("fix.left", share=words.share(left["exit_rate"])))
    why.append(Markup('<span class="num">{}</span>').format(words.of("customer", row["n"])))
    alt = words("fix.alt", name=words.name(row["from"]), gain=gain, interval=interval or "–").striptags()
    return {
        "name": words.name(row["from"], 60),
        "icon": context.icon(context.item_by, row["from"]),
        "changed": leaving_changed(context, row["from"]),
        "why": Markup(" · ").join(why),
        "width": row["conversions"] / most,
        "lower": None if lower is None else max(lower, 0.0) / most,
        "upper": None if upper is None else upper / most,
        "few": "few" in row["marks"],
        "gain": gain,
        "interval": interval,
        "marks": words.marks(row["marks"]),
        "owner": words.raw(row.get("owner") or "", 60) if row.get("owner") else "",
        "alt": alt,
    }


def _beyond(context: Context, inside: Table, everywhere: Table | None) -> Markup | str:
    """What would gain most where the map says that it cannot be changed."""
    words = context.words
    if everywhere is None:
        return ""
    ours = set(inside["from"])
    others = [row for row in _best(_known(context, everywhere)) if row["from"] not in ours][:_BEYOND]
    if not others:
        return ""
    pieces = []
    for row in others:
        gain = words("fix.gain", gain=words.number(_rounded(row["conversions"]) or 0.0))
        interval = _interval(context, row)
        piece = Markup("{} {}").format(words.name(row["from"], 40), gain)
        pieces.append(piece + Markup(" ({})").format(interval) if interval else piece)
    return words("fix.beyond", names=Markup("; ").join(pieces))


def _passed(context: Context, noun: str) -> dict[str, Any]:
    """The items that every conversion passes or, where there is none, those on which most of them depend."""
    words, by, found = context.words, context.item_by, context.passed
    rows = [row for row in found if not context.is_small(row["n"])]
    every = [row for row in rows if row["is_dominator"]]
    hidden = sum(found["is_dominator"]) - len(every)
    said: list[Markup] = []
    if every:
        said.append(words("fix.pass.some", by=noun))
    elif not hidden:
        said.append(words("fix.pass.none", by=noun))
    between = [] if every or hidden or any(context.is_small(n) for n in found.cut["n"]) else found.cut[by]
    if 1 < len(between) <= _PASSED:
        said.append(words("fix.pass.cut", names=words.names(between)))
    lines = []
    for row in (every or [row for row in rows if row["above_limit"]])[:_PASSED]:
        reach = words("fix.pass.reach", share=words.share(row["reach"]))
        interval = words.interval(row["lower"], row["upper"], "share") or words.share(row["removal_effect"])
        lost = reach if row["is_dominator"] else words("fix.pass.lost", interval=interval) + "; " + reach
        lines.append({"name": words.name(row[by], 60), "text": lost})
    if lines and not every:
        said.append(words("fix.pass.most"))
    if len(every) > _PASSED:
        said.append(words("fix.rest", count=words.count(len(every) - _PASSED)))
    return {"said": Markup(" ").join(said), "passed": lines}
