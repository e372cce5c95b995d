# SPDX-License-Identifier: MIT
"""Journeys: the events of each customer, cut by conversion, silence and the end of the observation."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any, Literal

from klantreis import _core
from klantreis._core import InputError
from klantreis._duration import DurationLike, InstantLike, duration_text, instant, microseconds
from klantreis._log import Log
from klantreis._table import Table

AfterConversion = Literal["new", "stop", "continue"]


class Journeys:
    """The journeys of a log; made by :func:`klantreis.journeys`. It keeps its log and copies no events."""

    __slots__ = ("_after_conversion", "_conversion", "_cut", "_handle", "_log", "_options")

    def __init__(
        self,
        handle: _core.JourneySet,
        log: Log,
        conversion: tuple[str, ...],
        after_conversion: AfterConversion,
        options: dict[str, str],
        *,
        cut: dict[str, Any],
    ) -> None:
        self._handle = handle
        self._log = log
        self._conversion = conversion
        self._after_conversion: AfterConversion = after_conversion
        self._options = options
        self._cut = cut

    def __len__(self) -> int:
        return self._handle.size

    @property
    def log(self) -> Log:
        """The log that the journeys were cut from."""
        return self._log

    @property
    def conversion(self) -> tuple[str, ...]:
        """The touchpoints that convert."""
        return self._conversion

    @property
    def after_conversion(self) -> AfterConversion:
        """What happens to events after a conversion: ``"new"``, ``"stop"`` or ``"continue"``."""
        return self._after_conversion

    @property
    def customers(self) -> int:
        """Number of customers in the log."""
        return self._handle.customers

    @property
    def conversions(self) -> int:
        """Number of settled journeys that converted."""
        return self._handle.conversions

    @property
    def nulls(self) -> int:
        """Number of settled journeys that ended without a conversion."""
        return self._handle.nulls

    @property
    def open(self) -> int:
        """Number of journeys whose end is not yet known."""
        return self._handle.open

    @property
    def options(self) -> dict[str, str]:
        """How the journeys were cut, as text."""
        return dict(self._options)

    @property
    def notes(self) -> list[str]:
        """What to know before trusting rates: unknown conversions, no settled journey, growth, short logs."""
        return list(self._handle.notes())

    def recut(self, *, after_conversion: AfterConversion) -> Journeys:
        """Return the same events cut under another rule for what follows a conversion.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1, 1], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
        ...                "touchpoint": ["visit", "order", "visit"]})
        >>> journeys = kr.journeys(log, conversion="order")
        >>> len(journeys), len(journeys.recut(after_conversion="continue"))
        (2, 1)
        """
        handle = self._handle.recut(after_conversion)
        options = {**self._options, "after_conversion": after_conversion}
        cut = {**self._cut, "after_conversion": after_conversion}
        return Journeys(handle, self._log, self._conversion, after_conversion, options, cut=cut)

    def update(self, more: Any, *, where: str | None = None, connection: Any = None) -> Journeys:
        """Return the journeys with more events, of the customers there are and of new ones.

        Journeys that had ended with the last event go on with the new ones, and are settled or open by the new end of
        the observation, unless that was given. The result is that of cutting all events anew.

        Parameters
        ----------
        more, where, connection
            As for :meth:`Log.update`.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1], "timestamp": ["2024-03-01", "2024-03-02"],
        ...                "touchpoint": ["visit", "order"]})
        >>> journeys = kr.journeys(log, conversion="order")
        >>> journeys.update({"customer_id": [1, 2], "timestamp": ["2024-03-03", "2024-03-03"],
        ...                  "touchpoint": ["visit", "visit"]})
        Journeys(3 journeys of 2 customers: 1 converted, 2 did not, 0 open)
        """
        log = self._log.update(more, where=where, connection=connection)
        return _cut_again(log, self._cut)

    def __reduce__(self) -> tuple[Any, ...]:
        return _cut_again, (self._log, self._cut)

    def summary(self, *, level: float = 0.95, min_n: int = 30) -> Table:
        """Return the headline figures in one row: journeys, conversions, conversion rate with interval, value, time.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1, 2], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
        ...                "touchpoint": ["visit", "order", "visit"]})
        >>> kr.journeys(log, conversion="order").summary()["conversion_rate"]
        [0.5]
        """
        return Table(self._handle.summary(level, float(min_n)))

    def __repr__(self) -> str:
        return (
            f"Journeys({len(self):,} journeys of {self.customers:,} customers: {self.conversions:,} converted, "
            f"{self.nulls:,} did not, {self.open:,} open)"
        )

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def journeys(
    log: Log,
    *,
    conversion: str | Iterable[str] | None = None,
    after_conversion: AfterConversion = "new",
    inactivity: DurationLike | None = "map",
    observed_until: InstantLike | None = None,
    gap: DurationLike | None = None,
    threads: int | None = None,
) -> Journeys:
    """Cut the events of each customer into journeys.

    Parameters
    ----------
    log
        The events, from :func:`klantreis.read`.
    conversion
        The touchpoint, or touchpoints, that convert; where the log has a map also ids of its outcomes, which are found
        first. None: the primary conversion of the map; without a map, as with an empty list, nothing converts.
    after_conversion
        ``"new"``: later events begin a new journey. ``"stop"``: only the first conversion of a customer counts, later
        events are left out. ``"continue"``: the journey goes on to its last event and ends in ``(end)``.
    inactivity
        A silence longer than this ends a journey. A journey is settled when its last event lies at least this long
        before ``observed_until``, and open otherwise. None: every journey is settled, as attribution tools have it.
        ``"map"``: that of the exit in the map of the log; None without a map.
    observed_until
        The end of the observation; later events are left out. Default: the last event of the log.
    gap
        A silence longer than this starts a new journey (sessions). Default: ``inactivity``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Journeys

    Raises
    ------
    InputError
        When a length of time is not positive, ``gap`` exceeds ``inactivity``, or the log has no time to measure them.

    Warns
    -----
    UserWarning
        When a conversion does not occur in the log, or no journey is settled.

    Notes
    -----
    The path of a journey is what comes before its conversion. Rates, graph and attribution use settled journeys.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
    ...                "touchpoint": ["visit", "order", "visit"]})
    >>> kr.journeys(log, conversion="order")
    Journeys(2 journeys of 2 customers: 1 converted, 1 did not, 0 open)
    """
    cut: dict[str, Any] = {
        "conversion": conversion if conversion is None or isinstance(conversion, str) else tuple(conversion),
        "after_conversion": after_conversion,
        "inactivity": inactivity,
        "observed_until": observed_until,
        "gap": gap,
        "threads": threads,
    }
    conversion = cut["conversion"]
    if not isinstance(log, Log):
        raise InputError(
            f"journeys are cut from a Log, not from {type(log).__name__}; read the events with klantreis.read"
        )
    designed = _core.map_of(log._handle)
    if conversion is None:
        conversion = () if designed is None else (designed.primary_outcome or ())
    names = (conversion,) if isinstance(conversion, str) else tuple(conversion)
    if inactivity == "map":
        silence = None if designed is None else designed.inactivity
        inactivity = None if silence is None else duration_text(silence)
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"conversion {name!r} is not the name of a touchpoint")
    handle = _core.make_journeys(
        log._handle,
        conversion=list(names),
        after=after_conversion,
        gap=None if gap is None else microseconds(gap, "gap"),
        inactivity=None if inactivity is None else microseconds(inactivity, "inactivity"),
        observed_until=None if observed_until is None else instant(observed_until, "observed_until"),
        threads=threads or 0,
    )
    options = {"conversion": ", ".join(names), "after_conversion": str(after_conversion)}
    for key, given in (("inactivity", inactivity), ("observed_until", observed_until), ("gap", gap)):
        if given is not None:
            options[key] = str(given)
    if log.preparation:
        options["prepared"] = "; ".join(log.preparation)
    result = Journeys(handle, log, names, after_conversion, options, cut=cut)
    for note in result.notes:
        if note.startswith(("conversion ", "no journey is settled")):
            warnings.warn(note, stacklevel=2)
    return result


def _cut_again(log: Log, cut: dict[str, Any]) -> Journeys:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what there was to say was said when they were cut first
        return journeys(log, **cut)
