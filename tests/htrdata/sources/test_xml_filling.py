"""Text put into ALTO and PAGE files: what the readers then find, and that no other byte has changed."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from htrdata.errors import BadDataError
from htrdata.sources.xml.filling import XmlPage
from htrdata.sources.xml.readings import ReadLine, ReadText, shared_out, tokens
from htrdata.sources.xml.splicing import SplicedFile

PAGE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
ALTO = "http://www.loc.gov/standards/alto/ns-v4#"
READ = ReadLine(ReadText('Où <A> & "B" œ', 0.87654))


def page(inner: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>', prefix: str = "") -> str:
    tag = f"{prefix}:" if prefix else ""
    space = f"xmlns:{prefix}" if prefix else "xmlns"
    return (
        f'{head}\r\n<!-- as it was > "exported" -->\r\n<{tag}PcGts {space}="{PAGE}">\n<{tag}Page imageFilename="p.png" '
        f"imageWidth='10' imageHeight='10'>\n  <{tag}TextRegion id='r'>\n{inner}\n  </{tag}TextRegion></{tag}Page>"
        f"</{tag}PcGts>\n<!-- end -->"
    )


def alto(inner: str) -> str:
    return (
        f'<alto xmlns="{ALTO}">\r\n<Description><MeasurementUnit>pixel</MeasurementUnit></Description><Layout><Page '
        f'WIDTH="10" HEIGHT="10"><PrintSpace><TextBlock ID="b">\t{inner}\t</TextBlock></PrintSpace></Page></Layout>'
        "</alto>"
    )


def filled(text: str | bytes, read: dict[int, ReadLine] | None = None) -> bytes:
    found = XmlPage(text.encode() if isinstance(text, str) else text, "p.xml")
    found.fill(dict.fromkeys(range(len(found.written.lines)), READ) if read is None else read)
    return found.data


EQUIV = '<TextEquiv conf="0.8765"><Unicode>{0}</Unicode></TextEquiv>'
ESCAPED = 'Où &lt;A&gt; &amp; "B" œ'
IN_ATTRIBUTE = ESCAPED.replace('"', "&quot;")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "<TextLine id='l'><Coords points='1,1'/><TextEquiv><Unicode>old &amp; so</Unicode></TextEquiv></TextLine>",
            "<TextLine id='l'><Coords points='1,1'/>[equiv]</TextLine>",
        ),
        (
            "<TextLine>\n <TextEquiv conf='0.1' index=\"0\" >\n<PlainText/><Unicode/>\n</TextEquiv></TextLine>",
            '<TextLine>\n <TextEquiv conf="0.8765" index="0" >\n<PlainText>{0}</PlainText><Unicode>{0}</Unicode>\n'
            "</TextEquiv></TextLine>",
        ),
        (  # the lowest index counts, the other one stays
            "<TextLine><TextEquiv index='3'><Unicode>x</Unicode></TextEquiv><TextEquiv index='1'><Unicode>y</Unicode>"
            "</TextEquiv></TextLine>",
            "<TextLine><TextEquiv index='3'><Unicode>x</Unicode></TextEquiv><TextEquiv index='1' conf=\"0.8765\">"
            "<Unicode>{0}</Unicode></TextEquiv></TextLine>",
        ),
        (  # none: between what the schema has before and behind it, indented like what it follows
            "<TextLine>\n\t<Coords points='1,1'/>\n\t<Baseline points='1,1'/>\n\t<TextStyle/>\n</TextLine>",
            "<TextLine>\n\t<Coords points='1,1'/>\n\t<Baseline points='1,1'/>\n\t[equiv]\n\t<TextStyle/>\n</TextLine>",
        ),
        (
            "<TextLine id='l'/>",
            "<TextLine id='l'>[equiv]</TextLine>",
        ),
        (  # a custom attribute with > in it, a comment, character data
            "<TextLine custom='a > \"b\"'><!-- <TextEquiv> --><TextEquiv><Unicode><![CDATA[<]]></Unicode></TextEquiv>"
            "</TextLine>",
            "<TextLine custom='a > \"b\"'><!-- <TextEquiv> -->[equiv]</TextLine>",
        ),
    ],
    ids=["text", "empty", "index", "none", "nothing", "custom"],
)
def test_page_lines_get_text_and_confidence_and_nothing_else_changes(before: str, after: str) -> None:
    after = after.replace("[equiv]", EQUIV).replace("{0}", ESCAPED)
    once = filled(page(before))
    assert once.decode() == page(after)
    assert XmlPage(once, "p").written.lines[0].text == READ.line.text
    assert filled(once) == once


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '<TextLine ID="l"><Shape/>\n<String CONTENT="old"\n  HPOS="1"></String></TextLine>',
            '<TextLine ID="l"><Shape/>\n<String CONTENT="{0}"\n  HPOS="1" WC="0.8765"></String></TextLine>',
        ),
        (
            "<TextLine><String WC='0.1' CONTENT='old' CC='1 2'><Glyph CONTENT='o'/></String></TextLine>",
            '<TextLine><String WC="0.8765" CONTENT="{0}"></String></TextLine>',
        ),
        (
            '<TextLine HPOS="1" VPOS="2" WIDTH="3" HEIGHT="4"> <Shape/></TextLine>',
            '<TextLine HPOS="1" VPOS="2" WIDTH="3" HEIGHT="4"> <Shape/> <String CONTENT="{0}" HPOS="1" VPOS="2" '
            'WIDTH="3" HEIGHT="4" WC="0.8765"/></TextLine>',
        ),
        (  # no words of their own: the first string has the line
            '<TextLine><String CONTENT="a"/><SP/><String CONTENT="b"/><HYP CONTENT="-"/></TextLine>',
            '<TextLine><String CONTENT="{0}" WC="0.8765"/><SP/><String CONTENT="" WC="0.0000"/><HYP CONTENT=""/>'
            "</TextLine>",
        ),
    ],
    ids=["eScriptorium", "glyphs", "none", "strings"],
)
def test_alto_lines_get_text_and_confidence_and_nothing_else_changes(before: str, after: str) -> None:
    once = filled(alto(before))
    assert once.decode() == alto(after.replace("{0}", IN_ATTRIBUTE))
    assert XmlPage(once, "p").written.lines[0].text == READ.line.text
    assert filled(once) == once


def test_words_get_their_own_and_a_hyphen_stays_one() -> None:
    line = ReadLine(ReadText("une hy-", 0.5), (ReadText("une", 0.9), ReadText("hy-", 0.4)))
    found = filled(
        alto('<TextLine><String CONTENT="a"/><SP/><String CONTENT="b"/><HYP CONTENT="x"/></TextLine>'), {0: line}
    )
    assert found.decode() == alto(
        '<TextLine><String CONTENT="une" WC="0.9000"/><SP/><String CONTENT="hy" WC="0.4000"/><HYP CONTENT="-"/>'
        "</TextLine>"
    )
    word = "<Word id='{0}'><TextEquiv conf=\"{2}\"><Unicode>{1}</Unicode></TextEquiv></Word>"
    inner = "<TextLine>" + word.format("w", "a", "1") + word.format("v", "", "1") + "</TextLine>"
    found = filled(page(inner), {0: line})
    expected = word.format("w", "une", "0.9000") + word.format("v", "hy-", "0.4000")
    expected += '<TextEquiv conf="0.5000"><Unicode>une hy-</Unicode></TextEquiv>'
    assert found.decode() == page(f"<TextLine>{expected}</TextLine>")


def test_regions_have_the_text_of_their_lines_where_all_were_read() -> None:
    line = "<TextLine><TextEquiv><Unicode>{0}</Unicode></TextEquiv></TextLine>"
    inner = line.format("a") + line.format("b") + "<TextEquiv><Unicode>a\nb</Unicode></TextEquiv>"
    both = {0: ReadLine(ReadText("une", 0.5)), 1: ReadLine(ReadText("deux", 0.7))}
    assert b'<TextEquiv conf="0.6000"><Unicode>une\ndeux</Unicode>' in filled(page(inner), both)
    assert b"<TextEquiv><Unicode>a\nb</Unicode>" in filled(page(inner), {0: both[0]})


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("UTF-8", "ISO-8859-1").encode("iso-8859-1"),
        lambda text: text.replace("UTF-8", "windows-1252").encode("cp1252"),
        lambda text: text.replace("UTF-8", "UTF-16").encode("utf-16"),
        lambda text: b"\xfe\xff" + text.replace("UTF-8", "UTF-16").encode("utf-16-be"),
    ],
    ids=["BOM", "latin-1", "windows", "utf-16-le", "utf-16-be"],
)
def test_encodings_stay(encode: Any) -> None:
    data = encode(
        page("<pc:TextLine><pc:TextEquiv><pc:Unicode>é</pc:Unicode></pc:TextEquiv></pc:TextLine>", prefix="pc")
    )
    once = filled(data)
    assert ElementTree.fromstring(once).find(f".//{{{PAGE}}}Unicode").text == READ.line.text  # type: ignore[union-attr]
    assert XmlPage(once, "p").written.lines[0].text == READ.line.text
    assert once[:40] == data[:40]
    assert filled(once) == once
    back = {0: ReadLine(ReadText("é", 1.0))}
    assert filled(once, back) == filled(data, back)


def test_what_is_no_page_is_refused() -> None:
    for text in ("<mets/>", "<alto><Layout>", page("").replace("UTF-8", "UTF-7")):
        with pytest.raises(BadDataError, match=r"no ALTO or PAGE file|not well-formed|encoding"):
            XmlPage(text.encode(), "p.xml")


def test_a_line_has_words_only_where_there_are_as_many_elements() -> None:
    assert [one.text for one in tokens(ReadText("a b", 0.5), 2) or ()] == ["a", "b"]
    assert tokens(ReadText("a b", 0.5), 3) is None


def test_words_shared_out_among_elements_are_all_there() -> None:
    for text, count, expected in (("a b c", 2, ["a", "b c"]), ("a", 3, ["a", "", ""]), ("a b", 1, ["a b"])):
        assert [one.text for one in shared_out(ReadText(text, 0.5), count)] == expected


def test_filling_takes_time_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by a clock: none of what is looked at is a copy of the rest of the file."""

    class Watched(bytes):
        longest = 0

        def __getitem__(self, key: Any) -> Any:
            found = super().__getitem__(key)
            Watched.longest = max(Watched.longest, len(found) if isinstance(found, bytes) else 0)
            return found

    line = '<TextLine><Shape/>\n <String CONTENT="a"/><SP/><String\nWC="1" CONTENT="b"/></TextLine>'
    found = XmlPage(alto(line * 500).encode(), "p.xml")
    expected = filled(alto(line * 500))
    text = found._file._text
    found._file._text = Watched(text)
    monkeypatch.setattr(SplicedFile, "changed", property(lambda file: b""))
    found.fill(dict.fromkeys(range(500), READ))
    assert Watched.longest < 1000
    monkeypatch.undo()
    assert found.data == expected


def test_what_no_xml_may_hold_is_left_out() -> None:
    found = filled(page("<TextLine/>"), {0: ReadLine(ReadText("a\x00b\ud800c", 2.0))})
    assert re.search(rb'conf="1.0000"><Unicode>abc</Unicode>', found)
