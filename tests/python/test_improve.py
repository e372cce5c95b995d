# SPDX-License-Identifier: MIT
"""kr.improve, kr.make_or_break and kr.what_if against the definitions."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import numpy as np
import pytest
from reference import chain, influence, sequences
from reference.intervals import log_form

import klantreis as kr
import oracle
from bridge import ENDED, SEEDS, big, both, cells, is_null, read
from oracle import local_json, tiny_columns
from strategies import CONVERSIONS

FROM_TO = ("from", "to")


@pytest.fixture(scope="module")
def tiny() -> kr.Journeys:
    return kr.journeys(read(tiny_columns()), conversion="conversion", gap="50d")


@pytest.fixture(scope="module")
def webshop() -> kr.Journeys:
    log = read(oracle.webshop_columns())
    return kr.journeys(log, conversion="order", after_conversion="stop", inactivity="30d", observed_until="2024-04-30")


@pytest.fixture(scope="module")
def loops() -> kr.Journeys:
    return kr.journeys(read(oracle.loop_columns()), conversion="order")


def by_edge(table: kr.Table, column: str) -> dict[Any, Any]:
    return cells(table, FROM_TO, column)


@pytest.mark.parametrize("to", ["B", "conv"])
def test_gains_and_bounds_of_the_worked_example(tiny: kr.Journeys, to: str) -> None:
    edge = ("A", "B") if to == "B" else ("B", "(conversion)")
    expected = local_json("influence_tiny.json")["results"][f"gain_{edge[0]}->{to}"]
    found = kr.improve(tiny)
    assert by_edge(found, "gain")[edge] == pytest.approx(expected["estimate"], rel=1e-12)
    assert by_edge(found, "lower")[edge] == pytest.approx(expected["lower"], rel=1e-9)
    assert by_edge(found, "upper")[edge] == pytest.approx(expected["upper"], rel=1e-9)
    sensitivity = local_json("influence_tiny.json")["results"][f"sens_{edge[0]}->{to}"]["estimate"]
    assert by_edge(found, "sensitivity")[edge] == pytest.approx(sensitivity, rel=1e-12)


def test_columns_and_value_of_a_gain(tiny: kr.Journeys) -> None:
    found = kr.improve(tiny)
    assert found.columns == [
        "from", "to", "probability", "gain", "lower", "upper", "conversions", "value", "steps", "time",
        "sensitivity", "sensitivity_value", "sensitivity_steps", "sensitivity_time", "elasticity", "reach", "n",
        "marks",
    ]  # fmt: skip
    # Eight customers, of whom all but u4 visit A; eleven journeys.
    reach = cells(found, FROM_TO, "reach", "n")
    assert reach[("A", "B")] == (7 / 8, 7)
    assert by_edge(found, "conversions")[("A", "B")] == pytest.approx(11 * by_edge(found, "gain")[("A", "B")])
    # One point more of B to the conversion: 7 visits, and the three conversions made at B brought 100, 40 and 80.
    assert by_edge(found, "value")[("B", "(conversion)")] == pytest.approx(7 * 0.01 * 220 / 3)
    # One point more of A to B: N_0A δ v_B / (1 - δ N_BA) of eleven journeys.
    oracle_numbers = local_json("influence_tiny.json")
    n, v = oracle_numbers["N"], oracle_numbers["v"]
    expected = 11 * n[0][1] * 0.01 * v[2] / (1 - 0.01 * n[2][1])
    assert by_edge(found, "value")[("A", "B")] == pytest.approx(expected)


def test_ten_points_in_the_chain_with_loops(loops: kr.Journeys) -> None:
    base = kr.what_if(loops, [])["conversion_rate"][0]
    found = by_edge(kr.improve(loops, points=10), "gain")
    expected = {
        ("C", "K"): 0.0741067,
        ("A", "C"): 0.0605013,
        ("K", "X"): 0.0601504,
        ("X", "(conversion)"): 0.0543063,
    }
    assert {edge: base + found[edge] for edge in expected} == pytest.approx(expected, abs=5e-8)
    # The best that one move of ten points can do.
    best = next(iter(kr.improve(loops, points=10)))
    assert (best["from"], best["to"]) == ("C", "K")


def test_no_row_is_hidden_and_all_stand_by_gain(webshop: kr.Journeys) -> None:
    found = kr.improve(webshop)
    seen = cells(kr.transitions(webshop), FROM_TO, "probability")
    assert by_edge(found, "probability") == {edge: p for edge, p in seen.items() if edge[1] != "(null)"}
    assert found["gain"] == sorted(found["gain"], reverse=True)
    capped = {row["from"] for row in found.to_dicts() if "capped" in row["marks"]}
    leaving = {edge[0] for edge in seen if edge[1] == "(null)"}
    assert capped == {edge[0] for edge in by_edge(found, "gain")} - leaving


def reference_gain(trips: list[sequences.Trip], here: Any, there: Any, amount: float) -> tuple[float, Any, bool]:
    """The gain, its influence values by the general rule, and whether it was capped."""
    fitted = influence.fit(trips, self_transitions=True)
    i, size = fitted.states.index(here), fitted.size
    j = size if there == chain.CONVERSION else fitted.states.index(there)
    capped = bool(fitted.p[i, -1] < amount)
    moved = min(amount, fitted.p[i, -1])
    p = fitted.p.copy()
    p[i, j] += moved
    p[i, -1] -= moved
    n = np.linalg.inv(np.eye(size) - p[:, :size])
    val = np.concatenate([n @ p[:, size], [1.0, 0.0]])
    gradient = np.outer(n[0], val) - np.outer(fitted.n[0], fitted.val)
    if capped:
        gradient[i, -1] += n[0, i] * val[j]
    return float(val[0] - fitted.b[0]), influence.psi(fitted, gradient), capped


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("points", [1, 30])
def test_gains_of_random_logs_are_those_of_dense_matrices(seed: int, points: float) -> None:
    fast, slow = both(big(seed), ENDED[seed % len(ENDED)])
    trips = sequences.trips(slow)
    checked = 0
    for row in kr.improve(fast, points=points):
        here = chain.START if row["from"] == "(start)" else (row["from"],)
        there = row["to"] if row["to"] == "(conversion)" else (row["to"],)
        gain, psi, capped = reference_gain(trips, here, there, points / 100)
        assert row["gain"] == pytest.approx(gain, abs=1e-12)
        assert ("capped" in row["marks"]) == capped
        if "boundary" not in row["marks"] and gain > 1e-9:
            expected = log_form(gain, psi, len(psi))
            assert (row["lower"], row["upper"]) == pytest.approx((expected.lower, expected.upper), rel=1e-7)
            checked += 1
    assert checked > 3


@pytest.mark.parametrize("seed", SEEDS)
def test_make_or_break_agrees_with_attribution_and_the_graph(seed: int) -> None:
    fast, _ = both(big(seed), ENDED[seed % len(ENDED)])
    found = kr.make_or_break(fast)
    expected = cells(kr.attribute(fast), ("touchpoint",), "removal_effect", "removal_effect_lower",
                     "removal_effect_upper")  # fmt: skip
    expected.pop("(unattributed)", None)
    got = cells(found, ("touchpoint",), "removal_effect", "lower", "upper")
    assert set(got) == set(expected)
    for item, numbers in expected.items():
        assert got[item] == pytest.approx(numbers, abs=1e-9, nan_ok=True)
    dominators = set(kr.graph(fast).dominators())
    assert {row["touchpoint"] for row in found if row["is_dominator"]} == dominators


def test_what_makes_or_breaks_the_order(webshop: kr.Journeys, loops: kr.Journeys) -> None:
    found = kr.make_or_break(webshop)
    assert len(found) == 12
    assert not any(found["is_dominator"])
    assert found["removal_effect"][0] == pytest.approx(0.833333, abs=5e-7)
    reach = cells(found, ("touchpoint",), "reach", "next_best")
    assert reach["checkout_start"] == (0.5, "(conversion)")
    rows = cells(kr.make_or_break(loops), ("touchpoint",), "removal_effect", "is_dominator")
    assert {item: rows[item] for item in "CKX"} == dict.fromkeys("CKX", (1.0, True))


def test_edits_stand_on_each_other_and_change_nothing_else(loops: kr.Journeys) -> None:
    edits = [("move", "C", "K", 10), ("clear", "X"), ("bypass", "X"), ("remove", "K")]
    found = kr.what_if(loops, edits)
    assert found.columns[:6] == ["step", "edit", "conversion_rate", "lower", "upper", "change"]
    assert found["step"] == [0, 1, 2, 3, 4]
    assert found["conversion_rate"][4] == 0
    assert found["conversion_rate"][3] == pytest.approx(found["conversion_rate"][2], rel=1e-12)
    assert found["steps"][3] < found["steps"][2]
    # To undo is to leave out.
    for count in range(len(edits)):
        assert kr.what_if(loops, edits[:count]).to_dicts() == found.to_dicts()[: count + 1]
    # The bypassed chain, solved on its own.
    tenths = {here: {there: w / 10 for there, w in row.items()} for here, row in oracle.LOOP_CHAIN.items()}
    tenths["(start)"] = {"A": 1.0}
    onward = tenths.pop("X")
    through = tenths["K"].pop("X")
    for there, p in onward.items():
        tenths["K"][there] = tenths["K"].get(there, 0.0) + through * p
    expected = chain.absorption({s: dict(row) for s, row in tenths.items()}, exact=False)["(start)"]
    bypassed = kr.what_if(loops, [("bypass", "X")])
    assert bypassed["conversion_rate"][1] == pytest.approx(expected, rel=1e-12)
    assert bypassed["change"][1] == pytest.approx(0, abs=1e-14)


def test_phases_and_paths(webshop: kr.Journeys) -> None:
    assert set(kr.make_or_break(webshop, by="phase")["phase"]) <= {"awareness", "consideration", "purchase"}
    paths = kr.paths(webshop)
    without_times = [{k: v for k, v in row.items() if not k.endswith("time")} for row in kr.improve(webshop)]
    assert kr.improve(paths).to_dicts() == without_times
    assert kr.make_or_break(paths).to_dicts() == kr.make_or_break(webshop).to_dicts()
    with pytest.raises(kr.InputError, match=r"klantreis\.paths"):
        kr.improve(paths, by="phase")


def test_without_intervals_the_bounds_are_null(webshop: kr.Journeys) -> None:
    found = kr.improve(webshop, intervals=False)
    assert all(is_null(x) for x in (*found["lower"], *found["upper"]))
    assert found["gain"] == kr.improve(webshop)["gain"]
    assert all(is_null(x) for x in kr.make_or_break(webshop, intervals=False)["lower"])


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ([("mvoe", "A", "C", 1)], "remove"),
        ([("move", "A", "C")], "points"),
        ([("move", "A", "C", 0)], "more than 0"),
        ([("move", "A", "C", "much")], "percentage points"),
        ([("clear", "A", "C")], "item"),
        ([("remove", "Z")], "no settled journey visits"),
        (["remove"], "give one of"),
    ],
    ids=str,
)
def test_an_edit_that_cannot_be_made_says_so(loops: kr.Journeys, edits: Any, message: str) -> None:
    with pytest.raises(kr.InputError, match=message):
        kr.what_if(loops, edits)


def test_wrong_arguments_say_what_to_give(loops: kr.Journeys) -> None:
    for points in (0, 101, math.nan):
        with pytest.raises(kr.InputError, match="points"):
            kr.improve(loops, points=points)
    with pytest.raises(kr.InputError, match="Journeys or Paths"):
        kr.make_or_break("log.csv")  # type: ignore[arg-type]
    on = kr.journeys(read(big(0)), conversion=CONVERSIONS[0], after_conversion="continue")
    for analysis in (kr.improve, kr.make_or_break):
        with pytest.raises(kr.InputError, match="recut"):
            analysis(on)
    with pytest.raises(kr.InputError, match="recut"):
        kr.what_if(on, [])


@pytest.mark.parametrize("seed", SEEDS)
def test_sensitivities_are_central_differences_of_what_if(seed: int) -> None:
    """Of conversion, value, touches and time: moving a little more and a little less from those who leave."""
    fast, _ = both(big(seed), ENDED[seed % len(ENDED)])
    journeys = fast.conversions + fast.nulls
    checked = 0
    tiny = 1e-3  # percentage points
    for row in kr.improve(fast, points=tiny, intervals=False):
        if "capped" in row["marks"] or row["from"] == "(start)":
            continue
        moved = kr.what_if(fast, [("move", row["from"], row["to"], tiny)], intervals=False).to_dicts()
        change = {name: (moved[1][name] - moved[0][name]) for name in ("conversion_rate", "value", "steps", "time")}
        assert change["conversion_rate"] == pytest.approx(row["gain"], abs=1e-13)
        assert change["value"] == pytest.approx(row["value"], abs=1e-9)
        assert change["steps"] == pytest.approx(row["steps"], abs=1e-11)
        assert change["time"] == pytest.approx(row["time"], rel=1e-5, abs=1e-5)
        # Sensitivity is the slope at nothing moved; the rest of the gain is of second order.
        delta = tiny / 100
        assert row["sensitivity"] * delta == pytest.approx(row["gain"], rel=1e-3, abs=1e-15)
        assert row["sensitivity_value"] * delta * journeys == pytest.approx(row["value"], rel=1e-3, abs=1e-12)
        assert row["sensitivity_steps"] * delta == pytest.approx(row["steps"], rel=1e-3, abs=1e-15)
        assert row["sensitivity_time"] * delta == pytest.approx(row["time"], rel=1e-3, abs=1e-12)
        checked += 1
    assert checked > 5


def test_the_published_sensitivities_of_the_chain_with_loops(loops: kr.Journeys) -> None:
    found = cells(kr.improve(loops), FROM_TO, "sensitivity", "elasticity")
    published = {
        ("A", "C"): (0.127464, 0.993495), ("C", "A"): (0.034676, -0.101353), ("C", "K"): (0.255735, 0.934981),
        ("K", "C"): (0.018144, -0.217437), ("K", "X"): (0.124742, 0.915712), ("X", "K"): (0.023789, -0.061047),
        ("X", "(conversion)"): (0.067883, 0.883185),
    }  # fmt: skip
    for edge, numbers in published.items():
        assert found[edge] == pytest.approx(numbers, abs=5e-7)
    # The derivative by central differences of an exact gain, to 1e-8.
    for edge in published:
        h = 1e-4
        up, down = (
            kr.what_if(loops, [("strengthen", *edge, sign * 100 * h)], intervals=False)["conversion_rate"][1]
            for sign in (1, -1)
        )
        p = by_edge(kr.improve(loops), "probability")[edge]
        rate = kr.what_if(loops, [])["conversion_rate"][0]
        assert (up - down) / (2 * h) * p / rate == pytest.approx(published[edge][1], abs=1e-6)


def test_only_what_can_be_changed_is_ranked(webshop: kr.Journeys) -> None:
    everything = kr.improve(webshop)
    found = kr.improve(webshop, controllable=["add_to_cart", "checkout_start"])
    assert set(found["from"]) == {"add_to_cart", "checkout_start"}
    kept = [row for row in everything.to_dicts() if row["from"] in {"add_to_cart", "checkout_start"}]
    assert found.to_dicts() == kept
    assert kr.improve(webshop, controllable="all").to_dicts() == everything.to_dicts()
    with pytest.raises(kr.InputError, match="did you mean 'add_to_cart'"):
        kr.improve(webshop, controllable=["add_to_card"])
    by_value = kr.improve(webshop, rank_by="value")["value"]
    assert by_value == sorted(by_value, reverse=True)
    with pytest.raises(kr.InputError, match="rank_by"):
        kr.improve(webshop, rank_by="time")


def test_the_smallest_cut_and_the_loops_of_the_chain_with_loops(loops: kr.Journeys, webshop: kr.Journeys) -> None:
    found = kr.make_or_break(loops, limit=0.99)
    assert found.cut["touchpoint"] == ["A"]
    assert found["above_limit"] == [True] * 4
    only = found.loops.to_dicts()
    assert [row["items"] for row in only] == ["A, C, K, X"]
    # Every journey enters at A; expected visits of A are 1.192193, of all 2.159525 by the published matrix.
    assert only[0]["reach"] == pytest.approx(1)
    assert only[0]["rounds"] == pytest.approx(0.192193, abs=5e-7)
    assert only[0]["visits"] == pytest.approx(2.159525, abs=5e-7)
    assert only[0]["conversion_probability"] == pytest.approx(0.047518, abs=5e-7)
    # The store leads past the checkout: two items are needed.
    assert kr.make_or_break(webshop).cut["touchpoint"] == ["checkout_start", "store_visit"]


def test_a_conversion_without_any_touch_leaves_no_cut() -> None:
    paths = kr.read_paths({"path": ["a > b", ""], "conversions": [2, 1]}, path="path", conversions="conversions")
    found = kr.make_or_break(paths)
    assert len(found.cut) == 0
    assert "without any touch" in found.cut.definition
    assert len(found.loops) == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_no_smaller_set_of_items_is_a_cut(seed: int) -> None:
    fast, _ = both(big(seed), ENDED[seed % len(ENDED)])
    edges = [(row["from"], row["to"]) for row in kr.transitions(fast)]
    items = {name for edge in edges for name in edge} - {"(start)", "(conversion)", "(null)"}

    def separates(gone: tuple[str, ...]) -> bool:
        seen, waiting = {"(start)"}, ["(start)"]
        while waiting:
            here = waiting.pop()
            for a, b in edges:
                if a == here and b not in seen and b not in gone:
                    seen.add(b)
                    waiting.append(b)
        return "(conversion)" not in seen

    cut = tuple(kr.make_or_break(fast, intervals=False).cut["touchpoint"])
    if ("(start)", "(conversion)") in edges:
        assert cut == ()
        return
    assert separates(cut)
    assert not any(separates(smaller) for smaller in itertools.combinations(items, len(cut) - 1))


def offers_of(fast: kr.Journeys, count: int, seed: int) -> list[tuple[str, str, float, float]]:
    rng = random.Random(seed)
    rows = [row for row in kr.improve(fast, intervals=False) if row["from"] != "(start)"]
    rng.shuffle(rows)
    return [(row["from"], row["to"], rng.choice([0.5, 1, 2]), float(rng.randint(1, 5))) for row in rows[:count]]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_set_of_changes_is_the_best_of_all_that_the_budget_allows(seed: int) -> None:
    fast, _ = both(big(seed), ENDED[seed % len(ENDED)])
    offers = offers_of(fast, 7, seed)
    found = kr.best_changes(fast, offers, budget=8)
    best = 0.0
    for size in range(1, 6):
        for chosen in itertools.combinations(offers, size):
            if sum(cost for *_, cost in chosen) <= 8:
                edits = [("move", here, there, points) for here, there, points, _ in chosen]
                best = max(best, kr.what_if(fast, edits, intervals=False)["change"][-1])
    assert found["gain"][-1] == pytest.approx(best, rel=1e-9)
    assert float(found.options["gain"]) == pytest.approx(best, rel=1e-9)
    assert (found.options["method"], found["spent"][-1] <= 8) == ("exact", True)
    greedy = kr.best_changes(fast, offers, budget=8, exact_up_to=0)
    assert greedy.options["method"] == "greedy"
    assert greedy["gain"][-1] <= best * (1 + 1e-9)
    assert float(greedy.options["bound"]) >= best * (1 - 1e-9)
    assert greedy["gain"][-1] > 0.5 * best


def test_the_interval_of_the_set_is_that_of_its_changes_together(webshop: kr.Journeys) -> None:
    offers = [("add_to_cart", "checkout_start", 5, 2), ("checkout_start", "(conversion)", 5, 2), ("ad_impression",
              "product_view", 5, 1)]  # fmt: skip
    found = kr.best_changes(webshop, offers, budget=10).to_dicts()
    together = kr.what_if(webshop, [("move", row["from"], row["to"], 100 * row["amount"]) for row in found]).to_dicts()
    for row, step in zip(found, together[1:], strict=True):
        assert (row["gain"], row["lower"], row["upper"]) == pytest.approx(
            (step["change"], step["change_lower"], step["change_upper"])
        )
        assert row["conversions"] == pytest.approx(step["conversions_change"])
    assert kr.best_changes(webshop, offers, budget=0.5).to_dicts() == []
    for wrong, message in (([], "offer some"), ([("a", "b", 1)], "points, cost"), ([("a", "b", 1, -1)], "cost")):
        with pytest.raises(kr.InputError, match=message):
            kr.best_changes(webshop, wrong, budget=1)
