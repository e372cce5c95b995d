# SPDX-License-Identifier: MIT
"""The phase as the state of a customer: at any time, over time, and by cohort."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

from klantreis import _core
from klantreis._arguments import require_journeys, thread_count
from klantreis._core import InputError
from klantreis._design import MapLike, design_of, names_of
from klantreis._duration import DurationLike, InstantLike, instant, microseconds
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._journeys import Journeys

Period = Literal["day", "week", "month"]
_MOST_INSTANTS = 100_000


def phase_at(
    journeys: Journeys, customer: object, time: InstantLike, *, level: str | None = None, map: MapLike = None
) -> str | None:
    """Return the phase in which a customer was at an instant: that of the last event by then.

    Parameters
    ----------
    journeys
        The journeys; events after their ``observed_until`` are not known.
    customer
        The id of the customer.
    time
        The instant, itself included.
    level, map
        As for :func:`klantreis.measure`.

    Returns
    -------
    str or None
        None before the customer's first event.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": ["ann", "ann"], "timestamp": ["2024-03-01", "2024-03-03"],
    ...                "touchpoint": ["view", "order"]}, phase={"view": "look", "order": "buy"})
    >>> kr.phase_at(kr.journeys(log), "ann", "2024-03-02", map=["look", "buy"])
    'look'
    """
    design = design_of(require_journeys(journeys, "phase_at"), map, level, "phase_at")
    return _core.phase_at(journeys._handle, design._handle, str(customer), instant(time, "time"))


def phase_history(
    journeys: Journeys,
    *,
    customers: object | Iterable[object] | None = None,
    level: str | None = None,
    map: MapLike = None,
    threads: int | None = None,
) -> Table:
    """Return the phases of each customer in time.

    Parameters
    ----------
    journeys
        The journeys.
    customers
        One id or several; None: all customers.
    level, map, threads
        As for :func:`klantreis.measure`.

    Returns
    -------
    Table
        ``customer, journey, phase, from, to, seconds, events, current``, by customer and time. A phase lasts until the
        next one begins, and the last one (``current``) until the end of the observation.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": ["ann", "ann"], "timestamp": ["2024-03-01", "2024-03-03"],
    ...                "touchpoint": ["view", "order"]}, phase={"view": "look", "order": "buy"})
    >>> kr.phase_history(kr.journeys(log), map=["look", "buy"])["phase"]
    ['look', 'buy']
    """
    design = design_of(require_journeys(journeys, "phase_history"), map, level, "phase_history")
    if customers is None:
        ids = []
    elif isinstance(customers, str) or not isinstance(customers, Iterable):
        ids = [str(customers)]
    else:
        ids = [str(one) for one in customers]
        if not ids:
            raise InputError("customers is empty; name one, or leave it out for all")
    return Table(_core.phase_history(journeys._handle, design._handle, ids, thread_count(threads)))


def timeline(journeys: Journeys, customer: object, *, level: str | None = None, map: MapLike = None) -> Table:
    """Return the events of one customer in time.

    Returns
    -------
    Table
        ``time, since_start, phase, touchpoint, journey``; ``since_start`` in seconds.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": ["ann", "ann"], "timestamp": ["2024-03-01", "2024-03-03"],
    ...                "touchpoint": ["view", "order"]}, phase={"view": "look", "order": "buy"})
    >>> kr.timeline(kr.journeys(log), "ann", map=["look", "buy"])["since_start"]
    [0.0, 172800.0]
    """
    design = design_of(require_journeys(journeys, "timeline"), map, level, "timeline")
    return Table(_core.timeline(journeys._handle, design._handle, str(customer)))


def occupancy(
    journeys: Journeys,
    at: InstantLike | Iterable[InstantLike] | None = None,
    *,
    every: DurationLike | None = None,
    silence: DurationLike | None = None,
    level: str | None = None,
    map: MapLike = None,
    threads: int | None = None,
) -> Table:
    """Count how many customers are in each phase over time.

    Parameters
    ----------
    journeys
        The journeys.
    at
        An instant or several.
    every
        Instead of ``at``: from the first event on, every so long, such as ``"7d"``.
    silence
        A customer without an event for longer than this has gone. None: customers stay in their last phase.
    level, map, threads
        As for :func:`klantreis.measure`.

    Returns
    -------
    Table
        ``time, phase, customers, share``, a row for each phase at each instant, and one for ``(gone)`` with
        ``silence``. ``share`` is of the customers seen by then.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": ["ann", "ann", "bob"], "timestamp": ["2024-03-01", "2024-03-03", "2024-03-03"],
    ...                "touchpoint": ["view", "order", "view"]}, phase={"view": "look", "order": "buy"})
    >>> found = kr.occupancy(kr.journeys(log), ["2024-03-02", "2024-03-04"], map=["look", "buy"])
    >>> found["customers"]
    [1, 0, 1, 1]
    """
    design = design_of(require_journeys(journeys, "occupancy"), map, level, "occupancy")
    return Table(
        _core.occupancy(
            journeys._handle,
            design._handle,
            at=_instants(journeys, at, every),
            silence=None if silence is None else microseconds(silence, "silence"),
            threads=thread_count(threads),
        )
    )


class Relationship(NamedTuple):
    """The result of :func:`klantreis.relationship`: customers at each level, and the moves between levels."""

    levels: Table
    moves: Table


def relationship(
    journeys: Journeys,
    at: InstantLike | Iterable[InstantLike] | None = None,
    *,
    every: DurationLike | None = None,
    ambassador: str | Iterable[str] = (),
    period: Period = "month",
    threads: int | None = None,
) -> Relationship:
    """Count the customers at each level of the relationship over time, and the moves between levels.

    Parameters
    ----------
    journeys
        The journeys; their conversions make buyers.
    at, every
        As for :func:`klantreis.occupancy`; neither: the end of the observation.
    ambassador
        The touchpoints by which a customer recommends the company.
    period
        The calendar period of the moves: ``"day"``, ``"week"`` (from Monday) or ``"month"``, in UTC.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Relationship
        ``levels``: ``time, level, customers, share, ambassadors``. ``moves``: ``period, from, to, customers``. A
        customer is ``unknown`` before the first event, then ``prospect``, ``buyer`` from the first conversion and
        ``repeat_buyer`` from the second; ``ambassadors`` are those of them who recommended, and to recommend for the
        first time is a move to ``ambassador``.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": ["ann", "ann", "bob"], "timestamp": ["2024-03-01", "2024-03-03", "2024-03-03"],
    ...                "touchpoint": ["view", "order", "view"]})
    >>> found = kr.relationship(kr.journeys(log, conversion="order"))
    >>> dict(zip(found.levels["level"], found.levels["customers"]))
    {'unknown': 0, 'prospect': 1, 'buyer': 1, 'repeat_buyer': 0}
    """
    require_journeys(journeys, "relationship")
    names = names_of(ambassador)
    for name in names:
        if name not in journeys.log.touchpoints and len(journeys.log):
            known = ", ".join(map(repr, journeys.log.touchpoints[:10]))
            raise InputError(f"ambassador names {name!r}, which no event carries; the log has {known}")
    levels, moves = _core.relationship(
        journeys._handle,
        ambassador=names,
        at=[] if at is None and every is None else _instants(journeys, at, every),
        period=period,
        threads=thread_count(threads),
    )
    return Relationship(Table(levels), Table(moves))


def phase_cohorts(
    journeys: Journeys,
    *,
    period: Period = "week",
    within: DurationLike | None = None,
    current: bool = False,
    level: str | None = None,
    map: MapLike = None,
    confidence: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Show how far customers got, by the period of their first event.

    Parameters
    ----------
    journeys
        The journeys.
    period
        ``"day"``, ``"week"`` (from Monday) or ``"month"``, in UTC.
    within
        Count only what a customer did within this time of the first event, of customers who were observed that long;
        then cohorts can be compared. None: all that is known.
    current
        Count the phase of the last event instead of the furthest phase.
    level, map, confidence, min_n, threads
        As for :func:`klantreis.measure`.

    Returns
    -------
    Table
        ``cohort, phase, size, customers, share, lower, upper, marks``. Each customer stands in one phase, so the rows
        of a cohort add up to its size. Customers of no phase stand in ``(none)``.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": ["ann", "ann", "bob"], "timestamp": ["2024-03-01", "2024-03-03", "2024-03-04"],
    ...                "touchpoint": ["view", "order", "view"]}, phase={"view": "look", "order": "buy"})
    >>> found = kr.phase_cohorts(kr.journeys(log), map=["look", "buy"])
    >>> [(str(row["cohort"].date()), row["phase"], row["customers"]) for row in found]
    [('2024-02-26', 'look', 0), ('2024-02-26', 'buy', 1), ('2024-03-04', 'look', 1), ('2024-03-04', 'buy', 0)]
    """
    design = design_of(require_journeys(journeys, "phase_cohorts"), map, level, "phase_cohorts")
    return Table(
        _core.phase_cohorts(
            journeys._handle,
            design._handle,
            period=period,
            within=None if within is None else microseconds(within, "within"),
            current=bool(current),
            level=confidence,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def _instants(
    journeys: Journeys, at: InstantLike | Iterable[InstantLike] | None, every: DurationLike | None
) -> list[int]:
    if (at is None) == (every is None):
        raise InputError('give instants with at=, or every="7d", and not both')
    if at is not None:
        given = [at] if isinstance(at, (str, dt.date)) else list(at)
        return [instant(one, "at") for one in given]
    step = microseconds(every, "every")  # type: ignore[arg-type]
    times = {row["figure"]: row["value"] for row in journeys.log.health()}
    if "first event" not in times:
        raise InputError("the log has no time; read it with a time column")
    first = instant(times["first event"])
    until = journeys.options.get("observed_until")
    last = instant(until) if until else instant(times["last event"])
    if (last - first) // step >= _MOST_INSTANTS:
        raise InputError(f"every={every!r} gives {(last - first) // step + 1:,} instants; make it longer")
    return list(range(first, last + 1, step)) or [first]
