# SPDX-License-Identifier: MIT
"""Logs under a journey map: touchpoints, channels, phases and levels by rules; what matches nothing; outcomes."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reference.map_matching import matched

import klantreis as kr
from klantreis import _core

DATA = Path(__file__).parents[1] / "data"
EXAMPLE = json.loads((DATA / "journey-example.json").read_text(encoding="utf-8"))

SHOP: dict[str, Any] = {
    "klantreis": 1,
    "journey": {"id": "shop"},
    "phases": [
        {"id": "look", "rollup": {"p2": "before"}},
        {"id": "choose", "rollup": {"p2": "before"}},
        {"id": "use", "rollup": {"p2": "after"}},
    ],
    "outcomes": [
        {"id": "buy", "match": {"event": "buy"}},
        {"id": "gone", "role": "exit", "rule": {"inactivity": "1h"}},
    ],
    "touchpoints": [],
}


def webshop(**changes: Any) -> kr.Log:
    return kr.read(DATA / "events_F1.csv", map=EXAMPLE | changes)


COLUMNS = {"customer": "customer_id", "time": "timestamp", "event": "touchpoint"}


def shop(touchpoints: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return SHOP | {"touchpoints": touchpoints} | changes


def events(*names: str, customer: str = "c", **columns: list[Any]) -> dict[str, list[Any]]:
    start = dt.datetime(2024, 3, 1, 9)
    return {
        "customer_id": [customer] * len(names),
        "timestamp": [start + dt.timedelta(minutes=i) for i in range(len(names))],
        "touchpoint": list(names),
        **columns,
    }


def labels(log: kr.Log, by: str) -> list[str]:
    return _core.event_labels(log._handle, by)


def customers_by(log: kr.Log, by: str) -> dict[str, int]:
    return {row[by]: row["customers"] for row in log.counts(by)}


# The example


def test_every_event_of_the_web_shop_has_a_touchpoint_and_each_level_its_reach() -> None:
    log = webshop()
    figures = {row["figure"]: row["value"] for row in log.health()}
    assert (len(log), log.customers, figures["unmatched events"]) == (70, 12, "0")
    reach = {"awareness": 10, "consideration": 11, "purchase": 8, "delivery": 4, "service": 5, "loyalty": 1}
    assert customers_by(log, "p6") == reach
    assert customers_by(log, "p3") == {"awareness": 10, "consideration": 11, "decision": 8}
    assert log.labels == [
        "touchpoint",
        "channel",
        "phase",
        "p6",
        "p5",
        "p3",
        "event",
        "issue_id",
        "agent_id",
        "referrer_id",
    ]
    assert log.numbers == ["value", "cost", "score", "wait_s"]


def test_the_map_names_columns_conversion_and_inactivity() -> None:
    journeys = kr.journeys(webshop(), observed_until="2024-04-30")
    assert journeys.conversion == ("order",)
    assert journeys.options["inactivity"] == "30d"
    assert journeys.conversions == 9
    settled = kr.journeys(webshop(), observed_until="2024-04-30", inactivity=None, conversion=())
    assert (len(settled), settled.conversions, settled.open) == (12, 0, 0)


def test_the_acquisition_figures_of_the_web_shop_hold_under_the_map() -> None:
    journeys = kr.journeys(webshop(), after_conversion="stop", observed_until="2024-04-30")
    assert journeys.summary()["conversion_rate"] == [0.5]
    effects = {row["touchpoint"]: row["removal_effect"] for row in kr.attribute(journeys)}
    assert effects["checkout_start"] == pytest.approx(0.833333, abs=1e-6)
    assert effects["add_to_cart"] == pytest.approx(0.769231, abs=1e-6)
    assert effects["faq_voor"] == pytest.approx(0.0, abs=1e-12)


def test_phases_at_every_level_merge_runs_of_events_into_visits() -> None:
    journeys = kr.journeys(webshop(), after_conversion="continue", observed_until="2024-04-30")
    moves = {(row["from"], row["to"]): row["weight"] for row in kr.transitions(journeys, by="p6")}
    assert moves[("(start)", "awareness")] == 10
    assert moves[("awareness", "consideration")] == 9
    assert moves[("consideration", "purchase")] == 10
    assert moves[("purchase", "delivery")] == 4
    assert moves[("loyalty", "purchase")] == 1
    assert not any(start == end for start, end in moves)


def test_coverage_names_what_the_design_has_and_the_log_has_not() -> None:
    found: dict[str, list[str]] = {}
    table = webshop().coverage()
    for row in table:
        found.setdefault(row["kind"], []).append(row["item"])
    assert found["touchpoint never seen"] == ["faq_na", "orderpick", "fraudecheck"]
    assert found["phase without touchpoints"] == ["latente_behoefte", "loyaliteit"]
    assert found["need not served"] == ["n_hulp", "n_waardering"]
    assert found["channel not measured"] == ["pr"]
    assert found["column not in the log"] == ["tag", "url"]
    assert "unmatched event" not in found
    assert table.options["matched events"] == "70 of 70"


def test_the_inventory_lists_every_touchpoint_with_what_was_seen_of_it() -> None:
    rows = {row["touchpoint"]: row for row in webshop().inventory()}
    assert len(rows) == 21
    assert (rows["orderpick"]["events"], rows["orderpick"]["status"]) == (0, "designed, never measured")
    assert (rows["order"]["events"], rows["order"]["customers"], rows["order"]["channel"]) == (9, 6, "webshop, store")
    assert rows["share"]["first_seen"] == rows["share"]["last_seen"] == "2024-03-07T12:00:00Z"


def test_every_form_of_a_map_gives_the_same_log(tmp_path: Path) -> None:
    file = tmp_path / "map.json"
    file.write_text(json.dumps(EXAMPLE), encoding="utf-8")
    for given_map in (EXAMPLE, file, str(file), kr.JourneyMap.from_dict(EXAMPLE)):
        log = kr.read(DATA / "events_F1.csv", map=given_map)
        assert log.counts().to_dicts() == webshop().counts().to_dicts()
        assert log.map is not None
        assert log.map.to_dict() == kr.JourneyMap.from_dict(EXAMPLE).to_dict()


# Rules


def test_a_question_before_the_purchase_is_another_touchpoint_than_one_after_it() -> None:
    touchpoints = [
        {"id": "help", "phase": "use", "match": {"event": "faq"}, "when": {"after": "buy"}},
        {"id": "advice", "phase": "choose", "match": {"event": "faq"}, "when": {"before": "buy"}},
        {"id": "buy", "phase": "choose"},
    ]
    log = kr.read(events("faq", "buy", "faq", "buy", "faq"), map=shop(touchpoints))
    assert labels(log, "touchpoint") == ["advice", "buy", "help", "buy", "help"]
    assert labels(log, "p2") == ["before", "before", "after", "before", "after"]
    assert labels(log, "event") == ["faq", "buy", "faq", "buy", "faq"]


def test_the_first_touchpoint_in_the_file_takes_the_event() -> None:
    touchpoints = [
        {"id": "product", "phase": "look", "match": {"event": "page", "url": {"prefix": "/p/"}}},
        {"id": "page", "phase": "look"},
    ]
    log = kr.read(events("page", "page", url=["/p/1", "/help"]), map=shop(touchpoints))
    assert labels(log, "touchpoint") == ["product", "page"]
    touchpoints.reverse()
    log = kr.read(events("page", "page", url=["/p/1", "/help"]), map=shop(touchpoints))
    assert labels(log, "touchpoint") == ["page", "page"]


def test_an_event_keeps_its_own_channel_and_takes_that_of_its_touchpoint_otherwise() -> None:
    touchpoints = [
        {"id": "a", "phase": "look", "channel": "web"},
        {"id": "b", "phase": "look", "channel": ["web", "store"]},
    ]
    data = events("a", "a", "b", "b", "x", channel=["phone", None, "store", None, "phone"])
    log = kr.read(data, map=shop(touchpoints), channel="channel")
    assert labels(log, "channel") == ["phone", "web", "store", "(none)", "phone"]


def test_numbers_can_be_compared_where_text_cannot() -> None:
    touchpoints = [
        {"id": "bad", "phase": "use", "match": {"event": "score", "score": {"between": [0, 6]}}},
        {"id": "good", "phase": "use", "match": {"event": "score", "score": {"gt": 8}}},
    ]
    log = kr.read(events(*["score"] * 5, score=[6.0, 6.5, 8.0, 9.0, None]), map=shop(touchpoints))
    assert labels(log, "touchpoint") == ["bad", "(unmatched)", "(unmatched)", "good", "(unmatched)"]
    with pytest.raises(kr.InputError, match="asks for a part of a text"):
        kr.read(
            events("x", score=[1.0]),
            map=shop([{"id": "t", "phase": "use", "match": {"score": {"prefix": "1"}}}]),
            numbers=["score"],
        )


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("^/p/[0-9]+$", ["/p/12", "/p/1x", "x/p/12", "/p/"]),
        ("(cart|basket)s?", ["my carts", "baskets", "car", "CART"]),
        (r"\d{2,3}-\w+", ["12-a", "1-a", "1234-b", "12-"]),
        ("é.e", ["été", "éte!", "ete"]),
        (r"a\.b|^$", ["a.b", "axb", "b"]),
        ("[^a-c]x", ["ax", "dx", "x", "\nx"]),
        ("(a*)*b", ["aaaa", "b", "c"]),
        ("x{0}y{2}", ["yy", "y", "xyy"]),
    ],
)
def test_regular_expressions_match_as_in_python(pattern: str, texts: list[str]) -> None:
    import re

    expected = ["t" if re.search(pattern, text, re.ASCII) else "(unmatched)" for text in texts]
    match = {"url": {"regex": pattern}}
    log = kr.read(events(*["e"] * len(texts), url=texts), map=shop([{"id": "t", "phase": "look", "match": match}]))
    assert labels(log, "touchpoint") == expected


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(a)\1", "escape"),
        ("(?=a)", "look-around"),
        ("a{1000}{1000}", "repeat"),
        ("((a{100}){100}){100}", "states"),
        ("(((){2000}){2000}){2000}", "counts"),
        ("a" * 1_001, "limit"),
        ("(", r"'\(' without"),
        ("[z-a]", "before its beginning"),
        ("*", "repeats nothing"),
    ],
)
def test_expressions_that_could_take_forever_are_refused(pattern: str, why: str) -> None:
    given_map = shop([{"id": "t", "phase": "look", "match": {"url": {"regex": pattern}}}])
    with pytest.raises(kr.InputError, match=why):
        kr.read(events("e"), map=given_map)


def test_an_expression_that_traps_backtracking_takes_no_time() -> None:
    given_map = shop([{"id": "t", "phase": "look", "match": {"url": {"regex": "^(a+)+$"}}}])
    log = kr.read(events("e", "e", url=["a" * 20_000 + "!", "a" * 20_000]), map=given_map)
    assert labels(log, "touchpoint") == ["(unmatched)", "t"]


# What matches nothing


def test_unmatched_events_are_kept_and_reported_with_a_rule_that_would_take_them() -> None:
    touchpoints = [
        {"id": "product_view", "phase": "look"},
        {"id": "page", "phase": "look", "match": {"event": "page_view", "url": {"prefix": "/p/"}}},
    ]
    data = events(
        *["product_vieuw"] * 3, "page_view", "page_view", "product_view", url=["/p/1"] * 3 + ["/help/a", "/help/b", ""]
    )
    log = kr.read(data, map=shop(touchpoints))
    assert labels(log, "touchpoint").count("(unmatched)") == 5
    assert set(labels(log, "phase")) == {"look", "(none)"}
    assert {row["figure"]: row["value"] for row in log.health()}["unmatched events"] == "5"
    rows = [row for row in log.coverage() if row["kind"] == "unmatched event"]
    assert [(row["item"], row["events"], row["customers"]) for row in rows] == [
        ("product_vieuw", 3, 1),
        ("page_view", 2, 1),
    ]
    assert "product_view" in rows[0]["detail"]
    rule = json.loads(rows[1]["suggestion"])
    assert rule == {"event": {"eq": "page_view"}, "url": {"prefix": "/help/"}}
    mended = touchpoints + [
        {"id": f"new{i}", "phase": "look", "match": json.loads(row["suggestion"])} for i, row in enumerate(rows)
    ]
    assert "(unmatched)" not in labels(kr.read(data, map=shop(mended)), "touchpoint")


def test_unmatched_events_can_be_dropped_or_refused() -> None:
    touchpoints = [{"id": "a", "phase": "look"}]
    dropped = kr.read(
        events("x", "a", "buy", "y"), map=shop(touchpoints, events={"columns": COLUMNS, "unmatched": "drop"})
    )
    # An outcome is never lost.
    assert labels(dropped, "event") == ["a", "buy"]
    assert {row["figure"]: row["value"] for row in dropped.health()}["unmatched events left out"] == "2"
    with pytest.raises(kr.InputError, match=r"2 events match no touchpoint of the map: 'x' \(1\), 'y' \(1\)"):
        kr.read(events("x", "a", "y"), map=shop(touchpoints, events={"columns": COLUMNS, "unmatched": "error"}))


def test_walkthroughs_of_the_staff_and_repeats_count_for_nothing() -> None:
    touchpoints = [{"id": "a", "phase": "look"}, {"id": "buy", "phase": "choose"}]
    settings_ = {"columns": COLUMNS, "exclude": [{"tag": "walkthrough"}], "dedupe": ["customer", "time", "event"]}
    start = dt.datetime(2024, 3, 1)
    data = {
        "customer_id": ["c", "c", "c", "staff", "c"],
        "timestamp": [start, start, start, start, start + dt.timedelta(days=9)],
        "touchpoint": ["a", "a", "buy", "buy", "a"],
        "tag": [None, None, None, "walkthrough", "walkthrough"],
    }
    log = kr.read(data, map=shop(touchpoints, events=settings_))
    assert (labels(log, "touchpoint"), log.customers) == (["a", "buy"], 1)
    figures = {row["figure"]: row["value"] for row in log.health()}
    assert (figures["excluded events"], figures["repeated events"]) == ("2", "1")
    assert figures["last event"] == "2024-03-01T00:00:00Z"
    assert webshop().counts().to_dicts() == webshop(events=EXAMPLE["events"] | {"exclude": []}).counts().to_dicts()


def test_an_outcome_can_be_narrower_than_a_touchpoint() -> None:
    given_map = shop(
        [{"id": "order", "phase": "choose"}],
        outcomes=[{"id": "large", "match": {"event": "order", "value": {"gte": 100}}, "primary": True}],
    )
    log = kr.read(events("order", "order", "order", value=[50.0, 100.0, None]), map=given_map)
    journeys = kr.journeys(log)
    assert (journeys.conversion, journeys.conversions) == (("large",), 1)
    assert kr.journeys(log, conversion="order").conversions == 3
    with pytest.warns(UserWarning, match="no event meets the rule"):
        kr.journeys(kr.read(events("order", value=[1.0]), map=given_map))


def test_a_log_without_a_map_says_so() -> None:
    log = kr.read(events("a"))
    assert log.map is None
    with pytest.raises(kr.InputError, match="has none; read it with map="):
        log.coverage()
    with pytest.raises(kr.InputError, match="has none; read it with map="):
        log.inventory()
    with pytest.raises(kr.InputError, match="leave phase= out"):
        kr.read(events("a"), map=SHOP, phase={"a": "look"})


# Against the obvious way

NAMES = ["a", "ab", "buy", "page", "x"]
URLS = [None, "/", "/p/1", "/p/22", "/help", "/p"]


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    number = st.sampled_from([-1, 0, 1, 2.5])
    name = st.sampled_from(NAMES)
    url = st.sampled_from([item for item in URLS if item])
    text_tests = st.one_of(
        st.builds(lambda v: {"eq": v}, url),
        st.builds(lambda v: {"ne": v}, url),
        st.builds(lambda v: {"in": v}, st.lists(url, min_size=1, max_size=3)),
        st.builds(lambda v: {"not_in": v}, st.lists(url, min_size=1, max_size=3)),
        st.builds(lambda v: {"prefix": v}, st.sampled_from(["/", "/p", "/p/"])),
        st.builds(lambda v: {"suffix": v}, st.sampled_from(["1", "p", "/"])),
        st.builds(lambda v: {"contains": v}, st.sampled_from(["p/", "e"])),
        st.builds(lambda v: {"regex": v}, st.sampled_from(["^/p(/[0-9]+)?$", "[13-9]", "h|2{2}"])),
        st.builds(lambda v: {"exists": v}, st.booleans()),
    )
    number_tests = st.one_of(
        st.builds(lambda how, v: {how: v}, st.sampled_from(["gt", "gte", "lt", "lte", "eq", "ne"]), number),
        st.builds(lambda v: {"between": sorted(v)}, st.tuples(number, number)),
        st.builds(lambda v: {"exists": v}, st.booleans()),
    )
    event = st.one_of(
        name,
        st.lists(name, min_size=1, max_size=2),
        st.builds(lambda v: {"prefix": v}, st.sampled_from(["a", "p"])),
        st.builds(lambda v: {"ne": v}, name),
    )
    return st.one_of(
        st.builds(lambda v: {"event": v}, event),
        st.builds(lambda v: {"url": v}, text_tests),
        st.builds(lambda a, b: {"url": a, "event": b}, text_tests, event),
        st.builds(lambda v: {"size": v}, number_tests),
        st.builds(lambda v: {"channel": v}, st.sampled_from(["web", "store"])),
    )


RULES = st.recursive(
    conditions(),
    lambda inner: st.one_of(
        st.builds(lambda v: {"any": v}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda v: {"all": v}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda v: {"not": v}, inner),
        st.builds(lambda a, b: {"any": [a, b], "not": {"all": [a]}}, inner, inner),
    ),
    max_leaves=5,
)


@st.composite
def maps(draw: st.DrawFn) -> dict[str, Any]:
    touchpoints = []
    for i in range(draw(st.integers(1, 5))):
        item: dict[str, Any] = {"id": f"t{i}", "phase": draw(st.sampled_from(["look", "choose", "use"]))}
        item["match"] = draw(RULES)
        channels = draw(st.sampled_from([None, "web", ["web", "store"]]))
        if channels is not None:
            item["channel"] = channels
        when = draw(
            st.sampled_from(
                [None, None, {"after": "buy"}, {"before": "buy"}, {"after": "gone"}, {"after": "buy", "before": "gone"}]
            )
        )
        if when is not None:
            item["when"] = when
        touchpoints.append(item)
    names = draw(st.sampled_from([[], ["customer", "time", "event"], ["customer", "time", "event", "channel", "size"]]))
    events_: dict[str, Any] = {
        "columns": COLUMNS,
        "dedupe": names,
        "unmatched": draw(st.sampled_from(["report", "drop"])),
    }
    if draw(st.booleans()):
        events_["exclude"] = [draw(RULES)]
    return shop(touchpoints, events=events_)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["u1", "u2"]),
        st.sampled_from([0, 0, 1, 30, 3_600, 3_601]),
        st.sampled_from(NAMES),
        st.sampled_from([None, "web", "store"]),
        st.sampled_from(URLS),
        st.sampled_from([None, -1.0, 0.0, 0.5, 2.5, 7.0]),
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.filterwarnings("ignore:.*can never match:UserWarning")
@settings(max_examples=200, deadline=None)
@given(maps(), ROWS)
def test_labels_are_those_of_judging_every_event_by_itself(
    given_map: dict[str, Any], drawn: list[tuple[Any, ...]]
) -> None:
    clock: dict[str, int] = {}
    rows = []
    for number, (customer, step, event, channel, url, size) in enumerate(drawn):
        clock[customer] = clock.get(customer, 1_709_251_200) + step
        row = {
            "customer": customer,
            "time": clock[customer],
            "event": event,
            "channel": channel,
            "url": url,
            "size": size,
        }
        rows.append(row | {"row": f"r{number}"})
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    expected = matched(rows, given_map)
    log = kr.read(
        columns,
        map=given_map,
        customer="customer",
        time="time",
        touchpoint="event",
        channel="channel",
        attributes=["row", "url"],
        numbers=["size"],
        time_unit="s",
    )
    result = {row: {} for row in labels(log, "row")}
    for by in ("touchpoint", "channel", "phase", "p2", "event"):
        for row, label in zip(labels(log, "row"), labels(log, by), strict=True):
            result[row][by] = label
    for row, is_outcome in zip(labels(log, "row"), _core.outcome_events(log._handle, "buy"), strict=True):
        result[row]["outcomes"] = "buy" if is_outcome else ""
    assert result == expected


def test_the_core_and_the_package_refuse_the_same_maps() -> None:
    wrong = [
        {"phases": []},
        {"phazes": []},
        {"touchpoints": [{"id": "t", "phase": "nowhere"}]},
        {"touchpoints": [{"id": "t", "phase": "look", "match": {"event": {"equals": "x"}}}]},
        {"touchpoints": [{"id": "t", "phase": "look"}, {"id": "t", "phase": "use"}]},
        {"touchpoints": [{"id": "t", "phase": "look", "when": {"after": "never"}}]},
        {"touchpoints": [{"id": "t", "phase": "look", "stage": "offstage"}]},
        {
            "touchpoints": [
                {"id": "t", "phase": "look", "stage": "offstage", "supports": ["u"]},
                {"id": "u", "phase": "look", "stage": "offstage", "supports": ["t"]},
            ]
        },
        {"phases": [{"id": "look", "rollup": {"p2": "x"}}, {"id": "use"}]},
        {
            "phases": [{"id": "a", "rollup": {"p2": x}} for x in "x"]
            + [{"id": "b", "rollup": {"p2": "y"}}, {"id": "c", "rollup": {"p2": "x"}}]
        },
        {"phases": [{"id": "b"}, {"id": "a", "aliases": ["B"]}], "touchpoints": []},
        {"events": {"columns": {"customer": "c"}}},
        {"outcomes": [{"id": "x", "role": "exit"}]},
        {"outcomes": [{"id": "x", "role": "exit", "rule": {"inactivity": "soon"}}]},
        {"transitions": [{"from": "look", "to": "use"}, {"from": "look", "to": "use"}]},
        {"transitions": [{"from": "look", "to": "use", "expected": 1.5}]},
        {"klantreis": 2},
        {"journey": {"id": "Shop"}},
        {"channels": [{"id": "web"}], "touchpoints": [{"id": "t", "phase": "look", "channel": "wep"}]},
    ]
    for changes in wrong:
        text = json.dumps(SHOP | changes)
        with pytest.raises(kr.InputError):
            _core.Map(text)
        with pytest.raises(kr.InputError):
            kr.JourneyMap.from_text(text)
    _core.Map(json.dumps(SHOP))
    _core.Map(kr.JourneyMap.from_dict(EXAMPLE).to_json())


def test_an_error_of_the_core_names_the_path_and_the_remedy() -> None:
    given_map = shop([{"id": "t", "phase": "look", "match": {"event": {"eqq": "x"}}, "need": "n"}], chanels=[])
    with pytest.raises(kr.InputError) as caught:
        _core.Map(json.dumps(given_map))
    message = str(caught.value)
    assert "touchpoints[0].match.event: unknown test 'eqq'; known are eq in" in message
    assert "unknown key 'chanels'; did you mean 'channels'?" in message


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1, column 1"),
        ("[" * 100_000, "nested deeper than 64"),
        ('{"a": 1, "a": 2}', "occurs twice"),
        ('{"a": 1e999}', "too large"),
        ('{"a": "\\ud800"}', "surrogate"),
        ('{"a": 01}', "line 1, column 8"),
        ("{}\n x", "line 2, column 2"),
        ('{"klantreis": NaN}', "expected a value"),
    ],
)
def test_broken_json_is_refused_with_its_place(text: str, why: str) -> None:
    with pytest.raises(kr.InputError, match=why):
        _core.Map(text)


def test_a_text_larger_than_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(kr.LimitError, match="the limit is 16777216"):
        _core.Map(" " * (17 << 20))


@pytest.fixture(scope="module")
def rows_of_the_web_shop() -> list[dict[str, Any]]:
    with (DATA / "events_F1.csv").open(encoding="utf-8", newline="") as file:
        return [
            {
                "row": str(number),
                "customer": row["customer_id"],
                "time": dt.datetime.fromisoformat(row["ts"].replace("Z", "+00:00")).timestamp(),
                "event": row["event"],
                "channel": row["channel"] or None,
            }
            for number, row in enumerate(csv.DictReader(file))
        ]


def test_the_web_shop_is_matched_as_by_judging_every_event_by_itself(
    rows_of_the_web_shop: list[dict[str, Any]],
) -> None:
    expected = matched(rows_of_the_web_shop, EXAMPLE)
    log = webshop()
    for by in ("touchpoint", "channel", "phase", "p6", "p5", "p3"):
        counts: dict[str, int] = {}
        for item in expected.values():
            counts[item[by]] = counts.get(item[by], 0) + 1
        assert {row[by]: row["events"] for row in log.counts(by)} == counts
