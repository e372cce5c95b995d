# SPDX-License-Identifier: MIT
"""What makes a journey hard: getting stuck, turning back, effort, calls that are not followed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from klantreis import _core
from klantreis._arguments import require_journeys, thread_count, whole_number
from klantreis._duration import DurationLike, microseconds
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._journeys import Journeys


class Friction(Table):
    """The result of :func:`klantreis.friction`: a table, with the table :attr:`back_steps` beside it."""

    __slots__ = ("_back_steps",)

    def __init__(self, core: _core.Table, back_steps: _core.Table) -> None:
        super().__init__(core)
        self._back_steps = Table(back_steps)

    @property
    def back_steps(self) -> Table:
        """The moves to an earlier item, most first: ``from, to, count`` and ``share`` of all such moves."""
        return self._back_steps


class Effort(Table):
    """The result of :func:`klantreis.effort`: a table, with the table :attr:`rates` beside it."""

    __slots__ = ("_rates",)

    def __init__(self, core: _core.Table, rates: _core.Table) -> None:
        super().__init__(core)
        self._rates = Table(rates)

    @property
    def rates(self) -> Table:
        """The conversion rate of settled journeys by how many different hurdles (or items) they met."""
        return self._rates


def friction(
    journeys: Journeys,
    *,
    by: str = "touchpoint",
    order: Iterable[str] = (),
    rage_times: int = 3,
    rage_within: DurationLike = "10s",
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Friction:
    """Show where customers get stuck: repeats, loops, back-steps and rage.

    Parameters
    ----------
    journeys
        The journeys to analyse; open ones count too.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    order
        The order in which items are meant to come; a move against it is a back-step, and moves from or to items that
        are not listed are none. Empty: the order in which each journey first came to them.
    rage_times, rage_within
        The same item so many times in a row within so long is rage; a longer burst counts once.
    level
        The coverage of the intervals.
    min_n
        Rates of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Friction
        The item, ``kind``, ``visits, n, count, rate, lower, upper, marks``, most counts first. Kinds: ``repeat`` (the
        item right after itself), ``loop`` (back at it after others), ``back_step`` (from it to an earlier item),
        ``rage``. ``rate`` is count / visits; visits are events, of phases runs of events. ``.back_steps`` has the moves
        one by one.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1] * 5, "touchpoint": ["view", "cart", "view", "pay", "pay"],
    ...                "timestamp": [f"2024-03-01T10:00:0{second}" for second in range(5)]})
    >>> found = kr.friction(kr.journeys(log))
    >>> [(row["touchpoint"], row["kind"], row["count"], row["visits"]) for row in found]
    [('cart', 'back_step', 1, 1), ('pay', 'repeat', 1, 2), ('view', 'loop', 1, 2)]
    >>> found.back_steps.to_dicts()
    [{'from': 'cart', 'to': 'view', 'count': 1, 'share': 1.0}]
    """
    return Friction(
        *_core.friction(
            require_journeys(journeys, "friction")._handle,
            by=by,
            order=list(order),
            rage_times=whole_number(rage_times, "rage_times", 2),
            rage_within=microseconds(rage_within, "rage_within"),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def effort(
    journeys: Journeys,
    *,
    by: str = "touchpoint",
    hurdles: Iterable[str] = (),
    quantiles: Iterable[float] = (0.25, 0.5, 0.75, 0.9),
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Effort:
    """Show how much customers do until they convert: steps, different items, hurdles.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    hurdles
        The items that cost the customer something: a form, an account, a payment.
    quantiles
        The quantiles, between 0 and 1.
    level
        The coverage of the intervals.
    min_n
        Figures of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Effort
        Of the journeys that converted: ``effort`` (``steps``, ``distinct`` and, where named, ``hurdles``), ``measure``
        (``mean``, ``median``, …), ``value, lower, upper, count, n, marks``. ``.rates`` has the conversion rate of all
        settled journeys by the number of different hurdles, or items, they met.

    Notes
    -----
    Journeys that come further meet more: ``.rates`` does not say what fewer hurdles would do; :func:`what_if` does,
    within the fitted chain.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2, 3], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"] * 2,
    ...                "touchpoint": ["view", "form", "order", "view", "order", "view"]})
    >>> found = kr.effort(kr.journeys(log, conversion="order"), hurdles=["form"], quantiles=[0.5])
    >>> [(row["effort"], row["measure"], row["value"]) for row in found][:2]
    [('steps', 'mean', 1.5), ('steps', 'median', 1.5)]
    >>> [(row["hurdles"], row["journeys"], row["rate"]) for row in found.rates]
    [(0, 2, 0.5), (1, 1, 1.0)]
    """
    handle = require_journeys(journeys, "effort")._handle
    return Effort(
        *_core.effort(
            handle,
            by=by,
            hurdles=list(hurdles),
            quantiles=[float(q) for q in quantiles],
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def click_through(
    journeys: Journeys,
    calls: Mapping[str, str | Iterable[str]],
    *,
    by: str = "touchpoint",
    within: DurationLike | None = None,
    level: float = 0.95,
    min_n: int = 30,
) -> Table:
    """Show how often calls to action are followed by what they call for.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    calls
        For each call to action what should come next, of which any counts: ``{"checkout": "order"}``,
        ``{"banner": ["view", "cart"]}``. ``"(conversion)"`` stands for any conversion.
    by
        What the names are: ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    within
        How soon it must follow. None: whenever it is next.
    level
        The coverage of the intervals.
    min_n
        Rates of fewer customers are marked ``few_customers``.

    Returns
    -------
    Table
        The item, ``goal, visits, n, clicks, click_rate, click_rate_lower, click_rate_upper, exits, exit_rate,
        exit_rate_lower, exit_rate_upper, elsewhere, marks``. Visits that are neither followed by a goal nor the last of
        a journey without conversion went elsewhere.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2, 3, 3], "timestamp": ["2024-03-01", "2024-03-02"] * 2 + ["2024-03-03"],
    ...                "touchpoint": ["checkout", "order", "checkout", "checkout", "view"]})
    >>> found = kr.click_through(kr.journeys(log, conversion="order"), {"checkout": "order"})
    >>> [(row["visits"], row["clicks"], row["exits"], row["elsewhere"]) for row in found]
    [(3, 1, 1, 1)]
    """
    handle = require_journeys(journeys, "click_through")._handle
    wanted = [(item, [goal] if isinstance(goal, str) else list(goal)) for item, goal in calls.items()]
    return Table(
        _core.click_through(
            handle,
            wanted,
            by=by,
            within=None if within is None else microseconds(within, "within"),
            level=level,
            min_n=float(min_n),
        )
    )
