# SPDX-License-Identifier: MIT
"""The report: one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from klantreis._arguments import require_journeys, whole_number
from klantreis._core import InputError
from klantreis._files import write_whole
from klantreis._journeys import Journeys
from klantreis._report.map_page import render

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

__all__ = ["render", "report"]


def report(
    journeys: Journeys,
    *,
    to: str | os.PathLike[str] = "report.html",
    title: str | None = None,
    steps: Sequence[str | Sequence[str]] | None = None,
    by: str | None = None,
    min_group: int | None = None,
    language: Literal["en", "nl"] = "en",
) -> Path:
    """Write a report of the journeys as one HTML file.

    The file works without network and without script, in light and dark, on paper and on a phone. Its tables are in it
    as CSV. It names no customer.

    Parameters
    ----------
    journeys
        The journeys, from :func:`klantreis.journeys`. Figures, flow and leaving are about whole journeys, which go on
        after a conversion; attribution and paths to a conversion end at it.
    to
        The file to write; a file of that name is replaced.
    title
        The title. Default: "The customer journey".
    steps
        The steps of the funnel. Default: the touchpoints that at least half of the converting customers met.
    by
        What flow, funnel, leaving, attribution and paths are made by. Default: the flow by ``phase`` and attribution by
        ``channel`` where the log has them, the rest by ``touchpoint``.
    min_group
        Leave out rows of fewer customers, before the report is shared. Default: show all.
    language
        ``"en"`` or ``"nl"``.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        When an option is unknown, a step or ``by`` is not in the log, or the file cannot be written.

    Notes
    -----
    A section without rows is left out; the section "Method" says which, and why.

    Examples
    --------
    >>> import klantreis as kr, pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = kr.report(kr.datasets.webshop().journeys(), to=pathlib.Path(folder.name) / "report.html")
    >>> file.name, file.stat().st_size < 400_000
    ('report.html', True)
    >>> folder.cleanup()
    """
    require_journeys(journeys, "report")
    target = Path(to)
    if not target.parent.is_dir():
        raise InputError(f"the folder of {str(target)!r} does not exist; make it first")
    if target.is_dir():
        raise InputError(f"{str(target)!r} is a folder; name a file in it, such as {str(target / 'report.html')!r}")
    if by is not None and by not in journeys.log.labels:
        raise InputError(f"by is {by!r}; the log has {', '.join(map(repr, journeys.log.labels))}")
    if min_group is not None:
        min_group = whole_number(min_group, "min_group", 1)
    # Templates take time to load, which `import klantreis` must not.
    from klantreis._report.page import page

    write_whole(target, page(journeys, title=title, steps=steps, by=by, min_group=min_group, language=language))
    return target
