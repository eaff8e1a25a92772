"""Stores of the first format are read: words, manifest, division, verification, and what is built on them."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import htrdata
from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.drawing.synth.source import Synth
from htrdata.errors import BadDataError, CannotCreateError, UsageError
from htrdata.records import Division
from htrdata.sources.base import DRAWN, Source
from htrdata.sources.iam.source import Iam
from htrdata.sources.imgur5k.source import Imgur5K
from htrdata.sources.resplit import Fold, Ratio, Resplit
from htrdata.store.format_1 import division_of_1, drawn_of_1
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.verification import verify

from ...stores import make_format_1, places, read_document, replaced, value_at, without, write_document


@pytest.fixture
def built(source: Any, tmp_path: Path) -> tuple[Path, Path]:
    """A store of the present format, and the same of the first one."""
    for name in ("new", "old"):
        build(source, tmp_path / name, BuildOptions(shard_words=20), workers=1)
    make_format_1(tmp_path / "old")
    return tmp_path / "new", tmp_path / "old"


def test_it_reads_as_it_did(built: tuple[Path, Path]) -> None:
    new, old = (htrdata.open(store).dataset("drawn") for store in built)
    assert old.splits == new.splits
    assert list(old.words("train")) == list(new.words("train"))
    assert old.manifest().equals(new.manifest())
    assert old.manifest(["key", "unit", "text"]).equals(new.manifest(["key", "unit", "text"]))
    expected = ["key", "shard", "unit"]
    for dataset in (old, new):
        batches = [batch for _, batch in ManifestReader(dataset.manifest_path).batches(expected, 50)]
        assert batches[0].schema.names == expected
        assert {unit for batch in batches for unit in batch["unit"].to_pylist()} == {"word"}
    with pytest.raises(UsageError, match=r"has no column index: it has id, .*, key, "):
        old.manifest(["index"])


def test_it_is_described_in_present_terms(built: tuple[Path, Path]) -> None:
    new, old = (htrdata.open(store).dataset("drawn").description for store in built)
    assert (old.format, old.unit, old.drawn, old.digest, old.report) == ("htrdata-store/1", "word", None, None, None)
    assert (old.division, old.division) == (new.division, Division("Drawn"))
    for field in ("about", "splits", "leaks", "shards", "options", "content_digest", "inputs"):
        assert getattr(old, field) == getattr(new, field)


def test_it_is_verified(built: tuple[Path, Path]) -> None:
    store = built[1]
    assert [dataset.problems for dataset in verify(store, decode=True)] == [()]
    document = read_document(store)
    unheld = {"source", "settings", "inputs", "versions", "about", "differences", "leaks", "missing_splits"}
    free = {"quality", "normalise", "dedup", "check_hashes", "color", "format", "on_unknown", "shard_words"}
    others: dict[type, list[object]] = {str: ["other", "0" * 64], int: [1, 77]}
    told = 0
    for place in places(document):
        if place[0] in unheld or place[-1] in free or place[0] == "options" == place[-1]:
            continue
        for other in others.get(type(value_at(document, place)), []):
            if other != value_at(document, place):
                write_document(store, replaced(document, place, other))
                with contextlib.suppress(BadDataError):
                    assert verify(store)[0].problems or place[-1] == "height", place
                told += 1
    assert told > 60


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"height": 30}, "crops higher than the option height, 30"),
        ({"max_length": 3}, r"\d+ labels are longer than the option max_length, 3"),
        (
            {"charset": {"name": "x", "characters": "abc", "folds_case": False, "fingerprint": "x"}},
            r"\d+ labels have characters outside of the charset that is recorded",
        ),
    ],
)
def test_options_that_its_words_contradict_are_told(
    built: tuple[Path, Path], options: dict[str, object], message: str
) -> None:
    document = read_document(built[1])
    document["options"] |= options
    write_document(built[1], document)
    (problem,) = verify(built[1])[0].problems
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(problem)


def test_each_field_that_is_removed_or_of_another_type_is_an_error_or_harmless(built: tuple[Path, Path]) -> None:
    store = built[1]
    document = read_document(store)
    refused = []
    for place in places(document):
        for changed in (without(document, place), replaced(document, place, [{"odd": 1}])):
            write_document(store, changed)
            try:
                htrdata.open(store)
            except BadDataError:
                refused.append(place)
    assert {("options",), ("splits",), ("shards",), ("options", "height")} <= {*refused}


def test_building_again_says_that_the_format_is_another(built: tuple[Path, Path], source: Any) -> None:
    store = built[1]
    options = BuildOptions(shard_words=20)
    with pytest.raises(CannotCreateError, match=r"format was htrdata-store/1, is htrdata-store/2\. Choose another"):
        build(source, store, options, workers=1)
    assert build(source, store, options, workers=1, overwrite=True).description.format == "htrdata-store/2"
    assert [dataset.problems for dataset in verify(store)] == [()]


def test_columns_of_a_source_that_have_present_names(built: tuple[Path, Path]) -> None:
    path = built[1] / "drawn/manifest.parquet"
    table = pq.read_table(path)
    for name in ("key", "unit"):
        table = table.append_column(name, pa.array([name] * table.num_rows, pa.string()))
    pq.write_table(table, path, write_page_checksum=True)
    read = ManifestReader(path).table(["key", "unit", "source_key", "source_unit"])
    assert read["key"].type == pa.int32()
    assert set(read["unit"].to_pylist()) == {"word"}
    assert set(read["source_key"].to_pylist()) == {"key"}
    assert set(read["source_unit"].to_pylist()) == {"unit"}


SYNTH = Synth(100, seed=3)
IAM = Iam(Path("nowhere"), "lwitr")


@pytest.mark.parametrize(
    "source",
    [
        Imgur5K(Path("nowhere")),
        Iam(Path("nowhere")),
        IAM,
        Iam(Path("nowhere"), segmentation="all", annotations="ascii", pixels="forms"),
        Resplit(IAM, Ratio(), 7, "page"),
        Resplit(Imgur5K(Path("nowhere")), Fold(2, 5), 1),
        SYNTH,
    ],
)
def test_what_sources_said_then_is_what_they_say_now(source: Source) -> None:
    assert division_of_1(source.info.title, source.name, source.settings) == source.division
    assert drawn_of_1(source.name) == source.drawn


def test_what_strangers_sources_said_then() -> None:
    assert division_of_1("Parzival", "parzival", {}) == Division("Parzival")
    assert division_of_1("Parzival", "parzival_small", {}) == Division("Parzival", "small")
    assert division_of_1("Letters", "own_data", {"split": "80/10/10"}) == Division("Letters", "80/10/10")
    assert division_of_1("Parzival", "p", {"scheme": "a", "fold_of": "3"}) == Division(
        "Parzival", "a", {"fold_of": "3"}
    )


def test_drawn_words_of_other_settings_are_another_corpus_and_more_words_are_the_same() -> None:
    assert Synth(5000, seed=3).division == SYNTH.division
    assert Synth(100, seed=4).division.corpus != SYNTH.division.corpus
    assert SYNTH.drawn == DRAWN
