# SPDX-License-Identifier: MIT
"""Sequences that journeys share, how complicated journeys are, and how much their past foretells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._arguments import one_of, require_journeys, thread_count, whole_number
from klantreis._duration import DurationLike, microseconds
from klantreis._table import Table

if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from klantreis._journeys import Journeys

    Adjustment: TypeAlias = Literal["holm", "benjamini_hochberg"]

ADJUSTMENTS = ("holm", "benjamini_hochberg")


def frequent_sequences(
    journeys: Journeys,
    *,
    min_support: float = 0.01,
    min_length: int = 2,
    max_length: int = 5,
    max_gap: int | None = None,
    max_gap_time: DurationLike | None = None,
    within: DurationLike | None = None,
    closed: bool = False,
    adjust: Adjustment = "holm",
    limit: int | None = None,
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Find the sequences that many journeys contain, with other items between, and what they go with.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    min_support
        The least share of the journeys that contain a sequence.
    min_length, max_length
        How many items a sequence has.
    max_gap
        How many items may lie between two neighbours of the sequence; None: any number.
    max_gap_time
        The longest time from an item of the sequence to the next one, such as ``"30m"``.
    within
        The longest time from its first item to its last one.
    closed
        Leave out sequences that a longer one contains with the same support (under limits on gaps and times: a sequence
        that is longer at an end).
    adjust
        How p values are adjusted for their number: ``"holm"`` or ``"benjamini_hochberg"``.
    limit
        Show so many rows; p values are adjusted before.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    level
        The coverage of the intervals.
    min_n
        Differences of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``sequence, length, journeys, customers, support, support_lower, support_upper, n, confidence, expected, lift,
        converted, …, not_converted, …, difference, lower, upper, p, p_adjusted, marks``, highest support first.
        ``confidence`` is the support over that without the last item. ``expected`` is the support if each step depended
        on the item before only, and ``lift`` is support over it; null under limits on gaps. ``difference`` is the
        support among journeys that converted less that among the others.

    Notes
    -----
    PrefixSpan with pseudo-projection (Pei et al. 2004, doi:10.1109/TKDE.2004.77). By the strong Markov property the
    chain's probability of a sequence is a product of probabilities to come from one item to the next sooner or later.
    Intervals and tests take customers as independent.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2],
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-05", "2024-03-06"],
    ...                "touchpoint": ["search", "view", "cart", "search", "cart"]})
    >>> found = kr.frequent_sequences(kr.journeys(log), min_support=0.6)
    >>> [(row["sequence"], row["support"], row["confidence"]) for row in found]
    [('search > cart', 1.0, 1.0)]
    """
    return Table(
        _core.frequent_sequences(
            require_journeys(journeys, "frequent_sequences")._handle,
            **mining(
                min_support, min_length, max_length, max_gap, max_gap_time, within, closed, adjust, limit, by, collapse,
                level, min_n, threads,
            ),
        )
    )  # fmt: skip


def ngrams(
    journeys: Journeys,
    *,
    min_length: int = 2,
    max_length: int = 3,
    min_support: float = 0.0,
    closed: bool = False,
    adjust: Adjustment = "holm",
    limit: int | None = None,
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Count items that come right after one another.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    min_length, max_length
        How many items.
    min_support
        The least share of the journeys that contain them.
    closed
        Leave out those that one longer at an end contains in as many journeys.
    adjust
        How p values are adjusted for their number: ``"holm"`` or ``"benjamini_hochberg"``.
    limit
        Show so many rows; p values are adjusted before.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    level
        The coverage of the intervals.
    min_n
        Differences of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        Columns as of :func:`klantreis.frequent_sequences` with ``count``, occurrences, most first. ``confidence`` is
        the count over that without the last item, ``expected`` the count if each step depended on the item before only.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2],
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-05", "2024-03-06"],
    ...                "touchpoint": ["search", "view", "view", "search", "view"]})
    >>> [(row["sequence"], row["count"]) for row in kr.ngrams(kr.journeys(log), max_length=2)]
    [('search > view', 2), ('view > view', 1)]
    """
    return Table(
        _core.ngrams(
            require_journeys(journeys, "ngrams")._handle,
            **mining(
                min_support, min_length, max_length, None, None, None, closed, adjust, limit, by, collapse, level,
                min_n, threads,
            ),
        )
    )  # fmt: skip


def complexity(
    journeys: Journeys,
    *,
    alphabet: int | None = None,
    by: str = "touchpoint",
    collapse: bool = False,
    threads: int | None = None,
) -> Table:
    """Measure how complicated each journey is.

    Parameters
    ----------
    journeys
        The journeys to measure, open ones too; those without an item in their path are left out.
    alphabet
        How many items there could be; None: as many as occur in the journeys.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``customer, journey, end, length, visited, spells, transitions, transitions_norm, entropy, entropy_norm,
        complexity, log2_subsequences, duration_variance, duration_variance_max, turbulence, volatility, loops,
        back_steps, reworked``.

    Notes
    -----
    The formulas are those of TraMineR (Gabadinho et al. 2011, doi:10.18637/jss.v040.i04); docs/paths.md gives each.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 1], "touchpoint": ["A", "B", "C", "A"], "place": [1, 2, 3, 4]},
    ...               time=None, order="place")
    >>> row = next(iter(kr.complexity(kr.journeys(log), alphabet=4)))
    >>> round(row["turbulence"], 4), round(row["complexity"], 4), row["back_steps"]
    (3.9069, 0.866, 1)
    """
    return Table(
        _core.complexity(
            require_journeys(journeys, "complexity")._handle,
            alphabet=0 if alphabet is None else whole_number(alphabet, "alphabet", 1),
            by=by,
            collapse=bool(collapse),
            threads=thread_count(threads),
        )
    )


def complexity_by(
    journeys: Journeys,
    group: str | None = None,
    *,
    alphabet: int | None = None,
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Measure how complicated the journeys of groups are.

    Parameters
    ----------
    journeys
        The journeys to measure, open ones too; those without an item in their path are left out.
    group
        A label of the log: journeys belong to the label of their first event. None: to the state in which they end.
    alphabet
        How many items there could be; None: as many as occur in the journeys.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    level
        The coverage of the intervals.
    min_n
        Means of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``<group>, measure, mean, lower, upper, median, journeys, n, marks``: the measures of
        :func:`klantreis.complexity`, with intervals of their means by customers.

    Examples
    --------
    >>> import klantreis as kr
    >>> found = kr.complexity_by(kr.datasets.webshop().journeys())
    >>> [(row["end"], round(row["mean"], 2)) for row in found if row["measure"] == "length"][0][0]
    '(null)'
    """
    return Table(
        _core.complexity_by(
            require_journeys(journeys, "complexity_by")._handle,
            group=group or "",
            alphabet=0 if alphabet is None else whole_number(alphabet, "alphabet", 1),
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def predictability(
    journeys: Journeys,
    *,
    max_order: int = 3,
    folds: int = 10,
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Measure how much the last items of a journey say about its next step.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    max_order
        Contexts of 0 to so many items.
    folds
        Parts of the customers of which each is foretold from the others; a customer's part follows from its id.
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
        ``order, contexts, steps, entropy_rate, gain, predictability_limit, hits, accuracy, lower, upper, n, marks``.
        The entropy rate is in bits and in sample; the limit is the share of steps that no prediction with this entropy
        can surpass; the accuracy is what the most frequent next step of other customers attains.

    Notes
    -----
    The limit is Fano's inequality, as in Song et al. 2010, doi:10.1126/science.1177170. Which order the journeys need
    is tested by :func:`klantreis.select_order`.

    Examples
    --------
    >>> import klantreis as kr
    >>> found = kr.predictability(kr.datasets.webshop().journeys(), max_order=1)
    >>> first, second = found
    >>> first["entropy_rate"] > second["entropy_rate"], second["accuracy"] <= second["predictability_limit"]
    (True, True)
    """
    return Table(
        _core.predictability(
            require_journeys(journeys, "predictability")._handle,
            max_order=whole_number(max_order, "max_order", 0),
            folds=whole_number(folds, "folds", 2),
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def mining(
    min_support: float,
    min_length: int,
    max_length: int,
    max_gap: int | None,
    max_gap_time: DurationLike | None,
    within: DurationLike | None,
    closed: bool,
    adjust: str,
    limit: int | None,
    by: str,
    collapse: bool,
    level: float,
    min_n: int,
    threads: int | None,
) -> dict[str, Any]:
    """Return the options of a search for sequences as the core takes them."""
    return {
        "min_support": min_support,
        "min_length": whole_number(min_length, "min_length", 1),
        "max_length": whole_number(max_length, "max_length", 1),
        "max_gap": None if max_gap is None else whole_number(max_gap, "max_gap", 0),
        "max_gap_time": None if max_gap_time is None else microseconds(max_gap_time, "max_gap_time"),
        "within": None if within is None else microseconds(within, "within"),
        "closed": bool(closed),
        "adjust": one_of(adjust, "adjust", ADJUSTMENTS),
        "limit": None if limit is None else whole_number(limit, "limit", 0),
        "by": by,
        "collapse": bool(collapse),
        "level": level,
        "min_n": float(min_n),
        "threads": thread_count(threads),
    }
