"""Deals words out to train, val and test: as a table says, else by writer, page or folder, else by name.

Groups that are many are dealt out each by its own name, so that further words move no other one; few ones in an order
of chance, so that each split has its share of the groups. How many words a group has does not matter, so that lines and
words of the same writers or pages are held out alike; but whoever has more than half of them all is in train.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from htrdata.errors import BadDataError, UsageError
from htrdata.files.on_disk import FileBelow
from htrdata.records import Word
from htrdata.records.counting import plural
from htrdata.sources import shares
from htrdata.sources.folder.packed_tree import PackedImage
from htrdata.sources.folder.rows import meant, split_within

Splits = Literal["auto", "given", "writer", "page", "folder", "name"]
"""How words are dealt out: ``given`` is as the table says and no more, ``auto`` the first way that is known."""

GIVEN = "as given"
"""How the words are dealt out where tables or folders say it."""

_LEAST = 3  # groups
_ENOUGH = 5  # groups: fewer would take half of the words from the training
_VAL = 0.1  # of train, where val alone is not given
_SHARES = shares.Ratio()


class Placed(NamedTuple):
    """A word before it is in a split.

    Attributes:
        word: the word.
        split: the one that is given; None where none is.
        page: what it was cut from; None where that is not known.
    """

    word: Word
    split: str | None
    page: str | None


@dataclass(frozen=True, slots=True)
class Dealt:
    """How words were dealt out.

    Attributes:
        splits: of each word, in order; None where a table leaves it out.
        scheme: in words.
        parameters: what else decides.
    """

    splits: Sequence[str | None]
    scheme: str
    parameters: Mapping[str, str]


def named_by_folders(words: Sequence[Placed]) -> list[Placed] | None:
    """The words in the splits that the folders of their images are called by; None where these name none.

    They do where all folders of one level are called so, and not all for one split: ``train/`` and ``test/``.

    Args:
        words: of which no table gives a split.
    """
    folders = {folder: folder.split("/") for word in words if (folder := _folder(word)) is not None}
    if not folders:
        return None
    for level in range(min(map(len, folders.values()))):
        splits = {folder: split_within(parts[level]) for folder, parts in folders.items()}
        found = set(splits.values())
        if None not in found and len(found) > 1:
            return [
                word if (folder := _folder(word)) is None else word._replace(split=meant(splits[folder], found))
                for word in words
            ]
    return None


def deal(words: Sequence[Placed], asked: Splits) -> Dealt:
    """Deals words out.

    Args:
        words: all of them, in order.
        asked: in which way.

    Raises:
        UsageError: the way that is asked for is not known of these words.
        BadDataError: there are too few words for three splits.
    """
    given = {word.split for word in words}
    if asked == "given" and given == {None}:
        raise UsageError(
            "no table gives a split: leave out --splits given, or add a column split with train, val or test"
        )
    # That all is train says that nobody has held out anything.
    if asked == "given" or (asked == "auto" and given - {None, "train"}):
        return _as_given(words, cut=asked == "auto")
    kind, names = _grouped(words, asked)
    sizes = Counter(names)
    if len(sizes) < _LEAST:
        raise BadDataError(
            f"{plural(len(words), 'word is', 'words are')} there: to train, validate and test takes {_LEAST} at least; "
            "--split test puts all into one"
        )
    dealing = shares.deal(_weights(sizes), _SHARES, shares.place_of)
    held_out = {} if dealing.held_out is None else {"held out": dealing.held_out}
    return Dealt([dealing.splits[name] for name in names], f"by {kind}", {"shares": str(_SHARES), **held_out})


def _as_given(words: Sequence[Placed], *, cut: bool) -> Dealt:
    splits = [word.split for word in words]
    train = [word for word in words if word.split == "train"]
    if not cut or "val" in splits or len({_name(word) for word in train}) < 2:
        return Dealt(splits, GIVEN, {})
    kind, names = _grouped(train, "auto")
    weights = _weights(Counter(names))
    alone = shares.each_alone(weights.values())
    held = {name for name in weights if shares.place_of(name) < _VAL} if alone else _first(weights, _VAL)
    held = held or {min(weights, key=shares.place_of)}
    own = iter(names)
    splits = ["val" if split == "train" and next(own) in held else split for split in splits]
    about = {"val": f"{_VAL:.0%} of train by {kind}"}
    if not alone:
        about["held out"] = shares.fingerprint(dict.fromkeys(held, "val"))
    return Dealt(splits, GIVEN, about)


def _weights(sizes: Mapping[str, int]) -> dict[str, int]:
    """What each group weighs: all the same, but one with more than half of the words as much as all others and 1."""
    half = sum(sizes.values()) / 2
    return {name: len(sizes) if size > half and len(sizes) > 1 else 1 for name, size in sizes.items()}


def _first(weights: Mapping[str, int], share: float) -> set[str]:
    """Groups in the order of chance up to a share of what all weigh, and never all."""
    total, before, held = sum(weights.values()), 0, set()
    for name in sorted(weights, key=shares.place_of)[:-1]:
        if before + weights[name] / 2 < share * total:
            held.add(name)
        before += weights[name]
    return held


def _grouped(words: Sequence[Placed], asked: Splits) -> tuple[str, list[str]]:
    """The way to group words, and the name of each word's group."""
    for kind, name_of in _WAYS.items():
        if asked in ("auto", kind):
            names = list(map(name_of, words))
            known = [name for name in names if name is not None]
            least = _ENOUGH if asked == "auto" else _LEAST
            if len(known) == len(names) and (kind == "name" or len(set(known)) >= least):
                return kind, known
            if asked == kind:
                missing = len(names) - len(known)
                lacking = (
                    f"{plural(missing, 'word has', 'words have')} no {kind}"
                    if missing
                    else f"there are {len(set(known))} of {_LEAST} at least"
                )
                raise UsageError(f"--splits {kind}: {lacking}; take another way, such as --splits name")
    raise AssertionError("every word has a name")


def _name(word: Placed) -> str:
    return word.word.id


def _folder(word: Placed) -> str | None:
    """The folder of an image that is a file; None of one that stands in a table."""
    image = word.word.image
    return image.below.rpartition("/")[0] if isinstance(image, FileBelow | PackedImage) else None


_WAYS: Mapping[str, Callable[[Placed], str | None]] = {
    "writer": lambda word: word.word.writer,
    "page": lambda word: word.page,
    "folder": _folder,
    "name": _name,
}
