"""Imgur5K pages to LMDB: `htrdata imgur5k` beside the procedure that the field uses.

The reference is written anew from the description of AttentionHTR's scripts: each word turns the whole page about the
word's centre, slices the word out and writes it as a JPEG file; a second program reads the files back, decodes them to
check them, and puts them into an LMDB. The limit is what no procedure
can do without: one decoding of each page, in grey, and for each word one warp, one reduction and one encoding. Ours
works with default options, and with pixels as the reference keeps them (colour, full size).

A second table is by the clock on the wall: two workers beside one, processes that run already, parts of 100 words.

    python benchmarks/build_imgur5k.py [--pages 24] [--rounds 5]
"""

from __future__ import annotations

import shutil
import tempfile
import time
from concurrent.futures import Executor
from pathlib import Path

import click
import cv2
import lmdb
import numpy as np
from timing import in_turn, machine, table

from htrdata import BuildOptions, build
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.images.cropping import crop, reduce_height
from htrdata.records import Page
from htrdata.sources.imgur5k.source import Imgur5K
from htrdata.workers import make_executor


def write_word_files(pages: list[Page], folder: Path) -> list[tuple[Path, str]]:
    """The first half of the reference: a JPEG file for each word, cut from a turned copy of its page."""
    written = []
    for page in pages:
        pixels = cv2.imread(page.image.name) if page.image else None
        assert pixels is not None
        height, width = pixels.shape[:2]
        for word in page.words:
            if word.reason is not None or word.box is None or not word.text:
                continue
            box = word.box
            turn = cv2.getRotationMatrix2D((box.xc, box.yc), -box.angle, 1)
            turned = cv2.warpAffine(pixels, turn, (width, height))
            left, top = max(0, int(box.xc - box.w / 2)), max(0, int(box.yc - box.h / 2))
            crop = turned[top : int(box.yc + box.h / 2), left : int(box.xc + box.w / 2)]
            path = folder / f"{page.split}_{word.id}.jpg"
            cv2.imwrite(str(path), crop)
            written.append((path, word.text))
    return written


def put_word_files(words: list[tuple[Path, str]], folder: Path) -> None:
    """The second half: read each file, decode it to check it, and put it."""
    cache: dict[bytes, bytes] = {}
    environment = lmdb.open(str(folder), map_size=2**32)
    for index, (path, label) in enumerate(words, 1):
        data = path.read_bytes()
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        if image is None or image.size == 0:
            continue
        cache[b"image-%09d" % index] = data
        cache[b"label-%09d" % index] = label.encode()
        if index % 1000 == 0 or index == len(words):
            with environment.begin(write=True) as transaction:
                for key, value in cache.items():
                    transaction.put(key, value)
            cache = {}
    environment.close()


def cut_words(pages: list[Page], height: int = 64, quality: int = 95) -> int:
    """The limit: what default options ask for, and nothing else; returns the number of words."""
    done = 0
    for page in pages:
        pixels = cv2.imread(page.image.name, cv2.IMREAD_GRAYSCALE) if page.image else None
        assert pixels is not None
        for word in page.words:
            if word.reason is None and word.box is not None and word.text:
                word_pixels = reduce_height(crop(pixels, word.box), height)
                cv2.imencode(".jpg", word_pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
                done += 1
    return done


@click.command()
@click.option("--pages", default=24, show_default=True, help="Pages of 4 megapixels with 21 words.")
@click.option("--rounds", default=5, show_default=True)
def main(pages: int, rounds: int) -> None:
    """Time the build of Imgur5K beside the reference procedure."""
    cv2.setNumThreads(1)
    place = Path(tempfile.mkdtemp(prefix="bench-imgur5k-"))
    try:
        draw_sample(place / "data", pages=pages, megapixels=(4.0, 4.0))
        source = Imgur5K(place / "data")
        listed = [page for page in source.pages() if page.words]
        words = sum(len(page.words) for page in listed)

        def new_folder() -> Path:  # to empty an old one would count, too
            return Path(tempfile.mkdtemp(dir=place))

        def reference() -> int:
            put_word_files(write_word_files(listed, new_folder()), new_folder())
            return words

        def ours(options: BuildOptions, executor: Executor) -> int:
            build(source, new_folder(), options, executor=executor)
            return words

        one = make_executor(1)
        procedures = {
            "reference: turn the page per word, JPEG files, read back, put": reference,
            "limit: a decoding per page; a crop and an encoding per word": lambda: cut_words(listed) and words,
            "htrdata imgur5k, default options": lambda: ours(BuildOptions(), one),
            "htrdata imgur5k --height 0 --color rgb": lambda: ours(BuildOptions(height=0, color="rgb"), one),
        }
        timed = in_turn(procedures, rounds)
        small = BuildOptions(part_words=100)
        with make_executor(2) as two:
            scaling = {"one worker": lambda: ours(small, one), "two workers": lambda: ours(small, two)}
            halves = [listed[::2], listed[1::2]]
            alone = {
                "decoding, cutting and encoding alone, one process": lambda: two.submit(cut_words, listed).result(),
                "the same, half of the pages in each of two": lambda: sum(two.map(cut_words, halves)),
            }
            scaled = [in_turn(some, rounds, time.perf_counter) for some in (scaling, alone)]
    finally:
        shutil.rmtree(place)
    click.echo(machine("numpy", "pillow", "lmdb") + f", OpenCV {cv2.__version__}")
    click.echo(table(timed, next(iter(procedures)), "words"))
    for some in scaled:
        click.echo("\n" + table(some, some[0].name, "words", "second"))


if __name__ == "__main__":
    main()
