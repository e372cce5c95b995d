# SPDX-License-Identifier: MIT
"""Checks of arguments that several analyses share."""

from __future__ import annotations

import operator
from typing import Any

from klantreis._core import InputError
from klantreis._journeys import Journeys


def whole_number(value: int, name: str, least: int) -> int:
    """Return ``value`` as a whole number of at least ``least``.

    Examples
    --------
    >>> whole_number(3, "steps", 1)
    3
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{name} is {value!r}; give a whole number") from None
    if number < least:
        raise InputError(f"{name} is {number}; it must be at least {least}")
    return number


def thread_count(threads: int | None) -> int:
    """Return the number of threads as the core takes it: 0 for one on each core."""
    return 0 if threads is None else whole_number(threads, "threads", 1)


def require_journeys(journeys: object, analysis: str) -> Journeys:
    """Return ``journeys``, or say how to make them."""
    if not isinstance(journeys, Journeys):
        raise InputError(
            f"{analysis} takes Journeys, not {type(journeys).__name__}; cut them from a log with klantreis.journeys"
        )
    return journeys


def one_of(value: str, name: str, known: tuple[Any, ...]) -> str:
    """Return ``value`` when it is one of the known ones.

    Examples
    --------
    >>> one_of("first", "which", ("first", "last"))
    'first'
    """
    if value not in known:
        raise InputError(f"{name} is {value!r}; choose one of {', '.join(known)}")
    return value
