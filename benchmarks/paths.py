# SPDX-License-Identifier: MIT
"""Path analysis of real page sequences beside other Python packages: `python paths.py [--file FILE] [--limit SECONDS]`.

The sequences are those of msnbc_1999 (columns user_id, position, page). First ours answers all questions about all of
them. Then each other package gets growing samples, in a process of its own, until one takes a third of the limit, so
that the next would not be done in time; ours answers the same question about the same sample, and both answers must be
equal where both packages define them equally. The others get the data in their own form, which is not timed. A package
that is not installed is left out. Times are processor seconds of all threads.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import io
import json
import math
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from path_questions import OURS, PLACES, RIVALS, SAMPLES_ONLY, Rival, ours_of
from peers import used

SIZES = [100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000]
DIFFERENT = 3  # how a process ends whose answers differ


class DifferenceError(Exception):
    """Two packages gave different answers."""


def load(file: str) -> Any:
    """Read the sequences as a table in memory."""
    import pyarrow.parquet as pq

    return pq.read_table(file, columns=["user_id", "position", "page"])


def sample_of(file: str, rival: Rival, size: int) -> Any:
    """The first `size` sequences that the package can hold, as a pandas frame; all where there are fewer."""
    frame = load(file).to_pandas()
    frame["page"] = frame["page"].astype(str)
    frame = frame.sort_values(["user_id", "position"])
    if rival.package == "sequenzo":
        frame = frame[frame.groupby("user_id")["page"].transform("size") == PLACES]
    users = frame["user_id"].unique()[:size]
    return frame[frame["user_id"].isin(users)].reset_index(drop=True)


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """What a call returns, and its processor seconds."""
    began = used()
    result = call()
    return result, used() - began


def compare(file: str, number: int, size: int) -> dict[str, Any]:
    """Ask one package and ours the same question about one sample."""
    rival = RIVALS[number]
    frame = sample_of(file, rival, size)
    # The others write to the screen while they work.
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = rival.prepare(frame)
        found, theirs = timed(lambda: rival.answer(data))
        mine, ours = timed(lambda: OURS[rival.question](ours_of(frame)))
        expected, given = rival.theirs(found, frame), rival.ours(mine, frame)
    wrong = [
        name
        for name in sorted({*expected, *given})
        if not math.isclose(expected.get(name, math.nan), given.get(name, math.nan), rel_tol=1e-9, abs_tol=1e-9)
    ]
    if wrong:
        name = wrong[0]
        raise DifferenceError(
            f"{rival.question}: {len(wrong)} of {len(expected)} figures differ, the first at {name}: "
            f"{rival.package} gives {expected.get(name)}, klantreis {given.get(name)}"
        )
    return {"theirs": theirs, "ours": ours, "sequences": frame["user_id"].nunique(), "figures": len(expected)}


def grow(file: str, number: int, whole: int, limit: float) -> dict[str, Any] | None:
    """The largest sample that one package holds within the limit."""
    rival = RIVALS[number]
    best = None
    last = min(whole, rival.largest or whole)
    for size in [*(one for one in SIZES if rival.smallest <= one < last), last]:
        command = [sys.executable, __file__, "--file", file, "--one", str(number), str(size)]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=5 * limit)
        except subprocess.TimeoutExpired:
            break
        if done.returncode == DIFFERENT:
            raise SystemExit(done.stderr)
        if done.returncode != 0:
            print(f"{rival.package}, {rival.question}, {size} sequences:\n{done.stderr[-1500:]}", file=sys.stderr)
            break
        best = json.loads(done.stdout.splitlines()[-1])
        if best["sequences"] < size or best["theirs"] > limit / 3:
            break
    return best


def version(package: str) -> str | None:
    """The version of a package, None where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def main() -> int:
    """Measure everything and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--file", default=os.path.join(os.environ.get("KLANTREIS_SHARED", ""), "data/msnbc_1999.parquet")
    )
    parser.add_argument("--limit", type=float, default=60.0, help="processor seconds that a package has for a question")
    parser.add_argument("--questions", nargs="*", default=list(OURS), choices=list(OURS))
    parser.add_argument("--one", nargs=2, type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    # retentioneering reports its use over the network unless it is told not to.
    os.environ["RETENTIONEERING_NO_TRACK"] = "1"
    if not Path(given.file).is_file():
        print(f"{given.file or 'the file of page sequences'} is not there; give --file or set KLANTREIS_SHARED")
        return 0
    if given.one:
        try:
            print(json.dumps(compare(given.file, *given.one)))
        except DifferenceError as error:
            print(error, file=sys.stderr)
            return DIFFERENT
        return 0
    table = load(given.file)
    journeys, cut = timed(lambda: ours_of(table))
    print(f"\n### Path analysis of {len(journeys):,} sequences, {table.num_rows:,} page views\n")
    print(f"Reading the table and cutting the journeys: {cut:.2f} s.\n")
    head = ["question", "klantreis, all, s", "other", "its largest sample", "its time, s", "klantreis, read and cut, s"]
    print("| " + " | ".join([*head, "ratio", "equal figures"]) + " |")
    print("|---|---|---|---|---|---|---|---|")
    for question in given.questions:
        start = f"| {question} | – "
        if question not in SAMPLES_ONLY:
            start = f"| {question} | {timed(lambda name=question: OURS[name](journeys))[1]:.2f} "
        for number, rival in enumerate(RIVALS):
            found = None
            if rival.question == question and (has := version(rival.package)):
                found = grow(given.file, number, len(journeys), given.limit)
                if found:
                    print(
                        f"{start}| {rival.package} {has} | {rival.sample}: {found['sequences']:,} | "
                        f"{found['theirs']:.2f} | {found['ours']:.3f} | {found['theirs'] / found['ours']:.0f} | "
                        f"{found['figures']:,} |",
                        flush=True,
                    )
                    start = "| | "
        if not start.startswith("| | "):
            print(f"{start}| – | – | – | – | – | – |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
