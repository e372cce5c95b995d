# SPDX-License-Identifier: MIT
"""Map files: what is read, what is refused and how, and that a saved map keeps what nobody changed."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import klantreis as kr

TEN_LINES = """\
klantreis: 1
journey: {id: shop, name: The shop}
phases:
  - {id: awareness}
  - {id: purchase}
touchpoints:
  - {id: search_click, phase: awareness}
  - {id: order, phase: purchase}
outcomes:
  - {id: order}
"""


@pytest.fixture
def example(root: Path) -> Path:
    return root / "tests/data/journey-example.yaml"


def problems_of(text: str) -> list[str]:
    with pytest.raises(kr.MapError) as caught:
        kr.JourneyMap.from_text(text, file="map.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_a_map_of_ten_lines_is_valid() -> None:
    shop = kr.JourneyMap.from_text(TEN_LINES)
    assert len(TEN_LINES.splitlines()) == 10
    assert [phase.id for phase in shop.phases] == ["awareness", "purchase"]
    assert shop.touchpoint("order").stage == "onstage"
    assert shop.outcomes[0].role == "conversion"


def test_the_example_is_read_whole(example: Path) -> None:
    shop = kr.JourneyMap.load(example)
    assert (len(shop.phases), len(shop.touchpoints), len(shop.transitions), len(shop.kpis)) == (9, 21, 12, 12)
    assert shop.phase("bewustwording").emotion is not None
    assert shop.phase("bewustwording").emotion.expected == -1
    assert shop.touchpoint("contact").channel == ["phone", "chat"]
    assert shop.touchpoint("faq_na").when.after == "order"
    assert shop.transitions[1].from_ == "bewustwording"
    assert shop.phase("Afweging") is shop.phase("consideration") is shop.phase("orientatie")


def test_the_json_of_a_map_reads_back_as_the_same_map(example: Path, tmp_path: Path) -> None:
    shop = kr.JourneyMap.load(example)
    assert kr.JourneyMap.from_text(shop.to_json()) == shop
    assert kr.JourneyMap.from_dict(shop.to_dict()) == shop
    shop.save(tmp_path / "map.json")
    assert kr.JourneyMap.load(tmp_path / "map.json") == shop
    kr.JourneyMap.load(tmp_path / "map.json").save(tmp_path / "map.yaml")
    assert kr.JourneyMap.load(tmp_path / "map.yaml") == shop


def test_the_schema_accepts_what_the_models_write_and_no_unknown_key(example: Path) -> None:
    validator = jsonschema.Draft202012Validator(kr.JourneyMap.json_schema())
    jsonschema.Draft202012Validator.check_schema(kr.JourneyMap.json_schema())
    data = json.loads(kr.JourneyMap.load(example).to_json())
    assert list(validator.iter_errors(data)) == []
    data["phases"][0]["colour"] = "red"
    data["touchpoints"][0]["emotion"] = {"expected": 3}
    assert len(list(validator.iter_errors(data))) == 2


def test_a_map_that_nobody_changed_is_saved_byte_for_byte(example: Path, tmp_path: Path) -> None:
    kr.JourneyMap.load(example).save(tmp_path / "map.yaml")
    assert (tmp_path / "map.yaml").read_bytes() == example.read_bytes()


def test_every_error_is_reported_with_line_path_and_remedy() -> None:
    text = """\
klantreis: 1
journey: {id: shop, nme: Shop}
phases:
  - {id: awareness}
  - {id: purchase, emotion: {expected: 3}}
touchpoints:
  - {id: order, phase: purchas}
  - {id: order, phase: purchase, match: {event: {eqq: order}}}
"""
    assert problems_of(text) == [
        "map.yaml:2: journey.nme: there is no key 'nme' here; did you mean 'name'?",
        "map.yaml:5: phases[1].emotion.expected: 3 is out of range; it must be at most 2",
        "map.yaml:7: touchpoints[0].phase: there is no phase 'purchas'; did you mean 'purchase'?",
        "map.yaml:8: touchpoints[1].id: the touchpoint 'order' stands also at touchpoints[0].id; rename one",
        "map.yaml:8: touchpoints[1].match.event.eqq: there is no test 'eqq'; did you mean 'eq'?",
    ]


def test_a_kpi_is_of_the_library_or_says_what_it_measures() -> None:
    text = """\
klantreis: 1
journey: {id: shop, goals: {customer: {text: well served, kpi: csatt}}}
phases: [{id: a, kpis: [nps, own]}, {id: b, kpis: [npss]}]
kpis:
  - {id: aov, target: 80}
  - {id: own, measure: "count(order)"}
  - {id: other, target: 3}
"""
    known = ", ".join(sorted(kr.kpi_library()["kpi"])[:12])
    assert problems_of(text) == [
        "map.yaml:2: journey.goals.customer.kpi: there is no KPI 'csatt'; did you mean 'csat'?",
        "map.yaml:3: phases[1].kpis[0]: there is no KPI 'npss'; did you mean 'nps'?",
        "map.yaml:7: kpis[2]: the KPI 'other' has no measure and is none of the library; "
        f"add measure: …; known: {known}, … ({len(kr.kpi_library())} in all)",
    ]


WRONG = [
    ("touchpoints: [{id: t, phase: a, stage: offstage}]", "an offstage touchpoint supports nothing"),
    ("touchpoints: [{id: t, phase: a, supports: [t]}]", "only an offstage touchpoint supports others"),
    (
        "touchpoints: [{id: t, phase: a, stage: offstage, supports: [u]}, "
        "{id: u, phase: a, stage: offstage, supports: [t]}]",
        "t supports u supports t; something has to be onstage",
    ),
    ("touchpoints: [{id: t, phase: a, when: {after: ordr}}]", "there is no outcome 'ordr'; did you mean 'order'?"),
    ("touchpoints: [{id: t, phase: a, need: n}]", "there is no need 'n'; there is no need in the map yet"),
    ("touchpoints: [{id: t, phase: a, roles: [r]}]", "there is no role 'r'"),
    ("touchpoints: [{id: t, phase: a, make_or_break: maybe}]", "'maybe' is not known; choose 'expected' or 'no'"),
    ("touchpoints: [{id: Order Placed, phase: a}]", "'Order Placed' is no id; use small letters"),
    ("touchpoints: [{id: t, phase: a, match: {}}]", "is no condition"),
    ("touchpoints: [{id: t, phase: a, match: {event: {between: [3, 1]}}}]", "between is [3, 1]; give two numbers"),
    ("touchpoints: [{id: t, phase: a, match: {any: {event: x}}}]", "any takes a list of conditions"),
    ("touchpoints: [{id: t, phase: a, sla: {max: 2 days}}]", "'2 days' is no length of time; write one such as 90s"),
    ("touchpoints: [{id: t, phase: a, name: 3}]", '3 is not text; put it in quotes: "3"'),
    ("touchpoints: [{id: t, phase: a, name: Fast, good}]", "there is no key 'good' here; if it belongs to the text"),
    ("channels: [{id: web, owned: bought}]", "'bought' is not known; choose 'owned', 'paid' or 'earned'"),
    ("channels: [{id: web}]\ntouchpoints: [{id: t, phase: a, channel: wep}]", "did you mean 'web'?"),
    ("roles: [{id: r, kind: boss}]", "'boss' is not known; choose 'decision_maker'"),
    ("roles: [{id: r, kind: user, influences: [s]}]", "there is no role 's'; known: r"),
    ("personas: [{id: p, demographics: {age: [40, 30]}}]", "[40, 30] begins with the larger"),
    ("personas: [{id: p, share: 1.5}]", "1.5 is out of range; it must be at most 1"),
    (
        "personas: [{id: p, criteria: [{id: c}, {id: c}]}]",
        "the criterion 'c' stands here also at personas[0].criteria[0]",
    ),
    ("personas: [{id: p, segment: s}]", "there is no segment 's'"),
    ("buying_groups: [{id: g, members: []}]", "there is no member; give at least 1"),
    (
        "roles: [{id: r, kind: user}]\nbuying_groups: [{id: g, members: [{role: r, min: 3, max: 2}]}]",
        "max 2 is less than min 3",
    ),
    (
        "roles: [{id: r, kind: user}]\nbuying_groups: [{id: g, members: [{role: r}], "
        "gates: [{id: k, before: a, requires: {at_least: 2, of: [r]}}]}]",
        "2 of 1 cannot be",
    ),
    (
        "roles: [{id: r, kind: user}]\nbuying_groups: [{id: g, members: [{role: r}], "
        "gates: [{id: k, before: a, requires: {}}]}]",
        "the gate requires nobody",
    ),
    ("transitions: [{from: a, to: b}, {from: a, to: b}]", "the step a → b stands twice"),
    ("transitions: [{from: a, to: b, expected: 1.2}]", "1.2 is out of range"),
    ("transitions: [{from: a, to: c}]", "there is no phase 'c'; known: a, b"),
    ("outcomes: [{id: order}, {id: gone, role: exit}]", "an exit says neither when nor by which event"),
    ("outcomes: [{id: order, primary: true}, {id: quote, primary: true}]", "outcomes[0] is primary already"),
    (
        "outcomes: [{id: order}, {id: gone, role: exit, primary: true, rule: {inactivity: 30d}}]",
        "an exit cannot be the primary outcome",
    ),
    ("outcomes: [{id: order, rule: {inactivity: 30d}}]", "only an exit has a rule"),
    ("events: {columns: {customer: c, time: t}}", "there is no 'event' among the columns"),
    ("events: {columns: {customer: c, time: t, event: e}, dedupe: [time]}", "'customer' is missing"),
    ("sharing: [{audience: sales, phases: [c]}]", "there is no phase 'c'"),
    ("experiments: [{id: e, metric: nps, backup: s}]\nsnapshots: [{id: t, file: f, sha256: x}]", "has the wrong form"),
    ("benchmarks: [{id: b, value: 3}]", "'source' is missing"),
    ("research: [{id: r, kind: guess}]", "'guess' is not known; choose 'desk', 'field', 'data' or 'assumption'"),
    ("kpis: [{id: nps, measure: []}]", "give a measure, as in {count: [order]}"),
    (
        "scenarios: [{id: s, trigger: {event: x}, branches: [{id: b, then: nowhere}]}]",
        "no outcome, phase or touchpoint",
    ),
]


@pytest.mark.parametrize(("part", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_what_cannot_be_is_refused_with_a_remedy(part: str, message: str) -> None:
    text = f"klantreis: 1\njourney: {{id: shop}}\nphases: [{{id: a}}, {{id: b}}]\n{part}\n"
    if "outcomes" not in part:
        text += "outcomes: [{id: order}]\n"
    found = problems_of(text)
    assert any(message in problem for problem in found), found
    assert all(problem.startswith("map.yaml:") for problem in found)


PHASES = [
    ("[{id: a, aliases: [B]}, {id: b}]", "'B' also names phases[1]"),
    ("[{id: a, name: Buy}, {id: b, aliases: [buy]}]", "'buy' also names phases[0]; a name leads to one phase"),
    ("[{id: a, rollup: {p3: x}}, {id: b}]", "the phase has no place at level 'p3'"),
    (
        "[{id: a, rollup: {p3: x}}, {id: b, rollup: {p3: y}}, {id: c, rollup: {p3: x}}]",
        "'x' of level 'p3' comes back after another phase",
    ),
    ("[{id: a, rollup: {channel: x}}]", "'channel' is the name of a column"),
    ("[{id: a, needs: [{id: n, text: t}]}, {id: b, needs: [{id: n, text: u}]}]", "the need 'n' stands also at"),
    ("[]", "there is no phase; give at least 1"),
    ("{id: a}", "is not a list"),
    ("[{id: a, emotion: {expected: 3}}]", "3 is out of range; it must be at most 2"),
    ("[{id: a, emotion: {expected: -2.5}}]", "-2.5 is out of range; it must be at least -2"),
    ("[{id: a, channels: [1]}]", "1 is not text"),
]


@pytest.mark.parametrize(("phases", "message"), PHASES, ids=[message[:40] for _, message in PHASES])
def test_phases_that_cannot_be_are_refused(phases: str, message: str) -> None:
    found = problems_of(f"klantreis: 1\njourney: {{id: shop}}\nphases: {phases}\n")
    assert any(message in problem for problem in found), found


def test_only_the_perspective_of_the_customer_is_allowed() -> None:
    text = "klantreis: 1\njourney: {id: shop, perspective: company}\nphases: [{id: a}]"
    assert problems_of(text) == ["map.yaml:2: journey.perspective: 'company' is not known; choose 'customer'"]


def test_a_newer_version_of_the_format_is_refused_as_such() -> None:
    (problem,) = problems_of("klantreis: 2\njourney: {id: shop, new: 1}\n")
    assert problem.startswith("map.yaml:1: klantreis: the file has version 2 of the format; klantreis ")


def test_an_onstage_touchpoint_without_a_need_is_an_error_and_in_a_draft_a_warning() -> None:
    text = "klantreis: 1\njourney: {id: shop, draft: DRAFT}\nphases: [{id: a, needs: [{id: n, text: t}]}]\n"
    text += "touchpoints: [{id: t, phase: a}, {id: u, phase: a}]\n"
    assert len(problems_of(text.replace("DRAFT", "false"))) == 2
    with pytest.warns(UserWarning, match=r"'t' serves no need; .* \(and 1 more; JourneyMap.warnings lists them\)"):
        shop = kr.JourneyMap.from_text(text.replace("DRAFT", "true"))
    assert len(shop.warnings) == 2


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("personas: [{id: p, criteria: [{id: c, weight: 0.5}, {id: d, weight: 0.4}]}]", "the weights add up to 0.9"),
        ("personas: [{id: p, share: 0.6}, {id: q, share: 0.6}]", "the shares add up to 1.2"),
        ("transitions: [{from: a, to: b, expected: 0.7}, {from: a, to: a, expected: 0.5}]", "add up to 1.2"),
        ("touchpoints: [{id: t, phase: a, match: {event: u}}, {id: u, phase: a}]", "'u' can never match"),
    ],
)
def test_what_is_doubtful_warns(part: str, message: str) -> None:
    text = f"klantreis: 1\njourney: {{id: shop}}\nphases: [{{id: a}}, {{id: b}}]\n{part}\n"
    with pytest.warns(UserWarning, match=message):
        kr.JourneyMap.from_text(text)


def test_weights_that_add_up_to_one_but_for_rounding_do_not_warn() -> None:
    weights = ", ".join(f"{{id: c{n}, weight: 0.1}}" for n in range(10))
    text = f"klantreis: 1\njourney: {{id: shop}}\nphases: [{{id: a}}]\npersonas: [{{id: p, criteria: [{weights}]}}]"
    assert kr.JourneyMap.from_text(text).warnings == ()


def test_rules_have_short_forms() -> None:
    text = TEN_LINES.replace("{id: order, phase: purchase}", "{id: order, phase: purchase, match: MATCH}")
    short = kr.JourneyMap.from_text(text.replace("MATCH", "{any: [{event: buy}, {not: {url: [/a, /b]}}]}"))
    long = kr.JourneyMap.from_text(text.replace("MATCH", "{any: [{event: {eq: buy}}, {not: {url: {in: [/a, /b]}}}]}"))
    assert short == long
    assert short.to_json() == long.to_json()


def test_one_channel_or_need_stands_without_a_list() -> None:
    one = kr.JourneyMap.from_text(TEN_LINES.replace("phase: awareness}", "phase: awareness, channel: google}"))
    many = kr.JourneyMap.from_text(TEN_LINES.replace("phase: awareness}", "phase: awareness, channel: [google]}"))
    assert one == many


def test_a_key_with_nothing_behind_it_counts_as_absent() -> None:
    text = TEN_LINES.replace("journey: {id: shop, name: The shop}", "journey: {id: shop, name: The shop, owner: }")
    assert kr.JourneyMap.from_text(text + "channels:\nkpis:\n") == kr.JourneyMap.from_text(TEN_LINES)


def test_reading_a_map_needs_no_libraries_until_it_is_read() -> None:
    with pytest.raises(kr.InputError, match=r"make a map with JourneyMap\.load"):
        kr.JourneyMap()
    with pytest.raises(kr.InputError, match="there is no file"):
        kr.JourneyMap.load("nowhere.yaml")
    with pytest.raises(kr.InputError, match="texts, numbers, lists and dicts"):
        kr.JourneyMap.from_dict({"klantreis": {1, 2}})


def test_unknown_phases_and_touchpoints_are_refused_with_the_nearest(example: Path) -> None:
    shop = kr.JourneyMap.load(example)
    with pytest.raises(kr.InputError, match="did you mean 'levering'"):
        shop.phase("leverink")
    with pytest.raises(kr.InputError, match="did you mean 'order'"):
        shop.touchpoint("ordr")
