# SPDX-License-Identifier: MIT
"""What surrounds drop-off: open journeys, returns, loss reasons, carts, friction, effort and calls to action."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import exits, flow, intervals

import klantreis as kr
import oracle
from bridge import CUTS, assert_same, big, both, cells, cuts, ended, labels, often, read
from strategies import DAY, MINUTE, TOUCHPOINTS, Columns, logs


@pytest.fixture(scope="module")
def webshop() -> kr.Journeys:
    return kr.journeys(
        read(oracle.webshop_columns()),
        conversion="order",
        after_conversion="stop",
        inactivity="30d",
        observed_until="2024-04-30",
    )


def present(columns: Columns, names: list[str]) -> list[str]:
    return [name for name in names if name in columns["touchpoint"]]


# --- open journeys and returns


@often
@given(logs(conversions=2), cuts, labels)
def test_open_journeys_and_returns(columns: Columns, options: dict[str, Any], by: str) -> None:
    fast, slow = both(columns, options)
    found = kr.drop_off(fast, by=by)
    expected = exits.open_items(slow, by)
    assert cells(found.open, (by,), "count") == dict(expected)
    assert sum(found.open["share"]) == pytest.approx(1 if expected else 0)
    assert cells(found.returned, (by, "back"), "count") == dict(exits.returned(slow, by))


def test_a_customer_who_left_comes_back_elsewhere() -> None:
    columns: dict[str, list[Any]] = {
        "customer": ["u", "u", "u", "v", "w"],
        "time": [0, DAY, 50 * DAY, 0, 99 * DAY],
        "touchpoint": ["visit", "cart", "mail", "cart", "visit"],
    }
    found = kr.drop_off(kr.journeys(read(columns), inactivity="30d"))
    assert cells(found.returned, ("touchpoint", "back"), "count", "share") == {
        ("cart", "mail"): (1, 0.5),
        ("cart", "(null)"): (1, 0.5),
        ("mail", "(null)"): (1, 1.0),
    }
    assert found.open.to_dicts() == [{"touchpoint": "visit", "count": 1, "share": 1.0}]


# --- visits as units


@often
@given(logs(conversions=2), cuts, labels)
def test_visits_of_which_it_is_known_what_followed(columns: Columns, options: dict[str, Any], by: str) -> None:
    fast, slow = both(columns, options)
    known = float("inf")
    if options.get("inactivity"):
        known = options.get("observed_until", max(columns["time"])) - options["inactivity"]
    found = kr.drop_off(fast, by=by, units="visits")
    expected = flow.drop_off(slow, by, known_until=known)
    rows = cells(found, (by,), "visits", "n", "exits", "lower", "upper")
    assert set(rows) == set(expected)
    for label, row in expected.items():
        visits, n, left, lower, upper = rows[label]
        assert (visits, n, left) == (row.visits, row.customers, row.exits)
        assert_same(lower, row.interval.lower, rel=1e-7, tolerance=1e-9)
        assert_same(upper, row.interval.upper, rel=1e-7, tolerance=1e-9)
    after = cells(found.next, (by, "next"), "count")
    assert after == {(label, other): n for label, row in expected.items() for other, n in row.next.items()}
    if not options.get("inactivity"):
        assert found.to_dicts() == kr.drop_off(fast, by=by).to_dicts()


# --- loss reasons


def test_loss_reasons_keep_those_that_are_unknown() -> None:
    log = kr.read(
        {
            "customer": ["a", "b", "c", "d", "e", "f", "f"],
            "time": ["2024-03-01"] * 6 + ["2024-03-02"],
            "touchpoint": ["cart", "cart", "view", "view", "view", "view", "order"],
            "phase": ["buy", "buy", "orient", "orient", "orient", "orient", "buy"],
            "reason": ["te_duur", "te_duur", "te_duur", "concurrent", None, "te_duur", None],
        },
        customer="customer",
        time="time",
        touchpoint="touchpoint",
        phase="phase",
        attributes=["reason"],
    )
    found = kr.loss_reasons(kr.journeys(log, conversion="order"))
    assert found.columns == ["reason", "phase", "count", "share", "share_of_item"]
    assert cells(found, ("reason", "phase"), "count", "share", "share_of_item") == {
        ("te_duur", "buy"): (2, 0.4, 1.0),
        ("te_duur", "orient"): (1, 0.2, pytest.approx(1 / 3)),
        ("concurrent", "orient"): (1, 0.2, pytest.approx(1 / 3)),
        ("(none)", "orient"): (1, 0.2, pytest.approx(1 / 3)),
    }
    totals = cells(found.reasons, ("reason",), "count", "share", "share_of_known", "lower", "upper", "n")
    # Three left because it was too dear, one for a competitor: .75 and .25 of those who said why.
    assert totals["te_duur"][:3] == (3, 0.6, 0.75)
    assert totals["concurrent"][:3] == (1, 0.2, 0.25)
    assert totals["(none)"][:3] == (1, 0.2, None)
    assert totals["te_duur"][3:5] == pytest.approx(kr.wilson(3, 5))
    assert totals["te_duur"][5] == 5


@often
@given(logs(conversions=2), cuts, st.sampled_from([("channel", "phase"), ("phase", "touchpoint")]))
def test_loss_reasons(columns: Columns, options: dict[str, Any], names: tuple[str, str]) -> None:
    fast, slow = both(columns, options)
    reason, by = names
    expected = exits.loss_reasons(slow, reason, by)
    found = kr.loss_reasons(fast, reason=reason, by=by)
    assert cells(found, (reason, by), "count") == dict(expected)
    gone = exits.left(slow)
    exits_of = Counter(j.customer for j in gone)
    totals: Counter[str] = Counter()
    for (why, _), count in expected.items():
        totals[why] += count
    rows = cells(found.reasons, (reason,), "count", "n", "share", "lower", "upper", "share_of_known")
    assert set(rows) == set(totals)
    known = sum(count for why, count in totals.items() if why != "(none)")
    for why, (count, n, share, lower, upper, of_known) in rows.items():
        assert (count, n) == (totals[why], len(exits_of))
        assert_same(share, totals[why] / len(gone))
        assert_same(of_known, None if why == "(none)" else totals[why] / known)
        hits = Counter[Any]()
        for journey in gone:
            hits[journey.customer] += bool(
                exits.loss_reasons([journey], reason, by).get((why, exits.labels_of(journey, by)[-1]))
            )
        bounds = exits.share(hits, exits_of, flow.rate_interval)
        assert_same(lower, bounds[0], rel=1e-7, tolerance=1e-9)
        assert_same(upper, bounds[1], rel=1e-7, tolerance=1e-9)


# --- carts


def test_carts_of_the_webshop(webshop: kr.Journeys) -> None:
    found = kr.abandoned_carts(webshop, recovered_by="channel")
    rows = cells(found, ("status",), "count", "share", "lower", "upper", "median_time")
    assert {status: row[0] for status, row in rows.items()} == {
        "ordered": 4, "recovered": 1, "abandoned": 2, "open": 0,
    }  # fmt: skip
    # Two of seven: Wilson's [.0822, .6411].
    assert rows["abandoned"][1:4] == pytest.approx((2 / 7, 0.0822, 0.6411), abs=5e-5)
    assert rows["recovered"][4] / 86_400 == pytest.approx(2.875)
    assert found.recovered_by.to_dicts() == [{"channel": "email", "count": 1, "share": 1.0}]
    assert rows["open"][1] is None


@often
@given(logs(conversions=2), ended, st.sampled_from([30 * MINUTE, 2 * DAY]))
def test_carts(columns: Columns, options: dict[str, Any], timeout: int) -> None:
    cart = present(columns, TOUCHPOINTS[:2])
    if not cart:
        return
    fast, slow = both(columns, options)
    counts, times, values, ways = exits.carts(slow, cart, timeout, "channel")
    found = kr.abandoned_carts(fast, cart=cart, timeout=f"{timeout // 1_000_000}s", recovered_by="channel")
    rows = cells(found, ("status",), "count", "n", "share", "lower", "upper", "value", "median_time")
    known = counts["ordered"] + counts["recovered"] + counts["abandoned"]
    priced = any(e.value is not None for j in slow for e in j.touches if e.touchpoint in cart)
    for status, expected in counts.items():
        count, n, share, lower, upper, value, time = rows[status]
        assert count == sum(expected.values())
        assert n == (len(expected) if status == "open" else len(known))
        assert_same(value, values[status] if priced else None)
        assert_same(time, intervals.quantile(times[status], 0.5) / 1e6)
        if status == "open" or not known:
            assert share is None
            continue
        assert_same(share, sum(expected.values()) / sum(known.values()))
        bounds = exits.share(expected, known, flow.rate_interval)
        assert_same(lower, bounds[0], rel=1e-7, tolerance=1e-9)
        assert_same(upper, bounds[1], rel=1e-7, tolerance=1e-9)
    assert cells(found.recovered_by, ("channel",), "count") == dict(ways)


# --- friction


def check_friction(fast: kr.Journeys, slow: list[Any], by: str, order: list[str]) -> None:
    found = kr.friction(fast, by=by, order=order, rage_times=2, rage_within="1m")
    counts, seen, steps = exits.friction(slow, by, order, 2, MINUTE)
    rows = cells(found, (by, "kind"), "visits", "n", "count", "rate", "lower", "upper")
    assert set(rows) == set(counts)
    for (item, kind), expected in counts.items():
        visits, n, count, rate, lower, upper = rows[item, kind]
        assert (visits, n, count) == (sum(seen[item].values()), len(seen[item]), sum(expected.values()))
        assert_same(rate, count / visits)
        bounds = flow.rate_interval(expected, seen[item])
        assert_same(lower, bounds.lower, rel=1e-7, tolerance=1e-9)
        assert_same(upper, bounds.upper, rel=1e-7, tolerance=1e-9)
    assert cells(found.back_steps, ("from", "to"), "count") == dict(steps)


@often
@given(logs(conversions=2), cuts, labels, st.booleans())
def test_friction(columns: Columns, options: dict[str, Any], by: str, given_order: bool) -> None:
    fast, slow = both(columns, options)
    order = sorted({label for label in columns[by] if label is not None}) if given_order else []
    check_friction(fast, slow, by, order)


@pytest.mark.parametrize("options", CUTS[:4], ids=str)
def test_friction_of_larger_logs(options: dict[str, Any]) -> None:
    fast, slow = both(big(3), options)
    check_friction(fast, slow, "touchpoint", [])
    check_friction(fast, slow, "phase", ["aware", "consider", "decide"])


def test_back_step_of_the_webshop(webshop: kr.Journeys) -> None:
    steps = cells(kr.friction(webshop).back_steps, ("from", "to"), "count")
    assert steps["add_to_cart", "product_view"] == 1
    phases = ["awareness", "consideration", "purchase", "delivery", "service", "loyalty"]
    by_phase = cells(kr.friction(webshop, by="phase", order=phases).back_steps, ("from", "to"), "count")
    # k10 goes from the cart back to the product; k03 from the checkout to a mail that leads to the shop.
    assert by_phase["purchase", "consideration"] == 2


def test_a_burst_of_clicks_is_rage_once() -> None:
    seconds = [0, 1, 2, 3, 100, 101, 102, 200, 300, 400]
    columns: dict[str, list[Any]] = {
        "customer": ["u"] * 10,
        "time": [s * 1_000_000 for s in seconds],
        "touchpoint": ["pay"] * 10,
    }
    found = cells(kr.friction(kr.journeys(read(columns))), ("touchpoint", "kind"), "count", "visits")
    assert found == {("pay", "repeat"): (9, 10), ("pay", "rage"): (2, 10)}
    without_time = {name: column for name, column in columns.items() if name != "time"}
    assert set(kr.friction(kr.journeys(read({**without_time, "order": seconds})))["kind"]) == {"repeat"}


def test_friction_does_not_depend_on_threads() -> None:
    columns = {
        "customer": [f"u{i % 9000}" for i in range(36000)],
        "time": [i * 1_000_000 for i in range(36000)],
        "touchpoint": [f"page {i * i % 7}" for i in range(36000)],
    }
    journeys = kr.journeys(read(columns))
    assert kr.friction(journeys, threads=1) == kr.friction(journeys, threads=3)
    assert kr.drop_off(journeys, threads=1).returned == kr.drop_off(journeys, threads=3).returned


def test_losses_carts_and_effort_do_not_depend_on_threads() -> None:
    columns = {
        "customer": [f"u{i % 13_000}" for i in range(52_000)],
        "time": [i * 6 * MINUTE for i in range(52_000)],
        "touchpoint": [f"page {i * i % 7}" for i in range(52_000)],
        "channel": [f"channel {i * i % 11}" for i in range(52_000)],
        "value": [i % 13 / 7 for i in range(52_000)],
    }
    log = read(columns)
    cart, order = "page 1", "page 2"
    journeys = kr.journeys(log, conversion=order)
    kinds = [
        lambda threads: kr.loss_reasons(journeys, reason="channel", by="touchpoint", threads=threads),
        lambda threads: kr.loss_reasons(journeys, reason="channel", by="touchpoint", threads=threads).reasons,
        lambda threads: kr.abandoned_carts(journeys, cart=cart, threads=threads),
        lambda threads: kr.abandoned_carts(journeys, cart=cart, threads=threads).recovered_by,
        lambda threads: kr.effort(journeys, hurdles=[cart], threads=threads),
        lambda threads: kr.effort(journeys, hurdles=[cart], threads=threads).rates,
    ]
    for kind in kinds:
        one = kind(1).to_dicts()
        assert one
        assert kind(3).to_dicts() == one


# --- effort


def test_actions_before_the_first_order(webshop: kr.Journeys) -> None:
    found = cells(kr.effort(webshop, hurdles=["checkout_start"]), ("effort", "measure"), "value", "count", "n")
    # 6, 7, 4, 6, 1 and 6 actions.
    assert found["steps", "mean"] == (5, 6, 6)
    assert found["steps", "median"][0] == 6
    rates = cells(kr.effort(webshop, hurdles=["checkout_start"]).rates, ("hurdles",), "journeys", "conversions")
    assert rates == {0: (6, 1), 1: (6, 5)}


@often
@given(logs(conversions=2), ended, labels)
def test_effort(columns: Columns, options: dict[str, Any], by: str) -> None:
    fast, slow = both(columns, options)
    hurdles = sorted({label for label in columns[by] if label is not None})[:2]
    expected = exits.efforts(slow, by, hurdles)
    found = kr.effort(fast, by=by, hurdles=hurdles)
    rows = cells(found, ("effort", "measure"), "value", "lower", "upper", "count", "n")
    done = [row for row in expected if row[0].converted]
    if not done:
        assert rows == {}
    for place, kind in enumerate(["steps", "distinct", *(["hurdles"] if hurdles else [])], 1):
        if not done:
            continue
        values = [row[place] for row in done]
        owners = [row[0].customer for row in done]
        assert rows[kind, "median"][0] == intervals.quantile(values, 0.5)
        mean = sum(values) / len(values)
        psi: dict[Any, float] = {}
        for owner, value in zip(owners, values, strict=True):
            psi[owner] = psi.get(owner, 0.0) + (value - mean) / len(values)
        value, lower, upper, count, n = rows[kind, "mean"]
        assert (count, n) == (len(done), len(psi))
        assert_same(value, mean)
        bounds = intervals.log_form(mean, list(psi.values()), len(psi))
        if not bounds.boundary and bounds.se > 1e-6:
            assert_same(lower, bounds.lower, rel=1e-6)
            assert_same(upper, bounds.upper, rel=1e-6)
    kind = "hurdles" if hurdles else "distinct"
    of = Counter(row[3 if hurdles else 2] for row in expected)
    converted = Counter(row[3 if hurdles else 2] for row in done)
    assert cells(found.rates, (kind,), "journeys", "conversions") == {met: (n, converted[met]) for met, n in of.items()}


# --- calls to action


def test_the_call_to_action_of_the_webshop(webshop: kr.Journeys) -> None:
    row = kr.click_through(webshop, {"checkout_start": "order"}).to_dicts()[0]
    assert (row["visits"], row["clicks"], row["exits"], row["elsewhere"]) == (7, 5, 1, 1)
    assert row["exit_rate"] == pytest.approx(1 / 7)
    assert row == kr.click_through(webshop, {"checkout_start": ["order"]}).to_dicts()[0]
    conversion = kr.click_through(webshop, {"checkout_start": "(conversion)"}).to_dicts()[0]
    assert (conversion["clicks"], conversion["click_rate_lower"]) == (5, row["click_rate_lower"])
    soon = kr.click_through(webshop, {"checkout_start": "order"}, within="4m").to_dicts()[0]
    assert soon["clicks"] == 4


@often
@given(logs(conversions=2), cuts, st.sampled_from([None, 30 * MINUTE]))
def test_click_through(columns: Columns, options: dict[str, Any], within: int | None) -> None:
    fast, slow = both(columns, options)
    names = present(columns, TOUCHPOINTS)
    if not names:
        return
    calls = {names[0]: [names[-1], "(conversion)"], names[-1]: [names[0]]}
    found = kr.click_through(fast, calls, within=None if within is None else f"{within // 1_000_000}s")
    for row in found.to_dicts():
        seen, clicks, gone = exits.click_through(slow, row["touchpoint"], calls[row["touchpoint"]], within)
        counted = (row["visits"], row["clicks"], row["exits"], row["n"])
        assert counted == (sum(seen.values()), sum(clicks.values()), sum(gone.values()), len(seen))
        if not seen:
            assert row["click_rate"] is None
            continue
        bounds = flow.rate_interval(clicks, seen)
        assert_same(row["click_rate_lower"], bounds.lower, rel=1e-7, tolerance=1e-9)
        bounds = flow.rate_interval(gone, seen)
        assert_same(row["exit_rate_upper"], bounds.upper, rel=1e-7, tolerance=1e-9)


# --- what is refused


def test_what_is_refused(webshop: kr.Journeys) -> None:
    with pytest.raises(kr.InputError, match="did you mean 'add_to_cart'"):
        kr.abandoned_carts(webshop, cart="add_to_card")
    with pytest.raises(kr.InputError, match="recut"):
        kr.abandoned_carts(webshop.recut(after_conversion="continue"))
    with pytest.raises(kr.InputError, match="recut"):
        kr.effort(webshop.recut(after_conversion="continue"))
    with pytest.raises(kr.InputError, match="no goal"):
        kr.click_through(webshop, {"checkout_start": []})
    with pytest.raises(kr.InputError, match="checkout"):
        kr.click_through(webshop, {"checkout": "order"})
    with pytest.raises(kr.InputError, match="'journeys' or 'visits'"):
        kr.drop_off(webshop, units="customers")  # type: ignore[arg-type]
    with pytest.raises(kr.InputError, match="rage_times"):
        kr.friction(webshop, rage_times=1)
    with pytest.raises(kr.InputError, match="consideration"):
        kr.friction(webshop, by="phase", order=["considerations"])
    with pytest.raises(kr.InputError, match="reason"):
        kr.loss_reasons(webshop)
    with pytest.raises(kr.InputError, match="between 0 and 1"):
        kr.effort(webshop, quantiles=[2])
    for analysis in (kr.loss_reasons, kr.abandoned_carts, kr.friction, kr.effort):
        with pytest.raises(kr.InputError, match=r"klantreis\.journeys"):
            analysis(webshop.log)  # type: ignore[operator]
