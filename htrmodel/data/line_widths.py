"""How wide the inputs of lines are, and which lines can be written along them. Nothing here imports torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import BadDataError, UsageError
from htrdata.images.codec import ImageError
from htrdata.labels import least_steps
from htrdata.records import Reason
from htrdata.store.columns import numbers, select
from htrmodel.config import RecogniserConfig
from htrmodel.data.decoding import decode_grey
from htrmodel.data.label_columns import REASONS
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import Samples


def input_widths(samples: Samples, config: RecogniserConfig) -> NDArray[np.int64]:
    """Pixel columns of the input of each line, see `RecogniserConfig.input_width`.

    The manifest says the sizes of the images; of shards without one, each image is opened.

    Raises:
        BadDataError: an image or the manifest is damaged.
    """
    if isinstance(samples.origin, StoredSplit):
        columns = [numbers(samples.column(name)).astype(np.int64) for name in ("width", "height")]
        sizes = np.stack(columns, 1)
    else:
        shapes = [_decoded(samples, place).shape[::-1] for place in range(len(samples))]
        sizes = np.array(shapes, np.int64).reshape(-1, 2)
    return np.array([config.input_width(width, height) for width, height in sizes.tolist()], np.int64)


def writable(samples: Samples, config: RecogniserConfig) -> Samples:
    """The lines whose texts can be written along their inputs by CTC; the others are ``too_long``.

    Raises:
        UsageError: none is left.
    """
    steps = [config.steps_of(width) for width in input_widths(samples, config).tolist()]
    fits = np.array([least_steps(text) <= most for text, most in zip(samples.texts.to_pylist(), steps, strict=True)])
    if fits.all():
        return samples
    if not fits.any():
        raise UsageError(f"{samples.name} has no {samples.split} line that is wide enough for its text")
    reasons = np.full(int((~fits).sum()), REASONS.index(Reason.TOO_LONG), np.int8)
    rows = np.concatenate([samples.left_out_rows, samples.rows[~fits]])
    order = np.argsort(rows, kind="stable")
    return replace(
        samples,
        texts=select(samples.texts, fits),
        shard_numbers=samples.shard_numbers[fits],
        keys=samples.keys[fits],
        rows=samples.rows[fits],
        left_out_rows=rows[order],
        left_out_reasons=np.concatenate([samples.left_out_reasons, reasons])[order],
    )


def damaged_image(samples: Samples, place: int, error: ImageError) -> BadDataError:
    """What to raise where the image of a sample cannot be decoded."""
    shard = samples.origin.shards[int(samples.shard_numbers[place])]
    return BadDataError(f"{shard.folder}, image {int(samples.keys[place])}: {error}")


def _decoded(samples: Samples, place: int) -> NDArray[np.uint8]:
    try:
        return decode_grey(samples.encoded(place))
    except ImageError as error:
        raise damaged_image(samples, place, error) from error
