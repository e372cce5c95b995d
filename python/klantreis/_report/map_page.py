# SPDX-License-Identifier: MIT
"""A journey map as a picture of its own: SVG, or one HTML file."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._arguments import whole_number
from klantreis._core import InputError
from klantreis._files import require_folder, write_whole
from klantreis._journeys import Journeys
from klantreis._kpi import kpis
from klantreis._measure import measure
from klantreis._report.map_grid import Rows, grid_of, is_small, rows_of
from klantreis._report.words import LANGUAGES, Words

if TYPE_CHECKING:
    from klantreis._map import JourneyMap

_MIN_ANSWERS = 30


def write_map(
    source: Journeys | JourneyMap,
    to: str | os.PathLike[str],
    *,
    map: JourneyMap | None,
    level: str | None,
    audience: str | None,
    owner: str | None,
    language: str | None,
    min_group: int | None,
    touchpoints: int,
) -> Path:
    """Draw a journey map to a file: what :func:`klantreis.render` does."""
    target = Path(to)
    kind = target.suffix.lower()
    if kind not in (".svg", ".html"):
        raise InputError(f"to is {str(target)!r}; its name must end in .svg or .html")
    require_folder(target)
    if level is not None and kind == ".svg":
        raise InputError(f"level={level!r} is for HTML; an SVG shows the phases of the map itself")
    if min_group is not None:
        min_group = whole_number(min_group, "min_group", 1)
    journeys = source if isinstance(source, Journeys) else None
    design = map if map is not None else source.log.map if isinstance(source, Journeys) else source
    if design is None:
        raise InputError("the log has no journey map; read it with map=, or pass map= here")
    part = design if audience is None and owner is None else design.view(audience, owner=owner)
    spoken = language or (design.journey.language if design.journey.language in LANGUAGES else None) or "en"
    words = Words(spoken)
    rows = Rows()
    if journeys is not None:
        measured = measure(journeys, map=design, level=level)
        rows = rows_of(measured, kpis(journeys, map=design), functools.partial(is_small, least=min_group))
    if kind == ".svg":
        write_whole(target, _svg(part, rows, words, touchpoints))
        return target
    grid = grid_of(**vars(rows), map=part, level=level, most_chips=touchpoints)
    from klantreis._report.page import map_page

    write_whole(target, map_page(grid, words, title=str(design.journey.name or design.journey.id), map=part))
    return target


def _svg(map: JourneyMap, rows: Rows, words: Words, touchpoints: int) -> str:
    from klantreis._report.sections.map import kpi_range, kpi_value

    unmeasured = {phase.id for phase in map.phases if not phase.measured}
    felt = {row["phase"]: row for row in rows.emotions if row["measured"] is not None}

    def emotion(phase: str) -> tuple[Any, Any, Any, int]:
        row = felt.get(phase)
        return (row["measured"], row["lower"], row["upper"], row["answers"]) if row else (None, None, None, 0)

    phases = [
        (row["phase"], row["reach"], row["left"], row["at_rest"], *emotion(row["phase"]))
        for row in rows.phases
        if row["phase"] not in unmeasured
    ]
    chips = [
        (row["touchpoint"], row["reach"], (row["left"] + row["at_rest"]) / row["visits"] if row["visits"] else 0.0)
        for row in rows.touchpoints
        if row["reach"]
    ]
    figures = []
    for row in rows.kpis:
        interval = kpi_range(row, words)
        text = kpi_value(row["value"], row, words) + (f" ({interval})" if interval else "")
        figures.append((str(row["kpi"]), str(row["phase"] or ""), text, str(row["status"] or "")))
    return _core.map_svg(
        map.to_json(),
        phases=phases,
        touchpoints=chips,
        kpis=figures,
        language=words.language,
        most=touchpoints,
        min_answers=_MIN_ANSWERS,
    )
