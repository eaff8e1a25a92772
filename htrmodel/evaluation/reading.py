"""A recogniser, or what is around one, reads a split of a store with torch."""

from __future__ import annotations

from collections.abc import Callable

import torch

from htrdata.files.cores import usable_cores
from htrdata.store.reading import Dataset
from htrmodel.data.batches import Batches, WordBatches, standardise
from htrmodel.data.cache import decoded_words
from htrmodel.data.lines import LineBatches
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import open_samples
from htrmodel.judging.pairing import outside
from htrmodel.judging.predictions import Predictions
from htrmodel.recogniser import TensorReader
from htrmodel.tokenizer import check_sure

_WORDS_PER_WORKER = 10_000
"""A process starts in the time in which another one decodes so many words."""


def read_split(
    recogniser: TensorReader,
    dataset: Dataset,
    split: str,
    *,
    batch_size: int = 192,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Predictions:
    """Reads all words of a split, in single precision, on the device that the recogniser is on.

    Words whose labels the recogniser cannot spell are read, too, and noted as left out.

    Args:
        recogniser: in evaluation mode; or a reader around one.
        dataset: of a store.
        split: of the data set.
        batch_size: how many words are read at once.
        workers: processes that decode words; None for as many as pay, one per usable core at most.
        progress: told how many words are read, and how many there are.

    Raises:
        UsageError: the split has no words.
        BadDataError: a shard, the manifest or an image is damaged, or the weights compute no numbers of a word.
    """
    samples = open_samples(StoredSplit(dataset, split))
    batches: Batches
    if recogniser.config.reads_lines:
        batches = LineBatches([samples], recogniser.config, recogniser.device)
    else:
        paying = max(1, min(usable_cores(), len(samples) // _WORDS_PER_WORKER))
        images = decoded_words(samples, recogniser.config, workers=workers or paying)
        batches = WordBatches([samples], [images], recogniser.device)
    texts: dict[str, str] = {}
    confidences: dict[str, float] = {}
    with torch.inference_mode():
        for batch in batches.in_order(batch_size):
            readings = recogniser.read_tensor(standardise(batch.images, recogniser.config))
            check_sure(recogniser.name, readings)
            for word_id, reading in zip(batch.ids, readings, strict=True):
                texts[word_id], confidences[word_id] = reading
            if progress is not None:
                progress(len(texts), len(samples))
    return Predictions(texts, outside(dataset, split, recogniser.config.label_policy), confidences)
