# SPDX-License-Identifier: MIT
"""The state graph: nodes, edges, dominators, and names that want to be something else in an export."""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import klantreis as kr
import oracle
from bridge import cut, read

GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"

NASTY = [
    'say "hi"',
    "back\\slash\\",
    'both\\"',
    "two\nlines",
    "carriage\rreturn",
    "tab\there",
    "<script>alert(1)</script>",
    "]]>",
    "&amp; &lt; &#60;",
    "#quot; #35;",
    "`markdown` **bold** _it_",
    "1. list",
    "- item",
    "%%{init: {}}%%",
    "a | b --> c; end",
    "style x:#fff;",
    "\\N \\G \\l",
    "😀 família 客",
    "\u2028line\u2029separators",
    "x" * 500,
    " ",
    "end",
    "n0",
]


def graph_of(journeys: list[list[str]], **options: Any) -> kr.Graph:
    """Each journey is that of a customer; `order` converts."""
    rows = [(f"c{i}", step, name) for i, names in enumerate(journeys) for step, name in enumerate(names)]
    log = kr.read(
        {"customer_id": [r[0] for r in rows], "order": [r[1] for r in rows], "touchpoint": [r[2] for r in rows]},
        time=None,
        order="order",
    )
    return kr.graph(kr.journeys(log, conversion="order"), **options)


@pytest.fixture
def webshop() -> kr.Graph:
    journeys = cut(
        read(oracle.webshop_columns()),
        conversion=["order"],
        after_conversion="stop",
        inactivity=30 * oracle.DAY,
        observed_until=oracle.micros("2024-04-30"),
    )
    return kr.graph(journeys)


def test_twelve_customers_make_29_transitions(webshop: kr.Graph) -> None:
    assert len(webshop.edges) == 29
    assert len(webshop.nodes) == 12 + 3
    assert webshop.nodes["state"][0] == "(start)"
    assert webshop.nodes["state"][-2:] == ["(conversion)", "(null)"]
    assert sum(row["weight"] for row in webshop.edges if row["from"] == "(start)") == 12
    assert webshop.dominators() == []  # a visit to the store bypasses the rest
    assert repr(webshop) == "Graph(15 states, 29 transitions; by: touchpoint)"
    product = next(row for row in webshop.nodes if row["state"] == "product_view")
    assert product["share"] == product["n"] / 12


def test_visits_of_a_node_are_what_arrives_and_what_leaves(webshop: kr.Graph) -> None:
    arriving: dict[str, int] = defaultdict(int)
    leaving: dict[str, int] = defaultdict(int)
    for row in webshop.edges:
        leaving[row["from"]] += row["weight"]
        arriving[row["to"]] += row["weight"]
    for row in webshop.nodes:
        assert row["visits"] == (arriving[row["state"]] or leaving[row["state"]])
        if row["state"] not in ("(conversion)", "(null)"):
            assert row["visits"] == leaving[row["state"]]


def test_edges_are_the_transitions() -> None:
    graph = graph_of([["a", "b", "order"], ["a", "a"]], collapse=True)
    assert [(row["from"], row["to"]) for row in graph.edges] == [
        ("(start)", "a"), ("a", "(null)"), ("a", "b"), ("b", "(conversion)"),
    ]  # fmt: skip
    assert graph.edges.options["collapse"] == "true"


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=6), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_dominator_is_what_no_path_can_do_without(journeys: list[list[str]]) -> None:
    graph = graph_of([[*names, "order"] for names in journeys])
    following: dict[str, set[str]] = defaultdict(set)
    for row in graph.edges:
        following[row["from"]].add(row["to"])

    def reached(without: str | None) -> set[str]:
        seen, waiting = {"(start)"}, ["(start)"]
        while waiting:
            for state in following[waiting.pop()] - seen - {without}:
                seen.add(state)
                waiting.append(state)
        return seen

    items = [s for s in graph.nodes["state"] if not s.startswith("(")]
    assert set(graph.dominators()) == {s for s in items if "(conversion)" not in reached(without=s)}
    for goal in items:
        assert graph.reaches("(start)", goal) == (goal in reached(without=None))


def test_dominators_come_in_the_order_of_the_journey() -> None:
    graph = graph_of([["ad", "shop", "cart", "order"], ["search", "shop", "ad", "shop", "cart", "pay", "order"]])
    assert graph.dominators() == ["shop", "cart"]
    assert graph.dominators(start="search", goal="pay") == ["shop", "cart"]
    assert graph.dominators(goal="(null)") == []
    assert graph.loops() == [["shop", "ad"]]
    with pytest.raises(kr.InputError, match="cart"):
        graph.dominators(start="crt")


def check_exports(names: list[str]) -> None:
    """Every name comes back out of every format, and the edges are where they were."""
    graph = graph_of([[*names, "order"], names[:1]])
    states = graph.nodes["state"]
    edges = [(row["from"], row["to"]) for row in graph.edges]

    loaded = json.loads(graph.to_json() or "")
    assert [row["state"] for row in loaded["nodes"]] == states
    assert [(row["from"], row["to"]) for row in loaded["edges"]] == edges
    assert [row["weight"] for row in loaded["edges"]] == graph.edges["weight"]
    assert "<" not in (graph.to_json() or "")

    root = ElementTree.fromstring(graph.to_graphml() or "")
    titles = {
        node.get("id"): node.findtext(f"{GRAPHML}data[@key='node_state']") for node in root.iter(f"{GRAPHML}node")
    }
    assert [(title or "") for title in titles.values()] == [clean(state) for state in states]
    found = [(titles[e.get("source")], titles[e.get("target")]) for e in root.iter(f"{GRAPHML}edge")]
    assert found == [(clean(a), clean(b)) for a, b in edges]

    dot = graph.to_dot() or ""
    labels = [undot(text) for text in re.findall(r'^  n\d+ \[label="((?:[^"\\]|\\.)*)"', dot, re.MULTILINE)]
    assert labels == [clean(state).replace("\t", " ").replace("\r", "�") for state in states]
    assert len(re.findall(r"^  n\d+ -> n\d+ \[", dot, re.MULTILINE)) == len(edges)
    assert dot.count("\n") == 4 + len(states) + len(edges)

    mermaid = graph.to_mermaid() or ""
    lines = mermaid.splitlines()
    assert len(lines) == 1 + len(states) + len(edges)
    for line, state in zip(lines[1:], states, strict=False):
        match = re.fullmatch(r'  n\d+(?:\["([^"]*)"\]|\(\["([^"]*)"\]\))', line)
        assert match, line
        text = re.sub(r"#(\d+);", lambda m: chr(int(m[1])), (match[1] or match[2] or "").replace("<br/>", "\n"))
        assert text == clean(state).replace("\t", " ").replace("\r", "�")


def clean(name: str) -> str:
    """What is left of a name where control characters have no place."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "�", name)


def undot(text: str) -> str:
    text = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)
    return text.replace("&amp;", "&")


def test_exports_carry_nasty_names() -> None:
    check_exports(NASTY)


@given(
    st.lists(
        st.text(
            st.one_of(
                st.sampled_from("\"'\\<>&;#%`|{}[]()-_.~*\n\r\t ]>"),
                st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff\u2028\u2029\x85"),
            ),
            min_size=1,
            max_size=8,
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_exports_carry_any_name(names: list[str]) -> None:
    check_exports([f"x{name}" for name in names])


def test_exports_are_text_or_files(tmp_path: Path) -> None:
    graph = graph_of([["a", "order"]])
    for write in (graph.to_dot, graph.to_graphml, graph.to_mermaid, graph.to_json):
        name = write.__name__
        assert write(tmp_path / name) is None
        assert (tmp_path / name).read_text(encoding="utf-8") == write()


def test_html_escapes_names() -> None:
    shown = graph_of([["<script>alert(1)</script>", "order"]])._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_networkx_gets_names_and_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    class DiGraph:
        def __init__(self, **options: str) -> None:
            self.graph, self.nodes, self.edges = options, {}, {}  # type: ignore[var-annotated]

        def add_node(self, name: str, **numbers: Any) -> None:
            self.nodes[name] = numbers

        def add_edge(self, here: str, there: str, **numbers: Any) -> None:
            self.edges[here, there] = numbers

    graph = graph_of([["a", "order"], ["a"]])
    monkeypatch.setitem(sys.modules, "networkx", SimpleNamespace(DiGraph=DiGraph))
    copied = graph.to_networkx()
    assert list(copied.nodes) == graph.nodes["state"]
    assert copied.nodes["a"]["visits"] == 2
    assert copied.edges["a", "(null)"]["probability"] == 0.5
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(ImportError, match="pip install networkx"):
        graph.to_networkx()


def test_paths_make_a_graph_too() -> None:
    paths = kr.read_paths({"path": ["a > b"], "conversions": [2]}, path="path", conversions="conversions")
    graph = kr.graph(paths)
    assert graph.dominators() == ["a", "b"]
    with pytest.raises(kr.InputError, match="by and collapse"):
        kr.graph(paths, collapse=True)


@pytest.mark.filterwarnings("ignore:no journey is settled")
def test_a_graph_of_nothing_is_empty() -> None:
    log = kr.read({"customer_id": [1], "timestamp": ["2024-03-01"], "touchpoint": ["view"]})
    graph = kr.graph(kr.journeys(log, inactivity="30d"))
    assert len(graph.nodes) == len(graph.edges) == 0
    assert graph.dominators() == []
    assert graph.loops() == []
    assert json.loads(graph.to_json() or "")["nodes"] == []
