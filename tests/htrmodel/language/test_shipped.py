"""The language models that come with the weights: found by name, and of the language that they are called by."""

from __future__ import annotations

from pathlib import Path

import pytest

from htrdata.errors import SourceMissingError
from htrmodel.evaluation.forecasting import known_forecast
from htrmodel.language import shipped
from htrmodel.language.knowledge import read_knowledge
from htrmodel.language.model import load_model
from htrmodel.language.shipped import LANGUAGES, find_language
from htrmodel.starter import FOLDER, LINES

SENTENCES = {
    "english": "I have the honour to acknowledge receipt of your letter and remain yours truly",
    "french": "Je soussigné déclare léguer à ma chère épouse tout ce que je possède à ce jour",
}


def test_a_name_is_a_shipped_model_and_anything_else_a_file(tmp_path: Path) -> None:
    assert find_language("french") == FOLDER / "french.lm"
    assert find_language("some/french") == Path("some/french")
    assert find_language(tmp_path / "own.lm") == tmp_path / "own.lm"
    known = read_knowledge(Path("english"), None)
    assert known is not None
    assert known.label.startswith("english.lm@")


def test_an_installation_without_them_says_where_they_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    with pytest.raises(
        SourceMissingError, match=r"lacks the language model 'french'.*pip install \./weights.*htrmodel lm"
    ):
        find_language("french")


def test_pages_that_are_read_with_a_shipped_model_have_a_forecast() -> None:
    known = read_knowledge(Path("french"), None)
    assert known is not None
    forecast, without = known_forecast(LINES, known.label), known_forecast(LINES, "")
    assert forecast.documents > 10
    assert forecast != without


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_finds_its_own_language_the_likeliest(language: str) -> None:
    def of(name: str, sentence: str) -> float:
        model = load_model(find_language(name))
        return sum(model.log_probability(word) for word in sentence.split())

    likelihoods = {name: of(name, SENTENCES[language]) for name in LANGUAGES}
    assert max(likelihoods, key=likelihoods.__getitem__) == language
    backwards = " ".join(word[::-1] for word in SENTENCES[language].split())
    assert of(language, SENTENCES[language]) > of(language, backwards)
