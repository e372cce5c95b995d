# SPDX-License-Identifier: MIT
"""Path patterns: what a stretch of a journey looks like, sought in many journeys."""

from __future__ import annotations

import warnings
from typing import Any, Literal

from klantreis import _core
from klantreis._arguments import thread_count
from klantreis._core import InputError
from klantreis._funnel.request import require_source
from klantreis._journeys import Journeys, journeys
from klantreis._log import Log
from klantreis._pattern import Pattern, PatternLike, as_pattern
from klantreis._table import Table

Unit = Literal["journey", "customer"]
Entry = Literal["earliest", "latest"]


class Matches(Table):
    """The result of :func:`klantreis.match`: a table of one row, with the matches themselves beside it."""

    __slots__ = ("_asked", "_journeys", "_pattern", "_times")

    def __init__(self, counts: _core.MatchCounts, journeys: Journeys, pattern: Pattern, asked: dict[str, Any]) -> None:
        super().__init__(counts.summary(asked["level"], asked["min_n"]))
        self._times = Table(counts.times(asked["level"], asked["min_n"]))
        self._journeys = journeys
        self._pattern = pattern
        self._asked = asked

    @property
    def pattern(self) -> Pattern:
        """The pattern that was sought."""
        return self._pattern

    @property
    def times(self) -> Table:
        """Times between the parts, over all matches.

        ``from, to, count, n, median_time, lower, upper, p25_time, p75_time, p90_time, marks``: from the last event of a
        part to the first event of the next; the last row is from the first event of the match to its last one.
        """
        return self._times

    @property
    def matches(self) -> Table:
        """One row per match: ``customer, journey, match, position, events, begins, ends, seconds``.

        ``journey`` and ``match`` count from 1 within the customer and the journey, ``position`` is the place of the
        first event in its journey. Matches of one journey do not overlap.
        """
        return Table(_core.match_list(self._journeys._handle, self._pattern._handle, **self._asked))

    @property
    def parts(self) -> Table:
        """One row per match and part: ``customer, journey, match, part, label, position, events, begins, ends,
        seconds``."""
        return Table(_core.match_parts(self._journeys._handle, self._pattern._handle, **self._asked))

    def funnel(self) -> Table:
        """Count how many come how far in the pattern: step k is a match of its first k parts.

        Returns
        -------
        Table
            The columns of :func:`klantreis.funnel`, one row per part.

        Examples
        --------
        >>> import klantreis as kr
        >>> days = ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-01", "2024-03-09", "2024-03-05"]
        >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2, 3], "timestamp": days,
        ...                "touchpoint": ["view", "cart", "order", "view", "cart", "visit"]})
        >>> kr.match(log, "view -> cart ->>{<=2d} order").funnel()["count"]
        [2, 2, 1]
        """
        return Table(_core.match_funnel(self._journeys._handle, self._pattern._handle, **self._asked))

    def journeys(self, *, matched: bool = True) -> Journeys:
        """Return the journeys that have a match, or with ``matched=False`` the others.

        They are cut, settled and open as before: what is left out does not move the end of the observation.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1, 2], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
        ...                "touchpoint": ["view", "order", "view"]})
        >>> found = kr.match(kr.journeys(log, conversion="order"), "view -> order")
        >>> len(found.journeys()), len(found.journeys(matched=False))
        (1, 1)
        """
        source = self._by_journey("choose journeys by a pattern")
        handle = _core.select_journeys(source._handle, self._pattern._handle, keep=matched, by=self._asked["by"])
        text = f"journeys {'with' if matched else 'without'} {self._pattern.text}"
        log = Log(handle.log, source.log.source, source.log.map, preparation=(*source.log.preparation, text))
        options = {**source.options, "prepared": "; ".join(log.preparation)}
        cut = dict(source._cut)
        if cut.get("observed_until") is None:
            # The end of the observation is that of all events, also where these are cut anew.
            figures = {row["figure"]: row["value"] for row in source.log.health()}
            cut["observed_until"] = figures.get("last event")
        return Journeys(handle, log, source.conversion, source.after_conversion, options, cut=cut)

    def label(self, name: str, *, yes: str = "yes", no: str = "no") -> Log:
        """Return the log with a label that tells events of journeys with a match from the others.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1, 2], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
        ...                "touchpoint": ["view", "order", "view"]})
        >>> labelled = kr.match(kr.journeys(log), "view -> order").label("bought")
        >>> labelled.counts("bought")["events"]
        [2, 1]
        """
        source = self._by_journey("label journeys by a pattern")
        handle = _core.label_journeys(
            source._handle, [(yes, self._pattern._handle)], name=name, otherwise=no, by=self._asked["by"]
        )
        text = f"label {name}: {yes} = journeys with {self._pattern.text}"
        return Log(handle, source.log.source, source.log.map, preparation=(*source.log.preparation, text))

    def _by_journey(self, what: str) -> Journeys:
        if self._asked["unit"] != "journey" or self._asked["collapse"]:
            raise InputError(
                f"to {what}, seek it in journeys, with unit='journey' and without collapse; customers are chosen and "
                "labelled by klantreis.prepare(log).keep_customers(…) and .label(…)"
            )
        return self._journeys


def match(
    journeys: Journeys | Log,
    pattern: PatternLike,
    *,
    by: str = "touchpoint",
    collapse: bool = False,
    unit: Unit = "journey",
    entry: Entry = "earliest",
    require_known: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Matches:
    """Seek a path pattern in journeys: how many have it, how often, and how long it takes.

    Parameters
    ----------
    journeys
        Journeys, open ones too, or a log, of which each customer is one journey.
    pattern
        What to seek, such as ``"view -> cart"`` (directly after) or ``"view ->>{<1d, no support} order"`` (some time
        after, within a day, without support between). ``docs/patterns.md`` has the whole language.
    by
        What names in the pattern are: ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats into one event; phases always do.
    unit
        ``"journey"``: each journey by itself, its conversion included. ``"customer"``: all events of a customer.
    entry
        Which of several matches that end at the same event is shown: the one that begins ``"earliest"`` or
        ``"latest"``. Counts are the same.
    require_known
        A name that no event carries is an error; otherwise it warns and meets nothing.
    level
        The coverage of the intervals.
    min_n
        Rates of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Matches
        One row: ``pattern, units, matched, matches, customers, matched_customers, n, share, lower, upper, marks``.
        ``share`` is matched / units. ``.times`` has the times between the parts, ``.matches`` one row per match,
        ``.parts`` one per match and part, ``.funnel()`` how far they come.

    Raises
    ------
    InputError
        When the text is no pattern (with the place), the log lacks a column or times that it asks for, or the end of a
        journey is asked of customers.

    Warns
    -----
    UserWarning
        When no event carries a name of the pattern.

    Notes
    -----
    Matches do not overlap. Each is the one that ends first after the match before it, so their number is the largest
    possible (interval scheduling). The states of the pattern's automaton are followed side by side (Thompson 1968,
    doi:10.1145/363347.363387), so the time is linear in the number of events whatever the pattern. The interval of a
    share of customers is Wilson's, of a share of journeys one by customers.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2, 3],
    ...                "timestamp": [f"2024-03-01T10:0{minute}" for minute in range(6)],
    ...                "touchpoint": ["view", "cart", "order", "view", "cart", "view"]})
    >>> found = kr.match(log, "view -> cart ->> order")
    >>> found["units"], found["matched"]
    ([3], [1])
    >>> found.times["median_time"]
    [60.0, 60.0, 120.0]
    >>> kr.match(log, "^ -> [^order]* -> $")["matched"]
    [2]
    """
    source = require_source(journeys, "match")
    read = as_pattern(pattern)
    cut, asked = _request(source, by, collapse, unit, entry, require_known, level, min_n, threads)
    counts = _core.count_matches(cut._handle, read._handle, **asked)
    for note in counts.notes:
        warnings.warn(note, stacklevel=2)
    return Matches(counts, cut, read, asked)


def _request(
    source: Journeys | Log,
    by: str,
    collapse: bool,
    unit: Unit,
    entry: Entry,
    require_known: bool,
    level: float,
    min_n: int,
    threads: int | None,
) -> tuple[Journeys, dict[str, Any]]:
    """The journeys to search, and the options as the core takes them."""
    asked: dict[str, Any] = {
        "by": by,
        "collapse": bool(collapse),
        "unit": unit,
        "entry": entry,
        "require_known": bool(require_known),
        "level": level,
        "min_n": float(min_n),
        "threads": thread_count(threads),
    }
    if isinstance(source, Log):
        return journeys(source, conversion=(), inactivity=None), {**asked, "unit": "customer"}
    return source, asked
