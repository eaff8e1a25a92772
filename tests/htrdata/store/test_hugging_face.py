"""The words of a store as a data set of Hugging Face's `datasets`."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import htrdata
from htrdata.building.options import BuildOptions
from htrdata.errors import UsageError
from htrdata.sources.folder import Folder
from htrdata.store.words import Words

from ... import labelled_folders as made

datasets = pytest.importorskip("datasets", reason="datasets is not installed: pip install 'htrdata[hf]'")

NAMED = made.words(30)


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()


@pytest.fixture
def words(tmp_path: Path) -> Words:
    return build(tmp_path)


def build(folder: Path, first_year: int = 1900) -> Words:
    columns: dict[str, list[object]] = {
        "split": [["val", "train"][bool(number % 3)] for number in range(30)],
        "writer": [f"w{number % 6}" for number in range(30)],
        "year": [None, *range(first_year + 1, first_year + 30)],
        "slant": [number / 7 for number in range(30)],
    }
    table = made.embedded(NAMED, **columns).append_column("about", [[{"ink": "black"}] * 30])
    made.write_parquet(folder / "in/words.parquet", table)
    options = BuildOptions(height=0)
    htrdata.build(Folder(folder / "in"), folder / "lmdb", options, name="words", workers=1, overwrite=True)
    return htrdata.open(folder / "lmdb")["train", "words"]


def test_every_word_is_there_with_typed_features(words: Words, tmp_path: Path) -> None:
    found = words.to_hf(cache=tmp_path / "cache")
    assert isinstance(found, datasets.Dataset)
    assert str(found.split) == "train"
    assert {name: feature.dtype for name, feature in found.features.items() if name != "image"} == {
        "text": "string",
        "id": "string",
        "writer": "string",
        "year": "int64",
        "slant": "float64",
        "about": "string",
    }
    assert isinstance(found.features["image"], datasets.Image)
    assert found["text"][:] == words.texts
    assert found["id"][:] == words.ids
    numbers = [number for number in range(30) if number % 3]
    assert found["year"][:] == [1900 + number for number in numbers]
    assert found["writer"][:] == [f"w{number % 6}" for number in numbers]
    assert found["about"][0] == '{"ink": "black"}'
    for row, word in zip(found, words, strict=True):
        assert np.array_equal(np.asarray(row["image"]), np.asarray(word.image))
    as_stored = found.cast_column("image", datasets.Image(decode=False))
    assert [one["bytes"] for one in as_stored["image"]] == [word.encoded for word in words]


@pytest.mark.parametrize("part", [slice(3, 9), slice(None, None, 4), slice(None, None, -1), slice(15, 2, -5), slice(0)])
def test_a_part_of_the_words_is_the_same_part_there(words: Words, tmp_path: Path, part: slice) -> None:
    found = words[part].to_hf(cache=tmp_path / "cache")
    assert found["id"][:] == words[part].ids
    assert [np.asarray(image).shape for image in found["image"]] == [
        np.asarray(word.image).shape for word in words[part]
    ]


def test_it_is_written_once_for_each_build(words: Words, tmp_path: Path) -> None:
    def files() -> set[Path]:
        return set((tmp_path / "cache").rglob("*.arrow"))

    first = words.to_hf(cache=tmp_path / "cache")
    written = files()
    assert len(written) == 1
    assert words.to_hf(cache=tmp_path / "cache")["id"][:] == first["id"][:]
    assert files() == written
    again = build(tmp_path, first_year=1800)  # of the same words more, or something else, is known: also another one
    assert again.texts == words.texts
    assert again.to_hf(cache=tmp_path / "cache")["year"][0] == 1801
    assert len(files()) == 2


def test_what_others_do_with_it_works(words: Words, tmp_path: Path) -> None:
    found = words.to_hf(cache=tmp_path / "cache")
    both = datasets.concatenate_datasets([found, found.filter(lambda row: row["writer"] == "w1")])
    assert len(both) == len(words) + 5
    both.to_parquet(tmp_path / "both.parquet")
    table = datasets.Dataset.from_parquet(str(tmp_path / "both.parquet"), cache_dir=str(tmp_path / "cache"))
    assert table.features == found.features
    assert Image.open(io.BytesIO(table.data["image"][0]["bytes"].as_py())).size == words[0].image.size


def test_without_the_library_the_remedy_is_named(words: Words, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UsageError, match=r"needs datasets, which is not installed: pip install 'htrdata\[hf\]'"):
        words.to_hf()


def test_torch_is_not_imported_for_it(words: Words, tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, htrdata\n"
        f"htrdata.open({str(tmp_path / 'lmdb')!r})['train', 'words'].to_hf(pathlib.Path({str(tmp_path / 'cache')!r}))\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
