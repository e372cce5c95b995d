# SPDX-License-Identifier: MIT
"""What this is, and the news in three sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup

from klantreis._report.change import Change, is_clear
from klantreis._report.context import Absent, Context, Part
from klantreis._report.sections.changes import item_name, main_part
from klantreis._report.sections.funnel import weakest
from klantreis._report.views import split_path


def build(context: Context, parts: list[Part], absent: list[Absent]) -> Part:
    """The header is always there."""
    news = []
    for sentence in _news(context):
        news.append(sentence)
        if len(news) == 3:
            break
    return Part("header", "", {"period": _period(context) + _reader(context), "news": news, "fall": _fall(context)})


def _period(context: Context) -> Markup:
    words, log = context.words, context.log
    health = {row["figure"]: row["value"] for row in log.health()}
    gaps = {
        "events": words.of("event", len(log)),
        "customers": words.of("customer", log.customers),
        "touchpoints": words.of("touchpoint", len(log.touchpoints)),
        "source": _source(context),
    }
    if "first event" not in health:
        return words("header.no_period", **gaps)
    first, last = words.date(health["first event"]), words.date(health["last event"])
    return words("header.period", first=first, last=last, **gaps)


def _reader(context: Context) -> Markup:
    return Markup(" ") + context.words("header.reader", names=context.reader) if context.reader else Markup("")


def _file_name(source: str) -> str:
    """Without its folders, which say more about the analyst's machine than about the data."""
    return source.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def _source(context: Context) -> Markup:
    source = _file_name(context.log.source)
    # What `read` says of an object in memory, such as "the DataFrame", says nothing to a reader.
    named = source and not re.fullmatch(r"the( \w+){1,3}", source)
    return context.words.name(source, 80) if named else context.words("header.source")


def _news(context: Context) -> Iterator[Markup]:
    yield from _rate(context)
    if not len(context.journeys):
        return
    yield from _change(context)
    yield from _leave(context)
    yield from _credit(context)
    yield from _funnel(context)
    yield from _path(context)
    length = context.figures["mean_length"]
    if length is not None:
        yield context.words("news.length", length=context.words.number(round(length, 1)))


def _rate(context: Context) -> Iterator[Markup]:
    words, figures = context.words, context.figures
    settled = figures["conversions"] + figures["nulls"]
    if not len(context.journeys):
        yield words("news.empty")
    elif not settled:
        yield words("news.nothing_settled", journeys=words.of("journey", figures["open"]))
    elif not context.journeys.conversion:
        yield words("news.nothing_named", journeys=words.of("journey", settled))
    elif not figures["conversions"]:
        yield words("news.no_conversion", journeys=words.of("journey", settled))
    else:
        yield words(
            "news.rate",
            rate=words.share(figures["conversion_rate"]),
            journeys=words.of("journey", settled),
            conversion=words.names(list(context.journeys.conversion)),
            interval=words.range(figures["lower"], figures["upper"], "share"),
        )


def _change(context: Context) -> Iterator[Markup]:
    words, change = context.words, context.change if context.cut.conversions else None
    if not isinstance(change, Change) or context.changed("conversion_rate") is None:
        return
    row = change.rates["conversion_rate", ""]
    if is_clear(row):
        gaps = {"now": words.share(row["second"]), "was": words.share(row["first"]), "since": change.since}
        said = words("news.change.up" if row["difference"] > 0 else "news.change.down", **gaps)
        most = main_part(context, change)
        yield (
            said if most is None else said + " " + words("news.change.part", name=item_name(context, most["from"], 40))
        )


def _leave(context: Context) -> Iterator[Markup]:
    words = context.words
    rows = [row for row in context.shown(context.leaving) if row["exits"]]
    stands_out = rows and (len(rows) == 1 or rows[0]["exits"] > rows[1]["exits"])
    if stands_out and context.figures["conversions"] and not context.is_small(rows[0]["exits"]):
        yield words(
            "news.leave",
            name=words.name(rows[0][context.item_by], 40),
            exits=words.count(rows[0]["exits"]),
            all=words.count(context.figures["nulls"]),
        )


def _credit(context: Context) -> Iterator[Markup]:
    words, by = context.words, context.credit_by
    if not context.credits:
        return
    markov = context.known_credits["markov"].to_dicts()
    # Without a touch before any conversion there is nothing to share out.
    if not markov or markov[0][by] == "(unattributed)" or markov[0]["share"] is None:
        return
    best = markov[0]
    shares = [row["share"] for table in context.credits.values() for row in table if row[by] == best[by]]
    yield words(
        "news.credit",
        name=words.name(best[by], 40),
        share=words.share(best["share"]),
        interval=words.range(best["share_lower"], best["share_upper"], "share"),
        span=_span(context, min(shares), max(shares)),
    )


def _span(context: Context, least: float, most: float) -> object:
    words = context.words
    same = words.share(least) == words.share(most)
    return words.share(least) if same else words.range(least, most, "share")


def _funnel(context: Context) -> Iterator[Markup]:
    row = weakest(context)
    if row is not None:
        words = context.words
        yield words("news.funnel", name=words.name(row["label"], 40), rate=words.share(row["rate"]))


def _path(context: Context) -> Iterator[Markup]:
    words = context.words
    rows = [row for row in context.shown(context.whole, "n") if row["count"] and row["path"]]
    if rows:
        names = [words.name(piece, 30) for piece in split_path(rows[0]["path"])[:5]]
        yield words("news.path", path=Markup(" → ").join(names), share=words.share(rows[0]["share"]))


def _fall(context: Context) -> str:
    """The outline behind the header: visits of the states of the flow, as a falling line."""
    states = context.flow.states if len(context.journeys) else ()
    if len(states) < 2:
        return ""
    visits = sorted((context.flow.visits(state) for state in states), reverse=True)
    heights = [300.0 - 270.0 * count / visits[0] for count in visits]
    step = 800.0 / (len(heights) - 1)
    d = f"M0 300L0 {heights[0]:.0f}"
    for i in range(1, len(heights)):
        middle = (i - 0.5) * step
        d += f"C{middle:.0f} {heights[i - 1]:.0f} {middle:.0f} {heights[i]:.0f} {i * step:.0f} {heights[i]:.0f}"
    return d + "L800 300Z"
