"""The page of an evaluation, and what is in it; the table and paragraph for a paper."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from htrdata.building.builder import build
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.labels import ALNUM
from htrdata.sources.imgur5k.source import Imgur5K
from htrdata.store.reading import open_store
from htrmodel.judging.comparing import compare
from htrmodel.judging.html_report.aligned import Piece, aligned
from htrmodel.judging.html_report.breakdown import by_cluster, by_kind, by_length, kind_of
from htrmodel.judging.html_report.page import write_page
from htrmodel.judging.html_report.sentences import lead, one_in
from htrmodel.judging.html_report.sureness import sureness_of
from htrmodel.judging.judging import judge
from htrmodel.judging.latex import escaped, latex_of
from htrmodel.judging.pairing import JudgedWord
from htrmodel.judging.predictions import Predictions
from htrmodel.judging.report import judgement_text
from tests.browser import PHONE, grave_faults, new_page, overflow

from .conftest import MakeDataset

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = "<script>alert(1)</script>"


def read(reference: str, reading: str, confidence: float | None = None, cluster: str = "page a") -> Any:
    return (
        JudgedWord(f"{reference}-{reading}", "a", cluster, reference, reading, None, False, confidence),
        reference,
        reading,
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("judged")
    draw_sample(folder / "data", pages=12, words_per_page=10, megapixels=(0.1, 0.2), plain=True)
    build(Imgur5K(folder / "data"), folder / "lmdb", workers=1)
    return folder / "lmdb"


@pytest.fixture(scope="module")
def page(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every fourth word of train is read wrongly, one as a script; confidences are by chance."""
    dataset, chance = open_store(store)["imgur5k"], random.Random(0)
    words = list(zip(dataset["train"].ids, dataset["train"].texts, strict=True))
    texts = {word: text[1:] + "x" if number % 4 == 0 else text for number, (word, text) in enumerate(words)}
    confidences = {word: round(chance.random(), 3) for word in texts}
    texts[words[0][0]], confidences[words[0][0]] = HOSTILE, 0.9999
    first = judge(Predictions(texts, {}, confidences), dataset, split="train", system="ours <b>")
    second = judge(dict.fromkeys(texts, ""), dataset, split="train", system="nothing")
    return write_page(tmp_path_factory.mktemp("page") / "new", dataset, [first, second], [compare(first, second)])


def test_words_are_counted_by_length_writer_and_kind_of_character() -> None:
    pairs = [
        read("ab", "ab"),
        read("Ab", "xb", cluster="writer b"),
        read("a" * 30, "a", cluster="writer b"),
        read("é9", "e9"),
    ]
    lengths = by_length(pairs)
    assert [(part.name, part.words, part.wrong, part.edits) for part in lengths] == [
        ("2", 3, 2, 2),
        ("12 and more", 1, 1, 29),
    ]
    assert [(part.name, part.wer) for part in by_cluster(pairs)] == [("writer b", 1.0), ("page a", 0.5)]
    kinds = {kind.name: (kind.characters, kind.missed) for kind in by_kind(pairs)}
    assert kinds["capitals"] == (1, 1)
    assert kinds["letters with marks, and of other scripts"] == (1, 1)
    assert kinds["small letters"] == (33, 29)
    assert kinds["digits"] == (1, 0)
    assert [kind_of(one) for one in "!$ א"] == [
        "punctuation",
        "signs",
        "spaces",
        "letters with marks, and of other scripts",
    ]


def test_thresholds_leave_what_is_unsure_to_a_person() -> None:
    # 100 words: the surest 60 are right, of the next 40 every second one is.
    pairs = [read(f"w{i}", f"w{i}" if i < 60 or i % 2 else "no", 1 - i / 100) for i in range(100)]
    found = sureness_of(pairs)
    assert found is not None
    assert {one.wanted for one in found.thresholds} == {0.1, 0.05, 0.02, 0.01, 0.005}
    exact = {one.wanted: one for one in found.thresholds}
    assert exact[0.005].least == pytest.approx(0.41)
    assert (exact[0.005].accepted, exact[0.005].wrong) == (60, 0)
    assert exact[0.005].left == pytest.approx(0.4)
    for one in found.thresholds:
        taken = [pair for pair in pairs if pair[0].confidence >= one.least]
        assert (len(taken), sum(a != b for _, a, b in taken)) == (one.accepted, one.wrong)
        assert one.wrong <= one.wanted * one.accepted
    assert sum(number for number, _, _ in found.reliability.rows) == 100
    assert sureness_of([read("a", "a")] * 99) is None
    assert sureness_of([read("a", "a", -3.0)] * 99) is None
    trusted = sureness_of([read("a", "a" if i % 4 else "b", 0.75) for i in range(100)])
    assert trusted is not None
    assert trusted.reliability.error == pytest.approx(0)
    assert [one.wanted for one in trusted.thresholds] == []


def test_readings_are_aligned_with_the_truth() -> None:
    assert aligned("house", "hoxses") == [
        Piece("same", "ho", "ho"), Piece("other", "u", "x"), Piece("same", "se", "se"), Piece("added", "", "s")
    ]  # fmt: skip
    assert aligned("ab", "") == [Piece("missed", "ab", "")]
    for reference, reading in (("kitten", "sitting"), ("", "x"), ("ñandú", "nandu")):
        spans = aligned(reference, reading)
        assert "".join(one.truth for one in spans) == reference
        assert "".join(one.reading for one in spans) == reading


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "no word"), (0.0625, "about one word in 16"), (0.21, "about one word in 5"), (0.5, "about 5 words in 10"),
     (1, "nearly every word")],
)  # fmt: skip
def test_shares_are_said_as_people_say_them(share: float, said: str) -> None:
    assert one_in(share) == said


def test_the_first_sentence_names_the_worst_writers(make_dataset: MakeDataset) -> None:
    words = [{"id": f"{i}", "text": f"Word{i}", "writer": f"w{i % 4}"} for i in range(80)]
    readings = {f"{i}": "no" if i % 4 == 1 else f"word{i}" if i % 20 == 0 else f"Word{i}" for i in range(80)}
    found = judge(readings, make_dataset(words))
    said = lead(found, [part for part in by_cluster(found.pairs()) if part.name == "writer w1"])
    assert said == (
        "About one word in 3 is read wrongly; of writer w1 nearly every word. "
        "Without regard to capitals it is about one word in 4."
    )
    nobody = judge(Predictions({}, {f"{i}": "out_of_charset" for i in range(80)}, {}), make_dataset(words))
    assert lead(nobody, []) == "It can spell none of these 80 words: what it lacks stands below."


@pytest.mark.parametrize(("scheme", "size"), [("dark", (1280, 800)), ("light", PHONE)])
def test_the_page_in_a_browser(browser: Browser, page: Path, scheme: Any, size: tuple[int, int]) -> None:
    with new_page(browser, scheme=scheme, size=size) as (shown, heard):
        shown.goto(page.as_uri())
        assert (heard.faults, heard.requests) == ([], [page.as_uri()])
        assert not grave_faults(shown)
        assert overflow(shown) == 0
        assert shown.locator("svg").count() == 2
        assert shown.evaluate("() => [...document.images].every(one => one.complete && one.naturalWidth && one.alt)")
        assert shown.locator("#first ~ ul img").count() > 20
        first = shown.locator("#first ~ ul li").first
        assert HOSTILE in first.inner_text().replace("\n", "")
        found = shown.locator("#metrics tr", has_text="WER").inner_text()
        assert re.search(r"2[4-7]\.\d \[", found)


def test_the_page_says_how_to_correct_and_what_keeps_words_that_nobody_is_judged_by(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.search(r"htrdata browse STORE --name \S+ --predictions readings.csv --open", text)
    assert "--corrections FILE" in text
    assert "each reason with the command that keeps such words" in text


def test_a_page_of_nothing_read_and_of_no_pictures(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset([{"id": "a", "text": "ab"}, {"id": "b", "text": "c", "reason": "out_of_charset"}])
    judgement = judge(Predictions({}, {"a": "out_of_charset", "b": "out_of_charset"}, {}), dataset)
    text = write_page(tmp_path, dataset, [judgement], []).read_text(encoding="utf-8")
    assert "It can spell none of these 2 words" in text
    assert "Nothing was read wrongly" in text
    wrong = judge({"a": "x", "b": "c"}, dataset)
    assert "no picture" in write_page(tmp_path, dataset, [wrong], [], {"run": "<svg></svg>"}).read_text(
        encoding="utf-8"
    )


def test_the_table_and_paragraph_for_a_paper(make_dataset: MakeDataset) -> None:
    words = [{"id": f"{i}", "text": f"word{i}", "writer": f"w{i % 4}"} for i in range(40)]
    dataset = make_dataset([*words, {"id": "lost", "text": "x", "reason": "image_missing"}])
    first = judge({f"{i}": f"word{i}" for i in range(40)}, dataset, system="ours_100%")
    second = judge({f"{i}": "" for i in range(40)}, dataset, system="none")
    text = latex_of([first, second], [compare(first, second)])
    assert r"ours\_100\% & 40 & 0.0 [0.0, 0.0] & 0.0 [0.0, 0.0] & 0.0 [0.0, 0.0] & -- \\" in text
    assert "none & 40 & 100.0" in text
    assert "1,000 bootstrap resamples of 4 writers (seed 0), too few, so that they are too narrow, and $p$" in text
    assert r"1 image\_missing" in text
    assert text.count("{") == text.count("}")
    assert escaped("a_b\\~\u202e") == r"a\_b\textbackslash{}\textasciitilde{}\textbackslash{}u202e"


def test_a_table_for_a_paper_counts_case_alike_in_all_its_rows(make_dataset: MakeDataset, tmp_path: Path) -> None:
    """One system folds case: figures of the other with regard to case beside its own would compare two tasks."""
    dataset = make_dataset([{"id": f"{i}", "text": "Word", "writer": f"w{i}"} for i in range(20)])
    folds = judge({f"{i}": "word" for i in range(20)}, dataset, system="folds", charset=ALNUM)
    other = judge({f"{i}": "WORD" for i in range(20)}, dataset, system="other")
    for judged in ([folds, other], [other, folds]):
        comparison = compare(*judged)
        text = latex_of(judged, [comparison])
        for name in ("folds", "other"):
            assert f"{name} & 20 & 0.0 [0.0, 0.0]" in text
        assert "compared without regard to case" in text
        assert "case:insensitive" in text
        page = write_page(tmp_path, dataset, judged, [comparison]).read_text(encoding="utf-8")
        assert "left out is wrong (20), capitals do not count</th>" in page
    assert "compared with regard to case" in latex_of([other, other], [compare(other, other)])


def test_a_table_for_a_paper_says_whose_predictions_are_missing_and_where_there_are_no_intervals(
    make_dataset: MakeDataset,
) -> None:
    dataset = make_dataset([{"id": f"{i}", "text": "word", "writer": "one"} for i in range(3)])
    first = judge({f"{i}": "word" for i in range(3)}, dataset, system="whole")
    second = judge({"0": "word"}, dataset, system="part", missing="wrong")
    text = latex_of([first, second], [compare(first, second)])
    assert "Without prediction by part, 2 words count as wrong." in text
    assert "There are no intervals, as all are of one writer." in text
    assert r"split of drawn.}" in text


def test_writers_of_train_are_told_wherever_figures_are(make_dataset: MakeDataset, tmp_path: Path) -> None:
    known = {"w1": ("train", "test"), "w2": ("train", "val"), "w3": ("val", "test"), "w4": ("train", "test")}
    words = [{"id": f"{i}", "text": "word", "writer": f"w{i}"} for i in range(1, 4)]
    dataset = make_dataset([*words, {"id": "t", "text": "word", "writer": "w1", "split": "train"}], writers=known)
    judgement = judge({f"{i}": "word" for i in range(1, 4)}, dataset)
    told = "1 writer of these also wrote words of the train split"
    texts = [judgement_text(judgement), latex_of([judgement], [])]
    texts.append(write_page(tmp_path, dataset, [judgement], []).read_text(encoding="utf-8"))
    assert all(told in " ".join(text.split()) for text in texts)
    assert judgement.as_json()["known_writers"] == 1
    of_train = judge({"t": "word"}, dataset, split="train")
    assert of_train.setting.known_writers == 0
    assert "also wrote" not in judgement_text(of_train)
