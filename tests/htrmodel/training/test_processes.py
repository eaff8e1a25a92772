"""Several processes train as one does: two of them, on the CPU, over gloo."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from htrdata.errors import UsageError, WorkerDiedError
from htrmodel.training.processes import Processes, check_synchronised, joined
from htrmodel.training.run_log import read_log

from .one_of_several import ARCHITECTURES, losses, train


def test_two_processes_train_as_one(store: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free, socket.socket() as other:
        free.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        ports = {"MASTER_PORT": str(free.getsockname()[1]), "SECOND_PORT": str(other.getsockname()[1])}
    usual = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", **ports}
    script = [sys.executable, str(Path(__file__).with_name("one_of_several.py")), str(store)]
    started = [
        subprocess.Popen(
            [*script, str(tmp_path / "run"), str(tmp_path)], env={**usual, "RANK": rank, "LOCAL_RANK": rank}
        )
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
    # The first process alone has spoken and written, and one process goes on from there.
    assert capfd.readouterr().out.count("starting from scratch") == 1
    outcome = train(store, tmp_path / "run")
    assert outcome.finished
    assert outcome.state.start == first["best"]
    log = read_log(tmp_path / "run" / "log.jsonl") or []
    steps = [record["step"] for record in log if "lr" in record]
    assert steps == list(range(1, outcome.state.step + 1))


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
