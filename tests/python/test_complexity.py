# SPDX-License-Identifier: MIT
"""How complicated journeys are, and how much their past foretells: against peers and the slow reference."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import around, intervals

import klantreis as kr
from bridge import assert_same, both, cells, cuts, ended, often, text_log
from oracle import local_json
from strategies import Columns, logs

# --- complexity

PEER = {"dss_length": "spells", "dur_var": "duration_variance", "dur_var_max": "duration_variance_max"}


def test_complexity_equals_traminer() -> None:
    toys = local_json("funnels/traminer_toy_K4.json")
    found = kr.complexity(kr.journeys(text_log({text: text for text in toys})), alphabet=4)
    rows = {row["customer"]: row for row in found}
    assert rows.keys() == toys.keys()
    for text, figures in toys.items():
        for name, value in figures.items():
            if name == "n_subseq_dss":
                assert_same(2 ** rows[text]["log2_subsequences"], value, text)
            else:
                assert_same(rows[text][PEER.get(name, name)], value, f"{text}: {name}", rel=1e-13)


@often
@given(st.lists(st.text("abcd", min_size=1, max_size=9), min_size=1, max_size=6), st.booleans())
def test_complexity(texts: list[str], collapse: bool) -> None:
    found = kr.complexity(
        kr.journeys(text_log({f"u{i}": text for i, text in enumerate(texts)})), alphabet=5, collapse=collapse
    )
    for row in found:
        text = texts[int(row["customer"][1:])]
        if collapse:
            text = "".join(c for i, c in enumerate(text) if i == 0 or c != text[i - 1])
        for name, value in around.measures(text, 5).items():
            assert_same(row[name], value, f"{text}: {name}", rel=1e-12, tolerance=1e-12)


def test_complexity_equals_sequenzo_on_random_sequences() -> None:
    peer = pytest.importorskip("sequenzo", reason="sequenzo is not installed")
    import pandas as pd

    rng = random.Random(7)
    length = 14
    weights = [[1, 2, 5, 20], [1, 1, 1, 1], [30, 1, 1, 1]]
    texts = {f"u{i:03d}": "".join(rng.choices("abcd", weights=weights[i % 3], k=length)) for i in range(150)}
    steps = [str(i) for i in range(length)]
    frame = pd.DataFrame([[name, *text] for name, text in texts.items()], columns=["id", *steps])
    data = peer.SequenceData(frame, time=steps, id_col="id", states=list("abcd"))
    spells = peer.get_spell_duration_variance(data)
    theirs = {
        "turbulence": peer.get_turbulence(data),
        "complexity": peer.get_complexity_index(data),
        "entropy_norm": peer.get_within_sequence_entropy(data),
        "transitions": peer.get_number_of_transitions(data),
        "duration_variance": spells["result"],
        "duration_variance_max": spells["vmax"],
    }
    found = {row["customer"]: row for row in kr.complexity(kr.journeys(text_log(texts)), alphabet=4)}
    for name, figures in theirs.items():
        for customer, value in figures.itertuples(index=False):
            assert_same(found[customer][name], value, f"{texts[customer]}: {name}", rel=1e-12, tolerance=1e-12)


def test_long_journeys_do_not_overflow() -> None:
    found = kr.complexity(kr.journeys(text_log({"u": "ab" * 5000})))
    (row,) = found
    # The distinct subsequences of an alternating sequence are Fibonacci numbers.
    golden = math.log2((1 + math.sqrt(5)) / 2)
    assert row["log2_subsequences"] == pytest.approx(10_003 * golden - math.log2(math.sqrt(5)), rel=1e-6)
    with pytest.raises(kr.InputError, match="alphabet"):
        kr.complexity(kr.journeys(text_log({"u": "abc"})), alphabet=2)


@often
@given(logs(conversions=2), ended)
def test_means_of_groups(columns: Columns, options: dict[str, Any]) -> None:
    fast, slow = both(columns, options)
    slow = [j for j in slow if j.touches]
    ends = {id(j): j.goal if j.settled else "(open)" for j in slow}
    found = cells(kr.complexity_by(fast), ("end", "measure"), "mean", "lower", "upper", "journeys", "n")
    for end in set(ends.values()):
        members = [j for j in slow if ends[id(j)] == end]
        values = [len(j.touches) for j in members]
        mean = sum(values) / len(values)
        psi: Counter[Any] = Counter()
        for journey, value in zip(members, values, strict=True):
            psi[journey.customer] += (value - mean) / len(values)
        got = found[end, "length"]
        assert_same(got[0], mean, "mean")
        assert got[3:] == (len(members), len(psi))
        if len(psi) > 1 and any(abs(v) > 1e-9 for v in psi.values()):
            interval = intervals.plain(mean, list(psi.values()), len(psi))
            assert_same(got[1], interval.lower, "lower")
            assert_same(got[2], interval.upper, "upper")


# --- predictability


@often
@given(logs(conversions=2, max_events=40), cuts, st.booleans())
def test_entropy_rates(columns: Columns, options: dict[str, Any], collapse: bool) -> None:
    fast, slow = both(columns, options)
    settled = [j for j in slow if j.settled]
    if len({j.customer for j in settled}) < 2:
        with pytest.raises(kr.InputError, match="folds"):
            kr.predictability(fast, folds=2)
        return
    routes = [around.route(j, "touchpoint", collapse)[1:] for j in settled]
    for row in kr.predictability(fast, max_order=2, folds=2, collapse=collapse):
        entropy = around.entropy_rate(routes, row["order"])
        assert_same(row["entropy_rate"], entropy, "entropy_rate")
        limit, m = row["predictability_limit"], len({label for labels in routes for label in labels})
        if entropy > 1e-9 and m > 1:
            rest = (1 - limit) * math.log2((m - 1) / (1 - limit)) if limit < 1 else 0.0
            assert_same(rest - limit * math.log2(limit), entropy, "limit", rel=1e-6, tolerance=1e-6)
        assert row["steps"] == sum(len(labels) for labels in routes)


def test_a_cycle_is_foretold_from_one_item_and_a_coin_never() -> None:
    cycle = {f"u{i}": ("abc" * 10)[i % 3 :] for i in range(60)}
    first, second = kr.predictability(kr.journeys(text_log(cycle)), max_order=1)
    assert first["accuracy"] < 0.4 < 0.85 < second["accuracy"]
    rng = random.Random(1)
    coin = {f"u{i}": "".join(rng.choices("ab", k=200)) for i in range(60)}
    rows = list(kr.predictability(kr.journeys(text_log(coin)), max_order=2))
    assert all(abs(row["accuracy"] - 0.5) < 0.03 for row in rows)
    assert rows[2]["gain"] < 0.01


def test_what_the_most_frequent_next_step_of_others_foretells() -> None:
    journeys = kr.journeys(text_log({f"u{i}": "ab" for i in range(40)}))
    (only,) = kr.predictability(journeys, max_order=0, folds=2)
    # a, b and the end are alike; the end has the first name.
    assert (only["hits"], only["steps"]) == (40, 120)
    second = kr.predictability(journeys, max_order=1, folds=2).to_dicts()[1]
    assert (second["hits"], second["entropy_rate"], second["predictability_limit"]) == (120, 0.0, 1.0)
