# SPDX-License-Identifier: MIT
"""The journey map: a file that people edit, and an object that analyses read."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._core import InputError
from klantreis._files import write_whole
from klantreis._map.problems import Problem, near, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from klantreis._map import model
    from klantreis._table import Table

_READ = os.PathLike[str] | str
# Pydantic takes longer to load than the rest of the package, so only functions import what needs it.


class JourneyMap:
    """A designed journey: its phases, touchpoints with the rules that find them in a log, outcomes, KPIs and the rest.

    Make one with :meth:`load`, :meth:`from_text`, :meth:`from_dict` or :func:`klantreis.template`. Its parts are
    attributes: ``map.phases[0].name``. They can be changed; what cannot be is refused at once, and references are
    checked when the map is saved or used.

    Examples
    --------
    >>> import klantreis as kr
    >>> shop = kr.JourneyMap.from_text('''
    ... klantreis: 1
    ... journey: {id: shop}
    ... phases: [{id: awareness}, {id: purchase, aliases: [aankoop]}]
    ... touchpoints: [{id: search_click, phase: awareness}, {id: order, phase: purchase}]
    ... outcomes: [{id: order}]
    ... ''')
    >>> [touchpoint.id for touchpoint in shop.touchpoints]
    ['search_click', 'order']
    >>> shop.phase("aankoop").id
    'purchase'
    """

    __slots__ = ("_content", "_file", "_is_json", "_loaded", "_text", "_warnings")
    __hash__ = None  # type: ignore[assignment]

    if TYPE_CHECKING:
        journey: model.Journey
        research: list[model.Research]
        segments: list[model.Segment]
        personas: list[model.Persona]
        roles: list[model.Role]
        buying_groups: list[model.BuyingGroup]
        channels: list[model.Channel]
        phases: list[model.Phase]
        events: model.Events | None
        outcomes: list[model.Outcome]
        touchpoints: list[model.Touchpoint]
        transitions: list[model.Transition]
        scenarios: list[model.Scenario]
        kpis: list[model.Kpi]
        benchmarks: list[model.Benchmark]
        experiments: list[model.Experiment]
        snapshots: list[model.Snapshot]
        sharing: list[model.Sharing]
        _content: model.Content
        _file: str
        _is_json: bool
        _loaded: dict[str, Any]
        _text: bytes | None
        _warnings: tuple[Problem, ...]

    def __init__(self) -> None:
        raise InputError(
            "make a map with JourneyMap.load(path), JourneyMap.from_text(text), JourneyMap.from_dict(data) or "
            "klantreis.template(name)"
        )

    @classmethod
    def load(cls, path: _READ) -> JourneyMap:
        """Read a map from a file: YAML 1.2, or JSON where the name ends in ``.json``.

        Parameters
        ----------
        path
            The file.

        Raises
        ------
        MapError
            When the map cannot be used; it names every error with file, line, path, value and remedy.
        InputError
            When there is no such file.

        Warns
        -----
        UserWarning
            For what is doubtful, such as weights of a persona that do not add up to 1.
        """
        file = Path(path)
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            raise InputError(
                f"there is no file {str(file)!r}; make one with klantreis map new --template 5 --to {file.name}"
            ) from None
        except OSError as error:
            raise InputError(f"{str(file)!r} cannot be read: {error.strerror}") from None
        return cls._parsed(content, str(file), is_json=file.suffix.lower() == ".json")

    @classmethod
    def from_text(cls, text: str, *, file: str = "") -> JourneyMap:
        """Read a map from text: YAML 1.2 or JSON.

        Parameters
        ----------
        text
            The text.
        file
            What errors call it.
        """
        if text.lstrip("\ufeff \t\r\n").startswith("{"):
            try:
                json.loads(text.removeprefix("\ufeff"))
            except (ValueError, RecursionError):
                # Braces may also be YAML on one line, whose parser says better what is wrong.
                pass
            else:
                return cls._parsed(text, file, is_json=True)
        return cls._parsed(text, file, is_json=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> JourneyMap:
        """Make a map of plain data, as :meth:`to_dict` gives it.

        Examples
        --------
        >>> import klantreis as kr
        >>> kr.JourneyMap.from_dict({"klantreis": 1, "journey": {"id": "shop"}, "phases": [{"id": "purchase"}]})
        JourneyMap('shop', 1 phase, 0 touchpoints)
        """
        try:
            text = json.dumps(data, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise InputError(f"the data of a map are texts, numbers, lists and dicts; {error}") from None
        return cls._parsed(text, "", is_json=True, keep=False)

    @classmethod
    def _parsed(cls, content: str | bytes, file: str, *, is_json: bool, keep: bool = True) -> JourneyMap:
        from klantreis._map.text import parse

        data, place = parse(content, file, is_json=is_json)
        return cls._of(data, place if keep else None, file, content if keep else None, is_json=is_json)

    @classmethod
    def _of(
        cls, data: Any, place: Callable[..., Any] | None, file: str, text: str | bytes | None, *, is_json: bool
    ) -> JourneyMap:
        from klantreis._map.fields import plain
        from klantreis._map.validate import validated

        made = object.__new__(cls)
        made._content, made._warnings = validated(data, file=file, place=place)
        made._loaded = plain(made._content)
        made._file = file
        made._is_json = is_json
        made._text = text.encode() if isinstance(text, str) else text
        if made._warnings:
            more = len(made._warnings) - 1
            rest = f" (and {more} more; JourneyMap.warnings lists them)" if more else ""
            warnings.warn(f"{made._warnings[0]}{rest}", stacklevel=4)
        return made

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            content = self._content
            if name in type(content).model_fields:
                return getattr(content, name)
            raise AttributeError(f"a map has no {name!r}; {near(name, type(content).model_fields)}")
        raise AttributeError(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in JourneyMap.__slots__:
            object.__setattr__(self, name, value)
        elif name in type(self._content).model_fields:
            setattr(self._content, name, value)
        else:
            raise AttributeError(f"a map has no {name!r}; {near(name, type(self._content).model_fields)}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *type(self._content).model_fields})

    def __repr__(self) -> str:
        phases, touchpoints = len(self.phases), len(self.touchpoints)
        return (
            f"JourneyMap({self.journey.id!r}, {phases} phase{'s' * (phases != 1)}, "
            f"{touchpoints} touchpoint{'s' * (touchpoints != 1)})"
        )

    def __eq__(self, other: object) -> bool:
        """Two maps are equal when their content is, whatever their comments."""
        return self.to_dict() == other.to_dict() if isinstance(other, JourneyMap) else NotImplemented

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What was doubtful when the map was read."""
        return self._warnings

    def to_dict(self) -> dict[str, Any]:
        """The content as plain data, without checks."""
        from klantreis._map.fields import plain

        data: dict[str, Any] = plain(self._content)
        return data

    def check(self) -> tuple[Problem, ...]:
        """Check the map as it is now and return its warnings.

        Raises
        ------
        MapError
            When it cannot be used.
        """
        from klantreis._map.validate import validated

        problems: tuple[Problem, ...] = validated(self.to_dict(), file="", place=None)[1]
        return problems

    def to_json(self, *, indent: int | None = None) -> str:
        """The map as JSON, checked: what ``klantreis::journey_map`` of the C++ library loads.

        Examples
        --------
        >>> import klantreis as kr
        >>> kr.JourneyMap.from_text("{klantreis: 1, journey: {id: shop}, phases: [{id: purchase}]}").to_json()
        '{"klantreis": 1, "journey": {"id": "shop"}, "phases": [{"id": "purchase"}]}'
        """
        self.check()
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """The JSON Schema of map files, for editors and other tools.

        Examples
        --------
        >>> import klantreis as kr
        >>> kr.JourneyMap.json_schema()["title"]
        'klantreis journey map'
        """
        from copy import deepcopy

        from klantreis._map.validate import schema

        return deepcopy(schema())

    def save(self, path: _READ) -> Path:
        """Write the map: as JSON where the name ends in ``.json``, as YAML otherwise.

        A map that came from YAML keeps its comments, its order and its layout: bytes of parts that did not change stay
        as they were. The file is written as a whole or not at all.

        Raises
        ------
        MapError
            When the map cannot be used.
        """
        self.check()
        file = Path(path)
        write_whole(file, self._json() if file.suffix.lower() == ".json" else self._yaml())
        return file

    def to_yaml(self) -> str:
        """The map as YAML, checked: what :meth:`save` writes.

        Examples
        --------
        >>> import klantreis as kr
        >>> print(kr.JourneyMap.from_text("{klantreis: 1, journey: {id: shop}, phases: [{id: purchase}]}").to_yaml())
        {klantreis: 1, journey: {id: shop}, phases: [{id: purchase}]}
        """
        self.check()
        return self._yaml().decode("utf-8-sig")

    def _written(self) -> tuple[str, bytes]:
        """The map in the form it came in, and the ending of a file of that form."""
        self.check()
        return (".json", self._json()) if self._is_json and self._text is not None else (".yaml", self._yaml())

    def _json(self) -> bytes:
        if self._is_json and self._text is not None and self.to_dict() == self._loaded:
            return self._text
        return (json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()

    def _yaml(self) -> bytes:
        from klantreis._map.writing import written_anew

        return written_anew(None if self._is_json else self._text, self._loaded, self.to_dict())

    def phase(self, name: str) -> model.Phase:
        """The phase of an id, a name or an alias, in whatever case."""
        wanted = name.casefold()
        for phase in self.phases:
            if wanted in (other.casefold() for other in (phase.id, phase.name or "", *phase.aliases)):
                return phase
        known = [other for phase in self.phases for other in (phase.id, *phase.aliases)]
        raise InputError(f"there is no phase {shown(name)}; {near(name, known)}")

    def touchpoint(self, id: str) -> model.Touchpoint:
        """The touchpoint of an id."""
        for touchpoint in self.touchpoints:
            if touchpoint.id == id:
                return touchpoint
        raise InputError(f"there is no touchpoint {shown(id)}; {near(id, (item.id for item in self.touchpoints))}")

    def add(self, section: str, /, **fields: Any) -> Any:
        """Add a part to a section and return it.

        Examples
        --------
        >>> import klantreis as kr
        >>> shop = kr.JourneyMap.from_text("{klantreis: 1, journey: {id: shop}, phases: [{id: purchase}]}")
        >>> shop.add("touchpoints", id="order", phase="purchase").id
        'order'
        """
        from pydantic import ValidationError

        from klantreis._map.model import Content
        from klantreis._map.validate import translated

        lists = [name for name, field in Content.model_fields.items() if "list[" in str(field.annotation)]
        if section not in lists:
            raise InputError(f"there is no section {shown(section)} to add to; {near(section, lists)}")
        kind = Content.model_fields[section].annotation.__args__[0]  # type: ignore[union-attr]
        given = {("from" if name == "from_" else name): value for name, value in fields.items()}
        try:
            part = kind.model_validate(given)
        except ValidationError as error:
            place = (section, len(getattr(self, section)))
            raise translated(error, place) from None
        getattr(self, section).append(part)
        return part

    def where(self, kpi: str | None = None) -> Table:
        """Where a KPI lives on the map, or where each one does.

        Returns
        -------
        Table
            ``kpi, phase, touchpoint, owner``: a row for each phase or touchpoint that names the KPI.

        Examples
        --------
        >>> import klantreis as kr
        >>> kr.template("5").where("nps").to_dicts()
        [{'kpi': 'nps', 'phase': 'retention', 'touchpoint': '', 'owner': ''}]
        """
        from klantreis._map import tables

        return tables.where(self, kpi)

    def inventory(self) -> Table:
        """Every touchpoint with its phase, channels, stage, owner, needs and rule."""
        from klantreis._map import tables

        return tables.inventory(self)

    def needs(self) -> Table:
        """Every need with the touchpoints that serve it; ``touchpoints`` is 0 where nobody does."""
        from klantreis._map import tables

        return tables.needs(self)

    def needs_matrix(self, customers: Mapping[str, int] | None = None) -> Table:
        """Needs as rows, onstage touchpoints as columns, ``x`` where a touchpoint serves a need.

        ``.to_csv("needs.csv")`` writes it for a spreadsheet; :meth:`link_needs` reads it back.

        Parameters
        ----------
        customers
            How many customers were at a touchpoint, shown beside the ``x``.

        Examples
        --------
        >>> import klantreis as kr
        >>> matrix = kr.template("3").needs_matrix({"product_view": 11})
        >>> matrix["need"], matrix["product_view"]
        (['need_recognise', 'need_compare', 'need_certainty', 'need_safe'], ['', 'x 11', '', ''])
        """
        from klantreis._map import tables

        return tables.needs_matrix(self, customers)

    def link_needs(self, source: str | os.PathLike[str]) -> None:
        """Take which touchpoint serves which need from a matrix, a file or text of CSV, as :meth:`needs_matrix` writes.

        Touchpoints and needs that the matrix leaves out keep their links.

        Raises
        ------
        InputError
            When the matrix names what the map has not, or a cell is neither yes nor no; the map is as before.
        """
        from klantreis._map.matrix import link_needs

        link_needs(self, source)

    def criteria(self) -> Table:
        """What personas choose by, with the touchpoints that answer it; ``touchpoints`` is 0 where none does."""
        from klantreis._map import tables

        return tables.criteria(self)

    def evidence(self) -> Table:
        """What the map claims about customers, and what each claim rests on; the option ``coverage`` is their share."""
        from klantreis._map import tables

        return tables.evidence(self)

    def gaps(self) -> Table:
        """What the map leaves open: phases without touchpoints, needs that nobody serves and the like."""
        from klantreis._map import tables

        return tables.gaps(self)

    def handovers(self, owner: str | None = None) -> Table:
        """Where the designed journey passes from one owner to another, or from and to one of them."""
        from klantreis._map import tables

        return tables.handovers(self, owner)

    def view(self, audience: str | None = None, *, owner: str | None = None) -> JourneyMap:
        """The part of the map that an audience of ``sharing`` or an owner of touchpoints works with.

        Examples
        --------
        >>> import klantreis as kr
        >>> [phase.id for phase in kr.template("5").view("service").phases]
        ['purchase', 'retention']
        >>> [item.id for item in kr.template("6").view(owner="logistics").touchpoints]
        ['status_mail', 'delivered', 'pick']
        """
        from klantreis._map.view import restricted

        return JourneyMap.from_dict(restricted(self, audience, owner))

    def lanes(self) -> Table:
        """The map as rows, phase by phase and lane by lane: needs, questions, actions, touchpoints, KPIs and the rest.

        ``.to_csv("map.csv")`` writes it for a spreadsheet.
        """
        from klantreis._map import tables

        return tables.lanes(self)

    def to_csv(self, path: _READ | None = None) -> str | None:
        """The map as rows, :meth:`lanes`, in CSV: to a file or, without a path, as text."""
        return self.lanes().to_csv(path)

    def to_markdown(self) -> str:
        """The map as Markdown: phases as columns, lanes as rows, and the touchpoints."""
        from klantreis._map.export import markdown

        return markdown(self)

    def to_svg(self, *, language: str | None = None, touchpoints: int = 12) -> str:
        """The designed map as a picture; :func:`klantreis.render` adds what was measured, and writes HTML too.

        Parameters
        ----------
        language
            Of the words around the map, ``"en"`` or ``"nl"``. Default: the language of the map where it is one of them.
        touchpoints
            So many are shown in a phase; the rest is counted.

        Examples
        --------
        >>> import klantreis as kr
        >>> kr.template("3").to_svg().count("data-phase=")
        3
        """
        spoken = language or (self.journey.language if self.journey.language in ("en", "nl") else None) or "en"
        return _core.map_svg(
            self.to_json(), phases=[], touchpoints=[], kpis=[], language=spoken, most=touchpoints, min_answers=30
        )

    def to_mermaid(self) -> str:
        """The map as a Mermaid flow chart: phases as groups of touchpoints, and the designed steps."""
        from klantreis._map.export import mermaid

        return mermaid(self)
