# SPDX-License-Identifier: MIT
"""Small logs with everything that goes wrong in real ones.

Events at one instant, exact duplicates, customers with one event, repeated touchpoints, several conversions per
customer, conversions without a touch before them, missing channels and values, values that are zero or negative, and
names that are prefixes of others or are not ASCII.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

Columns = dict[str, list[Any]]

MINUTE = 60_000_000
DAY = 86_400_000_000
FIRST = 1_709_251_200_000_000  # 2024-03-01

CUSTOMERS = ["u1", "u10", "u100", "u2", "klant-é", "客", "7"]
TOUCHPOINTS = ["a", "ab", "abc", "search", "paid search", "Überweisung", "direct"]
CONVERSIONS = ["buy", "buy again"]
CHANNELS = ["web", "web shop", "e-mail", "direct", None]
PHASES = ["aware", "consider", "decide", None]
VALUES = [None, 0.0, 1.0, 12.5, 99.99, -3.0]
STEPS = [0, 0, 1, 5, 30, 24 * 60, 3 * 24 * 60, 40 * 24 * 60]  # minutes since the event before


def _columns(rows: list[tuple[Any, ...]]) -> Columns:
    names = ["customer", "time", "touchpoint", "channel", "phase", "value", "order"]
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


@st.composite
def logs(draw: st.DrawFn, max_events: int = 30, conversions: int = 1) -> Columns:
    """Columns of a log; rows in no order, except that ties keep theirs by the column `order`."""
    touchpoints = TOUCHPOINTS[: draw(st.integers(1, len(TOUCHPOINTS)))]
    labels = [*touchpoints, *CONVERSIONS[:conversions]]
    customers = CUSTOMERS[: draw(st.integers(1, len(CUSTOMERS)))]
    row = st.tuples(
        st.sampled_from(customers),
        st.sampled_from(STEPS),
        st.sampled_from(labels),
        st.sampled_from(CHANNELS),
        st.sampled_from(PHASES),
        st.sampled_from(VALUES),
    )
    drawn = draw(st.lists(row, min_size=1, max_size=max_events))
    clock: dict[str, int] = {}
    rows = []
    for i, (customer, step, *rest) in enumerate(drawn):
        clock[customer] = clock.get(customer, FIRST) + step * MINUTE
        rows.append((customer, clock[customer], *rest, i))
        if draw(st.integers(0, 19)) == 0:
            rows.append(rows[-1])
    return _columns(draw(st.permutations(rows)) if draw(st.booleans()) else rows)


def random_log(
    seed: int, customers: int = 40, mean_events: int = 8, conversions: int = 1, touchpoints: int = 5
) -> Columns:
    """A larger log of the same kind; equal seeds give equal logs."""
    rng = random.Random(seed)
    labels = TOUCHPOINTS[:touchpoints]
    rows: list[tuple[Any, ...]] = []
    for number in range(customers):
        customer = f"{rng.choice(CUSTOMERS)}·{number}"
        now = FIRST + rng.randrange(0, 30 * 24 * 60) * MINUTE
        label = rng.choice(labels)
        for _ in range(1 + int(rng.expovariate(1 / mean_events))):
            if rng.random() < 0.2:
                label = rng.choice(CONVERSIONS[:conversions])
            elif rng.random() < 0.7:
                label = rng.choices(labels, weights=range(1, len(labels) + 1))[0]
            value = rng.choice(VALUES)
            rows.append((customer, now, label, rng.choice(CHANNELS), rng.choice(PHASES), value, len(rows)))
            if rng.random() < 0.03:
                rows.append((*rows[-1][:-1], len(rows)))
            now += rng.choice(STEPS) * MINUTE
    rng.shuffle(rows)
    return _columns(rows)


def shuffled(columns: Columns, seed: int) -> Columns:
    """The same rows in another order."""
    places = list(range(len(columns["customer"])))
    random.Random(seed).shuffle(places)
    return {name: [cells[i] for i in places] for name, cells in columns.items()}


def renamed(columns: Columns, names: dict[str, str], column: str = "touchpoint") -> Columns:
    return {**columns, column: [names.get(cell, cell) for cell in columns[column]]}
