# SPDX-License-Identifier: MIT
"""What a picture of the flow is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["start", "on", "more", "back", "left", "rest"]

# The width of a character beside its height, and some more.
CHARACTER = 0.6


@dataclass(frozen=True)
class Node:
    """A state: a box, and where its name may begin."""

    state: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Band:
    """So many journeys on their way; `thickness` is their number in the scale of the picture.

    What stands for several ways has no target, or no source.
    """

    kind: Kind
    source: str
    target: str
    count: float
    thickness: float
    outline: str


@dataclass(frozen=True)
class Label:
    """A text and where it stands. Texts may hold names from the log, so whoever writes them out escapes them."""

    role: Literal["name", "visits", "start", "on", "back", "left", "rest", "share"]
    text: str
    x: float
    y: float
    anchor: Literal["start", "middle", "end"]
    size: float

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom, from the number of characters."""
        width = len(self.text) * self.size * CHARACTER
        shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor]
        left = self.x - shift * width
        return left, self.y - 0.8 * self.size, left + width, self.y + 0.2 * self.size


@dataclass
class Layout:
    """A picture of the flow."""

    width: float
    height: float
    scale: float
    nodes: list[Node] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    fading: bool = False
    """Whether what goes back rises and fades, because loops would be a tangle."""
    hidden: int = 0
    """So many of the moves that go on are too weak to be drawn one by one."""


class Texts:
    """What the labels say; the report gives its own, in its language."""

    def name(self, state: str) -> str:
        return state

    def count(self, value: float) -> str:
        return f"{value:,.0f}"

    def visits(self, value: float) -> str:
        return f"{value:,.0f} visits"

    def starts(self, value: float, room: float) -> str:
        return f"{value:,.0f} start"

    def back(self, value: float) -> str:
        return f"‹ back {value:,.0f}"

    def ended(self, kind: str, count: float, share: float) -> str:
        return f"{kind} · {share:.0%}"


def short(name: str, room: float) -> str:
    """Return the name cut to so many characters, in the middle.

    >>> short("checkout_start", 8)
    'check…rt'
    """
    fits = max(3, int(room))
    if len(name) <= fits:
        return name
    tail = (fits - 1) // 3
    return name[: fits - 1 - tail] + "…" + name[len(name) - tail :]


def shown(count: float, journeys: float) -> bool:
    """Whether a band gets a label: from 100 journeys, or 1% of them."""
    return count >= 100 or count >= 0.01 * journeys


def compact(outline: str) -> str:
    """Return an outline of points on tenths in fewer characters: each point is told from the one before.

    >>> compact("M1.0 2.0L1.0 7.5C2.0 7.5 3.0 8.5 3.0 9.5L4.0 9.0L5.5 10.0Z")
    'M1 2v5.5c1 0 2 1 2 2l1-.5 1.5 1z'
    """
    text, before, x, y = "", "", 0, 0
    for command, numbers in re.findall(r"([MLCZ])([-0-9. ]*)", outline):
        at = [round(float(number) * 10) for number in numbers.split()]
        moved = at if command == "M" else [value - (y if i % 2 else x) for i, value in enumerate(at)]
        command = command if command == "M" else command.lower()
        if command == "l" and 0 in moved:
            if moved == [0, 0]:
                continue
            command, moved = ("v", moved[1:]) if moved[0] == 0 else ("h", moved[:1])
        written = _numbers(moved)
        # The same command need not be given again.
        text += command + written if command != before else written if written[:1] == "-" else " " + written
        before = command
        x, y = at[-2:] or (x, y)
    return text


def _numbers(tenths: list[int]) -> str:
    text = [f"{value / 10:g}".replace("0.", ".", 1) if abs(value) < 10 else f"{value / 10:g}" for value in tenths]
    return " ".join(text).replace(" -", "-")
