# SPDX-License-Identifier: MIT
"""Distances, mixtures of Markov chains and evidence, slow and obvious."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

Path = Sequence[str]
Cost = Callable[[str, str], float]


def edit_distance(a: Path, b: Path, substitution: Cost, indel: float) -> float:
    """The cheapest way to make one of the other, by the recursion over all prefixes."""
    table = [[0.0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            ways = []
            if i and j:
                ways.append(table[i - 1][j - 1] + (0.0 if a[i - 1] == b[j - 1] else substitution(a[i - 1], b[j - 1])))
            if i:
                ways.append(table[i - 1][j] + indel)
            if j:
                ways.append(table[i][j - 1] + indel)
            table[i][j] = min(ways, default=0.0)
    return table[-1][-1]


def levenshtein(a: Path, b: Path) -> float:
    return edit_distance(a, b, lambda *_: 1.0, 1.0)


def lcs(a: Path, b: Path) -> float:
    return edit_distance(a, b, lambda *_: 2.0, 1.0)


def transition_rates(paths: Sequence[Path]) -> dict[tuple[str, str], float]:
    pairs = Counter(pair for path in paths for pair in pairwise(path))
    begins = Counter(a for path in paths for a, _ in pairwise(path))
    return {pair: count / begins[pair[0]] for pair, count in pairs.items()}


def rate_costs(paths: Sequence[Path], cost: float = 2.0) -> Cost:
    rates = transition_rates(paths)
    return lambda a, b: max(0.0, cost - rates.get((a, b), 0.0) - rates.get((b, a), 0.0))


def places(path: Path, count: int) -> list[str]:
    """The first items, and `(end)` where there are no more."""
    return [path[i] if i < len(path) else "(end)" for i in range(count)]


def hamming(a: Path, b: Path, count: int) -> float:
    return float(sum(x != y for x, y in zip(places(a, count), places(b, count), strict=True)))


def dynamic_hamming(paths: Sequence[Path], a: Path, b: Path, count: int) -> float:
    """Lesnard's costs: 4 less the rates around each place, at both ends those of the one side twice."""
    whole = [places(path, count) for path in paths]
    rates = [transition_rates([path[i : i + 2] for path in whole]) for i in range(count - 1)]
    total = 0.0
    for i, (x, y) in enumerate(zip(places(a, count), places(b, count), strict=True)):
        if x == y:
            continue
        sides = [rates[t] for t in (i - 1, i) if 0 <= t < count - 1]
        around = sum(side.get((x, y), 0.0) + side.get((y, x), 0.0) for side in sides)
        total += max(0.0, 4.0 - (2.0 if i in (0, count - 1) else 1.0) * around)
    return total


def ngram_distance(a: Path, b: Path, longest: int) -> float:
    def counts(path: Path) -> Counter[tuple[str, ...]]:
        return Counter(tuple(path[i : i + n]) for n in range(1, longest + 1) for i in range(len(path) - n + 1))

    x, y = counts(a), counts(b)
    lengths = math.sqrt(sum(v * v for v in x.values())) * math.sqrt(sum(v * v for v in y.values()))
    return 1.0 - sum(x[gram] * y[gram] for gram in x) / lengths if lengths else float(a != b)


class Mixture:
    """Markov chains with their shares; one step of EM changes all of it."""

    def __init__(self, shares: list[float], first: list[dict[str, float]], rows: list[dict[tuple[str, str], float]]):
        self.shares = shares
        self.first = first
        self.rows = rows

    def joint(self, path: Path, k: int) -> float:
        found = self.shares[k] * self.first[k].get(path[0], 0.0)
        for pair in pairwise(path):
            found *= self.rows[k].get(pair, 0.0)
        return found

    def log_likelihood(self, paths: Sequence[Path]) -> float:
        return sum(math.log(sum(self.joint(path, k) for k in range(len(self.shares)))) for path in paths)

    def responsibilities(self, path: Path) -> list[float]:
        joint = [self.joint(path, k) for k in range(len(self.shares))]
        return [value / sum(joint) for value in joint]

    def step(self, paths: Sequence[Path]) -> Mixture:
        mine = [self.responsibilities(path) for path in paths]
        shares, firsts, rows = [], [], []
        for k in range(len(self.shares)):
            weights = [own[k] for own in mine]
            shares.append(sum(weights) / len(paths))
            first: Counter[str] = Counter()
            pairs: Counter[tuple[str, str]] = Counter()
            begins: Counter[str] = Counter()
            for path, weight in zip(paths, weights, strict=True):
                first[path[0]] += weight
                for a, b in pairwise(path):
                    pairs[a, b] += weight
                    begins[a] += weight
            firsts.append({item: weight / sum(weights) for item, weight in first.items()})
            rows.append({pair: weight / begins[pair[0]] for pair, weight in pairs.items()})
        return Mixture(shares, firsts, rows)


def log_evidence(
    counts: dict[tuple[str, str], float], shares: dict[tuple[str, str], float], states: Sequence[str], strength: float
) -> float:
    """The logarithm of the evidence, row by row, over all destinations."""
    total = 0.0
    for row in states:
        alpha = [1.0 + strength * shares.get((row, to), 0.0) for to in states]
        seen = [counts.get((row, to), 0.0) for to in states]
        total += math.lgamma(sum(alpha)) - math.lgamma(sum(alpha) + sum(seen))
        total += sum(math.lgamma(a + n) - math.lgamma(a) for a, n in zip(alpha, seen, strict=True))
    return total
