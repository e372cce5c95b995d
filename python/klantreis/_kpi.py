# SPDX-License-Identifier: MIT
"""Key figures: each defined once by an expression, measured on a log, with interval, target and verdict."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from klantreis import _core
from klantreis._arguments import require_journeys, thread_count
from klantreis._core import InputError
from klantreis._sources import Wanted, open_source
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._journeys import Journeys
    from klantreis._map import JourneyMap

Period = Literal["day", "week", "month"]
_FIELDS = ("measure", "name", "unit", "direction", "target", "source")


class Aggregates:
    """Numbers without customers, such as impressions; made by :func:`klantreis.aggregates`."""

    __slots__ = ("_handle",)

    def __init__(self, handle: _core.KpiAggregates) -> None:
        self._handle = handle

    def __len__(self) -> int:
        return self._handle.rows

    def __repr__(self) -> str:
        return f"Aggregates({len(self):,} rows)"


def aggregates(
    source: Any,
    *,
    date: str = "date",
    kpi: str = "kpi",
    channel: str | None = "channel",
    value: str = "value",
) -> Aggregates:
    """Read figures that have no customers: impressions, video views, ranks in search results.

    Parameters
    ----------
    source
        A table with one row for each date, figure and channel; anything that :func:`klantreis.read` takes.
    date, kpi, channel, value
        The columns; ``channel=None`` where there is none. Rows without a value are left out.

    Returns
    -------
    Aggregates

    Examples
    --------
    >>> import klantreis as kr
    >>> seen = kr.aggregates([
    ...     {"date": "2024-03-01", "kpi": "impressions", "channel": "display", "value": 1000},
    ...     {"date": "2024-03-02", "kpi": "impressions", "channel": "social", "value": 500},
    ... ])
    >>> log = kr.read({"customer_id": [1], "timestamp": ["2024-03-03"], "touchpoint": ["visit"]})
    >>> kr.kpis(kr.journeys(log), select=["impressions"], aggregates=seen)["value"]
    [1500.0]
    """
    arguments = {"date": date, "kpi": kpi, "value": value}
    if channel is not None:
        arguments["channel"] = channel
    wanted = Wanted(arguments, text={kpi} if channel is None else {kpi, channel}, numbers={value}, time=date)
    handle = _core.KpiAggregates()
    opened = open_source(source, wanted, where=None, connection=None, stop=True, progress=None)
    opened.consume(lambda stream: handle.append(stream, date=date, kpi=kpi, channel=channel or "", value=value))
    return Aggregates(handle)


def kpis(
    journeys: Journeys,
    map: JourneyMap | None = None,
    *,
    by: str | None = None,
    period: Period | None = None,
    aggregates: Any = None,
    select: Iterable[str] | None = None,
    define: Mapping[str, str | Mapping[str, Any]] | None = None,
    level: float = 0.95,
    min_n: int = 30,
    too_few: float = 5,
    threads: int | None = None,
) -> Table:
    """Measure key figures.

    Parameters
    ----------
    journeys
        The journeys. All their events up to ``observed_until`` count, however they were cut; their conversion is what
        figures call ``conversion``, and their ``inactivity`` decides whose story is over.
    map
        The map whose figures are measured. Default: the map of the log; without one, what the log can answer of
        :func:`kpi_library`.
    by
        A row for each ``"channel"``, ``"phase"`` or attribute of the log. A label that never changes within a customer
        is the customer's; otherwise events count under their own label and customers under their first one. What has
        none is ``(none)``.
    period
        A row for each ``"day"``, ``"week"`` (from Monday) or ``"month"``, in UTC.
    aggregates
        Figures without customers: see :func:`klantreis.aggregates`.
    select
        Only these figures of the map, of ``define`` or of the library, in this order.
    define
        Further figures, beside those of the map, or alone where there is none: a dict from id to an expression such
        as ``"sum(cost) / count(order)"``, or to a dict with ``measure`` (an expression, or a measure as maps write it),
        ``name``, ``unit``, ``direction``, ``target``, ``source``. :func:`kpi_measures` lists what expressions may call.
    level
        The coverage of the intervals.
    min_n
        Figures of fewer customers are marked ``few_customers``.
    too_few
        Figures of fewer customers get no verdict but ``too little data``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``kpi, phase, touchpoint``, with ``by`` the label, with ``period`` the period and whether it is ``complete``,
        then ``value, n, lower, upper, target, gap, status, unit, direction, marks, note``. ``n``: the customers behind
        the figure. ``gap``: value − target. ``status``: ``ok``, ``off``, ``off, could be chance`` (the interval holds
        the target), ``too little data``, ``not measured`` (``note`` says what the log lacks), or empty without a
        target. Counts and sums have no interval; a figure with denominator zero is None.

    Notes
    -----
    Shares of customers have Wilson's interval. Other figures have one from the influence value of each customer, summed
    over all that the customer did, so that customers and not events are the independent units; quantiles have
    Woodruff's. What has a beginning and an end (a customer, a cart, an issue) counts in the period where it began.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = ["2024-03-01", "2024-03-02", "2024-03-01", "2024-03-05"]
    >>> log = kr.read({"customer_id": [1, 1, 2, 3], "timestamp": days, "worth": [None, 60, None, 40],
    ...                "touchpoint": ["cart", "order", "cart", "order"]}, value="worth")
    >>> found = kr.kpis(kr.journeys(log, conversion="order"), select=["cart_abandonment", "aov", "per_cart"],
    ...                 define={"per_cart": "sum(value) / count(cart)"})
    >>> [(row["kpi"], row["value"], row["n"]) for row in found]
    [('cart_abandonment', 0.5, 2), ('aov', 50.0, 2), ('per_cart', 50.0, 3)]
    """
    handle = require_journeys(journeys, "kpis")._handle
    if isinstance(select, str):
        raise InputError(f"select={select!r} is one text; pass a list, as in select=[{select!r}]")
    chosen = None if select is None else [str(name) for name in select]
    own = [_definition(name, given) for name, given in (define or {}).items()]
    definitions: list[_core.KpiDefinition] | None = None
    if map is not None or own:
        names = {definition.id for definition in own}
        listed = _core.kpi_definitions_of(handle) if map is None else _core.kpi_definitions(map.to_json())
        definitions = [*(one for one in listed if one.id not in names), *own]
        if chosen is None and map is None and not _core.has_map(handle):
            chosen = [definition.id for definition in own]
    return Table(
        _core.kpis(
            handle,
            definitions,
            _read_aggregates(aggregates),
            by=by or "",
            period=period or "",
            select=chosen or [],
            level=level,
            min_n=float(min_n),
            too_few=float(too_few),
            threads=thread_count(threads),
        )
    )


def _definition(name: str, given: str | Mapping[str, Any]) -> _core.KpiDefinition:
    fields: Mapping[str, Any] = {"measure": given} if isinstance(given, str) else given
    unknown = [field for field in fields if field not in _FIELDS]
    if unknown or "measure" not in fields:
        wrong = f"unknown {unknown[0]!r}" if unknown else "no measure"
        raise InputError(f"key figure {name!r} has {wrong}; give {', '.join(_FIELDS)}")
    measure = fields["measure"]
    is_json = not isinstance(measure, str)
    try:
        return _core.KpiDefinition(
            name,
            json.dumps(measure, allow_nan=False) if is_json else measure,
            is_json=is_json,
            name=fields.get("name") or "",
            unit=fields.get("unit") or "",
            direction=fields.get("direction") or "",
            target=fields.get("target"),
            source="own definition",
            from_aggregates=fields.get("source") == "aggregate",
        )
    except InputError as error:
        raise InputError(f"key figure {name!r}: {error}") from None


def _read_aggregates(given: Any) -> _core.KpiAggregates:
    if given is None:
        return _core.KpiAggregates()
    return (given if isinstance(given, Aggregates) else aggregates(given))._handle


def kpi_library() -> Table:
    """Return the key figures that klantreis knows.

    Returns
    -------
    Table
        ``kpi, name, formula, unit, direction, interval, source``.

    Examples
    --------
    >>> import klantreis as kr
    >>> {row["kpi"]: row["formula"] for row in kr.kpi_library()}["cost_per_lead"]
    'cost / leads'
    """
    return Table(_core.kpi_library_table())


def kpi_measures() -> Table:
    """Return the measures that expressions of key figures may call.

    Returns
    -------
    Table
        ``measure, arguments, meaning``.

    Examples
    --------
    >>> import klantreis as kr
    >>> kr.kpi_measures()["measure"][:3]
    ['count', 'customers', 'sum']
    """
    return Table(_core.kpi_measures())


def kpi_places(map: JourneyMap) -> Table:
    """Return where the key figures of a map live.

    Returns
    -------
    Table
        ``kpi, phase, touchpoint, owner``: a row for each phase or touchpoint that lists one.

    Examples
    --------
    >>> import klantreis as kr
    >>> shop = kr.JourneyMap.from_text('''
    ... klantreis: 1
    ... journey: {id: shop, name: Shop, template: own, state: current, business: b2c}
    ... phases: [{id: purchase, name: Purchase, kpis: [aov], needs: [{id: goods, text: goods at home}]}]
    ... touchpoints:
    ... - {id: order, name: Order, phase: purchase, channel: web, need: goods, stage: onstage, kpis: [revenue]}
    ... outcomes: [{id: order, role: conversion, match: {event: {eq: order}}}]
    ... channels: [{id: web, name: Web}]
    ... ''')
    >>> [(row["kpi"], row["phase"], row["touchpoint"]) for row in kr.kpi_places(shop)]
    [('aov', 'purchase', ''), ('revenue', 'purchase', 'order')]
    """
    return Table(_core.kpi_places(map.to_json()))


def benchmarks(
    journeys: Journeys, *, aggregates: Any = None, level: float = 0.95, min_n: int = 30, threads: int | None = None
) -> Table:
    """Put the benchmarks of the log's map beside what was measured; they enter no figure.

    Parameters
    ----------
    journeys
        Journeys of a log that was read with a map.
    aggregates, level, min_n, threads
        As for :func:`kpis`.

    Returns
    -------
    Table
        ``benchmark, value, measured, n, lower, upper, gap, within, source, marks, note``. ``gap``: measured − value;
        ``within``: whether the interval of what was measured holds the benchmark.
    """
    return Table(
        _core.benchmarks(
            require_journeys(journeys, "benchmarks")._handle,
            _read_aggregates(aggregates),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def attention(figures: Table, map: JourneyMap | None = None) -> Table:
    """List the key figures that are off target, worst first, with advice.

    Parameters
    ----------
    figures
        What :func:`kpis` returned.
    map
        For the owner of each figure's touchpoint or phase.

    Returns
    -------
    Table
        ``rank``, the columns of ``figures``, ``miss`` (distance to the target as a part of the target), ``advice`` and
        ``owner``. ``advice`` is ``improve now`` where the interval excludes the target, and ``research more`` where it
        holds it or too few customers stand behind the figure.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 2, 3], "timestamp": ["2024-03-01"] * 3, "touchpoint": ["call"] * 3,
    ...                "waited": [300, 20, 60]}, numbers=["waited"])
    >>> found = kr.kpis(kr.journeys(log), define={
    ...     "wait": {"measure": "mean(waited)", "target": 60, "direction": "down"}})
    >>> [(row["kpi"], row["status"], row["advice"]) for row in kr.attention(found)]
    [('wait', 'too little data', 'research more')]
    """
    return Table(_core.attention(figures._core, None if map is None else map.to_json()))


def phase_scores(figures: Table) -> Table:
    """Score each phase by the targets it meets: 100 when all key figures are on target, 0 when none is.

    Parameters
    ----------
    figures
        What :func:`kpis` returned.

    Returns
    -------
    Table
        ``phase, score, kpis, on_target, left_out``: figures without a verdict are left out and named.
    """
    return Table(_core.phase_scores(figures._core))


def value_concentration(
    journeys: Journeys, *, outcome: str | None = None, top: float | None = None, threads: int | None = None
) -> Table:
    """List customers by what they are worth, with what they add up to (the Lorenz curve from the top).

    Parameters
    ----------
    journeys
        The journeys; the log must have values.
    outcome
        The touchpoint or outcome whose value counts. Default: the conversions.
    top
        Only the best part of the customers, such as 0.2, rounded up to whole customers.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``rank, customer, value, count, share_of_customers, cumulative_value, cumulative_share``, the most valuable
        first.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 2, 3], "timestamp": ["2024-03-01"] * 3, "touchpoint": ["order"] * 3,
    ...                "worth": [20, 60, 20]}, value="worth")
    >>> kr.value_concentration(kr.journeys(log, conversion="order"), top=0.2)["cumulative_share"]
    [0.6]
    """
    found = Table(
        _core.value_concentration(
            require_journeys(journeys, "value_concentration")._handle,
            outcome=outcome or "",
            threads=thread_count(threads),
        )
    )
    if top is None:
        return found
    if not 0 < top <= 1:
        raise InputError(f"top is {top!r}; give a part of one such as 0.2")
    # A product that is whole but for rounding counts as whole.
    return found.head(math.ceil(top * len(found) - 1e-9))
