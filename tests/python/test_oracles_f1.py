# SPDX-License-Identifier: MIT
"""The library on the log of twelve customers and on the worked examples, against known figures."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

import klantreis as kr
import oracle
from bridge import cells, read, same
from oracle import DATA, DAY, local_json


@pytest.fixture(scope="module")
def log() -> kr.Log:
    return read(oracle.webshop_columns())


@pytest.fixture(scope="module")
def journeys(log: kr.Log) -> kr.Journeys:
    return kr.journeys(log, conversion="order", after_conversion="stop", inactivity="30d", observed_until="2024-04-30")


@pytest.fixture(scope="module")
def whole(journeys: kr.Journeys) -> kr.Journeys:
    return journeys.recut(after_conversion="continue")


def edges_of(text: str, names: dict[str, str]) -> dict[tuple[str, str], int]:
    found = {}
    for part in text.split(", "):
        edge, weight = part.split()
        here, there = edge.split("→")
        found[names[here], names[there]] = int(weight)
    return found


def test_events_read_from_the_file_are_those_of_the_columns(log: kr.Log) -> None:
    from_file = kr.read(
        str(DATA / "events_F1.csv"), customer="customer_id", time="ts", touchpoint="event", value="value"
    )
    assert len(from_file) == len(log) == 70
    for one in (from_file, log):
        assert kr.journeys(one, conversion="order").customers == 12
    first = kr.paths(kr.journeys(from_file, conversion="order")).table().to_dicts()
    assert first == kr.paths(kr.journeys(log, conversion="order")).table().to_dicts()


def test_phase_transitions_of_the_whole_journeys(whole: kr.Journeys) -> None:
    names = {
        "start": "(start)", "aw": "awareness", "cons": "consideration", "pur": "purchase", "del": "delivery",
        "ser": "service", "loy": "loyalty", "end": "(end)",
    }  # fmt: skip
    expected = edges_of(
        "start→aw 10, start→cons 2, aw→end 1, aw→cons 9, cons→end 3, cons→pur 10, pur→end 5, pur→cons 2, pur→del 4, "
        "pur→ser 1, del→ser 4, ser→end 3, ser→loy 1, ser→pur 1, loy→pur 1",
        names,
    )
    assert cells(kr.transitions(whole, by="phase"), ("from", "to"), "weight") == expected
    reach = cells(kr.drop_off(whole, by="phase"), ("phase",), "n")
    assert reach == {
        "awareness": 10, "consideration": 11, "purchase": 8, "delivery": 4, "service": 5, "loyalty": 1,
    }  # fmt: skip


def test_where_the_non_buyers_leave(journeys: kr.Journeys) -> None:
    table = cells(kr.drop_off(journeys), ("touchpoint",), "visits", "exits", "exit_rate", "share_of_exits")
    assert {t: exits for t, (_, exits, _, _) in table.items() if exits} == dict.fromkeys(
        ["ad_impression", "product_view", "review_view", "faq_view", "add_to_cart", "checkout_start"], 1
    )
    assert table["checkout_start"] == pytest.approx((7, 1, 1 / 7, 1 / 6))
    assert table["faq_view"] == pytest.approx((1, 1, 1, 1 / 6))


def test_acquisition_chain_and_removal_effects(journeys: kr.Journeys) -> None:
    edges = cells(kr.transitions(journeys), ("from", "to"), "weight")
    assert len(edges) == 29
    assert len({here for here, _ in edges} - {"(start)"}) == 12
    expected = {
        "checkout_start": 0.833333, "add_to_cart": 0.769231, "product_view": 0.769231, "search_click": 0.450450,
        "review_view": 0.317460, "email_click": 0.198413, "social_click": 0.180180, "store_visit": 0.166667,
        "ad_impression": 0.150150, "referral_visit": 0.090090, "compare_view": 0.083126, "faq_view": 0,
    }  # fmt: skip
    found = cells(kr.attribute(journeys, model="markov"), ("touchpoint",), "removal_effect", "credit", "credit_value")
    assert {t: e for t, (e, _, _) in found.items()} == pytest.approx(expected, abs=5e-7)
    assert sum(c for _, c, _ in found.values()) == pytest.approx(6)
    assert sum(v for _, _, v in found.values()) == pytest.approx(120 + 60 + 200 + 40 + 90 + 60)


def test_orders_and_value(log: kr.Log) -> None:
    rows = kr.attribute(kr.journeys(log, conversion="order"), model="linear").to_dicts()
    assert sum(row["credit"] for row in rows) == pytest.approx(9)
    assert sum(row["credit_value"] for row in rows) == pytest.approx(900)


def test_first_touch_by_channel(log: kr.Log, journeys: kr.Journeys) -> None:
    found = cells(kr.attribute(journeys, model="first_touch", by="channel"), ("channel",), "credit")
    buyers = {"k01", "k03", "k05", "k07", "k09", "k10"}
    columns = oracle.webshop_columns()
    first: dict[str, str] = {}
    for customer, channel in zip(columns["customer"], columns["channel"], strict=True):
        first.setdefault(customer, channel)
    expected = Counter(channel for customer, channel in first.items() if customer in buyers)
    assert {c: n for c, n in found.items() if n} == expected


def test_every_customer_takes_a_path_of_its_own(journeys: kr.Journeys) -> None:
    rows = kr.variants(journeys).to_dicts()
    assert len(rows) == 12
    assert {row["count"] for row in rows} == {1}
    assert rows[-1]["coverage"] == pytest.approx(1)


# --- influence values: eight customers


@pytest.fixture(scope="module")
def tiny() -> kr.Journeys:
    return kr.journeys(read(oracle.tiny_columns()), conversion="conversion", gap="1d")


@pytest.mark.parametrize("item", ["A", "B", "C"])
def test_intervals_of_the_tiny_example(tiny: kr.Journeys, item: str) -> None:
    expected = local_json("influence_tiny.json")["results"]
    row = next(r for r in kr.attribute(tiny, model="markov").to_dicts() if r["touchpoint"] == item)
    for column, name in (
        ("removal_effect", "RE"),
        ("share", "share"),
        ("credit", "credit"),
        ("removal_effect_value", "REv"),
    ):
        want = expected[f"{name}_{item}"]
        for part, key in ((column, "estimate"), (f"{column}_lower", "lower"), (f"{column}_upper", "upper")):
            assert same(row[part], want[key], rel=1e-9), (part, row[part], want[key])


def test_rates_of_the_tiny_example(tiny: kr.Journeys) -> None:
    expected = local_json("influence_tiny.json")["results"]
    b = next(r for r in kr.drop_off(tiny).to_dicts() if r["touchpoint"] == "B")
    assert (b["visits"], b["n"], b["exits"]) == (7, 6, 1)
    assert (b["lower"], b["upper"]) == pytest.approx((expected["exit_B"]["lower"], expected["exit_B"]["upper"]))
    ab = next(r for r in kr.transitions(tiny).to_dicts() if (r["from"], r["to"]) == ("A", "B"))
    assert (ab["lower"], ab["upper"]) == pytest.approx((expected["p_AB"]["lower"], expected["p_AB"]["upper"]))


def test_order_two_of_the_tiny_example(tiny: kr.Journeys) -> None:
    expected = local_json("influence_tiny_order2.json")
    found = cells(kr.attribute(tiny, model="markov", order=2), ("touchpoint",), "removal_effect", "credit")
    for item in "ABC":
        assert found[item] == pytest.approx((expected["RE"][item], expected["credit"][item]))


# --- worked examples


PATH_TABLES = {
    "analyzecore_2016": [("C1 > C2 > C3", 1, 0), ("C1", 0, 1), ("C2 > C3", 0, 1)],
    "puzyrov_2019": [("google ads", 2, 1), ("mailing", 1, 0), ("google ads > mailing", 1, 0)],
    "ca_whitepaper_2016": [("A > B > A > B > B > A", 1, 0), ("A > B > B > A > A", 1, 0), ("A > A", 1, 0)],
}


@pytest.mark.parametrize("name", list(PATH_TABLES))
def test_markov_equals_the_worked_examples(name: str) -> None:
    example = local_json("worked_examples.json")[name]
    rows = [{"path": p, "conversions": c, "nulls": n} for p, c, n in PATH_TABLES[name]]
    paths = kr.read_paths(rows, path="path", conversions="conversions", nulls="nulls")
    found = cells(kr.attribute(paths, model="markov"), ("touchpoint",), "removal_effect")
    assert found == pytest.approx({item: float(Fraction(e)) for item, e in example["removal"].items()}, abs=1e-12)


def test_order_two_equals_the_worked_example() -> None:
    rows = [{"path": p, "conversions": c, "nulls": n} for p, c, n in PATH_TABLES["ca_whitepaper_2016"]]
    paths = kr.read_paths(rows, path="path", conversions="conversions", nulls="nulls")
    found = cells(kr.attribute(paths, model="markov", order=2), ("touchpoint",), "credit")
    assert found == pytest.approx({"A": 9 / 5, "B": 6 / 5}, abs=1e-12)


def test_time_decay_equals_the_worked_examples() -> None:
    examples = local_json("worked_examples.json")
    for days, half_life, expected in (
        ([0, 7, 14, 21, 28], "7d", examples["time_decay_7d"]["weights"]),
        ([0, 1, 2, 2], "1d", examples["posthog_time_decay"]["weights"][::-1]),
    ):
        columns = {
            "customer": ["u"] * len(days),
            "time": [d * DAY for d in days],
            "touchpoint": [f"t{i}" for i in range(len(days) - 1)] + ["conversion"],
        }
        journeys = kr.journeys(read(columns), conversion="conversion")
        found = cells(kr.attribute(journeys, model="time_decay", half_life=half_life), ("touchpoint",), "credit")
        assert found == pytest.approx({f"t{i}": float(Fraction(w)) for i, w in enumerate(expected)}, rel=1e-12)


def test_rules_on_a_deal_of_twelve_thousand() -> None:
    expected = local_json("worked_examples.json")["b2b_12000"]
    days = [0, 5, 12, 30, 38]
    columns = {
        "customer": ["u"] * 6,
        "time": [d * DAY for d in [*days, 38]],
        "touchpoint": [*"abcde", "deal"],
        "value": [None] * 5 + [12000.0],
    }
    journeys = kr.journeys(read(columns), conversion="deal")
    decay = cells(kr.attribute(journeys, model="time_decay", half_life="7d"), ("touchpoint",), "credit_value")
    assert decay == pytest.approx(dict(zip("abcde", expected["exact_time_decay"], strict=True)))
    position = cells(kr.attribute(journeys, model="position_based"), ("touchpoint",), "credit_value")
    assert position == pytest.approx(dict(zip("abcde", expected["u"], strict=True)))


def test_time_decay_on_the_small_sessions() -> None:
    columns: dict[str, list] = {"customer": [], "time": [], "touchpoint": []}
    for row in oracle.rows_of(DATA / "sessions_small.csv"):
        for step in [row["channel"], *(["conversion"] if row["converted"] == "True" else [])]:
            columns["customer"].append(row["user_id"])
            columns["time"].append(oracle.micros(row["ts"]))
            columns["touchpoint"].append(step)
    expected = {
        label: float(credit)
        for label, credit in (
            line.split(",") for line in (DATA / "time_decay_continuous_168h.csv").read_text().splitlines()[1:]
        )
    }
    journeys = kr.journeys(read(columns), conversion="conversion")
    found = cells(kr.attribute(journeys, model="time_decay", half_life="7d"), ("touchpoint",), "credit")
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.fixture(scope="module")
def loops() -> kr.Journeys:
    return kr.journeys(read(oracle.loop_columns()), conversion="order")


def test_transitions_of_the_chain_with_loops(loops: kr.Journeys) -> None:
    found = cells(kr.transitions(loops), ("from", "to"), "probability")
    expected = {(here, there): w / 10 for here, row in oracle.LOOP_CHAIN.items() for there, w in row.items()}
    assert found == pytest.approx(expected, rel=1e-12)


def test_removal_effects_of_the_chain_with_loops(loops: kr.Journeys) -> None:
    rows = kr.attribute(loops, model="markov").to_dicts()
    assert {row["touchpoint"]: row["removal_effect"] for row in rows} == dict.fromkeys("ACKX", 1.0)
    assert all("boundary" in row["marks"] for row in rows)


def test_most_probable_paths_of_the_chain_with_loops(loops: kr.Journeys) -> None:
    rows = kr.likely_paths(loops, limit=6).to_dicts()
    # Two paths of the same probability come in the order of their text.
    assert [row["path"] for row in rows] == [
        "A > C > K > X",
        "A > C > C > K > X",
        "A > A > C > K > X",
        "A > C > K > K > X",
        "A > C > C > C > K > X",
        "A > C > A > C > K > X",
    ]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row["probability"] for row in rows] == pytest.approx(
        [0.0224, 0.00672, 0.00224, 0.00224, 0.002016, 0.000896]
    )
    assert [row["share"] for row in rows[:5]] == pytest.approx([0.4714, 0.14142, 0.04714, 0.04714, 0.042426], abs=5e-5)
