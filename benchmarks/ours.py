# SPDX-License-Identifier: MIT
"""Our side of what is measured through the Python package, on a Parquet file of generate.py.

`python ours.py FILE THREADS REPEATS` reads the file and makes journeys, transitions and a funnel: from the file to the
counts. `python ours.py FILE THREADS --memory-limit 2GiB` does what is done with logs that are larger than memory, and
says how much memory each step took at the most. Both print one line of JSON for each step.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable
from typing import Any

from peers import STEPS, megabytes, used

import klantreis as kr


def timed(job: str, work: Callable[[], Any], repeats: int = 1) -> Any:
    """Run `work`, print what it took, and return its result; the least of the repeats counts."""
    walls, processor = [], []
    with open("/proc/self/clear_refs", "w") as reset:
        reset.write("5")
    for _ in range(repeats):
        began, start = time.perf_counter(), used()
        result = work()
        walls.append(time.perf_counter() - began)
        processor.append(used() - start)
    figures = checked(result)
    line = {"job": job, "wall": min(walls), "cpu": min(processor), "before": 0.0, "peak": megabytes("VmHWM")}
    print(json.dumps({**line, "check": figures}), flush=True)
    return result


def checked(result: Any) -> list[float]:
    """Return the figures of transitions and funnel that the other programs give as well."""
    if not (isinstance(result, tuple) and len(result) == 2):
        return []
    edges, steps = result
    weights = list(zip(edges["from"], edges["to"], edges["weight"], strict=True))
    reached = [*steps["count"], 0]
    return [
        float(sum(n for a, b, n in weights if a != "(start)" and b != "(null)")),
        float(sum(n for a, _, n in weights if a == "(start)")),
        float(sum(n for a, b, n in weights if (a, b) == ("visit", "product"))),
        *(float(before - after) for before, after in itertools.pairwise(reached)),
    ]


def from_file(file: str, threads: int, repeats: int) -> None:
    """Parquet file to counts, as the other engines are asked."""

    def work() -> Any:
        journeys = kr.journeys(kr.read(file, threads=threads), threads=threads)
        edges = kr.count(journeys, "transitions", times=False, threads=threads).result(threads=threads)
        return edges, kr.funnel(journeys, STEPS, window="7d", threads=threads)

    timed("three_file", work, repeats)


def within_limit(file: str, threads: int, limit: str) -> None:
    """The analyses of a log that is larger than the limit, one after the other in one program."""
    log = timed(
        "partition the file",
        lambda: kr.read_large(file, memory_limit=limit, value="value", threads=threads),
    )
    with log:
        journeys = log.journeys(conversion="purchase", threads=threads)
        steps: dict[str, Callable[[], Any]] = {
            "transitions with median times": lambda: journeys.transitions(threads=threads),
            "transitions without": lambda: journeys.transitions(times=False, threads=threads),
            "funnel": lambda: journeys.funnel(STEPS, window="7d", threads=threads),
            "drop-off": lambda: journeys.drop_off(threads=threads),
            "step matrix": lambda: journeys.step_matrix(threads=threads),
            "the 100 most frequent variants": lambda: journeys.variants(limit=100, threads=threads),
            "credit, linear": lambda: journeys.attribute(model="linear", threads=threads),
            "credit, time decay": lambda: journeys.attribute(model="time_decay", threads=threads),
            "credit, Markov of order 1": lambda: journeys.attribute(model="markov", threads=threads),
            "credit, Markov of order 2": lambda: journeys.attribute(model="markov", order=2, threads=threads),
        }
        for name, work in steps.items():
            timed(name, work)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("threads", type=int)
    parser.add_argument("repeats", type=int, nargs="?", default=3)
    parser.add_argument("--memory-limit")
    given = parser.parse_args()
    kr.show_progress(False)
    if given.memory_limit:
        within_limit(given.file, given.threads, given.memory_limit)
    else:
        from_file(given.file, given.threads, given.repeats)
