# SPDX-License-Identifier: MIT
"""Time: how long journeys take, and what becomes of them in time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from klantreis import _core
from klantreis._arguments import require_journeys, thread_count, whole_number
from klantreis._core import InputError
from klantreis._duration import DurationLike, InstantLike, instant, microseconds
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._journeys import Journeys

Outcome = Literal["conversion", "exit", "move", "any"]
_CAUSES = {"open": 0, "conversion": 1, "exit": 2, "move": 3}


class Spells:
    """Stretches of waiting and how they ended; made by :func:`klantreis.spells`."""

    __slots__ = ("_handle",)

    def __init__(self, handle: _core.SpellSet) -> None:
        self._handle = handle


class Survival(Table):
    """The result of :func:`klantreis.survival`: a table that can be asked for quantiles."""

    __slots__ = ("_level", "_min_n", "_spells")

    def __init__(self, spells: _core.SpellSet, at: list[float], level: float, min_n: float) -> None:
        super().__init__(_core.survival(spells, at=at, level=level, min_n=min_n))
        self._spells = spells
        self._level = level
        self._min_n = min_n

    def quantiles(self, shares: Iterable[float] = (0.25, 0.5, 0.75)) -> Table:
        """Return the time by which given shares have ended, and by which they have converted or left.

        Parameters
        ----------
        shares
            The shares, between 0 and 1.

        Returns
        -------
        Table
            ``outcome, share, time, lower, upper, n, marks`` behind the labels of the groups; ``outcome`` is
            ``ended``, ``converted``, ``left`` or ``moved``. Null where so many never do within the observation.

        Notes
        -----
        The bounds are the times at which the bounds of the curve cross the share (Brookmeyer and Crowley 1982).

        Examples
        --------
        >>> import klantreis as kr
        >>> waits = kr.spells([6, 7, 10, 13, 16], ["conversion"] * 5)
        >>> kr.survival(waits).quantiles([0.5])["time"][0]
        10.0
        """
        wanted = [float(share) for share in shares]
        return Table(_core.survival_quantiles(self._spells, shares=wanted, level=self._level, min_n=self._min_n))


class LogRank(Table):
    """The result of :func:`klantreis.log_rank`: the test in one row, with the table :attr:`groups` beside it."""

    __slots__ = ("_groups",)

    def __init__(self, core: _core.Table, groups: _core.Table) -> None:
        super().__init__(core)
        self._groups = Table(groups)

    @property
    def groups(self) -> Table:
        """One row per group: journeys, customers, events, the events expected under one hazard, and their ratio."""
        return self._groups


def spells(
    times: Sequence[float],
    outcomes: Sequence[str] | Sequence[bool],
    *,
    customers: Sequence[Any] | None = None,
    groups: Sequence[Any] | None = None,
) -> Spells:
    """Take times of waiting from elsewhere, for :func:`survival` and :func:`log_rank`.

    Parameters
    ----------
    times
        How long each spell lasted, in seconds or any other unit.
    outcomes
        How it ended: ``"conversion"``, ``"exit"``, ``"move"``, or ``"open"`` where it had not ended when the
        observation did. Or True for ``"conversion"`` and False for ``"open"``.
    customers
        Whose it was, where customers have several; default: each has one.
    groups
        Its group, where groups are compared.

    Returns
    -------
    Spells

    Raises
    ------
    InputError
        When the lengths differ, a time is negative or not finite, or an outcome is unknown.

    Examples
    --------
    >>> import klantreis as kr
    >>> weeks = kr.spells([6, 6, 9, 10], ["conversion", "open", "exit", "conversion"])
    >>> [round(share, 4) for share in kr.survival(weeks)["converted"]]
    [0.25, 0.25, 0.625]
    """
    lengths = [float(time) for time in times]
    for name, column in (("outcomes", outcomes), ("customers", customers), ("groups", groups)):
        if column is not None and len(column) != len(lengths):
            raise InputError(f"there are {len(lengths)} times but {len(column)} {name}; give one for each")
    for place, time in enumerate(lengths):
        if not (time >= 0) or math.isinf(time):
            raise InputError(f"time {place} (counted from 0) is {time}; give a number of 0 or more")
    causes = []
    for place, outcome in enumerate(outcomes):
        cause = _CAUSES.get("conversion" if outcome is True else "open" if outcome is False else str(outcome))
        if cause is None:
            raise InputError(
                f"outcome {place} (counted from 0) is {outcome!r}; known are "
                + ", ".join(repr(name) for name in _CAUSES)
                + ", True and False"
            )
        causes.append(cause)
    numbers: dict[Any, int] = {}
    owners = (
        list(range(len(lengths)))
        if customers is None
        else [numbers.setdefault(customer, len(numbers)) for customer in customers]
    )
    names = [""] * len(lengths) if groups is None else [str(group) for group in groups]
    return Spells(_core.spells(lengths, causes, owners, names))


def _spells_of(
    journeys: Journeys | Spells,
    analysis: str,
    by: str | None,
    until: str,
    segment: str | None,
    threads: int | None,
    began: tuple[InstantLike | None, InstantLike | None] | None = None,
) -> _core.SpellSet:
    if isinstance(journeys, Spells):
        if by is not None or segment is not None or until != "end" or began is not None:
            raise InputError("spells are chosen when they are made; by, until, segment and began are for journeys")
        return journeys._handle
    if began is not None and (isinstance(began, str) or len(began) != 2):
        raise InputError(f"began is {began!r}; give (from, before), each an instant or None")
    bounds = [None if bound is None else instant(bound, "began") for bound in began or (None, None)]
    return _core.collect_spells(
        require_journeys(journeys, analysis)._handle,
        by=by or "",
        until=until,
        segment=segment or "",
        from_=bounds[0],
        before=bounds[1],
        threads=thread_count(threads),
    )


def _seconds(at: Iterable[DurationLike | float]) -> list[float]:
    return [
        float(time) if isinstance(time, (int, float)) else microseconds(time, "at") / 1_000_000
        for time in ([at] if isinstance(at, str) else at)
    ]


def survival(
    journeys: Journeys | Spells,
    *,
    by: str | None = None,
    until: Literal["end", "leaving"] = "end",
    segment: str | None = None,
    at: Iterable[DurationLike | float] | None = None,
    began: tuple[InstantLike | None, InstantLike | None] | None = None,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Survival:
    """Show what becomes of journeys in time: the shares that still go on, have converted and have left.

    Parameters
    ----------
    journeys
        The journeys to analyse, open ones too; or :func:`spells`.
    by
        Start a clock where a journey comes to each ``"phase"``, ``"touchpoint"``, ``"channel"`` or attribute value.
        None: one clock, at the start of the journey.
    until
        ``"end"``: the clock runs until the journey converts or is left, from the first time it came to the item.
        ``"leaving"``: until the item is left, for each visit; then moving on to another item is an outcome too.
    segment
        A label of the log that tells groups of journeys apart, by its value at their first event.
    at
        Times such as ``"7d"``, or numbers of seconds, at which the curves are read. None: every time at which
        something happened.
    began
        Only journeys whose first event lies at the first of two instants or later, and before the second; None: no
        bound.
    level
        The coverage of the intervals.
    min_n
        Rows with fewer customers still under observation are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Survival
        The labels that were asked for, ``time`` in seconds, ``at_risk`` (journeys still observed just before it), ``n``
        (customers among them), ``conversions, exits`` (and ``moves``) since the row before, ``survival``,
        ``converted``, ``left`` (and ``moved``) with ``…_lower`` and ``…_upper``, and ``marks``.
        ``survival + converted + left (+ moved)`` is 1; they are null at times that no journey was observed for.

    Raises
    ------
    InputError
        When the log has no time or lacks a label, or the journeys go on after their conversion.

    Notes
    -----
    Kaplan-Meier for ``survival``, Aalen-Johansen for the outcomes, which compete: one minus a Kaplan-Meier curve that
    takes those who left for censored is no probability. With an inactivity I and an observation until T a journey
    counts when it starts at T − I or before, and is censored there: exits are known only after I, and this way growth
    does not bias the curves. Without an inactivity nothing is censored. Intervals are log-log, with the spells of a
    customer added up before they are squared.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2, 2, 3], "touchpoint": ["visit", "order", "visit", "visit", "visit"],
    ...                "timestamp": ["2024-03-01", "2024-03-03", "2024-03-01", "2024-03-05", "2024-03-02"]})
    >>> found = kr.survival(kr.journeys(log, conversion="order"), at=["1d", "2d", "4d"])
    >>> for row in found:
    ...     print(f"{row['time'] / 86400:.0f} d  {row['survival']:.3f} {row['converted']:.3f} {row['left']:.3f}")
    1 d  0.667 0.000 0.333
    2 d  0.333 0.333 0.333
    4 d  0.000 0.333 0.667
    """
    handle = _spells_of(journeys, "survival", by, until, segment, threads, began)
    return Survival(handle, [] if at is None else _seconds(at), level, float(min_n))


def log_rank(
    journeys: Journeys | Spells,
    *,
    segment: str | None = None,
    by: str | None = None,
    until: Literal["end", "leaving"] = "end",
    outcome: Outcome = "conversion",
    threads: int | None = None,
) -> LogRank:
    """Test whether groups differ in how fast their journeys convert, or end otherwise.

    Parameters
    ----------
    journeys
        The journeys to analyse; or :func:`spells` with groups.
    segment, by, until
        The groups, as in :func:`survival`.
    outcome
        ``"conversion"``, ``"exit"``, ``"move"`` or ``"any"``: the end that is compared. Other ends count as censoring,
        so cause-specific hazards are compared.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    LogRank
        One row: ``statistic`` (chi-squared), ``df``, ``p_value``, ``n`` customers, ``variance``. ``.groups`` has the
        events of each group beside those expected.

    Notes
    -----
    ``variance`` is ``hypergeometric``, as in textbooks, where every customer has one spell, and ``customers`` where
    some have several: then the residuals of a customer are added up before they are squared.

    Examples
    --------
    >>> import klantreis as kr
    >>> treated = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    >>> ended = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    >>> placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    >>> weeks = kr.spells(treated + placebo, [end == 1 for end in ended] + [True] * 21,
    ...                   groups=["6-MP"] * 21 + ["placebo"] * 21)
    >>> round(kr.log_rank(weeks)["statistic"][0], 3)  # Freireich and others 1963
    16.793
    """
    handle = _spells_of(journeys, "log_rank", by, until, segment, threads)
    return LogRank(*_core.log_rank(handle, outcome=outcome))


def cohort_rate(
    journeys: Journeys,
    *,
    within: DurationLike | Iterable[DurationLike] = "30d",
    segment: str | None = None,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Share of journeys that convert within a time of their start.

    Parameters
    ----------
    journeys
        The journeys to analyse, open ones too.
    within
        The time, or several: ``"30d"``, ``["7d", "30d"]``.
    segment
        A label of the log that tells groups of journeys apart, by its value at their first event.
    level
        The coverage of the intervals.
    min_n
        Rates of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        The segment where asked for, ``within`` in seconds, ``journeys, n, conversions, rate, lower, upper,
        too_recent, marks``. ``too_recent`` counts the journeys that started too late to show it.

    Notes
    -----
    Counted are journeys that start at T − ``within``, less the inactivity if there is one, or before; T is the end of
    the observation. Growth and the beginning of the log do not bias this rate, as they can bias that of settled
    journeys.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2, 2, 3], "touchpoint": ["visit", "order", "visit", "order", "visit"],
    ...                "timestamp": ["2024-03-01", "2024-03-03", "2024-03-02", "2024-03-15", "2024-03-20"]})
    >>> found = kr.cohort_rate(kr.journeys(log, conversion="order"), within=["7d", "14d"])
    >>> [(row["journeys"], row["conversions"], row["too_recent"]) for row in found]
    [(2, 1, 1), (2, 2, 1)]
    """
    horizons = [within] if isinstance(within, str) or not isinstance(within, Iterable) else list(within)
    return Table(
        _core.cohort_rate(
            require_journeys(journeys, "cohort_rate")._handle,
            within=[microseconds(length, "within") for length in horizons],
            segment=segment or "",
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def return_cohorts(
    journeys: Journeys,
    *,
    period: DurationLike = "7d",
    periods: int | None = 12,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Customers by the period of their first event, and how many of them came again in the periods after it.

    Parameters
    ----------
    journeys
        The journeys to analyse, open ones too.
    period
        The length of a period. Periods of whole weeks begin on a Monday, others count from 1970-01-01 UTC.
    periods
        How many periods after the first are listed; None: all.
    level
        The coverage of the intervals.
    min_n
        Shares of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``cohort`` (the beginning of its period), ``period`` (0 for the first), ``customers`` of the cohort,
        ``returned``: those with an event in the period, ``share, lower, upper`` (Wilson), ``complete``: the period ends
        before the observation does, ``marks``.

    Notes
    -----
    Customers who came before the log begins count as new in its first periods, so its first cohorts look more faithful
    than later ones.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2, 3], "touchpoint": ["visit", "visit", "visit", "visit"],
    ...                "timestamp": ["2024-03-04", "2024-03-12", "2024-03-05", "2024-03-13"]})
    >>> for row in kr.return_cohorts(kr.journeys(log)):
    ...     print(row["cohort"][:10], row["period"], row["customers"], row["returned"])
    2024-03-04 0 2 2
    2024-03-04 1 2 1
    2024-03-11 0 1 1
    """
    if periods is not None and periods < 0:
        raise _core.InputError(f"periods is {periods}; give the number of periods to list, or None for all")
    return Table(
        _core.return_cohorts(
            require_journeys(journeys, "return_cohorts")._handle,
            period=microseconds(period, "period"),
            periods=periods,
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def durations(
    journeys: Journeys,
    *,
    of: Literal["journeys", "conversions", "visits", "transitions"] = "journeys",
    by: str = "touchpoint",
    collapse: bool = False,
    segment: str | None = None,
    quantiles: Iterable[float] = (0.25, 0.5, 0.75, 0.9),
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Mean and quantiles of how long settled journeys, their visits or their transitions take.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    of
        ``"journeys"``: from the first to the last event, of those that converted and those that were left;
        ``"conversions"``: from the first event to the conversion; ``"visits"``: from coming to an item until the next
        one or the conversion; ``"transitions"``: from one event to the next.
    by
        Of visits and transitions: ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats into one visit; phases always do.
    segment
        A label of the log that tells groups of journeys apart, by its value at their first event.
    quantiles
        The quantiles, between 0 and 1.
    level
        The coverage of the intervals.
    min_n
        Times of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        The segment where asked for; ``outcome``, the item, or ``from`` and ``to``; ``measure`` (``mean``, ``p25``,
        ``median``, …), ``time, lower, upper`` in seconds, ``count`` of times, ``n`` customers, ``marks``.

    Notes
    -----
    Quantiles are of type 7 of Hyndman and Fan with Woodruff's interval; both intervals take customers as independent.
    What has not ended is not in these times: where many journeys are open, see :func:`survival`.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2, 2, 3], "touchpoint": ["visit", "order", "visit", "order", "visit"],
    ...                "timestamp": ["2024-03-01", "2024-03-03", "2024-03-02", "2024-03-08", "2024-03-20"]})
    >>> found = kr.durations(kr.journeys(log, conversion="order"), of="transitions", quantiles=[0.5])
    >>> found.columns[:3], len(found)  # no transition between two touchpoints: the order ends the path
    (['from', 'to', 'measure'], 0)
    >>> kr.durations(kr.journeys(log, conversion="order"), of="conversions", quantiles=[0.5])["time"]
    [345600.0, 345600.0]
    """
    return Table(
        _core.durations(
            require_journeys(journeys, "durations")._handle,
            of=of,
            by=by,
            collapse=bool(collapse),
            segment=segment or "",
            quantiles=[float(q) for q in quantiles],
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def time_to_convert(
    journeys: Journeys,
    *,
    segment: str | None = None,
    quantiles: Iterable[float] = (0.25, 0.5, 0.75, 0.9),
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Mean and quantiles of the time from the start of journeys to their conversion.

    The same as :func:`durations` of ``"conversions"``.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones that converted count.
    segment
        A label of the log that tells groups of journeys apart, by its value at their first event.
    quantiles
        The quantiles, between 0 and 1.
    level
        The coverage of the intervals.
    min_n
        Times of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        The segment where asked for, ``measure, time, lower, upper, count, n, marks``.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2, 2], "touchpoint": ["visit", "order", "visit", "order"],
    ...                "timestamp": ["2024-03-01", "2024-03-03", "2024-03-02", "2024-03-08"]})
    >>> found = kr.time_to_convert(kr.journeys(log, conversion="order"), quantiles=[0.5])
    >>> [(row["measure"], row["time"] / 86400, row["count"]) for row in found]
    [('mean', 4.0, 2), ('median', 4.0, 2)]
    """
    return durations(
        journeys,
        of="conversions",
        segment=segment,
        quantiles=quantiles,
        level=level,
        min_n=min_n,
        threads=threads,
    )


def silence(
    journeys: Journeys,
    *,
    step: DurationLike = "1d",
    steps: int = 30,
    horizon: int = 30,
    after_conversions: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Show how likely a silent customer is to come back, against the length of the silence.

    Parameters
    ----------
    journeys
        Journeys, for their log, their conversions and the end of their observation.
    step
        The length of a step, one row each.
    steps
        The number of rows.
    horizon
        Coming back means within so many steps.
    after_conversions
        Count silences that follow a conversion too.
    level
        The coverage of the intervals.
    min_n
        Rows of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``silence`` in seconds, ``at_risk`` (silences that lasted so long and were observed for one more step), ``n``
        customers, ``ended`` (those that ended in the step), ``hazard`` (ended / at_risk), ``still_silent`` (share of
        silences that last so long), ``returns`` (probability of an event within the horizon), bounds and ``marks``.

    Notes
    -----
    A silence begins at every event and ends at the customer's next one, in whatever journey, so the many short pauses
    inside a visit end in the first step. ``returns`` is ``1 - product(1 - hazard)`` over the horizon; null where nobody
    was observed in one of its steps.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2, 2, 3], "touchpoint": ["visit"] * 5,
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-01", "2024-03-05", "2024-03-08"]})
    >>> found = kr.silence(kr.journeys(log), steps=4, horizon=2)
    >>> found["at_risk"], found["ended"]
    ([4, 4, 3, 2], [0, 1, 0, 0])
    """
    return Table(
        _core.silence(
            require_journeys(journeys, "silence")._handle,
            step=microseconds(step, "step"),
            steps=whole_number(steps, "steps", 1),
            horizon=whole_number(horizon, "horizon", 1),
            after_conversions=bool(after_conversions),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def expected_times(
    journeys: Journeys, *, by: str = "phase", collapse: bool = False, level: float = 0.95, min_n: int = 30
) -> Table:
    """Show where the time of journeys goes, and how long they still take from each phase on.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    by
        ``"phase"``, ``"touchpoint"``, ``"channel"`` or an attribute of the log.
    collapse
        Merge immediate repeats into one visit; phases always do.
    level
        The coverage of the intervals.
    min_n
        Items that fewer customers visited are marked ``few_customers``.

    Returns
    -------
    Table
        ``(start)`` first, then by time: the item, ``visits, n, visits_per_journey, time_per_visit, time`` (in the item
        per journey; of ``(start)`` that of the whole journey), ``time_to_end`` (from a visit until the journey ends),
        with ``…_lower`` and ``…_upper``, in seconds, and ``marks``.

    Notes
    -----
    A semi-Markov chain of order 1: the time to the end from state s is the sum over i of ``N_si`` times the mean time
    of a visit of i, with N the expected visits. From the start it is exactly the mean duration. A visit lasts until the
    next item or the conversion, a last one until its last event.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2], "touchpoint": ["view", "cart", "order", "view", "cart"],
    ...                "timestamp": ["2024-03-01", "2024-03-03", "2024-03-04", "2024-03-02", "2024-03-08"]})
    >>> found = kr.expected_times(kr.journeys(log, conversion="order"), by="touchpoint")
    >>> [(row["touchpoint"], row["time"] / 86400, row["time_to_end"] / 86400) for row in found]
    [('(start)', 4.5, 4.5), ('view', 4.0, 4.5), ('cart', 0.5, 0.5)]
    """
    return Table(
        _core.expected_times(
            require_journeys(journeys, "expected_times")._handle,
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
        )
    )
