"""Words that do not exist: made of the letter sequences of English, of any characters, of letters with diacritics."""

from __future__ import annotations

import functools
import string
import unicodedata

import numpy as np
from numpy.typing import NDArray

from htrdata.drawing.synth.word_lists import frequent_table, read_words

VISIBLE = string.printable[:-6]
"""The 94 visible ASCII characters."""

MAX_RANDOM_LENGTH = 12
"""The most characters of a string of random ones."""

_LETTERS = string.ascii_lowercase
_KINDS_OF_LETTERS = len(_LETTERS) + 1  # 0 stands for what is before the word
_SHORTER_CONTEXT = 0.5  # how many sightings the letter's share after the last two letters counts for
_ACCENTED_SHARE = 0.2  # of the letters that can have a diacritic and get one, beside the one that always does


@functools.cache
def _letter_chances() -> NDArray[np.float32]:
    """Cumulative chances of the 26 letters after each three, (27 ** 3, 26); a row ends in 1."""
    base = _KINDS_OF_LETTERS
    counts = np.zeros((base**3, len(_LETTERS)))
    for word in read_words("frequent_words"):
        context = 0
        for letter in word.lower():
            code = _LETTERS.index(letter)
            counts[context, code] += 1
            context = context * base % base**3 + code + 1
    after_two = counts.reshape(base, base**2, -1).sum(axis=0) + 1e-3  # so that no letter is impossible
    after_two /= after_two.sum(axis=-1, keepdims=True)
    chances = counts + _SHORTER_CONTEXT * np.tile(after_two, (base, 1))
    cumulative = np.cumsum(chances / chances.sum(axis=-1, keepdims=True), axis=-1)
    cumulative[:, -1] = 1
    return cumulative.astype(np.float32)


@functools.cache
def _lengths() -> NDArray[np.intp]:
    """The lengths of the words that inventions are to be as long as, two letters at least."""
    return np.array([len(word) for word in read_words("frequent_words") if len(word) > 1])


def invented_words(count: int, rng: np.random.Generator) -> list[str]:
    """Invents words in lower case whose letters follow three others as in English, as long as English words.

    Args:
        count: how many.
        rng: the same state gives the same words.
    """
    base, table = _KINDS_OF_LETTERS, _letter_chances()
    lengths = rng.choice(_lengths(), count)
    longest = int(lengths.max(initial=0))
    chance = rng.random((longest, count), np.float32)
    context = np.zeros(count, np.intp)
    codes = np.empty((count, longest), np.uint8)
    for position in range(longest):
        letter = (table[context] <= chance[position, :, None]).sum(axis=1)
        codes[:, position] = letter
        context = context * base % base**3 + letter + 1
    text = (codes + ord("a")).tobytes().decode("ascii")
    starts = range(0, count * longest, longest or 1)
    return [text[start : start + length] for start, length in zip(starts, lengths.tolist(), strict=True)]


def random_strings(count: int, rng: np.random.Generator) -> list[str]:
    """Draws strings of 1 to ``MAX_RANDOM_LENGTH`` characters, each as likely to be any of the 94 of ``VISIBLE``.

    Args:
        count: how many.
        rng: the same state gives the same strings.
    """
    lengths = rng.integers(1, MAX_RANDOM_LENGTH + 1, count)
    ends = np.cumsum(lengths)
    text = "".join([VISIBLE[code] for code in rng.integers(0, len(VISIBLE), int(lengths.sum())).tolist()])
    return [text[end - length : end] for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)]


def mixed_case_words(count: int, rng: np.random.Generator) -> list[str]:
    """Draws frequent words with a chance of one half for each letter to be a capital.

    Args:
        count: how many.
        rng: the same state gives the same words.
    """
    words = _some_frequent(count, rng)
    capitals = iter((rng.random(sum(map(len, words))) < 0.5).tolist())
    return ["".join([letter.upper() if next(capitals) else letter for letter in word]) for word in words]


@functools.cache
def _accented() -> dict[str, tuple[str, ...]]:
    """For each ASCII letter, the letters of the European words that are it with a diacritic, or like it."""
    like = {"ß": "s", "æ": "a", "œ": "o", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "p", "ı": "i", "ħ": "h"}
    letters = {letter for word in read_words("european_words") for letter in word if not letter.isascii()}
    letters |= {other for letter in letters for other in (letter.upper(), letter.lower()) if len(other) == 1}
    found: dict[str, list[str]] = {}
    for letter in sorted(letters):
        small = like.get(letter.lower()) or unicodedata.normalize("NFD", letter.lower())[0]
        found.setdefault(small if letter.islower() else small.upper(), []).append(letter)
    return {plain: tuple(accented) for plain, accented in found.items()}


def accented_words(count: int, rng: np.random.Generator) -> list[str]:
    """Draws frequent words, small or capitalised, in which one letter or more got a diacritic that it need not have.

    A word without a letter that can have one comes as it is.

    Args:
        count: how many.
        rng: the same state gives the same words.
    """
    accented, made = _accented(), []
    for word, case, first in zip(_some_frequent(count, rng), rng.random(count), rng.random(count), strict=True):
        letters = list(word if case < 0.7 else word.capitalize() if case < 0.9 else word.upper())
        open_to_it = [place for place, letter in enumerate(letters) if letter in accented]
        sure = open_to_it[int(first * len(open_to_it))] if open_to_it else -1
        for place, (more, which) in zip(open_to_it, rng.random((len(open_to_it), 2)).tolist(), strict=True):
            if place == sure or more < _ACCENTED_SHARE:
                choices = accented[letters[place]]
                letters[place] = choices[int(which * len(choices))]
        made.append("".join(letters))
    return made


def _some_frequent(count: int, rng: np.random.Generator) -> list[str]:
    table = frequent_table()
    return [table[pick] for pick in rng.integers(0, len(table), count).tolist()]
