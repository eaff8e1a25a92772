"""IAM from the XML that its PNGs carry: the same words as from XML files, whatever strangers put into such chunks."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

import htrdata
from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import rows_of_page
from htrdata.errors import BadDataError, SourceMissingError
from htrdata.files.on_disk import FileBelow
from htrdata.images.codec import encode
from htrdata.images.png_chunks import after_header, chunk, compressed_texts
from htrdata.images.png_passthrough import prove_png
from htrdata.records import Page, Reason, Word
from htrdata.sources.base import remarks_of
from htrdata.sources.dhsd import Dhsd
from htrdata.sources.iam.embedded import LONGEST, Samples, xml_in
from htrdata.sources.iam.source import Iam
from htrdata.sources.resplit import Resplit
from htrdata.store.shards import Shard


@pytest.fixture
def words(drawn: Path, tmp_path: Path) -> Path:
    """A root with nothing but the images of words."""
    shutil.copytree(drawn / "words", tmp_path / "iam" / "words")
    return tmp_path / "iam"


def pages_of(root: Path, **given: Any) -> list[Page]:
    return list(Iam(root, **given).pages())


def placeless(pages: list[Page]) -> list[Page]:
    return [replace(page, words=tuple(replace(word, image=None) for word in page.words)) for page in pages]


def words_of(pages: list[Page]) -> dict[str, Word]:
    return {word.id: word for page in pages for word in page.words}


def test_the_images_of_words_are_all_that_is_needed(drawn: Path, words: Path, packed: Path, tmp_path: Path) -> None:
    wanted = placeless(pages_of(drawn, annotations="xml"))
    source = Iam(words)
    assert placeless(list(source.pages())) == wanted
    assert source.settings["annotations"] == "png"
    assert source.remarks == ("annotations: the XML in the images, of 8 forms",)
    assert tuple(remarks_of(Resplit(Iam(words, None)))) == source.remarks
    assert tuple(remarks_of(Dhsd(words))) == ()
    archive = tmp_path / "archive"
    archive.mkdir()
    shutil.copy(packed / "words.tgz", archive)
    assert placeless(pages_of(archive)) == wanted
    assert {word.writer for word in words_of(wanted).values()} == {f"{number:03d}" for number in range(6)}


def test_of_each_form_one_image_is_read(words: Path) -> None:
    read: list[Path] = []

    def reading(file: FileBelow) -> bytes:
        read.append(file.path)
        return file.path.read_bytes()

    with mock.patch.object(FileBelow, "read", reading):
        forms = {page.id for page in pages_of(words) if page.words}
    assert sorted(path.parent.name for path in read) == sorted(forms)


def test_a_word_without_image_is_known_from_its_form(words: Path) -> None:
    (words / "words/a01/a01-117/a01-117-00-02.png").unlink()
    (page,) = [page for page in pages_of(words) if page.id == "a01-117"]
    rows = {row.word.id: row for row in rows_of_page(page, BuildOptions(), pixels=False)}
    assert rows["a01-117-00-02"].reason is Reason.IMAGE_MISSING
    assert rows["a01-117-00-03"].reason is None


def test_no_crop_gives_away_what_its_form_says(words: Path, tmp_path: Path) -> None:
    build(Iam(words), tmp_path / "lmdb", BuildOptions(height=0), workers=1)
    store = htrdata.open(tmp_path / "lmdb").dataset("iam_aachen")
    rows = store.manifest()
    kept = rows[rows["status"] == "kept"]
    own = {word_id: word.image for word_id, word in words_of(pages_of(words)).items()}
    assert len(kept) > 500
    for row in kept.to_dict("records"):
        stored = Shard(tmp_path / "lmdb" / row["shard"]).image(row["key"])
        image = own[row["id"]]
        assert image is not None
        published = image.read()
        assert compressed_texts(stored, b"xml", LONGEST) == []
        assert stored == published[:33] + published[published.index(b"IDAT") - 4 :]


def embed(png: bytes, *texts: bytes, keyword: bytes = b"xml\0\0") -> bytes:
    """A PNG with these texts, and no other ones."""
    proved = prove_png(png, "grey")
    assert proved is not None
    data = proved.data
    for text in reversed(texts):
        data = after_header(data, b"zTXt", keyword + zlib.compress(text))
    return data


def first_image(root: Path) -> Path:
    return root / "words/a01/a01-117/a01-117-00-00.png"


def spoil_first(root: Path, change: Callable[[bytes], bytes]) -> Path:
    path = first_image(root)
    path.write_bytes(change(path.read_bytes()))
    return path


def xml_of(png: bytes) -> bytes:
    (text,) = compressed_texts(png, b"xml", LONGEST)
    return text


def broken_checksum(png: bytes) -> bytes:
    at = png.index(b"IDAT") - 5  # within the checksum of the chunk before
    return png[:at] + bytes([png[at] ^ 1]) + png[at + 1 :]


SPOILT: dict[str, tuple[Callable[[bytes], bytes], str | None]] = {
    "no bytes": (lambda png: b"", "no PNG: 0 bytes that begin with b''"),
    "no image": (lambda png: b"<html>", "no PNG"),
    "cut off": (lambda png: png[:900], "cut off after 900 bytes"),
    "wrong checksum": (broken_checksum, r"chunk b'zTXt' has a wrong checksum"),
    "bomb": (lambda png: embed(png, bytes(LONGEST + 1)), "a compressed text of more than 4,194,304 bytes"),
    "damaged text": (
        lambda png: after_header(embed(png), b"zTXt", b"xml\0\0" + zlib.compress(xml_of(png))[:-9]),
        "a compressed text that is damaged",
    ),
    "no stream": (
        lambda png: after_header(embed(png), b"zTXt", b"xml\0\0any"),
        "a compressed text that is damaged",
    ),
    "unknown method": (
        lambda png: after_header(embed(png), b"zTXt", b"xml\0\1" + zlib.compress(xml_of(png))),
        "a compressed text that is damaged",
    ),
    "several": (lambda png: embed(png, xml_of(png), xml_of(png)), "it carries 2 annotations, where IAM's carry one"),
    "another form": (
        lambda png: embed(png, xml_of(png).replace(b'id="a01-117"', b'id="r06-022"')),
        "it carries the annotation of another form, 'r06-022'",
    ),
    "no form": (lambda png: embed(png, b"<page/>"), "it carries the annotation of another form, None"),
    "thousands of chunks": (
        lambda png: embed(png)[:33] + chunk(b"tEXt", b"a\0b") * 2000 + embed(png)[33:],
        "a PNG of more than 1,000 chunks",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_an_image_that_is_spoilt_is_passed_over_for_the_next(name: str, words: Path) -> None:
    change, told = SPOILT[name]
    wanted = placeless(pages_of(words))
    path = spoil_first(words, change)
    with pytest.raises(BadDataError, match=told):
        xml_in(path.read_bytes(), "a01-117")
    assert placeless(pages_of(words)) == wanted


@pytest.mark.parametrize(
    "change",
    [
        embed,
        lambda png: embed(png, xml_of(png), keyword=b"XML\0\0"),
        lambda png: embed(png, xml_of(png), keyword=b"xml2\0\0"),
        lambda png: after_header(embed(png), b"tEXt", b"xml\0" + xml_of(png)),
    ],
)
def test_a_sound_image_without_xml_says_that_its_form_has_none(
    change: Callable[[bytes], bytes], drawn: Path, words: Path
) -> None:
    form = words / "words/a01/a01-117"
    for path in form.iterdir():
        if data := path.read_bytes():
            path.write_bytes(change(data))
    source = Iam(words)
    assert "a01-117" not in {page.id for page in source.pages() if page.words}
    assert "images of words that they know nothing of: " in source.remarks[-1]
    shutil.copytree(drawn / "xml", words / "xml")
    source = Iam(words)
    assert placeless(list(source.pages())) == placeless(pages_of(drawn, annotations="xml"))
    assert source.remarks[1].startswith("the XML in the images, of 7 forms, say the same of ")
    assert "; words that they lack: " in source.remarks[1]


def test_images_that_carry_nothing_leave_annotations_missing(words: Path) -> None:
    for path in words.rglob("*.png"):
        path.write_bytes(encode(np.zeros((9, 9), np.uint8), "png"))
    with pytest.raises(SourceMissingError, match=r"missing: annotations \(xml\.tgz, ascii\.tgz, or the PNGs of the"):
        pages_of(words)


def test_an_image_of_another_format_carries_nothing() -> None:
    assert xml_in(encode(np.zeros((9, 9), np.uint8), "jpeg"), "a01-117") is None


def test_damaged_images_are_not_read_without_end(words: Path) -> None:
    read: list[str] = []

    def nothing(file: FileBelow) -> bytes:
        read.append(file.path.parent.name)
        return b""

    files, samples = sorted(words.rglob("*.png")), Samples()
    with mock.patch.object(FileBelow, "read", nothing):
        for path in files:
            if samples.needs(path.parent.name):
                samples.offer(path.parent.name, FileBelow(str(path.parent), path.name))
    assert max(map(read.count, read)) == 9
    assert len(samples) == 0
    assert len(samples.faults) == 8


def test_what_xml_in_images_and_files_say_differently_is_told(drawn: Path, words: Path) -> None:
    shutil.copytree(drawn / "xml", words / "xml")
    source = Iam(words)
    count = len(words_of(list(source.pages())))
    assert source.settings["annotations"] == "xml"
    same = f"say the same of {count:,} of {count:,} words that both have"
    assert source.remarks == (
        "annotations: the XML files, of 8 forms",
        f"the XML in the images, of 8 forms, {same}",
    )
    spoil_first(words, lambda png: embed(png, xml_of(png).replace(b'threshold="', b'threshold="1')))
    source = Iam(words, annotations="auto")
    list(source.pages())
    form = len((drawn / "xml/a01-117.xml").read_bytes().split(b"<word ")) - 1
    assert (
        f"say the same of {count - form:,} of {count:,} words that both have; other threshold: {form}"
        in (source.remarks[1])
    )
    assert Iam(words, annotations="png").settings["annotations"] == "png"
    assert Iam(words, annotations="xml").remarks == ("annotations: the XML files, of 8 forms",)
