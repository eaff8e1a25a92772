"""What shapes a build: everything here is recorded in ``dataset.json``, and two builds that differ in it differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from htrdata.errors import UsageError
from htrdata.images.codec import Color
from htrdata.images.normalisation import Operation, operations
from htrdata.labels import Charset, LabelPolicy
from htrdata.store.description import RecordedCharset, RecordedOptions

ImageFormat = Literal["auto", "jpeg", "png"]


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How words become samples.

    Attributes:
        height: crops that are taller, in pixels, are reduced to it by area; smaller ones stay as they are. 0 keeps all.
        color: ``grey`` or ``rgb``.
        format: how crops are encoded; ``auto`` is JPEG for words cut out of pages, and PNG for words that come as
            images of their own; a grey JPEG among these stays as it is where its pixels do.
        quality: of JPEG, 1 to 100.
        normalise: what is done to each word, at its own size, before the height is reduced; names are accepted, and
            are put into the order of `htrdata.images.normalisation.Operation`.
        labels: which labels are kept, and in what form.
        dedup: take from train the pages that also stand in val or test, and from val those that stand in test.
        check_hashes: drop pages whose bytes do not have the MD5 that the source gives.
        part_words: words per part of the work, about; it does not change the store.
        shard_words: words per shard; None for one shard per split.

    Raises:
        UsageError: a number is out of its range, or a normalisation unknown.
    """

    height: int = 64
    color: Color = "grey"
    format: ImageFormat = "auto"
    quality: int = 95
    normalise: tuple[Operation, ...] = ()
    labels: LabelPolicy = field(default_factory=LabelPolicy)
    dedup: bool = False
    check_hashes: bool = True
    part_words: int = 2000
    shard_words: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "normalise", operations(self.normalise))
        if self.height < 0:
            raise UsageError(f"a height of {self.height} pixels is not possible: give 0 to keep every size")
        if not 1 <= self.quality <= 100:
            raise UsageError(f"a JPEG quality of {self.quality} is not possible: give 1 to 100")
        if self.part_words < 1:
            raise UsageError(f"parts of {self.part_words} words are not possible: give 1 or more")
        if self.shard_words is not None and self.shard_words < 1:
            raise UsageError(f"shards of {self.shard_words} words are not possible: give 1 or more")

    def recorded(self) -> RecordedOptions:
        """The options that shape the store, as ``dataset.json`` records them."""
        charset = self.labels.charset
        return RecordedOptions(
            height=self.height,
            color=self.color,
            format=self.format,
            quality=self.quality,
            normalise=tuple(operation.value for operation in self.normalise),
            dedup=self.dedup,
            check_hashes=self.check_hashes,
            shard_words=self.shard_words,
            charset=None if charset is None else _recorded(charset),
            max_length=self.labels.max_length,
            on_unknown=self.labels.on_unknown,
        )


def _recorded(charset: Charset) -> RecordedCharset:
    return RecordedCharset(
        name=charset.name,
        characters=charset.characters,
        folds_case=charset.folds_case,
        fingerprint=charset.fingerprint,
    )
