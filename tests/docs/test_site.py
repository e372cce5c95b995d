# SPDX-License-Identifier: MIT
"""The built site: it needs nothing from elsewhere, and its pages open without an error and fit their width."""

from __future__ import annotations

import html.parser
import re
from pathlib import Path

import pytest

from browser import framed

SITE = Path(__file__).parents[2] / "build" / "docs" / "html"
PAGES = sorted(SITE.rglob("*.html"))
# Attributes by which a page loads something by itself.
LOADS = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "embed": "src",
    "object": "data",
    "link": "href",
}

# What a page looks like from inside.
LOOK = """
onload = function () {
  setTimeout(function () {
    var page = document.querySelector("iframe").contentDocument, view = page.defaultView;
    document.getElementById("found").textContent = JSON.stringify({
      width: page.documentElement.clientWidth, content: page.documentElement.scrollWidth,
      headings: page.querySelectorAll("h1").length, pictures: page.querySelectorAll(".picture svg.main-svg").length,
      formulas: page.querySelectorAll("math").length,
      requests: view.performance.getEntriesByType("resource").map(function (entry) { return entry.name; })
    });
  }, 1500);
};
"""
SHOWN = ("index", "tutorial", "concepts/chain", "notebooks/attribution", "api/python/attribution", "api/cpp/journeys")


class Loads(html.parser.HTMLParser):
    """Collects what a page loads and where its links within the site go."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag == "link" and found.get("rel") in ("canonical", "search", "next", "prev", "index"):
            return
        self.loads += [value for name, value in found.items() if name == LOADS.get(tag) and value]
        self.loads += re.findall(r"url\(([^)]*)\)", found.get("style") or "")


def test_there_are_the_pages() -> None:
    names = {page.relative_to(SITE).as_posix() for page in PAGES}
    for name in ("index", "tutorial", "api/python/attribution", "api/cpp/attribution", "notebooks/paths", "first-map"):
        assert f"{name}.html" in names
    docs = {path.stem for path in (Path(__file__).parents[2] / "docs").glob("*.md")}
    assert {f"{name}.html" for name in docs} <= names


def test_no_page_loads_anything_from_elsewhere() -> None:
    for page in PAGES:
        reader = Loads()
        reader.feed(page.read_text(encoding="utf-8"))
        for target in reader.loads:
            assert not re.match(r"[a-z]+:|//", target) or target.startswith("data:"), f"{page.name} loads {target}"
            local = (page.parent / target.partition("?")[0].partition("#")[0]).resolve()
            assert target.startswith("data:") or local.is_file(), f"{page.name} loads {target}, which is not there"


def test_no_style_sheet_loads_anything_from_elsewhere() -> None:
    for sheet in SITE.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert "@import" not in text
        for target in re.findall(r"url\([\"']?([^)\"']*)", text):
            assert target.startswith(("data:", "#")) or (sheet.parent / target).is_file(), f"{sheet.name}: {target}"


def test_formulas_are_drawn_by_the_browser_itself() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in (SITE / "concepts").glob("*.html"))
    assert text.count("<math") >= 10
    assert "MathJax" not in text


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("name", SHOWN)
def test_a_page_opens_quietly_and_fits_its_width(tmp_path: Path, name: str, width: int) -> None:
    found, console = framed(tmp_path, (SITE / f"{name}.html").as_uri(), width, LOOK)
    assert console == ""
    assert found["headings"] == 1
    assert width - 20 < found["width"] <= width
    assert found["content"] <= found["width"]
    # What comes from the disk is no request.
    assert found["requests"] == []
    if name.startswith("notebooks/"):
        assert found["pictures"] >= 1
    if name.startswith("concepts/"):
        assert found["formulas"] >= 3
