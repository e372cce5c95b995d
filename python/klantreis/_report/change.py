# SPDX-License-Identifier: MIT
"""The journeys beside earlier ones: what every section says about change."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from klantreis._compare import Comparison, compare
from klantreis._core import InputError, LimitError

if TYPE_CHECKING:
    from markupsafe import Markup

    from klantreis._duration import InstantLike
    from klantreis._journeys import Journeys
    from klantreis._report.context import Context
    from klantreis._report.words import Words

_LEVEL = 0.95
# More customers in both groups than this part, and their funnels are not compared.
_SHARED = 0.05
# Halves of a log that is shorter tell of days of the week rather than of a change.
_SHORTEST = dt.timedelta(days=14)


@dataclass(frozen=True)
class Change:
    """Rates of the journeys less those of earlier ones."""

    found: Comparison
    beside: Markup
    """Which journeys stand beside which, as a sentence."""
    since: Markup
    """The same in a few words: since when, or beside what."""
    at: str | None = None
    """The day that parts them, where they are of one log."""

    @functools.cached_property
    def rates(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The rates but transitions, by their kind and item."""
        return {(row["rate"], row["from"]): row for row in self.found if row["rate"] != "transition"}

    @functools.cached_property
    def steps(self) -> dict[int, dict[str, Any]]:
        """The steps of the funnel by their number; none where many customers are in both groups.

        A funnel follows customers, and those of one period may have been there for longer than those of the other.
        """
        rates = self.rates["conversion_rate", ""]
        apart = self.found.shared_customers <= _SHARED * min(rates["n_first"], rates["n_second"])
        return {int(row["step"]): row for row in self.found.steps} if apart else {}


def is_clear(row: dict[str, Any]) -> bool:
    """Whether the interval of a difference lies on one side of zero."""
    return row["lower"] is not None and (row["lower"] > 0 or row["upper"] < 0)


def is_clear_among_many(row: dict[str, Any]) -> bool:
    """Whether a difference stays clear although many were looked at."""
    return row["p_adjusted"] is not None and row["p_adjusted"] <= 1 - _LEVEL


def verdict(words: Words, clear: bool) -> Markup:
    """What is said of a change: clear, or that it could be chance."""
    return words("change.clear" if clear else "change.chance")


def direction(clear: bool, better: bool) -> str:
    """How a change is drawn: colour is only for a clear one."""
    return "chance" if not clear else "good" if better else "bad"


def changed(words: Words, change: Change, row: dict[str, Any]) -> dict[str, Any]:
    """A share or an amount then and now, more being better."""
    is_share = row["rate"] != "value_per_journey"
    write, difference = words.share if is_share else words.amount, row["difference"]
    now, was = write(row["second"]), write(row["first"])
    return {
        "now": now,
        "was": words("changes.was", was=was),
        "said": words("figures.change", now=now, was=was, since=change.since),
        "difference": words.points(difference) if is_share else words.signed(difference),
        "interval": words.span(row["lower"], row["upper"], "share" if is_share else "amount"),
        "verdict": verdict(words, is_clear(row)),
        "kind": direction(is_clear(row), difference > 0),
    }


def change_of(context: Context, earlier: Journeys | None, since: InstantLike | None, min_n: int) -> Change | Markup:
    """Return the comparison or, where there is none, why.

    With neither ``earlier`` nor ``since`` the two halves of the log are compared, where journeys end by silence: else
    what began later had less time to convert, which would look like a change.
    """
    words, cut = context.words, context.to_first
    options: dict[str, Any] = {
        "states": context.item_by, "steps": context.funnel_steps[0] or None, "collapse": True, "level": _LEVEL,
        "min_n": min_n,
    }  # fmt: skip
    if earlier is not None:
        before = earlier if earlier.after_conversion == "stop" else earlier.recut(after_conversion="stop")
        return Change(compare(before, cut, **options), words("change.earlier"), words("change.earlier.short"))
    if since is None and not cut.options.get("inactivity"):
        return words("absent.no_earlier")
    if not context.log._handle.has_times:
        return words("absent.no_time")
    at = since if since is not None else _middle(context)
    if at is None:
        return words("absent.no_earlier")
    date = words.date(str(at))
    beside, short = words("change.since", date=date), words("change.since.short", date=date)
    if since is not None:
        return Change(compare(cut, before=since, **options), beside, short, str(at))
    try:
        return Change(compare(cut, before=at, **options), beside + " " + words("change.halves"), short, str(at))
    except (InputError, LimitError):
        return words("absent.no_earlier")


def _middle(context: Context) -> str | None:
    """The first day of the second half of the log."""
    health = {row["figure"]: row["value"] for row in context.log.health()}
    try:
        first, last = (
            dt.datetime.fromisoformat(health[name].replace("Z", "+00:00")) for name in ("first event", "last event")
        )
    except (KeyError, ValueError):
        return None
    middle = first + (last - first) / 2
    return middle.date().isoformat() if last - first >= _SHORTEST else None
