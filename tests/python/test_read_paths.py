# SPDX-License-Identifier: MIT
"""Reading path tables: quick and careful rows, texts and dictionaries, give the same table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import klantreis as kr

NAMES = [
    "a",
    "bb",
    "exactly8",
    "longer than eight",
    "(own site)",
    "é",
    "漢字",
    '"x > y"',
    '"quo""ted"',
    "in'ner",
    "tab",
]
BLANKS = ["", " ", "  ", "\t"]
paths = st.lists(
    st.tuples(st.sampled_from(BLANKS), st.sampled_from(NAMES), st.sampled_from(BLANKS)).map("".join), max_size=5
).flatmap(lambda items: st.sampled_from([">", "> ", ">>"]).map(lambda gap: gap.join(items)))


def plain(name: str) -> str:
    name = name.strip(" \t")
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def split(text: str) -> tuple[str, ...]:
    """The items of a text, character by character."""
    items, now, quoted = [], "", False
    for letter in text + ">":
        quoted ^= letter == '"'
        if letter == ">" and not quoted:
            items.append(plain(now))
            now = ""
        else:
            now += letter
    return tuple(item for item in items if item)


def rows_of(found: kr.Paths) -> dict[tuple[str, ...], tuple[float, float]]:
    return {tuple(items): (won, lost) for items, won, lost in found._handle.rows()}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(paths, st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=90))
def test_any_rows_in_any_form(rows: list[tuple[str, int, int]]) -> None:
    expected: dict[tuple[str, ...], tuple[float, float]] = {}
    for text, won, lost in rows:
        before = expected.get(split(text), (0.0, 0.0))
        expected[split(text)] = (before[0] + won, before[1] + lost)
    texts = [text for text, _, _ in rows]
    counts = {"total_conversions": [won for _, won, _ in rows], "total_null": [lost for _, _, lost in rows]}
    for column in (texts, pa.array(texts, pa.large_string()), pa.array(texts).dictionary_encode()):
        source: Any = pa.table({"path": column, **counts})
        assert rows_of(kr.read_paths(source, nulls="total_null")) == expected


def test_bad_rows_among_many_are_left_out_and_leave_no_names() -> None:
    texts = ["a > b"] * 100 + ["new > (null)", "c"] + ["a"] * 100
    won = [1.0] * 100 + [1.0, float("nan")] + [1.0] * 99 + [-1.0]
    found = kr.read_paths(pa.table({"path": texts, "total_conversions": won}), on_bad="drop")
    assert found.items == ["a", "b"]
    assert sum(found.rejected.values()) == 3
    assert found.conversions == 199
    with pytest.raises(kr.InputError, match=r"row 100 .*reserved"):
        kr.read_paths(pa.table({"path": texts, "total_conversions": won}))


def test_null_values_are_no_values() -> None:
    table = pa.table({"path": ["a", "a", "b"], "total_conversions": [1, 1, 1], "value": [1.5, None, None]})
    assert kr.read_paths(table, value="value").value == 1.5


def test_many_rows_are_read_whole() -> None:
    rng = np.random.default_rng(0)
    items = np.array([f"channel {i:02}" for i in range(40)])
    texts = [" > ".join(row) for row in items[rng.integers(0, 40, (200_000, 4))]]
    table = pa.table({"path": texts, "total_conversions": np.ones(len(texts))})
    found = kr.read_paths(table)
    assert found.conversions == len(texts)
