# SPDX-License-Identifier: MIT
"""The geometry of the flow: what flows in flows out, order, room for the labels."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import klantreis as kr
from klantreis._report.context import Context
from klantreis._report.drawn import Layout, compact, short
from klantreis._report.layout import flow_layout
from klantreis._report.sections.flow import _Texts
from klantreis._report.states import Flow, ordered, rolled_up
from klantreis._report.words import Words


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """Flows of random journeys, so that every state adds up."""
    names = [f"state {i}" for i in range(draw(st.integers(1, 9)))]
    starts: dict[str, float] = {}
    moves: dict[tuple[str, str], float] = {}
    left: dict[str, float] = {}
    rest: dict[str, float] = {}
    for _ in range(draw(st.integers(1, 8))):
        path = draw(st.lists(st.sampled_from(names), min_size=1, max_size=6))
        path = [name for i, name in enumerate(path) if i == 0 or path[i - 1] != name]
        weight = draw(st.sampled_from([1, 3, 40, 2_000]))
        ends = draw(st.sampled_from([left, rest]))
        starts[path[0]] = starts.get(path[0], 0) + weight
        ends[path[-1]] = ends.get(path[-1], 0) + weight
        for move in itertools.pairwise(path):
            moves[move] = moves.get(move, 0) + weight
    states = ordered([name for name in names if name in starts or any(name == b for _, b in moves)], moves)
    return Flow(states, starts, moves, left, rest)


def shop() -> Flow:
    """Twelve journeys: 10 begin with a view, 2 with an ad; 3 orders."""
    return Flow(
        ("ad", "view", "cart", "order"),
        {"view": 10, "ad": 2},
        {("ad", "view"): 2, ("view", "cart"): 6, ("cart", "order"): 3, ("cart", "view"): 1},
        {"view": 7, "cart": 2},
        {"order": 3},
    )


def test_a_flow_that_does_not_add_up_is_not_drawn() -> None:
    flow = Flow(("view",), {"view": 3}, {}, {"view": 2}, {})
    with pytest.raises(AssertionError, match=r"3.* enter and 2.* leave"):
        flow_layout(flow)


def test_states_stand_in_the_order_in_which_the_fewest_moves_go_back() -> None:
    moves = {("view", "cart"): 6.0, ("cart", "view"): 1.0, ("cart", "order"): 3.0, ("ad", "view"): 2.0}
    assert ordered(["order", "cart", "view", "ad"], moves) == ("ad", "view", "cart", "order")


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 9)), max_size=12))
def test_the_order_is_the_best_of_all_orders(edges: list[tuple[int, int, int]]) -> None:
    moves: dict[tuple[str, str], float] = {}
    for a, b, weight in edges:
        if a != b:
            moves[str(a), str(b)] = moves.get((str(a), str(b)), 0.0) + weight

    def back(order: tuple[str, ...]) -> float:
        return sum(weight for (a, b), weight in moves.items() if order.index(b) < order.index(a))

    best = min(back(order) for order in itertools.permutations("01234"))
    assert back(ordered(list("01234"), moves)) == pytest.approx(best)


@pytest.mark.parametrize("upright", [False, True])
@given(flow=flows())
@settings(max_examples=60, deadline=None)
def test_bands_at_a_state_are_as_thick_as_the_state(flow: Flow, upright: bool) -> None:
    layout = flow_layout(flow, upright=upright)
    for node in layout.nodes:
        size = node.width if upright else node.height
        entering = sum(band.thickness for band in layout.bands if band.target == node.state)
        leaving = sum(band.thickness for band in layout.bands if band.source == node.state)
        assert entering == pytest.approx(leaving)
        assert size == pytest.approx(max(entering, 1.0))
    starting = sum(band.count for band in layout.bands if band.kind == "start")
    ending = sum(band.count for band in layout.bands if band.kind in ("left", "rest"))
    assert starting == ending == flow.journeys()


@pytest.mark.parametrize("upright", [False, True])
@given(flow=flows())
@settings(max_examples=60, deadline=None)
def test_everything_stands_inside_the_picture(flow: Flow, upright: bool) -> None:
    layout = flow_layout(flow, upright=upright)
    for node in layout.nodes:
        assert 0 <= node.x <= node.x + node.width <= layout.width + 1e-6
        assert 0 <= node.y <= node.y + node.height <= layout.height + 1e-6
    for label in layout.labels:
        assert label.box()[0] >= -8
        assert label.box()[2] <= layout.width + 8
        assert label.box()[1] >= 0
        assert label.box()[3] <= layout.height + 4
    for band in layout.bands:
        assert "nan" not in band.outline
        assert "inf" not in band.outline


def overlapping(layout: Layout) -> list[tuple[str, str]]:
    found = []
    for a, b in itertools.combinations(layout.labels, 2):
        ax0, ay0, ax1, ay1 = a.box()
        bx0, by0, bx1, by1 = b.box()
        if min(ax1, bx1) - max(ax0, bx0) > 1 and min(ay1, by1) - max(ay0, by0) > 1:
            found.append((a.text, b.text))
    return found


@given(flow=flows())
@settings(max_examples=60, deadline=None)
def test_names_and_ends_do_not_lie_over_each_other(flow: Flow) -> None:
    layout = flow_layout(flow)
    layout.labels = [label for label in layout.labels if label.role not in ("on", "back")]
    assert overlapping(layout) == []


@pytest.mark.parametrize("upright", [False, True])
def test_labels_of_the_shop_do_not_lie_over_each_other(upright: bool) -> None:
    assert overlapping(flow_layout(shop(), upright=upright)) == []


def test_the_upright_picture_is_the_wide_one_turned() -> None:
    wide, upright = flow_layout(shop()), flow_layout(shop(), upright=True)
    assert sorted((b.kind, b.source, b.target, b.count) for b in wide.bands) == sorted(
        (b.kind, b.source, b.target, b.count) for b in upright.bands
    )
    assert [node.x for node in wide.nodes] == sorted(node.x for node in wide.nodes)
    assert [node.y for node in upright.nodes] == sorted(node.y for node in upright.nodes)


def test_small_states_merge_and_the_sums_stay() -> None:
    rolled = rolled_up(shop(), ["view", "order"], "other")
    rolled.check()
    assert rolled.states == ("view", "order", "other")
    assert rolled.journeys() == shop().journeys()
    # ad and cart are one now: 6 moves from the view to the cart, 2 + 1 back to it.
    assert rolled.moves == {("other", "view"): 3, ("view", "other"): 6, ("other", "order"): 3}


@given(st.text(min_size=1, max_size=60), st.floats(1, 80))
def test_short_names_fit(name: str, room: float) -> None:
    assert len(short(name, room)) <= max(3, int(room))


def test_numbers_in_outlines_have_one_decimal() -> None:
    for band in flow_layout(shop()).bands:
        assert all(re.fullmatch(r"-?\d+\.\d", number) for number in re.findall(r"-?\d+\.?\d*", band.outline))


@pytest.mark.parametrize("language", ["en", "nl"])
def test_counts_of_many_customers_do_not_lie_over_each_other(language: str) -> None:
    names = [f"state {i}" for i in range(10)]
    moves = dict.fromkeys(itertools.pairwise(names), 270000.0)
    starts = dict.fromkeys(names, 277_376.0)
    left = dict.fromkeys(names, 277376.0)
    left[names[0]], left[names[-1]] = 7_376.0, 547_376.0
    log = kr.journeys(kr.read({"customer_id": [1], "timestamp": ["2024-01-01"], "touchpoint": ["a"]}))
    context = Context(log, words=Words(language), title=None, steps=None, by=None, min_group=None)
    layout = flow_layout(Flow(tuple(names), starts, moves, left, {}), texts=_Texts(context, 0))
    assert any("start" in label.text or "begin" in label.text for label in layout.labels)
    assert overlapping(layout) == []


def crowded(states: int = 10) -> Flow:
    """Everybody goes everywhere: from each state to each other one, most to the next."""
    names = tuple(f"state {i}" for i in range(states))
    moves = {
        (a, b): float(200 // (1 + abs(j - i)) + (300 if j == i + 1 else 0))
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i != j
    }
    starts, left = dict.fromkeys(names, 100.0), {}
    for name in names:
        come = starts[name] + sum(count for (_, b), count in moves.items() if b == name)
        left[name] = come - sum(count for (a, _), count in moves.items() if a == name)
    least = min(left.values())
    starts = {name: count + max(0.0, -least) for name, count in starts.items()}
    return Flow(names, starts, moves, {name: count + max(0.0, -least) for name, count in left.items()}, {})


@pytest.mark.parametrize("upright", [False, True])
def test_of_many_ways_the_strongest_are_drawn_and_the_others_are_stubs(upright: bool) -> None:
    flow = crowded()
    layout = flow_layout(flow, upright=upright)
    on = sorted((count for (a, b), count in flow.moves.items() if a < b), reverse=True)
    drawn = [band.count for band in layout.bands if band.kind == "on"]
    assert sorted(drawn, reverse=True) == on[: len(drawn)]
    assert len(drawn) == 20
    assert layout.hidden == len(on) - 20
    for side in ("source", "target"):
        stubs = [band for band in layout.bands if band.kind == "more" and getattr(band, side)]
        assert sum(band.count for band in stubs) == sum(on[20:])
        assert len({getattr(band, side) for band in stubs}) == len(stubs) <= 10


@pytest.mark.parametrize("upright", [False, True])
def test_of_many_ways_those_back_are_one_band_at_each_state(upright: bool) -> None:
    flow = crowded()
    layout = flow_layout(flow, upright=upright)
    assert layout.fading
    for side, other in (("source", 0), ("target", 1)):
        back = [band for band in layout.bands if band.kind == "back" and getattr(band, side)]
        rising = {getattr(band, side): band.count for band in back}
        counts: dict[str, float] = {}
        for move, count in flow.moves.items():
            if move[1] < move[0]:
                counts[move[other]] = counts.get(move[other], 0.0) + count
        assert rising == counts


@pytest.mark.parametrize("upright", [False, True])
def test_in_a_crowded_picture_sums_hold_and_nothing_overlaps(upright: bool) -> None:
    layout = flow_layout(crowded(), upright=upright)
    for node in layout.nodes:
        size = node.width if upright else node.height
        entering = sum(band.thickness for band in layout.bands if band.target == node.state)
        leaving = sum(band.thickness for band in layout.bands if band.source == node.state)
        assert entering == pytest.approx(leaving)
        assert size == pytest.approx(entering)
    assert overlapping(layout) == []
    for band in layout.bands:
        for x, y in points(band.outline):
            assert -1 <= x <= layout.width + 1
            assert -1 <= y <= layout.height + 1


def points(outline: str) -> list[tuple[float, float]]:
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d", outline)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


tenths = st.integers(-9_999, 9_999).map(lambda value: value / 10)
places = st.tuples(tenths, tenths).map(lambda place: f"{place[0]:.1f} {place[1]:.1f}")
pieces = st.one_of(
    places.map(lambda place: "L" + place), st.lists(places, min_size=3, max_size=3).map(lambda p: "C" + " ".join(p))
)


@given(places, st.lists(pieces, max_size=8), st.booleans())
def test_a_compact_outline_is_the_same_outline(start: str, rest: list[str], closed: bool) -> None:
    outline = "M" + start + "".join(rest) + ("Z" if closed else "")
    x = y = 0.0
    found: list[tuple[float, float]] = []
    for command, text in re.findall(r"([Mlhvcz])([^Mlhvcz]*)", compact(outline)):
        numbers = [float(number) for number in re.findall(r"-?(?:\d+\.\d+|\.\d+|\d+)", text)]
        steps = {"h": [(dx, 0.0) for dx in numbers], "v": [(0.0, dy) for dy in numbers]}
        several = steps.get(command, list(zip(numbers[::2], numbers[1::2], strict=command not in "hv")))
        for number, (dx, dy) in enumerate(several):
            found.append((dx, dy) if command == "M" else (x + dx, y + dy))
            if command != "c" or number % 3 == 2:
                x, y = found[-1]
    wanted = [place for i, place in enumerate(points(outline)) if i == 0 or place != points(outline)[i - 1]]
    kept = [place for i, place in enumerate(found) if i == 0 or place != pytest.approx(found[i - 1])]
    assert len(kept) == len(wanted)
    assert [value for place in kept for value in place] == pytest.approx([value for place in wanted for value in place])
