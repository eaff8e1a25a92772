"""Our models of lines in kraken: by what it asks for, and in kraken itself where it is installed."""

from __future__ import annotations

import configparser
import importlib
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from htrdata.labels import PRINTABLE
from htrdata.sources.xml.filling import XmlPage
from htrmodel.checkpoint.native import save
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser
from htrmodel.runtime import kraken_plugin
from htrmodel.runtime.kraken_plugin import LineModel
from htrmodel.runtime.kraken_records import Line, along_baseline
from htrmodel.starter import find_checkpoint
from tests.drawn_exports import Drawn, draw_lines, page, points

from .test_word_places import Spelling

CONFIG: Any = SimpleNamespace(
    accelerator="cpu", device="auto", batch_size=2, temperature=1.0, return_logits=False, return_line_image=True
)


@dataclass
class KrakensLine:
    """As kraken has them."""

    id: str
    type: str = "baselines"
    bbox: Any = None
    baseline: Any = None
    boundary: Any = None


@dataclass
class Found:
    """As kraken gives what it found."""

    lines: list[Line] = field(default_factory=list)
    type: str = "baselines"


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the place of kraken's records: what they are made of, by the names of their arguments."""

    def record(prediction: str, cuts: Any, confidences: Any, line: Any, *, display_order: bool, image: Any) -> Any:
        return SimpleNamespace(
            text=prediction, cuts=cuts, sure=confidences, line=line, order=display_order, image=image
        )

    containers = ModuleType("kraken.containers")
    containers.BaselineOCRRecord = containers.BBoxOCRRecord = record  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kraken", ModuleType("kraken"))
    monkeypatch.setitem(sys.modules, "kraken.containers", containers)


def test_the_entry_point_is_there_and_needs_no_kraken() -> None:
    settings = configparser.ConfigParser()
    settings.read(Path(__file__).parents[3] / "setup.cfg")
    name, _, place = settings["options.entry_points"]["kraken.loaders"].strip().partition(" = ")
    module, _, function = place.partition(":")
    assert name == "htrmodel"
    assert getattr(importlib.import_module(module), function) is kraken_plugin.load


def test_what_is_no_model_of_lines_goes_to_the_next_loader(tmp_path: Path) -> None:
    save(Recogniser(RecogniserConfig(charset=PRINTABLE, output_channel=16, hidden_size=16)), tmp_path / "w.safetensors")
    save_file({"weight": np.zeros(3, np.float32)}, tmp_path / "theirs.safetensors", {"kraken_meta": "{}"})
    for name in ("blla.mlmodel", "last.ckpt", "theirs.safetensors"):
        with pytest.raises(ValueError, match=name):
            kraken_plugin.load(tmp_path / name)
    with pytest.raises(ValueError, match="reads words, and kraken finds lines"):
        kraken_plugin.load(tmp_path / "w.safetensors")
    lines = find_checkpoint("starter-lines")
    assert kraken_plugin.load(lines, ["segmentation"]) == []
    assert [model.model_type for model in kraken_plugin.load(lines, ("recognition",))] == [("recognition",)]


@pytest.mark.usefixtures("records")
def test_records_have_a_place_and_a_confidence_for_each_character() -> None:
    model = LineModel(Spelling("ab fed"))
    model.prepare_for_inference(CONFIG)
    level: Any = KrakensLine("a", baseline=[(40, 90), (400, 90)], boundary=[(20, 60), (420, 60), (420, 100), (20, 100)])
    box: Any = KrakensLine("b", "bbox", bbox=(20, 60, 420, 100))
    away: Any = KrakensLine("c", baseline=[(0, 0), (9, 0)], boundary=None)
    paper = Image.new("RGB", (500, 200), "white")
    along, around, empty = list(model.predict(paper, Found([level, box, away] * 5)))[:3]  # type: ignore[arg-type]
    assert [along.text, around.text, empty.text] == ["ab fed", "ab fed", ""]
    assert along.sure == pytest.approx([0.8] * 6)
    assert (along.order, along.line.id, empty.image) == (False, "a", None)
    assert along.image.size == (400, 40)
    # Evenly over the left half of the input, which has a margin behind: about 200 of 400 pixels, cut between the peaks.
    begins, ends = zip(*along.cuts, strict=True)
    assert begins[0] == 0  # the line reaches further to the left than its baseline
    assert list(begins[1:]) == list(ends[:-1]) == sorted(ends[:-1])
    for (left, top), (_, bottom), (right, _), _ in around.cuts:
        assert 20 <= left <= right <= 420  # without ink, spaces have no width
        assert (top, bottom) == (60, 100)
    assert [cut[0][0] for cut in around.cuts][1:] == [begin + 40 for begin in begins[1:]]


@pytest.mark.parametrize(
    ("point", "along"), [((0, 5), 0), ((50, 3), 50), ((100, -9), 100), ((104, 40), 140), ((90, 300), 200)]
)
def test_places_along_a_baseline_that_bends(point: tuple[float, float], along: float) -> None:
    assert along_baseline([(0, 0), (100, 0), (100, 0), (100, 100)], point) == pytest.approx(along)


def test_wishes_that_have_no_effect_are_said() -> None:
    model = LineModel(Spelling())
    wishes: Any = SimpleNamespace(**{**vars(CONFIG), "return_logits": True})
    with pytest.warns(UserWarning, match="no logits"):
        model.prepare_for_inference(wishes)


def test_kraken_reads_a_drawn_page(tmp_path: Path) -> None:
    pytest.importorskip("kraken.tasks", reason="kraken is not installed: its pins are not ours")
    from kraken.configs import RecognitionInferenceConfig
    from kraken.lib.xml import XMLPage
    from kraken.serialization import serialize
    from kraken.tasks import RecognitionTaskModel

    png, size, lines = draw_lines("a01", 3, 0.5)
    (tmp_path / "p.png").write_bytes(png)
    based = page("p.png", size, lines, words=False)
    for line in lines:
        left, _, right, bottom = line.box
        coords = f'<Coords points="{points(line.box)}"/>'
        based = based.replace(coords, f'{coords}<Baseline points="{left},{bottom - 20} {right},{bottom - 20}"/>')
    (tmp_path / "p.xml").write_text(based)
    found = XMLPage(tmp_path / "p.xml").to_container()
    model = RecognitionTaskModel.load_model(find_checkpoint("starter-lines"))
    with Image.open(tmp_path / "p.png") as picture:
        records = list(model.predict(picture, found, RecognitionInferenceConfig(batch_size=4)))
    assert len(records) == len(lines)
    written = serialize(replace(found, lines=records), size, template="alto", sub_line_segmentation=True)
    back = XmlPage(written.encode(), "p").written.lines
    assert [line.text for line in back] == [" ".join(record.prediction.split()) for record in records]
    _check_places(lines, back)


def _check_places(lines: list[Drawn], back: Any) -> None:
    """Words that were read right stand where they were drawn; those that stand once in their line are looked at."""
    right = total = 0
    for line, read in zip(lines, back, strict=True):
        drawn, texts = [text for text, _ in line.words], [word.text for word in read.words]
        for text, (left, _, end, _) in line.words:
            if drawn.count(text) == texts.count(text) == 1:
                across = [x for x, _ in read.words[texts.index(text)].outline]
                right += abs(min(across) - left) <= 16 and abs(max(across) - end) <= 16
                total += 1
    assert total > 10
    assert right / total > 0.8
