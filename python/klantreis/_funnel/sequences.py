# SPDX-License-Identifier: MIT
"""Patterns of events and retention as ClickHouse defines them."""

from __future__ import annotations

from collections.abc import Sequence

from klantreis import _core
from klantreis._core import InputError
from klantreis._funnel.request import Step, Unit, listed, request, require_source
from klantreis._journeys import Journeys
from klantreis._log import Log
from klantreis._table import Table


def sequence_match(
    journeys: Journeys | Log,
    pattern: str,
    conditions: Sequence[Step],
    *,
    by: str = "touchpoint",
    unit: Unit = "customer",
    threads: int | None = None,
) -> Table:
    """Find the customers whose events contain a pattern.

    Parameters
    ----------
    journeys
        Journeys or a log.
    pattern
        ``(?1)`` stands for an event that meets the first condition, ``.`` for any event, ``.*`` for any number of them,
        and ``(?t<=3600)`` between two events for the seconds between them (``<  <=  >  >=  ==``), whatever stands
        there. Events that meet no condition are not seen.
    conditions
        What ``(?1)``, ``(?2)`` … mean, each a step as in :func:`klantreis.funnel`; at most 32.
    by
        What the names are: ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    unit
        ``"customer"`` or ``"journey"``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``customer, matched, count, prefix``: whether the pattern occurs (``sequenceMatch`` of ClickHouse), how often
        without overlap (``sequenceCount``), and how many of its conditions the longest beginning meets. The number of
        those that match stands in ``options["matching"]``.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-01", "2024-03-09"]
    >>> log = kr.read({"customer_id": [1, 1, 2, 2], "timestamp": days, "touchpoint": ["view", "order"] * 2})
    >>> kr.sequence_match(log, "(?1)(?t<=172800)(?2)", ["view", "order"])["matched"]
    [True, False]
    """
    source = require_source(journeys, "sequence_match")
    if not isinstance(pattern, str):
        raise InputError(f"the pattern is {pattern!r}; write a text such as '(?1).*(?2)'")
    return Table(
        _core.sequence_matches(source._handle, pattern, request(listed(conditions), by=by, unit=unit, threads=threads))
    )


def sequence_count(
    journeys: Journeys | Log,
    pattern: str,
    conditions: Sequence[Step],
    *,
    by: str = "touchpoint",
    unit: Unit = "customer",
    threads: int | None = None,
) -> int:
    """Count the occurrences of a pattern that do not overlap, over all customers.

    The arguments are those of :func:`klantreis.sequence_match`, which gives the count of each customer.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = [f"2024-03-0{day}" for day in range(1, 5)]
    >>> log = kr.read({"customer_id": [1] * 4, "timestamp": days, "touchpoint": ["view", "order"] * 2})
    >>> kr.sequence_count(log, "(?1)(?2)", ["view", "order"])
    2
    """
    require_source(journeys, "sequence_count")
    return sum(sequence_match(journeys, pattern, conditions, by=by, unit=unit, threads=threads)["count"])


def retention(
    journeys: Journeys | Log,
    conditions: Sequence[Step],
    *,
    by: str = "touchpoint",
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Count who met a first condition, and who of them met each of the others, in whatever order.

    Parameters
    ----------
    journeys
        Journeys or a log.
    conditions
        Each a step as in :func:`klantreis.funnel`; at most 32.
    by
        What the names are: ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    level
        The coverage of the intervals.
    min_n
        Rates of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``condition, label, count, n, rate, lower, upper, marks``: the sums of ``retention`` of ClickHouse. ``rate`` is
        the share of those who met the first condition, for the first one of all.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-01"]
    >>> log = kr.read({"customer_id": [1, 1, 2], "timestamp": days, "touchpoint": ["order", "visit", "visit"]})
    >>> kr.retention(log, ["visit", "order"])["count"]
    [2, 1]
    """
    source = require_source(journeys, "retention")
    asked = request(listed(conditions), by=by, level=level, min_n=min_n, threads=threads)
    return Table(_core.retention(source._handle, asked))
