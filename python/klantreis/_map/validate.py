# SPDX-License-Identifier: MIT
"""From plain data to the models: every error at once, each with its place and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic import ValidationError

from klantreis._core import __version__
from klantreis._map.checks import check
from klantreis._map.fields import DURATION_PATTERN, FORMAT, ID_PATTERN
from klantreis._map.model import Content
from klantreis._map.problems import MapError, Path, Problem, near, shown, written

Finder = Callable[[Path], tuple[int, int] | None]

# What a type asks for, in the words of somebody who writes the file.
_WANTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list, as in [a, b]",
    "dict_type": "keys with values, as in {key: value}",
    "model_type": "keys with values, as in {key: value}",
    "model_attributes_type": "keys with values, as in {key: value}",
}


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a map file."""
    made = Content.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "klantreis journey map",
        **{key: value for key, value in made.items() if key != "title"},
    }


def validated(data: Any, *, file: str, place: Finder | None) -> tuple[Content, tuple[Problem, ...]]:
    """The content and its warnings.

    Raises
    ------
    MapError
        With every error that was found.
    """
    if isinstance(data, dict) and data.get("klantreis") != FORMAT and isinstance(data.get("klantreis"), (int, float)):
        message = f"the file has version {data['klantreis']!r} of the format; klantreis {__version__} reads {FORMAT}"
        raise MapError([_placed(Problem("klantreis", message, "use a newer klantreis"), ("klantreis",), file, place)])
    found: list[tuple[Path, Problem]] = []
    content = None
    try:
        content = Content.model_validate(data)
    except ValidationError as error:
        found += [_translated(item) for item in error.errors(include_url=False)]
    found += check(data)
    seen: set[tuple[str, str]] = set()
    problems = []
    for path, problem in found:
        if (problem.path, problem.message) not in seen:
            seen.add((problem.path, problem.message))
            problems.append(_placed(problem, path, file, place))
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors or content is None:
        raise MapError(sorted(errors, key=lambda problem: (problem.line or 0, problem.column or 0)))
    return content, tuple(problems)


def translated(error: ValidationError, within: Path) -> MapError:
    """The errors of a part that stands at a path."""
    return MapError(_translated(item, within)[1] for item in error.errors(include_url=False))


def _placed(problem: Problem, path: Path, file: str, place: Finder | None) -> Problem:
    line, column = (place(path) if place is not None else None) or (None, None)
    return problem.at(file=file, line=line, column=column)


def _translated(error: Any, within: Path = ()) -> tuple[Path, Problem]:
    path: Path = (*within, *error["loc"])
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "extra_forbidden":
        message, remedy = f"there is no key {path[-1]!r} here", near(str(path[-1]), _keys_at(path[:-1]))
        if given is None and not remedy.startswith("did"):
            remedy = f"if it belongs to the text before it, put that text in quotes; {remedy}"
    elif kind == "missing":
        message, remedy = f"{path[-1]!r} is missing", _example(str(path[-1]))
    elif kind == "literal_error":
        message, remedy = f"{shown(given)} is not known", f"choose {context['expected']}"
        if isinstance(given, str):
            known = re.findall(r"'([^']*)'", context["expected"])
            hint = near(given, known)
            remedy = f"{hint} choose {context['expected']}" if hint.startswith("did") else remedy
    elif kind == "string_pattern_mismatch":
        message, remedy = _pattern(context["pattern"], given)
    elif kind in _WANTED:
        message, remedy = f"{shown(given)} is not {_WANTED[kind]}", f"give {_WANTED[kind]}"
        if kind == "string_type" and isinstance(given, (int, float)):
            remedy = f'put it in quotes: "{given}"'
    elif kind in ("greater_than_equal", "less_than_equal", "greater_than", "less_than"):
        sign = {"greater_than_equal": "ge", "less_than_equal": "le", "greater_than": "gt", "less_than": "lt"}[kind]
        words = {"ge": "at least", "le": "at most", "gt": "more than", "lt": "less than"}[sign]
        message, remedy = f"{shown(given)} is out of range", f"it must be {words} {context[sign]:g}"
    elif kind in ("too_short", "too_long"):
        message = f"there is no {_singular(path)}" if not given else f"{len(given)} items are {kind.replace('_', ' ')}"
        remedy = f"give {'at least' if kind == 'too_short' else 'at most'} " + str(
            context["min_length" if kind == "too_short" else "max_length"]
        )
    elif kind == "string_too_long":
        message, remedy = f"the text has {len(given):,} characters", f"at most {context['max_length']:,}"
    else:
        message, remedy = f"{shown(given)} does not fit", error["msg"]
    return path, Problem(written(path), message, remedy, value=shown(given) if kind != "missing" else "")


def _singular(path: Path) -> str:
    name = str(path[-1]) if path else "part"
    return {"branches": "branch"}.get(name, name.removesuffix("s"))


def _pattern(pattern: str, given: Any) -> tuple[str, str]:
    if pattern == ID_PATTERN:
        usable = re.sub(r"[^a-z0-9_./-]+", "_", _without_accents(str(given)).lower()).strip("_./-")
        remedy = "use small letters, digits and _ . / - and begin with a letter or digit"
        return f"{shown(given)} is no id", remedy + (f", as in {usable}" if usable else "")
    if pattern == DURATION_PATTERN:
        return f"{shown(given)} is no length of time", "write one such as 90s, 30m, 12h, 7d or 2w"
    return f"{shown(given)} has the wrong form", f"it must match {pattern}"


def _without_accents(text: str) -> str:
    import unicodedata

    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _example(key: str) -> str:
    examples = {
        "klantreis": "write klantreis: 1 in the first line",
        "journey": "write journey: {id: shop, name: Shop}",
        "phases": "write phases: with a list such as - {id: awareness}",
        "phase": "name the phase it belongs to",
        "id": "give it an id, which other parts can refer to",
        "kind": "say what kind it is",
    }
    return examples.get(key, f"add {key}: …")


def _keys_at(path: Path) -> list[str]:
    """The keys that a part may have."""
    definitions = schema()["$defs"]
    here: Any = schema()
    for step in path:
        here = _resolved(here, definitions)
        here = here.get("items", {}) if isinstance(step, int) else here.get("properties", {}).get(step, {})
    return list(_resolved(here, definitions).get("properties", {}))


def _resolved(part: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    for option in part.get("anyOf", [part]):
        if "$ref" in option:
            found: dict[str, Any] = definitions[option["$ref"].rpartition("/")[2]]
            return found
        if "items" in option or "properties" in option:
            return dict(option)
    return part
