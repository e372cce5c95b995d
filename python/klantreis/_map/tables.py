# SPDX-License-Identifier: MIT
"""What can be read off a map without data, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from klantreis._core import InputError
from klantreis._map.problems import near, shown
from klantreis._map.rules import described
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._map.journey_map import JourneyMap
    from klantreis._map.model import Emotion

# From the strongest to the weakest.
_KINDS = ("data", "field", "desk", "assumption")


def _table(names: str, rows: list[tuple[Any, ...]], definition: str, **options: object) -> Table:
    columns: dict[str, list[Any]] = {name: [] for name in names.split()}
    for row in rows:
        for name, value in zip(columns, row, strict=True):
            columns[name].append(value)
    quantities = {name: "count" for name in columns if name == "touchpoints" and rows and isinstance(rows[0][-1], int)}
    return Table.from_columns(columns, definition=definition, options=options, quantities=quantities)


def where(given: JourneyMap, kpi: str | None) -> Table:
    rows = []
    phases = {phase.id: phase for phase in given.phases}
    for phase in given.phases:
        rows += [(name, phase.id, "", phase.owner or "") for name in phase.kpis]
    for item in given.touchpoints:
        rows += [(name, item.phase, item.id, item.owner or "") for name in item.kpis]
    for entry in given.kpis:
        if entry.touchpoint or entry.phase:
            held = given.touchpoint(entry.touchpoint) if entry.touchpoint else None
            phase_id = held.phase if held else entry.phase or ""
            owner = (held.owner if held else phases[phase_id].owner) or ""
            rows.append((entry.id, phase_id, entry.touchpoint or "", owner))
    rows = list(dict.fromkeys(rows))
    placed = {row[0] for row in rows}
    rows += [(entry.id, "", "", "") for entry in given.kpis if entry.id not in placed]
    if kpi is not None:
        known = list(dict.fromkeys(row[0] for row in rows))
        if kpi not in known:
            raise InputError(f"the map has no KPI {shown(kpi)}; {near(kpi, known, 'KPI')}")
        rows = [row for row in rows if row[0] == kpi]
    order = {phase.id: place for place, phase in enumerate(given.phases)}
    rows.sort(key=lambda row: order.get(row[1], len(order)))
    return _table(
        "kpi phase touchpoint owner",
        rows,
        "Where each KPI lives on the map: a row for each phase or touchpoint that names it; empty where none does.",
    )


def inventory(given: JourneyMap) -> Table:
    measured = {channel.id: channel.measured for channel in given.channels}
    rows = [
        (
            item.id,
            item.name or item.id,
            item.phase,
            ", ".join(item.channel),
            item.stage,
            item.owner or "",
            ", ".join(item.need),
            item.controllable,
            not item.channel or any(measured.get(name, True) for name in item.channel),
            described(item.match or {"event": {"eq": item.id}}),
        )
        for item in given.touchpoints
    ]
    return _table(
        "touchpoint name phase channel stage owner need controllable measured rule",
        rows,
        "Every touchpoint of the map. measured is false where none of its channels leaves events of customers.",
    )


def needs(given: JourneyMap) -> Table:
    served = _served(given)
    rows = [
        (need.id, phase.id, need.text, ", ".join(need.evidence), ", ".join(served[need.id]), len(served[need.id]))
        for phase in given.phases
        for need in phase.needs
    ]
    return _table(
        "need phase text evidence served_by touchpoints",
        rows,
        "The needs of customers with the touchpoints that serve them; nobody serves a need of 0 touchpoints.",
    )


def _served(given: JourneyMap) -> dict[str, list[str]]:
    served: dict[str, list[str]] = {need.id: [] for phase in given.phases for need in phase.needs}
    for item in given.touchpoints:
        for name in item.need:
            served[name].append(item.id)
    return served


def needs_matrix(given: JourneyMap, customers: Mapping[str, int] | None) -> Table:
    counts = dict(customers or {})
    known = [item.id for item in given.touchpoints]
    for name in counts:
        if name not in known:
            raise InputError(f"there is no touchpoint {shown(name)}; {near(name, known, 'touchpoint')}")
    rows = [(need, phase.id) for phase in given.phases for need in phase.needs]
    columns: dict[str, list[Any]] = {
        "need": [need.id for need, _ in rows],
        "phase": [phase for _, phase in rows],
        "text": [need.text for need, _ in rows],
    }
    for item in given.touchpoints:
        if item.stage == "onstage":
            mark = f"x {counts[item.id]}" if item.id in counts else "x"
            name = f"touchpoint {item.id}" if item.id in ("need", "phase", "text") else item.id
            columns[name] = [mark if need.id in item.need else "" for need, _ in rows]
    return Table.from_columns(
        columns,
        definition="Needs and the onstage touchpoints that serve them: x where one does, with the customers who were "
        "there where they were counted.",
    )


def criteria(given: JourneyMap) -> Table:
    rows = []
    for persona in given.personas:
        for criterion in persona.criteria:
            answering = [item.id for item in given.touchpoints if criterion.id in item.criteria]
            weight = criterion.weight
            name = criterion.name or criterion.id
            rows.append((persona.id, criterion.id, name, weight, ", ".join(answering), len(answering)))
    return _table(
        "persona criterion name weight answered_by touchpoints",
        rows,
        "What personas choose by, and the touchpoints that answer it; nobody answers a criterion of 0 touchpoints.",
    )


def evidence(given: JourneyMap) -> Table:
    kinds = {source.id: source.kind for source in given.research}
    rows = []
    for path, claim, sources in _claims(given):
        basis = min((_KINDS.index(kinds.get(name, "assumption")) for name in sources), default=len(_KINDS) - 1)
        rows.append((path, claim, ", ".join(sources), _KINDS[basis]))
    proven = sum(row[3] != "assumption" for row in rows)
    return _table(
        "claim text evidence basis",
        rows,
        "What the map claims about customers and what each claim rests on: its strongest source, in the order data, "
        "field, desk, assumption. A claim without evidence is an assumption. coverage is the share of claims that rest "
        "on more than one.",
        claims=len(rows),
        coverage=f"{proven / len(rows):.4f}" if rows else "",
    )


def _claims(given: JourneyMap) -> Iterator[tuple[str, str, list[str]]]:
    for persona in given.personas:
        yield f"personas[{persona.id}]", persona.problem or persona.name or persona.id, persona.evidence
    for phase in given.phases:
        place = f"phases[{phase.id}]"
        for need in phase.needs:
            yield f"{place}.needs[{need.id}]", need.text, need.evidence
        if phase.emotion is not None:
            yield f"{place}.emotion", _feeling(phase.emotion), phase.emotion.evidence or phase.evidence
        for kind in ("problems", "opportunities"):
            for text in getattr(phase, kind):
                yield f"{place}.{kind}", text, phase.evidence
    for item in given.touchpoints:
        place = f"touchpoints[{item.id}]"
        if item.emotion is not None:
            yield f"{place}.emotion", _feeling(item.emotion), item.emotion.evidence or item.evidence
        for kind in ("problems", "opportunities"):
            for text in getattr(item, kind):
                yield f"{place}.{kind}", text, item.evidence


def _feeling(emotion: Emotion) -> str:
    number = "" if emotion.expected is None else f"{emotion.expected:+g}".replace("-", "−").replace("+0", "0")
    return ", ".join(part for part in (number, emotion.driver) if part)


def gaps(given: JourneyMap) -> Table:
    rows: list[tuple[str, str, str]] = []
    held = {item.phase for item in given.touchpoints}
    used = {name for item in given.touchpoints for name in item.channel}
    used |= {name for phase in given.phases for name in phase.channels}
    for phase in given.phases:
        if phase.id not in held:
            rows.append(("phase without touchpoints", phase.id, phase.name or phase.id))
    for need in needs(given):
        if not need["touchpoints"]:
            rows.append(("need that nobody serves", need["need"], need["text"]))
    for criterion in criteria(given):
        if not criterion["touchpoints"]:
            rows.append(("criterion that nobody answers", criterion["criterion"], criterion["persona"]))
    for channel in given.channels:
        if channel.id not in used:
            rows.append(("channel that nothing uses", channel.id, channel.name or channel.id))
    for phase in given.phases:
        if phase.emotion is None or phase.emotion.expected is None:
            rows.append(("phase without an expected emotion", phase.id, phase.name or phase.id))
        elif not phase.emotion.driver:
            rows.append(("emotion without a driver", phase.id, _feeling(phase.emotion)))
    for item in given.touchpoints:
        name = item.name or item.id
        if item.stage == "onstage" and not item.channel:
            rows.append(("touchpoint without a channel", item.id, name))
        if item.stage == "onstage" and not item.need:
            rows.append(("touchpoint without a need", item.id, name))
        if not item.owner:
            rows.append(("touchpoint without an owner", item.id, name))
    return _table("gap item text", rows, "What the map leaves open.")


def handovers(given: JourneyMap, owner: str | None) -> Table:
    owners: dict[str, list[str]] = {phase.id: [] for phase in given.phases}
    for item in given.touchpoints:
        if item.owner and item.owner not in owners[item.phase]:
            owners[item.phase].append(item.owner)
    known = list(dict.fromkeys(name for names in owners.values() for name in names))
    if owner is not None and owner not in known:
        raise InputError(f"nobody called {shown(owner)} owns a touchpoint; {near(owner, known, 'owner')}")
    rows = []
    for step in given.transitions:
        for giver in owners[step.from_]:
            rows += [(step.from_, step.to, giver, taker) for taker in owners[step.to] if taker != giver]
    held = {item.id: item for item in given.touchpoints}
    for item in given.touchpoints:
        for name in item.supports:
            other = held[name]
            if item.owner and other.owner and item.owner != other.owner:
                rows.append((item.id, name, item.owner, other.owner))
    if owner is not None:
        rows = [row for row in rows if owner in row[2:]]
    return _table(
        "from to from_owner to_owner",
        rows,
        "Where the designed journey passes from one owner to another: between phases by its transitions, and from "
        "backstage to what it supports.",
    )


def lanes(given: JourneyMap) -> Table:
    rows: list[tuple[str, ...]] = []
    for phase in given.phases:
        place = phase.id
        rows.append((place, "phase", place, phase.name or place, "", "", phase.owner or ""))
        if phase.goals is not None:
            for whose in ("company", "customer"):
                goal = getattr(phase.goals, whose)
                if goal is not None:
                    rows.append((place, f"{whose} goal", "", goal.text, "", "", ""))
        rows += [(place, "need", need.id, need.text, "", "", "") for need in phase.needs]
        for lane, texts in (
            ("question", phase.questions),
            ("customer action", phase.customer_actions),
            ("company action", phase.company_actions),
        ):
            rows += [(place, lane, "", text, "", "", "") for text in texts]
        if phase.emotion is not None:
            rows.append((place, "expected emotion", "", _feeling(phase.emotion), "", "", ""))
        for stage in ("onstage", "offstage"):
            rows += [
                (place, stage, item.id, item.name or item.id, ", ".join(item.channel), item.stage, item.owner or "")
                for item in given.touchpoints
                if item.phase == place and item.stage == stage
            ]
        for lane, texts in (("problem", phase.problems), ("opportunity", phase.opportunities), ("kpi", phase.kpis)):
            rows += [(place, lane, text if lane == "kpi" else "", text, "", "", "") for text in texts]
    return _table("phase lane item text channel stage owner", rows, "The map as rows: phases in order, lane by lane.")
