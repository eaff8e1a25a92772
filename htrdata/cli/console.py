"""Runs a command line: one message instead of a traceback, an exit code for everything that can be met, a bar.

Exit codes: 0 done; those of `htrdata.errors`; 130 and 143 on signals; 141 where what reads the output has gone; 1 is a
bug.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

import click
from tqdm import tqdm

from htrdata.errors import HtrError, NotEnoughMemoryError, StorageError, UsageError, importing, lacks_memory
from htrdata.files.refusals import refusal
from htrdata.labels import visible

STEERING = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What may steer a terminal, besides the control characters of ASCII, which JSON escapes anyway."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done and how much there is; see `htrdata.building.builder`."""


class Terminated(BaseException):
    """SIGTERM arrived; it unwinds the program as Ctrl-C does."""


def run(commands: click.Command, program: str, once: Collection[str] = ()) -> NoReturn:
    """Runs what was typed and exits with its code.

    Args:
        commands: of the program, or its only one.
        program: what is typed to start it.
        once: the commands that begin anew after a signal; the others go on where they were stopped.
    """
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        # A name or text that the terminal's encoding lacks is shown by its number, instead of ending the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _called(commands, program)
        sys.exit(code or 0)
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        echo(said.getvalue().rstrip("\n"), err=True)
        sys.exit(error.exit_code)
    except HtrError as error:
        _refuse(error)
    except BrokenPipeError:
        _leave_pipe()
    except (KeyboardInterrupt, click.Abort):
        _stopped("interrupted", program, once, 128 + signal.SIGINT)
    except Exception as error:
        if lacks_memory(error):
            _refuse(NotEnoughMemoryError.of(error))
        if isinstance(error, UnicodeEncodeError) and error.encoding == sys.getfilesystemencoding() != "utf-8":
            _refuse(_no_name(error))
        if not isinstance(error, OSError):
            raise
        _refuse(StorageError(f"reading or writing failed: {refusal(error)}"))
    except Terminated:
        _stopped("terminated", program, once, 128 + signal.SIGTERM)


def _called(commands: click.Command, program: str) -> int | None:
    """Calls it. Where what reads the output has gone, click wraps the output and ends with 1, which is for bugs."""
    output = sys.stdout
    try:
        with importing("this"):
            code: int | None = commands.main(prog_name=program, standalone_mode=False)
        return code
    except SystemExit:
        if sys.stdout is not output:
            raise BrokenPipeError from None
        raise


def _refuse(error: HtrError) -> NoReturn:
    echo(f"error: {error}", err=True)
    if isinstance(error, NotEnoughMemoryError):
        # Without memory the threads of libraries do not end well either: some die by a signal.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):  # whoever reads it has gone
                stream.flush()
        if "multiprocessing.util" in sys.modules:
            _give_back_semaphores()
        os._exit(error.exit_code)
    sys.exit(error.exit_code)


def _give_back_semaphores() -> None:
    """Those of pools, which a process of Python's would else complain of once this one is gone."""
    from multiprocessing import util

    # What a finalizer raises, Python prints, and goes on; where it cannot, for want of memory or of a reader, it ends.
    with suppress(MemoryError, OSError):
        util._run_finalizers(0)  # type: ignore[attr-defined]


def _no_name(error: UnicodeEncodeError) -> UsageError:
    return UsageError(
        f"{visible(error.object)} can be no name of a file here, where Python takes names for {error.encoding}: set "
        "PYTHONUTF8=1, or LC_ALL=C.UTF-8"
    )


def _leave_pipe() -> NoReturn:
    """Whoever read what is printed has seen enough, as ``head`` has: there is nothing to say."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be flushed
    sys.exit(141)  # as a shell gives it for SIGPIPE


def _terminate(number: int, _frame: object) -> NoReturn:
    signal.signal(number, _leave_at_once)
    raise Terminated


def _leave_at_once(number: int, _frame: object) -> NoReturn:
    """Whoever asks twice does not want to wait for what is still being put in order."""
    os._exit(128 + number)


def _stopped(how: str, program: str, once: Collection[str], code: int) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave_at_once)
    words = sys.argv[1:]
    goes_on = not set(once) & set(words[:1]) and "--dry-run" not in words
    again = "\n  " + visible(" ".join([program, shlex.join(words)]).strip())
    what = f"goes on from what is finished:{again}" if goes_on else "begins anew"
    click.echo(f"\n{how}; the same command {what}", err=True)
    sys.exit(code)


def echo(message: object, *, err: bool = False) -> None:
    """Prints a text, with escapes for what could steer the terminal: names come from strangers.

    Args:
        message: its newlines alone stay as they are.
        err: to standard error.
    """
    click.echo("\n".join(map(visible, str(message).split("\n"))), err=err)


def print_json(document: object) -> None:
    """Prints a document as JSON that every program reads: names that are not UTF-8 become escapes."""
    text = STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(document, ensure_ascii=False, indent=1))
    click.echo(re.sub("[\ud800-\udfff]", lambda found: f"\\\\u{ord(found[0]):04x}", text))


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on a terminal's standard error, a new one for each thing that is counted; nothing elsewhere.

    Where it is not known how much there is, which a total of 0 says, it counts up.
    """
    bar: tqdm[NoReturn] | None = None

    def show(what: str, done: int, total: int) -> None:
        nonlocal bar
        if bar is None or bar.unit != what or bar.total != (total or None):
            if bar is not None:
                bar.close()
            # What an earlier run has done does not count for the speed.
            bar = tqdm(
                total=total or None,
                initial=done,
                unit=what if total else f" {what}",
                unit_scale=what == "words",
                disable=None,
                leave=False,
            )
            bar.unit = what
        bar.update(done - bar.n)
        if done >= total > 0:  # what comes next has the line to itself
            bar.close()
            bar = None

    try:
        yield show
    finally:
        if bar is not None:
            bar.close()
