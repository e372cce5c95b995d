# SPDX-License-Identifier: MIT
"""Whatever a file holds, reading it as a map ends soon, with a map or with errors that name their place."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import klantreis as kr
from klantreis._map.text import MOST_DEPTH, MOST_ITEMS, MOST_YAML_BYTES

SMALL = """\
# A small map with a remark on every second line.
klantreis: 1
journey: {id: shop, name: "The shop", draft: true}
# in order
phases:
  - {id: awareness, aliases: [bekendheid], emotion: {expected: -1, driver: &why "a, b"}}   # first
  - id: purchase
    # what they want
    needs: [{id: need_safe, text: *why}]
touchpoints:
  - {id: search_click, phase: awareness, channel: google}
  - {id: order, phase: purchase, need: need_safe, match: {any: [{event: order}, {url: {prefix: /p/}}]}}
outcomes:
  - {id: order, primary: true}
"""

TIME = 60.0  # seconds; what is meant is that nothing hangs, on a busy machine too


@contextmanager
def soon() -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < TIME


pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def made_of(text: str | bytes, folder: Path | None, name: str = "map.yaml") -> kr.JourneyMap:
    if folder is None:
        assert isinstance(text, str)
        return kr.JourneyMap.from_text(text, file=name)
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return kr.JourneyMap.load(folder / name)


def read(text: str | bytes, folder: Path | None = None) -> kr.JourneyMap | None:
    """The map, or None when it was refused with its problems; nothing else may happen."""
    try:
        return made_of(text, folder)
    except kr.MapError as error:
        problems = error.problems
    assert problems
    assert all(problem.message and problem.file for problem in problems)
    return None


def message_of(text: str | bytes, folder: Path | None = None, name: str = "map.yaml") -> str:
    with soon(), pytest.raises(kr.MapError) as caught:
        made_of(text, folder, name)
    return str(caught.value)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_map_or_is_refused(text: str) -> None:
    read(text)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=120))
def test_any_bytes_are_a_map_or_are_refused(tmp_path: Path, content: bytes) -> None:
    read(content, tmp_path)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_map_with_damaged_lines_is_a_map_or_is_refused(data: st.DataObject) -> None:
    lines = SMALL.splitlines()
    words = ["*why", "&x", "*x", "!!int", "<<:", "%YAML", "---", "null", "1e999", ".nan", "id: order", "- ", ": ", "  "]
    pieces = st.sampled_from([*words, *":-{}[]|>#?\t\0\x85\ud7ff\"'", "0x" + "f" * 40])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        place = data.draw(st.integers(0, len(lines[at])))
        what = data.draw(st.sampled_from(["put", "cut", "drop", "double", "swap"]))
        if what == "put":
            lines[at] = lines[at][:place] + data.draw(pieces) + lines[at][place:]
        elif what == "cut":
            lines[at] = lines[at][:place]
        elif what == "drop" and len(lines) > 1:
            del lines[at]
        elif what == "double":
            lines.insert(at, lines[at])
        else:
            other = data.draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
    found = read("\n".join(lines))
    if found is not None:
        assert kr.JourneyMap.from_text(found.to_json()) == found


def places(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in inside:
        yield from places(value, (*path, key))


WHOLE = kr.template("b2b").to_dict()
PLACES = [path for path in places(WHOLE) if path]
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=5,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(PLACES), value=VALUES)
def test_a_wrong_type_anywhere_is_refused_at_its_place(path: tuple[Any, ...], value: Any) -> None:
    data = copy.deepcopy(WHOLE)
    part: Any = data
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    try:
        found = kr.JourneyMap.from_dict(data)
    except kr.InputError:
        return
    assert kr.JourneyMap.from_text(found.to_json()) == found


@settings(max_examples=80, deadline=None)
@given(VALUES)
def test_any_data_is_a_map_or_is_refused(value: Any) -> None:
    with pytest.raises(kr.InputError):
        kr.JourneyMap.from_dict(value)


class TestBombs:
    def test_aliases_that_stand_for_billions_of_items_are_refused(self) -> None:
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
        assert f"more than {MOST_ITEMS:,} items with its aliases" in message_of("\n".join(lines))

    def test_many_aliases_of_a_long_list_are_refused(self) -> None:
        text = f"a: &a [{', '.join(['x'] * 3000)}]\nb: [{', '.join(['*a'] * 3000)}]\n"
        assert "items with its aliases" in message_of(text)

    def test_aliases_that_nest_too_deep_are_refused(self) -> None:
        text = "".join(f"a{n}: &a{n} [{f'*a{n - 1}' if n else 'x'}]\n" for n in range(MOST_DEPTH + 5))
        assert f"more than {MOST_DEPTH} deep" in message_of(text)

    @pytest.mark.parametrize("text", ["a: &a [*a]", "&a {b: *a}", "a: &a {b: &b [*a, *b]}", "- &x [[[*x]]]"])
    def test_an_alias_that_holds_itself_is_refused(self, text: str) -> None:
        assert "holds itself" in message_of(text)

    def test_an_alias_of_nothing_is_refused_with_its_line(self) -> None:
        assert "map.yaml:2: the alias *b names no anchor above it; mark its text with &b" in message_of("a: 1\nb: *b\n")

    @pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "a:\n"])
    @pytest.mark.parametrize("closed", [True, False])
    def test_endless_nesting_is_refused(self, opening: str, closed: bool) -> None:
        depth = 50_000
        if opening == "a:\n":
            text = "".join(" " * n + "a:\n" for n in range(1_000))
        else:
            text = opening * depth + ("]" if opening == "[" else "}" if opening == "{a: " else "") * (depth * closed)
        assert message_of(text)

    def test_endless_nesting_of_json_is_refused_with_its_line(self, tmp_path: Path) -> None:
        text = '{"a":\n' + "[" * 200_000
        assert f"map.json:2: lists and keys stand more than {MOST_DEPTH} deep" in message_of(text, tmp_path, "map.json")


class TestLargeFiles:
    def test_a_file_beyond_the_limit_is_refused_before_it_is_parsed(self, tmp_path: Path) -> None:
        assert "a map has at most 2,097,152" in message_of("# " + "x" * MOST_YAML_BYTES, tmp_path)

    @pytest.mark.parametrize(
        "text",
        [
            "x" * 1_000_000,
            "a: " + "x " * 300_000,
            "# " + "x" * 1_000_000,
            '"' + "\\" * 400_001,
            "a: |\n" + "  line\n" * 60_000,
            "? " * 20_000,
            "- - - - - - - - - - x\n" * 2_000,
            "\n" * 1_000_000,
            "a" * 1_100 + ": 1\n",
        ],
        ids=["scalar", "words", "remark", "escapes", "block", "keys", "dashes", "lines", "long-key"],
    )
    def test_long_texts_of_one_kind_end_soon(self, text: str) -> None:
        assert message_of(text)

    def test_a_map_of_two_thousand_touchpoints_is_read_and_reports_all_its_errors_once(self) -> None:
        head = "klantreis: 1\njourney: {id: shop}\nphases: [{id: a}]\ntouchpoints:\n"
        rows = [f"  - {{id: t{n}, phase: a}}\n" for n in range(2_000)]
        with soon():
            assert len(kr.JourneyMap.from_text(head + "".join(rows)).touchpoints) == 2_000
        wrong = [row.replace("phase: a", "phase: b") for row in rows]
        with soon(), pytest.raises(kr.MapError) as caught:
            kr.JourneyMap.from_text(head + "".join(wrong), file="map.yaml")
        assert len(caught.value.problems) == 2_000
        assert caught.value.problems[1999].line == 4 + 2_000
        assert len(str(caught.value).splitlines()) < 30

    def test_a_circle_of_two_thousand_backstage_touchpoints_is_named_once(self) -> None:
        head = "klantreis: 1\njourney: {id: shop}\nphases: [{id: a}]\ntouchpoints:\n"
        rows = [f"  - {{id: t{n}, phase: a, stage: offstage, supports: [t{(n + 1) % 2000}]}}\n" for n in range(2_000)]
        with soon(), pytest.raises(kr.MapError) as caught:
            kr.JourneyMap.from_text(head + "".join(rows))
        assert len(caught.value.problems) == 1
        assert "something has to be onstage" in str(caught.value)

    def test_a_thousand_references_to_nothing_among_a_thousand_names_end_soon(self, tmp_path: Path) -> None:
        touchpoints = [
            {"id": f"touchpoint-{n}", "phase": "a", "when": {"after": f"outcome-{n}-"}} for n in range(1_000)
        ]
        outcomes = [{"id": f"outcome-{n}"} for n in range(1_000)]
        data = {"klantreis": 1, "journey": {"id": "shop"}, "phases": [{"id": "a"}], "outcomes": outcomes}
        text = json.dumps({**data, "touchpoints": touchpoints}, indent=0)
        (tmp_path / "map.json").write_text(text, encoding="utf-8")
        with soon(), pytest.raises(kr.MapError) as caught:
            kr.JourneyMap.load(tmp_path / "map.json")
        assert len(caught.value.problems) == 1_000
        assert "did you mean 'outcome-0'?" in str(caught.value.problems[0])
        lines = [problem.line for problem in caught.value.problems]
        assert None not in lines
        assert len(set(lines)) == 1_000

    def test_of_very_many_circles_some_are_named(self) -> None:
        names = [f"t{n}" for n in range(150)]
        part = {"phase": "a", "stage": "offstage", "supports": names}
        touchpoints = [{"id": name, **part} for name in names]
        data = {"klantreis": 1, "journey": {"id": "shop"}, "phases": [{"id": "a"}], "touchpoints": touchpoints}
        with soon(), pytest.raises(kr.MapError) as caught:
            kr.JourneyMap.from_dict(data)
        assert len(caught.value.problems) == 20


class TestJson:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('{"a": 1, "a": 2}', "the key 'a' stands twice in the same place"),
            ('{"a": NaN}', "NaN is no finite number"),
            ('{"a": -Infinity}', "-Infinity is no finite number"),
            ('{"a": 1e999}', "1e999 is no finite number"),
            ('{"a": ' + "9" * 5_000 + "}", "does not fit 64 bits"),
            ('{"a": "\\ud800"}', "half of a character pair"),
            ('{"a": }', "map.json:1: no JSON"),
            ("[]", "[] is not keys with values"),
            ("", "no JSON"),
        ],
    )
    def test_what_json_cannot_mean_is_refused(self, tmp_path: Path, text: str, message: str) -> None:
        assert message in message_of(text, tmp_path, "map.json")

    def test_errors_of_json_have_lines_too(self, tmp_path: Path) -> None:
        data = {"klantreis": 1, "journey": {"id": "shop", "nme": "x"}, "phases": [{"id": "a"}]}
        text = json.dumps(data, indent="\t")
        line = next(number for number, row in enumerate(text.splitlines(), 1) if "nme" in row)
        assert f"map.json:{line}: journey.nme: there is no key 'nme' here" in message_of(text, tmp_path, "map.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a: \xff", "byte 3 is no UTF-8; save the file as UTF-8"),
        (b"a: 1\na: 2", "map.yaml:2: the key 'a' stands here and in line 1"),
        (b"a: 1\n---\nb: 2", "a second document starts"),
        (b"%YAML 1.1\n---\na: yes", "no YAML 1.2"),
        (b"a: !!python/object/apply:os.system [ls]", "the tag 'tag:yaml.org,2002:python/object/apply:os.system'"),
        (b"a: !!int x", "'x' is no int"),
        (b"? [a, b]\n: c", "a key is a list or a mapping"),
        (b"a: b: c", "map.yaml:1: no YAML: mapping values are not allowed here"),
        (b"\ta: 1", "no YAML"),
        (b"a: \x01", "no YAML"),
        (b"", "the file is empty; start from a template"),
        (b"# only a remark\n", "the file is empty"),
        (b"a: 99999999999999999999", "does not fit 64 bits; put it in quotes"),
        (b"a: .inf", ".inf is no finite number"),
    ],
)
def test_what_yaml_cannot_mean_is_refused_with_a_remedy(tmp_path: Path, text: bytes, message: str) -> None:
    assert message in message_of(text, tmp_path)


def test_yes_and_no_and_dates_are_texts_as_in_yaml_1_2() -> None:
    text = "klantreis: 1\njourney: {id: no, name: yes, version: 2024-02-10, owner: on}\nphases: [{id: y}]"
    journey = kr.JourneyMap.from_text(text).journey
    assert (journey.id, journey.name, journey.version, journey.owner) == ("no", "yes", "2024-02-10", "on")
