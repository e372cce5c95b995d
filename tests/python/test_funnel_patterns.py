# SPDX-License-Identifier: MIT
"""Path patterns as the steps of a funnel."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import klantreis as kr
import path_pattern_texts as random_patterns
from strategies import shuffled

EVENTS = [
    "a",
    "b",
    "(a|c)",
    "!a",
    "[^b|c]",
    ".[value >= 2]",
    "b[channel != web]",
    "(a[value < 3]|c)",
    "!(a|b[channel = app])",
]
TIMES = ["<2s", "<=1s", "<= 5s", "< 3s"]


@st.composite
def funnels(draw: st.DrawFn) -> str:
    """A pattern that is a plain sequence of events, with limits of time."""
    direct = draw(st.booleans())
    text = draw(st.sampled_from(EVENTS))
    for _ in range(draw(st.integers(0, 3))):
        limits = [draw(st.sampled_from(TIMES))] if draw(st.booleans()) else []
        if not direct and draw(st.booleans()):
            limits += [f"no {draw(st.sampled_from(EVENTS[:5]))}" for _ in range(draw(st.integers(1, 2)))]
        arrow = "->" if direct else "->>"
        text += f" {arrow}{'{' + ', '.join(limits) + '}' if limits else ''} {draw(st.sampled_from(EVENTS))}"
    return text + draw(st.sampled_from(["", " within 2s", " within 4s"]))


@settings(max_examples=250, deadline=None)
@given(journeys=random_patterns.journeys(), pattern=funnels())
def test_a_funnel_of_a_pattern_reaches_what_its_matches_reach(
    journeys: dict[str, list[dict[str, Any]]], pattern: str
) -> None:
    # A funnel asks for names and channels that exist.
    every = [(name, channel) for name in random_patterns.NAMES for channel in random_patterns.CHANNELS]
    journeys["all"] = [
        {"time": at, "touchpoint": name, "channel": channel, "value": 1} for at, (name, channel) in enumerate(every)
    ]
    columns = random_patterns.columns(journeys)
    log = kr.read(columns, **random_patterns.READ)
    found = kr.match(log, pattern, unit="customer").funnel()["count"]
    assert kr.funnel(log, pattern)["count"] == found
    assert kr.funnel(kr.read(shuffled(columns, 1), **random_patterns.READ), pattern)["count"] == found


def shop() -> kr.Journeys:
    return kr.datasets.webshop(600).journeys()


@pytest.mark.parametrize(
    ("pattern", "steps", "options"),
    [
        ("product_view ->> add_to_cart ->> order", ["product_view", "add_to_cart", "order"], {}),
        ("product_view -> add_to_cart", ["product_view", "add_to_cart"], {"order": "strict"}),
        (
            "product_view ->>{<=2d} add_to_cart ->> order within 7d",
            ["product_view", "add_to_cart", "order"],
            {"per_step_window": ["2d", None], "window": "7d"},
        ),
        (
            "product_view ->> add_to_cart ->>{no (contact|faq_view)} order",
            ["product_view", "add_to_cart", "order"],
            {"exclude": (["contact", "faq_view"], 2, 3)},
        ),
        (
            "(product_view|compare_view) ->> .[touchpoint = order, value >= 50]",
            [["product_view", "compare_view"], {"touchpoint": "order", "value": (">=", 50)}],
            {},
        ),
    ],
)
def test_a_pattern_asks_what_its_steps_and_options_ask(pattern: str, steps: Any, options: dict[str, Any]) -> None:
    journeys = shop()
    for unit in ("customer", "journey"):
        found = kr.funnel(journeys, pattern, unit=unit)
        assert found.to_dicts() == kr.funnel(journeys, steps, unit=unit, **options).to_dicts()
        assert found["count"][0] > found["count"][-1] > 0
    assert found.options == kr.funnel(journeys, steps, unit="journey", **options).options


def test_every_function_on_funnels_takes_a_pattern() -> None:
    journeys = shop()
    pattern, steps = kr.Pattern("product_view ->> order"), ["product_view", "order"]
    assert kr.funnel_levels(journeys, pattern).to_dicts() == kr.funnel_levels(journeys, steps).to_dicts()
    assert kr.funnel_trend(journeys, pattern).to_dicts() == kr.funnel_trend(journeys, steps).to_dicts()
    assert (
        kr.funnel(journeys, pattern, dialect="posthog")["count"]
        == kr.funnel(journeys, steps, dialect="posthog")["count"]
    )
    assert kr.funnel(journeys, "product_view -> order", dialect="posthog").to_dicts() == (
        kr.funnel(journeys, steps, dialect="posthog", order="strict").to_dicts()
    )
    assert kr.funnel(journeys, "order")["count"] == kr.funnel(journeys, ["order"])["count"]


@pytest.mark.parametrize(
    ("pattern", "character", "message"),
    [
        ("a -> b ->> c", 8, "all some time after"),
        ("a ->>{<=3} b", 3, "number of events"),
        ("a ->>{>1h} b", 3, "least time"),
        ("a ->>{<=0s} b", 3, "no window of no length"),
        ("a ->> b+", 7, "one event"),
        ("^ ->> a", 1, "one event"),
        ("a ->> $", 7, "one event"),
        ("(a ->> b within 1d) ->> c", 1, "one event"),
        ('a ->> ~"^/p/"', 7, "regular expressions"),
        ("a ->> .", 7, "met by any"),
        ("a ->> !.", 7, "met by no event"),
        ("a ->> !(b[value < 5])", 7, "write the opposite"),
        ("a ->> ]", 7, "expected a touchpoint"),
    ],
)
def test_what_no_funnel_can_ask_is_named_by_its_character(pattern: str, character: int, message: str) -> None:
    with pytest.raises(kr.InputError, match=rf"character {character}: .*{message}") as found:
        kr.funnel(shop(), pattern)
    if "expected" not in message:
        assert "match(…).funnel()" in str(found.value)


def test_limits_are_given_once() -> None:
    with pytest.raises(kr.InputError, match="window is given, and the pattern"):
        kr.funnel(shop(), "product_view ->> order within 7d", window="7d")
    with pytest.raises(kr.InputError, match="per_step_window is given"):
        kr.funnel(shop(), "product_view ->>{<1d} order", per_step_window="7d")
    with pytest.raises(kr.InputError, match="write ->> instead"):
        kr.funnel(shop(), "product_view -> order", order="any")
    with pytest.raises(kr.InputError, match="give a list of names"):
        kr.retention(shop(), "product_view")
