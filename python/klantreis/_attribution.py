# SPDX-License-Identifier: MIT
"""Attribution: which part of the conversions each touchpoint, channel or phase has earned."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, get_args

from klantreis import _core
from klantreis._arguments import thread_count, whole_number
from klantreis._duration import DurationLike, microseconds
from klantreis._journeys import Journeys
from klantreis._paths import Paths
from klantreis._table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

Model = Literal["first_touch", "last_touch", "last_non_direct", "linear", "position_based", "time_decay", "markov"]


def _ends(weights: Sequence[float]) -> tuple[float, float]:
    """Return the parts of the first and the last touch of three parts that add up to 1."""
    try:
        first, middle, last = (float(weight) for weight in weights)
    except (TypeError, ValueError):
        raise _core.InputError(
            f"weights is {weights!r}; give three parts, of the first touch, those between and the last, "
            "such as (0.4, 0.2, 0.4)"
        ) from None
    if not (min(first, middle, last) >= 0 and math.isclose(first + middle + last, 1, abs_tol=1e-9)):
        raise _core.InputError(
            f"weights is {weights!r}; the three parts must be 0 or more and add up to 1, such as (0.4, 0.2, 0.4)"
        )
    return first, last


def attribute(
    journeys: Journeys | Paths,
    *,
    model: Model = "markov",
    order: int = 1,
    by: str = "touchpoint",
    lookback: DurationLike | None = None,
    half_life: DurationLike = "7d",
    weights: Sequence[float] = (0.4, 0.2, 0.4),
    direct: str | Sequence[str] = "direct",
    self_transitions: bool = False,
    intervals: bool = True,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Credit each touchpoint or channel with its part of the conversions and their value.

    Parameters
    ----------
    journeys
        The journeys, or a path table, to analyse; settled journeys count.
    model
        ``"first_touch"``, ``"last_touch"``, ``"last_non_direct"``, ``"linear"``, ``"position_based"``,
        ``"time_decay"`` or ``"markov"``; :func:`klantreis.models` says what each does.
    order
        Of ``markov``: how many past items the next step depends on.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log. A path table keeps what it was made
        by.
    lookback
        Touches older than this before the conversion earn nothing.
    half_life
        Of ``time_decay``: credit halves with every such time before the last touch.
    weights
        Of ``position_based``: the parts of the first touch, of those between, and of the last.
    direct
        Of ``last_non_direct``: the item, or items, that count as direct.
    self_transitions
        Of ``markov``: keep steps from a window of items to itself. This changes no number of the result.
    intervals
        False leaves the bounds empty, and saves the time they take.
    level
        The coverage of the intervals.
    min_n
        Rows of fewer customers are marked ``few_customers``.
    threads
        Number of threads; None: one for each core.

    Returns
    -------
    Table
        One row per item, most credit first: the item, ``model, removal_effect, share, credit`` and, where values
        exist, ``removal_effect_value, credit_value``, each with ``_lower`` and ``_upper``; ``n`` (customers with a
        settled journey) and ``marks``. The removal effects belong to ``markov``. Credits add up to the conversions,
        shares to 1 and value credits to the value; what came without any touch, or with touches outside the lookback
        only, is the row ``(unattributed)``, the last one.

    Notes
    -----
    The removal effect is the part of the conversions that is lost when every state that contains the item leads to
    ``(null)`` (Anderl, Becker, von Wangenheim and Schumann 2016, doi:10.1016/j.ijresmar.2016.03.001). It is computed,
    not simulated; the option ``error_bound`` of the result is a certified bound on its error.

    The intervals take customers as independent. In a path table without customers each conversion and each null counts
    as a customer of its own, so there they are too narrow when customers have several journeys.

    Credit is a way to share out what happened. It does not say what would have happened without an item.

    Examples
    --------
    >>> import klantreis as kr
    >>> days = [f"2024-03-0{day}" for day in (1, 2, 3, 4, 1, 5, 6)]
    >>> log = kr.read({"customer_id": [1, 1, 1, 1, 2, 3, 3], "timestamp": days,
    ...                "touchpoint": ["ad", "search", "mail", "order", "ad", "search", "mail"]})
    >>> journeys = kr.journeys(log, conversion="order")
    >>> found = kr.attribute(journeys)
    >>> [(row["touchpoint"], round(row["removal_effect"], 3), round(row["credit"], 3)) for row in found]
    [('mail', 1.0, 0.4), ('search', 1.0, 0.4), ('ad', 0.5, 0.2)]
    >>> [(row["touchpoint"], row["credit"]) for row in kr.attribute(journeys, model="last_touch")]
    [('mail', 1.0), ('ad', 0.0), ('search', 0.0)]
    """
    if not isinstance(journeys, (Journeys, Paths)):
        raise _core.InputError(
            f"attribute takes Journeys or Paths, not {type(journeys).__name__}; cut journeys from a log with "
            "klantreis.journeys, or read a path table with klantreis.read_paths"
        )
    if isinstance(journeys, Paths) and by not in ("touchpoint", journeys.by):
        raise _core.InputError(
            f"by is {by!r}, but these paths were made by {journeys.by!r}; make them with klantreis.paths(journeys, "
            f"by={by!r})"
        )
    if model not in get_args(Model):
        raise _core.InputError(f"model is {model!r}; choose one of {', '.join(get_args(Model))}")
    first, last = _ends(weights)
    return Table(
        _core.attribute(
            journeys._handle,
            model=model,
            order=whole_number(order, "order", 1),
            self_transitions=bool(self_transitions),
            direct=[direct] if isinstance(direct, str) else list(direct),
            first=first,
            last=last,
            half_life=microseconds(half_life, "half_life"),
            by=by,
            lookback=None if lookback is None else microseconds(lookback, "lookback"),
            intervals=bool(intervals),
            level=level,
            min_n=float(min_n),
            threads=thread_count(threads),
        )
    )


def models() -> Table:
    """List the models of attribution: ``model, definition, parameters, source``.

    Examples
    --------
    >>> import klantreis as kr
    >>> kr.models()["model"]
    ['first_touch', 'last_touch', 'last_non_direct', 'linear', 'position_based', 'time_decay', 'markov']
    """
    return Table(_core.models())
