# SPDX-License-Identifier: MIT
"""The types that parts of a map are made of, and what all parts have in common."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from klantreis._core import InputError
from klantreis._map.rules import written_out

FORMAT = 1
ID_PATTERN = r"^[a-z0-9][a-z0-9_./-]*$"
DURATION_PATTERN = r"^[0-9]+(\.[0-9]+)?(s|m|h|d|w)$"


def as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else [] if value is None else value


def empty_if_null(value: Any) -> Any:
    return [] if value is None else value


Text = Annotated[str, StringConstraints(max_length=10_000)]
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN, max_length=200)]
Duration = Annotated[str, StringConstraints(pattern=DURATION_PATTERN)]
Share = Annotated[float, Field(ge=0, le=1)]
# A key with nothing behind it counts as a key that is absent.
Texts = Annotated[list[Text], BeforeValidator(empty_if_null)]
Ids = Annotated[list[Id], BeforeValidator(empty_if_null)]
# One id needs no list around it.
OneOrMore = Annotated[
    list[Id],
    BeforeValidator(as_list),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": ID_PATTERN},
                {"type": "array", "items": {"type": "string", "pattern": ID_PATTERN}},
            ]
        }
    ),
]
OneOrMoreTexts = Annotated[
    list[Text],
    BeforeValidator(as_list),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Rule = Annotated[
    dict[str, Any],
    BeforeValidator(written_out),
    Field(
        min_length=1,
        description="A condition on columns, as in {event: {eq: order}}: every column that is named must fit.",
    ),
]


def _measure(value: Any) -> Any:
    if not isinstance(value, (str, dict)) or not value:
        raise PydanticCustomError("measure", "give a measure, as in {count: [order]}, or an expression in quotes")
    return value


# What a KPI measures; which measures there are is known to the library of KPIs.
Measure = Annotated[
    Any,
    AfterValidator(_measure),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {"type": "object", "minProperties": 1}]}),
]


class Part(BaseModel):
    """What every part of a map has in common: no unknown keys, and checks also when it is changed."""

    model_config = ConfigDict(extra="forbid", strict=True, validate_assignment=True, validate_by_name=True)

    # The field that a part may be shortened to, as in ``goals: {customer: a good choice}``.
    short: ClassVar[str | None] = None

    @model_validator(mode="before")
    @classmethod
    def _written_out(cls, given: Any) -> Any:
        return {cls.short: given} if cls.short is not None and isinstance(given, str) else given

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        made = handler.resolve_ref_schema(handler(core))
        if cls.short is not None:
            whole = made.copy()
            made.clear()
            made["anyOf"] = [{"type": "string"}, whole]
        return made

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in type(self).model_fields:
            from klantreis._map.problems import near

            remedy = near(name, type(self).model_fields)
            raise InputError(f"a {type(self).__name__.lower()} of the map has no {name!r}; {remedy}")
        try:
            super().__setattr__(name, value)
        except ValidationError as error:
            first = error.errors()[0]
            raise InputError(f"{name} is {value!r}: {first['msg']}") from None


def plain(value: Any) -> Any:
    """Plain data of a model: what was given or changed, under the keys of the file."""
    if isinstance(value, BaseModel):
        data: dict[str, Any] = {}
        for name, field in type(value).model_fields.items():
            given = getattr(value, name)
            changed = given != field.get_default(call_default_factory=True)
            if given is None or not (changed or (name in value.model_fields_set and given != [])):
                continue
            data[field.alias or name] = plain(given)
        short = value.short if isinstance(value, Part) else None
        return data[short] if short is not None and data.keys() == {short} else data
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    # As people write it: a share of 1, not of 1.0.
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
