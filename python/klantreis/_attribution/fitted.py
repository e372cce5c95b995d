# SPDX-License-Identifier: MIT
"""Models of attribution that were fitted once: they score other journeys, draw new ones, and are kept in files."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klantreis import _core
from klantreis._arguments import whole_number
from klantreis._attribution.arguments import attribution_options, check_journeys, model_parameters, paths_of
from klantreis._attribution.attribute import attribute
from klantreis._journeys import Journeys
from klantreis._paths import Paths
from klantreis._table import Table

if TYPE_CHECKING:
    from klantreis._attribution.arguments import Model, Rows

_FORMAT = "klantreis attribution model"
_VERSION = 1
_TOUCHES = ("by", "lookback", "lookback_touches", "exclude", "reuse_touches")


class AttributionModel:
    """A model with the paths it was fitted to; made by :func:`klantreis.fit` or :func:`klantreis.load_model`.

    It keeps the distinct paths with their counts, and no customers.

    Examples
    --------
    >>> import klantreis as kr
    >>> paths = kr.read_paths({"path": ["ad > mail", "mail"], "total_conversions": [4, 1], "total_null": [2, 9]},
    ...                       nulls="total_null")
    >>> model = kr.fit(paths, model="markov")
    >>> model
    AttributionModel(markov; 2 distinct paths, 5 conversions, 11 nulls; by: touchpoint)
    >>> new = kr.read_paths({"path": ["ad > mail > mail"], "total_conversions": [0]})
    >>> [(row["path"], round(row["conversion_later"], 4)) for row in model.score(new)]
    [('ad > mail > mail', 0.3125)]
    """

    __slots__ = ("_arguments", "_handle", "_model", "_touches")

    def __init__(self, handle: _core.PathTable, model: str, arguments: dict[str, Any], touches: dict[str, Any]) -> None:
        self._handle = handle
        self._model = model
        self._arguments = arguments
        self._touches = touches

    @property
    def model(self) -> str:
        """The name of the model."""
        return self._model

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments it was fitted with."""
        return dict(self._arguments)

    @property
    def paths(self) -> Paths:
        """The paths it was fitted to."""
        return Paths(self._handle)

    def __repr__(self) -> str:
        found = self._handle
        return (
            f"AttributionModel({self._model}; {found.size:,} distinct paths, {found.conversions:,.10g} conversions, "
            f"{found.nulls:,.10g} nulls; by: {found.by})"
        )

    def credit(self, **options: Any) -> Table:
        """Return the credit of the items in what the model was fitted to, as :func:`klantreis.attribute`."""
        return attribute(self.paths, model=self._model, by=self._handle.by, **{**self._arguments, **options})  # type: ignore[arg-type]

    def _paths_of(self, journeys: Journeys | Paths) -> _core.PathTable:
        check_journeys(journeys, self._handle.by, "the model")
        if isinstance(journeys, Journeys):
            return paths_of(journeys, attribution_options(**self._touches))
        return journeys._handle

    def score(self, journeys: Journeys | Paths) -> Table:
        """Return how probable conversion is for journeys the model has not seen.

        Parameters
        ----------
        journeys
            Journeys, whose touches are read as those of the fit were, or a path table.

        Returns
        -------
        Table
            One row per distinct path: ``path``, ``conversion``, the probability that a journey with this path has
            converted at its end, for Markov ``conversion_later``, that a journey that has come this far will convert,
            and the path's own ``conversions, nulls, open``. Null where a model predicts nothing.

        Examples
        --------
        >>> import klantreis as kr
        >>> paths = kr.read_paths({"path": ["ad", "mail"], "total_conversions": [1, 3], "total_null": [3, 1]},
        ...                       nulls="total_null")
        >>> [round(row["conversion"], 3) for row in kr.fit(paths, model="last_touch").score(paths)]
        [0.25, 0.75]
        """
        unknown = self._paths_of(journeys)
        known = self._handle.described(unknown.by, unknown.options_key)
        return Table(_core.score_paths(known, unknown, model=self._model, parameters=self._core_parameters()))

    def apply(self, journeys: Journeys | Paths, *, rows: Rows = "normalised") -> Table:
        """Share out the conversions of other journeys, path by path, by what the model has learned.

        Parameters
        ----------
        journeys
            Journeys, whose touches are read as those of the fit were, or a path table.
        rows
            ``"normalised"``: each path shares out its own conversions. ``"allocated"``: a conversion earns an item what
            it earned in the fit, which need not add up to the conversions here.

        Returns
        -------
        Table
            The item, ``credit`` and, where values exist, ``credit_value``; most credit first.

        Examples
        --------
        >>> import klantreis as kr
        >>> paths = kr.read_paths({"path": ["ad > mail", "mail"], "total_conversions": [4, 1], "total_null": [2, 9]},
        ...                       nulls="total_null")
        >>> new = kr.read_paths({"path": ["mail > ad"], "total_conversions": [3]})
        >>> found = kr.fit(paths, model="linear").apply(new)
        >>> [(row["touchpoint"], row["credit"]) for row in found]
        [('ad', 1.5), ('mail', 1.5)]
        """
        other = self._paths_of(journeys)
        known = self._handle.described(other.by, other.options_key)
        return Table(_core.apply_model(known, other, model=self._model, parameters=self._core_parameters(), rows=rows))

    def generate(self, journeys: int = 1000, *, seed: int = 0, max_steps: int = 10_000) -> Paths:
        """Draw new journeys from the Markov chain of the fit.

        Parameters
        ----------
        journeys
            How many.
        seed
            Equal seeds give equal journeys within one version of klantreis.
        max_steps
            Journeys that come so far are left out.

        Returns
        -------
        Paths

        Examples
        --------
        >>> import klantreis as kr
        >>> paths = kr.read_paths({"path": ["ad > mail"], "total_conversions": [4]})
        >>> kr.fit(paths, model="markov").generate(3).table().to_dicts()
        [{'path': 'ad > mail', 'conversions': 3.0, 'nulls': 0.0, 'open': 0.0, 'value': 0.0}]
        """
        order = self._arguments.get("order", 1) if self._model == "markov" else 1
        return Paths(
            _core.generate_paths(
                self._handle,
                order=order,
                journeys=whole_number(journeys, "journeys", 0),
                seed=whole_number(seed, "seed", 0),
                max_steps=whole_number(max_steps, "max_steps", 1),
            )
        )

    def merge(self, other: AttributionModel) -> AttributionModel:
        """Return the model of both fits; they must be of other customers, and of equal arguments.

        Examples
        --------
        >>> import klantreis as kr
        >>> first = kr.fit(kr.read_paths({"path": ["ad"], "total_conversions": [4]}))
        >>> second = kr.fit(kr.read_paths({"path": ["mail"], "total_conversions": [1]}))
        >>> first.merge(second).paths.conversions
        5.0
        """
        if not isinstance(other, AttributionModel):
            raise _core.InputError(f"merge takes an AttributionModel, not {type(other).__name__}")
        for what, mine, theirs in (
            ("models", self._model, other._model),
            ("arguments", self._arguments, other._arguments),
            ("touches", self._touches, other._touches),
        ):
            if mine != theirs:
                raise _core.InputError(f"fits of different {what} cannot be merged: {mine!r} and {theirs!r}")
        merged = _core.PathTable()
        merged.merge(self._handle)
        merged.merge(other._handle)
        return AttributionModel(merged, self._model, self._arguments, self._touches)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a file: JSON with a version and a checksum, compressed.

        The file is written under another name first, so that a fault leaves no half of it.

        Examples
        --------
        >>> import klantreis as kr, os, tempfile
        >>> model = kr.fit(kr.read_paths({"path": ["ad > mail"], "total_conversions": [4]}))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(os.path.join(folder, "model.klantreis"))
        ...     kr.load_model(os.path.join(folder, "model.klantreis"))
        AttributionModel(markov; 1 distinct paths, 4 conversions, 0 nulls; by: touchpoint)
        """
        table = Table(self._handle.to_table())
        content = {
            "model": self._model,
            "arguments": self._arguments,
            "touches": self._touches,
            "by": self._handle.by,
            "options": self._handle.options_key,
            "has_values": self._handle.has_values,
            **{name: table[name] for name in ("path", "conversions", "nulls", "value")},
        }
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text = json.dumps({"format": _FORMAT, "version": _VERSION, "sha256": hashlib.sha256(body.encode()).hexdigest()})
        target = Path(path)
        draft = target.with_name(target.name + f".{os.getpid()}.part")
        try:
            draft.write_bytes(gzip.compress(f"{text}\n{body}\n".encode(), mtime=0))
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)

    def _core_parameters(self) -> dict[str, Any]:
        return model_parameters(self._model, **self._arguments)


def fit(
    journeys: Journeys | Paths, *, model: Model = "markov", by: str = "touchpoint", **arguments: Any
) -> AttributionModel:
    """Fit a model of attribution, to use it on other journeys.

    Parameters
    ----------
    journeys
        The journeys, or a path table; settled journeys count.
    model
        As for :func:`klantreis.attribute`; models that need the times of touches cannot be fitted, as the fit keeps
        paths.
    by
        ``"touchpoint"``, ``"channel"``, ``"phase"`` or an attribute of the log. A path table keeps what it was made
        by.
    arguments
        Further arguments of :func:`klantreis.attribute`: parameters of the model, and ``lookback``,
        ``lookback_touches``, ``exclude``, ``reuse_touches``.

    Returns
    -------
    AttributionModel

    Examples
    --------
    >>> import klantreis as kr
    >>> paths = kr.read_paths({"path": ["ad > mail", "mail"], "total_conversions": [4, 1], "total_null": [2, 9]},
    ...                       nulls="total_null")
    >>> [(row["touchpoint"], round(row["credit"], 3)) for row in kr.fit(paths, order=2).credit()]
    [('mail', 2.778), ('ad', 2.222)]
    """
    check_journeys(journeys, by, "fit")
    if model in ("time_decay", "additive_hazard"):
        raise _core.InputError(
            f"{model} needs the times of touches, which a fit does not keep; use klantreis.attribute"
        )
    if callable(arguments.get("weights")):
        raise _core.InputError("a fit with a function as weights could not be saved; use klantreis.attribute")
    touches = {"by": by} | {name: arguments.pop(name) for name in _TOUCHES if name in arguments}
    for name in ("lookback",):
        if name in touches and not isinstance(touches[name], (str, type(None))):
            touches[name] = str(touches[name])
    model_parameters(model, **arguments)
    handle = paths_of(journeys, attribution_options(**touches)).without_customers()
    return AttributionModel(handle, model, arguments, touches | {"by": handle.by})


def load_model(path: str | os.PathLike[str]) -> AttributionModel:
    """Read a model that :meth:`AttributionModel.save` wrote.

    Raises
    ------
    InputError
        When the file is no such model, was damaged or cut off, or is of a newer version.
    """
    name = os.fspath(path)
    try:
        head, _, rest = gzip.decompress(Path(path).read_bytes()).decode().partition("\n")
        about = json.loads(head)
        known = about["format"] == _FORMAT
    except (gzip.BadGzipFile, EOFError, UnicodeDecodeError, ValueError, KeyError, TypeError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise _core.InputError(f"{name!r} is no saved model, or it was damaged; save it anew") from None
    if not known:
        raise _core.InputError(f"{name!r} is no saved model of attribution")
    if about.get("version") != _VERSION:
        raise _core.InputError(
            f"{name!r} is of version {about.get('version')}, and this klantreis reads version {_VERSION}; use a newer "
            "klantreis"
        )
    body = rest.removesuffix("\n")
    if hashlib.sha256(body.encode()).hexdigest() != about.get("sha256"):
        raise _core.InputError(f"{name!r} was damaged: its checksum does not fit; save it anew")
    content = json.loads(body)
    handle = _core.PathTable()
    columns = _core.Columns()
    columns.add_texts("path", content["path"])
    for column in ("conversions", "nulls", "value"):
        columns.add_numbers(column, array("d", content[column]))
    handle.append(
        columns,
        path="path",
        conversions="conversions",
        nulls="nulls",
        value="value" if content["has_values"] else "",
    )
    handle = handle.described(content["by"], content["options"])
    return AttributionModel(handle, content["model"], content["arguments"], content["touches"])
