# SPDX-License-Identifier: MIT
"""A map that is changed in Python and saved: what nobody changed stays as it was, to the byte."""

from __future__ import annotations

import copy
import difflib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import klantreis as kr

HAND_WRITTEN = """\
# Our map. Ask Anna before you change it.
klantreis: 1
journey:
    id: shop          # never change this
    name: 'The shop'

phases:               # in order
- id: awareness
  name: "Awareness"
  kpis:
  - impressions       # from the agency
  - reach
  # what they feel
  emotion:  {expected: -1,   driver: frustration}
# second phase
- {id: purchase, name: Purchase,
   kpis: [conversion_rate,
          aov]}       # the money

# --- touchpoints ---
touchpoints:
- {id: search_click,   phase: awareness}   # Google
- {id: order,          phase: purchase}    # webshop
# the end of the touchpoints

outcomes:
- id: order
"""


@pytest.fixture
def example(root: Path) -> Path:
    return root / "tests/data/journey-example.yaml"


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that went and the lines that came."""
    steps = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return [step[2:] for step in steps if step[0] == "-"], [step[2:] for step in steps if step[0] == "+"]


def test_a_changed_value_changes_its_line_only() -> None:
    shop = kr.JourneyMap.from_text(HAND_WRITTEN)
    shop.journey.name = "Our shop"
    shop.phases[0].emotion.expected = 0
    gone, come = changed_lines(HAND_WRITTEN, shop.to_yaml())
    assert gone == ["    name: 'The shop'", "  emotion:  {expected: -1,   driver: frustration}"]
    assert come == ["    name: 'Our shop'", "  emotion: {expected: 0, driver: frustration}"]


def test_an_added_item_stands_with_its_kind_and_in_the_layout_of_the_file() -> None:
    shop = kr.JourneyMap.from_text(HAND_WRITTEN)
    shop.add("touchpoints", id="share", phase="purchase")
    shop.phases[0].kpis.append("video_views")
    gone, come = changed_lines(HAND_WRITTEN, shop.to_yaml())
    assert gone == []
    assert come == ["  - video_views", "- {id: share, phase: purchase}"]
    lines = shop.to_yaml().splitlines()
    assert lines.index("- {id: share, phase: purchase}") + 1 == lines.index("# the end of the touchpoints")


def test_a_removed_item_takes_its_own_remark_with_it_and_no_other() -> None:
    shop = kr.JourneyMap.from_text(HAND_WRITTEN)
    del shop.touchpoints[1]
    shop.outcomes = []
    gone, come = changed_lines(HAND_WRITTEN, shop.to_yaml())
    assert gone == ["- {id: order,          phase: purchase}    # webshop", "", "outcomes:", "- id: order"]
    assert come == []


def test_items_in_another_order_are_written_in_that_order() -> None:
    shop = kr.JourneyMap.from_text(HAND_WRITTEN)
    shop.touchpoints.reverse()
    again = kr.JourneyMap.from_text(shop.to_yaml())
    assert [item.id for item in again.touchpoints] == ["order", "search_click"]
    assert "# Our map. Ask Anna before you change it." in shop.to_yaml()


def test_a_new_section_and_a_new_key_are_added() -> None:
    shop = kr.JourneyMap.from_text(HAND_WRITTEN)
    shop.add("channels", id="google", name="Google")
    shop.touchpoint("search_click").channel = ["google"]
    shop.journey.owner = "Anna"
    again = kr.JourneyMap.from_text(shop.to_yaml())
    assert again == shop
    gone, _ = changed_lines(HAND_WRITTEN, shop.to_yaml())
    assert gone == ["- {id: search_click,   phase: awareness}   # Google"]


def test_line_ends_of_windows_and_a_byte_order_mark_stay(tmp_path: Path) -> None:
    file = tmp_path / "map.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + HAND_WRITTEN.replace("\n", "\r\n").encode())
    shop = kr.JourneyMap.load(file)
    shop.journey.name = "Our shop"
    shop.save(file)
    content = file.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf# Our map.")
    assert content.count(b"\n") == content.count(b"\r\n") == HAND_WRITTEN.count("\n")


def test_changing_what_an_alias_shares_changes_one_place_only() -> None:
    text = """\
klantreis: 1
journey: {id: shop}
phases:
  - {id: a, exits: &silence {inactivity: 30d}}   # here
  - {id: b, exits: *silence}
  - {id: c, exits: *silence}
"""
    shop = kr.JourneyMap.from_text(text)
    assert shop.phases[0].exits is not shop.phases[1].exits
    shop.phases[1].exits.inactivity = "7d"
    again = kr.JourneyMap.from_text(shop.to_yaml())
    assert [phase.exits.inactivity for phase in again.phases] == ["30d", "7d", "30d"]
    assert "# here" in shop.to_yaml()
    shop.phases[0].exits.inactivity = "1d"
    again = kr.JourneyMap.from_text(shop.to_yaml())
    assert [phase.exits.inactivity for phase in again.phases] == ["1d", "7d", "30d"]


def test_what_cannot_be_is_refused_when_it_is_set(example: Path) -> None:
    shop = kr.JourneyMap.load(example)
    with pytest.raises(kr.InputError, match="expected is 3"):
        shop.phases[1].emotion.expected = 3
    with pytest.raises(kr.InputError, match="did you mean 'emotion'"):
        shop.phases[1].emotoin = None
    with pytest.raises(AttributeError, match="did you mean 'phases'"):
        shop.phasis = []
    with pytest.raises(AttributeError, match="did you mean 'touchpoints'"):
        _ = shop.touchpoint_s
    with pytest.raises(kr.MapError, match=r"touchpoints\[21\]\.phase: 'phase' is missing"):
        shop.add("touchpoints", id="x")
    with pytest.raises(kr.InputError, match="did you mean 'touchpoints'"):
        shop.add("touchpoint", id="x")
    with pytest.raises(kr.InputError, match="no section 'journey'"):
        shop.add("journey", id="x")
    assert shop == kr.JourneyMap.load(example)


def test_a_map_that_no_longer_holds_together_is_not_saved(example: Path, tmp_path: Path) -> None:
    shop = kr.JourneyMap.load(example)
    del shop.phases[1]
    target = tmp_path / "map.yaml"
    target.write_text("as it was")
    for write in (lambda: shop.save(target), shop.to_json, shop.to_yaml):
        with pytest.raises(kr.MapError, match="there is no phase 'bewustwording'"):
            write()
    assert target.read_text() == "as it was"
    assert [file.name for file in tmp_path.iterdir()] == ["map.yaml"]


def test_a_copy_of_a_map_is_a_map_of_its_own(example: Path) -> None:
    shop = kr.JourneyMap.load(example)
    other = copy.deepcopy(shop)
    assert other == shop
    assert other.to_yaml() == example.read_text(encoding="utf-8")
    other.phase("koop").name = "Kopen"
    assert shop.phase("koop").name == "Koop"


def test_a_part_that_was_put_in_as_a_dict_counts(example: Path) -> None:
    shop = kr.JourneyMap.load(example)
    shop.touchpoints.append({"id": "flyer", "phase": "bewustwording", "need": ["n_herkennen"]})
    assert kr.JourneyMap.from_text(shop.to_yaml()).touchpoint("flyer").phase == "bewustwording"
    shop.touchpoints.append({"id": "flyer2", "phse": "bewustwording"})
    with pytest.raises(kr.MapError, match="did you mean 'phase'"):
        shop.to_yaml()


SMALL = (
    HAND_WRITTEN.replace("  # what they feel\n", "  needs: [{id: n, text: t}]\n")
    .replace("phase: awareness}", "phase: awareness, need: n}")
    .replace("phase: purchase}", "phase: purchase, need: n}")
)
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["rename", "kpi", "remove", "add", "text", "swap", "clear", "feel"]),
        st.integers(0, 1_000),
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
    ),
    min_size=1,
    max_size=5,
)


def edit(shop: kr.JourneyMap, kind: str, at: int, text: str) -> None:
    phase = shop.phases[at % len(shop.phases)]
    item = shop.touchpoints[at % len(shop.touchpoints)]
    if kind == "rename":
        phase.name = f"{phase.id} {text}"
    elif kind == "kpi":
        phase.kpis = [*phase.kpis, kr.kpi_library()["kpi"][at % 50]]
    elif kind == "remove":
        shop.touchpoints = [
            other for other in shop.touchpoints if other.id != item.id and item.id not in other.supports
        ]
    elif kind == "add" and f"new_{at}" not in {other.id for other in shop.touchpoints}:
        need = next(need.id for other in shop.phases for need in other.needs)
        made = shop.add("touchpoints", id=f"new_{at}", phase=phase.id, need=need, name=text)
        shop.touchpoints.remove(made)
        shop.touchpoints.insert(at % (len(shop.touchpoints) + 1), made)
    elif kind == "text":
        phase.questions = [text, *phase.questions[1:]]
    elif kind == "swap":
        shop.touchpoints.append(shop.touchpoints.pop(at % len(shop.touchpoints)))
    elif kind == "clear":
        item.owner = None
    elif kind == "feel" and phase.emotion is not None:
        phase.emotion.expected = (at % 5) - 2


@settings(max_examples=30, deadline=None)
@given(edits=EDITS)
def test_whatever_is_edited_reads_back_and_keeps_the_remarks(edits: list[tuple[str, int, str]]) -> None:
    check_edits(SMALL, edits)


def test_the_example_keeps_its_lines_through_many_edits(example: Path) -> None:
    edits = [(kind, 7 * at, "w: #ord") for at, kind in enumerate(["rename", "kpi", "remove", "add", "text", "feel"])]
    check_edits(example.read_text(encoding="utf-8"), edits)


def check_edits(text: str, edits: list[tuple[str, int, str]]) -> None:
    shop = kr.JourneyMap.from_text(text)
    for kind, at, words in edits:
        if len(shop.touchpoints) > 1:
            edit(shop, kind, at, words)
    written = shop.to_yaml()
    assert kr.JourneyMap.from_text(written) == shop
    remarks = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    kept = written.splitlines()
    assert all(remark in kept for remark in remarks)
    untouched = sum(line in kept for line in text.splitlines())
    assert untouched >= len(text.splitlines()) - 12 * len(edits)
