# SPDX-License-Identifier: MIT
"""The questions of path analysis, as klantreis and other Python packages answer them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import klantreis as kr

SUPPORT = 0.001
CLUSTERS = 10
PLACES = 10  # sequenzo has no sequences of different lengths: one that has ended goes on with a state of its own

Figures = dict[str, float]


def ours_of(frame: Any) -> kr.Journeys:
    """Cut one journey of each sequence."""
    log = kr.read(frame, customer="user_id", time=None, order="position", touchpoint="page")
    return kr.journeys(log, after_conversion="continue")


def figures(table: kr.Table, names: list[str], value: str) -> Figures:
    """The values of a table by its labels, without steps into or out of journeys."""
    rows = ([str(row[name]) for name in names] + [row[value]] for row in table)
    return {" > ".join(labels): float(found) for *labels, found in rows if not any(one[0] == "(" for one in labels)}


# --- the questions, as ours answers them


def transitions(journeys: kr.Journeys) -> kr.Table:
    """How often one page comes right after another."""
    return kr.transitions(journeys)


def variants(journeys: kr.Journeys) -> kr.Table:
    """The distinct sequences."""
    return kr.variants(journeys)


def prefixes(journeys: kr.Journeys) -> kr.Table:
    """The tree of the first five pages."""
    return kr.path_tree(journeys, after=5)


def step_matrix(journeys: kr.Journeys) -> kr.Table:
    """Where sequences stand at the first ten steps."""
    return kr.step_matrix(journeys, steps=10)


def ngrams(journeys: kr.Journeys) -> kr.Table:
    """Two and three pages right after one another."""
    return kr.ngrams(journeys)


def subsequences(journeys: kr.Journeys) -> kr.Table:
    """Up to five pages in this order in one of a thousand sequences, with any others between."""
    return kr.frequent_sequences(journeys, min_support=SUPPORT, min_length=1, max_length=5)


def complexity(journeys: kr.Journeys) -> kr.Table:
    """Turbulence, complexity index, entropy and transitions of each sequence."""
    return kr.complexity(journeys)


def mixture(journeys: kr.Journeys) -> kr.Clusters:
    """A mixture of ten Markov chains by EM."""
    return kr.clusters(journeys, clusters=CLUSTERS, smoothing=0)


def distances(journeys: kr.Journeys) -> kr.Distances:
    """How far sequences are apart by optimal matching, each substitution 2 and each insertion or deletion 1."""
    return kr.distances(journeys, method="om", costs="constant", cost=2.0, indel=1.0)


OURS: dict[str, Callable[[kr.Journeys], Any]] = {
    "transitions": transitions,
    "variants": variants,
    "prefix tree": prefixes,
    "step matrix": step_matrix,
    "n-grams": ngrams,
    "frequent subsequences": subsequences,
    "complexity": complexity,
    "mixture of chains": mixture,
    "distances": distances,
}
# What grows with the square of the sequences is asked of samples only.
SAMPLES_ONLY = {"distances"}


# --- the others


@dataclass(frozen=True)
class Rival:
    """One question asked of another package."""

    question: str
    package: str
    prepare: Callable[[Any], Any]  # a pandas frame to the package's own form
    answer: Callable[[Any], Any]
    theirs: Callable[[Any, Any], Figures]  # of the answer and the frame
    ours: Callable[[Any, Any], Figures]
    smallest: int = 10_000
    largest: int | None = None
    sample: str = "the first sequences"


def pm4py_log(frame: Any) -> Any:
    import pandas as pd
    import pm4py  # noqa: F401, that the import is not timed

    times = pd.Timestamp("2000-01-01") + pd.to_timedelta(frame["position"], unit="s")
    return pd.DataFrame(
        {
            "case:concept:name": frame["user_id"].astype(str),
            "concept:name": frame["page"].astype(str),
            "time:timestamp": times,
        }
    )


def pm4py_transitions(log: Any) -> Any:
    import pm4py

    return pm4py.discover_dfg(log)[0]


def pm4py_variants(log: Any) -> Any:
    import pm4py

    return pm4py.get_variants(log)


def pm4py_prefixes(log: Any) -> Any:
    import pm4py

    return pm4py.discover_prefix_tree(log, max_path_length=5)


def trie_size(tree: Any, _: Any) -> Figures:
    waiting, nodes, deep = [tree], -1, 0
    while waiting:
        node = waiting.pop()
        waiting += node.children
        nodes += 1
        deep += node.depth == 5
    return {"nodes": nodes, "deep": deep}


def our_trie_size(table: kr.Table, _: Any) -> Figures:
    steps = [row["step"] for row in table if row["label"][0] != "("]
    return {"nodes": len(steps), "deep": steps.count(5)}


def stream(frame: Any) -> Any:
    from retentioneering.eventstream.eventstream import Eventstream

    plain = frame.assign(time=pm4py_log(frame)["time:timestamp"])[["user_id", "page", "time"]]
    return Eventstream(plain, {"path_cols": ["user_id"], "event_col": "page", "timestamp_col": "time"})


def matrix_figures(matrix: Any, _: Any) -> Figures:
    cells = matrix.stack()
    return {f"{a} > {b}": float(n) for (a, b), n in cells.items() if n and a != "path_start" and b != "path_end"}


def step_figures(matrix: Any, _: Any) -> Figures:
    return {
        f"{step} > {page}": float(share)
        for (page, step), share in matrix.stack().items()
        if share and step and not page.startswith("path_")
    }


def texts(frame: Any) -> list[list[str]]:
    import sklearn.feature_extraction.text  # noqa: F401

    found: list[list[str]] = frame.groupby("user_id", sort=False)["page"].apply(list).tolist()
    return found


def count_ngrams(sequences: list[list[str]]) -> Any:
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(analyzer=words, lowercase=False)
    return counter, counter.fit_transform(sequences)


def words(sequence: list[str]) -> list[str]:
    return [" > ".join(sequence[at : at + n]) for n in (2, 3) for at in range(len(sequence) - n + 1)]


def ngram_figures(found: Any, _: Any) -> Figures:
    counter, matrix = found
    totals = matrix.sum(axis=0).A1.tolist()
    return dict(zip(counter.get_feature_names_out().tolist(), map(float, totals), strict=True))


def prefixspan(sequences: list[list[str]]) -> Any:
    from prefixspan import PrefixSpan

    miner = PrefixSpan(sequences)
    miner.minlen, miner.maxlen = 1, 5
    return miner.frequent(math.ceil(SUPPORT * len(sequences)))


def pattern_figures(found: Any, _: Any) -> Figures:
    return {" > ".join(pattern): float(support) for support, pattern in found}


def states(frame: Any) -> Any:
    import sequenzo
    import sequenzo.seqhmm

    wide = frame.pivot(index="user_id", columns="position", values="page").astype(str)
    wide.columns = places = [str(place) for place in wide.columns]
    names = sorted(set(frame["page"]))
    return sequenzo.SequenceData(wide.reset_index(), time=places, id_col="user_id", states=names)


def indicators(data: Any) -> Any:
    import sequenzo

    return {
        "turbulence": sequenzo.get_turbulence(data),
        "complexity": sequenzo.get_complexity_index(data),
        "entropy_norm": sequenzo.get_within_sequence_entropy(data),
        "transitions": sequenzo.get_number_of_transitions(data),
    }


def indicator_figures(found: Any, _: Any) -> Figures:
    return {
        f"{name} > {user}": float(value)
        for name, table in found.items()
        for user, value in table.itertuples(index=False)
    }


def our_indicators(table: kr.Table, _: Any) -> Figures:
    names = ["turbulence", "complexity", "entropy_norm", "transitions"]
    return {f"{name} > {row['customer']}": float(row[name]) for row in table for name in names}


def hidden_chains(data: Any) -> Any:
    # A mixture of Markov chains is one of hidden chains whose states show themselves.
    import numpy as np
    from sequenzo.seqhmm import build_mhmm, fit_mhmm

    shown = [np.eye(len(data.states)) for _ in range(CLUSTERS)]
    model = build_mhmm(data, n_clusters=CLUSTERS, n_states=len(data.states), emission_probs=shown, random_state=1)
    return fit_mhmm(model)


def one_chain(frame: Any) -> Figures:
    """The log likelihood of one chain with our parameters, as sequenzo counts it."""
    import numpy as np
    from sequenzo.seqhmm import build_mhmm

    data = states(frame)
    place = {name: at for at, name in enumerate(data.states)}
    start, chain = np.zeros(len(place)), np.zeros((len(place), len(place)))
    for row in kr.clusters(ours_of(frame), clusters=1, smoothing=0).transitions():
        if row["from"] == "(start)":
            start[place[row["to"]]] = row["probability"]
        else:
            chain[place[row["from"]], place[row["to"]]] = row["probability"]
    # Pages after which nothing comes need some row.
    silent = chain.sum(axis=1) == 0
    chain[silent] = 1 / len(place)
    model = build_mhmm(
        data,
        n_clusters=1,
        n_states=len(place),
        initial_probs=[start],
        transition_probs=[chain],
        emission_probs=[np.eye(len(place))],
    )
    return {"log likelihood of one chain": float(model.score())}


def our_one_chain(_: kr.Table, frame: Any) -> Figures:
    found = kr.clusters(ours_of(frame), clusters=1, smoothing=0)
    return {"log likelihood of one chain": found.log_likelihoods[-1]}


def matching(data: Any) -> Any:
    import sequenzo

    return sequenzo.get_distance_matrix(data, method="OM", sm="CONSTANT", indel=1)


def some_pairs(frame: Any) -> list[tuple[Any, Any]]:
    """Some pairs of sequences, by their customers."""
    users = frame["user_id"].unique().tolist()
    return [(users[at], users[(7 * at + 3) % len(users)]) for at in range(min(500, len(users)))]


def matching_figures(matrix: Any, frame: Any) -> Figures:
    return {f"{a} > {b}": float(matrix.loc[a, b]) for a, b in some_pairs(frame)}


def our_matching(found: kr.Distances, frame: Any) -> Figures:
    paths = {user: " > ".join(pages) for user, pages in frame.groupby("user_id", sort=False)["page"]}
    place = {path: at for at, path in enumerate(found.paths)}
    return {f"{a} > {b}": found[place[paths[a]], place[paths[b]]] for a, b in some_pairs(frame)}


EDGES = ["from", "to"]
RIVALS = [
    Rival(
        "transitions",
        "pm4py",
        pm4py_log,
        pm4py_transitions,
        lambda found, _: {f"{a} > {b}": float(n) for (a, b), n in found.items()},
        lambda table, _: figures(table, EDGES, "weight"),
    ),
    Rival(
        "transitions",
        "retentioneering",
        stream,
        lambda data: data.transition_graph_data(edge_weight="count"),
        matrix_figures,
        lambda table, _: figures(table, EDGES, "weight"),
    ),
    Rival(
        "variants",
        "pm4py",
        pm4py_log,
        pm4py_variants,
        lambda found, _: {" > ".join(path): float(n) for path, n in found.items()},
        lambda table, _: figures(table, ["path"], "count"),
    ),
    Rival("prefix tree", "pm4py", pm4py_log, pm4py_prefixes, trie_size, our_trie_size),
    Rival(
        "step matrix",
        "retentioneering",
        stream,
        lambda data: data.step_matrix_data(max_steps=10),
        step_figures,
        lambda table, _: figures(table, ["step", "label"], "share"),
    ),
    Rival(
        "n-grams", "scikit-learn", texts, count_ngrams, ngram_figures, lambda t, _: figures(t, ["sequence"], "count")
    ),
    Rival(
        "frequent subsequences",
        "prefixspan",
        texts,
        prefixspan,
        pattern_figures,
        lambda table, _: figures(table, ["sequence"], "journeys"),
        smallest=3_000,
    ),
    Rival(
        "complexity",
        "sequenzo",
        states,
        indicators,
        indicator_figures,
        our_indicators,
        smallest=3_000,
        sample=f"those of {PLACES} pages",
    ),
    Rival(
        "mixture of chains",
        "sequenzo",
        states,
        hidden_chains,
        lambda _, frame: one_chain(frame),
        our_one_chain,
        smallest=100,
        sample=f"those of {PLACES} pages",
    ),
    Rival(
        "distances",
        "sequenzo",
        states,
        matching,
        matching_figures,
        our_matching,
        smallest=1_000,
        largest=5_000,  # distinct paths that ours compares with each other
        sample=f"those of {PLACES} pages",
    ),
]
