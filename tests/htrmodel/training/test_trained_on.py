"""What a checkpoint was trained on goes with it, and keeps it from words that another split holds out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import htrdata
from htrdata.building.options import BuildOptions
from htrdata.errors import BadDataError, UsageError
from htrdata.files.typed_json import encode
from htrdata.labels import ALNUM
from htrdata.records import Division, Page, SourceInfo, Unit, Word
from htrdata.store.exporting import export
from htrmodel.checkpoint.files import load, read_checkpoint
from htrmodel.checkpoint.native import save
from htrmodel.data.divisions import DividedSet, check_trained, trained_on
from htrmodel.training.finetuning import carry_out
from htrmodel.training.initial_model import ModelChoice
from htrmodel.training.recipes import Recipe
from htrmodel.training.request import Request

from .conftest import MODEL, print_word

RECIPE = Recipe(name="short", optimizer="adamw", lr=1e-3, batch_size=4, epochs=1)


@dataclass(frozen=True)
class ImageInMemory:
    """A word's own image."""

    name: str
    data: bytes

    def size(self) -> int:
        return len(self.data)

    def read(self) -> bytes:
        return self.data


@dataclass
class PrintedSource:
    """Two words in each split, of a source of some title."""

    name: str
    division: Division = field(default_factory=lambda: Division("Printed"))
    settings: dict[str, str] = field(default_factory=dict)
    drawn: str | None = None
    unit: Unit = "word"
    extra_columns: tuple[str, ...] = ()
    published: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def info(self) -> SourceInfo:
        return SourceInfo(self.division.corpus, "https://example.org", "none", "nobody")

    def pages(self) -> Iterator[Page]:
        for number, split in enumerate(("train", "val", "test")):
            words = (Word(f"{split}{i}", "ab", image=ImageInMemory("a.png", print_word("ab", i))) for i in range(2))
            yield Page(f"page{number}", split, tuple(words))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One source by two schemes, one of them under two names; and another source."""
    sources = {
        "a": PrintedSource("printed_a", Division("Printed", "a"), {"ink": "black"}),
        "again": PrintedSource("printed_a", Division("Printed", "a"), {"ink": "any"}),
        "b": PrintedSource("printed_b", Division("Printed", "b"), {"ink": "black"}),
        "other": PrintedSource("other", Division("Other")),
        "drawn": PrintedSource("invented", Division("Drawn 0"), drawn="pixels and strokes"),
        "redrawn": PrintedSource("invented", Division("Drawn 1"), drawn="pixels and strokes"),
        "recorded": PrintedSource("recorded", Division("Pens"), drawn="picture"),
    }
    for name, source in sources.items():
        htrdata.build(source, tmp_path / "lmdb", BuildOptions(height=0), name=name, workers=1)
    return tmp_path / "lmdb"


@pytest.fixture
def train(data: Path, tmp_path: Path) -> Callable[..., tuple[Path, list[str]]]:
    """Trains a little on some data sets; gives the last checkpoint and what was said."""

    def train(*mix: str, start: Path | None = None) -> tuple[Path, list[str]]:
        said: list[str] = []
        model = ModelChoice(charset=ALNUM, fields={} if start else MODEL)
        out = tmp_path / "-".join(["run", *mix, *([start.parent.name] if start else [])])
        request = Request(data=data, mix=mix, checkpoint=start, model=model, recipe=RECIPE, device="cpu", out=out)
        return carry_out(request, said.append).folder.last, said

    return train


Train = Callable[..., tuple[Path, list[str]]]


def known(path: Path) -> tuple[DividedSet, ...]:
    return trained_on(path, read_checkpoint(path).data)


def test_another_scheme_is_refused_as_the_next_step(train: Train) -> None:
    first, _ = train("a")
    assert known(first) == (DividedSet("a", Division("Printed", "a"), None),)
    train("again", start=first)
    with pytest.raises(UsageError, match=r"was trained on a \(a\), which splits Printed otherwise than b \(b\)"):
        train("b", start=first)


def test_a_step_in_between_is_not_forgotten(train: Train) -> None:
    first, _ = train("a")
    second, _ = train("other", start=first)
    assert [one.name for one in known(second)] == ["a", "other"]
    with pytest.raises(UsageError, match="was trained on a "):
        train("b", start=second)
    third, _ = train("a", start=second)
    assert [one.name for one in known(third)] == ["a", "other"]


def test_one_split_under_two_names_is_said(train: Train) -> None:
    _, said = train("a", "again", "other")
    assert [one for one in said if one.startswith("a, again are one split of one corpus (Printed)")]
    _, said = train("a", "other")
    assert not any("one split of one corpus" in one for one in said)


def test_drawn_words_hinder_nothing(train: Train) -> None:
    first, said = train("drawn", "redrawn")
    assert read_checkpoint(first).synthetic_only
    assert not any("one split of one corpus" in one for one in said)
    assert [one.name for one in known(first)] == ["drawn", "redrawn"]
    more, _ = train("redrawn", start=first)
    assert read_checkpoint(more).synthetic_only
    tuned, _ = train("a", start=more)
    assert not read_checkpoint(tuned).synthetic_only
    back, _ = train("drawn", start=tuned)
    assert not read_checkpoint(back).synthetic_only
    with pytest.raises(UsageError, match="was trained on a "):
        train("b", start=back)


def test_strokes_of_people_are_handwriting_whatever_their_pictures_are(train: Train) -> None:
    _, said = train("drawn")
    assert any("all of these words are drawn by a program" in one for one in said)
    recorded, said = train("recorded")
    assert not read_checkpoint(recorded).synthetic_only
    assert not any("drawn by a program" in one for one in said)


def test_drawn_words_that_went_out_to_plain_shards_are_still_drawn(data: Path, tmp_path: Path) -> None:
    for name, drawn in (("drawn", True), ("a", False)):
        export(htrdata.open(data)[name], "clova", tmp_path / name)
        model, out = ModelChoice(charset=ALNUM, fields=MODEL), tmp_path / f"run-{name}"
        request = Request(data=tmp_path / name, mix=(), model=model, recipe=RECIPE, device="cpu", out=out)
        said: list[str] = []
        best = carry_out(request, said.append).folder.best
        assert read_checkpoint(best).synthetic_only == drawn
        assert any("all of these words are drawn by a program" in one for one in said) == drawn


def test_where_nothing_is_known_it_is_not_called_drawn(train: Train, tmp_path: Path) -> None:
    first, _ = train("drawn", "a")
    assert not read_checkpoint(first).synthetic_only
    save(load(first), tmp_path / "unknown.safetensors")
    tuned, _ = train("drawn", start=tmp_path / "unknown.safetensors")
    assert not read_checkpoint(tuned).synthetic_only


def test_a_run_knows_itself_again(train: Train, data: Path) -> None:
    train("a")
    _, said = train("a")
    assert any("finished already" in one for one in said)


OLD = {"name": "mine", "title": "Printed", "source": "printed_a", "settings": {"scheme": "a", "segmentation": "ok"}}


def test_records_of_checkpoints_that_were_trained_on_stores_of_the_first_format() -> None:
    synth = {"name": "synth", "title": "Drawn", "source": "synth", "settings": {"seed": "0", "words": "10"}}
    mine, drawn = trained_on("old.safetensors", {"trained_on": [OLD, synth]})
    assert mine == DividedSet("mine", Division("Printed", "a"), None)
    assert drawn == DividedSet("synth", Division("Drawn, seed 0"), "pixels and strokes")
    check_trained("old.safetensors", (mine, drawn), DividedSet("now", Division("Printed", "a"), None))
    with pytest.raises(UsageError, match=r"old\.safetensors was trained on mine \(a\), which splits Printed otherwise"):
        check_trained("old.safetensors", (mine, drawn), DividedSet("now", Division("Printed", "b"), None))
    with pytest.raises(
        UsageError, match=r"b was built by an older version of htrdata, whose record of its split \(b\)"
    ):
        check_trained("old.safetensors", (mine, drawn), DividedSet("b", Division("Printed", "b"), None, True))
    assert mine.of_format_1
    assert mine.to_json() == {"name": "mine", "division": encode(mine.division), "drawn": None}


@pytest.mark.parametrize("record", [{}, {"train": {"a": "12"}, "ratios": None}])
def test_records_that_say_nothing_of_it(record: dict[str, Any]) -> None:
    assert trained_on("model.safetensors", record) == ()


@pytest.mark.parametrize("record", [3, ["a"], [{"name": "a"}], [{"name": "a", "division": 1, "drawn": None}]])
def test_records_that_cannot_be_read(record: Any) -> None:
    with pytest.raises(BadDataError, match=r"model\.safetensors has a record of its training data"):
        trained_on("model.safetensors", {"trained_on": record})
