"""Forecasts of CER from confidences, and the choice of lines to transcribe."""

from __future__ import annotations

import numpy as np
import pytest

from htrdata.errors import BadDataError, UsageError
from htrmodel.judging.forecast import Forecaster, learn, per_character
from htrmodel.judging.teaching import most_teaching


def drawn(documents: int, seed: int = 0, lines: int = 30) -> tuple[list[float], list[float], list[float], list[str]]:
    """Lines of 20 to 60 characters, each wrong with a chance of 1 less its confidence; documents are easy or hard."""
    draws = np.random.default_rng(seed)
    rows = []
    for document in range(documents):
        level = draws.uniform(0.5, 0.95)
        for sure in np.clip(level + draws.normal(0, 0.1, lines), 0.05, 0.999):
            length = int(draws.integers(20, 60))
            rows.append((float(sure), float(draws.binomial(length, 1 - sure)), float(length), f"writer {document}"))
    sure_, edits, lengths, names = map(list, zip(*rows, strict=True))
    return sure_, edits, lengths, names


def test_a_forecast_is_near_the_truth_of_new_documents_and_knows_how_near() -> None:
    learnt = learn(*drawn(40))
    assert learnt.documents == 40
    assert list(learnt.cer) == sorted(learnt.cer, reverse=True)
    sure, edits, lengths, names = map(np.array, drawn(40, seed=1))
    errors = []
    for name in np.unique(names):
        mine = names == name
        found = learnt.forecast(sure[mine].tolist(), lengths[mine].astype(int).tolist())
        errors.append(abs(found - edits[mine].sum() / lengths[mine].sum()))
    assert np.mean(errors) < 0.02
    assert learnt.mean_error == pytest.approx(np.mean(errors), abs=0.01)
    assert np.mean(np.array(errors) < learnt.error_90) > 0.75


def test_its_error_is_that_of_documents_it_has_not_seen() -> None:
    sure, edits, lengths, names = drawn(10)
    # One writer is read wrongly however sure: a forecast that had seen it would not be so far off.
    odd = [length if name == "writer 3" else wrong for wrong, length, name in zip(edits, lengths, names, strict=True)]
    assert learn(sure, odd, lengths, names).error_90 > 3 * learn(sure, edits, lengths, names).error_90


def test_its_error_is_that_of_forecasts_that_know_only_what_was_read() -> None:
    """Of hard lines half is not seen: weighed by what was read they count too little, and the error says so."""
    sure, edits, lengths, names = drawn(100)
    read = [length / 10 if one < 0.6 else length for one, length in zip(sure, lengths, strict=True)]
    known, unknown = learn(sure, edits, lengths, names), learn(sure, edits, lengths, names, read)
    assert (known.confidence, known.cer) == (unknown.confidence, unknown.cer)
    errors = []
    sure_, edits_, lengths_, names_ = map(np.array, drawn(100, seed=1))
    read_ = np.where(sure_ < 0.6, lengths_ / 10, lengths_)
    for name in np.unique(names_):
        mine = names_ == name
        found = unknown.forecast(sure_[mine].tolist(), read_[mine].tolist())
        errors.append(abs(found - edits_[mine].sum() / lengths_[mine].sum()))
    assert unknown.mean_error == pytest.approx(np.mean(errors), abs=0.01)
    assert unknown.mean_error > 1.3 * known.mean_error


def test_it_is_kept_as_json_and_nothing_else_is_taken_for_it() -> None:
    learnt = learn(*drawn(3))
    assert Forecaster.from_json(learnt.to_json()) == learnt
    kept = learnt.to_json()
    falling = kept["confidence"][::-1]
    changes: list[dict[str, object]] = [{"cer": []}, {"mean_error": "much"}, {"confidence": falling}]
    others: list[object] = [None, [], {}, *({**kept, **change} for change in changes)]
    for wrong in others:
        with pytest.raises(BadDataError, match="no forecaster"):
            Forecaster.from_json(wrong)


def test_one_document_says_nothing_of_others() -> None:
    with pytest.raises(UsageError, match="two writers or pages"):
        learn(*drawn(1))


def test_confidence_of_a_character_does_not_fall_with_length() -> None:
    assert per_character(0.5**10, "x" * 10) == pytest.approx(0.5) == per_character(0.5**70, "x" * 70)
    assert (per_character(0.3, ""), per_character(0.0, "ab")) == (0.3, 0.0)


def test_lines_are_unsure_frequent_and_not_alike() -> None:
    texts = [
        "the house of the king",
        "the house of the king",
        "zq xv jw",
        "the garden of the queen",
        "the house of the",
    ]
    assert most_teaching(texts, [0.2, 0.9, 0.2, 0.2, 0.99], 5)[-1] in (1, 4)
    chosen = most_teaching(texts, [0.2, 0.2, 0.2, 0.2, 0.2], 2)
    assert set(chosen) in ({0, 3}, {1, 3})
    assert sorted(most_teaching(texts, [0.5] * 5, 99)) == [0, 1, 2, 3, 4]
    assert most_teaching([], [], 3) == []


def test_the_choice_is_the_greedy_one() -> None:
    draws = np.random.default_rng(2)
    texts = [" ".join(draws.choice(["ab", "cde", "fgh", "ai", "bcd"], 4)) for _ in range(40)]
    sure = draws.uniform(0, 1, 40).round(2).tolist()
    whole = most_teaching(texts, sure, 40)
    assert most_teaching(texts, sure, 7) == whole[:7]
    assert np.mean([sure[place] for place in whole[:10]]) < np.mean(sure)
