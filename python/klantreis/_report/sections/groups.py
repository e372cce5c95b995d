# SPDX-License-Identifier: MIT
"""Which groups of customers convert more or less than the others, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from klantreis import _core
from klantreis._compare import Comparison, compare
from klantreis._core import InputError, LimitError
from klantreis._report.axes import ticks
from klantreis._report.change import direction, is_clear_among_many
from klantreis._report.context import MIN_N, Absent, Context, Part
from klantreis._report.sections.changes import item_name
from klantreis._table import Table

_MOST_LABELS = 8
_MOST_GROUPS = 16
_ROWS = 7
_LEVEL = 0.95
_TOTAL = "(total)"


@dataclass(frozen=True)
class Group:
    """Customers of one label beside all others; differences are theirs less those of the others."""

    attribute: str
    label: str
    found: Comparison
    row: dict[str, Any]
    p: float

    @property
    def clear(self) -> bool:
        """Whether the difference stays clear although all groups were looked at."""
        return self.p <= 1 - _LEVEL

    @property
    def part(self) -> dict[str, Any] | None:
        """The item that alone makes up more than half of a clear difference."""
        for row in self.found.parts:
            if row["from"] != _TOTAL and (row["share"] or 0.0) > 0.5 and self.clear and is_clear_among_many(row):
                return row
        return None


def build(context: Context, parts: list[Part], absent: list[Absent]) -> Part | Absent:
    """The conversion rate of every group beside that of the others, largest difference first."""
    words, nav = context.words, context.words.plain("groups.nav")
    if not len(context.journeys):
        return Absent("groups", nav, words("absent.empty"))
    if not context.cut.conversions:
        return Absent("groups", nav, words("absent.no_conversion"))
    every = sorted(_groups(context), key=lambda group: -abs(group.row["difference"]))
    groups = [group for group in every if not _is_small(context, group)]
    if not groups:
        reason = words("absent.small", least=context.least) if every else words("absent.no_groups")
        return Absent("groups", nav, reason)
    shown = groups[:_ROWS]
    bounds = [group.row[name] for group in shown for name in ("first", "second", "second_upper")]
    marks, most = ticks(100 * max(bound for bound in bounds if bound is not None))
    values: dict[str, Any] = {
        "heading": _heading(context, groups),
        "lines": [_line(context, group, most / 100) for group in shown],
        "ticks": [(mark / most, words.share(mark / 100, 0 if most > 4 else 1)) for mark in marks],
        "intervals": len(marks) - 1,
        "rest": words("fix.rest", count=words.count(len(groups) - _ROWS)) if len(groups) > _ROWS else "",
    }
    table = _table(groups)
    view = context.view("groups", words.plain("groups.table"), words("groups.caption"), table, kept=table)
    return Part("groups", nav, values, [view])


def _groups(context: Context) -> Iterator[Group]:
    """Each label of the attributes that customers keep, beside all other labels; a group of another name only once."""
    pairs = [(by, label) for by in _attributes(context) for label in _labels(context, by)][:_MOST_GROUPS]
    seen: set[tuple[Any, ...]] = set()
    for by, label in pairs:
        try:
            found = compare(
                context.to_first, by=by, groups=label, states=context.item_by, collapse=True, level=_LEVEL, min_n=MIN_N
            )
        except (InputError, LimitError):
            continue
        row = next(iter(found))
        # Two groups have one difference between them.
        sides = [(row[name], row[f"n_{name}"]) for name in ("first", "second")]
        if row["difference"] is None or row["p"] is None or tuple(sides) in seen or tuple(reversed(sides)) in seen:
            continue
        seen.add(tuple(sides))
        # Bonferroni: what is looked at in many groups must be clearer in each.
        yield Group(by, label, found, row, min(1.0, row["p"] * len(pairs)))


def _attributes(context: Context) -> list[str]:
    """Labels beside those of the journey itself of which every customer carries one only."""
    log = context.log
    found = []
    for by in log.labels:
        if by in ("touchpoint", "channel", "phase", context.item_by):
            continue
        counts = log.counts(by)
        if 2 <= len(counts) <= _MOST_LABELS and sum(counts["customers"]) == log.customers:
            found.append(by)
    return found


def _labels(context: Context, by: str) -> list[str]:
    labels = [label for label, _ in _core.first_labels(context.to_first._handle, by)]
    return labels[1:] if len(labels) == 2 else labels


def _is_small(context: Context, group: Group) -> bool:
    return any(context.is_small(group.row[name]) for name in ("n_first", "n_second"))


def _heading(context: Context, groups: list[Group]) -> Markup:
    words = context.words
    group = next((group for group in groups if group.clear), None)
    if group is None:
        return words("groups.heading_none")
    gaps: dict[str, object] = {
        "name": words.raw(group.label, 40), "by": words.column(group.attribute).lower(),
        "rate": words.share(group.row["second"]), "others": words.share(group.row["first"]),
    }  # fmt: skip
    way = "more" if group.row["difference"] > 0 else "fewer"
    part = _part(context, group)
    if part is None:
        return words(f"groups.heading.{way}", **gaps)
    return words(f"groups.heading_part.{way}", part=item_name(context, part["from"], 40), **gaps)


def _part(context: Context, group: Group) -> dict[str, Any] | None:
    """The part that stands for the difference, where enough customers of both sides came there."""
    part = group.part
    if part is None or context.min_group is None:
        return part
    rates = (row for row in group.found if row["rate"] == "exit_rate" and row["from"] == part["from"])
    hidden = any(context.is_small(row[name]) for row in rates for name in ("n_first", "n_second"))
    return None if hidden else part


def _line(context: Context, group: Group, most: float) -> dict[str, Any]:
    words, row, part = context.words, group.row, _part(context, group)
    interval = words.interval(row["second_lower"], row["second_upper"], "share")
    said = Markup.escape(words.of("customer", row["n_second"]))
    if part is not None:
        said += " · " + words("groups.part", name=item_name(context, part["from"], 60))
    return {
        "name": words.raw(group.label, 60),
        "by": words.column(group.attribute),
        "why": said,
        "width": row["second"] / most,
        "lower": None if row["second_lower"] is None else row["second_lower"] / most,
        "upper": None if row["second_upper"] is None else row["second_upper"] / most,
        "others": row["first"] / most,
        "few": "few" in row["marks"],
        "rate": words.share(row["second"]),
        "interval": interval,
        "difference": words.points(row["difference"]),
        "span": words.span(row["lower"], row["upper"], "share"),
        "verdict": words("groups.clear" if group.clear else "change.chance"),
        "kind": direction(group.clear, row["difference"] > 0),
        "alt": words.plain(
            "groups.alt",
            name=group.label,
            rate=words.share(row["second"]),
            others=words.share(row["first"]),
        ),
    }


_COLUMNS = {
    "conversion_rate": "second", "conversion_rate_lower": "second_lower", "conversion_rate_upper": "second_upper",
    "others": "first", "others_lower": "first_lower", "others_upper": "first_upper",
    "difference": "difference", "lower": "lower", "upper": "upper", "p": "p",
}  # fmt: skip


def _table(groups: list[Group]) -> Table:
    """The conversion rates of all groups, and what most of each difference comes from."""
    columns: dict[str, list[Any]] = {
        "attribute": [group.attribute for group in groups],
        "label": [group.label for group in groups],
        **{name: [group.row[own] for group in groups] for name, own in _COLUMNS.items()},
        "p_adjusted": [group.p for group in groups],
        "n": [group.row["n_second"] for group in groups],
        "n_others": [group.row["n_first"] for group in groups],
        "marks": [group.row["marks"] for group in groups],
    }
    shares = {name: "share" for name in _COLUMNS if name != "p"}
    return Table.from_columns(columns, quantities={**shares, "n": "count", "n_others": "count"})
