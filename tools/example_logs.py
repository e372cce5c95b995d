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


LOGS = {"restaurant": restaurant}
COLUMNS = {"restaurant": ["value", "distance", "reason"]}


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
