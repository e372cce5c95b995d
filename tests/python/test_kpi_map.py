# SPDX-License-Identifier: MIT
"""Key figures of a map: the example map on the log of twelve customers."""

from __future__ import annotations

from typing import Any

import pytest

import klantreis as kr
from bridge import cells
from oracle import DATA


@pytest.fixture(scope="module")
def shop() -> kr.JourneyMap:
    return kr.JourneyMap.load(DATA / "journey-example.yaml")


@pytest.fixture(scope="module")
def journeys(shop: kr.JourneyMap) -> kr.Journeys:
    log = kr.read(str(DATA / "events_F1.csv"), map=shop)
    return kr.journeys(log, observed_until="2024-04-30")


@pytest.fixture(scope="module")
def figures(journeys: kr.Journeys) -> dict[str, dict[str, Any]]:
    return {row["kpi"]: row for row in kr.kpis(journeys)}


def test_every_figure_of_the_map_has_one_row(shop: kr.JourneyMap, journeys: kr.Journeys) -> None:
    listed = {kpi.id for kpi in shop.kpis}
    listed |= {kpi for item in [*shop.phases, *shop.touchpoints] for kpi in item.kpis}
    rows = kr.kpis(journeys)["kpi"]
    assert len(rows) == len(set(rows))
    assert set(rows) == listed


def test_figures_of_the_example(figures: dict[str, dict[str, Any]]) -> None:
    expected = {
        "clicks": 8, "conversion_rate": 0.5, "cart_abandonment": 2 / 7, "nps": 20, "fcr": 0.5, "k_factor": 1 / 6,
        "cpc": None, "wait_p90": 510, "revenue_share_top20": 0.7222222, "aov": 100, "shares": 1, "referrals": 1,
        "returning_customers": 2 / 6, "repeat_contact_rate": 0.5, "agents_per_issue": 2, "help_rate": 0,
        "review_exposure": 0.5, "compare_rate": 1 / 11, "status_reach": 0.25, "on_time_rate": 0.5,
        "checkout_abandonment": 1 / 6, "repeat_rate": 3 / 9,
    }  # fmt: skip
    # Clicks of this map are those from search and social media; both cost 3.60 together.
    expected["cpc"] = 3.60 / 8
    for kpi, value in expected.items():
        assert figures[kpi]["value"] == pytest.approx(value), kpi
    assert figures["delivery_days"]["value"] == pytest.approx(1.988889, abs=1e-6)
    assert figures["delivery_days"]["unit"] == "d"
    assert figures["aov"]["unit"] == "EUR"


def test_verdicts_of_the_example(figures: dict[str, dict[str, Any]]) -> None:
    status = {kpi: row["status"] for kpi, row in figures.items()}
    assert status["delivery_days"] == "too little data"  # four deliveries
    assert status["cart_abandonment"] == "off, could be chance"
    assert status["nps"] == "off, could be chance"
    assert status["conversion_rate"] == "off, could be chance"
    assert status["cpc"] == "ok"
    assert status["revenue_share_top20"] == "ok"
    assert status["fcr"] == "too little data"
    assert status["impressions"] == "not measured"
    assert status["clicks"] == ""
    assert figures["cart_abandonment"]["gap"] == pytest.approx(0.0357, abs=5e-5)


def test_where_a_figure_lives(shop: kr.JourneyMap, figures: dict[str, dict[str, Any]]) -> None:
    assert (figures["nps"]["phase"], figures["nps"]["touchpoint"]) == ("gebruik_service", "")
    assert (figures["clicks"]["phase"], figures["clicks"]["touchpoint"]) == ("orientatie", "search_click")
    places = [(row["phase"], row["touchpoint"]) for row in kr.kpi_places(shop) if row["kpi"] == "clicks"]
    assert sorted(places) == [("bewustwording", "search_click"), ("orientatie", "")]


def test_figures_off_target_have_owner_and_advice(shop: kr.JourneyMap, journeys: kr.Journeys) -> None:
    rows = kr.attention(kr.kpis(journeys), shop).to_dicts()
    assert {"cart_abandonment", "nps", "fcr"} <= {row["kpi"] for row in rows}
    assert {row["kpi"]: row["advice"] for row in rows}["fcr"] == "research more"
    misses = [row["miss"] for row in rows]
    assert misses == sorted(misses, reverse=True)


def test_benchmarks_stand_beside_what_was_measured(journeys: kr.Journeys) -> None:
    found = cells(kr.benchmarks(journeys), ("benchmark",), "value", "measured", "source")
    assert found["google_in_awareness"][:2] == (0.72, 0.6)
    assert found["reviews_guide"][:2] == (0.90, 0.5)
    assert found["repeat_contact_breaks"][:2] == (0.91, 0.5)
    assert all(source for _, _, source in found.values())
    gaps = cells(kr.benchmarks(journeys), ("benchmark",), "gap", "within")
    assert gaps["google_in_awareness"] == (pytest.approx(-0.12), "yes")


def test_scores_of_phases_leave_out_what_has_no_verdict(journeys: kr.Journeys) -> None:
    found = cells(kr.phase_scores(kr.kpis(journeys)), ("phase",), "score", "kpis", "left_out")
    assert found["orientatie"][:2] == (100, 1)  # cost per click
    assert found["gebruik_service"][:2] == (0, 1)  # the score; too few contacts for the rest
    assert "fcr" in found["gebruik_service"][2]
    assert found["levering"][:2] == (None, 0)


def test_phases_are_known_by_alias_and_by_the_coarser_levels(journeys: kr.Journeys) -> None:
    define = {
        "alias": "customers(phase=overweging)",
        "level": "customers(phase=delivery)",
        "id": "customers(phase=koop)",
        "unknown": "customers(phase=nergens)",
    }
    found = cells(kr.kpis(journeys, select=list(define), define=define), ("kpi",), "value", "note")
    assert found["alias"] == (11, "")
    assert found["level"] == (4, "")
    assert found["unknown"] == (None, "there is no phase 'nergens'")


def test_aggregates_fill_what_has_no_customer(journeys: kr.Journeys) -> None:
    seen = [
        {"date": "2024-03-01", "kpi": "impressions", "channel": "display", "value": 400},
        {"date": "2024-03-01", "kpi": "rank", "channel": "google", "value": 4},
        {"date": "2024-03-20", "kpi": "rank", "channel": "google", "value": 3},
    ]
    found = cells(kr.kpis(journeys, aggregates=seen), ("kpi",), "value", "status")
    assert found["impressions"] == (400, "")
    assert found["seo_rank"] == (3, "ok")
    assert found["ctr"][0] == pytest.approx(0.02)


def test_the_same_figures_under_another_map(shop: kr.JourneyMap, journeys: kr.Journeys) -> None:
    assert kr.kpis(journeys, shop).to_dicts() == kr.kpis(journeys).to_dicts()
