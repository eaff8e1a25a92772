"""Judges any system by what it read of a split: one protocol for our models and for everyone else's files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from htrdata.errors import UsageError
from htrdata.labels import CHARSETS, Charset
from htrdata.store.columns import select
from htrdata.store.manifest import KEPT
from htrdata.store.manifest_reader import ManifestReader, rows_with
from htrdata.store.reading import Dataset
from htrmodel.judging.blocks import Block, block_figures
from htrmodel.judging.bootstrap import interval
from htrmodel.judging.judgement import Figure, Figures, Judgement, compared, in_case
from htrmodel.judging.metrics import METRICS, count
from htrmodel.judging.pairing import JudgedWord, OnMissing, pair, references_digest, writers_also_in_train
from htrmodel.judging.predictions import Predictions, read_predictions
from htrmodel.judging.protocol import FEWEST_RESAMPLES, RESAMPLES
from htrmodel.judging.setting import Case, LeftOut, Setting
from htrmodel.judging.subsets import subsets
from htrmodel.judging.which_split import Data, which_split


def judge(
    predictions: Predictions | Mapping[str, str] | Path | str,
    data: Data = "lmdb",
    *,
    name: str | None = None,
    split: str | None = None,
    system: str | None = None,
    charset: Charset | None = None,
    max_length: int | None = None,
    aids: str | None = None,
    missing: OnMissing = "error",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Judgement:
    """Judges any system by what it read of a split.

    Every figure comes with a 95 % interval, and twice: over the words that the system read, and over all words, those
    that it left out counted as wrong. Words whose text the train split has are also judged apart from the others.

    Args:
        predictions: what the system read: a file with the columns ``id`` and ``text`` (see
            `htrmodel.judging.predictions`), or texts by the ids of the words.
        data: the words of a split, a data set, a store, or its path.
        name: of the data set in a store; None for the only one.
        split: of the data set; None for that of the words, or for ``test``.
        system: what to call it; None for the name of the file.
        charset: what it can read; None for any character. Where it folds case, case is not judged.
        max_length: the length of the longest word that it can read; None for any.
        aids: what helped it beside the images, such as a language model; None for nothing.
        missing: whether a word without prediction that is not left out is an error, or counts as read as nothing.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        UsageError: there is no such split, or too few resamples for an interval.
        BadDataError: the predictions do not fit the data set.
        HtrError: as `htrmodel.judging.which_split.which_split` and `htrmodel.judging.predictions.read_predictions` do.
    """
    dataset, chosen = which_split(data, name, split)
    if isinstance(predictions, str | Path):
        system = system or str(predictions)
        predictions = read_predictions(Path(predictions))
    elif isinstance(predictions, Mapping):
        predictions = Predictions(predictions)
    return judge_split(
        dataset,
        chosen,
        predictions,
        system=system or "system",
        charset=charset,
        max_length=max_length,
        aids=aids,
        training_labels=training_labels(dataset, chosen),
        missing=missing,
        resamples=resamples,
        seed=seed,
    )


def judge_split(
    dataset: Dataset,
    split: str,
    predictions: Predictions,
    *,
    system: str = "system",
    charset: Charset | None = None,
    max_length: int | None = None,
    aids: str | None = None,
    training_labels: Collection[str] | None = None,
    missing: OnMissing = "error",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Judgement:
    """Judges what a system read of a split.

    Every figure comes twice: over the words that the system read, and over all words, those that it left out counted as
    wrong. The latter alone is comparable between systems of unlike charsets.

    Args:
        dataset: of a store: ``htrdata.open(store).dataset(name)``.
        split: of the data set.
        predictions: what the system read, and which words it leaves out; see `htrmodel.judging.pairing.outside`.
        system: what to call it.
        charset: what it can read; None for any character. Where it folds case, case is not judged.
        max_length: the length of the longest word that it can read; None for any.
        aids: what helped it beside the images, such as a language model; None for nothing.
        training_labels: those of the data set's train split; without them seen and unseen words are not told apart.
        missing: whether a word without prediction that is not left out is an error, or counts as read as nothing.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        UsageError: there is no such split, or too few resamples for an interval.
        BadDataError: the predictions do not fit the data set; see `htrmodel.judging.pairing.pair`.
    """
    check_resamples(resamples)
    pairing = pair(dataset, split, predictions, missing)
    clusters = [word.cluster for word in pairing.words]
    setting = Setting(
        dataset=dataset.name,
        drawn=dataset.description.drawn,
        split=split,
        digest=dataset.description.content_digest,
        references=references_digest(pairing.words),
        charset=_name(charset),
        max_length=max_length,
        aids=aids,
        unit=_unit(clusters),
        clusters=len(set(clusters)),
        resamples=resamples,
        seed=seed,
        samples=dataset.description.unit,
        known_writers=len(writers_also_in_train(dataset.description, split) & set(clusters)),
    )
    blocks = [block for case in _cases(dataset, charset) for block in _blocks(pairing.words, case, training_labels)]
    return Judgement(
        system=system,
        setting=setting,
        words=pairing.words,
        unanswered=pairing.unanswered,
        not_in_store=pairing.not_in_store,
        elsewhere=pairing.elsewhere,
        missing_characters=_missing(pairing.words, charset),
        figures=tuple(_figures(setting, blocks, clusters)),
    )


def check_resamples(resamples: int) -> None:
    """Refuses a bootstrap that would give no interval: before words are read for it.

    Raises:
        UsageError: there are fewer than `FEWEST_RESAMPLES`.
    """
    if resamples < FEWEST_RESAMPLES:
        raise UsageError(f"{resamples} resamples are too few for a 95 % interval: take {FEWEST_RESAMPLES} or more")


def _missing(words: tuple[JudgedWord, ...], charset: Charset | None) -> dict[str, int]:
    if charset is None:
        return {}
    counts = Counter(c for word in words if word.left_out for c in charset.missing(charset.fold(word.reference)))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _cases(dataset: Dataset, charset: Charset | None) -> tuple[Case, ...]:
    """The ways in which case is counted: a system or a store that folds it knows one only."""
    stored = dataset.description.options.charset
    folds = (charset is not None and charset.folds_case) or (stored is not None and stored.folds_case)
    return ("insensitive",) if folds else ("sensitive", "insensitive")


def training_labels(dataset: Dataset, split: str) -> set[str] | None:
    """The labels of the data set's own train split, to tell seen words from unseen ones.

    Args:
        dataset: of a store.
        split: that is judged.

    Returns:
        The labels; None where the split judged is train, or where there is no train split.

    Raises:
        BadDataError: the manifest is damaged.
    """
    if split == "train" or "train" not in dataset.splits:
        return None
    labels: set[str] = set()
    for _, batch in ManifestReader(dataset.manifest_path).batches(["split", "status", "text"]):
        labels.update(select(batch["text"], rows_with(batch, "train", KEPT)).to_pylist())
    return labels


def _blocks(words: tuple[JudgedWord, ...], case: Case, training: Collection[str] | None) -> list[Block[LeftOut]]:
    references, readings = compared(words, case)
    counts = count(references, readings)[:, None]
    read = np.array([not word.left_out for word in words], dtype=bool)
    blocks: list[Block[LeftOut]] = []
    for subset, chosen in subsets(words, references, in_case(training, case)).items():
        has_left_out = bool((chosen & ~read).any())
        blocks.append(Block(subset, case, "omitted", counts * (chosen & read)[:, None, None], False))
        blocks.append(Block(subset, case, "wrong", counts * chosen[:, None, None], has_left_out))
    return blocks


def _figures(setting: Setting, blocks: Sequence[Block[LeftOut]], clusters: Sequence[str]) -> Iterator[Figures]:
    """The figures of all blocks, from the same draws."""
    found = block_figures(blocks, clusters, resamples=setting.resamples, seed=setting.seed)
    numbers = np.stack([found.values[:, 0], *interval(found.drawn[:, :, 0])], axis=2).tolist()
    for position, block in enumerate(blocks):
        words, characters = found.words(position), found.characters(position)
        signature = setting.signature(block.subset, block.case, block.kind, words)
        metrics = {name: Figure(*row) for name, row in zip(METRICS, numbers[position], strict=True)}
        yield Figures(block.subset, block.case, block.kind, words, characters, signature, metrics)


def _name(charset: Charset | None) -> str:
    """A charset's name; one of a person's own also by its content, as others may have the same name."""
    if charset is None:
        return "all"
    known = CHARSETS.get(charset.name)
    return charset.name if known == charset else f"{charset.name}@{charset.fingerprint[:8]}"


def _unit(clusters: Sequence[str]) -> str:
    kinds = {cluster.split(" ", 1)[0] for cluster in clusters}
    return " or ".join(kind for kind in ("writer", "page") if kind in kinds)
