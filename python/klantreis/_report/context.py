# SPDX-License-Identifier: MIT
"""What the sections of a report share: the journeys, the options, and the results that several of them use."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from klantreis._attribution import Model, attribute
from klantreis._dropoff import DropOff, drop_off
from klantreis._funnel import funnel
from klantreis._improve import MakeOrBreak, improve, make_or_break
from klantreis._journeys import Journeys
from klantreis._kpi import kpis
from klantreis._map import JourneyMap
from klantreis._markov import select_order
from klantreis._measure import Measure, measure
from klantreis._patterns import likely_paths, variants
from klantreis._report.change import Change, change_of, changed
from klantreis._report.icons import icon, icon_of
from klantreis._report.map_grid import is_small
from klantreis._report.states import Flow, ordered, rolled_up
from klantreis._report.steps import proposed
from klantreis._report.views import View, view_of
from klantreis._report.words import Words, clean
from klantreis._table import Table
from klantreis._transitions import transitions

if TYPE_CHECKING:
    from klantreis._duration import InstantLike

MODELS: tuple[Model, ...] = ("markov", "linear", "first_touch", "last_touch")
MIN_N = 30
MOST_ORDER = 3
FLOW_COLUMNS = 9
# No name of the log holds a NUL.
OTHER = "\0other"
MOST_PATHS = 500
# The column that says how many are in a row, where small groups are left out.
_SIZES = ("n", "count", "weight", "customers")


@dataclass(frozen=True)
class Part:
    """A section that has something to say."""

    id: str
    nav: str
    values: Mapping[str, Any]
    views: Sequence[View] = ()


@dataclass(frozen=True)
class Absent:
    """A section without rows, and why."""

    id: str
    nav: str
    reason: Markup


class Context:
    """The journeys of one report and what was found out about them."""

    def __init__(
        self,
        journeys: Journeys,
        *,
        words: Words,
        title: str | None,
        steps: Sequence[str | Sequence[str]] | None,
        by: str | None,
        min_group: int | None,
        earlier: Journeys | None = None,
        since: InstantLike | None = None,
        audience: str | None = None,
        owner: str | None = None,
    ) -> None:
        self.journeys = journeys
        self.log = journeys.log
        self.words = words
        self.title = title
        self.steps = steps
        self.min_group = min_group
        self.earlier, self._since = earlier, since
        self.audience, self.owner = audience, owner
        self.least = words.count(min_group or 0)
        labels = self.log.labels
        if self.log.map is not None:
            words.titles = titles_of(self.log.map)
        self.item_by = by or "touchpoint"
        self.flow_by = by or ("phase" if "phase" in labels else "touchpoint")
        self.credit_by = by or ("channel" if "channel" in labels else "touchpoint")

    @functools.cached_property
    def going_on(self) -> Journeys:
        """Journeys that go on after their conversion: what figures, flow and leaving are about.

        Cut at the conversion, what an order brings with it (a delivery, a survey) would be a journey that converts no
        more.
        """
        return self._recut("continue")

    @functools.cached_property
    def cut(self) -> Journeys:
        """Journeys that end at their conversion: what attribution and likely paths need."""
        return self._recut("new") if self.journeys.after_conversion == "continue" else self.journeys

    @functools.cached_property
    def to_first(self) -> Journeys:
        """Journeys up to the first conversion of a customer: what is compared.

        Cut at every conversion, what follows one would count as journeys that do not convert.
        """
        return self._recut("stop")

    @functools.cached_property
    def map(self) -> JourneyMap | None:
        """The journey map that the log was read with."""
        return self.log.map

    @functools.cached_property
    def part(self) -> JourneyMap | None:
        """The part of the map that the reader works with; all of it where no reader is named."""
        if self.map is None or (self.audience is None and self.owner is None):
            return self.map
        return self.map.view(self.audience, owner=self.owner)

    @functools.cached_property
    def reader(self) -> Markup:
        """Who the report is for, empty where nobody is named; not what the map calls a phase of that name."""
        names = [Markup("<bdi>{}</bdi>").format(clean(name)) for name in (self.audience, self.owner) if name]
        return Markup(", ").join(names)

    def concerns(self, item: str) -> bool:
        """Whether an item of the sections is in the part of the map that the reader works with."""
        if self.part is None or self.part is self.map or self.item_by not in ("touchpoint", "phase"):
            return True
        known = self.part.touchpoints if self.item_by == "touchpoint" else self.part.phases
        return item in {entry.id for entry in known}

    def concerning(self, table: Table, column: str) -> Table:
        """The rows whose item is in that part."""
        keep = [row for row, item in enumerate(table[column]) if self.concerns(item)]
        return table if len(keep) == len(table) else Table(table._core.take(keep))

    @functools.cached_property
    def measured(self) -> Measure | None:
        """The phases of the map or, without one, those of the log; None where it has none."""
        if self.map is not None:
            return measure(self.journeys, min_n=MIN_N)
        if "phase" not in self.log.labels:
            return None
        # The columns stand in the order in which the fewest moves go back.
        moves = {
            (row["from"], row["to"]): float(row["weight"])
            for row in (
                self.moves if self.flow_by == "phase" else transitions(self.going_on, by="phase", collapse=True)
            )
            if row["from"] != "(start)" and row["to"] not in _ENDS
        }
        counts = self.log.counts("phase")
        names = [name for name in counts["phase"] if name != "(none)"]
        phases = ordered(names, moves) if len(names) <= _MOST_ORDERED else tuple(names)
        return measure(self.journeys, map=list(phases), min_n=MIN_N) if phases else None

    @functools.cached_property
    def kpis(self) -> Table | None:
        """The KPIs of the map."""
        return kpis(self.journeys, map=self.map) if self.map is not None else None

    def _recut(self, after: Any) -> Journeys:
        return self.journeys if self.journeys.after_conversion == after else self.journeys.recut(after_conversion=after)

    @functools.cached_property
    def figures(self) -> dict[str, Any]:
        """The headline figures of the journeys."""
        return self.summary.to_dicts()[0]

    @functools.cached_property
    def summary(self) -> Table:
        """The same as a table."""
        return self.going_on.summary(min_n=MIN_N)

    @functools.cached_property
    def leaving(self) -> DropOff:
        """Where customers leave."""
        return drop_off(self.going_on, by=self.item_by, collapse=True, min_n=MIN_N)

    @functools.cached_property
    def fixes(self) -> tuple[Table, Table | None]:
        """What keeping a few more customers brings, where it can be changed and, with a map, everywhere."""
        inside = improve(self.cut, by=self.item_by, collapse=True, min_n=MIN_N)
        if self.map is None:
            return inside, None
        return inside, improve(self.cut, by=self.item_by, collapse=True, min_n=MIN_N, controllable="all")

    @functools.cached_property
    def steps_taken(self) -> Table:
        """How many customers went from each item to each other one, up to the conversion."""
        return transitions(self.cut, by=self.item_by, collapse=True)

    @functools.cached_property
    def passed(self) -> MakeOrBreak:
        """Which items the conversions depend on."""
        return make_or_break(self.cut, by=self.item_by, collapse=True, min_n=MIN_N)

    @functools.cached_property
    def credits(self) -> dict[str, Table]:
        """Attribution by each model; none without a conversion."""
        if not self.cut.conversions:
            return {}
        costs = "touches" if self.log._handle.has_costs else None
        return {
            model: attribute(
                self.cut, model=model, by=self.credit_by, min_n=MIN_N, cost=costs if model == "markov" else None
            )
            for model in MODELS
        }

    @functools.cached_property
    def orders(self) -> Table:
        """How well each order of the chain foretells journeys of customers who were held out."""
        return select_order(self.cut, by=self.credit_by, max_order=MOST_ORDER, folds=5)

    @functools.cached_property
    def variants(self) -> Table:
        """The distinct paths that end at a conversion or without one, repeats merged."""
        return variants(self.cut, by=self.item_by, collapse=True, limit=MOST_PATHS, min_n=MIN_N)

    @functools.cached_property
    def whole(self) -> Table:
        """The distinct paths of journeys that go on after a conversion, repeats merged."""
        return variants(self.going_on, by=self.item_by, collapse=True, limit=MOST_PATHS, min_n=MIN_N)

    @functools.cached_property
    def likely(self) -> Table | None:
        """The most probable paths to the conversion."""
        return likely_paths(self.cut, by=self.item_by, collapse=True, limit=6) if self.cut.conversions else None

    @functools.cached_property
    def moves(self) -> Table:
        """The transitions of the flow."""
        return self._moves_by(self.flow_by)

    def _moves_by(self, by: str) -> Table:
        return transitions(self.going_on, by=by, collapse=True, min_n=MIN_N)

    @functools.cached_property
    def flow(self) -> Flow:
        """What flows between at most ten states."""
        starts: dict[str, float] = {}
        ends: dict[str, float] = {}
        moves: dict[tuple[str, str], float] = {}
        states: dict[str, None] = {}
        for row in self.moves:
            source, target, weight = row["from"], row["to"], float(row["weight"])
            if source == "(start)" and target in _ENDS:
                continue
            if source == "(start)":
                starts[target] = weight
            elif target in _ENDS:
                ends[source] = ends.get(source, 0.0) + weight
            else:
                moves[source, target] = weight
            states.update({name: None for name in (source, target) if name != "(start)" and name not in _ENDS})
        exits = drop_off(self.going_on, by=self.flow_by, collapse=True)
        left = {row[self.flow_by]: float(row["exits"]) for row in exits if row["exits"]}
        rest = {name: count - left.get(name, 0.0) for name, count in ends.items() if count > left.get(name, 0.0)}
        flow = Flow(tuple(states), starts, moves, left, rest)
        if len(states) > FLOW_COLUMNS + 1:
            most = sorted(states, key=lambda name: -flow.visits(name))[:FLOW_COLUMNS]
            flow = rolled_up(flow, most, OTHER)
        order = ordered(sorted(flow.states, key=lambda name: -flow.visits(name)), flow.moves)
        return Flow(order, flow.starts, flow.moves, flow.left, flow.rest)

    @functools.cached_property
    def flow_states(self) -> int:
        """How many states there were before the smallest were merged."""
        return len({name for row in self.moves for name in (row["from"], row["to"])} - {"(start)", *_ENDS})

    @functools.cached_property
    def converters(self) -> dict[str, Any] | None:
        """Customers who converted, of all customers; None without conversion."""
        known = set(self.log.touchpoints)
        names = [name for name in self.journeys.conversion if name in known]
        return funnel(self.journeys, [names], min_n=MIN_N).to_dicts()[0] if names else None

    @functools.cached_property
    def change(self) -> Change | Markup:
        """The journeys beside earlier ones or, where there are none, why."""
        return change_of(self, self.earlier, self._since, MIN_N)

    def changed(self, kind: str) -> dict[str, Any] | None:
        """A headline rate then and now, where it may be shown."""
        if not self.cut.conversions or not isinstance(self.change, Change):
            return None
        row = self.change.rates.get((kind, ""))
        small = row is None or any(self.is_small(row[name]) for name in ("n_first", "n_second"))
        return None if row is None or small else changed(self.words, self.change, row)

    @functools.cached_property
    def funnel_steps(self) -> tuple[Sequence[Any], Markup]:
        """The steps of the funnel, and a sentence that says where they come from."""
        return (self.steps, self.words("funnel.sub.given")) if self.steps is not None else proposed(self)

    @functools.cached_property
    def funnel(self) -> tuple[Table | None, Markup]:
        """The funnel, and where its steps come from."""
        steps, said = self.funnel_steps
        return (funnel(self.journeys, steps, by=self.item_by, min_n=MIN_N) if steps else None), said

    def icon(self, by: str, name: str) -> dict[str, str] | None:
        """The icon of a channel or, where the map knows it, of the channel of a touchpoint."""
        channels = {} if self.map is None else {channel.id: channel for channel in self.map.channels}
        if by == "touchpoint" and self.map is not None:
            of = next((item.channel for item in self.map.touchpoints if item.id == name), None)
            name = of if isinstance(of, str) else of[0] if of else ""
        elif by != "channel":
            return None
        known = channels.get(name)
        if not name or (by == "touchpoint" and known is None):
            return None
        return (
            icon(self.words, icon_of(known.id, known.name, known.medium), str(known.owned or "unknown"))
            if known is not None
            else icon(self.words, icon_of(name), "unknown")
        )

    def is_small(self, count: float | None) -> bool:
        """Whether a group is too small to be shown."""
        return is_small(count, self.min_group)

    def shown(self, table: Table, size: str | None = None) -> Table:
        """The rows that may be shown."""
        column = size or next((name for name in _SIZES if name in table.columns), None)
        if self.min_group is None or column is None:
            return table
        keep = [row for row, count in enumerate(table[column]) if not self.is_small(count)]
        return table if len(keep) == len(table) else Table(table._core.take(keep))

    @functools.cached_property
    def known_credits(self) -> dict[str, Table]:
        """The attribution without the items that few customers met; its own ``n`` is all customers."""
        if self.min_group is None:
            return self.credits
        counts = self.log.counts(self.credit_by)
        people = dict(zip(counts[self.credit_by], counts["customers"], strict=True))
        found = {}
        for model, table in self.credits.items():
            keep = [row for row, name in enumerate(table[self.credit_by]) if not self.is_small(people.get(name))]
            found[model] = table if len(keep) == len(table) else Table(table._core.take(keep))
        return found

    def view(
        self, id: str, name: str, caption: Markup, table: Table, size: str | None = None, kept: Table | None = None
    ) -> View:
        """Prepare a table for the page: ``kept`` of it, or the rows whose ``size`` is not too small."""
        kept = self.shown(table, size) if kept is None else kept
        return view_of(self.words, id, name, caption, kept, suppressed=len(table) - len(kept))


def titles_of(map: JourneyMap) -> dict[str, str]:
    """What the ids of a map are called; an id that means two things keeps to itself."""
    found: dict[str, set[str]] = {}
    named = [(part.id, part.name) for part in map.touchpoints] + [(part.id, part.name) for part in map.channels]
    for id, name in [*named, *((part.id, part.name) for part in map.phases)]:
        found.setdefault(id, set()).add(name or id)
    return {id: next(iter(names)) for id, names in found.items() if len(names) == 1}


# So many states are put in their best order; it takes twice as long for each one more.
_MOST_ORDERED = 12
_ENDS = ("(conversion)", "(null)", "(end)")
