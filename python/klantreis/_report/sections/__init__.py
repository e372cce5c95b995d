# SPDX-License-Identifier: MIT
"""The sections of the report, in its order. Each is a file here and a template of the same name."""

from __future__ import annotations

from collections.abc import Callable

from klantreis._report.context import Absent, Context, Part
from klantreis._report.sections import (
    changes,
    channels,
    figures,
    fix,
    flow,
    funnel,
    groups,
    header,
    health,
    leaving,
    map,
    method,
    paths,
    time,
)

Build = Callable[[Context, list[Part], list[Absent]], Part | Absent]

SECTIONS: tuple[Build, ...] = (
    header.build,
    health.build,
    figures.build,
    fix.build,
    changes.build,
    map.build,
    flow.build,
    funnel.build,
    leaving.build,
    groups.build,
    channels.build,
    paths.build,
    time.build,
    method.build,
)
