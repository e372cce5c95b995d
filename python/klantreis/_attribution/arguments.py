# SPDX-License-Identifier: MIT
"""The arguments of attribution: which model with which parameters, on which touches."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args

from klantreis import _core
from klantreis._arguments import one_of, thread_count, whole_number
from klantreis._duration import DurationLike, microseconds
from klantreis._journeys import Journeys
from klantreis._paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Units = Mapping[str, str | Sequence[str]]

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
    "rank_decay",
    "w_shaped",
    "full_path",
    "leave_one_out",
    "shao_li",
    "logistic",
    "additive_hazard",
]
Game = Literal["sum", "exact_set", "subset_rate", "within_rate"]
Removal = Literal["to_null", "skip", "fail"]
Rows = Literal["allocated", "normalised"]

_PARTS = (0.4, 0.2, 0.4)


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


def names_of(items: str | Sequence[str]) -> list[str]:
    """Return one name, or several, as a list."""
    return [items] if isinstance(items, str) else list(items)


def _units(units: Units | None) -> list[tuple[str, list[str], bool]]:
    """Return units as (name, items, whether in this order); a text with ``>`` is a sequence, a list is a set."""
    found: list[tuple[str, list[str], bool]] = []
    for name, items in (units or {}).items():
        if isinstance(items, str):
            parts = [part.strip() for part in items.split(">")]
            found.append((str(name), parts, len(parts) > 1))
        else:
            found.append((str(name), [str(item) for item in items], False))
    return found


def model_parameters(
    model: str,
    *,
    order: int = 1,
    half_life: DurationLike = "7d",
    weights: Sequence[float] | Callable[[int], Sequence[float]] | None = None,
    direct: str | Sequence[str] = "direct",
    paid: str | Sequence[str] = (),
    milestones: str | Sequence[str] = (),
    ratio: float = 0.5,
    game: str = "sum",
    permutations: int = 2000,
    seed: int = 0,
    removal: str = "to_null",
    smoothing: float = 0.0,
    units: Units | None = None,
    self_transitions: bool = False,
    ridge: float = 1.0,
    iterations: int = 200,
) -> dict[str, Any]:
    """Return the parameters of a model as the core takes them."""
    one_of(model, "model", get_args(Model))
    one_of(game, "game", get_args(Game))
    one_of(removal, "removal", get_args(Removal))
    first, last, function = _weights(model, weights)
    parameters: dict[str, Any] = {
        "order": whole_number(order, "order", 1),
        "self_transitions": bool(self_transitions),
        "direct": names_of(direct),
        "first": first,
        "last": last,
        "half_life": microseconds(half_life, "half_life"),
        "paid": names_of(paid),
        "milestones": names_of(milestones),
        "ratio": float(ratio),
        "game": game,
        "permutations": whole_number(permutations, "permutations", 2),
        "seed": whole_number(seed, "seed", 0),
        "removal": removal,
        "smoothing": float(smoothing),
        "units": _units(units),
        "ridge": float(ridge),
        "iterations": whole_number(iterations, "iterations", 1),
    }
    if function is not None:
        parameters["weights"] = function
    return parameters


def attribution_options(
    *,
    by: str = "touchpoint",
    lookback: DurationLike | None = None,
    lookback_touches: int | None = None,
    exclude: str | Sequence[str] = (),
    reuse_touches: bool = False,
    intervals: bool = True,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> dict[str, Any]:
    """Return the options of attribution as the core takes them."""
    return {
        "by": by,
        "lookback": None if lookback is None else microseconds(lookback, "lookback"),
        "lookback_touches": 0 if lookback_touches is None else whole_number(lookback_touches, "lookback_touches", 1),
        "exclude": names_of(exclude),
        "reuse_touches": bool(reuse_touches),
        "intervals": bool(intervals),
        "level": level,
        "min_n": float(min_n),
        "threads": thread_count(threads),
    }


def check_journeys(journeys: object, by: str, analysis: str) -> None:
    """Refuse what is neither journeys nor paths, and paths that were made by another label."""
    if not isinstance(journeys, (Journeys, Paths)):
        raise _core.InputError(
            f"{analysis} takes Journeys or Paths, not {type(journeys).__name__}; cut journeys from a log with "
            "klantreis.journeys, or read a path table with klantreis.read_paths"
        )
    if isinstance(journeys, Paths) and by not in ("touchpoint", journeys.by):
        raise _core.InputError(
            f"by is {by!r}, but these paths were made by {journeys.by!r}; make them with klantreis.paths(journeys, "
            f"by={by!r})"
        )


def paths_of(journeys: Journeys | Paths, options: dict[str, Any]) -> _core.PathTable:
    """Return the paths that are credited: those of a path table, or of journeys under the options."""
    if isinstance(journeys, Journeys):
        return _core.credited_paths(journeys._handle, options=options)
    given = [name for name in ("lookback", "lookback_touches", "exclude", "reuse_touches") if options[name]]
    if given:
        raise _core.InputError(
            f"a path table has no times and no customers' histories, so {', '.join(given)} cannot be applied; make the "
            "paths from journeys with klantreis.paths, or transform them"
        )
    return journeys._handle
