# SPDX-License-Identifier: MIT
"""Make an event log for the benchmarks: `python generate.py --events 5000000 events.parquet`.

With `--binary FILE` also the same columns one after the other, as benchmarks/programs read them.

Journeys have a geometric number of events, 40 touchpoints follow a power law, ids are scattered 52-bit numbers, and
rows are in the order of time, that is shuffled by customer. The same arguments give the same file.
"""

from __future__ import annotations

import argparse

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

STEPS = ["visit", "product", "cart", "purchase"]


def generate(events: int, *, mean_length: float = 10.0, touchpoints: int = 40, seed: int = 1) -> pa.Table:
    """Return a table `customer_id, timestamp, touchpoint, value`."""
    random = np.random.default_rng(seed)
    lengths = random.geometric(1.0 / mean_length, int(1.2 * events / mean_length) + 10)
    lengths = lengths[: int(np.searchsorted(np.cumsum(lengths), events)) + 1]
    lengths[-1] -= int(lengths.sum()) - events
    lengths = lengths[lengths > 0]
    customers = len(lengths)
    ids = ((np.arange(customers, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(12)).astype(np.int64)
    customer = np.repeat(np.arange(customers), lengths)
    gaps = (np.minimum(np.exp(random.normal(8.5, 2.2, events)), 40 * 86_400) * 1e6).astype(np.int64) + 1
    elapsed = np.cumsum(gaps)
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    start = random.integers(0, 26 * 7 * 86_400 * 1_000_000, customers)
    time = elapsed - np.repeat(elapsed[first], lengths) + np.repeat(start, lengths) + 1_704_067_200_000_000
    weight = 1.0 / np.arange(1, touchpoints + 1) ** 1.1
    # The steps of the funnel are the first names, and the 1st, 3rd, 6th and 8th most frequent.
    code_of_rank = np.concatenate([[0, 4, 1, 5, 6, 2, 7, 3], np.arange(8, touchpoints)])
    rank = np.searchsorted(np.cumsum(weight / weight.sum()), random.random(events)).clip(0, touchpoints - 1)
    code = code_of_rank[rank]
    names = [*STEPS, *(f"page_{i}" for i in range(len(STEPS), touchpoints))]
    value = np.where(code == len(STEPS) - 1, np.round(np.exp(random.normal(3.5, 0.8, events)), 2), 0.0)
    order = np.argsort(time, kind="stable")
    touchpoint = pa.DictionaryArray.from_arrays(pa.array(code[order].astype(np.int32)), pa.array(names))
    return pa.table(
        {
            "customer_id": ids[customer[order]],
            "timestamp": pa.array(time[order]).cast(pa.timestamp("us")),
            "touchpoint": touchpoint,
            "value": value[order],
        }
    )


def write_binary(table: pa.Table, file: str) -> None:
    """Write the number of events and of names, then customers, times, codes of touchpoints and values."""
    touchpoint = table["touchpoint"].combine_chunks()
    with open(file, "wb") as out:
        np.array([len(table), len(touchpoint.dictionary)], np.int64).tofile(out)
        table["customer_id"].to_numpy().astype(np.int64).tofile(out)
        table["timestamp"].cast(pa.int64()).to_numpy().tofile(out)
        touchpoint.indices.to_numpy().astype(np.int32).tofile(out)
        table["value"].to_numpy().tofile(out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--mean-length", type=float, default=10.0)
    parser.add_argument("--touchpoints", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--binary", help="where to write the columns one after the other as well")
    parser.add_argument("file")
    given = parser.parse_args()
    made = generate(given.events, mean_length=given.mean_length, touchpoints=given.touchpoints, seed=given.seed)
    pq.write_table(made, given.file, compression="zstd", row_group_size=1 << 20)
    if given.binary:
        write_binary(made, given.binary)
