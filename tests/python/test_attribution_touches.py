# SPDX-License-Identifier: MIT
"""Which touches are credited: lookbacks, exclusion, reuse, milestones, decay, units and rows."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import klantreis as kr
from bridge import cells, read
from oracle import shared_file, tiny_columns

DAY = 86_400_000_000


def log_of(*journeys: tuple[str, list[tuple[float, str]]], value: float | None = None) -> kr.Log:
    columns: dict[str, list[Any]] = {"customer": [], "time": [], "touchpoint": []}
    for customer, steps in journeys:
        for day, name in steps:
            columns["customer"].append(customer)
            columns["time"].append(int(day * DAY))
            columns["touchpoint"].append(name)
    if value is not None:
        columns["value"] = [value if name == "order" else None for name in columns["touchpoint"]]
    return read(columns)


TWO_ORDERS = log_of(("u", [(0, "ad"), (1, "mail"), (2, "order"), (3, "direct"), (4, "search"), (5, "order")]))


def credit_of(journeys: kr.Journeys | kr.Paths, **options: Any) -> dict[str, float]:
    return cells(kr.attribute(journeys, **options), ("touchpoint",), "credit")


def test_a_touch_is_credited_once_unless_asked() -> None:
    journeys = kr.journeys(TWO_ORDERS, conversion="order")
    assert credit_of(journeys, model="first_touch") == {"ad": 1, "direct": 1, "mail": 0, "search": 0}
    again = credit_of(journeys, model="first_touch", reuse_touches=True)
    assert again == {"ad": 2, "direct": 0, "mail": 0, "search": 0}
    within = credit_of(journeys, model="first_touch", reuse_touches=True, lookback="4d")
    assert within == {"ad": 1, "mail": 1, "direct": 0, "search": 0}


def test_touches_after_the_conversion_earn_nothing_of_it() -> None:
    assert credit_of(kr.journeys(TWO_ORDERS, conversion="order"), model="last_touch")["search"] == 1


def test_a_lookback_in_touches() -> None:
    journeys = kr.journeys(log_of(("u", [(0, "a"), (1, "b"), (2, "c"), (3, "order")])), conversion="order")
    assert credit_of(journeys, model="linear", lookback_touches=2) == {"b": 0.5, "c": 0.5}
    for model in ("markov", "shapley", "time_decay", "linear_distinct"):
        assert set(credit_of(journeys, model=model, lookback_touches=1)) == {"c"}
    table = kr.attribute(journeys, model="linear", lookback_touches=2)
    assert table.options["lookback_touches"] == "2"


@pytest.mark.parametrize("model", ["linear", "time_decay", "last_touch", "markov", "shapley", "logistic"])
def test_what_is_excluded_leaves_its_credit_to_the_others(model: Any) -> None:
    journeys = kr.journeys(
        log_of(
            ("u", [(0, "ad"), (1, "direct"), (2, "order")]),
            ("v", [(0, "mail"), (1, "direct"), (1.5, "direct"), (2, "order")]),
            ("w", [(0, "direct"), (2, "order")]),
            ("x", [(0, "ad"), (1, "direct")]),
        ),
        conversion="order",
    )
    found = credit_of(journeys, model=model, exclude="direct")
    assert "direct" not in found
    assert found["(unattributed)"] == 1
    assert sum(found.values()) == pytest.approx(3)


def test_a_misspelt_exclusion_is_refused() -> None:
    journeys = kr.journeys(TWO_ORDERS, conversion="order")
    with pytest.raises(kr.InputError, match=r"'dirct' that is to be excluded.*'direct'"):
        kr.attribute(journeys, exclude="dirct")
    with pytest.raises(kr.InputError, match="exclude cannot be applied"):
        kr.attribute(kr.paths(journeys), exclude="direct")


def test_same_instants_follow_the_order_column() -> None:
    columns = {
        "customer": ["u"] * 3,
        "time": [DAY] * 3,
        "touchpoint": ["order", "b", "a"],
        "order": [3, 2, 1],
    }
    journeys = kr.journeys(read(columns), conversion="order")
    assert credit_of(journeys, model="first_touch") == {"a": 1, "b": 0}


def test_w_shape_and_full_path_by_hand() -> None:
    paths = kr.read_paths({"path": ["a > b > lead > c > deal > d > e"], "total_conversions": [1]})
    found = credit_of(paths, model="w_shaped", milestones="lead")
    assert found == pytest.approx({"a": 0.3, "lead": 0.3, "e": 0.3, **dict.fromkeys(["b", "c", "deal", "d"], 0.025)})
    found = credit_of(paths, model="full_path", milestones=["lead", "deal"])
    anchors = dict.fromkeys(["a", "lead", "deal", "e"], 0.225)
    assert found == pytest.approx({**anchors, **dict.fromkeys(["b", "c", "d"], 0.1 / 3)})
    # A missing milestone, touches that coincide, and no others.
    short = kr.read_paths({"path": ["a > b > c", "lead", "a > lead", "lead > x"], "total_conversions": [1, 0, 0, 0]})
    assert credit_of(short, model="w_shaped", milestones="lead") == pytest.approx({"a": 0.45, "c": 0.45, "b": 0.1})
    two = kr.read_paths({"path": ["lead > x"], "total_conversions": [1]})
    assert credit_of(two, model="w_shaped", milestones="lead") == pytest.approx({"lead": 2 / 3, "x": 1 / 3})
    with pytest.raises(kr.InputError, match="give two items"):
        kr.attribute(paths, model="full_path", milestones="lead")
    with pytest.raises(kr.InputError, match="'leed' of w_shaped does not occur"):
        kr.attribute(paths, model="w_shaped", milestones="leed")


def test_rank_decay_by_hand() -> None:
    paths = kr.read_paths({"path": ["a > b > c"], "total_conversions": [7]})
    assert credit_of(paths, model="rank_decay") == pytest.approx({"c": 4, "b": 2, "a": 1})
    assert credit_of(paths, model="rank_decay", ratio=1) == pytest.approx(dict.fromkeys("abc", 7 / 3))
    with pytest.raises(kr.InputError, match="ratio is"):
        kr.attribute(paths, model="rank_decay", ratio=0)


def brute_force(paths: list[tuple[list[str], float, float]], removed: set[str]) -> float:
    """P(conversion) of the order-1 chain without some items, by a dense solve."""
    states = ["(start)", *sorted({item for path, _, _ in paths for item in path})]
    place = {state: i for i, state in enumerate(states)}
    counts = np.zeros((len(states), len(states) + 2))
    for path, conversions, nulls in paths:
        steps = ["(start)", *path]
        for here, there in itertools.pairwise(steps):
            counts[place[here], place[there]] += conversions + nulls
        counts[place[steps[-1]], -2] += conversions
        counts[place[steps[-1]], -1] += nulls
    p = counts / counts.sum(axis=1, keepdims=True)
    keep = [i for state, i in place.items() if state not in removed]
    q = p[np.ix_(keep, keep)]
    return float(np.linalg.solve(np.eye(len(keep)) - q, p[keep, -2])[0])


ROWS = [
    (["a", "b"], 10.0, 30.0), (["a"], 5.0, 60.0), (["b", "a", "b"], 6.0, 8.0), (["b"], 12.0, 40.0),
    (["c", "b"], 3.0, 9.0), (["c"], 1.0, 25.0), (["a", "c", "d"], 2.0, 14.0),
]  # fmt: skip
TABLE = kr.read_paths(
    {
        "path": [" > ".join(path) for path, _, _ in ROWS],
        "total_conversions": [conversions for _, conversions, _ in ROWS],
        "total_null": [nulls for _, _, nulls in ROWS],
    },
    nulls="total_null",
)


def test_sets_are_removed_together() -> None:
    base = brute_force(ROWS, set())
    sets = {"first two": ["a", "b"], "rare": ["c", "d"], "b alone": ["b"], "all": ["a", "b", "c", "d"]}
    found = cells(
        kr.removal_effects(TABLE, units=sets),
        ("touchpoint",), "removal_effect", "removal_effect_lower", "removal_effect_upper", "marks",
    )  # fmt: skip
    for name, members in sets.items():
        effect, lower, upper, marks = found[name]
        assert effect == pytest.approx(1 - brute_force(ROWS, set(members)) / base, abs=1e-12)
        assert lower < effect <= upper
        assert ("boundary" in marks) == (name == "all")
    alone = cells(kr.removal_effects(TABLE), ("touchpoint",), "removal_effect", "removal_effect_lower")
    assert found["b alone"][:2] == pytest.approx(alone["b"])


def test_sequences_are_removed_where_they_stand_in_that_order() -> None:
    paths = kr.read_paths(
        {"path": ["a > b > c", "b > a", "b > c", "c"], "total_conversions": [4, 1, 2, 1], "total_null": [2, 6, 2, 5]},
        nulls="total_null",
    )
    # Without a > b remain b > c, entered 4 times and converting 6 times in 10, b > a and c, each with 1 conversion.
    found = cells(kr.removal_effects(paths, units={"a, then b": "a > b"}, order=2), ("touchpoint",), "removal_effect")
    assert found["a, then b"] == pytest.approx(1 - (4 * 0.6 + 1 + 1) / 8)
    with pytest.raises(kr.InputError, match="order of at least 3"):
        kr.removal_effects(paths, units={"x": "a > b > c"}, order=2)
    with pytest.raises(kr.InputError, match="'z', which is on no path"):
        kr.removal_effects(paths, units={"x": ["z"]})


def test_failing_journeys_give_the_share_of_conversions_with_the_item() -> None:
    found = cells(kr.attribute(TABLE, removal="fail"), ("touchpoint",), "removal_effect", "removal_effect_lower")
    conversions = sum(won for _, won, _ in ROWS)
    for item in "abcd":
        share = sum(won for path, won, _ in ROWS if item in path) / conversions
        assert found[item][0] == pytest.approx(share, abs=1e-12)
        assert found[item][1] is not None
    assert found.keys() == cells(kr.attribute(TABLE, removal="fail", order=3), ("touchpoint",), "credit").keys()


def test_skipping_an_item_takes_the_other_steps_of_the_row() -> None:
    def without(item: str) -> float:
        states = ["(start)", "a", "b", "c", "d"]
        place = {state: i for i, state in enumerate(states)}
        counts = np.zeros((5, 7))
        for path, won, lost in ROWS:
            steps = ["(start)", *path]
            for here, there in itertools.pairwise(steps):
                counts[place[here], place[there]] += won + lost
            counts[place[steps[-1]], 5] += won
            counts[place[steps[-1]], 6] += lost
        counts[:, place[item]] = 0
        keep = [i for state, i in place.items() if state != item]
        total = counts[keep].sum(axis=1)
        p = counts[keep] / np.where(total > 0, total, 1)[:, None]
        return float(np.linalg.solve(np.eye(4) - p[:, keep], p[:, 5])[0])

    base = brute_force(ROWS, set())
    found = cells(kr.attribute(TABLE, removal="skip"), ("touchpoint",), "removal_effect", "credit", "credit_lower")
    losses = {item: 1 - without(item) / base for item in "abcd"}
    for item, effect in losses.items():
        assert found[item][0] == pytest.approx(effect, abs=1e-12)
        assert found[item][1] == pytest.approx(39 * max(0, effect) / sum(max(0, e) for e in losses.values()), abs=1e-9)
        assert found[item][2] is None


def test_smoothing_moves_rare_ends_to_the_mean_and_says_so() -> None:
    plain, smooth = kr.attribute(TABLE), kr.attribute(TABLE, smoothing=5.0)
    assert sum(smooth["credit"]) == pytest.approx(sum(plain["credit"]))
    assert smooth.options["smoothing"] == "5"
    assert "Smoothed" in smooth.definition
    effects = [cells(t, ("touchpoint",), "removal_effect") for t in (plain, smooth)]
    assert effects[0] != effects[1]
    assert cells(kr.attribute(TABLE, smoothing=1e-12), ("touchpoint",), "removal_effect") == pytest.approx(effects[0])
    with pytest.raises(kr.InputError, match="smoothing is -1"):
        kr.attribute(TABLE, smoothing=-1)


@pytest.mark.parametrize("model", ["markov", "shapley", "linear", "leave_one_out"])
def test_allocated_rows_add_up_to_the_credit(model: Any) -> None:
    options: dict[str, Any] = {"game": "subset_rate"} if model == "shapley" else {}
    credit = credit_of(TABLE, model=model, **options)
    rows = kr.attribute(TABLE, model=model, rows="allocated", **options)
    assert rows.columns == ["path", "touchpoint", "credit"]
    sums = dict.fromkeys(credit, 0.0)
    for row in rows:
        sums[row["touchpoint"]] += row["credit"]
    assert sums == pytest.approx(credit)


def test_normalised_rows_share_out_their_own_conversions() -> None:
    rows = kr.attribute(TABLE, rows="normalised")
    effect = cells(kr.attribute(TABLE), ("touchpoint",), "removal_effect")
    sums: dict[str, float] = {}
    for row in rows:
        sums[row["path"]] = sums.get(row["path"], 0.0) + row["credit"]
    assert sums == pytest.approx({" > ".join(path): won for path, won, _ in ROWS})
    one = {row["touchpoint"]: row["credit"] for row in rows if row["path"] == "a > b"}
    assert one["a"] == pytest.approx(10 * effect["a"] / (effect["a"] + effect["b"]))


def test_normalised_rows_are_far_from_the_credits_on_real_paths() -> None:
    paths = kr.read_paths(str(shared_file("data/channelattribution_pathdata.parquet")), nulls="total_null")
    credit = credit_of(paths)
    sums = dict.fromkeys(credit, 0.0)
    for row in kr.attribute(paths, rows="normalised"):
        sums[row["touchpoint"]] += row["credit"]
    distance = sum(abs(sums[item] - credit[item]) for item in credit) / sum(credit.values())
    # A tool that took one for the other was off by 36.6 % of all conversions.
    assert distance == pytest.approx(0.366, abs=0.02)


def test_each_touch_of_a_customer_is_explained() -> None:
    journeys = kr.journeys(read(tiny_columns()), conversion="conversion", gap="50d")
    for model in ("markov", "linear", "time_decay", "shapley", "additive_hazard"):
        found = kr.explain_credit(journeys, customer="u5", model=model)
        assert found["touchpoint"] == ["A", "C", "B"]
        assert found["position"] == [1, 2, 3]
        assert all(model in why for why in found["why"])
    by_rows = {
        row["touchpoint"]: row["credit"]
        for row in kr.attribute(journeys, rows="allocated").to_dicts()
        if row["path"] == "A > C > B"
    }
    explained = cells(kr.explain_credit(journeys, customer="u5"), ("touchpoint",), "part")
    assert explained == pytest.approx(by_rows)
    normalised = kr.explain_credit(journeys, customer="u5", rows="normalised")
    assert sum(normalised["part"]) == pytest.approx(1)
    assert sum(normalised["credit_value"]) == pytest.approx(40)
    with pytest.raises(kr.InputError, match="no customer 'nobody'"):
        kr.explain_credit(journeys, customer="nobody")


def test_an_allocated_credit_of_paths_that_never_converted_is_shown() -> None:
    # x leads to a, which converts on other paths; no path with x itself did.
    paths = kr.read_paths(
        {"path": ["x > a", "a"], "total_conversions": [0, 4], "total_null": [3, 3]}, nulls="total_null"
    )
    rows = kr.attribute(paths, rows="allocated").to_dicts()
    rest = [row for row in rows if row["path"] == "(unattributed)"]
    assert [row["touchpoint"] for row in rest] == ["x"]
    assert sum(row["credit"] for row in rows) == pytest.approx(4)
    assert math.isclose(rest[0]["credit"], credit_of(paths)["x"])
