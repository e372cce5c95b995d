# SPDX-License-Identifier: MIT
"""The state graph of journeys, its pictures and what can be reached in it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._arguments import require_journeys, thread_count, whole_number
from klantreis._files import delivered
from klantreis._paths import Paths
from klantreis._table import Table
from klantreis._transitions import _require_path_options

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import plotly.graph_objects

    from klantreis._journeys import Journeys


class Graph:
    """A weighted state graph; made by :func:`klantreis.graph`.

    States are ``(start)``, the touchpoints (or channels, phases) by visits, and the end states that occur.
    """

    __slots__ = ("_by", "_designed", "_edges", "_handle", "_nodes")

    def __init__(self, handle: _core.JourneyGraph, by: str, designed: Sequence[str] = ()) -> None:
        self._handle = handle
        self._by = by
        self._designed = tuple(designed)
        self._nodes = Table(handle.nodes())
        self._edges = Table(handle.edges())

    @property
    def by(self) -> str:
        """What the states are: ``touchpoint``, ``channel``, ``phase`` or an attribute."""
        return self._by

    @property
    def nodes(self) -> Table:
        """One row per state: ``state, visits, n, share``.

        ``n`` counts customers, ``share`` is their share of the customers with a settled journey.
        """
        return self._nodes

    @property
    def edges(self) -> Table:
        """One row per transition, as :func:`klantreis.transitions` returns them."""
        return self._edges

    def dominators(self, *, start: str = "(start)", goal: str = "(conversion)") -> list[str]:
        """Return the states that every path from ``start`` to ``goal`` passes, in that order.

        Their removal effect is 1: without one of them no journey of this graph reaches the goal. Empty when none does
        anyway.

        Raises
        ------
        InputError
            When the graph has no state of that name.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2], "timestamp": ["2024-03-01"] * 5, "order": [1, 2, 3, 1, 2],
        ...                "touchpoint": ["search", "cart", "order", "cart", "order"]}, order="order")
        >>> kr.graph(kr.journeys(log, conversion="order")).dominators()
        ['cart']
        """
        return list(self._handle.dominators(start, goal))

    def reaches(self, start: str, goal: str) -> bool:
        """Tell whether there is a path from ``start`` to ``goal``.

        Raises
        ------
        InputError
            When the graph has no state of that name.
        """
        return bool(self._handle.reaches(start, goal))

    def loops(self) -> list[list[str]]:
        """Return the groups of states among which journeys can go round, in the order of :attr:`nodes`.

        They are the strongly connected components of more than one state; that a touchpoint follows itself is no loop.
        """
        groups: dict[int, list[str]] = {}
        for state, component in zip(self._nodes["state"], self._handle.strong_components(), strict=True):
            groups.setdefault(component, []).append(state)
        return [states for states in groups.values() if len(states) > 1]

    def measures(self, *, length: str = "surprise", damping: float = 0.85) -> Table:
        """Return how central each state is, and with which others it belongs together.

        Parameters
        ----------
        length
            How long a transition is for shortest paths: ``"surprise"`` (-ln of its probability: the shortest path is
            the likeliest), ``"rarity"`` (1 / weight) or ``"steps"``.
        damping
            Of the page rank: the probability of following a transition.

        Returns
        -------
        Table
            ``state, visits, n, betweenness, page_rank, part, loop, community``, in the order of :attr:`nodes`.
            ``betweenness`` is the share of the pairs of other states whose shortest path passes the state;
            ``page_rank`` the share of the time of a walker who now and then begins anew anywhere; ``part`` numbers what
            transitions join at all, ``loop`` what journeys can go round in (0: not), and ``community`` the touchpoints
            between which customers go to and fro more than chance would have it (0: no touchpoint).

        Raises
        ------
        InputError
            When there is no such length, damping is not below 1, or there are too many states for communities.

        Notes
        -----
        Betweenness: Brandes 2001, doi:10.1080/0022250X.2001.9990249. Page rank: Brin and Page 1998,
        doi:10.1016/S0169-7552(98)00110-X. Communities: Clauset, Newman and Moore 2004,
        doi:10.1103/PhysRevE.70.066111, on the sum of the weights of both ways; the options hold their modularity.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2], "timestamp": ["2024-03-01"] * 5, "order": [1, 2, 3, 1, 2],
        ...                "touchpoint": ["search", "cart", "order", "cart", "order"]}, order="order")
        >>> found = kr.graph(kr.journeys(log, conversion="order")).measures(length="steps")
        >>> dict(zip(found["state"], found["betweenness"]))["cart"]
        0.3333333333333333
        """
        return Table(_core.graph_measures(self._handle, length=length, damping=float(damping)))

    def shortest_paths(
        self, *, start: str = "(start)", goal: str = "(conversion)", limit: int = 5, length: str = "surprise"
    ) -> Table:
        """Return the shortest paths that pass no state twice: ``rank, path, length, probability``.

        Parameters
        ----------
        start, goal
            Where the paths begin and end.
        limit
            How many to return at most.
        length
            As for :meth:`measures`; with ``"surprise"`` the shortest path is the likeliest without detours.

        Raises
        ------
        InputError
            When the graph has no state of that name.

        Notes
        -----
        Yen 1971, doi:10.1287/mnsc.17.11.712. Paths of equal length stand in the order of the names along them.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2], "timestamp": ["2024-03-01"] * 5, "order": [1, 2, 3, 1, 2],
        ...                "touchpoint": ["search", "cart", "order", "cart", "order"]}, order="order")
        >>> kr.graph(kr.journeys(log, conversion="order")).shortest_paths()["path"]
        ['(start) > cart > (conversion)', '(start) > search > cart > (conversion)']
        """
        return Table(
            _core.shortest_paths(self._handle, start, goal, limit=whole_number(limit, "limit", 0), length=length)
        )

    def to_dot(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Write the graph for Graphviz, to a file or, without a path, as text.

        Names stand in it as text that means only itself, whatever characters they have; so in the other formats.
        """
        return delivered(self._handle.to_dot(), path)

    def to_graphml(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Write GraphML with all numbers of nodes and edges, to a file or, without a path, as text."""
        return delivered(self._handle.to_graphml(), path)

    def to_mermaid(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Write a Mermaid flowchart, to a file or, without a path, as text.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1], "timestamp": ["2024-03-01", "2024-03-02"],
        ...                "touchpoint": ["view", "order"]})
        >>> print(kr.graph(kr.journeys(log, conversion="order")).to_mermaid())
        flowchart LR
          n0(["(start)"])
          n1["view"]
          n2(["(conversion)"])
          n0 -->|"1 (100 #37;)"| n1
          n1 -->|"1 (100 #37;)"| n2
        <BLANKLINE>
        """
        return delivered(self._handle.to_mermaid(), path)

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Write JSON with the options and the rows of nodes and edges, to a file or, without a path, as text."""
        return delivered(self._handle.to_json(), path)

    def to_networkx(self) -> Any:
        """Return the graph as a ``networkx.DiGraph`` whose nodes are the names of the states."""
        try:
            import networkx as nx
        except ImportError as error:
            raise ImportError("to_networkx needs networkx; install it with: pip install networkx") from error
        graph = nx.DiGraph(**self._edges.options)
        for row in self._nodes:
            graph.add_node(row.pop("state"), **row)
        for row in self._edges:
            graph.add_edge(row.pop("from"), row.pop("to"), **row)
        return graph

    def to_igraph(self) -> Any:
        """Return the graph as an ``igraph.Graph``; the vertices are called (``name``) as the states."""
        try:
            import igraph
        except ImportError as error:
            raise ImportError("to_igraph needs igraph; install it with: pip install igraph") from error
        states = self._nodes["state"]
        place = {state: number for number, state in enumerate(states)}
        graph = igraph.Graph(
            n=len(states),
            edges=[
                (place[start], place[goal]) for start, goal in zip(self._edges["from"], self._edges["to"], strict=True)
            ],
            directed=True,
            graph_attrs=dict(self._edges.options),
        )
        graph.vs["name"] = states
        for name in self._nodes.columns:
            if name != "state":
                graph.vs[name] = self._nodes[name]
        for name in self._edges.columns:
            if name not in ("from", "to"):
                graph.es[name] = self._edges[name]
        return graph

    def plot(
        self, *, order: Sequence[str] | None = None, states: int = 10, limit: int = 30, size: str | None = None
    ) -> plotly.graph_objects.Figure:
        """Draw the graph in layers with plotly: states from left to right, starts and ends below them.

        Parameters
        ----------
        order
            The states to show, from left to right. None: phases in the order of the map; else, and without a map,
            the states of most visits, ordered so that much goes forward.
        states
            How many states to show at most.
        limit
            How many transitions between states to draw at most, strongest first; the picture counts the rest.
        size
            What the size of a state shows: ``"betweenness"`` or ``"page_rank"`` of :meth:`measures`, whose communities
            are then the colours. None: states of one size.

        Raises
        ------
        InputError
            When ``order`` names something that is no state, ``size`` no measure, or plotly is not installed.

        Examples
        --------
        >>> import klantreis as kr
        >>> graph = kr.graph(kr.datasets.webshop(2_000).journeys(), by="phase")
        >>> figure = graph.plot(order=["awareness", "consideration", "decision", "purchase"])
        >>> figure.layout.xaxis.ticktext
        ('awareness', 'consideration', 'decision', 'purchase')
        """
        from klantreis._plot.flow import draw_graph

        if order is None:
            seen = set(self._nodes["state"])
            order = [state for state in self._designed if state in seen] or None
        measures = None if size is None else self.measures()
        return draw_graph(
            self._nodes, self._edges, order=order, states=states, limit=limit, measures=measures, size=size
        )

    def __repr__(self) -> str:
        return f"Graph({self._handle.states:,} states, {self._handle.transitions:,} transitions; by: {self._by})"

    def _repr_html_(self) -> str:
        return (
            f'<div class="klantreis-graph"><p>{html.escape(repr(self))}</p>'
            f"{self._nodes._repr_html_()}{self._edges._repr_html_()}</div>"
        )


def graph(
    journeys: Journeys | Paths,
    *,
    by: str = "touchpoint",
    collapse: bool = False,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Graph:
    """Make the weighted state graph of journeys.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count. Or paths, which have been made with a ``by`` of their own.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats into one visit; phases always do.
    level
        The coverage of the intervals.
    min_n
        Probabilities of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Graph

    Raises
    ------
    InputError
        When the log has no labels ``by``.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
    ...                "touchpoint": ["view", "order", "view"]})
    >>> graph = kr.graph(kr.journeys(log, conversion="order"))
    >>> graph
    Graph(4 states, 3 transitions; by: touchpoint)
    >>> graph.nodes["state"]
    ['(start)', 'view', '(conversion)', '(null)']
    """
    if isinstance(journeys, Paths):
        _require_path_options(journeys, by, collapse)
        return Graph(_core.graph_of_paths(journeys._handle, level=level, min_n=float(min_n)), journeys.by)
    designed = require_journeys(journeys, "graph").log.map if by == "phase" else None
    return Graph(
        _core.graph(
            journeys._handle,
            by=by,
            collapse=bool(collapse),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        ),
        by,
        () if designed is None else [phase.id for phase in designed.phases],
    )
