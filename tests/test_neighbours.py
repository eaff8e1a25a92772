"""The blocks of docs/neighbours.md, each run where its library is installed, on a drawn store."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

import htrdata
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.store.exporting import export

PAGE = Path(__file__).parents[1] / "docs/neighbours.md"
BLOCKS = dict(re.findall(r"^## ([^\n]+)\n\n```python\n(.*?)```", PAGE.read_text("utf-8"), re.M | re.S))
LIBRARIES = {"Hugging Face `datasets`": "datasets", "docTR": "doctr", "PARSeq": "strhub", "MMOCR": "mmocr"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the page says is there: a store, and its words as a folder."""
    place = tmp_path_factory.mktemp("neighbours")
    draw_sample(place / "first/imgur5k", pages=12, words_per_page=10, megapixels=(0.1, 0.2), plain=True)
    htrdata.build(htrdata.sources.imgur5k.Imgur5K(place / "first/imgur5k"), place / "first/lmdb", workers=1)
    export(htrdata.open(place / "first/lmdb")["imgur5k"], "folder", place / "crops")
    return place


def test_the_page_has_a_block_for_each_library() -> None:
    assert set(BLOCKS) == set(LIBRARIES)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("title", LIBRARIES)
def test_a_block_runs(title: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = LIBRARIES[title]
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    monkeypatch.chdir(folder)
    if library == "datasets":
        monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    names: dict[str, object] = {}
    exec(BLOCKS[title], names)
    assert names["words"]
