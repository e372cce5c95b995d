# SPDX-License-Identifier: MIT
"""The report's "What to fix first": the best change at each touchpoint, and what every conversion passes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import klantreis as kr
from klantreis._report.words import Words
from test_report import Page, cut, filed, write


def shop(buyers: int = 60, lookers: int = 40, **read: Any) -> kr.Journeys:
    """Buyers view, fill a cart and order; of the lookers half leave at the view, half at the cart."""
    events = [(f"b{i}", name) for i in range(buyers) for name in ("view", "cart", "order")]
    events += [(f"l{i}", name) for i in range(lookers) for name in (("view", "cart") if i % 2 else ("view",))]
    columns = {
        "customer_id": [customer for customer, _ in events],
        "timestamp": [f"2024-03-01 09:{('view', 'cart', 'order').index(name):02}" for _, name in events],
        "touchpoint": [name for _, name in events],
    }
    options = {} if "map" in read else {"conversion": "order"}
    return cut(columns, read, **options)


def section(page: Page, name: str = "fix") -> str:
    """The HTML of one section."""
    found = re.search(rf'<section class="s[^"]*" id="{name}".*?</section>', page.text, re.DOTALL)
    assert found is not None
    return found[0]


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def design(controllable: bool) -> kr.JourneyMap:
    return kr.JourneyMap.from_dict({
        "klantreis": 1,
        "journey": {"id": "shop"},
        "phases": [{"id": "all"}],
        "touchpoints": [
            {"id": "view", "phase": "all", "controllable": controllable},
            {"id": "cart", "phase": "all", "owner": "The cart team"},
            {"id": "order", "phase": "all"},
        ],
        "outcomes": [{"id": "order", "match": {"event": {"eq": "order"}}}],
        "events": {"columns": {"customer": "customer_id", "time": "timestamp", "event": "touchpoint"}},
    })  # fmt: skip


def test_the_heading_promises_the_interval_of_the_first_row_and_not_its_point(tmp_path: Path) -> None:
    journeys = kr.datasets.webshop(4_000).journeys()
    page = write(journeys, tmp_path)
    best = kr.improve(journeys, collapse=True).to_dicts()[0]
    settled = best["conversions"] / best["gain"]
    bounds = [round(best[bound] * settled, 0 if best[bound] * settled >= 10 else 1) for bound in ("lower", "upper")]
    found = re.search(r"<h2[^>]*>(.*?)</h2>", section(page))
    assert found is not None
    heading = text(found[1])
    assert heading.startswith(f"Start at {best['from']}: {Words('en').interval(*bounds, 'plain')} more conversions")
    assert heading.endswith(f"goes on to {best['to']}")
    file = page.files["improve.csv"]
    assert len(file.splitlines()) > 10
    assert filed(kr.improve(journeys, collapse=True)).startswith(file)
    assert page.files["make_or_break.csv"] == filed(kr.make_or_break(journeys, collapse=True))


def test_each_touchpoint_has_one_bar_the_longest_first(tmp_path: Path) -> None:
    journeys = kr.datasets.webshop(4_000).journeys()
    best: dict[str, float] = {}
    for row in kr.improve(journeys, collapse=True):
        if row["from"] != "(start)" and row["gain"] > 0:
            best.setdefault(row["from"], row["conversions"])
    html = section(write(journeys, tmp_path))
    bars = re.findall(r'<div class="gb" role="img" aria-label="([^"]+)"><i[^>]* style="width:([0-9.]+)%', html)
    assert [label.split(":")[0] for label, _ in bars] == list(best)[:5]
    widths = [float(width) for _, width in bars]
    assert widths == sorted(widths, reverse=True)
    gains = list(best.values())[:5]
    assert [width / widths[0] for width in widths] == pytest.approx([gain / gains[0] for gain in gains], abs=1e-3)


def test_what_every_conversion_passes_is_named(tmp_path: Path) -> None:
    html = text(section(write(shop(), tmp_path)))
    assert "Every conversion passes each touchpoint listed here." in html
    assert "There is no touchpoint that every conversion passes" not in html
    assert "cart" in html.split("listed here.")[1]


def test_that_no_touchpoint_is_passed_by_every_conversion_is_said(tmp_path: Path) -> None:
    journeys = kr.datasets.webshop(4_000).journeys()
    assert not any(kr.make_or_break(journeys, collapse=True)["is_dominator"])
    html = text(section(write(journeys, tmp_path)))
    assert "There is no touchpoint that every conversion passes." in html
    assert "Every conversion passes one of these:" in html


def test_the_owner_stands_beside_and_what_cannot_be_changed_apart(tmp_path: Path) -> None:
    page = write(shop(map=design(False)), tmp_path)
    html = section(page)
    assert re.search(
        r'<span class="nm"><bdi>cart</bdi></span>.*?<p class="own">.*?<bdi>The cart team</bdi>', html, re.S
    )
    assert '<span class="nm"><bdi>view</bdi>' not in html.split("</ol>")[0]
    assert re.search(r"Beyond our control: view \+", text(html))
    free = section(write(shop(map=design(True)), tmp_path))
    assert '<span class="nm"><bdi>view</bdi>' in free.split("</ol>")[0]
    assert "Beyond our control" not in free


def test_without_conversion_and_without_loss_it_says_why_it_is_missing(tmp_path: Path) -> None:
    none = write(shop(buyers=0), tmp_path)
    assert "fix" not in none.sections
    assert "Fix first: no settled journey converted" in none.shown
    kept = write(shop(lookers=0), tmp_path)
    assert "fix" not in kept.sections
    assert "Fix first: nobody leaves where keeping them would gain conversions" in kept.shown


def test_moves_of_few_customers_are_in_no_row(tmp_path: Path) -> None:
    journeys = kr.datasets.webshop(4_000).journeys()
    page = write(journeys, tmp_path, min_group=40)
    people = {(row["from"], row["to"]): row["n"] for row in kr.transitions(journeys, collapse=True)}
    assert min(people.values()) < 40
    rows = [tuple(line.split(",")[:2]) for line in page.files["improve.csv"].splitlines()[1:]]
    assert len(rows) > 10
    assert all(people[row] >= 40 for row in rows)
    small = write(shop(buyers=6, lookers=4), tmp_path, min_group=40)
    assert "Fix first: every group has fewer than 40 customers" in small.shown
