# SPDX-License-Identifier: MIT
"""The command that measures a journey map on a log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

import klantreis as kr
from klantreis._cli.map import MapFile, command
from klantreis._cli.options import Out, one_of, require
from klantreis._cli.output import deliver

TABLES: dict[str, Callable[[kr.Measure], kr.Table]] = {
    "items": lambda found: found,
    "attrition": lambda found: found.attrition,
    "emotions": lambda found: found.emotions,
    "transitions": lambda found: found.transitions,
    "arrows": lambda found: found.conformance,
    "deviations": lambda found: found.conformance.deviations,
    "conformity": lambda found: found.conformance.summary,
    "calls": lambda found: found.calls_to_action,
    "inventory": lambda found: found.inventory,
    "coverage": lambda found: found.coverage,
}
_JOURNEYS = "Journeys"


@command("measure", "journey.yaml --events events.csv --level p6 --observed-until 2024-04-30")
def measure(
    file: MapFile,
    out: Out,
    events: Annotated[
        list[str] | None, typer.Option(help="CSV, TSV, Parquet or JSON; may be repeated, patterns are allowed.")
    ] = None,
    level: Annotated[str | None, typer.Option(help="A level to which the phases of the map roll up.")] = None,
    by: Annotated[str, typer.Option(help="phase or touchpoint.", metavar="phase|touchpoint")] = "phase",
    table: Annotated[str, typer.Option(help="What is shown.", metavar="|".join(TABLES))] = "items",
    scope: Annotated[
        tuple[str, str] | None, typer.Option(help="The first and the last phase of a part of the journey.")
    ] = None,
    observed_until: Annotated[
        str | None, typer.Option(help="End of the observation, such as 2024-04-30.", rich_help_panel=_JOURNEYS)
    ] = None,
    conversion: Annotated[
        list[str] | None,
        typer.Option(help="What converts, instead of the map's primary outcome.", rich_help_panel=_JOURNEYS),
    ] = None,
    inactivity: Annotated[
        str | None, typer.Option(help="Silence that ends a journey, instead of the map's.", rich_help_panel=_JOURNEYS)
    ] = None,
    where: Annotated[str | None, typer.Option(help="SQL condition on the rows.")] = None,
    threads: Annotated[int | None, typer.Option(help="Number of threads.")] = None,
) -> None:
    """Measure a map on events: who reaches each phase, goes on, steps back and leaves."""
    one_of(table, "--table", tuple(TABLES))
    one_of(by, "--by", ("phase", "touchpoint"))
    files = require(events, "--events", "--events events.csv")
    log = kr.read(files if len(files) > 1 else files[0], map=kr.JourneyMap.load(file), where=where, threads=threads)
    given: dict[str, Any] = {"conversion": conversion, "inactivity": inactivity}
    journeys = kr.journeys(
        log,
        after_conversion="continue",
        observed_until=observed_until,
        threads=threads,
        **{name: value for name, value in given.items() if value},
    )
    found = kr.measure(journeys, level=level, by=by, scope=scope, threads=threads)  # type: ignore[arg-type]
    deliver(TABLES[table](found), out)
