# SPDX-License-Identifier: MIT
"""What funnel and path tools are known to get wrong, one test for each."""

from __future__ import annotations

import itertools
import random
from datetime import datetime, timezone
from typing import Any

import pytest

import klantreis as kr


def log_of(rows: list[tuple[str, int, str]]) -> kr.Log:
    names = ("customer_id", "timestamp", "touchpoint")
    columns = {name: list(cells) for name, cells in zip(names, zip(*rows, strict=True), strict=True)}
    columns["timestamp"] = [datetime.fromtimestamp(1_700_000_000 + s, timezone.utc) for s in columns["timestamp"]]
    return kr.read(columns)


def counts(log: kr.Log, *steps: Any, **options: Any) -> list[int]:
    return list(kr.funnel(log, list(steps), **options)["count"])


def test_rows_in_any_order_give_the_same_funnel_and_variants() -> None:
    rows = [("u", 0, "a"), ("u", 5, "b"), ("u", 9, "c"), ("v", 1, "b"), ("v", 2, "a"), ("v", 3, "c")]
    funnels, paths = set(), set()
    for seed in range(20):
        mixed = random.Random(seed).sample(rows, len(rows))
        funnels.add(tuple(counts(log_of(mixed), "a", "b", "c")))
        paths.add(str(kr.variants(kr.journeys(log_of(mixed), conversion="c")).to_dicts()))
    assert funnels == {(2, 1, 1)}
    assert len(paths) == 1


def test_events_of_one_instant_keep_the_order_they_came_in() -> None:
    for order in itertools.permutations("abc"):
        log = log_of([("u", 0, name) for name in order])
        reached = 0
        for name in order:
            reached += name == "abc"[reached]
        assert counts(log, "a", "b", "c") == [1] * reached + [0] * (3 - reached)
        assert {row["figure"]: row["value"] for row in log.health()}["ties"] == "2"


def test_who_did_all_steps_late_in_a_second_try_is_not_a_drop_off() -> None:
    log = log_of([("u", 0, "a"), ("u", 10, "b"), ("u", 5000, "a"), ("u", 5010, "b"), ("u", 5020, "c")])
    assert counts(log, "a", "b", "c", window="1min") == [1, 1, 1]
    assert counts(log, "a", "b", "c", window="1min", unit="customer", entry="earliest") == [1, 1, 1]


def test_a_step_back_does_not_break_a_funnel_in_order() -> None:
    log = log_of([("u", 0, "a"), ("u", 1, "b"), ("u", 2, "a"), ("u", 3, "c")])
    assert counts(log, "a", "b", "c") == [1, 1, 1]
    assert counts(log, "a", "b", "c", order="strict") == [1, 1, 0]
    assert counts(log, "a", "b", "c", window="1h", dialect="clickhouse", modes="strict_order") == [1, 1, 1]


def test_one_event_is_not_two_steps() -> None:
    log = log_of([("u", 0, "a"), ("v", 0, "a"), ("v", 1, "a")])
    assert counts(log, "a", "a") == [2, 1]
    assert counts(log, "a", "a", repeats="reuse") == [2, 2]


def test_the_number_in_the_picture_is_the_length_of_the_list_behind_it() -> None:
    rng = random.Random(5)
    rows = [(f"u{rng.randrange(60)}", rng.randrange(100_000), rng.choice("abcd")) for _ in range(400)]
    log = log_of(rows)
    table = kr.funnel(log, ["a", "b", "c"], window="6h").to_dicts()
    for k, row in enumerate(table, start=1):
        assert len(kr.funnel_customers(log, ["a", "b", "c"], step=k, window="6h")) == row["count"]
    for k, (row, following) in enumerate(itertools.pairwise(table), start=1):
        lost = kr.funnel_customers(log, ["a", "b", "c"], step=k, lost=True, window="6h")
        assert len(lost) == row["count"] - following["count"]


def test_the_window_includes_its_end() -> None:
    log = log_of([("u", 0, "a"), ("u", 3600, "b"), ("v", 0, "a"), ("v", 3601, "b")])
    assert counts(log, "a", "b", window="1h") == [2, 1]


def test_a_misspelt_step_is_an_error_and_not_a_drop_off() -> None:
    log = log_of([("u", 0, "basket"), ("u", 1, "order")])
    with pytest.raises(kr.InputError, match="bascet"):
        kr.funnel(log, ["bascet", "order"])


def test_rates_of_few_customers_are_marked() -> None:
    log = log_of([("u", 0, "a"), ("u", 1, "b"), ("v", 0, "a")])
    assert "few_customers" in kr.funnel(log, ["a", "b"]).to_dicts()[1]["marks"]
