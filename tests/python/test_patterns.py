# SPDX-License-Identifier: MIT
"""kr.variants, kr.step_matrix, kr.ways_in, kr.ways_out, kr.entries and kr.likely_paths."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import klantreis as kr
import oracle
from bridge import cells, read
from oracle import shared_file, shared_json


@pytest.fixture(scope="module")
def journeys() -> kr.Journeys:
    return kr.journeys(
        read(oracle.webshop_columns()),
        conversion="order",
        after_conversion="stop",
        inactivity="30d",
        observed_until="2024-04-30",
    )


# --- variants


def test_variants_show_value_and_time(journeys: kr.Journeys) -> None:
    found = kr.variants(journeys)
    assert found.columns == [
        "path", "count", "open", "share", "coverage", "conversions", "conversion_rate", "lower", "upper", "n", "value",
        "median_time", "marks",
    ]  # fmt: skip
    bought = [row for row in found if row["conversions"]]
    assert sorted(row["value"] for row in bought) == [40, 60, 60, 90, 120, 200]
    hours = sorted(row["median_time"] / 3600 for row in bought)
    assert hours == pytest.approx([0.1833, 0.2333, 0.3333, 0.35, 34.25, 69.1667], abs=5e-5)
    assert found["path"] == sorted(found["path"])
    assert found.options["variants"] == "12"


def test_a_limit_hides_rows_and_changes_no_figure(journeys: kr.Journeys) -> None:
    found = kr.variants(journeys, by="phase")
    shown = kr.variants(journeys, by="phase", limit=2)
    assert len(shown) == 2 < len(found)
    assert shown.to_dicts() == found.head(2).to_dicts()
    assert len(kr.variants(journeys, limit=0)) == 0


def test_variants_of_paths_are_those_of_their_journeys(journeys: kr.Journeys) -> None:
    of_journeys = kr.variants(journeys, by="channel").to_dicts()
    of_paths = kr.variants(kr.paths(journeys, by="channel")).to_dicts()
    for row in of_journeys:
        row["median_time"] = None
    assert of_paths == of_journeys
    with pytest.raises(kr.InputError, match=r"klantreis\.paths"):
        kr.variants(kr.paths(journeys), collapse=True)
    with pytest.raises(kr.InputError, match="limit"):
        kr.variants(journeys, limit=-1)


def test_variants_of_a_path_table_that_was_read() -> None:
    paths = kr.read_paths(
        {"path": ["a > b", "a", "a > b"], "conversions": [1, 0, 2], "nulls": [3, 30, 4]},
        conversions="conversions",
        nulls="nulls",
    )
    found = kr.variants(paths)
    assert cells(found, ("path",), "count", "conversions", "conversion_rate", "n") == {
        "a": (30, 0, 0.0, 30),
        "a > b": (10, 3, 0.3, 10),
    }


def test_sessions_of_the_web_shop() -> None:
    expected = shared_json("reference/funnels/cross_ecom.json")["session_variants"]
    log = kr.read(str(shared_file("data/ecom_synthetic_2024.parquet")), customer="session_id", touchpoint="event")
    found = kr.variants(kr.journeys(log), limit=10)
    assert found.options["variants"] == str(expected["n"])
    assert [[row["path"].split(" > "), row["count"]] for row in found] == expected["top"]


# --- step matrix


def test_open_journeys_stand_at_open() -> None:
    columns: dict[str, list[Any]] = {
        "customer": ["u", "u", "v"],
        "time": [0, 60_000_000, 86_400_000_000],
        "touchpoint": ["a", "buy", "a"],
    }
    journeys = kr.journeys(read(columns), conversion="buy", inactivity="1h")
    found = cells(kr.step_matrix(journeys, steps=3), ("step", "label"), "count", "share")
    assert found == {
        (1, "a"): (2, 1.0),
        (2, "(conversion)"): (1, 0.5),
        (2, "(open)"): (1, 0.5),
        (3, "(conversion)"): (1, 0.5),
        (3, "(open)"): (1, 0.5),
    }


def test_the_first_steps_of_users_equal_retentioneering() -> None:
    expected = shared_json("reference/funnels/retentioneering5_ecom.json")["step_matrix_10"]
    log = kr.read(str(shared_file("data/ecom_synthetic_2024.parquet")), customer="user_id", touchpoint="event")
    found = cells(kr.step_matrix(kr.journeys(log)), ("step", "label"), "share")
    shown = {
        (int(step), label): share
        for label, row in zip(expected["index"], expected["data"], strict=True)
        for step, share in zip(expected["columns"], row, strict=True)
        if int(step) > 0 and share > 0
    }
    # Without a conversion every end is a null.
    assert found == pytest.approx(
        {(step, {"path_end": "(null)"}.get(label, label)): s for (step, label), s in shown.items()}
    )


def test_bad_numbers_of_steps(journeys: kr.Journeys) -> None:
    with pytest.raises(kr.InputError, match="at least 1"):
        kr.step_matrix(journeys, steps=0)
    with pytest.raises(kr.LimitError, match="at most 10000"):
        kr.step_matrix(journeys, steps=10_001)
    with pytest.raises(kr.InputError, match="whole number"):
        kr.step_matrix(journeys, steps=2.5)  # type: ignore[arg-type]


# --- ways


def test_ways_into_the_product_page(journeys: kr.Journeys) -> None:
    found = kr.ways_in(journeys, "product_view")
    assert list(zip(found["path"], found["count"], strict=True)) == [
        ("search_click", 5),
        ("social_click", 2),
        ("add_to_cart", 1),
        ("email_click", 1),
        ("referral_visit", 1),
    ]
    assert sum(found["share"]) == pytest.approx(1)
    assert found.columns == [
        "path", "count", "share", "n", "conversions", "conversion_rate", "lower", "upper", "marks",
    ]  # fmt: skip


def test_entries_of_the_webshop(journeys: kr.Journeys) -> None:
    assert cells(kr.entries(journeys), ("path",), "count") == {
        "search_click": 4, "ad_impression": 3, "social_click": 2, "referral_visit": 1, "store_visit": 1,
        "email_click": 1,
    }  # fmt: skip
    by_channel = cells(kr.entries(journeys, by="channel"), ("path",), "count", "open")
    assert by_channel["google"] == (4, 0)
    assert sum(n for n, _ in by_channel.values()) == 12


def test_entries_count_open_journeys_and_rates_do_not() -> None:
    columns: dict[str, list[Any]] = {
        "customer": ["u", "u", "v", "w"],
        "time": [0, 1_000_000, 0, 86_400_000_000],
        "touchpoint": ["mail", "buy", "mail", "mail"],
    }
    journeys = kr.journeys(read(columns), conversion="buy", inactivity="1h")
    assert kr.entries(journeys).to_dicts()[0] | {"lower": 0, "upper": 0, "marks": ""} == {
        "path": "mail", "count": 3, "open": 1, "share": 1.0, "n": 2, "conversions": 1, "conversion_rate": 0.5,
        "lower": 0, "upper": 0, "marks": "",
    }  # fmt: skip
    assert kr.ways_out(journeys, "(start)")["count"] == [2]


def test_longer_ways_are_ngrams_of_the_web_shop() -> None:
    top = shared_json("reference/funnels/cross_ecom.json")["ngrams_top40 (count, users)"]
    log = kr.read(str(shared_file("data/ecom_synthetic_2024.parquet")), customer="user_id", touchpoint="event")
    journeys = kr.journeys(log)
    checked = 0
    for names, count, users in top:
        found = cells(kr.ways_in(journeys, names[-1], steps=len(names) - 1), ("path",), "count", "n")
        assert found[" > ".join(names[:-1])] == (count, users), names
        checked += 1
    assert checked == 40


def test_ways_into_the_end_are_the_last_touches(journeys: kr.Journeys) -> None:
    last = kr.ways_in(journeys, "(conversion)")
    assert sum(last["count"]) == 6
    assert set(last["conversion_rate"]) == {1.0}
    lost = kr.ways_in(journeys, "(null)")
    assert Counter(dict(zip(lost["path"], lost["count"], strict=True))) == Counter(
        {row["touchpoint"]: row["exits"] for row in kr.drop_off(journeys) if row["exits"]}
    )


def test_bad_ways_are_refused(journeys: kr.Journeys) -> None:
    with pytest.raises(kr.InputError, match="did you mean 'product_view'"):
        kr.ways_in(journeys, "productview")
    with pytest.raises(kr.InputError, match=r"no ways into \(start\)"):
        kr.ways_in(journeys, "(start)")
    with pytest.raises(kr.InputError, match=r"\(conversion\) or \(null\)"):
        kr.ways_in(journeys, "(end)")
    with pytest.raises(kr.LimitError, match="at most 64"):
        kr.ways_out(journeys, "product_view", steps=65)


# --- likely paths


def test_a_path_that_nobody_took_can_be_likely() -> None:
    columns = {"path": ["a > b > c", "d > b > e"], "conversions": [1, 1], "nulls": [1, 0]}
    paths = kr.read_paths(columns, conversions="conversions", nulls="nulls")
    # After b a journey goes to c in two of three, whatever stood before it; c converts in one of two.
    found = cells(kr.likely_paths(paths), ("path",), "probability")
    assert found == pytest.approx(
        {"a > b > e": 2 / 9, "a > b > c": 2 / 9, "d > b > c": 1 / 9, "d > b > e": 1 / 9}, rel=1e-12
    )
    assert kr.likely_paths(paths)["path"] == ["a > b > c", "a > b > e", "d > b > c", "d > b > e"]
    assert sum(kr.likely_paths(paths)["share"]) == pytest.approx(1)
    # At order 2 the step after b depends on what stood before it.
    second = cells(kr.likely_paths(paths, order=2), ("path",), "probability")
    assert second == pytest.approx({"a > b > c": 1 / 3, "d > b > e": 1 / 3}, rel=1e-12)
    assert kr.likely_paths(paths, to="(null)", limit=1)["path"] == ["a > b > c"]


def test_likely_paths_of_journeys_are_those_of_their_paths(journeys: kr.Journeys) -> None:
    found = kr.likely_paths(journeys, by="channel", limit=5)
    assert found.to_dicts() == kr.likely_paths(kr.paths(journeys, by="channel"), limit=5).to_dicts()
    assert found["rank"] == [1, 2, 3, 4, 5]
    assert found["probability"] == sorted(found["probability"], reverse=True)
    assert found["share"] == pytest.approx([2 * p for p in found["probability"]])


def test_bad_likely_paths_are_refused(journeys: kr.Journeys) -> None:
    with pytest.raises(kr.InputError, match="order"):
        kr.likely_paths(journeys, order=0)
    with pytest.raises(kr.InputError, match=r"\(conversion\) or \(null\)"):
        kr.likely_paths(journeys, to="order")
    with pytest.raises(kr.InputError, match="after_conversion"):
        kr.likely_paths(journeys.recut(after_conversion="continue"))
    with pytest.raises(kr.InputError, match=r"klantreis\.paths"):
        kr.likely_paths(kr.paths(journeys), by="channel")
