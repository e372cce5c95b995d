# SPDX-License-Identifier: MIT
"""Attribution against the slow reference on random logs: credits, removal effects, intervals, conservation."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import chain, cutting, influence, rules, sequences

import klantreis as kr
from bridge import LABELS, SEEDS, assert_same, big, both, cells, cut, ended, labels, often, read, span
from strategies import CONVERSIONS, DAY, Columns, logs

HEURISTICS = [
    "first_touch", "last_touch", "last_non_direct", "linear", "position_based", "time_decay", "first_non_direct",
    "linear_distinct", "j_shaped", "inverse_j", "position_decay", "shapley",
]  # fmt: skip


def nothing_settled(fast: kr.Journeys, slow: list[cutting.Journey]) -> bool:
    """True for a log too short for its inactivity, which attribution refuses."""
    if cutting.settled(slow):
        return False
    if not slow:
        assert kr.attribute(fast).to_dicts() == []
        return True
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
@given(logs(conversions=2), ended, st.sampled_from(HEURISTICS), labels, st.sampled_from([None, DAY]))
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
@given(logs(conversions=2), ended, labels, st.integers(1, 4))
def test_removal_effects(columns: Columns, options: dict[str, Any], by: str, order: int) -> None:
    check_markov(*both(columns, options), order, by, bounds=False)


@often
@given(logs(conversions=2, max_events=50), ended, st.sampled_from(["touchpoint", "channel"]), st.integers(1, 3))
def test_intervals_of_small_logs(columns: Columns, options: dict[str, Any], by: str, order: int) -> None:
    check_markov(*both(columns, options), order, by, bounds=True)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_markov_with_intervals(seed: int, order: int) -> None:
    fast, slow = both(big(seed), {"inactivity": 30 * DAY})
    for by in LABELS:
        check_markov(fast, slow, order, by, bounds=True)


@often
@given(logs(conversions=2), ended, st.sampled_from([*HEURISTICS, "markov"]), labels)
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


# --- path tables


def as_text(journeys: kr.Journeys, by: str) -> kr.Paths:
    """The distinct paths as a table that knows no customers."""
    table = kr.paths(journeys, by=by).table()
    return kr.read_paths(table.to_dicts(), path="path", conversions="conversions", nulls="nulls", value="value")


def units(journeys: list[cutting.Journey], by: str) -> list[sequences.Trip]:
    """Each conversion and each null as a customer of its own, with the mean value of its path."""
    trips = []
    for path, row in sequences.path_table(journeys, by).items():
        for converted in [True] * row.conversions + [False] * row.nulls:
            worth = row.value / row.conversions if converted else 0.0
            trips.append(sequences.Trip(len(trips), path, converted, worth))
    return trips


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("by", ["touchpoint", "channel"])
def test_units_of_a_path_table_stand_for_customers(seed: int, order: int, by: str) -> None:
    fast, slow = both(big(seed), {})
    rows = kr.attribute(as_text(fast, by), model="markov", order=order).to_dicts()
    found = {row["touchpoint"]: row for row in rows}
    for item, row in influence.markov(units(slow, by), order).items():
        for column, want in (
            ("removal_effect", row.removal),
            ("share", row.share_interval),
            ("credit", row.credit_interval),
            ("removal_effect_value", row.removal_value),
        ):
            got = found[item]
            assert_same(got[f"{column}_lower"], want.lower, f"lower {column} of {item}", rel=1e-6, tolerance=1e-8)
            assert_same(got[f"{column}_upper"], want.upper, f"upper {column} of {item}", rel=1e-6, tolerance=1e-8)


@often
@given(logs(conversions=2), ended, labels, st.sampled_from(["linear", "position_based", "markov"]))
def test_paths_as_text_earn_the_same_credit(columns: Columns, options: dict[str, Any], by: str, model: str) -> None:
    fast, slow = both(columns, options)
    if nothing_settled(fast, slow):
        return
    direct = cells(kr.attribute(fast, model=model, by=by), (by,), "credit", "credit_value")
    if by != "phase":
        known = cells(kr.attribute(kr.paths(fast, by=by), model=model), (by,), "credit", "credit_value")
        assert known.keys() == direct.keys()
    text = cells(kr.attribute(as_text(fast, by), model=model), ("touchpoint",), "credit", "credit_value")
    for item, (credit, value) in direct.items():
        got, got_value = text.get(item, (0.0, 0.0))
        assert_same(got, credit, f"credit of {item}")
        assert_same(got_value, value, f"value of {item}", rel=1e-7, tolerance=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_paths_of_parts_of_the_customers_add_up(seed: int) -> None:
    columns = big(seed)
    whole = kr.paths(cut(read(columns), conversion=CONVERSIONS))
    shards = []
    for part in range(3):
        rows = [i for i, customer in enumerate(columns["customer"]) if hash_of(customer) % 3 == part]
        log = read({name: [cells[i] for i in rows] for name, cells in columns.items()})
        shards.append(kr.paths(cut(log, conversion=CONVERSIONS)))
    merged = shards[0].merge(shards[1]).merge(shards[2])
    found = cells(merged.table(), ("path",), "conversions", "nulls", "open")
    assert found == cells(whole.table(), ("path",), "conversions", "nulls", "open")
    for model in ("linear", "markov"):
        found = cells(kr.attribute(merged, model=model), ("touchpoint",), "credit", "credit_lower", "credit_upper")
        for item, expected in cells(
            kr.attribute(whole, model=model), ("touchpoint",), "credit", "credit_lower", "credit_upper"
        ).items():
            for got, want in zip(found[item], expected, strict=True):
                assert_same(got, want, f"{model} {item}")


def hash_of(text: str) -> int:
    return sum(text.encode())
