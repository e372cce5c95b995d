# SPDX-License-Identifier: MIT
"""kr.compare against worked examples and dense matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import comparison, cutting, sequences
from reference import events as reference_events
from scipy import stats

import klantreis as kr
from bridge import SEEDS, big, cells, cut, cuts, is_null, often, read
from oracle import DAY, journeys_of_counts, local_json
from strategies import CONVERSIONS, FIRST, Columns, logs, random_log, shuffled

HALF = FIRST + 20 * DAY
SPLIT = "2024-03-21"


def log_of_counts(counts: list[list[float]], names: list[str], prefix: str) -> kr.Log:
    """A log whose transitions are exactly these counts; every journey is a customer of its own."""
    states = ["(start)", *names]
    rows = {
        here: {there: int(c) for there, c in zip([*states, "(conversion)", "(null)"], row, strict=True) if c}
        for here, row in zip(states, counts, strict=True)
    }
    columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": []}
    for number, journey in enumerate(journeys_of_counts({s: row for s, row in rows.items() if row})):
        for step, state in enumerate(journey):
            if state != "(null)":
                columns["customer"].append(f"{prefix}{number}")
                columns["time"].append(step * 60_000_000)
                columns["touchpoint"].append("order" if state == "(conversion)" else state)
    return read(columns)


def parts_of(found: kr.Comparison) -> dict[str, float]:
    return cells(found.parts, ("from",), "part")


def test_the_slow_decomposition_equals_the_worked_examples() -> None:
    whole = local_json("statistics/decomposition.json")
    for expected in (whole, whole["new_touchpoint_in_B"]):
        a, b = (np.array(expected[f"counts_{side}"]) for side in ("A", "B"))
        assert comparison.parts(a, b) == pytest.approx([*expected["contribution"], expected["total"]], abs=1e-14)


def test_the_change_of_conversion_comes_apart_as_worked_out() -> None:
    expected = local_json("statistics/decomposition.json")
    names = ["A", "B"]
    a, b = (
        kr.journeys(log_of_counts(expected[f"counts_{side}"], names, side), conversion="order") for side in ("A", "B")
    )
    found = kr.compare(a, b)
    parts = parts_of(found)
    wanted = expected["contribution"]
    assert [parts[row] for row in ["(start)", *names]] == pytest.approx(wanted, abs=1e-14)
    assert parts["(total)"] == pytest.approx(expected["total"], abs=1e-14)
    assert parts["(total)"] == pytest.approx(found["difference"][0], abs=1e-14)
    within: dict[str, float] = {}
    for row in found.destinations:
        within[row["from"]] = within.get(row["from"], 0.0) + row["part"]
    assert within == pytest.approx({row: parts[row] for row in within}, abs=1e-14)


def visits_log(groups: dict[str, tuple[list[int], list[int]]]) -> kr.Journeys:
    """Customers who visit x so often and leave there so often; each visit is a journey of its own."""
    columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": [], "channel": []}
    for group, (visits, exits) in groups.items():
        for number, (v, e) in enumerate(zip(visits, exits, strict=True)):
            for visit in range(v):
                for minute, touchpoint in enumerate(["x"] if visit < e else ["x", "order"]):
                    columns["customer"].append(f"{group}{number}")
                    columns["time"].append(FIRST + 10 * visit * DAY + minute * 60_000_000)
                    columns["touchpoint"].append(touchpoint)
                    columns["channel"].append(group)
    return kr.journeys(read(columns), conversion="order", gap="1d")


def test_a_difference_of_exit_rates_equals_the_worked_example() -> None:
    expected = local_json("statistics/rate_differences.json")["example"]
    whole = {side: [[int(x) for x in expected[side][what]] for what in ("visits", "exits")] for side in ("A", "B")}
    found = kr.compare(visits_log({side: (v, e) for side, (v, e) in whole.items()}), by="channel")
    assert (found.first, found.second, found.shared_customers) == ("A", "B", 0)
    row = cells(found, ("rate", "from", "to"), *found.columns)[("exit_rate", "x", "")]
    numbers = dict(zip(found.columns, row, strict=True))
    assert (numbers["first"], numbers["n_first"], numbers["n_second"]) == (0.5, 4, 3)
    assert numbers["first_lower"] == pytest.approx(expected["A"]["lower"], rel=1e-10)
    assert numbers["second_upper"] == pytest.approx(expected["B"]["upper"], rel=1e-10)
    # The example takes A less B; the interval is symmetric.
    assert numbers["difference"] == expected["difference"]
    assert numbers["lower"] == pytest.approx(expected["lower"], rel=1e-10)
    assert numbers["upper"] == pytest.approx(expected["upper"], rel=1e-10)
    assert numbers["p"] == 1.0


def test_shares_of_separate_customers_differ_by_newcombe() -> None:
    # 56 of 70 against 48 of 80: the published example of Newcombe 1998.
    columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": [], "channel": []}
    for group, n, x in (("second", 70, 56), ("first", 80, 48)):
        for number in range(n):
            columns["customer"].append(f"{group}{number}")
            columns["time"].append(FIRST)
            columns["touchpoint"].append("seen" if number < x else "other")
            columns["channel"].append(group)
    found = kr.compare(cut(read(columns)), by="channel", groups=("first", "second"))
    reach = cells(found, ("rate", "from", "to"), "difference", "lower", "upper", "p")[("reach", "seen", "")]
    assert reach[:3] == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert reach[1:3] == pytest.approx(kr.newcombe(56, 70, 48, 80), rel=1e-12)


def halves(columns: Columns, options: dict[str, Any], middle: int) -> tuple[list[bool], list[bool]]:
    """For the journeys that begin before an instant, and for the others, whether each is settled."""
    journeys = cutting.cut(reference_events.events_of(columns), CONVERSIONS, **options)
    sides: tuple[list[bool], list[bool]] = ([], [])
    for journey in journeys:
        sides[(journey.events[0].time or 0) >= middle].append(journey.settled)
    return sides


def trips_of(columns: Columns, options: dict[str, Any]) -> tuple[list[sequences.Trip], list[sequences.Trip]]:
    journeys = cutting.cut(reference_events.events_of(columns), CONVERSIONS, **options)
    early = [j for j in journeys if j.events[0].time < HALF]
    late = [j for j in journeys if j.events[0].time >= HALF]
    return sequences.trips(early), sequences.trips(late)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shared", [True, False], ids=["matched", "separate"])
def test_parts_and_row_tests_are_those_of_dense_matrices(seed: int, shared: bool) -> None:
    columns = big(seed)
    options: dict[str, Any] = {"gap": 3 * DAY}
    if shared:
        found = kr.compare(cut(read(columns), conversion=CONVERSIONS, **options), before=SPLIT)
        first, second = trips_of(columns, options)
    else:
        other = big(seed + 100)
        other["customer"] = [f"other {customer}" for customer in other["customer"]]
        a, b = (cut(read(c), conversion=CONVERSIONS, **options) for c in (columns, other))
        found = kr.compare(a, b)
        first, second = (
            sequences.trips(cutting.cut(reference_events.events_of(c), CONVERSIONS, **options))
            for c in (columns, other)
        )
    assert (found.shared_customers > 0) == shared
    for expected, columns_of_part, p_column in (
        (comparison.part_intervals(first, second), ("part", "lower", "upper"), "p"),
        (
            comparison.value_part_intervals(first, second),
            ("value_part", "value_part_lower", "value_part_upper"),
            "value_p",
        ),
    ):
        names, parts, errors, df = expected
        got = cells(found.parts, ("from",), *columns_of_part, p_column)
        assert set(got) == set(names)
        for name, part, error, freedom in zip(names, parts, errors, df, strict=True):
            assert got[name][0] == pytest.approx(part, rel=1e-9, abs=1e-12)
            if error > 1e-7:
                half = stats.t.ppf(0.975, freedom) * error
                assert got[name][1:3] == pytest.approx((part - half, part + half), rel=1e-4, abs=1e-6)
                assert got[name][3] == pytest.approx(2 * stats.t.sf(abs(part) / error, freedom), rel=1e-3, abs=1e-9)
    p = cells(found.rows, ("from",), "p")
    tested = 0
    for name in names[:-1]:
        expected = comparison.row_test(first, second, name)
        if expected is not None:
            assert p[name] == pytest.approx(expected, rel=1e-7, abs=1e-12)
            tested += 1
    assert tested >= 3


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rate_of_two_destinations_has_the_p_of_its_row(seed: int) -> None:
    found = kr.compare(cut(read(big(seed)), conversion=CONVERSIONS, gap=3 * DAY), before=SPLIT)
    first, second = trips_of(big(seed), {"gap": 3 * DAY})
    # Journeys as visits of one row that lead to a conversion or not.
    short = [[sequences.Trip(t.unit, (), t.converted) for t in trips] for trips in (first, second)]
    expected = comparison.row_test(short[0], short[1], "(start)")
    assert found["p"][0] == pytest.approx(expected, rel=1e-9)


@often
@given(logs(), cuts, st.integers(1, 3))
def test_parts_add_up_and_change_sign_with_the_groups(columns: Columns, options: dict[str, Any], threads: int) -> None:
    if options.get("after_conversion") == "continue":
        return
    journeys = cut(read(columns), conversion=CONVERSIONS, **options)
    middle = sorted(columns["time"])[len(columns["time"]) // 2]
    moment = str(np.datetime64(middle, "us"))
    sizes = [sum(1 for one in found if one) for found in halves(columns, options, middle)]
    if 0 in sizes:
        with pytest.raises(kr.InputError, match="no settled journey"):
            kr.compare(journeys, before=moment)
        return
    found = kr.compare(journeys, before=moment, threads=threads)
    parts = parts_of(found)
    total = parts.pop("(total)")
    assert sum(parts.values()) == pytest.approx(total, abs=1e-12)
    assert total == pytest.approx(found["difference"][0], abs=1e-12)
    turned = parts_of(kr.compare(journeys, before=(moment, None), after=(None, moment)))
    assert turned == pytest.approx({**{k: -v for k, v in parts.items()}, "(total)": -total}, abs=1e-12)
    again = kr.compare(cut(read(shuffled(columns, 3)), conversion=CONVERSIONS, **options), before=moment)
    if "order" in columns:
        assert parts_of(again) == pytest.approx({**parts, "(total)": total}, abs=1e-12)
    for row in found:
        if row["p"] is not None:
            assert 0 <= row["p"] <= row["p_adjusted"] <= 1
        if row["lower"] is not None:
            assert row["lower"] - 1e-12 <= row["difference"] <= row["upper"] + 1e-12


def test_groups_by_label_and_by_period_are_those_of_their_parts() -> None:
    columns = random_log(4, customers=80)
    journeys = cut(read(columns), conversion=CONVERSIONS, gap=3 * DAY)
    found = kr.compare(journeys, by="channel", groups="web")
    assert (found.first, found.second) == ("not web", "web")
    both = cells(found, ("rate", "from", "to"), "first", "second", "n_first", "n_second")
    channels = {journey.events[0].channel for journey in
                cutting.cut(reference_events.events_of(columns), CONVERSIONS, gap=3 * DAY)}  # fmt: skip
    assert "web" in channels
    slow = cutting.cut(reference_events.events_of(columns), CONVERSIONS, gap=3 * DAY)
    web = [j for j in slow if j.events[0].channel == "web"]
    rate = both[("conversion_rate", "", "")]
    assert rate[1] == pytest.approx(sum(j.converted for j in web) / len(web))
    assert rate[3] == len({j.customer for j in web})
    # A middle month against what came before; where= narrows both.
    narrow = kr.compare(journeys, before=("2024-03-01", "2024-03-15"), after=("2024-03-15", "2024-04-01"),
                        where={"channel": "web"})  # fmt: skip
    bounds = [(FIRST, FIRST + 14 * DAY), (FIRST + 14 * DAY, FIRST + 31 * DAY)]
    for side, (start, end) in zip(("first", "second"), bounds, strict=True):
        own = [j for j in web if start <= (j.events[0].time or 0) < end]
        assert narrow[side][0] == pytest.approx(sum(j.converted for j in own) / len(own))


def test_the_funnel_of_each_group_and_its_differences() -> None:
    groups = {"A": (["view", "cart", "order"], ["view"], ["view", "cart"]), "B": (["view"], ["view"], ["cart"])}
    columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": [], "channel": []}
    for group, customers in groups.items():
        for number, steps in enumerate(customers):
            for day, step in enumerate(steps):
                columns["customer"].append(f"{group}{number}")
                columns["time"].append(FIRST + day * DAY)
                columns["touchpoint"].append(step)
                columns["channel"].append(group)
    journeys = kr.journeys(read(columns), conversion="order")
    found = kr.compare(journeys, by="channel", steps=["view", ["cart"], "order"])
    steps = found.steps
    assert (steps["count_first"], steps["count_second"]) == ([3, 2, 1], [2, 0, 0])
    assert steps["first"] == pytest.approx([1, 2 / 3, 1 / 2])
    assert steps["second"][:2] == pytest.approx([2 / 3, 0])
    assert steps["second"][2] is None
    lower, upper = kr.newcombe(0, 2, 2, 3)
    assert (steps["lower"][1], steps["upper"][1]) == pytest.approx((lower, upper))
    assert steps["from_first"] == pytest.approx([0, -2 / 3, -1 / 3])
    short = kr.compare(journeys, by="channel", steps=["view", "cart", "order"], window="1d")
    assert short.steps["count_first"] == [3, 2, 0]
    with pytest.raises(kr.InputError, match="did you mean 'cart'"):
        kr.compare(journeys, by="channel", steps=["view", "crat"])


def test_conversion_within_strata_and_over_them_by_hand() -> None:
    # Cheap: 2 of 4 against 3 of 4; dear: 1 of 2 against 4 of 6; one customer a journey.
    plan = [("cheap", "A", 2, 4), ("cheap", "B", 3, 4), ("dear", "A", 1, 2), ("dear", "B", 4, 6)]
    columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": [], "channel": [], "phase": []}
    for stratum, group, x, n in plan:
        for number in range(n):
            for step in ["view", "order"] if number < x else ["view"]:
                columns["customer"].append(f"{stratum}{group}{number}")
                columns["time"].append(FIRST + (step == "order"))
                columns["touchpoint"].append(step)
                columns["channel"].append(group)
                columns["phase"].append(stratum)
    found = kr.compare(kr.journeys(read(columns), conversion="order"), by="channel", strata="phase").strata
    rows = {row["stratum"]: row for row in found}
    assert rows["cheap"]["difference"] == pytest.approx(0.25)
    dear = rows["dear"]
    below = math.hypot(dear["second"] - dear["second_lower"], dear["first_upper"] - dear["first"])
    assert dear["lower"] == pytest.approx(1 / 6 - below)
    assert rows["(all)"]["difference"] == pytest.approx((2 * 0.25 + 1.5 / 6) / 3.5)
    assert rows["cheap"]["weight"] == pytest.approx(2 / 3.5)


def test_value_parts_add_up_to_the_change_of_value() -> None:
    found = kr.compare(cut(read(big(1)), conversion=CONVERSIONS, gap=3 * DAY), before=SPLIT)
    value = cells(found.parts, ("from",), "value_part")
    total = value.pop("(total)")
    assert sum(value.values()) == pytest.approx(total, abs=1e-9)
    assert total == pytest.approx(found["difference"][1], abs=1e-9)
    assert found["rate"][1] == "value_per_journey"
    # The change of the value and its interval are those of the rates, where the chain takes no part.
    bounds = cells(found.parts, ("from",), "value_part_lower", "value_part_upper", "value_p")["(total)"]
    assert bounds == pytest.approx((found["lower"][1], found["upper"][1], found["p"][1]), rel=1e-9)
    adjusted = cells(found.parts, ("from",), "value_p", "value_p_adjusted")
    assert adjusted.pop("(total)")[1] is None
    assert all(p <= together for p, together in adjusted.values())


def test_value_parts_do_not_depend_on_threads_or_the_order_of_groups() -> None:
    journeys = cut(read(big(2)), conversion=CONVERSIONS, gap=3 * DAY)
    found = [kr.compare(journeys, before=SPLIT, threads=threads).parts.to_dicts() for threads in (1, 3)]
    assert found[0] == found[1]
    names = ("value_part", "value_part_lower", "value_part_upper")
    turned = kr.compare(journeys, before=(SPLIT, None), after=(None, SPLIT))
    here, there = (cells(one.parts, ("from",), *names) for one in (kr.compare(journeys, before=SPLIT), turned))
    for name, (part, lower, upper) in here.items():
        assert there[name] == pytest.approx((-part, -upper, -lower), abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "which groups"),
        ({"by": "channel", "before": SPLIT}, "only one"),
        ({"by": "channel"}, "name two of them with groups"),
        ({"by": "chanel"}, "channel"),
        ({"by": "channel", "groups": ("web",)}, "two labels"),
        ({"groups": "web"}, "by="),
        ({"by": "channel", "groups": ("web", "wbe")}, "did you mean 'web'"),
        ({"before": ("2030-01-01", None), "after": SPLIT}, "no journey passes"),
        ({"before": (None, None), "after": SPLIT}, "no bounds"),
        ({"before": SPLIT, "steps": "view"}, "list of names"),
        ({"before": SPLIT, "states": "colour"}, "colour"),
    ],
    ids=str,
)
def test_a_comparison_that_cannot_be_made_says_so(arguments: dict[str, Any], message: str) -> None:
    journeys = cut(read(big(0)), conversion=CONVERSIONS)
    with pytest.raises(kr.InputError, match=message):
        kr.compare(journeys, **arguments)


def test_journeys_that_go_on_are_refused_with_the_remedy() -> None:
    journeys = cut(read(big(0)), conversion=CONVERSIONS, after_conversion="continue")
    with pytest.raises(kr.InputError, match="recut"):
        kr.compare(journeys, before=SPLIT)
    with pytest.raises(kr.InputError, match="recut"):
        kr.alerts(journeys, "conversion_rate > 0.5")


def exits(out_of: int, before: int, after: int) -> tuple[kr.Journeys, kr.Journeys]:
    """Two groups of so many customers of whom so many leave at checkout."""
    made = []
    for side, count in (("before", before), ("after", after)):
        columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": []}
        for number in range(out_of):
            for step in ["checkout"] if number < count else ["checkout", "order"]:
                columns["customer"].append(f"{side}{number}")
                columns["time"].append(FIRST + (step == "order"))
                columns["touchpoint"].append(step)
        made.append(kr.journeys(read(columns), conversion="order"))
    return made[0], made[1]


def test_an_exit_rate_that_doubles_alarms_with_500_customers_and_not_with_10() -> None:
    rule = "exit_rate(checkout) rises"
    for out_of, before, after, status in ((500, 50, 100, "alert"), (10, 1, 2, "too little data")):
        baseline, current = exits(out_of, before, after)
        found = kr.alerts(current, rule, baseline=baseline)
        assert found["status"] == [status]
        assert found["rule"] == [rule]
        assert found["difference"] == pytest.approx([0.1])
    assert kr.alerts(current, "exit_rate(checkout) falls", baseline=baseline)["status"] == ["ok"]
    assert kr.alerts(current, "exit_rate(checkout) rises by 30%", baseline=baseline)["status"] == ["ok"]


def test_a_level_alarms_where_its_limit_lies_outside_the_interval() -> None:
    _, current = exits(500, 50, 100)
    bounds = kr.alerts(current, "exit_rate(checkout) > 0.1")
    for bound in ("lower", "upper"):
        limit = bounds[bound][0]
        on_it = kr.alerts(current, f"exit_rate(checkout) > {limit:.12f}")
        assert on_it["p"] == pytest.approx([0.05], rel=1e-6)
    assert bounds["status"] == ["alert"]
    assert kr.alerts(current, "exit_rate(checkout) > 19%")["status"] == ["could be chance"]
    assert kr.alerts(current, "exit_rate(checkout) < 19%")["status"] == ["ok"]
    # Two more rules ask for a smaller p of each.
    limit = bounds["lower"][0] - 0.002
    many = [f"exit_rate(checkout) > {limit:.6f}", "conversion_rate > 79%", "reach(checkout) > 99%"]
    assert kr.alerts(current, many[0])["status"] == ["alert"]
    assert "alert" not in kr.alerts(current, many)["status"]


def test_a_star_watches_every_item_and_alarms_come_first() -> None:
    baseline, current = exits(500, 50, 100)
    found = kr.alerts(current, ["conversion_rate < 10%", "exit_rate(*) rises", "transition(checkout, *) changes"],
                      baseline=baseline)  # fmt: skip
    assert found["status"] == ["alert", "alert", "alert", "ok"]
    assert [(row["from"], row["to"]) for row in found][:3] == [
        ("checkout", ""),
        ("checkout", "(conversion)"),
        ("checkout", "(null)"),
    ]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("exits(checkout) > 1%", "begin with conversion_rate"),
        ("exit_rate(checkout)", "rises, falls or changes"),
        ("exit_rate(checkout) > much", "no number"),
        ("exit_rate(checkout) > 1% today", "leave that out"),
        ("exit_rate(checkout > 1%", "parenthesis"),
        ("exit_rate(checkout) > 20", "no rate can pass"),
        ("exit_rate(chekout) > 20%", "did you mean 'checkout'"),
        ("exit_rate(checkout) rises", "baseline"),
        ("conversion_rate(checkout) > 1%", "leave the item out"),
        ("exit_rate(a, b) > 1%", "two items"),
        ('exit_rate("a > 1%', "quote"),
        ("value_per_journey < 3", "needs values"),
    ],
    ids=str,
)
def test_a_rule_that_cannot_be_read_says_so(rule: str, message: str) -> None:
    with pytest.raises(kr.InputError, match=message):
        kr.alerts(exits(10, 1, 2)[1], rule)


def test_an_item_that_nobody_visits_now_is_not_measured() -> None:
    _, current = exits(40, 4, 8)
    moved = kr.journeys(read({"customer": ["x", "x"], "time": [FIRST, FIRST + 1], "touchpoint": ["home", "order"]}),
                        conversion="order")  # fmt: skip
    found = kr.alerts(moved, "exit_rate(checkout) > 20%", baseline=current)
    assert found["status"] == ["not measured"]
    assert all(is_null(value) for value in found["value"])
