# SPDX-License-Identifier: MIT
"""Why customers leave, and what becomes of the carts they leave behind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from klantreis import _core
from klantreis._arguments import require_journeys, thread_count
from klantreis._duration import DurationLike, microseconds
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._journeys import Journeys


class LossReasons(Table):
    """The result of :func:`klantreis.loss_reasons`: reasons by place, with the table :attr:`reasons` beside it."""

    __slots__ = ("_reasons",)

    def __init__(self, core: _core.Table, reasons: _core.Table) -> None:
        super().__init__(core)
        self._reasons = Table(reasons)

    @property
    def reasons(self) -> Table:
        """One row per reason: ``count, n``, ``share`` of all exits and ``share_of_known`` with bounds, ``marks``."""
        return self._reasons


class Carts(Table):
    """The result of :func:`klantreis.abandoned_carts`: carts by what became of them, with :attr:`recovered_by`."""

    __slots__ = ("_recoveries",)

    def __init__(self, core: _core.Table, recoveries: _core.Table) -> None:
        super().__init__(core)
        self._recoveries = Table(recoveries)

    @property
    def recovered_by(self) -> Table:
        """The first event after the timeout of the customers whose carts were recovered, ``count`` and ``share``."""
        return self._recoveries


def loss_reasons(
    journeys: Journeys,
    *,
    reason: str = "reason",
    by: str = "phase",
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> LossReasons:
    """Show why journeys were left, where a column says so.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones that did not convert count.
    reason
        The attribute of the log that holds the reasons, named when it was read. The last one of a journey counts.
    by
        Where they left: ``"phase"``, ``"touchpoint"``, ``"channel"`` or an attribute, of the last event of the path.
    level
        The coverage of the intervals.
    min_n
        Shares of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    LossReasons
        One row per reason and place, most first: the reason, the place, ``count``, ``share`` of all exits,
        ``share_of_item`` of those there. Journeys without a reason stand under ``(none)``. ``.reasons`` adds up each
        reason, with its share of all exits and of those whose reason is known.

    Notes
    -----
    Where each customer left once the intervals are Wilson's, else they take customers as independent.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 2, 3, 4], "timestamp": ["2024-03-01"] * 4,
    ...                "touchpoint": ["cart", "cart", "view", "view"], "why": ["price", "price", "delivery", None]},
    ...               attributes=["why"])
    >>> found = kr.loss_reasons(kr.journeys(log), reason="why", by="touchpoint")
    >>> [(row["why"], row["touchpoint"], row["share"]) for row in found]
    [('price', 'cart', 0.5), ('(none)', 'view', 0.25), ('delivery', 'view', 0.25)]
    >>> [(row["why"], row["share_of_known"]) for row in found.reasons if row["why"] == "price"]
    [('price', 0.6666666666666666)]
    """
    handle = require_journeys(journeys, "loss_reasons")._handle
    return LossReasons(
        *_core.loss_reasons(
            handle, reason=reason, by=by, level=level, min_n=float(min_n), threads=thread_count(threads)
        )
    )


def abandoned_carts(
    journeys: Journeys,
    *,
    cart: str | Iterable[str] = "add_to_cart",
    by: str = "touchpoint",
    timeout: DurationLike = "1d",
    recovered_by: str = "touchpoint",
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Carts:
    """Show what becomes of carts: ordered, recovered later, abandoned.

    Parameters
    ----------
    journeys
        The journeys to analyse.
    cart
        The name, or names, of the events that fill a cart.
    by
        What they name: ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    timeout
        A cart that is not ordered so long after the first such event of its journey is left behind.
    recovered_by
        What tells by which event a customer came back: ``"touchpoint"``, ``"channel"``, …
    level
        The coverage of the intervals.
    min_n
        Shares of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Carts
        One row each for ``ordered`` (within the timeout), ``recovered`` (the customer converted later, in the same
        journey or another), ``abandoned`` and ``open`` (not settled): ``status, count, n, share, lower, upper, value,
        median_time, marks``. The share is of the settled carts, ``value`` adds up the values of the events that filled
        the carts, ``median_time`` is from the first of them to the conversion in seconds. ``.recovered_by`` says by
        which event the customers came back.

    Raises
    ------
    InputError
        When no event fills a cart, the log has no time, or the journeys go on after their conversion.

    Notes
    -----
    Where each customer has one cart the intervals are Wilson's, else they take customers as independent.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2, 2, 2, 3], "touchpoint": ["cart", "order", "cart", "mail", "order",
    ...                "cart"], "timestamp": ["2024-03-01T10:00", "2024-03-01T10:05", "2024-03-01T11:00",
    ...                "2024-03-04T09:00", "2024-03-04T09:05", "2024-03-02T10:00"]})
    >>> found = kr.abandoned_carts(kr.journeys(log, conversion="order"), cart="cart")
    >>> {row["status"]: row["count"] for row in found}
    {'ordered': 1, 'recovered': 1, 'abandoned': 1, 'open': 0}
    >>> found.recovered_by["touchpoint"]
    ['mail']
    """
    handle = require_journeys(journeys, "abandoned_carts")._handle
    return Carts(
        *_core.abandoned_carts(
            handle,
            cart=[cart] if isinstance(cart, str) else list(cart),
            by=by,
            timeout=microseconds(timeout, "timeout"),
            recovered_by=recovered_by,
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )
