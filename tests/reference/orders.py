# SPDX-License-Identifier: MIT
"""Keys, folds and smoothed probabilities of journeys, slow and obvious."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MASK = (1 << 64) - 1
GOLD = 0x9E3779B97F4A7C15


def fnv(text: str) -> int:
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def mix(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def fold_of(customer: str, seed: int, folds: int) -> int:
    return mix((fnv(customer) + GOLD * (seed + 1)) & MASK) % folds


class Smoothed:
    """P(next | the last k items), towards shorter contexts with weight alpha."""

    def __init__(self, journeys: Iterable[tuple[Sequence[str], bool]], order: int, vocabulary: int, alpha: float = 1.0):
        self.order, self.vocabulary, self.alpha = order, vocabulary, alpha
        self.counts: dict[tuple[str, ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for path, converted in journeys:
            steps = ["(start)", *path, "(conversion)" if converted else "(null)"]
            for i in range(1, len(steps)):
                for j in range(min(order, i) + 1):
                    self.counts[tuple(steps[i - j : i])][steps[i]] += 1

    def probability(self, before: Sequence[str], step: str) -> float:
        p = 1 / self.vocabulary
        for j in range(min(self.order, len(before)) + 1):
            row = self.counts.get(tuple(before[len(before) - j :]), {})
            total = sum(row.values())
            if total:
                p = (row.get(step, 0) + self.alpha * p) / (total + self.alpha)
        return p

    def loss(self, path: Sequence[str], converted: bool) -> float:
        steps = ["(start)", *path, "(conversion)" if converted else "(null)"]
        return -sum(math.log(self.probability(steps[:i], steps[i])) for i in range(1, len(steps)))

    def score(self, path: Sequence[str]) -> float:
        won, lost = (self.probability(["(start)", *path], end) for end in ("(conversion)", "(null)"))
        return won / (won + lost)
