from __future__ import annotations

import pytest

from htrmodel.judging.pairing import JudgedWord
from htrmodel.judging.subsets import SUBSETS, has_letter_or_digit, subsets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".", False),
        ("--", False),
        ('"', False),
        ("€", False),
        ("+", False),
        ("\u0301", False),
        ("", False),
        ("a.", True),
        ("7", True),
        ("é", True),
        ("e\u0301", True),
        ("ж", True),
        ("字", True),
        ("½", True),
        ("'s", True),
    ],
)
def test_has_letter_or_digit(text: str, expected: bool) -> None:
    assert has_letter_or_digit(text) is expected


def word(leaked: bool = False) -> JudgedWord:
    return JudgedWord("a", "p", "page p", "x", "x", leaked=leaked)


def test_subsets() -> None:
    words = [word(), word(leaked=True), word()]
    found = subsets(words, ["the", ".", "cat"], {"the", "."})
    assert {name: mask.tolist() for name, mask in found.items()} == {
        "all": [True, True, True],
        "no-punctuation": [True, False, True],
        "seen": [True, True, False],
        "unseen": [False, False, True],
        "clean-pages": [True, False, True],
    }
    assert list(found) == list(SUBSETS)


def test_subsets_that_make_no_sense_are_not_there() -> None:
    assert list(subsets([word()], ["x"], None)) == ["all", "no-punctuation"]
    assert list(subsets([word()], ["x"], set())) == ["all", "no-punctuation", "seen", "unseen"]
