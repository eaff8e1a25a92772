"""What a fine-tuning forgot: which words tell it, and what is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from htrdata.labels import ALNUM, PRINTABLE, Charset
from htrmodel.checkpoint.files import load
from htrmodel.checkpoint.native import save
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser
from htrmodel.tokenizer import Reading
from htrmodel.training import forgetting
from htrmodel.training.finetuning import carry_out
from htrmodel.training.forgetting import DrawnText, drawn_texts, measure_forgetting, told
from htrmodel.training.initial_model import ModelChoice
from htrmodel.training.recipes import LINE_MODEL, Recipe
from htrmodel.training.request import Request

from .conftest import MakeShards, random_words

WORDS = RecogniserConfig(charset=PRINTABLE, architecture="None-VGG-None-CTC", output_channel=16, hidden_size=16)
LINES = replace(WORDS, charset=Charset("spaced", " " + PRINTABLE.characters), **LINE_MODEL)


class Knows(Recogniser):
    """Reads drawn words right, but for those of some writers, which it takes for a sign."""

    def __init__(self, config: RecogniserConfig, drawn: list[DrawnText], wrong: set[str]) -> None:
        super().__init__(config)
        self.texts = {one.encoded: one.text if one.writer not in wrong else "¬" for one in drawn}

    def read(self, images: object, batch_size: int = 32) -> list[Reading]:  # type: ignore[override]
        assert isinstance(images, list)
        return [Reading(self.texts[one], 0.5) for one in images]


@pytest.mark.parametrize(("config", "count", "writers"), [(WORDS, 150, 30), (LINES, 48, 24)])
def test_the_same_words_are_drawn_each_time(config: RecogniserConfig, count: int, writers: int) -> None:
    drawn = list(drawn_texts(config))
    assert len({one.writer for one in drawn}) == writers
    assert 0.9 * count < len(drawn) <= count
    assert drawn[:5] == list(drawn_texts(config))[:5]
    assert any(" " in one.text for one in drawn) == config.reads_lines


def test_words_that_the_charset_lacks_are_none_of_them() -> None:
    drawn = list(drawn_texts(replace(WORDS, charset=ALNUM)))
    assert all(set(one.text) <= set(ALNUM.characters) for one in drawn)
    assert 60 < len(drawn) < len(list(drawn_texts(WORDS)))
    nothing = Recogniser(replace(WORDS, charset=Charset("greek", "αβγ")))
    assert told(nothing, nothing, 16) == ("forgot: not known; the model's charset greek writes none of the drawn words")


def test_what_is_said_of_it() -> None:
    drawn = list(drawn_texts(WORDS))
    writers = sorted({one.writer for one in drawn})
    good, bad, odd = (Knows(WORDS, drawn, set(wrong)) for wrong in ([], writers[:20], writers[:1]))
    worse = told(good, bad, 16)
    assert worse is not None
    cer = sum(max(len(one.text), 1) for one in drawn if one.writer in writers[:20]) / sum(len(o.text) for o in drawn)
    assert worse.startswith(
        f"forgot: drawn words CER 0.00% -> {cer:.2%}, on {len(drawn)} that nothing is trained on: +"
    )
    assert worse.endswith("surely worse: forgotten; " + forgetting.REMEDY)
    better = told(bad, good, 16)
    assert better is not None
    assert better.endswith("paired over 30 writers or pages: surely better")
    proof = measure_forgetting(drawn, good, odd, 16)
    assert proof is not None
    assert proof.low <= 0 < proof.after
    assert measure_forgetting(drawn, good, bad, 16, stop=lambda: True) is None


def test_a_run_that_began_with_weights_says_what_they_forgot(
    make_shards: MakeShards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def few(config: RecogniserConfig) -> Iterator[DrawnText]:
        return (one for number, one in enumerate(drawn_texts(config)) if number < 20)

    monkeypatch.setattr(forgetting, "drawn_texts", few)
    untrained = tmp_path / "untrained.safetensors"
    save(Recogniser(replace(WORDS, charset=ALNUM)), untrained)
    store = make_shards({"train": random_words(32, 3), "val": random_words(40, 4)})
    recipe = Recipe(name="short", optimizer="adamw", lr=1e-2, batch_size=16, epochs=3)
    request = Request(
        data=store,
        checkpoint=untrained,
        model=ModelChoice(fields={}),
        recipe=recipe,
        device="cpu",
        out=tmp_path / "run",
    )
    said: list[str] = []
    outcome = carry_out(request, said.append)
    found = [one for one in said if one.startswith("forgot:")]
    assert outcome.state.best_step > 0
    assert re.match(r"forgot: drawn words CER \d+\.\d\d% -> \d+\.\d\d%, on \d+ that nothing is trained on: ", found[0])
    assert said.index(found[0]) == len(said) - 2  # before what is recommended
    start, best = load(untrained).eval(), load(outcome.checkpoint).eval()
    with torch.inference_mode():
        assert told(start, best, 16) == found[0]
