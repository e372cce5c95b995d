# SPDX-License-Identifier: MIT
"""Counts that are more than memory holds, in files by a hash of what they count."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from klantreis import _core
from klantreis._core import InputError
from klantreis._parts import Part, merge

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILES = 64
_LENGTH = 8


class CountFiles:
    """Counts of paths, variants or transitions, added part by part; each file has all that is known of its own."""

    def __init__(self, parent: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="counts-", dir=parent))

    def __enter__(self) -> CountFiles:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, counts: _core.PartCounts) -> None:
        """Add counts of other customers."""
        for index, piece in enumerate(counts.split(_FILES)):
            data = piece.to_bytes()
            path = self._path(index)
            try:
                with open(path, "ab") as file:
                    file.write(len(data).to_bytes(_LENGTH, "little"))
                    file.write(data)
            except OSError as error:
                raise InputError(
                    f"the temporary file {str(path)!r} cannot be used: {error.strerror}; free space on that disk, or "
                    "name a temporary folder on another one"
                ) from error

    def pieces(self) -> Iterator[_core.PartCounts]:
        """Yield the counts of each file, merged."""
        for index in range(_FILES):
            if self._path(index).exists():
                yield merge(self._parts(index))._handle

    def _parts(self, index: int) -> Iterator[Part]:
        with open(self._path(index), "rb") as file:
            while length := file.read(_LENGTH):
                size = int.from_bytes(length, "little")
                data = file.read(size)
                if len(data) != size:
                    raise InputError(f"the temporary file {str(self._path(index))!r} ends too early; ask again")
                yield Part.from_bytes(data)

    def _path(self, index: int) -> Path:
        return self._folder / f"{index}.bin"
