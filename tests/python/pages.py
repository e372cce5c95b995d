# SPDX-License-Identifier: MIT
"""Runs the code blocks of a page, in their order and in one folder, and compares what the page says came out.

=========  =================================================================================================
``python``  runs; the names stay for later blocks. With ``>>>`` in front it is a doctest.
``text``    is what the Python block or the last command before it printed, or the message of its error.
``sh``      ``klantreis`` commands run; of others it is checked that there is such a thing to call.
``diff``    changes journey.yaml, which a command made.
``yaml``    is a journey map without faults; ``json`` is JSON.
``cpp``     is part of an example, which is compiled and run elsewhere.
``cmake``   uses the targets of the library.
=========  =================================================================================================
"""

from __future__ import annotations

import doctest
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import klantreis as kr
from klantreis._cli import main

ROOT = Path(__file__).parents[2]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def blocks(text: str) -> list[tuple[str, str]]:
    """Language and content of the code blocks of a page."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def patched(text: str, patch: str) -> str:
    """The text with the lines of a diff without line numbers."""
    lines = text.splitlines()
    at = 0
    for step in patch.splitlines():
        kind, line = step[:1], step[1:]
        if kind == "+":
            lines.insert(at, line)
            at += 1
            continue
        at = lines.index(line, at)
        if kind == "-":
            del lines[at]
        else:
            at += 1
    return "\n".join(lines) + "\n"


class Page:
    """A page while it runs."""

    def __init__(self, path: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self.capture = capture
        self.names: dict[str, Any] = {}
        self.said = ""
        self.has_failed = False

    def run(self) -> None:
        """Run all blocks."""
        for language, block in blocks(self.path.read_text(encoding="utf-8")):
            step = getattr(self, language, None)
            assert step is not None, f"{self.path.name}: nothing runs blocks of {language}"
            if language != "text":
                assert not self.has_failed, f"{self.path.name} does not show the error: {self.said}"
                self.capture.readouterr()
            step(block)
        assert not self.has_failed, self.said

    def python(self, block: str) -> None:
        if block.startswith(">>>"):
            test = doctest.DocTestParser().get_doctest(block, self.names, self.path.name, str(self.path), 0)
            runner = doctest.DocTestRunner(optionflags=FLAGS)
            runner.run(test, clear_globs=False)
            self.names.update(test.globs)
            assert runner.summarize().failed == 0, self.capture.readouterr().out
            return
        try:
            exec(compile(block, self.path.name, "exec"), self.names)
        except kr.InputError as error:
            self.said, self.has_failed = str(error), True
        else:
            self.said = self.capture.readouterr().out

    def text(self, block: str) -> None:
        said = [line.rstrip() for line in self.said.splitlines()]
        assert said == block.splitlines(), f"{self.path.name}: what came out is\n" + "\n".join(said)
        self.has_failed = False

    def sh(self, block: str) -> None:
        for line in block.replace("\\\n", " ").splitlines():
            program, *words = shlex.split(line, comments=True)
            if program == "klantreis":
                self.capture.readouterr()
                assert main(words) == 0, line
                self.said = self.capture.readouterr().out
            elif program == "make":
                assert re.search(rf"^{words[0]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
            else:
                assert program in ("pip", "cmake"), f"{self.path.name}: nothing checks {line}"

    def diff(self, block: str) -> None:
        file = Path("journey.yaml")
        file.write_text(patched(file.read_text(encoding="utf-8"), block), encoding="utf-8")

    def yaml(self, block: str) -> None:
        try:
            assert kr.JourneyMap.from_text(block).check() == ()
        except kr.MapError as error:
            self.said, self.has_failed = str(error), True

    def json(self, block: str) -> None:
        json.loads(block)

    def cpp(self, block: str) -> None:
        examples = [path.read_text(encoding="utf-8") for path in (ROOT / "examples/cpp").glob("*.cpp")]
        assert any(block in example for example in examples), f"{self.path.name}: in no example:\n{block}"

    def cmake(self, block: str) -> None:
        known = {"klantreis::klantreis", "klantreis::compiled"}
        assert set(re.findall(r"klantreis::\w+", block)) <= known
        assert set(re.findall(r"^(\w+)\(", block, re.MULTILINE)) <= {
            "find_package", "add_subdirectory", "add_executable", "target_link_libraries",
        }  # fmt: skip
