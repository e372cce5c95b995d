# SPDX-License-Identifier: MIT
"""The designed journey as measuring needs it: one level of a map, or phases given by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._core import InputError
from klantreis._duration import microseconds

if TYPE_CHECKING:
    from klantreis._journeys import Journeys
    from klantreis._log import Log
    from klantreis._map import JourneyMap

SCALES = {"nps": (0.0, 10.0), "csat": (1.0, 5.0), "ces": (1.0, 7.0), "stars": (1.0, 5.0), "emotion": (-2.0, 2.0)}
KINDS = ("forward", "back", "loop", "referral", "skip")


class Design:
    """The designed journey: phases in order, and what is expected of them.

    A map gives its own design; this one is for logs that have only a few phases.

    Parameters
    ----------
    phases
        The phases in the order of the journey; as a dict with the emotion that is expected in each, from -2 to 2, or
        None.
    moves
        The designed moves: pairs ``(from, to)``, or dicts with ``from, to`` and, where wanted, ``expected`` (the share
        of visits), ``max_time`` (such as ``"7d"``) and ``kind`` (``"forward"``, ``"back"``, ``"loop"``, ``"referral"``,
        ``"skip"``). None: from each phase to the next.
    touchpoints
        Dicts with ``name, phase`` and, where wanted, ``emotion, cta, onstage, owner``.
    scores
        Dicts that say where customers tell how they feel: ``column`` of the log, and ``scale`` (``"nps"`` 0-10,
        ``"csat"`` and ``"stars"`` 1-5, ``"ces"`` 1-7, ``"emotion"`` -2 to 2) or its ends ``low`` and ``high``; with
        ``touchpoint``, only the answers given there. The lowest answer means -2, the highest 2.
    unmeasured
        Phases in which customers leave no events.

    Examples
    --------
    >>> import klantreis as kr
    >>> kr.Design(["look", "buy"], moves=[{"from": "look", "to": "buy", "expected": 0.5}])
    Design(look > buy; 1 move)
    """

    __slots__ = ("_handle",)

    def __init__(
        self,
        phases: Sequence[str] | Mapping[str, float | None],
        *,
        moves: Iterable[Sequence[str] | Mapping[str, Any]] | None = None,
        touchpoints: Iterable[Mapping[str, Any]] = (),
        scores: Iterable[Mapping[str, Any]] = (),
        unmeasured: Iterable[str] = (),
    ) -> None:
        if isinstance(phases, str):
            raise InputError(f"the phases are {phases!r}; give a list of names in the order of the journey")
        names = list(phases)
        for name in names:
            if not isinstance(name, str):
                raise InputError(f"a phase is {name!r}; give its name")
        emotions = dict(phases) if isinstance(phases, Mapping) else {}
        silent = set(unmeasured)
        for name in sorted(silent - set(names)):
            raise InputError(f"unmeasured names {name!r}, which is no phase of the design")
        if moves is None:
            moves = list(pairwise(names))
        self._handle = _core.JourneyDesign(
            level="phase",
            phases=[(name, name not in silent, _number(emotions.get(name)), []) for name in names],
            moves=[_move(move) for move in moves],
            touchpoints=[_touchpoint(one) for one in touchpoints],
            scores=[_score(one) for one in scores],
        )

    @classmethod
    def from_map(cls, map: JourneyMap, level: str | None = None) -> Design:
        """Take the design of a map at one of its levels; None is the map's own.

        At a coarser level the expected emotion of a phase is the mean of its measured parts. What the map expects of a
        move is kept where the phase it leaves has one measured part and no other move leads the same way.
        """
        return cls._of(_core.JourneyDesign.from_map(map.to_json(), level or "phase"))

    @classmethod
    def _of(cls, handle: _core.JourneyDesign) -> Design:
        made = object.__new__(cls)
        made._handle = handle
        return made

    @property
    def level(self) -> str:
        """The level of the map that it is of."""
        return self._handle.level

    @property
    def phases(self) -> list[str]:
        """The names of the phases, in order."""
        return self._handle.phases

    @property
    def moves(self) -> list[tuple[str, str, str]]:
        """The designed moves: from, to and kind."""
        return self._handle.moves

    @property
    def touchpoints(self) -> list[tuple[str, str]]:
        """The designed touchpoints with the phase of each in the log."""
        return self._handle.touchpoints

    @property
    def phases_without_touchpoints(self) -> list[str]:
        """The phases in which the design has no touchpoint."""
        return self._handle.phases_without_touchpoints

    def __repr__(self) -> str:
        moves = len(self.moves)
        return f"Design({' > '.join(self.phases)}; {moves} move{'' if moves == 1 else 's'})"


MapLike = Any  # JourneyMap, Design, or the names of phases in order


def design_of(source: Journeys | Log, map: MapLike, level: str | None, analysis: str) -> Design:
    """Return the design to measure against: what was given, or the map that the log was read with."""
    log = getattr(source, "log", source)
    chosen = getattr(log, "map", None) if map is None else map
    if chosen is None:
        raise InputError(
            f"{analysis} needs the designed journey: read the events with map=, or pass map= here: a JourneyMap, a "
            "Design, or the names of the phases in order"
        )
    if isinstance(chosen, Design):
        if level not in (None, chosen.level):
            raise InputError(f"level is {level!r}; this design has only {chosen.level!r}")
        return chosen
    if hasattr(chosen, "to_json") and hasattr(chosen, "phases"):
        return Design.from_map(chosen, level)
    if isinstance(chosen, (Mapping, Sequence)) and not isinstance(chosen, str):
        return design_of(source, Design(chosen), level, analysis)
    raise InputError(
        f"map is {chosen!r}; pass a JourneyMap, a Design, or the names of the phases in the order of the journey"
    )


def scope_of(scope: tuple[str, str] | None) -> tuple[str, str]:
    """Return the first and the last phase of a part of the journey; empty for all of it."""
    if scope is None:
        return "", ""
    if isinstance(scope, str) or len(scope) != 2:
        raise InputError(f"scope is {scope!r}; give the first and the last phase, as in ('purchase', 'loyalty')")
    return scope[0], scope[1]


def walk_ends(design: Design, given: str | Iterable[str] | None) -> list[str]:
    """Return the phases where designed walks begin or end; ``"any"`` stands for all."""
    return design.phases if given == "any" else names_of(given)


def names_of(given: str | Iterable[str] | None) -> list[str]:
    """Return no, one or several names as a list."""
    return [] if given is None else [given] if isinstance(given, str) else list(given)


def _number(value: Any) -> float:
    if value is None:
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(f"{value!r} is no number") from None


def _fields(given: Any, what: str, known: Sequence[str], needed: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise InputError(f"{what} is {given!r}; give a dict with {', '.join(known)}")
    for name in given:
        if name not in known:
            raise InputError(f"{what} has {name!r}; it may have {', '.join(known)}")
    for name in needed:
        if given.get(name) is None:
            raise InputError(f"{what} {dict(given)!r} has no {name!r}")
    return given


def _move(given: Sequence[str] | Mapping[str, Any]) -> tuple[str, str, str, float, int | None]:
    if not isinstance(given, Mapping):
        if isinstance(given, str) or len(given) != 2:
            raise InputError(f"a move is {given!r}; give a pair (from, to) or a dict with from and to")
        given = {"from": given[0], "to": given[1]}
    move = _fields(given, "a move", ("from", "to", "kind", "expected", "max_time"), ("from", "to"))
    kind = move.get("kind") or "forward"
    if kind not in KINDS:
        raise InputError(f"the kind of a move is {kind!r}; it must be one of {', '.join(KINDS)}")
    limit = move.get("max_time")
    return (
        str(move["from"]),
        str(move["to"]),
        kind,
        _number(move.get("expected")),
        None if limit is None else microseconds(limit, "max_time"),
    )


def _touchpoint(given: Mapping[str, Any]) -> tuple[str, str, float, bool, bool, str]:
    known = ("name", "phase", "emotion", "cta", "onstage", "owner")
    one = _fields(given, "a touchpoint", known, ("name", "phase"))
    return (
        str(one["name"]),
        str(one["phase"]),
        _number(one.get("emotion")),
        bool(one.get("cta", False)),
        bool(one.get("onstage", True)),
        str(one.get("owner") or ""),
    )


def _score(given: Mapping[str, Any]) -> tuple[str, str, float, float]:
    one = _fields(given, "a score", ("column", "touchpoint", "scale", "low", "high"), ("column",))
    scale = one.get("scale")
    if scale is not None and scale not in SCALES:
        raise InputError(f"the scale is {scale!r}; it must be one of {', '.join(SCALES)}, or give low and high")
    if scale is None and (one.get("low") is None or one.get("high") is None):
        raise InputError(f"the score {dict(one)!r} has no scale; name one of {', '.join(SCALES)}, or give low and high")
    low, high = SCALES.get(str(scale), (0.0, 0.0))
    return (
        str(one["column"]),
        str(one.get("touchpoint") or ""),
        _number(one["low"]) if one.get("low") is not None else low,
        _number(one["high"]) if one.get("high") is not None else high,
    )
