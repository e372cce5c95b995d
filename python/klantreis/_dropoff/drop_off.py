# SPDX-License-Identifier: MIT
"""Drop-off: where customers leave, what came before, and what those did who stayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from klantreis import _core
from klantreis._arguments import require_journeys, thread_count
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._journeys import Journeys


class DropOff(Table):
    """The result of :func:`klantreis.drop_off`: a table, with the tables :attr:`before`, :attr:`next`, :attr:`open` and
    :attr:`returned` beside it."""

    __slots__ = ("_before", "_next", "_open", "_returned")

    def __init__(
        self, core: _core.Table, before: _core.Table, following: _core.Table, still_open: _core.Table, back: _core.Table
    ) -> None:
        super().__init__(core)
        self._before = Table(before)
        self._next = Table(following)
        self._open = Table(still_open)
        self._returned = Table(back)

    @property
    def before(self) -> Table:
        """What stood right before the exits: one row per item and what came before it, ``count`` and ``share``.

        ``(start)`` stands where the exit was the first visit. The share is of the exits of the item.
        """
        return self._before

    @property
    def next(self) -> Table:
        """What followed the visits that were not the exit: one row per item and what came next, ``count``, ``share``.

        ``(conversion)`` is among it, or ``(end)`` in journeys that go on after conversions. The share is of those
        visits.
        """
        return self._next

    @property
    def open(self) -> Table:
        """The last item of open journeys, which may yet go on: ``count`` and ``share`` of the open journeys."""
        return self._open

    @property
    def returned(self) -> Table:
        """Where customers who had left began their next journey: one row per item and ``back``, ``count``, ``share``.

        ``(null)`` where they have no later journey. The share is of the exits of the item.
        """
        return self._returned


def drop_off(
    journeys: Journeys,
    *,
    by: str = "touchpoint",
    collapse: bool = False,
    units: Literal["journeys", "visits"] = "journeys",
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> DropOff:
    """Show where customers leave.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count, and open ones apart.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats into one visit; phases always do.
    units
        ``"journeys"``: the visits of settled journeys count. ``"visits"``: those dated at the end of the observation
        less the inactivity or before, whatever becomes of their journey. What followed them is known, so growth and the
        beginning of the log do not bias the rates; but they no longer fit the conversion rate of settled journeys.
    level
        The coverage of the intervals.
    min_n
        Rates of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    DropOff
        One row per item, most exits first: the item, ``visits, n, exits, exit_rate, lower, upper, share_of_exits,
        marks``. ``exits`` are visits that were the last of a settled journey which did not convert, ``exit_rate`` is
        exits / visits, ``n`` the customers who visited. ``.before`` and ``.next`` are tables of what came before the
        exits and what the others did next, ``.open`` has the last items of open journeys, and ``.returned`` says where
        those who left came back.

    Notes
    -----
    The interval takes customers, not visits, as independent.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-01", "2024-03-02", "2024-03-05"]
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2, 3], "timestamp": days,
    ...                "touchpoint": ["view", "cart", "order", "view", "cart", "view"]})
    >>> found = kr.drop_off(kr.journeys(log, conversion="order"))
    >>> [(row["touchpoint"], row["visits"], row["exits"]) for row in found]
    [('cart', 2, 1), ('view', 3, 1)]
    >>> found.before.to_dicts()[0]
    {'touchpoint': 'cart', 'before': 'view', 'count': 1, 'share': 1.0}
    >>> found.next.to_dicts()[0]
    {'touchpoint': 'cart', 'next': '(conversion)', 'count': 1, 'share': 1.0}
    >>> found.returned.to_dicts()[0]
    {'touchpoint': 'cart', 'back': '(null)', 'count': 1, 'share': 1.0}
    """
    items, before, following, still_open, back = _core.drop_off(
        require_journeys(journeys, "drop_off")._handle,
        by=by,
        collapse=bool(collapse),
        units=units,
        level=level,
        min_n=float(min_n),
        threads=thread_count(threads),
    )
    return DropOff(items, before, following, still_open, back)
