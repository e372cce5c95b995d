# SPDX-License-Identifier: MIT
"""How numbers are written for people."""

from __future__ import annotations

import datetime
import math

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"

_UNITS = (("days", 86_400.0), ("h", 3_600.0), ("min", 60.0), ("s", 1.0), ("ms", 0.001))
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def _signed(text: str) -> str:
    """Give a number its true minus; what rounds to zero has no sign."""
    if not text.startswith("-"):
        return text
    digits = text[1:]
    return MINUS + digits if digits.strip("0.,%") else digits


def count(value: float) -> str:
    """Write a number of things: ``20,184``.

    >>> count(-20184)
    '−20,184'
    """
    return _signed(f"{value:,.0f}")


def share(value: float) -> str:
    """Write a part of a whole: ``19.8%``.

    >>> share(0.1984)
    '19.8%'
    """
    return _signed(f"{value * 100:,.1f}%")


def amount(value: float) -> str:
    """Write a sum of value or cost, with cents only below a thousand.

    >>> amount(1234567.8), amount(12.5)
    ('1,234,568', '12.50')
    """
    return _signed(f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}")


def number(value: float) -> str:
    """Write a number without unit with four digits that count.

    >>> number(0.123456), number(12345.678), number(3.0)
    ('0.1235', '12,346', '3')
    """
    if not math.isfinite(value):
        return _signed(str(value))
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if exponent < -4 or exponent > 14:
        return _signed(f"{value:.3e}")
    text = f"{value:,.{max(0, 3 - exponent)}f}"
    return _signed(text.rstrip("0").rstrip(".") if "." in text else text)


def unit_of(seconds: float) -> tuple[str, float]:
    """Return the unit, and its seconds, in which a duration is a number from 1 to 99 where there is one."""
    for unit in _UNITS:
        # What rounds up to the next unit belongs to it: 59.96 s is one minute.
        if abs(seconds) >= unit[1] * 0.9995:
            return unit
    return _UNITS[-1] if seconds else _UNITS[3]


def _digits(value: float) -> str:
    text = f"{value:.1f}" if abs(value) < 9.95 else f"{value:,.0f}"
    return _signed(text.removesuffix(".0"))


def seconds(value: float) -> str:
    """Write a length of time in the unit that gives 1 to 99.

    >>> seconds(360), seconds(32_760), seconds(120_960)
    ('6 min', '9.1 h', '1.4 days')
    """
    unit, length = unit_of(value)
    text = _digits(value / length)
    return f"{text} {'day' if unit == 'days' and text == '1' else unit}"


def moment(microseconds: int) -> str:
    """Write an instant in UTC.

    >>> moment(1_700_000_000_000_000)
    '2023-11-14 22:13:20'
    """
    try:
        instant = _EPOCH + datetime.timedelta(microseconds=microseconds)
    except OverflowError:  # outside the years 1 to 9999
        return f"{microseconds} µs"
    return instant.strftime("%Y-%m-%d %H:%M:%S").removesuffix(" 00:00:00")


def cell(value: object, quantity: str) -> str:
    """Write one value of a table."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return count(int(value)) if quantity == "figure" and value.isascii() and value.isdigit() else value
    if isinstance(value, datetime.datetime):
        return moment((value - _EPOCH) // datetime.timedelta(microseconds=1))
    if not isinstance(value, (int, float)):
        return str(value)
    if quantity == "moment":
        return moment(int(value))
    if not math.isfinite(value):
        return number(value)
    if quantity == "plain":
        return _signed(str(value)) if isinstance(value, int) else number(value)
    if quantity == "count" and isinstance(value, float) and not value.is_integer():
        return number(value)
    return {"count": count, "share": share, "seconds": seconds, "amount": amount}[quantity](value)


def interval(lower: float | None, upper: float | None, quantity: str) -> str:
    """Write the two ends of an interval, the unit once: ``19.3–20.4%``, ``−0.7 to −0.5``.

    >>> interval(0.193, 0.204, "share"), interval(3600, 12_000, "seconds"), interval(-0.7, -0.5, "plain")
    ('19.3–20.4%', '1–3.3 h', '−0.7 to −0.5')
    """
    if lower is None or upper is None:
        return NOTHING
    finite = math.isfinite(lower) and math.isfinite(upper)
    if quantity == "seconds" and finite:
        unit, length = unit_of(max(abs(lower), abs(upper)))
        ends, tail = (_digits(lower / length), _digits(upper / length)), f" {unit}"
    else:
        ends = cell(lower, quantity), cell(upper, quantity)
        tail = "%" if quantity == "share" and finite else ""
        ends = ends[0].removesuffix(tail), ends[1].removesuffix(tail)
    between = " to " if MINUS in ends[0] + ends[1] else "\N{EN DASH}"
    return f"{ends[0]}{between}{ends[1]}{tail}"
