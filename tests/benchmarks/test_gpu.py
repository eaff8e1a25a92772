"""The benchmark that only a GPU can run in earnest still runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

pytest.importorskip("torch", reason="needs the extra 'model'")


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
