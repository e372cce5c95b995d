# SPDX-License-Identifier: MIT
"""The text of a path pattern, read and checked."""

from __future__ import annotations

from typing import TypeAlias

from klantreis import _core
from klantreis._core import InputError


class Pattern:
    """A path pattern that was read and found right.

    Parameters
    ----------
    text
        The pattern, in the language of ``docs/patterns.md``.

    Raises
    ------
    InputError
        When the text is no pattern. The message names the character, shows the place and says what was expected.

    Examples
    --------
    >>> import klantreis as kr
    >>> kr.Pattern("view ->> (cart|basket) -> order").parts
    ['view', '(cart|basket)', 'order']
    >>> try:
    ...     kr.Pattern("view -> ]")
    ... except kr.InputError as error:
    ...     print(error)
    path pattern, character 9: expected a touchpoint, found ']'
      view -> ]
              ^
    """

    __slots__ = ("_handle",)

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise InputError(f"a path pattern is text such as 'view ->> order', not {type(text).__name__}")
        self._handle = _core.PathPattern(text)

    @property
    def text(self) -> str:
        """The pattern as it was written."""
        return self._handle.text

    @property
    def parts(self) -> list[str]:
        """The parts between the arrows, without anchors and without gaps such as ``.*``."""
        return list(self._handle.parts)

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


PatternLike: TypeAlias = "str | Pattern"


def as_pattern(pattern: PatternLike) -> Pattern:
    """Read a pattern unless it was read before."""
    return pattern if isinstance(pattern, Pattern) else Pattern(pattern)
