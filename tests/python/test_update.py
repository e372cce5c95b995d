# SPDX-License-Identifier: MIT
"""A log with events added is the log of all events read anew; what is written to a file comes back."""

from __future__ import annotations

import pickle
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import klantreis as kr
from strategies import Columns, logs, random_log
from test_large import table
from test_parts import assert_same

ROLES: dict[str, Any] = {
    "customer": "customer",
    "time": "time",
    "channel": "channel",
    "phase": "phase",
    "value": "value",
}


def parted(columns: Columns, chosen: list[bool]) -> tuple[Columns, Columns]:
    """The rows that are not chosen, and those that are."""
    found = []
    for wanted in (False, True):
        rows = [i for i, is_later in enumerate(chosen) if is_later == wanted]
        found.append({name: [cells[i] for i in rows] for name, cells in columns.items()})
    return found[0], found[1]


def assert_like_read_anew(first: Columns, more: Columns, **roles: Any) -> None:
    roles = {**ROLES, **roles}
    log = kr.read(table(first), **roles).update(table(more))
    anew = kr.read(table({name: first[name] + more[name] for name in first}), **roles)
    assert_same(log.health(), anew.health())
    for by in ("touchpoint", "channel", "phase"):
        assert_same(log.counts(by), anew.counts(by))
    cut: dict[str, Any] = {"conversion": ["buy"], "inactivity": None if roles["time"] is None else "3d"}
    updated = kr.journeys(kr.read(table(first), **roles), **cut).update(table(more))
    wanted = kr.journeys(anew, **cut)
    assert_same(updated.summary(), wanted.summary())
    assert_same(kr.transitions(updated), kr.transitions(wanted))
    assert_same(kr.variants(updated), kr.variants(wanted))
    assert_same(kr.drop_off(updated, by="channel"), kr.drop_off(wanted, by="channel"))


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=40, deadline=None)
@given(columns=logs(), seed=st.integers(0, 1000), share=st.sampled_from([0.0, 0.1, 0.5, 1.0]))
def test_rows_added_at_random_make_the_log_of_all_rows(columns: Columns, seed: int, share: float) -> None:
    rng = random.Random(seed)
    assert_like_read_anew(*parted(columns, [rng.random() < share for _ in columns["time"]]))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("time", ["time", None])
@settings(max_examples=25, deadline=None)
@given(columns=logs(), seed=st.integers(0, 1000), coarse=st.booleans())
def test_rows_added_to_a_log_in_the_order_of_a_column_make_the_log_of_all_rows(
    time: str | None, columns: Columns, seed: int, coarse: bool
) -> None:
    rng = random.Random(seed)
    # Coarse numbers leave ties, which the position in the input decides.
    columns = {**columns, "order": [number // 4 if coarse else number for number in columns["order"]]}
    assert_like_read_anew(
        *parted(columns, [rng.random() < 0.4 for _ in columns["time"]]), time=time, order="order", numbers=["order"]
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=40, deadline=None)
@given(columns=logs(), place=st.floats(0, 1))
def test_later_rows_make_the_log_of_all_rows(columns: Columns, place: float) -> None:
    times = sorted(columns["time"])
    since = times[min(int(place * len(times)), len(times) - 1)]
    assert_like_read_anew(*parted(columns, [time >= since for time in columns["time"]]))


def test_many_small_updates_of_a_larger_log_make_the_log_of_all_rows() -> None:
    columns = random_log(1, customers=200)
    rows = len(columns["time"])
    log = kr.read(table({name: cells[: rows // 2] for name, cells in columns.items()}), **ROLES)
    for begin in range(rows // 2, rows, 40):
        log = log.update(table({name: cells[begin : begin + 40] for name, cells in columns.items()}))
    anew = kr.read(table(columns), **ROLES)
    assert_same(log.health(), anew.health())
    assert log.touchpoints == anew.touchpoints
    assert_same(kr.transitions(kr.journeys(log, conversion="buy")), kr.transitions(kr.journeys(anew, conversion="buy")))


def test_an_update_leaves_the_log_as_it_was() -> None:
    first, more = parted(random_log(2), [i % 3 == 0 for i in range(len(random_log(2)["time"]))])
    log = kr.read(table(first), **ROLES)
    before = log.health()
    log.update(table(more))
    assert_same(log.health(), before)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"value": None}, "value column"),
        ({"channel": None}, "other columns"),
        ({"attributes": ["order"]}, "other columns"),
    ],
)
def test_events_with_other_columns_are_refused_by_name(changed: dict[str, Any], named: str) -> None:
    columns = table(random_log(3))
    with pytest.raises(kr.InputError, match=named):
        kr.read(columns, **ROLES).update(kr.read(columns, **{**ROLES, **changed}))


def test_what_cannot_be_updated_says_why() -> None:
    columns = random_log(4)
    ordered = kr.read(table(columns), order="order", **ROLES)
    with pytest.raises(kr.InputError, match=r"order column 'order'.*with numbers=\['order'\]"):
        ordered.update(table(columns))
    beyond = {**columns, "order": [2**60 + number for number in columns["order"]]}
    with pytest.raises(kr.InputError, match="does not keep exactly"):
        kr.read(table(beyond), order="order", numbers=["order"], **ROLES).update(table(columns))
    with pytest.raises(kr.InputError, match="order column"):
        pickle.loads(pickle.dumps(ordered)).update(table(columns))
    other_ids = {**columns, "customer": list(range(len(columns["time"])))}
    source = table(columns).set_column(0, "customer", [other_ids["customer"]])
    with pytest.raises(kr.InputError, match="ids of customers of another type"):
        kr.read(table(columns), **ROLES).update(source)
    shop = {
        "klantreis": 1,
        "journey": {"id": "shop"},
        "phases": [{"id": "p"}],
        "touchpoints": [{"id": "a", "phase": "p"}],
    }
    mapped = kr.read({"customer_id": [1], "timestamp": ["2024-03-01"], "touchpoint": ["a"]}, map=shop)
    with pytest.raises(kr.InputError, match="map"):
        mapped.update({"customer_id": [1], "timestamp": ["2024-03-02"], "touchpoint": ["a"]})


def test_a_saved_log_is_the_same_log_and_can_be_updated(tmp_path: Path) -> None:
    columns = random_log(5, customers=100)
    first, more = parted(columns, [i % 4 == 0 for i in range(len(columns["time"]))])
    log = kr.read(table(first), **ROLES)
    log.save(tmp_path / "log.bin")
    again = kr.load_log(tmp_path / "log.bin")
    assert_same(again.health(), log.health())
    assert again.source == log.source
    wanted = kr.transitions(kr.journeys(log.update(table(more)), conversion="buy"))
    assert_same(kr.transitions(kr.journeys(again.update(table(more)), conversion="buy")), wanted)
    assert [path.name for path in tmp_path.iterdir()] == ["log.bin"]


def test_pickled_logs_and_journeys_are_the_same() -> None:
    log = kr.read(table(random_log(6, customers=50)), **ROLES)
    journeys = kr.journeys(log, conversion="buy", inactivity="4d", after_conversion="stop")
    again = pickle.loads(pickle.dumps(journeys))
    assert again.options == journeys.options
    assert_same(again.summary(), journeys.summary())
    assert_same(pickle.loads(pickle.dumps(log)).health(), log.health())


def test_damaged_and_missing_files_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "log.bin"
    kr.read(table(random_log(7)), **ROLES).save(path)
    data = path.read_bytes()
    rng = random.Random(1)
    for _ in range(100):
        place = rng.randrange(len(data))
        path.write_bytes(data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :])
        with pytest.raises(kr.InputError, match=r"log\.bin"):
            kr.load_log(path)
        path.write_bytes(data[:place])
        with pytest.raises(kr.InputError, match=r"log\.bin"):
            kr.load_log(path)
    part = kr.count(kr.journeys(kr.read(table(random_log(7)), **ROLES)), "transitions")
    path.write_bytes(part.to_bytes())
    with pytest.raises(kr.InputError, match="'transitions' and no log"):
        kr.load_log(path)
    with pytest.raises(kr.InputError, match="check the path"):
        kr.load_log(tmp_path / "other.bin")
