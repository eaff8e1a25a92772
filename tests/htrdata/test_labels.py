from __future__ import annotations

import os
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from htrdata.errors import UsageError
from htrdata.labels import ALNUM, PRINTABLE, Charset, Label, LabelPolicy, find_charset, legible, named
from htrdata.records import Reason


def test_a_charset_is_read_from_a_file_and_nothing_else(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(UsageError, match="is no file: name a file with the characters of a charset"):
            find_charset(str(place))


def test_named_charsets_are_those_of_attentionhtr() -> None:
    assert string.printable[:36] == ALNUM.characters
    assert len(PRINTABLE.characters) == 94
    assert " " not in PRINTABLE.characters
    assert "\\" in PRINTABLE.characters
    assert find_charset("alnum") is ALNUM
    assert find_charset("all") is None


def test_charset_file_takes_every_character_but_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes("abc\r\ne\u0301 \\]^\n".encode())
    charset = find_charset(str(path))
    assert charset == Charset("latin", "abc\u00e9 \\]^")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.txt", None, "none of alnum, printable, all"),
        ("twice.txt", "abca", "'a' more than once"),
        ("empty.txt", "\n", "is empty"),
    ],
)
def test_what_is_no_charset_is_refused(tmp_path: Path, name: str, content: str | None, message: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=message):
        find_charset(str(path))


def test_nothing_can_be_stripped_without_a_charset() -> None:
    with pytest.raises(UsageError, match="needs --charset"):
        LabelPolicy(on_unknown="strip")


def test_fingerprint_tells_characters_order_and_folding_but_not_names() -> None:
    first = Charset("a", "abc")
    assert first.fingerprint == Charset("b", "abc").fingerprint
    others = [Charset("a", "acb"), Charset("a", "abcd"), Charset("a", "abc", folds_case=True)]
    assert len({first.fingerprint, *(other.fingerprint for other in others)}) == 4


@pytest.mark.parametrize(
    ("text", "label", "reason"),
    [
        ("Ünder ", "Ünder", None),
        ("e\u0301", "\u00e9", None),
        ("007", "007", None),
        ("NA", "NA", None),
        ("a b", "a b", None),
        (" \t\n", None, Reason.EMPTY_LABEL),
        ("a\tb", None, Reason.INVALID_LABEL),
        ("a\x00", None, Reason.INVALID_LABEL),
        ("\ud800", None, Reason.INVALID_LABEL),
    ],
)
def test_by_default_every_legible_label_is_kept(text: str, label: str | None, reason: Reason | None) -> None:
    assert LabelPolicy().apply(text)[:2] == (label, reason)


@pytest.mark.parametrize(
    ("policy", "text", "expected"),
    [
        (LabelPolicy(PRINTABLE), "a\\b]^-", ("a\\b]^-", None, "")),
        (LabelPolicy(PRINTABLE), "café→é", (None, Reason.OUT_OF_CHARSET, "é→")),
        (LabelPolicy(PRINTABLE), "a b", (None, Reason.OUT_OF_CHARSET, " ")),
        (LabelPolicy(PRINTABLE, on_unknown="strip"), "café→", ("caf", None, "é→")),
        (LabelPolicy(PRINTABLE, on_unknown="strip"), "→", (None, Reason.OUT_OF_CHARSET, "→")),
        (LabelPolicy(ALNUM), "Word7", ("word7", None, "")),
        (LabelPolicy(ALNUM), "It's", (None, Reason.OUT_OF_CHARSET, "'")),
        (LabelPolicy(max_length=3), "abcd", (None, Reason.TOO_LONG, "")),
        (LabelPolicy(max_length=3), "abe\u0301", ("ab\u00e9", None, "")),
        (LabelPolicy(PRINTABLE, max_length=3), "abcé", (None, Reason.TOO_LONG, "")),
        (LabelPolicy(PRINTABLE, max_length=3, on_unknown="strip"), "abcé", ("abc", None, "é")),
    ],
)
def test_policy(policy: LabelPolicy, text: str, expected: tuple[str | None, Reason | None, str]) -> None:
    assert policy.apply(text) == expected


@given(st.text(), st.sampled_from([ALNUM, PRINTABLE]), st.sampled_from(["drop", "strip"]), st.integers(1, 30))
def test_kept_labels_meet_the_policy(text: str, charset: Charset, on_unknown: str, max_length: int) -> None:
    policy = LabelPolicy(charset, max_length, "drop" if on_unknown == "drop" else "strip")
    label = policy.apply(text)
    assert (label.text is None) == (label.reason is not None)
    if label.text is not None:
        assert 1 <= len(label.text) <= max_length
        assert charset.missing(label.text) == ""
        assert policy.apply(label.text) == (label.text, None, "")


@given(st.text(st.characters(max_codepoint=0x180)), st.sampled_from([ALNUM, PRINTABLE]))
def test_missing_characters_are_told_once_in_their_order(text: str, charset: Charset) -> None:
    expected: list[str] = []
    for character in charset.fold(text):
        if character not in charset.characters and character not in expected:
            expected.append(character)
    assert charset.missing(text) == "".join(expected)


@given(st.text(st.characters(categories=["L", "N", "P", "Cs"])))
def test_any_transcription_can_be_stored(text: str) -> None:
    stored = legible(text)
    assert stored.encode().decode() == stored
    if not any("\ud800" <= c <= "\udfff" for c in text):
        assert stored == text


@pytest.mark.parametrize(
    ("text", "simple"),
    [
        ("été", "ete"),
        ("e\u0301te\u0301", "ete"),  # not composed
        ("œuvre Æ Straße", "oeuvre AE Strasse"),
        ("l’« an » – …", 'l\'" an " - ...'),
        ("x² ½ ﬁ", "x2 1/2 fi"),
        ("λ€", "λ€"),
    ],
)
def test_characters_take_plainer_forms_that_the_charset_has(text: str, simple: str) -> None:
    with_space = Charset("ascii", PRINTABLE.characters + " ")
    assert with_space.simplify(text) == simple


def test_a_charset_keeps_its_own_characters_and_folds_case_when_it_simplifies() -> None:
    assert Charset("french", PRINTABLE.characters + "é").simplify("éàÉ") == "éaE"
    assert ALNUM.simplify("ÉTÉ-1") == "ete-1"


def test_labels_are_simplified_or_dropped() -> None:
    policy = LabelPolicy(PRINTABLE, on_unknown="simplify")
    assert policy.apply("été") == Label("ete", None, "")
    assert policy.apply("5€") == Label(None, Reason.OUT_OF_CHARSET, "€")
    with pytest.raises(UsageError, match="--on-unknown simplify needs --charset"):
        LabelPolicy(on_unknown="simplify")


def test_a_character_that_cannot_be_seen_is_named() -> None:
    assert [named(one) for one in ("é", " ", "\u202e", "\n")] == ["é", "space", r"\u202e", r"\n"]
