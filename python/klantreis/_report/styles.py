# SPDX-License-Identifier: MIT
"""The style sheet of a page: only the rules that something in the page can meet."""

from __future__ import annotations

import re

from markupsafe import Markup

# A rule, the beginning of a block of rules, or its end.
_PIECE = re.compile(r"([^{}]*)\{([^{}]*)\}|[^{}]+\{|\}")
_COMMA = re.compile(r",(?![^(]*\))")


def used(style: str, body: str) -> Markup:
    """Return the rules whose classes all occur in the body.

    >>> used(".a,.b{top:0}.c .a{left:0}@media print{.a:not(.c){left:0}.c{top:0}}p{margin:0}", '<p class="a">')
    Markup('.a{top:0}@media print{.a:not(.c){left:0}}p{margin:0}')
    """
    met = {name for names in re.findall(r'class="([^"]*)"', body) for name in names.split()}

    def kept(piece: re.Match[str]) -> str:
        selector = piece[1]
        if selector is None or selector.lstrip().startswith("@"):
            return piece[0]
        some = [one for one in _COMMA.split(selector) if _classes(one) <= met]
        return f"{','.join(some)}{{{piece[2]}}}" if some else ""

    return Markup(_PIECE.sub(kept, style))


def _classes(selector: str) -> set[str]:
    """The classes that an element and those around it must have; what stands in brackets is one of several."""
    return set(re.findall(r"\.([A-Za-z][\w-]*)", re.sub(r":(?:not|is)\([^)]*\)", "", selector)))
