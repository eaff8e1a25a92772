"""Makes a character n-gram model of texts, by interpolated Witten-Bell smoothing.

Witten and Bell, "The zero-frequency problem" (1991); Chen and Goodman, "An empirical study of smoothing techniques"
(1999). A context that was followed by T different symbols leaves T / (N + T) to the shorter context, where N is how
often it was followed by any: contexts that vary leave more. At the bottom all symbols are equally likely.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from htrdata.errors import BadDataError, SourceMissingError, StorageError, UsageError
from htrdata.files.refusals import refusal
from htrdata.files.regular import read_regular
from htrdata.labels import normal_form
from htrmodel.language.marks import AS_WRITTEN
from htrmodel.language.model import CharacterModel

ORDER = 7

_MOST = 1 << 31  # bytes of a text

# Boundary and unknown character within n-grams: they sort before and after all others.
_BOUNDARY, _UNKNOWN = "\n", "\U0010ffff"

_AS_WRITTEN = str.maketrans(AS_WRITTEN)
_ENDS = re.compile(r"^[^\w]+|[^\w]+$")


def count_words(text: str) -> Counter[str]:
    """The words of a text, as they would be cut out of a page, and how often each comes.

    Words stand between spaces. Those with punctuation at their ends count once more without it, and the punctuation for
    itself, since data sets cut it off or leave it. Curled quotation marks count as straight ones; dashes are spaces.
    """
    words = Counter(normal_form(text.translate(_AS_WRITTEN).replace("--", " ")).split())
    for word, count in list(words.items()):
        for piece in {*_ENDS.findall(word), _ENDS.sub("", word)} - {"", word}:
            words[piece] += count
    return words


def read_texts(paths: Iterable[Path]) -> Counter[str]:
    """The words of text files, in UTF-8.

    Raises:
        SourceMissingError: there is no such file.
        StorageError: it cannot be read.
        BadDataError: it is not UTF-8, or no file: a pipe or a device.
    """
    words: Counter[str] = Counter()
    for path in paths:
        try:
            words += count_words(read_regular(path, _MOST).decode("utf-8-sig"))
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise SourceMissingError(f"there is no text at {path}") from None
        except UnicodeDecodeError as error:
            raise BadDataError(f"{path} is not UTF-8: byte {error.start:,} ({error.reason}); convert it") from error
        except OSError as error:
            raise StorageError(f"cannot read {path}: {refusal(error, path)}") from error
    return words


def make_model(words: Counter[str], order: int = ORDER, *, least: int = 2) -> CharacterModel:
    """Makes a model of words.

    Args:
        words: how often each comes, as `count_words` gives them.
        order: characters of the longest n-gram, 1 to 12.
        least: n-grams of more than three characters that come less often are left out, which halves the model.

    Raises:
        UsageError: there are no words, or the order is out of its range.
    """
    if not 1 <= order <= 12:
        raise UsageError(f"n-grams of {order} characters are not possible: give an order of 1 to 12")
    if not words:
        raise UsageError("the texts have no words: give others")
    ngrams = _ngrams(words, order)
    follows: defaultdict[str, int] = defaultdict(int)
    kinds: defaultdict[str, int] = defaultdict(int)
    for ngram, count in ngrams.items():
        follows[ngram[:-1]] += count
        kinds[ngram[:-1]] += 1
    kept = sorted(
        (one for one, count in ngrams.items() if len(one) <= 3 or count >= least), key=lambda one: (len(one), one)
    )
    alphabet = [one for one in kept if len(one) == 1 and one != _BOUNDARY]
    probabilities: dict[str, float] = {}
    for ngram in kept:
        context = ngram[:-1]
        shorter = probabilities[ngram[1:]] if context else 1 / (len(alphabet) + 2)
        probabilities[ngram] = (ngrams[ngram] + kinds[context] * shorter) / (follows[context] + kinds[context])
    probabilities[_UNKNOWN] = 1 - sum(probabilities[one] for one in (*alphabet, _BOUNDARY))
    model = _arranged(probabilities, order, "".join(alphabet), sum(words.values()))
    return _with_mean(model, list(words))


def _ngrams(words: Counter[str], order: int) -> Counter[str]:
    """How often each symbol comes after the symbols before it, for all lengths: n-grams, the last symbol counts."""
    ngrams: Counter[str] = Counter()
    for word, count in words.items():
        framed = f"{_BOUNDARY}{word}{_BOUNDARY}"
        for end in range(2, len(framed) + 1):
            for begin in range(max(0, end - order), end):
                ngrams[framed[begin:end]] += count
    return ngrams


def _arranged(probabilities: dict[str, float], order: int, alphabet: str, words: int) -> CharacterModel:
    """The arrays of n-grams with their probabilities; what is left of each context's goes by the shorter one."""
    number = {_BOUNDARY: 0, **{character: place for place, character in enumerate(alphabet, 1)}}
    number[_UNKNOWN] = len(number)
    ordered = sorted(probabilities, key=lambda one: (len(one), one))
    seen: defaultdict[str, float] = defaultdict(float)
    covered: defaultdict[str, float] = defaultdict(float)
    children: defaultdict[str, int] = defaultdict(int)
    for ngram in ordered:
        seen[ngram[:-1]] += probabilities[ngram]
        covered[ngram[:-1]] += probabilities[ngram[1:]] if len(ngram) > 1 else 0.0
        children[ngram[:-1]] += 1
    contexts = ["", *(one for one in ordered if len(one) < max(order, 2))]
    left = [1.0 if one not in seen or not one else _left(seen[one], covered[one]) for one in contexts]
    return CharacterModel(
        alphabet=alphabet,
        order=order,
        mean=0.0,
        words=words,
        symbols=np.array([0, *(number[one[-1]] for one in ordered)], np.uint16),
        log_probs=np.log(np.array([1.0, *(probabilities[one] for one in ordered)])).astype(np.float16),
        backoffs=np.log(left).astype(np.float16),
        children=np.cumsum([1, *(children.get(one, 0) for one in contexts)]).astype(np.uint32),
    )


def _left(seen: float, covered: float) -> float:
    """The factor for symbols that a context has not seen, so that all of them together have what is left."""
    return max(1 - seen, 1e-6) / max(1 - covered, 1e-6)


def _with_mean(model: CharacterModel, words: Sequence[str]) -> CharacterModel:
    mean = sum(map(model.log_probability, words)) / sum(len(word) + 1 for word in words)
    return replace(model, mean=mean)
