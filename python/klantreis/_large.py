# SPDX-License-Identifier: MIT
"""Logs that are larger than memory: partitioned on disk, counted one partition after the other, merged."""

from __future__ import annotations

import datetime as dt
import os
import warnings
from typing import TYPE_CHECKING, Any, Literal

from klantreis import _core
from klantreis._core import InputError, LimitError
from klantreis._journeys import AfterConversion, Journeys, journeys
from klantreis._log import Log
from klantreis._parts import Analysis, Part, counter_of, merge
from klantreis._read import COLUMNS, Reading, open_events
from klantreis._scratch import ScratchFolder, bytes_of, resident_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from klantreis._dropoff import DropOff
    from klantreis._duration import DurationLike, InstantLike
    from klantreis._funnel.request import Steps
    from klantreis._map import JourneyMap
    from klantreis._paths import Paths
    from klantreis._table import Table

# What an event takes while its partition is read, sorted and cut, and what the parts of a log need at least.
_BYTES_PER_EVENT = 128
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


class LargeJourneys:
    """The journeys of a :class:`LargeLog`: cut, counted and forgotten partition by partition."""

    __slots__ = ("_cut", "_log")

    def __init__(self, log: LargeLog, cut: dict[str, Any]) -> None:
        self._log = log
        self._cut = cut

    @property
    def log(self) -> LargeLog:
        """The log that the journeys are cut from."""
        return self._log

    def parts(self) -> Iterator[Journeys]:
        """Yield the journeys of each partition, for counts of your own (see :func:`klantreis.count`)."""
        return self._parts("spells", {})

    def count(self, analysis: Analysis, **options: Any) -> Part:
        """Count all journeys for an analysis, as :func:`klantreis.count` counts those of a shard.

        Raises
        ------
        InputError
            As of the analysis, or when a temporary file is gone or damaged.
        LimitError
            When the counts themselves, or one partition, take more than ``memory_limit``.
        """
        rows = self._log._open()
        limit = self._log._limit
        if rows.largest * _BYTES_PER_EVENT > limit:
            raise LimitError(
                f"a partition has {rows.largest:,} rows and takes about {_size(rows.largest * _BYTES_PER_EVENT)} of "
                f"memory, more than memory_limit ({_size(limit)}); raise the limit"
            )
        self._check_names(analysis, options)
        counter = counter_of(analysis, options)

        # Paths, and what is kept of each journey, are copied when they are merged and again by what is made of them.
        copies = 2 if analysis in ("paths", "variants", "spells") else 0
        before = resident_bytes()

        def parts() -> Iterator[Part]:
            for done, piece in enumerate(self._parts(analysis, options)):
                yield Part(counter(piece))
                held = resident_bytes()
                if held is not None and held + copies * max(0, held - (before or 0)) > limit:
                    raise LimitError(
                        f"after {done + 1} of {rows.partitions} partitions the program takes {_size(held)}, and the "
                        f"{analysis} would take more than memory_limit ({_size(limit)}); count by a coarser label, "
                        "collapse repeats, or raise the limit"
                    )

        return merge(parts())

    def transitions(
        self,
        *,
        by: str = "touchpoint",
        collapse: bool = False,
        times: bool | None = None,
        level: float = 0.95,
        min_n: int = 30,
        threads: int | None = None,
    ) -> Table:
        """Return what :func:`klantreis.transitions` returns.

        ``times`` says whether to keep how long each transition took, 16 bytes an event, for ``median_time``. None:
        where that takes less than a quarter of ``memory_limit``; a warning says when it does not.
        """
        if times is None:
            needed = 16 * self._log.rows
            times = needed <= self._log._limit // 4
            if not times:
                warnings.warn(
                    f"median_time is left out: it needs {_size(needed)}, more than a quarter of memory_limit; pass "
                    "times=True with a higher limit",
                    stacklevel=2,
                )
        part = self.count("transitions", by=by, collapse=collapse, times=times, threads=threads)
        table: Table = part.result(level=level, min_n=min_n, threads=threads)
        return table

    def funnel(self, steps: Steps, *, level: float = 0.95, min_n: int = 30, **options: Any) -> Table:
        """Return what :func:`klantreis.funnel` returns; it has the same arguments."""
        table: Table = self.count("funnel", steps=steps, **options).result(level=level, min_n=min_n)
        return table

    def drop_off(
        self,
        *,
        by: str = "touchpoint",
        collapse: bool = False,
        units: Literal["journeys", "visits"] = "journeys",
        level: float = 0.95,
        min_n: int = 30,
        threads: int | None = None,
    ) -> DropOff:
        """Return what :func:`klantreis.drop_off` returns."""
        part = self.count("drop_off", by=by, collapse=collapse, units=units, threads=threads)
        found: DropOff = part.result(level=level, min_n=min_n)
        return found

    def step_matrix(
        self, *, steps: int = 10, by: str = "touchpoint", collapse: bool = False, threads: int | None = None
    ) -> Table:
        """Return what :func:`klantreis.step_matrix` returns."""
        table: Table = self.count("step_matrix", steps=steps, by=by, collapse=collapse, threads=threads).result()
        return table

    def variants(
        self,
        *,
        by: str = "touchpoint",
        collapse: bool = False,
        limit: int | None = None,
        level: float = 0.95,
        min_n: int = 30,
        threads: int | None = None,
    ) -> Table:
        """Return what :func:`klantreis.variants` returns. All distinct paths and journeys must fit into memory."""
        part = self.count("variants", by=by, collapse=collapse, threads=threads)
        table: Table = part.result(limit=limit, level=level, min_n=min_n)
        return table

    def paths(self, **options: Any) -> Paths:
        """Return what :func:`klantreis.paths` returns; it has the same arguments. They must fit into memory."""
        found: Paths = self.count("paths", **options).result()
        return found

    def attribute(
        self,
        *,
        model: Any = "markov",
        by: str = "touchpoint",
        lookback: DurationLike | None = None,
        lookback_touches: int | None = None,
        exclude: str | Sequence[str] = (),
        reuse_touches: bool = False,
        **options: Any,
    ) -> Table:
        """Return what :func:`klantreis.attribute` returns of the paths; models that need the time of touches cannot."""
        from klantreis._attribution import attribute

        found = self.paths(
            by=by,
            lookback=lookback,
            lookback_touches=lookback_touches,
            exclude=exclude,
            reuse_touches=reuse_touches,
        )
        return attribute(found, model=model, **options)

    def cohort_rate(
        self,
        *,
        within: DurationLike | Iterable[DurationLike] = "30d",
        segment: str | None = None,
        level: float = 0.95,
        min_n: int = 30,
        threads: int | None = None,
    ) -> Table:
        """Return what :func:`klantreis.cohort_rate` returns."""
        part = self.count("cohort_rate", within=within, segment=segment, threads=threads)
        table: Table = part.result(level=level, min_n=min_n)
        return table

    def __repr__(self) -> str:
        return f"LargeJourneys(of {self._log!r})"

    def _parts(self, analysis: str, options: dict[str, Any]) -> Iterator[Journeys]:
        cut = dict(self._cut)
        designed = self._log._reading.designed
        silence = cut["inactivity"] if cut["inactivity"] != "map" else designed and designed[1].inactivity
        of_customers = analysis == "funnel" and options.get("unit", "customer") == "customer"
        if cut["observed_until"] is None and (analysis == "cohort_rate" or (silence and not of_customers)):
            # The end of the observation is that of the whole log, not of a partition.
            self._log._look_through()
            cut["observed_until"] = self._log._last
        for log in self._log.partitions():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a partition need not have what the log has
                piece = journeys(log, **cut)
            yield piece

    def _check_names(self, analysis: str, options: dict[str, Any]) -> None:
        """Names that occur nowhere are mistakes; that a partition lacks some is not."""
        if self._log._reading.designed is not None or analysis not in ("funnel", "paths"):
            return
        named = options.get("steps", ()) if analysis == "funnel" else options.get("exclude", ())
        named = (named,) if isinstance(named, str) else named
        known = self._log.names(options.get("by", "touchpoint"))
        for name in named:
            if known and isinstance(name, str) and name not in known:
                listed = ", ".join(map(repr, known[:10]))
                raise InputError(f"no event of this log has the name {name!r}; it has {listed}")


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


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
