# SPDX-License-Identifier: MIT
"""What reading does with types, rows and columns that are not plain, and what it says when it cannot go on."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import klantreis as kr
from klantreis import _sources

if TYPE_CHECKING:
    from pathlib import Path

EVENTS: dict[str, list[Any]] = {
    "customer_id": [1, 1, 2],
    "timestamp": ["2024-03-01 09:00", "2024-03-01 09:05", "2024-03-02"],
    "touchpoint": ["visit", "order", "visit"],
}


def figures(log: kr.Log) -> dict[str, str]:
    return {row["figure"]: row["value"] for row in log.health()}


def csv_file(folder: Path, text: str) -> Path:
    path = folder / "events.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_ids_of_a_csv_file_stay_texts(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path, "customer_id,timestamp,touchpoint\n007,2024-03-01,1.0\n7,2024-03-01,1.0\n7,2024-03-02,1\n"
    )
    log = kr.read(path, attributes=["customer_id"])
    assert log.customers == 2
    assert sorted(log.counts("customer_id")["customer_id"]) == ["007", "7"]
    assert sorted(log.touchpoints) == ["1", "1.0"]


def test_numeric_columns_are_read_by_name() -> None:
    log = kr.read({**EVENTS, "score": [9, None, 3.5], "worth": [1, 2, 3]}, numbers=["score"], value="worth")
    assert log.numbers == ["value", "score"]
    with pytest.raises(kr.InputError, match=r'numbers=\["<column>", …\]'):
        kr.read(EVENTS, numbers=["score"])
    with pytest.raises(kr.InputError, match="is one text"):
        kr.read(EVENTS, numbers="score")
    with pytest.raises(kr.InputError, match="score"):
        kr.read({**EVENTS, "score": ["good", "bad", "bad"]}, numbers=["score"])


def test_a_funnel_counts_the_same_from_the_events_of_its_steps_alone() -> None:
    events = kr.datasets.webshop_events(3_000)
    steps = ["product_view", "add_to_cart", "checkout_start", "order"]
    whole = kr.funnel(kr.read(events), steps, window="7d")
    part = kr.read(events, only=steps)
    assert sorted(part.touchpoints) == sorted(steps)
    assert kr.funnel(part, steps, window="7d")["count"] == whole["count"]
    with pytest.raises(kr.InputError, match=r"pass a list, as in only=\['order'\]"):
        kr.read(events, only="order")


def test_names_in_json_that_look_like_dates_stay_as_written(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_text(
        '[{"customer_id": "2024-3-1", "timestamp": "2024-03-01T09:00:00+02:00", "touchpoint": "2024-03-01"}]'
    )
    log = kr.read(path)
    assert log.touchpoints == ["2024-03-01"]
    assert figures(log)["first event"] == "2024-03-01T07:00:00Z"


def test_dates_of_a_database_are_written_out_as_names() -> None:
    query = "SELECT 1 AS customer_id, DATE '2024-03-01' AS timestamp, DATE '2024-03-02' AS touchpoint"
    log = kr.read(query, connection=duckdb.connect())
    assert log.touchpoints == ["2024-03-02"]
    assert figures(log)["first event"] == "2024-03-01T00:00:00Z"


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 1_000), ("us", 1_000_000), ("ns", 1_000_000_000)])
def test_whole_numbers_count_in_the_unit_that_is_given(unit: Any, factor: int) -> None:
    events = {**EVENTS, "timestamp": [factor * 86_400 * day for day in (1, 2, 3)]}
    for source in (events, pd.DataFrame(events), pl.DataFrame(events), pa.table(events)):
        seen = figures(kr.read(source, time_unit=unit))
        assert (seen["first event"], seen["last event"]) == ("1970-01-02T00:00:00Z", "1970-01-04T00:00:00Z")
    with pytest.raises(kr.InputError, match="time_unit="):
        kr.read(events)
    with pytest.raises(kr.InputError, match="leave time_unit= out"):
        kr.read(EVENTS, time_unit=unit)


def test_dates_and_times_with_and_without_zone() -> None:
    days = [date(2024, 3, 1), date(2024, 3, 1), None]
    log = kr.read({**EVENTS, "timestamp": days}, on_bad="drop")
    assert figures(log)["last event"] == "2024-03-01T00:00:00Z"
    assert figures(log)["rejected: time is null"] == "1"
    zoned = ["2024-03-01 09:00:00+01:00", "2024-03-01 09:00:00", "2024-03-01 09:00:00 Asia/Tokyo"]
    seen = figures(kr.read({**EVENTS, "timestamp": zoned}))
    assert (seen["first event"], seen["last event"]) == ("2024-03-01T00:00:00Z", "2024-03-01T09:00:00Z")
    with pytest.raises(kr.InputError, match=r"row 1 .* another type \(time without zone\)"):
        kr.read({**EVENTS, "timestamp": [datetime(2024, 3, 1), datetime(2024, 3, 1).astimezone(), None]})


def test_numbers_of_every_type_are_values() -> None:
    values: list[Any] = [
        [1, None, 2.5],
        np.array([1, np.nan, 2.5], dtype=np.float32),
        pd.Series([1, None, 2.5], dtype="Float64"),
        pd.Series([1, None, 2.5], dtype="object"),
        np.array([1, 0, 3], dtype=">i2")[::1],
        np.array([True, False, True]),
        pd.Series([1, None, 3], dtype="Int8"),
    ]
    for column in values:
        log = kr.read({**EVENTS, "value": column}, value="value")
        total = float(np.nansum(np.array([np.nan if v is pd.NA or v is None else v for v in column], dtype=float)))
        journeys = kr.journeys(log, conversion=["visit", "order"])
        assert kr.paths(journeys).value == total


def test_rows_that_cannot_be_read_stop_or_are_counted(tmp_path: Path) -> None:
    text = "customer_id,timestamp,touchpoint,value\n1,2024-03-01,a,1\n1,soon,b,2\n2,2024-03-01,c,many\n"
    path = csv_file(tmp_path, text)
    with pytest.raises(kr.InputError, match=r"row 1 \(counted from 0\): timestamp is 'soon'.*on_bad="):
        kr.read(path)
    with pytest.raises(kr.InputError, match=r"row 2 \(counted from 0\): value is 'many', which is no number"):
        kr.read(path, value="value", where="customer_id = '2'")
    log = kr.read(path, value="value", on_bad="drop")
    assert figures(log)["rejected: time is null"] == "1"
    assert figures(log)["rejected: value is not a number"] == "1"
    assert log.touchpoints == ["a"]
    columns = {**EVENTS, "timestamp": ["2024-03-01", "soon", None]}
    for source in (columns, pd.DataFrame(columns), pl.DataFrame(columns), duckdb.sql("SELECT * FROM columns_table")):
        with pytest.raises(kr.InputError, match=r"row 1 \(counted from 0\): timestamp is 'soon'"):
            kr.read(source)


columns_table = pa.table({**EVENTS, "timestamp": ["2024-03-01", "soon", None]})


def test_times_as_text_need_no_pyarrow_under_older_duckdb(monkeypatch: pytest.MonkeyPatch) -> None:
    class Older:
        """A connection that refuses Arrow streams in the words of DuckDB 1.4 without pyarrow."""

        def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
            self.connection = connection

        def register(self, name: str, source: object) -> None:
            raise duckdb.InvalidInputException("Required module 'pyarrow' failed to import")

        def __getattr__(self, name: str) -> Any:
            return getattr(self.connection, name)

        def __enter__(self) -> Older:
            return self

        def __exit__(self, *error: object) -> None:
            self.connection.close()

    own_connection = _sources._own_connection
    monkeypatch.setattr(_sources, "_own_connection", lambda: Older(own_connection()))
    rows = [dict(zip(EVENTS, row, strict=True)) for row in zip(*EVENTS.values(), strict=True)]
    for source in (EVENTS, rows):
        seen = figures(kr.read(source))
        assert (seen["first event"], seen["last event"]) == ("2024-03-01T09:00:00Z", "2024-03-02T00:00:00Z")
    bad = {**EVENTS, "timestamp": ["2024-03-01 09:00:00+01:00", "soon", None]}
    with pytest.raises(kr.InputError, match=r"row 1 \(counted from 0\): timestamp is 'soon', which is no time"):
        kr.read(bad)
    assert figures(kr.read(bad, on_bad="drop"))["rejected: time is null"] == "2"
    with pytest.raises(kr.InputError, match="install pyarrow or DuckDB 2"):
        kr.read(pl.DataFrame(EVENTS))


def test_where_filters_files_sql_and_relations(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "customer_id,timestamp,touchpoint,x\n1,2024-03-01,a,1\n1,2024-03-02,b,2\n")
    assert len(kr.read(path, where="x = 2")) == 1
    assert len(kr.read(path, where="timestamp < TIMESTAMP '2024-03-02'")) == 1
    connection = duckdb.connect()
    query = f"SELECT * FROM '{path}'"
    assert len(kr.read(query, connection=connection, where="x = 2")) == 1
    assert len(kr.read(connection.sql(query), where="x = 2 OR x = 1")) == 2
    for source in (EVENTS, pd.DataFrame(EVENTS), pl.DataFrame(EVENTS), pa.table(EVENTS)):
        with pytest.raises(kr.InputError, match=r"filter the .* first"):
            kr.read(source, where="x = 2")
    with pytest.raises(kr.InputError, match="nonsense"):
        kr.read(path, where="nonsense = 2")


def test_names_are_quoted() -> None:
    awkward = 'a "b"; DROP TABLE x; --'
    connection = duckdb.connect()
    connection.execute("CREATE TABLE e AS SELECT 1 AS customer_id, DATE '2024-03-01' AS timestamp, 'a' AS touchpoint")
    connection.execute('ALTER TABLE e RENAME COLUMN touchpoint TO "a ""b""; DROP TABLE x; --"')
    assert kr.read("FROM e", connection=connection, touchpoint=awkward).touchpoints == ["a"]
    columns = {awkward if name == "touchpoint" else name: values for name, values in EVENTS.items()}
    assert kr.read(columns, touchpoint=awkward).touchpoints == ["visit", "order"]


def test_awkward_names_in_files(tmp_path: Path) -> None:
    path = tmp_path / "it's [1]*.csv"
    path.write_text("""customer_id,timestamp,"the ""name"", it's"\n1,2024-03-01,a\n""", encoding="utf-8")
    assert kr.read(path, touchpoint='the "name", it\'s').touchpoints == ["a"]


@pytest.mark.parametrize("kind", ["csv", "dict", "records", "pandas", "polars", "arrow", "relation", "sql"])
def test_a_missing_column_is_named_with_near_matches(kind: str, tmp_path: Path) -> None:
    rows = [dict(zip(EVENTS, row, strict=True)) for row in zip(*EVENTS.values(), strict=True)]
    table = pa.table(EVENTS)
    source: Any = {
        "csv": lambda: csv_file(tmp_path, "customer_id,timestamp,touchpoint\n1,2024-03-01,a\n"),
        "dict": lambda: EVENTS,
        "records": lambda: rows,
        "pandas": lambda: pd.DataFrame(EVENTS),
        "polars": lambda: pl.DataFrame(EVENTS),
        "arrow": lambda: table,
        "relation": lambda: duckdb.from_arrow(table),
        "sql": lambda: "SELECT 1 AS customer_id, 2 AS timestamp, 3 AS touchpoint",
    }[kind]()
    options: dict[str, Any] = {"connection": duckdb.connect()} if kind == "sql" else {}
    with pytest.raises(kr.InputError) as caught:
        kr.read(source, touchpoint="Touchpoints", **options)
    message = str(caught.value)
    assert "no column 'Touchpoints'; did you mean 'touchpoint'?" in message
    assert "customer_id, timestamp, touchpoint" in message
    assert 'touchpoint="<column>"' in message
    with pytest.raises(kr.InputError, match=r"'nowhere'.*attributes=\["):
        kr.read(source, attributes=["nowhere"], **options)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    def refused(match: str, source: Any, **options: Any) -> None:
        with pytest.raises(kr.InputError, match=match):
            kr.read(source, **options)

    refused("there is no file .*nothing.csv", tmp_path / "nothing.csv")
    refused("no file matches .*\\*.parquet", str(tmp_path / "*.parquet"))
    refused("is a folder", tmp_path)
    refused("looks like SQL", "SELECT 1")
    refused("pass a DuckDB connection", "SELECT 1", connection=5)
    refused("connection= goes with SQL", EVENTS, connection=duckdb.connect())
    refused("the query .*no_table", "SELECT * FROM no_table", connection=duckdb.connect())
    refused("cannot read int", 5)
    refused("neither time nor order", EVENTS, time=None)
    refused("attributes=\\['x'\\]", EVENTS, attributes="x")
    refused("on_bad='skip'", EVENTS, on_bad="skip")
    refused("time_unit='min'", EVENTS, time_unit="min")
    refused("threads=0", EVENTS, threads=0)
    refused("customer=5", EVENTS, customer=5)
    refused("row 1 .*'b'.*rows before it", {**EVENTS, "customer_id": [1, "b", 2]})
    refused("row 1 .*'b'.*rows before it", pd.DataFrame({**EVENTS, "customer_id": [1, "b", 2]}))
    refused("row 0 .*bytes", {**EVENTS, "touchpoint": [b"x", b"y", b"z"]})
    refused("row 2 .*64 bits", {**EVENTS, "customer_id": [1, 2, 2**70]})
    refused("2 rows", {**EVENTS, "touchpoint": ["a", "b"]})
    refused("2 dimensions", {**EVENTS, "customer_id": np.zeros((3, 2), dtype=int)})
    refused("'touchpoint' is list", pa.table({**EVENTS, "touchpoint": [["a"], ["b"], ["c"]]}))
    refused("UTF-8", {**EVENTS, "touchpoint": ["a", "\ud800", "c"]})
    (tmp_path / "events.xlsx").write_bytes(b"")
    refused("'.xlsx' cannot be read; known are .csv", tmp_path / "events.xlsx")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 this is not one PAR1")
    refused("broken.parquet cannot be read", tmp_path / "broken.parquet")
    csv_file(tmp_path, "customer_id,timestamp,touchpoint\n")
    refused("several kinds", [tmp_path / "events.csv", tmp_path / "broken.parquet"])
    twice = pd.DataFrame(
        [[1, "2024-03-01", "a", "b"]], columns=["customer_id", "timestamp", "touchpoint", "touchpoint"]
    )
    refused("several columns named 'touchpoint'", twice)


def test_no_rows_are_a_log_without_events(tmp_path: Path) -> None:
    empty: dict[str, list[Any]] = {name: [] for name in (*EVENTS, "channel")}
    path = csv_file(tmp_path, "customer_id,timestamp,touchpoint,channel\n")
    table = pa.table({name: pa.array([], pa.string()) for name in empty})
    sources: list[Any] = [empty, [], pd.DataFrame(empty), pl.DataFrame(empty), table, path, duckdb.from_arrow(table)]
    for source in sources:
        log = kr.read(source, channel="channel")
        assert len(log) == 0
        assert log.labels == ["touchpoint", "channel"]


def test_phases_come_from_a_column_or_a_dict() -> None:
    by_dict = kr.read(EVENTS, phase={"visit": "look", "order": "buy", "absent": "never"})
    by_column = kr.read({**EVENTS, "p": ["look", "buy", "look"]}, phase="p")
    for log in (by_dict, by_column):
        assert {row["phase"]: row["events"] for row in log.counts("phase")} == {"look": 2, "buy": 1}


def test_order_stands_in_for_time() -> None:
    log = kr.read({**EVENTS, "n": [3, 1, 2]}, time=None, order="n")
    assert "first event" not in figures(log)
    assert [row["path"] for row in kr.paths(kr.journeys(log, conversion="visit")).table() if row["conversions"]]


def test_progress_is_told_and_may_stop_the_reading() -> None:
    seen: list[int] = []
    table = pa.table({**EVENTS, "timestamp": pa.array([0, 1, 2], pa.timestamp("s"))})
    kr.read(pa.concat_tables([table, table]), progress=seen.append)
    assert seen == [3, 6]
    for source in (table, EVENTS, duckdb.from_arrow(table)):
        with pytest.raises(ZeroDivisionError):
            kr.read(source, progress=lambda rows: 1 // 0)


def test_path_tables_read_alike(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {
        "path": ["a > b", "b", "a > b"],
        "total_conversions": [1, 2, 3],
        "total_null": [0, 5, 1],
    }
    path = tmp_path / "paths.csv"
    pl.DataFrame(columns).write_csv(path)
    table = pa.table(columns)
    sources: list[Any] = [columns, pd.DataFrame(columns), pl.DataFrame(columns), table, path, duckdb.from_arrow(table)]
    for source in sources:
        paths = kr.read_paths(source, nulls="total_null")
        assert (paths.conversions, paths.nulls, len(paths)) == (6, 6, 2)
        assert sorted(paths.items) == ["a", "b"]
    assert kr.read_paths(path, where="total_null > 0", nulls="total_null").conversions == 5
    with pytest.raises(kr.InputError, match=r"'conv'.*conversions=\"<column>\""):
        kr.read_paths(columns, conversions="conv")
    path.write_text("path;total_conversions\na > b;1,5\n", encoding="utf-8")
    with pytest.raises(kr.InputError, match=r"row 0 .*total_conversions is '1,5', which is no number"):
        kr.read_paths(path)
    assert kr.read_paths(path, on_bad="drop").rejected != {}


def test_importing_and_reading_lists_loads_neither_pandas_nor_pyarrow() -> None:
    code = (
        "import sys, klantreis as kr\n"
        "assert 'duckdb' not in sys.modules\n"
        "kr.read([{'customer_id': 1, 'timestamp': 5, 'touchpoint': 'a'}], time_unit='s')\n"
        "print([name for name in ('pandas', 'polars', 'pyarrow', 'numpy', 'duckdb') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.stdout.strip() == "[]", result.stderr
