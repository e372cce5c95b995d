# SPDX-License-Identifier: MIT
"""What the README shows runs, and is what the examples compile."""

import shlex
from pathlib import Path

import pytest

import pages

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return [block for each, block in pages.blocks(README) if each == language]


def test_the_python_lines_run_and_leave_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    assert "<html" in (tmp_path / "report.html").read_text(encoding="utf-8")[:500]


def test_the_cpp_lines_are_an_example_that_is_compiled_and_run() -> None:
    (code,) = blocks("cpp")
    example = (ROOT / "examples" / "cpp" / "first_result.cpp").read_text(encoding="utf-8")
    assert example == "// SPDX-License-Identifier: MIT\n" + code


def test_the_commands_exist() -> None:
    from typer.main import get_command

    from klantreis._cli.app import app

    known = get_command(app).commands  # type: ignore[attr-defined]
    commands = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("klantreis ")]
    assert commands
    for line in commands:
        assert shlex.split(line)[1] in known
