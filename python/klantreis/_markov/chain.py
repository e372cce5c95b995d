# SPDX-License-Identifier: MIT
"""Absorbing Markov chains: what becomes of a journey, and what a change would do."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

from klantreis import _core
from klantreis._arguments import whole_number
from klantreis._core import InputError
from klantreis._table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Transitions = Mapping[str, Mapping[str, float]] | Iterable[tuple[str, str, float]]


def _parts(transitions: Transitions) -> tuple[list[str], list[str], list[tuple[str, str, float]]]:
    """Transient names, absorbing names and triples; what is never left is absorbing."""
    triples: list[tuple[str, str, float]] = []
    transient: dict[str, None] = {}
    if isinstance(transitions, Mapping):
        for start, row in transitions.items():
            if not isinstance(row, Mapping):
                raise InputError(f"the row of {start!r} is {row!r}; give a mapping from next states to numbers")
            transient[start] = None
            triples.extend((start, end, weight) for end, weight in row.items())
    else:
        for item in transitions:
            try:
                start, end, weight = item
            except (TypeError, ValueError):
                raise InputError(f"{item!r} is no transition; give (from, to, number)") from None
            transient[start] = None
            triples.append((start, end, weight))
    for start, end, weight in triples:
        if not isinstance(start, str) or not isinstance(end, str):
            raise InputError(f"the transition {start!r} to {end!r} is not between names; states are text")
        if isinstance(weight, bool) or not hasattr(weight, "__float__"):
            raise InputError(f"the transition {start!r} to {end!r} is {weight!r}; give a number")
    absorbing = dict.fromkeys(end for _, end, _ in triples if end not in transient)
    return list(transient), list(absorbing), [(start, end, float(weight)) for start, end, weight in triples]


class Chain:
    """A Markov chain that every journey leaves sooner or later.

    Made by :meth:`from_probabilities` or :meth:`from_counts`. States that have transitions are transient; those
    that are only led to are absorbing: the outcomes.

    Where a method takes ``start``, ``goal`` or ``source`` the default is the state ``(start)``, ``(conversion)`` or
    ``(null)`` if the chain has it, else the first state, the first outcome and the last outcome.

    Examples
    --------
    >>> import klantreis as kr
    >>> chain = kr.Chain.from_probabilities({
    ...     "visit": {"visit": 0.2, "cart": 0.3, "left": 0.5},
    ...     "cart": {"visit": 0.1, "bought": 0.5, "left": 0.4},
    ... })
    >>> chain
    Chain(2 states, outcomes left, bought)
    >>> round(chain.absorption()["probability"][1], 6)  # from visit to bought
    0.194805
    """

    __slots__ = ("_handle",)

    def __init__(self, handle: _core.Chain) -> None:
        if not isinstance(handle, _core.Chain):
            raise TypeError("make chains with Chain.from_probabilities({...}) or Chain.from_counts({...})")
        self._handle = handle

    @classmethod
    def from_probabilities(cls, transitions: Transitions) -> Chain:
        """Make a chain of transition probabilities.

        Parameters
        ----------
        transitions
            ``{from: {to: probability}}``, or ``(from, to, probability)`` in any order. Each row sums to 1.

        Raises
        ------
        InputError
            When a row does not sum to 1, a probability is negative or not finite, or from some state no outcome can be
            reached. The message names the state.

        Examples
        --------
        >>> import klantreis as kr
        >>> kr.Chain.from_probabilities([("ad", "site", 0.25), ("ad", "lost", 0.75), ("site", "sold", 1)]).outcomes
        ['lost', 'sold']
        """
        transient, absorbing, triples = _parts(transitions)
        return cls(_core.Chain(transient, absorbing, triples, counts=False))

    @classmethod
    def from_counts(cls, transitions: Transitions) -> Chain:
        """Make the maximum-likelihood chain of counted transitions: each count divided by the sum of its row.

        Parameters
        ----------
        transitions
            ``{from: {to: count}}``, or ``(from, to, count)`` in any order.

        Raises
        ------
        InputError
            When a count is negative or not finite, a state has no transition, or from some state no outcome can be
            reached.

        Examples
        --------
        >>> import klantreis as kr
        >>> chain = kr.Chain.from_counts({"(start)": {"ad": 4}, "ad": {"(conversion)": 1, "(null)": 3}})
        >>> chain.transitions()["probability"]
        [1.0, 0.25, 0.75]
        """
        transient, absorbing, triples = _parts(transitions)
        return cls(_core.Chain(transient, absorbing, triples, counts=True))

    @property
    def states(self) -> list[str]:
        """The transient states."""
        return self._handle.states

    @property
    def outcomes(self) -> list[str]:
        """The absorbing states."""
        return self._handle.outcomes

    def __repr__(self) -> str:
        outcomes = self.outcomes
        shown = ", ".join(outcomes[:5]) + (", …" if len(outcomes) > 5 else "")
        count = len(self.states)
        return f"Chain({count} state{'' if count == 1 else 's'}, outcomes {shown})"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>{self.transitions()._repr_html_()}"

    def _start(self, start: str | None) -> str:
        states = self.states
        return start if start is not None else "(start)" if "(start)" in states else states[0]

    def _goal(self, goal: str | None) -> str:
        outcomes = self.outcomes
        return goal if goal is not None else "(conversion)" if "(conversion)" in outcomes else outcomes[0]

    def _source(self, source: str | None) -> str:
        outcomes = self.outcomes
        return source if source is not None else "(null)" if "(null)" in outcomes else outcomes[-1]

    def transitions(self) -> Table:
        """Return ``from, to, probability`` of all transitions."""
        return Table(self._handle.transitions())

    def fundamental_matrix(self) -> Table:
        """Return ``from, to, visits, variance, reach`` for all pairs of states.

        ``visits`` is the fundamental matrix (I − Q)⁻¹: expected visits of ``to`` by a journey in ``from``; ``reach`` is
        the probability of coming there later.

        Raises
        ------
        LimitError
            When the chain has more than 4,000 states.

        Notes
        -----
        Kemeny and Snell (1960), Finite Markov Chains, chapter 3.

        Examples
        --------
        >>> import klantreis as kr
        >>> chain = kr.Chain.from_probabilities({"a": {"a": 0.5, "end": 0.5}})
        >>> chain.fundamental_matrix().to_dicts()
        [{'from': 'a', 'to': 'a', 'visits': 2.0, 'variance': 2.0, 'reach': 0.5}]
        """
        return Table(self._handle.fundamental_matrix())

    def absorption(self) -> Table:
        """Return ``state, outcome, probability``: where journeys from each state end.

        Examples
        --------
        >>> import klantreis as kr
        >>> kr.Chain.from_counts({"a": {"won": 1, "lost": 3}}).absorption()["probability"]
        [0.25, 0.75]
        """
        return Table(self._handle.absorption())

    def visits(self, *, start: str | None = None) -> Table:
        """Return ``state, visits``: the expected visits of each state by a journey from ``start``.

        Examples
        --------
        >>> import klantreis as kr
        >>> kr.Chain.from_counts({"a": {"a": 1, "b": 1}, "b": {"end": 1}}).visits()["visits"]
        [2.0, 1.0]
        """
        return Table(self._handle.visits(self._start(start)))

    def steps(self, *, given: str | None = None) -> Table:
        """Return ``state, steps, variance``: the number of steps until the end.

        Parameters
        ----------
        given
            Count only journeys that end in this outcome; states from which none does have nulls.

        Examples
        --------
        >>> import klantreis as kr
        >>> chain = kr.Chain.from_counts({"a": {"a": 1, "won": 1, "lost": 2}, "b": {"a": 1, "lost": 1}})
        >>> [round(steps, 6) for steps in chain.steps(given="won")["steps"]]
        [1.333333, 2.333333]
        """
        return Table(self._handle.steps(given))

    def time(self, holding: Mapping[str, float] | Sequence[float]) -> Table:
        """Return ``state, time``: the expected seconds until the end.

        Parameters
        ----------
        holding
            How many seconds a visit of each state lasts on average: by name, or in the order of :attr:`states`. The
            distribution does not matter.

        Raises
        ------
        InputError
            When a state has no time, or a time is negative or not finite.

        Examples
        --------
        >>> import klantreis as kr
        >>> chain = kr.Chain.from_counts({"a": {"a": 1, "end": 1}})
        >>> chain.time({"a": 30})["time"]
        [60.0]
        """
        states = self.states
        if isinstance(holding, Mapping):
            missing = [state for state in states if state not in holding]
            if missing:
                raise InputError(f"no holding time for {missing[0]!r}; give the mean seconds of a visit of each state")
            unknown = [state for state in holding if state not in states]
            if unknown:
                raise InputError(f"a holding time for {unknown[0]!r}, which is no transient state of the chain")
            holding = [holding[state] for state in states]
        return Table(self._handle.time([float(seconds) for seconds in holding]))

    def leaving(self, *, start: str | None = None) -> Table:
        """Return ``state, outcome, probability``: from which state, and how, journeys from ``start`` end.

        Examples
        --------
        >>> import klantreis as kr
        >>> chain = kr.Chain.from_counts({"a": {"b": 1, "lost": 1}, "b": {"won": 1, "lost": 3}})
        >>> [(row["state"], row["outcome"], row["probability"]) for row in chain.leaving().to_dicts()]
        [('a', 'lost', 0.5), ('b', 'lost', 0.375), ('b', 'won', 0.125)]
        """
        return Table(self._handle.leaving(self._start(start)))

    def sensitivity(self, *, start: str | None = None, goal: str | None = None) -> Table:
        """Return how P(goal) moves with each transition.

        The columns are ``from, to, probability, sensitivity, proportional, elasticity``. ``sensitivity`` holds all
        other transitions fixed, so only differences within a row have a meaning of their own; in ``proportional`` the
        rest of the row shrinks in proportion, and ``elasticity`` is the same in per cent of per cent.

        Notes
        -----
        Caswell (2013), https://doi.org/10.1016/j.laa.2012.07.020.

        Examples
        --------
        >>> import klantreis as kr
        >>> chain = kr.Chain.from_counts({"a": {"a": 2, "won": 1, "lost": 1}})
        >>> chain.sensitivity(goal="won")["sensitivity"]
        [1.0, 2.0, 0.0]
        """
        return Table(self._handle.sensitivity(self._start(start), self._goal(goal)))

    def gains(
        self, *, start: str | None = None, goal: str | None = None, source: str | None = None, amount: float = 0.01
    ) -> Table:
        """Return what moving probability from an outcome to each transition is worth: ``from, to, gain, moved, marks``.

        Parameters
        ----------
        start, goal
            The gain is that of P(goal | start).
        source
            The outcome that gives the probability.
        amount
            The probability to move, in the same row; 0.01 is one percentage point. A row that has less gives what it
            has, marked ``capped``.

        Returns
        -------
        Table
            Largest gain first. Exact, not a linear forecast; null where no outcome could be reached any more.

        Notes
        -----
        Sherman and Morrison (1950), https://doi.org/10.1214/aoms/1177729893.

        Examples
        --------
        >>> import klantreis as kr
        >>> chain = kr.Chain.from_counts({"a": {"b": 1, "lost": 1}, "b": {"won": 1, "lost": 1}})
        >>> for row in chain.gains(goal="won", source="lost", amount=0.1).to_dicts():
        ...     print(row["from"], row["to"], round(row["gain"], 6))
        a b 0.05
        b won 0.05
        """
        return Table(self._handle.gains(self._start(start), self._goal(goal), self._source(source), float(amount)))

    def removal_effects(
        self, *, start: str | None = None, goal: str | None = None, sets: Mapping[str, Iterable[str]] | None = None
    ) -> Table:
        """Return what each state is worth: ``state, removal_effect, without, error_bound``.

        Without a state, every journey that comes there ends; the removal effect is the part of P(goal) that is lost.

        Parameters
        ----------
        start, goal
            The removal effect is on P(goal | start).
        sets
            Names for sets of states that are removed together; by default each state but ``start`` by itself.

        Returns
        -------
        Table
            Largest effect first. Exactly 1 where every way to the goal passes the set, exactly 0 where none does.
            ``error_bound`` is a proven bound on the numerical error.

        Notes
        -----
        Anderl, Becker, von Wangenheim and Schumann (2016), https://doi.org/10.1016/j.ijresmar.2016.03.001.

        Examples
        --------
        >>> import klantreis as kr
        >>> chain = kr.Chain.from_counts({
        ...     "(start)": {"c1": 2, "c2": 1}, "c1": {"c2": 1, "(null)": 1},
        ...     "c2": {"c3": 2}, "c3": {"(conversion)": 1, "(null)": 1}})
        >>> for row in chain.removal_effects().to_dicts():
        ...     print(row["state"], round(row["removal_effect"], 6))
        c2 1.0
        c3 1.0
        c1 0.5
        """
        start = self._start(start)
        if sets is None:
            named = [(state, [state]) for state in self.states if state != start]
        else:
            named = []
            for name, members in sets.items():
                if isinstance(members, str):
                    raise InputError(f"the set {name!r} is the text {members!r}; give a list of states")
                named.append((name, list(members)))
        return Table(self._handle.removal_effects(start, self._goal(goal), named))

    def likely_paths(self, count: int = 10, *, start: str | None = None, goal: str | None = None) -> Table:
        """Return the most probable ways to the goal: ``rank, path, probability, share``.

        A way may pass a state many times. Ways of equal probability stand in the order of their names.

        Parameters
        ----------
        count
            How many; fewer where there are no more.
        start, goal
            Where the ways begin and end. ``share`` is of the journeys from ``start`` that reach ``goal``.

        Raises
        ------
        LimitError
            When the search would take too long, because very many ways are about as probable.

        Examples
        --------
        >>> import klantreis as kr
        >>> chain = kr.Chain.from_counts({"a": {"a": 1, "b": 2, "lost": 1}, "b": {"won": 1, "lost": 1}})
        >>> chain.likely_paths(3, goal="won")["path"]
        ['a > b', 'a > a > b', 'a > a > a > b']
        """
        count = whole_number(count, "count", 0)
        return Table(self._handle.likely_paths(self._start(start), self._goal(goal), count))

    def simulate(
        self, journeys: int = 1000, *, start: str | None = None, seed: int = 0, max_steps: int = 10_000
    ) -> Table:
        """Draw journeys: ``journey, step, state``, a row for each state they come to, the outcome last.

        Parameters
        ----------
        journeys
            How many.
        start
            Where they begin.
        seed
            Equal seeds give equal journeys, on every platform, within one version of klantreis.
        max_steps
            A journey of so many steps is broken off and has no outcome.

        Examples
        --------
        >>> import klantreis as kr
        >>> chain = kr.Chain.from_counts({"a": {"b": 1}, "b": {"end": 1}})
        >>> chain.simulate(2)["state"]
        ['a', 'b', 'end', 'a', 'b', 'end']
        """
        journeys = whole_number(journeys, "journeys", 0)
        max_steps = whole_number(max_steps, "max_steps", 1)
        seed = whole_number(seed, "seed", 0)
        if seed >= 2**64:
            raise InputError(f"seed is {seed}; it must be below 2**64")
        return Table(self._handle.simulate(self._start(start), journeys, seed, max_steps))

    def conditional_on(self, goal: str) -> Chain:
        """Return the chain of the journeys that end in ``goal``, its only outcome.

        States from which the goal cannot be reached are left out.

        Examples
        --------
        >>> import klantreis as kr
        >>> chain = kr.Chain.from_counts({"a": {"a": 2, "won": 1, "lost": 1}})
        >>> chain.conditional_on("won").transitions()["probability"]
        [0.5, 0.5]
        """
        return Chain(self._handle.conditional_on(goal))
