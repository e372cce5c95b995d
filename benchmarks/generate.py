# SPDX-License-Identifier: MIT
"""Make an event log for the benchmarks: `python generate.py --events 5000000 events.parquet`.

With `--binary FILE` also the same columns one after the other, as benchmarks/programs read them; with `--texts` ids and
touchpoints are texts in Parquet.

Journeys have a geometric number of events, 40 touchpoints follow a power law, ids are scattered 52-bit numbers, and
rows are in the order of time, that is shuffled by customer. The same arguments give the same file. Large logs are made
in pieces of 20 million events, which are merged on disk, so that 100 million take less than 4 GiB of memory.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

STEPS = ["visit", "product", "cart", "purchase"]
PIECE = 20_000_000
DAY = 86_400 * 1_000_000
Columns = dict[str, np.ndarray]
TYPES = {"customer_id": np.int64, "timestamp": np.int64, "touchpoint": np.int32, "value": np.float64}


def journey_lengths(random: np.random.Generator, events: int, mean_length: float, customers: int) -> np.ndarray:
    """How many events each customer has; `customers` of equal length, or as many as it takes."""
    if customers:
        return np.full(customers, events // customers) + (np.arange(customers) < events % customers)
    lengths = random.geometric(1.0 / mean_length, int(1.2 * events / mean_length) + 10)
    lengths = lengths[: int(np.searchsorted(np.cumsum(lengths), events)) + 1]
    lengths[-1] -= int(lengths.sum()) - events
    return lengths[lengths > 0]


def columns_of(
    events: int, *, mean_length: float, touchpoints: int, seed: int, customers: int = 0, first: int = 0
) -> Columns:
    """Return the columns of a log in the order of time; customers are numbered from `first`."""
    random = np.random.default_rng(seed)
    lengths = journey_lengths(random, events, mean_length, customers)
    number = first + np.arange(len(lengths), dtype=np.uint64)
    ids = ((number * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(12)).astype(np.int64)
    customer = np.repeat(np.arange(len(lengths)), lengths)
    gaps = (np.minimum(np.exp(random.normal(8.5, 2.2, events)), 40 * 86_400) * 1e6).astype(np.int64) + 1
    if (span := float(gaps.mean()) * events / len(lengths)) > 700 * DAY:
        gaps = (gaps * (700 * DAY / span)).astype(np.int64) + 1
    elapsed = np.cumsum(gaps)
    begin = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    start = random.integers(0, 26 * 7 * DAY, len(lengths))
    time = elapsed - np.repeat(elapsed[begin], lengths) + np.repeat(start, lengths) + 1_704_067_200_000_000
    weight = 1.0 / np.arange(1, touchpoints + 1) ** 1.1
    # The steps of the funnel are the first names, and the 1st, 3rd, 6th and 8th most frequent.
    code_of_rank = np.concatenate([[0, 4, 1, 5, 6, 2, 7, 3], np.arange(8, touchpoints)])
    rank = np.searchsorted(np.cumsum(weight / weight.sum()), random.random(events)).clip(0, touchpoints - 1)
    code = code_of_rank[rank]
    value = np.where(code == len(STEPS) - 1, np.round(np.exp(random.normal(3.5, 0.8, events)), 2), 0.0)
    order = np.argsort(time, kind="stable")
    return {
        "customer_id": ids[customer[order]],
        "timestamp": time[order],
        "touchpoint": code[order].astype(np.int32),
        "value": value[order],
    }


def merged_pieces(folder: Path, events: int, **options: float) -> Iterator[Columns]:
    """Yield the columns of a log in the order of time, some millions of events at a time."""
    seed = int(options.pop("seed"))
    pieces: list[dict[str, np.ndarray]] = []
    first = 0
    for begin in range(0, events, PIECE):
        size = min(PIECE, events - begin)
        made = columns_of(size, seed=seed + 1_000_003 * len(pieces), first=first, **options)  # type: ignore[arg-type]
        first += len(np.unique(made["customer_id"]))
        for name, column in made.items():
            np.save(folder / f"{len(pieces)}-{name}.npy", column)
        del made
        pieces.append({name: np.load(folder / f"{len(pieces)}-{name}.npy", mmap_mode="r") for name in TYPES})
    sample = np.sort(np.concatenate([piece["timestamp"][::1000] for piece in pieces]))
    bounds = [*sample[:: max(1, len(sample) * (PIECE // 4) // events)][1:], np.iinfo(np.int64).max]
    begins = [0] * len(pieces)
    for bound in bounds:
        ends = [int(np.searchsorted(piece["timestamp"], bound)) for piece in pieces]
        slices = [slice(begin, end) for begin, end in zip(begins, ends, strict=True)]
        both = list(zip(pieces, slices, strict=True))
        made = {name: np.concatenate([piece[name][rows] for piece, rows in both]) for name in TYPES}
        order = np.argsort(made["timestamp"], kind="stable")
        yield {name: column[order] for name, column in made.items()}
        begins = ends


def texts_of(ids: np.ndarray) -> pa.Array:
    """Return `u` and 16 digits for each id."""
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    pairs = np.stack([np.repeat(digits, 16), np.tile(digits, 16)], axis=1)
    text = np.empty((len(ids), 17), np.uint8)
    text[:, 0] = ord("u")
    text[:, 1:] = pairs[ids.astype(">u8").view(np.uint8).reshape(-1, 8)].reshape(-1, 16)
    offsets = np.arange(0, 17 * (len(ids) + 1), 17, dtype=np.int32)
    return pa.StringArray.from_buffers(len(ids), pa.py_buffer(offsets), pa.py_buffer(text))


def table_of(columns: Columns, touchpoints: int, *, texts: bool = False) -> pa.Table:
    """Return a table `customer_id, timestamp, touchpoint, value`."""
    names = pa.array([*STEPS, *(f"page_{i}" for i in range(len(STEPS), touchpoints))])
    touchpoint = pa.DictionaryArray.from_arrays(pa.array(columns["touchpoint"]), names)
    return pa.table(
        {
            "customer_id": texts_of(columns["customer_id"]) if texts else columns["customer_id"],
            "timestamp": pa.array(columns["timestamp"]).cast(pa.timestamp("us")),
            "touchpoint": touchpoint.cast(pa.string()) if texts else touchpoint,
            "value": columns["value"],
        }
    )


class BinaryFile:
    """The number of events and of names, then customers, times, codes of touchpoints and values."""

    def __init__(self, file: str, events: int, touchpoints: int) -> None:
        self._places = {}
        offset = 16
        for name, kind in TYPES.items():
            self._places[name] = offset
            offset += events * np.dtype(kind).itemsize
        self._file = open(file, "wb")  # noqa: SIM115
        np.array([events, touchpoints], np.int64).tofile(self._file)

    def write(self, columns: Columns) -> None:
        for name, kind in TYPES.items():
            self._file.seek(self._places[name])
            columns[name].astype(kind).tofile(self._file)
            self._places[name] += columns[name].nbytes

    def close(self) -> None:
        self._file.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--mean-length", type=float, default=10.0)
    parser.add_argument("--customers", type=int, default=0, help="so many, with equal numbers of events")
    parser.add_argument("--touchpoints", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--texts", action="store_true", help="ids and touchpoints as texts")
    parser.add_argument("--binary", help="where to write the columns one after the other as well")
    parser.add_argument("file", nargs="?", help="a Parquet file")
    given = parser.parse_args()
    options = {"mean_length": given.mean_length, "touchpoints": given.touchpoints, "seed": given.seed}
    with tempfile.TemporaryDirectory(dir=Path(given.file or given.binary).parent) as folder:
        if given.events <= PIECE or given.customers:
            parts = iter([columns_of(given.events, customers=given.customers, **options)])
        else:
            parts = merged_pieces(Path(folder), given.events, **options)
        binary = BinaryFile(given.binary, given.events, given.touchpoints) if given.binary else None
        writer = None
        for columns in parts:
            if binary:
                binary.write(columns)
            if given.file:
                table = table_of(columns, given.touchpoints, texts=given.texts)
                writer = writer or pq.ParquetWriter(given.file, table.schema, compression="zstd")
                writer.write_table(table, row_group_size=1 << 20)
        for file in (binary, writer):
            if file is not None:
                file.close()


if __name__ == "__main__":
    main()
