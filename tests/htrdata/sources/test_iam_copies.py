"""IAM as people have it: copies in other formats, archives and depths are read, or named with what to do."""

from __future__ import annotations

import io
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from PIL import Image

from htrdata.drawing.samples.iam import draw_sample
from htrdata.errors import BadDataError, SourceMissingError
from htrdata.records import Word
from htrdata.sources.iam import files as iam_files
from htrdata.sources.iam.names import list_of, packing_of
from htrdata.sources.iam.source import Iam


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forms of IAM with the images of two lines each, which carry no XML, as many copies do not."""
    root = tmp_path_factory.mktemp("iam") / "few"
    draw_sample(root, forms=5, scale=0.2)
    for image in (root / "words").rglob("*.png"):
        if image.stem.split("-")[2] not in ("00", "05"):
            image.unlink()
        elif data := image.read_bytes():
            image.write_bytes(data[:33] + data[data.index(b"IDAT") - 4 :])
    return root


@pytest.fixture
def root(few: Path, tmp_path: Path) -> Path:
    """Its words and lists, to be moved about."""
    for name in ("words", "ascii"):
        shutil.copytree(few / name, tmp_path / "iam" / name)
    return tmp_path / "iam"


def words_of(root: Path, **given: object) -> dict[str, Word]:
    return {word.id: word for page in Iam(root, **given).pages() for word in page.words}  # type: ignore[arg-type]


def images_of(words: dict[str, Word]) -> dict[str, bytes]:
    """The images that are there and have bytes."""
    files = ((word_id, word.image) for word_id, word in words.items() if word.image is not None)
    return {word_id: image.read() for word_id, image in files if image.size()}


def files_of(root: Path) -> list[Path]:
    return [path for path in sorted(root.rglob("*")) if path.is_file()]


def zipped(path: Path, files: Iterable[Path], root: Path, under: str = "", packing: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", packing) as archive:
        for file in files:
            archive.write(file, under + file.relative_to(root).as_posix())


def tarred(path: Path, files: dict[str, bytes], mode: str = "w:gz") -> None:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def as_zip(root: Path, name: str, under: str = "", packing: int = zipfile.ZIP_DEFLATED) -> None:
    zipped(root.parent / name, files_of(root), root, under, packing)
    shutil.rmtree(root)
    root.mkdir()
    (root.parent / name).rename(root / name)


def deeper(root: Path, folders: int) -> None:
    deep = root / "/".join("abcdefghijkl"[:folders])
    deep.mkdir(parents=True)
    (root / "words").rename(deep / "words")


def words_in(root: Path, name: str) -> None:
    zipped(root / name, files_of(root / "words"), root)
    shutil.rmtree(root / "words")


def with_windows_names(root: Path) -> None:
    """As some programs of Windows pack: against what a zip should hold, which Python mends when it writes one."""
    words_in(root, "words.zip")
    data, name = (root / "words.zip").read_bytes(), b"words/a01/"
    (root / "words.zip").write_bytes(data.replace(name, b"words\\a01\\"))


def tarred_words(root: Path) -> None:
    tarred(root / "handwriting.tar.gz", {path.name: path.read_bytes() for path in files_of(root / "words")})
    shutil.rmtree(root / "words")


def renamed(root: Path, ending: str) -> None:
    for path in files_of(root / "words"):
        path.rename(path.with_suffix(ending))


def as_jpeg(root: Path) -> None:
    for path in sorted((root / "words").rglob("*.png")):
        if path.read_bytes():
            Image.open(path).save(path.with_suffix(".jpg"))
        path.unlink()


def copied_list(root: Path, *names: str) -> None:
    for name in names:
        shutil.copy(root / "ascii" / "words.txt", root / name)
    (root / "ascii" / "words.txt").unlink()


COPIES: dict[str, Callable[[Path], object]] = {
    "as it was": lambda root: None,
    "seven folders deep": lambda root: deeper(root, 6),
    "twelve folders deep": lambda root: deeper(root, 11),
    "archive.zip": lambda root: as_zip(root, "archive.zip", "iam_words/"),
    "archive.zip, not compressed": lambda root: as_zip(root, "archive (1).zip", "a/b/c/", zipfile.ZIP_STORED),
    "words.zip": lambda root: words_in(root, "words.zip"),
    "a zip that is called words.tgz": lambda root: words_in(root, "words.tgz"),
    "IAM.zip of Windows": with_windows_names,
    "a tar of another name": tarred_words,
    "words as .PNG": lambda root: renamed(root, ".PNG"),
    "words as .jpg": as_jpeg,
    "words_new.txt": lambda root: copied_list(root, "words_new.txt"),
    "WORDS.TXT": lambda root: copied_list(root, "WORDS.TXT"),
    "the same list twice": lambda root: copied_list(root, "words_new.txt", "words (1).txt"),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_has_the_same_words(name: str, root: Path) -> None:
    wanted = words_of(root)
    images = images_of(wanted)
    COPIES[name](root)
    found = words_of(root)
    assert {i: (word.text, word.box, word.reason, word.extra) for i, word in found.items()} == {
        i: (word.text, word.box, word.reason, word.extra) for i, word in wanted.items()
    }
    there = images_of(found)
    assert there.keys() == images.keys()
    assert len(there) > 80
    assert there == images or name == "words as .jpg"


def test_an_archive_may_be_named_itself(root: Path) -> None:
    wanted = len(words_of(root))
    as_zip(root, "archive.zip")
    assert len(words_of(root / "archive.zip")) == wanted


def test_the_annotations_that_cover_most_are_taken_and_what_others_say_is_told(few: Path, root: Path) -> None:
    wanted = words_of(root)
    xml = (few / "xml" / "a01-117.xml").read_text()
    word = next(word for i, word in wanted.items() if i.startswith("a01-117-00") and word.text.isalpha())
    spoilt = re.sub(rf'(id="{word.id}" tag="NN" text=")[^"]*', r"\1Spoilt", xml)
    spoilt = spoilt.replace('writer-id="', 'writer-id="9', 1).replace('id="a01-117-07-03"', 'id="a01-117-07-99"')
    (root / "a01-117.xml").write_text(spoilt)
    source = Iam(root)
    words = {word.id: word for page in source.pages() for word in page.words}
    assert words.keys() == wanted.keys()
    assert source.settings["annotations"] == "ascii"
    taken, other = source.remarks
    assert taken == f"annotations: {root}/ascii/words.txt, of 5 forms"
    count = xml.count("<word ")
    assert other.startswith(f"the XML files, of 1 forms, say the same of 0 of {count - 1} words that both have; ")
    assert f"words that they lack: {len(wanted) - count + 1}" in other
    assert f"other texts: 1 ({word.id}: 'Spoilt', not {word.text!r})" in other
    assert f"other writers: {count - 1} (" in other
    assert "words that only they have: 1 (a01-117-07-99)" in other
    assert Iam(root, annotations="xml").settings["annotations"] == "xml"


def test_of_several_lists_the_longest_is_taken(root: Path) -> None:
    wanted = len(words_of(root))
    whole = (root / "ascii" / "words.txt").read_bytes()
    (root / "words_new.txt").write_bytes(b"".join(line for line in whole.splitlines(True) if b" ok " in line))
    source = Iam(root)
    assert sum(len(page.words) for page in source.pages()) == wanted
    assert f"not read: {root}/words_new.txt lists no more than {root}/ascii/words.txt" in source.remarks


def nested(root: Path) -> None:
    tarred(root / "lines.tgz", {"a": b""})
    zipped(root / "other.zip", [root / "lines.tgz"], root)
    (root / "lines.tgz").unlink()


STRANGERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a list of English words": (
        lambda root: (root / "words.txt").write_text("aardvark\nabacus\n"),
        "not read: {root}/words.txt begins with 'aardvark', not with a word of IAM",
    ),
    "an empty list": (lambda root: (root / "words.txt").touch(), "not read: {root}/words.txt begins with nothing, not"),
    "forms of another kind": (
        lambda root: (root / "forms.txt").write_text("W-2 1099\n"),
        "not read: {root}/forms.txt begins with 'W-2', not with a form of IAM",
    ),
    "sources of a program": (lambda root: tarred(root / "xmlsec1-1.3.5.tar.gz", {"xmlsec1/README": b"any"}), ""),
    "sources of another": (
        lambda root: tarred(root / "words-1.0.tar.gz", {"words-1.0/setup.py": b"any"}),
        "not read: {root}/words-1.0.tar.gz holds nothing of IAM",
    ),
    "a zip of photographs": (lambda root: zipped(root / "photos.zip", [root / "ascii" / "forms.txt"], root), ""),
    "a zip that is none": (
        lambda root: (root / "thesis.zip").write_bytes(b"PK\3\4" + bytes(99)),
        "not read: {root}/thesis.zip is cut off or damaged, or no zip archive",
    ),
    "an archive that is not read": (
        lambda root: tarred(root / "xml.tar.bz2", {"a01-117.xml": b"any"}, "w:bz2"),
        "not read: {root}/xml.tar.bz2 is packed in a rare way: unpack it",
    ),
    "an archive within an archive": (
        nested,
        "not read: {root}/other.zip:lines.tgz is packed twice: unpack {root}/other.zip",
    ),
    "images without annotation": (
        lambda root: shutil.copy(root / "words/a01/a01-117/a01-117-00-00.png", root / "z98-765-00-00.png"),
        "images of words that they know nothing of: 1 (z98-765-00-00)",
    ),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_what_is_no_iam_does_no_harm_and_is_told(name: str, root: Path) -> None:
    wanted = words_of(root)
    put, remark = STRANGERS[name]
    put(root)
    source = Iam(root)
    assert {word.id: word for page in source.pages() for word in page.words} == wanted
    told = [found for found in source.remarks if remark and found.startswith(remark.format(root=root))]
    assert len(told) == bool(remark), source.remarks


@pytest.mark.parametrize(
    ("name", "remark"),
    [
        ("words.tar.bz2", "words.tar.bz2 is packed in a rare way: unpack it"),
        ("words.7z", "words.7z is packed in a rare way: unpack it"),
        ("IAM_words.rar", "IAM_words.rar is packed in a rare way: unpack it"),
    ],
)
def test_a_packing_that_is_not_read_is_named(name: str, remark: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    (tmp_path / "words.txt").write_text("aardvark\n")
    with pytest.raises(SourceMissingError, match=r"missing: annotations .* and pixels") as caught:
        list(Iam(tmp_path).pages())
    assert f"not read: {tmp_path}/{remark}\n" in str(caught.value)
    assert "words.txt begins with 'aardvark', not with a word of IAM" in str(caught.value)


def test_a_damaged_list_beside_others_says_how_to_do_without(few: Path, root: Path) -> None:
    shutil.copytree(few / "xml", root / "xml")
    wanted = words_of(root)
    path = root / "ascii" / "words.txt"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(BadDataError, match=r"words\.txt, line .* cut off\?; to do without, give --annotations xml"):
        words_of(root)
    assert words_of(root, annotations="xml").keys() == wanted.keys()


def test_a_root_without_an_end_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iam_files, "_MOST_FOLDERS", 5)
    with pytest.raises(BadDataError, match=r"more than 5 folders below .*: name the one that IAM is in"):
        words_of(root)


def test_a_zip_is_read_as_carefully_as_a_tar(root: Path, tmp_path: Path) -> None:
    words_in(root, "words.zip")
    sound = (root / "words.zip").read_bytes()
    words = words_of(root)
    image = next(word.image for word in words.values() if word.image is not None)
    at = sound.index(b"IDAT")
    (root / "words.zip").write_bytes(sound[: at + 20] + b"\0\1\2\3" + sound[at + 24 :])
    with pytest.raises(BadDataError, match="has changed since the build began"):
        image.read()
    with pytest.raises(BadDataError, match=r"words\.zip is cut off or damaged \(in 'words/a01/"):
        images_of(words_of(root))
    (root / "words.zip").write_bytes(sound[:-30])
    with pytest.raises(BadDataError, match=r"words\.zip is cut off or damaged, or no zip archive"):
        words_of(root)
    with zipfile.ZipFile(root / "words.zip", "w") as archive:
        archive.writestr("../../a01-117-00-00.png", b"x")
    with pytest.raises(BadDataError, match="which leads out of its folder"):
        words_of(root)
    with zipfile.ZipFile(root / "words.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a01-117-00-00.png", b"x")
    with pytest.raises(BadDataError, match="packed in a rare way: unpack it by hand"):
        words_of(root)


@pytest.mark.parametrize(
    ("name", "packing"),
    [
        ("words.tgz", "words"),
        ("formsA-D.tgz", "forms"),
        ("XML.TAR.GZ", "xml"),
        ("ascii.tar", "ascii"),
        ("words (1).tgz", "similar"),
        ("words.zip", "similar"),
        ("iam_dataset.tar.gz", "similar"),
        ("archive.zip", "other"),
        ("xmlsec1-1.3.5.tar.gz", "other"),
        ("wordsworth.tgz", "other"),
        ("words.tar.bz2", "unreadable"),
        ("imagenet.tar.xz", None),
        ("words.txt", None),
    ],
)
def test_names_of_archives(name: str, packing: str | None) -> None:
    assert packing_of(name) == packing


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("words.txt", "words"),
        ("words_new.txt", "words"),
        ("Lines (2).txt", "lines"),
        ("forms.TXT", "forms"),
        ("wordsworth.txt", None),
        ("swords.txt", None),
        ("words.txt.gz", None),
        ("._words.txt", None),
    ],
)
def test_names_of_lists(name: str, listed: str | None) -> None:
    assert list_of(name) == listed
