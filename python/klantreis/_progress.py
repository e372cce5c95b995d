# SPDX-License-Identifier: MIT
"""A bar for work of more than a second, where somebody may be waiting: in a notebook or a terminal."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Protocol


class _Bar(Protocol):
    def update(self, stage: str, done: int, total: int) -> None: ...

    def close(self) -> None: ...


class _TerminalBar:
    """One line on standard error that disappears with the work."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"))
        self._progress = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task("", total=None, count="")
        self._progress.start()

    def update(self, stage: str, done: int, total: int) -> None:
        self._progress.update(
            self._task, description=stage, completed=done, total=total or None, count=_count(done, total)
        )

    def close(self) -> None:
        self._progress.stop()


class _NotebookBar:
    """A widget of tqdm, or its text where the notebook has no widgets."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm

            self._tqdm = tqdm(leave=False)

    def update(self, stage: str, done: int, total: int) -> None:
        self._tqdm.set_description(stage, refresh=False)
        self._tqdm.total = total or None
        self._tqdm.n = min(done, total) if total else done
        self._tqdm.refresh()

    def close(self) -> None:
        self._tqdm.close()


def _count(done: int, total: int) -> str:
    return f"{min(done, total):,} of {total:,}" if total else f"{done:,}" if done else ""


def _off() -> bool:
    return os.environ.get("KLANTREIS_PROGRESS", "").strip().lower() in ("0", "off", "no", "false")


_wanted = not _off()
_bar: _Bar | None = None


def show_progress(wanted: bool = True) -> None:
    """Turn the progress bars on or off.

    Work of more than a second shows how far it is, in notebooks (with tqdm, if it is installed) and where standard
    error is a terminal; elsewhere nothing is shown. The environment variable ``KLANTREIS_PROGRESS=0`` turns them off as
    well.

    Parameters
    ----------
    wanted
        Whether bars are shown from now on.

    Examples
    --------
    >>> import klantreis as kr
    >>> kr.show_progress(False)
    >>> kr.show_progress()
    """
    global _wanted
    _wanted = bool(wanted)


def _make() -> _Bar | None:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if type(shell).__name__ == "ZMQInteractiveShell":
        return _NotebookBar()
    return _TerminalBar() if sys.stderr is not None and sys.stderr.isatty() else None


# What follows is called by the compiled part. A bar that cannot be drawn must not cost anybody a result.


def show(stage: str, done: int, total: int) -> None:
    """Draw how far the work is."""
    global _bar, _wanted
    if not _wanted:
        return
    try:
        if _bar is None:
            _bar = _make()
            if _bar is None:
                _wanted = False
                return
        _bar.update(stage, int(done), int(total))
    except Exception:
        _wanted = False
        close()


def close() -> None:
    """Remove the bar; the work has ended."""
    global _bar
    bar, _bar = _bar, None
    if bar is not None:
        try:
            bar.close()
        except Exception as error:
            warnings.warn(f"the progress bar could not be removed: {error}", stacklevel=2)
