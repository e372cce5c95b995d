# SPDX-License-Identifier: MIT
"""The command line: the verbs of the package for files, tables out, one clear line when the input is wrong."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from klantreis._core import InputError, __version__
from klantreis._map.problems import MapError

BAD_INPUT = 2
# 128 and the number of the signal, as shells count.
INTERRUPTED = 130
BROKEN_PIPE = 141


class ReaderGoneError(Exception):
    """Whoever reads the output has closed it. Typer takes a BrokenPipeError for its own."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 0, or 2 when the input is wrong."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        # Without the libraries of the command line, which take longer to load than to answer.
        print(f"klantreis {__version__}")
        return 0
    try:
        with _plain_warnings():
            return _run(given)
    except KeyboardInterrupt:
        print("klantreis: interrupted", file=sys.stderr)
        return INTERRUPTED
    except (ReaderGoneError, BrokenPipeError):
        # The reader has what it wanted. Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except MapError as error:
        more = len(error.problems) - 1
        rest = f" (and {more} more error{'s' * (more != 1)}; klantreis map check lists them)" if more else ""
        return _refuse(f"{error.problems[0]}{rest}")
    except (InputError, OSError) as error:
        return _refuse(str(error))


def _run(given: list[str]) -> int:
    import typer

    from klantreis._cli.app import app

    # What Typer raises for a wrong option, whichever library of options it is built on.
    usage_error = cast("type[Exception]", typer.BadParameter.__mro__[2])
    try:
        status = app(given, prog_name="klantreis", standalone_mode=False)
        sys.stdout.flush()
    except usage_error as error:
        return _refuse(getattr(error, "format_message", error.__str__)(), "; see klantreis --help")
    except typer.Exit as exit:
        return int(exit.exit_code)
    except typer.Abort:
        return INTERRUPTED
    return status if isinstance(status, int) else 0


def _refuse(message: str, remedy: str = "") -> int:
    line = " ".join(message.split()).rstrip(".")
    if remedy and "--help" in line:
        remedy = ""
    print(f"klantreis: {line}{remedy}", file=sys.stderr)
    return BAD_INPUT


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Show warnings as lines for people, without the place in the source."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        print(f"klantreis: note: {' '.join(str(message).split())}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield
