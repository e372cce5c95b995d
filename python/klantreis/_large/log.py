# SPDX-License-Identifier: MIT
"""Events that are larger than memory, in partitions on disk."""

from __future__ import annotations

import datetime as dt
import os
import warnings
from typing import TYPE_CHECKING, Any, Literal

from klantreis import _core
from klantreis._core import InputError
from klantreis._journeys import AfterConversion
from klantreis._large.journeys import LargeJourneys
from klantreis._log import Log
from klantreis._read import COLUMNS, Reading, open_events
from klantreis._scratch import ScratchFolder, bytes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from klantreis._duration import DurationLike, InstantLike
    from klantreis._map import JourneyMap

_PARTITIONS = 64


class LargeLog:
    """Events in partitions on disk; made by :func:`klantreis.read_large`.

    The partitions are removed with the log: at :meth:`close`, at the end of a ``with``, when the object goes, at the
    end of the program; of a program that was killed, when the next large log is made.
    """

    __slots__ = ("_folder", "_health", "_last", "_limit", "_reading", "_rows")

    def __init__(self, reading: Reading, rows: _core.EventSpill, folder: ScratchFolder, limit: int) -> None:
        self._reading = reading
        self._rows: _core.EventSpill | None = rows
        self._folder = folder
        self._limit = limit
        self._health: dict[str, int] | None = None
        self._last: dt.datetime | None = None

    @property
    def rows(self) -> int:
        """Number of rows that were read."""
        return self._open().rows

    @property
    def source(self) -> str:
        """Where the events came from, in words."""
        return self._reading.source.described

    def names(self, by: str = "touchpoint") -> list[str]:
        """Return the names in the touchpoint column, or in a channel, phase or attribute column."""
        return list(self._open().names(by))

    def partitions(self) -> Iterator[Log]:
        """Yield the log of each partition, for analyses of your own. A customer is in one partition only."""
        rows = self._open()
        for index in range(rows.partitions):
            yield self._reading.log(rows.builder(index))

    def health(self) -> dict[str, int]:
        """Return what became of the rows: ``rows``, ``events``, ``customers``, ``ties``, ``duplicates``, rejected ones.

        It takes a pass over the partitions.
        """
        self._look_through()
        assert self._health is not None
        return dict(self._health)

    def journeys(
        self,
        *,
        conversion: str | Iterable[str] | None = None,
        after_conversion: AfterConversion = "new",
        inactivity: DurationLike | None = "map",
        observed_until: InstantLike | None = None,
        gap: DurationLike | None = None,
        threads: int | None = None,
    ) -> LargeJourneys:
        """Say how the events of each customer are cut into journeys; arguments as of :func:`klantreis.journeys`."""
        names = None if conversion is None else (conversion,) if isinstance(conversion, str) else tuple(conversion)
        cut: dict[str, Any] = {
            "conversion": names,
            "after_conversion": after_conversion,
            "inactivity": inactivity,
            "observed_until": observed_until,
            "gap": gap,
            "threads": threads,
        }
        if self._reading.designed is None:
            known = set(self.names())
            for name in names or ():
                if name not in known:
                    warnings.warn(f"conversion {name!r} does not occur in the log", stacklevel=2)
        return LargeJourneys(self, cut)

    def close(self) -> None:
        """Remove the partitions from disk."""
        self._rows = None
        self._folder.remove()

    def __enter__(self) -> LargeLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._rows is None:
            return "LargeLog(closed)"
        return f"LargeLog({self.rows:,} rows in {self._rows.partitions} partitions, {self._rows.bytes:,} bytes on disk)"

    def _open(self) -> _core.EventSpill:
        if self._rows is None:
            raise InputError("this large log was closed and its partitions are gone; read the events again")
        return self._rows

    def _look_through(self) -> None:
        if self._health is not None:
            return
        figures = {"rows": 0, "events": 0, "customers": 0, "ties": 0, "duplicates": 0, "rejected rows": 0}
        last: dt.datetime | None = None
        for log in self.partitions():
            for row in log.health():
                name = row["figure"]
                if name in figures or name.startswith("rejected: "):
                    figures[name] = figures.get(name, 0) + int(row["value"])
            if len(log) and log._handle.has_times:
                # Rounded up to what an instant can say, so that no event lies after it.
                ticks, per_second = log._handle.last_time, log._handle.ticks_per_second
                micros = -(-ticks * 1_000_000 // per_second)
                end = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc) + dt.timedelta(microseconds=micros)
                last = end if last is None else max(last, end)
        self._health = figures
        self._last = last


def read_large(
    source: Any,
    *,
    memory_limit: str | int = "2GiB",
    temporary_folder: str | os.PathLike[str] | None = None,
    map: JourneyMap | str | os.PathLike[str] | dict[str, Any] | None = None,
    customer: str = COLUMNS["customer"],
    time: str | None = COLUMNS["time"],
    touchpoint: str = COLUMNS["touchpoint"],
    channel: str | None = None,
    phase: str | dict[str, str] | None = None,
    value: str | None = None,
    cost: str | None = None,
    order: str | None = None,
    attributes: Sequence[str] = (),
    numbers: Sequence[str] = (),
    only: Sequence[str] = (),
    where: str | None = None,
    connection: Any = None,
    time_unit: Literal["s", "ms", "us", "ns"] | None = None,
    on_bad: Literal["stop", "drop"] = "stop",
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> LargeLog:
    """Read events that are larger than memory.

    The events are read in batches and written to disk in partitions by a hash of the customer. Analyses go through the
    partitions one after the other and merge what they count, so that the results are those of :func:`klantreis.read`.

    Parameters
    ----------
    source
        As of :func:`klantreis.read`. Files, SQL and DuckDB relations are read batch by batch.
    memory_limit
        What the program may take, such as ``"2GiB"``. What cannot be done within it is an error. DuckDB gets a part of
        it for files; for SQL on a connection of your own, set its limit there.
    temporary_folder
        Where the partitions are written, about 30 bytes an event. None: the folder of the system for temporary files.
    map, customer, time, touchpoint, channel, phase, value, cost, order, attributes, numbers, only, where, connection, \
time_unit, on_bad, threads, progress
        As of :func:`klantreis.read`.

    Returns
    -------
    LargeLog

    Raises
    ------
    InputError
        As of :func:`klantreis.read`, and when the disk is full. Nothing is left on disk then.

    Examples
    --------
    >>> import klantreis as kr
    >>> events = {"customer_id": [1, 1, 2], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-01"],
    ...           "touchpoint": ["view", "order", "view"]}
    >>> with kr.read_large(events, memory_limit="1GiB") as log:
    ...     journeys = log.journeys(conversion="order")
    ...     journeys.transitions()["weight"]
    [2, 1, 1]
    """
    limit = bytes_of(memory_limit, "memory_limit")
    columns: dict[str, Any] = {
        "map": map,
        "customer": customer,
        "time": time,
        "touchpoint": touchpoint,
        "channel": channel,
        "phase": phase,
        "value": value,
        "cost": cost,
        "order": order,
        "attributes": attributes,
        "numbers": numbers,
        "only": only,
        "time_unit": time_unit,
        "on_bad": on_bad,
        "threads": threads,
    }
    folder = ScratchFolder(temporary_folder)
    try:
        limits = {"memory_limit": f"{limit // 4} B", "temp_directory": folder.path, "threads": "2"}
        reading = open_events(source, columns, where=where, connection=connection, progress=progress, limits=limits)
        rows = _core.EventSpill(folder.path, partitions=_PARTITIONS, buffer_bytes=limit // 16, **reading.options)
        reading.into(rows)
        rows.finish()
    except BaseException:
        folder.remove()
        raise
    return LargeLog(reading, rows, folder, limit)
