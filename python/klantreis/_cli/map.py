# SPDX-License-Identifier: MIT
"""The commands about journey maps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import klantreis as kr
from klantreis._cli.options import Out, one_of, with_options
from klantreis._cli.output import deliver, say
from klantreis._files import require_folder

if TYPE_CHECKING:
    from collections.abc import Callable

map_app = typer.Typer(
    help="The journey map: make one, check it, compare and keep versions.",
    epilog="Example: klantreis map new --template 5 --to journey.yaml",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
_template_app = typer.Typer(
    help="Templates to start a map from.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
map_app.add_typer(_template_app, name="template")

MapFile = Annotated[Path, typer.Argument(metavar="MAP", help="The map: YAML or JSON.")]
Folder = Annotated[Path, typer.Option(help="Where snapshots are kept.")]
FORMATS = ("markdown", "mermaid", "csv", "json", "yaml")


def command(name: str, example: str, app: typer.Typer = map_app) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a command about maps, with an example in its help."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        wrapped = with_options(function)
        path = "map" if app is map_app else "map template"
        wrapped.__doc__ = f"{function.__doc__}\n\nExample: klantreis {path} {name} {example}"
        return app.command(name)(wrapped)

    return register


@command("new", "--template 5 --language nl --to journey.yaml")
def new(
    template: Annotated[str, typer.Option(help="What to start from; klantreis map template list shows them.")] = "5",
    language: Annotated[Any, typer.Option(help="Language of names and texts.", metavar="en|nl")] = "en",
    to: Annotated[Path, typer.Option(help="File to write.")] = Path("journey.yaml"),
    id: Annotated[str | None, typer.Option(help="Id of the journey.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the journey.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file of that name.")] = False,
) -> None:
    """Make a map from a template."""
    if to.exists() and not force:
        raise kr.InputError(f"{str(to)!r} exists already; name another file with --to, or replace it with --force")
    require_folder(to)
    made = kr.template(template, language=language, id=id, title=name)
    file = made.save(to)
    say(
        f"Map: {file.resolve()}\n"
        f"  {_counts(made)}, from the template {made.journey.template}.\n"
        f"  Change what does not fit, then: klantreis map check {to}\n"
    )


@command("check", "journey.yaml")
def check(file: MapFile, out: Out) -> int:
    """Check a map and list every error and doubt with its line; the exit status is 2 when it cannot be used."""
    import warnings

    with warnings.catch_warnings():
        # They are listed below.
        warnings.simplefilter("ignore", UserWarning)
        try:
            found = kr.JourneyMap.load(file)
        except kr.MapError as error:
            problems, found_map = error.problems, None
        else:
            problems, found_map = found.warnings, found
    if out.format == "table":
        lines = [f"{'' if problem.severity == 'error' else 'doubt: '}{problem}" for problem in problems]
        if found_map is not None:
            gaps = len(found_map.gaps())
            open_ends = f"; it leaves {gaps} things open, see klantreis map gaps" if gaps else ""
            lines.append(f"{file}: {_counts(found_map)}: the map can be used{open_ends}")
        else:
            lines.append(f"{file}: {len(problems)} error{'s' * (len(problems) != 1)}: the map cannot be used")
        say("\n".join(lines) + "\n", out.output)
    else:
        names = ("severity", "line", "path", "message", "remedy", "value")
        columns = {name: [getattr(problem, name) or "" for problem in problems] for name in names}
        columns["line"] = [problem.line or 0 for problem in problems]
        deliver(kr.Table.from_columns(columns, definition="What is wrong or doubtful in a map."), out)
    return 0 if found_map is not None else 2


def _counts(journey_map: kr.JourneyMap) -> str:
    phases, touchpoints = len(journey_map.phases), len(journey_map.touchpoints)
    return f"{phases} phase{'s' * (phases != 1)}, {touchpoints} touchpoint{'s' * (touchpoints != 1)}"


@command("gaps", "journey.yaml")
def gaps(file: MapFile, out: Out) -> None:
    """List what a map leaves open: phases without touchpoints, needs that nobody serves and the like."""
    deliver(kr.JourneyMap.load(file).gaps(), out)


@command("needs", "journey.yaml --format csv --output needs.csv")
def needs(
    file: MapFile,
    out: Out,
    take: Annotated[
        Path | None, typer.Option("--from", help="Take the links of this CSV into the map, which is saved.")
    ] = None,
) -> None:
    """Show needs against touchpoints, for a spreadsheet; --from takes them back."""
    found = kr.JourneyMap.load(file)
    if take is not None:
        found.link_needs(take)
        found.save(file)
    deliver(found.needs_matrix(), out)


@command("diff", "before.yaml after.yaml")
def diff(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="A map.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="Another.")],
    out: Out,
) -> None:
    """List what differs between two maps."""
    deliver(kr.diff(before, after), out)


@command("snapshot", "journey.yaml --note 'before free returns'")
def snapshot(
    file: MapFile,
    folder: Folder = Path("snapshots"),
    name: Annotated[str | None, typer.Option(help="What it is called. Default: the day and its hash.")] = None,
    note: Annotated[str, typer.Option(help="Why it was taken.")] = "",
) -> None:
    """Keep a map as it is now."""
    kept = kr.snapshot(file, folder, name=name, note=note)
    say(f"Snapshot: {kept} in {folder.resolve()}\n")


@command("snapshots", "--folder snapshots")
def snapshots(out: Out, folder: Folder = Path("snapshots")) -> None:
    """List the snapshots of a folder."""
    deliver(kr.snapshots(folder), out)


@command("rollback", "2024-03-01-1f0a8c2e --to journey.yaml")
def rollback(
    name: Annotated[str, typer.Argument(metavar="SNAPSHOT", help="The snapshot to go back to.")],
    to: Annotated[Path, typer.Option(help="The file that becomes what it was.")],
    folder: Folder = Path("snapshots"),
) -> None:
    """Go back to a snapshot, byte for byte."""
    found = kr.rollback(folder, name, to=to)
    say(f"Map: {to.resolve()}\n  {_counts(found)}, as in the snapshot {name}.\n")


@command("export", "journey.yaml --as mermaid --audience service")
def export(
    file: MapFile,
    form: Annotated[str, typer.Option("--as", help="What the map becomes.", metavar="|".join(FORMATS))] = "markdown",
    audience: Annotated[str | None, typer.Option(help="Only what this audience of sharing works with.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only what this owner of touchpoints works with.")] = None,
    output: Annotated[str | None, typer.Option(help="File to write; default: the standard output.")] = None,
) -> None:
    """Write a map, or the view of an audience, for other tools."""
    one_of(form, "--as", FORMATS)
    found = kr.JourneyMap.load(file)
    if audience is not None or owner is not None:
        found = found.view(audience, owner=owner)
    written: dict[str, Callable[[], str | None]] = {
        "markdown": found.to_markdown,
        "mermaid": found.to_mermaid,
        "csv": found.to_csv,
        "json": lambda: found.to_json(indent=1) + "\n",
        "yaml": found.to_yaml,
    }
    say(written[form]() or "", output)


@command("list", "", _template_app)
def template_list(out: Out) -> None:
    """List the templates of klantreis and your own."""
    deliver(kr.templates(), out)


@command("save", "journey.yaml my-shop", _template_app)
def template_save(
    file: MapFile,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the template is called.")],
    folder: Annotated[Path | None, typer.Option(help="Where to keep it. Default: the folder of your data.")] = None,
) -> None:
    """Keep a map as a template of your own."""
    say(f"Template: {kr.save_template(kr.JourneyMap.load(file), name, folder=folder).resolve()}\n")


@command("render", "journey.yaml --events events.csv --to map.html --audience service")
def render(
    file: MapFile,
    to: Annotated[Path, typer.Option(help="File to write: .svg is a picture, .html a page.")] = Path("map.html"),
    events: Annotated[
        list[str] | None, typer.Option(help="Events to show what was measured; may be repeated. Columns as in the map.")
    ] = None,
    observed_until: Annotated[str | None, typer.Option(help="End of the observation, such as 2024-04-30.")] = None,
    level: Annotated[str | None, typer.Option(help="Level to which phases roll up, such as p6; for HTML.")] = None,
    audience: Annotated[str | None, typer.Option(help="Only the part that the map shares with this audience.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only the part of this owner of touchpoints.")] = None,
    language: Annotated[Any, typer.Option(help="Language of the words around the map.", metavar="en|nl")] = None,
    min_group: Annotated[int | None, typer.Option(help="Leave out figures of fewer customers.")] = None,
) -> None:
    """Draw a map, as designed or, with events, as measured."""
    design = kr.JourneyMap.load(file)
    source: kr.JourneyMap | kr.Journeys = design
    if events:
        log = kr.read(events if len(events) > 1 else events[0], map=design)
        source = kr.journeys(log, observed_until=observed_until)
    written = kr.render(
        source, to=to, level=level, audience=audience, owner=owner, language=language, min_group=min_group
    )
    say(f"{written}\n")
