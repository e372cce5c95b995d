# SPDX-License-Identifier: MIT
"""The same events, however they arrive, give the same log."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import klantreis as kr
from same_events import COLUMNS, NAIVE, OPTIONS, START, TIMES, TOUCHPOINTS, pandas_frames, records, shape


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    wanted = shape(kr.read(records(), **OPTIONS))
    figures = {row["figure"]: row["value"] for row in wanted["health"]}
    assert figures["events"] == "6"
    assert figures["customers"] == "3"
    assert figures["first event"] == "2024-03-01T09:00:00Z"
    assert figures["last event"] == "2024-03-01T09:35:00Z"
    assert {row["touchpoint"]: row["events"] for row in wanted["touchpoints"]} == {
        "visit": 2,
        "order": 2,
        TOUCHPOINTS[2]: 1,
        TOUCHPOINTS[3]: 1,
    }
    assert {row["channel"]: row["events"] for row in wanted["channels"]} == {"search": 3, "mail": 2, "(none)": 1}
    # ann: search, mail, then an order worth 30; bob: no channel, then an order worth 12.25; chloë: search, no order
    values = {row["path"]: (row["conversions"], row["value"]) for row in wanted["paths by channel"]}
    assert values == {"search > mail": (1, 30.0), "(none)": (1, 12.25), "search": (0, 0.0)}
    return wanted


def arrow(**types: pa.DataType) -> pa.Table:
    known = {"timestamp": pa.timestamp("us", "UTC"), "value": pa.float64(), **types}
    cells = NAIVE if known["timestamp"].tz is None else COLUMNS
    return pa.table({name: pa.array(values, known.get(name)) for name, values in cells.items()})


ARROW_TYPES: dict[str, dict[str, Any]] = {
    "string": {"touchpoint": pa.string()},
    "large string": {"customer_id": pa.large_string(), "touchpoint": pa.large_string(), "channel": pa.large_string()},
    "string view": {"customer_id": pa.string_view(), "touchpoint": pa.string_view(), "channel": pa.string_view()},
    "dictionary": {
        "customer_id": pa.dictionary(pa.int8(), pa.string()),
        "touchpoint": pa.dictionary(pa.uint16(), pa.large_string()),
        "channel": pa.dictionary(pa.int64(), pa.string()),
    },
    "s": {"timestamp": pa.timestamp("s")},
    "ms": {"timestamp": pa.timestamp("ms")},
    "us": {"timestamp": pa.timestamp("us")},
    "ns": {"timestamp": pa.timestamp("ns")},
    "s with zone": {"timestamp": pa.timestamp("s", "Europe/Amsterdam")},
    "ms with zone": {"timestamp": pa.timestamp("ms", "America/New_York")},
    "ns with zone": {"timestamp": pa.timestamp("ns", "UTC")},
    "float": {"value": pa.float32()},
    "decimal": {"value": pa.decimal128(10, 2)},
}


@pytest.mark.parametrize("kind", ARROW_TYPES)
def test_arrow_types_read_alike(kind: str, expected: dict[str, Any]) -> None:
    types = ARROW_TYPES[kind]
    table = arrow(**{name: pa.float64() if pa.types.is_decimal(t) else t for name, t in types.items()})
    if kind == "decimal":
        position = table.schema.get_field_index("value")
        table = table.set_column(position, "value", table["value"].cast(types["value"]))
    assert shape(kr.read(table, **OPTIONS)) == expected


def test_chunks_slices_batches_and_readers_read_alike(expected: dict[str, Any]) -> None:
    whole = arrow(**ARROW_TYPES["dictionary"])
    chunked = pa.concat_tables([whole.slice(0, 1), whole.slice(1, 3), whole.slice(4)])
    assert chunked["touchpoint"].num_chunks == 3
    assert shape(kr.read(chunked, **OPTIONS)) == expected
    padded = pa.concat_tables([arrow().slice(0, 2), arrow()]).combine_chunks().slice(2)
    assert padded["value"].chunk(0).offset == 2
    assert shape(kr.read(padded, **OPTIONS)) == expected
    assert shape(kr.read(arrow().to_batches()[0], **OPTIONS)) == expected
    assert shape(kr.read(arrow().to_reader(2), **OPTIONS)) == expected


class ArrayOnly:
    """An object that offers one Arrow array and no stream."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self.batch = batch

    def __arrow_c_array__(self, requested_schema: object = None) -> object:
        return self.batch.__arrow_c_array__(requested_schema)


@pytest.mark.parametrize("text_times", [False, True])
def test_a_single_array_is_read(text_times: bool, expected: dict[str, Any]) -> None:
    table = arrow(**ARROW_TYPES["dictionary"])
    if text_times:
        table = table.set_column(1, "timestamp", pa.array([time.isoformat() for time in TIMES]))
    assert shape(kr.read(ArrayOnly(table.drop(["unused"]).to_batches()[0]), **OPTIONS)) == expected


def test_a_dictionary_may_change_between_chunks() -> None:
    def part(names: list[str], codes: list[int | None]) -> pa.Table:
        touchpoints = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int8()), pa.array(names))
        times = pa.array([START] * len(codes), pa.timestamp("us", "UTC"))
        return pa.table({"customer_id": [1] * len(codes), "timestamp": times, "touchpoint": touchpoints})

    log = kr.read(pa.concat_tables([part(["a", "b"], [0, 1]), part(["b", "c", "a"], [1, 0, 2])]))
    assert {row["touchpoint"]: row["events"] for row in log.counts()} == {"a": 2, "b": 2, "c": 1}


def test_a_reader_is_read_once() -> None:
    reader = arrow().to_reader()
    kr.read(reader, **OPTIONS)
    log_or_error: object
    try:
        log_or_error = len(kr.read(reader, **OPTIONS))
    except kr.InputError as error:
        log_or_error = str(error)
    assert log_or_error == 0 or "once" in str(log_or_error)


POLARS = {"string": pl.String, "categorical": pl.Categorical, "enum": pl.Enum(sorted(set(TOUCHPOINTS)))}


@pytest.mark.parametrize("kind", POLARS)
def test_polars_frames_read_alike(kind: str, expected: dict[str, Any]) -> None:
    frame = pl.DataFrame(COLUMNS).with_columns(pl.col("touchpoint").cast(POLARS[kind]))
    assert shape(kr.read(frame, **OPTIONS)) == expected
    assert shape(kr.read(frame.lazy(), **OPTIONS)) == expected
    assert shape(kr.read(pl.concat([frame[:2], frame[2:]], rechunk=False), **OPTIONS)) == expected
    text = frame.with_columns(pl.Series("timestamp", [str(time) for time in TIMES]))
    assert shape(kr.read(text, **OPTIONS)) == expected


@pytest.mark.parametrize("kind", pandas_frames())
def test_pandas_frames_read_alike(kind: str, expected: dict[str, Any]) -> None:
    assert shape(kr.read(pandas_frames()[kind], **OPTIONS)) == expected


def test_pandas_needs_no_pyarrow(expected: dict[str, Any]) -> None:
    code = (
        "import sys; sys.modules['pyarrow'] = None; sys.path.insert(0, sys.argv[1]); "
        "import same_events; same_events.main()"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    assert result.returncode == 0, result.stderr
    shapes = json.loads(result.stdout)
    assert list(shapes) == list(pandas_frames())
    for name, seen in shapes.items():
        assert seen == expected, name


def test_lists_and_arrays_read_alike(expected: dict[str, Any]) -> None:
    assert shape(kr.read(COLUMNS, **OPTIONS)) == expected
    assert shape(kr.read(NAIVE, **OPTIONS)) == expected
    arrays = {name: np.array(values, dtype=object) for name, values in COLUMNS.items() if name != "unused"}
    for dtype in ("datetime64[s]", "datetime64[us]", "datetime64[ns]", "datetime64[m]"):
        arrays["timestamp"] = np.array(NAIVE["timestamp"], dtype=dtype)
        arrays["value"] = np.array([np.nan if value is None else value for value in COLUMNS["value"]])
        assert shape(kr.read(arrays, **OPTIONS)) == expected
    as_texts = [{**record, "timestamp": record["timestamp"].isoformat()} for record in records()]
    assert shape(kr.read(as_texts, **OPTIONS)) == expected
    without_nulls = [{name: cell for name, cell in record.items() if cell is not None} for record in records()]
    assert shape(kr.read(without_nulls, **OPTIONS)) == expected


# Files


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("events")
    flat = arrow().drop(["unused"])
    pq.write_table(arrow(), where / "events.parquet")
    pq.write_table(arrow(**ARROW_TYPES["ns"]), where / "naive.parquet")
    (where / "parts").mkdir()
    pq.write_table(flat.slice(0, 2), where / "parts" / "1.parquet")
    # In another order: columns are matched by name.
    pq.write_table(flat.slice(2).select(flat.column_names[::-1]), where / "parts" / "2.parquet")
    frame = pl.from_arrow(flat)
    assert isinstance(frame, pl.DataFrame)
    frame.write_csv(where / "events.csv", datetime_format="%Y-%m-%d %H:%M:%S%:z")
    frame.write_csv(where / "iso.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ")
    frame.with_columns(pl.col("timestamp").dt.convert_time_zone("Europe/Amsterdam")).write_csv(
        where / "zone.csv", datetime_format="%Y-%m-%d %H:%M:%S%:z"
    )
    frame.write_csv(where / "semicolon[1].csv", datetime_format="%Y-%m-%d %H:%M:%S", separator=";")
    frame.write_csv(where / "events.tsv", datetime_format="%Y-%m-%d %H:%M:%S", separator="\t")
    (where / "events.csv.gz").write_bytes(gzip.compress((where / "events.csv").read_bytes()))
    cells = [{**record, "timestamp": record["timestamp"].isoformat()} for record in records()]
    (where / "events.json").write_text(json.dumps(cells), encoding="utf-8")
    lines = "\n".join(json.dumps(cell) for cell in cells)
    (where / "events.jsonl").write_text(lines, encoding="utf-8")
    (where / "events.ndjson.gz").write_bytes(gzip.compress(lines.encode()))
    return where


FILES = [
    "events.parquet",
    "naive.parquet",
    "parts/*.parquet",
    "events.csv",
    "iso.csv",
    "zone.csv",
    "semicolon[1].csv",
    "events.tsv",
    "events.csv.gz",
    "events.json",
    "events.jsonl",
    "events.ndjson.gz",
]


@pytest.mark.parametrize("name", FILES)
def test_files_read_alike(name: str, folder: Path, expected: dict[str, Any]) -> None:
    assert shape(kr.read(folder / name, **OPTIONS)) == expected
    assert shape(kr.read(str(folder / name), where="customer_id IS NOT NULL", **OPTIONS)) == expected


def test_a_list_of_files_reads_alike(folder: Path, expected: dict[str, Any]) -> None:
    parts = [folder / "parts" / "1.parquet", str(folder / "parts" / "2.parquet")]
    assert shape(kr.read(parts, **OPTIONS)) == expected


# DuckDB


def test_relations_and_sql_read_alike_in_any_time_zone(folder: Path, expected: dict[str, Any]) -> None:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'America/New_York'")
    path = str(folder / "naive.parquet").replace("'", "''")
    query = f"SELECT * FROM '{path}'"
    assert shape(kr.read(connection.sql(query), **OPTIONS)) == expected
    assert shape(kr.read(query + " ;\n", connection=connection, **OPTIONS)) == expected
    text = f"SELECT * REPLACE (CAST(timestamp AS VARCHAR) AS timestamp) FROM '{path}'"
    assert shape(kr.read(connection.sql(text), **OPTIONS)) == expected
    connection.execute(f"CREATE TYPE name AS ENUM (SELECT DISTINCT touchpoint FROM '{path}')")
    enum = f"SELECT * REPLACE (CAST(touchpoint AS name) AS touchpoint) FROM '{path}'"
    assert shape(kr.read(enum, connection=connection, **OPTIONS)) == expected
    assert connection.sql("SELECT current_setting('TimeZone')").fetchall() == [("America/New_York",)]


def test_order_of_rows_survives_a_large_query() -> None:
    connection = duckdb.connect()
    query = "SELECT 1 AS customer_id, 5 AS timestamp, CAST(i AS VARCHAR) AS touchpoint FROM range(300000) t(i)"
    log = kr.read(query, connection=connection, time_unit="s")
    assert log.touchpoints[:3] == ["0", "1", "2"]
    assert log.touchpoints[-1] == "299999"
    assert log.touchpoints == [str(i) for i in range(300_000)]
