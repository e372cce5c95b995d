# SPDX-License-Identifier: MIT
"""Random path patterns, as text for the language and as trees for the slow matcher."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

import klantreis as kr

# How klantreis.read takes the columns below.
READ: dict[str, Any] = {
    "customer": "customer",
    "time": "time",
    "time_unit": "us",
    "touchpoint": "touchpoint",
    "channel": "channel",
    "value": "value",
    "order": "order",
}

NAMES = ["a", "b", "c"]
CHANNELS = ["web", "app"]


def _name_test(names: list[str], wanted: bool = True) -> Any:
    return lambda event: (event["touchpoint"] in names) == wanted


@st.composite
def events(draw: st.DrawFn) -> tuple[str, Any]:
    """One event: its text and its test."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2))
    joined = "|".join(names)
    kind = draw(st.integers(0, 8))
    if kind <= 3:
        return draw(st.sampled_from([names[0], f'"{names[0]}"', f" {names[0]} "])), _name_test(names[:1])
    if kind == 4:
        return f"[{joined}]", _name_test(names)
    if kind == 5:
        return f"[^{joined}]", _name_test(names, wanted=False)
    if kind == 6:
        return f"!({joined})", _name_test(names, wanted=False)
    if kind == 7:
        channel = draw(st.sampled_from(CHANNELS))
        return f"[channel = {channel}]", lambda event: event["channel"] == channel
    least = draw(st.integers(0, 3))
    return f".[value >= {least}]", lambda event: event["value"] >= least


@st.composite
def arrows(draw: st.DrawFn, limited: bool) -> tuple[str, Any]:
    direct = draw(st.booleans())
    if not limited or draw(st.booleans()):
        return ("->", (True, 0, 0, None, None, None)) if direct else ("->>", (False, 0, None, None, None, None))
    texts: list[str] = []
    least, most, low, high, allowed = 0, 0 if direct else None, None, None, None
    if not direct and draw(st.booleans()):
        most = draw(st.integers(0, 3))
        texts.append(f"<= {most}" if draw(st.booleans()) else f"<{most + 1}")
    if not direct and draw(st.integers(0, 3)) == 0:
        least = draw(st.integers(1, 3 if most is None else max(1, most)))
        if most is not None and least > most:
            least = 0
        else:
            texts.append(f">={least}")
    if draw(st.booleans()):
        high = draw(st.integers(0, 4))
        texts.append(f"<={high}s" if draw(st.booleans()) else f"<{high + 1}s")
    if draw(st.integers(0, 3)) == 0:
        low = draw(st.integers(0, 3 if high is None else high))
        texts.append(f">={low}s" if draw(st.booleans()) or low == 0 else f">{low - 1}s")
    if not direct and draw(st.booleans()):
        name = draw(st.sampled_from(NAMES))
        texts.append(f"no {name}")
        allowed = _name_test([name], wanted=False)
    sign = "->" if direct else "->>"
    return sign + ("{" + ", ".join(texts) + "}" if texts else ""), (direct, least, most, low, high, allowed)


@st.composite
def items(draw: st.DrawFn, depth: int, in_limit: bool, may_be_empty: bool) -> tuple[str, Any]:
    kind = draw(st.integers(0, 9 if depth > 0 else 4))
    if kind <= 3:
        text, test = draw(events())
        return text, ("event", test)
    if kind == 4:
        text, test = draw(events())
        repeat, least, most = draw(
            st.sampled_from(
                [("+", 1, None), ("{2}", 2, 2), ("{1,2}", 1, 2)]
                + ([("*", 0, None), ("?", 0, 1), ("{,2}", 0, 2)] if may_be_empty else [])
            )
        )
        # What may take no event and excludes some names stands between parts and is none itself.
        is_gap = least == 0 and text.startswith(("[^", "!"))
        return text + repeat, ("repeat", ("event", test), least, most, *(["gap"] if is_gap else []))
    if kind <= 6:
        options = [draw(items(depth - 1, in_limit, may_be_empty=False)) for _ in range(2)]
        return "(" + "|".join(f"({text})" for text, _ in options) + ")", ("any", [node for _, node in options])
    if kind == 7 and not in_limit:
        text, node = draw(chains(depth - 1, in_limit=True))
        seconds = draw(st.integers(0, 5))
        return f"({text} within {seconds}s)", ("within", node, seconds)
    if kind == 8:
        text, node = draw(chains(depth - 1, in_limit))
        times = draw(st.integers(1, 2))
        return f"({text}){{{times},}}", ("repeat", node, times, None)
    text, node = draw(chains(depth - 1, in_limit))
    return f"({text})", node


@st.composite
def chains(draw: st.DrawFn, depth: int, in_limit: bool) -> tuple[str, Any]:
    """A chain that takes at least one event."""
    size = draw(st.integers(1, 3))
    parts = [draw(items(depth, in_limit, may_be_empty=False))]
    texts, links = [parts[0][0]], []
    for _ in range(size - 1):
        empty = draw(st.integers(0, 4)) == 0
        item = draw(items(depth, in_limit, may_be_empty=empty))
        # Limits want an event on both sides.
        limited = not empty and not may_be_empty(parts[-1][1])
        text, arrow = draw(arrows(limited and not may_be_empty(item[1])))
        texts += [text, item[0]]
        links.append(arrow)
        parts.append(item)
    return " ".join(texts), ("chain", [node for _, node in parts], links)


def may_be_empty(node: Any) -> bool:
    if node[0] == "repeat":
        return bool(node[2] == 0) or may_be_empty(node[1])
    return node[0] in ("start", "end")


@st.composite
def patterns(draw: st.DrawFn) -> tuple[str, Any, int | None]:
    """Text, chain, and the limit of the whole in seconds."""
    inner_limits = draw(st.booleans())
    text, (_, nodes, links) = draw(chains(2, in_limit=not inner_limits))
    nodes, links = list(nodes), list(links)
    if draw(st.integers(0, 3)) == 0:
        sign, arrow = draw(arrows(limited=not may_be_empty(nodes[0])))
        text, nodes, links = f"^ {sign} {text}", [("start",), *nodes], [arrow, *links]
    if draw(st.integers(0, 3)) == 0:
        sign, arrow = draw(arrows(limited=not may_be_empty(nodes[-1])))
        text, nodes, links = f"{text} {sign} path_end", [*nodes, ("end",)], [*links, arrow]
    limit = None
    if not inner_limits and draw(st.booleans()):
        limit = draw(st.integers(0, 6))
        text += f" within {limit}s"
    return text, ("chain", nodes, links), limit


@st.composite
def journeys(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """The events of a few customers."""
    event = st.tuples(
        st.sampled_from([0, 0, 1, 2, 5]), st.sampled_from(NAMES), st.sampled_from(CHANNELS), st.integers(0, 3)
    )
    result = {}
    for customer in range(draw(st.integers(1, 4))):
        now = 0
        rows = []
        for step, name, channel, value in draw(st.lists(event, min_size=1, max_size=8)):
            now += step
            rows.append({"time": now, "touchpoint": name, "channel": channel, "value": value})
        result[f"u{customer}"] = rows
    return result


def columns(journeys: dict[str, list[dict[str, Any]]]) -> dict[str, list[Any]]:
    rows = [(customer, row) for customer, events in journeys.items() for row in events]
    return {
        "customer": [customer for customer, _ in rows],
        "time": [row["time"] * 1_000_000 for _, row in rows],
        "touchpoint": [row["touchpoint"] for _, row in rows],
        "channel": [row["channel"] for _, row in rows],
        "value": [float(row["value"]) for _, row in rows],
        "order": list(range(len(rows))),
    }


def log_of(journeys: dict[str, list[dict[str, Any]]]) -> kr.Log:
    return kr.read(columns(journeys), **READ)
