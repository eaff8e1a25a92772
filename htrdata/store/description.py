"""What a data set in a store is, where it came from and what is in it: the content of ``dataset.json``, typed.

It holds no time, host or number of workers: equal builds write equal files. `htrdata.store.description_file` reads and
writes it; ``docs/format.md`` says what each field means.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from htrdata.files.typed_json import Check, encode, later
from htrdata.records import SPLITS, Division, Leaks, SourceInfo, Unit
from htrdata.store.format import FORMAT, NAME

Split = Annotated[str, Check(SPLITS.__contains__, "train, val or test")]
SplitOrNone = Annotated[str, Check((*SPLITS, "none").__contains__, "train, val, test or none")]
Count = Annotated[int, Check(lambda number: 0 <= number < 2**63, "a whole number from 0")]
Some = Annotated[int, Check(lambda number: 0 < number < 2**63, "a whole number from 1")]
Text = Annotated[str, Check(bool, "a text that is not empty")]
Sha256 = Annotated[str, Check(lambda text: re.fullmatch("[0-9a-f]{64}", text), "64 hexadecimal digits")]
Compared = Literal["pages", "groups", "writers", "pictures"]
Name = Annotated[str, Check(lambda text: NAME.fullmatch(text) and text not in SPLITS, "a name for a data set")]
# It becomes a path: nothing in it leads out of the store.
Folder = Annotated[
    str,
    Check(lambda text: re.fullmatch("(train|val|test)/[A-Za-z0-9_]+(/[0-9]{5,})?", text), "the folder of a shard"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCharset:
    """The charset that labels were restricted to; see `htrdata.labels.Charset`."""

    name: str
    characters: Text
    folds_case: bool
    fingerprint: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedOptions:
    """The options of the build; see `htrdata.building.options.BuildOptions`."""

    height: Count
    color: Literal["grey", "rgb"]
    format: Literal["auto", "jpeg", "png"]
    quality: Some
    normalise: tuple[Text, ...]
    dedup: bool
    check_hashes: bool
    shard_words: Some | None
    charset: RecordedCharset | None
    max_length: Some | None
    on_unknown: Literal["drop", "strip", "simplify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """Annotations that were put right before the build.

    Attributes:
        sha256: of the file that says how.
        words: how many annotations it changed.
    """

    sha256: Sha256
    words: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a data set is made from. Two builds of equal provenance, versions included, give equal stores.

    Attributes:
        format: of the store.
        source: the name of the source.
        settings: what the source was asked to read.
        division: how its pages are divided into splits; see `htrdata.records.Division`.
        unit: whether a sample is a word or a line.
        drawn: what a program has drawn, see `htrdata.sources.base.Source.drawn`; None where nothing is.
        corrections: of the annotations; None where there were none.
        alignment: SHA-256 of the file that says where on its page each label stands; None where there was none.
        options: of the build.
        inputs: SHA-256 over the annotations and the sizes of the images.
        versions: of htrdata and of the libraries that decide over pixels and bytes.
    """

    format: str
    source: Text
    settings: Mapping[str, str]
    division: Division
    unit: Unit
    drawn: Text | None
    corrections: Corrections | None
    alignment: Sha256 | None
    options: RecordedOptions
    inputs: Sha256
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCounts:
    """Counts of one split.

    Attributes:
        pages: with annotations.
        words: annotated ones.
        kept: words in the shards.
        dropped: words that are not, by reason, in the order in which the reasons are tested.
        unknown_characters: characters outside the charset of the build, with the words that have them, by falling
            frequency.
        labels_outside: of the kept labels, how many each of AttentionHTR's charsets lacks a character of.
    """

    pages: Count
    words: Count
    kept: Count
    dropped: Mapping[str, Count]
    unknown_characters: Mapping[str, Count]
    labels_outside: Mapping[str, Count]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts(Provenance):
    """What a build keeps and drops, and where the splits overlap: known without one.

    Attributes:
        name: of the data set in the store.
        about: what it is and on what terms.
        pages: with annotations, each once, in however many splits it is.
        words: annotated ones.
        kept: words in the shards.
        splits: the counts of each split that has words; ``none`` is of pages that are in no split.
        missing_splits: those that have none.
        differences: for each split that differs from what is published, and what differs there (``words`` or a
            reason), the count here and the published one.
        leaks: pages and writers in more than one split.
        compared: what was compared between the splits: ``pages`` (pictures of them), ``groups`` (of words that the
            source keeps together, without such a picture), ``writers`` (where they are known of all words),
            ``pictures`` (the pixels); nothing is known of data sets of before.
        unannotated: for each split the pages that its list has and the annotations have not, where there are any.
    """

    name: Name
    about: SourceInfo
    pages: Count
    words: Count
    kept: Count
    splits: Mapping[SplitOrNone, SplitCounts]
    missing_splits: tuple[Split, ...]
    differences: Mapping[str, Mapping[str, tuple[Count, Count]]]
    leaks: Leaks
    compared: tuple[Compared, ...] = later(tuple)
    unannotated: Mapping[Split, Some] = later(dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRecord:
    """What is recorded of a shard; see `htrdata.store.shard_writer.ShardInfo`.

    Attributes:
        split: whose words it holds.
        words: how many.
        bytes: of its file.
        sha256: of its file.
        content_digest: of its content.
    """

    split: Split
    words: Some
    bytes: Some
    sha256: Sha256
    content_digest: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """What is recorded of a file: its size in bytes, and its SHA-256."""

    bytes: Count
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Description(Counts):
    """The whole of ``dataset.json``.

    Attributes:
        shards: by folder below the store, in order.
        manifest: its file.
        report: its file; None where the store is of format 1.
        pixels_depend_on: features of the processor that the pixels of the crops depend on; none where they are the
            same on every processor.
        content_digest: over the folders and content digests of all shards.
        digest: of the description itself, see `computed_digest`; None where the store is of format 1.

    Raises:
        ValueError: fields contradict each other, so that words would be taken for those of another split.
    """

    shards: Mapping[Folder, ShardRecord]
    manifest: FileRecord
    report: FileRecord | None
    pixels_depend_on: tuple[Text, ...]
    content_digest: Sha256
    digest: Sha256 | None

    def __post_init__(self) -> None:
        for folder, shard in self.shards.items():
            if folder.split("/")[0] != shard.split:
                raise ValueError(f"the field shards[{folder!r}].split is {shard.split!r}, unlike its folder")
        if self.format == FORMAT and (self.report is None or self.digest is None):
            missing = "report" if self.report is None else "digest"
            raise ValueError(f"the field {missing} is null, which it is in stores of an older format only")

    @property
    def computed_digest(self) -> str:
        """SHA-256, in hex, over all fields but ``digest``: as JSON without spaces, ASCII, keys sorted."""
        fields = encode(self)
        assert isinstance(fields, dict)
        del fields["digest"]
        text = json.dumps(fields, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
