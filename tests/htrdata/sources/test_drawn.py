"""What `htrdata sample` draws is recorded as drawn when it is built, and claims nothing of the genuine data set."""

from __future__ import annotations

from pathlib import Path

import pytest

from htrdata.building.builder import build
from htrdata.building.report import summary
from htrdata.drawing.samples import iam as drawn_iam
from htrdata.drawing.samples import imgur5k as drawn_imgur5k
from htrdata.errors import BadDataError
from htrdata.sources.base import DRAWN, Source
from htrdata.sources.drawn import MARK
from htrdata.sources.iam.source import IAM, Iam
from htrdata.sources.imgur5k.source import IMGUR5K, Imgur5K
from htrdata.sources.resplit import Resplit


@pytest.fixture(scope="module")
def imgur5k(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("samples") / "imgur5k"
    drawn_imgur5k.draw_sample(root, pages=5, words_per_page=4, megapixels=(0.1, 0.1), plain=True)
    return root


@pytest.fixture(scope="module")
def iam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("samples") / "iam"
    drawn_iam.draw_sample(root, forms=5, scale=0.2, archives=True)
    return root


def test_a_build_of_a_sample_says_that_it_is_drawn(imgur5k: Path, tmp_path: Path) -> None:
    about = build(Imgur5K(imgur5k), tmp_path, workers=1).description
    assert about.drawn == DRAWN
    assert about.about.title == "IMGUR5K Handwriting Dataset, drawn by htrdata sample"
    assert about.division.corpus.startswith(f"{about.about.title}, 5 pages of 4 words, 0.1-0.1 MP, seed 0")
    report = (tmp_path / "imgur5k/report.html").read_text(encoding="utf-8")
    for text in (report, summary(about)):
        assert "drawn by a program: pixels and strokes" in text
        assert not any(claim in text for claim in (IMGUR5K.citation, IMGUR5K.licence, "TextStyleBrush", IMGUR5K.url))


def test_iam_in_archives_and_below_its_root(iam: Path) -> None:
    for root in (iam, iam.parent):
        source = Iam(root)
        assert (source.drawn, source.division.scheme) == (DRAWN, "aachen")
        assert source.info.title == "IAM Handwriting Database 3.0, drawn by htrdata sample"
        assert IAM.citation not in str(source.info)
    assert Iam(iam, "lwitr").division.corpus == Iam(iam).division.corpus != Iam(Path("nowhere")).division.corpus


@pytest.mark.parametrize("genuine", [Imgur5K(Path("nowhere")), Iam(Path("nowhere"))])
def test_the_genuine_ones_are_not(genuine: Source) -> None:
    assert genuine.drawn is None
    assert genuine.info in (IAM, IMGUR5K)
    assert genuine.division.corpus == genuine.info.title


def test_another_seed_is_another_corpus_and_another_split_is_not(imgur5k: Path, tmp_path: Path) -> None:
    drawn_imgur5k.draw_sample(tmp_path / "b", pages=5, words_per_page=4, seed=1, megapixels=(0.1, 0.1), plain=True)
    source = Imgur5K(imgur5k)
    assert Imgur5K(tmp_path / "b").division.corpus != source.division.corpus
    again = Resplit(source, seed=3)
    assert (again.drawn, again.division.corpus, again.division.scheme) == (DRAWN, source.division.corpus, "random")


def test_pages_for_published_annotations_say_so(imgur5k: Path, tmp_path: Path) -> None:
    drawn_imgur5k.draw_sample(tmp_path / "b", annotations=imgur5k / "dataset_info", plain=True)
    source = Imgur5K(tmp_path / "b")
    assert source.info.title.endswith("pages drawn by htrdata sample for published annotations")
    assert "annotations as those that the pages were drawn for" in source.info.licence
    assert source.division.corpus != Imgur5K(imgur5k).division.corpus


@pytest.mark.parametrize("text", ["", "{}", '{"drawn": 1, "corpus": "a", "about": {}}'])
def test_a_damaged_mark_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / MARK).write_text(text)
    for source in (Imgur5K(tmp_path), Iam(tmp_path)):
        with pytest.raises(BadDataError, match=r"drawn\.json"):
            assert source.drawn
