# SPDX-License-Identifier: MIT
"""Phases and touchpoints of the design, measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from klantreis import _core
from klantreis._arguments import require_journeys, thread_count, whole_number
from klantreis._conformance import Conformance, conformance
from klantreis._design import Design, MapLike, design_of, scope_of
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._journeys import Journeys

By = Literal["phase", "touchpoint"]


class Measure(Table):
    """The result of :func:`klantreis.measure`: the phases or touchpoints, with the other tables of the map beside them.

    What is not asked for is not computed.
    """

    __slots__ = ("_by", "_counts", "_design", "_journeys", "_kept", "_options", "_scope", "_threads")

    def __init__(
        self,
        journeys: Journeys,
        design: Design,
        by: By,
        scope: tuple[str, str],
        options: Mapping[str, float],
        threads: int,
    ) -> None:
        self._journeys = journeys
        self._design = design
        self._by: By = by
        self._scope = scope
        self._options = {"level": options["level"], "min_n": options["min_n"]}
        self._threads = threads
        self._counts: dict[str, _core.MeasureCounts] = {}
        self._kept: dict[str, Any] = {}
        super().__init__(self._count(by).items(**self._options))

    def _count(self, by: By) -> _core.MeasureCounts:
        if by not in self._counts:
            self._counts[by] = _core.count_measure(
                self._journeys._handle,
                self._design._handle,
                by=by,
                scope_from=self._scope[0],
                scope_to=self._scope[1],
                threads=self._threads,
            )
        return self._counts[by]

    def _keep(self, name: str, table: _core.Table) -> Table:
        kept: Table = self._kept.setdefault(name, Table(table))
        return kept

    @property
    def design(self) -> Design:
        """The designed journey that was measured."""
        return self._design

    @property
    def customers(self) -> int:
        """Number of customers who were in one of the phases."""
        return self._count(self._by).customers

    @property
    def outside(self) -> int:
        """Number of events of no phase: no rule of the map takes them, or they happen offstage."""
        return self._count("phase").outside

    @property
    def phases(self) -> Table:
        """The phases in the order of the design; columns as of :func:`klantreis.measure`."""
        return self._keep("phases", self._count("phase").items(**self._options))

    @property
    def touchpoints(self) -> Table:
        """The touchpoints in the order of the design, those that it does not name last; ``phase`` in the second column.

        Each event is a visit, and what goes on, back or skips are moves between the phases of the touchpoints.
        """
        return self._keep("touchpoints", self._count("touchpoint").items(**self._options))

    @property
    def attrition(self) -> Table:
        """How customers become fewer: ``phase, reach, share, lower, upper, passed, skipped, gone, open, n, marks``.

        ``skipped`` counts customers who were in a later phase without having been in this one, ``gone`` those whose
        last journey ended here, ``open`` those whose last journey is still here.
        """
        return self._keep("attrition", self._count("phase").attrition(**self._options))

    @property
    def emotions(self) -> Table:
        """How customers feel: ``phase, expected, measured, lower, upper, gap, answers, n, status, marks``.

        ``status`` is ``ok``, ``off``, ``off, could be chance``, ``too little data``, ``not measured`` or
        ``no expectation``.
        """
        return self._keep("emotions", self._count("phase").emotions(**self._options))

    @property
    def touchpoint_emotions(self) -> Table:
        """How customers feel at each touchpoint; columns as of :attr:`emotions`, with ``touchpoint`` in front."""
        return self._keep("touchpoint_emotions", self._count("touchpoint").emotions(**self._options))

    def low_answers(self, limit: int = 100) -> Table:
        """List the answers that lie below what the design expects of their touchpoint or phase, lowest first.

        Returns
        -------
        Table
            ``customer, time, touchpoint, phase, score, emotion, expected, gap, path``; the last are the touchpoints of
            the visit to the phase up to the answer.
        """
        return Table(
            _core.low_answers(self._journeys._handle, self._design._handle, limit=whole_number(limit, "limit", 0))
        )

    def returns(self, tolerance: float = 0.0) -> Table:
        """Show whether customers come back after they said how they feel: an association, not an effect.

        Parameters
        ----------
        tolerance
            An experience is met when the mean of a customer's answers lies at most so far from what the design expects.

        Returns
        -------
        Table
            ``experience, customers, returned, rate, lower, upper, marks`` with the rows ``below``, ``met`` and
            ``above``. Who converts after the first answer has returned. The interval is Wilson's.
        """
        return Table(
            _core.returns_by_experience(
                self._journeys._handle,
                self._design._handle,
                tolerance=float(tolerance),
                **self._options,
                threads=self._threads,
            )
        )

    @property
    def conformance(self) -> Conformance:
        """The designed arrows against what happened; see :func:`klantreis.conformance`."""
        if "conformance" not in self._kept:
            self._kept["conformance"] = conformance(
                self._journeys,
                map=self._design,
                threads=self._threads or None,
                confidence=self._options["level"],
                min_n=int(self._options["min_n"]),
            )
        found: Conformance = self._kept["conformance"]
        return found

    @property
    def transitions(self) -> Table:
        """All moves between phases: ``from, to, weight, n, probability, lower, upper, marks, median_time, kind``."""
        return self.conformance.moves

    @property
    def calls_to_action(self) -> Table:
        """What calls to action lead to.

        One row per touchpoint with ``cta``: ``touchpoint, phase, visits, n, next, clicks, rate, lower, upper, exits,
        exit_rate, exit_lower, exit_upper, marks``. ``clicks`` are visits that are followed at once by a conversion or
        by a touchpoint of a phase to which the design leads.
        """
        return self._keep(
            "calls_to_action",
            _core.calls_to_action(self._journeys._handle, self._design._handle, **self._options, threads=self._threads),
        )

    @property
    def inventory(self) -> Table:
        """Every touchpoint of the design and of the log with its events and customers.

        ``touchpoint, phase, stage, owner, designed, events, customers, first_seen, last_seen, status``, as designed,
        then the others by name. ``status`` is ``measured``, ``never seen``, ``not designed`` or ``not measured``.
        """
        return self._keep("inventory", _core.inventory(self._journeys._handle, self._design._handle, self._threads))

    @property
    def coverage(self) -> Table:
        """How much of the design is measured, and what is not: ``figure, count, names``."""
        rows = self.inventory.to_dicts()
        empty = self._design.phases_without_touchpoints if self._design.touchpoints else []
        figures: list[tuple[str, int, list[str]]] = [
            ("events of a phase", sum(row["events"] for row in rows) - self.outside, []),
            ("events of no phase", self.outside, []),
        ]
        for status in ("measured", "never seen", "not measured", "not designed"):
            names = [row["touchpoint"] for row in rows if row["status"] == status]
            figures.append((f"touchpoints {status}", len(names), names))
        figures.append(("phases without touchpoints", len(empty), empty))
        taken = self.conformance.to_dicts()
        never = [f"{row['from']} > {row['to']}" for row in taken if not row["weight"]]
        figures.append(("designed moves never taken", len(never), never))
        strays = [f"{row['from']} > {row['to']}" for row in self.conformance.deviations]
        figures.append(("moves nobody designed", len(strays), strays))
        return Table.from_columns(
            {
                "figure": [figure for figure, _, _ in figures],
                "count": [number for _, number, _ in figures],
                "names": [", ".join(names) for _, _, names in figures],
            },
            definition="How much of the designed journey is measured, and what is not.",
            quantities={"count": "count"},
        )

    def scores(self, kpis: Table | Iterable[Mapping[str, Any]] = ()) -> Table:
        """Score each phase from 0 to 100: the share of its targets that are reached.

        Parameters
        ----------
        kpis
            Rows with ``kpi``, ``phase`` and ``status``, as :func:`klantreis.kpis` returns them; rows without a phase do
            not count.

        Returns
        -------
        Table
            ``phase, score, reached, targets, left_out``. Targets are KPIs that could be measured and the expected
            emotion; what could not be measured is left out and named. A phase without targets has no score.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1], "timestamp": ["2024-03-01", "2024-03-02"],
        ...                "touchpoint": ["view", "order"]}, phase={"view": "look", "order": "buy"})
        >>> measured = kr.measure(kr.journeys(log, conversion="order"), map=["look", "buy"])
        >>> measured.scores([{"phase": "buy", "kpi": "aov", "status": "ok"},
        ...                  {"phase": "buy", "kpi": "returns", "status": "off"}])["score"]
        [None, 50.0]
        """
        rows = [(str(row["phase"]), str(row["kpi"]), str(row["status"])) for row in kpis if row.get("phase")]
        felt = self._count("phase").emotions(**self._options)
        return Table(_core.design_scores(self._design._handle, rows, felt))


def measure(
    journeys: Journeys,
    *,
    level: str | None = None,
    by: By = "phase",
    map: MapLike = None,
    scope: tuple[str, str] | None = None,
    confidence: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Measure:
    """Measure the designed journey: who reaches each phase, goes on, steps back, skips and leaves, and how they feel.

    Parameters
    ----------
    journeys
        The journeys; they are followed beyond their conversions, however they were cut.
    level
        A level to which the phases of the map roll up, such as ``"p6"``. None: the map's own phases.
    by
        ``"phase"`` or ``"touchpoint"``.
    map
        The designed journey: a :class:`JourneyMap`, a :class:`Design`, or the names of the phases in order. None: the
        map that the log was read with.
    scope
        The first and the last phase of a part of the journey. ``entries`` are then the visits with which journeys come
        into it.
    confidence
        The coverage of the intervals.
    min_n
        Rates of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Measure
        One row per phase in the order of the design: ``phase, reach, entries, visits, passed, back, skips, left,
        at_rest, exits, exit_rate, lower, upper, median_time, emotion_expected, emotion_measured, n, marks, open,
        measured``. More tables are its properties: ``.touchpoints, .transitions, .conformance, .attrition, .emotions,
        .calls_to_action, .inventory, .coverage``.

    Raises
    ------
    InputError
        When there is no design, it lacks a phase of the log or has no such level, or an answer lies outside its scale.

    Notes
    -----
    ``reach`` counts customers, ``entries`` journeys that begin here, ``visits`` runs of events in the phase (open
    journeys too). ``passed`` counts customers who were in a later phase afterwards, in the same journey; ``back`` and
    ``skips`` count visits followed by one of an earlier phase, or by one beyond a measured phase between. ``left`` and
    ``at_rest`` are settled journeys that end here without and with a conversion before, ``exits`` both, and
    ``exit_rate`` is left over the visits of settled journeys, with an interval whose units are the ``n`` customers.
    ``median_time`` is in seconds from the beginning of a visit to that of the next. Emotions go from -2 to 2; a score s
    on a scale from a to b means 4 (s - a) / (b - a) - 2, and ``emotion_measured`` is the mean of all answers.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-01", "2024-03-02", "2024-03-05"]
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2, 3], "timestamp": days,
    ...                "touchpoint": ["view", "order", "call", "view", "view", "view"]},
    ...               phase={"view": "look", "order": "buy", "call": "use"})
    >>> found = kr.measure(kr.journeys(log, conversion="order"), map=["look", "buy", "use"])
    >>> [(row["phase"], row["reach"], row["passed"], row["left"], row["at_rest"]) for row in found]
    [('look', 3, 1, 2, 0), ('buy', 1, 1, 0, 0), ('use', 1, 0, 0, 1)]
    """
    require_journeys(journeys, "measure")
    return Measure(
        journeys,
        design_of(journeys, map, level, "measure"),
        by,
        scope_of(scope),
        {"level": confidence, "min_n": float(min_n)},
        thread_count(threads),
    )
