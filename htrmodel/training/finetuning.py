"""Fine-tuning as one request: finds words, model and run folder, and trains. `asking` makes it from plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import torch

from htrdata.errors import UsageError
from htrdata.records.counting import plural
from htrmodel.checkpoint.files import load
from htrmodel.data.divisions import check_trained
from htrmodel.data.mixing import TrainingOrder
from htrmodel.devices import uses_bfloat16
from htrmodel.training import forgetting
from htrmodel.training.characters import with_characters
from htrmodel.training.choosing import verdict
from htrmodel.training.fixed_batches import NO_ATTENTION
from htrmodel.training.initial_model import InitialModel, initial_model
from htrmodel.training.opening import Say
from htrmodel.training.optimisation import Freezing
from htrmodel.training.outcome import Outcome
from htrmodel.training.processes import Processes, check_synchronised, joined, synchronise
from htrmodel.training.proof import advice, prove
from htrmodel.training.recipes import ATTENTIONHTR, Recipe
from htrmodel.training.request import Request
from htrmodel.training.run_folder import RunFolder
from htrmodel.training.stepping import Task
from htrmodel.training.train import Trainer, Watcher
from htrmodel.training.validation import Stop
from htrmodel.training.words import TrainingWords, find_words


class Listener(Watcher, Protocol):
    """Is told how a fine-tuning goes."""

    def decoded(self, done: int, total: int) -> None:
        """That many words of a data set are decoded."""

    def begins(self, trainer: Trainer) -> None:
        """The training begins, or goes on."""


def carry_out(
    request: Request,
    say: Say,
    listener: Listener | None = None,
    stop: Stop = lambda: False,
) -> Outcome:
    """Does what a request says: trains in a run folder, or goes on where the folder has the same run.

    Args:
        request: what to do.
        say: told what a person should know, in sentences.
        listener: told how it goes.
        stop: asked before each step whether to save and stop.

    Raises:
        HtrError: the words, the checkpoint, the device or the folder are not what they should be.
    """
    with joined(request.device) as (processes, device):
        if not processes.first:
            say, listener = _unsaid, None
        return _carried_out(request, processes, device, say, listener, stop)


def _unsaid(message: str) -> None:
    """What the first of several processes says already."""


def _carried_out(
    request: Request, processes: Processes, device: torch.device, say: Say, listener: Listener | None, stop: Stop
) -> Outcome:
    initial = initial_model(request.checkpoint, request.model, request.seed)
    model = with_characters(request.model, initial.recogniser.config.charset, request.data, request.mix)
    if model.charset is not request.model.charset:
        request = replace(request, model=model)
        initial = initial_model(request.checkpoint, model, request.seed)
    if initial.assumed:
        say(initial.assumed)
    with _held_back(say) as sentences:
        sentences.append(initial.message)
        words = find_words(request.data, request.mix, initial.recogniser.config, sentences.append, request.val_words)
        count, unit = sum(map(len, words.train)), initial.recogniser.config.unit
        recipe = replace(request.recipe, batch_size=min(request.recipe.batch_size, count))
        if recipe.batch_size < request.recipe.batch_size:
            sentences.append(
                f"batches have {plural(count, unit)}, not {request.recipe.batch_size:,}: there are no more"
            )
        if request.cache is not None and initial.recogniser.config.reads_lines:
            sentences.append(f"lines are decoded when they are needed, not kept: {request.cache} is left as it is")
        _check(request, recipe, initial, words, device, processes)
        if (often := words.too_often(recipe.batch_size, recipe.epochs)) is not None:
            sentences.append(often)
        if device.type == "cpu" and (many := words.too_many(initial.recogniser.config)) is not None:
            sentences.append(many)
        folder = RunFolder(request.out or Path("runs") / _name(request, words))
        if folder.state.exists() and not request.overwrite:
            del sentences[0]  # nothing starts: it goes on, or is finished
    with folder.held() if processes.first else nullcontext():
        configuration = _configuration(request, recipe, initial, words)
        if processes.first:
            folder.prepare(configuration, overwrite=request.overwrite)
        processes.wait()
        folder.identify(configuration)
        task = _task(request, recipe, initial, words, device, processes, listener.decoded if listener else None)
        trainer = Trainer(task, folder, listener, log_every=request.log_every)
        for note in trainer.notes:
            say(note)
        if trainer.finished:
            say(f"{folder.path} is finished already, at step {trainer.state.step:,}")
        elif trainer.state.step:
            say(f"going on in {folder.path} from step {trainer.state.step:,}")
        if listener is not None:
            listener.begins(trainer)
        finished = trainer.run(stop)
        if finished:
            for sentence in verdict(trainer.state, recipe.select, scratch=initial.digest is None, unit=unit):
                say(sentence)
            if processes.first and initial.digest is not None and trainer.state.best_step > 0:
                _prove(request, recipe, task, folder, say, stop)
        processes.wait()
    return Outcome(folder, finished, trainer.steps_per_epoch, trainer.state, recipe.select, unit)


@contextmanager
def _held_back(say: Say) -> Iterator[list[str]]:
    """Sentences that are said once it is known which of them hold; all of them where something fails."""
    sentences: list[str] = []
    try:
        yield sentences
    finally:
        for sentence in sentences:
            say(sentence)


def _prove(request: Request, recipe: Recipe, task: Task, folder: RunFolder, say: Say, stop: Stop) -> None:
    """Says whether the best checkpoint is better than the start, and which of them to take."""
    device = task.words.device
    start = initial_model(request.checkpoint, request.model, request.seed).recogniser.to(device)
    best = load(folder.best).to(device)
    proofs = []
    for proof in prove(start, best, task.validation, recipe.batch_size, stop):
        proofs.append(proof)
        say(str(proof))
    if len(proofs) < len(task.validation):
        return
    forgot = forgetting.told(start, best, recipe.batch_size, stop)
    if forgot is not None:
        say(forgot)
    say(advice(proofs, folder.best))


def _check(
    request: Request,
    recipe: Recipe,
    initial: InitialModel,
    words: TrainingWords,
    device: torch.device,
    processes: Processes,
) -> None:
    """Raises what the training would, before there is a run folder and before images are decoded."""
    for one in words.divided:
        check_trained(request.checkpoint, initial.trained_on, one)
    uses_bfloat16(recipe.precision, device)
    if request.cuda_graph and processes.count > 1:
        raise UsageError(f"--cuda-graph records the steps of one process, and here are {processes.count}: leave it out")
    if recipe.batch_size < processes.count:
        raise UsageError(f"{processes.count} processes cannot share a batch of {recipe.batch_size}: give fewer")
    if request.sync_batchnorm:
        check_synchronised(processes, device)
    if request.cuda_graph and device.type != "cuda":
        raise UsageError(f"--cuda-graph: {device} records no graphs; leave the option out, or give --device cuda")
    if request.cuda_graph and initial.recogniser.config.prediction != "Attn":
        raise UsageError(NO_ATTENTION)
    Freezing(initial.recogniser, request.freeze)
    TrainingOrder([len(one) for one in words.train], recipe.batch_size, ratios=words.ratios, together=words.together)


def _task(
    request: Request,
    recipe: Recipe,
    initial: InitialModel,
    words: TrainingWords,
    device: torch.device,
    processes: Processes,
    decoded: Callable[[int, int], None] | None,
) -> Task:
    if request.cache is not None and not processes.first:
        processes.wait()  # until the first has filled the cache
    train, val = words.decode(
        initial.recogniser.config, device, folder=request.cache, workers=request.workers, progress=decoded
    )
    if request.cache is not None and processes.first:
        processes.wait()
    if request.sync_batchnorm:
        synchronise(initial.recogniser)
    return Task(
        recogniser=initial.recogniser.to(device),
        words=train,
        validation=val,
        recipe=recipe,
        ratios=words.ratios,
        together=words.together,
        freeze=request.freeze,
        seed=request.seed,
        cuda_graph=request.cuda_graph,
        compiled=request.compiled,
        processes=processes,
        about_data={
            **words.describe(),
            "trained_on": _trained_on(initial, words),
            "synthetic_only": initial.synthetic_only and words.drawn,
        },
    )


def _trained_on(initial: InitialModel, words: TrainingWords) -> list[object]:
    """What the weights know, from the start on, for `htrmodel.data.divisions.trained_on`."""
    datasets = [*initial.trained_on, *words.divided]
    return [one.to_json() for number, one in enumerate(datasets) if one not in datasets[:number]]


def _configuration(request: Request, recipe: Recipe, initial: InitialModel, words: TrainingWords) -> dict[str, Any]:
    """What makes a run that run: with the same, every step would be the same."""
    return {
        "format": 1,
        "recipe": recipe.to_dict(),
        "model": initial.recogniser.config.to_dict(),
        "start": initial.digest or "scratch",
        "data": words.describe(),
        "freeze": sorted(request.freeze),
        "seed": request.seed,
    }


def _name(request: Request, words: TrainingWords) -> str:
    parts = ["+".join(one.name for one in words.train)]
    if request.model.small:
        parts.append("small")
    if request.recipe.name not in (ATTENTIONHTR.name, *parts):
        parts.append(request.recipe.name)
    return "-".join(parts)
