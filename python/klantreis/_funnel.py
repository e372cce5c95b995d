# SPDX-License-Identifier: MIT
"""Funnels: how far customers come along given steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from klantreis import _core
from klantreis._arguments import thread_count
from klantreis._core import InputError
from klantreis._duration import DurationLike, microseconds
from klantreis._journeys import Journeys
from klantreis._log import Log
from klantreis._table import Table


def funnel(
    journeys: Journeys | Log,
    steps: Sequence[str | Iterable[str]],
    *,
    window: DurationLike | None = None,
    by: str = "touchpoint",
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
        The steps in order, each a name, or several names of which any counts: ``["view", "cart", ["order", "call"]]``.
    window
        The longest time from the first step to the last, inclusive, such as ``"7d"``. None: no limit.
    by
        What the steps name: ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    level
        The coverage of the intervals.
    min_n
        Rates of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        One row per step: ``step, label, count, n, rate, rate_lower, rate_upper, rate_from_first,
        rate_from_first_lower, rate_from_first_upper, median_time, p25_time, p75_time, p90_time,
        median_time_from_first, marks``. ``rate`` is ``count / n``, where ``n`` is the count of the step before and at
        step 1 the number of customers; ``rate_from_first`` is the share of those at step 1. Times are in seconds.

    Raises
    ------
    InputError
        When there are no steps or more than 64, no event carries the name of a step, or a window is asked of a log
        without time.

    Notes
    -----
    A customer reaches step k with k different events that match steps 1 to k in the order of the log, the last at most
    ``window`` after the first. The times between steps are those of the chain of events that first reached the
    customer's deepest step; of several such chains, the one that starts last. Intervals are Wilson's, quantiles of
    type 7.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-01", "2024-03-09", "2024-03-05"]
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2, 3], "timestamp": days,
    ...                "touchpoint": ["view", "cart", "order", "view", "cart", "visit"]})
    >>> found = kr.funnel(log, ["view", "cart", "order"], window="7d")
    >>> found["count"], found["n"]
    ([2, 1, 1], [3, 2, 1])
    >>> found["median_time"]
    [None, 86400.0, 86400.0]
    """
    if not isinstance(journeys, (Journeys, Log)):
        raise InputError(
            f"funnel takes Journeys or a Log, not {type(journeys).__name__}; read events with klantreis.read"
        )
    if isinstance(steps, str):
        raise InputError(f"the steps of a funnel are {steps!r}; give a list of names, as in [{steps!r}]")
    return Table(
        _core.funnel(
            journeys._handle,
            [_names(place, step) for place, step in enumerate(steps, 1)],
            window=None if window is None else microseconds(window, "window"),
            by=by,
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def _names(place: int, step: str | Iterable[str]) -> list[str]:
    names = [step] if isinstance(step, str) else list(step) if isinstance(step, Iterable) else [step]
    for name in names:
        if not isinstance(name, str):
            raise InputError(
                f"step {place} of the funnel is {name!r}; give a name, or a list of names of which any counts"
            )
    return names
