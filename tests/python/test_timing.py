# SPDX-License-Identifier: MIT
"""Survival, log-rank, cohort rates, durations, silences and expected times."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import cutting, events, flow, intervals, sequences, timing

import klantreis as kr
import oracle
from bridge import ENDED, assert_same, big, both, cells, ended, labels, often, read
from strategies import CONVERSIONS, DAY, Columns, logs

INFINITE = float("inf")


def known_until(columns: Columns, options: dict[str, Any]) -> float:
    if options.get("inactivity") is None:
        return INFINITE
    return options.get("observed_until", max(columns["time"])) - options["inactivity"]


# --- survival


def check_survival(columns: Columns, options: dict[str, Any], by: str | None, until: str) -> None:
    fast, slow = both(columns, options)
    table = kr.survival(fast, by=by, until=until)  # type: ignore[arg-type]
    expected = timing.spells(slow, known_until(columns, options), by, until)
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_dicts():
        rows.setdefault("" if by is None else row[by], []).append(row)
    causes = 3 if until == "leaving" else 2
    for item, spells in expected.items():
        steps = timing.curve(spells, causes)
        found = rows.get(item, [])
        assert [row["time"] for row in found] == [step.time for step in steps]
        for row, step in zip(found, steps, strict=True):
            assert (row["at_risk"], row["n"]) == (step.at_risk, step.customers)
            assert ("few_customers" in row["marks"]) == (step.customers < 30)
            pairs = [("survival", step.survival, step.survival_error)]
            names = ["converted", "left", "moved"][:causes]
            pairs += list(zip(names, step.incidence, step.incidence_error, strict=True))
            for name, share, error in pairs:
                assert_same(row[name], share, f"{name} of {item} at {step.time}")
                lower, upper = timing.log_log(share, error)
                if math.isnan(lower):
                    assert row[f"{name}_lower"] is None or error > 1e-10
                    continue
                assert_same(row[f"{name}_lower"], lower, f"{name}_lower at {step.time}", rel=1e-6, tolerance=1e-8)
                assert_same(row[f"{name}_upper"], upper, f"{name}_upper at {step.time}", rel=1e-6, tolerance=1e-8)
            assert row["survival"] + sum(row[name] for name in names) == pytest.approx(1, abs=1e-12)


@often
@given(logs(), ended, st.sampled_from([None, "touchpoint", "phase"]), st.sampled_from(["end", "leaving"]))
def test_survival(columns: Columns, options: dict[str, Any], by: str | None, until: str) -> None:
    check_survival(columns, options, by, "end" if by is None else until)


@pytest.mark.parametrize("options", ENDED, ids=str)
def test_survival_of_larger_logs(options: dict[str, Any]) -> None:
    check_survival(big(1), options, None, "end")
    check_survival(big(2), options, "phase", "leaving")


def test_survival_at_given_times_counts_what_happened_since() -> None:
    waits = kr.spells(
        [1, 2, 2, 3, 4, 5, 6, 7, 8, 9],
        ["exit", "conversion", "exit", "open", "conversion", "exit", "open", "conversion", "exit", "open"],
    )
    found = kr.survival(waits, at=[9.0, 2.0, 0.5])
    assert found["time"] == [0.5, 2.0, 9.0]
    assert found["conversions"] == [0, 1, 2]
    assert found["exits"] == [0, 2, 2]
    assert found["at_risk"] == [10, 9, 1]
    assert found["survival"] == pytest.approx([1, 0.7, 0.155556], abs=5e-7)
    assert found["converted"][2] == pytest.approx(0.372222, abs=5e-7)
    assert found["left"][2] == pytest.approx(0.472222, abs=5e-7)
    assert (found["converted_lower"][2], found["converted_upper"][2]) == pytest.approx((0.082617, 0.675922), abs=5e-7)
    assert found["survival_lower"][0] is None
    assert "boundary" in found["marks"][0]


def test_quantiles_invert_the_curve_and_its_bounds() -> None:
    weeks = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    happened = [end == 1 for end in [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]]
    found = kr.survival(kr.spells(weeks, happened))
    quantiles = cells(found.quantiles([0.25, 0.5]), ("outcome", "share"), "time", "lower", "upper", "n")
    # survfit(Surv(weeks, ended) ~ 1, conf.type = "log-log") of R gives 23 [13, NA].
    assert quantiles["ended", 0.5] == (23.0, 13.0, None, 21)
    assert quantiles["ended", 0.25][0] == 13.0
    assert quantiles["left", 0.5][0] is None
    for row in found:
        assert row["survival_lower"] < row["survival"] < row["survival_upper"]


def test_log_rank_equals_its_definition_and_the_published_figure() -> None:
    rng = np.random.default_rng(5)
    for size, customers in ((30, 30), (40, 12), (25, 5)):
        groups = [str(g) for g in rng.integers(0, 3, size)]
        times = rng.integers(1, 12, size).tolist()
        causes = rng.integers(0, 3, size).tolist()
        owners = list(range(size)) if customers == size else rng.integers(0, customers, size).tolist()
        names = ["open", "conversion", "exit"]
        fast = kr.spells(times, [names[c] for c in causes], customers=owners, groups=groups)
        slow = [
            [timing.Spell(t, c, u) for t, c, u, g in zip(times, causes, owners, groups, strict=True) if g == name]
            for name in sorted(set(groups))
        ]
        for cause, outcome in enumerate(["any", "conversion", "exit"]):
            found = kr.log_rank(fast, outcome=outcome)  # type: ignore[arg-type]
            statistic, df = timing.log_rank(slow, cause)
            assert found["statistic"][0] == pytest.approx(statistic, rel=1e-8)
            assert found["df"] == [df]
            assert found["variance"] == ["hypergeometric" if customers == size else "customers"]
            assert sum(found.groups["events"]) == pytest.approx(sum(found.groups["expected"]))


def test_log_rank_between_segments() -> None:
    columns = big(4)
    fast, slow = both(columns, {})
    found = kr.log_rank(fast, segment="channel")
    groups: dict[str, list[timing.Spell]] = {}
    for journey in slow:
        name = sequences.label_of(journey.events[0], "channel")
        groups.setdefault(name, []).extend(timing.spells([journey], INFINITE)[""])
    statistic, df = timing.log_rank(list(groups.values()), timing.CONVERSION)
    assert found["df"] == [df]
    assert found["statistic"][0] == pytest.approx(statistic, rel=1e-8)
    assert dict(zip(found.groups["channel"], found.groups["journeys"], strict=True)) == {
        name: len(rows) for name, rows in groups.items()
    }
    assert 0 <= found["p_value"][0] <= 1


# --- cohort rates


@often
@given(logs(), ended, st.sampled_from([1, 3, 40]), st.sampled_from([None, "channel"]))
def test_cohort_rate(columns: Columns, options: dict[str, Any], days: int, segment: str | None) -> None:
    fast, slow = both(columns, options)
    table = kr.cohort_rate(fast, within=f"{days}d", segment=segment)
    until = options.get("observed_until", max(columns["time"]))
    last_start = until - (options.get("inactivity") or 0) - days * DAY
    groups: dict[str, list[cutting.Journey]] = {} if segment else {"": []}
    for journey in slow:
        name = sequences.label_of(journey.events[0], segment) if segment else ""
        groups.setdefault(name, []).append(journey)
    rows = {row[segment] if segment else "": row for row in table.to_dicts()}
    assert set(rows) == set(groups)
    for name, journeys in groups.items():
        had, converted, recent = timing.cohort_rate(journeys, days * DAY, last_start)
        row = rows[name]
        counted = (row["journeys"], row["conversions"], row["n"], row["too_recent"])
        assert counted == (sum(had.values()), sum(converted.values()), len(had), recent)
        if not had:
            assert row["rate"] is None
            continue
        expected = flow.rate_interval(converted, had)
        assert_same(row["lower"], expected.lower, rel=1e-7, tolerance=1e-9)
        assert_same(row["upper"], expected.upper, rel=1e-7, tolerance=1e-9)


# --- durations


@often
@given(logs(), ended, labels, st.booleans())
def test_durations(columns: Columns, options: dict[str, Any], by: str, collapse: bool) -> None:
    fast, slow = both(columns, options)
    found = cells(
        kr.durations(fast, of="transitions", by=by, collapse=collapse, quantiles=[0.5]),
        ("from", "to", "measure"), "time", "count", "n",
    )  # fmt: skip
    expected = {edge: row for edge, row in flow.transitions(slow, by, collapse).items() if row.times}
    assert {(a, b) for a, b, _ in found} == set(expected)
    for (here, there), row in expected.items():
        time, count, n = found[here, there, "median"]
        assert (count, n) == (len(row.times), len(row.customers))
        assert_same(time, row.median_time / 1e6)
        assert_same(found[here, there, "mean"][0], sum(row.times) / len(row.times) / 1e6)

    stays: dict[str, list[float]] = {}
    for journey in slow:
        if journey.settled:
            for here, there, seconds in timing.stays(journey, by, collapse)[1:]:
                if there != "(end)" or journey.converted:
                    stays.setdefault(here, []).append(seconds)
    found = cells(kr.durations(fast, of="visits", by=by, collapse=collapse), (by, "measure"), "time", "count")
    assert {item for item, _ in found} == set(stays)
    for item, times in stays.items():
        assert_same(found[item, "mean"][0], sum(times) / len(times))
        for name, q in (("p25", 0.25), ("median", 0.5), ("p75", 0.75), ("p90", 0.9)):
            assert_same(found[item, name][0], intervals.quantile(times, q))


@often
@given(logs(), ended)
def test_durations_of_journeys(columns: Columns, options: dict[str, Any]) -> None:
    fast, slow = both(columns, options)
    groups: dict[str, list[tuple[Any, float]]] = {}
    for j in slow:
        if j.settled:
            seconds = (j.events[-1].time - j.events[0].time) / 1e6
            groups.setdefault("converted" if j.converted else "left", []).append((j.customer, seconds))
    found = cells(kr.durations(fast), ("outcome", "measure"), "time", "lower", "upper", "count", "n")
    assert {outcome for outcome, _ in found} == set(groups)
    for outcome, rows in groups.items():
        mean = sum(t for _, t in rows) / len(rows)
        psi: Counter[Any] = Counter()
        for customer, time in rows:
            psi[customer] += (time - mean) / len(rows)  # type: ignore[assignment]
        bounds = intervals.log_form(mean, list(psi.values()), len(psi))
        time, lower, upper, count, n = found[outcome, "mean"]
        assert (count, n) == (len(rows), len(psi))
        assert_same(time, mean)
        if not bounds.boundary and bounds.se > 1e-6 * mean:
            assert_same(lower, bounds.lower, rel=1e-6)
            assert_same(upper, bounds.upper, rel=1e-6)
    converted = kr.time_to_convert(fast).to_dicts()
    assert [row["time"] for row in converted] == [
        row["time"] for row in kr.durations(fast).to_dicts() if row["outcome"] == "converted"
    ]


def test_time_to_the_first_order_of_the_webshop() -> None:
    journeys = kr.journeys(read(oracle.webshop_columns()), conversion="order", after_conversion="stop")
    found = cells(kr.time_to_convert(journeys), ("measure",), "time", "count")
    assert found["median"] == (pytest.approx(0.3417 * 3600, abs=0.5), 6)
    checkout = cells(kr.durations(journeys, of="visits", quantiles=[0.5]), ("touchpoint", "measure"), "time")
    assert checkout["checkout_start", "median"] == 180


# --- silences


@often
@given(logs(), ended, st.sampled_from([1, 2]), st.booleans())
def test_silence(columns: Columns, options: dict[str, Any], days: int, after: bool) -> None:
    fast, _ = both(columns, options)
    customers = events.by_customer(events.events_of(columns))
    until = options.get("observed_until", max(columns["time"]))
    expected = timing.silences(customers, until, days * DAY, 4, 3, [] if after else CONVERSIONS)
    found = kr.silence(fast, step=f"{days}d", steps=4, horizon=3, after_conversions=after).to_dicts()
    assert [row["silence"] for row in found] == [days * 86_400 * d for d in range(4)]
    for row, slow in zip(found, expected, strict=True):
        counted = (row["at_risk"], row["ended"], row["n"])
        assert counted == (sum(slow.at_risk.values()), sum(slow.ended.values()), len(slow.at_risk))
        assert_same(row["hazard"], slow.hazard)
        assert_same(row["returns"], slow.returns)
        if slow.at_risk:
            bounds = flow.rate_interval(slow.ended, slow.at_risk)
            assert_same(row["hazard_upper"], bounds.upper, rel=1e-7, tolerance=1e-9)
        if not math.isnan(slow.returns):
            assert_same(row["returns_lower"], slow.interval.lower, rel=1e-6, tolerance=1e-8)
            assert_same(row["returns_upper"], slow.interval.upper, rel=1e-6, tolerance=1e-8)


# --- expected times


@often
@given(logs(max_events=24), ended, labels, st.booleans())
def test_expected_times(columns: Columns, options: dict[str, Any], by: str, collapse: bool) -> None:
    fast, slow = both(columns, options)
    if not any(j.settled for j in slow):
        assert len(kr.expected_times(fast, by=by)) == 0
        return
    parts, to_end, part_bounds, end_bounds = timing.expected_times(slow, by, collapse)
    table = kr.expected_times(fast, by=by, collapse=collapse)
    found = cells(table, (by,), "time", "time_lower", "time_upper", "time_to_end", "time_to_end_lower",
                  "time_to_end_upper")  # fmt: skip
    assert set(found) == set(parts)
    for state, (time, low, high, rest, rest_low, rest_high) in found.items():
        assert_same(time, parts[state], f"time in {state}", tolerance=1e-6)
        assert_same(rest, to_end[state], f"time to the end from {state}", tolerance=1e-6)
        for value, lower, upper, bounds in (
            (time, low, high, part_bounds[state]),
            (rest, rest_low, rest_high, end_bounds[state]),
        ):
            # The numerical derivative is good to eight digits or so.
            if bounds.se > 1e-5 * value > 0:
                assert_same(lower, bounds.lower, f"lower of {state}", rel=1e-4)
                assert_same(upper, bounds.upper, f"upper of {state}", rel=1e-4)


def test_expected_times_of_the_chain_with_sojourns() -> None:
    """Each visit of a state as two events, its sojourn apart; journeys have exactly the probabilities of the chain."""
    sojourn = {"A": 120, "C": 300, "K": 60, "X": 180}
    columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": [], "phase": []}
    for number, journey in enumerate(oracle.journeys_of_chain(oracle.LOOP_CHAIN)):
        now = 0
        for state in journey[:-1]:
            for _ in range(2):
                columns["customer"].append(f"u{number}")
                columns["time"].append(now)
                columns["touchpoint"].append(state)
                columns["phase"].append(state)
                now += sojourn[state] * 1_000_000
            now -= sojourn[state] * 1_000_000
    found = cells(kr.expected_times(kr.journeys(read(columns))), ("phase",), "time", "time_to_end")
    assert found["(start)"] == pytest.approx((384.386933, 384.386933), abs=5e-7)
    assert [found[state][0] for state in "ACKX"] == pytest.approx([143.063, 218.922, 10.182, 12.219], abs=5e-4)
    assert [found[state][1] for state in "ACKX"] == pytest.approx([384.387, 564.871, 284.854, 208.485], abs=5e-4)


# --- what is refused


def test_what_is_refused() -> None:
    journeys = kr.journeys(read(oracle.webshop_columns()), conversion="order")
    with pytest.raises(kr.InputError, match=r"klantreis\.journeys"):
        kr.survival(journeys.log)  # type: ignore[arg-type]
    with pytest.raises(kr.InputError, match="'end' or 'leaving'"):
        kr.survival(journeys, until="later")  # type: ignore[arg-type]
    with pytest.raises(kr.InputError, match="'conversion', 'exit'"):
        kr.log_rank(journeys, segment="channel", outcome="order")  # type: ignore[arg-type]
    with pytest.raises(kr.InputError, match="'journeys', 'conversions'"):
        kr.durations(journeys, of="paths")  # type: ignore[arg-type]
    with pytest.raises(kr.InputError, match="recut"):
        kr.cohort_rate(journeys.recut(after_conversion="continue"))
    with pytest.raises(kr.InputError, match="channel"):
        kr.survival(journeys, segment="channels")
    with pytest.raises(kr.InputError, match="within"):
        kr.cohort_rate(journeys, within="soon")
    with pytest.raises(kr.InputError, match="between 0 and 1"):
        kr.survival(journeys).quantiles([1.5])
    with pytest.raises(kr.InputError, match="3 times but 2 outcomes"):
        kr.spells([1, 2, 3], [True, False])
    with pytest.raises(kr.InputError, match="time 1"):
        kr.spells([1, -2], [True, False])
    with pytest.raises(kr.InputError, match="outcome 0"):
        kr.spells([1], ["bought"])
    with pytest.raises(kr.InputError, match="are for journeys"):
        kr.survival(kr.spells([1], [True]), by="phase")
    with pytest.raises(kr.InputError, match="steps"):
        kr.silence(journeys, steps=0)


def test_journeys_began_before_an_instant_or_not() -> None:
    journeys = kr.datasets.webshop(2_000).journeys()
    day = "2025-06-01"
    before, after = (kr.survival(journeys, at=[0], began=began) for began in ((None, day), (day, None)))
    assert before["at_risk"][0] + after["at_risk"][0] == kr.survival(journeys, at=[0])["at_risk"][0]
    assert before["at_risk"][0] > 100 < after["at_risk"][0]
    events = kr.datasets.webshop_events(2_000).to_pandas()
    first = events.groupby("customer_id")["timestamp"].transform("min").astype(str)
    march = events[(first >= "2025-03-01") & (first < "2025-04-01")]
    whole, part = (kr.journeys(kr.read(some), conversion="order", after_conversion="stop") for some in (events, march))
    at = ["1h", "1d", "7d", "30d"]
    found, wanted = kr.survival(whole, at=at, began=("2025-03-01", "2025-04-01")), kr.survival(part, at=at)
    assert wanted["at_risk"][0] > 50
    assert found.to_dicts() == wanted.to_dicts()
    with pytest.raises(kr.InputError, match="give \\(from, before\\)"):
        kr.survival(journeys, began="2025-03-01")  # type: ignore[arg-type]
