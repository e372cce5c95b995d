# SPDX-License-Identifier: MIT
"""What the wheel and the source distribution hold, and that the installed package is the one of this tree."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
from pathlib import Path

import pytest

import klantreis as kr


def installed_files() -> list[str]:
    files = importlib.metadata.files("klantreis")
    assert files is not None
    return [file.as_posix() for file in files if "__pycache__" not in file.as_posix()]


def test_the_tests_run_on_the_installed_package_and_not_on_the_source_tree(root: Path) -> None:
    assert not Path(kr.__file__).resolve().is_relative_to(root / "python")


def test_the_version_stands_in_one_place(root: Path) -> None:
    header = (root / "include/klantreis/version.hpp").read_text(encoding="utf-8")
    found = re.search(r'version_string = "([^"]+)"', header)
    assert found is not None
    assert kr.__version__ == importlib.metadata.version("klantreis") == found[1]


def test_the_wheel_holds_the_package_and_nothing_else() -> None:
    for file in installed_files():
        assert re.match(r"klantreis/|klantreis-[0-9.]+\.dist-info/|(\.\./)+bin/klantreis$", file), file
        assert not file.endswith((".hpp", ".ipp", ".cpp", ".a", ".cmake", "CMakeLists.txt")), file


def test_every_file_of_the_python_package_is_installed(root: Path) -> None:
    package = root / "python"
    wanted = {
        path.relative_to(package).as_posix()
        for path in (package / "klantreis").rglob("*")
        if path.is_file() and path.suffix not in {".pyc", ".so"}
    }
    assert wanted <= set(installed_files())
    assert "klantreis/py.typed" in wanted


def test_the_notices_of_what_is_compiled_in_are_installed(root: Path) -> None:
    names = {Path(file).name for file in installed_files() if ".dist-info/licenses/" in file}
    assert "LICENSE" in names
    assert {path.name for path in (root / "licenses").iterdir()} <= names


def test_the_metadata_names_licence_python_and_the_light_requirements() -> None:
    metadata = importlib.metadata.metadata("klantreis")
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.10"
    always = {
        re.split(r"[^A-Za-z0-9-]", requirement)[0].lower()
        for requirement in importlib.metadata.requires("klantreis") or []
        if "extra ==" not in requirement
    }
    assert not always & {"numpy", "pandas", "polars", "plotly", "pyarrow"}


def test_errors_are_value_errors_under_their_public_names() -> None:
    assert issubclass(kr.InputError, ValueError)
    assert issubclass(kr.LimitError, kr.InputError)
    assert f"{kr.LimitError.__module__}.{kr.LimitError.__qualname__}" == "klantreis.LimitError"


def test_everything_that_is_exported_exists_and_only_that_is_public() -> None:
    assert list(kr.__all__) == sorted(kr.__all__, key=lambda name: (name.lower() == name, name))
    for name in kr.__all__:
        assert getattr(kr, name) is not None


def test_the_committed_stub_is_that_of_the_compiled_module(root: Path) -> None:
    pytest.importorskip("pybind11_stubgen")
    spec = importlib.util.spec_from_file_location("stubs", root / "tools/stubs.py")
    assert spec is not None
    assert spec.loader is not None
    stubs = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = stubs
    spec.loader.exec_module(stubs)
    committed = (root / "python/klantreis/_core.pyi").read_text(encoding="utf-8")
    assert committed == stubs.core_stub(), "run `make stubs` and commit python/klantreis/_core.pyi"
