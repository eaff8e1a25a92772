"""Typed descriptions of JSON: every type that they may have, and what is refused with which words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from htrdata.errors import BadDataError
from htrdata.files.strict_json import parse
from htrdata.files.typed_json import Check, decode, encode, later


@dataclass(frozen=True)
class Inner:
    name: str
    size: Annotated[int, Check(lambda size: size < 9, "below 9")]

    def __post_init__(self) -> None:
        if self.name == "bad":
            raise ValueError("it is bad")


@dataclass(frozen=True)
class Outer:
    inner: Inner | None
    pairs: tuple[tuple[str, int], ...]
    table: Mapping[str, Inner]
    kind: Literal["a", 1]
    flag: bool


WHOLE = {
    "inner": {"name": "x", "size": 3},
    "pairs": [["p", 1], ["q", 2]],
    "table": {"k": {"name": "y", "size": 1}},
    "kind": "a",
    "flag": False,
}


def read(document: object) -> Outer:
    return decode(document, Outer, "file is damaged", "mend it")


def test_there_and_back() -> None:
    outer = read(WHOLE)
    assert outer == Outer(Inner("x", 3), (("p", 1), ("q", 2)), {"k": Inner("y", 1)}, "a", False)
    assert encode(outer) == WHOLE
    assert read({**WHOLE, "inner": None}).inner is None


@given(
    st.lists(st.tuples(st.text(), st.integers())),
    st.dictionaries(st.text(), st.builds(Inner, st.text(min_size=4), st.integers(max_value=8))),
)
def test_any_description_survives_json(pairs: list[tuple[str, int]], table: dict[str, Inner]) -> None:
    outer = Outer(None, tuple(pairs), table, 1, True)
    assert read(parse(json.dumps(encode(outer)).encode(), "here")) == outer


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"flag": 1}, "the field flag is 1, not true or false"),
        ({"kind": True}, "the field kind is True, not 'a' or 1"),
        ({"inner": {"name": "x"}}, "the field inner.size is missing"),
        ({"inner": {"name": "x", "size": 9}}, "the field inner.size is 9, not below 9"),
        ({"inner": {"name": "x", "size": 3.0}}, "the field inner.size is 3.0, not a whole number"),
        ({"inner": {"name": "x", "size": 3, "more": 1}}, "there is a field inner.more, which its format does not have"),
        ({"inner": {"name": "bad", "size": 3}}, "inner: it is bad"),
        ({"inner": [3]}, r"the field inner is \[3\], not an object"),
        ({"pairs": [["p", 1, 2]]}, r"the field pairs\[0\] is \['p', 1, 2\], not an array of that length"),
        ({"pairs": [["p", "q"]]}, r"the field pairs\[0\]\[1\] is 'q', not a whole number"),
        ({"pairs": "pq"}, "the field pairs is 'pq', not an array"),
        ({"table": {"k": 1}}, r"the field table\['k'\] is 1, not an object"),
        ({"table": []}, r"the field table is \[\], not an object"),
        ({"inner": "x" * 99}, "the field inner is 'x{56}…, not an object"),
    ],
)
def test_what_is_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(BadDataError, match=f"^file is damaged: {message}.*; mend it$"):
        read({**WHOLE, **changed})


def test_the_whole_of_another_type() -> None:
    with pytest.raises(BadDataError, match=r"file is damaged: the whole of it is \[\], not an object; mend it"):
        read([])


def test_what_has_no_form_in_json() -> None:
    with pytest.raises(TypeError, match="has no form in JSON"):
        encode({"a": object()})


def test_numbers_of_thousands_of_digits() -> None:
    with pytest.raises(BadDataError, match="here holds a number that is too long"):
        parse(b"[" + b"9" * 5000 + b"]", "here")


@dataclass(frozen=True)
class Grown:
    """A description to which a field was added."""

    name: str
    notes: tuple[str, ...] = later(tuple)


def test_a_field_that_came_later_is_left_out_where_it_says_nothing() -> None:
    old = decode({"name": "x"}, Grown, "it is odd", "mend it")
    assert old == Grown("x", ())
    assert encode(old) == {"name": "x"}
    new = replace(old, notes=("n",))
    assert encode(new) == {"name": "x", "notes": ["n"]}
    assert decode(encode(new), Grown, "it is odd", "mend it") == new
    with pytest.raises(BadDataError, match="the field notes is 3, not an array"):
        decode({"name": "x", "notes": 3}, Grown, "it is odd", "mend it")
