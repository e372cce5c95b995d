# SPDX-License-Identifier: MIT
"""What flows between states, in which order they stand, and how the smallest merge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Flow:
    """What flows: every visit of a state begins with a start or a move, and ends with a move, in leaving or at rest."""

    states: tuple[str, ...]
    starts: dict[str, float]
    moves: dict[tuple[str, str], float]
    left: dict[str, float]
    rest: dict[str, float]

    def visits(self, state: str) -> float:
        """How often the state was entered."""
        return self.starts.get(state, 0.0) + sum(n for (_, to), n in self.moves.items() if to == state)

    def departures(self, state: str) -> float:
        """How often the state was left, by a move or for good."""
        gone = sum(n for (source, _), n in self.moves.items() if source == state)
        return gone + self.left.get(state, 0.0) + self.rest.get(state, 0.0)

    def journeys(self) -> float:
        """How many journeys there are."""
        return sum(self.starts.values())

    def check(self) -> None:
        """Stop where a node does not add up: a picture of it would lie."""
        for state in self.states:
            entered, gone = self.visits(state), self.departures(state)
            if abs(entered - gone) > 1e-6 * max(1.0, entered):
                raise AssertionError(f"flow at {state!r}: {entered} enter and {gone} leave")


def ordered(states: Sequence[str], moves: dict[tuple[str, str], float]) -> tuple[str, ...]:
    """Return the states in the order in which the fewest moves go back; among equals, earlier ones stay earlier.

    Exact: the best order of a set ends in some state, so the best orders of all its subsets suffice (Held and Karp,
    1962, doi:10.1137/0110015). Takes at most 12 states.

    Examples
    --------
    >>> ordered(["cart", "view"], {("view", "cart"): 5, ("cart", "view"): 2})
    ('view', 'cart')
    """
    n = len(states)
    if n > 12:
        raise ValueError(f"{n} states; at most 12 can be put in order")
    weight = [[moves.get((a, b), 0.0) for b in states] for a in states]
    full = (1 << n) - 1
    # back[mask]: the least weight of moves that go back when the states outside mask are placed, mask still to come.
    back = [0.0] * (full + 1)
    first = [0] * (full + 1)
    for mask in range(1, full + 1):
        best = None
        for i in range(n):
            if mask >> i & 1:
                others = mask & ~(1 << i)
                cost = back[others] + sum(weight[j][i] for j in range(n) if others >> j & 1)
                if best is None or cost < best - 1e-9:
                    best, first[mask] = cost, i
        back[mask] = best or 0.0
    order, mask = [], full
    while mask:
        order.append(states[first[mask]])
        mask &= ~(1 << first[mask])
    return tuple(order)


def rolled_up(flow: Flow, keep: Iterable[str], other: str) -> Flow:
    """Merge the states that are not kept into one; moves among them disappear, as repeats do."""
    kept = set(keep)

    def name(state: str) -> str:
        return state if state in kept else other

    def summed(counts: dict[str, float]) -> dict[str, float]:
        total: dict[str, float] = {}
        for state, count in counts.items():
            total[name(state)] = total.get(name(state), 0.0) + count
        return total

    moves: dict[tuple[str, str], float] = {}
    for (a, b), count in flow.moves.items():
        if name(a) != name(b):
            moves[name(a), name(b)] = moves.get((name(a), name(b)), 0.0) + count
    states = [state for state in flow.states if state in kept]
    if len(states) < len(flow.states):
        states.append(other)
    return Flow(tuple(states), summed(flow.starts), moves, summed(flow.left), summed(flow.rest))
