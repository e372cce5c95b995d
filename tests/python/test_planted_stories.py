# SPDX-License-Identifier: MIT
"""What was planted in a public, made-up log is found without being told where it is.

From 9 April to 9 May the checkout of the shop is broken on mobile; from 19 May to 8 June payments fail everywhere.
"""

from __future__ import annotations

import itertools

import pytest

import klantreis as kr
from oracle import shared_file

MONTHS = ["2024-02-01", "2024-03-01", "2024-04-01", "2024-05-01", "2024-06-01", "2024-07-01"]


def read(where: str | None = None) -> kr.Journeys:
    log = kr.read(
        shared_file("data/ecom_synthetic_2024.parquet"),
        customer="user_id", time="timestamp", touchpoint="event", attributes=["platform"], where=where,
    )  # fmt: skip
    return kr.journeys(log, conversion="purchase", gap="30m")


@pytest.fixture(scope="module")
def journeys() -> kr.Journeys:
    return read()


def triples() -> list[tuple[str, str, str]]:
    return list(zip(MONTHS, MONTHS[1:], MONTHS[2:], strict=False))


def test_the_payment_incident_is_the_only_touchpoint_that_got_worse(journeys: kr.Journeys) -> None:
    worse = [
        (month, row["from"])
        for earlier, month, later in triples()
        for row in kr.compare(journeys, before=(earlier, month), after=(month, later)).parts
        if row["from"] != "(total)" and row["p_adjusted"] < 0.05 and row["part"] < 0
    ]
    assert worse == [("2024-05-01", "payment_details")]
    found = kr.compare(journeys, before=("2024-04-01", "2024-05-01"), after=("2024-05-01", "2024-06-01"))
    assert found.rows["from"][0] == "payment_details"
    assert found.rows["p_adjusted"][0] < 0.001
    first = found.destinations.to_dicts()[0]
    assert (first["from"], first["to"]) == ("payment_details", "(conversion)")


def test_the_steps_of_each_platform_show_both_stories_and_nothing_else(journeys: kr.Journeys) -> None:
    steps = ["shipping_details", "payment_details", "purchase"]
    rows = []
    for platform, (earlier, month, later) in itertools.product([None, "desktop", "mobile", "tablet"], triples()):
        where = {"platform": platform} if platform else None
        found = kr.compare(journeys, before=(earlier, month), after=(month, later), where=where, steps=steps)
        rows += [(row["p"], platform, month, row["label"]) for row in list(found.steps)[1:] if row["p"] is not None]
    rows.sort(key=lambda row: row[0])
    # Benjamini and Hochberg at 5 %.
    last = max(rank for rank, row in enumerate(rows, 1) if row[0] * len(rows) / rank < 0.05)
    assert [row[1:] for row in rows[:last]] == [
        (None, "2024-05-01", "purchase"),
        ("mobile", "2024-05-01", "payment_details"),
    ]


@pytest.mark.parametrize(
    ("where", "page"),
    [
        ("platform = 'mobile' AND timestamp >= '2024-04-01' AND timestamp < '2024-05-01'", "checkout_bug"),
        ("platform = 'desktop' AND timestamp >= '2024-04-01' AND timestamp < '2024-05-01'", "error_page"),
        ("timestamp >= '2024-05-01' AND timestamp < '2024-06-01'", "payment_error"),
    ],
)
def test_of_the_technical_pages_mending_the_planted_one_gains_most(where: str, page: str) -> None:
    part = read(where)
    pages = [name for name in ("checkout_bug", "error_page", "payment_error") if name in part.log.touchpoints]
    ranked = [
        row["from"]
        for row in kr.improve(part, points=10, controllable=pages)
        if row["to"] in ("shipping_details", "payment_details")
    ]
    assert ranked[0] == page
