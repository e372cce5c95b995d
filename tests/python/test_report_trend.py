# SPDX-License-Identifier: MIT
"""The figures of the report month by month, and their lines."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import klantreis as kr
from klantreis._report.trend import strokes
from klantreis._report.words import Words
from klantreis._report.words.en import MONTHS as MONTH_NAMES
from test_report import Page, cut, write

MONTHS = [f"2025-{month:02}" for month in range(1, 13)]


def svg(page: Page, figure: str) -> str:
    found = re.search(rf"<article[^>]*><h3>{figure}</h3>(.*?)</article>", page.text, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def journeys() -> kr.Journeys:
    return kr.datasets.webshop(4_000).journeys()


@pytest.fixture(scope="module")
def sample(journeys: kr.Journeys, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return write(journeys, tmp_path_factory.mktemp("trend"))


def rows(page: Page) -> list[dict[str, str]]:
    lines = [line.split(",") for line in page.files["figures_by_period.csv"].splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def test_the_table_by_month_holds_what_the_functions_return(journeys: kr.Journeys, sample: Page) -> None:
    convert, worth = "share_of_customers(outcome=conversion)", "sum(value, of=conversion)"
    define = {"seen": "customers()", "convert": convert, "worth": worth}
    wanted = {(row["kpi"], row["period"]): row for row in kr.kpis(journeys, define=define, period="month")}
    first = journeys.recut(after_conversion="stop")
    found = rows(sample)
    assert [row["period"] for row in found] == [f"{name} 2025" for name in MONTH_NAMES]
    for month, row in zip(MONTHS, found, strict=True):
        assert float(row["customers"]) == wanted["seen", month]["value"]
        assert float(row["value"]) == pytest.approx(wanted["worth", month]["value"], rel=1e-5)
        share = wanted["convert", month]
        assert row["complete"] == str(share["complete"]).lower()
        for name, key in (("", "value"), ("_lower", "lower"), ("_upper", "upper")):
            assert float(row["customers_who_convert" + name]) == pytest.approx(share[key], rel=1e-5)
    days = [f"{month}-01" for month in [*MONTHS, "2026-01"]]
    for i, (earlier, later) in enumerate(pairwise(found)):
        both = kr.compare(first, before=(days[i], days[i + 1]), after=(days[i + 1], days[i + 2]))
        for name in ("conversion_rate", "value_per_journey"):
            expected = next(row for row in both if row["rate"] == name)
            assert float(earlier[name]) == pytest.approx(expected["first"], rel=1e-5)
            assert float(earlier[name + "_lower"]) == pytest.approx(expected["first_lower"], rel=1e-5)
            assert float(later[name]) == pytest.approx(expected["second"], rel=1e-5)


def test_each_line_is_told_in_words_and_its_last_month_is_marked(sample: Page) -> None:
    found = rows(sample)
    assert [row["complete"] for row in found] == ["true"] * 11 + ["false"]
    shares = [Words("en").share(float(row["conversion_rate"])) for row in found]
    label = f"January 2025 to December 2025: {', '.join(shares)} (not complete)"
    figure = svg(sample, "Journeys that convert")
    assert f'aria-label="{label}"' in figure
    assert re.search(r'<i class="few" style="left:100%;', figure)
    assert 'class="s1 few"' in figure
    assert "Dotted and hollow: not complete" in sample.shown
    assert "Lines: January 2025 to December 2025, by month" in sample.shown


def test_a_figure_that_is_not_counted_by_month_has_no_line(sample: Page) -> None:
    assert "spark" not in svg(sample, "Events per journey")


def test_what_lies_before_the_compared_day_is_grey(journeys: kr.Journeys, sample: Page, tmp_path: Path) -> None:
    assert 'class="s0"' in svg(sample, "Customers seen")
    assert "Grey: before 2 July 2025." in sample.shown
    plain = write(kr.journeys(journeys.log, conversion="order"), tmp_path)
    assert 'class="s0"' not in plain.text
    assert "Grey: before" not in plain.shown


def shop(days: int, **options: Any) -> kr.Journeys:
    columns: dict[str, list[Any]] = {"customer_id": [], "timestamp": [], "touchpoint": []}
    for day in range(days):
        for customer in range(4):
            columns["customer_id"].append(f"{day} {customer}")
            columns["timestamp"].append(f"2024-{1 + day // 28:02}-{1 + day % 28:02} 10:00")
            columns["touchpoint"].append("order" if customer == 0 else "view")
    return cut(columns, **options)


def test_a_shorter_log_is_told_by_week_and_one_of_days_not_at_all(tmp_path: Path) -> None:
    weekly = write(shop(60, conversion="order"), tmp_path)
    assert "by week; shading is the interval" in weekly.shown
    assert rows(weekly)[0]["period"] == "week 1 of 2024"
    short = write(shop(20, conversion="order"), tmp_path)
    assert "figures_by_period.csv" not in short.files
    assert "spark" not in short.text.split("</style>")[1]


def test_without_conversion_only_the_customers_have_a_line(tmp_path: Path) -> None:
    page = write(shop(200), tmp_path)
    assert page.text.split("</style>")[1].count('class="spark"') == 1
    assert list(rows(page)[0]) == ["period", "complete", "customers"]


def test_months_of_few_customers_are_left_out(journeys: kr.Journeys, tmp_path: Path) -> None:
    few = min(int(float(row["customers"])) for row in rows(write(journeys, tmp_path)))
    page = write(journeys, tmp_path, min_group=few + 1)
    values = [row["customers"] for row in rows(page)]
    assert "" in values
    assert all(value == "" or float(value) > few for value in values)


def test_a_line_is_parted_where_nothing_is_known() -> None:
    known = (1.0, None, None)
    pieces = strokes([known, known, None, known, known], [True] * 5, None)
    assert [[x for x, _ in piece.points] for piece in pieces] == [[0.0, 0.25], [0.75, 1.0]]
    assert all(0 <= y <= 1 for piece in pieces for _, y in piece.points)


def test_a_line_changes_its_kind_where_periods_are_not_complete_and_where_earlier_ones_end() -> None:
    values = [(float(i), None, None) for i in range(6)]
    pieces = strokes(values, [True] * 5 + [False], 2.0)
    assert [(piece.is_earlier, piece.is_complete, len(piece.points)) for piece in pieces] == [
        (True, True, 3),
        (False, True, 3),
        (False, False, 2),
    ]
    assert [a.points[-1] == b.points[0] for a, b in pairwise(pieces)] == [True, True]
