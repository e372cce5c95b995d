# SPDX-License-Identifier: MIT
"""Every option of the project's own funnels against the slow reference on random logs."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from reference import events, funnels

import klantreis as kr
from bridge import often, read, span
from strategies import DAY, MINUTE, Columns, logs, shuffled

WINDOWS = st.sampled_from([None, 1_000_000, 5 * MINUTE, 30 * MINUTE, DAY, 5 * DAY])
SMALL = logs(max_events=9, conversions=1)


@st.composite
def wanted(draw: st.DrawFn, columns: Columns, least: int = 1) -> list[list[str]]:
    present = st.sampled_from(sorted(set(columns["touchpoint"])))
    return draw(st.lists(st.lists(present, min_size=1, max_size=2, unique=True), min_size=least, max_size=4))


def check(columns: Columns, steps: list[list[str]], levels: dict[Any, int], **options: Any) -> None:
    """The counts, by one thread and by three, in any order of the rows."""
    expected = funnels.counts(levels, len(steps))
    for log in (read(columns), read(shuffled(columns, 1))):
        for threads in (1, 3):
            assert list(kr.funnel(log, steps, threads=threads, **options)["count"]) == expected


@often
@given(SMALL, st.data(), WINDOWS, st.booleans(), st.booleans())
def test_chains_with_windows_and_exclusions(
    columns: Columns, data: st.DataObject, window: int | None, directly: bool, reuse: bool
) -> None:
    steps = data.draw(wanted(columns, least=2))
    step_windows = data.draw(st.lists(WINDOWS, min_size=len(steps) - 1, max_size=len(steps) - 1))
    present = st.sampled_from(sorted(set(columns["touchpoint"])))
    place = st.integers(1, len(steps) - 1).flatmap(lambda a: st.tuples(st.just(a), st.integers(a + 1, len(steps))))
    exclude = [(name, *between) for name, between in data.draw(st.lists(st.tuples(present, place), max_size=2))]
    levels = {
        customer: funnels.chain_level(
            rows,
            steps,
            window=window,
            step_windows=step_windows,
            directly=directly,
            exclude=[({name}, after, before) for name, after, before in exclude],
            reuse=reuse,
        )
        for customer, rows in events.by_customer(events.events_of(columns)).items()
    }
    check(
        columns,
        steps,
        levels,
        window=span(window),
        per_step_window=[span(one) for one in step_windows],
        order="strict" if directly else "ordered",
        exclude=exclude,
        repeats="reuse" if reuse else "distinct",
    )


@often
@given(SMALL, st.data(), WINDOWS, st.booleans())
def test_optional_steps_leave_the_others_as_they_are(
    columns: Columns, data: st.DataObject, window: int | None, reuse: bool
) -> None:
    steps = data.draw(wanted(columns, least=2))
    optional = data.draw(st.sets(st.integers(2, len(steps)), max_size=2))
    table = kr.funnel(
        read(columns), steps, window=span(window), optional=optional, repeats="reuse" if reuse else "distinct"
    ).to_dicts()
    levels = {
        customer: funnels.chain_level(rows, steps, window=window, optional=optional, reuse=reuse)
        for customer, rows in events.by_customer(events.events_of(columns)).items()
    }
    required = [row for row in table if row["step"] not in optional]
    assert [row["count"] for row in required] == funnels.counts(levels, len(required))
    before = table[0]["count"]
    for row in table:
        assert row["count"] <= before
        before = before if row["step"] in optional else row["count"]


@often
@given(SMALL, st.data(), WINDOWS, st.booleans())
def test_steps_in_any_order(columns: Columns, data: st.DataObject, window: int | None, reuse: bool) -> None:
    steps = data.draw(wanted(columns))
    levels = {
        customer: funnels.any_order_level(rows, steps, window, reuse)
        for customer, rows in events.by_customer(events.events_of(columns)).items()
    }
    check(columns, steps, levels, window=span(window), order="any", repeats="reuse" if reuse else "distinct")


@often
@given(SMALL, st.data())
def test_open_steps_stand_by_themselves(columns: Columns, data: st.DataObject) -> None:
    steps = data.draw(wanted(columns))
    seen = events.by_customer(events.events_of(columns)).values()
    expected = [sum(any(e.touchpoint in step for e in rows) for rows in seen) for step in steps]
    assert list(kr.funnel(read(columns), steps, order="open")["count"]) == expected


@often
@given(logs(max_events=25), st.data(), WINDOWS, st.sampled_from(["ordered", "strict", "any", "open"]))
def test_counts_of_parts_add_up(columns: Columns, data: st.DataObject, window: int | None, order: Any) -> None:
    """Customers in two parts give what all of them give."""
    steps = data.draw(wanted(columns))
    window = None if order == "open" else window
    first = data.draw(st.sets(st.sampled_from(sorted(set(columns["customer"])))))
    total = [0] * len(steps)
    for part in (True, False):
        places = [i for i, customer in enumerate(columns["customer"]) if (customer in first) == part]
        names = {columns["touchpoint"][i] for i in places}
        if all(set(step) & names for step in steps):
            held = {name: [cells[i] for i in places] for name, cells in columns.items()}
            known = [sorted(set(step) & names) for step in steps]
            counts = kr.funnel(read(held), known, window=span(window), order=order)["count"]
        elif places:
            # A step that nobody of the part takes is refused by name, so the slow version counts this part.
            rows = events.by_customer(events.events_of({n: [c[i] for i in places] for n, c in columns.items()}))
            counts = slow_counts(rows, steps, window, order)
        else:
            continue
        total = [a + b for a, b in zip(total, counts, strict=True)]
    assert list(kr.funnel(read(columns), steps, window=span(window), order=order)["count"]) == total


def slow_counts(rows: dict[Any, Any], steps: list[list[str]], window: int | None, order: str) -> list[int]:
    if order == "open":
        return [sum(any(e.touchpoint in step for e in one) for one in rows.values()) for step in steps]
    return funnels.counts(
        {
            customer: funnels.any_order_level(one, steps, window)
            if order == "any"
            else funnels.chain_level(one, steps, window=window, directly=order == "strict")
            for customer, one in rows.items()
        },
        len(steps),
    )
