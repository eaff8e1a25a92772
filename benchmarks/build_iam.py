"""IAM's word images to LMDB: `htrdata iam` beside the procedure that the field uses.

The reference is written anew from the description of AttentionHTR's scripts: the words of a list are copied into one
folder beside a ``gt.txt``; a second program reads each copy, decodes it to check it, and puts it into an LMDB. Ours
does the same with default options (which also pass the images through), from folders and from the archives as
downloaded, with bytes as the reference keeps them (full size), and from form pages.

    python benchmarks/build_iam.py [--forms 20] [--rounds 5]
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import click
import cv2
import lmdb
import numpy as np
from timing import in_turn, machine, table

from htrdata import BuildOptions, build
from htrdata.records import Page
from htrdata.samples.iam import draw_sample
from htrdata.sources.iam import Iam


def copy_words(pages: list[Page], folder: Path) -> Path:
    """The first half of the reference: a copy of each word's image, and a list of them."""
    gt = folder / "gt.txt"
    with gt.open("w", encoding="utf-8") as file:
        for page in pages:
            for word in page.words:
                if word.image is not None and word.reason is None and page.reason is None:
                    shutil.copy(word.image.name, folder / f"{page.split}_{word.id}.png")
                    file.write(f"{page.split}_{word.id}.png\t{word.text}\n")
    return gt


def put_words(gt: Path, folder: Path) -> None:
    """The second half: read each copy, decode it to check it, and put it."""
    cache: dict[bytes, bytes] = {}
    environment = lmdb.open(str(folder), map_size=2**32)
    index = 1
    for line in gt.read_text(encoding="utf-8").splitlines():
        name, label = line.split("\t")
        data = (gt.parent / name).read_bytes()
        if not data or cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) is None:
            continue
        cache[b"image-%09d" % index] = data
        cache[b"label-%09d" % index] = label.encode()
        if index % 1000 == 0:
            _write(environment, cache)
            cache = {}
        index += 1
    cache[b"num-samples"] = str(index - 1).encode()
    _write(environment, cache)
    environment.close()


def _write(environment: lmdb.Environment, cache: dict[bytes, bytes]) -> None:
    with environment.begin(write=True) as transaction:
        for key, value in cache.items():
            transaction.put(key, value)


@click.command()
@click.option("--forms", default=20, show_default=True, help="Forms of full size with some 110 words.")
@click.option("--rounds", default=5, show_default=True)
def main(forms: int, rounds: int) -> None:
    """Time the build of IAM beside the reference procedure."""
    cv2.setNumThreads(1)
    place = Path(tempfile.mkdtemp(prefix="bench-iam-"))
    try:
        words = draw_sample(place / "folders", forms=forms).words
        draw_sample(place / "archives", forms=forms, archives=True)

        def reference() -> int:
            for name in ("files", "reference"):
                shutil.rmtree(place / name, ignore_errors=True)
                (place / name).mkdir()
            put_words(copy_words(list(Iam(place / "folders").pages()), place / "files"), place / "reference")
            return words

        def ours(source: Iam, options: BuildOptions) -> int:
            shutil.rmtree(place / "ours", ignore_errors=True)
            build(source, place / "ours", options, workers=1)
            return words

        folders, archives = Iam(place / "folders"), Iam(place / "archives")
        procedures = {
            "reference: copy, gt.txt, read back, check, put": reference,
            "htrdata iam --height 0 (the same bytes)": lambda: ours(folders, BuildOptions(height=0)),
            "htrdata iam, default options": lambda: ours(folders, BuildOptions()),
            "htrdata iam, default options, archives": lambda: ours(archives, BuildOptions()),
            "htrdata iam --pixels forms": lambda: ours(Iam(place / "folders", pixels="forms"), BuildOptions()),
        }
        timed = in_turn(procedures, rounds)
    finally:
        shutil.rmtree(place)
    click.echo(machine("opencv-python-headless", "pillow", "lmdb", "indexed_gzip"))
    click.echo(table(timed, next(iter(procedures)), "words"))


if __name__ == "__main__":
    main()
