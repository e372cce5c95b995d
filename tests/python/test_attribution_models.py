# SPDX-License-Identifier: MIT
"""The further models of attribution and the Shapley games: against another tool, by hand, and what they refuse."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

import klantreis as kr
from bridge import cells, read
from klantreis._attribution import Game, Model
from oracle import local_json, rows_of, shared_file, shared_json, tiny_columns

DAY = 86_400_000_000
OPTIONS: dict[str, dict[str, Any]] = {
    "last_paid": {"paid": ["A"]},
    "custom": {"weights": lambda n: np.arange(n) + 1.0},
    "w_shaped": {"milestones": "B"},
    "full_path": {"milestones": ["B", "C"]},
}


@pytest.fixture(scope="module")
def tiny() -> kr.Journeys:
    return kr.journeys(read(tiny_columns()), conversion="conversion", gap="50d")


@pytest.fixture(scope="module")
def pathdata() -> kr.Paths:
    return kr.read_paths(
        str(shared_file("data/channelattribution_pathdata.parquet")),
        path="path",
        conversions="total_conversions",
        value="total_conversion_value",
        nulls="total_null",
        sep=">",
    )


def path_table(*paths: tuple[str, float, float]) -> kr.Paths:
    names, conversions, nulls = (list(column) for column in zip(*paths, strict=True))
    return kr.read_paths({"path": names, "total_conversions": conversions, "total_null": nulls}, nulls="total_null")


def credit_of(paths: kr.Paths, **options: Any) -> dict[str, float]:
    table = kr.attribute(paths, **options)
    return dict(zip(table["touchpoint"], table["credit"], strict=True))


def test_every_model_of_the_registry_has_its_name_in_python() -> None:
    assert kr.models()["model"] == list(get_args(Model))


@pytest.mark.parametrize("model", get_args(Model))
def test_credit_adds_up(tiny: kr.Journeys, model: Any) -> None:
    table = kr.attribute(tiny, model=model, **OPTIONS.get(model, {}))
    assert sum(table["credit"]) == pytest.approx(5)
    assert sum(table["share"]) == pytest.approx(1)
    assert sum(table["credit_value"]) == pytest.approx(300)
    assert table.options["model"] == model
    assert table.definition


def test_first_non_direct_and_last_paid() -> None:
    paths = path_table(("direct > ad > mail > direct", 2, 0))
    assert credit_of(paths, model="first_non_direct") == {"ad": 2, "direct": 0, "mail": 0}
    assert credit_of(paths, model="first_non_direct", direct=["direct", "ad"])["mail"] == 2
    assert credit_of(paths, model="last_paid", paid="ad")["ad"] == 2
    assert kr.attribute(paths, model="last_paid", paid=["ad", "mail"]).options["paid"] == "ad, mail"


@pytest.mark.parametrize("model", ["first_non_direct", "last_non_direct"])
def test_a_journey_of_direct_touches_only_keeps_its_credit(model: Any) -> None:
    assert credit_of(path_table(("direct > direct", 3, 1)), model=model) == {"direct": 3}


def test_presets_are_position_based() -> None:
    paths = path_table(("a > b > c > d", 10, 0), ("a > b", 5, 0), ("c", 1, 0))
    for model, weights in (("j_shaped", (0.2, 0.2, 0.6)), ("inverse_j", (0.6, 0.2, 0.2))):
        assert credit_of(paths, model=model) == credit_of(paths, model="position_based", weights=weights)


def test_linear_by_touch_and_by_item_differ_where_a_touch_repeats() -> None:
    paths = path_table(("a > a > a > b", 4, 0))
    assert credit_of(paths, model="linear") == {"a": 3, "b": 1}
    assert credit_of(paths, model="linear_distinct") == {"a": 2, "b": 2}


def test_time_decay_counts_whole_days() -> None:
    columns = {"customer": ["u"] * 3, "time": [0, 3 * DAY, 3 * DAY + 1], "touchpoint": ["ad", "mail", "order"]}
    table = kr.attribute(kr.journeys(read(columns), conversion="order"), model="time_decay", half_life="1d")
    assert cells(table, ("touchpoint",), "credit") == {"mail": pytest.approx(8 / 9), "ad": pytest.approx(1 / 9)}


def test_weights_of_the_caller(tiny: kr.Journeys) -> None:
    asked = []

    def weights(touches: int) -> list[float]:
        asked.append(touches)
        return [1.0] * touches

    found = kr.attribute(tiny, model="custom", weights=weights, threads=2)
    assert len(asked) == len(set(asked))
    assert found["credit"] == pytest.approx(kr.attribute(tiny, model="linear")["credit"])
    assert found["credit_lower"] == pytest.approx(kr.attribute(tiny, model="linear")["credit_lower"])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (lambda n: [1.0] * (n + 1), "one for each"),
        (lambda n: [-1.0] * n, "not negative"),
        (lambda n: [0.0] * n, "at least one"),
        (lambda n: [float("nan")] * n, "finite"),
    ],
)
def test_weights_that_make_no_sense_are_refused(tiny: kr.Journeys, weights: Any, message: str) -> None:
    with pytest.raises(kr.InputError, match=message):
        kr.attribute(tiny, model="custom", weights=weights)


def test_an_error_in_the_function_of_the_caller_arrives(tiny: kr.Journeys) -> None:
    def weights(touches: int) -> list[float]:
        raise ZeroDivisionError(f"for {touches} touches")

    with pytest.raises(ZeroDivisionError, match="touches"):
        kr.attribute(tiny, model="custom", weights=weights)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "custom"}, "needs a function"),
        ({"model": "linear", "weights": lambda n: [1.0] * n}, "belongs to model 'custom'"),
        ({"model": "last_paid"}, "needs the items that are paid for"),
        ({"model": "last_paid", "paid": "absent"}, "'absent'|\"absent\""),
        ({"model": "shapley", "game": "chess"}, "choose one of sum, exact_set, subset_rate"),
    ],
)
def test_missing_parameters_are_named(tiny: kr.Journeys, options: dict[str, Any], message: str) -> None:
    with pytest.raises(kr.InputError, match=message):
        kr.attribute(tiny, **options)


@pytest.mark.parametrize(("game", "column"), [("sum", "sum_game_closed_form"), ("exact_set", "mam_nolimit")])
def test_shapley_equals_other_tools(pathdata: kr.Paths, game: Game, column: str) -> None:
    table = kr.attribute(pathdata, model="shapley", game=game)
    found = cells(table, ("touchpoint",), "credit")
    expected = rows_of(shared_file("reference/attribution/shapley_exact.csv"))
    assert set(found) == {row["channel_name"] for row in expected}
    for row in expected:
        assert found[row["channel_name"]] == pytest.approx(float(row[column]), rel=1e-10, abs=1e-10)
    assert set(table["model"]) == {f"shapley_{game}"}
    assert sum(table["credit"]) == pytest.approx(19785, rel=1e-12)
    assert (min(table["credit"]) < 0) == (game == "exact_set")


def test_the_rate_game_equals_the_enumeration_of_all_coalitions(pathdata: kr.Paths) -> None:
    table = kr.attribute(pathdata, model="shapley", game="subset_rate")
    found = cells(table, ("touchpoint",), "share", "credit", "share_lower", "credit_upper")
    expected = shared_json("data/channelattribution_pathdata.oracle.json")["shapley_rate_game"]["share"]
    assert set(found) == set(expected)
    for name, (share, credit, lower, upper) in found.items():
        assert share == pytest.approx(expected[name], rel=1e-12)
        assert credit == pytest.approx(expected[name] * 19785, rel=1e-12)
        assert lower is None
        assert upper is None
    assert "No intervals" in table.definition
    assert table.options["game"] == "subset_rate"
    assert table.options["intervals"] == "none"


def test_the_sum_game_is_linear_over_distinct_items_with_its_intervals(pathdata: kr.Paths) -> None:
    game, rule = (kr.attribute(pathdata, model=model) for model in ("shapley", "linear_distinct"))
    for name in game.columns:
        if name != "model":
            assert game[name] == rule[name]


def test_glove_game() -> None:
    exact = local_json("worked_examples.json")["axiom_glove"]["shapley"]
    paths = path_table(("A", 6, 0), ("A > B", 6, 2), ("A > B > C", 3, 0))
    assert credit_of(paths, model="shapley") == {name: float(value) for name, value in exact.items()}


@pytest.mark.parametrize("game", get_args(Game))
def test_a_channel_is_not_taken_for_one_whose_name_contains_its_own(game: Game) -> None:
    rows = [("{0}", 2, 8), ("{1}", 5, 5), ("{1} > {2}", 6, 2), ("{0} > {2}", 1, 7), ("{0} > {1} > {2}", 3, 3)]

    def found(names: tuple[str, str, str]) -> list[float]:
        paths = path_table(*((path.format(*names), *counts) for path, *counts in rows))
        credit = credit_of(paths, model="shapley", game=game)
        return [credit[name] for name in names]

    assert found(("eta", "beta", "theta")) == found(("x", "y", "z"))


@pytest.mark.parametrize("game", get_args(Game))
def test_counted_rows_equal_rows_written_out(game: Game) -> None:
    counted = [("a > b", 3, 2), ("b", 2, 4), ("a", 1, 1)]
    written = [
        (path, *outcome)
        for path, conversions, nulls in counted
        for outcome in [(1, 0)] * conversions + [(0, 1)] * nulls
    ]
    first = credit_of(path_table(*counted), model="shapley", game=game)
    assert credit_of(path_table(*written), model="shapley", game=game) == pytest.approx(first)


@pytest.mark.parametrize("game", get_args(Game))
def test_games_of_journeys_equal_those_of_their_paths(tiny: kr.Journeys, game: Game) -> None:
    first = kr.attribute(tiny, model="shapley", game=game)
    assert first.to_dicts() == kr.attribute(kr.paths(tiny), model="shapley", game=game).to_dicts()
    assert set(first["n"]) == {8}


def test_positions_equal_ordered_shapley_values(pathdata: kr.Paths) -> None:
    found = cells(kr.shapley_positions(pathdata), ("touchpoint", "position"), "credit")
    expected = rows_of(shared_file("reference/attribution/shapley_ordered_positions.csv"))
    positions = {(row["channel_name"], int(row["position"])): float(row["credit"]) for row in expected}
    assert set(found) == {key for key, credit in positions.items() if credit}
    for key, credit in found.items():
        assert credit == pytest.approx(positions[key], rel=1e-12)


def test_positions_of_journeys(tiny: kr.Journeys) -> None:
    table = kr.shapley_positions(tiny)
    assert sum(table["credit"]) == pytest.approx(5)
    assert sum(table["credit_value"]) == pytest.approx(300)
    assert table.to_dicts() == kr.shapley_positions(kr.paths(tiny)).to_dicts()
    with pytest.raises(kr.InputError, match="make them with"):
        kr.shapley_positions(kr.paths(tiny), by="channel")


def test_models_below_each_other(tiny: kr.Journeys) -> None:
    table = kr.compare_models(tiny, models=["linear", "markov", "shapley"], skill=False)
    names = ["touchpoint", "model", "share", "share_lower", "share_upper", "credit", "n", "marks"]
    assert table.columns == names
    assert list(dict.fromkeys(table["model"])) == ["linear", "markov", "shapley_sum"]
    alone = kr.attribute(tiny, model="markov")
    rows = [row for row in table.to_dicts() if row["model"] == "markov"]
    assert rows == [{name: row[name] for name in names} for row in alone.to_dicts()]


def test_models_with_arguments_of_their_own(tiny: kr.Journeys) -> None:
    orders = {f"order {k}": {"model": "markov", "order": k} for k in (1, 2)}
    table = kr.compare_models(kr.paths(tiny), models=orders, intervals=False)
    assert len(table) == 6
    assert set(table["share_lower"]) == {None}
    credit = cells(table, ("model", "touchpoint"), "credit")
    for name, arguments in orders.items():
        for item, value in cells(kr.attribute(tiny, **arguments), ("touchpoint",), "credit").items():
            assert credit[name, item] == pytest.approx(value)


def test_comparing_nothing_is_refused(tiny: kr.Journeys) -> None:
    for models in ([], "linear"):
        with pytest.raises(kr.InputError, match="models is"):
            kr.compare_models(tiny, models=models)  # type: ignore[arg-type]
