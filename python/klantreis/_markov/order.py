# SPDX-License-Identifier: MIT
"""How many past steps the next one depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klantreis import _core
from klantreis._arguments import whole_number
from klantreis._core import InputError
from klantreis._journeys import Journeys
from klantreis._paths import Paths, paths
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._duration import DurationLike


def _handle(journeys: Journeys | Paths, analysis: str, by: str, lookback: DurationLike | None) -> _core.PathTable:
    if isinstance(journeys, Journeys):
        return paths(journeys, by=by, lookback=lookback)._handle
    if not isinstance(journeys, Paths):
        raise InputError(f"{analysis} takes Journeys or Paths, not {type(journeys).__name__}")
    if by not in ("touchpoint", journeys.by) or lookback is not None:
        raise InputError(
            f"these paths were made by {journeys.by!r}, with the lookback they have; make them with "
            f"klantreis.paths(journeys, by={by!r}, lookback=...)"
        )
    return journeys._handle


def select_order(
    journeys: Journeys | Paths,
    *,
    max_order: int = 4,
    folds: int = 10,
    seed: int = 0,
    alpha: float = 1.0,
    by: str = "touchpoint",
    lookback: DurationLike | None = None,
    level: float = 0.95,
) -> Table:
    """Compare the orders of the Markov chain, and recommend one.

    Parameters
    ----------
    journeys
        The journeys, or a path table; settled journeys count.
    max_order
        Orders 0 to this one are compared.
    folds, seed
        Customers are held out in so many parts; without customers, single conversions and nulls.
    alpha
        Weight of the shorter context where the probabilities are smoothed.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log. A path table keeps what it was made
        by.
    lookback
        Leave out touches older than this before the conversion.
    level
        The coverage of the interval of the AUC.

    Returns
    -------
    Table
        One row per order. Held out: ``loss`` (nats per journey), ``difference`` to the best with ``difference_se``,
        ``auc`` with bounds. In sample: ``log_likelihood, parameters, aic, bic``, the likelihood ratio to the order
        below (``lr_statistic, lr_df, lr_p``), and ``in_sample_auc, penalised_auc``, the criterion of
        ChannelAttribution. ``recommended`` has the smallest loss; ``within_one_se`` is the lowest order that is no more
        than one standard error worse. Both are also options of the table.

    Notes
    -----
    The loss is -ln P of every touch and of the end of journeys whose customer took no part in the estimate, P smoothed
    towards shorter contexts so that nothing is impossible. In-sample criteria do not see customers: with several
    journeys each they favour high orders, and the criterion of ChannelAttribution grows with the order by
    construction. Singer, Helic, Taraghi and Strohmaier 2014, doi:10.1371/journal.pone.0102070.

    Examples
    --------
    >>> import klantreis as kr
    >>> paths = kr.read_paths({"path": ["a > b", "b > a", "a"], "total_conversions": [40, 2, 5],
    ...                        "total_null": [10, 30, 20]}, nulls="total_null")
    >>> found = kr.select_order(paths, max_order=2)
    >>> found["order"], found.options["recommended"]
    ([0, 1, 2], '2')
    """
    return Table(
        _core.select_order(
            _handle(journeys, "select_order", by, lookback),
            max_order=whole_number(max_order, "max_order", 0),
            folds=whole_number(folds, "folds", 2),
            seed=whole_number(seed, "seed", 0),
            alpha=float(alpha),
            level=level,
        )
    )


def order_criteria(
    journeys: Journeys | Paths,
    *,
    max_order: int = 3,
    by: str = "touchpoint",
    lookback: DurationLike | None = None,
) -> Table:
    """Return in-sample criteria of the order of the steps between items alone.

    As for one sequence: only steps at which every order has its whole context count, and the beginning and the end of a
    journey do not.

    Parameters
    ----------
    journeys
        The journeys, or a path table; settled journeys count.
    max_order
        Orders 0 to this one are compared.
    by, lookback
        As for :func:`klantreis.select_order`.

    Returns
    -------
    Table
        ``order, log_likelihood, parameters, aic, bic, lr_statistic, lr_df, lr_p``; the likelihood ratio is to the order
        below (Anderson and Goodman 1957, doi:10.1214/aoms/1177707039).

    Examples
    --------
    >>> import klantreis as kr
    >>> paths = kr.read_paths({"path": ["a > a > b > b > a", "b > a > a > b"], "total_conversions": [1, 1]})
    >>> kr.order_criteria(paths, max_order=1)["parameters"]
    [1.0, 2.0]
    """
    return Table(
        _core.order_criteria(
            _handle(journeys, "order_criteria", by, lookback), max_order=whole_number(max_order, "max_order", 0)
        )
    )
