# SPDX-License-Identifier: MIT
"""Logs to try things on: a webshop that does not exist, simulated from a file of parameters that one can change.

What an analysis of it must find is known: :func:`webshop_truth` computes it from the parameters.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from klantreis import _core
from klantreis._core import InputError
from klantreis._files import write_whole
from klantreis._journeys import AfterConversion, Journeys, journeys
from klantreis._log import Log
from klantreis._table import Table
from klantreis.datasets._examples import Example, electronics, example_events, restaurant, supermarket

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from klantreis._duration import DurationLike

    Parameters = Mapping[str, Any] | str | os.PathLike[str] | None

__all__ = [
    "Example",
    "SampleLog",
    "WebshopTruth",
    "electronics",
    "example_events",
    "restaurant",
    "supermarket",
    "webshop",
    "webshop_events",
    "webshop_parameters",
    "webshop_truth",
]


class SampleLog(Log):
    """A log that knows its conversion."""

    __slots__ = ()

    def journeys(
        self,
        *,
        conversion: str = "order",
        after_conversion: AfterConversion = "new",
        inactivity: DurationLike | None = "30d",
    ) -> Journeys:
        """Cut the log into journeys; :func:`klantreis.journeys` has more options.

        Examples
        --------
        >>> import klantreis as kr
        >>> kr.datasets.webshop(customers=2_000).journeys().conversions > 0
        True
        """
        return journeys(self, conversion=conversion, after_conversion=after_conversion, inactivity=inactivity)


@dataclass(frozen=True)
class WebshopTruth:
    """What holds of the acquisition of the webshop's customers; see :func:`webshop_truth`."""

    transitions: Table
    conversion: Table
    removal_effects: Table
    improvement: Table


def webshop(
    customers: int = 20_000, *, seed: int = 1, parameters: Parameters = None, threads: int | None = None
) -> SampleLog:
    """Simulate a Dutch webshop for washing machines and groceries over a year, and return its log.

    Customers notice a need, orient themselves, buy, are delivered, are helped, come back and bring others; some are
    businesses. Built in are a problem (on a phone the payment page fails) and an improvement (from July the cart
    promises the day of delivery).

    Parameters
    ----------
    customers
        Number of customers.
    seed
        Another seed draws other customers from the same shop.
    parameters
        Another shop: a dict such as :func:`webshop_parameters` returns, or a JSON file of it.
    threads
        Number of threads; the events do not depend on it.

    Returns
    -------
    SampleLog
        With channel, phase, value and cost; the attributes ``segment, kind, device, origin, person, account_id,
        issue_id, agent_id, referrer_id`` and the numbers ``wait_s, score``.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.datasets.webshop(customers=2_000)
    >>> log.customers
    2000
    >>> log.counts("kind")["kind"]
    ['b2c', 'b2b']
    """
    if parameters is None:
        return _simulated(_whole(customers), seed, threads or 0)
    return _log(_text(parameters), _whole(customers), seed, threads or 0)


def webshop_events(customers: int = 20_000, *, seed: int = 1, parameters: Parameters = None) -> Table:
    """Return the events of :func:`webshop` as a table, as a shop would export them.

    Returns
    -------
    Table
        ``customer_id, timestamp, touchpoint, channel, phase, value, cost, segment, kind, device, origin, person,
        account_id, issue_id, agent_id, referrer_id, wait_s, score``; by customer and in order of time. ``origin`` tells
        how the journey began: ``arrival``, ``referred`` or ``return``.

    Examples
    --------
    >>> import klantreis as kr
    >>> events = kr.datasets.webshop_events(customers=100)
    >>> log = kr.read(events, value="value", channel="channel", attributes=["device"])
    >>> log.customers
    100
    """
    return Table(_core.webshop_events(parameters=_text(parameters), customers=_whole(customers), seed=seed, threads=0))


def webshop_parameters(*, to: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """Return what the webshop is made of; with ``to``, also write it to that file, to be changed by hand.

    Examples
    --------
    >>> import klantreis as kr
    >>> parameters = kr.datasets.webshop_parameters()
    >>> parameters["transitions"]["approval"]
    {'order': 0.88, '(null)': 0.12}
    """
    text = _core.webshop_parameters()
    if to is not None:
        write_whole(to, text)
    result: dict[str, Any] = json.loads(text)
    return result


def webshop_truth(parameters: Parameters = None) -> WebshopTruth:
    """Return what an analysis of the webshop must find, computed from its parameters and not from events.

    Each group of customers (segment, kind and device) follows a Markov chain of order 1 of its own, before and after
    the improvement; a pool of groups does not.

    Returns
    -------
    WebshopTruth
        ``.transitions`` (from ``(start)`` for arrivals), ``.conversion`` (rate and mean number of touchpoints by
        origin of the journey), ``.removal_effects`` (of arrivals) and ``.improvement`` (conversion before and after).

    Examples
    --------
    >>> import klantreis as kr
    >>> row = kr.datasets.webshop_truth().improvement.to_dicts()[0]
    >>> round(row["before"], 4) < round(row["after"], 4)
    True
    """
    return WebshopTruth(*map(Table, _core.webshop_truth(parameters=_text(parameters))))


@functools.lru_cache(maxsize=4)
def _simulated(customers: int, seed: int, threads: int) -> SampleLog:
    return _log("", customers, seed, threads)


def _log(parameters: str, customers: int, seed: int, threads: int) -> SampleLog:
    handle = _core.webshop_log(parameters=parameters, customers=customers, seed=seed, threads=threads)
    return SampleLog(handle, "the sample webshop, which is simulated")


def _text(parameters: Parameters) -> str:
    if parameters is None:
        return ""
    if hasattr(parameters, "keys"):
        return json.dumps(parameters)
    from pathlib import Path

    try:
        return Path(parameters).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, TypeError) as error:
        _refuse(parameters, error)


def _refuse(parameters: object, error: Exception) -> NoReturn:
    raise InputError(
        f"parameters={parameters!r} is no file of parameters ({error}); "
        "klantreis.datasets.webshop_parameters(to=...) writes one"
    ) from error


def _whole(customers: int) -> int:
    if isinstance(customers, bool) or not isinstance(customers, int) or customers < 0:
        raise InputError(f"customers={customers!r}; it must be a whole number, 0 or more")
    return customers
