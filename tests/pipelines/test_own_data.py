"""A person's own images: the gt.txt, the split, and all the way to readings."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

import htrdata
from htrdata.building.source_contract import CHECKS, SourceCase
from htrdata.errors import BadDataError, HtrError, SourceMissingError

from .conftest import LoadPipeline

MakeFolder = Callable[..., Path]


@pytest.fixture(scope="module")
def own_data(load_pipeline: LoadPipeline) -> ModuleType:
    return load_pipeline("own_data")


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """A folder with images of these names, and a gt.txt with this content."""

    def make(content: str | bytes, names: list[str]) -> Path:
        for name in names:
            image = Image.new("L", (60, 32), 230)
            ImageDraw.Draw(image).text((4, 4), name[:4], 20, ImageFont.load_default(18))
            (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
            image.save(tmp_path / "in" / name)
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / "gt.txt").write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / "in"

    return make


def read(own_data: ModuleType, folder: Path) -> dict[str, str]:
    texts: dict[str, str] = own_data.Folder(folder, folder / "gt.txt").texts()
    return texts


def plant(folder: Path, odd: str) -> None:
    with (folder / "gt.txt").open("ab") as file:
        file.write(f"{odd}\todd\n".encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_folder_keeps_the_contract_for_sources(
    own_data: ModuleType, make_folder: MakeFolder, check: Callable[[SourceCase, Path], None], tmp_path: Path
) -> None:
    words: dict[str, str | None] = {f"{n}/{n}.png": f"word {n}" for n in range(20)}
    root = make_folder("".join(f"{name}\t{text}\n" for name, text in words.items()), list(words))
    case = SourceCase(lambda at: own_data.Folder(at, at / "gt.txt"), root, words, plant, "write it")
    check(case, tmp_path)


def test_lines_may_end_in_any_way_and_begin_with_a_mark(own_data: ModuleType, make_folder: MakeFolder) -> None:
    content = b"\xef\xbb\xbfa.png\tone\r\n./b/c.png\ttw\xc3\xb6 words\n\r\nd.png\t\xe2\x80\xa8x"
    folder = make_folder(content, ["a.png", "b/c.png", "d.png"])
    assert read(own_data, folder) == {"a.png": "one", "b/c.png": "twö words", "d.png": "\u2028x"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a.png text", "line 2 is not a path, one tab and a text: 'a.png text'"),
        ("a.png\tone\ttwo", "line 2 is not a path, one tab and a text"),
        ("b.png\tx\nb.png\ty", "line 3: b.png is in line 2 already"),
        ("./a.png\tx\na.png\tx", "line 3: a.png is in line 2 already"),
        ("gone.png\tx", "line 2: there is no image"),
        ("../a.png\tx", "line 2: '../a.png' is not a path below"),
        ("/etc/passwd\tx", "line 2: '/etc/passwd' is not a path below"),
        ("b\\a.png\tx", r"is not a path below"),
        ("\tx", "line 2: there is no image"),
    ],
)
def test_wrong_lines_are_named(own_data: ModuleType, make_folder: MakeFolder, line: str, said: str) -> None:
    folder = make_folder(f"first.png\tx\n{line}\n", ["first.png", "a.png", "b.png"])
    with pytest.raises(BadDataError, match=re.escape(said)) as raised:
        read(own_data, folder)
    assert str(folder / "gt.txt") in str(raised.value)


def test_many_wrong_lines_are_counted(own_data: ModuleType, make_folder: MakeFolder) -> None:
    with pytest.raises(BadDataError, match=r"line 5: .*; and 2 more$"):
        read(own_data, make_folder("".join(f"{number}.png\tx\n" for number in range(7)), []))


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (b"a.png\t\xe4\n", BadDataError, "is not UTF-8 (byte 6)"),
        (b"a.png\tx\n", BadDataError, "has 1 words"),
        (None, SourceMissingError, "there is no"),
    ],
)
def test_files_that_cannot_be_used(
    own_data: ModuleType, make_folder: MakeFolder, content: bytes | None, error: type[HtrError], said: str
) -> None:
    folder = make_folder(content or b"", ["a.png"])
    if content is None:
        (folder / "gt.txt").unlink()
    with pytest.raises(error, match=re.escape(said)):
        read(own_data, folder)


@given(names=st.sets(st.text("abc0.", min_size=1, max_size=6), min_size=3, max_size=40))
def test_every_split_has_a_word(own_data: ModuleType, names: set[str]) -> None:
    splits = own_data.split_of(dict.fromkeys(names, ""))
    assert splits.keys() == names
    assert set(splits.values()) == {"train", "val", "test"}


def test_more_words_move_no_other_one(own_data: ModuleType) -> None:
    names = [f"word-{number}.png" for number in range(4000)]
    some, all_ = (own_data.split_of(dict.fromkeys(names[:count], "")) for count in (1000, 4000))
    assert some == {name: all_[name] for name in some}
    counts = [list(all_.values()).count(split) / 4000 for split in ("train", "val", "test")]
    assert counts == pytest.approx([0.8, 0.1, 0.1], abs=0.02)


def test_images_become_readings(own_data: ModuleType, make_folder: MakeFolder, tiny: Path, tmp_path: Path) -> None:
    names = [f"{word}{number}.png" for number in range(6) for word in ("one", "two", "three")]
    lines = [f"{name}\t{name[:-5]}\n" for name in names]
    folder = make_folder("".join(lines[:-2]), names)
    (folder / "broken.jpg").write_bytes(b"no image")
    out = folder / "out"  # what is made there is not read as well
    words = [str(folder), "--out", str(out), "--start", str(tiny), "--epochs", "1", "--device", "cpu"]
    result = CliRunner().invoke(own_data.main, words)
    assert isinstance(result.exception, BadDataError)
    assert "1 of 19 images could not be read" in str(result.exception)
    with (out / "readings.csv").open(newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert rows.keys() == {*names, "broken.jpg"}
    assert rows["broken.jpg"]["problem"]
    assert [rows[name]["label"] for name in names[-3:]] == ["one", "", ""]
    assert all(0 <= float(rows[name]["confidence"]) <= 1 for name in names)
    dataset = htrdata.open(out / "store").dataset("own_data")
    stored = {word.id: (word.text, split) for split in dataset.splits for word in dataset.words(split)}
    assert stored == {name: (rows[name]["label"], rows[name]["split"]) for name in names[:-2]}
    table = result.stdout.splitlines()
    assert table[1].split()[0] == str(tiny)
    assert table[2].split()[0] == str(out / "run" / "best.safetensors")
    again = CliRunner().invoke(own_data.main, words)
    assert again.stdout == result.stdout
    assert "is finished already" in again.stderr


def test_a_changed_gt_needs_overwrite(
    own_data: ModuleType, make_folder: MakeFolder, tiny: Path, tmp_path: Path
) -> None:
    names = [f"{number}.png" for number in range(12)]
    folder = make_folder("".join(f"{name}\t{name[0]}\n" for name in names[:10]), names)
    words = [str(folder), "--out", str(tmp_path / "out"), "--start", str(tiny), "--epochs", "1", "--device", "cpu"]
    assert CliRunner().invoke(own_data.main, words).exit_code == 0
    with (folder / "gt.txt").open("a") as file:
        file.write("10.png\tten\n11.png\televen\n")
    refused = CliRunner().invoke(own_data.main, words)
    assert isinstance(refused.exception, HtrError)
    assert "--overwrite" in str(refused.exception)
    result = CliRunner().invoke(own_data.main, [*words, "--overwrite"])
    assert result.exit_code == 0, result.exception
    assert sum(len(htrdata.open(tmp_path / "out/store")[s, "own_data"]) for s in ("train", "val", "test")) == 12
