# SPDX-License-Identifier: MIT
"""Write the reference of map files in docs/map-format.md anew, from the models that read them.

python tools/map_format.py docs/map-format.md
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import klantreis as kr
from klantreis._map.checks import KPIS, REFERENCES
from klantreis._map.fields import DURATION_PATTERN, ID_PATTERN

MARK = "<!-- What follows is written by tools/map_format.py. -->\n"


def reference() -> str:
    """The tables of all parts, in the order in which the file has them."""
    schema = kr.JourneyMap.json_schema()
    definitions: dict[str, Any] = schema["$defs"]
    lines: list[str] = []
    # Name, schema and place in the file of each part that is still to be written.
    waiting: list[tuple[str, dict[str, Any], str]] = [("The file", schema, "")]
    seen = {"The file"}
    while waiting:
        name, part, place = waiting.pop(0)
        part = next((option for option in part.get("anyOf", []) if "properties" in option), part)
        words = part.get("description", "").strip().replace("``", "`")
        lines += [f"### {name}", "", words, "", "| key | takes | |", "|---|---|---|"]
        required = part.get("required", [])
        followers: list[tuple[str, dict[str, Any], str]] = []
        for key, field in part["properties"].items():
            title = f"**`{key}`**" if key in required else f"`{key}`"
            here = f"{place}.{key}".removeprefix(".")
            lines.append(f"| {title} | {_takes(field, definitions, here)} | {_meaning(field)} |")
            for other in _parts(field):
                if other not in seen:
                    seen.add(other)
                    inside = here + "[]" * (field.get("type") == "array")
                    followers.append((other, definitions[other], inside))
        lines.append("")
        waiting = followers + waiting if name != "The file" else waiting + followers
    return "\n".join(lines)


_LABELS = {"research": ("research source", "research sources"), "criterion": ("criterion", "criteria")}


def _target(place: str, *, many: bool) -> str:
    """What the ids at a place name."""
    kinds = {pattern.removesuffix("[]"): kind for kind, patterns in REFERENCES.items() for pattern in patterns}
    kinds |= {pattern.removesuffix("[]"): "KPI" for pattern in KPIS}
    kind = kinds.get(place)
    if kind is None:
        return "ids" if many else "id"
    one, several = _LABELS.get(kind, (kind, f"{kind}s"))
    return f"ids of {several}" if many else f"id of {'an' if one[0] in 'aeio' else 'a'} {one}"


def _parts(field: dict[str, Any]) -> list[str]:
    options = [field, *field.get("anyOf", []), field.get("items", {})]
    return [option["$ref"].rpartition("/")[2] for option in options if "$ref" in option]


def _meaning(field: dict[str, Any]) -> str:
    words = field.get("description", "").replace("|", "\\|")
    default = field.get("default")
    if default not in (None, [], {}):
        words += f" Default: `{str(default).lower() if isinstance(default, bool) else _plain(default)}`."
    return words.strip()


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _takes(field: dict[str, Any], definitions: dict[str, Any], place: str) -> str:
    if "anyOf" in field:
        options = [option for option in field["anyOf"] if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(_takes(option, definitions, place) for option in options))
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})" + (" or a text" if "anyOf" in definitions[name] else "")
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    kind = field.get("type")
    if kind == "array":
        item = field.get("items", {})
        if item.get("pattern") == ID_PATTERN:
            return f"list of {_target(place, many=True)}"
        inner = _takes(item, definitions, place)
        return f"list of {inner}" + ("s" if inner in ("text", "number", "condition") else "")
    if kind == "string":
        named = {ID_PATTERN: _target(place, many=False), DURATION_PATTERN: "length of time"}
        return named.get(field.get("pattern", ""), "text")
    if kind in ("number", "integer"):
        word = "number" if kind == "number" else "whole number"
        low, high = field.get("minimum"), field.get("maximum")
        return f"{word} from {low:g} to {high:g}" if low is not None and high is not None else word
    if kind == "boolean":
        return "`true` or `false`"
    if kind == "object":
        return "condition" if "condition" in field.get("description", "") else "keys with values"
    return "measure"


def main(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    head, found, _ = text.partition(MARK)
    if not found:
        raise SystemExit(f"{file} has no line {MARK.strip()!r}; put it where the reference shall begin")
    file.write_text(head + MARK + "\n" + reference(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
