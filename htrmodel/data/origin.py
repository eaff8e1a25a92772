"""What words of a split come from, as far as training and judging need to know it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from htrdata.records import Unit
from htrdata.store.shards import Shard
from htrmodel.data.divisions import DividedSet

Rows = NDArray[np.int32]
"""Numbers of words, of shards or of rows."""


class Origin(Protocol):
    """Where the words of a split come from, and what more is known of them. A word is told by its row there."""

    name: str
    split: str

    @property
    def divided(self) -> DividedSet | None:
        """How the data set was divided into splits; None where that is not known."""

    @property
    def drawn(self) -> str | None:
        """What of it a program has drawn; None where nothing is, or that is not known."""

    @property
    def unit(self) -> Unit | None:
        """What its samples are; None where that is not known."""

    @property
    def tells_unit(self) -> bool:
        """Whether it says so itself: shards without a manifest do not, and a store of format 1 only knew words."""

    @property
    def shards(self) -> tuple[Shard, ...]:
        """The shards of the split in order."""

    def chunks(self) -> Iterator[Chunk]:
        """Reads the labels and places of all words in their order."""

    def column(self, name: str, rows: Rows) -> pa.Array:
        """What a column of the manifest says of the words at some rows."""

    def dropped(self) -> pa.Table:
        """The words of the split that were not put into the shards: strings ``id``, ``text`` and ``reason``."""

    def digest(self) -> str:
        """SHA-256, in hex, that differs where images, labels or their order differ."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some words of an origin, in order.

    Attributes:
        texts: their labels, strings.
        shards: for each the number of its shard, from 0.
        keys: for each the index of its key in the shard, from 1.
        rows: for each its row.
    """

    texts: pa.Array
    shards: Rows
    keys: Rows
    rows: Rows
