# SPDX-License-Identifier: MIT
"""Small logs for key figures, and one figure of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import klantreis as kr
from oracle import DATA

PHASES = {
    "awareness": ["ad_impression", "search_click", "social_click", "referral_visit"],
    "consideration": ["email_click", "product_view", "review_view", "compare_view", "store_visit", "faq_view"],
    "purchase": ["add_to_cart", "checkout_start", "order"],
    "delivery": ["status_mail", "delivered"],
    "service": ["contact", "nps"],
    "loyalty": ["share"],
}
START = datetime(2024, 3, 1)


def twelve_customers() -> kr.Journeys:
    """The log of twelve customers of a web shop."""
    log = kr.read(
        str(DATA / "events_F1.csv"),
        customer="customer_id",
        time="ts",
        touchpoint="event",
        channel="channel",
        value="value",
        cost="cost",
        phase={name: phase for phase, names in PHASES.items() for name in names},
        attributes=["issue_id", "agent_id", "referrer_id"],
        numbers=["wait_s", "score"],
    )
    return kr.journeys(log, conversion="order", inactivity="30d", observed_until="2024-04-30")


def events(rows: list[tuple[Any, ...]], *names: str, **options: Any) -> kr.Log:
    """A log of (customer, days since the start, touchpoint, further columns)."""
    columns: dict[str, list[Any]] = {
        "customer_id": [row[0] for row in rows],
        "timestamp": [START + timedelta(days=row[1]) for row in rows],
        "touchpoint": [row[2] for row in rows],
    }
    for place, name in enumerate(names):
        columns[name] = [row[3 + place] for row in rows]
    return kr.read(columns, **options)


def one(journeys: kr.Journeys, measure: Any, **options: Any) -> dict[str, Any]:
    fields = {
        "measure": measure,
        **{name: options.pop(name) for name in ("unit", "target", "direction") if name in options},
    }
    found: list[dict[str, Any]] = kr.kpis(journeys, define={"it": fields}, **options).to_dicts()
    assert len(found) == 1
    return found[0]


def value(journeys: kr.Journeys, measure: Any, **options: Any) -> Any:
    return one(journeys, measure, **options)["value"]


def bounds(row: dict[str, Any]) -> tuple[Any, Any]:
    return row["lower"], row["upper"]
