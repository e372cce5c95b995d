# SPDX-License-Identifier: MIT
"""kr.drop_off: the tables beside it, its options, and where known customers leave."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from reference import cutting, events, flow

import klantreis as kr
import oracle
from bridge import cells, read


@pytest.fixture(scope="module")
def journeys() -> kr.Journeys:
    return kr.journeys(
        read(oracle.webshop_columns()),
        conversion="order",
        after_conversion="stop",
        inactivity="30d",
        observed_until="2024-04-30",
    )


def test_columns_and_order(journeys: kr.Journeys) -> None:
    found = kr.drop_off(journeys)
    assert isinstance(found, kr.DropOff)
    assert isinstance(found, kr.Table)
    assert found.columns == [
        "touchpoint", "visits", "n", "exits", "exit_rate", "lower", "upper", "share_of_exits", "marks",
    ]  # fmt: skip
    assert found.before.columns == ["touchpoint", "before", "count", "share"]
    assert found.next.columns == ["touchpoint", "next", "count", "share"]
    keys = [(-row["exits"], row["touchpoint"]) for row in found]
    assert keys == sorted(keys)
    assert sum(found["share_of_exits"]) == pytest.approx(1)
    assert len(found) == 12
    assert "customers" in found.definition
    assert found.options["inactivity"] == "30d"


def test_after_the_call_to_action_of_the_webshop(journeys: kr.Journeys) -> None:
    following = cells(kr.drop_off(journeys).next, ("touchpoint", "next"), "count", "share")
    assert following["checkout_start", "(conversion)"] == (5, pytest.approx(5 / 6))
    assert following["checkout_start", "email_click"] == (1, pytest.approx(1 / 6))
    before = cells(kr.drop_off(journeys).before, ("touchpoint", "before"), "count")
    assert sum(before.values()) == 6
    assert before["checkout_start", "add_to_cart"] == 1


def test_leaving_and_going_back_by_phase() -> None:
    whole = kr.journeys(read(oracle.webshop_columns()), conversion="order", after_conversion="continue")
    found = kr.drop_off(whole, by="phase")
    purchase = next(row for row in found if row["phase"] == "purchase")
    assert purchase["visits"] == 12
    # Five journeys end in the purchase phase; those that ordered are at rest, the others left.
    following = cells(found.next, ("phase", "next"), "count")
    assert following["purchase", "(end)"] + purchase["exits"] == 5
    assert following["purchase", "consideration"] == 2
    assert following["purchase", "delivery"] == 4
    assert following["purchase", "service"] == 1


def test_exit_rate_of_the_worked_example() -> None:
    expected = oracle.local_json("influence_tiny.json")["results"]["exit_B"]
    tiny = kr.journeys(read(oracle.tiny_columns()), conversion="conversion", gap="1d")
    row = next(row for row in kr.drop_off(tiny) if row["touchpoint"] == "B")
    assert (row["visits"], row["n"], row["exits"]) == (7, 6, 1)
    assert (row["lower"], row["upper"]) == pytest.approx((expected["lower"], expected["upper"]), rel=1e-9)
    wide = next(row for row in kr.drop_off(tiny, level=0.99, min_n=5) if row["touchpoint"] == "B")
    assert wide["lower"] < row["lower"]
    assert wide["upper"] > row["upper"]
    assert row["marks"] == "few_customers,few_effective"
    assert wide["marks"] == "few_effective"


def test_merged_repeats_are_one_visit() -> None:
    columns: dict[str, list[Any]] = {"customer": ["u"] * 4, "time": [0, 1, 2, 3], "touchpoint": ["a", "a", "b", "b"]}
    journeys = kr.journeys(read(columns))
    assert cells(kr.drop_off(journeys), ("touchpoint",), "visits") == {"a": 2, "b": 2}
    assert cells(kr.drop_off(journeys, collapse=True), ("touchpoint",), "visits") == {"a": 1, "b": 1}
    slow = cutting.cut(events.events_of(columns))
    expected = flow.drop_off(slow, collapse=True)
    found = kr.drop_off(journeys, collapse=True).next
    assert cells(found, ("touchpoint", "next"), "count") == {
        (here, there): n for here, row in expected.items() for there, n in row.next.items()
    }


def test_threads_change_nothing() -> None:
    columns = {
        "customer": [f"u{i % 9000}" for i in range(36000)],
        "time": [i * 1_000_000 for i in range(36000)],
        "touchpoint": [f"page {i * i % 37}" for i in range(36000)],
    }
    journeys = kr.journeys(read(columns))
    one, many = kr.drop_off(journeys, threads=1), kr.drop_off(journeys, threads=4)
    assert one == many
    assert one.before == many.before
    assert one.next == many.next
    last = Counter()
    for customer, page in zip(columns["customer"], columns["touchpoint"], strict=True):
        last[customer] = page  # type: ignore[assignment]
    assert cells(one, ("touchpoint",), "exits") | dict.fromkeys([], 0) == {
        page: Counter(last.values())[page] for page in set(columns["touchpoint"])
    }


def test_what_is_refused(journeys: kr.Journeys) -> None:
    with pytest.raises(kr.InputError, match=r"klantreis\.journeys"):
        kr.drop_off(journeys.log)  # type: ignore[arg-type]
    with pytest.raises(kr.InputError, match="channel"):
        kr.drop_off(journeys, by="channels")
