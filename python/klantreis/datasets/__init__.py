# SPDX-License-Identifier: MIT
"""Small logs that come with the package, to try things on.

``webshop()`` is simulated by ``tools/make_sample.py``: a Dutch webshop for washing machines and groceries that does not
exist, with 2,000 customers from January to May 2025. No row is about a real person.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING

from klantreis._journeys import AfterConversion, Journeys, journeys
from klantreis._log import Log

if TYPE_CHECKING:
    if sys.version_info >= (3, 11):
        from importlib.resources.abc import Traversable
    else:
        from importlib.abc import Traversable

    from klantreis._duration import DurationLike

__all__ = ["SampleLog", "webshop", "webshop_file"]


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
        >>> kr.datasets.webshop().journeys()
        Journeys(2,597 journeys of 2,000 customers: 444 converted, 1,583 did not, 570 open)
        """
        return journeys(self, conversion=conversion, after_conversion=after_conversion, inactivity=inactivity)


def webshop_file() -> Traversable:
    """Return where the sample is stored: CSV, packed by gzip.

    Examples
    --------
    >>> import klantreis as kr
    >>> kr.datasets.webshop_file().name
    'webshop.csv.gz'
    """
    from importlib import resources

    return resources.files(__name__) / "webshop.csv.gz"


@functools.cache
def webshop() -> SampleLog:
    """Return the log of a webshop that does not exist: 17,000 events of 2,000 customers.

    Its columns: ``customer_id, timestamp, touchpoint, channel, phase, value, cost, device``. On a phone the checkout
    loses more than on a computer.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.datasets.webshop()
    >>> log
    Log(17,068 events, 2,000 customers, 18 touchpoints; by: touchpoint, channel, phase, device)
    >>> log.counts("device").to_dicts()[0]["device"]
    'mobile'
    """
    from importlib import resources

    from klantreis._read import read

    with resources.as_file(webshop_file()) as path:
        log = read(
            path,
            customer="customer_id",
            time="timestamp",
            touchpoint="touchpoint",
            channel="channel",
            phase="phase",
            value="value",
            cost="cost",
            attributes=["device"],
        )
    return SampleLog(log._handle, "the sample webshop, which is simulated")
