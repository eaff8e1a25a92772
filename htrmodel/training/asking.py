"""Fine-tuning as a person asks for it: by plain words, from a notebook or the command line."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, cast

from htrdata.errors import UsageError, WrongTypeError
from htrdata.files.cores import usable_cores
from htrdata.labels import Charset
from htrdata.store.reading import Dataset, Store
from htrmodel import starter
from htrmodel.checkpoint.settings import named_charset
from htrmodel.config import ModelFields
from htrmodel.training.characters import OF_DATA
from htrmodel.training.finetuning import Listener, carry_out
from htrmodel.training.initial_model import ModelChoice
from htrmodel.training.opening import Say
from htrmodel.training.outcome import Outcome
from htrmodel.training.recipes import ATTENTIONHTR, LINES, RECIPES, SMALL, Recipe
from htrmodel.training.request import Request
from htrmodel.training.sentences import Sentences
from htrmodel.training.validation import Stop

SCRATCH = "scratch"
"""What to start from for new weights."""


def finetune(
    data: Store | Dataset | PathLike[str] | str = "lmdb",
    *,
    mix: Sequence[str] = (),
    start: PathLike[str] | str | None = None,
    small: bool = False,
    lines: bool = False,
    charset: Charset | str | None = None,
    from_charset: Charset | str | None = None,
    architecture: str | None = None,
    output_channel: int | None = None,
    hidden_size: int | None = None,
    height: int | None = None,
    width: int | None = None,
    max_length: int | None = None,
    pad: bool | None = None,
    freeze: Sequence[str] = (),
    recipe: Recipe | str | None = None,
    select: str | None = None,
    patience: int | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    batch_size: int | None = None,
    lr: float | None = None,
    augment: float | None = None,
    bend: float | None = None,
    weight_decay: float | None = None,
    precision: str | None = None,
    val_words: int | None = None,
    seed: int = 0,
    out: PathLike[str] | str | None = None,
    overwrite: bool = False,
    device: str = "auto",
    cache: PathLike[str] | str | None = None,
    workers: int | None = None,
    log_every: int = 50,
    cuda_graph: bool = False,
    compiled: bool = False,
    sync_batchnorm: bool = False,
    say: Say | None = None,
    listener: Listener | None = None,
    stop: Stop = lambda: False,
) -> Outcome:
    """Trains a recogniser on a store, from the starter weights, another checkpoint or new weights.

    Whatever ends it, Ctrl-C too, the same call goes on from its last save. ``htrmodel.load(outcome.checkpoint)`` loads
    what came of it.

    Args:
        data: the store, one of its data sets, or the path of a store or of plain LMDB folders.
        mix: data sets, ``NAME``, or with their shares of a batch ``NAME:RATIO``; empty for all but drawn ones. A name
            with a slash is the path of a data set of another store, or of another store.
        start: a checkpoint, the name of a starter, or ``scratch``; None for the starter, with `small` for ``scratch``.
        small: a narrow model that two CPU cores train in minutes, and the recipe for it.
        lines: a model of whole lines, and the recipe for it.
        charset: what to read: a charset, ``alnum``, ``printable``, a file, or ``data`` for what the start reads and all
            else that the train words have; None for that of the start, with `lines` that and a space.
        from_charset: what a ``.pth`` reads; None for what ``opt.txt`` beside it says, or the number of its classes.
        architecture: such as ``TPS-ResNet-BiLSTM-Attn``; None, here and below, for that of the start.
        output_channel: channels of the features.
        hidden_size: width of BiLSTM and attention.
        height: pixel rows of the input.
        width: pixel columns of the input.
        max_length: of words, in characters.
        pad: keep an image's shape and fill the right-hand side, or stretch it.
        freeze: stages that stay as they are: of ``transformation``, ``features``, ``sequence``, ``prediction``.
        recipe: one of `htrmodel.training.recipes.RECIPES`, or one's own; None for ``attentionhtr``, with `small` for
            ``small``.
        select: what the best checkpoint has the lowest of, ``loss`` or ``cer``; None, here and below, for the recipe's.
        patience: validations without a better one after which it stops, 0 for never.
        epochs: passes over the data at most.
        steps: batches at most; without `epochs`, those of the recipe then end nothing.
        batch_size: words in a batch.
        lr: learning rate.
        augment: how strongly images are changed, see `htrmodel.data.augment.augment`; 0 for not at all.
        bend: how strongly letters are bent thereby; 0 for not at all.
        weight_decay: of AdamW.
        precision: ``float32``, ``bfloat16``, or ``auto`` for bfloat16 on GPUs alone.
        val_words: how many words of each data set a validation reads: a sample that is always the same, see
            `htrmodel.data.sampling`; None for all.
        seed: of new weights, order and augmentation.
        out: the run folder; None for ``runs/`` and a name after data sets, model and recipe.
        overwrite: discard the run that is there.
        device: see `htrmodel.devices.find_device`.
        cache: folder of the decoded words; None to keep them in memory.
        workers: processes that decode; None for one per usable core.
        log_every: steps from one line of the log to the next.
        cuda_graph: give a GPU each step as one CUDA graph, with attention alone: on an H100 1.2 to 1.9 times as fast.
        compiled: let torch compile the convolutions first; not yet measured.
        sync_batchnorm: let batch norms of several processes (``torchrun``) see the whole batch; not yet measured.
        say: told what a person should know, in sentences; None writes them to standard error.
        listener: told how it goes; None says each validation in a sentence.
        stop: asked before each step whether to save and stop.

    Raises:
        HtrError: the words, the checkpoint, the device or the folder are not what they should be.
    """
    if lines and pad is not None:
        raise UsageError(
            "--pad and --stretch are of inputs that have one width: with --lines each is as wide as its line"
        )
    store, mix = _store(data, mix)
    fields = {  # of `ModelFields`
        "architecture": architecture,
        "output_channel": output_channel,
        "hidden_size": hidden_size,
        "height": height,
        "width": width,
        "max_length": max_length,
        "resize": None if pad is None else "pad" if pad else "stretch",
    }
    changes = {  # of `Recipe`
        "select": select,
        "patience": patience,
        "epochs": epochs,
        "steps": steps,
        "batch_size": batch_size,
        "lr": lr,
        "augment": augment,
        "bend": bend,
        "weight_decay": weight_decay,
        "precision": precision,
    }
    model = ModelChoice(
        small=small,
        lines=lines,
        charset=None if charset == OF_DATA else named_charset(charset, "--charset"),
        of_data=charset == OF_DATA,
        from_charset=named_charset(from_charset, "--from-charset"),
        fields=cast(ModelFields, _given(fields)),
    )
    request = Request(
        data=store,
        mix=tuple(mix),
        checkpoint=_checkpoint(start, small, lines),
        model=model,
        recipe=_changed(_recipe(recipe, small, lines), changes),
        val_words=val_words,
        freeze=tuple(freeze),
        seed=seed,
        out=None if out is None else Path(out),
        overwrite=overwrite,
        device=device,
        cache=None if cache is None else Path(cache),
        workers=workers or usable_cores(),
        log_every=log_every,
        cuda_graph=cuda_graph,
        compiled=compiled,
        sync_batchnorm=sync_batchnorm,
    )
    say = say or _write
    return carry_out(request, say, listener or Sentences(say), stop)


def _store(data: Store | Dataset | PathLike[str] | str, mix: Sequence[str]) -> tuple[Path, Sequence[str]]:
    if isinstance(mix, str):
        raise WrongTypeError(f"mix={mix!r} is one text: give a list, [{mix!r}]")
    if isinstance(data, Store):
        return data.path, mix
    if isinstance(data, Dataset):
        if mix:
            raise UsageError(f"{data!r} was given, and a mix of {', '.join(mix)}: give the store with the mix")
        return data.store, [data.name]
    if isinstance(data, str | PathLike):
        return Path(data), mix
    raise WrongTypeError(f"{data!r} is nothing to train on: give a store or its path, or a data set, store['imgur5k']")


def _given(values: Mapping[str, object]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _checkpoint(start: PathLike[str] | str | None, small: bool, lines: bool) -> Path | None:
    if start is None:
        return None if small else starter.LINES if lines else starter.DEFAULT
    return None if str(start) == SCRATCH else Path(start)


def _changed(recipe: Recipe, changes: Mapping[str, object]) -> Recipe:
    given = _given(changes)
    if "steps" in given:
        # Who asks for steps means them.
        recipe = replace(recipe, epochs=None)
    return replace(recipe, **given)


def _recipe(given: Recipe | str | None, small: bool, lines: bool) -> Recipe:
    if isinstance(given, Recipe):
        return given
    if given is None:
        return LINES if lines else SMALL if small else ATTENTIONHTR
    if given not in RECIPES:
        raise UsageError(f"no recipe {given!r}: there are {', '.join(RECIPES)}")
    return RECIPES[given]


def _write(message: str) -> None:
    sys.stderr.write(f"{message}\n")
