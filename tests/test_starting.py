"""A command that is stopped while Python still imports ends as one that is stopped later: a code, and no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

# A program that gets a signal, from itself, when a package is first imported: the moment is always the same one.
_STRUCK = """
import importlib.abc, os, runpy, signal, sys
program, package, number, *sys.argv[1:] = sys.argv[1:]
sys.argv[0] = program
number = int(number)
if number:
    signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
else:
    signal.signal(signal.SIGINT, signal.SIG_IGN)

class Striking(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == package:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), number or signal.SIGINT)

sys.meta_path.insert(0, Striking())
runpy.run_module(program, run_name="__main__", alter_sys=True)
"""


def struck(program: str, package: str, number: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _STRUCK, program, package, str(number), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")
@pytest.mark.parametrize("program", ["htrdata", "htrmodel"])
@pytest.mark.parametrize("package", ["click", "tqdm"])
@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_a_signal_while_the_command_line_is_imported(program: str, package: str, number: int, said: str) -> None:
    done = struck(program, package, number, "--version")
    assert (done.returncode, done.stdout) == (128 + number, "")
    assert done.stderr == f"\n{said} before anything was done\n"


@pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")
@pytest.mark.parametrize(
    ("program", "package", "arguments"),
    [("htrdata", "numpy", ["verify", "nowhere"]), ("htrmodel", "torch", ["info", "starter-fast"])],
)
def test_a_signal_while_a_command_imports(program: str, package: str, arguments: list[str]) -> None:
    done = struck(program, package, signal.SIGINT, *arguments)
    assert (done.returncode, done.stdout) == (130, "")
    assert "interrupted" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")
def test_a_signal_that_is_ignored_stays_so() -> None:
    """As a shell has it for what runs in the background."""
    done = struck("htrdata", "click", 0, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("htrdata, version ")
