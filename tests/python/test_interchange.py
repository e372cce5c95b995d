# SPDX-License-Identifier: MIT
"""kr.read_xes, kr.write_xes, kr.to_pm4py and kr.from_pm4py, also against pm4py itself."""

from __future__ import annotations

import gzip
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

import klantreis as kr
from bridge import cut, read
from klantreis._interchange import event_table
from oracle import shared_file
from strategies import Columns, logs, random_log

XES = """<?xml version="1.0"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <global scope="event"><string key="concept:name" value="unknown"/></global>
  <string key="concept:name" value="the log"/>
  <trace>
    <string key="concept:name" value="k1"/>
    <string key="region" value="north"/>
    <event>
      <string key="concept:name" value="view &amp; click"><string key="inner" value="left out"/></string>
      <date key="time:timestamp" value="2024-03-01T09:00:00.000+01:00"/>
      <float key="amount" value="12.5"/>
    </event>
    <event>
      <string key="concept:name" value="pay"/>
      <date key="time:timestamp" value="2024-03-01T09:05:00.000+01:00"/>
      <string key="org:resource" value="ann"/>
    </event>
  </trace>
  <trace>
    <event>
      <string key="concept:name" value="pay"/>
      <date key="time:timestamp" value="2024-03-02T00:00:00Z"/>
    </event>
  </trace>
</log>
"""


def quiet(work: Any, *args: Any, **options: Any) -> Any:
    """pm4py warns, and draws progress bars, of its own accord."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return work(*args, **options)


def test_a_xes_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "log.xes"
    file.write_text(XES)
    log = kr.read_xes(file, value="amount")
    rows = event_table(log).to_dicts()
    assert [(row["case"], row["touchpoint"], row["value"]) for row in rows] == [
        ("k1", "view & click", 12.5),
        ("k1", "pay", None),
        ("trace 2", "pay", None),
    ]
    assert [row["time"].isoformat() for row in rows][:2] == ["2024-03-01T08:00:00+00:00", "2024-03-01T08:05:00+00:00"]
    assert log.labels == ["touchpoint", "org:resource"]
    assert kr.read_xes(file, attributes=["case:region"]).labels == ["touchpoint", "case:region"]
    packed = tmp_path / "log.xes.gz"
    packed.write_bytes(gzip.compress(XES.encode()))
    assert event_table(kr.read_xes(packed, value="amount")).to_dicts() == rows
    sizes: list[int] = []
    kr.read_xes(file, progress=sizes.append)
    assert sizes == [len(XES)]


def test_entities_are_refused_before_they_grow(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xes"
    lines = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 30))
    bomb.write_text(f'<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a0 "ha">{lines}]><log>&a29;</log>')
    with pytest.raises(kr.InputError, match="document type"):
        kr.read_xes(bomb)
    outside = tmp_path / "outside.xes"
    outside.write_text('<!DOCTYPE log [<!ENTITY x SYSTEM "file:///etc/hostname">]><log>&x;</log>')
    with pytest.raises(kr.InputError, match="document type"):
        kr.read_xes(outside)


def test_files_that_are_no_logs_are_named(tmp_path: Path) -> None:
    cases = {
        "<log><trace>": "no XML",
        "<html/>": "begins with <html>",
        "<log/>": "no events",
        '<log><trace><event><string key="a" value="b"/></event></trace></log>': "no attribute 'concept:name'",
        '<log><trace><event><int key="a" value="b"/></event></trace></log>': "no number",
    }
    for text, message in cases.items():
        file = tmp_path / "bad.xes"
        file.write_text(text)
        with pytest.raises(kr.InputError, match=message):
            kr.read_xes(file)
    with pytest.raises(kr.InputError, match="cannot be read"):
        kr.read_xes(tmp_path / "absent.xes")
    with pytest.raises(kr.InputError, match="does not exist"):
        kr.write_xes(read(random_log(1)), tmp_path / "nowhere" / "log.xes")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(logs())
def test_what_is_written_is_read_again(tmp_path: Path, columns: Columns) -> None:
    log = read(columns)
    kr.write_xes(log, tmp_path / "log.xes")
    again = kr.read_xes(
        tmp_path / "log.xes",
        numbers=[],
        **{name: name for name in ("value",) if any(cell is not None for cell in columns["value"])},
    )
    ours, theirs = event_table(log).to_dicts(), event_table(again).to_dicts()
    assert len(ours) == len(theirs)
    by_customer = [sorted(rows, key=lambda row: row["customer"]) for rows in (ours, theirs)]
    for one, other in zip(*by_customer, strict=True):
        for name in ("case", "customer", "time", "touchpoint", "value"):
            assert other.get(name) == one[name]


def test_names_of_any_kind_survive(tmp_path: Path) -> None:
    names = ["<b>&\"'", "a\tb\nc", "客 é", "(x)", " blank "]
    columns = {"customer_id": names, "timestamp": ["2024-03-01"] * 5, "touchpoint": names}
    kr.write_xes(kr.read(columns), tmp_path / "log.xes")
    assert sorted(event_table(kr.read_xes(tmp_path / "log.xes"))["touchpoint"]) == sorted(names)
    kr.write_xes(kr.read({**columns, "touchpoint": ["a\x01b"] * 5}), tmp_path / "log.xes")
    assert kr.read_xes(tmp_path / "log.xes").touchpoints == ["a\ufffdb"]


def test_journeys_are_cases_of_their_own() -> None:
    journeys = cut(read(random_log(3)), conversion="buy")
    table = event_table(journeys)
    assert len(dict.fromkeys(table["case"])) == len(journeys)
    assert all(
        case.rpartition("#")[0] == customer for case, customer in zip(table["case"], table["customer"], strict=True)
    )


def test_frames_go_to_pm4py_names_and_back() -> None:
    log = read(random_log(2))
    frame = kr.to_pm4py(log)
    assert list(frame.columns[:4]) == ["case:concept:name", "concept:name", "time:timestamp", "customer"]
    assert str(frame["time:timestamp"].dt.tz) == "UTC"
    assert "(none)" not in set(frame["channel"].dropna())
    frame["place"] = range(len(frame))
    again = kr.from_pm4py(frame, order="place", value="value")
    ours, theirs = event_table(log).to_dicts(), event_table(again).to_dicts()
    assert [(r["case"], r["time"], r["touchpoint"]) for r in ours] == [
        (r["case"], r["time"], r["touchpoint"]) for r in theirs
    ]


def test_pm4py_reads_ours_and_we_read_its(tmp_path: Path) -> None:
    pm4py = pytest.importorskip("pm4py")
    log = read(random_log(5, touchpoints=7))
    kr.write_xes(log, tmp_path / "ours.xes")
    theirs = quiet(pm4py.read_xes, str(tmp_path / "ours.xes"))
    assert len(theirs) == len(log)
    edges = {(row["from"], row["to"]): row["weight"] for row in kr.transitions(kr.journeys(log, conversion=[]))}
    inner = {
        pair: count for pair, count in edges.items() if not pair[0].startswith("(") and not pair[1].startswith("(")
    }
    graph, begins, _ = quiet(pm4py.discover_dfg, theirs)
    assert dict(graph) == inner
    assert dict(begins) == {b: count for (a, b), count in edges.items() if a == "(start)" and not b.startswith("(")}
    assert dict(quiet(pm4py.discover_dfg, kr.to_pm4py(log))[0]) == inner
    quiet(pm4py.write_xes, theirs, str(tmp_path / "theirs.xes"))
    again = kr.read_xes(tmp_path / "theirs.xes")
    assert (len(again), again.customers) == (len(log), log.customers)
    found = {(row["from"], row["to"]): row["weight"] for row in kr.transitions(kr.journeys(again, conversion=[]))}
    assert found == edges


def test_the_textbook_log_is_the_same_by_every_way(tmp_path: Path) -> None:
    source = shared_file("data/running_example.csv")
    header = source.read_text().splitlines()[0]
    assert "case:concept:name" in header
    log = kr.read(source, customer="case:concept:name", time="time:timestamp", touchpoint="concept:name")
    kr.write_xes(log, tmp_path / "log.xes")
    again = kr.read_xes(tmp_path / "log.xes")
    assert (len(again), again.customers) == (42, 6)
    both = [kr.variants(kr.journeys(one, conversion=[]))["path"] for one in (log, again)]
    assert both[0] == both[1]
