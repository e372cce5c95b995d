# SPDX-License-Identifier: MIT
"""Measured phases, states and conformity against slow versions, on random logs."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import cutting, events, phases

import klantreis as kr
from bridge import CUTS, assert_same, cells, cut, often, read, span
from strategies import CONVERSIONS, DAY, FIRST, MINUTE, PHASES, Columns, logs, random_log, shuffled

ORDER = [phase for phase in PHASES if phase]
WHOLE = [{**options, "after_conversion": "continue"} for options in CUTS]
wholes = st.sampled_from(WHOLE)
orders = st.permutations(ORDER)
COUNTS = ("entries", "visits", "back", "skips", "left", "at_rest", "open")


def both(columns: Columns, options: dict[str, Any], threads: int = 1) -> tuple[kr.Journeys, list[cutting.Journey]]:
    fast = cut(read(columns, threads=threads), conversion=CONVERSIONS, **options)
    return fast, cutting.cut(events.events_of(columns), CONVERSIONS, **options)


def check_measured(
    found: kr.Measure, slow: dict[str, phases.Measured], by: str, attrition: kr.Table | None = None
) -> None:
    rows = {row[by]: row for row in found}
    assert set(rows) == set(slow)
    for item, expected in slow.items():
        row = rows[item]
        assert {name: row[name] for name in COUNTS} == {name: getattr(expected, name) for name in COUNTS}, item
        assert (row["reach"], row["passed"]) == (len(expected.reach), len(expected.passed)), item
        assert row["exits"] == expected.left + expected.at_rest
        assert row["n"] == len(expected.settled_visits)
        assert_same(row["exit_rate"], expected.exit_rate, item)
        assert_same(row["lower"], expected.interval.lower, item)
        assert_same(row["upper"], expected.interval.upper, item)
        assert_same(row["median_time"], expected.median_time, item)
    if attrition is not None:
        for row in attrition:
            expected = slow[row[by]]
            assert (row["skipped"], row["gone"], row["open"]) == (
                len(expected.skipped), len(expected.gone), len(expected.waiting),
            )  # fmt: skip


@often
@given(logs(conversions=2), wholes, orders, st.sets(st.sampled_from(ORDER), max_size=1))
def test_phases(columns: Columns, options: dict[str, Any], order: list[str], unmeasured: set[str]) -> None:
    fast, slow = both(columns, options)
    found = kr.measure(fast, map=kr.Design(order, unmeasured=unmeasured))
    assert found["phase"] == order
    check_measured(found, phases.measure(slow, order, unmeasured=unmeasured), "phase", found.attrition)


@often
@given(logs(conversions=2), wholes, orders)
def test_touchpoints(columns: Columns, options: dict[str, Any], order: list[str]) -> None:
    fast, slow = both(columns, options)
    check_measured(
        kr.measure(fast, by="touchpoint", map=order), phases.measure(slow, order, "touchpoint"), "touchpoint"
    )


@often
@given(logs(conversions=1), wholes, st.sampled_from(list(itertools.combinations_with_replacement(ORDER, 2))))
def test_a_part_of_the_journey(columns: Columns, options: dict[str, Any], scope: tuple[str, str]) -> None:
    fast, slow = both(columns, options)
    found = kr.measure(fast, map=ORDER, scope=scope)
    check_measured(found, phases.measure(slow, ORDER, scope=scope), "phase")


def test_cuts_of_every_kind_are_followed_beyond_their_conversions() -> None:
    columns = random_log(3)
    tables = [
        kr.measure(cut(read(columns), conversion=CONVERSIONS, after_conversion=after), map=ORDER).to_dicts()
        for after in ("new", "stop", "continue")
    ]
    assert tables[0] == tables[1] == tables[2]


@pytest.mark.parametrize("seed", range(3))
def test_neither_threads_nor_the_order_of_rows_change_a_figure(seed: int) -> None:
    columns = random_log(seed, customers=9000 if seed == 0 else 60, mean_events=4)
    options = {"after_conversion": "continue", "inactivity": 3 * DAY}
    one = cut(read(columns), conversion=CONVERSIONS, **options)
    other = cut(read(shuffled(columns, seed)), conversion=CONVERSIONS, **options)
    design = kr.Design(ORDER, moves=[{"from": ORDER[0], "to": ORDER[1], "max_time": "1h"}])
    for by in ("phase", "touchpoint"):
        first = kr.measure(one, by=by, map=design, threads=1)  # type: ignore[arg-type]
        second = kr.measure(other, by=by, map=design, threads=3)  # type: ignore[arg-type]
        assert first.to_dicts() == second.to_dicts()
        assert first.attrition.to_dicts() == second.attrition.to_dicts()
        assert first.conformance.to_dicts() == second.conformance.to_dicts()
        assert first.conformance.moves.to_dicts() == second.conformance.moves.to_dicts()
    assert (
        kr.conformance(one, map=design, end="any", threads=1).alignments().to_dicts()
        == kr.conformance(other, map=design, end="any", threads=3).alignments().to_dicts()
    )
    at = ["2024-03-05", "2024-03-20", "2024-04-20"]
    assert kr.occupancy(one, at, map=design, threads=1) == kr.occupancy(other, at, map=design, threads=3)
    assert kr.phase_history(one, map=design, threads=1) == kr.phase_history(other, map=design, threads=3)
    assert kr.phase_cohorts(one, map=design, threads=1) == kr.phase_cohorts(other, map=design, threads=3)
    assert kr.reach(one, map=design, threads=1) == kr.reach(other, map=design, threads=3)
    assert kr.overlap(one, map=design, threads=1) == kr.overlap(other, map=design, threads=3)
    assert kr.measure(one, map=design, threads=1).inventory == kr.measure(other, map=design, threads=3).inventory
    assert kr.relationship(one, at, threads=1) == kr.relationship(other, at, threads=3)
    assert kr.positions(one, threads=1) == kr.positions(other, threads=3)


arrows = st.sets(st.sampled_from(list(itertools.permutations(ORDER, 2))), max_size=5)


@often
@given(logs(conversions=2), wholes, arrows)
def test_conformity_and_moves(columns: Columns, options: dict[str, Any], designed: set[tuple[str, str]]) -> None:
    fast, slow = both(columns, options)
    limit = 31 * MINUTE
    design = kr.Design(
        ORDER, moves=[{"from": here, "to": there, "max_time": span(limit)} for here, there in sorted(designed)]
    )
    found = kr.conformance(fast, map=design)
    expected = phases.moves(slow, ORDER)
    assert cells(found.moves, ("from", "to"), "weight") == {edge: len(who) for edge, who in expected.items()}
    visits = Counter(here for (here, _), who in expected.items() for _ in who)
    assert cells(found.deviations, ("from", "to"), "weight") == {
        edge: len(who)
        for edge, who in expected.items()
        if edge not in designed and "(start)" not in edge and "(end)" not in edge
    }
    for row in found:
        edge = (row["from"], row["to"])
        who = expected.get(edge, [])
        assert row["weight"] == len(who)
        assert_same(row["probability"], len(who) / visits[edge[0]] if visits[edge[0]] else None)
        kept = [took <= limit for _, took in who if took is not None]
        assert_same(row["in_time"], sum(kept) / len(kept) if kept else None)
    total, conforming, interval = phases.conformity(slow, ORDER, designed)
    summary = found.summary.to_dicts()[0]
    assert (summary["moves"], summary["conforming"]) == (total, conforming)
    assert_same(summary["lower"], interval.lower)
    assert_same(summary["upper"], interval.upper)


LETTERS = "abcdef"


@often
@given(
    st.lists(st.sampled_from([*LETTERS, "?"]), max_size=9),
    st.sets(st.sampled_from(list(itertools.product(LETTERS, LETTERS))), max_size=12),
    st.sets(st.sampled_from(LETTERS), max_size=2),
    st.sets(st.sampled_from(LETTERS), min_size=1, max_size=2),
    st.sets(st.sampled_from(LETTERS), min_size=1, max_size=2),
)
def test_alignments_cost_no_more_than_they_must(
    trace: list[str],
    designed: set[tuple[str, str]],
    unmeasured: set[str],
    starts: set[str],
    ends: set[str],
) -> None:
    designed = designed | set(itertools.pairwise(LETTERS)) | {("f", "a")}
    design = kr.Design(list(LETTERS), moves=sorted(designed), unmeasured=unmeasured)
    found = kr.align(trace, design, start=sorted(starts), end=sorted(ends))
    cost, fitness = phases.align(trace, LETTERS, designed, starts, ends, unmeasured)
    assert (found.cost, found.fitness) == (cost, pytest.approx(fitness))
    # The steps are an alignment: they spell the trace, the others spell a designed walk, and they cost as much.
    assert [phase for kind, phase in found.steps if kind != "only_design"] == trace
    assert sum(kind != "both" for kind, _ in found.steps) == found.cost


@often
@given(st.lists(st.sampled_from("abcde?"), max_size=12), st.integers(0, 10_000))
def test_token_replay(trace: list[str], seed: int) -> None:
    rng = random.Random(seed)
    places = ["start", "p", "q", "end"]
    net = {name: (rng.sample(places, rng.randint(1, 2)), rng.sample(places, rng.randint(1, 2))) for name in "abcde"}
    row = kr.token_replay([trace], net).to_dicts()[0]
    names = ("produced", "consumed", "missing", "remaining", "skipped")
    assert tuple(row[name] for name in names) == phases.replay(trace, net, "start", "end")


@often
@given(logs(), wholes, st.lists(st.integers(0, 60 * 24 * 60), min_size=1, max_size=4, unique=True), st.booleans())
def test_states_over_time(columns: Columns, options: dict[str, Any], minutes: list[int], silent: bool) -> None:
    fast, slow = both(columns, options)
    raw = events.events_of(columns)
    until = options.get("observed_until")
    times = [FIRST + minute * MINUTE for minute in sorted(minutes)]
    moments = [_moment(time) for time in times]
    silence = 2 * DAY if silent else None
    table = kr.occupancy(fast, moments, silence=span(silence), map=ORDER)
    for time, moment in zip(times, moments, strict=True):
        rows = {row["phase"]: row["customers"] for row in table if row["time"] == moment}
        expected = phases.occupancy(raw, ORDER, time, silence, until)
        assert {phase: n for phase, n in rows.items() if n} == +expected
    for customer, rows_of in phases.seen(raw, until).items():
        assert kr.phase_at(fast, customer, moments[0], map=ORDER) == phases.phase_at(rows_of, ORDER, times[0])
    found: dict[Any, list[tuple[int, str, int, int]]] = {}
    for row in kr.phase_history(fast, map=ORDER):
        began = round(row["from"].timestamp() * 1e6)
        found.setdefault(row["customer"], []).append((row["journey"], row["phase"], began, row["events"]))
    assert found == phases.history(slow, ORDER)
    levels = kr.relationship(fast, moments, ambassador=columns["touchpoint"][0]).levels
    for time, moment in zip(times, moments, strict=True):
        have = {row["level"]: (row["customers"], row["ambassadors"]) for row in levels if row["time"] == moment}
        assert have == phases.levels(raw, CONVERSIONS, {columns["touchpoint"][0]}, time, until)


def _moment(micros: int) -> Any:
    from datetime import datetime, timedelta, timezone

    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=micros)


@often
@given(logs(), wholes, st.sampled_from(["day", "week", "month"]), st.sampled_from([None, 3 * DAY, 20 * DAY]))
def test_cohorts(columns: Columns, options: dict[str, Any], period: Any, within: int | None) -> None:
    fast, _ = both(columns, options)
    expected = phases.cohorts(events.events_of(columns), ORDER, period, options.get("observed_until"), within)
    found: dict[str, Counter[str]] = {}
    for row in kr.phase_cohorts(fast, period=period, within=span(within), map=ORDER):
        cohort = found.setdefault(row["cohort"].date().isoformat(), Counter())
        cohort[row["phase"]] += row["customers"]
        assert row["size"] == sum(expected[row["cohort"].date().isoformat()].values())
    assert {start: +count for start, count in found.items()} == expected


@often
@given(logs(), st.sampled_from(["channel", "touchpoint"]))
def test_reach(columns: Columns, by: str) -> None:
    fast, _ = both(columns, {})
    found = cells(kr.reach(fast, by=by, map=ORDER), ("phase", by), "events", "customers")
    assert found == phases.reach(events.events_of(columns), ORDER, by)


@pytest.mark.parametrize("seed", range(4))
def test_what_two_logs_count_adds_up(seed: int) -> None:
    columns = random_log(seed)
    parts = []
    for half in (0, 1):
        keep = [i for i, c in enumerate(columns["customer"]) if int(c.split("·")[1]) % 2 == half]
        parts.append({name: [values[i] for i in keep] for name, values in columns.items()})
    options = {"after_conversion": "continue", "inactivity": 3 * DAY, "observed_until": FIRST + 60 * DAY}
    design = kr.Design(ORDER)
    whole, one, two = (cut(read(part), conversion=CONVERSIONS, **options) for part in (columns, *parts))
    for by in ("phase", "touchpoint"):
        results = [kr.measure(j, by=by, map=design) for j in (whole, one, two)]  # type: ignore[arg-type]
        counts = [result._count(by) for result in results]  # type: ignore[arg-type]
        added = kr.Table(counts[1].plus(counts[2]).items(0.95, 30.0))
        assert added.to_dicts() == results[0].to_dicts()
    from klantreis import _core

    moved = [_core.count_conformance(j._handle, design._handle, threads=1) for j in (whole, one, two)]
    for expected, found in zip(moved[0].tables(0.95, 30.0), moved[1].plus(moved[2]).tables(0.95, 30.0), strict=True):
        assert kr.Table(found).to_dicts() == kr.Table(expected).to_dicts()
