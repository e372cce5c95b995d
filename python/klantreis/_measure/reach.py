# SPDX-License-Identifier: MIT
"""How and where customers are reached: channels by phase and period, overlap, position in the journey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klantreis import _core
from klantreis._arguments import require_journeys, thread_count
from klantreis._design import MapLike, design_of
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._journeys import Journeys
    from klantreis._measure.states import Period


def reach(
    journeys: Journeys,
    *,
    phase: str | None = None,
    by: str = "channel",
    level: str | None = None,
    map: MapLike = None,
    confidence: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Show through which channels customers are reached in each phase.

    Parameters
    ----------
    journeys
        The journeys; all of their events count.
    phase
        Only this phase. None: each.
    by
        ``"channel"``, ``"touchpoint"`` or an attribute of the log.
    level, map, confidence, min_n, threads
        As for :func:`klantreis.measure`.

    Returns
    -------
    Table
        ``phase, <by>, events, customers, frequency, n, share, lower, upper, marks``: phases in the order of the design,
        within a phase most customers first. ``share`` is of the ``n`` customers who were in the phase, with Wilson's
        interval; a customer may count in several rows. ``frequency`` is events per customer.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 2, 2], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
    ...                "touchpoint": ["ad", "ad", "search"], "medium": ["display", "display", "google"]},
    ...               channel="medium", phase={"ad": "aware", "search": "aware"})
    >>> kr.reach(kr.journeys(log), map=["aware"])["share"]
    [1.0, 0.5]
    """
    design = design_of(require_journeys(journeys, "reach"), map, level, "reach")
    return Table(
        _core.phase_reach(
            journeys._handle,
            design._handle,
            by=by,
            phase=phase or "",
            level=confidence,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def reach_by_period(
    journeys: Journeys,
    *,
    period: Period = "month",
    phase: str | None = None,
    by: str = "channel",
    level: str | None = None,
    map: MapLike = None,
    threads: int | None = None,
) -> Table:
    """Count the customers reached in each period, by channel and all together.

    Parameters
    ----------
    journeys
        The journeys.
    period
        ``"day"``, ``"week"`` (from Monday) or ``"month"``, in UTC.
    phase, by, level, map, threads
        As for :func:`klantreis.reach`.

    Returns
    -------
    Table
        ``period, <by>, events, customers, frequency``. Rows with an empty name are of all together, each customer once.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1], "timestamp": ["2024-03-01", "2024-04-02"], "touchpoint": ["ad", "ad"],
    ...                "medium": ["display", "mail"]}, channel="medium", phase={"ad": "aware"})
    >>> [(row["channel"], row["customers"]) for row in kr.reach_by_period(kr.journeys(log), map=["aware"])]
    [('', 1), ('display', 1), ('', 1), ('mail', 1)]
    """
    design = design_of(require_journeys(journeys, "reach_by_period"), map, level, "reach_by_period")
    return Table(
        _core.period_reach(
            journeys._handle, design._handle, period=period, by=by, phase=phase or "", threads=thread_count(threads)
        )
    )


def overlap(
    journeys: Journeys,
    *,
    phase: str | None = None,
    by: str = "channel",
    level: str | None = None,
    map: MapLike = None,
    threads: int | None = None,
) -> Table:
    """Count the customers that two channels share.

    Parameters
    ----------
    journeys
        The journeys.
    phase, by, level, map, threads
        As for :func:`klantreis.reach`.

    Returns
    -------
    Table
        ``first, second, customers, share_of_first, share_of_second``: each pair with a customer in common once, most
        customers first.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
    ...                "touchpoint": ["ad", "ad", "ad"], "medium": ["display", "google", "google"]},
    ...               channel="medium", phase={"ad": "aware"})
    >>> kr.overlap(kr.journeys(log), map=["aware"])["share_of_second"]
    [0.5]
    """
    design = design_of(require_journeys(journeys, "overlap"), map, level, "overlap")
    return Table(
        _core.reach_overlap(journeys._handle, design._handle, by=by, phase=phase or "", threads=thread_count(threads))
    )


def positions(
    journeys: Journeys,
    *,
    by: str = "channel",
    confidence: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Show where in a journey channels occur: at the beginning, in the middle or at the end.

    Parameters
    ----------
    journeys
        The journeys; the settled ones count.
    by
        ``"channel"``, ``"touchpoint"``, ``"phase"`` or an attribute of the log.
    confidence, min_n, threads
        As for :func:`klantreis.measure`.

    Returns
    -------
    Table
        ``<by>, part, events, share, journeys, conversions, conversion_rate, lower, upper, n, marks``; ``part`` is
        ``begin``, ``middle`` or ``end``, ``share`` is of the events of the channel, and the rate says how many of the
        journeys with the channel in that part convert: an association, not an effect.

    Notes
    -----
    The events of a journey before its first conversion are cut into thirds: the k-th of m, from 0, is in third 3k/m,
    rounded down. A single event is the beginning.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04"]
    >>> log = kr.read({"customer_id": [1] * 4, "timestamp": days, "touchpoint": ["ad", "view", "mail", "order"]})
    >>> found = kr.positions(kr.journeys(log, conversion="order"), by="touchpoint")
    >>> [(row["touchpoint"], row["part"]) for row in found if row["events"]]
    [('ad', 'begin'), ('mail', 'end'), ('view', 'middle')]
    """
    return Table(
        _core.label_positions(
            require_journeys(journeys, "positions")._handle,
            by=by,
            level=confidence,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )
