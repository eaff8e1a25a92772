"""Words of random pixels as a training takes them, without a store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from training_step import WORD

from htrdata.labels import LabelPolicy
from htrdata.records import Unit
from htrdata.store.columns import strings
from htrdata.store.shards import Shard
from htrmodel.data.batches import WordBatches
from htrmodel.data.divisions import DividedSet
from htrmodel.data.origin import Chunk
from htrmodel.data.samples import Samples
from htrmodel.recogniser import Recogniser
from htrmodel.training.recipes import Recipe
from htrmodel.training.stepping import Task


@dataclass(slots=True)
class _Nowhere:
    """An origin that has nothing but words in memory."""

    name: str = "drawn"
    split: str = "train"
    unit: Unit = "word"
    tells_unit: bool = True
    divided: DividedSet | None = None
    drawn: str | None = None
    shards: tuple[Shard, ...] = ()

    def chunks(self) -> Iterator[Chunk]:
        return iter(())

    def column(self, name: str, rows: NDArray[np.int32]) -> pa.Array:
        return strings([f"{name} {row}" for row in rows.tolist()])

    def dropped(self) -> pa.Table:
        return pa.table({})

    def digest(self) -> str:
        return "drawn"


def as_task(
    recogniser: Recogniser,
    batch: int,
    device: str,
    *,
    cuda_graph: bool,
    compiled: bool = False,
    precision: str = "bfloat16",
    lr: float = 1e-4,
) -> Task:
    """A training on four batches of random pixels that all say one word of eleven letters."""
    config = recogniser.config
    count = 4 * batch
    images = np.random.default_rng(0).integers(0, 256, (count, config.height, config.width), np.uint8)
    number = np.arange(count, dtype=np.int32)
    none = np.empty(0, np.int32)
    samples = Samples(
        _Nowhere(), LabelPolicy(), strings([WORD] * count), number, number, number, none, none.astype(np.int8)
    )
    recipe = Recipe(
        name="gpu",
        optimizer="adamw",
        lr=lr,
        schedule="one_cycle",
        batch_size=batch,
        steps=1_000_000,
        augment=0.5,
        precision=precision,
        average=0.999,
    )
    words = WordBatches([samples], [images], device)
    return Task(
        recogniser=recogniser,
        words=words,
        validation={"drawn": words},
        recipe=recipe,
        cuda_graph=cuda_graph,
        compiled=compiled,
    )
