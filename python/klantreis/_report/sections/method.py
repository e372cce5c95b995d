# SPDX-License-Identifier: MIT
"""How the figures were made, what was left out, and the tables to download."""

from __future__ import annotations

from markupsafe import Markup

from klantreis._report.change import Change
from klantreis._report.context import Absent, Context, Part
from klantreis._report.sections.health import definitions
from klantreis._report.views import packed


def build(context: Context, parts: list[Part], absent: list[Absent]) -> Part:
    """The last section; it knows what became of the others."""
    words = context.words
    options = Markup("; ").join(Markup("{} = {}").format(key, value) for key, value in _options(context).items())
    left_out = [Markup("{}: {}").format(section.nav, section.reason) for section in absent]
    texts = [
        (words("method.units"), words("method.units.text")),
        (words("method.chain"), words("method.chain.text")),
        (words("method.limits"), words("method.limits.text")),
        *_change(context),
        *_reader(context),
        (words("method.options"), options),
        (words("method.absent"), Markup("; ").join(left_out) if left_out else words("method.absent.none")),
        (words("method.privacy"), words("method.privacy.text")),
    ]
    if context.min_group is not None:
        texts[-1] = (texts[-1][0], texts[-1][1] + " " + words("method.privacy.groups", least=context.least))
    downloads = [view for part in parts for view in part.views if view.csv_rows]
    return Part(
        "method",
        words.plain("method.nav"),
        {"texts": texts, "definitions": definitions(context), "downloads": downloads, "packed": packed(downloads)},
    )


def _change(context: Context) -> list[tuple[Markup, Markup]]:
    change = context.change if context.cut.conversions else None
    if not isinstance(change, Change):
        return []
    return [(context.words("method.change"), context.words("method.change.text", beside=change.beside))]


def _reader(context: Context) -> list[tuple[Markup, Markup]]:
    """For whom the report is, and what is left out for it."""
    if not context.reader:
        return []
    return [(context.words("method.reader"), context.words("method.reader.text", names=context.reader))]


def _options(context: Context) -> dict[str, str]:
    options = {key: value for key, value in context.journeys.options.items() if value}
    options["flow by"] = context.flow_by
    options["credit by"] = context.credit_by
    options["other sections by"] = context.item_by
    if context.min_group is not None:
        options["min_group"] = str(context.min_group)
    return options
