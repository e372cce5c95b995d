# SPDX-License-Identifier: MIT
"""How errors look in notebooks: the line that called us and the message, without our own lines between them."""

from __future__ import annotations

import traceback
from pathlib import Path

from klantreis._core import InputError

_OURS = str(Path(__file__).parent)
# The machinery of notebooks, above the line of the user.
_NOTEBOOKS = ("/IPython/", "/ipykernel/", "\\IPython\\", "\\ipykernel\\")


def _rendered(error: BaseException) -> list[str]:
    """The lines that IPython shows of an error."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_OURS)]
    calls = [frame for frame in frames if not any(part in frame.filename for part in _NOTEBOOKS)]
    lines = [f"line {frame.lineno}: {frame.line}" for frame in calls]
    return [*lines, "", f"{type(error).__name__}: {error}"]


# IPython asks an error whether it knows how to be shown.
InputError._render_traceback_ = _rendered  # type: ignore[attr-defined]
