"""The page of a build: its numbers are the manifest's, it shows what was left out, and browsers find nothing wrong."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.building.reporting.distributions import distribution
from htrdata.building.reporting.reasons import REASONS
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.files.on_disk import FileOnDisk
from htrdata.images import codec
from htrdata.images.cropping import crop, reduce_height
from htrdata.records import SPLITS, Box, Page, Reason, Word
from htrdata.sources.imgur5k.source import Imgur5K
from htrdata.store.html_pages.pictures import MOST_BYTES, picture_of, reduced_picture
from htrdata.store.html_pages.rendering import percent
from htrdata.store.reading import open_store
from tests.browser import PHONE, grave_faults, new_page, overflow
from tests.htrdata.conftest import ListSource, draw_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = "<script>alert('x')</script>\u202e&amp;"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn sample with pages in two splits and words that nobody transcribed."""
    folder = tmp_path_factory.mktemp("report")
    draw_sample(folder / "data", pages=14, words_per_page=10, megapixels=(0.1, 0.2))
    build(Imgur5K(folder / "data"), folder / "lmdb", workers=1)
    return folder / "lmdb"


def read_report(store: Path, name: str = "drawn") -> str:
    return (store / name / "report.html").read_text(encoding="utf-8")


def picture_of_word(page: str, word: str) -> np.ndarray:
    """The pixels of the first picture below which an id stands."""
    (found,) = re.findall(rf'base64,([^"]+)"(?:(?!<figure).)*?<small><bdi>{re.escape(word)}</bdi>', page, re.DOTALL)[:1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(found))).convert("L"), np.float32)


def test_every_reason_is_explained() -> None:
    assert set(REASONS) == set(Reason)
    assert all(told.title and told.why.endswith(".") and told.remedy.endswith(".") for told in REASONS.values())
    # What a correction lifts, see `htrdata.records.Word.ruled_out`, has the option that gives one.
    for one in (Reason.MISSING_ANNOTATION, Reason.EMPTY_LABEL, Reason.FLAGGED):
        assert REASONS[one].option == "--corrections FILE"


def test_a_report_of_all_that_can_be_shown_stays_below_5_mb(tmp_path: Path) -> None:
    """Noise, which no format makes small; words left out for every reason; pages and words in several splits."""
    noise = np.random.default_rng(0).integers(0, 256, (640, 900, 3), np.uint8)
    pages = []
    for number in range(12):
        turned = np.roll(noise, 40 * (number // 2), 0)  # each page stands in two splits
        path = tmp_path / f"page{number:02d}.jpg"
        path.write_bytes(codec.encode(turned, "jpeg", 95))
        split = SPLITS[number % 3]
        words = []
        for place in range(9):
            name = f"{'i' * 70}{number:02d}_{place}"
            label = chr(0x4E00 + 9 * number + place) + "W" * 70
            words.append(Word(name, label, Box(450, 70 * place + 40, 700, 66, 5.0), writer="w" * 40))
        for place, reason in enumerate(Reason):
            words.append(Word(f"{reason}{number}", "L" * 70, Box(450, 20 * place + 60, 700, 66), reason=reason))
        pages.append(Page(f"page{number:02d}", split, tuple(words), FileOnDisk(path)))
    build(ListSource(pages), tmp_path / "lmdb", BuildOptions(color="rgb", height=64, quality=100), workers=1)
    report = (tmp_path / "lmdb/drawn/report.html").read_bytes()
    assert report.count(b"<img ") > 250
    assert 3_000_000 < len(report) <= 5_000_000


def test_words_that_were_left_out_look_as_they_would_have_been_cut(source: Any, tmp_path: Path) -> None:
    build(source, tmp_path / "lmdb", workers=1)
    page = read_report(tmp_path / "lmdb")
    told = REASONS[Reason.EMPTY_LABEL]
    empty = [word for one in source.listed for word in one.words if not word.text]
    assert f'<h3 id="empty_label">{told.title}: {len(empty)}' in page
    assert "--corrections FILE --name drawn_more" in page
    section = page[page.index('id="empty_label"') : page.index('id="characters"')]
    shown = re.findall(r"<small><bdi>(page\d+_\d)</bdi>", section)
    assert len(set(shown)) == 6
    assert set(shown) <= {word.id for word in empty}
    for one in source.listed:
        for word in one.words:
            if word.id in shown:
                expected = reduce_height(crop(codec.decode(one.image.read(), "grey"), word.box), 64)
                assert np.abs(picture_of_word(section, word.id) - expected).mean() < 12  # noise, as a JPEG has it


def test_what_a_picture_cannot_be_cut_from_is_shown_as_a_page_or_not_at_all(source: Any, tmp_path: Path) -> None:
    (tmp_path / "pages" / "page01.jpg").unlink()
    first = source.listed[0]
    beyond = replace(first.words[0], id="beyond", text="far", box=Box(-900, -900, 10, 10))
    source.listed[0] = replace(first, words=(*first.words, beyond))
    build(source, tmp_path / "lmdb", workers=1)
    page = read_report(tmp_path / "lmdb")
    missing = page[page.index('<h3 id="image_missing">') : page.index('<h3 id="empty_box">')]
    assert missing.count('<span class="none">no picture</span>') == 6
    height, width = picture_of_word(page[page.index('<h3 id="empty_box">') :], "beyond").shape
    assert width / height == pytest.approx(320 / 240, rel=0.02)  # the page; being noise, it is small


def test_labels_and_ids_of_strangers_are_text(source: Any, tmp_path: Path) -> None:
    first = source.listed[0]
    words = (replace(first.words[0], id=HOSTILE[:-1], text="<i>&"), *first.words[1:])
    source.listed[0] = Page(first.id, first.split, (*words, Word("x" * 9000, HOSTILE, words[0].box)), first.image)
    build(source, tmp_path / "lmdb", workers=1)
    page = read_report(tmp_path / "lmdb")
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "<bdi>&lt;i&gt;&amp;</bdi>" in page
    assert "x" * 100 not in page


def test_the_page_stays_small_whatever_the_crops_are(tmp_path: Path) -> None:
    draw_page(tmp_path / "large.jpg", 1, (400, 800))
    image = FileOnDisk(tmp_path / "large.jpg")
    words = [Word(f"w{i}", f"{chr(0x4E00 + i)}" * 3, Box(400, 200, 780 - i, 380 - 2 * i, 3)) for i in range(40)]
    pages = [Page(f"p{i}{split}", split, tuple(words), image) for i in range(2) for split in ("train", "val", "test")]
    build(ListSource(pages), tmp_path / "lmdb", BuildOptions(height=0, color="rgb"), workers=2)
    assert (tmp_path / "lmdb/drawn/report.html").stat().st_size < 3_000_000


def test_pictures_are_reduced_until_they_are_small() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 9000, 3), np.uint8)
    for encoded in (codec.encode(noise, "jpeg"), codec.encode(noise[:50, :800], "png")):
        found = picture_of(encoded)
        assert found is not None
        assert len(base64.b64decode(found.url.split(",")[1])) <= MOST_BYTES
        assert 0 < found.width <= 640
    small = codec.encode(noise[:20, :30, 0].copy(), "png")
    found = picture_of(small)
    assert found is not None
    assert base64.b64decode(found.url.split(",")[1]) == small
    assert reduced_picture(np.zeros((4000, 1), np.uint8)).width == 1
    assert picture_of(b"\x89PNG no more") is None


def test_distributions_count_everything_and_say_where_most_is() -> None:
    found = distribution(np.array([1.0] * 900 + [3.0] * 99 + [5000.0]), 1)
    assert sum(count for _, count in found.columns) == 1000
    assert found.columns[1] == ("1", 900)
    assert found.columns[-1][1] == 1
    assert found.sentence == "half at most 1, nine in ten from 1 to 3; smallest 1, largest 5,000"
    assert len(distribution(np.arange(100_000.0), 1).columns) <= 30


@pytest.mark.parametrize(("share", "said"), [(0.0001, "under 0.1 %"), (0.063, "6.3 %"), (0.99999, "over 99.9 %")])
def test_what_is_there_is_never_nothing(share: float, said: str) -> None:
    assert percent(share) == said


@pytest.mark.parametrize(("scheme", "size"), [("light", (1280, 800)), ("dark", PHONE)])
def test_the_page_in_a_browser(browser: Browser, store: Path, scheme: Any, size: tuple[int, int]) -> None:
    manifest = open_store(store)["imgur5k"].manifest()
    with new_page(browser, scheme=scheme, size=size) as (page, heard):
        page.goto(address := (store / "imgur5k/report.html").as_uri())
        rows = page.evaluate(
            "() => [...document.querySelectorAll('#counts tr')].map(row => row.innerText.split(/\\s+/))"
        )
        table = {row[0]: row[1:] for row in rows if row[0] not in ("", "outside")}
        splits = list(dict.fromkeys(manifest["split"]))
        for status in ("kept", "dropped"):
            counts = [int(((manifest["split"] == split) & (manifest["status"] == status)).sum()) for split in splits]
            assert table[status] == [str(count) for count in (*counts, sum(counts))]
        for reason, count in manifest["reason"].value_counts().items():
            assert table[reason][-1] == str(count)
        pictures = page.locator("figure img")
        assert pictures.count() > 60
        assert page.evaluate("() => [...document.images].every(one => one.complete && one.naturalWidth && one.alt)")
        assert (heard.faults, heard.requests) == ([], [address])
        assert not grave_faults(page)
        assert overflow(page) == 0
        if size != PHONE:
            wanted = manifest[manifest["status"] == "kept"]["id"].iloc[0].split("_")[0]
            page.get_by_role("searchbox").fill(wanted)
            assert all(wanted in text for text in page.locator("li[data-find]:visible").all_inner_texts())


def test_pages_that_stand_in_two_splits_are_shown(store: Path) -> None:
    page = read_report(store, "imgur5k")
    for how in ("A page under one id in more than one split", "Pages with the same picture"):
        start = page.index(f"<h3>{how}</h3>")
        assert page[start : page.index("</ul>", start)].count('<img class="page"') == 2
