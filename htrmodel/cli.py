"""The command line of htrmodel. Results go to standard output, progress and messages to standard error.

Exit codes: 0 done; those of `htrdata.errors`; 130 and 143 on signals; 1 is a bug.
"""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

import click

from htrdata import __version__
from htrdata.errors import HtrError
from htrmodel.cli_finetune import finetune
from htrmodel.signals import Terminated


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="htrmodel")
def commands() -> None:
    """Fine-tune, evaluate and read with AttentionHTR's word recogniser and the four-stage family it is from.

    \b
    A first try without any data:
      htrdata sample imgur5k --out data/imgur5k
      htrdata imgur5k
      htrmodel finetune --small
    """


commands.add_command(finetune)


def main() -> NoReturn:
    """Runs the command line and exits with its code."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = commands.main(prog_name="htrmodel", standalone_mode=False)
        sys.exit(code or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except HtrError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\ninterrupted", err=True)
        sys.exit(128 + signal.SIGINT)
    except Terminated:
        click.echo("\nterminated", err=True)
        sys.exit(128 + signal.SIGTERM)


def _terminate(_number: int, _frame: object) -> NoReturn:
    raise Terminated
