# SPDX-License-Identifier: MIT
"""The direction of the modules, read from the #include lines and the imports."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

# Each module may include what stands before it.
ORDER = [
    "version",
    "core",
    "table",
    "arrow",
    "statistics",
    "engine",
    "log",
    "map",
    "journeys",
    "interchange",
    "store",
    "summary",
    "paths",
    "transitions",
    "graph",
    "graph_measures",
    "markov",
    "attribution",
    "dropoff",
    "funnel",
    "improve",
    "kpi",
    "patterns",
    "timing",
    "match",
    "prepare",
    "compare",
    "groups",
    "hypotheses",
    "datasets",
    "measure",
    "conformance",
    "parts",
]
# These stand side by side at the end: none may include another.
ANALYSES = ["attribution", "dropoff", "funnel", "improve", "kpi", "patterns", "timing"]
# Modules that solve on the chain, and those that run graph algorithms.
MAY_USE_EIGEN = {"markov", "attribution", "dropoff", "improve", "timing", "datasets"}
MAY_USE_BOOST_GRAPH = {"graph", "graph_measures", "markov", "patterns"}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)


def sources(root: Path) -> list[Path]:
    folders = ["include", "src", "python/bindings"]
    found = [path for folder in folders for path in (root / folder).rglob("*.[chi]pp")]
    assert len(found) > 5
    return sorted(found)


def includes(path: Path) -> list[str]:
    return [name for _, name in INCLUDE.findall(path.read_text(encoding="utf-8"))]


def module_of(name: str) -> str | None:
    """The module to which a header or body belongs; None for what every module shares."""
    parts = list(Path(name).with_suffix("").parts)
    if parts[:1] == ["klantreis"]:
        parts = parts[1:]
    if parts[:1] == ["detail"]:
        parts = parts[1:]
    candidates = [module for module in ORDER if parts and (parts[0] == module or parts[0].startswith(module + "_"))]
    return max(candidates, key=len, default=None)


def library_files(root: Path) -> list[tuple[Path, str]]:
    """The files under include/klantreis and src with their modules."""
    found = []
    for base in (root / "include/klantreis", root / "src"):
        for path in sorted(base.rglob("*.[chi]pp")):
            module = module_of(path.relative_to(base).as_posix())
            if module is not None:
                found.append((path, module))
    return found


def own_includes(root: Path, path: Path) -> set[str]:
    """The headers of klantreis that a file includes, also by way of helpers that belong to no module."""
    found: set[str] = set()
    waiting = includes(path)
    while waiting:
        name = waiting.pop()
        if name.startswith("klantreis/") and name not in found:
            found.add(name)
            if module_of(name) is None:
                waiting += includes(root / "include" / name)
    return found


def test_modules_include_only_what_stands_before_them(root: Path) -> None:
    wrong = []
    for path, module in library_files(root):
        for name in sorted(own_includes(root, path)):
            other = module_of(name)
            if other is None or other == module:
                continue
            beside = module in ANALYSES and other in ANALYSES
            if beside or ORDER.index(other) > ORDER.index(module):
                wrong.append(f"{path.relative_to(root)} includes {name}")
    assert wrong == []


def test_every_header_belongs_to_a_module_with_a_place_in_the_order(root: Path) -> None:
    public = {path.stem for path in (root / "include/klantreis").glob("*.hpp")}
    assert public - set(ORDER) == set()


def test_the_umbrella_header_includes_every_public_module(root: Path) -> None:
    public = [f"klantreis/{path.name}" for path in (root / "include/klantreis").glob("*.hpp")]
    assert includes(root / "include/klantreis.hpp") == sorted(public)


def test_nothing_but_the_bindings_knows_pybind11_and_they_include_no_body(root: Path) -> None:
    for path in sources(root):
        binding = path.is_relative_to(root / "python/bindings")
        for name in includes(path):
            assert binding or not name.startswith(("pybind11", "Python")), f"{path} includes {name}"
            assert not (binding and name.endswith(".ipp")), f"{path} includes {name}"


def test_eigen_and_boost_graph_stay_where_they_are_needed(root: Path) -> None:
    for path, module in library_files(root):
        for name in includes(path):
            if name.startswith("Eigen/"):
                assert module in MAY_USE_EIGEN, f"{path} includes {name}"
            if name.startswith("boost/graph/"):
                assert module in MAY_USE_BOOST_GRAPH, f"{path} includes {name}"


def test_each_compiled_source_is_its_body_and_each_body_is_compiled(root: Path) -> None:
    compiled = set()
    for path in (root / "src").rglob("*.cpp"):
        bodies = [name for name in includes(path) if name.endswith(".ipp")]
        assert bodies, f"{path} compiles no body"
        compiled |= set(bodies)
    # A body may be a part of another one, which includes it.
    for path in (root / "include").rglob("*.ipp"):
        compiled |= {name for name in includes(path) if name.endswith(".ipp")}
    bodies = {path.relative_to(root / "include").as_posix() for path in (root / "include").rglob("*.ipp")}
    assert bodies == compiled


def test_every_source_names_its_licence_first(root: Path) -> None:
    folders = ["include", "src", "python", "tests", "tools", "cmake", "benchmarks", "examples"]
    kinds = {".hpp", ".ipp", ".cpp", ".py", ".pyi", ".sh", ".cmake"}
    for folder in folders:
        for path in (root / folder).rglob("*"):
            if path.suffix in kinds and path.is_file():
                head = path.read_text(encoding="utf-8").splitlines()[:2]
                lines = [line for line in head if not line.startswith("#!")]
                assert lines[:1] in (["// SPDX-License-Identifier: MIT"], ["# SPDX-License-Identifier: MIT"]), path


def python_imports(path: Path) -> set[str]:
    """Every name that a file imports, at the top or inside a function, for the type checker or for good."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = "klantreis" if node.level else ""
            base = ".".join(part for part in (package, node.module or "") if part)
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def python_files(root: Path) -> list[Path]:
    return sorted((root / "python/klantreis").rglob("*.py"))


def test_nothing_imports_the_report_but_who_is_asked_for_one(root: Path) -> None:
    package = root / "python/klantreis"
    door = {"klantreis._report", "klantreis._report.render", "klantreis._report.report"}
    for path in python_files(root):
        inside = path.relative_to(package)
        if inside.parts[0] == "_report":
            continue
        named = {name for name in python_imports(path) if name.startswith("klantreis._report")}
        allowed = door if inside.parts[0] in {"__init__.py", "_cli"} else set()
        assert named <= allowed, f"{inside} imports {named - allowed}"


def run_python(code: str) -> str:
    command = [sys.executable, "-I", "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=os.sep).stdout


def test_importing_klantreis_loads_nothing_heavy() -> None:
    code = "import sys, klantreis; print(*sys.modules)"
    loaded = run_python(code).split()
    roots = {name.partition(".")[0] for name in loaded}
    heavy = {
        "duckdb",
        "jinja2",
        "numpy",
        "pandas",
        "plotly",
        "polars",
        "pyarrow",
        "pydantic",
        "rich",
        "ruamel",
        "typer",
    }
    assert roots & heavy == set()
    assert not [name for name in loaded if name.startswith(("klantreis._report.", "klantreis._cli"))]


def test_importing_klantreis_takes_less_than_150_ms() -> None:
    code = "import time; start = time.process_time(); import klantreis; print(time.process_time() - start)"
    assert min(float(run_python(code)) for _ in range(5)) < 0.15
