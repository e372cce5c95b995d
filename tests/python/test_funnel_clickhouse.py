# SPDX-License-Identifier: MIT
"""The dialect of ClickHouse against ClickHouse itself, on logs that are drawn anew."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

import klantreis as kr

chdb = pytest.importorskip("chdb", reason="ClickHouse as a library (chdb) is not installed", exc_type=ImportError)

MODES: list[list[str]] = [
    [],
    ["strict_order"],
    ["strict_deduplication"],
    ["strict_increase"],
    ["strict_once"],
    ["strict_order", "allow_reentry"],
    ["strict_order", "strict_deduplication"],
    ["strict_once", "strict_increase"],
    ["strict_once", "strict_deduplication"],
    ["strict_once", "strict_order"],
    ["strict_once", "strict_order", "allow_reentry"],
    ["strict_order", "strict_deduplication", "strict_increase", "allow_reentry"],
]
# The last funnels have steps that one event may fill at once, and steps that repeat.
FUNNELS: list[list[list[str]]] = [
    [["a"], ["b"], ["c"]],
    [["a"], ["a"], ["b"]],
    [["a"], ["b"], ["a"]],
    [["a", "b"], ["b", "c"], ["a", "c"], ["c"]],
    [["a", "b"], ["a", "b"], ["a", "b"]],
    [["d"]],
]


def random_rows(seed: int) -> list[tuple[int, int, str]]:
    """Customers with up to twelve events at few different times, so that many fall on the same instant."""
    rng = random.Random(seed)
    rows = []
    for customer in range(400):
        length = rng.randint(1, 12)
        span = rng.choice([3, 10, 30])
        times = sorted(rng.randint(0, span) for _ in range(length))
        rows += [(customer, at, rng.choice("aabbccdx")) for at in times]
    return rows


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_window_funnel_is_that_of_clickhouse(seed: int) -> None:
    rows = random_rows(seed)
    log = kr.read(
        {
            "customer_id": [row[0] for row in rows],
            "timestamp": [row[1] for row in rows],
            "touchpoint": [row[2] for row in rows],
        },
        time_unit="s",
    )
    columns = []
    wanted: list[tuple[Any, ...]] = []
    for steps in FUNNELS:
        conditions = ", ".join(f"touchpoint IN ({', '.join(repr(name) for name in step)})" for step in steps)
        for modes in MODES:
            for window in (0, 2, 9):
                options = ", ".join([str(window), *(repr(mode) for mode in modes)])
                columns.append(f"windowFunnel({options})(toUInt32(at), {conditions}) AS c{len(columns)}")
                wanted.append((steps, modes, window))
    values = ", ".join(f"({who}, {at}, '{name}')" for who, at, name in rows)
    connection = chdb.connect(":memory:")
    try:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE log (who UInt32, at UInt32, touchpoint String) ENGINE = Memory")
        cursor.execute(f"INSERT INTO log VALUES {values}")
        cursor.execute(f"SELECT who, {', '.join(columns)} FROM log GROUP BY who ORDER BY toString(who)")
        levels = cursor.fetchall()
    finally:
        connection.close()
    checked = 0
    for place, (steps, modes, window) in enumerate(wanted, 1):
        if window == 0:
            continue
        found = kr.funnel_levels(log, steps, dialect="clickhouse", modes=modes, window=f"{window}s")
        assert found["level"] == [row[place] for row in levels], (steps, modes, window)
        checked += len(levels)
    assert checked == 400 * len(FUNNELS) * len(MODES) * 2


def test_patterns_are_those_of_clickhouse() -> None:
    rng = random.Random(5)
    # One event an instant: at ties ClickHouse does not say in which order it looks.
    rows = []
    for customer in range(150):
        at = 0
        for _ in range(rng.randint(1, 10)):
            at += rng.randint(1, 4)
            rows.append((customer, at, rng.choice("abcx")))
    log = kr.read(
        {
            "customer_id": [row[0] for row in rows],
            "timestamp": [row[1] for row in rows],
            "touchpoint": [row[2] for row in rows],
        },
        time_unit="s",
    )
    parts = ["(?1)", "(?2)", "(?3)", ".", ".*", "(?t>2)", "(?t<=3)", "(?t==2)", "(?t>=4)", "(?t<5)"]
    patterns = []
    while len(patterns) < 60:
        chosen = [rng.choice(parts) for _ in range(rng.randint(1, 5))]
        timed = [part.startswith("(?t") for part in chosen]
        # An end at which no event is asked for: what ClickHouse says of it changes from run to run.
        while chosen and chosen[-1] == ".*":
            timed.pop()
            chosen.pop()
        if not chosen or timed[0] or timed[-1] or any(a and b for a, b in itertools.pairwise(timed)):
            continue
        patterns.append("".join(chosen))
    conditions = "touchpoint = 'a', touchpoint = 'b', touchpoint IN ('b', 'c')"
    columns = [
        f"sequence{kind}('{pattern}')(toDateTime(at), {conditions})"
        for pattern in patterns
        for kind in ("Match", "Count")
    ]
    values = ", ".join(f"({who}, {at}, '{name}')" for who, at, name in rows)
    connection = chdb.connect(":memory:")
    try:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE log (who UInt32, at UInt32, touchpoint String) ENGINE = Memory")
        cursor.execute(f"INSERT INTO log VALUES {values}")
        cursor.execute(f"SELECT who, {', '.join(columns)} FROM log GROUP BY who ORDER BY toString(who)")
        results = cursor.fetchall()
    finally:
        connection.close()
    for place, pattern in enumerate(patterns):
        found = kr.sequence_match(log, pattern, ["a", "b", ["b", "c"]])
        assert found["matched"] == [bool(row[1 + 2 * place]) for row in results], pattern
        assert found["count"] == [row[2 + 2 * place] for row in results], pattern
