from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from htrdata.errors import UsageError
from htrdata.labels import ALNUM
from htrdata.store.reading import Dataset
from htrmodel.judging.comparing import compare
from htrmodel.judging.judgement import Judgement
from htrmodel.judging.judging import judge_split
from htrmodel.judging.metrics import METRICS, evaluate
from htrmodel.judging.predictions import Predictions

MakeDataset = Callable[..., Dataset]

WRITERS, WORDS = 40, 15


def make_rows() -> list[dict[str, Any]]:
    return [
        {"id": f"w{hand}_{i}", "text": "abcdefgh"[: 3 + i % 5], "writer": f"{hand:02d}", "page": f"p{hand}"}
        for hand in range(WRITERS)
        for i in range(WORDS)
    ]


def read(seed: int, error: float) -> dict[str, str]:
    """Readings by a system that errs in every hand, but more in some: those are the same for all systems."""
    hard = np.random.default_rng(99).uniform(0, 2, WRITERS)
    draws = np.random.default_rng(seed)
    return {
        row["id"]: "x" + row["text"][1:] if draws.random() < error * hard[int(row["writer"])] else row["text"]
        for row in make_rows()
    }


def judged(dataset: Dataset, texts: dict[str, str], left_out: dict[str, str] | None = None, **more: Any) -> Judgement:
    return judge_split(dataset, "test", Predictions(texts, left_out or {}), **more)


class TestDifferences:
    def test_system_against_itself(self, make_dataset: MakeDataset) -> None:
        judgement = judged(make_dataset(make_rows()), read(1, 0.2))
        for found in compare(judgement, judgement).differences:
            for difference in found.metrics.values():
                assert (difference.difference, difference.low, difference.high, difference.p) == (0, 0, 0, 1)

    def test_are_those_of_the_figures(self, make_dataset: MakeDataset) -> None:
        dataset = make_dataset(make_rows())
        one, two = judged(dataset, read(1, 0.3)), judged(dataset, read(2, 0.1))
        found = compare(one, two).find()
        for name, row in found.metrics.items():
            first, second = one.find().metrics[name].value, two.find().metrics[name].value
            assert (row.first, row.second) == pytest.approx((first, second))
            assert row.difference == pytest.approx(second - first)
            assert row.low < row.difference < row.high
        assert found.metrics["wer"].high < 0 < found.metrics["accuracy"].low
        assert found.metrics["wer"].p == 1 / 1001

    def test_the_other_way_round(self, make_dataset: MakeDataset) -> None:
        dataset = make_dataset(make_rows())
        one, two = judged(dataset, read(1, 0.2)), judged(dataset, read(2, 0.19))
        there, back = compare(one, two).find().metrics["wer"], compare(two, one).find().metrics["wer"]
        assert (there.difference, there.low, there.high) == pytest.approx((-back.difference, -back.high, -back.low))
        assert there.p == back.p

    def test_pairing_narrows_the_interval(self, make_dataset: MakeDataset) -> None:
        """A system that fails at the same words and three more: the paired difference is sure, the figures are not."""
        dataset = make_dataset(make_rows())
        texts = read(1, 0.3)
        worse = dict(texts)
        for word_id in ("w0_1", "w10_2", "w20_3", "w30_4", "w5_5", "w15_6", "w25_7"):
            worse[word_id] = "?"
        one, two = judged(dataset, texts), judged(dataset, worse)
        wer = compare(one, two).find().metrics["wer"]
        assert 0 < wer.low < wer.high < 0.03
        assert one.find().metrics["wer"].high > two.find().metrics["wer"].low

    def test_systems_of_equal_skill_do_not_differ(self, make_dataset: MakeDataset) -> None:
        dataset = make_dataset(make_rows())
        wer = compare(judged(dataset, read(3, 0.2)), judged(dataset, read(4, 0.2))).find().metrics["wer"]
        assert wer.low < 0 < wer.high
        assert wer.p > 0.05


class TestWords:
    ROWS: list[dict[str, Any]] = [  # noqa: RUF012
        {"id": "a", "text": "the", "writer": "1"},
        {"id": "b", "text": "cat", "writer": "1"},
        {"id": "c", "text": "sat", "writer": "2", "page": "p2"},
        {"id": "d", "text": "on", "writer": "2", "page": "p2"},
        {"id": "e", "text": "!", "writer": "3"},
    ]

    def test_left_out_words_are_wrong_or_out_for_both(self, make_dataset: MakeDataset) -> None:
        dataset = make_dataset(self.ROWS)
        one = judged(dataset, {"a": "the", "b": "cat", "c": "x"}, {"d": "too_long", "e": "out_of_charset"})
        two = judged(dataset, {"a": "x", "b": "cat", "d": "on", "e": "!"}, {"c": "too_long"})
        comparison = compare(one, two)
        every, both = comparison.find(), comparison.find(over="read-by-both")
        assert (every.words, both.words) == (5, 2)
        assert (every.metrics["wer"].first, every.metrics["wer"].second) == pytest.approx((3 / 5, 2 / 5))
        assert (both.metrics["wer"].first, both.metrics["wer"].second) == pytest.approx((0, 1 / 2))
        assert math.isnan(every.metrics["attentionhtr_norm_ed"].difference)
        assert both.metrics["attentionhtr_norm_ed"].second == pytest.approx(1 / 2)
        assert math.isnan(both.metrics["wer"].low)  # both words are of one writer
        expected = evaluate(["the", "cat", "sat", "on", "!"], ["the", "cat", "x", "", ""])
        for name in METRICS.keys() - {"attentionhtr_norm_ed"}:
            assert every.metrics[name].first == pytest.approx(expected[name])

    def test_the_order_of_the_store_does_not_matter(self, make_dataset: MakeDataset) -> None:
        texts = {row["id"]: row["text"] for row in self.ROWS}
        one = judged(make_dataset(self.ROWS), texts)
        two = judged(make_dataset(self.ROWS[::-1], digest="cd" * 32), texts | {"a": "x"})
        straight = judged(make_dataset(self.ROWS), texts | {"a": "x"})
        assert compare(one, two).find("no-punctuation").metrics["wer"].difference == pytest.approx(1 / 4)
        assert compare(one, two).find().metrics["wer"] == compare(one, straight).find().metrics["wer"]

    def test_subsets_that_both_have(self, make_dataset: MakeDataset) -> None:
        dataset = make_dataset(self.ROWS, ids={"p2": ["train", "test"]})
        texts = {row["id"]: row["text"] for row in self.ROWS}
        comparison = compare(judged(dataset, texts, training_labels={"the"}), judged(dataset, texts))
        found = {(found.subset, found.words) for found in comparison.differences}
        assert found == {("all", 5), ("no-punctuation", 4), ("clean-pages", 3)}

    def test_case_is_compared_where_both_know_it(self, make_dataset: MakeDataset) -> None:
        dataset = make_dataset(self.ROWS)
        texts = {row["id"]: row["text"] for row in self.ROWS}
        one, two = judged(dataset, texts, charset=ALNUM), judged(dataset, texts | {"a": "THE"})
        for comparison in (compare(one, two), compare(two, one)):
            assert {found.case for found in comparison.differences} == {"insensitive"}
            assert comparison.find().metrics["wer"].difference == 0

    def test_other_words_cannot_be_compared(self, make_dataset: MakeDataset) -> None:
        texts = {row["id"]: row["text"] for row in self.ROWS}
        other = [*self.ROWS[:-1], {"id": "e", "text": "?", "writer": "3"}]
        one = judged(make_dataset(self.ROWS), texts, system="one")
        two = judged(make_dataset(other), texts, system="two")
        with pytest.raises(UsageError, match=r"one was judged by drawn test \(references .*two by drawn test"):
            compare(one, two)

    def test_json(self, make_dataset: MakeDataset) -> None:
        dataset = make_dataset(self.ROWS)
        texts = {row["id"]: row["text"] for row in self.ROWS}
        one = judged(dataset, texts, system="one")
        two = judged(dataset, {"a": "x", "b": "cat", "c": "sat", "d": "on"}, {"e": "out_of_charset"}, system="two")
        document = json.loads(json.dumps(compare(one, two, seed=4).as_json(), allow_nan=False))
        assert (document["first"]["system"], document["second"]["system"], document["seed"]) == ("one", "two", 4)
        assert document["first"]["signature"] == one.find(left_out="wrong").signature
        assert document["differences"][0]["metrics"]["wer"]["difference"] == pytest.approx(2 / 5)
        assert document["differences"][0]["metrics"]["attentionhtr_norm_ed"]["p"] is None
