"""Character models: what they make of words, and what they refuse of files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import safe_open

from htrdata.errors import BadDataError, SourceMissingError, UsageError
from htrmodel.language.counting import count_words, make_model, read_texts
from htrmodel.language.model import BOUNDARY, ENTRY, CharacterModel, load_model

TEXT = "the other one then, the others: the weather there. Then “these” — those—not them"


@pytest.fixture(scope="module")
def model() -> CharacterModel:
    return make_model(count_words(TEXT * 3), 5)


def test_words_are_counted_with_and_without_the_punctuation_around_them() -> None:
    counted = count_words("It's “done”, don’t--stop. (done)")
    assert counted == Counter(
        {"It's": 1, '"done",': 1, "done": 2, '"': 1, '",': 1, "don't": 1, "stop.": 1, "stop": 1, ".": 1}
        | {"(done)": 1, "(": 1, ")": 1}
    )


@pytest.mark.parametrize("before", ["", "t", "the", "othe", "weathe", "zz", "thz", "é"])
def test_probabilities_after_any_characters_sum_to_one(model: CharacterModel, before: str) -> None:
    state = model.begin()
    for symbol in model.symbols_of(before).tolist():
        state = model.after(state, symbol)
    assert np.exp(state.log_probs.astype(np.float64)).sum() == pytest.approx(1, abs=0.01)
    assert np.isfinite(state.log_probs).all()


@pytest.mark.parametrize(
    ("likely", "unlikely"), [("the", "teh"), ("others", "ozhers"), ("there", "thebe"), ("one", "éne")]
)
def test_words_of_the_language_are_likelier(model: CharacterModel, likely: str, unlikely: str) -> None:
    assert model.log_probability(likely) > model.log_probability(unlikely) + 1


@pytest.mark.parametrize("order", [1, 2, 5, 12])
def test_interpolated_witten_bell_as_it_is_defined(order: int) -> None:
    words = count_words("abba abab baab abba caba")
    model = make_model(words, order, least=1)

    def probability(context: str, symbol: str) -> float:
        shorter = probability(context[1:], symbol) if context else 1 / (3 + 2)
        follows: Counter[str] = Counter()
        for word, count in words.items():
            framed = f"\n{word}\n"
            for end in range(1, len(framed)):
                if framed[:end].endswith(context):
                    follows[framed[end]] += count
        total, kinds = follows.total(), len(follows)
        return (follows[symbol] + kinds * shorter) / (total + kinds) if total else shorter

    for word in ("abba", "cab", "cc"):
        framed = f"\n{word}\n"
        wanted = sum(
            np.log(probability(framed[max(0, end - order + 1) : end], framed[end])) for end in range(1, len(framed))
        )
        assert model.log_probability(word) == pytest.approx(wanted, rel=0.005)


def test_a_model_is_the_same_from_its_file(model: CharacterModel, tmp_path: Path) -> None:
    model.save(tmp_path / "the.lm")
    loaded = load_model(tmp_path / "the.lm")
    assert (loaded.alphabet, loaded.order, loaded.words) == (model.alphabet, 5, model.words)
    for word in ("the", "weather", "Thames", "ß"):
        assert loaded.log_probability(word) == model.log_probability(word)


def test_what_comes_rarely_is_left_out_and_its_probability_kept() -> None:
    words = count_words("ababab ababab bababa abcabc")
    small, large = make_model(words, 6, least=2), make_model(words, 6, least=1)
    assert len(small.symbols) < len(large.symbols)
    state = small.begin()
    for symbol in small.symbols_of("abcab").tolist():
        state = small.after(state, symbol)
    assert np.exp(state.log_probs).sum() == pytest.approx(1, abs=0.01)


def test_nothing_and_orders_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError, match="no words"):
        make_model(Counter())
    with pytest.raises(UsageError, match="13 characters"):
        make_model(Counter(a=1), 13)


def test_texts_that_are_not_there_or_not_in_utf8(tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match="no text"):
        read_texts([tmp_path / "none.txt"])
    (tmp_path / "latin.txt").write_bytes("Bücher".encode("latin-1"))
    with pytest.raises(BadDataError, match="byte 1"):
        read_texts([tmp_path / "latin.txt"])


def _with(
    name: str, change: Callable[[NDArray[Any]], None]
) -> Callable[[dict[str, NDArray[Any]], dict[str, Any]], None]:
    def apply(arrays: dict[str, NDArray[Any]], about: dict[str, Any]) -> None:
        change(arrays[name])

    return apply


def _put(place: int, value: float) -> Callable[[NDArray[Any]], None]:
    return lambda array: array.__setitem__(place, value)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_with("symbols", _put(5, 60_000)), "do not fit"),
        (_with("symbols", _put(2, 3)), "do not fit"),
        (_with("children", _put(0, 0)), "do not fit"),
        (_with("children", _put(-1, 4e9)), "do not fit"),
        (_with("children", _put(3, 2)), "do not fit"),
        (_with("log_probs", _put(4, np.nan)), "do not fit"),
        (_with("backoffs", _put(1, np.inf)), "do not fit"),
        (lambda arrays, about: arrays.pop("children"), "other arrays"),
        (lambda arrays, about: arrays.update(symbols=arrays["symbols"].astype(np.int64)), "other arrays"),
        (lambda arrays, about: about.update(alphabet=about["alphabet"][::-1]), "do not fit"),
        (lambda arrays, about: about.update(alphabet=about["alphabet"] + "\U0001f600"), "do not fit"),
        (lambda arrays, about: about.update(format=2), "another format"),
        (lambda arrays, about: about.update(mean="-2"), "no record"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    model: CharacterModel, tmp_path: Path, damage: Callable[[dict[str, NDArray[Any]], dict[str, Any]], None], said: str
) -> None:
    model.save(tmp_path / "whole.lm")
    with safe_open(tmp_path / "whole.lm", framework="numpy") as opened:
        arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        about = json.loads(opened.metadata()[ENTRY])
    damage(arrays, about)
    (tmp_path / "damaged.lm").write_bytes(safetensors.numpy.save(arrays, {ENTRY: json.dumps(about)}))
    with pytest.raises(BadDataError, match=said):
        load_model(tmp_path / "damaged.lm")


def test_files_that_are_none_are_refused(model: CharacterModel, tmp_path: Path) -> None:
    model.save(tmp_path / "whole.lm")
    content = (tmp_path / "whole.lm").read_bytes()
    for name, wrong in (("cut", content[:-100]), ("empty", b""), ("text", b"the other one" * 50)):
        (tmp_path / name).write_bytes(wrong)
        with pytest.raises(BadDataError, match="damaged"):
            load_model(tmp_path / name)
    (tmp_path / "other").write_bytes(safetensors.numpy.save({"a": np.zeros(3)}))
    with pytest.raises(BadDataError, match="did not write it"):
        load_model(tmp_path / "other")
    with pytest.raises(SourceMissingError, match="htrmodel lm"):
        load_model(tmp_path / "none.lm")


def test_the_boundary_stands_for_the_end(model: CharacterModel) -> None:
    assert BOUNDARY == 0
    state = model.begin()
    for symbol in model.symbols_of("the").tolist():
        state = model.after(state, symbol)
    assert state.log_probs[BOUNDARY] > state.log_probs[model.symbols_of("o")[0]]


def test_a_curled_mark_is_the_straight_one_that_texts_are_counted_with() -> None:
    model = make_model(count_words("l’homme l'homme “dit” c'est"), 5)
    assert "’" not in model.alphabet
    assert model.symbols_of("’‘“”").tolist() == model.symbols_of("''\"\"").tolist()
    assert model.log_probability("l’homme") == model.log_probability("l'homme") > model.log_probability("l?homme")
