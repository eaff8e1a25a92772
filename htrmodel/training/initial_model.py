"""What a training starts from: new weights, or those of a checkpoint, for other characters and images if need be."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from htrdata.errors import UsageError
from htrdata.labels import PRINTABLE, Charset
from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.checkpoint.settings import Settings
from htrmodel.checkpoint.stage_transfer import transfer_stages
from htrmodel.config import ModelFields, RecogniserConfig
from htrmodel.data.divisions import DividedSet, trained_on
from htrmodel.recogniser import Recogniser
from htrmodel.training.recipes import LINE_MODEL, SMALL_MODEL


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """What a person asks of the model.

    Attributes:
        small: new weights are those of the narrow model `htrmodel.training.recipes.SMALL_MODEL`.
        lines: it shall read lines, see `htrmodel.training.recipes.LINE_MODEL`; new weights are those of the narrow one.
        charset: what it shall read; None for what the checkpoint reads, `PRINTABLE` where there is none; where that is
            of words, and lines are wanted, with a space.
        of_data: it shall read what the words to train on have besides; see `htrmodel.training.characters`.
        from_charset: what the classes of the checkpoint are, where neither it nor their number says so.
        fields: other fields of `RecogniserConfig` by name; what is not there is as in the checkpoint, or the default.
    """

    small: bool = False
    lines: bool = False
    charset: Charset | None = None
    of_data: bool = False
    from_charset: Charset | None = None
    fields: ModelFields


@dataclass(frozen=True, slots=True)
class InitialModel:
    """A recogniser to train.

    Attributes:
        recogniser: on the CPU.
        digest: SHA-256, in hex, of the checkpoint's file; None for new weights.
        message: what it is, in a sentence.
        trained_on: the data sets that the checkpoint was trained on, where it says so.
        synthetic_only: it knows no words but drawn ones; new weights know none at all.
        assumed: what is assumed of the checkpoint: a sentence, or empty.
    """

    recogniser: Recogniser
    digest: str | None
    message: str
    trained_on: tuple[DividedSet, ...] = ()
    synthetic_only: bool = False
    assumed: str = ""


def initial_model(checkpoint: Path | None, choice: ModelChoice, seed: int) -> InitialModel:
    """Draws new weights, or takes those of a checkpoint.

    Args:
        checkpoint: the file, or the name of a starter; None for new weights.
        choice: what is asked of the model.
        seed: of new weights, those of new characters too; torch's own generator is left as it was.

    Raises:
        UsageError: the checkpoint cannot start such a model.
        SourceMissingError: there is no such file.
        StorageError: it cannot be read.
        BadDataError: it is no checkpoint, or damaged.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _scratch(choice) if checkpoint is None else _from_checkpoint(checkpoint, choice)


def _settings(choice: ModelChoice) -> Settings:
    """What the choice says of a checkpoint that does not say it itself: the model shall be as that is."""
    fields = choice.fields
    return Settings(
        charset=choice.from_charset,
        height=fields.get("height"),
        width=fields.get("width"),
        pad=None if "resize" not in fields else fields["resize"] == "pad",
        max_length=fields.get("max_length"),
    )


def _scratch(choice: ModelChoice) -> InitialModel:
    if choice.from_charset is not None:
        raise UsageError("--from-charset says what a checkpoint reads: give it with --from CHECKPOINT")
    fields: ModelFields = {**SMALL_MODEL, **choice.fields} if choice.small or choice.lines else choice.fields
    if choice.lines:
        fields = {**LINE_MODEL, **fields}
    config = RecogniserConfig(
        charset=choice.charset or (_with_space(PRINTABLE) if choice.lines else PRINTABLE), **fields
    )
    return InitialModel(Recogniser(config), None, f"starting from scratch: {config.summary()}", synthetic_only=True)


def _from_checkpoint(path: Path, choice: ModelChoice) -> InitialModel:
    checkpoint = read_checkpoint(path, _settings(choice))
    fields: ModelFields = {**SMALL_MODEL, **choice.fields} if choice.small else choice.fields
    charset = checkpoint.config.charset
    if choice.lines and not checkpoint.config.reads_lines:
        fields = {**LINE_MODEL, **fields}
        charset = _with_space(charset)
    config = replace(checkpoint.config, charset=choice.charset or charset, **fields)
    message = f"starting from {path}: {config.summary()}"
    if config.architecture != checkpoint.config.architecture:
        checkpoint, stages = transfer_stages(checkpoint, config)
        message += f"; {stages}"
    recogniser, change = checkpoint.build(config)
    if change.new or change.dropped:
        kinds = {"new": change.new, "dropped": change.dropped}
        counts = [f"{len(characters)} {kind} ({characters})" for kind, characters in kinds.items() if characters]
        message += "; " + ", ".join([f"{len(change.copied)} characters copied", *counts])
    with checkpoint.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return InitialModel(
        recogniser,
        digest,
        message,
        trained_on(path, checkpoint.data),
        checkpoint.synthetic_only,
        checkpoint.assumed,
    )


def _with_space(charset: Charset) -> Charset:
    """What a model of words reads, for lines: they are words with spaces between them."""
    if " " in charset.characters:
        return charset
    return Charset(f"{charset.name} and space", f"{charset.characters} ", charset.folds_case)
