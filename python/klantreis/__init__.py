# SPDX-License-Identifier: MIT
"""Customer journeys from event logs: measured, explained and improved."""

from __future__ import annotations

from klantreis import datasets
from klantreis._attribution import attribute, compare_models, models, shapley_positions
from klantreis._compare import Comparison, alerts, compare
from klantreis._core import InputError, LimitError, __version__
from klantreis._dropoff import (
    Carts,
    DropOff,
    Effort,
    Friction,
    LossReasons,
    abandoned_carts,
    click_through,
    drop_off,
    effort,
    friction,
    loss_reasons,
)
from klantreis._funnel import funnel
from klantreis._funnel.views import (
    FunnelExplanation,
    compare_definitions,
    explain_funnel,
    funnel_breakdown,
    funnel_customers,
    funnel_levels,
    funnel_times,
    funnel_trend,
)
from klantreis._graph import Graph, graph
from klantreis._improve import MakeOrBreak, Scenario, best_changes, improve, make_or_break, scenario, what_if
from klantreis._journeys import Journeys, journeys
from klantreis._kpi import (
    Aggregates,
    aggregates,
    attention,
    benchmarks,
    kpi_library,
    kpi_measures,
    kpi_places,
    kpis,
    phase_scores,
    value_concentration,
)
from klantreis._log import Log
from klantreis._map import (
    JourneyMap,
    MapError,
    diff,
    rollback,
    save_template,
    snapshot,
    snapshots,
    suggest_template,
    template,
    templates,
)
from klantreis._markov import Chain, markov
from klantreis._paths import Paths, paths, transform_paths
from klantreis._patterns import entries, likely_paths, step_matrix, variants, ways_in, ways_out
from klantreis._read import read, read_paths
from klantreis._report import report
from klantreis._statistics import Interval, newcombe, newcombe_paired, wilson
from klantreis._table import Table
from klantreis._timing import (
    LogRank,
    Spells,
    Survival,
    cohort_rate,
    durations,
    expected_times,
    log_rank,
    silence,
    spells,
    survival,
    time_to_convert,
)
from klantreis._transitions import transitions

__all__ = [
    "Aggregates",
    "Carts",
    "Chain",
    "Comparison",
    "DropOff",
    "Effort",
    "Friction",
    "FunnelExplanation",
    "Graph",
    "InputError",
    "Interval",
    "JourneyMap",
    "Journeys",
    "LimitError",
    "Log",
    "LogRank",
    "LossReasons",
    "MakeOrBreak",
    "MapError",
    "Paths",
    "Scenario",
    "Spells",
    "Survival",
    "Table",
    "__version__",
    "abandoned_carts",
    "aggregates",
    "alerts",
    "attention",
    "attribute",
    "benchmarks",
    "best_changes",
    "click_through",
    "cohort_rate",
    "compare",
    "compare_definitions",
    "compare_models",
    "datasets",
    "diff",
    "drop_off",
    "durations",
    "effort",
    "entries",
    "expected_times",
    "explain_funnel",
    "friction",
    "funnel",
    "funnel_breakdown",
    "funnel_customers",
    "funnel_levels",
    "funnel_times",
    "funnel_trend",
    "graph",
    "improve",
    "journeys",
    "kpi_library",
    "kpi_measures",
    "kpi_places",
    "kpis",
    "likely_paths",
    "log_rank",
    "loss_reasons",
    "make_or_break",
    "markov",
    "models",
    "newcombe",
    "newcombe_paired",
    "paths",
    "phase_scores",
    "read",
    "read_paths",
    "report",
    "rollback",
    "save_template",
    "scenario",
    "shapley_positions",
    "silence",
    "snapshot",
    "snapshots",
    "spells",
    "step_matrix",
    "suggest_template",
    "survival",
    "template",
    "templates",
    "time_to_convert",
    "transform_paths",
    "transitions",
    "value_concentration",
    "variants",
    "ways_in",
    "ways_out",
    "what_if",
    "wilson",
]
