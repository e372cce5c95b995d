# SPDX-License-Identifier: MIT
"""Map files: what is read, what is refused and how, and that a saved map keeps what nobody changed."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import klantreis as kr

TEN_LINES = """\
klantreis: 1
journey: {id: shop, name: The shop}
phases:
  - {id: awareness}
  - {id: purchase}
touchpoints:
  - {id: search_click, phase: awareness}
  - {id: order, phase: purchase}
outcomes:
  - {id: order}
"""


@pytest.fixture
def example(root: Path) -> Path:
    return root / "tests/data/journey-example.yaml"


def problems_of(text: str) -> list[str]:
    with pytest.raises(kr.MapError) as caught:
        kr.JourneyMap.from_text(text, file="map.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_a_map_of_ten_lines_is_valid() -> None:
    shop = kr.JourneyMap.from_text(TEN_LINES)
    assert len(TEN_LINES.splitlines()) == 10
    assert [phase.id for phase in shop.phases] == ["awareness", "purchase"]
    assert shop.touchpoint("order").stage == "onstage"
    assert shop.outcomes[0].role == "conversion"


def test_the_example_is_read_whole(example: Path) -> None:
    shop = kr.JourneyMap.load(example)
    assert (len(shop.phases), len(shop.touchpoints), len(shop.transitions), len(shop.kpis)) == (9, 21, 12, 12)
    assert shop.phase("bewustwording").emotion is not None
    assert shop.phase("bewustwording").emotion.expected == -1
    assert shop.touchpoint("contact").channel == ["phone", "chat"]
    assert shop.touchpoint("faq_na").when.after == "order"
    assert shop.transitions[1].from_ == "bewustwording"
    assert shop.phase("Afweging") is shop.phase("consideration") is shop.phase("orientatie")


def test_the_json_of_a_map_reads_back_as_the_same_map(example: Path, tmp_path: Path) -> None:
    shop = kr.JourneyMap.load(example)
    assert kr.JourneyMap.from_text(shop.to_json()) == shop
    assert kr.JourneyMap.from_dict(shop.to_dict()) == shop
    shop.save(tmp_path / "map.json")
    assert kr.JourneyMap.load(tmp_path / "map.json") == shop
    kr.JourneyMap.load(tmp_path / "map.json").save(tmp_path / "map.yaml")
    assert kr.JourneyMap.load(tmp_path / "map.yaml") == shop


def test_the_schema_accepts_what_the_models_write_and_no_unknown_key(example: Path) -> None:
    validator = jsonschema.Draft202012Validator(kr.JourneyMap.json_schema())
    jsonschema.Draft202012Validator.check_schema(kr.JourneyMap.json_schema())
    data = json.loads(kr.JourneyMap.load(example).to_json())
    assert list(validator.iter_errors(data)) == []
    data["phases"][0]["colour"] = "red"
    data["touchpoints"][0]["emotion"] = {"expected": 3}
    assert len(list(validator.iter_errors(data))) == 2


def test_a_map_that_nobody_changed_is_saved_byte_for_byte(example: Path, tmp_path: Path) -> None:
    kr.JourneyMap.load(example).save(tmp_path / "map.yaml")
    assert (tmp_path / "map.yaml").read_bytes() == example.read_bytes()


def test_every_error_is_reported_with_line_path_and_remedy() -> None:
    text = """\
klantreis: 1
journey: {id: shop, nme: Shop}
phases:
  - {id: awareness}
  - {id: purchase, emotion: {expected: 3}}
touchpoints:
  - {id: order, phase: purchas}
  - {id: order, phase: purchase, match: {event: {eqq: order}}}
"""
    assert problems_of(text) == [
        "map.yaml:2: journey.nme: there is no key 'nme' here; did you mean 'name'?",
        "map.yaml:5: phases[1].emotion.expected: 3 is out of range; it must be at most 2",
        "map.yaml:7: touchpoints[0].phase: there is no phase 'purchas'; did you mean 'purchase'?",
        "map.yaml:8: touchpoints[1].id: the touchpoint 'order' stands also at touchpoints[0].id; rename one",
        "map.yaml:8: touchpoints[1].match.event.eqq: there is no test 'eqq'; did you mean 'eq'?",
    ]
