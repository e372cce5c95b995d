# SPDX-License-Identifier: MIT
"""Survival, cohort rates, silences and expected times, straight from their definitions."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .intervals import NOTHING, Interval, log_form, prob
from .sequences import visits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cutting import Journey
    from .events import Event

OPEN, CONVERSION, EXIT, MOVE = range(4)
Z = 1.959963984540054


@dataclass(frozen=True)
class Spell:
    time: float
    cause: int
    customer: Any


def spells(
    journeys: Sequence[Journey],
    known_until: float,
    by: str | None = None,
    until: str = "end",
) -> dict[str, list[Spell]]:
    """Spells by item; a spell counts when it begins at `known_until` or before, and is censored there."""
    groups: dict[str, list[Spell]] = {}

    def add(item: str, start: int, end: int, cause: int, customer: Any) -> None:
        if start <= known_until:
            seen = end <= known_until
            length = (end if seen else known_until) - start
            groups.setdefault(item, []).append(Spell(length / 1_000_000, cause if seen else OPEN, customer))

    for journey in journeys:
        last = journey.events[-1].time
        ending = CONVERSION if journey.converted else EXIT
        if by is None:
            add("", journey.events[0].time, last, ending, journey.customer)
            continue
        stays = visits(journey, by, collapse=until == "leaving")
        if until == "leaving":
            for here, there in itertools.pairwise(stays):
                add(here.label, here.entered, there.entered, MOVE, journey.customer)
            if stays:
                add(stays[-1].label, stays[-1].entered, last, ending, journey.customer)
        else:
            first: dict[str, int] = {}
            for stay in stays:
                first.setdefault(stay.label, stay.entered)
            for item, entered in first.items():
                add(item, entered, last, ending, journey.customer)
    return groups


@dataclass
class Step:
    time: float
    at_risk: int
    customers: int
    survival: float
    survival_error: float
    incidence: list[float]
    incidence_error: list[float]


def curve(rows: Sequence[Spell], causes: int) -> list[Step]:
    """Kaplan-Meier and Aalen-Johansen with every influence value of every spell written out."""
    times = sorted({s.time for s in rows if s.cause != OPEN})
    owners = sorted({s.customer for s in rows}, key=str)
    place = {u: i for i, u in enumerate(owners)}
    t = np.array([s.time for s in rows])
    c = np.array([s.cause for s in rows])
    u = np.array([place[s.customer] for s in rows])
    still = 1.0
    shares = np.zeros(causes)
    before, hazards, all_hazards, risks, levels = [], [], [], [], []
    result = []
    for now in times:
        risk = int((t >= now).sum())
        ended = np.array([((t == now) & (c == k + 1)).sum() for k in range(causes)])
        before.append(still)
        risks.append(risk)
        hazards.append(ended / risk)
        all_hazards.append(ended.sum() / risk)
        shares = shares + still * ended / risk
        still = 0.0 if ended.sum() == risk else still * (1 - ended.sum() / risk)
        levels.append(shares)
        psi = np.zeros(len(rows))
        gain = np.zeros((causes, len(rows)))
        for r in range(len(levels)):
            at = t >= times[r]
            any_end = ((t == times[r]) & (c > 0)) - at * all_hazards[r]
            h = 1 / (risks[r] * (1 - all_hazards[r])) if all_hazards[r] < 1 else 0.0
            psi -= still * any_end * h
            for k in range(causes):
                own = ((t == times[r]) & (c == k + 1)) - at * hazards[r][k]
                gain[k] += before[r] * own / risks[r] - (shares[k] - levels[r][k]) * any_end * h
        errors = [math.sqrt(sum(g[u == i].sum() ** 2 for i in range(len(owners)))) for g in (psi, *gain)]
        customers = len({s.customer for s in rows if s.time >= now})
        result.append(Step(now, risk, customers, still, errors[0], list(shares), errors[1:]))
    return result


def log_log(share: float, error: float) -> tuple[float, float]:
    if not 0 < share < 1 or error < 1e-9:
        return NOTHING, NOTHING
    e = Z * error / (share * math.log(share))
    low, high = sorted((share ** math.exp(e), share ** math.exp(-e)))
    return low, high


def log_rank(groups: Sequence[Sequence[Spell]], cause: int) -> tuple[float, int]:
    """Statistic and degrees of freedom; the variance is by customers where one has several spells."""
    rows = [(s, g) for g, spells_of in enumerate(groups) for s in spells_of]
    hits = [(cause == 0 and s.cause != OPEN) or (cause != 0 and s.cause == cause) for s, _ in rows]
    owners = sorted({s.customer for s, _ in rows}, key=str)
    size = len(groups)
    difference = np.zeros(size)
    spread = np.zeros((size, size))
    residuals = {u: np.zeros(size) for u in owners}
    for now in sorted({s.time for (s, _), hit in zip(rows, hits, strict=True) if hit}):
        y = np.array([sum(s.time >= now for s in spells_of) for spells_of in groups], dtype=float)
        risk = y.sum()
        d = sum(hit and s.time == now for (s, _), hit in zip(rows, hits, strict=True))
        part = y / risk
        for (s, g), hit in zip(rows, hits, strict=True):
            if s.time >= now:
                unit = np.eye(size)[g]
                residuals[s.customer] += (unit - part) * ((hit and s.time == now) - d / risk)
        difference += [
            sum(hit and s.time == now and g == k for (s, g), hit in zip(rows, hits, strict=True)) - d * part[k]
            for k in range(size)
        ]
        if risk > 1:
            spread += d * (risk - d) / (risk - 1) * (np.diag(part) - np.outer(part, part))
    k = len(owners)
    if k < len(rows):
        spread = sum((np.outer(r, r) for r in residuals.values()), np.zeros((size, size))) * (
            k / (k - 1) if k > 1 else 0
        )
    rank = int(np.linalg.matrix_rank(spread, tol=1e-10 * max(np.linalg.norm(spread, 2), 1e-300))) if size else 0
    if rank == 0:
        return NOTHING, 0
    return float(difference @ np.linalg.pinv(spread, rcond=1e-10, hermitian=True) @ difference), rank


def cohort_rate(journeys: Sequence[Journey], within: int, last_start: int) -> tuple[Counter[Any], Counter[Any], int]:
    """Journeys and conversions by customer, and how many journeys are too recent."""
    had: Counter[Any] = Counter()
    converted: Counter[Any] = Counter()
    recent = 0
    for journey in journeys:
        start = journey.events[0].time
        if start > last_start:
            recent += 1
            continue
        had[journey.customer] += 1
        converted[journey.customer] += journey.converted and journey.conversion.time - start <= within
    return had, converted, recent


@dataclass
class SilenceRow:
    at_risk: Counter[Any]
    ended: Counter[Any]
    hazard: float
    returns: float
    interval: Interval


def silences(
    customers: dict[Any, list[Event]], until: int, step: int, steps: int, horizon: int, skip: Sequence[str]
) -> list[SilenceRow]:
    risk: list[Counter[Any]] = [Counter() for _ in range(steps + horizon)]
    ended: list[Counter[Any]] = [Counter() for _ in range(steps + horizon)]
    for customer, events in customers.items():
        seen = [e for e in events if e.time <= until]
        for i, event in enumerate(seen):
            if event.touchpoint in skip:
                continue
            following = seen[i + 1].time if i + 1 < len(seen) else None
            for d in range(steps + horizon):
                begin, end = event.time + d * step, event.time + (d + 1) * step
                if end > until or (following is not None and following < begin):
                    continue
                risk[d][customer] += 1
                ended[d][customer] += following is not None and following < end
    hazard = [sum(e.values()) / sum(r.values()) if r else NOTHING for r, e in zip(risk, ended, strict=True)]
    rows = []
    for d in range(steps):
        window = range(d, d + horizon)
        none = math.prod(1 - hazard[k] for k in window)
        owners = {u for k in window for u in risk[k]}
        psi = [
            none
            * sum(
                (ended[k][u] - hazard[k] * risk[k][u]) / (sum(risk[k].values()) * (1 - hazard[k]))
                for k in window
                if hazard[k] < 1
            )
            for u in owners
        ]
        rows.append(SilenceRow(risk[d], ended[d], hazard[d], 1 - none, prob(1 - none, psi, len(owners), len(risk[d]))))
    return rows


def stays(journey: Journey, by: str, collapse: bool) -> list[tuple[str, str, float]]:
    """(state, next state, seconds), from (start) to (end)."""
    items = visits(journey, by, collapse)
    result = [("(start)", items[0].label if items else "(end)", 0.0)]
    for here, there in itertools.pairwise(items):
        result.append((here.label, there.label, (there.entered - here.entered) / 1e6))
    if items:
        result.append((items[-1].label, "(end)", (journey.events[-1].time - items[-1].entered) / 1e6))
    return result


def expected_times(
    journeys: Sequence[Journey], by: str, collapse: bool
) -> tuple[dict[str, float], dict[str, float], dict[str, Interval], dict[str, Interval]]:
    """Time in each state per journey and time to the end from each state, with intervals from numerical derivatives."""
    done = [j for j in journeys if j.settled]
    owners = list(dict.fromkeys(j.customer for j in done))
    moves = [(owners.index(j.customer), stay) for j in done for stay in stays(j, by, collapse)]
    states = list(dict.fromkeys(stay[0] for _, stay in moves))
    place = {state: i for i, state in enumerate(states)}

    def figures(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        n = np.zeros(len(states))
        spent = np.zeros(len(states))
        q = np.zeros((len(states), len(states)))
        for owner, (here, there, seconds) in moves:
            n[place[here]] += weights[owner]
            spent[place[here]] += weights[owner] * seconds
            if there != "(end)":
                q[place[here], place[there]] += weights[owner]
        n0 = np.where(n > 0, n, 1.0)
        fundamental = np.linalg.inv(np.eye(len(states)) - q / n0[:, None])
        to_end = fundamental @ (spent / n0)
        parts = fundamental[0] * (spent / n0)
        parts[0] = to_end[0]
        return parts, to_end

    parts, to_end = figures(np.ones(len(owners)))
    slopes = []
    for owner in range(len(owners)):
        step = np.zeros(len(owners))
        step[owner] = 1e-5
        ones = np.ones(len(owners))
        up, down = figures(ones + step), figures(ones - step)
        slopes.append([(a - b) / 2e-5 for a, b in zip(up, down, strict=True)])
    form: Callable[[np.ndarray, int, int], Interval] = lambda values, which, i: log_form(  # noqa: E731
        float(values[i]), [s[which][i] for s in slopes], len(owners)
    )
    return (
        dict(zip(states, parts, strict=True)),
        dict(zip(states, to_end, strict=True)),
        {state: form(parts, 0, i) for i, state in enumerate(states)},
        {state: form(to_end, 1, i) for i, state in enumerate(states)},
    )
