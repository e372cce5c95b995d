# SPDX-License-Identifier: MIT
"""kr.clusters, kr.distances and kr.typical."""

from __future__ import annotations

import contextlib
import io
import itertools
import math
import random
import warnings
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import groups

import klantreis as kr
import oracle
from bridge import cut, read
from klantreis._interchange import event_table
from oracle import shared_file
from strategies import random_log, shuffled

PATHS = st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=9), min_size=2, max_size=8)
COSTS = {("a", "b"): 0.5, ("c", "a"): 3.0, ("b", "d"): 1.0}
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def random_paths(seed: int, count: int, length: int | None = None) -> list[list[str]]:
    rng = random.Random(seed)
    return [rng.choices("abcde", k=length or rng.randint(1, 12)) for _ in range(count)]


def expected_distances(paths: list[list[str]], measure: Any) -> dict[tuple[str, str], float]:
    texts = {" > ".join(path): path for path in paths}
    return {(a, b): measure(texts[a], texts[b]) for a, b in itertools.combinations(sorted(texts), 2)}


def found_distances(paths: list[list[str]], **options: Any) -> dict[tuple[str, str], float]:
    found = kr.distances(paths, **options)
    order = sorted(range(len(found)), key=lambda i: found.paths[i])
    return {(found.paths[i], found.paths[j]): found[i, j] for i, j in itertools.combinations(order, 2)}


# --- distances


@FEW
@given(PATHS)
def test_distances_are_those_of_the_definitions(paths: list[list[str]]) -> None:
    given_costs = {**COSTS, **{(b, a): cost for (a, b), cost in COSTS.items()}}
    rates = groups.rate_costs(paths)
    indel = (
        max((rates(a, b) for a, b in itertools.combinations(sorted(set(itertools.chain(*paths))), 2)), default=2.0) / 2
    )
    cases: list[tuple[dict[str, Any], Any]] = [
        ({"method": "levenshtein"}, groups.levenshtein),
        ({"method": "levenshtein", "relative": True}, lambda a, b: groups.levenshtein(a, b) / max(len(a), len(b))),
        ({"method": "lcs"}, groups.lcs),
        ({"method": "om"}, lambda a, b: groups.edit_distance(a, b, rates, indel)),
        (
            {"method": "om", "costs": "constant", "cost": 1.5, "indel": 0.8},
            lambda a, b: groups.edit_distance(a, b, lambda *_: 1.5, 0.8),
        ),
        *(
            (
                {"method": "om", "costs": "constant", "cost": cost, "indel": 0.7},
                lambda a, b, cost=cost: groups.edit_distance(a, b, lambda *_: cost, 0.7),
            )
            for cost in (0.7, 1.4, 2.0)
        ),
        ({"method": "hamming", "places": 5}, lambda a, b: groups.hamming(a, b, 5)),
        ({"method": "dhd", "places": 4}, lambda a, b: groups.dynamic_hamming(paths, a, b, 4)),
        ({"method": "ngrams", "ngram": 3}, lambda a, b: groups.ngram_distance(a, b, 3)),
    ]
    items = set(itertools.chain(*paths))
    known = {pair: cost for pair, cost in COSTS.items() if set(pair) <= items}
    if known:
        cases.append((
            {"method": "om", "costs": known, "indel": 1.0},
            lambda a, b: groups.edit_distance(a, b, lambda x, y: given_costs.get((x, y), 2.0), 1.0),
        ))  # fmt: skip
    for options, measure in cases:
        assert found_distances(paths, **options) == pytest.approx(expected_distances(paths, measure), abs=1e-9), options


def test_long_sequences_are_measured_as_short_ones() -> None:
    rng = random.Random(5)
    paths = [rng.choices("abcdefgh", k=length) for length in (63, 64, 65, 127, 128, 129, 200, 300)]
    assert found_distances(paths) == expected_distances(paths, groups.levenshtein)
    assert found_distances(paths, method="lcs") == expected_distances(paths, groups.lcs)


def test_levenshtein_and_lcs_are_those_of_rapidfuzz() -> None:
    peer = pytest.importorskip("rapidfuzz.distance")
    paths = random_paths(1, 60)
    assert found_distances(paths) == expected_distances(paths, peer.Levenshtein.distance)
    assert found_distances(paths, method="lcs") == expected_distances(paths, peer.Indel.distance)


def test_costs_are_those_of_sequenzo() -> None:
    module = pytest.importorskip("sequenzo.dissimilarity_measures.get_substitution_cost_matrix")
    pandas = pytest.importorskip("pandas")
    sequenzo = pytest.importorskip("sequenzo")
    paths = random_paths(3, 40, length=6)
    places = [str(place) for place in range(6)]
    rows = [[f"s{number}", *path] for number, path in enumerate(paths)]
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        data = sequenzo.SequenceData(
            pandas.DataFrame(rows, columns=["id", *places]), time=places, id_col="id", states=list("abcde")
        )
        fixed = module.get_substitution_cost_matrix(data, "TRATE")
        varying = module.get_substitution_cost_matrix(data, "TRATE", time_varying=True)["sm"]
    costs, indel = fixed["sm"], fixed["indel"]
    assert found_distances(paths, method="om") == pytest.approx(
        expected_distances(paths, lambda a, b: groups.edit_distance(a, b, lambda x, y: costs.loc[x, y], indel))
    )
    number = {state: place for place, state in enumerate("abcde", start=1)}

    def by_place(a: list[str], b: list[str]) -> float:
        return sum(varying[t][number[x]][number[y]] for t, (x, y) in enumerate(zip(a, b, strict=True)))

    assert found_distances(paths, method="dhd") == pytest.approx(expected_distances(paths, by_place))


def test_distances_do_not_depend_on_order_or_threads() -> None:
    paths = random_paths(2, 50)
    for options in ({"method": "om"}, {"method": "dhd", "places": 6}, {"method": "ngrams"}):
        one = kr.distances(paths, threads=1, **options)
        other = kr.distances(paths[::-1], threads=3, **options)
        assert one.paths == other.paths
        assert (one.to_numpy() == other.to_numpy()).all()
        assert (one.to_numpy() == one.to_numpy().T).all()


def test_distances_of_journeys_are_those_of_their_paths(journeys: kr.Journeys) -> None:
    found = kr.distances(journeys, by="phase")
    counts = kr.variants(journeys, by="phase")
    assert dict(zip(found.paths, found.weights, strict=True)) == {
        path: count for path, count in zip(counts["path"], counts["count"], strict=True) if count
    }


def test_distances_that_cannot_be_measured_name_the_remedy() -> None:
    with pytest.raises(kr.InputError, match="say how many places"):
        kr.distances([["a"], ["a", "b"]], method="hamming")
    with pytest.raises(kr.InputError, match="levenshtein, om, lcs, hamming, dhd, ngrams"):
        kr.distances([["a"]], method="om2")
    with pytest.raises(kr.InputError, match="0 or more"):
        kr.distances([["a"], ["b"]], method="om", indel=-1)
    with pytest.raises(kr.InputError, match="'x'"):
        kr.distances([["a"], ["b"]], method="om", costs={("a", "x"): 1})
    with pytest.raises(kr.LimitError, match="sample of the customers"):
        kr.distances([[str(i)] for i in range(5001)])
    with pytest.raises(IndexError):
        kr.distances([["a"]])[0, 1]


# --- the typical journey


@pytest.fixture(scope="module")
def journeys() -> kr.Journeys:
    return kr.journeys(
        read(oracle.webshop_columns()),
        conversion="order",
        after_conversion="stop",
        inactivity="30d",
        observed_until="2024-04-30",
    )


def test_the_medoid_of_the_buyers_is_the_path_nearest_to_all_of_theirs(journeys: kr.Journeys) -> None:
    found = {row["segment"]: row for row in kr.typical(journeys, segment="outcome")}
    counts = kr.variants(journeys)
    bought = [
        path.split(" > ")
        for path, count in zip(counts["path"], counts["conversions"], strict=True)
        for _ in range(count)
    ]
    sums = {" > ".join(a): sum(groups.levenshtein(a, b) for b in bought) for a in bought}
    assert sums[found["(conversion)"]["medoid"]] == min(sums.values())
    assert found["(conversion)"]["distance"] == pytest.approx(min(sums.values()) / len(bought))
    assert found["(conversion)"]["journeys"] == 6
    assert found["(null)"]["ends_in"] == "(null)"
    likely = kr.likely_paths(journeys, limit=1).to_dicts()[0]
    whole = kr.typical(journeys).to_dicts()[0]
    assert (whole["likely_path"], whole["probability"]) == (likely["path"], likely["probability"])


def test_segments_are_the_labels_of_first_events(journeys: kr.Journeys) -> None:
    found = kr.typical(journeys, segment="channel", by="phase")
    assert sum(found["journeys"]) == journeys.conversions + journeys.nulls
    assert found["journeys"] == sorted(found["journeys"], reverse=True)
    with pytest.raises(kr.InputError, match="colour"):
        kr.typical(journeys, segment="colour")


# --- clusters


def planted(seed: int, customers: int = 150) -> tuple[kr.Journeys, dict[str, int]]:
    """Customers of two kinds: one goes round among three touchpoints, the other stays where it is."""
    rng = random.Random(seed)
    columns: dict[str, list[Any]] = {"customer": [], "order": [], "touchpoint": []}
    kinds = {}
    for number in range(customers):
        kind = number % 3 == 0
        kinds[f"k{number}"] = int(kind)
        at = 0 if kind else rng.randrange(3)
        steps = []
        for _ in range(8):
            steps.append("abc"[at])
            at = (rng.randrange(3) if rng.random() < 0.1 else at + (not kind)) % 3
        if rng.random() < (0.6 if kind else 0.1):
            steps.append("buy")
        for place, step in enumerate(steps):
            columns["customer"].append(f"k{number}")
            columns["order"].append(place)
            columns["touchpoint"].append(step)
    columns = shuffled(columns, seed)
    return kr.journeys(read(columns), conversion="buy"), kinds


def agreement(found: kr.Clusters, journeys: kr.Journeys, kinds: dict[str, int]) -> float:
    """The share of journeys whose cluster is that of their kind; journeys stand in the order of customers."""
    customers = list(dict.fromkeys(event_table(journeys)["case"]))
    pairs = Counter(
        (kinds[name.split("#")[0]], cluster)
        for name, cluster in zip(customers, found.members()["cluster"], strict=True)
    )
    return max(pairs[0, 1] + pairs[1, 2], pairs[0, 2] + pairs[1, 1]) / sum(pairs.values())


@pytest.mark.parametrize("method", ["mixture", "om", "ngrams"])
def test_planted_kinds_of_customers_are_found(method: str) -> None:
    journeys, kinds = planted(1)
    found = kr.clusters(journeys, method=method, clusters=2)
    assert agreement(found, journeys, kinds) > 0.95
    rates = sorted(found["conversion_rate"])
    assert rates[0] < 0.2 < 0.4 < rates[1]
    assert sum(found["journeys"]) == 150
    assert sum(found["share"]) == pytest.approx(1)
    features = found.features().to_dicts()
    assert features[0]["p_adjusted"] < 1e-6
    stays = next(row for row in features if (row["cluster"], row["from"], row["to"]) == (2, "a", "a"))
    assert stays["p_adjusted"] < 1e-6
    assert stays["lower"] > 0.3
    conversion = next(row for row in features if row["cluster"] == 2 and row["rate"] == "conversion_rate")
    assert (conversion["inside"], conversion["lower"]) == (
        found["conversion_rate"][1],
        pytest.approx(conversion["lower"]),
    )
    assert conversion["lower"] > 0


def test_the_number_of_kinds_is_found() -> None:
    journeys, _ = planted(2)
    by_bic = kr.clusters(journeys, clusters=range(1, 5))
    held_out = kr.clusters(journeys, clusters=range(1, 4), criterion="held_out", folds=3)
    by_silhouette = kr.clusters(journeys, method="om", clusters=range(2, 5))
    assert len(by_bic) == 2
    assert len(held_out) >= 2
    assert held_out.choice["held_out"][1] > held_out.choice["held_out"][0] + 0.1
    assert by_silhouette.choice["chosen"][0]
    row = by_bic.choice.to_dicts()[1]
    assert row["bic"] == pytest.approx(-2 * row["log_likelihood"] + row["parameters"] * math.log(150))


@pytest.mark.parametrize("method", ["mixture", "levenshtein", "ngrams", "hierarchical"])
def test_clusters_do_not_depend_on_rows_customers_or_threads(method: str) -> None:
    columns = random_log(4, customers=80)
    found = []
    for seed, threads in ((None, 1), (1, 2), (2, 4)):
        given = columns if seed is None else shuffled(columns, seed)
        log = read(given)
        journeys = cut(log, conversion="buy")
        clusters = kr.clusters(journeys, method=method, clusters=3, sample=20, seed=5, threads=threads)
        found.append((clusters.to_dicts(), clusters.choice.to_dicts(), clusters.options))
    assert found[0] == found[1] == found[2]


@FEW
@given(PATHS, st.integers(1, 3), st.sampled_from([0.0, 0.1]))
def test_the_objective_never_falls(paths: list[list[str]], count: int, smoothing: float) -> None:
    columns: dict[str, list[Any]] = {"customer": [], "order": [], "touchpoint": []}
    for number, path in enumerate(paths):
        for place, step in enumerate(path):
            columns["customer"].append(str(number))
            columns["order"].append(place)
            columns["touchpoint"].append(step)
    found = kr.clusters(kr.journeys(read(columns)), clusters=count, smoothing=smoothing, tolerance=0, iterations=30)
    rises = [after - before for before, after in itertools.pairwise(found.objectives)]
    assert min(rises, default=0) > -1e-9 * abs(found.objectives[-1]) - 1e-12
    if smoothing == 0:
        assert found.objectives == found.log_likelihoods


def test_one_cluster_is_the_chain_of_all_journeys() -> None:
    paths = random_paths(8, 40)
    columns: dict[str, list[Any]] = {"customer": [], "order": [], "touchpoint": []}
    for number, path in enumerate(paths):
        for place, step in enumerate(path):
            columns["customer"].append(str(number))
            columns["order"].append(place)
            columns["touchpoint"].append(step)
    found = kr.clusters(kr.journeys(read(columns)), clusters=1, smoothing=0)
    rates = groups.transition_rates(paths)
    chain = {(row["from"], row["to"]): row["probability"] for row in found.transitions()}
    assert {pair: share for pair, share in chain.items() if pair[0] != "(start)"} == pytest.approx(rates)
    begins = Counter(path[0] for path in paths)
    expected = sum(count * math.log(count / 40) for count in begins.values())
    expected += sum(math.log(rates[pair]) for path in paths for pair in itertools.pairwise(path))
    assert found.log_likelihoods[-1] == pytest.approx(expected)
    with pytest.raises(kr.InputError, match="at least 2"):
        found.features()


def test_a_sample_of_customers_is_stated_and_groups_all_journeys() -> None:
    journeys, _ = planted(3)
    found = kr.clusters(journeys, method="lcs", clusters=2, sample=40)
    assert found.options["compared_paths"] == "40"
    drawn, _, whole = found.options["customers_drawn"].partition(" of ")
    assert (int(drawn) < 150, whole) == (True, "150")
    assert sum(found["journeys"]) == 150


def test_open_journeys_are_in_no_cluster(journeys: kr.Journeys) -> None:
    found = kr.clusters(journeys, clusters=2, by="phase")
    assert found.members()["cluster"].count(0) == journeys.open
    assert sum(found["journeys"]) == journeys.conversions + journeys.nulls


def test_clusters_that_cannot_be_made_name_the_remedy(journeys: kr.Journeys) -> None:
    with pytest.raises(kr.InputError, match="mixture, hierarchical, levenshtein"):
        kr.clusters(journeys, method="kmeans")
    with pytest.raises(kr.InputError, match="bic and held_out"):
        kr.clusters(journeys, criterion="aic")  # type: ignore[arg-type]
    with pytest.raises(kr.InputError, match="too few"):
        kr.clusters(journeys, method="om", clusters=100)
    with pytest.raises(kr.InputError, match="method mixture"):
        kr.clusters(journeys, method="lcs", clusters=2).transitions()
    with pytest.raises(kr.InputError, match="smoothing"):
        kr.clusters(journeys, clusters=[1, 2], criterion="held_out", smoothing=0)


def test_cohorts_of_a_public_log_are_found() -> None:
    log = kr.read(
        shared_file("data/ecom_synthetic_2024.parquet"),
        customer="user_id", time="timestamp", touchpoint="event", attributes=["user_lifecycle"],
    )  # fmt: skip
    journeys = kr.journeys(log, conversion="purchase", gap="30m")
    found = kr.clusters(journeys, clusters=range(1, 4), criterion="held_out", folds=3)
    browse, buy = found.to_dicts()
    assert browse["upper"] < 0.05 < 0.3 < buy["lower"]
    assert found.features()["from"][:2] == ["cart", "add_to_cart"]
    lifecycle = {row["case"]: row["user_lifecycle"] for row in reversed(list(event_table(journeys)))}
    sessions = Counter(zip(lifecycle.values(), reversed(found.members()["cluster"]), strict=True))
    share = {kind: sessions[kind, 2] / (sessions[kind, 1] + sessions[kind, 2]) for kind, _ in sessions}
    assert share["loyal"] > 1.2 * share["new"]


# --- hierarchical clusters


def journeys_of_paths(paths: list[list[str]]) -> kr.Journeys:
    """One customer for each path, in this order."""
    columns: dict[str, list[Any]] = {"customer": [], "order": [], "touchpoint": []}
    for number, path in enumerate(paths):
        columns["customer"] += [f"u{number:03d}"] * len(path)
        columns["order"] += range(len(path))
        columns["touchpoint"] += path
    return kr.journeys(read(columns))


@pytest.mark.parametrize("linkage", ["average", "complete", "ward"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_merges_and_cuts_are_those_of_scipy(linkage: Any, seed: int) -> None:
    """A path that several journeys took is as many objects there, which merge at no height."""
    hierarchy = pytest.importorskip("scipy.cluster.hierarchy")
    rng = random.Random(seed)
    # Lengths and costs without ties, so that which pair comes first is no choice.
    items = "abcdef"
    costs = {(a, b): 1 + rng.random() for a, b in itertools.combinations(items, 2)}
    distinct = [rng.choices(items, k=10) for _ in range(60)]
    paths = [path for path in distinct for _ in range(rng.choice([1, 1, 1, 2, 5]))]
    options: dict[str, Any] = {"costs": costs, "indel": 5.0}
    measured = kr.distances(paths, method="om", **options)
    place = {path: at for at, path in enumerate(measured.paths)}
    texts = [" > ".join(path) for path in paths]
    square = [measured[place[a], place[b]] for a, b in itertools.combinations(texts, 2)]
    expected = hierarchy.linkage(square, method=linkage)
    clusters = [2, 3, 7]
    for number in clusters:
        found = kr.clusters(
            journeys_of_paths(paths),
            method="hierarchical",
            metric="om",
            linkage=linkage,
            clusters=number,
            **options,
        )
        heights = [row["height"] for row in found.merges]
        assert heights == sorted(heights)
        assert heights == pytest.approx([height for height in expected[:, 2] if height > 0], rel=1e-9)
        assert [row["journeys"] for row in found.merges][-1] == len(paths)
        theirs = hierarchy.fcluster(expected, number, criterion="maxclust").tolist()
        ours = found.members()["cluster"]
        assert len(set(zip(ours, theirs, strict=True))) == len(set(theirs)) == number
        assert found["journeys"] == sorted(found["journeys"], reverse=True)
        assert found.options["linkage"] == linkage


def test_the_path_of_a_hierarchical_cluster_is_its_medoid() -> None:
    rng = random.Random(8)
    paths = [rng.choices("abcd", k=rng.randint(1, 7)) for _ in range(80)]
    found = kr.clusters(journeys_of_paths(paths), method="hierarchical", linkage="complete", clusters=4)
    members = found.members()
    for row in found:
        own = [path for path, cluster in zip(paths, members["cluster"], strict=True) if cluster == row["cluster"]]
        sums = {" > ".join(a): sum(groups.levenshtein(a, b) for b in own) for a in own}
        assert sums[row["path"]] == min(sums.values())
        assert row["certainty"] == pytest.approx(min(sums.values()) / len(own))


def test_paths_that_were_not_compared_go_to_the_nearest_medoid() -> None:
    journeys, kinds = planted(3)
    found = kr.clusters(journeys, method="hierarchical", metric="om", linkage="ward", clusters=2, sample=40)
    assert int(found.options["compared_paths"]) < int(found.options["distinct_paths"])
    assert agreement(found, journeys, kinds) > 0.8
    chosen = kr.clusters(journeys, method="hierarchical", linkage="average").choice
    assert chosen["clusters"] == list(range(2, 9))
    best = max(zip(chosen["silhouette"], chosen["clusters"], strict=True))[1]
    assert [row["clusters"] for row in chosen if row["chosen"]] == [best]


def test_linkages_and_metrics_are_named() -> None:
    journeys, _ = planted(1)
    with pytest.raises(kr.InputError, match="average"):
        kr.clusters(journeys, method="hierarchical", linkage="single")  # type: ignore[arg-type]
    with pytest.raises(kr.InputError, match="levenshtein, om"):
        kr.clusters(journeys, method="hierarchical", metric="edit")
    with pytest.raises(kr.InputError, match="at most as many"):
        kr.clusters(journeys_of_paths([["a"], ["b"]]), method="hierarchical", clusters=3)
    assert len(kr.clusters(journeys, clusters=2).merges) == 0
