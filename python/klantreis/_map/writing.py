# SPDX-License-Identifier: MIT
"""Maps as YAML text: an edited map keeps every line that no change touched."""

from __future__ import annotations

import copy
import difflib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What identifies an item of a list, so that an edit is seen as one and not as a removal and an addition.
_KEYS = ("id", "audience", "role")
_ONE_LINE = 116


def written_anew(before: bytes | None, old: Any, new: Any) -> bytes:
    """The YAML text of ``new``, as close as possible to the text ``before``, whose content is ``old``."""
    if before is None:
        return dumped(new).encode()
    if old == new:
        return before
    mark = b"\xef\xbb\xbf" if before.startswith(b"\xef\xbb\xbf") else b""
    text = before.removeprefix(mark).decode()
    newline = "\r\n" if "\r\n" in text else "\n"
    text = text.replace("\r\n", "\n")
    document = _yaml().load(text)
    indents = _indents(text)
    base = _dump(document, *indents)
    changed = _dump(_edited(document, old, new), *indents)
    # Writing a document changes its layout; what differs between two written ones is the edit itself.
    for candidate in (_merged(text, base, changed), changed):
        if _content(candidate) == new:
            return mark + candidate.replace("\n", newline).encode()
    return mark + dumped(new).replace("\n", newline).encode()


def dumped(data: Any, remarks: Mapping[str, str] | None = None) -> str:
    """YAML text of plain data: short parts on one line, sections apart, with remarks above some of them."""
    sections = []
    for key, part in data.items():
        remark = "".join(f"# {line}\n" for line in (remarks or {}).get(key, "").splitlines())
        section = (
            {name: _arranged(value) for name, value in part.items()} if isinstance(part, dict) else _arranged(part)
        )
        sections.append(remark + _dump({key: section}))
    head = "".join(f"# {line}\n" for line in (remarks or {}).get("", "").splitlines())
    return head + "\n".join(sections)


def _yaml(nested: int = 2, dash: int = 2) -> Any:
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    yaml.indent(mapping=nested, sequence=dash + 2, offset=dash)
    return yaml


def _dump(document: Any, nested: int = 2, dash: int = 2) -> str:
    stream = io.StringIO()
    _yaml(nested, dash).dump(document, stream)
    return stream.getvalue()


def _indents(text: str) -> tuple[int, int]:
    """How far a text indents what stands below a key, and the dash of a list below a key."""
    key, remark = r"^( *)[^\s#-][^\n]*:", r"[ \t]*(?:#[^\n]*)?\n"
    found = [re.search(rf"{key}{remark}(?:{remark})*(\1 *){start}", text, re.M) for start in (r"[^\s#-]", r"-\s")]
    nested, dash = (len(first[2]) - len(first[1]) if first else 2 for first in found)
    return max(nested, 1), dash


def _content(text: str) -> Any:
    from klantreis._map.fields import plain
    from klantreis._map.model import Content
    from klantreis._map.problems import MapError
    from klantreis._map.text import parse

    try:
        return plain(Content.model_validate(parse(text, "", is_json=False)[0]))
    except (MapError, ValueError):
        return None


def _arranged(part: Any, width: int = _ONE_LINE) -> Any:
    """The part with every list and mapping that fits one line marked to stand on one."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if not isinstance(part, (dict, list)):
        return part
    flat = len(repr(part).replace("'", "")) <= width and not (
        isinstance(part, list) and part and isinstance(part[0], dict)
    )
    inner = 10**9 if flat else width
    made: Any
    if isinstance(part, dict):
        made = CommentedMap({key: _arranged(value, inner) for key, value in part.items()})
    else:
        made = CommentedSeq([_arranged(value, inner) for value in part])
    if flat:
        made.fa.set_flow_style()
    return made


def _edited(node: Any, old: Any, new: Any) -> Any:
    """A part of a document that keeps its comments, changed so that its content becomes another."""
    if old == new:
        return node
    if isinstance(node, dict) and isinstance(old, dict) and isinstance(new, dict):
        node = _own(node)
        for key in [key for key in old if key not in new and key in node]:
            del node[key]
        for key, value in new.items():
            node[key] = _edited(node[key], old.get(key), value) if key in node else _arranged(value)
        return node
    if isinstance(node, list) and isinstance(old, list) and isinstance(new, list) and len(node) == len(old):
        return _edited_items(_own(node), old, new)
    if isinstance(node, str) and type(node) is not str and isinstance(new, str) and "\n" not in new:
        # The quotes that the text had.
        return type(node)(new)
    return _arranged(new)


def _edited_items(node: Any, old: list[Any], new: list[Any]) -> Any:
    olds, news = [_identity(item) for item in old], [_identity(item) for item in new]
    steps = difflib.SequenceMatcher(None, olds, news, autojunk=False).get_opcodes()
    for kind, first, last, start, end in reversed(steps):
        if kind == "equal":
            for at in range(first, last):
                changed = _edited(node[at], old[at], new[start + at - first])
                if changed is not node[at]:
                    node[at] = changed
            continue
        for at in reversed(range(first, last)):
            del node[at]
        for at in reversed(range(start, end)):
            node.insert(first, _arranged(new[at]))
    return node


def _own(node: Any) -> Any:
    """The node, or a copy of one that aliases share: they keep what it was."""
    anchor = getattr(node, "anchor", None)
    if anchor is None or not anchor.value:
        return node
    node = copy.deepcopy(node)
    node.yaml_set_anchor(None)
    return node


def _identity(item: Any) -> Any:
    if isinstance(item, dict):
        for key in _KEYS:
            if isinstance(item.get(key), str):
                return (key, item[key])
        if isinstance(item.get("from"), str) and isinstance(item.get("to"), str):
            return ("from", item["from"], item["to"])
    return repr(item)


def _merged(text: str, base: str, changed: str) -> str:
    """The text with the edit that leads from ``base``, the text written anew, to ``changed``: a merge of three."""
    lines, bases, wanted = (part.splitlines(keepends=True) for part in (text, base, changed))
    layout = _steps([_words(line) for line in bases], [_words(line) for line in lines])
    edits = _steps(bases, wanted)
    where = {
        first + n: start + n for kind, first, last, start, _ in layout if kind == "equal" for n in range(last - first)
    }
    where[len(bases)] = len(lines)
    stretches: list[_Stretch] = []
    changes = [(step[1:], 1) for step in layout] + [(step[1:], 0) for step in edits]
    kinds = [step[0] for step in layout] + [step[0] for step in edits]
    found = [change for change, kind in zip(changes, kinds, strict=True) if kind != "equal"]
    for step, side in sorted(found, key=lambda one: (one[0][0], one[0][1], one[1])):
        if not stretches or step[0] >= stretches[-1].last:
            stretches.append(_Stretch(step[0], step[1]))
        stretches[-1].last = max(stretches[-1].last, step[1])
        (stretches[-1].layout if side else stretches[-1].edits).append(step)
    made: list[str] = []
    at = 0
    for stretch in stretches:
        made += [lines[where[n]] for n in range(at, stretch.first)]
        here = _range(stretch, stretch.layout, where)
        before = lines[here[0] : here[1]]
        if stretch.edits:
            there = _range(stretch, stretch.edits, {})
            made += _edit(made, before, wanted[there[0] : there[1]])
        else:
            made += before
        at = stretch.last
    return "".join(made + [lines[where[n]] for n in range(at, len(bases))])


_Step = tuple[int, int, int, int]


@dataclass
class _Stretch:
    """Lines of the base that changed in one way or the other, or in both."""

    first: int
    last: int
    layout: list[_Step] = field(default_factory=list)
    edits: list[_Step] = field(default_factory=list)


def _range(stretch: _Stretch, steps: list[_Step], where: Mapping[int, int]) -> tuple[int, int]:
    """The lines of the other text that stand for a stretch."""
    if not steps:
        first = where[stretch.first] if stretch.last > stretch.first else 0
        return first, first + stretch.last - stretch.first
    return steps[0][2] - (steps[0][0] - stretch.first), steps[-1][3] + stretch.last - steps[-1][1]


def _edit(above: list[str], before: list[str], after: list[str]) -> list[str]:
    """The lines of an edit, together with those remarks that are not inside what it took away."""
    if before:
        depth = min((_depth(line) for line in before if not _is_remark(line)), default=0)
        kept = [line for line in before if line.strip() and _is_remark(line) and _depth(line) <= depth]
        tail = len(before)
        while tail and not before[tail - 1].strip():
            tail -= 1
        kept = [line for line in kept if line not in after] + before[tail:]
        return after if after[len(after) - len(kept) :] == kept else after + kept
    # What was added stands before the remarks about what follows.
    tail = len(above)
    while tail and _is_remark(above[tail - 1]):
        tail -= 1
    moved = above[tail:]
    del above[tail:]
    return after + moved


def _is_remark(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _steps(one: list[str], other: list[str]) -> list[tuple[str, int, int, int, int]]:
    return list(difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes())


def _words(line: str) -> str:
    """A line without the layout that writing changes."""
    return " ".join(line.split())
