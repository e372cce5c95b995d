# SPDX-License-Identifier: MIT
"""Whether the data can be trusted: what became of the input, and the definitions."""

from __future__ import annotations

from markupsafe import Markup

from klantreis._report.context import MIN_N, Absent, Context, Part


def build(context: Context, parts: list[Part], absent: list[Absent]) -> Part:
    """Six figures, the notes of the journeys, and the definitions in words."""
    words, log = context.words, context.log
    table = log.health()
    health = {row["figure"]: row["value"] for row in table}
    rejected, duplicates, ties = (int(health[name]) for name in ("rejected rows", "duplicates", "ties"))
    still_open = context.going_on.open
    figures = [
        (words("health.events"), words.count(len(log)), words("health.rows", rows=words.count(int(health["rows"])))),
        (
            words("health.rejected"),
            words.count(rejected),
            words("health.rejected_some" if rejected else "health.rejected_none"),
        ),
        (
            words("health.duplicates"),
            words.count(duplicates),
            words("health.duplicates_note" if duplicates else "health.duplicates_none"),
        ),
        (
            words("health.ties"),
            words.share(ties / len(log)) if ties else "0",
            words("health.ties_note" if ties else "health.ties_none"),
        ),
        (words("health.touchpoints"), words.count(len(log.touchpoints)), words("health.touchpoints_note")),
        (
            words("health.open"),
            words.of("journey", still_open),
            words("health.open_note" if still_open else "health.open_none"),
        ),
    ]
    return Part(
        "health",
        words.plain("health.nav"),
        {"figures": figures, "notes": context.journeys.notes, "definitions": definitions(context)},
        [context.view("health", words.plain("health.table"), words("health.caption"), table)],
    )


def definitions(context: Context) -> list[tuple[Markup, Markup]]:
    """What the words of the report mean, under the options of these journeys."""
    words, journeys = context.words, context.journeys
    inactivity = journeys.options.get("inactivity")
    texts = [
        ("customer", words("definition.customer.text")),
        (
            "journey",
            words("definition.journey.text") + " " + words(f"definition.journey.{context.cut.after_conversion}"),
        ),
        (
            "conversion",
            words("definition.conversion.text", conversion=words.names(journeys.conversion))
            if journeys.conversion
            else words("definition.conversion.none"),
        ),
        (
            "settled",
            words("definition.settled.text", inactivity=inactivity) if inactivity else words("definition.settled.none"),
        ),
        ("left", words("definition.left.text")),
        ("visit", words("definition.visit.text")),
        ("interval", words("definition.interval.text", least=MIN_N)),
    ]
    return [(words(f"definition.{key}"), text) for key, text in texts]
