# SPDX-License-Identifier: MIT
"""What a notebook shows of an error: the lines of the user and the message."""

from __future__ import annotations

import pytest

import klantreis as kr


def shown(error: BaseException) -> list[str]:
    """What IPython asks the error for."""
    lines: list[str] = error._render_traceback_()  # type: ignore[attr-defined]
    return lines


def test_an_error_shows_the_lines_of_the_user_and_none_of_ours() -> None:
    with pytest.raises(kr.InputError) as caught:
        kr.read("nothing.csv")
    lines = shown(caught.value)
    assert lines[0].endswith(': kr.read("nothing.csv")')
    assert lines[-1] == f"InputError: {caught.value}"
    assert len(lines) == 3


def test_the_errors_of_a_map_are_shown_alike() -> None:
    with pytest.raises(kr.MapError) as caught:
        kr.JourneyMap.from_text("klantreis: 1")
    assert shown(caught.value)[-1].startswith("MapError: the map has 2 errors")


def test_an_error_that_was_never_raised_is_only_its_message() -> None:
    assert shown(kr.InputError("say which")) == ["", "InputError: say which"]
