from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

import pytest

from htrdata.labels import PRINTABLE
from htrdata.records import DRAWN, DRAWN_PICTURE
from htrdata.store.reading import Dataset
from htrmodel.judging.comparing import compare
from htrmodel.judging.judging import judge_split
from htrmodel.judging.metrics import LINE_WER, METRICS
from htrmodel.judging.predictions import Predictions
from htrmodel.judging.report import comparison_text, judgement_text
from htrmodel.judging.subsets import SUBSETS
from htrmodel.judging.terminal import WIDTH

MakeDataset = Callable[..., Dataset]

ROWS = [
    {"id": f"w{i}", "text": ["The", "cat", ".", "it's"][i % 4], "writer": f"{i % 25}", "page": f"p{i % 5}"}
    for i in range(100)
]
TEXTS = {f"w{i}": ["The", "cot", ".", "it's"][i % 4] for i in range(90)}
LEFT_OUT = {f"w{i}": "out_of_charset" for i in range(90, 100)}


def make_pair(make_dataset: MakeDataset) -> tuple[str, str]:
    dataset = make_dataset(
        [*ROWS, {"id": "lost", "text": "x", "reason": "image_missing"}], ids={"p1": ["train", "test"]}
    )
    first = judge_split(
        dataset,
        "test",
        Predictions(TEXTS, LEFT_OUT),
        system="crnn",
        charset=PRINTABLE,
        max_length=25,
        training_labels={"The"},
    )
    second = judge_split(dataset, "test", Predictions({row["id"]: row["text"] for row in ROWS}), system="better")
    return judgement_text(first), comparison_text(compare(first, second))


class TestJudgement:
    def test_says_what_was_measured(self, make_dataset: MakeDataset) -> None:
        text, _ = make_pair(make_dataset)
        assert text.startswith("crnn on drawn test, charset printable, at most 25 characters\nwords read: 90 of 100\n")
        assert "left out: out_of_charset 10\n" in text
        assert "not in the store, for want of image or label: image_missing 1\n" in text
        assert "95 % intervals from 1,000 draws of 25 writers\n" in text
        for title in [metric.title for name, metric in METRICS.items() if name != LINE_WER] + list(SUBSETS.values()):
            assert f"  {title} " in text
        assert METRICS[LINE_WER].title not in text  # of lines alone
        assert "  a        o            23  23\n" in text
        assert re.search(r"  cat                      cot  +1  w1\n", text)

    def test_figures(self, make_dataset: MakeDataset) -> None:
        text, _ = make_pair(make_dataset)
        row = next(line for line in text.splitlines() if line.startswith("  WER "))
        assert re.match(r"  WER +25\.56 \[[ \d.]+, [ \d.]+\] +33\.00 \[", row)
        row = next(line for line in text.splitlines() if line.startswith("  AttentionHTR"))
        assert row.endswith("–")  # over left-out words it would be a reward

    def test_no_intervals_from_one_writer(self, make_dataset: MakeDataset) -> None:
        dataset = make_dataset([{"id": "a", "text": "x", "writer": "w"}])
        text = judgement_text(judge_split(dataset, "test", Predictions({"a": "x"})))
        assert "no intervals: all words are of one writer\n" in text
        assert "[" not in text

    def test_few_writers_are_remarked(self, make_dataset: MakeDataset) -> None:
        dataset = make_dataset([{"id": f"{i}", "text": "x", "writer": f"{i}"} for i in range(19)])
        text = judgement_text(judge_split(dataset, "test", Predictions({f"{i}": "x" for i in range(19)})))
        assert "draws of 19 writers, too few: they are too narrow\n" in text


class TestComparison:
    def test_says_what_differs(self, make_dataset: MakeDataset) -> None:
        _, text = make_pair(make_dataset)
        assert text.startswith("first: crnn\nsecond: better\n")
        assert "every word, left out is wrong (100), case-sensitive, %\n" in text
        assert "words that both read (90), case-sensitive, %\n" in text
        assert re.search(r"  WER +33\.00    0\.00   -33\.00 \[-[\d.]+, -[\d.]+\]  0\.001\n", text)
        assert re.search(r"  accuracy +67\.00   100\.0   \+33\.00 \[", text)

    def test_words_that_both_read_are_not_told_apart_where_nothing_is_left_out(self, make_dataset: MakeDataset) -> None:
        dataset = make_dataset(ROWS)
        judgement = judge_split(dataset, "test", Predictions({row["id"]: row["text"] for row in ROWS}))
        text = comparison_text(compare(judgement, judgement))
        assert "both read" not in text
        assert "+0.00 [" in text


class TestTerminal:
    def test_fits_80_columns(self, make_dataset: MakeDataset) -> None:
        assert max(map(len, "\n".join(make_pair(make_dataset)).splitlines())) <= WIDTH

    @pytest.mark.parametrize("reading", ["y" * 30, ""])
    def test_fits_where_everything_is_wrong_and_long(self, make_dataset: MakeDataset, reading: str) -> None:
        rows = [{"id": f"{'w' * 30}{i}", "text": "x" * (1 + i % 40), "writer": f"{i}"} for i in range(120)]
        dataset = make_dataset(
            [*rows, *({"id": f"g{r}", "text": "x", "reason": r} for r in ("invalid_box", "empty_box"))]
        )
        texts = {row["id"]: reading for row in rows}
        name = "a system with a very long name " * 4
        one = judge_split(dataset, "test", Predictions(texts), system=name, charset=PRINTABLE, training_labels={"x"})
        two = judge_split(dataset, "test", Predictions({row["id"]: row["text"] for row in rows}))
        text = judgement_text(one) + comparison_text(compare(one, two)) + comparison_text(compare(two, one))
        assert max(map(len, text.splitlines())) <= WIDTH

    def test_texts_cannot_steer_it(self, make_dataset: MakeDataset) -> None:
        dataset = make_dataset([{"id": "a\x1b[2J", "text": "字漢", "page": "p"}, {"id": "b", "text": "e\u0301"}])
        readings = {"a\x1b[2J": "\x1b[31m\u202e\n", "b": "q\u0323q\u0323"}
        text = judgement_text(judge_split(dataset, "test", Predictions(readings), system="x\x1b]0;title\x07"))
        assert "x\\x1b]0;title\\x07 on drawn" in text
        assert "  字漢                     \\x1b[31m\\u202e" in text  # two columns each: 22 columns of blanks
        assert all(character.isprintable() or character == "\n" or character == "\u0323" for character in text)


def test_drawn_words_are_said_to_be_drawn(make_dataset: MakeDataset) -> None:
    found = judge_split(make_dataset(ROWS), "test", Predictions({row["id"]: row["text"] for row in ROWS}), system="a")
    assert "made of them by a program" not in judgement_text(found)
    for drawn, said in (
        (DRAWN, "\ndrawn by a program: pixels and strokes; this is no handwriting of people\n"),
        (DRAWN_PICTURE, "\nthe strokes are people's, as a pen recorded them; the images are made of them by"),
    ):
        text = judgement_text(dataclasses.replace(found, setting=dataclasses.replace(found.setting, drawn=drawn)))
        assert said in text


def test_lines_are_called_lines_and_words_words(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(ROWS)
    systems = {"a": Predictions(TEXTS, LEFT_OUT), "b": Predictions({row["id"]: row["text"] for row in ROWS})}
    words = [judge_split(dataset, "test", read, system=name) for name, read in systems.items()]
    lines = [dataclasses.replace(one, setting=dataclasses.replace(one.setting, samples="line")) for one in words]
    for own, other, (first, second) in (("word", "line", words), ("line", "word", lines)):
        for text in (judgement_text(first), comparison_text(compare(first, second))):
            told = text.partition("signature")[0].replace(METRICS[LINE_WER].title, "")
            assert re.search(rf"\b{own}s\b", told)
            assert not re.search(rf"\b{other}s?\b", told)
