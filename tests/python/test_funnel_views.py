# SPDX-License-Identifier: MIT
"""Funnels by attribute, by period and by time, the customers behind the numbers, and why one stopped."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import klantreis as kr
from oracle import shared_file, shared_json

STEPS = ["catalog", "add_to_cart", "purchase"]
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def webshop() -> kr.Log:
    return kr.read(
        str(shared_file("data/ecom_synthetic_2024.parquet")),
        customer="user_id",
        touchpoint="event",
        attributes=["platform", "acquisition_channel"],
    )


def days(rows: list[tuple[str, int, str]], **more: Any) -> kr.Log:
    """Events as (customer, day, touchpoint)."""
    return kr.read(
        {
            "customer_id": [row[0] for row in rows],
            "timestamp": [dt.datetime(2024, 1, 1) + DAY * row[1] for row in rows],
            "touchpoint": [row[2] for row in rows],
            **more,
        },
        attributes=list(more),
    )


@pytest.mark.parametrize("attribute", ["platform", "acquisition_channel"])
def test_breakdown_by_the_first_value(webshop: kr.Log, attribute: str) -> None:
    expected = shared_json("reference/funnels/cross_ecom.json")["breakdown_s3_1d"][attribute]["table"]
    found = kr.funnel_breakdown(webshop, STEPS, by_attribute=attribute, window="1d").to_dicts()
    assert {row[attribute] for row in found} == set(expected)
    for value, group in expected.items():
        rows = [row for row in found if row[attribute] == value]
        assert [row["count"] for row in rows] == group["reach"]
        last = rows[-1]
        assert [last["rate_from_first_lower"], last["rate_from_first_upper"]] == pytest.approx(group["wilson95"])


def test_each_attribution_of_a_breakdown() -> None:
    log = days(
        [("a", 0, "view"), ("a", 1, "cart"), ("a", 2, "order"), ("b", 0, "view"), ("b", 1, "cart")],
        device=["phone", "laptop", "laptop", "phone", "phone"],
    )
    steps = ["view", "cart", "order"]

    def counts(attribution: Any) -> dict[str, list[int]]:
        found = kr.funnel_breakdown(log, steps, by_attribute="device", attribution=attribution).to_dicts()
        return {name: [r["count"] for r in found if r["device"] == name] for name in {r["device"] for r in found}}

    assert counts("first") == {"phone": [2, 2, 1]}
    assert counts("last") == {"laptop": [1, 1, 1], "phone": [1, 1, 0]}
    # Each value with the events that carry it: on the laptop nobody began.
    assert counts("all") == {"phone": [2, 1, 0], "laptop": [0, 0, 0]}
    assert counts(2) == {"laptop": [1, 1, 1], "phone": [1, 1, 0]}
    assert counts(3) == {"laptop": [1, 1, 1], "(none)": [1, 1, 0]}
    with pytest.raises(kr.InputError, match="steps 1 to 3"):
        counts(4)


def test_groups_of_a_breakdown_add_up_to_the_funnel(webshop: kr.Log) -> None:
    whole = kr.funnel(webshop, STEPS, window="1d")
    for attribution in ("first", "last", 1):
        found = kr.funnel_breakdown(
            webshop, STEPS, by_attribute="platform", attribution=attribution, window="1d"
        ).to_dicts()
        for step, count, lost in zip(whole["step"], whole["count"], whole["lost"], strict=True):
            rows = [row for row in found if row["step"] == step]
            assert sum(row["count"] for row in rows) == count
            assert sum(row["lost"] for row in rows) == lost


def test_trend_counts_each_period_by_itself(webshop: kr.Log) -> None:
    found = kr.funnel_trend(webshop, STEPS, period="week", window="1d").to_dicts()
    frame: dict[Any, list[Any]] = {}
    for row in kr.funnel_levels(webshop, STEPS).to_dicts():
        frame[row["customer"]] = []
    import duckdb

    for user, moment, event in duckdb.sql(
        f"SELECT user_id, timestamp, event FROM '{shared_file('data/ecom_synthetic_2024.parquet')}'"
    ).fetchall():
        frame[str(user)].append((moment.replace(tzinfo=None), event))
    expected: dict[Any, list[int]] = {}
    for events in frame.values():
        events.sort(key=lambda one: one[0])
        best: dict[Any, int] = {}
        for first, (moment, event) in enumerate(events):
            if event != STEPS[0]:
                continue
            level = 1
            for later, name in events[first + 1 :]:
                if level == len(STEPS) or later - moment > DAY:
                    break
                level += name == STEPS[level]
            week = moment.date() - dt.timedelta(days=moment.weekday())
            best[week] = max(best.get(week, 0), level)
        for week, level in best.items():
            counts = expected.setdefault(week, [0, 0, 0])
            for k in range(level):
                counts[k] += 1
    got: dict[Any, list[int]] = {}
    for row in found:
        got.setdefault(row["period"].date(), []).append(row["count"])
    assert got == expected
    # The log ends inside its last week; the window of the week before has passed by then.
    complete = {row["period"]: row["complete"] for row in found}
    assert list(complete.values()) == [True] * (len(complete) - 1) + [False]


def test_a_period_is_complete_when_its_window_has_passed() -> None:
    log = days([("a", 0, "view"), ("a", 1, "order"), ("b", 3, "view"), ("c", 5, "view")])

    def complete(window: str | None) -> list[bool]:
        found = kr.funnel_trend(log, ["view", "order"], period="day", window=window).to_dicts()
        return [row["complete"] for row in found if row["step"] == 1]

    assert complete(None) == [True, True, False]
    assert complete("1d") == [True, True, False]
    assert complete("2d") == [True, False, False]
    months = kr.funnel_trend(log, ["view", "order"], period="month")
    assert months["entered"] == [3, 3]
    assert months["count"] == [3, 1]


def test_times_to_convert_of_the_earliest_entry(webshop: kr.Log) -> None:
    steps = {
        "s3": STEPS,
        "s6": ["home", "catalog", "product_view", "add_to_cart", "cart", "purchase"],
        "rep": ["product_view", "product_view", "purchase"],
    }
    expected = shared_json("reference/funnels/cross_ecom.json")["time_to_convert_earliest_entry"]
    for key, oracle in expected.items():
        name, window = key.split("|")
        options: dict[str, Any] = {"entry": "earliest", **({} if window == "inf" else {"window": window})}
        funnel = kr.funnel(webshop, steps[name], **options)
        assert funnel["count"] == oracle["reach"], key
        assert funnel["median_time"][1:] == pytest.approx(oracle["step_median_s"]), key
        assert funnel["median_time_from_first"][-1] == pytest.approx(oracle["median_total_s"]), key
        found = kr.funnel_times(webshop, steps[name], **options)
        assert float(found.options["mean"]) == pytest.approx(oracle["mean_total_s"]), key
        for quantile, value in zip(("p10", "p25", "median", "p75", "p90"), oracle["q"], strict=False):
            assert float(found.options[quantile]) == pytest.approx(value), (key, quantile)
        bins = oracle["posthog_bins"]
        counts = found["count"]
        assert found["from_seconds"] == bins["from_s"][: len(counts)], key
        assert counts + [0] * (bins["bin_count"] + 1 - len(counts)) == bins["counts"], key
        assert found["cumulative"][-1] == pytest.approx(1)


def test_the_lists_are_as_long_as_the_numbers(webshop: kr.Log) -> None:
    for options in (
        {"window": "1d"},
        {"dialect": "posthog", "modes": "strict", "window": "1d"},
        {"order": "open"},
        {"window": "1d", "optional": 2},
        {"window": "7d", "exclude": ("payment_error", 2, 3)},
    ):
        found = kr.funnel(webshop, STEPS, **options)
        for step, count, lost in zip(found["step"], found["count"], found["lost"], strict=True):
            assert len(kr.funnel_customers(webshop, STEPS, step=step, **options)) == count
            assert len(kr.funnel_customers(webshop, STEPS, step=step, lost=True, **options)) == lost
    with pytest.raises(kr.InputError, match="steps 1 to 3"):
        kr.funnel_customers(webshop, STEPS, step=4)


def test_why_a_customer_came_no_further() -> None:
    log = days(
        [
            ("late", 0, "view"), ("late", 1, "cart"), ("late", 9, "order"),
            ("early", 0, "order"), ("early", 1, "view"), ("early", 2, "cart"),
            ("none", 0, "help"),
            ("some", 0, "view"),
            ("left", 0, "view"), ("left", 1, "refund"), ("left", 2, "cart"), ("left", 3, "order"),
            ("done", 0, "view"), ("done", 1, "cart"), ("done", 2, "order"),
        ]
    )  # fmt: skip
    steps = ["view", "cart", "order"]

    def explained(customer: str, **options: Any) -> tuple[int, str]:
        found = kr.explain_funnel(log, customer, steps, **{"window": "7d", **options})
        return found.level, found.reason

    assert explained("late")[0] == 2
    assert "comes 9d after step 1, later than the window of 7d" in explained("late")[1]
    assert explained("late", window=None, per_step_window="3d")[0] == 2
    assert "later than the 3d allowed from step to step" in explained("late", window=None, per_step_window="3d")[1]
    assert explained("early") == (
        2,
        "the last event for step 3 (order) at 2024-01-01T00:00:00Z comes before step 2 (cart) at 2024-01-03T00:00:00Z",
    )
    assert explained("none") == (0, "no event matches step 1 (view)")
    assert explained("some") == (1, "no event matches step 2 (cart)")
    assert explained("done") == (3, "reached every step")
    assert explained("left", exclude="refund")[0] == 1
    assert (
        "the excluded event 'refund' at 2024-01-02T00:00:00Z stands between" in explained("left", exclude="refund")[1]
    )
    assert "'refund' at 2024-01-02T00:00:00Z stands between" in explained("left", order="strict")[1]
    out = kr.explain_funnel(log, "left", steps, dialect="posthog", exclude="refund", window="7d")
    assert out.left_out
    assert out.level == 0
    assert "removes the customer from every step" in out.reason
    found = kr.explain_funnel(log, "late", steps, window="7d")
    assert found["fills"] == ["1", "2", ""]
    assert found["note"] == ["", "", "after the window"]
    with pytest.raises(kr.InputError, match="no customer"):
        explained("nobody")


def test_every_definition_of_one_funnel(webshop: kr.Log) -> None:
    journeys = kr.journeys(webshop, gap="30m")
    found = kr.compare_definitions(journeys, STEPS, window="1d").to_dicts()
    counts: dict[str, list[int]] = {}
    for row in found:
        counts.setdefault(row["definition"], []).append(row["count"])
    assert len(counts) == 26
    assert counts["klantreis"] == counts["clickhouse"] == counts["posthog"] == counts["plausible"] == [600, 453, 181]
    assert counts["clickhouse strict_deduplication"] == [600, 453, 109]
    assert counts["clickhouse strict_order"] == counts["plausible strict"] == [600, 18, 1]
    assert counts["klantreis, strict"] == counts["posthog strict"] == [600, 171, 3]
    assert counts["klantreis, any order"] == counts["posthog unordered"] == [600, 508, 260]
    assert counts["retentioneering hybrid"] == [600, 511, 320]
    assert counts["klantreis, by journey"] == [2837, 819, 213]
    with pytest.raises(kr.InputError, match="the definitions say it"):
        kr.compare_definitions(webshop, STEPS, order="any")


def test_rates_of_journeys_have_intervals_by_customers() -> None:
    # Ten customers with four journeys each: in half of them all convert, in half none. The journeys of a customer are
    # alike, so the interval is as wide as ten customers make it, not as narrow as forty journeys would.
    rows = [
        (f"c{k}", 10 * journey + day, name)
        for k in range(10)
        for journey in range(4)
        for day, name in enumerate(["view", "order" if k < 5 else "help"])
    ]
    journeys = kr.journeys(days(rows), gap="5d")
    found = kr.funnel(journeys, ["view", "order"], unit="journey")
    assert found["count"] == [40, 20]
    assert found["n"] == [10, 10]
    assert found["rate"][1] == 0.5
    # n_eff = θ(1−θ)/V with V = Σψ²·k/(k−1): 9 effective observations, t with 9 degrees of freedom.
    t, n_eff = 2.2621571627409915, 9.0
    half = t / (1 + t * t / n_eff) * (0.25 / n_eff + t * t / (4 * n_eff * n_eff)) ** 0.5
    assert found["rate_lower"][1] == pytest.approx(0.5 - half)
    assert found["rate_upper"][1] == pytest.approx(0.5 + half)
