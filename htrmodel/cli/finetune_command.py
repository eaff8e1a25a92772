"""``htrmodel finetune``: trains, and prints what came of it."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING, Unpack

import click

from htrdata.cli.console import echo, print_json
from htrdata.records.counting import plural
from htrmodel import starter
from htrmodel.cli.finetune_options import FinetuneOptions, finetune_options
from htrmodel.cli.labelled_folder import as_store
from htrmodel.cli.scripting import say
from htrmodel.cli.training_screen import TrainingScreen

if TYPE_CHECKING:
    from htrmodel.training.outcome import Outcome


def is_first() -> bool:
    """Whether this is the first of the processes that ``torchrun`` has launched, or the only one."""
    return os.environ.get("RANK", "0") == "0"


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
@finetune_options
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
      htrmodel finetune --mix letters:0.8 open_words/words:0.2    # letters, and a whole store elsewhere
      htrmodel finetune --small --epochs 10
      htrmodel finetune --data letters/ --recipe own-data
      torchrun --nproc-per-node=2 -m htrmodel finetune --recipe modern    # a process for each GPU
    """
    from htrmodel.cli.signals import StopSignals
    from htrmodel.training.asking import finetune as train

    if given["start"] is None and not given["small"] and is_first():
        say(starter.said_of(starter.LINES if given["lines"] else starter.DEFAULT, "--from FILE or scratch"))
    stays = as_store(given["data"], plain=True, unit="line" if given["lines"] else "word", workers=given["workers"])
    given["data"] = click.get_current_context().with_resource(stays)
    with StopSignals() as stop, TrainingScreen() as screen:
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


def _summary(outcome: Outcome) -> str:
    from htrmodel.training.choosing import measure
    from htrmodel.training.sentences import of_which

    state, folder = outcome.state, outcome.folder
    lines = [
        f"{state.step:,} steps, {state.step / outcome.steps_per_epoch:.4g} epochs, {state.seconds:,.0f} s",
        f"best: {folder.best}, step {state.best_step:,}, by the lowest {measure(outcome.select)}",
        *(
            f"  {name}: CER {one['cer']:.2%}, WER {one['wer']:.2%}, loss {one['loss']:.4f}, "
            f"{plural(int(one['words']), outcome.unit)}{of_which(one, outcome.unit)}"
            for name, one in state.best.items()
        ),
        f"curves: {folder.curves}",
    ]
    return "\n".join(lines)
