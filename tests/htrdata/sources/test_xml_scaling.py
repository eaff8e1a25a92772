"""Coordinates that are no pixels of the picture: other units of ALTO, and pictures that are copies of another size."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import ManifestRow, rows_of_page
from htrdata.cli.commands import commands
from htrdata.errors import BadDataError
from htrdata.images.codec import encode
from htrdata.images.cropping import reduce_height
from htrdata.records import Box, Page, Reason, Unit
from htrdata.sources.xml import XmlExport
from htrdata.sources.xml.alignment import COLUMNS, Alignment
from htrdata.sources.xml.filling import XmlPage
from htrdata.sources.xml.geometry import is_near
from htrdata.sources.xml.readings import ReadLine, ReadText
from htrdata.sources.xml.scaling import SAME, Scale, Size, scale_of
from htrdata.sources.xml.word_elements import PlacedText
from htrdata.sources.xml.written import WrittenPage, rectangle

from ...drawn_exports import ALTO, Drawn, alto, page

SIZE = (400, 600)
LINES = (
    Drawn("l1", (("Hello", (40, 40, 120, 80)), ("you", (140, 48, 200, 88)))),
    Drawn("l2", (("again", (48, 200, 128, 248)),)),
)
FORMS = {"alto": alto, "page": page}
UNITS = {"mm10": 254 / 300, "inch1200": 4.0}
"""Units for a pixel of 300 dpi."""


def in_unit(text: str, unit: str, factor: float) -> str:
    """An ALTO file in pixels, in another unit."""

    def scaled(found: re.Match[str]) -> str:
        values = " ".join(f"{float(value) * factor:.2f}" for value in found[2].split())
        return f'{found[1]}="{values}"'

    text = re.sub(r'\b(HPOS|VPOS|WIDTH|HEIGHT|BASELINE|POINTS)="([^"]*)"', scaled, text)
    return text.replace(">pixel<", f">{unit}<")


def picture(size: Sequence[int], reduced: int = 1) -> bytes:
    """A picture of noise in blocks of eight pixels, and its exact copies with each block of one or more pixels."""
    blocks = np.random.default_rng(5).integers(0, 256, (size[1] // 8, size[0] // 8), np.uint8)
    return encode(np.kron(blocks, np.ones((8 // reduced, 8 // reduced), np.uint8)), "png")


def write(root: Path, text: str, image: bytes) -> XmlExport:
    root.mkdir(exist_ok=True)
    (root / "p.xml").write_text(text, encoding="utf-8")
    (root / "p.png").write_bytes(image)
    return XmlExport(root, split="test")


def cut(source: XmlExport) -> list[ManifestRow]:
    options = BuildOptions(height=0, format="png")
    return [row for one in source.pages() for row in rows_of_page(one, options)]


@pytest.mark.parametrize("unit", UNITS)
def test_alto_in_other_units_is_cut_as_in_pixels(tmp_path: Path, unit: str) -> None:
    text, image = alto("p.png", SIZE, LINES), picture(SIZE)
    pixels = cut(write(tmp_path / "a", text, image))
    measured = cut(write(tmp_path / "b", in_unit(text, unit, UNITS[unit]), image))
    assert [row.reason for row in measured] == [None, None]
    for one, other in zip(pixels, measured, strict=True):
        assert one.word.box is not None
        assert other.word.box is not None
        assert (one.word.box.xc, one.word.box.w) == pytest.approx((other.word.box.xc, other.word.box.w), abs=0.02)
        assert (one.width, one.height) == (other.width, other.height)
    reduced = cut(write(tmp_path / "c", in_unit(text, unit, UNITS[unit]), picture(SIZE, 2)))  # needs no option
    assert [(row.width, row.height) for row in reduced] == [
        (row.width // 2, row.height // 2) for row in pixels if row.width and row.height
    ]


@pytest.mark.parametrize(("form", "unit"), [("alto", "line"), ("page", "line"), ("page", "word")])
def test_a_reduced_copy_is_cut_where_it_is_said_to_be_one(
    tmp_path: Path, form: Literal["alto", "page"], unit: Unit
) -> None:
    text = FORMS[form]("p.png", SIZE, LINES)
    whole = cut(XmlExport(write(tmp_path / "a", text, picture(SIZE)).root, unit, split="test"))
    small = write(tmp_path / "b", text, picture(SIZE, 4)).root
    refused = cut(XmlExport(small, unit, split="test"))
    assert {row.reason for row in refused} == {Reason.SIZE_MISMATCH}
    scaled = cut(XmlExport(small, unit, split="test", scaled=True))
    assert [row.reason for row in scaled] == [row.reason for row in whole]
    for one, other in zip(whole, scaled, strict=True):
        assert one.word.box is not None
        assert other.word.box is not None
        assert one.word.box.xc == 4 * other.word.box.xc
        assert one.word.outline is not None
        assert other.word.outline is not None
        assert one.word.outline.points == tuple((4 * x, 4 * y) for x, y in other.word.outline.points)


def test_the_pixels_of_a_copy_are_those_of_the_whole(tmp_path: Path) -> None:
    """Blocks of eight pixels, cut along their borders: reduced they are the same picture."""
    text = page("p.png", SIZE, (), one_line(32, 64, 96, 128))
    (whole,) = cut(write(tmp_path / "a", text, picture(SIZE)))
    small = write(tmp_path / "b", text, picture(SIZE, 8)).root
    (reduced,) = cut(XmlExport(small, split="test", scaled=True))
    from htrdata.images.codec import decode

    assert whole.image is not None
    assert reduced.image is not None
    assert np.array_equal(decode(reduced.image, "grey"), reduce_height(decode(whole.image, "grey"), 8))


def one_line(left: int, top: int, right: int, bottom: int) -> str:
    coords = f'<Coords points="{left},{top} {right},{top} {right},{bottom} {left},{bottom}"/>'
    return f'<TextLine id="l">{coords}<TextEquiv><Unicode>x</Unicode></TextEquiv></TextLine>'


@pytest.mark.parametrize("size", [(600, 400), (400, 520), (352, 600)])
@pytest.mark.parametrize("unit", ["pixel", *UNITS])
def test_turned_pictures_and_other_proportions_are_never_cut(tmp_path: Path, size: tuple[int, int], unit: str) -> None:
    text = in_unit(alto("p.png", SIZE, LINES), unit, UNITS.get(unit, 1.0))
    for number, reduced in enumerate((1, 2)):
        root = write(tmp_path / str(number), text, picture(size, reduced)).root
        rows = cut(XmlExport(root, split="test", scaled=True))
        assert {row.reason for row in rows} == {Reason.SIZE_MISMATCH}
        if unit != "pixel":  # what is no place on the picture is no box of the manifest
            assert {row.word.box for row in rows} == {None}


@pytest.mark.parametrize(
    ("told", "found", "unit", "fits"),
    [
        ((2479, 3508), (1240, 1754), "pixel", True),
        ((2479, 3508), (200, 283), "pixel", True),
        ((2479, 3508), (200, 290), "pixel", False),
        ((3170, 4710), (3744, 5560), "mm10", True),  # whole millimetres, as docWorks has them
        ((3170, 4710), (3744, 5600), "mm10", False),
        ((9304, 11408), (2326, 2852), "inch1200", True),
        ((6630, 8316), (2326, 2852), "inch1200", False),
        ((5, 5), (2326, 2852), "mm10", False),
        ((-5, 5), (2326, 2852), "pixel", False),
    ],
)
def test_proportions_may_differ_by_what_is_rounded(
    told: tuple[float, float], found: tuple[int, int], unit: str, fits: bool
) -> None:
    scale = scale_of(WrittenPage("alto", "", told, (), unit), Size(*found), scaled=True)
    assert (scale is not None) is fits
    if scale is not None:
        assert (told[0] * scale.across, told[1] * scale.down) == pytest.approx(found)


def test_one_pixel_more_or_less_is_the_same_picture() -> None:
    known = WrittenPage("page", "", (400, 600), ())
    assert scale_of(known, Size(401, 599), scaled=True) is SAME
    assert scale_of(WrittenPage("page", "", None, ()), Size(7, 9), scaled=True) is SAME
    assert scale_of(known, Size(800, 1200), scaled=True) == Scale(2, 2)
    assert scale_of(known, Size(800, 1200), scaled=False) is None


@pytest.mark.parametrize("image", [None, b"no picture"])
def test_pictures_that_cannot_be_read_have_their_own_reasons(tmp_path: Path, image: bytes | None) -> None:
    for unit, factor in {"pixel": 1.0, **UNITS}.items():
        root = write(tmp_path, in_unit(alto("p.png", SIZE, LINES), unit, factor), image or b"").root
        if image is None:
            (root / "p.png").unlink()
        expected = {Reason.IMAGE_MISSING if image is None else Reason.IMAGE_CORRUPT}
        assert {row.reason for row in cut(XmlExport(root, split="test", scaled=True))} == expected


def test_alto_and_page_of_one_picture_are_told_in_whatever_unit(tmp_path: Path) -> None:
    root = write(tmp_path, page("p.png", SIZE, LINES), picture(SIZE)).root
    (root / "alto").mkdir()
    (root / "alto/p.xml").write_text(in_unit(alto("../p.png", SIZE, LINES), "mm10", UNITS["mm10"]))
    pages: list[Page] = list(XmlExport(root, split="test").pages())
    assert {one.id: one.reason for one in pages} == {"alto/p": Reason.DUPLICATE_PAGE, "p": None}


@pytest.mark.parametrize(
    ("unit", "size", "said"),
    [("mm", 'WIDTH="1" HEIGHT="1"', "measures in 'mm'"), ("mm10", 'WIDTH="100"', "does not say how large")],
)
def test_units_that_say_nothing_are_refused(tmp_path: Path, unit: str, size: str, said: str) -> None:
    text = f'<alto xmlns="{ALTO}"><MeasurementUnit>{unit}</MeasurementUnit><Layout><Page {size}/></Layout></alto>'
    with pytest.raises(BadDataError, match=said):
        list(write(tmp_path, text, picture(SIZE)).pages())


def test_the_command_names_the_option_and_takes_it(tmp_path: Path) -> None:
    write(tmp_path / "in", page("p.png", SIZE, LINES), picture(SIZE, 4))
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as packed:
        for name in ("p.xml", "p.png"):
            packed.write(tmp_path / "in" / name, name)
    for place in (tmp_path / "in", tmp_path / "e.zip"):
        given = ["xml", str(place), "--split", "test", "--out", str(tmp_path / "lmdb"), "--dry-run"]
        without = CliRunner().invoke(commands, given)
        assert without.exit_code == 0, without.output
        assert "size_mismatch: 2 words on pictures of another size" in without.output
        assert "--scaled" in without.output
        found = CliRunner().invoke(commands, [*given, "--scaled"])
        assert re.search(r"kept +2\n", found.output), found.output
        assert "size_mismatch" not in found.output


def test_where_nothing_fits_the_option_is_named_until_it_is_given(tmp_path: Path) -> None:
    text = page("p.png", SIZE, LINES)
    for size, given in (((400, 600), []), ((600, 400), ["--scaled"])):
        write(tmp_path / "in", text, picture(size, 4))
        command = ["xml", str(tmp_path / "in"), "--split", "test", "--out", str(tmp_path / "lmdb"), *given]
        said = str(CliRunner().invoke(commands, command).exception)
        assert "size_mismatch 2" in said
        assert ("--scaled" in said) is not bool(given)
    mixed = write(tmp_path / "in", text, picture(SIZE, 4)).root
    (mixed / "q.xml").write_text(text.replace("p.png", "q.png"))
    (mixed / "q.png").write_bytes(picture((600, 400), 4))
    done = CliRunner().invoke(commands, command)
    assert "2 words on pictures of other proportions" in done.output


@pytest.mark.parametrize("unit", ["pixel", *UNITS])
def test_places_are_written_in_the_unit_of_the_file(unit: str) -> None:
    factor = UNITS.get(unit, 1.0)
    xml = XmlPage(in_unit(alto("p.png", SIZE, LINES), unit, factor).encode(), "p.xml")
    xml.fit(Size(200, 300), scaled=True)
    assert xml.written.lines[0].outline[2] == pytest.approx((103, 47), abs=0.02)
    placed = PlacedText("Hello", 0.5, rectangle(20, 20, 40, 20), (PlacedText("H", 0.5, rectangle(20, 20, 8, 20)),))
    xml.fill({0: ReadLine(ReadText("Hello", 0.5), placed=(placed,))})
    text = xml.data.decode()
    places = [40 * factor, 40 * factor, 80 * factor, 40 * factor]
    found = re.search(r'CONTENT="Hello" HPOS="(\d+)" VPOS="(\d+)" WIDTH="(\d+)" HEIGHT="(\d+)"', text)
    assert found is not None
    assert [int(one) for one in found.groups()] == pytest.approx(places, abs=1)
    assert re.search(rf'<Glyph CONTENT="H" HPOS="{round(40 * factor)}"', text)
    again = XmlPage(xml.data, "p.xml").written
    assert again.unit == unit


def test_another_picture_is_refused_with_the_remedy() -> None:
    text = page("p.png", SIZE, LINES).encode()
    with pytest.raises(BadDataError, match="400 x 600 pixels, and the picture has 200 x 300 pixels: --scaled takes it"):
        XmlPage(text, "p.xml").fit(Size(200, 300), scaled=False)
    for scaled in (False, True):
        with pytest.raises(BadDataError, match="turned by its EXIF data"):
            XmlPage(text, "p.xml").fit(Size(600, 400), scaled)
        with pytest.raises(BadDataError, match="pixels: export the pages"):
            XmlPage(text, "p.xml").fit(Size(500, 600), scaled)


def test_an_alignment_made_on_pictures_of_another_size_is_refused(tmp_path: Path) -> None:
    root = write(tmp_path / "in", alto("p.png", SIZE, LINES), picture(SIZE)).root
    path = tmp_path / "words.parquet"
    rows = [(f"p/{line.id}", number, *word) for line in LINES for number, word in enumerate(line.words)]
    columns: dict[str, list[object]] = {name: [] for name in COLUMNS}
    for line, number, text, (left, top, right, bottom) in rows:
        box = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top, 0.0)
        for name, value in zip(COLUMNS, (line, "test", number, text, *box, -0.1, None), strict=True):
            columns[name].append(value)
    pq.write_table(pa.table(columns), path)
    source = XmlExport(root, "word", split="test", alignment=Alignment(path), scaled=True)
    assert [row.reason for row in cut(source)] == [None] * 3
    (root / "p.png").write_bytes(picture(SIZE, 2))
    with pytest.raises(BadDataError, match=r"lie outside of it, .* align it anew"):
        list(source.pages())


@pytest.mark.parametrize("angle", [0.0, 90.0, -30.0, 180.0])
def test_words_are_near_their_line_however_it_is_turned(angle: float) -> None:
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))

    def moved(along: float, across: float) -> Box:
        return Box(500 + along * cosine + across * sine, 500 - along * sine + across * cosine, 50, 20, angle)

    line = Box(500, 500, 400, 40, angle)
    assert all(is_near(line, moved(*place)) for place in ((0, 0), (230, 10), (-230, -50)))
    assert not any(is_near(line, moved(*place)) for place in ((250, 0), (-250, 0), (0, 70), (100, -70)))
