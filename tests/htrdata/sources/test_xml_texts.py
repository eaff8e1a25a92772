"""Texts of lines and words in ALTO and PAGE: where spaces stand, hyphens, what OCR left, and what no line has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from htrdata.errors import SourceMissingError
from htrdata.records import Reason
from htrdata.sources.xml import XmlExport
from htrdata.sources.xml.alto import read_alto
from htrdata.sources.xml.filling import XmlPage
from htrdata.sources.xml.page_format import read_page
from htrdata.sources.xml.stale_words import stale_words
from htrdata.sources.xml.tree import read_tree

from ...drawn_exports import alto, page

SIZE = (400, 600)


def strings(*parts: str | tuple[str, int, int]) -> str:
    """A line of ALTO: strings, with their left edges and widths or without; spaces, and hyphens."""
    written = []
    for part in parts:
        if isinstance(part, tuple):
            text, left, width = part
            written.append(f'<String CONTENT="{text}" HPOS="{left}" VPOS="10" WIDTH="{width}" HEIGHT="20"/>')
        elif part == " ":
            written.append("<SP/>")
        elif part in "-\u00ad":
            written.append(f'<HYP CONTENT="{part}"/>')
        else:
            written.append(f'<String CONTENT="{part}"/>')
    return f'<TextLine ID="l" HPOS="0" VPOS="0" WIDTH="390" HEIGHT="40">{"".join(written)}</TextLine>'


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ((("installiert", 0, 100), (",", 102, 5), " ", ("denn", 120, 40)), "installiert, denn"),
        (("Luxemb", ".", " ", "1904"), "Luxemb. 1904"),  # no places: spaces alone tell
        (("an", "ex", "ample"), "an ex ample"),  # a file without any space
        ((("must", 0, 40), ("be", 58, 20), " ", ("so", 98, 20)), "must be so"),  # a space was forgotten
        ((("so", 0, 40), " ", ("it", 60, 20), ("is", 0, 20)), "so it is"),  # two lines in one
        ((("so", 0, 40), " ", ("", 50, 5), ("it", 60, 20)), "so it"),
        ((("Ver", 0, 40), " ", ("einigung", 60, 90), "-"), "Ver einigung-"),
        ((("Ver", 0, 40), "\u00ad"), "Ver-"),
        (("-",), "-"),
        ((), ""),
    ],
)
def test_alto_has_spaces_where_the_file_has_them(parts: Sequence[str | tuple[str, int, int]], text: str) -> None:
    root = read_tree(alto("p.png", SIZE, (), strings(*parts)).encode(), "p.xml")
    (line,) = read_alto(root, "p.xml").lines
    assert line.text == text


def test_words_are_not_placed_in_strings_that_are_parts_of_words() -> None:
    for parts, reason in (
        (("Luxemb", ".", " ", "1904"), "with Strings that are parts of words"),
        (("Luxemb.", " ", "1904"), None),
        (("Luxemb.", " ", "1904", "\u00ad"), None),
    ):
        xml = XmlPage(alto("p.png", SIZE, (), strings(*parts)).encode(), "p.xml")
        assert xml.stays(0) == reason


@pytest.mark.parametrize("worded", [True, False])
def test_a_line_of_one_word_is_that_word_where_the_file_has_strings_for_words(worded: bool) -> None:
    place = 'HPOS="0" VPOS="50" WIDTH="90" HEIGHT="30"'
    alone = "".join(
        f'<TextLine ID="{text[0]}" {place}><String CONTENT="{text}" {place}/></TextLine>'
        for text in ("ALONE", "two words")
    )
    other = strings(("so", 0, 40), " ", ("it", 60, 20)) if worded else ""
    lines = read_alto(read_tree(alto("p.png", SIZE, (), other + alone).encode(), "p.xml"), "p.xml").lines[-2:]
    assert [[word.text for word in line.words] for line in lines] == [["ALONE"] if worded else [], []]


@pytest.mark.parametrize(
    ("line", "words", "stale"),
    [
        ("worden; so schädlich ist es", ("worden", ";", "so", "schädlich", "ist", "es"), set()),
        ("Herren/ Eur Gunſt und", ("Herren/Eur", "Gunst", "und"), {1}),
        ("Haushaltung und Wirthſchafften (welche", ("Haushaltung", "und", "Wtrthfchafften", "(welche"), {2}),
        ("vor ihm", ("or", "ihm"), {0}),
        ("the end of it", ("of", "it", "the", "end"), set()),  # another order
        ("so", ("so", "so"), {1}),
        ("e\u0301te\u0301", ("\u00e9t\u00e9",), set()),
        ("", ("so", "what"), set()),
        ("so it is", ("", "so", "it", "is"), set()),
        ("x" * 3000, ("x" * 1500, "y"), {0, 1}),
    ],
)
def test_words_that_their_line_does_not_have(line: str, words: Sequence[str], stale: set[int]) -> None:
    assert stale_words(line, words) == stale


def word(number: int, text: str) -> str:
    coords = f'<Coords points="{40 * number},0 {40 * number + 30},0 {40 * number + 30},20 {40 * number},20"/>'
    return f'<Word id="w{number}">{coords}<TextEquiv><Unicode>{text}</Unicode></TextEquiv></Word>'


def test_what_ocr_left_under_a_corrected_line_is_no_label(tmp_path: Path) -> None:
    words = "".join(word(number, text) for number, text in enumerate(("Hellow", "you", "there")))
    coords = '<Coords points="0,0 200,0 200,30 0,30"/>'
    lines = [
        f'<TextLine id="{name}">{coords}{words}{text}</TextLine>'
        for name, text in (
            ("corrected", "<TextEquiv><Unicode>Hello you there</Unicode></TextEquiv>"),
            ("empty", "<TextEquiv><Unicode></Unicode></TextEquiv>"),
        )
    ]
    (tmp_path / "p.xml").write_text(page("p.png", SIZE, (), "".join(lines)))
    (tmp_path / "p.png").touch()
    (only,) = XmlExport(tmp_path, unit="word", split="test").pages()
    assert [(one.text, one.reason) for one in only.words] == [
        ("Hellow", Reason.TEXT_DIFFERS),
        ("you", None),
        ("there", None),
        ("Hellow", None),
        ("you", None),
        ("there", None),
    ]


def test_a_word_of_glyphs_has_their_text() -> None:
    glyphs = "".join(f'<Glyph id="g{c}"><TextEquiv><Unicode>{c}</Unicode></TextEquiv></Glyph>' for c in "ab")
    text = page("p.png", SIZE, (), f'<TextLine id="l"><Word id="w">{glyphs}</Word></TextLine>')
    (line,) = read_page(read_tree(text.encode(), "p"), "p").lines
    assert (line.text, line.words[0].text) == ("ab", "ab")


def test_texts_without_lines_and_signs_that_nobody_sees_are_told(tmp_path: Path) -> None:
    text = "<TextEquiv><Unicode>a text</Unicode></TextEquiv>"
    unseen = text.replace("a ", "a\u200f\u00a0")
    line = f'<TextLine id="l"><Coords points="0,0 9,0 9,9"/>{unseen}</TextLine>'
    regions = f'</TextRegion><TextRegion id="r2">{text}</TextRegion><TextRegion id="r3">{line}{text}'
    (tmp_path / "p.xml").write_text(page("p.png", SIZE, (), regions), encoding="utf-8")
    source = XmlExport(tmp_path, split="test")
    list(source.pages())
    told = "\n".join(source.remarks)
    assert "1 region of 1 page with a text, and without lines" in told
    assert "U+200F in 1 line;" in told
    assert "U+00A0" not in told


def test_hocr_is_told_with_what_makes_alto_of_it(tmp_path: Path) -> None:
    (tmp_path / "p.hocr").write_text("<html/>")
    with pytest.raises(SourceMissingError, match=r"1 file of hOCR or HTML: `ocr-transform hocr alto4\.0`"):
        list(XmlExport(tmp_path, split="test").pages())


def test_the_page_of_the_format_lists_all_reasons() -> None:
    text = (Path(__file__).parents[3] / "docs/format.md").read_text(encoding="utf-8")
    listed = text[text.index("Reasons, in the order") :]
    assert [listed.index(f"`{reason}`") for reason in Reason] == sorted(
        listed.index(f"`{reason}`") for reason in Reason
    )


def test_lines_with_tags_are_told_and_left_out_on_demand(tmp_path: Path) -> None:
    customs = (
        "readingOrder {index:0;}",
        "readingOrder {index:1;} unclear {offset:2; length:3;}",
        "textStyle {offset:0; length:4;strikethrough:true; underlined:true;} gap {offset:9; length:0;}",
        "textStyle {offset:0; length:4;strikethrough:false;} person {offset:0; length:4;}",
        "unclear {" * 100_000,
    )
    coords, text = '<Coords points="0,0 9,0 9,9"/>', "<TextEquiv><Unicode>text</Unicode></TextEquiv>"
    lines = "".join(f'<TextLine id="l{k}" custom="{one}">{coords}{text}</TextLine>' for k, one in enumerate(customs))
    (tmp_path / "p.xml").write_text(page("p.png", SIZE, (), lines))
    (tmp_path / "p.png").touch()
    source = XmlExport(tmp_path, split="test", excluded=("Unclear", "strikethrough"))
    (only,) = source.pages()
    dropped = [Reason.EXCLUDED_TYPE if number in (1, 2) else None for number in range(5)]
    assert [word.reason for word in only.words] == dropped
    told = "transcribers marked gap in 1 line, strikethrough in 1 line, unclear in 1 line; --without gap drops"
    assert told in "\n".join(source.remarks)
