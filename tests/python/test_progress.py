# SPDX-License-Identifier: MIT
"""Long work ends at Ctrl-C within moments, leaves nothing behind, and shows how far it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import klantreis as kr
from klantreis import _progress

# The promise is 0.2 s. Processor seconds of two threads, and not the clock's, because other tests run beside this one.
PATIENCE = 1.0

BEGIN = """
import gc, os, sys, threading, time
import klantreis as kr

def webshop(customers):
    return kr.datasets.webshop(customers=customers, seed=3)

def ready():
    print("ready", flush=True)

def threads():
    return len(os.listdir("/proc/self/task"))

def interrupted(work):
    before = threads()
    try:
        ready()
        while True:  # so that no machine is too fast for the signal
            work()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    # A thread that has ended is listed for a moment more.
    until = time.monotonic() + 10
    while threads() > before and time.monotonic() < until:
        time.sleep(0.01)
    print("threads", threads() - before)
"""


def processor_seconds(pid: int) -> float:
    """What a process has used so far, all threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def interrupt(code: str, *, after: float = 0.7) -> None:
    """Run `code`, which calls interrupted(work), in a process of its own, and send SIGINT in the middle."""
    check = """
    small = kr.journeys(kr.read({"customer_id": [1, 1], "timestamp": ["2024-03-01", "2024-03-02"],
                                 "touchpoint": ["visit", "order"]}), conversion="order")
    print("usable", kr.transitions(small)["weight"], flush=True)
    """
    program = BEGIN + textwrap.dedent(code) + textwrap.dedent(check)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stderr is not None
            first = child.stdout.readline()
            assert first == "ready\n", child.communicate()
            time.sleep(after)
            before = processor_seconds(child.pid)
            child.send_signal(signal.SIGINT)
            answer = child.stdout.readline()
            used = processor_seconds(child.pid) - before
            # communicate() would lose what came together with the line read above.
            rest, errors = child.stdout.read(), child.stderr.read()
        finally:
            child.kill()
    assert answer == "interrupted\n", (answer, rest, errors)
    assert used < PATIENCE
    assert rest == "threads 0\nusable [1, 1]\n", (rest, errors)


def test_reading_an_arrow_table_can_be_interrupted() -> None:
    pytest.importorskip("numpy")
    pytest.importorskip("pyarrow")
    interrupt("""
        import numpy as np, pyarrow as pa
        random = np.random.default_rng(1)
        rows = 3_000_000
        events = pa.table({
            "customer_id": [f"c{i:07d}" for i in random.integers(0, 300_000, 100_000)] * (rows // 100_000),
            "timestamp": pa.array(random.integers(0, 10**15, rows)).cast(pa.timestamp("us")),
            "touchpoint": random.choice(["a", "b", "c"], rows),
        })
        interrupted(lambda: kr.read(events))
    """)


def test_reading_files_can_be_interrupted(tmp_path: Path) -> None:
    interrupt(f"""
        import duckdb
        file = {str(tmp_path / "events.parquet")!r}
        rows = "SELECT hash(i % 200000) AS customer_id, to_timestamp(i) AS timestamp, i % 40 AS touchpoint"
        duckdb.sql(f"COPY ({{rows}} FROM range(3000000) t(i)) TO '{{file}}' (FORMAT parquet)")
        interrupted(lambda: kr.read(file))
    """)


def test_journeys_and_transitions_can_be_interrupted() -> None:
    interrupt("""
        log = webshop(40_000)
        def work():
            journeys = kr.journeys(log, conversion="order", inactivity="30d")
            kr.transitions(journeys); kr.variants(journeys); kr.step_matrix(journeys)
        interrupted(work)
    """)


def test_a_bootstrap_can_be_interrupted() -> None:
    interrupt("""
        journeys = kr.journeys(webshop(5_000), conversion="order", inactivity="30d")
        interrupted(lambda: kr.attribute(journeys, intervals="bootstrap", replicates=100_000))
    """)


def test_solving_a_chain_of_order_4_can_be_interrupted() -> None:
    interrupt("""
        journeys = kr.journeys(webshop(20_000), conversion="order", inactivity="30d")
        interrupted(lambda: kr.attribute(journeys, model="markov", order=4))
    """)


def test_simulating_journeys_can_be_interrupted() -> None:
    interrupt("""
        chain = kr.markov(kr.journeys(webshop(2_000), conversion="order", inactivity="30d"))
        interrupted(lambda: chain.simulate(1_000_000))
    """)


def test_making_a_sample_can_be_interrupted() -> None:
    interrupt("interrupted(lambda: webshop(100_000))")


def shown(code: str) -> bytes:
    """What `code` writes to a standard error that is a terminal."""
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    try:
        with subprocess.Popen(
            [sys.executable, "-c", BEGIN + textwrap.dedent(code)],
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            env=environment,
        ) as child:
            os.close(theirs)
            found = b""
            while True:
                try:
                    piece = os.read(ours, 4096)
                except OSError:  # Linux says so at the end of what a terminal was given
                    break
                if not piece:
                    break
                found += piece
    finally:
        os.close(ours)
    assert child.returncode == 0, found
    return found


# Takes seconds on any machine; the bar is there after one.
LONG = """
    journeys = kr.journeys(webshop(2_000), conversion="order", inactivity="30d")
    began, replicates = time.monotonic(), 0
    while time.monotonic() - began < 0.5:
        kr.attribute(journeys, intervals="bootstrap", replicates=20)
        replicates += 120
    def work():
        kr.attribute(journeys, intervals="bootstrap", replicates=replicates)
"""


def test_long_work_shows_a_bar_on_a_terminal_and_removes_it() -> None:
    found = shown(textwrap.dedent(LONG) + "work()")
    assert b"bootstrap" in found
    assert b" of " in found
    assert found.count(b"\x1b[?25l") == found.count(b"\x1b[?25h")  # the cursor is back


def test_short_work_and_work_without_a_terminal_show_nothing() -> None:
    assert shown("webshop(200)") == b""
    assert _progress._bar is None
    _progress.show("counting", 1, 2)  # the tests run without a terminal
    assert _progress._bar is None


def test_the_bar_can_be_turned_off() -> None:
    assert shown("kr.show_progress(False)\n" + textwrap.dedent(LONG) + "work()") == b""


@pytest.mark.parametrize("total", [0, 1000])
def test_a_notebook_gets_a_bar_of_tqdm(total: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tqdm")
    ipython = pytest.importorskip("IPython")
    shell = type("ZMQInteractiveShell", (), {})()
    monkeypatch.setattr(ipython, "get_ipython", lambda: shell)
    monkeypatch.setattr(_progress, "_wanted", True)
    try:
        _progress.show("counting", 250, total)
        assert isinstance(_progress._bar, _progress._NotebookBar)
        drawn = _progress._bar._tqdm
        assert (drawn.n, drawn.total) == (250, total or None)
        _progress.show("solving", 5, total)
        assert drawn.desc.startswith("solving")
    finally:
        _progress.close()
    assert _progress._bar is None


def test_a_bar_that_cannot_be_drawn_costs_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def update(self, stage: str, done: int, total: int) -> None:
            raise OSError("no screen")

        def close(self) -> None:
            pass

    monkeypatch.setattr(_progress, "_wanted", True)
    monkeypatch.setattr(_progress, "_make", Broken)
    _progress.show("counting", 1, 2)
    assert (_progress._bar, _progress._wanted) == (None, False)


def test_show_progress_turns_bars_off_and_on() -> None:
    kr.show_progress(False)
    assert not _progress._wanted
    kr.show_progress()
    assert _progress._wanted
