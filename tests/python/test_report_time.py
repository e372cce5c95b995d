# SPDX-License-Identifier: MIT
"""The report's "Time to conversion", and where the marks of its axes stand."""

from __future__ import annotations

from pathlib import Path

import pytest

import klantreis as kr
from klantreis._report.axes import along, apart, grid, ticks, time_marks
from klantreis._report.words import Words
from test_report import filed, write


def test_marks_of_time_enclose_what_is_drawn() -> None:
    for early, late in ((0, 0), (0.2, 5), (70, 80), (4_000, 700_000), (1e9, 2e9)):
        marks = time_marks(early, late)
        assert len(marks) >= 2
        assert marks == sorted(marks)
        assert late > 3e8 or marks[-1] >= late
        assert early < 1 or marks[0] <= early


def test_equal_factors_are_equal_lengths_on_the_axis() -> None:
    marks = time_marks(60, 2_000_000)
    assert [along(mark, marks) for mark in (marks[0], marks[-1])] == [0, 1]
    assert along(600, marks) - along(60, marks) == pytest.approx(along(6_000, marks) - along(600, marks))
    assert along(0, marks) == 0
    assert along(1e12, marks) == 1
    times = grid(marks, 160)
    assert set(marks) <= set(times)
    assert times == sorted(times)


def test_ticks_are_round_and_reach_the_largest() -> None:
    assert ticks(0.1359) == (pytest.approx([0, 0.05, 0.1, 0.15]), pytest.approx(0.15))
    assert ticks(0)[1] > 0


def test_no_group_between_the_rows_that_stay_is_small() -> None:
    counts = [(0, 50), (3, 0), (8, 4), (20, 9), (1, 0)]
    kept = apart(counts, 10)
    assert kept == [0, 3]
    assert apart([], 10) == []


def test_the_words_and_the_tables_say_what_the_functions_return(tmp_path: Path) -> None:
    journeys = kr.datasets.webshop(4_000).journeys()
    page = write(journeys, tmp_path)
    times = {row["measure"]: row for row in kr.time_to_convert(journeys)}
    assert f"Half of those who convert do so within {Words('en').seconds(times['median']['time'])}" in page.shown
    assert page.files["time_to_convert.csv"] == filed(kr.time_to_convert(journeys))
    total = kr.survival(journeys, at=[0])["at_risk"][0]
    assert f"Share of {total:,} journeys" in page.shown
    day = kr.survival(journeys, at=["1d"]).to_dicts()[0]
    texts = [f"{100 * day[name]:.1f}%" for name in ("converted", "survival", "left")]
    assert "1 day: {} converted, {} still going on, {} left".format(*texts) in page.text


def test_with_small_groups_left_out_no_step_of_the_table_tells_of_one(tmp_path: Path) -> None:
    page = write(kr.datasets.webshop(4_000).journeys(), tmp_path, min_group=40)
    lines = [line.split(",") for line in page.files["survival.csv"].splitlines()]
    rows = [dict(zip(lines[0], line, strict=False)) for line in lines[1:]]
    assert len(rows) > 2
    for row in rows:
        assert all(not 0 < int(row[name]) < 40 for name in ("n", "conversions", "exits"))


def test_conversions_with_the_first_event_are_not_said_to_take_no_seconds(tmp_path: Path) -> None:
    days = [f"2024-03-{day:02d}" for day in range(1, 13)]
    columns = {
        "customer_id": [day for day in days for _ in range(2)],
        "timestamp": [day for day in days for _ in range(2)],
        "touchpoint": ["order", "view"] * 11 + ["view", "view"],
    }
    columns["customer_id"] += ["late"] * 2
    columns["timestamp"] += ["2024-03-01", "2024-03-09"]
    columns["touchpoint"] += ["view", "order"]
    page = write(kr.journeys(kr.read(columns), conversion="order"), tmp_path)
    assert "Half of those who convert do so at once, with their first event" in page.shown


def test_the_earlier_curve_is_that_of_the_journeys_that_began_before(tmp_path: Path) -> None:
    journeys = kr.datasets.webshop(4_000).journeys()
    page = write(journeys, tmp_path, since="2025-07-01")
    rows = [line.split(",") for line in page.files["survival_change.csv"].splitlines()]
    sides = [[side, f"{side}_lower", f"{side}_upper", f"n_{side}"] for side in ("first", "second")]
    assert rows[0] == ["time", *sides[0], *sides[1]]
    at = [float(row[0]) for row in rows[1:]]
    assert len(at) > 5
    parts = [kr.survival(journeys, at=at, began=began) for began in ((None, "2025-07-01"), ("2025-07-01", None))]
    for row, first, second in zip(rows[1:], *parts, strict=True):
        for side, cells in ((first, row[1:5]), (second, row[5:9])):
            wanted = [side[name] for name in ("converted", "converted_lower", "converted_upper", "n")]
            assert [float(cell) for cell in cells] == pytest.approx(wanted, rel=1e-5)
    last = parts[1].to_dicts()[-1]
    interval = Words("en").interval(last["converted_lower"], last["converted_upper"], "share")
    said = f"{Words('en').share(last['converted'])} ( {interval} ) of the journeys that began on 1 July 2025 or later"
    assert f"{said} had converted" in page.shown
    assert page.text.count('class="c0 first"') == page.text.count('class="c0 second"') == 1


def test_beside_an_earlier_log_stands_the_curve_of_that_log(tmp_path: Path) -> None:
    journeys, earlier = kr.datasets.webshop(4_000).journeys(), kr.datasets.webshop(3_000, seed=2).journeys()
    page = write(journeys, tmp_path, earlier=earlier)
    rows = [line.split(",") for line in page.files["survival_change.csv"].splitlines()][1:]
    for row, first in zip(rows, kr.survival(earlier, at=[float(row[0]) for row in rows]), strict=True):
        assert float(row[1]) == pytest.approx(first["converted"], rel=1e-5)
    assert "of those of the earlier log" in page.shown


def test_without_earlier_journeys_there_is_one_curve(tmp_path: Path) -> None:
    page = write(kr.journeys(kr.datasets.webshop(2_000), conversion="order"), tmp_path)
    assert "survival_change.csv" not in page.files
    assert 'class="c0' not in page.text
