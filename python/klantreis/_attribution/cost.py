# SPDX-License-Identifier: MIT
"""What credit costs: cost per conversion, value per cost, and what a shift of budget would do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._journeys import Journeys
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._paths import Paths

    Costs = Mapping[str, Any] | Iterable[Mapping[str, Any]] | str | Any


def _records(costs: Any, item: str) -> list[dict[str, Any]]:
    """Return a cost table of whatever kind as one mapping per row."""
    if isinstance(costs, Mapping) and "cost" in costs and not isinstance(costs["cost"], (int, float)):
        columns = {name: list(values) for name, values in costs.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if isinstance(costs, Mapping):
        return [{item: name, "cost": cost} for name, cost in costs.items()]
    for method in ("to_dicts", "to_pylist"):
        if hasattr(costs, method):
            return [dict(row) for row in getattr(costs, method)()]
    if hasattr(costs, "to_dict"):
        return [dict(row) for row in costs.to_dict(orient="records")]
    if isinstance(costs, Iterable):
        rows = list(costs)
        if all(isinstance(row, Mapping) for row in rows):
            return [dict(row) for row in rows]
    raise _core.InputError(
        f"cost is {type(costs).__name__}; give {{item: amount}}, a table with the columns {item!r} and 'cost', or "
        "'touches' for the cost column of the log"
    )


def costs_by_item(costs: Costs, item: str, journeys: Journeys | Paths) -> tuple[dict[str, float], list[str]]:
    """Return what each item cost in all, and the periods that were added up."""
    if isinstance(costs, str):
        if costs != "touches":
            raise _core.InputError(f"cost is {costs!r}; the only text it may be is 'touches'")
        if not isinstance(journeys, Journeys):
            raise _core.InputError("cost='touches' needs journeys; a path table has no costs of touches")
        found = Table(_core.touch_costs(journeys._handle, by=item))
        return dict(zip(found[item], found["cost"], strict=True)), []
    sums: dict[str, float] = {}
    periods: dict[str, None] = {}
    for number, row in enumerate(_records(costs, item)):
        name = row.get(item, row.get("item"))
        if name is None or "cost" not in row:
            raise _core.InputError(
                f"row {number} (counted from 0) of cost has the columns {', '.join(map(repr, row))}; it needs "
                f"{item!r} and 'cost'"
            )
        try:
            cost = float(row["cost"])
        except (TypeError, ValueError):
            cost = math.nan
        if not (math.isfinite(cost) and cost >= 0):
            raise _core.InputError(
                f"row {number} (counted from 0) of cost: the cost of {name!r} is {row['cost']!r}; it must be a number, "
                "0 or more"
            )
        sums[str(name)] = sums.get(str(name), 0.0) + cost
        if row.get("period") is not None:
            periods[str(row["period"])] = None
    return sums, sorted(periods)


def _ratio(above: float | None, below: float | None) -> float | None:
    return None if above is None or below is None or below == 0 else above / below


def with_costs(found: Table, costs: Costs, journeys: Journeys | Paths) -> Table:
    """Return credit with ``cost, cpa, roas`` and their bounds beside it.

    The cost is taken as known, so the bounds of cost / credit are the cost over the bounds of the credit.
    """
    item = found.columns[0]
    amounts, periods = costs_by_item(costs, item, journeys)
    missing = [name for name in amounts if name not in found[item]]
    if missing:
        raise _core.InputError(
            f"cost names {missing[0]!r}, which no settled journey touches; leave it out, or check its name"
        )
    columns: dict[str, list[Any]] = {name: found[name] for name in found.columns if name not in ("n", "marks")}
    cost = [amounts.get(name) for name in found[item]]
    columns["cost"] = cost
    columns["cpa"] = [_ratio(amount, credit) for amount, credit in zip(cost, found["credit"], strict=True)]
    columns["cpa_lower"] = [_ratio(a, c) for a, c in zip(cost, found["credit_upper"], strict=True)]
    columns["cpa_upper"] = [_ratio(a, c) for a, c in zip(cost, found["credit_lower"], strict=True)]
    if "credit_value" in found.columns:
        for end in ("", "_lower", "_upper"):
            values = found["credit_value" + end]
            columns["roas" + end] = [_ratio(value, a) for a, value in zip(cost, values, strict=True)]
    columns["n"], columns["marks"] = found["n"], found["marks"]
    quantities = {name: found.quantity(name) for name in found.columns}
    quantities |= {name: "amount" for name in columns if name.startswith(("cost", "cpa"))}
    options: dict[str, object] = dict(found.options)
    options["cost"] = "of touches" if isinstance(costs, str) else "given"
    if periods:
        options["cost_periods"] = periods[0] if len(periods) == 1 else f"{periods[0]} … {periods[-1]}"
    return Table.from_columns(
        columns,
        definition=found.definition + " cpa is cost per credited conversion, roas credited value per cost; the cost is "
        "taken as known, so the bounds are those of the credit.",
        options=options,
        quantities=quantities,
    )


def shift_budget(
    found: Table,
    *,
    source: str,
    target: str,
    amount: float,
    elasticity: float = 1.0,
) -> Table:
    """Say what moving budget from one item to another would do, under the assumptions of the credit.

    Parameters
    ----------
    found
        Credit with costs, from :func:`klantreis.attribute` with ``cost``.
    source, target
        The items that lose and gain.
    amount
        The amount to move, at most the cost of the source.
    elasticity
        How credit follows cost: credit grows as cost to this power. 1 is constant returns; 0.5, say, diminishing ones.

    Returns
    -------
    Table
        For the source, the target and ``(total)``: ``cost, cost_after, credit, credit_after, change`` and, where values
        exist, ``change_value``.

    Notes
    -----
    This is arithmetic on credit, not a forecast: it assumes that the credit of an item is caused by its cost, that it
    follows the cost as ``elasticity`` says, and that the other items do not react. Only an experiment can say whether
    that holds; see :func:`klantreis.calibrate`.

    Examples
    --------
    >>> import klantreis as kr
    >>> paths = kr.read_paths({"path": ["ad > mail", "mail"], "total_conversions": [4, 6]})
    >>> credit = kr.attribute(paths, model="linear", cost={"ad": 100, "mail": 50})
    >>> [(row["touchpoint"], round(row["change"], 3)) for row in
    ...  kr.shift_budget(credit, source="ad", target="mail", amount=10)]
    [('ad', -0.2), ('mail', 1.6), ('(total)', 1.4)]
    """
    if not isinstance(found, Table) or "cost" not in found.columns:
        raise _core.InputError("shift_budget takes the result of klantreis.attribute(..., cost=...), with its costs")
    item = found.columns[0]
    rows = {row[item]: row for row in found.to_dicts()}
    for name, argument in ((source, "source"), (target, "target")):
        if name not in rows or rows[name]["cost"] is None:
            raise _core.InputError(f"{argument} is {name!r}, which has no cost in the table; give one that has")
    if source == target:
        raise _core.InputError(f"source and target are both {source!r}; give two items")
    if not (math.isfinite(amount) and 0 < amount <= rows[source]["cost"]):
        raise _core.InputError(
            f"amount is {amount!r}; it must be above 0 and at most what {source!r} costs, {rows[source]['cost']:g}"
        )
    if not (math.isfinite(elasticity) and 0 < elasticity <= 1):
        raise _core.InputError(f"elasticity is {elasticity!r}; it must be above 0 and at most 1, constant returns")
    if rows[target]["cost"] == 0:
        raise _core.InputError(f"{target!r} costs nothing, so credit per cost has no meaning for it")
    valued = "credit_value" in found.columns
    columns: dict[str, list[Any]] = {
        name: [] for name in (item, "cost", "cost_after", "credit", "credit_after", "change")
    }
    values: list[float] = []
    for name, moved in ((source, -amount), (target, amount)):
        row = rows[name]
        factor = ((row["cost"] + moved) / row["cost"]) ** elasticity
        numbers = (name, row["cost"], row["cost"] + moved, row["credit"], row["credit"] * factor)
        for column, number in zip(columns, numbers, strict=False):
            columns[column].append(number)
        columns["change"].append(row["credit"] * (factor - 1))
        values.append(row["credit_value"] * (factor - 1) if valued else 0.0)
    columns[item].append("(total)")
    for column in list(columns)[1:]:
        columns[column].append(sum(columns[column]))
    if valued:
        columns["change_value"] = [*values, sum(values)]
    return Table.from_columns(
        columns,
        definition=f"What moving {amount:g} from {source} to {target} would do if the credit of an item were caused by "
        f"its cost and grew as cost to the power {elasticity:g}, and no other item reacted.",
        options={"source": source, "target": target, "amount": amount, "elasticity": elasticity},
        quantities=dict.fromkeys(("cost", "cost_after", "change_value"), "amount")
        | dict.fromkeys(("credit", "credit_after", "change"), "count"),
    )
