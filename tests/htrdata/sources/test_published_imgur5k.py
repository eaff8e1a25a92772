"""The main job at its true size: the published annotations of val and test, on pages drawn for them."""

from __future__ import annotations

import random
from pathlib import Path

import lmdb
import pytest

import htrdata
from htrdata.building.builder import build, count_words
from htrdata.building.options import BuildOptions
from htrdata.building.plan import make_plan
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.labels import PRINTABLE, LabelPolicy
from htrdata.sources.imgur5k.source import Imgur5K
from htrdata.store.description import Description
from htrdata.store.verification import verify
from htrdata.workers import make_executor

PAGES = {"val": 816, "test": 827}
WORDS = {"val": 22_506, "test": 23_842}
NOT_ANNOTATED = {"val": 2_333, "test": 1_843}
EMPTY = {"val": 26, "test": 8}
# With the charset and the length that AttentionHTR's case-sensitive model has.
TOO_LONG = {"val": 30, "test": 42}
OUT_OF_CHARSET = {"val": 167, "test": 273}
KEPT = {"val": 19_950, "test": 21_676}


@pytest.fixture(scope="module")
def root(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "imgur5k"
    with make_executor(2) as executor:
        draw_sample(folder, annotations=shared / "imgur5k/dataset_info", plain=True, map_pages=executor.map)
    return folder


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Description]:
    store = tmp_path_factory.mktemp("store")
    options = BuildOptions(labels=LabelPolicy(PRINTABLE, max_length=25))
    return store, build(Imgur5K(root), store, options, workers=2).description


@pytest.mark.parametrize("split", ["val", "test"])
def test_counts_for_attentionhtrs_charset(built: tuple[Path, Description], split: str) -> None:
    counts = built[1].splits[split]
    assert (counts.pages, counts.words, counts.kept) == (PAGES[split], WORDS[split], KEPT[split])
    assert counts.dropped == {
        "missing_annotation": NOT_ANNOTATED[split],
        "empty_label": EMPTY[split],
        "too_long": TOO_LONG[split],
        "out_of_charset": OUT_OF_CHARSET[split],
    }
    assert counts.labels_outside["printable"] == 0


@pytest.mark.parametrize("split", ["val", "test"])
def test_by_default_every_legible_label_is_kept(root: Path, split: str) -> None:
    plan = make_plan(Imgur5K(root), BuildOptions())
    counts = count_words(plan, workers=2).splits[split]
    assert counts.dropped == {"missing_annotation": NOT_ANNOTATED[split], "empty_label": EMPTY[split]}
    assert counts.kept == WORDS[split] - NOT_ANNOTATED[split] - EMPTY[split]
    assert counts.outside["printable"] == OUT_OF_CHARSET[split]


def test_the_store_is_whole_and_says_what_is_not_there(built: tuple[Path, Description]) -> None:
    store, about = built
    assert [dataset.problems for dataset in verify(store)] == [()]
    assert about.missing_splits == ("train",)
    assert len(about.leaks.ids) == 11
    assert about.differences == {}


def test_a_reader_made_from_the_format_alone_finds_the_words(built: tuple[Path, Description]) -> None:
    store, _ = built
    with lmdb.open(str(store / "test/imgur5k"), readonly=True, lock=False) as environment:
        content: dict[bytes, bytes] = dict(environment.begin().cursor())
    count = int(content[b"num-samples"])
    labels = [content[b"label-%09d" % index].decode() for index in range(1, count + 1)]
    words = htrdata.open(store)["test", "imgur5k"]
    assert count == KEPT["test"] == len(words)
    assert sum("\\" in label for label in labels) > 0  # the reference's unescaped filter loses them
    for index in random.Random(0).sample(range(1, count + 1), 50):
        assert words[index - 1].text == labels[index - 1]
        assert words[index - 1].encoded == content[b"image-%09d" % index]
