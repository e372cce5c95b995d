# SPDX-License-Identifier: MIT
"""Key figures on random logs: against loops over events, and invariant where they must be."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import kpis as reference
from reference.kpis import named

import klantreis as kr
from bridge import assert_same, cells, cut, read
from strategies import DAY, logs, random_log, shuffled

SETTINGS = settings(max_examples=60, deadline=None)
SELECT = [
    "orders",
    "revenue",
    "buyers",
    "aov",
    "conversion_rate",
    "returning_customers",
    "repeat_rate",
    "effort",
    "gini",
]
DEFINE = {
    "searched": "count([search, a])",
    "no_buy": "share_without(a, outcome=buy)",
    "two": "share_of_customers(a, at_least=2)",
    "before": "share_of_customers(ab, before=buy, among=buy)",
    "effect": "exposure_effect(a, outcome=buy)",
    "top": "lorenz_top(0.3, of=buy)",
    "fewest": "customers_for(0.8, of=buy)",
    "solved": "fcr([a, ab, abc], issue=channel, window=1d)",
    "mean_time": "duration(from=a, to=buy, stat=mean)",
    "longest": "duration(from=a, to=buy, stat=max)",
    "value_each": "sum(value) / count()",
}


def measured(columns: dict[str, list[Any]], **options: Any) -> dict[str, dict[str, Any]]:
    journeys = cut(read(columns), conversion="buy")
    return {row["kpi"]: row for row in kr.kpis(journeys, select=[*SELECT, *DEFINE], define=DEFINE, **options)}


def share(row: dict[str, Any], expected: tuple[int, int], what: str) -> None:
    count, n = expected
    assert row["n"] == n, what
    if n:
        value, lower, upper = reference.wilson_share(count, n)
        for name, number in (("value", value), ("lower", lower), ("upper", upper)):
            assert_same(row[name], number, f"{what} {name}")
    else:
        assert row["value"] is None


@SETTINGS
@given(logs(max_events=40))
def test_figures_equal_loops_over_events(columns: dict[str, list[Any]]) -> None:
    found = measured(columns)
    log = reference.log_of(columns)
    names = set(columns["touchpoint"])
    buy = named("buy")
    bought = [[event for event in events if buy(event)] for events in log.values()]
    bought = [events for events in bought if events]
    if names & {"search", "a"}:
        assert found["searched"]["value"] == sum(name in ("search", "a") for name in columns["touchpoint"])
    else:
        assert found["searched"]["note"] == "no event is 'search', 'a'"
    if "a" in names:
        share(found["two"], reference.share_of_customers(log, named("a"), at_least=2), "two")
    if "buy" not in names:
        assert found["orders"]["value"] == 0 or found["orders"]["value"] is None
        return
    assert found["orders"]["value"] == sum(map(len, bought))
    assert found["buyers"]["value"] == len(bought)
    totals = [sum(event["value"] or 0 for event in events) for events in bought]
    assert found["revenue"]["value"] == pytest.approx(sum(totals))
    share(found["conversion_rate"], reference.share_of_customers(log, buy), "conversion")
    share(found["returning_customers"], reference.share_of_customers(log, buy, among=buy, at_least=2), "returning")
    assert found["repeat_rate"]["value"] == pytest.approx(1 - len(bought) / sum(map(len, bought)))
    efforts = [
        next(i for i, event in enumerate(events) if buy(event)) for events in log.values() if any(map(buy, events))
    ]
    assert found["effort"]["value"] == pytest.approx(sum(efforts) / len(efforts))
    priced = [sum(event["value"] for event in own if event["value"] is not None) for own in bought
              if any(event["value"] is not None for event in own)]  # fmt: skip
    if sum(priced) > 0:
        assert_same(found["gini"]["value"], reference.gini(priced), "gini")
        assert_same(found["top"]["value"], reference.top_share(priced, 0.3), "top")
        assert found["fewest"]["value"] == reference.fewest_for(priced, 0.8)
    else:
        assert found["gini"]["value"] is None
    if "a" in names:
        share(found["no_buy"], reference.share_without(log, named("a"), buy), "no_buy")
        (x1, n1), (x2, n2) = reference.exposure(log, named("a"), buy)
        assert found["effect"]["n"] == n1 + n2
        if n1 and n2:
            bounds = kr.newcombe(x1, n1, x2, n2)
            assert_same(found["effect"]["value"], x1 / n1 - x2 / n2, "effect")
            assert_same(found["effect"]["lower"], bounds.lower, "effect lower")
            assert_same(found["effect"]["upper"], bounds.upper, "effect upper")
        times = [(end["time"] - start["time"]) / 1e6 for start, end in reference.pairs(log, named("a"), buy)]
        assert_same(found["mean_time"]["value"], sum(times) / len(times) if times else None, "mean time")
        assert_same(found["longest"]["value"], max(times) if times else None, "longest")
    if "ab" in names:
        share(found["before"], reference.share_of_customers(log, named("ab"), among=buy, before=buy), "before")


@SETTINGS
@given(logs(max_events=40))
def test_problems_equal_loops_over_contacts(columns: dict[str, list[Any]]) -> None:
    row = measured(columns)["solved"]
    found = reference.issues(reference.log_of(columns), named("a", "ab", "abc"), "channel", DAY)
    if not found:
        assert row["value"] is None
        return
    assert row["value"] == pytest.approx(sum(len(one) == 1 for one in found) / len(found))


@pytest.mark.parametrize("seed", range(4))
def test_neither_the_order_of_rows_nor_the_threads_matter(seed: int) -> None:
    columns = random_log(seed, customers=200)
    first = measured(columns, threads=1)
    assert {kpi: {**row} for kpi, row in measured(columns, threads=4).items()} == first
    for kpi, row in measured(shuffled(columns, seed)).items():
        for name, value in row.items():
            if isinstance(value, float):
                assert value == pytest.approx(first[kpi][name], rel=1e-9), (kpi, name)
            else:
                assert value == first[kpi][name], (kpi, name)


@pytest.mark.parametrize("by", ["channel", "phase"])
@pytest.mark.parametrize("period", [None, "day", "week", "month"])
def test_counts_of_labels_and_periods_add_up(by: str, period: Any) -> None:
    columns = random_log(3, customers=120)
    whole = measured(columns)
    names = ["orders", "searched", "revenue", "no_buy", "conversion_rate"]
    journeys = cut(read(columns), conversion="buy")
    found = kr.kpis(journeys, select=names, define=DEFINE, by=by, period=period).to_dicts()
    for name in ("orders", "searched", "revenue"):
        total = sum(row["value"] for row in found if row["kpi"] == name)
        assert total == pytest.approx(whole[name]["value"])
    for name in ("no_buy", "conversion_rate"):
        rows = [row for row in found if row["kpi"] == name]
        assert sum(row["n"] for row in rows) == whole[name]["n"]
        done = sum(row["value"] * row["n"] for row in rows if row["n"])
        assert done == pytest.approx(whole[name]["value"] * whole[name]["n"])


def test_intervals_of_ratios_equal_the_formula_summed_by_customers() -> None:
    from reference.intervals import t_quantile

    columns = random_log(5, customers=80)
    columns["value"] = [abs(value) if value is not None else None for value in columns["value"]]
    row = measured(columns)["value_each"]
    parts = []
    for events in reference.log_of(columns).values():
        parts.append((sum(event["value"] or 0 for event in events), len(events)))
    whole = sum(n for _, n in parts)
    ratio = sum(x for x, _ in parts) / whole
    psi = [(x - ratio * n) / whole for x, n in parts]
    square, fourth = sum(p**2 for p in psi), sum(p**4 for p in psi)
    df = max(1.0, min(len(psi) - 1.0, 2 * square**2 / (fourth - square**2 / len(psi))))
    expected = reference.ratio_interval(parts, t_quantile(df))
    assert (row["value"], row["lower"], row["upper"]) == pytest.approx(expected)


@pytest.mark.parametrize("measure", ["gini()", "lorenz_top(0.2)"])
def test_intervals_of_concentration_are_as_wide_as_the_spread_over_samples(measure: str) -> None:
    import random

    rng = random.Random(7)
    amounts = [round(rng.lognormvariate(3, 0.6), 2) for _ in range(400)]

    def figure(values: list[float]) -> float:
        return reference.gini(values) if measure == "gini()" else reference.top_share(values, 0.2)

    n = len(amounts)
    rows = {
        "customer": [str(i) for i in range(n)],
        "touchpoint": ["buy"] * n,
        "order": list(range(n)),
        "value": amounts,
    }
    row = kr.kpis(cut(read(rows), conversion="buy"), define={"it": measure}).to_dicts()[0]
    assert row["value"] == pytest.approx(figure(amounts))
    samples = sorted(figure(rng.choices(amounts, k=n)) for _ in range(200))
    spread = samples[194] - samples[4]
    assert row["upper"] - row["lower"] == pytest.approx(spread, rel=0.25)


PARTS = ["count(a)", "sum(value, of=[a, ab])", "customers()", "orders", 'count("paid search")']
TREES = st.recursive(
    st.one_of(st.integers(0, 99), st.sampled_from(PARTS)),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner),
    max_leaves=8,
)


def written(tree: Any) -> str:
    return f"({written(tree[0])} {tree[1]} {written(tree[2])})" if isinstance(tree, tuple) else str(tree)


def computed(tree: Any, parts: dict[str, float]) -> float:
    """The arithmetic of a tree; dividing by zero is null, and so is what follows."""
    if isinstance(tree, int):
        return float(tree)
    if isinstance(tree, str):
        return parts[tree]
    a, b = computed(tree[0], parts), computed(tree[2], parts)
    if tree[1] == "/":
        return a / b if b else math.nan
    return a + b if tree[1] == "+" else a - b if tree[1] == "-" else a * b


@SETTINGS
@given(TREES)
def test_expressions_are_arithmetic_of_their_parts(tree: Any) -> None:
    journeys = cut(read(random_log(11, customers=30)), conversion="buy")
    values = cells(kr.kpis(journeys, define={str(i): part for i, part in enumerate(PARTS)}), ("kpi",), "value")
    expected = computed(tree, {part: values[str(i)] for i, part in enumerate(PARTS)})
    row = kr.kpis(journeys, define={"it": written(tree)}).to_dicts()[0]
    assert_same(row["value"], expected, written(tree))
    if row["lower"] is not None:
        assert row["lower"] <= row["value"] + 1e-9
        assert row["value"] <= row["upper"] + 1e-9
