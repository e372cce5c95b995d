# SPDX-License-Identifier: MIT
"""The command that measures a map."""

from __future__ import annotations

import json
from typing import Any

import pytest

from klantreis._cli import main
from oracle import DATA

MAP, EVENTS = str(DATA / "journey-example.yaml"), str(DATA / "events_F1.csv")
COLUMNS = [
    "phase", "reach", "entries", "visits", "passed", "back", "skips", "left", "at_rest", "exits", "exit_rate", "lower",
    "upper", "median_time", "emotion_expected", "emotion_measured",
]  # fmt: skip


def rows(capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, Any]]:
    given = ["map", "measure", MAP, "--events", EVENTS, "--observed-until", "2024-04-30", "--format", "json", *options]
    assert main(given) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_the_phase_table_of_six_phases(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(capsys, "--level", "p6")
    assert [row["phase"] for row in found] == [
        "awareness", "consideration", "purchase", "delivery", "service", "loyalty",
    ]  # fmt: skip
    assert [row["reach"] for row in found] == [10, 11, 8, 4, 5, 1]
    assert [row["exits"] for row in found] == [1, 3, 5, 0, 3, 0]
    assert [name for name in found[0] if name in COLUMNS] == COLUMNS
    assert found[4]["emotion_measured"] == pytest.approx(0.96)


def test_other_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert rows(capsys, "--table", "conformity")[0]["conforming"] == 33
    assert len(rows(capsys, "--table", "arrows")) == 12
    assert rows(capsys, "--by", "touchpoint")[0]["touchpoint"] == "ad_impression"
    part = rows(capsys, "--level", "p6", "--scope", "purchase", "loyalty")
    assert sum(row["entries"] for row in part) == 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--level", "p7"], "p7"),
        (["--table", "figures"], "--table is 'figures'"),
        (["--by", "channel"], "--by is 'channel'"),
    ],
)
def test_wrong_options_are_named(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", "measure", MAP, "--events", EVENTS, *options]) == 2
    assert message in capsys.readouterr().err


def test_events_must_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", "measure", MAP]) == 2
    assert "--events is missing" in capsys.readouterr().err
