# SPDX-License-Identifier: MIT
"""What two groups of journeys do otherwise: steps, flow and sequences, each difference with its test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klantreis import _core
from klantreis._arguments import one_of, thread_count, whole_number
from klantreis._around import WHICH, names
from klantreis._compare import two_groups
from klantreis._sequences import ADJUSTMENTS, mining
from klantreis._table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from klantreis._around import Which
    from klantreis._compare import Period
    from klantreis._duration import DurationLike
    from klantreis._journeys import Journeys
    from klantreis._sequences import Adjustment


def compare_steps(
    first: Journeys,
    second: Journeys | None = None,
    *,
    by: str | None = None,
    groups: str | Sequence[str] | None = None,
    before: Period | None = None,
    after: Period | None = None,
    where: Mapping[str, str] | None = None,
    at: str = "(start)",
    steps_before: int = 5,
    steps_after: int = 5,
    which: Which = "first",
    threshold: float = 0.0,
    targets: str | Sequence[str] = (),
    adjust: Adjustment = "holm",
    states: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Compare where the journeys of two groups stand around a touchpoint.

    Parameters
    ----------
    first, second, by, groups, before, after, where
        Which groups, as in :func:`klantreis.compare`.
    at, steps_before, steps_after, which, threshold, targets
        Which steps, as in :func:`klantreis.steps_around`.
    adjust
        How p values are adjusted for their number: ``"holm"`` or ``"benjamini_hochberg"``.
    states
        What the items are: ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute.
    collapse
        Merge immediate repeats; phases always do.
    level
        The coverage of the intervals.
    min_n
        Shares of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``step, label, first, …, second, …, difference, lower, upper, p, p_adjusted, n_first, n_second, marks``. The
        difference is second less first.

    Notes
    -----
    Customers are the independent units: separate ones are compared by square-and-add of their intervals, those in both
    groups are matched. An association is not an effect.

    Examples
    --------
    >>> import klantreis as kr
    >>> journeys = kr.datasets.webshop().journeys()
    >>> found = kr.compare_steps(journeys, before="2025-07-01", steps_before=0, steps_after=3)
    >>> row = max(found, key=lambda row: abs(row["difference"]))
    >>> row["lower"] <= row["difference"] <= row["upper"]
    True
    """
    a, b = two_groups(first, second, by, groups, before, after, where)
    return Table(
        _core.compare_steps(
            a,
            b,
            at=at,
            before=whole_number(steps_before, "steps_before", 0),
            after=whole_number(steps_after, "steps_after", 0),
            which=one_of(which, "which", WHICH),
            threshold=threshold,
            targets=names(targets),
            by=states,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            adjust=one_of(adjust, "adjust", ADJUSTMENTS),
            threads=thread_count(threads),
        )
    )


def compare_flow(
    first: Journeys,
    second: Journeys | None = None,
    *,
    by: str | None = None,
    groups: str | Sequence[str] | None = None,
    before: Period | None = None,
    after: Period | None = None,
    where: Mapping[str, str] | None = None,
    at: str = "(start)",
    steps_before: int = 3,
    steps_after: int = 3,
    which: Which = "first",
    threshold: float = 0.0,
    adjust: Adjustment = "holm",
    states: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Compare how the journeys of two groups move around a touchpoint.

    Parameters
    ----------
    first, second, by, groups, before, after, where
        Which groups, as in :func:`klantreis.compare`.
    at, steps_before, steps_after, which, threshold
        Which steps, as in :func:`klantreis.flow_around`.
    adjust
        How p values are adjusted for their number: ``"holm"`` or ``"benjamini_hochberg"``.
    states
        What the items are: ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute.
    collapse
        Merge immediate repeats; phases always do.
    level
        The coverage of the intervals.
    min_n
        Shares of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``step, from, to, first, …, second, …, difference, lower, upper, p, p_adjusted, n_first, n_second, marks``.

    Examples
    --------
    >>> import klantreis as kr
    >>> journeys = kr.datasets.webshop().journeys()
    >>> found = kr.compare_flow(journeys, before="2025-07-01", steps_before=0, steps_after=2)
    >>> found.columns[:4]
    ['step', 'from', 'to', 'first']
    """
    a, b = two_groups(first, second, by, groups, before, after, where)
    return Table(
        _core.compare_flow(
            a,
            b,
            at=at,
            before=whole_number(steps_before, "steps_before", 0),
            after=whole_number(steps_after, "steps_after", 0),
            which=one_of(which, "which", WHICH),
            threshold=threshold,
            targets=[],
            by=states,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            adjust=one_of(adjust, "adjust", ADJUSTMENTS),
            threads=thread_count(threads),
        )
    )


def compare_sequences(
    first: Journeys,
    second: Journeys | None = None,
    *,
    by: str | None = None,
    groups: str | Sequence[str] | None = None,
    before: Period | None = None,
    after: Period | None = None,
    where: Mapping[str, str] | None = None,
    min_support: float = 0.01,
    min_length: int = 2,
    max_length: int = 3,
    max_gap: int | None = None,
    max_gap_time: DurationLike | None = None,
    within: DurationLike | None = None,
    closed: bool = False,
    adjust: Adjustment = "holm",
    limit: int | None = None,
    states: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Compare which sequences the journeys of two groups contain.

    Parameters
    ----------
    first, second, by, groups, before, after, where
        Which groups, as in :func:`klantreis.compare`.
    min_support, min_length, max_length, max_gap, max_gap_time, within, closed, adjust, limit
        Which sequences, as in :func:`klantreis.frequent_sequences`; the support is that in both groups together.
    states
        What the items are: ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute.
    collapse
        Merge immediate repeats; phases always do.
    level
        The coverage of the intervals.
    min_n
        Shares of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        The columns of :func:`klantreis.frequent_sequences` up to ``lift``, then ``first, …, second, …, difference,
        lower, upper, p, p_adjusted, n_first, n_second, marks``; smallest p first.

    Examples
    --------
    >>> import klantreis as kr
    >>> journeys = kr.datasets.webshop().journeys()
    >>> found = kr.compare_sequences(journeys, before="2025-07-01", min_support=0.05, limit=5)
    >>> found["p"] == sorted(found["p"])
    True
    """
    a, b = two_groups(first, second, by, groups, before, after, where)
    return Table(
        _core.compare_sequences(
            a,
            b,
            **mining(
                min_support, min_length, max_length, max_gap, max_gap_time, within, closed, adjust, limit, states,
                collapse, level, min_n, threads,
            ),
        )
    )  # fmt: skip
