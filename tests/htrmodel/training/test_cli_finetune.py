"""`htrmodel finetune` as people call it: options, signals, exit codes."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from htrmodel import starter
from htrmodel.checkpoint.files import load, read_checkpoint
from htrmodel.checkpoint.native import save
from htrmodel.cli.commands import commands, main
from htrmodel.cli.finetune_command import finetune

from .conftest import MakeShards, random_words

FLAGS = [
    *("--device", "cpu", "--charset", "alnum", "--architecture", "None-VGG-None-CTC", "--width", "60"),
    *("--small", "--batch-size", "2", "--epochs", "3", "--log-every", "1", "--workers", "1"),
]
TIMES = {"seconds", "images_per_second"}


def call(*words: object) -> Result:
    return CliRunner().invoke(commands, ["finetune", *map(str, words)])


@contextmanager
def running(*words: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "htrmodel", "finetune", *map(str, words)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_lines(path: Path, count: int, process: subprocess.Popen[str]) -> None:
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)


def read_log(folder: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key not in TIMES} for line in lines]


@pytest.fixture(scope="module")
def small_store(make_shards: MakeShards) -> Path:
    return make_shards({"train": random_words(40, 1), "val": random_words(8, 2)})


@pytest.fixture(scope="module")
def whole(small_store: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The log of a run that nothing interrupts."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    result = call("--data", small_store, "--out", folder, *FLAGS)
    assert result.exit_code == 0, result.stderr
    return read_log(folder)


def test_words_that_the_model_cannot_read_are_wrong_in_each_figure(make_shards: MakeShards, tmp_path: Path) -> None:
    """Seven of the eight val words have an umlaut: whatever is learnt, at most 12.5 % of them are right."""
    root = make_shards({"train": random_words(40, 1), "val": [*["Größe"] * 7, "ab"]})
    result = call("--data", root, "--out", tmp_path / "run", *FLAGS)
    assert result.exit_code == 0, result.stderr
    assert "(7 of 8 words left out, counted as wrong)" in result.stderr
    assert "8 words (7 of 8 words left out, counted as wrong)" in result.stdout
    (one,) = read_log(tmp_path / "run")[-1]["val"].values()
    assert one["wer"] >= 7 / 8
    assert (one["words"], one["left_out"]) == (8, 7)


@pytest.mark.parametrize("lines", [2, 30])
def test_killed_and_run_again_the_losses_are_the_same(
    small_store: Path, whole: list[dict[str, Any]], tmp_path: Path, lines: int
) -> None:
    words = ["--data", small_store, "--out", tmp_path / "run", *FLAGS]
    with running(*words) as process:
        wait_for_lines(tmp_path / "run" / "log.jsonl", lines, process)
        process.kill()
    assert len(read_log_so_far(tmp_path / "run")) < len(whole)
    result = call(*words)
    assert result.exit_code == 0, result.stderr
    assert read_log(tmp_path / "run") == whole


def read_log_so_far(folder: Path) -> list[bytes]:
    return (folder / "log.jsonl").read_bytes().splitlines()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_says_how_to_go_on(
    small_store: Path, whole: list[dict[str, Any]], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    words = ["--data", small_store, "--out", tmp_path / "run", *FLAGS, "--overwrite"]
    with running(*words) as process:
        wait_for_lines(tmp_path / "run" / "log.jsonl", 5, process)
        process.send_signal(number)
        printed, said = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert printed == ""
    assert "Traceback" not in said
    again = said.strip().splitlines()[-1].split()
    assert again == ["htrmodel", "finetune", *map(str, words[:-1])]
    result = call(*again[2:])
    assert result.exit_code == 0, result.stderr
    assert "going on" in result.stderr
    assert read_log(tmp_path / "run") == whole


def test_it_prints_results_and_messages_apart(small_store: Path, tmp_path: Path) -> None:
    result = call("--data", small_store, "--out", tmp_path / "run", *FLAGS, "--epochs", 1, "--json")
    assert result.exit_code == 0
    printed = json.loads(result.stdout)
    assert printed["finished"]
    assert printed["steps"] == 20
    assert printed["best"]["val"]["printed"]["words"] == 8
    assert "starting from scratch" in result.stderr
    assert "starter" not in result.stderr
    assert "printed: 40 train words" in result.stderr
    assert "epoch 1, step 20: printed loss" in result.stderr
    assert "steps/s" not in result.stderr  # no bar without a terminal
    assert {file.name for file in (tmp_path / "run").iterdir()} >= {
        *("config.json", "log.jsonl", "best.safetensors", "last.safetensors", "state.pt", "curves.png")
    }


def test_the_starter_is_the_default_and_scratch_is_asked_for(
    small_store: Path, learnt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starter, "FOLDER", tmp_path)
    save(load(learnt), tmp_path / starter.STARTERS[str(starter.DEFAULT)], data={"synthetic_only": True}, half=True)
    said = f"{starter.DEFAULT} weights: trained on real and drawn handwriting; --from FILE or scratch takes others"
    flags = ["--device", "cpu", "--workers", 1, "--epochs", 1, "--batch-size", 20, "--recipe", "small"]
    result = call("--data", small_store, "--out", tmp_path / "run", *flags, "--precision", "bfloat16")
    assert result.exit_code == 0, result.stderr
    assert result.stderr.splitlines()[0] == said
    assert f"starting from {starter.DEFAULT}: None-VGG-None-CTC, 32 x 60 pixels, 36 characters (alnum)" in result.stderr
    config = json.loads((tmp_path / "run/config.json").read_text())
    assert (
        config["start"] == hashlib.sha256((tmp_path / starter.STARTERS[str(starter.DEFAULT)]).read_bytes()).hexdigest()
    )
    assert config["recipe"]["precision"] == "bfloat16"
    assert not read_checkpoint(tmp_path / "run/best.safetensors").synthetic_only
    tiny = ["--from", "scratch", "--charset", "alnum", "--architecture", "None-VGG-None-CTC", "--width", 32]
    result = call("--data", small_store, "--out", tmp_path / "new", *flags, *tiny)
    assert result.exit_code == 0, result.stderr
    assert "starter weights" not in result.stderr
    assert "starting from scratch: None-VGG-None-CTC" in result.stderr


def test_several_values_may_follow_mix() -> None:
    context = finetune.make_context("finetune", ["--mix", "a:1", "b:2", "--seed", "3", "--mix", "c:1"])
    assert context.params["mix"] == ("a:1", "b:2", "c:1")
    assert context.params["seed"] == 3


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--data", "nowhere"], 2, "no train words in nowhere"),
        (["--charset", "all"], 2, "--charset all: a model needs to know its characters"),
        (["--architecture", "TPS-ResNet"], 2, "must name four stages"),
        (["--patience", "-1"], 2, "patience is -1"),
        (["--freeze", "transformation"], 2, "--freeze transformation: None-VGG-None-CTC has no weights there"),
        (["--mix", "a", "b:1"], 2, "--mix gives no ratio for a"),
        (["--from", "missing.pth"], 2, "no checkpoint at missing.pth"),
        (["--from", "starter"], 2, "this installation lacks the starter weights 'starter'"),
    ],
)
def test_faults_have_their_exit_codes(
    small_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(starter, "FOLDER", tmp_path)
    monkeypatch.setattr(sys, "argv", ["htrmodel", "finetune", "--data", str(small_store), *FLAGS, *words])
    messages: list[str] = []
    monkeypatch.setattr(click, "echo", lambda message, **_: messages.append(message))
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as raised:
        main()
    signal.signal(signal.SIGTERM, before)
    assert raised.value.code == code
    assert said in messages[-1]
    assert messages[-1].startswith("error: ")


def test_help_is_fast() -> None:
    heavy = {"torch", "pandas", "pyarrow", "cv2", "numpy"}
    code = f"import sys, htrmodel.cli.commands; print(*sorted({heavy!r} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.split() == []


@pytest.mark.parametrize(
    ("words", "steps"),
    [
        (["--recipe", "starter", "--steps", 7], 7),  # its recipe has one epoch, which is five steps
        (["--recipe", "starter"], 5),
        (["--recipe", "starter", "--steps", 7, "--epochs", 1], 5),
        (["--recipe", "starter", "--steps", 3, "--epochs", 1], 3),
    ],
)
def test_steps_that_are_asked_for_are_taken(small_store: Path, tmp_path: Path, words: list[object], steps: int) -> None:
    flags = ["--small", "--charset", "alnum", "--width", 60, "--batch-size", 8, "--workers", 1, "--device", "cpu"]
    result = call("--data", small_store, "--out", tmp_path / "run", *flags, "--precision", "float32", *words, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["steps"] == steps


def test_a_cpu_records_no_graphs(small_store: Path, tmp_path: Path) -> None:
    result = call("--data", small_store, "--out", tmp_path / "run", *FLAGS, "--cuda-graph")
    assert result.exit_code != 0
    assert "--cuda-graph: cpu records no graphs" in str(result.exception)
    assert not (tmp_path / "run").exists()
