"""Scores of labels and readings: against sums over all paths, and against each character given those before it."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
import torch

from htrdata.labels import Charset, LabelPolicy
from htrmodel.auditing.scoring import Score, score
from htrmodel.config import RecogniserConfig
from htrmodel.data.batches import WordBatches, standardise
from htrmodel.data.samples import Samples
from htrmodel.recogniser import Recogniser
from htrmodel.tokenizer import END, GO

TEXTS = ["ab", "a", "ba", "aab"]


class _Nowhere:
    name, split, divided, shards = "made", "test", None, ()

    def chunks(self) -> object:
        raise AssertionError

    def column(self, name: str, rows: np.ndarray) -> pa.Array:
        return pa.array([f"{name}{row}" for row in rows.tolist()])

    dropped = digest = chunks


def some_words(recogniser: Recogniser) -> WordBatches:
    numbers, none = np.arange(len(TEXTS), dtype=np.int32), np.zeros(0, np.int32)
    samples = Samples(
        _Nowhere(),  # type: ignore[arg-type]
        LabelPolicy(),
        pa.array(TEXTS),
        numbers,
        numbers,
        numbers,
        none,
        none.astype(np.int8),
    )
    config = recogniser.config
    pixels = np.random.default_rng(0).integers(0, 256, (len(TEXTS), config.height, config.width), np.uint8)
    return WordBatches([samples], [pixels])


def a_recogniser(architecture: str, width: int = 100) -> Recogniser:
    torch.manual_seed(1)
    config = RecogniserConfig(
        architecture=architecture, charset=Charset("two", "ab"), output_channel=16, hidden_size=16, width=width
    )
    recogniser = Recogniser(config).eval()
    with torch.no_grad():  # readings of some length, and none that is certain
        recogniser.Prediction.get_parameter("weight" if "CTC" in architecture else "generator.weight").mul_(3)
    return recogniser


def paths_of(text: str, log_probabilities: np.ndarray) -> float:
    """The sum over all paths of CTC that give a text, one by one."""
    total = 0.0
    for path in itertools.product(range(3), repeat=len(log_probabilities)):
        joined = "".join("_ab"[one] for one, _ in itertools.groupby(path)).replace("_", "")
        if joined == text:
            total += float(np.exp(sum(log_probabilities[step, one] for step, one in enumerate(path))))
    return float(np.log(total))


@torch.inference_mode()
def test_ctc_scores_are_sums_over_all_paths() -> None:
    recogniser = a_recogniser("None-VGG-BiLSTM-CTC", width=32)  # 7 steps: 2,187 paths
    words = some_words(recogniser)
    scores = score(recogniser, words, batch_size=3)
    batch = words.take(np.arange(len(TEXTS)))
    logs = recogniser(standardise(batch.images, recogniser.config)).log_softmax(2).numpy()
    for text, one, own in zip(TEXTS, scores, logs, strict=True):
        assert one.label_log == pytest.approx(paths_of(text, own), abs=1e-3)
        assert one.reading_log == pytest.approx(paths_of(one.reading, own), abs=1e-3)
        assert one.ratio == pytest.approx(one.reading_log - one.label_log)


@torch.inference_mode()
def test_attention_scores_are_products_over_the_characters() -> None:
    recogniser = a_recogniser("None-VGG-BiLSTM-Attn")
    words = some_words(recogniser)
    batch = words.take(np.arange(len(TEXTS)))
    features = recogniser.encode(standardise(batch.images, recogniser.config))
    for place, (text, one) in enumerate(zip(TEXTS, score(recogniser, words), strict=True)):
        for said, found in ((text, one.label_log), (one.reading, one.reading_log)):
            ids = [GO, *(recogniser.tokenizer.encode([said])[0, 1:-1].tolist() if said else []), END]
            logs = recogniser.Prediction(features[place : place + 1], torch.tensor([ids]))[0].log_softmax(1)
            expected = sum(float(logs[step, token]) for step, token in enumerate(ids[1:]))
            assert found == pytest.approx(expected, abs=1e-3)
        if one.reading == text:
            assert one.ratio == pytest.approx(0, abs=1e-4)


def test_an_empty_reading_has_a_score() -> None:
    recogniser = a_recogniser("None-VGG-BiLSTM-CTC")
    with torch.no_grad():
        recogniser.Prediction.get_parameter("bias")[0] = 100  # nothing but blanks
    scores = score(recogniser, some_words(recogniser))
    assert [one.reading for one in scores] == [""] * len(TEXTS)
    assert all(isinstance(one, Score) and one.reading_log == pytest.approx(0, abs=1e-3) for one in scores)
    assert all(one.label_log < -50 for one in scores)
