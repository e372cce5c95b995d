# SPDX-License-Identifier: MIT
"""Influence values per customer for the statistics of a fitted chain, from dense matrices.

psi_u = sum over the transitions i -> j of customer u of (G_ij - sum_l p_il G_il) / n_i, where G is the derivative
of the statistic by the entries of the transition matrix. Rows: (start) and the windows; columns: the same, then
(conversion) and (null).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .chain import CONVERSION, NULL, START, State, items_of, states_of
from .intervals import Interval, log_form, prob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .sequences import Trip

Array = NDArray[np.float64]


@dataclass
class Fitted:
    customers: list[Any]
    states: list[State]
    per_customer: Array  # customers x rows x columns
    values: Array  # customers x rows: value of the conversions that ended in the row
    counts: Array
    visits: Array
    p: Array
    n: Array  # fundamental matrix
    b: Array

    @property
    def size(self) -> int:
        return len(self.states)

    @property
    def val(self) -> Array:
        return np.concatenate([self.b, [1.0, 0.0]])

    @property
    def conversions_of(self) -> Array:
        return self.per_customer[:, :, self.size].sum(axis=1)

    @property
    def journeys_of(self) -> Array:
        return self.per_customer[:, 0, :].sum(axis=1)


def fit(trips: Sequence[Trip], order: int = 1, self_transitions: bool = False) -> Fitted:
    customers = list(dict.fromkeys(t.unit for t in trips))
    states: list[State] = [START]
    for trip in trips:
        for state in states_of(trip, order, self_transitions)[1:-1]:
            if state not in states:
                states.append(state)
    size = len(states)
    column: dict[State, int] = {s: i for i, s in enumerate([*states, CONVERSION, NULL])}
    row_of = {c: i for i, c in enumerate(customers)}
    c = np.zeros((len(customers), size, size + 2))
    values = np.zeros((len(customers), size))
    for trip in trips:
        u = row_of[trip.unit]
        seen = states_of(trip, order, self_transitions)
        for here, there in itertools.pairwise(seen):
            c[u, column[here], column[there]] += 1
        if trip.converted:
            values[u, column[seen[-2]]] += trip.value
    counts = c.sum(axis=0)
    visits = counts.sum(axis=1)
    p = counts / visits[:, None]
    n = np.linalg.inv(np.eye(size) - p[:, :size])
    return Fitted(customers, states, c, values, counts, visits, p, n, n @ p[:, size])


def psi(chain: Fitted, gradient: Array) -> Array:
    weights = (gradient - (chain.p * gradient).sum(axis=1, keepdims=True)) / chain.visits[:, None]
    return np.asarray((chain.per_customer * weights).sum(axis=(1, 2)))


def psi_conversion(chain: Fitted) -> Array:
    return psi(chain, np.outer(chain.n[0], chain.val))


def containing(chain: Fitted, item: str) -> Array:
    return np.array([isinstance(s, tuple) and item in s for s in chain.states])


def without(chain: Fitted, gone: Array, reward: Array) -> tuple[Array, Array]:
    """Fundamental matrix and expected reward when the states `gone` lead to null."""
    kept = (~gone).astype(float)
    q = chain.p[:, : chain.size] * np.outer(kept, kept)
    n = np.linalg.inv(np.eye(chain.size) - q) * np.outer(kept, kept)
    return n, n @ (reward * kept)


def removal(chain: Fitted, item: str) -> tuple[float, Array]:
    """Removal effect of an item and its influence values."""
    gone = containing(chain, item)
    n1, b1 = without(chain, gone, chain.p[:, chain.size])
    effect = 1 - b1[0] / chain.b[0]
    val1 = np.concatenate([b1, [1.0, 0.0]])
    gradient = ((1 - effect) * np.outer(chain.n[0], chain.val) - np.outer(n1[0] * ~gone, val1)) / chain.b[0]
    return float(effect), psi(chain, gradient)


def _psi_value(chain: Fitted, row: Array, expected: Array, kept: Array) -> Array:
    """Sum over transitions of N_0i (v_j - v_i) / n_i, where a conversion pays its own value."""
    after = np.concatenate([expected, [0.0, 0.0]])
    weights = (row * kept / chain.visits)[:, None] * (after[None, :] - expected[:, None])
    paid = (chain.values * (row * kept / chain.visits)[None, :]).sum(axis=1)
    return np.asarray((chain.per_customer * weights).sum(axis=(1, 2)) + paid)


def value_per_journey(chain: Fitted) -> tuple[float, Array]:
    mean = chain.values.sum(axis=0) / chain.visits
    v = chain.n @ mean
    return float(v[0]), _psi_value(chain, chain.n[0], v, np.ones(chain.size))


def value_removal(chain: Fitted, item: str) -> tuple[float, Array]:
    mean = chain.values.sum(axis=0) / chain.visits
    v0, psi0 = value_per_journey(chain)
    gone = containing(chain, item)
    n1, v1 = without(chain, gone, mean)
    effect = 1 - v1[0] / v0
    psi1 = _psi_value(chain, n1[0], v1, (~gone).astype(float))
    return float(effect), ((v1[0] / v0) * psi0 - psi1) / v0


def shares(effects: dict[str, tuple[float, Array]]) -> dict[str, tuple[float, Array]]:
    total = sum(e for e, _ in effects.values())
    total_psi = sum(p for _, p in effects.values())
    return {item: (e / total, (p - e / total * total_psi) / total) for item, (e, p) in effects.items()}


@dataclass(frozen=True)
class MarkovRow:
    item: str
    removal_effect: float
    removal: Interval
    share: float
    share_interval: Interval
    credit: float
    credit_interval: Interval
    removal_effect_value: float
    removal_value: Interval
    credit_value: float


def markov(trips: Sequence[Trip], order: int = 1) -> dict[str, MarkovRow]:
    """Credits of an order-k chain with intervals; needs at least one conversion with a path.

    Items share out the conversions that had a touch; a share is a part of all conversions.
    """
    chain = fit(trips, order)
    m = len(chain.customers)
    y = chain.conversions_of
    touched = y - chain.per_customer[:, 0, chain.size]
    converting = int((y > 0).sum())
    total, earned = float(y.sum()), float(touched.sum())
    earned_value = float(chain.values[:, 1:].sum())
    items = items_of(trips)
    effects = {item: removal(chain, item) for item in items}
    parts = shares(effects)
    v0, _ = value_per_journey(chain)
    has_value = abs(v0) > 1e-12
    value_effects = {item: value_removal(chain, item) for item in items} if has_value else {}
    value_sum = sum(e for e, _ in value_effects.values())
    rows = {}
    for item in items:
        effect, psi_effect = effects[item]
        part, psi_part = parts[item]
        credit = 0.0 if effect < 1e-13 else part * earned
        psi_credit = earned * psi_part + part * (touched - earned / m)
        share = credit / total
        psi_share = (psi_credit - share * (y - total / m)) / total
        nothing = float("nan")
        value_effect, psi_value = value_effects.get(item, (nothing, np.zeros(m)))
        rows[item] = MarkovRow(
            item,
            effect,
            prob(effect, psi_effect, m, converting),
            share,
            prob(share, psi_share, m, converting),
            credit,
            log_form(credit, psi_credit, m, scale=total, fallback_n=converting),
            value_effect,
            prob(value_effect, psi_value, m, converting),
            value_effect / value_sum * earned_value if has_value and abs(value_sum) > 1e-12 else 0.0,
        )
    return rows
