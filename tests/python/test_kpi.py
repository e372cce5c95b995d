# SPDX-License-Identifier: MIT
"""Key figures on the log of twelve customers and on the worked examples, against figures computed elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from reference import kpis as reference

import klantreis as kr
from bridge import cells
from figures import START, bounds, events, one, twelve_customers, value


@pytest.fixture(scope="module")
def journeys() -> kr.Journeys:
    return twelve_customers()


@pytest.fixture(scope="module")
def figures(journeys: kr.Journeys) -> dict[str, dict[str, Any]]:
    return {row["kpi"]: row for row in kr.kpis(journeys)}


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
