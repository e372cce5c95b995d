# SPDX-License-Identifier: MIT
"""Opens a page in Chromium without a window, and a report for it that is hard to draw."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import warnings
from pathlib import Path
from typing import Any

import pytest

import klantreis as kr

# The page in a frame of some width; what the frame's own script or `look` finds is put into the page around it.
FRAME = """<!doctype html><body style="margin:0"><iframe src="{page}" style="border:0;width:{width}px;height:900px"
{sandbox}></iframe><pre id="found"></pre><script>{look}</script>"""
OPTIONS = ("--window-size=1500,900", "--virtual-time-budget=60000", "--dump-dom")


def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found is not None:
            return found
    pytest.skip("no chromium on the PATH; install the package chromium")


def browse(folder: Path, *options: str, page: str) -> tuple[str, str]:
    """Open a page of the folder; return the standard output and what the console said."""
    done = subprocess.run(
        [
            chromium(),
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


def framed(folder: Path, page: str, width: int, look: str = "", sandbox: str = "") -> tuple[Any, str]:
    """What was found out about a page at a width, and what the console said."""
    text = FRAME.format(page=page, width=width, look=look, sandbox=sandbox)
    (folder / "frame.html").write_text(text, encoding="utf-8")
    dom, console = browse(folder, *OPTIONS, page="frame.html")
    found = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    assert found is not None
    assert found[1] != "", dom[-2_000:]
    return json.loads(html.unescape(found[1])), console


def unprotected(text: str) -> str:
    """A report without the policy that lets no other script run."""
    bare = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    assert bare != text
    return bare


HOSTILE = [
    "<script>window.parent.hit = 1</script>",
    '"><img src=x onerror="window.parent.hit = 1">',
    '"; DROP TABLE journeys; --',
    "</script><script>window.parent.hit = 1</script>",
    "</style></title><svg onload='window.parent.hit = 1'>",
    "😀🛒 winkelwagen",
    "שלום עולם",
    "مرحبا بالعالم",
]


def crowded(customers: int = 90, *, phases: int = 20, touchpoints: int = 200) -> kr.Journeys:
    """Many phases and touchpoints, long names, hostile ones, and some that are read from right to left."""
    names = [f"touchpoint {i} " + ("w" * 490 if i % 10 == 9 else "of several words") for i in range(touchpoints)]
    each = touchpoints // phases
    for i, name in enumerate(HOSTILE):
        names[i * each] = name
    rows: list[tuple[str, str, str, str, str]] = []
    for customer in range(customers):
        day = f"2024-03-{1 + customer % 25:02}"
        for k in range(min(phases, 2 + 7 * customer % 23)):
            phase = f"phase {k} " + ("x" * 300 if k == 3 else "of the journey")
            name = names[k * each + (customer % 3 and (5 * customer + k) % each)]
            rows.append((f"c{customer}", f"{day} {k:02}:{customer % 60:02}", name, phase, names[k % 5 * each]))
        if customer % 3 == 0:
            rows.append((f"c{customer}", f"{day} 23:59", "order", "order", names[each]))
    columns = dict(
        zip(("customer_id", "timestamp", "touchpoint", "phase", "channel"), zip(*rows, strict=True), strict=True)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        log = kr.read({name: list(values) for name, values in columns.items()}, phase="phase", channel="channel")
        return kr.journeys(log, conversion="order")
