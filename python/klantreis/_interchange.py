# SPDX-License-Identifier: MIT
"""Event logs as tools for process mining read and write them: XES files and the columns of pm4py."""

from __future__ import annotations

import gzip
import html
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from klantreis import _core
from klantreis._core import InputError
from klantreis._files import require_folder, write_whole
from klantreis._journeys import Journeys, journeys
from klantreis._log import Log
from klantreis._read import read
from klantreis._table import Table

if TYPE_CHECKING:
    import os

    import pandas

_CASE = "case:concept:name"
_NAME = "concept:name"
_TIME = "time:timestamp"
_TYPES = ("string", "date", "int", "float", "boolean", "id")
_CHUNK = 1 << 20
_NONE = "(none)"
# What XES calls the columns of a log that have a meaning of their own.
_XES_NAMES = {"touchpoint": _NAME, "time": _TIME, "resource": "org:resource", "lifecycle": "lifecycle:transition"}
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xes.features="nested-attributes" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
  <extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
  <classifier name="Activity" keys="concept:name"/>
"""


class _XesReader:
    """The events of a XES file, column by column, while it is parsed. Attributes within attributes are left out."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.columns: dict[str, list[Any]] = {}
        self.kinds: dict[str, str] = {}
        self._rows = 0
        self._depth: list[str] = []
        self._trace: dict[str, Any] = {}
        self._event: dict[str, Any] = {}
        self._traces = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        # A XES file needs no document type, and entities could make a small file huge.
        self._parser.StartDoctypeDeclHandler = self._refuse

    def feed(self, data: bytes, last: bool = False) -> None:
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            raise InputError(f"{self._source}: no XML that can be read: {error}") from None

    def _refuse(self, *_: object) -> None:
        raise InputError(
            f"{self._source}, line {self._parser.CurrentLineNumber}: XES has no document type declaration, and "
            "entities are not read; remove the <!DOCTYPE …>"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if not self._depth and tag != "log":
            raise InputError(f"{self._source}: the file begins with <{tag}>, and a XES file with <log>")
        if tag in _TYPES and self._depth and self._depth[-1] in ("trace", "event"):
            into = self._trace if self._depth[-1] == "trace" else self._event
            key = attributes.get("key")
            if key:
                into[key] = self._value(tag, key, attributes.get("value", ""))
        elif tag == "trace":
            self._trace = {}
            self._traces += 1
        elif tag == "event":
            self._event = {}
        self._depth.append(tag)

    def _end(self, _: str) -> None:
        if self._depth.pop() != "event":
            return
        case = self._trace.get(_NAME)
        row = {_CASE: str(case) if case is not None else f"trace {self._traces}"}
        row.update((f"case:{key}", value) for key, value in self._trace.items() if key != _NAME)
        row.update(self._event)
        for key, value in row.items():
            column = self.columns.get(key)
            if column is None:
                column = self.columns[key] = [None] * self._rows
            column.append(value)
        self._rows += 1
        for column in self.columns.values():
            if len(column) < self._rows:
                column.append(None)

    def _value(self, tag: str, key: str, text: str) -> Any:
        if tag in ("int", "float"):
            self.kinds[key] = "number"
            try:
                return float(text)
            except ValueError:
                raise InputError(
                    f"{self._source}, line {self._parser.CurrentLineNumber}: {key!r} is {text!r}, which is no number"
                ) from None
        return text


def read_xes(
    source: str | os.PathLike[str],
    *,
    customer: str = _CASE,
    touchpoint: str = _NAME,
    time: str | None = _TIME,
    attributes: Sequence[str] | None = None,
    numbers: Sequence[str] = (),
    progress: Callable[[int], None] | None = None,
    **options: Any,
) -> Log:
    """Read events from a XES file, as process mining tools write them.

    Parameters
    ----------
    source
        The file, ``.xes`` or ``.xes.gz``.
    customer
        What stands for the customer: the name of the trace, or another attribute. Attributes of traces are called
        ``case:…``.
    touchpoint, time
        The attributes of events with the touchpoint and the time. No time: None; events stand in the order of the file.
    attributes
        Text attributes to keep as labels. None: all that occur.
    numbers
        Numeric attributes to keep.
    progress
        Called with the number of bytes read so far.
    **options
        Further arguments of :func:`klantreis.read`, such as ``value="amount"``, ``map`` or ``on_bad``.

    Returns
    -------
    Log

    Raises
    ------
    InputError
        When the file is no XES, has a document type declaration, lacks an attribute, or holds a bad event.

    Notes
    -----
    XES 1.0, IEEE 1849-2016. The file is read as a stream. Attributes of attributes, lists and globals are left out.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": ["k1", "k1"], "timestamp": ["2024-03-01 09:00", "2024-03-01 09:05"],
    ...                "touchpoint": ["view", "pay"]})
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "log.xes"
    >>> kr.write_xes(log, file)
    >>> kr.read_xes(file)
    Log(2 events, 1 customers, 2 touchpoints; by: touchpoint)
    """
    path = Path(source)
    reader = _XesReader(str(source))
    done = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                reader.feed(chunk)
                done += len(chunk)
                if progress is not None:
                    progress(done)
        reader.feed(b"", last=True)
    except OSError as error:
        raise InputError(f"{str(source)!r} cannot be read: {error}") from None
    columns = reader.columns
    if not columns:
        raise InputError(f"{str(source)!r} has no events")
    for name in (customer, touchpoint, *(() if time is None else (time,)), *(attributes or ()), *numbers):
        if name not in columns:
            raise InputError(f"{str(source)!r} has no attribute {name!r}; it has {', '.join(map(repr, columns))}")
    taken = {customer, touchpoint, time, *(value for value in options.values() if isinstance(value, str))}
    kept = attributes
    if kept is None:
        kept = [
            name for name in columns if name not in taken and name not in reader.kinds and not name.startswith("case:")
        ]
    order = "(order in the file)"
    columns[order] = list(range(len(columns[customer])))
    for name in kept:
        columns[name] = [None if value is None else str(value) for value in columns[name]]
    wanted = taken | set(kept) | set(numbers) | {order}
    return read(
        {name: values for name, values in columns.items() if name in wanted},
        customer=customer,
        touchpoint=touchpoint,
        time=time,
        attributes=kept,
        numbers=numbers,
        order=options.pop("order", order),
        **options,
    )


def write_xes(journeys: Journeys | Log, path: str | os.PathLike[str]) -> None:
    """Write events as a XES file that process mining tools read.

    Parameters
    ----------
    journeys
        Journeys, each of which becomes a trace called ``customer#number``; or a log, whose customers do.
    path
        The file, ``.xes`` or ``.xes.gz``.

    Raises
    ------
    InputError
        When the folder does not exist.

    Notes
    -----
    XES 1.0, IEEE 1849-2016. Touchpoints are ``concept:name``, times ``time:timestamp`` in UTC; labels and numbers keep
    their names. Characters that XML cannot hold are replaced.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": ["k1"], "timestamp": ["2024-03-01 09:00"], "touchpoint": ["view"]})
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "log.xes"
    >>> kr.write_xes(log, file)
    >>> '<string key="concept:name" value="view"/>' in file.read_text()
    True
    """
    require_folder(path)
    table = event_table(journeys)
    text = io.StringIO()
    text.write(_HEAD)
    columns = [name for name in table.columns if name not in ("case", "customer")]
    values = [table[name] for name in columns]
    keys = [_attribute(_XES_NAMES.get(name, name)) for name in columns]
    before = None
    for row, case in enumerate(table["case"]):
        if case != before:
            text.write("  </trace>\n" if before is not None else "")
            text.write(f'  <trace>\n    <string key="concept:name" value={_attribute(case)}/>\n')
            before = case
        text.write("    <event>\n")
        for key, column in zip(keys, values, strict=True):
            value = column[row]
            if value is None or value == _NONE:
                continue
            if isinstance(value, float):
                text.write(f'      <float key={key} value="{value!r}"/>\n')
            elif isinstance(value, str):
                text.write(f"      <string key={key} value={_attribute(value)}/>\n")
            else:
                text.write(f'      <date key={key} value="{value.isoformat(timespec="microseconds")}"/>\n')
        text.write("    </event>\n")
    text.write("  </trace>\n" if before is not None else "")
    text.write("</log>\n")
    data = text.getvalue().encode()
    write_whole(path, gzip.compress(data, mtime=0) if str(path).endswith(".gz") else data)


def to_pm4py(journeys: Journeys | Log) -> pandas.DataFrame:
    """Return events as a pandas frame with the column names of pm4py.

    Parameters
    ----------
    journeys
        Journeys, each of which is a case called ``customer#number``; or a log, whose customers are the cases.

    Returns
    -------
    pandas.DataFrame
        ``case:concept:name, concept:name, time:timestamp`` (UTC), ``customer``, and the labels and numbers of the log,
        in the order of customers and of time.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": ["k1"], "timestamp": ["2024-03-01 09:00"], "touchpoint": ["view"]})
    >>> list(kr.to_pm4py(log).columns)
    ['case:concept:name', 'concept:name', 'time:timestamp', 'customer']
    """
    frame = event_table(journeys).to_pandas()
    frame = frame.rename(columns={"case": _CASE, **_XES_NAMES})
    for name in frame.columns:
        if name not in (_CASE, _NAME, _TIME, "customer") and frame[name].dtype.kind not in "fM":
            frame[name] = frame[name].where(frame[name] != _NONE, None)
    first = [name for name in (_CASE, _NAME, _TIME, "customer") if name in frame.columns]
    return frame[first + [name for name in frame.columns if name not in first]]


def from_pm4py(frame: Any, **options: Any) -> Log:
    """Read a frame with the column names of pm4py.

    Parameters
    ----------
    frame
        A pandas frame, or anything else that :func:`klantreis.read` takes, with ``case:concept:name``, ``concept:name``
        and ``time:timestamp``.
    **options
        Further arguments of :func:`klantreis.read`; ``customer=``, for example, where a customer has several cases.

    Examples
    --------
    >>> import klantreis as kr
    >>> kr.from_pm4py({"case:concept:name": ["1"], "concept:name": ["view"], "time:timestamp": ["2024-03-01"]})
    Log(1 events, 1 customers, 1 touchpoints; by: touchpoint)
    """
    return read(frame, **{"customer": _CASE, "touchpoint": _NAME, "time": _TIME, **options})


def event_table(source: Journeys | Log) -> Table:
    """Return the events of journeys, or of a log whose customers are the cases, a row each."""
    if isinstance(source, Log):
        whole = journeys(source, conversion=[], inactivity=None)
        return Table(_core.event_table(whole._handle, by_journey=False))
    if not isinstance(source, Journeys):
        raise InputError(f"events come from Journeys or a Log, not from {type(source).__name__}")
    return Table(_core.event_table(source._handle, by_journey=True))


def _attribute(text: str) -> str:
    """Write a text as an attribute of XML 1.0, quotes included."""
    clean = "".join(
        c if c in "\t\n\r" or "\x20" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000" else "\ufffd"
        for c in text
    )
    # A parser would turn blanks other than spaces into spaces.
    escaped = html.escape(clean).replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")
    return f'"{escaped}"'
