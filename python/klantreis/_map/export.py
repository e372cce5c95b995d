# SPDX-License-Identifier: MIT
"""A map as text for other tools: Markdown for people, Mermaid for pictures in wikis and repositories."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from klantreis._map.tables import lanes

if TYPE_CHECKING:
    from klantreis._map.journey_map import JourneyMap
    from klantreis._map.model import Touchpoint

_LANES = (
    ("need", "Needs"),
    ("question", "Questions"),
    ("customer action", "What customers do"),
    ("company action", "What we do"),
    ("expected emotion", "Expected emotion"),
    ("onstage", "Touchpoints"),
    ("offstage", "Backstage"),
    ("problem", "Problems"),
    ("opportunity", "Opportunities"),
    ("kpi", "KPIs"),
)


def markdown(given: JourneyMap) -> str:
    journey = given.journey
    lines = [f"# {_plain(journey.name or journey.id)}", ""]
    if journey.description:
        lines += [_plain(journey.description), ""]
    if journey.goals is not None:
        for whose, goal in (("Company", journey.goals.company), ("Customer", journey.goals.customer)):
            if goal is not None:
                lines.append(f"- **{whose}:** {_plain(goal.text)}")
        lines.append("")
    cells: dict[tuple[str, str], list[str]] = {}
    for row in lanes(given):
        cells.setdefault((row["phase"], row["lane"]), []).append(_plain(row["text"]))
    heads = [_plain(phase.name or phase.id) for phase in given.phases]
    lines += [f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for lane, title in _LANES:
        found = ["<br>".join(cells.get((phase.id, lane), [])) for phase in given.phases]
        if any(found):
            lines.append(f"| **{title}** | {' | '.join(found)} |")
    lines += ["", "| Touchpoint | Phase | Channel | Stage | Owner | Needs |", "|---|---|---|---|---|---|"]
    names = {phase.id: head for phase, head in zip(given.phases, heads, strict=True)}
    for item in given.touchpoints:
        texts = (item.name or item.id, ", ".join(item.channel), item.stage, item.owner or "", ", ".join(item.need))
        name, channel, stage, owner, need = map(_plain, texts)
        lines.append(f"| {name} | {names[item.phase]} | {channel} | {stage} | {owner} | {need} |")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    one_line = " ".join(text.split())
    escaped = re.sub(r"([\\`*_{}\[\]<>|#~!$])", r"\\\1", one_line)
    return re.sub(r"^([-+]|\d+[.)])(?=\s)", r"\\\1", escaped.replace("&", "&amp;"))


def mermaid(given: JourneyMap) -> str:
    places = {phase.id: f"p{number}" for number, phase in enumerate(given.phases)}
    names = {item.id: f"t{number}" for number, item in enumerate(given.touchpoints)}
    lines = ["flowchart LR"]
    for phase in given.phases:
        lines += [f"  subgraph {places[phase.id]}[{_label(phase.name or phase.id)}]", "    direction TB"]
        held = [item for item in given.touchpoints if item.phase == phase.id]
        lines += [f"    {names[item.id]}{_shape(item)}" for item in held]
        if not held:
            # An empty group would be drawn as a node elsewhere.
            lines.append(f"    {places[phase.id]}e[{_label(' ')}]:::empty")
        lines.append("  end")
    for step in given.transitions:
        arrow = {"forward": "-->", "skip": "-->"}.get(step.kind, "-.->")
        words: list[str] = [step.kind] if step.kind != "forward" else []
        words += [f"{step.expected:.0%}"] if step.expected is not None else []
        words += [f"≤ {step.max_time}"] if step.max_time is not None else []
        label = f"|{_label(', '.join(words))}|" if words else ""
        lines.append(f"  {places[step.from_]} {arrow}{label} {places[step.to]}")
    for item in given.touchpoints:
        lines += [f"  {names[item.id]} -.- {names[name]}" for name in item.supports]
    lines.append("  classDef empty fill:none,stroke:none")
    return "\n".join(lines) + "\n"


def _shape(item: Touchpoint) -> str:
    label = _label(item.name or item.id)
    return f"[{label}]" if item.stage == "onstage" else f"([{label}])"


def _label(text: str) -> str:
    """A label in quotes; whatever Mermaid or HTML gives a meaning stands as its number."""
    return '"' + re.sub(r"[^\w .,:+%≤−-]", lambda found: f"#{ord(found[0])};", " ".join(text.split()) or " ") + '"'
