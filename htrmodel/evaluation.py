"""Lets recognisers read a split of a store, and has `htrmodel.judging.judging` judge them."""

from __future__ import annotations

import os
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from htrdata.errors import UsageError
from htrdata.files.cores import usable_cores
from htrdata.labels import normal_form
from htrdata.store.reading import Dataset, open_store
from htrmodel import starter
from htrmodel.checkpoint.files import load
from htrmodel.data.batches import Batches, WordBatches, standardise
from htrmodel.data.cache import decoded_words
from htrmodel.data.divisions import check_trained, divided, trained_on
from htrmodel.data.doubtful_units import doubt_of_unit
from htrmodel.data.lines import LineBatches, check_unit
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import open_samples
from htrmodel.devices import find_device
from htrmodel.judging.forecast import Forecaster, learn, per_character
from htrmodel.judging.judgement import Judgement
from htrmodel.judging.judging import check_resamples, judge
from htrmodel.judging.metrics import count
from htrmodel.judging.pairing import outside, pair
from htrmodel.judging.predictions import Predictions
from htrmodel.judging.protocol import RESAMPLES
from htrmodel.judging.which_split import Data, which_split
from htrmodel.language.knowledge import Knowledge
from htrmodel.language.reading import LanguageReader
from htrmodel.recogniser import Recogniser, TensorReader
from htrmodel.tokenizer import check_sure
from htrmodel.voting import VARIANTS, VotingReader

_WORDS_PER_WORKER = 10_000
"""A process starts in the time in which another one decodes so many words."""


def evaluate(
    recogniser: Recogniser | Path | str | Sequence[Recogniser | Path | str] = starter.DEFAULT,
    data: Data = "lmdb",
    *,
    name: str | None = None,
    split: str | None = None,
    device: str = "auto",
    batch_size: int = 192,
    resamples: int = RESAMPLES,
    knowledge: Knowledge | None = None,
    tta: bool = False,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], object] = warnings.warn,
) -> Judgement:
    """Judges what a recogniser, or the vote of several, reads of a split; see `htrmodel.judging.judging.judge`.

    Args:
        recogniser: a checkpoint, the name of a starter, or a recogniser that is loaded; several are an ensemble.
        data: the words of a split, a data set, a store, or its path.
        name: of the data set in a store; None for the only one.
        split: of the data set; None for that of the words, or for ``test``.
        device: where checkpoints read, see `htrmodel.devices.find_device`; what is loaded stays where it is.
        batch_size: how many words are read at once.
        resamples: of the bootstrap for the 95 % intervals.
        knowledge: of the language, to read with; None to read what is there. The judgement says so, and its signatures.
        tta: whether each image is read in several variants, see `htrmodel.voting`. Likewise.
        workers: processes that decode words; None for as many as pay, one per usable core at most.
        progress: told, for one recogniser after the other, how many words are read, and how many there are.
        say: told in a sentence where a model of words reads what may be lines.

    Raises:
        UsageError: the split has no words; the recognisers have different charsets; one is in training mode; or one was
            trained on another split of the same data, and may know these words.
        HtrError: as `htrmodel.checkpoint.files.load`, `find_device`, `htrmodel.judging.which_split.which_split` and
            `htrmodel.judging.judging.judge` do.
    """
    check_resamples(resamples)
    dataset, chosen = which_split(data, name, split)
    dataset.words(chosen)  # raises where there are none
    given = [recogniser] if isinstance(recogniser, Recogniser | str | os.PathLike) else list(recogniser)
    found = find_device(device)
    members = [one if isinstance(one, Recogniser) else load(one).to(found) for one in given]
    _check(members, dataset)
    if any(not one.config.reads_lines for one in members) and (doubt := doubt_of_unit(StoredSplit(dataset, chosen))):
        say(doubt)
    readers: list[TensorReader] = [one if knowledge is None else LanguageReader(one, knowledge) for one in members]
    if tta:
        readers = [VotingReader(one) for one in readers]
    readings = [
        read_split(one, dataset, chosen, batch_size=batch_size, workers=workers, progress=progress) for one in readers
    ]
    return judge(
        readings[0] if len(readings) == 1 else vote(readings),
        dataset,
        split=chosen,
        system=" + ".join(one.name for one in members),
        charset=members[0].charset,
        max_length=max(one.config.max_length for one in members),
        aids=_aids(knowledge, tta),
        resamples=resamples,
    )


def _aids(knowledge: Knowledge | None, tta: bool) -> str | None:
    """What helps readings, as signatures have it; None for nothing."""
    parts = [] if knowledge is None else [f"lm:{knowledge.label}"]
    return "+".join([*parts, *([f"tta:{len(VARIANTS)}"] if tta else [])]) or None


def _check(members: Sequence[Recogniser], dataset: Dataset) -> None:
    if not members:
        raise UsageError("there is no recogniser to evaluate: give one, or several as an ensemble")
    for one in members:
        one.check_reads()
        check_unit(one.config, dataset.name, dataset.description.unit, one.name)
        check_trained(one.name, trained_on(one.name, one.data), divided(dataset))
    if any(one.charset != members[0].charset for one in members):
        names = ", ".join(one.name for one in members)
        raise UsageError(f"{names} have different charsets: they cannot vote together")


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
    for dataset in open_store(store):
        if split not in dataset.splits:
            continue
        _check([recogniser], dataset)
        predictions = read_split(recogniser, dataset, split)
        for word in pair(dataset, split, predictions).words:
            _, length, wrong = count([word.reference], [normal_form(word.reading)])[0, :3].tolist()
            confidences.append(per_character(word.confidence or 0.0, word.reading))
            edits.append(wrong)
            characters.append(length)
            documents.append(f"{dataset.name} {word.cluster}")
    return learn(confidences, edits, characters, documents)
