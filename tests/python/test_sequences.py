# SPDX-License-Identifier: MIT
"""Sequences, n-grams, and what groups do otherwise: against peers and the slow reference."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import around, cutting, events, flow, intervals

import klantreis as kr
from bridge import assert_same, big, both, cells, cut, cuts, labels, often, read, text_log
from oracle import shared_file, shared_json
from strategies import CONVERSIONS, DAY, MINUTE, Columns, logs, random_log, shuffled

# --- sequences

limits = st.fixed_dictionaries(
    {
        "max_gap": st.sampled_from([None, None, 0, 1, 2]),
        "max_gap_time": st.sampled_from([None, None, 5 * MINUTE, DAY]),
        "within": st.sampled_from([None, None, 30 * MINUTE, 3 * DAY]),
    }
)


def timed_paths(journeys: list[Any], by: str, collapse: bool) -> list[tuple[list[str], list[int]]]:
    return [
        ([v.label for v in visits], [v.entered or 0 for v in visits])
        for visits in (around.visits(j, by, collapse) for j in journeys if j.settled)
    ]


def asked(given_limits: dict[str, int | None]) -> dict[str, Any]:
    return {
        name: value if name == "max_gap" or value is None else f"{value // 1_000_000}s"
        for name, value in given_limits.items()
    }


@often
@given(logs(conversions=2, max_events=18), cuts, limits, labels, st.booleans(), st.sampled_from([0.0, 0.3, 0.6]))
def test_frequent_sequences(
    columns: Columns,
    options: dict[str, Any],
    given_limits: dict[str, int | None],
    by: str,
    collapse: bool,
    least: float,
) -> None:
    fast, slow = both(columns, options)
    paths = timed_paths(slow, by, collapse)
    settings = {"min_length": 1, "max_length": 3, "by": by, "collapse": collapse, "min_support": least}
    expected = around.sequences(paths, 3, math.ceil(least * len(paths) - 1e-9), **given_limits)
    found = kr.frequent_sequences(fast, **settings, **asked(given_limits))
    assert cells(found, ("sequence",), "journeys") == {" > ".join(s): n for s, n in expected.items()}
    for row in found:
        assert_same(row["support"], row["journeys"] / len(paths), "support")
        before = expected[tuple(row["sequence"].split(" > "))[:-1]] if row["length"] > 1 else len(paths)
        assert_same(row["confidence"], row["journeys"] / before, "confidence")


@often
@given(logs(conversions=2, max_events=18), st.sampled_from([None, 0]))
def test_closed_sequences_are_those_that_no_longer_one_contains_as_often(columns: Columns, gap: int | None) -> None:
    fast, slow = both(columns, {})
    paths = timed_paths(slow, "touchpoint", False)
    longest = max(len(labels) for labels, _ in paths)
    if not 0 < longest < 10:
        return
    every = around.sequences(paths, longest, 1, max_gap=gap)

    def extends(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
        if gap is None:
            return around.is_subsequence(short, long)
        return any(long[i : i + len(short)] == short for i in range(len(long) - len(short) + 1))

    closed = {
        s: n
        for s, n in every.items()
        if not any(m == n and len(t) > len(s) and extends(s, t) for t, m in every.items())
    }
    for top in (2, longest):
        found = kr.frequent_sequences(fast, min_support=0, min_length=1, max_length=top, max_gap=gap, closed=True)
        expected = {" > ".join(s): n for s, n in closed.items() if len(s) <= top}
        assert cells(found, ("sequence",), "journeys") == expected


@often
@given(logs(conversions=2), cuts)
def test_supports_of_converted_journeys_and_their_difference(columns: Columns, options: dict[str, Any]) -> None:
    fast, slow = both(columns, options)
    slow = [j for j in slow if j.settled]
    found = kr.frequent_sequences(fast, min_support=0, max_length=2)
    units = {group: Counter(j.customer for j in slow if j.converted == group) for group in (True, False)}
    both_groups = set(units[True]) & set(units[False])
    for row in found:
        wanted = row["sequence"].split(" > ")
        having = [j for j in slow if around.contains(around.path(j, "touchpoint", False), [], wanted)]
        hits = {group: Counter(j.customer for j in having if j.converted == group) for group in (True, False)}

        rates = {}
        for group, name in ((True, "converted"), (False, "not_converted")):
            if not units[group]:
                assert row[name] is None
                continue
            rates[group] = hits[group].total() / units[group].total()
            interval = flow.rate_interval(hits[group], units[group])
            assert_same(row[name], rates[group], name)
            assert_same(row[f"{name}_lower"], interval.lower, name)
            assert_same(row[f"{name}_upper"], interval.upper, name)
        if len(rates) < 2:
            assert row["difference"] is None
            continue
        assert_same(row["difference"], rates[True] - rates[False], "difference")
        if both_groups and min(len(units[True]), len(units[False])) >= 5 and all(0 < r < 1 for r in rates.values()):
            customers = set(units[True]) | set(units[False])
            psi = [
                (hits[True][u] - rates[True] * units[True][u]) / units[True].total()
                - (hits[False][u] - rates[False] * units[False][u]) / units[False].total()
                for u in customers
            ]
            interval = intervals.plain(rates[True] - rates[False], psi, len(psi))
            assert_same(row["lower"], interval.lower, "lower")
            assert_same(row["upper"], interval.upper, "upper")


def test_the_adjusted_p_values_are_those_of_holm_or_benjamini_and_hochberg() -> None:
    journeys = cut(read(big(3)), conversion=CONVERSIONS)
    for adjust in ("holm", "benjamini_hochberg"):
        found = kr.frequent_sequences(journeys, min_support=0.05, adjust=adjust)
        p = found["p"]
        order = sorted(range(len(p)), key=lambda i: p[i])
        m = len(p)
        if adjust == "holm":
            steps = [min(1.0, max((m - r) * p[order[r]] for r in range(rank + 1))) for rank in range(m)]
        else:
            steps = [min(1.0, min(m / (r + 1) * p[order[r]] for r in range(rank, m))) for rank in range(m)]
        for rank, place in enumerate(order):
            assert_same(found["p_adjusted"][place], steps[rank], adjust)
    with pytest.raises(kr.InputError, match="benjamini_hochberg"):
        kr.frequent_sequences(journeys, adjust="bonferroni")  # type: ignore[arg-type]


def reach(journeys: kr.Journeys) -> dict[tuple[str, str], float]:
    """P(from comes to `to` later), by solving for each goal on the moves."""
    counts: dict[str, Counter[str]] = {}
    for row in kr.edge_weights(journeys):
        counts.setdefault(row["from"], Counter())[row["to"]] += row["count"]
    states = list(counts)
    found = {}
    for goal in states:
        rows = [[float(a == b) for b in states] for a in states]
        right = [0.0] * len(states)
        for i, here in enumerate(states):
            for there, n in counts[here].items():
                p = n / counts[here].total()
                if there == goal:
                    right[i] += p
                elif there in counts:
                    rows[i][states.index(there)] -= p
        for here, probability in zip(states, np.linalg.solve(rows, right), strict=True):
            found[here, goal] = float(probability)
    return found


def test_what_the_chain_expects_is_the_product_of_the_ways_ever_taken() -> None:
    journeys = cut(read(big(2)), conversion=CONVERSIONS)
    come = reach(journeys)
    found = kr.frequent_sequences(journeys, min_length=1, max_length=3)
    for row in found:
        expected, here = 1.0, "(start)"
        for item in row["sequence"].split(" > "):
            expected *= come[here, item]
            here = item
        assert_same(row["expected"], expected, row["sequence"])
        assert_same(row["lift"], row["support"] / expected, row["sequence"])
    assert set(kr.frequent_sequences(journeys, max_gap=1)["lift"]) == {None}


def test_journeys_of_a_chain_have_the_supports_that_it_expects() -> None:
    rng = random.Random(5)
    moves = {"(start)": "aab", "a": "abb.c", "b": "aac..", "c": "ab."}
    texts = {}
    for number in range(20_000):
        text, here = "", "(start)"
        while (here := rng.choice(moves[here])) != ".":
            text += here
        texts[f"u{number}"] = text
    found = kr.frequent_sequences(kr.journeys(text_log(texts)), min_support=0.02, max_length=4)
    assert len(found) > 50
    for row in found:
        deviation = math.sqrt(row["expected"] * (1 - row["expected"]) / 20_000)
        assert abs(row["support"] - row["expected"]) < 4.5 * deviation, row["sequence"]


def test_bad_questions_for_sequences_are_refused() -> None:
    journeys = kr.journeys(text_log({"u": "abc"}))
    with pytest.raises(kr.InputError, match="0 to 1"):
        kr.frequent_sequences(journeys, min_support=2)
    with pytest.raises(kr.InputError, match="min_length"):
        kr.frequent_sequences(journeys, min_length=4, max_length=3)
    with pytest.raises(kr.InputError, match="needs times"):
        kr.frequent_sequences(journeys, within="1h")


# --- n-grams


def test_ngrams_of_the_web_shop() -> None:
    top = shared_json("reference/funnels/cross_ecom.json")["ngrams_top40 (count, users)"]
    path = shared_file("data/ecom_synthetic_2024.parquet")
    log = kr.read(str(path), customer="user_id", touchpoint="event")
    lengths = {len(names) for names, _, _ in top}
    found = kr.ngrams(kr.journeys(log), min_length=min(lengths), max_length=max(lengths))
    rows = cells(found, ("sequence",), "count", "customers")
    assert [rows[" > ".join(names)] for names, _, _ in top] == [(count, users) for _, count, users in top]
    assert found["count"][: len(top)] == [count for _, count, _ in top]


@often
@given(logs(conversions=2), cuts, labels, st.booleans())
def test_ngrams(columns: Columns, options: dict[str, Any], by: str, collapse: bool) -> None:
    fast, slow = both(columns, options)
    paths = [around.path(j, by, collapse) for j in slow if j.settled]
    grams = Counter(path[i : i + n] for path in paths for n in (1, 2, 3) for i in range(len(path) - n + 1))
    found = kr.ngrams(fast, min_length=1, by=by, collapse=collapse)
    assert cells(found, ("sequence",), "count") == {" > ".join(gram): n for gram, n in grams.items()}
    leaving = Counter(here for path in paths for here in path)
    total = sum(leaving.values())
    for row in found:
        gram = tuple(row["sequence"].split(" > "))
        assert row["journeys"] == sum(any(p[i : i + len(gram)] == gram for i in range(len(p))) for p in paths)
        assert_same(row["confidence"], row["count"] / (grams[gram[:-1]] if len(gram) > 1 else total), "confidence")
        expected = float(leaving[gram[0]])
        for i in range(1, len(gram)):
            expected *= grams[gram[i - 1 : i + 1]] / leaving[gram[i - 1]]
        assert_same(row["expected"], expected, "expected")


# --- two groups


def windows_by_channel(columns: Columns, names: tuple[str, str], after: int) -> list[list[tuple[Any, list[str]]]]:
    """The windows from the start of the journeys whose first event has each of two channels."""
    slow = cutting.cut(events.events_of(columns), CONVERSIONS)
    return [
        list(around.windows([j for j in slow if j.events[0].channel == name], "(start)", 0, after, "first", *BY))
        for name in names
    ]


BY = ("touchpoint", False)


@pytest.mark.parametrize("seed", range(4))
def test_two_groups_differ_as_their_steps_and_moves_do(seed: int) -> None:
    columns = big(seed)
    journeys = cut(read(columns), conversion=CONVERSIONS)
    seen = windows_by_channel(columns, ("web", "direct"), 2)
    units = [Counter(customer for customer, _ in group) for group in seen]
    assert set(units[0]) & set(units[1])
    options = {"by": "channel", "groups": ["web", "direct"], "steps_before": 0, "steps_after": 2}
    tables: list[tuple[Any, tuple[str, ...], list[dict[Any, Any]]]] = [
        (kr.compare_steps(journeys, **options), ("step", "label"), [around.steps_around(g, 0) for g in seen]),
        (kr.compare_flow(journeys, **options), ("step", "from", "to"), [around.flow_around(g, 0) for g in seen]),
    ]
    for found, key, expected in tables:
        assert {tuple(row[k] for k in key) for row in found} == set(expected[0]) | set(expected[1])
        for row in found:
            cell = tuple(row[k] for k in key)
            hits = [
                Counter(c for c, w in group if w[cell[0]] == cell[1] and (len(cell) == 2 or w[cell[0] + 1] == cell[2]))
                for group in seen
            ]
            rates = [h.total() / u.total() for h, u in zip(hits, units, strict=True)]
            assert_same(row["first"], rates[0], "first")
            assert_same(row["second"], rates[1], "second")
            assert_same(row["difference"], rates[1] - rates[0], "difference")
            if min(rates) > 0 and max(rates) < 1:
                psi = [
                    (hits[1][u] - rates[1] * units[1][u]) / units[1].total()
                    - (hits[0][u] - rates[0] * units[0][u]) / units[0].total()
                    for u in set(units[0]) | set(units[1])
                ]
                interval = intervals.plain(rates[1] - rates[0], psi, len(psi))
                assert_same(row["lower"], interval.lower, "lower")
                assert_same(row["upper"], interval.upper, "upper")


def assert_equal_rows(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Texts and counts equal, the rest up to rounding."""
    assert len(found) == len(expected)
    for got, want in zip(found, expected, strict=True):
        for column, value in want.items():
            assert_same(got[column], value, column, rel=1e-9, tolerance=1e-9)


def split(columns: Columns, remainder: int) -> Columns:
    kept = [i for i, name in enumerate(columns["customer"]) if sum(map(ord, name)) % 2 == remainder]
    return {name: [values[i] for i in kept] for name, values in columns.items()}


def test_separate_logs_are_compared_as_one_log_divided() -> None:
    columns = random_log(3, customers=200)
    columns["phase"] = [str(sum(map(ord, name)) % 2) for name in columns["customer"]]
    whole = cut(read(columns), conversion=CONVERSIONS)
    parts = [cut(read(split(columns, remainder)), conversion=CONVERSIONS) for remainder in (0, 1)]
    for function in (kr.compare_steps, kr.compare_flow, kr.compare_sequences):
        assert_equal_rows(function(*parts).to_dicts(), function(whole, by="phase", groups=["0", "1"]).to_dicts())
    supports = [
        cells(kr.frequent_sequences(part, min_support=0, max_length=3), ("sequence",), "support") for part in parts
    ]
    for row in kr.compare_sequences(*parts):
        assert_same(row["first"], supports[0].get(row["sequence"], 0.0), row["sequence"])
        assert_same(row["second"], supports[1].get(row["sequence"], 0.0), row["sequence"])


def test_groups_that_are_alike_rarely_seem_to_differ() -> None:
    alarms = 0
    for seed in range(20):
        columns = random_log(seed, customers=300)
        parts = [cut(read(split(columns, remainder)), conversion=CONVERSIONS) for remainder in (0, 1)]
        alarms += min(kr.compare_sequences(*parts, min_support=0.05)["p_adjusted"]) < 0.05
    assert alarms <= 4


def test_the_payment_incident_is_what_two_months_do_otherwise() -> None:
    """From 19 May to 8 June payments of the public, made-up shop fail."""
    path = str(shared_file("data/ecom_synthetic_2024.parquet"))
    journeys = kr.journeys(kr.read(path, customer="user_id", touchpoint="event"), gap="30m")
    periods: dict[str, Any] = {"before": ("2024-04-20", "2024-05-19"), "after": ("2024-05-19", "2024-06-08")}
    flow = kr.compare_flow(journeys, **periods, at="payment_details", steps_before=0, steps_after=1).to_dicts()
    found = min(flow, key=lambda row: row["p"])
    assert (found["to"], found["first"]) == ("payment_error", 0.0)
    assert found["p_adjusted"] < 0.05
    first = kr.compare_sequences(journeys, **periods, max_length=2, limit=10)
    assert all("payment_error" in name or "support_chat" in name for name in first["sequence"])
    assert max(first["p_adjusted"]) < 1e-4
    assert min(first["difference"]) > 0


# --- what must hold for every log


def everything(journeys: kr.Journeys, threads: int | None = None) -> dict[str, list[dict[str, Any]]]:
    found = {
        "sequences": kr.frequent_sequences(journeys, threads=threads),
        "limits": kr.frequent_sequences(journeys, max_gap=2, within="3d", closed=True, threads=threads),
        "ngrams": kr.ngrams(journeys, threads=threads),
        "complexity": kr.complexity_by(journeys, "channel", threads=threads),
        "predictability": kr.predictability(journeys, threads=threads),
        "steps": kr.compare_steps(journeys, by="channel", groups="web", threads=threads),
        "groups": kr.compare_sequences(journeys, by="channel", groups="web", threads=threads),
    }
    return {name: table.to_dicts() for name, table in found.items()}


def test_the_order_of_rows_does_not_matter() -> None:
    for seed in range(2):
        columns = big(seed)
        expected = everything(cut(read(columns), conversion=CONVERSIONS))
        found = everything(cut(read(shuffled(columns, 1)), conversion=CONVERSIONS))
        for name, rows in expected.items():
            assert_equal_rows(found[name], rows)


def test_the_number_of_threads_does_not_matter() -> None:
    journeys = cut(read(random_log(12, customers=15_000, mean_events=2)), conversion=CONVERSIONS)
    assert everything(journeys, threads=3) == everything(journeys, threads=1)


def test_page_sequences_of_a_million_visitors() -> None:
    """The supports of pairs, counted by set operations on the rows."""
    path = shared_file("data/msnbc_1999.parquet")
    log = kr.read(str(path), customer="user_id", time=None, order="position", touchpoint="page")
    journeys = kr.journeys(log, after_conversion="continue")
    found = kr.frequent_sequences(journeys, min_support=0.001, min_length=1, max_length=3, collapse=True)
    rows = cells(found, ("sequence",), "journeys")
    table = pq.read_table(path, columns=["user_id", "page"])
    distinct = table.group_by(["user_id", "page"]).aggregate([])
    counts = Counter(distinct["page"].to_pylist())
    assert {name: n for name, n in rows.items() if " > " not in name} == {
        str(page): n for page, n in counts.items() if n >= 0.001 * len(journeys)
    }
    follows = cells(kr.eventually_follows(journeys, collapse=True), ("from", "to"), "journeys")
    pairs = {" > ".join(pair): n for pair, n in follows.items() if n >= 0.001 * len(journeys)}
    assert {name: n for name, n in rows.items() if name.count(" > ") == 1} == pairs
