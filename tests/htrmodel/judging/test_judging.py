from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import htrdata
from htrdata.errors import BadDataError, UsageError
from htrdata.files.on_disk import FileOnDisk
from htrdata.images.codec import encode
from htrdata.labels import ALNUM, PRINTABLE, Charset, LabelPolicy
from htrdata.records import Box, Division, Page, SourceInfo, Unit, Word
from htrdata.store.reading import Dataset, open_store
from htrmodel.judging.judging import judge_split
from htrmodel.judging.metrics import METRICS, evaluate
from htrmodel.judging.pairing import outside
from htrmodel.judging.predictions import Predictions
from htrmodel.judging.report import judgement_text

MakeDataset = Callable[..., Dataset]

# Every reading is told by hand below: text, reading, writer, page.
READ = {
    "a": ("The", "The", "w1", "p1"),
    "b": ("cat", "Cat", "w1", "p1"),
    "c": ("sat", "set", "w2", "p2"),
    "d": (".", ".", "w2", "p2"),
    "e": ("mat", "mats", "w2", "p2"),
    "f": ("étude", "", "w3", "p3"),
    "g": ("THE", "the", "w3", "p3"),
}
LEFT_OUT = {"h": ("long-word", "too_long", "p3"), "i": ("a€", "out_of_charset", "p1")}
ROWS: list[dict[str, Any]] = [
    {"id": name, "text": text, "writer": writer, "page": page} for name, (text, _, writer, page) in READ.items()
] + [{"id": name, "text": text, "page": page, "writer": "w3"} for name, (text, _, page) in LEFT_OUT.items()]
PREDICTIONS = Predictions(
    {name: reading for name, (_, reading, _, _) in READ.items()},
    left_out={name: reason for name, (_, reason, _) in LEFT_OUT.items()},
)


def pairs(names: str) -> tuple[list[str], list[str]]:
    references = [READ[name][0] if name in READ else LEFT_OUT[name][0] for name in names]
    return references, [READ[name][1] if name in READ else "" for name in names]


class TestFigures:
    @pytest.mark.parametrize(
        ("subset", "case", "left_out", "words"),
        [
            ("all", "sensitive", "omitted", "abcdefg"),
            ("all", "sensitive", "wrong", "abcdefghi"),
            ("no-punctuation", "sensitive", "omitted", "abcefg"),
            ("no-punctuation", "sensitive", "wrong", "abcefghi"),
            ("seen", "sensitive", "omitted", "ad"),
            ("unseen", "sensitive", "omitted", "bcefg"),
            ("unseen", "sensitive", "wrong", "bcefghi"),
            ("clean-pages", "sensitive", "omitted", "abfg"),
            ("clean-pages", "sensitive", "wrong", "abfghi"),
        ],
    )
    def test_are_those_of_the_words(
        self, make_dataset: MakeDataset, subset: str, case: str, left_out: str, words: str
    ) -> None:
        dataset = make_dataset(ROWS, ids={"p2": ["train", "test"]})
        judgement = judge_split(dataset, "test", PREDICTIONS, training_labels={"The", ".", "dog"}, resamples=100)
        found = judgement.find(subset, case, left_out)  # type: ignore[arg-type]
        references, readings = pairs(words)
        expected = evaluate(references, readings)
        assert found.words == len(words)
        assert found.characters == sum(map(len, references))
        for name in METRICS:
            if name == "attentionhtr_norm_ed" and left_out == "wrong":
                assert math.isnan(found.metrics[name].value)  # it would take them for right
            else:
                assert found.metrics[name].value == pytest.approx(expected[name])

    def test_case(self, make_dataset: MakeDataset) -> None:
        judgement = judge_split(make_dataset(ROWS), "test", PREDICTIONS, training_labels={"tHe"})
        assert judgement.cases == ("sensitive", "insensitive")
        assert judgement.find(left_out="omitted").metrics["wer"].value == pytest.approx(5 / 7)
        assert judgement.find(case="insensitive", left_out="omitted").metrics["wer"].value == pytest.approx(3 / 7)
        # Whether a word was seen is judged by the same rule.
        assert judgement.find("seen").words == 0
        assert judgement.find("seen", "insensitive").words == 2

    def test_a_subset_without_words_has_no_figures(self, make_dataset: MakeDataset) -> None:
        judgement = judge_split(make_dataset(ROWS), "test", PREDICTIONS, training_labels=set())
        figure = judgement.find("seen").metrics["wer"]
        assert all(map(math.isnan, (figure.value, figure.low, figure.high)))
        assert figure.as_json() == {"value": None, "low": None, "high": None}

    def test_clean_pages_only_where_there_are_leaks(self, make_dataset: MakeDataset) -> None:
        judgement = judge_split(make_dataset(ROWS, ids={"p9": ["train", "test"]}), "test", PREDICTIONS)
        assert {figures.subset for figures in judgement.figures} == {"all", "no-punctuation"}
        with pytest.raises(KeyError, match="clean-pages"):
            judgement.find("clean-pages")

    def test_nothing_left_out(self, make_dataset: MakeDataset) -> None:
        judgement = judge_split(make_dataset(ROWS[:7]), "test", Predictions(PREDICTIONS.texts))
        assert judgement.find(left_out="omitted").metrics == judgement.find().metrics
        assert judgement.missing_characters == {}
        assert judgement.left_out == {}

    def test_what_is_left_out_is_wrong_where_nobody_asks_otherwise(self, make_dataset: MakeDataset) -> None:
        """Seven of eight words have umlauts, and the eighth is read: 12.5 % right, not all of them."""
        words = ["Größe", "über", "Öl", "für", "ÄÖÜ", "süß", "fünf", "plain"]
        dataset = make_dataset([{"id": str(n), "text": text} for n, text in enumerate(words)])
        left_out = outside(dataset, "test", LabelPolicy(PRINTABLE, 25))
        predictions = Predictions({str(n): "plain" for n in range(8)}, left_out)
        judgement = judge_split(dataset, "test", predictions, charset=PRINTABLE, max_length=25)
        assert judgement.find().metrics["accuracy"].value == pytest.approx(1 / 8)
        assert "WER 87.5" in repr(judgement)
        assert judgement.find(left_out="omitted").metrics["accuracy"].value == 1
        assert judgement.missing_characters == {"ü": 4, "ß": 2, "Ö": 2, "Ä": 1, "Ü": 1, "ö": 1}
        assert judgement.as_json()["missing_characters"] == judgement.missing_characters
        printed = " ".join(judgement_text(judgement).split())
        assert "left out: out_of_charset 7" in printed
        assert "characters that it lacks, with words: ü 4 Ö 2 ß 2 Ä 1 Ü 1 ö 1; `htrmodel finetune --charset" in printed

    def test_the_quirk_of_attentionhtr(self, make_dataset: MakeDataset) -> None:
        """f is read as nothing: an error of 1 for all but AttentionHTR."""
        metrics = judge_split(make_dataset(ROWS), "test", PREDICTIONS).find(left_out="omitted").metrics
        assert metrics["macro_cer"].value == pytest.approx((0 + 1 / 3 + 1 / 3 + 0 + 1 / 3 + 1 + 1) / 7)
        assert metrics["attentionhtr_norm_ed"].value == pytest.approx((0 + 1 / 3 + 1 / 3 + 0 + 1 / 3 + 0 + 1) / 7)

    def test_texts_are_normalised(self, make_dataset: MakeDataset) -> None:
        dataset = make_dataset([{"id": "a", "text": "été"}])
        assert judge_split(dataset, "test", Predictions({"a": "e\u0301te\u0301\n"})).find().metrics["wer"].value == 0

    @pytest.mark.parametrize("by", ["charset", "store"])
    def test_where_case_is_folded_it_is_not_judged(self, make_dataset: MakeDataset, by: str) -> None:
        dataset = make_dataset(ROWS, folds_case=by == "store")
        judgement = judge_split(dataset, "test", PREDICTIONS, charset=ALNUM if by == "charset" else None)
        assert judgement.cases == ("insensitive",)
        assert judgement.find(left_out="omitted").metrics["wer"].value == pytest.approx(3 / 7)
        json.dumps(judgement.as_json(), allow_nan=False)


class TestIntervals:
    def make_words(self, unit: str) -> tuple[list[dict[str, Any]], Predictions]:
        """40 hands of 10 words that are read all right or all wrong."""
        rows = [
            {"id": f"{hand}_{i}", "text": "word", unit: f"{hand:02d}", "page": f"{hand:02d}" if unit == "page" else "p"}
            for hand in range(40)
            for i in range(10)
        ]
        return rows, Predictions({row["id"]: "word" if int(row["id"].split("_")[0]) % 4 else "x" for row in rows})

    @pytest.mark.parametrize("unit", ["writer", "page"])
    def test_are_drawn_by_writer_or_page(self, make_dataset: MakeDataset, unit: str) -> None:
        rows, predictions = self.make_words(unit)
        judgement = judge_split(make_dataset(rows), "test", predictions)
        assert (judgement.setting.unit, judgement.setting.clusters) == (unit, 40)
        wer = judgement.find().metrics["wer"]
        assert wer.value == 0.25
        half = 1.96 * math.sqrt(0.25 * 0.75 / 40)  # as if there were 40 words, not 400
        assert wer.low == pytest.approx(0.25 - half, abs=0.03)
        assert wer.high == pytest.approx(0.25 + half, abs=0.03)
        accuracy = judgement.find().metrics["accuracy"]
        assert (accuracy.low, accuracy.high) == pytest.approx((1 - wer.high, 1 - wer.low))

    def test_some_writers_known(self, make_dataset: MakeDataset) -> None:
        rows: list[dict[str, Any]] = [{"id": "a", "text": "x", "writer": "p"}, {"id": "b", "text": "x", "page": "p"}]
        setting = judge_split(make_dataset(rows), "test", Predictions({"a": "", "b": ""})).setting
        assert (setting.unit, setting.clusters) == ("writer or page", 2)

    def test_one_writer_gives_none(self, make_dataset: MakeDataset) -> None:
        rows = [{"id": str(i), "text": "x", "writer": "w"} for i in range(9)]
        wer = (
            judge_split(make_dataset(rows), "test", Predictions({str(i): "xy"[i % 2] for i in range(9)}))
            .find()
            .metrics["wer"]
        )
        assert wer.value == pytest.approx(4 / 9)
        assert math.isnan(wer.low)
        assert math.isnan(wer.high)

    def test_nor_does_a_subset_of_one_writer(self, make_dataset: MakeDataset) -> None:
        judgement = judge_split(make_dataset(ROWS), "test", PREDICTIONS, training_labels={"cat", "The"})
        assert math.isnan(judgement.find("seen").metrics["wer"].low)
        assert not math.isnan(judgement.find("unseen").metrics["wer"].low)

    def test_are_the_same_again_and_hang_on_the_seed(self, make_dataset: MakeDataset) -> None:
        rows, predictions = self.make_words("writer")
        dataset = make_dataset(rows)
        one, two, other = (judge_split(dataset, "test", predictions, seed=seed) for seed in (0, 0, 1))
        assert one.as_json() == two.as_json()
        assert one.find().metrics["wer"] != other.find().metrics["wer"]

    def test_too_few_resamples(self, make_dataset: MakeDataset) -> None:
        with pytest.raises(UsageError, match="99 resamples are too few"):
            judge_split(make_dataset(ROWS), "test", PREDICTIONS, resamples=99)


class TestDocument:
    def test_signature(self, make_dataset: MakeDataset) -> None:
        judgement = judge_split(make_dataset(ROWS), "test", PREDICTIONS, charset=PRINTABLE, max_length=25, seed=3)
        references = judgement.setting.references[:12]
        assert judgement.find("no-punctuation", "insensitive", "wrong").signature == (
            f"data:drawn|digest:abababababab|refs:{references}|split:test|charset:printable|max:25|words:no-punctuation|"
            f"case:insensitive|leftout:wrong|n:8|bs:1000xwriter-seed3|htrmodel:{htrdata.__version__}"
        )
        assert len({figures.signature for figures in judgement.figures}) == len(judgement.figures)

    @pytest.mark.parametrize(
        ("charset", "name"),
        [
            (None, "all"),
            (ALNUM, "alnum"),
            (Charset("mine", "abc"), f"mine@{Charset('mine', 'abc').fingerprint[:8]}"),
            (Charset("alnum", "abc"), f"alnum@{Charset('mine', 'abc').fingerprint[:8]}"),
        ],
    )
    def test_charset(self, make_dataset: MakeDataset, charset: Charset | None, name: str) -> None:
        assert judge_split(make_dataset(ROWS), "test", PREDICTIONS, charset=charset).setting.charset == name

    def test_json(self, make_dataset: MakeDataset) -> None:
        rows = [*ROWS, {"id": "z", "text": ".", "reason": "missing_annotation"}]
        predictions = Predictions({**PREDICTIONS.texts, "z": "?"}, PREDICTIONS.left_out)
        document = json.loads(
            json.dumps(judge_split(make_dataset(rows), "test", predictions).as_json(), allow_nan=False)
        )
        assert document["words"] == 9
        assert document["left_out"] == {"too_long": 1, "out_of_charset": 1}
        assert document["not_in_store"] == {"missing_annotation": 1}
        assert document["predictions_elsewhere"] == 1
        assert document["unanswered"] == {"count": 0, "ids": []}
        assert document["figures"][0]["metrics"]["wer"]["value"] == pytest.approx(5 / 7)
        assert document["figures"][0]["signature"].startswith("data:drawn|")
        assert document["worst_readings"][0]["id"] == "f"
        assert document["confusions"]["insertions"] == 1
        assert (document["system"], document["split"], document["unit"]) == ("system", "test", "writer")

    def test_unanswered_words_are_wrong_and_named(self, make_dataset: MakeDataset) -> None:
        texts = {name: text for name, text in PREDICTIONS.texts.items() if name != "a"}
        with pytest.raises(BadDataError, match="'a'"):
            judge_split(make_dataset(ROWS), "test", Predictions(texts, PREDICTIONS.left_out))
        judgement = judge_split(make_dataset(ROWS), "test", Predictions(texts, PREDICTIONS.left_out), missing="wrong")
        assert judgement.as_json()["unanswered"] == {"count": 1, "ids": ["a"]}
        assert judgement.find(left_out="omitted").metrics["wer"].value == pytest.approx(6 / 7)


@dataclass(frozen=True)
class DrawnSource:
    """Three pages of noise, one of them in train and in test."""

    root: Path

    name: ClassVar[str] = "noise"
    extra_columns: ClassVar[tuple[str, ...]] = ()
    info: ClassVar[SourceInfo] = SourceInfo("Noise", "https://example.org", "none", "nobody")
    unit: ClassVar[Unit] = "word"
    division: ClassVar[Division] = Division("Noise")
    drawn: ClassVar[str | None] = None
    settings: ClassVar[Mapping[str, str]] = {}
    published: ClassVar[Mapping[str, Mapping[str, int]]] = {}

    def pages(self) -> Iterator[Page]:
        for split, page, texts in (("train", "p1", "The cat"), ("test", "p1", "The cat"), ("test", "p2", "sät it's .")):
            words = tuple(
                Word(f"{page}_{i}", text, Box(40 + 60 * i, 30, 50, 30)) for i, text in enumerate(texts.split())
            )
            yield Page(page, split, words, FileOnDisk(self.root / f"{page}.jpg"))


class TestBuiltStore:
    """The whole way: a build, its manifest and leaks, and a system that reads less than the store holds."""

    @pytest.fixture
    def dataset(self, tmp_path: Path) -> Dataset:
        for number, page in enumerate(("p1", "p2")):
            noise = np.random.default_rng(number).integers(0, 256, (60, 240), np.uint8)
            (tmp_path / f"{page}.jpg").write_bytes(encode(noise, "jpeg"))
        htrdata.build(DrawnSource(tmp_path), tmp_path / "lmdb", workers=1)
        return open_store(tmp_path / "lmdb").dataset("noise")

    def test_it_is_judged(self, dataset: Dataset) -> None:
        left_out = outside(dataset, "test", LabelPolicy(PRINTABLE, 25))
        assert left_out == {"p2_0": "out_of_charset"}
        texts = {"p1_0": "The", "p1_1": "cot", "p2_1": "its", "p2_2": "."}
        labels = {word.text for word in dataset.words("train")}
        judgement = judge_split(
            dataset, "test", Predictions(texts, left_out), charset=PRINTABLE, max_length=25, training_labels=labels
        )
        assert judgement.find(left_out="omitted").metrics["wer"].value == pytest.approx(2 / 4)
        assert judgement.find(left_out="wrong").metrics["wer"].value == pytest.approx(3 / 5)
        assert judgement.find("seen").metrics["wer"].value == pytest.approx(1 / 2)
        assert judgement.find("clean-pages", left_out="omitted").metrics["wer"].value == pytest.approx(1 / 2)
        assert judgement.find("clean-pages", left_out="wrong").metrics["wer"].value == pytest.approx(2 / 3)
        assert judgement.setting.digest == dataset.description.content_digest
        assert (judgement.setting.unit, judgement.setting.clusters) == ("page", 2)
