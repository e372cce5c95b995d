# SPDX-License-Identifier: MIT
"""Edits of a chain on dense matrices, slow and obvious."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cutting import Journey

Array = NDArray[np.float64]
START, CONVERSION, NULL = "(start)", "(conversion)", "(null)"


@dataclass
class Counted:
    """Customers x rows x columns of transitions, and customers x rows of value and seconds."""

    names: list[str]
    transitions: Array
    value: Array
    seconds: Array


def counted(journeys: Sequence[Journey]) -> Counted:
    settled = [j for j in journeys if j.settled]
    names = [START, *sorted({e.touchpoint for j in settled for e in j.touches})]
    customers = sorted({j.customer for j in settled})
    size = len(names)
    c = np.zeros((len(customers), size, size + 2))
    value, seconds = np.zeros((2, len(customers), size))
    for journey in settled:
        u = customers.index(journey.customer)
        steps = [0, *(names.index(e.touchpoint) for e in journey.touches), size if journey.converted else size + 1]
        for here, there in itertools.pairwise(steps):
            c[u, here, there] += 1
        value[u, steps[-2]] += journey.value if journey.converted else 0.0
        times = [e.time or 0 for e in journey.touches] + [journey.events[-1].time or 0]
        for here, (before, after) in zip(steps[1:-1], itertools.pairwise(times), strict=True):
            seconds[u, here] += (after - before) / 1e6
    return Counted(names, c, value, seconds)


@dataclass
class Chain:
    """Rows of (start) and the items; columns the same, then conversion and null."""

    names: list[str]
    p: Array
    paid: Array
    seconds: Array
    volume: float = 1.0
    mean_value: float = 0.0
    capped: bool = field(default=False)

    def column(self, name: str) -> int:
        return {CONVERSION: len(self.names), NULL: len(self.names) + 1}.get(name, -1) if name in (
            CONVERSION, NULL) else self.names.index(name)  # fmt: skip


def chain_of(data: Counted, weights: Array) -> Chain:
    c = np.tensordot(weights, data.transitions, 1)
    n = c.sum(axis=1)
    value = weights @ data.value
    return Chain(
        list(data.names),
        c / n[:, None],
        value / n,
        (weights @ data.seconds) / n,
        # What a conversion brings where there was none is taken as known.
        mean_value=float(data.value.sum() / max(data.transitions[:, :, -2].sum(), 1)),
    )


def one_more(chain: Chain, row: int) -> float:
    converts = chain.p[row, -2]
    return float(chain.paid[row] / converts) if converts > 0 else chain.mean_value


def share(chain: Chain, row: int, column: int, wanted: float) -> None:
    """One share of a row becomes `wanted`, the others shrink or grow in proportion."""
    now = chain.p[row, column]
    rest = (1 - wanted) / (1 - now)
    if column == len(chain.names):
        chain.paid[row] += (wanted - now) * one_more(chain, row)
    else:
        chain.paid[row] *= rest
    chain.p[row] *= rest
    chain.p[row, column] = wanted


def move(chain: Chain, row: int, column: int, amount: float) -> None:
    moved = min(amount, chain.p[row, -1])
    chain.capped = bool(amount > chain.p[row, -1])
    if column == len(chain.names):
        chain.paid[row] += moved * one_more(chain, row)
    chain.p[row, column] += moved
    chain.p[row, -1] -= moved


def apply(chain: Chain, edit: tuple[Any, ...]) -> None:
    kind, *given = edit
    chain.capped = False
    size = len(chain.names)
    if kind == "move":
        move(chain, chain.column(given[0]), chain.column(given[1]), given[2] / 100)
    elif kind == "remove" and len(given) == 2:
        row, column = chain.column(given[0]), chain.column(given[1])
        chain.p[row, -1] += chain.p[row, column]
        chain.p[row, column] = 0
        if column == size:
            chain.paid[row] = 0
    elif kind == "remove":
        column = chain.column(given[0])
        chain.p[:, -1] += chain.p[:, column]
        chain.p[:, column] = 0
    elif kind == "bypass":
        at = chain.column(given[0])
        onward = chain.p[at].copy()
        stay = onward[at]
        onward[at] = 0
        for row in range(size):
            if row != at:
                into = chain.p[row, at]
                chain.p[row, at] = 0
                chain.p[row] += into * onward / (1 - stay)
                chain.paid[row] += into * chain.paid[at] / (1 - stay)
    elif kind == "clear":
        row = chain.column(given[0])
        rest = 1 - chain.p[row, -1]
        chain.p[row, -1] = 0
        chain.p[row] /= rest
        chain.paid[row] /= rest
    elif kind == "strengthen":
        row, column = chain.column(given[0]), chain.column(given[1])
        share(chain, row, column, chain.p[row, column] + given[2] / 100)
    elif kind == "attract":
        column = chain.column(given[0])
        for row in range(size):
            if row != column and chain.p[row, column] > 0:
                share(chain, row, column, chain.p[row, column] * (1 + given[1] / 100))
    elif kind == "insert":
        name, origin, to, points, success = given
        chain.p = np.insert(np.insert(chain.p, size, 0.0, axis=1), size, 0.0, axis=0)
        chain.names.append(name)
        chain.paid = np.append(chain.paid, success / 100 * chain.mean_value if to == CONVERSION else 0.0)
        chain.seconds = np.append(chain.seconds, 0.0)
        chain.p[size, chain.column(to)] += success / 100
        chain.p[size, -1] += 1 - success / 100
        move(chain, chain.column(origin), size, points / 100)
    elif kind == "volume":
        column = chain.column(given[0])
        more = 1 + given[1] / 100 * chain.p[0, column]
        chain.volume *= more
        chain.p[0, column] *= 1 + given[1] / 100
        chain.p[0] /= more
        chain.paid[0] /= more
    else:
        raise AssertionError(edit)


def outcome(chain: Chain) -> Array:
    """Conversion rate, conversions and value per journey observed, seconds and steps per journey."""
    size = len(chain.names)
    visits = np.linalg.inv(np.eye(size) - chain.p[:, :size])[0]
    rate = visits @ chain.p[:, size]
    return np.array(
        [rate, chain.volume * rate, chain.volume * (visits @ chain.paid), visits @ chain.seconds, visits.sum() - 1]
    )


def outcomes(data: Counted, edits: Sequence[tuple[Any, ...]], weights: Array | None = None) -> Array:
    chain = chain_of(data, np.ones(len(data.transitions)) if weights is None else weights)
    for edit in edits:
        apply(chain, edit)
    return outcome(chain)
