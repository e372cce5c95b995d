# SPDX-License-Identifier: MIT
"""Preparing events before they are analysed: rename, merge, choose, cut off, part, label, sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from klantreis import _core
from klantreis._arguments import whole_number
from klantreis._core import InputError
from klantreis._duration import DurationLike, InstantLike, instant, microseconds
from klantreis._journeys import Journeys, journeys
from klantreis._log import Log
from klantreis._pattern import PatternLike, as_pattern
from klantreis._table import Table

_Step = Callable[["_core.EventLog"], "_core.EventLog"]
Which = Literal["first", "last"]


class Preparation:
    """Steps from one log to another; made by :func:`klantreis.prepare`.

    Each method returns a preparation with one more step and leaves this one as it was. Nothing is computed until the
    log is asked for, by :meth:`run`, :meth:`journeys` or :meth:`counts`; then all steps run, once.
    """

    __slots__ = ("_base", "_done", "_step", "_text")

    def __init__(self, base: Log | Preparation, step: _Step | None = None, text: str = "") -> None:
        self._base = base
        self._step = step
        self._text = text
        self._done: Log | None = None

    def _then(self, text: str, step: _Step) -> Preparation:
        return Preparation(self, step, text)

    @property
    def steps(self) -> list[str]:
        """What is done, in words, in this order."""
        before = self._base.steps if isinstance(self._base, Preparation) else list(self._base.preparation)
        return before if self._step is None else [*before, self._text]

    @property
    def definition(self) -> str:
        """The steps in one text."""
        return "; ".join(self.steps) or "the events as they were read"

    def run(self) -> Log:
        """Run the steps and return the log; a second call returns the same one."""
        if self._done is None:
            before = self._base.run() if isinstance(self._base, Preparation) else self._base
            if self._step is None:
                self._done = before
            else:
                self._done = Log(self._step(before._handle), before.source, before.map, preparation=tuple(self.steps))
        return self._done

    def journeys(self, **options: Any) -> Journeys:
        """Run the steps and cut the log into journeys; the options are those of :func:`klantreis.journeys`."""
        return journeys(self.run(), **options)

    def counts(self, by: str = "touchpoint") -> Table:
        """Run the steps and count events and customers of each label; see :meth:`klantreis.Log.counts`."""
        return self.run().counts(by)

    def __repr__(self) -> str:
        return f"Preparation({self.definition})"

    def rename(self, names: Mapping[str, str] | Iterable[tuple[str, str]], *, by: str = "touchpoint") -> Preparation:
        """Give new names; what gets one name becomes one.

        Parameters
        ----------
        names
            Old names with new ones. An old name that begins with ``~`` is a regular expression that must match
            somewhere in the name, as in ``{"~^/product/": "product page"}``. The first that fits decides.
        by
            The label to rename.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1, 1], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
        ...                "touchpoint": ["pdp-1", "pdp-2", "pay"]})
        >>> kr.prepare(log).rename({"~^pdp-": "product", "pay": "order"}).run().touchpoints
        ['product', 'order']
        """
        pairs = list(names.items() if isinstance(names, Mapping) else names)
        rules = []
        for old, new in pairs:
            if not isinstance(old, str) or not isinstance(new, str):
                raise InputError(f"rename gives {old!r} the name {new!r}; both must be text")
            rules.append((old[1:], new, True) if old.startswith("~") else (old, new, False))
        shown = ", ".join(f"{old} → {new}" for old, new in pairs)
        return self._then(f"rename {by}: {shown}", lambda log: _core.rename_labels(log, rules, by=by))

    def group(self, groups: Mapping[str, str | Iterable[str]], *, by: str = "touchpoint") -> Preparation:
        """Put several names under one: ``{"browse": ["view", "list", "~^search"]}``.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1, 1], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
        ...                "touchpoint": ["view", "list", "order"]})
        >>> kr.prepare(log).group({"browse": ["view", "list"]}).counts()["events"]
        [2, 1]
        """
        pairs = [
            (old, new) for new, olds in groups.items() for old in ([olds] if isinstance(olds, str) else list(olds))
        ]
        return self.rename(pairs, by=by)

    def clean_urls(
        self,
        *,
        host: bool = False,
        query: bool = False,
        fragment: bool = False,
        id: str = ":id",
        by: str = "touchpoint",
    ) -> Preparation:
        """Turn addresses into names of pages: ``https://shop.example/p/123?ref=mail`` is ``/p/:id``.

        Parameters
        ----------
        host, query, fragment
            Keep that part of the address.
        id
            What stands for numbers, UUIDs and long hexadecimal codes between slashes; empty: they stay.
        by
            The label with the addresses; names that are no addresses stay as they are.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1], "timestamp": ["2024-03-01", "2024-03-02"],
        ...                "touchpoint": ["https://shop.example/p/123?ref=mail", "/p/99/"]})
        >>> kr.prepare(log).clean_urls().run().touchpoints
        ['/p/:id']
        """
        kept = [name for name, keep in (("host", host), ("query", query), ("fragment", fragment)) if keep]
        text = f"clean addresses of {by}" + (f", keeping {', '.join(kept)}" if kept else "")
        options: dict[str, Any] = {
            "host": bool(host),
            "query": bool(query),
            "fragment": bool(fragment),
            "id": id,
            "by": by,
        }
        return self._then(text, lambda log: _core.clean_urls(log, **options))

    def collapse(
        self, only: str | Iterable[str] = (), *, within: DurationLike | None = None, by: str = "touchpoint"
    ) -> Preparation:
        """Merge immediate repeats into their first event; value and cost are added up.

        Parameters
        ----------
        only
            Merge repeats of these names; empty: of all.
        within
            A repeat that comes later than this after the event before it stays.
        by
            What repeats.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1, 1], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
        ...                "touchpoint": ["view", "view", "order"]})
        >>> len(kr.prepare(log).collapse().run())
        2
        """
        names = [only] if isinstance(only, str) else list(only)
        limit = None if within is None else microseconds(within, "within")
        text = f"merge repeats of {by}" + (f" {', '.join(names)}" if names else "")
        text += "" if within is None else f" within {within}"
        return self._then(text, lambda log: _core.collapse_repeats(log, only=names, within=limit, by=by))

    def keep(self, event: PatternLike, *, by: str = "touchpoint") -> Preparation:
        """Keep events, named by a pattern of one event: ``"view|cart"``, ``".[value >= 50]"``, ``'~"^/p/"'``.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1, 1], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
        ...                "touchpoint": ["view", "ping", "order"]})
        >>> kr.prepare(log).keep("view|order").run().touchpoints
        ['view', 'order']
        """
        return self._events(event, True, by)

    def drop(self, event: PatternLike, *, by: str = "touchpoint") -> Preparation:
        """Leave events out, named by a pattern of one event; see :meth:`keep`."""
        return self._events(event, False, by)

    def _events(self, event: PatternLike, keep: bool, by: str) -> Preparation:
        read = as_pattern(event)
        text = f"{'keep' if keep else 'leave out'} events {read.text}" + _of(by)
        return self._then(text, lambda log: _core.select_events(log, read._handle, keep=keep, by=by))

    def keep_customers(self, pattern: PatternLike, *, by: str = "touchpoint") -> Preparation:
        """Keep the customers whose events have a match of the pattern.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1, 2], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
        ...                "touchpoint": ["view", "order", "view"]})
        >>> kr.prepare(log).keep_customers("view ->> order").run().customers
        1
        """
        return self._customers(pattern, True, by)

    def drop_customers(self, pattern: PatternLike, *, by: str = "touchpoint") -> Preparation:
        """Leave out the customers whose events have a match of the pattern."""
        return self._customers(pattern, False, by)

    def _customers(self, pattern: PatternLike, keep: bool, by: str) -> Preparation:
        read = as_pattern(pattern)
        text = f"{'keep' if keep else 'leave out'} customers with {read.text}" + _of(by)
        return self._then(text, lambda log: _core.select_customers(log, read._handle, keep=keep, by=by))

    def trim(
        self,
        start: PatternLike | None = None,
        until: PatternLike | None = None,
        *,
        start_which: Which = "first",
        until_which: Which = "first",
        otherwise: Literal["drop", "keep"] = "drop",
        since: InstantLike | None = None,
        before: InstantLike | None = None,
        within: DurationLike | None = None,
        by: str = "touchpoint",
    ) -> Preparation:
        """Cut off what comes before or after, by pattern or time.

        Parameters
        ----------
        start
            Keep from the first event of a match of this pattern.
        until
            Keep to the last event of a match of this pattern, which is sought from ``start`` on.
        start_which, until_which
            The ``"first"`` or the ``"last"`` match.
        otherwise
            What happens to customers without these matches: ``"drop"`` or ``"keep"`` them whole.
        since, before
            Keep events at ``since`` or later, and earlier than ``before``.
        within
            Keep events at most so long after the customer's first event that is left.
        by
            What names in the patterns are.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1, 1, 1], "touchpoint": ["ad", "view", "order", "mail"],
        ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04"]})
        >>> kr.prepare(log).trim("view", "order").run().touchpoints
        ['view', 'order']
        """
        first, last = (None if pattern is None else as_pattern(pattern) for pattern in (start, until))
        for name, which in (("start_which", start_which), ("until_which", until_which)):
            if which not in ("first", "last"):
                raise InputError(f"{name} is {which!r}; it must be 'first' or 'last'")
        if otherwise not in ("drop", "keep"):
            raise InputError(f"otherwise is {otherwise!r}; it must be 'drop' or 'keep'")
        options: dict[str, Any] = {
            "start": None if first is None else first._handle,
            "until": None if last is None else last._handle,
            "last_from": start_which == "last",
            "last_until": until_which == "last",
            "keep_unmatched": otherwise == "keep",
            "since": None if since is None else instant(since, "since"),
            "before": None if before is None else instant(before, "before"),
            "within": None if within is None else microseconds(within, "within"),
            "by": by,
        }
        parts = [
            f"from the {start_which} {first.text}" if first else "",
            f"until the {until_which} {last.text}" if last else "",
            f"since {since}" if since is not None else "",
            f"before {before}" if before is not None else "",
            f"within {within}" if within is not None else "",
        ]
        if not any(parts):
            raise InputError("trim has nothing to cut by; give start, until, since, before or within")
        unmatched = ", others whole" if otherwise == "keep" and (first or last) else ""
        text = "keep events " + " ".join(filter(None, parts)) + unmatched + _of(by)
        return self._then(text, lambda log: _core.trim(log, **options))

    def split(
        self,
        name: str = "piece",
        *,
        gap: DurationLike | None = None,
        at: PatternLike | None = None,
        after: PatternLike | None = None,
        by: str = "touchpoint",
    ) -> Preparation:
        """Part each customer's events into pieces, numbered ``1``, ``2``, … in a new label.

        Parameters
        ----------
        name
            The new label.
        gap
            A silence longer than this begins a new piece.
        at, after
            So does the first event of each match of ``at``, and what follows the last event of each match of ``after``.
        by
            What names in the patterns are.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1, 1], "timestamp": ["2024-03-01", "2024-03-01", "2024-03-09"],
        ...                "touchpoint": ["view", "cart", "view"]})
        >>> kr.prepare(log).split("session", gap="30m").counts("session")["events"]
        [2, 1]
        """
        start, end = (None if pattern is None else as_pattern(pattern) for pattern in (at, after))
        options: dict[str, Any] = {
            "name": name,
            "gap": None if gap is None else microseconds(gap, "gap"),
            "at": None if start is None else start._handle,
            "after": None if end is None else end._handle,
            "by": by,
        }
        parts = [
            f"after a silence of {gap}" if gap is not None else "",
            f"at {start.text}" if start else "",
            f"after {end.text}" if end else "",
        ]
        text = f"number the pieces as {name}, a new one {' or '.join(filter(None, parts))}" + _of(by)
        return self._then(text, lambda log: _core.split(log, **options))

    def label(
        self,
        name: str,
        labels: PatternLike | Mapping[str, PatternLike],
        *,
        otherwise: str = "(none)",
        by: str = "touchpoint",
    ) -> Preparation:
        """Label customers by the patterns that their events have; the first that has a match decides.

        Parameters
        ----------
        name
            The new label, which every analysis takes as ``by=`` or ``segment=``.
        labels
            Labels with their patterns. A pattern alone gives the labels ``yes`` and ``no``.
        otherwise
            The label of customers without any match.
        by
            What names in the patterns are.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 1, 2], "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03"],
        ...                "touchpoint": ["view", "order", "view"]})
        >>> kr.prepare(log).label("buyer", "order").counts("buyer").to_dicts()[0]
        {'buyer': 'yes', 'events': 2, 'customers': 1}
        """
        if not isinstance(labels, Mapping):
            labels, otherwise = {"yes": labels}, "no"
        pairs = [(label, as_pattern(pattern)) for label, pattern in labels.items()]
        text = f"label {name}: " + ", ".join(f"{label} = {pattern.text}" for label, pattern in pairs) + _of(by)
        handles = [(label, pattern._handle) for label, pattern in pairs]
        return self._then(text, lambda log: _core.label_customers(log, handles, name=name, otherwise=otherwise, by=by))

    def label_new(
        self, *, since: InstantLike | None = None, ids: Iterable[object] | None = None, name: str = "new"
    ) -> Preparation:
        """Label customers ``new`` or ``existing``: by their first event, or by a list of the new ones.

        Parameters
        ----------
        since
            Customers whose first event is then or later are new.
        ids
            The ids of the new customers, compared as text.
        name
            The new label.
        """
        if (since is None) == (ids is None):
            raise InputError("label_new takes either since or ids")
        known = [] if ids is None else [str(one) for one in ids]
        at = None if since is None else instant(since, "since")
        text = f"label {name}: first event since {since}" if since is not None else f"label {name}: {len(known)} ids"
        return self._then(text, lambda log: _core.label_new(log, since=at, ids=known, name=name))

    def label_lost(self, *, after: DurationLike, name: str = "lost") -> Preparation:
        """Label customers ``lost`` when the log goes on for ``after`` or longer beyond their last event, or ``absent``.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.read({"customer_id": [1, 2], "timestamp": ["2024-03-01", "2024-04-20"], "touchpoint": ["a", "a"]})
        >>> kr.prepare(log).label_lost(after="30d").counts("lost")["lost"]
        ['absent', 'lost']
        """
        length = microseconds(after, "after")
        return self._then(
            f"label {name}: silent for {after} at the end", lambda log: _core.label_lost(log, after=length, name=name)
        )

    def label_returning(self, *, gap: DurationLike, name: str = "returning") -> Preparation:
        """Label customers ``returning`` when they came back after a silence longer than ``gap``, else ``once``."""
        length = microseconds(gap, "gap")
        return self._then(
            f"label {name}: back after a silence of {gap}",
            lambda log: _core.label_returning(log, gap=length, name=name),
        )

    def label_cropped(
        self, *, left: DurationLike | None = None, right: DurationLike | None = None, name: str = "cropped"
    ) -> Preparation:
        """Label customers whom the window of the data may have cut: ``left``, ``right``, ``both`` or ``whole``.

        Parameters
        ----------
        left
            Cropped on the left: the last event is less than this after the first event of the log.
        right
            Cropped on the right: the first event is less than this before the last event of the log.
        name
            The new label.
        """
        near = None if left is None else microseconds(left, "left")
        far = None if right is None else microseconds(right, "right")
        return self._then(
            f"label {name}: left {left}, right {right}",
            lambda log: _core.label_cropped(log, left=near, right=far, name=name),
        )

    def add_start_end(self, start: str = "path_start", end: str = "path_end") -> Preparation:
        """Put an event before and one behind the events of each customer, at their times and without value."""
        return self._then(f"add events {start} and {end}", lambda log: _core.add_start_end(log, start=start, end=end))

    def sample(self, share: float | None = None, *, customers: int | None = None, seed: int = 0) -> Preparation:
        """Keep some of the customers, chosen by a hash of seed and id.

        The choice depends on nothing else, so it is the same whatever the order of the events, and a larger share
        contains a smaller one.

        Parameters
        ----------
        share
            About this share of the customers, 0 to 1.
        customers
            Or so many customers, all where there are fewer.
        seed
            Another seed, another choice.

        Examples
        --------
        >>> import klantreis as kr
        >>> log = kr.datasets.webshop(500).journeys().log
        >>> kr.prepare(log).sample(customers=20, seed=1).run().customers
        20
        """
        if (share is None) == (customers is None):
            raise InputError("sample takes either a share or a number of customers")
        count = 0 if customers is None else whole_number(customers, "customers", 0)
        start = whole_number(seed, "seed", 0)
        part = None if share is None else float(share)
        wanted = f"{share:.12g} of the customers" if share is not None else f"{count} customers"
        return self._then(
            f"sample {wanted}, seed {start}",
            lambda log: _core.sample_customers(log, share=part, customers=count, seed=start),
        )

    def daily_states(self, *, keep_last_dormant: bool = False) -> Preparation:
        """Replace the events by one for each customer and day, named by how active the customer is.

        On days with events: ``new`` (the first), ``current`` (the last such day at most 7 days back), ``reactivated``
        (8 to 30), ``resurrected`` (more). On days without: ``at_risk_wau`` (at most 7), ``at_risk_mau`` (at most 30),
        ``dormant`` (more). Days (UTC) go on to the last day of the log; dormant ones after a customer's last event are
        left out unless ``keep_last_dormant``.
        """
        text = "states by day" + (", dormant to the end" if keep_last_dormant else "")
        return self._then(text, lambda log: _core.daily_states(log, keep_last_dormant=bool(keep_last_dormant)))


def _of(by: str) -> str:
    return "" if by == "touchpoint" else f" (by {by})"


def prepare(log: Log) -> Preparation:
    """Begin to prepare the events of a log; the log itself stays as it is.

    Parameters
    ----------
    log
        The events, from :func:`klantreis.read`.

    Returns
    -------
    Preparation
        With the methods ``rename, group, clean_urls, collapse, keep, drop, keep_customers, drop_customers, trim, split,
        label, label_new, label_lost, label_returning, label_cropped, add_start_end, sample, daily_states``, which can
        be chained. ``.run()`` gives the log; its ``.preparation`` lists what was done, and so does
        ``options["prepared"]`` of journeys that are cut from it.

    Examples
    --------
    >>> import klantreis as kr
    >>> log = kr.read({"customer_id": [1, 1, 1, 2], "touchpoint": ["view", "view", "order", "ping"],
    ...                "timestamp": ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04"]})
    >>> clean = kr.prepare(log).drop("ping").collapse()
    >>> clean.definition
    'leave out events ping; merge repeats of touchpoint'
    >>> clean.run()
    Log(2 events, 1 customers, 2 touchpoints; by: touchpoint)
    """
    if not isinstance(log, Log):
        raise InputError(f"prepare takes a Log, not {type(log).__name__}; read the events with klantreis.read")
    return Preparation(log)
