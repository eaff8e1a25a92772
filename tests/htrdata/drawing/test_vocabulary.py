"""The words that synthetic handwriting says: determinism, coverage, shares, the patterns they are made by."""

from __future__ import annotations

import itertools
import math
import re
import string
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htrdata.drawing.synth.invention import MAX_RANDOM_LENGTH, VISIBLE, invented_words, random_strings
from htrdata.drawing.synth.patterns import MAX_FIELDS, compile_pattern, compile_patterns
from htrdata.drawing.synth.tables import tables
from htrdata.drawing.synth.vocabulary import DIACRITICS_SHARES, MAX_LENGTH, SHARES, Vocabulary
from htrdata.drawing.synth.word_lists import frequent_table, read_words
from htrdata.labels import PRINTABLE

MANY = 40_000
"""Words enough for shares of 0.5 % to be found within a quarter of themselves."""


@pytest.fixture(scope="module")
def plain() -> list[tuple[str, str]]:
    return Vocabulary().draw_with_kinds(MANY, np.random.default_rng(1))


@pytest.fixture(scope="module")
def european() -> list[tuple[str, str]]:
    return Vocabulary(diacritics=True).draw_with_kinds(MANY, np.random.default_rng(1))


def words_of(kind: str, drawn: list[tuple[str, str]]) -> list[str]:
    return [word for its_kind, word in drawn if its_kind == kind]


@given(seed=st.integers(0, 2**63), count=st.integers(0, 300), diacritics=st.booleans())
@settings(max_examples=40, deadline=None)
def test_words_are_labels_whatever_the_seed(seed: int, count: int, diacritics: bool) -> None:
    words = Vocabulary(diacritics).draw(count, np.random.default_rng(seed))
    assert len(words) == count
    for word in words:
        assert 1 <= len(word) <= MAX_LENGTH
        assert not re.search(r"\s", word)
        assert word == unicodedata.normalize("NFC", word)
        if not diacritics:
            assert not PRINTABLE.missing(word)


@pytest.mark.parametrize("diacritics", [False, True])
def test_the_same_state_gives_the_same_words_and_another_gives_others(diacritics: bool) -> None:
    def draw(seed: int) -> list[str]:
        return Vocabulary(diacritics).draw(500, np.random.default_rng(seed))

    assert draw(7) == draw(7)
    assert draw(7) != draw(8)
    rng = np.random.default_rng(7)
    vocabulary = Vocabulary(diacritics)
    assert vocabulary.draw(500, rng) != vocabulary.draw(500, rng)


def test_long_words_are_cut(plain: list[tuple[str, str]]) -> None:
    lengths = Counter(len(word) for _, word in plain)
    assert max(lengths) == MAX_LENGTH
    assert min(lengths) == 1


def test_each_visible_character_is_in_one_word_of_a_thousand(plain: list[tuple[str, str]]) -> None:
    seen = Counter(character for _, word in plain for character in set(word))
    assert set(seen) == set(PRINTABLE.characters)
    rare = {character: count for character, count in seen.items() if count < MANY / 1000}
    assert not rare


@pytest.mark.parametrize("diacritics", [False, True])
def test_kinds_have_their_shares(
    diacritics: bool, plain: list[tuple[str, str]], european: list[tuple[str, str]]
) -> None:
    shares = Vocabulary(diacritics).shares
    counts = Counter(kind for kind, _ in (european if diacritics else plain))
    assert counts.keys() == shares.keys()
    for kind, share in shares.items():
        deviation = math.sqrt(MANY * share * (1 - share))
        assert abs(counts[kind] - MANY * share) < 5 * deviation, kind


def test_shares_sum_to_one() -> None:
    assert sum(SHARES.values()) == pytest.approx(1)
    shares = Vocabulary(diacritics=True).shares
    assert sum(shares.values()) == pytest.approx(1)
    assert shares.items() >= DIACRITICS_SHARES.items()


def test_marks_and_capitals_come_as_often_as_in_notes(plain: list[tuple[str, str]]) -> None:
    marks = sum(not any(map(str.isalnum, word)) for _, word in plain) / MANY
    capitals = sum(any(map(str.isupper, word)) for _, word in plain) / MANY
    assert 0.11 < marks < 0.15
    assert 0.28 < capitals < 0.40


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("frequent", r"[a-z]+|I"),
        ("capitalised", r"[A-Z][a-z]*"),
        ("upper", r"[A-Z'.-]+"),
        ("mixed_case", r"[A-Za-z]+"),
        ("marks", r"[^A-Za-z0-9]+|<3"),
        ("names", r"[A-Z][A-Za-z'.]+|iPhone|iPad|eBay"),
        ("ordinals", r"\d+(st|nd|rd|th)[,.]?"),
        ("times", r"\d.*"),
        ("prices", r".*\d.*"),
        ("percentages", r"\(?[+-]?\d+([.-]\d+)?%[),.]?"),
        ("phones", r"[\d()+#*./-]+"),
        ("contractions", r"[A-Za-z']*'[A-Za-z']*"),
        ("hyphenations", r".*[-/].*|[a-z]{25}"),
        ("invented", r"[a-z]{2,}"),
    ],
)
def test_a_kind_looks_as_its_name_says(kind: str, form: str, plain: list[tuple[str, str]]) -> None:
    words = words_of(kind, plain)
    assert len(set(words)) > 30
    odd = [word for word in words if not re.fullmatch(form, word)]
    assert not odd


def test_diacritics_come_only_when_asked_for(plain: list[tuple[str, str]], european: list[tuple[str, str]]) -> None:
    assert all(word.isascii() for _, word in plain)
    beyond = {kind for kind, word in european if not word.isascii()}
    assert beyond == set(DIACRITICS_SHARES)
    share = sum(not word.isascii() for _, word in european) / MANY
    assert 0.1 < share < 0.13
    letters = {letter for _, word in european for letter in word if not letter.isascii()}
    assert letters >= set("éÉüÜñÑçÇøØåÅßłŁæœőŠžğİ")
    assert all(letter.isalpha() for letter in letters)


def test_frequent_words_come_by_frequency_but_the_rare_ones_too() -> None:
    words = read_words("frequent_words")
    counts = Counter(frequent_table())
    assert counts.keys() == set(words)
    numbers = [counts[word] for word in words]
    assert max(abs(one - two) for one, two in itertools.pairwise(numbers[1000:])) <= 1
    assert sum(numbers[:100]) > 10 * sum(numbers[-100:])


def test_the_list_of_frequent_words_is_clean() -> None:
    words = read_words("frequent_words")
    assert len(words) >= 3000
    assert len(set(words)) == len(words)
    assert all(word == "I" or (word.isascii() and word.isalpha() and word.islower()) for word in words)
    assert {word for word in words if len(word) == 1} == {"a", "I"}


def test_every_european_word_has_a_letter_of_its_own() -> None:
    words = read_words("european_words")
    assert len(set(words)) == len(words)
    assert not [word for word in words if word.isascii() or word != unicodedata.normalize("NFC", word)]


def test_names_are_given_once_and_fit() -> None:
    assert all(word.isascii() and len(word) <= MAX_LENGTH for word in read_words("names"))


def test_inventions_follow_the_spelling_of_english_and_are_new() -> None:
    words = invented_words(3000, np.random.default_rng(0))
    listed = read_words("frequent_words")
    triples = {word[i : i + 3] for word in listed for i in range(len(word) - 2)}
    made = [word[i : i + 3] for word in words for i in range(len(word) - 2)]
    assert sum(triple in triples for triple in made) > 0.95 * len(made)
    assert sum(word not in set(listed) for word in words) > 0.5 * len(words)
    usual = np.mean([len(word) for word in listed])
    assert np.mean([len(word) for word in words]) == pytest.approx(usual, rel=0.05)


def test_random_strings_have_all_characters_evenly_and_all_lengths() -> None:
    words = random_strings(20_000, np.random.default_rng(0))
    counts = Counter("".join(words))
    assert set(counts) == set(VISIBLE)
    mean = sum(counts.values()) / len(VISIBLE)
    assert max(abs(count - mean) for count in counts.values()) < 6 * math.sqrt(mean)
    assert {len(word) for word in words} == set(range(1, MAX_RANDOM_LENGTH + 1))


def test_no_words_are_made_where_none_are_asked_for() -> None:
    rng = np.random.default_rng(0)
    assert invented_words(0, rng) == random_strings(0, rng) == []


def test_a_pattern_is_filled_from_its_tables() -> None:
    pattern = compile_pattern("{{{a}:{b:02d}-{a}}}", {"a": ("x", "y"), "b": range(10)})
    assert pattern.fill([0, 0.75, 0.999]) == "{x:07-y}"


def test_patterns_are_repeated_as_often_as_said() -> None:
    patterns = compile_patterns("3*{a} * 2**** {a}*2", {"a": "z"})
    assert [pattern.fill([0]) for pattern in patterns] == ["z", "z", "z", "*", "***", "***", "z*2"]


def test_a_pattern_with_an_unknown_field_or_too_many_is_refused() -> None:
    with pytest.raises(KeyError, match="nothing"):
        compile_pattern("{nothing}", tables())
    with pytest.raises(ValueError, match=f"give it {MAX_FIELDS} at most"):
        compile_pattern("{digit}" * (MAX_FIELDS + 1), tables())


def test_ordinals_and_roman_numerals_are_right() -> None:
    ordinals, romans = tables()["ordinal"], tables()["roman"]
    assert {"1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "111th", "121st"} <= set(ordinals)
    assert not {"11st", "12nd", "13rd", "111st"} & set(ordinals)
    assert [*romans][:10] == ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"]
    assert "XLIX" in romans


def test_no_table_has_an_empty_entry_or_a_space() -> None:
    for name, table in tables().items():
        assert len(table) > 1, name
        assert not [entry for entry in table if not str(entry) or set(str(entry)) & set(string.whitespace)], name
