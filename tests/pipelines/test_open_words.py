"""The open corpora in miniature: from drawn exports to one store of words with its attribution."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

import htrdata

from ..drawn_exports import write_export
from .conftest import LoadPipeline

CORPUS = """
title = "Drawn letters"
url = "https://example.org/letters"
licence = "CC BY 4.0"
citation = "Nobody: Drawn letters. 2026"
pattern = '(?P<writer>w[0-9])_[0-9]\\.xml'
test = ["w2"]
val = ["w1"]
"""


@pytest.fixture(scope="module")
def open_words(load_pipeline: LoadPipeline) -> ModuleType:
    return load_pipeline("open_words")


def test_clones_become_words_with_their_splits_and_their_attribution(open_words: ModuleType, tmp_path: Path) -> None:
    for number, name in enumerate(("w0_1", "w0_2", "w1_1", "w2_1")):
        write_export(tmp_path / "letters", name, seed=number)
    (tmp_path / "letters.toml").write_text(CORPUS)
    asked = [f"{tmp_path}/letters.toml={tmp_path}/letters", "--out", str(tmp_path / "out"), "--device", "cpu"]
    done = CliRunner().invoke(open_words.main, asked)
    assert done.exit_code == 0, done.exception
    words = htrdata.open(tmp_path / "out/words").dataset("letters")
    lines = htrdata.open(tmp_path / "out/lines").dataset("letters")
    assert words.description.division == lines.description.division
    manifest = words.manifest()
    assert manifest.groupby("split")["writer"].unique().map(list).to_dict() == {
        "test": ["w2"],
        "train": ["w0"],
        "val": ["w1"],
    }
    tokens = [text.split() for text in lines.manifest(["source_text"])["source_text"]]
    assert len(manifest) == sum(map(len, tokens))
    assert (manifest["status"] == "kept").mean() > 0.7
    attribution = (tmp_path / "out/ATTRIBUTION.md").read_text()
    for said in ("Drawn letters", "https://example.org/letters", "CC BY 4.0", "Nobody: Drawn letters. 2026"):
        assert said in attribution
    again = CliRunner().invoke(open_words.main, asked)
    assert "(as before)" in again.stderr
    assert again.stdout == done.stdout
