# SPDX-License-Identifier: MIT
"""The comparison of the benchmarks on a small log: every engine answers as we do. Times are not tested."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

import klantreis as kr

STEPS = ["visit", "product", "cart", "purchase"]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    pytest.importorskip("numpy")
    pytest.importorskip("pyarrow")
    file = tmp_path_factory.mktemp("benchmarks") / "events.parquet"
    command = [sys.executable, str(root / "benchmarks/generate.py"), "--events", "20000", str(file)]
    subprocess.run(command, check=True)
    return file


@pytest.fixture(scope="module")
def ours(events: Path) -> dict[str, list[float]]:
    log = kr.read(str(events), value="value")
    journeys = kr.journeys(log)
    edges = {(row["from"], row["to"]): row["weight"] for row in kr.transitions(journeys)}
    reached = [*kr.funnel(journeys, STEPS, window="7d")["count"], 0]
    variants = kr.variants(journeys, limit=None)["count"]
    matrix = list(kr.step_matrix(journeys))
    cohorts = [row for row in kr.return_cohorts(journeys, periods=None) if row["returned"]]
    paths = [row for row in kr.paths(kr.journeys(log, conversion="purchase")).table() if row["path"]]
    return {
        "journeys": [log.customers, len(log)],
        "transitions": [
            sum(n for (a, b), n in edges.items() if a != "(start)" and b != "(null)"),
            sum(n for (a, _), n in edges.items() if a == "(start)"),
            edges[("visit", "product")],
        ],
        "funnel": [before - after for before, after in itertools.pairwise(reached)],
        "variants": [len(variants), sum(variants[:50])],
        "paths": [len(paths), sum(row["conversions"] for row in paths), sum(row["nulls"] for row in paths)],
        "step_matrix": [
            sum(row["count"] for row in matrix if row["step"] == step and row["label"][0] != "(") for step in (1, 10)
        ]
        + [row["count"] for row in matrix if (row["step"], row["label"]) == (3, "cart")],
        "cohorts": [
            len(cohorts),
            sum(row["returned"] for row in cohorts),
            sum(row["returned"] for row in cohorts if row["period"] == 1),
        ],
    }


@pytest.mark.parametrize(("engine", "package"), [("duckdb", "duckdb"), ("polars", "polars"), ("clickhouse", "chdb")])
def test_every_engine_of_the_benchmarks_gives_our_counts(
    engine: str, package: str, events: Path, ours: dict[str, list[float]], root: Path
) -> None:
    pytest.importorskip(package)
    command = [sys.executable, str(root / "benchmarks/peers.py"), engine, str(events), "2", "1", *ours]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert {one["job"]: one["check"] for one in map(json.loads, lines)} == ours
