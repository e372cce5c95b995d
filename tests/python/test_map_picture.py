# SPDX-License-Identifier: MIT
"""The journey map as a picture: what stands where, with and without figures, and that names stay text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import klantreis as kr
from klantreis._report.map_grid import Grid, grid_of
from klantreis._report.sections.map import values_of
from klantreis._report.words import Words

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    '"; DROP TABLE journeys; --',
    "</script>",
    "ש" * 40,
    "🛒 kar",
    "x" * 500,
    "a name of many words " * 20,
]


def row(phase: str, reach: int, **more: Any) -> dict[str, Any]:
    empty = {
        "entries": 0, "visits": reach, "passed": 0, "back": 0, "skips": 0, "left": 0, "at_rest": 0, "exits": 0,
        "exit_rate": None, "lower": None, "upper": None, "median_time": None, "emotion_expected": None,
        "emotion_measured": None, "n": reach, "marks": "", "open": 0, "measured": True,
    }  # fmt: skip
    return {"phase": phase, "reach": reach, **empty, **more}


def made(phases: int, touchpoints: int, name: str = "") -> kr.JourneyMap:
    return kr.JourneyMap.from_dict({
        "klantreis": 1,
        "journey": {"id": "shop", "name": name or "Shop"},
        "phases": [
            {
                "id": f"p{i}", "name": f"{name} {i}".strip(),
                "emotion": {"expected": i % 5 - 2, "driver": name or "hope"},
                "needs": [{"id": f"n{i}", "text": name or "to know"}], "questions": [name or "why?"],
                "customer_actions": [name or "looks"],
            }
            for i in range(phases)
        ],
        "touchpoints": [
            {"id": f"t{i}", "name": f"{name} {i}".strip(), "phase": f"p{i % phases}", "need": f"n{i % phases}"}
            for i in range(touchpoints)
        ],
    })  # fmt: skip


def test_the_parts_of_a_bar_add_up_and_the_fullest_phase_is_the_highest() -> None:
    grid = grid_of([row("a", 90, left=20, at_rest=10), row("b", 45, left=60, at_rest=0), row("c", 0)])
    assert [column.name for column in grid.columns] == ["a", "b", "c"]
    bars = [column.bar for column in grid.columns if column.bar is not None]
    assert [bar.height for bar in bars] == [1.0, 0.5, 0.0]
    for bar in bars:
        assert bar.on + bar.rest + bar.left == pytest.approx(1)
        assert min(bar.on, bar.rest, bar.left) >= 0
    # More journeys than customers ended in b: the bar is full, not more than full.
    assert bars[1].left == 1.0


def test_going_on_leaving_and_resting_are_parts_of_the_settled_visits() -> None:
    journeys = kr.datasets.webshop(3_000).journeys()
    phases = ["awareness", "consideration", "decision", "purchase", "delivery", "service", "ambassador"]
    measured = kr.measure(journeys, map=phases)
    grid = grid_of(measured.phases.to_dicts(), moves=measured.transitions.to_dicts())
    columns = values_of(grid, Words("en"))["columns"]
    for column, row in zip(columns, measured.phases, strict=True):
        moves = {str(move["name"]): move["value"] for move in column["moves"]}
        assert moves.get("leave", "0.0%") == Words("en").share(row["exit_rate"])
        shares = [float(moves[name][:-1]) for name in ("go on", "leave", "at rest") if name in moves]
        assert sum(shares) == pytest.approx(100, abs=0.15)


def test_touchpoints_stand_by_customers_and_the_rest_is_counted() -> None:
    touchpoints = [{"touchpoint": f"t{i}", "phase": "a", **row("", 10 * i)} for i in range(1, 21)]
    for entry in touchpoints:
        entry["phase"] = "a"
    grid = grid_of([row("a", 500)], touchpoints=touchpoints, most_chips=8)
    (column,) = grid.columns
    assert [chip.id for chip in column.chips] == [f"t{i}" for i in range(20, 12, -1)]
    assert column.more_chips == 12


def test_what_was_not_measured_has_no_number() -> None:
    design = made(2, 2)
    design.phases[0].measured = False
    grid = grid_of([row("p0", 0), row("p1", 50)], map=design, touchpoints=[])
    values = values_of(grid, Words("en"))
    first, second = values["columns"]
    assert (first["measured"], second["measured"]) == (False, True)
    assert first["customers"] == ""
    assert {chip["customers"] for column in values["columns"] for chip in column["chips"]} == {""}


def test_moods_lie_where_their_values_are() -> None:
    felt = {"phase": "b", "measured": -1.0, "lower": -1.5, "upper": -0.5, "answers": 12, "n": 12}
    grid = grid_of([row("a", 9, emotion_expected=2.0), row("b", 9, emotion_expected=0.5)], emotions=[felt])
    mood = values_of(grid, Words("en"))["mood"]
    assert mood["expected"] == [(25.0, 12.0, False), (75.0, 40.5, False)]
    assert mood["felt"] == [(75.0, 69.0, True)]
    assert mood["whiskers"] == [(75.0, 78.5, 59.5)]
    assert mood["gaps"] == [(75.0, 40.5, 69.0)]


def test_lanes_without_anything_to_say_are_left_out() -> None:
    assert grid_of([row("a", 5)]).lanes == {"reach"}
    assert grid_of([], map=made(2, 0)).lanes == {"actions", "needs", "mood"}
    assert grid_of([]) == Grid((), frozenset())


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text_in_both_pictures(tmp_path: Path, name: str) -> None:
    design = made(3, 5, name)
    svg = kr.render(design, to=tmp_path / "map.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(svg)
    assert not [element for element in root.iter() if element.tag.removeprefix(SVG) in ("script", "image", "a", "use")]
    page = kr.render(design, to=tmp_path / "map.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http" not in re.sub(r'http-equiv|"http://www.w3.org/2000/svg"', "", page)


@pytest.mark.parametrize(("phases", "touchpoints"), [(3, 5), (9, 200), (20, 40)])
def test_every_phase_and_touchpoint_is_in_the_picture_once(phases: int, touchpoints: int) -> None:
    svg = made(phases, touchpoints).to_svg(touchpoints=200)
    for i in range(phases):
        assert svg.count(f'data-phase="p{i}"') == 1
    for i in range(touchpoints):
        assert svg.count(f'data-touchpoint="t{i}"') == 1
    points = re.search(r'<polyline class="expected" points="([^"]+)"', svg)
    assert points is not None
    assert len(points[1].split()) == phases


def test_a_page_shows_an_audience_its_own_part(tmp_path: Path) -> None:
    design = kr.template("5")
    whole = kr.render(design, to=tmp_path / "whole.html").read_text(encoding="utf-8")
    part = kr.render(design, to=tmp_path / "part.html", audience="service").read_text(encoding="utf-8")
    shown = [phase.name or phase.id for phase in design.view("service").phases]
    hidden = [phase.name or phase.id for phase in design.phases if (phase.name or phase.id) not in shown]
    assert hidden
    for name in hidden:
        assert f"<h3><bdi>{name}</bdi></h3>" in whole
        assert f"<h3><bdi>{name}</bdi></h3>" not in part
    for name in shown:
        assert f"<h3><bdi>{name}</bdi></h3>" in part


def test_wrong_targets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(kr.InputError, match=r"\.svg or \.html"):
        kr.render(made(1, 1), to=tmp_path / "map.pdf")
    with pytest.raises(kr.InputError, match="make it first"):
        kr.render(made(1, 1), to=tmp_path / "absent" / "map.svg")
    log = kr.read({"customer_id": [1], "timestamp": ["2024-03-01"], "touchpoint": ["a"]})
    with pytest.raises(kr.InputError, match="no journey map"):
        kr.render(kr.journeys(log), to=tmp_path / "map.svg")
    with pytest.raises(kr.InputError, match="for HTML"):
        kr.render(made(1, 1), to=tmp_path / "map.svg", level="p6")


def test_the_command_draws_a_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from klantreis._cli import main

    file = kr.template("5").save(tmp_path / "journey.yaml")
    assert main(["map", "render", str(file), "--to", str(tmp_path / "map.svg")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'map.svg'}\n"
    assert main(["map", "render", str(file), "--to", str(tmp_path / "map.html"), "--audience", "nobody"]) == 2
    assert "nobody" in capsys.readouterr().err


def test_the_report_of_a_mapped_log_shows_the_map(root: Path, tmp_path: Path) -> None:
    design = kr.JourneyMap.from_dict({
        "klantreis": 1,
        "journey": {"id": "shop"},
        "phases": [
            {"id": "look", "needs": [{"id": "know", "text": "to know what fits"}], "emotion": {"expected": 1}},
            {"id": "buy", "needs": [{"id": "pay", "text": "to pay at ease"}]},
        ],
        "touchpoints": [
            {"id": "product_view", "phase": "look", "need": "know"},
            {"id": "order", "phase": "buy", "need": "pay"},
        ],
        "outcomes": [{"id": "order", "match": {"event": {"eq": "order"}}}],
        "events": {"columns": {"customer": "customer_id", "time": "ts", "event": "event"}},
    })  # fmt: skip
    journeys = kr.journeys(
        kr.read(root / "tests/data/events_F1.csv", map=design), inactivity="30d", observed_until="2024-04-30"
    )
    page = kr.report(journeys, to=tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'id="map"' in page
    assert "to know what fits" in page
    measured = {row["phase"]: row["reach"] for row in kr.measure(journeys)}
    assert measured == {"look": 9, "buy": 6}
    for name, reach in measured.items():
        assert re.search(rf"<h3><bdi>{name}</bdi></h3>.*?<b>{reach}</b>", page, re.DOTALL)
