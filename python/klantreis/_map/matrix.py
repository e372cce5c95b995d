# SPDX-License-Identifier: MIT
"""The matrix of needs and touchpoints as people edit it in a spreadsheet."""

from __future__ import annotations

import csv
import io
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from klantreis._core import InputError
from klantreis._map.problems import near, shown

if TYPE_CHECKING:
    from klantreis._map.journey_map import JourneyMap

_FIXED = ("need", "phase", "text")
_YES = re.compile(r"(x|yes|ja|true|1)(\s+[0-9.,]+)?", re.IGNORECASE)
_NO = re.compile(r"(|no|nee|false|0|-)(\s+[0-9.,]+)?", re.IGNORECASE)


def link_needs(given: JourneyMap, source: str | os.PathLike[str]) -> None:
    """Give touchpoints the needs of a matrix; nothing changes when any cell is wrong."""
    what, text = _text(source)
    header = text.partition("\n")[0]
    # A spreadsheet in a country with a decimal comma separates by semicolons.
    delimiter = max(",;\t", key=header.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True) if any(row)]
    except csv.Error as error:
        raise InputError(f"{what} is no CSV: {error}; save it from a spreadsheet as CSV") from None
    if not rows or "need" not in rows[0]:
        raise InputError(f"{what} has no column 'need'; begin with the matrix that needs_matrix().to_csv() writes")
    names = [cell.strip() for cell in rows[0]]
    if len(set(names)) < len(names):
        raise InputError(f"{what} has a column twice; remove one")
    needs = [need.id for phase in given.phases for need in phase.needs]
    onstage = {item.id: item for item in given.touchpoints if item.stage == "onstage"}
    columns = {}
    for at, name in enumerate(names):
        touchpoint = name.removeprefix("touchpoint ")
        if name in _FIXED:
            continue
        if touchpoint not in onstage:
            raise InputError(f"{what}: there is no onstage touchpoint {shown(touchpoint)}; {near(touchpoint, onstage)}")
        columns[at] = touchpoint
    wanted = {touchpoint: dict.fromkeys(onstage[touchpoint].need, True) for touchpoint in columns.values()}
    seen: set[str] = set()
    for number, row in enumerate(rows[1:], 2):
        need = row[names.index("need")].strip() if len(row) == len(names) else ""
        if len(row) != len(names):
            raise InputError(f"{what}, row {number}: {len(row)} cells under {len(names)} columns")
        if need not in needs:
            raise InputError(f"{what}, row {number}: there is no need {shown(need)}; {near(need, needs, 'need')}")
        if need in seen:
            raise InputError(f"{what}, row {number}: the need {shown(need)} stands twice; remove one")
        seen.add(need)
        for at, touchpoint in columns.items():
            cell = row[at].strip()
            if not (_YES.fullmatch(cell) or _NO.fullmatch(cell)):
                place = f"{what}, row {number}, column {names[at]}"
                raise InputError(f"{place}: {shown(cell)} is neither yes nor no; write x, or leave it empty")
            wanted[touchpoint][need] = _YES.fullmatch(cell) is not None
    for touchpoint, links in wanted.items():
        kept = [need for need, is_linked in links.items() if is_linked]
        if kept != onstage[touchpoint].need:
            onstage[touchpoint].need = sorted(kept, key=needs.index)


def _text(source: str | os.PathLike[str]) -> tuple[str, str]:
    if isinstance(source, str) and "\n" in source:
        return "the matrix", source.removeprefix("\ufeff")
    file = Path(source)
    try:
        return repr(str(file)), file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"there is no file {str(file)!r}; write one with needs_matrix().to_csv(…)") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{str(file)!r} cannot be read: {error}; save it as CSV in UTF-8") from None
