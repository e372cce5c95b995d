# SPDX-License-Identifier: MIT
"""Groups of journeys that resemble each other, and the journey that is typical of a group."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from klantreis import _core
from klantreis._arguments import one_of, require_journeys, thread_count, whole_number
from klantreis._core import InputError
from klantreis._distances import METRICS, Costs, distance_options
from klantreis._table import Table

if TYPE_CHECKING:
    import plotly.graph_objects

    from klantreis._journeys import Journeys

_METHODS = ("mixture", "hierarchical", *METRICS)
LINKAGES = ("average", "complete", "ward")


class Clusters(Table):
    """The result of :func:`klantreis.clusters`: one row for each cluster, with further tables beside it."""

    __slots__ = ("_found", "_journeys", "_method", "_options")

    def __init__(self, found: _core.Clustering, journeys: Journeys, options: _core.ClusterOptions, method: str) -> None:
        super().__init__(found.clusters)
        self._found = found
        self._journeys = journeys
        self._options = options
        self._method = method

    @property
    def method(self) -> str:
        """How the clusters were found."""
        return self._method

    @property
    def choice(self) -> Table:
        """What speaks for each number of clusters: BIC or held-out likelihood of mixtures, silhouette of medoids."""
        return Table(self._found.choice)

    @property
    def log_likelihoods(self) -> list[float]:
        """The logarithm of the likelihood after each step of EM; empty for medoids."""
        return list(self._found.log_likelihoods)

    @property
    def objectives(self) -> list[float]:
        """What EM makes larger in each step: the log likelihood, and with smoothing that of its prior."""
        return list(self._found.objectives)

    def members(self) -> Table:
        """Return the cluster of each journey: ``journey, cluster, certainty``, in the order of the journeys.

        ``cluster`` is 0 where the journey is open. ``certainty`` is the probability of the cluster; around medoids it
        is the distance to the medoid.
        """
        numbers = self._found.cluster_of
        return Table.from_columns(
            {
                "journey": list(range(len(numbers))),
                "cluster": numbers,
                "certainty": [None if value != value else value for value in self._found.certainty],
            },
            definition="The cluster of each journey, numbered from 0 in the order of customers and of time; 0: open.",
            options=self.options,
        )

    @property
    def merges(self) -> Table:
        """Of hierarchical clusters, which became one, the nearest first: ``step, first, second, height, journeys``.

        The compared paths are numbered from 0 in the order of their items; the cluster that step s makes has the number
        of paths + s. Empty for other methods.
        """
        return Table(self._found.merges)

    def transitions(self) -> Table:
        """Return how journeys of each cluster begin and go on: ``cluster, from, to, probability``.

        Raises
        ------
        InputError
            When the clusters are none of a mixture.
        """
        return Table(self._found.transitions())

    def features(self) -> Table:
        """Return what sets each cluster apart from all others, the clearest first within a cluster.

        Returns
        -------
        Table
            ``cluster, rate, from, to``; ``inside`` and ``outside`` with bounds; ``difference, lower, upper, p,
            p_adjusted`` (Holm's, over all rows of all clusters), ``n_inside, n_outside, marks``. Rates are those of
            :func:`klantreis.compare`.

        Raises
        ------
        InputError
            When there is one cluster only, or journeys go on after conversions.

        Notes
        -----
        Journeys were grouped by what they did, so a small p tells what a cluster is made of; it is no proof that there
        are clusters. The conversion rate did not take part in the grouping.
        """
        return Table(_core.cluster_features(self._journeys._handle, self._found, self._options))

    def plot(self, kind: str = "profiles", *, limit: int = 10) -> plotly.graph_objects.Figure:
        """Draw the clusters with plotly.

        Parameters
        ----------
        kind
            ``"profiles"``: size and conversion rate of each cluster. ``"states"``: where its journeys stand step by
            step. ``"index"``: its most frequent paths as strips.
        limit
            How many steps or paths to show at most.

        Raises
        ------
        InputError
            When there is no such picture, or plotly is not installed.
        """
        from klantreis._plot.groups import draw_clusters

        return draw_clusters(self, self._journeys, kind, limit)


def clusters(
    journeys: Journeys,
    *,
    method: str = "mixture",
    clusters: int | Iterable[int] | None = None,
    metric: str = "levenshtein",
    linkage: Literal["average", "complete", "ward"] = "average",
    criterion: Literal["bic", "held_out"] = "bic",
    folds: int = 5,
    by: str = "touchpoint",
    collapse: bool = False,
    costs: Costs = "trate",
    cost: float = 2.0,
    indel: float | None = None,
    places: int | None = None,
    ngram: int = 2,
    relative: bool = False,
    sample: int = 2000,
    smoothing: float = 0.01,
    ends: bool = False,
    starts: int = 5,
    iterations: int = 500,
    tolerance: float = 1e-7,
    seed: int = 0,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Clusters:
    """Group journeys that resemble each other.

    Parameters
    ----------
    journeys
        The journeys to group; the settled ones count.
    method
        ``"mixture"``: a mixture of Markov chains, fitted by EM. A distance of :func:`klantreis.distances`, such as
        ``"levenshtein"``, ``"om"``, ``"lcs"``, ``"hamming"``, ``"dhd"`` or ``"ngrams"``: clusters around medoids.
        ``"hierarchical"``: the nearest clusters are merged until so many are left.
    clusters
        How many, or the numbers to choose from. None: 1 to 8, by ``criterion``; by distances 2 to 8, by the
        silhouette.
    metric, linkage
        Of hierarchical clusters: the distance of two paths, and that of two clusters: ``"average"``, ``"complete"``
        (of the two members that are furthest apart) or ``"ward"`` (how much the squares within grow).
    criterion, folds
        Of a mixture: ``"bic"``, or ``"held_out"``, the likelihood of customers who were left out, in so many parts.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    costs, cost, indel, places, ngram, relative
        Of distances, as in :func:`klantreis.distances`.
    sample
        Of distances: so many distinct paths are compared with each other at most. Where there are more, customers are
        drawn by their ids; the others' journeys go to the nearest medoid. The options of the result say how many.
    smoothing
        Of a mixture: added to the expected count of every beginning and transition that occurs. 0: maximum likelihood.
    ends
        Of a mixture: the end of a path is a step too, so that clusters also differ in length.
    starts, iterations, tolerance
        Of a mixture: short runs from so many starts, of which the best goes on until the objective grows by less than
        this share of itself, or for so many iterations.
    seed
        The seed of starts, samples and folds.
    level
        The coverage of the intervals.
    min_n
        Rates of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Clusters
        ``cluster, journeys, share, n, conversions, conversion_rate, lower, upper, marks, certainty, path``. By
        distances the heaviest comes first, of a mixture the one with the largest share of it. ``path`` is the medoid,
        or the most frequent path. Beside it stand ``.choice``, ``.features()``, ``.members()``, ``.transitions()`` and
        ``.merges``.

    Raises
    ------
    InputError
        When no journey is settled, there are fewer distinct paths than clusters, or an option does not fit.

    Notes
    -----
    Mixture of Markov chains: Cadez, Heckerman, Meek, Smyth and White 2003, doi:10.1023/A:1024992613384. Medoids:
    FasterPAM, Schubert and Rousseeuw 2021, doi:10.1016/j.is.2021.101804. Hierarchical: chains of nearest neighbours,
    Murtagh 1983, doi:10.1093/comjnl/26.4.354; a path that many journeys took weighs as many. The result
    depends on the paths, the ids of the customers (where they are drawn) and the seed, not on the order of rows or the
    number of threads. Conversions take no part in the grouping; their intervals take the clusters as given.

    Examples
    --------
    >>> import klantreis as kr
    >>> kinds = [("a", ["ad", "cart", "pay"]), ("b", ["faq", "help", "faq"])]
    >>> rows = [(f"{kind}{i}", step, name) for kind, path in kinds for i in range(60)
    ...         for step, name in enumerate(path[: 2 + i % 2])]
    >>> log = kr.read(dict(zip(["customer_id", "step", "touchpoint"], zip(*rows))), time=None, order="step")
    >>> found = kr.clusters(kr.journeys(log), method="levenshtein", clusters=2)
    >>> [(row["journeys"], row["path"]) for row in found]
    [(60, 'ad > cart'), (60, 'faq > help')]
    """
    if method not in _METHODS:
        raise InputError(f"there is no method {method!r}; there are {', '.join(_METHODS)}")
    if criterion not in ("bic", "held_out"):
        raise InputError(f"there is no criterion {criterion!r}; there are bic and held_out")
    mixture, hierarchical = method == "mixture", method == "hierarchical"
    if hierarchical and metric not in METRICS:
        raise InputError(f"there is no distance {metric!r}; there are {', '.join(METRICS)}")
    if hierarchical:
        one_of(linkage, "linkage", LINKAGES)
    if clusters is None:
        numbers = list(range(1 if mixture else 2, 9))
    elif isinstance(clusters, Iterable):
        numbers = [whole_number(number, "clusters", 1) for number in clusters]
    else:
        numbers = [whole_number(clusters, "clusters", 1)]
    options = _core.ClusterOptions(
        by=by,
        collapse=bool(collapse),
        numbers=numbers,
        folds=whole_number(folds, "folds", 2) if mixture and criterion == "held_out" else 0,
        sample=whole_number(sample, "sample", 2),
        seed=whole_number(seed, "seed", 0),
        smoothing=float(smoothing),
        ends=bool(ends),
        starts=whole_number(starts, "starts", 1),
        iterations=whole_number(iterations, "iterations", 1),
        tolerance=float(tolerance),
        distance=distance_options(
            "levenshtein" if mixture else metric if hierarchical else method,
            costs,
            cost,
            indel,
            places,
            ngram,
            relative,
            threads,
        ),
        linkage=linkage if hierarchical else None,
        level=level,
        min_n=float(min_n),
        threads=thread_count(threads),
    )
    checked = require_journeys(journeys, "clusters")
    find = _core.cluster_by_mixture if mixture else _core.cluster_by_distance
    return Clusters(find(checked._handle, options), checked, options, method)


def typical(
    journeys: Journeys,
    *,
    segment: str | None = None,
    method: str = "levenshtein",
    by: str = "touchpoint",
    collapse: bool = False,
    costs: Costs = "trate",
    cost: float = 2.0,
    indel: float | None = None,
    places: int | None = None,
    ngram: int = 2,
    relative: bool = False,
    sample: int = 2000,
    threads: int | None = None,
) -> Table:
    """Find the typical journey of each segment: its medoid and its most probable path.

    Parameters
    ----------
    journeys
        The journeys to analyse; the settled ones count.
    segment
        A label, such as ``"channel"`` or an attribute: journeys belong to the label of their first event.
        ``"outcome"``: to ``(conversion)`` or ``(null)``. None: all are one segment.
    method, costs, cost, indel, places, ngram, relative
        How far paths are apart, as in :func:`klantreis.distances`.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    sample
        So many distinct paths are compared at most, the most frequent ones.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        ``segment, journeys, n, medoid, distance, compared, likely_path, ends_in, probability``, most journeys first.
        ``medoid`` is the path of a settled journey from which the others are least far on average; ``likely_path`` the
        most probable one under the Markov chain of the segment among those that end in ``ends_in``.

    Raises
    ------
    InputError
        When journeys go on after conversions, or the log has no such labels.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2, 2, 2, 3], "timestamp": ["2024-03-01"] * 6, "order": [1, 2, 1, 2, 3, 1],
    ...                "touchpoint": ["ad", "pay", "ad", "cart", "pay", "ad"]}, order="order")
    >>> found = kr.typical(kr.journeys(log, conversion="pay"))
    >>> [(row["medoid"], row["distance"], row["likely_path"]) for row in found]
    [('ad', 0.3333333333333333, 'ad')]
    """
    if method not in METRICS:
        raise InputError(f"there is no distance {method!r}; there are {', '.join(METRICS)}")
    return Table(
        _core.typical_journeys(
            require_journeys(journeys, "typical")._handle,
            segment=segment or "",
            by=by,
            collapse=bool(collapse),
            distance=distance_options(method, costs, cost, indel, places, ngram, relative, threads),
            sample=whole_number(sample, "sample", 1),
            seed=0,
            threads=thread_count(threads),
        )
    )
