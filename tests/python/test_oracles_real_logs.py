# SPDX-License-Identifier: MIT
"""Counts on public logs, equal to what pandas, DuckDB, ClickHouse, pm4py and retentioneering count on them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import klantreis as kr
from bridge import cells
from oracle import shared_file, shared_json


def edges(table: Any) -> dict[tuple[str, str], int]:
    return {edge: int(weight) for edge, weight in cells(table, ("from", "to"), "weight").items()}


def expected_edges(oracle: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {(here, there): weight for here, there, weight in oracle["transition_counts"]}


def check_log(log: kr.Log, expected: dict[str, Any]) -> kr.Journeys:
    """Events, transitions, variants and lengths of a log whose customers are the cases of the oracle."""
    assert len(log) == expected["n_events"]
    journeys = kr.journeys(log, conversion=[], after_conversion="continue")
    assert len(journeys) == expected["n_cases"]
    counted = edges(kr.transitions(journeys))
    assert counted == expected_edges(expected)
    assert len(counted) == expected["n_edges"] + len(expected["start_activities"]) + len(
        expected["end_activities"]
    ) or (len(counted) == expected["n_edges"])
    assert sum(w for (here, there), w in counted.items() if here == there) == expected["self_loop_transitions"]
    variants = kr.variants(journeys).to_dicts()
    assert len(variants) == expected["n_variants"]
    assert sum(v["count"] == 1 for v in variants) == expected["variants_of_one_case"]
    assert sum(v["coverage"] < 0.8 - 1e-12 for v in variants) + 1 == expected["variants_covering_80pct"]
    counts = {v["path"]: v["count"] for v in variants}
    for path, count in expected["top_variants"]:
        assert counts[path] == count
    visits = cells(kr.drop_off(journeys), ("touchpoint",), "visits", "n", "exits")
    assert {t: v for t, (v, _, _) in visits.items()} == expected["activity_counts"]
    assert {t: n for t, (_, n, _) in visits.items()} == expected["cases_with_activity"]
    assert {t: e for t, (_, _, e) in visits.items() if e} == expected["end_activities"]
    for stages in expected["funnels"]:
        assert [row["count"] for row in kr.funnel(journeys, stages["stages"]).to_dicts()] == stages["closed"]
    return journeys


@pytest.mark.parametrize(("key", "oracle"), [("session_id", "by_session"), ("user_id", "by_user")])
def test_web_shop_log(key: str, oracle: str) -> None:
    expected = shared_json("data/ecom_synthetic_2024.oracle.json")[oracle]
    path = shared_file("data/ecom_synthetic_2024.parquet")
    log = kr.read(str(path), customer=key, time="timestamp", touchpoint="event")
    journeys = check_log(log, expected)
    medians = cells(kr.transitions(journeys), ("from", "to"), "weight", "median_time")
    for here, there, weight, median, _ in expected["edge_gap_s_top15"]:
        assert medians[here, there] == (weight, median)


@pytest.mark.parametrize(("key", "oracle"), [("session_id", "by_session"), ("user_id", "by_user")])
def test_web_shop_conversion_and_removal_effects(key: str, oracle: str) -> None:
    goal = shared_json("data/ecom_synthetic_2024.oracle.json")[oracle]["goal"]
    path = shared_file("data/ecom_synthetic_2024.parquet")
    log = kr.read(str(path), customer=key, time="timestamp", touchpoint="event")
    journeys = kr.journeys(log, conversion="purchase", after_conversion="stop")
    credit = kr.attribute(journeys, model="markov")
    found = cells(credit, ("touchpoint",), "removal_effect", "share", "credit")
    for touchpoint, effect in goal["removal_effect"].items():
        share = goal["removal_share"][touchpoint]
        assert found[touchpoint] == pytest.approx((effect, share, share * goal["converted_cases"]), rel=1e-9, abs=1e-12)
    assert sum(c for _, _, c in found.values()) == pytest.approx(goal["converted_cases"], rel=1e-12)


@pytest.mark.parametrize("key", ["user_id", "session_id"])
@pytest.mark.parametrize("funnel", ["s3", "s6"])
def test_web_shop_funnels_equal_clickhouse(key: str, funnel: str) -> None:
    """ClickHouse sorts events of the same second by step, so the log gets that order."""
    expected = shared_json("reference/funnels/cross_ecom.json")["windowFunnel_users_reaching"]
    matrix = shared_json("reference/funnels/funnel_definition_matrix.json")
    longer = ["home", "catalog", "product_view", "add_to_cart", "cart", "purchase"]
    steps = {"s3": matrix["steps"], "s6": longer}[funnel]
    events = pq.read_table(shared_file("data/ecom_synthetic_2024.parquet"))
    rank = pc.fill_null(pc.index_in(events["event"], value_set=pa.array(steps, events["event"].type)), len(steps))
    log = kr.read(
        events.append_column("rank", rank.cast("int64")),
        customer=key,
        time="timestamp",
        touchpoint="event",
        order="rank",
    )
    reached = {name: reach for name, reach in expected.items() if name.startswith(f"{funnel}|") and "|default|" in name}
    assert len(reached) == 10
    for name, reach in reached.items():
        _, window, _, unit = name.split("|")
        if unit == key:
            table = kr.funnel(log, steps, window=None if window == "inf" else window)
            assert [row["count"] for row in table.to_dicts()] == reach, name


def test_web_shop_steps_and_transitions_equal_retentioneering() -> None:
    expected = shared_json("reference/funnels/retentioneering5_ecom.json")
    path = shared_file("data/ecom_synthetic_2024.parquet")
    log = kr.read(str(path), customer="user_id", time="timestamp", touchpoint="event")
    journeys = kr.journeys(log, after_conversion="continue")
    counts = expected["transition_count"]
    rename = {"path_start": "(start)", "path_end": "(end)"}
    table = {
        (rename.get(here, here), rename.get(there, there)): int(weight)
        for here, row in zip(counts["index"], counts["data"], strict=True)
        for there, weight in zip(counts["columns"], row, strict=True)
        if weight
    }
    assert edges(kr.transitions(journeys)) == table
    steps = expected["step_matrix_10"]
    found = cells(kr.step_matrix(journeys, steps=10), ("step", "label"), "share")
    for label, row in zip(steps["index"], steps["data"], strict=True):
        for step, share in zip(steps["columns"], row, strict=True):
            if int(step) > 0:
                assert found.get((int(step), rename.get(label, label)), 0.0) == pytest.approx(share, abs=1e-12)


def test_clothing_shop_log() -> None:
    path = shared_file("data/eshop_clothing_2008.parquet")
    log = kr.read(str(path), customer="session_id", time="date", order="click_order", touchpoint="category")
    check_log(log, shared_json("data/eshop_clothing_2008.oracle.json"))


def test_hospital_log() -> None:
    path = shared_file("data/patients_log.parquet")
    expected = shared_json("data/patients_log.oracle.json")["start_events"]
    log = kr.read(str(path), customer="case_id", time="timestamp", touchpoint="activity", where="lifecycle = 'start'")
    journeys = check_log(log, expected)
    medians = cells(kr.transitions(journeys), ("from", "to"), "weight", "median_time")
    for here, there, weight, median, _ in expected["edge_gap_s_top15"]:
        assert medians[here, there] == (weight, median)


def test_page_sequences_without_time() -> None:
    expected = shared_json("data/msnbc_1999.oracle.json")
    path = shared_file("data/msnbc_1999.parquet")
    log = kr.read(str(path), customer="user_id", time=None, order="position", touchpoint="page")
    assert len(log) == expected["n_events"]
    journeys = kr.journeys(log, after_conversion="continue")
    assert len(journeys) == expected["n_sequences"]
    counted = edges(kr.transitions(journeys))
    assert {there: w for (here, there), w in counted.items() if here == "(start)"} == expected["start"]
    assert {here: w for (here, there), w in counted.items() if there == "(end)"} == expected["end"]
    inner = {(a, b): w for (a, b), w in counted.items() if a != "(start)" and b != "(end)"}
    assert inner == expected_edges(expected)
    variants = kr.variants(journeys).to_dicts()
    assert sum(v["count"] for v in variants if " > " not in v["path"]) == expected["length_1_sequences"]


def test_baskets_of_a_wholesaler() -> None:
    expected = shared_json("data/online_retail_2011_lines.oracle.json")
    lines = pq.read_table(shared_file("data/online_retail_2011_lines.parquet"))
    lines = lines.filter(
        pc.and_(
            pc.is_valid(lines["customer_id"]),
            pc.and_(pc.greater(lines["quantity"], 0), pc.greater(lines["unit_price"], 0)),
        )
    )
    assert lines.num_rows == expected["purchase_lines"]
    lines = lines.append_column("amount", pc.multiply(lines["quantity"].cast("double"), lines["unit_price"]))
    baskets = lines.group_by(["customer_id", "timestamp"]).aggregate([("amount", "sum")])
    baskets = baskets.append_column("event", pc.if_else(pc.is_valid(baskets["customer_id"]), "order", "none"))
    log = kr.read(baskets, customer="customer_id", time="timestamp", touchpoint="event", value="amount_sum")
    journeys = kr.journeys(log, conversion="order")
    assert (len(log), len(journeys)) == (expected["invoices"], expected["invoices"])
    assert journeys.customers == expected["customers"]
    credit = kr.attribute(journeys, model="last_touch").to_dicts()
    assert [row["touchpoint"] for row in credit] == ["(unattributed)"]
    assert credit[0]["credit"] == expected["invoices"]
    assert credit[0]["credit_value"] == pytest.approx(expected["revenue"], abs=0.005)
    more = kr.journeys(log, conversion="order", after_conversion="continue")
    assert sum(v["count"] for v in kr.variants(more).to_dicts() if " > " in v["path"]) >= expected["repeat_customers"]


@pytest.mark.parametrize(
    ("file", "reference", "customer"),
    [
        ("running_example.csv", "running-example", "case:concept:name"),
        ("receipt.csv.gz", "receipt", "case:concept:name"),
    ],
)
def test_process_logs_equal_pm4py(file: str, reference: str, customer: str) -> None:
    expected = shared_json("reference/funnels/pm4py_ref.json")[reference]
    path = shared_file(f"data/{file}")
    log = kr.read(str(path), customer=customer, time="time:timestamp", touchpoint="concept:name")
    assert len(log) == expected["events"]
    journeys = kr.journeys(log, after_conversion="continue")
    assert len(journeys) == expected["cases"]
    counted = edges(kr.transitions(journeys))
    assert {there: w for (here, there), w in counted.items() if here == "(start)"} == expected["start"]
    assert {here: w for (here, there), w in counted.items() if there == "(end)"} == expected["end"]
    inner = {(a, b): w for (a, b), w in counted.items() if a != "(start)" and b != "(end)"}
    assert inner == expected_edges({"transition_counts": expected["dfg"]})
    medians = cells(kr.transitions(journeys), ("from", "to"), "median_time")
    for here, there, times in expected["performance_dfg_s"]:
        assert medians[here, there] == pytest.approx(times["median"], abs=1e-3)
    assert len(kr.variants(journeys)) == expected["n_variants"]
