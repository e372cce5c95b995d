# SPDX-License-Identifier: MIT
"""Where the tests find numbers that were computed elsewhere, and the logs those numbers belong to."""

from __future__ import annotations

import csv
import json
import math
import os
from datetime import datetime, timezone
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from reference import chain

TESTS = Path(__file__).resolve().parents[1]
DATA = TESTS / "data"
DAY = 86_400_000_000


def shared_folder() -> Path:
    """Folder of the larger public logs, which are not part of the repository."""
    return Path(os.environ.get("KLANTREIS_SHARED") or TESTS.parent.parent / "shared")


def shared_file(name: str) -> Path:
    """A file below the shared folder; the test is skipped only where that folder does not exist."""
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"the folder of public test logs is absent ({folder}); set KLANTREIS_SHARED to run this test")
    path = folder / name
    assert path.is_file(), f"{path} is missing from the folder of public test logs"
    return path


@cache
def local_json(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def shared_json(name: str) -> Any:
    return json.loads(shared_file(name).read_text(encoding="utf-8"))


def micros(text: str) -> int:
    """ISO date and time as microseconds since 1970 in UTC."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return round(moment.timestamp()) * 1_000_000


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


PHASE_OF = {
    "ad_impression": "awareness",
    "search_click": "awareness",
    "social_click": "awareness",
    "referral_visit": "awareness",
    "email_click": "consideration",
    "product_view": "consideration",
    "review_view": "consideration",
    "compare_view": "consideration",
    "store_visit": "consideration",
    "faq_view": "consideration",
    "add_to_cart": "purchase",
    "checkout_start": "purchase",
    "order": "purchase",
    "status_mail": "delivery",
    "delivered": "delivery",
    "contact": "service",
    "nps": "service",
    "share": "loyalty",
}


def webshop_columns() -> dict[str, list[Any]]:
    """The log of twelve customers with the six phases of its map."""
    rows = rows_of(DATA / "events_F1.csv")
    return {
        "customer": [r["customer_id"] for r in rows],
        "time": [micros(r["ts"]) for r in rows],
        "touchpoint": [r["event"] for r in rows],
        "channel": [r["channel"] for r in rows],
        "phase": [PHASE_OF[r["event"]] for r in rows],
        "value": [float(r["value"]) if r["value"] else None for r in rows],
    }


def tiny_columns() -> dict[str, list[Any]]:
    """The journeys of the influence-value example as events; a null journey ends by a long silence."""
    customers = local_json("influence_tiny.json")["customers"]
    columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": [], "value": []}
    for customer, journeys in customers.items():
        now = 0
        for journey in journeys:
            now += 100 * DAY
            steps = [*journey["path"], *(["conversion"] if journey["converted"] else [])]
            for step in steps:
                now += 60_000_000
                columns["customer"].append(customer)
                columns["time"].append(now)
                columns["touchpoint"].append(step)
                columns["value"].append(journey["value"] if step == "conversion" else None)
    return columns


LOOP_CHAIN = {
    "(start)": {"A": 10},
    "A": {"A": 1, "C": 4, "(null)": 5},
    "C": {"A": 1, "C": 3, "K": 2, "(null)": 4},
    "K": {"C": 2, "K": 1, "X": 4, "(null)": 3},
    "X": {"K": 1, "(conversion)": 7, "(null)": 2},
}


def journeys_of_chain(tenths: dict[str, dict[str, int]]) -> list[list[str]]:
    """Journeys whose transitions have exactly these probabilities.

    The expected visits of the chain, made whole, are the weights of a graph in which as much enters a state as leaves
    it.
    """
    states = list(tenths)
    rows = [[Fraction(s == t) - Fraction(tenths[t].get(s, 0), 10) for t in states] for s in states]
    visits = chain.solve_exactly(rows, [Fraction(s == "(start)") for s in states])
    scale = math.lcm(
        *((v * w / 10).denominator for v, s in zip(visits, states, strict=True) for w in tenths[s].values())
    )
    counts = {
        state: {there: int(visit * scale * w / 10) for there, w in tenths[state].items()}
        for state, visit in zip(states, visits, strict=True)
    }
    return journeys_of_counts(counts)


def journeys_of_counts(counts: dict[str, dict[str, int]]) -> list[list[str]]:
    """Journeys with exactly these transitions, of which as many must enter a state as leave it.

    An Euler circuit of the graph, cut at (start).
    """
    left: dict[str, list[str]] = {"(null)": [], "(conversion)": []}
    for state, row in counts.items():
        left[state] = [there for there, times in row.items() for _ in range(times)]
    for goal in ("(null)", "(conversion)"):
        left[goal] = ["(start)"] * sum(row.count(goal) for row in left.values())
    circuit: list[str] = []
    stack = ["(start)"]
    while stack:
        if left[stack[-1]]:
            stack.append(left[stack[-1]].pop())
        else:
            circuit.append(stack.pop())
    journeys: list[list[str]] = []
    for state in reversed(circuit):
        if state == "(start)":
            journeys.append([])
        else:
            journeys[-1].append(state)
    return [journey for journey in journeys if journey]


def loop_columns() -> dict[str, list[Any]]:
    """A log whose transitions have exactly the probabilities of `LOOP_CHAIN`; one journey per customer."""
    columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": []}
    for number, journey in enumerate(journeys_of_chain(LOOP_CHAIN)):
        for step, state in enumerate(journey):
            if state != "(null)":
                columns["customer"].append(f"u{number}")
                columns["time"].append(step * 60_000_000)
                columns["touchpoint"].append("order" if state == "(conversion)" else state)
    return columns
