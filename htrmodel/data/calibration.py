"""Words by which an exported recogniser is rounded to 8 bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import UsageError
from htrmodel.config import RecogniserConfig
from htrmodel.data.decoding import decode_word
from htrmodel.data.samples import Samples, open_samples
from htrmodel.data.splits import every_split
from htrmodel.inputs import stacked, standardise

WORDS = 256
"""As many as calibration is given: the ranges of activations hardly change with more."""


def calibration_inputs(root: Path, config: RecogniserConfig, words: int = WORDS, seed: int = 0) -> NDArray[np.float32]:
    """Draws training words of a store, as many from each data set; labels do not matter.

    Args:
        root: the store, or shards as clova lays them out.
        config: says how an image becomes an input.
        words: how many; all of a data set where it has fewer.
        seed: of the choice.

    Returns:
        float32 [N, 1, H, W]; of lines, those that are narrower than the widest are padded.

    Raises:
        SourceMissingError: there is neither a data set nor a shard.
        UsageError: it has no training words.
        BadDataError: a manifest, a shard or an image is damaged.
    """
    origins = [origin for origin in every_split(root) if origin.split == "train"]
    if not origins:
        raise UsageError(f"no data set in {root} has training words to calibrate with")
    draws = np.random.default_rng(seed)
    share = -(-words // len(origins))
    parts = [_drawn(open_samples(origin), share, config, draws) for origin in origins]
    return standardise(stacked([pixels for part in parts for pixels in part]), config)


def _drawn(
    samples: Samples, words: int, config: RecogniserConfig, draws: np.random.Generator
) -> list[NDArray[np.uint8]]:
    positions = draws.choice(len(samples), min(words, len(samples)), replace=False)
    return [decode_word(samples.encoded(position), config) for position in positions.tolist()]
