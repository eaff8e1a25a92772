"""Words of a store, dealt out to folds, each judged by a model that was trained on the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from htrdata.errors import UsageError
from htrdata.labels import Charset, LabelPolicy
from htrdata.records.counting import plural
from htrdata.store.reading import Dataset
from htrmodel.auditing.findings import AuditedWord
from htrmodel.auditing.folds import deal, groups_of
from htrmodel.auditing.request import AuditRequest
from htrmodel.auditing.scoring import Score, score
from htrmodel.data.batches import WordBatches
from htrmodel.data.cache import decoded_words
from htrmodel.data.divisions import check_trained, divided
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import Samples, open_samples
from htrmodel.devices import find_device
from htrmodel.recogniser import Recogniser
from htrmodel.training.initial_model import InitialModel, ModelChoice, initial_model
from htrmodel.training.recipes import Recipe
from htrmodel.training.stepping import Stepper, Task

Say = Callable[[str], None]
Progress = Callable[[str, int, int], None]

RECIPE = Recipe(
    name="audit",
    optimizer="adamw",
    lr=1e-3,
    schedule="one_cycle",
    warmup=0.1,
    batch_size=64,
    epochs=2,
    select="cer",
    augment=0.25,
)
"""Short: what is learnt late are the wrong labels themselves (Arpit et al., ICML 2017)."""

LEAST_TIMES = 5
"""A character that a model does not know yet is learnt where labels have it that often."""


@dataclass(frozen=True)
class Judged:
    """What came of it.

    Attributes:
        words: that were judged.
        scores: of each.
        left_out: how many words the model cannot spell, by reason.
        about: how it was done, in a sentence.
    """

    words: list[AuditedWord]
    scores: list[Score]
    left_out: dict[str, int]
    about: str


def judge(dataset: Dataset, request: AuditRequest, say: Say, progress: Progress) -> Judged:
    """Trains, and judges each word by a model that has not learnt it.

    Raises:
        UsageError: the start was trained on this corpus, or there are too few words.
        HtrError: the store or the checkpoint is not what it should be.
    """
    initial = _start(dataset, request)
    splits = _unlearnt(dataset, initial, request, say)
    samples, left_out = open_all(dataset, initial.recogniser.config.label_policy, splits)
    words = audited(dataset, samples)
    chosen = _chosen(len(words), request)
    samples, words = _subset(samples, chosen), [words[place] for place in np.flatnonzero(chosen).tolist()]
    device = find_device(request.device)
    total = len(words)
    images = [decoded_words(one, initial.recogniser.config) for one in samples]
    if not request.folds:
        initial.recogniser.to(device).eval()
        say(f"{plural(total, 'word is', 'words are')} judged by {request.start} as it is: nothing was trained")
        batches = WordBatches(samples, images, device)
        scores = score(initial.recogniser, batches, progress=lambda done: progress("words", done, total))
        return Judged(words, scores, left_out, f"Judged by {request.start} as it is: nothing was trained.")
    fold_of, groups = _dealt(samples, request)
    about = (
        f"Cross-fitted: {request.folds} folds by {groups}, {request.epochs} epochs of training each, from "
        f"{request.start}."
    )
    say(about)
    found: list[Score | None] = [None] * total
    for fold in range(request.folds):
        learnt, held = (_batches(samples, images, mask, device) for mask in (fold_of != fold, fold_of == fold))
        recogniser = _trained(initial, learnt, request, fold, progress)
        places = np.flatnonzero(fold_of == fold).tolist()
        for place, one in zip(places, score(recogniser, held), strict=True):
            found[place] = one
        agreed = sum(one is not None and one.reading == words[place].label for place, one in enumerate(found))
        say(f"fold {fold + 1} of {request.folds}: {agreed:,} words so far are read as they are labelled")
    return Judged(words, [one for one in found if one is not None], left_out, about)


def open_all(
    dataset: Dataset, policy: LabelPolicy | None, splits: Sequence[str]
) -> tuple[list[Samples], dict[str, int]]:
    """The words of some splits, and how many of them a model cannot spell, by reason."""
    samples = [open_samples(StoredSplit(dataset, split), policy) for split in splits]
    left_out: Counter[str] = Counter()
    for one in samples:
        left_out.update({reason.value: count for reason, count in one.left_out.items()})
    return samples, dict(left_out)


def audited(dataset: Dataset, samples: Sequence[Samples]) -> list[AuditedWord]:
    """The words with what is known of them; neighbours are the words before and after on the same page."""
    words = []
    for one in samples:
        texts, pages = one.texts.to_pylist(), one.column("page").to_pylist()
        folders = [shard.folder.relative_to(dataset.store).as_posix() for shard in one.origin.shards]
        for place, word_id in enumerate(one.ids.to_pylist()):
            beside = [at for at in (place - 1, place + 1) if 0 <= at < len(texts) and pages[at] == pages[place]]
            neighbours = tuple(texts[at] for at in beside)
            shard = folders[int(one.shard_numbers[place])]
            words.append(AuditedWord(word_id, one.split, texts[place], neighbours, shard, int(one.keys[place])))
    return words


def _start(dataset: Dataset, request: AuditRequest) -> InitialModel:
    initial = initial_model(request.start, ModelChoice(fields={}), request.seed)
    if dataset.description.unit == "line":
        raise UsageError(f"{dataset.name} is of lines: an audit is of words; build them with --unit word")
    if initial.recogniser.config.reads_lines:
        raise UsageError(f"{request.start} reads lines: an audit is of words; give --start starter-fast, for example")
    if request.folds and (new := _new_characters(dataset, initial.recogniser.config.charset)):
        charset = initial.recogniser.config.charset
        more = Charset(f"{charset.name} and {len(new)} more", charset.characters + new, charset.folds_case)
        initial = initial_model(request.start, ModelChoice(charset=more, fields={}), request.seed)
    return initial


def _unlearnt(dataset: Dataset, initial: InitialModel, request: AuditRequest, say: Say) -> tuple[str, ...]:
    """The splits whose words the start has not learnt: all, or those that its own training held out.

    Raises:
        UsageError: it has learnt words of this corpus in another division, or there is nothing that it has not.
    """
    mine = divided(dataset)
    check_trained(request.start, initial.trained_on, mine)
    if all(one.division.corpus != mine.division.corpus for one in initial.trained_on):
        return dataset.splits
    splits = tuple(split for split in dataset.splits if split != "train")
    if not splits:
        raise UsageError(
            f"{request.start} has learnt the words of {mine}, and there are no others: give weights that have not by "
            "--start, or what such weights read by --predictions"
        )
    say(f"{request.start} has learnt the train words of {mine}: {' and '.join(splits)} are audited")
    return splits


def _new_characters(dataset: Dataset, charset: Charset) -> str:
    """The characters of the labels that a charset lacks, and that come often enough to be learnt."""
    samples, _ = open_all(dataset, LabelPolicy(), dataset.splits)
    times: Counter[str] = Counter()
    for one in samples:
        for text in one.texts.to_pylist():
            times.update(charset.missing(text))
    return "".join(sorted(character for character, count in times.items() if count >= LEAST_TIMES))


def _chosen(total: int, request: AuditRequest) -> NDArray[np.bool_]:
    """Which words are audited: bool [N]."""
    chosen = np.ones(total, np.bool_)
    if request.words is not None and request.words < total:
        chosen[:] = False
        chosen[np.random.default_rng(request.seed).choice(total, request.words, replace=False)] = True
    return chosen


def _parts(samples: Sequence[Samples], mask: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Of a choice among all words, the places within each split."""
    ends = np.cumsum([len(one) for one in samples])
    return [np.flatnonzero(part) for part in np.split(mask, ends[:-1])]


def _subset(samples: Sequence[Samples], mask: NDArray[np.bool_]) -> list[Samples]:
    chosen = [_at(one, places) for one, places in zip(samples, _parts(samples, mask), strict=True)]
    return [one for one in chosen if len(one)]


def _at(samples: Samples, places: NDArray[np.int64]) -> Samples:
    """The words at some places, in order."""
    return replace(
        samples,
        texts=samples.texts.take(places),
        shard_numbers=samples.shard_numbers[places],
        keys=samples.keys[places],
        rows=samples.rows[places],
    )


def _batches(
    samples: Sequence[Samples], images: Sequence[NDArray[np.uint8]], mask: NDArray[np.bool_], device: torch.device
) -> WordBatches:
    pictures = [pixels[places] for pixels, places in zip(images, _parts(samples, mask), strict=True)]
    return WordBatches(_subset(samples, mask), [pixels for pixels in pictures if len(pixels)], device)


def _dealt(samples: Sequence[Samples], request: AuditRequest) -> tuple[NDArray[np.int64], str]:
    columns: dict[str, list[str | None]] = {
        name: [value for one in samples for value in one.column(name).to_pylist()] for name in ("writer", "page", "id")
    }
    ids = [f"{one.split}/{word}" for one in samples for word in one.ids.to_pylist()]
    groups, what = groups_of(columns["writer"], columns["page"], ids, request.folds)
    return deal(groups, request.folds, request.seed), what


def _trained(
    initial: InitialModel, words: WordBatches, request: AuditRequest, fold: int, progress: Progress
) -> Recogniser:
    """A copy of the start that has learnt these words, in evaluation mode."""
    recipe = replace(RECIPE, epochs=request.epochs, batch_size=min(RECIPE.batch_size, len(words)))
    recogniser = initial.recogniser.duplicate().to(words.device)
    stepper = Stepper(
        Task(recogniser=recogniser, words=words, validation={}, recipe=recipe, seed=request.seed * 1000 + fold)
    )
    stepper.train()
    for number in range(stepper.total_steps):
        stepper.step(number)
        progress(f"steps of fold {fold + 1}", number + 1, stepper.total_steps)
    return recogniser.eval()
