"""`htrdata info` and the contact sheets of `htrdata preview`."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from htrdata.building.builder import build
from htrdata.cli.commands import commands
from htrdata.cli.terminal_pictures import terminal_picture
from htrdata.files.on_disk import FileOnDisk
from htrdata.images.codec import encode
from htrdata.records import Page, Word
from htrdata.store.contact_sheet import contact_sheet
from htrdata.store.specimens import Specimen

from ..conftest import ListSource


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Nine words in train, of which the second is dropped, and one in test; the id of the third stands in both."""
    words = []
    for number in range(10):
        path = tmp_path / f"{number}.png"
        path.write_bytes(encode(np.full((20 + number, 40), 20 * number, np.uint8), "png"))
        words.append(Word(f"w{number}", "" if number == 1 else f"word{number}", image=FileOnDisk(path), writer="anna"))
    last = Word("w2", "Again", image=words[9].image)
    build(ListSource([Page("p", "train", tuple(words)), Page("q", "test", (last,))]), tmp_path / "lmdb", workers=1)
    return tmp_path / "lmdb"


def run(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(commands, [str(one) for one in arguments])
    if code == 0:
        assert done.exception is None, done.output
        return done.output
    return str(done.exception)


def test_info_tells_what_is_in_a_store(store: Path) -> None:
    said = run("info", store)
    assert said.startswith("Drawn\nlicence: none\ncite: nobody\ndrawn")
    assert "2 shards" in said
    (about,) = json.loads(run("info", store, "--json"))
    assert (about["name"], about["kept"], about["words"]) == ("drawn", 10, 11)
    assert "no data set 'other'" in run("info", store, "--name", "other", code=2)


@pytest.mark.parametrize("name", ["w2", "train/w2", "test/w2", "drawn/test/w2"])
def test_info_tells_all_that_is_known_of_a_word(store: Path, name: str) -> None:
    words = json.loads(run("info", store, name, "--json"))
    expected = ["train", "test"] if name == "w2" else [name.split("/")[-2]]
    assert [word["split"] for word in words] == expected
    texts = {"train": "word2", "test": "Again"}
    assert [word["text"] for word in words] == [texts[split] for split in expected]
    assert "key  " in run("info", store, name)


def test_info_tells_why_a_word_was_dropped_and_what_is_no_word(store: Path) -> None:
    said = run("info", store, "w1")
    assert "empty_label" in said
    assert "key" not in said
    assert "no word 'w99'" in run("info", store, "w99", code=2)
    assert "no word 'val/w2'" in run("info", store, "val/w2", code=2)


def test_pictures_in_terminals() -> None:
    encoded = encode(np.tile(np.array([0, 255], np.uint8), (30, 200)), "png")
    kitty = terminal_picture(encoded, {"TERM": "xterm-kitty"})
    data = "".join(part.split(";", 1)[1].removesuffix("\x1b\\") for part in kitty.split("\x1b_G")[1:])
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (400, 30)
    iterm = terminal_picture(encoded, {"TERM_PROGRAM": "iTerm.app"})
    assert Image.open(io.BytesIO(base64.b64decode(iterm.split(":")[1].rstrip("\a")))).size == (400, 30)
    blocks = terminal_picture(encode(np.full((4, 8), 255, np.uint8), "png"), {"TERM": "xterm"}).split("\n")
    assert [line.count("▀") for line in blocks] == [8, 8]
    assert "255m" in blocks[0]


def test_a_contact_sheet_shows_the_words_that_are_asked_for(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    for condition, count in (("text~[5-9]$", 5), ("height>=24", 7), ("writer=anna", 9), ("split=test", 1)):
        words = "word" if count == 1 else "words"
        assert (
            run("preview", store, "--where", condition, "--out", out, "--overwrite")
            == f"{out}: {count} of {count} {words}\n"
        )
    assert run("preview", store, "--sheet", "--words", 4, "--out", out, "--overwrite") == f"{out}: 4 of 10 words\n"
    with Image.open(out) as picture:
        greys = {colour for _, colour in picture.convert("L").getcolors(100_000) or []}
    assert {0, 180} <= greys  # the first and the last word


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--where", "text=none"], "no word of drawn that is kept in train, test meets text=none"),
        (["--where", "text~("], "no regular expression"),
        (["--where", "height~1"], "has no texts"),
        (["--where", "nonsense"], "no condition"),
        (["--sheet", "--normalise", "trim"], "without --sheet"),
        (["--sheet", "--split", "val"], "no val words"),
    ],
)
def test_what_no_sheet_can_be_drawn_of_is_said(store: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    assert said in run("preview", store, *arguments, "--out", tmp_path / "x.png", code=2)
    assert not (tmp_path / "x.png").exists()


def test_a_sheet_of_any_word_is_drawn() -> None:
    wide = Specimen(np.zeros((3, 5000, 3), np.uint8), "W" * 999, id="\u202eid")
    assert contact_sheet([wide] * 7).size[0] == 1600 + 24
    word = Specimen(np.zeros((30, 90, 3), np.uint8), "word", id="w")
    assert contact_sheet([word] * 7).size[0] == 6 * 202 + 12
    assert contact_sheet([word]).size[0] < 250
    assert contact_sheet([wide, *[word] * 6]).size[0] == 6 * 202 + 12  # one is no reason


@pytest.mark.parametrize(("size", "columns"), [((64, 240), 4), ((128, 480), 4), ((64, 500), 2), ((64, 1100), 1)])
def test_what_is_wide_stands_in_fewer_columns_as_high_as_there_is_room_for(size: tuple[int, int], columns: int) -> None:
    line = Specimen(np.full((*size, 3), 77, np.uint8), "a line", id="p1/l1")
    sheet = np.asarray(contact_sheet([line] * 8).convert("L"))
    rows = 8 // columns
    assert sheet.shape[0] == 12 + rows * (64 + 50 + 12)
    shown = sheet == 77
    assert shown.sum() == 8 * 64 * (size[1] * 64 // size[0])  # not one is smaller
