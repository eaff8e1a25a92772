"""From an export of lines to a store of words, on drawn pages whose words' places are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import htrdata.cli.commands
import htrmodel.cli.commands
from htrdata.errors import BadDataError, SourceMissingError, UsageError
from htrdata.labels import PRINTABLE
from htrdata.records import Box, Reason
from htrdata.sources.xml import XmlExport
from htrdata.sources.xml.alignment import Alignment
from htrdata.store.reading import open_store
from htrmodel.alignment.aligning import align_lines
from htrmodel.alignment.cutting import Extent
from htrmodel.alignment.lines import on_page, place_words

from ...drawn_exports import Drawn, write_export

X_HEIGHT = 32 * 0.5
"""Of the drawn pages, about: the writers' are 27 to 36 pixels on a form of full size."""


def run(commands: Any, *arguments: object) -> str:
    done = CliRunner().invoke(commands, list(map(str, arguments)))
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def aligned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Drawn]]:
    """A folder with drawn pages, the store of their lines and its alignment; and the lines."""
    root = tmp_path_factory.mktemp("aligned")
    lines = write_export(root / "pages", "one", seed=5) + write_export(root / "pages", "two", seed=6)
    run(htrdata.cli.commands.commands, "xml", root / "pages", "--split", "test", "--name", "lines", "--out", root)
    said = run(htrmodel.cli.commands.commands, "align", root, "--out", root / "words.parquet")
    assert "16 lines" in said
    return root, lines


def test_cuts_are_where_the_words_are(aligned: tuple[Path, list[Drawn]]) -> None:
    root, lines = aligned
    alignment = Alignment(root / "words.parquet")
    right = total = 0
    for line in lines:
        words = alignment.words(f"{'one' if line.id.startswith('one') else 'two'}/{line.id}", line.text)
        if len(words) != len(line.words):
            continue  # a word of IAM's with a space inside
        edges = [line.box[0], *(edge for _, (left, _, end, _) in line.words for edge in (left, end)), line.box[2]]
        for number, word in enumerate(words):
            assert word.box is not None
            before, begins, ends, behind = edges[2 * number : 2 * number + 4]
            left, end = word.box.xc - word.box.w / 2, word.box.xc + word.box.w / 2
            # Paper may be of either word; ink may not.
            right += before - X_HEIGHT / 3 <= left <= begins + X_HEIGHT / 3
            right += ends - X_HEIGHT / 3 <= end <= behind + X_HEIGHT / 3
            total += 2
    assert total > 120
    assert right / total > 0.95


def test_words_become_a_store_and_unsure_ones_have_their_reason(aligned: tuple[Path, list[Drawn]]) -> None:
    root, lines = aligned
    arguments = ("xml", root / "pages", "--split", "test", "--unit", "word", "--alignment", root / "words.parquet")
    run(htrdata.cli.commands.commands, *arguments, "--name", "words", "--out", root, "--least-score", -1)
    dataset = open_store(root).dataset("words")
    manifest = dataset.manifest()
    tokens = [token for line in lines for token in line.text.split()]
    assert manifest["source_text"].tolist() == tokens
    unsure = manifest["score"].astype(float) < -1
    assert (manifest["reason"][unsure] == "unsure_cut").all()
    assert (manifest["status"][~unsure] == "kept").all()
    assert 0.5 < (~unsure).mean() < 1
    assert dataset.description.alignment == Alignment(root / "words.parquet").sha256
    about = json.loads(pq.read_schema(root / "words.parquet").metadata[b"htrmodel"])
    assert about["content_digest"] == open_store(root).dataset("lines").description.content_digest


def test_an_alignment_of_another_text_is_refused(aligned: tuple[Path, list[Drawn]], tmp_path: Path) -> None:
    root, lines = aligned
    alignment = Alignment(root / "words.parquet")
    with pytest.raises(BadDataError, match="align it anew"):
        alignment.words(f"one/{lines[0].id}", lines[0].text + " more")
    (word,) = alignment.words("one/unknown", "word")
    assert word.reason(-9) is Reason.NOT_ALIGNED
    with pytest.raises(SourceMissingError, match="htrmodel align"):
        Alignment(tmp_path / "none.parquet").words("a", "b")
    pq.write_table(pa.table({"line": ["a"]}), tmp_path / "other.parquet")
    with pytest.raises(BadDataError, match="no column 'split'"):
        Alignment(tmp_path / "other.parquet").words("a", "b")
    (tmp_path / "text.parquet").write_text("text")
    with pytest.raises(BadDataError, match="is no alignment"):
        Alignment(tmp_path / "text.parquet").words("a", "b")


def test_an_alignment_that_is_there_is_taken_and_another_file_is_not_replaced(
    aligned: tuple[Path, list[Drawn]], tmp_path: Path
) -> None:
    lines = open_store(aligned[0]).dataset("lines")
    assert align_lines(lines, Path("starter-lines"), aligned[0] / "words.parquet").already
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(BadDataError, match="is not replaced"):
        align_lines(lines, Path("starter-lines"), tmp_path / "notes.txt")


def test_a_line_that_is_too_short_for_its_text_says_so() -> None:
    emissions = np.log(np.full((3, 95), 1 / 95, np.float32))
    placed = place_words("far too long", np.full((32, 20), 255, np.uint8), emissions, PRINTABLE)
    assert [(word.text, word.extent, word.reason) for word in placed] == [
        ("far", None, "line_too_short"),
        ("too", None, "line_too_short"),
        ("long", None, "line_too_short"),
    ]


def test_what_the_charset_lacks_is_simplified_or_anything() -> None:
    emissions = np.full((9, 95), -6.0, np.float32)
    for step, one in enumerate("été"):
        emissions[3 * step + 1, 1 + PRINTABLE.characters.index(PRINTABLE.simplify(one))] = -0.1
    emissions[::3, 0] = emissions[2::3, 0] = -0.1
    line = np.full((32, 90), 255, np.uint8)
    (known,) = place_words("été", line, emissions, PRINTABLE)
    (unknown,) = place_words("€t€", line, emissions, PRINTABLE)
    assert known.score == pytest.approx(-0.1)
    assert unknown.score == pytest.approx(-0.1)


@pytest.mark.parametrize("angle", [0.0, 90.0, -30.0])
def test_places_on_a_line_become_places_on_the_page(angle: float) -> None:
    line = Box(xc=100, yc=50, w=80, h=20, angle=angle)
    whole = on_page(Extent(0, 0, 160, 40), line, 160, 40)
    assert whole == line
    first = on_page(Extent(0, 0, 40, 40), line, 160, 40)
    turn = np.radians(angle)
    assert (first.xc, first.yc) == pytest.approx((100 - 30 * np.cos(turn), 50 + 30 * np.sin(turn)))
    assert (first.w, first.h, first.angle) == pytest.approx((20, 20, angle))


def test_attention_and_tps_cannot_align(aligned: tuple[Path, list[Drawn]], tmp_path: Path) -> None:
    command = ["align", str(aligned[0]), "--out", str(tmp_path / "a"), "--name", "lines", "--checkpoint", "starter"]
    done = CliRunner().invoke(htrmodel.cli.commands.commands, command)
    assert isinstance(done.exception, UsageError)
    assert "TPS-ResNet-BiLSTM-Attn" in str(done.exception)


def test_the_line_ids_of_the_store_are_those_that_the_reader_asks_for(aligned: tuple[Path, list[Drawn]]) -> None:
    source = XmlExport(
        aligned[0] / "pages", unit="word", split="test", alignment=Alignment(aligned[0] / "words.parquet")
    )
    assert Reason.NOT_ALIGNED not in {word.reason for page in source.pages() for word in page.words}
