# SPDX-License-Identifier: MIT
"""What is wrong with a map file: where, what value, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from klantreis._core import InputError

Path = tuple[str | int, ...]

_SHOWN = 20
_VALUE_WIDTH = 60


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong or doubtful in a map.

    ``path`` is where it stands, as in ``touchpoints[3].phase`` (counted from 0); ``line`` and ``column`` count from 1
    and are None for a map that was made in Python. A warning leaves the map usable.
    """

    path: str
    message: str
    remedy: str = ""
    value: str = ""
    line: int | None = None
    column: int | None = None
    severity: str = "error"
    file: str = ""

    def __str__(self) -> str:
        place = self.file
        if self.line is not None:
            place += f"{':' if place else 'line '}{self.line}"
        words = [f"{self.path}: " if self.path else "", self.message, f"; {self.remedy}" if self.remedy else ""]
        return (f"{place}: " if place else "") + "".join(words)

    def at(self, *, file: str, line: int | None, column: int | None) -> Problem:
        """The same problem with its place in a file."""
        return replace(self, file=file, line=line, column=column)


class MapError(InputError):
    """A map that cannot be used, with every reason in ``problems``.

    Examples
    --------
    >>> import klantreis as kr
    >>> try:
    ...     kr.JourneyMap.from_dict({"klantreis": 1, "journey": {"id": "shop"}, "phases": []})
    ... except kr.MapError as error:
    ...     print(error.problems[0].path, "-", error.problems[0].message)
    phases - there is no phase
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:_SHOWN]]
        if len(self.problems) > _SHOWN:
            lines.append(f"… and {len(self.problems) - _SHOWN} more")
        if len(lines) > 1:
            lines.insert(0, f"the map has {len(self.problems)} errors")
        super().__init__("\n".join(lines))


def written(path: Path) -> str:
    """A path as people read it.

    Examples
    --------
    >>> written(("touchpoints", 3, "phase"))
    'touchpoints[3].phase'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def shown(value: object) -> str:
    """A value, short enough for one line."""
    text = repr(value)
    return text if len(text) <= _VALUE_WIDTH else text[: _VALUE_WIDTH - 1] + "…"


def near(name: str, known: Iterable[str], what: str = "") -> str:
    """The remedy for a name that is not known: the one that was probably meant, or the known ones."""
    names = [other for other in known if other]
    by_case = {other.casefold(): other for other in reversed(names)}
    # Comparing is quadratic in the length, and a name that long is no slip of the pen.
    found = difflib.get_close_matches(name[:100].casefold(), by_case, n=1, cutoff=0.6) if len(names) <= 10_000 else []
    if found:
        return f"did you mean {by_case[found[0]]!r}?"
    if not names:
        return f"there is no {what} in the map yet" if what else ""
    return "known: " + ", ".join(names[:12]) + (f", … ({len(names)} in all)" if len(names) > 12 else "")
