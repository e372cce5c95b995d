# SPDX-License-Identifier: MIT
"""Counts of a part of the customers: sent, kept, merged, and turned into results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from klantreis import _core
from klantreis._arguments import one_of, require_journeys, thread_count, whole_number
from klantreis._core import InputError
from klantreis._design import MapLike, design_of, scope_of
from klantreis._dropoff import DropOff
from klantreis._duration import DurationLike, microseconds
from klantreis._funnel.request import Steps, request
from klantreis._paths import Paths, path_options
from klantreis._pattern import PatternLike, as_pattern
from klantreis._table import Table
from klantreis._timing import Spells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from klantreis._journeys import Journeys

Analysis = Literal[
    "transitions",
    "paths",
    "funnel",
    "drop_off",
    "step_matrix",
    "variants",
    "spells",
    "cohort_rate",
    "return_cohorts",
    "matches",
    "measure",
    "conformance",
]


class Part:
    """Counts of the journeys of some customers; made by :func:`klantreis.count`.

    Parts of different customers add up with ``+`` or :func:`klantreis.merge`. They can be pickled, so that they travel
    between processes and machines, and written to bytes that every version of the same format reads.
    """

    __slots__ = ("_handle",)

    def __init__(self, handle: _core.PartCounts) -> None:
        self._handle = handle

    @property
    def kind(self) -> str:
        """What was counted: the name of the analysis."""
        return self._handle.kind

    def to_bytes(self) -> bytes:
        """Return the counts as bytes: with their version, names, options and a checksum, the same on every machine.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1], "timestamp": ["2024-03-01", "2024-03-02"], "touchpoint": ["a", "b"]})
        >>> part = kr.count(kr.journeys(log), "transitions")
        >>> kr.Part.from_bytes(part.to_bytes())
        Part('transitions')
        """
        return self._handle.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Part:
        """Return the counts that :meth:`to_bytes` wrote.

        Raises
        ------
        InputError
            When the bytes are something else, damaged, cut off, or of another version.
        """
        return cls(_core.PartCounts.from_bytes(bytes(data)))

    def __add__(self, other: Part) -> Part:
        if not isinstance(other, Part):
            return NotImplemented
        return merge([self, other])

    def __reduce__(self) -> tuple[Any, ...]:
        return Part.from_bytes, (self.to_bytes(),)

    def result(self, **options: Any) -> Any:
        """Return what the analysis of that name returns.

        Parameters
        ----------
        **options
            What the analysis takes beside the counting: ``level`` (of ``measure`` and ``conformance`` it is called
            ``confidence``) and ``min_n`` of its intervals, of variants also ``limit``, of ``return_cohorts`` also
            ``periods``. Where an analysis has several tables, ``of`` names the one that is wanted: of ``matches``
            ``"summary"`` or ``"times"``, of ``measure`` ``"items"``, ``"attrition"`` or ``"emotions"``, of
            ``conformance`` ``"arrows"``, ``"deviations"``, ``"moves"`` or ``"summary"``; the first of them unless told.

        Returns
        -------
        Table, DropOff, Paths or Spells
            The :class:`~klantreis.Paths` of ``"paths"`` go into :func:`klantreis.attribute`, :func:`klantreis.markov`
            and all else that takes paths; the spells into :func:`klantreis.survival`.
        """
        return _RESULTS[self.kind](self._handle, **options)

    def __repr__(self) -> str:
        return f"Part({self.kind!r})"


def count(journeys: Journeys, analysis: Analysis, **options: Any) -> Part:
    """Count the journeys of some of the customers, to be merged with those of the others.

    Parameters
    ----------
    journeys
        The journeys of a shard: all events of a customer stand in one shard. With an ``inactivity``, cut the journeys
        of all shards with the same ``observed_until``.
    analysis
        ``"transitions"``, ``"paths"``, ``"funnel"``, ``"drop_off"``, ``"step_matrix"``, ``"variants"``, ``"spells"``
        (for survival), ``"cohort_rate"``, ``"return_cohorts"``, ``"matches"`` (of a path pattern), ``"measure"`` or
        ``"conformance"``.
    **options
        What the function of that name takes, but for what :meth:`Part.result` takes. A step of a funnel that occurs in
        no shard is a step that nobody reaches.

    Returns
    -------
    Part

    Examples
    --------
    >>> import klantreis as kr
    >>> def shard(customer):
    ...     log = kr.read({"customer_id": [customer] * 2, "timestamp": ["2024-03-01", "2024-03-02"],
    ...                    "touchpoint": ["view", "order"]})
    ...     return kr.count(kr.journeys(log, conversion="order"), "transitions")
    >>> total = kr.merge([shard("ann"), shard("bob")])
    >>> total.result()["weight"]
    [2, 2]
    """
    counter = counter_of(analysis, options)
    return Part(counter(require_journeys(journeys, "count")))


def merge(parts: Iterable[Part]) -> Part:
    """Add up the counts of different customers.

    Parameters
    ----------
    parts
        Parts of one analysis, counted under the same options, of customers that are in one part only. Their order
        does not matter.

    Returns
    -------
    Part

    Raises
    ------
    InputError
        When there is no part, or two were counted differently; the message names the option.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1], "timestamp": ["2024-03-01", "2024-03-02"], "touchpoint": ["a", "b"]})
    >>> one = kr.count(kr.journeys(log), "transitions", by="touchpoint")
    >>> other = kr.count(kr.journeys(log, conversion="b"), "transitions")
    >>> kr.merge([one, other])
    Traceback (most recent call last):
    ...
    klantreis.InputError: transition counts made under different options do not add up: conversion is none in one and \
b in the other; count both with the same options
    """
    total = Merged()
    for part in parts:
        total.add(part)
    return total.part()


class Merged:
    """Parts of one analysis that are added up as they come."""

    def __init__(self) -> None:
        # Merging two of about the same size at a time copies each count a few times only, however many parts there are.
        self._waiting: list[tuple[int, _core.PartCounts]] = []

    def add(self, part: Part) -> None:
        """Add the counts of other customers."""
        if not isinstance(part, Part):
            raise InputError(f"merge takes parts, not {type(part).__name__}; make them with klantreis.count")
        self._waiting.append((1, part._handle.copy()))
        while len(self._waiting) > 1 and self._waiting[-2][0] <= self._waiting[-1][0]:
            self._join()

    def part(self) -> Part:
        """All that was added."""
        if not self._waiting:
            raise InputError("there is no part to merge; make parts with klantreis.count")
        while len(self._waiting) > 1:
            self._join()
        return Part(self._waiting[0][1])

    def _join(self) -> None:
        size, more = self._waiting.pop()
        self._waiting[-1][1].merge(more)
        self._waiting[-1] = (self._waiting[-1][0] + size, self._waiting[-1][1])


# What each analysis counts


def counter_of(
    analysis: str, options: dict[str, Any], *, complete: bool = False
) -> Callable[[Journeys], _core.PartCounts]:
    """What counts journeys for an analysis; ``complete`` says that a name which the log lacks occurs nowhere."""
    if analysis not in _COUNTERS:
        raise InputError(f"there are no counts of {analysis!r}; known are {', '.join(map(repr, get_args(Analysis)))}")
    return _COUNTERS[analysis](**options)


def _transitions(
    *, by: str = "touchpoint", collapse: bool = False, times: bool = True, threads: int | None = None
) -> Callable[[Journeys], _core.PartCounts]:
    return lambda journeys: _core.count_transitions(
        journeys._handle, by=by, collapse=bool(collapse), times=bool(times), threads=thread_count(threads)
    )


def _paths(**options: Any) -> Callable[[Journeys], _core.PartCounts]:
    asked = path_options(**options)
    return lambda journeys: _core.count_paths(_core.make_paths(journeys._handle, require_known=False, **asked))


def _funnel(*, steps: Steps, **options: Any) -> Callable[[Journeys], _core.PartCounts]:
    asked = request(steps, **options)
    return lambda journeys: _core.count_funnel(journeys._handle, asked)


def _drop_off(
    *, by: str = "touchpoint", collapse: bool = False, units: str = "journeys", threads: int | None = None
) -> Callable[[Journeys], _core.PartCounts]:
    return lambda journeys: _core.count_drop_off(
        journeys._handle, by=by, collapse=bool(collapse), units=units, threads=thread_count(threads)
    )


def _step_matrix(
    *, steps: int = 10, by: str = "touchpoint", collapse: bool = False, threads: int | None = None
) -> Callable[[Journeys], _core.PartCounts]:
    shown = whole_number(steps, "steps", 1)
    return lambda journeys: _core.count_step_matrix(
        journeys._handle, steps=shown, by=by, collapse=bool(collapse), threads=thread_count(threads)
    )


def _variants(
    *, by: str = "touchpoint", collapse: bool = False, threads: int | None = None
) -> Callable[[Journeys], _core.PartCounts]:
    return lambda journeys: _core.count_variants(
        journeys._handle, by=by, collapse=bool(collapse), threads=thread_count(threads)
    )


def _spells(
    *, by: str | None = None, until: str = "end", segment: str | None = None, threads: int | None = None
) -> Callable[[Journeys], _core.PartCounts]:
    return lambda journeys: _core.count_spells(
        _core.collect_spells(
            journeys._handle,
            by=by or "",
            until=until,
            segment=segment or "",
            from_=None,
            before=None,
            threads=thread_count(threads),
        )
    )


def _cohort_rate(
    *, within: DurationLike | Iterable[DurationLike] = "30d", segment: str | None = None, threads: int | None = None
) -> Callable[[Journeys], _core.PartCounts]:
    horizons = [within] if isinstance(within, (str, DurationLike)) else list(within)
    lengths = [microseconds(length, "within") for length in horizons]
    return lambda journeys: _core.count_cohort_rate(
        journeys._handle, within=lengths, segment=segment or "", threads=thread_count(threads)
    )


def _return_cohorts(
    *, period: DurationLike = "7d", threads: int | None = None
) -> Callable[[Journeys], _core.PartCounts]:
    length = microseconds(period, "period")
    return lambda journeys: _core.count_return_cohorts(journeys._handle, period=length, threads=thread_count(threads))


def _matches(
    *,
    pattern: PatternLike,
    by: str = "touchpoint",
    collapse: bool = False,
    unit: str = "journey",
    entry: str = "earliest",
    threads: int | None = None,
) -> Callable[[Journeys], _core.PartCounts]:
    sought = as_pattern(pattern)._handle
    asked: dict[str, Any] = {"by": by, "collapse": bool(collapse), "unit": unit, "entry": entry}
    asked |= {"require_known": False, "level": 0.95, "min_n": 30.0, "threads": thread_count(threads)}
    return lambda journeys: _core.part_of_matches(_core.count_matches(journeys._handle, sought, **asked))


def _measure(
    *,
    by: str = "phase",
    map: MapLike = None,
    level: str | None = None,
    scope: tuple[str, str] | None = None,
    threads: int | None = None,
) -> Callable[[Journeys], _core.PartCounts]:
    first, last = scope_of(scope)
    return lambda journeys: _core.part_of_measure(
        _core.count_measure(
            journeys._handle,
            design_of(journeys, map, level, "measure")._handle,
            by=by,
            scope_from=first,
            scope_to=last,
            threads=thread_count(threads),
        )
    )


def _conformance(
    *, map: MapLike = None, level: str | None = None, threads: int | None = None
) -> Callable[[Journeys], _core.PartCounts]:
    return lambda journeys: _core.part_of_conformance(
        _core.count_conformance(
            journeys._handle,
            design_of(journeys, map, level, "conformance")._handle,
            threads=thread_count(threads),
        )
    )


_COUNTERS: dict[str, Callable[..., Callable[[Journeys], _core.PartCounts]]] = {
    "transitions": _transitions,
    "paths": _paths,
    "funnel": _funnel,
    "drop_off": _drop_off,
    "step_matrix": _step_matrix,
    "variants": _variants,
    "spells": _spells,
    "cohort_rate": _cohort_rate,
    "return_cohorts": _return_cohorts,
    "matches": _matches,
    "measure": _measure,
    "conformance": _conformance,
}


# What becomes of the counts


def _transitions_result(
    part: _core.PartCounts, *, level: float = 0.95, min_n: int = 30, threads: int | None = None
) -> Table:
    return Table(_core.transitions_of_part(part, level=level, min_n=float(min_n), threads=thread_count(threads)))


def _paths_result(part: _core.PartCounts) -> Paths:
    return Paths(_core.paths_of_part(part))


def _funnel_result(part: _core.PartCounts, *, level: float = 0.95, min_n: int = 30) -> Table:
    return Table(_core.funnel_of_part(part, level=level, min_n=float(min_n)))


def _drop_off_result(part: _core.PartCounts, *, level: float = 0.95, min_n: int = 30) -> DropOff:
    return DropOff(*_core.drop_off_of_part(part, level=level, min_n=float(min_n)))


def _step_matrix_result(part: _core.PartCounts) -> Table:
    return Table(_core.step_matrix_of_part(part))


def _variants_result(
    part: _core.PartCounts, *, limit: int | None = None, level: float = 0.95, min_n: int = 30
) -> Table:
    shown = None if limit is None else whole_number(limit, "limit", 0)
    return Table(_core.variants_of_part(part, limit=shown, level=level, min_n=float(min_n)))


def _spells_result(part: _core.PartCounts) -> Spells:
    return Spells(_core.spells_of_part(part))


def _cohort_rate_result(part: _core.PartCounts, *, level: float = 0.95, min_n: int = 30) -> Table:
    return Table(_core.cohort_rate_of_part(part, level=level, min_n=float(min_n)))


def _return_cohorts_result(
    part: _core.PartCounts, *, periods: int | None = 12, level: float = 0.95, min_n: int = 30
) -> Table:
    shown = None if periods is None else whole_number(periods, "periods", 0)
    return Table(_core.return_cohorts_of_part(part, periods=shown, level=level, min_n=float(min_n)))


def _matches_result(part: _core.PartCounts, *, of: str = "summary", level: float = 0.95, min_n: int = 30) -> Table:
    counts = _core.matches_of_part(part)
    one_of(of, "of", ("summary", "times"))
    return Table((counts.times if of == "times" else counts.summary)(level, float(min_n)))


def _measure_result(part: _core.PartCounts, *, of: str = "items", confidence: float = 0.95, min_n: int = 30) -> Table:
    counts = _core.measure_of_part(part)
    tables = {"items": counts.items, "attrition": counts.attrition, "emotions": counts.emotions}
    one_of(of, "of", tuple(tables))
    return Table(tables[of](level=confidence, min_n=float(min_n)))


def _conformance_result(
    part: _core.PartCounts, *, of: str = "arrows", confidence: float = 0.95, min_n: int = 30
) -> Table:
    names = ("arrows", "deviations", "moves", "summary")
    one_of(of, "of", names)
    return Table(_core.conformance_of_part(part).tables(confidence, float(min_n))[names.index(of)])


_RESULTS: dict[str, Callable[..., Any]] = {
    "transitions": _transitions_result,
    "paths": _paths_result,
    "funnel": _funnel_result,
    "drop_off": _drop_off_result,
    "step_matrix": _step_matrix_result,
    "variants": _variants_result,
    "spells": _spells_result,
    "cohort_rate": _cohort_rate_result,
    "return_cohorts": _return_cohorts_result,
    "matches": _matches_result,
    "measure": _measure_result,
    "conformance": _conformance_result,
}
