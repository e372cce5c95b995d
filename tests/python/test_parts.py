# SPDX-License-Identifier: MIT
"""Counts of parts of the customers: merged in any order they are those of one pass, and bytes carry them faithfully."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import math
import multiprocessing
import pickle
import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import klantreis as kr
from strategies import Columns, logs, random_log

STEPS = ["a", "search", "buy"]
PHASES = ["aware", "consider", "decide"]
ASKED: dict[str, tuple[dict[str, Any], Callable[[kr.Journeys], Any]]] = {
    "transitions": ({"by": "channel", "collapse": True}, lambda j: kr.transitions(j, by="channel", collapse=True)),
    "paths": ({"lookback": "3d"}, lambda j: kr.paths(j, lookback="3d").table()),
    "funnel": ({"steps": STEPS, "window": "4d"}, lambda j: kr.Part(_funnel_core(j)).result()),
    "drop_off": ({"units": "visits"}, lambda j: kr.drop_off(j, units="visits")),
    "step_matrix": ({"steps": 4}, lambda j: kr.step_matrix(j, steps=4)),
    "variants": ({}, kr.variants),
    "spells": ({"by": "phase"}, lambda j: kr.survival(j, by="phase")),
    "cohort_rate": ({"within": ["1d", "20d"]}, lambda j: kr.cohort_rate(j, within=["1d", "20d"])),
    "return_cohorts": ({"period": "3d"}, lambda j: kr.return_cohorts(j, period="3d")),
    "matches": ({"pattern": "a ->> buy"}, lambda j: kr.match(j, "a ->> buy")),
    "measure": ({"map": PHASES, "by": "touchpoint"}, lambda j: kr.measure(j, map=PHASES, by="touchpoint")),
    "conformance": ({"map": PHASES}, lambda j: kr.conformance(j, map=PHASES)),
}


def _funnel_core(journeys: kr.Journeys) -> Any:
    # kr.funnel refuses steps that no event of the log carries, which in a random log there may be.
    return kr.count(journeys, "funnel", steps=STEPS, window="4d")._handle


def read(columns: Columns) -> kr.Log:
    return kr.read(
        columns,
        customer="customer",
        time="time",
        time_unit="us",
        channel="channel",
        phase="phase",
        value="value",
        order="order",
    )


def shards_of(columns: Columns, seed: int, shards: int) -> list[Columns]:
    """The rows by customer: each customer in one shard."""
    rng = random.Random(seed)
    shard_of = {customer: rng.randrange(shards) for customer in sorted(set(columns["customer"]))}
    found = []
    for shard in range(shards):
        rows = [i for i, customer in enumerate(columns["customer"]) if shard_of[customer] == shard]
        if rows:
            found.append({name: [cells[i] for i in rows] for name, cells in columns.items()})
    rng.shuffle(found)
    return found


def cut(columns: Columns, last: int) -> kr.Journeys:
    end = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc) + dt.timedelta(microseconds=last)
    return kr.journeys(read(columns), conversion=["buy"], inactivity="2d", observed_until=end)


def shown(result: Any) -> kr.Table:
    if isinstance(result, kr.Paths):
        return result.table()
    return kr.survival(result) if isinstance(result, kr.Spells) else result


def assert_same(found: kr.Table, wanted: kr.Table) -> None:
    assert found.columns == wanted.columns
    assert found.options == wanted.options
    assert len(found) == len(wanted)
    for name in wanted.columns:
        scale = sum(abs(cell) for cell in wanted[name] if isinstance(cell, float) and math.isfinite(cell))
        for one, other in zip(found[name], wanted[name], strict=True):
            if isinstance(other, float):
                assert one == pytest.approx(other, rel=1e-12, abs=1e-12 * scale), name
            else:
                assert one == other, name


def assert_merged(analysis: str, columns: Columns, seed: int, shards: int, threads: int) -> None:
    options, one_pass = ASKED[analysis]
    last = max(columns["time"])
    parts = [
        kr.count(cut(shard, last), analysis, threads=threads, **options)  # type: ignore[arg-type]
        for shard in shards_of(columns, seed, shards)
    ]
    sent = [kr.Part.from_bytes(part.to_bytes()) for part in parts]
    wanted = one_pass(cut(columns, last))
    assert_same(shown(kr.merge(sent).result()), wanted)
    total = sent[0]
    for part in sent[1:]:
        total = part + total
    assert_same(shown(total.result()), wanted)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("analysis", ASKED)
@settings(max_examples=25, deadline=None)
@given(columns=logs(), seed=st.integers(0, 1000), shards=st.integers(1, 5), threads=st.integers(1, 3))
def test_any_split_by_customer_merges_to_the_counts_of_one_pass(
    analysis: str, columns: Columns, seed: int, shards: int, threads: int
) -> None:
    assert_merged(analysis, columns, seed, shards, threads)


@pytest.mark.parametrize("analysis", ASKED)
def test_many_parts_of_a_larger_log_merge_to_the_counts_of_one_pass(analysis: str) -> None:
    assert_merged(analysis, random_log(5, customers=400), seed=1, shards=23, threads=2)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_all_tables_of_an_analysis_come_of_merged_parts() -> None:
    columns = random_log(16, customers=200)
    last = max(columns["time"])
    journeys = cut(columns, last)

    def merged(analysis: Any, **options: Any) -> kr.Part:
        return kr.merge([kr.count(cut(shard, last), analysis, **options) for shard in shards_of(columns, 7, 6)])

    assert_same(merged("matches", pattern="a ->> buy").result(of="times"), kr.match(journeys, "a ->> buy").times)
    measured = kr.measure(journeys, map=PHASES, confidence=0.9)
    part = merged("measure", map=PHASES)
    assert_same(part.result(of="attrition", confidence=0.9), measured.attrition)
    assert_same(part.result(of="emotions", confidence=0.9), measured.emotions)
    found = kr.conformance(journeys, map=PHASES)
    part = merged("conformance", map=PHASES)
    for name in ("deviations", "moves", "summary"):
        assert_same(part.result(of=name), getattr(found, name))
    with pytest.raises(kr.InputError, match="choose one of arrows"):
        part.result(of="walks")


@pytest.mark.parametrize("model", ["markov", "shapley", "linear", "first_touch", "last_touch", "position_based"])
def test_credits_of_merged_paths_are_those_of_the_journeys(model: Any) -> None:
    columns = random_log(6, customers=300)
    last = max(columns["time"])
    parts = [kr.count(cut(shard, last), "paths") for shard in shards_of(columns, 3, 7)]
    found = kr.attribute(kr.merge(parts).result(), model=model)
    wanted = kr.attribute(cut(columns, last), model=model)
    assert found["touchpoint"] == wanted["touchpoint"]
    for name in ("credit", "credit_value", "credit_lower", "credit_upper", "share"):
        scale = sum(abs(cell) for cell in wanted[name] if cell is not None)
        # Removal effects come out of a linear system, which amplifies the last digits.
        assert found[name] == pytest.approx(wanted[name], abs=(1e-9 if model == "markov" else 1e-12) * scale), name


def _count_shard(columns: Columns, last: int) -> kr.Part:
    return kr.count(cut(columns, last), "transitions")


def test_processes_count_shards_and_send_them_back() -> None:
    columns = random_log(7, customers=60)
    last = max(columns["time"])
    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        parts = list(pool.map(_count_shard, shards_of(columns, 4, 3), [last] * 3))
    assert_same(kr.merge(parts).result(), kr.transitions(cut(columns, last)))


@pytest.mark.parametrize("analysis", ASKED)
def test_pickled_parts_are_the_same_parts(analysis: Any) -> None:
    columns = random_log(8, customers=40)
    part = kr.count(cut(columns, max(columns["time"])), analysis, **ASKED[analysis][0])
    again = pickle.loads(pickle.dumps(part))
    assert again.kind == analysis
    assert again.to_bytes() == part.to_bytes()
    assert_same(shown(again.result()), shown(part.result()))


def test_paths_can_be_pickled() -> None:
    paths = kr.paths(kr.journeys(read(random_log(9)), conversion="buy"))
    assert_same(pickle.loads(pickle.dumps(paths)).table(), paths.table())


def test_merging_leaves_its_parts_as_they_are() -> None:
    columns = random_log(10, customers=20)
    parts = [kr.count(cut(shard, max(columns["time"])), "variants") for shard in shards_of(columns, 5, 2)]
    before = [part.to_bytes() for part in parts]
    kr.merge(parts)
    assert [part.to_bytes() for part in parts] == before


CHANGED: Iterable[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("transitions", {"by": "channel"}, {}, "by is channel in one and touchpoint in the other"),
    ("transitions", {"collapse": True}, {}, "collapse is true in one and false in the other"),
    ("step_matrix", {"steps": 3}, {"steps": 4}, "steps is 3 in one and 4 in the other"),
    ("drop_off", {"units": "visits"}, {}, "units is visits in one and journeys in the other"),
    ("funnel", {"steps": STEPS, "window": "1d"}, {"steps": STEPS, "window": "2d"}, "window is"),
    ("cohort_rate", {"within": "1d"}, {"within": "2d"}, "within is"),
    ("paths", {"lookback": "1d"}, {}, "lookback"),
    ("variants", {"collapse": True}, {}, "collapse is yes in one and no in the other"),
    ("return_cohorts", {"period": "1d"}, {}, "period is 1d in one and 7d in the other"),
    ("matches", {"pattern": "a"}, {"pattern": "b"}, "pattern is a in one and b in the other"),
    ("measure", {"map": PHASES}, {"map": PHASES, "scope": ("aware", "consider")}, "scope is"),
    ("conformance", {"map": PHASES}, {"map": PHASES[::-1]}, "phases is"),
]


@pytest.mark.parametrize(("analysis", "one", "other", "named"), CHANGED)
def test_parts_of_different_options_do_not_merge_and_the_option_is_named(
    analysis: Any, one: dict[str, Any], other: dict[str, Any], named: str
) -> None:
    columns = random_log(11, customers=20)
    journeys = cut(columns, max(columns["time"]))
    with pytest.raises(kr.InputError, match=named):
        kr.merge([kr.count(journeys, analysis, **one), kr.count(journeys, analysis, **other)])


# A funnel of customers looks at all events, however the journeys are cut.
@pytest.mark.parametrize("analysis", sorted(set(ASKED) - {"funnel"}))
def test_parts_of_journeys_cut_differently_do_not_merge(analysis: Any) -> None:
    log = read(random_log(12, customers=20))
    options = ASKED[analysis][0]
    parts = [
        kr.count(kr.journeys(log, conversion=conversion, inactivity="1d"), analysis, **options)
        for conversion in ("buy", "a")
    ]
    with pytest.raises(kr.InputError, match="conversion is buy in one and a in the other"):
        kr.merge(parts)


def test_parts_of_two_analyses_do_not_merge() -> None:
    journeys = kr.journeys(read(random_log(13)), conversion="buy")
    with pytest.raises(kr.InputError, match="counts of transitions and of step_matrix"):
        kr.merge([kr.count(journeys, "transitions"), kr.count(journeys, "step_matrix")])
    with pytest.raises(kr.InputError, match="no part"):
        kr.merge([])
    with pytest.raises(kr.InputError, match="'funnel'"):
        kr.count(journeys, "funel")  # type: ignore[arg-type]


def test_an_excluded_item_need_not_occur_in_every_part() -> None:
    columns = random_log(14, customers=40)
    columns["touchpoint"][0] = "rare"
    last = max(columns["time"])
    parts = [kr.count(cut(shard, last), "paths", exclude="rare") for shard in shards_of(columns, 6, 5)]
    assert_same(kr.merge(parts).result().table(), kr.paths(cut(columns, last), exclude="rare").table())


@pytest.mark.parametrize("analysis", ASKED)
def test_damaged_and_cut_bytes_are_refused(analysis: Any) -> None:
    columns = random_log(15, customers=30)
    data = kr.count(cut(columns, max(columns["time"])), analysis, **ASKED[analysis][0]).to_bytes()
    rng = random.Random(2)
    for _ in range(200):
        place = rng.randrange(len(data))
        broken = bytearray(data)
        broken[place] ^= 1 << rng.randrange(8)
        with pytest.raises(kr.InputError):
            kr.Part.from_bytes(bytes(broken))
        with pytest.raises(kr.InputError):
            kr.Part.from_bytes(data[:place])
    with pytest.raises(kr.InputError, match="follows"):
        kr.Part.from_bytes(data + b"\0")
    with pytest.raises(kr.InputError, match="do not begin"):
        kr.Part.from_bytes(b"path,conversions\n")
    with pytest.raises(kr.InputError, match="version 2, and this klantreis reads version 1"):
        kr.Part.from_bytes(data[:8] + b"\2" + data[9:])
