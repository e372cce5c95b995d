# SPDX-License-Identifier: MIT
"""What lies around a touchpoint: steps, flow, the tree of paths, and what happens between two touchpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klantreis import _core
from klantreis._arguments import one_of, require_journeys, thread_count, whole_number
from klantreis._table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, TypeAlias

    from klantreis._journeys import Journeys

    Which: TypeAlias = Literal["first", "last", "every"]

WHICH = ("first", "last", "every")


def steps_around(
    journeys: Journeys,
    at: str = "(start)",
    *,
    before: int = 5,
    after: int = 5,
    which: Which = "first",
    threshold: float = 0.0,
    targets: str | Sequence[str] = (),
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Count where journeys stand so many steps before and after a touchpoint.

    Parameters
    ----------
    journeys
        The journeys to analyse, open ones too; those that do not visit ``at`` have no steps around it.
    at
        A touchpoint (or channel, phase, attribute value), ``"(start)"``, or a state in which journeys end.
    before, after
        How many steps to show on each side.
    which
        The ``"first"`` or ``"last"`` visit of ``at`` in a journey, or ``"every"`` one.
    threshold
        Items that do not reach this share at any step are shown together as ``(other)``.
    targets
        Items to show at every step, also where nobody is.
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
        ``step, label, count, share, lower, upper, reached, n, marks``, by step, most first within a step. What has not
        begun stands at ``(start)``, what has ended stays at its end; the shares of a step add up to 1. ``reached`` is
        the share that was at the label at this step or nearer to the visit, on its side.

    Raises
    ------
    InputError
        When nothing carries the name ``at`` or a target.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2],
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-05", "2024-03-06"],
    ...                "touchpoint": ["search", "view", "order", "mail", "view"]})
    >>> found = kr.steps_around(kr.journeys(log, conversion="order"), "view", before=1, after=1)
    >>> [(row["step"], row["label"], row["share"]) for row in found]  # doctest: +NORMALIZE_WHITESPACE
    [(-1, 'mail', 0.5), (-1, 'search', 0.5), (0, 'view', 1.0), (1, '(conversion)', 0.5), (1, '(null)', 0.5)]
    """
    return Table(
        _core.steps_around(
            require_journeys(journeys, "steps_around")._handle,
            at=at,
            before=whole_number(before, "before", 0),
            after=whole_number(after, "after", 0),
            which=one_of(which, "which", WHICH),
            threshold=threshold,
            targets=names(targets),
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def flow_around(
    journeys: Journeys,
    at: str = "(start)",
    *,
    before: int = 3,
    after: int = 3,
    which: Which = "first",
    threshold: float = 0.0,
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Count how journeys move from step to step around a touchpoint.

    Parameters
    ----------
    journeys
        The journeys to analyse, open ones too; those that do not visit ``at`` have no steps around it.
    at
        A touchpoint (or channel, phase, attribute value), ``"(start)"``, or a state in which journeys end.
    before, after
        How many steps to show on each side.
    which
        The ``"first"`` or ``"last"`` visit of ``at`` in a journey, or ``"every"`` one.
    threshold
        Items that do not reach this share at any step are shown together as ``(other)``.
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
        ``step, from, to, count, share, probability, lower, upper, n, marks``: the move of ``step`` goes to the label
        one step later. ``share`` is of the visits that are looked at, with its interval by customers; ``probability``
        of those that are at ``from`` then.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2],
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-05", "2024-03-06"],
    ...                "touchpoint": ["search", "view", "order", "search", "view"]})
    >>> found = kr.flow_around(kr.journeys(log, conversion="order"), "view", before=1, after=1)
    >>> [(row["step"], row["from"], row["to"], row["count"]) for row in found]  # doctest: +NORMALIZE_WHITESPACE
    [(-1, 'search', 'view', 2), (0, 'view', '(conversion)', 1), (0, 'view', '(null)', 1)]
    """
    return Table(
        _core.flow_around(
            require_journeys(journeys, "flow_around")._handle,
            at=at,
            before=whole_number(before, "before", 0),
            after=whole_number(after, "after", 0),
            which=one_of(which, "which", WHICH),
            threshold=threshold,
            targets=[],
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def path_tree(
    journeys: Journeys,
    at: str = "(start)",
    *,
    before: int = 0,
    after: int = 5,
    which: Which = "first",
    min_share: float = 0.0,
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Show the paths to and from a touchpoint as a tree, with counts, conversion and time.

    Parameters
    ----------
    journeys
        The journeys to analyse, open ones too.
    at
        The root: a touchpoint (or channel, phase, attribute value), ``"(start)"``, or a state in which journeys end.
    before, after
        How many steps to follow back and on.
    which
        The ``"first"`` or ``"last"`` visit of ``at`` in a journey, or ``"every"`` one.
    min_share
        Branches of a smaller share of the root are shown together as ``(other)``, so that all still add up.
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
        ``node, parent, step, label, path, count, open, share, share_of_parent, conversions, conversion_rate, lower,
        upper, n, median_time, marks``, depth first, most frequent first. Steps before the root are negative, and their
        parent is the step after them. ``median_time`` is seconds from the root.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2],
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-05", "2024-03-06"],
    ...                "touchpoint": ["search", "view", "order", "search", "view"]})
    >>> found = kr.path_tree(kr.journeys(log, conversion="order"), after=2)
    >>> [(row["path"], row["count"], row["conversion_rate"]) for row in found]
    [('(start)', 2, 0.5), ('(start) > search', 2, 0.5), ('(start) > search > view', 2, 0.5)]
    """
    return Table(
        _core.path_tree(
            require_journeys(journeys, "path_tree")._handle,
            at=at,
            before=whole_number(before, "before", 0),
            after=whole_number(after, "after", 0),
            which=one_of(which, "which", WHICH),
            min_share=min_share,
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def detours(
    journeys: Journeys,
    from_: str,
    to: str,
    *,
    which: Literal["first", "last"] = "first",
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """List the ways from one touchpoint to another.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    from_
        A touchpoint (or channel, phase, attribute value), or ``"(start)"``.
    to
        Another one, the same one, or a state in which journeys end.
    which
        Of several visits of ``from_`` before ``to``, the ``"first"`` or the ``"last"`` begins the way.
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
        ``path, steps, count, share, n, conversions, conversion_rate, lower, upper, median_time, marks``, most frequent
        first. ``path`` is what lies between, ``(direct)`` where nothing does, and ``steps`` how many items that are.
        ``options["unfinished"]`` counts the journeys that visited ``from_`` and never came to ``to`` afterwards.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2],
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-05", "2024-03-06"],
    ...                "touchpoint": ["view", "faq", "cart", "view", "cart"]})
    >>> found = kr.detours(kr.journeys(log), "view", "cart")
    >>> [(row["path"], row["count"], row["median_time"]) for row in found]
    [('(direct)', 1, 86400.0), ('faq', 1, 172800.0)]
    """
    return Table(
        _core.detours(
            require_journeys(journeys, "detours")._handle,
            from_,
            to,
            which=one_of(which, "which", WHICH[:2]),
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def between(
    journeys: Journeys,
    from_: str,
    to: str,
    *,
    which: Literal["first", "last"] = "first",
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """List what happens between two touchpoints.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    from_
        A touchpoint (or channel, phase, attribute value), or ``"(start)"``.
    to
        Another one, the same one, or a state in which journeys end.
    which
        Of several visits of ``from_`` before ``to``, the ``"first"`` or the ``"last"`` begins the way.
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
        ``<by>, crossings, share, lower, upper, count, n, median_time, median_time_without, marks``, most crossings
        first. A crossing is a way from ``from_`` to the next ``to``; ``share`` is of all crossings. The times are
        medians of crossings with and without the item.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2],
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-05", "2024-03-06"],
    ...                "touchpoint": ["view", "faq", "cart", "view", "cart"]})
    >>> found = kr.between(kr.journeys(log), "view", "cart")
    >>> [(row["touchpoint"], row["share"], row["median_time"], row["median_time_without"]) for row in found]
    [('faq', 0.5, 172800.0, 86400.0)]
    """
    return Table(
        _core.between(
            require_journeys(journeys, "between")._handle,
            from_,
            to,
            which=one_of(which, "which", WHICH[:2]),
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def names(given: str | Sequence[str]) -> list[str]:
    """Return one name or several as a list."""
    return [given] if isinstance(given, str) else list(given)
