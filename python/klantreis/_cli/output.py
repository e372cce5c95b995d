# SPDX-License-Identifier: MIT
"""Tables as text for people, and as CSV, JSON and Parquet for programs."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klantreis._cli import ReaderGoneError
from klantreis._cli.options import one_of
from klantreis._core import InputError
from klantreis._files import require_folder, write_whole
from klantreis._format import count
from klantreis._table import Table, _one_line, _width

if TYPE_CHECKING:
    from klantreis._cli.options import Out

FORMATS = ("table", "csv", "json", "parquet")


def deliver(table: Table, out: Out, rows: int | None = None) -> None:
    """Write a table where and how it was asked for; ``rows`` limits what people read, not files."""
    one_of(out.format, "--format", FORMATS)
    if out.format == "parquet":
        if out.output is None:
            raise InputError("parquet is no text; name a file with --output, as in --output result.parquet")
        _write_parquet(table, _target(out.output))
        return
    if out.format == "table":
        text = _text(table, rows, bold=out.output is None and sys.stdout.isatty())
    elif out.format == "csv":
        text = table.to_csv() or ""
    else:
        text = json.dumps(json.loads(table.to_json() or "{}")["rows"], ensure_ascii=False, indent=1) + "\n"
    say(text, out.output)


def say(text: str, output: str | None = None) -> None:
    """Write text to a file or to the standard output."""
    if output is not None:
        write_whole(_target(output), text)
        return
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None:
        sys.stdout.write(text)
        return
    # As it is: CSV ends its lines itself. Unbuffered, a write may take a part only.
    left = memoryview(text.encode("utf-8", "backslashreplace"))
    try:
        while left:
            left = left[binary.write(left) :]
        binary.flush()
    except BrokenPipeError:
        raise ReaderGoneError from None


def _target(output: str) -> Path:
    target = Path(output)
    if target.is_dir():
        raise InputError(f"{output!r} is a folder; name a file in it")
    require_folder(output)
    return target


def _text(table: Table, rows: int | None, *, bold: bool) -> str:
    number = len(table) if rows is None else min(rows, len(table))
    shown = table.head(number)._shown_columns()
    lines = [""] * (1 + number)
    for title, cells, is_text in shown:
        texts = [_one_line(text) for text in (title, *cells)]
        width = max(map(_width, texts))
        for line, text in enumerate(texts):
            padding = " " * (width - _width(text))
            lines[line] += ("  " if lines[line] else "") + (text + padding if is_text else padding + text)
    lines = [line.rstrip() for line in lines]
    if bold:
        lines[0] = f"\x1b[1m{lines[0]}\x1b[0m"
    if not len(table):
        lines.append("no rows")
    elif number < len(table):
        lines.append(f"… {count(len(table) - number)} more rows; --rows shows more, --format csv all")
    return "\n".join(lines) + "\n"


def _write_parquet(table: Table, target: Path) -> None:
    import duckdb

    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    os.close(descriptor)
    temporary = Path(name)
    try:
        connection: Any = duckdb.connect()
        connection.register("result", table)
        place = name.replace("'", "''")
        connection.execute(f"COPY (SELECT * FROM result) TO '{place}' (FORMAT parquet, COMPRESSION zstd)")
        connection.close()
        write_whole(target, temporary.read_bytes())
    finally:
        temporary.unlink(missing_ok=True)
