# SPDX-License-Identifier: MIT
"""Moves between touchpoints with all their weights, hand-offs, what comes later, and what is done again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klantreis import _core
from klantreis._arguments import require_journeys, thread_count
from klantreis._table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klantreis._journeys import Journeys


def edge_weights(
    journeys: Journeys,
    *,
    quantiles: Sequence[float] = (0.5, 0.95),
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Weigh the moves from state to state in every way that graphs of them are drawn with.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    quantiles
        Which quantiles of the times to show.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    level
        The coverage of the intervals.
    min_n
        Probabilities of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``from, to, count, journeys, n, share, per_journey, probability, lower, upper, probability_in, mean_time,
        sd_time, min_time, max_time, total_time, median_time, p95_time, marks``, most frequent first. ``journeys`` made
        the move, ``share`` is of all moves, ``probability`` of those that leave ``from`` (where ``n`` customers were),
        ``probability_in`` of those that enter ``to``. Times are seconds from event to event, null at states.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2],
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-05", "2024-03-08"],
    ...                "touchpoint": ["search", "view", "order", "search", "view"]})
    >>> found = kr.edge_weights(kr.journeys(log, conversion="order"), quantiles=[0.5, 0.9])
    >>> row = next(row for row in found if row["from"] == "search")
    >>> row["to"], row["count"], row["median_time"] / 86400, round(row["p90_time"] / 86400, 6)
    ('view', 2, 2.0, 2.8)
    """
    return Table(
        _core.edge_weights(
            require_journeys(journeys, "edge_weights")._handle,
            quantiles=[float(q) for q in quantiles],
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def hand_offs(
    journeys: Journeys,
    *,
    by: str = "touchpoint",
    quantiles: Sequence[float] = (0.5, 0.95),
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Count the hand-offs from one touchpoint, agent or any other label to another.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log, such as the agent. Events without one
        are skipped.
    quantiles
        Which quantiles of the times to show.
    level
        The coverage of the intervals.
    min_n
        Probabilities of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        Columns as of :func:`klantreis.edge_weights`, without states and repeats: ``share`` is of all hand-offs, times
        are from the last event of one to the first of the other. ``options["journeys_with_hand_off"]`` counts journeys.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-04"],
    ...                "touchpoint": ["call", "wait", "mail"], "agent": ["Ann", None, "Bo"]}, attributes=["agent"])
    >>> found = kr.hand_offs(kr.journeys(log), by="agent")
    >>> [(row["from"], row["to"], row["count"], row["median_time"]) for row in found]
    [('Ann', 'Bo', 1, 259200.0)]
    """
    return Table(
        _core.hand_offs(
            require_journeys(journeys, "hand_offs")._handle,
            quantiles=[float(q) for q in quantiles],
            by=by,
            collapse=True,
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def eventually_follows(
    journeys: Journeys,
    *,
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Count what comes later in a journey, not only next.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
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
        ``from, to, count, journeys, confidence, lower, upper, n, marks``, most pairs first. ``count`` is all pairs of
        visits in this order, ``journeys`` those with such a pair, ``confidence`` their share of the journeys with
        ``from``.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2],
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-05"],
    ...                "touchpoint": ["view", "view", "cart", "view"]})
    >>> found = kr.eventually_follows(kr.journeys(log))
    >>> [(row["from"], row["to"], row["count"], row["journeys"], row["confidence"]) for row in found]
    [('view', 'cart', 2, 1, 0.5), ('view', 'view', 1, 1, 0.5)]
    """
    return Table(
        _core.eventually_follows(
            require_journeys(journeys, "eventually_follows")._handle,
            quantiles=[],
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def rework(
    journeys: Journeys,
    *,
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Count what journeys do again.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
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
    Table
        ``<by>, visits, journeys, reworked, rework_rate, lower, upper, repeats, loops, returns, min_distance,
        median_return_time, n, marks``. ``reworked`` counts the journeys that visit the item more than once; repeats are
        ``loops`` right after one another and ``returns`` after something else; ``min_distance`` is the fewest visits
        between two of them.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2],
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-05"],
    ...                "touchpoint": ["call", "mail", "call", "call"]})
    >>> found = kr.rework(kr.journeys(log))
    >>> [(row["touchpoint"], row["journeys"], row["reworked"], row["returns"]) for row in found]
    [('call', 2, 1, 1), ('mail', 1, 0, 0)]
    """
    return Table(
        _core.rework(
            require_journeys(journeys, "rework")._handle,
            quantiles=[],
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )
