# SPDX-License-Identifier: MIT
"""A map with every key: no model, no schema and no reader may know fewer keys than another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

import klantreis as kr


@pytest.fixture(scope="module")
def complete(root: Path) -> kr.JourneyMap:
    return kr.JourneyMap.load(root / "tests/data/journey-complete.yaml")


def given_keys(part: Any) -> Iterator[tuple[str, str]]:
    """The keys of every part that stand in the file, with the kind of part."""
    if isinstance(part, BaseModel):
        for name in part.model_fields_set:
            yield type(part).__name__, name
            yield from given_keys(getattr(part, name))
    elif isinstance(part, list):
        for item in part:
            yield from given_keys(item)


def test_the_complete_map_has_every_key_of_every_model(complete: kr.JourneyMap) -> None:
    from klantreis._map import model
    from klantreis._map.fields import Part

    kinds = [kind for kind in vars(model).values() if isinstance(kind, type) and issubclass(kind, Part)]
    known = {(kind.__name__, name) for kind in kinds if kind is not Part for name in kind.model_fields}
    assert known - set(given_keys(complete._content)) == set()


def test_every_form_of_the_complete_map_is_the_same_map(complete: kr.JourneyMap, tmp_path: Path) -> None:
    assert complete.warnings == ()
    assert kr.JourneyMap.from_text(complete.to_json()) == complete
    fresh = kr.JourneyMap.from_dict(complete.to_dict())
    assert kr.JourneyMap.from_text(fresh.to_yaml()) == complete
    schema = kr.JourneyMap.json_schema()
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(json.loads(complete.to_json()))) == []
    assert complete.view("everybody").check() == ()


def test_the_core_reads_every_key_of_the_complete_map(complete: kr.JourneyMap) -> None:
    rows = {"customer_id": ["a", "a", "a"], "touchpoint": ["look", "order", "thanks"], "url": ["/p/1", None, None]}
    times = ["2024-03-01", "2024-03-02", "2024-06-03"]
    log = kr.read({**rows, "timestamp": times}, map=complete)
    assert kr.journeys(log, after_conversion="continue").summary()["conversions"] == [1]
    assert log.touchpoints == ["view", "order", "thanks"]


@pytest.mark.parametrize("name", ["3", "5", "5-delivery", "6", "9", "retail", "b2b", "e-commerce", "future-customer"])
def test_the_core_reads_every_template(name: str) -> None:
    rows = {"customer_id": ["a"], "timestamp": ["2024-03-01"], "event": ["order"], "channel": ["web"], "value": [1.0]}
    log = kr.read(rows, map=kr.template(name))
    assert log.touchpoints == ["order"]
