"""What confidences tell of mistakes is learnt on a split that a recogniser reads, for `htrmodel.judging.forecast`."""

from __future__ import annotations

from pathlib import Path

from htrdata.labels import normal_form
from htrdata.store.reading import open_store
from htrmodel.evaluation.evaluating import check_members
from htrmodel.evaluation.reading import read_split
from htrmodel.judging.forecast import Forecaster, learn, per_character
from htrmodel.judging.metrics import count
from htrmodel.judging.pairing import pair
from htrmodel.recogniser import Recogniser


def learn_forecast(recogniser: Recogniser, store: Path, split: str = "val") -> Forecaster:
    """Learns how wrong readings are from how sure they are, on the held-out lines, or words, of all data sets.

    Args:
        recogniser: in evaluation mode.
        store: with texts.
        split: that it was not trained on.

    Raises:
        UsageError: there are too few of them, or it reads words and they are lines.
        HtrError: as `read_split`.
    """
    confidences: list[float] = []
    edits: list[float] = []
    characters: list[float] = []
    documents: list[str] = []
    read: list[float] = []
    for dataset in open_store(store):
        if split not in dataset.splits:
            continue
        check_members([recogniser], dataset)
        predictions = read_split(recogniser, dataset, split)
        for word in pair(dataset, split, predictions).words:
            if word.confidence is None:  # the store lacks it for its label: nobody has read it
                continue
            _, length, wrong = count([word.reference], [normal_form(word.reading)])[0, :3].tolist()
            confidences.append(per_character(word.confidence, word.reading))
            edits.append(wrong)
            characters.append(length)
            documents.append(f"{dataset.name} {word.cluster}")
            read.append(len(word.reading))
    return learn(confidences, edits, characters, documents, read)
