"""Folds that divide nothing, guesses at what is wrong, and the order of suspicion."""

from __future__ import annotations

from collections import Counter

import pytest

from htrdata.errors import UsageError
from htrmodel.auditing.findings import AuditedWord, rank, rank_readings
from htrmodel.auditing.folds import deal, groups_of
from htrmodel.auditing.kinds import Kind, guess
from htrmodel.auditing.scoring import Score


@pytest.mark.parametrize(
    ("writers", "pages", "what"),
    [
        (["a", "a", "b", "c"], ["1", "2", "3", "4"], "writer"),
        (["a", "a", None, "c"], ["1", "2", "3", "4"], "page"),
        (["a", "a", "a", "a"], ["1", "1", "2", "3"], "page"),
        (["a", "a", "a", "a"], ["1", "1", "1", None], "word"),
    ],
)
def test_what_belongs_together_is_the_largest_thing_that_there_is_enough_of(
    writers: list[str | None], pages: list[str | None], what: str
) -> None:
    groups, found = groups_of(writers, pages, ["i", "j", "k", "l"], 3)
    assert found == what
    assert len(groups) == 4


def test_folds_divide_no_group_and_are_of_like_size() -> None:
    groups = [f"writer {number % 17}" for number in range(1000)]
    folds = deal(groups, 4, seed=3)
    assert all(len({fold for fold, one in zip(folds, groups, strict=True) if one == group}) == 1 for group in groups)
    sizes = Counter(folds.tolist())
    assert max(sizes.values()) - min(sizes.values()) <= 1000 // 17 + 1
    assert (deal(groups, 4, seed=3) == folds).all()
    assert (deal(groups, 4, seed=4) != folds).any()
    with pytest.raises(UsageError, match="judges it by --start"):
        groups_of([None], [None], ["one"], 2)


@pytest.mark.parametrize(
    ("label", "reading", "neighbours", "kind"),
    [
        ("Haus", "haus", (), Kind.CASE),
        ("Haus.", "Haus", (), Kind.MARK),
        ("uber", "über", (), Kind.MARK),
        ("don't", "dont", (), Kind.MARK),
        ("gardens", "garden", ("garten", "the"), Kind.TYPO),  # near enough to be a slip, whatever stands beside it
        ("Garten", "house", ("house", "the"), Kind.NEIGHBOUR),
        ("Garten", "hause", ("house", "the"), Kind.NEIGHBOUR),
        ("house", "Gxrtn", ("the", "house"), Kind.NEIGHBOUR),  # the label is, too
        ("Garten", "of", ("on", "the"), Kind.CROP),
        ("Straßenbahn", "Straßen", (), Kind.CROP),
        ("house", "thehouse", (), Kind.CROP),
        ("house", "", (), Kind.CROP),
        ("house", "hause", (), Kind.TYPO),
        ("house", "hous", (), Kind.TYPO),
        ("house", "xqzwv", (), Kind.CROP),
        ("1,50", "150", (), Kind.MARK),
        ("a", "b", (), Kind.TYPO),
    ],
)
def test_kinds_are_guessed(label: str, reading: str, neighbours: tuple[str, ...], kind: Kind) -> None:
    assert guess(label, reading, neighbours) is kind


def a_word(word_id: str, label: str) -> AuditedWord:
    return AuditedWord(word_id, "test", label, (), "test/made", 1)


def test_the_likeliest_readings_beside_their_labels_come_first() -> None:
    words = [
        a_word("right", "as"),
        a_word("little", "on"),
        a_word("much", "in"),
        a_word("slip", "it"),
        a_word("all", "that"),
    ]
    scores = [
        Score("as", 0.9, -0.1, -0.1),
        Score("an", 0.5, -2.0, -1.0),
        Score("im", 0.9, -9.0, -0.1),
        Score("if", 0.3, -1.0, -1.5),  # the label is likelier than the best path says
        Score("xyzw", 0.1, -13.0, -3.0),  # likelier by more, but in four letters
    ]
    found = rank(words, scores)
    assert [one.word.id for one in found] == ["much", "all", "little", "slip"]
    assert [round(one.score, 2) for one in found] == [8.9, 5.0, 1.0, -0.5]


def test_of_readings_alone_the_surest_come_first() -> None:
    words = [a_word("a", "one"), a_word("b", "two"), a_word("c", "three"), a_word("d", "four")]
    found = rank_readings(words, {"a": "on", "b": "two", "c": "tree"}, {"a": 0.6, "b": 0.9, "c": 1.0})
    assert [(one.word.id, one.reading, one.kind) for one in found] == [("c", "tree", "typo"), ("a", "on", "typo")]


def test_a_reading_is_compared_as_labels_are_however_it_was_typed() -> None:
    word = AuditedWord("a", "train", "\u00e9t\u00e9", (), "train/drawn", 1)
    assert not rank_readings([word], {"a": "e\u0301te\u0301 "}, {"a": 0.99})
