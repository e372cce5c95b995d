# SPDX-License-Identifier: MIT
"""The worked examples hold together, and the figures of their pages and notebooks can be counted by hand."""

from __future__ import annotations

import csv
import importlib.util
import re
from typing import TYPE_CHECKING

import pytest

import klantreis as kr
from klantreis.datasets._examples import EXAMPLES

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


def test_the_restaurant_page_runs_and_says_what_comes_out(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (root / "docs/restaurant.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    said = ""
    blocks = re.findall(r"```(\w+)\n(.*?)```", page, re.DOTALL)
    assert sum(language == "text" for language, _ in blocks) >= 5
    for language, block in blocks:
        if language == "text":
            assert [line.rstrip() for line in said.splitlines()] == block.splitlines()
            continue
        assert language == "python"
        exec(compile(block, "restaurant.md", "exec"), names)
        said = capsys.readouterr().out
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
