"""`htrmodel audit`: wrong labels of a drawn store come first, nothing judges what it has learnt, the page agrees."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import htrdata
from htrdata.building.builder import build
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.errors import UsageError
from htrdata.records import Page
from htrdata.sources.imgur5k.source import Imgur5K
from htrdata.store.reading import Dataset
from htrmodel.auditing import crossfit, scoring
from htrmodel.auditing.audit import Audit, audit, audit_readings
from htrmodel.auditing.report import COLUMNS, write_page
from htrmodel.auditing.request import AuditRequest
from htrmodel.auditing.scoring import Score
from htrmodel.cli.commands import commands
from htrmodel.data.batches import WordBatches
from htrmodel.data.divisions import divided
from htrmodel.recogniser import Recogniser
from htrmodel.training.initial_model import InitialModel, ModelChoice, initial_model
from htrmodel.training.stepping import Stepper, Task
from tests.browser import PHONE, grave_faults, new_page, overflow

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WRONG = "Zylinderhut"


@dataclass
class Mislabelled:
    """A source of which every 20th word has another label."""

    source: Imgur5K

    def __getattr__(self, name: str) -> object:
        return getattr(self.source, name)

    def pages(self) -> Iterator[Page]:
        count = 0
        for page in self.source.pages():
            words = []
            for word in page.words:
                count += word.reason is None
                words.append(replace(word, text=WRONG) if word.reason is None and count % 20 == 0 else word)
            yield replace(page, words=tuple(words))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audited")
    draw_sample(folder / "imgur5k", pages=10, words_per_page=16, megapixels=(0.1, 0.2), plain=True)
    build(Mislabelled(Imgur5K(folder / "imgur5k")), folder / "lmdb", name="drawn", workers=1)  # type: ignore[arg-type]
    return folder / "lmdb"


@pytest.fixture(scope="module")
def dataset(store: Path) -> Dataset:
    return htrdata.open(store)["drawn"]


@pytest.fixture(scope="module")
def found(dataset: Dataset) -> Audit:
    return audit(dataset, AuditRequest(start=Path("starter-fast"), folds=0, device="cpu"))


def wrong(dataset: Dataset) -> int:
    return sum(word.text == WRONG for _, word in dataset.named_words())


def test_wrong_labels_come_first(dataset: Dataset, found: Audit) -> None:
    count = wrong(dataset)
    assert count >= 5
    assert [one.word.label for one in found.findings[:count]] == [WRONG] * count
    assert found.words == dataset.description.kept
    scores = [one.score for one in found.findings]
    assert scores == sorted(scores, reverse=True)


def test_folds_are_judged_by_models_that_have_not_learnt_them(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt: list[list[str]] = []
    judged: list[list[str]] = []
    step, score = Stepper, scoring.score

    def noted_step(task: Task) -> Stepper:
        learnt.append([one for batch in task.words.in_order(64) for one in batch.ids])
        return step(task)

    def noted_score(recogniser: Recogniser, words: WordBatches) -> list[Score]:
        judged.append([one for batch in words.in_order(64) for one in batch.ids])
        return score(recogniser, words)

    monkeypatch.setattr(crossfit, "Stepper", noted_step)
    monkeypatch.setattr(crossfit, "score", noted_score)
    request = AuditRequest(start=Path("starter-fast"), folds=2, epochs=1, words=60, device="cpu")
    said: list[str] = []
    first = audit(dataset, request, say=said.append)
    assert len(learnt) == len(judged) == 2
    for mine, others in zip(judged, learnt, strict=True):
        pages = {word.rpartition("_")[0] for word in mine}
        assert pages.isdisjoint(word.rpartition("_")[0] for word in others)
    assert sorted(judged[0] + judged[1]) == sorted(learnt[0] + learnt[1])
    assert first.words == 60
    assert "2 folds by page, 1 epochs" in said[0]
    assert audit(dataset, request).findings == first.findings  # the same again


def test_a_start_that_has_learnt_the_words_judges_what_it_has_not(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = initial_model

    def of_here(checkpoint: Path, choice: ModelChoice, seed: int) -> InitialModel:
        return replace(known(checkpoint, choice, seed), trained_on=(divided(dataset),))

    monkeypatch.setattr(crossfit, "initial_model", of_here)
    said: list[str] = []
    found = audit(dataset, AuditRequest(start=Path("starter-fast"), folds=0, device="cpu"), say=said.append)
    assert {one.word.split for one in found.findings} <= {"val", "test"}
    assert found.words == dataset.count("val") + dataset.count("test")
    assert "has learnt the train words" in said[0]
    other = replace(divided(dataset), division=replace(divided(dataset).division, scheme="random"))

    def of_elsewhere(checkpoint: Path, choice: ModelChoice, seed: int) -> InitialModel:
        return replace(known(checkpoint, choice, seed), trained_on=(other,))

    monkeypatch.setattr(crossfit, "initial_model", of_elsewhere)
    with pytest.raises(UsageError, match="may know words that are held out"):
        audit(dataset, AuditRequest(start=Path("starter-fast"), folds=0, device="cpu"))


def test_lines_are_refused(dataset: Dataset) -> None:
    with pytest.raises(UsageError, match="starter-lines reads lines"):
        audit(dataset, AuditRequest(start=Path("starter-lines"), folds=0, device="cpu"))
    about = replace(dataset.description, unit="line")
    lines = Dataset(dataset.store, dataset.name)
    lines.description = about
    with pytest.raises(UsageError, match="drawn is of lines"):
        audit(lines, AuditRequest(start=Path("starter-fast"), folds=0, device="cpu"))


def test_who_reads_badly_is_told_to_doubt_the_findings(found: Audit) -> None:
    assert found.agreed > 0.7
    assert not found.doubt
    assert replace(found, words=len(found.findings)).doubt.startswith("Only 0% of the words are read")


def test_readings_of_others_are_ranked(dataset: Dataset, tmp_path: Path) -> None:
    words = list(dataset.named_words())
    with (tmp_path / "read.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("name", "text", "confidence"))
        table.writerows((name, word.text, 0.9) for name, word in words[2:])
        table.writerows([(words[0][0], "nothing", 0.5), (words[1][0], "something", 0.8)])
    found = audit_readings(dataset, [tmp_path / "read.csv"])
    assert [one.reading for one in found.findings] == ["something", "nothing"]
    assert found.words == len(words)
    (tmp_path / "other.csv").write_text("id,text\nelsewhere,x\n")
    with pytest.raises(UsageError, match="there is no word of drawn"):
        audit_readings(dataset, [tmp_path / "other.csv"])


def test_the_command_writes_a_table_and_a_page(store: Path, tmp_path: Path) -> None:
    table = tmp_path / "audit.csv"
    words = ["audit", str(store), "--no-train", "--device", "cpu", "--out", str(table), "--show", "7"]
    ran = CliRunner().invoke(commands, words, catch_exceptions=False)
    assert ran.exit_code == 0
    assert "starter-fast has learnt real and drawn handwriting" in ran.stderr
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [int(row["rank"]) for row in rows] == list(range(1, len(rows) + 1))
    assert f"{len(rows):,} read otherwise" in ran.stdout
    assert rows[0]["label"] == WRONG
    page = (tmp_path / "audit.html").read_text("utf-8")
    assert page.count("<li data-kind") == 7
    assert "http://" not in page
    assert "https://" not in page
    wrong_end = CliRunner().invoke(commands, ["audit", str(store), "--out", str(tmp_path / "a.txt")])
    assert isinstance(wrong_end.exception, UsageError)


def test_the_page_is_sound_and_says_what_was_found(
    browser: Browser, dataset: Dataset, found: Audit, tmp_path: Path
) -> None:
    strange = replace(found.findings[0], reading='<img src=x onerror="alert(1)">')
    shown = replace(found, findings=[strange, *found.findings[1:]])
    write_page(tmp_path / "audit.html", dataset, shown, tmp_path / "audit.csv", 30)
    with new_page(browser, scheme="dark", size=PHONE) as (page, heard):
        page.goto((tmp_path / "audit.html").as_uri())
        assert not heard.faults
        assert len(heard.requests) == 1
        assert not grave_faults(page)
        assert overflow(page) == 0
        ids = page.evaluate("[...document.querySelectorAll('li')].map((word) => word.dataset.id)")
        assert ids == [one.word.id for one in shown.findings[:30]]
        assert page.locator("li").first.locator("dd").nth(1).inner_text() == strange.reading
        kind = found.findings[0].kind.value
        page.uncheck(f"input[value={kind}]")
        left = page.evaluate("[...document.querySelectorAll('li:not([hidden])')].map((word) => word.dataset.kind)")
        assert kind not in left
