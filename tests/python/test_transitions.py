# SPDX-License-Identifier: MIT
"""What kr.transitions promises beside its counts, which are compared with the reference in test_properties_flow."""

from __future__ import annotations

from typing import Any

import pytest

import klantreis as kr
import oracle
from bridge import cut, read

DAY = oracle.DAY


def small(rows: list[tuple[str, str, str]], **options: Any) -> kr.Journeys:
    """Journeys of (customer, day of March 2024, touchpoint)."""
    log = kr.read(
        {
            "customer_id": [row[0] for row in rows],
            "timestamp": [f"2024-03-{row[1]}" for row in rows],
            "touchpoint": [row[2] for row in rows],
        }
    )
    return kr.journeys(log, **options)


def edges(table: kr.Table) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["from"], row["to"]): row for row in table.to_dicts()}


def test_columns_and_quantities() -> None:
    table = kr.transitions(small([("a", "01", "view"), ("a", "02", "order")], conversion="order"))
    assert table.columns == [
        "from", "to", "weight", "n", "probability", "lower", "upper", "marks", "median_time",
    ]  # fmt: skip
    assert [table.quantity(name) for name in ("weight", "n", "probability", "median_time")] == [
        "count", "count", "share", "seconds",
    ]  # fmt: skip
    assert table["weight"] == [1, 1]
    assert "customers" in table.definition
    assert table.options["by"] == "touchpoint"
    assert table.options["conversion"] == "order"


def test_interval_of_the_worked_example() -> None:
    expected = oracle.local_json("influence_tiny.json")["results"]["p_AB"]
    journeys = cut(read(oracle.tiny_columns()), conversion=["conversion"], gap=DAY)
    row = edges(kr.transitions(journeys))["A", "B"]
    assert (row["weight"], row["n"], row["probability"]) == (2, 7, 0.25)
    assert (row["lower"], row["upper"]) == pytest.approx((expected["lower"], expected["upper"]), abs=1e-9)
    assert row["marks"] == "few_customers,few_effective"


def test_min_n_and_level_are_passed_on() -> None:
    journeys = cut(read(oracle.tiny_columns()), conversion=["conversion"], gap=DAY)
    wide = edges(kr.transitions(journeys, level=0.99, min_n=2))["A", "B"]
    usual = edges(kr.transitions(journeys))["A", "B"]
    assert wide["lower"] < usual["lower"] < usual["upper"] < wide["upper"]
    assert wide["marks"] == "few_effective"
    with pytest.raises(kr.InputError, match="level"):
        kr.transitions(journeys, level=1.5)


def test_time_is_from_event_to_event_and_null_where_there_is_none() -> None:
    rows = edges(
        kr.transitions(
            small(
                [
                    ("a", "01", "view"),
                    ("a", "03", "cart"),
                    ("a", "09", "order"),
                    ("b", "01", "view"),
                    ("b", "02", "cart"),
                ],
                conversion="order",
            )
        )
    )
    assert rows["view", "cart"]["median_time"] == 1.5 * 86_400
    assert rows["(start)", "view"]["median_time"] is None
    assert rows["cart", "(null)"]["median_time"] is None


def test_collapse_merges_runs_and_names_them_by_their_first_event() -> None:
    journeys = small([("a", "01", "view"), ("a", "02", "view"), ("a", "04", "cart")])
    kept = edges(kr.transitions(journeys))
    merged = edges(kr.transitions(journeys, collapse=True))
    assert kept["view", "view"]["weight"] == 1
    assert kept["view", "cart"]["median_time"] == 2 * 86_400
    assert ("view", "view") not in merged
    assert merged["view", "cart"]["median_time"] == 3 * 86_400


def test_a_log_without_time_has_no_times() -> None:
    log = kr.read({"customer_id": [1, 1], "touchpoint": ["view", "cart"], "step": [1, 2]}, time=None, order="step")
    assert kr.transitions(kr.journeys(log))["median_time"] == [None, None, None]


def test_paths_give_the_same_as_their_journeys() -> None:
    journeys = cut(read(oracle.tiny_columns()), conversion=["conversion"], gap=DAY)
    direct = kr.transitions(journeys)
    of_paths = kr.transitions(kr.paths(journeys))
    for name in ("from", "to", "weight", "n", "probability", "lower", "upper", "marks"):
        assert of_paths[name] == direct[name]
    assert set(of_paths["median_time"]) == {None}


def test_a_path_table_counts_every_conversion_and_null() -> None:
    paths = kr.read_paths(
        {"path": ["a > b", "b"], "conversions": [3, 1], "nulls": [5, 0]},
        path="path", conversions="conversions", nulls="nulls",
    )  # fmt: skip
    rows = edges(kr.transitions(paths))
    assert rows["(start)", "a"]["weight"] == 8
    assert (rows["b", "(conversion)"]["weight"], rows["b", "(conversion)"]["n"]) == (4, 9)
    with pytest.raises(kr.InputError, match="by and collapse"):
        kr.transitions(paths, by="channel")


def test_what_cannot_be_asked_says_what_can() -> None:
    journeys = small([("a", "01", "view")])
    with pytest.raises(kr.InputError, match="touchpoint"):
        kr.transitions(journeys, by="chanel")
    with pytest.raises(kr.InputError, match=r"klantreis\.journeys"):
        kr.transitions(journeys.log)  # type: ignore[arg-type]
    with pytest.raises(kr.InputError, match="threads"):
        kr.transitions(journeys, threads=0)


@pytest.mark.filterwarnings("ignore:no journey is settled")
def test_no_settled_journey_gives_no_rows() -> None:
    table = kr.transitions(small([("a", "01", "view"), ("a", "02", "cart")], inactivity="30d"))
    assert len(table) == 0
    assert table.columns[:2] == ["from", "to"]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_change_nothing(threads: int) -> None:
    rows = [(f"c{i % 97}", f"{1 + i % 28:02d}", "abcde"[(i * i) % 5]) for i in range(2000)]
    journeys = small(rows, conversion="e")
    assert kr.transitions(journeys, threads=threads) == kr.transitions(journeys)
