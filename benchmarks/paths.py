# SPDX-License-Identifier: MIT
"""Path analysis of real page sequences beside other Python packages: `python paths.py [--file FILE] [--limit SECONDS]`.

The sequences are those of msnbc_1999 (columns user_id, position, page). First ours answers all questions about all of
them. Then each other package gets growing samples, in a process of its own, until one takes a third of the limit, so
that the next would not be done in time; ours answers the same question about the same sample, and both answers must be
equal where both packages define them equally. The others get the data in their own form, which is not timed. A package
that is not installed is left out. Times are processor seconds of all threads.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import io
import json
import math
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peers import used

import klantreis as kr

SIZES = [100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000]
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


# --- measuring


def load(file: str) -> Any:
    """Read the sequences as a table in memory."""
    import pyarrow.parquet as pq

    return pq.read_table(file, columns=["user_id", "position", "page"])


def sample_of(file: str, rival: Rival, size: int) -> Any:
    """The first `size` sequences that the package can hold, as a pandas frame; all where there are fewer."""
    frame = load(file).to_pandas()
    frame["page"] = frame["page"].astype(str)
    frame = frame.sort_values(["user_id", "position"])
    if rival.package == "sequenzo":
        frame = frame[frame.groupby("user_id")["page"].transform("size") == PLACES]
    users = frame["user_id"].unique()[:size]
    return frame[frame["user_id"].isin(users)].reset_index(drop=True)


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """What a call returns, and its processor seconds."""
    began = used()
    result = call()
    return result, used() - began


def compare(file: str, number: int, size: int) -> dict[str, Any]:
    """Ask one package and ours the same question about one sample."""
    rival = RIVALS[number]
    frame = sample_of(file, rival, size)
    # The others write to the screen while they work.
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = rival.prepare(frame)
        found, theirs = timed(lambda: rival.answer(data))
        mine, ours = timed(lambda: OURS[rival.question](ours_of(frame)))
        expected, given = rival.theirs(found, frame), rival.ours(mine, frame)
    wrong = [
        name
        for name in sorted({*expected, *given})
        if not math.isclose(expected.get(name, math.nan), given.get(name, math.nan), rel_tol=1e-9, abs_tol=1e-9)
    ]
    if wrong:
        name = wrong[0]
        raise SystemExit(
            f"{rival.question}: {len(wrong)} of {len(expected)} figures differ, the first at {name}: "
            f"{rival.package} gives {expected.get(name)}, klantreis {given.get(name)}"
        )
    return {"theirs": theirs, "ours": ours, "sequences": frame["user_id"].nunique(), "figures": len(expected)}


def grow(file: str, number: int, whole: int, limit: float) -> dict[str, Any] | None:
    """The largest sample that one package holds within the limit."""
    rival = RIVALS[number]
    best = None
    last = min(whole, rival.largest or whole)
    for size in [*(one for one in SIZES if rival.smallest <= one < last), last]:
        command = [sys.executable, __file__, "--file", file, "--one", str(number), str(size)]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=5 * limit)
        except subprocess.TimeoutExpired:
            break
        if done.returncode != 0:
            print(f"{rival.package}, {rival.question}, {size} sequences:\n{done.stderr[-1500:]}", file=sys.stderr)
            break
        best = json.loads(done.stdout.splitlines()[-1])
        if best["sequences"] < size or best["theirs"] > limit / 3:
            break
    return best


def version(package: str) -> str | None:
    """The version of a package, None where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def main() -> int:
    """Measure everything and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--file", default=os.path.join(os.environ.get("KLANTREIS_SHARED", ""), "data/msnbc_1999.parquet")
    )
    parser.add_argument("--limit", type=float, default=60.0, help="processor seconds that a package has for a question")
    parser.add_argument("--questions", nargs="*", default=list(OURS), choices=list(OURS))
    parser.add_argument("--one", nargs=2, type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    # retentioneering reports its use over the network unless it is told not to.
    os.environ["RETENTIONEERING_NO_TRACK"] = "1"
    if not Path(given.file).is_file():
        print(f"{given.file or 'the file of page sequences'} is not there; give --file or set KLANTREIS_SHARED")
        return 0
    if given.one:
        print(json.dumps(compare(given.file, *given.one)))
        return 0
    table = load(given.file)
    journeys, cut = timed(lambda: ours_of(table))
    print(f"\n### Path analysis of {len(journeys):,} sequences, {table.num_rows:,} page views\n")
    print(f"Reading the table and cutting the journeys: {cut:.2f} s.\n")
    print(
        "| question | klantreis, all, s | other | its largest sample | it, s | klantreis, s | ratio | equal figures |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for question in given.questions:
        start = f"| {question} | – "
        if question not in SAMPLES_ONLY:
            start = f"| {question} | {timed(lambda name=question: OURS[name](journeys))[1]:.2f} "
        for number, rival in enumerate(RIVALS):
            found = None
            if rival.question == question and (has := version(rival.package)):
                found = grow(given.file, number, len(journeys), given.limit)
                if found:
                    print(
                        f"{start}| {rival.package} {has} | {rival.sample}: {found['sequences']:,} | "
                        f"{found['theirs']:.2f} | {found['ours']:.3f} | {found['theirs'] / found['ours']:.0f} | "
                        f"{found['figures']:,} |",
                        flush=True,
                    )
                    start = "| | "
        if not start.startswith("| | "):
            print(f"{start}| – | – | – | – | – | – |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
