# SPDX-License-Identifier: MIT
"""The worked examples hold together, and the figures of their pages and notebooks can be counted by hand."""

from __future__ import annotations

import csv
import datetime as dt
import importlib.util
from typing import TYPE_CHECKING

import pytest

import klantreis as kr
from klantreis.datasets._examples import EXAMPLES
from pages import Page

if TYPE_CHECKING:
    from pathlib import Path

    from klantreis.datasets import Example

Rows = dict[str, list[dict[str, str]]]


@pytest.fixture(params=EXAMPLES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def example(name: str) -> Example:
    made = getattr(kr.datasets, name)()
    assert isinstance(made, kr.datasets.Example)
    return made


def by_customer(root: Path, name: str) -> Rows:
    """The lines of the file by customer, read without klantreis."""
    found: Rows = {}
    with (root / f"python/klantreis/datasets/{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["customer_id"], []).append(row)
    return found


def test_the_map_has_nothing_to_say_against_and_every_event_has_a_touchpoint(name: str) -> None:
    journey, log = example(name)
    assert journey.check() == ()
    assert [row["item"] for row in log.coverage() if row["kind"] == "unmatched event"] == []
    seen = set(log.counts("touchpoint")["touchpoint"])
    silent = {row["id"] for row in journey.to_dict()["touchpoints"] if row["id"] not in seen}
    assert silent <= {row["id"] for row in journey.to_dict()["touchpoints"] if row.get("stage") == "offstage"}


def test_every_criterion_is_answered_and_weights_add_up(name: str) -> None:
    rows = example(name).map.criteria().to_dicts()
    assert rows
    assert all(row["touchpoints"] >= 1 for row in rows)
    assert sum(row["weight"] for row in rows) == pytest.approx(1.0)


def test_the_log_is_that_of_the_generator_and_small(root: Path, tmp_path: Path, name: str) -> None:
    spec = importlib.util.spec_from_file_location("example_logs", root / "tools/example_logs.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    tool.write(tmp_path)
    kept = (root / f"python/klantreis/datasets/{name}.csv").read_bytes()
    assert kept == (tmp_path / f"{name}.csv").read_bytes()
    assert len(kept) <= 150_000
    assert len(kr.datasets.example_events(name)) == kept.count(b"\n") - 1


def test_map_and_report_are_drawn(tmp_path: Path, name: str) -> None:
    journey, log = example(name)
    journeys = kr.journeys(log)
    drawn = kr.render(journeys, to=tmp_path / "map.svg").read_text(encoding="utf-8")
    for phase in journey.phases:
        assert phase.name in drawn
    assert kr.report(journeys, to=tmp_path / "report.html").stat().st_size > 10_000


def test_an_example_that_is_not_there_names_the_others() -> None:
    with pytest.raises(kr.InputError, match="restaurant"):
        kr.datasets.example_events("bakery")


def test_the_restaurant_page_leaves_its_picture_and_its_report(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Page(root / "docs/restaurant.md", capsys).run()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["restaurant.html", "restaurant.svg"]


def test_the_funnel_of_the_restaurant_can_be_counted(root: Path) -> None:
    compared, came = 0, 0
    for rows in by_customer(root, "restaurant").values():
        events = [row["event"] for row in rows]
        first = next((at for at, event in enumerate(events) if event.endswith("_view")), None)
        compared += first is not None
        came += first is not None and bool({"reservation", "order"} & set(events[first:]))
    assert (compared, came) == (250, 122)
    journey, log = kr.datasets.restaurant()
    funnel = kr.funnel(kr.journeys(log), [phase.id for phase in journey.phases], by="phase")
    assert funnel["count"] == [320, compared, came]


def test_who_buys_at_which_distance_can_be_counted(root: Path) -> None:
    bought: dict[str, list[bool]] = {}
    for rows in by_customer(root, "supermarket").values():
        bought.setdefault(rows[0]["distance"], []).append("order" in {row["event"] for row in rows})
    _, log = kr.datasets.supermarket()
    journeys = kr.journeys(log, after_conversion="stop", observed_until="2024-06-15")
    found = {row["distance"]: row for row in kr.kpis(journeys, select=["conversion_rate"], by="distance")}
    assert [round(found[name]["value"], 3) for name in ("0-1 km", "1-3 km", "3-10 km")] == [0.778, 0.523, 0.303]
    assert set(found) == set(bought)
    for name, each in bought.items():
        assert found[name]["n"] == len(each)
        assert found[name]["value"] == pytest.approx(sum(each) / len(each))
        assert (found[name]["lower"], found[name]["upper"]) == pytest.approx(kr.wilson(sum(each), len(each)))


def test_reasons_of_those_who_do_not_buy_can_be_counted(root: Path) -> None:
    reasons: dict[str, int] = {}
    for rows in by_customer(root, "supermarket").values():
        if all(row["event"] != "order" for row in rows):
            reason = rows[-1]["reason"] or "(none)"
            reasons[reason] = reasons.get(reason, 0) + 1
    _, log = kr.datasets.supermarket()
    journeys = kr.journeys(log, after_conversion="stop", observed_until="2024-06-15")
    found = kr.loss_reasons(journeys, by="phase").reasons
    assert dict(zip(found["reason"], found["count"], strict=True)) == reasons
    assert (reasons["delivery_cost"], sum(reasons.values())) == (46, 208)


def test_delivery_cost_is_a_number_and_what_buyers_paid_can_be_counted(root: Path) -> None:
    paid = [
        float(row["delivery_cost"])
        for rows in by_customer(root, "supermarket").values()
        for row in rows
        if row["event"] == "order" and row["delivery_cost"]
    ]
    _, log = kr.datasets.supermarket()
    (row,) = kr.kpis(kr.journeys(log, observed_until="2024-06-15"), select=["delivery_cost_paid"])
    assert (row["value"], row["n"]) == (pytest.approx(sum(paid) / len(paid)), len(paid))


def test_who_orders_again_after_which_answer_can_be_counted(root: Path) -> None:
    again: dict[str, list[bool]] = {"below": [], "met": [], "above": []}
    for rows in by_customer(root, "electronics").values():
        answers = [row for row in rows if row["event"] == "nps"]
        for answer in answers[:1]:
            score = int(answer["score"])
            later = [row for row in rows if row["event"] == "order" and row["timestamp"] > answer["timestamp"]]
            again["below" if score < 7 else "met" if score < 9 else "above"].append(bool(later))
    assert {name: (sum(each), len(each)) for name, each in again.items()} == {
        "below": (2, 39),
        "met": (11, 55),
        "above": (29, 52),
    }
    _, log = kr.datasets.electronics()
    journeys = kr.journeys(log, after_conversion="stop", observed_until="2024-09-30")
    scores = {"below": "[0, 6]", "met": "[7, 8]", "above": "[9, 10]"}
    define = {
        name: f"share_of_customers(order, after=nps, among={{of: nps, where: {{score: {{between: {ends}}}}}}})"
        for name, ends in scores.items()
    }
    for row in kr.kpis(journeys, select=list(define), define=define):
        each = again[row["kpi"]]
        assert (row["value"], row["n"]) == (pytest.approx(sum(each) / len(each)), len(each))
        assert (row["lower"], row["upper"]) == pytest.approx(kr.wilson(sum(each), len(each)))


def test_problems_and_scores_of_the_electronics_shop_can_be_counted(root: Path) -> None:
    customers = by_customer(root, "electronics")
    contacts: dict[str, int] = {}
    scores: list[int] = []
    for row in (row for rows in customers.values() for row in rows):
        if row["event"] == "contact":
            contacts[row["issue"]] = contacts.get(row["issue"], 0) + 1
        if row["event"] == "nps" and row["installed"] == "yes":
            scores.append(int(row["score"]))
    _, log = kr.datasets.electronics()
    journeys = kr.journeys(log, after_conversion="stop", observed_until="2024-09-30")
    (fcr,) = kr.kpis(journeys, select=["fcr"])
    assert fcr["value"] == pytest.approx(sum(times == 1 for times in contacts.values()) / len(contacts))
    nps = {row["installed"]: row["value"] for row in kr.kpis(journeys, select=["nps"], by="installed")}
    promoters, detractors = sum(score >= 9 for score in scores), sum(score <= 6 for score in scores)
    assert nps["yes"] == pytest.approx(100 * (promoters - detractors) / len(scores))


def test_who_recommends_was_content_and_shared_before(root: Path) -> None:
    customers = by_customer(root, "electronics")
    visits = [row for rows in customers.values() for row in rows if row["referrer"]]
    assert len(visits) == 13
    for visit in visits:
        before = [row for row in customers[visit["referrer"]] if row["timestamp"] < visit["timestamp"]]
        assert max(int(row["score"]) for row in before if row["event"] == "nps") >= 9
        shared = max(row["timestamp"] for row in before if row["event"] == "share")
        delay = dt.datetime.fromisoformat(visit["timestamp"][:-1]) - dt.datetime.fromisoformat(shared[:-1])
        assert dt.timedelta(hours=6) <= delay <= dt.timedelta(days=5)
