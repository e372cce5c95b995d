# SPDX-License-Identifier: MIT
"""Path patterns against a slow matcher, retentioneering's figures, and each other."""

from __future__ import annotations

import collections
import random
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import path_patterns as slow

import klantreis as kr
import path_pattern_texts as random_patterns
from oracle import shared_file, shared_json
from path_pattern_texts import log_of
from strategies import shuffled


def names_log(*journeys: str, step: int = 1) -> kr.Log:
    """One customer for each text, one event for each of its letters, `step` seconds apart."""
    rows = [(f"u{number}", at * step, letter) for number, text in enumerate(journeys) for at, letter in enumerate(text)]
    return kr.read(
        {
            "customer_id": [row[0] for row in rows],
            "timestamp": [row[1] * 1_000_000 for row in rows],
            "touchpoint": [row[2] for row in rows],
        },
        time_unit="us",
    )


@pytest.mark.filterwarnings("ignore:path pattern")
@pytest.mark.parametrize("entry", ["earliest", "latest"])
@settings(max_examples=150, deadline=None)
@given(journeys=random_patterns.journeys(), pattern=random_patterns.patterns())
def test_matches_are_those_of_the_slow_matcher(
    entry: Any, journeys: dict[str, list[dict[str, Any]]], pattern: tuple[str, Any, int | None]
) -> None:
    text, chain, limit = pattern
    found = kr.match(log_of(journeys), text, entry=entry)
    # Brackets around the whole mean nothing: its parts are those of what they hold.
    while len(chain[1]) == 1 and chain[1][0][0] == "chain":
        chain = chain[1][0]
    expected = {
        customer: slow.matches(chain, events, limit=limit, latest=entry == "latest")
        for customer, events in journeys.items()
    }
    assert found["units"] == [len(journeys)]
    assert found["matches"] == [sum(map(len, expected.values()))]
    assert found["matched"] == [sum(map(bool, expected.values()))]
    stretches = [(row["customer"], row["position"] - 1, row["position"] - 1 + row["events"]) for row in found.matches]
    assert stretches == [(who, begin, end) for who in sorted(expected) for begin, end, _ in expected[who]]
    if not _has_inner_limit(chain):
        lasts = [
            (row["customer"], row["match"], row["part"], row["position"] - 2 + row["events"]) for row in found.parts
        ]
        assert lasts == [
            (who, number, part, place)
            for who in sorted(expected)
            for number, (_, _, places) in enumerate(expected[who], 1)
            for part, place in enumerate(places, 1)
            if place >= 0
        ]


def _has_inner_limit(node: Any) -> bool:
    if node[0] == "within":
        return True
    children = node[1] if node[0] in ("chain", "any") else [node[1]] if node[0] == "repeat" else []
    return any(_has_inner_limit(child) for child in children)


@pytest.mark.filterwarnings("ignore:path pattern")
@settings(max_examples=80, deadline=None)
@given(journeys=random_patterns.journeys(), pattern=random_patterns.patterns())
def test_matches_are_as_many_as_can_be_without_overlap(
    journeys: dict[str, list[dict[str, Any]]], pattern: tuple[str, Any, int | None]
) -> None:
    text, chain, limit = pattern
    expected = sum(slow.largest_number(chain, events, limit) for events in journeys.values())
    assert kr.match(log_of(journeys), text)["matches"] == [expected]


ECOM = {"customer": "user_id", "time": "timestamp", "touchpoint": "event"}


@cache
def ecom() -> tuple[kr.Log, dict[str, list[str]]]:
    """The log of retentioneering's figures, and the names of each customer's events in order."""
    log = kr.read(str(shared_file("data/ecom_synthetic_2024.parquet")), **ECOM)
    places: dict[str, list[tuple[int, str]]] = {}
    for name in log.touchpoints:
        for row in kr.match(log, f'"{name}"').matches:
            places.setdefault(row["customer"], []).append((row["position"], name))
    return log, {who: [name for _, name in sorted(found)] for who, found in places.items()}


def step_matrix(
    paths: dict[str, list[str]], centres: dict[str, int], low: int, high: int
) -> dict[int, dict[str, float]]:
    result = {}
    for offset in range(low, high + 1):
        counts: collections.Counter[str] = collections.Counter()
        for who, centre in centres.items():
            at = centre + offset
            path = paths[who]
            counts["path_start" if at < 0 else "path_end" if at >= len(path) else path[at]] += 1
        result[offset] = {name: count / len(centres) for name, count in counts.items()}
    return result


@pytest.mark.parametrize(
    "pattern",
    [
        "add_to_cart",
        "catalog->.*->purchase",
        "path_start->.*->purchase",
        "add_to_cart->[^support_chat]*->purchase",
    ],
)
def test_step_matrices_around_patterns_are_those_of_retentioneering(pattern: str) -> None:
    oracle = shared_json("reference/funnels/retentioneering5_ecom.json")[f"step_matrix_pattern {pattern}"]
    log, paths = ecom()
    rows = [row for row in kr.match(log, pattern).parts if row["match"] == 1]
    centres = [
        {row["customer"]: row["position"] - 1 for row in rows if row["part"] == part}
        for part in sorted({row["part"] for row in rows})
    ]
    if pattern.startswith("path_start"):
        centres = [dict.fromkeys(centres[0], -1), *centres]
    assert len(centres) == len(oracle)
    for block, centre in zip(oracle, centres, strict=True):
        offsets = [int(offset) for offset in block["columns"]]
        found = step_matrix(paths, centre, min(offsets), max(offsets))
        for name, shares in zip(block["index"], block["data"], strict=True):
            assert [found[offset].get(name, 0.0) for offset in offsets] == pytest.approx(shares, abs=1e-12)


@pytest.mark.parametrize(
    "steps",
    [
        ["catalog", "add_to_cart", "purchase"],
        ["home", "catalog", "product_view", "add_to_cart", "cart", "purchase"],
        ["purchase", "catalog"],
        ["catalog", "catalog", "catalog"],
    ],
)
def test_funnels_by_pattern_are_those_of_retentioneering(steps: list[str]) -> None:
    oracle = shared_json("reference/funnels/retentioneering5_ecom.json")["funnel " + ">".join(steps)]["steps"]
    log, _ = ecom()
    assert kr.match(log, " ->> ".join(steps)).funnel()["count"] == [row["unique_paths"] for row in oracle]


@pytest.mark.parametrize(
    ("within", "limit"), [("None", ""), ("3", "{<3}"), ("10m", "{<=10m}"), ("1h", "{<=1h}"), ("1d", "{<=1d}")]
)
def test_conversions_after_the_first_start_are_those_of_retentioneering(within: str, limit: str) -> None:
    document = shared_json("reference/funnels/retentioneering5_ecom.json")
    (oracle,) = document[f"conversion add_to_cart->purchase within={within}"]
    log, _ = ecom()
    found = kr.match(log, f"^ -> [^add_to_cart]* -> add_to_cart ->>{limit} purchase").funnel()
    assert found["count"] == [oracle["paths_with_start"], oracle["converted"]]
    assert found["rate"][1] == pytest.approx(oracle["conversion_rate"], abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(
    journeys=random_patterns.journeys(),
    steps=st.lists(st.sampled_from(random_patterns.NAMES), min_size=1, max_size=4),
    window=st.integers(1, 8),
)
def test_a_chain_within_a_window_is_the_ordered_funnel(
    journeys: dict[str, list[dict[str, Any]]], steps: list[str], window: int
) -> None:
    log = log_of(journeys)
    steps = [name for name in steps if name in log.touchpoints] or [log.touchpoints[0]]
    by_pattern = kr.match(log, f"{' ->> '.join(steps)} within {window}s").funnel()
    by_steps = kr.funnel(log, steps, window=f"{window}s")
    for column in ("count", "n", "lost", "rate", "rate_lower", "rate_upper", "rate_from_first"):
        assert by_pattern[column] == by_steps[column]


def test_matches_depend_neither_on_threads_nor_on_the_order_of_rows() -> None:
    rng = random.Random(7)
    journeys = {}
    for number in range(600):
        now, events = 0, []
        for _ in range(rng.randrange(1, 12)):
            now += rng.choice([0, 1, 4])
            events.append({"time": now, "touchpoint": rng.choice("abc"), "channel": "web", "value": rng.randrange(4)})
        journeys[f"u{number}"] = events
    columns = random_patterns.columns(journeys)
    pattern = "a ->>{<3, <=4s} (b|c){1,2} -> a"
    first = kr.match(kr.read(columns, **random_patterns.READ), pattern, threads=1)
    again = kr.match(kr.read(shuffled(columns, 3), **random_patterns.READ), pattern, threads=3)
    assert first.to_dicts() == again.to_dicts()
    assert first.times.to_dicts() == again.times.to_dicts()
    assert first.matches.to_dicts() == again.matches.to_dicts()
    assert first.funnel().to_dicts() == again.funnel().to_dicts()


@pytest.mark.parametrize(
    ("pattern", "character", "words"),
    [
        ("view ->", 8, "expected a touchpoint, found end"),
        ("a -> (b -> c", 6, "close it with )"),
        ("a ->{<=3} b", 8, "use ->> to limit how many"),
        ("a ->{no x} b", 6, "use ->> with no"),
        ("a ->>{<1d, >=2d} b", 12, "widen the limits"),
        ("a ->>{<2} b?", 3, "ask for at least one"),
        ("!(a -> b)", 2, "expected a single event"),
        ("a**", 3, "put the inner one in parentheses"),
        ("a{3,1}", 2, "less than at least 3"),
        ("a*", 1, "ask for at least one event"),
        ("((a ->> b within 1d) -> c) within 2d", 28, "cannot stand inside each other"),
        ("(a ->> b) within 1d -> c", 21, "stands in parentheses"),
        ("a within 3", 10, "expected a length of time"),
        ("'abc", 1, "this quote has no end"),
        ('~"(" -> a', 2, "regular expression"),
        ("a[x 3]", 4, "unexpected"),
        ("a[value > x]", 11, "expected a number"),
        ("$later", 2, "$conversion, $null or $open"),
        ("é ) b", 3, "unexpected"),
        ("^*", 2, "leave the repetition out"),
        ("a ->>{<0} b", 8, "fewer than no events"),
        ("a ->>{<0s} b", 8, "less than no time"),
    ],
)
def test_errors_show_the_character(pattern: str, character: int, words: str) -> None:
    with pytest.raises(kr.InputError) as caught:
        kr.Pattern(pattern)
    first, text, caret = str(caught.value).split("\n")
    if words not in ("unexpected", "found"):
        assert words in first
        assert first.startswith(f"path pattern, character {character}: ")
    at = int(first.removeprefix("path pattern, character ").split(":")[0])
    assert text == "  " + pattern
    assert caret == " " * (at + 1) + "^"


def test_what_the_log_does_not_have_is_shown_at_its_place() -> None:
    log = names_log("view")
    with pytest.raises(kr.InputError, match=r"character 4: the log has no column 'device'; it has 'touchpoint'"):
        kr.match(log, "v [device = mobile]")
    with pytest.raises(kr.InputError, match="character 6: no event of this log has the touchpoint 'x'"):
        kr.match(log, "v -> x", require_known=True)
    with pytest.warns(UserWarning, match="character 6: no event of this log has the touchpoint 'x'"):
        assert kr.match(log, "v -> x")["matched"] == [0]


def test_limits_refuse_what_is_too_large() -> None:
    with pytest.raises(kr.LimitError, match="10000"):
        kr.Pattern("a" * 10_001)
    with pytest.raises(kr.LimitError, match="nests deeper than 50"):
        kr.Pattern("(" * 51 + "a" + ")" * 51)
    with pytest.raises(kr.LimitError, match="more than 2000 states"):
        kr.match(names_log("ab"), "(a|(b -> a)){900}")


def test_names_may_have_words_and_signs() -> None:
    log = kr.read(
        {
            "customer_id": [1] * 4,
            "timestamp": [f"2024-03-0{day}" for day in range(1, 5)],
            "touchpoint": ["register request", "a->b", 'say "hi"', "within"],
        }
    )
    pattern = """register request -> 'a->b' -> "say ""hi\"\"" -> "within\""""
    found = kr.match(log, pattern)
    assert found["matched"] == [1]
    assert found.pattern.parts == ["register request", "'a->b'", '"say ""hi"""', '"within"']
    assert kr.match(log, '~"^register" ->> ~"^with"')["matched"] == [1]


def test_ends_of_journeys_can_be_asked_for() -> None:
    log = names_log("vco", "vc", "v")
    journeys = kr.journeys(log, conversion="o")
    counts = {
        pattern: kr.match(journeys, pattern)["matched"]
        for pattern in ("c -> $null", "c ->> $conversion", "^ -> v -> $", "v ->>{<=1} $", "c -> $open")
    }
    assert counts == {
        "c -> $null": [1],
        "c ->> $conversion": [1],
        "^ -> v -> $": [1],
        "v ->>{<=1} $": [2],
        "c -> $open": [0],
    }
    with pytest.raises(kr.InputError, match="only journeys end in a conversion"):
        kr.match(log, "c -> $null")


def test_phases_and_collapsed_repeats_count_as_one_event() -> None:
    log = kr.read(
        {
            "customer_id": [1] * 4,
            "timestamp": [f"2024-03-0{day}" for day in range(1, 5)],
            "touchpoint": ["a", "a", "b", "c"],
            "phase": ["one", "one", "one", "two"],
        },
        phase="phase",
    )
    assert kr.match(log, "a -> b", collapse=True)["matched"] == [1]
    assert kr.match(log, "^ -> a -> b", collapse=True)["matched"] == [1]
    assert kr.match(log, "^ -> a -> b")["matched"] == [0]
    assert kr.match(log, "^ -> one -> two -> $", by="phase").matches["events"] == [4]


def test_an_empty_log_has_no_matches() -> None:
    log = kr.read({"customer_id": [], "timestamp": [], "touchpoint": []})
    with pytest.warns(UserWarning, match="the log has no events"):
        found = kr.match(log, "a -> b")
    assert found["units"] == [0]
    assert found["share"] == [None]
    assert len(found.matches) == 0
