# SPDX-License-Identifier: MIT
from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import klantreis as kr

SHARES = json.loads((Path(__file__).parent.parent / "data" / "statistics" / "shares.json").read_text())


@pytest.mark.parametrize(
    ("x", "n", "lower", "upper"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_equals_the_figures_of_newcombe_1998(x: int, n: int, lower: float, upper: float) -> None:
    assert kr.wilson(x, n) == pytest.approx((lower, upper), abs=5e-5)


def test_wilson_equals_the_oracle_for_small_groups() -> None:
    for n, rows in SHARES["wilson_bounds_all_x"].items():
        for x, bounds in enumerate(rows):
            assert kr.wilson(x, int(n)) == pytest.approx(bounds, abs=1e-14)


@given(st.integers(1, 10**9), st.floats(0, 1), st.floats(0.01, 0.999))
def test_wilson_holds_the_share_and_mirrors(n: int, part: float, level: float) -> None:
    x = math.floor(part * n)
    found = kr.wilson(x, n, level=level)
    assert 0 <= found.lower <= x / n <= found.upper <= 1
    mirrored = kr.wilson(n - x, n, level=level)
    assert (1 - mirrored.upper, 1 - mirrored.lower) == pytest.approx(found, abs=1e-12)


def test_a_higher_level_gives_a_wider_interval() -> None:
    assert kr.wilson(3, 10, level=0.99).upper > kr.wilson(3, 10).upper
    assert kr.newcombe(3, 10, 2, 10, level=0.99).lower < kr.newcombe(3, 10, 2, 10).lower


@pytest.mark.parametrize(
    ("counts", "bounds"),
    [
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((10, 10, 0, 20), (0.6791, 1.0)),
    ],
)
def test_newcombe_equals_the_published_figures(counts: tuple[int, ...], bounds: tuple[float, float]) -> None:
    assert kr.newcombe(*counts) == pytest.approx(bounds, abs=5e-5)


def test_the_paired_difference_equals_the_oracle() -> None:
    _, lower, upper, _ = SHARES["paired_examples"]["a30 b10 c20 d40"]
    assert kr.newcombe_paired(30, 10, 20, 40) == pytest.approx((lower, upper), abs=1e-14)


def test_no_customers_have_no_interval() -> None:
    assert all(math.isnan(bound) for bound in kr.wilson(0, 0))
    assert all(math.isnan(bound) for bound in kr.newcombe(1, 2, 0, 0))
    assert all(math.isnan(bound) for bound in kr.newcombe_paired(0, 0, 0, 0))


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(kr.InputError, match="more than n = 2"):
        kr.wilson(3, 2)
    with pytest.raises(kr.InputError, match="n is -1"):
        kr.wilson(0, -1)
    with pytest.raises(kr.InputError, match="successes is nan"):
        kr.wilson(math.nan, 2)
    with pytest.raises(kr.InputError, match="level is 95"):
        kr.wilson(1, 2, level=95)


@given(st.integers(1, 400), st.integers(1, 400), st.floats(0, 1), st.floats(0, 1))
def test_two_shares_are_tested_as_pearson_did(n1: int, n2: int, part1: float, part2: float) -> None:
    x1, x2 = round(part1 * n1), round(part2 * n2)
    found = kr.two_proportion_test(x1, n1, x2, n2)
    if x1 + x2 in (0, n1 + n2):
        assert math.isnan(found.z)
        assert math.isnan(found.p)
        return
    table = [[x1, n1 - x1], [x2, n2 - x2]]
    expected = stats.chi2_contingency(table, correction=False)
    assert found.z**2 == pytest.approx(expected.statistic, rel=1e-9, abs=1e-12)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-300)


def test_two_shares_equal_the_worked_experiment() -> None:
    assert kr.two_proportion_test(250, 5000, 200, 5000) == pytest.approx((2.411915, 0.015869), abs=5e-7)


def test_a_part_larger_than_its_whole_is_refused() -> None:
    with pytest.raises(kr.InputError, match="pass the part first and the whole second"):
        kr.two_proportion_test(5, 4, 1, 2)
