"""The words of a split that a model can take: their labels at once, their images when they are asked for.

Words come from a data set of a store, through the columns of its manifest, or from shards without one, such as clova's
and AttentionHTR's. Nothing here imports torch.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from htrdata.errors import UsageError
from htrdata.labels import LabelPolicy, normal_form
from htrdata.records import Reason
from htrdata.store.columns import select, strings, take
from htrmodel.data.label_columns import REASONS, fold_labels, label_faults
from htrmodel.data.origin import Chunk, Origin, Rows

_FOR_THE_LABEL = (Reason.TOO_LONG, Reason.OUT_OF_CHARSET)


@dataclass(frozen=True, eq=False)
class Samples:
    """Words with labels that a model can take, in the order of the shards.

    They may be pickled, sent to spawned workers and carried through a fork; each process opens the shards for itself.

    Attributes:
        origin: where they come from.
        policy: which labels were asked for.
        texts: the labels as the charset compares them: strings.
        shard_numbers: for each word the number of its shard among those of the origin.
        keys: for each word the index of its key in the shard, from 1.
        rows: for each word its row in the origin.
        left_out_rows: the rows of the words whose labels the model cannot take.
        left_out_reasons: why, as places in `htrmodel.data.label_columns.REASONS`.
        whole: where these are a sample, of how many words, those that are left out among them; None where they are all.
            See `htrmodel.data.sampling`.
        unread: of a sample what its words say that are left out.

    Raises:
        ValueError: there are not as many of one as of the other.
    """

    origin: Origin
    policy: LabelPolicy
    texts: pa.Array
    shard_numbers: Rows
    keys: Rows
    rows: Rows
    left_out_rows: Rows
    left_out_reasons: NDArray[np.int8]
    whole: int | None = None
    unread: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        words = [len(values) for values in (self.texts, self.shard_numbers, self.keys, self.rows)]
        left_out = [len(values) for values in (self.left_out_rows, self.left_out_reasons)]
        if len({*words}) > 1 or len({*left_out}) > 1:
            raise ValueError(
                f"texts, shards, keys and rows of {words} words, rows and reasons of {left_out} that are left out: "
                "each should have as many"
            )

    @property
    def name(self) -> str:
        """The name of the data set."""
        return self.origin.name

    @property
    def split(self) -> str:
        """The split; empty where that is not known."""
        return self.origin.split

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        return f"Samples({self.name!r}, {self.split!r}, {len(self):,} words)"

    @functools.cached_property
    def ids(self) -> pa.Array:
        """The ids of the words: strings, read when they are first asked for."""
        return self.column("id")

    def column(self, name: str) -> pa.Array:
        """What a column of the manifest says of each word, such as ``writer`` or ``page``; null where nothing."""
        return self.origin.column(name, self.rows)

    def encoded(self, position: int) -> bytes:
        """The encoded image of a word, counted from 0.

        Raises:
            SourceMissingError: its shard is gone.
            BadDataError: its shard is damaged.
        """
        return self.origin.shards[int(self.shard_numbers[position])].image(int(self.keys[position]))

    @property
    def left_out(self) -> dict[Reason, int]:
        """How many words of the shards the model cannot take, by reason."""
        counts = np.bincount(self.left_out_reasons, minlength=len(REASONS)).tolist()
        return {reason: count for reason, count in zip(REASONS, counts, strict=True) if count}

    def left_out_words(self) -> pa.Table:
        """The words of the shards that the model cannot take: strings ``id``, ``text`` (as stored) and ``reason``."""
        reasons = take(strings([reason.value for reason in REASONS]), self.left_out_reasons)
        columns = {name: self.origin.column(name, self.left_out_rows) for name in ("id", "text")}
        return pa.table({**columns, "reason": reasons})

    def unread_texts(self) -> list[str]:
        """What the words say that are left out, here or when the shards were made, for their labels alone.

        A figure that passed over them would be of an easier task: a system that reads every character could read them.
        """
        if self.whole is not None:
            return list(self.unread)
        tables = (self.left_out_words(), self.dropped_words())
        rows = [row for table in tables for row in table.to_pylist() if row["reason"] in _FOR_THE_LABEL]
        return [self.policy.fold(normal_form(row["text"])) for row in rows]

    @property
    def counted(self) -> str:
        """Of a sample how large it is, and of how many words, as text."""
        return f"{len(self) + len(self.unread):,} of {self.whole or 0:,}"

    def hands(self) -> list[str]:
        """Of each word whose hand it is in: its writer, else its page, else itself, by its id."""
        ids: list[str] = self.ids.to_pylist()
        if self.origin.unit is None:  # shards without a manifest
            return ids
        writers, pages = (self.column(name).to_pylist() for name in ("writer", "page"))
        return [
            f"page {page}" if writer is None else f"writer {writer}"
            for writer, page in zip(writers, pages, strict=True)
        ]

    def dropped_words(self) -> pa.Table:
        """The words that were not put into the shards: strings ``id``, ``text`` (of the source) and ``reason``."""
        return self.origin.dropped()

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256, in hex, over the content of the shards and which of their words these are."""
        digest = hashlib.sha256(self.origin.digest().encode())
        digest.update(self.rows.astype("<i4").tobytes())
        return digest.hexdigest()


def open_samples(origin: Origin, policy: LabelPolicy | None = None) -> Samples:
    """Reads the labels of a split and leaves out those that a model cannot take.

    Args:
        origin: a split of a store or plain shards; see `htrmodel.data.origins`.
        policy: what the model takes, such as `RecogniserConfig.label_policy`; None for every label.

    Raises:
        UsageError: no word is left.
        BadDataError: the manifest or a shard is damaged.
    """
    collected = _Collected(policy or LabelPolicy())
    for chunk in origin.chunks():
        collected.add(chunk)
    samples = collected.samples(origin)
    pa.default_memory_pool().release_unused()  # Arrow would keep it for itself
    if not len(samples):
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in samples.left_out.items()) or "it is empty"
        unit = origin.unit or "word"
        raise UsageError(f"{origin.name} has no {origin.split} {unit} that the model can take: {reasons}")
    return samples


def encoded_words(origin: Origin) -> Iterator[tuple[str, bytes]]:
    """Id and encoded image of every word of a split, whatever its label.

    Raises:
        BadDataError: the manifest or a shard is damaged.
        SourceMissingError: a shard is gone.
    """
    places = [(chunk.shards, chunk.keys, chunk.rows) for chunk in origin.chunks()]
    if not places:
        return
    shards, keys, rows = map(np.concatenate, zip(*places, strict=True))
    for word_id, shard, key in zip(origin.column("id", rows).to_pylist(), shards.tolist(), keys.tolist(), strict=True):
        yield word_id, origin.shards[shard].image(key)


@dataclass(slots=True)
class _Collected:
    """What was read so far: only what is kept, so that memory stays near the size of the result.

    Numbers are kept in growing bytes: the system grows a large block in its place, where pieces to be joined would
    need as much again, and leave holes.
    """

    policy: LabelPolicy
    texts: list[pa.Array] = field(default_factory=list)
    shards: bytearray = field(default_factory=bytearray)
    keys: bytearray = field(default_factory=bytearray)
    rows: bytearray = field(default_factory=bytearray)
    left_out_rows: bytearray = field(default_factory=bytearray)
    left_out_reasons: bytearray = field(default_factory=bytearray)

    def add(self, chunk: Chunk) -> None:
        texts = fold_labels(chunk.texts, self.policy)
        reasons = label_faults(texts, self.policy)
        fits = reasons < 0
        self.texts.append(select(texts, fits))
        for collected, values in ((self.shards, chunk.shards), (self.keys, chunk.keys), (self.rows, chunk.rows)):
            collected.extend(np.asarray(values[fits], np.int32).tobytes())
        self.left_out_rows.extend(np.asarray(chunk.rows[~fits], np.int32).tobytes())
        self.left_out_reasons.extend(np.asarray(reasons[~fits], np.int8).tobytes())

    def samples(self, origin: Origin) -> Samples:
        pa.default_memory_pool().release_unused()  # what reading took, before labels need twice their size
        texts = pa.concat_arrays(self.texts) if self.texts else pa.nulls(0, pa.string())
        self.texts.clear()
        numbers = (self.shards, self.keys, self.rows, self.left_out_rows)
        shards, keys, rows, left_out = (np.frombuffer(values, np.int32) for values in numbers)
        reasons = np.frombuffer(self.left_out_reasons, np.int8)
        return Samples(origin, self.policy, texts, shards, keys, rows, left_out, reasons)
