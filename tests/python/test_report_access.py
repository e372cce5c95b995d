# SPDX-License-Identifier: MIT
"""Axe-core finds nothing in the report that keeps people from reading it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import klantreis as kr
from browser import crowded, framed, unprotected

# Closed tables are opened, so that they are looked at too.
RUN = """<script src="axe.min.js"></script><script>
document.querySelectorAll("details").forEach(function (closed) { closed.open = true; });
axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"]
}).then(function (result) {
  parent.document.getElementById("found").textContent = JSON.stringify({
    version: axe.version, passes: result.passes.length,
    violations: result.violations.map(function (rule) {
      return [rule.id, rule.nodes[0].target.join(" "), rule.nodes[0].failureSummary];
    })
  });
});
</script></body>"""
WIDE, NARROW = 1440, 390


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    axe = root / "build" / "axe" / "axe.min.js"
    if not axe.is_file():
        pytest.skip("axe-core is absent; tools/axe.sh brings it")
    folder = tmp_path_factory.mktemp("axe")
    (folder / "axe.min.js").write_bytes(axe.read_bytes())
    with_map = kr.journeys(kr.datasets.electronics().log, inactivity="30d")
    shop = kr.datasets.webshop(4_000).journeys()
    kr.report(shop, to=folder / "shop.html")
    kr.report(shop, to=folder / "winkel.html", language="nl")
    kr.report(crowded(), to=folder / "crowded.html")
    kr.report(with_map, to=folder / "map.html")
    return folder


def examined(folder: Path, name: str, theme: str, width: int, text: str | None = None) -> dict[str, Any]:
    page = unprotected(text or (folder / f"{name}.html").read_text(encoding="utf-8"))
    page = page.replace("<html ", f'<html data-theme="{theme}" ', 1).replace("</body>", RUN)
    (folder / "page.html").write_text(page, encoding="utf-8")
    found, _ = framed(folder, "page.html", width)
    return dict(found)


@pytest.mark.parametrize(
    ("name", "theme", "width"),
    [
        (name, theme, width)
        for name in ("shop", "crowded", "map")
        for theme in ("light", "dark")
        for width in (WIDE, NARROW)
    ]
    + [("winkel", "light", NARROW), ("winkel", "dark", WIDE)],
)
def test_nothing_keeps_people_from_reading(folder: Path, name: str, theme: str, width: int) -> None:
    found = examined(folder, name, theme, width)
    assert found["violations"] == []
    assert found["passes"] > 20


def test_pale_text_and_a_page_without_a_language_would_be_found(folder: Path) -> None:
    text = (folder / "shop.html").read_text(encoding="utf-8")
    text = text.replace('lang="en"', 'dir="ltr"', 1).replace("--ink3:#5f6b76", "--ink3:#bbb")
    found = {rule for rule, _, _ in examined(folder, "shop", "light", WIDE, text)["violations"]}
    assert {"color-contrast", "html-has-lang"} <= found
