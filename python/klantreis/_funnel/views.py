# SPDX-License-Identifier: MIT
"""A funnel from other sides: by attribute, by period, by time, customer by customer, by every definition."""

from __future__ import annotations

from typing import Any, Literal

from klantreis import _core
from klantreis._arguments import whole_number
from klantreis._core import InputError
from klantreis._funnel.request import Steps, request, require_source
from klantreis._journeys import Journeys
from klantreis._log import Log
from klantreis._table import Table

Attribution = Literal["first", "last", "all"]
Period = Literal["hour", "day", "week", "month"]


class FunnelExplanation(Table):
    """The result of :func:`klantreis.explain_funnel`: the events that matter, how far they lead, and why no further."""

    __slots__ = ("_left_out", "_level", "_reason")

    def __init__(self, core: _core.Table, level: int, left_out: bool, reason: str) -> None:
        super().__init__(core)
        self._level = level
        self._left_out = left_out
        self._reason = reason

    @property
    def level(self) -> int:
        """The number of steps that the customer reached."""
        return self._level

    @property
    def left_out(self) -> bool:
        """True when an excluded event removes the customer from every step."""
        return self._left_out

    @property
    def reason(self) -> str:
        """Why the customer came no further, in words."""
        return self._reason


def funnel_breakdown(
    journeys: Journeys | Log,
    steps: Steps,
    *,
    by_attribute: str,
    attribution: Attribution | int = "first",
    **options: Any,
) -> Table:
    """Count the funnel of each value of an attribute.

    Parameters
    ----------
    journeys, steps
        As in :func:`klantreis.funnel`.
    by_attribute
        The label column whose values are told apart: ``"channel"``, ``"phase"`` or an attribute of the log.
    attribution
        Under which value a customer counts. ``"first"`` and ``"last"``: that of the first or last event that has
        one. ``"all"``: every value, each with the events that carry it. A number k: that of the event which filled
        step k, ``(none)`` for those who did not reach it.
    options
        The options of :func:`klantreis.funnel`.

    Returns
    -------
    Table
        The attribute and the columns of :func:`klantreis.funnel`; the value with most customers first.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-01", "2024-03-09"]
    >>> log = kr.read({"customer_id": [1, 1, 2, 3], "timestamp": days, "touchpoint": ["view", "order", "view", "view"],
    ...                "device": ["phone", "laptop", "phone", "laptop"]}, attributes=["device"])
    >>> found = kr.funnel_breakdown(log, ["view", "order"], by_attribute="device")
    >>> list(zip(found["device"], found["label"], found["count"]))
    [('phone', 'view', 2), ('phone', 'order', 1), ('laptop', 'view', 1), ('laptop', 'order', 0)]
    """
    source = require_source(journeys, "funnel_breakdown")
    step = 1 if isinstance(attribution, str) else whole_number(attribution, "attribution", 1)
    how = attribution if isinstance(attribution, str) else "step"
    if how == "step" and isinstance(attribution, str):
        raise InputError("attribution is 'step'; give the number of the step")
    return Table(_core.funnel_breakdown(source._handle, request(steps, **options), by_attribute, how, step))


def funnel_trend(journeys: Journeys | Log, steps: Steps, *, period: Period = "week", **options: Any) -> Table:
    """Count the funnel of those who entered it in each period.

    Parameters
    ----------
    journeys, steps
        As in :func:`klantreis.funnel`.
    period
        ``"hour"``, ``"day"``, ``"week"`` (from Monday) or ``"month"``, in UTC.
    options
        The options of :func:`klantreis.funnel`.

    Returns
    -------
    Table
        ``period, entered, step, label, count, n, rate_from_first, lower, upper, complete, marks``. A customer counts in
        every period in which step 1 was done. The figures of a period that is not ``complete`` may still rise: the
        window of its last possible entry has not passed when the observation ends.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-08", "2024-03-09"]
    >>> log = kr.read({"customer_id": [1, 1, 1, 2], "timestamp": days, "touchpoint": ["view", "order", "view", "view"]})
    >>> found = kr.funnel_trend(log, ["view", "order"], period="week", window="7d")
    >>> list(zip(found["label"], found["count"], found["complete"]))
    [('view', 1, False), ('order', 1, False), ('view', 2, False), ('order', 0, False)]
    """
    source = require_source(journeys, "funnel_trend")
    return Table(_core.funnel_trend(source._handle, request(steps, **options), period))


def funnel_times(
    journeys: Journeys | Log,
    steps: Steps,
    *,
    from_step: int = 1,
    to_step: int | None = None,
    bins: int | None = None,
    **options: Any,
) -> Table:
    """Show how long conversion takes, as a distribution.

    Parameters
    ----------
    journeys, steps
        As in :func:`klantreis.funnel`.
    from_step, to_step
        Between which steps, counted from 1. Default: from the first to the last.
    bins
        The number of bins, 1 to 90. None: the cube root of the number of times, at most 60.
    options
        The options of :func:`klantreis.funnel`.

    Returns
    -------
    Table
        ``from_seconds, to_seconds, count, share, cumulative``, one row for each bin. Its ``options`` hold the mean, the
        median and other quantiles.

    Notes
    -----
    Bins are those of PostHog: a whole number of seconds wide, from the smallest time rounded down.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-01", "2024-03-03"]
    >>> log = kr.read({"customer_id": [1, 1, 2, 2], "timestamp": days, "touchpoint": ["view", "order"] * 2})
    >>> found = kr.funnel_times(log, ["view", "order"])
    >>> found["count"], found.options["median"]
    ([1, 0, 1], '129600')
    """
    source = require_source(journeys, "funnel_times")
    return Table(
        _core.funnel_times(
            source._handle,
            request(steps, **options),
            whole_number(from_step, "from_step", 1),
            0 if to_step is None else whole_number(to_step, "to_step", 1),
            None if bins is None else whole_number(bins, "bins", 1),
        )
    )


def funnel_levels(journeys: Journeys | Log, steps: Steps, **options: Any) -> Table:
    """Tell how far each customer came; by ``unit="journey"`` each journey.

    Returns
    -------
    Table
        ``customer, level, left_out, entered``, sorted by the text of the id. ``entered`` is the time of the event that
        filled step 1 in seconds since 1970; null for those who did not enter.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-01"]
    >>> log = kr.read({"customer_id": ["a", "a", "b"], "timestamp": days, "touchpoint": ["view", "order", "view"]})
    >>> kr.funnel_levels(log, ["view", "order"])["level"]
    [2, 1]
    """
    source = require_source(journeys, "funnel_levels")
    return Table(_core.funnel_levels(source._handle, request(steps, **options)))


def funnel_customers(
    journeys: Journeys | Log, steps: Steps, *, step: int, lost: bool = False, **options: Any
) -> list[str]:
    """Return the ids of the customers at a step, or of those who were lost there.

    Parameters
    ----------
    journeys, steps
        As in :func:`klantreis.funnel`.
    step
        The step, counted from 1.
    lost
        Only those who did not reach the next step; as many as ``lost`` of :func:`klantreis.funnel` says.
    options
        The options of :func:`klantreis.funnel`.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-01"]
    >>> log = kr.read({"customer_id": ["a", "a", "b"], "timestamp": days, "touchpoint": ["view", "order", "view"]})
    >>> kr.funnel_customers(log, ["view", "order"], step=1, lost=True)
    ['b']
    """
    source = require_source(journeys, "funnel_customers")
    return _core.funnel_customers(source._handle, request(steps, **options), whole_number(step, "step", 1), bool(lost))


def explain_funnel(journeys: Journeys | Log, customer: str | int, steps: Steps, **options: Any) -> FunnelExplanation:
    """Show which events of a customer the funnel counted, and why it stopped where it did.

    Parameters
    ----------
    journeys, steps
        As in :func:`klantreis.funnel`. By ``unit="journey"`` the journey that came furthest is explained.
    customer
        The id of the customer.
    options
        The options of :func:`klantreis.funnel`.

    Returns
    -------
    FunnelExplanation
        The events that match a step or are excluded: ``place, time, touchpoint, matches, fills, note``; with ``.level``
        and ``.reason``.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-20"]
    >>> log = kr.read({"customer_id": ["a"] * 3, "timestamp": days, "touchpoint": ["view", "cart", "order"]})
    >>> found = kr.explain_funnel(log, "a", ["view", "cart", "order"], window="7d")
    >>> found.level, found["fills"]
    (2, ['1', '2', ''])
    >>> found.reason
    'the next event for step 3 (order) at 2024-03-20T00:00:00Z comes 19d after step 1, later than the window of 7d'
    """
    source = require_source(journeys, "explain_funnel")
    return FunnelExplanation(*_core.explain_funnel(source._handle, str(customer), request(steps, **options)))


def compare_definitions(journeys: Journeys | Log, steps: Steps, **options: Any) -> Table:
    """Count one funnel by every definition: this project's orders, and each dialect with its modes.

    Parameters
    ----------
    journeys, steps
        As in :func:`klantreis.funnel`.
    options
        ``window``, ``by``, ``level``, ``min_n`` and ``threads`` of :func:`klantreis.funnel`.

    Returns
    -------
    Table
        ``definition, window, step, label, count, n, rate_from_first, lower, upper, marks``.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-03"]
    >>> log = kr.read({"customer_id": ["a"] * 3, "timestamp": days, "touchpoint": ["view", "help", "order"]})
    >>> found = kr.compare_definitions(log, ["view", "order"], window="7d")
    >>> reached = {row["definition"]: row["count"] for row in found.to_dicts() if row["step"] == 2}
    >>> reached["klantreis"], reached["clickhouse strict_order"], reached["plausible"]
    (1, 0, 0)
    """
    source = require_source(journeys, "compare_definitions")
    allowed = {"window", "by", "level", "min_n", "threads"}
    for name in options:
        if name not in allowed:
            raise InputError(
                f"compare_definitions takes no {name!r}, since the definitions say it; it takes {sorted(allowed)}"
            )
    return Table(_core.compare_definitions(source._handle, request(steps, **options)))
