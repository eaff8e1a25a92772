"""Words of UNIPEN as they are drawn: real strokes, the same pictures whatever the machine does, writers kept apart."""

from __future__ import annotations

import io
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import htrdata
from htrdata.building.options import BuildOptions
from htrdata.cli.commands import commands
from htrdata.drawing.samples.unipen import SampleSummary, draw_sample
from htrdata.drawing.synth.frames import HEIGHT
from htrdata.drawing.unipen import Unipen
from htrdata.drawing.unipen.drawn import WORDS_PER_PAGE, UnipenImage
from htrdata.drawing.unipen.tracing import trace
from htrdata.errors import CannotCreateError, UsageError
from htrdata.records import SPLITS, Page, Word
from htrdata.sources.unipen.writers import pseudonym


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return draw_sample(tmp_path_factory.mktemp("unipen") / "release", words=9)


def words_of(pages: list[Page], split: str) -> list[Word]:
    return [word for page in pages if page.split == split for word in page.words]


def pixels(word: Word) -> np.ndarray:
    assert isinstance(word.image, UnipenImage)
    return np.asarray(Image.open(io.BytesIO(word.image.read())))


def content(out: Path) -> str:
    return htrdata.open(out).dataset("unipen").description.content_digest


def test_one_digest_whatever_the_workers_and_parts(sample: SampleSummary, tmp_path: Path) -> None:
    source = Unipen(sample.root, renderings=2)
    htrdata.build(source, tmp_path / "a", BuildOptions(), workers=1)
    htrdata.build(source, tmp_path / "b", BuildOptions(part_words=40), workers=2)
    htrdata.build(Unipen(sample.root, renderings=2, seed=1), tmp_path / "c", workers=1)
    assert content(tmp_path / "a") == content(tmp_path / "b") != content(tmp_path / "c")


def test_an_archive_gives_what_its_files_give(sample: SampleSummary, tmp_path: Path) -> None:
    draw_sample(tmp_path / "archive", words=9, archive=True)
    one, other = (list(Unipen(root).pages()) for root in (sample.root, tmp_path / "archive"))
    assert one == other
    assert Unipen(sample.root).settings == Unipen(tmp_path / "archive").settings


def test_the_description_says_what_is_real(sample: SampleSummary, tmp_path: Path) -> None:
    shutil.copytree(sample.root, tmp_path / "genuine", ignore=shutil.ignore_patterns("drawn.json"))
    description = htrdata.build(Unipen(tmp_path / "genuine"), tmp_path / "lmdb", workers=1).description
    assert (description.drawn, description.division.corpus) == ("picture", "UNIPEN train_r01_v07")
    assert description.words == len(sample.words)
    assert {name: counts.kept for name, counts in description.splits.items()} == {"train": 183, "val": 18, "test": 9}
    assert {name: counts.dropped for name, counts in description.splits.items() if counts.dropped} == {
        "train": {"image_missing": 9, "out_of_range": 3, "no_ink": 3, "bad_quality": 3, "misaligned": 3}
    }


def test_no_writer_is_in_two_splits_and_pages_are_small(sample: SampleSummary) -> None:
    pages = list(Unipen(sample.root).pages())
    writers = {split: {word.writer for word in words_of(pages, split)} for split in SPLITS}
    assert writers["val"] == {pseudonym("smb", "nib12"), pseudonym("smc", "nib19")}
    assert writers["test"] == {pseudonym("smc", "nib21")}
    assert not writers["train"] & (writers["val"] | writers["test"])
    assert {page.split for page in pages if any(word.writer == "smc" for word in page.words)} == {"train"}
    assert all(0 < len(page.words) <= WORDS_PER_PAGE for page in pages)
    assert sorted(word.id for page in pages for word in page.words) == sorted(sample.words)


def test_more_renderings_begin_with_fewer_and_those_held_out_are_drawn_once(sample: SampleSummary) -> None:
    one, three = (list(Unipen(sample.root, renderings=number).pages()) for number in (1, 3))
    assert words_of(one, "val") == words_of(three, "val")
    few, many = ({word.id: word for word in words_of(pages, "train")} for pages in (one, three))
    assert set(many) == {*few, *(f"{name}-{number}" for name in few for number in (1, 2))}
    name = next(name for name, word in few.items() if word.reason is None)
    again = [pixels(many[key]) for key in (name, f"{name}-1", f"{name}-2")]
    assert np.array_equal(pixels(few[name]), again[0])
    assert not any(np.array_equal(again[0], other) for other in again[1:])
    assert [many[key].text for key in (name, f"{name}-1")] == [few[name].text] * 2


def test_images_compare_by_value_and_survive_pickling(sample: SampleSummary) -> None:
    page, other = list(Unipen(sample.root).pages())[:2]
    copied = pickle.loads(pickle.dumps(page))
    assert copied == page != other
    assert hash(copied.words) == hash(page.words)
    word, copy = page.words[0], copied.words[0]
    assert word == copy
    assert word.image is not None
    assert copy.image is not None
    assert word.image.read() == copy.image.read()
    assert page.words[0] != page.words[1]
    assert page.words[1:3] == tuple(page.words)[1:3]


def test_words_are_dark_on_light_or_the_other_way_and_no_higher_than_crops(sample: SampleSummary) -> None:
    contrasts = []
    for page in list(Unipen(sample.root).pages())[::3]:
        for word in page.words:
            if word.reason is None:
                crop = pixels(word)
                assert crop.ndim == 2
                assert crop.shape[0] <= HEIGHT
                contrasts.append(int(crop.max()) - int(crop.min()))
    assert len(contrasts) > 40
    assert np.median(contrasts) > 80
    assert min(contrasts) > 15


def test_scans_are_lighter_than_photographs(sample: SampleSummary) -> None:
    means = {}
    for medium in ("scan", "photo"):
        words = words_of(list(Unipen(sample.root, media=(medium,)).pages()), "train")
        assert {word.extra["medium"] for word in words} == {medium}
        means[medium] = np.mean([pixels(word).mean() for word in words[::20] if word.reason is None])
    assert means["scan"] > means["photo"] + 20


@pytest.mark.parametrize(
    "settings", [{"renderings": 0}, {"seed": -1}, {"media": ()}, {"media": ("fax",)}, {"unit": "page"}]
)
def test_settings_out_of_range_are_refused(settings: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        Unipen(tmp_path, **settings)  # type: ignore[arg-type]


def test_other_ink_is_another_data_set(sample: SampleSummary, tmp_path: Path) -> None:
    draw_sample(tmp_path / "other", words=9)
    (ink,) = (tmp_path / "other").rglob("include/sma/data/sma0/nib03.dat")
    ink.write_text(ink.read_text("latin-1").replace("\n.PEN_UP", "\n1 1\n.PEN_UP", 1), "latin-1")
    before, after = (Unipen(root).settings["ink"] for root in (sample.root, tmp_path / "other"))
    assert before != after


def test_lines_are_texts_of_one_line(sample: SampleSummary, tmp_path: Path) -> None:
    source = Unipen(sample.root, unit="line")
    description = htrdata.build(source, tmp_path, workers=1).description
    assert (description.name, description.unit) == (source.name, "line") == ("unipen_lines", "line")
    assert description.words == len(sample.lines) == 24 * 3
    dropped = {name: counts.dropped for name, counts in description.splits.items()}
    assert dropped["train"] == {"image_missing": 3, "several_lines": 20}
    assert dropped["val"] == {"several_lines": 2}
    for page in list(source.pages())[::6]:
        assert all(pixels(word).shape[1] > 2 * pixels(word).shape[0] for word in page.words if word.reason is None)


# Tracing


def flat(*strokes: list[tuple[float, float]]) -> tuple[np.ndarray, ...]:
    """The arguments of `trace` for one word."""
    points = np.array([point for stroke in strokes for point in stroke], np.float32)
    starts = np.array([index == 0 for stroke in strokes for index in range(len(stroke))])
    unknown = np.full(len(points), np.nan, np.float32)
    return points[:, 0], points[:, 1], unknown, starts, np.array([len(points)])


def test_strokes_stay_where_they_are_and_their_ends_too() -> None:
    rng = np.random.default_rng(0)
    t = np.linspace(0, 6, 400)
    noisy = np.stack([t, np.sin(t)], axis=1) + 0.01 * rng.standard_normal((400, 2))
    found = trace(*flat([tuple(point) for point in noisy.tolist()], [(2.0, -2.0), (3.0, -2.0)]))
    curve = found.x < 6.1
    curve[-2:] = False
    inside = curve & (found.y > -1.5)
    assert np.abs(found.y[inside] - np.sin(found.x[inside])).max() < 0.05
    assert np.flatnonzero(found.starts).tolist() == [0, int(np.flatnonzero(found.y < -1.9)[0])]
    assert (found.x[-1], found.y[-1]) == (3.0, -2.0)
    assert found.ends.tolist() == [len(found.x)]
    assert len(found.x) < 300  # of many points that lie close, few are kept


def test_a_circle_of_few_points_becomes_round() -> None:
    angle = np.linspace(0, 2 * np.pi, 13)
    found = trace(*flat(list(zip(np.cos(angle).tolist(), np.sin(angle).tolist(), strict=True))))
    assert len(found.x) > 40
    assert np.abs(np.hypot(found.x, found.y)[5:-5] - 1).max() < 0.03  # the polygon's sides are 0.034 inside


def test_dots_become_two_points_at_one_place() -> None:
    found = trace(*flat([(1.0, 1.0)], [(2.0, 2.0), (2.02, 2.0), (2.0, 2.02)], [(3.0, 3.0), (4.0, 3.0)]))
    assert found.dot[:4].tolist() == [-1, 1, -1, 1]
    assert not found.dot[4:].any()
    assert found.x[:4].tolist() == pytest.approx([1, 1, 2.01, 2.01], abs=0.02)
    assert np.flatnonzero(found.starts).tolist() == [0, 2, 4]


def test_slow_strokes_and_pressed_ones_leave_more_ink() -> None:
    fast, slow = [(0.3 * i, 0.0) for i in range(10)], [(0.05 * i, 1.0) for i in range(60)]
    found = trace(*flat(fast, slow))
    assert found.weight[found.y > 0.5].mean() > 1.1 * found.weight[found.y < 0.5].mean()
    x, y, _, starts, ends = flat([(0.1 * i, 0.0) for i in range(10)], [(0.1 * i, 1.0) for i in range(10)])
    pressed = trace(x, y, np.repeat([80, 130], 10).astype(np.float32), starts, ends)
    assert pressed.weight[pressed.y > 0.5].mean() > 1.3 * pressed.weight[pressed.y < 0.5].mean()


def test_words_stay_apart() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.random((2, 60)).astype(np.float32)
    starts = np.zeros(60, np.bool_)
    starts[[0, 7, 20, 45]] = True
    found = trace(x, y, np.full(60, np.nan, np.float32), starts, np.array([20, 60]))
    alone = trace(x[:20], y[:20], np.full(20, np.nan, np.float32), starts[:20], np.array([20]))
    assert found.ends[0] == alone.ends[0]
    assert np.array_equal(found.x[: found.ends[0]], alone.x)
    assert found.ends[1] == len(found.x)


# The command line


def test_the_commands_draw_a_sample_and_build_it(tmp_path: Path) -> None:
    runner = CliRunner()
    drawn = runner.invoke(
        commands, ["sample", "unipen", "--out", str(tmp_path / "u"), "--writers", "6", "--words", "4"]
    )
    assert drawn.exit_code == 0, drawn.output
    command = ["unipen", "--root", str(tmp_path / "u"), "--out", str(tmp_path / "lmdb"), "--workers", "1"]
    built = runner.invoke(commands, [*command, "--renderings", "2", "--media", "scan"])
    assert built.exit_code == 0, built.output
    description = htrdata.open(tmp_path / "lmdb").dataset("unipen").description
    assert description.settings["media"] == "scan"
    assert description.words == 2 * (6 * 4 + 3 * 5)
    with pytest.raises(CannotCreateError, match="not empty"):
        draw_sample(tmp_path / "u")
