"""Deals words out to train, val and test: as a table says, else by writer, page or folder, else by name.

Groups that are many are dealt out each by its own name, so that further words move no other one; few ones in an order
of chance, so that each split has its share of the words.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from htrdata.errors import BadDataError, UsageError
from htrdata.files.on_disk import FileBelow
from htrdata.records import SPLITS, Word
from htrdata.records.counting import plural

Splits = Literal["auto", "given", "writer", "page", "folder", "name"]
"""How words are dealt out: ``given`` is as the table says and no more, ``auto`` the first way that is known."""

_FEW = 50  # groups
_LEAST = 3  # groups
_ENOUGH = 5  # groups: fewer would take half of the words from the training
_VAL = 0.1  # of train, where val alone is not given
_SHARES = "80/10/10"


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
    dealt, moved = _split_of(sizes)
    parameters = {"shares": _SHARES} if len(sizes) >= _FEW else {"shares": _SHARES, "held out": _fingerprint(dealt)}
    if moved and len(sizes) >= _FEW:
        parameters["moved"] = ", ".join(moved)
    return Dealt([dealt[name] for name in names], f"by {kind}", parameters)


def _as_given(words: Sequence[Placed], *, cut: bool) -> Dealt:
    splits = [word.split for word in words]
    train = [word for word in words if word.split == "train"]
    if not cut or "val" in splits or len({_name(word) for word in train}) < 2:
        return Dealt(splits, "as given", {})
    kind, names = _grouped(train, "auto")
    sizes = Counter(names)
    held = {name for name in sizes if _place(name) < _VAL} if len(sizes) >= _FEW else _first(sizes, _VAL)
    held = held or {min(sizes, key=_place)}
    own = iter(names)
    splits = ["val" if split == "train" and next(own) in held else split for split in splits]
    about = {"val": f"{_VAL:.0%} of train by {kind}"}
    if len(sizes) < _FEW:
        about["held out"] = _fingerprint(dict.fromkeys(held, "val"))
    return Dealt(splits, "as given", about)


def _first(sizes: Mapping[str, int], share: float) -> set[str]:
    """Groups in the order of chance up to a share of the words, and never all."""
    total, before, held = sum(sizes.values()), 0, set()
    for name in sorted(sizes, key=_place)[:-1]:
        if before + sizes[name] / 2 < share * total:
            held.add(name)
        before += sizes[name]
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
    return image.below.rpartition("/")[0] if isinstance(image, FileBelow) else None


_WAYS: Mapping[str, Callable[[Placed], str | None]] = {
    "writer": lambda word: word.word.writer,
    "page": lambda word: word.page,
    "folder": _folder,
    "name": _name,
}


def _split_of(sizes: Mapping[str, int]) -> tuple[dict[str, str], list[str]]:
    """The split of each group, and the groups that were moved since a split would be empty."""
    if len(sizes) >= _FEW:
        splits = {name: _at(_place(name)) for name in sizes}
    else:
        splits, before, total = {}, 0.0, sum(sizes.values())
        for name in sorted(sizes, key=_place):
            splits[name] = _at((before + sizes[name] / 2) / total)
            before += sizes[name]
    moved = []
    for split in SPLITS:
        if split not in splits.values():
            largest = max(SPLITS, key=list(splits.values()).count)
            name = min(
                (name for name in splits if splits[name] == largest), key=lambda name: (sizes[name], _place(name))
            )
            splits[name] = split
            moved.append(name)
    return splits, moved


def _at(place: float) -> str:
    return "train" if place < 0.8 else "val" if place < 0.9 else "test"


def _place(name: str) -> float:
    """A place from 0 to 1 that the name alone decides."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:6]) / 2**48


def _fingerprint(splits: Mapping[str, str]) -> str:
    """16 hex digits that differ where other groups are held out."""
    held = sorted((split, name) for name, split in splits.items() if split != "train")
    return hashlib.sha256(repr(held).encode("utf-8", "backslashreplace")).hexdigest()[:16]
