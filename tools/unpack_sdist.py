# SPDX-License-Identifier: MIT
"""Make a folder equal to the content of a source distribution, writing only the files that differ.

Files in the archive all carry the same old time, so unpacking it plainly would hide a change from the build.

    python unpack_sdist.py ARCHIVE FOLDER
"""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path


def unpack(archive: Path, folder: Path) -> None:
    wanted: dict[Path, bytes] = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is not None:
                inside = Path(*Path(member.name).parts[1:])
                wanted[folder / inside] = content.read()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in wanted:
            path.unlink()
    for path, data in wanted.items():
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sys.argv[2]))
