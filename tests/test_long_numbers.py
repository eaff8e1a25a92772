"""Numbers of thousands of digits: Python refuses them with advice for programmers, which no person shall be given."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from htrdata.errors import HtrError
from htrdata.files import strict_json
from htrdata.sources.drawn import MARK, read_mark
from htrdata.sources.folder import Folder
from htrdata.sources.folder.rows import Asked
from htrdata.sources.iam.lists import read_words
from htrdata.sources.iam.xml import read_form
from htrdata.sources.imgur5k import Imgur5K
from htrdata.sources.xml.corpus import find_corpus
from htrmodel.cli.scripting import once
from htrmodel.judging.predictions import read_predictions
from htrmodel.runtime.exported_pages import RECORD, prepare
from htrmodel.training.run_folder import RunFolder

DIGITS = "9" * 5000


def _imgur5k(folder: Path) -> None:
    for below in ("dataset_info", "images"):
        (folder / below).mkdir()
    (folder / "dataset_info/imgur5k_annotations.json").write_text(f"[{DIGITS}]")
    list(Imgur5K(folder).pages())


def _words_txt(_folder: Path) -> None:
    list(read_words(f"a01-000u-00-00 ok 154 408 768 {DIGITS} 51 AT A\n".encode(), "words.txt", {}, "word"))


def _form(_folder: Path) -> None:
    line = f'<line id="a01-000u-00" text="a" segmentation="ok" threshold="{DIGITS}">'
    cmp = f'<word id="a01-000u-00-00" tag="A" text="a"><cmp x="{DIGITS}" y="1" width="1" height="1"/></word></line>'
    read_form(f'<form id="a01-000u"><handwritten-part>{line}{cmp}</handwritten-part></form>'.encode(), "a.xml", "word")


def _column(folder: Path) -> None:
    (folder / "labels.csv").write_text("name,text\na.png,b\n")
    list(Folder(folder, ("labels.csv",), asked=Asked({"text": DIGITS})).pages())


def _jsonl(folder: Path) -> None:
    (folder / "metadata.jsonl").write_text(f'{{"file_name": "a.png", "text": {DIGITS}}}\n')
    list(Folder(folder).pages())


def _predictions(folder: Path) -> None:
    (folder / "read.jsonl").write_text(f'{{"id": "a", "text": {DIGITS}}}\n')
    read_predictions(folder / "read.jsonl")


def _corpus(folder: Path) -> None:
    (folder / "mine.toml").write_text(f"title = {DIGITS}\n")
    find_corpus(str(folder / "mine.toml"))


def _run(folder: Path) -> None:
    (folder / "config.json").write_text(f'{{"seed": {DIGITS}}}')
    RunFolder(folder).prepare({"seed": 1})


def _mark(folder: Path) -> None:
    (folder / MARK).write_text(DIGITS)
    read_mark(folder / MARK)


def _once(folder: Path) -> None:
    (folder / "a.json").write_text(DIGITS)
    once(folder / "a.json", {}, dict)


def _exported(folder: Path) -> None:
    (folder / RECORD).write_text(DIGITS)
    prepare(folder, {}, [])


@pytest.mark.parametrize(
    "read",
    [_imgur5k, _words_txt, _form, _column, _jsonl, _predictions, _corpus, _run, _mark, _once, _exported],
    ids=lambda read: read.__name__.strip("_"),
)
def test_what_reads_them_says_it_in_words_of_its_own(read: Callable[[Path], None], tmp_path: Path) -> None:
    with pytest.raises(HtrError) as caught:
        read(tmp_path)
    message = str(caught.value)
    assert "set_int_max_str_digits" not in message
    assert DIGITS not in message


def test_numbers_that_python_reads_and_cannot_write_are_shown(tmp_path: Path) -> None:
    """As TOML has them in hexadecimal digits, and pickles."""
    assert strict_json.shortened(16**9999) == "int with a number of thousands of digits"
    assert "thousands of digits" in strict_json.shortened([16**9999])
    (tmp_path / "mine.toml").write_text(f"title = 0x{DIGITS}\n")
    with pytest.raises(HtrError, match="title is int with a number of thousands of digits, not a text"):
        find_corpus(str(tmp_path / "mine.toml"))
    with pytest.raises(ValueError, match="limit"):
        json.dumps(16**9999)
