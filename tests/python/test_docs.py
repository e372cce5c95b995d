# SPDX-License-Identifier: MIT
"""What the pages show runs, and prints what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

import klantreis as kr
from pages import ROOT, Page, blocks

PAGES = sorted((ROOT / "docs").rglob("*.md"))
# This page shows the error of a faulty map, which its own test makes.
OWN_TESTS = {"map-format"}


@pytest.mark.parametrize(
    "path", [path for path in PAGES if path.stem not in OWN_TESTS], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_the_blocks_of_a_page_run_and_print_what_it_says(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Page(path, capsys).run()


def test_blocks_that_nothing_runs_are_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    for text, fault in (
        ("```ruby\nputs 1\n```\n", "nothing runs blocks of ruby"),
        ("```python\nprint(1)\n```\n```text\n2\n```\n", "what came out is\n1"),
        ("```sh\nklantreis nothing\n```\n", "nothing"),
    ):
        page.write_text(text, encoding="utf-8")
        with pytest.raises(AssertionError, match=fault):
            Page(page, capsys).run()


def test_the_pages_have_something_to_run() -> None:
    shown = {path.relative_to(ROOT).as_posix(): len(blocks(path.read_text(encoding="utf-8"))) for path in PAGES}
    for name in ("docs/tutorial.md", "docs/first-map.md", "docs/guides/ga4.md", "docs/guides/embed.md"):
        assert shown[name] >= 3


def test_the_steps_of_the_first_map_leave_report_and_snapshot(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Page(root / "docs/first-map.md", capsys).run()
    assert (tmp_path / "report.html").is_file()
    assert kr.snapshots(tmp_path / "snapshots")["snapshot"] == ["first"]
