# SPDX-License-Identifier: MIT
"""Transitions, drop-off, the funnel and patterns against the slow reference on random logs."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import chain, cutting, events, flow, funnels, intervals, patterns, sequences

import klantreis as kr
from bridge import (
    CUTS,
    LABELS,
    SEEDS,
    assert_same,
    big,
    both,
    cells,
    cut,
    cuts,
    labels,
    often,
    read,
    span,
)
from strategies import CONVERSIONS, DAY, MINUTE, Columns, logs, random_log

# --- transitions and drop-off


def check_transitions(fast: kr.Journeys, slow: list[cutting.Journey], by: str, collapse: bool) -> None:
    table = kr.transitions(fast, by=by, collapse=collapse)
    found = cells(table, ("from", "to"), "weight", "n", "probability", "lower", "upper", "median_time", "marks")
    expected = flow.transitions(slow, by, collapse)
    assert set(found) == set(expected)
    for edge, row in expected.items():
        weight, n, probability, lower, upper, median, marks = found[edge]
        assert (weight, n) == (row.weight, len(row.row_customers)), edge
        assert_same(probability, row.probability, f"probability of {edge}")
        assert_same(lower, row.interval.lower, f"lower of {edge}", rel=1e-7, tolerance=1e-9)
        assert_same(upper, row.interval.upper, f"upper of {edge}", rel=1e-7, tolerance=1e-9)
        assert_same(median, row.median_time / 1_000_000, f"median time of {edge}")
        assert ("boundary" in marks) == row.interval.boundary, edge
        assert ("few_customers" in marks) == (n < 30), edge


@often
@given(logs(conversions=2), cuts, labels, st.booleans())
def test_transitions(columns: Columns, options: dict[str, Any], by: str, collapse: bool) -> None:
    check_transitions(*both(columns, options), by, collapse)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("options", CUTS, ids=str)
def test_transitions_of_larger_logs(seed: int, options: dict[str, Any]) -> None:
    fast, slow = both(big(seed), options)
    for by in LABELS:
        check_transitions(fast, slow, by, collapse=seed % 2 == 0)


@often
@given(logs(conversions=2), cuts)
def test_probabilities_of_a_row_sum_to_one(columns: Columns, options: dict[str, Any]) -> None:
    fast, _ = both(columns, options)
    sums: Counter[str] = Counter()
    for row in kr.transitions(fast).to_dicts():
        sums[row["from"]] += row["probability"]
        assert 0 <= row["lower"] <= row["probability"] + 1e-12
        assert row["probability"] - 1e-12 <= row["upper"] <= 1
    assert all(total == pytest.approx(1, rel=1e-12) for total in sums.values())


def check_drop_off(fast: kr.Journeys, slow: list[cutting.Journey], by: str) -> None:
    table = kr.drop_off(fast, by=by)
    found = cells(table, (by,), "visits", "n", "exits", "exit_rate", "lower", "upper", "share_of_exits")
    expected = flow.drop_off(slow, by)
    assert set(found) == set(expected)
    before = cells(table.before, (by, "before"), "count")
    after = cells(table.next, (by, "next"), "count")
    for label, row in expected.items():
        visits, n, exits, rate, lower, upper, share = found[label]
        assert (visits, n, exits) == (row.visits, row.customers, row.exits), label
        assert_same(rate, row.exit_rate, f"exit rate of {label}")
        assert_same(lower, row.interval.lower, f"lower of {label}", rel=1e-7, tolerance=1e-9)
        assert_same(upper, row.interval.upper, f"upper of {label}", rel=1e-7, tolerance=1e-9)
        assert_same(share, row.share_of_exits, f"share of the exits of {label}")
    assert before == {(label, other): n for label, row in expected.items() for other, n in row.before.items()}
    assert after == {(label, other): n for label, row in expected.items() for other, n in row.next.items()}


@often
@given(logs(conversions=2), cuts, labels)
def test_drop_off(columns: Columns, options: dict[str, Any], by: str) -> None:
    check_drop_off(*both(columns, options), by)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("options", CUTS, ids=str)
def test_drop_off_of_larger_logs(seed: int, options: dict[str, Any]) -> None:
    fast, slow = both(big(seed), options)
    for by in LABELS:
        check_drop_off(fast, slow, by)


# --- funnel and patterns


@often
@given(logs(max_events=14, conversions=2), st.data(), st.sampled_from([None, 1_000_000, 5 * MINUTE, DAY, 5 * DAY]))
def test_funnel(columns: Columns, data: st.DataObject, window: int | None) -> None:
    present = st.sampled_from(sorted(set(columns["touchpoint"])))
    wanted = data.draw(st.lists(st.lists(present, min_size=1, max_size=2, unique=True), min_size=1, max_size=4))
    steps = [set(step) for step in wanted]
    rows = kr.funnel(cut(read(columns), conversion=CONVERSIONS), wanted, window=span(window)).to_dicts()
    log = events.events_of(columns)
    counts = funnels.counts(funnels.levels(log, steps, window), len(steps))
    assert [row["count"] for row in rows] == counts
    assert [row["step"] for row in rows] == list(range(1, len(steps) + 1))
    assert rows[0]["n"] == len(set(columns["customer"]))
    for row, (rate, (lower, upper)) in zip(rows[1:], funnels.rates(counts)[1:], strict=True):
        assert_same(row["rate"], rate)
        assert_same(row["rate_lower"], lower)
        assert_same(row["rate_upper"], upper)
    for row, count in zip(rows, counts, strict=True):
        assert_same(row["rate_from_first"], count / counts[0] if counts[0] else math.nan)
    if len(steps) > 1:
        times = [funnels.time_to_last_step(rows, steps, window) for rows in events.by_customer(log).values()]
        median = intervals.quantile([t / 1_000_000 for t in times if t is not None], 0.5)
        assert_same(rows[-1]["median_time_from_first"], median)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("window", [None, 5 * MINUTE, 30 * MINUTE, DAY, 3 * DAY])
def test_funnel_of_larger_logs(seed: int, window: int | None) -> None:
    """The time between events is often exactly the window, which is inclusive."""
    columns = big(seed)
    log = events.events_of(columns)
    for steps in (["ab", "a"], ["a", "ab", "buy"], ["abc", "abc", "ab", "buy"]):
        rows = kr.funnel(read(columns), steps, window=span(window)).to_dicts()
        reached = funnels.levels(log, steps, window, exhaustive=False)
        assert [row["count"] for row in rows] == funnels.counts(reached, len(steps))


@often
@given(logs(conversions=2), cuts, labels, st.booleans())
def test_variants(columns: Columns, options: dict[str, Any], by: str, collapse: bool) -> None:
    fast, slow = both(columns, options)
    found = kr.variants(fast, by=by, collapse=collapse).to_dicts()
    expected = patterns.variants(slow, by, collapse)
    assert [row["count"] for row in found] == [v.count for v in expected]
    for row, v in zip(found, expected, strict=True):
        assert_same(row["coverage"], v.coverage)
    by_path = {row["path"]: row for row in found}
    assert len(by_path) == len(found)
    for v in expected:
        row = by_path[" > ".join(v.path)]
        assert (row["count"], row["open"], row["conversions"], row["n"]) == (
            v.count,
            v.open,
            v.conversions,
            v.customers,
        )
        assert_same(row["lower"], v.interval.lower, f"lower of {v.path}", rel=1e-7, tolerance=1e-9)
        assert_same(row["upper"], v.interval.upper, f"upper of {v.path}", rel=1e-7, tolerance=1e-9)
        assert_same(row["share"], v.share)
        assert_same(row["conversion_rate"], v.conversion_rate, f"conversion rate of {v.path}")
        assert_same(row["value"], v.value, f"value of {v.path}")
        assert_same(row["median_time"], v.median_time / 1_000_000, f"median time of {v.path}")


@often
@given(logs(conversions=2), cuts, st.integers(1, 8))
def test_step_matrix(columns: Columns, options: dict[str, Any], steps: int) -> None:
    fast, slow = both(columns, options)
    found = cells(kr.step_matrix(fast, steps=steps), ("step", "label"), "count", "share")
    assert {key: count for key, (count, _) in found.items()} == patterns.step_matrix(slow, steps)
    for step in range(1, steps + 1):
        assert sum(share for (at, _), (_, share) in found.items() if at == step) == pytest.approx(1 if len(fast) else 0)


def check_ways(table: kr.Table, expected: dict[tuple[str, ...], patterns.Way]) -> None:
    columns = ("count", "n", "conversions", "share", "conversion_rate", "lower", "upper")
    found = cells(table, ("path",), *columns)
    total = sum(way.count for way in expected.values())
    assert set(found) == {" > ".join(way) for way in expected}
    for path, way in expected.items():
        count, n, conversions, share, rate, lower, upper = found[" > ".join(path)]
        assert (count, n, conversions) == (way.count, len(way.visits), way.conversions), path
        assert_same(share, way.count / total, f"share of {path}")
        settled = sum(way.visits.values())
        assert_same(rate, way.conversions / settled if settled else math.nan, f"rate of {path}")
        assert_same(lower, way.interval.lower, f"lower of {path}", rel=1e-7, tolerance=1e-9)
        assert_same(upper, way.interval.upper, f"upper of {path}", rel=1e-7, tolerance=1e-9)


@often
@given(logs(conversions=2), cuts, labels, st.booleans(), st.integers(1, 4))
def test_ways_into_and_out_of_a_state(
    columns: Columns, options: dict[str, Any], by: str, collapse: bool, steps: int
) -> None:
    fast, slow = both(columns, options)
    seen = {label for j in slow for label in sequences.path(j, by)}
    for state in seen:
        into = kr.ways_in(fast, state, by=by, collapse=collapse, steps=steps)
        check_ways(into, patterns.ways_in(slow, state, steps, by, collapse))
        out = kr.ways_out(fast, state, by=by, collapse=collapse, steps=steps)
        check_ways(out, patterns.ways_out(slow, state, steps, by, collapse))
    table = kr.entries(fast, by=by, collapse=collapse, steps=steps)
    begins = patterns.entries(slow, steps, by, collapse)
    check_ways(table, begins)
    assert cells(table, ("path",), "open") == {" > ".join(path): way.open for path, way in begins.items()}


@often
@given(logs(conversions=2), cuts)
def test_summary(columns: Columns, options: dict[str, Any]) -> None:
    fast, slow = both(columns, options)
    row = fast.summary().to_dicts()[0]
    done = cutting.settled(slow)
    converted = Counter(j.customer for j in done if j.converted)
    visits = Counter(j.customer for j in done)
    assert (row["journeys"], row["customers"], row["n"]) == (len(slow), len(set(columns["customer"])), len(visits))
    assert row["conversions"] == sum(converted.values())
    assert row["events"] == sum(len(j.events) for j in slow)
    if not done:
        assert row["conversion_rate"] is None
        return
    rate = flow.rate_interval(converted, visits)
    assert_same(row["conversion_rate"], sum(converted.values()) / len(done))
    assert_same(row["lower"], rate.lower, rel=1e-7, tolerance=1e-9)
    assert_same(row["upper"], rate.upper, rel=1e-7, tolerance=1e-9)
    worth = Counter[Any]()
    for journey in done:
        worth[journey.customer] += journey.value if journey.converted else 0.0
    mean = sum(worth.values()) / len(done)
    assert_same(row["value"], sum(worth.values()))
    assert_same(row["value_per_journey"], mean)
    psi = [(worth[u] - mean * visits[u]) / len(done) for u in visits]
    bounds = intervals.log_form(mean, psi, len(psi))
    assert_same(row["value_per_journey_lower"], bounds.lower, rel=1e-6, tolerance=1e-8)
    assert_same(row["value_per_journey_upper"], bounds.upper, rel=1e-6, tolerance=1e-8)
    assert_same(row["mean_length"], sum(len(j.events) for j in done) / len(done))
    times = [(j.events[-1].time - j.events[0].time) / 1_000_000 for j in done]
    assert_same(row["median_time"], intervals.quantile(times, 0.5))


@often
@given(logs(conversions=2), st.sampled_from(["new", "stop", "continue"]), labels)
def test_logs_without_time(columns: Columns, after: str, by: str) -> None:
    ordered = {name: cells for name, cells in columns.items() if name != "time"}
    fast, slow = both(ordered, {"after_conversion": after})
    check_transitions(fast, slow, by, collapse=False)
    check_drop_off(fast, slow, by)
    found = cells(kr.variants(fast, by=by), ("path",), "count", "median_time")
    assert found == {" > ".join(v.path): (v.count, None) for v in patterns.variants(slow, by)}


@often
@given(logs(conversions=2), cuts)
def test_graph(columns: Columns, options: dict[str, Any]) -> None:
    fast, slow = both(columns, options)
    graph = kr.graph(fast)
    expected = flow.transitions(slow)
    assert cells(graph.edges, ("from", "to"), "weight") == {edge: row.weight for edge, row in expected.items()}
    goals = {"(conversion)"} & {there for _, there in expected}
    for goal in goals:
        below: dict[str, set[str]] = {}
        for here, there in expected:
            below.setdefault(here, set()).add(there)
        on_every_way = [
            label for label in below if label != "(start)" and not reaches("(start)", goal, below, without=label)
        ]
        assert sorted(graph.dominators()) == sorted(on_every_way)


def reaches(start: str, goal: str, below: dict[str, set[str]], without: str) -> bool:
    seen, stack = {start}, [start]
    while stack:
        for there in below.get(stack.pop(), set()) - seen - {without}:
            seen.add(there)
            stack.append(there)
    return goal in seen


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("goal", ["(conversion)", "(null)"])
def test_likely_paths(seed: int, order: int, goal: str) -> None:
    fast, slow = both(random_log(seed, customers=30, mean_events=5, touchpoints=3), {})
    trips = sequences.trips(slow)
    transition = chain.probabilities(chain.transition_counts(trips, order, self_transitions=True))
    expected = chain.likely_paths(transition, 12, goal)
    reaching = sum(t.converted == (goal == "(conversion)") for t in trips) / len(trips)
    rows = kr.likely_paths(fast, limit=12, order=order, to=goal).to_dicts()
    assert [row["rank"] for row in rows] == list(range(1, 13))
    assert [row["probability"] for row in rows] == pytest.approx([float(p) for _, p in expected], rel=1e-9)
    assert [row["share"] for row in rows] == pytest.approx([float(p) / reaching for _, p in expected], rel=1e-9)
    # The last ones may be any of several equally probable paths.
    last = expected[-1][1]
    certain = [" > ".join(path) for path, p in expected if p != last]
    assert [row["path"] for row in rows[: len(certain)]] == certain
