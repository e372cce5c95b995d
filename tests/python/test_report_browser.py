# SPDX-License-Identifier: MIT
"""The report in a browser: no error, no request, nothing wider than the page, with and without script."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

import klantreis as kr

# What the page looks like from inside, at a width; the report itself lets no other script run.
PROBE = """<!doctype html><body style="margin:0"><iframe src="report.html" style="border:0;width:{width}px;height:900px"
{sandbox}></iframe><pre id="found"></pre><script>
onload = function () {{
  var page = document.querySelector("iframe").contentDocument, root = page.documentElement;
  var shown = function (css) {{ return getComputedStyle(page.querySelector(css)).display !== "none"; }};
  var wide = Array.prototype.filter.call(page.querySelectorAll("main *"), function (element) {{
    if (element.closest(".tw, .flw, .mapw, .mapw, .sr, svg, details:not([open])")) return false;
    var box = element.getBoundingClientRect();
    return box.width > 0 && box.right > root.clientWidth + 1;
  }});
  document.getElementById("found").textContent = JSON.stringify({{
    width: root.clientWidth, content: root.scrollWidth, height: root.scrollHeight,
    wide: wide.map(function (element) {{ return element.className + ": " + element.textContent.slice(0, 40); }}),
    flow: [shown("svg.flow.wide"), shown("svg.flow.upright")], button: shown("button.th"),
    requests: page.defaultView.performance.getEntriesByType("resource").map(function (entry) {{ return entry.name; }})
  }});
}};
</script>"""


@pytest.fixture(scope="module")
def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found is not None:
            return found
    pytest.skip("no chromium on the PATH; install the package chromium")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    kr.report(kr.datasets.webshop().journeys(), to=folder / "report.html")
    return folder


def browse(chromium: str, folder: Path, *options: str, page: str) -> tuple[str, str]:
    """Open a page of the folder; return the standard output and what the console said."""
    done = subprocess.run(
        [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--allow-file-access-from-files",
            "--enable-logging=stderr",
            f"--user-data-dir={folder / 'profile'}",
            *options,
            (folder / page).as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


def probe(chromium: str, folder: Path, width: int, sandbox: str = "") -> dict[str, Any]:
    (folder / "probe.html").write_text(PROBE.format(width=width, sandbox=sandbox), encoding="utf-8")
    options = ("--window-size=1500,900", "--virtual-time-budget=4000", "--dump-dom")
    dom, console = browse(chromium, folder, *options, page="probe.html")
    # Of a page that may run no script the browser says just that.
    assert [line for line in console.splitlines() if not (sandbox and "Blocked script execution" in line)] == []
    found = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    assert found is not None
    assert found[1] != "", dom[-2_000:]
    result: dict[str, Any] = json.loads(found[1].replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&"))
    return result


@pytest.mark.parametrize("width", [390, 900, 1440])
def test_the_page_fits_its_width_and_asks_for_nothing(chromium: str, folder: Path, width: int) -> None:
    found = probe(chromium, folder, width)
    assert found["width"] > width - 20
    assert found["content"] <= found["width"]
    assert found["wide"] == []
    assert found["height"] > 3_000
    assert found["flow"] == [width > 752, width <= 752]
    assert found["requests"] == []
    assert found["button"]


def test_the_page_needs_no_script(chromium: str, folder: Path) -> None:
    found = probe(chromium, folder, 1440, 'sandbox="allow-same-origin"')
    assert not found["button"]
    assert found["content"] <= found["width"]


def test_the_page_itself_opens_without_a_word_on_the_console(chromium: str, folder: Path) -> None:
    target = folder / "screen.png"
    _, console = browse(chromium, folder, "--window-size=1440,2000", f"--screenshot={target}", page="report.html")
    assert console == ""
    content = target.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == (1440, 2000)
    # A page of one colour packs to a few kilobytes.
    assert len(content) > 100_000


def test_it_prints(chromium: str, folder: Path) -> None:
    target = folder / "report.pdf"
    browse(chromium, folder, f"--print-to-pdf={target}", "--no-pdf-header-footer", page="report.html")
    content = target.read_bytes()
    assert content.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 12
