"""What of a folder is read, what is left out and said, and places that are no files."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

import htrmodel
from htrdata.errors import BadDataError, SourceMissingError, UsageError
from htrmodel import inputs
from htrmodel.checkpoint.native import save
from htrmodel.cli.predict_command import predict
from htrmodel.inputs import open_image
from htrmodel.recogniser import Recogniser
from htrmodel.runtime.finding import find_images

Write = Callable[..., Path]
POSIX = pytest.mark.skipif(os.name != "posix", reason="pipes, devices and names of bytes")


@pytest.fixture
def recogniser(build: Callable[..., Recogniser]) -> Recogniser:
    return build("None-VGG-BiLSTM-CTC")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes an image of noise below a folder, or other content."""

    def put(name: str, content: bytes | None = None) -> Path:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            pixels = np.random.default_rng(0).integers(0, 256, (40, 90), np.uint8)
            Image.fromarray(pixels).save(path, "PNG")
        else:
            path.write_bytes(content)
        return path

    return put


def run(recogniser: Recogniser, tmp_path: Path, *words: object) -> Result:
    save(recogniser, tmp_path / "model.safetensors")
    return CliRunner().invoke(predict, [*map(str, words), "--checkpoint", str(tmp_path / "model.safetensors")])


def names(folder: Path, said: list[str]) -> list[str]:
    return [os.path.relpath(image.name, folder) for image in find_images(folder, said.append)]


def test_what_programs_leave_beside_images_is_left_out_and_said(write: Write, tmp_path: Path) -> None:
    write("a.png")
    write("b/c.jfif")
    for copy in (".ipynb_checkpoints/a-checkpoint.png", "@eaDir/a.png", "b/Thumbs/c.png", "__MACOSX/a.png", "._a.png"):
        write(copy)
    write("Thumbs.db", b"")
    write("letter.pdf", b"%PDF")
    write("photo.HEIC", b"")
    write("gt.txt", b"a.png\ta\n")
    said: list[str] = []
    assert names(tmp_path / "in", said) == ["a.png", "b/c.jfif"]
    assert [sentence.removeprefix(f"{tmp_path / 'in'}: left out ") for sentence in said] == [
        "6, hidden, or a program's own copies: .ipynb_checkpoints/, @eaDir/, __MACOSX/, …",
        "1, no image by their endings: gt.txt",
        "2, in a format that is not read here: save them as PNG, JPEG or TIFF: letter.pdf, photo.HEIC",
    ]


def test_the_images_of_an_archive_are_read_as_those_of_its_folder(
    write: Write, recogniser: Recogniser, tmp_path: Path
) -> None:
    for name in ("b/c.jfif", "a.png", "__MACOSX/a.png"):
        write(name)
    write("gt.txt", b"")
    pages = [Image.new("L", (40, 20), 255) for _ in range(2)]
    pages[0].save(tmp_path / "in/two.tiff", save_all=True, append_images=pages[1:])
    for ending, form in ((".zip", "zip"), (".tar.gz", "gztar")):
        archive = shutil.make_archive(str(tmp_path / "packed"), form, tmp_path / "in")
        said: list[str] = []
        found = list(find_images(archive, said.append))
        assert [image.name for image in found] == [f"{archive}/a.png", f"{archive}/b/c.jfif"]
        assert sorted(sentence.removeprefix(f"{archive}: left out ") for sentence in said) == [
            "1, a TIFF of several pages, which are read where it is unpacked: two.tiff",
            "1, hidden, or a program's own copies: __MACOSX/a.png",
            "1, no image by their endings: gt.txt",
        ]
        assert archive.endswith(ending)
    result = run(recogniser, tmp_path, tmp_path / "packed.zip", "--csv")
    assert result.exit_code == 0, result.output
    folder = run(recogniser, tmp_path, tmp_path / "in", "--csv")
    texts = [line.split(",", 1)[1] for line in result.stdout.splitlines()]
    assert texts == [line.split(",", 1)[1] for line in folder.stdout.splitlines() if "two.tiff" not in line]


def test_a_hidden_folder_that_is_named_is_read(write: Write, tmp_path: Path) -> None:
    write(".cache/a.png")
    assert names(tmp_path / "in/.cache", []) == ["a.png"]


def test_where_all_is_left_out_the_error_says_what(write: Write, tmp_path: Path) -> None:
    write("letter.pdf", b"%PDF")
    with pytest.raises(SourceMissingError, match=r"no image in .*; left out 1, in a format .*: letter\.pdf"):
        find_images(tmp_path / "in")


def test_a_data_set_within_a_store_is_told(write: Write, tmp_path: Path) -> None:
    write("lmdb/imgur5k/dataset.json", b"{}")
    with pytest.raises(UsageError, match=r"name .*/lmdb, the store"):
        find_images(tmp_path / "in/lmdb/imgur5k")


@POSIX
def test_pipes_devices_and_links_are_left_out_of_folders(write: Write, tmp_path: Path) -> None:
    write("a.png")
    write("elsewhere/b.png")
    os.mkfifo(tmp_path / "in/pipe.png")
    (tmp_path / "in/zero.png").symlink_to("/dev/zero")
    (tmp_path / "in/there").symlink_to(tmp_path / "in/elsewhere")
    (tmp_path / "in/link.png").symlink_to(tmp_path / "in/a.png")
    (tmp_path / "in/gone.png").symlink_to(tmp_path / "in/nothing")
    said: list[str] = []
    assert names(tmp_path / "in", said) == ["a.png", "elsewhere/b.png", "gone.png", "link.png"]
    assert said == [
        f"{tmp_path / 'in'}: left out 3, no regular file, or a link to a folder: name what they lead to: there/, "
        "pipe.png, zero.png"
    ]


@POSIX
@pytest.mark.parametrize("place", ["pipe", "zero"])
def test_a_pipe_or_device_that_is_named_is_refused_at_once(
    recogniser: Recogniser, write: Write, tmp_path: Path, place: str
) -> None:
    good = write("a.png")
    os.mkfifo(tmp_path / "in/pipe")
    (tmp_path / "in/zero").symlink_to("/dev/zero")
    done = run(recogniser, tmp_path, tmp_path / "in" / place, good)
    assert isinstance(done.exception, BadDataError)
    assert "1 of 2 images could not be read" in str(done.exception)
    assert f"{place} is a {'pipe' if place == 'pipe' else 'device'}" in done.stderr
    assert "a.png" in done.stdout
    with pytest.raises(BadDataError, match="where a file is expected"):
        recogniser.read(tmp_path / "in" / place)


def test_a_file_that_is_too_large_is_refused_unread(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MAX_BYTES", 100)
    with pytest.raises(BadDataError, match=r"a\.png has [\d,]+ bytes: an image may have 100"):
        open_image(write("a.png"))


def test_the_pages_of_a_tiff_are_read_one_by_one(recogniser: Recogniser, write: Write, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pages = [Image.fromarray(rng.integers(0, 256, (40, 90), np.uint8)) for _ in range(3)]
    path = tmp_path / "scan.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    done = run(recogniser, tmp_path, path, "--json")
    found = json.loads(done.stdout)
    assert [one["name"] for one in found] == [f"{path}#page={number}" for number in (1, 2, 3)]
    assert [one["text"] for one in found] == [text for text, _ in recogniser.read(pages)]
    assert recogniser.read(path) == recogniser.read(pages[0])


@POSIX
def test_names_that_are_no_text_give_files_that_others_read(
    recogniser: Recogniser, write: Write, tmp_path: Path
) -> None:
    odd = os.fsdecode(b"in/caf\xe9 \x1b[31m\nred.png")
    try:
        write("x.png").rename(tmp_path / odd)
    except OSError as error:
        pytest.skip(f"this file system wants names in Unicode: {error}")
    write("y.png", b"no image")
    for option in ("--json", "--csv", None):
        done = run(recogniser, tmp_path, tmp_path / "in", *filter(None, [option]))
        printed = done.stdout_bytes.decode("utf-8")  # strictly
        shown = f"{tmp_path}/in/caf\\udce9 "
        if option == "--json":
            assert json.loads(printed)[0]["name"] == f"{shown}\x1b[31m\nred.png"
        elif option == "--csv":
            assert next(csv.DictReader(io.StringIO(printed)))["name"] == f"{shown}\\x1b[31m\\nred.png"
        else:
            assert f"{shown}\\x1b[31m\\nred.png" in printed
        assert "\x1b" not in printed + done.stderr


def test_python_warns_of_what_it_leaves_out(recogniser: Recogniser, write: Write, tmp_path: Path) -> None:
    write("a.png")
    write("notes.md", b"")
    with pytest.warns(UserWarning, match=r"left out 1, no image by their endings: notes\.md") as caught:
        assert len(htrmodel.predict(tmp_path / "in", recogniser)) == 1
    assert caught[0].filename == __file__


def test_pages_and_blank_images_are_flagged_and_need_no_fine_tuning(
    recogniser: Recogniser, write: Write, tmp_path: Path
) -> None:
    recogniser.data = {"synthetic_only": True}
    page = np.full((900, 700), 235, np.uint8)
    rng = np.random.default_rng(0)
    for top in range(60, 840, 40):
        page[top : top + 18, 50:650] = np.where(rng.random((18, 600)) < 0.3, 30, 235)
    Image.fromarray(page).save(write("page.png"))
    Image.fromarray(np.full((40, 90), 235, np.uint8)).save(write("blank.png"))
    save(recogniser, tmp_path / "drawn.safetensors", data={"synthetic_only": True})
    done = CliRunner().invoke(
        predict, [str(tmp_path / "in"), "--csv", "--checkpoint", str(tmp_path / "drawn.safetensors")]
    )
    rows = {Path(row["name"]).name: row for row in csv.DictReader(io.StringIO(done.stdout))}
    assert {name: row["looks_like"] for name, row in rows.items()} == {"blank.png": "blank", "page.png": "page"}
    assert "1 of 2 images looks like a page" in done.stderr
    assert "`htrdata xml` cuts them" in done.stderr
    assert "1 of 2 images looks blank" in done.stderr
    assert "fine-tuning" not in done.stderr
    write("word.png")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = htrmodel.predict(tmp_path / "in", recogniser)
    assert [one.looks_like for one in found] == ["blank", "page", None]
    assert "a page" in repr(found[1])
    assert sum("fine-tuning" in str(one.message) for one in caught) == 1  # for the word
