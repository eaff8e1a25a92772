"""The benchmark that only a GPU can run in earnest still runs, and loses no more than a row."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

torch = pytest.importorskip("torch", reason="needs the extra 'model'")


def run(*words: str) -> str:
    command = [sys.executable, str(BENCHMARKS / "gpu.py"), "--device", "cpu", "--tiny", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def rows_of(printed: str) -> list[list[str]]:
    lines = [line for line in printed.splitlines() if line.startswith("| ") and "beside the first" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_steps_and_whole_commands_run_without_a_gpu() -> None:
    chosen = (
        "192, plain",
        "192, as a",
        "reading, full size, batch 768, as a",
        "with --cuda-graph",
        "htrmodel evaluate",
    )
    printed = run("--seconds", "600", *(word for name in chosen for word in ("--only", name)))
    rows = rows_of(printed)
    assert [row[0] for row in rows] == [
        "with --cuda-graph",
        "htrmodel evaluate",
        "plain loop, float32, words from the host",
        "as a CUDA graph",
        "as a CUDA graph",
    ]
    assert all(float(row[1].replace(",", "")) > 0 for row in rows), printed
    assert rows[2][2] == ""
    assert rows[3][2].endswith("×")
    assert "these figures mean nothing" in printed


def test_what_is_left_when_the_time_is_over_is_named() -> None:
    rows = rows_of(run("--only", "reading", "--seconds", "0"))
    assert len(rows) == 5
    assert {row[1] for row in rows} == {"—"}
    assert all(row[2].startswith("skipped: it needs 8 s, and 0 s are left") for row in rows)


FAILING = """
import gpu, gpu_rows, os, sys, time

def dies(place):
    os.kill(os.getpid(), 9)

def fails(place):
    raise RuntimeError("CUDA error: an illegal memory access was encountered\\nIt may be asynchronous")

def hangs(place):
    time.sleep(60)

def works(place):
    return lambda: [2.0]

gpu_rows.ROWS[:] = [gpu_rows.Row("g", one.__name__, one, least=0, most=most) for one, most in
                    ((fails, 60), (dies, 60), (hangs, 0.1), (works, 60))]
gpu.__file__ = __file__
gpu.main()
"""


def test_a_row_that_fails_takes_nothing_else_with_it(tmp_path: Path) -> None:
    script = tmp_path / "failing.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(BENCHMARKS)!r})\n{FAILING}")
    command = [sys.executable, str(script), "--device", "cpu", "--tiny", "--seconds", "120"]
    rows = rows_of(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert rows == [
        ["fails", "—", "RuntimeError: CUDA error: an illegal memory access was encountered"],
        ["dies", "—", "ended with code -9"],
        ["hangs", "—", "stopped after 1 s"],
        ["works", "2", ""],
    ]


@pytest.mark.parametrize(("device", "said"), [("cpu", "cpu is no CUDA device"), ("cuda", "finds no GPU here")])
def test_it_gives_no_figures_where_there_is_no_gpu(device: str, said: str) -> None:
    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    words: Sequence[str] = [sys.executable, str(BENCHMARKS / "gpu.py"), "--device", device]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
