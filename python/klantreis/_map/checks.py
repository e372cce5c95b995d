# SPDX-License-Identifier: MIT
"""What no type can say: references, ids that occur twice, and parts that contradict each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._map import rules
from klantreis._map.problems import Path, Problem, near, shown, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import TypeIs

# Where ids are given, by kind. Ids of one kind are unique over all its places, but for those in OWN_SPACE.
IDS = {
    "phase": ["phases[].id"],
    "touchpoint": ["touchpoints[].id"],
    "channel": ["channels[].id"],
    "need": ["phases[].needs[].id"],
    "outcome": ["outcomes[].id"],
    "kpi": ["kpis[].id"],
    "research": ["research[].id"],
    "segment": ["segments[].id"],
    "persona": ["personas[].id"],
    "role": ["roles[].id"],
    "buying group": ["buying_groups[].id"],
    "gate": ["buying_groups[].gates[].id"],
    "external figure": ["phases[].external[].id"],
    "scenario": ["scenarios[].id"],
    "benchmark": ["benchmarks[].id"],
    "experiment": ["experiments[].id"],
    "snapshot": ["snapshots[].id"],
    "audience": ["sharing[].audience"],
}
# Ids that are unique within what holds them: two personas may have the same criterion.
OWN_SPACE = {"personas[]": "criteria[].id", "scenarios[]": "branches[].id", "buying_groups[]": "members[].role"}
# Where ids are used.
REFERENCES = {
    "phase": [
        "journey.scope.from",
        "journey.scope.to",
        "touchpoints[].phase",
        "transitions[].from",
        "transitions[].to",
        "buying_groups[].gates[].before",
        "sharing[].phases[]",
        "kpis[].phase",
        "experiments[].phase",
    ],
    "touchpoint": ["touchpoints[].supports[]", "experiments[].touchpoint", "kpis[].touchpoint"],
    "channel": ["touchpoints[].channel[]", "phases[].channels[]", "scenarios[].branches[].via[]"],
    "need": ["touchpoints[].need[]"],
    "outcome": ["touchpoints[].when.after", "touchpoints[].when.before"],
    "research": [
        "personas[].evidence[]",
        "phases[].evidence[]",
        "phases[].needs[].evidence[]",
        "phases[].emotion.evidence[]",
        "phases[].external[].source",
        "touchpoints[].evidence[]",
        "touchpoints[].emotion.evidence[]",
        "kpis[].evidence[]",
    ],
    "segment": ["personas[].segment"],
    "role": [
        "roles[].influences[]",
        "touchpoints[].roles[]",
        "buying_groups[].members[].role",
        "buying_groups[].gates[].requires.all_of[]",
        "buying_groups[].gates[].requires.of[]",
    ],
    "criterion": ["touchpoints[].criteria[]"],
    "snapshot": ["experiments[].backup"],
}
# Where KPIs are named, of the map or of the library.
KPIS = [
    "phases[].kpis[]",
    "touchpoints[].kpis[]",
    "journey.goals.company.kpi",
    "journey.goals.customer.kpi",
    "phases[].goals.company.kpi",
    "phases[].goals.customer.kpi",
    "benchmarks[].kpi",
    "experiments[].metric",
    "experiments[].guardrails[].kpi",
]
# Whether a rule may name a level above its columns, as segments of customers do.
RULES = {
    "segments[].where": True,
    "buying_groups[].when": True,
    "buying_groups[].gates[].event": False,
    "outcomes[].match": False,
    "touchpoints[].match": False,
    "scenarios[].trigger": False,
    "events.exclude[]": False,
}
# What levels cannot be called, because the log calls something else so.
COLUMNS = {"touchpoint", "channel", "phase", "event", "customer", "time", "order", "account", "value", "cost"}
MOST_REMEDIES = 100
MOST_CIRCLES = 20
# A map that lists none of these is not asked to: ten lines are a map.
OPTIONAL_LISTS = {"channel", "research", "snapshot"}


def found_at(data: Any, pattern: str) -> Iterator[tuple[Path, Any]]:
    """Every part of plain data at a pattern such as ``touchpoints[].phase``, but for parts of the wrong type."""
    waiting: list[tuple[Path, Any]] = [((), data)]
    for step in pattern.split("."):
        name = step.removesuffix("[]")
        here: list[tuple[Path, Any]] = []
        for path, value in waiting:
            if not isinstance(value, dict) or value.get(name) is None:
                continue
            inner = value[name]
            if not step.endswith("[]"):
                here.append(((*path, name), inner))
            elif isinstance(inner, list):
                here += [((*path, name, number), item) for number, item in enumerate(inner)]
            elif isinstance(inner, str):
                here.append(((*path, name), inner))
        waiting = here
    yield from waiting


def check(data: Any) -> Iterator[tuple[Path, Problem]]:
    """Problems of plain data with their paths; the data may have any form."""
    for function in _CHECKS:
        for path, message, remedy, *severity in function(data):
            yield path, Problem(written(path), message, remedy, severity=severity[0] if severity else "error")


_Found = Iterator[tuple[Any, ...]]


def _texts(data: Any, patterns: Iterable[str]) -> Iterator[tuple[Path, str]]:
    for pattern in patterns:
        yield from ((path, value) for path, value in found_at(data, pattern) if isinstance(value, str))


def _ids(data: Any, kind: str) -> list[str]:
    patterns = ["personas[].criteria[].id"] if kind == "criterion" else IDS[kind]
    return [value for _, value in _texts(data, patterns)]


def _duplicates(data: Any) -> _Found:
    for kind, patterns in IDS.items():
        yield from _twice(_texts(data, patterns), kind, "")
    for holder, pattern in OWN_SPACE.items():
        for path, part in found_at(data, holder):
            kind = "criterion" if "criteria" in pattern else pattern.partition("[")[0].removesuffix("s").rstrip("e")
            inside = [((*path, *inner), value) for inner, value in _texts(part, [pattern])]
            yield from _twice(inside, {"branch": "branch", "criterion": "criterion"}.get(kind, "role"), "here ")


def _twice(found: Iterable[tuple[Path, str]], kind: str, where: str) -> _Found:
    first: dict[str, Path] = {}
    for path, value in found:
        if value in first:
            yield path, f"the {kind} {shown(value)} stands {where}also at {written(first[value])}", "rename one"
        first.setdefault(value, path)


def _references(data: Any) -> _Found:
    helped = 0
    for kind, patterns in REFERENCES.items():
        known = _ids(data, kind)
        names = set(known)
        for path, value in _texts(data, patterns):
            if value in names or (path[0] == "sharing" and value == "all"):
                continue
            if kind in OPTIONAL_LISTS and not known:
                continue
            # Looking for what was meant takes time, and nobody reads that many remedies.
            helped += 1
            yield (
                path,
                f"there is no {kind} {shown(value)}",
                near(value, known, kind) if helped <= MOST_REMEDIES else "",
            )
    helped = 0
    branches = [*_ids(data, "outcome"), *_ids(data, "phase"), *_ids(data, "touchpoint")]
    known_branches = set(branches)
    for path, value in _texts(data, ["scenarios[].branches[].then"]):
        if value not in known_branches:
            helped += 1
            remedy = near(value, branches) if helped <= MOST_REMEDIES else ""
            yield path, f"there is no outcome, phase or touchpoint {shown(value)}", remedy


def _kpis(data: Any) -> _Found:
    """A KPI is one of the library, or the map says what it measures."""
    library = set(_core.kpi_library_table().column("kpi"))
    for number, (path, entry) in enumerate(found_at(data, "kpis[]")):
        name = entry.get("id") if isinstance(entry, dict) and entry.get("measure") is None else None
        if isinstance(name, str) and name not in library:
            message = f"the KPI {shown(name)} has no measure and is none of the library"
            meant = f"; {near(name, sorted(library))}" if number < MOST_REMEDIES else ""
            yield path, message, f"add measure: …{meant}"
    own = _ids(data, "kpi")
    known = library | set(own)
    wrong = [(path, value) for path, value in _texts(data, KPIS) if value not in known]
    for number, (path, value) in enumerate(wrong):
        remedy = near(value, [*own, *sorted(library)], "KPI") if number < MOST_REMEDIES else ""
        yield path, f"there is no KPI {shown(value)}", remedy


def _rules(data: Any) -> _Found:
    for pattern, nested in RULES.items():
        for path, rule in found_at(data, pattern):
            yield from rules.faults(rule, path, nested=nested)


def _names_of_phases(data: Any) -> _Found:
    owner = {value.casefold(): path[:2] for path, value in reversed(list(_texts(data, ["phases[].id"])))}
    for path, phase in found_at(data, "phases[]"):
        for place, value in _texts(phase, ["name", "aliases[]"]):
            first = owner.setdefault(value.casefold(), path)
            if first != path:
                yield (*path, *place), f"{shown(value)} also names {written(first)}", "a name leads to one phase"


def _levels(data: Any) -> _Found:
    """Every phase has a place at every coarser level, and phases that are one at a level stand side by side."""
    phases = [(path, part) for path, part in found_at(data, "phases[]") if isinstance(part, dict)]
    maps: list[dict[str, Any]] = [part["rollup"] if isinstance(part.get("rollup"), dict) else {} for _, part in phases]
    columns = COLUMNS | {
        name for _, given in found_at(data, "events.columns") if isinstance(given, dict) for name in given
    }
    for level in dict.fromkeys(level for rollup in maps for level in rollup):
        if level in columns:
            path = next(path for (path, _), rollup in zip(phases, maps, strict=True) if level in rollup)
            yield (*path, "rollup", level), f"{shown(level)} is the name of a column", "call the level p5 or the like"
        seen: list[str] = []
        for (path, _), rollup in zip(phases, maps, strict=True):
            coarse = rollup.get(level)
            if coarse is None:
                yield (*path, "rollup"), f"the phase has no place at level {shown(level)}", f"add {level}: …"
            elif coarse in seen[:-1]:
                message = f"{shown(coarse)} of level {shown(level)} comes back after another phase"
                yield (*path, "rollup", level), message, "phases that are one at a coarser level follow each other"
            if isinstance(coarse, str) and seen[-1:] != [coarse]:
                seen.append(coarse)


def _stages(data: Any) -> _Found:
    touchpoints = [(path, part) for path, part in found_at(data, "touchpoints[]") if isinstance(part, dict)]
    supports = {
        part["id"]: [name for name in _list(part.get("supports")) if isinstance(name, str)]
        for _, part in touchpoints
        if isinstance(part.get("id"), str)
    }
    for path, part in touchpoints:
        offstage = part.get("stage") == "offstage"
        if offstage and not _list(part.get("supports")):
            yield path, "an offstage touchpoint supports nothing", "name what it makes possible: supports: […]"
        elif not offstage and _list(part.get("supports")):
            yield (*path, "supports"), "only an offstage touchpoint supports others", "add stage: offstage"
    for circle in islice(_circles(supports), MOST_CIRCLES):
        path = next(path for path, part in touchpoints if part.get("id") == circle[0])
        names = circle if len(circle) <= 10 else [*circle[:9], "…"]
        yield (*path, "supports"), f"{' supports '.join([*names, circle[0]])}", "something has to be onstage"


def _circles(edges: dict[str, list[str]]) -> Iterator[list[str]]:
    """One circle for each that a depth-first search meets, without recursion."""
    state: dict[str, int] = {}
    for start in edges:
        stack = [(start, iter(edges[start]))] if start not in state else []
        state.setdefault(start, 1)
        while stack:
            name, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[name] = 2
                stack.pop()
            elif state.get(following) == 1:
                names = [name for name, _ in stack]
                yield names[names.index(following) :]
            elif following in edges and following not in state:
                state[following] = 1
                stack.append((following, iter(edges[following])))


def _needs(data: Any) -> _Found:
    if not _ids(data, "need"):
        return
    journey = data.get("journey") if isinstance(data, dict) else None
    draft = isinstance(journey, dict) and journey.get("draft") is True
    for path, part in found_at(data, "touchpoints[]"):
        if isinstance(part, dict) and part.get("stage", "onstage") == "onstage" and not _list(part.get("need")):
            message = f"the onstage touchpoint {shown(part.get('id'))} serves no need"
            yield (
                path,
                message,
                "name it with need: …, or write draft: true in journey",
                "warning" if draft else "error",
            )


def _outcomes(data: Any) -> _Found:
    primary = []
    for path, part in found_at(data, "outcomes[]"):
        if not isinstance(part, dict):
            continue
        exit_ = part.get("role") == "exit"
        if part.get("primary") is True:
            primary.append(path)
            if exit_:
                yield (*path, "primary"), "an exit cannot be the primary outcome", "mark the main conversion"
        if exit_ and part.get("rule") is None and part.get("match") is None:
            yield path, "an exit says neither when nor by which event", "add rule: {inactivity: 30d} or match: …"
        if not exit_ and part.get("rule") is not None:
            yield (*path, "rule"), "only an exit has a rule", "add role: exit, or use match: …"
    for path in primary[1:]:
        yield (*path, "primary"), f"{written(primary[0])} is primary already", "keep one"


def _order(data: Any) -> _Found:
    places = {value: place for place, value in enumerate(_ids(data, "phase"))}
    first, last = (next(_texts(data, [f"journey.scope.{end}"]), (None, None)) for end in ("from", "to"))
    if first[1] in places and last[1] in places and places[first[1]] > places[last[1]]:
        yield last[0], f"the scope ends at {shown(last[1])}, before it begins", "exchange from and to"
    seen: set[tuple[str, str]] = set()
    leaving: Counter[str] = Counter()
    for path, part in found_at(data, "transitions[]"):
        if not isinstance(part, dict) or not isinstance(part.get("from"), str) or not isinstance(part.get("to"), str):
            continue
        ends = (part["from"], part["to"])
        if ends in seen:
            yield path, f"the step {ends[0]} → {ends[1]} stands twice", "remove one"
        seen.add(ends)
        if _number(part.get("expected")) and part.get("kind") != "referral":
            leaving[ends[0]] += part["expected"]
            if leaving[ends[0]] > 1 + 1e-9:
                message = f"the expected parts that leave {ends[0]} add up to {leaving[ends[0]]:.4g}"
                yield (*path, "expected"), message, "together they are at most 1", "warning"


def _events(data: Any) -> _Found:
    for path, columns in found_at(data, "events.columns"):
        for name in ("customer", "time", "event"):
            if isinstance(columns, dict) and name not in columns:
                yield path, f"there is no {name!r} among the columns", f"name the column of the data: {name}: …"
    for path, names in found_at(data, "events.dedupe"):
        for name in ("customer", "time"):
            if isinstance(names, list) and names and name not in names:
                yield path, f"{name!r} is missing", "events are the same only if customer and time are"


def _groups(data: Any) -> _Found:
    for path, part in found_at(data, "buying_groups[].members[]"):
        most, least = (part.get("max"), part.get("min", 0)) if isinstance(part, dict) else (None, None)
        if _number(most) and _number(least) and most < least:
            yield (*path, "max"), f"max {most} is less than min {least}", "exchange them"
    for path, part in found_at(data, "buying_groups[].gates[].requires"):
        if not isinstance(part, dict):
            continue
        some, whole = part.get("at_least"), _list(part.get("of"))
        if not _list(part.get("all_of")) and some is None:
            yield path, "the gate requires nobody", "write all_of: [role], or at_least: 2, of: [role, role]"
        if (some is None) != (not whole):
            yield path, "at_least and of belong together", "as in {at_least: 2, of: [a, b, c]}"
        elif some is not None and _number(some) and whole and some > len(whole):
            yield (*path, "at_least"), f"{some} of {len(whole)} cannot be", f"at most {len(whole)}"


def _personas(data: Any) -> _Found:
    for path, part in found_at(data, "personas[]"):
        weights = [value for _, value in found_at(part, "criteria[].weight")]
        if weights and len(weights) == len(list(found_at(part, "criteria[]"))) and all(map(_number, weights)):
            total = sum(weights)
            if abs(total - 1) > 1e-9:
                yield (*path, "criteria"), f"the weights add up to {total:.6g}", "they should add up to 1", "warning"
    shares = [value for _, value in found_at(data, "personas[].share") if _number(value)]
    if sum(shares) > 1 + 1e-9:
        yield ("personas",), f"the shares add up to {sum(shares):.6g}", "together they are at most 1", "warning"
    for pattern in ("personas[].demographics.age", "personas[].company.size"):
        for path, pair in found_at(data, pattern):
            if isinstance(pair, list) and len(pair) == 2 and all(map(_number, pair)) and pair[0] > pair[1]:
                yield path, f"{shown(pair)} begins with the larger", "write the smaller first"


def _hidden(data: Any) -> _Found:
    """Touchpoints that an earlier one with the same rule always wins from."""
    first: dict[str, str] = {}
    for path, part in found_at(data, "touchpoints[]"):
        if not isinstance(part, dict) or not isinstance(part.get("id"), str):
            continue
        rule = rules.written_out(part.get("match") or {"event": {"eq": part["id"]}})
        channels = sorted(name for name in _list(part.get("channel")) if isinstance(name, str))
        key = repr((rule, part.get("when"), channels))
        if key in first:
            message = f"{shown(part['id'])} can never match: {shown(first[key])} has the same rule and stands above it"
            yield path, message, "give one of them another rule, or a when", "warning"
        first.setdefault(key, part["id"])


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


def _number(value: Any) -> TypeIs[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_CHECKS: tuple[Callable[[Any], _Found], ...] = (
    _duplicates,
    _references,
    _kpis,
    _rules,
    _names_of_phases,
    _levels,
    _stages,
    _needs,
    _outcomes,
    _order,
    _events,
    _groups,
    _personas,
    _hidden,
)
