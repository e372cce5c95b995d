# SPDX-License-Identifier: MIT
"""kr.funnel: its options and errors, the search over all choices of rows, and levels of other engines."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from reference import events, funnels

import klantreis as kr
import oracle
from bridge import read
from oracle import shared_file, shared_json
from strategies import MINUTE


@pytest.fixture(scope="module")
def webshop() -> kr.Log:
    return read(oracle.webshop_columns())


def counts(source: kr.Log | kr.Journeys, steps: Any, **options: Any) -> list[int]:
    return list(kr.funnel(source, steps, **options)["count"])


def test_steps_of_the_twelve_customers(webshop: kr.Log) -> None:
    found = kr.funnel(webshop, ["product_view", "add_to_cart", "checkout_start", "order"])
    assert found["step"] == [1, 2, 3, 4]
    assert found["label"] == ["product_view", "add_to_cart", "checkout_start", "order"]
    # By hand from the log: ten saw a product; k01, k02, k03, k05, k07, k08 and k10 filled a cart after it …
    columns = events.events_of(oracle.webshop_columns())
    expected = funnels.counts(funnels.levels(columns, found["label"]), 4)
    assert found["count"] == expected
    assert found["n"] == [12, *expected[:-1]]
    assert all(mark.startswith("few_customers") for mark in found["marks"])
    assert found.columns == [
        "step", "label", "count", "n", "lost", "rate", "rate_lower", "rate_upper", "rate_from_first",
        "rate_from_first_lower", "rate_from_first_upper", "median_time", "p25_time", "p75_time", "p90_time",
        "median_time_from_first", "marks",
    ]  # fmt: skip


def test_channels_and_phases_can_be_steps(webshop: kr.Log) -> None:
    # Of the ten customers reached in the awareness phase nine went on to consideration, and the phase comes first.
    assert counts(webshop, ["awareness", "consideration", "purchase"], by="phase")[0] == 10
    assert counts(webshop, ["google"], by="channel") == [
        len(
            {
                c
                for c, ch in zip(*map(oracle.webshop_columns().get, ("customer", "channel")), strict=True)
                if ch == "google"
            }
        )  # type: ignore[arg-type]
    ]
    with pytest.raises(kr.InputError, match="touchpoint"):
        kr.funnel(webshop, ["a"], by="device")


def test_a_step_can_be_any_of_several(webshop: kr.Log) -> None:
    found = kr.funnel(webshop, [["search_click", "ad_impression"], "order"])
    assert found["label"][0] == "search_click | ad_impression"
    columns = events.events_of(oracle.webshop_columns())
    steps = [{"search_click", "ad_impression"}, "order"]
    assert found["count"] == funnels.counts(funnels.levels(columns, steps), 2)


def test_all_events_count_beyond_the_cuts_of_journeys(webshop: kr.Log) -> None:
    steps = ["order", "order"]
    whole = counts(webshop, steps)
    assert whole == [6, 2]
    for after in ("new", "stop", "continue"):
        assert counts(kr.journeys(webshop, conversion="order", after_conversion=after), steps) == whole
    early = kr.journeys(webshop, conversion="order", observed_until="2024-03-02T12:00:00")
    assert kr.funnel(early, ["search_click"])["n"][0] < 12


def test_times_are_seconds_from_the_step_before(webshop: kr.Log) -> None:
    found = kr.funnel(webshop, ["checkout_start", "order"], window=dt.timedelta(hours=1))
    assert found["median_time"][0] is None
    assert 60 <= found["median_time"][1] <= 3600
    assert found["p25_time"][1] <= found["median_time"][1] <= found["p75_time"][1] <= found["p90_time"][1]
    assert found["median_time_from_first"][1] == found["median_time"][1]
    assert found.quantity("median_time") == "seconds"
    assert found.options["window"] == "1h"


def test_without_time_the_order_decides() -> None:
    log = kr.read(
        {"customer_id": [1, 1, 2, 2], "place": [1, 2, 1, 2], "touchpoint": ["a", "b", "b", "a"]},
        time=None,
        order="place",
    )
    found = kr.funnel(log, ["a", "b"])
    assert found["count"] == [2, 1]
    assert found["median_time"] == [None, None]
    with pytest.raises(kr.InputError, match="leave the window out"):
        kr.funnel(log, ["a", "b"], window="1d")


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (["prduct_view"], "did you mean 'product_view'"),
        ([], "no steps"),
        ({"touchpoint": "order"}, "give a list"),
        ([["order"], []], "step 2 of the funnel names no touchpoint"),
        (["order", 3], "step 2 of the funnel is 3"),
        (["order"] * 65, "at most 64"),
    ],
)
def test_bad_steps_are_refused(webshop: kr.Log, steps: Any, message: str) -> None:
    with pytest.raises(kr.InputError, match=message):
        kr.funnel(webshop, steps)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": "soon"}, "window"),
        ({"window": "0d"}, "window"),
        ({"threads": 0}, "threads"),
        ({"threads": 1.5}, "threads"),
    ],
)
def test_bad_options_are_refused(webshop: kr.Log, options: dict[str, Any], message: str) -> None:
    with pytest.raises(kr.InputError, match=message):
        kr.funnel(webshop, ["order"], **options)
    with pytest.raises(kr.InputError, match="Journeys or a Log"):
        kr.funnel([1, 2], ["order"])  # type: ignore[arg-type]


def test_random_logs_with_ties_and_repeated_steps() -> None:
    rng = random.Random(20240301)
    for _ in range(120):
        size = rng.randint(1, 11)
        columns: dict[str, list[Any]] = {
            "customer": [rng.choice(["u", "v"]) for _ in range(size)],
            "time": [rng.randint(0, 8) * MINUTE for _ in range(size)],
            "touchpoint": [rng.choice("abc") for _ in range(size)],
        }
        known = sorted(set(columns["touchpoint"]))
        steps: list[Any] = [
            rng.choice(known) if rng.random() < 0.7 else rng.sample(known, rng.randint(1, len(known)))
            for _ in range(rng.randint(1, 4))
        ]
        minutes = rng.choice([None, 1, 3, 6])
        reached = funnels.levels(events.events_of(columns), steps, None if minutes is None else minutes * MINUTE)
        window = None if minutes is None else f"{minutes}m"
        assert counts(read(columns), steps, window=window) == funnels.counts(reached, len(steps)), (columns, steps)


def test_repeated_steps_equal_clickhouse_strict_once() -> None:
    expected = shared_json("reference/funnels/cross_ecom.json")["windowFunnel_users_reaching"]
    log = kr.read(str(shared_file("data/ecom_synthetic_2024.parquet")), customer="user_id", touchpoint="event")
    steps = ["product_view", "product_view", "purchase"]
    for window in ("10m", "1h", "1d", "7d", None):
        assert counts(log, steps, window=window) == expected[f"rep|{window or 'inf'}|strict_once|user_id"]


def test_catalog_to_purchase_within_a_day() -> None:
    matrix = shared_json("reference/funnels/funnel_definition_matrix.json")
    log = kr.read(str(shared_file("data/ecom_synthetic_2024.parquet")), customer="user_id", touchpoint="event")
    found = kr.funnel(log, matrix["steps"], window=f"{matrix['window_s']}s")
    assert found["count"] == [600, 453, 181]
    assert found["rate_from_first"] == pytest.approx([1, 453 / 600, 181 / 600])
    no_window = next(v for k, v in matrix["same_funnel_many_numbers"].items() if "no window" in k)
    assert counts(log, matrix["steps"]) == no_window
