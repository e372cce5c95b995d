# SPDX-License-Identifier: MIT
"""kr.markov: the chain of order k that journeys and path tables give."""

from __future__ import annotations

from typing import Any

import pytest
from reference import chain as slow_chain
from reference import sequences

import klantreis as kr
from bridge import SEEDS, both, cells, read
from oracle import tiny_columns
from strategies import random_log


@pytest.fixture(scope="module")
def tiny() -> kr.Journeys:
    return kr.journeys(read(tiny_columns()), conversion="conversion", gap="50d")


def conversion_from_start(chain: kr.Chain) -> float:
    return next(
        row["probability"]
        for row in chain.absorption()
        if (row["state"], row["outcome"]) == ("(start)", "(conversion)")
    )


@pytest.mark.parametrize("order", [1, 2, 3, 9])
def test_the_probability_of_conversion_is_the_observed_rate_at_every_order(tiny: kr.Journeys, order: int) -> None:
    for kept in (False, True):
        chain = kr.markov(tiny, order=order, self_transitions=kept)
        assert conversion_from_start(chain) == pytest.approx(5 / 11, abs=1e-12)


def test_states_are_windows(tiny: kr.Journeys) -> None:
    assert kr.markov(tiny).states == ["(start)", "A", "B", "C"]
    assert kr.markov(tiny).outcomes == ["(conversion)", "(null)"]
    windows = kr.markov(tiny, order=2).states
    assert windows == ["(start)", "A", "A > B", "A > C", "B", "B > A", "B > C", "C", "C > A", "C > B"]


def test_expected_visits_are_the_observed_ones(tiny: kr.Journeys) -> None:
    visits = cells(kr.markov(tiny).visits(), ("state",), "visits")
    assert visits == pytest.approx({"(start)": 1, "A": 8 / 11, "B": 7 / 11, "C": 5 / 11})


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("by", ["touchpoint", "channel"])
def test_probabilities_equal_the_reference(seed: int, order: int, by: str) -> None:
    fast, slow = both(random_log(seed), {})
    trips = sequences.trips(slow, by)
    expected = slow_chain.probabilities(slow_chain.transition_counts(trips, order))
    named = {(name(here), name(there)): float(p) for here, row in expected.items() for there, p in row.items()}
    found = {(r["from"], r["to"]): r["probability"] for r in kr.markov(fast, order=order, by=by).transitions()}
    assert found.keys() == named.keys()
    for pair, probability in named.items():
        assert found[pair] == pytest.approx(probability, rel=1e-12)


def name(state: Any) -> str:
    if isinstance(state, str):
        return state
    quoted = ['"' + item.replace('"', '""') + '"' if ">" in item or '"' in item else item for item in state]
    return " > ".join(quoted)


def test_journeys_and_paths_give_the_same_chain(tiny: kr.Journeys) -> None:
    first, second = kr.markov(tiny, order=2), kr.markov(kr.paths(tiny), order=2)
    assert first.transitions().to_dicts() == second.transitions().to_dicts()


def test_removal_effects_of_the_chain_are_those_of_attribution(tiny: kr.Journeys) -> None:
    credit = cells(kr.attribute(tiny), ("touchpoint",), "removal_effect")
    chain = cells(kr.markov(tiny).removal_effects(), ("state",), "removal_effect")
    assert chain == pytest.approx(credit, abs=1e-12)


def test_what_is_no_journey_is_refused(tiny: kr.Journeys) -> None:
    with pytest.raises(kr.InputError, match="Journeys or Paths, not list"):
        kr.markov([])  # type: ignore[arg-type]
    with pytest.raises(kr.InputError, match="order is 0"):
        kr.markov(tiny, order=0)
    with pytest.raises(kr.InputError, match="belong to the making of paths"):
        kr.markov(kr.paths(tiny), lookback="7d")
    with pytest.raises(kr.InputError, match="made by 'touchpoint'"):
        kr.markov(kr.paths(tiny), by="phase")
    with pytest.raises(kr.InputError, match="after_conversion"):
        kr.markov(kr.journeys(read(tiny_columns()), conversion="conversion", after_conversion="continue"))
    with pytest.raises(kr.InputError, match="no settled journey"):
        kr.markov(kr.read_paths({"path": ["a"], "total_conversions": [0]}))
