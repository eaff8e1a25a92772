"""Confidences that are probabilities, by a temperature that is fitted on the validation words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from htrdata.errors import BadDataError
from htrdata.labels import Charset
from htrmodel.checkpoint.files import load, read_checkpoint
from htrmodel.checkpoint.native import save
from htrmodel.judging.reliability import reliability_of
from htrmodel.tokenizer import AttnTokenizer, CTCTokenizer, Tokenizer
from htrmodel.training.recipes import Recipe
from htrmodel.training.run_folder import RunFolder
from htrmodel.training.stepping import Task
from htrmodel.training.temperature import TEMPERATURES, best_temperature, surprise
from htrmodel.training.train import Trainer

from ..conftest import BuildRecogniser


@pytest.mark.parametrize("kind", [AttnTokenizer, CTCTokenizer])
@pytest.mark.parametrize("factor", [0.8, 1.5, 2.5])
def test_the_temperature_of_logits_that_are_too_large_is_found(kind: type[Tokenizer], factor: float) -> None:
    tokenizer = kind(Charset("abc", "abc"))
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(4000, 2, tokenizer.num_classes, generator=generator) * 2
    if kind is AttnTokenizer:
        logits[:, :, 0] = -50  # no start token
        logits[:, 1] = torch.tensor([-50.0, 50.0, -50.0, -50.0, -50.0])
    else:
        logits[:, 1] = torch.tensor([50.0, -50.0, -50.0, -50.0])
    drawn = torch.multinomial(logits.softmax(2).flatten(0, 1), 1, generator=generator).view(4000, 2)
    texts = [one.text for one in tokenizer.readings(drawn.numpy(), np.zeros((4000, 2), np.float32))]
    costs = surprise(tokenizer, logits * factor, texts)
    assert best_temperature(costs) == pytest.approx(factor, rel=0.15)
    readings = {one: tokenizer.decode(logits * factor, one) for one in (1.0, factor)}
    errors = {}
    for temperature, found in readings.items():
        right = [reading.text == text for reading, text in zip(found, texts, strict=True)]
        errors[temperature] = reliability_of([reading.confidence for reading in found], right).error
    assert errors[factor] < errors[1.0]
    assert errors[factor] < 0.03
    assert [one.text for one in readings[1.0]] == [one.text for one in readings[factor]]


@pytest.mark.parametrize("place", [0, 6])
def test_beyond_what_was_tried_the_nearest_is_taken(place: int) -> None:
    costs = np.abs(np.arange(7.0) - place)
    assert best_temperature(costs) == pytest.approx(TEMPERATURES[place])


def test_a_training_keeps_the_temperature_of_its_best_checkpoint(
    make_task: Callable[..., Task], make_folder: Callable[[str], RunFolder]
) -> None:
    folder = make_folder("run")
    task = make_task(Recipe(name="r", optimizer="adamw", lr=0.01, batch_size=5, epochs=4))
    trainer = Trainer(task, folder)
    assert trainer.run()
    found = read_checkpoint(folder.best)
    assert found.metrics["calibration"] == {"temperature": trainer.state.temperature}
    recogniser = load(folder.best)
    assert recogniser.temperature == trainer.state.temperature != 1
    # For other images or characters it is none that was fitted.
    assert found.build(replace(found.config, max_length=9))[0].temperature == 1
    folder.best.unlink()
    again = Trainer(make_task(task.recipe), folder)
    assert again.notes == [] or read_checkpoint(folder.best).metrics["calibration"] == found.metrics["calibration"]


@pytest.mark.parametrize("calibration", [{"temperature": 0.0}, {"temperature": "2"}, {}, 2, {"temperature": 1e9}])
def test_a_temperature_that_is_none_is_refused(build: BuildRecogniser, tmp_path: object, calibration: object) -> None:
    path = f"{tmp_path}/it.safetensors"
    save(build("None-VGG-None-CTC"), path, metrics={"calibration": calibration})
    with pytest.raises(BadDataError, match="temperature must be"):
        load(path)
