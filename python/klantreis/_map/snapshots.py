# SPDX-License-Identifier: MIT
"""Earlier versions of a map, kept byte for byte."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from klantreis._core import InputError
from klantreis._files import write_whole
from klantreis._map.journey_map import JourneyMap
from klantreis._map.problems import near, shown
from klantreis._table import Table

_Folder = str | os.PathLike[str]
_FORMAT = 1
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")


def snapshot(journey_map: JourneyMap | _Folder, folder: _Folder, *, name: str | None = None, note: str = "") -> str:
    """Keep a map as it is now.

    Parameters
    ----------
    journey_map
        The map, or its file. A file, and a map that nobody changed since it was read, is kept byte for byte.
    folder
        Where snapshots are kept; it is made where it does not exist.
    name
        What the snapshot is called. Default: the day and the beginning of the hash, as in ``2024-03-01-1f0a8c2e``.
    note
        Why it was taken.

    Returns
    -------
    str
        The name of the snapshot.

    Raises
    ------
    InputError
        When the folder holds another map under this name.

    Examples
    --------
    >>> import klantreis as kr
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     name = kr.snapshot(kr.template("3"), folder, name="before-trial", note="before free returns")
    ...     kr.snapshots(folder)["note"], kr.rollback(folder, name) == kr.template("3")
    (['before free returns'], True)
    """
    if not isinstance(journey_map, JourneyMap):
        file = Path(journey_map)
        kept = JourneyMap.load(file)
        content = file.read_bytes()
        suffix = ".json" if file.suffix.lower() == ".json" else ".yaml"
    else:
        kept = journey_map
        suffix, content = journey_map._written()
    digest = hashlib.sha256(content).hexdigest()
    taken = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    name = name or f"{taken:%Y-%m-%d}-{digest[:8]}"
    if not _NAME.fullmatch(name):
        raise InputError(f"{shown(name)} cannot name a snapshot; use small letters, digits and _ . -")
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    if (place / f"{name}.snapshot").exists():
        earlier = _record(place, name)
        if earlier["sha256"] == digest:
            return name
        raise InputError(f"{str(place)!r} holds another map under {shown(name)}; choose another name")
    # The record comes last: whoever finds it finds the map too.
    write_whole(place / f"{name}{suffix}", content)
    record = {
        "klantreis_snapshot": _FORMAT,
        "name": name,
        "taken": taken.isoformat().replace("+00:00", "Z"),
        "file": f"{name}{suffix}",
        "sha256": digest,
        "note": note,
        "journey": kept.journey.id,
        "version": kept.journey.version or "",
    }
    write_whole(place / f"{name}.snapshot", json.dumps(record, ensure_ascii=False, indent=1) + "\n")
    return name


def snapshots(folder: _Folder) -> Table:
    """List the snapshots of a folder, the earliest first.

    Returns
    -------
    Table
        One row per snapshot: ``snapshot, taken, journey, version, note, sha256, state``. ``state`` is ``ok``, or
        ``changed`` or ``missing`` where the file is no longer what was kept.
    """
    place = Path(folder)
    records = sorted((_record(place, name) for name in _recorded(place)), key=lambda one: (one["taken"], one["name"]))
    columns: dict[str, list[Any]] = {
        "snapshot": [record["name"] for record in records],
        "taken": [record["taken"] for record in records],
        "journey": [record["journey"] for record in records],
        "version": [record["version"] for record in records],
        "note": [record["note"] for record in records],
        "sha256": [record["sha256"] for record in records],
        "state": [_state(place, record) for record in records],
    }
    return Table.from_columns(
        columns, definition="Maps that were kept, by klantreis.snapshot, and whether they still are."
    )


def rollback(folder: _Folder, name: str, *, to: str | os.PathLike[str] | None = None) -> JourneyMap:
    """Go back to a snapshot.

    Parameters
    ----------
    folder
        Where snapshots are kept.
    name
        The snapshot.
    to
        The file that becomes what it was, byte for byte. Default: no file is written.

    Returns
    -------
    JourneyMap
        The map as it was.

    Raises
    ------
    InputError
        When there is no such snapshot, or its file is not what was kept.
    """
    place = Path(folder)
    known = _recorded(place)
    if name not in known:
        raise InputError(f"{str(place)!r} holds no snapshot {shown(name)}; {near(name, known) or 'it holds none'}")
    record = _record(place, name)
    state = _state(place, record)
    if state != "ok":
        raise InputError(
            f"the file of the snapshot {shown(name)} in {str(place)!r} is {state}; restore it from a backup"
        )
    content = (place / record["file"]).read_bytes()
    if to is not None:
        write_whole(to, content)
    return JourneyMap._parsed(content, str(place / record["file"]), is_json=record["file"].endswith(".json"))


def _recorded(place: Path) -> list[str]:
    return sorted(file.stem for file in place.glob("*.snapshot")) if place.is_dir() else []


def _record(place: Path, name: str) -> dict[str, str]:
    file = place / f"{name}.snapshot"
    keys = ("name", "taken", "file", "sha256", "note", "journey", "version")
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        if record["klantreis_snapshot"] > _FORMAT:
            raise InputError(f"{str(file)!r} was written by a newer klantreis; use that one")
        found = {key: record[key] for key in keys}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{str(file)!r} is no record of a snapshot; remove it or restore it from a backup") from None
    if not all(isinstance(value, str) for value in found.values()) or found["name"] != name:
        raise InputError(f"{str(file)!r} is no record of a snapshot; remove it or restore it from a backup")
    if Path(found["file"]).name != found["file"]:
        raise InputError(f"{str(file)!r} names a file outside its folder; restore it from a backup")
    return found


def _state(place: Path, record: dict[str, str]) -> str:
    file = place / record["file"]
    if not file.is_file():
        return "missing"
    return "ok" if hashlib.sha256(file.read_bytes()).hexdigest() == record["sha256"] else "changed"
