# SPDX-License-Identifier: MIT
"""Beliefs about where customers go, and the periods in which they went elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from klantreis import _core
from klantreis._arguments import require_journeys, thread_count, whole_number
from klantreis._core import InputError
from klantreis._duration import DurationLike, microseconds
from klantreis._journeys import Journeys
from klantreis._paths import Paths
from klantreis._table import Table
from klantreis._transitions import _require_path_options

if TYPE_CHECKING:
    from typing import TypeAlias

    Counts: TypeAlias = Mapping[tuple[str, str], float]
    Beliefs: TypeAlias = Counts | Mapping[str, Mapping[str, float] | Iterable[str]] | Iterable[Sequence[str]]


def hypotheses(
    journeys: Journeys | Paths | Counts,
    beliefs: Mapping[str, Beliefs],
    *,
    strengths: Iterable[float] = (0, 1, 5, 10, 100),
    by: str = "touchpoint",
    collapse: bool = False,
    threads: int | None = None,
) -> Table:
    """Ask which beliefs about where customers go foretell best where they went.

    Parameters
    ----------
    journeys
        Journeys, whose settled ones count; paths; or counts ``{(from, to): number}``.
    beliefs
        What is believed, under a name: weights ``{(from, to): weight}``, rows ``{from: {to: weight}}`` or
        ``{from: [to, …]}``, or designed journeys ``[[first, second, …], …]`` whose steps each weigh 1. Within a row
        only the proportions count. States are the items, ``"(start)"``, ``"(conversion)"`` and ``"(null)"``.
    strengths
        How firmly the beliefs are held: so many observed transitions would outweigh those about a row. At 0 all
        hypotheses are alike.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``strength, hypothesis, log_evidence, log_bayes_factor, support``, within a strength the best first. The
        hypothesis ``uniform``, that every destination is as likely, is always among them; Bayes factors are to it.

    Raises
    ------
    InputError
        When a state does not occur, a weight is negative, or nothing can be read from the beliefs.

    Notes
    -----
    HypTrails (Singer, Helic, Hotho and Strohmaier 2015, doi:10.1145/2736277.2741080): each row has a Dirichlet prior
    with parameters 1 + strength · share; ``support`` says 2 ln(Bayes factor) in the words of Kass and Raftery 1995,
    doi:10.1080/01621459.1995.10476572. A hypothesis that is right in part wins at small strengths and loses at large
    ones. Transitions are taken as independent, also those of one customer.

    Examples
    --------
    >>> import klantreis as kr
    >>> counts = {("a", "b"): 8, ("a", "c"): 2, ("b", "a"): 1, ("b", "c"): 9, ("c", "a"): 5, ("c", "b"): 1}
    >>> found = kr.hypotheses(counts, {"round": [["a", "b", "c", "a"]]}, strengths=[5])
    >>> [(row["hypothesis"], round(row["log_evidence"], 6), row["support"]) for row in found]
    [('round', -14.808357, 'very strong'), ('uniform', -22.090998, '')]
    """
    given = [(str(name), _beliefs(name, believed)) for name, believed in beliefs.items()]
    levels = [float(strength) for strength in strengths]
    if isinstance(journeys, Paths):
        _require_path_options(journeys, by, collapse)
        return Table(_core.hypotheses_of_paths(journeys._handle, given, strengths=levels))
    if isinstance(journeys, Mapping):
        return Table(_core.hypotheses_of_counts(_beliefs("counts", journeys), given, strengths=levels))
    return Table(
        _core.hypotheses(
            require_journeys(journeys, "hypotheses")._handle,
            given,
            strengths=levels,
            by=by,
            collapse=bool(collapse),
            threads=thread_count(threads),
        )
    )


def changes(
    journeys: Journeys,
    *,
    every: DurationLike = "7d",
    by: str = "touchpoint",
    collapse: bool = False,
    periods: int = 3,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Find the periods in which customers went on from an item in another way than at other times.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    every
        Periods begin and end at multiples of this, counted from the midnight (UTC) before the first event.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    periods
        At most so many for each item.
    level
        The coverage of the intervals; further periods of an item are sought while its p_adjusted is below ``1 -
        level``.
    min_n
        Rates of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``from, begin, end, to``; ``during`` and ``otherwise``, the shares of the visits of ``from`` that led to ``to``,
        with bounds; ``difference, lower, upper, visits_during, visits_otherwise, g2, p, p_adjusted, n, marks``; the
        smallest p first. Every item has a row; a period is news where ``p_adjusted`` is small.

    Raises
    ------
    InputError
        When the log has no time, or so many stretches of ``every`` that they cannot be compared.

    Notes
    -----
    Of each item the period is taken whose visits differ most (G²) from those outside it. It is tested by customers (Rao
    and Scott 1984, doi:10.1214/aos/1176346391), and p is multiplied by the number of periods looked at and of items
    (Bonferroni), so that a search among many gives a false alarm with a probability of at most ``1 - level``. The
    interval takes period and destination as given, and is too narrow for the best of many.

    Examples
    --------
    >>> import klantreis as kr
    >>> rows = [(f"k{day}-{i}", f"2024-03-{day:02} 10:0{j}", step) for day in range(1, 29) for i in range(8)
    ...         for j, step in enumerate(["cart", "pay" if i > 1 and not 15 <= day <= 18 else "help"])]
    >>> log = kr.read(dict(zip(["customer_id", "timestamp", "touchpoint"], zip(*rows))))
    >>> found = kr.changes(kr.journeys(log), every="1d")
    >>> row = next(iter(found))
    >>> row["from"], row["to"], str(row["begin"].date()), str(row["end"].date()), row["during"], row["otherwise"]
    ('cart', 'help', '2024-03-15', '2024-03-19', 1.0, 0.25)
    """
    return Table(
        _core.changes(
            require_journeys(journeys, "changes")._handle,
            by=by,
            collapse=bool(collapse),
            every=microseconds(every, "every"),
            periods=whole_number(periods, "periods", 1),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def _beliefs(name: object, given: Beliefs) -> list[tuple[str, str, float]]:
    """Return the weights of transitions in whichever form they were given."""
    rows: list[tuple[object, object, object]] = []
    if isinstance(given, Mapping):
        for key, value in given.items():
            if isinstance(key, tuple):
                if len(key) != 2:
                    raise InputError(f"{name}: {key!r} is no transition; give (from, to)")
                rows.append((*key, value))
            elif isinstance(value, Mapping):
                rows += [(key, to, weight) for to, weight in value.items()]
            elif isinstance(value, Iterable) and not isinstance(value, str):
                rows += [(key, to, 1.0) for to in value]
            else:
                raise InputError(
                    f"{name}: {key!r} is given {value!r}; give the states it leads to, with or without weights"
                )
    elif isinstance(given, Iterable) and not isinstance(given, str):
        for path in given:
            if isinstance(path, str) or not isinstance(path, Sequence):
                raise InputError(f"{name}: {path!r} is no designed journey; give a list of states")
            rows += [(a, b, 1.0) for a, b in pairwise(path)]
    else:
        raise InputError(f"{name} is {given!r}; give weights by (from, to), by from and to, or lists of states")
    made = []
    for start, goal, weight in rows:
        if isinstance(weight, str) or not hasattr(weight, "__float__"):
            raise InputError(f"{name}: the weight from {start!r} to {goal!r} is {weight!r}; give a number")
        made.append((str(start), str(goal), float(weight)))
    return made
