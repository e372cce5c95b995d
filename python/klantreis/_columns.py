# SPDX-License-Identifier: MIT
"""Python lists, NumPy arrays and pandas columns as Arrow columns, without pyarrow."""

from __future__ import annotations

import datetime
import decimal
import math
import sys
from array import array
from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._core import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_UNITS = {"s": "s", "ms": "m", "us": "u", "ns": "n"}
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MICROSECOND = datetime.timedelta(microseconds=1)


def from_mapping(source: Mapping[str, Any], names: Iterable[str]) -> _core.Columns:
    """Copy the named columns of a mapping of columns."""
    columns = _core.Columns()
    for name in names:
        add(columns, name, source[name])
    return columns


def add(columns: _core.Columns, name: str, values: Any) -> None:
    """Add a list, a NumPy array or a column of a frame."""
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        raise InputError(f"column {name!r} is {type(values).__name__}; pass a list or an array with one value per row")
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(values, (pandas.Series, pandas.Index)):
        _add_pandas(columns, name, values)
    elif hasattr(values, "__array_interface__"):
        _add_numpy(columns, name, values)
    elif isinstance(values, (array, memoryview)):
        columns.add_numbers(name, values)
    else:
        _add_objects(columns, name, list(values))


def _add_pandas(columns: _core.Columns, name: str, series: Any) -> None:
    import pandas as pd

    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        texts = [value if isinstance(value, str) else str(value) for value in dtype.categories]
        codes = series.array.codes if hasattr(series.array, "codes") else series.cat.codes.to_numpy()
        columns.add_dictionary(name, codes, texts)
    elif isinstance(dtype, pd.DatetimeTZDtype):
        naive = series.array.tz_convert("UTC").tz_localize(None)
        _add_numpy(columns, name, naive.to_numpy(), instants=True)
    elif getattr(dtype, "na_value", None) is pd.NA and getattr(dtype, "kind", "O") in "iufb":
        missing = series.isna().to_numpy(dtype=bool)
        filled = series.array.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.type(0))
        columns.add_numbers(name, filled, missing if missing.any() else None)
    elif getattr(dtype, "kind", "O") in "iufbmM" and hasattr(dtype, "itemsize"):
        _add_numpy(columns, name, series.to_numpy())
    else:
        _add_objects(columns, name, series.to_numpy(dtype=object).tolist())


def _add_numpy(columns: _core.Columns, name: str, values: Any, *, instants: bool = False) -> None:
    import numpy as np

    values = np.asarray(values)
    if values.ndim != 1:
        raise InputError(f"column {name!r} has {values.ndim} dimensions; pass one value per row")
    kind = values.dtype.kind
    if kind == "M":
        unit = np.datetime_data(values.dtype)[0]
        if unit not in _UNITS:
            unit = "s"
            values = values.astype("datetime64[s]")
        # Numbers such as datetime64[10s] count tens of seconds.
        if np.datetime_data(values.dtype)[1] != 1:
            values = values.astype(f"datetime64[{unit}]")
        ticks: Any = np.ascontiguousarray(values).view(np.int64)
        columns.add_timestamps(name, ticks, _UNITS[unit], instants)
    elif kind in "iub":
        columns.add_numbers(name, values.astype(values.dtype.newbyteorder("="), copy=False))
    elif kind == "f":
        # pandas writes a missing number as NaN.
        floats = values.astype(np.float64, copy=False)
        missing = np.isnan(floats)
        columns.add_numbers(name, floats, missing if missing.any() else None)
    elif kind in "UOT":
        _add_objects(columns, name, values.tolist())
    else:
        raise InputError(f"column {name!r} holds {values.dtype}; make it text, numbers or datetimes")


# Types whose values are all there and all alike.
_QUICK: dict[type, str] = {str: "text", int: "integer", bool: "integer"}


def _is_missing(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    return type(value).__name__ in ("NAType", "NaTType")


def _add_objects(columns: _core.Columns, name: str, values: list[Any]) -> None:
    """Find the one type of the values that are there, and add them under it."""
    family = ""
    for row, value in enumerate(values):
        kind = type(value)
        found = _QUICK[kind] if kind in _QUICK else "" if _is_missing(value) else _family(name, row, value)
        if found in ("", family):
            continue
        if not family:
            family = found
        elif {family, found} == {"integer", "number"}:
            family = "number"
        else:
            raise InputError(
                f"row {row} (counted from 0) of column {name!r} is {kind.__name__} {_short(value)}, rows before it are "
                f"of another type ({family}); make the column one type"
            )
    _ADDERS[family](columns, name, values)


def _family(name: str, row: int, value: Any) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, datetime.datetime):
        return "time without zone" if value.tzinfo is None else "time"
    if isinstance(value, datetime.date):
        return "date"
    if hasattr(value, "__index__"):  # int, bool and whole numbers of NumPy
        return "integer"
    if type(value).__module__ == "numpy" and type(value).__name__ in ("bool", "bool_"):
        return "integer"
    if isinstance(value, (float, decimal.Decimal)) or hasattr(value, "__float__"):
        return "number"
    raise InputError(
        f"row {row} (counted from 0) of column {name!r} is {type(value).__name__} {_short(value)}; "
        "make it text, a number or a datetime"
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _add_missing(columns: _core.Columns, name: str, values: list[Any]) -> None:
    columns.add_nulls(name, len(values))


def _add_texts(columns: _core.Columns, name: str, values: list[Any]) -> None:
    columns.add_texts(name, [None if _is_missing(value) else value for value in values])


def _mask(values: list[Any]) -> array[int] | None:
    mask = array("b", (_is_missing(value) for value in values))
    return mask if any(mask) else None


def _add_integers(columns: _core.Columns, name: str, values: list[Any]) -> None:
    whole = [0 if _is_missing(value) else int(value) for value in values]
    unsigned = bool(whole) and min(whole) >= 0 and max(whole) >= 2**63
    try:
        numbers = array("Q" if unsigned else "q", whole)
    except OverflowError:
        row = next(row for row, value in enumerate(whole) if not -(2**63) <= value < (2**64 if unsigned else 2**63))
        raise InputError(
            f"row {row} (counted from 0) of column {name!r} is {_short(whole[row])}, which does not fit 64 bits; "
            "make the column text"
        ) from None
    columns.add_numbers(name, numbers, _mask(values))


def _add_numbers(columns: _core.Columns, name: str, values: list[Any]) -> None:
    columns.add_numbers(
        name, array("d", (0.0 if _is_missing(value) else float(value) for value in values)), _mask(values)
    )


def _add_times(columns: _core.Columns, name: str, values: list[Any], *, instants: bool = True) -> None:
    ticks = array("q", bytes(8 * len(values)))
    for row, value in enumerate(values):
        if _is_missing(value):
            ticks[row] = -(2**63)
        else:
            aware = value if instants else value.replace(tzinfo=datetime.timezone.utc)
            ticks[row] = (aware - _EPOCH) // _MICROSECOND
    columns.add_timestamps(name, ticks, "u", instants)


def _add_naive_times(columns: _core.Columns, name: str, values: list[Any]) -> None:
    _add_times(columns, name, values, instants=False)


def _add_dates(columns: _core.Columns, name: str, values: list[Any]) -> None:
    midnight = datetime.time()
    days = [None if _is_missing(value) else datetime.datetime.combine(value, midnight) for value in values]
    _add_times(columns, name, days, instants=False)


_ADDERS = {
    "": _add_missing,
    "text": _add_texts,
    "integer": _add_integers,
    "number": _add_numbers,
    "time": _add_times,
    "time without zone": _add_naive_times,
    "date": _add_dates,
}
