"""Exports read and written anew: which crops are read, what is written where, kills, bad pages, parts."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

from htrdata.errors import SourceMissingError, UsageError
from htrdata.labels import PRINTABLE
from htrmodel.checkpoint.native import save
from htrmodel.cli.commands import commands
from htrmodel.config import RecogniserConfig
from htrmodel.evaluation import forecasting
from htrmodel.reader import WordReader
from htrmodel.recogniser import Recogniser
from htrmodel.runtime.exported_pages import RECORD, find_pages, prepare
from htrmodel.runtime.filled_exports import Filled, fill_export
from htrmodel.runtime.read_lines import filled_lines
from htrmodel.tokenizer import Reading
from htrmodel.training.recipes import LINE_MODEL
from tests.drawn_exports import Drawn, alto, draw_lines, page

WORDS = RecogniserConfig(charset=PRINTABLE, architecture="None-VGG-BiLSTM-CTC", output_channel=16, hidden_size=16)
LINES = replace(WORDS, **LINE_MODEL)
FILLED = re.compile(rb"""( (?:WC|conf)="[0-9.]+")|(?<=CONTENT=")[^"]*|(?<=<Unicode>)[^<]*""")


class Measuring(WordReader):
    """Reads how wide an input is, and how dark."""

    def __init__(self, config: RecogniserConfig) -> None:
        self.config = config
        self.name = "measuring"
        self.inputs = 0

    def read_inputs(self, inputs: NDArray[np.float32]) -> list[Reading]:
        self.inputs += len(inputs)
        return [Reading(f"{inputs.shape[3]} {one.mean():.3f}", 0.25) for one in inputs]


@pytest.fixture(scope="module")
def drawn() -> tuple[bytes, tuple[int, int], list[Drawn]]:
    return draw_lines("a01", 3, 0.25)


@pytest.fixture
def export(tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]]) -> Path:
    """Three pages as Transkribus lays them out, one of them ALTO, and its METS."""
    root = tmp_path / "export"
    (root / "page").mkdir(parents=True)
    png, size, lines = drawn
    for name in ("a", "b", "c"):
        (root / f"{name}.png").write_bytes(png)
        text = alto(f"{name}.png", size, lines) if name == "b" else page(f"{name}.png", size, lines)
        (root / "page" / f"{name}.xml").write_bytes(text.replace("><", ">\r\n<").encode())
    (root / "mets.xml").write_text("<mets/>")
    return root


def run(place: Path, out: Path, reader: WordReader | None = None, unit: str = "line", **more: object) -> Filled:
    prepare(out, {"checkpoint": "one"}, [place])
    pages = find_pages([place])
    return fill_export(reader or Measuring(LINES), pages, out, unit, **more)  # type: ignore[arg-type]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def contents(folder: Path) -> dict[str, bytes]:
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in folder.rglob("*.xml")}


def test_the_same_files_come_out_with_texts_and_confidences_alone(
    export: Path, tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]]
) -> None:
    lines = len(drawn[2])
    found = run(export, tmp_path / "out")
    assert (found.pages, found.lines, found.others, found.bad, dict(found.left)) == (3, 3 * lines, 1, [], {})
    written = contents(tmp_path / "out")
    assert written.keys() == {"page/a.xml", "page/b.xml", "page/c.xml"}
    for name, data in written.items():
        assert FILLED.sub(b"", data) == FILLED.sub(b"", (export / name).read_bytes())
        texts = re.findall(
            rb"""(?:CONTENT="|</Word>\s*<TextEquiv conf="[0-9.]+">\s*<Unicode>)([0-9]+ -?[0-9.]+)""", data
        )
        assert len(texts) == lines
        widths = [int(text.split()[0]) for text in texts]
        expected = [
            LINES.input_width(right - left, bottom - top) for left, top, right, bottom in (x.box for x in drawn[2])
        ]
        assert np.abs(np.array(widths) - expected).max() <= 64
    assert written["page/a.xml"].count(b'conf="') == lines + sum(len(line.words) for line in drawn[2])
    # As sure as of a character in the mean: a quarter for texts of some ten characters.
    assert re.search(rb'WC="0\.8[0-9]+"', written["page/b.xml"])


def test_a_second_run_changes_nothing(export: Path, tmp_path: Path) -> None:
    run(export, tmp_path / "out")
    first = contents(tmp_path / "out")
    for one in export.glob("*.png"):
        (tmp_path / "out" / one.name).write_bytes(one.read_bytes())
    again = run(export, tmp_path / "out")
    assert (again.pages, again.there, contents(tmp_path / "out")) == (0, 3, first)
    run(tmp_path / "out", tmp_path / "twice")
    assert contents(tmp_path / "twice") == first


def test_a_zip_is_read_as_it_was_exported(export: Path, tmp_path: Path) -> None:
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for one in export.rglob("*.*"):
            file.write(one, f"doc/{one.relative_to(export).as_posix()}")
    run(archive, tmp_path / "zip")
    run(export, tmp_path / "folder")
    assert contents(tmp_path / "zip") == {f"doc/{name}": data for name, data in contents(tmp_path / "folder").items()}
    run(export / "page" / "b.xml", tmp_path / "file")
    assert contents(tmp_path / "file") == {"b.xml": contents(tmp_path / "folder")["page/b.xml"]}


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_run_that_ends_in_the_middle_goes_on(export: Path, tmp_path: Path, after: int) -> None:
    class Dies(Measuring):
        def read_inputs(self, inputs: NDArray[np.float32]) -> list[Reading]:
            if len(contents(tmp_path / "out")) == after:
                raise KeyboardInterrupt
            return super().read_inputs(inputs)

    with pytest.raises(KeyboardInterrupt):
        run(export, tmp_path / "out", Dies(LINES))
    found = run(export, tmp_path / "out")
    assert (found.there, found.pages) == (after, 3 - after)
    run(export, tmp_path / "whole")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert {one.name for one in (tmp_path / "out" / "page").iterdir()} == {"a.xml", "b.xml", "c.xml"}


def _cut(root: Path) -> None:
    path = root / "page" / "b.xml"
    path.write_bytes(path.read_bytes()[:900])


def _picture(root: Path) -> None:
    (root / "b.png").unlink()


def _damaged(root: Path) -> None:
    (root / "b.png").write_bytes((root / "b.png").read_bytes()[:500])


def _size(root: Path) -> None:
    path = root / "page" / "b.xml"
    path.write_bytes(
        re.sub(rb'WIDTH="\d+" HEIGHT="\d+">\r\n<PrintSpace', b'WIDTH="9" HEIGHT="9"><PrintSpace', path.read_bytes())
    )


@pytest.mark.parametrize(
    ("harm", "said"),
    [(_cut, "not well-formed"), (_picture, "is not in the export"), (_damaged, "b.png"), (_size, "9 x 9 pixels")],
)
def test_a_bad_page_is_named_and_passed(export: Path, tmp_path: Path, harm: Callable[[Path], None], said: str) -> None:
    harm(export)
    told: list[str] = []
    found = run(export, tmp_path / "out", say=told.append)
    assert contents(tmp_path / "out").keys() == {"page/a.xml", "page/c.xml"}
    assert len(found.bad) == len(told) == 1
    assert said in told[0]
    assert "b.xml" in told[0]


def test_a_line_without_coordinates_is_left_as_it_is(export: Path, tmp_path: Path) -> None:
    path = export / "page" / "b.xml"
    path.write_bytes(re.sub(rb'<Polygon POINTS="[^"]*', b'<Polygon POINTS="nowhere', path.read_bytes(), count=1))
    found = run(export, tmp_path / "out")
    assert dict(found.left) == {"without coordinates that can be read": 1}
    assert contents(tmp_path / "out")["page/b.xml"].count(b"WC=") == path.read_bytes().count(b"<String ") - 1


def test_strings_without_boxes_keep_what_was_read(export: Path, tmp_path: Path) -> None:
    path = export / "page" / "b.xml"
    strings = b'<String CONTENT="x"/><SP/><String CONTENT="y"/><SP/><String CONTENT="z"/>'
    bare = re.sub(rb"<String [^>]*>\s*</String>", strings, path.read_bytes())
    path.write_bytes(bare)
    run(path, tmp_path / "out")
    texts = re.findall(rb'<String CONTENT="([^"]*)"', (tmp_path / "out" / "b.xml").read_bytes())
    assert [bool(text) for text in texts] == [True, True, False] * bare.count(b"<TextLine")  # two words of each line


def test_pictures_may_lie_elsewhere(export: Path, tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    for one in export.glob("*.png"):
        one.rename(tmp_path / "scans" / one.name)
    bad = fill_export(Measuring(LINES), find_pages([export]), tmp_path / "none", "line").bad
    assert len(bad) == 3
    assert "name its folder with --images" in bad[0]
    prepare(tmp_path / "out", {"checkpoint": "one"}, [export])
    found = fill_export(Measuring(LINES), find_pages([export], None, tmp_path / "scans"), tmp_path / "out", "line")
    assert (found.pages, found.bad) == (3, [])


def test_words_are_read_where_they_have_boxes(
    export: Path, tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]]
) -> None:
    reader = Measuring(WORDS)
    found = run(export, tmp_path / "out", reader, "word")
    words = sum(len(line.words) for line in drawn[2])
    assert reader.inputs == 2 * words
    assert (found.lines, dict(found.left)) == (2 * len(drawn[2]), {"without boxes of words": len(drawn[2])})
    written = contents(tmp_path / "out")
    assert written["page/b.xml"] == (export / "page" / "b.xml").read_bytes()
    assert written["page/a.xml"].count(b"100 ") == 2 * words


def test_a_folder_belongs_to_one_run(export: Path, tmp_path: Path) -> None:
    run(export, tmp_path / "out")
    assert (tmp_path / "out" / RECORD).exists()
    with pytest.raises(UsageError, match="read with another checkpoint"):
        prepare(tmp_path / "out", {"checkpoint": "two"}, [export])
    with pytest.raises(UsageError, match="read with another choice of --boxes, checkpoint"):
        prepare(tmp_path / "out", {"checkpoint": "two", "boxes": "words"}, [export])
    with pytest.raises(UsageError, match="is the export itself"):
        prepare(export, {"checkpoint": "one"}, [export])
    (tmp_path / "none").mkdir()
    with pytest.raises(SourceMissingError, match="no XML file"):
        find_pages([tmp_path / "none"])


def test_a_folder_is_of_the_file_that_read_it_and_of_what_helped(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Measuring(LINES)
    reader.name = str(tmp_path / "graph.onnx")
    (tmp_path / "graph.onnx").write_bytes(b"a graph")
    monkeypatch.setattr("htrmodel.runtime.predicting.load_reader", lambda *_: reader)
    command = ["predict", str(export), "--xml", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(commands, command)
    assert done.exit_code == 0, done.output
    record = json.loads((tmp_path / "out" / RECORD).read_text())
    assert record == {"checkpoint": hashlib.sha256(b"a graph").hexdigest(), "unit": "line", "language": ""}
    done = CliRunner().invoke(commands, [*command, "--tta"])
    assert isinstance(done.exception, UsageError)
    assert "read with another language: name another folder" in str(done.exception)


def test_results_within_an_export_are_no_pages_of_it(export: Path, tmp_path: Path) -> None:
    out = export / "filled"
    run(export, out)
    before = contents(out)
    names = [page.below for page in find_pages([export])]
    (tmp_path / "link").symlink_to(export)
    for place in (export, tmp_path / "link"):
        again = find_pages([place], out)
        assert len(again) == len(names) - len(before)
        assert not [page for page in again if "filled" in page.below.parts]
    run(export / "page", tmp_path / "other")
    assert contents(out) == before


class Three(Measuring):
    """Reads three words everywhere: how wide an input is, and two more."""

    def read_inputs(self, inputs: NDArray[np.float32]) -> list[Reading]:
        return [Reading(f"{inputs.shape[3]} so so", 0.25) for _ in inputs]


def test_strings_that_are_parts_of_words_are_read_by_themselves(
    tmp_path: Path, drawn: tuple[bytes, tuple[int, int], list[Drawn]]
) -> None:
    """As many words as strings are read, and yet none is one of them."""
    strings = [
        f'<String CONTENT="{text}" HPOS="{left}" VPOS="20" WIDTH="{width}" HEIGHT="40"/>'
        for text, left, width in (("Luxemb", 20, 90), (".", 112, 20), ("1904", 160, 70))
    ]
    line = f'<TextLine ID="l" HPOS="10" VPOS="10" WIDTH="300" HEIGHT="60">{strings[0]}{{}}{strings[1]}<SP/>{strings[2]}'
    for name, space in (("parts", ""), ("words", "<SP/>")):
        (tmp_path / name).mkdir()
        text = alto("p.png", drawn[1], (), f"{line.format(space)}</TextLine>")
        (tmp_path / name / "p.xml").write_text(text)
        (tmp_path / name / "p.png").write_bytes(drawn[0])
        prepare(tmp_path / f"{name}-out", {}, [tmp_path / name])
        fill_export(Three(LINES), find_pages([tmp_path / name]), tmp_path / f"{name}-out", "line")
    found = [
        re.findall('CONTENT="([^"]*)"', (tmp_path / f"{name}-out/p.xml").read_text()) for name in ("parts", "words")
    ]
    assert all(text.endswith(" so so") for text in found[0])
    assert len({*found[0]}) == 3
    assert found[1][1:] == ["so", "so"]


def test_what_was_filled_is_forecast_and_cut_out_to_be_transcribed(export: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree(export, tmp_path / "both" / name)
    run(tmp_path / "both", tmp_path / "out")
    lines = filled_lines([tmp_path / "out"])
    assert {line.document for line in lines} == {"one", "two"}
    assert len(lines) == 2 * sum(data.count(b"<TextLine") for data in contents(export).values())
    known = {"confidence": [0.0, 1.0], "cer": [0.5, 0.0], "mean_error": 0.02, "error_90": 0.04, "documents": 9}
    save(Recogniser(LINES), tmp_path / "w.safetensors", data={"forecast": known})
    (tmp_path / "out" / RECORD).write_text(json.dumps({"checkpoint": digest(tmp_path / "w.safetensors")}))
    command = ["forecast", tmp_path / "out", "--checkpoint", tmp_path / "w.safetensors", "--lines", 5]
    command += ["--images", tmp_path / "both", "--out", tmp_path / "next"]
    done = CliRunner().invoke(commands, list(map(str, command)))
    assert done.exit_code == 0, done.output
    cer = sum((1 - line.confidence) / 2 * len(line.text) for line in lines) / sum(len(line.text) for line in lines)
    assert re.search(rf"all +6 +{len(lines)}  {cer:.1%}", done.stdout)
    assert "wrong by 2.0 points in the mean, and by at most 4.0 for nine of ten" in done.stderr
    with (tmp_path / "next" / "lines.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    texts = (tmp_path / "next/transcribe/gt.txt").read_text().splitlines()
    assert [f"{number:04d}.png\t{row['read']}" for number, row in enumerate(listed, 1)] == texts
    with Image.open(tmp_path / "next/transcribe/0001.png") as cut:
        assert cut.height <= 64


def test_a_forecast_is_of_the_weights_and_the_help_that_the_pages_were_read_with(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(export, tmp_path / "out")
    known = {"confidence": [0.0, 1.0], "cer": [0.5, 0.0], "mean_error": 0.02, "error_90": 0.04, "documents": 9}
    save(Recogniser(LINES), tmp_path / "w.safetensors", data={"forecast": known})
    command = list(map(str, ["forecast", tmp_path / "out", "--checkpoint", tmp_path / "w.safetensors"]))
    others = CliRunner().invoke(commands, command)
    assert isinstance(others.exception, UsageError)
    assert "were read by other weights than" in str(others.exception)
    record = {"checkpoint": digest(tmp_path / "w.safetensors"), "language": "french.lm@0123x0.4,beam8"}
    (tmp_path / "out" / RECORD).write_text(json.dumps(record))
    unknown = CliRunner().invoke(commands, command)
    assert "were read with french.lm@0123x0.4,beam8" in str(unknown.exception)
    assert "--held-out STORE, with the same --lm" in str(unknown.exception)
    installed = {record["checkpoint"]: {record["language"]: {**known, "cer": [0.9, 0.9]}}}
    (tmp_path / forecasting.FORECASTS).write_text(json.dumps(installed))
    monkeypatch.setattr(forecasting, "FOLDER", tmp_path)
    assert re.search(r"(?m)  90\.0%$", CliRunner().invoke(commands, command).stdout)
    without_store = CliRunner().invoke(commands, [*command, "--lm", "french"])
    assert "are for reading the lines of --held-out" in str(without_store.exception)
    with_another = CliRunner().invoke(commands, [*command, "--held-out", str(tmp_path), "--tta"])
    assert "read with french.lm@0123x0.4,beam8, and the held-out lines would be with tta" in str(with_another.exception)
