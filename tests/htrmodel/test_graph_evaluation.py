"""An exported graph is judged as the checkpoint that it was made from, and without torch."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from click.testing import CliRunner, Result

import htrdata
import htrmodel
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.errors import BadDataError, UsageError
from htrdata.images.codec import ImageError
from htrdata.labels import PRINTABLE
from htrdata.sources.imgur5k.source import Imgur5K
from htrmodel.checkpoint.native import save
from htrmodel.cli.evaluate_command import evaluate
from htrmodel.config import ENTRY, RecogniserConfig
from htrmodel.data.divisions import divided
from htrmodel.recogniser import Recogniser
from htrmodel.training.recipes import LINE_MODEL

from ..stores import lie

onnx = pytest.importorskip("onnx", reason="needs the extra 'onnx'")
pytest.importorskip("onnxscript", reason="needs the extra 'onnx'")
pytest.importorskip("onnxruntime", reason="needs the extra 'onnx'")

MODELS: dict[str, Any] = {"words": {"width": 32, "max_length": 8}, "lines": LINE_MODEL}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recognisers of words and of lines, their graphs, and a store of words and one that says that it holds lines."""
    from htrmodel.runtime.onnx_export import export_onnx

    folder = tmp_path_factory.mktemp("graphs")
    draw_sample(folder / "imgur5k", pages=6, words_per_page=6, megapixels=(0.1, 0.2), plain=True)
    htrdata.build(Imgur5K(folder / "imgur5k"), folder / "words", workers=1)
    lie(Path(shutil.copytree(folder / "words", folder / "lines")), lambda it: it.update(unit="line"), "imgur5k")
    known = divided(htrdata.open(folder / "words").dataset("imgur5k"))
    for name, fields in MODELS.items():
        torch.manual_seed(0)
        sizes: dict[str, Any] = {"charset": PRINTABLE, "output_channel": 16, "hidden_size": 8, **fields}
        recogniser = Recogniser(RecogniserConfig(architecture="None-VGG-None-CTC", **sizes)).eval()
        recogniser.data = {"trained_on": [known.to_json()]}
        save(recogniser, folder / f"{name}.safetensors", data=recogniser.data)
        export_onnx(recogniser, folder / f"{name}.onnx")
    graph = onnx.load_model(folder / "words.onnx")
    record = json.loads(graph.metadata_props[0].value)
    other = replace(known, division=replace(known.division, scheme="other"))
    onnx.helper.set_model_props(graph, {ENTRY: json.dumps({**record, "data": {"trained_on": [other.to_json()]}})})
    onnx.save_model(graph, folder / "other.onnx")
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate, [*map(str, arguments), "--resamples", "100"])


@pytest.mark.parametrize("unit", ["words", "lines"])
def test_a_graph_is_judged_as_its_checkpoint(place: Path, tmp_path: Path, unit: str) -> None:
    found = {}
    for ending in ("safetensors", "onnx"):
        checkpoint, saved = place / f"{unit}.{ending}", tmp_path / f"{ending}.parquet"
        done = run("--data", place / unit, "--checkpoint", checkpoint, "--save", saved, "--json", "--batch-size", 4)
        assert done.exit_code == 0, done.exception
        (judgement,) = json.loads(done.stdout)["judgements"]
        found[ending] = (judgement["figures"], judgement["left_out"], pd.read_parquet(saved))
    (figures, left_out, read), (of_graph, left_out_by_graph, read_by_graph) = found.values()
    assert of_graph == figures
    assert left_out_by_graph == left_out
    assert read["text"].str.len().max() > 0
    pd.testing.assert_frame_equal(read_by_graph, read, rtol=1e-3)


def test_both_can_be_compared_and_vote_together(place: Path) -> None:
    both = [place / "words.safetensors", place / "words.onnx"]
    alone, voted = (htrmodel.evaluate(one, place / "words", resamples=100) for one in (both[1], both))
    assert [word.reading for word in voted.words] == [word.reading for word in alone.words]
    assert voted.system == f"{both[0]} + {both[1]}"


def test_a_graph_needs_no_torch(place: Path, tmp_path: Path) -> None:
    code = (
        "import sys\nsys.modules['torch'] = None  # as if it were not there\n"
        "import htrmodel\n"
        f"print(len(htrmodel.evaluate({str(place / 'words.onnx')!r}, {str(place / 'words')!r}, resamples=100).words))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) == len(htrdata.open(place / "words").dataset("imgur5k").words("test"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--checkpoint words.onnx --tta", "need torch: give the checkpoint that words.onnx was made from"),
        ("--checkpoint words.onnx --device cuda", "words.onnx is read on the CPU, not on cuda: leave --device out"),
        ("--checkpoint words.onnx --width 64", "words.onnx says itself what it reads"),
        ("--checkpoint words.safetensors --runtime onnxruntime", "--runtime onnxruntime reads .onnx files"),
        ("--checkpoint words.onnx --data lines", "imgur5k holds lines, and words.onnx reads words"),
        ("--checkpoint other.onnx", "other.onnx was trained on imgur5k (other), which splits"),
        ("--checkpoint none.onnx", "no ONNX file at none.onnx"),
    ],
)
def test_what_a_graph_cannot_do_is_said(place: Path, words: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    done = run("--data", "words", *words.split())
    assert isinstance(done.exception, UsageError | FileNotFoundError), done.output
    assert said in str(done.exception)


def test_a_damaged_image_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(*_: object) -> object:
        raise ImageError("the image is damaged")

    monkeypatch.setattr("htrmodel.data.decoding.decode_word", damaged)
    with pytest.raises(BadDataError, match=r"test/imgur5k, image 1: the image is damaged"):
        htrmodel.evaluate(place / "words.onnx", place / "words", resamples=100)
