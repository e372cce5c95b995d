# SPDX-License-Identifier: MIT
"""Fitted models, costs and calibration."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

import klantreis as kr
from bridge import cells, read
from oracle import tiny_columns

COLUMNS = {
    "path": ["ad > mail", "mail", "ad", "shop > mail", '"a > b" > ad'],
    "total_conversions": [4.5, 1, 2, 3, 1],
    "total_null": [2, 9, 4, 1, 6],
    "value": [45.0, 10.0, 30.0, 60.0, 5.0],
}


@pytest.fixture(scope="module")
def paths() -> kr.Paths:
    return kr.read_paths(COLUMNS, nulls="total_null", value="value")


@pytest.fixture(scope="module")
def tiny() -> kr.Journeys:
    return kr.journeys(read(tiny_columns()), conversion="conversion", gap="50d")


def test_a_fit_credits_as_attribute_does(paths: kr.Paths, tiny: kr.Journeys) -> None:
    assert kr.fit(paths, order=2).credit().to_dicts() == kr.attribute(paths, order=2).to_dicts()
    fitted = kr.fit(tiny, model="linear", lookback_touches=2)
    expected = kr.attribute(tiny, model="linear", lookback_touches=2)
    assert fitted.credit()["credit"] == pytest.approx(expected["credit"])


def test_scores_of_unseen_paths(paths: kr.Paths) -> None:
    new = kr.read_paths({"path": ["ad > ad", "shop", "unknown", "ad > unknown > mail"], "total_conversions": [0] * 4})
    found = cells(kr.fit(paths).score(new), ("path",), "conversion", "conversion_later")
    chain = cells(kr.markov(paths).absorption(), ("state", "outcome"), "probability")
    assert found["ad > ad"][1] == pytest.approx(chain["ad", "(conversion)"])
    assert found["shop"][1] == pytest.approx(chain["shop", "(conversion)"])
    rate = paths.conversions / (paths.conversions + paths.nulls)
    assert found["unknown"][1] == pytest.approx(rate)
    assert all(0 < p < 1 for pair in found.values() for p in pair)
    # With a window that was never seen, a shorter one speaks.
    longer = cells(kr.fit(paths, order=2).score(new), ("path",), "conversion_later")
    assert longer["ad > unknown > mail"] == pytest.approx(chain["mail", "(conversion)"])
    assert set(kr.fit(paths, model="shapley").score(new)["conversion"]) == {None}


def test_scores_of_open_journeys(tiny: kr.Journeys) -> None:
    found = kr.fit(tiny).score(tiny)
    assert set(found.columns) == {"path", "conversion", "conversion_later", "conversions", "nulls", "open"}


@pytest.mark.parametrize("model", ["markov", "linear", "shapley", "logistic", "shao_li", "leave_one_out"])
def test_a_fit_shares_out_other_conversions(paths: kr.Paths, model: Any) -> None:
    fitted = kr.fit(paths, model=model)
    new = kr.read_paths({"path": ["mail > ad", "mail", "new"], "total_conversions": [3, 2, 1]})
    found = fitted.apply(new)
    assert sum(found["credit"]) == pytest.approx(6)
    if model not in ("leave_one_out",):
        own = fitted.apply(paths, rows="normalised")
        assert sum(own["credit"]) == pytest.approx(paths.conversions)
    if model == "markov":
        allocated = cells(fitted.apply(paths, rows="allocated"), ("touchpoint",), "credit")
        assert allocated == pytest.approx(cells(kr.attribute(paths), ("touchpoint",), "credit"))


def test_drawn_journeys_have_the_rates_of_the_fit(paths: kr.Paths) -> None:
    drawn = kr.fit(paths).generate(20_000, seed=3)
    assert drawn.conversions + drawn.nulls == 20_000
    rate = paths.conversions / (paths.conversions + paths.nulls)
    assert drawn.conversions / 20_000 == pytest.approx(rate, abs=4 * math.sqrt(rate * (1 - rate) / 20_000))
    assert drawn.value / drawn.conversions == pytest.approx(paths.value / paths.conversions, rel=0.05)
    assert (
        kr.fit(paths).generate(50, seed=3).table().to_dicts() == kr.fit(paths).generate(50, seed=3).table().to_dicts()
    )
    whole = {path for path, _, _ in ((" > ".join(r[0]), r[1], r[2]) for r in paths._handle.rows())}
    assert set(kr.fit(paths, order=5).generate(200).table()["path"]) <= {p.replace("a > b", '"a > b"') for p in whole}


def test_repeats_survive_drawing() -> None:
    table = kr.read_paths({"path": ["a > a > b"], "total_conversions": [1]})
    assert any("a > a" in path for path in kr.fit(table).generate(50).table()["path"])


def test_files_read_back(tmp_path: Path, paths: kr.Paths, tiny: kr.Journeys) -> None:
    for number, model in enumerate(
        (
            kr.fit(paths, order=3, smoothing=0.5),
            kr.fit(tiny, model="position_based", weights=(0.5, 0.2, 0.3), exclude="C"),
        )
    ):
        file = tmp_path / f"{number}.klantreis"
        model.save(file)
        again = kr.load_model(file)
        assert repr(again) == repr(model)
        assert again.arguments == json.loads(json.dumps(model.arguments))
        assert again.credit()["credit"] == pytest.approx(model.credit()["credit"], rel=1e-12)
        assert [entry.name for entry in tmp_path.iterdir() if entry.name.endswith(".part")] == []
    again = kr.load_model(tmp_path / "1.klantreis")
    assert again.score(tiny).to_dicts() == model.score(tiny).to_dicts()


def test_damaged_cut_off_and_newer_files_are_refused(tmp_path: Path, paths: kr.Paths) -> None:
    file = tmp_path / "model"
    kr.fit(paths).save(file)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(kr.InputError, match="damaged"):
        kr.load_model(file)
    text = gzip.decompress(whole).decode()
    file.write_bytes(gzip.compress(text.replace("4.5", "5.5").encode()))
    with pytest.raises(kr.InputError, match="checksum"):
        kr.load_model(file)
    file.write_bytes(gzip.compress(text.replace('"version": 1', '"version": 2').encode()))
    with pytest.raises(kr.InputError, match="version 2"):
        kr.load_model(file)
    file.write_text("nothing")
    with pytest.raises(kr.InputError, match="no saved model"):
        kr.load_model(file)
    with pytest.raises(FileNotFoundError):
        kr.load_model(tmp_path / "absent")


def test_merging_equals_fitting_both() -> None:
    halves = [{name: cells[i::2] for name, cells in COLUMNS.items()} for i in (0, 1)]
    first, second = (kr.fit(kr.read_paths(half, nulls="total_null", value="value"), order=2) for half in halves)
    both = kr.fit(kr.read_paths(COLUMNS, nulls="total_null", value="value"), order=2)
    merged = first.merge(second).credit()
    assert cells(merged, ("touchpoint",), "credit") == pytest.approx(cells(both.credit(), ("touchpoint",), "credit"))
    with pytest.raises(kr.InputError, match="different arguments"):
        first.merge(kr.fit(kr.read_paths(halves[1], nulls="total_null", value="value")))


def test_what_cannot_be_kept_is_refused(paths: kr.Paths) -> None:
    with pytest.raises(kr.InputError, match="times of touches"):
        kr.fit(paths, model="time_decay")
    with pytest.raises(kr.InputError, match="function"):
        kr.fit(paths, model="custom", weights=lambda n: [1.0] * n)


def test_cost_per_conversion_and_value_per_cost(paths: kr.Paths) -> None:
    cost = {"ad": 30.0, "mail": 12.0}
    plain = cells(kr.attribute(paths), ("touchpoint",), "credit", "credit_lower", "credit_upper", "credit_value_lower")
    found = kr.attribute(paths, cost=cost)
    assert found.columns[-9:-2] == ["cost", "cpa", "cpa_lower", "cpa_upper", "roas", "roas_lower", "roas_upper"]
    for row in found:
        credit, lower, upper, value_lower = plain[row["touchpoint"]]
        amount = cost.get(row["touchpoint"])
        if amount is None:
            assert row["cost"] is row["cpa"] is row["roas"] is None
        else:
            assert row["cpa"] == pytest.approx(amount / credit)
            assert (row["cpa_lower"], row["cpa_upper"]) == pytest.approx((amount / upper, amount / lower))
            assert row["roas_lower"] == pytest.approx(value_lower / amount)


def test_costs_from_tables_are_added_up_over_periods(paths: kr.Paths) -> None:
    columns = {"touchpoint": ["ad", "ad", "mail"], "period": ["2024-01", "2024-02", "2024-01"], "cost": [10, 20, 12]}
    expected = kr.attribute(paths, cost={"ad": 30, "mail": 12})["cpa"]
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for table in (columns, rows, pd.DataFrame(columns), pl.DataFrame(columns), kr.Table.from_columns(columns)):
        found = kr.attribute(paths, cost=table)
        assert found["cpa"] == expected
        assert found.options["cost_periods"] == "2024-01 … 2024-02"


def test_costs_of_touches_come_from_the_log() -> None:
    log = kr.read(
        {
            "customer_id": [1, 1, 1, 2],
            "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-01"],
            "touchpoint": ["ad", "ad", "order", "mail"],
            "cost": [0.5, 0.75, None, 0.1],
        },
        cost="cost",
    )
    found = cells(kr.attribute(kr.journeys(log, conversion="order"), cost="touches"), ("touchpoint",), "cost", "cpa")
    assert found == {"ad": (1.25, 1.25), "mail": (0.1, None)}


@pytest.mark.parametrize(
    ("cost", "message"),
    [
        ({"radio": 3}, "'radio', which no settled journey touches"),
        ({"ad": -1}, "0 or more"),
        ({"ad": "much"}, "must be a number"),
        ("money", "'touches'"),
        ("touches", "path table has no costs"),
        ([{"touchpoint": "ad"}], "needs 'touchpoint' and 'cost'"),
        (3, "cost is int"),
    ],
)
def test_costs_that_make_no_sense(paths: kr.Paths, cost: Any, message: str) -> None:
    with pytest.raises(kr.InputError, match=message):
        kr.attribute(paths, cost=cost)


def test_a_shift_of_budget(paths: kr.Paths) -> None:
    credit = kr.attribute(paths, cost={"ad": 30.0, "mail": 10.0})
    rows = {row["touchpoint"]: row for row in credit}
    found = kr.shift_budget(credit, source="ad", target="mail", amount=3, elasticity=0.5).to_dicts()
    gain = rows["mail"]["credit"] * (1.3**0.5 - 1)
    loss = rows["ad"]["credit"] * (0.9**0.5 - 1)
    assert [row["change"] for row in found] == pytest.approx([loss, gain, loss + gain])
    for options, message in (
        ({"source": "ad", "target": "shop", "amount": 1}, "no cost"),
        ({"source": "ad", "target": "mail", "amount": 31}, "at most what 'ad' costs"),
        ({"source": "ad", "target": "ad", "amount": 1}, "two items"),
        ({"source": "ad", "target": "mail", "amount": 1, "elasticity": 2}, "elasticity"),
    ):
        with pytest.raises(kr.InputError, match=message):
            kr.shift_budget(credit, **options)  # type: ignore[arg-type]


def test_calibration_follows_the_tests(paths: kr.Paths) -> None:
    credit = kr.attribute(paths, model="linear")
    own = cells(credit, ("touchpoint",), "credit")
    found = cells(kr.calibrate(credit, lift={"ad": (2.0, 0.5), "mail": 1.0}), ("touchpoint",), "calibrated", "factor")
    factor = 3.0 / (own["ad"] + own["mail"])
    assert found["ad"] == pytest.approx((2.0, 2.0 / own["ad"]))
    assert found["shop"][0] == pytest.approx(own["shop"] * factor)
    assert sum(value for value, _ in found.values()) == pytest.approx(paths.conversions)
    with pytest.raises(kr.InputError, match="has no credit"):
        kr.calibrate(credit, lift={"radio": 1})
