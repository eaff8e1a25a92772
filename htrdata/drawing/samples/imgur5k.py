"""A drawn data set in the layout of Imgur5K, as its authors publish it and as their downloader leaves it.

Under the root::

    images/ID.jpg
    dataset_info/imgur5k_annotations.json, imgur5k_annotations_{train,val,test}.json
    dataset_info/imgur5k_data.lst           image URL, TAB, box, TAB, word: one annotation a line
    dataset_info/imgur5k_hashes.lst         id, TAB, md5 of the image
    dataset_info/{train,val,test}_index_ids.lst
    drawn.json                              that it is drawn; in images, too: see `htrdata.sources.drawn`

A box is the string ``[xc, yc, w, h, a]``: pixels as in `htrdata.records`, a in degrees counter-clockwise as seen.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from htrdata.drawing.handwriting.page import draw_page
from htrdata.drawing.samples.imgur5k_plan import MAIN, DrawingPlan, compose, load, parse_box
from htrdata.errors import BadDataError, CannotCreateError, StorageError, UsageError
from htrdata.files.refusals import cannot_create, refusal
from htrdata.images.opencv import opencv
from htrdata.records import Box, SourceInfo
from htrdata.sources.base import DRAWN
from htrdata.sources.drawn import DrawnMark, write_mark
from htrdata.sources.imgur5k.source import IMGUR5K

cv2 = opencv()

_LONGEST_SIDE = 20_000  # pixels; the published pages end below 6,000
_QUALITY = 90


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What `draw_sample` has written.

    Attributes:
        root: the folder that holds ``images`` and ``dataset_info``.
        pages: images.
        words: annotations that are drawn, scribbles included; one that several files hold counts once.
        undrawn: annotations whose box is not five finite numbers with a positive size; they are in the files only.
    """

    root: Path
    pages: int
    words: int
    undrawn: int


@dataclass(frozen=True, slots=True)
class PageJob:
    """All that a worker needs to draw one page.

    Attributes:
        path: the image to write.
        page: what fixes the page's chance, besides the seed: its id, or that of the page that it is a copy of.
        height: in pixels.
        width: in pixels.
        words: text and place of each word.
        seed: of the sample.
        plain: without shade and grain.
    """

    path: Path
    page: str
    height: int
    width: int
    words: tuple[tuple[str, Box], ...]
    seed: int
    plain: bool


MapPages = Callable[[Callable[[PageJob], str], Iterable[PageJob]], Iterable[str]]


def draw_sample(
    root: Path,
    *,
    pages: int = 40,
    words_per_page: int = 21,
    seed: int = 0,
    megapixels: tuple[float, float] = (1.0, 4.0),
    annotations: Path | None = None,
    plain: bool = False,
    map_pages: MapPages = map,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> SampleSummary:
    """Draws a small data set in the layout of Imgur5K. The same arguments give the same bytes.

    Without `annotations` the words are our own. About a tenth of the pages are in val and in test each. All 94
    characters of `htrdata.drawing.handwriting.glyphs.CHARACTERS` occur. Every tenth word is ``.`` (not annotated), and
    one in 97 is empty. Four pages in eleven are turned as a whole (by 90, -90, 180 and 25 degrees); on every fourth
    page one word goes over the page's edge. The quirks of the published lists occur once each:

    - the box of the first word of the first page lacks its closing bracket;
    - the first line of ``imgur5k_hashes.lst`` is there again at its end;
    - the second page of train, or the only one, is also the last of val;
    - the last page of test is byte for byte the first page of train; its annotations, of its own ids, say the same;
    - the last id of train has a hash, but neither annotations nor an image.

    With `annotations` the pages are drawn for the boxes found there. Their sizes are unknown: they reach a little
    farther than the boxes; what has negative coordinates is cut off. The annotation files and the lists beside them
    are copied, with the paths and hashes of the drawn images. Words that are ``.`` or empty become scribbles.

    Args:
        root: the folder to make. It must not exist, or be empty.
        pages: how many images, at least three. Not used with `annotations`, nor are the next and `megapixels`.
        words_per_page: how many annotations on each page.
        seed: another seed gives other writers, words and paper.
        megapixels: size of the smallest and of the largest page.
        annotations: a folder ``dataset_info``, or one annotation file.
        plain: pages of even light without grain: faster to draw, and smaller.
        map_pages: a ``map``; pass ``executor.map`` to draw pages in parallel.
        progress: is told how many pages are drawn, and how many there are.

    Raises:
        UsageError: a number is out of range.
        CannotCreateError: the root is in use, or cannot be made.
        SourceMissingError: there is nothing at `annotations`.
        BadDataError: an annotation file is not what it should be.
        StorageError: the disk is full, or another failure of the system.
    """
    if pages < 3 or words_per_page < 1 or seed < 0 or not 0.01 <= megapixels[0] <= megapixels[1] <= 100:
        raise UsageError(
            f"cannot draw {pages} pages of {words_per_page} words and {megapixels} megapixels with seed {seed}: "
            "give at least 3 pages, 1 word, megapixels from 0.01 to 100 in rising order, and a seed from 0"
        )
    plan = load(annotations) if annotations else compose(pages, words_per_page, seed, megapixels)
    found = plan.words()
    jobs = _jobs(plan, root / "images", seed, plain)
    _claim(root)
    settings = f"seed {seed}, plain {plain}"
    if annotations is None:
        settings = f"{pages} pages of {words_per_page} words, {megapixels[0]:g}-{megapixels[1]:g} MP, {settings}"
    try:
        write_mark(root, root / "images", mark=_mark(None if annotations is None else plan, settings))
        hashes = {}
        for page, md5 in zip(jobs, map_pages(draw_job, jobs.values()), strict=True):
            hashes[page] = md5
            progress(len(hashes), len(jobs))
        _publish(plan, hashes, root / "dataset_info")
    except OSError as error:
        raise StorageError(f"{root}: {refusal(error, root)}; what is there is not complete: remove it") from error
    drawn = sum(len(job.words) for job in jobs.values())
    return SampleSummary(root, len(jobs), drawn, sum(map(len, found.values())) - drawn)


def _mark(published: DrawingPlan | None, settings: str) -> DrawnMark:
    """What to say of the sample: with whose annotations it is drawn, if they are not our own."""
    licence, by = "Apache-2.0, as htrdata", "drawn by htrdata sample"
    if published is not None:
        content = json.dumps(published.annotations, sort_keys=True).encode()
        settings = f"annotations {hashlib.sha256(content).hexdigest()[:16]}, {settings}"
        licence = "pages Apache-2.0, as htrdata; annotations as those that the pages were drawn for"
        by = "pages drawn by htrdata sample for published annotations"
    title = f"{IMGUR5K.title}, {by}"
    return DrawnMark(DRAWN, f"{title}, {settings}", SourceInfo(title, "", licence, ""))


def _jobs(plan: DrawingPlan, folder: Path, seed: int, plain: bool) -> dict[str, PageJob]:
    """What is to be drawn, by page: its words, except those whose box is none."""
    jobs: dict[str, PageJob] = {}
    for page, entries in plan.words().items():
        boxes = [(entry["word"], parse_box(entry["bounding_box"])) for entry in entries]
        words = tuple((text, box) for text, box in boxes if box is not None)
        height, width = plan.sizes[page] if page in plan.sizes else _extent(page, words)
        source = plan.copies.get(page, page)
        jobs[page] = PageJob(folder / f"{page}.jpg", source, height, width, words, seed, plain)
    return jobs


def draw_job(job: PageJob) -> str:
    """Draws a page, writes it as a JPEG, and returns the md5 of its bytes in hex. Runs in any process."""
    image = draw_page(job.words, job.height, job.width, seed=job.seed, page=job.page, plain=job.plain)
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
    job.path.write_bytes(data)
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _extent(page: str, words: Iterable[tuple[str, Box]]) -> tuple[int, int]:
    """Height and width of a page that reaches a little farther than its boxes."""
    right = lower = 0.0
    for _, box in words:
        cos, sin = abs(math.cos(math.radians(box.angle))), abs(math.sin(math.radians(box.angle)))
        right = max(right, box.xc + (box.w * cos + box.h * sin) / 2)
        lower = max(lower, box.yc + (box.w * sin + box.h * cos) / 2)
    height, width = math.ceil(1.02 * lower) + 16, math.ceil(1.02 * right) + 16
    if max(height, width) > _LONGEST_SIDE:
        raise BadDataError(f"page {page} would be {width} x {height} pixels: correct its boxes, or leave the page out")
    return height, width


def _claim(root: Path) -> None:
    """Makes the root and its folder of images, unless something is there already."""
    try:
        if root.exists() and any(root.iterdir()):
            raise CannotCreateError(f"{root} is not empty: remove it, or give another folder")
        (root / "images").mkdir(parents=True)
    except OSError as error:
        raise CannotCreateError(cannot_create(root, error)) from error


def _publish(plan: DrawingPlan, hashes: Mapping[str, str], folder: Path) -> None:
    """Writes what refers to the images, with their hashes: the main annotations last, since they make it a data set."""
    folder.mkdir()
    for name, data in plan.lists.items():
        (folder / name).write_bytes(_with_hashes(data, hashes) if name == "imgur5k_hashes.lst" else data)
    for name in sorted(plan.annotations, key=lambda name: (name == MAIN, name)):
        file = plan.annotations[name]
        for page, entry in file["index_id"].items():
            entry["image_hash"] = hashes.get(page, entry["image_hash"])
        unfinished = folder / f"{name}.tmp"
        unfinished.write_bytes(json.dumps(file, indent=4).encode())
        unfinished.replace(folder / name)


def _with_hashes(lines: bytes, hashes: Mapping[str, str]) -> bytes:
    """The lines of ``imgur5k_hashes.lst`` with the hashes of the pages that are drawn; the others as they are."""
    kept = []
    for line in lines.splitlines(keepends=True):
        page = line.split(b"\t")[0].decode("utf-8", "replace")
        kept.append(f"{page}\t{hashes[page]}\n".encode() if page in hashes else line)
    return b"".join(kept)
