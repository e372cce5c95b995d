# SPDX-License-Identifier: MIT
"""kr.transform_paths: the transformations of other tools, customers kept, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

import klantreis as kr
from bridge import cells, read
from oracle import local_json, tiny_columns


def one_path(path: str) -> kr.Paths:
    return kr.read_paths({"path": [path], "total_conversions": [1]})


@pytest.mark.parametrize("kind", ["unique", "exposure", "first", "frequency"])
def test_transformations_of_fractribution(kind: Any) -> None:
    expected = local_json("worked_examples.json")["path_transforms"][kind]
    found = kr.transform_paths(one_path("D > A > B > B > C > D > C > C"), kind)
    assert found.table()["path"] == [" > ".join(expected.split())]


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("remove_if_not_all", "Direct > Direct", "Direct > Direct"),
        ("remove_if_not_all", "Direct > a > Direct", "a"),
        ("remove_if_not_all", "Direct mail > Direct", "Direct mail"),
        ("remove_if_last_and_not_all", "a > a > a > Direct > a > Direct > Direct", "a > a > a > Direct > a"),
        ("remove_if_last_and_not_all", "Direct > Direct", "Direct > Direct"),
    ],
)
def test_an_item_is_removed_where_others_are_left(kind: Any, path: str, expected: str) -> None:
    assert kr.transform_paths(one_path(path), kind, item="Direct").table()["path"] == [expected]


def test_attribution_of_transformed_paths_keeps_the_customers() -> None:
    paths = kr.paths(kr.journeys(read(tiny_columns()), conversion="conversion", gap="50d"))
    last = kr.attribute(kr.transform_paths(paths, "trim", last=1), model="linear")
    expected = kr.attribute(paths, model="last_touch")
    names = ("credit", "credit_lower", "credit_upper", "credit_value")
    credited = {key: row for key, row in cells(expected, ("touchpoint",), *names).items() if row[0]}
    found = {key: row for key, row in cells(last, ("touchpoint",), *names).items() if row[0]}
    assert set(found) == set(credited)
    for key, row in found.items():
        assert row == pytest.approx(credited[key])
    assert set(last["n"]) == {8}


def test_frequency_makes_items_of_their_own() -> None:
    paths = kr.read_paths({"path": ["a > b > a", "a"], "total_conversions": [1, 2]})
    assert kr.transform_paths(paths, "frequency").items == ["a(2)", "b(1)", "a(1)"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "magic"}, "choose one of unique"),
        ({"kind": "trim"}, "trim needs last"),
        ({"kind": "trim", "last": 0}, "at least 1"),
        ({"kind": "first", "last": 2}, "takes no number"),
        ({"kind": "first", "item": "a"}, "takes no item"),
        ({"kind": "remove_if_not_all"}, "no path has the item"),
        ({"kind": "remove_if_not_all", "item": "absent"}, "absent"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(kr.InputError, match=message):
        kr.transform_paths(one_path("a > b"), **arguments)


def test_transformed_paths_do_not_merge_with_others() -> None:
    paths = one_path("a > a")
    with pytest.raises(kr.InputError, match="different options"):
        paths.merge(kr.transform_paths(paths, "exposure"))
