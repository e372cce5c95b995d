# SPDX-License-Identifier: MIT
"""The report: one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from klantreis._arguments import require_journeys, whole_number
from klantreis._core import InputError
from klantreis._files import require_folder, write_whole
from klantreis._journeys import Journeys

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from klantreis._duration import InstantLike
    from klantreis._map import JourneyMap

__all__ = ["render", "report"]


def report(
    journeys: Journeys,
    *,
    to: str | os.PathLike[str] = "report.html",
    title: str | None = None,
    steps: Sequence[str | Sequence[str]] | None = None,
    by: str | None = None,
    earlier: Journeys | None = None,
    since: InstantLike | None = None,
    audience: str | None = None,
    owner: str | None = None,
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
    earlier
        Journeys of an earlier period, with which the figures are compared.
    since
        In place of ``earlier``: what began at this instant or later is compared with what began before. Default: the
        middle of the log, where journeys have an ``inactivity``.
    audience, owner
        For whom the report is, by the map: an audience of its ``sharing``, or an owner of touchpoints. Journey map,
        what to fix and where they leave then hold what that reader works with; the other sections stay whole.
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
    >>> file.name, file.stat().st_size < 250_000
    ('report.html', True)
    >>> folder.cleanup()
    """
    require_journeys(journeys, "report")
    target = Path(to)
    require_folder(target)
    if target.is_dir():
        raise InputError(f"{str(target)!r} is a folder; name a file in it, such as {str(target / 'report.html')!r}")
    if earlier is not None:
        require_journeys(earlier, "report")
        if since is not None:
            raise InputError("both earlier and since say what to compare with; give one of them")
    if (audience is not None or owner is not None) and journeys.log.map is None:
        raise InputError("audience and owner are names of a journey map; read the log with map=")
    if by is not None and by not in journeys.log.labels:
        raise InputError(f"by is {by!r}; the log has {', '.join(map(repr, journeys.log.labels))}")
    if min_group is not None:
        min_group = whole_number(min_group, "min_group", 1)
    # Templates take time to load, which `import klantreis` must not.
    from klantreis._report.page import page

    text = page(
        journeys,
        title=title,
        steps=steps,
        by=by,
        min_group=min_group,
        language=language,
        earlier=earlier,
        since=since,
        audience=audience,
        owner=owner,
    )
    write_whole(target, text)
    return target


def render(
    source: Journeys | JourneyMap,
    *,
    to: str | os.PathLike[str],
    map: JourneyMap | None = None,
    level: str | None = None,
    audience: str | None = None,
    owner: str | None = None,
    language: str | None = None,
    min_group: int | None = None,
    touchpoints: int = 12,
) -> Path:
    """Draw a journey map, as it was designed or with what was measured, to a file.

    Parameters
    ----------
    source
        The map, or journeys of a log that was read with one.
    to
        The file to write: ``.svg`` is one picture, ``.html`` a page that also suits a phone and paper. Neither needs
        the network or names a customer.
    map
        Another map to draw the journeys on.
    level
        A level to which phases roll up, such as ``"p6"``; for HTML.
    audience, owner
        Only the part that this audience of the map's ``sharing``, or this owner of touchpoints, works with.
    language
        Of the words around the map: ``"en"`` or ``"nl"``. Default: that of the map where it is one of them.
    min_group
        Leave out figures of fewer customers.
    touchpoints
        So many are shown in a phase, those with most customers; the rest is counted.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        When there is no map, the audience is unknown, or the file cannot be written.

    Examples
    --------
    >>> import klantreis as kr, pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> kr.render(kr.template("5"), to=pathlib.Path(folder.name) / "map.svg").name
    'map.svg'
    >>> folder.cleanup()
    """
    # Words and templates take time to load, which `import klantreis` must not.
    from klantreis._report.map_page import write_map

    return write_map(
        source,
        to,
        map=map,
        level=level,
        audience=audience,
        owner=owner,
        language=language,
        min_group=min_group,
        touchpoints=touchpoints,
    )
