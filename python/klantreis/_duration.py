# SPDX-License-Identifier: MIT
"""Lengths of time and instants as people write them."""

from __future__ import annotations

import datetime as dt
import re

from klantreis._core import InputError

DurationLike = str | dt.timedelta
InstantLike = str | dt.date | dt.datetime

_UNITS = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}
_PATTERN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(us|ms|s|min|m|h|d|w)\s*")


def microseconds(length: DurationLike, what: str = "duration") -> int:
    """Return a length of time in microseconds.

    Parameters
    ----------
    length
        A ``datetime.timedelta`` or a text such as ``"30d"``, ``"90m"``, ``"1h 30m"``. Units: ``w`` weeks, ``d`` days
        of 24 hours, ``h``, ``m`` or ``min``, ``s``, ``ms``, ``us``.
    what
        The name of the argument, for the error.

    Raises
    ------
    InputError
        When the text is no length of time, or is not positive.

    Examples
    --------
    >>> microseconds("1h 30m")
    5400000000
    """
    if isinstance(length, dt.timedelta):
        total = length // dt.timedelta(microseconds=1)
    elif isinstance(length, str):
        total = 0
        at = 0
        while at < len(length):
            found = _PATTERN.match(length, at)
            if found is None:
                break
            total += round(float(found[1]) * _UNITS[found[2]])
            at = found.end()
        if at < len(length) or not length.strip():
            raise InputError(f'{what} is {length!r}; write a length of time such as "30d", "12h", "90m" or "1h 30m"')
    else:
        raise InputError(f'{what} is {length!r}; give a text such as "30d" or a datetime.timedelta')
    if total <= 0:
        raise InputError(f"{what} is {length!r}; it must be longer than nothing")
    if total >= 2**63:
        raise InputError(f"{what} is {length!r}; at most 292,000 years can be counted")
    return total


def instant(at: InstantLike, what: str = "instant") -> int:
    """Return an instant as microseconds since 1970-01-01 UTC; times without a zone are UTC.

    Examples
    --------
    >>> instant("2024-04-30")
    1714435200000000
    """
    moment: dt.datetime
    if isinstance(at, str):
        try:
            moment = dt.datetime.fromisoformat(at.strip().replace("Z", "+00:00"))
        except ValueError:
            raise InputError(
                f'{what} is {at!r}; write a date or time such as "2024-04-30" or "2024-04-30T12:00:00Z"'
            ) from None
    elif isinstance(at, dt.datetime):
        moment = at
    elif isinstance(at, dt.date):
        moment = dt.datetime(at.year, at.month, at.day)
    else:
        raise InputError(f"{what} is {at!r}; give a text, a datetime.date or a datetime.datetime")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.timezone.utc)
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)) // dt.timedelta(microseconds=1)


def duration_text(length: int) -> str:
    """Return a length of time in microseconds as text, in the largest unit of which it is a whole number.

    Examples
    --------
    >>> duration_text(86_400_000_000), duration_text(90_000_000)
    ('1d', '90s')
    """
    for unit in ("d", "h", "m", "s", "ms"):
        if length % _UNITS[unit] == 0:
            return f"{length // _UNITS[unit]}{unit}"
    return f"{length}us"
