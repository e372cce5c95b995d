# SPDX-License-Identifier: MIT
"""Where the parts of the flow stand: plain numbers, without colours and without text of names.

States are columns (in an upright picture: rows). Bands go on to the right, loop back above, and fall down where
journeys end. The geometry is written once, along (u) and across (v) the flow, and turned for the upright picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from klantreis._report.drawn import CHARACTER, Band, Kind, Label, Layout, Node, Texts, short, shown
from klantreis._report.states import Flow

NODE = {"wide": 13.0, "upright": 11.0}
WIDTH = {"wide": 1240.0, "upright": 360.0}
# A quarter of a circle as a cubic curve.
_ROUND = 0.5523
_LINE = 16.0
# So many of the loops say how many go back; more labels would be a list, which the table is.
_LABELLED_LOOPS = 5
# Loops that would take more room above the states than this rise and fade instead.
_LOOPS_HEIGHT = {"wide": 250.0, "upright": 150.0}
# Of more moves than this only the strongest that go on are drawn, so many for each state.
_MANY_MOVES = 24
_STRONGEST = 2
# How far the others reach out of their states.
_STUB = 16.0
# The largest state of an upright picture is at least so wide; beyond that the picture grows.
_LEAST_UPRIGHT = 90.0
# Room beside an upright picture for names and numbers.
_BESIDE = 142.0
# Between the ends of a state where they fade out side by side.
_APART = 8.0


@dataclass
class _Loop:
    source: int
    target: int
    count: float
    clear: float = 0.0
    labelled: bool = False


class _Drawing:
    """The state of one drawing, in u (along) and v (across)."""

    def __init__(self, flow: Flow, upright: bool, texts: Texts) -> None:
        self.flow, self.upright, self.texts = flow, upright, texts
        self.node = NODE["upright" if upright else "wide"]
        self.index = {state: i for i, state in enumerate(flow.states)}
        self.visits = [flow.visits(state) for state in flow.states]
        self.journeys = flow.journeys()
        moves = [(self.index[a], self.index[b], count) for (a, b), count in flow.moves.items()]
        on = sorted(((a, b, count) for a, b, count in moves if b > a), key=lambda move: (-move[2], move))
        strongest = [move for move in on[: _STRONGEST * len(flow.states)] if shown(move[2], self.journeys)]
        self.on = strongest if len(moves) > _MANY_MOVES else on
        self.hidden = [move for move in on if move not in self.on]
        loops = (_Loop(a, b, count) for a, b, count in moves if b < a)
        self.loops = sorted(loops, key=lambda loop: (loop.source - loop.target, loop.target))
        self.fading = len(moves) > _MANY_MOVES
        self._scale()
        if self.lanes_above > _LOOPS_HEIGHT["upright" if upright else "wide"]:
            self.fading = True
            self._scale()
        self.along = self._along()
        most = max(self.lanes, default=0.0)
        width = max(WIDTH["upright"], most + _BESIDE) if upright else WIDTH["wide"]
        self.layout = Layout(width, 0.0, self.scale, fading=self.fading, hidden=len(self.hidden))

    def _scale(self) -> None:
        """Finds how thick one journey may be, and where the states stand."""
        n, most = len(self.flow.states), max(self.visits, default=1.0) or 1.0
        if self.upright:
            self.begin, self.gap = 44.0, 0.0
            self.scale = (WIDTH["upright"] - 30.0 - _BESIDE) / most
            for _ in range(6):
                self._place(18.0)
                # Loops and skips take room of their own; what is left for the states gets smaller.
                over = max(self.lanes) + _BESIDE - WIDTH["upright"]
                if over <= 0 or self.scale * most <= _LEAST_UPRIGHT:
                    break
                self.scale = max(self.scale * max(0.6, 1 - over / max(self.lanes)), _LEAST_UPRIGHT / most)
            return
        ends = [self.flow.left.get(s, 0.0) + self.flow.rest.get(s, 0.0) for s in self.flow.states]
        into, out = ([self._back_at(i, side) for i in range(n)] for side in ("in", "out"))
        # What must find room between two states: ends that fall and, where they do not loop, moves back that rise.
        rising = [a + b for a, b in zip(out, into[1:], strict=False)] if self.fading else []
        room = max(ends + rising, default=0.0)
        self.begin, after = 56.0, 130.0
        for _ in range(3):
            self.gap = min(330.0, (WIDTH["wide"] - self.begin - after) / max(1, n - 1))
            self.scale = min(250.0 / most, (self.gap - 40.0) / room if room else 250.0 / most)
            # The widest turns must not leave the picture.
            self.begin = max(56.0, into[0] * self.scale + 14.0)
            after = max(130.0, out[-1] * self.scale + 34.0)
        self._place(58.0)

    def _place(self, above: float) -> None:
        """Finds where the states begin and what stands above and below them at this scale."""
        self.lanes_above = self._lanes()
        self.top = above + self.lanes_above
        self.lanes = [self.top + count * self.scale for count in self.visits]
        self._skips()

    def _lanes(self) -> float:
        """Gives each loop its lane above the states and returns the height of them all."""
        if self.fading:
            return 34.0 if self.upright else 64.0
        heights = [12.0] * len(self.flow.states)
        strong = sorted(self.loops, key=lambda loop: -loop.count)[:_LABELLED_LOOPS]
        for loop in self.loops:
            span = range(loop.target, loop.source + 1)
            loop.labelled = loop in strong and shown(loop.count, self.journeys) and not self.upright
            loop.clear = max(heights[i] for i in span)
            if shown(loop.count, self.journeys):
                for i in span:
                    heights[i] = loop.clear + loop.count * self.scale + (18.0 if loop.labelled else 4.0)
        return max(heights, default=12.0)

    def _along(self) -> list[float]:
        if not self.upright:
            return [self.begin + i * self.gap for i in range(len(self.flow.states))]
        rise = [[self._back_at(i, side) * self.scale for i in range(len(self.visits))] for side in ("out", "in")]
        out, into = rise if self.fading else ([0.0] * len(self.visits),) * 2
        at = self.begin
        places: list[float] = []
        for i, state in enumerate(self.flow.states):
            # What comes back needs room before its state, beside what goes back from the one before.
            at = max(at, into[0] + 10.0) if i == 0 else max(at, places[-1] + self.node + out[i - 1] + into[i] + 20.0)
            places.append(at)
            kinds = [counts[state] * self.scale for counts in (self.flow.left, self.flow.rest) if counts.get(state)]
            # The ends of a state, then name and visits of the next.
            at += 66.0 + sum(max(thickness, 14.0) + _APART for thickness in kinds)
        self.end = at
        return places

    def point(self, u: float, v: float) -> str:
        x, y = (v, u) if self.upright else (u, v)
        return f"{x:.1f} {y:.1f}"

    def curve(self, *points: tuple[float, float]) -> str:
        return "C" + " ".join(self.point(u, v) for u, v in points)

    def draw(self) -> Layout:
        ports = self._ports()
        self._ends(ports)
        for state in self.flow.states:
            i, count = self.index[state], self.flow.starts.get(state, 0.0)
            if count:
                self._start(i, state, count, ports["start", i, i])
        for a, b, count in sorted(self.on, key=lambda move: -move[2]):
            self._on(a, b, count, ports)
        for i, state in enumerate(self.flow.states):
            self._more(i, state, ports)
            if self.fading:
                self._rise(i, state, ports)
        if self.fading:
            self._back_labels()
        else:
            for loop in self.loops:
                self._back(loop, ports)
        for i, state in enumerate(self.flow.states):
            self._node(i, state)
        return self.layout

    def _ports(self) -> dict[tuple[str, int, int], float]:
        """Where each band meets its state, from the top. In this order only skips cross others."""
        right, left = [self.top] * len(self.visits), [self.top] * len(self.visits)
        ports: dict[tuple[str, int, int], float] = {}

        def put(side: list[float], at: int, key: tuple[str, int, int], count: float) -> None:
            ports[key] = side[at]
            side[at] += count * self.scale

        for loop in sorted(self.loops, key=lambda loop: loop.clear):
            a, b = (loop.source, loop.source) if self.fading else (loop.source, loop.target)
            ports.setdefault(("back out", a, b), right[a])
            right[a] += loop.count * self.scale
            a, b = (loop.target, loop.target) if self.fading else (loop.source, loop.target)
            ports.setdefault(("back in", a, b), left[b])
            left[b] += loop.count * self.scale
        for a, b, count in sorted(self.on, key=lambda move: move[1]):
            put(right, a, ("on out", a, b), count)
        for a, b, count in sorted(self.on, key=lambda move: -move[0]):
            put(left, b, ("on in", a, b), count)
        for i, state in enumerate(self.flow.states):
            put(right, i, ("more out", i, i), self._more_at(i, "out"))
            put(left, i, ("more in", i, i), self._more_at(i, "in"))
            for kind, counts in (("left", self.flow.left), ("rest", self.flow.rest)):
                put(right, i, (kind, i, i), counts.get(state, 0.0))
            put(left, i, ("start", i, i), self.flow.starts.get(state, 0.0))
        return ports

    def _skips(self) -> None:
        """Lays the bands that pass over states in lanes below them."""
        self.below: dict[tuple[int, int], float] = {}
        for a, b, count in sorted(self.on, key=lambda move: (move[1] - move[0], -move[2])):
            if b - a > 1:
                between = range(a + 1, b)
                lane = max(self.lanes[i] for i in between) + (3.0 if self.upright else 7.0)
                self.below[a, b] = lane
                for i in between:
                    self.lanes[i] = lane + max(count * self.scale, 1.0)

    def _band(self, kind: Kind, source: str, target: str, count: float, outline: str) -> None:
        self.layout.bands.append(Band(kind, source, target, count, count * self.scale, outline))

    def _label(
        self,
        role: Literal["name", "visits", "start", "on", "back", "left", "rest", "share"],
        text: str,
        x: float,
        y: float,
        anchor: Literal["start", "middle", "end"] = "middle",
        size: float = 12.0,
    ) -> None:
        self.layout.labels.append(Label(role, text, x, y, anchor, size))

    def _ends(self, ports: dict[tuple[str, int, int], float]) -> None:
        deepest = max(self.lanes, default=self.top)
        # Right of the lanes stand the names of an upright picture; the ends fade out beside the widest state.
        until = deepest + 12.0 if self.upright else max(deepest + 60.0, self.top + 190.0)
        rows: dict[str, list[tuple[float, str, float, float]]] = {"left": [], "rest": []}
        for i, state in enumerate(self.flow.states):
            at = self.along[i] + self.node
            inner = 8.0
            # What is lower on the state falls nearer to it.
            for kind, counts in (("rest", self.flow.rest), ("left", self.flow.left)):
                count = counts.get(state, 0.0)
                if not count:
                    continue
                a, w = ports[kind, i, i], count * self.scale
                drawn, outer = max(w, 0.8), inner + max(w, 0.8)
                turn, big, small = at + 2.0, outer - 2.0, inner - 2.0
                self._band(
                    "left" if kind == "left" else "rest",
                    state,
                    "",
                    count,
                    f"M{self.point(at, a)}L{self.point(turn, a)}"
                    + self.curve((turn + big * _ROUND, a), (turn + big, a + big * (1 - _ROUND)), (turn + big, a + big))
                    + f"L{self.point(turn + big, until)}L{self.point(turn + small, until)}"
                    + f"L{self.point(turn + small, a + drawn + small)}"
                    + self.curve(
                        (turn + small, a + drawn + small * (1 - _ROUND)),
                        (turn + small * _ROUND, a + drawn),
                        (turn, a + drawn),
                    )
                    + f"L{self.point(at, a + drawn)}Z",
                )
                rows[kind].append((turn + small + drawn / 2, state, count, count / (self.visits[i] or 1.0)))
                inner = outer + (max(_APART, 14.0 + _APART - drawn) if self.upright else 4.0)
        self._end_labels(rows, until)

    def _end_labels(self, rows: dict[str, list[tuple[float, str, float, float]]], until: float) -> None:
        lines = 0.0
        for kind in ("left", "rest"):
            before = -1e9
            for u, _, count, share in rows[kind]:
                head, foot = self.texts.count(count), self.texts.ended(kind, count, share)
                if self.upright:
                    self._label("left" if kind == "left" else "rest", f"{head} {foot}", until + 6.0, u + 4.0, "start")
                    continue
                width = max(len(head) * 13.0, len(foot) * 12.0) * CHARACTER
                centre = min(max(u, before + 6.0 + width / 2), self.layout.width - width / 2)
                before = centre + width / 2
                y = until + 18.0 + lines
                self._label("left" if kind == "left" else "rest", head, centre, y, "middle", 13.0)
                self._label("share", foot, centre, y + _LINE, "middle", 12.0)
            if rows[kind] and not self.upright:
                lines += 40.0
        self.layout.height = self.end + 10.0 if self.upright else until + lines + 8.0

    def _start(self, i: int, state: str, count: float, a: float) -> None:
        length = 30.0 if self.upright else 44.0
        u, w = self.along[i], max(count * self.scale, 0.8)
        corners = [(u - length, a), (u, a), (u, a + w), (u - length, a + w)]
        self._band("start", "", state, count, "M" + "L".join(self.point(*corner) for corner in corners) + "Z")

    def _on(self, a: int, b: int, count: float, ports: dict[tuple[str, int, int], float]) -> None:
        u0, u1, w = self.along[a] + self.node, self.along[b], max(count * self.scale, 0.8)
        v0, v1 = ports["on out", a, b], ports["on in", a, b]
        if (a, b) in self.below:
            low = self.below[a, b]
            first, last = self.along[a + 1], self.along[b - 1] + self.node
            c0, c1 = (u0 + first) / 2, (last + u1) / 2
            outline = (
                f"M{self.point(u0, v0)}"
                + self.curve((c0, v0), (c0, low), (first, low))
                + f"L{self.point(last, low)}"
                + self.curve((c1, low), (c1, v1), (u1, v1))
                + f"L{self.point(u1, v1 + w)}"
                + self.curve((c1, v1 + w), (c1, low + w), (last, low + w))
                + f"L{self.point(first, low + w)}"
                + self.curve((c0, low + w), (c0, v0 + w), (u0, v0 + w))
                + "Z"
            )
        else:
            c = (u0 + u1) / 2
            outline = (
                f"M{self.point(u0, v0)}"
                + self.curve((c, v0), (c, v1), (u1, v1))
                + f"L{self.point(u1, v1 + w)}"
                + self.curve((c, v1 + w), (c, v0 + w), (u0, v0 + w))
                + "Z"
            )
            text = self.texts.count(count)
            room = w if not self.upright else u1 - u0
            along = (u1 - u0) if not self.upright else w
            if shown(count, self.journeys) and room >= 18.0 and along >= len(text) * 13.0 * CHARACTER + 6.0:
                x, y = ((v0 + v1 + w) / 2, c) if self.upright else (c, (v0 + v1 + w) / 2)
                self._label("on", text, x, y + 4.5, "middle", 13.0)
        self._band("on", self.flow.states[a], self.flow.states[b], count, outline)

    def _back(self, loop: _Loop, ports: dict[tuple[str, int, int], float]) -> None:
        w = loop.count * self.scale
        v0 = ports["back out", loop.source, loop.target] + w / 2
        v1 = ports["back in", loop.source, loop.target] + w / 2
        lane = self.top - loop.clear - w / 2
        ua, ub = self.along[loop.source] + self.node, self.along[loop.target]
        # Ports further down turn further out, so loops of one state do not cross.
        out, back = v0 - self.top + 7.0, v1 - self.top + 7.0
        up = self.top - 7.0
        over = min(out, up - lane)
        into = min(back, up - lane)
        k = 1 - _ROUND
        outline = (
            f"M{self.point(ua, v0)}"
            + self.curve((ua + out * _ROUND, v0), (ua + out, v0 - out * k), (ua + out, up))
            + f"L{self.point(ua + out, lane + over)}"
            + self.curve((ua + out, lane + over * k), (ua + out - over * k, lane), (ua + out - over, lane))
            + f"L{self.point(ub - back + into, lane)}"
            + self.curve((ub - back + into * k, lane), (ub - back, lane + into * k), (ub - back, lane + into))
            + f"L{self.point(ub - back, up)}"
            + self.curve((ub - back, v1 - back * k), (ub - back * _ROUND, v1), (ub, v1))
        )
        self._band("back", self.flow.states[loop.source], self.flow.states[loop.target], loop.count, outline)
        text = self.texts.back(loop.count)
        if loop.labelled and ua - ub >= len(text) * 12.0 * CHARACTER:
            self._label("back", text, (ua + ub) / 2, lane - w / 2 - 5.0)

    def _back_at(self, i: int, side: str) -> float:
        """How many go back from a state, or come back to it."""
        return sum(loop.count for loop in self.loops if (loop.source if side == "out" else loop.target) == i)

    def _more_at(self, i: int, side: str) -> float:
        """How many go on from a state, or come to it, by ways that are not drawn one by one."""
        return sum(count for a, b, count in self.hidden if (a if side == "out" else b) == i)

    def _more(self, i: int, state: str, ports: dict[tuple[str, int, int], float]) -> None:
        """Draws what is too weak as stubs of the state, so that the sums at it can be seen."""
        for side, at, to in (("out", self.along[i] + self.node, _STUB), ("in", self.along[i], -_STUB)):
            count, a = self._more_at(i, side), ports[f"more {side}", i, i]
            if count:
                w = max(count * self.scale, 0.8)
                corners = [(at, a), (at + to, a), (at + to, a + w), (at, a + w)]
                outline = "M" + "L".join(self.point(*corner) for corner in corners) + "Z"
                self._band("more", state if side == "out" else "", state if side == "in" else "", count, outline)

    def _rise(self, i: int, state: str, ports: dict[tuple[str, int, int], float]) -> None:
        """Draws what goes back from a state, and what comes back to it, as one band each that rises and fades."""
        until = self.top - (26.0 if self.upright else 46.0)
        for name, side, at in (("out", 1.0, self.along[i] + self.node), ("in", -1.0, self.along[i])):
            count = self._back_at(i, name)
            if not count:
                continue
            w, port = max(count * self.scale, 0.8), ports[f"back {name}", i, i]
            small = port - self.top + 5.0
            big = small + w
            outline = (
                f"M{self.point(at, port + w)}"
                + self.curve(
                    (at + side * big * _ROUND, port + w),
                    (at + side * big, port + w - big * (1 - _ROUND)),
                    (at + side * big, port + w - big),
                )
                + f"L{self.point(at + side * big, until)}L{self.point(at + side * small, until)}"
                + f"L{self.point(at + side * small, port - small)}"
                + self.curve(
                    (at + side * small, port - small * (1 - _ROUND)), (at + side * small * _ROUND, port), (at, port)
                )
                + "Z"
            )
            self._band("back", state if name == "out" else "", state if name == "in" else "", count, outline)

    def _back_labels(self) -> None:
        """Says of each state how many go back from it, where they rise."""
        before = -1e9
        for i in range(len(self.flow.states)):
            count = self._back_at(i, "out")
            if not count or not shown(count, self.journeys) or self.upright:
                continue
            text = self.texts.back(count)
            width = len(text) * 12.0 * CHARACTER
            u = self.along[i] + self.node + 5.0 + count * self.scale / 2
            centre = min(max(u, before + 6.0 + width / 2), self.layout.width - width / 2)
            before = centre + width / 2
            self._label("back", text, centre, self.top - 52.0)

    def _node(self, i: int, state: str) -> None:
        u, size = self.along[i], max(self.visits[i] * self.scale, 1.0)
        starts = self.flow.starts.get(state, 0.0)
        lines = [self.texts.visits(self.visits[i])]
        if starts and shown(starts, self.journeys):
            room = self.layout.width if self.upright else self.gap - 8.0
            lines.append(self.texts.starts(starts, room / (12.0 * CHARACTER)))
        if self.upright:
            self.layout.nodes.append(Node(state, self.top, u, size, self.node))
            x = max(self.lanes[max(0, i - 1)], self.lanes[i]) + 8.0
            name = short(self.texts.name(state), (self.layout.width - x) / (13.0 * CHARACTER))
            self._label("name", name, x, u - 21.0, "start", 13.0)
            for line, text in enumerate(lines):
                self._label("visits", text, x, u - 8.0 + 13.0 * line, "start", 11.0)
            return
        self.layout.nodes.append(Node(state, u, self.top, self.node, size))
        centre = min(max(u + self.node / 2, self.gap / 2 - 4.0), self.layout.width - self.gap / 2 + 4.0)
        name = short(self.texts.name(state), (self.gap - 8.0) / (14.0 * CHARACTER))
        self._label("name", name, centre, 14.0, "middle", 14.0)
        for line, text in enumerate(lines):
            self._label("visits", text, centre, 30.0 + 15.0 * line, "middle", 12.0)


def flow_layout(flow: Flow, *, upright: bool = False, texts: Texts | None = None) -> Layout:
    """Place the states, bands and labels of a flow.

    Examples
    --------
    >>> flow = Flow(("view", "cart"), {"view": 10}, {("view", "cart"): 6}, {"view": 4, "cart": 1}, {"cart": 5})
    >>> layout = flow_layout(flow)
    >>> [round(node.height) for node in layout.nodes]
    [250, 150]
    """
    flow.check()
    return _Drawing(flow, upright, texts or Texts()).draw()
