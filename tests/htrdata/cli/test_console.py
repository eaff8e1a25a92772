"""What is printed: nothing in it steers the terminal, and other programs can read it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from htrdata.cli.console import echo, print_json

ODD = "caf\udce9 \x1b[31m \x9b31m \u202e \u2028"


def test_names_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    echo(f"a {ODD}\nb é")
    echo(ODD, err=True)
    printed = capsys.readouterr()
    shown = "caf\\udce9 \\x1b[31m \\x9b31m \\u202e \\u2028"
    assert (printed.out, printed.err) == (f"a {shown}\nb é\n", f"{shown}\n")


def test_json_is_what_every_program_reads(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": ODD, "é": [1.5, None]})
    printed = capsys.readouterr().out
    assert json.loads(printed.encode("utf-8")) == {"name": ODD.replace("\udce9", "\\udce9"), "é": [1.5, None]}
    assert all(character.isprintable() or character == "\n" for character in printed)
    assert "é" in printed


SCRIPT = """
import click, os, sys, time
from htrdata.cli.console import run
@click.group()
def commands(): ...
@commands.command()
def anew(): raise KeyboardInterrupt
@commands.command()
def build(): raise KeyboardInterrupt
@commands.command()
def much():
    for number in range(100_000): click.echo(f"line {number}")
@commands.command()
def odd(): raise FileNotFoundError(2, "gone", os.fsdecode(b"caf\\xe9 \\x1b[31m"))
@commands.command()
def latin(): click.echo("\\u2192 \\udce9")
@commands.command()
def named(): os.stat("caf\\u00e9")
@commands.command()
def written(): "\\u2192".encode("latin-1")
run(commands, "program", once=("anew",))
"""


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], capture_output=True, env={**os.environ, **environment}
    )


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("anew", 130, b"interrupted; the same command begins anew\n"),
        ("build", 130, b"interrupted; the same command goes on from what is finished:\n  program build\n"),
        ("odd", 74, b"error: reading or writing failed: gone (caf\\udce9 \\x1b[31m)\n"),
    ],
)
def test_it_is_said_in_one_sentence_and_truly(command: str, code: int, said: bytes) -> None:
    done = run(command)
    assert (done.returncode, done.stderr.lstrip(), done.stdout) == (code, said, b"")


def test_a_terminal_that_lacks_a_character_shows_its_number() -> None:
    done = run("latin", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stdout.strip()) == (0, b"\\u2192 \\udce9")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are always UTF-8")
def test_a_name_that_the_locale_has_not_is_told_with_the_remedy() -> None:
    done = run("named", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 2, done.stderr
    assert b"can be no name of a file here, where Python takes names for ascii: set PYTHONUTF8=1" in done.stderr
    assert b"Traceback" not in done.stderr
    assert run("named", PYTHONUTF8="1").returncode == 74
    assert b"Traceback" in run("written", PYTHONUTF8="1").stderr  # which is a bug, and no name


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_whoever_reads_the_output_may_leave(tmp_path: Path) -> None:
    command = f"{sys.executable} {tmp_path / 'script.py'} much | head -1; exit ${{PIPESTATUS[0]}}"
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGPIPE, "line 0\n", "")
