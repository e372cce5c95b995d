# SPDX-License-Identifier: MIT
"""Intervals and a test for shares of customers."""

from __future__ import annotations

from typing import NamedTuple

from klantreis import _core


class Interval(NamedTuple):
    """Lower and upper bound; both NaN where there is no interval."""

    lower: float
    upper: float


class TwoShares(NamedTuple):
    """What a test of two shares found; both NaN where there is none."""

    z: float
    p: float


def wilson(successes: float, n: float, *, level: float = 0.95) -> Interval:
    """Wilson's score interval for a share of customers.

    Parameters
    ----------
    successes
        How many of the ``n`` did it.
    n
        The customers. They must be independent: give customers, not visits.
    level
        The coverage aimed at.

    Returns
    -------
    Interval
        ``(lower, upper)``, within 0 and 1; NaN when ``n`` is 0.

    Raises
    ------
    InputError
        When a count is negative or ``successes`` exceeds ``n``.

    Notes
    -----
    Source: Wilson (1927), https://doi.org/10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> import klantreis as kr
    >>> lower, upper = kr.wilson(81, 263)
    >>> print(f"{lower:.4f} to {upper:.4f}")
    0.2553 to 0.3662
    >>> kr.wilson(0, 20).lower
    0.0
    """
    return Interval(*_core.wilson(successes, n, level=level))


def newcombe(x1: float, n1: float, x2: float, n2: float, *, level: float = 0.95) -> Interval:
    """Interval of the difference ``x1/n1 - x2/n2`` of two independent groups of customers.

    Parameters
    ----------
    x1, n1
        Successes and customers of the first group.
    x2, n2
        Successes and customers of the second group. No customer may be in both:
        for the same customers before and after see :func:`newcombe_paired`.
    level
        The coverage aimed at.

    Returns
    -------
    Interval
        ``(lower, upper)``, within -1 and 1; NaN when a group is empty.

    Raises
    ------
    InputError
        When a count is negative or larger than its group.

    Notes
    -----
    Square-and-add of two Wilson intervals, method 10 of Newcombe (1998), Statistics in Medicine 17, 873-890.

    Examples
    --------
    >>> import klantreis as kr
    >>> lower, upper = kr.newcombe(250, 5000, 200, 5000)
    >>> print(f"{lower:.4f} to {upper:.4f}")
    0.0019 to 0.0182
    """
    return Interval(*_core.newcombe(x1, n1, x2, n2, level=level))


def newcombe_paired(
    both: float, only_before: float, only_after: float, neither: float, *, level: float = 0.95
) -> Interval:
    """Interval of the change of a share among the same customers: after minus before.

    Parameters
    ----------
    both, only_before, only_after, neither
        Customers, by when they belong.
    level
        The coverage aimed at.

    Returns
    -------
    Interval
        ``(lower, upper)`` of ``(only_after - only_before) / n``; NaN without customers.

    Raises
    ------
    InputError
        When a count is negative.

    Notes
    -----
    Method 10 of Newcombe (1998), Statistics in Medicine 17, 2635-2650.

    Examples
    --------
    >>> import klantreis as kr
    >>> lower, upper = kr.newcombe_paired(1, 1, 7, 12)
    >>> print(f"{lower:.4f} to {upper:.4f}")
    0.0256 to 0.5069
    """
    return Interval(*_core.newcombe_paired(both, only_before, only_after, neither, level=level))


def two_proportion_test(x1: float, n1: float, x2: float, n2: float) -> TwoShares:
    """Test whether two independent groups of customers have the same share.

    Parameters
    ----------
    x1, n1
        Successes and customers of the first group.
    x2, n2
        Successes and customers of the second group. No customer may be in both, and each counts once: visits of one
        customer are alike, for those :func:`compare` has tests by customer.

    Returns
    -------
    TwoShares
        ``z``, above 0 where the first share is the larger, and the two-sided ``p``; NaN when a group is empty or
        nobody, or everybody, of both did it.

    Raises
    ------
    InputError
        When a count is negative or larger than its group.

    Notes
    -----
    The variance takes the share of both groups together, without a correction for continuity: Fleiss, Levin and Paik
    (2003), Statistical Methods for Rates and Proportions, section 3.1. For the size of the difference, see
    :func:`newcombe`.

    Examples
    --------
    >>> import klantreis as kr
    >>> z, p = kr.two_proportion_test(250, 5000, 200, 5000)
    >>> print(f"z {z:.3f}, p {p:.4f}")
    z 2.412, p 0.0159
    """
    return TwoShares(*_core.two_proportion_test(x1, n1, x2, n2))
