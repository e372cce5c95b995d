# SPDX-License-Identifier: MIT
"""The functions of ChannelAttribution: its columns, its order of rows, its numbers where it does not simulate."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import klantreis as kr
from klantreis.compat import channelattribution as ca
from oracle import rows_of, shared_file, shared_json


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return pd.read_parquet(shared_file("data/channelattribution_pathdata.parquet"))


def frame(name: str) -> pd.DataFrame:
    return pd.DataFrame(rows_of(shared_file(f"reference/attribution/{name}.csv")))


def same_numbers(found: pd.DataFrame, expected: pd.DataFrame, columns: list[str], **tolerance: float) -> None:
    for column in columns:
        assert found[column].to_numpy() == pytest.approx(expected[column].astype(float).to_numpy(), **tolerance)


def test_heuristics(data: pd.DataFrame) -> None:
    found = ca.heuristic_models(data, "path", "total_conversions", var_value="total_conversion_value")
    expected = frame("ca_heuristic")
    assert list(found.columns) == list(expected.columns)
    assert found["channel_name"].tolist() == expected["channel_name"].tolist()
    same_numbers(found, expected, list(expected.columns[1:]), abs=1e-7)
    plain = ca.heuristic_models(data, "path", "total_conversions")
    assert list(plain.columns) == ["channel_name", "first_touch", "last_touch", "linear_touch"]


@pytest.mark.parametrize("equal", [True, False])
def test_transition_matrices(data: pd.DataFrame, equal: bool) -> None:
    found = ca.transition_matrix(data, "path", "total_conversions", "total_null", flg_equal=equal)
    channels = frame("ca_tm_channels")
    assert found["channels"].astype(str).to_numpy().tolist() == channels.astype(str).to_numpy().tolist()
    matrix, expected = found["transition_matrix"], frame(f"ca_tm_order1_equal{int(equal)}")
    assert list(matrix.columns) == list(expected.columns)
    for column in ("channel_from", "channel_to"):
        assert matrix[column].tolist() == expected[column].tolist()
    same_numbers(matrix, expected, ["transition_probability"], abs=1e-14)


@pytest.mark.parametrize(("order", "nulls"), [(1, "null"), (2, "null"), (3, "null"), (4, "null"), (2, "nonull")])
def test_markov_models(data: pd.DataFrame, order: int, nulls: str) -> None:
    found: Any = ca.markov_model(
        data, "path", "total_conversions", var_value="total_conversion_value",
        var_null="total_null" if nulls == "null" else None, order=order, out_more=True,
    )  # fmt: skip
    expected = frame(f"exact_markov_order{order}_{nulls}")
    assert list(found["result"].columns) == ["channel_name", "total_conversions", "total_conversion_value"]
    assert found["result"]["channel_name"].tolist() == expected["channel_name"].tolist()
    same_numbers(found["result"], expected, ["total_conversions", "total_conversion_value"], rel=1e-8)
    effects = found["removal_effects"]
    assert list(effects.columns) == [
        "channel_name", "removal_effects_conversion", "removal_effects_conversion_value",
    ]  # fmt: skip
    assert effects["removal_effects_conversion"].to_numpy() == pytest.approx(
        expected["re_conv"].astype(float).to_numpy(), rel=1e-9, abs=1e-10
    )


def test_the_automatic_order(data: pd.DataFrame) -> None:
    found = ca.auto_markov_model(data, "path", "total_conversions", "total_null", max_order=3)
    order = ca.choose_order(data, "path", "total_conversions", "total_null", max_order=3, plot=False)["suggested_order"]
    expected = ca.markov_model(data, "path", "total_conversions", var_null="total_null", order=order)
    pd.testing.assert_frame_equal(found, expected)


def test_arguments_of_the_simulation_are_taken_with_a_note() -> None:
    table = pd.DataFrame({"path": ["a > b", "b"], "conv": [2, 1]})
    with pytest.warns(UserWarning, match="nsim_start, seed belong to the simulation"):
        noted = ca.markov_model(table, "path", "conv", nsim_start=1e6, seed=7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quiet = ca.markov_model(table, "path", "conv")
    pd.testing.assert_frame_equal(noted, quiet)


def test_fractional_conversions_count() -> None:
    table = pd.DataFrame({"path": ["A", "B"], "conv": [0.5, 1.7]})
    assert ca.heuristic_models(table, "path", "conv")["first_touch"].tolist() == [0.5, 1.7]


def test_a_state_without_journeys_has_no_infinite_row() -> None:
    table = pd.DataFrame({"path": ["a > b", "b > d", "c > d"], "conv": [1, 1, 0], "null": [1, 0, 0]})
    matrix = ca.transition_matrix(table, "path", "conv", "null")["transition_matrix"]
    assert np.isfinite(matrix["transition_probability"]).all()
    assert matrix.groupby("channel_from")["transition_probability"].sum().tolist() == pytest.approx([1, 1, 1, 1])


def test_missing_and_empty_paths() -> None:
    with pytest.raises(kr.InputError, match=r"row 1 .*path is null"):
        ca.heuristic_models(pd.DataFrame({"path": ["a", None], "conv": [1, 1]}), "path", "conv")
    found = ca.markov_model(pd.DataFrame({"path": ["a", "  "], "conv": [1, 1]}), "path", "conv")
    assert found.to_numpy().tolist() == [["a", 1.0], ["(unattributed)", 1.0]]


def test_equal_calls_give_equal_results(data: pd.DataFrame) -> None:
    spread = pd.DataFrame(rows_of(shared_file("reference/attribution/ca_default_spread_order1.csv")))
    found = [ca.markov_model(data, "path", "total_conversions", var_null="total_null") for _ in range(2)]
    pd.testing.assert_frame_equal(*found)
    exact = dict(zip(spread["channel_name"], spread["exact"].astype(float), strict=True))
    for name, credit in zip(found[0]["channel_name"], found[0]["total_conversions"], strict=True):
        assert credit == pytest.approx(exact[name], rel=1e-8)


def test_the_oracle_of_the_whole_table(data: pd.DataFrame) -> None:
    known = shared_json("data/channelattribution_pathdata.oracle.json")
    found = ca.markov_model(data, "path", "total_conversions", var_null="total_null")
    assert found["total_conversions"].sum() == pytest.approx(known["conversions"])
