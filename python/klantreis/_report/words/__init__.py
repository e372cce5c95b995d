# SPDX-License-Identifier: MIT
"""Everything the report says: one file per language, sentences with gaps, numbers as people write them."""

from __future__ import annotations

import importlib
import unicodedata
from typing import TYPE_CHECKING

from markupsafe import Markup

from klantreis import _format
from klantreis._core import InputError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

LANGUAGES = ("en", "nl")
_SWAPPED = str.maketrans(",.", ".,")
_NAME_LENGTH = 120


class Words:
    """The sentences and numbers of one language."""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise InputError(f"language is {language!r}; the report speaks {', '.join(map(repr, LANGUAGES))}")
        self.language = language
        module = importlib.import_module(f"{__name__}.{language}")
        self._sentences: Mapping[str, str] = module.SENTENCES
        self._plurals: Mapping[str, tuple[str, str]] = module.PLURALS
        self._columns: Mapping[str, str] = module.COLUMNS
        self._months: tuple[str, ...] = module.MONTHS
        self._units: Mapping[str, str] = module.UNITS
        self.titles: Mapping[str, str] = {}

    def __call__(self, key: str, **gaps: object) -> Markup:
        """The sentence with its gaps filled; texts in gaps are escaped."""
        return Markup(self._sentences[key]).format(**gaps)

    def plain(self, key: str, **gaps: object) -> str:
        """The sentence as text, for attributes and titles."""
        return str(self(key, **gaps).striptags())

    def name(self, text: str, length: int = _NAME_LENGTH, *, alone: bool = False) -> Markup:
        """An item of the log, by the name that the map gives it."""
        return self.raw(self.titles.get(text, text), length, alone=alone)

    def raw(self, text: str, length: int = _NAME_LENGTH, *, alone: bool = False) -> Markup:
        """A name as it may stand in a sentence or, ``alone``, in a cell: escaped, in its own direction, not too long."""
        whole = clean(text)
        cut = cut_name(whole, length)
        # Where no other words stand beside it, only what runs from right to left needs a direction of its own.
        if alone and cut == whole and not any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in cut):
            return Markup.escape(cut)
        title = Markup(' title="{}"').format(cut_name(whole, 600)) if cut != whole else Markup("")
        return Markup("<bdi{}>{}</bdi>").format(title, cut)

    def title(self, text: str) -> str:
        """A name as plain text; what the map gives a name is called by it."""
        return clean(self.titles.get(text, text))

    def names(self, texts: list[str] | tuple[str, ...]) -> Markup:
        """Names joined by "or"."""
        return Markup(" {} ").format(self("or")).join(self.name(text) for text in texts)

    def column(self, name: str) -> str:
        """The heading of a column."""
        return self._columns.get(name, clean(name).replace("_", " "))

    def state(self, text: str, *, alone: bool = False) -> Markup:
        """A name, or what an end state is called."""
        key = {"(start)": "state.start", "(conversion)": "state.conversion", "(null)": "state.null"}.get(text)
        key = {"(end)": "state.end", "(unattributed)": "state.unattributed", "(open)": "state.open"}.get(text, key)
        return self.name(text, alone=alone) if key is None else self(key)

    def _local(self, text: str) -> str:
        if self.language == "en":
            return text
        for english, own in self._units.items():
            text = text.replace(english, own)
        return text.translate(_SWAPPED)

    def count(self, value: float) -> str:
        """``20,184``."""
        return self._local(_format.count(value))

    def of(self, noun: str, value: float) -> str:
        """``20,184 journeys``, ``1 journey``."""
        one, many = self._plurals[noun]
        return f"{self.count(value)} {one if value == 1 else many}"

    def share(self, value: float, digits: int = 1) -> str:
        """``19.8%``."""
        if digits:
            return self._local(_format.share(value))
        # What is little is not nothing, and nearly all is not all.
        text = "<1%" if 0 < value < 0.005 else ">99%" if 0.995 <= value < 1 else f"{value * 100:,.0f}%"
        return self._local(text.replace("-", _format.MINUS))

    def seconds(self, value: float) -> str:
        """``9.1 h``."""
        return self._local(_format.seconds(value))

    def amount(self, value: float) -> str:
        """``1.14 M``, ``59k``, ``286``."""
        for least, length, digits, tail in ((1e6, 1e6, 2, " M"), (1e4, 1e3, 0, "k"), (1e3, 1.0, 0, "")):
            if abs(value) >= least:
                text = f"{value / length:,.{digits}f}{tail}"
                break
        else:
            text = f"{value:,.2f}"
        return self._local(text.replace("-", _format.MINUS))

    def points(self, difference: float) -> str:
        """The difference of two shares: ``+1.6 points``."""
        return self.plain("points", value=self._local(_difference(f"{100 * difference:,.1f}")))

    def signed(self, difference: float) -> str:
        """The difference of two amounts: ``+4.17``."""
        return self._local(_difference(_format.amount(difference)))

    def span(self, lower: float | None, upper: float | None, quantity: str) -> str:
        """The interval of a difference, of shares in points: ``0.8–2.4``, ``−0.3 to 1.2``."""
        if lower is None or upper is None:
            return ""
        if quantity != "share":
            return self.interval(lower, upper, quantity)
        low, high = (_format.share(bound).removesuffix("%") for bound in (lower, upper))
        return self._local(f"{low} to {high}" if _format.MINUS in low + high else f"{low}–{high}")

    def number(self, value: float) -> str:
        """A number without unit."""
        return self._local(_format.number(value))

    def interval(self, lower: float | None, upper: float | None, quantity: str) -> str:
        """``19.3–20.4%``; nothing where there is none."""
        if lower is None or upper is None:
            return ""
        return self._local(_format.interval(lower, upper, quantity))

    def range(self, lower: float | None, upper: float | None, quantity: str) -> Markup:
        """An interval that no line break takes apart; a dash where there is none."""
        return Markup('<span class="num">{}</span>').format(self.interval(lower, upper, quantity) or _format.NOTHING)

    def cell(self, value: object, quantity: str) -> str:
        """One value of a table."""
        return self._local(_format.cell(value, quantity))

    def date(self, text: str) -> str:
        """A date such as 2025-01-06 (a time may follow) as ``6 January 2025``; other texts stay as they are."""
        year, _, rest = text[:10].partition("-")
        month, _, day = rest.partition("-")
        if not (year.isdigit() and month.isdigit() and day.isdigit()) or not 1 <= int(month) <= 12:
            return text
        return f"{int(day)} {self._months[int(month) - 1]} {int(year)}"

    def month(self, day: dt.date) -> str:
        """``March 2025``."""
        return f"{self._months[day.month - 1]} {day.year}"

    def week(self, day: dt.date) -> str:
        """``week 11 of 2025``, as ISO 8601 numbers weeks."""
        year, week, _ = day.isocalendar()
        return self.plain("week", number=week, year=year)

    def marks(self, text: str) -> str:
        """The marks of an estimate in words."""
        return ", ".join(self._columns.get(mark, mark) for mark in text.split(",") if mark)


def _difference(text: str) -> str:
    """Give a difference its sign; what rounds to zero has both."""
    digits = text.lstrip("-" + _format.MINUS)
    sign = "±" if not digits.strip("0.,") else "+" if digits == text else _format.MINUS
    return sign + digits


def clean(text: str) -> str:
    """Replace what does not print: it would hide in the page or turn its neighbours round."""
    return "".join(c if c.isprintable() or c == " " else "\N{REPLACEMENT CHARACTER}" for c in text)


def cut_name(text: str, length: int) -> str:
    """Cut a long name in its middle.

    >>> cut_name("abcdefghij", 7)
    'abcd…ij'
    """
    if len(text) <= length:
        return text
    tail = (length - 1) // 3
    return text[: length - 1 - tail] + "…" + text[-tail:]
