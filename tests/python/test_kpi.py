# SPDX-License-Identifier: MIT
"""Key figures on the log of twelve customers and on the worked examples, against figures computed elsewhere."""

from __future__ import annotations

import doctest
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from reference import kpis as reference

import klantreis as kr
from bridge import cells
from oracle import DATA

PHASES = {
    "awareness": ["ad_impression", "search_click", "social_click", "referral_visit"],
    "consideration": ["email_click", "product_view", "review_view", "compare_view", "store_visit", "faq_view"],
    "purchase": ["add_to_cart", "checkout_start", "order"],
    "delivery": ["status_mail", "delivered"],
    "service": ["contact", "nps"],
    "loyalty": ["share"],
}
START = datetime(2024, 3, 1)


@pytest.fixture(scope="module")
def journeys() -> kr.Journeys:
    log = kr.read(
        str(DATA / "events_F1.csv"),
        customer="customer_id",
        time="ts",
        touchpoint="event",
        channel="channel",
        value="value",
        cost="cost",
        phase={name: phase for phase, names in PHASES.items() for name in names},
        attributes=["issue_id", "agent_id", "referrer_id"],
        numbers=["wait_s", "score"],
    )
    return kr.journeys(log, conversion="order", inactivity="30d", observed_until="2024-04-30")


@pytest.fixture(scope="module")
def figures(journeys: kr.Journeys) -> dict[str, dict[str, Any]]:
    return {row["kpi"]: row for row in kr.kpis(journeys)}


def events(rows: list[tuple[Any, ...]], *names: str, **options: Any) -> kr.Log:
    """A log of (customer, days since the start, touchpoint, further columns)."""
    columns: dict[str, list[Any]] = {
        "customer_id": [row[0] for row in rows],
        "timestamp": [START + timedelta(days=row[1]) for row in rows],
        "touchpoint": [row[2] for row in rows],
    }
    for place, name in enumerate(names):
        columns[name] = [row[3 + place] for row in rows]
    return kr.read(columns, **options)


def one(journeys: kr.Journeys, measure: Any, **options: Any) -> dict[str, Any]:
    fields = {
        "measure": measure,
        **{name: options.pop(name) for name in ("unit", "target", "direction") if name in options},
    }
    found: list[dict[str, Any]] = kr.kpis(journeys, define={"it": fields}, **options).to_dicts()
    assert len(found) == 1
    return found[0]


def value(journeys: kr.Journeys, measure: Any, **options: Any) -> Any:
    return one(journeys, measure, **options)["value"]


def bounds(row: dict[str, Any]) -> tuple[Any, Any]:
    return row["lower"], row["upper"]


# The log of twelve customers


def test_six_of_twelve_customers_convert(figures: dict[str, dict[str, Any]]) -> None:
    row = figures["conversion_rate"]
    assert (row["value"], row["n"]) == (0.5, 12)
    assert bounds(row) == pytest.approx((0.2538, 0.7462), abs=5e-5)


def test_nine_orders_of_six_buyers_bring_900(figures: dict[str, dict[str, Any]]) -> None:
    assert figures["orders"]["value"] == 9
    assert figures["buyers"]["value"] == 6
    assert figures["revenue"]["value"] == 900
    assert figures["aov"]["value"] == 100


def test_counts_have_no_interval_and_count_the_customers_behind_them(figures: dict[str, dict[str, Any]]) -> None:
    assert (figures["clicks"]["value"], figures["clicks"]["n"]) == (8, 8)
    assert bounds(figures["clicks"]) == (None, None)


def test_eight_clicks_cost_45_cents_each(figures: dict[str, dict[str, Any]]) -> None:
    assert figures["cpc"]["value"] == pytest.approx(0.45)
    assert figures["click_cost"]["value"] == pytest.approx(3.60)
    assert figures["cost"]["value"] == pytest.approx(3.63)
    assert figures["cost_per_customer"]["value"] == pytest.approx(0.605)


def test_two_of_seven_carts_are_abandoned(figures: dict[str, dict[str, Any]]) -> None:
    row = figures["cart_abandonment"]
    assert row["value"] == pytest.approx(2 / 7)
    assert row["n"] == 7
    assert bounds(row) == pytest.approx((0.0822, 0.6411), abs=5e-5)


def test_a_cart_is_off_target_by_its_distance_and_could_be_so_by_chance(journeys: kr.Journeys) -> None:
    row = one(journeys, "cart_abandonment", target=0.25, direction="down")
    assert row["gap"] == pytest.approx(0.0357, abs=5e-5)
    assert row["status"] == "off, could be chance"


def test_checkouts_are_lost_by_attempt_and_by_customer(
    figures: dict[str, dict[str, Any]], journeys: kr.Journeys
) -> None:
    assert value(journeys, "count(checkout_start)") == 7
    assert value(journeys, "followed_by(checkout_start, order)") == pytest.approx(5 / 7)
    assert figures["checkout_attempts_lost"]["value"] == pytest.approx(2 / 7)
    assert figures["checkout_abandonment"]["value"] == pytest.approx(1 / 6)
    assert figures["checkout_abandonment"]["n"] == 6
    # One of the seven goes to the mail, one leaves.
    assert value(journeys, "followed_by(checkout_start, email_click)") == pytest.approx(1 / 7)


def test_checkout_takes_three_minutes(figures: dict[str, dict[str, Any]], journeys: kr.Journeys) -> None:
    assert (figures["checkout_time"]["value"], figures["checkout_time"]["unit"]) == (3, "min")
    mean = value(journeys, "duration(from=checkout_start, to=order, stat=mean)", unit="min")
    assert mean == pytest.approx((3 + 5 + 3 + 3 + 3) / 5)


def test_delivery_takes_two_days_and_half_of_it_longer(
    figures: dict[str, dict[str, Any]], journeys: kr.Journeys
) -> None:
    assert (figures["delivery_days"]["unit"], figures["delivery_days"]["n"]) == ("d", 4)
    assert figures["delivery_days"]["value"] == pytest.approx((1.83 + 2.15) / 2, abs=0.005)
    assert figures["on_time_rate"]["value"] == 0.5
    assert figures["status_reach"]["value"] == 0.25
    longest = value(journeys, "duration(from=order, to=delivered, stat=max)", unit="d")
    assert longest == pytest.approx(2.20, abs=0.005)


def test_time_to_the_first_order(figures: dict[str, dict[str, Any]], journeys: kr.Journeys) -> None:
    assert figures["time_to_conversion"]["value"] == pytest.approx(0.3417, abs=5e-5)
    slowest = value(journeys, "duration(from=first_event, to=order, stat=max)", unit="h")
    assert slowest == pytest.approx(69.1667, abs=5e-5)
    # Four of six buy within the hour.
    assert figures["impulse_share"]["value"] == pytest.approx(4 / 6)


def test_six_customers_reach_the_goal_of_an_order_within_a_week(journeys: kr.Journeys) -> None:
    assert value(journeys, "share_of_customers(outcome=order, within=7d)") == 0.5


def test_buyers_need_five_actions(figures: dict[str, dict[str, Any]]) -> None:
    assert figures["effort"]["value"] == 5
    assert figures["effort_median"]["value"] == 6


def test_nobody_asked_for_help_before_buying(figures: dict[str, dict[str, Any]]) -> None:
    assert (figures["help_rate"]["value"], figures["help_rate"]["n"]) == (0, 6)
    assert figures["help_rate"]["lower"] == 0
    assert figures["help_rate"]["marks"] == "few_customers,boundary"


def test_one_of_eleven_customers_who_choose_compares(figures: dict[str, dict[str, Any]], journeys: kr.Journeys) -> None:
    assert figures["compare_rate"]["value"] == pytest.approx(1 / 11)
    assert figures["compare_rate"]["n"] == 11
    assert value(journeys, "exposure(compare_view, among=buyers)") == pytest.approx(1 / 6)


def test_reviews_are_read_by_half_the_buyers_and_go_with_more_orders(
    figures: dict[str, dict[str, Any]], journeys: kr.Journeys
) -> None:
    assert figures["review_exposure"]["value"] == 0.5
    assert value(journeys, "share_of_customers(outcome=order, among=review_view)") == 0.75
    row = figures["review_effect"]
    assert row["value"] == pytest.approx(0.75 - 0.375)
    assert bounds(row) == pytest.approx(kr.newcombe(3, 4, 3, 8))


def test_google_is_used_by_six_of_ten_customers_who_become_aware(journeys: kr.Journeys) -> None:
    row = one(journeys, {"channel_share": {"phase": "awareness", "channel": "google"}})
    assert (row["value"], row["n"]) == (0.6, 10)


def test_channels_of_awareness_and_their_overlap(journeys: kr.Journeys) -> None:
    found = kr.kpis(journeys, define={"reach_in_awareness": "customers(phase=awareness)"}, by="channel")
    reached = {channel: count for channel, count in cells(found, ("channel",), "value").items() if count}
    assert reached == {"google": 6, "display": 3, "social": 2, "word_of_mouth": 1}
    both = "share_of_customers(channel=display, phase=awareness, among={phase: awareness, channel: google})"
    assert value(journeys, both) == pytest.approx(2 / 6)


def test_the_score_of_five_answers_is_20(figures: dict[str, dict[str, Any]]) -> None:
    assert (figures["nps"]["value"], figures["nps"]["n"]) == (20, 5)
    assert (figures["nps"]["value"], *bounds(figures["nps"])) == pytest.approx(reference.nps([10, 3, 9, 7, 8]))


def test_five_of_six_buyers_are_seen_again(figures: dict[str, dict[str, Any]]) -> None:
    assert figures["aftercare_reach"]["value"] == pytest.approx(5 / 6)
    assert figures["feedback_rate"]["value"] == pytest.approx(5 / 6)
    assert figures["repeat_orders"]["value"] == 3
    assert figures["repeat_rate"]["value"] == pytest.approx(3 / 9)
    assert (figures["returning_customers"]["value"], figures["returning_customers"]["n"]) == (pytest.approx(2 / 6), 6)


def test_two_problems_take_four_contacts(figures: dict[str, dict[str, Any]], journeys: kr.Journeys) -> None:
    assert figures["issues"]["value"] == 2
    assert figures["contacts"]["value"] == 4
    assert (figures["fcr"]["value"], figures["fcr"]["n"]) == (0.5, 2)
    assert figures["contacts_per_issue"]["value"] == 2
    assert value(journeys, "issues_with(of=contact, contacts={gt: 1})") == 0.5


def test_one_problem_is_explained_to_three_people(figures: dict[str, dict[str, Any]], journeys: kr.Journeys) -> None:
    assert figures["agents_per_issue"]["value"] == 2
    assert figures["issues_with_several_agents"]["value"] == 0.5
    assert value(journeys, "issues_with(of=contact, agents={eq: 3})") == 0.5
    assert value(journeys, "issues_with(of=contact, agents={eq: 1})") == 0.5


def test_waits(figures: dict[str, dict[str, Any]]) -> None:
    assert figures["wait_mean"]["value"] == 247.5
    assert figures["wait_max"]["value"] == 600
    assert figures["wait_median"]["value"] == 180
    assert figures["wait_p90"]["value"] == pytest.approx(510)
    assert figures["wait_over_2_min"]["value"] == 0.5
    assert figures["wait_mean"]["unit"] == "s"


def test_one_customer_refers_one_who_buys(figures: dict[str, dict[str, Any]]) -> None:
    assert figures["shares"]["value"] == 1
    assert figures["ambassadors"]["value"] == 1
    assert figures["referrals"]["value"] == 1
    assert figures["referral_conversion"]["value"] == 1
    assert figures["influenced_purchases"]["value"] == pytest.approx(1 / 6)
    assert figures["k_factor"]["value"] == pytest.approx(1 / 6)
    assert figures["referral_multiplier"]["value"] == pytest.approx(1.2)


def test_two_of_six_buyers_bring_72_percent(figures: dict[str, dict[str, Any]], journeys: kr.Journeys) -> None:
    assert figures["revenue_share_top20"]["value"] == pytest.approx(0.722222, abs=5e-7)
    assert figures["gini"]["value"] == pytest.approx(0.462963, abs=5e-7)
    assert figures["customers_for_80"]["value"] == 3
    assert figures["smallest_share_80"]["value"] == 0.5
    assert value(journeys, {"lorenz_top": 0.2}) == pytest.approx(0.722222, abs=5e-7)


def test_revenue_of_each_customer_from_the_best_down(journeys: kr.Journeys) -> None:
    found = kr.value_concentration(journeys)
    assert found["customer"] == ["k05", "k01", "k09", "k03", "k10", "k07"]
    assert found["value"] == [450, 200, 90, 60, 60, 40]
    assert found["count"] == [3, 2, 1, 1, 1, 1]
    assert found["cumulative_share"][-1] == 1
    assert kr.value_concentration(journeys, top=0.2)["customer"] == ["k05", "k01"]


def test_orders_by_channel_add_up(journeys: kr.Journeys) -> None:
    found = kr.kpis(journeys, select=["orders", "revenue"], by="channel")
    orders = {row["channel"]: row["value"] for row in found if row["kpi"] == "orders" and row["value"]}
    assert orders == {"store": 1, "webshop": 8}
    assert sum(row["value"] for row in found if row["kpi"] == "revenue") == 900
    assert found.options["by_unit"] == "event"


# Worked examples


def test_promoters_minus_detractors_of_a_hundred_answers() -> None:
    scores = [10] * 50 + [7] * 30 + [0] * 20
    log = events([(i, 0, "survey", score) for i, score in enumerate(scores)], "score", numbers=["score"])
    row = one(kr.journeys(log), {"nps": "score"})
    assert row["value"] == 30
    assert bounds(row) == pytest.approx((14.692, 45.308), abs=5e-4)


def test_answers_that_are_all_alike_still_leave_doubt() -> None:
    log = events([(i, 0, "survey", 10) for i in range(20)], "score", numbers=["score"])
    row = one(kr.journeys(log), "nps(score)")
    assert (row["value"], row["upper"]) == (100, 100)
    assert row["lower"] == pytest.approx(100 * (1 - 2 * 0.1611), abs=0.01)
    assert "boundary" in row["marks"]


@pytest.mark.parametrize(
    ("amounts", "top", "gini", "fewest"),
    [
        ([1, 2, 3, 4, 5], 5 / 15, 0.266667, 3),
        ([400] * 20 + [25] * 80, 0.8, 0.6, 20),
        ([1200, 800, 300, 150, 120, 90, 80, 60, 50, 50], 0.689655, 0.587586, 4),
    ],
)
def test_concentration_of_value(amounts: list[float], top: float, gini: float, fewest: int) -> None:
    log = events([(i, 0, "order", amount) for i, amount in enumerate(amounts)], "worth", value="worth")
    found = kr.kpis(kr.journeys(log, conversion="order"), select=["revenue_share_top20", "gini", "customers_for_80"])
    assert found["value"] == pytest.approx([top, gini, fewest], abs=5e-7)
    assert found["n"] == [len(amounts)] * 3


def test_problems_are_found_by_customer_topic_and_silence() -> None:
    days = [("k1", 0, "levering"), ("k1", 3, "levering"), ("k1", 5, "levering"), ("k2", 1, "retour")]
    days += [("k3", 2, "factuur"), ("k3", 20, "factuur"), ("k4", 4, "levering"), ("k4", 6, "retour")]
    log = events([(who, day, "contact", topic) for who, day, topic in days], "topic", attributes=["topic"])
    found = kr.kpis(
        kr.journeys(log),
        select=["issues", "fcr", "repeats", "repeat_contact_rate", "contacts_per_issue"],
        define={"repeats": "count(contact) - issues(contact, window=7d)"},
    )
    assert found["value"] == pytest.approx([6, 0.833333, 2, 0.25, 1.333333], abs=5e-7)


def test_a_problem_that_may_come_back_is_not_counted_as_solved() -> None:
    rows = [("k1", 0, "contact", "i1"), ("k2", 58, "contact", "i2")]
    log = events(rows, "issue", attributes=["issue"])
    journeys = kr.journeys(log, inactivity="30d", observed_until=START + timedelta(days=60))
    assert value(journeys, "issues(contact, window=7d)") == 1
    assert value(journeys, "issues(contact, window=1d)") == 2


def test_six_of_eight_calls_are_answered() -> None:
    answers = ["yes"] * 6 + ["no"] * 2
    rows = [(i, 0, "call", "phone", answer) for i, answer in enumerate(answers)]
    log = events(rows, "channel", "answered", channel="channel", attributes=["answered"])
    row = kr.kpis(kr.journeys(log), select=["phone_reachability"]).to_dicts()[0]
    assert (row["value"], row["n"]) == (0.75, 8)
    assert bounds(row) == pytest.approx((0.4093, 0.9285), abs=5e-5)
    assert value(kr.journeys(log), "share_of_events(call, where={answered: no})") == 0.25


def test_questions_wait_two_hours_and_those_without_answer_count_apart() -> None:
    rows = [("a", 0, "question"), ("a", 2 / 24, "answer"), ("b", 0, "question")]
    journeys = kr.journeys(events(rows))
    found = kr.kpis(journeys, select=["time_to_answer", "unanswered_questions"])
    assert found["value"] == [2, 1]
    assert value(journeys, "share_answered(question, answer)") == 0.5


def test_reviews_count_when_they_follow_a_purchase() -> None:
    rows = [("a", 0, "order"), ("a", 1, "review_left"), ("b", 0, "review_left"), ("b", 1, "order"), ("c", 0, "visit")]
    journeys = kr.journeys(events(rows), conversion="order")
    assert kr.kpis(journeys, select=["review_rate"])["value"] == [0.5]


def test_satisfaction_is_a_mean_and_the_two_best_answers() -> None:
    rows = [(i, 0, "csat", score) for i, score in enumerate([5, 4, 4, 2, 1])]
    journeys = kr.journeys(events(rows, "score", numbers=["score"]))
    found = cells(kr.kpis(journeys, select=["csat", "csat_top2"]), ("kpi",), "value", "n")
    assert found == {"csat": (3.2, 5), "csat_top2": (0.6, 5)}


def test_a_cost_per_lead_without_leads_is_null() -> None:
    log = events([("a", 0, "lead", 3.0), ("b", 0, "visit", 5.0)], "cost", cost="cost")
    assert kr.kpis(kr.journeys(log), select=["leads", "cost_per_lead"])["value"] == [1, 8]
    only = events([("b", 0, "visit", 5.0), ("c", 40, "lead", 1.0)], "cost", cost="cost")
    early = kr.journeys(only, observed_until=START + timedelta(days=1))
    row = kr.kpis(early, select=["cost_per_lead"]).to_dicts()[0]
    assert (row["value"], row["lower"], row["upper"]) == (None, None, None)


def test_none_of_twenty_has_an_interval() -> None:
    rows: list[tuple[Any, ...]] = [(i, 0, "cart") for i in range(20)] + [(99, 0, "order")]
    journeys = kr.journeys(events(rows), conversion="order")
    row = one(journeys, "share_of_customers(outcome=order, among=cart)")
    assert (row["value"], row["lower"]) == (0, 0)
    assert row["upper"] == pytest.approx(0.1611, abs=5e-5)


# Tables without customers


def seen() -> list[dict[str, Any]]:
    return [
        {"date": "2024-03-01", "kpi": "impressions", "channel": "display", "value": 1000},
        {"date": "2024-03-02", "kpi": "impressions", "channel": "social", "value": 500},
        {"date": "2024-03-01", "kpi": "seo_rank", "channel": "google", "value": 4},
        {"date": "2024-03-08", "kpi": "seo_rank", "channel": "google", "value": 3},
    ]


def test_impressions_add_up_and_the_last_rank_counts(journeys: kr.Journeys) -> None:
    found = cells(
        kr.kpis(journeys, select=["impressions", "seo_rank", "video_views"], aggregates=seen()),
        ("kpi",),
        "value",
        "direction",
        "status",
    )
    assert found["impressions"] == (1500, "up", "")
    assert found["seo_rank"] == (3, "down", "")
    assert found["video_views"] == (None, "up", "not measured")


def test_impressions_by_channel_and_by_week_add_up_too(journeys: kr.Journeys) -> None:
    by_channel = kr.kpis(journeys, select=["impressions"], aggregates=seen(), by="channel")
    shown = {row["channel"]: row["value"] for row in by_channel if row["value"] is not None}
    assert shown == {"display": 1000, "social": 500}
    by_week = kr.kpis(journeys, select=["seo_rank"], aggregates=seen(), period="week")
    assert cells(by_week, ("period",), "value")["2024-W09"] == 4
    assert cells(by_week, ("period",), "value")["2024-W10"] == 3


def test_clicks_per_impression(journeys: kr.Journeys) -> None:
    rows = [{"date": "2024-03-01", "kpi": "impressions", "channel": "display", "value": 400}]
    found = kr.kpis(journeys, select=["ctr"], aggregates=rows).to_dicts()[0]
    assert found["value"] == pytest.approx(0.02)
    assert bounds(found) == (None, None)
    rows[0]["value"] = 0
    assert kr.kpis(journeys, select=["ctr"], aggregates=rows)["value"] == [None]


def test_aggregates_of_a_channel_without_customers_have_a_row(journeys: kr.Journeys) -> None:
    rows = [{"date": "2024-03-01", "kpi": "impressions", "channel": "radio", "value": 9}]
    found = cells(kr.kpis(journeys, select=["impressions"], aggregates=rows, by="channel"), ("channel",), "value")
    assert found["radio"] == 9


def test_aggregates_after_the_end_of_the_observation_do_not_count(journeys: kr.Journeys) -> None:
    rows = [{"date": "2024-05-01", "kpi": "impressions", "channel": "display", "value": 9}]
    assert kr.kpis(journeys, select=["impressions"], aggregates=rows)["value"] == [None]


def test_aggregates_without_channel(tmp_path: Any, journeys: kr.Journeys) -> None:
    file = tmp_path / "seen.csv"
    file.write_text("day,what,number\n2024-03-01,impressions,7\n2024-03-02,impressions,\n", encoding="utf-8")
    table = kr.aggregates(file, date="day", kpi="what", channel=None, value="number")
    assert len(table) == 1
    assert kr.kpis(journeys, select=["impressions"], aggregates=table)["value"] == [7]


# Labels and periods


def test_splits_by_segment_add_up_and_customers_without_segment_have_a_row() -> None:
    rows = [("a", 0, "cart", "new"), ("a", 1, "order", None), ("b", 0, "cart", "old"), ("c", 0, "cart", None)]
    log = events(rows, "segment", attributes=["segment"])
    found = kr.kpis(kr.journeys(log, conversion="order"), select=["reach", "orders", "cart_abandonment"], by="segment")
    assert found.options["by_unit"] == "customer"
    table = cells(found, ("kpi", "segment"), "value", "n")
    assert table["reach", "new"] == (1, 1)
    # The order of a customer counts for the segment that stands on another event.
    assert table["orders", "new"] == (1, 1)
    assert table["cart_abandonment", "(none)"] == (1, 1)
    assert sum(row["value"] for row in found if row["kpi"] == "reach") == 3


def test_a_trend_marks_what_is_not_complete() -> None:
    rows = [("a", 5, "visit"), ("a", 6, "order"), ("b", 33, "visit"), ("c", 64, "visit"), ("c", 65, "order")]
    log = events(rows)
    journeys = kr.journeys(log, conversion="order", observed_until=START + timedelta(days=70))
    found = kr.kpis(journeys, select=["reach", "conversion_rate"], period="month")
    table = cells(found, ("kpi", "period"), "value", "complete")
    assert table["reach", "2024-03"] == (1, False)  # begins after the first
    assert table["reach", "2024-04"] == (1, True)
    assert table["conversion_rate", "2024-04"] == (0, True)
    assert table["conversion_rate", "2024-05"] == (1, False)  # goes on after the observation


def test_a_week_without_events_has_a_row() -> None:
    found = kr.kpis(kr.journeys(events([("a", 0, "visit"), ("a", 14, "visit")])), select=["reach"], period="week")
    assert found["period"] == ["2024-W09", "2024-W10", "2024-W11"]
    assert found["value"] == [1, 0, 1]


def test_days_of_a_trend_add_up(journeys: kr.Journeys) -> None:
    found = kr.kpis(journeys, select=["orders", "cart_abandonment"], period="day")
    assert sum(row["value"] for row in found if row["kpi"] == "orders") == 9
    assert sum(row["n"] for row in found if row["kpi"] == "cart_abandonment") == 7


# Targets


def judged(**fields: Any) -> str:
    rows = [(i, 0, "order" if i < fields["done"] else "visit") for i in range(fields["n"])]
    journeys = kr.journeys(events([*rows, (-1, 90, "order")]), conversion="order",
                           observed_until=START + timedelta(days=1))  # fmt: skip
    return str(one(journeys, "conversion_rate", target=fields.get("target", 0.5), direction="up")["status"])


def test_verdicts() -> None:
    assert judged(n=100, done=60) == "ok"
    assert judged(n=100, done=45) == "off, could be chance"
    assert judged(n=100, done=20) == "off"
    assert judged(n=4, done=0) == "too little data"
    assert judged(n=100, done=50) == "ok"
    assert judged(n=100, done=20, target=None) == ""


def test_a_figure_that_the_log_cannot_answer_says_what_is_missing(journeys: kr.Journeys) -> None:
    for measure, reason in (
        ("count(pick)", "no event is 'pick'"),
        ("mean(temperature)", "the log has no numbers 'temperature'"),
        ("share_of_customers(outcome=order, among={where: {region: north}})", "the log has no 'region'"),
    ):
        row = one(journeys, measure, target=1, direction="up")
        assert (row["value"], row["status"], row["note"]) == (None, "not measured", reason)


def test_off_target_worst_first_and_what_to_do(journeys: kr.Journeys) -> None:
    found = kr.kpis(
        journeys,
        define={
            "cart_abandonment": {"measure": "share_without(add_to_cart, outcome=order)", "target": 0.25,
                                 "direction": "down"},
            "nps": {"measure": "nps(score)", "target": 40, "direction": "up"},
            "fcr": {"measure": "fcr(contact, issue=issue_id, window=7d)", "target": 0.8, "direction": "up"},
            "cpc": {"measure": "sum(cost, of=[search_click, social_click]) / count([search_click, social_click])",
                    "target": 0.2, "direction": "down"},
            "aov": {"measure": "sum(value, of=order) / count(order)", "target": 90, "direction": "up"},
        },
    )  # fmt: skip
    rows = kr.attention(found).to_dicts()
    assert [row["kpi"] for row in rows] == ["cpc", "nps", "fcr", "cart_abandonment"]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4]
    advice = {row["kpi"]: (row["status"], row["advice"]) for row in rows}
    assert advice["fcr"] == ("too little data", "research more")
    assert advice["nps"] == ("off, could be chance", "research more")
    assert advice["cpc"] == ("off", "improve now")
    assert rows[1]["miss"] == pytest.approx(0.5)


# Expressions


def test_an_expression_and_its_mapping_are_the_same_measure(journeys: kr.Journeys) -> None:
    for text, mapping in (
        ("count([search_click, social_click])", {"count": ["search_click", "social_click"]}),
        ("sum(cost) / count(order)", {"ratio": [{"sum": "cost"}, {"count": "order"}]}),
        ("quantile(wait_s, 0.9, of=[contact])", {"quantile": {"column": "wait_s", "q": 0.9, "of": ["contact"]}}),
        ("fcr(contact, issue=issue_id, window=7d)",
         {"fcr": {"touchpoint": "contact", "issue": "issue_id", "window": "7d"}}),
        ("duration(from=order, to=delivered, stat=median)",
         {"duration": {"from": "order", "to": "delivered", "stat": "median"}}),
        ("issues_with(contacts={gt: 1})", {"issues_with": {"contacts": {"gt": 1}}}),
        ("exposure(review_view, among=buyers)", {"exposure": {"touchpoint": "review_view", "among": "buyers"}}),
        ("share_of_customers(outcome=order)", {"share_of_customers": {"outcome": "order"}}),
    ):  # fmt: skip
        left, right = one(journeys, text), one(journeys, mapping)
        assert left["value"] is not None
        assert {**left, "note": ""} == {**right, "note": ""}


def test_figures_combine_with_the_interval_of_the_result(journeys: kr.Journeys) -> None:
    rate = one(journeys, "conversion_rate")
    rest = one(journeys, "1 - conversion_rate")
    assert bounds(rest) == pytest.approx((1 - rate["upper"], 1 - rate["lower"]))
    percent = one(journeys, "100 * conversion_rate")
    assert bounds(percent) == pytest.approx((100 * rate["lower"], 100 * rate["upper"]))
    # Per customer: 900 EUR over 12 customers, x = value and y = 1 for each.
    from reference.intervals import t_quantile

    row = one(journeys, "sum(value, of=order) / customers()")
    amounts = [200, 60, 450, 40, 90, 60] + [0] * 6
    psi = [(amount - 75) / 12 for amount in amounts]
    square, fourth = sum(p**2 for p in psi), sum(p**4 for p in psi)
    df = max(1.0, min(11.0, 2 * square**2 / (fourth - square**2 / 12)))
    expected = reference.ratio_interval([(amount, 1) for amount in amounts], t_quantile(df))
    assert (row["value"], *bounds(row)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        ("count(order", "character 12: expected )"),
        ("cuont(order)", "did you mean 'count'"),
        ("count(order, colour=red)", "count takes no 'colour'"),
        ("count(order) +", "found the end"),
        ("__import__(os)", "there is no measure '__import__'"),
        ("count(order) order", "unexpected 'o'"),
        ("clickz / 2", "there is no key figure 'clickz'; did you mean 'clicks'"),
        ("quantile(wait_s)", "needs 'q'"),
        ("quantile(wait_s, 2)", "must lie between 0 and 1"),
        ("fcr(contact, window=soon)", "window is soon; give a length of time"),
        ("duration(from=order, to=delivered, stat=mode)", "no statistic 'mode'"),
        ("count(order, where={score: {near: 3}})", "no condition 'near'"),
        ("lorenz_top(0)", "the top share is 0"),
        ("it + 1", "is measured by itself"),
        ({"colour": "red"}, "has no measure, only 'colour'"),
        ([1], "is an array"),
        ("(" * 100 + "1" + ")" * 100, "nests deeper"),
        (" + ".join(["1"] * 200), "chains more than"),
    ],
)
def test_what_cannot_be_measured_is_an_error_that_says_why(journeys: kr.Journeys, measure: Any, message: str) -> None:
    with pytest.raises(kr.InputError) as caught:
        one(journeys, measure)
    assert message in str(caught.value)


def test_names_in_quotes_and_conditions_on_columns() -> None:
    rows = [("a", 0, "add-to/cart", "yes", 3.0), ("b", 0, "add-to/cart", "no", 5.0), ("b", 1, "über uns", None, None)]
    log = events(rows, "gift", "size", attributes=["gift"], numbers=["size"])
    journeys = kr.journeys(log)
    assert value(journeys, 'count("add-to/cart")') == 2
    assert value(journeys, 'count("über uns")') == 1
    assert value(journeys, 'count("add-to/cart", where={gift: yes})') == 1
    assert value(journeys, 'count("add-to/cart", where={gift: {ne: yes}, size: {between: [4, 6]}})') == 1
    assert value(journeys, 'count("add-to/cart", where={size: {gt: 3}})') == 1
    assert value(journeys, 'count("add-to/cart", where={size: {gte: 3}})') == 2
    assert value(journeys, 'count(where={gift: {known: "false"}})') == 1
    assert value(journeys, "count(where={size: {in: [3, 9]}})") == 1
    assert value(journeys, "mean(size)") == 4


def test_every_figure_of_the_library_reads_back_and_says_how_it_is_made() -> None:
    library = kr.kpi_library()
    assert len(set(library["kpi"])) == len(library)
    for row in library:
        assert all(row[column] for column in ("name", "formula", "interval", "source")), row
        assert row["direction"] in ("", "up", "down")


def test_a_log_without_events_gives_the_same_columns() -> None:
    log = events([])
    found = kr.kpis(kr.journeys(log))
    assert found.columns == kr.kpis(kr.journeys(events([("a", 0, "visit")]))).columns
    assert kr.kpis(kr.journeys(log), select=["reach", "frequency"])["value"] == [0, None]


def test_one_customer_is_no_crash() -> None:
    rows = [("a", 0, "cart", 1.0), ("a", 1, "order", 9.0)]
    found = kr.kpis(kr.journeys(events(rows, "worth", value="worth"), conversion="order"))
    table = cells(found, ("kpi",), "value")
    assert table["conversion_rate"] == 1
    assert table["gini"] == 0
    assert table["revenue_share_top20"] == 1


def test_a_log_without_time_answers_what_needs_none() -> None:
    rows = {"customer": ["a", "a", "b"], "n": [1, 2, 3], "touchpoint": ["cart", "order", "cart"]}
    log = kr.read(rows, customer="customer", time=None, order="n")
    found = kr.kpis(kr.journeys(log, conversion="order"), select=["cart_abandonment", "fcr", "time_to_conversion"])
    assert found["value"] == [0.5, None, None]
    assert found["note"] == ["", "no event is 'contact'", "the log has no times"]
    with pytest.raises(kr.InputError, match="needs times"):
        kr.kpis(kr.journeys(log), period="day")


def test_later_events_than_the_observation_do_not_count() -> None:
    log = events([("a", 0, "order"), ("a", 10, "order"), ("b", 20, "order")])
    journeys = kr.journeys(log, conversion="order", observed_until=START + timedelta(days=12))
    assert value(journeys, "orders") == 2
    assert value(journeys, "reach") == 1


def test_customers_who_may_still_come_back_are_left_out_of_shares() -> None:
    rows = [("a", 0, "cart"), ("b", 55, "cart"), ("c", 1, "cart"), ("c", 2, "order")]
    journeys = kr.journeys(
        events(rows), conversion="order", inactivity="30d", observed_until=START + timedelta(days=60)
    )
    row = one(journeys, "cart_abandonment")
    assert (row["value"], row["n"]) == (0.5, 2)


# Questions that need no figure of their own


def test_good_scores_go_with_repeat_orders(journeys: kr.Journeys) -> None:
    repeat = "share_of_customers(outcome=order, at_least=2, among={{of: nps, where: {{score: {{{}: 9}}}}}})"
    good, other = one(journeys, repeat.format("gte")), one(journeys, repeat.format("lt"))
    assert (good["value"], good["n"]) == (1, 2)
    assert (other["value"], other["n"]) == (0, 3)


def test_a_figure_by_an_attribute_of_the_delivery() -> None:
    rows = []
    for i, (score, installed) in enumerate([(10, "yes"), (9, "yes"), (7, "no"), (3, "no")]):
        rows += [(i, 0, "delivered", None, installed), (i, 1, "nps", score, None)]
    log = events(rows, "score", "installed", numbers=["score"], attributes=["installed"])
    found = kr.kpis(kr.journeys(log), select=["nps"], by="installed")
    assert cells(found, ("installed",), "value", "n") == {"yes": (100, 2), "no": (-50, 2)}


def test_questions_where_the_parcel_is_for_each_order() -> None:
    rows = [("a", 0, "order", None), ("a", 1, "contact", "where is my order"), ("b", 0, "order", None),
            ("b", 1, "contact", "refund")]  # fmt: skip
    log = events(rows, "topic", attributes=["topic"])
    measure = 'count(contact, where={topic: "where is my order"}) / count(order)'
    assert value(kr.journeys(log, conversion="order"), measure) == 0.5


def test_deliveries_are_told_apart_by_the_id_of_the_order() -> None:
    rows = [("a", 0, "order", "o1"), ("a", 1, "order", "o2"), ("a", 3, "delivered", "o2"), ("a", 9, "delivered", "o1")]
    journeys = kr.journeys(events(rows, "order_id", attributes=["order_id"]), conversion="order")
    mean = "duration(from=order, to=delivered, stat=mean{})"
    assert value(journeys, mean.format(", id=order_id"), unit="d") == pytest.approx((2 + 9) / 2)
    # Without it, the first delivery is that of the last order, and the second one has none.
    assert value(journeys, mean.format(""), unit="d") == 2
    assert value(journeys, mean.format(", pair=first"), unit="d") == 3


def test_scores_of_several_answers_of_one_customer_count_for_one_customer() -> None:
    rows = [(i, day, "nps", score) for i, score in enumerate([10, 10, 3, 7] * 5) for day in range(3)]
    row = one(kr.journeys(events(rows, "score", numbers=["score"])), "nps(score)")
    once = one(kr.journeys(events(rows[::3], "score", numbers=["score"])), "nps(score)")
    assert (row["value"], row["n"]) == (once["value"], once["n"]) == (25, 20)
    # Three equal answers say no more than one: about as wide, not narrower by the root of three.
    assert row["upper"] - row["lower"] > 0.95 * (once["upper"] - once["lower"])


def test_a_dashboard_of_two_weeks_adds_up_to_both() -> None:
    rows = [(i, i % 14, "cart" if i % 2 else "order") for i in range(56)]
    journeys = kr.journeys(events(rows), conversion="order")
    weeks = kr.kpis(journeys, select=["conversion_rate"], period="week").to_dicts()
    whole = kr.kpis(journeys, select=["conversion_rate"]).to_dicts()[0]
    assert sum(row["n"] for row in weeks) == whole["n"] == 56
    assert sum(row["n"] * row["value"] for row in weeks) == pytest.approx(28)


def test_the_page_about_key_figures_runs(root: Path) -> None:
    failed, tried = doctest.testfile(str(root / "docs" / "key-figures.md"), module_relative=False)
    assert tried > 5
    assert failed == 0
