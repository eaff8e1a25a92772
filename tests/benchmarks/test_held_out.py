"""The tables of the cards: the figures are those of `htrmodel evaluate`, and the cells say what is left out."""

from __future__ import annotations

import dataclasses
import runpy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

pytest.importorskip("torch", reason="needs the extra 'model'")

from htrdata.cli.commands import commands
from htrdata.labels import PRINTABLE, normal_form
from htrdata.store.reading import Dataset, open_store
from htrmodel.checkpoint.native import save
from htrmodel.config import RecogniserConfig
from htrmodel.evaluation.evaluating import evaluate
from htrmodel.judging.judgement import Figures, Judgement
from htrmodel.judging.judging import judge
from htrmodel.judging.metrics import evaluate as figures_of
from htrmodel.recogniser import Recogniser

HELD_OUT: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks/held_out.py"))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Drawn words, some with marks that their labels have not."""
    out = tmp_path_factory.mktemp("held_out")
    arguments = "synth --words 400 --diacritics --charset printable --on-unknown simplify --height 32 --workers 1 --out"
    done = CliRunner().invoke(commands, [*arguments.split(), str(out)])
    assert done.exit_code == 0, done.output
    return open_store(out).dataset("synth")


def weights(path: Path, architecture: str, **fields: Any) -> Recogniser:
    """Weights that know nothing, as a file."""
    config = RecogniserConfig(architecture=architecture, charset=PRINTABLE, output_channel=16, hidden_size=16, **fields)
    recogniser = Recogniser(config).eval()
    save(recogniser, path)
    return recogniser


def table(*arguments: object) -> list[list[str]]:
    """The cells of the rows that are printed, the line below the heads left out."""
    done = CliRunner().invoke(HELD_OUT["main"], list(map(str, arguments)))
    assert done.exit_code == 0, done.output
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.output.splitlines()]
    return [rows[0], *rows[2:]]


def test_a_table_of_words_has_the_figures_of_evaluate(dataset: Dataset, tmp_path: Path) -> None:
    recogniser = weights(tmp_path / "words.safetensors", "None-VGG-None-CTC", max_length=6)
    heads, cells = table(tmp_path / "words.safetensors", dataset.store / "synth")
    judgement = evaluate(recogniser, dataset)
    spelt, everything = judgement.find(left_out="omitted"), judgement.find(left_out="wrong")
    assert 0 < spelt.words < everything.words == len(dataset.words("test"))
    assert len(cells) == len(heads) == 9
    assert cells[0] == "drawn words, print and joined hands, unseen writers"
    assert cells[1] == "1 writer"
    assert cells[2] == f"{spelt.words} (all)"
    assert [f"{cell} [-, -] %" for cell in cells[3:5]] == [spelt.metrics[name].shown() for name in ("micro_cer", "wer")]
    assert cells[5] == aside(judgement.find(case="insensitive", left_out="omitted"), "wer")
    assert cells[7] == f"{everything.words - spelt.words} too long"
    assert cells[8].split(" / ")[0] == everything.metrics["micro_cer"].shown().split()[0]


def test_a_table_of_lines_has_every_line(dataset: Dataset, tmp_path: Path) -> None:
    recogniser = weights(tmp_path / "lines.safetensors", "None-VGG-None-CTC", height=48, width=1024, resize="free")
    assert recogniser.config.reads_lines
    heads, cells = table(tmp_path / "lines.safetensors", dataset.store / "synth", dataset.store / "synth")[:2]
    found = evaluate(recogniser, dataset, batch_size=16).find()
    assert heads == ["lines", "of", "number", "CER", "WER", "both, case aside"]
    assert cells[2] == str(found.words)
    assert [f"{cell} [-, -] %" for cell in cells[3:5]] == [
        found.metrics[name].shown() for name in ("micro_cer", "line_wer")
    ]
    assert cells[5] == aside(evaluate(recogniser, dataset, batch_size=16).find(case="insensitive"), "line_wer")


def aside(figures: Figures, wer: str) -> str:
    """CER and WER as a row has them where case does not count."""
    assert figures.case == "insensitive"
    return " / ".join(figures.metrics[name].shown().split()[0] for name in ("micro_cer", wer))


@pytest.fixture(scope="module")
def right(dataset: Dataset) -> Judgement:
    """Of a system that reads what the labels say."""
    return judge({word.id: word.text for word in dataset.words("test")}, dataset, charset=PRINTABLE, max_length=25)


def test_marks_that_labels_lost_count_as_mistakes_beside(dataset: Dataset, right: Judgement) -> None:
    rows = dataset.manifest(["split", "text", "source_text"])
    test = rows[rows["split"] == "test"]
    expected = figures_of(list(map(normal_form, test["source_text"])), test["text"].tolist())
    shown = HELD_OUT["words_row"](dataset, right)
    assert expected["wer"] > 0
    assert shown[3] == "0.0"
    assert shown[5] == "0.0 / 0.0"
    assert shown[6] == f"{100 * expected['micro_cer']:.1f} / {100 * expected['wer']:.1f}"
    assert shown[7] == "none"


@pytest.mark.parametrize(("lost", "share"), [({}, "all"), ({"unsure_cut": 1}, "80 %"), ({"empty_box": 1}, "all")])
def test_the_share_of_sure_cuts_is_of_all_annotated_words(
    dataset: Dataset, right: Judgement, lost: dict[str, int], share: str
) -> None:
    four = dataclasses.replace(right, words=right.words[:4], not_in_store=lost)
    assert HELD_OUT["share_sure"](dataset, four) == share


def test_an_interval_stands_behind_its_figure(right: Judgement) -> None:
    figure = dataclasses.replace(right.find().metrics["micro_cer"], value=0.0912, low=0.08, high=0.1)
    assert HELD_OUT["shown"](figure) == "9.1 [8.0, 10.0]"
