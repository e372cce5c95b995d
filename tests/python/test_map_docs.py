# SPDX-License-Identifier: MIT
"""The pages about journey maps say what the models do, and their examples hold."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

import klantreis as kr
from klantreis._map.rules import TESTS, faults, written_out
from klantreis._map.text import MOST_DEPTH, MOST_ITEMS, MOST_JSON_BYTES, MOST_YAML_BYTES, parse


@pytest.fixture
def page(root: Path) -> str:
    return (root / "docs/map-format.md").read_text(encoding="utf-8")


def test_the_reference_is_that_of_the_models(root: Path, page: str) -> None:
    spec = importlib.util.spec_from_file_location("map_format", root / "tools/map_format.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = tool
    spec.loader.exec_module(tool)
    written = page.partition(tool.MARK)[2].lstrip("\n")
    assert written == tool.reference(), "run `python tools/map_format.py docs/map-format.md`"
    for name in kr.JourneyMap.json_schema()["$defs"]:
        assert f"\n### {name}\n" in page


def test_the_map_of_the_page_is_a_map(page: str) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(text.splitlines()) == 10
    assert kr.JourneyMap.from_text(text).check() == ()


def test_every_condition_of_the_page_is_one_and_every_test_is_explained(page: str) -> None:
    rows = page.partition("| condition | means |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in rows.splitlines() if line.startswith("| `")]
    written = [code for cell in cells for code in re.findall(r"`([^`]*)`", cell)]
    conditions = [code for code in written if code.startswith("{") and "…" not in code]
    assert len(conditions) >= 4
    for code in conditions:
        rule, _ = parse(code, "", is_json=False)
        assert list(faults(rule, (), nested=False)) == []
    short, _ = parse("{event: [order, quote]}", "", is_json=False)
    assert written_out(short) == {"event": {"in": ["order", "quote"]}}
    assert {name.partition(":")[0] for name in written if not name.startswith("{")} == set(TESTS)


def test_the_limits_of_the_page_are_those_of_the_reader(page: str) -> None:
    assert f"{MOST_YAML_BYTES // 2**20} MiB as YAML and {MOST_JSON_BYTES // 2**20} MiB as JSON" in page
    assert f"{MOST_DEPTH} levels, and {MOST_ITEMS:,} items" in page


def test_the_error_of_the_page_is_what_is_said(page: str) -> None:
    (said,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    text = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0].replace("phase: awareness", "phase: purchas")
    with pytest.raises(kr.MapError) as caught:
        kr.JourneyMap.from_text(text, file="journey.yaml")
    assert str(caught.value) == said.strip()


def test_the_json_schema_can_be_written_as_json() -> None:
    assert json.loads(json.dumps(kr.JourneyMap.json_schema()))["required"] == ["klantreis", "journey", "phases"]
