# SPDX-License-Identifier: MIT
"""Journeys that are larger than memory: counted one partition after the other, merged."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal

from klantreis import _core
from klantreis._arguments import whole_number
from klantreis._attribution.arguments import attribution_options, model_parameters, names_of
from klantreis._core import InputError, LimitError
from klantreis._journeys import Journeys, journeys
from klantreis._large.count_files import CountFiles
from klantreis._parts import Analysis, Merged, Part, counter_of
from klantreis._paths import Paths
from klantreis._scratch import resident_bytes
from klantreis._table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from klantreis._dropoff import DropOff
    from klantreis._duration import DurationLike
    from klantreis._funnel.request import Steps
    from klantreis._large.log import LargeLog
    from klantreis._log import Log

# What an event takes while its partition is read, sorted and cut, and what the parts of a log need at least.
_BYTES_PER_EVENT = 128
# A time between two events, twice while counts are merged.
_BYTES_PER_TIME = 16


class LargeJourneys:
    """The journeys of a :class:`LargeLog`: cut, counted and forgotten partition by partition."""

    __slots__ = ("_cut", "_log")

    def __init__(self, log: LargeLog, cut: dict[str, Any]) -> None:
        self._log = log
        self._cut = cut

    @property
    def log(self) -> LargeLog:
        """The log that the journeys are cut from."""
        return self._log

    def parts(self) -> Iterator[Journeys]:
        """Yield the journeys of each partition, for counts of your own (see :func:`klantreis.count`)."""
        return self._parts("spells", {})

    def count(self, analysis: Analysis, **options: Any) -> Part:
        """Count all journeys for an analysis, as :func:`klantreis.count` counts those of a shard.

        Raises
        ------
        InputError
            As of the analysis, or when a temporary file is gone or damaged.
        LimitError
            When the counts themselves, or one partition, take more than ``memory_limit``.
        """
        return self.counts({analysis: options})[analysis]

    def counts(self, analyses: Mapping[Analysis, Mapping[str, Any]]) -> dict[Analysis, Part]:
        """Count for several analyses in one pass over the partitions, each of which is read and cut once.

        Parameters
        ----------
        analyses
            Names of analyses with their options, as of :meth:`count`.

        Returns
        -------
        dict
            The :class:`~klantreis.Part` of each, whose ``result()`` is what the analysis returns.

        Raises
        ------
        InputError, LimitError
            As :meth:`count`.

        Examples
        --------
        >>> import klantreis as kr
        >>> events = {"customer_id": [1, 1, 2], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-01"],
        ...           "touchpoint": ["view", "order", "view"]}
        >>> with kr.read_large(events) as log:
        ...     found = log.journeys().counts({"transitions": {}, "funnel": {"steps": ["view", "order"]}})
        >>> found["funnel"].result()["count"]
        [2, 1]
        """
        asked = {
            name: (self._counter(name, dict(options)), self._cut_of(name, options))
            for name, options in analyses.items()
        }
        # Paths, and what is kept of each journey, are copied when they are merged and again by what is made of them.
        copies = 2 if asked.keys() & {"paths", "variants", "spells"} else 0
        budget = _Budget(self._log, f"the {' and '.join(asked)} would take", copies)
        totals = {name: Merged() for name in asked}
        for done, log in enumerate(self._log.partitions() if asked else ()):
            pieces: list[tuple[dict[str, Any], Journeys]] = []
            for name, (counter, cut) in asked.items():
                piece = next((piece for other, piece in pieces if other == cut), None)
                if piece is None:
                    piece = _journeys_of(log, cut)
                    pieces.append((cut, piece))
                totals[name].add(Part(counter(piece)))
            budget.check(done + 1)
        return {name: total.part() for name, total in totals.items()}

    def transitions(
        self,
        *,
        by: str = "touchpoint",
        collapse: bool = False,
        times: bool = True,
        level: float = 0.95,
        min_n: int = 30,
        threads: int | None = None,
    ) -> Table:
        """Return what :func:`klantreis.transitions` returns.

        ``times`` says whether ``median_time`` is wanted. It needs how long each transition took; where that is more
        than a quarter of ``memory_limit``, it is kept on disk, 8 bytes an event.
        """
        options: dict[str, Any] = {"by": by, "collapse": collapse, "threads": threads}
        shown: dict[str, Any] = {"level": level, "min_n": min_n, "threads": threads}
        in_memory = _BYTES_PER_TIME * self._log.rows <= self._log._limit // 4
        table: Table = self.count("transitions", times=times and in_memory, **options).result(**shown)
        if not times or in_memory or not len(table):
            return table
        median_of: dict[tuple[str, str], float | None] = {}
        for piece in self._pieces("transitions", options):
            found: Table = Part(piece).result(**shown)
            median_of.update(zip(zip(found["from"], found["to"], strict=True), found["median_time"], strict=True))
        columns = {name: table[name] for name in table.columns}
        columns["median_time"] = [median_of[pair] for pair in zip(table["from"], table["to"], strict=True)]
        return Table.from_columns(
            columns,
            definition=table.definition,
            options=table.options,
            quantities={name: table.quantity(name) for name in table.columns},
        )

    def funnel(self, steps: Steps, *, level: float = 0.95, min_n: int = 30, **options: Any) -> Table:
        """Return what :func:`klantreis.funnel` returns; it has the same arguments."""
        table: Table = self.count("funnel", steps=steps, **options).result(level=level, min_n=min_n)
        return table

    def drop_off(
        self,
        *,
        by: str = "touchpoint",
        collapse: bool = False,
        units: Literal["journeys", "visits"] = "journeys",
        level: float = 0.95,
        min_n: int = 30,
        threads: int | None = None,
    ) -> DropOff:
        """Return what :func:`klantreis.drop_off` returns."""
        part = self.count("drop_off", by=by, collapse=collapse, units=units, threads=threads)
        found: DropOff = part.result(level=level, min_n=min_n)
        return found

    def step_matrix(
        self, *, steps: int = 10, by: str = "touchpoint", collapse: bool = False, threads: int | None = None
    ) -> Table:
        """Return what :func:`klantreis.step_matrix` returns."""
        table: Table = self.count("step_matrix", steps=steps, by=by, collapse=collapse, threads=threads).result()
        return table

    def variants(
        self,
        *,
        by: str = "touchpoint",
        collapse: bool = False,
        limit: int | None = None,
        level: float = 0.95,
        min_n: int = 30,
        threads: int | None = None,
    ) -> Table:
        """Return what :func:`klantreis.variants` returns.

        With a ``limit``, the distinct paths are kept on disk, and are no matter of memory. Without one all of them are
        rows of the result, and with what is known of each journey must fit into a third of ``memory_limit``.
        """
        options: dict[str, Any] = {"by": by, "collapse": collapse, "threads": threads}
        if limit is None:
            everything: Table = self.count("variants", **options).result(level=level, min_n=min_n)
            return everything
        top = _core.TopVariants(limit=whole_number(limit, "limit", 0), level=level, min_n=float(min_n))
        for piece in self._pieces("variants", options):
            top.add(piece)
        return Table(top.result())

    def paths(self, **options: Any) -> Paths:
        """Return what :func:`klantreis.paths` returns; it has the same arguments.

        All of them, and what is known of each journey, must fit into a third of ``memory_limit``; see
        :meth:`path_parts` for more.
        """
        found: Paths = self.count("paths", **options).result()
        return found

    def path_parts(self, **options: Any) -> Iterator[Paths]:
        """Yield the distinct paths in parts, for more of them than fit into memory.

        All that is known of a path is in one part, so the rows of the parts, one after the other, are those of
        :meth:`paths`. A customer may be in several parts: what is said of customers must not be added up.

        Parameters
        ----------
        **options
            As of :func:`klantreis.paths`.

        Examples
        --------
        >>> import klantreis as kr
        >>> events = {"customer_id": [1, 1, 2], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-01"],
        ...           "touchpoint": ["view", "order", "view"]}
        >>> with kr.read_large(events) as log:
        ...     parts = log.journeys(conversion="order").path_parts()
        ...     [row["path"] for part in parts for row in part.table()]
        ['view']
        """
        for piece in self._pieces("paths", options):
            found = Paths(_core.paths_of_part(piece))
            if len(found):
                yield found

    def attribute(
        self,
        *,
        model: Any = "markov",
        by: str = "touchpoint",
        lookback: DurationLike | None = None,
        lookback_touches: int | None = None,
        exclude: str | Sequence[str] = (),
        reuse_touches: bool = False,
        **options: Any,
    ) -> Table:
        """Return what :func:`klantreis.attribute` returns; it has the same arguments.

        Rules, the Shapley values of conversions and the chain go through the partitions twice, and hold what they count
        of the items, not of the paths. What looks at all paths at once needs them in memory, as :meth:`paths` does:
        ``leave_one_out``, ``shao_li``, ``logistic``, the other games of ``shapley``, ``removal="fail"``, ``rows`` and
        the bootstrap. ``additive_hazard`` needs the log in memory.
        """
        from klantreis._attribution import attribute

        touches: dict[str, Any] = {
            "by": by,
            "lookback": lookback,
            "lookback_touches": lookback_touches,
            "exclude": exclude,
            "reuse_touches": reuse_touches,
        }
        whole = {"rows", "cost", "replicates"} & options.keys() or options.get("intervals", True) not in (True, False)
        if not whole:
            general: dict[str, Any] = {}
            for name in ("intervals", "level", "min_n", "threads"):
                if name in options:
                    general[name] = options.pop(name)
            parameters = model_parameters(model, **options)
            if _core.CreditPasses.can_count(model=model, parameters=parameters):
                asked = attribution_options(**touches, **general)
                return self._credit(_core.CreditPasses(model=model, parameters=parameters, options=asked), touches)
            options.update(general)
        found = self.paths(**touches)
        if len(found) and found.conversions + found.nulls == 0:
            raise InputError(
                "no journey is settled, and attribution uses settled ones; choose an inactivity shorter than the log, "
                "or a later observed_until"
            )
        return attribute(found, model=model, by=by, **options)

    def cohort_rate(
        self,
        *,
        within: DurationLike | Iterable[DurationLike] = "30d",
        segment: str | None = None,
        level: float = 0.95,
        min_n: int = 30,
        threads: int | None = None,
    ) -> Table:
        """Return what :func:`klantreis.cohort_rate` returns."""
        part = self.count("cohort_rate", within=within, segment=segment, threads=threads)
        table: Table = part.result(level=level, min_n=min_n)
        return table

    def __repr__(self) -> str:
        return f"LargeJourneys(of {self._log!r})"

    def _counter(self, analysis: str, options: dict[str, Any]) -> Callable[[Journeys], _core.PartCounts]:
        rows = self._log._open()
        needed = rows.largest * _BYTES_PER_EVENT
        if needed > self._log._limit:
            raise LimitError(
                f"a partition has {rows.largest:,} rows and takes about {size_text(needed)} of memory, more than "
                f"memory_limit ({size_text(self._log._limit)}); raise the limit"
            )
        self._check_names(analysis, options)
        return counter_of(analysis, options)

    def _pieces(self, analysis: Analysis, options: dict[str, Any]) -> Iterator[_core.PartCounts]:
        """Yield counts in pieces, with all that is known of a path, or of a transition, in one of them."""
        counter = self._counter(analysis, options)
        budget = _Budget(self._log, f"the {analysis} would take")
        with CountFiles(self._log._folder.path) as files:
            for done, piece in enumerate(self._parts(analysis, options)):
                files.add(counter(piece))
                budget.check(done + 1)
            for counts in files.pieces():
                budget.check()
                yield counts

    def _credit(self, passes: _core.CreditPasses, touches: dict[str, Any]) -> Table:
        self._counter("paths", touches)  # checks the names and the size of the partitions
        budget = _Budget(self._log, "the attribution would take")
        for done, piece in enumerate(self._parts("paths", touches)):
            passes.count(piece._handle)
            budget.check(done + 1)
        if passes.has_second_pass:
            for done, piece in enumerate(self._parts("paths", touches)):
                passes.measure(piece._handle)
                budget.check(done + 1)
        return Table(passes.result())

    def _parts(self, analysis: str, options: dict[str, Any]) -> Iterator[Journeys]:
        cut = self._cut_of(analysis, options)
        for log in self._log.partitions():
            yield _journeys_of(log, cut)

    def _cut_of(self, analysis: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """How the journeys of a partition are cut for an analysis."""
        cut = dict(self._cut)
        designed = self._log._reading.designed
        silence = cut["inactivity"] if cut["inactivity"] != "map" else designed and designed[1].inactivity
        of_customers = analysis == "funnel" and options.get("unit", "customer") == "customer"
        if cut["observed_until"] is None and (analysis == "cohort_rate" or (silence and not of_customers)):
            # The end of the observation is that of the whole log, not of a partition.
            self._log._look_through()
            cut["observed_until"] = self._log._last
        return cut

    def _check_names(self, analysis: str, options: dict[str, Any]) -> None:
        """Names that occur nowhere are mistakes; that a partition lacks some is not."""
        if self._log._reading.designed is not None or analysis not in ("funnel", "paths"):
            return
        named = names_of(options.get("exclude", ())) if analysis == "paths" else options.get("steps")
        if not isinstance(named, (list, tuple)):
            return
        known = self._log.names(options.get("by", "touchpoint"))
        for name in named:
            if known and isinstance(name, str) and name not in known:
                listed = ", ".join(map(repr, known[:10]))
                raise InputError(f"no event of this log has the name {name!r}; it has {listed}")


def _journeys_of(log: Log, cut: dict[str, Any]) -> Journeys:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a partition need not have what the log has
        return journeys(log, **cut)


class _Budget:
    """What the program takes against what it may take."""

    def __init__(self, log: LargeLog, what: str, copies: int = 0) -> None:
        self._log = log
        self._what = what
        self._copies = copies
        self._before = resident_bytes() or 0

    def check(self, done: int | None = None) -> None:
        """Stop before the copies that are still to come exceed the limit; ``done`` partitions have been counted."""
        held = resident_bytes()
        limit = self._log._limit
        if held is not None and held + self._copies * max(0, held - self._before) > limit:
            partitions = self._log._open().partitions
            after = f"after {done} of {partitions} partitions " if done is not None else ""
            raise LimitError(
                f"{after}the program takes {size_text(held)}, and {self._what} more than memory_limit "
                f"({size_text(limit)}); count by a coarser label, collapse repeats, or raise the limit"
            )


def size_text(count: int) -> str:
    """Return a number of bytes in words.

    Examples
    --------
    >>> size_text(3 * 2**30)
    '3.0 GiB'
    """
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
