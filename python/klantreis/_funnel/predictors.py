# SPDX-License-Identifier: MIT
"""What goes with dropping off between two steps of a funnel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from klantreis import _core
from klantreis._arguments import whole_number
from klantreis._funnel.request import Steps, request, require_source
from klantreis._journeys import Journeys
from klantreis._log import Log
from klantreis._table import Table


def predictors(
    journeys: Journeys | Log,
    steps: Steps,
    *,
    from_step: int = 1,
    to_step: int | None = None,
    events: bool = True,
    previous: bool = True,
    attributes: str | Iterable[str] = (),
    **options: Any,
) -> Table:
    """Show what goes with dropping off between two steps, and what with going on.

    Parameters
    ----------
    journeys, steps
        As in :func:`klantreis.funnel`.
    from_step, to_step
        Of the customers who reached the one step, those who reached the other are converted, the rest is lost. Steps
        are counted from 1. Default: from the first to the last.
    events
        Try the events between the two steps, those that fill no step: for the lost, until the window ends.
    previous
        Try the event right before the first of the two steps; ``(start)`` where there is none.
    attributes
        Label columns to try, such as ``"channel"`` or ``["device", "country"]``: their value at the event that filled
        the first of the two steps.
    options
        The options of :func:`klantreis.funnel`.

    Returns
    -------
    Table
        One row for each kind and name, smallest p first: ``kind, name, converted_with, lost_with, converted_without,
        lost_without, conversion_with, conversion_without, odds_ratio, lower, upper, p_holm, p_bh, p, n, marks``. Below
        1 the odds ratio says that it goes with dropping off. Rows of few customers are marked, not hidden.

    Notes
    -----
    The odds ratio is that of PostHog, ``(s + 1)(F − f + 1) / ((S − s + 1)(f + 1))`` with s of S converted and f of F
    lost customers who have it; its interval is Woolf's on those cells. p is Fisher's exact test, two-sided. ``p_holm``
    keeps the chance of any false alarm over all rows of the table, ``p_bh`` (Benjamini and Hochberg) the expected share
    of false ones among the findings. Association is not effect: only an experiment tells what a change would do.

    Examples
    --------
    >>> import klantreis as kr
    >>> rows = [(c, day, name) for c in range(40) for day, name in [(1, "view"), (2, "error" if c < 20 else "help"),
    ...         (3, "order" if c % 20 >= (16 if c < 20 else 4) else "view")]]
    >>> log = kr.read({"customer_id": [r[0] for r in rows], "timestamp": [f"2024-03-0{r[1]}" for r in rows],
    ...                "touchpoint": [r[2] for r in rows]})
    >>> found = kr.predictors(log, ["view", "order"], previous=False)
    >>> row = found.to_dicts()[0]
    >>> row["kind"], row["name"], row["converted_with"], row["lost_with"], round(row["odds_ratio"], 2)
    ('event', 'error', 4, 16, 0.09)
    """
    source = require_source(journeys, "predictors")
    return Table(
        _core.predictors(
            source._handle,
            request(steps, **options),
            whole_number(from_step, "from_step", 1),
            0 if to_step is None else whole_number(to_step, "to_step", 1),
            bool(events),
            bool(previous),
            [attributes] if isinstance(attributes, str) else list(attributes),
        )
    )
