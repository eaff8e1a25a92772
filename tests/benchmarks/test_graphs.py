"""The table of graphs: torch and graph read the same samples, and its figures are what they read."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("torch", reason="needs the extra 'model'")
pytest.importorskip("onnxruntime", reason="needs the extra 'onnx'")

import htrmodel
from htrdata.cli.commands import commands
from htrdata.store.reading import Dataset, open_store
from htrmodel import starter
from htrmodel.judging.metrics import evaluate

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

graphs = importlib.import_module("graphs")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A few drawn words."""
    out = tmp_path_factory.mktemp("graphs")
    asked = "synth --words 60 --charset printable --height 32 --workers 1 --out"
    done = CliRunner().invoke(commands, [*asked.split(), str(out)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return open_store(out).dataset("synth")


def test_a_row_says_what_was_read(dataset: Dataset) -> None:
    compared = graphs.Compared(
        labels=["ab", "cd", "e", "f"],
        clusters=["writer 1", "writer 1", "writer 2", "writer 2"],
        by_torch=["ab", "cx", "e", "f"],
        by_graph=["ax", "cx", "e", "f"],
    )
    *cells, points, otherwise = compared.row("starter-fast", dataset)
    assert cells == ["`starter-fast`", "synth, 4 words", "2 writers", "16.67 %", "33.33 %"]
    assert otherwise == "1"
    assert re.fullmatch(r"\+16\.67 \[\+0\.00, \+25\.00\]", points)


def test_torch_and_graph_read_the_first_samples(dataset: Dataset) -> None:
    if not (starter.FOLDER / "starter-fast.onnx").is_file():
        pytest.skip("the starter weights are not installed")
    asked = [str(dataset.store / "synth"), "--starter", "starter-fast", "--split", "train", "--first", "5"]
    done = CliRunner().invoke(graphs.main, asked, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    machine, _, heads, _, row = done.output.splitlines()
    assert machine.startswith("by onnxruntime; ")
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert len(cells) == len(heads.strip("|").split("|"))
    words = dataset.words("train")[:5]
    read = [text for text, _ in htrmodel.load("starter-fast").read(list(words))]
    cer = evaluate([word.text for word in words], read)["micro_cer"]
    assert cells[:4] == ["`starter-fast`", "synth, 5 words", cells[2], f"{100 * cer:.2f} %"]
