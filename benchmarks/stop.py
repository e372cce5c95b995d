# SPDX-License-Identifier: MIT
"""How long long work goes on after Ctrl-C: `python stop.py events.parquet` with a file of generate.py.

Each job runs in a process of its own, first to its end, then again as often as there are moments at which it gets the
signal. The table says how long a job takes, and the most seconds from the signal to the KeyboardInterrupt.
`benchmarks/programs/stop.cpp` does the same with the stop token of C++.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STEPS = ["visit", "product", "cart", "purchase"]
MOMENTS = 10


def jobs(file: str) -> dict[str, Callable[[], Callable[[], Any]]]:
    """Return for each job what prepares it; that returns the work."""
    import klantreis as kr

    def journeys() -> kr.Journeys:
        return kr.journeys(kr.read(file, value="value"), conversion="purchase")

    def of_journeys(work: Callable[[kr.Journeys], Any]) -> Callable[[], Callable[[], Any]]:
        def prepared() -> Callable[[], Any]:
            made = journeys()
            return lambda: work(made)

        return prepared

    def large() -> None:
        with tempfile.TemporaryDirectory() as folder, kr.read_large(file, temporary_folder=folder) as log:
            log.journeys(conversion="purchase").transitions()

    return {
        "read": lambda: lambda: kr.read(file, value="value"),
        "read_large, transitions": lambda: large,
        "transitions": of_journeys(kr.transitions),
        "funnel": of_journeys(lambda made: kr.funnel(made, STEPS, window="7d")),
        "drop_off": of_journeys(kr.drop_off),
        "variants": of_journeys(kr.variants),
        "paths as a table": of_journeys(lambda made: kr.paths(made).table()),
        "attribute, Markov of order 2": of_journeys(lambda made: kr.attribute(made, order=2)),
        "attribute, bootstrap": of_journeys(
            lambda made: kr.attribute(made, model="linear", intervals="bootstrap", replicates=100)
        ),
        "survival": of_journeys(kr.survival),
        "match": of_journeys(lambda made: kr.match(made, "visit ->> product ->> cart")),
        "frequent_sequences": of_journeys(kr.frequent_sequences),
    }


def serve(file: str, job: str) -> None:
    """Do the job each time a line comes in; answer when it began and when it ended, or was interrupted."""
    work = jobs(file)[job]()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what comes too late for the work
    print("ready", flush=True)
    for _ in sys.stdin:
        ended = None
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            print(time.monotonic(), flush=True)
            work()
            ended = time.monotonic()
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        except KeyboardInterrupt:
            ended = ended or time.monotonic()
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        print(ended, flush=True)


def measure(file: str, job: str) -> tuple[float, int, float]:
    """Return how long the job takes, how often it was interrupted, and the longest wait."""
    command = [sys.executable, __file__, file, "--serve", job]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()

        def ask(after: float | None) -> tuple[float, float, float]:
            print(file=child.stdin, flush=True)
            began = float(child.stdout.readline())
            sent = float("inf")
            if after is not None:
                time.sleep(after)
                sent = time.monotonic()
                os.kill(child.pid, signal.SIGINT)
            return began, sent, float(child.stdout.readline())

        began, _, ended = ask(None)
        whole = ended - began
        waits = []
        for moment in range(MOMENTS):
            _, sent, ended = ask(whole * (moment + 0.5) / MOMENTS)
            if sent < ended:
                waits.append(ended - sent)
        child.stdin.close()
    return whole, len(waits), max(waits, default=0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", help="a Parquet file of generate.py")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--jobs", nargs="*", help="only these")
    given = parser.parse_args()
    if given.serve:
        serve(given.file, given.serve)
        return
    file = str(Path(given.file).resolve())
    print("| job | takes, s | interrupted | longest wait after Ctrl-C, s |\n|---|---|---|---|")
    for job in given.jobs or jobs(file):
        whole, times, longest = measure(file, job)
        print(f"| {job} | {whole:.2f} | {times} of {MOMENTS} | {longest:.3f} |", flush=True)


if __name__ == "__main__":
    main()
