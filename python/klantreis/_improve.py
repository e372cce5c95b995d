# SPDX-License-Identifier: MIT
"""What to improve first, what a change would bring, and which touchpoints make or break a conversion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._arguments import thread_count
from klantreis._journeys import Journeys
from klantreis._paths import Paths
from klantreis._table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What stands in an edit after its name.
_EDITS = {"move": "from, to, points", "remove": "item", "bypass": "item", "clear": "item"}


def improve(
    journeys: Journeys | Paths,
    *,
    points: float = 1.0,
    by: str = "touchpoint",
    collapse: bool = False,
    intervals: bool = True,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Rank the transitions by what keeping a few more customers there is worth.

    Parameters
    ----------
    journeys
        Journeys, or paths; ``by`` and ``collapse`` are for journeys, paths have been made with theirs.
    points
        Percentage points: of so many more in a hundred visits of ``from`` the customer goes on to ``to`` and does not
        leave.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    intervals
        False leaves the bounds empty, and saves the time they take.
    level
        The coverage of the intervals.
    min_n
        Rows whose ``from`` fewer customers visit are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        One row per transition that was seen, none hidden, largest gain first: ``from, to, probability``; ``gain``, the
        change of P(conversion), with ``lower`` and ``upper``; ``conversions`` gained and, where values exist, the
        ``value``, over the settled journeys; ``sensitivity``, the gain per unit of a very small change;
        ``elasticity``, the relative change when the other transitions shrink in proportion; ``reach``, the share of
        customers who visit ``from``; ``n``, their number; ``marks``. Where fewer than ``points`` leave, all of them
        move and the row is marked ``capped``.

    Raises
    ------
    InputError
        When the journeys go on after conversions, or none is settled.

    Notes
    -----
    The gain is exact, not a linear forecast: N_0i δ val_j / (1 - δ N_ji) in the Markov chain of the settled journeys
    (Sherman and Morrison 1950, doi:10.1214/aoms/1177729893; sensitivities: Caswell 2013,
    doi:10.1016/j.laa.2012.07.020). It is what the change brings if those who are kept behave from ``to`` onwards as
    others did; only an experiment can tell whether they do. The intervals take customers as independent.

    Examples
    --------
    >>> import klantreis as kr
    >>> journeys = kr.datasets.webshop().journeys()
    >>> best = next(iter(kr.improve(journeys)))
    >>> best["from"], best["to"], round(best["gain"], 4), round(best["conversions"], 1)
    ('product_view', 'add_to_cart', 0.0049, 113.7)
    """
    handle, by = _source(journeys, by, collapse, "improve")
    return Table(
        _core.improve(
            handle,
            amount=_amount(points),
            by=by,
            collapse=bool(collapse),
            intervals=bool(intervals),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def make_or_break(
    journeys: Journeys | Paths,
    *,
    by: str = "touchpoint",
    collapse: bool = False,
    intervals: bool = True,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Rank the touchpoints by the part of the conversions that depends on them.

    Parameters
    ----------
    journeys, by, collapse, intervals, level, threads
        As in :func:`improve`.
    min_n
        Items that fewer customers visit are marked ``few_customers``.

    Returns
    -------
    Table
        One row per item, largest removal effect first: the item; ``removal_effect``, the part of the conversions that
        is lost when every journey ends there, with ``lower`` and ``upper``; ``is_dominator``, whether every way to the
        conversion passes it; ``conversion_probability`` of a journey that is there; ``next_best``, the next step seen
        from there that leads to a conversion most often; ``reach``, the share of customers who visit it; ``n``, their
        number; ``marks``.

    Raises
    ------
    InputError
        When the journeys go on after conversions, or none is settled.

    Notes
    -----
    The removal effect is that of Anderl, Becker, von Wangenheim and Schumann 2016, doi:10.1016/j.ijresmar.2016.03.001,
    in the chain of order 1; it is computed, not simulated. Whether an item is a dominator is decided on the graph of
    the transitions that were seen.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2, 3], "timestamp": [f"2024-03-0{day}" for day in range(1, 7)],
    ...                "touchpoint": ["ad", "cart", "order", "cart", "order", "ad"]})
    >>> found = kr.make_or_break(kr.journeys(log, conversion="order"))
    >>> [(row["touchpoint"], row["removal_effect"], row["is_dominator"]) for row in found]
    [('cart', 1.0, True), ('ad', 0.5, False)]
    """
    handle, by = _source(journeys, by, collapse, "make_or_break")
    return Table(
        _core.make_or_break(
            handle,
            by=by,
            collapse=bool(collapse),
            intervals=bool(intervals),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def what_if(
    journeys: Journeys | Paths,
    edits: Iterable[Sequence[Any]],
    *,
    by: str = "touchpoint",
    collapse: bool = False,
    threads: int | None = None,
) -> Table:
    """Compute what a series of changes would bring, each on top of those before it.

    Parameters
    ----------
    journeys
        Journeys, or paths; ``by`` and ``collapse`` are for journeys, paths have been made with theirs. They are not
        changed: to undo an edit, leave it out.
    edits
        The changes, in order:

        - ``("move", from, to, points)``: so many percentage points of those who are at ``from`` and leave there go on
          to ``to``; all who leave where there are fewer, and then the row is marked ``capped``;
        - ``("remove", item)``: whoever comes to the item leaves;
        - ``("bypass", item)``: whoever comes to the item goes on at once as customers do from there, leaving included;
        - ``("clear", item)``: nobody leaves at the item any more; all go on as those do who now go on.

        An item is named as in the paths; a move may start at ``(start)`` and lead to ``(conversion)``.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``step, edit, conversion_rate, change, conversions, steps, marks``; step 0 is the chain as it is. ``change`` is
        that of the conversion rate since step 0, ``conversions`` are those of as many journeys, ``steps`` is the
        expected number of touches per journey.

    Raises
    ------
    InputError
        When an edit or an item is unknown, or a change would leave customers somewhere for ever.

    Notes
    -----
    Each chain is solved anew, so the numbers are exact for the chain. They hold if customers behave elsewhere as they
    did. A bypass saves steps and leaves the conversion rate as it is; to take a hurdle away altogether, clear it and
    then bypass it.

    Examples
    --------
    >>> import klantreis as kr
    >>> paths = kr.read_paths({"path": ["ad > cart", "ad"], "conversions": [2, 0], "nulls": [2, 4]},
    ...                       conversions="conversions", nulls="nulls")
    >>> kr.what_if(paths, [("move", "ad", "cart", 10), ("clear", "cart"), ("bypass", "cart")])
    step  edit                                conversion_rate  change  conversions  steps  marks
       0  as it is                                      25.0%    0.0%            2    1.5
       1  move 0.1 at ad from (null) to cart            30.0%    5.0%          2.4    1.6
       2  clear cart                                    60.0%   35.0%          4.8    1.6
       3  bypass cart                                   60.0%   35.0%          4.8      1
    """
    named = [_edit(edit) for edit in edits]
    handle, by = _source(journeys, by, collapse, "what_if")
    return Table(_core.what_if(handle, named, by=by, collapse=bool(collapse), threads=thread_count(threads)))


def _source(journeys: Journeys | Paths, by: str, collapse: bool, analysis: str) -> tuple[Any, str]:
    """Return the data of the core, and by what it is or will be labelled."""
    if isinstance(journeys, Paths):
        if by not in ("touchpoint", journeys.by) or collapse:
            raise _core.InputError(
                f"these paths were made by {journeys.by!r}; by and collapse are options of klantreis.paths then"
            )
        return journeys._handle, journeys.by
    if isinstance(journeys, Journeys):
        return journeys._handle, by
    raise _core.InputError(
        f"{analysis} takes Journeys or Paths, not {type(journeys).__name__}; cut journeys from a log with "
        "klantreis.journeys, or read a path table with klantreis.read_paths"
    )


def _amount(points: float) -> float:
    """Return percentage points as a probability."""
    try:
        amount = float(points) / 100
    except (TypeError, ValueError):
        raise _core.InputError(f"points is {points!r}; give percentage points, such as 1") from None
    if not 0 < amount <= 1:
        raise _core.InputError(f"points is {points!r}; it must be more than 0 and at most 100")
    return amount


def _edit(edit: Sequence[Any]) -> tuple[str, str, str, float]:
    """Return an edit as the core takes it."""
    kinds = "; ".join(f'("{kind}", {parts})' for kind, parts in _EDITS.items())
    if isinstance(edit, str) or not edit or edit[0] not in _EDITS:
        raise _core.InputError(f"an edit is {edit!r}; give one of {kinds}")
    kind, *parts = edit
    names = parts[:2] if kind == "move" else parts
    if len(parts) != (3 if kind == "move" else 1) or not all(isinstance(name, str) for name in names):
        raise _core.InputError(f'the edit {edit!r} must read ("{kind}", {_EDITS[kind]})')
    if kind == "move":
        return kind, parts[0], parts[1], _amount(parts[2])
    return kind, parts[0], "", 1.0
