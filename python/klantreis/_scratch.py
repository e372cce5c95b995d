# SPDX-License-Identifier: MIT
"""Temporary folders that go when their owner goes, and at the latest when the next one is made."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

from klantreis._core import InputError

try:
    import fcntl
except ImportError:  # Windows: nothing tells whether the owner of a folder still lives, so none is taken for left over
    fcntl = None  # type: ignore[assignment]

_PREFIX = "klantreis-rows-"
_LOCK = "owner.lock"


class ScratchFolder:
    """A folder of this process. Its lock says that the owner lives, whatever became of the number of its process."""

    def __init__(self, parent: str | os.PathLike[str] | None) -> None:
        place = Path(tempfile.gettempdir() if parent is None else parent)
        if not place.is_dir():
            raise InputError(f"temporary_folder={str(place)!r} is no folder; make it first")
        remove_leftovers(place)
        try:
            self.path = tempfile.mkdtemp(prefix=_PREFIX, dir=place)
        except OSError as error:
            raise InputError(
                f"no folder can be made in {str(place)!r}: {error.strerror}; pass temporary_folder= on another disk"
            ) from error
        lock = -1
        if fcntl is not None:
            # Locked before it has its name, so that it is never met unlocked.
            unnamed = os.path.join(self.path, _LOCK + ".new")
            lock = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
            fcntl.flock(lock, fcntl.LOCK_EX)
            os.rename(unnamed, os.path.join(self.path, _LOCK))
        # Runs when the object goes, and at the end of the program.
        self.remove = weakref.finalize(self, _remove, self.path, lock, os.getpid())


def _remove(path: str, lock: int, owner: int) -> None:
    if os.getpid() != owner:
        return  # a forked child has the object, but not the folder
    shutil.rmtree(path, ignore_errors=True)
    if lock >= 0:
        with contextlib.suppress(OSError):
            os.close(lock)


def remove_leftovers(place: Path) -> None:
    """Remove the folders of processes of this user that were killed."""
    if fcntl is None:
        return
    for folder in place.glob(_PREFIX + "*"):
        with contextlib.suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while the owner lives
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def resident_bytes() -> int | None:
    """Return the memory that this process holds, or None where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def bytes_of(limit: Any, what: str) -> int:
    """Return a size such as ``"2GiB"``, ``"500 MB"`` or a number of bytes.

    Examples
    --------
    >>> bytes_of("2GiB", "memory_limit")
    2147483648
    """
    units = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
    units.update({"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40})
    text = str(limit).strip().lower()
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    try:
        found = int(float(number) * units[text[len(number) :].strip()])
    except (KeyError, ValueError, OverflowError):
        raise InputError(f'{what}={limit!r}; write a size such as "2GiB" or "500MB"') from None
    if isinstance(limit, bool) or found < 64 * 2**20:
        raise InputError(f"{what}={limit!r}; give at least 64MiB")
    return found
