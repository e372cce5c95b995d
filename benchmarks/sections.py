# SPDX-License-Identifier: MIT
"""The tables of compare.py beside that of the jobs: from the file, texts, cost per event, shapes, and little memory."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
THREE = ["journeys", "transitions", "funnel"]
Measured = dict[str, dict[str, Any]]
Run = Callable[[list[str]], Measured]

# Name, arguments of generate.py beside the events, and whether the yardstick can count it: it knows 64 touchpoints.
SHAPES: list[tuple[str, list[str], bool]] = [
    ("10 events a customer, 40 touchpoints", [], True),
    ("2 events a customer", ["--mean-length", "2"], True),
    ("50 events a customer", ["--mean-length", "50"], True),
    ("1,000 touchpoints", ["--touchpoints", "1000"], False),
    ("100,000 touchpoints", ["--touchpoints", "100000"], False),
    ("one customer", ["--customers", "1"], False),
]


@contextmanager
def events_file(events: int, *more: str, kind: str = "both") -> Iterator[tuple[str, str]]:
    """Make a log: the names of its Parquet file and of its file of columns, of which `kind` may leave one out."""
    with tempfile.TemporaryDirectory() as folder:
        parquet, binary = str(Path(folder) / "events.parquet"), str(Path(folder) / "events.bin")
        command = [sys.executable, str(HERE / "generate.py"), "--events", str(events), *more]
        command += ["--binary", binary] if kind != "parquet" else []
        command += [parquet] if kind != "binary" else []
        subprocess.run(command, check=True)
        yield parquet, binary


def markdown(head: list[str], rows: list[list[str]]) -> list[str]:
    """Return a table."""
    return [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {' | '.join(row)} |" for row in rows)]


def seconds(result: dict[str, Any] | None) -> str:
    """Processor and clock seconds."""
    return "–" if result is None else f"{result['cpu']:.3f} / {result['wall']:.3f}"


def added(jobs: Measured, names: list[str]) -> dict[str, Any] | None:
    """Return what some jobs took together; None where one is missing."""
    if not all(name in jobs for name in names):
        return None
    return {field: sum(jobs[name][field] for name in names) for field in ("cpu", "wall")}


def per_event(found: dict[int, dict[str, Measured]]) -> list[str]:
    """Processor nanoseconds an event, by the size of the log."""
    jobs = [
        job
        for job in ("three_events", *THREE, "variants", "paths", "credits")
        if all(job in one["jobs"] for one in found.values())
    ]
    rows, ratios = [], []
    for events, one in sorted(found.items()):
        costs = [one["jobs"][job]["cpu"] / events * 1e9 for job in jobs]
        ratios.append(costs[0])
        rows.append(
            [
                f"{events:,}",
                *(f"{cost:.1f}" for cost in costs),
                f"{one['yardstick']['three_events']['cpu'] / events * 1e9:.1f}",
            ]
        )
    head = ["events", "journeys, transitions, funnel", *(job.replace("_", " ") for job in jobs[1:]), "yardstick"]
    lines = markdown(head, rows)
    return [
        *lines,
        "",
        f"The dearest size costs {max(ratios) / min(ratios):.2f} times as much an event as the cheapest one.",
    ]


def from_file(given: argparse.Namespace, run: Run, events: int) -> list[str]:
    """Journeys, transitions and funnel from a Parquet file to the counts."""
    threads, repeats = str(given.threads), str(given.repeat)
    with events_file(events, kind="parquet") as (parquet, _):
        ours = run([sys.executable, str(HERE / "ours.py"), parquet, threads, repeats])["three_file"]
        rows, totals = [], []
        for engine in given.engines:
            command = [sys.executable, str(HERE / "peers.py"), engine, parquet, threads, repeats, *THREE]
            streamed = run([*command, "--from-file"])
            loaded = run(command)
            for jobs in (streamed, loaded):
                same(ours["check"], jobs, engine)
            once = added(loaded, THREE)
            if once:
                once["cpu"] += loaded["journeys"]["load"]
            whole = added(streamed, THREE)
            totals += [one["cpu"] for one in (whole, once) if one]
            rows.append(
                [
                    engine,
                    *(seconds(streamed.get(job)) for job in THREE),
                    seconds(whole),
                    f"{once['cpu']:.3f}" if once else "–",
                ]
            )
    head = ["", *(f"{job}, from the file" for job in THREE), "all three", "loaded once, then all three"]
    lines = markdown(head, [["klantreis", "", "", "", seconds(ours), ""], *rows])
    return [
        *lines,
        "",
        f"The best of the others takes {min(totals) / ours['cpu']:.1f} times as much." if totals else "",
    ]


def same(figures: list[float], jobs: Measured, engine: str) -> None:
    """Compare transitions and funnel with ours."""
    found = [*jobs.get("transitions", {}).get("check", figures[:3]), *jobs.get("funnel", {}).get("check", figures[3:])]
    if found != figures:
        raise SystemExit(f"klantreis gives {figures}, {engine} {found}")


def texts(given: argparse.Namespace, run: Run, events: int) -> list[str]:
    """The same questions where ids of 17 characters and names of touchpoints are texts."""
    threads, repeats = str(given.threads), str(given.repeat)
    jobs = ["three_events", "funnel_events", *THREE]
    with events_file(events, "--texts") as (parquet, binary):
        ours = run([str(given.programs / "jobs"), "--texts", binary, threads, repeats, *jobs])
        others = {}
        for engine in given.engines:
            others[engine] = run([sys.executable, str(HERE / "peers.py"), engine, parquet, threads, repeats, *THREE])
            same(ours["three_events"]["check"], others[engine], engine)
    from_events = {
        "journeys": ours["journeys"],
        "transitions": added(ours, ["journeys", "transitions"]),
        "funnel": ours["funnel_events"],
    }
    rows = []
    for job, own in from_events.items():
        best = min((found[job]["cpu"] for found in others.values() if job in found), default=None)
        ratio = f"{best / own['cpu']:.1f}" if best and own else "–"
        rows.append([job, seconds(own), *(seconds(found.get(job)) for found in others.values()), ratio])
    return markdown(["job", "klantreis, from events", *others, "best of the others / ours"], rows)


def shapes(given: argparse.Namespace, run: Run, events: int) -> list[str]:
    """Logs of other shapes, against the yardstick where that can count them."""
    threads, repeats = str(given.threads), str(given.repeat)
    rows = []
    for name, arguments, has_yardstick in SHAPES:
        with events_file(events, *arguments, kind="binary") as (_, binary):
            jobs = ["three_events", "journeys", "transitions", "variants"]
            ours = run([str(given.programs / "jobs"), binary, threads, repeats, *jobs])
            yardstick = run([str(given.programs / "yardstick"), binary, threads, repeats]) if has_yardstick else {}
        three = ours["three_events"]
        if yardstick and yardstick["three_events"]["check"] != three["check"]:
            raise SystemExit(
                f"{name}: klantreis gives {three['check']}, the yardstick {yardstick['three_events']['check']}"
            )
        rows.append(
            [
                name,
                f"{three['cpu'] / events * 1e9:.1f}",
                *(f"{ours[job]['cpu'] / events * 1e9:.1f}" for job in jobs[1:]),
                f"{three['peak'] - three['before']:.0f}",
                f"{three['cpu'] / yardstick['three_events']['cpu']:.2f}" if yardstick else "–",
            ]
        )
    head = [
        "log",
        "journeys, transitions, funnel: ns an event",
        "journeys",
        "transitions",
        "variants",
        "MB at the peak",
    ]
    return markdown([*head, "of the yardstick"], rows)


def within_limit(given: argparse.Namespace, run: Run, events: int) -> list[str]:
    """A log that is larger than the memory it may take."""
    with events_file(events, kind="parquet") as (parquet, _):
        command = [sys.executable, str(HERE / "ours.py"), parquet, str(given.threads)]
        found = run([*command, "--memory-limit", given.memory_limit])
    rows = [[job, f"{one['wall']:.1f}", f"{one['cpu']:.1f}", f"{one['peak']:.0f}"] for job, one in found.items()]
    most = max(one["peak"] for one in found.values())
    lines = markdown(["step", "clock s", "processor s", "MB resident at the peak, the whole program"], rows)
    return [*lines, "", f"The program held {most:.0f} MB at the most; its limit was {given.memory_limit}."]
