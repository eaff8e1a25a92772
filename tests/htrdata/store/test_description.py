"""``dataset.json``: whatever is missing in it, or of another type, is told by file, field, value and remedy."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from htrdata.errors import BadDataError
from htrdata.files.typed_json import decode, encode
from htrdata.store.description import Description
from htrdata.store.description_file import read_description, write_json
from htrdata.store.reading import open_store
from htrdata.store.verification import verify

from ...descriptions import describe
from ...stores import digest_of, places, replaced, value_at, without

ODD: list[object] = [None, True, 5, -5, 2.5, "text", "", [], [1], {}, {"a": 1}]


@pytest.fixture
def full() -> Description:
    """A description in which no field is empty."""
    example = describe()
    charset = {"name": "few", "characters": "ab", "folds_case": False, "fingerprint": "ab"}
    corrections = {"sha256": 64 * "b", "words": 3}
    text = encode(example)
    assert isinstance(text, dict)
    document: dict[str, Any] = {
        **text,
        "settings": {"scheme": "a"},
        "division": {"corpus": "Drawn", "scheme": "random", "parameters": {"seed": "1"}},
        "drawn": "picture",
        "corrections": corrections,
        "alignment": 64 * "c",
        "options": {**encoded(example.options), "charset": charset, "normalise": ["trim"], "max_length": 25},
        "differences": {"train": {"words": [1, 2]}},
        "leaks": {
            "ids": {"p": ["train", "val"]},
            "copies": [[["train", "p"], ["val", "q"]]],
            "writers": {"w": ["train", "val"]},
        },
        "pixels_depend_on": ["AVX2"],
    }
    document["splits"]["train"] |= {"dropped": {"too_long": 1}, "unknown_characters": {"é": 1}}
    return decode(document, Description, "here", "none")


def encoded(value: object) -> dict[str, Any]:
    text = encode(value)
    assert isinstance(text, dict)
    return text


def test_it_is_written_and_read_again(full: Description, tmp_path: Path) -> None:
    write_json(tmp_path / "dataset.json", full)
    again = read_description(tmp_path / "dataset.json")
    assert again == full
    assert again.leaks.copies == ((("train", "p"), ("val", "q")),)
    assert again.computed_digest == digest_of(json.loads((tmp_path / "dataset.json").read_text()))


def test_its_digest_is_of_every_field_and_not_of_their_order(full: Description) -> None:
    document = encoded(full)
    turned = dict(reversed(document.items()))
    assert decode(turned, Description, "here", "none").computed_digest == full.computed_digest
    assert dataclasses.replace(full, digest=64 * "0").computed_digest == full.computed_digest
    changes: list[dict[str, Any]] = [
        {"drawn": None},
        {"settings": {}},
        {"about": dataclasses.replace(full.about, licence="any")},
        {"division": dataclasses.replace(full.division, parameters={"seed": "2"})},
    ]
    digests = {dataclasses.replace(full, **change).computed_digest for change in changes}
    assert len(digests | {full.computed_digest}) == 5


def test_each_field_that_is_removed_is_named(full: Description, tmp_path: Path) -> None:
    """What is left is either refused, by the name of the field, or has another digest: nothing ends otherwise."""
    document = encoded(full)
    entries = 0
    for place in places(document):
        if isinstance(place[-1], int):
            continue
        path = put(without(document, place), tmp_path)
        left = read_or_refuse(path)
        if isinstance(left, Description):
            assert left.computed_digest != full.computed_digest
            entries += 1  # of a mapping, whose entries are free
        else:
            assert all(
                part in left for part in (str(path), str(place[-1]), "build the data set again with --overwrite")
            )
    fields = [place for place in places(document) if not isinstance(place[-1], int)]
    assert entries < 15 < len(fields) - entries


def test_each_field_of_another_type_is_named(full: Description, tmp_path: Path) -> None:
    document = encoded(full)
    refused = 0
    for place in places(document):
        for odd in ODD:
            value = value_at(document, place)
            if type(odd) is type(value) and odd == value:
                continue
            path = put(replaced(document, place, odd), tmp_path)
            other = read_or_refuse(path)
            if isinstance(other, Description):
                assert other.computed_digest != full.computed_digest or place == ("digest",)
            else:
                refused += 1
                assert str(path) in other
                assert any(str(key) in other for key in place)
                assert "--overwrite" in other or "take a later htrdata" in other or "which wrote it" in other
    assert refused > 500


def read_or_refuse(path: Path) -> Description | str:
    """The description, or the message that refuses it."""
    try:
        return read_description(path)
    except BadDataError as error:
        return str(error)


def put(document: object, tmp_path: Path) -> Path:
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("kept",), "a", "the field kept is 'a', not a whole number"),
        (("kept",), -1, "the field kept is -1, not a whole number from 0"),
        (("kept",), True, "the field kept is True, not a whole number"),
        (("words",), 10**400, "the field words is 1000.*…, not a whole number from 0"),
        (("inputs",), "ab", "the field inputs is 'ab', not 64 hexadecimal digits"),
        (("shards",), {"/etc": {}}, "the field shards, the key is '/etc', not the folder of a shard"),
        (("shards",), {"train/../x": {}}, "not the folder of a shard"),
        (("shards", "train/drawn", "split"), "val", r"shards\['train/drawn'\].split is 'val', unlike its folder"),
        (("options", "color"), "red", "the field options.color is 'red', not 'grey' or 'rgb'"),
        (("leaks", "copies"), [[["train"]]], r"the field leaks.copies\[0\]\[0\] is \['train'\], not an array of that"),
        (("splits",), {"dev": {}}, "the key is 'dev', not train, val, test or none"),
        (("more",), 1, "there is a field more, which its format does not have"),
        (("digest",), None, "the field digest is null"),
    ],
)
def test_messages(full: Description, tmp_path: Path, place: Any, value: object, message: str) -> None:
    with pytest.raises(BadDataError, match=message):
        read_description(put(replaced(encoded(full), place, value), tmp_path))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '{"a": NaN}', '{"a": 1, "a": 2}', "9" * 5000, "[" * 9999])
def test_what_is_no_description_at_all(tmp_path: Path, text: str) -> None:
    path = tmp_path / "drawn/dataset.json"
    path.parent.mkdir()
    path.write_text(text)
    for read in (open_store, verify):
        with pytest.raises(BadDataError, match=r"dataset\.json.*--overwrite"):
            read(tmp_path)


def test_an_unknown_format_is_refused_with_the_version_that_reads_it(tmp_path: Path) -> None:
    later = {"format": "htrdata-store/9", "versions": {"htrdata": "9.1"}, "what": ["nobody", "knows"]}
    with pytest.raises(
        BadDataError,
        match=r"of the format 'htrdata-store/9', and this htrdata reads htrdata-store/2 and htrdata-store/1: take "
        r"htrdata 9\.1, which wrote it, or a later one",
    ):
        read_description(put(later, tmp_path))
    with pytest.raises(BadDataError, match="take a later htrdata"):
        read_description(put({"format": "htrdata-store/9", "versions": 3}, tmp_path))
    for odd in ({}, {"format": None}, {"format": 2}):
        with pytest.raises(BadDataError, match="the field format is"):
            read_description(put(odd, tmp_path))
