"""Exports whose pictures have another size than their files say, and measures of ALTO: read, placed and forecast."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from htrmodel.checkpoint.native import save
from htrmodel.cli.commands import commands
from htrmodel.recogniser import Recogniser
from htrmodel.runtime.exported_pages import RECORD, find_pages, prepare
from htrmodel.runtime.filled_exports import Filled, fill_export
from htrmodel.runtime.read_lines import Missing, crops, filled_lines
from tests.drawn_exports import Drawn, alto, draw_lines, page

from .test_filled_exports import LINES, Measuring


@pytest.fixture(scope="module")
def drawn() -> tuple[Image.Image, tuple[int, int], list[Drawn]]:
    png, size, lines = draw_lines("a01", 3, 0.25)
    return Image.open(io.BytesIO(png)).convert("L"), size, lines


def write(root: Path, text: str, image: Image.Image, ending: str = "png") -> Path:
    root.mkdir()
    (root / "p.xml").write_text(text, encoding="utf-8")
    image.save(root / f"p.{ending}")
    return root


def fill(root: Path, scaled: bool) -> Filled:
    out = root.with_name(f"{root.name}-filled")
    prepare(out, {}, [root])
    return fill_export(Measuring(LINES), find_pages([root]), out, "line", scaled=scaled)


def test_reduced_pictures_are_read_where_they_are_said_to_be(
    tmp_path: Path, drawn: tuple[Image.Image, tuple[int, int], list[Drawn]]
) -> None:
    image, size, lines = drawn
    root = write(tmp_path / "in", page("p.png", size, lines), image.reduce(2))
    refused = fill(root, scaled=False)
    assert "--scaled takes it" in refused.bad[0]
    assert fill(root, scaled=True).lines == len(lines)
    found = filled_lines([tmp_path / "in-filled"])
    pictures = find_pages([root])[0].pictures
    assert {one for one in crops(found, pictures) if isinstance(one, Missing)} == {
        Missing("a picture of the size that their file says")
    }
    for line, cut in zip(lines, crops(found, pictures, scaled=True), strict=True):
        left, top, right, bottom = line.box
        assert not isinstance(cut, Missing)
        assert cut.shape == (round((bottom - top) / 2), round((right - left) / 2))


def test_a_forecast_tells_lines_on_pictures_of_another_size(
    tmp_path: Path, drawn: tuple[Image.Image, tuple[int, int], list[Drawn]]
) -> None:
    image, size, lines = drawn
    root = write(tmp_path / "in", page("p.png", size, lines), image)
    fill(root, scaled=False)
    image.reduce(2).save(root / "p.png")
    known = {"confidence": [0.0, 1.0], "cer": [0.5, 0.0], "mean_error": 0.02, "error_90": 0.04, "documents": 9}
    save(Recogniser(LINES), tmp_path / "w.safetensors", data={"forecast": known})
    # The pages were not read with these weights; files without a record are of any.
    (tmp_path / "in-filled" / RECORD).unlink()
    command = ["forecast", tmp_path / "in-filled", "--checkpoint", tmp_path / "w.safetensors", "--images", root]
    for name, more, said in (("a", [], "--scaled takes"), ("b", ["--scaled"], None)):
        done = CliRunner().invoke(commands, list(map(str, [*command, "--out", tmp_path / name, *more])))
        assert done.exit_code == 0, done.output
        assert (said is None) == ("without" not in done.stderr)
        assert said is None or said in done.stderr
        assert len(list((tmp_path / name).glob("transcribe/*.png"))) == (0 if said else len(lines))


@pytest.mark.parametrize("ending", ["png", "jp2"])
def test_measures_are_read_as_pixels_are(
    tmp_path: Path, drawn: tuple[Image.Image, tuple[int, int], list[Drawn]], ending: str
) -> None:
    image, size, lines = drawn
    text = alto("p.tif", size, lines)
    factor = 1200 / 300

    def measured(found: re.Match[str]) -> str:
        return f'{found[1]}="{" ".join(f"{float(one) * factor:g}" for one in found[2].split())}"'

    inches = re.sub(r'\b(HPOS|VPOS|WIDTH|HEIGHT|BASELINE|POINTS)="([^"]*)"', measured, text)
    inches = inches.replace(">pixel<", ">inch1200<")
    for name, one in (("pixels", text), ("inches", inches)):
        root = write(tmp_path / name, one, image, ending)
        assert fill(root, scaled=False).lines == len(lines)
    read = [[line.text for line in filled_lines([tmp_path / f"{name}-filled"])] for name in ("pixels", "inches")]
    assert read[0] == read[1]
    assert np.mean([len(one) for one in read[0]]) > 0
