# SPDX-License-Identifier: MIT
"""Compare klantreis with DuckDB and ClickHouse on one log: `python compare.py --events 5000000`.

Each job runs in a process of its own, alternating, from a table in memory; what counts is the processor time of all
threads (user and system). The counts of both must be equal, else the comparison fails. Times are printed, never
tested: a machine that is shared makes them noise, the ratio within one run less so.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

STEPS = ["visit", "product", "cart", "purchase"]
WEEK = 7 * 86_400 * 1_000_000


def used() -> float:
    """Processor seconds of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def klantreis(file: str) -> dict[str, object]:
    """Journeys, transitions and funnel from Arrow."""
    import pyarrow.parquet as pq

    import klantreis as kr

    events = pq.read_table(file, read_dictionary=["touchpoint"])
    kr.journeys(kr.read(events.slice(0, 1000)))
    start = used()
    journeys = kr.journeys(kr.read(events, value="value"))
    read = used()
    transitions = kr.transitions(journeys)
    counted = used()
    funnel = kr.funnel(journeys, STEPS, window="7d")
    end = used()
    edges = {(row["from"], row["to"]): row["weight"] for row in transitions.to_dicts()}
    return {
        "seconds": {"journeys": read - start, "transitions": counted - read, "funnel": end - counted},
        "transitions": check(edges),
        "levels": funnel["count"],
    }


def klantreis_steps(file: str) -> dict[str, object]:
    """The funnel alone, from the events of its steps."""
    import pyarrow.parquet as pq

    import klantreis as kr

    events = pq.read_table(file, read_dictionary=["touchpoint"])
    kr.read(events.slice(0, 1000), only=STEPS)
    start = used()
    funnel = kr.funnel(kr.read(events, only=STEPS), STEPS, window="7d")
    return {"seconds": {"funnel": used() - start}, "levels": funnel["count"]}


def duckdb_transitions(file: str) -> dict[str, object]:
    """The transitions alone, by a window function over an in-memory table with an ENUM column."""
    connection = duckdb_table(file)
    start = used()
    rows = connection.execute(
        """SELECT before, touchpoint, last, count(*) FROM (
             SELECT touchpoint, lag(touchpoint) OVER w AS before, lead(touchpoint) OVER w IS NULL AS last
             FROM events WINDOW w AS (PARTITION BY customer_id ORDER BY timestamp)) GROUP BY ALL"""
    ).fetchall()
    end = used()
    edges: dict[tuple[str, str], int] = {}
    for before, touchpoint, last, count in rows:
        key = (before or "(start)", touchpoint)
        edges[key] = edges.get(key, 0) + count
        if last:
            key = (touchpoint, "(null)")
            edges[key] = edges.get(key, 0) + count
    return {"seconds": {"transitions": end - start}, "transitions": check(edges)}


def duckdb_funnel(file: str) -> dict[str, object]:
    """The funnel alone, by running maxima of the start times."""
    connection = duckdb_table(file)
    window = "OVER (PARTITION BY customer_id ORDER BY t ROWS UNBOUNDED PRECEDING)"
    start = used()
    rows = connection.execute(
        f"""WITH e AS (SELECT customer_id, epoch_us(timestamp) AS t, list_position({STEPS!r}, touchpoint::VARCHAR) AS k
              FROM events WHERE touchpoint IN {tuple(STEPS)!r}),
            e1 AS (SELECT *, max(CASE WHEN k=1 THEN t END) {window} AS s1 FROM e),
            e2 AS (SELECT *, max(CASE WHEN k=2 AND t-s1<={WEEK} THEN s1 END) {window} AS s2 FROM e1),
            e3 AS (SELECT *, max(CASE WHEN k=3 AND t-s2<={WEEK} THEN s2 END) {window} AS s3 FROM e2),
            l AS (SELECT customer_id, max(CASE WHEN k=4 AND t-s3<={WEEK} THEN 4 WHEN k=3 AND t-s2<={WEEK} THEN 3
              WHEN k=2 AND t-s1<={WEEK} THEN 2 WHEN k=1 THEN 1 ELSE 0 END) AS level FROM e3 GROUP BY customer_id)
            SELECT level, count(*) FROM l GROUP BY level"""
    ).fetchall()
    end = used()
    levels = dict(rows)
    reached = [sum(count for level, count in levels.items() if level >= k) for k in range(1, len(STEPS) + 1)]
    return {"seconds": {"funnel": end - start}, "levels": reached}


def clickhouse_funnel(file: str) -> dict[str, object]:
    """The funnel alone, by windowFunnel over an in-memory table."""
    from chdb import session

    clickhouse = session.Session()
    clickhouse.query("CREATE DATABASE bench")
    clickhouse.query(
        "CREATE TABLE bench.events ENGINE = Memory AS SELECT customer_id, timestamp, "
        f"CAST(touchpoint AS LowCardinality(String)) AS touchpoint FROM file('{Path(file).resolve()}', Parquet)"
    )
    steps = ", ".join(f"touchpoint = '{step}'" for step in STEPS)
    start = used()
    answer = clickhouse.query(
        f"""SELECT level, count() FROM (
              SELECT customer_id, windowFunnel({WEEK})(toUInt64(toUnixTimestamp64Micro(timestamp)), {steps}) AS level
              FROM bench.events WHERE touchpoint IN {tuple(STEPS)!r} GROUP BY customer_id) GROUP BY level""",
        "JSONCompact",
    )
    levels = {int(level): int(count) for level, count in json.loads(answer.bytes().decode())["data"]}
    end = used()
    reached = [sum(count for level, count in levels.items() if level >= k) for k in range(1, len(STEPS) + 1)]
    return {"seconds": {"funnel": end - start}, "levels": reached}


def duckdb_table(file: str):
    """An in-memory table, as a user who runs many queries would keep it."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order=false")
    connection.execute(f"CREATE TYPE names AS ENUM (SELECT DISTINCT touchpoint FROM read_parquet('{file}'))")
    connection.execute(
        f"CREATE TABLE events AS SELECT customer_id, timestamp, touchpoint::names AS touchpoint FROM '{file}'"
    )
    return connection


def check(edges: dict[tuple[str, str], int]) -> list[int]:
    """Three sums that two correct counts share."""
    inner = sum(n for (a, b), n in edges.items() if a != "(start)" and b != "(null)")
    return [inner, sum(n for (a, _), n in edges.items() if a == "(start)"), edges[("visit", "product")]]


JOBS = {
    "klantreis": klantreis,
    "klantreis_steps": klantreis_steps,
    "duckdb_transitions": duckdb_transitions,
    "duckdb_funnel": duckdb_funnel,
    "clickhouse_funnel": clickhouse_funnel,
}


def main() -> int:
    """Run all jobs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--file", help="an existing file of generate.py")
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.job:
        print(json.dumps(JOBS[given.job](given.file)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        file = given.file or str(Path(folder) / "events.parquet")
        if not given.file:
            generator = Path(__file__).with_name("generate.py")
            subprocess.run([sys.executable, str(generator), "--events", str(given.events), file], check=True)
        best: dict[str, dict[str, float]] = {}
        results: dict[str, dict[str, object]] = {}
        for _ in range(given.repeat):
            for job in JOBS:
                command = [sys.executable, __file__, "--job", job, "--file", file]
                result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                results[job] = result
                for name, seconds in result["seconds"].items():
                    times = best.setdefault(job, {})
                    times[name] = min(times.get(name, seconds), seconds)
    ours = results["klantreis"]
    for job, result in results.items():
        for name in ("transitions", "levels"):
            if name in result and result[name] != ours[name]:
                print(f"the counts differ: klantreis {ours[name]}, {job} {result[name]}", file=sys.stderr)
                return 1
    print(f"{'job':42}{'processor seconds':>18}")
    for job, times in best.items():
        for name, seconds in times.items():
            print(f"{job + ' ' + name:42}{seconds:18.3f}")
    total = sum(best["klantreis"].values())
    alone = best["duckdb_transitions"]["transitions"]
    print(f"{'klantreis, all three from Arrow':42}{total:18.3f}")
    print(f"DuckDB's transitions query alone takes {alone / total:.1f} times as long; the counts are equal.")
    clickhouse = best["clickhouse_funnel"]["funnel"]
    print(
        f"ClickHouse's funnel takes {clickhouse / best['klantreis']['funnel']:.1f} times ours from journeys, "
        f"{clickhouse / best['klantreis_steps']['funnel']:.1f} times ours from events."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
