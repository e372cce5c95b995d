# SPDX-License-Identifier: MIT
"""Models that learn from all paths, the game of rates within coalitions, and how well models predict."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import klantreis as kr
from bridge import big, cells, cut, read
from klantreis import _core
from klantreis._attribution.arguments import model_parameters
from oracle import local_json, tiny_columns
from strategies import CONVERSIONS

DAY = 86_400_000_000
ROWS = [
    (("a", "b"), 10.0, 30.0), (("a",), 5.0, 60.0), (("b", "a", "b"), 6.0, 8.0), (("b",), 12.0, 40.0),
    (("c", "b"), 3.0, 9.0), (("c",), 1.0, 25.0), (("a", "c", "d"), 2.0, 14.0),
]  # fmt: skip


def table_of(rows: list[tuple[tuple[str, ...], float, float]]) -> kr.Paths:
    return kr.read_paths(
        {
            "path": [" > ".join(path) for path, _, _ in rows],
            "total_conversions": [won for _, won, _ in rows],
            "total_null": [lost for _, _, lost in rows],
        },
        nulls="total_null",
    )


TABLE = table_of(ROWS)


@pytest.fixture(scope="module")
def tiny() -> kr.Journeys:
    return kr.journeys(read(tiny_columns()), conversion="conversion", gap="50d")


def credit_of(journeys: kr.Journeys | kr.Paths, **options: Any) -> dict[str, float]:
    return cells(kr.attribute(journeys, **options), ("touchpoint",), "credit")


def shared_out(weights_of: Any) -> dict[str, float]:
    credit = dict.fromkeys("abcd", 0.0)
    for path, won, _ in ROWS:
        for item, part in weights_of(path).items():
            credit[item] += won * part
    return credit


def normalised(weights: dict[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {item: weight / total if total else 1 / len(weights) for item, weight in weights.items()}


def test_leave_one_out_by_hand() -> None:
    rate = {path: won / (won + lost) for path, won, lost in ROWS}

    def weights(path: tuple[str, ...]) -> dict[str, float]:
        losses = [max(0.0, rate[path] - rate.get(path[:i] + path[i + 1 :], 0.0)) for i in range(len(path))]
        if sum(losses) == 0:
            return {path[-1]: 1.0}
        found: dict[str, float] = {}
        for item, loss in zip(path, losses, strict=True):
            found[item] = found.get(item, 0.0) + loss / sum(losses)
        return found

    assert credit_of(TABLE, model="leave_one_out") == pytest.approx(shared_out(weights))


def test_shao_li_by_hand() -> None:
    def rate(*items: str) -> float | None:
        rows = [(won, won + lost) for path, won, lost in ROWS if set(items) <= set(path)]
        return sum(w for w, _ in rows) / sum(n for _, n in rows) if rows else None

    contribution = {}
    for i in "abcd":
        together = [(rate(i, j), rate(j)) for j in "abcd" if j != i and rate(i, j) is not None]
        added = sum(both - rate(i) - other for both, other in together)  # type: ignore[operator]
        contribution[i] = max(0.0, rate(i) + added / (2 * len(together)))  # type: ignore[operator]
    expected = shared_out(lambda path: normalised({item: contribution[item] for item in set(path)}))
    assert credit_of(TABLE, model="shao_li") == pytest.approx(expected)


def test_logistic_solves_its_equations() -> None:
    ridge = 0.7
    design = np.array([[1.0, *(item in path for item in "abcd")] for path, _, _ in ROWS])
    won, lost = (np.array([row[k] for row in ROWS]) for k in (1, 2))
    beta = np.zeros(5)
    penalty = np.diag([0.0] + [ridge] * 4)
    for _ in range(200):
        p = 1 / (1 + np.exp(-design @ beta))
        gradient = design.T @ ((won + lost) * p - won) + penalty @ beta
        hessian = design.T @ (((won + lost) * p * (1 - p))[:, None] * design) + penalty
        beta -= np.linalg.solve(hessian, gradient)
    weight = dict(zip("abcd", np.maximum(0, beta[1:]), strict=True))
    expected = shared_out(lambda path: normalised({item: float(weight[item]) for item in set(path)}))
    assert credit_of(TABLE, model="logistic", ridge=ridge) == pytest.approx(expected, abs=1e-7)
    with pytest.raises(kr.InputError, match="ridge is 0"):
        kr.attribute(TABLE, model="logistic", ridge=0)


def hazard_by_hand(journeys: list[tuple[list[tuple[str, float]], bool]], steps: int) -> dict[str, tuple[float, float]]:
    """EM of the additive hazard; touches are (item, days until the conversion or the end of the watch)."""
    items = {item for touches, _ in journeys for item, _ in touches}
    days = [age for touches, _ in journeys for _, age in touches]
    now = {item: (0.1, len(days) / sum(days)) for item in items}
    for _ in range(steps):
        sums = {item: [0.0, 0.0, 0.0, 0.0] for item in items}  # p, p·a, 1 − e, a·e
        for touches, converted in journeys:
            rates = [now[i][0] * now[i][1] * math.exp(-now[i][1] * age) for i, age in touches]
            for (item, age), rate in zip(touches, rates, strict=True):
                left = math.exp(-now[item][1] * age)
                sums[item][2] += 1 - left
                sums[item][3] += age * left
                if converted:
                    sums[item][0] += rate / sum(rates)
                    sums[item][1] += rate / sum(rates) * age
        for item, (p, aged, exposure, faded) in sums.items():
            strength = p / exposure
            now[item] = (strength, p / (aged + strength * faded) if p else now[item][1])
    return now


def test_additive_hazard_equals_em_by_hand() -> None:
    columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": []}
    rng = np.random.default_rng(4)
    ends: list[tuple[list[tuple[str, float]], bool]] = []
    last = 60.0
    for customer in range(40):
        days = np.sort(rng.uniform(0, 20, rng.integers(1, 5))).round(3)
        names = [str(name) for name in rng.choice(["ad", "mail", "search"], len(days))]
        converted = bool(rng.uniform() < (0.7 if names[-1] == "mail" else 0.3))
        end = float(days[-1] + round(float(rng.uniform(0.01, 5)), 3)) if converted else last
        steps = [*zip(days.tolist(), names, strict=True), *([(end, "order")] if converted else [])]
        for day, name in steps:
            columns["customer"].append(f"u{customer}")
            columns["time"].append(round(day * DAY))
            columns["touchpoint"].append(name)
        ends.append(([(name, end - day) for day, name in steps if name != "order"], converted))
    for column, cell in zip(columns.values(), ("last", round(last * DAY), "zzz"), strict=True):
        column.append(cell)
    ends.append(([("zzz", 0.0)], False))
    journeys = kr.journeys(read(columns), conversion="order")
    iterations = 25
    now = hazard_by_hand([e for e in ends if e[0][0][0] != "zzz"], iterations)
    expected = dict.fromkeys(["ad", "mail", "search"], 0.0)
    for touches, converted in ends:
        if converted:
            rates = {k: now[i][0] * now[i][1] * math.exp(-now[i][1] * age) for k, (i, age) in enumerate(touches)}
            for k, part in normalised(rates).items():
                expected[touches[k][0]] += part
    found = credit_of(journeys, model="additive_hazard", iterations=iterations)
    assert found.pop("zzz") == 0
    assert found == pytest.approx(expected, rel=1e-3)
    assert sum(found.values()) == pytest.approx(sum(converted for _, converted in ends))


def test_rates_within_coalitions_by_all_orders_of_joining() -> None:
    def worth(coalition: set[str]) -> float:
        inside = [(won, won + lost) for path, won, lost in ROWS if set(path) <= coalition]
        return sum(w for w, _ in inside) / sum(n for _, n in inside) if inside else 0.0

    values = dict.fromkeys("abcd", 0.0)
    for order in itertools.permutations("abcd"):
        for k, item in enumerate(order):
            values[item] += (worth(set(order[: k + 1])) - worth(set(order[:k]))) / 24
    positive = sum(max(0, value) for value in values.values())
    found = credit_of(TABLE, model="shapley", game="within_rate")
    assert found == pytest.approx({item: 39 * max(0, value) / positive for item, value in values.items()})
    assert "sampling_error" not in kr.attribute(TABLE, model="shapley", game="within_rate").columns


def wide(seed: int, items: int, rows: int) -> kr.Paths:
    rng = np.random.default_rng(seed)
    return table_of(
        [
            (
                tuple(f"i{k:02}" for k in rng.choice(items, rng.integers(1, 4), replace=False)),
                float(rng.integers(1, 9)),
                float(rng.integers(1, 30)),
            )
            for _ in range(rows)
        ]
        + [((f"i{k:02}",), 2.0, 8.0) for k in range(items)]
    )


def test_drawn_orders_come_within_their_error_of_all_coalitions() -> None:
    # 25 items are counted; one that never matters makes it 26, which are drawn.
    counted = wide(1, 25, 60)
    exact = credit_of(counted, model="shapley", game="within_rate")
    drawn = kr.attribute(
        kr.read_paths(
            {
                "path": [*counted.table()["path"], "x > i00"],
                "total_conversions": [*counted.table()["conversions"], 1e-9],
                "total_null": [*counted.table()["nulls"], 0.0],
            },
            nulls="total_null",
        ),
        model="shapley", game="within_rate", permutations=3000,
    )  # fmt: skip
    for row in drawn:
        if row["touchpoint"] != "x":
            assert row["sampling_error"] > 0
            assert row["credit"] == pytest.approx(exact[row["touchpoint"]], abs=5 * row["sampling_error"] + 1e-6)
    assert sum(drawn["credit"]) == pytest.approx(sum(exact.values()))


def prediction(paths: kr.Paths, model: str, **options: Any) -> dict[str, float]:
    handle = paths._handle
    found = _core.predicted_conversion(handle, model=model, parameters=model_parameters(model, **options))
    return {" > ".join(row[0]): p for row, p in zip(handle.rows(), found, strict=True)}


def test_predictors_of_the_worked_example(tiny: kr.Journeys) -> None:
    expected = local_json("statistics/predictors.json")
    paths = kr.paths(tiny)
    named = {
        "first": ("first_touch", {}),
        "last": ("last_touch", {}),
        "linear": ("linear", {}),
        "position_40_20_40": ("position_based", {}),
    }
    for name, (model, options) in named.items():
        found = prediction(paths, model, **options)
        wanted = expected["induced"][name]["prediction"]
        for journey, p in zip(expected["journeys"], wanted, strict=True):
            assert found[" > ".join(journey["path"])] == pytest.approx(p, abs=1e-12)
    ends = prediction(paths, "markov", smoothing=1e-9)
    for journey in expected["journeys"]:
        assert ends[" > ".join(journey["path"])] == pytest.approx(
            expected["markov_order1_end_score"][journey["path"][-1]], abs=1e-6
        )
    sets = prediction(paths, "shapley", game="exact_set")
    rates = expected["exact_set_rate"]
    rate = expected["base_rate"]
    members: dict[str, int] = {}
    for journey in expected["journeys"]:
        key = "".join(sorted(set(journey["path"])))
        members[key] = members.get(key, 0) + 1
    for journey in expected["journeys"]:
        key = "".join(sorted(set(journey["path"])))
        smoothed = (rates[key] * members[key] + rate) / (members[key] + 1)
        assert sets[" > ".join(journey["path"])] == pytest.approx(smoothed)


def test_last_touch_and_order_1_predict_alike_but_for_smoothing() -> None:
    journeys = cut(read(big(3)), conversion=CONVERSIONS)
    found = kr.compare_models(journeys, models=["last_touch", "markov", "linear", "shapley", "time_decay"])
    by_model = {row["model"]: row for row in found}
    assert by_model["last_touch"]["predictor"] == "induced"
    assert by_model["markov"]["predictor"] == "own"
    assert by_model["last_touch"]["skill"] == pytest.approx(by_model["markov"]["skill"], abs=0.05)
    assert by_model["shapley_sum"]["skill"] is None
    assert by_model["time_decay"]["predictor"] == "none"
    row = by_model["linear"]
    assert row["skill_lower"] < row["skill"] < row["skill_upper"] < 1
    assert 0 < row["auc"] < 1


def test_a_model_that_knows_the_cause_has_more_skill() -> None:
    paths = table_of([(("a", "b"), 90, 10), (("b", "a"), 10, 90), (("c", "a"), 50, 50)])
    found = {
        row["model"]: row
        for row in kr.compare_models(
            paths,
            models={"1": {"model": "markov"}, "2": {"model": "markov", "order": 2}, "sets": {"model": "logistic"}},
        )
    }
    assert found["2"]["skill"] > 0.2
    assert found["1"]["skill"] > 0.1
    assert found["sets"]["skill"] < 0.05
    assert found["2"]["skill_lower"] > found["sets"]["skill_upper"]


def test_shao_li_ranks_without_predicting() -> None:
    found = kr.compare_models(TABLE, models=["shao_li"])
    assert set(found["skill"]) == {None}
    assert 0 < found["auc"][0] < 1
