"""ALTO and PAGE exports: what is read of them, and what is refused."""

from __future__ import annotations

import re
import tarfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from PIL import Image

from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import rows_of_page
from htrdata.cli.commands import commands
from htrdata.errors import BadDataError, SourceMissingError, UsageError
from htrdata.images.codec import encode
from htrdata.labels.text_rules import read_text_rules
from htrdata.records import SPLITS, Page, Reason, Unit, Word
from htrdata.sources.resplit import Resplit
from htrdata.sources.xml import XmlExport, tree
from htrdata.sources.xml.alignment import COLUMNS, Alignment
from htrdata.sources.xml.alto import read_alto
from htrdata.sources.xml.files import FILLED
from htrdata.sources.xml.geometry import angle_of, box_around
from htrdata.sources.xml.page_format import read_page
from htrdata.sources.xml.tree import read_tree
from htrdata.sources.xml.written import Written, WrittenPage
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.reading import open_store

from ...drawn_exports import ALTO, PAGE, Drawn, alto, page

LINES = (
    Drawn("l1", (("Hello", (10, 10, 60, 30)), ("you", (70, 12, 100, 32)))),
    Drawn("l2", (("again", (12, 50, 64, 72)),)),
)
SIZE = (200, 100)


def write(root: Path, files: dict[str, str | None]) -> XmlExport:
    """Writes XML files, and blank pictures for names without a text."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.write_bytes(encode(np.full(SIZE[::-1], 255, np.uint8), "png"))
        else:
            path.write_text(text, encoding="utf-8")
    return XmlExport(root, split="test")


def words_of(source: XmlExport) -> list[Word]:
    return [word for one in source.pages() for word in one.words]


def read(text: str) -> WrittenPage:
    root = read_tree(text.encode(), "p.xml")
    return read_page(root, "p.xml") if "PcGts" in text else read_alto(root, "p.xml")


@pytest.mark.parametrize("form", [alto, page])
def test_lines_have_their_text_type_and_place(
    tmp_path: Path, form: Callable[[str, tuple[int, int], Sequence[Drawn]], str]
) -> None:
    source = write(tmp_path, {"a/p.xml": form("p.png", SIZE, LINES), "a/p.png": None})
    (only,) = source.pages()
    assert only.id == "a/p"
    assert only.image is not None
    assert only.image.name == str(tmp_path / "a/p.png")
    first, second = only.words
    assert (first.id, first.text, second.text) == ("a/p/l1", "Hello you", "again")
    assert first.box is not None
    assert (first.box.xc, first.box.yc, first.box.w, first.box.h) == (55, 21, 102, 34)
    assert first.extra["line_type"] == ("default" if form is alto else "heading")
    assert first.extra["region"] == ("Main" if form is alto else "paragraph")
    assert first.outline is not None
    assert first.outline.points[0] == (4, 4)


def test_words_of_page_files_become_rows_and_whole_lines_are_none(tmp_path: Path) -> None:
    write(tmp_path, {"p.xml": page("p.png", SIZE, LINES), "q.xml": alto("q.png", SIZE, LINES)})
    source = write(tmp_path, {"p.png": None, "q.png": None})
    words = words_of(XmlExport(tmp_path, unit="word", split="test"))
    assert words_of(source)
    assert [(word.text, word.reason) for word in words] == [
        ("Hello", None),
        ("you", None),
        ("again", None),
        ("Hello you", Reason.NOT_A_WORD),
        ("again", Reason.NOT_A_WORD),
    ]


def test_strings_of_alto_are_words_where_they_have_their_own_boxes() -> None:
    line = (
        '<TextLine ID="l" HPOS="0" VPOS="0" WIDTH="50" HEIGHT="10" BASELINE="9"><String ID="s" CONTENT="an" HPOS="0" '
        'VPOS="0" WIDTH="20" HEIGHT="10"/><SP/><String CONTENT="ex" HPOS="25" VPOS="0" WIDTH="20" HEIGHT="10"/>'
        '<HYP CONTENT="-"/></TextLine>'
    )
    (found,) = read(alto("p.png", SIZE, (), line)).lines
    assert found.text == "an ex-"
    assert [(word.text, word.outline[2]) for word in found.words] == [("an", (20, 10)), ("ex", (45, 10))]
    assert found.baseline == ((0, 9), (50, 9))


def with_coords(coords: str, text: str = "<TextEquiv><Unicode>x</Unicode></TextEquiv>") -> Written:
    (line,) = read(page("p.png", SIZE, (), f'<TextLine id="l">{coords}{text}</TextLine>')).lines
    return line


@pytest.mark.parametrize(
    "odd", ["1,2 3", "1,2 a,b 3,4", "1,2 nan,4 3,3", "1e999,1 2,2 3,3", "1e300,1 2,2 3,3", f"{'9' * 320},2 3,4 5,6"]
)
def test_odd_coordinates_are_a_flaw(odd: str) -> None:
    line = with_coords(f'<Coords points="{odd}"/>')
    assert line.outline == ()
    assert odd[:9] in line.flaw


@pytest.mark.parametrize("digits", [20, 320, 5000])
def test_numbers_of_any_length_are_read_or_a_flaw(tmp_path: Path, digits: int) -> None:
    number = "9" * digits
    lines = "".join(
        f'<TextLine id="{name}">{coords}<TextEquiv index="{number}"><Unicode>x</Unicode></TextEquiv></TextLine>'
        for name, coords in (("a", f'<Coords points="1,1 {number},1 9,9"/>'), ("b", '<Coords points="1,1 9,1 9,9"/>'))
    )
    text = page("p.png", SIZE, (), lines).replace(
        f'imageWidth="{SIZE[0]}"', 'imageWidth=""' if digits == 20 else f'imageWidth="{number}"'
    )
    written = alto("p.png", SIZE, (), f'<TextLine ID="a" HPOS="1" VPOS="1" WIDTH="{number}" HEIGHT="{number}"/>')
    source = write(tmp_path, {"p.xml": text, "p.png": None, "q.xml": written, "q.png": None})
    build(source, tmp_path / "lmdb", workers=1)
    reasons = ManifestReader(tmp_path / "lmdb/xml/manifest.parquet").table(["reason"]).to_pydict()["reason"]
    assert reasons == ["invalid_box", None, "invalid_box"]


@pytest.mark.parametrize("number", ["1e300", "-1e308", "1e16", "1e14"])
def test_a_baseline_beyond_all_pages_is_none_or_one_that_can_be_reckoned_with(tmp_path: Path, number: str) -> None:
    coords = f'<Coords points="1,1 9,1 9,9"/><Baseline points="1,{number} 9,-{number.removeprefix("-")} 5,5"/>'
    line = f'<TextLine id="l">{coords}<TextEquiv><Unicode>x</Unicode></TextEquiv></TextLine>'
    (only,) = words_of(write(tmp_path, {"p.xml": page("p.png", SIZE, (), line), "p.png": None}))
    assert only.box is not None
    assert np.isfinite([only.box.w, only.box.h, only.box.angle]).all()


def test_tags_in_great_numbers_make_no_long_type() -> None:
    tags = "".join(f'<OtherTag ID="t{i}" LABEL="{i:0900d}"/>' for i in range(150))
    line = f'<TextLine ID="a" TAGREFS="{" ".join(f"t{i}" for i in range(150))}"/>'
    (found,) = read(f'<alto xmlns="{ALTO}"><Tags>{tags}</Tags><Layout><Page>{line}</Page></Layout></alto>').lines
    assert len(found.type) == 1000


def test_a_long_custom_attribute_takes_no_time() -> None:
    line = with_coords("").type
    text = page("p.png", SIZE, (), f'<TextLine id="l" custom="{"structure {" * 100_000}"/>')
    began = time.perf_counter()
    assert read(text).lines[0].type == line
    assert time.perf_counter() - began < 20  # it took hours


def test_flawed_and_missing_coordinates_have_their_reasons(tmp_path: Path) -> None:
    lines = "".join(
        f'<TextLine id="{name}">{coords}<TextEquiv><Unicode>x</Unicode></TextEquiv></TextLine>'
        for name, coords in (
            ("a", '<Coords points="1,2 3"/>'),
            ("b", ""),
            ("c", '<Coords points="900,1 950,1 950,9"/>'),
        )
    )
    write(tmp_path, {"p.xml": page("p.png", SIZE, LINES[1:], lines), "p.png": None})
    build(XmlExport(tmp_path, split="test"), tmp_path / "lmdb", workers=1)
    manifest = open_store(tmp_path / "lmdb").dataset("xml").manifest(["id", "reason"]).fillna("")
    assert dict(zip(manifest["id"], manifest["reason"], strict=True)) == {
        "p/l2": "",
        "p/a": "invalid_box",
        "p/b": "empty_box",
        "p/c": "empty_box",
    }


def test_points_of_old_page_files_and_the_lowest_index_count() -> None:
    coords = '<Coords><Point x="1" y="2"/><Point x="3" y="4"/><Point x="1" y="4"/></Coords>'
    equivs = (
        '<TextEquiv index="1"><Unicode>b</Unicode></TextEquiv><TextEquiv index="0"><Unicode>a</Unicode></TextEquiv>'
    )
    line = with_coords(coords, equivs)
    assert (line.outline, line.text) == (((1, 2), (3, 4), (1, 4)), "a")


def test_an_empty_line_of_page_takes_the_text_of_its_words() -> None:
    words = "".join(f'<Word id="{w}"><TextEquiv><Unicode>{w}</Unicode></TextEquiv></Word>' for w in ("to", "be"))
    assert with_coords("", f"{words}<TextEquiv><Unicode/></TextEquiv>").text == "to be"


def test_duplicate_ids_excluded_types_and_missing_pictures_have_their_reasons(tmp_path: Path) -> None:
    write(tmp_path, {"p.xml": page("p.png", SIZE, (LINES[0], LINES[0])), "p.png": None})
    assert [word.reason for word in words_of(XmlExport(tmp_path, split="test"))] == [None, Reason.DUPLICATE_ID]
    excluded = XmlExport(tmp_path, split="test", excluded=("Heading",))
    assert {word.reason for word in words_of(excluded)} == {Reason.EXCLUDED_TYPE, Reason.DUPLICATE_ID}
    (tmp_path / "p.png").unlink()
    (without,) = XmlExport(tmp_path, split="test").pages()
    assert without.reason is Reason.IMAGE_MISSING


@pytest.mark.parametrize(
    ("name", "xml", "picture"),
    [
        ("p.png", "page/p.xml", "p.png"),  # Transkribus
        ("p.png", "alto/p.xml", "jpg/p.png"),
        (r"C:\scans\P.PNG", "p.xml", "p.png"),
        ("", "p.xml", "p.png"),
        ("p.tif", "p.xml", "p.png"),
        ("../../etc/p.png", "p.xml", "p.png"),
    ],
)
def test_pictures_are_found_as_tools_lay_them_out(tmp_path: Path, name: str, xml: str, picture: str) -> None:
    (only,) = write(tmp_path, {xml: alto(name, SIZE, LINES), picture: None}).pages()
    assert only.image is not None
    assert Path(only.image.name) == tmp_path / picture


@pytest.mark.parametrize(
    ("name", "picture"),
    [
        ("Br\u00fccke K\u00f6ln.png", "Bru\u0308cke Ko\u0308ln.png"),
        ("Bru\u0308cke Ko\u0308ln.png", "Br\u00fccke K\u00f6ln.png"),
        ("http://a.b/Br%C3%BCcke%20K.png?x=1", "Bru\u0308cke K.png"),
        ("100%25.png", "100%25.png"),
    ],
)
def test_pictures_are_found_whatever_system_wrote_their_names(tmp_path: Path, name: str, picture: str) -> None:
    found = next(iter(write(tmp_path, {"p.xml": alto(name, SIZE, LINES), picture: None}).pages()))
    assert found.reason is None
    assert found.image is not None
    assert found.image.name.endswith(picture)


def test_the_picture_of_another_document_is_none(tmp_path: Path) -> None:
    pages = {"a/page/1.xml": page("1.png", SIZE, LINES), "b/page/1.xml": page("1.png", SIZE, LINES)}
    found = list(write(tmp_path, {**pages, "a/1.png": None, "images/2.png": None}).pages())
    assert [one.reason for one in found] == [None, Reason.IMAGE_MISSING]
    far = write(tmp_path, {"b/c/page/2.xml": page("2.png", SIZE, LINES)})
    assert {one.id: one.reason for one in far.pages()}["b/c/page/2"] is None


@pytest.mark.parametrize(("whole", "without"), [("a", "b"), ("b", "a")])
def test_a_picture_is_that_of_the_document_it_lies_in(tmp_path: Path, whole: str, without: str) -> None:
    files: dict[str, str | None] = {
        f"{whole}/alto/ocr_1.xml": alto("1.png", SIZE, LINES),
        f"{whole}/jpg/1.png": None,
        f"{without}/alto/ocr_1.xml": alto("1.png", SIZE, LINES[:1]),
    }
    found = {one.id: one for one in write(tmp_path, files).pages()}
    assert found[f"{whole}/alto/ocr_1"].reason is None
    stranger = found[f"{without}/alto/ocr_1"]
    assert (stranger.reason, stranger.image and stranger.image.size()) == (Reason.IMAGE_MISSING, None)


@pytest.mark.parametrize("unit", ["line", "word"])
def test_of_files_that_transcribe_one_picture_one_counts(tmp_path: Path, unit: Unit) -> None:
    files: dict[str, str | None] = {"page/p.xml": page("p.png", SIZE, LINES), "alto/p.xml": alto("p.png", SIZE, LINES)}
    source = replace(write(tmp_path, {**files, "p.png": None}), unit=unit)
    assert {one.id: one.reason for one in source.pages()} == {"alto/p": Reason.DUPLICATE_PAGE, "page/p": None}
    assert "1 page of pictures that another file transcribes" in source.remarks[0]
    (tmp_path / "page/p.xml").write_text(page("p.png", SIZE, LINES[:1]))  # that with more lines counts
    assert {one.id: one.reason for one in source.pages()} == {"alto/p": None, "page/p": Reason.DUPLICATE_PAGE}
    (tmp_path / "alto/p.xml").write_text(alto("p.png", SIZE, LINES[1:]))  # other lines: halves of a sheet
    assert {one.reason for one in source.pages()} == {None}


def test_pages_in_both_formats_are_dealt_out_once(tmp_path: Path) -> None:
    files: dict[str, str | None] = {f"{k}.png": None for k in range(10)}
    for k in range(10):
        files |= {f"page/{k}.xml": page(f"{k}.png", SIZE, LINES), f"alto/{k}.xml": alto(f"{k}.png", SIZE, LINES)}
    pages = list(Resplit(replace(write(tmp_path, files), split=None)).pages())
    counting = [one for one in pages if one.reason is None]
    assert sorted(one.id for one in counting) == [f"page/{k}" for k in range(10)]
    assert Counter(one.split for one in counting) == {"train": 8, "val": 1, "test": 1}


@pytest.mark.parametrize("size", [(100, 50), (400, 200), (100, 200), (201, 100)])
@pytest.mark.parametrize("pixels", [True, False])
def test_a_picture_of_another_size_is_not_cut(tmp_path: Path, size: tuple[int, int], pixels: bool) -> None:
    (one,) = write(tmp_path, {"p.xml": page("p.png", size, LINES), "p.png": None}).pages()
    reasons = {row.reason for row in rows_of_page(one, BuildOptions(), pixels=pixels)}
    assert reasons == {None if size == (201, 100) else Reason.SIZE_MISMATCH}  # of one pixel programs err
    (unknown,) = write(tmp_path, {"p.xml": page("p.png", (0, 0), LINES)}).pages()
    assert {row.reason for row in rows_of_page(unknown, BuildOptions(), pixels=pixels)} == {None}


def test_a_text_that_is_laid_out_like_its_file_is_one_line() -> None:
    text = page("p.png", SIZE, LINES, words=False).replace("Hello you", "\n  Hello \r\n\tyou\n ")
    assert read_page(read_tree(text.encode(), "p"), "p").lines[0].text == "Hello you"


def test_of_two_pictures_none_is_guessed(tmp_path: Path) -> None:
    files = {"x/p.xml": alto("p.png", SIZE, LINES), "y/a/p.png": None, "y/b/p.png": None}
    (only,) = write(tmp_path, files).pages()
    assert only.reason is Reason.IMAGE_MISSING


@pytest.mark.parametrize("name", ["img/p.png", r"C:\scans\IMG\p.png", "../img/p.jpg", "https://a.b/img/p.png"])
def test_of_two_pictures_the_one_in_the_folder_that_is_named_counts(tmp_path: Path, name: str) -> None:
    files = {"page/p.xml": page(name, SIZE, LINES), "img/p.png": None, "thumbs/p.png": None}
    (only,) = write(tmp_path, files).pages()
    assert only.image is not None
    assert Path(only.image.name) == tmp_path / "img/p.png"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("q.png", "a/q.png"),
        (r"C:\scans\q.tif", "a/q.tif"),
        ("http://host/../q.jpg", "a/q.jpg"),
        ("", "a/p.jpg"),
        ("..", "a/p.jpg"),
        ("q" * 300, "a/p.jpg"),
    ],
)
def test_where_a_missing_picture_was_looked_for_is_told(tmp_path: Path, name: str, place: str) -> None:
    (only,) = write(tmp_path, {"a/p.xml": page(name, SIZE, LINES)}).pages()
    assert (only.reason, only.image and only.image.name) == (Reason.IMAGE_MISSING, str(tmp_path / place))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<!DOCTYPE a [<!ENTITY x "y">]><alto>&x;</alto>', "declares entities"),
        ('<!DOCTYPE a [<!ATTLIST Word custom CDATA "any">]><alto/>', "entities or attributes"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><alto>&x;</alto>', "line 1: the entity"),
        ("<alto><Layout>", "line 1: not well-formed"),
        ("<a>" * 500 + "</a>" * 500, "more than 100 elements"),
        (f'<alto xmlns="{ALTO}"><Description><MeasurementUnit>mm10</MeasurementUnit></Description></alto>', "'mm10'"),
        (f'<alto xmlns="{ALTO}"><Layout><Page/><Page/></Layout></alto>', "2 pages"),
        (f'<PcGts xmlns="{PAGE}"/>', "0 elements Page"),
        ('<?xml version="1.0" encoding="GB18030"?><alto/>', "line 1: multi-byte encodings.* save it as UTF-8"),
        ('<?xml version="1.0" encoding="idna"?><alto/>', "line 1: .*save it as UTF-8"),
        ('<?xml version="1.0" encoding="none-of-any"?><alto/>', "line 1: .*save it as UTF-8"),
        (f'<alto xmlns="{"n" * 1001}"/>', "a name of 1,006 characters"),
        (f'<alto xmlns="{ALTO}"><Layout><Page {"i" * 1001}=""/></Layout></alto>', "a name of 1,001 characters"),
        (page("p.png", SIZE, (), f'<TextLine id="{"i" * 1001}"/>'), "a name of 1,001 characters"),
        (f'<alto xmlns="{ALTO}"><Tags><OtherTag ID="a" LABEL="{"i" * 1001}"/></Tags></alto>', "a name of 1,001"),
    ],
)
def test_files_that_are_not_what_they_should_be_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadDataError, match=said) as error:
        list(write(tmp_path, {"p.xml": text}).pages())
    assert "p.xml" in str(error.value)


MANY = ["<a/>" * 99, "<a " + " ".join(f"b{i}='' " for i in range(99)) + "/>"]


@pytest.mark.parametrize("many", MANY)
def test_elements_and_attributes_are_counted(monkeypatch: pytest.MonkeyPatch, many: str) -> None:
    monkeypatch.setattr(tree, "MAX_NODES", 99)
    with pytest.raises(BadDataError, match=r"p\.xml, line 1: more than 99 elements and attributes"):
        read(f"<alto>{many}</alto>")


def test_other_files_are_counted_and_alone_they_are_no_export(tmp_path: Path) -> None:
    mets = '<mets xmlns="http://www.loc.gov/METS/"/>'
    source = write(tmp_path, {"mets.xml": mets, "p.xml": alto("p.png", SIZE, LINES), "p.png": None})
    assert len(list(source.pages())) == 1
    assert source.settings["other_files"] == "1 http://www.loc.gov/METS/"
    (tmp_path / "p.xml").unlink()
    with pytest.raises(SourceMissingError, match=re.escape("1 http://www.loc.gov/METS/")):
        list(source.pages())
    with pytest.raises(SourceMissingError, match="nothing at"):
        list(XmlExport(tmp_path / "elsewhere").pages())


@pytest.mark.parametrize(
    ("baseline", "angle"),
    [
        (((0, 0), (100, 0)), 0.0),
        (((0, 100), (100, 0)), 45.0),
        (((100, 0), (0, 100)), -135.0),  # read from right to left: upside down
        (((100, 0), (0, 0)), 180.0),
        (((100, 0), (50, 1), (0, 0)), 180.0),  # as good as level
        (((0, 100), (0, 0)), 90.0),  # upwards
        (((0, 100), (2, 0)), 88.854),
        (((2, 100), (0, 0)), 91.146),
        (((0, 0), (0, 100)), -90.0),  # downwards
        (((0, 0), (2, 100)), -88.854),
        (((2, 0), (0, 100)), -91.146),
        (((0, 0), (50, 80), (0, 0)), -57.995),  # leads nowhere
        (((0, 0), (50, 1), (100, 0)), 0.0),
        (((5, 5),), 0.0),
    ],
)
def test_the_angle_of_a_baseline(baseline: Sequence[tuple[float, float]], angle: float) -> None:
    assert angle_of(tuple(baseline)) == pytest.approx(angle, abs=1e-3)


@pytest.mark.parametrize("text", ["שלום", "مرحبا 1905", "שלום abc"])
def test_where_writing_runs_leftwards_no_line_counts_as_upside_down(text: str) -> None:
    assert angle_of(((100, 0), (0, 0)), text) == 0.0
    assert angle_of(((0, 0), (100, 0)), text) == 0.0


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("unit", ["line", "word"])
def test_lines_stand_upright_however_the_page_was_scanned(tmp_path: Path, quarters: int, unit: Unit) -> None:
    upright = np.random.default_rng(1).integers(0, 256, SIZE[::-1], np.uint8)
    for name, turned in (("upright", 0), ("turned", quarters)):
        pixels = np.rot90(upright, turned)
        (tmp_path / name).mkdir()
        (tmp_path / name / "p.png").write_bytes(encode(np.ascontiguousarray(pixels), "png"))
        rows, columns = pixels.shape
        xml = page(
            "p.png", (columns, rows), (), "".join(line_of(*box, turned) for box in ((10, 10, 60, 30), (70, 8, 199, 40)))
        )
        (tmp_path / name / "p.xml").write_text(xml)
        build(
            XmlExport(tmp_path / name, unit=unit, split="test"), tmp_path / "store", BuildOptions(height=0), name=name
        )
    store = open_store(tmp_path / "store")
    straight, found = ([one.encoded for one in store["test", name]] for name in ("upright", "turned"))
    assert len(found) == 2
    assert found == straight


def line_of(left: int, top: int, right: int, bottom: int, quarters: int) -> str:
    """A line of one word on a page of `SIZE` that was turned counter-clockwise."""

    def points(*given: tuple[int, int]) -> str:
        columns, rows = SIZE
        for _ in range(quarters):
            given = tuple((y, columns - x) for x, y in given)
            columns, rows = rows, columns
        return " ".join(f"{x},{y}" for x, y in given)

    coords = f'<Coords points="{points((left, top), (right, top), (right, bottom), (left, bottom))}"/>'
    text = "<TextEquiv><Unicode>word</Unicode></TextEquiv>"
    return (
        f'<TextLine id="l{left}">{coords}<Baseline points="{points((left, bottom - 3), (right, bottom - 3))}"/>'
        f'<Word id="w{left}">{coords}{text}</Word>{text}</TextLine>'
    )


def test_texts_that_were_escaped_twice_are_told_until_rules_put_them_right(tmp_path: Path) -> None:
    box = (10, 10, 60, 30)
    texts = ("Dupont &amp; fils", "l&#39;acte &amp; &amp;", "a & b &c; AT&T")
    drawn = [Drawn(f"l{number}", ((text, box),)) for number, text in enumerate(texts)]
    root = tmp_path / "export"
    source = write(root, {"p.xml": page("p.png", SIZE, drawn), "p.png": None})
    assert [word.text for word in words_of(source)] == list(texts)
    (said,) = source.remarks
    assert "&amp; in 2 lines, &#39; in 1 line;" in said
    table = tmp_path / "rules.csv"
    table.write_text("char,replacement\n&amp;,&\n&#39;,'\n")
    told = XmlExport(root, split="test", rules=read_text_rules(table))
    assert [word.text for word in words_of(told)] == ["Dupont & fils", "l'acte & &", texts[2]]
    assert told.remarks == []


def test_a_box_holds_its_points_at_any_angle() -> None:
    box = box_around(((0, 10), (10, 0), (12, 2), (2, 12)), 45.0)
    assert (box.xc, box.yc) == pytest.approx((6, 6))
    assert (box.w, box.h) == pytest.approx((10 * 2**0.5, 2 * 2**0.5))


def test_what_is_outside_of_a_line_becomes_paper(tmp_path: Path) -> None:
    pixels = np.full((100, 200), 200, np.uint8)
    pixels[40:60, 60:80] = 0  # of the line
    pixels[20:35, 100:120] = 0  # of the line above, within the box
    (tmp_path / "p.png").write_bytes(encode(pixels, "png"))
    line = (
        '<TextLine id="l"><Coords points="10,38 90,38 90,18 98,18 98,38 180,38 180,70 10,70"/>'
        "<TextEquiv><Unicode>x</Unicode></TextEquiv></TextLine>"
    )
    (tmp_path / "p.xml").write_text(page("p.png", SIZE, (), line))
    build(XmlExport(tmp_path, split="test"), tmp_path / "lmdb", BuildOptions(height=0, format="png"), workers=1)
    (stored,) = open_store(tmp_path / "lmdb")["test", "xml"]
    crop = np.asarray(stored.image)
    assert crop.shape == (52, 170)
    expected = pixels[18:70, 10:180].copy()
    expected[:20, 90:] = 200
    assert (crop == expected).all()


def test_the_shared_pages_build_whole(shared: Path) -> None:
    for folder, pages, lines in (("hn2021", 3, 42), ("pages", 27, 629)):
        found: list[Page] = list(XmlExport(shared / folder, split="test").pages())
        rows = [word for one in found for word in one.words]
        assert (len(found), len(rows)) == (pages, lines)
        assert [one.id for one in found if one.reason] == []
        assert [word.id for word in rows if word.reason or word.box is None] == []
    printed = XmlExport(shared / "pages", split="test", excluded=("printed",))
    assert sum(word.reason is Reason.EXCLUDED_TYPE for word in words_of(printed)) == 20


@pytest.mark.parametrize("unit", ["line", "word"])
def test_text_rules_fold_rows_and_are_counted_and_recorded(tmp_path: Path, unit: Unit) -> None:
    write(tmp_path, {"p.xml": page("p.png", SIZE, LINES), "p.png": None})
    (tmp_path / "rules.csv").write_text("char,replacement,regex\nl+,L,true\nq,Q,\n", encoding="utf-8")
    rules = read_text_rules(tmp_path / "rules.csv")
    source = XmlExport(tmp_path, unit=unit, split="test", rules=rules)
    texts = [word.text for word in words_of(source)]
    assert texts == (["HeLo you", "again"] if unit == "line" else ["HeLo", "you", "again"])
    assert source.settings["folded"] == "l+: 1"
    assert source.settings["text_rules"] == rules.digest
    assert words_of(source)
    assert source.folded == {"l+": 1}  # not 2


def test_dewarping_gives_rows_the_baseline_of_their_line(tmp_path: Path) -> None:
    curved = (
        '<TextLine id="c"><Coords points="0,10 100,30 200,10 200,40 100,60 0,40"/>'
        '<Baseline points="0,35 100,55 200,35"/>'
        "<TextEquiv><Unicode>x</Unicode></TextEquiv></TextLine>"
    )
    write(tmp_path, {"p.xml": page("p.png", SIZE, (), curved), "p.png": None})
    (plain,) = words_of(XmlExport(tmp_path, split="test"))
    (straight,) = words_of(XmlExport(tmp_path, split="test", dewarp=True))
    assert plain.baseline is None
    assert straight.baseline is not None
    assert straight.baseline.points == ((0, 35), (100, 55), (200, 35))
    heights = []
    for name, source in (
        ("a", XmlExport(tmp_path, split="test")),
        ("b", XmlExport(tmp_path, split="test", dewarp=True)),
    ):
        build(source, tmp_path / "lmdb", BuildOptions(height=0), name=name, workers=1)
        heights.append(open_store(tmp_path / "lmdb").dataset(name).words("test")[0].image.height)
    assert heights == [50, 30]


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return path


def test_a_zip_is_read_as_the_folder_that_it_holds(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    files = {"doc/page/p.xml": page("p.png", SIZE, LINES), "doc/p.png": None, "q.XML": alto("q.png", SIZE, LINES)}
    write(folder, {**files, "mets.xml": "<mets/>", "__MACOSX/doc/page/._p.xml": "\0\5", "._q.xml": "\0\5"})
    write(folder, {"q.jpg": None})
    archive = zipped(folder, tmp_path / "export.zip")
    digests = []
    for place in (folder, archive):
        source = XmlExport(place, split="test")
        built = build(source, tmp_path / f"lmdb{place.suffix}", name="same", workers=1)
        digests.append(built.description.content_digest)
        assert source.settings["other_files"] == "1 <mets>, 2 left over by macOS"
        assert source.division == XmlExport(folder, split="test").division  # what learnt from one has seen the other
        assert [one.id for one in source.pages()] == ["doc/page/p", "q"]
    assert digests[0] == digests[1]
    (first, _) = XmlExport(archive, split="test").pages()
    assert first.image is not None
    assert first.image.name == f"{archive}:doc/p.png"


def test_what_a_recogniser_has_written_into_an_export_is_no_transcription(tmp_path: Path) -> None:
    root = tmp_path / "export"
    text = page("p.png", SIZE, LINES)
    write(
        root,
        {"page/p.xml": text, "p.png": None, "filled/page/p.xml": text, f"filled/{FILLED}": "{}", "filled/._p.xml": "x"},
    )
    for place in (root, zipped(root, tmp_path / "export.zip")):
        source = XmlExport(place, split="test")
        assert [one.id for one in source.pages()] == ["page/p"]
        assert "1 files of `htrmodel predict --xml` within the export are no part of it" in source.remarks
    # Named by themselves, or with nothing else beside them, they are what is meant: somebody has put them right.
    write(root, {"filled/p.png": None})
    assert len(list(XmlExport(root / "filled", split="test").pages())) == 1
    (root / "page/p.xml").unlink()
    assert len(list(XmlExport(root, split="test").pages())) == 1


@pytest.mark.parametrize(("ending", "mode"), [("tar.gz", "w:gz"), ("tar", "w:")])
def test_a_tar_is_read_as_a_zip_is(tmp_path: Path, ending: str, mode: Literal["w:gz", "w:"]) -> None:
    export = write(tmp_path / "export", {"p.xml": page("p.png", SIZE, LINES), "p.png": None})
    packed = replace(export, root=tmp_path / f"export.{ending}")
    with tarfile.open(packed.root, mode) as file:
        file.add(export.root, ".")
    assert words_of(packed) == words_of(export)
    assert packed.division == export.division
    assert [row.image for one in packed.pages() for row in rows_of_page(one, BuildOptions())] == [
        row.image for one in export.pages() for row in rows_of_page(one, BuildOptions())
    ]


def test_archives_within_an_export_are_told(tmp_path: Path) -> None:
    source = write(tmp_path, {"inner.zip": None})
    with pytest.raises(SourceMissingError, match=r"other XML files: none; 1 archive\)"):
        list(source.pages())
    assert words_of(write(tmp_path, {"p.xml": page("p.png", SIZE, LINES), "p.png": None}))
    list(source.pages())
    assert source.remarks == [
        "1 archive within the export, which is not looked into: unpack what is there, or name it by itself"
    ]
    with pytest.raises(UsageError, match=r"p\.xml is one page: name the folder"):
        list(replace(source, root=tmp_path / "p.xml").pages())


def test_a_zip_without_its_pictures_says_where_it_looked(tmp_path: Path) -> None:
    write(tmp_path / "export", {"p.xml": page("p.png", SIZE, LINES)})
    archive = zipped(tmp_path / "export", tmp_path / "export.zip")
    (only,) = XmlExport(archive, split="test").pages()
    assert only.reason is Reason.IMAGE_MISSING
    assert only.image is not None
    assert (only.image.name, only.image.size()) == (str(archive / "p.png"), None)


def test_places_that_are_none_and_torn_archives_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match=r"nothing at .*nowhere: name the folder, or the zip"):
        words_of(XmlExport(tmp_path / "nowhere", split="test"))
    write(tmp_path / "export", {"p.xml": page("p.png", SIZE, LINES), "p.png": None})
    archive = zipped(tmp_path / "export", tmp_path / "export.zip")
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(BadDataError, match=r"export\.zip is cut off or damaged"):
        words_of(XmlExport(archive, split="test"))


TRANSKRIBUS = """<ns3:mets xmlns:ns2="http://www.w3.org/1999/xlink" xmlns:ns3="http://www.loc.gov/METS/"><ns3:fileSec>
<ns3:fileGrp ID="MASTER"><ns3:fileGrp ID="IMG">{images}</ns3:fileGrp><ns3:fileGrp ID="PAGEXML">{texts}</ns3:fileGrp>
</ns3:fileGrp></ns3:fileSec><ns3:structMap ID="TRP_STRUCTMAP" TYPE="MANUSCRIPT"><ns3:div ID="TRP_DOC_DIV">{divs}
</ns3:div></ns3:structMap></ns3:mets>"""
ESCRIPTORIUM = """<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink"><fileSec>
<fileGrp USE="image">{images}</fileGrp><fileGrp USE="export">{texts}</fileGrp></fileSec>
<structMap TYPE="physical"><div TYPE="document">{divs}</div></structMap></mets>"""


def mets_of(form: str, pages: Sequence[tuple[str, str]]) -> str:
    """A METS of the pages, each a picture and an XML file, as the tools write it."""
    prefix, link = ("ns3:", "ns2") if form is TRANSKRIBUS else ("", "xlink")

    def file(kind: str, number: int, place: str) -> str:
        at = f'<{prefix}FLocat LOCTYPE="OTHER" {link}:type="simple" {link}:href="{place}"/>'
        return f'<{prefix}file ID="{kind}_{number}" SEQ="{number}">{at}</{prefix}file>'

    def pointers(number: int) -> str:
        if form is ESCRIPTORIUM:
            return f'<fptr FILEID="IMG_{number}"/><fptr FILEID="XML_{number}"/>'
        areas = (f'<ns3:fptr><ns3:area FILEID="{kind}_{number}"/></ns3:fptr>' for kind in ("IMG", "XML"))
        return "".join(areas)

    numbered = list(enumerate(pages, 1))
    return form.format(
        images="".join(file("IMG", i, image) for i, (image, _) in numbered),
        texts="".join(file("XML", i, text) for i, (_, text) in numbered if text),
        divs="".join(f'<{prefix}div ORDER="{i}" TYPE="PAGE">{pointers(i)}</{prefix}div>' for i, _ in numbered),
    )


def test_a_damaged_page_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "p.xml").write_text('<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout>')
    with pytest.raises(BadDataError, match=r"p\.xml, line 1: not well-formed .* \(export it again, or move it out"):
        list(XmlExport(tmp_path).pages())


@pytest.mark.parametrize("form", [TRANSKRIBUS, ESCRIPTORIUM])
def test_pages_that_a_mets_lists_and_that_are_not_there_are_named(tmp_path: Path, form: str) -> None:
    listed = [("p 1.png", "page/p%201.xml"), ("P2.png", "page/p2.XML"), ("p3.png", "page/p3.xml"), ("p4.png", "")]
    files = {
        "doc/mets.xml": mets_of(form, listed),
        "doc/p 1.png": None,
        "doc/page/p 1.xml": page("p 1.png", SIZE, LINES),
    }
    # Of another document, it is not the page that is missing.
    source = write(tmp_path, {**files, "other/p3.xml": page("p3.png", SIZE, LINES)})
    for _ in range(2):
        assert len(list(source.pages())) == 2
        assert source.settings["listed_pages"] == "4"
        (remark,) = source.remarks
        assert "doc/mets.xml lists 4 pages, and of 3 there is no ALTO or PAGE file: p2.xml, p3.xml, p4.png" in remark
    write(tmp_path, {f"doc/page/{name}.xml": page(f"{name}.png", SIZE, LINES) for name in ("p2", "p3", "p4")})
    assert len(list(source.pages())) == 5
    assert source.remarks == []


@pytest.mark.parametrize("ending", ["heic", "jxl"])
def test_pictures_that_cannot_be_read_are_named(tmp_path: Path, ending: str) -> None:
    source = write(tmp_path, {"p.xml": page(f"p.{ending}", SIZE, LINES), f"p.{ending}": "picture"})
    (one,) = source.pages()
    assert one.reason is Reason.IMAGE_MISSING
    assert any("1 image cannot be read here" in remark and "PNG" in remark for remark in source.remarks)


@pytest.mark.parametrize("ending", ["jp2", "pgm", "avif"])
def test_pictures_of_libraries_are_read(tmp_path: Path, ending: str) -> None:
    source = write(tmp_path, {"p.xml": page(f"p.{ending}", SIZE, LINES)})
    Image.fromarray(np.full(SIZE[::-1], 200, np.uint8)).save(tmp_path / f"p.{ending}")
    built = build(source, tmp_path / "lmdb", workers=1)
    assert built.description.kept == 2


@pytest.mark.parametrize(
    ("pages", "told"), [(1, "dealt out (1 page by line)"), (2, "(2 pages by line)"), (3, "moved p")]
)
def test_an_export_of_few_pages_is_dealt_out_and_that_is_said(tmp_path: Path, pages: int, told: str) -> None:
    lines = [Drawn(f"l{k}", (("Hello", (10, 10 * k, 60, 10 * k + 8)),)) for k in range(8)]
    for number in range(pages):
        write(tmp_path / "export", {f"p{number}.xml": page(f"p{number}.png", SIZE, lines), f"p{number}.png": None})
    place = ["--out", str(tmp_path / "lmdb"), "--workers", "1"]
    done = CliRunner().invoke(commands, ["xml", str(tmp_path / "export"), *place])
    assert done.exit_code == 0, done.output
    assert told in done.output
    assert all(open_store(tmp_path / "lmdb").dataset("xml_random0").words(split) for split in SPLITS)
    again = CliRunner().invoke(commands, ["xml", str(tmp_path / "export"), "--resplit", "random", "--dry-run"])
    assert (again.exit_code == 0) == (pages > 2)  # who asks for it gets it as it is, or hears why not


@pytest.mark.parametrize("count", [1, 2, 4, 20, 60])
def test_lines_and_words_of_an_export_hold_out_the_same_pages(tmp_path: Path, count: int) -> None:
    """Of lines, of words by their boxes, and by an alignment that lacks most of one page and all of others."""
    aligned: dict[str, list[object]] = {name: [] for name in COLUMNS}
    for number in range(count):
        name, written = f"p{number:02}", 4 + number % 7 * 3
        texts = [[f"w{k}" for k in range(1 + (line + number) % 5)] for line in range(written)]
        lines = [Drawn(f"l{k}", _placed(words, k)) for k, words in enumerate(texts)]
        xml = page(f"{name}.png", SIZE, lines, '<TextLine id="empty"><Coords points="1,1 9,1 9,9"/></TextLine>')
        write(tmp_path / "export", {f"{name}.xml": xml, f"{name}.png": None})
        for line, words in enumerate(texts[: 1 + number % 3] if number % 4 else []):
            for place, word in enumerate(words):
                row = (f"{name}/l{line}", "train", place, word, 30.0, 30.0, 20.0, 20.0, 0.0, -0.1, None)
                for column, value in zip(COLUMNS, row, strict=True):
                    aligned[column].append(value)
    pq.write_table(pa.table(aligned), tmp_path / "words.parquet")
    write(tmp_path / "export", {"cover.xml": page("cover.png", SIZE, ()), "cover.png": None})
    export, alignment = tmp_path / "export", Alignment(tmp_path / "words.parquet")
    sources = [XmlExport(export), XmlExport(export, unit="word"), XmlExport(export, unit="word", alignment=alignment)]
    dealt = [Resplit(source, divide_few=True) for source in sources]
    held = [
        {(word.extra["line"], one.split) for one in source.pages() for word in one.words if word.text}
        for source in dealt
    ]
    assert held[0] == held[1] == held[2]
    assert {split for _, split in held[0]} == {*SPLITS}  # nothing stands on the cover, which is none of them
    assert dealt[0].division == dealt[1].division == dealt[2].division
    assert ("held out" in dealt[0].division.parameters) == (count < 50)


def _placed(words: Sequence[str], line: int) -> tuple[tuple[str, tuple[int, int, int, int]], ...]:
    return tuple((word, (10 + 20 * k, 2 * line, 25 + 20 * k, 2 * line + 8)) for k, word in enumerate(words))
