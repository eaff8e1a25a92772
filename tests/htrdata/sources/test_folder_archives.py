"""Crops with their texts in archives: read as if they were unpacked, and refused where they harm."""

from __future__ import annotations

import io
import os
import pickle
import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.errors import BadDataError, SourceMissingError
from htrdata.records import Word
from htrdata.sources.folder import Asked, Folder, packed_tree
from tests import labelled_folders as made

WORDS = made.words(6)


def words_of(source: Folder) -> list[Word]:
    return [word for page in source.pages() for word in page.words]


def texts_of(source: Folder) -> dict[str, str]:
    return {word.id: word.text for word in words_of(source)}


def packed(folder: Path, archive: Path, below: str = "") -> Path:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            for path in files:
                file.write(path, below + path.relative_to(folder).as_posix())
    else:
        with tarfile.open(archive, "w:" if archive.suffix == ".tar" else "w:gz") as tar:
            for path in files:
                tar.add(path, below + path.relative_to(folder).as_posix())
    return archive


def content_of(source: Folder, out: Path) -> str:
    return build(source, out, BuildOptions(), workers=1).description.content_digest


@pytest.mark.parametrize("ending", [".zip", ".ZIP", ".tar", ".tar.gz", ".tgz"])
@pytest.mark.parametrize("below", ["", "letters/"])
def test_an_archive_is_read_as_the_folder_that_it_holds(ending: str, below: str, tmp_path: Path) -> None:
    root = tmp_path / "letters" / below
    made.write_images(root / "images", WORDS)
    made.write_csv(
        root / "labels.csv", ["file_name", "text", "writer"], [(*item, f"w{item[0][:3]}") for item in WORDS.items()]
    )
    folder = tmp_path / "letters"
    archive = packed(folder, tmp_path / f"letters{ending.lower()}").rename(tmp_path / f"letters{ending}")
    source, unpacked = Folder(archive), Folder(folder)
    assert (source.name, source.division, source.settings) == (unpacked.name, unpacked.division, unpacked.settings)
    assert texts_of(source) == texts_of(unpacked)
    assert [word.writer for word in words_of(source)] == [word.writer for word in words_of(unpacked)]
    assert content_of(source, tmp_path / "a") == content_of(unpacked, tmp_path / "b")


def test_texts_beside_images_are_read_in_an_archive(tmp_path: Path) -> None:
    made.write_images(tmp_path / "a", WORDS)
    for name, text in WORDS.items():
        (tmp_path / "a" / f"{name[:-4]}.gt.txt").write_text(text, encoding="utf-8")
    assert texts_of(Folder(packed(tmp_path / "a", tmp_path / "a.zip"))) == WORDS


@pytest.mark.parametrize("inner", ["", "images/"])
@pytest.mark.parametrize("named", ["", "images/"])
def test_images_in_an_archive_beside_their_table_are_found(inner: str, named: str, tmp_path: Path) -> None:
    made.write_images(tmp_path / "pictures", WORDS)
    (tmp_path / "given").mkdir()
    archive = packed(tmp_path / "pictures", tmp_path / "given" / "images.zip", inner)
    made.write_gt(tmp_path / "given", {named + name: text for name, text in WORDS.items()})
    for source in (Folder(tmp_path / "given"), Folder(tmp_path / "given" / "gt.txt")):
        assert texts_of(source) == {f"images/{inner}{name}": text for name, text in WORDS.items()}
        assert "1 archive is read where it lies (images.zip)" in source.notes
    outside = Folder(tmp_path / "given" / "gt.txt", images=archive)
    if inner == named:
        assert sorted(texts_of(outside).values()) == sorted(WORDS.values())


def test_archives_of_splits_say_them(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "val", "test")):
        part = tmp_path / split
        made.write_images(part, WORDS)
        made.write_gt(part, WORDS)
        (tmp_path / "given").mkdir(exist_ok=True)
        packed(part, tmp_path / "given" / f"{split}-00000{number}.tar")
    pages = list(Folder(tmp_path / "given").pages())
    assert {(page.split, len(page.words)) for page in pages} == {("train", 1), ("val", 1), ("test", 1)}
    assert len(pages) == 3 * len(WORDS)


def test_what_a_folder_was_made_of_is_not_read_beside_it(tmp_path: Path) -> None:
    made.write_images(tmp_path, WORDS)
    made.write_gt(tmp_path, WORDS)
    packed(tmp_path, tmp_path / "all.zip")
    source = Folder(tmp_path)
    assert texts_of(source) == WORDS
    assert any("1 archive is not looked into (all.zip)" in note for note in source.notes)


def test_a_table_outside_of_an_archive_is_named(tmp_path: Path) -> None:
    made.write_images(tmp_path / "a", WORDS)
    archive = packed(tmp_path / "a", tmp_path / "a.zip")
    with pytest.raises(SourceMissingError, match=r"nothing in .*a\.zip says what its 6 images say"):
        words_of(Folder(archive))
    made.write_gt(tmp_path, WORDS)
    assert texts_of(Folder(archive, labels=(str(tmp_path / "gt.txt"),))) == WORDS


def test_workers_read_the_images_of_an_archive(tmp_path: Path) -> None:
    made.write_images(tmp_path / "a", WORDS)
    made.write_gt(tmp_path / "a", WORDS)
    for archive in (packed(tmp_path / "a", tmp_path / "a.zip"), packed(tmp_path / "a", tmp_path / "a.tgz")):
        words = words_of(Folder(archive))
        for word, again in zip(words, pickle.loads(pickle.dumps(words)), strict=True):
            assert again.image == word.image
            assert again.image is not None
            assert again.image.read() == (tmp_path / "a" / word.id).read_bytes()
            assert again.image.size() == len(again.image.read())


def test_names_that_macos_writes_without_saying_how_are_found(tmp_path: Path) -> None:
    name = "Größe 1.png"
    made.write_images(tmp_path, {name: "a"})
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.write(tmp_path / name, name)
        file.writestr("gt.txt", f"{name}\tword\n")
        file.writestr("__MACOSX/._gt.txt", "left behind")
    unsaid = content.getvalue().replace(b"\x00\x08", b"\x00\x00")  # the flag that says UTF-8, before its method
    assert zipfile.ZipFile(io.BytesIO(unsaid)).namelist()[0] != name
    (tmp_path / "a.zip").write_bytes(unsaid)
    assert texts_of(Folder(tmp_path / "a.zip", split="train")) == {name: "word"}


def test_an_export_in_an_archive_says_that_it_is_drawn(tmp_path: Path) -> None:
    made.write_images(tmp_path / "a" / "b", WORDS)
    made.write_gt(tmp_path / "a" / "b", WORDS)
    card = '---\nlicence: x\nhtrdata: {"title": "T", "drawn": "strokes"}\n---\n'
    (tmp_path / "a" / "b" / "README.md").write_text(card, encoding="utf-8")
    for place in (tmp_path / "a", packed(tmp_path / "a", tmp_path / "a.zip")):
        assert (Folder(place).drawn, Folder(place).info.title) == ("strokes", "T")


def test_a_missing_image_is_named_with_its_archive(tmp_path: Path) -> None:
    made.write_images(tmp_path / "a", WORDS)
    made.write_gt(tmp_path / "a", {**WORDS, "missing.png": "x"})
    archive = packed(tmp_path / "a", tmp_path / "a.zip")
    with pytest.raises(BadDataError, match=r"line 7: there is no image 'missing\.png' in .*a\.zip"):
        words_of(Folder(archive))
    dropped = [word for word in words_of(Folder(archive, drop_wrong=True)) if word.reason is not None]
    assert [word.id for word in dropped] == ["missing.png"]
    assert dropped[0].image is not None
    assert dropped[0].image.size() is None
    with pytest.raises(FileNotFoundError):
        dropped[0].image.read()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("../gt.txt", b"a.png\tx\n", "leads out of its folder"),
        ("/gt.txt", b"a.png\tx\n", "leads out of its folder"),
        ("train.parquet", b"PAR1", "train.parquet: it is not read within an archive: unpack that"),
        ("train/data.mdb", b"\0", "unpack the archive that train/data.mdb is in"),
        ("inner.zip", b"PK", "unpack inner.zip"),
        ("gt.csv", b"text,filename\n" + b"x" * 2000, "has more than 1,000 bytes: unpack the archive"),
    ],
)
def test_what_is_not_read_in_an_archive_is_told(
    name: str, content: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed_tree, "MOST", 1000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a.png", b"")
        file.writestr(name, content)
    with pytest.raises((BadDataError, SourceMissingError), match=re.escape(said)):
        words_of(Folder(tmp_path / "a.zip"))


def test_a_damaged_archive_is_one_sentence(tmp_path: Path) -> None:
    made.write_images(tmp_path / "a", WORDS)
    made.write_gt(tmp_path / "a", WORDS)
    archive = packed(tmp_path / "a", tmp_path / "a.zip")
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(BadDataError, match=r"a\.zip is cut off or damaged"):
        words_of(Folder(archive))


def test_an_archive_that_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    made.write_images(tmp_path / "a", WORDS)
    made.write_gt(tmp_path / "a", WORDS)
    archive = packed(tmp_path / "a", tmp_path / "a.zip")
    word = words_of(Folder(archive))[0]
    os.utime(archive, ns=(1, 1))
    assert word.image is not None
    with pytest.raises(BadDataError, match="has changed since the build began"):
        word.image.read()


def test_columns_that_a_person_names_hold_in_an_archive(tmp_path: Path) -> None:
    made.write_images(tmp_path / "a", WORDS)
    made.write_csv(tmp_path / "a" / "x.csv", ["one", "two"], [(name[:-4], text) for name, text in WORDS.items()])
    source = Folder(packed(tmp_path / "a", tmp_path / "a.zip"), asked=Asked({"image": "one", "text": "two"}))
    assert texts_of(source) == WORDS
