"""The benchmark that only a GPU can run in earnest still runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

torch = pytest.importorskip("torch", reason="needs the extra 'model'")


def test_the_gpu_benchmark_runs_without_one() -> None:
    command = [sys.executable, str(BENCHMARKS / "gpu.py"), "--device", "cpu", "--tiny"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split("|")[1].strip() for line in printed.splitlines() if line.startswith("| ")]
    assert rows == [
        "procedure",
        "plain loop, float32, words from the host",
        "htrmodel, float32",
        "+ words on the card",
        "+ bfloat16",
        "procedure",
        "plain module, float32",
        "htrmodel, float32",
        "+ bfloat16",
    ]
    assert "these figures mean nothing" in printed
    assert "limit" not in printed
    assert not printed.endswith("\n\n")
    assert "\n\n\n" not in printed


@pytest.mark.parametrize(("device", "said"), [("cpu", "cpu is no CUDA device"), ("cuda", "finds no GPU here")])
def test_it_gives_no_figures_where_there_is_no_gpu(device: str, said: str) -> None:
    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "gpu.py"), "--device", device], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
