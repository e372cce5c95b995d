# SPDX-License-Identifier: MIT
"""Two groups of journeys side by side, and rules that watch rates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._arguments import require_journeys, thread_count
from klantreis._core import InputError
from klantreis._duration import DurationLike, InstantLike, instant, microseconds
from klantreis._journeys import Journeys
from klantreis._table import Table

if TYPE_CHECKING:
    from typing import TypeAlias

    Period: TypeAlias = InstantLike | tuple[InstantLike | None, InstantLike | None]


class Comparison(Table):
    """The result of :func:`klantreis.compare`: the table of rates, with further tables beside it."""

    __slots__ = ("_destinations", "_first", "_parts", "_rows", "_second", "_shared", "_steps", "_strata")

    def __init__(self, first: str, second: str, found: tuple[Any, ...]) -> None:
        rates, parts, destinations, rows, steps, strata, shared = found
        super().__init__(rates)
        self._first = first
        self._second = second
        self._parts = Table(parts)
        self._destinations = Table(destinations)
        self._rows = Table(rows)
        self._steps = Table(steps)
        self._strata = Table(strata)
        self._shared: int = shared

    @property
    def first(self) -> str:
        """The name of the first group. Differences are those of the second group less the first."""
        return self._first

    @property
    def second(self) -> str:
        """The name of the second group."""
        return self._second

    @property
    def shared_customers(self) -> int:
        """Customers with journeys in both groups; with any, intervals and tests match customers by id."""
        return self._shared

    @property
    def rates(self) -> Table:
        """Every rate: the comparison itself, as a plain table."""
        return Table(self._core)

    @property
    def parts(self) -> Table:
        """The change of P(conversion) taken apart, largest part first: ``from, part, lower, upper, share, …``.

        ``(start)`` is the mix of entries, every other row the change of what customers do next from the item;
        ``(total)`` is the change itself. With values ``value_part``, with its bounds, ``value_p`` and
        ``value_p_adjusted``, does the same for the value per journey.
        """
        return self._parts

    @property
    def destinations(self) -> Table:
        """The parts within each row: ``from, to, first, second, part``, largest first."""
        return self._destinations

    @property
    def rows(self) -> Table:
        """Whether customers go on from an item as in the other group: ``from, g2, df, delta, f, p, p_adjusted, …``."""
        return self._rows

    @property
    def steps(self) -> Table:
        """The funnels of both groups, step by step, with their difference; empty unless ``steps`` were given."""
        return self._steps

    @property
    def strata(self) -> Table:
        """The conversion rates within each label, and Mantel and Haenszel's difference in the row ``(all)``."""
        return self._strata


def compare(
    first: Journeys,
    second: Journeys | None = None,
    *,
    by: str | None = None,
    groups: str | Sequence[str] | None = None,
    before: Period | None = None,
    after: Period | None = None,
    where: Mapping[str, str] | None = None,
    steps: Sequence[str | Iterable[str]] | None = None,
    window: DurationLike | None = None,
    strata: str | None = None,
    states: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Comparison:
    """Compare two segments, two periods or two sets of journeys.

    Parameters
    ----------
    first
        The journeys; settled ones count.
    second
        Other journeys to compare them with. None: ``by``, ``before`` or ``after`` divide ``first``.
    by
        A label of the log, such as ``"channel"`` or an attribute: journeys are compared by the label of their first
        event.
    groups
        With ``by``: the two labels to compare, or one label, which is compared with all others. None: the log has two.
    before, after
        Periods: an instant, or ``(from, until)`` where None is open. A journey belongs to the period in which it
        begins. ``before="2024-04-09"`` alone compares what began earlier with what began then or later.
    where
        Labels that the first event must carry, in both groups: ``{"platform": "mobile"}``.
    steps, window
        Steps of a funnel to compare, as in :func:`klantreis.funnel`.
    strata
        A label: conversion rates are also compared among the journeys of each of its labels, and combined.
    states
        What the states are: ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute.
    collapse
        Merge immediate repeats; phases always do.
    level
        The coverage of the intervals.
    min_n
        Rates of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Comparison
        A table of rates: ``rate, from, to``; ``first`` and ``second`` with their bounds; ``difference``, second less
        first, with ``lower`` and ``upper``; ``p`` and ``p_adjusted``, Holm's over all rows; ``n_first, n_second,
        marks``. Rates are ``conversion_rate``, ``value_per_journey`` (with values), ``exit_rate``, ``transition`` and
        ``reach``. Beside it stand ``.parts``, ``.destinations``, ``.rows``, ``.steps`` and ``.strata``.

    Raises
    ------
    InputError
        When it is not clear which groups to compare, a group has no settled journey, or journeys go on after
        conversions.

    Notes
    -----
    Customers are the independent units. Separate customers are compared by square-and-add of the intervals; where some
    are in both groups, by the differences of their influence values. Tests are G² with the correction of Rao and Scott
    1984, doi:10.1214/aos/1176346391. The parts are exact: half the sum of expected visits of one group, times the
    difference of the transition probabilities, times P(conversion) in the other, and the same with the groups
    exchanged. They are accounting, not cause; only an experiment shows what a change brings.

    Examples
    --------
    >>> import klantreis as kr
    >>> journeys = kr.datasets.webshop().journeys()
    >>> found = kr.compare(journeys, before="2025-07-01")
    >>> found.first, found.second
    ('before 2025-07-01', 'from 2025-07-01')
    >>> row = next(iter(found))
    >>> row["rate"], round(row["first"], 3), round(row["second"], 3)
    ('conversion_rate', 0.124, 0.14)
    >>> found.parts["from"][-1], abs(sum(found.parts["part"][:-1]) - found.parts["part"][-1]) < 1e-12
    ('(total)', True)
    """
    a, b = two_groups(first, second, by, groups, before, after, where)
    return Comparison(
        a.name,
        b.name,
        _core.compare(
            a,
            b,
            by=states,
            collapse=bool(collapse),
            steps=_steps(steps),
            window=None if window is None else microseconds(window, "window"),
            strata=strata or "",
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        ),
    )


def alerts(
    journeys: Journeys,
    rules: str | Iterable[str],
    *,
    baseline: Journeys | None = None,
    since: InstantLike | None = None,
    where: Mapping[str, str] | None = None,
    states: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Check rules on steps and rates, and say which of them give an alarm.

    Parameters
    ----------
    journeys
        The journeys to watch; settled ones count.
    rules
        Texts such as ``"exit_rate(checkout) > 0.2"``, ``"conversion_rate < 3%"``, ``"exit_rate(*) rises"``,
        ``"transition(cart, checkout) falls by 5%"``, ``"value_per_journey < 12"``, ``"reach(faq) changes"``. ``*``
        stands for every item. ``rises``, ``falls`` and ``changes`` compare with the baseline.
    baseline
        Journeys to compare with.
    since
        In place of ``baseline``: journeys that begin at this instant or later are watched, earlier ones compared with.
    where
        Labels that the first event must carry: ``{"platform": "mobile"}``.
    states
        What the items are: ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute.
    collapse
        Merge immediate repeats; phases always do.
    level
        All rules together give a false alarm with a probability of at most ``1 - level``.
    min_n
        Rates of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        One row per rule and item, alarms first: ``rule, from, to, value, lower, upper, baseline, difference,
        difference_lower, difference_upper, p, p_adjusted, status, n, marks``. ``status`` is ``"alert"`` where the
        condition holds beyond doubt, ``"could be chance"`` or, with few customers, ``"too little data"`` where it
        holds but may be chance, ``"ok"`` where it does not hold, and ``"not measured"`` without visits.

    Raises
    ------
    InputError
        When a rule cannot be read, names an unknown item, or compares and there is no baseline.

    Notes
    -----
    p values are adjusted by Holm over all rows, so that many rules do not make many false alarms.

    Examples
    --------
    >>> import klantreis as kr
    >>> journeys = kr.datasets.webshop().journeys()
    >>> found = kr.alerts(journeys, ["conversion_rate > 10%", "exit_rate(add_to_cart) falls"], since="2025-07-01")
    >>> [(row["rule"], row["status"]) for row in found]
    [('conversion_rate > 0.1', 'alert'), ('exit_rate(add_to_cart) falls', 'alert')]
    """
    journeys = require_journeys(journeys, "alerts")
    conditions = dict(where or {})
    if since is not None and baseline is not None:
        raise InputError("both since and baseline say what to compare with; give one of them")
    moment = None if since is None else instant(since, "since")
    current = _select(journeys, "current", conditions, start=moment)
    compared = None
    if baseline is not None:
        compared = _select(require_journeys(baseline, "alerts"), "baseline", conditions)
    elif moment is not None:
        compared = _select(journeys, f"before {since}", conditions, until=moment)
    return Table(
        _core.alerts(
            current,
            [rules] if isinstance(rules, str) else list(rules),
            baseline=compared,
            by=states,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def _select(
    journeys: Journeys,
    name: str,
    where: Mapping[str, str],
    where_not: Mapping[str, str] | None = None,
    start: int | None = None,
    until: int | None = None,
) -> _core.JourneyGroup:
    return _core.select_journeys(
        journeys._handle,
        name=name,
        where=list(where.items()),
        where_not=list((where_not or {}).items()),
        from_=start,
        until=until,
    )


def two_groups(
    first: Journeys,
    second: Journeys | None,
    by: str | None,
    groups: str | Sequence[str] | None,
    before: Period | None,
    after: Period | None,
    where: Mapping[str, str] | None,
) -> tuple[_core.JourneyGroup, _core.JourneyGroup]:
    """Return the two groups that the arguments describe."""
    first = require_journeys(first, "compare")
    conditions = dict(where or {})
    ways = [second is not None, by is not None, before is not None or after is not None]
    if sum(ways) != 1:
        raise InputError(
            "compare needs to know which groups to compare: give a second set of journeys, by= a label, or before= "
            "and after= periods, and only one of these (where= narrows both groups)"
        )
    if groups is not None and by is None:
        raise InputError("groups are labels of by; say which label with by=")
    if second is not None:
        second = require_journeys(second, "compare")
        return _select(first, "first", conditions), _select(second, "second", conditions)
    if by is not None:
        return _groups_by(first, by, groups, conditions)
    return _periods(first, before, after, conditions)


def _groups_by(
    journeys: Journeys, by: str, groups: str | Sequence[str] | None, where: Mapping[str, str]
) -> tuple[_core.JourneyGroup, _core.JourneyGroup]:
    if isinstance(groups, str):
        others = _select(journeys, f"not {groups}", where, where_not={by: groups})
        return others, _select(journeys, groups, {**where, by: groups})
    if groups is None:
        found = [label for label, _ in _core.first_labels(journeys._handle, by)]
        if len(found) != 2:
            shown = ", ".join(repr(label) for label in found[:10]) + (", …" if len(found) > 10 else "")
            raise InputError(
                f"the journeys have {len(found)} labels by {by!r} ({shown}); name two of them with groups=, or one, "
                "which is then compared with all others"
            )
        groups = sorted(found)
    if len(groups) != 2:
        raise InputError(f"groups is {groups!r}; name two labels, or one, which is compared with all others")
    a, b = groups
    return _select(journeys, a, {**where, by: a}), _select(journeys, b, {**where, by: b})


def _periods(
    journeys: Journeys, before: Period | None, after: Period | None, where: Mapping[str, str]
) -> tuple[_core.JourneyGroup, _core.JourneyGroup]:
    earlier = before if isinstance(before, tuple) else (None, before)
    later = after if isinstance(after, tuple) else (after, None)
    if before is None:
        earlier = (None, later[0])
    if after is None:
        later = (earlier[1], None)
    return _period(journeys, "before", earlier, where), _period(journeys, "after", later, where)


def _period(journeys: Journeys, role: str, period: tuple[Any, ...], where: Mapping[str, str]) -> _core.JourneyGroup:
    if len(period) != 2:
        raise InputError(f"{role} is {period!r}; give an instant, or (from, until)")
    start, until = period
    if start is None and until is None:
        raise InputError(f"{role} has no bounds, so both groups would be the same; give an instant, or (from, until)")
    name = f"before {until}" if start is None else f"from {start}" if until is None else f"{start} to {until}"
    return _select(
        journeys,
        name,
        where,
        start=None if start is None else instant(start, role),
        until=None if until is None else instant(until, role),
    )


def _steps(steps: Sequence[str | Iterable[str]] | None) -> list[list[str]]:
    if isinstance(steps, str):
        raise InputError(f"the steps of a funnel are {steps!r}; give a list of names, as in [{steps!r}]")
    return [[step] if isinstance(step, str) else list(step) for step in steps or ()]
