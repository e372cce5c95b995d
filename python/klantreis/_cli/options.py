# SPDX-License-Identifier: MIT
"""The options that many commands share, and how they become a log and journeys."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, get_type_hints

import typer

from klantreis._core import InputError
from klantreis._journeys import Journeys, journeys
from klantreis._log import Log
from klantreis._read import read

_COLUMNS, _CUT = "Columns of the input", "Journeys"


@dataclass
class Source:
    """The events to read."""

    file: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="CSV, TSV, Parquet or JSON; patterns are allowed.")
    ]
    customer: Annotated[str, typer.Option(help="Column of the customer.", rich_help_panel=_COLUMNS)] = "customer_id"
    time: Annotated[
        str, typer.Option(help="Column of the time; empty for a log that has only an order.", rich_help_panel=_COLUMNS)
    ] = "timestamp"
    touchpoint: Annotated[str, typer.Option(help="Column of the event.", rich_help_panel=_COLUMNS)] = "touchpoint"
    channel: Annotated[str | None, typer.Option(help="Column of the channel.", rich_help_panel=_COLUMNS)] = None
    phase: Annotated[str | None, typer.Option(help="Column of the phase.", rich_help_panel=_COLUMNS)] = None
    value: Annotated[str | None, typer.Option(help="Column of the value.", rich_help_panel=_COLUMNS)] = None
    cost: Annotated[str | None, typer.Option(help="Column of the cost.", rich_help_panel=_COLUMNS)] = None
    order: Annotated[
        str | None, typer.Option(help="Column that orders events of the same time.", rich_help_panel=_COLUMNS)
    ] = None
    attribute: Annotated[
        list[str] | None, typer.Option(help="Further column for --by; may be repeated.", rich_help_panel=_COLUMNS)
    ] = None
    number: Annotated[
        list[str] | None, typer.Option(help="Further numeric column; may be repeated.", rich_help_panel=_COLUMNS)
    ] = None
    where: Annotated[str | None, typer.Option(help="SQL condition on the rows.", rich_help_panel=_COLUMNS)] = None
    time_unit: Annotated[
        str | None, typer.Option(help="Unit of whole numbers as times: s, ms, us or ns.", rich_help_panel=_COLUMNS)
    ] = None
    on_bad: Annotated[
        str, typer.Option(help="stop at a bad row, or drop it.", metavar="stop|drop", rich_help_panel=_COLUMNS)
    ] = "stop"
    threads: Annotated[int | None, typer.Option(help="Number of threads.", rich_help_panel=_COLUMNS)] = None

    def reads(self, by: str | None) -> None:
        """Read the column that ``--by`` names too, where no other option does."""
        if by == "channel":
            self.channel = self.channel or by
        elif by == "phase":
            self.phase = self.phase or by
        elif by not in (None, "touchpoint", *(self.attribute or ())):
            self.attribute = [*(self.attribute or ()), str(by)]

    def log(self) -> Log:
        """Read the events."""
        return read(
            self.file if len(self.file) > 1 else self.file[0],
            customer=self.customer,
            time=self.time or None,
            touchpoint=self.touchpoint,
            channel=self.channel,
            phase=self.phase,
            value=self.value,
            cost=self.cost,
            order=self.order,
            attributes=self.attribute or (),
            numbers=self.number or (),
            where=self.where,
            time_unit=self.time_unit,  # type: ignore[arg-type]
            on_bad=self.on_bad,  # type: ignore[arg-type]
            threads=self.threads,
        )


@dataclass
class Cut:
    """How the events are cut into journeys."""

    conversion: Annotated[
        list[str] | None, typer.Option(help="Touchpoint that converts; may be repeated.", rich_help_panel=_CUT)
    ] = None
    after_conversion: Annotated[
        str,
        typer.Option(
            help="What follows a conversion: a new journey, nothing, or the rest of the same journey.",
            metavar="new|stop|continue",
            rich_help_panel=_CUT,
        ),
    ] = "new"
    inactivity: Annotated[
        str | None, typer.Option(help="Silence that ends a journey, such as 30d.", rich_help_panel=_CUT)
    ] = None
    gap: Annotated[
        str | None, typer.Option(help="Silence that starts a new journey, such as 30m.", rich_help_panel=_CUT)
    ] = None
    observed_until: Annotated[
        str | None, typer.Option(help="End of the observation, such as 2024-04-30.", rich_help_panel=_CUT)
    ] = None

    def journeys(self, source: Source, by: str | None = None) -> Journeys:
        """Read the events, with the column that ``by`` names, and cut them."""
        source.reads(by)
        log = source.log()
        return journeys(
            log,
            conversion=self.conversion or (),
            after_conversion=self.after_conversion,  # type: ignore[arg-type]
            inactivity=self.inactivity,
            gap=self.gap,
            observed_until=self.observed_until,
            threads=source.threads,
        )


@dataclass
class Out:
    """Where the table goes."""

    format: Annotated[
        str, typer.Option(help="How the table is written.", metavar="table|csv|json|parquet", rich_help_panel="Output")
    ] = "table"
    output: Annotated[
        str | None, typer.Option(help="File to write; default: the standard output.", rich_help_panel="Output")
    ] = None


By = Annotated[str, typer.Option(help="touchpoint, channel, phase or another column.")]
Collapse = Annotated[bool, typer.Option("--collapse", help="Merge immediate repeats into one visit.")]


def with_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command take groups of options (dataclasses above) as if each were written out in its signature."""
    hints = get_type_hints(function, include_extras=True)
    signature = inspect.signature(function)
    groups: dict[str, type] = {}
    parameters: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        if hints[name] in (Source, Cut, Out):
            group = groups[name] = hints[name]
            types = get_type_hints(group, include_extras=True)
            parameters += [
                inspect.Parameter(
                    field.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=inspect.Parameter.empty if field.name == "file" else field.default,
                    annotation=types[field.name],
                )
                for field in fields(group)
            ]
        else:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[name]))

    @functools.wraps(function)
    def command(**given: Any) -> Any:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        return function(**given)

    command.__signature__ = signature.replace(parameters=parameters, return_annotation=None)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    # Otherwise the options would be read from the wrapped function.
    del command.__wrapped__
    return command


def one_of(given: str, option: str, known: tuple[str, ...]) -> str:
    """Return what was given if it is known."""
    if given not in known:
        raise InputError(f"{option} is {given!r}; choose one of {', '.join(known)}")
    return given


def require(given: Any, option: str, example: str) -> Any:
    """Return what was given, or name the option that is missing."""
    if not given:
        raise InputError(f"{option} is missing; give it, as in {example}")
    return given
