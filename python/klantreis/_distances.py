# SPDX-License-Identifier: MIT
"""How far journeys are from each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from klantreis import _core
from klantreis._arguments import thread_count, whole_number
from klantreis._core import InputError
from klantreis._paths import Paths
from klantreis._table import Table

if TYPE_CHECKING:
    import numpy

    from klantreis._journeys import Journeys

Costs: TypeAlias = "Literal['trate', 'constant'] | Mapping[tuple[str, str], float]"

METRICS = ("levenshtein", "om", "lcs", "hamming", "dhd", "ngrams")


class Distances:
    """Distances among distinct paths; made by :func:`klantreis.distances`."""

    __slots__ = ("_metric", "_paths", "_values", "_weights")

    def __init__(self, metric: str, paths: list[str], weights: list[float], values: bytes) -> None:
        self._metric = metric
        self._paths = paths
        self._weights = weights
        self._values = memoryview(values).cast("d")

    def __len__(self) -> int:
        return len(self._paths)

    @property
    def metric(self) -> str:
        """How distances were measured."""
        return self._metric

    @property
    def paths(self) -> list[str]:
        """The distinct paths, in alphabetical order of their items."""
        return list(self._paths)

    @property
    def weights(self) -> list[float]:
        """How many settled journeys took each path."""
        return list(self._weights)

    def __getitem__(self, pair: tuple[int, int]) -> float:
        a, b = pair
        size = len(self._paths)
        if not (0 <= a < size and 0 <= b < size):
            raise IndexError(f"there is no distance {pair}; paths are numbered from 0 to {size - 1}")
        return self._values[a * size + b]

    def to_numpy(self) -> numpy.ndarray[Any, Any]:
        """Return the distances as a square array."""
        import numpy as np

        return np.array(self._values, dtype=float).reshape(len(self._paths), len(self._paths))

    def table(self) -> Table:
        """Return one row for each pair: ``path, other, distance``, the nearest first.

        Examples
        --------
        >>> import klantreis as kr
        >>> found = kr.distances([["ad", "cart"], ["ad", "cart", "pay"], ["mail"]])
        >>> for row in found.table():
        ...     print(row["path"], "|", row["other"], "|", row["distance"])
        ad > cart | ad > cart > pay | 1.0
        ad > cart | mail | 2.0
        ad > cart > pay | mail | 3.0
        """
        size = len(self._paths)
        pairs = [(a, b) for a in range(size) for b in range(a + 1, size)]
        pairs.sort(key=lambda pair: self[pair])
        return Table.from_columns(
            {
                "path": [self._paths[a] for a, _ in pairs],
                "other": [self._paths[b] for _, b in pairs],
                "distance": [self[pair] for pair in pairs],
            },
            definition=f"Distances among the distinct paths of settled journeys: {self._metric}.",
            options={"method": self._metric},
        )

    def __repr__(self) -> str:
        return f"Distances({len(self):,} distinct paths; {self._metric})"


def distances(
    journeys: Journeys | Paths | Iterable[Sequence[str]],
    *,
    method: str = "levenshtein",
    by: str = "touchpoint",
    collapse: bool = False,
    costs: Costs = "trate",
    cost: float = 2.0,
    indel: float | None = None,
    places: int | None = None,
    ngram: int = 2,
    relative: bool = False,
    threads: int | None = None,
) -> Distances:
    """Measure how far the distinct paths are from each other.

    Parameters
    ----------
    journeys
        Journeys, whose settled ones count; paths; or sequences of names.
    method
        ``"levenshtein"``: insertions, deletions and substitutions, each 1. ``"om"``, optimal matching: the same with
        costs. ``"lcs"``: length + length - 2 · longest common subsequence. ``"hamming"``: places that differ.
        ``"dhd"``: the same with costs by place. ``"ngrams"``: 1 - cosine of the counts of n-grams.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    costs
        Of ``"om"``: ``"trate"``, where a substitution costs ``cost - p(a → b) - p(b → a)``; ``"constant"``; or the
        costs of pairs, ``{(a, b): cost}``, the same both ways.
    cost
        What a substitution costs, or what rates are taken from.
    indel
        What an insertion or deletion costs with ``"om"``. None: half the largest substitution cost.
    places
        Of ``"hamming"`` and ``"dhd"``: compare so many first places; paths that have ended stand at ``(end)``. None:
        all paths must have one length.
    ngram
        The longest n-grams that count.
    relative
        Divide by the length of the longer path.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Distances

    Raises
    ------
    InputError
        When a cost is negative, lengths differ where they must not, or there are too many distinct paths.

    Notes
    -----
    As in TraMineR (Gabadinho, Ritschard, Müller and Studer 2011, doi:10.18637/jss.v040.i04): rates are those among all
    paths by their weights, the last place of each left out; dynamic Hamming costs are 4 less the rates from the place
    before and to the place after, at both ends those of the one side twice (Lesnard 2010,
    doi:10.1177/0049124110362526).

    Examples
    --------
    >>> import klantreis as kr
    >>> found = kr.distances([["ad", "cart", "pay"], ["ad", "pay"]], method="lcs")
    >>> found.paths, found[0, 1]
    (['ad > cart > pay', 'ad > pay'], 1.0)
    """
    if method not in METRICS:
        raise InputError(f"there is no distance {method!r}; there are {', '.join(METRICS)}")
    options = distance_options(method, costs, cost, indel, places, ngram, relative, threads)
    from klantreis._journeys import Journeys
    from klantreis._paths import paths

    if isinstance(journeys, Journeys):
        journeys = paths(journeys, by=by, collapse=collapse, threads=threads)
    if isinstance(journeys, Paths):
        found = _core.distances_of_paths(journeys._handle, options)
    else:
        sequences = [[str(item) for item in path] for path in journeys]
        found = _core.distances_of_sequences(sequences, [1.0] * len(sequences), options)
    return Distances(method, *found)


def distance_options(
    metric: str,
    costs: Costs,
    cost: float,
    indel: float | None,
    places: int | None,
    ngram: int,
    relative: bool,
    threads: int | None,
) -> _core.DistanceOptions:
    pairs: list[tuple[str, str, float]] = []
    if isinstance(costs, Mapping):
        for key, value in costs.items():
            if not isinstance(key, tuple) or len(key) != 2:
                raise InputError(f"costs has {key!r}; give pairs of names, {{(a, b): cost}}")
            pairs.append((str(key[0]), str(key[1]), float(value)))
    elif costs not in ("trate", "constant"):
        raise InputError(f"there are no costs {costs!r}; there are 'trate', 'constant' and {{(a, b): cost}}")
    return _core.DistanceOptions(
        metric=metric,
        substitution="given" if pairs else str(costs) if not isinstance(costs, Mapping) else "constant",
        constant=float(cost),
        costs=pairs,
        indel=None if indel is None else float(indel),
        places=None if places is None else whole_number(places, "places", 1),
        ngram=whole_number(ngram, "ngram", 1),
        relative=bool(relative),
        threads=thread_count(threads),
    )
