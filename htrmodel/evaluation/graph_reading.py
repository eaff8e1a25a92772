"""An exported graph reads a split of a store, by ONNX Runtime or OpenVINO. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Callable

from htrdata.store.reading import Dataset
from htrmodel.data.decoding import decode_stored
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import open_samples
from htrmodel.inputs import LINES_AHEAD
from htrmodel.judging.pairing import outside
from htrmodel.judging.predictions import Predictions
from htrmodel.runtime.exported import ExportedRecogniser
from htrmodel.tokenizer import check_sure


def read_split_by_graph(
    graph: ExportedRecogniser,
    dataset: Dataset,
    split: str,
    *,
    batch_size: int = 192,
    progress: Callable[[int, int], None] | None = None,
) -> Predictions:
    """Reads all words of a split as `htrmodel.evaluation.reading.read_split` does, on the CPU.

    Args:
        graph: that reads; words are decoded by this process, which takes a small part of the time.
        dataset: of a store.
        split: of the data set.
        batch_size: how many words are read at once.
        progress: told how many words are read, and how many there are.

    Raises:
        UsageError: the split has no words.
        BadDataError: a shard, the manifest or an image is damaged, the graph is none of a recogniser with its config,
            or it computes no numbers of a word.
    """
    samples = open_samples(StoredSplit(dataset, split))
    shards, ids = samples.origin.shards, samples.ids.to_pylist()
    numbers, keys = samples.shard_numbers.tolist(), samples.keys.tolist()
    texts: dict[str, str] = {}
    confidences: dict[str, float] = {}
    ahead = batch_size * (LINES_AHEAD if graph.config.reads_lines else 1)
    for first in range(0, len(samples), ahead):
        some = slice(first, first + ahead)
        places = zip(numbers[some], keys[some], strict=True)
        fitted = [decode_stored(shards[number], key, graph.config) for number, key in places]
        readings = graph.read_fitted(fitted, batch_size)
        check_sure(graph.name, readings)
        for word_id, reading in zip(ids[some], readings, strict=True):
            texts[word_id], confidences[word_id] = reading
        if progress is not None:
            progress(len(texts), len(samples))
    return Predictions(texts, outside(dataset, split, graph.config.label_policy), confidences)
