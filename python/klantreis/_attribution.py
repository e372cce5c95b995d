# SPDX-License-Identifier: MIT
"""Attribution: which part of the conversions each touchpoint, channel or phase has earned."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, get_args

from klantreis import _core
from klantreis._arguments import thread_count, whole_number
from klantreis._duration import DurationLike, microseconds
from klantreis._journeys import Journeys
from klantreis._paths import Paths, paths
from klantreis._table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Model = Literal[
    "first_touch",
    "last_touch",
    "last_non_direct",
    "linear",
    "position_based",
    "time_decay",
    "markov",
    "first_non_direct",
    "last_paid",
    "linear_distinct",
    "j_shaped",
    "inverse_j",
    "position_decay",
    "custom",
    "shapley",
]
Game = Literal["sum", "exact_set", "subset_rate"]

_PARTS = (0.4, 0.2, 0.4)
_COMPARED: tuple[Model, ...] = ("first_touch", "last_touch", "linear", "position_based", "shapley", "markov")


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


def _weights(
    model: str, weights: Sequence[float] | Callable[[int], Sequence[float]] | None
) -> tuple[float, float, Callable[[int], Sequence[float]] | None]:
    """Return the parts of the first and the last touch, and the function of ``custom``."""
    if callable(weights):
        if model != "custom":
            raise _core.InputError(f"weights is a function, which belongs to model 'custom', not to {model!r}")
        return (*_ends(_PARTS), lambda touches: [float(weight) for weight in weights(touches)])
    if model == "custom":
        raise _core.InputError(
            f"weights is {weights!r}; model 'custom' needs a function that gives the weights for a number of touches, "
            "such as lambda n: range(1, n + 1)"
        )
    return (*_ends(_PARTS if weights is None else weights), None)


def _names(items: str | Sequence[str]) -> list[str]:
    return [items] if isinstance(items, str) else list(items)


def attribute(
    journeys: Journeys | Paths,
    *,
    model: Model = "markov",
    order: int = 1,
    by: str = "touchpoint",
    lookback: DurationLike | None = None,
    half_life: DurationLike = "7d",
    weights: Sequence[float] | Callable[[int], Sequence[float]] | None = None,
    direct: str | Sequence[str] = "direct",
    paid: str | Sequence[str] = (),
    game: Game = "sum",
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
        What shares out the credit; :func:`klantreis.models` gives the definition of each. To one touch:
        ``"first_touch"``, ``"last_touch"``, ``"first_non_direct"``, ``"last_non_direct"``, ``"last_paid"``. In equal
        parts: ``"linear"`` (to every touch), ``"linear_distinct"`` (to every item). By place: ``"position_based"``,
        ``"j_shaped"``, ``"inverse_j"``, ``"position_decay"``, ``"custom"``. By time: ``"time_decay"``. By what an item
        adds to the others: ``"markov"``, ``"shapley"``.
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
        Of ``position_based``: the parts of the first touch, of those between, and of the last; (0.4, 0.2, 0.4) unless
        told. Of ``custom``: a function that gives for a number of touches one weight for each, the oldest first; the
        weights are made to add up to 1.
    direct
        Of ``first_non_direct`` and ``last_non_direct``: the item, or items, that count as direct.
    paid
        Of ``last_paid``: the item, or items, that are paid for.
    game
        Of ``shapley``, what a coalition of items is worth: ``"sum"``, the conversions of journeys that touch no other
        item; ``"exact_set"``, the conversion rate of journeys that touch just these items; ``"subset_rate"``, the sum
        of the conversion rates of the sets of items within it.
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
        only, is the row ``(unattributed)``, the last one. The column ``model`` says which game ``shapley`` played, such
        as ``shapley_sum``.

    Notes
    -----
    The removal effect is the part of the conversions that is lost when every state that contains the item leads to
    ``(null)`` (Anderl, Becker, von Wangenheim and Schumann 2016, doi:10.1016/j.ijresmar.2016.03.001). It is computed,
    not simulated; the option ``error_bound`` of the result is a certified bound on its error.

    The intervals take customers as independent. In a path table without customers each conversion and each null counts
    as a customer of its own, so there they are too narrow when customers have several journeys.

    The games ``exact_set`` and ``subset_rate`` have no bounds and no value credits. In ``exact_set`` a coalition may be
    worth less than a part of it, so an item may have a negative credit; no other model gives one.

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
    >>> found = kr.attribute(journeys, model="custom", weights=lambda n: range(1, n + 1))
    >>> [(row["touchpoint"], round(row["credit"], 3)) for row in found]
    [('mail', 0.5), ('search', 0.333), ('ad', 0.167)]
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
    if game not in get_args(Game):
        raise _core.InputError(f"game is {game!r}; choose one of {', '.join(get_args(Game))}")
    first, last, function = _weights(model, weights)
    return Table(
        _core.attribute(
            journeys._handle,
            model=model,
            order=whole_number(order, "order", 1),
            self_transitions=bool(self_transitions),
            direct=_names(direct),
            first=first,
            last=last,
            half_life=microseconds(half_life, "half_life"),
            paid=_names(paid),
            weights=function,
            game=game,
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
    >>> kr.models()["model"][:7]
    ['first_touch', 'last_touch', 'last_non_direct', 'linear', 'position_based', 'time_decay', 'markov']
    """
    return Table(_core.models())


def compare_models(
    journeys: Journeys | Paths,
    *,
    models: Sequence[Model] | Mapping[str, Mapping[str, Any]] = _COMPARED,
    by: str = "touchpoint",
    lookback: DurationLike | None = None,
    intervals: bool = True,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Put the credit of several models below each other.

    Parameters
    ----------
    journeys
        The journeys, or a path table; settled journeys count.
    models
        Names of models, or for each name in the result the arguments of :func:`klantreis.attribute`, such as
        ``{"order 1": {"model": "markov"}, "order 2": {"model": "markov", "order": 2}}``.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log. A path table keeps what it was made
        by.
    lookback
        Touches older than this before the conversion earn nothing.
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
        The item, ``model, share, share_lower, share_upper, credit, n, marks``: one row for each item under each model,
        the models in the order given, within a model most credit first.

    Examples
    --------
    >>> import klantreis as kr
    >>> paths = kr.read_paths({"path": ["ad > mail", "mail"], "total_conversions": [4, 1]})
    >>> found = kr.compare_models(paths, models=["last_touch", "linear"])
    >>> [(row["touchpoint"], row["model"], row["credit"]) for row in found]
    [('mail', 'last_touch', 5.0), ('ad', 'last_touch', 0.0), ('mail', 'linear', 3.0), ('ad', 'linear', 2.0)]
    """
    if isinstance(models, str):
        raise _core.InputError(f"models is {models!r}; give several, such as [{models!r}, 'linear']")
    if hasattr(models, "items"):
        asked = [(label, dict(arguments)) for label, arguments in models.items()]
    else:
        asked = [(None, {"model": model}) for model in models]
    if not asked:
        raise _core.InputError("models is empty; give at least one, such as ['linear', 'markov']")
    names = ["model", "share", "share_lower", "share_upper", "credit", "n", "marks"]
    item = journeys.by if isinstance(journeys, Paths) else by
    columns: dict[str, list[Any]] = {name: [] for name in [item, *names]}
    shared = {"lookback": lookback, "intervals": intervals, "level": level, "min_n": min_n, "threads": threads}
    for label, arguments in asked:
        found = attribute(journeys, by=by, **{**shared, **arguments})
        for name in columns:
            columns[name] += [label] * len(found) if name == "model" and label is not None else found[name]
    return Table.from_columns(
        columns,
        definition="Credit by several models. Each shares out the same conversions of settled journeys: within a model "
        "credit adds up to them, and share is credit as a part of them.",
        options={"by": item, "models": ", ".join(dict.fromkeys(columns["model"])), "level": level, "min_n": min_n},
        quantities={**dict.fromkeys(["share", "share_lower", "share_upper"], "share"), "credit": "count", "n": "count"},
    )


def shapley_positions(
    journeys: Journeys | Paths, *, by: str = "touchpoint", lookback: DurationLike | None = None
) -> Table:
    """Credit each item at each position of a path by ordered Shapley values.

    Each conversion falls in equal parts to the items of its path; the part of an item falls in equal parts to the
    positions where it was touched (Zhao, Mahboobi and Bagheri 2018, arXiv:1804.05327). Summed over the positions this
    is :func:`klantreis.attribute` with the model ``shapley``.

    Parameters
    ----------
    journeys
        The journeys, or a path table; settled journeys count.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log. A path table keeps what it was made
        by.
    lookback
        Touches older than this before the conversion earn nothing. A path table has the lookback it was made with.

    Returns
    -------
    Table
        The item, ``position`` (from 1), ``credit`` and, where values exist, ``credit_value``; by position, most credit
        first. Conversions without a touch are the row ``(unattributed)`` at position 0, the last one.

    Examples
    --------
    >>> import klantreis as kr
    >>> paths = kr.read_paths({"path": ["ad > mail > ad", "mail"], "total_conversions": [4, 1]})
    >>> [(row["touchpoint"], row["position"], row["credit"]) for row in kr.shapley_positions(paths)]
    [('ad', 1, 1.0), ('mail', 1, 1.0), ('mail', 2, 2.0), ('ad', 3, 1.0)]
    """
    if isinstance(journeys, Journeys):
        journeys = paths(journeys, by=by, lookback=lookback)
    elif by not in ("touchpoint", journeys.by) or lookback is not None:
        raise _core.InputError(
            f"these paths were made by {journeys.by!r}, with the lookback they have; make them with "
            f"klantreis.paths(journeys, by={by!r}, lookback=...)"
        )
    return Table(_core.shapley_positions(journeys._handle))
