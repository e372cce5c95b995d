# SPDX-License-Identifier: MIT
"""The choice of an order: against worked examples, another tool's criterion, and a slow version."""

from __future__ import annotations

import math
from typing import Any

import pytest
from reference import cutting, events, orders, sequences

import klantreis as kr
from bridge import big, cut, read
from klantreis.compat import channelattribution
from oracle import local_json, rows_of, shared_file
from strategies import CONVERSIONS

DAY = 86_400_000_000
SEQUENCES = ["AABBAABBAABB", "ABABABAB", "AAAABBBB", "BBAABBAA", "ABBAABBA"]


def log_of(customers: dict[str, list[dict[str, Any]]]) -> kr.Journeys:
    columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": []}
    for customer, journeys in customers.items():
        for number, journey in enumerate(journeys):
            for step, name in enumerate([*journey["path"], *(["order"] if journey["converted"] else [])]):
                columns["customer"].append(customer)
                columns["time"].append(number * 100 * DAY + step * 60_000_000)
                columns["touchpoint"].append(name)
    return kr.journeys(read(columns), conversion="order", gap="50d")


def test_held_out_loss_of_the_worked_example() -> None:
    tiny = local_json("statistics/order_auc.json")["tiny"]
    wanted = tiny["fold"]
    partition = {frozenset(u for u in wanted if wanted[u] == fold) for fold in (0, 1)}
    seed = next(
        seed
        for seed in range(1000)
        if {frozenset(u for u in wanted if orders.fold_of(u, seed, 2) == fold) for fold in (0, 1)} == partition
    )
    found = kr.select_order(log_of(tiny["data"]), max_order=2, folds=2, seed=seed)
    for row in found:
        k = str(row["order"])
        assert row["loss"] == pytest.approx(tiny["nats_per_journey"][k], abs=1e-12)
        assert row["difference"] == pytest.approx(tiny["difference"][k], abs=1e-12)
        assert row["difference_se"] == pytest.approx(tiny["se_difference"][k], abs=1e-12)
        assert row["auc"] == pytest.approx(tiny["auc_within_folds"][k], abs=1e-12)
    assert found.options["recommended"] == str(tiny["best"])
    assert found["recommended"] == [row["order"] == tiny["best"] for row in found]
    assert found.options["within_one_se"] == str(tiny["one_se_choice"])


@pytest.mark.parametrize("seed", range(3))
def test_held_out_loss_and_auc_equal_the_slow_version(seed: int) -> None:
    columns = big(seed)
    journeys = cut(read(columns), conversion=CONVERSIONS)
    folds = 4
    found = kr.select_order(journeys, max_order=3, folds=folds, seed=seed)
    by_customer: dict[str, list[tuple[tuple[str, ...], bool]]] = {}
    for customer, path, converted in settled_paths(columns):
        by_customer.setdefault(customer, []).append((path, converted))
    vocabulary = len({item for own in by_customer.values() for path, _ in own for item in path}) + 2
    journeys_in_all = sum(map(len, by_customer.values()))
    for row in found:
        loss, pairs, wins = 0.0, 0, 0.0
        for fold in range(folds):
            held = [u for u in by_customer if orders.fold_of(u, seed, folds) == fold]
            training = [journey for u in by_customer if u not in held for journey in by_customer[u]]
            model = orders.Smoothed(training, row["order"], vocabulary)
            scored = [(model.score(path), converted) for u in held for path, converted in by_customer[u]]
            loss += sum(model.loss(*journey) for u in held for journey in by_customer[u])
            for won in (s for s, converted in scored if converted):
                for lost in (s for s, converted in scored if not converted):
                    pairs += 1
                    wins += (won > lost) + 0.5 * (won == lost)
        assert row["loss"] == pytest.approx(loss / journeys_in_all, rel=1e-12)
        assert row["auc"] == pytest.approx(wins / pairs, rel=1e-9)
        if row["order"] > 0:  # without a context all scores are equal
            assert row["auc_lower"] < row["auc"] < row["auc_upper"]


def settled_paths(columns: dict[str, list[Any]]) -> list[tuple[str, tuple[str, ...], bool]]:
    slow = cutting.cut(events.events_of(columns), CONVERSIONS)
    return [(str(trip.unit), trip.items, trip.converted) for trip in sequences.trips(slow, "touchpoint")]


def test_criteria_of_sequences() -> None:
    paths = kr.read_paths({"path": [" > ".join(s) for s in SEQUENCES], "total_conversions": [1] * len(SEQUENCES)})
    found = kr.order_criteria(paths, max_order=3)
    assert found["log_likelihood"] == pytest.approx([-19.945818, -19.924563, -16.682441, -4.089662], abs=1e-6)
    assert found["parameters"] == [1, 2, 4, 8]
    assert found["aic"] == pytest.approx([41.891636, 43.849126, 41.364883, 24.179323], abs=1e-6)
    assert found["bic"] == pytest.approx([43.258932, 46.583718, 46.834066, 35.117690], abs=1e-6)
    assert found["lr_statistic"][1:] == pytest.approx([0.042510, 6.484243, 25.185560], abs=2e-6)
    assert found["lr_df"][1:] == [1, 2, 4]
    assert found["lr_p"][1:] == pytest.approx([0.8367, 0.03908, 4.617e-5], rel=1e-3)
    assert found.options["steps"] == "29"


def test_the_in_sample_criterion_of_channelattribution() -> None:
    frame = __import__("pandas").read_parquet(shared_file("data/channelattribution_pathdata.parquet"))
    expected = rows_of(shared_file("reference/attribution/choose_order_reimplemented.csv"))
    highest = int(float(expected[-1]["order"]))
    found = channelattribution.choose_order(
        frame, "path", "total_conversions", "total_null", max_order=highest, plot=False
    )
    assert found["auc"]["order"].tolist() == [int(float(row["order"])) for row in expected]
    for row, (_, got) in zip(expected, found["auc"].iterrows(), strict=True):
        assert got["auc"] == pytest.approx(float(row["auc"]), abs=1e-12)
        assert got["pauc"] == pytest.approx(float(row["pauc"]), abs=1e-12)
    best = max(expected, key=lambda row: float(row["pauc"]))
    assert found["suggested_order"] == int(float(best["order"]))
    assert len(found["roc"][1]) == 100


def test_the_order_that_made_the_journeys_is_found() -> None:
    # After a > b the journey converts, after c > b it does not; order 1 cannot tell.
    paths = kr.read_paths(
        {"path": ["a > b", "c > b", "b > b"], "total_conversions": [80, 5, 20], "total_null": [5, 80, 20]},
        nulls="total_null",
    )
    found = kr.select_order(paths, max_order=4)
    assert found.options["within_one_se"] == "2"
    assert found["auc"][2] > 0.8
    assert found["auc"][1] < 0.6
    assert found["lr_p"][2] < 1e-6
    assert all(math.isfinite(row["loss"]) for row in found)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folds": 1}, "folds is 1"),
        ({"max_order": -1}, "max_order is -1"),
        ({"max_order": 50}, "max_order is 50"),
        ({"alpha": 0.0}, "alpha is 0"),
        ({"by": "channel"}, "made by 'touchpoint'"),
    ],
)
def test_bad_options_of_the_choice(options: dict[str, Any], message: str) -> None:
    paths = kr.read_paths({"path": ["a > b"], "total_conversions": [1]})
    with pytest.raises(kr.InputError, match=message):
        kr.select_order(paths, **options)


def test_nothing_settled_cannot_be_compared() -> None:
    with pytest.raises(kr.InputError, match="no settled journey"):
        kr.select_order(kr.read_paths({"path": ["a"], "total_conversions": [0]}))
