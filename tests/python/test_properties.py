# SPDX-License-Identifier: MIT
"""Reading, cutting and paths against the slow reference, and what must hold for every log."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import events, sequences

import klantreis as kr
from bridge import CUTS, SEEDS, assert_same, big, both, cells, cut, cuts, ended, labels, often, read, span
from strategies import CONVERSIONS, DAY, MINUTE, TOUCHPOINTS, Columns, logs, random_log, renamed, shuffled


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
@given(logs(conversions=2), cuts, labels, st.booleans())
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


# --- what must hold for every log


def everything(journeys: kr.Journeys, threads: int | None = None) -> dict[str, list[dict[str, Any]]]:
    """The rows of every analysis."""
    steps = [TOUCHPOINTS[0], TOUCHPOINTS[1], CONVERSIONS[0]]
    tables = {
        "paths": kr.paths(journeys, threads=threads).table(),
        "transitions": kr.transitions(journeys, threads=threads),
        "phases": kr.transitions(journeys, by="phase", threads=threads),
        "drop_off": kr.drop_off(journeys, threads=threads),
        "funnel": kr.funnel(journeys, steps, window="5d", threads=threads),
        "variants": kr.variants(journeys, threads=threads),
        "step_matrix": kr.step_matrix(journeys, threads=threads),
        "ways_in": kr.ways_in(journeys, TOUCHPOINTS[0], steps=2, threads=threads),
        "ways_out": kr.ways_out(journeys, TOUCHPOINTS[0], steps=2, threads=threads),
        "entries": kr.entries(journeys, threads=threads),
        "summary": journeys.summary(),
    }
    rows = {name: table.to_dicts() for name, table in tables.items()}
    if journeys.after_conversion != "continue":
        for by, options in (
            ("touchpoint", {"model": "linear"}),
            ("channel", {"model": "time_decay"}),
            ("touchpoint", {"model": "markov"}),
            ("touchpoint", {"model": "markov", "order": 2}),
        ):
            rows[str(options)] = kr.attribute(journeys, by=by, threads=threads, **options).to_dicts()
    return rows


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


@pytest.fixture(scope="module")
def many_customers() -> Columns:
    """Enough customers for every thread to get a part."""
    return random_log(11, customers=30_000, mean_events=2)


@pytest.mark.parametrize(
    "options", [{}, {"after_conversion": "continue", "gap": DAY}, {"inactivity": 3 * DAY}], ids=str
)
def test_the_number_of_threads_does_not_matter(many_customers: Columns, options: dict[str, Any]) -> None:
    one = cut(read(many_customers, threads=1), conversion=CONVERSIONS, threads=1, **options)
    expected = everything(one, threads=1)
    for threads in (2, 7):
        log = read(many_customers, threads=threads)
        found = everything(cut(log, conversion=CONVERSIONS, threads=threads, **options), threads=threads)
        assert found == expected


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
