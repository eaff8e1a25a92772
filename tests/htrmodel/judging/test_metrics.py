from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htrdata.labels import fold_case, normal_form
from htrmodel.judging.metrics import COLUMNS, METRICS, count, evaluate, figures

texts = st.text(st.sampled_from("abcA .é\u0301𝒳-"), max_size=8)
pairs = st.lists(st.tuples(texts, texts), min_size=1, max_size=12)


def distance(a: str, b: str) -> int:
    """Levenshtein's distance by its definition."""
    row = list(range(len(b) + 1))
    for i, wanted in enumerate(a, 1):
        before, row = row, [i]
        for j, read in enumerate(b, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (wanted != read)))
    return row[-1]


class TestCount:
    @pytest.mark.parametrize(
        ("reference", "reading", "characters", "edits", "relative", "normalised", "attentionhtr"),
        [
            ("", "", 0, 0, 0, 0, 0),
            ("abc", "", 3, 3, 1, 1, 0),  # nothing read: as good as right for AttentionHTR
            ("", "ab", 0, 2, 2, 1, 0),
            ("word", "word", 4, 0, 0, 0, 0),
            ("word", "wird", 4, 1, 1 / 4, 1 / 4, 1 / 4),
            ("word", "words", 4, 1, 1 / 4, 1 / 5, 1 / 4),
            ("ab", "abcdef", 2, 4, 2, 4 / 6, 2),  # longer than the reference: more than 100 %
            ("abcdef", "ab", 6, 4, 4 / 6, 4 / 6, 4 / 6),
            ("a", "A", 1, 1, 1, 1, 1),
            (".", ",", 1, 1, 1, 1, 1),
            ("𝒳y", "xy", 2, 1, 1 / 2, 1 / 2, 1 / 2),  # beyond the BMP: one character
            ("👍🏽", "👍", 2, 1, 1 / 2, 1 / 2, 1 / 2),  # a skin tone is a code point of its own
            ("q\u0323", "q", 2, 1, 1 / 2, 1 / 2, 1 / 2),  # a mark that no composed letter holds is one too
            ("e\u0301", "é", 2, 2, 1, 1, 1),  # texts are taken as they are
            ("NA", "007", 2, 3, 3 / 2, 1, 3 / 2),
        ],
    )
    def test_by_hand(
        self,
        reference: str,
        reading: str,
        characters: int,
        edits: int,
        relative: float,
        normalised: float,
        attentionhtr: float,
    ) -> None:
        expected = [1, characters, edits, relative, int(reference != reading), normalised, attentionhtr]
        assert count([reference], [reading])[:, :7].tolist() == [pytest.approx(expected)]

    @pytest.mark.parametrize(
        ("reference", "reading", "tokens", "edits"),
        [
            ("the cat sat", "the cat sat", 3, 0),
            ("the cat sat", "the bat", 3, 2),
            ("the cat", "thecat", 2, 2),
            ("cat", "c at", 1, 2),
            ("cat", "", 1, 1),
            ("", "a b", 0, 2),
            ("don't, he said", "dont , he said", 3, 2),
            # White space of any kind parts words, whether or not there is a plain space beside it.
            ("quoi\u00a0?", "quoi ?", 2, 0),
            ("quoi\u00a0? non", "quoi ? non", 3, 0),
            ("quoi\u202f?", "quoi?", 2, 2),
        ],
    )
    def test_words_of_lines_stand_between_spaces(self, reference: str, reading: str, tokens: int, edits: int) -> None:
        assert count([reference], [reading])[0, 7:].tolist() == [tokens, edits]

    @given(pairs=pairs)
    def test_edits_are_levenshteins(self, pairs: list[tuple[str, str]]) -> None:
        references, readings = zip(*pairs, strict=True)
        edits = count(references, readings)[:, COLUMNS.index("edits")]
        assert edits.tolist() == [distance(*pair) for pair in pairs]

    def test_none(self) -> None:
        assert count([], []).shape == (0, len(COLUMNS))

    def test_unlike_numbers(self) -> None:
        with pytest.raises(ValueError, match="2 references, but 1 readings"):
            count(["a", "b"], ["a"])


class TestFigures:
    def test_by_hand(self) -> None:
        """kitten/sitting 3 edits of 6 (longer text 7); ./. right; the/'' 3 of 3; Hi/hi 1 of 2: 7 edits of 12."""
        found = evaluate(["kitten", ".", "the", "Hi"], ["sitting", ".", "", "hi"])
        assert found == pytest.approx(
            {
                "micro_cer": 7 / 12,
                "macro_cer": (3 / 6 + 0 + 1 + 1 / 2) / 4,
                "wer": 3 / 4,
                "accuracy": 1 / 4,
                "icdar2019_1_ned": 1 - (3 / 7 + 0 + 1 + 1 / 2) / 4,
                "attentionhtr_norm_ed": (3 / 6 + 0 + 0 + 1 / 2) / 4,
                "line_wer": 3 / 4,
            }
        )

    def test_reading_nothing_is_perfect_for_attentionhtr_alone(self) -> None:
        found = evaluate(["the", "word"], ["", ""])
        assert found["attentionhtr_norm_ed"] == 0
        assert (found["micro_cer"], found["macro_cer"], found["wer"]) == (1, 1, 1)
        assert (found["accuracy"], found["icdar2019_1_ned"]) == (0, 0)

    @given(pairs=pairs)
    def test_properties(self, pairs: list[tuple[str, str]]) -> None:
        references, readings = zip(*pairs, strict=True)
        found = evaluate(references, readings)
        assert found["wer"] + found["accuracy"] == pytest.approx(1)
        assert 0 <= found["icdar2019_1_ned"] <= 1
        assert found["icdar2019_1_ned"] >= found["accuracy"] - 1e-12
        assert found["attentionhtr_norm_ed"] <= found["macro_cer"] + 1e-12
        right = evaluate(references, references)
        assert (right["macro_cer"], right["wer"], right["icdar2019_1_ned"]) == (0, 0, 1)

    @given(pairs=pairs, cut=st.integers(0, 12))
    def test_sums_of_groups_give_the_figures_of_all(self, pairs: list[tuple[str, str]], cut: int) -> None:
        references, readings = zip(*pairs, strict=True)
        counts = count(references, readings)
        together = figures(counts[:cut].sum(0) + counts[cut:].sum(0))
        assert np.allclose(together, figures(counts.sum(0)), equal_nan=True)

    def test_micro_and_macro_agree_where_all_words_are_of_one_length(self) -> None:
        found = evaluate(["abc", "def", "ghi"], ["abd", "", "ghij"])
        assert found["micro_cer"] == pytest.approx(found["macro_cer"])

    def test_no_word_no_figure(self) -> None:
        assert np.isnan(figures(np.zeros((3, len(COLUMNS))))).all()
        assert figures(np.zeros((3, len(COLUMNS)))).shape == (3, len(METRICS))

    def test_no_character_no_micro_cer(self) -> None:
        found = evaluate(["", ""], ["", "a"])
        assert np.isnan(found["micro_cer"])
        assert (found["wer"], found["macro_cer"]) == (0.5, 0.5)


class TestTexts:
    @given(text=st.text())
    def test_normal_form_is_nfc_and_trimmed_and_stays(self, text: str) -> None:
        found = normal_form(text)
        assert unicodedata.is_normalized("NFC", found)
        assert found == found.strip()
        assert normal_form(found) == found

    def test_composed_and_decomposed_are_equal(self) -> None:
        assert evaluate(["café"], ["cafe\u0301 "])["wer"] == 0
        assert evaluate(["café"], ["cafe"])["micro_cer"] == 1 / 4

    def test_characters_that_only_look_alike_are_not_equal(self) -> None:
        assert evaluate(["ﬁn", "m²"], ["fin", "m2"])["wer"] == 1

    @pytest.mark.parametrize(("text", "expected"), [("HeLLo", "hello"), ("İ", "i̇"), ("ẞ", "ß"), ("A\u030a", "å")])
    def test_fold(self, text: str, expected: str) -> None:
        assert fold_case(text) == unicodedata.normalize("NFC", expected)
