# SPDX-License-Identifier: MIT
"""Several models side by side, with how well each predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._arguments import whole_number
from klantreis._attribution.arguments import attribution_options, check_journeys, model_parameters, paths_of
from klantreis._attribution.attribute import attribute
from klantreis._paths import Paths
from klantreis._table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from klantreis._attribution.arguments import Model
    from klantreis._duration import DurationLike
    from klantreis._journeys import Journeys

_COMPARED: tuple[Model, ...] = ("first_touch", "last_touch", "linear", "position_based", "shapley", "markov")
_OF_TOUCHES = ("by", "lookback", "lookback_touches", "exclude", "reuse_touches")
_OF_RESULT = ("intervals", "level", "min_n", "threads", "replicates", "rows", "cost")


def compare_models(
    journeys: Journeys | Paths,
    *,
    models: Sequence[Model] | Mapping[str, Mapping[str, Any]] = _COMPARED,
    by: str = "touchpoint",
    lookback: DurationLike | None = None,
    intervals: bool = True,
    skill: bool = True,
    folds: int = 10,
    seed: int = 0,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> Table:
    """Put the credit of several models below each other, with how well each predicts conversions.

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
    skill
        False leaves out how well the models predict.
    folds, seed
        Of the skill: customers are held out in so many parts.
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
        the models in the order given, within a model most credit first. With the skill also ``predictor``, ``skill,
        skill_lower, skill_upper`` and ``auc``, the same on all rows of a model.

    Notes
    -----
    Skill is 1 − log-loss / log-loss of the conversion rate alone, in journeys of customers who were held out: 0 is no
    better than the rate. ``predictor`` says what of the model predicts: the model is one of conversion (``own``), the
    worth of a path in the game behind the credit (``game``), the conversion rates of the items weighted as the rule
    weights touches (``induced``), or nothing (``none``). A model that predicts better does not credit better, and none
    speaks of effect.

    Examples
    --------
    >>> import klantreis as kr
    >>> paths = kr.read_paths({"path": ["ad > mail", "mail"], "total_conversions": [4, 1]})
    >>> found = kr.compare_models(paths, models=["last_touch", "linear"], skill=False)
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
    check_journeys(journeys, by, "compare_models")
    names = ["model", "share", "share_lower", "share_upper", "credit", "n", "marks"]
    item = journeys.by if isinstance(journeys, Paths) else by
    columns: dict[str, list[Any]] = {name: [] for name in [item, *names]}
    shared = {"lookback": lookback, "intervals": intervals, "level": level, "min_n": min_n, "threads": threads}
    labels: list[str] = []
    for label, arguments in asked:
        found = attribute(journeys, by=by, **{**shared, **arguments})
        labels.append(label if label is not None else found["model"][0] if len(found) else str(arguments["model"]))
        for name in columns:
            columns[name] += [labels[-1]] * len(found) if name == "model" else found[name]
    definition = (
        "Credit by several models. Each shares out the same conversions of settled journeys: within a model credit "
        "adds up to them, and share is credit as a part of them."
    )
    if skill:
        skills = _skills(
            journeys,
            list(zip(labels, (a for _, a in asked), strict=True)),
            shared | {"by": by},
            folds=folds,
            seed=seed,
            level=level,
            min_n=min_n,
        )
        for name in ("predictor", "skill", "skill_lower", "skill_upper", "auc"):
            columns[name] = [skills[model][name] for model in columns["model"]]
        definition += (
            " skill: 1 - log-loss / log-loss of the conversion rate alone, in journeys of held-out customers; auc: the "
            "chance that a conversion scores higher than a null. Predicting better is not crediting better."
        )
    return Table.from_columns(
        columns,
        definition=definition,
        options={"by": item, "models": ", ".join(dict.fromkeys(columns["model"])), "level": level, "min_n": min_n},
        quantities={**dict.fromkeys(["share", "share_lower", "share_upper"], "share"), "credit": "count", "n": "count"},
    )


def _skills(
    journeys: Journeys | Paths,
    asked: list[tuple[str, dict[str, Any]]],
    shared: dict[str, Any],
    *,
    folds: int,
    seed: int,
    level: float,
    min_n: int,
) -> dict[str, dict[str, Any]]:
    """Return the skill of each model; those that look at the same touches are compared in one pass."""
    groups: dict[str, tuple[_core.PathTable, list[tuple[str, str, dict[str, Any]]]]] = {}
    for label, arguments in asked:
        given = {**shared, **arguments}
        touches = {name: given[name] for name in _OF_TOUCHES if name in given}
        parameters = {
            name: value
            for name, value in arguments.items()
            if name not in _OF_TOUCHES and name not in _OF_RESULT and name != "model"
        }
        key = repr(sorted(touches.items()))
        if key not in groups:
            groups[key] = (paths_of(journeys, attribution_options(**touches)), [])
        model = arguments.get("model", "markov")
        groups[key][1].append((label, model, model_parameters(model, **parameters)))
    found: dict[str, dict[str, Any]] = {}
    for handle, models in groups.values():
        if handle.conversions + handle.nulls == 0:
            empty = dict.fromkeys(("skill", "skill_lower", "skill_upper", "auc"))
            found |= {label: {"predictor": "none", **empty} for label, _, _ in models}
            continue
        table = Table(
            _core.model_skill(
                handle,
                models=models,
                folds=whole_number(folds, "folds", 2),
                seed=whole_number(seed, "seed", 0),
                level=level,
                min_n=float(min_n),
            )
        )
        found |= {row["model"]: row for row in table}
    return found
