# SPDX-License-Identifier: MIT
"""Tables: what they hold, how they print, and what other tools read from them."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import stat
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

import klantreis as kr
from klantreis import _format

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = datetime(2024, 3, 1, 9, 30, tzinfo=timezone.utc)
COLUMNS: dict[str, list[Any]] = {
    "touchpoint": ["cart", "", "caf\u00e9 <b>&\U0001f600"],
    "exits": [20184, -3, 0],
    "rate": [0.1984, None, 1.0],
    "rate_lower": [0.193, None, -0.7],
    "rate_upper": [0.204, None, -0.5],
    "median_time": [360.0, None, 120_960.0],
    "first": [True, False, True],
    "at": [MOMENT, MOMENT + timedelta(microseconds=1), datetime(1969, 12, 31, tzinfo=timezone.utc)],
}
QUANTITIES = {"exits": "count", "rate": "share", "rate_lower": "share", "rate_upper": "share", "median_time": "seconds"}


def example() -> kr.Table:
    return kr.Table.from_columns(
        COLUMNS, definition="What the <numbers> mean.", options={"by": "channel"}, quantities=QUANTITIES
    )


def test_a_table_gives_back_what_it_holds() -> None:
    table = example()
    assert len(table) == 3
    assert table.columns == list(COLUMNS)
    assert table.definition == "What the <numbers> mean."
    assert table.options == {"by": "channel"}
    for name, values in COLUMNS.items():
        assert table[name] == values
    assert table.quantity("at") == "moment"
    assert list(table) == table.to_dicts()
    assert table.to_dicts()[1] == {name: values[1] for name, values in COLUMNS.items()}
    with pytest.raises(kr.InputError, match="'exit'"):
        table["exit"]
    with pytest.raises(TypeError, match="named by text"):
        table[0]  # type: ignore[index]


def test_a_table_does_not_change() -> None:
    table = example()
    table["exits"].clear()
    table.columns.clear()
    table.options.clear()
    assert table == example()
    with pytest.raises(AttributeError):
        table.definition = "other"  # type: ignore[misc]


def test_equality_is_of_everything() -> None:
    table = example()
    assert table == example()
    assert table != example().head(2)
    assert table != kr.Table.from_columns(COLUMNS, options={"by": "channel"}, quantities=QUANTITIES)
    assert table != kr.Table.from_columns(COLUMNS, definition=table.definition, quantities=QUANTITIES)
    assert table != kr.Table.from_columns(
        {**COLUMNS, "exits": [20184, -3, 1]},
        definition=table.definition,
        options={"by": "channel"},
        quantities=QUANTITIES,
    )
    assert kr.Table.from_columns({"x": [1]}) != kr.Table.from_columns({"x": [1.0]})
    assert table != "table"


def test_head_and_sort() -> None:
    table = kr.Table.from_columns({"a": [2, 1, 2, 1], "b": ["x", "y", "z", "w"], "c": [None, 0.5, 0.25, None]})
    assert table.head(2)["b"] == ["x", "y"]
    assert len(table.head(99)) == 4
    assert table.sort("a")["b"] == ["y", "w", "x", "z"]
    assert table.sort("a", descending=True)["b"] == ["x", "z", "y", "w"]
    assert table.sort(["a", "b"])["b"] == ["w", "y", "x", "z"]
    assert table.sort("c")["c"] == [0.25, 0.5, None, None]
    assert table.sort("c", descending=True)["c"] == [0.5, 0.25, None, None]
    with pytest.raises(kr.InputError, match="-1"):
        table.head(-1)
    with pytest.raises(kr.InputError, match="'d'"):
        table.sort("d")


def test_columns_of_one_type_and_length_are_needed() -> None:
    with pytest.raises(kr.InputError, match="'x' mixes int, str"):
        kr.Table.from_columns({"x": [1, "a"]})
    with pytest.raises(kr.InputError, match="'y' has 1 rows"):
        kr.Table.from_columns({"x": [1, 2], "y": [1]})
    with pytest.raises(kr.InputError, match="'money'; there are: plain count share"):
        kr.Table.from_columns({"x": [1]}, quantities={"x": "money"})
    with pytest.raises(kr.InputError, match="'x'"):
        kr.Table.from_columns({"x": [2**63]})
    with pytest.raises(TypeError, match="from_columns"):
        kr.Table({"x": [1]})  # type: ignore[arg-type]


# Other tools


def plain(value: Any) -> Any:
    """A value without the differences that do not matter: NaN is null, all instants are in UTC."""
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.astimezone(timezone.utc) if isinstance(value, datetime) else value


@pytest.mark.parametrize("tool", ["pandas", "pandas from arrow", "polars", "arrow", "duckdb"])
def test_other_tools_read_a_table(tool: str) -> None:
    table = example()
    if tool == "pandas":
        frame = table.to_pandas()
        assert frame.attrs == {"definition": table.definition, "options": table.options}
        rows = frame.to_dict("records")
    elif tool == "pandas from arrow":
        rows = pa.table(table).to_pandas().to_dict("records")
    elif tool == "polars":
        rows = table.to_polars().to_dicts()
    elif tool == "arrow":
        rows = table.to_arrow().to_pylist()
    else:
        rows = duckdb.from_arrow(table).to_arrow_table().to_pylist()
    assert [{name: plain(value) for name, value in row.items()} for row in rows] == table.to_dicts()


def test_arrow_types_nulls_and_metadata() -> None:
    arrow = example().to_arrow()
    arrow.validate(full=True)
    assert [str(field.type) for field in arrow.schema] == [
        "string",
        "int64",
        "double",
        "double",
        "double",
        "double",
        "bool",
        "timestamp[us, tz=UTC]",
    ]
    assert arrow["rate"].null_count == 1
    assert arrow.schema.metadata == {
        b"klantreis.definition": b"What the <numbers> mean.",
        b"klantreis.option.by": b"channel",
    }


def test_memory_outlives_the_table() -> None:
    arrow = kr.Table.from_columns({"x": list(range(1000)), "t": [str(i) for i in range(1000)]}).to_arrow()
    assert arrow["x"].to_pylist() == list(range(1000))
    assert arrow["t"].to_pylist() == [str(i) for i in range(1000)]
    column = example().to_arrow()["touchpoint"].chunk(0)
    assert column.to_pylist() == COLUMNS["touchpoint"]


def test_a_capsule_that_nobody_reads_is_released() -> None:
    for _ in range(100):
        example().__arrow_c_stream__()


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 9, 64, 65])
def test_bitmaps_of_every_length(rows: int) -> None:
    columns = {"b": [i % 3 == 0 for i in range(rows)], "d": [None if i % 5 == 0 else i / 2 for i in range(rows)]}
    table = kr.Table.from_columns(columns)
    arrow = table.to_arrow()
    arrow.validate(full=True)
    assert arrow["d"].to_pylist() == columns["d"]
    if rows:
        assert arrow["b"].to_pylist() == columns["b"]


def test_empty_tables_go_everywhere() -> None:
    table = example().head(0)
    assert len(table) == 0
    assert table.to_dicts() == []
    assert list(table.to_pandas().columns) == table.columns
    assert str(table.to_pandas().dtypes["at"]) == "datetime64[us, UTC]"
    assert table.to_polars().shape == (0, 8)
    assert table.to_arrow().schema.field("at").type == pa.timestamp("us", "UTC")
    assert duckdb.from_arrow(table).fetchall() == []
    assert repr(table).endswith("no rows")
    assert "no rows" in table._repr_html_()
    assert json.loads(str(table.to_json()))["rows"] == []
    assert str(table.to_csv()).startswith("touchpoint,exits,")
    assert repr(kr.Table.from_columns({})) == "no columns"


def test_pandas_needs_no_pyarrow() -> None:
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "import klantreis as kr\n"
        "t = kr.Table.from_columns({'t': ['a', 'b'], 'n': [1, 2], 'r': [0.5, None], 'b': [True, False]})\n"
        "print(t.to_pandas().to_csv(index=False))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.stdout.split() == ["t,n,r,b", "a,1,0.5,True", "b,2,,False"], result.stderr


@pytest.mark.parametrize(
    ("package", "method"), [("pandas", "to_pandas"), ("polars", "to_polars"), ("pyarrow", "to_arrow")]
)
def test_a_missing_package_is_named(package: str, method: str) -> None:
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "import klantreis as kr\n"
        f"try: kr.Table.from_columns({{'x': [1]}}).{method}()\n"
        "except ImportError as error: print(error)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.stdout.startswith(f"{method}() needs {package}: pip install 'klantreis["), result.stderr


# Files


def test_csv_defuses_formulas_and_follows_rfc_4180() -> None:
    texts = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", 'say "hi"', "a,b", "line\nbreak", "plain", "", " =x"]
    table = kr.Table.from_columns({"=name": texts, "n": [-1] * len(texts), "r": [-0.5] * len(texts)})
    text = table.to_csv()
    assert text is not None
    assert text.startswith("'=name,n,r\r\n'=1+1,-1,-0.5\r\n")
    assert '"say ""hi""",-1,-0.5\r\n' in text
    rows = list(csv.reader(io.StringIO(text, newline="")))
    expected = [f"'{t}" if t[:1] in ("=", "+", "-", "@", "\t", "\r") else t for t in texts]
    assert [row[0] for row in rows[1:]] == [*expected]
    assert text.count("\r\n") == len(texts) + 1


def test_csv_values() -> None:
    lines = str(example().to_csv()).split("\r\n")
    assert lines[1] == "cart,20184,0.1984,0.193,0.204,360.0,true,2024-03-01T09:30:00Z"
    assert lines[2] == ",-3,,,,,false,2024-03-01T09:30:00.000001Z"


def test_files_are_whole_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "result.csv"
    assert example().to_csv(path) is None
    assert path.read_bytes().decode() == example().to_csv()
    path.chmod(0o640)
    example().head(1).to_csv(str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.read_bytes().decode() == example().head(1).to_csv()
    example().to_json(tmp_path / "result.json")
    assert set(os.listdir(tmp_path)) == {"result.csv", "result.json"}
    with pytest.raises(FileNotFoundError):
        example().to_csv(tmp_path / "absent" / "result.csv")


def test_json() -> None:
    content = json.loads(str(example().to_json()))
    assert content["definition"] == "What the <numbers> mean."
    assert content["options"] == {"by": "channel"}
    assert content["rows"][0]["at"] == "2024-03-01T09:30:00Z"
    assert content["rows"][1]["rate"] is None
    assert content["rows"][2]["touchpoint"] == COLUMNS["touchpoint"][2]
    infinite = kr.Table.from_columns({"x": [math.inf, -math.inf]}).to_json()
    assert [row["x"] for row in json.loads(str(infinite))["rows"]] == ["Infinity", "-Infinity"]


# Print


def test_text() -> None:
    lines = repr(example()).split("\n")
    titles = ["touchpoint", "exits", "rate", "lower – upper", "median_time", "first", "at"]
    assert re.split("  +", lines[0]) == titles
    assert re.split("  +", lines[1]) == ["cart", "20,184", "19.8%", "19.3–20.4%", "6 min", "yes", "2024-03-01 09:30:00"]
    assert re.split("  +", lines[2].strip())[:4] == ["−3", "–", "–", "–"]
    assert re.split("  +", lines[3])[3:5] == ["−70.0 to −50.0%", "1.4 days"]
    assert len(lines) == 4


def test_a_wide_row_stands_upright_with_its_intervals_beside() -> None:
    columns = {f"c{i}": [i] for i in range(8)} | {"rate": [0.5], "rate_lower": [0.25], "rate_upper": [0.75]}
    table = kr.Table.from_columns(columns, quantities=dict.fromkeys(("rate", "rate_lower", "rate_upper"), "share"))
    lines = repr(table).split("\n")
    assert lines[0].split("  ")[0] == "figure"
    assert lines[1].split() == ["c0", "0"]
    assert lines[-1].split() == ["rate", "50.0%", "25.0–75.0%"]
    assert table._repr_html_().count("<tr>") == 1 + 9


def test_bounds_that_follow_no_number_of_their_name_keep_it() -> None:
    table = kr.Table.from_columns({"n": [1], "x_lower": [0.5], "x_upper": [1.5]})
    assert repr(table).split("\n")[0] == "n  x_lower – x_upper"


def test_long_tables_and_cells_are_cut_in_print_only() -> None:
    table = kr.Table.from_columns({"t": ["x" * 100] * 1021, "c": ["a\nb\x1b[31m"] * 1021})
    lines = repr(table).split("\n")
    assert len(lines) == 22
    assert lines[-1] == "… 1,001 more rows"
    assert max(map(len, lines)) < 80
    assert "\x1b" not in repr(table)
    assert table["t"][0] == "x" * 100
    html = table._repr_html_()
    assert html.count("<tr>") == 51
    assert "… 971 more rows" in html


def test_html_escapes_names() -> None:
    table = kr.Table.from_columns(
        {"<script>alert(1)</script>": ['<img src=x onerror="alert(1)">', "'\"&"]},
        definition="<i>definition</i>",
        options={"<o>": "<v>"},
    )
    html = table._repr_html_()
    for tag in ("<script", "<img", "<i>", "<o>", "<v>"):
        assert tag not in html
    assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;" in html
    assert "<bdi>&#x27;&quot;&amp;</bdi>" in html
    assert "&lt;i&gt;definition&lt;/i&gt;" in html
    assert 'scope="col"' in html


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (_format.count(20184), "20,184"),
        (_format.count(-20184), "−20,184"),
        (_format.share(0.1984), "19.8%"),
        (_format.share(-0.00001), "0.0%"),
        (_format.share(1), "100.0%"),
        (_format.amount(12.5), "12.50"),
        (_format.amount(-1234567.8), "−1,234,568"),
        (_format.number(0.123456), "0.1235"),
        (_format.number(12345.678), "12,346"),
        (_format.number(-3.0), "−3"),
        (_format.number(0.0), "0"),
        (_format.number(1.5e-9), "1.500e-09"),
        (_format.number(math.inf), "inf"),
        (_format.seconds(0), "0 s"),
        (_format.seconds(0.25), "250 ms"),
        (_format.seconds(59.9), "60 s"),
        (_format.seconds(59.99), "1 min"),
        (_format.seconds(360), "6 min"),
        (_format.seconds(32_760), "9.1 h"),
        (_format.seconds(86_400), "1 day"),
        (_format.seconds(-120_960), "−1.4 days"),
        (_format.seconds(86_400 * 42), "42 days"),
        (_format.cell(5, "plain"), "5"),
        (_format.cell(-5, "plain"), "−5"),
        (_format.cell(True, "plain"), "yes"),
        (_format.cell(None, "share"), "–"),
        (_format.cell(0, "moment"), "1970-01-01"),
        (_format.cell(2**62, "moment"), f"{2**62} µs"),
        (_format.cell(2.5, "count"), "2.5"),
        (_format.interval(0.193, 0.204, "share"), "19.3–20.4%"),
        (_format.interval(-0.7, -0.5, "plain"), "−0.7 to −0.5"),
        (_format.interval(3600, 12_000, "seconds"), "1–3.3 h"),
        (_format.interval(None, 1, "plain"), "–"),
    ],
)
def test_numbers_as_people_write_them(written: str, text: str) -> None:
    assert written == text


def test_whole_numbers_of_the_health_of_a_log_are_written_as_people_write_them() -> None:
    health = kr.datasets.webshop(2_000).health()
    assert dict(zip(health["figure"], health["value"], strict=True))["customers"] == "2000"
    assert re.search(r"customers +2,000$", str(health), re.MULTILINE)
    assert "<bdi>2,000</bdi>" in health._repr_html_()
    assert re.search(r"first event +2025-01-01T", str(health))
    named = kr.Table.from_columns({"customer": ["12345"], "value": ["12345"]})
    assert "12,345" not in str(named)


def test_amounts_among_shares_are_written_as_amounts() -> None:
    found = kr.compare(kr.datasets.webshop(2_000).journeys(), before="2025-07-01").head(2)
    share, amount = found.to_dicts()
    assert (share["rate"], amount["rate"]) == ("conversion_rate", "value_per_journey")
    lines = str(found).splitlines()
    assert f"{100 * share['first']:.1f}%" in lines[1]
    assert lines[2].split()[1:3] == [
        f"{amount['first']:.2f}",
        f"{amount['first_lower']:.2f}–{amount['first_upper']:.2f}",
    ]
    assert "%" not in lines[2]
