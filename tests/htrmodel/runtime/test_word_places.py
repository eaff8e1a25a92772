"""Boxes of words and characters in exports that are filled: where they are, in what form, and what stays."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from htrdata.errors import UsageError
from htrdata.images.codec import decode
from htrdata.labels import Charset
from htrdata.sources.xml.filling import XmlPage
from htrdata.sources.xml.written import Written
from htrmodel.alignment.lines import place_words
from htrmodel.cli.commands import commands
from htrmodel.config import RecogniserConfig
from htrmodel.reader import WordReader
from htrmodel.runtime.exported_pages import find_pages, prepare
from htrmodel.runtime.filled_exports import Filled, fill_export
from htrmodel.runtime.page_lines import box_of, cut_out
from htrmodel.runtime.predicting import load_reader
from htrmodel.runtime.word_places import Boxes, TextOnPage, words_on_page
from htrmodel.tokenizer import Reading
from htrmodel.training.recipes import LINE_MODEL
from tests.drawn_exports import ALTO, PAGE, Drawn, alto, draw_lines, page, points

CHARSET = Charset("small", " abcdef-")
CONFIG = replace(RecogniserConfig(charset=CHARSET, architecture="None-VGG-BiLSTM-CTC"), **LINE_MODEL)

SCHEMAS = {
    "page-2013-07-15": PAGE.replace("2019", "2013"),
    "page-2019-07-15": PAGE,
    "alto-2-1": ALTO.replace("v4", "v2"),
    "alto-3-1": ALTO.replace("v4", "v3"),
    "alto-4-4": ALTO,
}
"""Of pages: the file of the schema, and its namespace."""


class Spelling(WordReader):
    """Reads one text everywhere, its characters evenly spaced over the left half of the input, each with 0.8."""

    def __init__(self, text: str = "ab fed", says: str | None = None) -> None:
        self.config, self.name = CONFIG, "spelling"
        self.text, self.says = text, text if says is None else says

    def read_inputs(self, inputs: NDArray[np.float32]) -> list[Reading]:
        return [Reading(self.says, 0.5)] * len(inputs)

    def log_probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        steps = inputs.shape[3] // 4 - 1
        seen = np.full((len(inputs), steps, CONFIG.num_classes), np.log(0.01), np.float32)
        seen[:, :, 0] = np.log(0.9)
        for number, character in enumerate(self.text):
            step = round((number + 0.5) * steps / 2 / len(self.text))
            seen[:, step, 0] = np.log(0.1)
            seen[:, step, 1 + CHARSET.characters.index(character)] = np.log(0.8)
        return seen


@pytest.fixture(scope="module")
def drawn() -> tuple[bytes, tuple[int, int], list[Drawn]]:
    return draw_lines("a01", 3, 0.25)


def of_version(text: str, namespace: str, size: tuple[int, int]) -> str:
    """A drawn export as a version of its format has it: what others require is put in, what it lacks taken out."""
    times = "<Creator>c</Creator><Created>2026-01-01T00:00:00</Created><LastChange>2026-01-01T00:00:00</LastChange>"
    text = re.sub("(<PcGts[^>]*>)", rf"\1<Metadata>{times}</Metadata>", text)
    text = re.sub("(<TextRegion[^>]*>)", rf'\1<Coords points="{points((0, 0, *size))}"/>', text)
    box = f'HEIGHT="{size[1]}" WIDTH="{size[0]}" HPOS="0" VPOS="0"'
    text = text.replace("<Page WIDTH", '<Page ID="p" PHYSICAL_IMG_NR="1" WIDTH').replace(
        "<PrintSpace", f"<PrintSpace {box}"
    )
    text = text.replace('<TextBlock ID="b" TAGREFS="BT1"', f'<TextBlock ID="b" {box}')
    if "ns-v4" not in namespace:
        text = re.sub('<Tags>.*</Tags>|<Shape>.*?</Shape>| TAGREFS="[^"]*"| BASELINE="[^"]*"', "", text)
    return text.replace(ALTO, namespace).replace(PAGE, namespace)


def of_all_versions(size: tuple[int, int], lines: Sequence[Drawn]) -> dict[str, str]:
    """Drawn exports without words, by the names of their schemas, with white space as people's tools put it."""
    return {
        name: of_version(
            page("p.png", size, lines, words=False) if "PAGE" in space else alto("p.png", size, lines), space, size
        ).replace("><", ">\r\n\t<")
        for name, space in SCHEMAS.items()
    }


def schema_named(name: str) -> tuple[Any, Any]:
    """lxml's module, and a schema of PRImA or of the ALTO board out of the folder that HTRDATA_SCHEMAS names."""
    schemas = os.environ.get("HTRDATA_SCHEMAS")
    if not schemas:
        pytest.skip(
            "HTRDATA_SCHEMAS names no folder with page-2019-07-15.xsd, alto-4-4.xsd, …: they are not ours to ship"
        )
    etree: Any = pytest.importorskip("lxml.etree")
    return etree, etree.XMLSchema(etree.parse(str(Path(schemas) / f"{name}.xsd")))


def fill(
    root: Path, texts: dict[str, str], png: bytes, boxes: Boxes | None, reader: WordReader | None = None
) -> tuple[Filled, dict[str, bytes]]:
    """Writes an export, fills it, and gives what was written."""
    (root / "in").mkdir(parents=True)
    for name, text in texts.items():
        (root / "in" / f"{name}.xml").write_text(text, encoding="utf-8")
    (root / "in" / "p.png").write_bytes(png)
    return again(root / "in", root / "out", boxes, reader)


def again(
    place: Path, out: Path, boxes: Boxes | None, reader: WordReader | None = None
) -> tuple[Filled, dict[str, bytes]]:
    prepare(out, {}, [place])
    found = fill_export(reader or Spelling(), find_pages([place]), out, "line", boxes=boxes)
    return found, {one.stem: one.read_bytes() for one in out.glob("*.xml")}


@pytest.mark.parametrize("boxes", ["words", "characters"])
def test_lines_without_words_get_them_and_nothing_else_changes(
    tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]], boxes: Boxes
) -> None:
    png, size, lines = drawn
    texts = of_all_versions(size, lines)
    found, written = fill(tmp_path, texts, png, boxes)
    assert (found.pages, found.lines, found.unplaced) == (5, 5 * len(lines), 0)
    bare = {name: re.sub(r"\s*<String [^>]*>\s*</String>|<Unicode>[^<]*", "", text) for name, text in texts.items()}
    for name, data in written.items():
        text = data.decode()
        new = r'\s*<SP/>|\s*<(String|Word|Glyph) .*?</\1>|\s*<String [^>]*/>|<Unicode>[^<]*| conf="[0-9.]+"'
        assert re.sub(new, "", text) == bare[name]
        ids = re.findall(r'\b(?:id|ID)="([^"]*)"', text)
        assert len(ids) == len(set(ids)) > 2 * len(lines)
        glyphs = len(re.findall("<Glyph ", text)) + sum(map(len, map(str.split, re.findall(' CC="([^"]*)"', text))))
        assert glyphs == (5 * len(lines) if boxes == "characters" else 0)
        root = ElementTree.fromstring(data)
        words = [one for one in root.iter() if one.tag.rpartition("}")[2] in ("Word", "String")]
        assert [_text(one) for one in words] == ["ab", "fed"] * len(lines)
        assert all(right > left and bottom > top for left, top, right, bottom in map(_bounds, words))
    (tmp_path / "out" / "p.png").write_bytes(png)
    twice, same = again(tmp_path / "out", tmp_path / "twice", boxes)
    assert (twice.unplaced, same) == (0, written)
    assert '<String ID="a01-00_w1" CONTENT="ab" HPOS=' in written["alto-4-4"].decode()
    assert re.search(r'WC="0.8000"( CC="2 2")?/?>', written["alto-2-1"].decode())
    assert written["page-2019-07-15"].count(b'<TextEquiv conf="0.8000"><Unicode>ab</Unicode>') == len(lines)


def _text(element: ElementTree.Element) -> str:
    return element.get("CONTENT") or "".join(element[-1].itertext())


def _bounds(element: ElementTree.Element) -> Sequence[float]:
    if element.get("HPOS") is not None:
        left, top, width, height = (float(element.get(key, "")) for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
        return left, top, left + width, top + height
    corners = np.array([list(map(int, one.split(","))) for one in element[0].get("points", "").split()])
    return [*corners.min(0), *corners.max(0)]


def test_words_that_cannot_be_placed_are_counted_and_their_lines_have_text_alone(
    tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]]
) -> None:
    png, size, lines = drawn
    reader = Spelling("ab", says="a " * 2000)
    found, written = fill(tmp_path, {"p": alto("p.png", size, lines)}, png, "words", reader)
    assert (found.lines, found.unplaced) == (len(lines), len(lines))
    assert written["p"].count(b"<String") == len(lines)


def test_a_turned_line_near_the_edge_stays_on_the_page(
    tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]]
) -> None:
    line = (
        f'<PcGts xmlns="{PAGE}"><Page imageFilename="p.png" imageWidth="620" imageHeight="886"><TextRegion id="r">'
        '<TextLine id="l_w1"><Coords points="0,40 300,0 300,40 0,80"/><Baseline points="0,76 300,36"/></TextLine>'
        '<TextLine id="l"><Coords points="0,40 300,0 300,40 0,80"/><Baseline points="0,76 300,36"/></TextLine>'
        "</TextRegion></Page></PcGts>"
    )
    _, written = fill(tmp_path, {"p": line}, drawn[0], "words", Spelling("abcdef abcdef"))
    found = re.findall(r'<Word id="([^"]*)"><Coords points="([^"]*)"', written["p"].decode())
    assert [name for name, _ in found] == ["l_w1_w1", "l_w1_w2", "l_w2", "l_w3"]  # an id that is taken is passed over
    for _, corners in found:
        assert re.fullmatch(r"(\d+,\d+ ){3}\d+,\d+", corners)
    first, second = (XmlPage(written["p"], "p").written.lines[1].words[i].outline for i in (0, 1))
    assert first[1][1] < first[0][1]  # it rises
    assert first[1][0] <= second[0][0] + 1


@pytest.mark.parametrize(
    ("text", "letters", "angle"),
    [("word", "", 180.0), ("", "abc", 180.0), ("", "אבגx", 0.0), ("שלום", "abc", 0.0), ("word", "אבג", 180.0)],
)
def test_a_line_without_text_is_turned_as_what_may_stand_there_is_written(
    text: str, letters: str, angle: float
) -> None:
    outline = ((0.0, 0.0), (90.0, 0.0), (90.0, 30.0), (0.0, 30.0))
    back = ((88.0, 20.0), (2.0, 20.0))
    written = Written("l", text, outline, back)
    assert box_of(written, back, letters).angle == angle
    page = np.arange(2700, dtype=np.uint16).reshape(30, 90).astype(np.uint8)
    assert np.array_equal(cut_out(page, written, back, letters), page[::-1, ::-1] if angle else page)


def test_a_hyphen_stays_one_and_a_string_keeps_its_style(
    tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]]
) -> None:
    png, size, lines = drawn
    text = alto("p.png", size, lines[:1]).replace("</String>", '</String><HYP CONTENT="¬"/>')
    text = text.replace("<String ", '<String STYLE="bold" CC="1 2" ')
    _, written = fill(tmp_path, {"p": text}, png, "characters", Spelling("ab fed-"))
    words = re.findall('<String [^>]*CONTENT="([^"]*)"[^>]* STYLE="bold">(.*?)</String>', written["p"].decode())
    assert [(word, glyphs.count("<Glyph ")) for word, glyphs in words] == [("ab", 2), ("fed", 3)]
    assert b'</String><HYP CONTENT="-"/>' in written["p"]
    assert b" CC=" not in written["p"]


def test_places_are_those_of_the_words(drawn: tuple[bytes, tuple[int, int], list[Drawn]]) -> None:
    png, size, lines = draw_lines("b02", 4, 0.5)
    xml = XmlPage(alto("p.png", size, lines).encode(), "p")
    pixels = decode(png, "grey")
    known = []
    for written in xml.written.lines:
        cut = cut_out(pixels, written, written.baseline)
        assert not isinstance(cut, str)
        known.append(TextOnPage(written.text, cut, box_of(written, written.baseline)))
    placed = words_on_page(load_reader("starter-lines"), known, size, "characters", 8)
    right = total = 0
    for line, words in zip(lines, placed, strict=True):
        if len(words) != len(line.words):
            continue  # a word of IAM's with a space inside
        for word, (text, (left, top, end, bottom)) in zip(words, line.words, strict=True):
            assert (word.text, "".join(one.text for one in word.characters)) == (text, text)
            assert word.outline[0][0] == word.characters[0].outline[0][0]
            begins = [one.outline[0][0] for one in word.characters]
            assert begins == sorted(begins)
            found = (*word.outline[0], *word.outline[2])
            right += np.abs(np.array(found) - (left, top, end, bottom)).max() <= 16
            total += 1
    assert total > 40
    assert right / total > 0.85


def test_spaces_and_marks_have_no_boxes_of_their_own() -> None:
    charset = Charset("marks", " abe")
    emissions = np.full((12, 5), -9.0, np.float32)
    for step, one in enumerate(" a  éb"):
        emissions[2 * step, 1 + charset.characters.index(charset.simplify(one))] = -0.1
        emissions[2 * step + 1, 0] = -0.1
    words = place_words(" a  e\u0301b", np.full((32, 120), 255, np.uint8), emissions, charset)
    assert [(word.text, [one.text for one in word.characters]) for word in words] == [
        ("a", ["a"]),
        ("e\u0301b", ["é", "b"]),
    ]
    assert [word.score for word in words] == pytest.approx([-0.1, -0.1])
    edges = [(one.extent.left, one.extent.right) for one in words[1].characters if one.extent is not None]
    assert edges[0][1] == edges[1][0] == 95  # midway between the peaks at 85 and 105


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--boxes", "words"], "go together"), (["--xml", "--out", "o", "--unit", "word"], "leave one")],
)
def test_boxes_are_for_lines_in_exports(tmp_path: Path, options: list[str], said: str) -> None:
    command = ["predict", str(tmp_path), "--boxes", "words", "--checkpoint", "starter-fast", *options]
    done = CliRunner().invoke(commands, command)
    assert isinstance(done.exception, UsageError)
    assert said in str(done.exception)


@pytest.mark.parametrize("name", SCHEMAS)
def test_filled_files_are_valid(tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]], name: str) -> None:
    etree, schema = schema_named(name)
    png, size, lines = drawn
    made = page("p.png", size, lines, words=False) if "page" in name else alto("p.png", size, lines)
    text = of_version(made, SCHEMAS[name], size)
    schema.assertValid(etree.fromstring(text.encode()))
    for boxes in (None, "words", "characters"):
        _, written = fill(tmp_path / str(boxes), {"p": text}, png, boxes)
        schema.assertValid(etree.fromstring(written["p"]))
