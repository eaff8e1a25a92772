"""The options of ``htrmodel finetune``, by the names and types that the training has for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypedDict

import click

from htrdata.cli.misspelt import stray_words
from htrdata.cli.typed_options import Decorator, with_options
from htrmodel import starter
from htrmodel.config import STAGES
from htrmodel.training.recipes import PRECISIONS, RECIPES, SELECTS

Asked = ParamSpec("Asked")

_PATH = click.Path(path_type=Path)

_OPTIONS: list[Decorator] = [
    click.option(
        "--data",
        default="lmdb",
        show_default=True,
        type=_PATH,
        help="The store, or images with their texts as `htrdata folder` reads them.",
    ),
    click.option(
        "--mix",
        multiple=True,
        metavar="NAME|PATH[:RATIO]",
        help="Data sets, one or several (other stores' by path), and their shares of a batch.  [default: all; drawn "
        "ones only where alone]",
    ),
    click.option(
        "--from",
        "start",
        metavar="starter|starter-fast|starter-lines|FILE|scratch",
        help=f"Weights to start from.  [default: {starter.DEFAULT}, scratch with --small]",
    ),
    click.option("--from-charset", help="What a .pth reads.  [default: opt.txt beside it, else by its classes]"),
    click.option("--out", type=_PATH, help="The run folder.  [default: runs/ and the names of the data sets]"),
    click.option(
        "--recipe",
        type=click.Choice(list(RECIPES)),
        help="AttentionHTR's; AdamW, one cycle, augmentation and averaging; or one for few words.  "
        "[default: attentionhtr, small with --small]",
    ),
    click.option("--small", is_flag=True, help="A narrow model that two CPU cores train in minutes."),
    click.option("--lines", is_flag=True, help="Read whole lines: inputs of 48 rows, each as wide as its line."),
    click.option(
        "--charset",
        help="What to read: alnum, printable, a file, or data: what the start reads, and all else that the train words "
        "have.  [default: as the start, or printable; of lines a space, too]",
    ),
    click.option("--architecture", metavar="T-F-S-P", help="Such as TPS-ResNet-BiLSTM-Attn.  [default: as the start]"),
    click.option("--output-channel", type=int, help="Channels of the features.  [default: as the start, or 512]"),
    click.option("--hidden-size", type=int, help="Width of BiLSTM and attention.  [default: as the start, or 256]"),
    click.option("--height", type=int, help="Pixel rows of the input.  [default: as the start, or 32]"),
    click.option("--width", type=int, help="Pixel columns of the input.  [default: as the start, or 100]"),
    click.option("--max-length", type=int, help="Of words, in characters.  [default: as the start, or 25]"),
    click.option("--pad/--stretch", default=None, help="Keep an image's shape, or not.  [default: as the start]"),
    click.option("--freeze", multiple=True, type=click.Choice(list(STAGES)), help="Stage to leave as it is."),
    click.option(
        "--select",
        type=click.Choice(SELECTS),
        help="What the best checkpoint has the lowest of.  [default: the recipe's, loss with attentionhtr, else cer]",
    ),
    click.option("--patience", type=int, help="Validations without a better one; 0: go on.  [default: the recipe's]"),
    click.option("--epochs", type=int, help="At most.  [default: the recipe's, none with --steps]"),
    click.option("--steps", type=int, help="Batches at most.  [default: the recipe's]"),
    click.option("--batch-size", type=int, help="Words in a batch.  [default: the recipe's]"),
    click.option("--lr", type=float, help="Learning rate.  [default: the recipe's]"),
    click.option("--augment", type=float, help="How strongly images are changed; 0: not.  [default: the recipe's]"),
    click.option("--bend", type=float, help="How strongly letters are bent thereby; 0: not.  [default: the recipe's]"),
    click.option("--weight-decay", type=float, help="Of AdamW.  [default: the recipe's]"),
    click.option(
        "--precision",
        type=click.Choice(PRECISIONS),
        help="bfloat16, or auto for bfloat16 on GPUs alone.  [default: the recipe's]",
    ),
    click.option(
        "--val-words",
        type=click.IntRange(1),
        metavar="N",
        help="Validate on N words (or lines) of each data set: a sample over all its writers, always the same.  "
        "[default: all]",
    ),
    click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1), help="Of all randomness."),
    click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps."),
    click.option("--cache", type=_PATH, help="Folder for decoded words.  [default: memory]"),
    click.option("--workers", type=click.IntRange(1), help="Processes that decode.  [default: one per usable core]"),
    click.option("--log-every", default=50, show_default=True, type=click.IntRange(1), help="Steps per line of log."),
    click.option(
        "--cuda-graph",
        is_flag=True,
        help="Give a GPU each step as one CUDA graph: up to 1.9 times as fast (attention only).",
    ),
    click.option(
        "--compile", "compiled", is_flag=True, help="Let torch compile the convolutions first (not yet measured)."
    ),
    click.option(
        "--sync-batchnorm",
        is_flag=True,
        help="With torchrun: let batch norms see the batch of all processes (GPUs only, not yet measured).",
    ),
    click.option("--overwrite", is_flag=True, help="Discard the run that is in the folder."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    stray_words(data="a store", **{"from": "weights to start from"}),
]


def finetune_options(command: Callable[Asked, None]) -> Callable[Asked, None]:
    """A command with these options: a keyword for each of `FinetuneOptions`, and ``as_json``."""
    return with_options(_OPTIONS, command)


class FinetuneOptions(TypedDict):
    """What the options give, by the names that `htrmodel.training.asking.finetune` has for it."""

    data: Path
    mix: tuple[str, ...]
    start: str | None
    from_charset: str | None
    out: Path | None
    recipe: str | None
    small: bool
    lines: bool
    charset: str | None
    architecture: str | None
    output_channel: int | None
    hidden_size: int | None
    height: int | None
    width: int | None
    max_length: int | None
    pad: bool | None
    freeze: tuple[str, ...]
    select: str | None
    patience: int | None
    epochs: int | None
    steps: int | None
    batch_size: int | None
    lr: float | None
    augment: float | None
    bend: float | None
    weight_decay: float | None
    precision: str | None
    val_words: int | None
    seed: int
    device: str
    cache: Path | None
    workers: int | None
    log_every: int
    cuda_graph: bool
    compiled: bool
    sync_batchnorm: bool
    overwrite: bool
