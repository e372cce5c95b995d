# SPDX-License-Identifier: MIT
"""Files that are either whole or absent."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from klantreis._core import InputError


def require_folder(target: str | os.PathLike[str]) -> None:
    """Say so when the folder in which a file is to be written does not exist."""
    if not Path(target).parent.is_dir():
        raise InputError(f"the folder of {str(target)!r} does not exist; make it first")


def write_whole(path: str | os.PathLike[str], data: str | bytes) -> None:
    """Write a file under a temporary name beside it and rename it, so that no reader ever meets half of it."""
    target = Path(path)
    content = data.encode() if isinstance(data, str) else data
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        # mkstemp makes files that only their owner reads. A file that is replaced keeps its mode.
        if target.exists():
            mode = target.stat().st_mode & 0o777
        else:
            mask = os.umask(0)
            os.umask(mask)
            mode = 0o666 & ~mask
        temporary.chmod(mode)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def delivered(text: str, path: str | os.PathLike[str] | None) -> str | None:
    """Write a text to a file, or return it where there is no path."""
    if path is None:
        return text
    write_whole(path, text)
    return None
