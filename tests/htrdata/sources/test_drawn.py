"""What `htrdata sample` draws is recorded as drawn when it is built, and claims nothing of the genuine data set."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from htrdata.building.builder import build
from htrdata.building.report import summary
from htrdata.drawing.samples import iam as drawn_iam
from htrdata.drawing.samples import imgur5k as drawn_imgur5k
from htrdata.drawing.samples import unipen as drawn_unipen
from htrdata.drawing.unipen import Unipen
from htrdata.errors import BadDataError
from htrdata.records import SourceInfo, Unit
from htrdata.sources.base import DRAWN, DRAWN_PICTURE, Source
from htrdata.sources.drawn import MARK
from htrdata.sources.folder import Folder
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


def packed(place: Path, root: Path, folders: tuple[str, ...]) -> None:
    with zipfile.ZipFile(place, "w") as archive:
        for folder in folders:
            for file in (path for path in (root / folder).rglob("*") if path.is_file()):
                archive.write(file, file.relative_to(root).as_posix())


@pytest.fixture(scope="module")
def loose(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("samples") / "loose"
    drawn_iam.draw_sample(root, forms=5, scale=0.2)
    return root


def test_iam_that_was_packed_says_that_it_is_drawn(loose: Path, tmp_path: Path) -> None:
    packed(tmp_path / "archive.zip", loose, ("",))
    about = build(Iam(tmp_path), tmp_path / "lmdb", workers=1).description
    assert about.drawn == DRAWN
    assert about.about.title == "IAM Handwriting Database 3.0, drawn by htrdata sample"
    assert about.division == Iam(loose).division
    assert "drawn by a program" in summary(about)
    assert Iam(tmp_path / "archive.zip").drawn == DRAWN


@pytest.mark.parametrize("unit", ["word", "line"])
@pytest.mark.parametrize("parts", [("words", "lines", "xml"), ("words", "lines", "ascii"), ("forms", "xml")])
def test_images_taken_out_of_a_sample_say_that_they_are_drawn(
    loose: Path, tmp_path: Path, unit: Unit, parts: tuple[str, ...]
) -> None:
    for folder in parts:
        shutil.copytree(loose / folder, tmp_path / "copied" / folder)
    assert Iam(tmp_path / "copied", unit=unit).drawn == DRAWN
    (tmp_path / "zips").mkdir()
    for folder in parts:
        packed(tmp_path / "zips" / f"{folder}.zip", loose, (folder,))
    source = Iam(tmp_path / "zips", unit=unit)
    assert source.drawn == DRAWN
    assert list(source.pages())


def test_the_archives_of_a_sample_say_it_without_what_lay_beside_them(iam: Path, tmp_path: Path) -> None:
    for archive in iam.glob("*.tgz"):
        shutil.copy(archive, tmp_path)
    for pixels in ("words", "forms"):
        assert Iam(tmp_path, pixels=pixels).drawn == DRAWN
    (tmp_path / "words.tgz").unlink()
    shutil.copytree(iam.parent, tmp_path / "other", ignore=lambda _, names: [one for one in names if one == "iam"])
    assert Iam(tmp_path).drawn == DRAWN


def test_a_mark_of_what_is_no_iam_counts_for_nothing(loose: Path, tmp_path: Path) -> None:
    for folder in ("words", "xml"):
        shutil.copytree(loose / folder, tmp_path / folder, ignore=shutil.ignore_patterns(MARK))
    with zipfile.ZipFile(tmp_path / "iam-games.zip", "w") as archive:
        archive.write(loose / MARK, MARK)
    assert Iam(tmp_path).drawn is None
    with zipfile.ZipFile(tmp_path / "words.zip", "w") as archive:
        archive.write(next((loose / "forms").glob("*.png")), "a01-000x.png")
        archive.writestr(MARK, "{}")
    shutil.rmtree(tmp_path / "words")
    with pytest.raises(BadDataError, match=r"words\.zip:drawn\.json is damaged"):
        assert Iam(tmp_path, pixels="forms").drawn


def test_drawn_pages_of_published_annotations_say_so_wherever_they_lie(imgur5k: Path, tmp_path: Path) -> None:
    shutil.copytree(imgur5k / "dataset_info", tmp_path / "clone/dataset_info")
    assert Imgur5K(tmp_path / "clone", imgur5k / "images").drawn == DRAWN
    moved = Path(shutil.copytree(imgur5k / "images", tmp_path / "moved/pages"))
    assert Imgur5K(tmp_path / "clone", moved).drawn == DRAWN
    (moved / MARK).rename(moved.parent / MARK)
    assert Imgur5K(tmp_path / "clone", moved).drawn == DRAWN
    (moved.parent / MARK).unlink()
    assert Imgur5K(tmp_path / "clone", moved).drawn is None


def test_drawn_images_with_a_table_of_ones_own_are_drawn(loose: Path, tmp_path: Path) -> None:
    shutil.copytree(loose / "lines", tmp_path / "mine/lines")
    images = sorted((tmp_path / "mine").rglob("*.png"))
    rows = (f"{path.relative_to(tmp_path / 'mine')}\tword\n" for path in images)
    (tmp_path / "mine/labels.tsv").write_text("".join(rows))
    source = Folder(tmp_path / "mine")
    assert (source.drawn, source.info.title) == (DRAWN, "IAM Handwriting Database 3.0, drawn by htrdata sample")
    assert not any(MARK in note for note in source.notes)
    assert len(list(source.pages())) > 0
    about = SourceInfo("Mine", "", "mine", "")
    assert (Folder(tmp_path / "mine", about=about).info, Folder(tmp_path / "mine", about=about).drawn) == (about, DRAWN)
    (tmp_path / "mine/lines" / MARK).unlink()
    assert Folder(tmp_path / "mine").drawn is None


@pytest.mark.parametrize("archive", [False, True])
def test_drawn_strokes_are_no_handwriting_of_people(tmp_path: Path, archive: bool) -> None:
    drawn_unipen.draw_sample(tmp_path / "data", writers=6, words=3, archive=archive)
    about = build(Unipen(tmp_path / "data"), tmp_path / "lmdb", workers=1).description
    assert about.drawn == DRAWN
    assert about.about.title == "UNIPEN train_r01_v07, drawn by htrdata sample"
    assert about.division.corpus.startswith(f"{about.about.title}, 3 words of 6 writers, seed 0")
    assert "CC BY" not in about.about.licence
    if archive:
        (tmp_path / "data" / MARK).unlink()
        assert Unipen(tmp_path / "data").drawn == DRAWN
        (tmp_path / "taken").mkdir()
        (tmp_path / "data" / drawn_unipen.ARCHIVE).rename(tmp_path / "taken/mine.tgz")
        assert Unipen(tmp_path / "taken/mine.tgz").drawn == DRAWN
    else:
        (tmp_path / "data" / MARK).unlink()
        assert Unipen(tmp_path / "data").drawn == DRAWN_PICTURE
        assert Unipen(tmp_path / "nowhere").drawn == DRAWN_PICTURE


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
