# SPDX-License-Identifier: MIT
"""Maps to start from: those of the package, and those that people keep."""

from __future__ import annotations

import itertools
import os
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any, Literal

from klantreis._core import InputError
from klantreis._map.journey_map import JourneyMap
from klantreis._map.problems import near, shown
from klantreis._table import Table

Language = Literal["en", "nl"]
LANGUAGES = ("en", "nl")
# From the shortest to the longest, then by business.
SHIPPED = ("3", "5", "5-delivery", "6", "9", "retail", "b2b", "e-commerce", "future-customer", "restaurant")

_FOLDER = Path(__file__).with_name("templates")
_OUTCOMES: dict[str, dict[str, Any]] = {
    "order": {"id": "order", "name": {"en": "Order", "nl": "Bestelling"}, "value": "value", "primary": True},
    "quote": {
        "id": "quote",
        "name": {"en": "Quote requested", "nl": "Offerteaanvraag"},
        "match": {"event": {"eq": "quote_request"}},
    },
    "exit": {"id": "exit", "name": {"en": "Left", "nl": "Vertrokken"}, "role": "exit", "resumable": True},
}
_COLUMNS = {"customer": "customer_id", "time": "timestamp", "event": "event", "channel": "channel", "value": "value"}
_REMARKS: dict[str, dict[str, str]] = {
    "": {
        "en": "A journey map, made from the template {name}. Change what does not fit; `klantreis map check` says\n"
        "whether it still holds together.",
        "nl": "Een klantreis, gemaakt van het sjabloon {name}. Verander wat niet past; `klantreis map check` zegt\n"
        "of de kaart nog klopt.",
    },
    "journey": {
        "en": "draft: true lets a touchpoint go without a need while the map is in the making.",
        "nl": "draft: true laat toe dat een contactpunt nog geen behoefte noemt.",
    },
    "channels": {
        "en": "measured: false marks channels that leave no events of customers.",
        "nl": "measured: false staat bij kanalen die geen gebeurtenissen van klanten nalaten.",
    },
    "phases": {
        "en": "In the order of the journey; rollup names the phase at coarser levels.",
        "nl": "In de volgorde van de reis; rollup noemt de fase op grovere niveaus.",
    },
    "events": {
        "en": "Which column of your data is what.",
        "nl": "Welke kolom van uw gegevens wat is.",
    },
    "touchpoints": {
        "en": "A touchpoint takes the events that are called like its id, or those that its match describes, as in\n"
        "match: {event: {eq: 'Order Completed'}} or match: {url: {prefix: /checkout}}. The first that fits wins.",
        "nl": "Een contactpunt krijgt de gebeurtenissen die heten als zijn id, of die match beschrijft, zoals\n"
        "match: {event: {eq: 'Order Completed'}} of match: {url: {prefix: /checkout}}. De eerste die past, wint.",
    },
    "transitions": {
        "en": "The steps that the design intends; every other step counts as a deviation.",
        "nl": "De stappen die het ontwerp bedoelt; elke andere stap telt als afwijking.",
    },
    "sharing": {
        "en": "Who sees which part.",
        "nl": "Wie welk deel ziet.",
    },
}


def templates() -> Table:
    """The templates to start a map from: those of klantreis and your own.

    Returns
    -------
    Table
        One row per template: ``template, name, phases, names, origin``. ``phases`` is their number, ``names`` lists
        their ids in order, and ``origin`` is ``klantreis`` or the file.

    Examples
    --------
    >>> import klantreis as kr
    >>> kr.templates().to_dicts()[0]["names"]
    'awareness, consideration, decision'
    """
    rows: dict[str, list[Any]] = {"template": [], "name": [], "phases": [], "names": [], "origin": []}

    def add(name: str, title: str, ids: list[str], origin: str) -> None:
        for column, value in zip(rows, (name, title, len(ids), ", ".join(ids), origin), strict=True):
            rows[column].append(value)

    for name, source in _sources().items():
        ids = [phase.get("id", phase.get("use")) for phase in source["phases"]]
        add(name, source["template"]["name"]["en"], ids, "klantreis")
    for name, file in sorted(_own().items()):
        kept = JourneyMap.load(file)
        add(name, kept.journey.name or name, [phase.id for phase in kept.phases], str(file))
    return Table.from_columns(
        rows, definition="Maps to start from; klantreis.template(name) makes one.", quantities={"phases": "count"}
    )


def template(name: str, *, language: Language = "en", id: str | None = None, title: str | None = None) -> JourneyMap:
    """Make a map from a template.

    Parameters
    ----------
    name
        The name of a template of :func:`templates`, such as ``"5"``, ``"9"`` or ``"b2b"``; one of your own; or the path
        of a map file.
    language
        ``"en"`` or ``"nl"``: of the names and texts of klantreis' templates. Phases answer to their names in both.
    id, title
        Id and name of the new journey.

    Raises
    ------
    InputError
        When there is no such template.

    Examples
    --------
    >>> import klantreis as kr
    >>> five = kr.template("5", language="nl")
    >>> [phase.name for phase in five.phases]
    ['Bekendheid', 'Afweging', 'Aankoop', 'Retentie', 'Loyaliteit']
    >>> five.phase("consideration") is five.phase("afweging")
    True
    """
    if language not in LANGUAGES:
        raise InputError(f"language is {shown(language)}; choose one of {', '.join(LANGUAGES)}")
    known = {alias: key for key, source in _sources().items() for alias in (key, *source["template"]["aliases"])}
    wanted = str(name).casefold()
    own = _own()
    if wanted in known:
        made = _shipped(known[wanted], language)
    elif wanted in own:
        made = JourneyMap.load(own[wanted])
    elif Path(name).suffix.lower() in (".yaml", ".yml", ".json"):
        made = JourneyMap.load(name)
    else:
        raise InputError(f"there is no template {shown(name)}; {near(str(name), [*known, *own])}")
    changed = {key: value for key, value in (("id", id), ("name", title)) if value is not None}
    for key, value in changed.items():
        setattr(made.journey, key, value)
    return made


def save_template(journey_map: JourneyMap, name: str, *, folder: str | os.PathLike[str] | None = None) -> Path:
    """Keep a map as a template of your own.

    Parameters
    ----------
    journey_map
        The map.
    name
        What the template is called from now on.
    folder
        Where to keep it. Default: ``klantreis/templates`` in the folder of your data, or the folder that the
        environment variable ``KLANTREIS_TEMPLATES`` names.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        When the name is one of klantreis' own, or no id.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]*", name):
        raise InputError(f"{shown(name)} cannot name a template; use small letters, digits and _ . -")
    taken = {alias for key, source in _sources().items() for alias in (key, *source["template"]["aliases"])}
    if name in taken:
        raise InputError(f"{shown(name)} is a template of klantreis; choose another name")
    target = Path(folder) if folder is not None else _own_folder()
    target.mkdir(parents=True, exist_ok=True)
    kept = JourneyMap.from_text(journey_map.to_yaml())
    kept.journey.template = name
    return kept.save(target / f"{name}.yaml")


def suggest_template(
    *,
    business: Literal["b2c", "b2b", "mixed"] = "b2c",
    online: bool = True,
    store: bool = False,
    delivers: bool = False,
    service: bool = False,
    exists: bool = True,
    detail: Literal["short", "usual", "long"] = "usual",
) -> str:
    """The template that fits best.

    Parameters
    ----------
    business
        Whether customers are people, companies or both.
    online, store
        Whether customers buy in a webshop, in a shop, or both.
    delivers
        Whether goods are delivered.
    service
        Whether what happens after the purchase shall be seen apart.
    exists
        False for a journey that is still to be made.
    detail
        ``"short"`` for a first sketch, ``"long"`` for the whole timeline.

    Examples
    --------
    >>> import klantreis as kr
    >>> kr.suggest_template(business="b2b"), kr.suggest_template(delivers=True), kr.suggest_template(detail="short")
    ('b2b', '5-delivery', '3')
    """
    for given, what, choices in (
        (business, "business", ("b2c", "b2b", "mixed")),
        (detail, "detail", ("short", "usual", "long")),
    ):
        if given not in choices:
            raise InputError(f"{what} is {shown(given)}; choose one of {', '.join(choices)}")
    if not exists:
        return "future-customer"
    if business != "b2c":
        return "b2b"
    if detail != "usual":
        return {"short": "3", "long": "9"}[detail]
    if store:
        return "retail"
    if delivers and service:
        return "e-commerce" if online else "6"
    return "5-delivery" if delivers else "5"


def _own_folder() -> Path:
    named = os.environ.get("KLANTREIS_TEMPLATES")
    if named:
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/klantreis/templates"
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", Path.home())) / "klantreis/templates"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "klantreis/templates"


def _own() -> dict[str, Path]:
    folder = _own_folder()
    return {file.stem: file for file in folder.glob("*.yaml")} if folder.is_dir() else {}


@cache
def _read(name: str) -> dict[str, Any]:
    from klantreis._map.text import parse

    data: dict[str, Any] = parse((_FOLDER / f"{name}.yaml").read_bytes(), name, is_json=False)[0]
    return data


@cache
def _sources() -> dict[str, dict[str, Any]]:
    return {name: _read(name) for name in SHIPPED}


@cache
def _text(name: str, language: Language) -> str:
    from klantreis._map.writing import dumped

    data = _data(_sources()[name], language)
    remarks = {key: text[language].replace("{name}", name) for key, text in _REMARKS.items()}
    return dumped(data, remarks)


def _shipped(name: str, language: Language) -> JourneyMap:
    return JourneyMap.from_text(_text(name, language))


def _data(source: dict[str, Any], language: Language) -> dict[str, Any]:
    """The content of a map, out of a template and what templates have in common."""
    common = _read("common")
    about = source["template"]
    phases: list[dict[str, Any]] = []
    touchpoints: list[dict[str, Any]] = []
    for given in source["phases"]:
        phase = {"id": given.get("use"), **common["phases"].get(given.get("use"), {}), **given}
        for name in phase.pop("touchpoints", []):
            entry = {**common["touchpoints"].get(name, {}), **source.get("touchpoints", {}).get(name, {})}
            touchpoints.append({"id": name, "name": entry.pop("name", None), "phase": phase["id"], **entry})
        phase.pop("use", None)
        phases.append(_named(phase, language))
    used = [name for phase in phases for name in phase.get("channels", [])]
    used += [name for item in touchpoints for name in _names(item.get("channel")) if item.get("channel")]
    outcomes = [dict(_OUTCOMES[name]) for name in source["outcomes"]]
    for outcome in outcomes:
        if outcome["id"] == "exit":
            outcome["rule"] = {"inactivity": source.get("exit_after", "90d" if about["id"] == "b2b" else "30d")}
    ids = [phase["id"] for phase in phases]
    steps = [{"from": first, "to": second} for first, second in itertools.pairwise(ids)]
    data = {
        "klantreis": 1,
        "journey": {
            "id": "my-journey",
            "name": {"en": "My journey", "nl": "Mijn klantreis"},
            "description": about["description"],
            "language": language,
            "template": about["id"],
            "draft": True,
            **source["journey"],
        },
        "personas": source.get("personas"),
        "roles": source.get("roles"),
        "buying_groups": source.get("buying_groups"),
        "channels": [{"id": name, **common["channels"][name]} for name in dict.fromkeys(used)],
        "phases": phases,
        "events": {"columns": _COLUMNS, "unmatched": "report"},
        "outcomes": outcomes,
        "touchpoints": touchpoints,
        "transitions": steps + source.get("transitions", []),
        "sharing": source.get("sharing"),
    }
    made: dict[str, Any] = _in_language({key: part for key, part in data.items() if part is not None}, language)
    return made


def _named(phase: dict[str, Any], language: Language) -> dict[str, Any]:
    """The phase with its name in the other language and its other names as aliases."""
    from klantreis._map.model import Phase

    name = _in_language(phase["name"], language)
    others = [*(phase["name"].values() if isinstance(phase["name"], dict) else []), *phase.get("aliases", [])]
    taken = {name.casefold(), phase["id"].casefold()}
    aliases = []
    for other in others:
        if other.casefold() not in taken:
            taken.add(other.casefold())
            aliases.append(other.lower())
    whole = {**phase, "name": name, "aliases": aliases}
    return {key: whole[key] for key in Phase.model_fields if whole.get(key) not in (None, [])}


def _names(channel: Any) -> list[str]:
    return channel if isinstance(channel, list) else [channel]


def _in_language(part: Any, language: Language) -> Any:
    if isinstance(part, dict):
        if part.keys() == {"en", "nl"}:
            return part[language]
        return {key: _in_language(value, language) for key, value in part.items() if value is not None}
    if isinstance(part, list):
        return [_in_language(item, language) for item in part]
    return part
