# SPDX-License-Identifier: MIT
"""Maps as YAML text: an edited map keeps every line that no change touched."""

from __future__ import annotations

import copy
import difflib
import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        sections.append(remark + _dump({key: _arranged(part)}))
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
    ours = _pairs([_words(line) for line in bases], [_words(line) for line in lines])
    theirs = _pairs(bases, wanted)
    ours[len(bases)], theirs[len(bases)] = len(lines), len(wanted)
    made: list[str] = []
    first, here, there = 0, 0, 0
    for at in sorted(ours.keys() & theirs.keys()):
        before, after = bases[first:at], wanted[there : theirs[at]]
        if before == after:
            made += lines[here : ours[at]]
        else:
            made += _edit(made, before, after)
        made += lines[ours[at] : ours[at] + 1]
        first, here, there = at + 1, ours[at] + 1, theirs[at] + 1
    return "".join(made)


def _edit(above: list[str], before: list[str], after: list[str]) -> list[str]:
    """The lines of an edit, with the blank lines and comments in front of what follows kept in front of it."""
    tail: list[str] = []
    if before:
        while len(tail) < len(before) and _is_remark(before[-1 - len(tail)]):
            tail.insert(0, before[-1 - len(tail)])
        return after if tail == [] or after[-len(tail) :] == tail else after + tail
    while above and _is_remark(above[-1]):
        tail.insert(0, above.pop())
    return after + tail


def _is_remark(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _pairs(one: list[str], other: list[str]) -> dict[int, int]:
    """Which line of the one is which line of the other."""
    blocks = difflib.SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return {first + n: second + n for first, second, size in blocks for n in range(size)}


def _words(line: str) -> str:
    """A line without the layout that writing changes."""
    return " ".join(line.split())
