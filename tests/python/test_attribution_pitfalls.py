# SPDX-License-Identifier: MIT
"""What attribution tools are known to get wrong, one test for each."""

from __future__ import annotations

import itertools
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import klantreis as kr
from bridge import cells, read
from klantreis._attribution import Model

MODELS = [model for model in get_args(Model) if model not in ("time_decay", "additive_hazard")]
DAY = 86_400_000_000


def options_of(model: str, item: str = "a", other: str = "b") -> dict[str, Any]:
    own: dict[str, dict[str, Any]] = {
        "last_paid": {"paid": [item]},
        "custom": {"weights": lambda n: range(1, n + 1)},
        "w_shaped": {"milestones": item},
        "full_path": {"milestones": [item, other]},
    }
    return {"model": model, **own.get(model, {})}


def table_of(rows: list[tuple[str, float, float, float]]) -> kr.Paths:
    names = ("path", "total_conversions", "total_null", "value")
    return kr.read_paths(
        {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)},
        nulls="total_null", value="value",
    )  # fmt: skip


ROWS = [("a > b", 3, 4, 30.0), ("b", 2, 9, 10.0), ("c > a > b > a", 1, 2, 7.0), ("a > c", 0, 5, 0.0)]


def credits(paths: kr.Paths, model: str, *names: str) -> dict[Any, Any]:
    columns = ("credit", "credit_value") if model != "shapley_rates" else ("credit",)
    found = kr.attribute(paths, intervals=False, **options_of(model, *names))
    return cells(found, ("touchpoint",), *columns)


@pytest.mark.parametrize("model", MODELS)
def test_names_within_other_names_change_nothing(model: str) -> None:
    plain = credits(table_of(ROWS), model)
    names = {"a": "eta", "b": "beta", "c": "theta"}
    renamed = [(" > ".join(names[i] for i in path.split(" > ")), *rest) for path, *rest in ROWS]
    found = credits(table_of(renamed), model, "eta", "beta")
    for item, credit in plain.items():
        assert found[names.get(item, item)] == pytest.approx(credit)


@pytest.mark.parametrize("model", MODELS)
def test_the_value_of_grouped_rows_is_kept(model: str) -> None:
    grouped = credits(table_of(ROWS), model)
    single = [
        row
        for path, won, lost, value in ROWS
        for row in [(path, 1.0, 0.0, value / max(won, 1))] * int(won) + [(path, 0.0, 1.0, 0.0)] * int(lost)
    ]
    written = credits(table_of(single), model)
    for item, pair in grouped.items():
        assert written[item] == pytest.approx(pair)
    assert sum(value for _, value in grouped.values()) == pytest.approx(47)


@pytest.mark.parametrize("model", MODELS)
def test_fractional_conversions_are_not_cut(model: str) -> None:
    rows = [(path, won * 0.25, lost * 0.25, value) for path, won, lost, value in ROWS]
    found = credits(table_of(rows), model)
    assert sum(credit for credit, _ in found.values()) == pytest.approx(1.5)
    if model != "logistic":  # its penalty does not shrink with the counts
        for item, pair in credits(table_of(ROWS), model).items():
            assert found[item][0] == pytest.approx(pair[0] / 4)


@pytest.mark.parametrize("model", MODELS)
def test_shuffled_and_split_rows_give_the_same(model: str) -> None:
    expected = credits(table_of(ROWS), model)
    split = [(path, won / 2, lost / 2, value / 2) for path, won, lost, value in ROWS * 2]
    for rows in (ROWS[::-1], split):
        found = credits(table_of(rows), model)
        for item, pair in expected.items():
            assert found[item] == pytest.approx(pair, abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_a_table_without_nulls_works(model: str) -> None:
    rows = [(path, won, 0.0, value) for path, won, _, value in ROWS]
    found = credits(table_of(rows), model)
    assert sum(credit for credit, _ in found.values()) == pytest.approx(6)


@pytest.mark.parametrize("model", MODELS)
def test_self_loops_and_repeats(model: str) -> None:
    found = credits(table_of([("a > a > a > b > b", 4, 3, 8.0), ("b > b", 2, 6, 1.0)]), model)
    assert sum(credit for credit, _ in found.values()) == pytest.approx(6)
    assert all(credit >= 0 for credit, _ in found.values())


@pytest.mark.parametrize("model", MODELS)
def test_paths_of_more_than_256_characters(model: str) -> None:
    long = " > ".join(f"channel number {i:03}" for i in range(120))
    found = credits(table_of([(f"{long} > a > b", 2, 1, 4.0), ("a > b", 1, 5, 1.0)]), model)
    assert len(found) == 122
    assert sum(credit for credit, _ in found.values()) == pytest.approx(3)


@pytest.mark.parametrize("model", MODELS)
def test_empty_paths_keep_their_conversions_apart(model: str) -> None:
    found = credits(table_of([*ROWS, ("", 5, 1, 50.0)]), model)
    assert found["(unattributed)"] == pytest.approx((5, 50))
    assert sum(credit for credit, _ in found.values()) == pytest.approx(11)


@pytest.mark.parametrize("model", ["last_non_direct", "first_non_direct", "linear", "markov", "shapley"])
def test_journeys_of_direct_touches_only(model: str) -> None:
    found = credits(table_of([("direct > direct", 3, 1, 9.0)]), model)
    assert found == {"direct": pytest.approx((3, 9))}


def test_a_position_without_touches_between_eats_nothing() -> None:
    for weights in ((0.4, 0.2, 0.4), (0.1, 0.8, 0.1), (0.0, 1.0, 0.0)):
        found = kr.attribute(
            table_of([("a > b", 4, 0, 1.0), ("a", 2, 0, 1.0)]), model="position_based", weights=weights
        )
        assert sum(found["credit"]) == pytest.approx(6)


def test_every_model_of_times_adds_up() -> None:
    columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": []}
    for customer, (path, converted) in enumerate(
        itertools.product((["a"], ["a", "b"], ["b", "a", "a"]), (True, False))
    ):
        for day, step in enumerate([*path, *(["order"] if converted else [])]):
            columns["customer"].append(f"u{customer}")
            columns["time"].append(day * DAY)
            columns["touchpoint"].append(step)
    journeys = kr.journeys(read(columns), conversion="order")
    for model in ("time_decay", "additive_hazard"):
        found = kr.attribute(journeys, model=model)  # type: ignore[arg-type]
        assert sum(found["credit"]) == pytest.approx(3)
        assert min(found["credit"]) >= 0


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from("abcde"), min_size=1, max_size=6).map(" > ".join),
            st.integers(0, 5).map(float),
            st.integers(0, 5).map(float),
            st.just(0.0),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from([m for m in MODELS if m not in ("w_shaped", "full_path", "last_paid")]),
)
def test_credit_adds_up_on_random_paths(rows: list[tuple[str, float, float, float]], model: str) -> None:
    won = sum(conversions for _, conversions, _, _ in rows)
    paths = table_of([(path, conversions, nulls, conversions) for path, conversions, nulls, _ in rows])
    found = kr.attribute(paths, intervals=False, **options_of(model))
    if won:
        assert sum(found["credit"]) == pytest.approx(won)
        assert sum(found["share"]) == pytest.approx(1)
        assert min(found["credit"]) >= -1e-12
