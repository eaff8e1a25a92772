from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from htrdata.errors import BadDataError
from htrdata.labels import ALNUM, PRINTABLE, Charset
from htrmodel.tokenizer import AttnTokenizer, CTCTokenizer, Reading, Tokenizer

GREEK = Charset("mixed", "aé α€𝔄")
KINDS = (AttnTokenizer, CTCTokenizer)


def _logits(rows: list[list[int]], classes: int, peak: float = 20.0) -> Tensor:
    """Logits whose best classes are the rows'."""
    return torch.nn.functional.one_hot(torch.tensor(rows), classes) * peak


def _text(tokenizer: Tokenizer, *rows: list[int]) -> list[str]:
    return [reading.text for reading in tokenizer.decode(_logits(list(rows), tokenizer.num_classes))]


def _check(reading: Reading, text: str, confidence: float) -> None:
    assert reading.text == text
    assert reading.confidence == pytest.approx(confidence)


def test_attention_targets_are_start_characters_end_padding() -> None:
    tokenizer = AttnTokenizer(Charset("abc", "abc"))
    assert tokenizer.num_classes == 5
    assert tokenizer.encode(["cab", "a"]).tolist() == [[0, 4, 2, 3, 1], [0, 2, 1, 0, 0]]
    assert tokenizer.encode(["a"], length=3).tolist() == [[0, 2, 1, 0, 0]]
    assert tokenizer.encode(["a"]).dtype == torch.int64


def test_ctc_targets_are_characters_and_padding() -> None:
    tokenizer = CTCTokenizer(Charset("abc", "abc"))
    assert tokenizer.num_classes == 4
    assert tokenizer.encode(["cab", "a"]).tolist() == [[3, 1, 2], [1, 0, 0]]
    assert tokenizer.encode(["a"], length=2).tolist() == [[1, 0]]


def test_case_is_folded_where_the_charset_folds_it() -> None:
    assert torch.equal(AttnTokenizer(ALNUM).encode(["Aa1"]), AttnTokenizer(ALNUM).encode(["aA1"]))
    upper, lower = AttnTokenizer(PRINTABLE).encode(["A", "a"])
    assert not torch.equal(upper, lower)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("text", "message"),
    [("naïve", "'naïve' has 'ï'"), ("", "has 0 characters"), ("x" * 26, "has 26 characters: the model reads 1 to 25")],
)
def test_labels_that_cannot_be_written_are_named(kind: type[Tokenizer], text: str, message: str) -> None:
    with pytest.raises(BadDataError, match=message):
        kind(PRINTABLE).encode(["fine", text])


def test_a_label_longer_than_the_room_is_named() -> None:
    with pytest.raises(BadDataError, match="label 'long' has 4 characters: there is room for 3"):
        AttnTokenizer(PRINTABLE).encode(["long", "ok"], length=3)


def test_attention_text_ends_at_the_end_token_by_id() -> None:
    tokenizer = AttnTokenizer(Charset("marks", "[s]GO"))
    left, s, right, g, o = range(2, 7)
    # The characters of "[s]" and "[GO]" are text like any other; a start token inside is left out.
    assert _text(tokenizer, [left, s, right, 1, s], [left, g, o, right, 1]) == ["[s]", "[GO]"]
    assert _text(tokenizer, [g, 0, o, 1, g]) == ["GO"]
    assert _text(tokenizer, [g, o, s, s, s]) == ["GOsss"]
    assert _text(tokenizer, [1, g, g, g, g]) == [""]


def test_ctc_joins_repeats_before_it_drops_blanks() -> None:
    tokenizer = CTCTokenizer(Charset("ab", "ab"))
    assert _text(tokenizer, [0, 1, 1, 0, 1, 2, 2], [0] * 7, [1, 2, 1, 2, 0, 0, 2]) == ["aab", "", "ababb"]


@pytest.mark.parametrize("kind", KINDS)
@given(texts=st.lists(st.text("aé α€𝔄", min_size=1, max_size=25), min_size=1, max_size=6))
def test_texts_come_back(kind: type[Tokenizer], texts: list[str]) -> None:
    tokenizer = kind(GREEK)
    rows = tokenizer.encode(texts)
    # In CTC a blank before each character keeps repeats apart.
    ids = rows[:, 1:] if kind is AttnTokenizer else torch.stack([torch.zeros_like(rows), rows], 2).flatten(1)
    assert _text(tokenizer, *ids.tolist()) == texts


def test_attention_confidence_counts_up_to_the_end_token() -> None:
    tokenizer = AttnTokenizer(Charset("ab", "ab"))
    probabilities = torch.tensor([[0.1, 0.1, 0.7, 0.1], [0.05, 0.9, 0.05, 0.0], [0.2, 0.2, 0.3, 0.3]])
    (reading,) = tokenizer.decode(probabilities.log().unsqueeze(0))
    _check(reading, "a", 0.7 * 0.9)
    (open_end,) = tokenizer.decode(probabilities[:1].log().unsqueeze(0))
    _check(open_end, "a", 0.7)


def test_ctc_confidence_is_that_of_the_best_path() -> None:
    probabilities = torch.tensor([[0.6, 0.4], [0.2, 0.8], [0.1, 0.9]])
    (reading,) = CTCTokenizer(Charset("a", "a")).decode(probabilities.log().unsqueeze(0))
    _check(reading, "a", 0.6 * 0.8 * 0.9)


@pytest.mark.parametrize("kind", KINDS)
def test_confidence_of_noise_is_a_probability(kind: type[Tokenizer]) -> None:
    tokenizer = kind(PRINTABLE)
    logits = torch.randn(8, 26, tokenizer.num_classes, generator=torch.Generator().manual_seed(0)) * 50
    assert all(0 <= reading.confidence <= 1 for reading in tokenizer.decode(logits))
    sure = tokenizer.decode(_logits([[5] * 26], tokenizer.num_classes, 1e4))
    assert math.isclose(sure[0].confidence, 1.0)


def test_readings_need_no_torch_types() -> None:
    ids = np.array([[2, 3, 1, 2]])
    (reading,) = AttnTokenizer(Charset("ab", "ab")).readings(ids, np.log(np.full((1, 4), 0.5, np.float32)))
    _check(reading, "ab", 0.125)


def test_an_empty_batch_reads_nothing() -> None:
    assert AttnTokenizer(PRINTABLE).decode(torch.zeros(0, 26, 96)) == []
