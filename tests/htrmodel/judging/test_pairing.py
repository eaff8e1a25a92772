from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from htrdata.building.options import BuildOptions
from htrdata.errors import BadDataError, UsageError
from htrdata.files.typed_json import decode, encode
from htrdata.labels import ALNUM, PRINTABLE, LabelPolicy
from htrdata.records import Leaks, Page
from htrdata.sources import imgur5k
from htrdata.sources.overlap import find_leaks
from htrdata.store.description import Description
from htrdata.store.reading import Dataset
from htrmodel.judging.pairing import JudgedWord, also_in_train, outside, pair, references_digest
from htrmodel.judging.predictions import Predictions

from ...descriptions import describe

MakeDataset = Callable[..., Dataset]

WORDS: list[dict[str, Any]] = [
    {"id": "a", "text": "The", "writer": "w1"},
    {"id": "b", "text": "cat's", "page": "p2"},
    {"id": "c", "text": "sat", "writer": "w1", "page": "p2"},
    {"id": "long", "text": "so-very-long", "reason": "too_long"},
    {"id": "odd", "text": " e\u0301t\u0113 ", "reason": "out_of_charset"},
    {"id": "gone", "text": "x", "reason": "image_missing"},
    {"id": "dot", "text": ".", "reason": "missing_annotation"},
    {"id": "gone2", "text": "y", "reason": "image_missing"},
    {"id": "t", "text": "train", "split": "train"},
    {"id": "none", "text": "none", "split": None, "reason": "not_in_split"},
]
READ = {"a": "The", "b": "cats", "c": "sat"}


class TestPair:
    def test_words(self, make_dataset: MakeDataset) -> None:
        paired = pair(make_dataset(WORDS), "test", Predictions(READ, confidences={"b": 0.5}))
        assert paired.words == (
            JudgedWord("a", "p1", "writer w1", "The", "The"),
            JudgedWord("b", "p2", "page p2", "cat's", "cats", confidence=0.5),
            JudgedWord("c", "p2", "writer w1", "sat", "sat"),
            JudgedWord("long", "p1", "page p1", "so-very-long", "", "too_long"),
            JudgedWord("odd", "p1", "page p1", "étē", "", "out_of_charset"),
        )
        assert paired.not_in_store == {"image_missing": 2, "missing_annotation": 1}
        assert (paired.elsewhere, paired.unanswered) == (0, ())

    def test_words_that_the_store_lacks_for_their_label_may_be_read(self, make_dataset: MakeDataset) -> None:
        paired = pair(make_dataset(WORDS), "test", Predictions({**READ, "odd": "été"}))
        assert [(word.reading, word.left_out) for word in paired.words if word.id == "odd"] == [
            ("été", "out_of_charset")
        ]

    def test_what_the_system_leaves_out(self, make_dataset: MakeDataset) -> None:
        left_out = {"b": "out_of_charset", "long": "why_not"}
        paired = pair(make_dataset(WORDS), "test", Predictions({"a": "", "c": "cat"}, left_out))
        assert {word.id: word.left_out for word in paired.words} == {
            "a": None,
            "b": "out_of_charset",
            "c": None,
            "long": "why_not",
            "odd": "out_of_charset",
        }

    def test_a_name_is_of_its_split_alone(self, make_dataset: MakeDataset) -> None:
        """Words of one id may stand in several splits: what was read of one of them is not taken for the other."""
        dataset = make_dataset([*WORDS, {"id": "a", "text": "Tho", "split": "train"}])
        names = {f"drawn/test/{word_id}": text for word_id, text in READ.items()}
        for given in ({**names, "drawn/train/a": "Tho"}, {"drawn/train/a": "Tho", **names}):
            paired = pair(dataset, "test", Predictions(given, by_name=True))
            assert (paired.words[0].reading, paired.words[0].left_out) == ("The", None)
            assert paired.elsewhere == 1
        only = Predictions({"drawn/train/a": "Tho", "drawn/train/t": "train"}, by_name=True)
        paired = pair(dataset, "test", only, missing="wrong")
        assert (paired.unanswered, paired.elsewhere) == (("a", "b", "c"), 2)

    @pytest.mark.parametrize("name", ["drawn/test/t", "drawn/val/a", "drawn/train/b", "drawn/test/nobody"])
    def test_a_name_with_the_wrong_split_is_of_no_word(self, make_dataset: MakeDataset, name: str) -> None:
        names = {f"drawn/test/{word_id}": text for word_id, text in READ.items()}
        word_id = name.rsplit("/", 1)[1]
        with pytest.raises(BadDataError, match=rf"1 of 4 ids of the predictions are of no word in drawn: '{word_id}'"):
            pair(make_dataset(WORDS), "test", Predictions({**names, name: "x"}, by_name=True))

    def test_missing_readings_are_named(self, make_dataset: MakeDataset) -> None:
        with pytest.raises(BadDataError, match=r"2 of 5 test words of drawn have no prediction: 'a', 'c'; give each"):
            pair(make_dataset(WORDS), "test", Predictions({"b": "cats"}))

    def test_missing_readings_may_count_as_nothing(self, make_dataset: MakeDataset) -> None:
        paired = pair(make_dataset(WORDS), "test", Predictions({"b": "cats"}), missing="wrong")
        assert paired.unanswered == ("a", "c")
        assert [(word.reading, word.left_out) for word in paired.words if word.id in "ac"] == [("", None)] * 2

    def test_unknown_ids_are_named(self, make_dataset: MakeDataset) -> None:
        readings = {**READ, **{f"x{i}": "" for i in range(7)}}
        with pytest.raises(BadDataError, match=r"7 of 10 ids of .* no word in drawn: 'x0', .*'x4', …; are they"):
            pair(make_dataset(WORDS), "test", Predictions(readings))
        with pytest.raises(BadDataError, match=r"1 of 4 ids .*'X'"):
            pair(make_dataset(WORDS), "test", Predictions(READ, left_out={"X": "too_long"}))

    def test_readings_of_other_splits_and_of_dropped_words_are_counted(self, make_dataset: MakeDataset) -> None:
        paired = pair(make_dataset(WORDS), "test", Predictions({**READ, "t": "x", "gone": "x", "none": "y"}))
        assert paired.elsewhere == 3
        assert len(paired.words) == 5

    def test_an_id_of_two_splits_is_that_of_the_one_judged(self, make_dataset: MakeDataset) -> None:
        both = [{"id": "a", "text": "one"}, {"id": "a", "text": "two", "split": "train"}]
        assert [word.reference for word in pair(make_dataset(both), "train", Predictions({"a": ""})).words] == ["two"]

    def test_no_such_split(self, make_dataset: MakeDataset) -> None:
        with pytest.raises(UsageError, match=r"no words in split 'val': its splits are test, train"):
            pair(make_dataset(WORDS), "val", Predictions({}))


class TestOutside:
    def test_reasons(self, make_dataset: MakeDataset) -> None:
        dataset = make_dataset(WORDS)
        assert outside(dataset, "test", LabelPolicy(PRINTABLE)) == {}
        assert outside(dataset, "test", LabelPolicy(ALNUM)) == {"b": "out_of_charset"}
        assert outside(dataset, "test", LabelPolicy(PRINTABLE, 3)) == {"b": "too_long"}

    def test_its_words_are_counted_apart(self, make_dataset: MakeDataset) -> None:
        dataset = make_dataset(WORDS)
        paired = pair(dataset, "test", Predictions({"a": "", "c": ""}, outside(dataset, "test", LabelPolicy(ALNUM))))
        assert [word.id for word in paired.words if not word.left_out] == ["a", "c"]


class TestReferencesDigest:
    def test_order_and_readings_do_not_matter_texts_do(self) -> None:
        words = [JudgedWord(i, "p", "page p", t, "") for i, t in (("a", "x"), ("b", "y"))]
        digest = references_digest(words)
        assert (
            references_digest([dataclasses.replace(word, reading="z", left_out="q") for word in words[::-1]]) == digest
        )
        assert references_digest(words[:1]) != digest
        assert references_digest([words[0], dataclasses.replace(words[1], reference="Y")]) != digest

    def test_a_filtered_store_has_the_same(self, make_dataset: MakeDataset) -> None:
        whole = [
            {key: value for key, value in word.items() if word["id"] != "long" or key != "reason"} for word in WORDS
        ]
        filtered = pair(make_dataset(WORDS), "test", Predictions(READ))
        full = pair(make_dataset(whole), "test", Predictions({**READ, "long": ""}))
        assert references_digest(filtered.words) == references_digest(full.words)


class TestLeaks:
    LEAKS = Leaks(
        ids={"p1": ("train", "test"), "p2": ("val", "test"), "p3": ("train", "val")},
        copies=(
            (("train", "q"), ("test", "p4")),
            (("val", "q2"), ("test", "p5")),
            (("train", "q3"), ("val", "p6"), ("test", "p7")),
        ),
        writers={},
    )

    @pytest.mark.parametrize(
        ("split", "pages"), [("test", {"p1", "p4", "p7"}), ("val", {"p3", "p6"}), ("train", set())]
    )
    def test_pages(self, split: str, pages: set[str]) -> None:
        assert also_in_train(describe(leaks=self.LEAKS), split) == (frozenset(pages), frozenset())

    def test_dedup_has_taken_them_from_train(self) -> None:
        about = describe(leaks=self.LEAKS, options=BuildOptions(dedup=True).recorded())
        assert also_in_train(about, "test") == (frozenset(), frozenset())

    def test_what_htrdata_writes(self) -> None:
        """From pages to dataset.json and back: by id, by bytes, and what only val and test share."""
        listed = [
            ("train", "a", 1),
            ("test", "a", 1),
            ("train", "b", 2),
            ("test", "c", 2),
            ("val", "d", 3),
            ("test", "e", 3),
        ]
        leaks = find_leaks(Page(name, split, (), md5=f"{number:032x}") for split, name, number in listed)
        written = encode(describe(leaks=leaks))
        about = decode(json.loads(json.dumps(written)), Description, "here", "none")
        assert also_in_train(about, "test") == (frozenset("ac"), frozenset())
        assert also_in_train(about, "val") == (frozenset(), frozenset())

    def test_copies_of_words_that_have_images_of_their_own_are_marked(self, make_dataset: MakeDataset) -> None:
        groups = [[("train", "t"), ("test", "b")], [("val", "v"), ("test", "c")], [("train", "u"), ("val", "a")]]
        dataset = make_dataset(WORDS, word_copies=groups)
        assert [word.id for word in pair(dataset, "test", Predictions(READ)).words if word.leaked] == ["b"]

    def test_words_of_those_pages_are_marked(self, make_dataset: MakeDataset) -> None:
        dataset = make_dataset(WORDS, ids={"p2": ["train", "test"]})
        assert [word.leaked for word in pair(dataset, "test", Predictions(READ)).words] == [
            False,
            True,
            True,
            False,
            False,
        ]

    def test_imgur5k(self, shared: Path) -> None:
        """Its published lists share pages between train and test, under one id and under two."""
        root = shared / "imgur5k"
        pages = list(imgur5k.read(root))
        leaked, _ = also_in_train(describe(leaks=find_leaks(pages)), "test")
        in_train = {page.id for page in pages if page.split == "train"}
        bytes_in_train = {page.md5 for page in pages if page.split == "train"} - {None}
        test = [page for page in pages if page.split == "test"]
        assert leaked == {page.id for page in test if page.id in in_train or page.md5 in bytes_in_train}
        assert leaked & in_train
        assert leaked - in_train
        assert 0 < len(leaked) < 0.1 * len(test)


def test_words_are_paired_by_id_whatever_the_order(make_dataset: MakeDataset) -> None:
    order = np.random.default_rng(0).permutation(200)
    dataset = make_dataset([{"id": f"w{i}", "text": f"t{i}"} for i in range(200)])
    paired = pair(dataset, "test", Predictions({f"w{i}": f"t{i}" for i in order}))
    assert all(word.reading == word.reference for word in paired.words)
