# SPDX-License-Identifier: MIT
"""What paths look like: variants, steps, the ways into and out of a touchpoint, and the most probable paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klantreis import _core
from klantreis._arguments import require_journeys, thread_count, whole_number
from klantreis._core import InputError
from klantreis._paths import Paths
from klantreis._table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klantreis._journeys import Journeys


def variants(
    journeys: Journeys | Paths,
    *,
    by: str = "touchpoint",
    collapse: bool = False,
    limit: int | None = None,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """List the distinct paths, most frequent first.

    Parameters
    ----------
    journeys
        Journeys, or paths; ``by`` and ``collapse`` are for journeys, paths have been made with theirs.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    limit
        Show so many rows only. Shares and coverage stay those among all paths. None: all.
    level
        The coverage of the intervals.
    min_n
        Rates of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``path, count, open, share, coverage, conversions, conversion_rate, lower, upper, n, value, median_time,
        marks``. ``count`` is settled journeys, ``open`` those whose end is not yet known; ``coverage`` is the share of
        the row and those above it; ``median_time`` is from the first to the last event, in seconds.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2, 2, 3],
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-01", "2024-03-03", "2024-03-05"],
    ...                "touchpoint": ["view", "order", "view", "order", "visit"]})
    >>> found = kr.variants(kr.journeys(log, conversion="order"))
    >>> [(row["path"], row["count"], row["conversions"], row["coverage"]) for row in found]
    [('view', 2, 2, 0.6666666666666666), ('visit', 1, 0, 1.0)]
    """
    shown = None if limit is None else whole_number(limit, "limit", 0)
    if isinstance(journeys, Paths):
        _refuse_path_options(journeys, by, collapse)
        return Table(_core.variants_of_paths(journeys._handle, limit=shown, level=level, min_n=float(min_n)))
    return Table(
        _core.variants(
            require_journeys(journeys, "variants")._handle,
            by=by,
            collapse=bool(collapse),
            limit=shown,
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def step_matrix(
    journeys: Journeys,
    *,
    steps: int = 10,
    by: str = "touchpoint",
    collapse: bool = False,
    threads: int | None = None,
) -> Table:
    """Count where journeys stand at step 1, 2, ….

    Parameters
    ----------
    journeys
        The journeys to analyse, open ones too.
    steps
        How many steps to show.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``step, label, count, share``, most journeys first within a step. A journey that has ended stays at its end,
        ``(conversion)``, ``(null)`` or ``(end)``, one that is open at ``(open)``; the shares of a step add up to 1.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-05"],
    ...                "touchpoint": ["view", "order", "view"]})
    >>> kr.step_matrix(kr.journeys(log, conversion="order"), steps=2)
    step  label         count   share
       1  view              2  100.0%
       2  (conversion)      1   50.0%
       2  (null)            1   50.0%
    """
    return Table(
        _core.step_matrix(
            require_journeys(journeys, "step_matrix")._handle,
            steps=whole_number(steps, "steps", 1),
            by=by,
            collapse=bool(collapse),
            threads=thread_count(threads),
        )
    )


def ways_in(
    journeys: Journeys,
    to: str,
    *,
    steps: int = 1,
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """List what stands right before the visits of an item.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    to
        A touchpoint (or channel, phase, attribute value), ``"(conversion)"``, ``"(null)"`` or ``"(end)"``.
    steps
        How far to look back. Ways are shorter where the journey begins, and then start with ``(start)``.
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
        ``path, count, share, n, conversions, conversion_rate, lower, upper, marks``, most frequent first. ``count`` is
        visits, ``conversions`` how many of them were in journeys that converted, ``n`` customers.

    Raises
    ------
    InputError
        When nothing carries the name ``to``.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2],
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-05", "2024-03-06"],
    ...                "touchpoint": ["search", "view", "order", "search", "view"]})
    >>> found = kr.ways_in(kr.journeys(log, conversion="order"), "view", steps=2)
    >>> [(row["path"], row["count"], row["conversions"]) for row in found]
    [('(start) > search', 2, 1)]
    """
    return Table(
        _core.ways_in(
            require_journeys(journeys, "ways_in")._handle,
            to,
            steps=whole_number(steps, "steps", 1),
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def ways_out(
    journeys: Journeys,
    from_: str,
    *,
    steps: int = 1,
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """List what follows the visits of an item.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    from_
        A touchpoint (or channel, phase, attribute value), or ``"(start)"``.
    steps
        How far to look ahead. Ways are shorter where the journey ends, and then end with ``(conversion)``, ``(null)``
        or ``(end)``.
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
        Columns as of :func:`klantreis.ways_in`.

    Raises
    ------
    InputError
        When nothing carries the name ``from_``.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2],
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-05", "2024-03-06"],
    ...                "touchpoint": ["search", "view", "order", "search", "view"]})
    >>> kr.ways_out(kr.journeys(log, conversion="order"), "view")["path"]
    ['(conversion)', '(null)']
    """
    return Table(
        _core.ways_out(
            require_journeys(journeys, "ways_out")._handle,
            from_,
            steps=whole_number(steps, "steps", 1),
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def entries(
    journeys: Journeys,
    *,
    steps: int = 1,
    without: str | Sequence[str] = (),
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """List how journeys begin, and how many of them convert.

    Parameters
    ----------
    journeys
        The journeys to analyse, open ones too.
    steps
        How many items to show from the beginning on.
    without
        Beginnings to leave out, such as the home page; shares stay of all journeys.
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
        ``path, count, open, share, n, conversions, conversion_rate, lower, upper, marks``, most frequent first.
        ``count`` is journeys, ``open`` how many of them have no known end; the conversion rate is of the others.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2, 3],
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-05", "2024-03-06"],
    ...                "touchpoint": ["search", "order", "search", "mail"]})
    >>> found = kr.entries(kr.journeys(log, conversion="order"))
    >>> [(row["path"], row["count"], row["conversion_rate"]) for row in found]
    [('search', 2, 0.5), ('mail', 1, 0.0)]
    >>> kr.entries(kr.journeys(log, conversion="order"), without="search")["path"]
    ['mail']
    """
    return Table(
        _core.entries(
            require_journeys(journeys, "entries")._handle,
            steps=whole_number(steps, "steps", 1),
            without=[without] if isinstance(without, str) else list(without),
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def likely_paths(
    journeys: Journeys | Paths,
    *,
    limit: int = 10,
    order: int = 1,
    by: str = "touchpoint",
    collapse: bool = False,
    to: str = "(conversion)",
    threads: int | None = None,
) -> Table:
    """List the most probable paths to the conversion under the Markov chain of the journeys.

    Parameters
    ----------
    journeys
        Journeys, or paths; ``by`` and ``collapse`` are for journeys, paths have been made with theirs.
    limit
        How many paths to show.
    order
        How many past items the next step depends on.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    to
        Where the paths end: ``"(conversion)"`` or ``"(null)"``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``rank, path, probability, share``, most probable first; paths of the same probability come by their names.
        ``probability`` is of all journeys that start, ``share`` of those that end in ``to``.

    Raises
    ------
    InputError
        When the journeys go on after conversions; cut them with ``after_conversion="new"`` or ``"stop"``.

    Notes
    -----
    The chain is that of the settled journeys; repeats are steps like any other. A path that no journey took can be
    likely, and the most frequent variant need not be.

    Examples
    --------
    >>> import klantreis as kr
    >>> paths = kr.read_paths({"path": ["search > view", "mail > view", "search"], "conversions": [2, 1, 0],
    ...                        "nulls": [1, 0, 4]}, conversions="conversions", nulls="nulls")
    >>> kr.likely_paths(paths)
    rank  path           probability  share
       1  search > view        28.1%  75.0%
       2  mail > view           9.4%  25.0%
    """
    shown = whole_number(limit, "limit", 0)
    depth = whole_number(order, "order", 1)
    if isinstance(journeys, Paths):
        _refuse_path_options(journeys, by, collapse)
        return Table(_core.likely_paths_of_paths(journeys._handle, limit=shown, order=depth, to=to))
    return Table(
        _core.likely_paths(
            require_journeys(journeys, "likely_paths")._handle,
            limit=shown,
            order=depth,
            by=by,
            collapse=bool(collapse),
            to=to,
            threads=thread_count(threads),
        )
    )


def _refuse_path_options(paths: Paths, by: str, collapse: bool) -> None:
    if by not in ("touchpoint", paths.by) or collapse:
        raise InputError(f"these paths were made by {paths.by!r}; by and collapse are options of klantreis.paths then")
