# SPDX-License-Identifier: MIT
"""kr.attribute and kr.models: options, errors, columns, and units of path tables."""

from __future__ import annotations

from typing import Any

import pytest
from reference import influence
from reference.sequences import Trip

import klantreis as kr
from bridge import cells, read
from oracle import local_json, rows_of, shared_file, tiny_columns

MODELS = ["first_touch", "last_touch", "last_non_direct", "linear", "position_based", "time_decay", "markov"]
DAY = 86_400_000_000


@pytest.fixture(scope="module")
def tiny() -> kr.Journeys:
    return kr.journeys(read(tiny_columns()), conversion="conversion", gap="50d")


def path_table(rows: list[tuple[str, float, float, float]]) -> kr.Paths:
    columns = dict(
        zip(("path", "total_conversions", "total_null", "value"), map(list, zip(*rows, strict=True)), strict=True)
    )
    return kr.read_paths(columns, nulls="total_null", value="value")


def bounds(*names: str) -> list[str]:
    return [name + end for name in names for end in ("", "_lower", "_upper")]


def test_columns_of_markov(tiny: kr.Journeys) -> None:
    names = ["removal_effect", "share", "credit", "removal_effect_value", "credit_value"]
    assert kr.attribute(tiny).columns == ["touchpoint", "model", *bounds(*names), "n", "marks"]


@pytest.mark.parametrize("model", MODELS[:-1])
def test_columns_of_rules(tiny: kr.Journeys, model: Any) -> None:
    table = kr.attribute(tiny, model=model)
    names = ["share", "credit", "credit_value"]
    assert table.columns == ["touchpoint", "model", *bounds(*names), "n", "marks"]
    assert set(table["model"]) == {model}
    assert sum(table["credit"]) == pytest.approx(5)
    assert sum(table["share"]) == pytest.approx(1)
    assert sum(table["credit_value"]) == pytest.approx(300)


def test_without_values_there_are_no_value_columns() -> None:
    columns = {name: cells for name, cells in tiny_columns().items() if name != "value"}
    journeys = kr.journeys(read(columns), conversion="conversion", gap="50d")
    assert not [name for name in kr.attribute(journeys).columns if "value" in name]


@pytest.mark.parametrize("model", MODELS)
def test_rows_stand_by_credit_then_name_with_the_unattributed_last(model: Any) -> None:
    columns = {
        "customer": ["u", "u", "u", "v", "w", "x"],
        "time": [DAY, 2 * DAY, 3 * DAY, DAY, DAY, DAY],
        "touchpoint": ["b", "a", "order", "order", "order", "zero"],
    }
    table = kr.attribute(kr.journeys(read(columns), conversion="order"), model=model)
    assert table["touchpoint"][-2:] == ["zero", "(unattributed)"]
    assert table["credit"][-2:] == [0, 2]
    assert table["credit"][:2] == sorted(table["credit"][:2], reverse=True)
    assert sum(table["share"]) == pytest.approx(1)


def test_options_and_definition_are_kept(tiny: kr.Journeys) -> None:
    table = kr.attribute(tiny, order=2, lookback="90d", min_n=5, level=0.9)
    kept = {"model": "markov", "order": "2", "lookback": "90d", "level": "0.9", "min_n": "5", "by": "touchpoint"}
    assert kept.items() <= table.options.items()
    assert float(table.options["error_bound"]) < 1e-9
    assert "removal effect" in table.definition
    assert kr.attribute(tiny, model="time_decay", half_life="36h").options["half_life"] == "36h"


def test_self_transitions_change_no_number() -> None:
    paths = path_table([("a > a > b", 3, 4, 9.0), ("b > b", 1, 2, 5.0), ("a", 2, 5, 1.0)])
    merged = kr.attribute(paths, order=2)
    kept = kr.attribute(paths, order=2, self_transitions=True)
    for name in ("removal_effect", "credit_lower", "removal_effect_value_upper"):
        assert kept[name] == pytest.approx(merged[name], abs=1e-12)


def test_intervals_can_be_left_out(tiny: kr.Journeys) -> None:
    with_bounds, without = kr.attribute(tiny), kr.attribute(tiny, intervals=False)
    assert without["credit"] == with_bounds["credit"]
    assert without["credit_lower"] == [None] * 3
    assert without.options["intervals"] == "none"


def test_level_and_marks(tiny: kr.Journeys) -> None:
    narrow, wide = kr.attribute(tiny, level=0.5), kr.attribute(tiny, level=0.99)
    assert all(a < b for a, b in zip(wide["credit_lower"], narrow["credit_lower"], strict=True))
    assert all("few_customers" in marks for marks in wide["marks"])
    assert not any("few_customers" in marks for marks in kr.attribute(tiny, min_n=8)["marks"])


def test_any_number_of_threads_gives_the_same(tiny: kr.Journeys) -> None:
    for model in ("linear", "markov"):
        assert (
            kr.attribute(tiny, model=model, threads=1).to_dicts()
            == kr.attribute(tiny, model=model, threads=3).to_dicts()
        )


def test_direct_touches_by_name() -> None:
    paths = path_table([("a > b > direct > (own site)", 1, 0, 0.0)])
    credit = cells(kr.attribute(paths, model="last_non_direct"), ("touchpoint",), "credit")
    assert credit["(own site)"] == 1
    credit = cells(
        kr.attribute(paths, model="last_non_direct", direct=["direct", "(own site)"]), ("touchpoint",), "credit"
    )
    assert credit["b"] == 1


def test_weights_of_positions() -> None:
    paths = path_table([("a > b > c > d", 1, 0, 0.0)])
    credit = cells(kr.attribute(paths, model="position_based", weights=(0.3, 0.1, 0.6)), ("touchpoint",), "credit")
    assert credit == pytest.approx({"a": 0.3, "b": 0.05, "c": 0.05, "d": 0.6})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "magic"}, "choose one of first_touch, .*markov"),
        ({"order": 0}, "order is 0"),
        ({"order": 1.5}, "whole number"),
        ({"by": "channel"}, "channel"),
        ({"weights": (0.4, 0.4)}, "three parts"),
        ({"weights": (0.5, 0.5, 0.5)}, "add up to 1"),
        ({"weights": "abc"}, "three parts"),
        ({"half_life": "soon"}, "half_life"),
        ({"lookback": "-1d"}, "lookback"),
        ({"threads": 0}, "threads"),
        ({"level": 95}, "level"),
    ],
)
def test_bad_options_say_what_would_do(tiny: kr.Journeys, options: dict[str, Any], message: str) -> None:
    with pytest.raises(kr.InputError, match=message):
        kr.attribute(tiny, **options)


def test_what_is_no_journey_is_refused() -> None:
    with pytest.raises(kr.InputError, match="Journeys or Paths, not dict"):
        kr.attribute({})  # type: ignore[arg-type]


def test_path_tables_refuse_what_needs_time(tiny: kr.Journeys) -> None:
    paths = kr.paths(tiny)
    with pytest.raises(kr.InputError, match="time_decay needs the time"):
        kr.attribute(paths, model="time_decay")
    with pytest.raises(kr.InputError, match="no times"):
        kr.attribute(paths, lookback="7d")
    with pytest.raises(kr.InputError, match="made by 'touchpoint'"):
        kr.attribute(paths, by="channel")


def test_journeys_that_go_on_are_refused(tiny: kr.Journeys) -> None:
    log = read(tiny_columns())
    with pytest.raises(kr.InputError, match="after_conversion"):
        kr.attribute(kr.journeys(log, conversion="conversion", after_conversion="continue"))


def test_time_decay_refuses_a_log_without_time() -> None:
    columns = {"customer": ["u", "u"], "order": [1, 2], "touchpoint": ["a", "order"]}
    journeys = kr.journeys(read(columns), conversion="order")
    assert kr.attribute(journeys, model="linear")["credit"] == [1]
    with pytest.raises(kr.InputError, match="time_decay needs the time"):
        kr.attribute(journeys, model="time_decay")


def test_models_are_listed_with_definition_and_source() -> None:
    table = kr.models()
    assert table["model"][: len(MODELS)] == MODELS
    assert len(set(table["model"])) == len(table) > len(MODELS)
    assert all(table["definition"])
    assert all(table["source"])


def test_units_of_a_path_table_are_its_conversions_and_nulls() -> None:
    rows = [
        ("A > B", 10, 30, 0.0), ("A", 5, 60, 0.0), ("B > A > B", 6, 8, 0.0), ("B", 12, 40, 0.0), ("C > B", 3, 9, 0.0),
        ("C", 1, 25, 0.0), ("A > C", 2, 14, 0.0),
    ]  # fmt: skip
    found = {row["touchpoint"]: row for row in kr.attribute(path_table(rows)).to_dicts()}
    trips = [
        Trip((path, kind, number), tuple(path.split(" > ")), kind == "conversion", 0.0)
        for path, conversions, nulls, _ in rows
        for kind, count in (("conversion", conversions), ("null", nulls))
        for number in range(count)
    ]
    for item, row in influence.markov(trips).items():
        for name, expected in (
            ("removal_effect", row.removal),
            ("share", row.share_interval),
            ("credit", row.credit_interval),
        ):
            assert (found[item][f"{name}_lower"], found[item][f"{name}_upper"]) == pytest.approx(
                (expected.lower, expected.upper), abs=1e-9
            )
        assert found[item]["n"] == 225
    # From an independent computation of the same table.
    effects = {"A": 0.49758266424933095, "B": 0.8105307586789069, "C": 0.15364780554653978}
    assert {item: row["removal_effect"] for item, row in found.items()} == pytest.approx(effects, abs=1e-12)


def test_customers_with_several_journeys_widen_the_interval() -> None:
    columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": []}
    alone: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": []}
    for customer in range(40):
        for visit in range(5):
            steps = (["a", "order"] if customer % 2 else ["b", "order"]) if customer % 4 < 2 else ["a", "b"]
            for i, step in enumerate(steps):
                for log, name in ((columns, f"u{customer}"), (alone, f"u{customer}-{visit}")):
                    log["customer"].append(name)
                    log["time"].append(visit * 100 * DAY + i)
                    log["touchpoint"].append(step)
    grouped = kr.attribute(kr.journeys(read(columns), conversion="order", gap="50d"))
    separate = kr.attribute(kr.journeys(read(alone), conversion="order", gap="50d"))
    assert grouped["removal_effect"] == pytest.approx(separate["removal_effect"], abs=1e-12)
    assert grouped["n"] == [40, 40]
    assert separate["n"] == [200, 200]
    for a, b in zip(grouped.to_dicts(), separate.to_dicts(), strict=True):
        assert a["credit_upper"] - a["credit_lower"] > 1.8 * (b["credit_upper"] - b["credit_lower"])


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_certified_bounds_hold_on_a_public_path_table(order: int) -> None:
    paths = kr.read_paths(
        str(shared_file("data/channelattribution_pathdata.parquet")), nulls="total_null", value="total_conversion_value"
    )
    table = kr.attribute(paths, order=order, intervals=False)
    bound = float(table.options["error_bound"])
    assert bound < 1e-10
    found = cells(table, ("touchpoint",), "removal_effect")
    rate = paths.conversions / (paths.conversions + paths.nulls)
    for row in rows_of(shared_file(f"reference/attribution/exact_markov_order{order}_null.csv")):
        # The reference is printed with 15 digits.
        assert abs(found[row["channel_name"]] - float(row["re_conv"])) * rate <= bound + 2e-15


def test_the_worked_example_at_order_2(tiny: kr.Journeys) -> None:
    expected = local_json("influence_tiny_order2.json")
    found = cells(kr.attribute(tiny, order=2), ("touchpoint",), "removal_effect", "credit")
    for item in "ABC":
        assert found[item] == pytest.approx((expected["RE"][item], expected["credit"][item]), abs=1e-9)
