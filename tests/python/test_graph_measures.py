# SPDX-License-Identifier: MIT
"""Graph.measures, Graph.shortest_paths, Graph.to_igraph and Graph.to_networkx against networkx."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import pytest

import klantreis as kr

networkx = pytest.importorskip("networkx")


def random_graph(seed: int, items: int = 8, journeys: int = 60) -> kr.Graph:
    """Journeys whose weights hardly ever tie."""
    rng = random.Random(seed)
    names = [f"t{i}" for i in range(items)]
    rows: dict[str, list[Any]] = {"path": [], "conversions": [], "nulls": []}
    for _ in range(journeys):
        near = rng.randrange(items)
        path = [names[(near + rng.randrange(4)) % items] for _ in range(rng.randint(1, 7))]
        rows["path"].append(" > ".join(path))
        rows["conversions"].append(rng.random() * 5)
        rows["nulls"].append(rng.random() * 5)
    return kr.graph(kr.read_paths(rows, conversions="conversions", nulls="nulls"))


def lengths(graph: Any, length: str) -> str | None:
    for _, _, data in graph.edges(data=True):
        data["surprise"] = max(-math.log(data["probability"]), 1e-9)
        data["rarity"] = 1 / data["weight"]
    return None if length == "steps" else length


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("length", ["steps", "surprise", "rarity"])
def test_betweenness_is_that_of_networkx(seed: int, length: str) -> None:
    graph = random_graph(seed)
    peer = graph.to_networkx()
    found = graph.measures(length=length)
    expected = networkx.betweenness_centrality(peer, weight=lengths(peer, length))
    assert dict(zip(found["state"], found["betweenness"], strict=True)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("damping", [0.5, 0.85, 0.99])
def test_page_rank_is_that_of_networkx(seed: int, damping: float) -> None:
    graph = random_graph(seed)
    found = graph.measures(damping=damping)
    expected = networkx.pagerank(graph.to_networkx(), alpha=damping, tol=1e-14, max_iter=10_000)
    assert dict(zip(found["state"], found["page_rank"], strict=True)) == pytest.approx(expected, abs=1e-10)
    assert sum(found["page_rank"]) == pytest.approx(1)


@pytest.mark.parametrize("seed", range(6))
def test_parts_and_loops_are_those_of_networkx(seed: int) -> None:
    graph = random_graph(seed, items=12, journeys=8)
    found = graph.measures()
    peer = graph.to_networkx()

    def groups(column: str) -> set[frozenset[str]]:
        numbers = zip(found["state"], found[column], strict=True)
        by_number = itertools.groupby(sorted(numbers, key=lambda pair: pair[1]), key=lambda pair: pair[1])
        return {frozenset(state for state, _ in states) for number, states in by_number if number}

    assert groups("part") == {frozenset(part) for part in networkx.weakly_connected_components(peer)}
    loops = {frozenset(loop) for loop in networkx.strongly_connected_components(peer) if len(loop) > 1}
    assert groups("loop") == loops
    assert {frozenset(loop) for loop in graph.loops()} == loops


@pytest.mark.parametrize("seed", range(8))
def test_communities_are_those_of_networkx(seed: int) -> None:
    graph = random_graph(seed, items=14)
    found = graph.measures()
    undirected = networkx.Graph()
    for row in graph.edges:
        a, b = row["from"], row["to"]
        if a != b and not a.startswith("(") and not b.startswith("("):
            before = undirected.get_edge_data(a, b, {"weight": 0.0})["weight"]
            undirected.add_edge(a, b, weight=before + row["weight"])
    expected = networkx.community.greedy_modularity_communities(undirected, weight="weight")
    mine: dict[int, set[str]] = {}
    for state, number in zip(found["state"], found["community"], strict=True):
        assert (number == 0) == state.startswith("(")
        if state in undirected:
            mine.setdefault(number, set()).add(state)
    modularity = networkx.community.modularity(undirected, mine.values(), weight="weight")
    assert float(found.options["modularity"]) == pytest.approx(modularity, abs=1e-6)
    assert {frozenset(states) for states in mine.values()} == {frozenset(states) for states in expected}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("length", ["surprise", "rarity"])
def test_shortest_simple_paths_are_those_of_networkx(seed: int, length: str) -> None:
    graph = random_graph(seed)
    peer = graph.to_networkx()
    key = lengths(peer, length)
    expected = list(itertools.islice(networkx.shortest_simple_paths(peer, "(start)", "(conversion)", weight=key), 12))
    found = graph.shortest_paths(limit=12, length=length)
    assert found["path"] == [" > ".join(path) for path in expected]
    for row, path in zip(found, expected, strict=True):
        steps = [peer.edges[pair] for pair in itertools.pairwise(path)]
        assert row["length"] == pytest.approx(sum(step[length] for step in steps))
        assert row["probability"] == pytest.approx(math.prod(step["probability"] for step in steps))


def test_the_shortest_paths_of_the_published_example_come_in_the_order_of_their_names() -> None:
    # Lengths are 1 / weight: C-D 3, C-E 2, D-F 4, E-D 1, E-F 2, E-G 3, F-G 2, F-H 1, G-H 2.
    steps = {"CD": 3, "CE": 2, "DF": 4, "ED": 1, "EF": 2, "EG": 3, "FG": 2, "FH": 1, "GH": 2}
    weights = [1 / length for length in steps.values()]
    rows = {"path": [f"{a} > {b}" for a, b in steps], "conversions": [0] * len(steps), "nulls": weights}
    graph = kr.graph(kr.read_paths(rows, conversions="conversions", nulls="nulls"))
    found = graph.shortest_paths(start="C", goal="H", limit=5, length="rarity")
    assert found["path"][:2] == ["C > E > F > H", "C > E > G > H"]
    assert found["path"][2:] == ["C > D > F > H", "C > E > D > F > H", "C > E > F > G > H"]
    assert found["length"] == pytest.approx([5, 7, 8, 8, 8])


def test_equally_many_steps_are_ordered_by_names() -> None:
    rows = {"path": ["a > z", "a > b", "a > m"], "conversions": [1, 1, 1]}
    graph = kr.graph(kr.read_paths(rows, conversions="conversions"))
    found = graph.shortest_paths(start="a", limit=9, length="steps")
    assert found["path"] == ["a > b > (conversion)", "a > m > (conversion)", "a > z > (conversion)"]
    assert graph.shortest_paths(start="(conversion)", goal="a")["path"] == []
    assert graph.shortest_paths(limit=0)["path"] == []


def test_graphs_go_out_whole() -> None:
    igraph = pytest.importorskip("igraph")
    graph = random_graph(1)
    ours = {(row["from"], row["to"]): row["weight"] for row in graph.edges}
    peer = graph.to_igraph()
    assert isinstance(peer, igraph.Graph)
    assert peer.vs["name"] == graph.nodes["state"]
    names = peer.vs["name"]
    assert {(names[edge.source], names[edge.target]): edge["weight"] for edge in peer.es} == ours
    assert peer.pagerank(weights="weight")[0] > 0
    networked = graph.to_networkx()
    assert {(a, b): data["weight"] for a, b, data in networked.edges(data=True)} == ours


def test_measures_that_do_not_exist_are_refused() -> None:
    graph = random_graph(2)
    with pytest.raises(kr.InputError, match="steps, surprise and rarity"):
        graph.measures(length="metres")
    with pytest.raises(kr.InputError, match="damping"):
        graph.measures(damping=1.0)
    with pytest.raises(kr.InputError, match="no state"):
        graph.shortest_paths(start="nowhere")
