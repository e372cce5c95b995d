# SPDX-License-Identifier: MIT
"""Steps and flow around a touchpoint, trees, crossings and moves: against peers and the slow reference."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import around, intervals

import klantreis as kr
from bridge import assert_same, big, both, cells, cut, cuts, labels, often, read
from oracle import shared_file, shared_json
from strategies import CONVERSIONS, TOUCHPOINTS, Columns, logs, random_log, shuffled

ENDS = {"path_start": "(start)", "path_end": "(null)"}


@pytest.fixture(scope="module")
def users() -> kr.Journeys:
    path = shared_file("data/ecom_synthetic_2024.parquet")
    return kr.journeys(kr.read(str(path), customer="user_id", touchpoint="event"))


# --- retentioneering


def matrix(table: dict[str, Any]) -> dict[tuple[str, str], Any]:
    return {
        (ENDS.get(row, row), ENDS.get(column, column)): cell
        for row, values in zip(table["index"], table["data"], strict=True)
        for column, cell in zip(table["columns"], values, strict=True)
    }


WEIGHTS = {
    "transition_count": "count",
    "transition_unique_paths": "journeys",
    "transition_share_of_total": "share",
    "transition_avg_per_path": "per_journey",
    "transition_proba_out": "probability",
    "transition_proba_in": "probability_in",
    "transition_time_median_s": "median_time",
    "transition_time_q95_s": "p95_time",
}


@pytest.mark.parametrize("weight", WEIGHTS)
def test_each_weight_of_edges_equals_retentioneering(users: kr.Journeys, weight: str) -> None:
    expected = matrix(shared_json("reference/funnels/retentioneering5_ecom.json")[weight])
    found = cells(kr.edge_weights(users), ("from", "to"), WEIGHTS[weight])
    checked = 0
    for edge, value in expected.items():
        if weight.startswith("transition_time") and {"(start)", "(null)"} & set(edge):
            # There the peer gives the ends the times of their neighbours; for us they are no events.
            assert edge not in found or found[edge] is None
        elif not value and edge not in found:
            continue
        else:
            assert_same(found[edge], value, str(edge))
            checked += 1
    assert checked > 300


def test_sessions_have_the_edges_of_retentioneering() -> None:
    expected = matrix(shared_json("reference/funnels/retentioneering5_ecom.json")["transition_count_by_session"])
    path = shared_file("data/ecom_synthetic_2024.parquet")
    found = kr.edge_weights(kr.journeys(kr.read(str(path), customer="session_id", touchpoint="event")))
    assert cells(found, ("from", "to"), "count") == {edge: n for edge, n in expected.items() if n}


def test_steps_around_an_event_equal_retentioneering(users: kr.Journeys) -> None:
    (block,) = shared_json("reference/funnels/retentioneering5_ecom.json")["step_matrix_pattern add_to_cart"]
    expected = {(int(step), label): share for (label, step), share in matrix(block).items() if share}
    found = cells(kr.steps_around(users, "add_to_cart"), ("step", "label"), "share")
    assert found.keys() == expected.keys()
    assert found == pytest.approx(expected, abs=1e-12)


def test_the_steps_from_the_start_are_the_step_matrix(users: kr.Journeys) -> None:
    found = kr.steps_around(users, before=0, after=10).to_dicts()
    steps = cells(kr.step_matrix(users, steps=10), ("step", "label"), "count", "share")
    assert {(row["step"], row["label"]): (row["count"], row["share"]) for row in found if row["step"]} == steps


# --- PostHog


def test_flow_from_the_start_equals_the_paths_of_posthog() -> None:
    expected = shared_json("reference/funnels/cross_ecom.json")["posthog_paths_edges_top50"]
    path = shared_file("data/ecom_synthetic_2024.parquet")
    log = kr.read(str(path), customer="user_id", touchpoint="event")
    sessions = kr.journeys(log, gap="30m")
    assert len(sessions) == 3605
    found = cells(kr.flow_around(sessions, before=0, after=5, collapse=True), ("step", "from", "to"), "count")
    for here, there, count in expected:
        step, start = here.split("_", 1)
        assert found[int(step), start, there.split("_", 1)[1]] == count
    assert len(expected) == 50


# --- pm4py


def process_log(name: str) -> kr.Journeys:
    file = {"running-example": "data/running_example.csv", "receipt": "data/receipt.csv.gz"}[name]
    log = kr.read(
        str(shared_file(file)),
        customer="case:concept:name",
        time="time:timestamp",
        touchpoint="concept:name",
        attributes=["org:resource"],
    )
    return kr.journeys(log, after_conversion="continue")


@pytest.mark.parametrize("name", ["running-example", "receipt"])
def test_process_logs_equal_pm4py(name: str) -> None:
    expected = shared_json("reference/funnels/pm4py_ref.json")[name]
    journeys = process_log(name)
    assert len(journeys) == expected["cases"]
    edges = kr.edge_weights(journeys)
    counts = cells(edges, ("from", "to"), "count")
    inner = {edge: n for edge, n in counts.items() if "(start)" not in edge and "(end)" not in edge}
    assert inner == {(a, b): n for a, b, n in expected["dfg"]}
    assert {b: n for (a, b), n in counts.items() if a == "(start)"} == expected["start"]
    assert {a: n for (a, b), n in counts.items() if b == "(end)"} == expected["end"]
    columns = ["mean_time", "median_time", "max_time", "min_time", "total_time", "sd_time"]
    times = cells(edges, ("from", "to"), *columns)
    for a, b, figures in expected["performance_dfg_s"]:
        for ours, theirs in zip(times[a, b], ("mean", "median", "max", "min", "sum", "stdev"), strict=True):
            if theirs == "stdev" and counts[a, b] == 1:
                assert ours is None
            else:
                assert_same(ours, figures[theirs], f"{a} > {b}: {theirs}", rel=1e-6, tolerance=1e-3)
    follows = cells(kr.eventually_follows(journeys), ("from", "to"), "count")
    assert follows == {(a, b): n for a, b, n in expected["eventually_follows"]}
    rows = cells(kr.rework(journeys), ("touchpoint",), "reworked", "min_distance")
    again = {item: n for item, (n, _) in rows.items() if n}
    assert again == expected["rework_cases_per_activity"]
    assert {item: rows[item][1] for item in again} == expected["min_self_distances"]
    variants = kr.variants(journeys)
    assert variants.options["variants"] == str(expected["n_variants"])
    counted = cells(variants, ("path",), "count")
    for path, n in expected["variants_top"]:
        assert counted[" > ".join(path)] == n


def tree_of(table: kr.Table) -> dict[str, Any]:
    """The nodes in the form of pm4py's prefix tree, children by name."""
    rows = table.to_dicts()
    nodes: dict[int, dict[str, Any]] = {}
    for row in rows:
        node = {"label": row["label"] if row["parent"] >= 0 else None, "final": False, "children": []}
        if row["label"] == "(end)":
            nodes[row["parent"]]["final"] = True
            continue
        nodes[row["node"]] = node
        if row["parent"] >= 0:
            nodes[row["parent"]]["children"].append(node)
    return nodes[0]


def sorted_tree(node: dict[str, Any]) -> dict[str, Any]:
    children = sorted((sorted_tree(child) for child in node["children"]), key=lambda child: str(child["label"]))
    return {"label": node["label"], "final": node["final"], "children": children}


def test_the_tree_from_the_start_is_the_prefix_tree_of_pm4py() -> None:
    expected = shared_json("reference/funnels/pm4py_ref.json")["running-example"]["prefix_tree"]
    found = kr.path_tree(process_log("running-example"), after=100)
    assert sorted_tree(tree_of(found)) == sorted_tree(expected)


def test_hand_offs_between_resources_are_those_of_the_rows() -> None:
    journeys = process_log("running-example")
    found = cells(kr.hand_offs(journeys, by="org:resource"), ("from", "to"), "count", "median_time")
    rows = kr.edge_weights(journeys, by="org:resource")
    plain = cells(rows, ("from", "to"), "count", "median_time")
    states = {"(start)", "(end)"}
    assert found == {edge: row for edge, row in plain.items() if edge[0] != edge[1] and not states & set(edge)}


# --- the slow reference

windows_asked = st.tuples(
    st.sampled_from([*TOUCHPOINTS[:3], "(start)"]),
    st.integers(0, 3),
    st.integers(1, 3),
    st.sampled_from(["first", "last", "every"]),
    st.sampled_from(["touchpoint", "phase"]),
    st.booleans(),
)


@often
@given(logs(conversions=2), cuts, windows_asked)
def test_steps_and_flow(columns: Columns, options: dict[str, Any], asked: tuple[Any, ...]) -> None:
    at, before, after, which, by, collapse = asked
    fast, slow = both(columns, options)
    at = at if by == "touchpoint" or at == "(start)" else "aware"
    known = {at} <= {"(start)", *columns["touchpoint"], *(phase or "(none)" for phase in columns["phase"])}
    arguments = {"before": before, "after": after, "which": which, "by": by, "collapse": collapse}
    if not known:
        with pytest.raises(kr.InputError, match="no event"):
            kr.steps_around(fast, at, **arguments)
        return
    seen = list(around.windows(slow, at, before, after, which, by, collapse))
    found = kr.steps_around(fast, at, **arguments).to_dicts()
    expected = around.steps_around(seen, before)
    assert {(row["step"], row["label"]) for row in found} == set(expected)
    for row in found:
        count, interval = expected[row["step"], row["label"]]
        assert row["count"] == count
        assert_same(row["share"], count / len(seen), "share")
        assert_same(row["lower"], interval.lower, "lower")
        assert_same(row["upper"], interval.upper, "upper")
        assert_same(row["reached"], around.reached(seen, before, row["step"], row["label"]) / len(seen), "reached")
    moves = kr.flow_around(fast, at, **arguments).to_dicts()
    expected_moves = around.flow_around(seen, before)
    assert {(row["step"], row["from"], row["to"]) for row in moves} == set(expected_moves)
    for row in moves:
        count, interval = expected_moves[row["step"], row["from"], row["to"]]
        leaving = sum(
            n for (step, here, _), (n, _) in expected_moves.items() if (step, here) == (row["step"], row["from"])
        )
        assert row["count"] == count
        assert_same(row["probability"], count / leaving, "probability")
        assert_same(row["lower"], interval.lower, "lower")
        assert_same(row["upper"], interval.upper, "upper")


@often
@given(logs(conversions=2), cuts, windows_asked)
def test_trees(columns: Columns, options: dict[str, Any], asked: tuple[Any, ...]) -> None:
    at, before, after, which, _, collapse = asked
    fast, slow = both(columns, options)
    if at != "(start)" and at not in columns["touchpoint"]:
        return
    found = kr.path_tree(fast, at, before=before, after=after, which=which, collapse=collapse).to_dicts()
    expected = around.tree(slow, at, before, after, which, "touchpoint", collapse)
    shown = {(row["step"], row["path"]): (row["count"], row["open"], row["conversions"]) for row in found}
    if not expected:
        assert shown == {(0, at): (0, 0, 0)}
        return
    assert shown == {(step, " > ".join(path)): row for (step, path), row in expected.items()}
    by_number = {row["node"]: row for row in found}
    for row in found[1:]:
        parent = by_number[row["parent"]]
        assert abs(parent["step"]) == abs(row["step"]) - 1
        assert_same(row["share_of_parent"], row["count"] / parent["count"], "share_of_parent")


@often
@given(logs(conversions=2), st.floats(0.01, 0.9))
def test_small_branches_merge_and_all_still_add_up(columns: Columns, least: float) -> None:
    journeys = cut(read(columns), conversion=CONVERSIONS)
    found = kr.path_tree(journeys, after=3, min_share=least).to_dicts()
    sums: Counter[int] = Counter()
    for row in found[1:]:
        sums[row["parent"]] += row["count"]
        assert row["label"] == "(other)" or row["share"] >= least - 1e-12
    for row in found:
        if row["node"] in sums:
            assert sums[row["node"]] == row["count"]


ends = st.sampled_from([*TOUCHPOINTS[:3], "(start)", "(conversion)", "(null)"])


@often
@given(logs(conversions=2), cuts, ends, ends, st.sampled_from(["first", "last"]), labels, st.booleans())
def test_crossings(
    columns: Columns, options: dict[str, Any], start: str, goal: str, which: str, by: str, collapse: bool
) -> None:
    fast, slow = both(columns, options)
    present = {"(start)", "(conversion)", "(null)", *(cell or "(none)" for cell in columns[by])}
    if not {start, goal} <= present:
        return
    expected = list(around.crossings(slow, start, goal, which, by, collapse))
    ways = kr.detours(fast, start, goal, which=which, by=by, collapse=collapse)
    counts = Counter(path for _, path, _, _ in expected)
    assert cells(ways, ("path",), "count") == {" > ".join(p) if p else "(direct)": n for p, n in counts.items()}
    converted = Counter(path for journey, path, _, _ in expected if journey.converted)
    times: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for _, path, begin, end in expected:
        if begin is not None and end is not None:
            times[path].append((end - begin) / 1e6)
    for row in ways:
        key = () if row["path"] == "(direct)" else tuple(row["path"].split(" > "))
        assert row["conversions"] == converted[key]
        assert_same(row["median_time"], intervals.quantile(times[key], 0.5) if times[key] else None, "median_time")
    items = kr.between(fast, start, goal, which=which, by=by, collapse=collapse)
    crossed = Counter(item for _, path, _, _ in expected for item in set(path))
    assert cells(items, (by,), "crossings") == crossed
    for row in items:
        assert_same(row["share"], crossed[row[by]] / len(expected), "share")
        assert row["count"] == sum(path.count(row[by]) for _, path, _, _ in expected)


@often
@given(logs(conversions=2), cuts, labels, st.booleans())
def test_what_comes_later_and_again(columns: Columns, options: dict[str, Any], by: str, collapse: bool) -> None:
    fast, slow = both(columns, options)
    paths = [around.path(j, by, collapse) for j in slow if j.settled]
    pairs = Counter(pair for path in paths for pair in itertools.combinations(path, 2))
    found = kr.eventually_follows(fast, by=by, collapse=collapse)
    assert cells(found, ("from", "to"), "count") == pairs
    with_pair = Counter(pair for path in paths for pair in set(itertools.combinations(path, 2)))
    for row in found:
        assert row["journeys"] == with_pair[row["from"], row["to"]]
        assert_same(row["confidence"], row["journeys"] / sum(row["from"] in path for path in paths), "confidence")
    rows = cells(kr.rework(fast, by=by, collapse=collapse), (by,), "visits", "journeys", "reworked", "loops", "returns")
    for item, row in rows.items():
        repeats = sum(max(path.count(item) - 1, 0) for path in paths)
        loops = sum(a == b == item for path in paths for a, b in itertools.pairwise(path))
        assert row == (
            sum(path.count(item) for path in paths),
            sum(item in path for path in paths),
            sum(path.count(item) > 1 for path in paths),
            loops,
            repeats - loops,
        )


def test_items_below_the_threshold_are_others_and_targets_stay() -> None:
    columns: dict[str, list[Any]] = {
        "customer": ["u", "u", "v", "v", "w", "w"],
        "time": [0, 1_000_000] * 3,
        "touchpoint": ["a", "x", "a", "y", "a", "a"],
    }
    journeys = kr.journeys(read(columns))
    found = kr.steps_around(journeys, before=0, after=2, threshold=0.5, targets=["y"])
    assert cells(found, ("step", "label"), "count") == {
        (0, "(start)"): 3, (0, "y"): 0, (1, "a"): 3, (1, "y"): 0, (2, "(other)"): 1, (2, "a"): 1, (2, "y"): 1,
    }  # fmt: skip
    with pytest.raises(kr.InputError, match="0 to 1"):
        kr.steps_around(journeys, threshold=1.5)
    with pytest.raises(kr.InputError, match="no steps"):
        kr.flow_around(journeys, before=0, after=0)
    with pytest.raises(kr.LimitError, match="at most 1000"):
        kr.steps_around(journeys, after=1001)


def test_entries_other_than_the_home_page_keep_their_shares(users: kr.Journeys) -> None:
    every = cells(kr.entries(users), ("path",), "count", "share")
    assert cells(kr.entries(users, without="home"), ("path",), "count", "share") == {
        path: row for path, row in every.items() if path != "home"
    }
    with pytest.raises(kr.InputError, match="no event"):
        kr.entries(users, without="nowhere")


def everything(journeys: kr.Journeys, threads: int | None = None) -> dict[str, list[dict[str, Any]]]:
    at = TOUCHPOINTS[0]
    return {
        "steps": kr.steps_around(journeys, at, which="every", threads=threads).to_dicts(),
        "flow": kr.flow_around(journeys, at, threads=threads).to_dicts(),
        "tree": kr.path_tree(journeys, at, before=2, min_share=0.01, threads=threads).to_dicts(),
        "detours": kr.detours(journeys, at, TOUCHPOINTS[1], threads=threads).to_dicts(),
        "between": kr.between(journeys, at, "(null)", threads=threads).to_dicts(),
        "edges": kr.edge_weights(journeys, threads=threads).to_dicts(),
        "hand_offs": kr.hand_offs(journeys, by="channel", threads=threads).to_dicts(),
        "follows": kr.eventually_follows(journeys, threads=threads).to_dicts(),
        "rework": kr.rework(journeys, threads=threads).to_dicts(),
    }


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    columns = big(seed)
    expected = everything(cut(read(columns), conversion=CONVERSIONS))
    assert everything(cut(read(shuffled(columns, 1)), conversion=CONVERSIONS)) == expected


def test_the_number_of_threads_does_not_matter() -> None:
    columns = random_log(12, customers=20_000, mean_events=2)
    journeys = cut(read(columns), conversion=CONVERSIONS)
    assert everything(journeys, threads=3) == everything(journeys, threads=1)
