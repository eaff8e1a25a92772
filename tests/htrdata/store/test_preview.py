"""The picture of words before and after normalisations, and the command that writes it."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from htrdata.building.builder import build
from htrdata.cli.commands import commands
from htrdata.errors import BadDataError, CannotCreateError, SourceMissingError, UsageError
from htrdata.files.on_disk import FileOnDisk
from htrdata.images.codec import encode
from htrdata.images.normalisation import Operation, contrast, trim
from htrdata.records import Page, Word
from htrdata.store.preview import preview, write_preview
from htrdata.store.specimens import Specimen, specimens

from ..conftest import ListSource


def draw(number: int, height: int = 40, width: int = 120) -> np.ndarray:
    """A leaning zigzag of grey ink on light grey paper, another one for each number."""
    word = np.full((height, width), 200, np.uint8)
    x = np.arange(12, width - 20, 6 + number % 5)
    points = np.stack(
        [x + np.where(np.arange(len(x)) % 2, 8, 0), np.where(np.arange(len(x)) % 2, 8, height - 10)], axis=1
    )
    cv2.polylines(word, [points.astype(np.int32).reshape(-1, 1, 2)], False, 60, 2)
    return word


def contains(picture: Image.Image, crop: np.ndarray, after: int = 0) -> tuple[int, int] | None:
    """Where the picture shows exactly this crop, to the right of a column: x and y, or None."""
    pixels = np.ascontiguousarray(np.asarray(picture)[:, after:, 0])
    x, y = cv2.minMaxLoc(cv2.matchTemplate(pixels, np.ascontiguousarray(crop), cv2.TM_SQDIFF))[2]
    height, width = crop.shape
    return (x + after, y) if np.array_equal(pixels[y : y + height, x : x + width], crop) else None


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Nine words in train, of which the second is dropped, and one in test; thresholds go up with the number."""
    words = []
    for number in range(10):
        path = tmp_path / f"{number}.png"
        path.write_bytes(encode(draw(number), "png"))
        extra = {"threshold": str(100 + number)} if number else {}
        words.append(Word(f"w{number}", "" if number == 1 else f"word{number}", image=FileOnDisk(path), extra=extra))
    pages = [Page("p", "train", tuple(words[:9])), Page("q", "test", (words[9],))]
    build(ListSource(pages, extra_columns=("threshold",)), tmp_path / "lmdb", workers=1)
    return tmp_path / "lmdb"


def test_each_row_shows_the_crop_before_and_after_each_operation() -> None:
    words = [Specimen(draw(number), f"word{number}") for number in range(3)]
    picture = preview(words, [Operation.TRIM, Operation.CONTRAST])
    assert picture.mode == "RGB"
    tops = []
    for word in words:
        after = 0
        for step, crop in enumerate((word.pixels, contrast(word.pixels), trim(contrast(word.pixels)))):
            place = contains(picture, crop, after)
            assert place is not None
            after = place[0] + word.pixels.shape[1]
            if step == 0:
                top = place[1]
        tops.append(top)
    assert tops == sorted(tops)
    assert tops[0] + 40 <= tops[1] <= tops[2] - 40


def test_labels_stand_beside_and_make_room_for_themselves() -> None:
    bare = preview([Specimen(draw(0))], [Operation.TRIM])
    labelled = preview([Specimen(draw(0), "a label")], [Operation.TRIM])
    endless = preview([Specimen(draw(0), "W" * 300)], [Operation.TRIM])
    assert bare.width < labelled.width < endless.width < bare.width + 200
    assert bare.height == labelled.height
    margin = np.asarray(labelled)[30:, : labelled.width - bare.width]
    assert margin.min() < 90


def test_letters_of_any_script_can_be_labels() -> None:
    assert preview([Specimen(draw(0), "żółć Ωμέγα 漢字 \U0001f600")], []).height > 40


def test_large_crops_are_shown_smaller_at_one_scale() -> None:
    large = draw(0, 400, 1200)
    picture = preview([Specimen(large)], [Operation.TRIM])
    assert picture.width < 600
    shown = np.asarray(Image.fromarray(large).resize((260, 87)))
    assert contains(picture, shown) is not None


def test_colour_is_shown() -> None:
    red = np.full((30, 50, 3), (250, 10, 10), np.uint8)
    colours = {colour for _, colour in preview([Specimen(red)], []).getcolors(100_000) or []}
    assert (250, 10, 10) in colours


def test_no_words_make_a_picture_of_headings() -> None:
    assert preview([], [Operation.DESKEW, Operation.SLANT]).width > 100


def test_words_of_a_store_are_spread_over_the_split(store: Path) -> None:
    assert [word.label for word in specimens(store, count=3)] == ["word0", "word5", "word8"]
    assert [word.label for word in specimens(store, count=99)] == [f"word{number}" for number in (0, *range(2, 9))]
    only = specimens(store, name="drawn", split="test")
    assert [(word.label, word.threshold) for word in only] == [("word9", 109)]
    np.testing.assert_array_equal(only[0].pixels[:, :, 1], draw(9))
    assert [word.threshold for word in specimens(store, count=3)] == [None, 105, 108]


def test_a_store_of_several_data_sets_asks_which(store: Path, tmp_path: Path) -> None:
    build(
        ListSource(
            [Page("q", "test", (Word("x", "other", image=FileOnDisk(tmp_path / "3.png")),))],
            extra_columns=("threshold",),
        ),
        store,
        name="second",
    )
    with pytest.raises(UsageError, match=r"several data sets: name one of drawn, second with --name"):
        specimens(store)
    assert [word.label for word in specimens(store, name="second")] == ["other"]
    with pytest.raises(UsageError, match="has no train words"):
        specimens(store, name="second", split="train")


@pytest.mark.parametrize("text", ["256", "-1", "1.5", "a", "²"])
def test_a_threshold_that_is_no_grey_level_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "0.png").write_bytes(encode(draw(0), "png"))
    word = Word("w1", "word", image=FileOnDisk(tmp_path / "0.png"), extra={"threshold": text})
    build(ListSource([Page("p", "train", (word,))], extra_columns=("threshold",)), tmp_path / "lmdb", workers=1)
    with pytest.raises(BadDataError, match=f"word w1: the threshold '{text}'"):
        specimens(tmp_path / "lmdb")


def test_what_cannot_be_shown_is_told(tmp_path: Path) -> None:
    (tmp_path / "word.png").write_bytes(b"<html>")
    with pytest.raises(BadDataError, match=r"word\.png: a web page or XML"):
        specimens(tmp_path / "word.png")
    with pytest.raises(SourceMissingError, match=r"nothing at .*gone"):
        specimens(tmp_path / "gone")
    with pytest.raises(SourceMissingError, match="no data set in"):
        specimens(tmp_path)
    with pytest.raises(UsageError, match="--name and --split go with a store only"):
        specimens(tmp_path / "word.png", name="iam")


def test_the_image_itself_is_never_replaced(tmp_path: Path) -> None:
    word = tmp_path / "word.png"
    word.write_bytes(encode(draw(0), "png"))
    before = word.read_bytes()
    with pytest.raises(UsageError, match="is what is to be shown"):
        write_preview(word, tmp_path / "." / "word.png", ["trim"])
    assert word.read_bytes() == before
    with pytest.raises(CannotCreateError, match="cannot create"):
        write_preview(word, tmp_path / "no" / "folder.png", ["trim"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_image(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "word.png")
    with pytest.raises(BadDataError, match="is a pipe, where a file is expected"):
        specimens(tmp_path / "word.png")


def test_nothing_but_a_picture_is_replaced_by_one(tmp_path: Path) -> None:
    word, notes = tmp_path / "word.png", tmp_path / "notes.txt"
    word.write_bytes(encode(draw(0), "png"))
    notes.write_text("mine")
    for place in (notes, tmp_path):
        with pytest.raises(CannotCreateError, match="is there and no PNG: give another --out"):
            write_preview(word, place, ["trim"])
    assert notes.read_text() == "mine"
    shown = tmp_path / "shown.png"
    write_preview(word, shown, ["trim"])
    before = shown.read_bytes()
    with pytest.raises(CannotCreateError, match="is there already: --overwrite replaces it; or give another --out"):
        write_preview(word, shown, ["slant"])
    assert shown.read_bytes() == before
    write_preview(word, shown, ["slant"], overwrite=True)
    assert shown.read_bytes() != before


def test_the_command_writes_a_picture(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "steps.png"
    arguments = ["preview", str(store), "--normalise", "deskew, slant", "--normalise", "trim", "--out", str(out)]
    done = CliRunner().invoke(commands, arguments, catch_exceptions=False)
    assert (done.exit_code, done.stdout.strip()) == (0, str(out))
    with Image.open(out) as picture:
        assert picture.format == "PNG"
        rows = picture.height
    for more in ([], ["--sheet"]):
        done = CliRunner().invoke(commands, ["preview", str(store), "--out", str(out), *more])
        assert (done.exit_code, type(done.exception)) == (1, CannotCreateError)
    fewer = CliRunner().invoke(commands, [*arguments, "--words", "2", "--overwrite"], catch_exceptions=False)
    assert fewer.exit_code == 0
    with Image.open(out) as picture:
        assert picture.height < rows


def test_the_command_shows_an_image_and_refuses_unknown_names(tmp_path: Path) -> None:
    (tmp_path / "word.png").write_bytes(encode(draw(0), "png"))
    out = tmp_path / "steps.png"
    arguments = ["preview", str(tmp_path / "word.png"), "--out", str(out)]
    assert CliRunner().invoke(commands, arguments, catch_exceptions=False).exit_code == 0
    with Image.open(out) as everything:
        size = everything.size
    CliRunner().invoke(commands, [*arguments, "--normalise", "background,contrast,deskew,slant,trim"])
    with Image.open(out) as named:
        assert named.size == size
    with pytest.raises(UsageError, match="no normalisation 'unslant'"):
        CliRunner().invoke(commands, [*arguments, "--normalise", "unslant"], catch_exceptions=False)


def test_of_lines_each_operation_stands_below_the_one_before_it_at_a_size_that_can_be_read() -> None:
    lines = [Specimen(draw(number, 48, 900), f"line{number}") for number in range(2)]
    picture = preview(lines, [Operation.CONTRAST])
    assert picture.width < 900 + 200
    tops = []
    for line in lines:
        for crop in (line.pixels, contrast(line.pixels)):
            left, top = contains(picture, crop) or (-1, -1)
            assert left > 0
            tops.append(top)
    assert tops == sorted(tops)
    assert all(after - before >= 48 for before, after in itertools.pairwise(tops)), tops
    longest = preview([Specimen(draw(0, 64, 3000), "W" * 999)], [Operation.TRIM])
    assert longest.width < 1400
    assert longest.height < 400
