# SPDX-License-Identifier: MIT
"""A map cut down to what one audience or one owner works with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from klantreis._core import InputError
from klantreis._map.problems import near, shown

if TYPE_CHECKING:
    from klantreis._map.journey_map import JourneyMap


def restricted(given: JourneyMap, audience: str | None, owner: str | None) -> dict[str, Any]:
    """The plain data of the part of a map."""
    if audience is None and owner is None:
        raise InputError("say for whom the view is: an audience of sharing, or an owner of touchpoints")
    phases = {phase.id for phase in given.phases}
    if audience is not None:
        entries = {entry.audience: entry for entry in given.sharing}
        if audience not in entries:
            raise InputError(f"sharing names no audience {shown(audience)}; {near(audience, entries, 'audience')}")
        entry = entries[audience]
        phases &= phases if "all" in entry.phases else set(entry.phases)
    owners = {owner} if owner is not None else set(entry.owner) if audience is not None else set()
    items = {item.id: item for item in given.touchpoints}
    kept = {item.id for item in given.touchpoints if item.phase in phases}
    if owners:
        known = [name for name in dict.fromkeys(item.owner for item in given.touchpoints) if name]
        for name in sorted(owners - set(known)):
            raise InputError(f"nobody called {shown(name)} owns a touchpoint; {near(name, known, 'owner')}")
        kept = {name for name in kept if items[name].owner in owners}
    # What works backstage is shown with what it works for.
    waiting = list(kept)
    while waiting:
        supported = items[waiting.pop()].supports
        if supported and not kept & set(supported):
            kept |= set(supported)
            waiting += supported
    if owners:
        phases &= {items[name].phase for name in kept}
    phases |= {items[name].phase for name in kept}
    data = given.to_dict()
    data.setdefault("touchpoints", [])
    return _cut(data, phases, kept, audience)


def _cut(data: dict[str, Any], phases: set[str], touchpoints: set[str], audience: str | None) -> dict[str, Any]:
    """The plain data without phases and touchpoints that are not shown, and without what only they use."""
    gone = {part["id"] for part in data["phases"]} - phases | {part["id"] for part in data["touchpoints"]} - touchpoints
    journey = data["journey"]
    data["phases"] = [part for part in data["phases"] if part["id"] in phases]
    data["touchpoints"] = [part for part in data["touchpoints"] if part["id"] in touchpoints]
    needs = {need["id"] for phase in data["phases"] for need in phase.get("needs", [])}
    for part in data["touchpoints"]:
        _keep(part, "need", needs)
        _keep(part, "supports", touchpoints)
        if needs and part.get("stage") != "offstage" and not part.get("need"):
            # It serves a need of a phase that is not shown.
            journey["draft"] = True
    if gone & set(journey.get("scope", {}).values()):
        del journey["scope"]
    used = {name for part in data["touchpoints"] for name in part.get("channel", [])}
    used |= {name for part in data["phases"] for name in part.get("channels", [])}
    used |= {
        name for part in data.get("scenarios", []) for branch in part["branches"] for name in branch.get("via", [])
    }
    tests: dict[str, Callable[[dict[str, Any]], bool]] = {
        "channels": lambda part: part["id"] in used,
        "transitions": lambda part: not gone & {part["from"], part["to"]},
        "sharing": lambda part: part["audience"] == audience,
        "experiments": lambda part: not gone & {part.get("touchpoint"), part.get("phase")},
        "scenarios": lambda part: not gone & {branch.get("then") for branch in part["branches"]},
        "benchmarks": lambda part: not gone & set(_texts(part.get("measured_as"))),
    }
    for section, test in tests.items():
        data[section] = [part for part in data.get(section, []) if test(part)]
    named = {name for section in ("phases", "touchpoints") for part in data[section] for name in part.get("kpis", [])}
    for part in data["experiments"]:
        named |= {part["metric"], *(rail["kpi"] for rail in part.get("guardrails", []))}
    here = phases | touchpoints
    data["kpis"] = [
        part
        for part in data.get("kpis", [])
        if part["id"] in named or here & {part.get("phase"), part.get("touchpoint")}
    ]
    for part in data["kpis"]:
        for key in ("phase", "touchpoint"):
            if part.get(key) in gone:
                del part[key]
    for part in data["sharing"]:
        if part.get("phases", ["all"]) != ["all"]:
            _keep(part, "phases", phases)
    for group in data.get("buying_groups", []):
        group["gates"] = [gate for gate in group.get("gates", []) if gate["before"] in phases]
    return {key: part for key, part in data.items() if part != []}


def _keep(part: dict[str, Any], key: str, kept: set[str]) -> None:
    if key in part:
        part[key] = [name for name in part[key] if name in kept]
        if not part[key]:
            del part[key]


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _texts(inner)
