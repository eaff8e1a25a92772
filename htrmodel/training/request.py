"""What a person asks of a fine-tuning."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from htrmodel.training.initial_model import ModelChoice
from htrmodel.training.recipes import ATTENTIONHTR, Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person asks for.

    Attributes:
        data: the store.
        mix: ``NAME`` or ``NAME:RATIO`` of data sets, see `htrmodel.training.words.find_words`; empty for all but drawn
            ones, where there are others.
        checkpoint: what to start from, a file or the name of one of `htrmodel.starter.STARTERS`; None for new weights.
        model: what is asked of the model.
        recipe: how to train.
        val_words: how many words of each data set a validation reads; None for all.
        freeze: stages that stay as they are.
        seed: of new weights, order and augmentation.
        out: the run folder; None for ``runs/`` and a name after data sets, model and recipe.
        overwrite: discard the run that is there.
        device: see `htrmodel.devices.find_device`.
        cache: folder of the decoded words; None to keep them in memory.
        workers: processes that decode.
        log_every: steps from one line of the log to the next.
        cuda_graph: give a GPU each step as one CUDA graph; see `htrmodel.training.stepping.Task`.
        compiled: have torch compile the convolutions; see there.
        sync_batchnorm: let the batch norms of several processes see the whole batch.
    """

    data: Path = Path("lmdb")
    mix: tuple[str, ...] = ()
    checkpoint: Path | None = None
    model: ModelChoice = dataclasses.field(default_factory=lambda: ModelChoice(fields={}))
    recipe: Recipe = ATTENTIONHTR
    val_words: int | None = None
    freeze: tuple[str, ...] = ()
    seed: int = 0
    out: Path | None = None
    overwrite: bool = False
    device: str = "auto"
    cache: Path | None = None
    workers: int = 1
    log_every: int = 50
    cuda_graph: bool = False
    compiled: bool = False
    sync_batchnorm: bool = False
