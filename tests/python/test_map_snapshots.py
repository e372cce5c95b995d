# SPDX-License-Identifier: MIT
"""Snapshots give back exactly what was kept, and differences are told by id."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import klantreis as kr


@pytest.fixture
def example(root: Path) -> Path:
    return root / "tests/data/journey-example.yaml"


def changes(before: kr.JourneyMap, after: kr.JourneyMap) -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in kr.diff(before, after)]


class TestSnapshots:
    def test_going_back_gives_the_same_bytes(self, example: Path, tmp_path: Path) -> None:
        file = tmp_path / "journey.yaml"
        file.write_bytes(example.read_bytes().replace(b"\n", b"\r\n"))
        before = file.read_bytes()
        name = kr.snapshot(file, tmp_path / "kept", note="before free returns")
        changed = kr.JourneyMap.load(file)
        changed.phase("koop").name = "Kopen"
        changed.save(file)
        assert file.read_bytes() != before
        again = kr.rollback(tmp_path / "kept", name, to=file)
        assert file.read_bytes() == before
        assert again == kr.JourneyMap.load(example)
        row = kr.snapshots(tmp_path / "kept").to_dicts()[0]
        assert row["sha256"] == hashlib.sha256(before).hexdigest()
        assert (row["note"], row["version"], row["state"]) == ("before free returns", "2024.2", "ok")

    def test_a_map_that_was_changed_in_python_is_kept_as_it_is_now(self, example: Path, tmp_path: Path) -> None:
        shop = kr.JourneyMap.load(example)
        first = kr.snapshot(shop, tmp_path, name="2024.1")
        shop.phase("koop").name = "Kopen"
        second = kr.snapshot(shop, tmp_path, name="2024.2")
        assert kr.snapshots(tmp_path)["snapshot"] == [first, second]
        assert (tmp_path / "2024.1.yaml").read_bytes() == example.read_bytes()
        assert kr.rollback(tmp_path, second).phase("koop").name == "Kopen"

    def test_json_is_kept_as_json(self, example: Path, tmp_path: Path) -> None:
        text = kr.JourneyMap.load(example).to_json()
        (tmp_path / "map.json").write_text(text, encoding="utf-8")
        kr.snapshot(tmp_path / "map.json", tmp_path / "kept", name="a")
        kr.rollback(tmp_path / "kept", "a", to=tmp_path / "map.json")
        assert (tmp_path / "map.json").read_text(encoding="utf-8") == text

    def test_keeping_the_same_map_again_under_its_name_changes_nothing(self, tmp_path: Path) -> None:
        assert kr.snapshot(kr.template("3"), tmp_path, name="a", note="first") == "a"
        assert kr.snapshot(kr.template("3"), tmp_path, name="a", note="second") == "a"
        assert kr.snapshots(tmp_path)["note"] == ["first"]
        with pytest.raises(kr.InputError, match="holds another map under 'a'; choose another name"):
            kr.snapshot(kr.template("5"), tmp_path, name="a")

    def test_a_file_that_is_no_longer_what_was_kept_is_refused(self, tmp_path: Path) -> None:
        kr.snapshot(kr.template("3"), tmp_path, name="a")
        kr.snapshot(kr.template("3"), tmp_path, name="b")
        kept = tmp_path / "a.yaml"
        kept.write_bytes(kept.read_bytes() + b"\n")
        (tmp_path / "b.yaml").unlink()
        assert kr.snapshots(tmp_path)["state"] == ["changed", "missing"]
        for name, state in (("a", "changed"), ("b", "missing")):
            with pytest.raises(kr.InputError, match=f"is {state}; restore"):
                kr.rollback(tmp_path, name, to=tmp_path / "journey.yaml")
        assert not (tmp_path / "journey.yaml").exists()

    @pytest.mark.parametrize(
        "record",
        [
            "",
            "[]",
            "{}",
            '{"klantreis_snapshot": 1}',
            '{"klantreis_snapshot": 99, "name": "a"}',
            json.dumps(dict.fromkeys(("klantreis_snapshot", "name", "taken", "file", "sha256", "note", "journey"), 1)),
            json.dumps(
                {
                    "klantreis_snapshot": 1,
                    "name": "a",
                    "taken": "",
                    "file": "../../secret",
                    "sha256": "",
                    "note": "",
                    "journey": "",
                    "version": "",
                }
            ),
        ],
    )
    def test_a_damaged_record_is_named(self, tmp_path: Path, record: str) -> None:
        (tmp_path / "a.snapshot").write_text(record, encoding="utf-8")
        with pytest.raises(kr.InputError, match=r"a\.snapshot"):
            kr.snapshots(tmp_path)

    def test_unknown_and_impossible_names_are_refused(self, tmp_path: Path) -> None:
        kr.snapshot(kr.template("3"), tmp_path, name="2024.1")
        with pytest.raises(kr.InputError, match=r"did you mean '2024\.1'"):
            kr.rollback(tmp_path, "2024.2")
        with pytest.raises(kr.InputError, match="holds none"):
            kr.rollback(tmp_path / "nowhere", "a")
        with pytest.raises(kr.InputError, match="cannot name a snapshot"):
            kr.snapshot(kr.template("3"), tmp_path, name="../a")
        assert len(kr.snapshots(tmp_path / "nowhere")) == 0


class TestDifferences:
    def test_a_map_does_not_differ_from_itself(self, example: Path) -> None:
        assert len(kr.diff(example, example)) == 0

    def test_items_are_told_apart_by_their_ids(self, example: Path) -> None:
        before, after = kr.JourneyMap.load(example), kr.JourneyMap.load(example)
        del after.touchpoints[0]
        after.add("touchpoints", id="flyer", phase="bewustwording", need="n_herkennen")
        after.phase("koop").name = "Kopen"
        after.phase("koop").kpis.remove("aov")
        after.phase("koop").emotion.expected = 2
        after.transitions[1].expected = 0.9
        found = changes(before, after)
        assert [row[:2] for row in found] == [
            ("changed", "phases[koop].name"),
            ("changed", "phases[koop].emotion.expected"),
            ("removed", "phases[koop].kpis"),
            ("removed", "touchpoints[ad_impression]"),
            ("added", "touchpoints[flyer]"),
            ("changed", "transitions[bewustwording→orientatie].expected"),
        ]
        assert found[0][2:] == ('"Koop"', '"Kopen"')
        assert found[5][2:] == ("0.8", "0.9")
        assert json.loads(found[3][2])["id"] == "ad_impression"
        assert found[3][3] == found[4][2] == ""

    def test_the_fewest_moves_are_reported(self) -> None:
        before, after = kr.template("6"), kr.template("6")
        after.phases.append(after.phases.pop(0))
        assert changes(before, after) == [("moved", "phases[awareness]", "0", "5")]

    def test_what_was_added_comes_back_as_removed(self, example: Path) -> None:
        one, other = kr.template("5"), kr.template("5-delivery")
        swap = {"added": "removed", "removed": "added"}
        there = {(kind, path, old, new) for kind, path, old, new in changes(one, other) if kind != "moved"}
        back = {
            (swap.get(kind, kind), path, new, old) for kind, path, old, new in changes(other, one) if kind != "moved"
        }
        assert there == back

    def test_anything_but_maps_and_files_is_refused(self) -> None:
        with pytest.raises(kr.InputError, match="two maps or their files"):
            kr.diff(kr.template("3"), 3)


@given(st.permutations(range(7)), st.sets(st.integers(0, 6)))
def test_the_moves_of_a_difference_bring_the_old_order_into_the_new(order: list[int], dropped: set[int]) -> None:
    from klantreis._map.difference import _moved

    old = [str(n) for n in range(7)]
    new = [str(n) for n in order if n not in dropped]
    moved = _moved(old, new)
    staying = [name for name in new if name not in moved]
    assert staying == sorted(staying)
    # No longer rising run exists: compare with the obvious way.
    longest = [1] * len(new)
    for at in range(len(new)):
        longest[at] = 1 + max((longest[k] for k in range(at) if new[k] < new[at]), default=0)
    assert len(staying) == max(longest, default=0)
