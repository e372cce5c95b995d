# SPDX-License-Identifier: MIT
"""Transitions: how often journeys went from one state to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klantreis import _core
from klantreis._arguments import require_journeys, thread_count
from klantreis._paths import Paths
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._journeys import Journeys


def transitions(
    journeys: Journeys | Paths,
    *,
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Count how often journeys went from one state to the next.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count. Or paths, which have been made with a ``by`` of their own.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats into one visit; phases always do.
    level
        The coverage of the intervals.
    min_n
        Probabilities of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``from, to, weight, n, probability, lower, upper, marks, median_time``. ``(start)`` comes first, then ``from``
        by visits and within it ``to`` by weight, most first; equal ones by name. ``n`` counts the customers who
        visited ``from``. ``median_time`` is the median time from one event to the next in seconds, of merged runs
        between their first events; it is null at ``(start)`` and at end states, and for paths.

    Raises
    ------
    InputError
        When the log has no labels ``by``.

    Notes
    -----
    The probability is the weight over all visits of ``from``. Its interval takes customers, not visits, as independent:
    each customer's influence on the rate gives its variance, an effective number of observations and the degrees of
    freedom of a Wilson interval. Paths that were read from a table know no customers; there each conversion and each
    null counts as one.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-01", "2024-03-05"]
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2], "timestamp": days,
    ...                "touchpoint": ["view", "cart", "order", "view", "cart"]})
    >>> table = kr.transitions(kr.journeys(log, conversion="order"))
    >>> [(row["from"], row["to"], row["weight"], row["probability"]) for row in table]  # doctest: +NORMALIZE_WHITESPACE
    [('(start)', 'view', 2, 1.0), ('cart', '(conversion)', 1, 0.5), ('cart', '(null)', 1, 0.5),
     ('view', 'cart', 2, 1.0)]
    >>> table["median_time"][3]  # one day, and four
    216000.0
    """
    if isinstance(journeys, Paths):
        _require_path_options(journeys, by, collapse)
        return Table(_core.transitions_of_paths(journeys._handle, level=level, min_n=float(min_n)))
    return Table(
        _core.transitions(
            require_journeys(journeys, "transitions")._handle,
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def _require_path_options(paths: Paths, by: str, collapse: bool) -> None:
    if by not in ("touchpoint", paths.by) or collapse:
        raise _core.InputError(
            f"these paths were made by {paths.by!r}; by and collapse are options of klantreis.paths then"
        )
