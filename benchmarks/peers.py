# SPDX-License-Identifier: MIT
"""The same questions asked of DuckDB, Polars and ClickHouse, from a table in memory, or of a file.

Each class loads a file of generate.py as a user who asks many questions would keep it. A job is a method that returns
some figures; two engines that answer alike return the same ones. `python peers.py ENGINE FILE THREADS REPEATS JOB …`
prints one line of JSON for each job, with the processor seconds that loading took. With `--from-file` nothing is
loaded: each question reads what it needs of the Parquet file.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import Any

STEPS = ["visit", "product", "cart", "purchase"]
WEEK = 7 * 86_400 * 1_000_000
MONDAY = 4 * 86_400 * 1_000_000  # 1970-01-05
ORIGIN = 1_704_067_200_000_000  # keeps the powers of the time decay small

Figures = list[float]


def used() -> float:
    """Processor seconds of this process so far, all threads together."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def megabytes(field: str) -> float:
    """Resident memory: now (VmRSS), or at the most since the last reset (VmHWM)."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))


class DuckDB:
    """DuckDB with an ENUM column for the touchpoints."""

    def __init__(self, file: str, threads: int, in_memory: bool) -> None:
        import duckdb

        self.connection = duckdb.connect()
        self.connection.execute(f"SET threads={threads}")
        self.connection.execute("SET preserve_insertion_order=false")
        source = f"read_parquet('{file}')"
        kind, names = "VIEW", "touchpoint"
        if in_memory:
            self.connection.execute(f"CREATE TYPE names AS ENUM (SELECT DISTINCT touchpoint FROM {source})")
            kind, names = "TABLE", "touchpoint::names"
        self.connection.execute(
            f"CREATE {kind} ev AS SELECT customer_id AS c, timestamp AS t, {names} AS p, value AS v FROM {source}"
        )

    def rows(self, sql: str) -> list[Any]:
        return self.connection.execute(sql).fetchall()

    def journeys(self) -> Figures:
        self.rows("CREATE OR REPLACE TABLE j AS SELECT c, t, p FROM ev ORDER BY c, t")
        return [float(x) for x in self.rows("SELECT count(DISTINCT c), count(*) FROM j")[0]]

    def transitions(self) -> Figures:
        found = self.rows(
            """SELECT before, p, count(*)
               FROM (SELECT p, lag(p) OVER w AS before, lead(p) OVER w IS NULL AS last FROM ev
                 WINDOW w AS (PARTITION BY c ORDER BY t)) GROUP BY before, p, last"""
        )
        inner = sum(n for before, _, n in found if before is not None)
        starts = sum(n for before, _, n in found if before is None)
        return [inner, starts, sum(n for before, to, n in found if (before, to) == ("visit", "product"))]

    def funnel(self) -> Figures:
        over = "OVER (PARTITION BY c ORDER BY t ROWS UNBOUNDED PRECEDING)"
        found = self.rows(
            f"""WITH e AS (SELECT c, epoch_us(t) AS t, list_position({STEPS!r}, p::VARCHAR) AS k
                  FROM ev WHERE p IN {tuple(STEPS)!r}),
                e1 AS (SELECT *, max(CASE WHEN k=1 THEN t END) {over} AS s1 FROM e),
                e2 AS (SELECT *, max(CASE WHEN k=2 AND t-s1<={WEEK} THEN s1 END) {over} AS s2 FROM e1),
                e3 AS (SELECT *, max(CASE WHEN k=3 AND t-s2<={WEEK} THEN s2 END) {over} AS s3 FROM e2),
                l AS (SELECT c, max(CASE WHEN k=4 AND t-s3<={WEEK} THEN 4 WHEN k=3 AND t-s2<={WEEK} THEN 3
                  WHEN k=2 AND t-s1<={WEEK} THEN 2 WHEN k=1 THEN 1 ELSE 0 END) AS level FROM e3 GROUP BY c)
                SELECT level, count(*) FROM l GROUP BY level"""
        )
        return [float(dict(found).get(level, 0)) for level in (1, 2, 3, 4)]

    def variants(self) -> Figures:
        found = self.rows(
            """WITH v AS (SELECT path, count(*) AS n FROM (SELECT list(p ORDER BY t) AS path FROM ev GROUP BY c)
                 GROUP BY path) SELECT n, (SELECT count(*) FROM v) FROM v ORDER BY n DESC LIMIT 100"""
        )
        return [float(found[0][1]), float(sum(n for n, _ in found[:50]))]

    def paths(self) -> Figures:
        self.rows(
            """CREATE OR REPLACE TABLE pt AS WITH e AS (SELECT c, t, p, v, p='purchase' AS cv, sum((p='purchase')::INT)
                 OVER (PARTITION BY c ORDER BY t ROWS UNBOUNDED PRECEDING) - (p='purchase')::INT AS j FROM ev),
               one AS (SELECT list(p ORDER BY t) FILTER (NOT cv) AS path, max(cv::INT) AS cv, sum(v) AS v
                 FROM e GROUP BY c, j)
               SELECT path, sum(cv) AS cv, sum(v) AS v, sum(1-cv) AS nulls
               FROM one WHERE path IS NOT NULL GROUP BY path"""
        )
        return [float(x) for x in self.rows("SELECT count(*), sum(cv), sum(nulls) FROM pt")[0]]

    def step_matrix(self) -> Figures:
        found = self.rows(
            """SELECT k, p, count(*) FROM (SELECT p, row_number() OVER (PARTITION BY c ORDER BY t) AS k FROM ev)
                 WHERE k <= 10 GROUP BY k, p"""
        )
        return steps_of({(k, str(p)): n for k, p, n in found})

    def trigrams(self) -> Figures:
        found = self.rows(
            """SELECT count(*) FROM (SELECT p AS x, lead(p) OVER w AS y, lead(p, 2) OVER w AS z FROM ev
                 WINDOW w AS (PARTITION BY c ORDER BY t)) WHERE z IS NOT NULL GROUP BY x, y, z"""
        )
        return [float(len(found)), float(sum(n for (n,) in found))]

    def cohorts(self) -> Figures:
        found = self.rows(
            f"""WITH w AS (SELECT DISTINCT c, (epoch_us(t)-{MONDAY})//{WEEK} AS k FROM ev),
                 f AS (SELECT c, min(k) AS first FROM w GROUP BY c)
                SELECT first, k - first, count(*) FROM w JOIN f USING (c) GROUP BY ALL"""
        )
        return cohorts_of([(since, n) for _, since, n in found])

    def credits(self) -> Figures:
        weight = f"pow(2, (epoch_us(t)-{ORIGIN})/{WEEK}.0)"
        self.rows(
            f"""CREATE OR REPLACE TABLE cr AS WITH e AS (SELECT c, t, p, v, p='purchase' AS cv,
                  count(*) FILTER (p='purchase') OVER (PARTITION BY c ORDER BY t ROWS UNBOUNDED PRECEDING)
                    - (p='purchase')::INT AS j FROM ev),
                g AS (SELECT c, j, sum(v) AS v, count(*)-1 AS n, min(t) AS t0, max(CASE WHEN NOT cv THEN t END) AS t1,
                  sum(CASE WHEN cv THEN 0 ELSE {weight} END) AS w FROM e GROUP BY c, j
                  HAVING max(cv::INT)=1 AND count(*)>1)
                SELECT c, t, p, g.v*(t=t0)::INT AS f, g.v*(t=t1)::INT AS l, g.v/n AS lin, g.v*{weight}/w AS td
                FROM e JOIN g USING (c, j) WHERE NOT cv"""
        )
        return [float(x) for x in self.rows("SELECT count(*), sum(f), sum(l), sum(lin), sum(td) FROM cr")[0]]


class Polars:
    """Polars with a categorical column for the touchpoints."""

    def __init__(self, file: str, threads: int, in_memory: bool) -> None:
        os.environ["POLARS_MAX_THREADS"] = str(threads)
        import polars as pl

        self.pl = pl
        names = {"customer_id": "c", "timestamp": "t", "touchpoint": "p", "value": "v"}
        events = pl.scan_parquet(file).rename(names).with_columns(pl.col("p").cast(pl.Categorical))
        self.lazy = events.collect().rechunk().lazy() if in_memory else events
        self.text = pl.col("p").cast(pl.String)

    def sorted(self, *columns: str) -> Any:
        return self.lazy.select("c", "t", *columns).sort("c", "t")

    def journeys(self) -> Figures:
        pl = self.pl
        made = self.lazy.group_by("c").agg(pl.col("p").sort_by("t"), pl.col("t").sort()).collect()
        return [float(made.height), float(made["p"].list.len().sum())]

    def transitions(self) -> Figures:
        pl = self.pl
        found = (
            self.sorted("p")
            .select("p", before=pl.when(pl.col("c") == pl.col("c").shift(1)).then(pl.col("p").shift(1)))
            .group_by("before", "p")
            .len()
            .collect()
        )
        inner = found.filter(pl.col("before").is_not_null())
        pair = inner.filter((pl.col("before").cast(pl.String) == "visit") & (self.text == "product"))
        return [float(x) for x in (inner["len"].sum(), found["len"].sum() - inner["len"].sum(), pair["len"].sum())]

    def funnel(self) -> Figures:
        pl = self.pl
        e = self.lazy.filter(pl.col("p").is_in(STEPS)).sort("c", "t").select("c", t=pl.col("t").cast(pl.Int64), k="p")

        def latest(frame: Any, name: str, condition: Any, value: Any) -> Any:
            # The latest start of the same customer: the last one of all, if it is theirs.
            given = frame.with_columns(
                _s=pl.when(condition).then(value).forward_fill(), _c=pl.when(condition).then("c").forward_fill()
            )
            return given.with_columns(pl.when(pl.col("_c") == pl.col("c")).then("_s").alias(name)).drop("_s", "_c")

        def within(start: str) -> Any:
            return pl.col("t") - pl.col(start) <= WEEK

        e = latest(e, "s1", pl.col("k") == "visit", pl.col("t"))
        e = latest(e, "s2", (pl.col("k") == "product") & within("s1"), pl.col("s1"))
        e = latest(e, "s3", (pl.col("k") == "cart") & within("s2"), pl.col("s2"))
        level = (
            pl.when((pl.col("k") == "purchase") & within("s3"))
            .then(4)
            .when((pl.col("k") == "cart") & within("s2"))
            .then(3)
            .when((pl.col("k") == "product") & within("s1"))
            .then(2)
            .when(pl.col("k") == "visit")
            .then(1)
            .otherwise(0)
        )
        found = dict(e.group_by("c").agg(level=level.max()).group_by("level").len().collect().iter_rows())
        return [float(found.get(one, 0)) for one in (1, 2, 3, 4)]

    def variants(self) -> Figures:
        pl = self.pl
        found = self.sorted("p").group_by("c").agg(pl.col("p")).group_by("p").len().collect()
        return [float(found.height), float(found.top_k(100, by="len")["len"].sort(descending=True)[:50].sum())]

    def cut(self) -> Any:
        """Events with whether they convert and the number of their journey."""
        pl = self.pl
        ends = pl.col("cv") | (pl.col("c") != pl.col("c").shift(-1))
        return (
            self.sorted("p", "v")
            .with_columns(cv=pl.col("p") == "purchase")
            .with_columns(j=ends.shift(1).fill_null(False).cast(pl.UInt32).cum_sum())
        )

    def paths(self) -> Figures:
        pl = self.pl
        one = (
            self.cut()
            .group_by("j")
            .agg(path=pl.col("p").filter(~pl.col("cv")), cv=pl.col("cv").any().cast(pl.Int64), v=pl.col("v").sum())
        )
        sums = one.filter(pl.col("path").list.len() > 0).group_by("path")
        found = sums.agg(pl.col("cv").sum(), pl.col("v").sum(), nulls=(1 - pl.col("cv")).sum()).collect()
        return [float(x) for x in (found.height, found["cv"].sum(), found["nulls"].sum())]

    def step_matrix(self) -> Figures:
        pl = self.pl
        begins = (pl.col("c") != pl.col("c").shift(1)).fill_null(True)
        found = (
            self.sorted("p")
            .with_row_index("i")
            .with_columns(first=pl.when(begins).then("i").forward_fill())
            .select("p", k=pl.col("i") - pl.col("first") + 1)
            .filter(pl.col("k") <= 10)
            .group_by("k", "p")
            .len()
            .collect()
        )
        return steps_of({(k, str(p)): n for k, p, n in found.iter_rows()})

    def trigrams(self) -> Figures:
        pl = self.pl
        found = (
            self.sorted("p")
            .select(x="p", y=pl.col("p").shift(-1), z=pl.col("p").shift(-2), ok=pl.col("c") == pl.col("c").shift(-2))
            .filter("ok")
            .group_by("x", "y", "z")
            .len()
            .collect()
        )
        return [float(found.height), float(found["len"].sum())]

    def cohorts(self) -> Figures:
        pl = self.pl
        week = ((pl.col("t").cast(pl.Int64) - MONDAY) // WEEK).cast(pl.Int32)
        weeks = self.lazy.select("c", k=week).unique().collect().lazy()
        first = weeks.group_by("c").agg(first=pl.col("k").min())
        found = weeks.join(first, on="c").group_by("first", since=pl.col("k") - pl.col("first")).len().collect()
        return cohorts_of([(since, n) for _, since, n in found.iter_rows()])

    def credits(self) -> Figures:
        pl = self.pl
        e = self.cut().with_columns(w=2.0 ** ((pl.col("t").cast(pl.Int64) - ORIGIN) / WEEK)).collect().lazy()
        touches = ~pl.col("cv")
        g = e.group_by("j").agg(
            has=pl.col("cv").any(),
            worth=pl.col("v").sum(),
            n=pl.len() - 1,
            t0=pl.col("t").min(),
            t1=pl.col("t").filter(touches).max(),
            sum=pl.col("w").filter(touches).sum(),
        )
        made = (
            e.filter(touches)
            .join(g.filter(pl.col("has") & (pl.col("n") > 0)), on="j")
            .select(
                "c",
                "t",
                "p",
                f=pl.col("worth") * (pl.col("t") == pl.col("t0")),
                l=pl.col("worth") * (pl.col("t") == pl.col("t1")),
                lin=pl.col("worth") / pl.col("n"),
                td=pl.col("worth") * pl.col("w") / pl.col("sum"),
            )
            .collect()
        )
        return [float(made.height), *(float(made[name].sum()) for name in ("f", "l", "lin", "td"))]


class ClickHouse:
    """ClickHouse inside this process (chdb), with the Memory engine."""

    def __init__(self, file: str, threads: int, in_memory: bool) -> None:
        from chdb import session

        self.session = session.Session()
        self.settings = f" SETTINGS max_threads={threads}, max_insert_threads={threads}"
        self.session.query("CREATE DATABASE b")
        path = os.path.abspath(file)
        ids = self.rows(f"SELECT toTypeName(customer_id) FROM file('{path}', Parquet) LIMIT 1")[0][0]
        customer = "String" if "String" in ids else "Int64"
        columns = {"customer_id": f"c {customer}", "timestamp": "t DateTime64(6)", "value": "v Float64"}
        columns["touchpoint"] = "p LowCardinality(String)"
        if in_memory:
            self.session.query(f"CREATE TABLE b.ev ({', '.join(columns.values())}) ENGINE = Memory")
            self.session.query(f"INSERT INTO b.ev SELECT {', '.join(columns)} FROM file('{path}', Parquet)")
        else:
            cast = (f"CAST({name} AS {column.split(' ', 1)[1]}) AS {column[0]}" for name, column in columns.items())
            self.session.query(f"CREATE VIEW b.ev AS SELECT {', '.join(cast)} FROM file('{path}', Parquet)")

    def rows(self, sql: str) -> list[Any]:
        return list(json.loads(self.session.query(sql + self.settings, "JSONCompact").bytes().decode())["data"])

    def journeys(self) -> Figures:
        found = self.rows(
            """SELECT count(), sum(length(path)), max(length(times)) FROM (
                 SELECT c, arraySort(groupArray((t, p))) AS x, x.2 AS path, x.1 AS times FROM b.ev GROUP BY c)"""
        )
        return [float(x) for x in found[0][:2]]

    def transitions(self) -> Figures:
        found = self.rows(
            """SELECT e.1, e.2, count() FROM (SELECT arrayMap(x -> x.2, arraySort(groupArray((t, p)))) AS path,
                 arrayJoin(arrayZip(arrayPushFront(path, '(start)'), arrayPushBack(path, '(end)'))) AS e
                 FROM b.ev GROUP BY c) GROUP BY e"""
        )
        edges = {(a, b): int(n) for a, b, n in found}
        inner = sum(n for (a, b), n in edges.items() if a != "(start)" and b != "(end)")
        return [inner, sum(n for (a, _), n in edges.items() if a == "(start)"), edges[("visit", "product")]]

    def funnel(self) -> Figures:
        steps = ", ".join(f"p = '{step}'" for step in STEPS)
        found = self.rows(
            f"""SELECT level, count() FROM (
                  SELECT c, windowFunnel({WEEK})(toUInt64(toUnixTimestamp64Micro(t)), {steps}) AS level
                  FROM b.ev WHERE p IN {tuple(STEPS)!r} GROUP BY c) GROUP BY level"""
        )
        levels = {int(level): float(n) for level, n in found}
        return [levels.get(level, 0.0) for level in (1, 2, 3, 4)]

    def variants(self) -> Figures:
        found = self.rows(
            """SELECT count() AS n, count() OVER () FROM (
                 SELECT arrayMap(x -> x.2, arraySort(groupArray((t, p)))) AS path FROM b.ev GROUP BY c)
               GROUP BY path ORDER BY n DESC LIMIT 100"""
        )
        return [float(found[0][1]), float(sum(int(n) for n, _ in found[:50]))]

    # A journey ends with a conversion: its events are those after the conversion before.
    CUT = """arrayJoin(arraySplit((x, e) -> e, xs, arrayMap(x -> x.2 = 'purchase',
               arrayPopBack(arrayPushFront(xs, (toDateTime64(0, 6), '', 0.)))))) AS s
             FROM (SELECT c, arraySort(x -> x.1, groupArray((t, toString(p), v))) AS xs FROM b.ev GROUP BY c)"""

    def paths(self) -> Figures:
        found = self.rows(
            f"""SELECT count(), sum(k), sum(nulls) FROM (SELECT path, sum(cv) AS k, sum(worth) AS w,
                    sum(1 - cv) AS nulls
                  FROM (SELECT toInt64(s[-1].2 = 'purchase') AS cv, s[-1].3 AS worth,
                    arrayMap(x -> x.2, arrayFilter(x -> x.2 != 'purchase', s)) AS path, {self.CUT})
                  WHERE notEmpty(path) GROUP BY path)"""
        )
        return [float(x) for x in found[0]]

    def step_matrix(self) -> Figures:
        found = self.rows(
            """SELECT k, x, count() FROM (
                 SELECT arrayMap(x -> x.2, arraySlice(arraySort(groupArray((t, p))), 1, 10)) AS path
                 FROM b.ev GROUP BY c) ARRAY JOIN path AS x, arrayEnumerate(path) AS k GROUP BY k, x"""
        )
        return steps_of({(int(k), p): int(n) for k, p, n in found})

    def trigrams(self) -> Figures:
        run = "arraySlice(path, {}, greatest(length(path) - 2, 0))"
        found = self.rows(
            f"""SELECT g, count() FROM (SELECT arrayMap(x -> x.2, arraySort(groupArray((t, p)))) AS path,
                  arrayJoin(arrayZip({run.format(1)}, {run.format(2)}, {run.format(3)})) AS g
                  FROM b.ev GROUP BY c HAVING count() >= 3) GROUP BY g"""
        )
        return [float(len(found)), float(sum(int(n) for _, n in found))]

    def cohorts(self) -> Figures:
        found = self.rows(
            f"""SELECT first, since, count() FROM (
                  SELECT groupUniqArray(intDiv(toUnixTimestamp64Micro(t) - {MONDAY}, {WEEK})) AS w,
                    arrayMin(w) AS first,
                    arrayJoin(arrayMap(x -> x - first, w)) AS since FROM b.ev GROUP BY c) GROUP BY first, since"""
        )
        return cohorts_of([(int(since), int(n)) for _, since, n in found])

    def credits(self) -> Figures:
        self.session.query("DROP TABLE IF EXISTS b.cr")
        self.session.query(
            f"""CREATE TABLE b.cr ENGINE = Memory AS SELECT c, x.1 AS t, x.2 AS p, x.3 AS f, x.4 AS l, x.5 AS lin,
                  x.6 AS td FROM (SELECT c, arrayPopBack(s) AS b, length(b) AS n, s[-1].3 AS worth,
                    arrayMap(x -> exp2((toUnixTimestamp64Micro(x.1) - {ORIGIN}) / {WEEK}), b) AS w, arraySum(w) AS sw,
                    arrayJoin(arrayMap((x, i, y) -> (x.1, x.2, if(i = 1, worth, 0), if(i = n, worth, 0),
                        worth / n, worth * y / sw),
                      b, arrayEnumerate(b), w)) AS x
                    FROM (SELECT c, {self.CUT}) WHERE s[-1].2 = 'purchase'){self.settings}"""
        )
        return [float(x) for x in self.rows("SELECT count(), sum(f), sum(l), sum(lin), sum(td) FROM b.cr")[0]]


def steps_of(counts: dict[tuple[int, str], int]) -> Figures:
    """Return the journeys at the first and the tenth step, and those at the cart at the third."""
    first = sum(n for (k, _), n in counts.items() if k == 1)
    return [float(first), float(sum(n for (k, _), n in counts.items() if k == 10)), float(counts[(3, "cart")])]


def cohorts_of(found: list[tuple[int, int]]) -> Figures:
    """Return the number of cells, of customers in them, and of those one week after their first."""
    return [float(len(found)), float(sum(n for _, n in found)), float(sum(n for since, n in found if since == 1))]


ENGINES = {"duckdb": DuckDB, "polars": Polars, "clickhouse": ClickHouse}
JOBS = ["journeys", "transitions", "funnel", "variants", "paths", "step_matrix", "trigrams", "cohorts", "credits"]


def measure(
    engine: str, file: str, threads: int, repeats: int, jobs: list[str], *, in_memory: bool
) -> list[dict[str, Any]]:
    """Run jobs one after the other; the least of the repeats counts."""
    start = used()
    peer = ENGINES[engine](file, threads, in_memory)
    load = used() - start
    results = []
    for job in jobs:
        walls, processor, peaks, figures = [], [], [], []
        before = megabytes("VmRSS")
        for _ in range(repeats):
            with open("/proc/self/clear_refs", "w") as reset:
                reset.write("5")
            began, start = time.perf_counter(), used()
            figures = getattr(peer, job)()
            walls.append(time.perf_counter() - began)
            processor.append(used() - start)
            peaks.append(megabytes("VmHWM"))
        results.append(
            {
                "job": job,
                "wall": min(walls),
                "cpu": min(processor),
                "load": load,
                "before": before,
                "peak": min(peaks),
                "check": figures,
            }
        )
    return results


if __name__ == "__main__":
    given = [argument for argument in sys.argv[1:] if argument != "--from-file"]
    asked = (given[0], given[1], int(given[2]), int(given[3]), given[4:] or JOBS)
    for result in measure(*asked, in_memory="--from-file" not in sys.argv):
        print(json.dumps(result), flush=True)
