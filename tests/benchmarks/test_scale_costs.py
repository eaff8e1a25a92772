"""What large data sets cost is computed from what was measured last."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

record = importlib.import_module("record")
scale_costs = importlib.import_module("scale_costs")


def test_the_tables_are_those_of_what_was_measured_last() -> None:
    assert [record.result("scale_costs", table) for table in ("1", "2")] == [
        "\n".join(scale_costs.costs()),
        "\n".join(scale_costs.bottlenecks()),
    ], "python benchmarks/record.py scale_costs -- python benchmarks/scale_costs.py"


RATES = "| procedure | words per CPU-second |\n|---|---|\n"
MEASURED = {
    "build_imgur5k": f"{RATES}| htrdata imgur5k, default options | 1,000 (9–9) |",
    "build_iam": f"{RATES}| other | 9 (9–9) |\n| htrdata iam, default options | 5,000 (9–9) |",
    "draw_words": f"{RATES}| htrdata synth --workers 1 | 2,000 (9–9) |",
    "joining": "| words | plan | copies | manifest | shards | report | publication | all of the head, µs a word |\n"
    "|---|---|---|---|---|---|---|---|\n| 9 | 9 | 9 | 9 | 9 | 9 | 9 | 9 |\n| 99 | 5 | 6 | 4 | 80 | 4 | 1 | 100 |",
    "constant_memory": "| step | words | anonymous, MiB |\n|---|---|---|\n"
    "| build | 10 | 9 |\n| build | 100,000 | 100 |\n| build | 1,000,000 | 1,000 |\n"
    "| verify | 100,000 | 50 |\n| verify | 1,000,000 | 500 |",
    "store_sizes": "| words of | as high as, at most | words | store, bytes a word | parts, bytes a word |\n"
    "|---|---|---|---|---|\n| photographs | 64 pixels | 9 | 4,000 | 3,000 |\n| strokes | 32 pixels | 9 | 1,000 | – |",
}


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("pages of 4", "1 ms | 2.8 core-hours | 278 core-hours"),
        ("words with PNGs", "0.2 ms | 0.56 core-hours | 56 core-hours"),
        ("of these on the head", "0.1 ms | 0.28 core-hours | 28 core-hours"),
        ("store on the disk: photographs", "4.0 kB | 40 GB | 4 TB"),
        ("store on the disk: strokes, at most 32 pixels high", "1.0 kB | 10 GB | 1 TB"),
        ("over the network", "10.0 kB | 100 GB | 10 TB"),
        ("the same at a gigabit", "0.22 hours | 22 hours"),
        ("memory of the head", "1 kB | 10.5 GB |"),
        ("memory of `htrdata verify`", "0.52 kB | 5.2 GB |"),
    ],
)
def test_a_row_is_computed_from_the_tables(
    row: str, cells: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(tmp_path, monkeypatch)
    (found,) = re.findall(rf"(?m)^\| {re.escape(row)}[^|]* \|(?: \|)? (.*) \|$", "\n".join(scale_costs.costs()))
    assert found == cells


def test_the_head_is_the_bottleneck_where_parts_take_no_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured(tmp_path, monkeypatch)
    found = [line.rsplit(" | ", 3)[1:] for line in "\n".join(scale_costs.bottlenecks()).splitlines()[2:]]
    assert found == [["900", "20", "45 |"], ["100", "20", "5 |"], ["400", "20", "20 |"]]


def measured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results of whole numbers in the place of the real ones."""
    for name, table in MEASURED.items():
        (folder / f"{name}.md").write_text(f"`python benchmarks/{name}.py`, 2026-11-27\n\n{table}\n", "utf-8")
    monkeypatch.setattr(record, "RESULTS", folder)
