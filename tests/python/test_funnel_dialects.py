# SPDX-License-Identifier: MIT
"""The definitions of other tools, against levels that those tools or models of them gave."""

from __future__ import annotations

from typing import Any

import pytest

import klantreis as kr
from oracle import local_json, shared_file, shared_json

SECOND = 1_000_000


def log_of(people: dict[str, list[Any]], unit: int = SECOND) -> kr.Log:
    """Events given as [time, name] of each customer, in the order given."""
    rows = [(who, at * unit, str(name)) for who, events in people.items() for at, name in events]
    return kr.read(
        {
            "customer_id": [row[0] for row in rows],
            "timestamp": [row[1] for row in rows],
            "touchpoint": [row[2] for row in rows],
        },
        time_unit="us",
    )


def levels(log: kr.Log, people: list[str], steps: Any, **options: Any) -> list[int]:
    """The level of each customer."""
    found = kr.funnel_levels(log, steps, **options)
    of = dict(zip(found["customer"], found["level"], strict=True))
    return [of[who] for who in people]


def step_of(log: kr.Log, step: Any) -> Any:
    """A step of the cases; a name that no event carries becomes a condition that holds of none."""
    if isinstance(step, dict):
        return {"touchpoint": (step["op"], step["value"])}
    return str(step) if str(step) in log.touchpoints else {"touchpoint": ("not in", sorted(log.touchpoints))}


CASES = local_json("funnels/clickhouse_window_funnel_cases.json")["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_window_funnel_of_clickhouse(case: dict[str, Any]) -> None:
    log = log_of({"u": case["rows"]}, unit=1)
    steps = [step_of(log, step) for step in case["steps"]]
    found = kr.funnel(log, steps, window=f"{case['window']}us", dialect="clickhouse", modes=case["modes"])
    assert sum(found["count"]) == case["chdb"]


def test_window_funnel_of_random_sequences() -> None:
    fuzz = shared_json("reference/funnels/clickhouse_window_funnel_fuzz.json")
    people = {f"u{k:03d}": events for k, events in enumerate(fuzz["sequences"])}
    log = log_of(people)
    checked = 0
    for run in fuzz["runs"]:
        options = {"window": f"{run['window']}s", "dialect": "clickhouse", "modes": run["modes"]}
        assert levels(log, list(people), run["steps"], **options) == run["levels"], (run["steps"], options)
        checked += len(run["levels"])
    assert checked == 39_600


def exclusions_of(case: dict[str, Any]) -> list[Any]:
    return [(rule["event"], rule["from"] + 1, rule["to"] + 1) for rule in case["exclusions"]]


MODES = {"ordered": [], "strict": ["strict"], "unordered": ["unordered"]}


def test_posthog_cases() -> None:
    for case in shared_json("reference/funnels/posthog_funnel_cases.json")["cases"]:
        log = log_of(case["people"])
        optional = [2] if "optional" in case["name"] else []
        options = {
            "window": f"{case['window_s']}s",
            "dialect": "posthog",
            "modes": MODES[case["mode"]],
            "exclude": exclusions_of(case),
            "optional": optional,
        }
        found = kr.funnel_levels(log, case["steps"], **options)
        model = case["model"]
        people = found["customer"]
        assert dict(zip(people, found["level"], strict=True)) == {p: r["level"] for p, r in model.items()}, case["name"]
        assert dict(zip(people, found["left_out"], strict=True)) == {p: r["excluded"] for p, r in model.items()}
        for k, expected in enumerate(case["expected_reach"], 1):
            reached = kr.funnel_customers(log, case["steps"], step=k, **options)
            if not optional:
                assert reached == expected, case["name"]


def test_posthog_model_on_random_sequences() -> None:
    fuzz = shared_json("reference/funnels/posthog_funnel_cases.json")["fuzz"]
    people = {f"u{k:03d}": run["events"] for k, run in enumerate(fuzz)}
    log = log_of(people)
    checked = 0
    for setting in fuzz[0]["results"]:
        name, window = setting.split("|")
        steps = ["A", "B", "A"] if name.endswith("_ABA") else ["A", "B", "C"]
        options: dict[str, Any] = {"window": f"{window}s", "dialect": "posthog"}
        if name in MODES:
            options["modes"] = MODES[name]
        if "_excl_X_" in name:
            first, last = name.rsplit("_", 1)[1].split("-")
            options["exclude"] = ("X", int(first) + 1, int(last) + 1)
        if name.endswith("_opt_B"):
            options["optional"] = 2
        found = kr.funnel_levels(log, steps, **options)
        expected = [run["results"][setting] for run in fuzz]
        assert found["level"] == [r["level"] for r in expected], setting
        assert found["left_out"] == [r["excluded"] for r in expected], setting
        checked += len(expected)
    assert checked == 400 * 17


@pytest.fixture(scope="module")
def webshop() -> kr.Journeys:
    log = kr.read(
        str(shared_file("data/ecom_synthetic_2024.parquet")),
        customer="user_id",
        touchpoint="event",
        attributes=["platform", "acquisition_channel", "session_id"],
    )
    return kr.journeys(log, gap="30m")


MATRIX: list[tuple[str, dict[str, Any]]] = [
    ("ClickHouse windowFunnel default 1d (= PostHog ordered, Plausible non-strict)", {"dialect": "clickhouse"}),
    ("ClickHouse windowFunnel default 1d (= PostHog ordered, Plausible non-strict)", {"dialect": "plausible"}),
    ("PostHog ordered 1d", {"dialect": "posthog"}),
    ("PostHog strict 1d", {"dialect": "posthog", "modes": "strict"}),
    ("PostHog strict 1d", {"order": "strict"}),
    ("ClickHouse strict_order 1d", {"dialect": "clickhouse", "modes": "strict_order"}),
    ("ClickHouse strict_order 1d", {"dialect": "plausible", "modes": "strict"}),
    ("ClickHouse strict_deduplication 1d", {"dialect": "clickhouse", "modes": ["strict_deduplication"]}),
    ("PostHog unordered 1d", {"dialect": "posthog", "order": "any"}),
    ("any-order best window 1d (exhaustive)", {"order": "any"}),
    ("Umami (window restarts each step) 1d, per user", {"dialect": "umami"}),
    ("retentioneering 5 funnel (no window)", {"dialect": "retentioneering"}),
    ("retentioneering 5 funnel (no window)", {"dialect": "ga4"}),
    ("retentioneering 3 closed", {"dialect": "retentioneering", "modes": "closed"}),
    ("retentioneering 3 hybrid", {"dialect": "retentioneering", "modes": "hybrid"}),
    ("open (each step counted alone)", {"order": "open"}),
    ("open (each step counted alone)", {"dialect": "ga4", "order": "open"}),
    ("open (each step counted alone)", {"dialect": "retentioneering", "modes": "open"}),
    ("per session, 1d", {"unit": "journey"}),
]


@pytest.mark.parametrize(("name", "options"), MATRIX, ids=[f"{name}-{sorted(o.items())}" for name, o in MATRIX])
def test_one_funnel_has_many_numbers(webshop: kr.Journeys, name: str, options: dict[str, Any]) -> None:
    matrix = local_json("funnels/funnel_definition_matrix.json")
    windowless = {"retentioneering", "ga4", "plausible"}
    if options.get("dialect") not in windowless and options.get("order") != "open":
        options = {**options, "window": f"{matrix['window_s']}s"}
    found = kr.funnel(webshop, matrix["steps"], **options)
    assert found["count"] == matrix["same_funnel_many_numbers"][name]


S3 = ["catalog", "add_to_cart", "purchase"]
S6 = ["home", "catalog", "product_view", "add_to_cart", "cart", "purchase"]
REPEATED = ["product_view", "product_view", "purchase"]


def test_customers_and_sessions_that_window_funnel_reaches(webshop: kr.Journeys) -> None:
    expected = shared_json("reference/funnels/cross_ecom.json")["windowFunnel_users_reaching"]
    steps = {"s3": S3, "s6": S6, "rep": REPEATED}
    for key, counts in expected.items():
        name, window, mode, unit = key.split("|")
        options: dict[str, Any] = {} if window == "inf" else {"window": window}
        modes = [] if mode == "default" else mode.split("+")
        by = {"user_id": "customer", "session_id": "journey"}[unit]
        found = kr.funnel(webshop, steps[name], dialect="clickhouse", modes=modes, unit=by, **options)
        assert found["count"] == counts, key
    assert len(expected) > 90


def test_any_order_and_open_funnels(webshop: kr.Journeys) -> None:
    oracle = shared_json("reference/funnels/cross_ecom.json")
    steps = {"s3": S3, "s6": S6, "rep": REPEATED}
    for key, counts in oracle["unordered_users_reaching"].items():
        name, window = key.split("|")
        assert kr.funnel(webshop, steps[name], order="any", window=window)["count"] == counts, key
    for name, counts in oracle["open_funnel_users"].items():
        assert kr.funnel(webshop, steps[name], order="open")["count"] == counts, name


def test_funnels_of_retentioneering(webshop: kr.Journeys) -> None:
    oracle = shared_json("reference/funnels/retentioneering5_ecom.json")
    for key in [key for key in oracle if key.startswith("funnel ")]:
        rows = oracle[key]["steps"]
        found = kr.funnel(webshop, [row["step"] for row in rows], dialect="retentioneering")
        assert found["count"] == [row["unique_paths"] for row in rows]
        customers = found["n"][0]
        assert [count / customers for count in found["count"]] == pytest.approx(
            [row["conversion_rate"] for row in rows]
        )
        assert found["rate"] == pytest.approx([row["step_conversion_rate"] for row in rows])
