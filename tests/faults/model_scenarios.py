"""Works of htrmodel that are struck: a training with its run folder, a checkpoint, the cache of decoded words."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch

from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.labels import ALNUM
from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.checkpoint.native import save
from htrmodel.config import ModelFields, RecogniserConfig
from htrmodel.data.cache import decoded_words
from htrmodel.data.samples import open_samples
from htrmodel.data.splits import find_split
from htrmodel.recogniser import Recogniser
from htrmodel.training.finetuning import carry_out
from htrmodel.training.initial_model import ModelChoice
from htrmodel.training.recipes import Recipe
from htrmodel.training.request import Request

from ..fuzz.made_inputs import NoiseSource
from .scenarios import Scenario, Tree, without_strays

MODEL: ModelFields = {"architecture": "None-VGG-None-CTC", "output_channel": 8, "width": 24, "max_length": 6}
_TIMES = {"seconds", "images_per_second"}


def _store(case: Path) -> None:
    build(NoiseSource(case / "pages", words=6).draw(), case / "store", BuildOptions(height=32), workers=1)


# A training: two epochs of two steps


def _train(case: Path) -> None:
    torch.set_num_threads(1)
    request = Request(
        data=case / "store",
        out=case / "run",
        model=ModelChoice(charset=ALNUM, fields=MODEL),
        recipe=Recipe(name="r", optimizer="adamw", lr=0.001, batch_size=3, epochs=2),
        device="cpu",
        log_every=1,
    )
    carry_out(request, lambda _: None)


def _trained(case: Path) -> Tree:
    """What a training comes to, but for times."""
    run = case / "run"
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    log = [{name: value for name, value in line.items() if name not in _TIMES} for line in lines]
    files = {name: _digest((run / name).read_bytes()) for name in ("config.json", "last.safetensors")}
    best = read_checkpoint(run / "best.safetensors")
    weights = b"".join(value.numpy().tobytes() for _, value in sorted(best.weights.items()))
    return {**files, "log": json.dumps(log), "best": _digest(weights)}


def _readable_checkpoints(case: Path, _before: Path, _after: Path) -> None:
    """What is there of checkpoints is whole."""
    for name in ("best.safetensors", "last.safetensors"):
        if (case / "run" / name).exists():
            read_checkpoint(case / "run" / name)


# A checkpoint over an older one


def _recogniser(seed: int) -> Recogniser:
    torch.manual_seed(seed)
    return Recogniser(RecogniserConfig(charset=ALNUM, **MODEL)).eval()


def _old_checkpoint(case: Path) -> None:
    (case / "models").mkdir()
    save(_recogniser(0), case / "models/model.safetensors")


def _old_or_new_checkpoint(case: Path, before: Path, after: Path) -> None:
    there, old, new = (_digest((one / "models/model.safetensors").read_bytes()) for one in (case, before, after))
    assert there in (old, new)
    read_checkpoint(case / "models/model.safetensors")


# The cache


def _decode(case: Path) -> None:
    (origin,) = find_split(case / "store", "train")
    decoded_words(open_samples(origin), RecogniserConfig(charset=ALNUM, **MODEL), folder=case / "cache")


def _cached(case: Path) -> Tree:
    return {path.name: _digest(path.read_bytes()) for path in (case / "cache").glob("*.npy")}


def _whole_cache(case: Path, _before: Path, after: Path) -> None:
    assert _cached(case).items() <= _cached(after).items()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


MODEL_SCENARIOS = {
    one.name: one
    for one in (
        Scenario("fine-tune", _store, _train, _readable_checkpoints, _trained),
        Scenario(
            "save a checkpoint",
            _old_checkpoint,
            lambda case: save(_recogniser(1), case / "models/model.safetensors"),
            _old_or_new_checkpoint,
            lambda case: without_strays(case / "models"),
        ),
        Scenario("decode into a cache", _store, _decode, _whole_cache, _cached),
    )
}
