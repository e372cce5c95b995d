# SPDX-License-Identifier: MIT
"""Map files as text: YAML 1.2 and JSON into plain data, with the line of every part and bounds on size and depth."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from klantreis._map.problems import MapError, Path, Problem, shown

# Parsing YAML takes about 4 s a MiB; a map of 200 touchpoints is 60 kB.
MOST_YAML_BYTES = 2 * 2**20
MOST_JSON_BYTES = 16 * 2**20
# Lists and keys inside each other, and items with every alias written out.
MOST_DEPTH = 40
MOST_ITEMS = 400_000

_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TAGS = {f"tag:yaml.org,2002:{kind}": kind for kind in ("str", "int", "float", "bool", "null", "map", "seq")}


@dataclass(slots=True)
class Node:
    """A part of the text with its place; ``items`` of a scalar is None."""

    line: int
    column: int
    value: Any = None
    items: dict[str, Node] | list[Node] | None = None
    size: int = 1
    height: int = 0
    # Of the values of a mapping: where their keys stand.
    key_places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def plain(self) -> Any:
        """Fresh plain data; what an alias names is written out."""
        if isinstance(self.items, dict):
            return {key: node.plain() for key, node in self.items.items()}
        if isinstance(self.items, list):
            return [node.plain() for node in self.items]
        return self.value

    def place(self, path: Path) -> tuple[int, int]:
        """Line and column, counted from 1, of the part at a path, or of the nearest part that holds it."""
        node = self
        for step, part in enumerate(path):
            if isinstance(node.items, dict) and part in node.items:
                if step == len(path) - 1:
                    return node.key_places[str(part)]
                node = node.items[str(part)]
            elif isinstance(node.items, list) and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
            else:
                break
        return node.line, node.column


def parse(content: str | bytes, file: str, *, is_json: bool) -> tuple[Any, Callable[[Path], tuple[int, int] | None]]:
    """Plain data, and a function that finds the place of a path in the text.

    Raises
    ------
    MapError
        When the text is no YAML 1.2 or JSON, or passes a bound.
    """
    text = _decoded(content, file)
    most = MOST_JSON_BYTES if is_json else MOST_YAML_BYTES
    size = len(content) if isinstance(content, bytes) else len(text)
    if size > most:
        remedy = "split it, or save it as JSON" if not is_json else "split it"
        raise _refusal(file, f"the file has {size:,} bytes; a map has at most {most:,}", remedy)
    if not is_json:
        node = _node_of_yaml(text, file)
        return node.plain(), node.place
    data = _data_of_json(text, file)

    @cache
    def root() -> Node | None:
        # JSON is YAML but for tabs, which in JSON never stand inside a text.
        try:
            return _node_of_yaml(text.replace("\t", " "), file) if len(text) <= MOST_YAML_BYTES else None
        except MapError:
            return None

    def place(path: Path) -> tuple[int, int] | None:
        node = root()
        return node.place(path) if node is not None else None

    return data, place


def _refusal(file: str, message: str, remedy: str = "", line: int | None = None, column: int | None = None) -> MapError:
    return MapError([Problem(path="", message=message, remedy=remedy, line=line, column=column, file=file)])


def _decoded(content: str | bytes, file: str) -> str:
    if isinstance(content, str):
        text = content.removeprefix("\ufeff")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise _refusal(file, f"character {error.start} is half of a pair", "write whole characters") from None
        return text
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refusal(file, f"byte {error.start} is no UTF-8", "save the file as UTF-8", line) from None


def _data_of_json(text: str, file: str) -> Any:
    _check_depth_of_json(text, file)
    count = 0

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal count
        count += len(found)
        data = dict(found)
        if len(data) < len(found):
            seen: set[str] = set()
            key = next(key for key, _ in found if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise _refusal(file, f"the key {key!r} stands twice in the same place", "remove one")
        return data

    def whole(digits: str) -> int:
        return _whole(digits, 10, file, None, None)

    def number(digits: str) -> float:
        return _finite(digits, file, None, None)

    try:
        data = json.loads(text, object_pairs_hook=pairs, parse_int=whole, parse_float=number, parse_constant=number)
    except json.JSONDecodeError as error:
        raise _refusal(file, f"no JSON: {error.msg}", "", error.lineno, error.colno) from None
    except RecursionError:
        raise _refusal(file, f"lists and keys stand more than {MOST_DEPTH} deep inside each other") from None
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _refusal(file, "a text holds half of a character pair", "write whole characters") from None
    return data


def _check_depth_of_json(text: str, file: str) -> None:
    depth, inside = 0, False
    for found in re.finditer(r'\\.|["\[\]{}\n]', text, re.DOTALL):
        mark = found[0]
        if mark == '"':
            inside = not inside
        elif not inside and mark in "[{":
            depth += 1
            if depth > MOST_DEPTH:
                line = text.count("\n", 0, found.start()) + 1
                raise _refusal(file, f"lists and keys stand more than {MOST_DEPTH} deep inside each other", "", line)
        elif not inside and mark in "]}":
            depth -= 1


def _whole(digits: str, base: int, file: str, line: int | None, column: int | None) -> int:
    # Python refuses to convert thousands of digits, and the core counts in 64 bits.
    number = int(digits, base) if len(digits) <= 40 else 2**64
    if abs(number) >= 2**63:
        raise _refusal(file, f"the number {digits[:30]} does not fit 64 bits", "put it in quotes", line, column)
    return number


def _finite(digits: str, file: str, line: int | None, column: int | None) -> float:
    number = float(digits.replace(".", "", 1) if _NO_NUMBER.fullmatch(digits) else digits)
    if not math.isfinite(number):
        raise _refusal(file, f"{digits[:30]} is no finite number", "leave the key out", line, column)
    return number


def _events(text: str, file: str) -> Iterator[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read")
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (None, None)
        if mark is None and isinstance(position := getattr(error, "position", None), int):
            line = text.count("\n", 0, position) + 1
        remedy = "put texts with special characters in quotes, and indent with spaces" if mark is not None else ""
        raise _refusal(file, f"no YAML: {' '.join(said.split())}", remedy, line, column) from None
    except (ValueError, AssertionError, IndexError, AttributeError, TypeError) as error:
        # Escapes of characters that do not exist and the like, which the parser does not check itself.
        raise _refusal(file, f"no YAML: {' '.join(str(error).split()) or 'it cannot be read'}") from None


class _Builder:
    """Nodes out of events, with an explicit stack, so that no depth of the text is a depth of calls."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.items = 0
        self.anchors: dict[str, Node | None] = {}
        # Open lists and mappings, the key that waits for its value, and the anchor.
        self.open: list[tuple[Node, str | None]] = []
        self.keys: list[tuple[str, int, int] | None] = []
        self.root: Node | None = None

    def refuse(self, event: Any, message: str, remedy: str = "") -> MapError:
        mark = event.start_mark
        return _refusal(self.file, message, remedy, mark.line + 1, mark.column + 1)

    def take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "ScalarEvent":
            self.add(event, self.scalar(event), event.anchor)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            tag = event.ctag and str(event.ctag)
            if tag and _TAGS.get(tag) != ("map" if kind == "MappingStartEvent" else "seq"):
                raise self.refuse(event, f"the tag {tag!r} has no meaning here", "remove it")
            if self.open and isinstance(self.open[-1][0].items, dict) and self.keys[-1] is None:
                raise self.refuse(event, "a key is a list or a mapping", "a key is a text")
            if len(self.open) >= MOST_DEPTH:
                raise self.refuse(event, f"lists and keys stand more than {MOST_DEPTH} deep inside each other")
            # The mark of a block stands at its first item; that of its parent would be one line up.
            node = Node(event.start_mark.line + 1, event.start_mark.column + 1)
            node.items = {} if kind == "MappingStartEvent" else []
            if event.anchor is not None:
                self.anchors[str(event.anchor)] = None
            self.open.append((node, None if event.anchor is None else str(event.anchor)))
            self.keys.append(None)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            node, anchor = self.open.pop()
            self.keys.pop()
            self.add(event, node, anchor)
        elif kind == "AliasEvent":
            name = str(event.anchor)
            if name not in self.anchors:
                raise self.refuse(event, f"the alias *{name} names no anchor above it", f"mark its text with &{name}")
            node_of_alias = self.anchors[name]
            if node_of_alias is None:
                raise self.refuse(event, f"the alias *{name} holds itself", "write the part out")
            self.add(event, node_of_alias, None)
        elif kind == "DocumentStartEvent":
            if self.root is not None:
                raise self.refuse(event, "a second document starts with ---", "a file holds one map")
            if event.version not in (None, (1, 2)):
                raise self.refuse(event, "the file says that it is no YAML 1.2", "remove the line with %YAML")

    def add(self, event: Any, node: Node, anchor: Any) -> None:
        if anchor is not None:
            self.anchors[str(anchor)] = node
        if not self.open:
            self.root = node
            return
        parent = self.open[-1][0]
        if isinstance(parent.items, list):
            parent.items.append(node)
        else:
            assert parent.items is not None
            waiting = self.keys[-1]
            if waiting is None:
                self.keys[-1] = self.key(event, node, parent)
                return
            name, line, column = waiting
            parent.items[name] = node
            parent.key_places[name] = (line, column)
            self.keys[-1] = None
        parent.size += node.size
        parent.height = max(parent.height, node.height + 1)
        if len(self.open) + node.height > MOST_DEPTH:
            raise self.refuse(event, f"lists and keys stand more than {MOST_DEPTH} deep inside each other")
        # An alias counts as often as it is used: a short text can stand for more than any memory holds.
        if type(event).__name__ in ("AliasEvent", "ScalarEvent"):
            self.items += node.size
        else:
            self.items += 1
        if self.items > MOST_ITEMS:
            remedy = "write less, or use fewer aliases"
            raise self.refuse(event, f"the file has more than {MOST_ITEMS:,} items with its aliases", remedy)

    def key(self, event: Any, node: Node, parent: Node) -> tuple[str, int, int]:
        mark = event.start_mark
        if node.items is not None:
            raise self.refuse(event, "a key is a list or a mapping", "a key is a text")
        name = event.value if type(event).__name__ == "ScalarEvent" else str(node.value)
        assert isinstance(parent.items, dict)
        if name in parent.items:
            first = parent.key_places[name][0]
            raise self.refuse(event, f"the key {shown(name)} stands here and in line {first}", "remove one")
        return name, mark.line + 1, mark.column + 1

    def scalar(self, event: Any) -> Node:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        tag = event.ctag and str(event.ctag)
        kind = _TAGS.get(tag) if tag and tag != "!" else None
        if tag and tag != "!" and kind is None:
            raise self.refuse(event, f"the tag {tag!r} has no meaning here", "remove it")
        text = event.value
        try:
            text.encode()
        except UnicodeEncodeError:
            raise self.refuse(event, "a text holds half of a character pair", "write whole characters") from None
        plain = event.implicit[0] if kind is None and tag != "!" else False
        value = self.resolved(text, line, column) if plain or kind not in (None, "str") else text
        wanted = {"int": int, "float": (int, float), "bool": bool, "null": type(None)}.get(kind or "", object)
        if not isinstance(value, wanted):  # type: ignore[arg-type]
            raise self.refuse(event, f"{shown(text)} is no {kind}", "remove the tag")
        return Node(line, column, value)

    def resolved(self, text: str, line: int, column: int) -> Any:
        """What a text without quotes means in the core schema of YAML 1.2."""
        if _NULL.fullmatch(text):
            return None
        if _TRUE.fullmatch(text):
            return True
        if _FALSE.fullmatch(text):
            return False
        if _INTEGER.fullmatch(text):
            return _whole(text, 10, self.file, line, column)
        if _BASED.fullmatch(text):
            return _whole(text, 0, self.file, line, column)
        if _NUMBER.fullmatch(text) or _NO_NUMBER.fullmatch(text):
            return _finite(text, self.file, line, column)
        return text


def _node_of_yaml(text: str, file: str) -> Node:
    builder = _Builder(file)
    for event in _events(text, file):
        builder.take(event)
    if builder.root is None:
        raise _refusal(file, "the file is empty", "start from a template: klantreis map new --template 5")
    return builder.root
