# SPDX-License-Identifier: MIT
"""Patterns of events and retention, against what ClickHouse gave."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

import klantreis as kr
from oracle import local_json

SECOND = 1_000_000
ORACLE = local_json("funnels/clickhouse_sequence_retention_cases.json")


def log_of(events: list[tuple[str, int, str]]) -> kr.Log:
    return kr.read(
        {
            "customer_id": [who for who, _, _ in events],
            "timestamp": [at * SECOND for _, at, _ in events],
            "touchpoint": [name for _, _, name in events],
        },
        time_unit="us",
    )


@pytest.mark.parametrize("case", ORACLE["sequence_cases"], ids=[case["pattern"] for case in ORACLE["sequence_cases"]])
def test_patterns_as_clickhouse_matches_them(case: dict[str, Any]) -> None:
    log = log_of([("u", at, str(data)) for at, data in ORACLE["rows"]])
    wanted = [condition.rsplit(" ", 1)[1] for condition in case["conditions"]]
    conditions = [
        name if name in log.touchpoints else {"touchpoint": ("not in", sorted(log.touchpoints))} for name in wanted
    ]
    found = kr.sequence_match(log, case["pattern"], conditions)
    assert found["matched"] == [bool(case["sequenceMatch"])]
    assert kr.sequence_count(log, case["pattern"], conditions) == case["sequenceCount"]
    # sequenceMatchEvents: the events of the longest beginning that is met.
    assert found["prefix"] == [len(case["sequenceMatchEvents"])]


def test_retention_sums() -> None:
    # As the stored case has it: users 0 to 79 came on day 0, 0 to 49 on day 1 and 0 to 59 on day 2.
    events = [(f"u{k}", day * 86_400, f"day {day}") for day, last in enumerate((80, 50, 60)) for k in range(last)]
    found = kr.retention(log_of(events), ["day 0", "day 1", "day 2"])
    assert found["count"] == ORACLE["retention"]["sums"]
    assert found["n"] == [80, 80, 80]
    assert found["rate"] == pytest.approx([1, 50 / 80, 60 / 80])
    # Who missed the first condition counts nowhere.
    assert kr.retention(log_of(events), ["day 1", "day 0", "day 2"])["count"] == [50, 50, 50]


def test_patterns_without_times_equal_a_search_over_all_choices() -> None:
    """Each pattern is a list of names and gaps; the reference tries every choice of places."""
    rng = random.Random(7)
    for _ in range(200):
        names = [rng.choice("ab") for _ in range(rng.randint(1, 7))]
        parts = [rng.choice(["(?1)", "(?2)", ".", ".*"]) for _ in range(rng.randint(1, 4))]
        log = log_of([("u", at, name) for at, name in enumerate(names)])
        if set(names) != {"a", "b"}:
            continue
        wanted = [part for part in parts if part != ".*"]
        found = any(
            fits(parts, wanted, names, places) for places in itertools.combinations(range(len(names)), len(wanted))
        )
        assert kr.sequence_match(log, "".join(parts), ["a", "b"])["matched"] == [found], (parts, names)


def fits(parts: list[str], wanted: list[str], names: list[str], places: tuple[int, ...]) -> bool:
    label = {"(?1)": "a", "(?2)": "b"}
    if any(label.get(part, names[at]) != names[at] for part, at in zip(wanted, places, strict=True)):
        return False
    k = 0
    free = True
    for part in parts:
        if part == ".*":
            free = True
            continue
        if not free and places[k] != places[k - 1] + 1:
            return False
        free = False
        k += 1
    return True


def test_patterns_that_would_be_tried_forever_end_soon() -> None:
    log = log_of([("u", at, "ab"[at % 2]) for at in range(400)])
    never = {"touchpoint": ("not in", ["a", "b"])}
    pattern = "(?1).*(?2).*(?1).*(?2).*(?1).*(?2).*(?3)"
    assert kr.sequence_match(log, pattern, ["a", "b", never])["matched"] == [False]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(?3)", "there is no condition 3; 2 are given"),
        ("(?1", "at place 4: '\\)' is expected"),
        ("(?t>3)(?1)", "name an event before it"),
        ("(?1)(?t~3)(?2)", "one of < <= > >= == is expected"),
        ("(?1)x", "at place 5"),
        ("(?1)(?t>99999999999999999)(?2)", "more than a log can span"),
    ],
)
def test_bad_patterns_name_the_place(pattern: str, message: str) -> None:
    with pytest.raises(kr.InputError, match=message):
        kr.sequence_match(log_of([("u", 0, "a"), ("u", 1, "b")]), pattern, ["a", "b"])
