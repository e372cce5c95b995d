# SPDX-License-Identifier: MIT
"""The slow reference against published and independently computed numbers, before it judges the library."""

from __future__ import annotations

import csv
import gzip
import itertools
import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from reference import chain, cutting, events, flow, funnels, influence, intervals, patterns, rules, sequences
from reference.sequences import Trip

import oracle
from oracle import DATA, DAY, local_json, shared_file, shared_json


def acquisition() -> list[cutting.Journey]:
    return cutting.cut(
        events.events_of(oracle.webshop_columns()),
        conversion=["order"],
        after_conversion="stop",
        inactivity=30 * DAY,
        observed_until=oracle.micros("2024-04-30"),
    )


def whole_journeys() -> list[cutting.Journey]:
    return cutting.cut(
        events.events_of(oracle.webshop_columns()),
        conversion=["order"],
        after_conversion="continue",
        inactivity=30 * DAY,
        observed_until=oracle.micros("2024-04-30"),
    )


# --- intervals


@pytest.mark.parametrize(
    ("x", "n", "lower", "upper"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_equals_newcombe_1998(x: int, n: int, lower: float, upper: float) -> None:
    assert intervals.wilson(x / n, n) == pytest.approx((lower, upper), abs=5e-5)


@pytest.mark.parametrize(
    ("df", "t"), [(1, 12.706205), (2, 4.302653), (3.834603, 2.824318), (7, 2.364624), (1e6, 1.959966)]
)
def test_t_quantiles_equal_the_tables(df: float, t: float) -> None:
    assert intervals.t_quantile(df) == pytest.approx(t, abs=2e-6)


def test_quantiles_are_type_7() -> None:
    values = [0, 0, 1, 2, 3, 5, 8, 13, 21, 34]
    assert [intervals.quantile(values, q) for q in (0.1, 0.25, 0.5, 0.75, 0.9)] == pytest.approx(
        [0, 1.25, 4, 11.75, 22.3]
    )


# --- chain


def chain_of(rows: dict[str, dict[str, str]]) -> dict:
    """Transitions of a worked example with windows of one or two items as states."""

    def state(name: str):  # type: ignore[no-untyped-def]
        return name if name.startswith("(") else tuple(name.split(">"))

    return {state(a): {state(b): Fraction(p) for b, p in row.items()} for a, row in rows.items()}


@pytest.mark.parametrize(
    "name",
    ["analyzecore_2016", "puzyrov_2019", "ca_whitepaper_2016", "ca_whitepaper_2016_order2", "mam_issue_style_null"],
)
def test_removal_effects_equal_the_worked_examples_exactly(name: str) -> None:
    example = local_json("worked_examples.json")[name]
    transition = chain_of(example["transition"])
    base = chain.absorption(transition)[chain.START]
    assert base == Fraction(example["p_conv"])
    effects = {
        item: 1 - chain.absorption(transition, removed=chain.contains(item))[chain.START] / base
        for item in example["removal"]
    }
    assert effects == {item: Fraction(effect) for item, effect in example["removal"].items()}


PATHS_2016 = {
    "analyzecore_2016": [("C1>C2>C3", 1, 0), ("C1", 0, 1), ("C2>C3", 0, 1)],
    "puzyrov_2019": [("google ads", 2, 1), ("mailing", 1, 0), ("google ads>mailing", 1, 0)],
    "ca_whitepaper_2016": [("A>B>A>B>B>A", 1, 0), ("A>B>B>A>A", 1, 0), ("A>A", 1, 0)],
}


def trips_of(rows: list[tuple[str, int, int]]) -> list[Trip]:
    trips = []
    for path, conversions, nulls in rows:
        for converted in [True] * conversions + [False] * nulls:
            trips.append(Trip(len(trips), tuple(path.split(">")), converted))
    return trips


@pytest.mark.parametrize("name", list(PATHS_2016))
def test_credits_from_paths_equal_the_worked_examples_exactly(name: str) -> None:
    example = local_json("worked_examples.json")[name]
    trips = trips_of(PATHS_2016[name])
    assert chain.probabilities(chain.transition_counts(trips)) == chain_of(example["transition"])
    effects = chain.removal_effects(trips)
    assert effects == {item: Fraction(e) for item, e in example["removal"].items()}
    total = sum(t.converted for t in trips)
    published = {item: Fraction(c) for item, c in example["credit"].items()}
    # The first source prints shares, the other two print conversions.
    assert chain.credits(effects, 1 if name == "analyzecore_2016" else total) == published


def test_order_two_of_the_white_paper() -> None:
    example = local_json("worked_examples.json")["ca_whitepaper_2016_order2"]
    trips = trips_of(PATHS_2016["ca_whitepaper_2016"])
    assert chain.probabilities(chain.transition_counts(trips, 2)) == chain_of(example["transition"])
    assert chain.credits(chain.removal_effects(trips, 2), 3) == {"A": Fraction(9, 5), "B": Fraction(6, 5)}


WEBSHOP_CHAIN = {
    "A": {"A": 1, "C": 4, "-": 5},
    "C": {"A": 1, "C": 3, "K": 2, "-": 4},
    "K": {"C": 2, "K": 1, "X": 4, "-": 3},
    "X": {"K": 1, "+": 7, "-": 2},
}


def webshop_chain() -> dict:
    ends = {"+": chain.CONVERSION, "-": chain.NULL}
    rows = {(a,): {ends.get(b, (b,)): Fraction(w, 10) for b, w in row.items()} for a, row in WEBSHOP_CHAIN.items()}
    return {chain.START: {("A",): Fraction(1)}, **rows}


def test_chain_with_loops_has_the_known_absorption_and_paths() -> None:
    b = chain.absorption(webshop_chain())
    assert [float(b[s,]) for s in "ACKX"] == pytest.approx([0.047518, 0.106916, 0.350445, 0.735045], abs=5e-7)
    for item in "CKX":
        assert chain.absorption(webshop_chain(), removed=chain.contains(item))[chain.START] == 0
    found = chain.likely_paths(webshop_chain(), 6)
    assert ["".join(path) for path, _ in found] == ["ACKX", "ACCKX", "AACKX", "ACKKX", "ACCCKX", "ACACKX"]
    assert [float(p) for _, p in found] == pytest.approx([0.0224, 0.00672, 0.00224, 0.00224, 0.002016, 0.000896])
    assert float(found[0][1] / b[chain.START]) == pytest.approx(0.4714, abs=5e-5)


# --- influence values


def tiny_trips() -> list[Trip]:
    customers = local_json("influence_tiny.json")["customers"]
    return [
        Trip(u, tuple(j["path"]), bool(j["converted"]), j["value"])
        for u, journeys in customers.items()
        for j in journeys
    ]


def test_influence_values_of_the_tiny_example() -> None:
    expected = local_json("influence_tiny.json")["results"]
    fitted = influence.fit(tiny_trips())
    assert influence.psi_conversion(fitted) == pytest.approx(expected["b0"]["psi"], abs=1e-14)
    for item in "ABC":
        effect, psi = influence.removal(fitted, item)
        assert effect == pytest.approx(expected[f"RE_{item}"]["estimate"], abs=1e-14)
        assert psi == pytest.approx(expected[f"RE_{item}"]["psi"], abs=1e-14)
        effect, psi = influence.value_removal(fitted, item)
        assert effect == pytest.approx(expected[f"REv_{item}"]["estimate"], abs=1e-14)
        assert psi == pytest.approx(expected[f"REv_{item}"]["psi"], abs=1e-14)
    rows = influence.markov(tiny_trips())
    for item in "ABC":
        row = rows[item]
        for name, interval in (
            ("RE", row.removal),
            ("share", row.share_interval),
            ("credit", row.credit_interval),
            ("REv", row.removal_value),
        ):
            want = expected[f"{name}_{item}"]
            assert interval.df == pytest.approx(want["df"], abs=1e-9)
            assert (interval.lower, interval.upper) == pytest.approx((want["lower"], want["upper"]), abs=1e-9)


def test_influence_values_of_order_two() -> None:
    expected = local_json("influence_tiny_order2.json")
    rows = influence.markov(tiny_trips(), order=2)
    fitted = influence.fit(tiny_trips(), order=2)
    for item in "ABC":
        assert influence.removal(fitted, item)[1] == pytest.approx(expected["psi_RE"][item], abs=1e-14)
        assert rows[item].removal.se == pytest.approx(expected["se_RE"][item], abs=1e-12)
        assert rows[item].credit == pytest.approx(expected["credit"][item], abs=1e-12)
        assert rows[item].credit_interval.se == pytest.approx(expected["se_credit"][item], abs=1e-12)


def test_exit_rate_and_transition_intervals_of_the_tiny_example() -> None:
    expected = local_json("influence_tiny.json")["results"]
    journeys = cutting.cut(events.events_of(oracle.tiny_columns()), ["conversion"], gap=DAY)
    b = flow.drop_off(journeys)["B"]
    assert (b.visits, b.customers, b.exits) == (7, 6, 1)
    assert (b.interval.lower, b.interval.upper) == pytest.approx(
        (expected["exit_B"]["lower"], expected["exit_B"]["upper"])
    )
    ab = flow.transitions(journeys)["A", "B"]
    assert ab.probability == 0.25
    assert (ab.interval.lower, ab.interval.upper) == pytest.approx(
        (expected["p_AB"]["lower"], expected["p_AB"]["upper"])
    )


def test_influence_value_of_the_conversion_rate_is_that_of_a_ratio() -> None:
    fitted = influence.fit(tiny_trips())
    y, j = fitted.conversions_of, fitted.journeys_of
    assert influence.psi_conversion(fitted) == pytest.approx((y - fitted.b[0] * j) / j.sum(), abs=1e-15)


# --- the log of twelve customers


def test_phases_and_transitions_of_the_twelve_customers() -> None:
    journeys = whole_journeys()
    assert len(journeys) == 12
    assert all(j.settled for j in journeys)
    reach = Counter(p for j in journeys for p in set(sequences.path(j, "phase")))
    assert reach == {
        "awareness": 10, "consideration": 11, "purchase": 8, "delivery": 4, "service": 5, "loyalty": 1,
    }  # fmt: skip
    short = {"aw": "awareness", "cons": "consideration", "pur": "purchase", "del": "delivery", "ser": "service"}
    short |= {"loy": "loyalty", "start": "(start)", "end": "(end)"}
    text = (
        "start→aw 10, start→cons 2, aw→end 1, aw→cons 9, cons→end 3, cons→pur 10, pur→end 5, pur→cons 2, pur→del 4, "
        "pur→ser 1, del→ser 4, ser→end 3, ser→loy 1, ser→pur 1, loy→pur 1"
    )
    expected = {}
    for part in text.split(", "):
        edge, weight = part.split()
        here, there = edge.split("→")
        expected[short[here], short[there]] = int(weight)
    assert {edge: row.weight for edge, row in flow.transitions(journeys, "phase").items()} == expected


def test_acquisition_of_the_twelve_customers() -> None:
    journeys = acquisition()
    assert [j.status for j in journeys].count("converted") == 6
    table = flow.transitions(journeys)
    touched = {here for here, _ in table} - {"(start)"}
    assert (len(touched), len(table)) == (12, 29)
    transition = chain.probabilities(chain.transition_counts(sequences.trips(journeys)))
    b = chain.absorption(transition)
    assert b[chain.START] == Fraction(1, 2)
    expected = {
        "store_visit": 1, "checkout_start": 0.810811, "add_to_cart": 0.675676, "email_click": 0.675676,
        "product_view": 0.540541, "social_click": 0.540541, "referral_visit": 0.540541, "review_view": 0.506757,
        "compare_view": 0.506757, "search_click": 0.450450, "ad_impression": 0.300300, "faq_view": 0,
    }  # fmt: skip
    assert {s[0]: float(p) for s, p in b.items() if s != chain.START} == pytest.approx(expected, abs=5e-7)
    effects = chain.removal_effects(sequences.trips(journeys))
    expected = {
        "checkout_start": 0.833333, "add_to_cart": 0.769231, "product_view": 0.769231, "search_click": 0.450450,
        "review_view": 0.317460, "email_click": 0.198413, "social_click": 0.180180, "store_visit": 0.166667,
        "ad_impression": 0.150150, "referral_visit": 0.090090, "compare_view": 0.083126, "faq_view": 0,
    }  # fmt: skip
    assert {item: float(e) for item, e in effects.items()} == pytest.approx(expected, abs=5e-7)


def test_where_the_twelve_customers_leave() -> None:
    leaving = {s: (row.exits, row.visits) for s, row in flow.drop_off(acquisition()).items() if row.exits}
    assert {s: n for s, (n, _) in leaving.items()} == dict.fromkeys(
        ["ad_impression", "product_view", "review_view", "faq_view", "add_to_cart", "checkout_start"], 1
    )
    assert leaving["checkout_start"] == (1, 7)


def test_times_to_the_first_order_of_the_twelve_customers() -> None:
    buyers = [j for j in acquisition() if j.converted]
    hours = [(j.conversion.time - j.events[0].time) / 3.6e9 for j in buyers]
    assert hours == pytest.approx([34.25, 69.1667, 0.1833, 0.35, 0.3333, 0.2333], abs=5e-5)
    assert intervals.quantile(hours, 0.5) == pytest.approx(0.3417, abs=1e-4)
    assert [len(j.touches) for j in buyers] == [6, 7, 4, 6, 1, 6]
    assert len(patterns.variants(acquisition())) == 12
    assert sum(j.value for j in cutting.cut(events.events_of(oracle.webshop_columns()), ["order"])) == 900


def test_first_touches_of_the_twelve_customers() -> None:
    first = Counter(sequences.path(j, "channel")[0] for j in acquisition())
    assert first == {"google": 4, "display": 3, "social": 2, "word_of_mouth": 1, "store": 1, "email": 1}


# --- rules


def test_time_decay_and_position_weights_equal_the_worked_examples() -> None:
    examples = local_json("worked_examples.json")

    def decay(days: list[int], half_life: int) -> list[float]:
        return rules.weights_of("time_decay", ["x"] * len(days), [d * DAY for d in days], half_life * DAY)

    assert decay([0, 7, 14, 21], 7) == pytest.approx([float(Fraction(w)) for w in examples["time_decay_7d"]["weights"]])
    assert decay([0, 1, 2], 1) == pytest.approx(
        [float(Fraction(w)) for w in reversed(examples["posthog_time_decay"]["weights"])]
    )
    exact = examples["b2b_12000"]
    assert [12000 * w for w in decay([0, 5, 12, 30, 38], 7)] == pytest.approx(exact["exact_time_decay"])
    assert [12000 * w for w in rules.weights_of("position_based", list("abcde"), None)] == pytest.approx(exact["u"])


def sessions() -> list[cutting.Journey]:
    """The small log marks the last touch of a converting user; a conversion event is added at the same instant."""
    columns: dict[str, list] = {"customer": [], "time": [], "touchpoint": []}
    for row in oracle.rows_of(DATA / "sessions_small.csv"):
        steps = [row["channel"], *(["conversion"] if row["converted"] == "True" else [])]
        for step in steps:
            columns["customer"].append(row["user_id"])
            columns["time"].append(oracle.micros(row["ts"]))
            columns["touchpoint"].append(step)
    return cutting.cut(events.events_of(columns), ["conversion"])


def test_time_decay_equals_the_continuous_formula_on_the_small_sessions() -> None:
    with (DATA / "time_decay_continuous_168h.csv").open(encoding="utf-8") as file:
        expected = {row[0]: float(row[1]) for row in list(csv.reader(file))[1:]}
    credit = rules.attribute(sessions(), "time_decay", half_life=7 * DAY)
    assert {label: c for label, (c, _) in credit.items()} == pytest.approx(expected, abs=1e-12)


# --- public logs


def path_table() -> list[tuple[tuple[str, ...], int, float, int]]:
    with gzip.open(shared_file("data/channelattribution_pathdata.csv.gz"), "rt", encoding="utf-8") as file:
        return [
            (
                tuple(token.strip() for token in row["path"].split(">")),
                int(row["total_conversions"]),
                float(row["total_conversion_value"]),
                int(row["total_null"]),
            )
            for row in csv.DictReader(file)
        ]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("nulls", ["null", "nonull"])
def test_markov_credits_of_the_path_table(order: int, nulls: str) -> None:
    counts: dict = {}
    value: dict = {}
    conversions: Counter = Counter()
    for items, n_conv, worth, n_null in path_table():
        dead = n_null if nulls == "null" else 0
        states = [chain.START, *chain.windows(items, order)]
        for pair in itertools.pairwise(states):
            counts[pair] = counts.get(pair, 0) + n_conv + dead
        counts[states[-1], chain.CONVERSION] = counts.get((states[-1], chain.CONVERSION), 0) + n_conv
        counts[states[-1], chain.NULL] = counts.get((states[-1], chain.NULL), 0) + dead
        if n_conv:
            value[states[-1]] = value.get(states[-1], 0.0) + worth
            conversions[states[-1]] += n_conv
    counts = {pair: c for pair, c in counts.items() if c}
    transition = chain.probabilities(counts)
    rewards = {s: value[s] / conversions[s] for s in value}
    expected = oracle.rows_of(shared_file(f"reference/attribution/exact_markov_order{order}_{nulls}.csv"))
    channels = [row["channel_name"] for row in expected]

    def effects(reward) -> dict[str, float]:  # type: ignore[no-untyped-def]
        base = chain.absorption(transition, reward, exact=False)[chain.START]
        return {
            c: 1 - chain.absorption(transition, reward, removed=chain.contains(c), exact=False)[chain.START] / base
            for c in channels
        }

    by_count = effects(None)
    by_value = effects(lambda state: rewards.get(state, 0.0))
    credit = chain.credits(by_count, sum(conversions.values()))
    worth = chain.credits(by_value, sum(value.values()))
    for row in expected:
        c = row["channel_name"]
        assert by_count[c] == pytest.approx(float(row["re_conv"]), abs=1e-10)
        assert by_value[c] == pytest.approx(float(row["re_value"]), abs=1e-10)
        assert credit[c] == pytest.approx(float(row["total_conversions"]), rel=1e-9)
        assert worth[c] == pytest.approx(float(row["total_conversion_value"]), rel=1e-9)


def test_rules_on_the_path_table() -> None:
    expected = {
        row["channel_name"]: row for row in oracle.rows_of(shared_file("reference/attribution/ca_heuristic.csv"))
    }
    for model, prefix in (("first_touch", "first_touch"), ("last_touch", "last_touch"), ("linear", "linear_touch")):
        credit: Counter = Counter()
        worth: Counter = Counter()
        for items, n_conv, value, _ in path_table():
            for item, part in zip(items, rules.weights_of(model, items, None), strict=True):
                credit[item] += part * n_conv
                worth[item] += part * value
        for channel, row in expected.items():
            assert credit[channel] == pytest.approx(float(row[f"{prefix}_conversions"]), abs=1e-8)
            assert worth[channel] == pytest.approx(float(row[f"{prefix}_value"]), abs=1e-8)


def test_patients_log() -> None:
    expected = shared_json("data/patients_log.oracle.json")["start_events"]
    with gzip.open(shared_file("data/patients_log.csv.gz"), "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["lifecycle"] == "start"]
    log = events.events_of(
        {
            "customer": [r["case_id"] for r in rows],
            "time": [oracle.micros(r["timestamp"]) for r in rows],
            "touchpoint": [r["activity"] for r in rows],
        }
    )
    journeys = cutting.cut(log, after_conversion="continue")
    weights = {edge: row.weight for edge, row in flow.transitions(journeys).items()}
    assert weights == {(here, there): weight for here, there, weight in expected["transition_counts"]}
    assert len(patterns.variants(journeys)) == expected["n_variants"]
    stages = expected["funnels"][0]
    reached = funnels.levels(log, stages["stages"], exhaustive=False)
    assert funnels.counts(reached, len(stages["stages"])) == stages["closed"]


def test_exhaustive_and_greedy_funnel_agree() -> None:
    rng = np.random.default_rng(7)
    for _ in range(200):
        size = int(rng.integers(1, 10))
        columns = {
            "customer": ["u"] * size,
            "time": [int(t) for t in rng.integers(0, 12, size)],
            "touchpoint": [str(t) for t in rng.choice(["a", "b", "c", "d"], size)],
        }
        rows = events.by_customer(events.events_of(columns))["u"]
        steps = [{"a"}, {"b", "a"}, {"c"}]
        for window in (None, 0, 3, 6):
            assert funnels.level(rows, steps, window) == funnels.level_by_search(rows, steps, window)


def test_funnel_equals_clickhouse_where_no_times_are_equal() -> None:
    cases = shared_json("reference/funnels/clickhouse_window_funnel_fuzz.json")
    checked = 0
    for run in cases["runs"]:
        distinct = len(set(run["steps"])) == len(run["steps"])
        if run["modes"] != (["strict_once"] if not distinct else []):
            continue
        for rows, expected in zip(cases["sequences"], run["levels"], strict=True):
            if len({time for time, _ in rows}) < len(rows):
                continue
            columns = {"customer": ["u"] * len(rows), "time": [t for t, _ in rows], "touchpoint": [e for _, e in rows]}
            reached = funnels.levels(events.events_of(columns), run["steps"], run["window"])
            assert reached.get("u", 0) == expected, (rows, run["steps"], run["window"])
            checked += 1
    assert checked > 1000


def test_intervals_of_nothing_are_null() -> None:
    assert math.isnan(intervals.prob(float("nan"), [0.0], 1, 1).lower)
    assert math.isnan(intervals.quantile([], 0.5))
