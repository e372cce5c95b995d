# SPDX-License-Identifier: MIT
"""Conditions on columns: ``{event: {eq: order}}``, ``{url: {prefix: /p/}}``, joined by ``any``, ``all`` and ``not``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from klantreis._map.problems import Path, near, shown

# What each test takes.
TESTS = {
    "eq": "scalar",
    "ne": "scalar",
    "in": "list",
    "not_in": "list",
    "exists": "truth",
    "prefix": "text",
    "suffix": "text",
    "contains": "text",
    "regex": "text",
    "lt": "number",
    "lte": "number",
    "gt": "number",
    "gte": "number",
    "between": "pair",
}

_WANTED = {
    "scalar": "a text, a number or true or false",
    "list": "a list, as in [order, quote]",
    "text": "a text",
    "number": "a number",
    "pair": "two numbers, the smaller first, as in [1, 5]",
    "truth": "true or false",
}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_scalar(value: object) -> bool:
    return isinstance(value, (str, bool, int, float))


_FITS: dict[str, Callable[[Any], bool]] = {
    "scalar": _is_scalar,
    "list": lambda value: isinstance(value, list) and value != [] and all(map(_is_scalar, value)),
    "text": lambda value: isinstance(value, str) and value != "",
    "number": _is_number,
    "pair": lambda value: (
        isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and value[0] <= value[1]
    ),
    "truth": lambda value: isinstance(value, bool),
}


def written_out(rule: Any) -> Any:
    """A rule without its short forms: ``{event: order}`` means ``eq``, and a list means ``in``.

    Examples
    --------
    >>> written_out({"any": [{"event": "order"}, {"event": ["quote", "call"]}]})
    {'any': [{'event': {'eq': 'order'}}, {'event': {'in': ['quote', 'call']}}]}
    """
    if not isinstance(rule, dict):
        return rule
    made: dict[str, Any] = {}
    for name, test in rule.items():
        if name in ("any", "all") and isinstance(test, list):
            made[name] = [written_out(part) for part in test]
        elif name == "not":
            made[name] = written_out(test)
        elif isinstance(test, dict):
            made[name] = test if test.keys() & TESTS.keys() else written_out(test)
        elif _is_scalar(test):
            made[name] = {"eq": test}
        elif isinstance(test, list):
            made[name] = {"in": test}
        else:
            made[name] = test
    return made


def faults(rule: Any, path: Path, *, nested: bool) -> Iterator[tuple[Path, str, str]]:
    """Place, message and remedy of whatever is wrong with a rule.

    ``nested`` allows a level above the columns, as in ``{customer: {orders: {lt: 1}}}``.
    """
    if not isinstance(rule, dict) or not rule:
        yield path, f"{shown(rule)} is no condition", "write one such as {event: {eq: order}}"
        return
    for name, test in rule.items():
        place = (*path, name)
        if name in ("any", "all"):
            if not isinstance(test, list) or not test:
                yield place, f"{name} takes a list of conditions", "write {any: [{event: {eq: a}}, …]}"
            else:
                for number, part in enumerate(test):
                    yield from faults(part, (*place, number), nested=nested)
        elif name == "not":
            yield from faults(test, place, nested=nested)
        elif isinstance(test, dict) and test:
            if nested and not (test.keys() & TESTS.keys()):
                yield from faults(test, place, nested=False)
            else:
                yield from _faults_of_tests(test, place)
        elif not (_is_scalar(test) or _FITS["list"](test)):
            yield place, f"{shown(test)} is no test of a column", "write one such as {eq: order}"


def _faults_of_tests(tests: dict[str, Any], path: Path) -> Iterator[tuple[Path, str, str]]:
    for name, value in tests.items():
        if name not in TESTS:
            yield (*path, name), f"there is no test {name!r}", near(name, TESTS)
        elif not _FITS[TESTS[name]](value):
            yield (*path, name), f"{name} is {shown(value)}", f"give {_WANTED[TESTS[name]]}"


_WORDS = {"eq": "=", "ne": "≠", "lt": "<", "lte": "≤", "gt": ">", "gte": "≥"}


def described(rule: Any) -> str:
    """A rule in words.

    Examples
    --------
    >>> described({"event": {"eq": "page_view"}, "url": {"prefix": "/p/"}})
    'event = page_view and url prefix /p/'
    """
    if not isinstance(rule, dict):
        return ""
    parts = []
    for name, test in rule.items():
        if name in ("any", "all"):
            inner = [described(part) for part in test]
            text = (" or " if name == "any" else " and ").join(inner)
            parts.append(f"({text})" if len(inner) > 1 and len(rule) > 1 else text)
        elif name == "not":
            parts.append(f"not ({described(test)})")
        elif isinstance(test, dict) and not test.keys() & TESTS.keys():
            parts.append(f"{name}: {described(test)}")
        else:
            tests = test if isinstance(test, dict) else {"eq": test}
            parts += [f"{name} {_WORDS.get(word, word)} {_listed(value)}" for word, value in tests.items()]
    return " and ".join(parts)


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
