# SPDX-License-Identifier: MIT
"""The journey map as a grid: what stands in each phase, as plain values. How it looks is for the templates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from klantreis._report.icons import icon_of

if TYPE_CHECKING:
    from klantreis._map import JourneyMap
    from klantreis._measure import Measure
    from klantreis._table import Table

MOST_CHIPS = 8
MOST_KPIS = 4


@dataclass(frozen=True)
class Chip:
    """A touchpoint in a phase."""

    id: str
    name: str
    channels: tuple[str, ...] = ()
    owned: str = "unknown"
    icon: str = ""
    """None where the touchpoint has no channel."""
    customers: int | None = None
    """None: not measured."""
    leave: float = 0.0
    """Share of the visits with which a journey ended."""
    rests: bool = False
    """Most of the journeys that ended here had converted."""
    supports: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True)
class Bar:
    """How many came, and what became of them; the shares add up to 1."""

    height: float
    on: float
    rest: float
    left: float


@dataclass(frozen=True)
class Felt:
    """A measured emotion."""

    value: float
    lower: float | None
    upper: float | None
    answers: int


@dataclass(frozen=True)
class Kpi:
    """A figure of a phase; ``row`` is its row in the table of KPIs."""

    name: str
    row: Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """One phase."""

    id: str
    name: str
    measured: bool = True
    row: Mapping[str, Any] | None = None
    """The row of the phase in the table of phases, with its visits of settled journeys; None when not measured."""
    bar: Bar | None = None
    actions: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    chips: tuple[Chip, ...] = ()
    more_chips: int = 0
    backstage: tuple[Chip, ...] = ()
    company: tuple[str, ...] = ()
    expected: float | None = None
    driver: str = ""
    felt: Felt | None = None
    kpis: tuple[Kpi, ...] = ()
    more_kpis: int = 0


@dataclass(frozen=True)
class Grid:
    """The columns, and which lanes have anything to say."""

    columns: tuple[Column, ...]
    lanes: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Rows:
    """Rows of the tables that a grid is made of; none where nothing was measured."""

    phases: Sequence[Mapping[str, Any]] = ()
    moves: Sequence[Mapping[str, Any]] = ()
    touchpoints: Sequence[Mapping[str, Any]] = ()
    emotions: Sequence[Mapping[str, Any]] = ()
    kpis: Sequence[Mapping[str, Any]] = ()


def is_small(count: float | None, least: int | None) -> bool:
    """Whether a group has fewer than ``least`` and is not to be shown; nobody is no group."""
    return least is not None and count is not None and 0 < count < least


def rows_of(measured: Measure, kpis: Table | None, small: Callable[[float | None], bool]) -> Rows:
    """Take the rows out of what was measured, without the groups that are too small."""

    def kept(table: Table, size: str) -> list[dict[str, Any]]:
        return [row for row in table.to_dicts() if not small(row[size])]

    return Rows(
        phases=kept(measured.phases, "reach"),
        moves=measured.transitions.to_dicts(),
        touchpoints=kept(measured.touchpoints, "reach"),
        emotions=kept(measured.emotions, "n"),
        kpis=[] if kpis is None else kept(kpis, "n"),
    )


def grid_of(
    phases: Iterable[Mapping[str, Any]],
    *,
    map: JourneyMap | None = None,
    level: str | None = None,
    moves: Iterable[Mapping[str, Any]] = (),
    touchpoints: Iterable[Mapping[str, Any]] = (),
    emotions: Iterable[Mapping[str, Any]] = (),
    kpis: Iterable[Mapping[str, Any]] = (),
    most_chips: int = MOST_CHIPS,
) -> Grid:
    """Arrange tables of :func:`klantreis.measure` and :func:`klantreis.kpis` by phase.

    Parameters
    ----------
    phases
        Rows of the table of phases, in the order of the design.
    map
        The designed journey: names, needs, actions, backstage.
    level
        The level of the map on which was measured; None: its own phases.
    moves
        Rows of the table of transitions, which tell the visits of settled journeys.
    touchpoints, emotions, kpis
        Rows of the other tables.
    most_chips
        So many touchpoints are shown in a phase, those with most customers; the rest is counted.
    """
    settled: dict[str, int] = {}
    for move in moves:
        settled[str(move["from"])] = settled.get(str(move["from"]), 0) + int(move["weight"])
    rows = {str(row["phase"]): {**row, "settled": settled.get(str(row["phase"]), 0)} for row in phases}
    groups = _groups(map, level, list(rows))
    felt = {str(row["phase"]): row for row in emotions}
    figures: dict[str, list[Mapping[str, Any]]] = {}
    for row in kpis:
        figures.setdefault(str(row.get("phase") or ""), []).append(row)
    visits = {str(row["touchpoint"]): row for row in touchpoints}
    most = max((int(row["reach"]) for row in rows.values()), default=0)
    columns = tuple(
        _column(name, members, rows.get(name), felt.get(name), figures, visits, most, map, most_chips)
        for name, members in groups
    )
    lanes = frozenset(
        lane
        for lane, has in {
            "reach": any(column.row for column in columns),
            "actions": any(column.actions for column in columns),
            "touchpoints": any(column.chips for column in columns),
            "needs": any(column.needs or column.questions for column in columns),
            "mood": any(column.expected is not None or column.felt for column in columns),
            "backstage": any(column.backstage or column.company for column in columns),
            "kpis": any(column.kpis for column in columns),
        }.items()
        if has
    )
    return Grid(columns, lanes)


def _groups(map: JourneyMap | None, level: str | None, measured: Sequence[str]) -> list[tuple[str, list[Any]]]:
    """The columns, each with the phases of the map that it stands for."""
    if map is None:
        return [(name, []) for name in measured]
    groups: dict[str, list[Any]] = {}
    for phase in map.phases:
        groups.setdefault((phase.rollup or {}).get(level, phase.id) if level else phase.id, []).append(phase)
    return list(groups.items())


def _column(
    name: str,
    members: Sequence[Any],
    row: Mapping[str, Any] | None,
    felt: Mapping[str, Any] | None,
    figures: Mapping[str, Sequence[Mapping[str, Any]]],
    visits: Mapping[str, Mapping[str, Any]],
    most: int,
    map: JourneyMap | None,
    most_chips: int,
) -> Column:
    measured = not members or any(phase.measured for phase in members)
    ids = {phase.id for phase in members}
    chips, backstage = _chips(name, ids, visits, map, measured=row is not None)
    own = [entry for id in (sorted(ids) if ids else [name]) for entry in figures.get(id, ())]
    own += [] if name in ids or not ids else list(figures.get(name, ()))
    names = {kpi.id: kpi.name or kpi.id for kpi in map.kpis} if map is not None else {}
    shown = [Kpi(names.get(str(entry["kpi"]), str(entry["kpi"])).replace("_", " "), entry) for entry in own]
    single = members[0] if len(members) == 1 else None
    return Column(
        id=name,
        name=str(single.name or single.id) if single is not None else name,
        measured=measured,
        row=row if measured else None,
        bar=_bar(row, most) if row is not None and measured else None,
        actions=tuple(text for phase in members for text in phase.customer_actions),
        needs=tuple(need.text or need.id for phase in members for need in phase.needs),
        questions=tuple(text for phase in members for text in phase.questions),
        chips=tuple(chips[:most_chips]),
        more_chips=max(0, len(chips) - most_chips),
        backstage=tuple(backstage),
        company=tuple(text for phase in members for text in phase.company_actions),
        expected=_expected(row, members),
        driver=next((phase.emotion.driver for phase in members if phase.emotion and phase.emotion.driver), ""),
        felt=_felt(felt),
        kpis=tuple(shown[:MOST_KPIS]),
        more_kpis=max(0, len(shown) - MOST_KPIS),
    )


def _expected(row: Mapping[str, Any] | None, members: Sequence[Any]) -> float | None:
    if row is not None and row.get("emotion_expected") is not None:
        return float(row["emotion_expected"])
    known = [phase.emotion.expected for phase in members if phase.emotion and phase.emotion.expected is not None]
    return sum(known) / len(known) if known else None


def _felt(row: Mapping[str, Any] | None) -> Felt | None:
    if row is None or row["measured"] is None:
        return None
    return Felt(float(row["measured"]), row["lower"], row["upper"], int(row["answers"]))


def _bar(row: Mapping[str, Any], most: int) -> Bar:
    """The customers who came; journeys that ended here as parts of it.

    A customer can end two journeys in a phase, so that ends can exceed customers: they are then scaled to them.
    """
    reach, left, rest = int(row["reach"]), int(row["left"]), int(row["at_rest"])
    whole = max(reach, left + rest, 1)
    return Bar(reach / most if most else 0.0, 1 - (left + rest) / whole, rest / whole, left / whole)


def _chips(
    name: str,
    ids: set[str],
    visits: Mapping[str, Mapping[str, Any]],
    map: JourneyMap | None,
    *,
    measured: bool,
) -> tuple[list[Chip], list[Chip]]:
    """The touchpoints of a phase on the stage, those with most customers first, and those behind it."""
    onstage: list[Chip] = []
    offstage: list[Chip] = []
    if map is None:
        onstage = [_measured(Chip(id, id), row) for id, row in visits.items() if row.get("phase") == name]
    else:
        channels = {channel.id: channel for channel in map.channels}
        titles = {touchpoint.id: touchpoint.name or touchpoint.id for touchpoint in map.touchpoints}
        for touchpoint in map.touchpoints:
            if touchpoint.phase not in ids:
                continue
            own = [channels[id] for id in _several(touchpoint.channel) if id in channels]
            chip = Chip(
                id=touchpoint.id,
                name=titles[touchpoint.id],
                channels=tuple(channel.name or channel.id for channel in own) or tuple(_several(touchpoint.channel)),
                icon=icon_of(*(text for channel in own for text in (channel.id, channel.name, channel.medium)))
                if own
                else "",
                owned=next((str(channel.owned) for channel in own if channel.owned), "unknown"),
                supports=tuple(titles.get(id, id) for id in touchpoint.supports),
                owner=touchpoint.owner or "",
            )
            row = visits.get(touchpoint.id)
            if measured and row is not None and all(channel.measured for channel in own):
                chip = _measured(chip, row)
            (offstage if touchpoint.stage == "offstage" else onstage).append(chip)
    return sorted(onstage, key=lambda chip: -1 if chip.customers is None else -chip.customers - 2), offstage


def _measured(chip: Chip, row: Mapping[str, Any]) -> Chip:
    ends = int(row["left"]) + int(row["at_rest"])
    values = {
        **vars(chip),
        "customers": int(row["reach"]),
        "leave": ends / row["visits"] if row["visits"] else 0.0,
        "rests": int(row["at_rest"]) > int(row["left"]),
    }
    return Chip(**values)


def _several(value: Any) -> list[str]:
    return [] if not value else [value] if isinstance(value, str) else list(value)
