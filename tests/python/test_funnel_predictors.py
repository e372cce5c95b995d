# SPDX-License-Identifier: MIT
"""What goes with dropping off: PostHog's odds ratio, Fisher's test, and the adjustment for many tests."""

from __future__ import annotations

import math
import random

import pytest
from scipy import stats

import klantreis as kr
from oracle import shared_file, shared_json

STEPS = ["catalog", "add_to_cart", "purchase"]


@pytest.fixture(scope="module")
def webshop() -> kr.Log:
    return kr.read(
        str(shared_file("data/ecom_synthetic_2024.parquet")),
        customer="user_id",
        touchpoint="event",
        attributes=["platform", "acquisition_channel"],
    )


def test_odds_ratios_of_posthog(webshop: kr.Log) -> None:
    expected = shared_json("reference/funnels/cross_ecom.json")["correlation_s3_1d"]
    found = kr.predictors(webshop, STEPS, window="1d", previous=False, entry="earliest")
    assert found.options["converted"] == str(expected["success_total"])
    assert found.options["lost"] == str(expected["failure_total"])
    rows = {row["name"]: row for row in found.to_dicts()}
    for event in expected["events"]:
        row = rows[event["event"]]
        assert (row["converted_with"], row["lost_with"]) == (event["success"], event["failure"]), event["event"]
        assert row["odds_ratio"] == pytest.approx(event["odds_ratio"], rel=1e-12)


def test_p_values_are_those_of_fisher_and_adjusted_over_all_rows(webshop: kr.Log) -> None:
    found = kr.predictors(webshop, STEPS, window="1d", attributes=["platform", "acquisition_channel"])
    assert {"event", "previous", "platform", "acquisition_channel"} == set(found["kind"])
    tested = [row for row in found.to_dicts() if row["p"] is not None]
    assert found.options["tests"] == str(len(tested))
    for row in tested:
        cells = [[row["converted_with"], row["lost_with"]], [row["converted_without"], row["lost_without"]]]
        assert row["p"] == pytest.approx(stats.fisher_exact(cells).pvalue, rel=1e-9), row["name"]
    p = [row["p"] for row in tested]
    assert p == sorted(p)
    assert [row["p_bh"] for row in tested] == pytest.approx(stats.false_discovery_control(p))
    ranked = [min(1.0, (len(p) - r) * value) for r, value in enumerate(p)]
    assert [row["p_holm"] for row in tested] == pytest.approx([max(ranked[: r + 1]) for r in range(len(p))])


def test_attributes_and_what_came_before(webshop: kr.Log) -> None:
    found = kr.predictors(webshop, STEPS, window="1d", events=False, attributes="platform")
    levels = kr.funnel_levels(webshop, STEPS, window="1d")
    converted = sum(level == 3 for level in levels["level"])
    by_kind = {kind: [row for row in found.to_dicts() if row["kind"] == kind] for kind in ("previous", "platform")}
    for rows in by_kind.values():
        # Everybody has exactly one value, so the rows add up to the funnel.
        assert sum(row["converted_with"] for row in rows) == converted
        assert sum(row["n"] for row in rows) == 600
    assert kr.funnel(webshop, STEPS, window="1d")["count"][2] == converted


def test_odds_ratio_and_interval_of_four_cells() -> None:
    rows = [(f"c{k}", day, name) for k in range(50) for day, name in ((1, "view"), (3, "order" if k < 20 else "end"))]
    rows += [(f"c{k}", 2, "help") for k in (*range(15), *range(20, 25))]
    log = kr.read(
        {
            "customer_id": [r[0] for r in rows],
            "timestamp": [f"2024-03-0{r[1]}" for r in rows],
            "touchpoint": [r[2] for r in rows],
        }
    )
    row = next(row for row in kr.predictors(log, ["view", "order"]).to_dicts() if row["name"] == "help")
    # 15 of 20 who ordered, 5 of 30 who did not: (16 · 26) / (6 · 6), and Woolf's interval on those cells.
    assert row["odds_ratio"] == pytest.approx(16 * 26 / (6 * 6))
    spread = 1.959963984540054 * math.sqrt(1 / 16 + 1 / 6 + 1 / 6 + 1 / 26)
    assert row["lower"] == pytest.approx(16 * 26 / 36 * math.exp(-spread))
    assert row["upper"] == pytest.approx(16 * 26 / 36 * math.exp(spread))
    assert row["marks"] == "few_customers"
    assert (row["conversion_with"], row["conversion_without"]) == (15 / 20, 5 / 30)


def test_random_tables_have_the_p_values_of_scipy() -> None:
    rng = random.Random(3)
    for _ in range(25):
        cells = [rng.randint(0, rng.choice([3, 12, 60])) for _ in range(4)]
        a, b, c, d = cells
        if a + b == 0 or c + d == 0 or a + c == 0 or b + d == 0:
            continue
        rows: list[tuple[str, int, str]] = []
        for group, size in enumerate(cells):
            for k in range(size):
                who = f"{group}-{k}"
                rows.append((who, 1, "view"))
                rows.append((who, 2, "mark" if group < 2 else "other"))
                rows.append((who, 3, "order" if group % 2 == 0 else "end"))
        log = kr.read(
            {
                "customer_id": [r[0] for r in rows],
                "timestamp": [f"2024-03-0{r[1]}" for r in rows],
                "touchpoint": [r[2] for r in rows],
            }
        )
        found = {row["name"]: row for row in kr.predictors(log, ["view", "order"], previous=False).to_dicts()}
        expected = stats.fisher_exact([[a, b], [c, d]]).pvalue
        assert found["mark"]["p"] == pytest.approx(expected, rel=1e-9), cells


def test_what_cannot_be_asked_is_refused(webshop: kr.Log) -> None:
    for options, message in (
        ({"order": "any"}, "no order"),
        ({"from_step": 2, "to_step": 2}, "the earlier one first"),
        ({"attributes": "colour"}, "colour"),
    ):
        with pytest.raises(kr.InputError, match=message):
            kr.predictors(webshop, STEPS, **options)  # type: ignore[arg-type]
    with pytest.raises(kr.InputError, match="not independent"):
        kr.predictors(kr.journeys(webshop, gap="30m"), STEPS, unit="journey")
