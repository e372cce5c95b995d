# SPDX-License-Identifier: MIT
"""The commands about journey maps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import klantreis as kr
from klantreis._cli import main

COMMANDS = ["new", "check", "gaps", "needs", "diff", "snapshot", "snapshots", "rollback", "export"]


def run(capsysbinary: pytest.CaptureFixture[bytes], *arguments: str | Path, status: int = 0) -> str:
    """The standard output of a command that says nothing else."""
    found = main(["map", *(str(argument) for argument in arguments)])
    out, err = capsysbinary.readouterr()
    assert (found, err.decode()) == (status, "")
    return out.decode().replace("\r\n", "\n")


def refused(capsysbinary: pytest.CaptureFixture[bytes], *arguments: str | Path) -> str:
    """The one line of a command that must be refused."""
    status = main(["map", *(str(argument) for argument in arguments)])
    out, err = capsysbinary.readouterr()
    assert (status, out) == (2, b"")
    lines = err.decode().splitlines()
    assert len(lines) == 1, lines
    return lines[0].removeprefix("klantreis: ")


@pytest.fixture
def journey(capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Path:
    """A map that was made by the command."""
    run(capsysbinary, "new", "--template", "6", "--to", tmp_path / "journey.yaml", "--id", "shop", "--name", "Shop")
    return tmp_path / "journey.yaml"


def test_every_command_is_in_the_help_with_an_example(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    text = run(capsysbinary, "--help")
    for command in COMMANDS:
        assert command in text
        assert f"Example: klantreis map {command}" in " ".join(run(capsysbinary, command, "--help").split())
    for command in ("list", "save"):
        help_of_command = run(capsysbinary, "template", command, "--help")
        assert f"Example: klantreis map template {command}" in " ".join(help_of_command.split())


def test_a_new_map_is_the_template_under_its_own_name(journey: Path) -> None:
    made = kr.JourneyMap.load(journey)
    assert (made.journey.id, made.journey.name, made.journey.template) == ("shop", "Shop", "6")
    made.journey.id, made.journey.name = "my-journey", "My journey"
    assert made == kr.template("6")
    assert journey.read_text(encoding="utf-8").startswith("# A journey map, made from the template 6.")


def test_a_map_that_exists_is_not_replaced_by_accident(
    capsysbinary: pytest.CaptureFixture[bytes], journey: Path
) -> None:
    before = journey.read_bytes()
    assert "--force" in refused(capsysbinary, "new", "--to", journey)
    assert journey.read_bytes() == before
    said = run(capsysbinary, "new", "--language", "nl", "--to", journey, "--force")
    assert said.startswith(f"Map: {journey.resolve()}\n  5 phases, ")
    assert kr.JourneyMap.load(journey).phases[0].name == "Bekendheid"


def test_a_sound_map_is_said_to_be_usable(capsysbinary: pytest.CaptureFixture[bytes], journey: Path) -> None:
    assert run(capsysbinary, "check", journey) == f"{journey}: 6 phases, 26 touchpoints: the map can be used\n"
    assert json.loads(run(capsysbinary, "check", journey, "--format", "json")) == []


def test_every_error_is_a_line_and_the_status_is_2(capsysbinary: pytest.CaptureFixture[bytes], journey: Path) -> None:
    lines = journey.read_text(encoding="utf-8").replace("phase: delivery", "phase: delivry", 1).splitlines()
    lines.insert(lines.index("phases:") + 2, "    nam: Awareness")
    journey.write_text("\n".join(lines), encoding="utf-8")
    said = run(capsysbinary, "check", journey, status=2).splitlines()
    wrong = [number for number, line in enumerate(lines, 1) if "nam: Awareness" in line or "phase: delivry" in line]
    assert said == [
        f"{journey}:{wrong[0]}: phases[0].nam: there is no key 'nam' here; did you mean 'name'?",
        f"{journey}:{wrong[1]}: touchpoints[13].phase: there is no phase 'delivry'; did you mean 'delivery'?",
        f"{journey}: 2 errors: the map cannot be used",
    ]
    rows = json.loads(run(capsysbinary, "check", journey, "--format", "json", status=2))
    assert [(row["severity"], row["line"], row["path"]) for row in rows] == [
        ("error", wrong[0], "phases[0].nam"),
        ("error", wrong[1], "touchpoints[13].phase"),
    ]
    line = refused(capsysbinary, "gaps", journey)
    assert line.startswith(f"{journey}:{wrong[0]}: phases[0].nam: ")
    assert line.endswith("(and 1 more error; klantreis map check lists them)")


def test_doubts_and_gaps_are_told_and_the_map_can_be_used(
    capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "map.yaml"
    kr.template("restaurant").save(file)
    file.write_text(file.read_text(encoding="utf-8").replace("weight: 0.4", "weight: 0.5"), encoding="utf-8")
    said = run(capsysbinary, "check", file).splitlines()
    assert said[0].startswith("doubt: ")
    assert "the weights add up to 1.1" in said[0]
    assert said[-1].endswith("the map can be used")


def test_the_needs_go_out_to_a_spreadsheet_and_back(capsysbinary: pytest.CaptureFixture[bytes], journey: Path) -> None:
    table = journey.with_name("needs.csv")
    run(capsysbinary, "needs", journey, "--format", "csv", "--output", table)
    before = journey.read_text(encoding="utf-8")
    lines = table.read_text(encoding="utf-8").splitlines()
    column = lines[0].split(",").index("delivered")
    cells = lines[1].split(",")
    cells[column] = "x"
    lines[1] = ",".join(cells)
    table.write_text("\n".join(lines), encoding="utf-8")
    run(capsysbinary, "needs", journey, "--from", table)
    assert kr.JourneyMap.load(journey).touchpoint("delivered").need == ["need_recognise", "need_status"]
    after = journey.read_text(encoding="utf-8")
    assert [line for line in after.splitlines() if line not in before.splitlines()] == [
        "    need: [need_recognise, need_status]"
    ]


def test_versions_are_kept_listed_compared_and_brought_back(
    capsysbinary: pytest.CaptureFixture[bytes], journey: Path
) -> None:
    folder = journey.with_name("kept")
    before = journey.read_bytes()
    said = run(capsysbinary, "snapshot", journey, "--folder", folder, "--name", "first", "--note", "before the trial")
    assert said == f"Snapshot: first in {folder.resolve()}\n"
    journey.write_bytes(before.replace(b"name: Awareness", b"name: First glance"))
    rows = json.loads(run(capsysbinary, "diff", folder / "first.yaml", journey, "--format", "json"))
    assert rows == [
        {"change": "changed", "path": "phases[awareness].name", "before": '"Awareness"', "after": '"First glance"'}
    ]
    assert "before the trial" in run(capsysbinary, "snapshots", "--folder", folder)
    run(capsysbinary, "rollback", "first", "--folder", folder, "--to", journey)
    assert journey.read_bytes() == before
    assert "holds no snapshot 'frst'; did you mean 'first'?" in refused(
        capsysbinary, "rollback", "frst", "--folder", folder, "--to", journey
    )


def test_each_export_is_that_of_the_map(capsysbinary: pytest.CaptureFixture[bytes], journey: Path) -> None:
    made = kr.JourneyMap.load(journey)
    seen = made.view("service")
    assert run(capsysbinary, "export", journey) == made.to_markdown()
    assert run(capsysbinary, "export", journey, "--as", "mermaid", "--audience", "service") == seen.to_mermaid()
    assert run(capsysbinary, "export", journey, "--as", "yaml") == journey.read_text(encoding="utf-8")
    assert kr.JourneyMap.from_text(run(capsysbinary, "export", journey, "--as", "json")) == made
    assert run(capsysbinary, "export", journey, "--as", "csv") == (made.to_csv() or "").replace("\r\n", "\n")
    assert "--as is 'png'" in refused(capsysbinary, "export", journey, "--as", "png")


def test_templates_are_listed_and_kept(
    capsysbinary: pytest.CaptureFixture[bytes], journey: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KLANTREIS_TEMPLATES", str(tmp_path / "mine"))
    run(capsysbinary, "template", "save", journey, "my-shop")
    rows = json.loads(run(capsysbinary, "template", "list", "--format", "json"))
    assert rows == kr.templates().to_dicts()
    assert rows[-1]["template"] == "my-shop"
    run(capsysbinary, "new", "--template", "my-shop", "--to", tmp_path / "second.yaml")
    assert kr.JourneyMap.load(tmp_path / "second.yaml").journey.template == "my-shop"
