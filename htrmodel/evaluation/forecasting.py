"""What confidences tell of mistakes is learnt on a split that a recogniser reads, for `htrmodel.judging.forecast`.

Confidences of readings with knowledge of a language, or by vote, are others than those without: each way of reading has
a forecast of its own.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from htrdata.errors import BadDataError, UsageError
from htrdata.files import strict_json
from htrdata.labels import normal_form
from htrdata.store.reading import open_store
from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.evaluation.evaluating import check_members
from htrmodel.evaluation.helping import helped
from htrmodel.evaluation.reading import read_split
from htrmodel.judging.forecast import Forecaster, learn, per_character
from htrmodel.judging.metrics import count
from htrmodel.judging.pairing import pair
from htrmodel.language.knowledge import Knowledge
from htrmodel.recogniser import Recogniser
from htrmodel.starter import FOLDER, find_checkpoint

FORECASTS = "forecasts.json"
"""Beside the starter weights: forecasts of their readings with help, by the SHA-256 of the weights and what helped."""


def digests_of(checkpoint: Path) -> set[str]:
    """SHA-256, in hex, of the files that are one checkpoint: of a starter those of its weights and of its graph.

    Raises:
        SourceMissingError: the installation lacks the starter.
    """
    path = find_checkpoint(checkpoint)
    files = {path, path.with_suffix(".onnx")} if path != checkpoint else {path}
    return {hashlib.sha256(one.read_bytes()).hexdigest() for one in files if one.is_file()}


def known_forecast(checkpoint: Path, helped_by: str) -> Forecaster:
    """The forecast that comes with a checkpoint.

    Args:
        checkpoint: a file, or the name of a starter.
        helped_by: what the readings were helped by, as the record of filled pages has it; empty for nothing.

    Raises:
        UsageError: none comes with it, or none for that help.
        HtrError: as `read_checkpoint`; or what is installed is damaged.
    """
    if not helped_by:
        known = read_checkpoint(checkpoint).data.get("forecast")
        if known is None:
            raise UsageError(
                f"{checkpoint} brings no forecast: --held-out STORE learns one on lines whose texts are known"
            )
        return Forecaster.from_json(known)
    path = FOLDER / FORECASTS
    installed = strict_json.load(path) if path.is_file() else {}
    if not isinstance(installed, dict):
        raise BadDataError(f"{path} holds no forecasts: install the weights again")
    for digest in digests_of(checkpoint):
        if isinstance(of_it := installed.get(digest), dict) and helped_by in of_it:
            return Forecaster.from_json(of_it[helped_by])
    raise UsageError(
        f"these pages were read with {helped_by}, and {checkpoint} brings no forecast of such readings, whose "
        "confidences are others: --held-out STORE, with the same --lm, --lexicon or --tta, learns one on lines whose "
        "texts are known"
    )


def learn_forecast(
    recogniser: Recogniser, store: Path, split: str = "val", *, knowledge: Knowledge | None = None, tta: bool = False
) -> Forecaster:
    """Learns how wrong readings are from how sure they are, on the held-out lines, or words, of all data sets.

    Args:
        recogniser: in evaluation mode.
        store: with texts.
        split: that it was not trained on.
        knowledge: of the language, that it reads with; None for none.
        tta: whether several variants of each image vote.

    Raises:
        UsageError: there are too few of them, or it reads words and they are lines.
        HtrError: as `read_split`.
    """
    confidences: list[float] = []
    edits: list[float] = []
    characters: list[float] = []
    documents: list[str] = []
    read: list[float] = []
    reader = recogniser if knowledge is None and not tta else helped(recogniser, knowledge, tta)
    for dataset in open_store(store):
        if split not in dataset.splits:
            continue
        check_members([recogniser], dataset)
        predictions = read_split(reader, dataset, split)
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
