# SPDX-License-Identifier: MIT
"""What key figures are made of: tables without customers, labels, periods, targets, expressions and their errors."""

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
