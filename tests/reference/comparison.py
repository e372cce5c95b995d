# SPDX-License-Identifier: MIT
"""Two groups of trips side by side, from dense matrices; influence values by moving the weight of each customer."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .sequences import Trip

Array = NDArray[np.float64]
START = "(start)"


def items_of(*groups: Sequence[Trip]) -> list[str]:
    return sorted({item for trips in groups for trip in trips for item in trip.items})


def counts_of(trips: Sequence[Trip], items: list[str]) -> tuple[list[Any], Array]:
    """Customers, and their transitions: customers x (start and items) x (the same, conversion, null)."""
    customers = sorted({trip.unit for trip in trips})
    number = {item: i + 1 for i, item in enumerate(items)}
    c = np.zeros((len(customers), len(items) + 1, len(items) + 3))
    for trip in trips:
        steps = [0, *(number[item] for item in trip.items), len(items) + (1 if trip.converted else 2)]
        for here, there in itertools.pairwise(steps):
            c[customers.index(trip.unit), here, there] += 1
    return customers, c


def rows_of(a: Array, b: Array) -> tuple[Array, Array]:
    """Transition probabilities; a row that one group never visits is that of the other."""
    chains = []
    for own, other in ((a, b), (b, a)):
        n = own.sum(axis=1, keepdims=True)
        m = other.sum(axis=1, keepdims=True)
        chains.append(np.where(n > 0, own / np.where(n > 0, n, 1), other / np.where(m > 0, m, 1)))
    return chains[0], chains[1]


def solved(p: Array) -> tuple[Array, Array]:
    n = np.linalg.inv(np.eye(len(p)) - p[:, : len(p)])
    return n[0], np.concatenate([n @ p[:, len(p)], [1.0, 0.0]])


def parts(a: Array, b: Array) -> Array:
    """The part of each row, then the total."""
    pa, pb = rows_of(a, b)
    (na, va), (nb, vb) = solved(pa), solved(pb)
    rows = ((pb - pa) * (na[:, None] * vb + nb[:, None] * va)).sum(axis=1) / 2
    return np.append(rows, vb[0] - va[0])


def slopes(function: Callable[[Array], Array], customers: int, h: float = 1e-6) -> Array:
    """The derivative of a function of the customers' weights at one each: customers x statistics."""
    found = []
    for u in range(customers):
        up, down = np.ones(customers), np.ones(customers)
        up[u] += h
        down[u] -= h
        found.append((function(up) - function(down)) / (2 * h))
    return np.array(found)


def paid_of(trips: Sequence[Trip], items: list[str]) -> Array:
    """The value of conversions by the item from which they came: customers x (start and items)."""
    customers = sorted({trip.unit for trip in trips})
    number = {item: i + 1 for i, item in enumerate(items)}
    paid = np.zeros((len(customers), len(items) + 1))
    for trip in trips:
        paid[customers.index(trip.unit), number[trip.items[-1]] if trip.items else 0] += trip.value
    return paid


def value_parts(a: Array, b: Array, paid_a: Array, paid_b: Array) -> Array:
    """The same of the value of a journey, from transitions and what visits paid."""
    pa, pb = rows_of(a, b)
    pay = []
    for own, other, mine, theirs in ((a, b, paid_a, paid_b), (b, a, paid_b, paid_a)):
        n, m = own.sum(axis=1), other.sum(axis=1)
        pay.append(np.where(n > 0, mine / np.where(n > 0, n, 1), theirs / np.where(m > 0, m, 1)))
    size = len(a)
    na, nb = (np.linalg.inv(np.eye(size) - p[:, :size]) for p in (pa, pb))
    va, vb = na @ pay[0], nb @ pay[1]
    more = pay[1] - pay[0]
    change = (pb - pa)[:, :size]
    rows = (na[0] * (change @ vb + more) + nb[0] * (change @ va + more)) / 2
    return np.append(rows, vb[0] - va[0])


def part_intervals(first: Sequence[Trip], second: Sequence[Trip]) -> tuple[list[str], Array, Array, Array]:
    """Names, parts, standard errors and degrees of freedom."""
    items = items_of(first, second)
    (who_a, a), (who_b, b) = counts_of(first, items), counts_of(second, items)
    psi_a = slopes(lambda w: parts(np.tensordot(w, a, 1), b.sum(axis=0)), len(a))
    psi_b = slopes(lambda w: parts(a.sum(axis=0), np.tensordot(w, b, 1)), len(b))
    return [START, *items, "(total)"], parts(a.sum(axis=0), b.sum(axis=0)), *errors_of(who_a, who_b, psi_a, psi_b)


def value_part_intervals(first: Sequence[Trip], second: Sequence[Trip]) -> tuple[list[str], Array, Array, Array]:
    """The same of the value of a journey."""
    items = items_of(first, second)
    (who_a, a), (who_b, b) = counts_of(first, items), counts_of(second, items)
    paid_a, paid_b = paid_of(first, items), paid_of(second, items)
    all_a, all_b = (a.sum(axis=0), paid_a.sum(axis=0)), (b.sum(axis=0), paid_b.sum(axis=0))
    psi_a = slopes(lambda w: value_parts(np.tensordot(w, a, 1), all_b[0], w @ paid_a, all_b[1]), len(a))
    psi_b = slopes(lambda w: value_parts(all_a[0], np.tensordot(w, b, 1), all_a[1], w @ paid_b), len(b))
    found = value_parts(all_a[0], all_b[0], all_a[1], all_b[1])
    return [START, *items, "(total)"], found, *errors_of(who_a, who_b, psi_a, psi_b)


def errors_of(who_a: list[Any], who_b: list[Any], psi_a: Array, psi_b: Array) -> tuple[Array, Array]:
    """Standard errors and degrees of freedom from the influence values of both groups."""
    if set(who_a) & set(who_b):
        both: dict[Any, Array] = defaultdict(lambda: np.zeros(psi_a.shape[1]))
        for who, psi in ((who_a, psi_a), (who_b, psi_b)):
            for customer, own in zip(who, psi, strict=True):
                both[customer] = both[customer] + own
        pooled = np.array(list(both.values()))
        variance = (pooled**2).sum(axis=0) * len(pooled) / (len(pooled) - 1)
    else:
        pooled = np.concatenate([psi_a, psi_b])
        variance = sum((p**2).sum(axis=0) * len(p) / (len(p) - 1) for p in (psi_a, psi_b))
    s2, s4, k = (pooled**2).sum(axis=0), (pooled**4).sum(axis=0), len(pooled)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.maximum(1, np.minimum(k - 1, 2 * s2**2 / (s4 - s2**2 / k)))
    return np.sqrt(variance), df


def row_test(first: Sequence[Trip], second: Sequence[Trip], row: str) -> float | None:
    """p of the test that customers go on from a row in the same way, corrected for customers."""
    items = items_of(first, second)
    at = [START, *items].index(row)
    (who_a, a), (who_b, b) = counts_of(first, items), counts_of(second, items)
    a, b = a[:, at], b[:, at]
    keep = (a.sum(axis=0) + b.sum(axis=0)) > 0
    groups = {"a": (who_a, a[:, keep]), "b": (who_b, b[:, keep])}
    psi: dict[str, dict[Any, Array]] = {}
    for name, (who, c) in groups.items():
        n = c.sum()
        if n == 0:
            return None
        share = c.sum(axis=0) / n
        psi[name] = {u: (x - x.sum() * share) / n for u, x in zip(who, c, strict=True) if x.sum() > 0}
    na, nb = a.sum(), b.sum()
    pa, pb = (c.sum(axis=0) / c.sum() for _, c in groups.values())
    pooled = (na * pa + nb * pb) / (na + nb)
    with np.errstate(divide="ignore", invalid="ignore"):
        g2 = 2 * sum(np.nansum(np.where(p > 0, n * p * np.log(p / pooled), 0)) for n, p in ((na, pa), (nb, pb)))
    df = int(keep.sum()) - 1
    if df == 0:
        return 1.0
    if set(who_a) & set(who_b):
        both = set(psi["a"]) | set(psi["b"])
        zero = np.zeros(df + 1)
        rows = np.array([psi["b"].get(u, zero) - psi["a"].get(u, zero) for u in both])
        w = rows.T @ rows * len(both) / max(len(both) - 1, 1)
        nu = len(both) - 1
    else:
        if min(len(psi["a"]), len(psi["b"])) < 2:
            return None
        w = np.zeros((df + 1, df + 1))
        for own in psi.values():
            rows = np.array(list(own.values()))
            w += rows.T @ rows * len(rows) / (len(rows) - 1)
        nu = len(psi["a"]) + len(psi["b"]) - 2
    m = na * nb / (na + nb) * w / pooled[:, None]
    trace = float(np.trace(m))
    if trace < 1e-10 or nu <= 0:
        return None
    spread = max(0.0, df * float(np.trace(m @ m)) / trace**2 - 1)
    delta = trace / df
    return float(stats.f.sf(g2 / (delta * df), df / (1 + spread), df / (1 + spread) * nu))
