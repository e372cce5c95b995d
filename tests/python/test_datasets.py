# SPDX-License-Identifier: MIT
"""The simulated webshop: its truth is that of its parameters, and estimates from its events come to it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import klantreis as kr

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = ("segment", "kind", "device")


def rows_of(parameters: dict[str, Any], group: dict[str, Any], period: str) -> dict[str, dict[str, float]]:
    """The rows of a group and period, with the changes made one after another."""
    rows = {name: dict(row) for name, row in parameters["transitions"].items()}
    for change in parameters["changes"]:
        wanted = {name: change[name] for name in LEVELS if name in change}
        if all(group[name] == value for name, value in wanted.items()) and change.get("period", period) == period:
            row = rows[change["from"]]
            row[change["take"]] -= change["probability"]
            row[change["give"]] = row.get(change["give"], 0.0) + change["probability"]
    return rows


class Chain:
    """Absorption by numpy, from the text of the parameters alone."""

    def __init__(self, rows: dict[str, dict[str, float]], removed: str | None = None) -> None:
        self.names = list(rows)
        size = len(rows)
        within = np.zeros((size, size))
        order = np.zeros(size)
        for i, name in enumerate(self.names):
            if name == removed:
                continue
            for to, probability in rows[name].items():
                if to == "order":
                    order[i] = probability
                elif to != "(null)":
                    within[i, self.names.index(to)] = probability
        fundamental = np.linalg.inv(np.eye(size) - within)
        self.converts = dict(zip(self.names, fundamental @ order, strict=True))
        self.steps = dict(zip(self.names, fundamental.sum(axis=1), strict=True))

    def mean(self, figures: dict[str, float], start: dict[str, float]) -> float:
        return sum(probability * figures[name] for name, probability in start.items())


def starts(parameters: dict[str, Any]) -> dict[str, dict[str, float]]:
    return {
        "arrival": parameters["arrivals"],
        "referred": {"referral_visit": 1.0},
        "return": parameters["returns"],
    }


def key(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in (*LEVELS, *names))


def test_the_truth_is_that_of_the_parameters() -> None:
    parameters = kr.datasets.webshop_parameters()
    truth = kr.datasets.webshop_truth()
    rates = {key(row, "period", "origin"): row for row in truth.conversion}
    effects = {key(row, "period", "touchpoint"): row for row in truth.removal_effects}
    assert len(rates) == 5 * 2 * 3
    for group in parameters["groups"]:
        for period in ("before", "after"):
            rows = rows_of(parameters, group, period)
            chain = Chain(rows)
            for origin, start in starts(parameters).items():
                row = rates[(*key(group), period, origin)]
                assert row["conversion_rate"] == pytest.approx(chain.mean(chain.converts, start), abs=1e-14)
                assert row["steps"] == pytest.approx(chain.mean(chain.steps, start), rel=1e-13)
            whole = chain.mean(chain.converts, parameters["arrivals"])
            for name in rows:
                without = Chain(rows, removed=name)
                effect = 1 - without.mean(without.converts, parameters["arrivals"]) / whole
                if (found := effects.get((*key(group), period, name))) is None:
                    assert effect == pytest.approx(0, abs=1e-14)
                else:
                    assert found["removal_effect"] == pytest.approx(effect, abs=1e-13)
    for row in truth.improvement:
        before, after = (rates[(*key(row), period, row["origin"])]["conversion_rate"] for period in ("before", "after"))
        assert (row["before"], row["after"]) == (before, after)
        assert row["difference"] == pytest.approx(after - before)


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return kr.datasets.webshop_events(60_000, seed=7).to_dicts()


def acquisitions(events: list[dict[str, Any]], origin: str) -> dict[tuple[str, ...], list[list[dict[str, Any]]]]:
    """Journeys of an origin that began in time to be seen whole, by group and period."""
    improvement = kr.datasets.webshop_parameters()["improvement"]
    last = "2025-11-15"
    journeys: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        if event["origin"] == origin and event["phase"] not in ("delivery", "service", "ambassador"):
            journeys.setdefault(event["customer_id"], []).append(event)
    result: dict[tuple[str, ...], list[list[dict[str, Any]]]] = {}
    for journey in journeys.values():
        day = journey[0]["timestamp"].isoformat()[:10]
        if day < last:
            period = "before" if day < improvement else "after"
            result.setdefault((*key(journey[0]), period), []).append(journey)
    return result


def test_estimates_converge_to_the_truth_and_intervals_cover_it(events: list[dict[str, Any]]) -> None:
    truth = kr.datasets.webshop_truth()
    rates = {key(row, "period"): row for row in truth.conversion if row["origin"] == "arrival"}
    effects = {key(row, "period", "touchpoint"): row["removal_effect"] for row in truth.removal_effects}
    moves = {key(row, "period", "from", "to"): row["probability"] for row in truth.transitions}
    cells = acquisitions(events, "arrival")
    assert set(cells) == set(rates)
    covered = total = 0
    deviations = []
    for cell, journeys in cells.items():
        log = kr.read([event for journey in journeys for event in journey])
        cut = kr.journeys(log, conversion="order", after_conversion="stop")
        for row in cut.summary():
            assert abs(row["conversion_rate"] - rates[cell]["conversion_rate"]) < 0.03
            covered += row["lower"] <= rates[cell]["conversion_rate"] <= row["upper"]
            total += 1
        for row in kr.attribute(cut, model="markov"):
            covered += row["removal_effect_lower"] <= effects[(*cell, row["touchpoint"])] <= row["removal_effect_upper"]
            total += 1
        for row in kr.transitions(cut):
            expected = moves[(*cell, row["from"], row["to"])]
            deviations.append(
                (row["probability"] - expected) / math.sqrt(max(expected * (1 - expected), 1e-9) / row["n"])
            )
    # Of about 150 intervals of 95 %, 99.9 % of the draws cover at least 87 %.
    assert total > 120
    assert covered / total > 0.87
    assert abs(float(np.mean(deviations))) < 0.25
    assert float(np.max(np.abs(deviations))) < 5.0


def test_the_problem_and_the_improvement_are_there_to_be_found(events: list[dict[str, Any]]) -> None:
    journeys = kr.datasets.webshop(60_000, seed=7).journeys(after_conversion="stop")
    errors = {}
    for device in ("mobile", "desktop"):
        starts = [e for e in events if e["device"] == device and e["touchpoint"] == "checkout_start"]
        failed = [e for e in events if e["device"] == device and e["touchpoint"] == "payment_error"]
        errors[device] = len(failed) / len(starts)
    assert errors["mobile"] == pytest.approx(0.30, abs=0.03)
    assert errors["desktop"] == pytest.approx(0.04, abs=0.015)
    worst = kr.drop_off(journeys).to_dicts()
    assert "payment_error" in [row["touchpoint"] for row in sorted(worst, key=lambda row: -row["exit_rate"])[:3]]
    on_time = acquisitions(events, "arrival")
    for group in {cell[:3] for cell in on_time}:
        was, now = (
            [journey[-1]["touchpoint"] == "order" for journey in on_time[(*group, period)]]
            for period in ("before", "after")
        )
        assert np.mean(now) > np.mean(was) - 0.01
    whole = {
        period: [j[-1]["touchpoint"] == "order" for cell, js in on_time.items() if cell[3] == period for j in js]
        for period in ("before", "after")
    }
    difference = kr.newcombe(sum(whole["after"]), len(whole["after"]), sum(whole["before"]), len(whole["before"]))
    assert difference.lower > 0


def test_the_same_seed_gives_the_same_events_with_any_number_of_threads() -> None:
    one = kr.datasets.webshop_events(3_000, seed=3)
    assert one.to_dicts() == kr.datasets.webshop_events(3_000, seed=3).to_dicts()
    assert one.to_dicts() != kr.datasets.webshop_events(3_000, seed=4).to_dicts()
    counts = [kr.datasets.webshop(9_000, seed=3, threads=threads).counts().to_dicts() for threads in (1, 2, 5)]
    assert counts[0] == counts[1] == counts[2]
    first = kr.datasets.webshop_events(500, seed=3).to_dicts()
    assert first == one.to_dicts()[: len(first)]


def test_the_log_is_that_of_the_events() -> None:
    table = kr.datasets.webshop_events(2_000)
    log = kr.datasets.webshop(2_000)
    attributes = ["segment", "kind", "device", "origin", "person", "account_id", "issue_id", "agent_id", "referrer_id"]
    read = kr.read(
        table, channel="channel", phase="phase", value="value", cost="cost", attributes=attributes,
        numbers=["wait_s", "score"],
    )  # fmt: skip
    assert (len(log), log.customers) == (len(read), read.customers)
    assert log.labels == read.labels
    assert log.numbers == read.numbers
    for by in log.labels:
        assert log.counts(by).to_dicts() == read.counts(by).to_dicts()
    assert (
        log.journeys().summary().to_dicts()
        == kr.journeys(read, conversion="order", inactivity="30d").summary().to_dicts()
    )
    assert [row["value"] for row in log.health()] == [row["value"] for row in read.health()]


def test_service_delivery_and_referrals_hang_together(events: list[dict[str, Any]]) -> None:
    seen: dict[str, dict[str, Any]] = {}
    by_customer: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        seen.setdefault(event["customer_id"], event)
        by_customer.setdefault(event["customer_id"], []).append(event)
    assert len(by_customer) == 60_000
    for journey in by_customer.values():
        assert [e["timestamp"] for e in journey] == sorted(e["timestamp"] for e in journey)
        assert len({e["segment"] for e in journey}) == len({e["device"] for e in journey}) == 1
    referred = [event for event in events if event["referrer_id"]]
    assert len(referred) > 50
    for event in referred:
        shares = [e["timestamp"] for e in by_customer[event["referrer_id"]] if e["touchpoint"] == "share"]
        assert event["touchpoint"] == "referral_visit"
        assert min(shares) < event["timestamp"]
    for event in events:
        assert (event["score"] is None) == (event["touchpoint"] != "nps")
        assert (event["wait_s"] is None) == (event["touchpoint"] != "contact") == (not event["issue_id"])
        assert (event["value"] is None) == (event["touchpoint"] != "order")
        assert bool(event["account_id"]) == (event["kind"] == "b2b")
    agents: dict[str, set[str]] = {}
    for event in events:
        if event["issue_id"]:
            agents.setdefault(event["issue_id"], set()).add(event["agent_id"])
    assert 0.1 < sum(len(who) > 1 for who in agents.values()) / len(agents) < 0.5


def test_parameters_are_a_file_to_read_and_change(tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    parameters = kr.datasets.webshop_parameters(to=file)
    assert json.loads(file.read_text(encoding="utf-8")) == parameters
    assert kr.datasets.webshop_truth(file).conversion.to_dicts() == kr.datasets.webshop_truth().conversion.to_dicts()
    parameters["transitions"]["checkout_start"] = {"order": 1.0}
    parameters["changes"] = []
    log = kr.datasets.webshop(5_000, parameters=parameters)
    row = next(row for row in kr.transitions(log.journeys()) if row["from"] == "checkout_start")
    assert (row["to"], row["probability"]) == ("(conversion)", 1.0)


def broken(change: Any) -> dict[str, Any]:
    parameters = kr.datasets.webshop_parameters()
    change(parameters)
    return parameters


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.pop("days"), "lacks 'days'"),
        (lambda p: p.update(colour="red"), "unknown member 'colour'"),
        (lambda p: p["groups"][0].update(share=0.9), "share of the groups sums to"),
        (lambda p: p["transitions"]["approval"].update(order=0.5), r"transitions\.approval sums to 0\.62"),
        (lambda p: p["transitions"]["approval"].update(order="much"), "must be a number"),
        (lambda p: p["transitions"].update(approval={"nowhere": 1.0}), "'nowhere', which is no touchpoint"),
        (lambda p: p["changes"][0].update(probability=0.9), r"changes\[0\] takes 0\.9"),
        (lambda p: p["changes"][0].update(period="later"), "before or after"),
        (lambda p: p.update(start="2025-02-30"), "a day such as"),
        (lambda p: p["hours"].pop(), "it needs 24"),
        (lambda p: p["arrivals"].update({"search_click": 0.0, "(null)": 0.36}), "cannot begin a journey"),
        (lambda p: p["after_order"]["share"].update(chance_promoter=7), "between 0 and 1"),
        (lambda p: p["touchpoints"].pop("nps"), "lacks 'nps'"),
    ],
)
def test_wrong_parameters_are_refused_with_their_place(change: Any, message: str) -> None:
    with pytest.raises(kr.InputError, match=message):
        kr.datasets.webshop_truth(broken(change))


def test_wrong_arguments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(kr.InputError, match="whole number"):
        kr.datasets.webshop(-1)
    with pytest.raises(kr.InputError, match="webshop_parameters"):
        kr.datasets.webshop(parameters=tmp_path / "absent.json")
    with pytest.raises(kr.LimitError, match="at most"):
        kr.datasets.webshop(10**12)


def test_a_shop_without_customers_has_no_events() -> None:
    assert len(kr.datasets.webshop(0)) == 0
    assert kr.datasets.webshop_events(0).columns == kr.datasets.webshop_events(5).columns


def test_importing_the_package_simulates_nothing() -> None:
    code = (
        "import sys, klantreis\n"
        "assert klantreis.datasets.webshop\n"
        "heavy = {'duckdb', 'jinja2', 'typer', 'rich', 'pandas', 'pyarrow', 'plotly'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
