# SPDX-License-Identifier: MIT
"""Lay out the sources of the site: the pages of docs/, what is written by code, and the executed notebooks.

python docs.py FOLDER NOTEBOOKS

NOTEBOOKS holds what the tests executed; a notebook that is missing there, or older than its source, is executed now.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import cpp_api
import nbformat

ROOT = Path(__file__).parents[1]
REFERENCES = ("api/python", "api/cpp", "notebooks")
# What the modules of the Python package are about, in the order of their pages; others follow under their own names.
TOPICS = {
    "_read": "Reading events",
    "_log": "The log",
    "_journeys": "Journeys",
    "_paths": "Paths",
    "_table": "Tables",
    "_attribution": "Attribution",
    "_dropoff": "Where customers leave",
    "_funnel": "Funnels",
    "_patterns": "Patterns",
    "_timing": "Time and survival",
    "_transitions": "Transitions",
    "_graph": "The state graph",
    "_markov": "The absorbing chain",
    "_improve": "What to improve",
    "_kpi": "Key figures",
    "_compare": "Comparing groups",
    "_map": "Journey maps",
    "_design": "The designed journey",
    "_measure": "The measured map",
    "_conformance": "Design against log",
    "_statistics": "Intervals",
    "_report": "Report and picture",
}
EXAMPLE_TITLES = {
    "first_result": "A first result",
    "attribution_from_spans": "Attribution from spans",
    "arrow_in_and_out": "Arrow in and out",
    "shards": "Shards that merge",
    "journey_map": "A journey map",
}


def module_of(name: str) -> str:
    """The module of the package in which a public name stands."""
    module: str = getattr(getattr(importlib.import_module("klantreis"), name), "__module__", "")
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "errors"


def python_pages(folder: Path) -> None:
    """Pages of the public names, one for each module."""
    package = importlib.import_module("klantreis")
    names: dict[str, list[str]] = {topic: [] for topic in TOPICS}
    for name in package.__all__:
        if not name.startswith("__") and not inspect.ismodule(getattr(package, name)):
            names.setdefault(module_of(name), []).append(name)
    pages = []
    for module, found in names.items():
        if not found:
            continue
        title = TOPICS.get(module, module.strip("_").replace("_", " ").capitalize())
        page = module.strip("_")
        pages.append(page)
        classes = sorted(name for name in found if inspect.isclass(getattr(package, name)))
        functions = sorted(set(found) - set(classes))
        write_autodoc(folder / f"{page}.md", title, "klantreis", functions, classes)
    for page, title, module in (
        ("datasets", "Data to try things with", "klantreis.datasets"),
        ("channelattribution", "Under the names of ChannelAttribution", "klantreis.compat.channelattribution"),
    ):
        found = importlib.import_module(module)
        public = getattr(found, "__all__", None) or [name for name in vars(found) if not name.startswith("_")]
        own = [name for name in public if getattr(getattr(found, name), "__module__", "").startswith(module)]
        classes = sorted(name for name in own if inspect.isclass(getattr(found, name)))
        write_autodoc(folder / f"{page}.md", title, module, sorted(set(own) - set(classes)), classes)
        pages.append(page)
    (folder / "commands.md").write_text(command_page(), encoding="utf-8")
    intro = "Public names are those of `klantreis`, usually imported as `kr`."
    index(folder, "Python", intro, [*pages, "commands"])


def write_autodoc(path: Path, title: str, module: str, functions: list[str], classes: list[str]) -> None:
    lines = [f"# {title}", "", "```{eval-rst}", f".. currentmodule:: {module}", ""]
    for name in functions:
        lines += [f".. autofunction:: {name}", ""]
    for name in classes:
        lines += [f".. autoclass:: {name}", "   :members:", "   :show-inheritance:", ""]
    path.write_text("\n".join([*lines, "```", ""]), encoding="utf-8")


def command_page() -> str:
    """The commands and their options."""
    from typer.main import get_command

    command = get_command(importlib.import_module("klantreis._cli.app").app)
    return "\n".join(["# Commands", "", *commands("klantreis", command, 2)]) + "\n"


def commands(name: str, command: Any, level: int) -> list[str]:
    lines: list[str] = []
    for each, inner in sorted(getattr(command, "commands", {}).items()):
        if inner.hidden:
            continue
        lines += [f"{'#' * level} {name} {each}", "", cell(inner.help or inner.short_help or ""), ""]
        rows = [row for row in map(option_row, inner.params) if row]
        if rows:
            lines += ["| argument | means |", "|---|---|", *rows, ""]
        lines += commands(f"{name} {each}", inner, level + 1)
    return lines


def option_row(parameter: Any) -> str:
    if getattr(parameter, "hidden", False):
        return ""
    names = [option for option in parameter.opts if option.startswith("-")] or [parameter.name.upper()]
    shown = ", ".join(f"`{name}`" for name in names)
    return f"| {shown} | {cell(getattr(parameter, 'help', '') or '')} |"


def cell(text: str) -> str:
    """A text that fits a cell of a table."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;").strip()


def cpp_pages(folder: Path) -> None:
    """Pages of the public headers, and of the examples that show them at work."""
    include = ROOT / "include" / "klantreis"
    names = cpp_api.modules(include)
    for name in names:
        (folder / f"{name}.md").write_text(cpp_api.page(name, include), encoding="utf-8")
    lines = ["# Examples", "", "Each is compiled, run and compared with the output shown here, by the tests.", ""]
    sources = {path.stem: path for path in (ROOT / "examples" / "cpp").glob("*.cpp")}
    for name in [*EXAMPLE_TITLES, *sorted(set(sources) - set(EXAMPLE_TITLES))]:
        code = sources[name].read_text(encoding="utf-8").partition("\n")[2]
        said = sources[name].with_suffix(".output").read_text(encoding="utf-8")
        title = EXAMPLE_TITLES.get(name, name.replace("_", " ").capitalize())
        lines += [f"## {title}", "", "```cpp", code.strip(), "```", "", "prints", ""]
        lines += ["```text", said.rstrip(), "```", ""]
    (folder / "examples.md").write_text("\n".join(lines), encoding="utf-8")
    intro = "Everything stands in the namespace `klantreis`; `<klantreis.hpp>` includes all modules, in this order."
    index(folder, "C++", intro, ["examples", *names])


def index(folder: Path, title: str, intro: str, pages: list[str]) -> None:
    toctree = "\n".join(["```{toctree}", ":maxdepth: 1", "", *pages, "```"])
    (folder / "index.md").write_text(f"# {title}\n\n{intro}\n\n{toctree}\n", encoding="utf-8")


def notebook_pages(folder: Path, executed: Path) -> None:
    """The notebooks with what came out of them."""
    names = []
    for source in sorted((ROOT / "examples" / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(result_of(source, executed), as_version=4)
        if any(draws(output) for cell in notebook.cells for output in cell.get("outputs", [])):
            draw_from_here(notebook)
        nbformat.write(notebook, folder / source.name)
        names.append(source.stem)
    index(folder, "Notebooks", "Run them yourself: they stand in `examples/notebooks`.", names)


def result_of(source: Path, executed: Path) -> Path:
    """The executed notebook; one whose data are not at hand stays as it is."""
    made = executed / source.name
    if made.is_file() and made.stat().st_mtime >= source.stat().st_mtime:
        return made
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    print(f"executing {source.name}", flush=True)
    notebook = nbformat.read(source, as_version=4)
    executed.mkdir(parents=True, exist_ok=True)
    try:
        NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(executed)}}).execute()
    except CellExecutionError as error:
        if error.ename != "FileNotFoundError":
            raise
        print(f"{source.name} is shown without results: {error.evalue}")
        return source
    nbformat.write(notebook, made)
    return made


PLOTLY = "application/vnd.plotly.v1+json"


def draws(output: Any) -> bool:
    return PLOTLY in output.get("data", {})


def draw_from_here(notebook: Any) -> None:
    """Let pictures be drawn by the script that the site holds, once for all pages."""
    for cell in notebook.cells:
        for number, output in enumerate(cell.get("outputs", [])):
            if not draws(output):
                continue
            content = output["data"].pop(PLOTLY)
            figure = {name: content[name] for name in ("data", "layout")}
            place = f"picture-{cell.get('id', '')}-{number}"
            call = f'Plotly.newPlot("{place}", {json.dumps(figure)}, {{}}, {{responsive: true, displaylogo: false}})'
            output["data"] = {
                "text/html": f'<div id="{place}" class="picture"></div>'
                f'<script src="../_static/plotly.min.js"></script><script>{escaped(call)}</script>'
            }


def escaped(script: str) -> str:
    """A script that no name in it can end."""
    return script.replace("</", "<\\/").replace("<!--", "<\\!--")


def own_pages(folder: Path) -> None:
    """The pages of docs/, with a place in the index for each of those that it does not name."""
    shutil.copytree(ROOT / "docs", folder, dirs_exist_ok=True)
    for name in ("CHANGELOG", "CONTRIBUTING"):
        shutil.copyfile(ROOT / f"{name}.md", folder / f"{name.lower()}.md")
    index = folder / "index.md"
    text = index.read_text(encoding="utf-8")
    named = set(re.findall(r"^(?:.*<)?([\w/-]+)>?$", text, re.MULTILINE))
    others = sorted(path.stem for path in folder.glob("*.md") if path.stem not in named | {"index"})
    index.write_text(text.replace("OTHER-PAGES", "\n".join(others)), encoding="utf-8")
    for page in folder.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        for old, new in (
            ("CONTRIBUTING.md", "contributing.md"),
            ("CHANGELOG.md", "changelog.md"),
            ("examples/notebooks", "notebooks/index.md"),
            ("examples/cpp", "api/cpp/examples.md"),
        ):
            text = re.sub(rf"\]\((\.\./)*{re.escape(old)}\)", f"](/{new})", text)
        # Doctests need an empty line behind them, readers do not.
        text = re.sub(r"\n\n```$", "\n```", text, flags=re.MULTILINE)
        page.write_text(text, encoding="utf-8")


def main(folder: Path, executed: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for part in REFERENCES:
        (folder / part).mkdir(parents=True)
    own_pages(folder)
    python_pages(folder / "api/python")
    cpp_pages(folder / "api/cpp")
    notebook_pages(folder / "notebooks", executed)
    script = Path(importlib.import_module("plotly").__file__ or "").parent / "package_data" / "plotly.min.js"
    shutil.copyfile(script, folder / "_static" / "plotly.min.js")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
