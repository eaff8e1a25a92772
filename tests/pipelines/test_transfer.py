"""The matrix of trained on x tested on: two small data sets, and a division that a model must not be tested with."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner, Result

import htrdata
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.sources.imgur5k.source import Imgur5K
from htrdata.sources.resplit import Ratio, Resplit

from .conftest import LoadPipeline


@pytest.fixture(scope="module")
def transfer(load_pipeline: LoadPipeline) -> ModuleType:
    return load_pipeline("transfer")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stores")
    for name, seed in (("one", 1), ("two", 2)):
        draw_sample(folder / name, pages=10, words_per_page=5, megapixels=(0.1, 0.2), plain=True, seed=seed)
        htrdata.build(Imgur5K(folder / name), folder / "lmdb", name=name, workers=1)
    htrdata.build(Resplit(Imgur5K(folder / "one"), Ratio.parse("60/20/20")), folder / "lmdb", name="again", workers=1)
    return folder / "lmdb"


def call(transfer: ModuleType, store: Path, out: Path, start: Path, *more: str) -> Result:
    words = ["--data", store, "--out", out, "--start", start, "--epochs", 1, "--device", "cpu", *more]
    return CliRunner().invoke(transfer.main, list(map(str, words)))


def test_the_matrix_is_filled_and_what_may_be_known_is_left_empty(
    transfer: ModuleType, store: Path, tiny: Path, tmp_path: Path
) -> None:
    more = ("--train", "one", "--train", "two", "--recipe", "small")
    result = call(transfer, store, tmp_path, tiny, *more)
    assert result.exit_code == 0, result.exception
    with (tmp_path / "matrix.csv").open() as file:
        cells = {(row["trained"], row["tested"]): row for row in csv.DictReader(file)}
    assert set(cells) == {(row, column) for row in ("(start)", "one", "two") for column in ("again", "one", "two")}
    refused = {place for place, cell in cells.items() if cell["refused"]}
    assert refused == {("one", "again")}
    for (row, column), cell in cells.items():
        if (row, column) not in refused:
            assert int(cell["words"]) == len(htrdata.open(store)["test", column])
            assert float(cell["micro_cer_value"]) > 0
            assert f"|data:{column}|" in f"|{cell['signature']}"
    table = result.stdout.splitlines()
    assert table[1].split() == ["trained", "on", "again", "one", "two"]
    assert [line.split()[0] for line in table[2:5]] == ["(start)", "one", "two"]
    assert table[3].split()[1] == "–"
    figures = tmp_path / "figures/two-on-one.json"
    written = figures.stat().st_mtime_ns
    again = call(transfer, store, tmp_path, tiny, *more)
    assert again.stdout == result.stdout
    assert figures.stat().st_mtime_ns == written
    assert json.loads(figures.read_text())["asked"]["trained"] == "two"


def test_what_cannot_be_asked_is_said(transfer: ModuleType, store: Path, tiny: Path, tmp_path: Path) -> None:
    assert "no data set 'three'" in str(call(transfer, store, tmp_path, tiny, "--train", "three").exception)
