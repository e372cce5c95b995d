# SPDX-License-Identifier: MIT
"""The library against the slow reference on random logs, and what must hold for every log."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import chain, cutting, events, flow, funnels, influence, intervals, patterns, rules, sequences

import klantreis as kr
from bridge import assert_same, cells, cut, read, span
from strategies import CONVERSIONS, DAY, MINUTE, TOUCHPOINTS, Columns, logs, random_log, renamed, shuffled

often = settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

LABELS = ["touchpoint", "channel", "phase"]
HEURISTICS = ["first_touch", "last_touch", "last_non_direct", "linear", "position_based", "time_decay"]
CUTS: list[dict[str, Any]] = [
    {},
    {"after_conversion": "stop"},
    {"after_conversion": "continue"},
    {"gap": 30 * MINUTE},
    {"after_conversion": "continue", "gap": 3 * DAY},
    {"inactivity": 30 * DAY},
    {"after_conversion": "stop", "inactivity": 3 * DAY},
    {"after_conversion": "continue", "inactivity": 2 * DAY, "gap": 30 * MINUTE},
    {"inactivity": 20 * DAY, "observed_until": 1_709_251_200_000_000 + 35 * DAY},
]
ENDED = [c for c in CUTS if c.get("after_conversion") != "continue"]
SEEDS = range(6)

cuts = st.sampled_from(CUTS)
ended = st.sampled_from(ENDED)


def both(columns: Columns, options: dict[str, Any]) -> tuple[kr.Journeys, list[cutting.Journey]]:
    """The journeys of the library and those of the reference."""
    fast = cut(read(columns), conversion=CONVERSIONS, **options)
    slow = cutting.cut(events.events_of(columns), CONVERSIONS, **options)
    return fast, slow


def big(seed: int) -> Columns:
    return random_log(seed, customers=60, mean_events=9, conversions=1 + seed % 2, touchpoints=3 + seed % 4)


# --- reading and cutting


@often
@given(logs(), st.booleans())
def test_health_counts_ties_and_duplicates(columns: Columns, with_order: bool) -> None:
    used = columns if with_order else {name: cells for name, cells in columns.items() if name != "order"}
    rows = events.events_of(used)
    figures = cells(read(used).health(), ("figure",), "value")
    assert int(figures["events"]) == len(rows)
    assert int(figures["customers"]) == len({e.customer for e in rows})
    assert int(figures["ties"]) == events.ties(rows)
    assert int(figures["duplicates"]) == events.duplicates(rows)


@often
@given(logs(conversions=2), cuts)
def test_journeys(columns: Columns, options: dict[str, Any]) -> None:
    fast, slow = both(columns, options)
    status = Counter(j.status for j in slow)
    assert len(fast) == len(slow)
    assert (fast.conversions, fast.nulls, fast.open) == (status["converted"], status["null"], status["open"])
    assert fast.customers == len(set(columns["customer"]))


@often
@given(logs(conversions=2), cuts, st.sampled_from(["new", "stop", "continue"]))
def test_cutting_again_equals_cutting_at_once(columns: Columns, options: dict[str, Any], after: str) -> None:
    again = cut(read(columns), conversion=CONVERSIONS, **options).recut(after_conversion=after)
    once = cut(read(columns), conversion=CONVERSIONS, **{**options, "after_conversion": after})
    assert kr.paths(again).table().to_dicts() == kr.paths(once).table().to_dicts()
    assert kr.transitions(again).to_dicts() == kr.transitions(once).to_dicts()


@often
@given(logs(conversions=2), cuts, st.sampled_from(LABELS), st.booleans())
def test_paths(columns: Columns, options: dict[str, Any], by: str, collapse: bool) -> None:
    fast, slow = both(columns, options)
    found = cells(kr.paths(fast, by=by, collapse=collapse).table(), ("path",), "conversions", "nulls", "open", "value")
    expected = {" > ".join(path): row for path, row in sequences.path_table(slow, by, collapse).items()}
    assert set(found) == set(expected)
    for path, row in expected.items():
        assert found[path][:3] == (row.conversions, row.nulls, row.open), path
        assert_same(found[path][3], row.value, path)


@often
@given(logs(conversions=2), ended, st.sampled_from([0, 5 * MINUTE, DAY, 10 * DAY]))
def test_paths_within_a_lookback(columns: Columns, options: dict[str, Any], lookback: int) -> None:
    lookback += 1_000_000
    fast, slow = both(columns, options)
    found = cells(kr.paths(fast, lookback=span(lookback)).table(), ("path",), "conversions", "nulls", "open")
    expected: Counter[tuple[str, str]] = Counter()
    for journey in slow:
        end = journey.events[-1].time
        path = " > ".join(e.touchpoint for e in journey.touches if end - e.time <= lookback)
        expected[path, journey.status] += 1
    assert {path for path, _ in expected} == set(found)
    for path, counts in found.items():
        assert counts == tuple(expected[path, status] for status in ("converted", "null", "open"))


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
@given(logs(conversions=2), cuts, st.sampled_from(LABELS), st.booleans())
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
@given(logs(conversions=2), cuts, st.sampled_from(LABELS))
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


@often
@given(logs(conversions=2), cuts, st.sampled_from(LABELS), st.booleans())
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
        assert sum(share for (at, _), (_, share) in found.items() if at == step) == pytest.approx(1)


@often
@given(logs(conversions=2), cuts, st.sampled_from(LABELS))
def test_ways_into_and_out_of_a_state(columns: Columns, options: dict[str, Any], by: str) -> None:
    fast, slow = both(columns, options)
    state = next((label for j in cutting.settled(slow) for label in sequences.path(j, by)), None)
    if state is None:
        return
    into = cells(kr.ways_in(fast, state, by=by), ("path",), "count")
    out = cells(kr.ways_out(fast, state, by=by), ("path",), "count")
    assert into == patterns.ways_in(slow, state, by)
    assert out == patterns.ways_out(slow, state, by)


@pytest.mark.parametrize("seed", SEEDS)
def test_likely_paths(seed: int) -> None:
    fast, slow = both(random_log(seed, customers=30, mean_events=5, touchpoints=3), {})
    transition = chain.probabilities(chain.transition_counts(sequences.trips(slow), self_transitions=True))
    expected = chain.likely_paths(transition, 10, floor=1e-3)
    base = chain.absorption(transition)[chain.START]
    rows = kr.likely_paths(fast, k=10).to_dicts()
    assert [row["probability"] for row in rows] == pytest.approx([float(p) for _, p in expected], rel=1e-9)
    assert [row["share"] for row in rows] == pytest.approx([float(p / base) for _, p in expected], rel=1e-9)
    probability = {" > ".join(s[0] for s in path): float(p) for path, p in expected}
    for row in rows[:-1]:
        if row["path"] in probability:
            assert row["probability"] == pytest.approx(probability[row["path"]], rel=1e-9)
    distinct = [p for _, p in expected]
    if len(set(distinct)) == len(distinct):
        assert [row["path"] for row in rows] == list(probability)


# --- attribution


def nothing_settled(fast: kr.Journeys, slow: list[cutting.Journey]) -> bool:
    """True for a log too short for its inactivity, which attribution refuses."""
    if cutting.settled(slow):
        return False
    with pytest.raises(kr.InputError, match="settled"):
        kr.attribute(fast)
    return True


def check_rules(fast: kr.Journeys, slow: list[cutting.Journey], model: str, by: str, lookback: int | None) -> None:
    if nothing_settled(fast, slow):
        return
    options: dict[str, Any] = {"half_life": "2d"} if model == "time_decay" else {}
    table = kr.attribute(fast, model=model, by=by, lookback=span(lookback), **options)
    found = cells(table, (by,), "credit", "credit_value", "credit_lower", "credit_upper", "share")
    collapse = by == "phase"
    expected = rules.attribute(slow, model, by, 2 * DAY, lookback, collapse=collapse)
    total = sum(credit for credit, _ in expected.values())
    assert {label for label, (credit, _) in expected.items() if credit > 1e-12} <= set(found)
    for label, (credit, value, _, _, share) in found.items():
        want, want_value = expected.get(label, (0.0, 0.0))
        assert_same(credit, want, f"credit of {label}")
        assert_same(value, want_value, f"value of {label}", tolerance=1e-8)
        if total:
            assert_same(share, want / total, f"share of {label}")
    bounds = rules.credit_intervals(slow, model, by, 2 * DAY, lookback)
    for label, (credit, _, lower, upper, _) in found.items():
        want = bounds.get(label)
        if credit > 1e-9 and want is not None and not want.boundary:
            assert_same(lower, want.lower, f"lower credit of {label}", rel=1e-6)
            assert_same(upper, want.upper, f"upper credit of {label}", rel=1e-6)


@often
@given(logs(conversions=2), ended, st.sampled_from(HEURISTICS), st.sampled_from(LABELS), st.sampled_from([None, DAY]))
def test_rules(columns: Columns, options: dict[str, Any], model: str, by: str, lookback: int | None) -> None:
    check_rules(*both(columns, options), model, by, lookback)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("model", HEURISTICS)
def test_rules_on_larger_logs(seed: int, model: str) -> None:
    fast, slow = both(big(seed), {"inactivity": 30 * DAY})
    for by in LABELS:
        check_rules(fast, slow, model, by, None)
        check_rules(fast, slow, model, by, 2 * DAY)


def check_markov(fast: kr.Journeys, slow: list[cutting.Journey], order: int, by: str, bounds: bool) -> None:
    if nothing_settled(fast, slow):
        return
    trips = sequences.trips(slow, by)
    found = {row[by]: row for row in kr.attribute(fast, model="markov", order=order, by=by).to_dicts()}
    conversions = sum(t.converted for t in trips)
    credited = sum(row["credit"] for row in found.values() if row["credit"] is not None)
    if conversions == 0:
        assert credited == 0
        return
    assert credited == pytest.approx(conversions, rel=1e-9)
    effects = chain.removal_effects(trips, order)
    for item, effect in effects.items():
        assert_same(found[item]["removal_effect"], effect, f"removal effect of {item}")
        if effect in (0, 1):
            assert found[item]["removal_effect"] == effect
            assert "boundary" in found[item]["marks"]
    without_touch = sum(t.converted and not t.items for t in trips)
    unattributed = found.get("(unattributed)", {"credit": 0.0})["credit"]
    assert_same(unattributed, conversions if sum(effects.values()) == 0 else without_touch, "(unattributed)")
    if not bounds or sum(effects.values()) == 0:
        return
    for item, row in influence.markov(trips, order).items():
        got = found[item]
        for column, want in (
            ("removal_effect", row.removal),
            ("share", row.share_interval),
            ("credit", row.credit_interval),
            ("removal_effect_value", row.removal_value),
        ):
            assert_same(got[f"{column}_lower"], want.lower, f"lower {column} of {item}", rel=1e-6, tolerance=1e-8)
            assert_same(got[f"{column}_upper"], want.upper, f"upper {column} of {item}", rel=1e-6, tolerance=1e-8)
        assert_same(got["removal_effect_value"], row.removal_effect_value, f"value effect of {item}", rel=1e-7)
        assert_same(got["credit"], row.credit, f"credit of {item}")
        assert_same(got["credit_value"], row.credit_value, f"value credit of {item}", rel=1e-6)


@often
@given(logs(conversions=2), ended, st.sampled_from(LABELS), st.integers(1, 4))
def test_removal_effects(columns: Columns, options: dict[str, Any], by: str, order: int) -> None:
    check_markov(*both(columns, options), order, by, bounds=False)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_markov_with_intervals(seed: int, order: int) -> None:
    fast, slow = both(big(seed), {"inactivity": 30 * DAY})
    for by in LABELS:
        check_markov(fast, slow, order, by, bounds=True)


# --- what must hold for every log


def everything(journeys: kr.Journeys) -> dict[str, list[dict[str, Any]]]:
    """The rows of every analysis."""
    tables = {
        "paths": kr.paths(journeys).table(),
        "transitions": kr.transitions(journeys),
        "phases": kr.transitions(journeys, by="phase"),
        "drop_off": kr.drop_off(journeys),
        "funnel": kr.funnel(journeys, [TOUCHPOINTS[0], TOUCHPOINTS[1], CONVERSIONS[0]], window="5d"),
        "variants": kr.variants(journeys),
        "step_matrix": kr.step_matrix(journeys),
    }
    if journeys.after_conversion != "continue":
        tables["linear"] = kr.attribute(journeys, model="linear")
        tables["time_decay"] = kr.attribute(journeys, model="time_decay", by="channel")
        tables["markov"] = kr.attribute(journeys, model="markov")
        tables["markov_2"] = kr.attribute(journeys, model="markov", order=2)
        tables["likely_paths"] = kr.likely_paths(journeys)
    return {name: table.to_dicts() for name, table in tables.items()}


def assert_equal_rows(found: dict[str, list[dict[str, Any]]], expected: dict[str, list[dict[str, Any]]]) -> None:
    """Text and counts equal, sums equal up to rounding."""
    assert found.keys() == expected.keys()
    for name, rows in expected.items():
        assert len(found[name]) == len(rows), name
        for got, want in zip(found[name], rows, strict=True):
            for column, cell in want.items():
                assert_same(got[column], cell, f"{name}.{column}", rel=1e-9, tolerance=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("options", CUTS, ids=str)
def test_the_order_of_the_rows_does_not_matter(seed: int, options: dict[str, Any]) -> None:
    columns = big(seed)
    expected = everything(cut(read(columns), conversion=CONVERSIONS, **options))
    for other in (1, 2):
        found = everything(cut(read(shuffled(columns, other)), conversion=CONVERSIONS, **options))
        assert_equal_rows(found, expected)


@pytest.mark.parametrize("threads", [1, 2, 7])
@pytest.mark.parametrize("options", CUTS, ids=str)
def test_the_number_of_threads_does_not_matter(threads: int, options: dict[str, Any]) -> None:
    columns = random_log(11, customers=400, mean_events=6)
    expected = everything(cut(read(columns), conversion=CONVERSIONS, **options))
    log = read(columns, threads=threads)
    assert_equal_rows(everything(cut(log, conversion=CONVERSIONS, threads=threads, **options)), expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_renaming_touchpoints_permutes_the_results(seed: int) -> None:
    columns = big(seed)
    names = dict(zip(TOUCHPOINTS, ["zz", "z", "y y", "ÿ", "direct mail", "0", "direct"], strict=True))
    for model in ("linear", "position_based", "markov"):
        before = cells(kr.attribute(cut(read(columns), conversion=CONVERSIONS), model=model), ("touchpoint",), "credit")
        other = cut(read(renamed(columns, names)), conversion=CONVERSIONS)
        after = cells(kr.attribute(other, model=model), ("touchpoint",), "credit")
        assert after == pytest.approx({names.get(label, label): credit for label, credit in before.items()}, rel=1e-9)
    before = cells(kr.transitions(cut(read(columns), conversion=CONVERSIONS)), ("from", "to"), "weight")
    other = cut(read(renamed(columns, names)), conversion=CONVERSIONS)
    after = cells(kr.transitions(other), ("from", "to"), "weight")
    assert after == {(names.get(a, a), names.get(b, b)): weight for (a, b), weight in before.items()}


@often
@given(logs(conversions=2), ended, st.sampled_from([*HEURISTICS, "markov"]), st.sampled_from(LABELS))
def test_credits_sum_to_the_conversions(columns: Columns, options: dict[str, Any], model: str, by: str) -> None:
    fast, slow = both(columns, options)
    if nothing_settled(fast, slow):
        return
    rows = kr.attribute(fast, model=model, by=by).to_dicts()
    done = [j for j in cutting.settled(slow) if j.converted]
    assert sum(row["credit"] or 0.0 for row in rows) == pytest.approx(len(done), rel=1e-9, abs=1e-9)
    value = sum(j.value for j in done)
    credited = [row["credit_value"] for row in rows if row["credit_value"] is not None]
    assert sum(c for c in credited if not math.isnan(c)) == pytest.approx(value, rel=1e-9, abs=1e-7)


@often
@given(logs(conversions=2), ended, st.integers(1, 4))
def test_the_chain_reproduces_the_conversion_rate(columns: Columns, options: dict[str, Any], order: int) -> None:
    _, slow = both(columns, options)
    trips = sequences.trips(slow)
    if trips:
        transition = chain.probabilities(chain.transition_counts(trips, order))
        assert chain.absorption(transition)[chain.START] == pytest.approx(sum(t.converted for t in trips) / len(trips))
