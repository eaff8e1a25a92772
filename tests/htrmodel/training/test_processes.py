"""Several processes train as one does: two of them, on the CPU, over gloo."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from htrdata.errors import UsageError, WorkerDiedError
from htrdata.labels import ALNUM
from htrmodel.checkpoint.files import load
from htrmodel.checkpoint.native import save
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser
from htrmodel.training.optimisation import Freezing
from htrmodel.training.processes import Processes, check_synchronised, joined, synchronise
from htrmodel.training.run_log import read_log

from .one_of_several import ARCHITECTURES, MODEL, losses, train, train_steadily


def test_two_processes_train_as_one(store: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # One process begins a run, which two take up and one ends.
    begun = train_steadily(store, tmp_path / "moved", stop_at=15)
    capfd.readouterr()
    with ExitStack() as stack:
        ports = {name: _free_port(stack) for name in ("MASTER_PORT", "SECOND_PORT", "THIRD_PORT")}
    usual = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", **ports}
    script = [sys.executable, str(Path(__file__).with_name("one_of_several.py")), str(store)]
    started = [
        subprocess.Popen([*script, str(tmp_path)], env={**usual, "RANK": rank, "LOCAL_RANK": rank})
        for rank in ("0", "1")
    ]
    alone = {architecture: losses(store, architecture, Processes()) for architecture in ARCHITECTURES}
    try:
        assert [one.wait(timeout=120) for one in started] == [0, 0]
    finally:
        for one in started:
            one.kill()
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in ("0", "1"))
    for architecture in ARCHITECTURES:
        assert first["losses"][architecture] == pytest.approx(alone[architecture], abs=1e-3)
        assert alone[architecture][-1] < alone[architecture][0]
    assert first == second
    assert 0 < first["step"] < 8
    assert not first["finished"]
    assert first["best"]
    # Of both runs the first process alone has spoken and written, and one process goes on from there.
    said = capfd.readouterr().out
    assert (said.count("starting from scratch"), said.count("going on in")) == (1, 1)
    outcome = train(store, tmp_path / "run")
    assert outcome.finished
    assert outcome.state.start == first["best"]
    assert list(_losses(tmp_path / "run")) == list(range(1, outcome.state.step + 1))
    # With nothing drawn and norms that stay, it is the run of one process, wherever it changed hands.
    assert 0 < begun.state.step < first["moved"] < 9
    ended = train_steadily(store, tmp_path / "moved")
    whole = train_steadily(store, tmp_path / "whole")
    assert ended.finished
    assert whole.finished
    assert _losses(tmp_path / "moved") == pytest.approx(_losses(tmp_path / "whole"), abs=1e-3)
    assert ended.state.best["printed"]["loss"] == pytest.approx(whole.state.best["printed"]["loss"], abs=1e-3)


def _free_port(stack: ExitStack) -> str:
    taken = stack.enter_context(socket.socket())
    taken.bind(("127.0.0.1", 0))
    return str(taken.getsockname()[1])


def _losses(run: Path) -> dict[int, float]:
    """Those of the steps of a run, in the order of its log."""
    return {record["step"]: record["loss"] for record in read_log(run / "log.jsonl") or [] if "lr" in record}


def test_synchronised_norms_keep_keys_weights_and_readings(tmp_path: Path) -> None:
    """So checkpoints and states are those of plain norms, and a run goes on with or without."""
    torch.manual_seed(0)
    plain = Recogniser(replace(RecogniserConfig(charset=ALNUM, **MODEL), architecture="TPS-ResNet-BiLSTM-Attn"))
    words = torch.rand(4, 1, 32, 60) * 2 - 1
    plain.train()(words, plain.tokenizer.encode(["a", "bc", "d", "e"]))  # statistics are not those of the start now
    other = plain.duplicate()
    synchronise(other)
    norms = [module for module in other.modules() if isinstance(module, nn.SyncBatchNorm)]
    assert len(norms) == sum(isinstance(module, nn.BatchNorm2d) for module in plain.modules()) > 0
    assert not any(isinstance(module, nn.BatchNorm2d) for module in other.modules())
    state = other.state_dict()
    assert list(state) == list(plain.state_dict())
    assert all(torch.equal(state[key], value) for key, value in plain.state_dict().items())
    assert torch.equal(plain.eval()(words), other.eval()(words))
    save(other, tmp_path / "other.safetensors")
    loaded = load(tmp_path / "other.safetensors")
    assert not any(isinstance(module, nn.SyncBatchNorm) for module in loaded.modules())
    assert all(torch.equal(loaded.state_dict()[key], value) for key, value in state.items())
    # What is frozen stays as it is, synchronised or not.
    Freezing(other, ("features",)).train()
    frozen = [module for module in other.FeatureExtraction.modules() if isinstance(module, nn.SyncBatchNorm)]
    assert frozen
    assert not any(module.training for module in frozen)


def test_parts_of_a_batch_are_all_of_it() -> None:
    positions = torch.arange(10).numpy()
    parts = [Processes(rank, 3).part(positions).tolist() for rank in range(3)]
    assert sorted(one for part in parts for one in part) == positions.tolist()
    assert {len(part) for part in parts} == {3, 4}


def test_one_process_joins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined("cpu") as (processes, device):
        assert (processes.first, processes.count, device.type) == (True, 1, "cpu")
        assert processes.gathered("it") == ["it"]
        assert not processes.any(False)
    with pytest.raises(UsageError, match="torchrun"):
        check_synchronised(processes, device)
    with pytest.raises(UsageError, match="torch has none on cpu"):
        check_synchronised(Processes(0, 2), device)


def test_a_process_that_is_left_alone_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object, **__: object) -> None:
        raise RuntimeError("[gloo/transport/tcp/pair.cc:547] Connection closed by peer [127.0.0.1]:12745")

    monkeypatch.setattr("torch.distributed.all_gather_object", closed)
    monkeypatch.setattr("torch.distributed.all_reduce", closed)
    for asked in (lambda: Processes(1, 2).wait(), lambda: Processes(1, 2).any(True)):
        with pytest.raises(WorkerDiedError, match="another process of this training has ended"):
            asked()
