# SPDX-License-Identifier: MIT
"""What to improve first, what a change would bring, and which touchpoints make or break a conversion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._arguments import thread_count, whole_number
from klantreis._journeys import Journeys
from klantreis._paths import Paths
from klantreis._table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What may stand in an edit after its name.
_EDITS = {
    "move": ["from, to, points"],
    "remove": ["item", "from, to"],
    "bypass": ["item"],
    "clear": ["item"],
    "strengthen": ["from, to, points"],
    "attract": ["item, percent"],
    "insert": ["name, from, to, points, success", "name, from, to, points"],
    "volume": ["item, percent"],
}


def improve(
    journeys: Journeys | Paths,
    *,
    points: float = 1.0,
    by: str = "touchpoint",
    controllable: str | Iterable[str] | None = None,
    rank_by: str = "conversions",
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
    controllable
        The items that can be changed: only transitions from these are shown. None: those that the map of the log calls
        controllable, all where it has no map. ``"all"``: all.
    rank_by
        ``"conversions"`` or ``"value"``.
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
        One row per transition that was seen, largest gain first: ``from, to``, with a map the ``owner``,
        ``probability``; ``gain``, the change of P(conversion), with ``lower`` and ``upper``; ``conversions`` gained
        and, where values exist, the ``value``, over the settled journeys; ``steps`` and, where the log has times,
        ``time``, the change of the expected touches and seconds of a journey; ``sensitivity``, the gain per unit of a
        very small change, with ``sensitivity_value``, ``sensitivity_steps`` and ``sensitivity_time``; ``elasticity``,
        the relative change when the other transitions shrink in proportion; ``reach``, the share of customers who
        visit ``from``; ``n``, their number; ``marks``. Where fewer than ``points`` leave, all of them move and the
        row is marked ``capped``.

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
            controllable=[] if controllable in (None, "all") else _names(controllable, "controllable"),
            all_items=controllable == "all",
            rank_by=rank_by,
        )
    )


class MakeOrBreak(Table):
    """The result of :func:`klantreis.make_or_break`: a table, with :attr:`cut` and :attr:`loops` beside it."""

    __slots__ = ("_cut", "_loops")

    def __init__(self, items: _core.Table, cut: _core.Table, loops: _core.Table) -> None:
        super().__init__(items)
        self._cut = Table(cut)
        self._loops = Table(loops)

    @property
    def cut(self) -> Table:
        """The fewest items that every way to the conversion passes one of: the item, ``reach``, ``n``.

        No row where some journeys convert without any touch before; ``.cut.definition`` says so then.
        """
        return self._cut

    @property
    def loops(self) -> Table:
        """Where journeys go round: ``items, size, reach, rounds, visits, conversion_probability``.

        ``items`` can be reached from each other; ``rounds`` is how often a journey that enters is expected to come back
        to the item by which it entered.
        """
        return self._loops


def make_or_break(
    journeys: Journeys | Paths,
    *,
    by: str = "touchpoint",
    limit: float = 0.5,
    collapse: bool = False,
    intervals: bool = True,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> MakeOrBreak:
    """Rank the touchpoints by the part of the conversions that depends on them.

    Parameters
    ----------
    journeys, by, collapse, intervals, level, threads
        As in :func:`improve`.
    limit
        Items with a larger removal effect are ``above_limit``.
    min_n
        Items that fewer customers visit are marked ``few_customers``.

    Returns
    -------
    MakeOrBreak
        One row per item, largest removal effect first: the item; ``removal_effect``, the part of the conversions that
        is lost when every journey ends there, with ``lower`` and ``upper``; ``is_dominator``, whether every way to
        the conversion passes it; ``above_limit``; ``conversion_probability`` of a journey that is there;
        ``next_best``, the next step seen from there that leads to a conversion most often; ``reach``, the share of
        customers who visit it; ``n``, their number; ``marks``. Beside it stand ``.cut``, the fewest items that every
        way passes one of, and ``.loops``, where journeys go round.

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
    >>> found.cut["touchpoint"], len(found.loops)
    (['cart'], 0)
    """
    handle, by = _source(journeys, by, collapse, "make_or_break")
    return MakeOrBreak(
        *_core.make_or_break(
            handle,
            by=by,
            collapse=bool(collapse),
            intervals=bool(intervals),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
            limit=limit,
        )
    )


def best_changes(
    journeys: Journeys | Paths,
    changes: Iterable[Sequence[Any]],
    *,
    budget: float,
    by: str = "touchpoint",
    collapse: bool = False,
    intervals: bool = True,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
    exact_up_to: int = 16,
) -> Table:
    """Choose the changes that together gain most conversions within a budget.

    Parameters
    ----------
    journeys, by, collapse, intervals, level, min_n, threads
        As in :func:`what_if`.
    changes
        The changes to choose from, each ``(from, to, points, cost)``: so many percentage points of those who leave at
        ``from`` go on to ``to``.
    budget
        What the chosen changes may cost together.
    exact_up_to
        With so many changes every set is tried, at most 24; with more they are added one by one.

    Returns
    -------
    Table
        One row per chosen change, in the order in which they are made: ``from, to, amount, cost, spent, gain_alone,
        gain, lower, upper, conversions, n, marks``; ``spent``, ``gain`` and ``conversions`` are those of the changes
        so far. The options say the ``method``, ``exact`` or ``greedy``, the ``gain`` of the set and a ``bound`` that
        no set within the budget exceeds.

    Raises
    ------
    InputError
        When an item is unknown, a cost is negative, or nothing is offered.

    Notes
    -----
    Gains of several changes are computed together, as changes along one way strengthen each other.

    Examples
    --------
    >>> import klantreis as kr
    >>> paths = kr.read_paths({"path": ["ad > cart", "ad"], "conversions": [2, 0], "nulls": [2, 4]},
    ...                       conversions="conversions", nulls="nulls")
    >>> offers = [("ad", "cart", 10, 3), ("cart", "(conversion)", 20, 3), ("ad", "cart", 20, 9)]
    >>> found = kr.best_changes(paths, offers, budget=6)
    >>> [(row["from"], row["to"], row["spent"], round(row["gain"], 3)) for row in found]
    [('cart', '(conversion)', 3.0, 0.1), ('ad', 'cart', 6.0, 0.17)]
    >>> found.options["method"]
    'exact'
    """
    handle, by = _source(journeys, by, collapse, "best_changes")
    offers = []
    for change in changes:
        if isinstance(change, str) or len(change) != 4 or not all(isinstance(name, str) for name in change[:2]):
            raise _core.InputError(f"a change is {change!r}; give (from, to, points, cost)")
        try:
            cost = float(change[3])
        except (TypeError, ValueError):
            raise _core.InputError(f"the cost of {change!r} is not a number") from None
        offers.append((change[0], change[1], _amount(change[2]), cost))
    return Table(
        _core.best_changes(
            handle,
            offers,
            budget=budget,
            by=by,
            collapse=bool(collapse),
            intervals=bool(intervals),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
            exact_up_to=whole_number(exact_up_to, "exact_up_to", 0),
        )
    )


def what_if(
    journeys: Journeys | Paths,
    edits: Iterable[Sequence[Any]],
    *,
    by: str = "touchpoint",
    collapse: bool = False,
    intervals: bool = True,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Compute what a series of changes would bring, each on top of those before it.

    Parameters
    ----------
    journeys
        Journeys, or paths; ``by`` and ``collapse`` are for journeys, paths have been made with theirs. They are not
        changed: to undo an edit, leave it out, or work with :func:`scenario`.
    edits
        The changes, in order:

        - ``("move", from, to, points)``: so many percentage points of those who are at ``from`` and leave there go on
          to ``to``; all who leave where there are fewer, and then the row is marked ``capped``;
        - ``("remove", item)``: whoever would come to the item leaves;
        - ``("remove", from, to)``: whoever would go from the one to the other leaves;
        - ``("bypass", item)``: whoever would come to the item goes on at once as customers do from there, leaving
          included;
        - ``("clear", item)``: nobody leaves at the item any more; all go on as those do who now go on;
        - ``("strengthen", from, to, points)``: so many points more of those who are at ``from`` go on to ``to``, and
          fewer, in proportion, anywhere else; the transition may be new, the points negative;
        - ``("attract", item, percent)``: every transition to the item grows by so many percent of itself, and the
          others of its row shrink in proportion;
        - ``("insert", name, from, to, points, success)``: a new item; so many points of those who leave at ``from``
          come there, ``success`` percent of them go on to ``to``, the others leave;
        - ``("volume", item, percent)``: the journeys that enter at the item grow in number by so many percent.

        An item is named as in the paths; transitions may start at ``(start)`` and lead to ``(conversion)``.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    intervals
        False leaves the bounds empty, and saves the time they take.
    level
        The coverage of the intervals.
    min_n
        Rows of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        One row for the chain as it is, step 0, and one after each change: ``step, edit``; ``conversion_rate, lower,
        upper``; ``change`` of it since step 0 with ``change_lower`` and ``change_upper``; ``journeys``, as many as were
        settled unless a volume changed, their ``conversions`` and, where values exist, ``value``, each with bounds and
        with ``…_change``; ``steps``, the expected touches per journey, and where the log has times ``time``, the
        expected seconds per journey, with ``…_change``; ``n, marks``.

    Raises
    ------
    InputError
        When an edit or an item is unknown, or a change would leave customers somewhere for ever.

    Notes
    -----
    Each chain is solved anew, so the numbers are exact for the chain. They hold if customers behave elsewhere as they
    did; only an experiment can tell whether they do. Intervals take customers as independent (delta method: the
    derivative by what was counted, pulled back through the changes). A conversion that is gained brings the mean value
    of those made at the item. A bypass saves steps and leaves the conversion rate as it is; to take a hurdle away
    altogether, clear it and then bypass it.

    Examples
    --------
    >>> import klantreis as kr
    >>> paths = kr.read_paths({"path": ["ad > cart", "ad"], "conversions": [2, 0], "nulls": [2, 4]},
    ...                       conversions="conversions", nulls="nulls")
    >>> edits = [("move", "ad", "cart", 10), ("clear", "cart"), ("bypass", "cart"), ("volume", "ad", 50)]
    >>> for row in kr.what_if(paths, edits):
    ...     print(row["edit"], round(row["conversion_rate"], 2), round(row["conversions"], 1), round(row["steps"], 1))
    as it is 0.25 2.0 1.5
    move 0.1 at ad from (null) to cart 0.3 2.4 1.6
    clear cart 0.6 4.8 1.6
    bypass cart 0.6 4.8 1.0
    volume of ad +0.5 of itself 0.6 7.2 1.0
    """
    named = [_edit(edit) for edit in edits]
    handle, by = _source(journeys, by, collapse, "what_if")
    return Table(
        _core.what_if(
            handle,
            named,
            by=by,
            collapse=bool(collapse),
            intervals=bool(intervals),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


class Scenario:
    """Changes to the journeys, each on top of those before it; made by :func:`klantreis.scenario`.

    A scenario does not change: :meth:`then` and :meth:`undo` return another one.
    """

    __slots__ = ("_edits", "_handle")

    def __init__(self, handle: _core.Scenario, edits: tuple[tuple[Any, ...], ...] = ()) -> None:
        self._handle = handle
        self._edits = edits

    @property
    def edits(self) -> tuple[tuple[Any, ...], ...]:
        """The changes, in order."""
        return self._edits

    @property
    def conversion_rate(self) -> float:
        """The conversion rate after all changes."""
        return self._handle.conversion_rate()

    def then(self, *edit: Any) -> Scenario:
        """Return the scenario with one more change, as in ``.then("clear", "checkout")``; see :func:`what_if`."""
        return Scenario(self._handle.then(_edit(edit)), (*self._edits, edit))

    def undo(self) -> Scenario:
        """Return the scenario without its last change."""
        return Scenario(self._handle.undo(), self._edits[:-1])

    def result(self) -> Table:
        """Return what the changes bring: the table of :func:`what_if`."""
        return Table(self._handle.result())

    def __len__(self) -> int:
        return len(self._edits)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scenario):
            return NotImplemented
        return self._edits == other._edits and self.result() == other.result()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        changes = ", ".join(repr(edit) for edit in self._edits) or "as it is"
        return f"Scenario({changes}: conversion rate {self.conversion_rate:.1%})"

    def _repr_html_(self) -> str:
        return self.result()._repr_html_()


def scenario(
    journeys: Journeys | Paths,
    *,
    by: str = "touchpoint",
    collapse: bool = False,
    intervals: bool = True,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Scenario:
    """Return the journeys as they are, to try changes on: ``.then(…)`` adds one, ``.undo()`` takes the last one back.

    Parameters
    ----------
    journeys, by, collapse, intervals, level, min_n, threads
        As in :func:`what_if`.

    Returns
    -------
    Scenario

    Examples
    --------
    >>> import klantreis as kr
    >>> paths = kr.read_paths({"path": ["ad > cart", "ad"], "conversions": [2, 0], "nulls": [2, 4]},
    ...                       conversions="conversions", nulls="nulls")
    >>> now = kr.scenario(paths)
    >>> better = now.then("clear", "cart").then("volume", "ad", 50)
    >>> better
    Scenario(('clear', 'cart'), ('volume', 'ad', 50): conversion rate 50.0%)
    >>> better.undo().undo() == now
    True
    """
    handle, by = _source(journeys, by, collapse, "scenario")
    return Scenario(
        _core.scenario(
            handle,
            by=by,
            collapse=bool(collapse),
            intervals=bool(intervals),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


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


def _names(given: Any, what: str) -> list[str]:
    """Return names as a list; one name may stand alone."""
    names = [given] if isinstance(given, str) else list(given)
    if not names or not all(isinstance(name, str) for name in names):
        raise _core.InputError(f"{what} is {given!r}; give names of items, or leave it out")
    return names


def _amount(points: float) -> float:
    """Return percentage points as a probability."""
    try:
        amount = float(points) / 100
    except (TypeError, ValueError):
        raise _core.InputError(f"points is {points!r}; give percentage points, such as 1") from None
    if not 0 < amount <= 1:
        raise _core.InputError(f"points is {points!r}; it must be more than 0 and at most 100")
    return amount


def _percent(value: Any, what: str) -> float:
    """Return percents as a number: 50 is half as much again."""
    try:
        return float(value) / 100
    except (TypeError, ValueError):
        raise _core.InputError(f"{what} is {value!r}; give percents, such as 20 or -20") from None


def _edit(edit: Sequence[Any]) -> tuple[str, str, str, float, str, float]:
    """Return an edit as the core takes it."""
    kinds = "; ".join(f'("{kind}", {parts})' for kind, forms in _EDITS.items() for parts in forms)
    if isinstance(edit, str) or not edit or edit[0] not in _EDITS:
        raise _core.InputError(f"an edit is {edit!r}; give one of {kinds}")
    kind, *parts = edit
    for form in _EDITS[kind]:
        wanted = form.split(", ")
        texts = [part for name, part in zip(wanted, parts, strict=False) if name in ("item", "from", "to", "name")]
        if len(parts) == len(wanted) and all(isinstance(text, str) for text in texts):
            given = dict(zip(wanted, parts, strict=True))
            break
    else:
        forms = " or ".join(f'("{kind}", {form})' for form in _EDITS[kind])
        raise _core.InputError(f"the edit {edit!r} must read {forms}")
    amount = 1.0
    if "points" in given:
        amount = _percent(given["points"], "points") if kind == "strengthen" else _amount(given["points"])
    elif "percent" in given:
        amount = _percent(given["percent"], "percent")
    item = given.get("item", given.get("from", ""))
    success = _percent(given.get("success", 100), "success")
    return kind, item, given.get("to", ""), amount, given.get("name", ""), success
