# SPDX-License-Identifier: MIT
"""Puts the sections together to a page."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Sequence
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from klantreis import _core
from klantreis._duration import InstantLike
from klantreis._journeys import Journeys
from klantreis._map import JourneyMap
from klantreis._report.context import Absent, Context, Part
from klantreis._report.map_grid import Grid
from klantreis._report.sections import SECTIONS
from klantreis._report.styles import used
from klantreis._report.words import Words


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("klantreis._report", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals.update(percent=_percent, used=used)
    return environment


def _percent(share: float) -> str:
    """A share as a length of CSS."""
    return f"{min(max(share, 0.0), 1.0) * 100:.1f}".removesuffix(".0") + "%"


def _resource(name: str) -> Markup:
    text = (resources.files("klantreis._report") / "templates" / name).read_text(encoding="utf-8")
    # Comments and indents are for whoever works on them.
    lines = (re.sub(r"^/\*[^*]*\*/$|^//.*", "", line.strip()) for line in text.splitlines())
    return Markup("\n".join(line for line in lines if line))


def map_page(grid: Grid, words: Words, *, title: str, map: JourneyMap) -> str:
    """Return a page that holds nothing but a journey map."""
    from klantreis._report.sections.map import values_of

    goals = map.journey.goals
    values = values_of(grid, words)
    return (
        _environment()
        .get_template("map_page.html.j2")
        .render(
            words=words,
            v=values,
            title=title,
            goals=[words.name(goal.text, 200) for goal in (goals.customer, goals.company) if goal] if goals else [],
            style=_resource("report.css"),
            language=words.language,
            version=_core.__version__,
        )
    )


def page(
    journeys: Journeys,
    *,
    title: str | None,
    steps: Sequence[str | Sequence[str]] | None,
    by: str | None,
    min_group: int | None,
    language: str,
    earlier: Journeys | None = None,
    since: InstantLike | None = None,
    audience: str | None = None,
    owner: str | None = None,
) -> str:
    """Return the report as HTML."""
    words = Words(language)
    context = Context(
        journeys,
        words=words,
        title=title,
        steps=steps,
        by=by,
        min_group=min_group,
        earlier=earlier,
        since=since,
        audience=audience,
        owner=owner,
    )
    parts: list[Part] = []
    absent: list[Absent] = []
    for build in SECTIONS:
        built = build(context, parts, absent)
        if isinstance(built, Part):
            parts.append(built)
        else:
            absent.append(built)
    script = _resource("report.js")
    values: dict[str, Any] = {
        "words": words,
        "least": context.least,
        "parts": parts,
        "style": _resource("report.css"),
        "script": script,
        # Only the script below may run, whatever a name in the log contains.
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "language": language,
        "title": title or words.plain("header.title"),
        "version": _core.__version__,
    }
    return _environment().get_template("page.html.j2").render(values)
