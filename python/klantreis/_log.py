# SPDX-License-Identifier: MIT
"""The events of a log, as the analyses use them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._core import InputError
from klantreis._files import require_folder, write_whole
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._map import JourneyMap


class Log:
    """Events grouped by customer and in order of time; made by :func:`klantreis.read`.

    Events sort by customer, time, order column and position in the input.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({
    ...     "customer_id": ["k1", "k1", "k2"],
    ...     "timestamp": ["2024-03-01 09:00", "2024-03-01 09:05", "2024-03-02 10:00"],
    ...     "touchpoint": ["visit", "order", "visit"],
    ... })
    >>> len(log), log.customers
    (3, 2)
    """

    __slots__ = ("_columns", "_handle", "_map", "_preparation", "_source")

    def __init__(
        self,
        handle: _core.EventLog,
        source: str = "",
        map: JourneyMap | None = None,
        *,
        columns: dict[str, Any] | None = None,
        preparation: tuple[str, ...] = (),
    ) -> None:
        if preparation:
            _core.note_preparation(handle, "; ".join(preparation))
        self._handle = handle
        self._preparation = preparation
        self._source = source
        self._map = map
        self._columns = columns

    def __len__(self) -> int:
        return self._handle.events

    @property
    def customers(self) -> int:
        """Number of customers."""
        return self._handle.customers

    @property
    def touchpoints(self) -> list[str]:
        """Names of the touchpoints, in the order of first appearance in the input."""
        return list(self._handle.touchpoints)

    @property
    def labels(self) -> list[str]:
        """What ``by=`` accepts: ``touchpoint``, and ``channel``, ``phase`` or attributes that were read."""
        return list(self._handle.label_names)

    @property
    def numbers(self) -> list[str]:
        """Numeric columns of the events: ``value``, ``cost`` and those named when the log was read."""
        return list(self._handle.number_names)

    @property
    def source(self) -> str:
        """Where the events came from, in words."""
        return self._source

    @property
    def map(self) -> JourneyMap | None:
        """The journey map whose labels the events carry, as it was given to :func:`klantreis.read`; None without."""
        return self._map

    @property
    def preparation(self) -> tuple[str, ...]:
        """What was done to the events since they were read, in words; see :func:`klantreis.prepare`."""
        return self._preparation

    def coverage(self) -> Table:
        """Return what map and log do not know of each other: unmatched events with a rule, touchpoints never seen, …

        Returns
        -------
        Table
            ``kind, item, events, customers, detail, suggestion``. Kinds, in this order: ``unmatched event`` (most
            events first; the suggestion is a rule that would take it), ``column not in the log``, ``touchpoint never
            seen``, ``phase never seen``, ``phase without touchpoints``, ``channel never seen``, ``channel not
            measured``, ``channel not on the map``, ``need not served``, ``claim without evidence``, ``claim on
            assumption``.

        Raises
        ------
        InputError
            When the log has no map.

        Examples
        --------
        >>> import klantreis as kr
        >>> shop = {
        ...     "klantreis": 1,
        ...     "journey": {"id": "shop"},
        ...     "phases": [{"id": "buying"}],
        ...     "touchpoints": [{"id": "order", "phase": "buying"}, {"id": "call", "phase": "buying"}],
        ... }
        >>> log = kr.read(
        ...     {"customer_id": [1, 1], "timestamp": ["2024-03-01", "2024-03-02"], "touchpoint": ["ordr", "order"]},
        ...     map=shop,
        ... )
        >>> for row in log.coverage():
        ...     print(row["kind"], row["item"], row["suggestion"], sep=": ")
        unmatched event: ordr: {"event":{"eq":"ordr"}}
        touchpoint never seen: call: {"event":{"eq":"call"}}
        """
        self._required_map("coverage()")
        return Table(_core.map_coverage(self._handle))

    def inventory(self) -> Table:
        """Return each touchpoint of the map with its events and customers, and when it was first and last seen.

        Returns
        -------
        Table
            ``touchpoint, name, phase, channel, stage, owner, events, customers, first_seen, last_seen, status``, in the
            order of the map; the status is ``measured`` or ``designed, never measured``.

        Raises
        ------
        InputError
            When the log has no map.
        """
        self._required_map("inventory()")
        return Table(_core.map_inventory(self._handle))

    def _required_map(self, what: str) -> None:
        if _core.map_of(self._handle) is None:
            raise InputError(f"{what} compares a log with its map, and this one has none; read it with map=…")

    def health(self) -> Table:
        """Return what became of the input: rows, events, customers, time range, ties, duplicates, rejected rows.

        Returns
        -------
        Table
            ``figure, value, note``; values as text.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1], "timestamp": ["2024-03-01", "2024-03-01"], "touchpoint": ["a", "a"]})
        >>> {row["figure"]: row["value"] for row in log.health()}["ties"]
        '1'
        """
        return Table(self._handle.health())

    def counts(self, by: str = "touchpoint") -> Table:
        """Return the events and customers of each touchpoint, channel, phase or attribute, most events first.

        Returns
        -------
        Table
            The label column named by ``by``, ``events``, ``customers``.
        """
        return Table(self._handle.label_counts(by))

    def update(self, more: Any, *, where: str | None = None, connection: Any = None) -> Log:
        """Return the log with more events after those it has.

        It is what one reading of both inputs, one after the other, would give. Only customers with new events are
        sorted in anew, so it costs a small part of reading all again. Where an order column sorts the events, beside
        the time or instead of it, the log must have kept it: read it with that column among the ``numbers``.

        Parameters
        ----------
        more
            Events with the columns of this log, whatever :func:`klantreis.read` reads; or a log.
        where, connection
            As for :func:`klantreis.read`.

        Returns
        -------
        Log

        Raises
        ------
        InputError
            When the columns differ, the log has a map, or it was sorted by an order column that is not among its
            ``numbers``: then read all events again.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1], "timestamp": ["2024-03-01"], "touchpoint": ["visit"]})
        >>> log.update({"customer_id": [1, 2], "timestamp": ["2024-03-02", "2024-03-02"],
        ...             "touchpoint": ["order", "visit"]})
        Log(3 events, 2 customers, 2 touchpoints; by: touchpoint)
        """
        from klantreis._read import read

        if self._preparation:
            raise InputError(
                "this log was prepared, and what was done to it cannot be done to new events alone; update the log "
                "that was read, and prepare it again"
            )
        columns = self._columns or {"order": None}
        order = columns["order"]
        if order is not None and order not in columns["numbers"]:
            raise InputError(
                f"this log was sorted by the order column {order!r}, which it does not keep; read the old and the new "
                f"events again, with numbers=[{order!r}] if there will be more of them"
            )
        if isinstance(more, Log):
            added = more
        elif self._columns is None:
            raise InputError("it is not known how this log was read; read the new events, and pass their log")
        else:
            added = read(more, where=where, connection=connection, **self._columns)
        handle = _core.updated_log(self._handle, added._handle, order=order or "")
        return Log(handle, self._source, columns=self._columns)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the log to a file that :func:`klantreis.load_log` reads.

        The file appears as a whole or not at all, and has a checksum.

        Raises
        ------
        InputError
            When the log has a map: read it without, and apply the map when it is read again.

        Examples
        --------
        >>> import klantreis as kr, tempfile, os
        >>> log = kr.read({"customer_id": [1], "timestamp": ["2024-03-01"], "touchpoint": ["visit"]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     log.save(os.path.join(folder, "march.log"))
        ...     kr.load_log(os.path.join(folder, "march.log"))
        Log(1 events, 1 customers, 1 touchpoints; by: touchpoint)
        """
        require_folder(path)
        write_whole(path, self._to_bytes())

    def _to_bytes(self) -> bytes:
        known = {"source": self._source, "columns": self._columns, "preparation": self._preparation}
        return _core.log_to_bytes(self._handle, json.dumps(known))

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_bytes, (self._to_bytes(),)

    def __repr__(self) -> str:
        parts = [f"{len(self):,} events", f"{self.customers:,} customers", f"{len(self.touchpoints):,} touchpoints"]
        return f"Log({', '.join(parts)}; by: {', '.join(self.labels)})"

    def _repr_html_(self) -> str:
        return self.health()._repr_html_()


def load_log(path: str | os.PathLike[str]) -> Log:
    """Read a log that :meth:`Log.save` wrote; it can be updated, and cut as any other.

    Raises
    ------
    InputError
        When the file is missing, damaged, cut off, of another version, or no log.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"the log {str(path)!r} cannot be read: {error.strerror}; check the path") from error
    try:
        return _from_bytes(data)
    except InputError as error:
        raise InputError(f"{str(path)!r}: {error}") from None


def _from_bytes(data: bytes) -> Log:
    handle, note = _core.log_from_bytes(data)
    known = json.loads(note) if note else {}
    preparation = tuple(known.get("preparation", ()))
    return Log(handle, known.get("source", ""), columns=known.get("columns"), preparation=preparation)
