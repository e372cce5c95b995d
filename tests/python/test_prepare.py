# SPDX-License-Identifier: MIT
"""Preparing events: against retentioneering's figures, and against the plain definitions on random logs."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import klantreis as kr
import path_pattern_texts as random_patterns
from oracle import shared_file, shared_json
from path_pattern_texts import log_of
from strategies import shuffled

Journeys = dict[str, list[dict[str, Any]]]


@cache
def ecom() -> kr.Log:
    return kr.read(
        str(shared_file("data/ecom_synthetic_2024.parquet")), customer="user_id", time="timestamp", touchpoint="event"
    )


@cache
def retentioneering() -> Any:
    return shared_json("reference/funnels/retentioneering5_ecom.json")


def events_of(log: kr.Log, by: str = "touchpoint") -> dict[str, list[str]]:
    """The labels of each customer's events in order."""
    places: dict[str, list[tuple[int, str]]] = {}
    for name in log.counts(by)[by]:
        quoted = '"' + name.replace('"', '""') + '"'
        for row in kr.match(log, f"[{by} = {quoted}]").matches:
            places.setdefault(row["customer"], []).append((row["position"], name))
    return {who: [name for _, name in sorted(found)] for who, found in places.items()}


def label_of_customers(log: kr.Log, by: str) -> dict[str, str]:
    return {who: names[0] for who, names in events_of(log, by).items() if len(set(names)) == 1}


def test_collapsed_repeats_leave_the_events_of_retentioneering() -> None:
    log = kr.prepare(ecom()).collapse().run()
    assert len(log) == retentioneering()["collapse_loops_rows"]
    counts = log.counts()
    found = dict(zip(counts["touchpoint"], counts["events"], strict=True))
    assert found == retentioneering()["event_counts_after_collapse"]


def test_a_silence_of_half_an_hour_parts_as_many_sessions_as_in_retentioneering() -> None:
    pieces = kr.prepare(ecom()).split("session", gap="30m").counts("session")
    assert sum(pieces["customers"]) == retentioneering()["split_sessions_30m_n"]


def test_states_by_day_are_those_of_retentioneering() -> None:
    counts = kr.prepare(ecom()).daily_states().counts()
    assert dict(zip(counts["touchpoint"], counts["events"], strict=True)) == retentioneering()["daily_states_counts"]
    longer = kr.prepare(ecom()).daily_states(keep_last_dormant=True).counts()
    # Every day from the first event to the end of the log.
    days = sum(longer["events"])
    assert days - sum(counts["events"]) == longer["events"][longer["touchpoint"].index("dormant")] - 7836


@settings(max_examples=40, deadline=None)
@given(journeys=random_patterns.journeys(), within=st.sampled_from([None, 1, 3]))
def test_collapse_merges_runs_and_keeps_the_sum_of_values(journeys: Journeys, within: int | None) -> None:
    log = kr.prepare(log_of(journeys)).collapse(within=f"{within}s" if within else None).run()
    expected = {}
    for who, events in journeys.items():
        kept = []
        for before, event in zip([None, *events], events, strict=False):
            repeats = before is not None and before["touchpoint"] == event["touchpoint"]
            if not repeats or (within is not None and event["time"] - before["time"] > within):  # type: ignore[index]
                kept.append(event["touchpoint"])
        expected[who] = kept
    assert events_of(log) == expected
    total = sum(event["value"] for events in journeys.values() for event in events)
    ends = {name for events in journeys.values() for name in [event["touchpoint"] for event in events]}
    summary = kr.journeys(log, conversion=sorted(ends)).summary()
    assert summary["value"] == pytest.approx([float(total)])


@settings(max_examples=40, deadline=None)
@given(journeys=random_patterns.journeys(), seconds=st.integers(1, 12))
def test_labels_of_customers_follow_their_definitions(journeys: Journeys, seconds: int) -> None:
    prepared = (
        kr.prepare(log_of(journeys))
        .label_lost(after=f"{seconds}s")
        .label_returning(gap=f"{seconds}s")
        .label_cropped(left=f"{seconds}s", right=f"{seconds}s")
        .label_new(since=f"1970-01-01T00:00:{seconds:02d}")
        .label("buyer", "a ->> b")
        .run()
    )
    begin = min(events[0]["time"] for events in journeys.values())
    end = max(events[-1]["time"] for events in journeys.values())
    expected: dict[str, dict[str, str]] = {name: {} for name in ("lost", "returning", "cropped", "new", "buyer")}
    for who, events in journeys.items():
        times = [event["time"] for event in events]
        expected["lost"][who] = "lost" if end - times[-1] >= seconds else "absent"
        silences = [later - earlier for earlier, later in pairwise(times)]
        expected["returning"][who] = "returning" if any(gap > seconds for gap in silences) else "once"
        left, right = times[-1] - begin < seconds, end - times[0] < seconds
        expected["cropped"][who] = "both" if left and right else "left" if left else "right" if right else "whole"
        expected["new"][who] = "new" if times[0] >= seconds else "existing"
        names = "".join(event["touchpoint"] for event in events)
        expected["buyer"][who] = "yes" if re.search("a.*b", names) else "no"
    for name, labels in expected.items():
        assert label_of_customers(prepared, name) == labels


@settings(max_examples=60, deadline=None)
@given(
    journeys=random_patterns.journeys(),
    start=st.sampled_from([None, "a", "b -> c"]),
    until=st.sampled_from([None, "c", "a ->> b"]),
    which=st.tuples(st.sampled_from(["first", "last"]), st.sampled_from(["first", "last"])),
    otherwise=st.sampled_from(["drop", "keep"]),
)
def test_trim_keeps_what_lies_between_the_matches(
    journeys: Journeys, start: str | None, until: str | None, which: Any, otherwise: Any
) -> None:
    regex = {"a": "a", "b -> c": "bc", "c": "c", "a ->> b": "a.*?b"}
    if start is None and until is None:
        with pytest.raises(kr.InputError, match="nothing to cut by"):
            kr.prepare(log_of(journeys)).trim()
        return
    expected = {}
    for who, events in journeys.items():
        text = "".join(event["touchpoint"] for event in events)
        kept: str | None = text
        if start is not None:
            found = list(re.finditer(regex[start], text))
            kept = text[found[0 if which[0] == "first" else -1].start() :] if found else None
        if until is not None and kept is not None:
            found = list(re.finditer(regex[until], kept))
            kept = kept[: found[0 if which[1] == "first" else -1].end()] if found else None
        if kept is None and otherwise == "keep":
            kept = text
        if kept:
            expected[who] = list(kept)
    log = kr.prepare(log_of(journeys)).trim(
        start, until, start_which=which[0], until_which=which[1], otherwise=otherwise
    )
    assert events_of(log.run()) == expected


@settings(max_examples=40, deadline=None)
@given(journeys=random_patterns.journeys())
def test_pieces_begin_at_matches_after_matches_and_after_silences(journeys: Journeys) -> None:
    log = kr.prepare(log_of(journeys)).split("piece", gap="3s", at="a", after="b -> c").run()
    for who, labels in events_of(log, "piece").items():
        names = "".join(event["touchpoint"] for event in journeys[who])
        times = [event["time"] for event in journeys[who]]
        number, expected = 1, ["1"]
        for at in range(1, len(names)):
            if times[at] - times[at - 1] > 3 or names[at] == "a" or names[max(0, at - 2) : at] == "bc":
                number += 1
            expected.append(str(number))
        assert labels == expected


def test_a_sample_is_stable_nested_and_seeded() -> None:
    columns = random_patterns.columns(
        {f"u{n}": [{"time": n, "touchpoint": "a", "channel": "web", "value": 1}] for n in range(2_000)}
    )
    log, turned = kr.read(columns, **random_patterns.READ), kr.read(shuffled(columns, 1), **random_patterns.READ)
    small = set(events_of(kr.prepare(log).sample(0.1, seed=4).run()))
    large = set(events_of(kr.prepare(turned).sample(0.3, seed=4).run()))
    other = set(events_of(kr.prepare(log).sample(0.1, seed=5).run()))
    assert small < large
    assert small != other
    # Three standard errors of a share of 0.1 of 2000.
    assert abs(len(small) - 200) < 3 * 13.5
    exact = set(events_of(kr.prepare(turned).sample(customers=150, seed=4).run()))
    assert len(exact) == 150
    assert exact <= large
    assert set(events_of(kr.prepare(log).sample(customers=150, seed=4).run())) == exact
    with pytest.raises(kr.InputError, match="must lie between 0 and 1"):
        kr.prepare(log).sample(1.5).run()


def test_names_are_renamed_grouped_and_cleaned() -> None:
    log = kr.read(
        {
            "customer_id": [1] * 6,
            "timestamp": [f"2024-03-0{day}" for day in range(1, 7)],
            "touchpoint": [
                "https://user@Shop.Example:8080/p/123//view/?q=1#top",
                "/p/9f8e7d6c5b4a/view",
                "/p/6F9619FF-8B86-D011-B42D-00CF4FC964FF/view",
                "https://shop.example",
                "order",
                "/facade",
            ],
        }
    )
    clean = kr.prepare(log).clean_urls()
    assert clean.run().touchpoints == ["/p/:id/view", "/", "order", "/facade"]
    assert clean.group({"page": ["~^/"]}).run().touchpoints == ["page", "order"]
    assert kr.prepare(log).clean_urls(host=True, query=True, fragment=True, id="").run().touchpoints[0] == (
        "shop.example/p/123/view?q=1#top"
    )
    with pytest.raises(kr.InputError, match="no event of this log has the touchpoint 'ordr'; did you mean 'order'"):
        kr.prepare(log).rename({"ordr": "x"}).run()
    with pytest.raises(kr.InputError, match="not a usable name"):
        kr.prepare(log).rename({"order": "(start)"}).run()


def test_events_are_chosen_by_a_pattern_of_one_event() -> None:
    journeys = {
        "u": [
            {"time": at, "touchpoint": name, "channel": "web" if at < 2 else "app", "value": at}
            for at, name in enumerate("abcab")
        ],
        "v": [{"time": 0, "touchpoint": "a", "channel": "web", "value": 9}],
    }
    log = log_of(journeys)
    assert events_of(kr.prepare(log).keep("a|c").run()) == {"u": ["a", "c", "a"], "v": ["a"]}
    assert events_of(kr.prepare(log).drop("[channel = web]").run()) == {"u": ["c", "a", "b"]}
    assert events_of(kr.prepare(log).keep(".[value >= 3]").run()) == {"u": ["a", "b"], "v": ["a"]}
    assert events_of(kr.prepare(log).drop_customers("b ->> a").run()) == {"v": ["a"]}
    assert events_of(kr.prepare(log).trim(within="1s").run()) == {"u": ["a", "b"], "v": ["a"]}
    since = kr.prepare(log).trim(since="1970-01-01T00:00:01", before="1970-01-01T00:00:03").run()
    assert events_of(since) == {"u": ["b", "c"]}
    assert events_of(kr.prepare(log).add_start_end().run())["v"] == ["path_start", "a", "path_end"]
    with pytest.raises(kr.InputError, match="a pattern of one event"):
        kr.prepare(log).keep("a -> b").run()


def test_steps_run_once_when_they_are_needed_and_leave_the_log_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from klantreis import _core

    calls = []
    real = _core.collapse_repeats
    monkeypatch.setattr(_core, "collapse_repeats", lambda *given, **named: calls.append(1) or real(*given, **named))
    log = log_of({"u": [{"time": 0, "touchpoint": name, "channel": "web", "value": 1} for name in "aab"]})
    first = kr.prepare(log).collapse()
    second = first.drop("b")
    assert calls == []
    assert len(second.run()) == 1
    assert len(first.run()) == 2
    assert len(second.run()) == 1
    assert calls == [1]
    assert len(log) == 3
    assert log.preparation == ()
    assert first.steps == ["merge repeats of touchpoint"]
    assert kr.prepare(first.run()).drop("b").steps == ["merge repeats of touchpoint", "leave out events b"]
    assert kr.prepare(log).definition == "the events as they were read"


@pytest.mark.filterwarnings("ignore:path pattern", "ignore:no journey is settled")
@settings(max_examples=40, deadline=None)
@given(journeys=random_patterns.journeys())
def test_chosen_journeys_are_the_journeys_that_match(journeys: Journeys) -> None:
    whole = kr.journeys(log_of(journeys), conversion="a" if _has(journeys, "a") else [], inactivity="4s", gap="2s")
    found = kr.match(whole, "b|c")
    chosen, others = found.journeys(), found.journeys(matched=False)
    assert len(chosen) == found["matched"][0]
    assert len(chosen) + len(others) == len(whole)
    for figure in ("conversions", "nulls", "open"):
        assert getattr(chosen, figure) + getattr(others, figure) == getattr(whole, figure)
    assert kr.match(chosen, "b|c")["share"] == ([1.0] if len(chosen) else [None])
    assert kr.match(others, "b|c")["matched"] == [0]
    labelled = found.label("kind").counts("kind")
    events = dict(zip(labelled["kind"], labelled["events"], strict=True))
    assert events.get("yes", 0) == len(chosen.log)


def _has(journeys: Journeys, name: str) -> bool:
    return any(event["touchpoint"] == name for events in journeys.values() for event in events)


def test_a_mapped_log_keeps_its_outcomes_and_phases() -> None:
    log = kr.datasets.restaurant().log
    assert log.map is not None
    whole = kr.journeys(log)
    again = kr.prepare(log).keep_customers(".").add_start_end().drop('"path_start"|"path_end"').journeys()
    assert again.conversions == whole.conversions > 0
    assert again.log.map is log.map
    assert again.log.labels == log.labels
    assert again.log.counts("phase").to_dicts() == log.counts("phase").to_dicts()


def test_a_kept_log_knows_what_was_done_to_it_and_is_not_updated(tmp_path: Path) -> None:
    log = log_of({"u": [{"time": 0, "touchpoint": name, "channel": "web", "value": 1} for name in "aab"]})
    prepared = kr.prepare(log).collapse().run()
    prepared.save(tmp_path / "events.log")
    kept = kr.load_log(tmp_path / "events.log")
    assert kept.preparation == ("merge repeats of touchpoint",)
    assert kr.journeys(kept).options["prepared"] == "merge repeats of touchpoint"
    with pytest.raises(kr.InputError, match="prepare it again"):
        kept.update(log)


def test_every_form_of_the_page_can_be_read(root: Path) -> None:
    page = (root / "docs/patterns.md").read_text(encoding="utf-8")
    table = page.split("## The language")[1].split("Blanks mean")[0]
    forms = [
        form.replace("\\|", "|")
        for row in table.splitlines()
        if row.startswith("| `")
        for form in re.findall(r"`([^`]+)`", re.split(r"(?<!\\)\|", row)[1])
    ]
    assert len(forms) > 30
    for form in forms:
        # What may be met by no event stands beside one that is.
        kr.Pattern(form if form not in ("view*", "view?", "view{,3}") else f"x -> {form}")


def results_of(journeys: kr.Journeys, log: kr.Log) -> dict[str, kr.Table]:
    """A result of each kind that is made of journeys or a log."""
    steps = ["product_view", "add_to_cart"]
    whole = journeys.recut(after_conversion="continue")
    return {
        "transitions": kr.transitions(journeys),
        "variants": kr.variants(journeys),
        "step_matrix": kr.step_matrix(journeys),
        "path_tree": kr.path_tree(journeys, after=2),
        "ngrams": kr.ngrams(journeys),
        "frequent_sequences": kr.frequent_sequences(journeys, max_length=2),
        "complexity": kr.complexity(journeys),
        "edge_weights": kr.edge_weights(journeys),
        "likely_paths": kr.likely_paths(journeys),
        "drop_off": kr.drop_off(journeys),
        "effort": kr.effort(journeys),
        "friction": kr.friction(journeys),
        "abandoned_carts": kr.abandoned_carts(journeys),
        "funnel": kr.funnel(journeys, steps),
        "funnel of a log": kr.funnel(log, steps),
        "funnel of journeys": kr.funnel(journeys, steps, unit="journey"),
        "funnel_trend": kr.funnel_trend(log, steps),
        "retention": kr.retention(log, steps),
        "sequence_match": kr.sequence_match(log, "(?1)(?2)", steps),
        "predictors": kr.predictors(journeys, steps),
        "match": kr.match(journeys, "product_view ->> add_to_cart"),
        "match of a log": kr.match(log, "product_view ->> add_to_cart"),
        "improve": kr.improve(journeys),
        "attribute": kr.attribute(journeys, by="channel"),
        "last touch": kr.attribute(journeys, model="last_touch"),
        "clusters": kr.clusters(journeys, clusters=2),
        "typical": kr.typical(journeys),
        "compare": kr.compare(journeys, by="channel", groups="google"),
        "durations": kr.durations(journeys),
        "return_cohorts": kr.return_cohorts(whole),
        "paths": kr.paths(journeys).table(),
    }


def test_results_say_how_their_events_were_prepared() -> None:
    raw = kr.datasets.webshop(400).journeys().log
    prepared = kr.prepare(raw).drop("status_mail").collapse()
    log = prepared.run()
    journeys = kr.journeys(log, conversion="order", inactivity="30d")
    without = {name: table.options.get("prepared") for name, table in results_of(journeys, log).items()}
    assert without == dict.fromkeys(without, "leave out events status_mail; merge repeats of touchpoint")
    plain = kr.journeys(raw, conversion="order", inactivity="30d")
    assert all("prepared" not in table.options for table in results_of(plain, raw).values())


def test_what_was_done_is_told_of_journeys_that_were_chosen_saved_and_cut_anew(tmp_path: Path) -> None:
    raw = kr.datasets.webshop(400).journeys().log
    log = kr.prepare(raw).collapse().run()
    chosen = kr.match(kr.journeys(log, conversion="order"), "product_view").journeys()
    done = "merge repeats of touchpoint; journeys with product_view"
    assert kr.transitions(chosen).options["prepared"] == chosen.options["prepared"] == done
    assert kr.transitions(chosen.recut(after_conversion="continue")).options["prepared"] == done
    log.save(tmp_path / "log.kr")
    again = kr.load_log(tmp_path / "log.kr")
    assert kr.funnel(again, ["order"]).options["prepared"] == "merge repeats of touchpoint"
    labelled = kr.match(kr.journeys(log), "order").label("bought")
    assert kr.funnel(labelled, ["order"]).options["prepared"].endswith("label bought: yes = journeys with order")
    # The log that was read stays as it was.
    assert raw.preparation == ()
    assert "prepared" not in kr.funnel(raw, ["order"]).options


def test_counts_of_events_that_were_prepared_otherwise_do_not_merge() -> None:
    raw = kr.datasets.webshop(400).journeys().log
    parts = [
        kr.count(kr.journeys(log, conversion="order"), "transitions")
        for log in (kr.prepare(raw).collapse().run(), kr.prepare(raw).drop("status_mail").run())
    ]
    with pytest.raises(kr.InputError, match="prepared"):
        kr.merge(parts)
