"""``htrmodel finetune``: its options, what it shows while it trains, and what it prints."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, ParamSpec, TypedDict, Unpack

import click
from tqdm import tqdm

from htrdata.cli.console import echo, print_json
from htrdata.cli.misspelt import stray_words
from htrdata.cli.typed_options import Decorator, with_options
from htrmodel import starter
from htrmodel.cli.labelled_folder import as_store
from htrmodel.cli.scripting import say
from htrmodel.config import STAGES
from htrmodel.training.recipes import PRECISIONS, RECIPES, SELECTS

if TYPE_CHECKING:
    from htrmodel.training.outcome import Outcome
    from htrmodel.training.run_folder import Record
    from htrmodel.training.train import Trainer

Asked = ParamSpec("Asked")

_PATH = click.Path(path_type=Path)


def is_first() -> bool:
    """Whether this is the first of the processes that ``torchrun`` has launched, or the only one."""
    return os.environ.get("RANK", "0") == "0"


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
        metavar="NAME[:RATIO]",
        help="Data sets, one or several, and their shares of a batch.  [default: all; drawn ones only where alone]",
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
    click.option("--charset", help="What to read: alnum, printable, or a file.  [default: as the start, or printable]"),
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
    click.option("--weight-decay", type=float, help="Of AdamW.  [default: the recipe's]"),
    click.option(
        "--precision",
        type=click.Choice(PRECISIONS),
        help="bfloat16, or auto for bfloat16 on GPUs alone.  [default: the recipe's]",
    ),
    click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1), help="Of all randomness."),
    click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps."),
    click.option("--cache", type=_PATH, help="Folder for decoded words.  [default: memory]"),
    click.option("--workers", type=click.IntRange(1), help="Processes that decode.  [default: one per core]"),
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


def _options(command: Callable[Asked, None]) -> Callable[Asked, None]:
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
    weight_decay: float | None
    precision: str | None
    seed: int
    device: str
    cache: Path | None
    workers: int | None
    log_every: int
    cuda_graph: bool
    compiled: bool
    sync_batchnorm: bool
    overwrite: bool


class _Command(click.Command):
    """Lets several values follow ``--mix``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Turns ``--mix A B`` into ``--mix A --mix B``."""
        spread: list[str] = []
        mixing = False
        for word in args:
            if word.startswith("-"):
                mixing = word == "--mix"
            elif mixing and spread[-1] != "--mix":
                spread.append("--mix")
            spread.append(word)
        return super().parse_args(ctx, spread)


@click.command(cls=_Command)
@_options
def finetune(as_json: bool, **given: Unpack[FinetuneOptions]) -> None:
    """Train a recogniser on a store, from the starter weights, another checkpoint or from scratch.

    Stopped in any way, the same command goes on where it was. The run folder gets the best and the last checkpoint,
    a log and the learning curves. With another --architecture than the checkpoint's, the stages that are the same take
    its weights, and the others begin anew.

    \b
    Examples:
      htrmodel finetune
      htrmodel finetune --from AttentionHTR-General-sensitive.pth --mix iam_aachen
      htrmodel finetune --recipe modern --mix imgur5k:0.5 iam_aachen:0.5
      htrmodel finetune --small --epochs 10
      htrmodel finetune --data letters/ --recipe own-data
      torchrun --nproc-per-node=2 -m htrmodel finetune --recipe modern    # a process for each GPU
    """
    from htrmodel.cli.signals import StopSignals
    from htrmodel.training.asking import finetune as train

    if given["start"] is None and not given["small"] and is_first():
        say(starter.said_of(starter.LINES if given["lines"] else starter.DEFAULT, "--from FILE or scratch"))
    stays = as_store(given["data"], plain=True, workers=given["workers"])
    given["data"] = click.get_current_context().with_resource(stays)
    with StopSignals() as stop, _Screen() as screen:
        outcome = train(**given, say=say, listener=screen, stop=stop)
    if not is_first():
        return
    if stop.received is not None and not outcome.finished:
        again = shlex.join(["htrmodel", *(word for word in sys.argv[1:] if word != "--overwrite")])
        say(f"saved at step {outcome.state.step:,}; the same command goes on from there:\n  {again}")
        sys.exit(128 + stop.received)
    if as_json:
        print_json(outcome.to_dict())
    else:
        echo(_summary(outcome))


class _Screen:
    """A bar for each epoch on a terminal's standard error, and a line for each validation."""

    def __init__(self) -> None:
        self._bar: tqdm[NoReturn] | None = None
        self._trainer: Trainer | None = None
        self._shown: dict[str, str] = {}

    def __enter__(self) -> _Screen:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def decoded(self, done: int, total: int) -> None:
        if self._bar is None or self._bar.n > done:
            self._open(total, "words", "decoding")
        assert self._bar is not None
        self._bar.update(done - self._bar.n)

    def begins(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._close()

    def stepped(self, step: int, record: Record | None) -> None:
        assert self._trainer is not None
        of_epoch = (step - 1) % self._trainer.steps_per_epoch
        if self._bar is None:
            epoch = (step - 1) // self._trainer.steps_per_epoch + 1
            self._open(self._trainer.steps_per_epoch, "steps", f"epoch {epoch}", of_epoch)
        assert self._bar is not None
        if record is not None:
            self._shown |= {"loss": f"{record['loss']:.3f}", "images/s": f"{record['images_per_second']:,.0f}"}
            self._bar.set_postfix(self._shown, refresh=False)
        self._bar.update()

    def validated(self, record: Record) -> None:
        from htrmodel.training.asking import sentence

        self._close()
        self._shown["CER"] = " ".join(f"{one['cer']:.1%}" for one in record["val"].values())
        say(sentence(record))

    def _open(self, total: int, unit: str, title: str, done: int = 0) -> None:
        self._close()
        self._bar = tqdm(total=total, initial=done, unit=unit, desc=title, disable=None, leave=False)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None


def _summary(outcome: Outcome) -> str:
    from htrmodel.training.asking import left_out
    from htrmodel.training.choosing import measure

    state, folder = outcome.state, outcome.folder
    lines = [
        f"{state.step:,} steps, {state.step / outcome.steps_per_epoch:.4g} epochs, {state.seconds:,.0f} s",
        f"best: {folder.best}, step {state.best_step:,}, by the lowest {measure(outcome.select)}",
        *(
            f"  {name}: CER {one['cer']:.2%}, WER {one['wer']:.2%}, loss {one['loss']:.4f}, "
            f"{one['words']:,} words{left_out(one)}"
            for name, one in state.best.items()
        ),
        f"curves: {folder.curves}",
    ]
    return "\n".join(lines)
