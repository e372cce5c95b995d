# SPDX-License-Identifier: MIT
"""Credit that agrees with experiments."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping


def calibrate(found: Table, *, lift: Mapping[str, float | tuple[float, float]], level: float = 0.95) -> Table:
    """Scale credit to what lift tests have measured.

    Parameters
    ----------
    found
        Credit, from :func:`klantreis.attribute`.
    lift
        For the items that were tested, the conversions that came because of them over the same time and customers,
        with the standard error where there is one: ``{"search": (120.0, 30.0)}``.
    level
        The coverage of the intervals.

    Returns
    -------
    Table
        The item, ``credit``, ``measured`` and ``factor`` (measured / credit) where tested, and ``calibrated`` with
        bounds: what was measured where tested; else credit times the factor of all tested items together. The last row,
        ``(baseline)``, are the conversions that are left: those that would have come anyway.

    Notes
    -----
    Credit says how conversions are shared out, a test what an item causes. The factor of items without a test is
    borrowed, an assumption that only tests of them can check; their interval is that of the pooled factor.

    Examples
    --------
    >>> import klantreis as kr
    >>> paths = kr.read_paths({"path": ["ad > mail", "mail"], "total_conversions": [40, 60]})
    >>> credit = kr.attribute(paths, model="linear")
    >>> [(row["touchpoint"], row["calibrated"]) for row in kr.calibrate(credit, lift={"mail": (40, 8)})]
    [('mail', 40.0), ('ad', 10.0), ('(baseline)', 50.0)]
    """
    from statistics import NormalDist

    if not isinstance(found, Table) or "credit" not in found.columns:
        raise _core.InputError("calibrate takes the result of klantreis.attribute")
    item = found.columns[0]
    credit = {name: value for name, value in zip(found[item], found["credit"], strict=True) if name != "(unattributed)"}
    measured: dict[str, tuple[float, float | None]] = {}
    for name, given in lift.items():
        number, error = (given[0], given[1]) if isinstance(given, (tuple, list)) else (given, None)
        if name not in credit:
            raise _core.InputError(f"lift names {name!r}, which has no credit; check its name")
        if not math.isfinite(number) or (error is not None and not (math.isfinite(error) and error >= 0)):
            raise _core.InputError(
                f"the lift of {name!r} is {given!r}; give a number, or a number and its standard error"
            )
        measured[name] = (float(number), None if error is None else float(error))
    tested_credit = sum(credit[name] or 0.0 for name in measured)
    if not measured or tested_credit <= 0:
        raise _core.InputError("lift needs at least one tested item that has credit")
    pooled = sum(number for number, _ in measured.values()) / tested_credit
    errors = [error for _, error in measured.values()]
    known = [error for error in errors if error is not None]
    pooled_error = math.sqrt(sum(e * e for e in known)) / tested_credit if len(known) == len(errors) else None
    z = NormalDist().inv_cdf((1 + level) / 2)
    columns: dict[str, list[Any]] = {
        name: []
        for name in (item, "credit", "measured", "factor", "calibrated", "calibrated_lower", "calibrated_upper")
    }
    total = 0.0
    for name, own in credit.items():
        own = own or 0.0
        tested: float | None = None
        width = None if pooled_error is None else own * pooled_error
        if name in measured:
            tested, width = measured[name]
        value = own * pooled if tested is None else tested
        row = (
            name,
            own,
            tested,
            None if tested is None or own == 0 else tested / own,
            value,
            None if width is None else value - z * width,
            None if width is None else value + z * width,
        )
        for column, cell in zip(columns, row, strict=True):
            columns[column].append(cell)
        total += value
    everything = sum(value or 0.0 for value in found["credit"])
    for column, cell in zip(columns, ("(baseline)", None, None, None, everything - total, None, None), strict=True):
        columns[column].append(cell)
    return Table.from_columns(
        columns,
        definition="Credit scaled to lift tests: what was measured where an item was tested, else credit times the "
        "factor of all tested items together; (baseline) is what is left of the conversions.",
        options={**found.options, "tested": ", ".join(measured), "pooled_factor": pooled, "level": level},
        quantities=dict.fromkeys(("credit", "measured", "calibrated", "calibrated_lower", "calibrated_upper"), "count"),
    )
