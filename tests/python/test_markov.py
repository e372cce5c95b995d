# SPDX-License-Identifier: MIT
from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import klantreis as kr

WEBSHOP = {
    "awareness": {"awareness": 0.1, "consideration": 0.4, "exit": 0.5},
    "consideration": {"awareness": 0.1, "consideration": 0.3, "cart": 0.2, "exit": 0.4},
    "cart": {"consideration": 0.2, "cart": 0.1, "checkout": 0.4, "exit": 0.3},
    "checkout": {"cart": 0.1, "purchase": 0.7, "exit": 0.2},
}


@pytest.fixture
def webshop() -> kr.Chain:
    return kr.Chain.from_probabilities(WEBSHOP)


def numbers(table: kr.Table, column: str, **where: str) -> list[float]:
    return [row[column] for row in table.to_dicts() if all(row[k] == v for k, v in where.items())]


def test_what_is_never_left_is_an_outcome(webshop: kr.Chain) -> None:
    assert webshop.states == ["awareness", "consideration", "cart", "checkout"]
    assert webshop.outcomes == ["exit", "purchase"]
    assert repr(webshop) == "Chain(4 states, outcomes exit, purchase)"


def test_triples_in_any_order_make_the_same_chain(webshop: kr.Chain) -> None:
    triples = [(start, end, p) for start, row in WEBSHOP.items() for end, p in row.items()]
    other = kr.Chain.from_probabilities(reversed(triples))
    found = {(row["from"], row["to"]): row["probability"] for row in other.transitions().to_dicts()}
    assert found == {(start, end): pytest.approx(p) for start, end, p in triples}


def test_absorption_visits_and_steps_are_those_of_the_worked_example(webshop: kr.Chain) -> None:
    b = numbers(webshop.absorption(), "probability", outcome="purchase")
    assert b == pytest.approx([0.047518, 0.106916, 0.350445, 0.735045], abs=5e-7)
    assert webshop.visits()["visits"] == pytest.approx([1.192193, 0.729741, 0.169707, 0.067883], abs=5e-7)
    steps = webshop.steps()
    assert steps["steps"] == pytest.approx([2.159525, 2.358931, 2.176496, 1.217650], abs=5e-7)
    assert steps["variance"] == pytest.approx([2.672938, 2.644913, 1.738454, 0.600187], abs=5e-7)
    buyers = [5.135766, 4.024655, 2.423901, 1.115564]
    assert webshop.steps(given="purchase")["steps"] == pytest.approx(buyers, abs=5e-7)
    assert webshop.conditional_on("purchase").steps()["steps"] == pytest.approx(buyers, abs=5e-7)
    leaving = numbers(webshop.leaving(), "probability", outcome="exit")
    assert leaving == pytest.approx([0.596097, 0.291896, 0.050912, 0.013577], abs=5e-7)
    first = numbers(webshop.fundamental_matrix(), "visits", **{"from": "awareness"})
    assert first == pytest.approx([1.192193, 0.729741, 0.169707, 0.067883], abs=5e-7)


def test_sensitivities_are_derivatives(webshop: kr.Chain) -> None:
    """Central differences of P(purchase) as probability moves from leaving to another transition."""
    slopes = {(row["from"], row["to"]): row["sensitivity"] for row in webshop.sensitivity(goal="purchase")}
    h = 1e-4

    def reached(start: str, end: str, moved: float) -> float:
        changed = {state: dict(row) for state, row in WEBSHOP.items()}
        changed[start][end] += moved
        changed[start]["exit"] -= moved
        table = kr.Chain.from_probabilities(changed).absorption()
        return numbers(table, "probability", state="awareness", outcome="purchase")[0]

    for start, row in WEBSHOP.items():
        for end in row:
            if end != "exit":
                slope = (reached(start, end, h) - reached(start, end, -h)) / (2 * h)
                assert slopes[start, end] - slopes[start, "exit"] == pytest.approx(slope, abs=1e-8)


def test_time_adds_up_the_stays(webshop: kr.Chain) -> None:
    stays = {"cart": 60, "awareness": 120, "checkout": 180, "consideration": 300}
    expected = [384.386933, 564.871, 284.854, 208.485]
    assert webshop.time(stays)["time"] == pytest.approx(expected, abs=5e-4)
    assert webshop.time([120, 300, 60, 180])["time"] == pytest.approx(expected, abs=5e-4)
    with pytest.raises(kr.InputError, match="no holding time for 'consideration'"):
        webshop.time({"awareness": 1})
    with pytest.raises(kr.InputError, match="'basket'"):
        webshop.time({**stays, "basket": 1})
    with pytest.raises(kr.InputError, match="'cart' is -1"):
        webshop.time({**stays, "cart": -1})


def test_sensitivities_and_gains_are_those_of_the_worked_example(webshop: kr.Chain) -> None:
    table = webshop.sensitivity(goal="purchase")
    where = {"from": "consideration", "to": "cart"}
    assert numbers(table, "sensitivity", **where) == pytest.approx([0.255735], abs=5e-7)
    assert numbers(table, "proportional", **where) == pytest.approx([0.222142], abs=5e-7)
    assert numbers(table, "elasticity", **where) == pytest.approx([0.934981], abs=5e-7)
    gains = webshop.gains(goal="purchase", source="exit", amount=0.1)
    base = 0.047518
    assert numbers(gains, "gain", **where) == pytest.approx([0.0741067 - base], abs=1e-6)
    assert gains["gain"] == sorted(gains["gain"], reverse=True)
    assert "exit" not in gains["to"]
    assert set(webshop.gains(goal="purchase", source="exit", amount=0.25)["marks"]) == {"", "capped"}


def test_defaults_take_the_reserved_states() -> None:
    chain = kr.Chain.from_counts(
        {"ad": {"(null)": 3, "(conversion)": 1}, "(start)": {"ad": 4, "(null)": 2}, "faq": {"(other)": 1}}
    )
    assert chain.visits().options["start"] == "(start)"
    assert chain.likely_paths().to_dicts() == [
        {"rank": 1, "path": "(start) > ad", "probability": pytest.approx(1 / 6), "share": pytest.approx(1.0)}
    ]
    assert chain.gains().options["source"] == "(null)"
    assert chain.removal_effects()["state"] == ["ad", "faq"]
    assert chain.removal_effects()["removal_effect"] == [1.0, 0.0]


def test_sets_of_states_are_removed_together() -> None:
    chain = kr.Chain.from_counts(
        {"(start)": {"a": 1, "b": 1, "c": 2}, **{x: {"(conversion)": 1, "(null)": 1} for x in "abc"}}
    )
    effects = chain.removal_effects(sets={"a or b": ["a", "b"], "all": ["a", "b", "c"], "none": []})
    assert effects["state"] == ["all", "a or b", "none"]
    assert effects["removal_effect"] == [1.0, pytest.approx(0.5), 0.0]
    assert max(effects["error_bound"]) < 1e-12
    with pytest.raises(kr.InputError, match="give a list of states"):
        chain.removal_effects(sets={"x": "abc"})


def test_removal_effects_are_null_where_the_goal_cannot_be_reached() -> None:
    chain = kr.Chain.from_counts({"a": {"(null)": 1}, "b": {"(conversion)": 1}})
    assert chain.removal_effects(sets={"a": ["a"]})["removal_effect"] == [None]


def test_likely_paths_are_those_of_the_worked_example(webshop: kr.Chain) -> None:
    found = webshop.likely_paths(4, goal="purchase")
    assert found["path"][0] == "awareness > consideration > cart > checkout"
    assert found["probability"] == pytest.approx([0.0224, 0.00672, 0.00224, 0.00224])
    assert found["share"] == pytest.approx([0.4714, 0.14142, 0.04714, 0.04714], abs=5e-5)
    assert found["path"][2].startswith("awareness > awareness")


def test_simulated_journeys_end_as_the_chain_says(webshop: kr.Chain) -> None:
    table = webshop.simulate(20_000, seed=3)
    bought = sum(state == "purchase" for state in table["state"])
    assert bought / 20_000 == pytest.approx(0.047518, abs=4 * math.sqrt(0.0475 * 0.9525 / 20_000))
    assert webshop.simulate(50, seed=3).to_dicts() == table.to_dicts()[: len(webshop.simulate(50, seed=3))]
    broken = webshop.simulate(100, seed=3, max_steps=1)
    assert max(broken["step"]) == 1


@pytest.mark.parametrize(
    ("transitions", "message"),
    [
        ({}, "at least one transient and one absorbing state"),
        ({"a": {"b": 0.5}}, "'a' sum to 0.5"),
        ({"a": {"b": 1.5, "c": -0.5}}, "'a' to 'c' is -0.5"),
        ({"a": {"b": math.nan}}, "'a' to 'b' is nan"),
        ({"a": {"b": "1"}}, "give a number"),
        ({"a": {"b": True}}, "give a number"),
        ({"a": {1: 1.0}}, "states are text"),
        ({"a": 1}, "give a mapping"),
        ([("a", "b")], "no transition"),
        ({"a": {"b": 1.0}, "b": {"a": 1.0}}, "at least one transient and one absorbing state"),
        ({"a": {"end": 1.0}, "b": {"b": 1.0}}, "from the state 'b'"),
    ],
)
def test_what_is_no_absorbing_chain_is_refused(transitions: object, message: str) -> None:
    with pytest.raises(kr.InputError, match=message):
        kr.Chain.from_probabilities(transitions)  # type: ignore[arg-type]


def test_unknown_states_are_refused_with_similar_names(webshop: kr.Chain) -> None:
    with pytest.raises(kr.InputError, match="'checkout'"):
        webshop.visits(start="chekout")
    with pytest.raises(kr.InputError, match="absorbing"):
        webshop.visits(start="exit")
    with pytest.raises(kr.InputError, match="transient"):
        webshop.steps(given="cart")
    with pytest.raises(kr.InputError, match="count is -1"):
        webshop.likely_paths(-1)
    with pytest.raises(kr.InputError, match="seed"):
        webshop.simulate(1, seed=2**64)
    with pytest.raises(kr.InputError, match="amount"):
        webshop.gains(amount=0)
    with pytest.raises(TypeError, match="from_probabilities"):
        kr.Chain("webshop")  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7), st.integers(1, 9)), min_size=1, max_size=40))
def test_chains_of_random_counts_are_solved_or_refused(edges: list[tuple[int, int, int]]) -> None:
    counts = [(f"s{start}", f"s{end}" if end < 6 else f"end{end}", count) for start, end, count in edges]
    try:
        chain = kr.Chain.from_counts(counts)
    except kr.InputError:
        return
    table = chain.absorption()
    for state in chain.states:
        assert sum(numbers(table, "probability", state=state)) == pytest.approx(1.0, abs=1e-9)
    effects = chain.removal_effects(goal=chain.outcomes[0])["removal_effect"]
    assert all(effect is None or -1e-9 <= effect <= 1.0 for effect in effects)
    steps = chain.steps()["steps"]
    assert all(step >= 1.0 for step in steps)
    assert sum(chain.visits(start=chain.states[0])["visits"]) == pytest.approx(steps[0])
