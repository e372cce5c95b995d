# SPDX-License-Identifier: MIT
"""The designed journey against the actual one: the log of twelve customers, and worked examples of alignment."""

from __future__ import annotations

from typing import Any

import pytest

import f1
import klantreis as kr
from bridge import cells


@pytest.fixture(scope="module")
def found() -> kr.Conformance:
    return kr.conformance(f1.journeys(), map=f1.journey_map())


def test_thirty_three_of_thirty_nine_moves_conform(found: kr.Conformance) -> None:
    summary = found.summary.to_dicts()[0]
    assert (summary["moves"], summary["conforming"]) == (39, 33)
    assert found.conformity == pytest.approx(0.846154, abs=5e-7)
    assert summary["lower"] < 33 / 39 < summary["upper"]
    assert summary["n"] == 11  # k06 makes no move


def test_moves_that_nobody_designed(found: kr.Conformance) -> None:
    assert cells(found.deviations, ("from", "to"), "weight", "direction") == {
        ("orientatie", "koop"): (2, "skip"),
        ("koop", "orientatie"): (1, "back"),
        ("koop", "gebruik_service"): (1, "skip"),
        ("gebruik_service", "ambassadeur"): (1, "skip"),
        ("ambassadeur", "koop"): (1, "back"),
    }
    assert found.deviations["weight"][0] == 2


def test_arrows_that_nobody_takes(found: kr.Conformance) -> None:
    never = [(row["from"], row["to"]) for row in found if not row["weight"]]
    assert never == [
        ("latente_behoefte", "bewustwording"),
        ("gebruik_service", "loyaliteit"),
        ("loyaliteit", "ambassadeur"),
        ("loyaliteit", "koop"),
        ("ambassadeur", "bewustwording"),
    ]
    assert found.summary["arrows_never_taken"] == [5]
    status = {(row["from"], row["to"]): row["status"] for row in found}
    assert status["latente_behoefte", "bewustwording"] == "not measured"
    assert status["gebruik_service", "loyaliteit"] == "never taken"


def test_expected_and_measured_share_of_each_arrow(found: kr.Conformance) -> None:
    rows = cells(found, ("from", "to"), "expected", "weight", "probability", "n")
    assert rows["bewustwording", "orientatie"] == pytest.approx((0.8, 9, 0.9, 10))
    assert rows["orientatie", "beslissing"] == pytest.approx((0.5, 8, 8 / 13, 11))
    assert rows["beslissing", "koop"] == pytest.approx((0.8, 6, 6 / 8, 7))
    assert rows["koop", "levering"] == pytest.approx((1.0, 4, 4 / 10, 7))


def test_status_compares_with_what_is_expected_in_the_light_of_chance() -> None:
    rows = kr.conformance(f1.journeys(), map=f1.journey_map(), min_n=1).to_dicts()
    status = {(row["from"], row["to"]): row["status"] for row in rows}
    assert status["bewustwording", "orientatie"] == "ok"
    assert status["beslissing", "koop"] == "off, could be chance"
    assert status["koop", "levering"] == "off"
    assert status["beslissing", "orientatie"] == "taken"


def test_time_kept_by_moves_with_a_limit(found: kr.Conformance) -> None:
    rows = {(row["from"], row["to"]): row for row in found}
    # From the checkout to the delivery (or its status mail): k01 12.8 h and k05 43.9 h are in time, k03 and k07 take
    # 52.9 and 51.7 h.
    assert rows["koop", "levering"]["max_time"] == 2 * 86400
    assert rows["koop", "levering"]["in_time"] == 0.5
    # k12 sees a banner seven days before the search, and the product two minutes later.
    assert rows["bewustwording", "orientatie"]["in_time"] == pytest.approx(8 / 9)
    assert rows["levering", "gebruik_service"]["in_time"] is None


def test_conformity_of_each_journey(found: kr.Conformance) -> None:
    rows = cells(found.journeys(), ("customer",), "moves", "conforming")
    assert list(rows) == f1.customers()
    assert rows["k09"] == (2, 0)
    assert rows["k10"] == (4, 4)
    assert rows["k06"] == (0, 0)
    assert tuple(map(sum, zip(*rows.values(), strict=True))) == (39, 33)
    assert found.summary["journeys_conforming"] == [sum(n == k > 0 for n, k in rows.values())]


def test_a_coarser_level_keeps_what_is_expected_only_where_it_means_the_same() -> None:
    rows = cells(
        kr.conformance(f1.journeys(), map=f1.journey_map(), level="p6"), ("from", "to"), "expected", "max_time"
    )
    assert rows["awareness", "consideration"] == (0.8, 7 * 86400)  # the other part of awareness is not measured
    assert rows["consideration", "purchase"] == (0.5, None)
    assert rows["purchase", "delivery"] == (None, None)  # of the visits of purchase, not of koop
    assert ("purchase", "purchase") not in rows


LINEAR = [("abcde", 0, 1.0), ("abde", 1, 0.888889), ("abxcde", 1, 0.909091), ("acbde", 2, 0.8), ("ab", 3, 0.571429)]


@pytest.mark.parametrize(("trace", "cost", "fitness"), LINEAR)
def test_alignment_to_a_linear_design(trace: str, cost: int, fitness: float) -> None:
    aligned = kr.align(list(trace), list("abcde"))
    assert aligned.cost == cost
    assert aligned.fitness == pytest.approx(fitness, abs=5e-7)


def test_phases_that_are_not_measured_cost_nothing() -> None:
    design = kr.Design(list("abc"), unmeasured=["b"])
    assert kr.align(["a", "c"], design).cost == 0
    assert kr.align(["a", "c"], design).fitness == 1


def test_walks_may_end_anywhere_when_asked(found: kr.Conformance) -> None:
    anywhere = kr.conformance(f1.journeys(), map=f1.journey_map(), end="any").journeys()
    costs = cells(anywhere, ("customer",), "cost")
    assert costs["k02"] == 0
    assert cells(found.journeys(), ("customer",), "cost")["k02"] > 0


def test_a_design_without_a_way_to_its_end_is_refused() -> None:
    with pytest.raises(kr.InputError, match="no designed way leads"):
        kr.align(["a"], kr.Design(["a", "b"], moves=[]))


def test_unknown_ends_are_named() -> None:
    with pytest.raises(kr.InputError, match="'z', which is no phase of it; it has a, b"):
        kr.align(["a"], ["a", "b"], end="z")


# --- token replay


LOG = {
    "acdeh": 455, "abdeg": 191, "adceh": 177, "abdeh": 144, "acdeg": 111, "adceg": 82, "adbeh": 56, "acdefdbeh": 47,
    "adbeg": 38, "acdefbdeh": 33, "acdefbdeg": 14, "acdefdbeg": 11, "adcefcdeh": 9, "adcefdbeh": 8, "adcefbdeg": 5,
    "acdefbdefdbeg": 3, "adcefdbeg": 2, "adcefbdefbdeg": 2, "adcefdbefbdeh": 1, "adbefbdefdbeg": 1,
    "adcefdbefcdefdbeg": 1,
}  # fmt: skip
NETS: dict[str, dict[str, Any]] = {
    "parallel": {
        "a": (["start"], ["p1", "p2"]), "b": (["p1"], ["p3"]), "c": (["p1"], ["p3"]), "d": (["p2"], ["p4"]),
        "e": (["p3", "p4"], ["p5"]), "f": (["p5"], ["p1", "p2"]), "g": (["p5"], ["end"]), "h": (["p5"], ["end"]),
    },
    "sequential": {
        "a": (["start"], ["p1"]), "b": (["p1"], ["p2"]), "c": (["p1"], ["p2"]), "d": (["p2"], ["p3"]),
        "e": (["p3"], ["p4"]), "f": (["p4"], ["p1"]), "g": (["p4"], ["end"]), "h": (["p4"], ["end"]),
    },
    "without choices": {
        "a": (["start"], ["p1", "p2"]), "c": (["p1"], ["p3"]), "d": (["p2"], ["p4"]), "e": (["p3", "p4"], ["p5"]),
        "h": (["p5"], ["end"]),
    },
}  # fmt: skip


# van der Aalst, Process Mining (2016), the 1391 cases of the running example: fitness 1, .9504 and .8797.
@pytest.mark.parametrize(
    ("net", "produced", "consumed", "missing", "remaining", "fitness"),
    [
        ("parallel", 10467, 10467, 0, 0, 1.0),
        ("sequential", 8930, 8930, 443, 443, 0.950392),
        ("without choices", 9148, 9294, 1183, 1037, 0.879678),
    ],
)
def test_token_replay_of_the_book(
    net: str, produced: int, consumed: int, missing: int, remaining: int, fitness: float
) -> None:
    row = kr.token_replay({tuple(trace): n for trace, n in LOG.items()}, NETS[net]).to_dicts()[0]
    assert row["traces"] == 1391
    assert (row["produced"], row["consumed"], row["missing"], row["remaining"]) == (
        produced, consumed, missing, remaining,
    )  # fmt: skip
    assert row["fitness"] == pytest.approx(fitness, abs=5e-7)


@pytest.mark.parametrize(("trace", "figures", "fitness"), [("abcd", (6, 6, 0, 0), 1.0), ("abd", (5, 5, 1, 1), 0.8)])
def test_token_replay_of_two_traces(trace: str, figures: tuple[int, ...], fitness: float) -> None:
    net = {"a": (["start"], ["p1", "p2"]), "b": (["p1"], ["p3"]), "c": (["p2"], ["p4"]), "d": (["p3", "p4"], ["end"])}
    row = kr.token_replay([list(trace)], net).to_dicts()[0]
    assert tuple(row[name] for name in ("produced", "consumed", "missing", "remaining")) == figures
    assert row["fitness"] == pytest.approx(fitness)


def test_journeys_are_replayed_by_phase() -> None:
    net = {"bewustwording": (["start"], ["p"]), "orientatie": (["p"], ["end"])}
    row = kr.token_replay(f1.journeys(), net, by="phase").to_dicts()[0]
    assert row["traces"] == 12
    # Not k03 and k10, who come back to look, k06, who never does, and k09, who begins there.
    assert row["fitting"] == 8
    assert row["skipped"] == 51 - 10 - 13  # visits of all phases, of the first and of the second


@pytest.mark.parametrize(
    ("net", "message"),
    [
        ({"a": ([], ["end"])}, "'a' has no input"),
        ({"a": (["start"], [])}, "'a' has no output"),
        ({"": (["start"], ["end"])}, "has no name"),
        ({"a": "start"}, "give its input places and its output places"),
    ],
)
def test_nets_that_are_not_sound_are_refused(net: Any, message: str) -> None:
    with pytest.raises(kr.InputError, match=message):
        kr.token_replay([["a"]], net)


# --- walkthroughs


def test_an_own_walk_is_checked_against_the_map() -> None:
    walk = kr.walkthrough(
        [
            {"touchpoint": "search_click", "time": "2024-03-01 09:00"},
            {"touchpoint": "product_view", "time": "2024-03-01 09:02", "emotion": 1, "note": "fine pictures"},
            {"touchpoint": "review_view", "time": "2024-03-01 09:05"},
            {"touchpoint": "checkout_start", "time": "2024-03-01 09:10", "emotion": -2, "note": "no cart?"},
            {"touchpoint": "delivered", "time": "2024-03-04 09:10"},
            "chatbot",
        ],
        f1.journey_map(),
        end="any",
    )
    assert walk["move"] == ["start", "designed", "same phase", "deviation", "designed", "unknown touchpoint"]
    assert walk["in_time"] == ["", "yes", "", "", "no", ""]
    assert walk["expected"][:4] == [-1, 0, 0, 1]
    summary = walk.summary.to_dicts()[0]
    assert (summary["steps"], summary["moves"], summary["conforming"], summary["cost"]) == (6, 3, 2, 1)


def test_walks_that_are_not_sound_are_refused() -> None:
    design = kr.Design(["a", "b"])
    with pytest.raises(kr.InputError, match="step 2 of the walkthrough is earlier"):
        kr.walkthrough([{"touchpoint": "a", "time": "2024-03-02"}, {"touchpoint": "b", "time": "2024-03-01"}], design)
    with pytest.raises(kr.InputError, match="from -2 to 2"):
        kr.walkthrough([{"touchpoint": "a", "emotion": 5}], design)
    with pytest.raises(kr.InputError, match="step 1 of the walkthrough has 'when'"):
        kr.walkthrough([{"touchpoint": "a", "when": "now"}], design)
