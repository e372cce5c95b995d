# SPDX-License-Identifier: MIT
"""The interval forms for shares of customers and for statistics with influence values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Z = 1.959963984540054
NOTHING = float("nan")
NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)


def t_probability(t: float, df: float) -> float:
    """P(|T| <= t) of Student's distribution.

    With x = sqrt(df) tan(a) the density becomes a power of the cosine, which Gauss-Legendre integrates well.
    """
    angle = math.atan(t / math.sqrt(df))
    a = angle * (NODES + 1) / 2
    inside = float(np.sum(WEIGHTS * np.cos(a) ** (df - 1))) * angle / 2
    log_whole = 0.5 * math.log(math.pi) - math.log(2) + math.lgamma(df / 2) - math.lgamma((df + 1) / 2)
    return inside / math.exp(log_whole)


@cache
def t_quantile(df: float, confidence: float = 0.95) -> float:
    """Two-sided quantile: P(|T| <= t) = confidence."""
    low, high = 0.0, 1.0
    while t_probability(high, df) < confidence:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        if t_probability(middle, df) < confidence:
            low = middle
        else:
            high = middle
    return (low + high) / 2


@dataclass(frozen=True)
class Interval:
    lower: float
    upper: float
    boundary: bool = False
    df: float = NOTHING
    se: float = NOTHING


NULL = Interval(NOTHING, NOTHING)


def wilson(theta: float, n: float, z: float = Z) -> tuple[float, float]:
    """Wilson (1927) with any n; exactly 0 or 1 at the ends."""
    if n <= 0 or math.isnan(theta):
        return NOTHING, NOTHING
    centre = (theta + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(theta * (1 - theta) / n + z * z / (4 * n * n))
    return (0.0 if theta == 0 else centre - half), (1.0 if theta == 1 else centre + half)


@dataclass(frozen=True)
class Spread:
    variance: float
    df: float
    t: float

    @property
    def se(self) -> float:
        return math.sqrt(self.variance)


def spread(psi: Sequence[float] | np.ndarray, contributing: int) -> Spread:
    """Variance and degrees of freedom of a statistic from the influence values of its customers."""
    values = np.asarray(psi, dtype=float)
    second = float((values**2).sum())
    fourth = float((values**4).sum())
    k = contributing
    if k < 2 or second <= 1e-26:
        return Spread(0.0, max(1.0, k - 1.0), t_quantile(max(1.0, k - 1.0)))
    rest = fourth - second**2 / k
    df = max(1.0, k - 1.0) if rest <= 1e-12 * fourth else max(1.0, min(k - 1.0, 2 * second**2 / rest))
    return Spread(second * k / (k - 1), df, t_quantile(df))


def prob(theta: float, psi: Sequence[float] | np.ndarray, contributing: int, fallback_n: int) -> Interval:
    """A number in [0, 1]: Wilson with an effective sample size and a t quantile."""
    if math.isnan(theta):
        return NULL
    if theta < -1e-12 or theta > 1 + 1e-12:
        return plain(theta, psi, contributing)
    s = spread(psi, contributing)
    if theta <= 1e-13 or theta >= 1 - 1e-13 or contributing == 1 or s.variance == 0:
        lower, upper = wilson(min(1.0, max(0.0, float(round(theta, 13)))), fallback_n)
        return Interval(lower, upper, boundary=True, df=s.df, se=s.se)
    lower, upper = wilson(theta, theta * (1 - theta) / s.variance, s.t)
    return Interval(lower, upper, df=s.df, se=s.se)


def log_form(
    theta: float,
    psi: Sequence[float] | np.ndarray,
    contributing: int,
    scale: float = NOTHING,
    fallback_n: float = NOTHING,
) -> Interval:
    """A positive amount; without variation it is `scale` times a share of `fallback_n` customers."""
    if math.isnan(theta):
        return NULL
    if theta < 0:
        return plain(theta, psi, contributing)
    s = spread(psi, contributing)
    if theta == 0 or s.variance == 0:
        if math.isnan(scale) or scale <= 0:
            return Interval(NOTHING, NOTHING, boundary=True)
        lower, upper = wilson(min(1.0, theta / scale), fallback_n)
        return Interval(scale * lower, scale * upper, boundary=True, df=s.df, se=s.se)
    factor = math.exp(s.t * s.se / theta)
    return Interval(theta / factor, theta * factor, df=s.df, se=s.se)


def plain(theta: float, psi: Sequence[float] | np.ndarray, contributing: int) -> Interval:
    if math.isnan(theta):
        return NULL
    s = spread(psi, contributing)
    if s.variance == 0:
        return Interval(NOTHING, NOTHING, boundary=True)
    return Interval(theta - s.t * s.se, theta + s.t * s.se, df=s.df, se=s.se)


def quantile(values: Sequence[float], q: float) -> float:
    """Type 7 of Hyndman and Fan; NaN of nothing."""
    if not values:
        return NOTHING
    ordered = sorted(values)
    h = (len(ordered) - 1) * q
    below = math.floor(h)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (h - below) * (ordered[above] - ordered[below])
