"""The words of a split, one by one, by position, or as a part of them. Positions are counted from 0."""

from __future__ import annotations

import bisect
import functools
import io
import itertools
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, SupportsIndex, overload

from PIL import Image

from htrdata.errors import BadDataError, OutOfRangeError, WrongTypeError
from htrdata.store import showing
from htrdata.store.shards import Shard

if TYPE_CHECKING:
    import datasets

    from htrdata.store.reading import Dataset


@dataclass(frozen=True, slots=True)
class StoredWord:
    """One word of a store.

    Attributes:
        id: the source's own.
        text: the label.
        encoded: the image as it is in the shard, JPEG or PNG.
        shard: the folder of its shard below the store.
        key: of the word in that shard, counted from 1: its image is at ``image-%09d`` of it.
    """

    id: str
    text: str
    encoded: bytes
    shard: str
    key: int

    @property
    def image(self) -> Image.Image:
        """The image, opened with Pillow."""
        return Image.open(io.BytesIO(self.encoded), formats=("JPEG", "PNG"))

    def __repr__(self) -> str:
        return f"StoredWord({self.id!r}, {self.text!r}, {len(self.encoded):,} bytes, key {self.key} of {self.shard})"

    def _repr_html_(self) -> str:
        return showing.word_html(self)


class Words(Sequence[StoredWord]):
    """The words of one split of a data set, in the order of the shards, or a part of them.

    ``words[0]`` is the first one, ``words[-1]`` the last; ``words[10:20]`` are words, too, and nothing is read for it.
    They can be pickled, sent to spawned workers and carried through a fork.

    Args:
        dataset: the data set.
        split: of its splits one.
        shards: the folders of its shards below the store, in order, and how many words each has.
    """

    def __init__(self, dataset: Dataset, split: str, shards: list[tuple[str, int]]) -> None:
        self._of = _Split(dataset, split, shards)
        self._positions = range(self._of.ends[-1])

    @property
    def dataset(self) -> Dataset:
        """The data set that they are of."""
        return self._of.dataset

    @property
    def split(self) -> str:
        """The split that they are of."""
        return self._of.split

    @property
    def whole(self) -> bool:
        """Whether these are all words of the split, in order."""
        return self._positions == range(self._of.ends[-1])

    def __len__(self) -> int:
        return len(self._positions)

    def __repr__(self) -> str:
        part = "" if self.whole else f" of {self._of.ends[-1]:,}"
        return f"Words({len(self):,}{part} words of {self.split}/{self.dataset.name})"

    def _repr_html_(self) -> str:
        return showing.words_html(self)

    @overload
    def __getitem__(self, position: SupportsIndex) -> StoredWord: ...

    @overload
    def __getitem__(self, position: slice) -> Words: ...

    def __getitem__(self, position: SupportsIndex | slice) -> StoredWord | Words:
        """A word by its position, counted from 0, or from the end if negative; or the words of a slice.

        Raises:
            OutOfRangeError: there is no such position.
            WrongTypeError: it is neither a position nor a slice of them.
            BadDataError: the shard or the manifest is damaged.
        """
        if isinstance(position, slice):
            return self._part(position)
        try:
            place = self._positions[operator.index(position)]
        except TypeError:
            raise WrongTypeError(
                f"{position!r} is no position: words are counted from 0, as in words[0], words[-1] or words[10:20]"
            ) from None
        except IndexError:
            last = f"they are counted from 0 to {len(self) - 1}" if self else "there are none"
            raise OutOfRangeError(f"there is no word {position} in {self!r}: {last}") from None
        return self._of.word(place)

    def __iter__(self) -> Iterator[StoredWord]:
        return map(self._of.word, self._positions)

    def named_words(self) -> Iterator[tuple[str, StoredWord]]:
        """The words, each with data set, split and id: ``imgur5k/test/73ddopW_3``."""
        return ((f"{self.dataset.name}/{self.split}/{word.id}", word) for word in self)

    def _part(self, chosen: slice) -> Words:
        try:
            positions = self._positions[chosen]
        except TypeError:
            raise WrongTypeError(f"{chosen} is no slice of positions: they are whole numbers") from None
        part = Words.__new__(Words)
        part._of, part._positions = self._of, positions
        return part

    def to_hf(self, cache: Path | None = None) -> datasets.Dataset:
        """The words as a data set of Hugging Face's `datasets`: image, text, id, writer, page, columns of the source.

        Its features are typed. It lies on the disk, in the cache of `datasets` or in a folder of yours, and is written
        once for each build of a store.

        Args:
            cache: the folder; None for the cache of `datasets`.

        Raises:
            UsageError: `datasets` is not installed: the extra ``hf``.
            BadDataError: the data set is damaged.
        """
        from htrdata.store.hugging_face import to_hugging_face

        return to_hugging_face(self, self._positions, cache)

    @property
    def ids(self) -> list[str]:
        """The ids of the words, from the manifest, in order."""
        ids = self._of.ids
        return ids if self.whole else [ids[place] for place in self._positions]

    @property
    def texts(self) -> list[str]:
        """The labels of the words, from the shards, in order: without their images, and much faster than one by one."""
        texts = self._of.texts()
        return texts if self.whole else [texts[place] for place in self._positions]


class _Split:
    """What all parts of a split's words share."""

    def __init__(self, dataset: Dataset, split: str, shards: list[tuple[str, int]]) -> None:
        self.dataset = dataset
        self.split = split
        self.folders = [folder for folder, _ in shards]
        self.shards = [Shard(dataset.store / folder) for folder in self.folders]
        self.ends = list(itertools.accumulate(count for _, count in shards))

    def word(self, place: int) -> StoredWord:
        """The word at a place of the split, from 0."""
        number = bisect.bisect_right(self.ends, place)
        key = place - (self.ends[number - 1] if number else 0) + 1
        shard = self.shards[number]
        return StoredWord(self.ids[place], shard.label(key), shard.image(key), self.folders[number], key)

    @functools.cached_property
    def ids(self) -> list[str]:
        """The ids of all words, from the manifest.

        Raises:
            BadDataError: it is missing or damaged, or has not as many words as the shards.
        """
        from htrdata.store.manifest_reader import ManifestReader

        manifest = ManifestReader(self.dataset.manifest_path)
        ids = manifest.kept_ids(self.split)
        if len(ids) != self.ends[-1]:
            raise manifest.damaged(f"it has {len(ids):,} {self.split} words, the shards {self.ends[-1]:,}")
        return ids

    def texts(self) -> list[str]:
        """The labels of all words, from the shards.

        Raises:
            BadDataError: one is not UTF-8.
        """
        try:
            return [label.decode() for shard in self.shards for label in shard.encoded_labels()]
        except UnicodeDecodeError as error:
            raise BadDataError(
                f"a label in {', '.join(self.folders)} is not UTF-8 ({error}): build it again"
            ) from error
