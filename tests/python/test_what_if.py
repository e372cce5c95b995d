# SPDX-License-Identifier: MIT
"""kr.what_if and kr.scenario against edits of dense matrices, and derivatives by each customer's weight."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import scenarios
from reference.comparison import slopes
from reference.intervals import log_form, plain, prob

import klantreis as kr
import oracle
from bridge import ENDED, SEEDS, big, both, often, read
from oracle import local_json, tiny_columns
from strategies import TOUCHPOINTS, Columns, logs

EDITS: list[list[tuple[Any, ...]]] = [
    [("move", "a", "ab", 3)],
    [("move", "ab", "(conversion)", 100), ("move", "a", "abc", 100)],
    [("remove", "ab")],
    [("remove", "abc", "ab"), ("bypass", "abc")],
    [("bypass", "a"), ("clear", "ab")],
    [("clear", "a"), ("strengthen", "ab", "a", 20), ("strengthen", "abc", "(conversion)", 10)],
    [("strengthen", "(start)", "abc", -2), ("attract", "ab", 30), ("attract", "abc", -40)],
    [("insert", "reminder", "a", "(conversion)", 4, 25), ("insert", "call", "ab", "a", 100, 50)],
    [("volume", "a", 50), ("volume", "ab", -100), ("clear", "ab"), ("volume", "abc", 10)],
    [("remove", "a", "(conversion)"), ("move", "a", "(conversion)", 5)],
]
NAMES = ["conversion_rate", "conversions", "value", "time", "steps"]


def rows(table: kr.Table) -> list[dict[str, Any]]:
    return table.to_dicts()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("edits", EDITS, ids=str)
def test_what_edits_bring_is_what_dense_matrices_say(seed: int, edits: list[tuple[Any, ...]]) -> None:
    fast, slow = both(big(seed), ENDED[seed % len(ENDED)])
    data = scenarios.counted(slow)
    try:
        chain = scenarios.chain_of(data, np.ones(len(data.transitions)))
        for edit in edits:
            scenarios.apply(chain, edit)
        expected = scenarios.outcome(chain)
    except np.linalg.LinAlgError:
        pytest.skip("this edit leaves customers somewhere for ever in this log")
    base = scenarios.outcomes(data, [])
    found = rows(kr.what_if(fast, edits))[-1]
    journeys = float(data.transitions[:, 0].sum())
    scale = np.array([1, journeys, journeys, 1, 1])
    assert [found[name] for name in NAMES] == pytest.approx(expected * scale, rel=1e-9, abs=1e-9)
    changes = [found["change"], *(found[f"{name}_change"] for name in NAMES[1:])]
    assert changes == pytest.approx((expected - base) * scale, rel=1e-7, abs=1e-8)
    assert found["journeys"] == pytest.approx(journeys * chain.volume)
    assert ("capped" in found["marks"]) == chain.capped


@pytest.mark.parametrize("edits", EDITS, ids=str)
def test_intervals_come_from_the_derivative_by_the_weight_of_each_customer(edits: list[tuple[Any, ...]]) -> None:
    fast, slow = both(big(3), ENDED[0])
    data = scenarios.counted(slow)
    customers = len(data.transitions)
    journeys = float(data.transitions[:, 0].sum())
    psi = slopes(lambda w: scenarios.outcomes(data, edits, w), customers)
    change = psi - slopes(lambda w: scenarios.outcomes(data, [], w), customers)
    value = scenarios.outcomes(data, edits)
    base = scenarios.outcomes(data, [])
    found = rows(kr.what_if(fast, edits))[-1]

    def check(name: str, wanted: Any, scale: float = 1.0) -> None:
        prefix = "" if name == "rate" else f"{name}_"
        got = (found[f"{prefix}lower"], found[f"{prefix}upper"])
        assert got == pytest.approx((wanted.lower * scale, wanted.upper * scale), rel=2e-5, abs=1e-6 * scale), name

    if abs(psi[:, 0]).max() > 1e-7:
        check("rate", prob(value[0], psi[:, 0], customers, customers))
        check("conversions", log_form(value[1], psi[:, 1], customers), journeys)
    check("value", log_form(value[2], psi[:, 2], customers), journeys)
    for column, (name, scale) in enumerate(
        [("change", 1.0), ("conversions_change", journeys), ("value_change", journeys), ("time_change", 1.0),
         ("steps_change", 1.0)]
    ):  # fmt: skip
        if abs(value[column] - base[column]) > 1e-9 and abs(change[:, column]).max() > 1e-7:
            check(name, plain(value[column] - base[column], change[:, column], customers), scale)


def test_without_edits_the_figures_are_those_of_the_journeys() -> None:
    journeys = kr.journeys(read(tiny_columns()), conversion="conversion", gap="50d")
    now = rows(kr.what_if(journeys, []))[0]
    expected = local_json("influence_tiny.json")["results"]
    assert now["conversion_rate"] == pytest.approx(5 / 11)
    assert (now["lower"], now["upper"]) == pytest.approx((expected["b0"]["lower"], expected["b0"]["upper"]), rel=1e-9)
    assert now["conversions"] == pytest.approx(5)
    assert now["value"] == pytest.approx(300)
    assert now["steps"] == pytest.approx(20 / 11)
    # Journeys of k events last k - 1 minutes.
    seconds = kr.variants(journeys)
    assert seconds is not None
    mean = sum(60.0 * n for n in (2, 0, 0, 3, 1, 0, 3, 1, 2, 1, 1)) / 11
    assert now["time"] == pytest.approx(mean)


def test_semi_markov_time_of_the_chain_with_loops() -> None:
    """Sojourns of 120, 300, 60 and 180 seconds: 384.386933 s from awareness."""
    sojourn = {"A": 120, "C": 300, "K": 60, "X": 180}
    columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": []}
    for number, journey in enumerate(oracle.journeys_of_chain(oracle.LOOP_CHAIN)):
        now = 0
        for state in journey:
            columns["customer"].append(f"u{number}")
            columns["time"].append(now * 1_000_000)
            columns["touchpoint"].append({"(conversion)": "order", "(null)": "left"}.get(state, state))
            now += sojourn.get(state, 0)
    # Leaving is an event here, so that the last visit has a length too; as a state it takes no time.
    journeys = kr.journeys(read(columns), conversion="order")
    found = rows(kr.what_if(journeys, [("bypass", "left")]))
    for row in found:
        assert row["time"] == pytest.approx(384.386933, abs=5e-7)


def test_a_bypassed_checkout_with_the_same_success_equals_the_chain_without_it() -> None:
    loops = kr.journeys(read(oracle.loop_columns()), conversion="order")
    found = rows(kr.what_if(loops, [("bypass", "X")]))
    assert found[1]["conversion_rate"] == pytest.approx(found[0]["conversion_rate"], rel=1e-12)
    assert found[1]["change_lower"] is None
    assert found[1]["steps_change"] == pytest.approx(-0.067883, abs=5e-7)
    # Ten points more from consideration to cart, by the published matrix.
    moved = rows(kr.what_if(loops, [("move", "C", "K", 10)]))[1]
    assert moved["conversion_rate"] == pytest.approx(0.0741067, abs=5e-8)


def test_a_scenario_does_not_change_and_its_last_edit_can_be_taken_back() -> None:
    fast, _ = both(big(1), ENDED[1])
    now = kr.scenario(fast)
    edits = [("clear", "a"), ("volume", "ab", 20), ("move", "ab", "a", 5)]
    chain = [now]
    for edit in edits:
        chain.append(chain[-1].then(*edit))
    assert [len(one) for one in chain] == [0, 1, 2, 3]
    assert chain[3].edits == tuple(edits)
    assert chain[3].result() == kr.what_if(fast, edits)
    for later, earlier in zip(chain[:0:-1], chain[-2::-1], strict=True):
        assert later.undo() == earlier
    # Two ways on from one scenario do not disturb each other.
    other = chain[1].then("remove", "ab")
    assert other.undo().result() == chain[1].result()
    assert chain[3].conversion_rate == chain[3].result()["conversion_rate"][-1]
    assert "clear" in repr(chain[1])
    with pytest.raises(kr.InputError, match="no change to undo"):
        now.undo()
    with pytest.raises(kr.InputError, match="no settled journey visits"):
        now.then("clear", "zzz")


def test_paths_without_customers_count_each_journey_as_one() -> None:
    paths = kr.read_paths(
        {"path": ["a > b", "a"], "conversions": [20, 10], "nulls": [30, 40], "value": [200.0, 50.0]},
        path="path", conversions="conversions", nulls="nulls", value="value",
    )  # fmt: skip
    found = rows(kr.what_if(paths, [("clear", "b")]))
    assert (found[0]["n"], found[0]["value"], found[0]["conversions"]) == pytest.approx((100, 250, 30))
    assert found[1]["conversions"] == pytest.approx(60)
    assert found[1]["value"] == pytest.approx(50 + 5 * 200 / 2)
    assert found[1]["conversions_change_lower"] < 30 < found[1]["conversions_change_upper"]
    assert "time" not in found[0]


def test_without_intervals_only_the_bounds_are_missing() -> None:
    fast, _ = both(big(2), ENDED[0])
    with_them, without = (rows(kr.what_if(fast, EDITS[0], intervals=i)) for i in (True, False))
    for full, bare in zip(with_them, without, strict=True):
        for name, value in bare.items():
            assert (value is None) if name.endswith(("lower", "upper")) else name == "marks" or value == full[name]


@often
@given(logs(), st.sampled_from(EDITS), st.integers(1, 3))
def test_any_edit_gives_probabilities_or_says_why_not(
    columns: Columns, edits: list[tuple[Any, ...]], threads: int
) -> None:
    fast, slow = both(columns, ENDED[0])
    if not any(j.settled for j in slow):
        return
    try:
        found = rows(kr.what_if(fast, edits, threads=threads))
    except kr.InputError as error:
        known = (
            "no settled journey visits",
            "cannot be cleared",
            "nobody goes from",
            "no journey enters",
            "none would",
        )
        assert any(text in str(error) for text in (*known, "every journey enters", "reach", "nowhere else"))  # noqa: PT017
        return
    for row in found:
        assert -1e-12 <= row["conversion_rate"] <= 1 + 1e-12
        if row["lower"] is not None:
            assert row["lower"] - 1e-12 <= row["conversion_rate"] <= row["upper"] + 1e-12


def test_every_edit_names_items_that_occur_in_the_large_logs() -> None:
    assert {"a", "ab", "abc"} <= set(TOUCHPOINTS[:3])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("strengthen", "A", "C", 0), "not be 0"),
        (("strengthen", "A", "C", "x"), "percents"),
        (("attract", "A", -200), "-1 or more"),
        (("volume", "C", 20), "no journey enters at 'C'"),
        (("volume", "A", -100), "none would be left"),
        (("insert", "A", "A", "C", 10, 50), "reserved or taken"),
        (("insert", "mail", "A", "C", 10, 150), "between 0 and 1"),
        (("remove", "A", "X"), "nobody goes from 'A' to 'X'"),
        (("remove", "A", "X", 3), "must read"),
        (("strengthen", "(start)", "A", -10), "nowhere else"),
        (("move", "A", "(null)", 10), "no settled journey visits '\\(null\\)'"),
    ],
    ids=str,
)
def test_an_edit_without_a_meaning_says_so(edit: tuple[Any, ...], message: str) -> None:
    loops = kr.journeys(read(oracle.loop_columns()), conversion="order")
    with pytest.raises(kr.InputError, match=message):
        kr.what_if(loops, [edit])
