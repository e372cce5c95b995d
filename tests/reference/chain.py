# SPDX-License-Identifier: MIT
"""The absorbing chain of order k: counts, absorption and removal effects, exactly and by brute force."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .sequences import Trip

START, CONVERSION, NULL = "(start)", "(conversion)", "(null)"
State = Any  # START, CONVERSION, NULL or a window: a tuple of items
Counts = dict[tuple[State, State], int]


def windows(items: Sequence[str], order: int, self_transitions: bool = False) -> list[tuple[str, ...]]:
    """Windows of `order` consecutive items; a shorter path is one window; equal neighbours are merged."""
    if not items:
        return []
    if len(items) <= order:
        every = [tuple(items)]
    else:
        every = [tuple(items[i : i + order]) for i in range(len(items) - order + 1)]
    if self_transitions:
        return every
    return [w for i, w in enumerate(every) if i == 0 or w != every[i - 1]]


def states_of(trip: Trip, order: int = 1, self_transitions: bool = False) -> list[State]:
    """All states a journey goes through, the first and the last included."""
    goal = CONVERSION if trip.converted else NULL
    return [START, *windows(trip.items, order, self_transitions), goal]


def transition_counts(trips: Iterable[Trip], order: int = 1, self_transitions: bool = False) -> Counts:
    counts: Counts = {}
    for trip in trips:
        states = states_of(trip, order, self_transitions)
        for pair in itertools.pairwise(states):
            counts[pair] = counts.get(pair, 0) + 1
    return counts


def probabilities(counts: Counts) -> dict[State, dict[State, Fraction]]:
    rows: dict[State, dict[State, Fraction]] = {}
    for (here, there), count in counts.items():
        rows.setdefault(here, {})[there] = Fraction(count)
    for here, row in rows.items():
        total = sum(row.values())
        rows[here] = {there: count / total for there, count in row.items()}
    return rows


def solve_exactly(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction]:
    """Gauss elimination over the rationals."""
    size = len(matrix)
    rows = [[*matrix[i], right[i]] for i in range(size)]
    for column in range(size):
        pivot = next(r for r in range(column, size) if rows[r][column] != 0)
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = rows[column][column]
        rows[column] = [x / scale for x in rows[column]]
        for r in range(size):
            if r != column and rows[r][column] != 0:
                factor = rows[r][column]
                rows[r] = [x - factor * y for x, y in zip(rows[r], rows[column], strict=True)]
    return [row[-1] for row in rows]


def absorption(
    transition: dict[State, dict[State, Fraction]],
    reward: Callable[[State], Any] | None = None,
    removed: Callable[[State], bool] = lambda state: False,
    exact: bool = True,
) -> dict[State, Any]:
    """Expected reward from every state: the probability of conversion when `reward` is None.

    `removed` states lead to (null) at once. `reward(state)` is paid when a journey converts right after `state`.
    """
    states = [s for s in transition if not removed(s)]
    place = {s: i for i, s in enumerate(states)}
    zero: Any = Fraction(0) if exact else 0.0
    matrix = [[zero] * len(states) for _ in states]
    right = [zero] * len(states)
    for s in states:
        i = place[s]
        matrix[i][i] += 1
        for there, p in transition[s].items():
            chance: Any = p if exact else float(p)
            if there == CONVERSION:
                right[i] += chance * (1 if reward is None else reward(s))
            elif there in place:
                matrix[i][place[there]] -= chance
    if exact:
        solution: Sequence[Any] = solve_exactly(matrix, right)
    else:
        solution = [float(x) for x in np.linalg.solve(np.array(matrix, dtype=float), np.array(right, dtype=float))]
    return dict(zip(states, solution, strict=True))


def contains(item: str) -> Callable[[State], bool]:
    return lambda state: isinstance(state, tuple) and item in state


def items_of(trips: Iterable[Trip]) -> list[str]:
    """Distinct items by first appearance."""
    return list(dict.fromkeys(item for trip in trips for item in trip.items))


def removal_effects(trips: Sequence[Trip], order: int = 1, exact: bool = True) -> dict[str, Any]:
    """1 - P(conversion | every state containing the item leads to null) / P(conversion), item by item."""
    transition = probabilities(transition_counts(trips, order))
    base = absorption(transition, exact=exact).get(START, 0)
    effects = {}
    for item in items_of(trips):
        if base == 0:
            effects[item] = None
            continue
        without = absorption(transition, removed=contains(item), exact=exact)[START]
        effects[item] = 1 - without / base
    return effects


def mean_rewards(trips: Iterable[Trip], order: int = 1) -> dict[State, float]:
    """Mean value of the conversions that end in each state."""
    total: dict[State, float] = {}
    number: dict[State, int] = {}
    for trip in trips:
        if trip.converted:
            last = states_of(trip, order)[-2]
            total[last] = total.get(last, 0.0) + trip.value
            number[last] = number.get(last, 0) + 1
    return {state: total[state] / number[state] for state in total}


def value_removal_effects(trips: Sequence[Trip], order: int = 1) -> dict[str, float | None]:
    transition = probabilities(transition_counts(trips, order))
    rewards = mean_rewards(trips, order)

    def reward(state: State) -> float:
        return rewards.get(state, 0.0)

    base = absorption(transition, reward, exact=False).get(START, 0.0)
    effects: dict[str, float | None] = {}
    for item in items_of(trips):
        if abs(base) < 1e-12:
            effects[item] = None
            continue
        without = absorption(transition, reward, removed=contains(item), exact=False)[START]
        effects[item] = 1 - without / base
    return effects


def credits(effects: dict[str, Any], total: Any) -> dict[str, Any]:
    """Removal effects normalised, times the total."""
    whole = sum(e for e in effects.values() if e is not None)
    return {item: None if effect is None or whole == 0 else effect / whole * total for item, effect in effects.items()}


def items_along(windows_of_path: Sequence[State]) -> tuple[str, ...]:
    """The items of a path of windows: all of the first window, then the last item of each."""
    if not windows_of_path:
        return ()
    return (*windows_of_path[0], *(window[-1] for window in windows_of_path[1:]))


def likely_paths(
    transition: dict[State, dict[State, Fraction]], number: int, goal: str = CONVERSION, floor: float = 1e-3
) -> list[tuple[tuple[str, ...], Fraction]]:
    """The most probable ways from start to the goal, by listing every path above a falling threshold."""
    while True:
        found: list[tuple[tuple[str, ...], Fraction]] = []
        stack: list[tuple[tuple[State, ...], Fraction]] = [((START,), Fraction(1))]
        while stack:
            path, probability = stack.pop()
            for there, p in transition.get(path[-1], {}).items():
                chance = probability * p
                if float(chance) < floor:
                    continue
                if there == goal:
                    found.append((items_along(path[1:]), chance))
                elif there not in (CONVERSION, NULL):
                    stack.append(((*path, there), chance))
        if len(found) >= number or floor < 1e-6:
            found.sort(key=lambda row: (-row[1], row[0]))
            return found[:number]
        floor /= 4
