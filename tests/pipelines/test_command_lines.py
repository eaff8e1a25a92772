"""The pipelines as programs: help, errors, signals."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from .conftest import PIPELINES, LoadPipeline

NAMES = [path.stem for path in sorted(PIPELINES.glob("*.py"))]


def test_there_are_six() -> None:
    assert NAMES == ["attentionhtr", "languages", "open_words", "quickstart", "transfer", "widen"]


@pytest.mark.parametrize("name", NAMES)
def test_help_is_fast(name: str) -> None:
    heavy = {"torch", "pandas", "pyarrow", "cv2", "numpy"}
    code = f"import sys; sys.path.insert(0, {str(PIPELINES)!r}); import {name}; print(*{heavy!r} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.split() == []


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_the_help_parse(name: str, load_pipeline: LoadPipeline) -> None:
    command: click.Command = load_pipeline(name).main
    assert command.help is not None
    examples = re.findall(rf"python pipelines/{name}.py(.*)", command.help)
    assert examples
    for example in examples:
        command.make_context(name, shlex.split(example))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["open_words.py", "copiste"], 2, "error: 'copiste' does not name a corpus and its folder"),
        (["open_words.py", "copiste=nowhere"], 2, "error: nothing at nowhere"),
        (["languages.py", "nowhere", "--out", "it.lm"], 2, "error: there are no novels (level1/*.xml) in nowhere"),
        (["quickstart.py", "--pages", "3"], 2, "--pages"),
        (["attentionhtr.py", "--imgur5k", "nowhere"], 2, "error: no Imgur5K annotations in nowhere/dataset_info"),
    ],
)
def test_errors_are_sentences(words: list[str], code: int, said: str, tmp_path: Path) -> None:
    command = [sys.executable, str(PIPELINES / words[0]), *words[1:]]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_signal_says_how_to_go_on(tiny: Path, tmp_path: Path) -> None:
    words = ["--pages", "10", "--epochs", "2000", "--start", str(tiny), "--device", "cpu", "--out", str(tmp_path / "q")]
    command = [sys.executable, str(PIPELINES / "quickstart.py"), *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            while not (log := tmp_path / "q/run/log.jsonl").exists() or log.stat().st_size == 0:
                assert process.poll() is None, process.communicate()[1]
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            printed, said = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130
    assert printed == ""
    assert "saved at step" in said
    assert said.splitlines()[-1].strip() == f"python pipelines/quickstart.py {shlex.join(words)}"
    assert (tmp_path / "q/run/state.pt").exists()
