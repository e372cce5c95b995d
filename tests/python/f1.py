# SPDX-License-Identifier: MIT
"""The log of twelve customers with the phases of its map, and the map's design."""

from __future__ import annotations

from functools import cache

import klantreis as kr
from oracle import DATA, rows_of

PHASE = {
    "ad_impression": "bewustwording",
    "search_click": "bewustwording",
    "social_click": "bewustwording",
    "referral_visit": "bewustwording",
    "email_click": "orientatie",
    "product_view": "orientatie",
    "review_view": "orientatie",
    "compare_view": "orientatie",
    "store_visit": "orientatie",
    "faq_view": "orientatie",
    "add_to_cart": "beslissing",
    "checkout_start": "koop",
    "order": "koop",
    "status_mail": "levering",
    "delivered": "levering",
    "contact": "gebruik_service",
    "nps": "gebruik_service",
    "share": "ambassadeur",
}
P6 = ["awareness", "consideration", "purchase", "delivery", "service", "loyalty"]


@cache
def journeys(after_conversion: str = "continue", observed_until: str = "2024-04-30") -> kr.Journeys:
    log = kr.read(
        str(DATA / "events_F1.csv"),
        customer="customer_id",
        time="ts",
        touchpoint="event",
        channel="channel",
        value="value",
        numbers=["score"],
        phase=PHASE,
    )
    return kr.journeys(
        log,
        conversion="order",
        after_conversion=after_conversion,  # type: ignore[arg-type]
        inactivity="30d",
        observed_until=observed_until,
    )


@cache
def journey_map() -> kr.JourneyMap:
    return kr.JourneyMap.load(DATA / "journey-example.yaml")


def customers() -> list[str]:
    return sorted({row["customer_id"] for row in rows_of(DATA / "events_F1.csv")})
