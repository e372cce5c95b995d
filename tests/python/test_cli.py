# SPDX-License-Identifier: MIT
"""The command line: every verb on a file, every format, and one clear line when the input is wrong."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import klantreis as kr
from klantreis._cli import main

COLUMNS = ["--time", "ts", "--touchpoint", "event", "--channel", "channel", "--value", "value", "--cost", "cost"]
CUT = ["--conversion", "order", "--inactivity", "30d", "--observed-until", "2024-04-30"]
COMMANDS = [
    "demo",
    "sample",
    "report",
    "health",
    "attribute",
    "funnel",
    "drop-off",
    "variants",
    "paths",
    "transitions",
    "graph",
]


@pytest.fixture(scope="module")
def f1(root: Path) -> Path:
    return root / "tests/data/events_F1.csv"


@pytest.fixture(scope="module")
def journeys(f1: Path) -> kr.Journeys:
    log = kr.read(f1, time="ts", touchpoint="event", channel="channel", value="value", cost="cost")
    return kr.journeys(log, conversion="order", inactivity="30d", observed_until="2024-04-30")


def run(capsysbinary: pytest.CaptureFixture[bytes], *arguments: str | Path) -> str:
    """The standard output of a command that must end well and say nothing else."""
    status = main([str(argument) for argument in arguments])
    out, err = capsysbinary.readouterr()
    assert (status, err.decode()) == (0, "")
    return out.decode()


def refused(capsysbinary: pytest.CaptureFixture[bytes], *arguments: str | Path) -> str:
    """The one line of a command that must be refused."""
    status = main([str(argument) for argument in arguments])
    out, err = capsysbinary.readouterr()
    assert (status, out) == (2, b"")
    lines = err.decode().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("klantreis: ")
    return lines[0].removeprefix("klantreis: ")


def test_every_command_is_in_the_help_with_an_example(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    text = run(capsysbinary, "--help")
    for command in COMMANDS:
        assert command in text
        assert f"Example: klantreis {command}" in " ".join(run(capsysbinary, command, "--help").split())


def test_the_version(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(capsysbinary, "--version") == f"klantreis {kr.__version__}\n"


def test_each_table_is_that_of_the_function(
    capsysbinary: pytest.CaptureFixture[bytes], f1: Path, journeys: kr.Journeys
) -> None:
    steps = ["--step", "product_view", "--step", "add_to_cart", "--step", "order"]
    expected = {
        "health": journeys.log.health(),
        "attribute --by channel": kr.attribute(journeys, by="channel"),
        "attribute --model linear --lookback 90d": kr.attribute(journeys, model="linear", lookback="90d"),
        "attribute --chain-order 2": kr.attribute(journeys, order=2),
        "funnel --window 7d": kr.funnel(journeys, steps[1::2], window="7d"),
        "drop-off": kr.drop_off(journeys),
        "drop-off --collapse --table before": kr.drop_off(journeys, collapse=True).before,
        "drop-off --table next": kr.drop_off(journeys).next,
        "variants --by channel": kr.variants(journeys, by="channel"),
        "paths --limit 3": kr.likely_paths(journeys, limit=3),
        "transitions --collapse": kr.transitions(journeys, collapse=True),
    }
    for text, table in expected.items():
        command, *options = text.split()
        given = [command, f1, *COLUMNS, *options]
        if command != "health":
            given += CUT
        if command == "funnel":
            given += steps
        assert run(capsysbinary, *given, "--format", "csv") == table.to_csv(), text
        rows = json.loads(run(capsysbinary, *given, "--format", "json"))
        assert rows == json.loads(table.to_json() or "")["rows"], text


def test_tables_for_people(capsysbinary: pytest.CaptureFixture[bytes], f1: Path, journeys: kr.Journeys) -> None:
    text = run(capsysbinary, "drop-off", f1, *COLUMNS, *CUT, "--rows", "2")
    lines = text.splitlines()
    assert lines[0].split()[:4] == ["touchpoint", "visits", "n", "exits"]
    assert len(lines) == 4
    assert lines[-1] == f"… {len(kr.drop_off(journeys)) - 2} more rows; --rows shows more, --format csv all"


@pytest.mark.parametrize(
    ("format", "start"), [("dot", "digraph"), ("graphml", "<?xml"), ("mermaid", "flowchart"), ("json", "{")]
)
def test_graphs(
    capsysbinary: pytest.CaptureFixture[bytes], f1: Path, journeys: kr.Journeys, format: str, start: str
) -> None:
    text = run(capsysbinary, "graph", f1, *COLUMNS, *CUT, "--format", format)
    assert text.startswith(start)
    graph = kr.graph(journeys)
    assert text.strip() == (getattr(graph, f"to_{format}")() or "").strip()


def test_files_of_every_format(
    capsysbinary: pytest.CaptureFixture[bytes], f1: Path, journeys: kr.Journeys, tmp_path: Path
) -> None:
    table = kr.drop_off(journeys)
    for format in ("table", "csv", "json", "parquet"):
        target = tmp_path / f"result.{format}"
        said = run(capsysbinary, "drop-off", f1, *COLUMNS, *CUT, "--format", format, "--output", target)
        assert said == ""
        assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []
    assert (tmp_path / "result.csv").read_bytes().decode() == table.to_csv()
    duckdb = pytest.importorskip("duckdb")
    columns = [row[0] for row in duckdb.sql(f"DESCRIBE FROM '{tmp_path / 'result.parquet'}'").fetchall()]
    rows = duckdb.sql(f"FROM '{tmp_path / 'result.parquet'}'").fetchall()
    assert columns == table.columns
    assert [dict(zip(columns, row, strict=True)) for row in rows] == table.to_dicts()


def test_a_report_of_a_file(capsysbinary: pytest.CaptureFixture[bytes], f1: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    said = run(capsysbinary, "report", f1, *COLUMNS, *CUT, "--to", target, "--title", "F1", "--language", "nl")
    assert said == f"Report: {target.resolve()}\n"
    assert "<title>F1</title>" in target.read_text(encoding="utf-8")


def test_the_demonstration(
    capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = run(capsysbinary, "demo")
    assert (tmp_path / "klantreis-report.html").is_file()
    assert f"Report: {(tmp_path / 'klantreis-report.html').resolve()}" in said
    log = kr.datasets.webshop()
    assert f"{len(log):,} events of 20,000 customers" in said
    leaving = kr.drop_off(kr.datasets.webshop().journeys().recut(after_conversion="continue"), collapse=True)
    assert f"Most leave at {leaving['touchpoint'][0]}: {leaving['exits'][0]:,}" in said


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The events of 1,000 customers of the sample webshop, as a file that was packed."""
    target = tmp_path_factory.mktemp("sample") / "webshop.csv.gz"
    target.write_bytes(gzip.compress(kr.datasets.webshop_events(1_000).to_csv().encode()))
    return target


def test_the_sample_is_written_to_a_file(capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    target = tmp_path / "shop.csv"
    said = run(capsysbinary, "sample", "--to", target, "--customers", "300", "--seed", "5")
    log = kr.read(target, attributes=["device"], numbers=["score"])
    assert log.customers == 300
    assert f"{len(log):,} events of 300 customers" in said
    absent = tmp_path / "absent.json"
    assert "absent.json" in refused(capsysbinary, "sample", "--to", target, "--parameters", absent)


def test_the_sample_as_a_file_and_several_files(
    capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path, sample: Path
) -> None:
    log = kr.datasets.webshop(1_000)
    one = run(capsysbinary, "funnel", sample, "--step", "add_to_cart", "--step", "order", "--format", "csv")
    assert one == kr.funnel(log, ["add_to_cart", "order"]).to_csv()
    for name in ("first.csv.gz", "second.csv.gz"):
        shutil.copy(sample, tmp_path / name)
    pattern = run(capsysbinary, "health", tmp_path / "*.csv.gz", "--format", "csv")
    both = run(capsysbinary, "health", tmp_path / "first.csv.gz", tmp_path / "second.csv.gz", "--format", "csv")
    assert pattern == both
    assert f"events,{2 * len(log)}," in both


@pytest.mark.parametrize("by", ["channel", "phase", "device"])
def test_by_reads_the_column_it_names(capsysbinary: pytest.CaptureFixture[bytes], sample: Path, by: str) -> None:
    given = ["transitions", sample, "--conversion", "order", "--inactivity", "30d", "--by", by, "--format", "csv"]
    assert run(capsysbinary, *given) == kr.transitions(kr.datasets.webshop(1_000).journeys(), by=by).to_csv()


def test_cells_that_a_spreadsheet_would_run_are_defused(
    capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "log.csv"
    file.write_text("customer_id,timestamp,touchpoint\n1,2024-03-01,=1+1\n")
    assert "\n'=1+1," in run(capsysbinary, "drop-off", file, "--format", "csv").replace("\r", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["health", "nowhere.csv"], "there is no file 'nowhere.csv'"),
        (["nothing"], "No such command 'nothing'"),
        (["health"], "Missing argument"),
        (["health", "F1", "--colour", "red"], "No such option"),
        (["health", "F1", *COLUMNS, "--touchpoint", "nothing"], "'nothing'"),
        (["health", "F1", "--on-bad", "ignore"], "'ignore'"),
        (["health", "F1", *COLUMNS, "--format", "xml"], "--format is 'xml'; choose one of table, csv, json, parquet"),
        (["health", "F1", *COLUMNS, "--format", "parquet"], "name a file with --output"),
        (["health", "F1", *COLUMNS, "--output", "no/where.csv"], "does not exist; make it first"),
        (["health", "F1", *COLUMNS, "--threads", "many"], "--threads"),
        (["health", "F1", *COLUMNS, "--where", "nonsense ="], "events_F1.csv"),
        (["funnel", "F1", *COLUMNS], "--step is missing"),
        (["funnel", "F1", *COLUMNS, "--step", "nothing"], "'nothing'"),
        (["attribute", "F1", *COLUMNS, *CUT, "--model", "best"], "'best'"),
        (["attribute", "F1", *COLUMNS, *CUT, "--by", "phase"], "phase"),
        (["attribute", "F1", *COLUMNS, *CUT, "--after-conversion", "continue"], "after_conversion"),
        (["drop-off", "F1", *COLUMNS, "--inactivity", "soon"], "soon"),
        (["graph", "F1", *COLUMNS, "--format", "png"], "--format is 'png'"),
        (["report", "F1", *COLUMNS, *CUT, "--language", "fr"], "language is 'fr'"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(
    capsysbinary: pytest.CaptureFixture[bytes],
    f1: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    given = [str(f1) if argument == "F1" else argument for argument in arguments]
    assert message in refused(capsysbinary, *given)
    assert list(tmp_path.iterdir()) == []


def test_a_bad_row_stops_and_can_be_dropped(capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text("customer_id,timestamp,touchpoint\n1,2024-03-01,view\n1,2024-03-02,\n2,2024-03-01,view\n")
    assert "row" in refused(capsysbinary, "health", file)
    rows = json.loads(run(capsysbinary, "health", file, "--on-bad", "drop", "--format", "json"))
    assert {row["figure"]: row["value"] for row in rows}["rejected rows"] == "1"


def test_an_unknown_conversion_is_a_note(capsysbinary: pytest.CaptureFixture[bytes], f1: Path) -> None:
    assert main(["drop-off", str(f1), *COLUMNS, "--conversion", "ordr"]) == 0
    out, err = capsysbinary.readouterr()
    assert out
    assert err.decode().startswith("klantreis: note: conversion 'ordr' does not occur in the log; did you mean 'order'")
    assert err.decode().count("\n") == 1


COMMAND = [sys.executable, "-c", "import sys; from klantreis._cli import main; sys.exit(main())"]


def test_a_reader_that_stops_reading_is_not_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    rows = "".join(f"{i},2024-03-01,touchpoint {i}\n" for i in range(20_000))
    file.write_text("customer_id,timestamp,touchpoint\n" + rows)
    writer = subprocess.Popen(
        [*COMMAND, "drop-off", str(file), "--format", "csv"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert writer.stdout is not None
    assert writer.stderr is not None
    writer.stdout.readline()
    writer.stdout.close()
    assert writer.stderr.read() == b""
    writer.stderr.close()
    assert writer.wait() == 141


def test_the_installed_command_starts_the_same_way() -> None:
    script = shutil.which("klantreis", path=str(Path(sys.executable).parent))
    if script is None:
        pytest.skip("the package is not installed with its command beside this Python")
    said = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert said.stdout == f"klantreis {kr.__version__}\n"
