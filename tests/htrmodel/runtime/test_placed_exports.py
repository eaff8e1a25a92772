"""Boxes of words put into exports that are transcribed: which lines get them, and that nothing else changes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from htrdata.errors import UsageError
from htrdata.labels import PRINTABLE
from htrdata.sources.xml.filling import XmlPage
from htrmodel.checkpoint.native import save
from htrmodel.cli.commands import commands
from htrmodel.config import ENTRY, FORMAT, RecogniserConfig
from htrmodel.reader import WordReader
from htrmodel.recogniser import Recogniser
from htrmodel.runtime.exported import ExportedRecogniser
from htrmodel.runtime.exported_pages import find_pages, prepare
from htrmodel.runtime.filled_exports import Filled, place_export
from htrmodel.runtime.predicting import load_reader
from htrmodel.runtime.word_places import Boxes
from tests.drawn_exports import ALTO, PAGE, Drawn, alto, draw_lines, page

from .test_word_places import SCHEMAS, Spelling, of_all_versions, of_version, schema_named

SHARED = Path(__file__).parents[3].parent / "shared"

PUT_IN = re.compile(
    rb"\s*<SP/>|\s*<(Word|Glyph) .*?</\1>|\s*<String [^>]*/>|\s*<String [^>]*[^/]>.*?</String>", re.DOTALL
)
"""What places words: ``Word`` elements, and those of ALTO with their boxes."""


class Placing(Spelling):
    """Sees the same evenly spaced letters everywhere; it must not read."""

    def read_inputs(self, inputs: NDArray[np.float32]) -> Any:
        raise AssertionError("what is transcribed is not read")


@pytest.fixture(scope="module")
def drawn() -> tuple[bytes, tuple[int, int], list[Drawn]]:
    png, size, lines = draw_lines("a01", 3, 0.25)
    letters = "ab fed"
    return png, size, [replace(line, words=_spelt(line, letters)) for line in lines]


def _spelt(line: Drawn, text: str) -> tuple[tuple[str, tuple[int, int, int, int]], ...]:
    """A line with words that `Spelling` knows."""
    return tuple((word, line.words[number][1]) for number, word in enumerate(text.split()))


def place(
    root: Path, texts: dict[str, str], png: bytes, boxes: Boxes = "words", reader: WordReader | None = None
) -> tuple[Filled, dict[str, str]]:
    """Writes an export, places its words, and gives what was written; and that a second run changes nothing."""
    (root / "in").mkdir(parents=True)
    for name, text in texts.items():
        (root / "in" / f"{name}.xml").write_bytes(text.encode())
    (root / "in" / "p.png").write_bytes(png)
    found, written = run(root / "in", root / "out", boxes, reader)
    (root / "out" / "p.png").write_bytes(png)
    assert run(root / "out", root / "twice", boxes, reader)[1] == written
    return found, written


def run(place: Path, out: Path, boxes: Boxes, reader: WordReader | None = None) -> tuple[Filled, dict[str, str]]:
    prepare(out, {}, [place])
    found = place_export(reader or Placing(), find_pages([place]), out, boxes)
    return found, {one.stem: one.read_bytes().decode() for one in out.rglob("*.xml")}


@pytest.mark.parametrize("boxes", ["words", "characters"])
def test_transcribed_lines_get_boxes_and_nothing_else_changes(
    tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]], boxes: Boxes
) -> None:
    png, size, lines = drawn
    texts = of_all_versions(size, lines)
    found, written = place(tmp_path, texts, png, boxes)
    assert (found.pages, found.lines, found.words) == (5, 5 * len(lines), 10 * len(lines))
    assert (found.unplaced, found.unsure, found.left) == (0, 0, Counter())
    for name, text in written.items():
        assert PUT_IN.sub(b"", text.encode()) == PUT_IN.sub(b"", texts[name].encode())
        assert "conf=" not in text
        assert not re.search(r"\b(WC|GC|CC)=", text)
        before, after = (XmlPage(one.encode(), name).written.lines for one in (texts[name], text))
        assert [line.text for line in after] == [line.text for line in before]
        assert [[word.text for word in line.words] for line in after] == [["ab", "fed"]] * len(lines)
        glyphs = 5 * len(lines) if boxes == "characters" and name not in ("alto-2-1", "alto-3-1") else 0
        assert len(re.findall("<Glyph ", text)) == glyphs


WORDS_OF_PEOPLE = (
    '<Word id="w"><Coords points="9,9 30,9 30,30 9,30"/><TextEquiv><Unicode>ab</Unicode></TextEquiv></Word>'
)
LINE = '<Coords points="8,8 300,8 300,60 8,60"/>'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{LINE}{WORDS_OF_PEOPLE}<TextEquiv><Unicode>ab fed</Unicode></TextEquiv>", "with words of their own"),
        (f"{LINE}{WORDS_OF_PEOPLE.replace('9,9 30,9 30,30 9,30', 'no')}", "with words of their own"),
        (f'{LINE}<Word id="w"><TextEquiv><Unicode>ab</Unicode></TextEquiv></Word>', "with words of their own"),
        (LINE, "without text"),
        (f"{LINE}<TextEquiv><Unicode> </Unicode></TextEquiv>", "without text"),
        (f"{LINE}<TextEquiv><Unicode>\u00a0</Unicode></TextEquiv>", "without text"),
        ("<TextEquiv><Unicode>ab fed</Unicode></TextEquiv>", "without coordinates that can be read"),
    ],
)
def test_lines_of_page_that_stay_as_they_are(
    tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]], line: str, reason: str
) -> None:
    text = (
        f'<PcGts xmlns="{PAGE}"><Page imageFilename="p.png" imageWidth="620" imageHeight="886"><TextRegion id="r">'
        f'<TextLine id="l">{line}</TextLine></TextRegion></Page></PcGts>'
    )
    found, written = place(tmp_path, {"p": text}, drawn[0], "characters")
    assert (found.lines, dict(found.left), written["p"]) == (0, {reason: 1}, text)


def of_alto(strings: str, version: str = "v4") -> str:
    box = 'HPOS="8" VPOS="8" WIDTH="292" HEIGHT="52"'
    return (
        f'<alto xmlns="{ALTO.replace("v4", version)}"><Layout><Page WIDTH="620" HEIGHT="886"><PrintSpace>'
        f'<TextBlock ID="b"><TextLine ID="l" {box}>{strings.replace("BOX", box)}</TextLine></TextBlock></PrintSpace>'
        "</Page></Layout></alto>"
    )


@pytest.mark.parametrize(
    ("strings", "reason"),
    [
        ('<String CONTENT="ab" HPOS="9" VPOS="9" WIDTH="20" HEIGHT="20"/>', "with words of their own"),
        (
            '<String CONTENT="ab" HPOS="9" VPOS="9" WIDTH="20" HEIGHT="20"/><SP/><String CONTENT="fed"/>',
            "with words of their own",
        ),
        ('<String CONTENT="ab" HPOS="x"/><String CONTENT="fed"/>', "with words of their own"),
        ("", "without text"),
        ('<String CONTENT="" BOX/>', "without text"),
        ('<String CONTENT="" BOX/><HYP CONTENT="-"/>', "without text"),
        ('<String CONTENT="ab fed"/><SP/><String CONTENT="ab"/>', "with Strings that are no words"),
        ('<String CONTENT="ab"/><SP/><String CONTENT=""/>', "with Strings that are no words"),
        ('<String CONTENT="ab fed" CC="1 2 3 4 5 6" BOX/>', "with a String that has more than a text"),
        ('<String CONTENT="ab fed" x:mine="1" xmlns:x="x" BOX/>', "with a String that has more than a text"),
        ('<String CONTENT="ab fed"><Glyph CONTENT="a"/></String>', "with a String that has more than a text"),
        ('<String CONTENT="ab fed"><!-- or cd? --></String>', "with a String that has more than a text"),
    ],
)
def test_lines_of_alto_that_stay_as_they_are(
    tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]], strings: str, reason: str
) -> None:
    text = of_alto(strings)
    found, written = place(tmp_path, {"p": text}, drawn[0], "characters")
    assert (found.lines, dict(found.left), written["p"]) == (0, {reason: 1}, text)


@pytest.mark.parametrize(
    ("strings", "expected"),
    [
        # What the only String says of all its words is said of each, and its id stays one that others may name.
        (
            '<String ID="s" CONTENT="ab fed" WC="0.91" CS="true" STYLE="bold" BOX></String>',
            '<String ID="s" CONTENT="ab" AT STYLE="bold" WC="0.91" CS="true"/><SP/>'
            '<String ID="l_w1" CONTENT="fed" AT STYLE="bold" WC="0.91" CS="true"/>',
        ),
        # One for each word, without boxes: these are put in.
        (
            '<String CONTENT="ab" SUBS_TYPE="x"/><SP WIDTH="3"/><String CONTENT="fed"></String>',
            '<String CONTENT="ab" SUBS_TYPE="x" AT/><SP WIDTH="3"/><String CONTENT="fed" AT></String>',
        ),
        # One word, in a String as large as the line: its box becomes that of the word, and all below it stays.
        (
            '<String ID="s" CONTENT="fed" CC="1 2 3" BOX><ALTERNATIVE>sed</ALTERNATIVE></String>',
            '<String ID="s" CONTENT="fed" CC="1 2 3" AT><ALTERNATIVE>sed</ALTERNATIVE></String>',
        ),
        # A hyphen stays where it is, whatever sign it is.
        (
            '<String CONTENT="ab fed" BOX/><HYP CONTENT="\u2e17"/>',
            '<String ID="l_w1" CONTENT="ab" AT/><SP/><String ID="l_w2" CONTENT="fed" AT/><HYP CONTENT="\u2e17"/>',
        ),
        # A space that breaks no line is of its word.
        (
            '<String CONTENT="ab\u00a0c fed" BOX/>',
            '<String ID="l_w1" CONTENT="ab\u00a0c" AT/><SP/><String ID="l_w2" CONTENT="fed" AT/>',
        ),
    ],
)
def test_strings_of_alto(
    tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]], strings: str, expected: str
) -> None:
    found, written = place(tmp_path, {"p": of_alto(strings)}, drawn[0])
    assert found.lines == 1
    box = r'HPOS="\d+" VPOS="\d+" WIDTH="\d+" HEIGHT="\d+"'
    body = re.search("<TextLine [^>]*>(.*)</TextLine>", written["p"])
    assert body is not None
    assert re.sub(box, "AT", body[1]) == expected
    assert 'WIDTH="292"' not in body[1]


def test_characters_go_into_strings_that_have_none(
    tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]]
) -> None:
    text = of_alto('<String CONTENT="ab"/><SP/><String CONTENT="fed"><Shape/></String>')
    _, written = place(tmp_path, {"p": text}, drawn[0], "characters")
    glyphs = re.findall('<Glyph CONTENT="(.)" HPOS="([0-9]+)"', written["p"])
    assert [letter for letter, _ in glyphs] == list("abfed")
    assert [int(left) for _, left in glyphs] == sorted(int(left) for _, left in glyphs)
    assert "<Shape/><Glyph " in written["p"]
    _, older = place(tmp_path / "3", {"p": text.replace("ns-v4", "ns-v3")}, drawn[0], "characters")
    assert "Glyph" not in older["p"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_prefixes_and_encodings_stay(
    tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]], encoding: str
) -> None:
    plain = of_alto('<String CONTENT="ab fé" BOX/>')
    text = re.sub("<(/?)(?=[A-Za-z])", r"<\1a:", plain).replace("xmlns=", "xmlns:a=")
    declared = "" if encoding == "utf-16" else f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>\r\n'
    root = tmp_path / "in"
    root.mkdir()
    (root / "p.xml").write_bytes((declared + text).encode(encoding))
    (root / "p.png").write_bytes(drawn[0])
    prepare(tmp_path / "out", {}, [root])
    found = place_export(Placing(), find_pages([root]), tmp_path / "out", "characters")
    assert (found.lines, found.bad) == (1, [])
    written = (tmp_path / "out/p.xml").read_bytes().decode(encoding)
    strings = re.findall("<a:String ID=.*?</a:String>", written)
    assert [re.findall('CONTENT="(.*?)"', one) for one in strings] == [["ab", "a", "b"], ["fé", "f", "é"]]
    assert re.sub("<a:String ID=.*</a:String>", "", written) == re.sub("<a:String .*?/>", "", declared + text)


def test_a_text_that_does_not_fit_its_line_is_counted_and_stays(
    tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]]
) -> None:
    text = of_alto(f'<String CONTENT="{"a " * 400}b" BOX/>')
    found, written = place(tmp_path, {"p": text}, drawn[0])
    assert (found.lines, found.unplaced, written["p"]) == (0, 1, text)


class BestAlone(ExportedRecogniser):
    """As graphs are: tells the best class of each step, and here always spells the same."""

    def __init__(self, text: str) -> None:
        self.spelling = Spelling(text)
        config = self.spelling.config.to_dict()
        super().__init__(Path("best.onnx"), {ENTRY: json.dumps({"format": FORMAT, "config": config})})

    def best_classes(self, inputs: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        seen = self.spelling.log_probabilities(inputs)
        return seen.argmax(2), np.exp(seen.max(2))


@pytest.mark.parametrize("reads", ["ab fed", "ab fcd", "bb f"])
def test_graphs_place_texts_that_they_read_otherwise(
    tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]], reads: str
) -> None:
    found, written = place(
        tmp_path, {"p": of_alto('<String CONTENT="ab fed" BOX/>')}, drawn[0], "words", BestAlone(reads)
    )
    assert (found.lines, found.unplaced) == (1, 0)
    assert re.findall('CONTENT="(.*?)"', written["p"]) == ["ab", "fed"]


def test_unsure_words_are_counted(tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]]) -> None:
    found, _ = place(tmp_path, {"p": of_alto('<String CONTENT="ab cccc" BOX/>')}, drawn[0])
    assert (found.words, found.unsure) == (2, 1)


def test_a_bad_page_is_named_and_a_run_that_was_killed_goes_on(
    tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]]
) -> None:
    png, size, lines = drawn
    root = tmp_path / "in"
    root.mkdir()
    for name in ("a", "b", "c"):
        (root / f"{name}.xml").write_text(alto(f"{name}.png", size, lines))
        (root / f"{name}.png").write_bytes(png if name != "b" else png[:900])

    class Dies(Placing):
        def log_probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
            if (tmp_path / "out" / "a.xml").exists():
                raise KeyboardInterrupt
            return super().log_probabilities(inputs)

    with pytest.raises(KeyboardInterrupt):
        run(root, tmp_path / "out", "words", Dies())
    found, written = run(root, tmp_path / "out", "words")
    assert (found.there, found.pages, sorted(written)) == (1, 1, ["a", "c"])
    assert len(found.bad) == 1
    assert "b.png" in found.bad[0]
    assert written["a"] == written["c"].replace("c.png", "a.png")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    def made(architecture: str) -> Path:
        path = tmp_path_factory.mktemp("tiny") / "w.safetensors"
        config = RecogniserConfig(charset=PRINTABLE, architecture=architecture, output_channel=16, hidden_size=16)
        save(Recogniser(config), path)
        return path

    return made


def test_the_command_places_with_a_model_of_words_too(
    tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]], tiny: Callable[[str], Path]
) -> None:
    png, size, lines = drawn
    (tmp_path / "p.png").write_bytes(png)
    (tmp_path / "p.xml").write_text(alto("p.png", size, lines))
    weights = str(tiny("None-VGG-BiLSTM-CTC"))
    command = ["align", str(tmp_path / "p.xml"), "--xml", "--out", str(tmp_path / "out"), "--checkpoint", weights]
    done = CliRunner().invoke(commands, command)
    assert done.exit_code == 0, done.output
    words = 2 * len(lines)
    assert re.search(rf": {words} words \({words} of them unsure\) of {len(lines)} lines of 1 page placed", done.output)
    assert (tmp_path / "out" / "p.xml").read_text().count("<String ") == words
    again = CliRunner().invoke(commands, [*command, "--boxes", "characters"])
    assert isinstance(again.exception, UsageError)
    assert "another choice of --boxes" in str(again.exception)
    for place in (command[1], str(tmp_path)):
        without = CliRunner().invoke(commands, ["align", place, "--out", str(tmp_path / "a.parquet")])
        assert "is an export" in str(without.exception)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a", "b"], "name one store"),
        (["a", "--boxes", "words"], "go with --xml"),
        (["a", "--part", "1/2"], "go with --xml"),
        (["a", "--xml", "--name", "n"], "--name is of a store"),
        (["a", "--xml", "--checkpoint", "TPS"], "needs a model without TPS"),
    ],
)
def test_what_the_command_refuses(tmp_path: Path, tiny: Callable[[str], Path], arguments: list[str], said: str) -> None:
    given = [str(tiny("TPS-ResNet-BiLSTM-Attn")) if one == "TPS" else one for one in arguments]
    done = CliRunner().invoke(commands, ["align", *given, "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, UsageError)
    assert said in str(done.exception)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("folder", ["hn2021", "pages/copiste", "pages/lectaurep-mariages"])
def test_pages_of_archives(tmp_path: Path, folder: str) -> None:
    root = SHARED / folder
    if not root.is_dir():
        pytest.skip(f"{root} is not here")
    first = sorted(root.glob("*.xml"))[0]
    prepare(tmp_path / "out", {}, [first])
    found = place_export(load_reader("starter-fast"), find_pages([first]), tmp_path / "out", "characters")
    assert found.bad == []
    assert found.lines > 5
    before, after = first.read_bytes(), (tmp_path / "out" / first.name).read_bytes()
    assert PUT_IN.sub(b"", after) == PUT_IN.sub(b"", before)
    lines = zip(XmlPage(before, "b").written.lines, XmlPage(after, "a").written.lines, strict=True)
    assert all(one.text == " ".join(other.text.split(" ")) for one, other in lines if one.text)


@pytest.mark.parametrize("name", SCHEMAS)
def test_placed_files_are_valid(tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]], name: str) -> None:
    etree, schema = schema_named(name)
    png, size, lines = drawn
    made = page("p.png", size, lines, words=False) if "page" in name else alto("p.png", size, lines)
    for boxes in ("words", "characters"):
        _, written = place(tmp_path / boxes, {"p": of_version(made, SCHEMAS[name], size)}, png, boxes)
        schema.assertValid(etree.fromstring(written["p"].encode()))
