"""The searches find the text that is best by pixels and language together: compared with all texts there are."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from htrdata.errors import UsageError
from htrdata.labels import Charset
from htrmodel.language.attention_beam import attention_search
from htrmodel.language.counting import count_words, make_model
from htrmodel.language.ctc_beam import TEMPERATURE, ctc_search
from htrmodel.language.knowledge import FLOOR, Knowledge, Scorer
from htrmodel.language.lexicon import Lexicon
from htrmodel.language.model import BOUNDARY
from htrmodel.language.reading import LanguageReader
from htrmodel.layers.attention import AttentionDecoder

from ..conftest import BuildRecogniser

CHARSET = Charset("abc", "abc")
MODEL = make_model(count_words("abba baba abba cab abc a"), 3)
LEXICON = Lexicon(["abc", "cc"])
KNOWN = {
    "nothing": Knowledge(model=MODEL, weight=0.0, beam=300),
    "model": Knowledge(model=MODEL, weight=0.7, beam=300),
    "lexicon": Knowledge(lexicon=LEXICON, lexicon_weight=2.0, beam=300),
    "both": Knowledge(model=MODEL, weight=0.3, lexicon=LEXICON, lexicon_weight=1.0, beam=300),
}


def gain(knowledge: Knowledge, text: str) -> float:
    """What the language gives a text, by its definition."""
    total = 0.0
    if knowledge.model is not None:
        state, model = knowledge.model.begin(), knowledge.model
        for symbol in [*model.symbols_of(text).tolist(), BOUNDARY]:
            total += knowledge.weight * max(float(state.log_probs[symbol]) - model.mean, FLOOR)
            state = model.after(state, symbol)
    if knowledge.lexicon is not None and text in knowledge.lexicon:
        total += knowledge.lexicon_weight
    return total


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize("seed", range(5))
def test_ctc(known: str, seed: int) -> None:
    knowledge = KNOWN[known]
    logits = np.random.default_rng(seed).normal(size=(5, 4)) * 1.5
    log_probs = (logits - np.log(np.exp(logits).sum(1, keepdims=True))).astype(np.float32)
    masses: defaultdict[str, float] = defaultdict(float)
    for path in itertools.product(range(4), repeat=5):
        text = "".join(" abc"[token] for token, _ in itertools.groupby(path) if token)
        masses[text] += math.exp(sum(float(log_probs[step, token]) for step, token in enumerate(path)))
    totals = {text: math.log(mass) + gain(knowledge, text) for text, mass in masses.items()}
    best = max(totals, key=totals.__getitem__)
    share = 1 / sum(math.exp((total - totals[best]) / TEMPERATURE) for total in totals.values())
    reading = ctc_search(log_probs, Scorer(knowledge, CHARSET, "CTC"))
    assert reading.text == best
    assert reading.confidence == pytest.approx(share, rel=0.02)


def decoder(seed: int) -> tuple[AttentionDecoder, Tensor]:
    torch.manual_seed(seed)
    made = AttentionDecoder(6, 8, 5, 4)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.8)
    return made, torch.randn(3, 7, 6)


def all_texts(made: AttentionDecoder, features: Tensor) -> list[dict[str, float]]:
    """For each word the logarithm of the probability of each text, those that are cut off included."""
    texts = ["".join(letters) for size in range(5) for letters in itertools.product("abc", repeat=size)]
    found: list[dict[str, float]] = [{} for _ in features]
    for text in texts:
        ids = [0, *("abc".index(letter) + 2 for letter in text), *([1] if len(text) < 4 else [])]
        targets = torch.tensor([ids] * len(features))
        log_probs = made(features, targets).log_softmax(2).gather(2, targets[:, 1:, None]).sum((1, 2))
        for word, value in enumerate(log_probs.tolist()):
            found[word][text] = value
    return found


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize("seed", range(3))
@torch.inference_mode()
def test_attention(known: str, seed: int) -> None:
    knowledge = KNOWN[known]
    made, features = decoder(seed)
    readings = attention_search(made, features, Scorer(knowledge, CHARSET, "Attn"))
    for reading, texts in zip(readings, all_texts(made, features), strict=True):
        # A text as long as the decoder's steps has no end that could gain.
        totals = {
            text: value + (gain(knowledge, text) if len(text) < 4 else _unended(knowledge, text))
            for text, value in texts.items()
        }
        best = max(totals, key=totals.__getitem__)
        share = 1 / sum(math.exp((total - totals[best]) / TEMPERATURE) for total in totals.values())
        assert reading.text == best
        assert reading.confidence == pytest.approx(share, rel=1e-3)


def _unended(knowledge: Knowledge, text: str) -> float:
    scorer = Scorer(knowledge, CHARSET, "Attn")
    state, total = scorer.begin(), 0.0
    for letter in text:
        total += float(scorer.scores(state)["abc".index(letter) + 2])
        state = scorer.after(state, "abc".index(letter) + 2)
    return total


def test_without_weight_a_reader_reads_what_its_recogniser_reads(build: BuildRecogniser, words: Tensor) -> None:
    recogniser = build("None-VGG-None-Attn")
    reader = LanguageReader(recogniser, Knowledge(model=MODEL, weight=0.0, beam=1))
    wanted = recogniser.read_inputs(words.numpy())
    assert [one.text for one in reader.read_inputs(words.numpy())] == [one.text for one in wanted]
    assert (reader.name, reader.config) == (recogniser.name, recogniser.config)
    recogniser.train()
    with pytest.raises(UsageError, match="training mode"):
        reader.read_inputs(words.numpy())


def test_a_word_of_the_lexicon_wins_where_pixels_are_unsure_and_others_stay_possible() -> None:
    def read(first: float) -> str:
        sure: NDArray[np.float32] = np.log(np.array([[0.01, first, 0.98 - first, 0.01]], np.float32))
        return ctc_search(sure, Scorer(Knowledge(lexicon=Lexicon(["b"]), lexicon_weight=1.0), CHARSET, "CTC")).text

    assert read(0.6) == "b"
    assert read(0.9) == "a"


def test_spaces_of_lines_end_words() -> None:
    scorer = Scorer(KNOWN["both"], Charset("line", "abc "), "CTC")
    words = Scorer(KNOWN["both"], CHARSET, "CTC")

    def total(asked: Scorer, text: str) -> float:
        state, gain = asked.begin(), 0.0
        for letter in text:
            gain += float(asked.scores(state)["abc ".index(letter) + 1])
            state = asked.after(state, "abc ".index(letter) + 1)
        return gain + asked.ending(state, text)

    assert total(scorer, "abba abc") == pytest.approx(total(words, "abba") + total(words, "abc"), abs=1e-5)


def test_a_lexicon_knows_capitals_and_punctuation() -> None:
    lexicon = Lexicon(["house", "Anna"])
    assert all(text in lexicon for text in ("house", "House", "HOUSE", "house,", "(House)", "Anna's"[:4], "anna"))
    assert all(text not in lexicon for text in ("hOuse", "houses", "", "hou se"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [({}, "no knowledge"), ({"model": MODEL, "weight": -1.0}, "weight"), ({"model": MODEL, "beam": 0}, "beam")],
)
def test_knowledge_out_of_range(fields: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Knowledge(**fields)  # type: ignore[arg-type]
