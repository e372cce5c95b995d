# SPDX-License-Identifier: MIT
"""Credit of the items of journeys, of single paths, and of one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from klantreis import _core
from klantreis._arguments import one_of, whole_number
from klantreis._attribution.arguments import (
    Game,
    Model,
    Removal,
    Rows,
    attribution_options,
    check_journeys,
    model_parameters,
    paths_of,
)
from klantreis._attribution.cost import with_costs
from klantreis._journeys import Journeys
from klantreis._paths import Paths, paths
from klantreis._table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from klantreis._attribution.arguments import Units
    from klantreis._attribution.cost import Costs
    from klantreis._duration import DurationLike


def attribute(
    journeys: Journeys | Paths,
    *,
    model: Model = "markov",
    order: int = 1,
    by: str = "touchpoint",
    lookback: DurationLike | None = None,
    lookback_touches: int | None = None,
    exclude: str | Sequence[str] = (),
    reuse_touches: bool = False,
    half_life: DurationLike = "7d",
    weights: Sequence[float] | Callable[[int], Sequence[float]] | None = None,
    direct: str | Sequence[str] = "direct",
    paid: str | Sequence[str] = (),
    milestones: str | Sequence[str] = (),
    ratio: float = 0.5,
    game: Game = "sum",
    permutations: int = 2000,
    seed: int = 0,
    removal: Removal = "to_null",
    smoothing: float = 0.0,
    units: Units | None = None,
    self_transitions: bool = False,
    ridge: float = 1.0,
    iterations: int = 200,
    rows: Rows | None = None,
    cost: Costs | None = None,
    intervals: bool | Literal["bootstrap"] = True,
    replicates: int = 1000,
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
        ``"j_shaped"``, ``"inverse_j"``, ``"w_shaped"``, ``"full_path"``, ``"position_decay"``, ``"rank_decay"``,
        ``"custom"``. By time: ``"time_decay"``, ``"additive_hazard"``. By what an item adds to the others:
        ``"markov"``, ``"shapley"``, ``"leave_one_out"``, ``"shao_li"``, ``"logistic"``.
    order
        Of ``markov``: how many past items the next step depends on.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log. A path table keeps what it was made
        by.
    lookback
        Touches older than this before the conversion earn nothing.
    lookback_touches
        Only so many of the last touches before the conversion earn.
    exclude
        An item, or items, whose touches are left out, such as ``"direct"``. What they would have earned falls to the
        other touches of the journey; a journey without others is ``(unattributed)``.
    reuse_touches
        True lets a journey credit the touches of the customer's earlier journeys as well; else each touch counts once.
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
    milestones
        Of ``w_shaped``: the item whose first touch is the milestone, such as the lead; of ``full_path``: two of them.
    ratio
        Of ``rank_decay``: what a touch earns of what the touch after it earns.
    game
        Of ``shapley``, what a coalition of items is worth: ``"sum"``, the conversions of journeys that touch no other
        item; ``"exact_set"``, the conversion rate of journeys that touch just these items; ``"subset_rate"``, the sum
        of the conversion rates of the sets of items within it; ``"within_rate"``, the conversion rate of journeys that
        touch no other item.
    permutations, seed
        Of ``within_rate`` with more than 25 items: how many orders of joining are drawn; the column
        ``sampling_error`` is the standard error of the credit that the draw leaves.
    removal
        Of ``markov``, what becomes of journeys at a removed item: ``"to_null"``, they end there; ``"skip"``, they do
        what those did that went elsewhere from the same state; ``"fail"``, every journey that touches it fails.
    smoothing
        Of ``markov``: move the conversion rate of each last state towards that of all, as if so many journeys more had
        ended there. 0 leaves the counts as they are, so that P(conversion) is the observed rate.
    units
        Of ``markov``: what is removed and credited instead of each item, by name: a list of items that are removed
        together, or a text such as ``"search > mail"`` for that sequence, which needs as high an order.
    self_transitions
        Of ``markov``: keep steps from a window of items to itself. This changes no number of the result.
    ridge
        Of ``logistic``: the penalty on the squared coefficients.
    iterations
        Of ``additive_hazard``: at most so many steps of EM.
    rows
        Credit by path, ``path``, the item, ``credit`` (and ``credit_value``), instead of in all. A model that credits
        items as a whole can be ``"allocated"``, so that the sums over the paths are the credits of the items, or
        ``"normalised"``, so that each path shares out just its own conversions; no way does both. Models that split
        single conversions are the same under both.
    cost
        What the items cost: ``{"search": 100.0}``; a table with the item, ``cost`` and perhaps ``period``, whose
        periods are added up; or ``"touches"``, the cost column of the log. Adds ``cost, cpa`` (cost per conversion) and
        ``roas`` (value per cost) with bounds, the cost taken as known.
    intervals
        By influence values of customers (True), or ``"bootstrap"``: percentiles of replicates in which customers are
        drawn, with ``rank`` and its bounds, for models that have no influence values too. False leaves the bounds
        empty, and saves the time they take.
    replicates
        Of the bootstrap; ``seed`` is its seed as well.
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

    The games ``exact_set``, ``subset_rate`` and ``within_rate`` have no value credits and no bounds but those of the
    bootstrap. In ``exact_set`` a coalition may be worth less than a part of it, so an item may have a negative credit;
    no other model gives one.

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
    check_journeys(journeys, by, "attribute")
    parameters = model_parameters(
        model,
        order=order,
        half_life=half_life,
        weights=weights,
        direct=direct,
        paid=paid,
        milestones=milestones,
        ratio=ratio,
        game=game,
        permutations=permutations,
        seed=seed,
        removal=removal,
        smoothing=smoothing,
        units=units,
        self_transitions=self_transitions,
        ridge=ridge,
        iterations=iterations,
    )
    if intervals not in (True, False, "bootstrap"):
        raise _core.InputError(f"intervals is {intervals!r}; choose True, False or 'bootstrap'")
    options = attribution_options(
        by=by,
        lookback=lookback,
        lookback_touches=lookback_touches,
        exclude=exclude,
        reuse_touches=reuse_touches,
        intervals=intervals is True,
        level=level,
        min_n=min_n,
        threads=threads,
    )
    if rows is not None:
        one_of(rows, "rows", get_args(Rows))
        if cost is not None:
            raise _core.InputError("cost belongs to the items, not to single paths; leave rows out")
        return Table(
            _core.credit_rows(
                paths_of(journeys, options), model=model, parameters=parameters, options=_plain(options), rows=rows
            )
        )
    if intervals == "bootstrap":
        found = Table(
            _core.attribute_by_bootstrap(
                paths_of(journeys, options),
                model=model,
                parameters=parameters,
                options=_plain(options),
                replicates=whole_number(replicates, "replicates", 2),
                seed=parameters["seed"],
            )
        )
    else:
        if isinstance(journeys, Paths):
            paths_of(journeys, options)
        found = Table(_core.attribute(journeys._handle, model=model, parameters=parameters, options=options))
    return found if cost is None else with_costs(found, cost, journeys)


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options without those that the paths were made under."""
    made_under = ("lookback", "lookback_touches", "exclude", "reuse_touches")
    return {name: value for name, value in options.items() if name not in made_under}


def removal_effects(
    journeys: Journeys | Paths,
    *,
    units: Units | None = None,
    order: int = 1,
    removal: Removal = "to_null",
    by: str = "touchpoint",
    lookback: DurationLike | None = None,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Return what removing items, sets of items or sequences would cost.

    Parameters
    ----------
    journeys
        The journeys, or a path table; settled journeys count.
    units
        What is removed, by name: a list of items that are removed together, or a text such as ``"search > mail"`` for
        that sequence. None: each item by itself.
    order
        How many past items the next step depends on; at least the length of a sequence.
    removal
        As for :func:`klantreis.attribute`.
    by, lookback, level, min_n, threads
        As for :func:`klantreis.attribute`.

    Returns
    -------
    Table
        The unit, ``removal_effect`` and, where values exist, ``removal_effect_value``, with bounds, ``n`` and
        ``marks``; largest first. Units may overlap, so their effects do not add up.

    Examples
    --------
    >>> import klantreis as kr
    >>> found = kr.read_paths({"path": ["ad > mail", "mail", "ad > shop", "shop"], "total_conversions": [4, 1, 2, 1],
    ...                        "total_null": [2, 3, 2, 5]}, nulls="total_null")
    >>> effects = kr.removal_effects(found, units={"online": ["ad", "mail"], "ad, then mail": "ad > mail"}, order=2)
    >>> [(row["touchpoint"], round(row["removal_effect"], 3)) for row in effects]
    [('online', 0.875), ('ad, then mail', 0.5)]
    """
    found = attribute(
        journeys,
        model="markov",
        order=order,
        removal=removal,
        units=units,
        by=by,
        lookback=lookback,
        level=level,
        min_n=min_n,
        threads=threads,
    )
    item = found.columns[0]
    kept = [name for name in found.columns if name.startswith("removal_effect") or name in (item, "n", "marks")]
    rows = [row for row in found.to_dicts() if row[item] != "(unattributed)"]
    rows.sort(key=lambda row: (row["removal_effect"] is None, -(row["removal_effect"] or 0.0), row[item]))
    return Table.from_columns(
        {name: [row[name] for row in rows] for name in kept},
        definition="Removal effect: the part of the conversions (or of the value) that is lost when every state with "
        "the unit leads to (null)."
        if removal == "to_null"
        else found.definition,
        options={name: value for name, value in found.options.items() if name != "model"},
        quantities={name: "share" for name in kept if name.startswith("removal_effect")} | {"n": "count"},
    )


def explain_credit(
    journeys: Journeys,
    *,
    customer: object,
    model: Model = "markov",
    rows: Rows = "allocated",
    by: str = "touchpoint",
    lookback: DurationLike | None = None,
    lookback_touches: int | None = None,
    exclude: str | Sequence[str] = (),
    reuse_touches: bool = False,
    **parameters: Any,
) -> Table:
    """Show what each touch of a customer earned, and why.

    Parameters
    ----------
    journeys
        The journeys.
    customer
        The id of the customer, as in the log.
    model
        As for :func:`klantreis.attribute`, whose other parameters (``order``, ``half_life`` …) can be given as well.
    rows
        How a model that credits items as a whole is spread over single conversions; see :func:`klantreis.attribute`.
    by, lookback, lookback_touches, exclude, reuse_touches
        As for :func:`klantreis.attribute`.

    Returns
    -------
    Table
        One row per touch of the customer's converting journeys: ``journey`` (from 1), ``position`` (from 1), the item,
        ``time``, ``part`` of that conversion, ``credit_value`` where values exist, and ``why``.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
    ...                "touchpoint": ["ad", "mail", "order"]})
    >>> found = kr.explain_credit(kr.journeys(log, conversion="order"), customer=1, model="linear")
    >>> [(row["touchpoint"], row["part"], row["why"]) for row in found][0]
    ('ad', 0.5, 'linear: touch 1 of 2, 1 days before the last touch')
    """
    if not isinstance(journeys, Journeys):
        raise _core.InputError(
            f"explain_credit takes Journeys, not {type(journeys).__name__}; cut them from a log with klantreis.journeys"
        )
    one_of(rows, "rows", get_args(Rows))
    return Table(
        _core.explain_credit(
            journeys._handle,
            customer=str(customer),
            model=model,
            parameters=model_parameters(model, **parameters),
            options=attribution_options(
                by=by,
                lookback=lookback,
                lookback_touches=lookback_touches,
                exclude=exclude,
                reuse_touches=reuse_touches,
            ),
            rows=rows,
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
