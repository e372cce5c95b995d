# SPDX-License-Identifier: MIT
"""The chain of journeys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klantreis import _core
from klantreis._arguments import thread_count, whole_number
from klantreis._core import InputError
from klantreis._duration import microseconds
from klantreis._journeys import Journeys
from klantreis._markov.chain import Chain
from klantreis._paths import Paths

if TYPE_CHECKING:
    from klantreis._duration import DurationLike


def markov(
    journeys: Journeys | Paths,
    *,
    order: int = 1,
    by: str = "touchpoint",
    collapse: bool = False,
    lookback: DurationLike | None = None,
    self_transitions: bool = False,
    threads: int | None = None,
) -> Chain:
    """Estimate the absorbing Markov chain of journeys.

    Parameters
    ----------
    journeys
        The journeys, or a path table; settled journeys count.
    order
        How many past items the next step depends on. At order 2 the states are pairs such as ``a > b``; a path shorter
        than the order is one state.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log. A path table keeps what it was made
        by.
    collapse
        Merge immediate repeats; phases always do. A path table stays as it is.
    lookback
        Leave out touches older than this before the conversion (before the last event where there is none).
    self_transitions
        Keep steps from a window of items to itself. They change no probability of absorption, but the visits and steps.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Chain
        From ``(start)`` over the windows of items to ``(conversion)`` or ``(null)``. Without smoothing: the probability
        of conversion from ``(start)`` is the observed rate at every order.

    Notes
    -----
    Anderl, Becker, von Wangenheim and Schumann (2016), https://doi.org/10.1016/j.ijresmar.2016.03.001.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = [f"2024-03-0{day}" for day in (1, 2, 3, 1, 2, 5)]
    >>> log = kr.read({"customer_id": [1, 1, 1, 2, 2, 3], "timestamp": days,
    ...                "touchpoint": ["view", "cart", "order", "view", "cart", "view"]})
    >>> chain = kr.markov(kr.journeys(log, conversion="order"))
    >>> chain
    Chain(3 states, outcomes (conversion), (null))
    >>> [(row["state"], round(row["probability"], 3)) for row in chain.absorption() if row["outcome"] == "(conversion)"]
    [('(start)', 0.333), ('view', 0.333), ('cart', 0.5)]
    """
    if not isinstance(journeys, (Journeys, Paths)):
        raise InputError(
            f"markov takes Journeys or Paths, not {type(journeys).__name__}; make a chain of numbers with "
            "Chain.from_probabilities or Chain.from_counts"
        )
    order = whole_number(order, "order", 1)
    if isinstance(journeys, Journeys):
        return Chain(
            _core.markov(
                journeys._handle,
                order=order,
                self_transitions=bool(self_transitions),
                by=by,
                collapse=bool(collapse),
                lookback=None if lookback is None else microseconds(lookback, "lookback"),
                threads=thread_count(threads),
            )
        )
    if by not in ("touchpoint", journeys.by):
        raise InputError(
            f"by is {by!r}, but these paths were made by {journeys.by!r}; make them with klantreis.paths(journeys, "
            f"by={by!r})"
        )
    if lookback is not None or collapse:
        raise InputError("lookback and collapse belong to the making of paths; pass them to klantreis.paths")
    return Chain(_core.markov(journeys._handle, order=order, self_transitions=bool(self_transitions)))
