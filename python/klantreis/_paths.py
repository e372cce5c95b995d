# SPDX-License-Identifier: MIT
"""Distinct paths with their conversions, nulls and value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from klantreis import _core
from klantreis._arguments import whole_number
from klantreis._duration import DurationLike, microseconds
from klantreis._journeys import Journeys
from klantreis._table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

Transform = Literal[
    "unique", "exposure", "first", "frequency", "remove_if_not_all", "remove_if_last_and_not_all", "trim"
]


class Paths:
    """Distinct paths and what became of them; made by :func:`klantreis.paths` or :func:`klantreis.read_paths`."""

    __slots__ = ("_handle",)

    def __init__(self, handle: _core.PathTable) -> None:
        self._handle = handle

    def __len__(self) -> int:
        return self._handle.size

    @property
    def by(self) -> str:
        """What the items of the paths are: ``touchpoint``, ``channel``, ``phase`` or an attribute."""
        return self._handle.by

    @property
    def items(self) -> list[str]:
        """Names of the items, in the order of first appearance."""
        return list(self._handle.names)

    @property
    def conversions(self) -> float:
        """Number of conversions; path tables may hold fractions."""
        return self._handle.conversions

    @property
    def nulls(self) -> float:
        """Number of journeys that ended without a conversion."""
        return self._handle.nulls

    @property
    def value(self) -> float:
        """Value of the conversions."""
        return self._handle.value

    @property
    def rejected(self) -> dict[str, int]:
        """Rows that were left out when the table was read, by reason."""
        return dict(self._handle.rejected)

    def merge(self, other: Paths) -> Paths:
        """Return the paths of both; they must have been made under the same options and of different customers."""
        merged = _core.PathTable()
        merged.merge(self._handle)
        merged.merge(other._handle)
        return Paths(merged)

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_bytes, (_core.count_paths(self._handle).to_bytes(),)

    def table(self) -> Table:
        """Return ``path, conversions, nulls, open, value``, most journeys first."""
        return Table(self._handle.to_table())

    def __repr__(self) -> str:
        return (
            f"Paths({len(self):,} distinct paths of {len(self.items):,} items: {self.conversions:,.10g} conversions, "
            f"{self.nulls:,.10g} nulls; by: {self.by})"
        )

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def paths(
    journeys: Journeys,
    *,
    by: str = "touchpoint",
    collapse: bool = False,
    lookback: DurationLike | None = None,
    lookback_touches: int | None = None,
    exclude: str | Sequence[str] = (),
    reuse_touches: bool = False,
    threads: int | None = None,
) -> Paths:
    """Count the distinct paths of journeys.

    Parameters
    ----------
    journeys
        The journeys, from :func:`klantreis.journeys`.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log.
    collapse
        Merge immediate repeats; phases always do.
    lookback
        Leave out touches older than this before the conversion (before the last event where there is none).
    lookback_touches
        Keep at most so many of the last touches.
    exclude
        An item, or items, whose touches are left out.
    reuse_touches
        True gives a journey the touches of the customer's earlier journeys as well; else each touch belongs to one.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Paths

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 2], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
    ...                "touchpoint": ["visit", "order", "visit"]})
    >>> kr.paths(kr.journeys(log, conversion="order")).table().to_dicts()
    [{'path': 'visit', 'conversions': 1.0, 'nulls': 1.0, 'open': 0.0, 'value': 0.0}]
    """
    options = path_options(by, collapse, lookback, lookback_touches, exclude, reuse_touches, threads)
    return Paths(_core.make_paths(journeys._handle, **options))


def _from_bytes(data: bytes) -> Paths:
    return Paths(_core.paths_of_part(_core.PartCounts.from_bytes(data)))


def path_options(
    by: str = "touchpoint",
    collapse: bool = False,
    lookback: DurationLike | None = None,
    lookback_touches: int | None = None,
    exclude: str | Sequence[str] = (),
    reuse_touches: bool = False,
    threads: int | None = None,
) -> dict[str, Any]:
    """Return the options of :func:`paths` as the core takes them."""
    return {
        "by": by,
        "collapse": bool(collapse),
        "lookback": None if lookback is None else microseconds(lookback, "lookback"),
        "lookback_touches": 0 if lookback_touches is None else whole_number(lookback_touches, "lookback_touches", 1),
        "exclude": [exclude] if isinstance(exclude, str) else list(exclude),
        "reuse_touches": bool(reuse_touches),
        "threads": threads or 0,
    }


def transform_paths(paths: Paths, kind: Transform, *, item: str | None = None, last: int | None = None) -> Paths:
    """Transform every path and add up those that become equal.

    Parameters
    ----------
    paths
        The paths, from :func:`klantreis.paths` or :func:`klantreis.read_paths`.
    kind
        What becomes of ``D > A > B > B > D > D``:

        ========================================  ===========================
        ``"unique"``                              ``D > A > B > B > D > D``
        ``"exposure"``                            ``D > A > B > D``
        ``"first"``                               ``D > A > B``
        ``"frequency"``                           ``D(3) > A(1) > B(2)``
        ``"remove_if_not_all"``, item D           ``A > B > B``
        ``"remove_if_last_and_not_all"``, item D  ``D > A > B > B``
        ``"trim"``, last 2                        ``D > D``
        ========================================  ===========================
    item
        What to remove; a path of nothing else keeps it.
    last
        Of ``trim``: how many touches before the end to keep.

    Returns
    -------
    Paths
        With the same customers, conversions, nulls and value.

    Notes
    -----
    The transformations are those of fractribution and of snowplow-attribution.

    Examples
    --------
    >>> import klantreis as kr
    >>> found = kr.read_paths({"path": ["direct > ad > direct", "ad", "direct"], "total_conversions": [1, 2, 3]})
    >>> kr.transform_paths(found, "remove_if_not_all", item="direct").table().head(2)["path"]
    ['ad', 'direct']
    """
    return Paths(
        _core.transform_paths(
            paths._handle, kind=kind, item=item or "", last=0 if last is None else whole_number(last, "last", 1)
        )
    )
