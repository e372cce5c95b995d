# SPDX-License-Identifier: MIT
"""Tidy results: what every analysis returns."""

from __future__ import annotations

import csv
import datetime
import html
import io
import json
import math
import unicodedata
from typing import TYPE_CHECKING, Any

from klantreis import _core, _format
from klantreis._files import delivered

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    import pandas
    import plotly.graph_objects
    import polars
    import pyarrow

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_TEXT_ROWS = 20
_HTML_ROWS = 50
_TEXT_WIDTH = 60
# A single row of more columns is easier to read from top to bottom.
_MOST_ACROSS = 8
# A spreadsheet takes a cell that starts with one of these for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def _needed(package: str, method: str) -> ImportError:
    extra = {"pyarrow": "arrow"}.get(package, package)
    return ImportError(f"{method}() needs {package}: pip install 'klantreis[{extra}]'")


def _width(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def _one_line(text: str) -> str:
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return clean if len(clean) <= _TEXT_WIDTH else clean[: _TEXT_WIDTH - 1] + "…"


class Table:
    """A tidy result: named columns of one length, the definition of its numbers, and the options used.

    A table never changes. Rates and shares are parts of one, lengths of time are seconds, and a rate that has no
    denominator is ``None``.

    Examples
    --------
    >>> import klantreis as kr
    >>> table = kr.Table.from_columns({"touchpoint": ["cart", "visit"], "exits": [3, 1]})
    >>> table["exits"]
    [3, 1]
    >>> table.sort("exits").to_dicts()
    [{'touchpoint': 'visit', 'exits': 1}, {'touchpoint': 'cart', 'exits': 3}]
    """

    __slots__ = ("_core", "_lists")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, core: _core.Table) -> None:
        if not isinstance(core, _core.Table):
            raise TypeError("Table(...) wraps a result of the core; make tables with Table.from_columns({...})")
        self._core = core
        self._lists: dict[str, list[Any]] = {}

    @classmethod
    def from_columns(
        cls,
        columns: Mapping[str, Sequence[Any]],
        *,
        definition: str = "",
        options: Mapping[str, object] | None = None,
        quantities: Mapping[str, str] | None = None,
    ) -> Table:
        """Make a table of lists.

        Parameters
        ----------
        columns
            The values of each column: whole numbers, numbers (``None`` for null), texts, truth values or datetimes.
        definition
            What the numbers mean, in words.
        options
            The options they depend on.
        quantities
            What the numbers of a column are, where it matters for printing: ``"count"``, ``"share"``, ``"seconds"``,
            ``"moment"`` or ``"amount"``.

        Examples
        --------
        >>> import klantreis as kr
        >>> kr.Table.from_columns({"step": ["view"], "rate": [0.125]}, quantities={"rate": "share"})
        step   rate
        view  12.5%
        """
        made = []
        for name, given in columns.items():
            quantity = (quantities or {}).get(name, "plain")
            values, kind = _typed(name, given)
            if kind == "moment":
                kind, quantity = "integer", "moment"
            made.append((name, kind, values, quantity))
        return cls(_core.Table(made, definition, [(name, str(value)) for name, value in (options or {}).items()]))

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return self._core.names

    @property
    def definition(self) -> str:
        """What the numbers mean, in words."""
        return self._core.definition

    @property
    def options(self) -> dict[str, str]:
        """The options that the numbers depend on."""
        return self._core.options

    def quantity(self, name: str) -> str:
        """What the numbers of a column are: plain, count, share, seconds, moment or amount."""
        return self._core.quantity(name)

    def __len__(self) -> int:
        return self._core.rows

    def __getitem__(self, name: str) -> list[Any]:
        if not isinstance(name, str):
            raise TypeError(f"a column is named by text, as in table[{self.columns[:1] or ['name']}[0]]; got {name!r}")
        if name not in self._lists:
            values = self._core.column(name)
            if self._core.quantity(name) == "moment":
                values = [_EPOCH + datetime.timedelta(microseconds=ticks) for ticks in values]
            self._lists[name] = values
        return list(self._lists[name])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        names = self.columns
        for row in zip(*(self[name] for name in names), strict=True):
            yield dict(zip(names, row, strict=True))

    def __eq__(self, other: object) -> bool:
        """Two tables are equal when names, values, quantities, definition and options are."""
        if not isinstance(other, Table):
            return NotImplemented
        return (
            self.columns == other.columns
            and self.definition == other.definition
            and self.options == other.options
            and all(
                self._core.type(name) == other._core.type(name)
                and self.quantity(name) == other.quantity(name)
                and self[name] == other[name]
                for name in self.columns
            )
        )

    def head(self, n: int = 5) -> Table:
        """The first rows."""
        if n < 0:
            raise _core.InputError(f"head({n}): a table has no negative number of rows")
        return Table(self._core.head(n))

    def sort(self, by: str | Sequence[str], descending: bool = False) -> Table:
        """Order the rows by one or more columns; equal rows keep their order and nulls come last.

        Examples
        --------
        >>> import klantreis as kr
        >>> kr.Table.from_columns({"rate": [0.5, None, 0.75]}).sort("rate", descending=True)["rate"]
        [0.75, 0.5, None]
        """
        order = list(range(len(self)))
        for name in reversed([by] if isinstance(by, str) else list(by)):
            values = self[name]
            known = [row for row in order if values[row] is not None]
            unknown = [row for row in order if values[row] is None]
            known.sort(key=values.__getitem__, reverse=descending)
            order = known + unknown
        return Table(self._core.take(order))

    def to_dicts(self) -> list[dict[str, Any]]:
        """All rows, each as a dict."""
        return list(self)

    def to_pandas(self) -> pandas.DataFrame:
        """The table as a pandas frame; lengths of time are seconds. Needs no pyarrow."""
        try:
            import numpy as np
            import pandas as pd
        except ImportError as error:
            raise _needed("pandas", "to_pandas") from error
        data: dict[str, Any] = {}
        for name in self.columns:
            kind, quantity = self._core.type(name), self.quantity(name)
            if quantity == "moment":
                ticks = np.frombuffer(self._core.raw_bytes(name), dtype=np.int64)
                data[name] = pd.Series(pd.to_datetime(ticks, unit="us", utc=True)).dt.as_unit("us")
            elif kind in ("integer", "number"):
                values = np.frombuffer(self._core.raw_bytes(name), np.int64 if kind == "integer" else np.float64)
                data[name] = values.copy()
            elif kind == "text":
                data[name] = pd.Series(self[name], dtype="str" if _strings_are_str(pd) else "object")
            else:
                data[name] = pd.Series(self[name], dtype="bool")
        frame = pd.DataFrame(data, columns=self.columns)
        frame.attrs.update(definition=self.definition, options=self.options)
        return frame

    def to_polars(self) -> polars.DataFrame:
        """The table as a polars frame."""
        try:
            import polars as pl
        except ImportError as error:
            raise _needed("polars", "to_polars") from error
        return pl.DataFrame(self)

    def to_arrow(self) -> pyarrow.Table:
        """The table as a pyarrow table."""
        try:
            import pyarrow as pa
        except ImportError as error:
            raise _needed("pyarrow", "to_arrow") from error
        return pa.table(self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._core.__arrow_c_stream__(requested_schema)

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Write CSV (RFC 4180), to a file or, without a path, as text.

        A text that a spreadsheet would take for a formula, because it starts with ``=``, ``+``, ``-``, ``@``, a tab or
        a carriage return, gets an apostrophe in front.

        Examples
        --------
        >>> import klantreis as kr
        >>> print(kr.Table.from_columns({"touchpoint": ["=1+1", "cart"], "rate": [0.5, None]}).to_csv())
        touchpoint,rate
        '=1+1,0.5
        cart,
        """
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        names = self.columns
        writer.writerow(_csv_cell(name) for name in names)
        for row in zip(*(self[name] for name in names), strict=True):
            writer.writerow([_csv_cell(value) for value in row])
        return delivered(text.getvalue(), path)

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Write JSON with ``definition``, ``options`` and ``rows``, to a file or, without a path, as text.

        Nulls are ``null``, instants are ISO 8601 in UTC, and an infinite number is the text ``"Infinity"``.

        Examples
        --------
        >>> import klantreis as kr
        >>> print(kr.Table.from_columns({"exits": [3]}, definition="Ends.").to_json())
        {"definition": "Ends.", "options": {}, "rows": [{"exits": 3}]}
        """
        rows = [{name: _json_value(value) for name, value in row.items()} for row in self]
        content = {"definition": self.definition, "options": self.options, "rows": rows}
        return delivered(json.dumps(content, ensure_ascii=False, allow_nan=False), path)

    def plot(self, *, limit: int = 20) -> plotly.graph_objects.Figure:
        """Draw the result as a plotly figure, with its intervals.

        What a table is, is read from its columns, so a sorted or shortened table can be drawn as well; the error on a
        table without a picture lists the results that have one.

        Parameters
        ----------
        limit
            How many rows (items, states, groups) to draw at most, from the first on; the picture counts the rest.

        Returns
        -------
        plotly.graph_objects.Figure
            It needs no network: ``.to_html()`` holds all that it uses. Definition and options are in ``layout.meta``.

        Raises
        ------
        InputError
            When there is no picture of such a table, or plotly is not installed (``pip install "klantreis[plot]"``).

        Examples
        --------
        >>> import klantreis as kr
        >>> journeys = kr.datasets.webshop(2_000).journeys()
        >>> found = kr.drop_off(journeys)
        >>> figure = found.plot(limit=3)
        >>> list(figure.data[0].x) == found["exit_rate"][:3]
        True
        """
        from klantreis._plot import draw

        return draw(self, limit=limit)

    def __repr__(self) -> str:
        shown = self.head(_TEXT_ROWS)._shown_columns()
        if not shown:
            return "no columns"
        if len(self) == 1 and len(shown) > _MOST_ACROSS:
            shown = _turned(shown)
        lines = [""] * (1 + len(shown[0][1]))
        for title, cells, is_text in shown:
            texts = [_one_line(text) for text in (title, *cells)]
            width = max(map(_width, texts))
            for line, text in enumerate(texts):
                padding = " " * (width - _width(text))
                lines[line] += ("  " if lines[line] else "") + (text + padding if is_text else padding + text)
        lines = [line.rstrip() for line in lines]
        if not len(self):
            lines.append("no rows")
        elif len(self) > _TEXT_ROWS:
            lines.append(f"… {_format.count(len(self) - _TEXT_ROWS)} more rows")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        shown = self.head(_HTML_ROWS)._shown_columns()
        if len(self) == 1 and len(shown) > _MOST_ACROSS:
            shown = _turned(shown)
        align = {True: "left", False: "right"}
        head = "".join(
            f'<th scope="col" style="text-align:{align[is_text]}">{html.escape(title)}</th>'
            for title, _, is_text in shown
        )
        body = []
        for row in range(len(shown[0][1]) if shown else 0):
            cells = "".join(
                f'<td style="text-align:{align[is_text]}">{_html_text(texts[row], is_text)}</td>'
                for _, texts, is_text in shown
            )
            body.append(f"<tr>{cells}</tr>")
        notes = []
        if not len(self):
            notes.append("no rows")
        if len(self) > _HTML_ROWS:
            notes.append(f"… {_format.count(len(self) - _HTML_ROWS)} more rows")
        if self.definition:
            notes.append(html.escape(self.definition))
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        details = f"<details><summary>options</summary>{html.escape(options)}</details>" if options else ""
        return (
            '<div class="klantreis-table"><table style="font-variant-numeric:tabular-nums">'
            f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
            + "".join(f'<p style="font-size:smaller;max-width:80ch">{note}</p>' for note in notes)
            + f"{details}</div>"
        )

    def _shown_columns(self) -> list[tuple[str, list[str], bool]]:
        """Title, cells and whether they are text, for printing; the bounds of an interval share a column."""
        names = self.columns
        shown: list[tuple[str, list[str], bool]] = []
        for name in names:
            stem, found, _ = name.rpartition("lower")
            upper = stem + "upper"
            if found and name.endswith("lower") and upper in names and self._core.type(name) == "number":
                bounds = zip(self[name], self[upper], self._quantities(name), strict=True)
                cells = [_format.interval(low, high, quantity) for low, high, quantity in bounds]
                # Right after its number, an interval needs no name of its own.
                follows = bool(shown) and shown[-1][0] + "_" == stem
                shown.append(("lower – upper" if follows else f"{name} – {upper}", cells, False))
            elif not (name.endswith("upper") and name.removesuffix("upper") + "lower" in names):
                is_text = self._core.type(name) in ("text", "boolean")
                values = zip(self[name], self._quantities(name), strict=True)
                shown.append((name, [_format.cell(value, quantity) for value, quantity in values], is_text))
        return shown

    def _quantities(self, name: str) -> list[str]:
        """What the number in each row is, which may depend on what else the row says."""
        quantity = self.quantity(name)
        if quantity == "share" and "rate" in self.columns and self._core.type("rate") == "text":
            return ["amount" if rate == "value_per_journey" else quantity for rate in self["rate"]]
        if name == "value" and self.columns == ["figure", "value", "note"]:
            return ["figure"] * len(self)
        return [quantity] * len(self)


def _turned(shown: list[tuple[str, list[str], bool]]) -> list[tuple[str, list[str], bool]]:
    """A table of one row as one of names and values, with intervals beside their numbers."""
    names: list[str] = []
    values: list[str] = []
    between: list[str] = []
    for title, (cell,), _ in shown:
        if title == "lower – upper" and names and not between[-1]:
            between[-1] = cell
        else:
            names.append(title)
            values.append(cell)
            between.append("")
    return [("figure", names, True), ("value", values, False), ("lower – upper", between, False)]


def _typed(name: str, given: Sequence[Any]) -> tuple[list[Any], str]:
    """Bring values to one type that a table can hold."""
    values = list(given)
    kinds = {type(value) for value in values}
    if kinds <= {str} and kinds:
        return values, "text"
    if kinds <= {bool} and kinds:
        return values, "boolean"
    if kinds <= {int} and kinds:
        return values, "integer"
    if kinds and all(issubclass(kind, datetime.datetime) for kind in kinds):
        aware = [value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc) for value in values]
        return [(value - _EPOCH) // datetime.timedelta(microseconds=1) for value in aware], "moment"
    if all(value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values):
        return values, "number"
    raise _core.InputError(
        f"column {name!r} mixes {', '.join(sorted(kind.__name__ for kind in kinds))}; "
        "use one of int, float with None, str, bool and datetime"
    )


def _strings_are_str(pd: Any) -> bool:
    return int(pd.__version__.split(".")[0]) >= 3


def _csv_cell(value: object) -> object:
    if isinstance(value, str):
        return "'" + value if value.startswith(_FORMULA_STARTS) else value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.datetime):
        return _iso(value)
    return "" if value is None else value


def _json_value(value: object) -> object:
    if isinstance(value, datetime.datetime):
        return _iso(value)
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _iso(value: datetime.datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _html_text(text: str, is_text: bool) -> str:
    # Names may be written from right to left; they must not turn their neighbours round.
    return f"<bdi>{html.escape(text)}</bdi>" if is_text else html.escape(text)
