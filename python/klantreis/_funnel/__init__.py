# SPDX-License-Identifier: MIT
"""Funnels: how far customers come along given steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from klantreis import _core
from klantreis._duration import DurationLike
from klantreis._funnel.request import Dialect, Entry, Order, Repeats, Step, Steps, Unit, request, require_source
from klantreis._journeys import Journeys
from klantreis._log import Log
from klantreis._table import Table


def funnel(
    journeys: Journeys | Log,
    steps: Steps,
    *,
    window: DurationLike | None = None,
    by: str = "touchpoint",
    order: Order = "ordered",
    per_step_window: DurationLike | Sequence[DurationLike | None] | None = None,
    exclude: Step | tuple[Step, int, int] | Sequence[Step | tuple[Step, int, int]] | None = None,
    optional: int | Iterable[int] = (),
    repeats: Repeats = "distinct",
    unit: Unit = "customer",
    entry: Entry = "latest",
    dialect: Dialect | None = None,
    modes: str | Iterable[str] | None = None,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Count how many customers reach each step, and how long they take.

    Parameters
    ----------
    journeys
        Journeys or a log. All events of a customer count, also beyond the cuts of journeys; of journeys those up to
        their ``observed_until``.
    steps
        The steps in order. A step is a name; a condition on columns, such as ``{"phase": "purchase"}``,
        ``{"touchpoint": "order", "value": (">=", 50)}`` or ``{"device": ["mobile", "tablet"]}``, all of which must
        hold (signs: ``=  !=  in  not in  <  <=  >  >=``); or a list of names and conditions of which any counts.
        Instead of a list a path pattern, such as ``"view ->>{<1d, no support} cart ->> order within 7d"``: ``->>``
        between steps means some time after, ``->`` between all of them ``order="strict"``; limits of time become
        windows. :func:`klantreis.match` takes patterns that say more.
    window
        The longest time from the first step to the last, inclusive, such as ``"7d"``. None: no limit.
    by
        What the names of steps are: ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    order
        ``"ordered"``: one after the other, other events may stand between. ``"strict"``: one directly after the other.
        ``"any"``: in whatever order; step k then means k steps done. ``"open"``: each step by itself.
    per_step_window
        The longest time from each step to the next, inclusive: one for all, or a list with one for each step but the
        first (None: no limit).
    exclude
        Events that may not stand between the steps: a step, a list of steps, or ``(step, after, before)`` with two
        steps counted from 1, as in ``("refund", 2, 3)``.
    optional
        Steps, counted from 1, that may be passed over. The rate of the step after one is that from the step before it.
    repeats
        ``"distinct"``: each step takes an event of its own. ``"reuse"``: one event may fill several steps.
    unit
        ``"customer"``, or ``"journey"``: each journey by itself, its conversion included.
    entry
        Whose times are shown: of the chain that reaches the deepest step first and starts ``"latest"``, or of the one
        that starts ``"earliest"``. Counts are the same.
    dialect
        The definition of another tool: ``"clickhouse"``, ``"posthog"``, ``"retentioneering"``, ``"ga4"``,
        ``"plausible"`` or ``"umami"``. None: this project's own.
    modes
        Modes of the dialect: of ClickHouse ``strict_order``, ``strict_deduplication``, ``strict_increase``,
        ``strict_once`` and ``allow_reentry``; of PostHog ``strict`` and ``unordered``; of retentioneering ``closed``,
        ``open`` and ``hybrid`` (version 3; without a mode: version 5); of GA4 ``open`` and ``directly``; of Plausible
        ``strict``.
    level
        The coverage of the intervals.
    min_n
        Rates of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        One row per step: ``step, label, count, n, lost, rate, rate_lower, rate_upper, rate_from_first,
        rate_from_first_lower, rate_from_first_upper, median_time, p25_time, p75_time, p90_time,
        median_time_from_first, marks``. ``rate`` is ``count`` by the count of the step before, at step 1 by all;
        ``n`` is the customers behind it; ``rate_from_first`` is the share of those at step 1; ``lost`` are those who
        reached the step and not the next one. Times are in seconds.

    Raises
    ------
    InputError
        When there are no steps or more than 64, no event carries the name of a step, a window is asked of a log
        without time, or the dialect does not know an option.

    Notes
    -----
    A customer reaches step k with k different events that match steps 1 to k in the order of the log, the last at most
    ``window`` after the first. The times between steps are those of the chain of events that first reached the
    customer's deepest step; of several such chains, the one that starts last. An excluded event ends a chain that
    stands between its two steps; under PostHog's definition it removes the customer from every step. Intervals are
    Wilson's for shares of customers, and by customers for shares of journeys; quantiles are of type 7.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-01", "2024-03-09", "2024-03-05"]
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2, 3], "timestamp": days,
    ...                "touchpoint": ["view", "cart", "order", "view", "cart", "visit"]})
    >>> found = kr.funnel(log, ["view", "cart", "order"], window="7d")
    >>> found["count"], found["lost"]
    ([2, 1, 1], [1, 0, 0])
    >>> found["median_time"]
    [None, 86400.0, 86400.0]
    >>> kr.funnel(log, "view ->> cart ->> order within 7d")["count"]
    [2, 1, 1]
    >>> kr.funnel(log, ["order", "view"], order="any")["count"]
    [2, 1]
    >>> kr.funnel(log, ["view", "cart", "order"], dialect="clickhouse", modes="strict_order")["count"]
    [2, 2, 1]
    """
    source = require_source(journeys, "funnel")
    asked = request(
        steps,
        window=window,
        by=by,
        order=order,
        per_step_window=per_step_window,
        exclude=exclude,
        optional=optional,
        repeats=repeats,
        unit=unit,
        entry=entry,
        dialect=dialect,
        modes=modes,
        level=level,
        min_n=min_n,
        threads=threads,
    )
    return Table(_core.funnel(source._handle, asked))
