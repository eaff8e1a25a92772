"""Lets recognisers read a split of a store, and has `htrmodel.judging.judging` judge them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from htrdata.errors import UsageError
from htrdata.labels import LabelPolicy
from htrdata.store.reading import Dataset
from htrmodel.checkpoint.files import Checkpoint, read_checkpoint
from htrmodel.config import RecogniserConfig
from htrmodel.data.batches import WordBatches, normalise
from htrmodel.data.cache import decoded_words
from htrmodel.data.divisions import check_trained, dataset_division, trained_on
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import open_samples
from htrmodel.devices import find_device
from htrmodel.judging.judgement import Judgement
from htrmodel.judging.judging import judge, training_labels
from htrmodel.judging.pairing import outside
from htrmodel.judging.predictions import Predictions
from htrmodel.recogniser import Recogniser


def judge_checkpoints(
    paths: Sequence[Path],
    dataset: Dataset,
    split: str,
    *,
    device: str = "auto",
    batch_size: int = 192,
    resamples: int = 1000,
    progress: Callable[[int, int], None] | None = None,
) -> Judgement:
    """Judges what a checkpoint, or the vote of several, reads of a split.

    Args:
        paths: of the checkpoints, or the names of starters; at least one.
        dataset: of a store: ``htrdata.open(store).dataset(name)``.
        split: of the data set.
        device: see `htrmodel.devices.find_device`.
        batch_size: how many words are read at once.
        resamples: of the bootstrap for the 95 % intervals.
        progress: told, for one checkpoint after the other, how many words are read, and how many there are.

    Raises:
        UsageError: the split has no words; the checkpoints have different charsets; or one was trained on another
            split of the same data, and may know these words.
        HtrError: as `read_checkpoint`, `find_device` and `htrmodel.judging.judging.judge` do.
    """
    found = find_device(device)
    checkpoints = [read_checkpoint(path) for path in paths]
    _check(paths, checkpoints, dataset)
    members = [
        read_split(checkpoint.build()[0].to(found), dataset, split, batch_size=batch_size, progress=progress)
        for checkpoint in checkpoints
    ]
    return judge(
        dataset,
        split,
        members[0] if len(members) == 1 else vote(members),
        system=" + ".join(map(str, paths)),
        charset=checkpoints[0].config.charset,
        max_length=max(checkpoint.config.max_length for checkpoint in checkpoints),
        training_labels=training_labels(dataset, split),
        resamples=resamples,
    )


def _check(paths: Sequence[Path], checkpoints: Sequence[Checkpoint], dataset: Dataset) -> None:
    for checkpoint in checkpoints:
        check_trained(checkpoint.path, trained_on(checkpoint.path, checkpoint.data), dataset_division(dataset))
    if any(checkpoint.config.charset != checkpoints[0].config.charset for checkpoint in checkpoints):
        raise UsageError(f"{', '.join(map(str, paths))} have different charsets: they cannot vote together")


def read_split(
    recogniser: Recogniser,
    dataset: Dataset,
    split: str,
    *,
    batch_size: int = 192,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Predictions:
    """Reads all words of a split, in single precision, on the device that the recogniser is on.

    Words whose labels the recogniser cannot spell are read, too, and noted as left out.

    Args:
        recogniser: in evaluation mode.
        dataset: of a store.
        split: of the data set.
        batch_size: how many words are read at once.
        workers: processes that decode images.
        progress: told how many words are read, and how many there are.

    Raises:
        UsageError: the split has no words.
        BadDataError: a shard, the manifest or an image is damaged.
    """
    samples = open_samples(StoredSplit(dataset, split))
    images = decoded_words(samples, recogniser.config, workers=workers)
    device = next(recogniser.parameters()).device
    texts: dict[str, str] = {}
    confidences: dict[str, float] = {}
    with torch.inference_mode():
        for batch in WordBatches([samples], [images], device).in_order(batch_size):
            readings = recogniser.tokenizer.decode(recogniser(normalise(batch.images, recogniser.config)))
            for word_id, reading in zip(batch.ids, readings, strict=True):
                texts[word_id], confidences[word_id] = reading
            if progress is not None:
                progress(len(texts), len(samples))
    return Predictions(texts, outside(dataset, split, policy_of(recogniser.config)), confidences)


def policy_of(config: RecogniserConfig) -> LabelPolicy:
    """The labels that a recogniser can spell."""
    return LabelPolicy(config.charset, config.max_length)


def vote(members: Sequence[Predictions]) -> Predictions:
    """Makes one reading of several: each member votes with its confidence, and the text with the most wins.

    The confidence is the winner's share of all votes, the members that are unsure of everything included: the sum of
    its votes divided by the number of members. A word is left out where every member leaves it out.

    Args:
        members: readings of the same words; at least one.

    Raises:
        ValueError: there is no member, or they did not read the same words.
    """
    if not members or any(member.texts.keys() != members[0].texts.keys() for member in members):
        raise ValueError("an ensemble needs members that read the same words")
    texts: dict[str, str] = {}
    confidences: dict[str, float] = {}
    for word_id in members[0].texts:
        votes: dict[str, float] = defaultdict(float)
        for member in members:
            votes[member.texts[word_id]] += member.confidences[word_id]
        texts[word_id] = max(votes, key=votes.__getitem__)  # the first member's among equals
        confidences[word_id] = votes[texts[word_id]] / len(members)
    left_out = {
        word_id: reason
        for word_id, reason in members[0].left_out.items()
        if all(word_id in member.left_out for member in members)
    }
    return Predictions(texts, left_out, confidences)
