"""Words from a store to batches of inputs: `htrmodel.data` beside the reader that the field trains with.

The reference is written anew from the description of clova's and AttentionHTR's data sets: for each word a read of the
LMDB, Pillow decodes and converts to grey, Pillow resizes bicubically, the image becomes a tensor of its own and is
normalised, and a batch of 192 is joined. Ours is timed cold (nothing decoded yet) and from the file of its cache. All
give the same pixels; that is checked first. One thread each.

    python benchmarks/training_reader.py [--pages 100] [--rounds 5]
"""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import cv2
import numpy as np
import torch
from PIL import Image
from timing import in_turn, machine, table
from torch import Tensor

from htrdata import BuildOptions, build
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.labels import PRINTABLE
from htrdata.sources.imgur5k.source import Imgur5K
from htrdata.store.reading import Store
from htrmodel.config import RecogniserConfig
from htrmodel.data.batches import WordBatches, standardise
from htrmodel.data.cache import Images, decoded_words
from htrmodel.data.decoding import decode_grey
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import Samples, open_samples

BATCH = 192


def plain_batches(samples: Samples, config: RecogniserConfig) -> Iterator[Tensor]:
    """The reference: an image at a time."""
    waiting = []
    for position in range(len(samples)):
        image = Image.open(io.BytesIO(samples.encoded(position))).convert("L")
        resized = image.resize((config.width, config.height), Image.Resampling.BICUBIC)
        tensor = torch.from_numpy(np.array(resized)).unsqueeze(0).to(torch.float32).div(255)
        waiting.append(tensor.sub_(config.mean).div_(config.std).unsqueeze(0))
        if len(waiting) == BATCH or position == len(samples) - 1:
            yield torch.cat(waiting)
            waiting = []


def our_batches(samples: Samples, images: Images, config: RecogniserConfig) -> Iterator[Tensor]:
    """Batches of decoded words with their labels and ids."""
    return (standardise(batch.images, config) for batch in WordBatches([samples], [images]).in_order(BATCH))


def counted(batches: Iterable[Tensor]) -> int:
    """How many words batches have; each is dropped before the next one is made, as in training."""
    return sum(map(len, batches))


def decode_and_resize(encoded: list[bytes], config: RecogniserConfig) -> int:
    """The least that any reader with these pixels does: OpenCV's libjpeg, and Pillow's resampling."""
    for data in encoded:
        Image.fromarray(decode_grey(data)).resize((config.width, config.height), Image.Resampling.BICUBIC)
    return len(encoded)


def opened(store: Path) -> Samples:
    """The training words of a store."""
    return open_samples(StoredSplit(Store(store).dataset("imgur5k"), "train"))


@click.command()
@click.option("--pages", default=100, show_default=True, help="Pages of a megapixel with 21 words.")
@click.option("--rounds", default=5, show_default=True)
def main(pages: int, rounds: int) -> None:
    """Time reading a store for training beside the field's reader."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    config = RecogniserConfig(charset=PRINTABLE)
    place = Path(tempfile.mkdtemp(prefix="bench-reader-"))
    try:
        draw_sample(place / "data", pages=pages, megapixels=(1.0, 1.0))
        build(Imgur5K(place / "data"), place / "ours", BuildOptions(), workers=1)
        build(Imgur5K(place / "data"), place / "theirs", BuildOptions(height=0, color="rgb"), workers=1)
        samples, colour = opened(place / "ours"), opened(place / "theirs")
        for ours, theirs in zip(
            our_batches(samples, decoded_words(samples, config), config), plain_batches(samples, config), strict=True
        ):
            torch.testing.assert_close(ours, theirs)
        cached = decoded_words(samples, config, folder=place / "cache")
        encoded = [samples.encoded(position) for position in range(len(samples))]
        loaded, copy = np.array(cached), np.empty_like(cached)

        def copy_bytes() -> int:
            for _ in range(300):
                np.copyto(copy, loaded)
            return 300 * len(copy)

        def from_cache() -> int:
            return sum(counted(our_batches(samples, cached, config)) for _ in range(50))

        reference = "reference: Pillow, a tensor per image, cat"
        procedures = {
            reference: lambda: counted(plain_batches(samples, config)),
            "the same from colour shards of full size, as it keeps them": lambda: counted(
                plain_batches(colour, config)
            ),
            "htrmodel, cold": lambda: counted(our_batches(samples, decoded_words(samples, config), config)),
            "htrmodel, from the cache": from_cache,
            "limit, cold: decode and resize alone": lambda: decode_and_resize(encoded, config),
            "limit, cached: memcpy of the uint8 images": copy_bytes,
        }
        timed = in_turn(procedures, rounds, time.process_time)
    finally:
        shutil.rmtree(place)
    click.echo(f"{len(samples):,} words in batches of {BATCH}; {machine('pillow', 'opencv-python', 'torch')}")
    click.echo(table(timed, reference, "words"))


if __name__ == "__main__":
    main()
