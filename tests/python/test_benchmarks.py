# SPDX-License-Identifier: MIT
"""The comparison of the benchmarks on a small log: every engine answers as we do. Times are not tested."""

from __future__ import annotations

import importlib
import itertools
import json
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

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


def lines_of(root: Path, program: str, *arguments: str) -> dict[str, list[float]]:
    """What a program of the benchmarks answered, by job."""
    command = [sys.executable, str(root / "benchmarks" / program), *arguments]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {one["job"]: one["check"] for one in map(json.loads, lines)}


@pytest.mark.parametrize("how", [[], ["--from-file"]], ids=["from memory", "from the file"])
@pytest.mark.parametrize(("engine", "package"), [("duckdb", "duckdb"), ("polars", "polars"), ("clickhouse", "chdb")])
def test_every_engine_of_the_benchmarks_gives_our_counts(
    engine: str, package: str, how: list[str], events: Path, ours: dict[str, list[float]], root: Path
) -> None:
    pytest.importorskip(package)
    assert lines_of(root, "peers.py", engine, str(events), "2", "1", *ours, *how) == ours


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured as Linux tells it")
def test_what_is_measured_through_python_gives_our_counts(
    events: Path, ours: dict[str, list[float]], root: Path
) -> None:
    found = lines_of(root, "ours.py", str(events), "2", "1")
    assert found == {"three_file": [*ours["transitions"], *ours["funnel"]]}
    assert len(lines_of(root, "ours.py", str(events), "2", "--memory-limit", "1GiB")) == 11


def test_a_log_that_is_made_in_pieces_is_in_the_order_of_time(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np = pytest.importorskip("numpy")
    pytest.importorskip("pyarrow")
    monkeypatch.syspath_prepend(root / "benchmarks")
    generate = importlib.import_module("generate")
    monkeypatch.setattr(generate, "PIECE", 5000)
    options = {"mean_length": 10.0, "touchpoints": 40, "seed": 1}
    parts = list(generate.merged_pieces(tmp_path, 17_000, **options))
    times = np.concatenate([part["timestamp"] for part in parts])
    assert len(times) == 17_000
    assert (np.diff(times) >= 0).all()
    first = set(generate.columns_of(5000, **options)["customer_id"])
    assert first < set(np.concatenate([part["customer_id"] for part in parts]))


@pytest.fixture(scope="module")
def path_benchmark(root: Path) -> ModuleType:
    """The benchmark of path analysis as a module."""
    pytest.importorskip("pandas")
    sys.path.insert(0, str(root / "benchmarks"))
    try:
        return importlib.import_module("paths")
    finally:
        sys.path.pop(0)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rng = random.Random(4)
    columns: dict[str, list[int | str]] = {"user_id": [], "position": [], "page": []}
    for user in range(200):
        for position in range(10 if user % 2 else rng.randint(1, 14)):
            columns["user_id"].append(user)
            columns["position"].append(position + 1)
            columns["page"].append(rng.choice(["news", "sports", "local", "health"]))
    file = tmp_path_factory.mktemp("paths") / "pages.parquet"
    parquet.write_table(pyarrow.table(columns), file)
    return file


@pytest.mark.parametrize(
    ("question", "package"),
    [
        ("transitions", "pm4py"),
        ("variants", "pm4py"),
        ("prefix tree", "pm4py"),
        ("n-grams", "scikit-learn"),
        ("complexity", "sequenzo"),
        ("mixture of chains", "sequenzo"),
    ],
)
def test_other_packages_for_paths_give_our_figures(
    question: str, package: str, pages: Path, path_benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path_benchmark.version(package) is None:
        pytest.skip(f"{package} is not installed")
    (number,) = [
        number
        for number, rival in enumerate(path_benchmark.RIVALS)
        if (rival.question, rival.package) == (question, package)
    ]
    # One sequence or two in a thousand are too few for a minimum of support to mean something.
    questions = importlib.import_module("path_questions")
    monkeypatch.setattr(questions, "SUPPORT", 0.02)
    monkeypatch.setattr(questions, "CLUSTERS", 2)
    found = path_benchmark.compare(str(pages), number, 20 if question == "mixture of chains" else 100)
    assert found["sequences"] == (20 if question == "mixture of chains" else 100)
    assert found["figures"] > 0


def test_distances_are_those_of_sequenzo(pages: Path, path_benchmark: ModuleType, root: Path) -> None:
    pytest.importorskip("sequenzo")
    number = next(n for n, rival in enumerate(path_benchmark.RIVALS) if rival.question == "distances")
    command = [sys.executable, str(root / "benchmarks/paths.py"), "--file", str(pages), "--one", str(number), "100"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode < 0:
        pytest.xfail("the distances of sequenzo end the process on this machine")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["figures"] == 100


def test_a_package_that_answers_otherwise_ends_the_comparison(
    pages: Path, path_benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn")
    questions = importlib.import_module("path_questions")
    number = next(n for n, rival in enumerate(questions.RIVALS) if rival.question == "n-grams")
    monkeypatch.setattr(questions, "words", lambda sequence: sequence)
    with pytest.raises(path_benchmark.DifferenceError, match="figures differ, the first at"):
        path_benchmark.compare(str(pages), number, 50)
