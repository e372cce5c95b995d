# SPDX-License-Identifier: MIT
"""kr.hypotheses and kr.changes."""

from __future__ import annotations

import datetime
import itertools
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import groups

import klantreis as kr
from bridge import cut, read
from strategies import random_log, shuffled
from test_planted_stories import read as stories

COUNTS = {("1", "2"): 8, ("1", "3"): 2, ("2", "1"): 1, ("2", "3"): 9, ("3", "1"): 5, ("3", "2"): 1}
DAY = 86_400_000_000


# --- evidence


def test_evidence_equals_the_worked_example() -> None:
    found = kr.hypotheses(
        COUNTS, {"round": [["1", "2", "3", "1"]], "back": [["1", "3", "2", "1"]]}, strengths=[0, 1, 5, 10, 100]
    )
    evidence = {(row["strength"], row["hypothesis"]): row["log_evidence"] for row in found}
    worked = {
        0: (-19.612521, -19.612521, -19.612521),
        1: (-20.232101, -17.352238, -21.158901),
        5: (-22.090998, -14.808357, -28.471716),
        10: (-23.500939, -14.361654, -35.503650),
        100: (-27.513905, -18.553339, -74.829896),
    }
    for strength, values in worked.items():
        for name, value in zip(("uniform", "round", "back"), values, strict=True):
            assert evidence[strength, name] == pytest.approx(value, abs=5e-7)
    at_ten = [row for row in found if row["strength"] == 10]
    assert [row["hypothesis"] for row in at_ten] == ["round", "uniform", "back"]
    assert at_ten[0]["log_bayes_factor"] == pytest.approx(evidence[10, "round"] - evidence[10, "uniform"])
    assert [row["support"] for row in at_ten] == ["very strong", "", "very strong against it"]


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), st.integers(1, 30), min_size=1),
    st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), st.floats(0.1, 5)),
    st.floats(0, 200),
)
def test_evidence_is_that_of_the_formula(
    counts: dict[tuple[str, str], int], weights: dict[tuple[str, str], float], strength: float
) -> None:
    states = sorted({state for pair in counts for state in pair})
    weights = {pair: weight for pair, weight in weights.items() if set(pair) <= set(states)}
    rows = Counter[str]()
    for (row, _), weight in weights.items():
        rows[row] += weight
    shares = {pair: weight / rows[pair[0]] for pair, weight in weights.items()}
    uniform = {pair: 1 / len(states) for pair in itertools.product(states, states)}
    found = {row["hypothesis"]: row for row in kr.hypotheses(counts, {"mine": weights}, strengths=[strength])}
    assert found["mine"]["log_evidence"] == pytest.approx(groups.log_evidence(counts, shares, states, strength))
    assert found["uniform"]["log_evidence"] == pytest.approx(groups.log_evidence(counts, uniform, states, strength))


def test_beliefs_can_be_written_in_several_ways() -> None:
    ways: list[Any] = [
        {("1", "2"): 2, ("2", "3"): 7, ("2", "1"): 7},
        {"1": {"2": 1}, "2": {"3": 0.5, "1": 0.5}},
        {"1": ["2"], "2": ["1", "3"]},
        [["1", "2", "3"], ["2", "1"]],
    ]
    ways[3] = [["1", "2", "1"], ["2", "3"]]
    found = [kr.hypotheses(COUNTS, {"it": way}, strengths=[3]).to_dicts() for way in ways]
    assert all(other == found[0] for other in found)


def test_a_designed_journey_explains_the_journeys_that_follow_it() -> None:
    columns: dict[str, list[Any]] = {"customer": [], "order": [], "touchpoint": []}
    rng = random.Random(1)
    for number in range(60):
        steps = ["view", "cart", "pay"] if rng.random() < 0.8 else rng.sample(["view", "cart", "pay"], 3)
        for place, step in enumerate([*steps, "order"]):
            columns["customer"].append(str(number))
            columns["order"].append(place)
            columns["touchpoint"].append(step)
    journeys = kr.journeys(read(columns), conversion="order")
    designed = [["(start)", "view", "cart", "pay", "(conversion)"]]
    turned = [["(start)", "pay", "cart", "view", "(conversion)"]]
    found = kr.hypotheses(journeys, {"designed": designed, "turned": turned}, strengths=[10]).to_dicts()
    assert [row["hypothesis"] for row in found] == ["designed", "uniform", "turned"]
    of_paths = kr.hypotheses(kr.paths(journeys), {"designed": designed, "turned": turned}, strengths=[10]).to_dicts()
    assert of_paths == found


def test_beliefs_that_cannot_be_weighed_are_refused() -> None:
    for beliefs, message in [
        ({"a": [["1", "x"]]}, "'x'"),
        ({"uniform": [["1", "2"]]}, "name of its own"),
        ({"a": {("1", "2"): -1}}, "0 or more"),
        ({"a": {("1", "2"): "much"}}, "give a number"),
        ({"a": {("1", "2", "3"): 1}}, "from, to"),
        ({"a": "1 > 2"}, "lists of states"),
        ({"a": ["1 > 2"]}, "list of states"),
        ({"a": [["1", "(conversion)"]]}, r"no state '\(conversion\)'"),
    ]:
        with pytest.raises(kr.InputError, match=message):
            kr.hypotheses(COUNTS, beliefs)  # type: ignore[arg-type]
    with pytest.raises(kr.InputError, match="strength"):
        kr.hypotheses(COUNTS, {}, strengths=[-1])


# --- periods of change


def shop(seed: int, broken: range | None, days: int = 40) -> dict[str, list[Any]]:
    rng = random.Random(seed)
    columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": []}
    for day in range(days):
        for number in range(rng.randint(8, 14)):
            pays = 0.3 if broken is not None and day in broken else 0.7
            steps = ["view", "cart", "pay" if rng.random() < pays else "help"]
            for place, step in enumerate(steps):
                columns["customer"].append(f"k{day}-{number}")
                columns["time"].append(1_709_251_200_000_000 + day * DAY + place * 60_000_000)
                columns["touchpoint"].append(step)
    return columns


def test_a_planted_period_is_found_with_its_dates() -> None:
    journeys = kr.journeys(read(shop(1, range(15, 25))))
    row = next(iter(kr.changes(journeys, every="1d")))
    assert row["from"] == "cart"
    assert row["p_adjusted"] < 0.001
    begin, end = row["begin"].replace(tzinfo=None), row["end"].replace(tzinfo=None)
    assert abs(begin - datetime.datetime(2024, 3, 16)) <= datetime.timedelta(days=2)
    assert abs(end - datetime.datetime(2024, 3, 26)) <= datetime.timedelta(days=2)
    assert row["difference"] == pytest.approx(row["during"] - row["otherwise"])
    assert row["lower"] < row["difference"] < row["upper"]
    assert row["visits_during"] + row["visits_otherwise"] == len(journeys)


def test_the_period_and_its_test_are_those_found_by_trying_all() -> None:
    columns = shop(2, range(4, 7), days=12)
    counts = [Counter[str]() for _ in range(12)]
    steps = list(zip(columns["time"], columns["touchpoint"], strict=True))
    for (time, step), (_, after) in itertools.pairwise(steps):
        if step == "cart":
            counts[(time - 1_709_251_200_000_000) // DAY][after] += 1

    def g2(begin: int, end: int) -> float:
        import math

        inside, outside = sum(counts[begin:end], Counter()), sum(counts[:begin] + counts[end:], Counter())
        both = inside + outside
        return 2 * sum(
            group[name] * math.log(group[name] * both.total() / (group.total() * both[name]))
            for group in (inside, outside)
            for name in group
        )

    spans = [(a, b) for a in range(12) for b in range(a + 1, 13) if (a, b) != (0, 12)]
    best = max(spans, key=lambda span: g2(*span))
    row = next(row for row in kr.changes(kr.journeys(read(columns)), every="1d", periods=1) if row["from"] == "cart")
    assert row["g2"] == pytest.approx(g2(*best))
    start = datetime.datetime(2024, 3, 1, tzinfo=datetime.timezone.utc)
    found = ((row["begin"] - start).days, (row["end"] - start).days)
    assert g2(*found) == pytest.approx(g2(*best))
    # Of the three rows (start) and view always lead to the same.
    assert row["p_adjusted"] == pytest.approx(min(1.0, row["p"] * len(spans)))


def test_where_nothing_changes_there_is_seldom_a_finding() -> None:
    alarms = [
        min(row["p_adjusted"] for row in kr.changes(kr.journeys(read(shop(seed, None))), every="2d")) < 0.05
        for seed in range(20)
    ]
    assert sum(alarms) <= 2


@pytest.mark.parametrize("seed", range(3))
def test_changes_do_not_depend_on_rows_or_threads(seed: int) -> None:
    columns = random_log(seed, customers=60)
    found = [
        kr.changes(cut(read(given), conversion="buy"), every="7d", threads=threads).sort(["from", "begin"])
        for given, threads in ((columns, 1), (columns, 3), (shuffled(columns, seed), 2))
    ]
    assert found[0].to_dicts() == found[1].to_dicts()
    for one, other in zip(found[0], found[2], strict=True):
        for name, cell in one.items():
            assert other[name] == (pytest.approx(cell, rel=1e-9) if isinstance(cell, float) else cell)


def test_incidents_of_a_public_log_are_the_first_rows() -> None:
    payments = next(iter(kr.changes(stories(), every="1d")))
    assert payments["from"] == "payment_details"
    assert payments["p_adjusted"] < 1e-4
    assert abs((payments["begin"].date() - datetime.date(2024, 5, 19)).days) <= 2
    assert abs((payments["end"].date() - datetime.date(2024, 6, 9)).days) <= 2
    checkout = next(iter(kr.changes(stories("platform = 'mobile'"), every="14d")))
    assert (checkout["from"], checkout["to"]) == ("shipping_details", "checkout_bug")
    assert checkout["p_adjusted"] < 0.05
    assert abs((checkout["begin"].date() - datetime.date(2024, 4, 9)).days) <= 7
    assert abs((checkout["end"].date() - datetime.date(2024, 5, 10)).days) <= 7


def test_changes_that_cannot_be_sought_name_the_remedy() -> None:
    timed = kr.journeys(read(shop(1, None)))
    with pytest.raises(kr.LimitError, match="make every longer"):
        kr.changes(timed, every="1h")
    untimed = kr.journeys(kr.read({"customer_id": [1], "touchpoint": ["a"], "step": [1]}, time=None, order="step"))
    with pytest.raises(kr.InputError, match="with time"):
        kr.changes(untimed)
