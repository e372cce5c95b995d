# SPDX-License-Identifier: MIT
"""Compare klantreis with DuckDB, Polars, ClickHouse and ChannelAttribution: `python compare.py --events 10000000`.

Every engine answers the same questions about the same events, from a table in memory, in a process of its own; the
answers must be equal, else the comparison fails. What counts is the processor time of all threads (user and system):
on a machine that does other work the clock measures that work as well. The ratio is the best of the others over ours.
`--programs` is the folder of the programs of benchmarks/programs. Other tables are asked for by the number of events:
`--alone` (ours and the yardstick only), `--parquet`, `--texts`, `--shapes` and `--limited` (within `--memory-limit`);
`--everything` is all of them as docs/performance.md shows them, which takes some hours, 25 GB of disk and 16 of memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import sections

HERE = Path(__file__).parent
ENGINES = ["duckdb", "polars", "clickhouse"]
# What a job needs of ours: a question about journeys costs the journeys as well, when it starts from events.
FROM_EVENTS = {
    "journeys": ["journeys"],
    "transitions": ["journeys", "transitions"],
    "funnel": ["funnel_events"],
    "variants": ["journeys", "variants"],
    "paths": ["valued", "paths"],
    "step_matrix": ["journeys", "step_matrix"],
    "trigrams": ["journeys", "trigrams"],
    "cohorts": ["journeys", "cohorts"],
    "credits": ["valued", "credits"],
}

Measured = dict[str, dict[str, Any]]


class DifferenceError(Exception):
    """Two engines gave different answers."""


def lines_of(command: list[str], limit: float) -> Measured:
    """Run a command that prints one line of JSON for each job."""
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=limit).stdout
    except subprocess.TimeoutExpired as late:
        done = (late.stdout or b"").decode() if isinstance(late.stdout, bytes) else late.stdout or ""
        print(f"{' '.join(command[:3])}: stopped after {limit:.0f} s", file=sys.stderr)
    except subprocess.CalledProcessError as failed:
        raise SystemExit(f"{' '.join(command)} failed:\n{failed.stderr[-2000:]}") from failed
    return {one["job"]: one for one in map(json.loads, done.splitlines())}


def measure(
    folder: Path, binary: str, parquet: str, engines: list[str], given: argparse.Namespace
) -> dict[str, Measured]:
    """Run ours, the yardstick and some engines on one log."""
    threads, repeats = str(given.threads), str(given.repeat)
    found: dict[str, Measured] = {}
    for name in ("jobs", "yardstick"):
        found[name] = lines_of([str(folder / name), binary, threads, repeats], given.limit)
    for engine in engines:
        command = [sys.executable, str(HERE / "peers.py"), engine, parquet, threads, repeats]
        found[engine] = lines_of(command, given.limit)
    return found


def check(found: dict[str, Measured]) -> int:
    """Compare all answers with ours; return how many were compared."""
    ours = found["jobs"]
    compared = 0
    for engine, jobs in found.items():
        for job, result in jobs.items():
            expected = ours[job]["check"]
            # Sums of values differ in their last digits by the order in which they were added up.
            near = len(expected) == len(result["check"]) and all(
                abs(a - b) <= 1e-9 * abs(a) for a, b in zip(expected, result["check"], strict=True)
            )
            if not near:
                raise DifferenceError(f"{job}: klantreis gives {expected}, {engine} {result['check']}")
            compared += engine != "jobs"
    return compared


def ours_from_events(ours: Measured, job: str, field: str) -> float:
    """Processor or clock seconds of a job that starts from events."""
    return float(sum(ours[part][field] for part in FROM_EVENTS[job]))


def cell(result: dict[str, Any] | None) -> str:
    """Processor seconds, clock seconds and megabytes at the peak beyond what was loaded."""
    if result is None:
        return "–"
    return f"{result['cpu']:.3f} / {result['wall']:.3f} / {max(0.0, result['peak'] - result['before']):.0f}"


def table(found: dict[str, Measured]) -> list[str]:
    """Write the figures as a table in Markdown."""
    ours = found["jobs"]
    engines = [engine for engine in found if engine not in ("jobs", "yardstick")]
    head = ["job", "klantreis, from events", "from journeys", *engines, "best of the others / ours", "from journeys"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for job, parts in FROM_EVENTS.items():
        others = [found[engine][job]["cpu"] for engine in engines if job in found[engine]]
        total = ours_from_events(ours, job, "cpu")
        whole = {
            "cpu": total,
            "wall": ours_from_events(ours, job, "wall"),
            "before": ours[parts[0]]["before"],
            "peak": max(ours[part]["peak"] for part in parts),
        }
        alone = ours.get(job) if job != "journeys" else None
        best = min(others) if others else None
        lines.append(
            "| "
            + " | ".join(
                [
                    job.replace("_", " "),
                    cell(whole),
                    cell(alone),
                    *(cell(found[engine].get(job)) for engine in engines),
                    f"{best / total:.1f}" if best else "–",
                    f"{best / alone['cpu']:.0f}" if best and alone and alone["cpu"] > 0 else "–",
                ]
            )
            + " |"
        )
    three = ours["three_events"]
    three_jobs = ["journeys", "transitions", "funnel"]
    sums = [min(found[e][job]["cpu"] for e in engines if job in found[e]) for job in three_jobs] if engines else []
    ratio = f"; the best of the others for each, added up, {sum(sums) / three['cpu']:.1f} times as much" if sums else ""
    yardstick = found["yardstick"]["three_events"]
    lines += [
        "",
        f"Journeys, transitions and funnel in one program: {three['cpu']:.3f} s of processor time{ratio}. The "
        f"yardstick takes {yardstick['cpu']:.3f} s: ours is {three['cpu'] / yardstick['cpu']:.2f} times that.",
    ]
    return lines


def main() -> int:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, nargs="*", default=[1_000_000])
    parser.add_argument("--alone", type=int, nargs="*", default=[], help="sizes for ours and the yardstick only")
    parser.add_argument("--parquet", type=int, nargs="*", default=[], help="sizes from the file to the counts")
    parser.add_argument("--texts", type=int, nargs="*", default=[], help="sizes with ids and touchpoints as texts")
    parser.add_argument("--shapes", type=int, nargs="*", default=[], help="sizes of logs of other shapes")
    parser.add_argument("--limited", type=int, nargs="*", default=[], help="sizes within --memory-limit")
    parser.add_argument("--everything", action="store_true", help="all tables of docs/performance.md")
    parser.add_argument("--memory-limit", default="2GiB")
    parser.add_argument("--mean-length", type=float, default=10.0)
    parser.add_argument("--touchpoints", type=int, default=40)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=float, default=900.0, help="seconds after which an engine is stopped")
    parser.add_argument("--engines", nargs="*", default=ENGINES, choices=ENGINES)
    parser.add_argument("--programs", type=Path, required=True, help="folder of the compiled jobs and yardstick")
    parser.add_argument("--paths", type=int, default=100_000, help="paths for ChannelAttribution; 0: leave it out")
    given = parser.parse_args()
    if given.everything:
        given.events, given.alone = [1_000_000, 10_000_000, 50_000_000], [100_000_000]
        given.parquet = given.texts = given.shapes = [10_000_000]
        given.limited, given.limit, given.paths = [100_000_000], max(given.limit, 3600.0), 1_000_000
    shape = ["--mean-length", str(given.mean_length), "--touchpoints", str(given.touchpoints)]
    by_size: dict[int, dict[str, Measured]] = {}
    for events in [*given.events, *given.alone]:
        engines = given.engines if events in given.events else []
        with sections.events_file(events, *shape, kind="both" if engines else "binary") as (parquet, binary):
            found = by_size[events] = measure(given.programs, binary, parquet, engines, given)
        try:
            compared = check(found)
        except DifferenceError as differ:
            print(differ, file=sys.stderr)
            return 1
        print(
            f"\n### {events:,} events\n\nProcessor seconds / clock seconds / MB at the peak beyond what was loaded.\n"
        )
        print("\n".join(table(found)))
        print(f"\n{compared} answers are equal.", flush=True)
    if len(by_size) > 1:
        print("\n### Processor nanoseconds an event\n")
        print("\n".join(sections.per_event(by_size)), flush=True)
    for sizes, title, section in (
        (given.parquet, "from a Parquet file to the counts; processor / clock seconds", sections.from_file),
        (given.texts, "ids and touchpoints as texts; processor / clock seconds", sections.texts),
        (given.shapes, "other shapes", sections.shapes),
        (given.limited, f"within {given.memory_limit}", sections.within_limit),
    ):
        for events in sizes:
            print(f"\n### {events:,} events, {title}\n")
            print("\n".join(section(given, lambda command: lines_of(command, given.limit), events)), flush=True)
    if given.paths:
        command = [sys.executable, str(HERE / "channel_attribution.py"), str(given.paths)]
        subprocess.run(command, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
