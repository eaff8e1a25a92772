"""The starter weights: where they are found, how they are named, and what is said of them. Most here are made up."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image
from rapidfuzz.distance import Levenshtein
from safetensors import safe_open

import htrdata
import htrmodel
from htrdata.drawing.synth.source import Synth
from htrdata.drawing.unipen import Unipen
from htrdata.errors import SourceMissingError
from htrdata.labels import PRINTABLE
from htrdata.records import Unit
from htrdata.sources.dhsd import Dhsd
from htrdata.sources.xml import XmlExport
from htrdata.sources.xml.corpus import find_corpus
from htrmodel import starter
from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.checkpoint.native import save
from htrmodel.cli.commands import commands
from htrmodel.data.divisions import trained_on
from htrmodel.judging.forecast import Forecaster
from htrmodel.recogniser import Recogniser
from htrmodel.runtime.advice import POOR_CONFIDENCE, advise_fine_tuning
from htrmodel.runtime.onnx_runner import OnnxRecogniser
from htrmodel.runtime.predicting import load_reader

ADVICE = "need fine-tuning on words like yours"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the starters are looked for; nothing is there yet."""
    (tmp_path / "starter").mkdir()
    monkeypatch.setattr(starter, "FOLDER", tmp_path / "starter")
    return tmp_path / "starter"


@pytest.fixture
def made_up(folder: Path, build: Callable[..., Recogniser]) -> dict[str, Recogniser]:
    """Two starters that know nothing, with different weights."""
    found = {}
    for seed, (name, file) in enumerate(starter.STARTERS.items()):
        recogniser = build("None-VGG-BiLSTM-CTC", seed=seed).half().float()
        save(recogniser, folder / file, data={"synthetic_only": True}, half=True)
        found[name] = recogniser
    return found


@pytest.fixture
def image(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 90), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "word.png")
    return tmp_path / "word.png"


def run(*words: object) -> Result:
    return CliRunner().invoke(commands, list(map(str, words)))


@pytest.mark.parametrize("name", starter.STARTERS)
def test_a_name_stands_for_its_file(made_up: dict[str, Recogniser], name: str) -> None:
    loaded, expected = htrmodel.load(name).state_dict(), made_up[name].state_dict()
    assert all(torch.equal(loaded[key], expected[key]) for key in expected)
    assert load_reader(Path(name)).synthetic_only


def test_other_places_are_files(made_up: dict[str, Recogniser], tmp_path: Path) -> None:
    assert starter.find_checkpoint("some/starter") == Path("some/starter")
    with pytest.raises(SourceMissingError, match="no checkpoint at starters"):
        htrmodel.load("starters")


def test_predict_takes_the_starter_and_says_so(made_up: dict[str, Recogniser], image: Path) -> None:
    done = run("predict", image, "--json")
    assert done.exit_code == 0, done.exception
    text, confidence = made_up[str(starter.DEFAULT)].read([image])[0]
    assert json.loads(done.stdout) == [
        {
            "name": str(image),
            "text": text,
            "confidence": pytest.approx(confidence, rel=1e-3),
            "problem": None,
            "looks_like": None,
        }
    ]
    first, *others = done.stderr.splitlines()
    assert first == f"{starter.DEFAULT} weights: trained on real and drawn handwriting; --checkpoint FILE takes others"
    assert len(others) == 1  # random weights are sure of nothing
    assert ADVICE in others[0]
    done = run("predict", image, "--json", "--checkpoint", "starter")
    assert json.loads(done.stdout)[0]["text"] == made_up["starter"].read([image])[0].text
    assert "--checkpoint FILE takes others" not in done.stderr


def test_info_and_export_know_the_names(made_up: dict[str, Recogniser], tmp_path: Path) -> None:
    assert "data synthetic_only: True" in run("info", "starter").stdout
    assert run("export", "starter-fast", tmp_path / "fast.pth").exit_code == 0
    assert (tmp_path / "fast.pth").exists()
    assert run("export", "starter-fast", tmp_path / "fast.onnx", "--half").exit_code == 0
    graph = OnnxRecogniser(tmp_path / "fast.onnx", threads=1)
    assert graph.synthetic_only == load_reader("starter-fast").synthetic_only is True


def test_an_installation_without_them(folder: Path, image: Path) -> None:
    for words in (["predict", image], ["info", "starter"], ["finetune", "--from", "starter-fast"]):
        done = run(*words)
        assert isinstance(done.exception, SourceMissingError), done.exception
        assert "this installation lacks the starter weights 'starter" in str(done.exception)
        assert "`pip install ./weights`" in str(done.exception)


def test_advice_depends_on_the_median(build: Callable[..., Recogniser]) -> None:
    low, high = POOR_CONFIDENCE - 0.01, POOR_CONFIDENCE + 0.01
    reader = build("None-VGG-BiLSTM-CTC")
    assert advise_fine_tuning(reader, [low, low, 1.0]) is None
    reader.data = {"starter": True}
    assert "know the hands of other people" in str(advise_fine_tuning(reader, [low, low, 1.0]))
    assert "--checkpoint starter" not in str(advise_fine_tuning(reader, [low, low, 1.0]))
    reader.data = {"synthetic_only": True}
    assert advise_fine_tuning(reader, []) is None
    assert advise_fine_tuning(reader, [high, high, 0.0]) is None
    advice = advise_fine_tuning(reader, [low, low, 1.0])
    assert advice is not None
    assert advice.startswith(f"half of the words are read with a confidence below {low:.0%}: ")
    assert ADVICE in advice
    assert "`htrdata folder DIR`" in advice
    assert "`--checkpoint starter` takes weights that know real hands" in advice


@pytest.mark.parametrize(("synthetic_only", "bias", "advised"), [(True, 0.0, 1), (False, 0.0, 0), (True, 60.0, 0)])
def test_only_weights_of_drawn_words_that_are_unsure_ask_for_more(
    build: Callable[..., Recogniser], image: Path, tmp_path: Path, synthetic_only: bool, bias: float, advised: int
) -> None:
    recogniser = build("None-VGG-BiLSTM-CTC")
    recogniser.state_dict()["Prediction.bias"][0] += bias
    save(recogniser, tmp_path / "a.safetensors", data={"synthetic_only": synthetic_only})
    done = run("predict", image, "--checkpoint", tmp_path / "a.safetensors")
    assert done.exit_code == 0
    assert done.stderr.count(ADVICE) == advised
    assert ADVICE not in done.stdout


def test_they_are_found_in_the_checkout_else_where_they_are_installed(tmp_path: Path) -> None:
    code = "import htrmodel.starter; print(htrmodel.starter.FOLDER)"
    # Whoever runs the tests may have installed the weights beside what they need.
    hidden = f"import sys; sys.modules['htrmodel_weights'] = None; {code}"
    root = Path(starter.__file__).parents[1]
    assert root / "weights/htrmodel_weights" == starter.FOLDER

    def asked(*places: Path, code: str = code) -> Path:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))}
        run = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, check=True
        )
        return Path(run.stdout.decode().strip())

    site = tmp_path / "site"
    for package in ("htrdata", "htrmodel"):
        shutil.copytree(root / package, site / package, ignore=shutil.ignore_patterns("__pycache__"))
    assert asked(site, code=hidden) == site / "htrmodel_weights"  # which is not there: what the error names
    (tmp_path / "other/htrmodel_weights").mkdir(parents=True)
    (tmp_path / "other/htrmodel_weights/__init__.py").touch()
    assert asked(site, tmp_path / "other") == tmp_path / "other/htrmodel_weights"


@pytest.mark.parametrize("name", starter.STARTERS)
def test_the_shipped_weights_are_what_they_say(name: str) -> None:
    path = starter.FOLDER / starter.STARTERS[name]
    if not path.exists():
        pytest.skip(f"no {path.name} yet: this test is for the weights that the package ships")
    checkpoint = read_checkpoint(name)
    assert checkpoint.data.get("starter") is True
    assert not checkpoint.synthetic_only  # KNOWS says so of all
    assert checkpoint.config.reads_lines is (name == "starter-lines")
    if checkpoint.config.reads_lines:
        assert set(checkpoint.config.charset.characters) > {*PRINTABLE.characters, " ", "é", "œ"}
        assert Forecaster.from_json(checkpoint.data["forecast"]).documents > 10
        assert path.stat().st_size < 8e6
    else:
        assert checkpoint.config.charset == PRINTABLE
    assert checkpoint.config.prediction == ("Attn" if name == "starter" else "CTC")
    with safe_open(path, "pt") as file:
        weights = [key for key in file.keys() if key.endswith(".weight") and "Conv" in key]  # noqa: SIM118
        assert {str(file.get_slice(key).get_dtype()) for key in weights} >= {"F16"}
    assert path.stat().st_size < 20e6
    assert name in path.with_suffix(".md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", starter.STARTERS)
def test_the_starters_can_be_judged_on_what_their_corpora_hold_out(name: str) -> None:
    """Their records name the divisions that stores of today have: another one would be refused."""
    known = {one.name: one.division for one in trained_on(name, read_checkpoint(name).data)}
    for corpus in {"copiste", "testaments", "cremma_19", "cremma_20", "peraire"} & set(known):
        assert known[corpus] == XmlExport(Path(), corpus=find_corpus(corpus)).division
    assert len(known) > 5
    assert known["unipen"] == Unipen(Path()).division
    assert known.get("dhsd", Dhsd(Path()).division) == Dhsd(Path()).division


@pytest.mark.parametrize(("name", "limit"), [("starter", 0.15), ("starter-fast", 0.2)])
def test_the_shipped_weights_read_writers_whom_they_have_not_seen(name: str, limit: float, tmp_path: Path) -> None:
    """Print and joined hands; the limits are about twice what was measured on thousands of words."""
    htrdata.build(Synth(words=333, seed=77, hands=("print", "joined")), tmp_path, workers=1)
    judgement = htrmodel.evaluate(name, htrdata.open(tmp_path)["train", "synth"], resamples=100)
    assert judgement.find().metrics["micro_cer"].value < limit


@pytest.mark.parametrize("name", list(starter.STARTERS))
def test_each_starter_has_a_graph_that_reads_without_torch(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As its weights do: of drawn words and lines at most one character in thirty differs."""
    unit: Unit = "line" if name == "starter-lines" else "word"
    dataset = Synth(words=60, seed=5, hands=("print", "joined"), unit=unit)
    htrdata.build(dataset, tmp_path, workers=1)
    words = list(htrdata.open(tmp_path)["train", "synth_lines" if unit == "line" else "synth"])[
        : 54 if unit == "word" else 12
    ]
    known = load_reader(name).is_starter
    expected = [one.text for one in load_reader(name).read(words)]
    named = load_reader(name, runtime="onnxruntime")
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda one: None if one == "torch" else find_spec(one))
    alone = load_reader(name)
    for reader in (named, alone):
        assert isinstance(reader, OnnxRecogniser)
        assert reader.is_starter == known
        found = [one.text for one in reader.read(words)]
        differ = sum(Levenshtein.distance(*both) for both in zip(found, expected, strict=True))
        assert differ <= sum(map(len, expected)) / 30
