#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Simulates the sample log of the package: a Dutch webshop that does not exist, with customers who do not exist.

Run without arguments it writes python/klantreis/datasets/webshop.csv.gz. The same seed gives the same rows on every
machine: only `random.Random.random` is used, whose sequence Python promises to keep.

What is built in, so that analyses have something to find:

- on a phone, the checkout loses about twice as many as on a computer;
- people who read reviews buy more often, and a reminder by e-mail brings some carts back;
- buyers come back, groceries sooner than machines;
- some press "buy now": the product goes into the cart and to the checkout in the same second.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

SEED = 20250101
CUSTOMERS = 2_000
FIRST_DAY = datetime(2025, 1, 6, tzinfo=timezone.utc)
DAYS = 145
COLUMNS = ("customer_id", "timestamp", "touchpoint", "channel", "phase", "value", "cost", "device")
TARGET = Path(__file__).resolve().parents[1] / "python/klantreis/datasets/webshop.csv.gz"

# Touchpoint: channel, phase. Where the phase depends on what came before, the simulation says so.
TOUCHPOINTS = {
    "ad_impression": ("display", "awareness"),
    "search_click": ("google", "awareness"),
    "social_click": ("social", "awareness"),
    "referral_visit": ("word_of_mouth", "awareness"),
    "email_click": ("email", "consideration"),
    "product_view": ("webshop", "consideration"),
    "review_view": ("reviews", "consideration"),
    "compare_view": ("compare_site", "consideration"),
    "store_visit": ("store", "consideration"),
    "faq_view": ("webshop", "consideration"),
    "add_to_cart": ("webshop", "decision"),
    "checkout_start": ("webshop", "purchase"),
    "order": ("webshop", "purchase"),
    "status_mail": ("email", "delivery"),
    "delivered": ("delivery", "delivery"),
    "contact": ("phone", "service"),
    "nps": ("email", "service"),
    "share": ("word_of_mouth", "loyalty"),
}
# Euros, smallest and largest.
COSTS = {
    "ad_impression": (0.01, 0.04),
    "search_click": (0.28, 0.62),
    "social_click": (0.18, 0.44),
    "email_click": (0.02, 0.02),
    "compare_view": (0.25, 0.45),
}
FIRST_TOUCH = {
    "ad_impression": 0.27,
    "search_click": 0.34,
    "social_click": 0.12,
    "referral_visit": 0.05,
    "compare_view": 0.07,
    "store_visit": 0.05,
    "product_view": 0.10,
}
LATER_TOUCH = {
    "search_click": 0.34,
    "email_click": 0.20,
    "ad_impression": 0.12,
    "social_click": 0.08,
    "compare_view": 0.08,
    "store_visit": 0.04,
    "product_view": 0.14,
}
ON_PHONE = {"social_click": 0.86, "ad_impression": 0.66, "search_click": 0.55, "store_visit": 0.5}
# Visitors by hour of the day.
HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 11, 11, 12, 11, 10, 10, 10, 11, 13, 17, 20, 18, 12, 6)


class Chance:
    """Draws of the simulation."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed).random

    def happens(self, probability: float) -> bool:
        return self._draw() < probability

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self._draw()

    def of(self, weights: dict[str, float] | Sequence[float]) -> str | int:
        items = list(weights.items()) if isinstance(weights, dict) else list(enumerate(weights))
        left = self._draw() * sum(weight for _, weight in items)
        for item, weight in items:
            left -= weight
            if left < 0:
                return item
        return items[-1][0]

    def waiting(self, mean: float) -> float:
        return -mean * math.log(1.0 - self._draw())

    def around(self, median: float, spread: float) -> float:
        """Log-normal: Box and Muller's transform of two draws."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self._draw()))
        return median * math.exp(spread * radius * math.cos(2.0 * math.pi * self._draw()))


@dataclass
class Customer:
    """One customer on the way; `clock` is the time of the next event."""

    chance: Chance
    id: str
    clock: datetime
    device: str
    machines: bool
    interest: float
    orders: int = 0
    events: list[tuple[datetime, list[str]]] = field(default_factory=list)

    def meets(
        self, touchpoint: str, *, value: float | None = None, phase: str = "", channel: str = "", after: float = 0.0
    ) -> None:
        """Adds an event `after` so many seconds."""
        self.clock += timedelta(seconds=round(after))
        usual_channel, usual_phase = TOUCHPOINTS[touchpoint]
        cost = f"{self.chance.between(*COSTS[touchpoint]):.2f}" if touchpoint in COSTS else ""
        self.events.append(
            (
                self.clock,
                [
                    self.id,
                    self.clock.strftime("%Y-%m-%d %H:%M:%S"),
                    touchpoint,
                    channel or usual_channel,
                    phase or usual_phase,
                    "" if value is None else f"{value:.2f}",
                    cost,
                    self.device,
                ],
            )
        )

    def rests(self, days: float) -> None:
        """Lets days pass, and comes back at an hour at which people shop."""
        day = (self.clock + timedelta(days=days)).replace(hour=0, minute=0, second=0)
        back = day + timedelta(hours=int(self.chance.of(HOURS)), seconds=round(self.chance.between(0, 3599)))
        self.clock = max(back, self.clock + timedelta(minutes=40))


def visit(customer: Customer, entry: str) -> bool:
    """One visit to the shop; True when it ends in an order."""
    chance = customer.chance
    if chance.happens(0.15):
        customer.device = "mobile" if chance.happens(ON_PHONE.get(entry, 0.5)) else "desktop"
    entry_phase = "loyalty" if customer.orders and entry == "email_click" else ""
    customer.meets(entry, phase=entry_phase)
    if entry == "ad_impression" and not chance.happens(0.44):
        return False
    if entry in ("search_click", "social_click", "email_click") and chance.happens(0.17):
        return False
    if entry != "product_view":
        customer.meets("product_view", after=chance.waiting(40) + 4)
    interest = customer.interest
    while chance.happens(0.42):
        customer.meets("product_view", after=chance.waiting(70) + 6)
        interest += 0.02
    if chance.happens(0.24):
        customer.meets("review_view", after=chance.waiting(80) + 10)
        interest += 0.13
        if chance.happens(0.5):
            customer.meets("product_view", after=chance.waiting(110) + 15)
    if chance.happens(0.10):
        customer.meets("compare_view", after=chance.waiting(120) + 20)
        if chance.happens(0.55):
            return False
        customer.meets("product_view", after=chance.waiting(150) + 20)
    if chance.happens(0.07):
        customer.meets("faq_view", after=chance.waiting(60) + 10, phase="service" if customer.orders else "")
        interest -= 0.03
    if not chance.happens(interest):
        return False
    buy_now = chance.happens(0.05)
    customer.meets("add_to_cart", after=chance.waiting(60) + 8)
    if not buy_now and chance.happens(0.18):
        customer.meets("product_view", after=chance.waiting(90) + 10)
        if chance.happens(0.5):
            customer.meets("add_to_cart", after=chance.waiting(60) + 8)
    if not (buy_now or chance.happens(0.72)):
        return False
    customer.meets("checkout_start", after=0 if buy_now else chance.waiting(45) + 5)
    if chance.happens(0.05):
        customer.meets("contact", after=chance.waiting(240) + 60, channel="chat", phase="purchase")
    if not chance.happens(0.82 if customer.device == "desktop" else 0.56):
        return False
    value = chance.around(429, 0.32) if customer.machines else chance.around(58, 0.45)
    customer.meets("order", value=value, after=chance.waiting(150) + 45)
    if not customer.orders:
        customer.interest += 0.18
    customer.orders += 1
    return True


def is_served(customer: Customer) -> None:
    """What comes after an order, up to the answer to the survey."""
    chance = customer.chance
    if chance.happens(0.88):
        customer.meets("status_mail", after=chance.waiting(3_600) + 60)
    customer.rests(chance.waiting(1.0) + 1.0)
    customer.meets("delivered")
    if chance.happens(0.19):
        customer.rests(chance.waiting(2.0))
        customer.meets("contact", channel="chat" if chance.happens(0.4) else "phone")
        if chance.happens(0.25):
            customer.meets("faq_view", phase="service", after=chance.waiting(1_800) + 120)
    if chance.happens(0.38):
        customer.rests(chance.waiting(2.0) + 1.0)
        customer.meets("nps")
        if chance.happens(0.16):
            customer.meets("share", after=chance.waiting(3_600) + 60)


def live(customer: Customer, end: datetime) -> None:
    """The customer's visits, orders and returns until the end of the log."""
    chance = customer.chance
    entry = str(chance.of(FIRST_TOUCH))
    customer.device = "mobile" if chance.happens(ON_PHONE.get(entry, 0.55)) else "desktop"
    patience = 0.66
    while customer.clock < end:
        carts = sum(row[2] == "add_to_cart" for _, row in customer.events)
        if visit(customer, entry):
            is_served(customer)
            if not chance.happens(0.34 if customer.machines else 0.74):
                return
            customer.rests(chance.waiting(38 if customer.machines else 14) + 4)
            patience = 0.7
            entry = "email_click" if chance.happens(0.45) else str(chance.of(LATER_TOUCH))
            continue
        if not chance.happens(patience):
            return
        patience *= 0.86
        left_a_cart = sum(row[2] == "add_to_cart" for _, row in customer.events) > carts
        customer.rests(chance.waiting(1.2 if left_a_cart else 3.0))
        entry = "email_click" if left_a_cart and chance.happens(0.55) else str(chance.of(LATER_TOUCH))


def customers(seed: int = SEED) -> Iterator[Customer]:
    """The customers, each in the order in which they first appear."""
    chance = Chance(seed)
    end = FIRST_DAY + timedelta(days=DAYS)
    arrivals = sorted(chance.between(0.0, DAYS - 4.0) for _ in range(CUSTOMERS))
    for number, day in enumerate(arrivals):
        machines = chance.happens(0.4)
        customer = Customer(
            chance=chance,
            id=f"w{10_000 + number * 37 % 30_011}",
            clock=FIRST_DAY + timedelta(days=math.floor(day)),
            device="",
            machines=machines,
            interest=0.22 if machines else 0.30,
        )
        customer.rests(0.0)
        live(customer, end)
        yield customer


def rows(seed: int = SEED) -> list[list[str]]:
    """All rows in order of time; a customer's own events keep their order where the time is the same."""
    end = FIRST_DAY + timedelta(days=DAYS)
    events = [event for customer in customers(seed) for event in customer.events if event[0] < end]
    events.sort(key=lambda event: event[0])
    return [row for _, row in events]


def content(seed: int = SEED) -> bytes:
    """The file, unpacked."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(seed))
    return text.getvalue().encode()


def main() -> int:
    packed = gzip.compress(content(), compresslevel=9, mtime=0)
    TARGET.write_bytes(packed)
    print(f"{TARGET.name}: {len(packed) / 1024:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
