# SPDX-License-Identifier: MIT
"""A few events in many shapes, and all of a log that can be seen from outside. Imports no pyarrow."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd

import klantreis as kr

START = datetime(2024, 3, 1, 9, tzinfo=timezone.utc)
TIMES = [START + timedelta(minutes=7 * i) for i in range(6)]
TOUCHPOINTS = ["visit", "visit", 'say "hi", then\nleave', "a touchpoint of more than twelve bytes", "order", "order"]
COLUMNS: dict[str, list[Any]] = {
    "customer_id": ["ann", "bob", "ann", "chloë", "bob", "ann"],
    "timestamp": TIMES,
    "touchpoint": TOUCHPOINTS,
    "channel": ["search", None, "mail", "search", "mail", "search"],
    "value": [None, None, 0.5, None, 12.25, 30.0],
    "unused": [[1]] * 6,
}
NAIVE = {**COLUMNS, "timestamp": [time.replace(tzinfo=None) for time in TIMES]}
OPTIONS: dict[str, Any] = {"channel": "channel", "value": "value"}


def records() -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]


def shape(log: kr.Log) -> dict[str, Any]:
    """All of a log that can be seen from outside."""
    journeys = kr.journeys(log, conversion="order")
    return {
        "health": log.health().to_dicts(),
        "touchpoints": log.counts().to_dicts(),
        "channels": log.counts("channel").to_dicts(),
        "paths by channel": kr.paths(journeys, by="channel").table().to_dicts(),
        "paths": kr.paths(journeys).table().to_dicts(),
    }


def pandas_frames() -> dict[str, pd.DataFrame]:
    plain = pd.DataFrame(COLUMNS)
    naive = pd.DataFrame(NAIVE)
    return {
        "plain": plain,
        "object": plain.astype({"customer_id": object, "touchpoint": object, "channel": object}),
        "times as objects": plain.astype({"timestamp": object}),
        "category": plain.astype({"customer_id": "category", "touchpoint": "category", "channel": "category"}),
        "naive": naive,
        "seconds": naive.assign(timestamp=naive["timestamp"].dt.as_unit("s")),
        "nanoseconds": naive.assign(timestamp=naive["timestamp"].dt.as_unit("ns")),
        "zone": plain.assign(timestamp=plain["timestamp"].dt.tz_convert("Asia/Tokyo")),
        "text times": plain.assign(timestamp=[time.isoformat() for time in TIMES]),
        "index": plain.set_index(pd.Index([5, 3, 3, 1, 0, 9])),
        "masked": plain.astype({"value": "Float64"}),
        "strided": pd.DataFrame(np.repeat(plain.to_numpy(), 2, axis=0)[::2], columns=plain.columns).astype(
            {"value": float}
        ),
    }


def main() -> None:
    """Print what pandas frames read as."""
    print(json.dumps({name: shape(kr.read(frame, **OPTIONS)) for name, frame in pandas_frames().items()}))
