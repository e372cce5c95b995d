# SPDX-License-Identifier: MIT
"""Attribution on a public path table: exact numbers of a dense solve, and the rules of another tool."""

from __future__ import annotations

import pytest

import klantreis as kr
from bridge import cells
from oracle import rows_of, shared_file, shared_json


@pytest.fixture(scope="module")
def paths() -> kr.Paths:
    return kr.read_paths(
        str(shared_file("data/channelattribution_pathdata.parquet")),
        path="path",
        conversions="total_conversions",
        value="total_conversion_value",
        nulls="total_null",
        sep=">",
    )


@pytest.fixture(scope="module")
def paths_without_nulls() -> kr.Paths:
    return kr.read_paths(
        str(shared_file("data/channelattribution_pathdata.parquet")),
        path="path",
        conversions="total_conversions",
        value="total_conversion_value",
        sep=">",
    )


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("nulls", ["null", "nonull"])
def test_markov_equals_the_exact_solution(request: pytest.FixtureRequest, order: int, nulls: str) -> None:
    table = request.getfixturevalue("paths" if nulls == "null" else "paths_without_nulls")
    found = cells(
        kr.attribute(table, model="markov", order=order),
        ("touchpoint",),
        "removal_effect",
        "removal_effect_value",
        "credit",
        "credit_value",
    )
    expected = rows_of(shared_file(f"reference/attribution/exact_markov_order{order}_{nulls}.csv"))
    assert set(found) == {row["channel_name"] for row in expected}
    for row in expected:
        effect, effect_value, credit, credit_value = found[row["channel_name"]]
        assert effect == pytest.approx(float(row["re_conv"]), rel=1e-9, abs=1e-10)
        assert effect_value == pytest.approx(float(row["re_value"]), rel=1e-9, abs=1e-10)
        assert credit == pytest.approx(float(row["total_conversions"]), rel=1e-8)
        assert credit_value == pytest.approx(float(row["total_conversion_value"]), rel=1e-8)


def test_long_orders_give_the_share_of_conversions_that_contain_the_channel(paths: kr.Paths) -> None:
    found = cells(kr.attribute(paths, model="markov", order=200), ("touchpoint",), "removal_effect")
    for row in rows_of(shared_file("reference/attribution/exact_removal_order_inf.csv")):
        assert found[row["channel_name"]] == pytest.approx(float(row["re_inf"]), abs=1e-10)


@pytest.mark.parametrize(
    ("model", "prefix"), [("first_touch", "first_touch"), ("last_touch", "last_touch"), ("linear", "linear_touch")]
)
def test_rules_equal_channelattribution(paths: kr.Paths, model: str, prefix: str) -> None:
    found = cells(kr.attribute(paths, model=model), ("touchpoint",), "credit", "credit_value")
    expected = rows_of(shared_file("reference/attribution/ca_heuristic.csv"))
    assert len(found) == len(expected)
    for row in expected:
        credit, value = found[row["channel_name"]]
        assert credit == pytest.approx(float(row[f"{prefix}_conversions"]), abs=1e-8)
        assert value == pytest.approx(float(row[f"{prefix}_value"]), abs=1e-7)


@pytest.mark.parametrize(
    "model", ["first_touch", "last_touch", "last_non_direct", "linear", "position_based", "markov"]
)
def test_credits_sum_to_the_conversions_and_the_value(paths: kr.Paths, model: str) -> None:
    expected = shared_json("data/channelattribution_pathdata.oracle.json")
    rows = kr.attribute(paths, model=model).to_dicts()
    assert sum(row["credit"] for row in rows) == pytest.approx(expected["conversions"], rel=1e-12)
    assert sum(row["credit_value"] for row in rows) == pytest.approx(expected["value"], rel=1e-12)
    assert sum(row["share"] for row in rows) == pytest.approx(1, rel=1e-12)
