# SPDX-License-Identifier: MIT
"""Reading of events and of path tables."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from klantreis import _core
from klantreis._core import InputError
from klantreis._log import Log
from klantreis._paths import Paths
from klantreis._sources import Source, Wanted, open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from klantreis._map import JourneyMap

    OnBad = Literal["stop", "drop"]
    TimeUnit = Literal["s", "ms", "us", "ns"]

_TICKS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_INTEGER_FORMATS = frozenset("csilCSIL")


class _Default(str):
    """What an argument is when the caller does not give it: a map may know better."""

    __slots__ = ()


# The names of columns that the caller does not give.
COLUMNS = {
    "customer": _Default("customer_id"),
    "time": _Default("timestamp"),
    "touchpoint": _Default("touchpoint"),
}


def read(
    source: Any,
    *,
    map: JourneyMap | str | os.PathLike[str] | Mapping[str, Any] | None = None,
    customer: str = COLUMNS["customer"],
    time: str | None = COLUMNS["time"],
    touchpoint: str = COLUMNS["touchpoint"],
    channel: str | None = None,
    phase: str | Mapping[str, str] | None = None,
    value: str | None = None,
    cost: str | None = None,
    order: str | None = None,
    attributes: Sequence[str] = (),
    numbers: Sequence[str] = (),
    only: Sequence[str] = (),
    where: str | None = None,
    connection: Any = None,
    time_unit: TimeUnit | None = None,
    on_bad: OnBad = "stop",
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Log:
    """Read events into a log.

    Parameters
    ----------
    source
        Where the events are: a path, a glob or a list of paths (CSV, TSV, Parquet, JSON and JSON lines, also with
        ``.gz``); SQL text together with ``connection``; a DuckDB relation; a pandas or polars frame; anything with
        ``__arrow_c_stream__``; a dict of columns or a list of dicts.
    map
        The journey map whose rules give each event its touchpoint, channel and phase: a
        :class:`~klantreis.JourneyMap`, the path of its file, or a dict. Events stay available ``by="event"``, phases
        ``by="phase"`` and by each level of the map. The map names the columns that are not named here; of further
        columns that it names, those that the data have are read.
    customer, time, touchpoint
        The columns with the id of the customer, the time and the name of the event. Times without a zone are UTC.
        ``time=None`` is for logs that have only an order.
    channel, value, cost
        Columns with the medium, the worth and the cost of an event.
    phase
        A column, or a dict that tells the phase of each touchpoint.
    order
        A column that orders the events of a customer at the same time, or at all times where there is no time.
    attributes
        More columns that the analyses can be made ``by``.
    numbers
        More numeric columns, such as a score or a waiting time.
    only
        Keep only the events of these touchpoints, as the steps of a funnel: it counts the same from them alone, in half
        the time. What else is computed from such a log is about these events only.
    where
        An SQL condition that the rows must meet; for files, SQL and DuckDB relations.
    connection
        The DuckDB connection on which SQL text runs.
    time_unit
        What a whole number in the time column counts since 1970: ``"s"``, ``"ms"``, ``"us"`` or ``"ns"``.
    on_bad
        ``"stop"`` raises at the first row that cannot be an event; ``"drop"`` leaves such rows out and counts them
        (see :meth:`Log.health`).
    threads
        Number of threads; None: one for each core.
    progress
        Called after each batch with the number of rows read so far.

    Returns
    -------
    Log

    Raises
    ------
    InputError
        When a file or column is missing, or a row is bad; the message names the remedy.

    Notes
    -----
    Files are read by DuckDB, and of them only the columns that are named here. Ids and names in a CSV file are read as
    text, so that ``007`` and ``7`` are two customers.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read(
    ...     [
    ...         {"user": "ann", "at": "2024-03-01 09:00", "event": "visit"},
    ...         {"user": "ann", "at": "2024-03-01 09:05", "event": "order"},
    ...         {"user": "bob", "at": "2024-03-02 10:00", "event": "visit"},
    ...     ],
    ...     customer="user",
    ...     time="at",
    ...     touchpoint="event",
    ... )
    >>> log
    Log(3 events, 2 customers, 2 touchpoints; by: touchpoint)
    """
    columns = {
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
    reading = open_events(source, columns, where=where, connection=connection, progress=progress)
    builder = _core.LogBuilder(**reading.options)
    reading.into(builder)
    return reading.log(builder)


@dataclass
class Reading:
    """Events that are about to be read."""

    source: Source
    columns: dict[str, Any]  # the arguments of read that say what is what
    options: dict[str, Any]  # of the builder
    roles: dict[str, Any]
    designed: tuple[JourneyMap, _core.Map] | None

    def into(self, rows: _core.LogBuilder | _core.EventSpill) -> None:
        """Hand over all rows."""
        self.source.consume(lambda stream: rows.append(stream, **self.roles))

    def log(self, builder: _core.LogBuilder) -> Log:
        """The log of the rows that were handed to `builder`."""
        described = self.source.described
        if self.designed is None:
            return Log(builder.finish(), described, columns=self.columns)
        handle = _core.finish_mapped(builder, self.designed[1])
        return Log(handle, described, self.designed[0], columns=self.columns)


def open_events(
    source: Any,
    columns: dict[str, Any],
    *,
    where: str | None = None,
    connection: Any = None,
    progress: Callable[[int], None] | None = None,
    limits: dict[str, str] | None = None,
) -> Reading:
    """Open the events of `source` with the arguments of :func:`read` by name; `limits` are settings of DuckDB."""
    map = columns["map"]
    customer, time, touchpoint = columns["customer"], columns["time"], columns["touchpoint"]
    channel, phase, value, cost = columns["channel"], columns["phase"], columns["value"], columns["cost"]
    order, attributes, numbers = columns["order"], columns["attributes"], columns["numbers"]
    only, threads = columns["only"], columns["threads"]
    designed = None if map is None else core_map(map)
    named: dict[str, Any] = {} if designed is None else designed[1].columns
    optional: set[str] = set()
    if designed is not None:
        customer, touchpoint = (
            named.get(argument, str(given)) if isinstance(given, _Default) else given
            for argument, given in (("customer", customer), ("touchpoint", touchpoint))
        )
        time = named.get("time", str(time)) if isinstance(time, _Default) else time
        optional = {
            argument
            for argument, given in (("channel", channel), ("value", value), ("cost", cost), ("order", order))
            if given is None and argument in named
        }
        channel, value, cost, order = (
            named.get(argument) if argument in optional else given
            for argument, given in (("channel", channel), ("value", value), ("cost", cost), ("order", order))
        )
    if time is None and order is None:
        raise InputError('the events have neither time nor order; pass time="<column>", order="<column>" or both')
    if isinstance(attributes, str):
        raise InputError(f"attributes={attributes!r} is one text; pass a list, as in attributes=[{attributes!r}]")
    if isinstance(numbers, str):
        raise InputError(f"numbers={numbers!r} is one text; pass a list, as in numbers=[{numbers!r}]")
    if isinstance(only, str):
        raise InputError(f"only={only!r} is one text; pass a list, as in only=[{only!r}]")
    if designed is not None and only:
        raise InputError("only= names touchpoints of the input, and a map makes them; leave one of them out")
    if designed is not None:
        if phase is not None:
            raise InputError("phases come from the map; leave phase= out")
        taken = {customer, time, touchpoint, channel, value, cost, order, *attributes, *numbers}
        more = [name for name in named["attributes"] if name not in taken]
        optional |= {f"attributes[{i}]" for i in range(len(attributes), len(attributes) + len(more))}
        attributes = [*attributes, *more]
        more = [name for name in named["numbers"] if name not in taken]
        optional |= {f"numbers[{i}]" for i in range(len(numbers), len(numbers) + len(more))}
        numbers = [*numbers, *more]
    phase_column = phase if isinstance(phase, str) else None
    phases = [] if phase is None or isinstance(phase, str) else [(str(k), str(v)) for k, v in phase.items()]
    roles = {
        "customer": customer,
        "time": time,
        "touchpoint": touchpoint,
        "channel": channel,
        "phase": phase_column,
        "value": value,
        "cost": cost,
        "order": order,
    }
    arguments = {argument: _column_name(argument, name) for argument, name in roles.items() if name is not None}
    arguments.update({f"attributes[{i}]": _column_name("attributes", name) for i, name in enumerate(attributes)})
    arguments.update({f"numbers[{i}]": _column_name("numbers", name) for i, name in enumerate(numbers)})
    text = [customer, touchpoint, channel, phase_column, *attributes]
    wanted = Wanted(
        arguments,
        text={name for name in text if name is not None},
        numbers={name for name in (value, cost, *numbers) if name is not None},
        time=time,
        optional=optional,
    )
    stop = _stops(columns["on_bad"])
    opened = open_source(
        source, wanted, where=where, connection=connection, stop=stop, progress=progress, limits=limits
    )
    ticks = 0 if time is None else _ticks(opened.stream, time, columns["time_unit"])
    return Reading(
        opened,
        columns,
        options={
            "drop_bad_rows": not stop,
            "ticks_per_second": ticks,
            "phases": phases,
            "only": list(only),
            "threads": _thread_count(threads),
        },
        roles={
            "customer": customer,
            "touchpoint": touchpoint,
            "time": time or "",
            "order": wanted.arguments.get("order", ""),
            "channel": wanted.arguments.get("channel", ""),
            "phase": phase_column or "",
            "value": wanted.arguments.get("value", ""),
            "cost": wanted.arguments.get("cost", ""),
            "attributes": [name for i, name in enumerate(attributes) if f"attributes[{i}]" in wanted.arguments],
            "numbers": [name for i, name in enumerate(numbers) if f"numbers[{i}]" in wanted.arguments],
        },
        designed=designed,
    )


def read_paths(
    source: Any,
    *,
    path: str = "path",
    conversions: str | None = "total_conversions",
    value: str | None = None,
    nulls: str | None = None,
    sep: str = ">",
    where: str | None = None,
    connection: Any = None,
    on_bad: OnBad = "stop",
    progress: Callable[[int], None] | None = None,
) -> Paths:
    """Read a table of paths, as attribution tools write them.

    Parameters
    ----------
    source
        As for :func:`klantreis.read`.
    path
        The column with the touchpoints of a path, from first to last, with ``sep`` between them.
    conversions, value, nulls
        The columns with the number of journeys of this path that converted, what they were worth, and the number that
        did not convert.
    sep
        The character between two touchpoints; blanks around it do not count.
    where, connection, on_bad, progress
        As for :func:`klantreis.read`.

    Returns
    -------
    Paths

    Examples
    --------
    >>> import klantreis as kr
    >>> paths = kr.read_paths(
    ...     {"path": ["search > mail", "mail"], "total_conversions": [3, 1], "total_null": [7, 9]}, nulls="total_null"
    ... )
    >>> paths.conversions, paths.nulls
    (4.0, 16.0)
    """
    roles = {"path": path, "conversions": conversions, "value": value, "nulls": nulls}
    arguments = {argument: _column_name(argument, name) for argument, name in roles.items() if name is not None}
    numbers = {name for name in (conversions, value, nulls) if name is not None}
    stop = _stops(on_bad)
    opened = open_source(
        source,
        Wanted(arguments, text={path}, numbers=numbers),
        where=where,
        connection=connection,
        stop=stop,
        progress=progress,
    )
    table = _core.PathTable()
    opened.consume(
        lambda stream: table.append(
            stream,
            path=path,
            conversions=conversions or "",
            nulls=nulls or "",
            value=value or "",
            sep=sep,
            drop_bad_rows=not stop,
        )
    )
    return Paths(table)


def core_map(given: JourneyMap | str | os.PathLike[str] | Mapping[str, Any]) -> tuple[JourneyMap, _core.Map]:
    """The map, and its form in the core, of whatever `map=` accepts."""
    from klantreis._map import JourneyMap

    if isinstance(given, JourneyMap):
        made = given
    elif isinstance(given, (str, os.PathLike)):
        made = JourneyMap.load(given)
    elif hasattr(given, "keys"):
        made = JourneyMap.from_dict(cast("Mapping[str, Any]", given))
    else:
        raise InputError(f"map= is {type(given).__name__}; pass a JourneyMap, the path of its file, or a dict")
    return made, _core.Map(made.to_json())


def _column_name(argument: str, name: object) -> str:
    if isinstance(name, str) and name:
        return name
    raise InputError(f"{argument}={name!r}; pass the name of a column")


def _stops(on_bad: str) -> bool:
    if on_bad not in ("stop", "drop"):
        raise InputError(f'on_bad={on_bad!r}; it is "stop" or "drop"')
    return on_bad == "stop"


def _thread_count(threads: int | None) -> int:
    if threads is not None and threads < 1:
        raise InputError(f"threads={threads}; pass a whole number from 1, or None for one for each core")
    return threads or 0


def _ticks(stream: _core.Stream, time: str, time_unit: str | None) -> int:
    """Ticks per second of a time column of whole numbers."""
    if time_unit is not None and time_unit not in _TICKS:
        raise InputError(f"time_unit={time_unit!r}; it is one of {', '.join(map(repr, _TICKS))}")
    kind = stream.formats[stream.names.index(time)]
    if kind == "n":  # no row has a time, so there is nothing to count
        return _TICKS[time_unit or "us"]
    if kind in _INTEGER_FORMATS:
        if time_unit is None:
            raise InputError(
                f"column {time!r} holds whole numbers; say what they count since 1970 with time_unit="
                '"s", "ms", "us" or "ns"'
            )
        return _TICKS[time_unit]
    if time_unit is not None:
        raise InputError(f"column {time!r} holds times that know their unit; leave time_unit= out")
    return 0
