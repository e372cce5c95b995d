# SPDX-License-Identifier: MIT
"""What all pictures share: colours, the template, texts that mean only themselves, bars and their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klantreis import _format
from klantreis._core import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klantreis._table import Table

PAGE = "#fbfaf7"
BOX = "#ffffff"
TEXT = "#16212b"
QUIET_TEXT = "#5f6b76"
HAIRLINE = "#e5e2db"
RULE = "#cbc7bd"
TRACK = "#eeece6"
GOES_ON = "#15607a"
SECOND = "#5892a8"
TINT = "#d9e8ed"
LEFT = "#b23f17"
HATCH = "#cf6f41"
LEFT_TINT = "#f8e4da"
AT_REST = "#76828e"
OWN = "#4a5a6d"
PAID = "#946700"
EARNED = "#74489d"
# For shares from 0 to 1. The template cannot give it: plotly prefers its own scale for a heat map.
SHADES = [[0, BOX], [0.05, TINT], [0.5, SECOND], [1, GOES_ON]]

_LABEL_WIDTH = 42
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"})


def plotly() -> Any:
    """The module ``plotly.graph_objects``, imported only when a picture is asked for."""
    try:
        import plotly.graph_objects as go
    except ImportError as error:
        raise InputError('plot() needs plotly, which is not installed: pip install "klantreis[plot]"') from error
    return go


def safe(text: object) -> str:
    """Write a text so that plotly shows it as it is: neither its tags, nor entities, nor TeX are read from it."""
    shown = "".join(c if c.isprintable() else " " for c in str(text))
    return shown.translate(_ESCAPES)


def label(text: object) -> str:
    """A name for an axis, cut when it is long."""
    name = str(text)
    return safe(name if len(name) <= _LABEL_WIDTH else name[: _LABEL_WIDTH - 1] + "…")


def estimate(value: float | None, lower: float | None, upper: float | None, quantity: str = "share") -> str:
    """A value with its interval: ``19.8% (19.3–20.4%)``."""
    return f"{_format.cell(value, quantity)} ({_format.interval(lower, upper, quantity)})"


def is_few(row: dict[str, Any]) -> bool:
    """Whether a row rests on too few customers for a firm statement."""
    return "few_customers" in row["marks"]


def remark(row: dict[str, Any]) -> str:
    """What a pointing hand is told of a row beside its numbers."""
    return f"<br>{_format.count(row['n'])} customers" + (", too few to be firm" if is_few(row) else "")


def few_note(rows: Sequence[dict[str, Any]]) -> str:
    """The sentence on hollow marks, where there are any."""
    return "Hollow: few customers." if any(is_few(row) for row in rows) else ""


def whiskers(
    values: Sequence[float | None], lower: Sequence[float | None], upper: Sequence[float | None], colour: str = TEXT
) -> dict[str, Any]:
    """Error bars that reach from ``lower`` to ``upper``; none where a bound is null."""
    known = [None not in (value, low, high) for value, low, high in zip(values, lower, upper, strict=True)]

    def reach(ends: Sequence[float | None]) -> list[float | None]:
        return [
            abs(end - value) if ok and end is not None and value is not None else None
            for ok, value, end in zip(known, values, ends, strict=True)
        ]

    return {
        "type": "data",
        "symmetric": False,
        "array": reach(upper),
        "arrayminus": reach(lower),
        "color": colour,
        "thickness": 1.5,
        "width": 4,
    }


def bars(rows: Sequence[dict[str, Any]], colour: str) -> dict[str, Any]:
    """The look of bars: filled, or hollow where there are few customers."""
    return {
        "color": [BOX if is_few(row) else colour for row in rows],
        "line": {"color": colour, "width": 1.5},
    }


def shown_rows(table: Table, limit: int) -> tuple[list[dict[str, Any]], str]:
    """The first rows, and the sentence that counts the rest."""
    rows = table.head(limit).to_dicts()
    rest = len(table) - len(rows)
    return rows, f"{_format.count(rest)} more rows are in the table." if rest else ""


def figure(heading: str, *notes: str, height: int | None = None, empty: bool = False) -> Any:
    """An empty figure in the template, with a heading and what a reader must know below it."""
    go = plotly()
    below = " ".join(note for note in notes if note)
    title = f"{heading}<br><span style='font-size:12px;color:{QUIET_TEXT}'>{below}</span>" if below else heading
    made = go.Figure()
    made.update_layout(
        template=_template(go),
        title={"text": title, "x": 0, "xref": "paper", "xanchor": "left"},
        height=height,
    )
    if empty:
        made.add_annotation(text="no rows", x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
    return made


def list_height(rows: int, each: int = 28) -> int:
    """The height of a picture with one line per row."""
    return 150 + each * max(rows, 2)


def name_rows(made: Any, names: Sequence[str], **where: Any) -> None:
    """Name the lines of a list, first on top. Places are numbers, as equal or cut names would merge into one line."""
    made.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(names))),
        ticktext=[label(name) for name in names],
        range=[len(names) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
        **where,
    )


def _template(go: Any) -> Any:
    axis = {
        "gridcolor": HAIRLINE,
        "linecolor": RULE,
        "zerolinecolor": RULE,
        "zerolinewidth": 1,
        "automargin": True,
        "title": {"font": {"size": 13, "color": QUIET_TEXT}},
    }
    return go.layout.Template(
        layout={
            "font": {
                "family": 'Inter, ui-sans-serif, system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif',
                "size": 13,
                "color": TEXT,
            },
            "title": {"font": {"size": 18}},
            "paper_bgcolor": PAGE,
            "plot_bgcolor": PAGE,
            "colorway": [GOES_ON, LEFT, AT_REST, PAID, EARNED, OWN],
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"bgcolor": BOX, "bordercolor": RULE, "font": {"color": TEXT}},
            "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "xanchor": "left"},
            "margin": {"l": 24, "r": 24, "t": 96, "b": 48},
            "bargap": 0.35,
        }
    )
