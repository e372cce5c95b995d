# SPDX-License-Identifier: MIT
"""The worked examples: a map and a log each, small enough to stand in the package."""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from klantreis._core import InputError
from klantreis._map import JourneyMap
from klantreis._read import read
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._log import Log

EXAMPLES = ("restaurant", "electronics", "supermarket")
NUMBERS = ("value", "score", "wait_s", "delivery_cost")


class Example(NamedTuple):
    """A journey map and the log of what customers did on it."""

    map: JourneyMap
    log: Log


def restaurant() -> Example:
    """Return a burger restaurant: hungry people look, compare by nearness, price and taste, and some come to eat.

    The restaurant does not exist and its 320 guests are made up. ``distance`` says whether it is a walk or a ride away,
    ``reason`` why some did not come.

    Returns
    -------
    Example
        ``.map`` with three phases and three criteria, made from the template ``restaurant``, and ``.log``.

    Examples
    --------
    >>> import klantreis as kr
    >>> map, log = kr.datasets.restaurant()
    >>> [phase.id for phase in map.phases], log.customers
    (['awareness', 'consideration', 'decision'], 320)
    >>> [row["criterion"] for row in map.criteria()]
    ['near', 'price', 'taste']
    """
    return _example("restaurant")


def electronics() -> Example:
    """Return an electronics shop that is known for its delivery and service.

    The shop does not exist and its customers are made up. They buy in spring and are followed until autumn: when it was
    delivered (``same_day``, ``floor``, ``installed``), whether one contact solved a problem (``issue``, ``agent``,
    ``wait_s``), how likely they recommend the shop (``score``), who came on whose recommendation (``referrer``), and
    ``reason``, why some did not buy.

    Returns
    -------
    Example
        ``.map`` with seven phases, made from the template ``e-commerce``, and ``.log``.

    Examples
    --------
    >>> import klantreis as kr
    >>> map, log = kr.datasets.electronics()
    >>> len(map.phases), log.numbers
    (7, ['value', 'score', 'wait_s'])
    """
    return _example("electronics")


def supermarket() -> Example:
    """Return a supermarket whose customers weigh the way to the shop against the cost of delivery.

    The supermarket does not exist and its 480 customers are made up. ``distance`` says how far the nearest branch is,
    ``delivery_cost`` what delivery would cost in euros, once seen, ``reason`` why some did not buy.

    Returns
    -------
    Example
        ``.map`` with six phases and three criteria, made from the template ``retail``, and ``.log``.

    Examples
    --------
    >>> import klantreis as kr
    >>> map, log = kr.datasets.supermarket()
    >>> len(map.phases), log.customers
    (6, 480)
    >>> [row["criterion"] for row in map.criteria()]
    ['near', 'delivery_cost', 'choice']
    """
    return _example("supermarket")


def example_events(name: str) -> Table:
    """Return the events of a worked example as a table, as a shop would export them.

    Parameters
    ----------
    name
        ``"restaurant"``, ``"electronics"`` or ``"supermarket"``.

    Returns
    -------
    Table
        ``customer_id, timestamp, event, channel`` and the further columns of the example, by customer and time.

    Examples
    --------
    >>> import klantreis as kr
    >>> kr.datasets.example_events("restaurant").head(1).columns
    ['customer_id', 'timestamp', 'event', 'channel', 'value', 'distance', 'reason']
    """
    return Table.from_columns(
        {
            title: cells if title in NUMBERS else ["" if cell is None else cell for cell in cells]
            for title, cells in _columns(name).items()
        }
    )


def _example(name: str) -> Example:
    given = JourneyMap.from_text(_text(f"{name}.yaml"), file=f"{name}.yaml")
    columns = _columns(name)
    return Example(given, read(columns, map=given, numbers=[title for title in columns if title == "delivery_cost"]))


def _columns(name: str) -> dict[str, list[Any]]:
    if name not in EXAMPLES:
        raise InputError(f"name={name!r} is no worked example; choose one of: {', '.join(EXAMPLES)}")
    header, *rows = csv.reader(_text(f"{name}.csv").splitlines())
    return {
        title: [(float(row[at]) if title in NUMBERS else row[at]) if row[at] else None for row in rows]
        for at, title in enumerate(header)
    }


def _text(file: str) -> str:
    return (files("klantreis.datasets") / file).read_text(encoding="utf-8")
