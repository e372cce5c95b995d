# SPDX-License-Identifier: MIT
"""What a funnel is asked for: its steps and options, translated for the core."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from klantreis import _core
from klantreis._arguments import thread_count
from klantreis._core import InputError
from klantreis._duration import DurationLike, microseconds
from klantreis._journeys import Journeys
from klantreis._log import Log
from klantreis._pattern import Pattern, as_pattern

#: A name, a mapping of columns to what they must be, or several of those of which any counts.
Step: TypeAlias = "str | Mapping[str, Any] | Iterable[str | Mapping[str, Any]]"
#: Steps in order, or a path pattern of which each part is a step.
Steps: TypeAlias = "Sequence[Step] | Pattern"
Order = Literal["ordered", "strict", "any", "open"]
Repeats = Literal["distinct", "reuse"]
Unit = Literal["customer", "journey"]
Entry = Literal["latest", "earliest"]
Dialect = Literal["klantreis", "clickhouse", "posthog", "retentioneering", "ga4", "plausible", "umami"]

_SIGNS = ("=", "==", "!=", "in", "not in", "<", "<=", ">", ">=")
# What an order means in a dialect that knows it as a mode.
_ORDER_MODES = {
    ("posthog", "strict"): "strict",
    ("posthog", "any"): "unordered",
    ("ga4", "strict"): "directly",
    ("ga4", "open"): "open",
    ("retentioneering", "open"): "open",
    ("plausible", "strict"): "strict",
}


def require_source(source: object, function: str) -> Journeys | Log:
    """Return journeys or a log, or say that it is neither."""
    if not isinstance(source, (Journeys, Log)):
        raise InputError(
            f"{function} takes Journeys or a Log, not {type(source).__name__}; read events with klantreis.read"
        )
    return source


def listed(steps: Steps) -> list[Step]:
    """Return the steps of a list, or say that they are none."""
    if isinstance(steps, (str, Mapping, Pattern)):
        raise InputError(f"the steps of a funnel are {steps!r}; give a list of names, as in [{steps!r}]")
    return list(steps)


def steps_of(steps: Steps) -> list[_core.FunnelStep]:
    """Translate the steps, each named by its place in errors."""
    return [_step(f"step {place} of the funnel", step) for place, step in enumerate(listed(steps), 1)]


def request(
    steps: Steps,
    *,
    window: DurationLike | None = None,
    by: str = "touchpoint",
    order: Order = "ordered",
    per_step_window: DurationLike | Sequence[DurationLike | None] | None = None,
    exclude: Step | tuple[Step, int, int] | Sequence[Step | tuple[Step, int, int]] | None = None,
    optional: int | Iterable[int] = (),
    repeats: Repeats = "distinct",
    unit: Unit = "customer",
    entry: Entry = "latest",
    dialect: Dialect | None = None,
    modes: str | Iterable[str] | None = None,
    level: float = 0.95,
    min_n: int = 30,
    threads: int | None = None,
) -> _core.FunnelRequest:
    """Translate and check the options that all functions on funnels share."""
    chosen_modes = [modes] if isinstance(modes, str) else list(modes or ())
    if modes is not None and dialect is None:
        raise InputError("modes belong to a dialect, such as dialect='clickhouse'; name the dialect")
    windows = _step_windows(per_step_window)
    exclusions = [_exclusion(place, one) for place, one in enumerate(_exclusions(exclude), 1)]
    longest = None if window is None else microseconds(window, "window")
    if isinstance(steps, (str, Pattern)):
        pattern = as_pattern(steps)
        made, is_strict, limit, limits, more = _core.pattern_funnel(pattern._handle)
        for name, twice in (
            ("window", limit is not None and longest is not None),
            ("per_step_window", limits and windows),
        ):
            if twice:
                raise InputError(f"{name} is given, and the pattern {pattern.text!r} has limits of time too; keep one")
        if is_strict and order not in ("ordered", "strict"):
            raise InputError(f"order is {order!r}, and -> in {pattern.text!r} means directly after; write ->> instead")
        order = "strict" if is_strict else order
        longest = limit if longest is None else longest
        windows, exclusions = windows or limits, exclusions + more
    else:
        made = steps_of(steps)
    as_mode = _ORDER_MODES.get((str(dialect), order))
    if as_mode is not None:
        order = "ordered"
        if as_mode not in chosen_modes:
            chosen_modes.append(as_mode)
    return _core.FunnelRequest(
        made,
        window=longest,
        by=by,
        order=order,
        step_windows=windows,
        exclude=exclusions,
        optional_steps=_places(optional),
        repeats=repeats,
        unit=unit,
        entry=entry,
        dialect="klantreis" if dialect is None else dialect,
        modes=chosen_modes,
        level=level,
        min_n=float(min_n),
        threads=thread_count(threads),
    )


def _step(where: str, step: Any) -> _core.FunnelStep:
    names: list[str] = []
    conditions: list[list[tuple[str, str, list[str], float]]] = []
    parts = [step] if isinstance(step, (str, Mapping)) or not isinstance(step, Iterable) else list(step)
    for part in parts:
        if isinstance(part, str):
            names.append(part)
        elif isinstance(part, Mapping) and part:
            conditions.append([_test(where, column, wanted) for column, wanted in part.items()])
        else:
            raise InputError(
                f"{where} is {part!r}; give a name, a condition such as {{'phase': 'purchase'}}, "
                "or a list of names and conditions of which any counts"
            )
    return _core.FunnelStep(names, conditions)


def _test(where: str, column: Any, wanted: Any) -> tuple[str, str, list[str], float]:
    if not isinstance(column, str):
        raise InputError(f"{where} has a condition on {column!r}; name a column")
    sign = "in"
    if isinstance(wanted, tuple) and len(wanted) == 2 and wanted[0] in _SIGNS:
        sign = {"=": "in", "==": "in", "!=": "not in"}.get(wanted[0], str(wanted[0]))
        wanted = wanted[1]
    if sign in ("in", "not in"):
        values = [wanted] if isinstance(wanted, str) or not isinstance(wanted, Iterable) else list(wanted)
        return column, sign, [_text(where, column, value) for value in values], 0.0
    if isinstance(wanted, bool) or not isinstance(wanted, (int, float)) or not math.isfinite(wanted):
        raise InputError(f"{where} asks for {column} {sign} {wanted!r}; compare with a finite number")
    return column, sign, [], float(wanted)


def _text(where: str, column: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return repr(value)
    raise InputError(f"{where} wants {column} to be {value!r}; give a name or a number")


def _step_windows(given: Any) -> list[int | None]:
    if given is None:
        return []
    many = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    return [None if one is None else microseconds(one, "per_step_window") for one in many]


def _is_placed(one: Any) -> bool:
    return isinstance(one, tuple) and len(one) == 3 and all(isinstance(place, int) for place in one[1:])


def _exclusions(given: Any) -> list[Any]:
    if given is None:
        return []
    if isinstance(given, (str, Mapping)) or _is_placed(given) or not isinstance(given, Iterable):
        return [given]
    return list(given)


def _exclusion(place: int, one: Any) -> tuple[_core.FunnelStep, int, int]:
    where = f"exclusion {place} of the funnel"
    if not _is_placed(one):
        return _step(where, one), 1, 0
    what, after, before = one
    if after < 1 or before <= after:
        raise InputError(
            f"{where} stands between step {after} and step {before}; name two steps, counted from 1, the earlier first"
        )
    return _step(where, what), after, before


def _places(given: Any) -> list[int]:
    places = [given] if isinstance(given, int) else list(given)
    for place in places:
        if isinstance(place, bool) or not isinstance(place, int) or place < 1:
            raise InputError(f"optional step {place!r} is no place in the funnel; steps are counted from 1")
    return places
