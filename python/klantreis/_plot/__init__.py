# SPDX-License-Identifier: MIT
"""Pictures of results, for notebooks: which there are, and what results they are of."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from klantreis._arguments import whole_number
from klantreis._core import InputError

if TYPE_CHECKING:
    from klantreis._table import Table

__all__ = ["PICTURES", "Picture", "draw", "picture_of"]

_INTERVAL = frozenset({"lower", "upper", "n", "marks"})


def _with_bounds(*names: str) -> frozenset[str]:
    return frozenset(name + end for name in names for end in ("", "_lower", "_upper"))


_DIFFERENCE = frozenset(
    {"difference", "lower", "upper", "p", "p_adjusted", "n_first", "n_second", "marks"}
) | _with_bounds("first", "second")


@dataclass(frozen=True)
class Picture:
    """A picture, and the columns by which a result that it explains is known."""

    name: str
    made_by: str
    module: str
    required: frozenset[str]
    optional: frozenset[str] = frozenset()
    # How many further columns name the rows: the touchpoint, the channel, the group.
    labels: tuple[int, int] = (0, 0)

    def explains(self, columns: list[str]) -> bool:
        """Whether a table of these columns can be drawn."""
        found = set(columns)
        others = len(found - self.required - self.optional)
        return self.required <= found and self.labels[0] <= others <= self.labels[1]

    def label_columns(self, columns: list[str]) -> list[str]:
        """The columns that name the rows."""
        return [name for name in columns if name not in self.required | self.optional]


PICTURES = (
    Picture(
        "funnel",
        "kr.funnel(...)",
        "bars",
        frozenset({"step", "label", "count", "n", "lost", "marks"}) | _with_bounds("rate", "rate_from_first"),
        frozenset({"median_time", "p25_time", "p75_time", "p90_time", "median_time_from_first"}),
    ),
    Picture(
        "drop_off",
        "kr.drop_off(...)",
        "bars",
        frozenset({"visits", "exits", "exit_rate", "share_of_exits"}) | _INTERVAL,
        labels=(1, 1),
    ),
    Picture(
        "improve",
        "kr.improve(...)",
        "bars",
        frozenset({"from", "to", "probability", "gain", "conversions"}) | _INTERVAL,
        frozenset({"owner", "value", "steps", "time", "elasticity", "reach"})
        | {"sensitivity" + end for end in ("", "_value", "_steps", "_time")},
    ),
    Picture(
        "attribution",
        "kr.attribute(...)",
        "credits",
        frozenset({"model", "n", "marks"}) | _with_bounds("share", "credit"),
        _with_bounds("removal_effect", "removal_effect_value", "credit_value"),
        labels=(1, 1),
    ),
    Picture(
        "compare_models",
        "kr.compare_models(...)",
        "credits",
        frozenset({"model", "credit", "n", "marks"}) | _with_bounds("share"),
        frozenset({"predictor", "auc"}) | _with_bounds("skill"),
        labels=(1, 1),
    ),
    Picture(
        "removal_effects",
        "kr.removal_effects(...)",
        "credits",
        frozenset({"n", "marks"}) | _with_bounds("removal_effect"),
        _with_bounds("removal_effect_value"),
        labels=(1, 1),
    ),
    Picture(
        "survival",
        "kr.survival(...)",
        "curves",
        frozenset({"time", "at_risk", "n", "conversions", "exits", "marks"})
        | _with_bounds("survival", "converted", "left"),
        frozenset({"moves"}) | _with_bounds("moved"),
        labels=(0, 3),
    ),
    Picture(
        "durations",
        "kr.time_to_convert(...)",
        "curves",
        frozenset({"measure", "time", "count"}) | _INTERVAL,
        labels=(0, 3),
    ),
    Picture(
        "funnel_difference",
        "kr.compare(..., steps=[...]).steps",
        "panels",
        frozenset({"step", "label", "count_first", "count_second", "n_first", "n_second"})
        | frozenset({"difference", "lower", "upper", "p", "p_adjusted", "marks"})
        | _with_bounds("first", "second", "from_first"),
    ),
    Picture(
        "transitions",
        "kr.transitions(...)",
        "grids",
        frozenset({"from", "to", "weight", "probability"}) | _INTERVAL,
        frozenset({"median_time", "kind"}),
    ),
    Picture("step_matrix", "kr.step_matrix(...)", "grids", frozenset({"step", "label", "count", "share"})),
    Picture(
        "timeline",
        "kr.timeline(...)",
        "curves",
        frozenset({"time", "since_start", "touchpoint", "journey"}),
        labels=(0, 1),
    ),
    Picture(
        "phases",
        "kr.measure(...)",
        "panels",
        frozenset({"reach", "entries", "visits", "passed", "back", "skips", "left", "at_rest", "exits", "exit_rate"})
        | frozenset({"open", "measured"})
        | _INTERVAL,
        frozenset({"median_time", "emotion_expected", "emotion_measured"}),
        labels=(1, 2),
    ),
    Picture(
        "path_tree",
        "kr.path_tree(...)",
        "paths",
        frozenset({"node", "parent", "step", "label", "path", "count", "open", "share", "share_of_parent"})
        | frozenset({"conversions", "conversion_rate", "median_time"})
        | _INTERVAL,
    ),
    Picture(
        "steps_around",
        "kr.steps_around(...)",
        "paths",
        frozenset({"step", "label", "count", "share", "reached"}) | _INTERVAL,
    ),
    Picture(
        "flow_around",
        "kr.flow_around(...)",
        "paths",
        frozenset({"step", "from", "to", "count", "share", "probability"}) | _INTERVAL,
    ),
    Picture("step_difference", "kr.compare_steps(...)", "paths", frozenset({"step", "label"}) | _DIFFERENCE),
    Picture("flow_difference", "kr.compare_flow(...)", "paths", frozenset({"step", "from", "to"}) | _DIFFERENCE),
)


def picture_of(table: Table) -> Picture:
    """The picture that explains a table, known by its columns.

    Raises
    ------
    InputError
        When there is none; it names the results that have one.
    """
    columns = table.columns
    for picture in PICTURES:
        if picture.explains(columns):
            return picture
    raise InputError(
        f"there is no picture of a table with the columns {', '.join(columns) or '(none)'}; "
        f"there are pictures of {', '.join(picture.made_by for picture in PICTURES)}"
    )


def draw(table: Table, *, limit: int) -> Any:
    """Draw the picture of a table."""
    rows = whole_number(limit, "limit", 1)
    picture = picture_of(table)
    module = importlib.import_module(f"klantreis._plot.{picture.module}")
    made = getattr(module, picture.name)(table, picture.label_columns(table.columns), rows)
    made.update_layout(meta={"definition": table.definition, "options": table.options})
    return made
