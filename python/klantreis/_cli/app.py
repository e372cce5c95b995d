# SPDX-License-Identifier: MIT
"""The commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import klantreis as kr
from klantreis._cli import map_measure as _map_measure  # noqa: F401  registers its command
from klantreis._cli.map import map_app
from klantreis._cli.options import By, Collapse, Cut, Out, Source, one_of, require, with_options
from klantreis._cli.output import deliver, say

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(
    name="klantreis",
    help="Customer journeys from event logs: measured, explained and improved.",
    epilog="Example: klantreis report events.parquet --customer user_id --conversion purchase --to report.html",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)

app.add_typer(map_app, name="map")

Rows = Annotated[int, typer.Option(help="So many rows as text; csv, json and parquet have all.", min=1)]
# The functions check the texts of these options; a wrong one is named there.
Language = Annotated[Any, typer.Option(help="Language of the report.", metavar="en|nl")]
Window = Annotated[str | None, typer.Option(help="Longest time from the first step to the last, such as 7d.")]


def command(name: str, example: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a command that takes groups of options, with an example in its help."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        wrapped = with_options(function)
        wrapped.__doc__ = f"{function.__doc__}\n\nExample: klantreis {name} {example}"
        return app.command(name)(wrapped)

    return register


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.", is_eager=True)] = False,
) -> None:
    if version:
        say(f"klantreis {kr.__version__}\n")
        raise typer.Exit


@command("demo", "--to demo.html")
def demo(
    to: Annotated[str, typer.Option(help="File of the report.")] = "klantreis-report.html",
    language: Language = "en",
) -> None:
    """Analyse the sample webshop, which comes with the package, and write a report."""
    log = kr.datasets.webshop()
    journeys = log.journeys()
    file = kr.report(journeys, to=to, title="The customer journey of a sample webshop", language=language)
    say("\n".join(_summary(journeys, file)) + "\n")


@command("sample", "--to webshop.csv --customers 5000")
def sample(
    to: Annotated[str, typer.Option(help="CSV file to write.")] = "webshop.csv",
    customers: Annotated[int, typer.Option(help="Number of customers.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Another seed draws other customers.")] = 1,
    parameters: Annotated[str | None, typer.Option(help="JSON file of a shop of your own.")] = None,
) -> None:
    """Write the events of the sample webshop to a file, to try the other commands on."""
    events = kr.datasets.webshop_events(customers, seed=seed, parameters=parameters)
    events.to_csv(to)
    say(f"{len(events):,} events of {customers:,} customers (simulated): {to}\n")


def _summary(journeys: kr.Journeys, file: Path) -> list[str]:
    whole = journeys.recut(after_conversion="continue")
    figures = whole.summary().to_dicts()[0]
    leaving = kr.drop_off(whole, collapse=True).to_dicts()[0]
    best = kr.attribute(journeys, by="channel").to_dicts()[0]
    return [
        f"A sample webshop: {len(journeys.log):,} events of {journeys.customers:,} customers (simulated).",
        f"  {figures['conversion_rate']:.1%} of {figures['conversions'] + figures['nulls']:,} settled journeys reach "
        f"an order ({figures['lower']:.1%} to {figures['upper']:.1%}).",
        f"  Most leave at {leaving['touchpoint']}: {leaving['exits']:,} of {figures['nulls']:,}.",
        f"  {best['channel']} earns most by the Markov model: {best['share']:.0%} of the orders.",
        f"Report: {file.resolve()}",
    ]


@command("report", "events.parquet --customer user_id --conversion purchase --inactivity 30d")
def report(
    source: Source,
    cut: Cut,
    to: Annotated[str, typer.Option(help="File to write.")] = "report.html",
    title: Annotated[str | None, typer.Option(help="Title of the report.")] = None,
    step: Annotated[list[str] | None, typer.Option(help="Step of the funnel, in order; may be repeated.")] = None,
    by: Annotated[str | None, typer.Option(help="touchpoint, channel, phase or another column.")] = None,
    since: Annotated[str | None, typer.Option(help="Compare what began on this day or later with before.")] = None,
    audience: Annotated[str | None, typer.Option(help="Audience of the map for whom the report is.")] = None,
    owner: Annotated[str | None, typer.Option(help="Owner of touchpoints for whom the report is.")] = None,
    min_group: Annotated[int | None, typer.Option(help="Leave out rows of fewer customers.", min=1)] = None,
    language: Language = "en",
) -> None:
    """Write a report as one HTML file that works without network."""
    journeys = cut.journeys(source, by)
    file = kr.report(
        journeys,
        to=to,
        title=title,
        steps=step or None,
        by=by,
        since=since,
        audience=audience,
        owner=owner,
        min_group=min_group,
        language=language,
    )
    say(f"Report: {file.resolve()}\n")


@command("health", "events.csv --on-bad drop")
def health(source: Source, out: Out) -> None:
    """Show what became of the input: rows, ties, duplicates, rejected rows."""
    deliver(source.log().health(), out)


@command("attribute", "events.csv --conversion order --by channel --model linear")
def attribute(
    source: Source,
    cut: Cut,
    out: Out,
    model: Annotated[str, typer.Option(help="first_touch, last_touch, linear, markov, …")] = "markov",
    by: By = "touchpoint",
    chain_order: Annotated[int, typer.Option(help="Of markov: how many past items the next step depends on.")] = 1,
    lookback: Annotated[str | None, typer.Option(help="Touches older than this earn nothing, such as 90d.")] = None,
    half_life: Annotated[str, typer.Option(help="Of time_decay: credit halves with every such time.")] = "7d",
    rows: Rows = 40,
) -> None:
    """Credit each touchpoint or channel with its part of the conversions."""
    found = kr.attribute(
        cut.journeys(source, by),
        model=model,  # type: ignore[arg-type]
        order=chain_order,
        by=by,
        lookback=lookback,
        half_life=half_life,
        threads=source.threads,
    )
    deliver(found, out, rows)


@command("funnel", "events.csv --step view --step cart --step order --window 7d")
def funnel(
    source: Source,
    cut: Cut,
    out: Out,
    step: Annotated[list[str] | None, typer.Option(help="Step in order; repeat it for each.")] = None,
    window: Window = None,
    by: By = "touchpoint",
) -> None:
    """Count how many customers reach each step."""
    steps = require(step, "--step", "--step view --step cart --step order")
    deliver(kr.funnel(cut.journeys(source, by), steps, window=window, by=by, threads=source.threads), out)


@command("drop-off", "events.csv --conversion order --inactivity 30d")
def drop_off(
    source: Source,
    cut: Cut,
    out: Out,
    by: By = "touchpoint",
    collapse: Collapse = False,
    table: Annotated[
        str,
        typer.Option(
            help="Where they leave, what came before it, or what the others did next.", metavar="items|before|next"
        ),
    ] = "items",
    rows: Rows = 40,
) -> None:
    """Show where customers leave."""
    one_of(table, "--table", ("items", "before", "next"))
    found = kr.drop_off(cut.journeys(source, by), by=by, collapse=collapse, threads=source.threads)
    deliver({"items": found, "before": found.before, "next": found.next}[table], out, rows)


@command("variants", "events.csv --conversion order --collapse --rows 10")
def variants(
    source: Source, cut: Cut, out: Out, by: By = "touchpoint", collapse: Collapse = False, rows: Rows = 20
) -> None:
    """List the distinct paths, most frequent first."""
    deliver(kr.variants(cut.journeys(source, by), by=by, collapse=collapse, threads=source.threads), out, rows)


@command("paths", "events.csv --conversion order --limit 5")
def paths(
    source: Source,
    cut: Cut,
    out: Out,
    by: By = "touchpoint",
    limit: Annotated[int, typer.Option(help="So many paths.", min=1)] = 10,
) -> None:
    """List the most likely paths to the conversion, by the Markov model."""
    deliver(kr.likely_paths(cut.journeys(source, by), by=by, limit=limit), out)


@command("transitions", "events.csv --conversion order --by phase")
def transitions(
    source: Source, cut: Cut, out: Out, by: By = "touchpoint", collapse: Collapse = False, rows: Rows = 40
) -> None:
    """Count how often journeys went from one state to the next."""
    deliver(kr.transitions(cut.journeys(source, by), by=by, collapse=collapse, threads=source.threads), out, rows)


@command("graph", "events.csv --conversion order --format mermaid")
def graph(
    source: Source,
    cut: Cut,
    by: By = "touchpoint",
    collapse: Collapse = False,
    format: Annotated[
        str,
        typer.Option(help="How the graph is written.", metavar="dot|graphml|mermaid|json", rich_help_panel="Output"),
    ] = "dot",
    output: Annotated[
        str | None, typer.Option(help="File to write; default: the standard output.", rich_help_panel="Output")
    ] = None,
) -> None:
    """Write the state graph for Graphviz, GraphML, Mermaid or as JSON."""
    one_of(format, "--format", ("dot", "graphml", "mermaid", "json"))
    made = kr.graph(cut.journeys(source, by), by=by, collapse=collapse, threads=source.threads)
    text = {"dot": made.to_dot, "graphml": made.to_graphml, "mermaid": made.to_mermaid, "json": made.to_json}[format]()
    say((text or "").rstrip("\n") + "\n", output)
