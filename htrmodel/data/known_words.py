"""Whether a checkpoint knows the words that it is judged by: it has a record of what its training had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from htrdata.store.reading import Dataset
from htrmodel.config import RecogniserConfig
from htrmodel.data.line_widths import writable
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import open_samples

_TOLD = {
    "train": "was trained on these very {}: that it reads them says nothing of others",
    "val": "was chosen by these very {}, and its confidences fitted to them, which flatters it: judge it by test",
}


def known_words(
    name: str, data: Mapping[str, Any], config: RecogniserConfig, dataset: Dataset, split: str
) -> str | None:
    """What to say where a checkpoint is judged by words that its last training had.

    They are told by their digest, whatever the data set is called; val words, of which a training may take a sample,
    also by their name where the train words beside them are those that it had. Of what the training started from there
    is no such record.

    Args:
        name: of the checkpoint.
        data: its record, see `htrmodel.checkpoint.contents.Checkpoint`.
        config: of its model, which decides what of the words it takes.
        dataset: what it is judged by.
        split: of the data set.

    Returns:
        A sentence; None where the words are others, or that is not known.

    Raises:
        UsageError: it can take none of the words.
        BadDataError: the manifest is damaged.
    """
    if split not in _TOLD or not (recorded := _digests(data, split)):
        return None
    known = _digest(dataset, split, config) in recorded.values()
    if not known and split == "val" and dataset.name in recorded and "train" in dataset.splits:
        known = _digest(dataset, "train", config) == _digests(data, "train").get(dataset.name)
    return f"{name} {_TOLD[split].format(f'{config.unit}s')}" if known else None


def _digests(data: Mapping[str, Any], split: str) -> Mapping[str, object]:
    found = data.get(split)
    return found if isinstance(found, Mapping) else {}


def _digest(dataset: Dataset, split: str, config: RecogniserConfig) -> str:
    samples = open_samples(StoredSplit(dataset, split), config.label_policy)
    return (writable(samples, config) if config.reads_lines else samples).digest
