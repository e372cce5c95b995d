# SPDX-License-Identifier: MIT
"""The designed journey against the actual one: moves, alignment, token replay, walkthroughs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from klantreis import _core
from klantreis._arguments import require_journeys, thread_count
from klantreis._core import InputError
from klantreis._design import MapLike, design_of, names_of, walk_ends
from klantreis._duration import instant
from klantreis._journeys import Journeys
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._design import Design

Names = str | Iterable[str] | None


class Alignment(NamedTuple):
    """The best fit of a trace to a design: what it costs, how well it fits, and the steps of both."""

    cost: int
    fitness: float
    steps: list[tuple[str, str]]


class Conformance(Table):
    """The result of :func:`klantreis.conformance`: the designed arrows, with other tables beside them."""

    __slots__ = ("_deviations", "_journeys", "_moves", "_places", "_summary")

    def __init__(
        self,
        tables: tuple[_core.Table, _core.Table, _core.Table, _core.Table],
        journeys: Journeys,
        places: tuple[Design, list[str], list[str], int],
    ) -> None:
        arrows, deviations, moves, summary = tables
        super().__init__(arrows)
        self._deviations = Table(deviations)
        self._moves = Table(moves)
        self._summary = Table(summary)
        self._journeys = journeys
        self._places = places

    @property
    def deviations(self) -> Table:
        """Moves that nobody designed, most frequent first: ``from, to, direction, weight, n, probability, …``."""
        return self._deviations

    @property
    def moves(self) -> Table:
        """All moves, with ``(start)`` and ``(end)``: ``from, to, weight, n, probability, …, kind``."""
        return self._moves

    @property
    def summary(self) -> Table:
        """One row.

        ``journeys, moves, conforming, conformity, lower, upper, n, marks, journeys_moving, journeys_conforming,
        arrows_taken, arrows_never_taken, deviations``.
        """
        return self._summary

    @property
    def conformity(self) -> float | None:
        """The share of the moves that the design has."""
        value: float | None = self._summary["conformity"][0]
        return value

    def alignments(self) -> Table:
        """Align every distinct trace with the design: ``path, count, moves, conforming, conformity, cost, fitness``.

        Worst fitness first. ``cost`` counts the phases to add to the trace or to leave out of it so that it becomes a
        designed walk; fitness is 1 - cost / (steps of the trace + measured phases of the shortest designed walk).
        """
        return self._aligned(_core.alignments)

    def journeys(self) -> Table:
        """Show for each journey how well it follows the design.

        Returns
        -------
        Table
            ``customer, journey, path, moves, conforming, conformity, cost, fitness, settled``, by customer and time.
        """
        return self._aligned(_core.journey_conformity)

    def _aligned(self, function: Any) -> Table:
        design, starts, ends, threads = self._places
        return Table(function(self._journeys._handle, design._handle, starts=starts, ends=ends, threads=threads))


def conformance(
    journeys: Journeys,
    *,
    level: str | None = None,
    map: MapLike = None,
    start: Names = None,
    end: Names = None,
    confidence: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Conformance:
    """Compare the designed journey with the actual one.

    Parameters
    ----------
    journeys
        The journeys; the settled ones count, followed beyond their conversions.
    level, map, confidence, min_n, threads
        As for :func:`klantreis.measure`.
    start, end
        Where designed walks begin and end, for alignments: a phase, several, or ``"any"``. None: the first and the last
        measured one.

    Returns
    -------
    Conformance
        One row per designed arrow: ``from, to, kind, expected, weight, n, probability, lower, upper, marks,
        median_time, max_time, in_time, in_time_lower, in_time_upper, status``. ``probability`` is the weight over all
        visits of ``from`` and ``in_time`` the share of the moves within ``max_time``. ``.deviations``, ``.moves``,
        ``.summary``, ``.alignments()`` and ``.journeys()`` are further tables.

    Notes
    -----
    A move leads from a visit of a phase to the next visit and takes the time between their first events. ``status`` is
    ``ok`` where the share is as high as expected (of ``back``, ``loop`` and ``skip``: as low), else ``off``, or ``off,
    could be chance`` where the interval holds what is expected; ``too little data`` below ``min_n`` customers;
    ``taken`` where nothing is expected; ``never taken``; ``not measured`` where nobody was in ``from``.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-01", "2024-03-02"]
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2], "timestamp": days,
    ...                "touchpoint": ["view", "order", "view", "view", "call"]},
    ...               phase={"view": "look", "order": "buy", "call": "use"})
    >>> found = kr.conformance(kr.journeys(log, conversion="order"), map=["look", "buy", "use"])
    >>> [(row["from"], row["to"], row["weight"], row["status"]) for row in found]
    [('look', 'buy', 1, 'taken'), ('buy', 'use', 0, 'never taken')]
    >>> [(row["from"], row["to"], row["direction"]) for row in found.deviations]
    [('look', 'use', 'skip'), ('buy', 'look', 'back')]
    """
    require_journeys(journeys, "conformance")
    design = design_of(journeys, map, level, "conformance")
    number = thread_count(threads)
    counts = _core.count_conformance(journeys._handle, design._handle, threads=number)
    return Conformance(
        counts.tables(confidence, float(min_n)),
        journeys,
        (design, walk_ends(design, start), walk_ends(design, end), number),
    )


def align(
    trace: Sequence[str], map: MapLike, *, level: str | None = None, start: Names = None, end: Names = None
) -> Alignment:
    """Align one trace of phases with a designed journey.

    Parameters
    ----------
    trace
        Names of phases in the order in which they were visited; others only cost.
    map
        A :class:`JourneyMap`, a :class:`Design`, or the names of phases, each of which leads to the next.
    level, start, end
        As for :func:`klantreis.conformance`.

    Returns
    -------
    Alignment
        ``cost``: phases to add to the trace or to leave out of it; ``fitness``: 1 - cost / (steps of the trace +
        measured phases of the shortest designed walk); ``steps``: pairs of ``"both"``, ``"only_trace"`` or
        ``"only_design"`` and the phase.

    Notes
    -----
    The alignment of least cost, with unit costs: Adriansyah, van Dongen and van der Aalst 2011,
    doi:10.1109/EDOC.2011.12. Phases that are not measured cost nothing.

    Examples
    --------
    >>> import klantreis as kr
    >>> found = kr.align(["a", "c", "d"], ["a", "b", "c", "d"])
    >>> found.cost, round(found.fitness, 3), found.steps[1]
    (1, 0.857, ('only_design', 'b'))
    """
    if isinstance(trace, str):
        raise InputError(f"the trace is {trace!r}; give a list of phases, as in [{trace!r}]")
    design = design_of(None, map, level, "align")  # type: ignore[arg-type]
    return Alignment(
        *_core.align(design._handle, list(trace), starts=walk_ends(design, start), ends=walk_ends(design, end))
    )


def token_replay(
    traces: Journeys | Iterable[Sequence[str]] | Mapping[tuple[str, ...], int],
    net: Mapping[str, tuple[Iterable[str], Iterable[str]]],
    *,
    source: str = "start",
    sink: str = "end",
    by: str = "touchpoint",
    threads: int | None = None,
) -> Table:
    """Replay journeys on a Petri net and count the tokens that are missing and left over.

    Parameters
    ----------
    traces
        Journeys, of which the settled ones are replayed; or traces, each a sequence of names; or a dict from traces to
        how often each occurs.
    net
        The transitions: for each name the places it takes a token from, and the places it puts one to.
    source, sink
        The places where a trace begins and ends with one token.
    by
        Of journeys: ``"touchpoint"``, ``"channel"``, ``"phase"`` (whose runs merge) or an attribute.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        One row: ``traces, fitting, produced, consumed, missing, remaining, skipped, fitness``. Steps that the net does
        not know are skipped. Fitness is ½ (1 - missing / consumed) + ½ (1 - remaining / produced).

    Notes
    -----
    Rozinat and van der Aalst 2008, doi:10.1016/j.is.2007.07.001.

    Examples
    --------
    >>> import klantreis as kr
    >>> net = {"a": (["start"], ["p1", "p2"]), "b": (["p1"], ["p3"]), "c": (["p2"], ["p4"]),
    ...        "d": (["p3", "p4"], ["end"])}
    >>> kr.token_replay([list("abcd"), list("abd")], net).to_dicts()[0]["missing"]
    1
    """
    transitions = []
    for name, places in net.items():
        if isinstance(places, str) or len(tuple(places)) != 2:
            raise InputError(f"the transition {name!r} is {places!r}; give its input places and its output places")
        inputs, outputs = places
        transitions.append((name, names_of(inputs), names_of(outputs)))
    if isinstance(traces, Journeys):
        return Table(
            _core.token_replay(
                traces._handle, transitions, source=source, sink=sink, by=by, threads=thread_count(threads)
            )
        )
    counted = traces.items() if isinstance(traces, Mapping) else ((trace, 1) for trace in traces)
    return Table(
        _core.replay_traces(
            [([str(step) for step in trace], times) for trace, times in counted], transitions, source=source, sink=sink
        )
    )


class Walkthrough(Table):
    """The result of :func:`klantreis.walkthrough`: the steps of an own walk, with its :attr:`summary`."""

    __slots__ = ("_summary",)

    def __init__(self, steps: _core.Table, summary: _core.Table) -> None:
        super().__init__(steps)
        self._summary = Table(summary)

    @property
    def summary(self) -> Table:
        """One row: ``steps, moves, conforming, conformity, cost, fitness``."""
        return self._summary


def walkthrough(
    steps: Iterable[str | Mapping[str, Any]],
    map: MapLike,
    *,
    level: str | None = None,
    start: Names = None,
    end: Names = None,
) -> Walkthrough:
    """Check your own walk through the journey against its design. It enters no figure of customers.

    Parameters
    ----------
    steps
        The touchpoints in the order of the walk; each a name, or a dict with ``touchpoint`` and, where wanted,
        ``time``, ``emotion`` (from -2 to 2) and ``note``. Names of phases will do.
    map, level, start, end
        As for :func:`klantreis.align`.

    Returns
    -------
    Walkthrough
        One row per step: ``step, touchpoint, phase, move, seconds, max_time, in_time, emotion, expected, note``.
        ``move`` is ``start``, ``same phase``, ``designed``, ``deviation`` or ``unknown touchpoint``.

    Examples
    --------
    >>> import klantreis as kr
    >>> design = kr.Design(["look", "buy", "use"], touchpoints=[{"name": "view", "phase": "look"},
    ...                                                        {"name": "call", "phase": "use"}])
    >>> walk = kr.walkthrough(["view", {"touchpoint": "call", "emotion": -1, "note": "long wait"}], design)
    >>> walk["move"], walk.summary["conformity"]
    (['start', 'deviation'], [0.0])
    """
    if isinstance(steps, str):
        raise InputError(f"the steps are {steps!r}; give a list of touchpoints, as in [{steps!r}]")
    known = ("touchpoint", "time", "emotion", "note")
    rows = []
    for number, given in enumerate(steps, 1):
        step = given if isinstance(given, Mapping) else {"touchpoint": given}
        for name in step:
            if name not in known:
                raise InputError(f"step {number} of the walkthrough has {name!r}; it may have {', '.join(known)}")
        if not isinstance(step.get("touchpoint"), str):
            raise InputError(f"step {number} of the walkthrough names no touchpoint")
        at, emotion = step.get("time"), step.get("emotion")
        rows.append(
            (
                step["touchpoint"],
                None if at is None else instant(at, f"time of step {number}"),
                math.nan if emotion is None else float(emotion),
                str(step.get("note") or ""),
            )
        )
    design = design_of(None, map, level, "walkthrough")  # type: ignore[arg-type]
    return Walkthrough(
        *_core.check_walkthrough(design._handle, rows, starts=walk_ends(design, start), ends=walk_ends(design, end))
    )
