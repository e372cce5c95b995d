# SPDX-License-Identifier: MIT
"""The functions of ChannelAttribution 2.2: the same arguments, columns and order of rows, with exact numbers.

Change one line, and go on::

    import klantreis.compat.channelattribution as ChannelAttribution

What differs:

- The Markov model is solved, not simulated, so results are equal on every run. The arguments of the simulation
  (``nsim_start, max_step, ncore, nfold, seed, conv_par, rate_step_sim``) are accepted and change nothing; one that is
  given says so in a warning.
- Fractional conversions count as they are; ChannelAttribution cuts them to whole numbers.
- A path that is missing stops with an error that names the row. A conversion on an empty path is the row
  ``(unattributed)``.
- A state without any journey has no row in ``transition_matrix``, instead of infinite probabilities.
- ``choose_order`` draws a picture when ``plot=True`` and plotly is installed.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._arguments import whole_number
from klantreis._attribution import attribute
from klantreis._core import InputError
from klantreis._read import read_paths

if TYPE_CHECKING:
    import pandas

    from klantreis._paths import Paths
    from klantreis._table import Table

__all__ = ["auto_markov_model", "choose_order", "heuristic_models", "markov_model", "transition_matrix"]

_START, _CONVERSION, _NULL = "(start)", "(conversion)", "(null)"
_SIMULATION = {
    "nsim_start": 1e5,
    "max_step": None,
    "ncore": 1,
    "nfold": 10,
    "seed": 0,
    "conv_par": 0.05,
    "rate_step_sim": 1.5,
}


def _frame(columns: dict[str, list[Any]]) -> pandas.DataFrame:
    try:
        import pandas as pd
    except ImportError as error:  # pragma: no cover
        raise ImportError("the functions of ChannelAttribution return data frames; install pandas") from error
    return pd.DataFrame(columns)


def _note_simulation(given: dict[str, Any]) -> None:
    changed = [name for name, value in given.items() if value != _SIMULATION[name]]
    if changed:
        warnings.warn(
            f"{', '.join(changed)} belong to the simulation of ChannelAttribution; here the model is solved, and they "
            "change nothing",
            UserWarning,
            stacklevel=3,
        )


def _read(data: Any, path: str, conversions: str, value: str | None, null: str | None, sep: str) -> Paths:
    if null is None and hasattr(data, "loc") and conversions in data:
        # Rows without a conversion are nothing then, not even a first appearance.
        data = data.loc[~(data[conversions] == 0)]
    return read_paths(data, path=path, conversions=conversions, value=value, nulls=null, sep=sep)


def _in_order(found: Table, paths: Paths) -> list[dict[str, Any]]:
    """The rows of credit by first appearance of the channel; ``(unattributed)`` last."""
    rows = {row[found.columns[0]]: row for row in found.to_dicts()}
    return [rows[name] for name in [*paths.items, "(unattributed)"] if name in rows]


def heuristic_models(
    Data: Any,  # noqa: N803
    var_path: str,
    var_conv: str,
    var_value: str | None = None,
    sep: str = ">",
    flg_pro: bool = True,
) -> pandas.DataFrame:
    """Credit of the first touch, the last touch and all touches in equal parts.

    Parameters
    ----------
    Data
        A data frame, one row per path.
    var_path, var_conv, var_value
        The columns with the path, the number of conversions and their value.
    sep
        The character between two channels.
    flg_pro
        Accepted; it switches an advertisement of ChannelAttribution.

    Returns
    -------
    pandas.DataFrame
        ``channel_name, first_touch, last_touch, linear_touch``; with a value ``first_touch_conversions,
        first_touch_value`` and so on. Channels in the order of first appearance.

    Examples
    --------
    >>> import klantreis.compat.channelattribution as ca
    >>> data = {"path": ["a > b", "b"], "conv": [2, 1]}
    >>> ca.heuristic_models(data, "path", "conv").values.tolist()
    [['a', 2.0, 0.0, 1.0], ['b', 1.0, 3.0, 2.0]]
    """
    del flg_pro
    paths = read_paths(Data, path=var_path, conversions=var_conv, value=var_value, sep=sep)
    columns: dict[str, list[Any]] = {}
    for model, name in (("first_touch", "first_touch"), ("last_touch", "last_touch"), ("linear", "linear_touch")):
        rows = _in_order(attribute(paths, model=model, intervals=False), paths)  # type: ignore[arg-type]
        columns["channel_name"] = [row["touchpoint"] for row in rows]
        columns[name if var_value is None else f"{name}_conversions"] = [row["credit"] for row in rows]
        if var_value is not None:
            columns[f"{name}_value"] = [row["credit_value"] for row in rows]
    return _frame(columns)


def markov_model(
    Data: Any,  # noqa: N803
    var_path: str,
    var_conv: str,
    var_value: str | None = None,
    var_null: str | None = None,
    order: int = 1,
    nsim_start: float = 1e5,
    max_step: int | None = None,
    out_more: bool = False,
    sep: str = ">",
    ncore: int = 1,
    nfold: int = 10,
    seed: int = 0,
    conv_par: float = 0.05,
    rate_step_sim: float = 1.5,
    verbose: bool = True,
    flg_pro: bool = True,
) -> pandas.DataFrame | dict[str, pandas.DataFrame]:
    """Credit by removal effects in the Markov chain of some order.

    Parameters
    ----------
    Data, var_path, var_conv, var_value, sep, flg_pro
        As for :func:`heuristic_models`.
    var_null
        The column with the number of journeys that did not convert. Without it, every journey converts.
    order
        How many past channels the next step depends on.
    out_more
        True adds the transition matrix and the removal effects.
    nsim_start, max_step, ncore, nfold, seed, conv_par, rate_step_sim, verbose
        Accepted; they belong to the simulation, and here the model is solved.

    Returns
    -------
    pandas.DataFrame or dict
        ``channel_name, total_conversions`` and, with a value, ``total_conversion_value``; channels in the order of
        first appearance. With ``out_more`` a dict of ``result``, ``transition_matrix`` and ``removal_effects``.

    Examples
    --------
    >>> import klantreis.compat.channelattribution as ca
    >>> data = {"path": ["c1 > c2 > c3", "c1", "c2 > c3"], "conv": [1, 0, 0], "null": [0, 1, 1]}
    >>> found = ca.markov_model(data, "path", "conv", var_null="null")
    >>> found.round(6).values.tolist()
    [['c1', 0.2], ['c2', 0.4], ['c3', 0.4]]
    """
    del verbose, flg_pro
    _note_simulation(
        {
            "nsim_start": nsim_start,
            "max_step": max_step,
            "ncore": ncore,
            "nfold": nfold,
            "seed": seed,
            "conv_par": conv_par,
            "rate_step_sim": rate_step_sim,
        }
    )
    paths = _read(Data, var_path, var_conv, var_value, var_null, sep)
    rows = _in_order(attribute(paths, model="markov", order=order, intervals=False), paths)
    columns: dict[str, list[Any]] = {
        "channel_name": [row["touchpoint"] for row in rows],
        "total_conversions": [row["credit"] for row in rows],
    }
    if var_value is not None:
        columns["total_conversion_value"] = [row["credit_value"] for row in rows]
    result = _frame(columns)
    if not out_more:
        return result
    effects = [row for row in rows if row["touchpoint"] != "(unattributed)"]
    removal = {
        "channel_name": [row["touchpoint"] for row in effects],
        "removal_effects_conversion": [row["removal_effect"] for row in effects],
    }
    if var_value is not None:
        removal["removal_effects_conversion_value"] = [row["removal_effect_value"] for row in effects]
    counts, _ = _transitions(paths, order, keep_equal=False)
    return {
        "result": result,
        "transition_matrix": _frame(_matrix(counts, lambda state: " > ".join(state))),
        "removal_effects": _frame(removal),
    }


State = tuple[str, ...]


def _transitions(
    paths: Paths, order: int, *, keep_equal: bool
) -> tuple[dict[State | str, dict[State | str, float]], list[str]]:
    """Counts of the steps between windows of channels, and the channels; both in the order of first appearance."""
    order = whole_number(order, "order", 1)
    counts: dict[State | str, dict[State | str, float]] = {_START: {}}
    channels: dict[str, None] = {}
    for items, conversions, nulls in paths._handle.rows():
        weight = conversions + nulls
        if weight == 0:
            continue
        channels.update(dict.fromkeys(items))
        windows: list[State | str] = [
            tuple(items[i : i + order]) for i in range(max(1, len(items) - order + 1)) if items
        ]
        before: State | str = _START
        for window in windows:
            if keep_equal or window != before:
                row = counts.setdefault(before, {})
                row[window] = row.get(window, 0.0) + weight
            before = window
        row = counts.setdefault(before, {})
        for end, count in ((_CONVERSION, conversions), (_NULL, nulls)):
            if count > 0:
                row[end] = row.get(end, 0.0) + count
    return counts, list(channels)


def _matrix(counts: dict[State | str, dict[State | str, float]], name: Any) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {"channel_from": [], "channel_to": [], "transition_probability": []}
    for state, row in counts.items():
        total = sum(row.values())
        for target, count in row.items():
            columns["channel_from"].append(state if isinstance(state, str) else name(state))
            columns["channel_to"].append(target if isinstance(target, str) else name(target))
            columns["transition_probability"].append(count / total)
    return columns


def transition_matrix(
    Data: Any,  # noqa: N803
    var_path: str,
    var_conv: str,
    var_null: str | None = None,
    order: int = 1,
    sep: str = ">",
    flg_equal: bool = True,
) -> dict[str, pandas.DataFrame]:
    """Transition probabilities between the states of the chain.

    Parameters
    ----------
    Data, var_path, var_conv, var_null, order, sep
        As for :func:`markov_model`.
    flg_equal
        True keeps steps from a state to itself; :func:`markov_model` leaves them out.

    Returns
    -------
    dict
        ``channels`` with ``id_channel, channel_name``, and ``transition_matrix`` with ``channel_from, channel_to,
        transition_probability``, in which channels are ids; a window of several has commas between them.

    Examples
    --------
    >>> import klantreis.compat.channelattribution as ca
    >>> data = {"path": ["a > b", "b"], "conv": [2, 1], "null": [1, 0]}
    >>> ca.transition_matrix(data, "path", "conv", "null")["transition_matrix"].values.tolist()[:3]
    [['(start)', '1', 0.75], ['(start)', '2', 0.25], ['1', '2', 1.0]]
    """
    paths = _read(Data, var_path, var_conv, None, var_null, sep)
    counts, channels = _transitions(paths, order, keep_equal=flg_equal)
    number = {name: str(i) for i, name in enumerate(channels, start=1)}
    of_channel = {name: i for i, name in enumerate(channels)}
    ordered: dict[State | str, dict[State | str, float]] = {_START: counts.pop(_START)}
    if order == 1:
        ordered |= dict(sorted(counts.items(), key=lambda row: of_channel[row[0][0]]))
    else:
        ordered |= counts
    return {
        "channels": _frame({"id_channel": list(number.values()), "channel_name": list(number)}),
        "transition_matrix": _frame(_matrix(ordered, lambda state: ",".join(number[name] for name in state))),
    }


def choose_order(
    Data: Any,  # noqa: N803
    var_path: str,
    var_conv: str,
    var_null: str,
    max_order: int = 10,
    sep: str = ">",
    ncore: int = 1,
    roc_npt: int = 100,
    plot: bool = True,
    flg_pro: bool = True,
) -> dict[str, Any]:
    """Choose an order by the penalised in-sample AUC.

    Journeys are scored by the conversion rate of the state in which they end. This criterion grows with the order by
    construction; :func:`klantreis.select_order` compares orders on customers they have not seen.

    Parameters
    ----------
    Data, var_path, var_conv, var_null, sep, ncore, flg_pro
        As for :func:`markov_model`.
    max_order
        Orders 1 to this one are compared; those with as many states as journeys are left out.
    roc_npt
        Number of thresholds of the curve.
    plot
        True draws the penalised AUC, where plotly is installed.

    Returns
    -------
    dict
        ``auc`` with ``order, auc, pauc``; ``roc``, for each order ``tpr, fpr``; ``suggested_order``.

    Examples
    --------
    >>> import klantreis.compat.channelattribution as ca
    >>> data = {"path": ["a > b", "b > a", "a"], "conv": [40, 2, 5], "null": [10, 30, 20]}
    >>> ca.choose_order(data, "path", "conv", "null", max_order=2, plot=False)["suggested_order"]
    2
    """
    del ncore, flg_pro
    paths = _read(Data, var_path, var_conv, None, var_null, sep)
    auc: dict[str, list[Any]] = {"order": [], "auc": [], "pauc": []}
    roc: dict[int, Any] = {}
    for order in range(1, whole_number(max_order, "max_order", 1) + 1):
        curve = _core.in_sample_roc(paths._handle, order=order, points=whole_number(roc_npt, "roc_npt", 2))
        if curve.rows == 0:
            continue
        options = dict(curve.options)
        auc["order"].append(order)
        auc["auc"].append(float(options["auc"]))
        auc["pauc"].append(float(options["pauc"]))
        roc[order] = _frame({"tpr": list(curve.column("tpr")), "fpr": list(curve.column("fpr"))})
    if not auc["order"]:
        raise InputError(
            "no order has fewer states than there are journeys, or only one outcome occurs; give more data"
        )
    best = max(range(len(auc["order"])), key=lambda i: (auc["pauc"][i], -auc["order"][i]))
    if plot:
        _plot_auc(auc)
    return {"auc": _frame(auc), "roc": roc, "suggested_order": auc["order"][best]}


def _plot_auc(auc: dict[str, list[Any]]) -> None:
    try:
        import plotly.graph_objects as go
    except ImportError:
        return
    figure = go.Figure(go.Scatter(x=auc["order"], y=auc["pauc"], mode="lines+markers"))
    figure.update_layout(xaxis_title="order", yaxis_title="penalised AUC")
    try:
        from IPython import get_ipython
    except ImportError:
        return
    if get_ipython() is not None:
        figure.show()


def auto_markov_model(
    Data: Any,  # noqa: N803
    var_path: str,
    var_conv: str,
    var_null: str,
    var_value: str | None = None,
    max_order: int = 10,
    roc_npt: int = 100,
    plot: bool = False,
    nsim_start: float = 1e5,
    max_step: int | None = None,
    out_more: bool = False,
    sep: str = ">",
    ncore: int = 1,
    nfold: int = 10,
    seed: int = 0,
    conv_par: float = 0.05,
    rate_step_sim: float = 1.5,
    verbose: bool = True,
    flg_pro: bool = True,
) -> pandas.DataFrame | dict[str, pandas.DataFrame]:
    """Choose an order, then credit by the Markov chain of that order.

    Parameters
    ----------
    Data, var_path, var_conv, var_null, max_order, roc_npt, plot
        As for :func:`choose_order`.
    var_value, nsim_start, max_step, out_more, sep, ncore, nfold, seed, conv_par, rate_step_sim, verbose, flg_pro
        As for :func:`markov_model`.

    Returns
    -------
    pandas.DataFrame or dict
        As :func:`markov_model`.

    Examples
    --------
    >>> import klantreis.compat.channelattribution as ca
    >>> data = {"path": ["a > b", "b > a", "a"], "conv": [40, 2, 5], "null": [10, 30, 20]}
    >>> ca.auto_markov_model(data, "path", "conv", "null", max_order=2)["channel_name"].tolist()
    ['a', 'b']
    """
    best = choose_order(Data, var_path, var_conv, var_null, max_order=max_order, sep=sep, roc_npt=roc_npt, plot=plot)[
        "suggested_order"
    ]
    return markov_model(
        Data,
        var_path,
        var_conv,
        var_value=var_value,
        var_null=var_null,
        order=best,
        nsim_start=nsim_start,
        max_step=max_step,
        out_more=out_more,
        sep=sep,
        ncore=ncore,
        nfold=nfold,
        seed=seed,
        conv_par=conv_par,
        rate_step_sim=rate_step_sim,
        verbose=verbose,
        flg_pro=flg_pro,
    )
