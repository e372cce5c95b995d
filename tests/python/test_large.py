# SPDX-License-Identifier: MIT
"""Logs that are larger than memory give the results of logs in memory, and leave nothing behind, whatever happens."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import klantreis as kr
from strategies import Columns, logs, random_log
from test_parts import assert_same

COLUMNS: dict[str, Any] = {
    "customer": "customer",
    "time": "time",
    "channel": "channel",
    "phase": "phase",
    "value": "value",
    "order": "order",
}


def table(columns: Columns) -> Any:
    import pyarrow as pa

    types = {"time": pa.timestamp("us", "UTC"), "value": pa.float64(), "order": pa.int64()}
    return pa.table({name: pa.array(cells, types.get(name, pa.string())) for name, cells in columns.items()})


@contextlib.contextmanager
def large(source: Any, folder: Path, **more: Any) -> Iterator[kr.LargeLog]:
    with kr.read_large(source, memory_limit="8GiB", temporary_folder=folder, **{**COLUMNS, **more}) as log:
        yield log
    assert list(folder.iterdir()) == []


def assert_equal_analyses(columns: Columns, folder: Path, **cut: Any) -> None:
    source = table(columns)
    log = kr.read(source, **COLUMNS)
    journeys = kr.journeys(log, conversion="buy", **cut)
    with large(source, folder) as rows:
        parts = rows.journeys(conversion="buy", **cut)
        assert_same(parts.transitions(), kr.transitions(journeys))
        assert_same(parts.step_matrix(by="channel"), kr.step_matrix(journeys, by="channel"))
        assert_same(parts.variants(), kr.variants(journeys))
        assert_same(parts.drop_off(), kr.drop_off(journeys))
        assert_same(parts.cohort_rate(within="3d"), kr.cohort_rate(journeys, within="3d"))
        steps = log.touchpoints[:2]
        assert_same(parts.funnel(steps, window="5d"), kr.funnel(journeys, steps, window="5d"))
        assert_same(parts.variants(limit=3), kr.variants(journeys, limit=3))
        paths = [row for part in parts.path_parts(lookback="4d") for row in part.table()]
        by_path = {row["path"]: row for row in paths}
        assert len(by_path) == len(paths)
        for row in kr.paths(journeys, lookback="4d").table():
            value = pytest.approx(row["value"], rel=1e-12, abs=1e-9)
            assert by_path.pop(row["path"]) == {**row, "value": value}
        assert by_path == {}


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(columns=logs(), inactivity=st.sampled_from([None, "2d"]))
def test_the_analyses_of_a_partitioned_log_are_those_of_the_log(
    columns: Columns, inactivity: str | None, tmp_path: Path
) -> None:
    assert_equal_analyses(columns, tmp_path, inactivity=inactivity)


def test_a_larger_partitioned_log_gives_the_same_with_an_inactivity(tmp_path: Path) -> None:
    assert_equal_analyses(random_log(3, customers=500), tmp_path, inactivity="9d")


MODELS: list[dict[str, Any]] = [
    {"model": "linear"},
    {"model": "last_touch", "by": "channel", "exclude": "direct"},
    {"model": "time_decay", "half_life": "2d", "lookback": "9d"},
    {"model": "w_shaped", "milestones": "abc"},
    {"model": "last_paid", "paid": ["abc"], "intervals": False},
    {"model": "custom", "weights": lambda touches: range(1, touches + 1), "lookback_touches": 3},
    {"model": "shapley", "reuse_touches": True},
    {"model": "shapley", "game": "exact_set"},
    {"model": "markov"},
    {"model": "markov", "order": 3, "by": "channel", "level": 0.8},
    {"model": "markov", "order": 2, "intervals": False},
    {"model": "markov", "removal": "skip", "smoothing": 2.0},
    {"model": "markov", "removal": "fail"},
    {"model": "markov", "units": {"both": ["a", "ab"], "one": "abc"}},
    {"model": "logistic"},
]


def assert_equal_credits(columns: Columns, folder: Path, asked: dict[str, Any], **cut: Any) -> None:
    source = table(columns)
    journeys = kr.journeys(kr.read(source, **COLUMNS), conversion="buy", **cut)
    with large(source, folder) as rows:
        parts = rows.journeys(conversion="buy", **cut)
        try:
            wanted = kr.attribute(journeys, **asked)
        except kr.InputError:
            with pytest.raises(kr.InputError):
                parts.attribute(**asked)
        else:
            assert_near(parts.attribute(**asked), wanted)


def assert_near(found: kr.Table, wanted: kr.Table) -> None:
    """Equal but for what the solver of chains leaves, whose states stand in another order."""
    assert found.columns == wanted.columns
    assert {**found.options, "error_bound": ""} == {**wanted.options, "error_bound": ""}
    by_item = [{row[wanted.columns[0]]: row for row in rows} for rows in (found, wanted)]
    assert by_item[0].keys() == by_item[1].keys()
    for item, row in by_item[1].items():
        for name, cell in row.items():
            if isinstance(cell, float):
                assert by_item[0][item][name] == pytest.approx(cell, rel=1e-9, abs=1e-9), (item, name)
            else:
                assert by_item[0][item][name] == cell, (item, name)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("asked", MODELS, ids=lambda asked: " ".join(map(str, asked.values()))[:30])
def test_credits_of_a_partitioned_log_are_those_of_the_log(asked: dict[str, Any], tmp_path: Path) -> None:
    assert_equal_credits(random_log(21, customers=250), tmp_path, asked, inactivity="9d")


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(columns=logs(), number=st.integers(0, len(MODELS) - 1), inactivity=st.sampled_from([None, "2d"]))
def test_credits_of_small_partitioned_logs_are_those_of_the_log(
    columns: Columns, number: int, inactivity: str | None, tmp_path: Path
) -> None:
    assert_equal_credits(columns, tmp_path, MODELS[number], inactivity=inactivity)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"model": "linear", "exclude": "mial"}, "mial"),
        ({"model": "w_shaped", "milestones": "abd"}, "the milestone 'abd'"),
        ({"model": "last_paid", "paid": ["none"]}, "none of the paid items"),
        ({"model": "additive_hazard"}, "needs the time of each touch"),
    ],
)
def test_an_attribution_that_cannot_be_says_why(asked: dict[str, Any], named: str, tmp_path: Path) -> None:
    with large(table(random_log(22)), tmp_path) as rows, pytest.raises(kr.InputError, match=named):
        rows.journeys(conversion="buy").attribute(**asked)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("by", ["touchpoint", "channel"])
def test_medians_of_times_that_stay_on_disk_are_those_of_the_log(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = table(random_log(24, customers=200))
    wanted = kr.transitions(kr.journeys(kr.read(source, **COLUMNS), conversion="buy", inactivity="9d"), by=by)
    monkeypatch.setattr("klantreis._large.journeys._BYTES_PER_TIME", 2**40)
    with large(source, tmp_path) as rows:
        journeys = rows.journeys(conversion="buy", inactivity="9d")
        assert_same(journeys.transitions(by=by), wanted)
        assert set(journeys.transitions(by=by, times=False)["median_time"]) == {None}
        assert [path.name for path in next(tmp_path.iterdir()).glob("counts-*")] == []


def test_credits_and_frequent_paths_do_not_need_all_paths_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with large(table(random_log(23, customers=100)), tmp_path) as rows:
        journeys = rows.journeys(conversion="buy")
        monkeypatch.setattr(kr.LargeJourneys, "paths", None)
        monkeypatch.setattr(kr.LargeJourneys, "count", None)
        assert len(journeys.attribute(model="markov", order=2)) > 0
        assert len(journeys.attribute(model="time_decay")) > 0
        assert len(journeys.variants(limit=2)) == 2
        assert [path.name for path in next(tmp_path.iterdir()).glob("counts-*")] == []


def test_several_analyses_share_one_pass_over_the_partitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = kr.LargeLog.partitions
    passes = []

    def partitions(log: kr.LargeLog) -> Any:
        passes.append(log)
        return read(log)

    source = table(random_log(14, customers=300))
    log = kr.read(source, **COLUMNS)
    with large(source, tmp_path) as rows:
        for inactivity in (None, "2d"):
            whole = kr.journeys(log, conversion="buy", inactivity=inactivity)
            parts = rows.journeys(conversion="buy", inactivity=inactivity)
            parts.transitions()  # by now the end of the observation is known
            monkeypatch.setattr(kr.LargeLog, "partitions", partitions)
            passes.clear()
            steps = log.touchpoints[:2]
            found = parts.counts(
                {
                    "transitions": {"by": "channel"},
                    "funnel": {"steps": steps},
                    "variants": {},
                    "cohort_rate": {"within": "3d"},
                }
            )
            assert len(passes) == 1 + (inactivity is None)  # a rate within a horizon looks for the end of the log
            monkeypatch.setattr(kr.LargeLog, "partitions", read)
            assert list(found) == ["transitions", "funnel", "variants", "cohort_rate"]
            assert_same(found["transitions"].result(), kr.transitions(whole, by="channel"))
            assert_same(found["funnel"].result(), kr.funnel(whole, steps))
            assert_same(found["variants"].result(), kr.variants(whole))
            assert_same(found["cohort_rate"].result(), kr.cohort_rate(whole, within="3d"))
        assert parts.counts({}) == {}


@pytest.mark.parametrize("kind", ["int64", "uint64", "string", "dictionary"])
def test_ids_of_every_type_stay_apart(kind: str, tmp_path: Path) -> None:
    import pyarrow as pa

    columns = random_log(4, customers=60)
    source = table(columns)
    numbers = {name: 2**63 - 40 + i for i, name in enumerate(sorted(set(columns["customer"])))}
    ids = pa.array([numbers[name] for name in columns["customer"]], pa.uint64())
    if kind == "int64":
        ids = pa.array([numbers[name] - 2**63 for name in columns["customer"]], pa.int64())
    elif kind != "uint64":
        ids = pa.array(columns["customer"])
        ids = ids.dictionary_encode() if kind == "dictionary" else ids
    source = source.set_column(0, "customer", ids)
    wanted = kr.read(source, **COLUMNS)
    with large(source, tmp_path) as rows:
        assert rows.health()["customers"] == wanted.customers == 60
        assert rows.health()["events"] == len(wanted)
        assert_same(rows.journeys().transitions(), kr.transitions(kr.journeys(wanted)))


def test_rows_that_are_no_events_stop_with_their_number_or_are_counted(tmp_path: Path) -> None:
    columns = random_log(5, customers=30)
    columns["touchpoint"][17] = "(null)"
    columns["customer"][40] = None
    source = table(columns)
    batches = source.to_batches(max_chunksize=7)
    import pyarrow as pa

    with pytest.raises(kr.InputError, match=r"^row 17 \(counted from 0\)"):
        kr.read_large(pa.Table.from_batches(batches), temporary_folder=tmp_path, **COLUMNS)
    assert list(tmp_path.iterdir()) == []
    with large(source, tmp_path, on_bad="drop") as rows:
        found = rows.health()
        wanted = {row["figure"]: row["value"] for row in kr.read(source, on_bad="drop", **COLUMNS).health()}
        assert found == {name: int(wanted[name]) for name in found}
        assert found["rejected rows"] == 2


def test_a_map_is_applied_to_each_partition(tmp_path: Path) -> None:
    shop = {
        "klantreis": 1,
        "journey": {"id": "shop"},
        "phases": [{"id": "looking"}, {"id": "buying"}],
        "touchpoints": [
            {"id": "look", "phase": "looking", "match": {"event": ["a", "ab", "abc", "search"]}},
            {"id": "order", "phase": "buying", "match": {"event": ["buy"]}},
        ],
    }
    columns = {"customer_id": [], "timestamp": [], "touchpoint": []}
    for customer, at, name in zip(*(random_log(6)[key] for key in ("customer", "time", "touchpoint")), strict=True):
        columns["customer_id"].append(customer)
        columns["timestamp"].append(at)
        columns["touchpoint"].append(name)
    options: dict[str, Any] = {"map": shop, "time_unit": "us"}
    wanted = kr.transitions(kr.journeys(kr.read(columns, **options), conversion="order"), by="phase")
    with kr.read_large(columns, temporary_folder=tmp_path, **options) as rows:
        assert_same(rows.journeys(conversion="order").transitions(by="phase"), wanted)


def test_what_occurs_nowhere_is_a_mistake_and_what_a_partition_lacks_is_none(tmp_path: Path) -> None:
    source = table(random_log(7, customers=20))
    with large(source, tmp_path) as rows:
        with pytest.warns(UserWarning, match="'by' does not occur"):
            rows.journeys(conversion="by")
        with pytest.raises(kr.InputError, match="no event of this log has the name 'card'"):
            rows.journeys().funnel(["a", "card"])


def test_a_closed_log_says_so(tmp_path: Path) -> None:
    rows = kr.read_large(table(random_log(8)), temporary_folder=tmp_path, **COLUMNS)
    journeys = rows.journeys()
    rows.close()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(kr.InputError, match="closed"):
        journeys.transitions()


def test_a_limit_that_the_counts_exceed_is_an_error_and_not_a_partial_result(tmp_path: Path) -> None:
    with (
        kr.read_large(table(random_log(9)), memory_limit="64MiB", temporary_folder=tmp_path, **COLUMNS) as rows,
        pytest.raises(kr.LimitError, match="memory_limit"),
    ):
        rows.journeys().transitions()


@pytest.mark.parametrize("limit", ["many", "-1GiB", True, "1KiB"])
def test_a_limit_that_is_none_is_refused(limit: Any) -> None:
    with pytest.raises(kr.InputError, match="memory_limit"):
        kr.read_large({}, memory_limit=limit)


# What goes wrong


def parquet_files(folder: Path, files: int = 3) -> list[Path]:
    import pyarrow.parquet as pq

    source = table(random_log(10, customers=300))
    size = len(source) // files + 1
    found = []
    for i in range(files):
        path = folder / f"events-{i}.parquet"
        pq.write_table(source.slice(i * size, size), path, row_group_size=200)
        found.append(path)
    return found


@pytest.mark.parametrize("damage", ["truncated", "text", "middle"])
def test_a_damaged_file_in_a_glob_is_named_and_nothing_is_left(damage: str, tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    (tmp_path / "scratch").mkdir()
    files = parquet_files(tmp_path / "input")
    data = files[1].read_bytes()
    if damage == "truncated":
        files[1].write_bytes(data[: len(data) // 2])
    elif damage == "text":
        files[1].write_text("customer,time\n")
    else:
        files[1].write_bytes(data[:8] + b"\xff" * (len(data) // 2) + data[8 + len(data) // 2 :])
    for read in (kr.read, lambda *a, **k: kr.read_large(*a, temporary_folder=tmp_path / "scratch", **k)):
        with pytest.raises(kr.InputError, match=r"events-1\.parquet") as caught:
            read(str(tmp_path / "input" / "*.parquet"), **COLUMNS)
        assert "leave" in str(caught.value)
    assert list((tmp_path / "scratch").iterdir()) == []


@contextlib.contextmanager
def without_privileges() -> Iterator[None]:
    """As a user who may not read every file."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_file_that_may_not_be_read_is_named() -> None:
    # The folders of `tmp_path` are closed to other users.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "scratch").mkdir()
        (folder / "scratch").chmod(0o777)
        files = parquet_files(folder)
        with large(str(folder / "*.parquet"), folder / "scratch") as rows:
            rows.journeys(conversion="buy").transitions()
        files[1].chmod(0)
        with without_privileges(), pytest.raises(kr.InputError, match=r"events-1\.parquet"):
            kr.read_large(str(folder / "*.parquet"), temporary_folder=folder / "scratch", **COLUMNS)


def _read_with_small_files(folder: str, answer: Any) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        kr.read_large(table(random_log(11, customers=2000)), temporary_folder=folder, **COLUMNS)
    except kr.InputError as error:
        answer.put((str(error), os.listdir(folder)))
    else:
        answer.put(("read", os.listdir(folder)))


def test_a_full_disk_is_named_with_a_remedy_and_nothing_is_left(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=_read_with_small_files, args=(str(tmp_path), answer))
    process.start()
    message, left = answer.get(timeout=120)
    process.join()
    assert "File too large" in message
    assert "name a temporary folder on another one" in message
    assert left == []


PROGRAM = """
import os, sys, time
import klantreis as kr
events = {"customer_id": list(range(500)), "timestamp": ["2024-03-01"] * 500, "touchpoint": ["a"] * 500}
log = kr.read_large(events, temporary_folder=sys.argv[1])
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks to tell the living from the dead")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_process_that_ends_early_leaves_nothing_for_long(how: int, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    (folder,) = tmp_path.iterdir()
    # The folder of a living process stays.
    kr.read_large({"customer_id": [1], "timestamp": ["2024-03-01"], "touchpoint": ["a"]}, temporary_folder=tmp_path)
    assert folder.exists()
    process.send_signal(how)
    process.wait(timeout=30)
    process.stdout.close()
    if how == signal.SIGINT:
        assert list(tmp_path.iterdir()) == []
    else:
        assert folder.exists()
        kr.read_large({"customer_id": [1], "timestamp": ["2024-03-01"], "touchpoint": ["a"]}, temporary_folder=tmp_path)
        assert not folder.exists()


def test_a_temporary_file_that_is_gone_or_damaged_is_no_partial_result(tmp_path: Path) -> None:
    rows = kr.read_large(table(random_log(12, customers=300)), temporary_folder=tmp_path, **COLUMNS)
    files = sorted(tmp_path.rglob("*.bin"))
    data = files[3].read_bytes()
    files[3].write_bytes(data[:-20])
    with pytest.raises(kr.InputError, match="ends too early"):
        rows.journeys().transitions()
    files[3].write_bytes(data[:50] + bytes([data[50] ^ 1]) + data[51:])
    with pytest.raises(kr.InputError, match=r"damaged|too early"):
        rows.journeys().transitions()
    files[3].unlink()
    with pytest.raises(kr.InputError, match="cannot be used"):
        rows.journeys().transitions()
    rows.close()


def test_reading_does_not_hold_what_it_has_read(tmp_path: Path) -> None:
    started = time.monotonic()
    with large(table(random_log(13, customers=50)), tmp_path) as rows:
        assert sum(len(log) for log in rows.partitions()) == rows.health()["events"]
        customers = [log._handle.customer_id(i) for log in rows.partitions() for i in range(log.customers)]
        assert len(customers) == len(set(customers)) == 50
    assert time.monotonic() - started < 60
