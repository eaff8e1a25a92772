"""The command line of htrmodel. Results go to standard output, progress and messages to standard error."""

from __future__ import annotations

from typing import NoReturn

import click

from htrdata.cli.console import run
from htrdata.cli.misspelt import CommandGroup
from htrdata.version import __version__
from htrmodel.cli.align_command import align
from htrmodel.cli.audit_command import audit
from htrmodel.cli.checkpoint_commands import export, info
from htrmodel.cli.evaluate_command import evaluate
from htrmodel.cli.finetune_command import finetune
from htrmodel.cli.forecast_command import forecast
from htrmodel.cli.hub_commands import pull, push
from htrmodel.cli.lm_command import lm
from htrmodel.cli.predict_command import predict


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="htrmodel")
def commands() -> None:
    """Fine-tune, evaluate and read with AttentionHTR's word recogniser and the four-stage family it is from.

    \b
    A first try without any data:
      htrdata sample imgur5k --out data/imgur5k
      htrdata imgur5k
      htrmodel finetune --small
      htrmodel evaluate --checkpoint runs/imgur5k-small/best.safetensors
    """


for command in (finetune, evaluate, predict, forecast, lm, align, audit, info, export, push, pull):
    commands.add_command(command)


def main() -> NoReturn:
    """Runs the command line and exits with its code."""
    run(commands, "htrmodel", once=tuple(name for name in commands.commands if name != "finetune"))
