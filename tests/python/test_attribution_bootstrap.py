# SPDX-License-Identifier: MIT
"""Drawing customers: the weights, what they come to, and how long it takes."""

from __future__ import annotations

import pytest

import klantreis as kr
from bridge import cells, read
from klantreis import _core
from oracle import local_json, shared_file, tiny_columns

ROWS = [("A>B", 10, 30), ("A", 5, 60), ("B>A>B", 6, 8), ("B", 12, 40), ("C>B", 3, 9), ("C", 1, 25), ("A>C", 2, 14)]


@pytest.fixture(scope="module")
def tiny() -> kr.Journeys:
    return kr.journeys(read(tiny_columns()), conversion="conversion", gap="50d")


def seven_rows() -> kr.Paths:
    names, conversions, nulls = (list(column) for column in zip(*ROWS, strict=True))
    return kr.read_paths({"path": names, "total_conversions": conversions, "total_null": nulls}, nulls="total_null")


def test_weights_are_those_of_the_vectors() -> None:
    for vector in local_json("statistics/bootstrap_hash_paths.json")["test_vectors"]:
        weight = _core.bootstrap_weight(str(vector["customer"]), vector["seed"], vector["replicate"])
        assert weight == vector["weight"]


def test_replicates_count_each_customer_as_often_as_drawn(tiny: kr.Journeys) -> None:
    paths = kr.paths(tiny)
    customers = [f"u{i}" for i in range(1, 9)]
    for replicate in range(3):
        weights = [_core.bootstrap_weight(u, 5, replicate) for u in customers]
        drawn = _core.resample_paths(paths._handle, seed=5, replicate=replicate)
        own = {
            u: sum(j["converted"] for j in journeys)
            for u, journeys in local_json("influence_tiny.json")["customers"].items()
        }
        expected = sum(w * own[u] for w, u in zip(weights, customers, strict=True)) * 8 / sum(weights)
        assert drawn.conversions == pytest.approx(expected)


def test_spread_of_a_path_table_is_that_of_an_independent_bootstrap() -> None:
    expected = local_json("statistics/bootstrap_hash_paths.json")["path_table"]
    found = cells(
        kr.attribute(seven_rows(), intervals="bootstrap", replicates=4000),
        ("touchpoint",), "removal_effect_lower", "removal_effect_upper", "credit_lower", "credit_upper",
    )  # fmt: skip
    spread = expected["bootstrap_sd_20000"]
    for i, item in enumerate("ABC"):
        low, high, credit_low, credit_high = found[item]
        assert (high - low) / (2 * 1.96) == pytest.approx(spread[1 + i], rel=0.08)
        assert (credit_high - credit_low) / (2 * 1.96) == pytest.approx(spread[4 + i], rel=0.08)


def test_bounds_hold_the_estimate_and_do_not_depend_on_threads(tiny: kr.Journeys) -> None:
    one = kr.attribute(tiny, intervals="bootstrap", replicates=50, threads=1)
    assert one.to_dicts() == kr.attribute(tiny, intervals="bootstrap", replicates=50, threads=3).to_dicts()
    assert one["credit"] == pytest.approx(kr.attribute(tiny)["credit"])
    assert one["rank"] == [1, 2, 3]
    assert all(row["rank_lower"] <= row["rank"] <= row["rank_upper"] for row in one)
    assert one.to_dicts() != kr.attribute(tiny, intervals="bootstrap", replicates=50, seed=1).to_dicts()
    assert one.options["replicates"] == "50"


def test_models_without_influence_values_have_drawn_bounds(tiny: kr.Journeys) -> None:
    for options in ({"model": "shapley", "game": "within_rate"}, {"model": "shao_li"}, {"removal": "skip"}):
        found = kr.attribute(tiny, intervals="bootstrap", replicates=40, **options)
        assert all(row["credit_lower"] <= row["credit_upper"] for row in found)
        assert sum(found["credit"]) == pytest.approx(5)


def test_replicates_without_a_conversion_are_counted() -> None:
    paths = kr.read_paths({"path": ["a", "b"], "total_conversions": [1, 0], "total_null": [3, 3]}, nulls="total_null")
    found = kr.attribute(paths, model="last_touch", intervals="bootstrap", replicates=200)
    assert int(found.options["degenerate"]) == pytest.approx(200 / 2.718, abs=30)


def test_200_replicates_of_a_public_path_table_agree_with_the_closed_form() -> None:
    paths = kr.read_paths(
        str(shared_file("data/channelattribution_pathdata.parquet")), nulls="total_null", value="total_conversion_value"
    )
    found = kr.attribute(paths, intervals="bootstrap", replicates=200, threads=1)
    by_influence = cells(kr.attribute(paths), ("touchpoint",), "credit_lower", "credit_upper")
    for row in found:
        if row["credit"] > 100:
            low, high = by_influence[row["touchpoint"]]
            assert row["credit_upper"] - row["credit_lower"] == pytest.approx(high - low, rel=0.35)
