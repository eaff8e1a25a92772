"""A list of words, such as a dictionary or the register of a village: they are preferred, others stay possible."""

from __future__ import annotations

import re
from pathlib import Path

from htrdata.errors import BadDataError, SourceMissingError, StorageError
from htrdata.files.refusals import refusal
from htrdata.files.regular import read_regular
from htrdata.labels import normal_form

_MOST = 1 << 30  # bytes
_ENDS = re.compile(r"^[^\w]+|[^\w]+$")


class Lexicon:
    """A list of words.

    A word of the list is known in lower case too, with a capital or in capitals, and with punctuation around it.

    Args:
        words: of the list.

    Raises:
        BadDataError: there is no word.
    """

    def __init__(self, words: list[str]) -> None:
        given = {normal_form(word) for word in words if word}
        if not given:
            raise BadDataError("a lexicon without words says nothing: give a list with some")
        self._words = given | {form for word in given for form in (word.lower(), word.capitalize(), word.upper())}
        self.words = len(given)

    def __contains__(self, text: str) -> bool:
        return text in self._words or _ENDS.sub("", text) in self._words


def read_lexicon(path: Path) -> Lexicon:
    """Reads a list of words: UTF-8, a word on each line; what follows a tab, such as its frequency, is left out.

    Raises:
        SourceMissingError: there is no such file.
        StorageError: it cannot be read.
        BadDataError: it is not UTF-8, has no word, or is no file: a folder, a pipe or a device.
    """
    try:
        lines = read_regular(path, _MOST).decode("utf-8-sig").splitlines()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise SourceMissingError(f"there is no lexicon at {path}") from None
    except UnicodeDecodeError as error:
        raise BadDataError(f"{path} is not UTF-8: byte {error.start:,} ({error.reason}); convert it") from error
    except OSError as error:
        raise StorageError(f"cannot read {path}: {refusal(error, path)}") from error
    words = [line.split("\t", 1)[0].strip() for line in lines]
    if not any(words):
        raise BadDataError(f"{path} has no word: a lexicon has one on each line")
    return Lexicon(words)
