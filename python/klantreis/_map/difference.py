# SPDX-License-Identifier: MIT
"""What differs between two maps, part by part."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

from klantreis._core import InputError
from klantreis._map.journey_map import JourneyMap
from klantreis._table import Table

# What names an item of a list; the first that every item has and no two share.
_NAMES = (("id",), ("audience",), ("role",), ("from", "to"))
Change = tuple[str, str, Any, Any]


def diff(before: JourneyMap | str | os.PathLike[str], after: JourneyMap | str | os.PathLike[str]) -> Table:
    """List what differs between two maps.

    Parameters
    ----------
    before, after
        Maps, or their files.

    Returns
    -------
    Table
        One row per difference: ``change, path, before, after``. ``change`` is ``added``, ``removed``, ``changed`` or
        ``moved``. Items are told apart by their ids, so ``path`` reads ``touchpoints[order].phase``; ``before`` and
        ``after`` are JSON, or for what moved the place in its list, counted from 0. The order of phases and touchpoints
        has a meaning, so moving one is a difference; comments and layout are not.

    Examples
    --------
    >>> import klantreis as kr
    >>> five, changed = kr.template("5"), kr.template("5")
    >>> changed.phase("purchase").name = "Buying"
    >>> changed.phase("purchase").kpis.append("aov")
    >>> kr.diff(five, changed)
    change   path                   before      after
    changed  phases[purchase].name  "Purchase"  "Buying"
    added    phases[purchase].kpis              "aov"
    """
    one, other = (_map_of(given) for given in (before, after))
    rows = list(_differences("", one.to_dict(), other.to_dict()))
    columns: dict[str, list[str]] = {name: [] for name in ("change", "path", "before", "after")}
    for change, path, old, new in rows:
        for name, value in zip(columns, (change, path, _text(old), _text(new)), strict=True):
            columns[name].append(value)
    return Table.from_columns(
        columns,
        definition="What differs between two maps. Items are told apart by their ids; values are JSON.",
        options={"before": one.journey.id, "after": other.journey.id},
    )


def _map_of(given: Any) -> JourneyMap:
    if isinstance(given, JourneyMap):
        return given
    if isinstance(given, (str, os.PathLike)):
        return JourneyMap.load(given)
    raise InputError(f"diff compares two maps or their files, not {type(given).__name__}")


_ABSENT = object()


def _text(value: Any) -> str:
    return "" if value is _ABSENT else json.dumps(value, ensure_ascii=False)


def _differences(path: str, old: Any, new: Any) -> Iterator[Change]:
    if old == new and type(old) is type(new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            place = f"{path}.{key}" if path else key
            if key not in new:
                yield from _whole("removed", place, old[key])
            elif key not in old:
                yield from _whole("added", place, new[key])
            else:
                yield from _differences(place, old[key], new[key])
        return
    if isinstance(old, list) and isinstance(new, list):
        names = _names([*old]), _names([*new])
        if names[0] is not None and names[1] is not None:
            yield from _of_items(path, dict(zip(names[0], old, strict=True)), dict(zip(names[1], new, strict=True)))
            return
        if _are_distinct(old) and _are_distinct(new):
            yield from _of_values(path, old, new)
            return
    yield "changed", path, old, new


def _whole(change: str, path: str, part: Any) -> Iterator[Change]:
    """A part that is there on one side only; a list of items counts item by item."""
    names = _names(part) if isinstance(part, list) and part else None
    for name, item in zip(names or [], part if names else [], strict=True):
        yield (change, f"{path}[{name}]", *((_ABSENT, item) if change == "added" else (item, _ABSENT)))
    if names is None:
        yield (change, path, *((_ABSENT, part) if change == "added" else (part, _ABSENT)))


def _names(items: list[Any]) -> list[str] | None:
    for keys in _NAMES:
        if all(isinstance(item, dict) and all(isinstance(item.get(key), str) for key in keys) for item in items):
            names = ["→".join(item[key] for key in keys) for item in items]
            if len(set(names)) == len(names):
                return names
    return None


def _are_distinct(items: list[Any]) -> bool:
    return all(isinstance(item, str) for item in items) and len(set(items)) == len(items)


def _of_items(path: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    for name in old:
        if name not in new:
            yield "removed", f"{path}[{name}]", old[name], _ABSENT
    moved = _moved(list(old), list(new))
    for name in new:
        if name not in old:
            yield "added", f"{path}[{name}]", _ABSENT, new[name]
            continue
        if name in moved:
            yield "moved", f"{path}[{name}]", list(old).index(name), list(new).index(name)
        yield from _differences(f"{path}[{name}]", old[name], new[name])


def _of_values(path: str, old: list[str], new: list[str]) -> Iterator[Change]:
    for value in old:
        if value not in new:
            yield "removed", path, value, _ABSENT
    moved = _moved(old, new)
    for value in new:
        if value not in old:
            yield "added", path, _ABSENT, value
        elif value in moved:
            yield "moved", f"{path}[{value}]", old.index(value), new.index(value)


def _moved(old: list[str], new: list[str]) -> set[str]:
    """The fewest names that must be moved to bring what both have into the new order."""
    place = {name: at for at, name in enumerate(old)}
    kept = [name for name in new if name in place]
    # What stays is a longest rising run of the old places, found by patience sorting.
    tops: list[int] = []
    piles: list[list[tuple[str, int]]] = []
    for name in kept:
        at = _first_at_least(tops, place[name])
        before = len(piles[at - 1]) - 1 if at else -1
        if at == len(tops):
            tops.append(place[name])
            piles.append([])
        else:
            tops[at] = place[name]
        piles[at].append((name, before))
    stays = set()
    at = len(piles) - 1
    index = len(piles[at]) - 1 if piles else -1
    while at >= 0:
        name, index = piles[at][index]
        stays.add(name)
        at -= 1
    return set(kept) - stays


def _first_at_least(values: list[int], wanted: int) -> int:
    from bisect import bisect_left

    return bisect_left(values, wanted)
