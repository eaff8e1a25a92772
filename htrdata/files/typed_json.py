"""Typed descriptions as JSON: `decode` makes one of a JSON value, `encode` is the way back."""

from __future__ import annotations

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union

from htrdata.errors import BadDataError
from htrdata.files.strict_json import Json, shortened

T = TypeVar("T")

_LATER = "later"  # in the metadata of a field


@dataclass(frozen=True, slots=True)
class Check:
    """A condition on a field beyond its type, given as ``Annotated[TYPE, Check(…)]``.

    Attributes:
        holds: whether a value of the type is right.
        wanted: what a right one is, as messages say it.
    """

    holds: Callable[[Any], bool]
    wanted: str


def later(empty: Callable[[], T], *, compare: bool = True) -> T:
    """A field of a described kind that came later, in place of ``dataclasses.field``.

    Documents of before are read, and where it has nothing to say a document is as it was before.

    Args:
        empty: makes the value that stands for nothing, such as ``dict`` or ``tuple``.
        compare: whether two descriptions that differ in it are different.
    """
    return dataclasses.field(default_factory=empty, compare=compare, metadata={_LATER: empty})


def decode(value: object, kind: type[T], verdict: str, remedy: str) -> T:
    """Makes a typed description of a JSON value: nothing may be missing, left over or of another type.

    Args:
        value: as `htrdata.files.strict_json.load` gives it.
        kind: a dataclass whose fields are ``str``, ``int``, ``bool``, ``Literal``, one of these or None, tuples,
            mappings from strings, other such dataclasses, or ``Annotated`` with a `Check`. What its ``__post_init__``
            refuses with a ValueError is refused here.
        verdict: how a message about the value begins, such as ``FILE is damaged``.
        remedy: how it ends: what a person can do.

    Raises:
        BadDataError: the value is not what the kind asks for; the message names field and value, too.
    """
    try:
        return typing.cast(T, _read(value, kind, ""))
    except _UnlikeError as error:
        raise BadDataError(f"{verdict}: {error}; {remedy}") from None


def encode(value: object) -> Json:
    """A typed description as JSON has it: dataclasses and mappings are objects, tuples are arrays."""
    if type(value) is str:  # nearly all there is where pages are listed
        return value
    if dataclasses.is_dataclass(value):
        fields = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {
            field.name: encode(one)
            for field, one in fields
            if _LATER not in field.metadata or one != field.metadata[_LATER]()
        }
    if isinstance(value, Mapping):
        return {str(key): encode(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [encode(one) for one in value]
    if isinstance(value, enum.Enum):
        return encode(value.value)
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"{value!r} has no form in JSON")


def _read(value: object, kind: Any, field: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        return _checked(_read(value, arguments[0], field), arguments[1:], field)
    if origin is Literal:
        return _fitting(any(value == one and type(value) is type(one) for one in arguments), value, kind, field)
    if origin in (Union, types.UnionType):
        (other,) = (one for one in arguments if one is not types.NoneType)  # no other union is described
        return None if value is None else _read(value, other, field)
    if origin is tuple:
        return _read_tuple(value, arguments, kind, field)
    if origin is Mapping:
        pairs = _fitting(isinstance(value, dict), value, kind, field).items()
        keys, values = arguments
        return {_read(key, keys, f"{field}, the key"): _read(one, values, f"{field}[{key!r}]") for key, one in pairs}
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(_fitting(isinstance(value, dict), value, kind, field), kind, field)
    return _fitting(type(value) is kind, value, kind, field)


def _read_tuple(value: object, arguments: tuple[Any, ...], kind: Any, field: str) -> tuple[Any, ...]:
    values = _fitting(isinstance(value, list), value, kind, field)
    kinds = arguments[:1] * len(values) if arguments[1:] == (...,) else arguments
    _fitting(len(values) == len(kinds), value, kind, field)
    if all(of is str for of in kinds) and all(type(one) is str for one in values):
        return tuple(values)  # a store may list each of its pages: one by one they take three times as long
    return tuple(_read(one, of, f"{field}[{i}]") for i, (one, of) in enumerate(zip(values, kinds, strict=True)))


def _read_dataclass(given: dict[str, Any], kind: Any, field: str) -> Any:
    hints = _hints(kind)
    if missing := [name for name in hints if name not in given and name not in _of_late(kind)]:
        raise _UnlikeError(f"the field {_joined(field, missing[0])} is missing")
    if unknown := [name for name in given if name not in hints]:
        raise _UnlikeError(f"there is a field {_joined(field, unknown[0])}, which its format does not have")
    values = {name: _read(given[name], hint, _joined(field, name)) for name, hint in hints.items() if name in given}
    try:
        return kind(**values)
    except ValueError as error:
        raise _UnlikeError(f"{field}: {error}" if field else str(error)) from error


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


@functools.cache
def _of_late(kind: Any) -> frozenset[str]:
    return frozenset(field.name for field in dataclasses.fields(kind) if _LATER in field.metadata)


def _checked(value: Any, checks: tuple[Any, ...], field: str) -> Any:
    for check in checks:
        if not check.holds(value):
            raise _UnlikeError(f"the field {field} is {shortened(value)}, not {check.wanted}")
    return value


def _fitting(right: bool, value: Any, kind: Any, field: str) -> Any:
    if not right:
        what = f"the field {field}" if field else "the whole of it"
        raise _UnlikeError(f"{what} is {shortened(value)}, not {_wanted(kind)}")
    return value


def _wanted(kind: Any) -> str:
    origin = typing.get_origin(kind)
    if origin is Literal:
        return " or ".join(map(repr, typing.get_args(kind)))
    if origin is Mapping or dataclasses.is_dataclass(kind):
        return "an object"
    return {tuple: "an array of that length", str: "a text", int: "a whole number", bool: "true or false"}[
        origin or kind
    ]


def _joined(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


class _UnlikeError(Exception):
    """A value is not what it should be; the message is a sentence without its end."""
