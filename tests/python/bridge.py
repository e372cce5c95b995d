# SPDX-License-Identifier: MIT
"""Hands the logs of the tests to the library and its tables back in the shape of the reference."""

from __future__ import annotations

import math
import warnings
from datetime import datetime, timezone
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from reference import cutting, events

import klantreis as kr
from strategies import CONVERSIONS, DAY, FIRST, MINUTE, Columns, random_log

TYPES = {
    "customer": pa.string(),
    "time": pa.timestamp("us", tz="UTC"),
    "touchpoint": pa.string(),
    "channel": pa.string(),
    "phase": pa.string(),
    "value": pa.float64(),
    "order": pa.int64(),
}


def arrow_of(columns: dict[str, list[Any]]) -> pa.Table:
    return pa.table({name: pa.array(cells, type=TYPES[name]) for name, cells in columns.items()})


def read(columns: dict[str, list[Any]], **options: Any) -> kr.Log:
    """The log of a dict of columns; every column that is present is read."""
    names: dict[str, Any] = {"time": None, **{name: name for name in columns}}
    return kr.read(arrow_of(columns), **names, **options)


def cut(log: kr.Log, **options: Any) -> kr.Journeys:
    """Journeys cut under the options of the reference; random logs may well have no conversion."""
    spans = {name: span(options.pop(name)) for name in ("gap", "inactivity") if options.get(name) is not None}
    until = options.pop("observed_until", None)
    moment = None if until is None else datetime.fromtimestamp(until / 1_000_000, tz=timezone.utc)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return kr.journeys(log, **options, **spans, observed_until=moment)


def span(microseconds: int | None) -> str | None:
    """A length of time as the library reads it."""
    if microseconds is None:
        return None
    assert microseconds % 1_000_000 == 0
    return f"{microseconds // 1_000_000}s"


CUTS: list[dict[str, Any]] = [
    {},
    {"after_conversion": "stop"},
    {"after_conversion": "continue"},
    {"gap": 30 * MINUTE},
    {"after_conversion": "continue", "gap": 3 * DAY},
    {"inactivity": 30 * DAY},
    {"after_conversion": "stop", "inactivity": 3 * DAY},
    {"after_conversion": "continue", "inactivity": 2 * DAY, "gap": 30 * MINUTE},
    {"inactivity": 20 * DAY, "observed_until": FIRST + 35 * DAY},
    {"after_conversion": "continue", "inactivity": 4 * DAY, "observed_until": FIRST + 35 * DAY},
]
ENDED = [options for options in CUTS if options.get("after_conversion") != "continue"]
LABELS = ["touchpoint", "channel", "phase"]
SEEDS = range(6)

cuts = st.sampled_from(CUTS)
ended = st.sampled_from(ENDED)
labels = st.sampled_from(LABELS)
often = settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def both(columns: Columns, options: dict[str, Any]) -> tuple[kr.Journeys, list[cutting.Journey]]:
    """The journeys of the library and those of the reference."""
    fast = cut(read(columns), conversion=CONVERSIONS, **options)
    slow = cutting.cut(events.events_of(columns), CONVERSIONS, **options)
    return fast, slow


def big(seed: int) -> Columns:
    return random_log(seed, customers=60, mean_events=9, conversions=1 + seed % 2, touchpoints=3 + seed % 4)


def cells(table: Any, keys: tuple[str, ...], *columns: str) -> dict[Any, Any]:
    """Rows as {key: value} or {key: (values)}; a key must not occur twice."""
    found: dict[Any, Any] = {}
    for row in table.to_dicts():
        key = row[keys[0]] if len(keys) == 1 else tuple(row[k] for k in keys)
        assert key not in found, f"{key} occurs twice"
        found[key] = row[columns[0]] if len(columns) == 1 else tuple(row[c] for c in columns)
    return found


def is_null(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def same(found: Any, expected: Any, rel: float = 1e-9, tolerance: float = 1e-11) -> bool:
    """Equal numbers up to rounding; null equals null and NaN."""
    if is_null(found) or is_null(expected):
        return is_null(found) and is_null(expected)
    if isinstance(expected, str):
        return bool(found == expected)
    return bool(found == pytest.approx(float(expected), rel=rel, abs=tolerance))


def assert_same(found: Any, expected: Any, what: str = "", rel: float = 1e-9, tolerance: float = 1e-11) -> None:
    assert same(found, expected, rel, tolerance), f"{what}: the library says {found}, the reference {expected}"


def text_log(texts: dict[str, str]) -> kr.Log:
    """A letter is a touchpoint."""
    rows = [(name, place, letter) for name, text in texts.items() for place, letter in enumerate(text)]
    return kr.read(
        {"customer": [r[0] for r in rows], "place": [r[1] for r in rows], "touchpoint": [r[2] for r in rows]},
        customer="customer",
        touchpoint="touchpoint",
        time=None,
        order="place",
    )
