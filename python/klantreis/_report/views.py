# SPDX-License-Identifier: MIT
"""The tables of the report: their rows for reading, and all of them as files to download."""

from __future__ import annotations

import base64
import csv
import io
import math
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from klantreis._report.words import Words
from klantreis._table import Table, _csv_cell

_HTML_ROWS = 15
# A table of a few rows more is shown whole.
_WHOLE = 22
_PATH_ITEMS = 10
_CSV_BYTES = 3_000
# Columns of items; the names of other things, such as owners, may be the same and mean no touchpoint.
_ITEMS = ("touchpoint", "channel", "phase", "from", "to", "before", "next", "label")
_NOTHING = (Markup(), Markup("–"))


@dataclass(frozen=True)
class View:
    """A table as the report shows it: its first rows for reading, and a file to download."""

    id: str
    name: str
    caption: Markup
    table: Table
    suppressed: int
    heads: list[str]
    texts: int
    """So many of the columns, the first ones, are texts."""
    rows: list[list[Markup]]
    csv: str
    csv_rows: int

    @property
    def file(self) -> str:
        """The name of the file to download."""
        return f"{self.id}.csv"


def view_of(words: Words, id: str, name: str, caption: Markup, table: Table, *, suppressed: int = 0) -> View:
    """Prepare a table for the page: texts stand first, and columns in which nothing would stand are left out.

    So is the model where it is the same in every row: the name of the table says it.
    """
    columns = [column for column in _columns(words, table) if any(cell not in _NOTHING for cell in column[1])]
    if "model" in table.columns and len(set(table["model"])) == 1:
        columns = [column for column in columns if column[0] != words.column("model")]
    columns.sort(key=lambda column: not column[2])
    text, rows = _csv(table)
    return View(
        id=id,
        name=name,
        caption=caption,
        table=table,
        suppressed=suppressed,
        heads=[head for head, _, _ in columns],
        texts=sum(is_text for _, _, is_text in columns),
        rows=[list(row) for row in zip(*(cells for _, cells, _ in columns), strict=True)],
        csv=text,
        csv_rows=rows,
    )


def _columns(words: Words, table: Table) -> list[tuple[str, list[Markup], bool]]:
    """Heading, cells and whether they are text; the bounds of an interval share a column."""
    head = table.head(_HTML_ROWS if len(table) > _WHOLE else _WHOLE)
    columns = []
    for name in table.columns:
        stem = name.removesuffix("lower")
        quantities = head._quantities(name)
        if stem != name and stem + "upper" in table.columns:
            bounds = zip(head[name], head[stem + "upper"], quantities, strict=True)
            cells = [Markup.escape(words.interval(low, high, quantity) or "–") for low, high, quantity in bounds]
            columns.append((words.column(name), cells, False))
        elif not (name.endswith("upper") and name.removesuffix("upper") + "lower" in table.columns):
            is_text = table._core.type(name) == "text"
            write = _writer(words, name, is_text)
            cells = [write(value, quantity) for value, quantity in zip(head[name], quantities, strict=True)]
            # Marks are words, but as short as a number.
            head_of = "rate_name" if name == "rate" and is_text else name
            columns.append((words.column(head_of), cells, is_text and name != "marks"))
    return columns


def _writer(words: Words, name: str, is_text: bool) -> Callable[[Any, str], Markup]:
    if name == "marks":
        return lambda value, _: Markup.escape(words.marks(value))
    if name == "path":
        return lambda value, _: _written_path(words, value)
    if name == "model":
        return lambda value, _: model_name(words, value)
    if is_text and name in _ITEMS:
        return lambda value, _: words.state(value, alone=True)
    if is_text and name == "rate":
        return lambda value, _: Markup.escape(words.column(value))
    if is_text:
        return lambda value, quantity: words.raw(_figure(words, value) if quantity == "figure" else value, alone=True)
    return lambda value, quantity: Markup.escape(words.cell(value, quantity))


def _figure(words: Words, value: str) -> str:
    """A whole number as people write it; other texts, such as instants, as they are."""
    return words.cell(value, "figure") if value.isdigit() else value


def _written_path(words: Words, path: str) -> Markup:
    """The items of a path; a long one is shortened in its middle."""
    pieces = [words.state(piece, alone=True) for piece in shortened(split_path(path), _PATH_ITEMS)[0]]
    hidden = len(split_path(path)) - len(pieces)
    if hidden:
        pieces.insert(_PATH_ITEMS - 3, words("paths.more", count=hidden))
    return Markup(" → ").join(pieces)


def model_name(words: Words, model: str) -> Markup:
    """What a model is called."""
    try:
        return words(f"model.{model}")
    except KeyError:
        return words.name(model)


def _csv(table: Table) -> tuple[str, int]:
    """The table as CSV, cut where it would swell the page, and its number of rows."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_csv_cell(name) for name in table.columns)
    rows = 0
    for row in table.head(_CSV_BYTES // 8):
        before = text.tell()
        writer.writerow(_csv_cell(_rounded(value)) for value in row.values())
        if len(text.getvalue().encode()) > _CSV_BYTES:
            text.truncate(before)
            break
        rows += 1
    return text.getvalue(), rows


def _rounded(value: Any) -> Any:
    """Six digits, or cents, are more than any estimate has, and pack to half of what seventeen take.

    >>> _rounded(0.123456789), _rounded(123456.789)
    (0.123457, 123456.79)
    """
    if not isinstance(value, float) or not math.isfinite(value):
        return value
    return float(f"{value:.6g}") if abs(value) < 10_000 else round(value, 2)


def packed(views: Iterable[View]) -> str:
    """All files in one, as an address inside the page.

    >>> packed([])
    'data:application/zip;base64,UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=='
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as folder:
        for view in views:
            # Without the hour: equal journeys make equal reports.
            folder.writestr(zipfile.ZipInfo(view.file), view.csv, zipfile.ZIP_DEFLATED)
    return "data:application/zip;base64," + base64.b64encode(content.getvalue()).decode()


def shortened(names: list[str], most: int) -> tuple[list[str], int]:
    """Take names out of the middle of a long path: what stays, and how many stand before the gap."""
    head = most - 3
    return (names, len(names)) if len(names) <= most else (names[:head] + names[-2:], head)


def split_path(text: str) -> list[str]:
    """Take the text of a path apart; a name in double quotes may contain the separator.

    >>> split_path('view > "a > b" > cart')
    ['view', 'a > b', 'cart']
    """
    names, at = [], 0
    while at < len(text):
        if text[at] == '"':
            end = at + 1
            while end < len(text) and (text[end] != '"' or text[end + 1 : end + 2] == '"'):
                end += 2 if text[end] == '"' else 1
            if end < len(text) and text[end + 1 : end + 4] in ("", " > "):
                names.append(text[at + 1 : end].replace('""', '"'))
                at = end + 4
                continue
        stop = text.find(" > ", at)
        stop = len(text) if stop < 0 else stop
        names.append(text[at:stop])
        at = stop + 3
    return names
