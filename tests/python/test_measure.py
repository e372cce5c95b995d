# SPDX-License-Identifier: MIT
"""The designed journey measured, on the log of twelve customers and on small logs."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from itertools import pairwise
from typing import Any

import pytest

import f1
import klantreis as kr
from bridge import cells
from f1 import P6
from oracle import DATA, rows_of

DESIGN_COLUMNS = [
    "phase", "reach", "entries", "visits", "passed", "back", "skips", "left", "at_rest", "exits", "exit_rate", "lower",
    "upper", "median_time", "emotion_expected", "emotion_measured",
]  # fmt: skip


@pytest.fixture(scope="module")
def journeys() -> kr.Journeys:
    return f1.journeys()


@pytest.fixture(scope="module")
def six(journeys: kr.Journeys) -> kr.Measure:
    return kr.measure(journeys, map=f1.journey_map(), level="p6")


@pytest.fixture(scope="module")
def nine(journeys: kr.Journeys) -> kr.Measure:
    return kr.measure(journeys, map=f1.journey_map())


# --- phases


def test_reach_of_six_and_of_three_phases(journeys: kr.Journeys, six: kr.Measure) -> None:
    assert six["phase"] == P6
    assert six["reach"] == [10, 11, 8, 4, 5, 1]
    three = kr.measure(journeys, map=f1.journey_map(), level="p3")
    assert three["phase"] == ["awareness", "consideration", "decision"]
    assert three["reach"] == [10, 11, 8]


def test_a_rollup_changes_neither_the_journeys_nor_who_converts(journeys: kr.Journeys, nine: kr.Measure) -> None:
    for level in ("p6", "p5", "p3"):
        measured = kr.measure(journeys, map=f1.journey_map(), level=level)
        assert sum(measured["entries"]) == sum(nine["entries"]) == 12
        assert sum(measured["at_rest"]) == sum(nine["at_rest"]) == 6


def test_the_phase_table_has_the_columns_of_the_design(six: kr.Measure) -> None:
    assert set(six.columns) == {*DESIGN_COLUMNS, "n", "marks", "open", "measured"}
    assert [name for name in six.columns if name in DESIGN_COLUMNS] == DESIGN_COLUMNS


def test_twelve_visits_of_the_purchase_phase(six: kr.Measure) -> None:
    row = six.to_dicts()[P6.index("purchase")]
    # 5 end, 2 go back to consideration, 4 go to delivery and 1 to service, past delivery.
    assert (row["visits"], row["exits"], row["back"], row["skips"]) == (12, 5, 2, 1)
    # k02 and k08 leave with a cart; k01, k05 and k10 rest after an order.
    assert (row["left"], row["at_rest"]) == (2, 3)
    assert row["exit_rate"] == pytest.approx(2 / 12)
    assert row["passed"] == 5


def test_every_visit_goes_somewhere(six: kr.Measure) -> None:
    after = cells(six.transitions, ("from", "to"), "weight")
    for row in six:
        on = sum(n for (here, there), n in after.items() if here == row["phase"] and there != "(end)")
        assert row["visits"] == on + row["exits"] + row["open"]
        assert row["exits"] == row["left"] + row["at_rest"] == after.get((row["phase"], "(end)"), 0)
        assert row["entries"] == after.get(("(start)", row["phase"]), 0)


def test_transitions_of_six_phases(six: kr.Measure) -> None:
    text = (
        "(start)→awareness 10, (start)→consideration 2, awareness→(end) 1, awareness→consideration 9, "
        "consideration→(end) 3, consideration→purchase 10, purchase→(end) 5, purchase→consideration 2, "
        "purchase→delivery 4, purchase→service 1, delivery→service 4, service→(end) 3, service→loyalty 1, "
        "service→purchase 1, loyalty→purchase 1"
    )
    expected = {}
    for part in text.split(", "):
        edge, weight = part.split()
        here, there = edge.split("→")
        expected[here, there] = int(weight)
    assert cells(six.transitions, ("from", "to"), "weight") == expected


def test_attrition_shows_who_passed_who_skipped_and_who_is_gone(six: kr.Measure) -> None:
    rows = cells(six.attrition, ("phase",), "reach", "passed", "skipped", "gone", "open")
    assert rows["awareness"] == (10, 9, 2, 1, 0)  # k09 and k10 came in later
    assert rows["delivery"] == (4, 4, 1, 0, 0)  # k09 took it home from the shop
    assert rows["purchase"] == (8, 5, 0, 5, 0)
    assert sum(gone + still for *_, gone, still in rows.values()) == 12


def test_after_sales_phases_have_the_same_figures_as_those_before(six: kr.Measure) -> None:
    rows = {row["phase"]: row for row in six}
    assert (rows["delivery"]["reach"], rows["service"]["reach"]) == (4, 5)
    # From the first event of the delivery to the next phase: k01 76 h, k03 20 h, k05 46 h, k07 19 h.
    assert rows["delivery"]["median_time"] == pytest.approx((20 + 46) / 2 * 3600)


def test_visitors_become_payers(six: kr.Measure, journeys: kr.Journeys) -> None:
    assert six["reach"][:3] == [10, 11, 8]
    levels = dict(zip(*(kr.relationship(journeys).levels[c] for c in ("level", "customers")), strict=True))
    assert levels["buyer"] + levels["repeat_buyer"] == 6


def test_buyers_with_a_touch_after_the_purchase(six: kr.Measure) -> None:
    # k01, k03, k05, k07 and k09; k10 has none.
    assert six["passed"][P6.index("purchase")] == 5


def test_a_journey_that_may_go_on_has_not_left() -> None:
    with pytest.warns(UserWarning, match="no journey is settled"):
        cut = f1.journeys(observed_until="2024-03-10")
    early = kr.measure(cut, map=f1.journey_map(), level="p6")
    row = {r["phase"]: r for r in early}["consideration"]
    assert (row["left"], row["exits"], row["exit_rate"]) == (0, 0, None)
    assert row["open"] == 3  # k04, k11 and k12
    late = kr.measure(f1.journeys(), map=f1.journey_map(), level="p6")
    assert {r["phase"]: r for r in late}["consideration"]["left"] == 3


def test_non_buyers_stay_in_all_tables(six: kr.Measure) -> None:
    assert six.customers == 12
    assert sum(six["left"]) == 6


def test_a_part_of_the_journey_has_its_own_entries(journeys: kr.Journeys) -> None:
    part = kr.measure(journeys, map=f1.journey_map(), level="p6", scope=("purchase", "loyalty"))
    assert part["phase"] == P6[2:]
    assert part.customers == 8
    assert sum(part["entries"]) == 8
    assert part.options["scope"] == "purchase to loyalty"


def test_a_phase_that_is_not_measured_stands_in_the_table_and_says_so(nine: kr.Measure) -> None:
    first = nine.to_dicts()[0]
    assert (first["phase"], first["measured"], first["reach"], first["exit_rate"]) == (
        "latente_behoefte",
        False,
        0,
        None,
    )
    assert nine["measured"][1:] == [True] * 8


# --- touchpoints


def test_touchpoints_stand_as_designed_with_their_phase(nine: kr.Measure) -> None:
    rows = {row["touchpoint"]: row for row in nine.touchpoints}
    assert list(rows)[:3] == ["ad_impression", "search_click", "social_click"]
    checkout = rows["checkout_start"]
    assert (checkout["phase"], checkout["visits"], checkout["left"]) == ("koop", 7, 1)
    assert checkout["exit_rate"] == pytest.approx(1 / 7)
    assert rows["add_to_cart"]["back"] == 1  # k10 looks at the product again
    assert rows["fraudecheck"]["reach"] == 0


def test_what_a_call_to_action_leads_to(nine: kr.Measure) -> None:
    rows = {row["touchpoint"]: row for row in nine.calls_to_action}
    assert list(rows) == ["product_view", "add_to_cart", "checkout_start"]
    checkout = rows["checkout_start"]
    assert (checkout["visits"], checkout["clicks"], checkout["exits"]) == (7, 5, 1)
    assert checkout["exit_rate"] == pytest.approx(1 / 7)
    assert checkout["next"] == "levering"
    # Of ten product pages five lead straight to the cart; k01, k03 and k12 read reviews, k07 compares, k04 leaves.
    assert (rows["product_view"]["visits"], rows["product_view"]["clicks"]) == (10, 5)


def test_inventory_of_all_touchpoints(nine: kr.Measure) -> None:
    rows = {row["touchpoint"]: row for row in nine.inventory}
    assert rows["nps"]["events"] == 5
    assert rows["nps"]["last_seen"] == "2024-03-12T12:00:00Z"
    assert rows["orderpick"]["status"] == "never seen"
    assert rows["orderpick"]["stage"] == "offstage"
    assert rows["fraudecheck"]["status"] == "never seen"
    assert sum(row["events"] for row in rows.values()) == 70


def test_completeness_of_the_map(nine: kr.Measure) -> None:
    figures = {row["figure"]: row for row in nine.coverage}
    assert figures["events of no phase"]["count"] == 0
    assert {"orderpick", "fraudecheck", "faq_na"} <= set(figures["touchpoints never seen"]["names"].split(", "))
    assert figures["phases without touchpoints"]["names"] == "latente_behoefte, loyaliteit"
    assert figures["designed moves never taken"]["count"] == 5
    assert figures["moves nobody designed"]["count"] == 5


def test_what_happens_offstage_changes_no_path() -> None:
    rows = [dict(row) for row in rows_of(DATA / "events_F1.csv")]
    plain = _journeys(rows)
    picks = [
        {"customer_id": customer, "ts": at, "event": "orderpick", "channel": "", "value": ""}
        for customer, at in (
            ("k01", "2024-03-02T20:00:00Z"),
            ("k03", "2024-03-04T12:00:00Z"),
            ("k05", "2024-03-09T09:00:00Z"),
        )
    ]
    picked = _journeys(rows + picks)
    for level in (None, "p6"):
        one, other = (kr.measure(j, map=f1.journey_map(), level=level) for j in (plain, picked))
        assert one.to_dicts() == other.to_dicts()
        assert one.conformance.to_dicts() == other.conformance.to_dicts()
    assert {row["touchpoint"]: row["events"] for row in other.inventory}["orderpick"] == 3


def _journeys(rows: list[dict[str, Any]]) -> kr.Journeys:
    names = ("customer_id", "ts", "event")
    log = kr.read(
        {name: [row[name] for row in rows] for name in names},
        time="ts",
        touchpoint="event",
        phase={**f1.PHASE, "orderpick": "levering"},
    )
    return kr.journeys(log, conversion="order", inactivity="30d", observed_until="2024-04-30")


# --- emotion


def test_emotion_of_the_service_phase(six: kr.Measure) -> None:
    row = {r["phase"]: r for r in six.emotions}["service"]
    # Scores 10, 3, 9, 7 and 8 from 0 to 10 mean 2, -0.8, 1.6, 0.8 and 1.2.
    assert row["measured"] == pytest.approx((2 - 0.8 + 1.6 + 0.8 + 1.2) / 5)
    assert (row["expected"], row["answers"], row["n"]) == (1, 5, 5)
    assert row["gap"] == pytest.approx(-0.04)
    assert row["status"] == "too little data"
    again = kr.measure(f1.journeys(), map=f1.journey_map(), level="p6", min_n=5)
    assert {r["phase"]: r for r in again.emotions}["service"]["status"] == "off, could be chance"


def test_the_interval_of_an_emotion_is_that_of_a_mean_of_customers(six: kr.Measure) -> None:
    felt = [2, -0.8, 1.6, 0.8, 1.2]
    mean = sum(felt) / 5
    psi = [(x - mean) / 5 for x in felt]
    second, fourth = sum(p**2 for p in psi), sum(p**4 for p in psi)
    df = max(1.0, min(4.0, 2 * second**2 / (fourth - second**2 / 5)))
    from reference.intervals import t_quantile

    half = t_quantile(df) * math.sqrt(second * 5 / 4)
    row = {r["phase"]: r for r in six.emotions}["service"]
    assert row["lower"] == pytest.approx(max(-2, mean - half))
    assert row["upper"] == pytest.approx(min(2, mean + half))


def test_low_answers_are_shown_with_their_touchpoints(nine: kr.Measure) -> None:
    low = nine.low_answers().to_dicts()
    assert [(row["customer"], row["score"]) for row in low] == [("k03", 3), ("k07", 7)]
    assert low[0]["path"] == "contact > contact > contact > nps"
    assert low[0]["gap"] == pytest.approx(-1.8)


def test_expected_emotion_rolls_up_to_the_mean_of_measured_parts(six: kr.Measure) -> None:
    # awareness: only bewustwording is measured; purchase: beslissing and koop; loyalty: loyaliteit and ambassadeur.
    assert six["emotion_expected"] == [-1, 0, 1, 2, 1, 2]


@pytest.mark.parametrize(
    ("scale", "score", "emotion"),
    [
        ("nps", 0, -2),
        ("nps", 5, 0),
        ("csat", 1, -2),
        ("csat", 4, 1),
        ("ces", 7, 2),
        ("stars", 3, 0),
        ("emotion", -1, -1),
    ],
)
def test_scales_run_from_minus_two_to_two(scale: str, score: float, emotion: float) -> None:
    log = kr.read(
        {"customer_id": [1], "timestamp": ["2024-03-01"], "touchpoint": ["ask"], "answer": [score]},
        phase={"ask": "use"},
        numbers=["answer"],
    )
    design = kr.Design({"use": 1.0}, scores=[{"column": "answer", "scale": scale}])
    assert kr.measure(kr.journeys(log), map=design)["emotion_measured"] == [pytest.approx(emotion)]


def test_an_answer_outside_its_scale_is_refused() -> None:
    log = kr.read(
        {"customer_id": [1], "timestamp": ["2024-03-01"], "touchpoint": ["ask"], "answer": [11.0]},
        phase={"ask": "use"},
        numbers=["answer"],
    )
    with pytest.raises(kr.InputError, match="is 11, outside its scale from 0 to 10"):
        kr.measure(kr.journeys(log), map=kr.Design(["use"], scores=[{"column": "answer", "scale": "nps"}]))


def test_scores_can_stand_in_a_column_of_labels() -> None:
    log = kr.read(
        {"customer_id": [1, 2], "timestamp": ["2024-03-01"] * 2, "touchpoint": ["ask"] * 2, "answer": ["10", "5"]},
        phase={"ask": "use"},
        attributes=["answer"],
    )
    design = kr.Design(["use"], scores=[{"column": "answer", "scale": "nps"}])
    assert kr.measure(kr.journeys(log), map=design)["emotion_measured"] == [1.0]


def test_who_was_better_served_than_expected_returns_more(six: kr.Measure) -> None:
    # Expected +1. Above: k01 and k05, who order again, and k09 (1.2); below: k03 and k07.
    rows = cells(six.returns(), ("experience",), "customers", "returned")
    assert rows == {"below": (2, 0), "met": (0, 0), "above": (3, 2)}
    rows = cells(six.returns(tolerance=0.25), ("experience",), "customers", "returned")
    assert rows == {"below": (1, 0), "met": (2, 0), "above": (2, 2)}


def test_phase_scores_run_from_none_of_the_targets_to_all(six: kr.Measure) -> None:
    rows = [
        {"phase": "koop", "kpi": "conversion_rate", "status": "ok"},
        {"phase": "koop", "kpi": "aov", "status": "not measured"},
        {"phase": "beslissing", "kpi": "cart_abandonment", "status": "ok"},
        {"phase": "delivery", "kpi": "delivery_days", "status": "off, could be chance"},
        {"phase": "consideration", "kpi": "cpc", "status": "ok"},
        {"phase": "consideration", "kpi": "ctr", "status": "off"},
        {"phase": "", "kpi": "revenue", "status": "off"},
    ]
    scores = {row["phase"]: row for row in six.scores(rows)}
    assert scores["purchase"]["score"] == 100
    assert scores["purchase"]["left_out"] == "aov, emotion"
    assert scores["delivery"]["score"] == 0
    assert scores["consideration"]["score"] == 50
    assert scores["awareness"]["score"] is None


def test_the_expected_emotion_is_a_target_of_a_phase_score() -> None:
    measured = kr.measure(f1.journeys(), map=f1.journey_map(), level="p6", min_n=1)
    scores = {row["phase"]: row for row in measured.scores([{"phase": "service", "kpi": "nps", "status": "ok"}])}
    assert (scores["service"]["reached"], scores["service"]["targets"], scores["service"]["score"]) == (1, 2, 50)


# --- states


def test_the_phase_of_a_customer_at_any_time(journeys: kr.Journeys) -> None:
    at = {"map": f1.journey_map(), "level": "p6"}
    assert kr.phase_at(journeys, "k03", "2024-03-02", **at) == "purchase"
    assert kr.phase_at(journeys, "k03", "2024-03-11", **at) == "service"
    assert kr.phase_at(journeys, "k03", "2024-03-01T12:00:00Z", **at) == "awareness"
    assert kr.phase_at(journeys, "k03", "2024-03-01T11:59:59Z", **at) is None


def test_the_history_of_a_customer(journeys: kr.Journeys) -> None:
    rows = kr.phase_history(journeys, customers="k05", map=f1.journey_map(), level="p6").to_dicts()
    assert [row["phase"] for row in rows] == [
        "awareness", "consideration", "purchase", "delivery", "service", "purchase",
    ]  # fmt: skip
    assert all(one["to"] == two["from"] for one, two in pairwise(rows))
    assert [row["current"] for row in rows] == [False] * 5 + [True]
    assert rows[-1]["to"] == datetime(2024, 4, 30, tzinfo=timezone.utc)


def test_occupancy_at_an_instant(journeys: kr.Journeys) -> None:
    found = kr.occupancy(journeys, "2024-03-05T00:00:00Z", map=f1.journey_map(), level="p6")
    count = {row["phase"]: row["customers"] for row in found if row["customers"]}
    assert count == {"purchase": 4, "awareness": 2, "delivery": 1, "consideration": 1}
    assert sum(found["share"]) == pytest.approx(1)


def test_occupancy_with_a_silence_after_which_customers_are_gone(journeys: kr.Journeys) -> None:
    found = kr.occupancy(journeys, ["2024-03-05", "2024-05-30"], silence="30d", map=f1.journey_map(), level="p6")
    gone = [row["customers"] for row in found if row["phase"] == "(gone)"]
    assert gone == [0, 12]


def test_occupancy_every_week(journeys: kr.Journeys) -> None:
    found = kr.occupancy(journeys, every="7d", map=f1.journey_map(), level="p6")
    assert len(found) == 6 * 9  # from 2024-03-01 08:00, eight weeks and the start
    assert found["time"][0] == datetime(2024, 3, 1, 8, tzinfo=timezone.utc)


def test_the_timeline_of_a_customer(journeys: kr.Journeys) -> None:
    rows = kr.timeline(journeys, "k01", map=f1.journey_map(), level="p6").to_dicts()
    assert len(rows) == 12
    assert (str(rows[0]["time"].date()), str(rows[-1]["time"].date())) == ("2024-03-01", "2024-03-30")
    assert rows[-1]["since_start"] == 29 * 86400 + 3 * 3600


def test_an_unknown_customer_is_named(journeys: kr.Journeys) -> None:
    with pytest.raises(kr.InputError, match="no customer 'k99'"):
        kr.phase_at(journeys, "k99", "2024-03-02", map=f1.journey_map())


def test_levels_of_the_relationship_at_the_end(journeys: kr.Journeys) -> None:
    found = kr.relationship(journeys, ambassador="share")
    levels = {row["level"]: (row["customers"], row["ambassadors"]) for row in found.levels}
    assert levels == {"unknown": (0, 0), "prospect": (6, 0), "buyer": (4, 0), "repeat_buyer": (2, 1)}


def test_moves_between_levels_add_up_to_the_levels(journeys: kr.Journeys) -> None:
    found = kr.relationship(journeys, ["2024-03-04", "2024-04-30"], ambassador="share", period="week")
    moves = cells(found.moves, ("period", "from", "to"), "customers")
    assert sum(n for (_, here, _), n in moves.items() if here == "unknown") == 12
    assert sum(n for (_, _, there), n in moves.items() if there == "buyer") == 6
    assert sum(n for (_, _, there), n in moves.items() if there == "repeat_buyer") == 2
    week = datetime(2024, 3, 4, tzinfo=timezone.utc)
    assert moves[week, "buyer", "ambassador"] == 1
    first = {row["level"]: row["customers"] for row in found.levels if row["time"] == week}
    assert first["unknown"] == 12 - 7  # k05, k08, k09, k10 and k11 come later


def test_cohorts_by_week_add_up_to_their_size(journeys: kr.Journeys) -> None:
    rows = kr.phase_cohorts(journeys, map=f1.journey_map(), level="p6").to_dicts()
    sizes = {str(row["cohort"].date()): row["size"] for row in rows}
    assert sizes == {"2024-02-26": 7, "2024-03-04": 5}
    for cohort, size in sizes.items():
        assert sum(row["customers"] for row in rows if str(row["cohort"].date()) == cohort) == size


def test_cohorts_within_a_horizon_leave_out_who_was_not_observed_that_long(journeys: kr.Journeys) -> None:
    rows = kr.phase_cohorts(journeys, period="month", within="55d", map=f1.journey_map(), level="p6").to_dicts()
    # 55 days before the end is 2024-03-06: k10 of that day was observed long enough from 08:00 on only.
    assert {row["size"] for row in rows} == {9}


# --- reach


def test_channels_of_the_awareness_phase(journeys: kr.Journeys) -> None:
    found = kr.reach(journeys, phase="awareness", map=f1.journey_map(), level="p6")
    rows = cells(found, ("channel",), "customers", "share")
    assert {channel: n for channel, (n, _) in rows.items()} == {
        "google": 6, "display": 3, "social": 2, "word_of_mouth": 1,
    }  # fmt: skip
    assert rows["google"][1] == pytest.approx(0.6)
    assert found["n"] == [10] * 4


def test_reach_of_the_awareness_phase_by_period_and_its_overlap(journeys: kr.Journeys) -> None:
    at = {"phase": "awareness", "map": f1.journey_map(), "level": "p6"}
    periods = kr.reach_by_period(journeys, period="month", **at)
    assert {row["channel"]: row["customers"] for row in periods}[""] == 10
    shared = cells(kr.overlap(journeys, **at), ("first", "second"), "customers")
    assert shared["display", "google"] == 2  # k01 and k12


def test_display_occurs_at_the_beginning_only(journeys: kr.Journeys) -> None:
    rows = {(row["channel"], row["part"]): row for row in kr.positions(journeys)}
    assert [rows["display", part]["events"] for part in ("begin", "middle", "end")] == [3, 0, 0]
    assert rows["display", "begin"]["conversion_rate"] == pytest.approx(1 / 3)


# --- small and odd logs


def test_no_events_give_tables_with_the_same_columns() -> None:
    log = kr.read({"customer_id": [], "timestamp": [], "touchpoint": []})
    measured = kr.measure(kr.journeys(log), map=["look", "buy"])
    assert measured["reach"] == [0, 0]
    assert measured["exit_rate"] == [None, None]
    full = kr.measure(f1.journeys(), map=f1.journey_map())
    assert measured.columns == full.columns
    for name in ("attrition", "emotions", "transitions", "inventory", "touchpoints", "calls_to_action"):
        assert getattr(measured, name).columns == getattr(full, name).columns


def test_a_phase_that_the_design_lacks_is_named(journeys: kr.Journeys) -> None:
    with pytest.raises(kr.InputError, match=r"events are in the phase '\w+', which the design does not have"):
        kr.measure(journeys, map=["bewustwording", "orientatie"])


def test_without_a_design_the_remedy_is_named(journeys: kr.Journeys) -> None:
    with pytest.raises(kr.InputError, match="read the events with map="):
        kr.measure(journeys)


def test_without_phases_the_remedy_is_named() -> None:
    log = kr.read({"customer_id": [1], "timestamp": ["2024-03-01"], "touchpoint": ["view"]})
    with pytest.raises(kr.InputError, match="the events have no phase; read them with a map"):
        kr.measure(kr.journeys(log), map=["look"])


def test_an_unknown_level_is_named(journeys: kr.Journeys) -> None:
    with pytest.raises(kr.InputError, match="p7"):
        kr.measure(journeys, map=f1.journey_map(), level="p7")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"phases": []}, "has no phases"),
        ({"phases": ["a", "a"]}, "'a' twice"),
        ({"phases": {"a": 3}}, "from -2 to 2"),
        ({"phases": ["(start)"]}, "a name that klantreis uses itself"),
        ({"phases": ["a"], "moves": [("a", "b")]}, "no phase of the design"),
        ({"phases": ["a", "b"], "moves": [{"from": "a", "to": "b", "expected": 2}]}, "a share from 0 to 1"),
        ({"phases": ["a", "b"], "moves": [{"from": "a", "to": "b", "kind": "up"}]}, "one of forward, back"),
        ({"phases": ["a"], "unmeasured": ["b"]}, "no phase of the design"),
        ({"phases": ["a"], "scores": [{"column": "s"}]}, "has no scale"),
        ({"phases": ["a"], "scores": [{"column": "s", "scale": "smile"}]}, "one of nps, csat"),
        ({"phases": ["a"], "scores": [{"column": "s", "low": 5, "high": 1}]}, "lowest answer first"),
        ({"phases": ["a"], "touchpoints": [{"name": "t", "phase": "a"}] * 2}, "'t' twice"),
        ({"phases": "a"}, "give a list of names"),
    ],
)
def test_designs_that_are_not_sound_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(kr.InputError, match=message):
        kr.Design(**arguments)


def test_scopes_that_go_back_are_refused(journeys: kr.Journeys) -> None:
    with pytest.raises(kr.InputError, match="name the earlier phase first"):
        kr.measure(journeys, map=f1.journey_map(), level="p6", scope=("loyalty", "purchase"))


def test_logs_without_time_have_no_times_and_say_what_needs_them() -> None:
    log = kr.read(
        {"customer_id": [1, 1], "n": [1, 2], "touchpoint": ["view", "order"]},
        time=None,
        order="n",
        phase={"view": "look", "order": "buy"},
    )
    journeys = kr.journeys(log, conversion="order")
    assert kr.measure(journeys, map=["look", "buy"])["median_time"] == [None, None]
    with pytest.raises(kr.InputError, match="occupancy needs the time of the events"):
        kr.occupancy(journeys, "2024-03-01", map=["look", "buy"])


def test_a_journey_of_many_visits() -> None:
    steps = ["view", "order"] * 100_000
    log = kr.read(
        {"customer_id": [1] * len(steps), "timestamp": list(range(len(steps))), "touchpoint": steps},
        time_unit="s",
        phase={"view": "look", "order": "buy"},
    )
    measured = kr.measure(kr.journeys(log, conversion="order"), map=["look", "buy"])
    assert measured["visits"] == [100_000, 100_000]
    assert measured["back"] == [0, 99_999]
    assert kr.conformance(kr.journeys(log), map=["look", "buy"]).alignments()["cost"] == [199_998]


# --- logs that were read with a map


@pytest.fixture(scope="module")
def mapped() -> kr.Journeys:
    log = kr.read(str(DATA / "events_F1.csv"), map=str(DATA / "journey-example.yaml"))
    return kr.journeys(log, observed_until="2024-04-30")


def test_a_log_that_was_read_with_a_map_needs_no_other(mapped: kr.Journeys, six: kr.Measure, nine: kr.Measure) -> None:
    assert kr.measure(mapped, level="p6").to_dicts() == six.to_dicts()
    assert kr.measure(mapped).to_dicts() == nine.to_dicts()
    found = {row["touchpoint"]: row["visits"] for row in kr.measure(mapped, by="touchpoint")}
    assert (found["faq_voor"], found["faq_na"]) == (1, 0)
    assert kr.conformance(mapped).conformity == pytest.approx(33 / 39)
    assert kr.phase_at(mapped, "k03", "2024-03-11", level="p6") == "service"


def test_never_seen_touchpoints_of_a_mapped_log(mapped: kr.Journeys) -> None:
    rows = {row["figure"]: row for row in kr.measure(mapped).coverage}
    assert rows["touchpoints never seen"]["names"] == "faq_na, orderpick, fraudecheck"
    assert rows["touchpoints not designed"]["count"] == 0
    assert rows["events of a phase"]["count"] == 70


def test_walkthroughs_that_the_map_excludes_stay_out_of_all_figures(nine: kr.Measure) -> None:
    rows: list[dict[str, Any]] = [{**row, "tag": ""} for row in rows_of(DATA / "events_F1.csv")]
    steps = ("search_click", "product_view", "add_to_cart", "order")
    walk = [
        {**dict.fromkeys(rows[0], ""), "customer_id": "me", "ts": f"2024-03-01T09:0{i}:00Z", "event": step}
        for i, step in enumerate(steps)
    ]
    both = rows + [{**row, "tag": "walkthrough"} for row in walk]
    columns = {name: [row[name] or None for row in both] for name in both[0]}
    columns["value"] = [float(v) if v else None for v in columns["value"]]
    columns["score"] = [float(v) if v else None for v in columns["score"]]
    wanted = ("customer_id", "ts", "event", "channel", "value", "score", "tag")
    log = kr.read({name: columns[name] for name in wanted}, map=str(DATA / "journey-example.yaml"))
    measured = kr.measure(kr.journeys(log, observed_until="2024-04-30"))
    assert measured.to_dicts() == nine.to_dicts()
    checked = kr.walkthrough(list(steps), f1.journey_map(), end="any")
    assert checked.summary["conformity"] == [1.0]
