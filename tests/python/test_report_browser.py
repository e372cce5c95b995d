# SPDX-License-Identifier: MIT
"""The report in a browser: no error, no request, nothing wider than the page, with and without script."""

from __future__ import annotations

import html
import re
import struct
import warnings
from pathlib import Path
from typing import Any

import pytest

import klantreis as kr
from browser import HOSTILE, browse, crowded, framed, unprotected
from test_report import EVERY_SECTION, Page

# What the page looks like from inside, at a width; the report itself lets no other script run.
LOOK = """
onload = function () {
  var page = document.querySelector("iframe").contentDocument, root = page.documentElement;
  var all = function (css) { return Array.prototype.slice.call(page.querySelectorAll(css)); };
  var shown = function (css) {
    var found = page.querySelector(css);
    return found !== null && getComputedStyle(found).display !== "none";
  };
  var empty = function (element) {
    var box = element.getBoundingClientRect();
    return getComputedStyle(element).display !== "none" && !(box.width > 0 && box.height > 0);
  };
  var named = function (element) { return element.className + ": " + element.textContent.slice(0, 40); };
  var wide = all("main *").filter(function (element) {
    if (element.closest(".tw, .flw, .mapw, .sr, svg, details:not([open])")) return false;
    var box = element.getBoundingClientRect();
    return box.width > 0 && box.right > root.clientWidth + 1;
  });
  document.getElementById("found").textContent = JSON.stringify({
    width: root.clientWidth, content: root.scrollWidth, height: root.scrollHeight,
    wide: wide.map(named),
    sections: all("main > section").filter(function (s) { return !empty(s); }).map(function (s) { return s.id; }),
    pictures: all("main [role=img]").length, empty: all("main [role=img]").filter(empty).map(named),
    flow: [shown("svg.flow.wide"), shown("svg.flow.upright")], button: shown("button.th"),
    text: page.body.textContent, hit: window.hit === undefined,
    requests: page.defaultView.performance.getEntriesByType("resource").map(function (entry) { return entry.name; })
  });
};
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    kr.report(kr.datasets.webshop().journeys(), to=folder / "report.html")
    return folder


def probe(folder: Path, width: int, sandbox: str = "", page: str = "report.html") -> dict[str, Any]:
    found, console = framed(folder, page, width, LOOK, sandbox)
    # Of a page that may run no script the browser says just that.
    assert [line for line in console.splitlines() if not (sandbox and "Blocked script execution" in line)] == []
    assert found["content"] <= found["width"]
    assert found["wide"] == []
    assert found["empty"] == []
    assert found["requests"] == []
    assert found["hit"]
    return dict(found)


@pytest.mark.parametrize("width", [390, 900, 1440])
def test_the_page_fits_its_width_and_asks_for_nothing(folder: Path, width: int) -> None:
    found = probe(folder, width)
    assert found["width"] > width - 20
    assert found["height"] > 3_000
    assert found["sections"] == EVERY_SECTION
    assert found["pictures"] > 40
    assert found["flow"] == [width > 752, width <= 752]
    assert found["button"]


def test_the_page_needs_no_script(folder: Path) -> None:
    found = probe(folder, 1440, 'sandbox="allow-same-origin"')
    assert not found["button"]
    assert found["sections"] == EVERY_SECTION


@pytest.mark.parametrize("width", [390, 1440])
def test_many_phases_long_names_and_names_with_markup_fit_and_do_nothing(tmp_path: Path, width: int) -> None:
    file = kr.report(crowded(), to=tmp_path / "safe.html")
    # Escaping alone must do; the policy is a second lock.
    (tmp_path / "open.html").write_text(unprotected(file.read_text(encoding="utf-8")), encoding="utf-8")
    found = probe(tmp_path, width, page="open.html")
    assert set(EVERY_SECTION) - {"fix", "changes", "groups"} <= set(found["sections"])
    for name in HOSTILE:
        assert name in found["text"], name


def few(customers: int, touchpoints: list[str], conversion: str | None = None) -> kr.Journeys:
    columns: dict[str, list[Any]] = {"customer_id": [], "timestamp": [], "touchpoint": []}
    for customer in range(customers):
        for day, name in enumerate(touchpoints, 1):
            columns["customer_id"].append(customer)
            columns["timestamp"].append(f"2024-03-{day:02} 0{customer}:00")
            columns["touchpoint"].append(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return kr.journeys(kr.read(columns), conversion=conversion or ())


@pytest.mark.parametrize(
    "journeys",
    [
        pytest.param(lambda: few(3, ["view", "cart", "order"], "order"), id="three customers"),
        pytest.param(lambda: few(3, ["view", "cart"]), id="no conversion"),
        pytest.param(lambda: few(2, ["n" * 500]), id="one touchpoint of a long name"),
        pytest.param(lambda: few(0, []), id="no event"),
    ],
)
def test_little_data_makes_a_page_that_fits(tmp_path: Path, journeys: Any) -> None:
    kr.report(journeys(), to=tmp_path / "report.html")
    assert {"health", "method"} <= set(probe(tmp_path, 390)["sections"])


def test_the_page_itself_opens_without_a_word_on_the_console(folder: Path) -> None:
    target = folder / "screen.png"
    _, console = browse(folder, "--window-size=1440,2000", f"--screenshot={target}", page="report.html")
    assert console == ""
    content = target.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == (1440, 2000)
    # A page of one colour packs to a few kilobytes.
    assert len(content) > 100_000


def test_on_paper_every_section_is_there(folder: Path) -> None:
    target = folder / "report.pdf"
    options = ("--no-pdf-header-footer", "--generate-pdf-document-outline")
    browse(folder, f"--print-to-pdf={target}", *options, page="report.html")
    content = target.read_bytes()
    assert content.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 12
    # The outline of the file names every heading that is printed, without the spaces at the ends of lines.
    titles = {bytes.fromhex(text.decode()).decode("utf-16") for text in re.findall(rb"/Title <([0-9A-F]+)>", content)}
    titles |= {
        re.sub(r"\\(.)", r"\1", text.decode("latin-1"))
        for text in re.findall(rb"/Title \(((?:[^()\\]|\\.)*)\)", content)
    }
    printed = {"".join(title.split()) for title in titles}
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    headings = re.findall(r"<h2 id=[^>]*>(.*?)</h2>", page.text)
    assert len(headings) == len(EVERY_SECTION) - 2, "all but the two whose headings are only read out"
    for heading in headings:
        assert "".join(html.unescape(re.sub(r"<[^>]+>", "", heading)).split()) in printed


# Presses the button of each table and takes what would be saved.
SAVE = """
onload = function () {
  var inner = document.querySelector("iframe").contentWindow, files = {}, last;
  var buttons = inner.document.querySelectorAll(".dls button"), left = buttons.length;
  inner.URL.createObjectURL = function (content) { last = content; return "about:blank"; };
  inner.HTMLAnchorElement.prototype.click = function () {
    var name = this.download;
    last.text().then(function (text) {
      files[name] = text;
      if (!--left) document.getElementById("found").textContent = JSON.stringify(files);
    });
  };
  buttons.forEach(function (button) { button.click(); });
};
"""


def test_each_table_can_be_saved_by_itself(folder: Path) -> None:
    found, console = framed(folder, "report.html", 1440, SAVE)
    assert console == ""
    assert found == Page((folder / "report.html").read_text(encoding="utf-8")).files
    assert len(found) > 20
