# SPDX-License-Identifier: MIT
"""Where events and paths come from: files, SQL, relations, frames and lists, all as one Arrow stream."""

from __future__ import annotations

import glob
import os
import re
from array import array
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klantreis import _columns, _core
from klantreis._core import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_READERS = {
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".txt": "read_csv",
    ".parquet": "read_parquet",
    ".pq": "read_parquet",
    ".json": "read_json",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
}
_PACKED = (".gz", ".zst")
_ROW = "klantreis row"
_FILE_REMEDY = "; write that file anew, or leave it out"
# What the casts below raise for a text that is no time or number; DuckDB wraps it in words of its own.
_BAD_TEXT = re.compile(r"klantreis-bad<(\d+)\|(time|number)\|(.*?)\|>", re.DOTALL)


@dataclass
class Wanted:
    """The columns that are asked for: which argument names each, and what it must be."""

    arguments: dict[str, str]  # argument -> column
    text: set[str] = field(default_factory=set)  # columns that are names or ids
    numbers: set[str] = field(default_factory=set)
    time: str | None = None
    optional: set[str] = field(default_factory=set)  # arguments whose column may be absent; check leaves those out

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(self.arguments.values()))

    def check(self, known: Sequence[str], where: str) -> None:
        here = set(known)
        for argument in [key for key in self.arguments if key in self.optional and self.arguments[key] not in here]:
            del self.arguments[argument]
        for argument, name in self.arguments.items():
            if name in here:
                continue
            import difflib

            near = difflib.get_close_matches(name.lower(), [column.lower() for column in known], n=1)
            similar = [column for column in known if [column.lower()] == near]
            hint = f"; did you mean {similar[0]!r}?" if similar else "."
            listed = ", ".join(known[:40]) + (f" and {len(known) - 40} more" if len(known) > 40 else "")
            many, bracket, _ = argument.partition("[")
            keyword = f'{many}=["<column>", …]' if bracket else f'{argument}="<column>"'
            raise InputError(f"{where} has no column {name!r}{hint} Columns: {listed or 'none'}. Pass {keyword}.")


def quoted(identifier: str) -> str:
    """Quote a name for SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def _time_cast(column: str, *, stop: bool) -> str:
    """SQL that reads a text as an instant, in UTC where it names no zone."""
    name = quoted(column)
    cast = f"try_cast(CAST({name} AS VARCHAR) AS TIMESTAMPTZ)"
    return f"coalesce({cast}, CASE WHEN {name} IS NOT NULL THEN {_bad(column, 'time')} END)" if stop else cast


def _number_cast(column: str, *, stop: bool) -> str:
    """SQL that reads a text as a number; what is none becomes NaN, which the log counts as a bad row."""
    name = quoted(column)
    bad = _bad(column, "number") if stop else "CAST('nan' AS DOUBLE)"
    return f"coalesce(try_cast({name} AS DOUBLE), CASE WHEN {name} IS NOT NULL THEN {bad} END)"


def _bad(column: str, what: str) -> str:
    text = f"CAST({quoted(column)} AS VARCHAR)[:60]"
    before, after = literal(f"|{what}|{column} is '"), literal("'|>")
    return f"error(concat('klantreis-bad<', {quoted(_ROW)}, {before}, {text}, {after}))"


def _explained(error: Exception, described: str, remedy: str = "") -> InputError:
    """What went wrong in DuckDB, as the user sees it."""
    found = _BAD_TEXT.search(str(error))
    if found is None:
        # The reason comes first, a sketch of the query or advice on options after an empty line.
        lines = str(error).strip().split("\n\n")[0].split("\n")
        return InputError(f"{described} cannot be read: {'; '.join(line.strip() for line in lines[:4])}{remedy}")
    return _bad_text(found[1], found[3], found[2])


def _bad_text(row: str, cell: str, what: str) -> InputError:
    how = 'write times as in "2024-03-01 09:00:00" or "2024-03-01T09:00:00+01:00"'
    if what == "number":
        how = "write numbers as in 1234.56"
    return InputError(
        f'row {row} (counted from 0): {cell}, which is no {what}; {how}, or pass on_bad="drop" to leave such rows out'
    )


class Source:
    """An Arrow stream of the wanted columns, with what must stay alive while it is read."""

    def __init__(self, stream: _core.Stream, described: str, kept: Sequence[Any] = ()) -> None:
        self.stream = stream
        self.described = described
        self._streams = [stream, *(item for item in kept if isinstance(item, _core.Stream))]
        self._kept = kept
        # Says which part of the source is at fault when it ends in an error that does not.
        self.fault: Callable[[], str | None] | None = None

    def consume(self, use: Callable[[_core.Stream], None]) -> None:
        """Let `use` read the stream, and say what went wrong as the user sees it."""
        try:
            use(self.stream)
        except InputError as error:
            for stream in self._streams:
                stream.raise_pending()
            if _BAD_TEXT.search(str(error)):
                raise _explained(error, self.described) from None
            if self.fault is not None and "could not deliver" in str(error) and (found := self.fault()):
                raise InputError(found) from error
            raise
        finally:
            for stream in self._streams:
                stream.close()
            for item in self._kept:
                if hasattr(item, "close") and not isinstance(item, _core.Stream):
                    item.close()


def open_source(
    source: Any,
    wanted: Wanted,
    *,
    where: str | None,
    connection: Any,
    stop: bool,
    progress: Callable[[int], None] | None,
    limits: Mapping[str, str] | None = None,
) -> Source:
    """Open whatever `source` is as a stream of the wanted columns; `limits` are settings of DuckDB for files."""
    if connection is not None:
        if not isinstance(source, str):
            raise InputError(f"connection= goes with SQL text; the source is {_type_name(source)}")
        return _from_sql(source, connection, wanted, where, stop, progress)
    if _is_relation(source):
        return _from_relation(source, "the DuckDB relation", wanted, where, stop, progress)
    files = _paths_of(source)
    if files is not None:
        return _from_files(files, wanted, where, stop, progress, limits or {})
    if where is not None:
        raise InputError(
            f"where= is SQL for files, queries and DuckDB relations; filter the {_type_name(source)} first"
        )
    return _cast_time(_from_object(source, wanted, progress), wanted, stop)


# Files


def _paths_of(source: Any) -> list[str] | None:
    """The files that a path, a glob or a list of them stand for, or None where the source is something else."""
    if isinstance(source, (str, os.PathLike)):
        given = [source]
    elif isinstance(source, (list, tuple)) and source and all(isinstance(item, (str, os.PathLike)) for item in source):
        given = list(source)
    else:
        return None
    return [path for item in given for path in _expanded(os.fsdecode(os.fspath(item)))]


def _expanded(path: str) -> Iterator[str]:
    if "://" in path:  # DuckDB knows how to open these
        yield path
        return
    path = os.path.expanduser(path)
    if os.path.isdir(path):
        raise InputError(f"{path!r} is a folder; pass the files in it, as in {os.path.join(path, '*.parquet')!r}")
    if os.path.exists(path):
        yield _escaped(path)
        return
    if re.match(r"\s*(select|with|from)\s", path, re.IGNORECASE):
        raise InputError("the source looks like SQL; pass the DuckDB connection it runs on as connection=")
    if not glob.has_magic(path):
        raise InputError(f"there is no file {path!r} (in {os.getcwd()!r}); check the path")
    found = sorted(name for name in glob.glob(path, recursive=True) if os.path.isfile(name))
    if not found:
        raise InputError(f"no file matches {path!r} (in {os.getcwd()!r}); check the pattern")
    yield from map(_escaped, found)


def _escaped(path: str) -> str:
    # DuckDB takes every path for a pattern.
    return re.sub(r"([*?\[])", r"[\1]", path)


def _reader_of(files: Sequence[str]) -> tuple[str, str]:
    suffixes = set()
    for file in files:
        name = Path(file.split("?")[0] if "://" in file else file)
        suffix = name.suffix.lower()
        suffixes.add(Path(name.stem).suffix.lower() if suffix in _PACKED else suffix)
    readers = {_READERS.get(suffix) for suffix in suffixes}
    if None in readers:
        unknown = sorted(suffix for suffix in suffixes if suffix not in _READERS)
        raise InputError(
            f"files ending in {', '.join(map(repr, unknown))} cannot be read; known are {', '.join(_READERS)}, "
            "also with .gz after it"
        )
    if len(readers) > 1:
        raise InputError(f"the files are of several kinds ({', '.join(sorted(suffixes))}); read one kind at a time")
    return str(readers.pop()), suffixes.pop()


def _from_files(
    files: Sequence[str],
    wanted: Wanted,
    where: str | None,
    stop: bool,
    progress: Callable[[int], None] | None,
    limits: Mapping[str, str],
) -> Source:
    reader, suffix = _reader_of(files)
    described = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more files"
    listed = "[" + ", ".join(map(literal, files)) + "]"
    options = ", union_by_name=true" if len(files) > 1 else ""
    if reader == "read_csv":
        # All columns have names, also where all are text and a header would not stand out.
        options += ", header=true" + (", delim='\\t'" if suffix == ".tsv" else "")
    connection = _own_connection()
    with _explaining(described, _FILE_REMEDY, owned=connection):
        for name, setting in limits.items():
            connection.execute(f"SET {name} = {literal(setting)}")
        relation = connection.sql(f"SELECT * FROM {reader}({listed}{options})")
        wanted.check(relation.columns, described)
        types = dict(zip(relation.columns, map(str, relation.types), strict=True))
        if reader != "read_parquet":
            chosen = {name: _file_type(name, types[name], wanted, is_csv=reader == "read_csv") for name in wanted.names}
            # JSON takes the columns to read, CSV takes those whose type is not to be guessed.
            kept = {name: kind for name, kind in chosen.items() if reader == "read_json" or kind != types[name]}
            if reader == "read_json" and where is not None:
                kept = {**types, **kept}
            if kept:
                fields = ", ".join(f"{quoted(name)}: {literal(kind)}" for name, kind in kept.items())
                options += f", {'types' if reader == 'read_csv' else 'columns'}={{{fields}}}"
            types.update(chosen)
        query = f"SELECT * FROM {reader}({listed}{options})"
        texts = [name for name in wanted.names if types[name] == "VARCHAR"]
        casts = [f"{_time_cast(name, stop=stop)} AS {quoted(name)}" for name in texts if name == wanted.time]
        casts += [f"{_number_cast(name, stop=stop)} AS {quoted(name)}" for name in texts if name in wanted.numbers]
        if casts:
            numbered = f"SELECT *, row_number() OVER () - 1 AS {quoted(_ROW)} FROM ({query})"
            query = f"SELECT * REPLACE ({', '.join(casts)}) FROM ({numbered})"
        relation = connection.sql(query)
        opened = _opened(relation, described, wanted, where, progress, [connection])
    opened.fault = lambda: _faulty_file(files, reader, wanted)
    return opened


def _faulty_file(files: Sequence[str], reader: str, wanted: Wanted) -> str | None:
    """What is wrong with the first file that cannot be read to its end, or None where all can."""
    cells = ", ".join(map(quoted, wanted.names))
    for file in files:
        with _own_connection() as connection:
            try:
                # A hash needs every cell, which a count does not.
                connection.execute(f"SELECT bit_xor(hash({cells})) FROM {reader}({literal(file)})").fetchall()
            except _duckdb_error() as error:
                return str(_explained(error, file, _FILE_REMEDY))
    return None


def _file_type(name: str, guessed: str, wanted: Wanted, *, is_csv: bool) -> str:
    """The type to read a column of a text file as, so that no id or time is changed by a guess."""
    if name == wanted.time:
        return "VARCHAR" if guessed == "DATE" or guessed.startswith("TIMESTAMP") else guessed
    if name in wanted.numbers:
        return "VARCHAR" if is_csv else guessed
    # A CSV file does not say whether 007 is a number; JSON does, but a text that looks like a date is still a text.
    if name in wanted.text and (is_csv or guessed in ("DATE", "TIME", "UUID") or guessed.startswith("TIMESTAMP")):
        return "VARCHAR"
    return guessed


# SQL and relations


def _own_connection() -> Any:
    import duckdb

    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _duckdb_error() -> type[Exception]:
    import duckdb

    error: type[Exception] = duckdb.Error
    return error


@contextmanager
def _explaining(described: str, remedy: str = "", owned: Any = None) -> Iterator[None]:
    """Say what goes wrong in DuckDB as the user sees it, after the connection that is owned was closed."""
    try:
        yield
    except BaseException as error:
        if owned is not None:
            owned.close()
        if isinstance(error, _duckdb_error()):
            raise _explained(error, described, remedy) from error
        # DuckDB takes the signal of Ctrl-C for itself and raises this in its stead.
        if isinstance(error, RuntimeError) and "Query interrupted" in str(error):
            raise KeyboardInterrupt from None
        raise


def _is_relation(source: Any) -> bool:
    kind = type(source)
    return kind.__name__ == "DuckDBPyRelation" and kind.__module__.lstrip("_").startswith("duckdb")


def _from_sql(
    text: str,
    connection: Any,
    wanted: Wanted,
    where: str | None,
    stop: bool,
    progress: Callable[[int], None] | None,
) -> Source:
    if not callable(getattr(connection, "sql", None)):
        raise InputError(f"connection= is {_type_name(connection)}; pass a DuckDB connection, as of duckdb.connect()")
    with _explaining("the query"):
        relation = connection.sql(text.strip().rstrip(";"))
    if relation is None:
        raise InputError("the query returns no rows; pass a SELECT")
    return _from_relation(relation, "the query", wanted, where, stop, progress)


def _from_relation(
    relation: Any,
    described: str,
    wanted: Wanted,
    where: str | None,
    stop: bool,
    progress: Callable[[int], None] | None,
) -> Source:
    wanted.check(relation.columns, described)
    with _explaining(described):
        opened = _opened(relation, described, wanted, where, progress, [])
    # The zone of the user's connection must not decide what a time without zone means.
    return _cast_time(_Opened(opened.stream, described, None), wanted, stop)


def _opened(
    relation: Any,
    described: str,
    wanted: Wanted,
    where: str | None,
    progress: Callable[[int], None] | None,
    kept: Sequence[Any],
) -> Source:
    if where is not None:
        relation = relation.filter(where)
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    columns = []
    for name in wanted.names:
        column = quoted(name)
        if name in wanted.text and (types[name] in ("DATE", "TIME", "UUID") or types[name].startswith("TIMESTAMP")):
            column = f"CAST({column} AS VARCHAR) AS {column}"
        columns.append(column)
    projected = relation.project(", ".join(columns))
    return Source(_core.Stream(projected, progress), described, kept)


# Frames, Arrow objects and lists


def _type_name(source: Any) -> str:
    kind = type(source)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__.split('.')[0]} {kind.__name__}"


def _from_object(source: Any, wanted: Wanted, progress: Callable[[int], None] | None) -> _Opened:
    described = f"the {_type_name(source)}"
    package = type(source).__module__.split(".")[0]
    if package == "pandas" and hasattr(source, "columns"):
        known = [str(name) for name in source.columns]
        wanted.check(known, described)
        twice = [name for name in wanted.names if known.count(name) > 1]
        if twice:
            raise InputError(f"{described} has several columns named {twice[0]!r}; rename one of them")
        return _from_pandas(source[wanted.names], described, wanted, progress)
    if package == "polars" and hasattr(source, "select"):
        if hasattr(source, "collect"):
            wanted.check(source.collect_schema().names(), described)
            source = source.select(wanted.names).collect()
        else:
            wanted.check(source.columns, described)
            source = source.select(wanted.names)
    if isinstance(source, Mapping):
        wanted.check([str(name) for name in source], described)
        return _from_cells(source, described, wanted, progress)
    if isinstance(source, (list, tuple)) and all(isinstance(item, Mapping) for item in source):
        known = list(dict.fromkeys(str(name) for record in source for name in record))
        if source:
            wanted.check(known, described)
        # A field that a record does not have is null.
        cells = {name: [record.get(name) for record in source] for name in wanted.names}
        return _from_cells(cells, described, wanted, progress)
    if not hasattr(source, "__arrow_c_stream__") and not hasattr(source, "__arrow_c_array__"):
        raise InputError(
            f"cannot read {_type_name(source)}; pass a path, a data frame, an Arrow table, a DuckDB relation, "
            "a dict of columns or a list of dicts"
        )
    stream = _core.Stream(source, progress)
    wanted.check(stream.names, described)
    return _Opened(stream, described, progress)


@dataclass
class _Opened:
    """A stream, and the columns it was made from where those are at hand."""

    stream: _core.Stream
    described: str
    progress: Callable[[int], None] | None
    cells: Any = None


def _from_cells(cells: Any, described: str, wanted: Wanted, progress: Callable[[int], None] | None) -> _Opened:
    columns = _columns.from_mapping(cells, wanted.names)
    return _Opened(_core.Stream(columns, progress), described, progress, cells)


def _from_pandas(frame: Any, described: str, wanted: Wanted, progress: Callable[[int], None] | None) -> _Opened:
    if not len(frame):  # the types of no values are not those of the column
        return _from_cells({name: [] for name in wanted.names}, described, wanted, progress)
    try:
        return _Opened(_core.Stream(frame.reset_index(drop=True), progress), described, progress)
    except (AttributeError, ImportError):
        pass  # pandas needs pyarrow for this and may be without
    except Exception as error:
        # pyarrow refuses columns of mixed types in words of its own.
        if not type(error).__module__.startswith("pyarrow"):
            raise
    return _from_cells(frame, described, wanted, progress)


# Times that are text


def _cast_time(opened: _Opened, wanted: Wanted, stop: bool) -> Source:
    """Let DuckDB read the times where they are text."""
    stream, described = opened.stream, opened.described
    if wanted.time is None or stream.formats[stream.names.index(wanted.time)] not in ("u", "U", "vu"):
        return Source(stream, described)
    connection = _own_connection()
    try:
        connection.register("klantreis_source", stream)
        listed = ", ".join(
            f"{_time_cast(name, stop=stop)} AS {quoted(name)}" if name == wanted.time else quoted(name)
            for name in wanted.names
        )
        query = f"SELECT {listed} FROM (SELECT *, row_number() OVER () - 1 AS {quoted(_ROW)} FROM klantreis_source)"
        return Source(_core.Stream(connection.sql(query)), described, [stream, connection])
    except BaseException as error:
        if not isinstance(error, _duckdb_error()) or "pyarrow" not in str(error):
            with _explaining(described, owned=connection):
                stream.raise_pending()
                raise
    # DuckDB before version 2 reads Arrow streams only where pyarrow is installed.
    with connection:
        if opened.cells is None:
            raise InputError(
                f"column {wanted.time!r} holds texts; install pyarrow or DuckDB 2 to have them read, or cast the "
                "column to a timestamp"
            )
        ticks = _ticks_of_texts(connection, opened.cells[wanted.time], wanted.time, stop=stop)
    columns = _columns.from_mapping(opened.cells, [name for name in wanted.names if name != wanted.time])
    columns.add_timestamps(wanted.time, ticks, "u", True)
    return Source(_core.Stream(columns, opened.progress), described)


def _ticks_of_texts(connection: Any, values: Any, name: str, *, stop: bool) -> array[int]:
    texts = [value if isinstance(value, str) else None for value in values]
    query = "SELECT epoch_us(try_cast(unnest(?::VARCHAR[]) AS TIMESTAMPTZ))"
    found = [ticks for (ticks,) in connection.execute(query, [texts]).fetchall()]
    for row, (text, ticks) in enumerate(zip(texts, found, strict=True)):
        if stop and ticks is None and text is not None:
            raise _bad_text(str(row), f"{name} is {text[:60]!r}", "time")
    return array("q", (-(2**63) if ticks is None else ticks for ticks in found))
