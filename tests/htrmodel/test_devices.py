"""Torch and the runtimes have as many threads as this process may use cores, training as many processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from htrdata.errors import BadDataError
from htrdata.store import stoppable
from htrmodel import devices
from htrmodel.runtime import onnx_runner
from htrmodel.training import asking
from htrmodel.training.request import Request


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    """Sets torch's threads, until the test ends."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("limit", "told", "found"),
    [(3, None, 3), (0, None, 5), (9, None, 5), (3, "5", 5)],
    ids=["a quota", "all cores are ours", "fewer than allowed", "who sets it means it"],
)
def test_torch_keeps_to_a_quota(
    limit: int, told: str | None, found: int, threads: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "thread_limit", lambda: limit)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if told is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", told)
    threads(5)
    devices.find_device("cpu")
    assert torch.get_num_threads() == found


def test_processes_that_decode_are_one_per_usable_core(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []
    monkeypatch.setattr(asking, "usable_cores", lambda: 7)
    monkeypatch.setattr(asking, "carry_out", lambda request, *_: asked.append(request))
    asking.finetune("lmdb")
    asking.finetune("lmdb", workers=2)
    assert [request.workers for request in asked] == [7, 2]


def test_threads_that_hash_are_one_per_usable_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stoppable, "usable_cores", lambda: 7)
    with stoppable.StoppableThreads() as pool:
        assert pool._pool._max_workers == 7


@pytest.mark.parametrize(("asked", "found"), [(0, 3), (2, 2)])
def test_onnx_runtime_is_told_of_the_limit(
    asked: int, found: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left to itself it starts a thread for each core of the machine, whatever the affinity."""
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra 'onnx'")
    told: list[int] = []

    def session(_content: str, options: Any, **_: object) -> None:
        told.append(options.intra_op_num_threads)
        raise RuntimeError("no graph")

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    monkeypatch.setattr(onnx_runner, "thread_limit", lambda: 3)
    (tmp_path / "any.onnx").touch()
    with pytest.raises(BadDataError):
        onnx_runner.OnnxRecogniser(tmp_path / "any.onnx", asked)
    assert told == [found]
