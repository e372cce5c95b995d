# SPDX-License-Identifier: MIT
"""Events under a journey map, one after the other: every rule is judged anew for every event."""

from __future__ import annotations

import re
from typing import Any

Row = dict[str, Any]
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def holds(rule: dict[str, Any], row: Row) -> bool:
    """Whether a row meets a rule; values are texts, numbers or None."""
    for name, test in rule.items():
        if name == "all":
            good = all(holds(part, row) for part in test)
        elif name == "any":
            good = any(holds(part, row) for part in test)
        elif name == "not":
            good = not holds(test, row)
        else:
            tests = test if isinstance(test, dict) else {"in": test} if isinstance(test, list) else {"eq": test}
            good = all(_meets(row.get(name), how, operand) for how, operand in tests.items())
        if not good:
            return False
    return True


def _meets(value: Any, how: str, operand: Any) -> bool:
    if how == "exists":
        return (value is not None) == operand
    if value is None:
        return False
    if how in ("eq", "ne", "in", "not_in"):
        wanted = operand if isinstance(operand, list) else [operand]
        if isinstance(value, str):
            wanted = [item if isinstance(item, str) else f"{item:g}" for item in wanted]
        return (value in wanted) == (how in ("eq", "in"))
    if how in ("prefix", "suffix", "contains", "regex"):
        return {
            "prefix": value.startswith,
            "suffix": value.endswith,
            "contains": lambda part: part in value,
            "regex": lambda pattern: re.search(pattern.replace("$", r"\Z"), value, re.ASCII) is not None,
        }[how](operand)
    try:
        number = float(value)
    except ValueError:
        return False
    if how == "between":
        return bool(operand[0] <= number <= operand[1])
    return bool(
        {"gt": number > operand, "gte": number >= operand, "lt": number < operand, "lte": number <= operand}[how]
    )


def seconds(text: str) -> float:
    return float(text[:-1]) * SECONDS[text[-1]]


def matched(rows: list[Row], journey: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The labels of each row that counts, by its `row`.

    Rows have `customer, time` (seconds)`, row, event, channel` and whatever rules name; they come in the order of the
    input.
    """
    settings = journey.get("events", {})
    outcomes = journey.get("outcomes", [])
    groups = {phase["id"]: {"phase": phase["id"], **phase.get("rollup", {})} for phase in journey["phases"]}
    nowhere = dict.fromkeys(next(iter(groups.values())), "(none)")
    result = {}
    for customer in {row["customer"] for row in rows}:
        had: set[str] = set()
        seen: set[tuple[Any, ...]] = set()
        before = None
        for row in sorted((row for row in rows if row["customer"] == customer), key=lambda row: row["time"]):
            if any(holds(rule, row) for rule in settings.get("exclude", [])):
                continue
            key = tuple(row.get(name) for name in settings.get("dedupe", []))
            if key and key in seen:
                continue
            seen.add(key)
            for outcome in outcomes:
                silence = outcome.get("rule", {}).get("inactivity")
                if silence is not None and before is not None and row["time"] - before > seconds(silence):
                    had.add(outcome["id"])
            before = row["time"]
            touchpoint = _first(journey["touchpoints"], row, had)
            now = {
                outcome["id"]
                for outcome in outcomes
                if ("match" in outcome or outcome.get("role") != "exit")
                and holds(outcome.get("match", {"event": outcome["id"]}), row)
            }
            had |= now
            if touchpoint is None and settings.get("unmatched") == "drop" and not now:
                continue
            channels = [] if touchpoint is None else touchpoint.get("channel", [])
            channels = [channels] if isinstance(channels, str) else channels
            result[row["row"]] = {
                "touchpoint": "(unmatched)" if touchpoint is None else touchpoint["id"],
                "channel": row["channel"] or (channels[0] if len(channels) == 1 else "(none)"),
                "event": row["event"],
                "outcomes": " ".join(sorted(now)),
                **(nowhere if touchpoint is None else groups[touchpoint["phase"]]),
            }
    return result


def _first(touchpoints: list[dict[str, Any]], row: Row, had: set[str]) -> dict[str, Any] | None:
    for touchpoint in touchpoints:
        when = touchpoint.get("when", {})
        if (
            holds(touchpoint.get("match", {"event": touchpoint["id"]}), row)
            and ("after" not in when or when["after"] in had)
            and ("before" not in when or when["before"] not in had)
        ):
            return touchpoint
    return None
