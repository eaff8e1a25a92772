"""What a command reads it does not write over, nor what somebody has worked on: that is said before the work."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from click.testing import CliRunner, Result

import htrdata
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.errors import CannotCreateError, UsageError
from htrdata.sources.imgur5k.source import Imgur5K
from htrmodel.checkpoint.native import save
from htrmodel.cli.commands import commands

from ..conftest import BuildRecogniser

HERE = {
    "texts.txt": b"the other one then there the others\n",
    "read.csv": b"id,text\na,b\n",
    "words/gt.txt": b"",
    "next/transcribe/gt.txt": b"0001.png\tput right by hand\n",
    "page.xml": b"<PcGts/>",
    "file": b"",
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outputs")
    draw_sample(folder / "imgur5k", pages=6, words_per_page=4, megapixels=(0.1, 0.1), plain=True)
    htrdata.build(Imgur5K(folder / "imgur5k"), folder / "lmdb", workers=1)
    return folder / "lmdb"


@pytest.fixture
def here(drawn: Path, build: BuildRecogniser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one of everything that commands read."""
    monkeypatch.chdir(tmp_path)
    for name, content in HERE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "lmdb").symlink_to(drawn)
    (tmp_path / "again.csv").hardlink_to(tmp_path / "read.csv")
    (tmp_path / "link.csv").symlink_to("read.csv")
    for ending in ("txt", "onnx", "pth", "csv", "parquet"):
        (tmp_path / f"thesis.{ending}").write_text("My thesis, of years")
    save(build("None-VGG-None-CTC"), tmp_path / "it.safetensors")
    safetensors.numpy.save_file({"a": np.zeros(3)}, tmp_path / "other.safetensors")
    (tmp_path / "run").mkdir()
    (tmp_path / "run/best.safetensors").write_bytes((tmp_path / "it.safetensors").read_bytes())
    (tmp_path / "run/state.pt").write_bytes(b"of a run")
    return tmp_path


def digests(folder: Path) -> dict[str, str]:
    files = [Path(top) / name for top, _, names in os.walk(folder, followlinks=True) for name in names]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def call(line: str) -> Result:
    return CliRunner().invoke(commands, line.split())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("lm texts.txt --out texts.txt", "texts.txt is what is read"),
        ("export it.safetensors it.safetensors --half", "it.safetensors is what is read: name another file with OUT"),
        ("export it.safetensors lmdb", "ends in none of"),
        ("export it.safetensors none/it.onnx", "there is no folder none"),
        ("evaluate --data lmdb --predictions read.csv --save read.csv", "read.csv is what is read"),
        ("evaluate --data lmdb --predictions read.csv --save again.csv", "again.csv is what is read"),
        ("evaluate --data lmdb --predictions read.csv --save link.csv", "link.csv is what is read"),
        ("evaluate --data lmdb --predictions read.csv --save file/x.csv", "there is no folder file"),
        (
            "evaluate --data lmdb --save lmdb/imgur5k/manifest.parquet",
            "is there already, in lmdb/imgur5k, which is read",
        ),
        ("evaluate --data lmdb --report lmdb/imgur5k", "lmdb/imgur5k/report.html is there already"),
        ("evaluate --data lmdb --report file", "cannot create file: file is a file, not a folder"),
        ("evaluate --data lmdb --report file/below", "file is a file, not a folder"),
        ("evaluate --data words --save words/gt.txt", "gt.txt does not end in .parquet nor in .csv"),
        ("audit lmdb --no-train --out lmdb/imgur5k/report.csv", "report.html is there already"),
        ("audit lmdb --predictions read.csv --out read.csv", "read.csv is what is read"),
        ("align lmdb --out lmdb/imgur5k/manifest.parquet", "is there already, in"),
        ("lm texts.txt --out thesis.txt", "thesis.txt is there, and nothing that this command writes"),
        ("lm texts.txt --out it.safetensors", "it.safetensors is there, and nothing that this command writes"),
        ("export it.safetensors thesis.onnx", "thesis.onnx is there, and nothing that this command writes: name"),
        ("export it.safetensors other.safetensors", "other.safetensors is there, and nothing that this command"),
        (
            "export it.safetensors run/best.safetensors",
            "run/best.safetensors is a checkpoint of the training in run, and `htrmodel finetune` goes on from there: "
            "name another file with OUT",
        ),
        (
            "export run/best.safetensors run/best.safetensors --half",
            "run/best.safetensors is what is read: name another",
        ),
        ("export it.safetensors thesis.pth", "thesis.pth is there, and nothing that this command writes"),
        ("evaluate --data lmdb --predictions read.csv --save thesis.csv", "thesis.csv is there, and nothing that"),
        ("evaluate --data lmdb --predictions read.csv --save thesis.parquet", "thesis.parquet is there, and nothing"),
        ("audit lmdb --no-train --out thesis.csv", "thesis.csv is there, and nothing that this command writes"),
        ("align lmdb --out .", "cannot create .: it is a folder; name a file with --out"),
        ("forecast page.xml --out next", "next/transcribe/gt.txt is there, and somebody may have put it right"),
        ("forecast page.xml --out file", "file is a file, not a folder"),
        ("predict page.xml --xml --out .", ". has a page.xml already, which this command has not written"),
    ],
)
def test_nothing_that_is_read_or_worked_on_is_replaced(line: str, said: str, here: Path) -> None:
    before = digests(here)
    done = call(line)
    assert isinstance(done.exception, UsageError | CannotCreateError), done.output
    assert said in str(done.exception)
    assert digests(here) == before


def test_a_second_run_replaces_its_own(here: Path) -> None:
    (here / "empty.lm").write_bytes(b"")
    assert call("lm texts.txt --out empty.lm").exit_code == 0
    for line in (
        "lm texts.txt --out the.lm",
        "export it.safetensors half.safetensors --half",
        "export it.safetensors it.pth",
    ):
        for _ in range(2):
            assert call(line).exit_code == 0
    assert (here / "the.lm").stat().st_size > 100
