"""Corrections of labels: which words they change, what the store says of it, and what is refused."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

import click
import pyarrow.parquet as pq
import pytest

import htrdata
from htrdata.building.builder import build
from htrdata.building.report import summary
from htrdata.cli.commands import commands
from htrdata.errors import BadDataError, CannotCreateError, HtrError, SourceMissingError, UsageError
from htrdata.files.on_disk import FileOnDisk
from htrdata.records import Box, Page, Reason, Word
from htrdata.store.corrections import Correction, as_csv, read_corrections
from htrdata.store.description import Corrections
from htrdata.store.verification import verify
from tests.htrdata.conftest import ListSource, draw_page
from tests.stores import lie


def a_source(folder: Path, **changes: object) -> ListSource:
    """Words of two pages: one text comes in both splits under one id, one is not given, one cannot be UTF-8."""
    pages = []
    for number, split in enumerate(("train", "test")):
        (folder / "pages").mkdir(exist_ok=True)
        draw_page(folder / f"pages/{split}.jpg", number)
        words = [
            Word("both", "hause", Box(40, 30, 60, 40)),
            Word(f"w{number}", "Garten", Box(120, 30, 60, 40)),
            Word(f"q{number}", "?", Box(40, 90, 60, 40), reason=Reason.MISSING_ANNOTATION),
            Word(f"e{number}", "", Box(120, 90, 60, 40)),
            Word(f"s{number}", "a\udc80", Box(200, 90, 60, 40)),
        ]
        pages.append(Page(split, split, tuple(words), FileOnDisk(folder / f"pages/{split}.jpg")))
    return dataclasses.replace(ListSource(pages), **changes)  # type: ignore[arg-type]


def corrected(folder: Path, *lines: str) -> Path:
    file = folder / "corrections.csv"
    file.write_text("id,old,new,when\n" + "".join(f"{line},2026-11-27T00:00:00+00:00\n" for line in lines))
    return file


def rows(
    store: Path, columns: Sequence[str] = ("source_text", "corrected_text", "text", "reason")
) -> dict[str, list[object]]:
    table = pq.read_table(store / "drawn/manifest.parquet")
    values = zip(*(table.column(name).to_pylist() for name in columns), strict=True)
    keys = zip(table.column("id").to_pylist(), table.column("split").to_pylist(), strict=True)
    return {f"{split}/{word}": list(row) for (word, split), row in zip(keys, values, strict=True)}


def test_corrected_words_have_both_texts_and_are_counted(tmp_path: Path) -> None:
    file = corrected(
        tmp_path, "both,hause,Hause", "w0,Garten,", "q1,?,Straße", "e0,,neu", r"s0,a\udc80,aé", "w1,Garten,Garten"
    )
    built = build(a_source(tmp_path), tmp_path / "lmdb", workers=1, corrections=file).description
    found = rows(tmp_path / "lmdb")
    assert found["train/both"] == ["hause", "Hause", "Hause", None] == found["test/both"]
    assert found["train/w0"] == ["Garten", "", None, "flagged"]
    assert found["test/w1"] == ["Garten", None, "Garten", None]  # looked at, and right
    assert found["test/q1"] == ["?", "Straße", "Straße", None]
    assert found["train/q0"] == ["?", None, None, "missing_annotation"]
    assert found["train/e0"] == ["", "neu", "neu", None]
    assert found["train/s0"] == ["a\\udc80", "aé", "aé", None]
    assert built.corrections == Corrections(sha256=hashlib.sha256(file.read_bytes()).hexdigest(), words=6)
    assert built.splits["train"].dropped == {"flagged": 1, "missing_annotation": 1}
    assert "corrections: 6 words, 1 of them flagged and left out" in summary(built)
    assert not any(checked.problems for checked in verify(tmp_path / "lmdb", decode=True))
    words = htrdata.open(tmp_path / "lmdb")["train", "drawn"]
    assert words.texts == ["Hause", "neu", "aé"]


def test_lines_of_one_word_count_in_order(tmp_path: Path) -> None:
    file = corrected(tmp_path, "w0,Garten,", "w0,,Gärten", "w1,Garten,Garden", "w1,Garden,Garten")
    built = build(a_source(tmp_path), tmp_path / "lmdb", workers=1, corrections=file).description
    assert rows(tmp_path / "lmdb")["train/w0"][1] == "Gärten"
    assert rows(tmp_path / "lmdb")["test/w1"][1] is None
    assert built.corrections is not None
    assert built.corrections.words == 1


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["w9,Garten,Gärten"], "line 2: there is no word 'w9'"),
        (["w1,Garten,x", "w0,Gartn,Gärten"], "line 3: the word 'w0' is 'Garten' there, not 'Gartn'"),
        (["w0,Garten,a", "w0,Garten,b"], "line 3: the word 'w0' is 'a' there, not 'Garten'"),
        ([f"x{n},a,b" for n in range(5)], "line 4: there is no word 'x2'; and 2 more"),
    ],
)
def test_a_line_that_fits_no_word_is_an_error(lines: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(BadDataError, match="does not fit this data set") as refused:
        build(a_source(tmp_path), tmp_path / "lmdb", workers=1, corrections=corrected(tmp_path, *lines))
    assert said in str(refused.value)
    assert not (tmp_path / "lmdb").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"word,old,new\n", "line 1: the columns are 'word, old, new'"),
        (b"id,old,new\na,b\n", "line 2: 2 columns stand here, not 3"),
        (b"id,old,new,when\na,b,c,d,e\n", "line 2: 5 columns stand here, not 4"),
        (b'id,old,new\n"a,b,c\n', "line 2: this is no CSV"),
        (b"id,old,new\na,b,\xff\n", "line 2: this is not UTF-8"),
    ],
)
def test_what_is_no_file_of_corrections_is_named_with_its_line(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes(content)
    with pytest.raises(BadDataError, match=r"c\.csv") as refused:
        read_corrections(tmp_path / "c.csv")
    assert said in str(refused.value)
    with pytest.raises(SourceMissingError, match="no corrections at"):
        read_corrections(tmp_path / "none.csv")
    with pytest.raises(HtrError, match="a folder"):
        read_corrections(tmp_path)


def test_any_text_comes_back_as_it_was_written(tmp_path: Path) -> None:
    given = [
        Correction("a,b", 'say "x"', "new\nline", "t"),
        Correction("ü", " ", "", ""),
        Correction("=1+1", "x", "'y", "t"),
    ]
    (tmp_path / "c.csv").write_bytes(as_csv(given))
    assert [dataclasses.replace(one, line=0) for one in read_corrections(tmp_path / "c.csv").corrections] == given
    (tmp_path / "bom.csv").write_bytes(b"\xef\xbb\xbf" + b"id,old,new\r\na,b,c\r\n")
    assert read_corrections(tmp_path / "bom.csv").corrections == (Correction("a", "b", "c", "", 2),)


def test_other_corrections_are_another_data_set(tmp_path: Path) -> None:
    source, store = a_source(tmp_path), tmp_path / "lmdb"
    build(source, store, workers=1)
    before = hashlib.sha256((store / "drawn/manifest.parquet").read_bytes()).digest()
    file = corrected(tmp_path, "w0,Garten,Gärten")
    with pytest.raises(CannotCreateError, match="corrections was None, is"):
        build(source, store, workers=1, corrections=file)
    build(source, store, workers=1, corrections=file, overwrite=True)
    assert build(source, store, workers=1, corrections=file).already
    build(source, store, workers=1, overwrite=True)
    assert hashlib.sha256((store / "drawn/manifest.parquet").read_bytes()).digest() == before


def test_a_column_of_that_name_is_refused_with_corrections_only(tmp_path: Path) -> None:
    source = a_source(tmp_path, extra_columns=("corrected_text",))
    own = dataclasses.replace(source.listed[0].words[0], extra={"corrected_text": "its own"})
    source.listed = [dataclasses.replace(source.listed[0], words=(own,)), source.listed[1]]
    with pytest.raises(UsageError, match="column 'corrected_text'"):
        build(source, tmp_path / "lmdb", workers=1, corrections=corrected(tmp_path, "w1,Garten,x"))
    build(source, tmp_path / "lmdb", workers=1)
    assert rows(tmp_path / "lmdb")["train/both"][1] == "its own"
    assert not any(checked.problems for checked in verify(tmp_path / "lmdb"))


def test_verification_counts_corrections(tmp_path: Path) -> None:
    store = tmp_path / "lmdb"
    build(a_source(tmp_path), store, workers=1, corrections=corrected(tmp_path, "w0,Garten,Gärten"))
    lie(store, lambda document: document["corrections"].update(words=2))
    assert "1 corrected words, recorded are 2" in " ".join(verify(store)[0].problems)
    build(a_source(tmp_path), store, workers=1, overwrite=True)
    lie(store, lambda document: document.update(corrections={"sha256": 64 * "a", "words": 0}))
    assert "no column corrected_text" in " ".join(verify(store)[0].problems)


@pytest.mark.parametrize("name", ["imgur5k", "iam", "unipen", "dhsd", "folder", "xml", "synth"])
def test_every_build_takes_corrections(name: str) -> None:
    command = commands.get_command(click.Context(commands), name)
    assert command is not None
    assert "corrections" in {option.name for option in command.params}
