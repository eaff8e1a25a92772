"""Runs a command line: one message instead of a traceback, and an exit code for everything that a person can meet.

Exit codes: 0 done; those of `htrdata.errors`; 130 and 143 on signals; 1 is a bug.
"""

from __future__ import annotations

import shlex
import signal
import sys
from typing import NoReturn

import click

from htrdata.errors import HtrError


class Terminated(BaseException):
    """SIGTERM arrived; it unwinds the program as Ctrl-C does."""


def run(commands: click.Group, program: str) -> NoReturn:
    """Runs what was typed and exits with its code.

    Args:
        commands: of the program. What a signal stops can be taken up by the same command.
        program: its name.
    """
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = commands.main(prog_name=program, standalone_mode=False)
        sys.exit(code or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except HtrError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _stopped("interrupted", program, 128 + signal.SIGINT)
    except Terminated:
        _stopped("terminated", program, 128 + signal.SIGTERM)


def _terminate(_number: int, _frame: object) -> NoReturn:
    raise Terminated


def _stopped(how: str, program: str, code: int) -> NoReturn:
    again = shlex.join([program, *sys.argv[1:]])
    click.echo(f"\n{how}; the same command goes on from what is finished:\n  {again}", err=True)
    sys.exit(code)
