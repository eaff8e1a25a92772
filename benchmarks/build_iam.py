"""IAM's word images to LMDB: `htrdata iam` beside the procedure that the field uses.

The reference is written anew from the description of AttentionHTR's scripts: the words of a list are copied into one
folder beside a ``gt.txt``; a second program reads each copy, decodes it to check it, and puts it into an LMDB. Its list
is there beforehand, and what the published scripts do besides (the times of the copies, a look whether each is there)
is left out. Of the two limits, one is what no procedure that decodes with OpenCV can do without: read, decode, put; the
other what ours cannot: read, prove the PNG whole (its stream inflated, its checksums compared), put what stays of it.
Ours takes nothing but the words' PNGs, parses the XML that they carry, judges and records every word, with pixels as
the reference keeps them (full size) and with default options; from a folder, from an archive as downloaded, from a
folder with all annotations, which it compares, and from form pages. All keep the words of all lines; a rate counts the
words that end in the store. Some 0.04 s of each build of ours do not depend on their number: draw ten thousand or more.

What a copy costs is the file system's affair: name another one with ``--folder``, such as one in memory. Each run
works in a folder of its own, and all are removed at the end: they take some 3 GB with 100 forms.

    python benchmarks/build_iam.py [--forms 100] [--rounds 5] [--folder /dev/shm]
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click
import cv2
import lmdb
import numpy as np
from timing import in_turn, machine, table

from htrdata import BuildOptions, build
from htrdata.drawing.samples.iam import draw_sample
from htrdata.images.png_passthrough import prove_png
from htrdata.records import Page
from htrdata.sources.iam.source import Iam, Pixels

Listed = list[tuple[str, Path, str]]  # of each word the name of its copy, its file, and its text


def list_words(pages: Iterable[Page]) -> Listed:
    """The words of a list such as the field works from: those of the splits that have an image."""
    return [
        (f"{page.split}_{word.id}.png", Path(word.image.name), word.text)
        for page in pages
        for word in page.words
        if word.image is not None and word.reason is None and page.reason is None
    ]


def copy_words(words: Listed, folder: Path) -> Path:
    """The first half of the reference: a copy of each word's image, and a list of them."""
    gt = folder / "gt.txt"
    with gt.open("w", encoding="utf-8") as file:
        for name, path, text in words:
            shutil.copy(path, folder / name)
            file.write(f"{name}\t{text}\n")
    return gt


def put_words(gt: Path, folder: Path) -> None:
    """The second half: read each copy, decode it to check it, and put it."""
    lines = (line.split("\t") for line in gt.read_text(encoding="utf-8").splitlines())
    put_files(((gt.parent / name, label) for name, label in lines), folder)


def if_decoded(data: bytes) -> bytes | None:
    """How the reference checks an image: it is put as it is, if it can be decoded."""
    return data if cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) is not None else None


def if_proved(data: bytes) -> bytes | None:
    """What ours puts of an image."""
    png = prove_png(data, "grey")
    return png.data if png is not None else None


def put_files(
    words: Iterable[tuple[Path, str]], folder: Path, check: Callable[[bytes], bytes | None] = if_decoded
) -> None:
    """Reads, checks and puts files with their labels."""
    cache: dict[bytes, bytes] = {}
    environment = lmdb.open(str(folder), map_size=2**32)
    index = 1
    for path, label in words:
        data = path.read_bytes()
        image = check(data) if data else None
        if image is None:
            continue
        cache[b"image-%09d" % index] = image
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


def procedures_of(place: Path) -> dict[str, Callable[[], int]]:
    """What is timed, by name, the reference first; each works on the forms drawn below a folder."""
    listed = list_words(Iam(place / "folders", segmentation="all").pages())

    def new_folder() -> Path:  # to empty an old one would count, too
        return Path(tempfile.mkdtemp(dir=place))

    def limit(check: Callable[[bytes], bytes | None] = if_decoded) -> int:
        put_files(((path, text) for _, path, text in listed), new_folder(), check)
        return len(listed)

    def reference() -> int:
        put_words(copy_words(listed, new_folder()), new_folder())
        return len(listed)

    def ours(source: Iam, options: BuildOptions) -> int:
        return build(source, new_folder(), options, workers=1).description.kept

    def iam(root: str, pixels: Pixels = "auto") -> Iam:
        return Iam(place / root, segmentation="all", pixels=pixels)

    return {
        "reference: copy, gt.txt, read back, check, put": reference,
        "limit: read, decode, put": limit,
        "limit: read, prove whole, put": lambda: limit(if_proved),
        "htrdata iam --height 0 (the same pixels)": lambda: ours(iam("folders/words"), BuildOptions(height=0)),
        "htrdata iam, default options": lambda: ours(iam("folders/words"), BuildOptions()),
        "htrdata iam, default options, words.tgz": lambda: ours(iam("archives/words.tgz"), BuildOptions()),
        "htrdata iam, default options, all annotations": lambda: ours(iam("folders"), BuildOptions()),
        "htrdata iam --pixels forms": lambda: ours(iam("folders", "forms"), BuildOptions()),
    }


@click.command()
@click.option("--forms", default=100, show_default=True, help="Forms of full size with some 110 words.")
@click.option("--rounds", default=5, show_default=True)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Where to work, with some 3 GB of room for 100 forms; else where the system has such files.",
)
def main(forms: int, rounds: int, folder: Path | None) -> None:
    """Time the build of IAM beside the reference procedure."""
    cv2.setNumThreads(1)
    place = Path(tempfile.mkdtemp(prefix="bench-iam-", dir=folder))
    try:
        with ProcessPoolExecutor() as executor:
            draw_sample(place / "folders", forms=forms, map_forms=executor.map)
            draw_sample(place / "archives", forms=forms, archives=True, map_forms=executor.map)
        procedures = procedures_of(place)
        timed = in_turn(procedures, rounds)
    finally:
        shutil.rmtree(place)
    click.echo(machine("numpy", "pillow", "lmdb", "indexed_gzip") + f", OpenCV {cv2.__version__}")
    click.echo(table(timed, next(iter(procedures)), "words"))


if __name__ == "__main__":
    main()
