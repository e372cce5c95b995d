# SPDX-License-Identifier: MIT
"""Write the logs of the worked examples anew: a restaurant, an electronics shop and a supermarket that do not exist.

python tools/example_logs.py python/klantreis/datasets
"""

from __future__ import annotations

import csv
import random
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

Row = dict[str, Any]
HOUR, DAY = 60.0, 1440.0


class Chance:
    """Draws that are the same in every version of Python, as only `random()` promises to be."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def hit(self, probability: float) -> bool:
        return self._random.random() < probability

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self._random.random()

    def whole(self, low: int, high: int) -> int:
        return min(high, int(self.between(low, high + 1)))

    def one(self, weights: dict[Any, float]) -> Any:
        left = self.between(0.0, sum(weights.values()))
        for item, weight in weights.items():
            left -= weight
            if left < 0.0:
                return item
        return item


class Walk:
    """The events of one customer, with a clock in minutes."""

    def __init__(self, customer: str, start: datetime, **always: Any) -> None:
        self.customer, self.clock, self.always = customer, start, always
        self.rows: list[Row] = []

    def wait(self, minutes: float) -> None:
        self.clock += timedelta(minutes=minutes)

    def see(self, event: str, channel: str, **more: Any) -> Row:
        stamp = self.clock.strftime("%Y-%m-%dT%H:%M:%SZ")
        row = {"customer_id": self.customer, "timestamp": stamp, "event": event, "channel": channel}
        self.rows.append({**row, **self.always, **more})
        return self.rows[-1]


def restaurant() -> list[Row]:
    """Hungry people in April: some find the burger restaurant, compare, and come to eat."""
    chance, rows = Chance(7), []
    for number in range(1, 321):
        distance = chance.one({"walk": 0.6, "ride": 0.4})
        day = datetime(2024, 4, 1, chance.one({12: 0.4, 18: 0.6}), tzinfo=timezone.utc)
        walk = Walk(f"g{number:03d}", day + timedelta(days=chance.whole(0, 29)), distance=distance)
        walk.wait(chance.between(0, 50))
        walk.see(*chance.one({("map_search", "google"): 0.7, ("social_click", "social_media"): 0.3}))
        stays = chance.hit(0.85)
        looks = [("menu_view", "website", 0.8), ("review_view", "reviews", 0.5), ("route_view", "website", 0.45)]
        for event, channel, probability in looks if stays else []:
            if chance.hit(probability):
                walk.wait(chance.between(1, 6))
                walk.see(event, channel)
        if stays and chance.hit(0.55 if distance == "walk" else 0.3):
            walk.wait(chance.between(5, 20))
            if chance.hit(0.25):
                walk.see("reservation", chance.one({"phone": 0.4, "website": 0.6}))
                walk.wait(chance.between(20, 50))
            walk.see("order", "restaurant", value=f"{chance.whole(19, 56) * 0.5:.2f}")
        elif chance.hit(0.6):
            far = 0.2 if distance == "walk" else 0.6
            walk.rows[-1]["reason"] = chance.one({"too_far": far, "too_expensive": 0.3, "closed": 0.1})
        rows += walk.rows
    return rows


def supermarket() -> list[Row]:
    """Groceries in spring: a branch nearby, or delivery, which costs more the further it is."""
    chance, rows = Chance(11), []
    buys = {"0-1 km": 0.78, "1-3 km": 0.6, "3-10 km": 0.32}
    fees = {
        "0-1 km": {0.0: 0.5, 2.95: 0.5},
        "1-3 km": {0.0: 0.2, 2.95: 0.5, 5.95: 0.3},
        "3-10 km": {2.95: 0.3, 5.95: 0.7},
    }
    ways = {
        ("search_click", "google"): 0.5,
        ("social_click", "social_media"): 0.3,
        ("ad_impression", "online_ads"): 0.2,
    }
    for number in range(1, 481):
        distance = chance.one({"0-1 km": 0.4, "1-3 km": 0.35, "3-10 km": 0.25})
        day = datetime(2024, 3, 1, 8, tzinfo=timezone.utc) + timedelta(days=chance.whole(0, 60))
        walk = Walk(f"s{number:03d}", day, distance=distance)
        walk.wait(chance.between(0, 10 * HOUR))
        walk.see(*chance.one(ways))
        for event, probability in {"product_view": 0.8, "stock_check": 0.3}.items():
            if chance.hit(probability):
                walk.wait(chance.between(1, 30))
                walk.see(event, "website")
        online = chance.hit(0.3 if distance == "0-1 km" else 0.65)
        if online:
            fee = chance.one(fees[distance])
            walk.wait(chance.between(1, 20))
            walk.see("delivery_view", "website", delivery_cost=f"{fee:.2f}")
            bought = chance.hit(0.75 - 0.075 * fee)
            if bought or chance.hit(0.4):
                walk.wait(chance.between(1, 20))
                walk.see("add_to_cart", "webshop", delivery_cost=f"{fee:.2f}")
            if bought or (walk.rows[-1]["event"] == "add_to_cart" and chance.hit(0.4)):
                walk.wait(chance.between(2, 15))
                walk.see("checkout_start", "webshop", delivery_cost=f"{fee:.2f}")
            if bought:
                walk.wait(chance.between(1, 8))
                walk.see("order", "webshop", value=f"{chance.between(35, 110):.2f}", delivery_cost=f"{fee:.2f}")
        else:
            bought = chance.hit(buys[distance])
            if bought or chance.hit(0.3):
                walk.wait(chance.between(0.5 * HOUR, 40 * HOUR))
                walk.see("store_visit", "store")
                if chance.hit(0.2):
                    walk.wait(chance.between(2, 10))
                    walk.see("advice", "store")
            if bought:
                walk.wait(chance.between(5, 30))
                walk.see("order", "store", value=f"{chance.between(8, 60):.2f}")
        if not bought and chance.hit(0.65):
            dear = 0.15 + 0.1 * fee if online else 0.1
            far = {"0-1 km": 0.02, "1-3 km": 0.15, "3-10 km": 0.6}[distance] * (0.2 if online else 1.0)
            walk.rows[-1]["reason"] = chance.one(
                {"delivery_cost": dear if online else 0.0, "too_far": far, "competitor": 0.2, "not_in_stock": 0.12}
            )
        if bought and chance.hit(0.35):
            walk.wait(chance.between(2 * DAY, 12 * DAY))
            walk.see("loyalty_card", "store")
        if bought and chance.hit(0.12):
            walk.wait(chance.between(HOUR, 3 * DAY))
            walk.see("contact", "phone")
        rows += walk.rows
    return rows


def electronics() -> list[Row]:
    """Washing machines and laptops in spring, and what delivery and service bring about until autumn."""
    chance, rows = Chance(23), []
    first_day = datetime(2024, 1, 8, 9, tzinfo=timezone.utc)
    waiting = [("", first_day + timedelta(minutes=chance.between(0, 110 * DAY))) for _ in range(260)]
    number = 0
    while waiting:
        referrer, start = waiting.pop(0)
        number += 1
        walk = Walk(f"e{number:03d}", start)
        if referrer:
            walk.see("referral_visit", "word_of_mouth", referrer=referrer)
        else:
            ways = {
                ("search_click", "google"): 0.6,
                ("social_click", "social_media"): 0.2,
                ("ad_impression", "online_ads"): 0.2,
            }
            walk.see(*chance.one(ways))
        if orients(walk, chance, 0.85 if referrer else 0.7):
            score = buys_and_is_served(walk, chance, len(rows))
            again = 0.25 if score is None else 0.1 if score <= 6 else 0.25 if score <= 8 else 0.5
            shared = walk.clock
            if score is not None and score >= 9 and chance.hit(0.45):
                walk.wait(chance.between(2 * HOUR, 2 * DAY))
                shared = walk.clock
                walk.see("share", "social_media")
                if chance.hit(0.6):
                    waiting.append((walk.customer, shared + timedelta(minutes=chance.between(6 * HOUR, 5 * DAY))))
            if chance.hit(again):
                walk.wait(chance.between(15 * DAY, 70 * DAY))
                if orients(walk, chance, 1.0):
                    receives(walk, chance)
        rows += walk.rows
    return rows


def orients(walk: Walk, chance: Chance, probability: float) -> bool:
    """Look, compare, and order with a probability; who does not may say why."""
    for event, channel, share in [
        ("product_view", "webshop", 1.0),
        ("review_view", "reviews", 0.4),
        ("compare_view", "compare_site", 0.3),
    ]:
        if chance.hit(share):
            walk.wait(chance.between(2, 2 * HOUR))
            walk.see(event, channel)
    bought = chance.hit(probability)
    for event, share in {"add_to_cart": 0.5, "checkout_start": 0.5}.items():
        if not bought and not chance.hit(share):
            break
        walk.wait(chance.between(2, HOUR))
        walk.see(event, "webshop")
    if bought:
        if chance.hit(0.15):
            walk.wait(chance.between(1, 8))
            walk.see("help", chance.one({"chat": 0.6, "phone": 0.4}))
        walk.wait(chance.between(2, 15))
        walk.see("order", "webshop", value=f"{chance.whole(120, 900)}.00")
    elif chance.hit(0.6):
        walk.rows[-1]["reason"] = chance.one({"too_expensive": 0.45, "too_slow": 0.2, "competitor": 0.35})
    return bought


def receives(walk: Walk, chance: Chance) -> tuple[str, bool]:
    """The delivery: whether it was installed, and whether it took longer than two days."""
    days = chance.one({0.3: 0.35, 1.0: 0.35, 1.8: 0.15, 3.0: 0.15})
    installed = chance.one({"yes": 0.5, "no": 0.5})
    if chance.hit(0.85):
        walk.wait(HOUR)
        walk.see("status_mail", "email")
    walk.wait(chance.between(0.95, 1.05) * days * DAY)
    same_day = "yes" if days < 0.5 else "no"
    walk.see("delivered", "delivery", installed=installed, same_day=same_day, floor=str(chance.whole(0, 4)))
    return installed, days > 2.0


def buys_and_is_served(walk: Walk, chance: Chance, issue: int) -> int | None:
    """Delivery, contacts and the answer to the question about recommending; None for those who do not answer."""
    installed, late = receives(walk, chance)
    contacts = 0
    if chance.hit((0.15 if installed == "yes" else 0.3) + (0.3 if late else 0.0)):
        contacts = 1 + chance.hit(0.25) + chance.hit(0.08)
        for _ in range(contacts):
            walk.wait(chance.between(6 * HOUR, 2 * DAY))
            who = {"issue": f"i{issue}", "agent": chance.one({"ada": 0.4, "bas": 0.3, "cor": 0.3})}
            wait_s = str(chance.whole(5, 60) + chance.hit(0.15) * chance.whole(60, 300))
            walk.see("contact", chance.one({"phone": 0.6, "chat": 0.4}), wait_s=wait_s, **who)
    walk.wait(chance.between(2 * DAY, 6 * DAY))
    if not chance.hit(0.75):
        return None
    mean = 7.4 + (1.3 if installed == "yes" else 0.0) - (2.5 if late else 0.0) - (2.0 if contacts > 1 else 0.0)
    score = max(0, min(10, round(mean + chance.between(-2.2, 2.2))))
    walk.see("nps", "email", score=str(score), installed=installed)
    return score


LOGS = {"restaurant": restaurant, "electronics": electronics, "supermarket": supermarket}
COLUMNS = {
    "restaurant": ["value", "distance", "reason"],
    "electronics": [
        "value",
        "issue",
        "agent",
        "wait_s",
        "score",
        "referrer",
        "installed",
        "same_day",
        "floor",
        "reason",
    ],
    "supermarket": ["value", "distance", "delivery_cost", "reason"],
}


def write(folder: Path) -> None:
    """Write the logs into a folder."""
    for name, made in LOGS.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            first = ["customer_id", "timestamp", "event", "channel"]
            writer = csv.DictWriter(file, first + COLUMNS[name], restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(made())


if __name__ == "__main__":
    write(Path(sys.argv[1]))
